//! Constants, and factors and summands per channel.

use afp_ir::{
    interp::{self, Tensor},
    mlir::{Attr, Builder, Op, OpSpec, Type, Value},
};

use crate::graph;

/// Operators on `f32` that are evaluated when all their operands are constants.
const FOLDABLE: [&str; 16] = [
    "tosa.add",
    "tosa.sub",
    "tosa.mul",
    "tosa.rsqrt",
    "tosa.reciprocal",
    "tosa.exp",
    "tosa.log",
    "tosa.negate",
    "tosa.abs",
    "tosa.pow",
    "tosa.maximum",
    "tosa.minimum",
    "tosa.reshape",
    "tosa.transpose",
    "tosa.concat",
    "tosa.slice",
];

/// Evaluates an operator whose operands are constants.
pub(super) fn fold_constants(op: Op) -> bool {
    if !FOLDABLE.iter().any(|name| op.is(name)) || !op.result(0).ty().is_f32() {
        return false;
    }
    let reals: Vec<Value> = op.operands().into_iter().filter(|v| v.ty().is_f32()).collect();
    if reals.is_empty() || !reals.iter().all(|&v| graph::is_constant(v)) {
        return false;
    }
    let operands: Option<Vec<Tensor>> = reals.into_iter().map(constant).collect();
    let Some(result) = operands.and_then(|operands| interp::evaluate(op, &operands).ok()) else {
        return false;
    };
    let Some(values) = result.as_real() else { return false };
    let name = graph::given_name(op).unwrap_or_else(|| "folded".to_owned());
    let folded =
        graph::build_constant(Builder::before(op), op.loc(), &name, &graph::shape(op.result(0)), values);
    op.result(0).replace_all_uses_with(folded);
    true
}

/// A constant operand as a tensor.
fn constant(value: Value) -> Option<Tensor> {
    let shape: Vec<usize> = graph::shape(value).iter().map(|&size| size as usize).collect();
    Some(Tensor::real(&shape, graph::constant_f32(value)?))
}

/// Folds a factor or summand per channel. A summand alone is left where it is, unless there is a
/// convolution before it: it becomes a bias, or an exact addition, later.
pub(super) fn fold(op: Op) -> bool {
    let Some((value, scale, shift)) = affine(op) else { return negate_subtrahend(op) || channels_last(op) };
    if let Some(producer) = Contraction::of(value) {
        return producer.apply(op, &scale, &shift);
    }
    if value.def().is_some_and(|def| def.is("tosa.const")) {
        return false;
    }
    if scale.iter().all(|&s| s == 1.0) {
        return negate_subtrahend(op);
    }
    into_matrix(op, value, &scale, &shift) || as_depthwise(op, value, &scale, &shift)
}

/// `x - c` becomes `x + (-c)`: an addition can be exact, and tosa's difference has no counterpart.
fn negate_subtrahend(op: Op) -> bool {
    if !op.is("tosa.sub") || graph::is_constant(op.operand(0)) {
        return false;
    }
    let Some(values) = graph::constant_f32(op.operand(1)) else { return false };
    let negated: Vec<f32> = values.into_iter().map(|v| -v).collect();
    let (builder, shape) = (Builder::before(op), graph::shape(op.operand(1)));
    let name = graph::given_name(op).unwrap_or_else(|| "negated".to_owned());
    let constant = graph::build_constant(builder, op.loc(), &name, &shape, &negated);
    let spec = OpSpec::new("tosa.add").operands([op.operand(0), constant]).result(op.result(0).ty());
    op.result(0).replace_all_uses_with(builder.value(op.loc(), spec));
    true
}

/// A factor per index of another dimension than the last (a normalization of a value in NCHW): the
/// value is transposed around it, so that the factor is one per channel.
fn channels_last(op: Op) -> bool {
    if !op.is("tosa.mul") || op.operand_count() != 3 {
        return false;
    }
    let (a, b) = (op.operand(0), op.operand(1));
    let (value, constant) = if graph::is_constant(b) { (a, b) } else { (b, a) };
    let (shape, factors) = (graph::shape(value), graph::shape(constant));
    let Some(values) = graph::constant_f32(constant) else { return false };
    let long: Vec<usize> = (0..factors.len()).filter(|&d| factors[d] > 1).collect();
    let &[dimension] = long.as_slice() else { return false };
    if value.ty() != op.result(0).ty() || factors.len() != shape.len() || dimension + 1 == shape.len() {
        return false;
    }
    let mut perm: Vec<usize> = (0..shape.len()).filter(|&d| d != dimension).collect();
    perm.push(dimension);
    let inverse: Vec<usize> = (0..perm.len()).filter_map(|d| perm.iter().position(|&p| p == d)).collect();
    let builder = Builder::before(op);
    let moved = transpose(builder, op, value, &perm);
    let mut last = vec![1; shape.len() - 1];
    last.push(factors[dimension]);
    let name = graph::given_name(op).unwrap_or_else(|| "factor".to_owned());
    let factor = graph::build_constant(builder, op.loc(), &name, &last, &values);
    let spec = OpSpec::new("tosa.mul").operands([moved, factor, op.operand(2)]).result(moved.ty());
    let scaled = builder.value(op.loc(), spec);
    op.result(0).replace_all_uses_with(transpose(builder, op, scaled, &inverse));
    true
}

/// `tosa.transpose`.
fn transpose(builder: Builder, op: Op, value: Value, perm: &[usize]) -> Value {
    let from = graph::shape(value);
    let to: Vec<i64> = perm.iter().map(|&d| from[d]).collect();
    let perms: Vec<i32> = perm.iter().map(|&d| d as i32).collect();
    let spec = OpSpec::new("tosa.transpose").operands([value]).attr("perms", Attr::i32s(op.ctx(), &perms));
    builder.value(op.loc(), spec.result(Type::tensor(&to, Type::f32(op.ctx()))))
}

/// Folds factors into the constant right operand of a matrix product.
fn into_matrix(op: Op, value: Value, scale: &[f32], shift: &[f32]) -> bool {
    let Some(product) = value.def_as("tosa.matmul").filter(|_| value.has_one_use()) else { return false };
    let Some(matrix) = graph::constant_f32(product.operand(1)).filter(|_| shift.iter().all(|&s| s == 0.0))
    else {
        return false;
    };
    let columns = scale.len();
    let scaled: Vec<f32> = matrix
        .iter()
        .enumerate()
        .map(|(i, &w)| (f64::from(w) * f64::from(scale[i % columns])) as f32)
        .collect();
    let (builder, rhs) = (Builder::before(op), product.operand(1));
    let name = format!("{}_weight", graph::given_name(product).unwrap_or_else(|| "folded".to_owned()));
    let folded = graph::build_constant(builder, product.loc(), &name, &graph::shape(rhs), &scaled);
    let mut operands = product.operands();
    operands[1] = folded;
    let copy = copy_with_operands(builder, product, op.result(0).ty(), operands);
    op.result(0).replace_all_uses_with(copy);
    true
}

/// `op` as `value * scale + shift` with constants per channel.
fn affine(op: Op) -> Option<(Value, Vec<f32>, Vec<f32>)> {
    let is_mul = op.is("tosa.mul");
    let is_sub = op.is("tosa.sub");
    if !(is_mul || is_sub || op.is("tosa.add")) || !op.result(0).ty().is_f32() {
        return None;
    }
    let channels = *graph::shape(op.result(0)).last()?;
    let (a, b) = (op.operand(0), op.operand(1));
    let (value, constant, constant_first) = if graph::is_constant(b) { (a, b, false) } else { (b, a, true) };
    if !graph::is_constant(constant) || value.ty() != op.result(0).ty() {
        return None;
    }
    let factors = graph::per_channel(constant, channels)?;
    let (zero, one) = (vec![0.0; factors.len()], vec![1.0; factors.len()]);
    Some(match (is_mul, is_sub, constant_first) {
        (true, ..) => (value, factors, zero),
        (_, false, _) => (value, one, factors),
        (_, true, false) => (value, one, factors.iter().map(|f| -f).collect()),
        (_, true, true) => (value, vec![-1.0; factors.len()], factors),
    })
}

/// A convolution with constant weights and bias whose only user is the one being folded.
struct Contraction {
    op: Op,
    weights: Vec<f32>,
    bias: Vec<f32>,
    /// The output channel of weight `i`.
    channel: fn(usize, &[i64]) -> usize,
}

impl Contraction {
    fn of(value: Value) -> Option<Self> {
        let op = value.def().filter(|op| op.is("tosa.conv2d") || op.is("tosa.depthwise_conv2d"))?;
        if !value.has_one_use() {
            return None;
        }
        let channel: fn(usize, &[i64]) -> usize = if op.is("tosa.conv2d") {
            |i, shape| i / shape[1..].iter().product::<i64>() as usize
        } else {
            |i, shape| i % (shape[2] * shape[3]) as usize
        };
        Some(Self {
            op,
            weights: graph::constant_f32(op.operand(1))?,
            bias: graph::constant_f32(op.operand(2))?,
            channel,
        })
    }

    /// Replaces the contraction by one that yields what `user` yields.
    fn apply(self, user: Op, scale: &[f32], shift: &[f32]) -> bool {
        let (op, builder) = (self.op, Builder::before(user));
        let shape = graph::shape(op.operand(1));
        let factor = |channel: usize| f64::from(scale[channel % scale.len()]);
        let weights: Vec<f32> = self
            .weights
            .iter()
            .enumerate()
            .map(|(i, &w)| (f64::from(w) * factor((self.channel)(i, &shape))) as f32)
            .collect();
        let bias: Vec<f32> = (0..shift.len())
            .map(|c| (f64::from(self.bias[c % self.bias.len()]) * factor(c) + f64::from(shift[c])) as f32)
            .collect();
        let name = graph::given_name(op).unwrap_or_else(|| "folded".to_owned());
        let scaled = scale.iter().any(|&s| s != 1.0);
        let weight = if scaled {
            graph::build_constant(
                builder,
                op.operand(1).def().map_or(op.loc(), Op::loc),
                &format!("{name}_weight"),
                &shape,
                &weights,
            )
        } else {
            op.operand(1)
        };
        let bias =
            graph::build_constant(builder, op.loc(), &format!("{name}_bias"), &[bias.len() as i64], &bias);
        let mut operands = op.operands();
        (operands[1], operands[2]) = (weight, bias);
        let copy = copy_with_operands(builder, op, user.result(0).ty(), operands);
        user.result(0).replace_all_uses_with(copy);
        true
    }
}

/// The same operation on other operands.
fn copy_with_operands(builder: Builder, op: Op, result: Type, operands: Vec<Value>) -> Value {
    let (name, attrs) = (op.name(), op.attrs());
    let mut spec = OpSpec::new(&name).operands(operands).result(result);
    for (key, value) in &attrs {
        spec = spec.attr(key, *value);
    }
    builder.value(op.loc(), spec)
}

/// `value * scale + shift` as a depthwise 1x1 convolution, for values of rank 2 to 4.
fn as_depthwise(op: Op, value: Value, scale: &[f32], shift: &[f32]) -> bool {
    let (shape, ctx, builder) = (graph::shape(value), op.ctx(), Builder::before(op));
    let map = match *shape.as_slice() {
        [n, c] => [n, 1, 1, c],
        [n, t, c] => [n, t, 1, c],
        [n, h, w, c] => [n, h, w, c],
        _ => return false,
    };
    let (loc, f32) = (op.loc(), Type::f32(ctx));
    let name = graph::given_name(op).unwrap_or_else(|| "affine".to_owned());
    let channels = scale.len() as i64;
    let map_ty = Type::tensor(&map, f32);
    let input = reshape(builder, op, value, map_ty);
    let weight = graph::build_constant(builder, loc, &format!("{name}_scale"), &[1, 1, channels, 1], scale);
    let bias = graph::build_constant(builder, loc, &format!("{name}_shift"), &[channels], shift);
    let zero = graph::build_constant(builder, loc, "zero", &[1], &[0.0]);
    let spec = OpSpec::new("tosa.depthwise_conv2d")
        .operands([input, weight, bias, zero, zero])
        .attr("pad", Attr::i64s(ctx, &[0; 4]))
        .attr("stride", Attr::i64s(ctx, &[1, 1]))
        .attr("dilation", Attr::i64s(ctx, &[1, 1]))
        .attr("acc_type", Attr::ty(f32))
        .result(map_ty);
    let conv = builder.value(loc, spec);
    let result = reshape(builder, op, conv, op.result(0).ty());
    op.result(0).replace_all_uses_with(result);
    true
}

/// `tosa.reshape`, unless the type is the same.
fn reshape(builder: Builder, op: Op, value: Value, ty: Type) -> Value {
    if value.ty() == ty {
        return value;
    }
    let shape = ty.shape().unwrap_or_default();
    let text = format!("!tosa.shape<{}>", shape.len());
    let index = format!("dense<{shape:?}> : tensor<{}xindex>", shape.len());
    let (Some(shape_ty), Some(values)) = (Type::parse(op.ctx(), &text), Attr::parse(op.ctx(), &index)) else {
        return value;
    };
    let shape =
        builder.value(op.loc(), OpSpec::new("tosa.const_shape").attr("values", values).result(shape_ty));
    builder.value(op.loc(), OpSpec::new("tosa.reshape").operands([value, shape]).result(ty))
}
