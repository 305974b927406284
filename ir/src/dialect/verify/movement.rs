//! concat, reshape, transpose, slice, pad.

use super::{Check, Violation, dimension, list, result_shape, same_element, shape, static_exponent};
use crate::{
    dialect::{Element, shape::slice_limit, view, view::Slice},
    mlir::Op,
    numerics::Code,
};

pub(super) fn concat(op: Op) -> Check {
    let inputs = op.operands();
    let Some(first) = inputs.first() else {
        return Err(Violation::new("M1", "at least one operand", "none"));
    };
    let mut sum = shape(*first);
    let axis = dimension("M1", view::axis(op), &sum)?;
    for &input in &inputs {
        same_element(input, op.result(0))?;
    }
    for &input in &inputs[1..] {
        let other = shape(input);
        let fits = other.len() == sum.len() && (0..sum.len()).all(|d| d == axis || other[d] == sum[d]);
        if !fits {
            let expected = format!("operands that differ in dimension {axis} alone");
            return Err(Violation::new(
                "M1",
                expected,
                format!("{} and {}", list(&shape(*first)), list(&other)),
            ));
        }
        sum[axis] = sum[axis].saturating_add(other[axis]);
    }
    result_shape("M1", op, &sum)?;
    if inputs.len() > 1 { static_exponent("operands with one static scale exponent", op) } else { Ok(()) }
}

pub(super) fn reshape(op: Op) -> Check {
    same_element(op.operand(0), op.result(0))?;
    let (from, to) = (shape(op.operand(0)), shape(op.result(0)));
    let (a, b) = (from.iter().product::<i64>(), to.iter().product::<i64>());
    if a == b {
        Ok(())
    } else {
        Err(Violation::new(
            "M2",
            format!("{a} elements, as in {}", list(&from)),
            format!("{b} in {}", list(&to)),
        ))
    }
}

pub(super) fn transpose(op: Op) -> Check {
    same_element(op.operand(0), op.result(0))?;
    let (from, perm) = (shape(op.operand(0)), view::dims(op, "perm"));
    let mut sorted = perm.clone();
    sorted.sort_unstable();
    if !sorted.iter().copied().eq(0..from.len() as i64) {
        let expected = match from.len() {
            0 => "no numbers in 'perm', as the operand is a scalar".to_owned(),
            rank => format!("a permutation of 0 to {} in 'perm'", rank - 1),
        };
        return Err(Violation::new("M3", expected, format!("{perm:?}")));
    }
    let to: Vec<i64> = perm.iter().map(|&d| from[d as usize]).collect();
    result_shape("M3", op, &to)
}

pub(super) fn slice(op: Op) -> Check {
    same_element(op.operand(0), op.result(0))?;
    let (from, to, Slice { start, stride }) = (shape(op.operand(0)), shape(op.result(0)), Slice::of(op));
    let rank = from.len();
    if start.len() != rank || stride.len() != rank || to.len() != rank {
        let found =
            format!("{} starts, {} strides, a result of rank {}", start.len(), stride.len(), to.len());
        return Err(Violation::new(
            "M4",
            format!("{rank} of everything, as the operand has dimensions"),
            found,
        ));
    }
    for d in 0..rank {
        let limit = slice_limit(from[d], start[d], stride[d]);
        if to[d] > limit {
            let expected = format!("at most {limit} elements in dimension {d}");
            return Err(Violation::new("M4", expected, to[d].to_string()));
        }
    }
    Ok(())
}

pub(super) fn pad(op: Op) -> Check {
    let (input, result) = (op.operand(0), op.result(0));
    same_element(input, result)?;
    let (from, low, high) = (shape(input), view::dims(op, "low"), view::dims(op, "high"));
    if low.len() != from.len() || high.len() != from.len() || low.iter().chain(&high).any(|&n| n < 0) {
        let expected = format!("{} widths of at least 0 in 'low' and 'high'", from.len());
        return Err(Violation::new("M5", expected, format!("{low:?} and {high:?}")));
    }
    let to: Vec<i64> =
        (0..from.len()).map(|d| from[d].saturating_add(low[d]).saturating_add(high[d])).collect();
    result_shape("M5", op, &to)?;
    let Some(value) = op.attr("value") else { return Ok(()) };
    let fits = match Element::of(result.ty()) {
        Element::Real => value.as_f64().is_some_and(f64::is_finite),
        Element::Float(ty) => value.as_int().is_some_and(|code| {
            (0..=i64::from(Code::MAX)).contains(&code) && ty.format.is_canonical(code as Code)
        }),
        _ => false,
    };
    if fits && value.as_int() == Some(0) {
        Ok(())
    } else if fits {
        static_exponent("zero around codes with a dynamic scale exponent", op)
    } else {
        let expected =
            "a canonical code as i32 for codes, a finite f32 for real numbers, nothing for exact values";
        Err(Violation::new("M5", expected, value.to_string()))
    }
}
