//! The layers of an exact AFP program: everything that is stored, with what is computed on the way.

use afp_codegen::kernels::{layer_name, strategy::Choice, value_name};
use afp_ir::{
    dialect::{Element, FloatType, view},
    mlir::{Attr, Op, SourceModule, Value},
};
use afp_passes::assign_formats::only_leaves;
use serde::Serialize;

/// A layer: one kernel, from values that are stored to one that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// Its name, as a formats file calls its output; unnamed ones by operator and operand.
    pub name: String,
    /// What it computes, without `afp.`: of a group the contraction.
    pub operator: String,
    /// What else shares its rounding.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fused: Vec<String>,
    /// What it reads that is computed.
    pub inputs: Vec<Tensor>,
    /// What it reads that is learned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<Weights>,
    /// What it writes.
    pub output: Tensor,
    /// Products.
    pub macs: u64,
    /// Memory.
    pub bytes: Bytes,
    /// How it is computed: the name of a strategy.
    pub strategy: String,
    /// Whether what it writes only leaves the program.
    #[serde(skip)]
    pub leaves: bool,
}

/// A computed tensor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tensor {
    /// The name of the layer or input that it comes from.
    pub name: String,
    /// Its sizes.
    pub shape: Vec<i64>,
    /// Its format, or `f32`.
    pub format: String,
    /// Bits of a code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits: Option<u32>,
    /// Its scale exponent, if that is known at compile time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i32>,
}

/// A learned tensor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Weights {
    /// The name of its operator, as a formats file calls it.
    pub name: String,
    /// Its sizes.
    pub shape: Vec<i64>,
    /// Its format.
    pub format: String,
    /// Bits of a code.
    pub bits: u32,
    /// Its scale exponents: one, or one per output channel.
    pub exp: Vec<i32>,
}

/// Memory of a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bytes {
    /// Weights, biases and tables that it reads.
    pub constants: u64,
    /// What it writes.
    pub output: u64,
}

impl Tensor {
    fn of(value: Value, name: String) -> Self {
        let float = FloatType::of(value.ty());
        Self {
            name,
            shape: value.ty().shape().unwrap_or_default(),
            format: float.map_or_else(|| "f32".to_owned(), |ty| ty.format.to_string()),
            bits: float.map(|ty| ty.format.width()),
            exp: float.and_then(|ty| ty.exp.fixed()),
        }
    }

    /// Number of elements.
    pub fn elements(&self) -> u64 {
        self.shape.iter().map(|&size| size.unsigned_abs()).product()
    }
}

/// The layers of a module's function, in order.
pub fn of(module: &SourceModule<'_>) -> Vec<Layer> {
    let body = module.functions().first().and_then(|function| function.blocks().into_iter().next());
    let ops = body.map(|body| body.ops()).unwrap_or_default();
    ops.into_iter().filter(|&op| is_stored(op)).map(layer).collect()
}

/// Whether an operation's result is kept in memory of its own.
fn is_stored(op: Op) -> bool {
    op.result_count() == 1
        && !["afp.constant", "afp.reshape"].iter().any(|name| op.is(name))
        && matches!(Element::of(op.result(0).ty()), Element::Float(_) | Element::Real)
        && op.name().starts_with("afp.")
}

fn layer(op: Op) -> Layer {
    let mut group = Vec::new();
    collect(op, &mut group);
    let contraction = group.iter().position(|&op| view::is_weighted(op) || op.is("afp.matmul"));
    let main = contraction.map(|index| group.remove(index)).or_else(|| group.pop()).unwrap_or(op);
    let short = |op: Op| op.name().trim_start_matches("afp.").to_owned();
    let mut all: Vec<Op> = group.iter().copied().chain([main, op]).collect();
    all.dedup();
    let (mut inputs, mut weights): (Vec<Tensor>, Vec<Weights>) = Default::default();
    let operands = all.iter().flat_map(|op| op.operands().into_iter().map(move |value| (*op, value)));
    for (user, value) in operands {
        if is_constant(value) {
            weights.extend(learned(user, value));
        } else if Element::of(value.ty()) != Element::Exact {
            let input = Tensor::of(value, value_name(value));
            if !inputs.contains(&input) {
                inputs.push(input);
            }
        }
    }
    let name = layer_name(op);
    let output = Tensor::of(op.result(0), name.clone());
    let stored = match FloatType::of(op.result(0).ty()) {
        Some(float) => u64::from(float.storage_bits() / 8),
        None => 4,
    };
    Layer {
        operator: short(main),
        fused: group.iter().copied().map(short).collect(),
        inputs,
        weights,
        macs: all.iter().copied().map(macs).sum(),
        bytes: Bytes { constants: 0, output: stored * output.elements() },
        strategy: strategy(op).to_owned(),
        leaves: only_leaves(op.result(0)),
        name,
        output,
    }
}

/// How an operation is computed, as `afp-select-kernels` has chosen.
fn strategy(op: Op) -> &'static str {
    Choice::of(op).unwrap_or(Choice::PORTABLE).strategy.name()
}

/// The operators whose exact results an operation needs, each behind those that it needs itself.
fn collect(op: Op, group: &mut Vec<Op>) {
    for operand in op.operands() {
        let Some(def) = operand.def().filter(|def| !def.is("afp.constant")) else { continue };
        if Element::of(operand.ty()) == Element::Exact && !group.contains(&def) {
            collect(def, group);
            group.push(def);
        }
    }
}

fn is_constant(value: Value) -> bool {
    value.def_as("afp.constant").is_some()
}

/// A coded constant that an operator reads; exact ones are biases.
fn learned(user: Op, value: Value) -> Option<Weights> {
    let ty = FloatType::of(value.ty())?;
    let of_type = ty.exp.fixed().unwrap_or(0);
    let channels = view::channel_exp(user).unwrap_or_else(|| vec![0]);
    let mut exp: Vec<i32> = channels.into_iter().map(|exp| exp + of_type).collect();
    if exp.iter().all(|e| *e == exp[0]) {
        exp.truncate(1);
    }
    Some(Weights {
        name: user.attr("afp.name").and_then(Attr::as_string).unwrap_or_else(|| user.name()),
        shape: value.ty().shape().unwrap_or_default(),
        format: ty.format.to_string(),
        bits: ty.format.width(),
        exp,
    })
}

/// The products of an operator.
fn macs(op: Op) -> u64 {
    let shape = |value: Value| value.ty().shape().unwrap_or_default();
    let count = |sizes: &[i64]| sizes.iter().map(|&size| size.unsigned_abs()).product::<u64>();
    let per_output = match op.name().as_str() {
        // Weights OHWI, and [out, in].
        "afp.conv2d" | "afp.fully_connected" => count(shape(op.operand(1)).get(1..).unwrap_or_default()),
        // Weights HWCM.
        "afp.depthwise_conv2d" => count(shape(op.operand(1)).get(..2).unwrap_or_default()),
        "afp.matmul" => shape(op.operand(0)).last().map_or(1, |size| size.unsigned_abs()),
        _ => return 0,
    };
    count(&shape(op.result(0))) * per_output
}
