//! Scale exponents that are found when the code runs (rules Y1 to Y4).
//!
//! A group whose result is dynamic becomes three kernels: its sums are computed and kept, with the bits
//! that occur in them, per channel; from those bits comes the exponent; the sums are rounded with it. A
//! quantize is three likewise. Every thread has its own bits, in a row of its own.
//!
//! A dynamic value is followed by its exponent in memory, one `i32`; operators that move codes share
//! the exponent of their operand.

use afp_ir::{
    diag::Diagnostic,
    dialect::FloatType,
    mlir::{Op, OpSpec, Type, Value},
    numerics::Format,
};

use super::{
    Lowering,
    builder::{Cmp, Kernel},
    calls::Destination,
    places::{bytes_of, part_bytes},
    scope::Scope,
    tree::{self, Rounding},
    units::{Grid, Numbers},
};

/// Whether a value's scale exponent is known at run time alone.
pub fn is_dynamic(value: Value) -> bool {
    FloatType::of(value.ty()).is_some_and(|ty| ty.exp.fixed().is_none())
}

/// What occurs in the elements of a value: a row of a share.
#[derive(Clone, Copy)]
pub(super) struct Peaks {
    /// `memref<count x i32 or i64>`: for each channel, or for all at once, the bits of all magnitudes.
    pub memory: Value,
    /// Channels.
    pub count: i64,
    /// Whether negative elements become 0 and do not count (rule Y2).
    pub drops_negatives: bool,
}

impl Peaks {
    /// Writes zeros.
    pub fn clear(&self, k: &Kernel) {
        let zero = k.constant(self.memory.ty().element(), 0);
        k.each(self.count, |k, channel| k.store(zero, self.memory, &[channel]));
    }

    /// The bits of an element, or of lanes, that count.
    pub fn magnitude(&self, k: &Kernel, sum: Value) -> Value {
        let zero = k.like(sum, 0);
        k.max(sum, if self.drops_negatives { zero } else { k.sub(zero, sum) })
    }

    /// Adds the bits of an element.
    pub fn add(&self, k: &Kernel, sum: Value, channel: Value) {
        let at = [if self.count == 1 { k.index(0) } else { channel }];
        k.store(k.or(k.load(self.memory, &at), self.magnitude(k, sum)), self.memory, &at);
    }
}

/// Sums that are kept until the exponent is known.
#[derive(Clone, Copy)]
pub(super) struct Kept {
    /// The group.
    op: Op,
    /// The memref of the sums, of the result's shape.
    pub sums: Value,
    /// A buffer with a row of bits for each share.
    peaks: Value,
    /// A row.
    row: Type,
    channels: i64,
}

impl Kept {
    /// Room for the sums of a group, of so many bits, and for what occurs in them.
    pub fn new(lowering: &Lowering, op: Op, bits: u32, channels: i64) -> Self {
        let element = Type::int(op.ctx(), bits);
        let ty = Type::memref(&tree::shape_of(op.result(0)), element);
        let sums = lowering.view(lowering.allocate(bytes_of(ty)), 0, ty);
        let row = Type::memref(&[channels], element);
        Self { op, sums, peaks: lowering.allocate_each(row), row, channels }
    }

    /// Where a kernel writes the sums.
    pub fn destination(&self) -> Destination {
        Destination::Memory(self.sums)
    }

    /// The share's row in a kernel, cleared.
    pub fn peaks(&self, scope: &mut Scope<'_>, k: &Kernel) -> Peaks {
        let memory = scope.own(self.peaks, self.row);
        let format = FloatType::of(self.op.result(0).ty()).map(|ty| ty.format);
        let drops_negatives =
            format.is_some_and(|format| !format.is_signed()) || self.op.attr("lo").is_some();
        let peaks = Peaks { memory, count: self.channels, drops_negatives };
        peaks.clear(k);
        peaks
    }
}

/// Adds the kernels that find the exponent of a group's result and round its sums by it: `round` appends
/// the work on the items of the last, whose operand are the sums.
pub(super) fn finish(
    lowering: &mut Lowering,
    kept: &Kept,
    items: i64,
    round: impl FnOnce(&mut Scope<'_>, &Kernel) -> Result<(), Diagnostic>,
) -> Result<(), Diagnostic> {
    let op = kept.op;
    let grid = Grid::of(op.operand(0), op)?;
    let rounding = Rounding::of(op)?;
    let divided = rounding.divisors.iter().min().map_or(0, |&least| i64::from(least.max(1).ilog2()));
    exponent(lowering, op, (kept.peaks, kept.row), |scope, k, bits| {
        let last = i64::from(bits.memory.ty().element().int_width().unwrap_or(32)) - 1;
        let none = k.constant(k.int(32), NO_BINADE);
        let channels = k.index(kept.channels);
        let found = k.fold(k.index(0), channels, &[none], |k, channel, found| {
            let any = bits.of_channel(k, channel);
            let leading = k.value(OpSpec::new("math.ctlz").operands([any]).result(any.ty()));
            let top = k.resize(k.sub(k.like(any, last), leading), 32, true);
            let top = k.add(top, grid.emit(k, &mut OfChannel { scope, channel }));
            let counts = k.cmp(Cmp::Ne, any, k.like(any, 0));
            vec![k.select(counts, k.max(found[0], top), found[0])]
        })[0];
        (found, divided)
    })?;
    let result = lowering.buffer(op)?;
    lowering.kernel_on(op, "encode", vec![kept.sums, result], items, round)
}

/// Below the binade of every number.
const NO_BINADE: i64 = -(1 << 30);

/// The rows of all shares.
pub(super) struct Rows {
    memory: Value,
    shares: i64,
}

impl Rows {
    /// All shares' bits of a channel together.
    fn of_channel(&self, k: &Kernel, channel: Value) -> Value {
        self.fold(k, channel, Kernel::or)
    }

    fn fold(&self, k: &Kernel, channel: Value, join: impl Fn(&Kernel, Value, Value) -> Value) -> Value {
        let zero = k.constant(self.memory.ty().element(), 0);
        k.fold(k.index(0), k.index(self.shares), &[zero], |k, share, sum| {
            vec![join(k, sum[0], k.load(self.memory, &[share, channel]))]
        })[0]
    }
}

/// Adds the kernel that finds the exponent of an operation's result. From the rows of all shares, `top`
/// computes the binade of the largest element, or [`NO_BINADE`], and what is to be taken from it.
fn exponent(
    lowering: &mut Lowering,
    op: Op,
    (peaks, row): (Value, Type),
    top: impl FnOnce(&mut Scope<'_>, &Kernel, &Rows) -> (Value, i64),
) -> Result<(), Diagnostic> {
    let ty = tree::coded(op.result(0), op)?;
    let (lo, hi) = ty.exp.interval();
    let shares = lowering.threads;
    let width = part_bytes(row) / row.element_bytes().unwrap_or(4) as i64;
    let all = lowering.view(peaks, 0, Type::memref(&[shares, width], row.element()));
    let word = Type::memref(&[1], Type::int(op.ctx(), 32));
    let memory = lowering.view(lowering.allocate(4), 0, word);
    lowering.exponents.insert(op.result(0), memory);
    lowering.kernel_on(op, "exponent", vec![all, memory], 1, |scope, k| {
        let (from, to) = (scope.from, scope.to);
        // One share is all of it.
        k.fold(from, to, &[], |k, _, _| {
            let rows = Rows { memory: scope.operands[0], shares };
            let (found, divided) = top(scope, k, &rows);
            let c = |value: i64| k.like(found, value);
            let wanted = k.sub(found, c(divided + i64::from(ty.format.top_binade())));
            let limited = k.min(k.max(wanted, c(lo.into())), c(hi.into()));
            k.store(limited, scope.result, &[k.index(0)]);
            Vec::new()
        });
        Ok(())
    })
}

/// The numbers of one channel.
struct OfChannel<'s, 'l> {
    scope: &'s mut Scope<'l>,
    channel: Value,
}

impl Numbers for OfChannel<'_, '_> {
    fn constant(&mut self, k: &Kernel, role: &'static str, values: &[i64]) -> Value {
        if values.iter().all(|value| *value == values[0]) {
            return k.constant(k.int(32), values[0]);
        }
        let memory = self.scope.constant(role, &[values.len() as i64], k.int(32), values);
        k.load(memory, &[self.channel])
    }

    fn exponent(&mut self, _: &Kernel, value: Value) -> Value {
        self.scope.exponent(value)
    }
}

/// Adds the kernels that find the scale exponent of a quantized input: one element of the operand after
/// the other, then all together.
pub(super) fn of_floats(
    lowering: &mut Lowering,
    op: Op,
    items: i64,
    format: Format,
    each: impl FnOnce(&mut Scope<'_>, &Kernel, &dyn Fn(&Kernel, Value)) -> Result<(), Diagnostic>,
) -> Result<(), Diagnostic> {
    let row = Type::memref(&[1], Type::int(op.ctx(), 32));
    let peaks = lowering.allocate_each(row);
    lowering.kernel(op, &[op.operand(0)], items, Destination::Memory(peaks), |scope, k| {
        let largest = scope.own(peaks, row);
        k.store(k.constant(k.int(32), 0), largest, &[k.index(0)]);
        each(scope, k, &|k, x| {
            let bits = k.value(OpSpec::new("arith.bitcast").operands([x]).result(k.int(32)));
            let c = |value: i64| k.like(bits, value);
            let magnitude = k.and(bits, c(i64::from(i32::MAX)));
            let is_nan = k.cmp(Cmp::Sgt, magnitude, c(INFINITY));
            let dropped = if format.is_signed() { is_nan } else { k.or(is_nan, k.cmp(Cmp::Slt, bits, c(0))) };
            let counts = k.select(dropped, c(0), k.min(magnitude, c(INFINITY - 1)));
            k.store(k.max(k.load(largest, &[k.index(0)]), counts), largest, &[k.index(0)]);
        })
    })?;
    exponent(lowering, op, (peaks, row), |_, k, rows| {
        let largest = rows.fold(k, k.index(0), Kernel::max);
        let c = |value: i64| k.like(largest, value);
        let field = k.shr(largest, c(23));
        let leading = k.value(OpSpec::new("math.ctlz").operands([largest]).result(largest.ty()));
        let subnormal = k.sub(c(31 - 149), leading);
        let top = k.select(k.cmp(Cmp::Eq, field, c(0)), subnormal, k.sub(field, c(127)));
        (k.select(k.cmp(Cmp::Eq, largest, c(0)), c(NO_BINADE), top), 0)
    })
}

/// The bits of an infinite `f32`.
const INFINITY: i64 = 0x7f80_0000;

/// AFP0640: a dynamic value where its exponent would have to be passed, too.
pub(super) fn at_boundary(value: Value, ty: Type) -> Diagnostic {
    Diagnostic::error("AFP0640", "codes with a dynamic scale exponent cannot be passed")
        .at(value.loc())
        .expected("floats, or codes whose scale exponent is static")
        .found(ty.element().to_string())
        .help("compile with --io float, or give the value at the boundary a static scale exponent")
}

/// Hands the exponent of an operand on to what holds the same codes.
pub(super) fn hand_on(lowering: &mut Lowering, from: Value, to: Value) {
    if let Some(&exponent) = lowering.exponents.get(&from) {
        lowering.exponents.insert(to, exponent);
    }
}
