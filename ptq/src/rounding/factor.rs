//! The factor of a matrix's inverse that GPTQ propagates errors by.
//!
//! `H^-1 = U^T U` with an upper triangular `U`. With `R = U^-1`, also upper triangular, `H = R R^T`: a
//! Cholesky factorization that starts at the last row. So `U` is had without inverting `H`. Sums are formed
//! in eight parts of fixed order, which every machine adds alike.

/// `U` with `H^-1 = U^T U`, row-major, for a symmetric positive definite `H`; none if it is not that.
pub fn inverse_factor(h: &[f64], size: usize) -> Option<Vec<f64>> {
    let mut r = vec![0.0; size * size];
    for j in (0..size).rev() {
        let (head, row) = r.split_at_mut(j * size);
        let row = &mut row[..size];
        let pivot = h[j * size + j] - dot(&row[j + 1..], &row[j + 1..]);
        if !pivot.is_finite() || pivot <= 0.0 {
            return None;
        }
        let pivot = pivot.sqrt();
        row[j] = pivot;
        for (i, above) in head.chunks_exact_mut(size).enumerate() {
            above[j] = (h[i * size + j] - dot(&above[j + 1..], &row[j + 1..])) / pivot;
        }
    }
    Some(inverse_of_upper(&r, size))
}

/// The inverse of an upper triangular matrix: row `i` is `(e_i - sum over k > i of r[i][k] u[k]) / r[i][i]`.
fn inverse_of_upper(r: &[f64], size: usize) -> Vec<f64> {
    let mut u = vec![0.0; size * size];
    for i in (0..size).rev() {
        let (head, below) = u.split_at_mut((i + 1) * size);
        let row = &mut head[i * size..];
        for k in i + 1..size {
            let factor = -r[i * size + k];
            add_multiple(&mut row[k..], factor, &below[(k - i - 1) * size + k..(k - i) * size]);
        }
        row[i] = 1.0;
        let pivot = r[i * size + i];
        row[i..].iter_mut().for_each(|x| *x /= pivot);
    }
    u
}

/// The sum of products, in eight interleaved parts.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut parts = [0.0; 8];
    let (a_blocks, b_blocks) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a_blocks.remainder().iter().zip(b_blocks.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a_blocks.zip(b_blocks) {
        for n in 0..8 {
            parts[n] += x[n] * y[n];
        }
    }
    let [a, b, c, d, e, f, g, h] = parts;
    ((a + b) + (c + d)) + ((e + f) + (g + h)) + rest
}

/// `to += factor * from`.
#[inline(always)]
pub fn add_multiple(to: &mut [f64], factor: f64, from: &[f64]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += factor * from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn the_factor_reconstructs_the_inverse() {
        for size in [1, 2, 3, 9, 17, 40] {
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
            let u = inverse_factor(&h, size).unwrap();
            // U H U^T = 1.
            for i in 0..size {
                for j in 0..size {
                    let hu: Vec<f64> = (0..size)
                        .map(|a| dot(&h[a * size..(a + 1) * size], &u[j * size..(j + 1) * size]))
                        .collect();
                    let found = dot(&u[i * size..(i + 1) * size], &hu);
                    assert!((found - f64::from(u8::from(i == j))).abs() < 1e-8, "{size} {i} {j} {found}");
                }
            }
        }
        assert_eq!(inverse_factor(&[1.0, 2.0, 2.0, 1.0], 2), None);
    }
}
