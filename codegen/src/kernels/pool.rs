//! Windows on vectors of channels: sums, as of average pooling, which scalars divide and round; and maxima.

use afp_ir::{
    diag::Diagnostic,
    dialect::{Element, view::Pool},
    mlir::{Op, Type},
};
use afp_target::Vectors;

use super::{
    Lowering,
    builder::vector,
    calls::Destination,
    epilogue::{Channels, Order, flat_index},
    group,
    layout::Storage,
    movement::moved,
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
    let pool = if op.is("afp.max_pool2d") { op } else { pooled(op)? };
    let channels = shape_of(pool.result(0)).last().copied()?;
    let lanes =
        [16, 8, 4].into_iter().find(|lanes| lanes * 32 <= i64::from(vectors.bits) && *lanes <= channels);
    lanes.map(|lanes| Tile::new(1, 1, lanes))
}

/// Adds the kernel of a maximum over windows and its call. What is stored is compared as it is.
pub(super) fn maximum(lowering: &mut Lowering, op: Op, tile: Tile) -> Result<(), Diagnostic> {
    let misfit =
        || tree::misfit(op, "maxima of integers, of as many channels as a vector has lanes, or more");
    let shape = shape_of(op.result(0));
    let pool = Pool::of(op).map_err(|_| misfit())?;
    let windows = Windows::of_pool(&pool, &shape_of(op.operand(0)), &shape);
    let &[images, rows, columns, count] = &shape[..] else { return Err(misfit()) };
    let from = scope::layout(lowering, op.operand(0), op)?;
    let to = scope::layout(lowering, op.result(0), op)?;
    let is_integer = matches!(from.storage, Storage::Integer { .. });
    if !is_integer || tile.lanes > count {
        return Err(misfit());
    }
    let bits = from.bits();
    let mut lanes = tile.lanes * 32 / i64::from(bits);
    while lanes > count {
        lanes /= 2;
    }
    let vectors = parts(count, lanes);
    let channels = Channels { count, lanes, vectors, order: Order::Plain };
    let largest = if from.storage.is_signed(from.format) { "arith.maxsi" } else { "arith.maxui" };
    let least = from.format.int_min() + from.zero();
    let least = if bits == 8 { i64::from(least as i8) } else { i64::from(least as i16) };
    let items = images * rows;
    lowering.kernel(op, &[op.operand(0)], items, Destination::Buffer, |scope, k| {
        let (memory, result) = (k.flat(scope.operands[0]), k.flat(scope.result));
        k.fold(scope.from, scope.to, &[], |k, item, _| {
            let at = scope::split_index(k, item, &[images, rows]);
            k.every(&[columns, vectors], |k, inner| {
                let channel = channels.start_value(k, inner[1]);
                let least = k.constant(vector(k, lanes, bits), least);
                let found = windows.fold(k, &[at[1], inner[0]], least, |k, [y, x], _, found| {
                    let place = flat_index(k, &from, [at[0], y, x], channel);
                    k.binary(largest, found, k.vector_load(memory, place, lanes))
                });
                let place = flat_index(k, &to, [at[0], at[1], inner[0]], channel);
                k.vector_store(moved(k, found, &from, &to), result, place);
            });
            Vec::new()
        });
        Ok(())
    })
}

/// Adds the kernels of a group and their calls.
pub(super) fn convert(lowering: &mut Lowering, op: Op, tile: Tile) -> Result<(), Diagnostic> {
    let misfit = || tree::misfit(op, "sums over windows, of as many channels as a vector has lanes, or more");
    let pool = pooled(op).ok_or_else(misfit)?;
    let shape = shape_of(pool.result(0));
    let geometry = Pool::of(pool).map_err(|_| misfit())?;
    let windows = Windows::of_pool(&geometry, &shape_of(pool.operand(0)), &shape);
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
