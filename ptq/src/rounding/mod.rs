//! Weights onto the grid of a format: each output channel at a scale exponent of its own.
//!
//! A channel's exponent is searched among the one that avoids all clipping and four below it, by the error
//! of rounding to nearest, each weight weighted with the second moment of what it is multiplied with
//! ([`candidate_exponents`]). At the best two, weights are rounded by GPTQ and polished ([`gptq`]); the better
//! result is kept, that of rounding to nearest included.
//!
//! The bias absorbs the mean of the error, `b += (w - q) E[x]`. So the error that counts is the variance of
//! what is left, and the matrix is the *centred* second moment, `E[x x^T] - E[x] E[x]^T`. A layer without a
//! bias has no such help: there it is `E[x x^T]`.

mod factor;
mod gptq;
pub(crate) mod grid;

use afp_ir::numerics::Format;
use afp_passes::scale::covering_exponent;
use gptq::{Group, Row};
use grid::{Grid, power};
use serde::{Deserialize, Serialize};

use crate::{moments::Moments, network::Layer, setting::Rounded};

/// What is added to the diagonal, relative to its mean.
const DAMPING: f64 = 0.01;
/// Exponents that are considered.
const EXPONENTS: i32 = 5;
/// Exponents at which GPTQ is tried.
const TRIED: usize = 2;
/// Passes of the descent.
const SWEEPS: u32 = 2;

/// How weights are rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Each for itself.
    Nearest,
    /// Errors are made up for by other weights of the channel.
    #[default]
    Gptq,
}

/// What may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// How weights are rounded.
    pub method: Method,
    /// Take the exponent that avoids all clipping, instead of searching.
    pub max_exponents: bool,
    /// Whether biases absorb the mean of the error.
    pub bias_correction: bool,
    /// No exponent is less.
    pub floor: i32,
}

impl Default for Options {
    fn default() -> Self {
        Self { method: Method::Gptq, max_exponents: false, bias_correction: true, floor: -100 }
    }
}

/// What the formats of a layer share.
pub struct Prepared {
    groups: Vec<Group>,
    /// `[groups][depth]`: the damped diagonals, in the order of the weights.
    diagonals: Vec<f64>,
}

impl Prepared {
    /// Centres, damps, orders and factors a layer's moments.
    pub fn new(layer: &Layer, moments: &Moments) -> Self {
        let depth = layer.depth;
        let mut diagonals = Vec::with_capacity(layer.groups * depth);
        let groups = (0..layer.groups)
            .map(|group| {
                let mut h = variance(layer, moments, group);
                let trace: f64 = (0..depth).map(|i| h[i * depth + i]).sum();
                let damping = damping(trace / depth.max(1) as f64);
                for i in 0..depth {
                    let diagonal = &mut h[i * depth + i];
                    *diagonal = diagonal.max(0.0) + damping;
                }
                diagonals.extend((0..depth).map(|i| h[i * depth + i]));
                let mut order: Vec<usize> = (0..depth).collect();
                order.sort_by(|&a, &b| h[b * depth + b].total_cmp(&h[a * depth + a]).then(a.cmp(&b)));
                let ordered: Vec<f64> = order
                    .iter()
                    .flat_map(|&i| order.iter().map(move |&j| (i, j)))
                    .map(|(i, j)| h[i * depth + j])
                    .collect();
                let factor = factor::inverse_factor(&ordered, depth).unwrap_or_else(|| identity(depth));
                Group { order, moments: ordered, factor }
            })
            .collect();
        Self { groups, diagonals }
    }
}

/// `[groups][depth]`: the variances of what weights are multiplied with, damped as in [`Prepared`].
pub(crate) fn variances(layer: &Layer, moments: &Moments) -> Vec<f64> {
    let depth = layer.depth;
    let of_group = |group: usize| {
        let (second, mean) = (moments.second(group), moments.mean(group));
        let free = !layer.bias.is_empty();
        let variance = |i: usize| second[i * (depth + 1)] - if free { mean[i] * mean[i] } else { 0.0 };
        let mut found: Vec<f64> = (0..depth).map(|i| variance(i).max(0.0)).collect();
        let damping = damping(found.iter().sum::<f64>() / depth.max(1) as f64);
        found.iter_mut().for_each(|variance| *variance += damping);
        found
    };
    (0..layer.groups).flat_map(of_group).collect()
}

/// What is added to diagonals of this mean. An input that is always the same leaves no error behind a
/// corrected bias.
fn damping(mean: f64) -> f64 {
    if mean > 0.0 && mean.is_finite() { DAMPING * mean } else { 1.0 }
}

/// What a difference of weights is judged by: `E[x x^T] - E[x] E[x]^T`, or `E[x x^T]` without a bias.
fn variance(layer: &Layer, moments: &Moments, group: usize) -> Vec<f64> {
    if layer.bias.is_empty() {
        return moments.second(group).to_vec();
    }
    let mean = moments.mean(group);
    let products = mean.iter().flat_map(|a| mean.iter().map(move |b| a * b));
    moments.second(group).iter().zip(products).map(|(second, product)| second - product).collect()
}

fn identity(size: usize) -> Vec<f64> {
    (0..size * size).map(|i| f64::from(u8::from(i % (size + 1) == 0))).collect()
}

/// Rounds a layer's weights. The error is the expected squared error of the sums at one position, summed
/// over output channels, behind a corrected bias.
pub fn round(
    layer: &Layer,
    moments: &Moments,
    prepared: &Prepared,
    format: Format,
    options: &Options,
) -> (Rounded, f64) {
    let grid = Grid::of(format);
    let exps = channel_exponents(layer, prepared, format, options);
    let (mut values, mut chosen) =
        (Vec::with_capacity(layer.weights.len()), Vec::with_capacity(layer.outputs));
    for (output, exps) in exps.iter().enumerate() {
        let group = &prepared.groups[layer.group(output)];
        let (row, exp) = round_channel(layer.row(output), group, &grid, exps, options);
        let unit = power(exp);
        values.extend(row.iter().map(|integer| (integer * unit) as f32));
        chosen.push(exp);
    }
    let mut rounded = Rounded { format, exps: chosen, values, bias: layer.bias.clone() };
    if options.bias_correction {
        correct_bias(layer, moments, &mut rounded);
    }
    let error = error_of(layer, &rounded, moments);
    (rounded, error)
}

/// The integers of a channel, in the order of the weights, and their exponent.
fn round_channel(
    weights: &[f32],
    group: &Group,
    grid: &Grid,
    exps: &[i32],
    options: &Options,
) -> (Vec<f64>, i32) {
    let target = |exp: i32| -> Vec<f64> {
        let inverse = power(-exp);
        group.order.iter().map(|&i| f64::from(weights[i]) * inverse).collect()
    };
    let mut best: Option<(f64, Vec<f64>, i32)> = None;
    let mut offer = |mut row: Row, exp: i32, sweeps: u32| {
        let error = row.descend(group, grid, sweeps) * power(exp) * power(exp);
        if best.as_ref().is_none_or(|(least, ..)| error < *least) {
            best = Some((error, row.rounded, exp));
        }
    };
    match options.method {
        Method::Nearest => offer(Row::nearest(target(exps[0]), grid), exps[0], 0),
        Method::Gptq => {
            for &exp in exps.iter().take(TRIED) {
                offer(Row::propagate(target(exp), group, grid), exp, SWEEPS);
                offer(Row::nearest(target(exp), grid), exp, SWEEPS);
            }
        }
    }
    let Some((_, ordered, exp)) = best else { return (vec![0.0; weights.len()], exps[0]) };
    let mut row = vec![0.0; weights.len()];
    for (&place, integer) in group.order.iter().zip(ordered) {
        row[place] = integer;
    }
    (row, exp)
}

/// The exponents of each channel, the best first. A channel without weights takes the least of the others':
/// its bias still wants a fine grid.
fn channel_exponents(layer: &Layer, prepared: &Prepared, format: Format, options: &Options) -> Vec<Vec<i32>> {
    let mut found: Vec<Option<Vec<i32>>> = (0..layer.outputs)
        .map(|output| {
            let group = layer.group(output);
            let diagonal = &prepared.diagonals[group * layer.depth..(group + 1) * layer.depth];
            candidate_exponents(layer.row(output), diagonal, format, options)
        })
        .collect();
    let least = found
        .iter()
        .flatten()
        .filter_map(|exps| exps.first())
        .min()
        .copied()
        .unwrap_or(options.floor.max(-40));
    found.iter_mut().map(|exps| exps.take().unwrap_or_else(|| vec![least])).collect()
}

/// Exponents by the error of rounding to nearest, the least first; none for a channel of zeros.
fn candidate_exponents(row: &[f32], diagonal: &[f64], format: Format, options: &Options) -> Option<Vec<i32>> {
    let largest = row.iter().fold(0.0f64, |max, &w| max.max(f64::from(w).abs()));
    if largest == 0.0 {
        return None;
    }
    let top = covering_exponent(format, largest);
    if options.max_exponents {
        return Some(vec![top.max(options.floor)]);
    }
    let grid = Grid::of(format);
    let error = |exp: i32| -> f64 {
        let (unit, inverse) = (power(exp), power(-exp));
        let lost = |(&w, h): (&f32, &f64)| {
            let difference = f64::from(w) - grid.nearest(f64::from(w) * inverse) * unit;
            h * difference * difference
        };
        row.iter().zip(diagonal).map(lost).sum()
    };
    let mut exps: Vec<i32> = (0..EXPONENTS).map(|below| (top - below).max(options.floor)).collect();
    exps.dedup();
    let mut judged: Vec<(f64, i32)> = exps.into_iter().map(|exp| (error(exp), exp)).collect();
    // The larger exponent of two that are equally good: narrower sums.
    judged.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    Some(judged.into_iter().map(|(_, exp)| exp).collect())
}

/// `b += (w - q) E[x]`.
fn correct_bias(layer: &Layer, moments: &Moments, rounded: &mut Rounded) {
    for output in 0..rounded.bias.len() {
        let lost = difference(layer, rounded, output);
        let mean: f64 = lost.zip(moments.mean(layer.group(output))).map(|(d, x)| d * x).sum();
        rounded.bias[output] = (f64::from(rounded.bias[output]) - mean) as f32;
    }
}

/// `q - w` of a channel.
fn difference<'a>(layer: &'a Layer, rounded: &'a Rounded, output: usize) -> impl Iterator<Item = f64> + 'a {
    let values = &rounded.values[output * layer.depth..(output + 1) * layer.depth];
    values.iter().zip(layer.row(output)).map(|(&q, &w)| f64::from(q) - f64::from(w))
}

/// The expected squared error of the sums at one position, summed over output channels, behind a corrected
/// bias, by any moments of what the layer reads.
pub fn error_of(layer: &Layer, rounded: &Rounded, moments: &Moments) -> f64 {
    let depth = layer.depth;
    let mut error = 0.0;
    for group in 0..layer.groups {
        let h = variance(layer, moments, group);
        let per_group = layer.outputs / layer.groups;
        for output in group * per_group..(group + 1) * per_group {
            let d: Vec<f64> = difference(layer, rounded, output).collect();
            let hd: Vec<f64> = h.chunks_exact(depth.max(1)).map(|row| factor::dot(row, &d)).collect();
            error += factor::dot(&d, &hd).max(0.0);
        }
    }
    error
}
