//! Sums over windows, as of average pooling, on vectors of channels; scalars divide and round them.

use afp_ir::{
    diag::Diagnostic,
    dialect::{Element, view::Pool},
    mlir::{Op, Type},
};
use afp_target::Vectors;

use super::{
    Lowering,
    calls::Destination,
    epilogue::{Channels, Order, flat_index},
    group,
    places::bytes_of,
    scope,
    strategy::{Choice, Tile},
    tree::{self, parts, shape_of},
    windows::Windows,
};

/// The windows of a group that is nothing but their sums, rounded.
fn pooled(op: Op) -> Option<Op> {
    let pool = op.operand(0).def_as("afp.sum_pool2d")?;
    let stored = matches!(Element::of(pool.operand(0).ty()), Element::Float(_));
    let is_computed = pool.operand(0).def_as("afp.constant").is_none();
    (stored && is_computed && tree::proven_bits(op) <= 31).then_some(pool)
}

/// The tile for a machine's vectors: one of them. None where they cannot compute the group.
pub fn tile(op: Op, vectors: &Vectors) -> Option<Tile> {
    let channels = shape_of(pooled(op)?.result(0)).last().copied()?;
    let lanes =
        [16, 8, 4].into_iter().find(|lanes| lanes * 32 <= i64::from(vectors.bits) && *lanes <= channels);
    lanes.map(|lanes| Tile { pixels: 1, vectors: 1, lanes })
}

/// Adds the kernels of a group and their calls.
pub(super) fn convert(lowering: &mut Lowering, op: Op, tile: Tile) -> Result<(), Diagnostic> {
    let misfit = || tree::misfit(op, "sums over windows, of as many channels as a vector has lanes, or more");
    let pool = pooled(op).ok_or_else(misfit)?;
    let windows = Windows::of_pool(&Pool::of(pool).map_err(|_| misfit())?, &shape_of(pool.operand(0)));
    let shape = shape_of(pool.result(0));
    let &[images, rows, columns, count] = &shape[..] else { return Err(misfit()) };
    if tile.lanes > count {
        return Err(misfit());
    }
    let layout = scope::layout(lowering, pool.operand(0), op)?;
    let vectors = parts(count, tile.lanes);
    let channels = Channels { count, lanes: tile.lanes, vectors, order: Order::Plain };
    let ty = Type::memref(&shape, Type::int(op.ctx(), 32));
    let sums = lowering.view(lowering.allocate(bytes_of(ty)), 0, ty);
    let items = images * rows * columns * vectors;
    lowering.kernel(op, &[pool.operand(0)], items, Destination::Memory(sums), |scope, k| {
        let (memory, sums) = (k.flat(scope.operands[0]), k.flat(scope.result));
        k.fold(scope.from, scope.to, &[], |k, item, _| {
            let at = scope::split_index(k, item, &[images, rows, columns, vectors]);
            let channel = channels.start_value(k, at[3]);
            let zero = k.constant(Type::vector(tile.lanes, k.int(32)), 0);
            let sum = windows.fold(k, &at[1..3], zero, |k, [y, x], _, sum| {
                let stored =
                    k.vector_load(memory, flat_index(k, &layout, [at[0], y, x], channel), tile.lanes);
                k.add(sum, layout.integer(k, stored, 32))
            });
            let pixel = k.binary("arith.divui", item, k.index(vectors));
            k.vector_store(sum, sums, k.add(k.mul(pixel, k.index(count)), channel));
            Vec::new()
        });
        Ok(())
    })?;
    group::convert_from(lowering, op, &[], Choice::PORTABLE, Some((pool, sums)))
}
