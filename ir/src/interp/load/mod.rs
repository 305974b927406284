//! From operations to kernels.
//!
//! Attributes and constant operands are read once, here; kernels hold plain data. Verifiers have
//! checked the operations already, but sizes that a kernel relies on are computed again from the
//! operands and compared with the declared result, so that no kernel reads out of bounds.

mod afp;
mod tosa;

pub use afp::filters_of;

use std::{collections::HashMap, sync::Arc};

use super::{
    exec::{Kernel, contract::Geometry},
    tensor::{Data, Tensor},
};
use crate::{
    diag::Diagnostic,
    dialect::{Element, shape, view},
    mlir::{Op, Type, Value},
};

/// No program may hold more bytes than this at a time.
pub const MEMORY_LIMIT: usize = 16 << 30;

/// What an operation becomes.
pub enum Loaded {
    /// A value that needs no computation.
    Constant(Tensor),
    /// Another value.
    Same(Value),
    /// A kernel and the operands it is to be given.
    Step(Box<dyn Kernel>, Vec<Value>),
}

impl Loaded {
    fn step(kernel: impl Kernel + 'static, operands: impl IntoIterator<Item = Value>) -> Self {
        Self::Step(Box::new(kernel), operands.into_iter().collect())
    }
}

/// The values that are known while a function is loaded.
#[derive(Default)]
pub struct Scope {
    /// Constants, and what has been computed from constants alone.
    pub constants: HashMap<Value, Arc<Tensor>>,
}

impl Scope {
    /// A value that must be known now, such as the shape operand of a reshape.
    ///
    /// # Errors
    /// AFP0402, if it is computed at run time.
    pub fn constant(&self, value: Value) -> Result<Arc<Tensor>, Diagnostic> {
        if let Some(known) = self.constants.get(&value) {
            return Ok(Arc::clone(known));
        }
        match value.def() {
            Some(op) if is_constant(op) => match load(self, op)? {
                Loaded::Constant(tensor) => Ok(Arc::new(tensor)),
                _ => Err(unsupported(op)),
            },
            _ => Err(Diagnostic::error("AFP0402", "an operand must be a constant")
                .expected("an operand that is known when the program is loaded")
                .found(format!("a value of type {} that is computed at run time", value.ty()))),
        }
    }

    /// The integers of a constant, such as sizes or indices.
    fn integers(&self, value: Value) -> Result<Vec<i64>, Diagnostic> {
        let tensor = self.constant(value)?;
        match &tensor.data {
            Data::Integers(values) => Ok(values.clone()),
            other => Err(super::exec::wrong_kind("integers", other)),
        }
    }
}

fn is_constant(op: Op) -> bool {
    ["tosa.const", "tosa.const_shape", "afp.constant"].iter().any(|name| op.is(name))
}

/// Reads an operation.
///
/// # Errors
/// AFP0401 for an operator that the interpreter does not know, AFP0402 for a form of one that it does
/// not execute, AFP0405 if exact values cannot fit 63 bits. All say where.
pub fn load(scope: &Scope, op: Op) -> Result<Loaded, Diagnostic> {
    let name = op.name();
    let loaded = if let Some(name) = name.strip_prefix("tosa.") {
        tosa::load(scope, op, name)
    } else if let Some(name) = name.strip_prefix("afp.") {
        afp::load(scope, op, name)
    } else {
        Err(unsupported(op))
    };
    loaded.map_err(|error| located(error, op))
}

/// Adds the operation's location to a diagnostic that has none.
pub fn located(error: Diagnostic, op: Op) -> Diagnostic {
    let error = if error.place.is_some() { error } else { error.at(op.loc()) };
    let name = format!("in '{}'", op.name());
    if error.notes.contains(&name) { error } else { error.note(name) }
}

fn unsupported(op: Op) -> Diagnostic {
    let types: Vec<String> = op.operands().iter().map(|value| value.ty().to_string()).collect();
    Diagnostic::error("AFP0401", format!("the interpreter does not know '{}'", op.name()))
        .expected("an operator of the tosa or afp dialect that has an f32 or coded form")
        .found(format!("operands of type ({})", types.join(", ")))
}

/// A form of a known operator that is not executed.
fn unsupported_form(expected: &str, found: impl Into<String>) -> Diagnostic {
    Diagnostic::error("AFP0402", "the interpreter does not execute this form of the operator")
        .expected(expected)
        .found(found)
}

/// The static, positive sizes of a tensor.
///
/// # Errors
/// AFP0402, if a size is unknown or zero.
pub fn sizes(value: Value) -> Result<Vec<usize>, Diagnostic> {
    sizes_of(value.ty())
}

/// As [`sizes`], of a type.
pub fn sizes_of(ty: Type) -> Result<Vec<usize>, Diagnostic> {
    let wrong = || {
        unsupported_form("tensors whose sizes are known and positive", ty.to_string())
            .help("give the dynamic sizes of the model's inputs values")
    };
    let shape = ty.shape().ok_or_else(wrong)?;
    shape
        .into_iter()
        .map(|size| usize::try_from(size).ok().filter(|&size| size > 0).ok_or_else(wrong))
        .collect()
}

/// The shape of the only result, which must be the one that follows from the operands.
fn result_shape(op: Op, expected: Vec<usize>) -> Result<Vec<usize>, Diagnostic> {
    let declared = sizes(op.result(0))?;
    if declared == expected {
        return Ok(declared);
    }
    Err(unsupported_form(&format!("a result of shape {expected:?}"), op.result(0).ty().to_string()))
}

/// Number of bytes that an operation's results need, and those that it needs while it runs.
///
/// # Errors
/// AFP0406, if that is no number.
pub fn memory(op: Op) -> Result<(usize, usize), Diagnostic> {
    let bytes = |value: Value, each: usize| -> Result<usize, Diagnostic> {
        let count = sizes(value)?.into_iter().try_fold(each, usize::checked_mul);
        count.ok_or_else(|| too_large(op, value.ty().to_string()))
    };
    let (mut kept, mut while_running) = (0usize, 0usize);
    let overflow = || too_large(op, "a sum that is no number".to_owned());
    for value in op.results().into_iter().filter(|value| value.ty().shape().is_some()) {
        let each = match Element::of(value.ty()) {
            Element::Real => 4,
            Element::Float(_) => 2,
            Element::Exact | Element::Other => 8,
        };
        kept = kept.checked_add(bytes(value, each)?).ok_or_else(overflow)?;
        while_running = while_running.checked_add(bytes(value, 8)?).ok_or_else(overflow)?;
    }
    for value in op.operands().into_iter().filter(|value| value.ty().shape().is_some()) {
        while_running = while_running.checked_add(bytes(value, 8)?).ok_or_else(overflow)?;
    }
    Ok((kept, while_running))
}

/// Refuses an operation that needs more than [`MEMORY_LIMIT`] by itself.
///
/// # Errors
/// AFP0406.
pub fn check_memory(op: Op) -> Result<(), Diagnostic> {
    let (kept, running) = memory(op).map_err(|error| located(error, op))?;
    match kept.checked_add(running) {
        Some(bytes) if bytes <= MEMORY_LIMIT => Ok(()),
        _ => Err(too_large(op, format!("{kept} bytes of results and {running} while it runs"))),
    }
}

/// More memory than the interpreter may use.
pub fn too_large(op: Op, found: String) -> Diagnostic {
    let error = Diagnostic::error("AFP0406", "the values of the program are too large")
        .expected(format!("at most {} GiB of values at a time", MEMORY_LIMIT >> 30))
        .found(found);
    located(error, op)
}

/// Checks that a tensor is what an operand's type says.
///
/// # Errors
/// AFP0404.
pub fn check_operand(op: Op, value: Value, tensor: &Tensor) -> Result<(), Diagnostic> {
    let shape = sizes(value).map_err(|error| located(error, op))?;
    if tensor.shape == shape && tensor.is_consistent() && tensor.data.fits(Element::of(value.ty())) {
        return Ok(());
    }
    let error = Diagnostic::error("AFP0404", "a tensor is not what the operand's type says")
        .expected(value.ty().to_string())
        .found(format!("{:?} {}", tensor.shape, tensor.data.describe()));
    Err(located(error, op))
}

/// An operand or attribute as a size.
fn size(n: i64) -> Result<usize, Diagnostic> {
    usize::try_from(n).map_err(|_| unsupported_form("sizes of at least 0", n.to_string()))
}

fn size_pair(pair: [i64; 2]) -> Result<[usize; 2], Diagnostic> {
    match [size(pair[0])?, size(pair[1])?] {
        [a, b] if a > 0 && b > 0 => Ok([a, b]),
        _ => Err(unsupported_form("sizes of at least 1", format!("{pair:?}"))),
    }
}

/// The windows of an NHWC input.
fn windows(
    input: &[usize],
    kernel: [usize; 2],
    channels: usize,
    conv: &view::Conv,
) -> Result<Geometry, Diagnostic> {
    let none = || unsupported_form("an NHWC input that holds at least one window", format!("{input:?}"));
    let &[batch, height, width, depth] = input else { return Err(none()) };
    let signed = |size: usize| i64::try_from(size).map_err(|_| none());
    let nhwc = [signed(batch)?, signed(height)?, signed(width)?, signed(depth)?];
    let [rows, columns] =
        shape::conv(&nhwc, [signed(kernel[0])?, signed(kernel[1])?], conv).ok_or_else(none)?;
    Ok(Geometry {
        batch,
        input: [height, width, depth],
        output: [size(rows)?, size(columns)?, channels],
        kernel,
        stride: size_pair(conv.stride)?,
        dilation: size_pair(conv.dilation)?,
        before: [size(conv.pad[0])?, size(conv.pad[2])?],
        groups: size(conv.groups)?.max(1),
    })
}

/// The windows of a pool.
fn pool_windows(input: &[usize], pool: &view::Pool) -> Result<Geometry, Diagnostic> {
    let conv =
        view::Conv { depthwise: true, stride: pool.stride, dilation: [1, 1], pad: pool.pad, groups: 1 };
    let channels = input.last().copied().unwrap_or(0);
    windows(input, size_pair(pool.kernel)?, channels, &conv)
}

impl Geometry {
    fn shape(&self) -> Vec<usize> {
        let [height, width, channels] = self.output;
        vec![self.batch, height, width, channels]
    }
}
