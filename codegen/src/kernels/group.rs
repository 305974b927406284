//! Groups: an encode, with the tree of exact operators that it rounds.

use std::collections::HashMap;

use afp_ir::{
    diag::Diagnostic,
    dialect::{
        Element,
        view::{self, Conv, Pool},
    },
    mlir::{Attr, Op, Type, Value},
    numerics::{Code, Format, Rounding},
};

use super::{Lowering, builder::Kernel, exponent, numeric, shape_of};

/// Bits that a developed quotient needs beyond a format's significand.
const QUOTIENT_BITS: u32 = 18;

/// Adds the kernel of a group; its name, and the coded values that it reads.
pub(super) fn kernel(lowering: &mut Lowering, op: Op) -> Result<(String, Vec<Value>), Diagnostic> {
    let mut leaves = Vec::new();
    collect_leaves(op.operand(0), op, &mut leaves)?;
    let name = lowering.function(op, &leaves, |lowering, k, memrefs| {
        let memories = leaves.iter().copied().zip(memrefs.iter().copied()).collect();
        let result = memrefs[memrefs.len() - 1];
        let mut group = Group { lowering, memories, globals: HashMap::new(), op, bits: accumulator_bits(op) };
        group.write(k, result)
    })?;
    Ok((name, leaves))
}

/// The width of a group's accumulators: 32 bits where 31 are proven to do.
fn accumulator_bits(op: Op) -> u32 {
    let proven = op.attr("afp.bits").and_then(Attr::as_int);
    if proven.is_some_and(|bits| bits <= 31) { 32 } else { 64 }
}

/// The coded values that an exact value is computed from, each once.
fn collect_leaves(value: Value, user: Op, leaves: &mut Vec<Value>) -> Result<(), Diagnostic> {
    let mut add = |value: Value| {
        if !leaves.contains(&value) {
            leaves.push(value);
        }
    };
    if matches!(Element::of(value.ty()), Element::Float(_)) {
        add(value);
        return Ok(());
    }
    let unsupported = |found: String| {
        Err(Diagnostic::error("AFP0611", format!("{} has no native code", user.name()))
            .at(user.loc())
            .expected("exact values that convolutions, products, sums and pools yield")
            .found(found))
    };
    let Some(op) = value.def() else { return unsupported("a function argument".to_owned()) };
    match op.name().as_str() {
        "afp.conv2d" | "afp.depthwise_conv2d" | "afp.fully_connected" => {
            if op.operand(1).def_as("afp.constant").is_none() {
                return unsupported("weights that are computed".to_owned());
            }
            add(op.operand(0));
            view::bias(op).map_or(Ok(()), |bias| collect_leaves(bias, op, leaves))
        }
        "afp.matmul" | "afp.sum_pool2d" => {
            op.operands().into_iter().for_each(add);
            Ok(())
        }
        "afp.add" => op.operands().into_iter().try_for_each(|v| collect_leaves(v, op, leaves)),
        "afp.constant" => Ok(()),
        other => unsupported(other.to_owned()),
    }
}

/// One kernel being written.
struct Group<'l> {
    lowering: &'l mut Lowering,
    memories: HashMap<Value, Value>,
    /// Decoded weights, biases and per-channel tables, by what they were made from.
    globals: HashMap<(Value, &'static str), usize>,
    op: Op,
    /// Width of accumulators.
    bits: u32,
}

impl Group<'_> {
    fn unsupported(&self, expected: &str, found: impl Into<String>) -> Diagnostic {
        Diagnostic::error("AFP0611", format!("{} has no native code", self.op.name()))
            .at(self.op.loc())
            .expected(expected)
            .found(found)
    }

    /// A number of accumulator width.
    fn number(&self, k: &Kernel, value: i64) -> Value {
        k.constant(k.int(self.bits), value)
    }

    fn write(&mut self, k: &Kernel, result: Value) -> Result<(), Diagnostic> {
        let shape = shape_of(self.op.result(0));
        let mut outcome = Ok(());
        k.every(&shape, |k, indices| {
            outcome = self.element(k, indices).map(|code| k.store(code, result, indices));
        });
        outcome
    }

    /// The code of one element.
    fn element(&mut self, k: &Kernel, indices: &[Value]) -> Result<Value, Diagnostic> {
        let op = self.op;
        let (ty, exp) = exponent(op.result(0), op)?;
        let rounding = view::rounding(op).unwrap_or_default();
        let grid: Vec<i64> =
            self.grid(op.operand(0))?.into_iter().map(|g| i64::from(exp) - i64::from(g)).collect();
        let value = self.exact(k, op.operand(0), indices)?;
        let divisors = view::divisors(op);
        let plain = divisors.iter().all(|&d| d == 1);
        let shifts = grid.iter().all(|d| (0..=30).contains(d));
        if plain && shifts && ty.format.exp_bits() == 0 && rounding == Rounding::HalfUp && self.bits == 32 {
            return self.shifted(k, value, &grid, ty.format, indices);
        }
        let bits = op.attr("afp.bits").and_then(Attr::as_int).map_or(63, |bits| bits.clamp(1, 63) as u32);
        let wide = k.resize(value, 64, true);
        let d = self.per_channel(k, "shift", &grid, indices, 64);
        let divisor = if plain { None } else { Some(self.divisor(k, &divisors, &grid, bits, indices)?) };
        let limits = self.limits(k, ty.format, indices, 64);
        let target = numeric::Target { format: ty.format, rounding, limits };
        Ok(target.encode(k, wide, d, divisor, bits))
    }

    /// Fixed point on a finer grid: half is added and shifted out, which rounds a tie up.
    fn shifted(
        &mut self,
        k: &Kernel,
        value: Value,
        grid: &[i64],
        format: Format,
        indices: &[Value],
    ) -> Result<Value, Diagnostic> {
        let halves: Vec<i64> = grid.iter().map(|&d| (1i64 << d) >> 1).collect();
        let (half, d) = (
            self.per_channel(k, "half", &halves, indices, self.bits),
            self.per_channel(k, "shift", grid, indices, self.bits),
        );
        let rounded = k.binary("arith.shrsi", k.add(value, half), d);
        let whole = (self.number(k, format.int_min()), self.number(k, format.int_max()));
        let (lo, hi) = self.limits(k, format, indices, self.bits).unwrap_or(whole);
        let limited = k.min(k.max(rounded, lo), hi);
        let code = if format.is_signed() {
            k.and(limited, k.like(limited, i64::from(format.code_count()) - 1))
        } else {
            limited
        };
        Ok(k.resize(code, numeric::storage_bits(format), false))
    }

    /// The divisor of an element, and the check that 63 bits develop its quotient far enough.
    fn divisor(
        &mut self,
        k: &Kernel,
        divisors: &[i64],
        grid: &[i64],
        bits: u32,
        indices: &[Value],
    ) -> Result<Value, Diagnostic> {
        let largest = divisors.iter().max().copied().unwrap_or(1);
        let spare = 61u32.saturating_sub(bits);
        let enough = spare >= QUOTIENT_BITS + (64 - largest.leading_zeros())
            && grid.iter().all(|&d| d + i64::from(spare) >= 1);
        if !enough {
            let found = format!("{bits} bits by {largest}");
            return Err(self.unsupported("a sum and a divisor whose quotient 63 bits develop", found));
        }
        if divisors.len() == 1 {
            return Ok(k.constant(k.int(64), largest));
        }
        let shape = shape_of(self.op.result(0));
        let index = self.lowering.global("divisors", &shape[1..3], Type::int(k.ctx(), 64), divisors);
        let memref = self.lowering.global_in(k, index);
        Ok(k.load(memref, &indices[1..3]))
    }

    /// The integers that the limits of the encode leave, `bits` wide.
    fn limits(&mut self, k: &Kernel, format: Format, indices: &[Value], bits: u32) -> Option<(Value, Value)> {
        let codes = |name: &str| self.op.attr(name).and_then(Attr::as_i32s);
        let (lo, hi) = (codes("lo"), codes("hi"));
        if lo.is_none() && hi.is_none() {
            return None;
        }
        let decode = |codes: Option<Vec<i32>>, extreme: i64| -> Vec<i64> {
            codes.map_or_else(|| vec![extreme], |c| c.into_iter().map(|c| format.decode(c as Code)).collect())
        };
        let (lo, hi) = (decode(lo, format.int_min()), decode(hi, format.int_max()));
        Some((self.per_channel(k, "lo", &lo, indices, bits), self.per_channel(k, "hi", &hi, indices, bits)))
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
        let key = (self.op.result(0), role);
        let index = match self.globals.get(&key) {
            Some(&index) if self.lowering.globals[index].1 == Type::memref(&[values.len() as i64], ty) => {
                index
            }
            _ => self.lowering.global(role, &[values.len() as i64], ty, values),
        };
        self.globals.insert(key, index);
        let memref = self.lowering.global_in(k, index);
        k.load(memref, &indices[indices.len() - 1..])
    }

    /// The exponents of an exact value's units: one, or one per channel.
    fn grid(&self, value: Value) -> Result<Vec<i32>, Diagnostic> {
        if matches!(Element::of(value.ty()), Element::Float(_)) {
            return Ok(vec![exponent(value, self.op)?.1]);
        }
        let Some(op) = value.def() else { return Err(self.unsupported("an exact value", "an argument")) };
        let exps = || view::channel_exp(op).unwrap_or_else(|| vec![0]);
        Ok(match op.name().as_str() {
            "afp.constant" => exps(),
            "afp.conv2d" | "afp.depthwise_conv2d" | "afp.fully_connected" => {
                let products = self.product_grid(op)?;
                match view::bias(op) {
                    Some(bias) => finer(&products, &self.grid(bias)?),
                    None => products,
                }
            }
            "afp.matmul" => vec![exponent(op.operand(0), op)?.1 + exponent(op.operand(1), op)?.1],
            "afp.sum_pool2d" => vec![exponent(op.operand(0), op)?.1],
            _ => finer(&self.grid(op.operand(0))?, &self.grid(op.operand(1))?),
        })
    }

    /// The exponents of a contraction's sums, without its bias.
    fn product_grid(&self, op: Op) -> Result<Vec<i32>, Diagnostic> {
        let base = exponent(op.operand(0), op)?.1 + exponent(op.operand(1), op)?.1;
        Ok(view::channel_exp(op).unwrap_or_else(|| vec![0]).into_iter().map(|e| e + base).collect())
    }

    /// An exact value at some indices, in units of [`Self::grid`].
    fn exact(&mut self, k: &Kernel, value: Value, indices: &[Value]) -> Result<Value, Diagnostic> {
        let indices = broadcast(k, value, indices);
        if matches!(Element::of(value.ty()), Element::Float(_)) {
            return self.decoded(k, value, &indices);
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
                let (products, biases) = (self.product_grid(op)?, self.grid(bias)?);
                let bias_value = self.exact(k, bias, &indices[indices.len() - 1..])?;
                self.sum(k, (sum, &products, "product"), (bias_value, &biases, "bias"), &indices)
            }
            "afp.matmul" => self.matmul(k, op, &indices),
            "afp.sum_pool2d" => self.sum_pool(k, op, &indices),
            _ => {
                let (a, b) =
                    (self.exact(k, op.operand(0), &indices)?, self.exact(k, op.operand(1), &indices)?);
                let (ga, gb) = (self.grid(op.operand(0))?, self.grid(op.operand(1))?);
                self.sum(k, (a, &ga, "left"), (b, &gb, "right"), &indices)
            }
        }
    }

    /// The sum of two values, each shifted to the finer of their grids.
    fn sum(
        &mut self,
        k: &Kernel,
        a: (Value, &[i32], &'static str),
        b: (Value, &[i32], &'static str),
        indices: &[Value],
    ) -> Result<Value, Diagnostic> {
        let fine = finer(a.1, b.1);
        let mut aligned = Vec::new();
        for (value, grid, role) in [a, b] {
            let shifts: Vec<i64> = fine
                .iter()
                .enumerate()
                .map(|(c, &f)| i64::from(grid[if grid.len() == 1 { 0 } else { c }]) - i64::from(f))
                .collect();
            let widest = shifts.iter().max().copied().unwrap_or(0);
            if widest >= i64::from(self.bits) {
                return Err(self.unsupported(
                    "operands whose exponents lie close together",
                    format!("a shift by {widest}"),
                ));
            }
            aligned.push(if widest == 0 {
                value
            } else {
                self.globals.remove(&(self.op.result(0), role));
                let shift = self.per_channel(k, role, &shifts, indices, self.bits);
                k.shl(value, shift)
            });
        }
        Ok(k.add(aligned[0], aligned[1]))
    }

    fn decoded(&self, k: &Kernel, value: Value, indices: &[Value]) -> Result<Value, Diagnostic> {
        let (ty, _) = exponent(value, self.op)?;
        let Some(&memref) = self.memories.get(&value) else {
            return Err(self.unsupported("a stored operand", value.ty().to_string()));
        };
        Ok(numeric::decode(k, k.load(memref, indices), ty.format, self.bits))
    }

    fn constant(&mut self, k: &Kernel, op: Op, indices: &[Value]) -> Result<Value, Diagnostic> {
        let key = (op.result(0), "exact");
        let index = match self.globals.get(&key) {
            Some(&index) => index,
            None => {
                let Some(values) = op.attr("value").and_then(|v| v.elements_i64()) else {
                    return Err(self.unsupported("a constant with a payload", "none"));
                };
                let narrow = values.iter().all(|&v| i32::try_from(v).is_ok());
                let ty = Type::int(k.ctx(), if narrow { 32 } else { 64 });
                self.lowering.global("bias", &shape_of(op.result(0)), ty, &values)
            }
        };
        self.globals.insert(key, index);
        let memref = self.lowering.global_in(k, index);
        Ok(k.resize(k.load(memref, indices), self.bits, true))
    }

    /// The decoded weights of a contraction, in the narrowest integers that hold them.
    fn weights(&mut self, k: &Kernel, op: Op) -> Result<Value, Diagnostic> {
        let weight = op.operand(1);
        let key = (weight, "weights");
        let index = match self.globals.get(&key) {
            Some(&index) => index,
            None => {
                let (ty, _) = exponent(weight, op)?;
                let Some(codes) = weight.def().and_then(|c| c.attr("value")).and_then(|v| v.elements_i64())
                else {
                    return Err(self.unsupported("weights with a payload", "none"));
                };
                let values = numeric::decoded(ty.format, &codes);
                let bits =
                    [8, 16, 32].into_iter().find(|&b| ty.format.int_max() < 1 << (b - 1)).unwrap_or(64);
                self.lowering.global("weights", &shape_of(weight), Type::int(k.ctx(), bits), &values)
            }
        };
        self.globals.insert(key, index);
        Ok(self.lowering.global_in(k, index))
    }

    fn multiply_add(&self, k: &Kernel, sum: Value, x: Value, weight: Value) -> Value {
        k.add(sum, k.mul(x, k.resize(weight, self.bits, true)))
    }

    fn convolution(&mut self, k: &Kernel, op: Op, indices: &[Value]) -> Result<Value, Diagnostic> {
        let conv = Conv::of(op).map_err(|_| self.unsupported("a valid geometry", "another"))?;
        let (input, weight) = (shape_of(op.operand(0)), shape_of(op.operand(1)));
        let outputs = shape_of(op.result(0))[3];
        let weights = self.weights(k, op)?;
        let kernel = if conv.depthwise { [weight[0], weight[1]] } else { [weight[1], weight[2]] };
        let window = Windows {
            size: [input[1], input[2]],
            kernel,
            stride: conv.stride,
            dilation: conv.dilation,
            before: [conv.pad[0], conv.pad[2]],
        };
        let (n, output) = (indices[0], indices[3]);
        let group = |k: &Kernel| k.binary("arith.divsi", output, k.index((outputs / conv.groups).max(1)));
        let zero = self.number(k, 0);
        let mut outcome = Ok(zero);
        let this = &*self;
        let sums = window.fold(k, &indices[1..3], zero, |k, [y, x], [ky, kx], sum| {
            if conv.depthwise {
                let multiplier = k.index(weight[3]);
                let (c, m) = (
                    k.binary("arith.divsi", output, multiplier),
                    k.binary("arith.remsi", output, multiplier),
                );
                let value = this.decoded(k, op.operand(0), &[n, y, x, c]);
                let w = k.load(weights, &[ky, kx, c, m]);
                return match value {
                    Ok(value) => this.multiply_add(k, sum, value, w),
                    Err(error) => {
                        outcome = Err(error);
                        sum
                    }
                };
            }
            let first = k.mul(group(k), k.index(weight[3]));
            k.fold(k.index(0), k.index(weight[3]), &[sum], |k, i, sums| {
                let value = this.decoded(k, op.operand(0), &[n, y, x, k.add(first, i)]);
                let w = k.load(weights, &[output, ky, kx, i]);
                match value {
                    Ok(value) => vec![this.multiply_add(k, sums[0], value, w)],
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
        let weights = self.weights(k, op)?;
        let depth = shape_of(op.operand(1))[1];
        let (zero, mut outcome) = (self.number(k, 0), Ok(()));
        let this = &*self;
        let sum = k.fold(k.index(0), k.index(depth), &[zero], |k, i, sums| {
            let w = k.load(weights, &[indices[1], i]);
            match this.decoded(k, op.operand(0), &[indices[0], i]) {
                Ok(value) => vec![this.multiply_add(k, sums[0], value, w)],
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
        let this = &*self;
        let sum = k.fold(k.index(0), k.index(depth), &[zero], |k, i, sums| {
            let a = this.decoded(k, op.operand(0), &[indices[0], indices[1], i]);
            let b = this.decoded(k, op.operand(1), &[indices[0], i, indices[2]]);
            match (a, b) {
                (Ok(a), Ok(b)) => vec![k.add(sums[0], k.mul(a, b))],
                (Err(error), _) | (_, Err(error)) => {
                    outcome = Err(error);
                    sums.to_vec()
                }
            }
        })[0];
        outcome.map(|()| sum)
    }

    fn sum_pool(&mut self, k: &Kernel, op: Op, indices: &[Value]) -> Result<Value, Diagnostic> {
        let pool = Pool::of(op).map_err(|_| self.unsupported("a valid geometry", "another"))?;
        let window = Windows::of_pool(&pool, &shape_of(op.operand(0)));
        let (zero, mut outcome) = (self.number(k, 0), Ok(()));
        let this = &*self;
        let sum = window.fold(k, &indices[1..3], zero, |k, [y, x], _, sum| {
            match this.decoded(k, op.operand(0), &[indices[0], y, x, indices[3]]) {
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

/// The finer of two grids, per channel.
fn finer(a: &[i32], b: &[i32]) -> Vec<i32> {
    let pick = |grid: &[i32], c: usize| grid[if grid.len() == 1 { 0 } else { c }];
    (0..a.len().max(b.len())).map(|c| pick(a, c).min(pick(b, c))).collect()
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
