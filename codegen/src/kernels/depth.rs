//! Products of bytes that have 16 bits, on machines without a dot product in 32: `pmaddubsw`, `smull`.
//!
//! The products of a few steps, the *depth* of a tile, are added in 16 bits before their sums are widened and added to
//! those of the tile. Weights are known, and mostly small: where those of a few steps are too large for 16 bits, what is beyond
//! is taken off them and multiplied in steps of its own, behind the others, which have lists of where their inputs are.

use afp_ir::mlir::Value;
use afp_passes::analysis::width::Bound;
use afp_target::{Dot, Vectors};

use super::{
    builder::Kernel,
    direct::{MOST_PIXELS, cheapest},
    geometry::Geometry,
    layout::Halves,
    strategy::Tile,
    tree::parts,
};

/// Depths that are tried.
const DEPTHS: [i64; 3] = [1, 2, 4];
/// The last of them.
const MOST_DEPTH: i64 = 4;
/// Instructions of a loop beside those of its steps.
const LOOP: i64 = 4;
/// Instructions that begin in a cycle, about.
const ISSUED: f64 = 5.0;
/// Instructions of which one takes a cycle more.
const DELAYED: f64 = 20.0;
/// Half-cycles of a cycle.
const HALVES: f64 = 2.0;

/// Weights in two parts.
pub(super) struct Parted {
    /// Those whose products with inputs, of so many steps, fit 16 bits in every sum of neighbours.
    pub within: Vec<i64>,
    /// What is missing in those.
    pub beyond: Vec<i64>,
}

impl Geometry {
    /// For each weight of an output, the number of the sum of 16 bits that has its product, where so many steps are added:
    /// elements 2k and 2k + 1 of each have one. With them, how many sums there are.
    fn sums_of_weights(&self, depth: i64) -> (Vec<usize>, usize) {
        let ([rows, columns, steps], [stored, real]) = (self.all_steps(), self.channels);
        let groups = parts(steps, depth);
        let taps = (0..rows).flat_map(|ky| (0..self.kernel[1]).map(move |kx| (ky, kx)));
        let sums = taps.flat_map(|(ky, kx)| {
            // The elements of a row are one run, or each column's are.
            let (run, first) = if columns == 1 { (ky, kx * stored) } else { (ky * columns + kx, 0) };
            (first..first + real).map(move |element| {
                let group = run * groups + element / 4 / depth;
                (2 * group + element % 4 / 2) as usize
            })
        });
        (sums.collect(), (2 * rows * columns * groups) as usize)
    }

    /// Parts weights of bytes so that the products of so many steps can be added in 16 bits. With them, whether nothing is
    /// beyond.
    pub(super) fn part(&self, weights: &[i64], depth: i64) -> (Parted, bool) {
        let ends = self.input.ends(self.op.operand(0));
        let (sums, count) = self.sums_of_weights(depth);
        let mut parted = Parted { within: Vec::with_capacity(weights.len()), beyond: Vec::new() };
        for weights in weights.chunks(sums.len()) {
            let mut halves = vec![Halves::default(); count];
            let taken = weights.iter().zip(&sums).map(|(&weight, &sum)| halves[sum].take(ends, weight));
            parted.within.extend(taken);
        }
        parted.beyond = weights.iter().zip(&parted.within).map(|(weight, within)| weight - within).collect();
        let fit = parted.beyond.iter().all(|&weight| weight == 0);
        (parted, fit)
    }

    /// Whether the products of each two neighbours fit 16 bits, of bytes.
    pub(super) fn pairs_fit(&self, weights: &[i64]) -> bool {
        let ends = self.input.ends(self.op.operand(0));
        let (sums, count) = self.sums_of_weights(1);
        self.ways() == 4
            && weights.chunks(sums.len()).all(|weights| {
                let mut halves = vec![Halves::default(); count];
                weights.iter().zip(&sums).all(|(&weight, &sum)| halves[sum].take(ends, weight) == weight)
            })
    }

    /// What is beyond, as weights of which each step fits: one list, or more where twice as much is too little.
    pub(super) fn rounds(&self, mut beyond: Vec<i64>) -> Vec<Vec<i64>> {
        let mut rounds = Vec::new();
        loop {
            let (parted, fit) = self.part(&beyond, 1);
            rounds.push(parted.within);
            if fit {
                return rounds;
            }
            beyond = parted.beyond;
        }
    }

    /// Steps more that all blocks of so many outputs together take.
    fn steps_beyond(&self, beyond: Vec<i64>, outputs: i64) -> usize {
        let (sums, count) = self.sums_of_weights(1);
        let mut all = 0;
        for weights in self.rounds(beyond) {
            for block in weights.chunks(sums.len() * outputs as usize) {
                let mut takes = vec![false; count / 2];
                for (&weight, &sum) in block.iter().zip(sums.iter().cycle()) {
                    takes[sum / 2] |= weight != 0;
                }
                all += takes.into_iter().filter(|&takes| takes).count();
            }
        }
        all
    }
}

/// Of how many steps the products of two computed matrices can be added in 16 bits, whatever they are: 0 where not even
/// those of one.
pub(super) fn of_computed(geometry: &Geometry) -> i64 {
    let [left, right] = [0, 1].map(|index| geometry.op.operand(index));
    let bound = Bound::of_codes(right);
    let ends = [i64::try_from(bound.lo), i64::try_from(bound.hi)];
    let [Ok(lo), Ok(hi)] = ends else { return 0 };
    let all = |weight: i64, depth: i64| vec![weight; 2 * depth as usize];
    let fits =
        |depth: &i64| [lo, hi].iter().all(|&w| Halves::hold(geometry.input.ends(left), all(w, *depth)));
    if geometry.ways() == 4 { DEPTHS.into_iter().rev().find(fits).unwrap_or(0) } else { 0 }
}

/// The tile of least cost, and its half-cycles of a step over all pixels of a row in all blocks, about. None for computed
/// matrices whose products do not fit.
pub(super) fn tile(geometry: &Geometry, vectors: &Vectors) -> Option<(f64, Tile)> {
    let weights = geometry.weights();
    let most = if weights.is_ok() { MOST_DEPTH } else { of_computed(geometry) };
    let weights = weights.unwrap_or_default();
    let steps = geometry.every_step().count() as f64;
    let mut best: Option<(f64, Tile)> = None;
    for depth in DEPTHS.into_iter().filter(|&depth| depth <= most) {
        let block = |count: i64| {
            let (cost, pixels) =
                geometry.least_cost(MOST_PIXELS, |p| half_cycles(vectors, [p, count, depth]));
            (cost / depth as f64, pixels)
        };
        let (mut cost, tile) = cheapest(geometry.outputs, vectors, block)?;
        if !weights.is_empty()
            && let (parted, false) = geometry.part(&weights, depth)
        {
            let more = geometry.steps_beyond(parted.beyond, tile.vectors * tile.lanes) as f64 / steps;
            cost += more * geometry.row_cost(|p| half_cycles(vectors, [p, tile.vectors, 1]), tile.pixels).0;
        }
        if best.is_none_or(|(known, _)| cost < known) {
            best = Some((cost, Tile { depth, ..tile }));
        }
    }
    best
}

/// Half-cycles of so many steps of a tile, about.
fn half_cycles(vectors: &Vectors, [pixels, count, depth]: [i64; 3]) -> f64 {
    let products = pixels * count;
    // `pmaddubsw` makes one sum of 16 bits, `smull` two of half a register each; each is widened and added to others.
    let computed = match vectors.dot {
        Dot::Smull => products * (2 * depth + 2),
        _ => products * (2 * depth + 1),
    };
    // Beside the sums is what is between: of `smull`, whose products LLVM mixes, more. Where registers do not hold all weights,
    // too, products load their own, and a pixel's inputs stay for all of its vectors. `smull` takes half a register.
    let (between, held) = match vectors.dot {
        Dot::Smull => (10, 2 * count * depth),
        _ => (4, count * depth),
    };
    let left = i64::from(vectors.registers) - products - between;
    let weights = if left >= held { count * depth } else { products * depth };
    if left < held.min(if count == 1 { 1 } else { depth }) {
        return f64::INFINITY;
    }
    // What goes into all lanes comes from memory at once, or through another register.
    let inputs = if vectors.basic || vectors.bits == 128 && vectors.dot == Dot::Maddubs { 2 } else { 1 };
    let instructions = (computed + weights + inputs * pixels * depth + LOOP) as f64;
    // Registers of 512 bits are computed with by two units, others by three.
    let units = if vectors.bits == 512 { 2.0 } else { 3.0 };
    HALVES * ((instructions / ISSUED).max(computed as f64 / units) + instructions / DELAYED)
}

/// The constants of steps that weights beyond 16 bits take.
#[derive(Clone, Copy)]
pub(super) struct Beyond {
    /// Where the steps of each block begin, and where the last block's end.
    pub ends: Value,
    /// Where the inputs of each step are, counted from the first element of a window.
    pub offsets: Value,
    /// A panel for each step.
    pub filters: Value,
}

impl Beyond {
    /// Visits the steps of the block at a place: `step` gets where its inputs are, its number and the sums so far.
    pub fn visit(
        self,
        k: &Kernel,
        place: Value,
        sums: &[Value],
        step: impl Fn(&Kernel, Value, Value, &[Value]) -> Vec<Value>,
    ) -> Vec<Value> {
        let end = |place| k.to_index(k.load(self.ends, &[place]));
        k.fold(end(place), end(k.add(place, k.index(1))), sums, |k, number, sums| {
            let offset = k.to_index(k.load(self.offsets, &[number]));
            step(k, offset, number, sums)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_fits_and_no_more_would() {
        for ends in [[0, 255], [-128, 127], [0, 1], [-1, 0], [-255, 255]] {
            let mut random = 0x2545_f491_4f6c_dd1du64;
            for _ in 0..2000 {
                let (mut halves, mut kept) = (Halves::default(), Vec::new());
                for _ in 0..8 {
                    random ^= random << 13;
                    random ^= random >> 7;
                    random ^= random << 17;
                    let weight = (random % 255) as i64 - 127;
                    let taken = halves.take(ends, weight);
                    assert!(taken.signum() * weight.signum() >= 0 && taken.abs() <= weight.abs());
                    kept.push(taken);
                    let sum = |pick: fn(i64, i64) -> i64| -> i64 {
                        kept.iter().map(|w| pick(w * ends[0], w * ends[1])).sum()
                    };
                    let extremes = [sum(|a, b| a.min(b).min(0)), sum(|a, b| a.max(b).max(0))];
                    let fits = |more: i64| {
                        let products = ends.map(|end| more * end);
                        extremes[0] + products[0].min(products[1]).min(0) >= -32768
                            && extremes[1] + products[0].max(products[1]).max(0) <= 32767
                    };
                    assert!(fits(0), "{kept:?} by {ends:?}");
                    assert!(taken == weight || !fits(weight.signum()), "{kept:?} of {weight} by {ends:?}");
                }
                assert!(Halves::hold(ends, kept.iter().copied()));
            }
        }
    }
}
