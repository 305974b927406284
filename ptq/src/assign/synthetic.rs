//! A network that is none, for tests: layers whose errors interact in ways that predictions do not know.

use afp_ir::diag::Diagnostic;

use super::{Candidate, Choices, Evaluate, Resource, Selection, knapsack};
use crate::random::Random;

pub(super) struct Problem {
    pub(super) choices: Choices,
    sizes: Vec<u64>,
    /// What a pair of neighbours adds, relative to the geometric mean of their errors.
    interactions: Vec<f64>,
    /// What an item really adds, relative to its prediction.
    factors: Vec<f64>,
    /// How much samples differ beyond what is common to all selections.
    pub(super) noise: f64,
    /// Whether the loss depends on the selection at all.
    pub(super) is_flat: bool,
    pub(super) evaluations: usize,
    /// Samples of a measurement.
    pub(super) samples: usize,
}

impl Problem {
    pub(super) fn new(count: usize, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let sizes: Vec<u64> = (0..count).map(|_| 64 << random.below(6)).collect();
        let item = |&size: &u64| {
            let gain = 1.0 + 4.0 * random.unit();
            (0..8)
                .map(|n| {
                    let bits = 2 + n;
                    Candidate { error: gain * 0.25f64.powi(bits as i32), costs: vec![bits * size] }
                })
                .collect::<Vec<_>>()
        };
        let items = sizes.iter().map(item).collect();
        let choices = Choices::new(vec![Resource::WeightBits], items).unwrap();
        let interactions = (0..count).map(|_| 3.0 * (random.unit() - 0.3)).collect();
        let factors = (0..count).map(|_| 4f64.powf(2.0 * random.unit() - 1.0)).collect();
        Self {
            choices,
            sizes,
            interactions,
            factors,
            noise: 0.02,
            is_flat: false,
            evaluations: 0,
            samples: 64,
        }
    }

    /// The budget of so many tenths of a bit per weight.
    pub(super) fn budget(&self, tenths: u64) -> u64 {
        self.sizes.iter().sum::<u64>() * tenths / 10
    }

    pub(super) fn knapsack(&self, budget: u64) -> Selection {
        let candidate = |c: &Candidate| knapsack::Candidate { cost: c.costs[0], loss: c.error };
        let items: Vec<Vec<_>> =
            self.choices.items().iter().map(|item| item.iter().map(candidate).collect()).collect();
        knapsack::solve(&items, budget).unwrap().chosen
    }

    pub(super) fn truth(&self, selection: &[usize]) -> f64 {
        let errors: Vec<f64> = selection
            .iter()
            .enumerate()
            .map(|(n, &index)| self.factors[n] * self.choices.items()[n][index].error)
            .collect();
        let pairs = errors
            .windows(2)
            .zip(&self.interactions)
            .map(|(pair, factor)| factor * (pair[0] * pair[1]).sqrt());
        (errors.iter().sum::<f64>() + pairs.sum::<f64>()).max(1e-6)
    }
}

impl Evaluate for Problem {
    fn evaluate(&mut self, selections: &[Selection]) -> Result<Vec<Vec<f64>>, Diagnostic> {
        self.evaluations += selections.len();
        let loss = |selection: &Selection| {
            let truth = if self.is_flat { 1.0 } else { self.truth(selection) };
            let seed =
                selection.iter().fold(17u64, |seed, &index| seed.wrapping_mul(31).wrapping_add(index as u64));
            let (mut common, mut own) = (Random::new(5), Random::new(seed));
            (0..self.samples)
                .map(|_| truth * (0.5 + common.unit()) * (1.0 + self.noise * (own.unit() - 0.5)))
                .collect()
        };
        Ok(selections.iter().map(loss).collect())
    }
}
