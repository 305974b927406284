//! `quantize(dequantize(x))`.

use afp_ir::{
    dialect::{FloatType, view},
    mlir::{Builder, Op, OpSpec},
};

use super::{Numbers, dequantized};
use crate::conversions::Fate;

/// `quantize_U(dequantize(x: T))`, without channel exponents.
///
/// *Condition*: every value of `T` is an `f32`. Then the dequantize yields the value of each code
/// exactly. If `U = T`, its encode is the code itself (rule F7), and the pair is `x`. Otherwise
/// quantize encodes that value (Q1), which is what `afp.encode` of `x` does (E1).
///
/// A dynamic type finds its exponent by the values alone, in a quantize as in an encode. With one dynamic type
/// on both sides, quantize chooses its exponent anew: at most that of `x`, because
/// no value is larger than the largest of `x`'s codes, and large enough for the largest value that there
/// is. Every value is then one of the new codes, so that both tensors hold the same numbers; every
/// operator that takes a dynamic type computes with those.
pub(super) fn cancel(op: Op, numbers: Numbers) -> Option<Fate> {
    if !op.is("afp.quantize") || view::channel_exp(op).is_some() {
        return None;
    }
    let (source, ty) = dequantized(op.operand(0))?;
    let target = FloatType::of(op.result(0).ty())?;
    if !numbers.keep(ty) {
        return None;
    }
    let value = if target == ty {
        source
    } else {
        let spec = OpSpec::new("afp.encode").operands([source]).attr_opt("round", op.attr("round"));
        Builder::before(op).value(op.loc(), spec.result(op.result(0).ty()))
    };
    op.result(0).replace_all_uses_with(value);
    Some(Fate::Cancelled)
}
