//! Conversions that no assignment makes: readers of one value that each want another format.
//!
//! A program on codes is changed so that readers take re-encoded values, through operators that move
//! elements too. It computes something else afterwards, which is no matter: what passes make of it must
//! compute the same. Values with dynamic scale exponents are re-encoded too, and some of the new formats
//! have one.

use afp_ir::{
    dialect::{FloatType, ScaleExponent, view},
    mlir::{Attr, Builder, Op, OpSpec, SourceModule, Value},
    numerics::{Code, Format},
};

use crate::graph::Random;

/// Puts encodes of codes before about one operand in three.
pub fn mutate(module: &SourceModule<'_>, random: &mut Random) {
    let function = module.functions()[0];
    for op in function.blocks()[0].ops() {
        if op.result_count() != 1 || !random.once_in(3) {
            continue;
        }
        match op.name().as_str() {
            "afp.conv2d"
            | "afp.depthwise_conv2d"
            | "afp.fully_connected"
            | "afp.sum_pool2d"
            | "afp.dequantize"
            | "afp.encode" => reencode(op, 0, random),
            "afp.matmul" | "afp.add" => reencode(op, random.range(0, 1) as usize, random),
            "afp.table" => there_and_back(op, random),
            _ if view::is_movement(op) => through(op, random),
            _ => {}
        }
    }
}

/// The type of a value that is computed, and a scale exponent that it can have.
fn coded(value: Value) -> Option<(FloatType, i32)> {
    let ty = FloatType::of(value.ty()).filter(|_| value.def_as("afp.constant").is_none())?;
    let (lo, hi) = ty.exp.interval();
    Some((ty, lo + (hi - lo) / 2))
}

/// Another type: at times one that holds every value of the first, at times a dynamic one.
fn other(ty: FloatType, exp: i32, random: &mut Random) -> FloatType {
    let chosen = other_static(ty, exp, random);
    let near = chosen.exp.fixed().filter(|_| random.once_in(6));
    let Some(near) = near else { return chosen };
    let mut end = |sign: i32| (near + sign * random.range(0, 6) as i32).clamp(-4096, 4096);
    FloatType { exp: ScaleExponent::Dynamic { lo: end(-1), hi: end(1) }, ..chosen }
}

fn other_static(ty: FloatType, exp: i32, random: &mut Random) -> FloatType {
    let format = loop {
        let (signed, e, m) = (random.once_in(2), random.range(0, 3), random.range(0, 8));
        let widest = if random.once_in(4) { 16 } else { 8 };
        let width = i64::from(signed) + e + m;
        if (2..=widest).contains(&width)
            && let Ok(format) = Format::new(signed, e as u32, m as u32)
        {
            break format;
        }
    };
    let near = FloatType::fixed(format, (exp + random.range(-3, 3) as i32).clamp(-4096, 4096));
    let wider = Format::new(ty.format.is_signed(), ty.format.exp_bits(), ty.format.man_bits() + 1)
        .ok()
        .and_then(|format| FloatType::fixed(format, (exp - 1).max(-4096)))
        .filter(|ty| ty.format.width() <= 8);
    let same = random.once_in(4).then_some(ty);
    let chosen = if random.once_in(3) { wider.or(near) } else { same.or(near) };
    chosen.unwrap_or(ty)
}

fn encode(builder: Builder, op: Op, value: Value, to: FloatType, random: &mut Random) -> Value {
    let mut spec = OpSpec::new("afp.encode").operands([value]);
    if to.exp.fixed().is_none() {
        // Rule Y5: no limit but 0.
        spec = if random.once_in(3) { spec.attr("lo", Attr::i32s(op.ctx(), &[0])) } else { spec };
    } else if random.once_in(3) {
        let mut codes: Vec<Code> = to.format.canonical_codes().collect();
        codes.sort_by_key(|&code| to.format.decode(code));
        let channels = value.ty().shape().and_then(|shape| shape.last().copied()).unwrap_or(1);
        let count = if random.once_in(3) { channels } else { 1 };
        let mut pick = |from: usize, to: usize| -> Vec<i32> {
            (0..count).map(|_| i32::from(codes[random.range(from as i64, to as i64 - 1) as usize])).collect()
        };
        let half = codes.len() / 2;
        let (lo, hi) = (pick(0, half.max(1)), pick(half, codes.len()));
        spec = spec.attr("lo", Attr::i32s(op.ctx(), &lo));
        spec = if random.once_in(2) { spec.attr("hi", Attr::i32s(op.ctx(), &hi)) } else { spec };
    }
    if random.once_in(6) {
        spec =
            spec.attr("round", Attr::string(op.ctx(), random.pick(&["half_up", "half_even", "half_away"])));
    }
    if random.once_in(12) {
        spec = spec.attr("divisor", Attr::i64s(op.ctx(), &[random.range(1, 4)]));
    }
    builder.value(op.loc(), spec.result(value.ty().with_element(to.to_mlir(op.ctx()))))
}

fn reencode(op: Op, index: usize, random: &mut Random) {
    let Some((ty, exp)) = coded(op.operand(index)) else { return };
    let encoded = encode(Builder::before(op), op, op.operand(index), other(ty, exp, random), random);
    op.set_operand(index, encoded);
}

fn there_and_back(op: Op, random: &mut Random) {
    let Some((ty, exp)) = coded(op.operand(0)) else { return };
    let there = encode(Builder::before(op), op, op.operand(0), other(ty, exp, random), random);
    op.set_operand(0, encode(Builder::before(op), op, there, ty, random));
}

/// The same movement of re-encoded operands, encoded back for some of the readers.
fn through(op: Op, random: &mut Random) {
    let Some((ty, exp)) = coded(op.result(0)) else { return };
    if op.operands().into_iter().any(|operand| coded(operand).is_none()) || op.attr("value").is_some() {
        return;
    }
    // Rule Y6: the operands of a concat have a static type.
    let to = if op.is("afp.concat") { other_static(ty, exp, random) } else { other(ty, exp, random) };
    let (builder, uses) = (Builder::before(op), op.result(0).uses());
    let mut operands = Vec::new();
    let mut before: Vec<(Value, Value)> = Vec::new();
    for operand in op.operands() {
        // One encode for an operand that stands there twice, at times.
        let met = before.iter().find(|(value, _)| *value == operand).filter(|_| random.once_in(2));
        let encoded = match met {
            Some(&(_, encoded)) => encoded,
            None => encode(builder, op, operand, to, &mut Random(random.0 & !7)),
        };
        before.push((operand, encoded));
        operands.push(encoded);
    }
    let (name, attrs) = (op.name(), op.attrs());
    let mut spec = OpSpec::new(&name).operands(operands);
    for (key, value) in &attrs {
        spec = spec.attr(key, *value);
    }
    let result = op.result(0).ty().with_element(to.to_mlir(op.ctx()));
    let moved = builder.value(op.loc(), spec.result(result));
    let Some(block) = op.block() else { return };
    let back = encode(Builder::after_value(moved, block, op.ctx()), op, moved, ty, random);
    for (user, index) in uses {
        if !random.once_in(3) {
            user.set_operand(index, back);
        }
    }
}
