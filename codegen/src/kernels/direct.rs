//! Convolutions and products with weights on vectors of output channels, by dot products.
//!
//! A tile of pixels by vectors of channels stays in registers; at each step a few neighbouring inputs of a
//! pixel, a word, are broadcast and multiplied with the weights of all its channels. Where a product takes a word of
//! a register for all lanes, one load brings a pixel's words of several steps.
//!
//! Where the machine multiplies two pixels with two channels at once, [`pairs`] has the steps.
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
    depth::{self, Beyond},
    epilogue::{self, Channels, Epilogue, Order, Spot},
    geometry::{Geometry, Problem, Step, Steps, Work, is_surroundable},
    pairs,
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
pub(super) const CYCLES: f64 = 0.5;
/// Words of a register of 128 bits, whose products by lanes take inputs of so many steps.
const WORDS: i64 = 4;
/// Bytes of a line of the first cache.
const LINE: i64 = 64;
/// Bytes of weights that the first cache keeps, beside inputs.
const NEAR: i64 = 40 << 10;
/// Half-cycles of a line that comes from the second.
const FAR: f64 = 1.5;
/// Pixels of a tile, at most.
pub(super) const MOST_PIXELS: i64 = 14;
/// Steps that are written one behind the other, at most.
const UNROLLED: i64 = 4;
/// Bytes of weights of a block that are asked for before they are needed.
const WORTH_FETCHING: i64 = 8192;

/// Instructions of dot products that take as long as fewer: each waits for the one before.
pub(super) fn products(pixels: i64, vectors: i64) -> f64 {
    (pixels * vectors).max(6) as f64
}

/// Words of a pixel's inputs that one load takes, where a word has so many of them.
pub(super) const fn words(vectors: &Vectors, ways: i64) -> i64 {
    if vectors.dots_by_lane() && ways == 4 { WORDS } else { 1 }
}

/// Instructions of a step, about, whose products are by lanes: some load the words of all pixels for [`WORDS`] steps,
/// the weights by twos, and go on to the next.
pub(super) fn by_lanes(pixels: i64, vectors: i64) -> f64 {
    products(pixels, vectors) + (pixels + 4) as f64 / WORDS as f64 + vectors as f64 / 2.0
}

/// Pixels, at most, whose sums a machine's registers hold, on so many vectors and with inputs of so many words.
pub(super) fn most_pixels((vectors, words): (&Vectors, i64), count: i64) -> i64 {
    // Pairs are multiplied and added by two instructions, with a register in between, and no load is part of one.
    let between = i64::from(vectors.basic);
    let registers = i64::from(vectors.registers) - between;
    let most = match words {
        1 => (registers - count - 1) / count,
        // The inputs of all pixels stay there, and the weights of two pairs of vectors.
        _ => (registers - WORDS) / (count + 1),
    };
    most.clamp(1, MOST_PIXELS)
}

/// Whether blocks of so many vectors part the last vector of channels from the one before, which it overlaps: both
/// belong to one tile.
pub(super) const fn parts_overlap(outputs: i64, lanes: i64, vectors: i64) -> bool {
    outputs % lanes != 0 && (outputs / lanes) % vectors == 0
}

/// The tile of least cost. `block` gives the cost of a step over all pixels, with so many vectors of channels, and how
/// many pixels are best.
pub(super) fn cheapest(
    outputs: i64,
    vectors: &Vectors,
    block: impl Fn(i64) -> (f64, i64),
) -> Option<(f64, Tile)> {
    let mut best: Option<(f64, Tile)> = None;
    let widest = i64::from(vectors.bits / 32);
    let mut lanes = widest;
    while lanes >= 4 {
        for count in 1..=8 {
            // More than four are for numbers of channels that fewer do not divide as they must.
            if lanes > outputs || count > 4 && best.is_some() {
                break;
            }
            if parts_overlap(outputs, lanes, count) {
                continue;
            }
            let (cost, pixels) = block(count);
            let blocks = parts(parts(outputs, lanes), count);
            // A narrower vector does less at a time.
            let cost = (cost * blocks as f64) * widest as f64 / lanes as f64;
            if best.is_none_or(|(known, _)| cost < known) {
                best = Some((cost, Tile::new(pixels, count, lanes)));
            }
        }
        lanes /= 2;
    }
    best
}

impl Geometry {
    /// The tile that suits a machine's registers, by least loads and least waste, and the cycles that its kernel
    /// takes for the products, about.
    pub fn tile(&self, vectors: &Vectors) -> Option<(f64, Tile)> {
        let with = (vectors, words(vectors, self.ways()));
        let to_words = vectors.multiplies_to_words() && self.ways() == 4;
        let deep = if to_words { depth::tile(self, vectors) } else { None };
        let (cost, tile) = match deep {
            Some(deep) => deep,
            None => {
                let (cost, tile) = cheapest(self.outputs, vectors, |count| self.block_cost(with, count))?;
                (cost, Tile { steps: with.1, ..tile })
            }
        };
        let steps: i64 = self.all_steps().iter().product();
        let cycles = CYCLES * (self.pixels[0] * self.pixels[1] * steps) as f64;
        Some((cost * cycles, tile))
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

    /// Half-cycles of a step over the pixels of a row, about, on so many vectors, and the pixels of a tile.
    fn block_cost(&self, (vectors, words): (&Vectors, i64), count: i64) -> (f64, i64) {
        let (width, most) = (self.pixels[2], most_pixels((vectors, words), count));
        let steps: i64 = self.all_steps().iter().product();
        // A block whose weights the first cache does not keep is read from the second for every tile.
        let bytes = count * i64::from(vectors.bits / 8);
        let far = if steps * bytes > NEAR { FAR * bytes as f64 / LINE as f64 } else { 0.0 };
        let cost = |pixels: i64| match (words, vectors.basic) {
            (_, true) => self.basic_cost(pixels, count),
            (1, false) => products(pixels, count) + 0.5 * (pixels + count) as f64 + far,
            _ => {
                // Sums are set before all steps; behind them each is shifted, packed and stored, four at once.
                let each = if count % 4 == 0 { 2.5 } else { 3.5 };
                let ends = ((pixels * count) as f64 * each + 20.0) / steps as f64;
                by_lanes(pixels, count) + ends
            }
        };
        if words > 1 {
            return self.least_cost(most, cost);
        }
        let tiles = parts(width, most);
        self.row_cost(
            cost,
            if self.pixels[1] == 1 && self.pixels[0] == 1 {
                // Joined rows: a divisor leaves no rest.
                (1..=most).rev().find(|p| width % p == 0 && *p * 2 > most).unwrap_or(parts(width, tiles))
            } else {
                parts(width, tiles)
            },
        )
    }

    /// The cost of a row, given that of a tile of so many pixels, and they.
    pub(super) fn row_cost(&self, cost: impl Fn(i64) -> f64, pixels: i64) -> (f64, i64) {
        let (full, rest) = (self.pixels[2] / pixels, self.pixels[2] % pixels);
        (full as f64 * cost(pixels) + if rest > 0 { cost(rest) } else { 0.0 }, pixels)
    }

    /// The least cost of a row by tiles of so many pixels at most, and the pixels.
    pub(super) fn least_cost(&self, most: i64, cost: impl Fn(i64) -> f64) -> (f64, i64) {
        let all = (1..=most.min(self.pixels[2])).rev().map(|pixels| self.row_cost(&cost, pixels));
        all.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or_else(|| self.row_cost(&cost, 1))
    }
}

/// What is multiplied at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Products {
    /// A word of a pixel with vectors of channels, by dot products.
    Words,
    /// Two pixels with two channels: [`pairs`].
    Pairs,
}

impl Products {
    /// Steps that the weights of a panel are for.
    const fn beside(self) -> i64 {
        match self {
            Self::Words => 1,
            Self::Pairs => pairs::DEPTH,
        }
    }
}

/// Adds the kernel of a group and its call.
pub(super) fn convert(
    lowering: &mut Lowering,
    op: Op,
    tile: Tile,
    products: Products,
) -> Result<(), Diagnostic> {
    let mut problem = Problem::of(lowering, op, tile.lanes)?;
    if products == Products::Pairs {
        pairs::check(op, &problem.geometry, tile)?;
    } else if (tile.steps > 1 || tile.depth > 0) && problem.geometry.ways() != 4 {
        return Err(tree::misfit(
            op,
            "steps that are taken one by one, and added in 32 bits, where inputs or weights are no bytes",
        ));
    }
    if problem.joined && lowering.threads > 1 {
        problem.geometry.split(tile.pixels, tile.steps > 1 || tile.depth > 0);
    }
    let Geometry { outputs, pixels, .. } = problem.geometry;
    let needed = parts(parts(outputs, tile.lanes), tile.vectors) * tile.vectors;
    let channels = Channels { count: outputs, lanes: tile.lanes, vectors: needed, order: Order::Plain };
    let blocks = Blocks((0..needed / tile.vectors).collect());
    let work = problem.work(lowering, blocks.count(), pixels[0] * pixels[1]);
    problem.convert(lowering, work.items(), channels, |scope, k, geometry, epilogue, memory| {
        let tiles = Tiles { geometry: &geometry, tile, products, channels, epilogue: &epilogue, memory };
        Writer { tiles, blocks: &blocks }.write(scope, k, work)
    })
}

/// Blocks of channels that a kernel computes, or a part of it: all, or some. Their weights follow each other.
pub(super) struct Blocks(pub Vec<i64>);

impl Blocks {
    /// How many.
    pub fn count(&self) -> i64 {
        self.0.len() as i64
    }

    /// The block at a place of the list.
    pub fn at(&self, scope: &mut Scope<'_>, k: &Kernel, place: Value) -> Value {
        if (0..).zip(&self.0).all(|(place, &block)| place == block) {
            return place;
        }
        let list = scope.constant("blocks", &[self.count()], k.int(32), &self.0);
        k.to_index(k.load(list, &[place]))
    }
}

/// A kernel being written, or a part of one.
pub(super) struct Writer<'a> {
    pub tiles: Tiles<'a>,
    pub blocks: &'a Blocks,
}

/// The weights of a kernel, packed, and what sums start from.
#[derive(Clone, Copy)]
pub(super) struct Packed {
    pub filters: Value,
    pub pairs_fit: bool,
    pub initial: Value,
    /// What weights are beyond 16 bits.
    pub beyond: Option<Beyond>,
}

/// A block of channels: its first vector, and where its weights and initial sums begin.
#[derive(Clone, Copy)]
pub(super) struct Block {
    pub vector: Value,
    /// Its number among those of the kernel.
    pub place: Value,
    pub filters: Value,
    pub initial: Value,
}

impl Writer<'_> {
    fn write(&self, scope: &mut Scope<'_>, k: &Kernel, work: Work) -> Result<(), Diagnostic> {
        let constants = self.constants(scope, k, &self.tiles.geometry.weights()?)?;
        let [images, height, _] = self.tiles.geometry.pixels;
        let mut outcome = Ok(());
        work.each(scope, k, |scope, k, [block, part]| {
            let at = scope::split_index(k, part, &[images, height]);
            outcome = self.row(scope, k, constants, [block, at[0], at[1]]);
        });
        outcome
    }

    /// What the blocks use.
    pub fn constants(
        &self,
        scope: &mut Scope<'_>,
        k: &Kernel,
        weights: &[i64],
    ) -> Result<Packed, Diagnostic> {
        let Tiles { geometry, tile, channels, epilogue, .. } = self.tiles;
        let initial = channels.packed(&epilogue.initial(&geometry.corrections(weights)?)?);
        let initial = scope.constant("bias", &[initial.len() as i64], k.int(32), &initial);
        if tile.depth == 0 {
            let filters = self.filters(scope, k, weights);
            return Ok(Packed { filters, pairs_fit: geometry.pairs_fit(weights), initial, beyond: None });
        }
        let (parted, fit) = geometry.part(weights, tile.depth);
        let filters = self.filters(scope, k, &parted.within);
        let beyond = if fit { None } else { Some(self.beyond(scope, k, parted.beyond)) };
        Ok(Packed { filters, pairs_fit: true, initial, beyond })
    }

    /// Computes a row of pixels, on the channels of the block at a place of the list.
    pub fn row(
        &self,
        scope: &mut Scope<'_>,
        k: &Kernel,
        constants: Packed,
        [place, n, y]: [Value; 3],
    ) -> Result<(), Diagnostic> {
        let tiles = &self.tiles;
        let block = self.blocks.at(scope, k, place);
        let vector = k.mul(block, k.index(tiles.tile.vectors));
        let filters = k.mul(place, k.index(tiles.block()));
        let block = Block { vector, place, filters, initial: k.mul(vector, k.index(tiles.tile.lanes)) };
        tiles.row(scope, k, (constants, block), [n, y], |k, tile| self.ahead(k, place, tile))
    }

    /// How far behind a step's weights those are that a tile, by its number, asks for already: a vector of the next
    /// block's, of each tile another one. None where they are few, and near in any case.
    fn ahead(&self, k: &Kernel, place: Value, tile: Value) -> Option<Value> {
        let Tiles { geometry, tile: Tile { vectors, lanes, .. }, .. } = self.tiles;
        let (size, last) = (self.tiles.block(), self.blocks.count() - 1);
        let vector = lanes * geometry.ways();
        let bytes = if geometry.ways() == 4 { 1 } else { 2 };
        if last == 0 || size * bytes < WORTH_FETCHING || vector * bytes != LINE {
            return None;
        }
        let which = k.binary("arith.remui", tile, k.index(vectors));
        let distance = k.add(k.mul(which, k.index(vector)), k.index(size));
        Some(k.select(k.cmp(Cmp::Eq, place, k.index(last)), k.index(0), distance))
    }

    /// Packs the weights.
    fn filters(&self, scope: &mut Scope<'_>, k: &Kernel, weights: &[i64]) -> Value {
        let mut packed = Vec::new();
        for &block in &self.blocks.0 {
            // Of those that lie side by side, the first stands for all.
            let first = |step: &Step| step[2] % self.tiles.products.beside() == 0;
            for step in self.tiles.geometry.every_step().filter(first) {
                packed.extend(self.panel(weights, block, step));
            }
        }
        let bits = if self.tiles.geometry.ways() == 4 { 8 } else { 16 };
        scope.constant("weights", &[packed.len() as i64], k.int(bits), &packed)
    }

    /// Weights of a block that belong to a step, and to those beside it.
    fn panel(&self, weights: &[i64], block: i64, [ky, column, step]: Step) -> impl Iterator<Item = i64> {
        let Tiles { geometry, tile, products, channels, .. } = self.tiles;
        let (ways, lanes) = (geometry.ways(), tile.lanes);
        let (first, end) = (step * ways, geometry.steps().1 * ways);
        let elements = first..first + products.beside() * ways;
        (0..tile.vectors * lanes).flat_map(move |lane| {
            let output = channels.start(block * tile.vectors + lane / lanes) + lane % lanes;
            elements.clone().map(move |element| {
                if element < end { geometry.weight(weights, output, [ky, column], element) } else { 0 }
            })
        })
    }

    /// Packs what is left of weights whose products are added in 16 bits: as many more steps of each block as it takes.
    fn beyond(&self, scope: &mut Scope<'_>, k: &Kernel, rest: Vec<i64>) -> Beyond {
        let rounds = self.tiles.geometry.rounds(rest);
        let (mut ends, mut offsets, mut packed) = (vec![0], Vec::new(), Vec::new());
        for &block in &self.blocks.0 {
            for weights in &rounds {
                for step in self.tiles.geometry.every_step() {
                    let panel: Vec<i64> = self.panel(weights, block, step).collect();
                    if panel.iter().any(|&weight| weight != 0) {
                        offsets.push(self.tiles.geometry.offset(step));
                        packed.extend(panel);
                    }
                }
            }
            ends.push(offsets.len() as i64);
        }
        let mut constant =
            |name, bits, values: &[i64]| scope.constant(name, &[values.len() as i64], k.int(bits), values);
        Beyond {
            ends: constant("ends", 32, &ends),
            offsets: constant("offsets", 32, &offsets),
            filters: constant("beyond", 8, &packed),
        }
    }
}

/// The tiles of a kernel: pixels by vectors of channels.
#[derive(Clone, Copy)]
pub(super) struct Tiles<'a> {
    pub geometry: &'a Geometry,
    pub tile: Tile,
    pub products: Products,
    pub channels: Channels,
    pub epilogue: &'a Epilogue,
    /// The contraction's input.
    pub memory: Value,
}

impl Tiles<'_> {
    /// How steps are taken.
    fn how(&self) -> Steps {
        let Tile { vectors, lanes, steps, depth, .. } = self.tile;
        // LLVM unrolls loops itself, and does worse with wide tiles of which a part is unrolled already.
        let unrolled = if lanes == 4 { UNROLLED } else { 0 };
        let panel = vectors * lanes * self.geometry.ways();
        Steps { panel, unrolled, together: steps * depth.max(1), beside: self.products.beside() }
    }

    /// Weights of a block.
    pub fn block(&self) -> i64 {
        let (columns, steps) = self.geometry.steps();
        self.geometry.kernel[0] * columns * self.how().padded(steps) * self.panel()
    }

    /// Weights of a step of a block.
    pub fn panel(&self) -> i64 {
        self.how().panel
    }

    /// Whether the dot product takes what is stored as bytes without a sign.
    pub fn is_unsigned(&self) -> bool {
        let stored = &self.geometry.input;
        self.geometry.ways() == 4 && !stored.storage.is_signed(stored.format)
    }

    /// Computes a row of pixels on the channels of a block. `ahead` gives how far behind its weights a tile, by its
    /// number, asks for others.
    pub fn row(
        &self,
        scope: &mut Scope<'_>,
        k: &Kernel,
        weights: (Packed, Block),
        [n, y]: [Value; 2],
        ahead: impl Fn(&Kernel, Value) -> Option<Value>,
    ) -> Result<(), Diagnostic> {
        let width = self.geometry.pixels[2];
        let (full, rest) = (width / self.tile.pixels, width % self.tile.pixels);
        let mut outcome = Ok(());
        let mut tile = |k: &Kernel, pixels: i64, x: Value, ahead: Option<Value>| {
            let done = self.tile(scope, k, weights, pixels, ([n, y, x], ahead));
            if done.is_err() {
                outcome = done;
            }
        };
        k.each(full, |k, t| {
            let ahead = ahead(k, k.add(k.mul(y, k.index(full)), t));
            tile(k, self.tile.pixels, k.mul(t, k.index(self.tile.pixels)), ahead);
        });
        if rest > 0 {
            tile(k, rest, k.index(full * self.tile.pixels), None);
        }
        outcome
    }

    /// Computes `pixels` neighbours of a row, on the channels of a block.
    fn tile(
        &self,
        scope: &mut Scope<'_>,
        k: &Kernel,
        (packed, block): (Packed, Block),
        pixels: i64,
        (pixel, ahead): ([Value; 3], Option<Value>),
    ) -> Result<(), Diagnostic> {
        let (lanes, count) = (self.tile.lanes, self.tile.vectors);
        let sums = (0..count).map(|j| {
            let at = k.add(block.initial, k.index(j * lanes));
            k.vector_load(packed.initial, at, lanes)
        });
        let sums: Vec<Value> = sums.collect();
        let sums: Vec<Value> = match self.products {
            Products::Words => (0..pixels).flat_map(|_| sums.clone()).collect(),
            Products::Pairs => pairs::spread(k, &sums, pixels),
        };

        let window = self.geometry.window(k, pixel);
        let from = (window, block.filters);
        let sums = self.geometry.walk(k, from, self.how(), &sums, |k, (inputs, weights), words, sums| {
            if let Some(ahead) = ahead {
                k.prefetch(packed.filters, k.add(weights, ahead));
            }
            self.steps(k, packed, (inputs, weights), (pixels, words), sums)
        });
        let sums = match packed.beyond {
            None => sums,
            Some(beyond) => beyond.visit(k, block.place, &sums, |k, offset, step, sums| {
                let at = (k.add(window, offset), k.mul(step, k.index(self.panel())));
                let packed = Packed { filters: beyond.filters, ..packed };
                self.steps(k, packed, at, (pixels, 1), sums)
            }),
        };
        let sums = match self.products {
            Products::Words => sums,
            Products::Pairs => pairs::gathered(k, &sums, pixels),
        };
        let mut spots = Vec::new();
        for p in 0..pixels {
            for j in 0..count {
                let vector = k.add(block.vector, k.index(j));
                let channel = self.channels.start_value(k, vector);
                let spot = Spot { pixel, behind: [0, p], vector, channel };
                spots.push((sums[(p * count + j) as usize], spot));
            }
        }
        self.epilogue.store(scope, k, &spots, count as usize)
    }

    /// So many steps of a tile: the sums with the products added.
    fn steps(
        &self,
        k: &Kernel,
        packed: Packed,
        (inputs, weights): (Value, Value),
        (pixels, words): (i64, i64),
        sums: &[Value],
    ) -> Vec<Value> {
        let (ways, unsigned) = (self.geometry.ways(), self.is_unsigned());
        let input = |p: i64, word: i64, words: i64| {
            let at = k.add(inputs, k.index(p * self.geometry.pixel_stride() + word * ways));
            self.words(k, at, words)
        };
        let weight = |vector: i64| {
            let at = k.add(weights, k.index(vector * self.tile.lanes * ways));
            k.vector_load(packed.filters, at, self.tile.lanes * ways)
        };
        if self.products == Products::Pairs {
            return pairs::multiplied(k, (pixels, words), sums, (|p| input(p, 0, words), weight));
        }
        let factors = |input, weight| [k.vector_bitcast(input, 32 / ways as u32), weight];
        let product = |sum, factors: &[[Value; 2]]| k.dot(sum, factors, (unsigned, packed.pairs_fit));
        if self.tile.depth <= 1 {
            let product = |sum, input, weight| product(sum, &[factors(input, weight)]);
            return multiplied(
                k,
                (self.tile, pixels, words),
                sums,
                (|p| input(p, 0, words), weight, product),
            );
        }
        let weights: Vec<Value> = (0..words * self.tile.vectors).map(weight).collect();
        let of_pixel = |(p, sums): (i64, &[Value])| -> Vec<Value> {
            let load = |word| k.broadcast(input(p, word, 1), self.tile.lanes);
            let inputs: Vec<Value> = (0..words).map(load).collect();
            let all = |j: usize| -> Vec<[Value; 2]> {
                let weights = weights[j..].iter().step_by(sums.len());
                inputs.iter().zip(weights).map(|(&input, &weight)| factors(input, weight)).collect()
            };
            sums.iter().enumerate().map(|(j, &sum)| product(sum, &all(j))).collect()
        };
        (0..).zip(sums.chunks_exact(self.tile.vectors as usize)).flat_map(of_pixel).collect()
    }

    /// The neighbouring inputs of so many steps, as words: one as a scalar or a vector, several as a vector.
    fn words(&self, k: &Kernel, at: Value, words: i64) -> Value {
        match (self.geometry.ways(), self.geometry.bits[0]) {
            (4, _) => k.vector_bitcast(k.vector_load(self.memory, at, 4 * words), 32),
            (_, 16) => k.vector_bitcast(k.vector_load(self.memory, at, 2 * words), 32),
            _ => {
                let signed = self.geometry.input.storage.is_signed(self.geometry.input.format);
                let element = |at: Value| k.resize(k.load(self.memory, &[at]), 32, signed);
                let (low, high) = (element(at), element(k.add(at, k.index(1))));
                let low = k.and(low, k.like(low, 0xffff));
                k.or(low, k.shl(high, k.like(high, 16)))
            }
        }
    }
}

/// The sums of a tile, or of so many pixels of it, with the products of so many steps added. `input` gives the words
/// of a pixel for all of them, `weight` a vector of weights counted from the first step's, `product` adds the products
/// of a word in every lane.
pub(super) fn multiplied(
    k: &Kernel,
    (tile, pixels, words): (Tile, i64, i64),
    sums: &[Value],
    (input, weight, product): (
        impl Fn(i64) -> Value,
        impl Fn(i64) -> Value,
        impl Fn(Value, Value, Value) -> Value,
    ),
) -> Vec<Value> {
    let mut sums = sums.to_vec();
    let mut inputs = Vec::new();
    for word in 0..words {
        let weights: Vec<Value> = (0..tile.vectors).map(|j| weight(word * tile.vectors + j)).collect();
        for (p, sums) in (0..pixels).zip(sums.chunks_exact_mut(weights.len())) {
            if word == 0 {
                inputs.push(input(p));
            }
            let loaded = inputs[p as usize];
            let in_all = match words {
                1 => k.broadcast(loaded, tile.lanes),
                _ => k.shuffle(loaded, loaded, &vec![word; tile.lanes as usize]),
            };
            for (sum, &weight) in sums.iter_mut().zip(&weights) {
                *sum = product(*sum, in_all, weight);
            }
        }
    }
    sums
}

#[cfg(test)]
pub(super) mod tests {
    use afp_ir::mlir::Session;
    use afp_target::TABLE;

    use super::{super::layout::Layout, *};

    const PROGRAM: &str = "
        func.func @f(%x: tensor<1x4x!afp.float<ue0m8, exp = 0>>) -> tensor<1x200x!afp.exact> {
          %w = afp.constant dense<1> : tensor<200x4xi8> : tensor<200x4x!afp.float<e0m7, exp = 0>>
          %0 = afp.fully_connected %x, %w : (tensor<1x4x!afp.float<ue0m8, exp = 0>>,
            tensor<200x4x!afp.float<e0m7, exp = 0>>) -> tensor<1x200x!afp.exact>
          return %0 : tensor<1x200x!afp.exact>
        }";

    /// The geometry of a small product.
    pub fn geometry(session: &Session, test: impl FnOnce(Geometry)) {
        let module = session.parse("test.mlir", PROGRAM.as_bytes()).expect("the test's module");
        let op = module.op().descendants().into_iter().find(|op| op.is("afp.fully_connected"));
        let op = op.expect("a product");
        let input = Layout::plain(op.operand(0)).expect("codes");
        test(Geometry::of(op, input, true).expect("a geometry"));
    }

    #[test]
    fn threads_share_pixels_that_no_tile_divides() {
        geometry(&Session::new(), |mut geometry| {
            for (width, tile) in (1..=800).flat_map(|width| (1..=14).map(move |tile| (width, tile))) {
                let split = |geometry: &mut Geometry, rests| {
                    geometry.pixels = [1, 1, width];
                    geometry.split(tile, rests);
                    geometry.pixels
                };
                let ([_, rows, columns], [_, of_whole, _]) =
                    (split(&mut geometry, true), split(&mut geometry, false));
                assert!(rows * columns == width && rows <= 16, "{width} by {tile}: {rows}");
                if width % tile == 0 {
                    assert!(rows == of_whole && columns % tile == 0, "{width} by {tile}: {rows}");
                } else {
                    assert!(of_whole == 1 && (rows == 1 || columns >= 4 * tile), "{width} by {tile}: {rows}");
                }
            }
            geometry.pixels = [1, 1, 784];
            geometry.split(5, true);
            assert_eq!((geometry.pixels, geometry.strides[1]), ([1, 16, 49], 49 * geometry.strides[2]));
        });
    }

    #[test]
    fn tiles_fit_the_registers_and_the_channels() {
        geometry(&Session::new(), check_tiles);
    }

    fn check_tiles(mut geometry: Geometry) {
        for (target, rows) in TABLE.into_iter().flat_map(|target| [1, 7].map(|rows| (target, rows))) {
            for (outputs, width) in (4..=200).flat_map(|o| (1..=60).map(move |w| (o, w))) {
                geometry.outputs = outputs;
                geometry.pixels = [1, rows, width];
                let found = geometry.tile(&target.vectors);
                let case = format!("{}: {outputs} outputs of {rows} by {width}: {found:?}", target.name);
                assert_eq!(found.is_some(), target.vectors.bits > 0, "{case}");
                let Some((_, Tile { pixels, vectors, lanes, steps, .. })) = found else { continue };
                assert!((1..=width).contains(&pixels) && vectors >= 1 && lanes <= outputs, "{case}");
                assert!(
                    [4, 8, 16].contains(&lanes) && lanes * 32 <= i64::from(target.vectors.bits),
                    "{case}"
                );
                // Sums, weights, and one input in every lane.
                let live = if steps == 1 { vectors + 1 } else { pixels + 4 };
                assert!(pixels * vectors + live <= i64::from(target.vectors.registers), "{case}");
                assert_eq!(steps > 1, target.vectors.dots_by_lane(), "{case}");
                let (overlaps, last) = (outputs % lanes != 0, parts(outputs, lanes) - 1);
                assert!(!overlaps || last / vectors == (last - 1) / vectors, "{case}");
            }
        }
    }
}
