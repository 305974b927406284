//! `afp-form-groups`: from tosa to afp on real numbers.
//!
//! This pass decides what shares one rounding, before ranges and formats are chosen. A *group* is a
//! producer (convolution, matrix product, pool) with its bias, a skip operand, and the clamp behind
//! them: a tree of exact values that ends in one `afp.encode`. What stands in one group is never
//! rounded in between, in no backend: later passes keep bits.
//!
//! 1. [`convert`]: every tosa operator becomes its afp counterpart on `f32`. What computes an exact
//!    value gets an encode of its own.
//! 2. [`fuse`]: clamps move into the encode before them; an addition takes its operand unrounded
//!    where that operand is a contraction used nowhere else. Where both operands are, the first one
//!    in program order is encoded and the second one is not: an accumulator can start from a stored
//!    operand, not from another accumulator. Padding moves into convolutions.
//! 3. [`name`]: every site, that is every operation that will own a format, gets an `afp.name`.
//!
//! The pass may change results (in the real form, within the rounding of `f32`).

mod convert;
mod fuse;
mod name;

pub use convert::SUPPORTED;
pub use name::is_site;

use afp_ir::mlir::{Block, Builder, Op, OpSpec};

use crate::{
    graph,
    registry::{Failed, Options, Pass},
};

/// The pass.
pub static PASS: Pass = Pass {
    name: "afp-form-groups",
    description: "Convert tosa to afp on real numbers, one encode per rounding",
    anchor: "builtin.module",
    options: &[],
    run,
};

fn run(module: Op, _: &Options<'_>) -> Result<(), Failed> {
    let refused: usize = graph::bodies(module).into_iter().map(convert::report_unsupported).sum();
    if refused > 0 {
        return Err(Failed);
    }
    for body in graph::bodies(module) {
        encode_arguments(body);
        convert::convert(body);
        graph::erase_unused(body);
        fuse::fuse(body);
        graph::erase_unused(body);
        name::name(body);
    }
    Ok(())
}

/// Puts an encode behind every argument: the place where an input is rounded.
fn encode_arguments(body: Block) {
    let Some(first) = body.ops().first().copied() else { return };
    for argument in body.args() {
        if !argument.ty().is_f32() || !argument.is_used() {
            continue;
        }
        let uses = argument.uses();
        let spec = OpSpec::new("afp.encode").operands([argument]).result(argument.ty());
        let encoded = Builder::before(first).value(first.loc(), spec);
        for (user, index) in uses {
            user.set_operand(index, encoded);
        }
    }
}
