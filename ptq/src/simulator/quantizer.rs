//! Rounding many numbers to a format at once: rules E1 to E6 in `f64`.
//!
//! A number `v` is divided by the scale, exactly, and rounded to a multiple of its binade's step: the floor
//! of `v / step`, and one more if what is left is at least a half. That difference is exact, so ties and
//! everything else go where `numerics::encode_f64` sends them; a test compares the two.

use afp_ir::{
    diag::Diagnostic,
    numerics::{Rounding, encode_f32, encode_f64},
};

pub use crate::rounding::grid::power;
use crate::{
    network::{Limits, SiteFormat},
    rounding::grid::{nearest_integer as nearest, step},
};

/// Scale exponents whose values `f32` holds exactly, for every format.
const EXPONENTS: std::ops::RangeInclusive<i32> = -100..=60;

/// A site's rounding.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantizer {
    /// What it rounds to.
    pub target: SiteFormat,
    inverse: f64,
    unit: f64,
    /// Limits in units, one or one per channel.
    lo: Vec<f64>,
    hi: Vec<f64>,
    rounding: Rounding,
}

impl Quantizer {
    /// Rounding to a format within limits.
    ///
    /// # Errors
    /// AFP0712 for a scale exponent at which `f32` cannot hold every value.
    pub fn new(target: SiteFormat, limits_of: &Limits) -> Result<Self, Diagnostic> {
        if !EXPONENTS.contains(&target.exp) {
            return Err(Diagnostic::error("AFP0712", "a scale exponent is out of the search's reach")
                .expected(format!("one within {} to {}", EXPONENTS.start(), EXPONENTS.end()))
                .found(target.exp.to_string())
                .help("scale the network's inputs or weights"));
        }
        let SiteFormat { format, exp } = target;
        let codes = |limits: &Option<Vec<f32>>, extreme: i64| match limits {
            None => vec![extreme as f64],
            Some(limits) => limits
                .iter()
                .map(|&limit| format.decode(encode_f32(limit, format, exp, limits_of.rounding)) as f64)
                .collect(),
        };
        Ok(Self {
            target,
            rounding: limits_of.rounding,
            inverse: power(-exp),
            unit: power(exp),
            lo: codes(&limits_of.lo, format.int_min()),
            hi: codes(&limits_of.hi, format.int_max()),
        })
    }

    /// Rounds numbers of consecutive channels, from `channel` on.
    #[inline(always)]
    pub fn round(&self, channel: usize, values: impl Iterator<Item = f64>, to: &mut [f32]) {
        let format = self.target.format;
        let (lo, hi) = (&self.lo[..], &self.hi[..]);
        if self.rounding != Rounding::HalfUp {
            return self.round_as_asked(channel, values, to);
        }
        match (lo, hi) {
            (&[lo], &[hi]) if format.exp_bits() == 0 => {
                for (to, v) in to.iter_mut().zip(values) {
                    *to = (nearest(v * self.inverse).max(lo).min(hi) * self.unit) as f32;
                }
            }
            (&[lo], &[hi]) => {
                let man = format.man_bits();
                for (to, v) in to.iter_mut().zip(values) {
                    let v = v * self.inverse;
                    let step = step(v, man);
                    *to = ((nearest(v / step) * step).max(lo).min(hi) * self.unit) as f32;
                }
            }
            _ => {
                let man = format.man_bits();
                for (c, (to, v)) in to.iter_mut().zip(values).enumerate() {
                    let v = v * self.inverse;
                    let step = if format.exp_bits() == 0 { 1.0 } else { step(v, man) };
                    let (lo, hi) = (at(lo, channel + c), at(hi, channel + c));
                    *to = ((nearest(v / step) * step).max(lo).min(hi) * self.unit) as f32;
                }
            }
        }
    }

    /// As the numerics do it, one by one: ties that do not go to the larger value.
    fn round_as_asked(&self, channel: usize, values: impl Iterator<Item = f64>, to: &mut [f32]) {
        let SiteFormat { format, exp } = self.target;
        for (c, (to, v)) in to.iter_mut().zip(values).enumerate() {
            let integer = format.decode(encode_f64(v, format, exp, self.rounding)) as f64;
            *to = (integer.max(at(&self.lo, channel + c)).min(at(&self.hi, channel + c)) * self.unit) as f32;
        }
    }

    /// Rounds all numbers of a tensor whose last dimension has `channels`.
    pub fn tensor(&self, values: &[f64], channels: usize) -> Vec<f32> {
        let mut rounded = vec![0.0; values.len()];
        for (to, from) in rounded.chunks_mut(channels.max(1)).zip(values.chunks(channels.max(1))) {
            self.round(0, from.iter().copied(), to);
        }
        rounded
    }
}

/// The limit of a channel.
#[inline(always)]
fn at(limits: &[f64], channel: usize) -> f64 {
    limits[if limits.len() == 1 { 0 } else { channel }]
}
