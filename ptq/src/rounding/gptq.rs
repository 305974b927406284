//! GPTQ (Frantar, Ashkboos, Hoefler and Alistarh, ICLR 2023) on the grid of a format.
//!
//! Weights of a channel are rounded one after the other; what each loses is made up for by those that
//! follow, such that `d H d^T` grows least. With `H^-1 = M^T M`, the loss of weight `j` is `e = (w - q) /
//! M[j][j]`, and what follows changes by `-e M[j][i]`.
//!
//! Changes are applied late, a batch of weights at a time, so that most of the work is a matrix product.

use super::{
    grid::Grid,
    lanes::{LANES, Lanes, round_batch, subtract_products},
    prepared::Group,
};

/// Weights that are rounded before what they lost reaches the rest.
const BATCH: usize = 32;

/// Rounds rows, given in units of their scale and in the group's order.
pub fn propagate(weights: &mut [Lanes], group: &Group, grid: &Grid) {
    let size = weights.len();
    let mut errors = vec![[0.0; LANES]; size];
    let mut end = size;
    while end > 0 {
        let start = end.saturating_sub(BATCH);
        let rows = &group.factor[start * size + start..];
        round_batch(&mut weights[start..end], &mut errors[start..end], rows, size, grid);
        subtract_products(&mut weights[..start], &group.factor[start..], size, &errors[start..end]);
        end = start;
    }
}
