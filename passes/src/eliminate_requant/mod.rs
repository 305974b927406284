//! `afp-eliminate-requant`: takes away the conversions between groups, and puts those that must stay where
//! they cost least.
//!
//! Every rule preserves bits. Each has a condition under which it does, in its file, and a proof in
//! docs/elimination.md:
//!
//! * *share*: equal conversions of one value are one ([`share`]);
//! * *sink*: an operator that moves elements is done on codes, and the dequantize behind it ([`sink`]);
//! * *hoist*: a quantize behind such an operator goes before it ([`sink`]);
//! * *cancel*: `quantize(dequantize(x))` is `x`, or with another type an encode of `x` ([`cancel`]);
//! * *compose*: two encodes that round as one are one; limits of limits always ([`compose`]);
//! * *tabulate*: an encode beside a table joins it, one of a constant is a constant ([`tables`],
//!   [`bypass`]);
//! * *bypass*: what computes with values reads past an encode that keeps them ([`bypass`]).
//!
//! What is left stands where [`place`] puts it. The ledger on the module says what became of each
//! conversion ([`crate::conversions`]).

mod bypass;
mod cancel;
mod codes;
mod compose;
mod place;
mod reason;
mod share;
mod sink;
mod tables;

use std::collections::HashSet;

use afp_ir::{
    dialect::{FloatType, ScaleExponent, fold, view},
    mlir::{Block, Op, Value},
};

use crate::{
    conversions::{self, Fate, Ledger, number},
    graph,
    registry::{Failed, Options, Pass},
};

/// The pass.
pub static PASS: Pass = Pass {
    name: "afp-eliminate-requant",
    description: "Remove conversions between groups, bit for bit, and place those that stay",
    anchor: "builtin.module",
    options: &[],
    run,
};

/// Which real numbers a dequantize and a quantize stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Numbers {
    /// Those that f32 holds: what is removed kept every bit.
    InF32,
    /// Those that f32 does not hold, before bits are fixed: what is removed would have lost some.
    BeyondF32,
}

impl Numbers {
    /// Whether a conversion of a type may be removed.
    fn keep(self, ty: FloatType) -> bool {
        (self == Self::InF32) == survives_f32(ty)
    }
}

/// Whether every value of a type is a finite `f32`, at each exponent that it may have.
fn survives_f32(ty: FloatType) -> bool {
    let (lo, hi) = ty.exp.interval();
    [lo, hi]
        .into_iter()
        .all(|exp| fold::survives_f32(FloatType { exp: ScaleExponent::Static(exp), ..ty }, None))
}

/// The codes behind a dequantize without channel exponents, with their type.
fn dequantized(value: Value) -> Option<(Value, FloatType)> {
    let dequantize = value.def_as("afp.dequantize").filter(|op| view::channel_exp(*op).is_none())?;
    Some((dequantize.operand(0), FloatType::of(dequantize.operand(0).ty())?))
}

fn run(module: Op, _: &Options<'_>) -> Result<(), Failed> {
    let kept = Ledger::of(module);
    let mut ledger = kept.clone().unwrap_or_default();
    // What is no longer there was one of several that are alike: nothing else merges conversions.
    let present: HashSet<usize> = conversions::all(module).into_iter().filter_map(number).collect();
    // A program that was read from text has lost the numbers: nothing is known of its conversions then.
    for (index, entry) in ledger.entries.iter_mut().enumerate().filter(|_| !present.is_empty()) {
        if entry.fate.is_none_or(|fate| fate == Fate::Left) {
            entry.fate = (!present.contains(&index)).then_some(Fate::Shared);
            entry.reason = None;
        }
    }
    for body in graph::bodies(module) {
        rewrite_all(body, &mut ledger);
        if place::place(body) {
            erase_unused(body, &mut ledger);
            rewrite_all(body, &mut ledger);
        }
    }
    for op in conversions::all(module) {
        ledger.settle(op, Fate::Left);
        if let Some(entry) = number(op).and_then(|index| ledger.entries.get_mut(index)) {
            entry.reason = Some(reason::of(op));
        }
    }
    if kept.is_some() {
        ledger.attach(module);
    }
    Ok(())
}

/// Applies the rules until none fires.
fn rewrite_all(body: Block, ledger: &mut Ledger) {
    loop {
        let mut changed = share::share(body, ledger);
        for op in body.ops() {
            if op.result_count() == 1 && !op.is_unused() {
                let fate = rewrite(op);
                changed |= fate.is_some();
                if let Some(fate) = fate.flatten() {
                    ledger.settle(op, fate);
                }
            }
        }
        erase_unused(body, ledger);
        if !changed {
            break;
        }
    }
}

/// Tries every rule: none if none fired, else what became of the operation if it is a conversion. A
/// replaced operation stays, unused, for the caller to erase.
fn rewrite(op: Op) -> Option<Option<Fate>> {
    let settled = compose::compose(op)
        .or_else(|| cancel::cancel(op, Numbers::InF32))
        .or_else(|| tables::encode_of_constant(op))
        .or_else(|| tables::encode_of_table(op))
        .or_else(|| bypass::bypass(op));
    let moved = || sink::sink(op, Numbers::InF32) || sink::hoist(op, Numbers::InF32);
    settled.map(Some).or_else(|| moved().then_some(None))
}

fn erase_unused(body: Block, ledger: &mut Ledger) {
    graph::erase_unused_after(body, |op| {
        let unsettled =
            number(op).and_then(|index| ledger.entries.get(index)).is_some_and(|e| e.fate.is_none());
        if unsettled {
            ledger.settle(op, Fate::Unread);
        }
    });
}

/// Takes away, before bits are fixed, the pairs of dequantize and quantize whose values leave the range of
/// f32: between two groups there is no need to lose them, and code on integers has no f32 to lose them in.
pub(crate) fn keep_beyond_f32(module: Op) {
    for body in graph::bodies(module) {
        loop {
            let mut changed = false;
            for op in body.ops().into_iter().filter(|op| op.result_count() == 1 && !op.is_unused()) {
                changed |= cancel::cancel(op, Numbers::BeyondF32).is_some()
                    || sink::sink(op, Numbers::BeyondF32)
                    || sink::hoist(op, Numbers::BeyondF32);
            }
            graph::erase_unused(body);
            if !changed {
                break;
            }
        }
    }
}
