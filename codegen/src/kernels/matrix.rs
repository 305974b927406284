//! Convolutions and products with weights by a matrix unit: AMX.
//!
//! The unit multiplies tiles: up to 16 rows of 64 bytes with panels of 64 bytes for each of 16 columns. A row is the
//! window of a pixel, and rows lie as far apart as pixels do, so that a convolution needs no copy here either; a
//! column is an output channel. Eight registers hold the sums of two groups of rows by two panels, or of one by
//! three. A step takes as many neighbouring elements of a window as a row of a tile has, a divisor of those there
//! are. Sums go through memory to vectors, which finish them as [`super::direct`]'s are.
//!
//! Inputs of two bytes are parted first: the lower bytes of all elements make one plane, the upper ones another.
//! The products of both with the same weights are two sums, of which the upper counts 256 times.
//!
//! Weights lie as `[blocks][kernel rows][steps][panels][quadruples][lanes][4]`.

use afp_ir::{
    diag::Diagnostic,
    mlir::{Attr, Op, OpSpec, Type, Value},
};
use afp_target::Vectors;

use super::{
    Lowering,
    builder::Kernel,
    calls::Destination,
    epilogue::{Channels, Epilogue, Order, Spot},
    geometry::{Geometry, Problem, Work, triples},
    scope::{self, Scope},
    strategy::Tile,
    tree::{self, parts},
};
use crate::afpk::matrix::Block;

/// Columns of a tile.
const LANES: i64 = 16;
/// Rows of a tile, at most.
const ROWS: i64 = 16;
/// Bytes of a row of a tile, at most.
const BYTES: i64 = 64;

/// How the pixels of a result are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Plan {
    block: Block,
    /// Pixels of a group, neighbours in a row.
    rows: i64,
    /// Groups in a row of the result. The last may overlap the one before.
    across: i64,
    /// Whether the two groups of a block are in neighbouring rows.
    down: bool,
    /// Blocks of a row, and rows of blocks of an image.
    blocks: [i64; 2],
    /// Bytes of a step.
    depth: i64,
    /// Bytes of an element of the input, each in a plane.
    planes: i64,
}

impl Plan {
    /// The plan of a tile: its pixels are those of one group, its vectors are panels.
    fn of(geometry: &Geometry, tile: Tile) -> Option<Self> {
        let [_, height, width] = geometry.pixels;
        let stored = &geometry.input;
        let planes = i64::from(geometry.bits[0] / 8);
        let fits = geometry.bits[1] == 8
            && (planes == 2 || planes == 1 && !stored.storage.is_signed(stored.format))
            && tile.lanes == LANES
            && geometry.outputs >= LANES
            && (1..=ROWS.min(width)).contains(&tile.pixels)
            && (1..=3).contains(&tile.vectors);
        if !fits {
            return None;
        }
        let across = parts(width, tile.pixels);
        let groups = if tile.vectors == 3 || across * height == 1 { 1 } else { 2 };
        let down = across == 1 && groups == 2;
        let blocks = if down { [1, parts(height, 2)] } else { [parts(across, groups), height] };
        let block = Block { groups, panels: tile.vectors };
        let run = geometry.all_steps()[2] * geometry.ways();
        let depth = (1..=BYTES / 4).rev().map(|quads| quads * 4).find(|depth| run % depth == 0)?;
        Some(Self { block, rows: tile.pixels, across, down, blocks, depth, planes })
    }

    /// Sums of a block.
    const fn sums(&self) -> i64 {
        self.block.groups * self.rows * self.block.panels * LANES
    }

    /// How often each loop over the steps of a pixel runs.
    fn counts(&self, geometry: &Geometry) -> [i64; 3] {
        let [rows, columns, steps] = geometry.all_steps();
        [rows, columns, steps * geometry.ways() / self.depth]
    }

    /// Cycles of all products, about, and what the way of the sums through memory adds: measured.
    fn cycles(&self, geometry: &Geometry) -> f64 {
        let Block { groups, panels } = self.block;
        let steps: i64 = self.counts(geometry).iter().product();
        let tiles = (groups * panels) as f64;
        let rows = self.rows as f64;
        let products = steps as f64 * tiles * (5.0 + 0.85 * rows);
        let sums = tiles * (12.0 + 1.6 * rows);
        let times = parts(parts(geometry.outputs, LANES), panels) * geometry.pixels[0];
        let times = times * self.blocks[0] * self.blocks[1];
        let parting = if self.planes == 2 { PARTING * geometry.input.bytes() as f64 } else { 0.0 };
        SETUP + times as f64 * (BLOCK + self.planes as f64 * (products + sums)) + parting
    }
}

/// Cycles of setting up the unit.
const SETUP: f64 = 200.0;
/// Cycles of a block that its products do not cover.
const BLOCK: f64 = 40.0;
/// Cycles of a byte that goes to one of two planes.
const PARTING: f64 = 0.15;

/// The tile that takes the least time, and its cycles, about. None where the unit cannot compute a contraction.
pub fn tile(geometry: &Geometry, vectors: &Vectors) -> Option<(f64, Tile)> {
    if !vectors.matrix {
        return None;
    }
    let geometry = &geometry.joined();
    let width = geometry.pixels[2];
    let fewest = parts(width, ROWS);
    let mut best: Option<(f64, Tile)> = None;
    for across in fewest..=fewest + 2 {
        for vectors in 1..=3 {
            let tile = Tile::new(parts(width, across), vectors, LANES);
            let Some(plan) = Plan::of(geometry, tile) else { continue };
            let cycles = plan.cycles(geometry);
            if best.is_none_or(|(known, _)| cycles < known) {
                best = Some((cycles, tile));
            }
        }
    }
    best
}

/// Adds the kernel of a group and its call.
pub(super) fn convert(lowering: &mut Lowering, op: Op, tile: Tile) -> Result<(), Diagnostic> {
    let mut problem = Problem::of(lowering, op, tile.lanes)?;
    let apart = problem.geometry.pixels;
    problem.geometry = problem.geometry.joined();
    let image = Some(apart).filter(|apart| *apart != problem.geometry.pixels);
    let plan = Plan::of(&problem.geometry, tile);
    let plan = plan.ok_or_else(|| tree::misfit(op, "products of bytes, on tiles of a matrix unit"))?;
    let parted = match plan.planes {
        2 => Some(part(lowering, op, &problem.geometry)?),
        _ => None,
    };
    let Geometry { outputs, pixels, .. } = problem.geometry;
    let needed = parts(parts(outputs, LANES), tile.vectors) * tile.vectors;
    let channels = Channels { count: outputs, lanes: LANES, vectors: needed, order: Order::Plain };
    let work = problem.work(lowering, needed / tile.vectors, pixels[0] * plan.blocks[0] * plan.blocks[1]);
    problem.convert(lowering, work.items(), channels, |scope, k, geometry, epilogue, memory| {
        let memory = parted.map_or(memory, |planes| scope.shared(planes));
        Writer { geometry, image, plan, work, channels, epilogue, memory }.write(scope, k)
    })
}

/// Adds the kernel that parts the bytes of a contraction's input, and gives the planes.
fn part(lowering: &mut Lowering, op: Op, geometry: &Geometry) -> Result<Value, Diagnostic> {
    let (source, memory) = (geometry.op.operand(0), geometry.input.memory());
    let planes = lowering.allocate(geometry.input.bytes());
    let (rows, rest) = memory.split_at(memory.len() / 2);
    let (items, row): (i64, i64) = (rows.iter().product(), rest.iter().product());
    let lanes = [32, 16, 8, 4, 2, 1].into_iter().find(|lanes| *lanes <= row).unwrap_or(1);
    lowering.kernel(op, &[source], items, Destination::Memory(planes), |scope, k| {
        let (from, to) = (k.flat(scope.operands[0]), scope.result);
        k.fold(scope.from, scope.to, &[], |k, item, _| {
            let first = k.mul(item, k.index(row));
            k.each(parts(row, lanes), |k, part| {
                // The last may overlap the one before.
                let at = k.add(first, k.min(k.mul(part, k.index(lanes)), k.index(row - lanes)));
                let both = k.vector_load(from, at, lanes);
                let upper = k.shr(both, k.like(both, 8));
                for (plane, bytes) in [(0, both), (items * row, upper)] {
                    k.vector_store(k.resize(bytes, 8, false), to, k.add(at, k.index(plane)));
                }
            });
            Vec::new()
        });
        Ok(())
    })?;
    Ok(planes)
}

/// A kernel being written.
struct Writer {
    geometry: Geometry,
    /// Images, rows and columns, where pixels are joined in the input and not in all that is stored.
    image: Option<[i64; 3]>,
    plan: Plan,
    work: Work,
    channels: Channels,
    epilogue: Epilogue,
    memory: Value,
}

/// What all blocks of a kernel use.
struct Shared {
    filters: Value,
    initial: Value,
    sums: Value,
}

impl Writer {
    fn write(&self, scope: &mut Scope<'_>, k: &Kernel) -> Result<(), Diagnostic> {
        let (geometry, plan) = (&self.geometry, self.plan);
        let weights = geometry.weights()?;
        let initial = self.epilogue.initial(&geometry.corrections(&weights)?)?;
        let initial = self.channels.packed(&initial);
        let sums = Type::memref(&[plan.planes * plan.sums()], k.int(32));
        let shared = Shared {
            initial: scope.constant("bias", &[initial.len() as i64], k.int(32), &initial),
            filters: self.filters(scope, k, &weights),
            sums: scope.scratch(sums),
        };
        let shapes = scope.constant("tiles", &[64], k.int(8), &plan.block.shapes(plan.rows, plan.depth));
        k.effect(OpSpec::new("afpk.matrix_setup").operands([shapes]));
        let [across, down] = plan.blocks;
        let mut outcome = Ok(());
        self.work.each(scope, k, |scope, k, [block, part]| {
            let at = scope::split_index(k, part, &[geometry.pixels[0], down, across]);
            outcome = self.block(scope, k, &shared, [block, at[0], at[1], at[2]]);
        });
        k.effect(OpSpec::new("afpk.matrix_release"));
        outcome
    }

    /// Packs the weights.
    fn filters(&self, scope: &mut Scope<'_>, k: &Kernel, weights: &[i64]) -> Value {
        let (geometry, plan) = (&self.geometry, self.plan);
        let [rows, columns, steps] = plan.counts(geometry);
        let panels = plan.block.panels;
        let mut packed = Vec::new();
        for block in 0..self.channels.vectors / panels {
            let outputs: Vec<i64> = (0..panels * LANES)
                .map(|lane| self.channels.channel(block * panels * LANES + lane))
                .collect();
            for (ky, column, step) in triples([rows, columns, steps]) {
                for (panel, quad, lane) in triples([panels, plan.depth / 4, LANES]) {
                    let output = outputs[(panel * LANES + lane) as usize];
                    let first = step * plan.depth + quad * 4;
                    let weight = |way| geometry.weight(weights, output, [ky, column], first + way);
                    packed.extend((0..4).map(weight));
                }
            }
        }
        scope.constant("weights", &[packed.len() as i64], k.int(8), &packed)
    }

    /// Image, row and column of the first pixel of a group.
    fn first(&self, k: &Kernel, group: i64, [n, row, column]: [Value; 3]) -> [Value; 3] {
        let (plan, [_, height, width]) = (self.plan, self.geometry.pixels);
        let place = |index: Value, count: i64| {
            let all = k.add(k.mul(index, k.index(plan.block.groups)), k.index(group));
            k.min(all, k.index(count - 1))
        };
        if plan.down {
            return [n, place(row, height), column];
        }
        let first = k.mul(place(column, plan.across), k.index(plan.rows));
        [n, row, k.min(first, k.index(width - plan.rows))]
    }

    /// Computes the groups of a block, on its panels of channels.
    fn block(
        &self,
        scope: &mut Scope<'_>,
        k: &Kernel,
        shared: &Shared,
        [block, n, row, column]: [Value; 4],
    ) -> Result<(), Diagnostic> {
        let (geometry, plan) = (&self.geometry, self.plan);
        let Block { groups, panels } = plan.block;
        let pixels: Vec<[Value; 3]> =
            (0..groups).map(|group| self.first(k, group, [n, row, column])).collect();
        let counts = plan.counts(geometry);
        let [down, right] = geometry.tap_strides();
        let filters = counts.iter().product::<i64>() * panels * LANES * plan.depth;
        let windows: Vec<Value> = pixels.iter().map(|&pixel| geometry.window(k, pixel)).collect();
        let filters = k.mul(block, k.index(filters));
        let size = |value: i64| Attr::int(k.ctx(), 64, value);
        for plane in 0..plan.planes {
            let ahead = plane * geometry.input.memory().iter().product::<i64>();
            let windows = windows.iter().map(|&window| k.add(window, k.index(ahead)));
            // The upper bytes have the sign of the whole.
            let stored = &geometry.input;
            let unsigned = plane + 1 < plan.planes || !stored.storage.is_signed(stored.format);
            let at_sums = k.index(plane * plan.sums());
            let spec = OpSpec::new("afpk.matrix_dot")
                .operands([shared.sums, self.memory, shared.filters, at_sums, filters])
                .operands(windows.collect::<Vec<Value>>())
                .attr("rows", size(plan.rows))
                .attr("panels", size(panels))
                .attr("depth", size(plan.depth))
                .attr("row_stride", size(geometry.pixel_stride()))
                .attr("counts", Attr::i64s(k.ctx(), &counts))
                .attr("strides", Attr::i64s(k.ctx(), &[down, right, plan.depth]))
                .attr_opt("unsigned_a", unsigned.then(|| Attr::unit(k.ctx())));
            k.effect(spec);
        }

        let vectors: Vec<Value> =
            (0..panels).map(|panel| k.add(k.mul(block, k.index(panels)), k.index(panel))).collect();
        // So many pixels fill vectors of bytes.
        let together =
            (1..=plan.rows.min(4)).find(|pixels| pixels * panels % 4 == 0).unwrap_or(plan.rows.min(2));
        let mut outcome = Ok(());
        for (group, pixel) in (0..).zip(pixels) {
            k.each(parts(plan.rows, together), |k, part| {
                // The last of them may be done twice.
                let first = k.min(k.mul(part, k.index(together)), k.index(plan.rows - together));
                let pixel = [pixel[0], pixel[1], k.add(pixel[2], first)];
                let from = k.add(first, k.index(group * plan.rows));
                let from = k.mul(from, k.index(panels * LANES));
                let mut spots = Vec::new();
                for (p, panel) in (0..together).flat_map(|p| (0..panels).map(move |panel| (p, panel))) {
                    let vector = vectors[panel as usize];
                    let at = k.add(from, k.index((p * panels + panel) * LANES));
                    let initial = k.vector_load(shared.initial, k.mul(vector, k.index(LANES)), LANES);
                    let mut sum = k.add(k.vector_load(shared.sums, at, LANES), initial);
                    if plan.planes == 2 {
                        let upper = k.vector_load(shared.sums, k.add(at, k.index(plan.sums())), LANES);
                        sum = k.add(sum, k.shl(upper, k.like(upper, 8)));
                    }
                    let channel = self.channels.start_value(k, vector);
                    let (pixel, behind) = self.place(k, pixel, p);
                    spots.push((sum, Spot { pixel, behind, vector, channel }));
                }
                let done = self.epilogue.store(scope, k, &spots, panels as usize);
                if done.is_err() {
                    outcome = done;
                }
            });
        }
        outcome
    }
}

impl Writer {
    /// Where the result of a pixel goes, so many to the right of another.
    fn place(&self, k: &Kernel, pixel: [Value; 3], right: i64) -> ([Value; 3], [i64; 2]) {
        let Some(image) = self.image else { return (pixel, [0, right]) };
        let at = scope::split_index(k, k.add(pixel[2], k.index(right)), &image);
        ([at[0], at[1], at[2]], [0, 0])
    }
}
