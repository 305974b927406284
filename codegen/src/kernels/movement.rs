//! Kernels that read codes and write codes, without an exact value between: movement, pooling by maximum.

use afp_ir::{
    diag::Diagnostic,
    dialect::view::{self, Pool, Slice},
    mlir::{Attr, Op, Value},
};

use super::{
    Lowering,
    builder::{Cmp, Kernel},
    calls::Destination,
    concat, dynamic,
    layout::Layout,
    pool,
    scope::{self, Scope, layout},
    softmax,
    strategy::{Choice, Strategy},
    table,
    tree::{shape_of, unsupported},
    windows::Windows,
};
use crate::afpk::numeric;

/// Adds the kernel of an operator and its call.
pub(super) fn convert(lowering: &mut Lowering, op: Op) -> Result<(), Diagnostic> {
    let shape = shape_of(op.result(0));
    dynamic::hand_on(lowering, op.operand(0), op.result(0));
    match op.name().as_str() {
        "afp.table" => table::convert(lowering, op),
        "afp.max_pool2d" => max_pool(lowering, op, &shape),
        "afp.softmax" => softmax::convert(lowering, op),
        "afp.concat" => concat::convert(lowering, op),
        "afp.transpose" => {
            let perm = view::dims(op, "perm");
            gather(lowering, op, &shape, move |_, indices| {
                (0..perm.len())
                    .map(|d| indices[perm.iter().position(|&p| p as usize == d).unwrap_or(d)])
                    .collect()
            })
        }
        "afp.slice" => {
            let Slice { start, stride } = Slice::of(op);
            gather(lowering, op, &shape, move |k, indices| {
                let at = |(d, &i): (usize, &Value)| k.add(k.mul(i, k.index(stride[d])), k.index(start[d]));
                indices.iter().enumerate().map(at).collect()
            })
        }
        _ => pad(lowering, op, &shape),
    }
}

/// One element of the result after the other: `body` gets its indices.
pub(super) fn map(
    lowering: &mut Lowering,
    op: Op,
    shape: &[i64],
    destination: Destination,
    body: impl FnOnce(&mut Scope<'_>, &Kernel, &[Value]),
) -> Result<(), Diagnostic> {
    lowering.kernel(op, &[op.operand(0)], scope::rows(shape), destination, |scope, k| {
        scope::every(k, (scope.from, scope.to), shape, |k, indices| {
            body(scope, k, indices);
            Ok(())
        })
    })
}

/// The layouts of the first operand and of the result.
fn layouts(lowering: &Lowering, op: Op) -> Result<(Layout, Layout), Diagnostic> {
    Ok((layout(lowering, op.operand(0), op)?, layout(lowering, op.result(0), op)?))
}

/// What is to be stored in one layout for what is stored in another, of one format.
pub(super) fn moved(k: &Kernel, stored: Value, from: &Layout, to: &Layout) -> Value {
    if from.storage == to.storage {
        return stored;
    }
    to.stored(k, from.integer(k, stored, 32))
}

/// `out[i] = in[source(i)]`.
fn gather(
    lowering: &mut Lowering,
    op: Op,
    shape: &[i64],
    source: impl Fn(&Kernel, &[Value]) -> Vec<Value>,
) -> Result<(), Diagnostic> {
    let (from, to) = layouts(lowering, op)?;
    map(lowering, op, shape, Destination::Buffer, move |scope, k, indices| {
        let (operand, result) = (scope.operands[0], scope.result);
        let stored = k.load(operand, &from.place(k, &source(k, indices)));
        k.store(moved(k, stored, &from, &to), result, &to.place(k, indices));
    })
}

/// A reshaped value whose elements have room around them, from an operand without gaps.
pub(super) fn spread(lowering: &mut Lowering, op: Op) -> Result<(), Diagnostic> {
    let (from, to) = layouts(lowering, op)?;
    let shape = shape_of(op.result(0));
    let sizes = shape.clone();
    map(lowering, op, &shape, Destination::Buffer, move |scope, k, indices| {
        let (operand, result) = (scope.operands[0], scope.result);
        let number = indices
            .iter()
            .zip(&sizes)
            .skip(1)
            .fold(indices[0], |number, (&index, &size)| k.add(k.mul(number, k.index(size)), index));
        let stored = k.load(k.flat(operand), &[number]);
        k.store(moved(k, stored, &from, &to), result, &to.place(k, indices));
    })
}

/// A border of one code, and the operand inside it.
fn pad(lowering: &mut Lowering, op: Op, shape: &[i64]) -> Result<(), Diagnostic> {
    let (from, to) = layouts(lowering, op)?;
    let (low, inner) = (view::dims(op, "low"), shape_of(op.operand(0)));
    let border = op.attr("value").and_then(Attr::as_int).unwrap_or(0);
    map(lowering, op, shape, Destination::Buffer, move |scope, k, indices| {
        let (operand, result) = (scope.operands[0], scope.result);
        // Outside, any element is loaded and the border taken.
        let (mut inside, mut at) = (k.constant(k.int(1), 1), Vec::new());
        for (d, &index) in indices.iter().enumerate() {
            let shifted = k.sub(index, k.index(low[d]));
            let last = k.index(inner[d] - 1);
            let within = k.and(k.cmp(Cmp::Sge, shifted, k.index(0)), k.cmp(Cmp::Sle, shifted, last));
            inside = k.and(inside, within);
            at.push(k.min(k.max(shifted, k.index(0)), last));
        }
        let stored = moved(k, k.load(operand, &from.place(k, &at)), &from, &to);
        let value = k.select(inside, stored, k.like(stored, to.stored_code(border)));
        k.store(value, result, &to.place(k, indices));
    })
}

/// The code of the largest value of each window. Stored integers are compared as they are; of codes,
/// the largest value is found, then encoded, which is exact.
fn max_pool(lowering: &mut Lowering, op: Op, shape: &[i64]) -> Result<(), Diagnostic> {
    if let Strategy::Pool(tile) = Choice::of(op)?.strategy {
        return pool::maximum(lowering, op, tile);
    }
    let (from, to) = layouts(lowering, op)?;
    let Ok(pool) = Pool::of(op) else { return Err(unsupported(op, "a valid geometry")) };
    let window = Windows::of_pool(&pool, &shape_of(op.operand(0)), &shape_of(op.result(0)));
    map(lowering, op, shape, Destination::Buffer, move |scope, k, indices| {
        let (operand, result) = (scope.operands[0], scope.result);
        let bits = numeric::encode_bits(from.format, 1);
        let least = k.constant(k.int(bits), from.format.int_min());
        let largest = window.fold(k, &indices[1..3], least, |k, [y, x], _, largest| {
            k.max(largest, from.load(k, operand, &[indices[0], y, x, indices[3]], bits))
        });
        to.store(k, largest, result, indices);
    })
}

/// Writes what stands for 0 around the feature maps of a buffer; items are rows in memory.
pub(super) fn clear_halo(k: &Kernel, layout: &Layout, memref: Value, (from, to): (Value, Value)) {
    let memory = layout.memory();
    let [top, bottom, left, right] = layout.halo;
    let (rows, columns, channels) = (memory[1], memory[2], memory[3]);
    k.fold(from, to, &[], |k, item, _| {
        let at = scope::split_index(k, item, &memory[..2]);
        let zero = k.constant(memref.ty().element(), layout.zero());
        let clear = |k: &Kernel, first: Value, end: Value| {
            k.fold(first, end, &[], |k, x, _| {
                k.each(channels, |k, c| k.store(zero, memref, &[at[0], at[1], x, c]));
                Vec::new()
            });
        };
        let above = k.cmp(Cmp::Slt, at[1], k.index(top));
        let below = k.cmp(Cmp::Sge, at[1], k.index(rows - bottom));
        let whole = k.or(above, below);
        let all = k.index(columns);
        clear(k, k.index(0), k.select(whole, all, k.index(left)));
        clear(k, k.select(whole, all, k.index(columns - right)), all);
        Vec::new()
    });
}
