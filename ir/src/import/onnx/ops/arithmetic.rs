//! Operators that work element by element, batch normalization and softmax.

use super::single;
use crate::import::{
    onnx::{
        constant::Elements,
        forms::{Form, axis_in},
        graph::{Graph, Id, Output, Outputs},
        node::{self, Node},
        problem::Problem,
    },
    tosa::{self, Built, Tosa},
};
use crate::mlir::Value;

/// A binary operator in its three meanings: on values, on constants, on integers (none if it overflows).
struct Binary {
    tosa: fn(&mut Tosa, Value, Value) -> Built,
    real: fn(f32, f32) -> f32,
    int: fn(i64, i64) -> Option<i64>,
}

const ADD: Binary =
    Binary { tosa: |t, a, b| t.binary("tosa.add", a, b), real: |a, b| a + b, int: i64::checked_add };
const SUB: Binary =
    Binary { tosa: |t, a, b| t.binary("tosa.sub", a, b), real: |a, b| a - b, int: i64::checked_sub };
const MUL: Binary = Binary { tosa: Tosa::mul, real: |a, b| a * b, int: i64::checked_mul };
const DIV: Binary = Binary { tosa: divide, real: |a, b| a / b, int: i64::checked_div };
const MAX: Binary =
    Binary { tosa: |t, a, b| t.binary("tosa.maximum", a, b), real: f32::max, int: |a, b| Some(a.max(b)) };
const MIN: Binary =
    Binary { tosa: |t, a, b| t.binary("tosa.minimum", a, b), real: f32::min, int: |a, b| Some(a.min(b)) };

fn divide(t: &mut Tosa, a: Value, b: Value) -> Built {
    let inverse = t.unary("tosa.reciprocal", b)?;
    t.mul(a, inverse)
}

/// Add.
pub fn add(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    binary(g, node, &ADD)
}

/// Sub.
pub fn sub(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    binary(g, node, &SUB)
}

/// Mul.
pub fn mul(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    binary(g, node, &MUL)
}

/// Div. A constant divisor becomes a factor.
pub fn div(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let (a, b) = (g.operand(node, 0)?, g.operand(node, 1)?);
    let Some(divisor) = g.floats(b).filter(|_| g.elements(a).is_none()) else { return binary(g, node, &DIV) };
    let inverse: Vec<f32> = divisor.iter().map(|value| (1.0 / f64::from(*value)) as f32).collect();
    if let Some(at) = inverse.iter().position(|value| !value.is_finite()) {
        return Err(Problem::unsupported("a constant divisor")
            .expected("numbers with a finite reciprocal")
            .found(format!("{} in {}", divisor[at], g.describe(b))));
    }
    let (name, shape) = (g.name(b).to_owned(), g.shape(b));
    let factor = g.add_constant(&name, &shape, Elements::floats(inverse));
    single(g.zip(a, factor, Tosa::mul))
}

/// Max.
pub fn max(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    chain(g, node, &MAX)
}

/// Min.
pub fn min(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    chain(g, node, &MIN)
}

/// Sum: additions from left to right.
pub fn sum(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    chain(g, node, &ADD)
}

fn chain(g: &mut Graph<'_>, node: &Node<'_>, op: &Binary) -> Outputs {
    let operands = g.operands(node)?;
    let mut result = Output::Same(operands[0]);
    for operand in &operands[1..] {
        let so_far = g.hold(result);
        result = combine(g, so_far, *operand, op)?;
    }
    Ok(vec![result])
}

fn binary(g: &mut Graph<'_>, node: &Node<'_>, op: &Binary) -> Outputs {
    let (a, b) = (g.operand(node, 0)?, g.operand(node, 1)?);
    single(combine(g, a, b, op))
}

fn combine(g: &mut Graph<'_>, a: Id, b: Id, op: &Binary) -> Result<Output, Problem> {
    let shape = tosa::broadcast(&g.shape(a), &g.shape(b))?;
    match (g.elements(a), g.elements(b)) {
        (Some(Elements::Floats(x)), Some(Elements::Floats(y))) => {
            let pairs = pairs(g, a, b, &shape)?;
            Ok(Output::Constant(shape, Elements::floats(pairs.map(|(i, j)| (op.real)(x[i], y[j])).collect())))
        }
        (Some(Elements::Ints(x)), Some(Elements::Ints(y))) => {
            let values: Option<Vec<i64>> =
                pairs(g, a, b, &shape)?.map(|(i, j)| (op.int)(x[i], y[j])).collect();
            let values = values.ok_or_else(|| {
                Problem::malformed("arithmetic on constants")
                    .expected("results within 64 bits")
                    .found("an overflow or a division by zero")
            })?;
            Ok(Output::Constant(shape, Elements::ints(values)))
        }
        _ => g.zip(a, b, op.tosa),
    }
}

/// For every element of `shape`, the positions in two constants that are repeated to fit it.
fn pairs(
    g: &mut Graph<'_>,
    a: Id,
    b: Id,
    shape: &[i64],
) -> Result<impl Iterator<Item = (usize, usize)> + use<>, Problem> {
    let count = shape.iter().try_fold(1i64, |count, size| count.checked_mul(*size)).unwrap_or(i64::MAX);
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    g.charge(count)?;
    let (x, y) = (positions(&g.shape(a), shape), positions(&g.shape(b), shape));
    Ok((0..count).map(move |at| (x(at), y(at))))
}

/// Position in a tensor of shape `own` of element `at` of a tensor of shape `to` that it is repeated to.
fn positions(own: &[i64], to: &[i64]) -> impl Fn(usize) -> usize + use<> {
    let skip = to.len().saturating_sub(own.len());
    let mut stride = 1usize;
    let mut steps: Vec<(usize, usize)> = Vec::new();
    for dim in (0..to.len()).rev() {
        let size = dim.checked_sub(skip).map_or(1, |at| own[at]) as usize;
        steps.push((to[dim] as usize, if size == 1 { 0 } else { stride }));
        stride *= size;
    }
    move |mut at| {
        let mut position = 0;
        for (size, stride) in &steps {
            position += at % size * stride;
            at /= size;
        }
        position
    }
}

/// Applies a function of one operand, on values or on a constant.
fn unary(
    g: &mut Graph<'_>,
    node: &Node<'_>,
    tosa: impl FnOnce(&mut Tosa, Value) -> Built,
    real: impl Fn(f32) -> f32,
) -> Outputs {
    let x = g.operand(node, 0)?;
    if let Some(values) = g.floats(x) {
        g.charge(values.len())?;
        let values = values.iter().map(|value| real(*value)).collect();
        return Ok(vec![Output::Constant(g.shape(x), Elements::floats(values))]);
    }
    single(g.map(x, tosa))
}

/// Relu.
pub fn relu(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    unary(g, node, |t, x| t.clamp(x, 0.0, f32::INFINITY), |x| x.max(0.0))
}

/// Clip: limits are attributes before operator set 11, inputs since.
pub fn clip(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let mut limits = [f32::NEG_INFINITY, f32::INFINITY];
    for (index, name) in ["min", "max"].into_iter().enumerate() {
        if let Some(value) = node.float(name)? {
            limits[index] = value;
        } else if let Some(id) = g.optional(node, index + 1) {
            limits[index] = scalar(g, id, &format!("input '{name}'"))?;
        }
    }
    if limits.iter().any(|limit| limit.is_nan()) {
        return Err(Problem::malformed("limits").expected("numbers").found("NaN"));
    }
    // Where the limits are in the wrong order, ONNX says min(max(x, low), high).
    let (low, high) = (limits[0].min(limits[1]), limits[1]);
    unary(g, node, |t, x| t.clamp(x, low, high), |x| x.max(low).min(high))
}

/// One constant number.
pub(super) fn scalar(g: &Graph<'_>, id: Id, what: &str) -> Result<f32, Problem> {
    match g.floats(id) {
        Some(values) if values.len() == 1 => Ok(values[0]),
        _ => Err(Problem::unsupported(what).expected("one constant float").found(g.describe(id))),
    }
}

/// Sigmoid.
pub fn sigmoid(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let x = g.operand(node, 0)?;
    single(g.map(x, |t, x| t.unary("tosa.sigmoid", x)))
}

/// Tanh.
pub fn tanh(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let x = g.operand(node, 0)?;
    single(g.map(x, |t, x| t.unary("tosa.tanh", x)))
}

/// Exp.
pub fn exp(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let x = g.operand(node, 0)?;
    single(g.map(x, |t, x| t.unary("tosa.exp", x)))
}

/// Log.
pub fn log(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let x = g.operand(node, 0)?;
    single(g.map(x, |t, x| t.unary("tosa.log", x)))
}

/// Erf.
pub fn erf(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let x = g.operand(node, 0)?;
    single(g.map(x, |t, x| t.unary("tosa.erf", x)))
}

/// Abs.
pub fn abs(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    unary(g, node, |t, x| t.unary("tosa.abs", x), f32::abs)
}

/// Reciprocal.
pub fn reciprocal(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    unary(g, node, |t, x| t.unary("tosa.reciprocal", x), |x| 1.0 / x)
}

/// Neg.
pub fn neg(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    unary(g, node, |t, x| t.scale(x, -1.0), |x| -x)
}

/// Sqrt: the reciprocal of the reciprocal square root.
pub fn sqrt(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let on_values = |t: &mut Tosa, x| {
        let inverse = t.unary("tosa.rsqrt", x)?;
        t.unary("tosa.reciprocal", inverse)
    };
    unary(g, node, on_values, f32::sqrt)
}

/// LeakyRelu: `max(x, alpha * x)` for `alpha <= 1`.
pub fn leaky_relu(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let alpha = node.finite("alpha", 0.01)?;
    let pick = if alpha <= 1.0 { "tosa.maximum" } else { "tosa.minimum" };
    let x = g.operand(node, 0)?;
    single(g.map(x, |t, x| {
        let scaled = t.scale(x, alpha)?;
        t.binary(pick, x, scaled)
    }))
}

/// `clamp(alpha * x + beta, 0, 1)`.
fn hard_gate(t: &mut Tosa, x: Value, alpha: f32, beta: f32) -> Built {
    let scaled = t.scale(x, alpha)?;
    let moved = t.offset(scaled, beta)?;
    t.clamp(moved, 0.0, 1.0)
}

/// HardSigmoid.
pub fn hard_sigmoid(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let (alpha, beta) = (node.finite("alpha", 0.2)?, node.finite("beta", 0.5)?);
    let x = g.operand(node, 0)?;
    single(g.map(x, |t, x| hard_gate(t, x, alpha, beta)))
}

/// HardSwish: `x * clamp(x / 6 + 1 / 2, 0, 1)`.
pub fn hard_swish(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let x = g.operand(node, 0)?;
    single(g.map(x, |t, x| {
        let gate = hard_gate(t, x, 1.0 / 6.0, 0.5)?;
        t.mul(x, gate)
    }))
}

/// BatchNormalization: a factor `gamma / sqrt(var + eps)` and a summand `beta - mean * factor` per
/// channel, computed in f64.
pub fn batch_normalization(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    if node.flag("training_mode", false)? {
        return Err(Problem::unsupported("attribute 'training_mode'")
            .expected("0")
            .found("1")
            .help("export the model in evaluation mode: model.eval()"));
    }
    if !node.flag("spatial", true)? {
        return Err(Problem::unsupported("attribute 'spatial'").expected("1").found("0"));
    }
    let epsilon = f64::from(node.finite("epsilon", 1e-5)?);
    let x = g.operand(node, 0)?;
    let shape = g.shape(x);
    let Some(channels) = shape.get(1).copied() else {
        return Err(Problem::malformed("input")
            .expected("at least 2 dimensions, [n, c, ..]")
            .found(tosa::shape_text(&shape)));
    };
    let mut parameters = Vec::new();
    for (index, name) in ["scale", "bias", "mean", "variance"].into_iter().enumerate() {
        let id = g.operand(node, index + 1)?;
        if g.shape(id) != [channels] {
            return Err(Problem::malformed(format!("input '{name}'"))
                .expected(format!("{channels} elements, one per channel"))
                .found(g.describe(id)));
        }
        parameters.push((id, g.weights(id, &format!("input '{name}'"))?));
    }
    let [(_, gamma), (_, beta), (_, mean), (variance_id, variance)] = &parameters[..] else {
        return Err(Problem::malformed("number of inputs")
            .expected("5")
            .found(node.inputs().len().to_string()));
    };
    let (mut factors, mut summands) = (Vec::new(), Vec::new());
    for c in 0..gamma.len() {
        let spread = f64::from(variance[c]) + epsilon;
        let factor = f64::from(gamma[c]) / spread.sqrt();
        let summand = f64::from(beta[c]) - f64::from(mean[c]) * factor;
        if !(factor as f32).is_finite() || !(summand as f32).is_finite() {
            return Err(Problem::malformed("a factor or summand that is not finite")
                .expected("variance + epsilon above 0")
                .found(format!("variance {} of channel {c} in {}", variance[c], g.describe(*variance_id))));
        }
        factors.push(factor as f32);
        summands.push(summand as f32);
    }
    let mut per_channel = vec![1; shape.len()];
    per_channel[1] = channels;
    let name = node.name().to_owned();
    let factor = g.add_constant(&format!("{name}.factor"), &per_channel, Elements::floats(factors));
    let summand = g.add_constant(&format!("{name}.summand"), &per_channel, Elements::floats(summands));
    let scaled = g.zip(x, factor, Tosa::mul)?;
    let scaled = g.hold(scaled);
    single(g.zip(scaled, summand, |t, a, b| t.binary("tosa.add", a, b)))
}

/// Softmax. Before operator set 13 it runs over all dimensions from `axis` on, taken as one.
pub fn softmax(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let x = g.operand(node, 0)?;
    let shape = g.shape(x);
    let rank = shape.len();
    let flattens = node.opset < 13;
    let axis = node::axis(node.int("axis")?.unwrap_or(if flattens { 1 } else { -1 }), rank)?;
    if flattens && shape[axis + 1..].iter().any(|size| *size != 1) {
        let plain = g.plain(x)?;
        let outer: i64 = shape[..axis].iter().product();
        let inner: i64 = shape[axis..].iter().product();
        let rows = g.tosa.reshape(plain, &[outer, inner])?;
        let result = g.tosa.softmax(rows, 1)?;
        let result = g.tosa.reshape(result, &shape)?;
        return Ok(vec![Output::Computed(shape, Form::Plain, result)]);
    }
    let form = g.form(x);
    let input = g.value(x, form)?;
    let result = g.tosa.softmax(input, axis_in(form, rank, axis))?;
    Ok(vec![Output::Computed(shape, form, result)])
}
