//! `afpk.mmla` by the matrix products of Armv8.6.

use afp_ir::{
    diag::Diagnostic,
    mlir::{Op, Value},
};
use afp_target::Target;

use crate::kernels::{builder::Kernel, tree::misfit};

/// The sums with the products added.
///
/// # Errors
/// AFP0612 for a target without the instruction.
pub(super) fn lower(op: Op, k: &Kernel, target: &Target) -> Result<Value, Diagnostic> {
    if !target.vectors.mmla {
        let problem = misfit(op, "a target with matrix products of bytes, such as aarch64+i8mm");
        return Err(problem.found(target.name));
    }
    let sums = op.operand(0).ty();
    Ok(k.intrinsic("llvm.aarch64.neon.smmla.v4i32.v16i8", &op.operands(), sums))
}
