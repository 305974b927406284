//! `afp-quantize`: codes inside every group.
//!
//! Each group's operands are quantized before it and its result is dequantized behind it: `f32`
//! flows between groups, and every group can be looked at alone. Correct, and slow: taking the pairs
//! away again is `afp-eliminate-requant`'s task.
//!
//! * A site's result has the type in `afp.type`; its limits become codes of that type.
//! * An operand has the type of the site that it comes from, through operators that move elements.
//! * A value with a dynamic scale exponent is not quantized again, which would choose another one: its
//!   codes are moved, and read, as they are.
//! * Weights are quantized per output channel, at exponents that cover their largest magnitude
//!   (`afp-encode-weights` looks for better ones), or at those in `afp.weight_exp`; the exponents
//!   stand on the contraction.
//! * A bias is rounded onto the grid of its accumulator, once, and is exact from then on.

use afp_ir::{
    diag::Diagnostic,
    dialect::{Element, FloatType, types, view},
    mlir::{Attr, Builder, Op, OpSpec, Type, Value},
    numerics::{Code, Format, encode_f32},
};

use crate::{
    conversions::Ledger,
    eliminate_requant, graph,
    registry::{Failed, Options, Pass},
    scale::{self, Method},
    weights::{self, Channels},
};

/// The pass.
pub static PASS: Pass = Pass {
    name: "afp-quantize",
    description: "Put quantize and dequantize around every group, with the types assigned",
    anchor: "builtin.module",
    options: &[],
    run,
};

fn run(module: Op, _: &Options<'_>) -> Result<(), Failed> {
    for body in graph::bodies(module) {
        for op in body.ops() {
            rewrite(op)?;
        }
        graph::erase_unused(body);
    }
    Ledger::open(module).attach(module);
    eliminate_requant::keep_beyond_f32(module);
    Ok(())
}

fn rewrite(op: Op) -> Result<(), Failed> {
    match op.name().as_str() {
        "afp.conv2d" | "afp.depthwise_conv2d" | "afp.fully_connected" => contraction(op),
        "afp.matmul" | "afp.add" | "afp.sum_pool2d" => {
            (0..op.operand_count()).try_for_each(|index| quantize_operand(op, index))
        }
        "afp.encode" => encode(op),
        "afp.table" | "afp.softmax" if is_real(op.operand(0)) => {
            quantize_operand(op, 0)?;
            retype(op, assigned(op)?);
            Ok(())
        }
        "afp.concat" if is_real(op.operand(0)) => concat(op),
        _ if view::is_movement(op) => {
            move_codes(op);
            Ok(())
        }
        _ => Ok(()),
    }
}

fn is_real(value: Value) -> bool {
    Element::of(value.ty()) == Element::Real
}

/// The type in `afp.type`.
fn assigned(op: Op) -> Result<FloatType, Failed> {
    type_attr(op, "afp.type")
        .ok_or_else(|| missing(op, "afp.type", &format!("site '{}' has no type", graph::site_name(op))))
}

fn type_attr(op: Op, name: &str) -> Option<FloatType> {
    op.attr(name).and_then(Attr::as_type).and_then(FloatType::of)
}

fn missing(op: Op, attr: &str, message: &str) -> Failed {
    Diagnostic::error("AFP0308", message)
        .expected(format!("'{attr}', an !afp.float"))
        .found("none")
        .help("run afp-assign-formats before afp-quantize")
        .emit(op.loc());
    Failed
}

/// The type that a real value has as codes: that of the dequantize that it comes from.
fn type_of(value: Value, user: Op) -> Result<FloatType, Failed> {
    let source = graph::format_source(value);
    let found = source.def_as("afp.dequantize").and_then(|op| FloatType::of(op.operand(0).ty()));
    found.ok_or_else(|| {
        Diagnostic::error("AFP0309", format!("an operand of {} comes from no site", user.name()))
            .expected("a value that an afp.encode, afp.table, afp.softmax or afp.concat yields")
            .found(source.def().map_or_else(|| "a function argument".to_owned(), |op| op.name()))
            .help("run afp-form-groups before afp-quantize")
            .emit(user.loc());
        Failed
    })
}

fn quantize_operand(op: Op, index: usize) -> Result<(), Failed> {
    let value = op.operand(index);
    if !is_real(value) {
        return Ok(());
    }
    let coded = if graph::is_constant(value) {
        quantize_constant(op, value)
    } else if let Some((codes, _)) = dynamic_codes(value) {
        codes
    } else {
        let ty = type_of(value, op)?;
        quantize(Builder::before(op), op, value, ty)
    };
    op.set_operand(index, coded);
    Ok(())
}

fn quantize(builder: Builder, op: Op, value: Value, ty: FloatType) -> Value {
    let result = value.ty().with_element(ty.to_mlir(op.ctx()));
    builder.value(op.loc(), OpSpec::new("afp.quantize").operands([value]).result(result))
}

/// The codes of a value with a dynamic scale exponent.
fn dynamic_codes(value: Value) -> Option<(Value, FloatType)> {
    let codes = value.def_as("afp.dequantize")?.operand(0);
    FloatType::of(codes.ty()).filter(|ty| ty.exp.fixed().is_none()).map(|ty| (codes, ty))
}

/// An operator that moves elements moves codes that have a dynamic scale exponent, so that they keep it.
fn move_codes(op: Op) {
    let Some((codes, ty)) = dynamic_codes(op.operand(0)).filter(|_| op.operand_count() == 1) else { return };
    let (builder, real, name, attrs) = (Builder::before(op), op.result(0).ty(), op.name(), op.attrs());
    let mut spec = OpSpec::new(&name).operands([codes]);
    // A border is zero (rule Y6), which is what there is without one.
    for (key, value) in attrs.iter().filter(|(key, _)| key != "value") {
        spec = spec.attr(key, *value);
    }
    let moved = builder.value(op.loc(), spec.result(real.with_element(ty.to_mlir(op.ctx()))));
    let dequantized = builder.value(op.loc(), OpSpec::new("afp.dequantize").operands([moved]).result(real));
    op.result(0).replace_all_uses_with(dequantized);
}

/// What a constant operand that is no weight becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstantGrid {
    /// Multiples of `2^exp`: an operand of a sum, on a grid of 15 bits below its largest magnitude.
    Exact(i32),
    /// Codes of 8 bits that cover its range, with this scale exponent: any other operand.
    Codes(Format, i32),
}

impl ConstantGrid {
    /// The grid of an operand of `user`.
    pub fn of(user: Op, values: &[f32]) -> Self {
        let largest = values.iter().fold(0.0f64, |max, &v| max.max(f64::from(v).abs()));
        if user.is("afp.add") {
            return Self::Exact(scale::covering_exponent(Format::wide(true), largest));
        }
        let signed = values.iter().any(|&v| v < 0.0);
        let format = Format::byte(signed);
        Self::Codes(format, scale::covering_exponent(format, largest))
    }
}

fn quantize_constant(op: Op, value: Value) -> Value {
    let values = graph::constant_f32(value).unwrap_or_default();
    let builder = Builder::before(op);
    match ConstantGrid::of(op, &values) {
        ConstantGrid::Exact(exp) => exact_constant(builder, op, value, &[exp]),
        ConstantGrid::Codes(format, exp) => match FloatType::fixed(format, exp) {
            Some(ty) => quantize(builder, op, value, ty),
            None => value,
        },
    }
}

fn exact_constant(builder: Builder, op: Op, value: Value, grid: &[i32]) -> Value {
    let axis = graph::shape(value).len().saturating_sub(1) as i64;
    let spec = OpSpec::new("afp.quantize")
        .operands([value])
        .attr("channel_exp", Attr::i32s(op.ctx(), grid))
        .attr("axis", Attr::int(op.ctx(), 64, axis))
        .result(value.ty().with_element(types::exact(op.ctx())));
    builder.value(value.def().map_or_else(|| op.loc(), Op::loc), spec)
}

fn contraction(op: Op) -> Result<(), Failed> {
    if !is_real(op.operand(0)) {
        return Ok(());
    }
    quantize_operand(op, 0)?;
    let (ctx, builder, weight) = (op.ctx(), Builder::before(op), op.operand(1));
    let Some(values) = graph::constant_f32(weight) else { return Err(not_constant(op, "weights", weight)) };
    if let Some(bias) = view::bias(op).filter(|&bias| is_real(bias) && !graph::is_constant(bias)) {
        return Err(not_constant(op, "bias", bias));
    }
    let ty = type_attr(op, "afp.weight_type").ok_or_else(|| {
        missing(op, "afp.weight_type", &format!("the weights '{}' have no type", graph::site_name(op)))
    })?;
    let input_exp = weights::input_exponent(op).unwrap_or(0);
    let exps = weights::exponents(op, &values, ty.format, input_exp, Method::Max)?;
    let exps_attr = Attr::i32s(ctx, &exps);
    let spec = OpSpec::new("afp.quantize")
        .operands([weight])
        .attr("channel_exp", exps_attr)
        .attr("axis", Attr::int(ctx, 64, Channels::of(op).axis))
        .result(weight.ty().with_element(ty.to_mlir(ctx)));
    op.set_operand(1, builder.value(weight.def().map_or_else(|| op.loc(), Op::loc), spec));
    op.set_attr("channel_exp", exps_attr);
    op.remove_attr("afp.weight_type");
    if let Some(bias) = view::bias(op) {
        let biases = graph::constant_f32(bias).unwrap_or_default();
        let grid = weights::bias_grid(op, ty, &exps, (&values, &biases));
        op.set_operand(2, exact_constant(builder, op, bias, &grid));
    }
    Ok(())
}

fn not_constant(op: Op, what: &str, value: Value) -> Failed {
    Diagnostic::error("AFP0310", format!("the {what} of {} must be constant", op.name()))
        .expected("a tosa.const of f32")
        .found(value.def().map_or_else(|| "a function argument".to_owned(), |def| def.name()))
        .emit(op.loc());
    Failed
}

/// Gives the only result an `!afp.float` type, and what used it a dequantize.
fn retype(op: Op, ty: FloatType) {
    let (ctx, result) = (op.ctx(), op.result(0));
    let real = result.ty();
    let uses = result.uses();
    result.set_ty(real.with_element(ty.to_mlir(ctx)));
    op.remove_attr("afp.type");
    let Some(block) = op.block() else { return };
    let spec = OpSpec::new("afp.dequantize").operands([result]).result(real);
    let dequantized = Builder::after_value(result, block, ctx).value(op.loc(), spec);
    for (user, index) in uses {
        user.set_operand(index, dequantized);
    }
}

fn encode(op: Op) -> Result<(), Failed> {
    if !is_real(op.result(0)) {
        return Ok(());
    }
    let ty = assigned(op)?;
    let operand = op.operand(0);
    if ty.exp.fixed().is_none() && operand.arg_index().is_some() {
        // A second rounding would choose an exponent of its own.
        retype(op, ty);
        let coded = quantize(Builder::before(op), op, operand, ty);
        op.result(0).replace_all_uses_with(coded);
        return Ok(());
    }
    if let Some((codes, _)) = dynamic_codes(operand) {
        op.set_operand(0, codes);
    } else if is_real(operand) {
        // A clamp of codes stays on their type; it is encoded anew if its own differs.
        let source = if operand.arg_index().is_some() { ty } else { type_of(operand, op)? };
        op.set_operand(0, quantize(Builder::before(op), op, operand, source));
    }
    let rounding = view::rounding(op).unwrap_or_default();
    for (name, extreme) in [("lo", ty.format.min_code()), ("hi", ty.format.max_code())] {
        let Some(limits) = op.attr(name).and_then(Attr::as_f32s) else { continue };
        let exp = ty.exp.interval().0;
        let codes: Vec<Code> = limits.iter().map(|&v| encode_f32(v, ty.format, exp, rounding)).collect();
        if codes.iter().all(|&code| code == extreme) {
            op.remove_attr(name);
        } else {
            let codes: Vec<i32> = codes.into_iter().map(i32::from).collect();
            op.set_attr(name, Attr::i32s(op.ctx(), &codes));
        }
    }
    retype(op, ty);
    Ok(())
}

/// The result of a concat is quantized and dequantized behind it.
fn concat(op: Op) -> Result<(), Failed> {
    let (ty, result, ctx) = (assigned(op)?, op.result(0), op.ctx());
    let uses = result.uses();
    let Some(block) = op.block() else { return Ok(()) };
    let coded: Type = result.ty().with_element(ty.to_mlir(ctx));
    let quantized = Builder::after_value(result, block, ctx)
        .value(op.loc(), OpSpec::new("afp.quantize").operands([result]).result(coded));
    let real = Builder::after_value(quantized, block, ctx)
        .value(op.loc(), OpSpec::new("afp.dequantize").operands([quantized]).result(result.ty()));
    op.remove_attr("afp.type");
    for (user, index) in uses {
        user.set_operand(index, real);
    }
    Ok(())
}
