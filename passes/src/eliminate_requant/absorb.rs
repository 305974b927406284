//! Limits of an encode of codes.

use afp_ir::{
    dialect::{FloatType, view},
    mlir::{Attr, Builder, Op, OpSpec},
    numerics::{Code, clamp_code},
};

/// `encode_T{l2, h2}(encode_T{l1, h1}(x))` becomes one encode with the limits
/// `clamp(l1, l2, h2)` and `clamp(h1, l2, h2)`.
///
/// *Condition*: both have the same type, of a static scale exponent (limits change a dynamic one, Y2), and the outer one no divisor, so that it rounds nothing (F7)
/// and only clamps; the inner one has no other use. `clamp(clamp(v, l1, h1), l2, h2)` is the clamp to
/// the limits clamped.
pub(super) fn absorb_limits(op: Op) -> bool {
    let Some(ty) = FloatType::of(op.result(0).ty()).filter(|_| op.is("afp.encode")) else { return false };
    if ty.exp.fixed().is_none() {
        return false;
    }
    let Some(inner) = op.operand(0).def_as("afp.encode").filter(|_| op.operand(0).has_one_use()) else {
        return false;
    };
    if op.operand(0).ty() != op.result(0).ty() || view::divisors(op).iter().any(|&d| d != 1) {
        return false;
    }
    let format = ty.format;
    let limits = |op: Op, name: &str, extreme: Code| -> Vec<Code> {
        let given = op.attr(name).and_then(Attr::as_i32s);
        given.map_or_else(|| vec![extreme], |codes| codes.into_iter().map(|c| c as Code).collect())
    };
    let (lo, hi) = (limits(op, "lo", format.min_code()), limits(op, "hi", format.max_code()));
    let combined = |inner: Vec<Code>| -> Vec<i32> {
        let count = inner.len().max(lo.len()).max(hi.len());
        let pick = |codes: &[Code], c: usize| codes[if codes.len() == 1 { 0 } else { c }];
        (0..count)
            .map(|c| i32::from(clamp_code(format, pick(&inner, c), pick(&lo, c), pick(&hi, c))))
            .collect()
    };
    let new_lo = combined(limits(inner, "lo", format.min_code()));
    let new_hi = combined(limits(inner, "hi", format.max_code()));
    let keep = |codes: &[i32], extreme: Code| {
        codes.iter().any(|&c| c != i32::from(extreme)).then(|| Attr::i32s(op.ctx(), codes))
    };
    let mut spec = OpSpec::new("afp.encode").operands([inner.operand(0)]);
    let (name_attr, kept) = (op.attr("afp.name"), inner.attrs());
    for (key, value) in kept.iter().filter(|(key, _)| !["lo", "hi", "afp.name"].contains(&key.as_str())) {
        spec = spec.attr(key, *value);
    }
    let spec = spec
        .attr_opt("lo", keep(&new_lo, format.min_code()))
        .attr_opt("hi", keep(&new_hi, format.max_code()))
        .attr_opt("afp.name", name_attr.or_else(|| inner.attr("afp.name")));
    let merged = Builder::before(op).value(op.loc(), spec.result(op.result(0).ty()));
    op.result(0).replace_all_uses_with(merged);
    true
}
