//! The boundary: floats, or the codes that callers pass in their place.

use afp_ir::{
    diag::Diagnostic,
    dialect::{FloatType, view},
    mlir::{Op, Value},
    numerics::Rounding,
};

use super::{
    Lowering,
    builder::Kernel,
    calls::Destination,
    dynamic::{self, is_dynamic},
    epilogue::flat_index,
    layout::Layout,
    movement::map,
    scope::{self, Scope, layout},
    strategy::{Choice, Strategy},
    tree::{coded, shape_of, unsupported},
};
use crate::afpk::numeric::{self, Scale};

/// The scale of a coded value in a kernel.
fn scale(scope: &mut Scope<'_>, value: Value, ty: FloatType) -> Scale {
    let interval = ty.exp.interval();
    match ty.exp.fixed() {
        Some(exp) => Scale::Known(exp),
        None => Scale::Computed { exp: scope.exponent(value), interval },
    }
}

/// Adds the kernel that writes floats, or to an output the codes that they stand for.
pub(super) fn dequantize(lowering: &mut Lowering, op: Op, to: Destination) -> Result<(), Diagnostic> {
    let operand = op.operand(0);
    let ty = coded(operand, op)?;
    if view::channel_exp(op).is_some() {
        return Err(unsupported(op, "a dequantize without channel exponents"));
    }
    let from = layout(lowering, operand, op)?;
    let plain = Layout::plain(operand).ok_or_else(|| unsupported(op, "coded operands"))?;
    let codes = lowering.codes && matches!(to, Destination::Argument(_));
    let width = numeric::encode_bits(ty.format, 30);
    map(lowering, op, &shape_of(op.result(0)), to, move |scope, k, indices| {
        let integer = from.load(k, scope.operands[0], indices, width);
        if codes {
            plain.store(k, integer, scope.result, indices);
        } else {
            let scale = scale(scope, operand, ty);
            k.store(numeric::dequantize(k, integer, ty.format, scale), scope.result, indices);
        }
    })
}

/// The transpose that alone reads what a quantize yields: then values are rounded to where it moves them.
pub fn transposed(quantize: Op) -> Option<Op> {
    let result = quantize.result(0);
    match result.uses()[..] {
        [(user, _)] if user.is("afp.transpose") && !is_dynamic(result) => Some(user),
        _ => None,
    }
}

/// The quantize whose values are rounded where a transpose moves them.
pub(super) fn quantized(transpose: Op) -> Option<Op> {
    transpose.operand(0).def_as("afp.quantize").filter(|quantize| transposed(*quantize) == Some(transpose))
}

/// Adds the kernels of an input that is rounded to codes, or of codes that the caller passes. `target` is
/// the quantize, or the transpose that moves what it yields.
pub(super) fn quantize(lowering: &mut Lowering, op: Op, target: Op) -> Result<(), Diagnostic> {
    if view::channel_exp(op).is_some() || view::rounding(op) != Ok(Rounding::HalfUp) {
        return Err(unsupported(op, "a quantize without channel exponents, ties up"));
    }
    let result = target.result(0);
    let ty = coded(result, op)?;
    let (shape, codes) = (shape_of(result), lowering.codes && op.operand(0).arg_index().is_some());
    if is_dynamic(result) {
        let items = scope::rows(&shape);
        dynamic::of_floats(lowering, op, items, ty.format, |scope, k, each| {
            let operand = scope.operands[0];
            scope::every(k, (scope.from, scope.to), &shape, |k: &Kernel, indices| {
                each(k, k.load(operand, indices));
                Ok(())
            })
        })?;
    }
    let to = layout(lowering, result, op)?;
    // Which dimension of the result a dimension of the input is.
    let order: Vec<usize> = match target == op {
        true => (0..shape.len()).collect(),
        false => {
            let perm = view::dims(target, "perm");
            (0..perm.len()).map(|d| perm.iter().position(|&p| p as usize == d).unwrap_or(d)).collect()
        }
    };
    if let (Strategy::Elementwise(tile), false) = (Choice::of(target)?.strategy, codes) {
        let rounder = Rounder { ty, to: to.clone(), shape: shape.clone(), order: order.clone() };
        if rounder.is_planar(tile.lanes) {
            return rounder.planes(lowering, (op, target), tile.lanes);
        }
        if rounder.is_contiguous(tile.lanes) {
            return rounder.rows(lowering, (op, target), tile.lanes);
        }
    }
    let plain = Layout::plain(result).ok_or_else(|| unsupported(op, "coded results"))?;
    let width = numeric::encode_bits(ty.format, 30);
    let (items, operands) = (scope::rows(&shape), [op.operand(0)]);
    lowering.kernel(target, &operands, items, Destination::Buffer, move |scope, k| {
        scope::every(k, (scope.from, scope.to), &shape, |k, indices| {
            let source: Vec<Value> = order.iter().map(|&d| indices[d]).collect();
            let number = k.load(scope.operands[0], &source);
            let integer = if codes {
                plain.integer(k, number, width)
            } else {
                let scale = scale(scope, result, ty);
                numeric::quantize(k, number, ty.format, scale)
            };
            to.store(k, integer, scope.result, indices);
            Ok(())
        })
    })
}

/// Rounds floats on vectors.
struct Rounder {
    ty: FloatType,
    to: Layout,
    /// Of the result.
    shape: Vec<i64>,
    /// Which dimension of the result a dimension of the input is.
    order: Vec<usize>,
}

impl Rounder {
    /// Elements between neighbours in the input, by dimension of the result.
    fn strides(&self) -> Vec<i64> {
        let mut strides = vec![1; self.shape.len()];
        let mut step = 1;
        for &d in self.order.iter().rev() {
            strides[d] = step;
            step *= self.shape[d];
        }
        strides
    }

    /// Whether rows of pixels are neighbours in the input, and a pixel's channels a word in memory.
    fn is_planar(&self, lanes: i64) -> bool {
        self.shape.len() == 4
            && self.strides()[2] == 1
            && self.to.channels == 4
            && self.to.bits() == 8
            && self.shape[2] >= lanes
    }

    /// Words of a pixel's channels, of so many pixels at a time.
    fn planes(self, lowering: &mut Lowering, (op, target): (Op, Op), lanes: i64) -> Result<(), Diagnostic> {
        let items = self.shape[0] * self.shape[1];
        lowering.kernel(target, &[op.operand(0)], items, Destination::Buffer, move |scope, k| {
            let (floats, bytes) = (k.flat(scope.operands[0]), k.flat(scope.result));
            let scale = scale(scope, target.result(0), self.ty);
            let strides = self.strides();
            k.fold(scope.from, scope.to, &[], |k, item, _| {
                let at = scope::split_index(k, item, &self.shape[..2]);
                let row = k.add(k.mul(at[0], k.index(strides[0])), k.mul(at[1], k.index(strides[1])));
                k.over(self.shape[2], lanes, &[], |k, x, _| {
                    let from = k.add(row, x);
                    let words = (0..self.shape[3]).map(|c| {
                        let plane = k.vector_load(floats, k.add(from, k.index(c * strides[3])), lanes);
                        let integer = numeric::quantize(k, plane, self.ty.format, scale);
                        let byte = k.resize(k.resize(self.to.stored(k, integer), 8, true), 32, false);
                        k.shl(byte, k.like(byte, 8 * c))
                    });
                    if let Some(words) = words.reduce(|a, b| k.or(a, b)) {
                        let to = flat_index(k, &self.to, [at[0], at[1], x], k.index(0));
                        k.vector_store(k.vector_bitcast(words, 8), bytes, to);
                    }
                    Vec::new()
                });
                Vec::new()
            });
            Ok(())
        })
    }

    /// Elements that are neighbours in the input and in memory, those of a row.
    fn run(&self) -> i64 {
        let dense = self.shape.last() == Some(&self.to.channels);
        let from_end = if self.shape.len() == 4 && dense { 2 } else { 1 };
        self.shape.iter().rev().take(from_end).product()
    }

    fn is_contiguous(&self, lanes: i64) -> bool {
        self.order.is_sorted() && [2, 4].contains(&self.shape.len()) && self.run() >= lanes
    }

    /// Runs of neighbours, so many at a time.
    fn rows(self, lowering: &mut Lowering, (op, target): (Op, Op), lanes: i64) -> Result<(), Diagnostic> {
        let run = self.run();
        let items: i64 = self.shape.iter().product::<i64>() / run;
        // Image, row, and column of where a run begins; of two dimensions, the first is the image.
        let of_items = match (self.shape.len(), run == *self.shape.last().unwrap_or(&1)) {
            (4, true) if self.shape[2] > 1 => self.shape[..3].to_vec(),
            (4, _) => self.shape[..2].to_vec(),
            _ => self.shape[..1].to_vec(),
        };
        lowering.kernel(target, &[op.operand(0)], items, Destination::Buffer, move |scope, k| {
            let (floats, stored) = (k.flat(scope.operands[0]), k.flat(scope.result));
            let scale = scale(scope, target.result(0), self.ty);
            k.fold(scope.from, scope.to, &[], |k, item, _| {
                let mut at = scope::split_index(k, item, &of_items);
                at.resize(3, k.index(0));
                let to = flat_index(k, &self.to, [at[0], at[1], at[2]], k.index(0));
                let from = k.mul(item, k.index(run));
                k.over(run, lanes, &[], |k, i, _| {
                    let numbers = k.vector_load(floats, k.add(from, i), lanes);
                    let integer = numeric::quantize(k, numbers, self.ty.format, scale);
                    k.vector_store(self.to.stored(k, integer), stored, k.add(to, i));
                    Vec::new()
                });
                Vec::new()
            });
            Ok(())
        })
    }
}
