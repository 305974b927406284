//! Scale absorption: a factor for each class that seats weights best on their grids.
//!
//! For a class, nine factors `f` from `2^-0.5` to `2^0.5` are tried. A layer that computes channels of the
//! class has its weights `w f` rounded to nearest at the best of five scale exponents, and loses
//! `gain * sum h (w f - Q(w f))^2 / f^2`: `h` is the variance of what the weight is multiplied with. The
//! least sum over all such layers decides, so a residual trunk gets the factors that suit all its blocks.
//! Layers are taken in program order: by then their inputs' factors are chosen, and their weights are judged
//! as they will be.

use afp_ir::numerics::Format;
use afp_passes::{
    equalize::{Class, Classes, FIXED_CLASS, LayerClasses, exp2},
    scale::covering_exponent,
};
use rayon::prelude::*;

use super::Wishes;
use crate::{
    moments::Moments,
    network::{Layer, Network},
    rounding::grid::{Grid, power},
};

/// Logarithms of the factors that are tried, in eighths, preferred ones first.
const EIGHTHS: [i32; 9] = [0, -1, 1, -2, 2, -3, 3, -4, 4];
/// What a factor must gain, for each binade that it is away from 1.
const RELUCTANCE: f64 = 0.02;
/// What is added to variances, relative to their mean: what was seen is a sample.
const DAMPING: f64 = 0.01;
/// Scale exponents that are tried.
const EXPONENTS: i32 = 5;

/// Losses by factor.
type Curve = [f64; EIGHTHS.len()];

/// The factors that seat weights best, as wishes of the sites of their classes; sites whose channels keep
/// their scale have none. `moments` and `formats` are the layers', as are `gains`: what an error of a
/// layer's sums does to the output, 1 if there are none.
pub fn absorb(
    network: &Network,
    classes: &Classes,
    moments: &[Moments],
    formats: &[Format],
    gains: Option<&[f64]>,
) -> Wishes {
    let layers: Vec<Producer<'_>> = network
        .layers
        .iter()
        .enumerate()
        .filter_map(|(id, layer)| {
            let gain = gains.map_or(Some(1.0), |gains| gains.get(id).copied())?;
            Producer::of(layer, classes, moments.get(id)?, *formats.get(id)?, gain)
        })
        .collect();
    let logs = choose(&layers, classes);
    let wishes = |channels: &Vec<Class>| -> Option<Vec<f64>> {
        let wishes: Vec<f64> = channels.iter().map(|&class| logs[class]).collect();
        wishes.iter().any(|&wish| wish != 0.0).then_some(wishes)
    };
    classes.sites.iter().filter_map(|(name, channels)| Some((name.clone(), wishes(channels)?))).collect()
}

/// The logarithm of each class's factor.
fn choose(layers: &[Producer<'_>], classes: &Classes) -> Vec<f64> {
    let mut logs = vec![0.0; classes.count];
    // A factor that no site can express could not be applied.
    let mut open = vec![false; classes.count];
    for &class in classes.sites.values().flatten() {
        open[class] = class != FIXED_CLASS;
    }
    for (number, layer) in layers.iter().enumerate() {
        let outputs = &layer.classes.outputs;
        let shares = |other: &&Producer<'_>| {
            other.classes.outputs.iter().any(|class| open[*class] && outputs.contains(class))
        };
        let mut sums = vec![[0.0; EIGHTHS.len()]; classes.count];
        for producer in layers[number..].iter().filter(shares) {
            for (class, curve) in producer.curves(&logs) {
                sums[class].iter_mut().zip(curve).for_each(|(sum, loss)| *sum += loss);
            }
        }
        for &class in outputs {
            if std::mem::take(&mut open[class]) {
                logs[class] = least(&sums[class]);
            }
        }
    }
    logs
}

/// The logarithm of the factor with the least loss.
fn least(curve: &Curve) -> f64 {
    let mut best = (f64::INFINITY, 0.0);
    for (loss, eighths) in curve.iter().zip(EIGHTHS) {
        let log = f64::from(eighths) / 8.0;
        let loss = loss * (1.0 + RELUCTANCE * log.abs());
        if loss < best.0 {
            best = (loss, log);
        }
    }
    best.1
}

/// A layer that computes channels.
struct Producer<'a> {
    layer: &'a Layer,
    classes: &'a LayerClasses,
    /// `[groups][depth]`.
    variances: Vec<f64>,
    format: Format,
    gain: f64,
}

impl<'a> Producer<'a> {
    fn of(
        layer: &'a Layer,
        classes: &'a Classes,
        moments: &Moments,
        format: Format,
        gain: f64,
    ) -> Option<Self> {
        let classes = classes.layers.get(&layer.name)?;
        let fits = classes.outputs.len() == layer.outputs
            && classes.inputs.len().is_multiple_of(layer.groups)
            && classes.inputs.len() >= layer.groups
            && (moments.groups, moments.depth) == (layer.groups, layer.depth);
        fits.then(|| Self { layer, classes, variances: variances(moments), format, gain })
    }

    /// The class of the channel that a weight is multiplied with.
    fn input_class(&self, group: usize, place: usize) -> Class {
        let per_group = self.classes.inputs.len() / self.layer.groups;
        self.classes.inputs[group * per_group + place % per_group]
    }

    /// The losses of each output channel, with its class, its inputs having the factors of `logs`.
    fn curves(&self, logs: &[f64]) -> Vec<(Class, Curve)> {
        let grid = Grid::of(self.format);
        let curve = |output: usize| {
            let group = self.layer.group(output);
            let variances = &self.variances[group * self.layer.depth..(group + 1) * self.layer.depth];
            let weights: Vec<(f64, f64)> = self
                .layer
                .row(output)
                .iter()
                .zip(variances)
                .enumerate()
                .map(|(place, (&weight, variance))| {
                    let factor = exp2(logs[self.input_class(group, place)]);
                    (f64::from(weight) / factor, variance * factor * factor)
                })
                .collect();
            let loss = |eighths: i32| self.gain * loss(&weights, &grid, self.format, eighths);
            (self.classes.outputs[output], EIGHTHS.map(loss))
        };
        (0..self.layer.outputs).into_par_iter().map(curve).collect()
    }
}

/// `[groups][depth]`: the variances of what weights are multiplied with, behind which a bias is corrected.
fn variances(moments: &Moments) -> Vec<f64> {
    let of_group = |group: usize| {
        let (second, mean) = (moments.second(group), moments.mean(group));
        let variance = |(i, mean): (usize, &f64)| second[i * (moments.depth + 1)] - mean * mean;
        let mut found: Vec<f64> = mean.iter().enumerate().map(variance).map(|v| v.max(0.0)).collect();
        let average = found.iter().sum::<f64>() / found.len().max(1) as f64;
        // An input that is always the same leaves no error: then all weights count alike.
        let damping = if average > 0.0 && average.is_finite() { DAMPING * average } else { 1.0 };
        found.iter_mut().for_each(|variance| *variance += damping);
        found
    };
    (0..moments.groups).flat_map(of_group).collect()
}

/// What is lost when weights (each with its variance) are multiplied by a factor and rounded, in terms of
/// the weights before.
fn loss(weights: &[(f64, f64)], grid: &Grid, format: Format, eighths: i32) -> f64 {
    let factor = exp2(f64::from(eighths) / 8.0);
    let largest = weights.iter().fold(0.0f64, |most, (weight, _)| most.max(weight.abs())) * factor;
    if largest == 0.0 || !largest.is_finite() {
        return 0.0;
    }
    let top = covering_exponent(format, largest);
    let at = |exp: i32| -> f64 {
        let (unit, into_units) = (power(exp) / factor, power(-exp) * factor);
        let lost = |&(weight, variance): &(f64, f64)| {
            let difference = weight - grid.nearest(weight * into_units) * unit;
            variance * difference * difference
        };
        weights.iter().map(lost).sum()
    };
    (0..EXPONENTS).map(|below| at(top - below)).fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests;
