//! Equalization: from values that a site's channels took to the factors that they want.
//!
//! For each channel the step is found at which fixed point of 8 bits, for it alone, has the least squared
//! error on its sampled values: by [`STEPS`] fractions of the one that clips nothing. With `l` the base-2
//! logarithms of a site's steps and `m` their mean, a channel wants the factor `2^(alpha (m - l))`.
//! All of it (`alpha = 1`) would give the site's channels one range; but then the weights that read them
//! have ranges as different as the channels had.
//!
//! Steps are powers of two, and the step that the site would then like best is none. So all its channels want one
//! factor more, which makes it one: the site is *seated* on its grid. To the weights, that is nothing.

use std::collections::BTreeMap;

use afp_ir::{diag::Diagnostic, interp::Tensor};
use afp_passes::equalize::{Classes, FIXED_CLASS};
use rayon::prelude::*;

use super::Wishes;
use crate::{
    network::{Network, SiteId},
    random::Random,
    rounding::grid::nearest_integer,
    simulator::{Simulator, Trace},
};

/// How much of the difference between channels is taken away, unless something else is asked for.
pub const ALPHA: f64 = 0.5;

/// Samples of which values are kept: those with the least numbers.
const SAMPLES: usize = 64;
/// Positions of a sample of which values are kept, besides its extremes.
const POSITIONS: usize = 40;
/// Fractions of the step without clipping that are tried, from [`LEAST_STEP`] to 1.
const STEPS: u32 = 17;
const LEAST_STEP: f64 = 0.2;
/// Of so many rows, one tells how a site is seated on its grid.
const SEATING: usize = 4;
/// Part of its site's largest magnitude below which a channel is dead.
const DEAD: f64 = 1.0 / (1 << 20) as f64;

/// Values of the channels of sites, a bounded number of each.
///
/// Which are kept depends on the numbers of sample and site alone: neither the order in which samples come
/// nor how they are merged changes the result.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelSamples {
    /// By site that can have factors.
    sites: Vec<Option<Values>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Values {
    channels: usize,
    /// `[rows][channels]` of each sample, by its number.
    samples: BTreeMap<usize, Vec<f32>>,
}

impl ChannelSamples {
    /// Nothing seen yet. Sites whose channels all keep their scale are not observed.
    pub fn new(network: &Network, classes: &Classes) -> Self {
        let of_site = |name: &str, shape: &[usize]| {
            let channels = classes.sites.get(name)?;
            let scalable = channels.iter().any(|&class| class != FIXED_CLASS);
            let fits = channels.len() == shape.last().copied().unwrap_or(1);
            (scalable && fits).then(|| Values { channels: channels.len(), samples: BTreeMap::new() })
        };
        Self { sites: network.sites.iter().map(|site| of_site(&site.name, &site.shape)).collect() }
    }

    /// Runs samples in float and observes all sites. `progress` is called once per sample that is run:
    /// at most the first 64 are.
    ///
    /// # Errors
    /// What the simulator reports.
    pub fn gather(
        network: &Network,
        classes: &Classes,
        float: &Simulator<'_>,
        samples: &[Vec<Tensor>],
        progress: &(dyn Fn() + Sync),
    ) -> Result<Self, Diagnostic> {
        let parts: Vec<Self> = samples
            .par_iter()
            .take(SAMPLES)
            .enumerate()
            .map(|(number, sample)| {
                let mut seen = Self::new(network, classes);
                seen.observe_trace(network, number, &float.trace(sample)?);
                progress();
                Ok(seen)
            })
            .collect::<Result<_, Diagnostic>>()?;
        let mut all = Self::new(network, classes);
        for part in parts {
            all.merge(part);
        }
        Ok(all)
    }

    /// Observes the sites of one run.
    pub fn observe_trace(&mut self, network: &Network, sample: usize, trace: &Trace) {
        for (site, values) in trace.sites(network) {
            self.observe(sample, site, values);
        }
    }

    /// Observes the values that a site held in a sample, its last dimension its channels'.
    pub fn observe(&mut self, sample: usize, site: SiteId, values: &[f32]) {
        let Some(Some(seen)) = self.sites.get_mut(site) else { return };
        let channels = seen.channels;
        if sample >= SAMPLES || channels == 0 || values.len() < channels {
            return;
        }
        let positions = values.len() / channels;
        let count = positions.min(POSITIONS);
        let mut random = Random::new((site as u64) << 32 | sample as u64);
        let mut rows = Vec::with_capacity((count + 2) * channels);
        for part in 0..count {
            // One in each of as many equal parts.
            let (from, to) = (part * positions / count, (part + 1) * positions / count);
            let at = from + random.below((to - from).max(1) as u64) as usize;
            rows.extend_from_slice(&values[at * channels..(at + 1) * channels]);
        }
        for extreme in [f32::max, f32::min] {
            let mut row = values[..channels].to_vec();
            for position in values.chunks_exact(channels) {
                row.iter_mut().zip(position).for_each(|(most, &v)| *most = extreme(*most, v));
            }
            rows.extend(row);
        }
        seen.samples.insert(sample, rows);
    }

    /// Adds what was seen of other samples.
    pub fn merge(&mut self, other: Self) {
        for (seen, other) in self.sites.iter_mut().zip(other.sites) {
            if let (Some(seen), Some(other)) = (seen, other) {
                seen.samples.extend(other.samples);
            }
        }
    }

    /// The factors that channels want. `alpha`, from 0 to 1, is how much of the difference between the
    /// channels of a site is to be taken away.
    pub fn wishes(&self, network: &Network, alpha: f64) -> Wishes {
        let of_site = |(site, values): (usize, &Option<Values>)| {
            let steps = values.as_ref()?.steps();
            let alive: Vec<f64> = steps.iter().copied().filter(|step| !step.is_nan()).collect();
            if alive.is_empty() {
                return None;
            }
            let mean = alive.iter().sum::<f64>() / alive.len() as f64;
            let wishes: Vec<f64> = steps.into_iter().map(|step| alpha * (mean - step)).collect();
            let common = values.as_ref()?.seat(&wishes, mean);
            Some((network.sites[site].name.clone(), wishes.into_iter().map(|wish| wish + common).collect()))
        };
        let found: Vec<_> = self.sites.par_iter().enumerate().filter_map(of_site).collect();
        found.into_iter().collect()
    }
}

impl Values {
    /// The base-2 logarithm of each channel's best step; NaN for a dead channel, and for one with values
    /// that are not finite.
    fn steps(&self) -> Vec<f64> {
        let rows = || self.samples.values().flat_map(|rows| rows.chunks_exact(self.channels));
        let mut largest = vec![0.0f64; self.channels];
        let mut signed = false;
        for row in rows() {
            for (largest, &v) in largest.iter_mut().zip(row) {
                // A NaN stays.
                let v = f64::from(v);
                *largest = if v.is_nan() || largest.is_nan() { f64::NAN } else { largest.max(v.abs()) };
                signed |= v < 0.0;
            }
        }
        let most = largest.iter().copied().filter(|v| v.is_finite()).fold(0.0, f64::max);
        let (lo, hi) = if signed { (-127.0, 127.0) } else { (0.0, 255.0) };
        let step = |channel: usize| {
            let largest = largest[channel];
            if !largest.is_finite() || largest <= most * DEAD {
                return f64::NAN;
            }
            let values: Vec<f64> = rows().map(|row| f64::from(row[channel])).collect();
            let error = |step: f64| -> f64 {
                let inverse = 1.0 / step;
                let lost = |&v: &f64| v - nearest_integer(v * inverse).max(lo).min(hi) * step;
                values.iter().map(lost).map(|d| d * d).sum()
            };
            let mut best = (f64::INFINITY, f64::NAN);
            for number in 0..STEPS {
                let fraction = LEAST_STEP + (1.0 - LEAST_STEP) * f64::from(number) / f64::from(STEPS - 1);
                let step = largest / hi * fraction;
                let found = error(step);
                if found < best.0 {
                    best = (found, step);
                }
            }
            libm::log2(best.1)
        };
        (0..self.channels).into_par_iter().map(step).collect()
    }

    /// The factor of all channels, as base-2 logarithm from -1/2 to 1/2, at which a step that is a power of two
    /// loses least of the values; `wishes` are the channels' other factors, `mean` the mean of the logarithms
    /// of their best steps.
    fn seat(&self, wishes: &[f64], mean: f64) -> f64 {
        let rows: Vec<&[f32]> = self
            .samples
            .values()
            .flat_map(|rows| rows.chunks_exact(self.channels))
            .step_by(SEATING)
            .collect();
        let signed = rows.iter().any(|row| row.iter().any(|&v| v < 0.0));
        let (lo, hi) = if signed { (-127.0, 127.0) } else { (0.0, 255.0) };
        let factors: Vec<f64> =
            wishes.iter().map(|&wish| if wish.is_nan() { 0.0 } else { libm::exp2(wish) }).collect();
        // The error relative to the values, at a step of 2^log.
        let error = |log: f64| -> f64 {
            let (step, inverse) = (libm::exp2(log), libm::exp2(-log));
            let lost = |row: &&[f32]| -> f64 {
                let of = |(&v, factor): (&f32, &f64)| {
                    let v = f64::from(v) * factor;
                    let lost = v - nearest_integer(v * inverse).max(lo).min(hi) * step;
                    if lost.is_finite() { lost * lost } else { 0.0 }
                };
                row.iter().zip(&factors).map(of).sum()
            };
            rows.iter().map(lost).sum()
        };
        // Steps from half to four times the mean of the channels' best: what is best for all is larger.
        let logs: Vec<f64> = (-4..=8).map(|eighths| mean + f64::from(eighths) / 4.0).collect();
        let errors: Vec<f64> = logs.par_iter().map(|&log| error(log)).collect();
        let best = logs.iter().zip(errors).min_by(|a, b| a.1.total_cmp(&b.1)).map_or(mean, |(&log, _)| log);
        // Fixed point of the values times 2^(n - best) at step 2^n is that of the values at step 2^best.
        nearest_integer(best) - best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(channels: usize, rows: &[&[f32]]) -> Values {
        let samples = rows.iter().enumerate().map(|(sample, row)| (sample, row.to_vec())).collect();
        Values { channels, samples }
    }

    fn one_site(channels: usize) -> ChannelSamples {
        ChannelSamples { sites: vec![None, Some(values(channels, &[]))] }
    }

    #[test]
    fn steps_follow_the_scale_of_channels_and_dead_ones_want_nothing() {
        // Four channels of the same numbers, at 1, 16 and 0 times and with an infinity.
        let ramp: Vec<f32> = (0..=255)
            .flat_map(|i| [i as f32, 16.0 * i as f32, 0.0, if i == 9 { f32::INFINITY } else { 1.0 }])
            .collect();
        let steps = values(4, &[&ramp]).steps();
        assert_eq!((steps[0], steps[1]), (0.0, 4.0));
        assert!(steps[2].is_nan() && steps[3].is_nan());
        let signed: Vec<f32> = (-127..=127).map(|i| i as f32 / 4.0).collect();
        assert_eq!(values(1, &[&signed]).steps(), [-2.0]);
    }

    #[test]
    fn an_outlier_is_clipped_and_a_uniform_range_is_not() {
        let mut many: Vec<f32> = (0..1_000_000).map(|i| (i % 1000) as f32 / 4.0).collect();
        let uniform = values(1, &[&many]).steps()[0];
        assert!((uniform - libm::log2(249.75 / 255.0)).abs() < 1e-9, "{uniform}");
        many.push(500.0);
        let clipped = values(1, &[&many]).steps()[0];
        assert!(clipped > uniform - 0.1 && clipped < libm::log2(500.0 / 255.0) - 0.7, "{clipped}");
    }

    #[test]
    fn a_site_is_seated_where_its_largest_values_end_a_binade() {
        // Uniform up to 6, as behind a ReLU6: 8 bits without a sign end at 255/32 = 7.97.
        let ramp: Vec<f32> = (0..4000).map(|i| 6.0 * (i % 1000) as f32 / 999.0).collect();
        let site = values(1, &[&ramp]);
        let seat = site.seat(&[0.0], libm::log2(6.0 / 255.0));
        assert!((seat - libm::log2(255.0 / 32.0 / 6.0)).abs() < 0.13, "{seat}");
        // What is seated already stays.
        let seated: Vec<f32> = (0..2560).map(|i| (i % 256) as f32 / 32.0).collect();
        assert_eq!(values(1, &[&seated]).seat(&[0.0], -5.0), 0.0);
    }

    #[test]
    fn the_result_depends_on_no_order_and_memory_on_no_number_of_samples() {
        let sample = |number: usize| -> Vec<f32> {
            let mut random = Random::new(number as u64);
            (0..300).map(|_| random.unit() as f32 - 0.25).collect()
        };
        let mut forwards = one_site(3);
        (0..200).for_each(|number| forwards.observe(number, 1, &sample(number)));
        let (mut even, mut odd) = (one_site(3), one_site(3));
        (0..200).rev().for_each(|number| {
            let part = if number % 2 == 0 { &mut even } else { &mut odd };
            part.observe(number, 1, &sample(number));
        });
        odd.merge(even);
        assert_eq!(forwards, odd);
        let kept = forwards.sites[1].as_ref().unwrap();
        assert_eq!(kept.samples.len(), SAMPLES);
        assert!(kept.samples.values().all(|rows| rows.len() == (POSITIONS + 2) * 3));
        // The extremes are among what is kept.
        let (first, all) = (sample(0), kept.samples[&0].clone());
        for channel in 0..3 {
            let largest = first.iter().skip(channel).step_by(3).copied().fold(f32::MIN, f32::max);
            assert!(all.iter().skip(channel).step_by(3).any(|&v| v == largest));
        }
        // Too few values for a position, and a site that is not observed, change nothing.
        forwards.observe(0, 1, &[1.0]);
        forwards.observe(0, 0, &[1.0]);
        forwards.observe(0, 7, &[1.0]);
        assert_eq!(forwards, odd);
    }
}
