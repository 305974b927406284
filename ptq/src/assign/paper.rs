//! The search that AFP was published with (F. Liu et al., Improving Neural Network Efficiency via
//! Post-training Quantization with Adaptive Floating-Point, ICCV 2021), to be compared with.
//!
//! Every tensor takes a format `(e, m)`. The scale follows from the largest magnitude, so that nothing is
//! clipped ([`exponent`]); values are rounded to nearest, with one scale per tensor. The formats are found by Bayesian
//! optimization alone: a Gaussian process over all `(e, m)`, expected improvement, and the objective
//! `ln(1 + loss) + g ln(penalty)` ([`penalty`]), without a prediction to start from and without a guard.

use std::collections::BTreeSet;

use afp_ir::{diag::Diagnostic, numerics::Format};
use afp_passes::scale;
use serde::{Deserialize, Serialize};

use super::{Evaluate, Selection, gaussian::Gaussian, guard::Estimate, measure};
use crate::random::Random;

/// What computing with a format costs: `2^e + m + (e + (m + [e > 0])^2)`. The additions of exponents' range,
/// and a multiplication of mantissas with the bit in front of them.
pub fn penalty(format: Format) -> f64 {
    let (e, m) = (format.exp_bits(), format.man_bits());
    let multiplied = m + u32::from(e > 0);
    f64::from((1u32 << e) + m + e + multiplied * multiplied)
}

/// The scale exponent for values of magnitudes up to `largest`.
///
/// As published, the top binade is `upper = ceil(log2(largest / (2 - 2^-m)))` and the bottom one `lower =
/// upper + 1 - 2^e`. A code's integer counts units of `2^(lower + 1 - m)`, and so this is the least exponent at
/// which `largest` is not clipped. Without exponent bits there is no bit in front of the mantissa, and the largest
/// value is `2^m - 1` units.
pub fn exponent(format: Format, largest: f64) -> i32 {
    scale::covering_exponent(format, largest)
}

/// A tensor whose format is searched.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// The formats it may take; not empty.
    pub formats: Vec<Format>,
    /// What its penalty counts, for instance its number of products.
    pub weight: f64,
}

/// How much is searched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Measurements.
    pub evaluations: usize,
    /// Of these, assignments that are drawn before anything is learned.
    pub drawn_first: usize,
    /// Assignments of which the one with the largest expected improvement is measured.
    pub drawn: usize,
    /// `g`: what the penalty counts against the loss.
    pub trade_off: f64,
    /// For the draws.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { evaluations: 200, drawn_first: 20, drawn: 512, trade_off: 0.1, seed: 0 }
    }
}

/// A measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The index of each tensor's format.
    pub selection: Selection,
    /// The loss.
    pub loss: Estimate,
    /// The weighted mean of the tensors' penalties.
    pub penalty: f64,
    /// `ln(1 + loss) + g ln(penalty)`.
    pub objective: f64,
}

/// The measurements of a search, the best one first named.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The index of the best measurement.
    pub best: usize,
    /// All of them, in their order.
    pub history: Vec<Step>,
}

/// Searches for the least objective. `progress` sees every measurement.
///
/// # Errors
/// What `evaluate` reports; AFP0001 if a tensor has no format.
pub fn search(
    tensors: &[Tensor],
    options: &Options,
    evaluate: &mut impl Evaluate,
    progress: &mut dyn FnMut(&Step),
) -> Result<Found, Diagnostic> {
    if let Some(index) = tensors.iter().position(|tensor| tensor.formats.is_empty()) {
        return Err(Diagnostic::error("AFP0001", "a tensor has no format").found(format!("tensor {index}")));
    }
    let mut random = Random::new(options.seed);
    let mut measured = BTreeSet::new();
    let mut history: Vec<Step> = Vec::new();
    let evaluations = options.evaluations.max(1);
    let first = first(tensors, options.drawn_first.clamp(1, evaluations), &mut random);
    let mut next = first;
    while !next.is_empty() {
        let losses = measure(evaluate, &next)?;
        for (selection, losses) in next.drain(..).zip(losses) {
            let loss = Estimate::of(losses.into_iter());
            let penalty = mean_penalty(tensors, &selection);
            let objective = libm::log1p(loss.mean.max(0.0)) + options.trade_off * libm::log(penalty);
            let step = Step { selection, loss, penalty, objective };
            progress(&step);
            measured.insert(step.selection.clone());
            history.push(step);
        }
        if history.len() < evaluations {
            next.extend(choose(tensors, options, &history, &measured, &mut random));
        }
    }
    Ok(Found { best: best(&history), history })
}

fn best(history: &[Step]) -> usize {
    let by_objective =
        |&a: &usize, &b: &usize| history[a].objective.total_cmp(&history[b].objective).then(a.cmp(&b));
    (0..history.len()).min_by(by_objective).unwrap_or(0)
}

fn mean_penalty(tensors: &[Tensor], selection: &[usize]) -> f64 {
    let weights: f64 = tensors.iter().map(|tensor| tensor.weight).sum();
    let of = |(tensor, &index): (&Tensor, &usize)| tensor.weight * penalty(tensor.formats[index]);
    let sum: f64 = tensors.iter().zip(selection).map(of).sum();
    if weights > 0.0 { sum / weights } else { 1.0 }
}

fn draw(tensors: &[Tensor], random: &mut Random) -> Selection {
    tensors.iter().map(|tensor| random.below(tensor.formats.len() as u64) as usize).collect()
}

/// One format for all tensors, as far as that goes, and random assignments.
fn first(tensors: &[Tensor], count: usize, random: &mut Random) -> Vec<Selection> {
    let most = tensors.iter().map(|tensor| tensor.formats.len()).max().unwrap_or(0);
    // At most half of them equal for all, spread over the list.
    let equal = most.min(count.div_ceil(2)).max(1);
    let at = |n: usize| -> Selection {
        tensors
            .iter()
            .map(|tensor| (n * tensor.formats.len() / equal).min(tensor.formats.len() - 1))
            .collect()
    };
    let mut found: Vec<Selection> = Vec::new();
    let drawn = (0..count * 4).map(|_| draw(tensors, random)).collect::<Vec<_>>();
    for selection in (0..equal).map(at).chain(drawn) {
        if found.len() < count && !found.contains(&selection) {
            found.push(selection);
        }
    }
    found
}

/// The assignment with the largest expected improvement, of random ones and of ones near the best; none if all
/// that are drawn were measured.
fn choose(
    tensors: &[Tensor],
    options: &Options,
    history: &[Step],
    measured: &BTreeSet<Selection>,
    random: &mut Random,
) -> Option<Selection> {
    let best = &history[best(history)];
    let mut pool = BTreeSet::new();
    for n in 0..options.drawn.max(1) {
        let selection = if n % 2 == 0 {
            draw(tensors, random)
        } else {
            let mut near = best.selection.clone();
            for _ in 0..=random.below(3) {
                if near.is_empty() {
                    break;
                }
                let tensor = random.below(near.len() as u64) as usize;
                near[tensor] = random.below(tensors[tensor].formats.len() as u64) as usize;
            }
            near
        };
        if !measured.contains(&selection) {
            pool.insert(selection);
        }
    }
    let points: Vec<Vec<f64>> = history.iter().map(|step| point(tensors, &step.selection)).collect();
    let values: Vec<f64> = history.iter().map(|step| step.objective).collect();
    let gaussian = Gaussian::fit(&points, &values);
    let merit = |selection: &Selection| {
        let prediction = gaussian.as_ref().map(|gaussian| gaussian.predict(&point(tensors, selection)));
        prediction.map_or(0.0, |prediction| prediction.expected_improvement(best.objective))
    };
    let merits: Vec<(f64, Selection)> =
        pool.into_iter().map(|selection| (merit(&selection), selection)).collect();
    merits.into_iter().max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1))).map(|(_, selection)| selection)
}

/// `e` and `m` of every tensor, each in units in which formats of 8 bits are about as wide as they are high.
fn point(tensors: &[Tensor], selection: &[usize]) -> Vec<f64> {
    let of = |(tensor, &index): (&Tensor, &usize)| {
        let format = tensor.formats[index];
        [f64::from(format.exp_bits()) / 4.0, f64::from(format.man_bits()) / 7.0]
    };
    tensors.iter().zip(selection).flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn penalties() {
        let of = |text: &str| penalty(text.parse().unwrap());
        // 2^2 + 2 + 2 + 3^2, and 1 + 4 + 0 + 4^2.
        assert_eq!((of("e2m2"), of("e0m4"), of("e4m0")), (17.0, 21.0, 21.0));
    }

    proptest! {
        /// The published rule, in exact powers of two.
        #[test]
        fn exponents_follow_the_published_rule(mantissa in 1u32..4096, power in -30i32..30, e in 1u32..5, m in 0u32..6) {
            let format = Format::new(true, e, m).unwrap();
            let two = |power: i32| 2f64.powi(power);
            let largest = f64::from(mantissa) * two(power);
            let top = 2.0 - two(-(m as i32));
            let mut upper = -100;
            while top * two(upper) < largest {
                upper += 1;
            }
            let lower = upper + 1 - (1 << e);
            prop_assert_eq!(exponent(format, largest), lower + 1 - m as i32);
        }
    }

    struct Layers {
        evaluations: usize,
        formats: Vec<Format>,
        gains: Vec<f64>,
    }

    impl Evaluate for Layers {
        fn evaluate(&mut self, selections: &[Selection]) -> Result<Vec<Vec<f64>>, Diagnostic> {
            self.evaluations += selections.len();
            let loss = |selection: &Selection| -> f64 {
                let error = |(gain, &index): (&f64, &usize)| {
                    gain * 0.25f64.powi(self.formats[index].man_bits() as i32)
                };
                self.gains.iter().zip(selection).map(error).sum()
            };
            Ok(selections.iter().map(|selection| vec![loss(selection); 4]).collect())
        }
    }

    #[test]
    fn sensitive_tensors_get_longer_mantissas() {
        let formats: Vec<Format> =
            ["e2m0", "e2m1", "e2m2", "e2m3", "e2m4", "e2m5"].map(|f| f.parse().unwrap()).into();
        let mut layers =
            Layers { evaluations: 0, formats: formats.clone(), gains: vec![0.01, 30.0, 0.01, 30.0] };
        let tensors: Vec<Tensor> = (0..4).map(|_| Tensor { formats: formats.clone(), weight: 1.0 }).collect();
        let options = Options { evaluations: 60, ..Options::default() };
        let found = search(&tensors, &options, &mut layers, &mut |_| ()).unwrap();
        assert_eq!((found.history.len(), layers.evaluations), (60, 60));
        let best = &found.history[found.best];
        assert!(best.selection[0] < best.selection[1] && best.selection[2] < best.selection[3], "{best:?}");
        let uniform = found.history[..20].iter().map(|step| step.objective).fold(f64::INFINITY, f64::min);
        assert!(best.objective < uniform, "{} {uniform}", best.objective);
        assert_eq!(search(&tensors, &options, &mut layers, &mut |_| ()).unwrap(), found);
    }

    #[test]
    fn what_is_small_is_searched_to_its_end() {
        let formats: Vec<Format> = ["e2m1", "e2m2"].map(|f| f.parse().unwrap()).into();
        let mut layers = Layers { evaluations: 0, formats: formats.clone(), gains: vec![1.0, 1.0] };
        let tensors = vec![Tensor { formats, weight: 1.0 }; 2];
        let found = search(&tensors, &Options::default(), &mut layers, &mut |_| ()).unwrap();
        assert_eq!(found.history.len(), 4);
        let none = [Tensor { formats: vec![], weight: 1.0 }];
        assert_eq!(search(&none, &Options::default(), &mut layers, &mut |_| ()).unwrap_err().code, "AFP0001");
    }
}
