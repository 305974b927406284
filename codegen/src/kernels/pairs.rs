//! Convolutions and products with weights by products of two pixels with two channels.
//!
//! One instruction (`afpk.mmla`) multiplies eight neighbouring inputs of two pixels with the weights of two channels and
//! adds the products to four sums. The kernel is [`direct`]'s; what differs is here: inputs of two pixels are joined,
//! weights lie as `[blocks][kernel rows][steps of eight bytes][channels][bytes]`, zeros behind a row's last, and the sums
//! of two pixels by two channels become vectors of a pixel's channels behind all steps.

use afp_ir::{
    diag::Diagnostic,
    mlir::{Op, Value},
};
use afp_target::Vectors;

use super::{
    builder::Kernel,
    direct,
    geometry::Geometry,
    strategy::Tile,
    tree::{self, parts},
};

/// Lanes of a vector, the sums of an instruction.
const LANES: i64 = 4;
/// Pairs of channels in a vector.
const PAIRS: i64 = LANES / 2;
/// Words of a pixel that are loaded together.
const WORDS: i64 = 8;
/// Words of an instruction.
pub(super) const DEPTH: i64 = 2;

/// Whether the instruction multiplies what is stored.
fn multiplies(geometry: &Geometry) -> bool {
    let stored = &geometry.input;
    geometry.bits == [8, 8] && stored.storage.is_signed(stored.format)
}

/// Refuses what the kernel does not compute.
///
/// # Errors
/// AFP0612 for operands or tiles of other sizes.
pub(super) fn check(op: Op, geometry: &Geometry, tile: Tile) -> Result<(), Diagnostic> {
    if multiplies(geometry) && (tile.lanes, tile.steps) == (LANES, WORDS) {
        return Ok(());
    }
    Err(tree::misfit(op, "signed bytes for products of pairs, on vectors of 4 lanes, of 8 steps together"))
}

/// The tile of least instructions among those that a machine's registers hold, and the cycles of its kernel, about, as
/// [`Geometry::tile`] has them. None where the machine or its instruction cannot compute a contraction, and for single
/// pixels, which waste half of each product.
pub fn tile(geometry: &Geometry, vectors: &Vectors) -> Option<(f64, Tile)> {
    if !vectors.mmla || !multiplies(geometry) || geometry.outputs < LANES || geometry.op.is("afp.matmul") {
        return None;
    }
    let [images, rows, width] = geometry.pixels;
    let mut best: Option<(f64, Tile)> = None;
    for count in (1..=8).filter(|count| !direct::parts_overlap(geometry.outputs, LANES, *count)) {
        // Of each pair of pixels the sums and all that is loaded, two registers of weights, and one on the way.
        let most = 2 * ((i64::from(vectors.registers) - 3) / (count * PAIRS + WORDS / DEPTH));
        for pixels in 2..=most.min(width) {
            let (full, rest) = (width / pixels, width % pixels);
            let cost = full as f64 * instructions(geometry, pixels, count);
            let cost = cost + if rest > 0 { instructions(geometry, rest, count) } else { 0.0 };
            let blocks = parts(parts(geometry.outputs, LANES), count);
            let cycles = direct::CYCLES * cost * (blocks * images * rows) as f64;
            if best.is_none_or(|(known, _)| cycles < known) {
                best = Some((cycles, Tile { steps: WORDS, ..Tile::new(pixels, count, LANES) }));
            }
        }
    }
    best
}

/// Instructions of a tile, about: of all steps, and of what comes before and behind them.
fn instructions(geometry: &Geometry, pixels: i64, count: i64) -> f64 {
    let [rows, columns, steps] = geometry.all_steps();
    let rows_of_two = parts(pixels, 2);
    // Of each eight bytes of a pixel: a register of two pixels, products, and weights that are loaded by twos.
    let step = rows_of_two as f64 + direct::products(rows_of_two, count * PAIRS) + count as f64;
    let (whole, rest) = (steps / WORDS, steps % WORDS);
    // What is left is loaded by fours, twos and ones.
    let loads = whole + i64::from(rest.count_ones());
    let row = (loads * (pixels + 3)) as f64 + parts(steps, DEPTH) as f64 * step;
    // Sums are set and taken apart; each is shifted, packed and stored, four at once.
    let each = if count % 4 == 0 { 3.5 } else { 4.5 };
    (rows * columns) as f64 * row + (pixels * count) as f64 * each + 20.0
}

/// What the sums of so many pixels start from, given those of a pixel's vectors of channels: of each two pixels, all
/// pairs of channels.
pub(super) fn spread(k: &Kernel, initial: &[Value], pixels: i64) -> Vec<Value> {
    let twice =
        |vector: &Value| [[0, 1, 0, 1], [2, 3, 2, 3]].map(|lanes| k.shuffle(*vector, *vector, &lanes));
    let sums: Vec<Value> = initial.iter().flat_map(twice).collect();
    (0..parts(pixels, 2)).flat_map(|_| sums.clone()).collect()
}

/// The sums with the products of so many words added. `input` gives those of a pixel as a vector, `weight` one of the
/// registers of weights, counted from the first step's.
pub(super) fn multiplied(
    k: &Kernel,
    (pixels, words): (i64, i64),
    sums: &[Value],
    (input, weight): (impl Fn(i64) -> Value, impl Fn(i64) -> Value),
) -> Vec<Value> {
    // Behind a single word anything does: its weights are 0.
    let bits = if words == 1 { 32 } else { 64 };
    let loaded: Vec<Value> = (0..pixels).map(|pixel| k.vector_bitcast(input(pixel), bits)).collect();
    let mut sums = sums.to_vec();
    let channels = sums.len() / loaded.len().div_ceil(2);
    for step in 0..parts(words, DEPTH) {
        let lanes = if words == 1 { vec![0, 0, 1, 1] } else { vec![step, words / DEPTH + step] };
        // The last of an odd number is its own neighbour, whose sums nobody reads.
        let joined =
            loaded.chunks(2).map(|two| k.vector_bitcast(k.shuffle(two[0], two[two.len() - 1], &lanes), 8));
        let inputs: Vec<Value> = joined.collect();
        for channel in 0..channels {
            let weights = weight(step * channels as i64 + channel as i64);
            for (pair, &inputs) in inputs.iter().enumerate() {
                let sum = &mut sums[pair * channels + channel];
                *sum = k.mmla(*sum, inputs, weights);
            }
        }
    }
    sums
}

/// The sums of so many pixels, one after the other, each as vectors of its channels.
pub(super) fn gathered(k: &Kernel, sums: &[Value], pixels: i64) -> Vec<Value> {
    let channels = sums.len() / parts(pixels, 2) as usize;
    let of_pixel = |pixel: i64| {
        let pair = &sums[pixel as usize / 2 * channels..][..channels];
        pair.chunks_exact(PAIRS as usize).map(move |two| {
            // A pixel's two sums are one of 64 bits: `zip1` and `zip2`.
            let [first, second] = [two[0], two[1]].map(|sums| k.vector_bitcast(sums, 64));
            k.vector_bitcast(k.shuffle(first, second, &[pixel % 2, PAIRS + pixel % 2]), 32)
        })
    };
    (0..pixels).flat_map(of_pixel).collect()
}

#[cfg(test)]
mod tests {
    use afp_ir::mlir::Session;
    use afp_target::TABLE;

    use super::{
        super::{direct::tests::geometry, layout::Storage},
        *,
    };

    #[test]
    fn tiles_fit_the_registers_and_the_channels() {
        geometry(&Session::new(), |mut geometry| {
            geometry.input.storage = Storage::Integer { offset: -128 };
            let all = (1..=150).flat_map(|outputs| (1..=30).map(move |width| (outputs, width)));
            for (target, (outputs, width)) in
                TABLE.into_iter().flat_map(|target| all.clone().map(move |sizes| (target, sizes)))
            {
                (geometry.outputs, geometry.pixels) = (outputs, [1, 1, width]);
                let found = tile(&geometry, &target.vectors);
                let case = format!("{}: {outputs} outputs of {width}: {found:?}", target.name);
                let can = target.name == "aarch64+i8mm" && outputs >= LANES && width >= 2;
                assert_eq!(found.is_some(), can, "{case}");
                let Some((_, Tile { pixels, vectors, lanes, steps, .. })) = found else { continue };
                assert!((2..=width).contains(&pixels) && (lanes, steps) == (LANES, WORDS), "{case}");
                // Sums, inputs, weights.
                let rows = parts(pixels, 2);
                assert!(rows * (vectors * PAIRS + WORDS / DEPTH) + 2 < 32, "{case}");
                assert!(!direct::parts_overlap(outputs, LANES, vectors), "{case}");
            }
        });
    }

    #[test]
    fn what_has_no_sign_or_is_no_byte_is_left_to_others() {
        let machine = afp_target::Target::listed("aarch64+i8mm").expect("a row of the table").vectors;
        geometry(&Session::new(), |mut geometry| {
            (geometry.outputs, geometry.pixels) = (64, [1, 28, 28]);
            geometry.input.storage = Storage::Integer { offset: -128 };
            assert!(tile(&geometry, &machine).is_some_and(|(_, tile)| tile.pixels == 4 && tile.vectors == 4));
            geometry.bits = [8, 16];
            assert_eq!(tile(&geometry, &machine), None);
            geometry.bits = [8, 8];
            geometry.input.storage = Storage::Integer { offset: 0 };
            assert_eq!(tile(&geometry, &machine), None);
        });
    }
}
