//! GPTQ (Frantar, Ashkboos, Hoefler and Alistarh, ICLR 2023) on the grid of a format, and a polish by
//! coordinate descent.
//!
//! Weights of a channel are rounded one after the other; what each loses is made up for by those that
//! follow, so that the output changes least: with `d = q - w`, `d H d^T` is to be small, `H` the second moment
//! of what the channel reads. Descent then moves single weights to neighbours while that falls.

use super::{factor::dot, grid::Grid};

/// A group's matrices, in the order in which weights are rounded: by falling second moment.
pub struct Group {
    /// `order[i]` is the place in a row of the weight that is rounded as number `i`.
    pub order: Vec<usize>,
    /// The damped second moments, row-major, in that order.
    pub moments: Vec<f64>,
    /// `U` with `H^-1 = U^T U`.
    pub factor: Vec<f64>,
}

/// Weights in units of their scale, in a group's order, and what they become.
pub struct Row {
    /// The weights.
    pub target: Vec<f64>,
    /// Integers of the grid.
    pub rounded: Vec<f64>,
}

impl Row {
    /// Rounds the weights, each error made up for by the following ones.
    pub fn propagate(target: Vec<f64>, group: &Group, grid: &Grid) -> Self {
        let mut rounded = target.clone();
        on_widest(&mut rounded, &group.factor, grid);
        Self { target, rounded }
    }

    /// Rounds each weight for itself.
    pub fn nearest(target: Vec<f64>, grid: &Grid) -> Self {
        let rounded = target.iter().map(|&w| grid.nearest(w)).collect();
        Self { target, rounded }
    }

    /// Moves weights to neighbours on the grid while the error falls, for at most `sweeps` passes; gives the
    /// error.
    pub fn descend(&mut self, group: &Group, grid: &Grid, sweeps: u32) -> f64 {
        let size = self.target.len();
        let row = |j: usize| &group.moments[j * size..(j + 1) * size];
        let mut difference: Vec<f64> = self.rounded.iter().zip(&self.target).map(|(q, w)| q - w).collect();
        let mut gradient: Vec<f64> = (0..size).map(|j| dot(row(j), &difference)).collect();
        for _ in 0..sweeps {
            let mut moved = false;
            for j in 0..size {
                let curvature = group.moments[j * size + j];
                let at = self.rounded[j];
                let move_to = |above: bool| {
                    let step = grid.next(at, above) - at;
                    (step * step * curvature + 2.0 * step * gradient[j], step)
                };
                // The error falls only against the gradient.
                let (change, step) = move_to(gradient[j] < 0.0);
                if step == 0.0 || change >= -1e-12 * curvature {
                    continue;
                }
                self.rounded[j] += step;
                difference[j] += step;
                super::factor::add_multiple(&mut gradient, step, row(j));
                moved = true;
            }
            if !moved {
                break;
            }
        }
        dot(&difference, &gradient)
    }
}

/// Runs [`sequence`] on the widest vectors that the machine has. Products and sums are rounded one by one
/// on every machine, so the result is the same.
fn on_widest(row: &mut [f64], factor: &[f64], grid: &Grid) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
        fn wide(row: &mut [f64], factor: &[f64], grid: &Grid) {
            sequence(row, factor, grid);
        }
        #[target_feature(enable = "avx2")]
        fn medium(row: &mut [f64], factor: &[f64], grid: &Grid) {
            sequence(row, factor, grid);
        }
        use std::arch::is_x86_feature_detected as has;
        if has!("avx512f") && has!("avx512vl") && has!("avx512dq") {
            // The processor has what the function is compiled for.
            return unsafe { wide(row, factor, grid) };
        }
        if has!("avx2") {
            return unsafe { medium(row, factor, grid) };
        }
    }
    sequence(row, factor, grid);
}

#[inline(always)]
fn sequence(row: &mut [f64], factor: &[f64], grid: &Grid) {
    let size = row.len();
    for j in 0..size {
        let rounded = grid.nearest(row[j]);
        let error = (row[j] - rounded) / factor[j * size + j];
        row[j] = rounded;
        super::factor::add_multiple(&mut row[j + 1..], -error, &factor[j * size + j + 1..(j + 1) * size]);
    }
}
