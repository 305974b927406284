//! Operators that move elements, between dequantize and quantize.

use afp_ir::{
    dialect::{Element, FloatType, view},
    mlir::{Attr, Builder, Op, OpSpec, Value},
    numerics::{Rounding, decompose_f32, dyadic_to_f32, encode_f32},
};

use super::{Numbers, dequantized};

/// Values that are looked through to find where real numbers come from.
const MOST_VALUES: usize = 256;

/// `move(dequantize(x))` becomes `dequantize(move(x))`.
///
/// *Condition*: all operands are dequantized from one type, and a concat from a static one: else each
/// operand has an exponent of its own. Dequantize acts on each element alone, so it commutes with reshape,
/// transpose, slice and concat. It is increasing, so it commutes with the maximum of a max-pool. For a
/// pad, a code must be dequantized to the border's value; that of zero always is to zero.
pub(super) fn sink(op: Op, numbers: Numbers) -> bool {
    if !view::is_movement(op) || Element::of(op.result(0).ty()) != Element::Real {
        return false;
    }
    let sources: Option<Vec<(Value, FloatType)>> = op.operands().into_iter().map(dequantized).collect();
    let Some(sources) = sources.filter(|sources| sources.iter().all(|(_, ty)| *ty == sources[0].1)) else {
        return false;
    };
    let Some(&(_, ty)) = sources.first() else { return false };
    let split = op.is("afp.concat") && ty.exp.fixed().is_none();
    if split || (numbers == Numbers::BeyondF32 && !numbers.keep(ty)) {
        return false;
    }
    let border = match op.attr("value").filter(|_| op.is("afp.pad")) {
        None => None,
        Some(value) => match exact_code(value, ty) {
            Some(code) => Some(Attr::int(op.ctx(), 32, i64::from(code))),
            None => return false,
        },
    };
    let real = op.result(0).ty();
    let sources: Vec<Value> = sources.into_iter().map(|(value, _)| value).collect();
    let moved = moved(op, &sources, border);
    let loc = op.operand(0).def().map_or_else(|| op.loc(), Op::loc);
    let dequantized =
        Builder::before(op).value(loc, OpSpec::new("afp.dequantize").operands([moved]).result(real));
    op.result(0).replace_all_uses_with(dequantized);
    true
}

/// The code of a real number, if dequantize gives exactly that.
fn exact_code(value: Attr, ty: FloatType) -> Option<u16> {
    let (real, exp) = (value.as_f64()? as f32, ty.exp.fixed()?);
    decompose_f32(real)?;
    let code = encode_f32(real, ty.format, exp, Rounding::HalfUp);
    // Bit for bit: the zero of a type is the positive one.
    (dyadic_to_f32(ty.format.decode(code), exp).to_bits() == real.to_bits()).then_some(code)
}

/// The same movement of other operands, before `op`, with another border.
pub(super) fn moved(op: Op, operands: &[Value], border: Option<Attr>) -> Value {
    moved_by(Builder::before(op), op, operands, border)
}

/// The same, elsewhere.
pub(super) fn moved_by(builder: Builder, op: Op, operands: &[Value], border: Option<Attr>) -> Value {
    let (name, attrs) = (op.name(), op.attrs());
    let mut spec = OpSpec::new(&name).operands(operands.iter().copied());
    for (key, value) in attrs.iter().filter(|(key, _)| key != "value") {
        spec = spec.attr(key, *value);
    }
    let ty = op.result(0).ty().with_element(operands[0].ty().element());
    builder.value(op.loc(), spec.attr_opt("value", border).result(ty))
}

/// `quantize(move(a, b))` becomes `move(quantize(a), quantize(b))`.
///
/// *Condition*: nothing but such quantizes reads what is moved; they have no channel exponents and a static
/// type: then quantize acts on each element alone. It is increasing on numbers, so it commutes with a
/// max-pool of what codes are worth, where no NaN is. A pad's border becomes its code. It pays only where an
/// operand comes from codes.
pub(super) fn hoist(op: Op, numbers: Numbers) -> bool {
    let elementwise = |op: Op| {
        let quantize = op.is("afp.quantize") && view::channel_exp(op).is_none();
        quantize && FloatType::of(op.result(0).ty()).is_some_and(|ty| ty.exp.fixed().is_some())
    };
    if !elementwise(op) {
        return false;
    }
    let Some(movement) = op.operand(0).def().filter(|def| view::is_movement(*def)) else { return false };
    let from_codes = |value: Value, numbers| comes_from_codes(value, numbers, &mut { MOST_VALUES });
    let operands = movement.operands();
    let pays = operands.iter().any(|&value| from_codes(value, numbers));
    let numbers_alone =
        !movement.is("afp.max_pool2d") || operands.iter().all(|&value| from_codes(value, Numbers::InF32));
    if !pays || !numbers_alone || !op.operand(0).uses().into_iter().all(|(user, _)| elementwise(user)) {
        return false;
    }
    let (Some(ty), Ok(rounding)) = (FloatType::of(op.result(0).ty()), view::rounding(op)) else {
        return false;
    };
    let border = match movement.attr("value").filter(|_| movement.is("afp.pad")) {
        None => None,
        Some(value) => {
            let (Some(real), Some(exp)) = (value.as_f64(), ty.exp.fixed()) else { return false };
            let code = encode_f32(real as f32, ty.format, exp, rounding);
            Some(Attr::int(op.ctx(), 32, i64::from(code)))
        }
    };
    let (builder, element) = (Builder::before(op), op.result(0).ty().element());
    let quantized: Vec<Value> = operands
        .into_iter()
        .map(|value| {
            let spec = OpSpec::new("afp.quantize").operands([value]).attr_opt("round", op.attr("round"));
            builder.value(op.loc(), spec.result(value.ty().with_element(element)))
        })
        .collect();
    op.result(0).replace_all_uses_with(moved_by(builder, movement, &quantized, border));
    true
}

/// Whether real numbers are codes that were dequantized and moved.
fn comes_from_codes(value: Value, numbers: Numbers, budget: &mut usize) -> bool {
    let Some(op) = value.def().filter(|_| *budget > 0) else { return false };
    *budget -= 1;
    match dequantized(value) {
        Some((_, ty)) => numbers == Numbers::InF32 || numbers.keep(ty),
        None => {
            view::is_movement(op) && op.operands().into_iter().all(|v| comes_from_codes(v, numbers, budget))
        }
    }
}
