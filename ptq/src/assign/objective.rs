//! What users ask for: budgets, or the smallest network within a loss.
//!
//! *Budgets* become limits of resources. *The smallest network* is found by sections: the selection that the
//! model prefers at some budgets between the least and the most is measured, and the search goes on between
//! the largest budget that is too small and the smallest that is enough. Enough means that the loss is at
//! most the one allowed even two standard errors above its mean: what was promised must hold for other
//! samples too.

use afp_ir::diag::Diagnostic;

use super::{
    Choices, Evaluate, Resource, Selection, UNLIMITED,
    guard::{self, Estimate},
    measure,
    pareto::Point,
    program,
};

/// Limits as users give them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Budgets {
    /// Average number of bits of a weight.
    pub max_bits: Option<f64>,
    /// Bytes of code and constants.
    pub max_flash: Option<u64>,
    /// Time of one inference, in the unit of the costs.
    pub max_latency: Option<u64>,
    /// Energy of one inference, in the unit of the costs.
    pub max_energy: Option<u64>,
}

impl Budgets {
    /// The resources that are limited.
    pub fn resources(&self) -> Vec<Resource> {
        let limited = [
            (Resource::WeightBits, self.max_bits.is_some()),
            (Resource::Flash, self.max_flash.is_some()),
            (Resource::Latency, self.max_latency.is_some()),
            (Resource::Energy, self.max_energy.is_some()),
        ];
        limited.into_iter().filter(|(_, is_limited)| *is_limited).map(|(resource, _)| resource).collect()
    }

    /// The limit of each resource of `choices`, for a network with so many weights.
    ///
    /// # Errors
    /// AFP0001 if `choices` does not count a resource that is limited.
    pub fn limits(&self, choices: &Choices, weights: u64) -> Result<Vec<u64>, Diagnostic> {
        if let Some(missing) = self.resources().into_iter().find(|&r| choices.resource(r).is_none()) {
            return Err(Diagnostic::error("AFP0001", "a resource is limited that is not counted")
                .expected(format!("costs of {missing}"))
                .found(format!("{:?}", choices.resources())));
        }
        let limit = |resource: &Resource| match resource {
            // What is no number, or negative, is 0: nothing meets it, and the message says so.
            Resource::WeightBits => self.max_bits.map(|bits| (bits * weights as f64).floor() as u64),
            Resource::ActivationBits => None,
            Resource::Flash => self.max_flash,
            Resource::Latency => self.max_latency,
            Resource::Energy => self.max_energy,
        };
        Ok(choices.resources().iter().map(|resource| limit(resource).unwrap_or(UNLIMITED)).collect())
    }
}

/// How the smallest network is looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Budgets that are measured together.
    pub batch: usize,
    /// Rounds, behind the first.
    pub rounds: usize,
    /// Standard errors above its mean at which a loss must still be allowed.
    pub standard_errors: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { batch: 3, rounds: 5, standard_errors: guard::STANDARD_ERRORS }
    }
}

/// The smallest network.
#[derive(Clone, Debug, PartialEq)]
pub struct Smallest {
    /// The index of each item's candidate.
    pub selection: Selection,
    /// Its losses, one per sample.
    pub losses: Vec<f64>,
    /// All that was measured, by rising costs of the resource.
    pub measured: Vec<Point>,
}

/// The selection that costs least of a resource while its loss stays within `drop`, and its costs within the
/// limits of the other resources.
///
/// # Errors
/// AFP0703 if the selection of least predicted error does not stay within `drop`; AFP0701 if the other limits
/// cannot be met; what `evaluate` reports.
pub fn smallest(
    choices: &Choices,
    resource: usize,
    limits: &[u64],
    drop: f64,
    options: &Options,
    evaluate: &mut impl Evaluate,
) -> Result<Smallest, Diagnostic> {
    let at = |budget: u64| {
        let mut limits = limits.to_vec();
        limits[resource] = budget.min(limits[resource]);
        program::solve(choices, &limits).map(|solution| solution.selection)
    };
    let mut sections = Sections { choices, resource, drop, options, points: Vec::new(), losses: Vec::new() };
    let largest = at(UNLIMITED)?;
    sections.measure(vec![largest], evaluate)?;
    let Some(best) = sections.best() else { return Err(too_much(&sections.points[0].loss, drop, options)) };
    let mut enough = sections.cost(best);
    // Nothing costs less than the least.
    let mut too_little = choices.least()[resource].saturating_sub(1).min(enough);
    for _ in 0..options.rounds {
        let parts = options.batch.max(1) as u64 + 1;
        let width = u128::from(enough - too_little);
        let budgets =
            (1..parts).map(|part| too_little + (width * u128::from(part) / u128::from(parts)) as u64);
        // Budgets that the other limits exclude are too little.
        let tried: Vec<(u64, Option<Selection>)> = budgets.map(|budget| (budget, at(budget).ok())).collect();
        let mut new: Vec<Selection> = Vec::new();
        for selection in tried.iter().filter_map(|(_, selection)| selection.as_ref()) {
            if sections.place(selection).is_none() && !new.contains(selection) {
                new.push(selection.clone());
            }
        }
        if !new.is_empty() {
            sections.measure(new, evaluate)?;
        }
        enough = sections.best().map_or(enough, |best| sections.cost(best));
        let is_enough = |selection: &Option<Selection>| {
            selection.as_ref().and_then(|s| sections.place(s)).is_some_and(|place| sections.is_enough(place))
        };
        let below = tried.iter().filter(|(budget, selection)| *budget < enough && !is_enough(selection));
        too_little = below.map(|(budget, _)| *budget).max().unwrap_or(too_little).min(enough);
    }
    let best = sections.best().unwrap_or(0);
    let (selection, losses) = (sections.points[best].selection.clone(), sections.losses[best].clone());
    let mut measured = sections.points;
    measured.sort_by(|a, b| a.costs[resource].cmp(&b.costs[resource]).then(a.selection.cmp(&b.selection)));
    Ok(Smallest { selection, losses, measured })
}

struct Sections<'a> {
    choices: &'a Choices,
    resource: usize,
    drop: f64,
    options: &'a Options,
    points: Vec<Point>,
    losses: Vec<Vec<f64>>,
}

impl Sections<'_> {
    fn measure(
        &mut self,
        selections: Vec<Selection>,
        evaluate: &mut impl Evaluate,
    ) -> Result<(), Diagnostic> {
        let losses = measure(evaluate, &selections)?;
        for (selection, losses) in selections.into_iter().zip(losses) {
            let loss = Estimate::of(losses.iter().copied());
            self.points.push(Point { costs: self.choices.costs(&selection), loss, selection });
            self.losses.push(losses);
        }
        Ok(())
    }

    fn cost(&self, point: usize) -> u64 {
        self.points[point].costs[self.resource]
    }

    fn is_enough(&self, point: usize) -> bool {
        self.points[point].loss.upper(self.options.standard_errors) <= self.drop
    }

    /// The cheapest point that is enough.
    fn best(&self) -> Option<usize> {
        (0..self.points.len()).filter(|&n| self.is_enough(n)).min_by_key(|&n| (self.cost(n), n))
    }

    /// Where a selection was measured.
    fn place(&self, selection: &Selection) -> Option<usize> {
        self.points.iter().position(|point| point.selection == *selection)
    }
}

fn too_much(loss: &Estimate, drop: f64, options: &Options) -> Diagnostic {
    let found = Diagnostic::error("AFP0703", "no choice of formats stays within the loss that is allowed")
        .expected(format!("a loss of at most {drop}"));
    match loss.standard_error {
        Some(error) => found
            .found(format!("{:.3e} with the formats of most bits, {:.1e} standard error", loss.mean, error))
            .help(format!(
                "allow {:.3e}, or give more calibration data",
                loss.upper(options.standard_errors)
            )),
        None => found.found("less than two samples to judge by").help("give more calibration data"),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::synthetic::Problem, *};

    #[test]
    fn budgets_become_limits() {
        let problem = Problem::new(3, 1);
        let budgets = Budgets { max_bits: Some(4.5), ..Budgets::default() };
        assert_eq!(budgets.limits(&problem.choices, 1001).unwrap(), [4504]);
        assert_eq!(Budgets::default().limits(&problem.choices, 1001).unwrap(), [UNLIMITED]);
        let nonsense = Budgets { max_bits: Some(f64::NAN), ..Budgets::default() };
        assert_eq!(nonsense.limits(&problem.choices, 1001).unwrap(), [0]);
        let missing = Budgets { max_flash: Some(1), ..Budgets::default() };
        assert_eq!(missing.limits(&problem.choices, 1001).unwrap_err().code, "AFP0001");
    }

    #[test]
    fn the_smallest_network_is_as_small_as_a_scan_finds() {
        for seed in 0..6 {
            let mut problem = Problem::new(16, seed);
            let choices = problem.choices.clone();
            // The model's selections at every hundredth of a bit.
            let scan: Vec<(u64, f64)> = (200..=900)
                .map(|hundredths| {
                    let selection = problem.knapsack(problem.budget(hundredths) / 10);
                    let losses = problem.evaluate(std::slice::from_ref(&selection)).unwrap();
                    (choices.costs(&selection)[0], Estimate::of(losses[0].iter().copied()).upper(2.0))
                })
                .collect();
            let drop = scan[scan.len() / 3].1;
            let least = scan.iter().filter(|(_, loss)| *loss <= drop).map(|(cost, _)| *cost).min().unwrap();
            problem.evaluations = 0;
            let found = smallest(&choices, 0, &[UNLIMITED], drop, &Options::default(), &mut problem).unwrap();
            let cost = choices.costs(&found.selection)[0];
            assert!(Estimate::of(found.losses.iter().copied()).upper(2.0) <= drop);
            // Predictions are wrong in places, so that losses do not fall everywhere.
            assert!(cost as f64 <= least as f64 * 1.05, "{cost} {least}");
            assert!(problem.evaluations <= 16 && found.measured.len() == problem.evaluations);
        }
    }

    #[test]
    fn both_ends() {
        let mut problem = Problem::new(4, 2);
        let choices = problem.choices.clone();
        let mut run =
            |drop: f64| smallest(&choices, 0, &[UNLIMITED], drop, &Options::default(), &mut problem);
        assert_eq!(run(1e9).unwrap().selection, [0; 4], "everything is enough");
        let error = run(1e-30).unwrap_err();
        assert_eq!(error.code, "AFP0703");
    }
}
