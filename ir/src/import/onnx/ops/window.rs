//! Convolutions and pools.

use super::single;
use crate::import::{
    onnx::{
        forms::{Form, axis_in},
        graph::{Graph, Id, Output, Outputs},
        node::Node,
        problem::Problem,
    },
    tosa::{self, Tosa, Window, shape_text},
};
use crate::mlir::Value;

/// The spatial parameters of a node in two dimensions: one dimension is an image of height 1.
/// `size` is that of the input, `kernel` that of the kernel, both in ONNX's order.
fn window(node: &Node<'_>, size: &[i64], kernel: &[i64]) -> Result<Window, Problem> {
    let count = size.len();
    let ones = [1; 2];
    let stride = node.extents("strides", count, 1)?.unwrap_or(&ones[..count]);
    let dilation = node.extents("dilations", count, 1)?.unwrap_or(&ones[..count]);
    let mut result = Window { kernel: [1; 2], stride: [1; 2], dilation: [1; 2], pad: [0; 4] };
    let (first, pads) = (2 - count, node.extents("pads", 2 * count, 0)?);
    let rule = node.text("auto_pad")?.unwrap_or_else(|| "NOTSET".to_owned());
    for dim in 0..count {
        let to = first + dim;
        (result.kernel[to], result.stride[to], result.dilation[to]) =
            (kernel[dim], stride[dim], dilation[dim]);
        let (before, after) = match rule.as_str() {
            "NOTSET" => pads.map_or((0, 0), |pads| (pads[dim], pads[count + dim])),
            "VALID" => (0, 0),
            "SAME_UPPER" | "SAME_LOWER" => {
                let positions = (size[dim] - 1) / stride[dim];
                let extent = dilation[dim] * (kernel[dim] - 1) + 1;
                let total = (positions * stride[dim] + extent - size[dim]).max(0);
                let (small, large) = (total / 2, total - total / 2);
                if rule == "SAME_UPPER" { (small, large) } else { (large, small) }
            }
            other => {
                return Err(Problem::malformed("attribute 'auto_pad'")
                    .expected("NOTSET, VALID, SAME_UPPER or SAME_LOWER")
                    .found(other));
            }
        };
        (result.pad[2 * to], result.pad[2 * to + 1]) = (before, after);
    }
    Ok(result)
}

/// The spatial sizes of an input `[n, c, w]` or `[n, c, h, w]`.
fn spatial(shape: &[i64]) -> Result<&[i64], Problem> {
    match shape.len() {
        3 | 4 => Ok(&shape[2..]),
        _ => Err(Problem::unsupported("number of spatial dimensions")
            .expected("1 or 2: an input [n, c, w] or [n, c, h, w]")
            .found(shape_text(shape))),
    }
}

/// The output of a spatial operator of rank 3 or 4, from its image.
fn from_image(rank: usize, image: Value) -> Output {
    let sizes = tosa::shape(image);
    let shape = (0..rank).map(|axis| sizes[axis_in(Form::Image, rank, axis)]).collect();
    Output::Computed(shape, Form::Image, image)
}

/// Conv.
pub fn conv(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let (x, w) = (g.operand(node, 0)?, g.operand(node, 1)?);
    let (input, kernel) = (g.shape(x), g.shape(w));
    let size = spatial(&input)?;
    g.weights(w, "weights")?;
    let groups = node.int("group")?.unwrap_or(1);
    let (channels, outputs) = (input[1], kernel.first().copied().unwrap_or(0));
    let fits = groups >= 1
        && kernel.len() == input.len()
        && kernel.iter().all(|size| *size >= 1)
        && channels % groups == 0
        && outputs % groups == 0
        && kernel[1] == channels / groups;
    if !fits {
        return Err(Problem::malformed("weights do not fit the input")
            .expected(format!("weights [o, {channels} / groups, ..], with groups a divisor of both"))
            .found(format!(
                "weights {}, {groups} groups, input {}",
                shape_text(&kernel),
                shape_text(&input)
            )));
    }
    if let Some(said) = node.ints("kernel_shape")?
        && said != &kernel[2..]
    {
        return Err(Problem::malformed("attribute 'kernel_shape'")
            .expected(format!("{:?}, as the weights have", &kernel[2..]))
            .found(format!("{said:?}")));
    }
    let window = window(node, size, &kernel[2..])?;
    let image = g.image(x)?;
    let bias = g.optional(node, 2);
    let result = if groups == 1 {
        let weights = g.image(w)?;
        let bias = bias_value(g, node, bias, outputs)?;
        g.tosa.conv2d(image, weights, bias, &window)?
    } else if kernel[1] == 1 {
        let values = g.weights(w, "weights")?;
        let [kh, kw] = window.kernel;
        let values = tosa::transpose_values(&values, &[groups, outputs / groups, kh, kw], &[2, 3, 0, 1])?;
        let weights = g.new_constant(w, &[kh, kw, groups, outputs / groups], &values)?;
        let bias = bias_value(g, node, bias, outputs)?;
        g.tosa.depthwise_conv2d(image, weights, bias, &window)?
    } else {
        let (wide, narrow) = (groups as usize, (outputs / groups) as usize);
        let weights = g.weights(w, "weights")?;
        let bias = match bias {
            Some(b) => g.weights(b, "bias")?.to_vec(),
            None => vec![0.0; outputs as usize],
        };
        if bias.len() != outputs as usize {
            return Err(bias_misfit(outputs, bias.len()));
        }
        let (name, from) = (g.name(w).to_owned(), tosa::shape(image));
        let [kh, kw] = window.kernel;
        let part_shape = [outputs / groups, kernel[1], kh, kw];
        let part_size = weights.len() / wide;
        let mut parts = Vec::with_capacity(wide);
        for group in 0..wide {
            let values = &weights[group * part_size..(group + 1) * part_size];
            let values = tosa::transpose_values(values, &part_shape, &[0, 2, 3, 1])?;
            let part_weights =
                g.named_constant(&format!("{name}.{group}"), &[part_shape[0], kh, kw, kernel[1]], &values)?;
            let part_bias = &bias[group * narrow..(group + 1) * narrow];
            let part_bias =
                g.named_constant(&format!("{}.bias.{group}", node.name()), &[part_shape[0]], part_bias)?;
            let start = [0, 0, 0, kernel[1] * group as i64];
            let part = g.tosa.slice(image, &start, &[from[0], from[1], from[2], kernel[1]])?;
            parts.push(g.tosa.conv2d(part, part_weights, part_bias, &window)?);
        }
        g.tosa.concat(&parts, 3)?
    };
    Ok(vec![from_image(input.len(), result)])
}

fn bias_misfit(outputs: i64, found: usize) -> Problem {
    Problem::malformed("bias")
        .expected(format!("{outputs} elements, one per output channel"))
        .found(found.to_string())
}

fn bias_value(g: &mut Graph<'_>, node: &Node<'_>, bias: Option<Id>, outputs: i64) -> Result<Value, Problem> {
    match bias {
        Some(bias) => {
            let values = g.weights(bias, "bias")?;
            if g.shape(bias) != [outputs] {
                return Err(bias_misfit(outputs, values.len()));
            }
            g.plain(bias)
        }
        None => {
            let count = tosa::element_count(&[outputs])?;
            g.named_constant(&format!("{}.bias", node.name()), &[outputs], &vec![0.0; count as usize])
        }
    }
}

/// Reads a pool's window. With `ceil_mode`, the trailing padding grows until the last window fits,
/// unless that window would begin in the padding behind the input.
fn pool_window(g: &mut Graph<'_>, node: &Node<'_>) -> Result<(Value, usize, Window, [i64; 4]), Problem> {
    let x = g.operand(node, 0)?;
    let input = g.shape(x);
    let size = spatial(&input)?;
    let kernel = node.extents("kernel_shape", size.len(), 1)?.ok_or_else(|| {
        Problem::malformed("attribute 'kernel_shape'").expected("the sizes of the kernel").found("nothing")
    })?;
    let mut window = window(node, size, kernel)?;
    if window.dilation != [1, 1] {
        return Err(Problem::unsupported("attribute 'dilations'")
            .expected("a pool without dilation: [1, 1]")
            .found(format!("{:?}", node.ints("dilations")?.unwrap_or_default())));
    }
    let said = window.pad;
    if node.flag("ceil_mode", false)? {
        let image = [1, 1].into_iter().chain(size.iter().copied()).collect::<Vec<_>>();
        let [height, width] = [image[image.len() - 2], image[image.len() - 1]];
        let height = if size.len() == 1 { 1 } else { height };
        for (dim, size) in [height, width].into_iter().enumerate() {
            let (before, after) = (window.pad[2 * dim], window.pad[2 * dim + 1]);
            let (kernel, stride) = (window.kernel[dim], window.stride[dim]);
            let room = (size + before + after - kernel).max(0);
            let mut steps = (room + stride - 1) / stride;
            if steps * stride >= size + before {
                steps -= 1;
            }
            window.pad[2 * dim + 1] = (steps * stride + kernel - size - before).max(after);
        }
    }
    Ok((g.image(x)?, input.len(), window, said))
}

/// MaxPool.
pub fn max_pool(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let (image, rank, window, _) = pool_window(g, node)?;
    Ok(vec![from_image(rank, g.tosa.max_pool2d(image, &window)?)])
}

/// AveragePool. TOSA does not count padding; where ONNX does, it is made part of the input.
pub fn average_pool(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let (mut image, rank, mut window, said) = pool_window(g, node)?;
    if node.flag("count_include_pad", false)? {
        let [top, bottom, left, right] = said;
        image = g.tosa.pad(image, &[0, top, left, 0], &[0, bottom, right, 0], 0.0)?;
        for (pad, counted) in window.pad.iter_mut().zip(said) {
            *pad -= counted;
        }
    }
    Ok(vec![from_image(rank, g.tosa.avg_pool2d(image, &window)?)])
}

/// The window that covers a whole image.
pub(super) fn whole(image: Value) -> Window {
    let sizes = tosa::shape(image);
    Window { kernel: [sizes[1], sizes[2]], stride: [1; 2], dilation: [1; 2], pad: [0; 4] }
}

fn global(
    g: &mut Graph<'_>,
    node: &Node<'_>,
    pool: fn(&mut Tosa, Value, &Window) -> tosa::Built,
) -> Result<Output, Problem> {
    let x = g.operand(node, 0)?;
    let rank = g.rank(x);
    spatial(&g.shape(x))?;
    let image = g.image(x)?;
    let pooled = pool(&mut g.tosa, image, &whole(image))?;
    Ok(from_image(rank, pooled))
}

/// GlobalAveragePool.
pub fn global_average_pool(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    single(global(g, node, Tosa::avg_pool2d))
}

/// GlobalMaxPool.
pub fn global_max_pool(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    single(global(g, node, Tosa::max_pool2d))
}
