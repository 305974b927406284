//! `afp-eliminate-requant`: takes away the dequantize and quantize between groups.
//!
//! Every rule preserves bits. Each has a condition under which it does, in its file; common to all
//! is that every value of the type is a finite `f32`, so that a dequantize loses nothing.
//!
//! * *cancel*: `quantize(dequantize(x))` is `x`, or with another type an encode of `x`
//!   ([`cancel`]);
//! * *sink*: an operator that moves elements is done on codes, and the dequantize behind it
//!   ([`sink`]);
//! * *hoist*: a quantize behind a concat of dequantized values goes to the operands ([`sink`]);
//! * *absorb*: limits of an encode of codes join the encode that made them ([`absorb`]).

mod absorb;
mod cancel;
mod sink;

use afp_ir::{
    dialect::{FloatType, fold, view},
    mlir::{Op, Value},
};

use crate::{
    conversions::Conversions,
    graph,
    registry::{Failed, Options, Pass},
};

/// The pass.
pub static PASS: Pass = Pass {
    name: "afp-eliminate-requant",
    description: "Remove dequantize and quantize between groups, bit for bit",
    anchor: "builtin.module",
    options: &[],
    run,
};

fn run(module: Op, _: &Options<'_>) -> Result<(), Failed> {
    let mut absorbed = 0;
    for body in graph::bodies(module) {
        loop {
            let mut changed = false;
            for op in body.ops() {
                changed |= rewrite(op, &mut absorbed);
            }
            graph::erase_unused(body);
            if !changed {
                break;
            }
        }
    }
    if let Some(counted) = Conversions::of(module) {
        Conversions { absorbed: counted.absorbed + absorbed, ..counted }.attach(module);
    }
    Ok(())
}

/// Tries every rule; whether one fired. A replaced operation stays, unused, for the caller to erase.
fn rewrite(op: Op, absorbed: &mut usize) -> bool {
    if op.result_count() != 1 || op.is_unused() {
        return false;
    }
    if absorb::absorb_limits(op) {
        *absorbed += 1;
        return true;
    }
    cancel::cancel(op) || sink::sink(op) || sink::hoist(op)
}

/// The codes behind a dequantize that loses nothing, with their type.
fn lossless_source(value: Value) -> Option<(Value, FloatType)> {
    let dequantize = value.def_as("afp.dequantize")?;
    let ty = FloatType::of(dequantize.operand(0).ty())?;
    let plain = view::channel_exp(dequantize).is_none();
    (plain && fold::survives_f32(ty, None)).then_some((dequantize.operand(0), ty))
}
