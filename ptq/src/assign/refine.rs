//! Bayesian optimization of what was measured, from the solution of the additive model on.
//!
//! The model predicts most of a selection's loss; what it misses, that errors of layers interact, is learned.
//! A Gaussian process ([`gaussian`](super::gaussian)) sees the *residual* `ln(measured loss) - ln(predicted error)` of what was
//! measured so far. Each round draws selections within the budgets that differ from the best one in at most as
//! many items as the trust region allows, and measures those with the largest expected improvement per
//! effort, each chosen as if the ones before had turned out as expected. The region grows with success and
//! shrinks without (D. Eriksson et al., Scalable Global Optimization via Local Bayesian Optimization, 2019).
//!
//! **Guard.** A selection takes the best one's place only if its gain, paired by sample, exceeds two standard
//! errors ([`guard`]). The search ends after a number of measurements, never after a time: seed and answers
//! determine it.

use std::collections::BTreeSet;

use afp_ir::diag::Diagnostic;
use serde::{Deserialize, Serialize};

use super::{
    Choices, Evaluate, Selection,
    gaussian::Gaussian,
    guard::{self, Estimate},
    measure,
    pareto::{self, Point},
    propose::Neighborhood,
};
use crate::random::Random;

/// Measured selections that the Gaussian process sees: those nearest to the best one.
const WINDOW: usize = 160;
/// The largest trust region, in items.
const LARGEST: usize = 12;
/// Rounds without success after which the region shrinks.
const PATIENCE: usize = 2;
/// Losses and errors below are not told apart.
const FLOOR: f64 = 1e-12;

/// How much is searched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Measurements, those of the start included.
    pub evaluations: usize,
    /// Measurements of a round, which may run together.
    pub batch: usize,
    /// Selections that are drawn in a round.
    pub drawn: usize,
    /// Items that may differ at the start.
    pub radius: usize,
    /// Standard errors that a gain must exceed.
    pub standard_errors: f64,
    /// For the draws.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            evaluations: 128,
            batch: 8,
            drawn: 256,
            radius: 4,
            standard_errors: guard::STANDARD_ERRORS,
            seed: 0,
        }
    }
}

/// A measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// The index of each item's candidate.
    pub selection: Selection,
    /// The error that the additive model predicts.
    pub predicted: f64,
    /// Its loss on the samples that were held out.
    pub loss: Estimate,
    /// How much less that is than the loss of the best selection before.
    pub gain: Estimate,
    /// Whether it took that one's place.
    pub is_accepted: bool,
}

/// What a search has found.
#[derive(Clone, Debug, PartialEq)]
pub struct Refined {
    /// The best selection.
    pub selection: Selection,
    /// Its losses, one per sample.
    pub losses: Vec<f64>,
    /// All measurements, in their order.
    pub history: Vec<Step>,
    /// Of all measurements those that are not beaten.
    pub front: Vec<Point>,
}

/// Searches within limits, one per resource, from selections that stay within them; the first is the best at
/// first. `progress` sees every measurement.
///
/// # Errors
/// What `evaluate` reports; AFP0001 if no start stays within the limits.
pub fn refine(
    choices: &Choices,
    limits: &[u64],
    starts: &[Selection],
    options: &Options,
    evaluate: &mut impl Evaluate,
    progress: &mut dyn FnMut(&Step),
) -> Result<Refined, Diagnostic> {
    let mut search = Search::new(choices, options, progress);
    let mut first: Vec<Selection> = Vec::new();
    for start in
        starts.iter().filter(|start| start.len() == choices.items().len() && choices.fits(start, limits))
    {
        if !first.contains(start) {
            first.push(start.clone());
        }
    }
    first.truncate(options.evaluations.max(1));
    if first.is_empty() {
        return Err(Diagnostic::error("AFP0001", "a search starts beyond its budgets")
            .expected(format!("costs of at most {limits:?}"))
            .found(format!("{:?}", starts.iter().map(|start| choices.costs(start)).collect::<Vec<_>>())));
    }
    search.measure(first, evaluate)?;
    let neighborhood = Neighborhood::new(choices, limits);
    let mut random = Random::new(options.seed);
    let largest = LARGEST.min(choices.items().len()).max(1);
    let mut radius = options.radius.clamp(1, largest);
    let mut failures = 0;
    while search.history.len() < options.evaluations {
        let best = search.best.clone();
        let pool = neighborhood
            .propose(&mut random, &best, radius, options.drawn, |drawn| !search.measured.contains(drawn));
        if pool.is_empty() {
            // Everything near was measured: look further, until there is nothing.
            if radius == largest {
                break;
            }
            radius += 1;
            continue;
        }
        let left = options.evaluations - search.history.len();
        let chosen = search.choose(pool, options.batch.clamp(1, left), evaluate);
        if search.measure(chosen, evaluate)? {
            (radius, failures) = ((radius + 1).min(largest), 0);
        } else {
            failures += 1;
            if failures == PATIENCE {
                (radius, failures) = ((radius - 1).max(1), 0);
            }
        }
    }
    Ok(search.finish())
}

struct Search<'a> {
    choices: &'a Choices,
    standard_errors: f64,
    progress: &'a mut dyn FnMut(&Step),
    best: Selection,
    losses: Vec<f64>,
    history: Vec<Step>,
    measured: BTreeSet<Selection>,
    /// By item and candidate: where it lies on the axis of the item.
    axes: Vec<Vec<f64>>,
}

impl<'a> Search<'a> {
    fn new(choices: &'a Choices, options: &Options, progress: &'a mut dyn FnMut(&Step)) -> Self {
        Self {
            choices,
            standard_errors: options.standard_errors,
            progress,
            best: Vec::new(),
            losses: Vec::new(),
            history: Vec::new(),
            measured: BTreeSet::new(),
            axes: Vec::new(),
        }
    }

    /// Measures selections, and takes the best of those that the guard lets pass. Whether there was one.
    fn measure(
        &mut self,
        selections: Vec<Selection>,
        evaluate: &mut impl Evaluate,
    ) -> Result<bool, Diagnostic> {
        let losses = measure(evaluate, &selections)?;
        if self.best.is_empty() {
            self.best = selections[0].clone();
            self.losses = losses[0].clone();
            self.axes = axes(self.choices, &self.best);
        }
        let gains: Vec<Estimate> = losses.iter().map(|losses| guard::gain(&self.losses, losses)).collect();
        let accepted = (0..gains.len())
            .filter(|&n| gains[n].is_certain(self.standard_errors))
            .max_by(|&a, &b| gains[a].mean.total_cmp(&gains[b].mean).then(b.cmp(&a)));
        for (n, selection) in selections.iter().enumerate() {
            let step = Step {
                selection: selection.clone(),
                predicted: self.choices.error(selection),
                loss: Estimate::of(losses[n].iter().copied()),
                gain: gains[n],
                is_accepted: accepted == Some(n),
            };
            (self.progress)(&step);
            self.measured.insert(selection.clone());
            self.history.push(step);
        }
        if let Some(n) = accepted {
            self.best = selections[n].clone();
            self.losses = losses[n].clone();
        }
        Ok(accepted.is_some())
    }

    /// The selections of a pool from which most is expected per effort.
    fn choose(&self, mut pool: Vec<Selection>, count: usize, evaluate: &impl Evaluate) -> Vec<Selection> {
        let mut gaussian = self.learn();
        let best = logarithm(Estimate::of(self.losses.iter().copied()).mean);
        let mut chosen = Vec::new();
        while chosen.len() < count && !pool.is_empty() {
            let merit = |selection: &Selection| {
                let predicted = logarithm(self.choices.error(selection));
                let Some(gaussian) = &gaussian else { return (0.0, predicted) };
                let mut prediction = gaussian.predict(&self.point(selection));
                prediction.mean += predicted;
                let effort = evaluate.effort(&self.best, selection).max(f64::MIN_POSITIVE);
                (prediction.expected_improvement(best) / effort, prediction.mean)
            };
            let merits: Vec<(f64, f64)> = pool.iter().map(merit).collect();
            // Where nothing is expected the least loss is.
            let by_merit = |&a: &usize, &b: &usize| {
                let (a_merit, b_merit) = (merits[a], merits[b]);
                a_merit.0.total_cmp(&b_merit.0).then(b_merit.1.total_cmp(&a_merit.1)).then(b.cmp(&a))
            };
            let Some(index) = (0..pool.len()).max_by(by_merit) else { break };
            let selection = pool.remove(index);
            gaussian = gaussian.and_then(|gaussian| gaussian.believing(self.point(&selection)));
            chosen.push(selection);
        }
        chosen
    }

    /// A Gaussian process of the residuals near the best selection.
    fn learn(&self) -> Option<Gaussian> {
        let centre = self.point(&self.best);
        let distance =
            |point: &[f64]| -> f64 { point.iter().zip(&centre).map(|(a, b)| (a - b) * (a - b)).sum() };
        let mut seen: Vec<(f64, Vec<f64>, f64)> = self
            .history
            .iter()
            .map(|step| {
                let point = self.point(&step.selection);
                (distance(&point), point, logarithm(step.loss.mean) - logarithm(step.predicted))
            })
            .collect();
        seen.sort_by(|a, b| a.0.total_cmp(&b.0));
        seen.truncate(WINDOW);
        let (points, values): (Vec<_>, Vec<_>) =
            seen.into_iter().map(|(_, point, value)| (point, value)).unzip();
        Gaussian::fit(&points, &values)
    }

    fn point(&self, selection: &[usize]) -> Vec<f64> {
        self.axes.iter().zip(selection).map(|(axis, &index)| axis[index]).collect()
    }

    fn finish(self) -> Refined {
        let points: Vec<Point> = self
            .history
            .iter()
            .map(|step| Point {
                costs: self.choices.costs(&step.selection),
                loss: step.loss,
                selection: step.selection.clone(),
            })
            .collect();
        Refined {
            selection: self.best,
            losses: self.losses,
            front: pareto::front(&points),
            history: self.history,
        }
    }
}

fn logarithm(loss: f64) -> f64 {
    libm::log(loss.max(FLOOR))
}

/// Where candidates lie for the Gaussian process: the logarithm of the predicted error, in which formats of
/// equal steps are equally far apart, stretched for items that hold much of the error and so can change much.
fn axes(choices: &Choices, start: &[usize]) -> Vec<Vec<f64>> {
    let count = choices.items().len() as f64;
    let whole = choices.error(start).max(FLOOR);
    let smallest = whole / count * 1e-6;
    let axis = |(item, &chosen): (&Vec<super::Candidate>, &usize)| {
        let share = item[chosen].error / whole * count;
        let stretch = share.sqrt().clamp(0.2, 3.0);
        item.iter().map(|candidate| stretch * libm::log(candidate.error.max(smallest))).collect()
    };
    choices.items().iter().zip(start).map(axis).collect()
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            journal::{Journal, Memory, Remembered, study},
            synthetic::Problem,
        },
        *,
    };

    fn run(problem: &mut Problem, options: &Options) -> Refined {
        let limits = [problem.budget(45)];
        let start = problem.knapsack(limits[0]);
        let choices = problem.choices.clone();
        refine(&choices, &limits, &[start], options, problem, &mut |_| ()).unwrap()
    }

    #[test]
    fn what_the_model_misses_is_found() {
        let mut gains = Vec::new();
        for seed in 0..4 {
            let mut problem = Problem::new(24, seed);
            let found = run(&mut problem, &Options { seed, ..Options::default() });
            let budget = problem.budget(45);
            assert!(problem.choices.costs(&found.selection)[0] <= budget);
            assert_eq!((found.history.len(), problem.evaluations), (128, 128));
            gains.push(problem.truth(&problem.knapsack(budget)) / problem.truth(&found.selection));
        }
        assert!(gains.iter().all(|&gain| gain > 1.15), "{gains:?}");
    }

    /// Against drawing at random, at the same number of measurements.
    #[test]
    fn learning_beats_luck() {
        let (mut learned, mut lucky) = (0.0, 0.0);
        for seed in 0..4 {
            let mut problem = Problem::new(24, seed);
            let found = run(&mut problem, &Options { seed, ..Options::default() });
            learned += libm::log(problem.truth(&found.selection));
            // With a pool as large as the batch there is nothing to choose.
            let found = run(&mut problem, &Options { seed, drawn: 8, ..Options::default() });
            lucky += libm::log(problem.truth(&found.selection));
        }
        assert!(learned < lucky, "{learned} {lucky}");
    }

    #[test]
    fn noise_is_not_accepted() {
        let mut accepted = 0;
        for seed in 0..10 {
            let mut problem = Problem::new(24, seed);
            (problem.noise, problem.is_flat) = (0.5, true);
            let found = run(&mut problem, &Options { seed, ..Options::default() });
            accepted += found.history.iter().filter(|step| step.is_accepted).count();
        }
        assert!(accepted <= 20, "{accepted} of 1280");
    }

    #[test]
    fn everything_near_is_measured_and_then_it_ends() {
        let mut problem = Problem::new(2, 1);
        let found = run(&mut problem, &Options { evaluations: 1000, ..Options::default() });
        let limits = [problem.budget(45)];
        let mut all = 0;
        let mut least = f64::INFINITY;
        for a in 0..8 {
            for b in 0..8 {
                if problem.choices.fits(&[a, b], &limits) {
                    all += 1;
                    least = least.min(problem.truth(&[a, b]));
                }
            }
        }
        assert!(
            found.history.len() <= all && found.history.len() * 10 >= all * 8,
            "{} {all}",
            found.history.len()
        );
        assert!(problem.truth(&found.selection) <= least * 1.05);
    }

    #[test]
    fn a_start_beyond_the_limits_is_refused() {
        let mut problem = Problem::new(3, 1);
        let choices = problem.choices.clone();
        let found = refine(&choices, &[0], &[vec![0; 3]], &Options::default(), &mut problem, &mut |_| ());
        assert_eq!(found.unwrap_err().code, "AFP0001");
    }

    /// A journal cut anywhere leads to the same end.
    #[test]
    fn a_search_that_was_cut_ends_where_it_would_have() {
        let options = Options { evaluations: 10, batch: 3, drawn: 16, ..Options::default() };
        let limits = [Problem::new(5, 2).budget(45)];
        let search = |bytes: &[u8]| {
            let mut problem = Problem::new(5, 2);
            problem.samples = 4;
            let (choices, start) = (problem.choices.clone(), problem.knapsack(limits[0]));
            let mut journal = Journal::open(Memory(bytes.to_vec()), study(&[b"search"])).unwrap();
            let mut remembered = Remembered { evaluate: &mut problem, journal: &mut journal };
            let found = refine(&choices, &limits, &[start], &options, &mut remembered, &mut |_| ()).unwrap();
            (found, problem.evaluations, journal.into_store().0)
        };
        let (undisturbed, evaluations, bytes) = search(b"");
        assert_eq!(evaluations, 10);
        let text = |found: &Refined| serde_json::to_string(&(&found.history, &found.front)).unwrap();
        for cut in 0..=bytes.len() {
            let whole = bytes[..cut].iter().filter(|&&byte| byte == b'\n').count();
            let (found, again, after) = search(&bytes[..cut]);
            // A line that lacks nothing but its end counts.
            assert!(again == 10 - whole || again + 1 == 10 - whole, "{cut}: {again}");
            assert_eq!(found, undisturbed, "{cut}");
            assert_eq!(text(&found), text(&undisturbed));
            assert_eq!(search(&after).1, 0, "{cut}: nothing is left to measure");
        }
    }
}
