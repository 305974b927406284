//! Sums, products and the like of two or more operands.

use super::single;
use crate::import::{
    onnx::{
        constant::Elements,
        graph::{Graph, Id, Output, Outputs},
        node::Node,
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

/// Mean: the sum times the reciprocal of the number of operands.
pub fn mean(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let count = node.inputs().len();
    let mut outputs = chain(g, node, &ADD)?;
    if count > 1
        && let Some(sum) = outputs.pop()
    {
        let sum = g.hold(sum);
        outputs.push(g.map(sum, |t, sum| t.scale(sum, (1.0 / count as f64) as f32))?);
    }
    Ok(outputs)
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
