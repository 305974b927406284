//! quantize, dequantize, encode, constant.

use super::{Check, Violation, same_shape, shape};
use crate::{
    dialect::{Element, FloatType, view},
    mlir::{Attr, DenseData, Op, Type, Value},
    numerics::{Code, MAX_SCALE_EXPONENT},
};

pub(super) fn quantize(op: Op) -> Check {
    let (input, output) = (op.operand(0), op.result(0));
    same_shape(input, output)?;
    view::rounding(op)?;
    if Element::of(output.ty()) == Element::Exact && view::channel_exp(op).is_none() {
        return Err(Violation::new("Q2", "'channel_exp', the grid of an exact result", "none"));
    }
    channel_exponents(op, output)
}

pub(super) fn dequantize(op: Op) -> Check {
    same_shape(op.operand(0), op.result(0))?;
    channel_exponents(op, op.operand(0))
}

/// Rule Q4: `channel_exp` has one exponent per element of dimension `axis`, or one for all.
fn channel_exponents(op: Op, value: Value) -> Check {
    let (shape, axis) = (shape(value), view::axis(op));
    let limit = (shape.len() as i64).max(1);
    if !(0..limit).contains(&axis) {
        return Err(Violation::new("Q4", format!("'axis' from 0 to {}", limit - 1), axis.to_string()));
    }
    let Some(exps) = view::channel_exp(op) else { return Ok(()) };
    // Depthwise weights have their channels in two dimensions, counted together.
    let mut counts = vec![1i64];
    for &size in &shape[(axis as usize).min(shape.len())..] {
        let next = counts[counts.len() - 1].saturating_mul(size);
        if !counts.contains(&next) {
            counts.push(next);
        }
    }
    if !counts.contains(&(exps.len() as i64)) {
        let counts = counts.iter().map(i64::to_string).collect::<Vec<_>>().join(" or ");
        return Err(Violation::new(
            "Q4",
            format!("{counts} exponents in 'channel_exp'"),
            exps.len().to_string(),
        ));
    }
    exponent_range(&exps)
}

/// `channel_exp`, if present, has `count` elements or one, all within the range of scale exponents.
pub(super) fn channels(rule: &'static str, op: Op, count: i64) -> Check {
    let Some(exps) = view::channel_exp(op) else { return Ok(()) };
    if exps.len() as i64 != count && exps.len() != 1 {
        let expected = format!("1 or {count} exponents in 'channel_exp'");
        return Err(Violation::new(rule, expected, exps.len().to_string()));
    }
    exponent_range(&exps)
}

/// Rule F8.
fn exponent_range(exps: &[i32]) -> Check {
    match exps.iter().find(|exp| exp.saturating_abs() > MAX_SCALE_EXPONENT) {
        Some(exp) => Err(Violation::new(
            "F8",
            format!("scale exponents within +-{MAX_SCALE_EXPONENT}"),
            exp.to_string(),
        )),
        None => Ok(()),
    }
}

pub(super) fn encode(op: Op) -> Check {
    let (input, output) = (op.operand(0), op.result(0));
    same_shape(input, output)?;
    view::rounding(op)?;
    let result = Element::of(output.ty());
    if Element::of(input.ty()) == Element::Real && result != Element::Real {
        return Err(Violation::new(
            "E8",
            "an exact or coded operand; a real one becomes codes by afp.quantize",
            format!("{} to {}", input.ty().element(), output.ty().element()),
        ));
    }
    divisor(op)?;
    match result {
        Element::Float(ty) => {
            code_limits(op, ty)?;
            dynamic_limits(op, ty)
        }
        _ => real_limits(op),
    }
}

/// Rule Y5: the only limit whose code says the same at every exponent is zero.
fn dynamic_limits(op: Op, ty: FloatType) -> Check {
    if ty.exp.fixed().is_some() {
        return Ok(());
    }
    let found = match (op.attr("lo").and_then(Attr::as_i32s), op.attr("hi")) {
        (_, Some(hi)) => format!("'hi' = {hi}"),
        (Some(lo), None) if lo.iter().any(|&code| code != 0) => format!("'lo' = {lo:?}"),
        _ => return Ok(()),
    };
    let expected = format!("no limit but 'lo' = 0 for the dynamic scale exponent of {ty}");
    Err(Violation::new("Y5", expected, found))
}

/// Rule E7.
fn divisor(op: Op) -> Check {
    let (found, shape) = (view::divisors(op), shape(op.result(0)));
    let positions = if shape.len() == 4 { shape[1] * shape[2] } else { 1 };
    if found.len() != 1 && found.len() as i64 != positions {
        let expected = if shape.len() == 4 {
            format!("1 divisor, or {positions}: one per spatial position")
        } else {
            "1 divisor, because the result is no feature map".to_owned()
        };
        return Err(Violation::new("E7", expected, found.len().to_string()));
    }
    match found.iter().find(|&&d| d < 1) {
        Some(d) => Err(Violation::new("E7", "a divisor of at least 1", d.to_string())),
        None => Ok(()),
    }
}

/// Rule E6 for codes.
fn code_limits(op: Op, ty: FloatType) -> Check {
    let read = |name: &str| -> Check<Option<Vec<i64>>> {
        let Some(attr) = op.attr(name) else { return Ok(None) };
        let codes = attr.as_i32s().ok_or_else(|| {
            Violation::new(
                "E6",
                format!("codes as array<i32> in '{name}', for a coded result"),
                attr.to_string(),
            )
        })?;
        limit_count(op, name, codes.len())?;
        match codes.iter().find(|&&c| !is_canonical(ty, i64::from(c))) {
            Some(c) => Err(Violation::new(
                "E6",
                format!("canonical codes of {} in '{name}'", ty.format),
                c.to_string(),
            )),
            None => Ok(Some(codes.iter().map(|&c| ty.format.decode(c as Code)).collect())),
        }
    };
    ordered(read("lo")?.as_deref(), read("hi")?.as_deref())
}

/// Rule E6 for real numbers.
fn real_limits(op: Op) -> Check {
    let read = |name: &str| -> Check<Option<Vec<f32>>> {
        let Some(attr) = op.attr(name) else { return Ok(None) };
        let values = attr.as_f32s().ok_or_else(|| {
            Violation::new(
                "E6",
                format!("real numbers as array<f32> in '{name}', for a real result"),
                attr.to_string(),
            )
        })?;
        limit_count(op, name, values.len())?;
        match values.iter().find(|v| v.is_nan()) {
            Some(_) => Err(Violation::new("E6", format!("numbers in '{name}'"), "NaN")),
            None => Ok(Some(values)),
        }
    };
    ordered(read("lo")?.as_deref(), read("hi")?.as_deref())
}

fn limit_count(op: Op, name: &str, count: usize) -> Check {
    let channels = shape(op.result(0)).last().copied().unwrap_or(1);
    if count == 1 || count as i64 == channels {
        Ok(())
    } else {
        Err(Violation::new("E6", format!("1 or {channels} limits in '{name}'"), count.to_string()))
    }
}

fn ordered<T: PartialOrd + Copy + std::fmt::Display>(lo: Option<&[T]>, hi: Option<&[T]>) -> Check {
    let (Some(lo), Some(hi)) = (lo, hi) else { return Ok(()) };
    for i in 0..lo.len().max(hi.len()) {
        let (l, h) = (lo[i.min(lo.len() - 1)], hi[i.min(hi.len() - 1)]);
        if l > h {
            return Err(Violation::new(
                "E6",
                "a lower limit that is not above the upper one",
                format!("{l} and {h}"),
            ));
        }
    }
    Ok(())
}

/// Whether an integer is the bit pattern of a canonical code; negative numbers stand for the
/// sign-extended storage of two's complement.
fn is_canonical(ty: FloatType, code: i64) -> bool {
    (0..=i64::from(Code::MAX)).contains(&code) && ty.format.is_canonical(code as Code)
}

pub(super) fn constant(op: Op) -> Check {
    let output = op.result(0);
    let value = op.attr("value").ok_or_else(|| Violation::new("K1", "an attribute 'value'", "none"))?;
    let payload = value
        .elements_type()
        .ok_or_else(|| Violation::new("K1", "elements in 'value'", value.to_string()))?;
    if payload.shape() != output.ty().shape() {
        return Err(Violation::new("K1", format!("a value of type {}", output.ty()), payload.to_string()));
    }
    let channel_exp = view::channel_exp(op);
    match Element::of(output.ty()) {
        Element::Float(ty) => {
            let bits = ty.storage_bits();
            if !holds_integers(payload, bits) {
                let expected = format!("codes of {} as i{bits}", ty.format);
                return Err(Violation::new("K2", expected, payload.to_string()));
            }
            if ty.exp.fixed().is_none() {
                return Err(Violation::new("K5", "a static scale exponent", ty.to_string()));
            }
            if channel_exp.is_some() {
                return Err(Violation::new("K4", "'channel_exp' on exact constants only", "codes"));
            }
            let data = value.dense_data().ok_or_else(|| missing_payload("K1", value))?;
            canonical_codes("K3", ty, &data)
        }
        _ => {
            if !holds_integers(payload, 32) && !holds_integers(payload, 64) {
                return Err(Violation::new("K2", "integers as i32 or i64", payload.to_string()));
            }
            if value.dense_data().is_none() {
                return Err(missing_payload("K1", value));
            }
            if channel_exp.is_none() {
                let expected = "'channel_exp', the exponents of an exact constant";
                return Err(Violation::new("K4", expected, "none"));
            }
            channels("K4", op, shape(output).last().copied().unwrap_or(1))
        }
    }
}

/// Whether a tensor's elements are signless integers of this width: others have no sign rule of ours.
pub(super) fn holds_integers(payload: Type, bits: u32) -> bool {
    payload.element() == Type::int(payload.ctx(), bits)
}

/// Every payload element is a canonical code. A splat is looked at once, however large its type is.
pub(super) fn canonical_codes(rule: &'static str, ty: FloatType, payload: &DenseData<'_>) -> Check {
    let (DenseData::Splat(bytes) | DenseData::All(bytes)) = payload;
    if ty.storage_bits() == 8 {
        let odd: [bool; 256] = std::array::from_fn(|code| !ty.format.is_canonical(code as Code));
        // Without an end before the last, which takes a fraction of the time.
        if !bytes.iter().fold(false, |found, &code| found | odd[usize::from(code)]) {
            return Ok(());
        }
    }
    let stored = |element: &[u8]| element.iter().rev().fold(0, |code, &byte| code << 8 | Code::from(byte));
    let mut codes = bytes.chunks_exact(ty.storage_bits() as usize / 8).map(stored).enumerate();
    match codes.find(|&(_, code)| !ty.format.is_canonical(code)) {
        Some((index, code)) => Err(Violation::new(
            rule,
            format!("canonical codes of {}", ty.format),
            format!("{code:#x} at element {index}"),
        )),
        None => Ok(()),
    }
}

pub(super) fn missing_payload(rule: &'static str, value: Attr) -> Violation {
    let text: String = value.to_string().chars().take(60).collect();
    Violation::new(
        rule,
        "a payload of as many bytes as the type needs",
        format!("none, or of another size: {text}"),
    )
}
