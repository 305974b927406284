//! Why a conversion is left.

use afp_ir::{
    dialect::{Element, FloatType, view},
    mlir::{Op, Value},
};

use super::{
    bypass,
    codes::{Map, limits},
    dequantized,
};
use crate::{conversions, graph};

/// Why a conversion is left, in a sentence without a full stop.
pub(super) fn of(op: Op) -> String {
    if op.is("afp.dequantize") {
        return match conversions::is_boundary(op) {
            true => "the program returns f32".to_owned(),
            false => "an operator on f32 reads its values".to_owned(),
        };
    }
    if op.is("afp.quantize") {
        return quantize(op);
    }
    let readers = readers(op.result(0));
    let ty = op.result(0).ty().element();
    let Some(map) = Map::of(op) else {
        let dynamic = FloatType::of(op.result(0).ty()).is_some_and(|ty| ty.exp.fixed().is_none());
        return match dynamic {
            true => "the exponent of its result is found at run time".to_owned(),
            false if view::divisors(op).len() > 1 => "it divides each position by its own number".to_owned(),
            false => "its limits differ from channel to channel".to_owned(),
        };
    };
    let clamps = limits(op, map.to.format) != [(map.to.format.min_code(), map.to.format.max_code())];
    match bypass::changed(&map, op.operand(0)) {
        None => format!("it keeps every value, but {readers} takes codes of {ty} alone"),
        Some(_) if clamps && map.from == map.to => {
            format!("it limits values that others than {readers} read without limits")
        }
        Some([before, after]) => format!("{readers} takes {ty}, in which {before} becomes {after}"),
    }
}

fn quantize(op: Op) -> String {
    let source = graph::format_source(op.operand(0));
    if source.arg_index().is_some() {
        return "the program takes f32".to_owned();
    }
    if view::channel_exp(op).is_some() {
        return "its scale exponents differ from channel to channel".to_owned();
    }
    match dequantized(source) {
        Some((value, _)) => format!("{} holds values that f32 does not", value.ty().element()),
        None => "it reads f32 that no code stands for".to_owned(),
    }
}

/// The operators that read a value, through those that move elements.
fn readers(value: Value) -> String {
    const SHOWN: usize = 2;
    let mut names: Vec<String> = Vec::new();
    collect(value, &mut names);
    names.dedup();
    match names.len() {
        0 => "nothing".to_owned(),
        count if count > SHOWN => format!("{} and {} more", names[0], count - 1),
        _ => names.join(" and "),
    }
}

fn collect(value: Value, names: &mut Vec<String>) {
    const MOST: usize = 16;
    for (user, _) in value.uses() {
        if names.len() >= MOST {
            return;
        }
        let coded = user.results().first().is_some_and(|v| Element::of(v.ty()) != Element::Exact);
        if user.is("func.return") {
            names.push("the program's output".to_owned());
        } else if view::is_movement(user) && coded && !user.is("afp.concat") {
            collect(user.result(0), names);
        } else {
            names.push(format!("'{}'", graph::group_name(user)));
        }
    }
}
