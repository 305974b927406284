//! The operators of the `afpk` dialect (rules N1 to N8).

use super::{Check, Violation};
use crate::{
    mlir::{Attr, Op, Value},
    numerics::{Format, Rounding},
};

/// Checks an operation of `afpk`.
pub fn verify(op: Op) -> Check {
    match op.name().as_str() {
        "afpk.dot" => dot(op),
        "afpk.mmla" => mmla(op),
        "afpk.shift_mul" => {
            coded(op, op.operand(1))?;
            same_lanes(op.operand(0), op.operand(1))
        }
        "afpk.decode" => {
            coded(op, op.operand(0))?;
            same_lanes(op.operand(0), op.result(0))
        }
        "afpk.code" => {
            coded(op, op.result(0))?;
            same_lanes(op.operand(0), op.result(0))
        }
        "afpk.encode" => encode(op),
        "afpk.pack" => pack(op),
        "afpk.matrix_dot" => matrix_dot(op),
        "afpk.unpack" => unpack(op),
        "afpk.lookup" => lookup(op),
        _ => Ok(()),
    }
}

fn dot(op: Op) -> Check {
    let factors = &op.operands()[1..];
    let Some(first) = factors.first().filter(|_| factors.len().is_multiple_of(2)) else {
        return Err(Violation::new(
            "N1",
            "pairs of factors, one at least",
            format!("{} factors", factors.len()),
        ));
    };
    let (acc, a) = (op.operand(0).ty(), first.ty());
    if let Some(other) = factors.iter().find(|factor| factor.ty() != a) {
        return Err(Violation::new("N1", format!("factors of one type, {a}"), other.ty().to_string()));
    }
    let (lanes, elements) = (acc.lanes().unwrap_or(0), a.lanes().unwrap_or(0));
    let ways = if a.int_width() == Some(8) { 4 } else { 2 };
    if lanes * ways != elements {
        let expected = format!("{ways} elements for each of {lanes} lanes");
        return Err(Violation::new("N1", expected, elements.to_string()));
    }
    if op.attr("unsigned_a").is_some() && ways != 4 {
        return Err(Violation::new("N1", "'unsigned_a' on operands of 8 bits only", "16 bits"));
    }
    Ok(())
}

fn mmla(op: Op) -> Check {
    let [sums, bytes] = [op.operand(0), op.operand(1)].map(|value| value.ty().lanes().unwrap_or(0));
    if (sums, bytes) != (4, 16) {
        let found = format!("{sums} sums and {bytes} bytes");
        return Err(Violation::new("N7", "4 sums of two rows of 8 bytes with two others", found));
    }
    Ok(())
}

fn pack(op: Op) -> Check {
    let (lanes, bytes) = (op.operand(0).ty().lanes().unwrap_or(0), op.result(0).ty().lanes().unwrap_or(0));
    if lanes % 4 != 0 || bytes != 4 * lanes {
        let expected = "four times as many bytes as lanes, which are a multiple of 4";
        return Err(Violation::new("N4", expected, format!("{lanes} lanes and {bytes} bytes")));
    }
    Ok(())
}

/// Fields that the packed bytes hold, of a format that a table of signed bytes decodes.
fn unpack(op: Op) -> Check {
    let format = format(op)?;
    let [packed, fields] = [op.operand(0), op.result(0)].map(|value| value.ty().lanes().unwrap_or(0));
    if format.width() > 7 || format.int_min() < -128 || format.int_max() > 127 {
        let expected = "a format of at most 7 bits whose integers fit a signed byte";
        return Err(Violation::new("N6", expected, format.to_string()));
    }
    if fields % 8 != 0 || fields * i64::from(format.width()) > 8 * packed {
        let expected = format!("a multiple of 8 codes of {} bits, all of them packed", format.width());
        return Err(Violation::new("N6", expected, format!("{fields} of them in {packed} bytes")));
    }
    Ok(())
}

fn lookup(op: Op) -> Check {
    match op.operand(0).ty().lanes().unwrap_or(0) {
        256 => Ok(()),
        other => Err(Violation::new("N8", "a table of 256 bytes", other.to_string())),
    }
}

/// Rows, panels and a depth that a unit of tiles of 16 rows of 64 bytes can have in eight registers.
fn matrix_dot(op: Op) -> Check {
    let size = |name: &str| op.attr(name).and_then(Attr::as_int).unwrap_or(0);
    let list = |name: &str| op.attr(name).and_then(Attr::as_i64s).unwrap_or_default();
    let groups = op.operands().len() as i64 - 5;
    let [rows, panels, depth] = ["rows", "panels", "depth"].map(size);
    if !(1..=16).contains(&rows) || !(4..=64).contains(&depth) || depth % 4 != 0 {
        let expected = "1 to 16 rows and a depth of 4 to 64, a multiple of 4";
        return Err(Violation::new("N5", expected, format!("{rows} rows, depth {depth}")));
    }
    if groups < 1 || !(1..=8).contains(&panels) || (groups + 1) * (panels + 1) > 9 {
        let expected = "groups of rows and panels that eight registers hold with their products";
        return Err(Violation::new("N5", expected, format!("{groups} groups, {panels} panels")));
    }
    let (counts, strides) = (list("counts"), list("strides"));
    if counts.len() != strides.len() || counts.iter().any(|&count| count < 1) {
        let expected = "as many strides as counts, which are at least 1";
        return Err(Violation::new("N5", expected, format!("{counts:?} and {strides:?}")));
    }
    Ok(())
}

fn same_lanes(a: Value, b: Value) -> Check {
    if a.ty().lanes() == b.ty().lanes() {
        return Ok(());
    }
    Err(Violation::new("N2", "as many codes as integers", format!("{} and {}", a.ty(), b.ty())))
}

/// The format, which must fit the width of the stored code.
fn coded(op: Op, code: Value) -> Check<Format> {
    let format = format(op)?;
    let width = code.ty().int_width().unwrap_or(0);
    if format.width() > width {
        let expected = format!("codes of at least {} bits for {format}", format.width());
        return Err(Violation::new("N2", expected, code.ty().to_string()));
    }
    Ok(format)
}

fn format(op: Op) -> Check<Format> {
    let text = op.attr("format").and_then(Attr::as_string).unwrap_or_default();
    text.parse().map_err(|_| Violation::new("N2", "a format such as e2m2 or ue0m8", format!("'{text}'")))
}

fn encode(op: Op) -> Check {
    format(op)?;
    let text = op.attr("round").and_then(Attr::as_string).unwrap_or_else(|| "half_up".to_owned());
    if text.parse::<Rounding>().is_err() {
        return Err(Violation::new("N3", "'half_up', 'half_even' or 'half_away'", format!("'{text}'")));
    }
    let width = op.operand(0).ty().int_width().unwrap_or(0);
    let bits = op.attr("bits").and_then(Attr::as_int).unwrap_or(0);
    if !(1..i64::from(width)).contains(&bits) {
        return Err(Violation::new(
            "N3",
            format!("bits from 1 to {}", i64::from(width) - 1),
            bits.to_string(),
        ));
    }
    if op.operand_count() == 3 && (width != 64 || op.operand(2).ty() != op.operand(0).ty()) {
        let found = format!("{} by {}", op.operand(0).ty(), op.operand(2).ty());
        return Err(Violation::new("N3", "operands of i64 where there is a divisor", found));
    }
    Ok(())
}
