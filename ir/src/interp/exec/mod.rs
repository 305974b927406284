//! What operators compute, on plain Rust data.
//!
//! * [`contract`]: the one loop nest of sums of products, for `f32` and for integers;
//! * [`tile`]: its sums in the registers of a machine;
//! * [`linear`]: convolutions, matrix products, their channel exponents and biases;
//! * [`elementwise`]: unary functions, binary operators and comparisons on `f32`;
//! * [`add`]: the exact sum;
//! * [`encode`]: quantize, dequantize, encode;
//! * [`pool`], [`reduce`]: windows and whole dimensions;
//! * [`softmax`], [`table`]: functions on codes and real numbers;
//! * [`movement`]: everything that moves elements.

pub mod add;
pub mod contract;
pub mod elementwise;
pub mod encode;
pub mod linear;
pub mod movement;
pub mod pool;
pub mod reduce;
pub mod softmax;
pub mod table;
pub mod tile;

use super::tensor::{Data, Tensor};
use crate::{diag::Diagnostic, dialect::FloatType};

/// An operator with its attributes and constant operands, ready to be applied to the others.
pub trait Kernel: Send + Sync {
    /// Computes the only result.
    ///
    /// # Errors
    /// If a value has no representation (AFP0405, AFP0408), or if an operand is not what the
    /// operator takes (AFP0407). The program adds where.
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic>;
}

/// An operand of a kind that the operator does not take. The verifiers of the dialects exclude it in
/// a module; it can reach the interpreter through `interp::evaluate`.
pub fn wrong_kind(expected: &str, found: &Data) -> Diagnostic {
    Diagnostic::error("AFP0407", "an operand is of a kind that the operator does not take")
        .expected(expected)
        .found(found.describe())
}

/// The scale exponent of codes. Values have static ones: those that `interp::evaluate` or a program
/// takes are held against their types.
pub fn fixed(ty: FloatType) -> Result<i32, Diagnostic> {
    ty.exp.fixed().ok_or_else(|| {
        Diagnostic::error("AFP0407", "codes have no scale exponent")
            .expected("the exponent that the value has, within the interval of its type [Y4]")
            .found(format!("codes of {ty}"))
    })
}

/// Row-major strides of a shape.
pub fn strides(shape: &[usize]) -> Vec<isize> {
    let mut strides = vec![1isize; shape.len()];
    for d in (1..shape.len()).rev() {
        strides[d - 1] = strides[d] * shape[d] as isize;
    }
    strides
}

/// Strides that read an operand as if its dimensions of size 1 were repeated.
pub fn repeating_strides(shape: &[usize]) -> Vec<isize> {
    strides(shape).into_iter().zip(shape).map(|(stride, &size)| if size == 1 { 0 } else { stride }).collect()
}

/// Calls `row` for each row (run over the last dimension) of a box, with the offset of its first
/// element in each of `N` operands.
pub fn for_each_row<const N: usize>(
    shape: &[usize],
    strides: [&[isize]; N],
    mut row: impl FnMut([isize; N]),
) {
    let outer = &shape[..shape.len().saturating_sub(1)];
    if shape.contains(&0) {
        return;
    }
    let mut index = vec![0usize; outer.len()];
    let mut offsets = [0isize; N];
    loop {
        row(offsets);
        let mut d = outer.len();
        loop {
            if d == 0 {
                return;
            }
            d -= 1;
            index[d] += 1;
            for (offset, strides) in offsets.iter_mut().zip(strides) {
                *offset += strides[d];
            }
            if index[d] < outer[d] {
                break;
            }
            for (offset, strides) in offsets.iter_mut().zip(strides) {
                *offset -= strides[d] * outer[d] as isize;
            }
            index[d] = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_repeated_operand() {
        let (shape, full, repeated) = ([2, 3, 4], strides(&[2, 3, 4]), repeating_strides(&[2, 1, 1]));
        let mut rows = Vec::new();
        for_each_row(&shape, [&full, &repeated], |offsets| rows.push(offsets));
        assert_eq!(rows, [[0, 0], [4, 0], [8, 0], [12, 1], [16, 1], [20, 1]]);
        let mut scalars = 0;
        for_each_row::<0>(&[], [], |_| scalars += 1);
        assert_eq!(scalars, 1);
    }
}
