//! Coordinate descent: weights move to neighbours on the grid while the error falls.
//!
//! A step `s` of weight `j` changes `d H d^T` by `s^2 H[j][j] + 2 s (H d)[j]`. `H d` is kept up to date, at
//! the cost of one row of `S` per move, so a pass costs little where few weights move.

use super::{
    grid::Grid,
    lanes::{add_multiple, dot},
    matrix::Matrix,
};

/// What a move must gain, relative to the curvature: less is noise of the sums.
const LEAST_GAIN: f64 = 1e-12;

/// A channel in units of its scale.
#[derive(Clone, Debug)]
pub struct Row {
    /// Integers of the grid.
    pub rounded: Vec<f64>,
    /// `d = q - w`.
    pub difference: Vec<f64>,
    /// `S d`.
    pub gradient: Vec<f64>,
}

/// Moves weights for at most `sweeps` passes, those of the greatest importance first: `order` holds them
/// last. No row gets worse, as the damped form of the matrix counts.
pub fn descend(rows: &mut [Row], matrix: &Matrix<'_>, order: &[usize], grid: &Grid, sweeps: u32) {
    let mean: Vec<f64> = (0..order.len()).map(|i| matrix.mean(i)).collect();
    let mut shifts: Vec<f64> = rows.iter().map(|row| dot(&row.difference, &mean)).collect();
    for _ in 0..sweeps {
        let mut moved = false;
        for &j in order.iter().rev() {
            let curvature = matrix.element(j, j).max(0.0) + matrix.damping;
            for (row, shift) in rows.iter_mut().zip(&mut shifts) {
                let slope = row.gradient[j] - *shift * mean[j] + matrix.damping * row.difference[j];
                let at = row.rounded[j];
                // The error falls only against the slope.
                let step = grid.next(at, slope < 0.0) - at;
                let change = step * (step * curvature + 2.0 * slope);
                if step == 0.0 || change >= -LEAST_GAIN * curvature || change.is_nan() {
                    continue;
                }
                row.rounded[j] += step;
                row.difference[j] += step;
                *shift += step * mean[j];
                add_multiple(&mut row.gradient, step, matrix.row(j));
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
}
