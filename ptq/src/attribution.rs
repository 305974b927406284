//! Which part of a network the error comes from.
//!
//! A part is a site with the layer whose sums are rounded to it: a layer and its result, or a value
//! that no layer makes. The *end error* is the squared distance of the logits from the float network's.
//! For each part the network is run again with that part alone in float (its weights, its bias and its
//! result): the *share* is how much of the end error that takes away. Errors of several parts can cancel
//! or add up, so shares may be negative and need not sum to one.
//!
//! What *one more bit* buys is computed with every rounding error of a layer's weights and bias halved,
//! which is what one more mantissa bit does, however the weights were rounded. A value without weights
//! is rounded to a format with one more mantissa bit. Formats of [`STORED_BITS`] have none to gain.
//!
//! **Invariant.** Errors of a sample do not depend on other samples; they are added in the samples'
//! order.

use std::{cmp::Ordering, sync::Arc};

use afp_ir::{diag::Diagnostic, interp::Tensor, numerics::Format};

use crate::{
    metrics::{Estimate, decibels},
    network::{Layer, LayerId, Network, SiteFormat, SiteId},
    setting::{Rounded, Setting},
    simulator::{Outcome, Simulator, Trace},
};

/// Bits of the widest formats that are stored between operators (rule T6).
pub const STORED_BITS: u32 = 8;

/// Weights between two grids are given exponents this much lower, so that the simulator adds them in
/// `f64`.
const HALVED_GRID: i32 = 24;

/// A part of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The layer's name, or the site's.
    pub name: String,
    /// What it computes.
    pub operator: &'static str,
    /// The format of its weights, if it has any.
    pub weights: Option<Format>,
    /// The format of its result, if that is stored.
    pub values: Option<Format>,
    layers: Vec<LayerId>,
    site: Option<SiteId>,
}

/// What was found of a part.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The part.
    pub part: Part,
    /// Of its result against the float network's, in dB.
    pub sqnr: Option<Estimate>,
    /// Share of the end error that goes if the part is in float.
    pub share: f64,
    /// What one more bit adds to the SQNR of the logits, in dB; none where no bit can be added.
    pub gain: Option<f64>,
}

/// Sums of squares of one sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Errors {
    /// End error as it is.
    end: f64,
    /// Of each part: signal and noise of its result, end error without it and with one more bit.
    parts: Vec<(Distance, f64, Option<f64>)>,
}

/// Sums of squares: of float values, and of what the quantized ones differ from them by.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Distance {
    signal: f64,
    noise: f64,
}

impl Distance {
    fn of(float: &[f32], quantized: &[f32]) -> Self {
        float.iter().zip(quantized).fold(Self::default(), |sum, (&f, &q)| {
            let (f, q) = (f64::from(f), f64::from(q));
            Self { signal: sum.signal + f * f, noise: sum.noise + (f - q) * (f - q) }
        })
    }
}

/// A network with the variants of a setting that tell its parts apart.
pub struct Attribution<'n> {
    network: &'n Network,
    float: Simulator<'n>,
    quantized: Simulator<'n>,
    parts: Vec<Part>,
    /// By part: in float, and with one more bit.
    variants: Vec<(Simulator<'n>, Option<Simulator<'n>>)>,
}

impl<'n> Attribution<'n> {
    /// Prepares the variants of a setting.
    ///
    /// # Errors
    /// AFP0702 for scale exponents that are out of reach.
    pub fn new(network: &'n Network, setting: &Setting) -> Result<Self, Diagnostic> {
        let float = Simulator::new(network, &Setting::default())?;
        let quantized = float.with(setting)?;
        // The simulator has given every layer and every site a place.
        let setting = quantized.setting();
        let parts = parts(network, setting);
        let variant = |part: &Part| -> Result<_, Diagnostic> {
            let without = quantized.with(&in_float(setting, part))?;
            let finer = finer(network, setting, part).map(|setting| quantized.with(&setting)).transpose()?;
            Ok((without, finer))
        };
        let variants = parts.iter().map(variant).collect::<Result<_, _>>()?;
        Ok(Self { network, variants, parts, float, quantized })
    }

    /// The errors of one sample.
    ///
    /// # Errors
    /// What the simulator reports.
    pub fn sample(&self, inputs: &[Tensor]) -> Result<Errors, Diagnostic> {
        let float = self.float.trace(inputs)?;
        let quantized = self.quantized.trace(inputs)?;
        let reference = float.outcome(self.network);
        let error = |outcome: &Outcome| Distance::of(reference.logits(), outcome.logits()).noise;
        let again = |variant: &Simulator<'n>| variant.rerun(&self.quantized, &quantized).map(|o| error(&o));
        let (float_sites, sites) = (self.sites(&float), self.sites(&quantized));
        let part = |(part, (without, finer)): (&Part, &(Simulator<'n>, Option<Simulator<'n>>))| {
            let result = part.site.map(|site| Distance::of(float_sites[site], sites[site]));
            let finer = finer.as_ref().map(again).transpose()?;
            Ok((result.unwrap_or_default(), again(without)?, finer))
        };
        let parts = self.parts.iter().zip(&self.variants).map(part).collect::<Result<_, Diagnostic>>()?;
        Ok(Errors { end: error(&quantized.outcome(self.network)), parts })
    }

    fn sites<'a>(&'a self, trace: &'a Trace) -> Vec<&'a [f32]> {
        let mut sites: Vec<&[f32]> = vec![&[]; self.network.sites.len()];
        for (site, values) in trace.sites(self.network) {
            sites[site] = values;
        }
        sites
    }

    /// What the errors of samples say of each part, the largest share first.
    pub fn findings(&self, samples: &[Errors]) -> Vec<Finding> {
        let end: f64 = samples.iter().map(|errors| errors.end).sum();
        let finding = |(index, part): (usize, &Part)| {
            let of_part = || samples.iter().filter_map(|errors| errors.parts.get(index));
            let signals: Vec<f64> = of_part().map(|(result, ..)| result.signal).collect();
            let noises: Vec<f64> = of_part().map(|(result, ..)| result.noise).collect();
            let without: f64 = of_part().map(|(_, without, _)| without).sum();
            let finer: Option<f64> = of_part().map(|(.., finer)| *finer).sum();
            let has_bit = self.variants[index].1.is_some() && !samples.is_empty();
            Finding {
                part: part.clone(),
                sqnr: (part.site.is_some() && !samples.is_empty()).then(|| decibels(&signals, &noises)),
                share: if end > 0.0 { 1.0 - without / end } else { 0.0 },
                gain: finer.filter(|_| has_bit).map(|finer| gain(end, finer)),
            }
        };
        let mut findings: Vec<Finding> = self.parts.iter().enumerate().map(finding).collect();
        findings.sort_by(|a, b| b.share.partial_cmp(&a.share).unwrap_or(Ordering::Equal));
        findings
    }
}

/// The decibels from one squared error to another; none from nothing to nothing.
fn gain(from: f64, to: f64) -> f64 {
    if from == to { 0.0 } else { 10.0 * libm::log10(from / to) }
}

/// The parts of a network that are quantized, in program order.
fn parts(network: &Network, setting: &Setting) -> Vec<Part> {
    let format = |layer: LayerId| setting.weights[layer].as_ref().map(|rounded| rounded.format);
    let layer_part = |layers: Vec<LayerId>, site: Option<SiteId>| {
        let first = network.layers.get(*layers.first()?)?;
        let weights = layers.iter().find_map(|&layer| format(layer));
        let values = site.and_then(|site| setting.sites[site]).map(|site| site.format);
        Some(Part { name: first.name.clone(), operator: first.operator, weights, values, layers, site })
    };
    let mut parts: Vec<Part> = Vec::new();
    for (id, site) in network.sites.iter().enumerate() {
        let layers: Vec<LayerId> =
            (0..network.layers.len()).filter(|&layer| network.layers[layer].output == Some(id)).collect();
        let values = setting.sites[id].map(|site| site.format);
        parts.push(layer_part(layers, Some(id)).unwrap_or_else(|| Part {
            name: site.name.clone(),
            operator: network.rounding_of(id),
            weights: None,
            values,
            layers: Vec::new(),
            site: Some(id),
        }));
    }
    let alone = (0..network.layers.len()).filter(|&layer| network.layers[layer].output.is_none());
    parts.extend(alone.filter_map(|layer| layer_part(vec![layer], None)));
    parts.retain(|part| part.weights.is_some() || part.values.is_some());
    parts
}

/// The setting with a part in float.
fn in_float(setting: &Setting, part: &Part) -> Setting {
    let mut changed = setting.clone();
    part.layers.iter().for_each(|&layer| changed.weights[layer] = None);
    part.site.iter().for_each(|&site| changed.sites[site] = None);
    changed
}

/// The setting with one more bit for a part, if it can be stored.
fn finer(network: &Network, setting: &Setting, part: &Part) -> Option<Setting> {
    let mut changed = setting.clone();
    if part.layers.is_empty() {
        let SiteFormat { format, exp } = part.site.and_then(|site| setting.sites[site])?;
        let finer = SiteFormat { format: one_more(format)?, exp: exp - 1 };
        changed.sites[part.site?] = Some(finer);
        return Some(changed);
    }
    for &layer in &part.layers {
        let rounded = setting.weights[layer].as_ref()?;
        one_more(rounded.format)?;
        changed.weights[layer] = Some(Arc::new(halved(&network.layers[layer], rounded)));
    }
    Some(changed)
}

/// A format with one more mantissa bit, if there is one that can be stored.
fn one_more(format: Format) -> Option<Format> {
    let wider = Format::new(format.is_signed(), format.exp_bits(), format.man_bits() + 1).ok()?;
    (wider.width() <= STORED_BITS).then_some(wider)
}

/// Weights and bias half as far from the layer's own.
fn halved(layer: &Layer, rounded: &Rounded) -> Rounded {
    let middle = |(&own, &rounded): (&f32, &f32)| (0.5 * (f64::from(own) + f64::from(rounded))) as f32;
    let bias = match layer.bias.is_empty() {
        true => rounded.bias.iter().map(|&rounded| 0.5 * rounded).collect(),
        false => layer.bias.iter().zip(&rounded.bias).map(middle).collect(),
    };
    Rounded {
        format: rounded.format,
        exps: rounded.exps.iter().map(|exp| exp - HALVED_GRID).collect(),
        values: layer.weights.iter().zip(&rounded.values).map(middle).collect(),
        bias,
    }
}
