//! Reductions.

use super::{reduction_axes, shape};
use crate::import::{
    onnx::{
        forms::{Form, axis_in},
        graph::{Graph, Outputs},
        node::Node,
        problem::Problem,
    },
    tosa,
};
use crate::mlir::Value;

/// ReduceMean. Over height and width it is an average pool; otherwise sums times the reciprocal of
/// their number of elements.
pub fn mean(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    reduce(g, node, |g, form, value, axes| {
        if form == Form::Image && axes == [1, 2] {
            return Ok(g.tosa.avg_pool2d(value, &super::window::whole(value))?);
        }
        let sizes = tosa::shape(value);
        let count: f64 = axes.iter().map(|axis| sizes[*axis] as f64).product();
        let sum = steps(g, "tosa.reduce_sum", value, axes)?;
        Ok(g.tosa.scale(sum, (1.0 / count) as f32)?)
    })
}

/// ReduceSum.
pub fn sum(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    reduce(g, node, |g, _, value, axes| steps(g, "tosa.reduce_sum", value, axes))
}

/// ReduceMax.
pub fn max(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    reduce(g, node, |g, _, value, axes| steps(g, "tosa.reduce_max", value, axes))
}

/// ReduceMin.
pub fn min(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    reduce(g, node, |g, _, value, axes| steps(g, "tosa.reduce_min", value, axes))
}

fn steps(g: &mut Graph<'_>, name: &str, mut value: Value, axes: &[usize]) -> Result<Value, Problem> {
    for axis in axes {
        value = g.tosa.reduce(name, value, *axis)?;
    }
    Ok(value)
}

/// Reduces with `make`, which gets the value and its dimensions in a form, and keeps their size 1.
fn reduce(
    g: &mut Graph<'_>,
    node: &Node<'_>,
    make: impl FnOnce(&mut Graph<'_>, Form, Value, &[usize]) -> Result<Value, Problem>,
) -> Outputs {
    let x = g.operand(node, 0)?;
    let (sizes, axes) = (g.shape(x), reduction_axes(g, node, x)?);
    let rank = sizes.len();
    // Means over height and width are pools, which need an image.
    let form = if rank == 4 && axes == [2, 3] { Form::Image } else { g.form(x) };
    let value = g.value(x, form)?;
    let mut moved: Vec<usize> = axes.iter().map(|axis| axis_in(form, rank, *axis)).collect();
    moved.sort_unstable();
    let value = if axes.is_empty() { value } else { make(g, form, value, &moved)? };
    let reduced: Vec<i64> =
        sizes.iter().enumerate().map(|(axis, size)| if axes.contains(&axis) { 1 } else { *size }).collect();
    let keep = node.flag("keepdims", true)?;
    let kept = |axis: &usize| keep || !axes.contains(axis);
    let to: Vec<i64> = (0..rank).filter(kept).map(|axis| reduced[axis]).collect();
    Ok(vec![shape::reshaped(g, &reduced, form, value, &to)?])
}
