//! `afp-prove-widths`: every exact value of the program fits its integers, or the program is refused.
//!
//! The proof is [`crate::analysis::width`]'s. What needs more than 63 bits breaks rule W1. For the
//! rest the pass attaches `afp.bits`: how many bits of magnitude an exact value needs, with every
//! intermediate sum; with at most 31 an accumulator of 32 bits serves.

use std::collections::HashSet;

use afp_ir::{
    diag::Diagnostic,
    dialect::{Element, view},
    mlir::{Attr, Op, Value},
};

use crate::{
    analysis::width::{self, Widths},
    graph,
    registry::{Failed, Options, Pass},
};

/// The pass.
pub static PASS: Pass = Pass {
    name: "afp-prove-widths",
    description: "Prove that every exact value fits 63 bits, and attach how many it needs",
    anchor: "builtin.module",
    options: &[],
    run,
};

/// Bits of magnitude that the widest accumulator holds.
const LIMIT: u32 = 63;

fn run(module: Op, _: &Options<'_>) -> Result<(), Failed> {
    let mut refused = false;
    for body in graph::bodies(module) {
        let mut widths = Widths::default();
        let mut real: HashSet<Value> = HashSet::new();
        for op in body.ops() {
            // Real numbers have no bits to prove, nor have the exact values of the real form.
            let of_real = |v: &Value| v.ty().is_f32() || real.contains(v);
            if op.operands().iter().any(of_real) && !op.is("afp.quantize") {
                real.extend(op.results());
                continue;
            }
            widths.visit(op);
            if op.is("afp.constant") || op.is("afp.quantize") {
                continue;
            }
            let exact_result = op.result_count() == 1 && Element::of(op.result(0).ty()) == Element::Exact;
            let bits = if exact_result {
                widths.of(op.result(0)).iter().map(|b| b.bits()).max().unwrap_or(0)
            } else if op.is("afp.encode") {
                width::rounding_bits(op, &widths.of(op.operand(0)))
            } else {
                continue;
            };
            if bits > LIMIT {
                refuse(op, bits);
                refused = true;
            } else {
                op.set_attr("afp.bits", Attr::int(op.ctx(), 32, i64::from(bits)));
            }
        }
    }
    if refused { Err(Failed) } else { Ok(()) }
}

fn refuse(op: Op, bits: u32) {
    let unknown = view::is_weighted(op) && op.operand(1).def_as("afp.constant").is_none();
    let help = if unknown {
        "weights that are no constant codes have no bound: run afp-encode-weights before afp-prove-widths"
    } else {
        "operands whose scale exponents lie closer together, or formats with fewer exponent bits"
    };
    let found = if bits > 126 { "more than 126".to_owned() } else { bits.to_string() };
    Diagnostic::error("W1", format!("an exact value of {} does not fit its integers", op.name()))
        .expected(format!("at most {LIMIT} bits of magnitude, with every intermediate sum"))
        .found(found)
        .help(help)
        .emit(op.loc());
}
