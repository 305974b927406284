//! Matrix products.
//!
//! A product with constant weights is a linear layer, and becomes what TOSA has for that: a
//! convolution with a 1x1 kernel over images of one pixel.

use crate::import::{
    onnx::{
        constant::Elements,
        forms::Form,
        graph::{Graph, Id, Output, Outputs},
        node::Node,
        problem::Problem,
    },
    tosa::{self, Window},
};
use crate::mlir::Value;

const ONE_PIXEL: Window = Window { kernel: [1; 2], stride: [1; 2], dilation: [1; 2], pad: [0; 4] };

/// Gemm: `alpha * A' * B' + beta * C`, where `'` transposes if an attribute says so.
pub fn gemm(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let (alpha, beta) = (node.finite("alpha", 1.0)?, node.finite("beta", 1.0)?);
    let (flip_a, flip_b) = (node.flag("transA", false)?, node.flag("transB", false)?);
    let (a, b, c) = (g.operand(node, 0)?, g.operand(node, 1)?, g.optional(node, 2));
    let (lhs, rhs) = (matrix(g, a)?, matrix(g, b)?);
    let [m, k] = if flip_a { [lhs[1], lhs[0]] } else { lhs };
    let [other_k, n] = if flip_b { [rhs[1], rhs[0]] } else { rhs };
    if k != other_k {
        return Err(Problem::malformed("matrices do not fit")
            .expected("as many columns on the left as rows on the right")
            .found(format!("{} and {}", g.describe(a), g.describe(b))));
    }
    let a = if flip_a { transposed(g, a)? } else { a };
    let c = c.filter(|_| beta != 0.0);
    let bias = match c {
        Some(c) => vector_bias(g, c, n, beta)?,
        None => None,
    };
    let summand = if bias.is_none() { c } else { None };
    let product = if let Some(values) = g.floats(b) {
        g.weights(b, "weights")?;
        let weights = if flip_b && alpha == 1.0 {
            g.image(b)?
        } else {
            let mut values =
                if flip_b { values.to_vec() } else { tosa::transpose_values(&values, &[k, n], &[1, 0])? };
            values.iter_mut().for_each(|value| *value *= alpha);
            g.new_constant(b, &[n, 1, 1, k], &values)?
        };
        let bias = bias.unwrap_or_else(|| vec![0.0; n as usize]);
        let name = c.map_or_else(|| format!("{}.bias", node.name()), |c| g.name(c).to_owned());
        let bias = g.named_constant(&name, &[n], &bias)?;
        let image = g.image(a)?;
        Output::Computed(vec![m, n], Form::Image, g.tosa.conv2d(image, weights, bias, &ONE_PIXEL)?)
    } else {
        let b = if flip_b { transposed(g, b)? } else { b };
        let (a, b) = (g.plain(a)?, g.plain(b)?);
        let (a, b) = (g.tosa.reshape(a, &[1, m, k])?, g.tosa.reshape(b, &[1, k, n])?);
        let mut product = g.tosa.matmul(a, b)?;
        product = g.tosa.reshape(product, &[m, n])?;
        if alpha != 1.0 {
            product = g.tosa.scale(product, alpha)?;
        }
        let product = Output::Computed(vec![m, n], Form::Plain, product);
        match bias {
            Some(bias) if bias.iter().any(|value| *value != 0.0) => {
                let bias = g.add_constant(&format!("{}.bias", node.name()), &[n], Elements::floats(bias));
                let product = g.hold(product);
                g.zip(product, bias, |t, a, b| t.binary("tosa.add", a, b))?
            }
            _ => product,
        }
    };
    let Some(summand) = summand else { return Ok(vec![product]) };
    let summand = if beta == 1.0 {
        summand
    } else {
        let scaled = g.map(summand, |t, x| t.scale(x, beta))?;
        g.hold(scaled)
    };
    let product = g.hold(product);
    if tosa::broadcast(&[m, n], &g.shape(summand))? != [m, n] {
        return Err(Problem::malformed("C does not fit")
            .expected(format!("a shape that repeats to {m}x{n}"))
            .found(g.describe(summand)));
    }
    Ok(vec![g.zip(product, summand, |t, a, b| t.binary("tosa.add", a, b))?])
}

/// `beta * C` as one number per column, if C is a constant that has the same for every row.
fn vector_bias(g: &mut Graph<'_>, c: Id, columns: i64, beta: f32) -> Result<Option<Vec<f32>>, Problem> {
    let shape = g.shape(c);
    let per_column = match shape[..] {
        [] | [1] | [1, 1] => false,
        [n] | [1, n] if n == columns => true,
        _ => return Ok(None),
    };
    let Some(values) = g.floats(c) else { return Ok(None) };
    g.weights(c, "C")?;
    let count = tosa::element_count(&[columns])? as usize;
    g.charge(count)?;
    Ok(Some((0..count).map(|i| beta * values[if per_column { i } else { 0 }]).collect()))
}

fn matrix(g: &Graph<'_>, id: Id) -> Result<[i64; 2], Problem> {
    match g.shape(id)[..] {
        [rows, columns] => Ok([rows, columns]),
        _ => Err(Problem::malformed("operand").expected("a matrix, 2 dimensions").found(g.describe(id))),
    }
}

fn transposed(g: &mut Graph<'_>, id: Id) -> Result<Id, Problem> {
    let [rows, columns] = matrix(g, id)?;
    let output = match g.floats(id) {
        Some(values) => {
            let values = tosa::transpose_values(&values, &[rows, columns], &[1, 0])?;
            g.charge(values.len())?;
            Output::Constant(vec![columns, rows], Elements::floats(values))
        }
        None => {
            let plain = g.plain(id)?;
            Output::Computed(vec![columns, rows], Form::Plain, g.tosa.transpose(plain, &[1, 0])?)
        }
    };
    Ok(g.hold(output))
}

/// MatMul.
pub fn matmul(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let (a, b) = (g.operand(node, 0)?, g.operand(node, 1)?);
    let (lhs, rhs) = (g.shape(a), g.shape(b));
    if lhs.is_empty() || rhs.is_empty() {
        return Err(Problem::malformed("operand").expected("at least 1 dimension").found(format!(
            "{} and {}",
            g.describe(a),
            g.describe(b)
        )));
    }
    // A vector on the left is a row, on the right a column; that dimension is dropped from the result.
    let left = if lhs.len() == 1 { vec![1, lhs[0]] } else { lhs.clone() };
    let right = if rhs.len() == 1 { vec![rhs[0], 1] } else { rhs.clone() };
    let (lead_a, [m, k]) = split(&left);
    let (lead_b, [other_k, n]) = split(&right);
    if k != other_k {
        return Err(Problem::malformed("matrices do not fit")
            .expected("as many columns on the left as rows on the right")
            .found(format!("{} and {}", g.describe(a), g.describe(b))));
    }
    let lead = tosa::broadcast(lead_a, lead_b)?;
    let mut shape = lead.clone();
    if lhs.len() > 1 {
        shape.push(m);
    }
    if rhs.len() > 1 {
        shape.push(n);
    }
    tosa::element_count(&left)?;
    tosa::element_count(&right)?;
    let rows: i64 = left[..left.len() - 1].iter().product();
    if lead_b.iter().all(|size| *size == 1) && g.floats(b).is_some() {
        return linear(g, node, (a, b), [rows, k, n], shape);
    }
    let (a, b) = (g.plain(a)?, g.plain(b)?);
    let product = if lead_b.iter().all(|size| *size == 1) {
        let (a, b) = (g.tosa.reshape(a, &[1, rows, k])?, g.tosa.reshape(b, &[1, k, n])?);
        g.tosa.matmul(a, b)?
    } else {
        let a = pages(g, a, lead_a, &lead, [m, k])?;
        let b = pages(g, b, lead_b, &lead, [k, n])?;
        g.tosa.matmul(a, b)?
    };
    let product = g.tosa.reshape(product, &shape)?;
    Ok(vec![Output::Computed(shape, Form::Plain, product)])
}

fn split(shape: &[i64]) -> (&[i64], [i64; 2]) {
    let rank = shape.len();
    (&shape[..rank - 2], [shape[rank - 2], shape[rank - 1]])
}

/// A stack of matrices `[pages, rows, columns]` of leading dimensions `own`, repeated to those of `lead`.
fn pages(
    g: &mut Graph<'_>,
    value: Value,
    own: &[i64],
    lead: &[i64],
    matrix: [i64; 2],
) -> Result<Value, Problem> {
    let mut sizes = vec![1; lead.len() - own.len()];
    sizes.extend(own);
    let mut value = g.tosa.reshape(value, &[&sizes[..], &matrix].concat())?;
    for (dim, (have, want)) in sizes.iter().zip(lead).enumerate() {
        if have != want {
            let count = usize::try_from(*want).unwrap_or(usize::MAX);
            g.charge(count)?;
            value = g.tosa.concat(&vec![value; count], dim)?;
        }
    }
    let count = tosa::element_count(lead)?;
    Ok(g.tosa.reshape(value, &[count, matrix[0], matrix[1]])?)
}

/// A product with constant weights, over `rows` vectors of `k` elements.
fn linear(
    g: &mut Graph<'_>,
    node: &Node<'_>,
    (a, b): (Id, Id),
    [rows, k, n]: [i64; 3],
    shape: Vec<i64>,
) -> Outputs {
    let values = g.weights(b, "weights")?;
    let values = tosa::transpose_values(&values, &[k, n], &[1, 0])?;
    let weights = g.new_constant(b, &[n, 1, 1, k], &values)?;
    let bias = vec![0.0; tosa::element_count(&[n])? as usize];
    let bias = g.named_constant(&format!("{}.bias", node.name()), &[n], &bias)?;
    let is_image = g.rank(a) == 2 && shape.len() == 2;
    let image = if is_image {
        g.image(a)?
    } else {
        let plain = g.plain(a)?;
        g.tosa.reshape(plain, &[rows, 1, 1, k])?
    };
    let product = g.tosa.conv2d(image, weights, bias, &ONE_PIXEL)?;
    if is_image {
        return Ok(vec![Output::Computed(shape, Form::Image, product)]);
    }
    let product = g.tosa.reshape(product, &shape)?;
    Ok(vec![Output::Computed(shape, Form::Plain, product)])
}
