//! How far second moments of few samples are trusted.
//!
//! Rounding by GPTQ makes up for the error of one weight by others, as far as their inputs go together. In a
//! covariance that was estimated from few samples, and long patches, much of what seems to go together does so
//! by chance. So covariances are shrunk towards their diagonal, `C' = (1 - rho) C + rho diag(C)`, with
//!
//! ```text
//! rho = strength * depth / (samples * sqrt(positions))
//! ```
//!
//! as positions of one sample are no independent draws. The strength is chosen for each layer: weights are
//! rounded by the moments of some samples, and the strength is taken at which the others' moments find the least
//! error. (Shrinkage to the diagonal: Schäfer and Strimmer, 2005; they choose it by the covariance's own error.)

use afp_ir::numerics::Format;

use crate::{
    moments::Moments,
    network::Layer,
    rounding::{self, Prepared},
};

/// Strengths to choose from.
const STRENGTHS: [f64; 4] = [0.0, 0.03, 0.1, 0.3];
/// The strength where none can be chosen.
const DEFAULT: f64 = 0.1;
/// No covariance loses more of itself.
const MOST: f64 = 0.4;
/// Where not even the greatest strength would change this much, none is chosen.
const LEAST: f64 = 0.01;
/// Fewer samples are not split.
const SAMPLES: usize = 16;
/// Of so many samples, one judges.
const FOLDS: usize = 4;
/// Output channels that the choice is made by.
const CHANNELS: usize = 64;
/// The format that they are rounded to.
const FORMAT: &str = "e2m2";

/// The samples behind a layer's moments.
#[derive(Clone, Copy, Debug)]
pub struct Shrinkage {
    samples: usize,
    positions: usize,
}

impl Shrinkage {
    /// For a number of samples and positions in each.
    pub fn new(samples: usize, positions: usize) -> Self {
        Self { samples: samples.max(1), positions: positions.max(1) }
    }

    /// Whether a layer's strength is chosen; else all moments belong into one sum.
    pub fn is_chosen(&self, layer: &Layer) -> bool {
        let strongest = STRENGTHS[STRENGTHS.len() - 1];
        layer.groups == 1 && self.samples >= SAMPLES && self.rho(layer.depth, strongest, 1.0) >= LEAST
    }

    /// Whether a sample, by its number, is one of those that judge.
    pub fn judges(sample: usize) -> bool {
        sample % FOLDS == FOLDS - 1
    }

    /// The strength at which moments of `seen` samples round a layer best, by those of the `others`.
    pub fn choose(&self, layer: &Layer, seen: &Moments, others: &Moments) -> f64 {
        let Ok(format) = FORMAT.parse::<Format>() else { return DEFAULT };
        let layer = some_channels(layer);
        let options = rounding::Options {
            bias_correction: !layer.bias.is_empty(),
            sweeps: 1,
            ..rounding::Options::default()
        };
        let error = |strength: f64| {
            let part = (FOLDS - 1) as f64 / FOLDS as f64;
            let mut moments = seen.clone();
            shrink(&mut moments, self.rho(layer.depth, strength, part));
            let prepared = if options.bias_correction {
                Prepared::new(&layer, &moments)
            } else {
                Prepared::uncorrected(&layer, &moments)
            };
            let (rounded, _) = rounding::round(&layer, &moments, &prepared, format, &options);
            rounding::error_of(&layer, &rounded, others)
        };
        let errors = STRENGTHS.map(|strength| (strength, error(strength)));
        let best = errors.into_iter().min_by(|a, b| a.1.total_cmp(&b.1));
        best.map_or(DEFAULT, |(strength, _)| strength)
    }

    /// Shrinks the moments of all samples; `strength` is what was chosen, if anything was.
    pub fn apply(&self, moments: &mut Moments, strength: Option<f64>) {
        shrink(moments, self.rho(moments.depth, strength.unwrap_or(DEFAULT), 1.0));
    }

    /// `rho`, where `part` of the samples were seen.
    fn rho(&self, depth: usize, strength: f64, part: f64) -> f64 {
        let draws = self.samples as f64 * part * (self.positions as f64).sqrt();
        (strength * depth as f64 / draws).min(MOST)
    }
}

/// A layer with a part of its output channels, evenly spread.
fn some_channels(layer: &Layer) -> Layer {
    let count = layer.outputs.min(CHANNELS);
    let chosen = || (0..count).map(|n| n * layer.outputs / count.max(1));
    Layer {
        outputs: count,
        weights: chosen().flat_map(|output| layer.row(output).iter().copied()).collect(),
        bias: chosen().filter_map(|output| layer.bias.get(output).copied()).collect(),
        ..layer.clone()
    }
}

/// Takes a part `rho` of the covariances away; variances and means stay.
fn shrink(moments: &mut Moments, rho: f64) {
    let depth = moments.depth;
    if rho == 0.0 || depth == 0 {
        return;
    }
    let groups = moments.second.chunks_exact_mut(depth * depth).zip(moments.mean.chunks_exact(depth));
    for (second, mean) in groups {
        for (i, row) in second.chunks_exact_mut(depth).enumerate() {
            for (j, element) in row.iter_mut().enumerate().filter(|(j, _)| *j != i) {
                let product = mean[i] * mean[j];
                *element = product + (1.0 - rho) * (*element - product);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    const DEPTH: usize = 24;

    /// Of mean 0 and variance 1.
    fn draw(random: &mut Random) -> f64 {
        (random.unit() - 0.5) * libm::sqrt(12.0)
    }

    fn layer() -> Layer {
        let mut random = Random::new(7);
        Layer {
            name: "l".into(),
            operator: "fully_connected",
            outputs: 80,
            depth: DEPTH,
            groups: 1,
            weights: (0..80 * DEPTH).map(|_| draw(&mut random) as f32).collect(),
            bias: vec![0.0; 80],
            positions: 1,
            input: None,
            output: None,
        }
    }

    /// Moments of `count` draws whose elements share a part `common` of their variance.
    fn moments(random: &mut Random, count: usize, common: f64) -> Moments {
        let mut moments = Moments {
            groups: 1,
            depth: DEPTH,
            count: count as u64,
            second: vec![0.0; DEPTH * DEPTH],
            mean: vec![0.0; DEPTH],
        };
        for _ in 0..count {
            let shared = draw(random) * libm::sqrt(common);
            let x: Vec<f64> =
                (0..DEPTH).map(|_| 1.0 + shared + draw(random) * libm::sqrt(1.0 - common)).collect();
            for i in 0..DEPTH {
                moments.mean[i] += x[i] / count as f64;
                for j in 0..DEPTH {
                    moments.second[i * DEPTH + j] += x[i] * x[j] / count as f64;
                }
            }
        }
        moments
    }

    #[test]
    fn what_goes_together_by_chance_is_shrunk_away() {
        let (mut random, layer) = (Random::new(3), layer());
        let few = Shrinkage::new(32, 1);
        assert!(few.is_chosen(&layer));
        let (seen, others) = (moments(&mut random, 24, 0.0), moments(&mut random, 4000, 0.0));
        assert!(few.choose(&layer, &seen, &others) > 0.0);
    }

    #[test]
    fn variances_and_means_stay() {
        let before = moments(&mut Random::new(5), 30, 0.5);
        let mut after = before.clone();
        Shrinkage::new(30, 1).apply(&mut after, Some(0.3));
        assert_eq!(after.mean, before.mean);
        let rho = 0.3 * DEPTH as f64 / 30.0;
        for i in 0..DEPTH {
            assert_eq!(after.second[i * (DEPTH + 1)], before.second[i * (DEPTH + 1)]);
            let covariance =
                |m: &Moments| m.second[i * DEPTH + (i + 1) % DEPTH] - m.mean[i] * m.mean[(i + 1) % DEPTH];
            assert!((covariance(&after) - (1.0 - rho) * covariance(&before)).abs() < 1e-12);
        }
    }

    #[test]
    fn many_samples_and_depthwise_layers_need_no_choice() {
        let layer = layer();
        assert!(!Shrinkage::new(8, 1).is_chosen(&layer));
        assert!(!Shrinkage::new(512, 400).is_chosen(&layer));
        assert!(!Shrinkage::new(32, 1).is_chosen(&Layer { groups: 2, ..layer }));
    }
}
