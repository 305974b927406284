//! From the sums of a tile to what is stored, on vectors of channels.
//!
//! Channels are taken in vectors; where their number is no multiple of the lanes, the last vector
//! starts earlier and overlaps the one before, which computes the same values twice.

use std::collections::HashMap;

use afp_ir::{
    diag::Diagnostic,
    dialect::{Element, view},
    mlir::{Op, Value},
};

use super::{
    Lowering, apart,
    builder::{Kernel, vector},
    calls::Destination,
    dynamic::{self, Kept, Peaks, is_dynamic},
    layout::{Layout, Storage},
    scope::{self, Scope},
    tree::{self, Rounding, shape_of, unsupported},
    units::{self, Grid, Numbers, Shift},
};

/// Channels as vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channels {
    /// How many channels.
    pub count: i64,
    /// Lanes of a vector.
    pub lanes: i64,
    /// How many vectors: enough for all channels, perhaps more.
    pub vectors: i64,
    /// Which channels a vector has.
    pub order: Order,
}

/// The order of channels in vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Neighbours.
    Plain,
    /// Quadruples of neighbours, dealt out to four vectors in turn, as `afpk.pack` collects them.
    Interleaved,
}

impl Channels {
    /// How many channels lie together: those of a vector, or of four.
    fn together(&self) -> i64 {
        match self.order {
            Order::Plain => self.lanes,
            Order::Interleaved => 4 * self.lanes,
        }
    }

    /// The channel of a lane, lanes being numbered through all vectors. Where four vectors have room for
    /// several pixels, channels repeat.
    pub fn channel(&self, lane: i64) -> i64 {
        let (part, inside) = (lane / self.together(), lane % self.together());
        let first = (part * self.together()).min((self.count - self.together()).max(0));
        match self.order {
            Order::Plain => first + inside,
            Order::Interleaved => {
                let (vector, lane) = (inside / self.lanes, inside % self.lanes);
                (first + lane / 4 * 16 + vector * 4 + lane % 4) % self.count
            }
        }
    }

    /// The first channel of a vector, or of the four that one begins.
    pub fn start(&self, vector: i64) -> i64 {
        self.channel(vector * self.lanes)
    }

    /// The same of a vector that is known when the code runs.
    pub fn start_value(&self, k: &Kernel, vector: Value) -> Value {
        let first = k.mul(vector, k.index(self.lanes));
        if self.vectors * self.lanes <= self.count {
            return first;
        }
        k.min(first, k.index((self.count - self.together()).max(0)))
    }

    /// Numbers that are one per channel, in the order of the vectors' lanes.
    pub fn packed(&self, values: &[i64]) -> Vec<i64> {
        let lanes = 0..self.vectors * self.lanes;
        lanes.map(|lane| *tree::pick(values, self.channel(lane) as usize)).collect()
    }
}

/// Where a vector of results stands.
#[derive(Clone, Copy)]
pub struct Spot {
    /// Image, row, column.
    pub pixel: [Value; 3],
    /// Rows below, and columns to the right of it. What is known apart becomes part of an address.
    pub behind: [i64; 2],
    /// The number of the vector of channels.
    pub vector: Value,
    /// Its first channel.
    pub channel: Value,
}

impl Spot {
    /// The place of its first element in a memref of one dimension.
    fn index(&self, k: &Kernel, layout: &Layout) -> Value {
        let (memory, [rows, columns]) = (layout.memory(), self.behind);
        let first = flat_index(k, layout, self.pixel, self.channel);
        let known = match memory[..] {
            [_, _, width, channels] => (rows * width + columns) * channels,
            [_, _, channels] => columns * channels,
            _ => 0,
        };
        if known == 0 { first } else { k.add(first, k.index(known)) }
    }
}

/// What a kernel on vectors reads and writes.
pub(super) struct Operands {
    op: Op,
    contraction: Op,
    /// The stored values, each with its layout.
    pub leaves: Vec<Value>,
    layouts: Vec<Layout>,
    result: Layout,
}

impl Operands {
    /// The operands of a group.
    pub fn of(lowering: &Lowering, op: Op, contraction: Op) -> Result<Self, Diagnostic> {
        let leaves = tree::leaves(op)?;
        let layouts: Result<_, _> = leaves.iter().map(|&leaf| scope::layout(lowering, leaf, op)).collect();
        let result = scope::layout(lowering, op.result(0), op)?;
        Ok(Self { op, contraction, leaves, layouts: layouts?, result })
    }

    /// Bytes of the result in memory.
    pub fn result_bytes(&self) -> i64 {
        self.result.bytes()
    }

    /// Whether nothing lies between the rows of any of them.
    pub fn are_even(&self) -> bool {
        self.result.is_even() && self.layouts.iter().all(Layout::is_even)
    }

    /// Whether the contraction reads a stored value.
    fn is_contracted(&self, leaf: Value) -> bool {
        self.contraction.operands().contains(&leaf)
    }

    /// Adds the kernels of the group. `write` appends the work on the items of the one that computes the
    /// sums, given the epilogue and the memory of the contraction's input; `seen` gives the layout that
    /// it sees in place of a value's own.
    pub fn convert(
        &self,
        lowering: &mut Lowering,
        items: i64,
        channels: Channels,
        seen: impl Fn(&Layout) -> Layout,
        write: impl FnOnce(&mut Scope<'_>, &Kernel, Epilogue, Value) -> Result<(), Diagnostic>,
    ) -> Result<(), Diagnostic> {
        let op = self.op;
        if !applicable(op, self.contraction) {
            let read: Vec<Value> =
                self.leaves.iter().copied().filter(|leaf| self.is_contracted(*leaf)).collect();
            return apart::convert(lowering, op, self.contraction, (&read, items), |scope, k, sums| {
                let (epilogue, input) = self.epilogue(scope, k, channels, Sink::Contraction, sums, seen)?;
                write(scope, k, epilogue, input)
            });
        }
        if !is_dynamic(op.result(0)) {
            return lowering.kernel(op, &self.leaves, items, Destination::Buffer, |scope, k| {
                let (epilogue, input) = self.epilogue(scope, k, channels, Sink::Codes, &self.result, seen)?;
                write(scope, k, epilogue, input)
            });
        }
        let kept = Kept::new(lowering, op, 32, channels.count);
        let plain = Layout::plain(op.result(0)).ok_or_else(|| unsupported(op, "coded results"))?;
        lowering.kernel(op, &self.leaves, items, kept.destination(), |scope, k| {
            let sink = Sink::Sums(kept.peaks(scope, k));
            let (epilogue, input) = self.epilogue(scope, k, channels, sink, &plain, seen)?;
            write(scope, k, epilogue, input)
        })?;
        let rows = scope::rows(&plain.shape);
        let vectors = tree::parts(channels.count, channels.lanes);
        let channels = Channels { vectors, ..channels };
        dynamic::finish(lowering, &kept, rows, |scope, k| {
            let (sums, codes) = (k.flat(scope.operands[0]), (self.result.clone(), k.flat(scope.result)));
            let epilogue = Epilogue::new(op, self.contraction, channels, Vec::new(), codes, Sink::Codes)?;
            epilogue.round(scope, k, (&plain, sums))
        })
    }

    fn epilogue(
        &self,
        scope: &Scope<'_>,
        k: &Kernel,
        channels: Channels,
        sink: Sink,
        result: &Layout,
        seen: impl Fn(&Layout) -> Layout,
    ) -> Result<(Epilogue, Value), Diagnostic> {
        let memories = scope.operands.iter().map(|&memory| k.flat(memory));
        let source = self.contraction.operand(0);
        // The sums of a contraction alone are of one value.
        let is_read = |leaf: Value| !matches!(sink, Sink::Contraction) || self.is_contracted(leaf);
        let flat: Vec<(Value, Layout, Value)> = self
            .leaves
            .iter()
            .zip(&self.layouts)
            .filter(|(leaf, _)| is_read(**leaf))
            .zip(memories)
            .map(|((&leaf, layout), memory)| (leaf, seen(layout), memory))
            .collect();
        let input = flat.iter().find(|(leaf, ..)| *leaf == source).map(|(_, _, memory)| *memory);
        let input = input.ok_or_else(|| unsupported(self.op, "a stored operand"))?;
        let result = (seen(result), k.flat(scope.result));
        Ok((Epilogue::new(self.op, self.contraction, channels, flat, result, sink)?, input))
    }
}

/// Where an epilogue's values go.
#[derive(Clone, Copy)]
pub(super) enum Sink {
    /// They are rounded.
    Codes,
    /// They are kept, until the exponent is known.
    Sums(Peaks),
    /// Those of the contraction are kept, with its bias; the rest of the group follows ([`apart`]).
    Contraction,
}

/// How results are stored as bytes: what saturates there, and limits that are narrower, one for all channels or
/// one for each.
struct Bytes {
    unsigned: bool,
    lo: Option<Vec<i64>>,
    hi: Option<Vec<i64>>,
}

impl Bytes {
    /// None if they are not.
    fn of(layout: &Layout, rounding: &Rounding) -> Option<Self> {
        let Storage::Integer { .. } = layout.storage else { return None };
        let format = rounding.ty.format;
        let unsigned = format.int_min() >= 0;
        let (least, largest) = if unsigned { (0, 255) } else { (-128, 127) };
        let is_byte = layout.bits() == 8 && format.int_min() >= least && format.int_max() <= largest;
        let [lo, hi] = rounding.range();
        let narrower =
            |limits: Vec<i64>, end: i64| limits.iter().any(|&limit| limit != end).then_some(limits);
        is_byte.then(|| Self { unsigned, lo: narrower(lo, least), hi: narrower(hi, largest) })
    }

    /// The operators that apply the limits.
    fn limiters(&self) -> [(&'static str, Option<&Vec<i64>>); 2] {
        let names =
            if self.unsigned { ["arith.maxui", "arith.minui"] } else { ["arith.maxsi", "arith.minsi"] };
        [(names[0], self.lo.as_ref()), (names[1], self.hi.as_ref())]
    }
}

/// The limit of all channels, if it is one.
fn uniform(limits: &[i64]) -> Option<i64> {
    limits.iter().all(|limit| *limit == limits[0]).then(|| limits[0])
}

/// What happens to the sums of a group's contraction.
pub(super) struct Epilogue {
    op: Op,
    contraction: Op,
    channels: Channels,
    rounding: Rounding,
    /// Whether the rounding half is among the initial sums.
    half_folded: bool,
    /// Whether the bias is.
    bias_folded: bool,
    layouts: HashMap<Value, Layout>,
    memories: HashMap<Value, Value>,
    result: (Layout, Value),
    sink: Sink,
}

impl Epilogue {
    /// Prepares the epilogue of a group. `leaves` are the group's operands with their layouts and flat
    /// memrefs, `result` the same of what it writes.
    fn new(
        op: Op,
        contraction: Op,
        channels: Channels,
        leaves: Vec<(Value, Layout, Value)>,
        result: (Layout, Value),
        sink: Sink,
    ) -> Result<Self, Diagnostic> {
        let rounding = Rounding::of(op)?;
        let products = Grid::of_products(contraction)?;
        let whole = Grid::of(op.operand(0), op)?;
        let same = |grid: &Grid| {
            let shift = Shift::between(grid, &products);
            shift.known().is_some_and(|shifts| shifts.iter().all(|&shift| shift == 0))
        };
        let (mut layouts, mut memories) = (HashMap::new(), HashMap::new());
        for (value, layout, memory) in leaves {
            layouts.insert(value, layout);
            memories.insert(value, memory);
        }
        Ok(Self {
            op,
            contraction,
            channels,
            half_folded: rounding.is_shift() && same(&whole) && !matches!(sink, Sink::Contraction),
            bias_folded: bias_is_folded(contraction, &products, op)?,
            rounding,
            layouts,
            memories,
            result,
            sink,
        })
    }

    /// What the sums of each channel start from: `corrections`, one per channel, with what is folded in.
    pub fn initial(&self, corrections: &[i64]) -> Result<Vec<i64>, Diagnostic> {
        let mut sums = corrections.to_vec();
        if let (true, Some(bias)) = (self.bias_folded, view::bias(self.contraction)) {
            let (values, [_, shift]) = self.bias(bias)?;
            let values = shifted_left(&values, shift.known().unwrap_or(&[0]), sums.len());
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum = sum.wrapping_add(value));
        }
        if self.half_folded {
            let halves = self.rounding.halves();
            for (c, sum) in sums.iter_mut().enumerate() {
                *sum = sum.wrapping_add(*tree::pick(&halves, c));
            }
        }
        Ok(sums)
    }

    /// The layout and the flat memref of a stored value that is read.
    pub fn operand(&self, value: Value) -> Result<(&Layout, Value), Diagnostic> {
        let known = self.layouts.get(&value).zip(self.memories.get(&value).copied());
        known.ok_or_else(|| unsupported(self.op, "a stored operand"))
    }

    /// The integers of a bias, and how far the sums and the bias are shifted.
    fn bias(&self, bias: Value) -> Result<(Vec<i64>, [Shift; 2]), Diagnostic> {
        let values = bias.def_as("afp.constant").and_then(|c| c.attr("value")).and_then(|v| v.elements_i64());
        let values = values.ok_or_else(|| unsupported(self.op, "a bias that is constant"))?;
        let (products, grid) = (Grid::of_products(self.contraction)?, Grid::of(bias, self.op)?);
        Ok((values, units::alignment(&products, &grid, 32, self.op)?))
    }

    /// Finishes the sums of a tile and stores them: those of pixel after pixel, each of so many vectors.
    pub fn store(
        &self,
        scope: &mut Scope<'_>,
        k: &Kernel,
        sums: &[(Value, Spot)],
        vectors: usize,
    ) -> Result<(), Diagnostic> {
        let peaks = match self.sink {
            Sink::Sums(peaks) => peaks,
            Sink::Codes => return self.store_codes(scope, k, sums, vectors),
            Sink::Contraction => return self.store_contraction(scope, k, sums),
        };
        let mut occurring: Vec<Option<(Value, Spot)>> = vec![None; vectors];
        for (index, &(sums, spot)) in sums.iter().enumerate() {
            let value = self.exact(scope, k, self.op.operand(0), sums, spot)?;
            let (layout, memory) = &self.result;
            k.vector_store(value, *memory, spot.index(k, layout));
            let bits = peaks.magnitude(k, value);
            let of_vector = &mut occurring[index % vectors];
            *of_vector = Some((of_vector.map_or(bits, |(known, _)| k.or(known, bits)), spot));
        }
        for (bits, spot) in occurring.into_iter().flatten() {
            let known = k.vector_load(peaks.memory, spot.channel, self.channels.lanes);
            k.vector_store(k.or(known, bits), peaks.memory, spot.channel);
        }
        Ok(())
    }

    /// Stores the sums of a contraction, with its bias, as they are.
    fn store_contraction(
        &self,
        scope: &mut Scope<'_>,
        k: &Kernel,
        sums: &[(Value, Spot)],
    ) -> Result<(), Diagnostic> {
        for &(sums, spot) in sums {
            let value = self.exact(scope, k, self.contraction.result(0), sums, spot)?;
            let (layout, memory) = &self.result;
            k.vector_store(value, *memory, spot.index(k, layout));
        }
        Ok(())
    }

    /// Rounds the sums of a tile and stores what they become: four vectors at a time as bytes. Those of a pixel are
    /// neighbours in memory.
    fn store_codes(
        &self,
        scope: &mut Scope<'_>,
        k: &Kernel,
        sums: &[(Value, Spot)],
        vectors: usize,
    ) -> Result<(), Diagnostic> {
        let (layout, memory) = &self.result;
        let lanes = self.channels.lanes;
        let mut rest = sums;
        while let (Some(bytes), Some((four, behind))) = (self.bytes(), rest.split_first_chunk::<4>()) {
            let packed = self.packed(scope, k, (&bytes, layout), four)?;
            // Byte `i` of vector `j` is now byte `lanes * j + i`.
            let words: Vec<i64> = (0..lanes).map(|at| at % (lanes / 4) * 4 + at / (lanes / 4)).collect();
            let words = match k.vector_bitcast(packed, 32) {
                words_in_order if lanes == 4 => words_in_order,
                mixed => k.shuffle(mixed, mixed, &words),
            };
            let ordered = k.vector_bitcast(words, 8);
            rest = behind;
            if vectors.is_multiple_of(4) && self.channels.vectors * lanes <= self.channels.count {
                k.vector_store(ordered, *memory, four[0].1.index(k, layout));
                continue;
            }
            for (j, (_, spot)) in (0..).zip(four) {
                let part = match lanes {
                    // Of a word's bytes, LLVM takes one by one.
                    4 => k.vector_bitcast(k.shuffle(words, words, &[j]), 8),
                    _ => {
                        let part: Vec<i64> = (j * lanes..(j + 1) * lanes).collect();
                        k.shuffle(ordered, ordered, &part)
                    }
                };
                k.vector_store(part, *memory, spot.index(k, layout));
            }
        }
        for &(sums, spot) in rest {
            let value = self.exact(scope, k, self.op.operand(0), sums, spot)?;
            let integer = self.rounded(scope, k, value, spot);
            let at = spot.index(k, layout);
            k.vector_store(layout.stored(k, integer), *memory, at);
        }
        Ok(())
    }

    /// Rounds the sums of a pixel's neighbouring channels, of which four vectors hold the quadruples in turn
    /// (see `afpk.pack`), and stores them.
    pub fn store_interleaved(
        &self,
        scope: &mut Scope<'_>,
        k: &Kernel,
        four: &[(Value, Spot); 4],
    ) -> Result<(), Diagnostic> {
        let (layout, memory) = &self.result;
        let bytes = self.bytes().ok_or_else(|| unsupported(self.op, "results of one byte"))?;
        let packed = self.packed(scope, k, (&bytes, layout), four)?;
        let spot = four[0].1;
        k.vector_store(packed, *memory, spot.index(k, layout));
        Ok(())
    }

    /// What is stored for the sums of four vectors, in the order of `afpk.pack`.
    fn packed(
        &self,
        scope: &mut Scope<'_>,
        k: &Kernel,
        (bytes, layout): (&Bytes, &Layout),
        four: &[(Value, Spot); 4],
    ) -> Result<Value, Diagnostic> {
        let interleaved = self.channels.order == Order::Interleaved;
        let mut integers = Vec::with_capacity(4);
        for &(sums, spot) in four {
            let value = self.exact(scope, k, self.op.operand(0), sums, spot)?;
            let mut integer = self.unlimited(scope, k, value, spot);
            // Limits of channels that four vectors do not have in order are applied before.
            for (role, name, limits) in [("lo", "arith.maxsi", &bytes.lo), ("hi", "arith.minsi", &bytes.hi)] {
                if let Some(limits) = limits.as_ref().filter(|l| !interleaved && uniform(l).is_none()) {
                    let limit = self.per_channel(scope, k, role, limits, spot);
                    integer = k.binary(name, integer, limit);
                }
            }
            integers.push(integer);
        }
        let mut packed = k.pack([integers[0], integers[1], integers[2], integers[3]], bytes.unsigned);
        for (name, limits) in bytes.limiters() {
            let limit = match limits.map(|limits| (uniform(limits), limits)) {
                Some((Some(one), _)) => k.like(packed, i64::from(one as i8)),
                Some((None, limits)) if interleaved => {
                    let bytes = 4 * self.channels.lanes;
                    let all = limits.iter().cycle().take(limits.len().max(bytes as usize));
                    let all: Vec<i64> = all.map(|&limit| i64::from(limit as i8)).collect();
                    let memory = scope.constant("limits", &[all.len() as i64], k.int(8), &all);
                    k.vector_load(memory, four[0].1.channel, bytes)
                }
                _ => continue,
            };
            packed = k.binary(name, packed, limit);
        }
        Ok(match layout.zero() {
            0 => packed,
            offset => k.add(packed, k.like(packed, i64::from(offset as i8))),
        })
    }

    /// How results are stored as bytes, if they are.
    fn bytes(&self) -> Option<Bytes> {
        Bytes::of(&self.result.0, &self.rounding)
    }

    /// Rounds the sums that are kept in a memref of one dimension.
    fn round(
        &self,
        scope: &mut Scope<'_>,
        k: &Kernel,
        (plain, sums): (&Layout, Value),
    ) -> Result<(), Diagnostic> {
        let (from, to) = (scope.from, scope.to);
        let (rows, inner) = plain.shape.split_at(plain.shape.len() - 1 - usize::from(plain.shape.len() > 2));
        let columns = if inner.len() == 2 { inner[0] } else { 1 };
        k.fold(from, to, &[], |k, item, _| {
            let mut at = scope::split_index(k, item, rows);
            at.resize(2, k.index(0));
            k.every(&[columns, self.channels.vectors], |k, indices| {
                let channel = self.channels.start_value(k, indices[1]);
                let pixel = [at[0], at[1], indices[0]];
                let spot = Spot { pixel, behind: [0; 2], vector: indices[1], channel };
                let from = spot.index(k, plain);
                let integer = self.rounded(scope, k, k.vector_load(sums, from, self.channels.lanes), spot);
                let (layout, memory) = &self.result;
                let to = spot.index(k, layout);
                k.vector_store(layout.stored(k, integer), *memory, to);
            });
            Vec::new()
        });
        Ok(())
    }

    fn rounded(&self, scope: &mut Scope<'_>, k: &Kernel, value: Value, spot: Spot) -> Value {
        let rounding = &self.rounding;
        let integer = self.unlimited(scope, k, value, spot);
        let limits = if rounding.is_shift() { Some(rounding.range()) } else { rounding.limits.clone() };
        let Some([lo, hi]) = limits else { return integer };
        let lo = self.per_channel(scope, k, "lo", &lo, spot);
        let hi = self.per_channel(scope, k, "hi", &hi, spot);
        k.min(k.max(integer, lo), hi)
    }

    /// As [`Self::rounded`], but for the limits; in fixed point but for what is beyond the format, too.
    fn unlimited(&self, scope: &mut Scope<'_>, k: &Kernel, value: Value, spot: Spot) -> Value {
        let rounding = &self.rounding;
        let d = self.shift(scope, k, "shift", &rounding.shift, spot);
        if rounding.is_shift() {
            let sum = if self.half_folded {
                value
            } else {
                let half = self.per_channel(scope, k, "half", &rounding.halves(), spot);
                k.add(value, half)
            };
            return k.binary("arith.shrsi", sum, d);
        }
        let bits = tree::proven_bits(self.op).min(31);
        let target = (rounding.ty.format, rounding.ties);
        k.encode((value, bits), (d, rounding.shift.interval()), None, target)
    }

    /// An exact value on the lanes of a spot, in units of its grid.
    fn exact(
        &self,
        scope: &mut Scope<'_>,
        k: &Kernel,
        value: Value,
        sums: Value,
        spot: Spot,
    ) -> Result<Value, Diagnostic> {
        if matches!(Element::of(value.ty()), Element::Float(_)) {
            let (layout, memory) = self.operand(value)?;
            let at = spot.index(k, layout);
            return Ok(layout.integer(k, k.vector_load(memory, at, self.channels.lanes), 32));
        }
        let Some(op) = value.def() else { return Err(unsupported(self.op, "an exact value")) };
        if op == self.contraction {
            let Some(bias) = view::bias(op).filter(|_| !self.bias_folded) else { return Ok(sums) };
            let (values, [own, other]) = self.bias(bias)?;
            let aligned = self.aligned(scope, k, sums, &own, spot);
            let value = match other.known() {
                Some(shifts) => {
                    let values = shifted_left(&values, shifts, self.channels.count as usize);
                    self.per_channel(scope, k, "bias", &values, spot)
                }
                None => {
                    let value = self.per_channel(scope, k, "bias", &values, spot);
                    self.aligned(scope, k, value, &other, spot)
                }
            };
            return Ok(k.add(aligned, value));
        }
        match op.name().as_str() {
            "afp.constant" => {
                let values = op.attr("value").and_then(|v| v.elements_i64());
                let values = values.ok_or_else(|| unsupported(self.op, "a constant with a payload"))?;
                Ok(self.per_channel(scope, k, "bias", &values, spot))
            }
            "afp.add" => {
                let a = self.exact(scope, k, op.operand(0), sums, spot)?;
                let b = self.exact(scope, k, op.operand(1), sums, spot)?;
                let grids = [Grid::of(op.operand(0), op)?, Grid::of(op.operand(1), op)?];
                let [left, right] = units::alignment(&grids[0], &grids[1], 32, self.op)?;
                let a = self.aligned(scope, k, a, &left, spot);
                let b = self.aligned(scope, k, b, &right, spot);
                Ok(k.add(a, b))
            }
            _ => Err(unsupported(self.op, "sums of a contraction, stored values and constants")),
        }
    }

    /// A value shifted to the left.
    fn aligned(&self, scope: &mut Scope<'_>, k: &Kernel, value: Value, by: &Shift, spot: Spot) -> Value {
        if by.known().is_some_and(|shifts| shifts.iter().all(|&shift| shift == 0)) {
            return value;
        }
        let shift = self.shift(scope, k, "align", by, spot);
        // Only a value that is always 0 is ever shifted further.
        let shift = if by.known().is_some() { shift } else { k.min(shift, k.like(shift, 31)) };
        k.shl(value, shift)
    }

    fn shift(
        &self,
        scope: &mut Scope<'_>,
        k: &Kernel,
        role: &'static str,
        shift: &Shift,
        spot: Spot,
    ) -> Value {
        match shift {
            Shift::Known(shifts) => self.per_channel(scope, k, role, shifts, spot),
            Shift::Computed(..) => shift.emit(k, &mut Lanes { epilogue: self, scope, spot }),
        }
    }

    /// Numbers that are one for all or one per channel, on the lanes of a spot.
    fn per_channel(
        &self,
        scope: &mut Scope<'_>,
        k: &Kernel,
        role: &'static str,
        values: &[i64],
        spot: Spot,
    ) -> Value {
        let lanes = self.channels.lanes;
        if values.iter().all(|v| *v == values[0]) {
            return k.constant(vector(k, lanes, 32), values[0]);
        }
        let packed = self.channels.packed(values);
        let memory = scope.constant(role, &[packed.len() as i64], k.int(32), &packed);
        k.vector_load(memory, k.mul(spot.vector, k.index(lanes)), lanes)
    }
}

/// The numbers of a spot's lanes.
struct Lanes<'e, 's, 'l> {
    epilogue: &'e Epilogue,
    scope: &'s mut Scope<'l>,
    spot: Spot,
}

impl Numbers for Lanes<'_, '_, '_> {
    fn constant(&mut self, k: &Kernel, role: &'static str, values: &[i64]) -> Value {
        self.epilogue.per_channel(self.scope, k, role, values, self.spot)
    }

    fn exponent(&mut self, k: &Kernel, value: Value) -> Value {
        k.broadcast(self.scope.exponent(value), self.epilogue.channels.lanes)
    }
}

/// Numbers for all of so many channels, each shifted to the left.
fn shifted_left(values: &[i64], shifts: &[i64], channels: usize) -> Vec<i64> {
    (0..channels).map(|c| tree::pick(values, c) << tree::pick(shifts, c)).collect()
}

/// Whether the bias of a contraction can be added to the initial sums: its unit is no finer than that of
/// the products, and how much coarser is known.
fn bias_is_folded(contraction: Op, products: &Grid, user: Op) -> Result<bool, Diagnostic> {
    let Some(bias) = view::bias(contraction) else { return Ok(true) };
    let [own, other] = units::alignment(products, &Grid::of(bias, user)?, 32, user)?;
    let stays = own.known().is_some_and(|shifts| shifts.iter().all(|&shift| shift == 0));
    Ok(stays && other.known().is_some())
}

/// Whether an epilogue on vectors can compute a group: sums of one contraction, of stored values of
/// the result's shape, and of constants per channel.
pub fn applicable(op: Op, contraction: Op) -> bool {
    fn fits(value: Value, op: Op, contraction: Op) -> bool {
        let shape = shape_of(op.result(0));
        if matches!(Element::of(value.ty()), Element::Float(_)) {
            return shape_of(value) == shape && value.def_as("afp.constant").is_none();
        }
        let Some(inner) = value.def() else { return false };
        if inner == contraction {
            return shape_of(inner.result(0)) == shape && view::bias(inner).is_none_or(constant_of_channels);
        }
        match inner.name().as_str() {
            "afp.constant" => {
                let own = shape_of(value);
                let (last, rest) = own.split_last().map_or((1, &[][..]), |(last, rest)| (*last, rest));
                (last == 1 || Some(&last) == shape.last())
                    && rest.iter().all(|&size| size == 1)
                    && small_constant(value)
            }
            "afp.add" => inner.operands().into_iter().all(|v| fits(v, op, contraction)),
            _ => false,
        }
    }
    let Ok(rounding) = Rounding::of(op) else { return false };
    let bits = tree::proven_bits(op);
    let narrow = rounding.ty.format.int_max() < 1 << 30 && rounding.ty.format.width() <= 16;
    // Rule W1 counts the aligned skip operand, the bias and the rounding half among the bits; what the
    // initial sums and layouts' offsets add beyond them wraps around, and back.
    let bits_fit = bits <= 31 && (rounding.is_shift() || rounding.target().sum_bits(bits) == 32);
    rounding.is_plain() && narrow && bits_fit && fits(op.operand(0), op, contraction)
}

/// Whether the sums of a contraction, with its bias, can be computed on vectors, whatever becomes of them.
pub(super) fn sums_applicable(op: Op, contraction: Op) -> bool {
    let products = Grid::of_products(contraction);
    tree::proven_bits(contraction) <= 31
        && products.is_ok_and(|products| bias_is_folded(contraction, &products, op).is_ok())
        && shape_of(contraction.result(0)) == shape_of(op.result(0))
        && view::bias(contraction).is_none_or(|bias| bias.def().is_some_and(|c| small_constant(c.result(0))))
}

/// Whether a group's results are stored as bytes.
pub fn stores_bytes(op: Op, result: &Layout) -> bool {
    Rounding::of(op).is_ok_and(|rounding| Bytes::of(result, &rounding).is_some())
}

fn constant_of_channels(bias: Value) -> bool {
    bias.def_as("afp.constant").is_some()
}

/// Whether the integers of a constant fit 32 bits.
fn small_constant(value: Value) -> bool {
    let values = value.def().and_then(|c| c.attr("value")).and_then(|v| v.elements_i64());
    values.is_some_and(|values| values.iter().all(|&v| i32::try_from(v).is_ok()))
}

/// The place of an element in a memref of one dimension.
pub fn flat_index(k: &Kernel, layout: &Layout, [n, y, x]: [Value; 3], channel: Value) -> Value {
    let memory = layout.memory();
    if memory.len() < 4 {
        let pixel = if memory.len() == 2 { n } else { k.add(k.mul(n, k.index(memory[1])), x) };
        return k.add(k.mul(pixel, k.index(memory[memory.len() - 1])), channel);
    }
    let place = layout.place(k, &[n, y, x, channel]);
    let (rows, columns, channels) = (k.index(memory[1]), k.index(memory[2]), k.index(memory[3]));
    let row = k.add(k.mul(place[0], rows), place[1]);
    let pixel = k.add(k.mul(row, columns), place[2]);
    k.add(k.mul(pixel, channels), place[3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_cover_all_channels_and_overlap_at_the_end() {
        for count in 4..70 {
            for lanes in [4, 8, 16].into_iter().filter(|lanes| *lanes <= count) {
                for spare in 0..3 {
                    let vectors = tree::parts(count, lanes) + spare;
                    let channels = Channels { count, lanes, vectors, order: Order::Plain };
                    let numbers: Vec<i64> = (0..count).collect();
                    let packed = channels.packed(&numbers);
                    assert_eq!(packed.len() as i64, vectors * lanes);
                    for (vector, lane) in packed.chunks(lanes as usize).enumerate() {
                        let start = channels.start(vector as i64);
                        assert_eq!(lane, &numbers[start as usize..(start + lanes) as usize]);
                    }
                    assert!(numbers.iter().all(|number| packed.contains(number)));
                    assert_eq!(channels.packed(&[7]), vec![7; packed.len()]);
                }
            }
        }
    }
}
