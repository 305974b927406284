//! What becomes of exact sums: they are kept, or rounded where they are formed.

use afp_ir::interp::Tensor;

use super::{layer::Finish, quantizer::Quantizer};
use crate::network::Limits;

/// Rounds the quotients of an exact value.
pub fn encode(operand: &Tensor, limits: &Limits, divisors: &[u64], quantizer: Option<&Quantizer>) -> Tensor {
    let channels = operand.channels();
    let mut values = operand.to_f64().into_owned();
    if divisors.iter().any(|&d| d != 1) {
        for (position, values) in values.chunks_mut(channels.max(1)).enumerate() {
            let divisor = divisors[position % divisors.len()] as f64;
            values.iter_mut().for_each(|value| *value /= divisor);
        }
    }
    let rounded = match quantizer {
        Some(quantizer) => quantizer.tensor(&values, channels),
        None => {
            let mut rounded = vec![0.0; values.len()];
            for (to, from) in rounded.chunks_mut(channels.max(1)).zip(values.chunks(channels.max(1))) {
                limited(limits, 0, from.iter().copied(), to);
            }
            rounded
        }
    };
    Tensor::real(&operand.shape, rounded)
}

/// Rounds to `f32`, within limits (rule E9).
#[inline(always)]
fn limited(limits: &Limits, channel: usize, values: impl Iterator<Item = f64>, to: &mut [f32]) {
    let at = |limits: &[f32], c: usize| limits[if limits.len() == 1 { 0 } else { c }];
    for (c, (to, v)) in to.iter_mut().zip(values).enumerate() {
        let mut v = v as f32;
        if let Some(lo) = &limits.lo {
            let lo = at(lo, channel + c);
            v = if v < lo { lo } else { v };
        }
        if let Some(hi) = &limits.hi {
            let hi = at(hi, channel + c);
            v = if v > hi { hi } else { v };
        }
        *to = v;
    }
}

/// Keeps a layer's sums.
pub struct Sums<'a> {
    pub bias: &'a [f64],
    pub channels: usize,
    pub sums: Vec<f64>,
}

impl Finish for Sums<'_> {
    #[inline(always)]
    fn finish<S: Copy + Into<f64>>(&mut self, position: usize, channel: usize, sums: &[S]) {
        let at = position * self.channels + channel;
        let bias = &self.bias[channel..channel + sums.len()];
        for ((to, &sum), bias) in self.sums[at..at + sums.len()].iter_mut().zip(sums).zip(bias) {
            *to = sum.into() + bias;
        }
    }
}

/// Ends a layer's group: adds a bias and a skip operand, and rounds.
pub struct Group<'a> {
    pub bias: &'a [f64],
    pub skip: Option<&'a [f32]>,
    pub quantizer: Option<&'a Quantizer>,
    pub limits: &'a Limits,
    pub channels: usize,
    pub values: Vec<f32>,
}

impl Finish for Group<'_> {
    #[inline(always)]
    fn finish<S: Copy + Into<f64>>(&mut self, position: usize, channel: usize, sums: &[S]) {
        let at = position * self.channels + channel;
        let bias = &self.bias[channel..channel + sums.len()];
        let to = &mut self.values[at..at + sums.len()];
        let biased = sums.iter().zip(bias).map(|(&sum, bias)| sum.into() + bias);
        match (self.skip.map(|skip| &skip[at..at + sums.len()]), self.quantizer) {
            (None, Some(quantizer)) => quantizer.round(channel, biased, to),
            (Some(skip), Some(quantizer)) => {
                quantizer.round(channel, biased.zip(skip).map(|(sum, &skip)| sum + f64::from(skip)), to);
            }
            (None, None) => limited(self.limits, channel, biased, to),
            (Some(skip), None) => {
                limited(self.limits, channel, biased.zip(skip).map(|(sum, &skip)| sum + f64::from(skip)), to);
            }
        }
    }
}
