//! One tosa operator after the other becomes its afp counterpart.

use afp_ir::{
    diag::Diagnostic,
    dialect::{Element, types},
    mlir::{Attr, Block, Builder, Op, OpSpec, Type, Value},
};

use crate::graph;

/// Unary functions by tosa name.
const FUNCTIONS: [(&str, &str); 8] = [
    ("tosa.sigmoid", "sigmoid"),
    ("tosa.tanh", "tanh"),
    ("tosa.exp", "exp"),
    ("tosa.log", "log"),
    ("tosa.rsqrt", "rsqrt"),
    ("tosa.reciprocal", "reciprocal"),
    ("tosa.erf", "erf"),
    ("tosa.abs", "abs"),
];

/// What a tosa operator becomes, for the table of supported operators.
pub const SUPPORTED: &[(&str, &str)] = &[
    ("tosa.conv2d", "afp.conv2d + afp.encode"),
    ("tosa.depthwise_conv2d", "afp.depthwise_conv2d + afp.encode"),
    ("tosa.matmul", "afp.fully_connected (constant right operand, one batch) or afp.matmul, + afp.encode"),
    ("tosa.add", "afp.add + afp.encode"),
    ("tosa.avg_pool2d", "afp.sum_pool2d + afp.encode with a divisor"),
    ("tosa.reduce_sum", "afp.sum_pool2d + afp.encode (a spatial dimension of a rank 4 operand)"),
    ("tosa.max_pool2d", "afp.max_pool2d"),
    ("tosa.clamp", "limits of the encode before it, or an afp.encode of its own"),
    ("tosa.sigmoid", "afp.table"),
    ("tosa.tanh", "afp.table"),
    ("tosa.exp", "afp.table"),
    ("tosa.log", "afp.table"),
    ("tosa.rsqrt", "afp.table"),
    ("tosa.reciprocal", "afp.table"),
    ("tosa.erf", "afp.table"),
    ("tosa.abs", "afp.table"),
    ("tosa.concat", "afp.concat"),
    ("tosa.reshape", "afp.reshape"),
    ("tosa.transpose", "afp.transpose"),
    ("tosa.slice", "afp.slice"),
    ("tosa.pad", "afp.pad (constant value)"),
    ("tosa.identity", "nothing"),
    ("tosa.const", "weights, biases, operands"),
    ("tosa.const_shape", "attributes"),
    ("tosa.mul, tosa.sub by a constant per channel", "folded by afp-raise"),
    ("tosa.reduce_max, sub, exp, reduce_sum, reciprocal, mul", "afp.softmax, recognised by afp-raise"),
];

/// Reports every argument and operator that has no counterpart; how many there are.
pub(super) fn report_unsupported(body: Block) -> usize {
    let mut refused = 0;
    let function = body.terminator().and_then(Op::parent);
    for (index, argument) in body.args().into_iter().enumerate() {
        let ty = argument.ty();
        if is_sized(ty) && Element::of(ty) != Element::Other {
            continue;
        }
        refused += 1;
        if let Some(function) = function {
            Diagnostic::error("AFP0301", format!("argument {index} cannot be quantized"))
                .expected("a tensor of f32 whose sizes are known and positive, of at most 2^30 elements")
                .found(ty.to_string())
                .emit(function.loc());
        }
    }
    for op in body.ops() {
        if let Err(diagnostic) = check(op) {
            diagnostic.emit(op.loc());
            refused += 1;
        }
    }
    refused
}

/// Number of elements of the largest tensor that is converted.
const MAX_ELEMENTS: usize = 1 << 30;

/// Whether a type is a tensor whose sizes are known and positive, of at most 2^30 elements.
fn is_sized(ty: Type) -> bool {
    let positive = ty.shape().is_some_and(|shape| shape.iter().all(|&size| size > 0));
    positive && ty.element_count().is_some_and(|count| count <= MAX_ELEMENTS)
}

fn unsupported(op: Op, found: impl Into<String>) -> Diagnostic {
    Diagnostic::error("AFP0301", format!("operator {} cannot be quantized", op.name()))
        .found(found)
        .help("`afpc ops` lists what is supported; `afpc run --float` still runs the network in f32")
}

fn check(op: Op) -> Result<(), Diagnostic> {
    let name = op.name();
    if name == "func.return" || name.starts_with("afp.") || name == "tosa.const" || name == "tosa.const_shape"
    {
        return Ok(());
    }
    let types = || op.operands().iter().map(|v| v.ty().to_string()).collect::<Vec<_>>().join(", ");
    if !SUPPORTED.iter().any(|(supported, _)| *supported == name) {
        let expected = "an operator of the table of supported operators";
        return Err(unsupported(op, format!("operands {}", types())).expected(expected));
    }
    if !op.result(0).ty().is_f32() {
        return Err(unsupported(op, op.result(0).ty().to_string()).expected("f32 results"));
    }
    let need = |ok: bool, expected: &str| {
        if ok { Ok(()) } else { Err(unsupported(op, format!("operands {}", types())).expected(expected)) }
    };
    let sized = op.operands().iter().filter(|v| v.ty().is_f32()).all(|v| is_sized(v.ty()));
    need(sized, "operands whose sizes are known and positive, of at most 2^30 elements")?;
    if !is_sized(op.result(0).ty()) {
        let expected = "a result whose sizes are known and positive, of at most 2^30 elements";
        return Err(unsupported(op, op.result(0).ty().to_string()).expected(expected));
    }
    let zero_points = match name.as_str() {
        "tosa.conv2d" | "tosa.depthwise_conv2d" => 3..5,
        "tosa.matmul" => 2..4,
        "tosa.avg_pool2d" => 1..3,
        _ => 0..0,
    };
    for index in zero_points {
        need(graph::splat_f32(op.operand(index)) == Some(0.0), "zero points that are constant and zero")?;
    }
    match name.as_str() {
        "tosa.conv2d" | "tosa.depthwise_conv2d" => {
            need(graph::is_constant(op.operand(1)), "constant weights")?;
            need(graph::is_constant(op.operand(2)), "a constant bias")
        }
        "tosa.reduce_sum" => {
            let axis = op.attr("axis").and_then(Attr::as_int);
            let rank = graph::shape(op.operand(0)).len();
            need(rank == 4 && matches!(axis, Some(1 | 2)), "a sum over dimension 1 or 2 of a rank 4 operand")
        }
        "tosa.slice" => {
            let constant = (1..3).all(|i| graph::constant_shape(op.operand(i)).is_some());
            need(constant, "constant start and size")
        }
        "tosa.pad" => {
            let widths = graph::constant_shape(op.operand(1)).is_some();
            need(widths && graph::splat_f32(op.operand(2)).is_some(), "constant widths and a constant value")
        }
        _ => Ok(()),
    }
}

/// Converts all tosa operators of a body that [`report_unsupported`] accepted.
pub(super) fn convert(body: Block) {
    for op in body.ops() {
        if let Some(value) = counterpart(op) {
            op.replace_with(value);
        }
    }
}

/// The value that takes the place of a tosa operator's result.
fn counterpart(op: Op) -> Option<Value> {
    let name = op.name();
    let build = Build {
        op,
        builder: Builder::before(op),
        result: op.result_count().gt(&0).then(|| op.result(0).ty()),
    };
    let x = op.operands().first().copied();
    Some(match name.as_str() {
        "tosa.identity" => x?,
        "tosa.conv2d" | "tosa.depthwise_conv2d" => build.convolution(&name.replace("tosa.", "afp.")),
        "tosa.matmul" => build.matmul(),
        "tosa.add" => build.encoded(OpSpec::new("afp.add").operands([op.operand(0), op.operand(1)])),
        "tosa.avg_pool2d" => build.average(),
        "tosa.reduce_sum" => build.reduce_sum(),
        "tosa.max_pool2d" => build.same("afp.max_pool2d", &["kernel", "stride", "pad"]),
        "tosa.clamp" => build.clamp(),
        "tosa.concat" => {
            build.moved(OpSpec::new("afp.concat").operands(op.operands()).attr_opt("axis", build.axis()))
        }
        "tosa.reshape" => build.moved(OpSpec::new("afp.reshape").operands([x?])),
        "tosa.transpose" => build.transpose(),
        "tosa.slice" => build.slice()?,
        "tosa.pad" => build.pad()?,
        _ => {
            let (_, function) = FUNCTIONS.iter().find(|(tosa, _)| *tosa == name)?;
            build.moved(
                OpSpec::new("afp.table").operands([x?]).attr("function", Attr::string(op.ctx(), function)),
            )
        }
    })
}

/// Building the counterpart of one operator.
struct Build {
    op: Op,
    builder: Builder,
    result: Option<Type>,
}

impl Build {
    fn result(&self) -> Type {
        self.result.unwrap_or_else(|| Type::f32(self.op.ctx()))
    }

    fn moved(&self, spec: OpSpec<'_>) -> Value {
        self.builder.value(self.op.loc(), spec.result(self.result()))
    }

    /// An operator with an exact result, which keeps the shape `exact`.
    fn exact(&self, spec: OpSpec<'_>, shape: Type) -> Value {
        let ty = shape.with_element(types::exact(self.op.ctx()));
        self.builder.value(self.op.loc(), spec.result(ty))
    }

    fn encode(&self, exact: Value, divisor: Option<Vec<i64>>) -> Value {
        let divisor = divisor.filter(|d| d.iter().any(|&n| n != 1)).map(|d| Attr::i64s(self.op.ctx(), &d));
        let spec = OpSpec::new("afp.encode").operands([exact]).attr_opt("divisor", divisor);
        let shape = exact.ty().with_element(Type::f32(self.op.ctx()));
        self.builder.value(self.op.loc(), spec.result(shape))
    }

    fn encoded(&self, spec: OpSpec<'_>) -> Value {
        let exact = self.exact(spec, self.result());
        self.encode(exact, None)
    }

    fn same(&self, name: &str, attrs: &[&'static str]) -> Value {
        let mut spec = OpSpec::new(name).operands([self.op.operand(0)]);
        for key in attrs {
            spec = spec.attr_opt(key, self.op.attr(key));
        }
        self.moved(spec)
    }

    fn axis(&self) -> Option<Attr> {
        self.op.attr("axis").and_then(Attr::as_int).map(|axis| Attr::int(self.op.ctx(), 64, axis))
    }

    fn convolution(&self, name: &str) -> Value {
        let op = self.op;
        let channels = *graph::shape(op.result(0)).last().unwrap_or(&1);
        let bias = self.bias(op.operand(2), channels);
        let mut spec = OpSpec::new(name).operands([op.operand(0), op.operand(1)]).operands(bias);
        for key in ["pad", "stride", "dilation"] {
            spec = spec.attr_opt(key, op.attr(key));
        }
        self.encoded(spec)
    }

    /// A bias of one element per channel; none if it is zero.
    fn bias(&self, bias: Value, channels: i64) -> Option<Value> {
        match graph::splat_f32(bias) {
            Some(0.0) => None,
            Some(value) if graph::shape(bias) != [channels] => {
                let values = vec![value; channels as usize];
                Some(graph::build_constant(self.builder, self.op.loc(), "bias", &[channels], &values))
            }
            _ => Some(bias),
        }
    }

    /// A product with a constant matrix is a fully connected layer on the rows of the left operand.
    fn matmul(&self) -> Value {
        let (op, lhs, rhs) = (self.op, self.op.operand(0), self.op.operand(1));
        let (a, b) = (graph::shape(lhs), graph::shape(rhs));
        let weights = graph::constant_f32(rhs).filter(|_| b[0] == 1);
        let Some(weights) = weights else {
            return self.encoded(OpSpec::new("afp.matmul").operands([lhs, rhs]));
        };
        let (inputs, outputs) = (b[1] as usize, b[2] as usize);
        let transposed: Vec<f32> =
            (0..outputs * inputs).map(|i| weights[(i % inputs) * outputs + i / inputs]).collect();
        let loc = rhs.def().map_or_else(|| op.loc(), Op::loc);
        let name =
            format!("{}_weight", graph::given_name(op).unwrap_or_else(|| "fully_connected".to_owned()));
        let weight = graph::build_constant(self.builder, loc, &name, &[b[2], b[1]], &transposed);
        let f32 = Type::f32(op.ctx());
        let rows = self.reshape(lhs, Type::tensor(&[a[0] * a[1], a[2]], f32));
        let flat = Type::tensor(&[a[0] * a[1], b[2]], f32);
        let exact = self.exact(OpSpec::new("afp.fully_connected").operands([rows, weight]), flat);
        let encoded = self.encode(exact, None);
        self.reshape(encoded, self.result())
    }

    fn reshape(&self, value: Value, ty: Type) -> Value {
        if value.ty() == ty {
            return value;
        }
        self.builder.value(self.op.loc(), OpSpec::new("afp.reshape").operands([value]).result(ty))
    }

    /// tosa's average counts only elements inside the input: one divisor per position where padding
    /// cuts windows.
    fn average(&self) -> Value {
        let op = self.op;
        let get = |key: &str| op.attr(key).and_then(Attr::as_i64s).unwrap_or_default();
        let (kernel, stride, pad) = (get("kernel"), get("stride"), get("pad"));
        let (input, output) = (graph::shape(op.operand(0)), graph::shape(op.result(0)));
        let inside = |position: i64, dim: usize| {
            let first = position * stride[dim] - pad[2 * dim];
            (first + kernel[dim]).min(input[dim + 1]) - first.max(0)
        };
        let counts: Vec<i64> = (0..output[1])
            .flat_map(|y| (0..output[2]).map(move |x| (y, x)))
            .map(|(y, x)| inside(y, 0).max(1) * inside(x, 1).max(1))
            .collect();
        let uniform = counts.iter().all(|&n| n == counts[0]);
        let divisor = if uniform { vec![counts[0]] } else { counts };
        self.sum_pool(&kernel, &stride, &pad, divisor)
    }

    fn reduce_sum(&self) -> Value {
        let shape = graph::shape(self.op.operand(0));
        let axis = self.op.attr("axis").and_then(Attr::as_int).unwrap_or(1);
        let kernel = if axis == 1 { [shape[1], 1] } else { [1, shape[2]] };
        self.sum_pool(&kernel, &[1, 1], &[0; 4], vec![1])
    }

    fn sum_pool(&self, kernel: &[i64], stride: &[i64], pad: &[i64], divisor: Vec<i64>) -> Value {
        let ctx = self.op.ctx();
        let spec = OpSpec::new("afp.sum_pool2d")
            .operands([self.op.operand(0)])
            .attr("kernel", Attr::i64s(ctx, kernel))
            .attr("stride", Attr::i64s(ctx, stride))
            .attr("pad", Attr::i64s(ctx, pad));
        let exact = self.exact(spec, self.result());
        self.encode(exact, Some(divisor))
    }

    fn clamp(&self) -> Value {
        let limit = |key: &str| self.op.attr(key).and_then(Attr::as_f64).map(|v| v as f32);
        let ctx = self.op.ctx();
        // Limits at the ends of f32 limit nothing.
        let lo = limit("min_val").filter(|&v| v > f32::MIN).map(|v| Attr::f32s(ctx, &[v]));
        let hi = limit("max_val").filter(|&v| v < f32::MAX).map(|v| Attr::f32s(ctx, &[v]));
        self.moved(
            OpSpec::new("afp.encode").operands([self.op.operand(0)]).attr_opt("lo", lo).attr_opt("hi", hi),
        )
    }

    fn transpose(&self) -> Value {
        let perm: Vec<i64> = self
            .op
            .attr("perms")
            .and_then(Attr::as_i32s)
            .unwrap_or_default()
            .into_iter()
            .map(i64::from)
            .collect();
        let perm = Attr::i64s(self.op.ctx(), &perm);
        self.moved(OpSpec::new("afp.transpose").operands([self.op.operand(0)]).attr("perm", perm))
    }

    fn slice(&self) -> Option<Value> {
        let start = Attr::i64s(self.op.ctx(), &graph::constant_shape(self.op.operand(1))?);
        Some(self.moved(OpSpec::new("afp.slice").operands([self.op.operand(0)]).attr("start", start)))
    }

    fn pad(&self) -> Option<Value> {
        let (ctx, widths) = (self.op.ctx(), graph::constant_shape(self.op.operand(1))?);
        let pick = |offset: usize| widths.iter().skip(offset).step_by(2).copied().collect::<Vec<_>>();
        let value = graph::splat_f32(self.op.operand(2)).filter(|&v| v != 0.0).map(|v| Attr::f32(ctx, v));
        let spec = OpSpec::new("afp.pad")
            .operands([self.op.operand(0)])
            .attr("low", Attr::i64s(ctx, &pick(0)))
            .attr("high", Attr::i64s(ctx, &pick(1)))
            .attr_opt("value", value);
        Some(self.moved(spec))
    }
}
