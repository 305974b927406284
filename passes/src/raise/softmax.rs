//! Softmax from its decomposition.

use afp_ir::mlir::{Attr, Builder, Op, OpSpec, Value};

/// `exp(x - reduce_max(x)) * reciprocal(reduce_sum(exp(...)))` becomes `afp.softmax`. Without the
/// subtraction of the maximum it is the same function, and is taken too.
pub(super) fn raise(op: Op) -> bool {
    let Some((exp, axis)) = quotient(op) else { return false };
    let argument = exp.operand(0);
    let input = match argument.def_as("tosa.sub") {
        Some(sub) if is_maximum_of(sub.operand(1), sub.operand(0), axis) => sub.operand(0),
        _ => argument,
    };
    if input.ty() != op.result(0).ty() {
        return false;
    }
    let spec = OpSpec::new("afp.softmax")
        .operands([input])
        .attr("axis", axis_attr(op, axis))
        .result(op.result(0).ty());
    let softmax = Builder::before(op).value(op.loc(), spec);
    op.result(0).replace_all_uses_with(softmax);
    true
}

fn axis_attr(op: Op, axis: i64) -> Attr {
    Attr::int(op.ctx(), 64, axis)
}

/// `op` as `e * reciprocal(reduce_sum(e))` with `e` an exponential: that operation and the axis.
fn quotient(op: Op) -> Option<(Op, i64)> {
    if !op.is("tosa.mul") {
        return None;
    }
    let matches = |factor: Value, inverse: Value| {
        let sum = inverse.def_as("tosa.reciprocal")?.operand(0).def_as("tosa.reduce_sum")?;
        let exp = factor.def_as("tosa.exp")?;
        (sum.operand(0) == factor).then_some((exp, axis_of(sum)?))
    };
    matches(op.operand(0), op.operand(1)).or_else(|| matches(op.operand(1), op.operand(0)))
}

fn axis_of(op: Op) -> Option<i64> {
    op.attr("axis")?.as_int()
}

fn is_maximum_of(maximum: Value, input: Value, axis: i64) -> bool {
    maximum.def_as("tosa.reduce_max").is_some_and(|max| max.operand(0) == input && axis_of(max) == Some(axis))
}
