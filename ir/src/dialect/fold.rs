//! Foldings: when an operation's result is a value that already exists.
//!
//! Every folding preserves bits. Canonicalization, CSE and every greedy rewrite use them.

use super::{Element, FloatType, view};
use crate::mlir::{Attr, Op, Value};

/// The value that the only result of `op` equals, if there is one. It has the result's type.
pub fn fold(op: Op) -> Option<Value> {
    let same = match op.name().as_str() {
        "afp.quantize" => quantize(op),
        "afp.encode" => encode(op),
        "afp.concat" => (op.operand_count() == 1).then(|| op.operand(0)),
        "afp.reshape" => reshape(op),
        "afp.transpose" => transpose(op),
        "afp.slice" | "afp.pad" => same_type(op),
        "afp.max_pool2d" => max_pool(op),
        _ => None,
    };
    // Types that the verifier takes for equal may differ in a tensor's encoding.
    same.filter(|value| value.ty() == op.result(0).ty())
}

fn same_type(op: Op) -> Option<Value> {
    (op.operand(0).ty() == op.result(0).ty()).then(|| op.operand(0))
}

/// `quantize(dequantize(x))` is `x` if the types and channel exponents agree and every value of the
/// type is an `f32` (rules Q1, Q3).
fn quantize(op: Op) -> Option<Value> {
    let inner = op.operand(0).def_as("afp.dequantize")?;
    let source = inner.operand(0);
    let same = source.ty() == op.result(0).ty()
        && view::channel_exp(inner) == view::channel_exp(op)
        && view::axis(inner) == view::axis(op);
    (same && survives_f32(FloatType::of(source.ty())?, view::channel_exp(op).as_deref())).then_some(source)
}

/// Whether every value of a type is a finite `f32`, so that dequantize loses nothing.
/// The exponent must be static: two operations on one dynamic type may carry different ones at run time.
pub fn survives_f32(ty: FloatType, channel_exp: Option<&[i32]>) -> bool {
    if ty.exp.fixed().is_none() {
        return false;
    }
    let (lo, hi) = ty.exp.interval();
    let channels = channel_exp.unwrap_or(&[0]);
    let least = channels.iter().min().copied().unwrap_or(0) + lo;
    let largest = channels.iter().max().copied().unwrap_or(0) + hi;
    // Integers have at most 11 (e >= 1) or 15 significant bits; Imax is below 2^bits.
    let bits = 64 - ty.format.int_max().leading_zeros() as i32;
    least >= -149 && largest + bits <= 128
}

/// An encode that changes neither type nor value: codes to the same type, no divisor, no limits.
fn encode(op: Op) -> Option<Value> {
    let plain =
        op.attr("lo").is_none() && op.attr("hi").is_none() && view::divisors(op).iter().all(|&d| d == 1);
    let coded = matches!(Element::of(op.operand(0).ty()), Element::Float(ty) if ty.exp.fixed().is_some());
    if plain && coded { same_type(op) } else { None }
}

/// A reshape to the same type is its operand; of a reshape, it reads that one's operand instead.
fn reshape(op: Op) -> Option<Value> {
    same_type(op).or_else(|| {
        let inner = op.operand(0).def_as("afp.reshape")?;
        op.set_operand(0, inner.operand(0));
        // In MLIR, an operation that folds to its own result was updated in place.
        Some(same_type(op).unwrap_or_else(|| op.result(0)))
    })
}

/// The identity is its operand; two transposes are one.
fn transpose(op: Op) -> Option<Value> {
    let perm = view::dims(op, "perm");
    if perm.iter().enumerate().all(|(i, &d)| i as i64 == d) {
        return Some(op.operand(0));
    }
    let inner = op.operand(0).def_as("afp.transpose")?;
    let first = view::dims(inner, "perm");
    let both: Option<Vec<i64>> = perm.iter().map(|&d| first.get(usize::try_from(d).ok()?).copied()).collect();
    op.set_attr("perm", Attr::i64s(op.ctx(), &both?));
    op.set_operand(0, inner.operand(0));
    Some(op.result(0))
}

fn max_pool(op: Op) -> Option<Value> {
    let pool = view::Pool::of(op).ok()?;
    (pool.kernel == [1, 1] && pool.stride == [1, 1]).then(|| op.operand(0))
}
