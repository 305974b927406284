//! `afp-raise`: recognises what tosa has no operator for.
//!
//! Importers and exporters decompose: a batch normalization arrives as multiplications and
//! additions, a softmax as five operators, a grouped convolution as slices, convolutions and a
//! concat. This pass puts them together again, because what follows wants to see one convolution
//! with its bias, and one softmax:
//!
//! * operators on constants alone are evaluated;
//! * factors and summands per channel are folded into the convolution or matrix product before
//!   them, or become a depthwise 1x1 convolution where there is none;
//! * `exp(x - max x) / sum` becomes `afp.softmax`;
//! * convolutions of slices of one value, concatenated, become one `afp.conv2d` with groups;
//! * `x * sigmoid(x)` and `x * clamp(x + 3, 0, 6) / 6` become one function.
//!
//! Float results change within rounding: products of constants are formed here in `f64`.

mod affine;
mod functions;
mod grouped;
mod softmax;

use afp_ir::mlir::Op;

use crate::{
    graph,
    registry::{Failed, Options, Pass},
};

/// The pass.
pub static PASS: Pass = Pass {
    name: "afp-raise",
    description: "Recognise softmax, grouped convolution and batch normalization; fold constants",
    anchor: "builtin.module",
    options: &[],
    run,
};

fn run(module: Op, _: &Options<'_>) -> Result<(), Failed> {
    for body in graph::bodies(module) {
        // A rewrite can enable another one behind it, and one before it only in the next round.
        loop {
            let mut changed = false;
            for op in body.ops() {
                changed |= rewrite(op);
            }
            graph::erase_unused(body);
            if !changed {
                break;
            }
        }
    }
    Ok(())
}

/// Tries every rewrite on an operation; whether one fired. An operation that lost its uses stays in
/// place for the caller to erase, so that its handle remains valid during the walk.
fn rewrite(op: Op) -> bool {
    if op.result_count() != 1 || op.is_unused() {
        return false;
    }
    affine::fold_constants(op)
        || softmax::raise(op)
        || functions::raise(op)
        || grouped::raise(op)
        || affine::fold(op)
}
