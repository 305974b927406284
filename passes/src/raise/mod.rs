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

use afp_ir::mlir::{Block, Op};

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
        // Compounds first: a factor inside one (the sixth of a hard_swish) is not to be folded away.
        exhaust(body, compound);
        exhaust(body, |op| compound(op) || affine::fold(op));
    }
    Ok(())
}

/// Tries a rewrite on every operation until it fires on none: it can enable another one behind it, and
/// one before it only in the next round.
fn exhaust(body: Block, rewrite: impl Fn(Op) -> bool) {
    loop {
        let mut changed = false;
        for op in body.ops() {
            // One that lost its uses stays until the walk is over, so that handles remain valid.
            changed |= op.result_count() == 1 && !op.is_unused() && rewrite(op);
        }
        graph::erase_unused(body);
        if !changed {
            break;
        }
    }
}

/// Evaluates what is constant, and recognises operators that arrive in parts; whether one fired.
fn compound(op: Op) -> bool {
    affine::fold_constants(op) || softmax::raise(op) || functions::raise(op) || grouped::raise(op)
}
