//! Factors of a symmetric positive definite matrix, and of its inverse.
//!
//! `H = C C^T` with a lower triangular `C` (Cholesky), and `M = C^-1`, so `H^-1 = M^T M`. GPTQ reads the
//! columns of `M`: they are what [`inverse_factor`] yields as rows. The factors of a leading part of `H` are
//! the leading parts of the factors, so weights are eliminated from the last to the first.
//!
//! Both are computed by panels of [`LANES`] columns. Each element is a sum over its index in rising order,
//! whatever thread forms it.

use rayon::prelude::*;

use super::lanes::{LANES, Lanes, side_by_side, subtract_products};

/// Rows that a thread takes at a time.
const ROWS: usize = 64;

/// Replaces the lower triangle of `H`, row-major, by that of `C` with `H = C C^T`. False if `H` is not
/// positive definite as far as `f64` can tell; its contents are of no use then.
pub fn factorize(h: &mut [f64], size: usize) -> bool {
    for start in (0..size).step_by(LANES) {
        let width = LANES.min(size - start);
        let (head, below) = h.split_at_mut((start + width) * size);
        let panel = &mut head[start * size..];
        let known = side_by_side(width, start, |lane, k| panel[lane * size + k]);
        let Some(diagonal) = factorize_diagonal(panel, start, width, &known, size) else { return false };
        let finish = |rows: &mut [f64]| {
            let mut sums = part(rows, start, width, size);
            subtract_products(&mut sums, rows, size, &known);
            for (row, mut sums) in rows.chunks_exact_mut(size).zip(sums) {
                for (c, (pivot, column)) in diagonal.iter().enumerate() {
                    let element = sums[c] / pivot;
                    row[start + c] = element;
                    for lane in 0..LANES {
                        sums[lane] -= element * column[lane];
                    }
                }
            }
        };
        below.par_chunks_mut(ROWS * size).for_each(finish);
    }
    true
}

/// Columns `start .. start + width` of rows, side by side.
fn part(rows: &[f64], start: usize, width: usize, size: usize) -> Vec<Lanes> {
    side_by_side(width, rows.len() / size, |lane, row| rows[row * size + start + lane])
}

/// Factors the block of a panel that lies on the diagonal. Gives, by column, its pivot and what lies below.
fn factorize_diagonal(
    panel: &mut [f64],
    start: usize,
    width: usize,
    known: &[Lanes],
    size: usize,
) -> Option<Vec<(f64, Lanes)>> {
    let mut sums = part(panel, start, width, size);
    subtract_products(&mut sums, panel, size, known);
    let mut columns = Vec::with_capacity(width);
    for c in 0..width {
        let pivot = sums[c][c];
        if !pivot.is_finite() || pivot <= 0.0 {
            return None;
        }
        let pivot = pivot.sqrt();
        let mut column = [0.0; LANES];
        for row in c + 1..width {
            column[row] = sums[row][c] / pivot;
        }
        for row in c + 1..width {
            let element = column[row];
            for lane in c + 1..=row {
                sums[row][lane] -= element * column[lane];
            }
            panel[row * size + start + c] = element;
        }
        panel[c * size + start + c] = pivot;
        columns.push((pivot, column));
    }
    Some(columns)
}

/// The columns of `C^-1`, one after the other: element `i` of column `j` at `[j * size + i]`, zero for
/// `i < j`.
pub fn inverse_factor(c: &[f64], size: usize) -> Vec<f64> {
    let mut inverse = vec![0.0; size * size];
    inverse.par_chunks_mut((LANES * size).max(1)).enumerate().for_each(|(panel, columns)| {
        let start = panel * LANES;
        let mut x: Vec<Lanes> = Vec::with_capacity(size - start);
        for from in (start..size).step_by(LANES) {
            let rows = LANES.min(size - from);
            let unit = |row: usize| std::array::from_fn(|lane| f64::from(u8::from(row == start + lane)));
            let mut sums: Vec<Lanes> = (from..from + rows).map(unit).collect();
            subtract_products(&mut sums, &c[from * size + start..], size, &x);
            for row in 0..rows {
                let elements = &c[(from + row) * size + from..][..row + 1];
                let (done, rest) = sums.split_at_mut(row);
                for (&element, done) in elements.iter().zip(done) {
                    for lane in 0..LANES {
                        rest[0][lane] -= element * done[lane];
                    }
                }
                rest[0].iter_mut().for_each(|sum| *sum /= elements[row]);
            }
            x.extend(sums);
        }
        for (lane, column) in columns.chunks_exact_mut(size).enumerate() {
            for (element, x) in column[start..].iter_mut().zip(&x) {
                *element = x[lane];
            }
        }
    });
    inverse
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// A symmetric positive definite matrix.
    fn matrix(size: usize) -> Vec<f64> {
        let mut random = Random::new(size as u64);
        let x: Vec<f64> = (0..size * (size + 5)).map(|_| random.unit() - 0.5).collect();
        let mut h = vec![0.0; size * size];
        for row in x.chunks_exact(size) {
            for i in 0..size {
                for j in 0..size {
                    h[i * size + j] += row[i] * row[j];
                }
            }
        }
        h
    }

    #[test]
    fn the_factors_reconstruct_a_matrix_and_its_inverse() {
        for size in [1, 2, 3, 9, 15, 16, 17, 40, 97] {
            let h = matrix(size);
            let mut c = h.clone();
            assert!(factorize(&mut c, size));
            let inverse = inverse_factor(&c, size);
            for i in 0..size {
                for j in 0..=i {
                    let product: f64 = (0..=j).map(|k| c[i * size + k] * c[j * size + k]).sum();
                    assert!((product - h[i * size + j]).abs() < 1e-12 * size as f64, "{size} {i} {j}");
                    // M C = 1.
                    let one: f64 = (j..=i).map(|k| inverse[k * size + i] * c[k * size + j]).sum();
                    assert!((one - f64::from(u8::from(i == j))).abs() < 1e-9, "{size} {i} {j} {one}");
                    assert!(i == j || inverse[i * size + j] == 0.0);
                }
            }
        }
        assert!(inverse_factor(&[], 0).is_empty());
    }

    #[test]
    fn what_is_not_positive_definite_is_refused() {
        for mut h in [
            vec![1.0, 2.0, 2.0, 1.0],
            vec![0.0, 0.0, 0.0, 1.0],
            vec![1.0, f64::NAN, f64::NAN, 1.0],
            vec![f64::INFINITY, 0.0, 0.0, 1.0],
        ] {
            assert!(!factorize(&mut h, 2), "{h:?}");
        }
    }
}
