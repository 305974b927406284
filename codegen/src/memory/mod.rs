//! `afp-plan-memory`: every buffer of the body gets its place in the arena.
//!
//! The buffers are the `memref.alloc`s of the function that carries `afp.inputs`. A buffer is alive from
//! its allocation to the last call that is given a view of it. [`arena`] chooses the offsets.

pub mod arena;

use std::collections::HashMap;

use afp_ir::{
    diag::Diagnostic,
    mlir::{Attr, Builder, Op, OpSpec, Type, Value},
};
use afp_passes::registry::{Failed, Options, Pass, PassOption};
use arena::Interval;

use crate::interface;

/// Buffers start at multiples of this on machines with vectors.
pub const ALIGNMENT: usize = 64;

/// The pass.
pub static PASS: Pass = Pass {
    name: "afp-plan-memory",
    description: "Place every buffer in the arena, by the time that it is alive",
    anchor: "builtin.module",
    options: &[PassOption {
        name: "alignment",
        help: "buffers start at multiples of it, in bytes",
        default: "64",
    }],
    run,
};

fn run(module: Op, options: &Options<'_>) -> Result<(), Failed> {
    let alignment: usize = options.parse("alignment", "a power of two")?;
    if !alignment.is_power_of_two() || alignment > 4096 {
        return Err(options.reject("alignment", "a power of two up to 4096"));
    }
    for function in module.blocks().into_iter().flat_map(|block| block.ops()) {
        if function.is("func.func") && function.attr(interface::INPUTS).is_some() {
            place(function, alignment).map_err(|problem| {
                problem.emit(function.loc());
                Failed
            })?;
        }
    }
    Ok(())
}

/// The most bytes of a buffer: no machine has more, and sums of sizes do not overflow.
const MOST_BYTES: i64 = 1 << 40;

/// The size of a buffer.
fn bytes(op: Op) -> Result<usize, Diagnostic> {
    let ty = op.result(0).ty();
    let size = match ty.memref_shape().as_deref() {
        Some(&[size]) if ty.element().int_width() == Some(8) => Some(size),
        _ => None,
    };
    let size = size.filter(|size| (0..=MOST_BYTES).contains(size));
    size.map(|size| size as usize).ok_or_else(|| {
        Diagnostic::error("AFP0612", "a buffer cannot be placed in the arena")
            .at(op.loc())
            .expected("memref<N x i8> of at most 2^40 bytes")
            .found(ty.to_string())
    })
}

/// Where the arena stands among the arguments of a body.
fn arena_argument(function: Op) -> Option<Value> {
    function.blocks().first()?.args().last().copied()
}

fn place(function: Op, alignment: usize) -> Result<(), Diagnostic> {
    let (Some(&block), Some(arena)) = (function.blocks().first(), arena_argument(function)) else {
        return Ok(());
    };
    let position: HashMap<Op, usize> = block.ops().into_iter().enumerate().map(|(i, op)| (op, i)).collect();
    let buffers: Vec<Op> = block.ops().into_iter().filter(|op| op.is("memref.alloc")).collect();
    // Every buffer has its place.
    if buffers.is_empty() && arena.is_used() {
        return Ok(());
    }
    let sizes: Vec<usize> = buffers.iter().map(|&op| bytes(op)).collect::<Result<_, _>>()?;
    let intervals: Vec<Interval> = buffers
        .iter()
        .zip(sizes)
        .map(|(&op, bytes)| {
            let first = position.get(&op).copied().unwrap_or(0);
            Interval { bytes, first, last: last_use(op.result(0), &position).max(first) }
        })
        .collect();
    let plan = arena::plan(&intervals, alignment);
    let ctx = function.ctx();
    arena.set_ty(Type::memref(&[plan.bytes.max(1) as i64], Type::int(ctx, 8)));
    for (op, offset) in buffers.into_iter().zip(plan.offsets) {
        let (builder, loc) = (Builder::before(op), op.loc());
        let index = Type::index(ctx);
        let offset = Attr::typed_int(index, offset as i64);
        let offset = builder.value(loc, OpSpec::new("arith.constant").attr("value", offset).result(index));
        let view = OpSpec::new("memref.view").operands([arena, offset]).result(op.result(0).ty());
        op.replace_with(builder.value(loc, view));
    }
    let types: Vec<Type> = block.args().into_iter().map(Value::ty).collect();
    function.set_attr("function_type", Attr::ty(Type::function(ctx, &types, &[])));
    Ok(())
}

/// The last operation that is given a buffer or a view of it.
fn last_use(value: Value, position: &HashMap<Op, usize>) -> usize {
    let mut last = 0;
    for (user, _) in value.uses() {
        // A use inside a loop of the body is one of the loop.
        let mut outer = Some(user);
        while let Some(op) = outer.filter(|op| !position.contains_key(op)) {
            outer = op.parent();
        }
        last = last.max(outer.and_then(|op| position.get(&op)).copied().unwrap_or(0));
        for result in user.results() {
            last = last.max(last_use(result, position));
        }
    }
    last
}
