//! A kernel function while it is written.

use std::collections::HashMap;

use afp_ir::{
    diag::Diagnostic,
    mlir::{Attr, Block, Loc, Op, Type, Value},
};

use super::{Lowering, builder::Kernel, layout::Layout};

/// An argument behind those that every kernel has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extra {
    /// A constant, by number.
    Constant(usize),
    /// Memory for this call alone.
    Scratch,
    /// The share's part of a buffer.
    Own(Value),
    /// A memref of the body.
    Shared(Value),
    /// The scale exponent that a value has when the code runs.
    Exponent(Value),
}

/// A kernel function: what it reads, what it writes, and which of its items it is to do.
///
/// Its arguments are the operands, the result, the first item and the one behind the last, then
/// [`Extra`]s in the order of their first use.
pub(super) struct Scope<'l> {
    pub lowering: &'l mut Lowering,
    pub block: Block,
    pub loc: Loc,
    /// The memrefs of the operands.
    pub operands: Vec<Value>,
    /// The memref of the result.
    pub result: Value,
    pub from: Value,
    pub to: Value,
    /// What is passed behind them.
    pub extras: Vec<(Extra, Value)>,
    /// Scale exponents that are read, by what they belong to.
    exponents: HashMap<Value, Value>,
}

impl<'l> Scope<'l> {
    pub fn new(lowering: &'l mut Lowering, function: Op, operands: usize) -> Option<Self> {
        let (block, loc) = (*function.blocks().first()?, function.loc());
        let args = block.args();
        let (memrefs, rest) = args.split_at(operands);
        Some(Self {
            lowering,
            block,
            loc,
            operands: memrefs.to_vec(),
            result: rest[0],
            from: rest[1],
            to: rest[2],
            extras: Vec::new(),
            exponents: HashMap::new(),
        })
    }

    /// The memref of a constant.
    pub fn global(&mut self, index: usize) -> Value {
        if let Some((_, value)) = self.extras.iter().find(|(extra, _)| *extra == Extra::Constant(index)) {
            return *value;
        }
        let value = self.block.add_arg(self.lowering.globals[index].ty, self.loc);
        self.extras.push((Extra::Constant(index), value));
        value
    }

    /// A new constant, and its memref.
    pub fn constant(&mut self, role: &'static str, shape: &[i64], element: Type, values: &[i64]) -> Value {
        let index = self.lowering.global(role, shape, element, values);
        self.global(index)
    }

    /// Memory of this call alone, whose contents matter neither before nor after.
    pub fn scratch(&mut self, ty: Type) -> Value {
        let value = self.block.add_arg(ty, self.loc);
        self.extras.push((Extra::Scratch, value));
        value
    }

    /// The share's part of a buffer.
    pub fn own(&mut self, buffer: Value, ty: Type) -> Value {
        let value = self.block.add_arg(ty, self.loc);
        self.extras.push((Extra::Own(buffer), value));
        value
    }

    /// A memref of the body, that other kernels use too.
    pub fn shared(&mut self, memory: Value) -> Value {
        let value = self.block.add_arg(memory.ty(), self.loc);
        self.extras.push((Extra::Shared(memory), value));
        value
    }

    /// The scale exponent of a dynamic value, read where the kernel begins.
    pub fn exponent(&mut self, value: Value) -> Value {
        if let Some(&known) = self.exponents.get(&value) {
            return known;
        }
        let ctx = self.lowering.ctx;
        let memory = self.block.add_arg(Type::memref(&[1], Type::int(ctx, 32)), self.loc);
        self.extras.push((Extra::Exponent(value), memory));
        let k = match self.block.ops().first().copied() {
            Some(op) => Kernel::before(op),
            None => Kernel::new(ctx, self.block, self.loc),
        };
        let read = k.load(memory, &[k.index(0)]);
        self.exponents.insert(value, read);
        read
    }

    /// Gives a function its final type, once all arguments are there.
    pub fn seal(&self, function: Op) {
        let ctx = function.ctx();
        let types: Vec<Type> = self.block.args().into_iter().map(Value::ty).collect();
        function.set_attr("function_type", Attr::ty(Type::function(ctx, &types, &[])));
    }
}

/// Visits the elements of a shape whose leading dimensions a kernel's items run over; see [`rows`].
pub(super) fn every(
    k: &Kernel,
    (from, to): (Value, Value),
    shape: &[i64],
    body: impl FnOnce(&Kernel, &[Value]) -> Result<(), Diagnostic>,
) -> Result<(), Diagnostic> {
    let split = row_rank(shape);
    let (rows, inner) = shape.split_at(split);
    let mut outcome = Ok(());
    k.fold(from, to, &[], |k, item, _| {
        let mut indices = split_index(k, item, rows);
        k.every(inner, |k, rest| {
            indices.extend_from_slice(rest);
            outcome = body(k, &indices);
        });
        Vec::new()
    });
    outcome
}

/// How many leading dimensions of a shape are items of a kernel: all but columns and channels.
fn row_rank(shape: &[i64]) -> usize {
    match shape.len() {
        0 | 1 => 0,
        2 => 1,
        rank => rank - 2,
    }
}

/// The number of items of a kernel that visits every element of a shape.
pub(super) fn rows(shape: &[i64]) -> i64 {
    shape[..row_rank(shape)].iter().product()
}

/// The indices that a number stands for, in row-major order.
pub(super) fn split_index(k: &Kernel, index: Value, shape: &[i64]) -> Vec<Value> {
    let mut rest = index;
    let mut indices = Vec::new();
    for &size in shape.iter().skip(1).rev() {
        let size = k.index(size);
        indices.push(k.binary("arith.remui", rest, size));
        rest = k.binary("arith.divui", rest, size);
    }
    if !shape.is_empty() {
        indices.push(rest);
    }
    indices.reverse();
    indices
}

/// The layout of a value that is stored.
pub(super) fn layout(lowering: &Lowering, value: Value, user: Op) -> Result<Layout, Diagnostic> {
    lowering.layout(value).ok_or_else(|| super::tree::unsupported(user, "coded operands"))
}
