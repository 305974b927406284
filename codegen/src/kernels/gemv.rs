//! One row times a matrix of weights that stay packed in memory, and are decoded in registers.
//!
//! A matrix that no cache holds between two calls is read once in each, and what a call takes is the time of its bytes:
//! weights of five bits are five eighths of those of a byte. Decoding a vector of weights takes three instructions
//! (`afpk.unpack`), which the machine does while it waits for memory.
//!
//! A block of channels is a few vectors; at each step four neighbouring inputs are broadcast and multiplied with the
//! weights of all its channels, as [`super::direct`] does. Weights lie as `[blocks][kernel rows][steps][vectors]`, and
//! for each vector the codes of `[lanes][ways]` without gaps, so that all of a thread's weights are one stream.

use afp_ir::{
    diag::Diagnostic,
    mlir::{Op, Value},
    numerics::Format,
};
use afp_target::{Dot, Vectors};

use super::{
    Lowering,
    builder::Kernel,
    epilogue::{Channels, Epilogue, Order, Spot},
    geometry::{self, Geometry, Problem, Steps},
    rows::Rows,
    scope::Scope,
    strategy::Tile,
    tree::{self, parts},
};

/// Lanes of a vector.
const LANES: i64 = 16;
/// Products of a lane.
const WAYS: i64 = 4;
/// Codes of a vector, and bytes of a register.
const CODES: i64 = LANES * WAYS;
/// How far ahead weights are asked for, in bytes. A 4096 x 4096 matrix of five bits takes 364 us with 1024, 353 with
/// 2048, 358 to 364 with 4096 to 16384, and 540 without.
const AHEAD: i64 = 2048;
/// Bytes of all weights of a program, expanded, from which the second-level cache is taken to hold no matrix from one
/// call to the next. With one of 2 MB, whole bytes against packed weights of five bits take 8.6 against 13.7 us for a
/// matrix of 1 MB, 19 to 27 against 22 for 1.5 MB, 37 against 29 for 2 MB, and 141 against 63 for 4 MB.
pub const PACKED_FROM: u64 = 3 << 19;
/// Bytes of a line of the caches.
const LINE: i64 = 64;

/// The tile that suits a contraction: one pixel on some vectors of channels. None where weights cannot stay packed.
pub fn tile(geometry: &Geometry, vectors: &Vectors) -> Option<Tile> {
    if !vectors.vbmi || vectors.dot != Dot::Vnni || vectors.bits != 512 {
        return None;
    }
    let tile = |vectors| Tile::new(1, vectors, LANES);
    // Decoding takes three cycles of a vector, a step at least what a dot product waits for the one before.
    let cycles = |&vectors: &i64| parts(parts(geometry.outputs, LANES), vectors) * ((3 * vectors).max(5) + 1);
    let fits = |&vectors: &i64| is_fit(geometry, tile(vectors));
    // More than four are for numbers of channels that fewer do not divide as they must.
    let few = (1..=4).filter(fits).min_by_key(cycles);
    few.or_else(|| (5..=8).filter(fits).min_by_key(cycles)).map(tile)
}

/// Whether a tile can compute a contraction.
fn is_fit(geometry: &Geometry, tile: Tile) -> bool {
    let stored = &geometry.input;
    // Where the last vector overlaps its neighbour, both belong to one block.
    let together = geometry.outputs % LANES == 0 || (geometry.outputs / LANES) % tile.vectors != 0;
    geometry.pixels == [1; 3]
        && geometry.ways() == WAYS
        && !stored.storage.is_signed(stored.format)
        && geometry.outputs >= LANES
        && (tile.pixels, tile.lanes) == (1, LANES)
        && together
        && tree::coded(geometry.op.operand(1), geometry.op).is_ok_and(|ty| ty.format.width() < 8)
}

/// Adds the kernel of a group and its call.
pub(super) fn convert(lowering: &mut Lowering, op: Op, tile: Tile) -> Result<(), Diagnostic> {
    let problem = Problem::of(lowering, op, tile.lanes)?;
    if !is_fit(&problem.geometry, tile) {
        let expected = "one row of bytes without a sign, and weights of at most 7 bits on 16 lanes";
        return Err(tree::misfit(op, expected));
    }
    let outputs = problem.geometry.outputs;
    let items = parts(parts(outputs, LANES), tile.vectors);
    let channels =
        Channels { count: outputs, lanes: LANES, vectors: items * tile.vectors, order: Order::Plain };
    problem.convert(lowering, items, channels, |scope, k, geometry, epilogue, memory| {
        let rows = Rows::of(geometry.op)?;
        let format = rows.format;
        Writer { geometry, vectors: tile.vectors, format, channels, epilogue, memory }.write(scope, k, &rows)
    })
}

/// A kernel being written.
struct Writer {
    geometry: Geometry,
    /// Vectors of a block.
    vectors: i64,
    format: Format,
    channels: Channels,
    epilogue: Epilogue,
    memory: Value,
}

impl Writer {
    fn write(&self, scope: &mut Scope<'_>, k: &Kernel, rows: &Rows) -> Result<(), Diagnostic> {
        let corrections = self.geometry.corrections(&self.geometry.weights()?)?;
        let initial = self.channels.packed(&self.epilogue.initial(&corrections)?);
        let initial = scope.constant("bias", &[initial.len() as i64], k.int(32), &initial);
        let packed = self.packed(&rows.codes);
        let filters = scope.constant("weights", &[packed.len() as i64], k.int(8), &packed);
        let mut outcome = Ok(());
        k.fold(scope.from, scope.to, &[], |k, block, _| {
            outcome = self.block(scope, k, (filters, initial), block);
            Vec::new()
        });
        outcome
    }

    /// Bytes of the weights of a vector.
    fn bytes(&self) -> i64 {
        i64::from(self.format.width()) * CODES / 8
    }

    /// Steps of a block.
    fn steps(&self) -> i64 {
        self.geometry.all_steps().iter().product()
    }

    /// The codes in the order of the steps, and what a register reads behind the last of them.
    fn packed(&self, codes: &[i64]) -> Vec<i64> {
        let geometry = &self.geometry;
        let [rows, columns, steps] = geometry.all_steps();
        let mut bytes = Vec::new();
        let mut fields = Vec::new();
        for block in 0..self.channels.vectors / self.vectors {
            for (ky, column, step) in geometry::triples([rows, columns, steps]) {
                for lane in 0..self.vectors * LANES {
                    let output = self.channels.channel(block * self.vectors * LANES + lane);
                    let code = |way| geometry.weight(codes, output, [ky, column], step * WAYS + way);
                    fields.extend((0..WAYS).map(code));
                }
                pack(&fields, self.format, &mut bytes);
                fields.clear();
            }
        }
        bytes.resize(bytes.len() + (CODES - self.bytes()) as usize, 0);
        bytes
    }

    /// Computes the channels of a block.
    fn block(
        &self,
        scope: &mut Scope<'_>,
        k: &Kernel,
        (filters, initial): (Value, Value),
        block: Value,
    ) -> Result<(), Diagnostic> {
        let panel = self.vectors * self.bytes();
        let size = self.steps() * panel;
        let last = self.channels.vectors / self.vectors * size - panel;
        let vectors: Vec<Value> = (0..self.vectors)
            .map(|vector| k.add(k.mul(block, k.index(self.vectors)), k.index(vector)))
            .collect();
        let at_sums = |&vector: &Value| k.vector_load(initial, k.mul(vector, k.index(LANES)), LANES);
        let sums: Vec<Value> = vectors.iter().map(at_sums).collect();

        let pixel = [k.index(0); 3];
        let from = (self.geometry.window(k, pixel), k.mul(block, k.index(size)));
        let sums =
            self.geometry.walk(k, from, Steps::single(panel, 0), &sums, |k, (inputs, weights), _, sums| {
                let ahead = k.min(k.add(weights, k.index(AHEAD)), k.index(last));
                for line in 0..parts(panel, LINE) {
                    k.prefetch(filters, k.add(ahead, k.index(line * LINE)));
                }
                let word = k.vector_bitcast(k.vector_load(self.memory, inputs, WAYS), 32);
                let input = k.vector_bitcast(k.broadcast(word, LANES), 8);
                let add = |(vector, &sum): (i64, &Value)| {
                    let at = k.add(weights, k.index(vector * self.bytes()));
                    let codes = k.vector_load(filters, at, CODES);
                    k.dot(sum, &[[input, k.unpack(codes, self.format)]], (true, false))
                };
                (0..).zip(sums).map(add).collect()
            });

        let spot = |&vector: &Value| Spot {
            pixel,
            behind: [0, 0],
            vector,
            channel: self.channels.start_value(k, vector),
        };
        let spots: Vec<(Value, Spot)> = sums.into_iter().zip(vectors.iter().map(spot)).collect();
        self.epilogue.store(scope, k, &spots, self.vectors as usize)
    }
}

/// Codes without gaps, the first in the low bits: of each eight as many bytes as they have bits.
fn pack(codes: &[i64], format: Format, bytes: &mut Vec<i64>) {
    let (width, mask) = (format.width(), u64::from(format.code_count()) - 1);
    for eight in codes.chunks(8) {
        let field = |(at, &code): (u32, &i64)| (code as u64 & mask) << (at * width);
        let word: u64 = (0..).zip(eight).map(field).sum();
        bytes.extend(word.to_le_bytes()[..width as usize].iter().map(|&byte| i64::from(byte)));
    }
}

#[cfg(test)]
mod tests {
    use afp_ir::mlir::Session;
    use afp_target::Target;

    use super::*;
    use crate::kernels::layout::{Layout, Storage};

    const PROGRAM: &str = "
        func.func @f(%x: tensor<1x8x!afp.float<ue0m8, exp = 0>>) -> tensor<1x16x!afp.exact> {
          %w = afp.constant dense<1> : tensor<16x8xi8> : tensor<16x8x!afp.float<FORMAT, exp = 0>>
          %0 = afp.fully_connected %x, %w : (tensor<1x8x!afp.float<ue0m8, exp = 0>>,
            tensor<16x8x!afp.float<FORMAT, exp = 0>>) -> tensor<1x16x!afp.exact>
          return %0 : tensor<1x16x!afp.exact>
        }";

    /// What is chosen for a product of one row with weights of a format, of some outputs each.
    fn tiles(format: &str, target: &str, outputs: impl Iterator<Item = i64>) -> Vec<(i64, Option<Tile>)> {
        let session = Session::new();
        let text = PROGRAM.replace("FORMAT", format);
        let module = session.parse("test.mlir", text.as_bytes()).expect("the test's module");
        let op = module.op().descendants().into_iter().find(|op| op.is("afp.fully_connected"));
        let op = op.expect("a product");
        let mut input = Layout::plain(op.operand(0)).expect("codes");
        input.storage = Storage::Integer { offset: 0 };
        let mut geometry = Geometry::of(op, input, true).expect("a geometry");
        let target = Target::listed(target).expect("a target");
        let tile = |outputs| {
            geometry.outputs = outputs;
            (outputs, tile(&geometry, &target.vectors))
        };
        outputs.map(tile).collect()
    }

    #[test]
    fn blocks_have_few_vectors_and_no_two_the_same_channels() {
        for (outputs, tile) in tiles("e2m2", "x86-64-v4+vbmi", 1..3000) {
            assert_eq!(tile.is_some(), outputs >= 16, "{outputs}");
            let Some(Tile { pixels, vectors, lanes, .. }) = tile else { continue };
            assert_eq!((pixels, lanes), (1, 16));
            let (overlaps, last) = (outputs % lanes != 0, parts(outputs, lanes) - 1);
            assert!(!overlaps || last / vectors == (last - 1) / vectors, "{outputs} by {vectors}");
            assert!(vectors <= 4 || (overlaps && (outputs / lanes) % 12 == 0), "{outputs} by {vectors}");
        }
    }

    #[test]
    fn weights_of_a_byte_and_machines_without_lookups_are_left_to_others() {
        let is_chosen = |format: &str, target: &str| tiles(format, target, 64..65)[0].1.is_some();
        for format in ["ue0m1", "e0m3", "e2m1", "e2m2", "e2m3", "e3m0", "e2m4", "ue0m7"] {
            assert!(is_chosen(format, "x86-64-v4+vbmi") && is_chosen(format, "x86-64-v4+amx"), "{format}");
            assert!(
                !is_chosen(format, "x86-64-v4+vnni") && !is_chosen(format, "aarch64+dotprod"),
                "{format}"
            );
        }
        for format in ["e0m7", "e3m2", "ue0m8"] {
            assert!(!is_chosen(format, "x86-64-v4+vbmi"), "{format}");
        }
    }

    #[test]
    fn packed_codes_of_every_width_are_read_back() {
        for width in 1..=7u8 {
            let format = Format::fixed(false, width);
            let mask = (1 << width) - 1;
            let codes: Vec<i64> = (0..128).map(|i| (i * 37 + i / 3) & mask).collect();
            let mut bytes = Vec::new();
            pack(&codes, format, &mut bytes);
            assert_eq!(bytes.len(), 16 * usize::from(width));
            for (i, &code) in codes.iter().enumerate() {
                let bit = i * usize::from(width);
                let next = bytes.get(bit / 8 + 1).copied().unwrap_or(0);
                assert_eq!((bytes[bit / 8] | next << 8) >> (bit % 8) & mask, code, "width {width}, code {i}");
            }
        }
    }
}
