//! Operators that move elements and change none (rules M1 to M5, and TOSA's).

use super::{Kernel, for_each_row, strides, wrong_kind};
use crate::{
    diag::Diagnostic,
    interp::tensor::{Data, Tensor, exponent_of, shift_left, shortest, too_wide},
    numerics::Code,
};

/// The result under a shape of its own, with the elements in the same order (rule M2).
pub struct Reshape {
    /// Shape of the result.
    pub shape: Vec<usize>,
}

impl Kernel for Reshape {
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let input = operands[0];
        let data = match &input.data {
            Data::Exact { mantissa, exp } if exp.len() > 1 && self.shape.last() != input.shape.last() => {
                on_one_grid(mantissa, exp)?
            }
            other => other.clone(),
        };
        Ok(Tensor { shape: self.shape.clone(), data })
    }
}

/// A result whose element at index `i` is the operand's at `start + sum(i[d] * steps[d])`: transpose
/// (rule M3), slice (rule M4), reverse and tile.
pub struct View {
    /// Offset of the first element.
    pub start: isize,
    /// Sizes that the steps refer to; the result's, unless it splits its dimensions further.
    pub sizes: Vec<usize>,
    /// Steps through the operand.
    pub steps: Vec<isize>,
    /// Shape of the result.
    pub shape: Vec<usize>,
    /// Which channels of the operand the result's channels are; none if the last dimension moves.
    pub channels: Option<Vec<usize>>,
}

impl View {
    /// Dimension `i` of the result is dimension `perm[i]` of the operand (rule M3).
    pub fn transpose(from: &[usize], perm: &[usize]) -> Self {
        let (all, last) = (strides(from), from.len().wrapping_sub(1));
        let shape: Vec<usize> = perm.iter().map(|&d| from[d]).collect();
        Self {
            start: 0,
            sizes: shape.clone(),
            steps: perm.iter().map(|&d| all[d]).collect(),
            channels: (perm.last() == Some(&last)).then(|| (0..from[last]).collect()),
            shape,
        }
    }

    /// Element `i` of the result is element `start + i * stride` of the operand, in every dimension
    /// (rule M4).
    pub fn slice(from: &[usize], start: &[usize], stride: &[usize], shape: &[usize]) -> Self {
        let all = strides(from);
        let last = from.len().checked_sub(1);
        Self {
            start: start.iter().zip(&all).map(|(&s, &step)| s as isize * step).sum(),
            sizes: shape.to_vec(),
            steps: stride.iter().zip(&all).map(|(&s, &step)| s as isize * step).collect(),
            shape: shape.to_vec(),
            channels: last.map(|d| (0..shape[d]).map(|i| start[d] + i * stride[d]).collect()),
        }
    }

    /// One dimension backwards.
    pub fn reverse(from: &[usize], axis: usize) -> Self {
        let mut steps = strides(from);
        let start = steps[axis] * (from[axis] as isize - 1);
        steps[axis] = -steps[axis];
        Self { start, sizes: from.to_vec(), steps, shape: from.to_vec(), channels: None }
    }

    /// The operand repeated in every dimension.
    pub fn tile(from: &[usize], multiples: &[usize]) -> Self {
        let all = strides(from);
        Self {
            start: 0,
            sizes: multiples.iter().zip(from).flat_map(|(&m, &size)| [m, size]).collect(),
            steps: all.iter().flat_map(|&step| [0, step]).collect(),
            shape: multiples.iter().zip(from).map(|(&m, &size)| m * size).collect(),
            channels: None,
        }
    }

    fn read<T: Copy>(&self, from: &[T]) -> Vec<T> {
        let mut result = Vec::with_capacity(self.sizes.iter().product());
        let run = self.sizes.last().copied().unwrap_or(1);
        let step = self.steps.last().copied().unwrap_or(0);
        for_each_row(&self.sizes, [&self.steps], |[offset]| {
            let first = self.start + offset;
            result.extend((0..run as isize).map(|i| from[(first + i * step) as usize]));
        });
        result
    }
}

impl Kernel for View {
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let data = match &operands[0].data {
            Data::Real(values) => Data::Real(self.read(values)),
            Data::Wide(values) => Data::Wide(self.read(values)),
            Data::Integers(values) => Data::Integers(self.read(values)),
            Data::Codes { ty, codes } => Data::Codes { ty: *ty, codes: self.read(codes) },
            Data::Exact { mantissa, exp } => match &self.channels {
                _ if exp.len() == 1 => Data::Exact { mantissa: self.read(mantissa), exp: exp.clone() },
                Some(channels) => {
                    let exp = channels.iter().map(|&c| exponent_of(exp, c)).collect();
                    Data::Exact { mantissa: self.read(mantissa), exp: shortest(exp) }
                }
                None => match on_one_grid(mantissa, exp)? {
                    Data::Exact { mantissa, exp } => Data::Exact { mantissa: self.read(&mantissa), exp },
                    other => other,
                },
            },
        };
        Ok(Tensor { shape: self.shape.clone(), data })
    }
}

/// What `pad` puts around the operand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Border {
    /// Zero.
    Zero,
    /// A real number.
    Real(f32),
    /// A code.
    Code(Code),
}

/// `pad` of both dialects (rule M5).
pub struct Pad {
    /// Widths before the operand.
    pub low: Vec<usize>,
    /// The value around it.
    pub border: Border,
    /// Shape of the result.
    pub shape: Vec<usize>,
}

impl Pad {
    fn surround<T: Copy>(&self, from: &[T], size: &[usize], border: T) -> Vec<T> {
        let mut result = vec![border; self.shape.iter().product()];
        place(&mut result, &self.shape, &self.low, from, size);
        result
    }
}

impl Kernel for Pad {
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let size = &operands[0].shape;
        let data = match (&operands[0].data, self.border) {
            (Data::Real(values), Border::Real(x)) => Data::Real(self.surround(values, size, x)),
            (Data::Real(values), Border::Zero) => Data::Real(self.surround(values, size, 0.0)),
            (Data::Wide(values), Border::Zero) => Data::Wide(self.surround(values, size, 0.0)),
            (Data::Codes { ty, codes }, Border::Code(code)) => {
                Data::Codes { ty: *ty, codes: self.surround(codes, size, code) }
            }
            (Data::Codes { ty, codes }, Border::Zero) => {
                Data::Codes { ty: *ty, codes: self.surround(codes, size, 0) }
            }
            (Data::Exact { mantissa, exp }, Border::Zero) => {
                // A channel of zeros takes its neighbour's exponent.
                let (low, last) = (self.low.last().copied().unwrap_or(0), operands[0].channels() - 1);
                let widened = (0..self.shape.last().copied().unwrap_or(1))
                    .map(|c| exponent_of(exp, c.saturating_sub(low).min(last)))
                    .collect();
                Data::Exact { mantissa: self.surround(mantissa, size, 0), exp: shortest(widened) }
            }
            (other, _) => return Err(wrong_kind("elements of the border's kind", other)),
        };
        Ok(Tensor { shape: self.shape.clone(), data })
    }
}

/// Copies a box of `size` to position `low` of a larger one.
fn place<T: Copy>(to: &mut [T], shape: &[usize], low: &[usize], from: &[T], size: &[usize]) {
    let steps = strides(shape);
    let start: usize = low.iter().zip(&steps).map(|(&low, &step)| low * step as usize).sum();
    let run = size.last().copied().unwrap_or(1);
    for_each_row(size, [&strides(size), &steps], |[source, target]| {
        let (source, target) = (source as usize, start + target as usize);
        to[target..target + run].copy_from_slice(&from[source..source + run]);
    });
}

/// `concat` of both dialects (rule M1).
pub struct Concat {
    /// The dimension.
    pub axis: usize,
    /// Shape of the result.
    pub shape: Vec<usize>,
}

impl Concat {
    /// One behind the other, each operand's elements as `read` gives them.
    fn join<'a, T: Copy + Default + 'a>(
        &self,
        operands: &[&'a Tensor],
        read: impl Fn(&'a Data) -> Option<&'a [T]>,
    ) -> Result<Vec<T>, Diagnostic> {
        let mut result = vec![T::default(); self.shape.iter().product()];
        let mut low = vec![0; self.shape.len()];
        for operand in operands {
            let elements = read(&operand.data)
                .ok_or_else(|| wrong_kind("operands of one element type", &operand.data))?;
            place(&mut result, &self.shape, &low, elements, &operand.shape);
            low[self.axis] += operand.shape[self.axis];
        }
        Ok(result)
    }

    /// Exact values: exponents stand side by side along the last dimension; along another one, all
    /// operands are brought to the smallest exponent of each channel.
    fn join_exact(&self, operands: &[&Tensor]) -> Result<Data, Diagnostic> {
        let exps = |operand: &Tensor| -> Result<Vec<i32>, Diagnostic> {
            match &operand.data {
                Data::Exact { exp, .. } => Ok((0..operand.channels()).map(|c| exponent_of(exp, c)).collect()),
                other => Err(wrong_kind("operands of one element type", other)),
            }
        };
        let all: Vec<Vec<i32>> = operands.iter().map(|operand| exps(operand)).collect::<Result<_, _>>()?;
        let last = self.axis + 1 == self.shape.len();
        let joined: Vec<i32> = if last {
            all.concat()
        } else {
            let channels = self.shape.last().copied().unwrap_or(1);
            (0..channels).map(|c| all.iter().map(|exps| exps[c]).min().unwrap_or(0)).collect()
        };
        let aligned: Vec<Tensor> = operands
            .iter()
            .zip(&all)
            .map(|(operand, exps)| {
                let common = if last { exps } else { &joined };
                Ok(Tensor { shape: operand.shape.clone(), data: align(&operand.data, exps, common)? })
            })
            .collect::<Result<_, Diagnostic>>()?;
        let mantissa = self.join(&aligned.iter().collect::<Vec<_>>(), |data| match data {
            Data::Exact { mantissa, .. } => Some(&mantissa[..]),
            _ => None,
        })?;
        Ok(Data::Exact { mantissa, exp: shortest(joined) })
    }
}

impl Kernel for Concat {
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let data = match &operands[0].data {
            Data::Real(_) => Data::Real(self.join(operands, |data| match data {
                Data::Real(values) => Some(&values[..]),
                _ => None,
            })?),
            Data::Wide(_) => Data::Wide(self.join(operands, |data| match data {
                Data::Wide(values) => Some(&values[..]),
                _ => None,
            })?),
            Data::Integers(_) => Data::Integers(self.join(operands, |data| match data {
                Data::Integers(values) => Some(&values[..]),
                _ => None,
            })?),
            Data::Codes { ty, .. } => {
                let codes = self.join(operands, |data| match data {
                    Data::Codes { ty: other, codes } if other == ty => Some(&codes[..]),
                    _ => None,
                })?;
                Data::Codes { ty: *ty, codes }
            }
            Data::Exact { .. } => self.join_exact(operands)?,
        };
        Ok(Tensor { shape: self.shape.clone(), data })
    }
}

/// Exact values with one exponent for all: the smallest.
fn on_one_grid(mantissa: &[i64], exp: &[i32]) -> Result<Data, Diagnostic> {
    let least = exp.iter().copied().min().unwrap_or(0);
    let data = Data::Exact { mantissa: mantissa.to_vec(), exp: exp.to_vec() };
    match align(&data, exp, &vec![least; exp.len()])? {
        Data::Exact { mantissa, .. } => Ok(Data::Exact { mantissa, exp: vec![least] }),
        other => Ok(other),
    }
}

/// Exact values under other exponents per channel, none of them larger.
fn align(data: &Data, from: &[i32], to: &[i32]) -> Result<Data, Diagnostic> {
    let Data::Exact { mantissa, .. } = data else { return Err(wrong_kind("exact values", data)) };
    let shifts = from.iter().zip(to).map(|(&from, &to)| i64::from(from) - i64::from(to)).cycle();
    let aligned: Option<Vec<i64>> =
        mantissa.iter().zip(shifts).map(|(&n, shift)| shift_left(n, shift)).collect();
    let mantissa = aligned.ok_or_else(|| too_wide("an exact value beside one of smaller exponent"))?;
    Ok(Data::Exact { mantissa, exp: to.to_vec() })
}

/// `tosa.gather`: for each batch, the rows of `values` that `indices` name.
pub struct Gather {
    /// Batch, rows, channels, indices per batch.
    pub sizes: [usize; 4],
}

impl Kernel for Gather {
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let [batch, rows, channels, count] = self.sizes;
        let values = super::elementwise::real(operands[0])?;
        let Data::Integers(indices) = &operands[1].data else {
            return Err(wrong_kind("indices", &operands[1].data));
        };
        let mut result = Vec::with_capacity(batch * count * channels);
        for (position, &index) in indices.iter().enumerate() {
            let row = usize::try_from(index).ok().filter(|&row| row < rows).ok_or_else(|| {
                Diagnostic::error("AFP0407", "an index lies outside what it indexes")
                    .expected(format!("indices from 0 to {}", rows - 1))
                    .found(index.to_string())
            })?;
            let start = (position / count * rows + row) * channels;
            result.extend_from_slice(&values[start..start + channels]);
        }
        Ok(Tensor::real(&[batch, count, channels], result))
    }
}
