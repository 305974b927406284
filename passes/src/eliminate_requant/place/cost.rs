//! What a conversion costs, beside what moving elements costs, in integer operations on one element.
//!
//! The loops of conversions and movement are alike on every target: one element after the other, in scalar
//! registers. So their costs are counted in what they execute, and targets differ by a factor that all have
//! in common.

use afp_ir::{
    dialect::view::Pool,
    mlir::{Op, Value},
    numerics::Format,
};

use super::super::codes::Map;
use crate::graph;

/// A load, a store, and the indices.
const MOVE: u64 = 4;

/// What an encode of codes costs an element.
pub(super) fn of_conversion(map: &Map) -> u64 {
    // Fixed point decodes by extending its sign and encodes by a shift and two limits; other formats take
    // their fields apart, and find the leading one.
    let decode = |format: Format| if format.exp_bits() == 0 { 1 } else { 5 };
    let encode = |format: Format| if format.exp_bits() == 0 { 5 } else { 14 };
    let divide = if map.divisor == 1 { 0 } else { 12 };
    let extremes = (map.to.format.min_code(), map.to.format.max_code());
    let limit = if (map.lo, map.hi) == extremes { 0 } else { 2 };
    MOVE + decode(map.from.format) + encode(map.to.format) + divide + limit
}

/// What an operator that moves elements costs for each element of its result.
pub(super) fn of_movement(op: Op) -> u64 {
    match op.name().as_str() {
        "afp.reshape" => 0,
        "afp.max_pool2d" => {
            let window = Pool::of(op).map_or(1, |pool| pool.kernel.iter().product::<i64>());
            2 * MOVE * u64::try_from(window).unwrap_or(1).clamp(1, 1 << 16)
        }
        "afp.pad" => 2 * MOVE,
        _ => MOVE,
    }
}

/// The number of elements of a value.
pub(super) fn elements(value: Value) -> u64 {
    graph::shape(value).iter().map(|&size| size.unsigned_abs()).fold(1, u64::saturating_mul)
}
