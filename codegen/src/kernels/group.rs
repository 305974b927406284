//! The portable strategy of groups: every element of the result by loops over scalars.

use std::collections::HashMap;

use afp_ir::{
    diag::Diagnostic,
    dialect::{Element, view},
    mlir::{Op, Type, Value},
};

use super::{
    Lowering,
    builder::Kernel,
    calls::Destination,
    dynamic::{self, Kept, Peaks, is_dynamic},
    layout::Layout,
    scope::{self, Scope},
    strategy::{Choice, Weights},
    sums::Filters,
    tree::{self, Rounding, shape_of},
    units::{self, Grid, Numbers, Shift},
};

/// Bits of a quotient that a format's significand and the last bit need.
const QUOTIENT_BITS: u32 = 18;

/// Adds the kernels of a group and the calls of them.
pub(super) fn convert(lowering: &mut Lowering, op: Op) -> Result<(), Diagnostic> {
    convert_from(lowering, op, &tree::leaves(op)?, Choice::of(op)?, None)
}

/// As [`convert`], from stored values and, where there is one, the memref of a contraction's sums.
pub(super) fn convert_from(
    lowering: &mut Lowering,
    op: Op,
    leaves: &[Value],
    choice: Choice,
    sums: Option<(Op, Value)>,
) -> Result<(), Diagnostic> {
    let shape = shape_of(op.result(0));
    let memrefs: Vec<Value> = sums.iter().map(|(_, memref)| *memref).collect();
    let operands = (leaves, &memrefs[..]);
    // With packed weights a channel's are unpacked once, for all its pixels.
    let packed = tree::contractions(op).first().copied().filter(|_| choice.weights == Weights::Packed);
    let items = if packed.is_some() { *shape.last().unwrap_or(&1) } else { scope::rows(&shape) };
    let elements = |scope: &mut Scope<'_>, k: &Kernel, sink: Sink| {
        let memories = leaves.iter().copied().zip(scope.operands.iter().copied()).collect();
        let sums = sums.map(|(contraction, _)| (contraction, scope.operands[leaves.len()]));
        let (weights, bits) = (HashMap::new(), sum_bits(op));
        let mut group = Group { scope, memories, sums, weights, choice, op, bits, sink };
        if packed.is_some() {
            return group.by_channel(k, &shape);
        }
        let range = (group.scope.from, group.scope.to);
        scope::every(k, range, &shape, |k, indices| group.element(k, indices))
    };
    let layout = scope::layout(lowering, op.result(0), op)?;
    if is_dynamic(op.result(0)) {
        let uniform = Grid::of(op.operand(0), op)?.is_uniform();
        let channels = if uniform { 1 } else { *shape.last().unwrap_or(&1) };
        let kept = Kept::new(lowering, op, sum_bits(op), channels);
        lowering.kernel_with(op, operands, items, kept.destination(), |scope, k| {
            let peaks = kept.peaks(scope, k);
            elements(scope, k, Sink::Sums(peaks))
        })?;
        return dynamic::finish(lowering, &kept, scope::rows(&shape), |scope, k| {
            round_kept(scope, k, op, &layout)
        });
    }
    lowering.kernel_with(op, operands, items, Destination::Buffer, |scope, k| {
        elements(scope, k, Sink::Codes(layout))
    })
}

/// Rounds the sums of a group that are kept: the operand of the kernel.
fn round_kept(scope: &mut Scope<'_>, k: &Kernel, op: Op, layout: &Layout) -> Result<(), Diagnostic> {
    let (memories, weights, sink) = (HashMap::new(), HashMap::new(), Sink::Codes(layout.clone()));
    let (choice, bits) = (Choice::PORTABLE, sum_bits(op));
    let mut group = Group { scope, memories, sums: None, weights, choice, op, bits, sink };
    let (range, sums) = ((group.scope.from, group.scope.to), group.scope.operands[0]);
    scope::every(k, range, &layout.shape, |k, indices| {
        let sum = k.load(sums, indices);
        group.store_rounded(k, sum, indices)
    })
}

/// Bits of the accumulators of a group.
pub(super) fn sum_bits(op: Op) -> u32 {
    if tree::proven_bits(op) <= 31 { 32 } else { 64 }
}

/// Where a group's elements go.
pub(super) enum Sink {
    /// They are rounded.
    Codes(Layout),
    /// They are kept, until the exponent is known.
    Sums(Peaks),
}

/// One kernel being written.
pub(super) struct Group<'s, 'l> {
    pub scope: &'s mut Scope<'l>,
    memories: HashMap<Value, Value>,
    /// A contraction whose sums are stored, with its bias, and their memref.
    sums: Option<(Op, Value)>,
    pub weights: HashMap<Op, Filters>,
    pub choice: Choice,
    op: Op,
    /// Width of accumulators.
    pub bits: u32,
    pub sink: Sink,
}

impl Group<'_, '_> {
    pub(super) fn unsupported(&self, expected: &str, found: impl Into<String>) -> Diagnostic {
        tree::unsupported(self.op, expected).found(found)
    }

    /// A number of accumulator width.
    pub(super) fn number(&self, k: &Kernel, value: i64) -> Value {
        k.constant(k.int(self.bits), value)
    }

    /// Channel by channel: the weights of a channel are unpacked, then its elements computed.
    fn by_channel(&mut self, k: &Kernel, shape: &[i64]) -> Result<(), Diagnostic> {
        let contractions = tree::contractions(self.op);
        let mut packed = Vec::new();
        for &op in &contractions {
            packed.push((op, self.packed(k, op)?));
        }
        let (from, to) = (self.scope.from, self.scope.to);
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
                outcome = self.element(k, &indices);
            });
            Vec::new()
        });
        outcome
    }

    /// Computes and stores one element.
    fn element(&mut self, k: &Kernel, indices: &[Value]) -> Result<(), Diagnostic> {
        let sum = self.exact(k, self.op.operand(0), indices)?;
        let Sink::Sums(peaks) = &self.sink else { return self.store_rounded(k, sum, indices) };
        k.store(sum, self.scope.result, indices);
        peaks.add(k, sum, indices[indices.len() - 1]);
        Ok(())
    }

    /// Rounds and stores one element.
    fn store_rounded(&mut self, k: &Kernel, sum: Value, indices: &[Value]) -> Result<(), Diagnostic> {
        let integer = self.rounded(k, sum, indices)?;
        if let Sink::Codes(layout) = &self.sink {
            layout.store(k, integer, self.scope.result, indices);
        }
        Ok(())
    }

    /// The integer of one element.
    fn rounded(&mut self, k: &Kernel, value: Value, indices: &[Value]) -> Result<Value, Diagnostic> {
        let op = self.op;
        let rounding = Rounding::of(op)?;
        if rounding.is_shift() && self.bits == 32 {
            return Ok(self.shifted(k, value, &rounding, indices));
        }
        let format = rounding.ty.format;
        let bits = tree::proven_bits(op);
        let width = if rounding.is_plain() { rounding.target().sum_bits(bits) } else { 64 };
        let wide = k.resize(value, width, true);
        let d = self.shift(k, "shift", &rounding.shift, indices, width);
        let divisor =
            if rounding.is_plain() { None } else { Some(self.divisor(k, &rounding, bits, indices)?) };
        let attr_bits = bits.min(width - 1);
        let integer =
            k.encode((wide, attr_bits), (d, rounding.shift.interval()), divisor, (format, rounding.ties));
        Ok(self.limited(k, integer, &rounding, indices))
    }

    /// A shift of an element's channel, so many bits wide.
    fn shift(
        &mut self,
        k: &Kernel,
        role: &'static str,
        shift: &Shift,
        indices: &[Value],
        bits: u32,
    ) -> Value {
        match shift {
            Shift::Known(shifts) => self.per_channel(k, role, shifts, indices, bits),
            Shift::Computed(..) => {
                let computed = shift.emit(k, &mut OneElement { group: self, indices });
                k.resize(computed, bits, true)
            }
        }
    }

    /// Fixed point on a finer grid: half is added and shifted out, which rounds a tie up.
    fn shifted(&mut self, k: &Kernel, value: Value, rounding: &Rounding, indices: &[Value]) -> Value {
        let half = self.per_channel(k, "half", &rounding.halves(), indices, 32);
        let d = self.shift(k, "shift", &rounding.shift, indices, 32);
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
        // What is shifted further to the left than the quotient is developed saturates.
        let least = rounding.shift.interval().0 + i64::from(spare);
        let saturates = rounding.shift.known().is_none() && rounding.ty.format.int_max() < 1 << QUOTIENT_BITS;
        let enough = spare >= QUOTIENT_BITS + (64 - largest.leading_zeros()) && (least >= 1 || saturates);
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

    /// An exact value at some indices, in units of its [`Grid`].
    fn exact(&mut self, k: &Kernel, value: Value, indices: &[Value]) -> Result<Value, Diagnostic> {
        let indices = broadcast(k, value, indices);
        if matches!(Element::of(value.ty()), Element::Float(_)) {
            return self.decoded(k, value, &indices, self.bits);
        }
        let Some(op) = value.def() else { return Err(self.unsupported("an exact value", "an argument")) };
        if let Some((_, memref)) = self.sums.filter(|(contraction, _)| *contraction == op) {
            return Ok(k.resize(k.load(memref, &indices), self.bits, true));
        }
        match op.name().as_str() {
            "afp.constant" => self.constant(k, op, &indices),
            "afp.conv2d" | "afp.depthwise_conv2d" | "afp.fully_connected" => {
                let sum = if op.is("afp.fully_connected") {
                    self.dense(k, op, &indices)?
                } else {
                    self.convolution(k, op, &indices)?
                };
                let Some(bias) = view::bias(op) else { return Ok(sum) };
                let grids = [Grid::of_products(op)?, Grid::of(bias, op)?];
                let bias_value = self.exact(k, bias, &indices[indices.len() - 1..])?;
                self.sum(k, [sum, bias_value], &grids, &indices)
            }
            "afp.matmul" => self.matmul(k, op, &indices),
            "afp.sum_pool2d" => self.sum_pool(k, op, &indices),
            _ => {
                let (a, b) =
                    (self.exact(k, op.operand(0), &indices)?, self.exact(k, op.operand(1), &indices)?);
                let grids = [Grid::of(op.operand(0), op)?, Grid::of(op.operand(1), op)?];
                self.sum(k, [a, b], &grids, &indices)
            }
        }
    }

    /// The sum of two values, each shifted to the finer of their grids.
    fn sum(
        &mut self,
        k: &Kernel,
        values: [Value; 2],
        grids: &[Grid; 2],
        indices: &[Value],
    ) -> Result<Value, Diagnostic> {
        let shifts = units::alignment(&grids[0], &grids[1], self.bits, self.op)?;
        let [a, b] = [0, 1].map(|i| {
            if shifts[i].known().is_some_and(|known| known.iter().all(|&s| s == 0)) {
                return values[i];
            }
            let shift = self.shift(k, "align", &shifts[i], indices, self.bits);
            // Only a value that is always 0 is ever shifted further.
            let most = self.number(k, i64::from(self.bits) - 1);
            k.shl(values[i], if shifts[i].known().is_some() { shift } else { k.min(shift, most) })
        });
        Ok(k.add(a, b))
    }

    /// The integer of a stored value's element, `bits` wide.
    pub(super) fn decoded(
        &self,
        k: &Kernel,
        value: Value,
        indices: &[Value],
        bits: u32,
    ) -> Result<Value, Diagnostic> {
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
}

/// The numbers of one element.
struct OneElement<'g, 's, 'l> {
    group: &'g mut Group<'s, 'l>,
    indices: &'g [Value],
}

impl Numbers for OneElement<'_, '_, '_> {
    fn constant(&mut self, k: &Kernel, role: &'static str, values: &[i64]) -> Value {
        self.group.per_channel(k, role, values, self.indices, 32)
    }

    fn exponent(&mut self, _: &Kernel, value: Value) -> Value {
        self.group.scope.exponent(value)
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
