//! The portable strategy of groups: every element of the result by loops over scalars.

use std::collections::HashMap;

use afp_ir::{
    diag::Diagnostic,
    dialect::{
        Element,
        view::{self, Conv, Pool},
    },
    mlir::{Op, Type, Value},
    numerics::Format,
};

use super::{
    Destination, Lowering,
    builder::Kernel,
    layout::Layout,
    scope::{self, Scope},
    strategy::{Choice, Multiply, Weights},
    tree::{self, Rounding, exponent, parts, shape_of},
};
use crate::afpk::numeric;

/// Bits of a quotient that a format's significand and the last bit need.
const QUOTIENT_BITS: u32 = 18;

/// Adds the kernel of a group and its call.
pub(super) fn convert(lowering: &mut Lowering, op: Op) -> Result<(), Diagnostic> {
    let leaves = tree::leaves(op)?;
    let shape = shape_of(op.result(0));
    let choice = Choice::of(op)?;
    // With packed weights a channel's are unpacked once, for all its pixels.
    let packed = tree::contractions(op).first().copied().filter(|_| choice.weights == Weights::Packed);
    let items = if packed.is_some() { *shape.last().unwrap_or(&1) } else { scope::rows(&shape) };
    lowering.kernel(op, &leaves, items, Destination::Buffer, |scope, k| {
        let memories = leaves.iter().copied().zip(scope.operands.iter().copied()).collect();
        let bits = if tree::proven_bits(op) <= 31 { 32 } else { 64 };
        let result = scope.result;
        let layout = scope::layout(scope.lowering, op.result(0), op)?;
        let mut group = Group { scope, memories, weights: HashMap::new(), choice, op, bits };
        if packed.is_some() {
            return group.by_channel(k, &shape, &layout);
        }
        let (from, to) = (group.scope.from, group.scope.to);
        scope::every(k, (from, to), &shape, |k, indices| {
            let integer = group.element(k, indices)?;
            layout.store(k, integer, result, indices);
            Ok(())
        })
    })
}

/// The weights of a contraction in a kernel.
#[derive(Clone, Copy)]
struct Filters {
    /// `[outputs, taps]`, or the taps of one output alone.
    memref: Value,
    /// The format, where codes are stored and not integers.
    codes: Option<Format>,
    /// Whether `memref` holds the taps of the present output alone.
    single: bool,
}

/// One kernel being written.
struct Group<'s, 'l> {
    scope: &'s mut Scope<'l>,
    memories: HashMap<Value, Value>,
    weights: HashMap<Op, Filters>,
    choice: Choice,
    op: Op,
    /// Width of accumulators.
    bits: u32,
}

impl Group<'_, '_> {
    fn unsupported(&self, expected: &str, found: impl Into<String>) -> Diagnostic {
        tree::unsupported(self.op, expected).found(found)
    }

    /// A number of accumulator width.
    fn number(&self, k: &Kernel, value: i64) -> Value {
        k.constant(k.int(self.bits), value)
    }

    /// Channel by channel: the weights of a channel are unpacked, then its elements computed.
    fn by_channel(&mut self, k: &Kernel, shape: &[i64], layout: &Layout) -> Result<(), Diagnostic> {
        let contractions = tree::contractions(self.op);
        let mut packed = Vec::new();
        for &op in &contractions {
            packed.push((op, self.packed(k, op)?));
        }
        let (from, to, result) = (self.scope.from, self.scope.to, self.scope.result);
        let mut outcome = Ok(());
        k.fold(from, to, &[], |k, channel, _| {
            for (op, packed) in packed {
                // One channel may be repeated in all of the result's.
                packed.unpack(k, if packed.outputs == 1 { k.index(0) } else { channel });
                let filters = Filters { memref: packed.scratch, codes: packed.codes, single: true };
                self.weights.insert(op, filters);
            }
            k.every(&shape[..shape.len() - 1], |k, leading| {
                let mut indices = leading.to_vec();
                indices.push(channel);
                outcome = self.element(k, &indices).map(|integer| layout.store(k, integer, result, &indices));
            });
            Vec::new()
        });
        outcome
    }

    /// The integer of one element.
    fn element(&mut self, k: &Kernel, indices: &[Value]) -> Result<Value, Diagnostic> {
        let op = self.op;
        let rounding = Rounding::of(op)?;
        let value = self.exact(k, op.operand(0), indices)?;
        if rounding.is_shift() && self.bits == 32 {
            return Ok(self.shifted(k, value, &rounding, indices));
        }
        let format = rounding.ty.format;
        let bits = tree::proven_bits(op);
        let width = if rounding.is_plain() { numeric::encode_bits(format, bits) } else { 64 };
        let wide = k.resize(value, width, true);
        let d = self.per_channel(k, "shift", &rounding.shifts, indices, width);
        let divisor =
            if rounding.is_plain() { None } else { Some(self.divisor(k, &rounding, bits, indices)?) };
        let attr_bits = bits.min(width - 1);
        let integer = k.encode((wide, attr_bits), d, divisor, (format, rounding.ties));
        Ok(self.limited(k, integer, &rounding, indices))
    }

    /// Fixed point on a finer grid: half is added and shifted out, which rounds a tie up.
    fn shifted(&mut self, k: &Kernel, value: Value, rounding: &Rounding, indices: &[Value]) -> Value {
        let half = self.per_channel(k, "half", &rounding.halves(), indices, 32);
        let d = self.per_channel(k, "shift", &rounding.shifts, indices, 32);
        let rounded = k.binary("arith.shrsi", k.add(value, half), d);
        let [lo, hi] = rounding.range();
        let lo = self.per_channel(k, "lo", &lo, indices, 32);
        let hi = self.per_channel(k, "hi", &hi, indices, 32);
        k.min(k.max(rounded, lo), hi)
    }

    fn limited(&mut self, k: &Kernel, integer: Value, rounding: &Rounding, indices: &[Value]) -> Value {
        let Some([lo, hi]) = &rounding.limits else { return integer };
        let width = integer.ty().int_width().unwrap_or(32);
        let lo = self.per_channel(k, "lo", lo, indices, width);
        let hi = self.per_channel(k, "hi", hi, indices, width);
        k.min(k.max(integer, lo), hi)
    }

    /// The divisor of an element, and the check that 63 bits develop its quotient far enough.
    fn divisor(
        &mut self,
        k: &Kernel,
        rounding: &Rounding,
        bits: u32,
        indices: &[Value],
    ) -> Result<Value, Diagnostic> {
        let divisors = &rounding.divisors;
        let largest = divisors.iter().max().copied().unwrap_or(1);
        let spare = 61u32.saturating_sub(bits);
        let enough = spare >= QUOTIENT_BITS + (64 - largest.leading_zeros())
            && rounding.shifts.iter().all(|&d| d + i64::from(spare) >= 1);
        if !enough {
            let found = format!("{bits} bits by {largest}");
            return Err(self.unsupported("a sum and a divisor whose quotient 63 bits develop", found));
        }
        if divisors.len() == 1 {
            return Ok(k.constant(k.int(64), largest));
        }
        let shape = shape_of(self.op.result(0));
        let memref = self.scope.constant("divisors", &shape[1..3], Type::int(k.ctx(), 64), divisors);
        Ok(k.load(memref, &indices[1..3]))
    }

    /// A number that is one for all, or one per channel of the result.
    fn per_channel(
        &mut self,
        k: &Kernel,
        role: &'static str,
        values: &[i64],
        indices: &[Value],
        bits: u32,
    ) -> Value {
        if values.iter().all(|v| *v == values[0]) {
            return k.constant(k.int(bits), values[0]);
        }
        let ty = Type::int(k.ctx(), bits);
        let memref = self.scope.constant(role, &[values.len() as i64], ty, values);
        k.load(memref, &indices[indices.len() - 1..])
    }

    /// An exact value at some indices, in units of [`tree::grid`].
    fn exact(&mut self, k: &Kernel, value: Value, indices: &[Value]) -> Result<Value, Diagnostic> {
        let indices = broadcast(k, value, indices);
        if matches!(Element::of(value.ty()), Element::Float(_)) {
            return self.decoded(k, value, &indices, self.bits);
        }
        let Some(op) = value.def() else { return Err(self.unsupported("an exact value", "an argument")) };
        match op.name().as_str() {
            "afp.constant" => self.constant(k, op, &indices),
            "afp.conv2d" | "afp.depthwise_conv2d" | "afp.fully_connected" => {
                let sum = if op.is("afp.fully_connected") {
                    self.dense(k, op, &indices)?
                } else {
                    self.convolution(k, op, &indices)?
                };
                let Some(bias) = view::bias(op) else { return Ok(sum) };
                let grids = (tree::product_grid(op)?, tree::grid(bias, op)?);
                let bias_value = self.exact(k, bias, &indices[indices.len() - 1..])?;
                self.sum(k, [sum, bias_value], (&grids.0, &grids.1), &indices)
            }
            "afp.matmul" => self.matmul(k, op, &indices),
            "afp.sum_pool2d" => self.sum_pool(k, op, &indices),
            _ => {
                let (a, b) =
                    (self.exact(k, op.operand(0), &indices)?, self.exact(k, op.operand(1), &indices)?);
                let grids = (tree::grid(op.operand(0), op)?, tree::grid(op.operand(1), op)?);
                self.sum(k, [a, b], (&grids.0, &grids.1), &indices)
            }
        }
    }

    /// The sum of two values, each shifted to the finer of their grids.
    fn sum(
        &mut self,
        k: &Kernel,
        values: [Value; 2],
        grids: (&[i32], &[i32]),
        indices: &[Value],
    ) -> Result<Value, Diagnostic> {
        let shifts = tree::alignment(grids.0, grids.1, self.bits, self.op)?;
        let [a, b] = [0, 1].map(|i| {
            if shifts[i].iter().all(|&s| s == 0) {
                return values[i];
            }
            let shift = self.per_channel(k, "align", &shifts[i], indices, self.bits);
            k.shl(values[i], shift)
        });
        Ok(k.add(a, b))
    }

    /// The integer of a stored value's element, `bits` wide.
    fn decoded(&self, k: &Kernel, value: Value, indices: &[Value], bits: u32) -> Result<Value, Diagnostic> {
        exponent(value, self.op)?;
        let Some(&memref) = self.memories.get(&value) else {
            return Err(self.unsupported("a stored operand", value.ty().to_string()));
        };
        Ok(scope::layout(self.scope.lowering, value, self.op)?.load(k, memref, indices, bits))
    }

    fn constant(&mut self, k: &Kernel, op: Op, indices: &[Value]) -> Result<Value, Diagnostic> {
        let Some(values) = op.attr("value").and_then(|v| v.elements_i64()) else {
            return Err(self.unsupported("a constant with a payload", "none"));
        };
        let narrow = values.iter().all(|&v| i32::try_from(v).is_ok());
        let ty = Type::int(k.ctx(), if narrow { 32 } else { 64 });
        let memref = self.scope.constant("bias", &shape_of(op.result(0)), ty, &values);
        Ok(k.resize(k.load(memref, indices), self.bits, true))
    }

    /// The weights of a contraction.
    fn filters(&mut self, k: &Kernel, op: Op) -> Result<Filters, Diagnostic> {
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
    fn packed(&mut self, k: &Kernel, op: Op) -> Result<Packed, Diagnostic> {
        let rows = Rows::of(op)?;
        let (bytes, stride) = rows.packed();
        let memref = self.scope.constant("weights", &[rows.outputs, stride], k.int(8), &bytes);
        let codes = (self.choice.multiply == Multiply::ShiftAdd).then_some(rows.format);
        let bits = if codes.is_some() { rows.code_bits() } else { rows.integer_bits() };
        let scratch = self.scope.scratch(Type::memref(&[rows.taps], k.int(bits)));
        Ok(Packed { memref, scratch, format: rows.format, outputs: rows.outputs, taps: rows.taps, codes })
    }

    /// `sum + x * w`, where `w` is tap `tap` of an output.
    fn multiply_add(
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

    fn convolution(&mut self, k: &Kernel, op: Op, indices: &[Value]) -> Result<Value, Diagnostic> {
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

    fn dense(&mut self, k: &Kernel, op: Op, indices: &[Value]) -> Result<Value, Diagnostic> {
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

    fn matmul(&mut self, k: &Kernel, op: Op, indices: &[Value]) -> Result<Value, Diagnostic> {
        let depth = shape_of(op.operand(0))[2];
        let (zero, mut outcome) = (self.number(k, 0), Ok(()));
        let format = exponent(op.operand(1), op)?.0.format;
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
    fn product(&self, k: &Kernel, a: Value, b: Value, format: Format) -> Value {
        if self.choice.multiply == Multiply::Native {
            return k.mul(a, b);
        }
        let code = k.code(b, format, format.storage_bits());
        k.shift_mul(a, code, format)
    }

    fn sum_pool(&mut self, k: &Kernel, op: Op, indices: &[Value]) -> Result<Value, Diagnostic> {
        let pool = Pool::of(op).map_err(|_| self.unsupported("a valid geometry", "another"))?;
        let window = Windows::of_pool(&pool, &shape_of(op.operand(0)));
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

/// The codes of a contraction's weights, one row of taps for each output channel.
pub(super) struct Rows {
    pub outputs: i64,
    pub taps: i64,
    pub format: Format,
    pub codes: Vec<i64>,
}

impl Rows {
    /// Reads the constant weights. Taps are in the order rows, columns, input channels.
    pub fn of(op: Op) -> Result<Self, Diagnostic> {
        let weight = op.operand(1);
        let (ty, _) = exponent(weight, op)?;
        let payload = weight.def().and_then(|c| c.attr("value")).and_then(|v| v.elements_i64());
        let Some(payload) = payload else { return Err(tree::unsupported(op, "weights with a payload")) };
        let shape = shape_of(weight);
        let count: i64 = shape.iter().product();
        if op.is("afp.depthwise_conv2d") {
            // HWCM: the taps of output c*M + m lie C*M apart.
            let (taps, outputs) = (shape[0] * shape[1], shape[2] * shape[3]);
            let codes = (0..count).map(|i| payload[(i % taps * outputs + i / taps) as usize]).collect();
            return Ok(Self { outputs, taps, format: ty.format, codes });
        }
        let outputs = shape[0];
        Ok(Self { outputs, taps: count / outputs.max(1), format: ty.format, codes: payload })
    }

    /// Bits of a stored code.
    pub fn code_bits(&self) -> u32 {
        self.format.storage_bits()
    }

    /// Bits of the narrowest integers that hold the decoded weights, by their format.
    pub fn integer_bits(&self) -> u32 {
        [8, 16, 32].into_iter().find(|&b| self.format.int_max() < 1 << (b - 1)).unwrap_or(64)
    }

    /// The codes of each row packed without gaps, the first in the low bits, and the bytes of a row.
    pub fn packed(&self) -> (Vec<i64>, i64) {
        let width = i64::from(self.format.width());
        // A code is read from two bytes.
        let stride = parts(self.taps * width, 8) + 1;
        let mut bytes = vec![0i64; (self.outputs * stride) as usize];
        let mask = i64::from(self.format.code_count()) - 1;
        for (i, &code) in self.codes.iter().enumerate() {
            let (row, tap) = (i as i64 / self.taps, i as i64 % self.taps);
            let bit = tap * width;
            let at = (row * stride + bit / 8) as usize;
            let value = (code & mask) << (bit % 8);
            bytes[at] |= value & 255;
            bytes[at + 1] |= value >> 8;
        }
        (bytes, stride)
    }
}

/// Packed weights in a kernel.
#[derive(Clone, Copy)]
struct Packed {
    memref: Value,
    scratch: Value,
    format: Format,
    outputs: i64,
    taps: i64,
    /// The format, where codes are multiplied and not integers.
    codes: Option<Format>,
}

impl Packed {
    /// Unpacks the weights of a channel.
    fn unpack(&self, k: &Kernel, channel: Value) {
        let width = i64::from(self.format.width());
        let element = self.scratch.ty().element().int_width().unwrap_or(8);
        k.each(self.taps, |k, tap| {
            let bit = k.mul(tap, k.index(width));
            let eight = k.index(8);
            let byte = k.binary("arith.divui", bit, eight);
            let shift = k.binary("arith.remui", bit, eight);
            let load = |at: Value| k.resize(k.load(self.memref, &[channel, at]), 32, false);
            let (low, high) = (load(byte), load(k.add(byte, k.index(1))));
            let pair = k.or(low, k.shl(high, k.like(high, 8)));
            let shift =
                k.value(afp_ir::mlir::OpSpec::new("arith.index_cast").operands([shift]).result(k.int(32)));
            let code = k.and(k.shr(pair, shift), k.like(pair, i64::from(self.format.code_count()) - 1));
            let stored = self.format.storage_bits();
            let code = k.resize(code, stored, false);
            let value = if self.codes.is_some() { code } else { k.decode(code, self.format, element) };
            k.store(value, self.scratch, &[tap]);
        });
    }
}

/// Indices into a value whose sizes of 1 are repeated.
fn broadcast(k: &Kernel, value: Value, indices: &[Value]) -> Vec<Value> {
    let shape = shape_of(value);
    let offset = indices.len().saturating_sub(shape.len());
    shape
        .iter()
        .enumerate()
        .map(|(d, &size)| if size == 1 { k.index(0) } else { indices[d + offset] })
        .collect()
}

/// Windows over the rows and columns of a feature map.
pub(super) struct Windows {
    pub size: [i64; 2],
    pub kernel: [i64; 2],
    pub stride: [i64; 2],
    pub dilation: [i64; 2],
    pub before: [i64; 2],
}

impl Windows {
    pub(super) fn of_pool(pool: &Pool, input: &[i64]) -> Self {
        Self {
            size: [input[1], input[2]],
            kernel: pool.kernel,
            stride: pool.stride,
            dilation: [1, 1],
            before: [pool.pad[0], pool.pad[2]],
        }
    }

    /// Folds over the taps of a window that lie inside: `body(position, tap, carried)`.
    pub(super) fn fold(
        &self,
        k: &Kernel,
        window: &[Value],
        initial: Value,
        mut body: impl FnMut(&Kernel, [Value; 2], [Value; 2], Value) -> Value,
    ) -> Value {
        let (first_y, from_y, to_y) = self.taps(k, 0, window[0]);
        let (first_x, from_x, to_x) = self.taps(k, 1, window[1]);
        k.fold(from_y, to_y, &[initial], |k, ky, carried| {
            let y = k.add(first_y, k.mul(ky, k.index(self.dilation[0])));
            k.fold(from_x, to_x, carried, |k, kx, carried| {
                let x = k.add(first_x, k.mul(kx, k.index(self.dilation[1])));
                vec![body(k, [y, x], [ky, kx], carried[0])]
            })
        })[0]
    }

    /// The position of the first tap of a window, and the taps that lie inside: from, to.
    fn taps(&self, k: &Kernel, d: usize, window: Value) -> (Value, Value, Value) {
        let first = k.sub(k.mul(window, k.index(self.stride[d])), k.index(self.before[d]));
        let (zero, step) = (k.index(0), k.index(self.dilation[d]));
        // Taps below -first / dilation lie before the input, from (size - first) / dilation on behind it.
        let up = |value: Value| k.binary("arith.divsi", k.add(value, k.index(self.dilation[d] - 1)), step);
        let from = up(k.max(k.sub(zero, first), zero));
        let to = k.min(up(k.max(k.sub(k.index(self.size[d]), first), zero)), k.index(self.kernel[d]));
        (first, from, to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_codes_of_every_width_are_read_back() {
        for width in 1..=8u8 {
            let format = if width == 1 {
                Format::new(false, 0, 1)
            } else {
                Format::new(true, 0, u32::from(width) - 1)
            };
            let format = format.expect("a format");
            assert_eq!(format.width(), u32::from(width));
            for taps in [1, 2, 3, 7, 8, 9, 27] {
                let mask = i64::from(format.code_count()) - 1;
                let codes: Vec<i64> = (0..5 * taps).map(|i| (i * 37 + i / 3) & mask).collect();
                let rows = Rows { outputs: 5, taps, format, codes };
                let (bytes, stride) = rows.packed();
                assert_eq!(bytes.len() as i64, 5 * stride);
                assert!(
                    stride <= taps * i64::from(width) / 8 + 2
                        && bytes.iter().all(|byte| (0..256).contains(byte))
                );
                for (i, &code) in rows.codes.iter().enumerate() {
                    let (row, tap) = (i as i64 / taps, i as i64 % taps);
                    let bit = tap * i64::from(width);
                    let at = (row * stride + bit / 8) as usize;
                    let pair = bytes[at] | bytes[at + 1] << 8;
                    assert_eq!(pair >> (bit % 8) & mask, code, "width {width}, {taps} taps, code {i}");
                }
            }
        }
    }
}
