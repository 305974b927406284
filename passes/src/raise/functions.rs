//! Unary functions that tosa writes as several operators.

use afp_ir::mlir::{Attr, Builder, Op, OpSpec, Value};

use crate::graph;

/// `x * sigmoid(x)` becomes `silu`, and `x * clamp(x + 3, 0, 6) * 1/6` becomes `hard_swish`, in
/// whichever order the factors stand.
pub(super) fn raise(op: Op) -> bool {
    if !op.is("tosa.mul") {
        return false;
    }
    let (a, b) = (op.operand(0), op.operand(1));
    let found = silu(a, b).or_else(|| silu(b, a)).or_else(|| hard_swish(a, b)).or_else(|| hard_swish(b, a));
    let Some((function, input)) = found.filter(|(_, input)| input.ty() == op.result(0).ty()) else {
        return false;
    };
    let spec = OpSpec::new("afp.table")
        .operands([input])
        .attr("function", Attr::string(op.ctx(), function))
        .result(op.result(0).ty());
    let table = Builder::before(op).value(op.loc(), spec);
    op.result(0).replace_all_uses_with(table);
    true
}

fn silu(x: Value, gate: Value) -> Option<(&'static str, Value)> {
    let sigmoid = gate.def_as("tosa.sigmoid")?;
    (sigmoid.operand(0) == x).then_some(("silu", x))
}

/// `rest` is `1/6`, and `product` is `x * clamp(x + 3, 0, 6)`; or `rest` is `x` and `product` is the
/// clamp times `1/6`.
fn hard_swish(product: Value, rest: Value) -> Option<(&'static str, Value)> {
    let sixth = |v: Value| graph::splat_f32(v).is_some_and(|s| (s - 1.0 / 6.0).abs() < 1e-6);
    let mul = product.def_as("tosa.mul")?;
    let (a, b) = (mul.operand(0), mul.operand(1));
    let pairs = [(a, b), (b, a)];
    let x = if sixth(rest) {
        pairs.into_iter().find(|&(x, gate)| gate_of(gate) == Some(x))?.0
    } else {
        pairs.into_iter().find(|&(s, gate)| sixth(s) && gate_of(gate) == Some(rest)).map(|_| rest)?
    };
    Some(("hard_swish", x))
}

/// `x` of `clamp(x + 3, 0, 6)`.
fn gate_of(gate: Value) -> Option<Value> {
    let clamp = gate.def_as("tosa.clamp")?;
    let limit = |name: &str| clamp.attr(name).and_then(Attr::as_f64);
    if limit("min_val") != Some(0.0) || limit("max_val") != Some(6.0) {
        return None;
    }
    let add = clamp.operand(0).def_as("tosa.add")?;
    let (a, b) = (add.operand(0), add.operand(1));
    [(a, b), (b, a)].into_iter().find(|&(_, three)| graph::splat_f32(three) == Some(3.0)).map(|(x, _)| x)
}
