//! `quantize(dequantize(x))`.

use afp_ir::{
    dialect::{FloatType, view},
    mlir::{Builder, Op, OpSpec},
};

use super::lossless_source;

/// `quantize_U(dequantize(x: T))`, without channel exponents.
///
/// *Condition*: every value of `T` is an `f32`. Then the dequantize yields the value of each code
/// exactly. If `U = T`, its encode is the code itself (rule F7), and the pair is `x`. Otherwise
/// quantize encodes that value (Q1), which is what `afp.encode` of `x` does (E1).
pub(super) fn cancel(op: Op) -> bool {
    if !op.is("afp.quantize") || view::channel_exp(op).is_some() {
        return false;
    }
    let Some((source, ty)) = lossless_source(op.operand(0)) else { return false };
    let Some(target) = FloatType::of(op.result(0).ty()) else { return false };
    let value = if target == ty {
        source
    } else {
        let spec = OpSpec::new("afp.encode").operands([source]).attr_opt("round", op.attr("round"));
        Builder::before(op).value(op.loc(), spec.result(op.result(0).ty()))
    };
    op.result(0).replace_all_uses_with(value);
    true
}
