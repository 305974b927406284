//! The `afp` dialect.

use super::{Loaded, Scope, pool_windows, result_shape, size, sizes, unsupported, unsupported_form, windows};
use crate::{
    diag::Diagnostic,
    dialect::{
        Element, FloatType, shape,
        verify::Violation,
        view::{self, Conv, Pool, Slice},
    },
    interp::{
        exec::{
            add::Add,
            contract::{Geometry, WeightLayout},
            elementwise::{NanMode, Unary},
            encode::{
                ChannelExponents, Dequantize, Divisors, EncodeCodes, EncodeReal, QuantizeCodes,
                QuantizeExact, Target,
            },
            linear::{Contraction, Filters, Matmul, RealResult},
            movement::{Border, Concat, Pad, Reshape, View},
            pool::{MaxPool, SumPool, Windows},
            reduce::Dimension,
            softmax::{SoftmaxCodes, SoftmaxReal},
            table::Table,
        },
        tensor::{Data, Tensor},
    },
    mlir::{Attr, Op, Value},
    numerics::{Code, Function},
};

/// Reads an operation of the dialect; `name` is what follows `afp.`.
pub fn load(scope: &Scope, op: Op, name: &str) -> Result<Loaded, Diagnostic> {
    match name {
        "constant" => constant(op).map(Loaded::Constant),
        "quantize" => quantize(op),
        "dequantize" => dequantize(op),
        "encode" => encode(op),
        "conv2d" | "depthwise_conv2d" => convolution(scope, op),
        "fully_connected" => fully_connected(scope, op),
        "matmul" => matmul(op),
        "add" => add(op),
        "sum_pool2d" => {
            let windows = pool(op)?;
            Ok(Loaded::step(SumPool(windows), op.operands()))
        }
        "max_pool2d" => {
            let kernel = MaxPool { windows: pool(op)?, nan: NanMode::Propagate };
            Ok(Loaded::step(kernel, op.operands()))
        }
        "table" => table(op),
        "softmax" => softmax(op),
        "concat" => concat(op),
        "reshape" => reshape(op),
        "transpose" => transpose(op),
        "slice" => slice(op),
        "pad" => pad(op),
        _ => Err(unsupported(op)),
    }
}

/// A rule that the verifier has checked already; it can be broken only by an operation that was never
/// verified.
impl From<Violation> for Diagnostic {
    fn from(violation: Violation) -> Self {
        Self::error(violation.rule, "the operation breaks a rule of the dialect")
            .expected(violation.expected)
            .found(violation.found)
    }
}

/// The type of a coded value.
fn float_type(value: Value) -> Result<FloatType, Diagnostic> {
    FloatType::of(value.ty()).ok_or_else(|| unsupported_form("a value of !afp.float", value.ty().to_string()))
}

/// The type of a coded value, and its exponent, which is static.
fn target(value: Value) -> Result<Target, Diagnostic> {
    let ty = float_type(value)?;
    let exp = ty.exp.fixed();
    let exp = exp.ok_or_else(|| unsupported_form("a static scale exponent", ty.to_string()))?;
    Ok(Target { ty, exp })
}

/// `channel_exp`, or zero for all.
fn channel_exp(op: Op) -> Vec<i32> {
    view::channel_exp(op).filter(|exps| !exps.is_empty()).unwrap_or_else(|| vec![0])
}

fn channel_exponents(op: Op) -> Result<ChannelExponents, Diagnostic> {
    Ok(ChannelExponents { exps: channel_exp(op), axis: size(view::axis(op))? })
}

/// The payload of `afp.constant` (rules K1 to K5).
fn constant(op: Op) -> Result<Tensor, Diagnostic> {
    let shape = sizes(op.result(0))?;
    let payload = op.attr("value").and_then(|value| value.elements_i64());
    let values = payload.ok_or_else(|| unsupported_form("a payload in 'value'", op.to_string()))?;
    let data = match Element::of(op.result(0).ty()) {
        Element::Float(ty) => Data::Codes { ty, codes: stored_codes(ty, &values) },
        _ => {
            if let Some(index) = values.iter().position(|&n| n == i64::MIN) {
                let error = crate::interp::tensor::too_wide("an exact constant");
                return Err(error.found(format!("-2^63 at element {index}")));
            }
            Data::Exact { mantissa: values, exp: channel_exp(op) }
        }
    };
    let tensor = Tensor { shape, data };
    if tensor.is_consistent() {
        Ok(tensor)
    } else {
        Err(unsupported_form(
            "a payload of as many elements as the result has",
            op.result(0).ty().to_string(),
        ))
    }
}

/// Codes from the integers that store them: the low bits (rule K2).
fn stored_codes(ty: FloatType, stored: &[i64]) -> Vec<Code> {
    stored.iter().map(|&code| ty.stored_code(code)).collect()
}

fn quantize(op: Op) -> Result<Loaded, Diagnostic> {
    let (channels, rounding) = (channel_exponents(op)?, view::rounding(op)?);
    Ok(match Element::of(op.result(0).ty()) {
        Element::Exact => Loaded::step(QuantizeExact { channels, rounding }, op.operands()),
        _ => {
            let kernel = QuantizeCodes { ty: float_type(op.result(0))?, channels, rounding };
            Loaded::step(kernel, op.operands())
        }
    })
}

fn dequantize(op: Op) -> Result<Loaded, Diagnostic> {
    Ok(Loaded::step(Dequantize { channels: channel_exponents(op)? }, op.operands()))
}

fn encode(op: Op) -> Result<Loaded, Diagnostic> {
    let positive = |d: i64| u64::try_from(d).unwrap_or(0).max(1);
    let divisors = view::divisors(op).into_iter().map(positive).collect::<Vec<u64>>();
    let divisors = Divisors(if divisors.is_empty() { vec![1] } else { divisors });
    Ok(match Element::of(op.result(0).ty()) {
        Element::Float(_) => {
            let codes = |name| {
                let codes = op.attr(name).and_then(Attr::as_i32s)?;
                Some(codes.into_iter().map(|code| code as Code).collect())
            };
            let kernel = EncodeCodes {
                ty: float_type(op.result(0))?,
                lo: codes("lo"),
                hi: codes("hi"),
                divisors,
                rounding: view::rounding(op)?,
            };
            Loaded::step(kernel, op.operands())
        }
        _ => {
            let values = |name| op.attr(name).and_then(Attr::as_f32s);
            Loaded::step(EncodeReal { lo: values("lo"), hi: values("hi"), divisors }, op.operands())
        }
    })
}

fn convolution(scope: &Scope, op: Op) -> Result<Loaded, Diagnostic> {
    let conv = Conv::of(op)?;
    let (input, weight) = (sizes(op.operand(0))?, sizes(op.operand(1))?);
    let filters = filters(&input, &weight, &conv)?;
    contraction(scope, op, filters, view::bias(op), channel_exp(op), RealResult::Wide)
}

/// How the weights of `conv2d`, `depthwise_conv2d` or `fully_connected` meet the input.
///
/// # Errors
/// AFP0401 for another operator, AFP0402 for sizes that do not fit each other.
pub fn filters_of(op: Op) -> Result<Filters, Diagnostic> {
    let (input, weight) = (sizes(op.operand(0))?, sizes(op.operand(1))?);
    if op.is("afp.fully_connected") {
        return matrix(op, &input, &weight);
    }
    if !view::is_weighted(op) {
        return Err(unsupported(op));
    }
    Ok(match filters(&input, &weight, &Conv::of(op)?)? {
        Filters::Full(geometry, layout) => Filters::Full(geometry.flattened(), layout),
        depthwise => depthwise,
    })
}

/// How weights OHWI (or HWCM) meet an NHWC input.
pub(super) fn filters(input: &[usize], weight: &[usize], conv: &Conv) -> Result<Filters, Diagnostic> {
    let mismatch = || {
        unsupported_form(
            "weights whose channels are those of the input",
            format!("an input {input:?} and weights {weight:?}"),
        )
    };
    let &[_, _, _, depth] = input else { return Err(mismatch()) };
    let &[first, second, third, fourth] = weight else { return Err(mismatch()) };
    if conv.depthwise {
        let channels = third.checked_mul(fourth).ok_or_else(mismatch)?;
        let geometry = windows(input, [first, second], channels, conv)?;
        return if third == depth { Ok(Filters::Depthwise(geometry)) } else { Err(mismatch()) };
    }
    let geometry = windows(input, [second, third], first, conv)?;
    let groups = geometry.groups;
    if depth % groups != 0 || first % groups != 0 || depth / groups != fourth {
        return Err(mismatch());
    }
    let layout = WeightLayout { output: second * third * fourth, tap: fourth, input: 1 };
    Ok(Filters::Full(geometry, layout))
}

/// A contraction of operands 0 and 1, with its weights laid out if they are constant.
pub(super) fn contraction(
    scope: &Scope,
    op: Op,
    filters: Filters,
    bias: Option<Value>,
    channel_exp: Vec<i32>,
    real: RealResult,
) -> Result<Loaded, Diagnostic> {
    let shape = match &filters {
        Filters::Full(geometry, _) | Filters::Depthwise(geometry) => {
            let full = geometry.shape();
            if op.result(0).ty().shape().is_some_and(|declared| declared.len() == 4) {
                full
            } else {
                let [.., rows, channels] = full[..] else { return Err(unsupported(op)) };
                vec![rows, channels]
            }
        }
    };
    let shape = result_shape(op, shape)?;
    let filters = match filters {
        Filters::Full(geometry, layout) => Filters::Full(geometry.flattened(), layout),
        depthwise => depthwise,
    };
    let format = FloatType::of(op.operand(0).ty()).map(|ty| ty.format);
    let constant = match scope.constants.get(&op.operand(1)) {
        Some(weights) => Some(filters.prepare(weights, format)?),
        None => None,
    };
    let mut operands = vec![op.operand(0)];
    if constant.is_none() {
        operands.push(op.operand(1));
    }
    operands.extend(bias);
    let kernel = Contraction { filters, constant, has_bias: bias.is_some(), channel_exp, shape, real };
    Ok(Loaded::step(kernel, operands))
}

fn fully_connected(scope: &Scope, op: Op) -> Result<Loaded, Diagnostic> {
    let (input, weight) = (sizes(op.operand(0))?, sizes(op.operand(1))?);
    contraction(scope, op, matrix(op, &input, &weight)?, view::bias(op), channel_exp(op), RealResult::Wide)
}

/// How weights `[O, I]` meet an input `[N, I]`.
fn matrix(op: Op, input: &[usize], weight: &[usize]) -> Result<Filters, Diagnostic> {
    let (&[rows, from], &[to, inputs]) = (input, weight) else { return Err(unsupported(op)) };
    if from != inputs {
        return Err(unsupported_form(&format!("weights [O, {from}]"), format!("{weight:?}")));
    }
    let layout = WeightLayout { output: from, tap: 0, input: 1 };
    Ok(Filters::Full(Geometry::matrix(rows, from, to), layout))
}

fn matmul(op: Op) -> Result<Loaded, Diagnostic> {
    let sizes = matmul_sizes(op)?;
    Ok(Loaded::step(Matmul { sizes, real: RealResult::Wide }, op.operands()))
}

/// Batch, m, k and n of a matrix product.
pub(super) fn matmul_sizes(op: Op) -> Result<[usize; 4], Diagnostic> {
    let (lhs, rhs) = (sizes(op.operand(0))?, sizes(op.operand(1))?);
    match (&lhs[..], &rhs[..]) {
        (&[batch, m, k], &[other, inner, n]) if batch == other && k == inner => {
            result_shape(op, vec![batch, m, n])?;
            Ok([batch, m, k, n])
        }
        _ => Err(unsupported_form("operands [B, M, K] and [B, K, N]", format!("{lhs:?} and {rhs:?}"))),
    }
}

/// The shape of the element-wise result of two operands.
pub(super) fn repeated_shape(op: Op, values: &[Value]) -> Result<Vec<usize>, Diagnostic> {
    let mut joined: Option<Vec<i64>> = None;
    for value in values {
        sizes(*value)?;
        let shape = value.ty().shape().unwrap_or_default();
        joined = Some(match joined {
            None => shape,
            Some(joined) => shape::broadcast(&joined, &shape).ok_or_else(|| {
                unsupported_form(
                    "operands of one rank whose sizes are equal or 1",
                    format!("{joined:?} and {shape:?}"),
                )
            })?,
        });
    }
    let expected = joined.unwrap_or_default().into_iter().map(size).collect::<Result<_, _>>()?;
    result_shape(op, expected)
}

fn add(op: Op) -> Result<Loaded, Diagnostic> {
    Ok(Loaded::step(Add { shape: repeated_shape(op, &op.operands())? }, op.operands()))
}

fn pool(op: Op) -> Result<Windows, Diagnostic> {
    let geometry = pool_windows(&sizes(op.operand(0))?, &Pool::of(op)?)?;
    result_shape(op, geometry.shape())?;
    Ok(Windows(geometry))
}

fn table(op: Op) -> Result<Loaded, Diagnostic> {
    let name = op.attr("function").and_then(Attr::as_string).unwrap_or_default();
    let function: Function = name
        .parse()
        .map_err(|()| unsupported_form("the name of a function in 'function'", format!("'{name}'")))?;
    result_shape(op, sizes(op.operand(0))?)?;
    if Element::of(op.operand(0).ty()) == Element::Real {
        let kernel = Unary(move |x| function.evaluate(f64::from(x)) as f32);
        return Ok(Loaded::step(kernel, op.operands()));
    }
    let (from, to) = (target(op.operand(0))?, target(op.result(0))?);
    let entries = match op.attr("values") {
        Some(values) => {
            let stored = values.elements_i64();
            stored_codes(
                to.ty,
                &stored.ok_or_else(|| unsupported_form("entries in 'values'", op.to_string()))?,
            )
        }
        None => function.table(from.ty.format, from.exp, to.ty.format, to.exp),
    };
    Ok(Loaded::step(Table { entries, ty: to.ty }, op.operands()))
}

/// A dimension named by an attribute.
pub(super) fn axis(op: Op, rank: usize) -> Result<usize, Diagnostic> {
    let axis = size(view::axis(op))?;
    if axis < rank {
        Ok(axis)
    } else {
        Err(unsupported_form(&format!("'axis' below {rank}"), axis.to_string()))
    }
}

fn softmax(op: Op) -> Result<Loaded, Diagnostic> {
    let shape = result_shape(op, sizes(op.operand(0))?)?;
    let dimension = Dimension::of(&shape, axis(op, shape.len())?);
    Ok(match Element::of(op.operand(0).ty()) {
        Element::Real => Loaded::step(SoftmaxReal(dimension), op.operands()),
        _ => {
            let (exp, target) = (target(op.operand(0))?.exp, target(op.result(0))?);
            Loaded::step(SoftmaxCodes { dimension, exp, target }, op.operands())
        }
    })
}

pub(super) fn concat(op: Op) -> Result<Loaded, Diagnostic> {
    let shapes = op.operands().into_iter().map(sizes).collect::<Result<Vec<_>, _>>()?;
    let Some((first, others)) = shapes.split_first() else { return Err(unsupported(op)) };
    let (mut shape, axis) = (first.clone(), axis(op, first.len())?);
    for other in others {
        let fits = other.len() == shape.len() && (0..shape.len()).all(|d| d == axis || other[d] == shape[d]);
        let sum = if fits { shape[axis].checked_add(other[axis]) } else { None };
        shape[axis] = sum.ok_or_else(|| {
            unsupported_form(
                &format!("operands that differ in dimension {axis} alone"),
                format!("{first:?} and {other:?}"),
            )
        })?;
    }
    Ok(Loaded::step(Concat { axis, shape: result_shape(op, shape)? }, op.operands()))
}

/// `reshape` of both dialects: the result's type says it all.
pub(super) fn reshape(op: Op) -> Result<Loaded, Diagnostic> {
    let (from, shape) = (sizes(op.operand(0))?, sizes(op.result(0))?);
    let count = |sizes: &[usize]| sizes.iter().try_fold(1usize, |n, &size| n.checked_mul(size));
    if count(&from) == count(&shape) {
        return Ok(Loaded::step(Reshape { shape }, [op.operand(0)]));
    }
    Err(unsupported_form("as many elements as the operand has", format!("{from:?} to {shape:?}")))
}

fn transpose(op: Op) -> Result<Loaded, Diagnostic> {
    permuted(op, &view::dims(op, "perm"))
}

/// Dimension `i` of the result is dimension `perm[i]` of operand 0.
pub(super) fn permuted(op: Op, perm: &[i64]) -> Result<Loaded, Diagnostic> {
    let from = sizes(op.operand(0))?;
    let mut sorted = perm.to_vec();
    sorted.sort_unstable();
    if !sorted.iter().copied().eq(0..from.len() as i64) {
        let expected = format!("a permutation of {} dimensions", from.len());
        return Err(unsupported_form(&expected, format!("{perm:?}")));
    }
    let perm = perm.iter().map(|&d| size(d)).collect::<Result<Vec<_>, _>>()?;
    let view = View::transpose(&from, &perm);
    result_shape(op, view.shape.clone())?;
    Ok(Loaded::step(view, [op.operand(0)]))
}

fn slice(op: Op) -> Result<Loaded, Diagnostic> {
    let Slice { start, stride } = Slice::of(op);
    boxed(op, &start, &stride)
}

/// Element `i` of the result is element `start + i * stride` of operand 0.
pub(super) fn boxed(op: Op, start: &[i64], stride: &[i64]) -> Result<Loaded, Diagnostic> {
    let (from, shape) = (sizes(op.operand(0))?, sizes(op.result(0))?);
    let rank = from.len();
    let inside = start.len() == rank
        && stride.len() == rank
        && shape.len() == rank
        && (0..rank).all(|d| shape[d] as i64 <= shape::slice_limit(from[d] as i64, start[d], stride[d]));
    if !inside {
        return Err(unsupported_form("a box inside the operand", format!("{shape:?} from {start:?}")));
    }
    let start = start.iter().map(|&n| size(n)).collect::<Result<Vec<_>, _>>()?;
    let stride = stride.iter().map(|&n| size(n)).collect::<Result<Vec<_>, _>>()?;
    Ok(Loaded::step(View::slice(&from, &start, &stride, &shape), [op.operand(0)]))
}

fn pad(op: Op) -> Result<Loaded, Diagnostic> {
    let border = match (Element::of(op.result(0).ty()), op.attr("value")) {
        (_, None) => Border::Zero,
        (Element::Real, Some(value)) => Border::Real(value.as_f64().unwrap_or(0.0) as f32),
        (_, Some(value)) => Border::Code(value.as_int().unwrap_or(0) as Code),
    };
    padded(op, &view::dims(op, "low"), &view::dims(op, "high"), border)
}

/// `low` and `high` elements around operand 0.
pub(super) fn padded(op: Op, low: &[i64], high: &[i64], border: Border) -> Result<Loaded, Diagnostic> {
    let from = sizes(op.operand(0))?;
    if low.len() != from.len() || high.len() != from.len() {
        return Err(unsupported_form("two widths per dimension", format!("{low:?} and {high:?}")));
    }
    let low = low.iter().map(|&n| size(n)).collect::<Result<Vec<_>, _>>()?;
    let high = high.iter().map(|&n| size(n)).collect::<Result<Vec<_>, _>>()?;
    let sum = |d: usize| from[d].checked_add(low[d])?.checked_add(high[d]);
    let shape: Option<Vec<usize>> = (0..from.len()).map(sum).collect();
    let shape = shape.ok_or_else(|| unsupported_form("sizes that are numbers", format!("{low:?}")))?;
    Ok(Loaded::step(Pad { low, border, shape: result_shape(op, shape)? }, [op.operand(0)]))
}
