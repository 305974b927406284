//! Convolutions and products with weights on vectors of output channels, by dot products.
//!
//! A tile of pixels by vectors of channels stays in registers; at each step a few neighbouring inputs of a
//! pixel are broadcast and multiplied with the weights of all its channels.
//!
//! Weights lie as `[blocks][kernel rows][steps][vectors][lanes][ways]`. What an offset of the stored
//! inputs adds is taken away by the sums' initial values.

use afp_ir::{
    diag::Diagnostic,
    mlir::{Op, Value},
};
use afp_target::Vectors;

use super::{
    Lowering, apart,
    builder::{Cmp, Kernel},
    epilogue::{self, Channels, Epilogue, Order, Spot},
    geometry::{Geometry, Problem, Work, is_surroundable},
    rows::Rows,
    scope::{self, Scope},
    strategy::Tile,
    tree::{self, parts, shape_of},
};

/// Whether a group's contraction can take this strategy, whatever its input's layout becomes.
pub fn applicable(op: Op, contraction: Op) -> bool {
    if contraction.is("afp.depthwise_conv2d")
        || !(epilogue::applicable(op, contraction) || apart::applicable(op, contraction))
    {
        return false;
    }
    let groups = tree::conv(contraction).map_or(1, |conv| conv.groups);
    let outputs = shape_of(op.result(0)).last().copied().unwrap_or(0);
    let small = Rows::of(contraction).is_ok_and(|rows| rows.integer_bits() <= 16);
    groups == 1
        && outputs >= 4
        && small
        && contraction.operand(0).def_as("afp.constant").is_none()
        && is_surroundable(contraction)
}

/// Cycles of an instruction.
const CYCLES: f64 = 0.5;
/// Bytes of a line of the first cache.
const LINE: i64 = 64;
/// Steps that are written one behind the other, at most.
const UNROLLED: i64 = 4;
/// Bytes of weights of a block that are asked for before they are needed.
const WORTH_FETCHING: i64 = 8192;

impl Geometry {
    /// The tile that suits a machine's registers, by least loads and least waste, and the cycles that its kernel
    /// takes for the products, about.
    pub fn tile(&self, vectors: &Vectors) -> Option<(f64, Tile)> {
        let mut best: Option<(f64, Tile)> = None;
        let widest = i64::from(vectors.bits / 32);
        let mut lanes = widest;
        while lanes >= 4 {
            if lanes <= self.outputs {
                for count in 1..=8 {
                    // More than four are for numbers of channels that fewer do not divide as they must.
                    if count > 4 && best.is_some() {
                        break;
                    }
                    if let Some((cost, tile)) = self.tile_cost(vectors, lanes, count) {
                        // A narrower vector does less at a time.
                        let cost = cost * widest as f64 / lanes as f64;
                        if best.is_none_or(|(known, _)| cost < known) {
                            best = Some((cost, tile));
                        }
                    }
                }
            }
            lanes /= 2;
        }
        let steps: i64 = self.all_steps().iter().product();
        let cycles = CYCLES * (self.pixels[0] * self.pixels[1] * steps) as f64;
        best.map(|(cost, tile)| (cost * cycles, tile))
    }

    /// Half-cycles of a step of a tile by basic operations, about, with its share of what comes behind all steps.
    fn basic_cost(&self, pixels: i64, count: i64) -> f64 {
        let products = (pixels * count) as f64;
        // An input gets into all lanes by two instructions; those of a step besides are about seven.
        let others = (2 * pixels + count + 7) as f64;
        let step = if self.ways() == 4 {
            // A product waits five cycles for the one before.
            products.max(10.0).max((products + others) / 3.0)
        } else {
            (2.0 * products + pixels as f64).max(products + others / 2.0) / 1.5
        };
        let stored = if count % 4 == 0 { 8.0 } else { 10.0 };
        let steps: i64 = self.all_steps().iter().product();
        step + (products * stored + 40.0) / 3.0 / steps as f64
    }

    /// Instructions of a step over all pixels and channels, about, with tiles of so many vectors.
    fn tile_cost(&self, vectors: &Vectors, lanes: i64, count: i64) -> Option<(f64, Tile)> {
        let needed = parts(self.outputs, lanes);
        let overlaps = self.outputs % lanes != 0;
        // Where the last vector overlaps its neighbour, both belong to one tile.
        if overlaps && (self.outputs / lanes) % count == 0 {
            return None;
        }
        let blocks = parts(needed, count);
        let registers = i64::from(vectors.registers);
        // Pairs are multiplied and added by two instructions, with a register in between, and no load is part of one.
        let between = i64::from(vectors.basic);
        let most = ((registers - count - 1 - between) / count).clamp(1, 14);
        let width = self.pixels[2];
        let tiles = parts(width, most);
        let pixels = if self.pixels[1] == 1 && self.pixels[0] == 1 {
            // Joined rows: a divisor leaves no rest.
            (1..=most).rev().find(|p| width % p == 0 && *p * 2 > most).unwrap_or(parts(width, tiles))
        } else {
            parts(width, tiles)
        };
        let cost = |pixels: i64| {
            if vectors.basic {
                return self.basic_cost(pixels, count);
            }
            // A dot product waits for the one before: few of them in flight cost as many.
            let products = (pixels * count).max(6) as f64;
            products + 0.5 * (pixels + count) as f64
        };
        let (full, rest) = (width / pixels, width % pixels);
        let all = full as f64 * cost(pixels) + if rest > 0 { cost(rest) } else { 0.0 };
        Some((all * blocks as f64, Tile { pixels, vectors: count, lanes }))
    }
}

/// Adds the kernel of a group and its call.
pub(super) fn convert(lowering: &mut Lowering, op: Op, tile: Tile) -> Result<(), Diagnostic> {
    let mut problem = Problem::of(lowering, op, tile.lanes)?;
    if problem.joined && lowering.threads > 1 {
        problem.geometry.split(tile.pixels);
    }
    let Geometry { outputs, pixels, .. } = problem.geometry;
    let needed = parts(parts(outputs, tile.lanes), tile.vectors) * tile.vectors;
    let channels = Channels { count: outputs, lanes: tile.lanes, vectors: needed, order: Order::Plain };
    let work = problem.work(lowering, needed / tile.vectors, pixels[0] * pixels[1]);
    problem.convert(lowering, work.items(), channels, |scope, k, geometry, epilogue, memory| {
        Writer { geometry, tile, work, channels, epilogue, memory }.write(scope, k)
    })
}

/// A kernel being written.
struct Writer {
    geometry: Geometry,
    tile: Tile,
    work: Work,
    channels: Channels,
    epilogue: Epilogue,
    memory: Value,
}

/// The weights of a kernel, packed.
struct Filters {
    memref: Value,
    pairs_fit: bool,
}

impl Writer {
    fn write(&self, scope: &mut Scope<'_>, k: &Kernel) -> Result<(), Diagnostic> {
        let geometry = &self.geometry;
        let weights = geometry.weights()?;
        let corrections = geometry.corrections(&weights)?;
        let initial = self.channels.packed(&self.epilogue.initial(&corrections)?);
        let initial = scope.constant("bias", &[initial.len() as i64], k.int(32), &initial);
        let filters = self.filters(scope, k, &weights);

        let [images, height, width] = geometry.pixels;
        let mut outcome = Ok(());
        self.work.each(scope, k, |scope, k, [block, part]| {
            let at = scope::split_index(k, part, &[images, height]);
            let (full, rest) = (width / self.tile.pixels, width % self.tile.pixels);
            let mut tile = |k: &Kernel, pixels: i64, x: Value, ahead: Option<Value>| {
                let place = [block, at[0], at[1], x];
                let done = self.tile(scope, k, (&filters, initial), pixels, (place, ahead));
                if done.is_err() {
                    outcome = done;
                }
            };
            k.each(full, |k, t| {
                let ahead = self.ahead(k, block, t);
                tile(k, self.tile.pixels, k.mul(t, k.index(self.tile.pixels)), ahead);
            });
            if rest > 0 {
                tile(k, rest, k.index(full * self.tile.pixels), None);
            }
        });
        outcome
    }

    /// Weights of a block.
    fn block(&self) -> i64 {
        let (columns, steps) = self.geometry.steps();
        let panel = self.tile.vectors * self.tile.lanes * self.geometry.ways();
        self.geometry.kernel[0] * columns * steps * panel
    }

    /// How far behind a step's weights those are that a tile asks for already: a vector of the next block's, of
    /// each tile another one. None where they are few, and near in any case.
    fn ahead(&self, k: &Kernel, block: Value, tile: Value) -> Option<Value> {
        let (size, last) = (self.block(), self.channels.vectors / self.tile.vectors - 1);
        let vector = self.tile.lanes * self.geometry.ways();
        let bytes = if self.geometry.ways() == 4 { 1 } else { 2 };
        if last == 0 || size * bytes < WORTH_FETCHING || vector * bytes != LINE {
            return None;
        }
        let which = k.min(tile, k.index(self.tile.vectors - 1));
        let distance = k.add(k.mul(which, k.index(vector)), k.index(size));
        Some(k.select(k.cmp(Cmp::Eq, block, k.index(last)), k.index(0), distance))
    }

    /// Packs the weights.
    fn filters(&self, scope: &mut Scope<'_>, k: &Kernel, weights: &[i64]) -> Filters {
        let (geometry, ways) = (&self.geometry, self.geometry.ways());
        let (columns, steps) = geometry.steps();
        let (lanes, count) = (self.tile.lanes, self.tile.vectors);
        let blocks = self.channels.vectors / count;
        let mut packed = Vec::new();
        for block in 0..blocks {
            for ky in 0..geometry.kernel[0] {
                for column in 0..columns {
                    for step in 0..steps {
                        for lane in 0..count * lanes {
                            let start = self.channels.start(block * count + lane / lanes);
                            let output = start + lane % lanes;
                            for way in 0..ways {
                                let element = step * ways + way;
                                packed.push(geometry.weight(weights, output, [ky, column], element));
                            }
                        }
                    }
                }
            }
        }
        let pairs_fit = ways == 4 && geometry.input.pairs_fit(&packed);
        let bits = if ways == 4 { 8 } else { 16 };
        let memref = scope.constant("weights", &[packed.len() as i64], k.int(bits), &packed);
        Filters { memref, pairs_fit }
    }

    /// Computes `pixels` neighbours of a row, on the channels of a block.
    fn tile(
        &self,
        scope: &mut Scope<'_>,
        k: &Kernel,
        (filters, initial): (&Filters, Value),
        pixels: i64,
        ([block, n, y, x], ahead): ([Value; 4], Option<Value>),
    ) -> Result<(), Diagnostic> {
        let geometry = &self.geometry;
        let (lanes, count) = (self.tile.lanes, self.tile.vectors);
        let first_vector = k.mul(block, k.index(count));
        let mut sums = Vec::new();
        for j in 0..count {
            let at = k.mul(k.add(first_vector, k.index(j)), k.index(lanes));
            sums.push(k.vector_load(initial, at, lanes));
        }
        let sums: Vec<Value> = (0..pixels).flat_map(|_| sums.clone()).collect();

        let panel = count * lanes * geometry.ways();
        let window = geometry.window(k, [n, y, x]);
        let weights = k.mul(block, k.index(self.block()));
        // LLVM unrolls loops itself, and does worse with wide tiles of which a part is unrolled already.
        let unrolled = if lanes == 4 { UNROLLED } else { 0 };
        let sums =
            geometry.walk(k, (window, weights), (panel, unrolled), &sums, |k, (inputs, weights), sums| {
                if let Some(ahead) = ahead {
                    k.prefetch(filters.memref, k.add(weights, ahead));
                }
                self.step(k, filters, (inputs, weights), pixels, sums)
            });
        let mut spots = Vec::new();
        for p in 0..pixels {
            for j in 0..count {
                let vector = k.add(first_vector, k.index(j));
                let channel = self.channels.start_value(k, vector);
                let spot = Spot { pixel: [n, y, x], behind: [0, p], vector, channel };
                spots.push((sums[(p * count + j) as usize], spot));
            }
        }
        self.epilogue.store(scope, k, &spots, count as usize)
    }

    /// One step of a tile: the sums with the products added.
    fn step(
        &self,
        k: &Kernel,
        filters: &Filters,
        (inputs, weights): (Value, Value),
        pixels: i64,
        sums: &[Value],
    ) -> Vec<Value> {
        let (tile, ways) = (self.tile, self.geometry.ways());
        let loaded: Vec<Value> = (0..tile.vectors)
            .map(|j| {
                let at = k.add(weights, k.index(j * tile.lanes * ways));
                k.vector_load(filters.memref, at, tile.lanes * ways)
            })
            .collect();
        let stored = &self.geometry.input;
        let unsigned = ways == 4 && !stored.storage.is_signed(stored.format);
        let mut next = Vec::new();
        for p in 0..pixels {
            let offset = p * self.geometry.pixel_stride();
            let input = self.broadcast(k, k.add(inputs, k.index(offset)));
            for j in 0..tile.vectors {
                let sum = sums[(p * tile.vectors + j) as usize];
                next.push(k.dot(sum, input, loaded[j as usize], (unsigned, filters.pairs_fit)));
            }
        }
        next
    }

    /// The neighbouring inputs of a step in every lane.
    fn broadcast(&self, k: &Kernel, at: Value) -> Value {
        let lanes = self.tile.lanes;
        match (self.geometry.ways(), self.geometry.bits[0]) {
            (4, _) => {
                let word = k.vector_bitcast(k.vector_load(self.memory, at, 4), 32);
                k.vector_bitcast(k.broadcast(word, lanes), 8)
            }
            (_, 16) => {
                let word = k.vector_bitcast(k.vector_load(self.memory, at, 2), 32);
                k.vector_bitcast(k.broadcast(word, lanes), 16)
            }
            _ => {
                let signed = self.geometry.input.storage.is_signed(self.geometry.input.format);
                let element = |at: Value| k.resize(k.load(self.memory, &[at]), 32, signed);
                let (low, high) = (element(at), element(k.add(at, k.index(1))));
                let low = k.and(low, k.like(low, 0xffff));
                let pair = k.or(low, k.shl(high, k.like(high, 16)));
                k.vector_bitcast(k.broadcast(pair, lanes), 16)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use afp_ir::mlir::Session;
    use afp_target::TABLE;

    use super::{super::layout::Layout, *};

    const PROGRAM: &str = "
        func.func @f(%x: tensor<1x4x!afp.float<ue0m8, exp = 0>>) -> tensor<1x4x!afp.exact> {
          %w = afp.constant dense<1> : tensor<4x4xi8> : tensor<4x4x!afp.float<e0m7, exp = 0>>
          %0 = afp.fully_connected %x, %w : (tensor<1x4x!afp.float<ue0m8, exp = 0>>,
            tensor<4x4x!afp.float<e0m7, exp = 0>>) -> tensor<1x4x!afp.exact>
          return %0 : tensor<1x4x!afp.exact>
        }";

    #[test]
    fn tiles_fit_the_registers_and_the_channels() {
        let session = Session::new();
        let module = session.parse("test.mlir", PROGRAM.as_bytes()).expect("the test's module");
        let op = module.op().descendants().into_iter().find(|op| op.is("afp.fully_connected"));
        let op = op.expect("a product");
        let input = Layout::plain(op.operand(0)).expect("codes");
        let mut geometry = Geometry::of(op, input, true).expect("a geometry");
        for (target, rows) in TABLE.into_iter().flat_map(|target| [1, 7].map(|rows| (target, rows))) {
            for (outputs, width) in (4..=200).flat_map(|o| (1..=60).map(move |w| (o, w))) {
                geometry.outputs = outputs;
                geometry.pixels = [1, rows, width];
                let found = geometry.tile(&target.vectors);
                let case = format!("{}: {outputs} outputs of {rows} by {width}: {found:?}", target.name);
                assert_eq!(found.is_some(), target.vectors.bits > 0, "{case}");
                let Some((_, Tile { pixels, vectors, lanes })) = found else { continue };
                assert!((1..=width).contains(&pixels) && vectors >= 1 && lanes <= outputs, "{case}");
                assert!(
                    [4, 8, 16].contains(&lanes) && lanes * 32 <= i64::from(target.vectors.bits),
                    "{case}"
                );
                // Sums, weights, and one input in every lane.
                assert!(pixels * vectors + vectors < i64::from(target.vectors.registers), "{case}");
                let (overlaps, last) = (outputs % lanes != 0, parts(outputs, lanes) - 1);
                assert!(!overlaps || last / vectors == (last - 1) / vectors, "{case}");
            }
        }
    }
}
