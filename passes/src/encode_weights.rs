//! `afp-encode-weights`: weights become codes, functions become tables.
//!
//! For each contraction whose weights are a quantized constant: an exponent per output channel
//! (`search`: the one with the least squared error among five below the largest magnitude; `max`:
//! no clipping), every weight rounded to the nearest code, and the bias rounded anew onto the grid
//! that results. Other quantized constants are encoded as they stand. The codes of every
//! `afp.table` are computed.
//!
//! A contraction with `afp.weight_exp` takes the exponents given there. Its weights were rounded
//! before, and a value on the grid of its channel is not changed by rounding it to that grid again.

use afp_ir::{
    diag::Diagnostic,
    dialect::{Element, FloatType, view},
    mlir::{Attr, Builder, Op, OpSpec, Type, Value},
    numerics::{Code, Function, encode_f32, round_to_grid_f32},
};

use crate::{
    graph,
    registry::{Failed, Options, Pass, PassOption},
    scale::Method,
    weights,
};

/// The pass.
pub static PASS: Pass = Pass {
    name: "afp-encode-weights",
    description: "Encode quantized constants and compute tables",
    anchor: "builtin.module",
    options: &[PassOption {
        name: "exponents",
        help: "search (least squared error per channel) or max (no clipping)",
        default: "search",
    }],
    run,
};

fn run(module: Op, options: &Options<'_>) -> Result<(), Failed> {
    let method = options.parse("exponents", "search or max")?;
    for body in graph::bodies(module) {
        for op in body.ops().into_iter().filter(|op| view::is_weighted(*op)) {
            choose_exponents(op, method)?;
        }
        for op in body.ops() {
            if op.is("afp.quantize") && graph::is_constant(op.operand(0)) {
                encode_constant(op)?;
            } else if op.is("afp.table") && op.attr("values").is_none() {
                fill_table(op);
            }
        }
        graph::erase_unused(body);
    }
    Ok(())
}

/// Sets the exponents of a contraction's weights and of the grid of its bias.
fn choose_exponents(op: Op, method: Method) -> Result<(), Failed> {
    let Some(quantize) = op.operand(1).def_as("afp.quantize").filter(|q| graph::is_constant(q.operand(0)))
    else {
        return Ok(());
    };
    let (Some(ty), Some(input_exp)) = (FloatType::of(op.operand(1).ty()), weights::input_exponent(op)) else {
        return Ok(());
    };
    let values = finite(quantize)?;
    let exps = weights::exponents(op, &values, ty.format, input_exp, method)?;
    let exps_attr = Attr::i32s(op.ctx(), &exps);
    op.set_operand(1, requantize(op, quantize, exps_attr));
    op.set_attr("channel_exp", exps_attr);
    op.remove_attr(weights::GIVEN_EXPONENTS);
    if let Some(bias) = view::bias(op).and_then(|bias| bias.def_as("afp.quantize")) {
        let biases = graph::constant_f32(bias.operand(0)).unwrap_or_default();
        let grid = weights::bias_grid(op, ty, &exps, (&values, &biases));
        op.set_operand(2, requantize(op, bias, Attr::i32s(op.ctx(), &grid)));
    }
    Ok(())
}

/// The same quantize with other exponents: its constant may be shared by several contractions.
fn requantize(op: Op, quantize: Op, exps: Attr) -> Value {
    let spec = OpSpec::new("afp.quantize")
        .operands([quantize.operand(0)])
        .attr("channel_exp", exps)
        .attr_opt("axis", quantize.attr("axis"))
        .attr_opt("round", quantize.attr("round"))
        .result(quantize.result(0).ty());
    Builder::before(op).value(quantize.loc(), spec)
}

/// The elements of a quantized constant, all finite.
fn finite(quantize: Op) -> Result<Vec<f32>, Failed> {
    let constant = quantize.operand(0);
    let Some(values) =
        constant.def_as("tosa.const").and_then(|c| c.attr("values")).and_then(|v| v.elements_f32())
    else {
        Diagnostic::error("AFP0312", "a constant has no readable payload")
            .expected(format!("the bytes of {}", constant.ty()))
            .found("none, or of another size")
            .emit(quantize.loc());
        return Err(Failed);
    };
    match values.iter().position(|v| !v.is_finite()) {
        None => Ok(values),
        Some(index) => {
            let name = graph::given_name(quantize).map_or_else(String::new, |name| format!(" '{name}'"));
            Diagnostic::error("AFP0311", format!("constant{name} is not finite"))
                .expected("finite numbers")
                .found(format!("{} at element {index} of {}", values[index], constant.ty()))
                .emit(constant.def().map_or_else(|| quantize.loc(), Op::loc));
            Err(Failed)
        }
    }
}

/// Replaces a quantize of a constant by codes, or by exact integers.
fn encode_constant(op: Op) -> Result<(), Failed> {
    let values = finite(op)?;
    let Ok(rounding) = view::rounding(op) else { return Err(Failed) };
    let shape = graph::shape(op.result(0));
    let exps = view::channel_exp(op).unwrap_or_else(|| vec![0]);
    let channel = view::channel_index(&shape, view::axis(op), exps.len());
    let name = resource_name(op);
    let (ctx, builder) = (op.ctx(), Builder::before(op));
    let value = match Element::of(op.result(0).ty()) {
        Element::Float(ty) => {
            let base = ty.exp.interval().0;
            let codes = values
                .iter()
                .enumerate()
                .map(|(i, &v)| encode_f32(v, ty.format, base + exps[channel(i)], rounding));
            let payload = graph::elements(storage(ty, &shape, op), &name, &code_bytes(ty, codes));
            builder
                .value(op.loc(), OpSpec::new("afp.constant").attr("value", payload).result(op.result(0).ty()))
        }
        _ => {
            let integers: Option<Vec<i64>> = values
                .iter()
                .enumerate()
                .map(|(i, &v)| round_to_grid_f32(v, exps[channel(i)], rounding))
                .collect();
            let Some(integers) = integers else {
                Diagnostic::error("AFP0313", "a bias does not fit the grid of its accumulator")
                    .expected("integers of at most 63 bits")
                    .found(format!(
                        "{:?} at scale exponents {exps:?}",
                        values.iter().fold(0.0f32, |m, v| m.max(v.abs()))
                    ))
                    .help("give its operator's input and weights other formats")
                    .emit(op.loc());
                return Err(Failed);
            };
            let narrow = integers.iter().all(|&i| i32::try_from(i).is_ok());
            let ty = Type::tensor(&shape, Type::int(ctx, if narrow { 32 } else { 64 }));
            let bytes: Vec<u8> = if narrow {
                integers.iter().flat_map(|&i| (i as i32).to_le_bytes()).collect()
            } else {
                integers.iter().flat_map(|i| i.to_le_bytes()).collect()
            };
            let spec = OpSpec::new("afp.constant")
                .attr("value", graph::elements(ty, &name, &bytes))
                .attr("channel_exp", Attr::i32s(ctx, &exps))
                .result(op.result(0).ty());
            builder.value(op.loc(), spec)
        }
    };
    op.result(0).replace_all_uses_with(value);
    Ok(())
}

/// `conv1_weight` or `conv1_bias`, after the contraction that uses the constant.
fn resource_name(op: Op) -> String {
    let role = |(user, index): (Op, usize)| {
        let role = *["input", "weight", "bias"].get(index)?;
        view::is_weighted(user).then(|| format!("{}_{role}", graph::site_name(user)))
    };
    let by_user = op.result(0).uses().into_iter().find_map(role);
    by_user.or_else(|| graph::given_name(op)).unwrap_or_else(|| "constant".to_owned())
}

/// The type of a payload of codes.
fn storage(ty: FloatType, shape: &[i64], op: Op) -> Type {
    Type::tensor(shape, Type::int(op.ctx(), ty.storage_bits()))
}

fn code_bytes(ty: FloatType, codes: impl Iterator<Item = Code>) -> Vec<u8> {
    if ty.storage_bits() == 8 {
        codes.map(|c| c as u8).collect()
    } else {
        codes.flat_map(Code::to_le_bytes).collect()
    }
}

fn fill_table(op: Op) {
    let types = (FloatType::of(op.operand(0).ty()), FloatType::of(op.result(0).ty()));
    let name = op.attr("function").and_then(Attr::as_string).unwrap_or_default();
    let ((Some(from), Some(to)), Ok(function)) = (types, name.parse::<Function>()) else { return };
    let codes = function.table(from.format, from.exp.interval().0, to.format, to.exp.interval().0);
    let ty = storage(to, &[codes.len() as i64], op);
    op.set_attr("values", graph::elements(ty, &name, &code_bytes(to, codes.into_iter())));
}
