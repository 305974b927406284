//! Depthwise convolutions by dot products.
//!
//! Of each four rows of the input, the bytes of a channel are put side by side: then a dot product takes
//! four taps of a kernel column at once. What is interleaved serves all output rows that read it and all
//! kernel columns. Columns are visited from left to right; the sums of outputs that later columns complete
//! stay in registers.
//!
//! Four vectors hold so many channels as a vector has bytes, in the order of `afpk.pack`, which puts them
//! back. Weights lie as `[quads of vectors][output row, group of four rows, kernel column][4][lanes][4]`.
//!
//! Where channels are few, several pixels of a row are taken as one with more channels: all columns of the
//! window are then loaded for each step, and no sums are kept from one to the next.

use afp_ir::{
    diag::Diagnostic,
    dialect::view::Conv,
    mlir::{Op, Value},
};
use afp_target::{Dot, Vectors};

use super::{
    Lowering,
    builder::{Cmp, Kernel},
    depthwise,
    dynamic::is_dynamic,
    epilogue::{self, Channels, Epilogue, Operands, Order, Spot},
    geometry::{halo, surrounds},
    layout::{Halves, Layout, Storage},
    rows::Rows,
    scope::{self, Scope},
    strategy::Tile,
    tree::{self, parts, shape_of},
};

/// Vectors of sums that belong together: as many as a word has bytes.
const QUAD: i64 = 4;

/// Columns that are written one behind the other where registers are narrow and many: so sums are not moved from one
/// output's registers to the next's.
const COLUMNS: i64 = 2;

/// Whether a group's contraction can take this strategy, its values in memory as they are.
pub fn applicable(op: Op, contraction: Op, input: &Layout, result: &Layout) -> bool {
    let Some(conv) = tree::conv(contraction) else { return false };
    let bytes = input.bits() == 8 && Rows::of(contraction).is_ok_and(|rows| rows.integer_bits() == 8);
    depthwise::applicable(op, contraction)
        && epilogue::applicable(op, contraction)
        && conv.dilation == [1, 1]
        && bytes
        && matches!(input.storage, Storage::Integer { .. })
        && tree::leaves(op).is_ok_and(|leaves| leaves == [contraction.operand(0)])
        && !is_dynamic(op.result(0))
        && epilogue::stores_bytes(op, result)
}

/// The tile that suits a machine's registers: output rows, and lanes of a vector.
pub fn tile(op: Op, contraction: Op, layouts: [&Layout; 2], vectors: &Vectors) -> Option<Tile> {
    if !matches!(vectors.dot, Dot::Vnni | Dot::Sdot) {
        return None;
    }
    let window = Window::of(contraction)?;
    let shape = shape_of(op.result(0));
    let dense = layouts.into_iter().all(|layout| layout.channels == shape[3]);
    let fits = |rows: &i64| {
        let live = rows * QUAD * (window.unfinished() + 1) + QUAD;
        *rows <= shape[1] && live <= i64::from(vectors.registers)
    };
    let rows = (1..=4).filter(fits).min_by(|a, b| window.cost(*a).total_cmp(&window.cost(*b)))?;
    let mut best: Option<(f64, i64)> = None;
    let mut lanes = i64::from(vectors.bits / 32);
    while lanes >= 4 {
        let channels = lanes * QUAD;
        // Half a vector takes more than half the time.
        let weight = (lanes + 2) as f64;
        let cost = match pixels_together(shape[3], channels, &window, shape[2]) {
            Some(1) => Some(parts(shape[3], channels) as f64 * weight * window.cost(rows)),
            // Every column is interleaved for each step.
            Some(pixels) if dense => {
                let again = (window.columns - 1) * parts(window.span(rows), 4) * INTERLEAVING / rows;
                Some(weight * (window.cost(rows) + again as f64) / pixels as f64)
            }
            _ => None,
        };
        if let Some(cost) = cost
            && best.is_none_or(|(known, _)| cost < known)
        {
            best = Some((cost, lanes));
        }
        lanes /= 2;
    }
    best.map(|(_, lanes)| {
        let steps = if vectors.bits == 128 && vectors.registers == 32 && shape[3] >= lanes * QUAD {
            COLUMNS
        } else {
            1
        };
        Tile { steps, ..Tile::new(rows, QUAD, lanes) }
    })
}

/// Instructions that interleave four rows.
const INTERLEAVING: i64 = 10;

/// How many pixels of a row four vectors of so many bytes together take: one, or as many as fill them.
fn pixels_together(channels: i64, bytes: i64, window: &Window, width: i64) -> Option<i64> {
    if channels >= bytes {
        return Some(1);
    }
    let pixels = bytes / channels;
    (bytes % channels == 0 && window.stride[1] == 1 && pixels <= width).then_some(pixels)
}

/// Rows and columns of a kernel, its strides, and how many pixels are taken together.
#[derive(Clone, Copy)]
struct Window {
    rows: i64,
    columns: i64,
    stride: [i64; 2],
    together: i64,
}

impl Window {
    fn of(contraction: Op) -> Option<Self> {
        let weight = shape_of(contraction.operand(1));
        let stride = tree::conv(contraction)?.stride;
        Some(Self { rows: weight[0], columns: weight[1], stride, together: 1 })
    }

    /// Outputs to the right of one whose sums have begun when it is complete.
    fn unfinished(&self) -> i64 {
        if self.together == 1 { (self.columns - 1) / self.stride[1] } else { 0 }
    }

    /// Columns before those that the first output is completed by.
    fn leading(&self) -> i64 {
        if self.together == 1 { (self.columns - self.stride[1]).max(0) } else { 0 }
    }

    /// Rows that so many output rows read.
    fn span(&self, outputs: i64) -> i64 {
        (outputs - 1) * self.stride[0] + self.rows
    }

    /// The groups of four rows that an output row reads.
    fn groups(&self, output: i64) -> std::ops::RangeInclusive<i64> {
        let first = output * self.stride[0];
        first / 4..=(first + self.rows - 1) / 4
    }

    /// Instructions for a column of an output row, about, with so many together.
    fn cost(&self, outputs: i64) -> f64 {
        let groups = parts(self.span(outputs), 4);
        let dots: i64 = (0..outputs).map(|row| self.groups(row).count() as i64).sum();
        (groups * INTERLEAVING + dots * self.columns * QUAD) as f64 / outputs as f64
    }
}

/// Adds the kernel of a group and its call.
pub(super) fn convert(lowering: &mut Lowering, op: Op, tile: Tile) -> Result<(), Diagnostic> {
    let misfit = |what: &str| tree::misfit(op, what);
    let contraction = match tree::contractions(op)[..] {
        [one] => one,
        _ => return Err(misfit("one depthwise convolution")),
    };
    let input = scope::layout(lowering, contraction.operand(0), op)?;
    let result = scope::layout(lowering, op.result(0), op)?;
    let shape = shape_of(op.result(0));
    let fits = applicable(op, contraction, &input, &result)
        && surrounds(&input, contraction)
        && tile.vectors == QUAD
        && tile.pixels <= shape[1];
    let (Some(mut window), Some(conv), true) = (Window::of(contraction), tree::conv(contraction), fits)
    else {
        return Err(misfit("a depthwise convolution of bytes with its halo, and as many rows"));
    };
    let together = pixels_together(shape[3], tile.lanes * QUAD, &window, shape[2]);
    let dense = [&input, &result].iter().all(|layout| layout.channels == shape[3]);
    let Some(pixels) = together.filter(|&pixels| pixels == 1 || dense) else {
        return Err(misfit("as many channels as four vectors have, or pixels that fill them"));
    };
    if pixels > 1 && tile.steps > 1 {
        return Err(misfit("a column at a time, where each is several pixels"));
    }
    window.together = pixels;
    let Storage::Integer { offset } = input.storage else {
        return Err(misfit("an input of integers"));
    };
    let quads = parts(shape[3], tile.lanes * QUAD);
    let channels =
        Channels { count: shape[3], lanes: tile.lanes, vectors: quads * QUAD, order: Order::Interleaved };
    let operands = Operands::of(lowering, op, contraction)?;
    // Rows before channels: what is read for one quad of vectors is near when the next reads it.
    let whole = [shape[0], shape[1] / tile.pixels, (shape[3] / (tile.lanes * QUAD)).max(1)];
    operands.convert(
        lowering,
        whole.iter().product(),
        channels,
        Layout::clone,
        |scope, k, epilogue, memory| {
            let rows = Rows::of(contraction)?;
            let weights = crate::afpk::numeric::decoded(rows.format, &rows.codes);
            let writer =
                Writer { contraction, conv, window, input, offset, tile, channels, epilogue, memory };
            writer.write(scope, k, &shape, whole, &weights)
        },
    )
}

/// A kernel being written.
struct Writer {
    contraction: Op,
    conv: Conv,
    window: Window,
    input: Layout,
    offset: i64,
    tile: Tile,
    channels: Channels,
    epilogue: Epilogue,
    memory: Value,
}

/// The constants of a kernel: weights, and what sums start from.
#[derive(Clone, Copy)]
struct Constants {
    filters: Value,
    pairs_fit: bool,
    initial: Value,
}

/// Where a quad of vectors and the output rows of a tile are.
#[derive(Clone, Copy)]
struct Place {
    quad: Value,
    channel: Value,
    image: Value,
    row: Value,
    /// The first input of the first window.
    inputs: Value,
}

/// Sums of the outputs from one on, which is being completed: `[output][row][vector]`.
type Sums = Vec<Vec<Value>>;

impl Writer {
    fn write(
        &self,
        scope: &mut Scope<'_>,
        k: &Kernel,
        shape: &[i64],
        whole: [i64; 3],
        weights: &[i64],
    ) -> Result<(), Diagnostic> {
        let taps = (self.window.rows * self.window.columns) as usize;
        let corrections: Vec<i64> =
            weights.chunks(taps).map(|taps| -self.offset * taps.iter().sum::<i64>()).collect();
        let initial = self.channels.packed(&self.epilogue.initial(&corrections)?);
        let initial = scope.constant("bias", &[initial.len() as i64], k.int(32), &initial);
        let packed = self.filters(weights);
        let ends = self.input.ends(self.contraction.operand(0));
        let pairs_fit = packed.chunks(2).all(|pair| Halves::hold(ends, pair.iter().copied()));
        let filters = scope.constant("weights", &[packed.len() as i64], k.int(8), &packed);
        let constants = Constants { filters, pairs_fit, initial };

        let mut outcome = Ok(());
        k.fold(scope.from, scope.to, &[], |k, item, _| {
            let at = scope::split_index(k, item, &whole);
            // What is left over is done behind the last whole part, by the same thread.
            twice_at_end(k, at[2], whole[2], whole[2] < self.channels.vectors / QUAD, |k, quad| {
                let channel = self.channels.start_value(k, k.mul(quad, k.index(QUAD)));
                let rest = whole[1] * self.tile.pixels < shape[1];
                twice_at_end(k, at[1], whole[1], rest, |k, rows| {
                    let row = k.mul(rows, k.index(self.tile.pixels));
                    let row = k.min(row, k.index(shape[1] - self.tile.pixels));
                    let inputs = self.first(k, [at[0], row, channel]);
                    let place = Place { quad, channel, image: at[0], row, inputs };
                    outcome = self.rows(scope, k, constants, place, shape[2]);
                });
            });
            Vec::new()
        });
        outcome
    }

    /// Packs the weights.
    fn filters(&self, weights: &[i64]) -> Vec<i64> {
        let (window, lanes) = (self.window, self.tile.lanes);
        let mut packed = Vec::new();
        for quad in 0..self.channels.vectors / QUAD {
            for row in 0..self.tile.pixels {
                for group in window.groups(row) {
                    for column in 0..window.columns {
                        for lane in 0..QUAD * lanes {
                            let channel = self.channels.channel(quad * QUAD * lanes + lane);
                            for way in 0..4 {
                                let tap = 4 * group + way - row * window.stride[0];
                                let known = (0..window.rows).contains(&tap);
                                let at = (channel * window.rows + tap) * window.columns + column;
                                packed.push(if known { weights[at as usize] } else { 0 });
                            }
                        }
                    }
                }
            }
        }
        packed
    }

    /// The number of the first element that the windows of an output row read, in a channel.
    fn first(&self, k: &Kernel, [image, row, channel]: [Value; 3]) -> Value {
        let strides = self.strides();
        let needs = halo(self.contraction);
        let first =
            (self.input.halo[0] - needs[0]) * strides[1] + (self.input.halo[2] - needs[2]) * strides[2];
        let row = k.mul(row, k.index(self.conv.stride[0] * strides[1]));
        k.add(k.add(k.mul(image, k.index(strides[0])), row), k.add(channel, k.index(first)))
    }

    /// Elements between images, rows and columns of the input.
    fn strides(&self) -> [i64; 3] {
        let memory = self.input.memory();
        [memory[1] * memory[2] * memory[3], memory[2] * memory[3], memory[3]]
    }

    /// All columns of some output rows, in a quad of vectors.
    fn rows(
        &self,
        scope: &mut Scope<'_>,
        k: &Kernel,
        constants: Constants,
        place: Place,
        width: i64,
    ) -> Result<(), Diagnostic> {
        let unfinished = self.window.unfinished() as usize;
        let weights = k.mul(place.quad, k.index(self.panel()));
        let mut sums: Sums = (0..unfinished).map(|_| self.started(k, constants, place)).collect();
        for column in 0..self.window.leading() {
            self.column(k, (constants, weights), place.inputs, column, &mut sums);
        }
        let per_output = (self.tile.pixels * QUAD) as usize;
        let carried: Vec<Value> = sums.into_iter().flatten().collect();
        let mut outcome = Ok(());
        let pixels = self.window.together;
        let step = self.window.stride[1] * self.strides()[2];
        // The outputs of so many columns from one on, with the sums that are carried from each to the next.
        let mut some = |k: &Kernel, x: Value, columns: i64, carried: &[Value]| -> Vec<Value> {
            let mut sums: Sums = carried.chunks(per_output).map(<[Value]>::to_vec).collect();
            for right in 0..columns {
                sums.push(self.started(k, constants, place));
                let first = k.add(place.inputs, k.mul(x, k.index(step)));
                let inputs = if right == 0 { first } else { k.add(first, k.index(right * step)) };
                for column in self.window.leading()..self.window.columns {
                    self.column(k, (constants, weights), inputs, column, &mut sums);
                }
                let done = self.store(scope, k, place, (x, right), &sums.remove(0));
                if done.is_err() {
                    outcome = done;
                }
            }
            sums.into_iter().flatten().collect()
        };
        let (steps, count) = (self.tile.steps, parts(width, pixels));
        let carried = k.fold(k.index(0), k.index(count / steps), &carried, |k, part, carried| {
            let x = match (pixels, steps) {
                (1, 1) => part,
                (1, _) => k.mul(part, k.index(steps)),
                _ => k.min(k.mul(part, k.index(pixels)), k.index(width - pixels)),
            };
            some(k, x, steps, carried)
        });
        if count % steps > 0 {
            some(k, k.index(count - count % steps), count % steps, &carried);
        }
        outcome
    }

    /// The sums of an output before its first column.
    fn started(&self, k: &Kernel, constants: Constants, place: Place) -> Vec<Value> {
        let lanes = self.tile.lanes;
        let first = k.mul(place.quad, k.index(QUAD * lanes));
        let load = |j| k.vector_load(constants.initial, k.add(first, k.index(j * lanes)), lanes);
        let quad: Vec<Value> = (0..QUAD).map(load).collect();
        (0..self.tile.pixels).flat_map(|_| quad.clone()).collect()
    }

    /// Adds the products of an input column to all sums that it belongs to. Columns count from the window
    /// of the first output of the sums.
    fn column(
        &self,
        k: &Kernel,
        (constants, weights): (Constants, Value),
        inputs: Value,
        column: i64,
        sums: &mut Sums,
    ) {
        let window = self.window;
        let span = window.span(self.tile.pixels);
        let unsigned = !self.input.storage.is_signed(self.input.format);
        for group in 0..parts(span, 4) {
            let rows = [0, 1, 2, 3].map(|way| self.load(k, inputs, (4 * group + way).min(span - 1), column));
            let quad = interleaved(k, rows, self.tile.lanes);
            // Weights lie in this order.
            let mut number = 0;
            for row in 0..self.tile.pixels {
                for of_row in window.groups(row) {
                    for (output, sums) in (0..).zip(sums.iter_mut()) {
                        let tap = column - output * window.stride[1];
                        if of_row != group || !(0..window.columns).contains(&tap) {
                            continue;
                        }
                        for j in 0..QUAD {
                            let sum = &mut sums[(row * QUAD + j) as usize];
                            let vector = (number * window.columns + tap) * QUAD + j;
                            let at = k.add(weights, k.index(vector * self.tile.lanes * 4));
                            let weight = k.vector_load(constants.filters, at, self.tile.lanes * 4);
                            *sum =
                                k.dot(*sum, &[[quad[j as usize], weight]], (unsigned, constants.pairs_fit));
                        }
                    }
                    number += 1;
                }
            }
        }
    }

    /// Weights of a quad of vectors.
    fn panel(&self) -> i64 {
        let groups: i64 = (0..self.tile.pixels).map(|row| self.window.groups(row).count() as i64).sum();
        groups * self.window.columns * QUAD * self.tile.lanes * 4
    }

    /// The bytes of a row and column, of all channels of a quad.
    fn load(&self, k: &Kernel, inputs: Value, row: i64, column: i64) -> Value {
        let strides = self.strides();
        let at = k.add(inputs, k.index(row * strides[1] + column * strides[2]));
        k.vector_load(self.memory, at, self.tile.lanes * 4)
    }

    /// Stores a column of the output rows, so many to the right of another.
    fn store(
        &self,
        scope: &mut Scope<'_>,
        k: &Kernel,
        place: Place,
        (x, right): (Value, i64),
        sums: &[Value],
    ) -> Result<(), Diagnostic> {
        for (row, quad) in (0..).zip(sums.chunks_exact(QUAD as usize)) {
            let (pixel, behind) = ([place.image, place.row, x], [row, right]);
            let first = k.mul(place.quad, k.index(QUAD));
            let spot = |j| Spot { pixel, behind, vector: k.add(first, k.index(j)), channel: place.channel };
            let four = [0, 1, 2, 3].map(|j| (quad[j], spot(j as i64)));
            self.epilogue.store_interleaved(scope, k, &four)?;
        }
        Ok(())
    }
}

/// Words of a byte of each of four rows, four vectors of them: in each group of 16 bytes, as the rows' are.
fn interleaved(k: &Kernel, [a, b, c, d]: [Value; 4], lanes: i64) -> [Value; 4] {
    // The lower or the upper half of each group of 16 bytes, elements of two vectors in turn.
    let unpacked = |a: Value, b: Value, high: bool| {
        let (count, of_group) = (a.ty().lanes().unwrap_or(16), a.ty().lanes().unwrap_or(16) / (lanes / 4));
        let order: Vec<i64> = (0..count)
            .map(|at| {
                let (group, inside) = (at / of_group, at % of_group);
                let half = if high { of_group / 2 } else { 0 };
                group * of_group + half + inside / 2 + inside % 2 * count
            })
            .collect();
        k.shuffle(a, b, &order)
    };
    let pairs = |a, b, high| k.vector_bitcast(unpacked(a, b, high), 16);
    let words = |ab, cd, high| k.vector_bitcast(unpacked(ab, cd, high), 8);
    let [ab, cd] = [(a, b), (c, d)].map(|(a, b)| [pairs(a, b, false), pairs(a, b, true)]);
    [
        words(ab[0], cd[0], false),
        words(ab[0], cd[0], true),
        words(ab[1], cd[1], false),
        words(ab[1], cd[1], true),
    ]
}

/// Visits a number, and behind the last of `count` numbers the next one too if there is a rest.
fn twice_at_end(k: &Kernel, number: Value, count: i64, rest: bool, body: impl FnOnce(&Kernel, Value)) {
    if !rest {
        return body(k, number);
    }
    let is_last = k.cmp(Cmp::Eq, number, k.index(count - 1));
    let end = k.add(number, k.select(is_last, k.index(2), k.index(1)));
    k.fold(number, end, &[], |k, number, _| {
        body(k, number);
        Vec::new()
    });
}
