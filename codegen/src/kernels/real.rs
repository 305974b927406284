//! Floats that are stored between operators: moved as words of 32 bits, and compared by integers.
//!
//! `afp-eliminate-requant` leaves none but those that leave the program behind an operator that no code
//! stands for, such as a pad with a border between two codes. A program without that pass has them between
//! all groups. No kernel computes with them.

use afp_ir::{
    diag::Diagnostic,
    dialect::{
        Element,
        view::{self, Pool, Slice},
    },
    mlir::{Attr, Op, OpSpec, Type, Value},
};

use super::{
    Lowering,
    builder::{Cmp, Kernel, with_element},
    calls::Destination,
    scope,
    tree::{shape_of, unsupported},
    windows::Windows,
};

/// Whether a value is floats.
pub(super) fn is_real(value: Value) -> bool {
    Element::of(value.ty()) == Element::Real
}

/// Whether an operation yields floats that a kernel writes.
pub(super) fn is_moved(op: Op) -> bool {
    (op.is("afp.dequantize") || view::is_movement(op)) && is_real(op.result(0))
}

/// The memory of floats that are stored.
pub(super) fn memref(value: Value) -> Type {
    Type::memref(&shape_of(value), Type::f32(value.ty().ctx()))
}

/// The bytes of floats that are stored.
pub(super) fn bytes(value: Value) -> i64 {
    shape_of(value).into_iter().fold(4, i64::saturating_mul)
}

/// Adds the kernel of an operator that moves floats, and its call.
pub(super) fn convert(lowering: &mut Lowering, op: Op, to: Destination) -> Result<(), Diagnostic> {
    let shape = shape_of(op.result(0));
    match op.name().as_str() {
        "afp.reshape" => reshape(lowering, op, to),
        "afp.transpose" => {
            let perm = view::dims(op, "perm");
            copy(lowering, op, to, &shape, move |_, indices| {
                (0..perm.len())
                    .map(|d| indices[perm.iter().position(|&p| p as usize == d).unwrap_or(d)])
                    .collect()
            })
        }
        "afp.slice" => {
            let Slice { start, stride } = Slice::of(op);
            copy(lowering, op, to, &shape, move |k, indices| {
                let at = |(d, &i): (usize, &Value)| k.add(k.mul(i, k.index(stride[d])), k.index(start[d]));
                indices.iter().enumerate().map(at).collect()
            })
        }
        "afp.pad" => pad(lowering, op, to, &shape),
        "afp.concat" => concat(lowering, op, to),
        "afp.max_pool2d" => max_pool(lowering, op, to, &shape),
        _ => Err(unsupported(op, "an operator that moves floats")),
    }
}

/// Writes each element of the result by what is loaded from the operand.
fn copy(
    lowering: &mut Lowering,
    op: Op,
    to: Destination,
    shape: &[i64],
    source: impl Fn(&Kernel, &[Value]) -> Vec<Value>,
) -> Result<(), Diagnostic> {
    each(lowering, op, to, shape, move |k, operand, indices| k.load(operand, &source(k, indices)))
}

fn each(
    lowering: &mut Lowering,
    op: Op,
    to: Destination,
    shape: &[i64],
    value: impl FnOnce(&Kernel, Value, &[Value]) -> Value,
) -> Result<(), Diagnostic> {
    lowering.kernel(op, &[op.operand(0)], scope::rows(shape), to, |scope, k| {
        let (operand, result) = (scope.operands[0], scope.result);
        scope::every(k, (scope.from, scope.to), shape, |k, indices| {
            k.store(value(k, operand, indices), result, indices);
            Ok(())
        })
    })
}

fn reshape(lowering: &mut Lowering, op: Op, to: Destination) -> Result<(), Diagnostic> {
    let shape = shape_of(op.result(0));
    let sizes = shape.clone();
    each(lowering, op, to, &shape, move |k, operand, indices| {
        if operand.ty().memref_shape().is_some_and(|shape| shape.is_empty()) {
            return k.load(operand, &[]);
        }
        let number = indices
            .iter()
            .zip(&sizes)
            .fold(k.index(0), |number, (&index, &size)| k.add(k.mul(number, k.index(size)), index));
        k.load(k.flat(operand), &[number])
    })
}

fn word(k: &Kernel, float: Value) -> Value {
    let ty = with_element(float.ty(), k.int(32));
    k.value(OpSpec::new("arith.bitcast").operands([float]).result(ty))
}

fn float(k: &Kernel, word: Value) -> Value {
    k.value(OpSpec::new("arith.bitcast").operands([word]).result(Type::f32(k.ctx())))
}

fn pad(lowering: &mut Lowering, op: Op, to: Destination, shape: &[i64]) -> Result<(), Diagnostic> {
    let (low, inner) = (view::dims(op, "low"), shape_of(op.operand(0)));
    let border = op.attr("value").and_then(Attr::as_f64).unwrap_or(0.0) as f32;
    each(lowering, op, to, shape, move |k, operand, indices| {
        // Outside, any element is loaded and the border taken.
        let (mut inside, mut at) = (k.constant(k.int(1), 1), Vec::new());
        for (d, &index) in indices.iter().enumerate() {
            let shifted = k.sub(index, k.index(low[d]));
            let last = k.index(inner[d] - 1);
            let within = k.and(k.cmp(Cmp::Sge, shifted, k.index(0)), k.cmp(Cmp::Sle, shifted, last));
            inside = k.and(inside, within);
            at.push(k.min(k.max(shifted, k.index(0)), last));
        }
        let stored = word(k, k.load(operand, &at));
        let border = k.like(stored, i64::from(border.to_bits() as i32));
        float(k, k.select(inside, stored, border))
    })
}

fn concat(lowering: &mut Lowering, op: Op, to: Destination) -> Result<(), Diagnostic> {
    let axis = view::axis(op) as usize;
    let operands = op.operands();
    let shapes: Vec<Vec<i64>> = operands.iter().map(|&operand| shape_of(operand)).collect();
    lowering.kernel(op, &operands, 1, to, |scope, k| {
        let mut first = 0;
        for (shape, &operand) in shapes.iter().zip(&scope.operands) {
            // One item has all of them, and an empty range none.
            let all = k.index(scope::rows(shape));
            let range = (k.mul(scope.from, all), k.mul(scope.to, all));
            scope::every(k, range, shape, |k, indices| {
                let mut at = indices.to_vec();
                at[axis] = k.add(at[axis], k.index(first));
                k.store(k.load(operand, indices), scope.result, &at);
                Ok(())
            })?;
            first += shape.get(axis).copied().unwrap_or(1);
        }
        Ok(())
    })
}

/// The first of the largest elements of each window; a NaN is larger than all.
fn max_pool(lowering: &mut Lowering, op: Op, to: Destination, shape: &[i64]) -> Result<(), Diagnostic> {
    const NEGATIVE_INFINITY: i64 = f32::NEG_INFINITY.to_bits() as i32 as i64;
    let Ok(pool) = Pool::of(op) else { return Err(unsupported(op, "a valid geometry")) };
    let window = Windows::of_pool(&pool, &shape_of(op.operand(0)), &shape_of(op.result(0)));
    each(lowering, op, to, shape, move |k, operand, indices| {
        let least = k.constant(k.int(32), NEGATIVE_INFINITY);
        let largest = window.fold(k, &indices[1..3], least, |k, [y, x], _, largest| {
            let element = word(k, k.load(operand, &[indices[0], y, x, indices[3]]));
            let greater = k.cmp(Cmp::Sgt, order(k, element), order(k, largest));
            k.select(greater, element, largest)
        });
        float(k, largest)
    })
}

/// An integer that is ordered as floats are: both zeros are 0, every NaN is the largest.
fn order(k: &Kernel, word: Value) -> Value {
    const INFINITY: i64 = f32::INFINITY.to_bits() as i64;
    let negative = k.cmp(Cmp::Slt, word, k.like(word, 0));
    let magnitude = k.and(word, k.like(word, i64::from(i32::MAX)));
    let ordered = k.select(negative, k.sub(k.like(word, 0), magnitude), magnitude);
    let is_nan = k.cmp(Cmp::Sgt, magnitude, k.like(word, INFINITY));
    k.select(is_nan, k.like(word, i64::from(i32::MAX)), ordered)
}
