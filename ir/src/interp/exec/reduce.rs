//! Reductions of one dimension of `f32` tensors to size 1 (TOSA).

use super::{Kernel, elementwise::real};
use crate::{diag::Diagnostic, interp::tensor::Tensor};

/// A tensor seen as `[outer, size, inner]` around one dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dimension {
    /// Product of the sizes before it.
    pub outer: usize,
    /// Its size.
    pub size: usize,
    /// Product of the sizes behind it.
    pub inner: usize,
}

impl Dimension {
    /// Dimension `axis` of a shape.
    pub fn of(shape: &[usize], axis: usize) -> Self {
        Self {
            outer: shape[..axis].iter().product(),
            size: shape[axis],
            inner: shape[axis + 1..].iter().product(),
        }
    }

    /// The offsets of the first element of each run along the dimension; elements are `inner` apart.
    pub fn starts(self) -> impl Iterator<Item = usize> {
        let block = self.size * self.inner;
        (0..self.outer).flat_map(move |outer| (0..self.inner).map(move |inner| outer * block + inner))
    }

    /// The offsets of the elements of the run that starts at `start`.
    pub fn run(self, start: usize) -> impl Iterator<Item = usize> + Clone {
        (0..self.size).map(move |i| start + i * self.inner)
    }
}

/// A reduction: sums and products are formed in `f64`, first to last.
pub struct Reduce<F> {
    /// The dimension.
    pub dimension: Dimension,
    /// The neutral element.
    pub start: f64,
    /// The operation.
    pub fold: F,
    /// Shape of the result.
    pub shape: Vec<usize>,
}

impl<F: Fn(f64, f64) -> f64 + Send + Sync> Kernel for Reduce<F> {
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let values = real(operands[0])?;
        let reduce = |start| {
            self.dimension.run(start).fold(self.start, |sum, i| (self.fold)(sum, f64::from(values[i])))
        };
        Ok(Tensor::real(&self.shape, self.dimension.starts().map(|start| reduce(start) as f32).collect()))
    }
}
