//! `afp-plan-memory`: every buffer of the body gets its place in the arena.
//!
//! The buffers are the `memref.alloc`s of the function that carries `afp.inputs`. A buffer is alive from
//! its allocation to the last call that is given a view of it. [`arena`] chooses the offsets.

pub mod arena;

use std::collections::HashMap;

use afp_ir::mlir::{Attr, Builder, Op, OpSpec, Type, Value};
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
            place(function, alignment);
        }
    }
    Ok(())
}

/// Where the arena stands among the arguments of a body.
fn arena_argument(function: Op) -> Option<Value> {
    let args = function.blocks().first()?.args();
    let behind = usize::from(function.attr(interface::THREADS).is_some());
    args.len().checked_sub(1 + behind).map(|index| args[index])
}

fn place(function: Op, alignment: usize) {
    let (Some(&block), Some(arena)) = (function.blocks().first(), arena_argument(function)) else { return };
    let position: HashMap<Op, usize> = block.ops().into_iter().enumerate().map(|(i, op)| (op, i)).collect();
    let buffers: Vec<Op> = block.ops().into_iter().filter(|op| op.is("memref.alloc")).collect();
    let intervals: Vec<Interval> = buffers
        .iter()
        .map(|&op| {
            let bytes = op.result(0).ty().memref_shape().unwrap_or_default().iter().product::<i64>();
            let first = position.get(&op).copied().unwrap_or(0);
            Interval { bytes: bytes as usize, first, last: last_use(op.result(0), &position).max(first) }
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
}

/// The last operation that is given a buffer or a view of it.
fn last_use(value: Value, position: &HashMap<Op, usize>) -> usize {
    let mut last = 0;
    for (user, _) in value.uses() {
        last = last.max(position.get(&user).copied().unwrap_or(0));
        for result in user.results() {
            last = last.max(last_use(result, position));
        }
    }
    last
}
