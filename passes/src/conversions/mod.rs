//! Conversions: operators that change how values are represented, and compute nothing.
//!
//! These are `afp.quantize`, `afp.dequantize` and an `afp.encode` of codes, of values that are known at
//! run time only. `afp-quantize` makes many of them, and what `afp-eliminate-requant` is worth is how few
//! are left: so both passes keep a [`Ledger`] in the module's attribute `afp.conversions`. Each
//! conversion is tagged with its number in the ledger, in its location, which every rewrite hands on.

mod ledger;

pub use ledger::{Conversions, Entry, Fate, Ledger, number};

use afp_ir::{
    dialect::{Element, view},
    mlir::{Op, Value},
};

use crate::graph;

/// Whether an operation is a conversion.
pub fn is_conversion(op: Op) -> bool {
    let converts = op.is("afp.quantize")
        || op.is("afp.dequantize")
        || op.is("afp.encode") && matches!(Element::of(op.operand(0).ty()), Element::Float(_));
    converts && !is_known(op.operand(0))
}

/// Whether a conversion is between the program and the outside: nothing but operators that move elements
/// lies between it and an input or an output.
pub fn is_boundary(op: Op) -> bool {
    graph::format_source(op.operand(0)).arg_index().is_some() || op.results().into_iter().any(leaves)
}

fn leaves(value: Value) -> bool {
    let moves_out = |user: Op| view::is_movement(user) && user.results().into_iter().any(leaves);
    value.uses().into_iter().any(|(user, _)| user.is("func.return") || moves_out(user))
}

fn is_known(value: Value) -> bool {
    value.def().is_some_and(|def| def.operand_count() == 0)
}

/// The conversions of a module.
pub fn all(module: Op) -> Vec<Op> {
    graph::body_ops(module).into_iter().filter(|&op| is_conversion(op)).collect()
}
