//! What joins a group.

use afp_ir::{
    dialect::{
        Element, shape as sizes,
        view::{self, Conv, Slice},
    },
    mlir::{Attr, Block, Builder, Op, OpSpec, Type, Value},
};

use crate::graph;

/// Applies every rule until none fires.
pub(super) fn fuse(body: Block) {
    loop {
        let mut changed = false;
        for op in body.ops() {
            changed |= !op.is_unused()
                && (merge_clamp(op)
                    || absorb_padding(op)
                    || absorb_slice(op)
                    || strided_slice(op)
                    || add_bias(op));
        }
        graph::erase_unused(body);
        if !changed {
            break;
        }
    }
    for op in body.ops() {
        fuse_add(op);
    }
}

/// The encode that yields `value`, if nothing else uses it.
fn own_encode(value: Value) -> Option<Op> {
    value.def_as("afp.encode").filter(|_| value.has_one_use())
}

fn real_limit(op: Op, name: &str) -> Option<Vec<f32>> {
    op.attr(name).and_then(Attr::as_f32s)
}

/// `clamp(encode(x))`: the limits join the encode, also through reshapes. Limits on limits are limited
/// by them.
fn merge_clamp(op: Op) -> bool {
    let is_clamp = op.is("afp.encode")
        && Element::of(op.operand(0).ty()) == Element::Real
        && op.attr("divisor").is_none();
    let inner = is_clamp.then(|| own_encode(through_reshapes(op.operand(0)))).flatten();
    let Some(inner) = inner else { return false };
    let ctx = op.ctx();
    let (lo, hi) = (real_limit(op, "lo"), real_limit(op, "hi"));
    let (inner_lo, inner_hi) = (real_limit(inner, "lo"), real_limit(inner, "hi"));
    if [&lo, &hi, &inner_lo, &inner_hi].into_iter().flatten().any(|limits| limits.len() != 1) {
        return false;
    }
    let first = |limits: &Option<Vec<f32>>| limits.as_ref().map(|l| l[0]);
    // clamp(clamp(x, a, b), c, d) = clamp(x, clamp(a, c, d), clamp(b, c, d))
    let bound =
        |v: f32| v.max(first(&lo).unwrap_or(f32::NEG_INFINITY)).min(first(&hi).unwrap_or(f32::INFINITY));
    let new_lo = first(&inner_lo).map(bound).or(first(&lo));
    let new_hi = first(&inner_hi).map(bound).or(first(&hi));
    let spec = OpSpec::new("afp.encode")
        .operands([inner.operand(0)])
        .attr_opt("lo", new_lo.map(|v| Attr::f32s(ctx, &[v])))
        .attr_opt("hi", new_hi.map(|v| Attr::f32s(ctx, &[v])))
        .attr_opt("divisor", inner.attr("divisor"))
        .attr_opt("round", inner.attr("round"))
        .result(inner.result(0).ty());
    // The group is known by the name of its last operator.
    let merged = Builder::before(op).value(op.loc(), spec);
    op.result(0).replace_all_uses_with(reshaped(op, merged));
    true
}

/// `value` in the shape of an operation's result.
fn reshaped(op: Op, value: Value) -> Value {
    let ty = op.result(0).ty();
    if value.ty() == ty {
        return value;
    }
    Builder::before(op).value(op.loc(), OpSpec::new("afp.reshape").operands([value]).result(ty))
}

/// `conv(pad(x, 0))`: spatial padding with zeros becomes the convolution's.
fn absorb_padding(op: Op) -> bool {
    if !(op.is("afp.conv2d") || op.is("afp.depthwise_conv2d")) {
        return false;
    }
    let Some(pad) = op.operand(0).def_as("afp.pad").filter(|pad| pad.attr("value").is_none()) else {
        return false;
    };
    let (low, high) = (view::dims(pad, "low"), view::dims(pad, "high"));
    let spatial = low.len() == 4 && [low[0], low[3], high[0], high[3]] == [0; 4];
    let Ok(conv) = Conv::of(op) else { return false };
    if !spatial {
        return false;
    }
    let [top, bottom, left, right] = conv.pad;
    op.set_attr(
        "pad",
        Attr::i64s(op.ctx(), &[top + low[1], bottom + high[1], left + low[2], right + high[2]]),
    );
    op.set_operand(0, pad.operand(0));
    true
}

/// `conv(slice(x))` where the slice only cuts rows and columns that no window reaches: importers add
/// such slices because tosa asks that strides divide.
fn absorb_slice(op: Op) -> bool {
    if !(op.is("afp.conv2d") || op.is("afp.depthwise_conv2d") || op.is("afp.max_pool2d")) {
        return false;
    }
    let Some(slice) = op.operand(0).def_as("afp.slice") else { return false };
    let Slice { start, stride } = Slice::of(slice);
    let (whole, cut, result) =
        (graph::shape(slice.operand(0)), graph::shape(slice.result(0)), graph::shape(op.result(0)));
    if start.iter().any(|&s| s != 0) || stride.iter().any(|&s| s != 1) || whole.len() != 4 {
        return false;
    }
    let (pad, output) = if op.is("afp.max_pool2d") {
        let Ok(pool) = view::Pool::of(op) else { return false };
        (pool.pad, sizes::pool(&whole, &pool))
    } else {
        let Ok(conv) = Conv::of(op) else { return false };
        let weight = graph::shape(op.operand(1));
        let kernel = if conv.depthwise { [weight[0], weight[1]] } else { [weight[1], weight[2]] };
        (conv.pad, sizes::conv(&whole, kernel, &conv))
    };
    // Without padding behind the cut, the windows inside it are the same ones.
    let same = output == Some([result[1], result[2]]);
    let unpadded = (whole[1] == cut[1] || pad[1] == 0) && (whole[2] == cut[2] || pad[3] == 0);
    if !(same && unpadded && whole[0] == cut[0] && whole[3] == cut[3]) {
        return false;
    }
    op.set_operand(0, slice.operand(0));
    true
}

/// Reshape to `[.., n, s, ..]`, first element of each `s`, reshape back: a slice with steps of `s`.
fn strided_slice(op: Op) -> bool {
    if !op.is("afp.reshape") {
        return false;
    }
    let Some(slice) = op.operand(0).def_as("afp.slice") else { return false };
    let Some(split) = slice.operand(0).def_as("afp.reshape") else { return false };
    let (source, parts, cut) =
        (graph::shape(split.operand(0)), graph::shape(split.result(0)), graph::shape(slice.result(0)));
    let view = Slice::of(slice);
    if view.start.iter().any(|&s| s != 0) || view.stride.iter().any(|&s| s != 1) {
        return false;
    }
    let Some((stride, size)) = steps(&source, &parts, &cut) else { return false };
    if size != graph::shape(op.result(0)) {
        return false;
    }
    let ctx = op.ctx();
    let spec = OpSpec::new("afp.slice")
        .operands([split.operand(0)])
        .attr("start", Attr::i64s(ctx, &vec![0; source.len()]))
        .attr("stride", Attr::i64s(ctx, &stride))
        .result(op.result(0).ty());
    let value = Builder::before(op).value(op.loc(), spec);
    op.result(0).replace_all_uses_with(value);
    true
}

/// Strides and sizes of a slice, if `parts` splits some dimensions of `source` in two and `cut` takes
/// one element of each second half.
fn steps(source: &[i64], parts: &[i64], cut: &[i64]) -> Option<(Vec<i64>, Vec<i64>)> {
    let (mut stride, mut size, mut at) = (Vec::new(), Vec::new(), 0);
    for &whole in source {
        let (&part, &taken) = (parts.get(at)?, cut.get(at)?);
        if part == whole {
            stride.push(1);
            at += 1;
        } else {
            let (&step, &one) = (parts.get(at + 1)?, cut.get(at + 1)?);
            if part * step != whole || one != 1 {
                return None;
            }
            stride.push(step);
            at += 2;
        }
        size.push(taken);
    }
    (at == parts.len() && stride.iter().any(|&s| s > 1)).then_some((stride, size))
}

/// `add(encode(fully_connected(x, w)), constant per output)`: the constant is the bias. (Convolutions
/// carry one in tosa; matrix products do not.) Reshapes between them are looked through.
fn add_bias(op: Op) -> bool {
    let Some(add) = op.is("afp.encode").then(|| op.operand(0).def_as("afp.add")).flatten() else {
        return false;
    };
    let plain = op.attr("lo").is_none() && op.attr("hi").is_none() && op.attr("divisor").is_none();
    let (a, b) = (add.operand(0), add.operand(1));
    let (value, constant) = if graph::is_constant(b) { (a, b) } else { (b, a) };
    let Some(channels) =
        graph::shape(value).last().copied().filter(|_| plain && graph::is_constant(constant))
    else {
        return false;
    };
    let Some(shift) = graph::per_channel(constant, channels).filter(|_| value.ty() == op.result(0).ty())
    else {
        return false;
    };
    let Some(encode) = own_encode(through_reshapes(value)) else { return false };
    let Some(product) = encode.operand(0).def_as("afp.fully_connected").filter(|p| p.operand_count() == 2)
    else {
        return false;
    };
    if encode.attrs().iter().any(|(name, _)| ["lo", "hi", "divisor"].contains(&name.as_str()))
        || graph::shape(product.result(0)).last() != Some(&channels)
    {
        return false;
    }
    let builder = Builder::before(op);
    let name = format!("{}_bias", graph::given_name(product).unwrap_or_else(|| "fully_connected".to_owned()));
    let loc = constant.def().map_or_else(|| op.loc(), Op::loc);
    let bias = graph::build_constant(builder, loc, &name, &[channels], &shift);
    let exact = OpSpec::new("afp.fully_connected")
        .operands([product.operand(0), product.operand(1), bias])
        .result(product.result(0).ty());
    let exact = builder.value(product.loc(), exact);
    let real = Type::f32(op.ctx());
    let encoded = OpSpec::new("afp.encode")
        .operands([exact])
        .attr_opt("round", op.attr("round"))
        .result(exact.ty().with_element(real));
    let encoded = builder.value(op.loc(), encoded);
    op.result(0).replace_all_uses_with(reshaped(op, encoded));
    true
}

fn through_reshapes(value: Value) -> Value {
    match value.def_as("afp.reshape") {
        Some(reshape) if value.has_one_use() => through_reshapes(reshape.operand(0)),
        _ => value,
    }
}

/// An addition takes one contraction unrounded: the later one in program order.
fn fuse_add(op: Op) -> bool {
    if !op.is("afp.add") {
        return false;
    }
    let unrounded = |index: usize| {
        let encode = own_encode(op.operand(index))?;
        let plain = ["lo", "hi", "divisor"].iter().all(|name| encode.attr(name).is_none());
        let exact = encode.operand(0);
        let contraction = exact.def().filter(|def| view::is_weighted(*def) || def.is("afp.matmul"))?;
        (plain && exact.has_one_use()).then_some((encode, contraction))
    };
    let position = |found: &(Op, Op)| {
        op.block().map_or(0, |block| block.ops().iter().position(|other| *other == found.1).unwrap_or(0))
    };
    let candidates: Vec<(usize, (Op, Op))> = (0..2).filter_map(|i| Some((i, unrounded(i)?))).collect();
    let Some((index, (encode, _))) = candidates.into_iter().max_by_key(|(_, found)| position(found)) else {
        return false;
    };
    op.set_operand(index, encode.operand(0));
    if encode.is_unused() {
        encode.erase();
    }
    true
}
