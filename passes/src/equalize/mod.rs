//! `afp-equalize`: a factor for every channel that leaves what the network computes as it is.
//!
//! Channels of a tensor share one scale exponent, so those of small values lose bits to those of large
//! ones. A network can be rewritten against that: a channel of a convolution's output is multiplied by a
//! factor `f` with the weights and the bias that compute it, and the weights of every reader are divided
//! by `f`. What lies between, as ReLU and pools, commutes with positive factors; a limit such as ReLU6's
//! becomes one per channel. Channels that meet in an addition need the same factor: they form a *class*
//! ([`classes`]).
//!
//! What factors are good is not decided here. Sites say in `afp.channel_scale` what each of their channels
//! wants, as a base-2 logarithm; the pass gives each class the average of what its channels want, over all
//! sites, and removes the attributes. Classes that reach an input, an output, or an operation that does not
//! commute with factors have none.
//!
//! **Invariant.** With `factors=power-of-two` (averages are rounded to integers), the network computes the
//! same bits in `f32`, except where values leave its normal range. With `factors=real` it computes the
//! same up to rounding: new weights, biases, and limits are computed in `f64` and rounded once.

mod classes;
mod factors;
mod labels;
mod scale;
mod unions;
mod walk;

use std::collections::BTreeMap;

use afp_ir::mlir::{Attr, Op};
use classes::Roles;
pub use classes::{Class, Classes, FIXED_CLASS, LayerClasses};
use factors::Factors;
pub use factors::{WANTED, exp2};

use crate::{
    form_groups::is_site,
    graph,
    registry::{Failed, Options, Pass, PassOption},
};

/// The pass.
pub static PASS: Pass = Pass {
    name: "afp-equalize",
    description: "Multiply channels by factors that leave the results, as 'afp.channel_scale' asks for",
    anchor: "builtin.module",
    options: &[PassOption {
        name: "factors",
        help: "power-of-two (keeps every bit of the results) or real",
        default: "power-of-two",
    }],
    run,
};

fn run(module: Op, options: &Options<'_>) -> Result<(), Failed> {
    let factors: Factors = options.parse("factors", "power-of-two or real")?;
    for body in graph::bodies(module) {
        let Some(function) = body.terminator().and_then(Op::parent) else { continue };
        factors::refuse_others(function)?;
        if !function.descendants().into_iter().any(|op| op.attr(WANTED).is_some()) {
            continue;
        }
        let roles = Roles::of(function);
        let logs = factors::average(&roles, factors)?;
        scale::scale(&roles, logs);
        for op in function.descendants() {
            op.remove_attr(WANTED);
        }
        graph::erase_unused(body);
    }
    Ok(())
}

/// Sets `afp.channel_scale` on the sites of these names: base-2 logarithms of the wanted factors, one per
/// index of the last dimension, NaN where it does not matter.
pub fn attach(module: Op, wanted: &BTreeMap<String, Vec<f64>>) {
    for op in module.descendants().into_iter().filter(|op| is_site(*op)) {
        let name = op.attr("afp.name").and_then(Attr::as_string);
        if let Some(wanted) = name.and_then(|name| wanted.get(&name)) {
            op.set_attr(WANTED, Attr::f64s(op.ctx(), wanted));
        }
    }
}
