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
    layout::Layout,
    movement::map,
    scope::{self, Scope, layout},
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

/// Adds the kernels of an input that is rounded to codes, or of codes that the caller passes.
pub(super) fn quantize(lowering: &mut Lowering, op: Op) -> Result<(), Diagnostic> {
    if view::channel_exp(op).is_some() || view::rounding(op) != Ok(Rounding::HalfUp) {
        return Err(unsupported(op, "a quantize without channel exponents, ties up"));
    }
    let result = op.result(0);
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
    let plain = Layout::plain(result).ok_or_else(|| unsupported(op, "coded results"))?;
    let width = numeric::encode_bits(ty.format, 30);
    map(lowering, op, &shape, Destination::Buffer, move |scope, k, indices| {
        let operand = scope.operands[0];
        let integer = if codes {
            plain.load(k, operand, indices, width)
        } else {
            let scale = scale(scope, result, ty);
            numeric::quantize(k, k.load(operand, indices), ty.format, scale)
        };
        to.store(k, integer, scope.result, indices);
    })
}
