//! What a network has, before anything is taken away from it.

use afp_ir::{
    dialect::{Element, FloatType},
    mlir::{Op, Value},
};

const BRANCHES: &str = "branches";
const RESIDUALS: &str = "residuals";
const CONCATS: &str = "concats";
const MIXED_CONCATS: &str = "concats of several formats";
const MIXED_READERS: &str = "values read in several formats";
const DYNAMIC: &str = "dynamic exponents";
const MIXED_EXPONENTS: &str = "dynamic and static exponents";

/// All that is counted.
pub const KINDS: [&str; 7] =
    [BRANCHES, RESIDUALS, CONCATS, MIXED_CONCATS, MIXED_READERS, DYNAMIC, MIXED_EXPONENTS];

/// What a function has, each once.
pub fn of(function: Op) -> Vec<&'static str> {
    let mut found = Vec::new();
    let (mut is_dynamic, mut is_static) = (false, false);
    for op in function.blocks()[0].ops() {
        for value in op.results() {
            let computed = FloatType::of(value.ty()).filter(|_| !op.is("afp.constant"));
            is_dynamic |= computed.is_some_and(|ty| ty.exp.fixed().is_none());
            is_static |= computed.is_some_and(|ty| ty.exp.fixed().is_some());
            found.extend((value.uses().len() > 1 && !op.is("afp.constant")).then_some(BRANCHES));
            let several = |types: Vec<FloatType>| types.iter().any(|ty| *ty != types[0]);
            found.extend(several(wanted(value)).then_some(MIXED_READERS));
        }
        if op.is("afp.add") {
            let is_exact = |value: Value| Element::of(value.ty()) == Element::Exact;
            let [a, b] = [op.operand(0), op.operand(1)].map(is_exact);
            found.extend((a != b).then_some(RESIDUALS));
        }
        if op.is("afp.concat") {
            let types: Vec<Option<FloatType>> = op.operands().into_iter().map(original).collect();
            found.push(CONCATS);
            found.extend(types.iter().any(|ty| *ty != types[0]).then_some(MIXED_CONCATS));
        }
    }
    found.extend(is_dynamic.then_some(DYNAMIC));
    found.extend((is_dynamic && is_static).then_some(MIXED_EXPONENTS));
    found.sort_unstable();
    found.dedup();
    found
}

fn is_conversion(op: Op) -> bool {
    let has_codes = |value: Value| Element::of(value.ty()) != Element::Exact;
    op.is("afp.quantize") || op.is("afp.dequantize") || op.is("afp.encode") && has_codes(op.operand(0))
}

/// The types that a value's readers make of it; its own, where one reads it as it is.
fn wanted(value: Value) -> Vec<FloatType> {
    let mut types = Vec::new();
    for (user, _) in value.uses() {
        if user.is("afp.dequantize") {
            types.extend(wanted(user.result(0)));
        } else {
            let read = if is_conversion(user) { user.result(0) } else { value };
            types.extend(FloatType::of(read.ty()));
        }
    }
    types
}

/// The type that a value had before any conversion.
fn original(value: Value) -> Option<FloatType> {
    match value.def().filter(|op| is_conversion(*op)) {
        Some(op) => original(op.operand(0)),
        None => FloatType::of(value.ty()),
    }
}
