//! One choice per item, under budgets.
//!
//! An *item* is a layer's weights or a site's activations (tied sites are one item); a *candidate* is a
//! format it may take, with a predicted error and what it costs of each resource. Predicted errors add up,
//! and costs do; [`Choices`] holds both, checked once. What follows from that model is solved exactly:
//!
//! * [`knapsack`] has one budget;
//! * [`program`] has several;
//! * [`objective`] has what users ask for as budgets, and the smallest network within a loss.
//!
//! What the model misses, that errors of layers interact, is found by measuring: [`Evaluate`] answers with
//! losses of samples that were held out.
//!
//! * [`refine`]: Bayesian optimization from the solution of the model on, where nothing is accepted that
//!   two standard errors do not carry ([`guard`]);
//! * [`paper`]: the search as AFP was published with it;
//! * [`journal`]: what was measured is not measured again, after a kill or on another machine ([`shard`]);
//! * [`pareto`]: what is not beaten in both cost and loss.

pub mod gaussian;
pub mod guard;
pub mod journal;
pub mod knapsack;
mod lagrange;
pub mod objective;
pub mod paper;
pub mod pareto;
pub mod program;
mod propose;
pub mod refine;
pub mod shard;
#[cfg(test)]
mod synthetic;

use afp_ir::diag::Diagnostic;
use serde::{Deserialize, Serialize};

/// What a candidate costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resource {
    /// Bits of weights.
    WeightBits,
    /// Bits of activations.
    ActivationBits,
    /// Bytes of code and constants.
    Flash,
    /// Time of one inference, in the unit of the cost table.
    Latency,
    /// Energy of one inference, in the unit of the cost table.
    Energy,
}

impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::WeightBits => "bits of weights",
            Self::ActivationBits => "bits of activations",
            Self::Flash => "bytes of flash",
            Self::Latency => "latency",
            Self::Energy => "energy",
        })
    }
}

/// A candidate for an item.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The predicted error, which adds to those of other items; finite, not negative.
    pub error: f64,
    /// What it costs of each resource.
    pub costs: Vec<u64>,
}

/// The index of each item's candidate.
pub type Selection = Vec<usize>;

/// The limit of a resource that is not limited.
pub const UNLIMITED: u64 = u64::MAX;

/// Items with their candidates. Every item has one at least, and no sum of costs overflows.
#[derive(Clone, Debug, PartialEq)]
pub struct Choices {
    resources: Vec<Resource>,
    items: Vec<Vec<Candidate>>,
}

impl Choices {
    /// Checks what [`Choices`] promises.
    ///
    /// # Errors
    /// AFP0702 if an error is not finite, is negative, or if costs are too large; AFP0001 if an item has no
    /// candidate or a candidate not one cost per resource.
    pub fn new(resources: Vec<Resource>, items: Vec<Vec<Candidate>>) -> Result<Self, Diagnostic> {
        for (index, item) in items.iter().enumerate() {
            if item.is_empty() || item.iter().any(|candidate| candidate.costs.len() != resources.len()) {
                return Err(Diagnostic::error("AFP0001", "an item to assign is malformed")
                    .expected(format!("candidates with {} costs", resources.len()))
                    .found(format!("item {index}: {item:?}")));
            }
            if let Some(bad) =
                item.iter().find(|candidate| !(candidate.error >= 0.0 && candidate.error.is_finite()))
            {
                return Err(Diagnostic::error("AFP0702", "formats cannot be compared")
                    .expected("predicted errors that are finite numbers")
                    .found(format!("{} for item {index}", bad.error))
                    .help("see whether the network yields finite outputs on the calibration data"));
            }
        }
        let choices = Self { resources, items };
        for resource in 0..choices.resources.len() {
            let most =
                choices.items.iter().map(|item| item.iter().map(|c| c.costs[resource]).max().unwrap_or(0));
            if most.fold(0u64, u64::saturating_add) == UNLIMITED {
                return Err(Diagnostic::error("AFP0702", "formats cannot be compared")
                    .expected("costs that add up to less than 2^64 - 1")
                    .found(format!("more, of {}", choices.resources[resource])));
            }
        }
        Ok(choices)
    }

    /// The resources, in the order of costs.
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// The candidates of each item.
    pub fn items(&self) -> &[Vec<Candidate>] {
        &self.items
    }

    /// The place of a resource among the costs.
    pub fn resource(&self, resource: Resource) -> Option<usize> {
        self.resources.iter().position(|&r| r == resource)
    }

    /// The predicted error of a selection.
    pub fn error(&self, selection: &[usize]) -> f64 {
        self.chosen(selection).map(|candidate| candidate.error).sum()
    }

    /// What a selection costs of each resource.
    pub fn costs(&self, selection: &[usize]) -> Vec<u64> {
        let mut costs = vec![0; self.resources.len()];
        for candidate in self.chosen(selection) {
            costs.iter_mut().zip(&candidate.costs).for_each(|(sum, cost)| *sum += cost);
        }
        costs
    }

    /// Whether a selection stays within limits, one per resource.
    pub fn fits(&self, selection: &[usize], limits: &[u64]) -> bool {
        self.costs(selection).iter().zip(limits).all(|(cost, limit)| cost <= limit)
    }

    /// The least that can be spent of each resource, each alone.
    pub fn least(&self) -> Vec<u64> {
        (0..self.resources.len())
            .map(|r| self.items.iter().map(|item| item.iter().map(|c| c.costs[r]).min().unwrap_or(0)).sum())
            .collect()
    }

    fn chosen<'a>(&'a self, selection: &'a [usize]) -> impl Iterator<Item = &'a Candidate> {
        self.items.iter().zip(selection).filter_map(|(item, &index)| item.get(index))
    }
}

/// Measures selections.
pub trait Evaluate {
    /// The losses of each selection, one per held-out sample, the same samples for all. Answers depend on
    /// the selection alone, not on what else is asked or was asked before.
    ///
    /// # Errors
    /// What keeps it from measuring.
    fn evaluate(&mut self, selections: &[Selection]) -> Result<Vec<Vec<f64>>, Diagnostic>;

    /// What it takes to measure a selection when one near `base` was measured, in any unit. A search asks
    /// for the improvement that it can expect per effort.
    fn effort(&self, _base: &[usize], _selection: &[usize]) -> f64 {
        1.0
    }
}

impl<E: Evaluate + ?Sized> Evaluate for &mut E {
    fn evaluate(&mut self, selections: &[Selection]) -> Result<Vec<Vec<f64>>, Diagnostic> {
        (**self).evaluate(selections)
    }

    fn effort(&self, base: &[usize], selection: &[usize]) -> f64 {
        (**self).effort(base, selection)
    }
}

/// Measures selections, and sees to it that there is an answer for each and that its losses are finite: what
/// overflowed counts as [`guard::OVERFLOW`].
fn measure(evaluate: &mut impl Evaluate, selections: &[Selection]) -> Result<Vec<Vec<f64>>, Diagnostic> {
    let mut losses = evaluate.evaluate(selections)?;
    if losses.len() != selections.len() || losses.iter().any(|found| found.len() != losses[0].len()) {
        return Err(Diagnostic::error("AFP0001", "selections were not measured on the same samples")
            .expected(format!("{} answers of one length", selections.len()))
            .found(format!("{:?}", losses.iter().map(Vec::len).collect::<Vec<_>>())));
    }
    losses.iter_mut().flatten().for_each(|loss| *loss = guard::finite(*loss));
    Ok(losses)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(error: f64, costs: &[u64]) -> Candidate {
        Candidate { error, costs: costs.to_vec() }
    }

    #[test]
    fn sums_and_limits() {
        let resources = vec![Resource::WeightBits, Resource::Energy];
        let items =
            vec![vec![candidate(3.0, &[1, 5]), candidate(1.0, &[4, 2])], vec![candidate(0.5, &[7, 7])]];
        let choices = Choices::new(resources, items).unwrap();
        assert_eq!((choices.error(&[1, 0]), choices.costs(&[1, 0])), (1.5, vec![11, 9]));
        assert_eq!(choices.least(), [8, 9]);
        assert!(choices.fits(&[1, 0], &[11, UNLIMITED]) && !choices.fits(&[1, 0], &[10, UNLIMITED]));
    }

    #[test]
    fn what_cannot_be_compared_is_refused() {
        let code = |items: Vec<Vec<Candidate>>| Choices::new(vec![Resource::Flash], items).unwrap_err().code;
        assert_eq!(code(vec![vec![]]), "AFP0001");
        assert_eq!(code(vec![vec![candidate(1.0, &[1, 2])]]), "AFP0001");
        assert_eq!(code(vec![vec![candidate(f64::NAN, &[1])]]), "AFP0702");
        assert_eq!(code(vec![vec![candidate(-1.0, &[1])]]), "AFP0702");
        assert_eq!(
            code(vec![vec![candidate(0.0, &[u64::MAX / 2 + 1])], vec![candidate(0.0, &[u64::MAX / 2 + 1])]]),
            "AFP0702"
        );
    }
}
