//! A layer's weights, laid out, with the proof of how its sums may be formed.
//!
//! The input's values are `I * 2^a`, the weights of output channel `o` `W * 2^b[o]`, with integers `|I|` at
//! most `Imax` of the input's format. Every partial sum of their products is an integer times `2^(a + b[o])`,
//! at most `Imax * sum |W|` in magnitude: below 2^24, `f32` holds all of them exactly, in any order. Else
//! they are formed in `f64`, which holds 2^53.

use std::sync::Arc;

use afp_ir::{
    interp::parts::{Arithmetic, Exact, Filters, Float, Geometry, Sink, convolve, convolve_depthwise, pack},
    numerics::{Rounding, dyadic_to_f64, round_to_grid_f32},
};

use super::{proof::Bounds, quantizer::power};
use crate::{
    network::{Layer, SiteFormat, Windows},
    setting::Rounded,
};

/// Integers that `f32` adds exactly.
const SINGLE_BITS: u64 = 1 << 24;

/// A layer ready to run.
pub struct Packed {
    weights: Operands,
    /// One per output channel; exact in a program on codes.
    pub bias: Vec<f64>,
    /// What holds for all sums with their biases: in a program on codes.
    pub sums: Option<Bounds>,
}

enum Operands {
    Single(Vec<f32>),
    Double(Vec<f64>),
}

impl Packed {
    /// The layer's own weights, or rounded ones, for an input of real numbers or of a format.
    pub fn new(
        (layer, windows): (&Layer, &Windows),
        rounded: Option<&Rounded>,
        input: Option<SiteFormat>,
    ) -> Self {
        let values = rounded.map_or(&layer.weights, |rounded| &rounded.values);
        let (Some(rounded), Some(input)) = (rounded, input) else {
            let bias = rounded.map_or(&layer.bias, |rounded| &rounded.bias);
            return Self {
                weights: Operands::Double(lay_out::<Float>(windows, values)),
                bias: widened(bias, layer.outputs),
                sums: None,
            };
        };
        let grids: Vec<i32> = rounded.exps.iter().map(|exp| exp + input.exp).collect();
        let magnitudes: Vec<f64> = (0..layer.outputs)
            .map(|o| {
                let row = &values[o * layer.depth..(o + 1) * layer.depth];
                row.iter().map(|&w| f64::from(w).abs()).sum::<f64>() * power(-rounded.exps[o])
            })
            .collect();
        let largest = input.format.int_max() as f64;
        let single = magnitudes.iter().all(|sum| sum * largest < SINGLE_BITS as f64)
            && grids.iter().all(|grid| (-120..=80).contains(grid));
        let on_grid = |(&b, &grid): (&f32, &i32)| {
            round_to_grid_f32(b, grid, Rounding::HalfUp).map(|n| dyadic_to_f64(n, grid))
        };
        let seated: Option<Vec<f64>> = rounded.bias.iter().zip(&grids).map(on_grid).collect();
        let is_seated = seated.is_some();
        let bias = match seated {
            Some(bias) if !bias.is_empty() => bias,
            _ => widened(&rounded.bias, layer.outputs),
        };
        let reach = |o: usize| magnitudes[o] * largest * power(grids[o]) + bias[o].abs();
        let sums = is_seated.then(|| Bounds {
            grid: grids.iter().copied().min().unwrap_or(0),
            reach: (0..layer.outputs).map(reach).fold(0.0, f64::max),
        });
        let weights = if single {
            Operands::Single(lay_out::<Exact>(windows, values))
        } else {
            Operands::Double(lay_out::<Float>(windows, values))
        };
        Self { weights, bias, sums }
    }

    /// Computes the sums of all positions; `finish` takes those of consecutive channels of one.
    pub fn run(&self, windows: &Windows, input: &[f32], finish: &mut impl Finish) {
        match &self.weights {
            Operands::Single(weights) => sums::<Exact>(windows, input, weights, &mut Into(finish)),
            Operands::Double(weights) => sums::<Float>(windows, input, weights, &mut Into(finish)),
        }
    }
}

/// What becomes of sums.
pub trait Finish {
    /// Takes the sums of channels `channel ..` at a position.
    fn finish<S: Copy + std::convert::Into<f64>>(&mut self, position: usize, channel: usize, sums: &[S]);
}

struct Into<'a, F>(&'a mut F);

impl<S: Copy + std::convert::Into<f64>, F: Finish> Sink<S> for Into<'_, F> {
    #[inline(always)]
    fn store(&mut self, position: usize, channel: usize, sums: &[S]) {
        self.0.finish(position, channel, sums);
    }
}

fn sums<A: Arithmetic>(
    windows: &Windows,
    input: &[A::Input],
    weights: &[A::Operand],
    sink: &mut impl Sink<A::Sum>,
) {
    match &windows.filters {
        Filters::Full(geometry, _) => convolve::<A>(geometry, input, weights, sink),
        Filters::Depthwise(geometry) => convolve_depthwise::<A>(geometry, input, weights, sink),
    }
}

/// `[outputs][depth]` as the loop nests read them.
fn lay_out<A: Arithmetic>(windows: &Windows, values: &[A::Input]) -> Vec<A::Operand> {
    match &windows.filters {
        Filters::Full(geometry, layout) => pack::<A>(geometry, *layout, values),
        Filters::Depthwise(geometry) => {
            let (taps, channels): (usize, usize) = (Geometry::taps(geometry), geometry.output[2]);
            let value = |tap: usize, c: usize| A::operand(values[c * taps + tap]);
            (0..taps)
                .flat_map(|tap| (0..channels).map(move |c| (tap, c)))
                .map(|(tap, c)| value(tap, c))
                .collect()
        }
    }
}

fn widened(bias: &[f32], outputs: usize) -> Vec<f64> {
    if bias.is_empty() { vec![0.0; outputs] } else { bias.iter().map(|&b| f64::from(b)).collect() }
}

/// The packed layers of a setting, shared by those that agree on them.
pub type Layers = Vec<Arc<Packed>>;
