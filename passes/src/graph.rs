//! What several passes ask of a graph.

use afp_ir::{
    dialect::{Element, view},
    mlir::{Attr, Block, Builder, Loc, Op, OpSpec, Type, Value},
};

/// Number of elements from which a constant is kept as a resource blob and not printed inline.
const RESOURCE_ELEMENTS: usize = 32;

/// Number of channels that one constant is repeated for.
const MAX_CHANNELS: i64 = 1 << 24;

/// The bodies of all functions of a module.
pub fn bodies(module: Op) -> Vec<Block> {
    module
        .blocks()
        .into_iter()
        .flat_map(Block::ops)
        .filter(|op| op.is("func.func"))
        .flat_map(|function| function.blocks().into_iter().take(1))
        .collect()
}

/// All operations in the bodies of a module's functions, in order.
pub fn body_ops(module: Op) -> Vec<Op> {
    bodies(module).into_iter().flat_map(Block::ops).collect()
}

/// The shape of a value; empty if it is not static, which the verifiers of afp exclude.
pub fn shape(value: Value) -> Vec<i64> {
    value.ty().shape().unwrap_or_default()
}

/// The elements of an `f32` constant.
pub fn constant_f32(value: Value) -> Option<Vec<f32>> {
    value.def_as("tosa.const")?.attr("values")?.elements_f32()
}

/// Whether a value is an `f32` constant.
pub fn is_constant(value: Value) -> bool {
    value.def_as("tosa.const").is_some()
}

/// The one value of an `f32` constant whose elements are all equal.
pub fn splat_f32(value: Value) -> Option<f32> {
    let values = constant_f32(value)?;
    let first = *values.first()?;
    values.iter().all(|&v| v == first).then_some(first)
}

/// The elements of a shape operand made by `tosa.const_shape`.
pub fn constant_shape(value: Value) -> Option<Vec<i64>> {
    value.def_as("tosa.const_shape")?.attr("values")?.elements_index()
}

/// An elements attribute, inline if small, else a resource of this name.
pub fn elements(ty: Type, name: &str, bytes: &[u8]) -> Attr {
    if ty.element_count().unwrap_or(0) < RESOURCE_ELEMENTS
        && let Some(dense) = Attr::dense(ty, bytes)
    {
        return dense;
    }
    let mut identifier: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if !identifier.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        identifier.insert(0, '_');
    }
    Attr::resource(ty, &identifier, bytes)
}

/// A `tosa.const` of `f32`.
pub fn build_constant(builder: Builder, loc: Loc, name: &str, shape: &[i64], values: &[f32]) -> Value {
    let ty = Type::tensor(shape, Type::f32(builder.ctx()));
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let spec = OpSpec::new("tosa.const").attr("values", elements(ty, name, &bytes)).result(ty);
    builder.value(loc, spec)
}

/// A factor or summand per channel (last dimension) out of a constant operand: one value if all are
/// the same, else one per channel; none if it varies along another dimension, or stands for more than
/// [`MAX_CHANNELS`].
pub fn per_channel(constant: Value, channels: i64) -> Option<Vec<f32>> {
    let (values, shape) = (constant_f32(constant)?, shape(constant));
    let (&last, rest) = shape.split_last()?;
    if let Some(value) = splat_f32(constant)
        && (values.len() == 1 || last == channels || last == 1)
        && channels <= MAX_CHANNELS
    {
        return Some(vec![value; channels as usize]);
    }
    (last == channels && rest.iter().all(|&size| size == 1)).then_some(values)
}

/// The user's name for an operation: its location's, or none.
pub fn given_name(op: Op) -> Option<String> {
    op.loc().name().filter(|name| !name.is_empty())
}

/// `afp.name` of an operation.
pub fn site_name(op: Op) -> String {
    op.attr("afp.name").and_then(Attr::as_string).unwrap_or_else(|| op.name())
}

/// The name of the group that an operation belongs to: its own, or that of the encode behind its exact
/// result; the operator if there is none.
pub fn group_name(op: Op) -> String {
    let mut member = op;
    // Exact values go through a few operators to one encode.
    for _ in 0..16 {
        if let Some(name) = member.attr("afp.name").and_then(Attr::as_string) {
            return name;
        }
        let user = member.results().first().and_then(|result| Some(result.uses().first()?.0));
        match user
            .filter(|_| Element::of(member.result(0).ty()) == Element::Exact || view::is_movement(member))
        {
            Some(user) if !user.is("func.return") => member = user,
            _ => break,
        }
    }
    op.name().trim_start_matches("afp.").to_owned()
}

/// The operation that determines a value's format: looks through operators that move elements (the
/// first operand of a concat stands for all).
pub fn format_source(value: Value) -> Value {
    match value.def() {
        Some(op) if view::is_movement(op) && !op.is("afp.concat") && op.operand_count() > 0 => {
            format_source(op.operand(0))
        }
        _ => value,
    }
}

/// The value behind conversions of real numbers and operators that move elements: what a site yields, or
/// an argument.
pub fn origin(value: Value) -> Value {
    let source = format_source(value);
    match source.def() {
        Some(op) if op.is("afp.dequantize") || op.is("afp.quantize") => origin(op.operand(0)),
        _ => source,
    }
}

/// Erases operations without effect or use, last to first, until none is left.
pub fn erase_unused(block: Block) {
    erase_unused_after(block, |_| {});
}

/// The same; `before` sees each operation before it is erased.
pub fn erase_unused_after(block: Block, mut before: impl FnMut(Op)) {
    for op in block.ops().into_iter().rev() {
        let name = op.name();
        let pure = name.starts_with("tosa.") || name.starts_with("afp.");
        if pure && op.result_count() > 0 && op.is_unused() {
            before(op);
            op.erase();
        }
    }
}
