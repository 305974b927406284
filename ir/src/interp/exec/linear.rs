//! Convolutions and matrix products, with channel exponents and biases (rules C1 to C10).

use std::borrow::Cow;

use super::{
    Kernel,
    contract::{
        Arithmetic, Broad, Float, Geometry, Kept, Narrow, WeightLayout, convolve, convolve_depthwise, pack,
    },
    elementwise::real,
    fixed, wrong_kind,
};
use crate::{
    diag::Diagnostic,
    interp::tensor::{Data, Tensor, decode_with, exponent_of, shift_left, shortest, too_wide},
    numerics::{Format, dyadic_to_f64},
};

/// What a real contraction yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RealResult {
    /// `f32`: TOSA.
    Rounded,
    /// `f64`: `!afp.exact` in the real form.
    Wide,
}

/// The shape of a contraction: how its weights are read.
#[derive(Clone, Debug)]
pub enum Filters {
    /// Sums over all input channels of a group.
    Full(Geometry, WeightLayout),
    /// Each input channel for itself: weights `[tap, channel * multiplier]` (rule C10).
    Depthwise(Geometry),
}

/// Weights in the layout of the loop nest.
pub enum Weights {
    /// Real numbers.
    Real(Vec<f64>),
    /// Integers whose sums of products fit 32 bits.
    Narrow(Vec<i16>, i32),
    /// Integers whose sums of products fit 63 bits, and their exponent.
    Broad(Vec<i64>, i32),
}

/// `conv2d`, `depthwise_conv2d` and `fully_connected` of both dialects; operands are the input, the
/// weights unless they are constant, and the bias if there is one.
pub struct Contraction {
    /// How inputs meet weights.
    pub filters: Filters,
    /// Constant weights, laid out already.
    pub constant: Option<Weights>,
    /// Whether the last operand is a bias: one element per output channel, or one for all.
    pub has_bias: bool,
    /// `channel_exp`, one or one per output channel (rule C6).
    pub channel_exp: Vec<i32>,
    /// Shape of the result.
    pub shape: Vec<usize>,
    /// What real operands give.
    pub real: RealResult,
}

impl Filters {
    fn geometry(&self) -> &Geometry {
        match self {
            Self::Full(geometry, _) | Self::Depthwise(geometry) => geometry,
        }
    }

    /// Weights as the loop nest reads them.
    fn lay_out<A: Arithmetic>(&self, weights: &[A::Input]) -> Vec<A::Operand> {
        match self {
            Self::Full(geometry, layout) => pack::<A>(geometry, *layout, weights),
            Self::Depthwise(_) => weights.iter().map(|&w| A::operand(w)).collect(),
        }
    }

    /// The sums, for weights that are laid out.
    fn sums<A: Arithmetic>(&self, input: &[A::Input], weights: &[A::Operand]) -> Vec<A::Sum> {
        let geometry = self.geometry();
        let sums = vec![A::Sum::default(); geometry.outputs()];
        let mut kept = Kept { channels: geometry.output[2], sums };
        match self {
            Self::Full(..) => convolve::<A>(geometry, input, weights, &mut kept),
            Self::Depthwise(_) => convolve_depthwise::<A>(geometry, input, weights, &mut kept),
        }
        kept.sums
    }

    /// The largest sum over output channels of the magnitudes of the weights.
    fn largest_row(&self, weights: &[i64]) -> u128 {
        let channels = self.geometry().output[2];
        let mut rows = vec![0u128; channels];
        for (index, w) in weights.iter().enumerate() {
            let channel = match self {
                Self::Full(_, layout) => index / layout.output % channels,
                Self::Depthwise(_) => index % channels,
            };
            rows[channel] += u128::from(w.unsigned_abs());
        }
        rows.into_iter().max().unwrap_or(0)
    }

    /// Lays out weights for an input of the given format (none for real numbers).
    ///
    /// # Errors
    /// If a sum may exceed 63 bits (rule W1), by the bound `sum|w| * max|x|`.
    pub fn prepare(&self, weights: &Tensor, input: Option<Format>) -> Result<Weights, Diagnostic> {
        match (&weights.data, input) {
            (Data::Real(values), None) => Ok(Weights::Real(self.lay_out::<Float>(values))),
            (Data::Codes { ty, codes }, Some(input)) => {
                let exp = fixed(*ty)?;
                let values = decode_with(ty.format, codes, |n| n);
                let (xmax, wmax) = (magnitude(input), magnitude(ty.format));
                let bound = self.largest_row(&values) * u128::from(xmax);
                let limit = i16::MAX as u64;
                if bound <= i32::MAX as u128 && xmax <= limit && wmax <= limit {
                    let values: Vec<i16> = values.iter().map(|&w| w as i16).collect();
                    return Ok(Weights::Narrow(self.lay_out::<Narrow>(&values), exp));
                }
                if bound <= i64::MAX as u128 {
                    return Ok(Weights::Broad(self.lay_out::<Broad>(&values), exp));
                }
                Err(too_wide("the sum of products").found(format!("a bound of {bound}")))
            }
            (other, Some(_)) => Err(wrong_kind("weights that are codes, as the input is", other)),
            (other, None) => Err(wrong_kind("weights of f32, as the input is", other)),
        }
    }
}

/// The largest magnitude that a code of the format decodes to, canonical or not.
fn magnitude(format: Format) -> u64 {
    let lowest = if format.is_signed() && format.exp_bits() == 0 { 1u64 << format.man_bits() } else { 0 };
    lowest.max(format.int_max().unsigned_abs())
}

impl Kernel for Contraction {
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let input = operands[0];
        let bias = if self.has_bias { operands.last().copied() } else { None };
        let format = match &input.data {
            Data::Real(_) => None,
            Data::Codes { ty, .. } => Some(ty.format),
            other => return Err(wrong_kind("an input of f32 or codes", other)),
        };
        let prepared;
        let weights = match &self.constant {
            Some(weights) => weights,
            None => {
                prepared = self.filters.prepare(operands[1], format)?;
                &prepared
            }
        };
        let data = match (&input.data, weights) {
            (Data::Real(x), Weights::Real(w)) => self.finish_real(self.filters.sums::<Float>(x, w), bias)?,
            (Data::Codes { ty, codes }, Weights::Narrow(w, exp)) => {
                let x = decode_with(ty.format, codes, |n| n as i16);
                let sums = self.filters.sums::<Narrow>(&x, w);
                self.finish_exact(sums.into_iter().map(i64::from).collect(), fixed(*ty)? + exp, bias)?
            }
            (Data::Codes { ty, codes }, Weights::Broad(w, exp)) => {
                let x = decode_with(ty.format, codes, |n| n);
                self.finish_exact(self.filters.sums::<Broad>(&x, w), fixed(*ty)? + exp, bias)?
            }
            (other, _) => return Err(wrong_kind("an input of the weights' kind", other)),
        };
        Ok(Tensor { shape: self.shape.clone(), data })
    }
}

impl Contraction {
    fn channels(&self) -> usize {
        self.filters.geometry().output[2]
    }

    /// The bias after `2^channel_exp` times the sum, in `f64` (rules T5, C7, C9).
    fn finish_real(&self, mut sums: Vec<f64>, bias: Option<&Tensor>) -> Result<Data, Diagnostic> {
        let channels = self.channels();
        let bias: Cow<'_, [f64]> = match bias {
            Some(bias) => bias.to_f64(),
            None => Cow::Borrowed(&[0.0]),
        };
        if bias.len() != 1 && bias.len() != channels {
            return Err(wrong_size("a bias per output channel, or one", bias.len()));
        }
        let factor: Vec<f64> =
            (0..channels).map(|o| dyadic_to_f64(1, exponent_of(&self.channel_exp, o))).collect();
        let bias: Vec<f64> = (0..channels).map(|o| bias[o.min(bias.len() - 1)]).collect();
        for pixel in sums.chunks_exact_mut(channels.max(1)) {
            for ((sum, factor), bias) in pixel.iter_mut().zip(&factor).zip(&bias) {
                *sum = *sum * factor + bias;
            }
        }
        Ok(match self.real {
            RealResult::Wide => Data::Wide(sums),
            RealResult::Rounded => Data::Real(sums.into_iter().map(|sum| sum as f32).collect()),
        })
    }

    /// Exact sums with exponent `exp + channel_exp[o]`, and the bias aligned with them (rules C5 to
    /// C10).
    fn finish_exact(&self, mut sums: Vec<i64>, exp: i32, bias: Option<&Tensor>) -> Result<Data, Diagnostic> {
        let channels = self.channels();
        let mut exps: Vec<i32> = (0..channels).map(|o| exp + exponent_of(&self.channel_exp, o)).collect();
        if let Some(bias) = bias {
            let found = bias.to_integers().ok_or_else(|| wrong_kind("an exact bias", &bias.data))?;
            if found.mantissa.len() != channels {
                return Err(wrong_size("a bias per output channel", found.mantissa.len()));
            }
            for o in 0..channels {
                let n = found.mantissa[o];
                if n == 0 {
                    continue;
                }
                let common = exps[o].min(found.exp_of(o));
                let shift = i64::from(exps[o]) - i64::from(common);
                let n = shift_left(n, i64::from(found.exp_of(o)) - i64::from(common))
                    .ok_or_else(|| too_wide("a bias aligned with its sum"))?;
                for sum in sums[o..].iter_mut().step_by(channels) {
                    *sum = shift_left(*sum, shift)
                        .and_then(|sum| sum.checked_add(n))
                        .filter(|&sum| sum != i64::MIN)
                        .ok_or_else(|| too_wide("a sum of products and its bias"))?;
                }
                exps[o] = common;
            }
        }
        Ok(Data::Exact { mantissa: sums, exp: shortest(exps) })
    }
}

fn wrong_size(expected: &str, found: usize) -> Diagnostic {
    Diagnostic::error("AFP0407", "an operand has a size that the operator does not take")
        .expected(expected)
        .found(found.to_string())
}

/// `matmul` of both dialects: `out[b,m,n] = sum_k lhs[b,m,k] * rhs[b,k,n]` (rule C8).
pub struct Matmul {
    /// Batch, m, k, n.
    pub sizes: [usize; 4],
    /// What real operands give.
    pub real: RealResult,
}

impl Kernel for Matmul {
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let [batch, m, k, n] = self.sizes;
        let one = Contraction {
            filters: Filters::Full(Geometry::matrix(m, k, n), WeightLayout { output: 1, tap: 0, input: n }),
            constant: None,
            has_bias: false,
            channel_exp: vec![0],
            shape: vec![m, n],
            real: self.real,
        };
        let mut joined: Option<Data> = None;
        for b in 0..batch {
            let lhs = part(operands[0], b, m * k);
            let rhs = part(operands[1], b, k * n);
            let product = one.run(&[&lhs, &rhs])?.data;
            match (&mut joined, product) {
                (None, product) => joined = Some(product),
                (Some(Data::Real(all)), Data::Real(more)) => all.extend(more),
                (Some(Data::Wide(all)), Data::Wide(more)) => all.extend(more),
                // The exponents are those of the operands, the same in every part.
                (Some(Data::Exact { mantissa: all, .. }), Data::Exact { mantissa: more, .. }) => {
                    all.extend(more)
                }
                (Some(_), other) => return Err(wrong_kind("products of one kind", &other)),
            }
        }
        let data = joined.unwrap_or(Data::Real(Vec::new()));
        Ok(Tensor { shape: vec![batch, m, n], data })
    }
}

/// Elements `index * size ..` as a tensor of their own.
fn part(tensor: &Tensor, index: usize, size: usize) -> Tensor {
    let range = index * size..(index + 1) * size;
    let data = match &tensor.data {
        Data::Real(values) => Data::Real(values[range].to_vec()),
        Data::Wide(values) => Data::Wide(values[range].to_vec()),
        Data::Codes { ty, codes } => Data::Codes { ty: *ty, codes: codes[range].to_vec() },
        Data::Exact { mantissa, exp } => Data::Exact { mantissa: mantissa[range].to_vec(), exp: exp.clone() },
        Data::Integers(values) => Data::Integers(values[range].to_vec()),
    };
    Tensor { shape: vec![size], data }
}

/// `tosa.transpose_conv2d`: each input element adds its filter to the result, at `stride` times its
/// own position, summed in `f64` in the order of the input's elements.
pub struct TransposedConvolution {
    /// NHWC shape of the input.
    pub input: Vec<usize>,
    /// OHWI shape of the weights.
    pub weight: Vec<usize>,
    /// NHWC shape of the result.
    pub output: Vec<usize>,
    /// Steps in the result: y, x.
    pub stride: [i64; 2],
    /// Elements added above and to the left of the result, or cut off it.
    pub before: [i64; 2],
}

impl Kernel for TransposedConvolution {
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let (x, w) = (real(operands[0])?, real(operands[1])?);
        let bias = real(operands[2])?;
        let (depth, channels) = (self.input[3], self.output[3]);
        let mut sums = vec![0.0; self.output.iter().product()];
        let at = |position: usize, tap: usize, d: usize| -> Option<usize> {
            let at = position as i64 * self.stride[d] + tap as i64 + self.before[d];
            usize::try_from(at).ok().filter(|&at| at < self.output[1 + d])
        };
        for (pixel, x) in x.chunks_exact(depth).enumerate() {
            let column = pixel % self.input[2];
            let row = pixel / self.input[2] % self.input[1];
            let image = pixel / self.input[2] / self.input[1];
            for (filter, w) in w.chunks_exact(depth).enumerate() {
                let (tap_x, tap_y) = (filter % self.weight[2], filter / self.weight[2] % self.weight[1]);
                let channel = filter / self.weight[2] / self.weight[1];
                let (Some(out_y), Some(out_x)) = (at(row, tap_y, 0), at(column, tap_x, 1)) else { continue };
                let target = ((image * self.output[1] + out_y) * self.output[2] + out_x) * channels + channel;
                for (&x, &w) in x.iter().zip(w) {
                    sums[target] += f64::from(x) * f64::from(w);
                }
            }
        }
        let bias_of = |o: usize| f64::from(bias.get(o.min(bias.len().max(1) - 1)).copied().unwrap_or(0.0));
        let values = sums.iter().enumerate().map(|(i, sum)| (sum + bias_of(i % channels)) as f32);
        Ok(Tensor::real(&self.output, values.collect()))
    }
}
