//! The verifier of the `afp` dialect.
//!
//! What is checked, by rule number (`docs/spec.md` states them):
//!
//! * every operator: static shapes (T1), operands of one kind, real or coded (T2), same shape or
//!   same element type where the operator says so (T3, T4);
//! * [`boundary`]: quantize, dequantize, encode, constant (Q, E, K);
//! * where a scale exponent must be static (Y);
//! * [`contraction`]: conv2d, depthwise_conv2d, fully_connected, matmul (C);
//! * [`pool`]: add, sum_pool2d, max_pool2d (A, P);
//! * [`function`]: table, softmax (U, S);
//! * [`movement`]: concat, reshape, transpose, slice, pad (M).
//!
//! * [`kernel`]: the operators of the `afpk` dialect (N).
//!
//! What is not checked here: that exact values fit 63 bits (W1), which needs the whole graph and is
//! the width prover's task (`afp-prove-widths`).

mod boundary;
mod contraction;
mod function;
mod kernel;
mod movement;
mod pool;

use super::Element;
use crate::mlir::{Op, Type, Value};

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule's number in `docs/spec.md`.
    pub rule: &'static str,
    /// What the rule asks for.
    pub expected: String,
    /// What stands there.
    pub found: String,
}

impl Violation {
    /// A violation of `rule`.
    pub fn new(rule: &'static str, expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { rule, expected: expected.into(), found: found.into() }
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}] expected {}, found {}", self.rule, self.expected, self.found)
    }
}

/// A value, or the rule that it breaks.
pub type Check<T = ()> = Result<T, Violation>;

/// Checks an operation of the dialect.
///
/// # Errors
/// The first rule that it breaks.
pub fn verify(op: Op) -> Check {
    if op.name().starts_with("afpk.") {
        return kernel::verify(op);
    }
    for value in op.operands().into_iter().chain(op.results()) {
        static_shape(value)?;
    }
    match op.name().as_str() {
        "afp.quantize" => boundary::quantize(op),
        "afp.dequantize" => boundary::dequantize(op),
        "afp.encode" => boundary::encode(op),
        "afp.constant" => boundary::constant(op),
        "afp.conv2d" | "afp.depthwise_conv2d" => contraction::convolution(op),
        "afp.fully_connected" => contraction::fully_connected(op),
        "afp.matmul" => contraction::matmul(op),
        "afp.add" => pool::add(op),
        "afp.sum_pool2d" => pool::sum_pool(op),
        "afp.max_pool2d" => pool::max_pool(op),
        "afp.table" => function::table(op),
        "afp.softmax" => function::softmax(op),
        "afp.concat" => movement::concat(op),
        "afp.reshape" => movement::reshape(op),
        "afp.transpose" => movement::transpose(op),
        "afp.slice" => movement::slice(op),
        "afp.pad" => movement::pad(op),
        _ => Ok(()),
    }
}

/// A tensor has fewer elements than this: indices and sizes in bytes fit 63 bits, and the sums and
/// products of sizes that saturate below are sizes of no tensor.
const MAX_ELEMENTS: i64 = 1 << 60;

/// Rule T1.
fn static_shape(value: Value) -> Check {
    let violation = |expected| Err(Violation::new("T1", expected, value.ty().to_string()));
    match value.ty().shape() {
        Some(shape) if shape.iter().all(|&size| size > 0) => {
            let count = shape.iter().fold(1i64, |count, &size| count.saturating_mul(size));
            if count < MAX_ELEMENTS { Ok(()) } else { violation("fewer than 2^60 elements") }
        }
        _ => violation("a tensor whose sizes are known and positive"),
    }
}

/// The shape of a value that [`static_shape`] accepted.
fn shape(value: Value) -> Vec<i64> {
    value.ty().shape().unwrap_or_default()
}

/// Position of dimension `axis` in a shape.
fn dimension(rule: &'static str, axis: i64, shape: &[i64]) -> Check<usize> {
    let found = match usize::try_from(axis) {
        _ if shape.is_empty() => return Err(Violation::new(rule, "an operand with dimensions", "a scalar")),
        Ok(axis) if axis < shape.len() => return Ok(axis),
        _ => axis.to_string(),
    };
    Err(Violation::new(rule, format!("'axis' from 0 to {}", shape.len() - 1), found))
}

/// The shape of a value of the given rank.
fn ranked(rule: &'static str, what: &str, value: Value, rank: usize) -> Check<Vec<i64>> {
    let shape = shape(value);
    if shape.len() == rank {
        Ok(shape)
    } else {
        Err(Violation::new(rule, format!("{what} of rank {rank}"), value.ty().to_string()))
    }
}

/// Rule T2: real numbers are not mixed with codes. Exact values go with both.
fn one_kind(values: &[Value]) -> Check {
    let elements: Vec<Element> = values.iter().map(|v| Element::of(v.ty())).collect();
    let real = elements.contains(&Element::Real);
    match elements.iter().position(|e| matches!(e, Element::Float(_))) {
        Some(coded) if real => Err(Violation::new(
            "T2",
            "operands that are all real or all coded",
            format!("f32 beside {}", values[coded].ty().element()),
        )),
        _ => Ok(()),
    }
}

/// Rule T3.
fn same_shape(a: Value, b: Value) -> Check {
    if shape(a) == shape(b) {
        Ok(())
    } else {
        Err(Violation::new("T3", "a result of the operand's shape", format!("{} from {}", b.ty(), a.ty())))
    }
}

/// Rule T4.
fn same_element(a: Value, b: Value) -> Check {
    if a.ty().element() == b.ty().element() {
        Ok(())
    } else {
        let found = format!("{} from {}", b.ty().element(), a.ty().element());
        Err(Violation::new("T4", "a result of the operand's element type", found))
    }
}

/// Rule Y6: a result that is of codes has a static scale exponent.
fn static_exponent(expected: &str, op: Op) -> Check {
    match Element::of(op.result(0).ty()) {
        Element::Float(ty) if ty.exp.fixed().is_none() => Err(Violation::new("Y6", expected, ty.to_string())),
        _ => Ok(()),
    }
}

/// The result has this shape.
fn result_shape(rule: &'static str, op: Op, expected: &[i64]) -> Check {
    let result = op.result(0).ty();
    if result.shape().as_deref() == Some(expected) {
        Ok(())
    } else {
        Err(Violation::new(rule, format!("a result of shape {}", list(expected)), shape_text(result)))
    }
}

fn shape_text(ty: Type) -> String {
    list(&ty.shape().unwrap_or_default())
}

/// Sizes as `1x8x8x3`.
fn list(sizes: &[i64]) -> String {
    if sizes.is_empty() {
        return "a scalar".to_owned();
    }
    sizes.iter().map(i64::to_string).collect::<Vec<_>>().join("x")
}
