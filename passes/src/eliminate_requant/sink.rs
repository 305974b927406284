//! Operators that move elements, between dequantize and quantize.

use afp_ir::{
    dialect::{Element, FloatType, view},
    mlir::{Attr, Builder, Op, OpSpec, Value},
    numerics::{Rounding, decompose_f32, dyadic_to_f32, encode_f32},
};

use super::lossless_source;

/// `move(dequantize(x))` becomes `dequantize(move(x))`.
///
/// *Condition*: all operands are dequantized from one type, every value of which is an `f32`.
/// Dequantize then acts on each element alone, so it commutes with reshape, transpose, slice and
/// concat. It is increasing, so it commutes with the maximum of a max-pool. For a pad, the border's
/// value must be a value of the type (zero always is).
pub(super) fn sink(op: Op) -> bool {
    if !view::is_movement(op) || Element::of(op.result(0).ty()) != Element::Real {
        return false;
    }
    let sources: Option<Vec<(Value, FloatType)>> = op.operands().into_iter().map(lossless_source).collect();
    let Some(sources) = sources.filter(|sources| sources.iter().all(|(_, ty)| *ty == sources[0].1)) else {
        return false;
    };
    let Some(&(_, ty)) = sources.first() else { return false };
    let border = match op.attr("value").filter(|_| op.is("afp.pad")) {
        None => None,
        Some(value) => match exact_code(value, ty) {
            Some(code) => Some(Attr::int(op.ctx(), 32, i64::from(code))),
            None => return false,
        },
    };
    let (name, attrs, real) = (op.name(), op.attrs(), op.result(0).ty());
    let mut spec = OpSpec::new(&name).operands(sources.iter().map(|(value, _)| *value));
    for (key, value) in attrs.iter().filter(|(key, _)| key != "value") {
        spec = spec.attr(key, *value);
    }
    let builder = Builder::before(op);
    let moved = builder
        .value(op.loc(), spec.attr_opt("value", border).result(real.with_element(ty.to_mlir(op.ctx()))));
    let dequantized = builder.value(op.loc(), OpSpec::new("afp.dequantize").operands([moved]).result(real));
    op.result(0).replace_all_uses_with(dequantized);
    true
}

/// The code of a real number, if it is exactly a value of the type.
fn exact_code(value: Attr, ty: FloatType) -> Option<u16> {
    let (real, exp) = (value.as_f64()? as f32, ty.exp.fixed()?);
    decompose_f32(real)?;
    let code = encode_f32(real, ty.format, exp, Rounding::HalfUp);
    // Bit for bit: the zero of a type is the positive one.
    (dyadic_to_f32(ty.format.decode(code), exp).to_bits() == real.to_bits()).then_some(code)
}

/// `quantize(concat(a, b))` becomes `concat(quantize(a), quantize(b))`.
///
/// *Condition*: the quantize is the only use of the concat and has no channel exponents, and its type
/// a static scale exponent; quantize then acts on each element alone. It pays only where an operand was dequantized.
pub(super) fn hoist(op: Op) -> bool {
    if !op.is("afp.quantize") || view::channel_exp(op).is_some() {
        return false;
    }
    if FloatType::of(op.result(0).ty()).is_none_or(|ty| ty.exp.fixed().is_none()) {
        return false;
    }
    let Some(concat) = op.operand(0).def_as("afp.concat").filter(|_| op.operand(0).has_one_use()) else {
        return false;
    };
    if !concat.operands().into_iter().any(|v| lossless_source(v).is_some()) {
        return false;
    }
    let (builder, ty) = (Builder::before(op), op.result(0).ty());
    let operands: Vec<Value> = concat
        .operands()
        .into_iter()
        .map(|value| {
            let spec = OpSpec::new("afp.quantize").operands([value]).attr_opt("round", op.attr("round"));
            builder.value(op.loc(), spec.result(value.ty().with_element(ty.element())))
        })
        .collect();
    let attrs = concat.attrs();
    let mut spec = OpSpec::new("afp.concat").operands(operands);
    for (key, value) in &attrs {
        spec = spec.attr(key, *value);
    }
    let moved = builder.value(concat.loc(), spec.result(ty));
    op.result(0).replace_all_uses_with(moved);
    true
}
