//! The sums of the portable strategy: products with weights, matrix products, pools.

use afp_ir::{
    diag::Diagnostic,
    dialect::view::{Conv, Pool},
    mlir::{Op, Type, Value},
    numerics::Format,
};

use super::{
    builder::Kernel,
    group::Group,
    rows::{Packed, Rows},
    strategy::Multiply,
    tree::{self, shape_of},
    windows::Windows,
};
use crate::afpk::numeric;

/// The weights of a contraction in a kernel.
#[derive(Clone, Copy)]
pub(super) struct Filters {
    /// `[outputs, taps]`, or the taps of one output alone.
    pub memref: Value,
    /// The format, where codes are stored and not integers.
    pub codes: Option<Format>,
    /// Whether `memref` holds the taps of the present output alone.
    pub single: bool,
}

impl Group<'_, '_> {
    /// The weights of a contraction.
    pub(super) fn filters(&mut self, k: &Kernel, op: Op) -> Result<Filters, Diagnostic> {
        if let Some(&known) = self.weights.get(&op) {
            return Ok(known);
        }
        let rows = Rows::of(op)?;
        let shape = [rows.outputs, rows.taps];
        let filters = if self.choice.multiply == Multiply::ShiftAdd {
            let memref = self.scope.constant("weights", &shape, k.int(rows.code_bits()), &rows.codes);
            Filters { memref, codes: Some(rows.format), single: false }
        } else {
            let values = numeric::decoded(rows.format, &rows.codes);
            let memref = self.scope.constant("weights", &shape, k.int(rows.integer_bits()), &values);
            Filters { memref, codes: None, single: false }
        };
        self.weights.insert(op, filters);
        Ok(filters)
    }

    /// Packed weights, and the memory that a channel's are unpacked to.
    pub(super) fn packed(&mut self, k: &Kernel, op: Op) -> Result<Packed, Diagnostic> {
        let rows = Rows::of(op)?;
        let (bytes, stride) = rows.packed();
        let memref = self.scope.constant("weights", &[rows.outputs, stride], k.int(8), &bytes);
        let codes = (self.choice.multiply == Multiply::ShiftAdd).then_some(rows.format);
        let bits = if codes.is_some() { rows.code_bits() } else { rows.integer_bits() };
        let scratch = self.scope.scratch(Type::memref(&[rows.taps], k.int(bits)));
        Ok(Packed { memref, scratch, format: rows.format, outputs: rows.outputs, taps: rows.taps, codes })
    }

    /// `sum + x * w`, where `w` is tap `tap` of an output.
    pub(super) fn multiply_add(
        &self,
        k: &Kernel,
        sum: Value,
        x: Value,
        (filters, output, tap): (Filters, Value, Value),
    ) -> Value {
        let weight = if filters.single {
            k.load(filters.memref, &[tap])
        } else {
            k.load(filters.memref, &[output, tap])
        };
        let product = match filters.codes {
            Some(format) => k.shift_mul(x, weight, format),
            None => k.mul(x, k.resize(weight, self.bits, true)),
        };
        k.add(sum, product)
    }

    pub(super) fn convolution(&mut self, k: &Kernel, op: Op, indices: &[Value]) -> Result<Value, Diagnostic> {
        let conv = Conv::of(op).map_err(|_| self.unsupported("a valid geometry", "another"))?;
        let (input, weight) = (shape_of(op.operand(0)), shape_of(op.operand(1)));
        let outputs = shape_of(op.result(0))[3];
        let filters = self.filters(k, op)?;
        let kernel = if conv.depthwise { [weight[0], weight[1]] } else { [weight[1], weight[2]] };
        let window = Windows {
            size: [input[1], input[2]],
            kernel,
            stride: conv.stride,
            dilation: conv.dilation,
            before: [conv.pad[0], conv.pad[2]],
            inside: [false; 2],
        };
        let (n, output) = (indices[0], indices[3]);
        let zero = self.number(k, 0);
        let mut outcome = Ok(zero);
        let this = &*self;
        let sums = window.fold(k, &indices[1..3], zero, |k, [y, x], [ky, kx], sum| {
            let position = k.add(k.mul(ky, k.index(kernel[1])), kx);
            if conv.depthwise {
                let c = k.binary("arith.divui", output, k.index(weight[3]));
                return match this.decoded(k, op.operand(0), &[n, y, x, c], this.bits) {
                    Ok(value) => this.multiply_add(k, sum, value, (filters, output, position)),
                    Err(error) => {
                        outcome = Err(error);
                        sum
                    }
                };
            }
            let per_group = k.index((outputs / conv.groups).max(1));
            let group = k.binary("arith.divui", output, per_group);
            let first = k.mul(group, k.index(weight[3]));
            let tap = k.mul(position, k.index(weight[3]));
            k.fold(k.index(0), k.index(weight[3]), &[sum], |k, i, sums| {
                match this.decoded(k, op.operand(0), &[n, y, x, k.add(first, i)], this.bits) {
                    Ok(value) => {
                        vec![this.multiply_add(k, sums[0], value, (filters, output, k.add(tap, i)))]
                    }
                    Err(error) => {
                        outcome = Err(error);
                        sums.to_vec()
                    }
                }
            })[0]
        });
        outcome.map(|_| sums)
    }

    pub(super) fn dense(&mut self, k: &Kernel, op: Op, indices: &[Value]) -> Result<Value, Diagnostic> {
        let filters = self.filters(k, op)?;
        let depth = shape_of(op.operand(1))[1];
        let (zero, mut outcome) = (self.number(k, 0), Ok(()));
        let this = &*self;
        let sum = k.fold(k.index(0), k.index(depth), &[zero], |k, i, sums| {
            match this.decoded(k, op.operand(0), &[indices[0], i], this.bits) {
                Ok(value) => vec![this.multiply_add(k, sums[0], value, (filters, indices[1], i))],
                Err(error) => {
                    outcome = Err(error);
                    sums.to_vec()
                }
            }
        })[0];
        outcome.map(|()| sum)
    }

    pub(super) fn matmul(&mut self, k: &Kernel, op: Op, indices: &[Value]) -> Result<Value, Diagnostic> {
        let depth = shape_of(op.operand(0))[2];
        let (zero, mut outcome) = (self.number(k, 0), Ok(()));
        let format = tree::coded(op.operand(1), op)?.format;
        let this = &*self;
        let sum = k.fold(k.index(0), k.index(depth), &[zero], |k, i, sums| {
            let a = this.decoded(k, op.operand(0), &[indices[0], indices[1], i], this.bits);
            let b = this.decoded(k, op.operand(1), &[indices[0], i, indices[2]], this.bits);
            match (a, b) {
                (Ok(a), Ok(b)) => vec![k.add(sums[0], this.product(k, a, b, format))],
                (Err(error), _) | (_, Err(error)) => {
                    outcome = Err(error);
                    sums.to_vec()
                }
            }
        })[0];
        outcome.map(|()| sum)
    }

    /// The product of two integers, the second of a format.
    pub(super) fn product(&self, k: &Kernel, a: Value, b: Value, format: Format) -> Value {
        if self.choice.multiply == Multiply::Native {
            return k.mul(a, b);
        }
        let code = k.code(b, format, format.storage_bits());
        k.shift_mul(a, code, format)
    }

    pub(super) fn sum_pool(&mut self, k: &Kernel, op: Op, indices: &[Value]) -> Result<Value, Diagnostic> {
        let pool = Pool::of(op).map_err(|_| self.unsupported("a valid geometry", "another"))?;
        let window = Windows::of_pool(&pool, &shape_of(op.operand(0)), &shape_of(op.result(0)));
        let (zero, mut outcome) = (self.number(k, 0), Ok(()));
        let this = &*self;
        let sum = window.fold(k, &indices[1..3], zero, |k, [y, x], _, sum| {
            match this.decoded(k, op.operand(0), &[indices[0], y, x, indices[3]], this.bits) {
                Ok(value) => k.add(sum, value),
                Err(error) => {
                    outcome = Err(error);
                    sum
                }
            }
        });
        outcome.map(|()| sum)
    }
}
