//! table, softmax.

use super::{Check, Violation, boundary, dimension, same_shape, shape, static_exponent};
use crate::{
    dialect::{Element, FloatType, view},
    mlir::{Attr, Op},
    numerics::Function,
};

pub(super) fn table(op: Op) -> Check {
    let (input, output) = (op.operand(0), op.result(0));
    same_shape(input, output)?;
    let name = op.attr("function").and_then(Attr::as_string).unwrap_or_default();
    if name.parse::<Function>().is_err() {
        let known = Function::ALL.map(|function| function.to_string()).join(", ");
        return Err(Violation::new("U1", format!("one of {known}"), format!("'{name}'")));
    }
    let values = op.attr("values");
    match (Element::of(input.ty()), Element::of(output.ty())) {
        (Element::Real, Element::Real) => match values {
            Some(_) => Err(Violation::new("U2", "no 'values' on real numbers", "some")),
            None => Ok(()),
        },
        (Element::Float(from), Element::Float(to)) => {
            narrow("U3", from)?;
            static_exponent("a result with a static scale exponent", op)?;
            match values {
                Some(values) => entries(from, to, values),
                None => Ok(()),
            }
        }
        (from, to) => Err(kind("U3", from, to)),
    }
}

/// Rule U2.
fn entries(from: FloatType, to: FloatType, values: Attr) -> Check {
    let count = i64::from(from.format.code_count());
    let payload = values.elements_type();
    let shape = payload.and_then(|ty| ty.shape()).unwrap_or_default();
    let bits = to.storage_bits();
    if shape != [count] || !payload.is_some_and(|ty| boundary::holds_integers(ty, bits)) {
        let found = payload.map_or_else(|| values.to_string(), |ty| ty.to_string());
        return Err(Violation::new(
            "U2",
            format!("tensor<{count}xi{bits}>: a code for each code of {}", from.format),
            found,
        ));
    }
    let data = values.dense_data().ok_or_else(|| boundary::missing_payload("U2", values))?;
    boundary::canonical_codes("U2", to, &data)
}

pub(super) fn softmax(op: Op) -> Check {
    let (input, output) = (op.operand(0), op.result(0));
    same_shape(input, output)?;
    dimension("S1", view::axis(op), &shape(input))?;
    match (Element::of(input.ty()), Element::of(output.ty())) {
        (Element::Real, Element::Real) => Ok(()),
        (Element::Float(from), Element::Float(_)) => match from.exp.fixed() {
            Some(_) => static_exponent("a result with a static scale exponent", op),
            None => Err(Violation::new("S2", "an operand with a static scale exponent", from.to_string())),
        },
        (from, to) => Err(kind("S2", from, to)),
    }
}

fn narrow(rule: &'static str, ty: FloatType) -> Check {
    if ty.format.width() > 8 {
        let expected = "an operand of 8 bits or less";
        return Err(Violation::new(rule, expected, format!("{} with {}", ty.format, ty.format.width())));
    }
    match ty.exp.fixed() {
        Some(_) => Ok(()),
        None => Err(Violation::new(rule, "an operand with a static scale exponent", ty.to_string())),
    }
}

fn kind(rule: &'static str, from: Element, to: Element) -> Violation {
    let name = |element| match element {
        Element::Real => "real numbers",
        Element::Float(_) => "codes",
        Element::Exact => "exact values",
        Element::Other => "something else",
    };
    let expected = "operand and result both real or both coded";
    Violation::new(rule, expected, format!("{} to {}", name(from), name(to)))
}
