//! A contraction on vectors apart from the rest of its group, which scalars compute.
//!
//! Two values whose run-time exponents have nothing in common can lie far apart: their sum has more bits
//! than a lane of a vector, though the contraction, where nearly all the work is, has few. Then the
//! strategy's kernel stores the contraction's sums, with its bias, and the portable strategy goes on from
//! there.

use afp_ir::{
    diag::Diagnostic,
    dialect::Element,
    mlir::{Op, Type, Value},
};

use super::{
    Lowering,
    builder::Kernel,
    calls::Destination,
    epilogue, group,
    layout::Layout,
    places::bytes_of,
    scope::Scope,
    strategy::Choice,
    tree::{shape_of, unsupported},
};

/// Whether a group is computed like this: something is added to the contraction, and an epilogue on
/// vectors cannot compute that.
pub fn applicable(op: Op, contraction: Op) -> bool {
    let is_sum = op.operand(0).def().is_some_and(|root| root.is("afp.add"));
    is_sum && !epilogue::applicable(op, contraction) && epilogue::sums_applicable(op, contraction)
}

/// Adds the kernels of a group. `write` appends the work on the items of the one that computes the
/// contraction of its operands, and stores sums in the given layout.
pub(super) fn convert(
    lowering: &mut Lowering,
    op: Op,
    contraction: Op,
    (inputs, items): (&[Value], i64),
    write: impl FnOnce(&mut Scope<'_>, &Kernel, &Layout) -> Result<(), Diagnostic>,
) -> Result<(), Diagnostic> {
    let plain = Layout::plain(op.result(0)).ok_or_else(|| unsupported(op, "coded results"))?;
    let ty = Type::memref(&shape_of(op.result(0)), Type::int(op.ctx(), 32));
    let sums = lowering.view(lowering.allocate(bytes_of(ty)), 0, ty);
    lowering.kernel(op, inputs, items, Destination::Memory(sums), |scope, k| write(scope, k, &plain))?;
    let mut leaves = Vec::new();
    collect(op.operand(0), contraction, &mut leaves);
    group::convert_from(lowering, op, &leaves, Choice::PORTABLE, Some((contraction, sums)))
}

/// The stored values that an exact value is computed from, but for those of a contraction.
fn collect(value: Value, contraction: Op, leaves: &mut Vec<Value>) {
    if matches!(Element::of(value.ty()), Element::Float(_)) {
        if !leaves.contains(&value) {
            leaves.push(value);
        }
        return;
    }
    if let Some(op) = value.def().filter(|op| *op != contraction) {
        op.operands().into_iter().for_each(|operand| collect(operand, contraction, leaves));
    }
}
