//! Element-wise operators on `f32` (TOSA): each result is the `f32` nearest to what the formula gives
//! in `f64`. Dimensions of size 1 are repeated.

use super::{Kernel, for_each_row, repeating_strides, wrong_kind};
use crate::{
    diag::Diagnostic,
    interp::tensor::{Data, Tensor},
};

/// What a NaN does to a maximum, a minimum or a clamp (TOSA's `nan_mode`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NanMode {
    /// The result is NaN.
    #[default]
    Propagate,
    /// The other operand is the result.
    Ignore,
}

impl NanMode {
    /// The larger of two numbers.
    pub fn max(self, a: f32, b: f32) -> f32 {
        self.choose(a, b, a >= b)
    }

    /// The smaller of two numbers.
    pub fn min(self, a: f32, b: f32) -> f32 {
        self.choose(a, b, a <= b)
    }

    fn choose(self, a: f32, b: f32, first: bool) -> f32 {
        match (a.is_nan(), b.is_nan(), self) {
            (false, false, _) => {
                if first {
                    a
                } else {
                    b
                }
            }
            (true, _, Self::Propagate) | (_, true, Self::Ignore) => a,
            (_, true, Self::Propagate) | (true, _, Self::Ignore) => b,
        }
    }
}

/// A function of one number.
pub struct Unary<F>(pub F);

impl<F: Fn(f32) -> f32 + Send + Sync> Kernel for Unary<F> {
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let values = real(operands[0])?;
        Ok(Tensor::real(&operands[0].shape, values.iter().map(|&x| self.0(x)).collect()))
    }
}

/// A function of two numbers.
pub struct Binary<F> {
    /// The function.
    pub function: F,
    /// Shape of the result.
    pub shape: Vec<usize>,
}

impl<F: Fn(f32, f32) -> f32 + Send + Sync> Kernel for Binary<F> {
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let (a, b) = (real(operands[0])?, real(operands[1])?);
        let shapes = [&operands[0].shape[..], &operands[1].shape[..]];
        let values = zip(&self.shape, shapes, |[i, j]| (self.function)(a[i], b[j]));
        Ok(Tensor::real(&self.shape, values))
    }
}

/// A comparison: 1 where it holds.
pub struct Compare<F> {
    /// The comparison.
    pub holds: F,
    /// Shape of the result.
    pub shape: Vec<usize>,
}

impl<F: Fn(f32, f32) -> bool + Send + Sync> Kernel for Compare<F> {
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let (a, b) = (real(operands[0])?, real(operands[1])?);
        let shapes = [&operands[0].shape[..], &operands[1].shape[..]];
        let values = zip(&self.shape, shapes, |[i, j]| i64::from((self.holds)(a[i], b[j])));
        Ok(Tensor { shape: self.shape.clone(), data: Data::Integers(values) })
    }
}

/// `select(condition, a, b)`.
pub struct Select {
    /// Shape of the result.
    pub shape: Vec<usize>,
}

impl Kernel for Select {
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let Data::Integers(condition) = &operands[0].data else {
            return Err(wrong_kind("truth values", &operands[0].data));
        };
        let (a, b) = (real(operands[1])?, real(operands[2])?);
        let shapes = [0, 1, 2].map(|index: usize| &operands[index].shape[..]);
        let values = zip(&self.shape, shapes, |[c, i, j]| if condition[c] != 0 { a[i] } else { b[j] });
        Ok(Tensor::real(&self.shape, values))
    }
}

/// The operand as real numbers.
pub fn real(tensor: &Tensor) -> Result<&[f32], Diagnostic> {
    tensor.as_real().ok_or_else(|| wrong_kind("f32", &tensor.data))
}

/// `f` of the elements' indices in each operand, for every element of the result.
pub fn zip<T, const N: usize>(
    shape: &[usize],
    operands: [&[usize]; N],
    f: impl Fn([usize; N]) -> T,
) -> Vec<T> {
    let strides = operands.map(repeating_strides);
    let steps: [usize; N] = std::array::from_fn(|n| strides[n].last().copied().unwrap_or(0) as usize);
    let run = shape.last().copied().unwrap_or(1);
    let mut values = Vec::with_capacity(shape.iter().product());
    let views: [&[isize]; N] = std::array::from_fn(|n| &strides[n][..]);
    for_each_row(shape, views, |offsets| {
        let offsets = offsets.map(|offset| offset as usize);
        values.extend((0..run).map(|i| f(std::array::from_fn(|n| offsets[n] + i * steps[n]))));
    });
    values
}

/// Integers and truth values as the nearest `f32`.
pub struct ToReal;

impl Kernel for ToReal {
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        match &operands[0].data {
            Data::Integers(values) => {
                Ok(Tensor::real(&operands[0].shape, values.iter().map(|&n| n as f32).collect()))
            }
            other => Err(wrong_kind("integers", other)),
        }
    }
}
