//! Products of two computed matrices, as in attention, by the tiles of [`super::direct`].
//!
//! The right operand takes the place of the weights, but is not known before the code runs. So a block of its columns
//! is packed into memory of the thread, in the order that tiles read weights, and then multiplied with all rows of the
//! left operand: `[steps][vectors][lanes][ways]`. What an offset of the stored left operand adds, the offset times the
//! sum of a column, is found on the way, by dot products with ones.
//!
//! Where the depth is no multiple of a step, the last step takes the last elements of a row, of which those that the
//! step before has taken are multiplied with zeros: nothing is read beyond the row, whatever its layout. A right operand
//! that fits no signed byte, of bytes without a sign or of 16 bits, is packed in 16 bits.

use afp_ir::{
    diag::Diagnostic,
    mlir::{Op, Type, Value},
};

use super::{
    Lowering, apart,
    builder::{Kernel, vector},
    depth,
    direct::{Block, Packed, Products, Tiles},
    epilogue::{self, Channels, Order},
    geometry::Problem,
    layout::{Layout, Storage},
    rows,
    scope::{self, Scope},
    strategy::Tile,
    tree::{self, parts, shape_of},
};

/// The least depth and number of columns that are multiplied on vectors: of a step of bytes, and of a vector.
const LEAST: i64 = 4;

/// Whether a group's product of computed matrices can take this way, whatever its operands' layouts become.
pub fn applicable(op: Op, contraction: Op) -> bool {
    let [left, right] = [0, 1].map(|index| contraction.operand(index));
    let is_computed = |value: Value| value.def_as("afp.constant").is_none();
    let is_small = tree::coded(right, op).is_ok_and(|ty| rows::integer_bits(ty.format) <= 16);
    (epilogue::applicable(op, contraction) || apart::applicable(op, contraction))
        && shape_of(right)[1..].iter().all(|&size| size >= LEAST)
        && is_small
        && is_computed(left)
        && is_computed(right)
}

/// Adds the kernel of a group and its call.
pub(super) fn convert(
    lowering: &mut Lowering,
    op: Op,
    contraction: Op,
    tile: Tile,
) -> Result<(), Diagnostic> {
    let right = contraction.operand(1);
    let layout = scope::layout(lowering, right, op)?;
    let fits = applicable(op, contraction) && matches!(layout.storage, Storage::Integer { .. });
    let problem = Problem::with(lowering, op, contraction, tile.lanes)?;
    if !fits || (tile.steps > 1 && problem.geometry.ways() != 4) {
        return Err(tree::misfit(
            op,
            "a product of integers on vectors, by steps that are taken one by one where they are no bytes",
        ));
    }
    if tile.depth > depth::of_computed(&problem.geometry) {
        return Err(tree::misfit(
            op,
            "a depth of as many steps as have sums of 16 bits, whatever the operands are",
        ));
    }
    let outputs = problem.geometry.outputs;
    let blocks = parts(parts(outputs, tile.lanes), tile.vectors);
    let channels =
        Channels { count: outputs, lanes: tile.lanes, vectors: blocks * tile.vectors, order: Order::Plain };
    let batches = problem.geometry.pixels[0];
    problem.convert(lowering, batches * blocks, channels, |scope, k, geometry, epilogue, memory| {
        let (_, columns) = epilogue.operand(right)?;
        let products = Products::Words;
        let tiles = Tiles { geometry: &geometry, tile, products, channels, epilogue: &epilogue, memory };
        Writer { tiles, layout: &layout, columns }.write(scope, k, [batches, blocks])
    })
}

/// A kernel being written.
struct Writer<'a> {
    tiles: Tiles<'a>,
    /// The right operand.
    layout: &'a Layout,
    columns: Value,
}

impl Writer<'_> {
    fn write(&self, scope: &mut Scope<'_>, k: &Kernel, items: [i64; 2]) -> Result<(), Diagnostic> {
        let Tiles { tile, epilogue, .. } = self.tiles;
        let sums = Type::memref(&[tile.vectors * tile.lanes], k.int(32));
        let packed = Packed {
            filters: scope.scratch(Type::memref(&[self.tiles.block()], k.int(self.bits()))),
            pairs_fit: depth::of_computed(self.tiles.geometry) > 0,
            initial: scope.scratch(sums),
            beyond: None,
        };
        // Nothing that is added to all sums differs from column to column.
        let start = epilogue.initial(&[0])?[0];
        let mut outcome = Ok(());
        k.fold(scope.from, scope.to, &[], |k, item, _| {
            let at = scope::split_index(k, item, &items);
            let vector = k.mul(at[1], k.index(tile.vectors));
            self.pack(k, packed, start, [at[0], vector]);
            let block = Block { vector, place: k.index(0), filters: k.index(0), initial: k.index(0) };
            outcome = self.tiles.row(scope, k, (packed, block), [at[0], k.index(0)], |_, _| None);
            Vec::new()
        });
        outcome
    }

    /// Bits of a packed element.
    fn bits(&self) -> u32 {
        32 / self.tiles.geometry.ways() as u32
    }

    /// Packs the columns of a block of a batch, and writes what their sums start from.
    fn pack(&self, k: &Kernel, packed: Packed, start: i64, [batch, first]: [Value; 2]) {
        let Tiles { geometry, tile: Tile { vectors, lanes, .. }, channels, .. } = self.tiles;
        let [depth, _] = geometry.channels;
        let (ways, panel) = (geometry.ways(), self.tiles.panel());
        let of_batch = k.mul(batch, k.index(depth * geometry.outputs));
        let from: Vec<Value> = (0..vectors)
            .map(|vector| k.add(of_batch, channels.start_value(k, k.add(first, k.index(vector)))))
            .collect();
        let offset = geometry.input.zero();
        let ones = (offset != 0).then(|| k.constant(vector(k, lanes * ways, self.bits()), 1));
        let step = |k: &Kernel, row: Value, used: i64, to: Value, sums: &[Value]| {
            let mut added = Vec::new();
            for (at, &from) in from.iter().enumerate() {
                let from = k.add(from, k.mul(row, k.index(geometry.outputs)));
                let words = self.words(k, from, used);
                k.vector_store(words, packed.filters, k.add(to, k.index(at as i64 * lanes * ways)));
                if let Some(ones) = ones {
                    added.push(k.dot(sums[at], &[[ones, words]], (self.tiles.is_unsigned(), true)));
                }
            }
            added
        };
        let zero = k.constant(vector(k, lanes, 32), 0);
        let sums = vec![zero; if ones.is_some() { vectors as usize } else { 0 }];
        let (whole, rest) = (depth / ways, depth % ways);
        let mut sums = k.fold(k.index(0), k.index(whole), &sums, |k, at, sums| {
            step(k, k.mul(at, k.index(ways)), ways, k.mul(at, k.index(panel)), sums)
        });
        if rest > 0 {
            sums = step(k, k.index(geometry.first_element(whole)), rest, k.index(whole * panel), &sums);
        }
        for at in 0..vectors {
            let start = k.like(zero, start);
            let initial = match sums.get(at as usize) {
                Some(&sum) => k.sub(start, k.mul(sum, k.like(sum, offset))),
                None => start,
            };
            k.vector_store(initial, packed.initial, k.index(at * lanes));
        }
    }

    /// The elements of a step for the lanes of a vector, packed: the last so many of its rows, before them zeros.
    fn words(&self, k: &Kernel, from: Value, used: i64) -> Value {
        let (geometry, bits) = (self.tiles.geometry, self.bits());
        let (ways, lanes) = (geometry.ways(), self.tiles.tile.lanes);
        let stored = &self.layout;
        let signed = stored.storage.is_signed(stored.format);
        let mut words = k.constant(vector(k, lanes, 32), 0);
        for way in ways - used..ways {
            let row = k.vector_load(self.columns, k.add(from, k.index(way * geometry.outputs)), lanes);
            // The offset is taken away in the element's own bits, which hold the integer.
            let row = k.resize(row, bits, signed);
            let row = if stored.zero() == 0 { row } else { k.sub(row, k.like(row, stored.zero())) };
            let wide = k.resize(row, 32, false);
            words = k.or(words, k.shl(wide, k.like(wide, way * i64::from(bits))));
        }
        k.vector_bitcast(words, bits)
    }
}

#[cfg(test)]
mod tests {
    use afp_ir::mlir::Session;

    use super::{
        super::{geometry::Geometry, layout::Layout},
        *,
    };

    #[test]
    fn steps_take_every_element_of_a_row_and_none_beyond() {
        for (left, ways) in [("e0m7", 4), ("e2m5", 2)] {
            for depth in 1..40 {
                let (a, b) = (format!("2x5x{depth}x!afp.float<{left}, exp = 0>"), format!("2x{depth}x8x!w"));
                let text = format!(
                    "!w = !afp.float<e0m7, exp = 0>
                    func.func @f(%a: tensor<{a}>, %b: tensor<{b}>) -> tensor<2x5x8x!afp.exact> {{
                      %0 = afp.matmul %a, %b : (tensor<{a}>, tensor<{b}>) -> tensor<2x5x8x!afp.exact>
                      return %0 : tensor<2x5x8x!afp.exact>
                    }}"
                );
                let session = Session::new();
                let module = session.parse("test.mlir", text.as_bytes()).expect("the test's module");
                let op = module.op().descendants().into_iter().find(|op| op.is("afp.matmul"));
                let op = op.expect("a product");
                let mut input = Layout::plain(op.operand(0)).expect("codes");
                input.storage = Storage::Integer { offset: 0 };
                let geometry = Geometry::of(op, input, true).expect("a geometry");
                assert_eq!((geometry.pixels, geometry.outputs), ([2, 1, 5], 8));
                assert_eq!((geometry.ways(), geometry.has_steps()), (ways, depth >= ways), "depth {depth}");
                let (columns, steps) = geometry.steps();
                assert_eq!((columns, steps), (1, parts(depth, ways)));
                if depth >= ways {
                    let firsts = (0..steps).map(|step| geometry.first_element(step));
                    let taken: Vec<i64> = firsts.flat_map(|first| first..first + ways).collect();
                    assert!((0..depth).all(|element| taken.contains(&element)), "depth {depth}");
                    assert!(taken.iter().all(|element| (0..depth).contains(element)), "depth {depth}");
                }
            }
        }
    }
}
