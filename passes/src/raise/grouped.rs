//! Grouped convolution from slices, convolutions and a concat.

use afp_ir::mlir::{Attr, Builder, Op, OpSpec, Type, Value};

use crate::graph;

/// A concat of convolutions, of one geometry, of consecutive channel slices of one value, becomes one
/// `afp.conv2d` with groups and the rounding behind it.
pub(super) fn raise(op: Op) -> bool {
    if !op.is("tosa.concat") || op.operand_count() < 2 {
        return false;
    }
    let parts: Option<Vec<Part>> = op.operands().into_iter().map(Part::of).collect();
    let Some(parts) = parts else { return false };
    let shape = graph::shape(op.result(0));
    let on_channels = op.attr("axis").and_then(Attr::as_int) == Some(shape.len() as i64 - 1);
    if !on_channels || !consecutive(&parts) {
        return false;
    }
    build(op, &parts);
    true
}

/// One group.
struct Part {
    conv: Op,
    input: Value,
    /// First channel and number of channels of the slice.
    channels: (i64, i64),
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Part {
    fn of(value: Value) -> Option<Self> {
        let conv = value.def_as("tosa.conv2d").filter(|_| value.has_one_use())?;
        let slice = conv.operand(0).def_as("tosa.slice")?;
        let (start, size) =
            (graph::constant_shape(slice.operand(1))?, graph::constant_shape(slice.operand(2))?);
        let whole = graph::shape(slice.operand(0));
        let only_channels = whole.len() == 4 && start[..3] == [0, 0, 0] && size[..3] == whole[..3];
        if !only_channels {
            return None;
        }
        let outputs = *graph::shape(value).last()? as usize;
        let bias = graph::constant_f32(conv.operand(2))?;
        Some(Self {
            conv,
            input: slice.operand(0),
            channels: (start[3], size[3]),
            weight: graph::constant_f32(conv.operand(1))?,
            bias: if bias.len() == 1 { vec![bias[0]; outputs] } else { bias },
        })
    }
}

fn consecutive(parts: &[Part]) -> bool {
    let first = &parts[0];
    let width = first.channels.1;
    let geometry = |op: Op| ["pad", "stride", "dilation"].map(|name| op.attr(name).and_then(Attr::as_i64s));
    let covers = graph::shape(first.input)[3] == width * parts.len() as i64;
    covers
        && parts.iter().enumerate().all(|(i, part)| {
            part.input == first.input
                && part.channels == (i as i64 * width, width)
                && graph::shape(part.conv.operand(1)) == graph::shape(first.conv.operand(1))
                && geometry(part.conv) == geometry(first.conv)
        })
}

fn build(op: Op, parts: &[Part]) {
    let (ctx, loc, builder, first) = (op.ctx(), op.loc(), Builder::before(op), &parts[0]);
    let name = graph::given_name(op).unwrap_or_else(|| "grouped".to_owned());
    let mut shape = graph::shape(first.conv.operand(1));
    shape[0] *= parts.len() as i64;
    let weights: Vec<f32> = parts.iter().flat_map(|part| part.weight.iter().copied()).collect();
    let biases: Vec<f32> = parts.iter().flat_map(|part| part.bias.iter().copied()).collect();
    let weight = graph::build_constant(builder, loc, &format!("{name}_weight"), &shape, &weights);
    let bias = graph::build_constant(builder, loc, &format!("{name}_bias"), &[biases.len() as i64], &biases);
    let mut spec = OpSpec::new("afp.conv2d").operands([first.input, weight, bias]);
    for key in ["pad", "stride", "dilation"] {
        spec = spec.attr_opt(key, first.conv.attr(key));
    }
    let result = op.result(0).ty();
    let exact: Type = result.with_element(afp_ir::dialect::types::exact(ctx));
    let conv = builder.value(loc, spec.attr("groups", Attr::int(ctx, 64, parts.len() as i64)).result(exact));
    let encode = builder.value(loc, OpSpec::new("afp.encode").operands([conv]).result(result));
    op.result(0).replace_all_uses_with(encode);
}
