//! quantize, dequantize and encode: where numbers change their form (rules E and Q).

use super::{Kernel, elementwise::real, fixed, wrong_kind};
use crate::{
    diag::Diagnostic,
    dialect::{FloatType, ScaleExponent, view},
    interp::tensor::{Data, Tensor, shift_left, shortest, too_wide},
    numerics::{
        Code, Format, Rounding, binade, clamp_code, decompose_f64, dyadic_to_f32, encode, encode_f32,
        encode_f64, ratio_to_f32, round_to_grid_f32,
    },
};

/// A format and its static scale exponent.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The type.
    pub ty: FloatType,
    /// Its exponent.
    pub exp: i32,
}

/// The scale exponent of a result: that of its type, or the one that its elements ask for (rule Y1).
/// `tops` are the binades of the elements that count, with the divisor already taken off.
fn exponent(ty: FloatType, tops: impl Iterator<Item = i32>) -> i32 {
    match ty.exp {
        ScaleExponent::Static(exp) => exp,
        ScaleExponent::Dynamic { lo, hi } => ty.format.dynamic_exponent(tops.max(), lo, hi),
    }
}

/// The binade of a real number: none for zero and NaN; an infinity counts as the largest `f32` (Y1).
fn real_binade(x: f64) -> Option<i32> {
    match decompose_f64(x) {
        Some(d) => binade(d.mantissa, d.exponent),
        None if x.is_nan() => None,
        None => Some(f32::MAX_EXP - 1),
    }
}

/// Whether an element of this sign has a say in the exponent: not if its code is 0 anyway (Y2).
fn counts(negative: bool, format: Format, limited: bool) -> bool {
    !negative || (format.is_signed() && !limited)
}

/// Exponents along one dimension of a tensor.
#[derive(Clone, Debug)]
pub struct ChannelExponents {
    /// One, or one per index of `axis`.
    pub exps: Vec<i32>,
    /// The dimension.
    pub axis: usize,
}

impl ChannelExponents {
    /// The exponent of each element of a tensor, in order (rule Q4).
    fn of<'a>(&'a self, shape: &[usize]) -> impl Iterator<Item = i32> + 'a {
        let shape: Vec<i64> = shape.iter().map(|&size| size as i64).collect();
        let channel = view::channel_index(&shape, self.axis as i64, self.exps.len());
        (0..).map(move |index: usize| self.exps[channel(index)])
    }
}

/// `afp.quantize` to codes (rule Q1).
pub struct QuantizeCodes {
    /// The result's type.
    pub ty: FloatType,
    /// `channel_exp`.
    pub channels: ChannelExponents,
    /// Ties.
    pub rounding: Rounding,
}

impl Kernel for QuantizeCodes {
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let (values, shape) = (real(operands[0])?, &operands[0].shape);
        let format = self.ty.format;
        let elements = || values.iter().zip(self.channels.of(shape));
        let counted = elements().filter(|(x, _)| counts(**x < 0.0, format, false));
        let exp =
            exponent(self.ty, counted.filter_map(|(&x, channel)| Some(real_binade(x.into())? - channel)));
        let codes =
            elements().map(|(&x, channel)| encode_f32(x, format, exp + channel, self.rounding)).collect();
        Ok(Tensor::coded(shape, self.ty.at(exp), codes))
    }
}

/// `afp.quantize` to exact multiples of `2^channel_exp` (rule Q2).
pub struct QuantizeExact {
    /// `channel_exp`.
    pub channels: ChannelExponents,
    /// Ties.
    pub rounding: Rounding,
}

impl Kernel for QuantizeExact {
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let (values, shape) = (real(operands[0])?, &operands[0].shape);
        let last = self.channels.axis + 1 >= shape.len();
        // Exponents along another dimension than the last have no place in the result: it gets the
        // smallest of them, and its integers are aligned to that.
        let least = self.channels.exps.iter().copied().min().unwrap_or(0);
        let mut mantissa = Vec::with_capacity(values.len());
        for (index, (&x, exp)) in values.iter().zip(self.channels.of(shape)).enumerate() {
            let n = round_to_grid_f32(x, exp, self.rounding).ok_or_else(|| {
                Diagnostic::error("AFP0408", "a number has no representation on its grid")
                    .expected(format!("a finite number below 2^63 multiples of 2^{exp} [Q2]"))
                    .found(format!("{x} at element {index}"))
                    .help("give the accumulator a larger scale exponent")
            })?;
            let shift = if last { 0 } else { i64::from(exp) - i64::from(least) };
            mantissa.push(shift_left(n, shift).ok_or_else(|| too_wide("an aligned number"))?);
        }
        let exp = if last { shortest(self.channels.exps.clone()) } else { vec![least] };
        Ok(Tensor { shape: shape.clone(), data: Data::Exact { mantissa, exp } })
    }
}

/// `afp.dequantize` (rule Q3).
pub struct Dequantize {
    /// `channel_exp`.
    pub channels: ChannelExponents,
}

impl Kernel for Dequantize {
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let (input, shape) = (operands[0], &operands[0].shape);
        let Data::Codes { ty, codes } = &input.data else { return Err(wrong_kind("codes", &input.data)) };
        let exp = fixed(*ty)?;
        let values = codes
            .iter()
            .zip(self.channels.of(shape))
            .map(|(&code, channel)| dyadic_to_f32(ty.format.decode(code), exp + channel))
            .collect();
        Ok(Tensor::real(shape, values))
    }
}

/// The divisors of an encode: one, or one per spatial position of an NHWC result (rule E7).
#[derive(Clone, Debug)]
pub struct Divisors(pub Vec<u64>);

impl Divisors {
    /// The divisor of an element, by its index.
    fn of(&self, index: usize, channels: usize) -> u64 {
        match &self.0[..] {
            [one] => *one,
            many => many[index / channels.max(1) % many.len()],
        }
    }

    /// `floor(log2)` of the least one (rule Y3).
    fn least_binade(&self) -> i32 {
        self.0.iter().min().and_then(|d| d.checked_ilog2()).unwrap_or(0) as i32
    }
}

/// The limit at an index of the last dimension; none if there is no limit.
fn limit<T: Copy>(limits: Option<&[T]>, channel: usize) -> Option<T> {
    match limits? {
        [one] => Some(*one),
        many => many.get(channel).copied(),
    }
}

/// `afp.encode` to codes (rules E1 to E7, and Y1 to Y3 for a dynamic type).
pub struct EncodeCodes {
    /// The result's type.
    pub ty: FloatType,
    /// Lower limits, one or one per channel.
    pub lo: Option<Vec<Code>>,
    /// Upper limits, one or one per channel.
    pub hi: Option<Vec<Code>>,
    /// Divisors.
    pub divisors: Divisors,
    /// Ties.
    pub rounding: Rounding,
}

impl EncodeCodes {
    fn limited(&self, code: Code, channel: usize) -> Code {
        if self.lo.is_none() && self.hi.is_none() {
            return code;
        }
        let format = self.ty.format;
        let lo = limit(self.lo.as_deref(), channel).unwrap_or(format.min_code());
        let hi = limit(self.hi.as_deref(), channel).unwrap_or(format.max_code());
        clamp_code(format, code, lo, hi)
    }

    /// The exponent of the result, from the binade of each element that is not zero and its sign.
    fn exponent(&self, elements: impl Iterator<Item = Option<(i32, bool)>>) -> i32 {
        let divided = self.divisors.least_binade();
        let counted =
            elements.flatten().filter(|&(_, negative)| counts(negative, self.ty.format, self.lo.is_some()));
        exponent(self.ty, counted.map(|(top, _)| top - divided))
    }
}

impl Kernel for EncodeCodes {
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let input = operands[0];
        let (format, channels) = (self.ty.format, input.channels());
        let (exp, codes) = if let Some(exact) = input.to_integers() {
            let elements = || exact.mantissa.iter().enumerate();
            let exp = self.exponent(
                elements().map(|(index, &n)| Some((binade(n, exact.exp_of(index % channels))?, n < 0))),
            );
            let codes = elements().map(|(index, &n)| {
                let channel = index % channels;
                let divisor = self.divisors.of(index, channels);
                self.limited(encode(n, exact.exp_of(channel), divisor, format, exp, self.rounding), channel)
            });
            (exp, codes.collect())
        } else if let Data::Wide(values) = &input.data {
            let exp = self.exponent(values.iter().map(|&x| Some((real_binade(x)?, x < 0.0))));
            let codes = values.iter().enumerate().map(|(index, &x)| {
                let x = x / self.divisors.of(index, channels) as f64;
                self.limited(encode_f64(x, format, exp, self.rounding), index % channels)
            });
            (exp, codes.collect())
        } else {
            return Err(wrong_kind("codes or exact values", &input.data));
        };
        Ok(Tensor::coded(&input.shape, self.ty.at(exp), codes))
    }
}

/// `afp.encode` to `f32`: the nearest one (rules E9, T5), within limits.
pub struct EncodeReal {
    /// Lower limits, one or one per channel.
    pub lo: Option<Vec<f32>>,
    /// Upper limits, one or one per channel.
    pub hi: Option<Vec<f32>>,
    /// Divisors.
    pub divisors: Divisors,
}

impl Kernel for EncodeReal {
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let input = operands[0];
        let channels = input.channels();
        // The limits are f32 themselves, so rounding before limiting gives the same number.
        let limited = |x: f32, channel: usize| match (
            limit(self.lo.as_deref(), channel),
            limit(self.hi.as_deref(), channel),
        ) {
            (Some(lo), _) if x < lo => lo,
            (_, Some(hi)) if x > hi => hi,
            _ => x,
        };
        let values = if let Some(exact) = input.to_integers() {
            let elements = exact.mantissa.iter().enumerate();
            elements
                .map(|(index, &n)| {
                    let channel = index % channels;
                    let divisor = self.divisors.of(index, channels);
                    limited(ratio_to_f32(n, divisor, exact.exp_of(channel)), channel)
                })
                .collect()
        } else {
            let values = input.to_f64();
            let elements = values.iter().enumerate();
            elements
                .map(|(index, &x)| {
                    limited((x / self.divisors.of(index, channels) as f64) as f32, index % channels)
                })
                .collect()
        };
        Ok(Tensor::real(&input.shape, values))
    }
}
