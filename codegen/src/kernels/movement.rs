//! Kernels that read codes and write codes, without an exact value between: the boundary, movement,
//! pooling by maximum, tables, softmax.

use afp_ir::{
    diag::Diagnostic,
    dialect::view::{self, Pool, Slice},
    mlir::{Attr, Op, OpSpec, Type, Value},
    numerics::{Format, Function, Rounding},
};

use super::{Lowering, builder::Kernel, exponent, group::Windows, numeric, shape_of};

/// Adds the kernel of an operator; its name.
pub(super) fn kernel(lowering: &mut Lowering, op: Op) -> Result<String, Diagnostic> {
    let shape = shape_of(op.result(0));
    let (ty, exp) = exponent(op.result(0), op)?;
    match op.name().as_str() {
        "afp.quantize" => {
            if view::channel_exp(op).is_some() || view::rounding(op) != Ok(Rounding::HalfUp) {
                return Err(lowering.unsupported(op, "a quantize without channel exponents, ties up"));
            }
            elementwise(lowering, op, &shape, move |k, x| numeric::quantize(k, x, ty, exp))
        }
        "afp.table" => table(lowering, op, &shape),
        "afp.max_pool2d" => max_pool(lowering, op, &shape),
        "afp.softmax" => softmax(lowering, op, &shape),
        "afp.concat" => concat(lowering, op),
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

/// The kernel of a dequantize.
pub(super) fn dequantize(lowering: &mut Lowering, op: Op) -> Result<String, Diagnostic> {
    let (ty, exp) = exponent(op.operand(0), op)?;
    if view::channel_exp(op).is_some() {
        return Err(lowering.unsupported(op, "a dequantize without channel exponents"));
    }
    elementwise(lowering, op, &shape_of(op.result(0)), move |k, code| numeric::dequantize(k, code, ty, exp))
}

/// `out[i] = f(in[i])`.
fn elementwise(
    lowering: &mut Lowering,
    op: Op,
    shape: &[i64],
    f: impl Fn(&Kernel, Value) -> Value,
) -> Result<String, Diagnostic> {
    lowering.function(op, &op.operands(), |_, k, memrefs| {
        k.every(shape, |k, indices| k.store(f(k, k.load(memrefs[0], indices)), memrefs[1], indices));
        Ok(())
    })
}

/// `out[i] = in[source(i)]`.
fn gather(
    lowering: &mut Lowering,
    op: Op,
    shape: &[i64],
    source: impl Fn(&Kernel, &[Value]) -> Vec<Value>,
) -> Result<String, Diagnostic> {
    lowering.function(op, &op.operands(), |_, k, memrefs| {
        k.every(shape, |k, indices| k.store(k.load(memrefs[0], &source(k, indices)), memrefs[1], indices));
        Ok(())
    })
}

/// A border of one code, and the operand inside it.
fn pad(lowering: &mut Lowering, op: Op, shape: &[i64]) -> Result<String, Diagnostic> {
    let (low, inner) = (view::dims(op, "low"), shape_of(op.operand(0)));
    let border = op.attr("value").and_then(Attr::as_int).unwrap_or(0);
    lowering.function(op, &op.operands(), |_, k, memrefs| {
        k.every(shape, |k, indices| {
            k.store(k.constant(memrefs[1].ty().element(), border), memrefs[1], indices)
        });
        k.every(&inner, |k, indices| {
            let at: Vec<Value> =
                indices.iter().enumerate().map(|(d, &i)| k.add(i, k.index(low[d]))).collect();
            k.store(k.load(memrefs[0], indices), memrefs[1], &at);
        });
        Ok(())
    })
}

fn concat(lowering: &mut Lowering, op: Op) -> Result<String, Diagnostic> {
    let axis = view::axis(op) as usize;
    lowering.function(op, &op.operands(), |_, k, memrefs| {
        let mut first = 0;
        for (operand, &memref) in op.operands().into_iter().zip(memrefs) {
            let shape = shape_of(operand);
            k.every(&shape, |k, indices| {
                let mut at = indices.to_vec();
                at[axis] = k.add(at[axis], k.index(first));
                k.store(k.load(memref, indices), memrefs[memrefs.len() - 1], &at);
            });
            first += shape[axis];
        }
        Ok(())
    })
}

fn table(lowering: &mut Lowering, op: Op, shape: &[i64]) -> Result<String, Diagnostic> {
    let (from, _) = exponent(op.operand(0), op)?;
    let (to, _) = exponent(op.result(0), op)?;
    let Some(codes) = op.attr("values").and_then(|v| v.elements_i64()) else {
        return Err(lowering.unsupported(op, "a table whose values are computed"));
    };
    let element = Type::int(op.ctx(), numeric::storage_bits(to.format));
    let index = lowering.global("table", &[i64::from(from.format.code_count())], element, &codes);
    lowering.function(op, &op.operands(), |lowering, k, memrefs| {
        let values = lowering.global_in(k, index);
        k.every(shape, |k, indices| {
            let code = k.resize(k.load(memrefs[0], indices), 32, false);
            let at = k.value(OpSpec::new("arith.index_cast").operands([code]).result(Type::index(k.ctx())));
            k.store(k.load(values, &[at]), memrefs[1], indices);
        });
        Ok(())
    })
}

/// The code of the largest value of each window: the largest value is found, then encoded, which is
/// exact.
fn max_pool(lowering: &mut Lowering, op: Op, shape: &[i64]) -> Result<String, Diagnostic> {
    let (ty, _) = exponent(op.operand(0), op)?;
    let Ok(pool) = Pool::of(op) else { return Err(lowering.unsupported(op, "a valid geometry")) };
    let window = Windows::of_pool(&pool, &shape_of(op.operand(0)));
    lowering.function(op, &op.operands(), |_, k, memrefs| {
        k.every(shape, |k, indices| {
            let least = k.constant(k.int(64), ty.format.int_min());
            let largest = window.fold(k, &indices[1..3], least, |k, [y, x], _, largest| {
                let code = k.load(memrefs[0], &[indices[0], y, x, indices[3]]);
                k.max(largest, numeric::decode(k, code, ty.format, 64))
            });
            let target = numeric::Target { format: ty.format, rounding: Rounding::HalfUp, limits: None };
            k.store(target.encode(k, largest, k.like(largest, 0), None, 63), memrefs[1], indices);
        });
        Ok(())
    })
}

/// Rules S3 to S5.
fn softmax(lowering: &mut Lowering, op: Op, shape: &[i64]) -> Result<String, Diagnostic> {
    let ((from, from_exp), (to, to_exp)) = (exponent(op.operand(0), op)?, exponent(op.result(0), op)?);
    let axis = view::axis(op) as usize;
    let spread = from.format.int_max() - from.format.int_min();
    let probability = Format::fixed(false, 15);
    let count = spread.min(1 << 17) + 1;
    let values: Vec<i64> =
        (0..count).map(|d| i64::from(Function::Exp.encode(-d, from_exp, probability, -15))).collect();
    // Beyond the table's end, everything is 0.
    if spread >= count && values.last() != Some(&0) {
        return Err(lowering.unsupported(op, "an operand whose differences a table holds"));
    }
    let index = lowering.global("exp", &[count], Type::int(op.ctx(), 32), &values);
    let outer: Vec<i64> =
        shape.iter().enumerate().map(|(d, &size)| if d == axis { 1 } else { size }).collect();
    let length = shape[axis];
    lowering.function(op, &op.operands(), |lowering, k, memrefs| {
        let exps = lowering.global_in(k, index);
        k.every(&outer, |k, indices| {
            let at = |i: Value| {
                let mut at = indices.to_vec();
                at[axis] = i;
                at
            };
            let integer =
                |k: &Kernel, i: Value| numeric::decode(k, k.load(memrefs[0], &at(i)), from.format, 64);
            let (zero, end) = (k.index(0), k.index(length));
            let least = k.constant(k.int(64), from.format.int_min());
            let largest = k.fold(zero, end, &[least], |k, i, m| vec![k.max(m[0], integer(k, i))])[0];
            let term = |k: &Kernel, i: Value| {
                let difference = k.min(k.sub(largest, integer(k, i)), k.constant(k.int(64), count - 1));
                let entry = k.value(
                    OpSpec::new("arith.index_cast").operands([difference]).result(Type::index(k.ctx())),
                );
                k.resize(k.load(exps, &[entry]), 64, false)
            };
            let none = k.constant(k.int(64), 0);
            let sum = k.fold(zero, end, &[none], |k, i, s| vec![k.add(s[0], term(k, i))])[0];
            k.fold(zero, end, &[], |k, i, _| {
                let target = numeric::Target { format: to.format, rounding: Rounding::HalfUp, limits: None };
                let d = k.constant(k.int(64), i64::from(to_exp));
                let code = target.encode(k, term(k, i), d, Some(sum), 16);
                k.store(code, memrefs[1], &at(i));
                Vec::new()
            });
        });
        Ok(())
    })
}
