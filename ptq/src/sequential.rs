//! Weights and biases that make up for what the layers before them have lost.
//!
//! A layer is rounded by what it reads in the float network. In the quantized one it reads something else:
//! what the layers before it yield, rounded. So layers are visited in program order, with samples of both
//! networks at hand. With `r = y - (W x + s)` the sums `y` of the float network less those of the layer's own
//! weights `W` on what the quantized network reads, `x`, and adds, `s`:
//!
//! * [`Method::Biases`]: the bias becomes `b + E[r] + (W - Q) E[x]`, so that the sums' mean is that of `y`;
//! * [`Method::Prefix`]: weights become `W + g D H^-1` before they are rounded, with `D` the covariance of `r`
//!   with `x` and `H` the damped one of `x`: what explains `r` best. The part `g` of it that is believed is found
//!   by a quarter of the samples, of the `D H^-1` that the others yield. They are rounded by `H`.
//!
//! **Invariants.** Formats, scale exponents of activations and the network stay. Sums have one order, whatever
//! the number of threads. Samples are as many as fit [`MEMORY`].

use std::sync::Arc;

use afp_ir::diag::Diagnostic;
use rayon::prelude::*;

use crate::{
    calibration::{add_patches, applied, correlations, patches_per_sample, positions, read_patches},
    moments::Moments,
    network::{Layer, LayerId, Network, NodeId, Operator},
    quantizer::Quantizer,
    rounding::{self, Prepared, Target},
    setting::{Rounded, Setting},
    shrinkage::Shrinkage,
    simulator::{Walk, footprint},
};

/// The most bytes of values that are held at a time, of both networks.
const MEMORY: usize = 768 << 20;
/// The most samples.
const SAMPLES: usize = 256;
/// Samples whose patches are added up by one thread at a time.
const BATCH: usize = 8;

/// What is done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Biases absorb the mean.
    Biases,
    /// Weights make up for what they can, too.
    Prefix,
}

/// A setting with its formats, and other weights and biases. `progress` is called for each layer.
///
/// # Errors
/// What the simulator reports.
pub fn refit(
    quantizer: &Quantizer<'_>,
    setting: &Setting,
    method: Method,
    progress: &dyn Fn(),
) -> Result<Setting, Diagnostic> {
    let network = quantizer.network;
    let samples = quantizer.samples();
    let fitting = MEMORY / (2 * footprint(network)).max(1);
    let samples = &samples[..samples.len().min(SAMPLES).min(fitting.max(1))];
    let mut setting = setting.clone();
    let mut simulator = quantizer.float().with(&setting)?;
    let (mut float, mut quantized) = (Walk::new(network, samples), Walk::new(network, samples));
    for (id, node) in network.nodes.iter().enumerate() {
        if let Operator::Group(layer, ..) | Operator::Layer(layer) = node.operator
            && let Some(Some(rounded)) = setting.weights.get(layer)
        {
            let seen =
                Differences { network, id, layer, walks: [&float, &quantized], samples: samples.len() };
            let refitted = match method {
                Method::Biases => seen.with_bias(rounded),
                Method::Prefix => seen.rounded_anew(quantizer, rounded),
            };
            setting.weights[layer] = Some(Arc::new(refitted));
            simulator = simulator.with(&setting)?;
            progress();
        }
        float.step(quantizer.float(), id)?;
        quantized.step(&simulator, id)?;
    }
    Ok(setting)
}

/// What a layer reads in both networks.
struct Differences<'a> {
    network: &'a Network,
    id: NodeId,
    layer: LayerId,
    /// The float network's, and the quantized one's.
    walks: [&'a Walk<'a>; 2],
    samples: usize,
}

/// Sums over patches.
#[derive(Clone)]
struct Sums {
    /// Of `x`.
    moments: Moments,
    /// `[outputs]`: of `r`.
    mean: Vec<f64>,
    /// `[outputs][depth]`: of `r x^T`.
    cross: Vec<f64>,
}

impl Sums {
    fn zero(layer: &Layer) -> Self {
        let (mean, cross) = (vec![0.0; layer.outputs], vec![0.0; layer.outputs * layer.depth]);
        Self { moments: Moments::zero(layer), mean, cross }
    }

    fn add(&mut self, others: &Self) {
        self.moments.add(&others.moments);
        let sums = self.mean.iter_mut().chain(&mut self.cross);
        sums.zip(others.mean.iter().chain(&others.cross)).for_each(|(sum, more)| *sum += more);
    }

    fn averaged(mut self) -> Self {
        let count = self.moments.count.max(1) as f64;
        self.mean.iter_mut().chain(&mut self.cross).for_each(|sum| *sum /= count);
        Self { moments: self.moments.averaged(), ..self }
    }

    /// The covariance of `r` with `x`; `E[r x^T]` where no bias absorbs a mean.
    fn covariance(&self, layer: &Layer, centred: bool) -> Vec<f64> {
        let element = |(n, &cross): (usize, &f64)| {
            let (output, k) = (n / layer.depth, n % layer.depth);
            let means = self.mean[output] * self.moments.mean(layer.group(output))[k];
            if centred { cross - means } else { cross }
        };
        self.cross.iter().enumerate().map(element).collect()
    }
}

impl Differences<'_> {
    fn layer(&self) -> &Layer {
        &self.network.layers[self.layer]
    }

    /// Sums over samples: of those that judge how far the others are believed, and of the others.
    fn sums(&self) -> [Sums; 2] {
        let numbers: Vec<usize> = (0..self.samples).collect();
        let of_batch = |numbers: &[usize]| {
            let mut sums = [Sums::zero(self.layer()), Sums::zero(self.layer())];
            for &sample in numbers {
                self.add(&mut sums[usize::from(!Shrinkage::judges(sample))], sample);
            }
            sums
        };
        let batches: Vec<[Sums; 2]> = numbers.par_chunks(BATCH.max(self.samples / 8)).map(of_batch).collect();
        let mut all = [Sums::zero(self.layer()), Sums::zero(self.layer())];
        for batch in &batches {
            all.iter_mut().zip(batch).for_each(|(sums, more)| sums.add(more));
        }
        all
    }

    fn add(&self, sums: &mut Sums, sample: usize) {
        let layer = self.layer();
        let depth = layer.depth;
        let positions = positions(layer, self.layer, sample, patches_per_sample(layer, self.samples));
        let operands = &self.network.nodes[self.id].operands;
        let read = |walk: usize, operand: usize| -> &[f32] {
            operands.get(operand).map_or(&[], |&id| self.walks[walk].value(sample, id))
        };
        let [float, quantized] = [read(0, 1), read(1, 1)];
        let filters = &self.network.windows[self.layer].filters;
        let (mut exact, mut patches) =
            (vec![0.0; positions.len() * depth], vec![0.0; positions.len() * depth]);
        let width = layer.outputs / layer.groups;
        for group in 0..layer.groups {
            read_patches(filters, read(0, 0), &positions, group, &mut exact);
            read_patches(filters, read(1, 0), &positions, group, &mut patches);
            exact.iter_mut().zip(&patches).for_each(|(exact, x)| *exact -= x);
            let outputs = group * width..(group + 1) * width;
            let weights = &layer.weights[outputs.start * depth..outputs.end * depth];
            let mut missing: Vec<f32> = applied(&exact, depth, weights).iter().map(|&r| r as f32).collect();
            if !quantized.is_empty() {
                for (row, &at) in missing.chunks_exact_mut(width).zip(&positions) {
                    let from = at * layer.outputs + outputs.start;
                    let added = float[from..from + width].iter().zip(&quantized[from..]);
                    row.iter_mut().zip(added).for_each(|(r, (float, quantized))| *r += float - quantized);
                }
            }
            for row in missing.chunks_exact(width) {
                sums.mean[outputs.clone()].iter_mut().zip(row).for_each(|(sum, &r)| *sum += f64::from(r));
            }
            let cross = correlations(&missing, width, &patches, depth);
            let sums_of_group = &mut sums.cross[outputs.start * depth..outputs.end * depth];
            sums_of_group.iter_mut().zip(&cross).for_each(|(sum, more)| *sum += more);
            add_patches(&mut sums.moments, group, &patches);
        }
        sums.moments.count += positions.len() as u64;
    }

    /// The weights that there are, with another bias.
    fn with_bias(&self, rounded: &Rounded) -> Rounded {
        let [judges, others] = self.sums();
        let mut sums = others;
        sums.add(&judges);
        let sums = sums.averaged();
        let mut target = Target::of(self.layer());
        if target.bias.is_empty() {
            return rounded.clone();
        }
        target.bias.iter_mut().zip(&sums.mean).for_each(|(bias, mean)| *bias += mean);
        let mut rounded = rounded.clone();
        rounding::correct_bias(self.layer(), &target, &sums.moments, &mut rounded);
        rounded
    }

    /// Weights that make up for more, in the format of those that there are.
    fn rounded_anew(&self, quantizer: &Quantizer<'_>, rounded: &Rounded) -> Rounded {
        let layer = self.layer();
        let options = quantizer.rounding_of(self.layer);
        let centred = options.bias_correction;
        let [judges, others] = self.sums();
        let mut all = others.clone();
        all.add(&judges);
        let (judges, others, mut all) = (judges.averaged(), others.averaged(), all.averaged());
        let shrinkage = Shrinkage::new(self.samples, layer.positions);
        let strength =
            shrinkage.is_chosen(layer).then(|| shrinkage.choose(layer, &others.moments, &judges.moments));
        let prepare = |moments: &Moments| {
            if centred { Prepared::new(layer, moments) } else { Prepared::uncorrected(layer, moments) }
        };
        let missed =
            |sums: &Sums, prepared: &Prepared| prepared.ridge(layer, &sums.covariance(layer, centred));
        let mut seen = others.moments.clone();
        shrinkage.apply(&mut seen, strength);
        let guess = missed(&others, &prepare(&seen));
        let explained: f64 =
            guess.iter().zip(judges.covariance(layer, centred)).map(|(guess, found)| guess * found).sum();
        let size = rounding::size_of(layer, &guess, &judges.moments, centred);
        let believed =
            if judges.moments.count > 0 && size > 0.0 { (explained / size).clamp(0.0, 1.0) } else { 0.0 };
        shrinkage.apply(&mut all.moments, strength);
        let prepared = prepare(&all.moments);
        let more = missed(&all, &prepared);
        let mut target = Target::of(layer);
        target.weights.iter_mut().zip(&more).for_each(|(weight, more)| *weight += believed * more);
        for (output, bias) in target.bias.iter_mut().enumerate() {
            let row = output * layer.depth..(output + 1) * layer.depth;
            let mean = all.moments.mean(layer.group(output));
            let shift: f64 = more[row].iter().zip(mean).map(|(more, mean)| believed * more * mean).sum();
            *bias += all.mean[output] - shift;
        }
        rounding::round_target(layer, &target, &all.moments, &prepared, rounded.format, &options).0
    }
}
