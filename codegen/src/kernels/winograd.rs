//! Convolutions of 3x3 by Winograd's F(2x2, 3x3), exactly, on bytes.
//!
//! Four outputs of a channel take 16 products instead of 36. Where inputs and weights have few bits, what they are
//! transformed to is bytes again ([`afp_ir::winograd`]), and dot products multiply those at the full rate. Of a strip of windows
//! ([`Plan`]), all channels are transformed once, into memory of the thread; then for each block of output channels,
//! 16 products of matrices, one for each element of a transformed window, give sums in memory too, and vectors
//! transform those back and finish them as [`super::direct`]'s are.
//!
//! All that could get in the way is known when code is written. Transformed inputs are computed in bytes that wrap
//! around, plus the offset that makes each element fit; what offsets add is taken away by what sums start from. There
//! is the bias too, four times, in the element that counts once in every output. So an output is one shift to the
//! right from what [`super::direct`] has, and where the exact value has at most 29 bits nothing is lost: sums on the
//! way may wrap around, and back.
//!
//! The last windows of a row or column overlap those before, which computes the same outputs twice. Blocks of
//! channels with a weight that is no byte when transformed are computed by [`super::direct`], in the same kernel.
//!
//! Weights lie as `[blocks][elements][steps][vectors][lanes][4]`.

use afp_ir::{
    diag::Diagnostic,
    mlir::{Op, Type, Value},
    winograd::{self as fit, FILTER, INPUT, OUTPUT, OUTPUTS, POSITIONS, SHARED, SHIFT, WINDOW},
};
use afp_passes::analysis::width::Bound;
use afp_target::Vectors;

use super::{
    Lowering,
    builder::{Cmp, Kernel},
    direct::{self, Blocks, Products},
    epilogue::{self, Channels, Epilogue, Order, Spot},
    geometry::{Geometry, Problem, Steps, Work},
    layout::Storage,
    scope::{self, Scope},
    strategy::Tile,
    tree::{self, parts},
};

/// Channels that a dot product takes in a lane.
const WAYS: i64 = 4;
/// Bits that the exact values of a group have at most: four times as much fits 31.
const MOST_BITS: u32 = 31 - SHIFT as u32;
/// Bytes of a register that inputs are transformed in, at most.
const REGISTER: i64 = 64;
/// Windows of a strip, about: enough to use weights that have come near more than once.
const STRIP: i64 = 56;
/// Bytes of a strip's transformed inputs, at most, but for the least strip: a part of the second cache.
const NEAR: i64 = 512 << 10;

/// What transformed inputs are stored plus, by element; none where a group's contraction cannot take this strategy.
fn offsets(op: Op, contraction: Op, geometry: &Geometry) -> Option<[i64; POSITIONS]> {
    let bits = tree::proven_bits(if epilogue::applicable(op, contraction) { op } else { contraction });
    let stored = &geometry.input;
    let fits = geometry.kernel == [FILTER as i64; 2]
        && geometry.stride == [1, 1]
        && geometry.dilation == [1, 1]
        && geometry.bits == [8, 8]
        && bits <= MOST_BITS
        && matches!(stored.storage, Storage::Integer { .. });
    let bound = Bound::of_codes(contraction.operand(0));
    let ends = [i64::try_from(bound.lo).ok()?, i64::try_from(bound.hi).ok()?];
    fits.then(|| fit::offsets(ends, stored.storage.is_signed(stored.format))).flatten()
}

/// The filters of a convolution, transformed.
struct Filters {
    /// Output after output, input channel after input channel.
    all: Vec<[i64; POSITIONS]>,
    inputs: i64,
}

impl Filters {
    fn of(geometry: &Geometry, weights: &[i64]) -> Self {
        let inputs = geometry.channels[1];
        let taps = (FILTER * FILTER) as i64;
        let filter = |output: i64, input: i64| {
            fit::transformed(std::array::from_fn(|tap| {
                weights[((output * taps + tap as i64) * inputs + input) as usize]
            }))
        };
        let all = (0..geometry.outputs).flat_map(|output| (0..inputs).map(move |input| (output, input)));
        Self { all: all.map(|(output, input)| filter(output, input)).collect(), inputs }
    }

    /// Those of an output.
    fn of_output(&self, output: i64) -> &[[i64; POSITIONS]] {
        &self.all[(output * self.inputs) as usize..((output + 1) * self.inputs) as usize]
    }

    /// A transformed weight: 0 for channels that were added.
    fn weight(&self, output: i64, input: i64, position: usize) -> i64 {
        if input < self.inputs { self.all[(output * self.inputs + input) as usize][position] } else { 0 }
    }

    /// The blocks of channels whose weights are bytes, and the others.
    fn blocks(&self, channels: Channels, vectors: i64) -> [Blocks; 2] {
        let of_block = vectors * channels.lanes;
        let fits = |block: &i64| {
            let mut lanes = block * of_block..(block + 1) * of_block;
            lanes.all(|lane| self.of_output(channels.channel(lane)).iter().all(fit::are_bytes))
        };
        let (fit, unfit) = (0..channels.vectors / vectors).partition(fits);
        [Blocks(fit), Blocks(unfit)]
    }
}

/// The channels of a result, in whole blocks.
const fn channels(outputs: i64, tile: Tile) -> Channels {
    let vectors = parts(parts(outputs, tile.lanes), tile.vectors) * tile.vectors;
    Channels { count: outputs, lanes: tile.lanes, vectors, order: Order::Plain }
}

/// The windows of a result, and how they are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Plan {
    /// Images, rows and columns of windows.
    windows: [i64; 3],
    /// Outputs that a window has in a column and in a row: two, where there are as many.
    outputs: [i64; 2],
    /// Windows of a strip: whole groups of those that a product takes together.
    strip: i64,
    /// Strips of all images together.
    strips: i64,
}

impl Plan {
    fn of(geometry: &Geometry, group: i64, threads: i64) -> Self {
        let [images, height, width] = geometry.pixels;
        let two = OUTPUTS as i64;
        let windows = [images, parts(height, two), parts(width, two)];
        let count = windows.iter().product::<i64>().max(1);
        let near = NEAR / (POSITIONS as i64 * geometry.channels[0]);
        let most = STRIP.min(near).max(group);
        let few = parts(count, most);
        // As many for each thread, if there is more than one.
        let strips = if few > 1 { parts(few, threads) * threads } else { few };
        let strip = parts(parts(count, strips), group) * group;
        let strips = parts(count, strip);
        Self { windows, outputs: [two.min(height), two.min(width)], strip, strips }
    }

    fn count(&self) -> i64 {
        self.windows.iter().product()
    }
}

/// Cycles of transforming a register of inputs of a window: measured, as the next.
const INPUT_CYCLES: f64 = 60.0;
/// Cycles of transforming a vector of sums of a window back, and of finishing and storing them.
const OUTPUT_CYCLES: f64 = 30.0;

/// The tile that takes the least time, and cycles, about, of products and transforms; `direct` are those of the other
/// strategy, which some blocks may take. None where the convolution cannot be computed like this.
pub fn tile(
    op: Op,
    contraction: Op,
    geometry: &Geometry,
    (vectors, direct): (&Vectors, f64),
) -> Option<(f64, Tile)> {
    offsets(op, contraction, geometry)?;
    let plan = Plan::of(geometry, 1, 1);
    let words = direct::words(vectors, WAYS);
    let (cost, tile) = direct::cheapest(geometry.outputs, vectors, |count| {
        let cost = |windows: i64| {
            // Weights come from the second cache, inputs from the first.
            let step = match words {
                1 => direct::products(windows, count) + 0.5 * windows as f64 + count as f64,
                _ => direct::by_lanes(windows, count),
            };
            parts(plan.count(), windows) as f64 * step
        };
        let most = direct::most_pixels((vectors, words), count);
        let all = (1..=most).map(|windows| (cost(windows), windows));
        all.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((cost(1), 1))
    })?;
    let tile = Tile { steps: words, ..tile };
    let steps = POSITIONS as i64 * geometry.channels[0] / WAYS;
    let products = direct::CYCLES * cost * steps as f64;
    let channels = channels(geometry.outputs, tile);
    let weights = geometry.weights().ok()?;
    let [fit, unfit] = Filters::of(geometry, &weights).blocks(channels, tile.vectors);
    if fit.0.is_empty() {
        return None;
    }
    let share = fit.count() as f64 / (fit.count() + unfit.count()) as f64;
    let bytes = REGISTER.min(4 * tile.lanes);
    let back = (fit.count() * tile.vectors) as f64 * OUTPUT_CYCLES;
    let there = parts(geometry.channels[0], bytes) as f64 * INPUT_CYCLES;
    let transforms = plan.count() as f64 * (there + back);
    Some((share * products + transforms + (1.0 - share) * direct, tile))
}

/// Adds the kernel of a group and its call.
pub(super) fn convert(lowering: &mut Lowering, op: Op, tile: Tile) -> Result<(), Diagnostic> {
    let problem = Problem::of(lowering, op, tile.lanes)?;
    let contraction = problem.geometry.op;
    let misfit = || tree::misfit(op, "a convolution of 3x3, of bytes that Winograd's transforms leave bytes");
    let offsets = offsets(op, contraction, &problem.geometry).ok_or_else(misfit)?;
    let weights = problem.geometry.weights()?;
    let filters = Filters::of(&problem.geometry, &weights);
    let channels = channels(problem.geometry.outputs, tile);
    let [fit, unfit] = filters.blocks(channels, tile.vectors);
    if fit.0.is_empty() {
        return Err(misfit());
    }
    let plan = Plan::of(&problem.geometry, tile.pixels, lowering.threads);
    let work = problem.work(lowering, fit.count() + unfit.count(), plan.strips);
    problem.convert(lowering, work.items(), channels, |scope, k, geometry, epilogue, memory| {
        let (geometry, epilogue) = (&geometry, &epilogue);
        let writer = Writer { geometry, tile, plan, work, channels, epilogue, memory, offsets, blocks: &fit };
        writer.write(scope, k, &filters)?;
        if unfit.0.is_empty() {
            return Ok(());
        }
        let width = geometry.pixels[2];
        let tile = Tile { pixels: parts(width, parts(width, tile.pixels)), ..tile };
        let products = Products::Words;
        let tiles = direct::Tiles { geometry, tile, products, channels, epilogue, memory };
        let direct = direct::Writer { tiles, blocks: &unfit };
        writer.write_rest(scope, k, &direct, &weights)
    })
}

/// A kernel being written.
struct Writer<'a> {
    geometry: &'a Geometry,
    tile: Tile,
    plan: Plan,
    work: Work,
    channels: Channels,
    epilogue: &'a Epilogue,
    memory: Value,
    offsets: [i64; POSITIONS],
    blocks: &'a Blocks,
}

/// What all strips and blocks of a kernel use.
#[derive(Clone, Copy)]
struct Shared {
    filters: Value,
    initial: Value,
    /// Transformed inputs: `[elements][windows][channels]`.
    inputs: Value,
    /// Sums: `[elements][windows][vectors][lanes]`.
    sums: Value,
}

/// A strip of windows: the first, and how many there are.
#[derive(Clone, Copy)]
struct Strip {
    first: Value,
    count: Value,
}

impl Writer<'_> {
    fn write(&self, scope: &mut Scope<'_>, k: &Kernel, filters: &Filters) -> Result<(), Diagnostic> {
        let elements = POSITIONS as i64 * self.plan.strip;
        let initial = self.initial(filters)?;
        let packed = self.packed(filters);
        let shared = Shared {
            filters: scope.constant("weights", &[packed.len() as i64], k.int(8), &packed),
            initial: scope.constant("bias", &[initial.len() as i64], k.int(32), &initial),
            inputs: scope.scratch(Type::memref(&[elements * self.geometry.channels[0]], k.int(8))),
            sums: scope.scratch(Type::memref(&[elements * self.columns()], k.int(32))),
        };
        let [(mut from, mut to), strips] = self.work.ranges(scope, k);
        if self.work.shares_blocks {
            let all = k.index(self.blocks.count());
            (from, to) = (k.min(from, all), k.min(to, all));
        } else {
            to = k.index(self.blocks.count());
        }
        let mut outcome = Ok(());
        k.fold(strips.0, strips.1, &[], |k, strip, _| {
            let first = k.mul(strip, k.index(self.plan.strip));
            let count = k.min(k.index(self.plan.strip), k.sub(k.index(self.plan.count()), first));
            let strip = Strip { first, count };
            self.transform(k, shared, strip);
            k.fold(from, to, &[], |k, place, _| {
                self.products(k, shared, strip, place);
                outcome = self.finish(scope, k, shared, strip, place);
                Vec::new()
            });
            Vec::new()
        });
        outcome
    }

    /// Computes the blocks that are not fit for this.
    fn write_rest(
        &self,
        scope: &mut Scope<'_>,
        k: &Kernel,
        direct: &direct::Writer<'_>,
        weights: &[i64],
    ) -> Result<(), Diagnostic> {
        let constants = direct.constants(scope, k, weights)?;
        let [images, height, _] = self.geometry.pixels;
        let [blocks, strips] = self.work.ranges(scope, k);
        let (own, all) = (k.index(self.blocks.count()), k.index(direct.blocks.count()));
        let behind = |place: Value| k.sub(k.max(place, own), own);
        let row = |strip: Value| {
            let rows = k.mul(strip, k.index(images * height));
            k.binary("arith.divui", rows, k.index(self.plan.strips))
        };
        let (blocks, rows) = if self.work.shares_blocks {
            ((behind(blocks.0), behind(blocks.1)), (k.index(0), k.index(images * height)))
        } else {
            ((k.index(0), all), (row(strips.0), row(strips.1)))
        };
        let mut outcome = Ok(());
        k.fold(blocks.0, blocks.1, &[], |k, place, _| {
            k.fold(rows.0, rows.1, &[], |k, row, _| {
                let at = scope::split_index(k, row, &[images, height]);
                outcome = direct.row(scope, k, constants, [place, at[0], at[1]]);
                Vec::new()
            });
            Vec::new()
        });
        outcome
    }

    /// Lanes of a block.
    const fn columns(&self) -> i64 {
        self.tile.vectors * self.tile.lanes
    }

    /// Steps of a product.
    const fn steps(&self) -> i64 {
        self.geometry.channels[0] / WAYS
    }

    /// Weights of an element of a block.
    const fn panel(&self) -> i64 {
        self.steps() * self.columns() * WAYS
    }

    /// The lanes of all blocks: the channel of each.
    fn lanes(&self) -> impl Iterator<Item = Vec<i64>> {
        let columns = self.columns();
        let channel = move |lane| self.channels.channel(lane);
        self.blocks.0.iter().map(move |block| (block * columns..(block + 1) * columns).map(channel).collect())
    }

    /// What sums start from: `[blocks][elements][vectors][lanes]`.
    fn initial(&self, filters: &Filters) -> Result<Vec<i64>, Diagnostic> {
        let biases = self.epilogue.initial(&vec![0; self.geometry.outputs as usize])?;
        let mut initial = Vec::new();
        for outputs in self.lanes() {
            for (position, offset) in self.offsets.into_iter().enumerate() {
                initial.extend(outputs.iter().map(|&output| {
                    let weights: i64 = filters.of_output(output).iter().map(|filter| filter[position]).sum();
                    let bias = if position == SHARED { biases[output as usize] << SHIFT } else { 0 };
                    bias - offset * weights
                }));
            }
        }
        Ok(initial)
    }

    /// Packs the weights.
    fn packed(&self, filters: &Filters) -> Vec<i64> {
        let mut packed = Vec::new();
        for outputs in self.lanes() {
            for position in 0..POSITIONS {
                for step in 0..self.steps() {
                    for &output in &outputs {
                        let first = step * WAYS;
                        let ways = first..first + WAYS;
                        packed.extend(ways.map(|input| filters.weight(output, input, position)));
                    }
                }
            }
        }
        packed
    }

    /// Image, row and column of the first output of a window.
    fn pixel(&self, k: &Kernel, window: Value) -> [Value; 3] {
        let at = scope::split_index(k, window, &self.plan.windows);
        let [_, height, width] = self.geometry.pixels;
        let [rows, columns] = self.plan.outputs;
        let place = |index: Value, outputs: i64, size: i64| {
            let first = k.mul(index, k.index(outputs));
            // The last overlaps the one before.
            if size % outputs == 0 { first } else { k.min(first, k.index(size - outputs)) }
        };
        [at[0], place(at[1], rows, height), place(at[2], columns, width)]
    }

    /// Transforms all channels of a strip.
    fn transform(&self, k: &Kernel, shared: Shared, strip: Strip) {
        let channels = self.geometry.channels[0];
        let most = REGISTER.min(4 * self.tile.lanes);
        let bytes = (0..).map(|shift| most >> shift).find(|&bytes| bytes <= channels).unwrap_or(WAYS);
        k.fold(k.index(0), strip.count, &[], |k, window, _| {
            let pixel = self.pixel(k, k.add(strip.first, window));
            let from = self.geometry.window(k, pixel);
            let to = k.mul(window, k.index(channels));
            k.each(parts(channels, bytes), |k, part| {
                let channel = k.mul(part, k.index(bytes));
                // The last overlaps the one before.
                let channel =
                    if channels % bytes == 0 { channel } else { k.min(channel, k.index(channels - bytes)) };
                let transformed = self.window(k, k.add(from, channel), bytes);
                let to = k.add(to, channel);
                for (position, value) in (0..).zip(transformed) {
                    let at = k.add(to, k.index(position * self.plan.strip * channels));
                    k.vector_store(value, shared.inputs, at);
                }
            });
            Vec::new()
        });
    }

    /// A transformed window of so many channels: bytes, which wrap around on the way.
    fn window(&self, k: &Kernel, from: Value, bytes: i64) -> Vec<Value> {
        let [_, down, right] = self.geometry.strides;
        let Storage::Integer { offset } = self.geometry.input.storage else { return Vec::new() };
        // Of a single row or column of outputs, the last inputs count nowhere and may be any.
        let last = self.plan.outputs.map(|outputs| outputs + FILTER as i64 - 2);
        let load = |row: i64, column: i64| {
            let place = row.min(last[0]) * down + column.min(last[1]) * right;
            k.vector_load(self.memory, k.add(from, k.index(place)), bytes)
        };
        let size = WINDOW as i64;
        let columns: Vec<Vec<Value>> = (0..size)
            .map(|column| {
                let inputs: Vec<Value> = (0..size).map(|row| load(row, column)).collect();
                INPUT.iter().map(|factors| combined(k, factors, &inputs)).collect()
            })
            .collect();
        let mut transformed = Vec::new();
        for row in 0..WINDOW {
            let inputs: Vec<Value> = columns.iter().map(|column| column[row]).collect();
            for factors in &INPUT {
                let position = transformed.len();
                let value = combined(k, factors, &inputs);
                // What is stored is each input plus an offset already.
                let more = (self.offsets[position] - offset * fit::gain(position)) as i8;
                transformed.push(match more {
                    0 => value,
                    more => k.add(value, k.like(value, i64::from(more))),
                });
            }
        }
        transformed
    }

    /// The sums of a strip, of the block at a place of the list.
    fn products(&self, k: &Kernel, shared: Shared, strip: Strip, place: Value) {
        let (tile, channels, steps) = (self.tile, self.geometry.channels[0], self.steps());
        let first = k.mul(place, k.index(POSITIONS as i64));
        let last = k.index(self.blocks.count() * POSITIONS as i64 - 1);
        let groups = k.add(strip.count, k.index(tile.pixels - 1));
        let groups = k.binary("arith.divui", groups, k.index(tile.pixels));
        let signed = self.geometry.input.storage.is_signed(self.geometry.input.format);
        k.each(POSITIONS as i64, |k, position| {
            let panel = k.add(first, position);
            let initial: Vec<Value> = (0..tile.vectors)
                .map(|j| {
                    let at = k.add(k.mul(panel, k.index(self.columns())), k.index(j * tile.lanes));
                    k.vector_load(shared.initial, at, tile.lanes)
                })
                .collect();
            let weights = k.mul(panel, k.index(self.panel()));
            let rows = k.mul(position, k.index(self.plan.strip));
            // Weights of the next panel are asked for: of each group, another vector.
            let distance = k.select(k.cmp(Cmp::Eq, panel, last), k.index(0), k.index(self.panel()));
            k.fold(k.index(0), groups, &[], |k, group, _| {
                let row = k.add(rows, k.mul(group, k.index(tile.pixels)));
                let inputs = k.mul(row, k.index(channels));
                let sums: Vec<Value> = (0..tile.pixels).flat_map(|_| initial.clone()).collect();
                let which = k.min(group, k.index(tile.vectors - 1));
                let ahead = k.add(distance, k.mul(which, k.index(tile.lanes * WAYS * tile.steps)));
                let how = Steps { together: tile.steps, ..Steps::single(self.columns() * WAYS, 0) };
                let sums = how.visit(k, steps, &sums, |k, step, words, sums| {
                    let at = k.add(weights, k.mul(step, k.index(how.panel)));
                    k.prefetch(shared.filters, k.add(at, ahead));
                    let inputs = k.add(inputs, k.mul(step, k.index(WAYS)));
                    self.some_steps(k, shared, (inputs, at), (words, signed), sums)
                });
                let to = k.mul(row, k.index(self.columns()));
                for (at, sum) in (0..).zip(sums) {
                    k.vector_store(sum, shared.sums, k.add(to, k.index(at * tile.lanes)));
                }
                Vec::new()
            });
        });
    }

    /// So many steps of a product: the sums with the products added.
    fn some_steps(
        &self,
        k: &Kernel,
        shared: Shared,
        (inputs, weights): (Value, Value),
        (words, signed): (i64, bool),
        sums: &[Value],
    ) -> Vec<Value> {
        let bytes = self.tile.lanes * WAYS;
        let input = |window: i64| {
            let at = k.add(inputs, k.index(window * self.geometry.channels[0]));
            k.vector_bitcast(k.vector_load(shared.inputs, at, words * WAYS), 32)
        };
        let weight = |j: i64| k.vector_load(shared.filters, k.add(weights, k.index(j * bytes)), bytes);
        let product =
            |sum, input, weight| k.dot(sum, &[[k.vector_bitcast(input, 8), weight]], (!signed, false));
        direct::multiplied(k, (self.tile, self.tile.pixels, words), sums, (input, weight, product))
    }

    /// Transforms the sums of a strip back, and finishes and stores them.
    fn finish(
        &self,
        scope: &mut Scope<'_>,
        k: &Kernel,
        shared: Shared,
        strip: Strip,
        place: Value,
    ) -> Result<(), Diagnostic> {
        let Tile { vectors, lanes, .. } = self.tile;
        let first = k.mul(self.blocks.at(scope, k, place), k.index(vectors));
        let mut outcome = Ok(());
        k.fold(k.index(0), strip.count, &[], |k, window, _| {
            let pixel = self.pixel(k, k.add(strip.first, window));
            let from = k.mul(window, k.index(self.columns()));
            let of_vectors: Vec<Vec<Value>> =
                (0..vectors).map(|j| self.outputs(k, shared, k.add(from, k.index(j * lanes)))).collect();
            let mut spots = Vec::new();
            let [rows, columns] = self.plan.outputs;
            for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
                for (j, outputs) in (0..).zip(&of_vectors) {
                    let vector = k.add(first, k.index(j));
                    let channel = self.channels.start_value(k, vector);
                    let spot = Spot { pixel, behind: [row, column], vector, channel };
                    spots.push((outputs[row as usize * OUTPUTS + column as usize], spot));
                }
            }
            outcome = self.epilogue.store(scope, k, &spots, vectors as usize);
            Vec::new()
        });
        outcome
    }

    /// The outputs of a window, of a vector of channels.
    fn outputs(&self, k: &Kernel, shared: Shared, from: Value) -> Vec<Value> {
        let load = |position: usize| {
            let at = k.index(position as i64 * self.plan.strip * self.columns());
            k.vector_load(shared.sums, k.add(from, at), self.tile.lanes)
        };
        let columns: Vec<Vec<Value>> = (0..WINDOW)
            .map(|column| {
                let sums: Vec<Value> = (0..WINDOW).map(|row| load(row * WINDOW + column)).collect();
                OUTPUT.iter().map(|factors| combined(k, factors, &sums)).collect()
            })
            .collect();
        let mut outputs = Vec::new();
        for row in 0..OUTPUTS {
            let sums: Vec<Value> = columns.iter().map(|column| column[row]).collect();
            outputs.extend(OUTPUT.iter().map(|factors| {
                let sum = combined(k, factors, &sums);
                k.binary("arith.shrsi", sum, k.like(sum, SHIFT))
            }));
        }
        outputs
    }
}

/// The sum of values, each added, taken away or left out; the first that counts is added, or all are 0.
fn combined(k: &Kernel, factors: &[i64], values: &[Value]) -> Value {
    let terms = || factors.iter().zip(values).filter(|(factor, _)| **factor != 0);
    let start = terms().find(|(factor, _)| **factor > 0).map(|(_, &value)| value);
    let Some(start) = start else { return k.like(values[0], 0) };
    terms()
        .filter(|(_, value)| **value != start)
        .fold(start, |sum, (&factor, &value)| if factor > 0 { k.add(sum, value) } else { k.sub(sum, value) })
}
