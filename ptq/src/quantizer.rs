//! Candidates and what they cost in accuracy: the part that every search shares.
//!
//! A [`Quantizer`] holds what was observed on the samples that ranges and moments come from, rounds each
//! layer once per format, and runs settings on the samples that were held out. What it answers depends on
//! its inputs alone.

use std::sync::{Arc, Mutex};

use afp_ir::{diag::Diagnostic, interp::Tensor, numerics::Format};
use afp_passes::scale::{self, Method as Exponents};
use rayon::prelude::*;

use crate::{
    assign::journal,
    calibration::{Observations, observe},
    loss::Loss,
    metrics::argmax,
    moments::Moments,
    network::{Layer, LayerId, Network, SiteFormat, SiteId},
    random::Random,
    rounding::{self, Prepared},
    setting::{Rounded, Setting},
    simulator::Simulator,
};

/// Of four samples, three are observed; the fourth judges.
const HELD_OUT: usize = 4;
/// The least and the largest number of samples that judge.
const JUDGES: (usize, usize) = (16, 128);
/// Accumulators finer than this many bits below their group's result gain nothing, and cost width.
const GUARD_BITS: i32 = 20;

/// What a quantizer is told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Shuffles the samples before they are split.
    pub seed: u64,
    /// What is made small.
    pub loss: Loss,
    /// How weights are rounded.
    pub rounding: rounding::Options,
    /// How scale exponents of activations are chosen.
    pub max_exponents: bool,
}

/// A layer's rounded weights by format, with their expected squared error.
type Candidates = Vec<(Format, Arc<Rounded>, f64)>;

/// See the module.
pub struct Quantizer<'n> {
    /// The network.
    pub network: &'n Network,
    /// What was seen on the observed samples.
    pub observations: Observations,
    options: Options,
    prepared: Vec<Prepared>,
    candidates: Vec<Mutex<Candidates>>,
    float: Simulator<'n>,
    samples: &'n [Vec<Tensor>],
    judges: Vec<Vec<Tensor>>,
    judged: Vec<Vec<f32>>,
}

/// The samples that are observed and those that are held out, after a shuffle by the seed.
pub fn split(mut samples: Vec<Vec<Tensor>>, seed: u64) -> (Vec<Vec<Tensor>>, Vec<Vec<Tensor>>) {
    Random::new(seed ^ 0x5eed_0f5a_3b1e_5001).shuffle(&mut samples);
    let judges = (samples.len() / HELD_OUT).clamp(JUDGES.0, JUDGES.1).min(samples.len() / 2);
    let held = samples.split_off(samples.len() - judges);
    // A single sample, or none, must do for both.
    let held = if held.is_empty() { samples.clone() } else { held };
    (samples, held)
}

impl<'n> Quantizer<'n> {
    /// Observes samples (see [`split`]). `progress` is called once per sample of both parts.
    ///
    /// # Errors
    /// What the simulator reports.
    pub fn new(
        network: &'n Network,
        (samples, judges): (&'n [Vec<Tensor>], Vec<Vec<Tensor>>),
        options: Options,
        progress: &(dyn Fn() + Sync),
    ) -> Result<Self, Diagnostic> {
        let float = Simulator::new(network, &Setting::default())?;
        let observations = observe(network, &float, samples, progress)?;
        let judged = judges
            .par_iter()
            .map(|sample| {
                let outcome = float.run(sample)?;
                progress();
                Ok(outcome.logits().to_vec())
            })
            .collect::<Result<_, Diagnostic>>()?;
        let prepare = |(layer, moments): (&Layer, &Moments)| {
            // Without a bias there is nothing that could absorb a mean.
            let corrected = options.rounding.bias_correction && !layer.bias.is_empty();
            if corrected { Prepared::new(layer, moments) } else { Prepared::uncorrected(layer, moments) }
        };
        let prepared = network.layers.par_iter().zip(&observations.moments).map(prepare).collect();
        let candidates = network.layers.iter().map(|_| Mutex::new(Vec::new())).collect();
        Ok(Self { network, observations, options, prepared, candidates, float, samples, judges, judged })
    }

    /// Number of samples that judge.
    pub fn judges(&self) -> usize {
        self.judges.len()
    }

    /// The network in float.
    pub fn float(&self) -> &Simulator<'n> {
        &self.float
    }

    /// The samples that were observed.
    pub fn samples(&self) -> &'n [Vec<Tensor>] {
        self.samples
    }

    /// Number of classes in a row of logits.
    fn classes(&self) -> usize {
        self.network.classes
    }

    /// A site's format with the scale exponent that its values take.
    pub fn site_format(&self, site: SiteId, format: Format) -> SiteFormat {
        let seen = &self.observations.histograms[site];
        let leaves = self.network.sites[site].leaves;
        let method = if leaves || self.options.max_exponents { Exponents::Max } else { Exponents::Search };
        let range = (f64::from(seen.min), f64::from(seen.max));
        SiteFormat { format, exp: scale::activation_exponent(format, range, Some(seen), method) }
    }

    /// Whether a site holds negative values.
    pub fn is_signed(&self, site: SiteId) -> bool {
        self.observations.histograms[site].min < 0.0
    }

    /// The default format of each site: fixed point of 8 bits, 16 for values that only leave the program.
    pub fn fixed_sites(&self) -> Vec<Option<SiteFormat>> {
        let format = |site: SiteId| {
            let default = if self.network.sites[site].leaves { Format::wide } else { Format::byte };
            self.site_format(site, default(self.is_signed(site)))
        };
        let mut sites: Vec<Option<SiteFormat>> =
            (0..self.network.sites.len()).map(|site| Some(format(site))).collect();
        self.tie(&mut sites);
        sites
    }

    /// Gives tied sites the format of theirs.
    pub fn tie(&self, sites: &mut [Option<SiteFormat>]) {
        // A concat may be tied to another one, which comes behind it.
        for site in (0..sites.len()).rev() {
            if let Some(concat) = self.network.sites[site].tied {
                sites[site] = sites[concat];
            }
        }
    }

    /// The least scale exponent of a layer's weights: finer ones would only make its sums wider.
    fn floor(&self, layer: LayerId) -> i32 {
        let layer = &self.network.layers[layer];
        let exp = |site: Option<SiteId>| {
            site.map(|site| self.site_format(site, Format::byte(self.is_signed(site))).exp)
        };
        match (exp(layer.input), exp(layer.output)) {
            (Some(input), Some(output)) => output - GUARD_BITS - input,
            _ => -100,
        }
    }

    /// How a layer's weights are rounded.
    pub(crate) fn rounding_of(&self, layer: LayerId) -> rounding::Options {
        rounding::Options {
            floor: self.floor(layer),
            bias_correction: self.options.rounding.bias_correction
                && !self.network.layers[layer].bias.is_empty(),
            ..self.options.rounding
        }
    }

    /// A layer's weights in a format, and their expected squared error: rounded once.
    pub fn rounded(&self, layer: LayerId, format: Format) -> (Arc<Rounded>, f64) {
        let mut known = self.candidates[layer].lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((_, rounded, error)) = known.iter().find(|(f, ..)| *f == format) {
            return (Arc::clone(rounded), *error);
        }
        let options = self.rounding_of(layer);
        let (values, moments) = (&self.network.layers[layer], &self.observations.moments[layer]);
        let (rounded, error) = match options.method {
            rounding::Method::Published => rounding::publish(values, moments, format),
            _ => rounding::round(values, moments, &self.prepared[layer], format, &options),
        };
        let rounded = Arc::new(rounded);
        known.push((format, Arc::clone(&rounded), error));
        (rounded, error)
    }

    /// Rounds all layers in all formats, in parallel. `progress` is called for each.
    pub fn round_all(&self, formats: &[Format], progress: &(dyn Fn() + Sync)) {
        let layers = 0..self.network.layers.len();
        self.round_jobs(
            layers.flat_map(|layer| formats.iter().map(move |&f| (layer, f))).collect(),
            progress,
        );
    }

    /// Rounds each layer in its format, in parallel. `progress` is called for each.
    pub fn round_each(&self, formats: &[Option<Format>], progress: &(dyn Fn() + Sync)) {
        let jobs = formats.iter().enumerate().filter_map(|(layer, format)| Some((layer, (*format)?)));
        self.round_jobs(jobs.collect(), progress);
    }

    fn round_jobs(&self, mut jobs: Vec<(LayerId, Format)>, progress: &(dyn Fn() + Sync)) {
        // The longest first, so that no thread waits for one at the end.
        jobs.sort_by_key(|&(layer, _)| {
            let layer = &self.network.layers[layer];
            std::cmp::Reverse(layer.weights.len() * layer.depth)
        });
        jobs.par_iter().with_max_len(1).for_each(|&(layer, format)| {
            self.rounded(layer, format);
            progress();
        });
    }

    /// The loss of each setting on each sample that judges, the first `limit` of them. What settings have
    /// in common with `base` is computed once per sample.
    ///
    /// # Errors
    /// What the simulator reports.
    pub fn losses(
        &self,
        base: &Setting,
        settings: &[Setting],
        limit: usize,
    ) -> Result<Vec<Vec<f64>>, Diagnostic> {
        let base = self.float.with(base)?;
        let simulators = settings.iter().map(|setting| base.with(setting)).collect::<Result<Vec<_>, _>>()?;
        let judge = |(sample, float): (&Vec<Tensor>, &Vec<f32>)| {
            let trace = base.trace(sample)?;
            simulators
                .iter()
                .map(|simulator| {
                    let outcome = simulator.rerun(&base, &trace)?;
                    Ok(self.options.loss.of(float, outcome.logits(), self.classes()))
                })
                .collect::<Result<Vec<f64>, Diagnostic>>()
        };
        let count = limit.min(self.judges.len());
        let by_sample = self.judges[..count]
            .par_iter()
            .zip(&self.judged[..count])
            .with_max_len(1)
            .map(judge)
            .collect::<Result<Vec<Vec<f64>>, Diagnostic>>()?;
        Ok((0..settings.len()).map(|n| by_sample.iter().map(|losses| losses[n]).collect()).collect())
    }

    /// The loss of each setting on every sample that judges. What settings have in common with the first is
    /// computed once per sample.
    ///
    /// # Errors
    /// What the simulator reports.
    pub fn judge(&self, settings: &[Setting]) -> Result<Vec<Vec<f64>>, Diagnostic> {
        let Some(base) = settings.first() else { return Ok(Vec::new()) };
        self.losses(base, settings, usize::MAX)
    }

    /// On how many rows of the samples that judge a setting's largest logit is that of the float network, and
    /// of how many.
    ///
    /// # Errors
    /// What the simulator reports.
    pub fn agreement(&self, setting: &Setting) -> Result<(u64, u64), Diagnostic> {
        let simulator = self.float.with(setting)?;
        let classes = self.classes().max(1);
        let count = |(sample, float): (&Vec<Tensor>, &Vec<f32>)| {
            let outcome = simulator.run(sample)?;
            let rows = float.chunks(classes).zip(outcome.logits().chunks(classes));
            Ok(rows.fold((0, 0), |(same, all), (a, b)| (same + u64::from(argmax(a) == argmax(b)), all + 1)))
        };
        let counts: Vec<(u64, u64)> =
            self.judges.par_iter().zip(&self.judged).map(count).collect::<Result<_, Diagnostic>>()?;
        Ok(counts.into_iter().fold((0, 0), |(a, b), (c, d)| (a + c, b + d)))
    }

    /// The name of a search: a hash of the network, of what was seen of the samples, and of the options.
    pub fn study(&self, request: &str) -> String {
        let single = |values: &[f32]| -> Vec<u8> { values.iter().flat_map(|v| v.to_le_bytes()).collect() };
        let double = |values: &[f64]| -> Vec<u8> { values.iter().flat_map(|v| v.to_le_bytes()).collect() };
        let mut parts: Vec<Vec<u8>> = vec![env!("CARGO_PKG_VERSION").into(), request.into()];
        parts.push(format!("{:?}", self.options).into());
        for layer in &self.network.layers {
            parts.extend([layer.name.clone().into(), single(&layer.weights), single(&layer.bias)]);
        }
        for moments in &self.observations.moments {
            parts.push(double(&moments.mean));
        }
        parts.extend(self.judged.iter().map(|logits| single(logits)));
        journal::study(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }
}
