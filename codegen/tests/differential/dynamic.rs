//! Exact programs with dynamic scale exponents, from programs with static ones.

use afp_ir::{
    dialect::{FloatType, ScaleExponent},
    mlir::{Attr, Op, Value},
};

use crate::graph::Random;

/// Makes scale exponents dynamic that may be: of what is encoded or quantized without a limit but 0, and
/// is not read by an operator that wants a static one. Most of them, with intervals around what they
/// were, narrow and wide.
pub fn make(function: Op, seed: u64) {
    let mut random = Random(seed ^ 0xd1a);
    for op in function.descendants() {
        if !(op.is("afp.encode") || op.is("afp.quantize")) || random.once_in(6) {
            continue;
        }
        let Some(ty) = FloatType::of(op.result(0).ty()) else { continue };
        let Some(exp) = ty.exp.fixed() else { continue };
        let mut values = Vec::new();
        if !has_no_limit(op) || !may_be_dynamic(op.result(0), &mut values) {
            continue;
        }
        let width = [0, 1, 4, 12][(random.bits() % 4) as usize];
        let mut away = |sign: i32| (exp + sign * random.range(0, width) as i32).clamp(-4096, 4096);
        let (lo, hi) = (away(-1), away(1));
        let dynamic = FloatType { exp: ScaleExponent::Dynamic { lo, hi }, ..ty };
        for value in values {
            value.set_ty(value.ty().with_element(dynamic.to_mlir(value.ty().ctx())));
        }
    }
}

fn has_no_limit(op: Op) -> bool {
    let codes = op.attr("lo").and_then(Attr::as_i32s);
    op.attr("hi").is_none() && codes.is_none_or(|codes| codes.iter().all(|&code| code == 0))
}

/// Whether all that reads a value, moved or not, goes with a dynamic exponent; collects what moves it.
fn may_be_dynamic(value: Value, values: &mut Vec<Value>) -> bool {
    values.push(value);
    value.uses().into_iter().all(|(user, _)| match user.name().as_str() {
        "afp.concat" | "afp.table" | "afp.softmax" => false,
        "afp.pad" if user.attr("value").and_then(Attr::as_int).is_some_and(|code| code != 0) => false,
        "afp.pad" | "afp.reshape" | "afp.transpose" | "afp.slice" | "afp.max_pool2d" => {
            may_be_dynamic(user.result(0), values)
        }
        _ => true,
    })
}
