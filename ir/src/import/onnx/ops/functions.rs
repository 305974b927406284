//! Functions of one operand that work element by element.

use super::single;
use crate::import::{
    onnx::{
        constant::Elements,
        graph::{Graph, Id, Output, Outputs},
        node::Node,
        problem::Problem,
    },
    tosa::{Built, Tosa},
};
use crate::mlir::Value;

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

/// PRelu: `max(x, 0) + slope * min(x, 0)`.
pub fn p_relu(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let (x, slope) = (g.operand(node, 0)?, g.operand(node, 1)?);
    let positive = g.map(x, |t, x| t.clamp(x, 0.0, f32::INFINITY))?;
    let negative = g.map(x, |t, x| t.clamp(x, f32::NEG_INFINITY, 0.0))?;
    let (positive, negative) = (g.hold(positive), g.hold(negative));
    let scaled = g.zip(negative, slope, Tosa::mul)?;
    let scaled = g.hold(scaled);
    single(g.zip(positive, scaled, |t, a, b| t.binary("tosa.add", a, b)))
}

/// Elu: `max(x, 0) + alpha * (exp(min(x, 0)) - 1)`.
pub fn elu(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let alpha = node.finite("alpha", 1.0)?;
    let x = g.operand(node, 0)?;
    single(g.map(x, |t, x| {
        let positive = t.clamp(x, 0.0, f32::INFINITY)?;
        let negative = t.clamp(x, f32::NEG_INFINITY, 0.0)?;
        let exp = t.unary("tosa.exp", negative)?;
        let less = t.offset(exp, -1.0)?;
        let scaled = t.scale(less, alpha)?;
        t.binary("tosa.add", positive, scaled)
    }))
}

/// Gelu: `x * (erf(x / sqrt(2)) + 1) / 2`.
pub fn gelu(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let approximate = node.text("approximate")?.unwrap_or_else(|| "none".to_owned());
    if approximate != "none" {
        return Err(Problem::unsupported("attribute 'approximate'").expected("none").found(approximate));
    }
    let x = g.operand(node, 0)?;
    single(g.map(x, |t, x| {
        let scaled = t.scale(x, std::f32::consts::FRAC_1_SQRT_2)?;
        let erf = t.unary("tosa.erf", scaled)?;
        let more = t.offset(erf, 1.0)?;
        let half = t.scale(more, 0.5)?;
        t.mul(x, half)
    }))
}

/// Pow with a constant exponent. Small whole exponents are products.
pub fn pow(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let exponent = g.operand(node, 1)?;
    let exponent = match g.elements(exponent) {
        Some(Elements::Ints(values)) if values.len() == 1 => values[0] as f32,
        _ => scalar(g, exponent, "exponent")?,
    };
    if !exponent.is_finite() {
        return Err(Problem::unsupported("exponent").expected("a finite number").found(exponent.to_string()));
    }
    let on_values = |t: &mut Tosa, x| match exponent {
        1.0 => Ok(x),
        2.0 => t.mul(x, x),
        3.0 => {
            let square = t.mul(x, x)?;
            t.mul(square, x)
        }
        _ => {
            let exponent = t.scalar(crate::import::tosa::shape(x).len(), exponent)?;
            t.binary("tosa.pow", x, exponent)
        }
    };
    unary(g, node, on_values, |x| x.powf(exponent))
}
