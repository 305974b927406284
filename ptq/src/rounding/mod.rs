//! Weights onto the grid of a format: each output channel at a scale exponent of its own.
//!
//! A channel's exponent is searched ([`exponents`]). At the best two, weights are rounded by GPTQ ([`gptq`])
//! and polished ([`descent`]); the better result is kept, or that of rounding to nearest if it is better still.
//!
//! The bias then absorbs the mean of the error, `b' = b + (w - q) E[x]`. So the error that counts is the
//! variance of what is left, and the matrix is the *centred* second moment ([`matrix`]).
//!
//! **Invariants.** The result has, by the damped matrix, never a larger error than rounding to nearest at the
//! same search of exponents. It depends on no number of threads: rows are independent, and every sum has one
//! order ([`lanes`]). Weights of any finite magnitude and moments of any value give finite values on the grid.

mod descent;
mod exponents;
pub(crate) mod factor;
mod gptq;
pub(crate) mod grid;
pub(crate) mod lanes;
mod matrix;
mod prepared;
mod rows;
#[cfg(test)]
mod tests;
mod vector;

use afp_ir::numerics::Format;
use grid::{Grid, power};
use lanes::{LANES, dot};
use matrix::Matrix;
pub use prepared::Prepared;
use rayon::prelude::*;
use rows::{Channel, Outcome, Task};
use serde::{Deserialize, Serialize};

use crate::{moments::Moments, network::Layer, setting::Rounded};

/// How weights are rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Each for itself.
    Nearest,
    /// Each for itself, at one scale exponent per tensor that avoids all clipping: what AFP was published with.
    Published,
    /// Errors are made up for by other weights of the channel.
    #[default]
    Gptq,
}

/// How the scale exponents of channels are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exponents {
    /// By the least error, each weight's as much as what it is multiplied with.
    #[default]
    Weighted,
    /// By the least sum of squared errors, as weights are rounded where there is no calibration data
    /// ([`afp_passes::scale::best_exponent`]).
    Plain,
    /// The ones that avoid all clipping.
    Covering,
}

/// What may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How weights are rounded.
    pub method: Method,
    /// How scale exponents are chosen.
    pub exponents: Exponents,
    /// Passes of the descent behind GPTQ.
    pub sweeps: u32,
    /// Whether biases absorb the mean of the error.
    pub bias_correction: bool,
    /// No exponent is less.
    pub floor: i32,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            method: Method::Gptq,
            exponents: Exponents::Weighted,
            sweeps: 2,
            bias_correction: true,
            floor: -100,
        }
    }
}

/// What is rounded, where it is not the layer's own weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// `[outputs][depth]`.
    pub weights: Vec<f64>,
    /// The bias that belongs to them, one per output channel; empty for none.
    pub bias: Vec<f64>,
}

impl Target {
    /// The layer's own weights.
    pub fn of(layer: &Layer) -> Self {
        let wide = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect();
        Self { weights: wide(&layer.weights), bias: wide(&layer.bias) }
    }
}

/// Rounds a layer's weights. `prepared` is of the same layer and moments.
///
/// The error is the expected squared error of the sums at one position, summed over output channels: what
/// [`error_of`] yields.
pub fn round(
    layer: &Layer,
    moments: &Moments,
    prepared: &Prepared,
    format: Format,
    options: &Options,
) -> (Rounded, f64) {
    round_target(layer, &Target::of(layer), moments, prepared, format, options)
}

/// As AFP was published: one scale exponent for the tensor, by its largest magnitude; the bias stays.
pub fn publish(layer: &Layer, moments: &Moments, format: Format) -> (Rounded, f64) {
    let largest = layer.weights.iter().fold(0.0f64, |max, &w| max.max(f64::from(w).abs()));
    let exp = crate::assign::paper::exponent(format, largest);
    let (grid, unit, inverse) = (Grid::of(format), power(exp), power(-exp));
    let values =
        layer.weights.iter().map(|&w| (grid.nearest(f64::from(w) * inverse) * unit) as f32).collect();
    let rounded = Rounded { format, exps: vec![exp; layer.outputs], values, bias: layer.bias.clone() };
    let error = error_of(layer, &rounded, moments);
    (rounded, error)
}

/// Rounds weights that take the place of a layer's own; the error is that against them.
pub fn round_target(
    layer: &Layer,
    target: &Target,
    moments: &Moments,
    prepared: &Prepared,
    format: Format,
    options: &Options,
) -> (Rounded, f64) {
    let (depth, grid) = (layer.depth, Grid::of(format));
    let candidates = exponents::candidates(layer, &target.weights, prepared, format, options);
    let row = |output: usize| &target.weights[output * depth..(output + 1) * depth];
    let outcomes: Vec<Vec<Outcome>> = batches(layer)
        .into_par_iter()
        .map(|(group, outputs)| {
            let matrix = prepared.matrix(moments, group);
            let task = Task { matrix, group: &prepared.groups[group], grid, options };
            let channel = |output: usize| Channel { target: row(output), exps: &candidates[output] };
            task.round(&outputs.map(channel).collect::<Vec<_>>())
        })
        .collect();
    let mut rounded = Rounded {
        format,
        exps: Vec::with_capacity(layer.outputs),
        values: Vec::with_capacity(layer.weights.len()),
        bias: target.bias.iter().map(|&b| b as f32).collect(),
    };
    let mut error = 0.0;
    for outcome in outcomes.into_iter().flatten() {
        let unit = power(outcome.exp);
        // Plus zero: no value is the negative one.
        rounded.values.extend(outcome.integers.iter().map(|integer| (integer * unit + 0.0) as f32));
        rounded.exps.push(outcome.exp);
        error += outcome.error;
    }
    if options.bias_correction {
        correct_bias(layer, target, moments, &mut rounded);
    }
    (rounded, error)
}

/// Output channels that are rounded together, with their group.
fn batches(layer: &Layer) -> Vec<(usize, std::ops::Range<usize>)> {
    let count = layer.outputs / layer.groups.max(1);
    let of_group = |group: usize| {
        let range = group * count..(group + 1) * count;
        range.clone().step_by(LANES).map(move |from| (group, from..range.end.min(from + LANES)))
    };
    (0..layer.groups).flat_map(of_group).collect()
}

/// `b' = b + (w - q) E[x]`. A bias that would not be finite stays as it is.
pub(crate) fn correct_bias(layer: &Layer, target: &Target, moments: &Moments, rounded: &mut Rounded) {
    let depth = layer.depth;
    let corrected = (0..layer.outputs).map(|output| {
        let range = output * depth..(output + 1) * depth;
        let lost: Vec<f64> = target.weights[range.clone()]
            .iter()
            .zip(&rounded.values[range])
            .map(|(w, &q)| w - f64::from(q))
            .collect();
        let bias = target.bias.get(output).copied().unwrap_or(0.0);
        let corrected = (bias + dot(&lost, moments.mean(layer.group(output)))) as f32;
        if corrected.is_finite() { corrected } else { bias as f32 }
    });
    rounded.bias = corrected.collect();
}

/// The expected squared error of the sums at one position, summed over output channels, by any moments of
/// what the layer reads: `d S d^T + 2 c (d m) + c^2` for weights that are off by `d` and a bias by `c`.
pub fn error_of(layer: &Layer, rounded: &Rounded, moments: &Moments) -> f64 {
    let depth = layer.depth;
    let bias = |values: &[f32], output: usize| values.get(output).map_or(0.0, |&b| f64::from(b));
    let of_batch = |(group, outputs): (usize, std::ops::Range<usize>)| -> Vec<f64> {
        let differences: Vec<Vec<f64>> = outputs
            .clone()
            .map(|output| {
                let values = &rounded.values[output * depth..(output + 1) * depth];
                values.iter().zip(layer.row(output)).map(|(&q, &w)| f64::from(q) - f64::from(w)).collect()
            })
            .collect();
        let differences: Vec<&[f64]> = differences.iter().map(Vec::as_slice).collect();
        let off: Vec<f64> =
            outputs.map(|output| bias(&rounded.bias, output) - bias(&layer.bias, output)).collect();
        Matrix::of(moments, group, false).errors(&differences, &off)
    };
    let errors: Vec<Vec<f64>> = batches(layer).into_par_iter().map(of_batch).collect();
    errors.iter().flatten().sum()
}

/// The variance of the sums at one position of some weights, `[outputs][depth]`, summed over output channels;
/// or their square, if they are not `centred`.
pub(crate) fn size_of(layer: &Layer, weights: &[f64], moments: &Moments, centred: bool) -> f64 {
    let depth = layer.depth;
    let of_batch = |(group, outputs): (usize, std::ops::Range<usize>)| -> Vec<f64> {
        let rows: Vec<&[f64]> = outputs.map(|o| &weights[o * depth..(o + 1) * depth]).collect();
        let mean = moments.mean(group);
        let off: Vec<f64> = rows.iter().map(|row| if centred { -dot(row, mean) } else { 0.0 }).collect();
        Matrix::of(moments, group, false).errors(&rows, &off)
    };
    let sizes: Vec<Vec<f64>> = batches(layer).into_par_iter().map(of_batch).collect();
    sizes.iter().flatten().sum()
}
