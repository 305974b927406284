//! Operators that move elements or compute shapes.

use super::{distinct_axes, list, single};
use crate::import::{
    onnx::{
        constant::{self, Elements},
        forms::{Form, axis_in, image_shape, keeps_order},
        graph::{Graph, Id, Output, Outputs},
        node::{self, Node},
        problem::Problem,
        proto::data_type,
    },
    tosa::{self, shape_text},
};
use crate::mlir::Value;

/// A value under another shape. Where neither shape has its elements in another order as an image,
/// an image stays one.
pub(super) fn reshaped(
    g: &mut Graph<'_>,
    from: &[i64],
    form: Form,
    value: Value,
    to: &[i64],
) -> Result<Output, Problem> {
    if form == Form::Image
        && keeps_order(from)
        && keeps_order(to)
        && let Ok(image) = image_shape(to)
    {
        return Ok(Output::Computed(to.to_vec(), Form::Image, g.tosa.reshape(value, &image)?));
    }
    let plain = match form {
        Form::Plain => value,
        Form::Image => g.plain_of(value, from)?,
    };
    Ok(Output::Computed(to.to_vec(), Form::Plain, g.tosa.reshape(plain, to)?))
}

/// A tensor, constant or not, under another shape of as many elements.
fn reshape_to(g: &mut Graph<'_>, x: Id, to: Vec<i64>) -> Result<Output, Problem> {
    let from = g.shape(x);
    if from == to {
        return Ok(Output::Same(x));
    }
    tosa::check_rank(&to)?;
    if let Some(elements) = g.elements(x) {
        let counts = [&from, &to].map(|shape| shape.iter().try_fold(1i64, |n, size| n.checked_mul(*size)));
        if counts[0] != counts[1] {
            return Err(Problem::malformed("number of elements")
                .expected(format!("a shape for {}", shape_text(&from)))
                .found(shape_text(&to)));
        }
        return Ok(Output::Constant(to, elements));
    }
    let form = g.form(x);
    // An image whose elements are in another order goes through its plain form, which is then kept.
    let form = if keeps_order(&from) { form } else { Form::Plain };
    let value = g.value(x, form)?;
    reshaped(g, &from, form, value, &to)
}

/// Identity, and Dropout, which does nothing in inference.
pub fn identity(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    Ok(vec![Output::Same(g.operand(node, 0)?)])
}

/// Dropout.
pub fn dropout(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    if let Some(mode) = g.optional(node, 2)
        && g.ints(mode, "input 'training_mode'")?.first() != Some(&0)
    {
        return Err(Problem::unsupported("input 'training_mode'")
            .expected("false")
            .found("true")
            .help("export the model in evaluation mode: model.eval()"));
    }
    identity(g, node)
}

/// Reshape: 0 keeps a size (unless `allowzero`), -1 is what is left.
pub fn reshape(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let x = g.operand(node, 0)?;
    let from = g.shape(x);
    let said = list(g, node, "shape", 1)?.ok_or_else(|| {
        Problem::malformed("number of inputs")
            .expected("2: data and shape")
            .found(node.inputs().len().to_string())
    })?;
    let keep_zero = node.flag("allowzero", false)?;
    let misfit = || {
        Problem::malformed("shape")
            .expected(format!("a shape for the elements of {}", shape_text(&from)))
            .found(format!("{said:?}"))
    };
    let mut to = said.clone();
    for (dim, size) in to.iter_mut().enumerate() {
        if *size == 0 && !keep_zero {
            *size = from.get(dim).copied().ok_or_else(misfit)?;
        }
    }
    if to.iter().filter(|size| **size == -1).count() > 1 {
        return Err(misfit());
    }
    if let Some(open) = to.iter().position(|size| *size == -1) {
        let product = |n: i64, size: &i64| if *size == -1 { Some(n) } else { n.checked_mul(*size) };
        let count = from.iter().try_fold(1, product).ok_or_else(misfit)?;
        let others = to.iter().try_fold(1, product).ok_or_else(misfit)?;
        to[open] = count
            .checked_div(others)
            .filter(|rest| rest.checked_mul(others) == Some(count))
            .ok_or_else(misfit)?;
    }
    if to.iter().any(|size| *size < 0) {
        return Err(misfit());
    }
    single(reshape_to(g, x, to))
}

/// Flatten: the dimensions before `axis` become one, and those from it on.
pub fn flatten(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let x = g.operand(node, 0)?;
    let shape = g.shape(x);
    tosa::element_count(&shape)?;
    let said = node.int("axis")?.unwrap_or(1);
    let axis =
        if usize::try_from(said) == Ok(shape.len()) { shape.len() } else { node::axis(said, shape.len())? };
    let (outer, inner) = shape.split_at(axis);
    single(reshape_to(g, x, vec![outer.iter().product(), inner.iter().product()]))
}

/// Squeeze: drops dimensions of size 1.
pub fn squeeze(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let x = g.operand(node, 0)?;
    let shape = g.shape(x);
    let axes = match list(g, node, "axes", 1)? {
        Some(said) => distinct_axes(&said, shape.len())?,
        None => (0..shape.len()).filter(|axis| shape[*axis] == 1).collect(),
    };
    if let Some(axis) = axes.iter().find(|axis| shape[**axis] != 1) {
        return Err(Problem::malformed("axes")
            .expected("dimensions of size 1")
            .found(format!("dimension {axis} of {}", shape_text(&shape))));
    }
    let to = (0..shape.len()).filter(|axis| !axes.contains(axis)).map(|axis| shape[axis]).collect();
    single(reshape_to(g, x, to))
}

/// Unsqueeze: inserts dimensions of size 1.
pub fn unsqueeze(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let x = g.operand(node, 0)?;
    let said = list(g, node, "axes", 1)?.unwrap_or_default();
    let shape = g.shape(x);
    let rank = shape.len() + said.len();
    let axes = distinct_axes(&said, rank)?;
    let mut rest = shape.into_iter();
    let to = (0..rank).filter_map(|axis| if axes.contains(&axis) { Some(1) } else { rest.next() }).collect();
    single(reshape_to(g, x, to))
}

/// Transpose. Between NCHW and NHWC it may be what an image is anyway.
pub fn transpose(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let x = g.operand(node, 0)?;
    let shape = g.shape(x);
    let perm = match node.ints("perm")? {
        Some(said) => {
            said.iter().map(|axis| node::axis(*axis, shape.len())).collect::<Result<Vec<_>, _>>()?
        }
        None => (0..shape.len()).rev().collect(),
    };
    let to = tosa::permute(&shape, &perm)?;
    if perm.iter().enumerate().all(|(to, from)| to == *from) {
        return Ok(vec![Output::Same(x)]);
    }
    match g.elements(x) {
        Some(Elements::Floats(values)) => {
            g.charge(values.len())?;
            let values = tosa::transpose_values(&values, &shape, &perm)?;
            return Ok(vec![Output::Constant(to, Elements::floats(values))]);
        }
        Some(Elements::Ints(_)) => {
            return Err(Problem::unsupported("an integer tensor").expected("float32").found(g.describe(x)));
        }
        None => (),
    }
    let (form, value) = match perm[..] {
        [0, 2, 3, 1] => (Form::Plain, g.image(x)?),
        [0, 3, 1, 2] => (Form::Image, g.plain(x)?),
        _ => {
            let plain = g.plain(x)?;
            (Form::Plain, g.tosa.transpose(plain, &perm)?)
        }
    };
    Ok(vec![Output::Computed(to, form, value)])
}

/// Concat.
pub fn concat(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let operands = g.operands(node)?;
    let rank = g.rank(operands[0]);
    let axis = node::axis(node.int("axis")?.unwrap_or(1), rank)?;
    let lists: Option<Vec<_>> = operands
        .iter()
        .map(|id| match g.elements(*id) {
            Some(Elements::Ints(values)) if rank == 1 && g.rank(*id) == 1 => Some(values),
            _ => None,
        })
        .collect();
    if let Some(lists) = lists {
        g.charge(lists.iter().map(|list| list.len()).sum())?;
        let values: Vec<i64> = lists.iter().flat_map(|list| list.iter().copied()).collect();
        return Ok(vec![Output::Constant(vec![length(values.len())], Elements::ints(values))]);
    }
    let image = operands.iter().any(|id| g.form(*id) == Form::Image);
    let form = if image { Form::Image } else { Form::Plain };
    let mut shape = g.shape(operands[0]);
    let mut values = Vec::with_capacity(operands.len());
    let mut total = 0i64;
    for id in operands {
        let part = g.shape(id);
        if part.len() != rank || (0..rank).any(|dim| dim != axis && part[dim] != shape[dim]) {
            return Err(Problem::malformed("operands do not fit")
                .expected(format!("shapes that differ from {} in dimension {axis} alone", shape_text(&shape)))
                .found(g.describe(id)));
        }
        // A part without elements, which old exporters make, adds nothing.
        if part[axis] == 0 {
            continue;
        }
        total = total.saturating_add(part[axis]);
        values.push(g.value(id, form)?);
    }
    shape[axis] = total;
    let value = g.tosa.concat(&values, axis_in(form, rank, axis))?;
    Ok(vec![Output::Computed(shape, form, value)])
}

fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Pad with a constant. Negative widths cut off.
pub fn pad(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let mode = node.text("mode")?.unwrap_or_else(|| "constant".to_owned());
    if mode != "constant" {
        return Err(Problem::unsupported("attribute 'mode'").expected("constant").found(mode));
    }
    let x = g.operand(node, 0)?;
    let shape = g.shape(x);
    let rank = shape.len();
    let said = match node.ints("paddings")? {
        Some(old) => old.to_vec(),
        None => list(g, node, "pads", 1)?.unwrap_or_default(),
    };
    let axes = match g.optional(node, 3) {
        Some(id) => {
            let said = g.ints(id, "input 'axes'")?;
            said.iter().map(|axis| node::axis(*axis, rank)).collect::<Result<Vec<_>, _>>()?
        }
        None => (0..rank).collect(),
    };
    let limit = tosa::MAX_EXTENT;
    if said.len() != 2 * axes.len() || said.iter().any(|width| !(-limit..=limit).contains(width)) {
        return Err(Problem::malformed("pads")
            .expected(format!("{} widths within {limit}", 2 * axes.len()))
            .found(format!("{said:?}")));
    }
    let value = match g.optional(node, 2) {
        Some(id) => super::functions::scalar(g, id, "input 'constant_value'")?,
        None => node.float("value")?.unwrap_or(0.0),
    };
    if !value.is_finite() {
        return Err(Problem::unsupported("the padding's value")
            .expected("a finite number")
            .found(value.to_string()));
    }
    let (mut low, mut high) = (vec![0; rank], vec![0; rank]);
    for (at, axis) in axes.iter().enumerate() {
        (low[*axis], high[*axis]) = (said[at], said[axes.len() + at]);
    }
    let form = g.form(x);
    let mut value_in = g.value(x, form)?;
    let inner = tosa::shape(value_in);
    let mut moved = [vec![0; inner.len()], vec![0; inner.len()]];
    for axis in 0..rank {
        let to = axis_in(form, rank, axis);
        (moved[0][to], moved[1][to]) = (low[axis], high[axis]);
    }
    let start: Vec<i64> = moved[0].iter().map(|width| (-width).max(0)).collect();
    let size: Vec<i64> =
        (0..inner.len()).map(|dim| inner[dim] - start[dim] - (-moved[1][dim]).max(0)).collect();
    value_in = g.tosa.slice(value_in, &start, &size)?;
    let [low_in, high_in] =
        moved.map(|widths| widths.iter().map(|width| (*width).max(0)).collect::<Vec<_>>());
    let padded = g.tosa.pad(value_in, &low_in, &high_in, value)?;
    let to = (0..rank).map(|axis| shape[axis] + low[axis] + high[axis]).collect();
    Ok(vec![Output::Computed(to, form, padded)])
}

/// Constant.
pub fn constant(_: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let output = if let Some(tensor) = node.tensor("value")? {
        let (shape, elements) = constant::decode(tensor)?;
        Output::Constant(shape, elements)
    } else if let Some(value) = node.float("value_float")? {
        Output::Constant(Vec::new(), Elements::floats(vec![value]))
    } else if let Some(value) = node.int("value_int")? {
        Output::Constant(Vec::new(), Elements::ints(vec![value]))
    } else if let Some(values) = node.floats("value_floats")? {
        Output::Constant(vec![length(values.len())], Elements::floats(values.to_vec()))
    } else if let Some(values) = node.ints("value_ints")? {
        Output::Constant(vec![length(values.len())], Elements::ints(values.to_vec()))
    } else {
        return Err(Problem::unsupported("kind of constant")
            .expected("value, value_float, value_int, value_floats or value_ints")
            .found(node.attribute_names().collect::<Vec<_>>().join(", ")));
    };
    Ok(vec![output])
}

/// Shape: known while importing.
pub fn shape(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let x = g.operand(node, 0)?;
    let sizes = g.shape(x);
    let rank = length(sizes.len());
    let bound = |said: i64| if said < 0 { said.saturating_add(rank).max(0) } else { said.min(rank) };
    let start = bound(node.int("start")?.unwrap_or(0)) as usize;
    let end = bound(node.int("end")?.unwrap_or(rank)) as usize;
    let part = sizes.get(start..end).unwrap_or_default().to_vec();
    Ok(vec![Output::Constant(vec![length(part.len())], Elements::ints(part))])
}

/// Gather: of constants while importing, and of a single index as a slice.
pub fn gather(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let (x, indices) = (g.operand(node, 0)?, g.operand(node, 1)?);
    let shape = g.shape(x);
    let axis = node::axis(node.int("axis")?.unwrap_or(0), shape.len())?;
    let picks = g.ints(indices, "input 'indices'")?;
    let picks = picks.iter().map(|at| position(*at, shape[axis])).collect::<Result<Vec<_>, _>>()?;
    let index_shape = g.shape(indices);
    let mut to = shape[..axis].to_vec();
    to.extend(&index_shape);
    to.extend(&shape[axis + 1..]);
    match g.elements(x) {
        Some(Elements::Ints(values)) if shape.len() == 1 => {
            g.charge(picks.len())?;
            let picked = picks.iter().map(|at| values[*at as usize]).collect();
            return Ok(vec![Output::Constant(to, Elements::ints(picked))]);
        }
        Some(_) | None => (),
    }
    let form = g.form(x);
    let value = g.value(x, form)?;
    let along = axis_in(form, shape.len(), axis);
    let mut parts = Vec::with_capacity(picks.len());
    g.charge(picks.len())?;
    for at in picks {
        let (mut start, mut size) = (vec![0; tosa::shape(value).len()], tosa::shape(value));
        (start[along], size[along]) = (at, 1);
        parts.push(g.tosa.slice(value, &start, &size)?);
    }
    let picked = g.tosa.concat(&parts, along)?;
    let mut flat = shape.clone();
    flat[axis] = length(parts.len());
    single(reshaped(g, &flat, form, picked, &to))
}

/// An index that may count from the end.
fn position(at: i64, size: i64) -> Result<i64, Problem> {
    let from_start = if at < 0 { at.checked_add(size) } else { Some(at) };
    from_start.filter(|at| (0..size).contains(at)).ok_or_else(|| {
        Problem::malformed("index").expected(format!("from {} to {}", -size, size - 1)).found(at.to_string())
    })
}

/// Cast: of constants while importing; of values, from float32 to itself.
pub fn cast(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let x = g.operand(node, 0)?;
    let to = node.int("to")?.unwrap_or(0);
    let is_float = [data_type::FLOAT, data_type::FLOAT16, data_type::DOUBLE, data_type::BFLOAT16]
        .iter()
        .any(|ty| i64::from(*ty) == to);
    let is_int = [data_type::INT64, data_type::INT32].iter().any(|ty| i64::from(*ty) == to);
    let elements = match g.elements(x) {
        Some(Elements::Floats(_)) if is_float => return Ok(vec![Output::Same(x)]),
        Some(Elements::Ints(_)) if is_int => return Ok(vec![Output::Same(x)]),
        Some(Elements::Floats(values)) if is_int => {
            g.charge(values.len())?;
            Elements::ints(values.iter().map(|value| *value as i64).collect())
        }
        Some(Elements::Ints(values)) if is_float => {
            g.charge(values.len())?;
            Elements::floats(values.iter().map(|value| *value as f32).collect())
        }
        None if to == i64::from(data_type::FLOAT) => return Ok(vec![Output::Same(x)]),
        _ => {
            let name = i32::try_from(to).map_or_else(|_| to.to_string(), data_type::name);
            return Err(Problem::unsupported("attribute 'to'")
                .expected("float32 for values; a float or integer type for constants")
                .found(format!("{name} for {}", g.describe(x))));
        }
    };
    Ok(vec![Output::Constant(g.shape(x), elements)])
}

/// ConstantOfShape.
pub fn constant_of_shape(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let sizes = g.operand(node, 0)?;
    let shape = g.ints(sizes, "input")?.to_vec();
    tosa::check_rank(&shape)?;
    let count = if shape.contains(&0) { 0 } else { tosa::element_count(&shape)? } as usize;
    g.charge(count)?;
    let elements = match node.tensor("value")?.map(constant::decode).transpose()? {
        None => Elements::floats(vec![0.0; count]),
        Some((_, Elements::Floats(value))) => Elements::floats(vec![first(&value)?; count]),
        Some((_, Elements::Ints(value))) => Elements::ints(vec![first(&value)?; count]),
    };
    Ok(vec![Output::Constant(shape, elements)])
}

fn first<T: Copy>(values: &[T]) -> Result<T, Problem> {
    values
        .first()
        .copied()
        .ok_or_else(|| Problem::malformed("attribute 'value'").expected("one element").found("none"))
}
