//! Parts of tensors: Slice and Split.

use super::list;
use crate::import::{
    onnx::{
        constant::Elements,
        forms::{Form, axis_in},
        graph::{Graph, Output, Outputs},
        node::{self, Node},
        problem::Problem,
    },
    tosa::{self, Tosa},
};
use crate::mlir::Value;

/// Most dimensions that TOSA's operators take.
const MAX_RANK: usize = 6;

/// What a slice takes from one dimension: `count` elements from `start` on, `step` apart. With
/// `reverse`, positions count from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    start: i64,
    count: i64,
    step: i64,
    reverse: bool,
}

impl Part {
    fn all(size: i64) -> Self {
        Self { start: 0, count: size, step: 1, reverse: false }
    }

    /// ONNX's rule: what counts from the end is made to count from the start, and then limited.
    fn new(size: i64, start: i64, end: i64, step: i64) -> Result<Self, Problem> {
        if size < 1 {
            return Err(Problem::unsupported("a slice of nothing")
                .expected("at least one element")
                .found(size.to_string()));
        }
        let from_start = |at: i64| if at < 0 { at.saturating_add(size) } else { at };
        let (start, end) = (from_start(start), from_start(end));
        let (start, end, step, reverse) = match step {
            0 | i64::MIN => {
                return Err(Problem::malformed("steps")
                    .expected("numbers other than 0")
                    .found(step.to_string()));
            }
            1.. => (start.clamp(0, size), end.clamp(0, size), step, false),
            _ => {
                let (start, end) = (start.clamp(0, size - 1), end.clamp(-1, size - 1));
                (size - 1 - start, size - 1 - end, -step, true)
            }
        };
        if end <= start {
            return Err(Problem::unsupported("an empty slice")
                .expected("at least one element")
                .found(format!("elements {start} up to {end} of {size}")));
        }
        let count = (end - start - 1) / step + 1;
        Ok(Self { start, count, step: if count == 1 { 1 } else { step }, reverse })
    }
}

/// Slice: bounds are attributes before operator set 10, inputs since.
pub fn slice(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let x = g.operand(node, 0)?;
    let shape = g.shape(x);
    let rank = shape.len();
    let missing = || Problem::malformed("bounds").expected("starts and ends").found("none");
    let starts = list(g, node, "starts", 1)?.ok_or_else(missing)?;
    let ends = list(g, node, "ends", 2)?.ok_or_else(missing)?;
    let axes = match list(g, node, "axes", 3)? {
        Some(said) => said.iter().map(|axis| node::axis(*axis, rank)).collect::<Result<Vec<_>, _>>()?,
        None => (0..rank.min(starts.len())).collect(),
    };
    let steps = list(g, node, "steps", 4)?.unwrap_or_else(|| vec![1; axes.len()]);
    if [starts.len(), ends.len(), steps.len()] != [axes.len(); 3] {
        return Err(Problem::malformed("bounds")
            .expected(format!("{} starts, ends and steps", axes.len()))
            .found(format!("{} starts, {} ends, {} steps", starts.len(), ends.len(), steps.len())));
    }
    if let Some(Elements::Ints(values)) = g.elements(x)
        && rank == 1
    {
        let mut values = values.to_vec();
        for at in 0..axes.len() {
            let size = i64::try_from(values.len()).unwrap_or(i64::MAX);
            let part = Part::new(size, starts[at], ends[at], steps[at])?;
            if part.reverse {
                values.reverse();
            }
            let step = usize::try_from(part.step).unwrap_or(usize::MAX);
            values = values
                .into_iter()
                .skip(part.start as usize)
                .step_by(step)
                .take(part.count as usize)
                .collect();
        }
        return Ok(vec![Output::Constant(vec![values.len() as i64], Elements::ints(values))]);
    }
    tosa::element_count(&shape)?;
    let mut parts: Vec<Part> = shape.iter().map(|size| Part::all(*size)).collect();
    for (at, axis) in axes.iter().enumerate() {
        parts[*axis] = Part::new(shape[*axis], starts[at], ends[at], steps[at])?;
    }
    let form = g.form(x);
    let value = g.value(x, form)?;
    let mut moved: Vec<Part> = tosa::shape(value).iter().map(|size| Part::all(*size)).collect();
    for (axis, part) in parts.iter().enumerate() {
        moved[axis_in(form, rank, axis)] = *part;
    }
    let value = take(&mut g.tosa, value, &moved)?;
    Ok(vec![Output::Computed(parts.iter().map(|part| part.count).collect(), form, value)])
}

/// Takes the parts. A step above 1 becomes a dimension: `[.., count * step, ..]` is seen as
/// `[.., count, step, ..]`, of which the first of each `step` elements is taken.
fn take(t: &mut Tosa, mut value: Value, parts: &[Part]) -> Result<Value, Problem> {
    for axis in (0..parts.len()).filter(|axis| parts[*axis].reverse) {
        value = t.reverse(value, axis)?;
    }
    let from = tosa::shape(value);
    let wanted: Vec<i64> = parts.iter().map(|part| part.count * part.step).collect();
    let start: Vec<i64> = parts.iter().map(|part| part.start).collect();
    let have: Vec<i64> = (0..parts.len()).map(|dim| wanted[dim].min(from[dim] - start[dim])).collect();
    value = t.slice(value, &start, &have)?;
    let lack: Vec<i64> = (0..parts.len()).map(|dim| wanted[dim] - have[dim]).collect();
    value = t.pad(value, &vec![0; parts.len()], &lack, 0.0)?;
    let strided: Vec<usize> = (0..parts.len()).filter(|dim| parts[*dim].step > 1).collect();
    let mut sizes = wanted;
    for some in strided.chunks(MAX_RANK.saturating_sub(parts.len()).max(1)) {
        let mut split = Vec::new();
        let mut kept = Vec::new();
        for dim in 0..parts.len() {
            if some.contains(&dim) {
                split.extend([parts[dim].count, parts[dim].step]);
                kept.extend([parts[dim].count, 1]);
                sizes[dim] = parts[dim].count;
            } else {
                split.push(sizes[dim]);
                kept.push(sizes[dim]);
            }
        }
        value = t.reshape(value, &split)?;
        value = t.slice(value, &vec![0; split.len()], &kept)?;
        value = t.reshape(value, &sizes)?;
    }
    Ok(value)
}

/// Split: sizes are an attribute before operator set 13, an input since; without them, equal parts.
pub fn split(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let x = g.operand(node, 0)?;
    let shape = g.shape(x);
    let axis = node::axis(node.int("axis")?.unwrap_or(0), shape.len())?;
    let size = shape[axis];
    let sizes = match list(g, node, "split", 1)? {
        Some(sizes) => sizes,
        None => {
            let outputs = i64::try_from(node.outputs().len()).unwrap_or(i64::MAX);
            let count = node.int("num_outputs")?.unwrap_or(outputs);
            if count < 1 || count > size || count != outputs {
                return Err(Problem::malformed("number of parts")
                    .expected(format!("one for each of {outputs} outputs, at most {size}"))
                    .found(count.to_string()));
            }
            let part = (size - 1) / count + 1;
            (0..count).map(|at| part.min(size - part * at)).collect()
        }
    };
    let form = if g.elements(x).is_some() { Form::Plain } else { g.form(x) };
    let value = g.value(x, form)?;
    let whole = tosa::shape(value);
    let along = axis_in(form, shape.len(), axis);
    let mut start = vec![0; whole.len()];
    let mut outputs = Vec::new();
    for size in sizes {
        let (mut part, mut to) = (whole.clone(), shape.clone());
        (part[along], to[axis]) = (size, size);
        outputs.push(Output::Computed(to, form, g.tosa.slice(value, &start, &part)?));
        start[along] = start[along].saturating_add(size);
    }
    let end = start[along];
    if end != whole[along] {
        return Err(Problem::malformed("sizes of the parts")
            .expected(format!("a sum of {}", whole[along]))
            .found(end.to_string()));
    }
    Ok(outputs)
}
