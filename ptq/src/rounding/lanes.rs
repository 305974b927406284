//! Arithmetic on several rows of a matrix at once, one to a lane.
//!
//! Rows that are rounded against the same matrix go through the same sums: with their elements side by side
//! ([`Lanes`]), a coefficient is read once for all of them. The functions here are where the time goes; each
//! is compiled for several widths of vectors, and the widest that the machine has is taken.
//!
//! **Invariant.** Every product and every sum is rounded by itself, and each sum is formed in one order, that
//! of its index. So the width of the vectors, the number of rows and the number of threads change no bit.

use super::{grid::Grid, vector::Vector};

/// Rows that are computed together.
pub const LANES: usize = 16;

/// One element of each row.
pub type Lanes = [f64; LANES];

/// Calls a function that is compiled for the widest vectors that the machine has.
macro_rules! on_widest {
    ($body:ident($($argument:ident: $ty:ty),*)) => {{
        #[cfg(target_arch = "x86_64")]
        {
            #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
            fn wide($($argument: $ty),*) {
                $body::<super::vector::Wide>($($argument),*)
            }
            #[target_feature(enable = "avx2")]
            fn medium($($argument: $ty),*) {
                $body::<super::vector::Medium>($($argument),*)
            }
            use std::arch::is_x86_feature_detected as has;
            if has!("avx512f") && has!("avx512vl") && has!("avx512dq") {
                // The processor has what the function is compiled for.
                return unsafe { wide($($argument),*) };
            }
            if has!("avx2") {
                return unsafe { medium($($argument),*) };
            }
        }
        $body::<Lanes>($($argument),*)
    }};
}

/// `sums[t] -= sum over k of rows[t][k] * x[k]`, where row `t` starts at `rows[t * stride]`.
pub fn subtract_products(sums: &mut [Lanes], rows: &[f64], stride: usize, x: &[Lanes]) {
    on_widest!(products(sums: &mut [Lanes], rows: &[f64], stride: usize, x: &[Lanes]))
}

#[inline(always)]
fn products<V: Vector>(sums: &mut [Lanes], rows: &[f64], stride: usize, x: &[Lanes]) {
    if x.is_empty() {
        return;
    }
    let row = |t: usize| &rows[t * stride..][..x.len()];
    let mut at = 0;
    if V::ROWS >= 4 {
        while let Some([a, b, c, d]) = sums.get_mut(at..at + 4).and_then(|tile| tile.as_mut_array()) {
            let mut kept = [V::load(a), V::load(b), V::load(c), V::load(d)];
            let rows = row(at).iter().zip(row(at + 1)).zip(row(at + 2)).zip(row(at + 3));
            for ((((p, q), r), s), x) in rows.zip(x) {
                let x = V::load(x);
                kept = [kept[0].less(*p, x), kept[1].less(*q, x), kept[2].less(*r, x), kept[3].less(*s, x)];
            }
            let [p, q, r, s] = kept;
            p.store(a);
            q.store(b);
            r.store(c);
            s.store(d);
            at += 4;
        }
    }
    if V::ROWS >= 2 {
        while let Some([a, b]) = sums.get_mut(at..at + 2).and_then(|tile| tile.as_mut_array()) {
            let mut kept = [V::load(a), V::load(b)];
            for ((p, q), x) in row(at).iter().zip(row(at + 1)).zip(x) {
                let x = V::load(x);
                kept = [kept[0].less(*p, x), kept[1].less(*q, x)];
            }
            let [p, q] = kept;
            p.store(a);
            q.store(b);
            at += 2;
        }
    }
    while let Some(sum) = sums.get_mut(at) {
        V::load(sum).less_products(row(at), x).store(sum);
        at += 1;
    }
}

/// Rounds a batch of weights, the last one first. What each loses, divided by its pivot, goes to `errors`,
/// and is made up for by those that follow in the batch. `factor[i * stride ..]` is the row of the batch's
/// weight `i`.
pub fn round_batch(weights: &mut [Lanes], errors: &mut [Lanes], factor: &[f64], stride: usize, grid: &Grid) {
    on_widest!(batch(weights: &mut [Lanes], errors: &mut [Lanes], factor: &[f64], stride: usize, grid: &Grid))
}

#[inline(always)]
fn batch<V: Vector>(weights: &mut [Lanes], errors: &mut [Lanes], factor: &[f64], stride: usize, grid: &Grid) {
    for i in (0..weights.len()).rev() {
        let row = &factor[i * stride..][..weights.len()];
        let mut weight = weights[i];
        V::load(&weight).less_products(&row[i + 1..], &errors[i + 1..]).store(&mut weight);
        let (rounded, error) = (&mut weights[i], &mut errors[i]);
        for lane in 0..LANES {
            rounded[lane] = grid.nearest(weight[lane]);
        }
        for lane in 0..LANES {
            error[lane] = (weight[lane] - rounded[lane]) / row[i];
        }
    }
}

/// Rounds each element to the nearest.
pub fn round_nearest(weights: &mut [f64], grid: &Grid) {
    on_widest!(nearest(weights: &mut [f64], grid: &Grid))
}

#[inline(always)]
fn nearest<V: Vector>(weights: &mut [f64], grid: &Grid) {
    for w in weights {
        *w = grid.nearest(*w);
    }
}

/// `sum over k of importance[k] * (values[k] - Q(values[k]))^2`, with values in units of `1 / inverse`.
pub fn weighted_error(values: &[f64], importance: &[f64], inverse: f64, grid: &Grid) -> f64 {
    fn run(values: &[f64], importance: &[f64], inverse: f64, grid: &Grid, error: &mut f64) {
        on_widest!(weighted(
            values: &[f64],
            importance: &[f64],
            inverse: f64,
            grid: &Grid,
            error: &mut f64
        ))
    }
    let mut error = 0.0;
    run(values, importance, inverse, grid, &mut error);
    error
}

#[inline(always)]
fn weighted<V: Vector>(values: &[f64], importance: &[f64], inverse: f64, grid: &Grid, error: &mut f64) {
    let (values, importance) = (values.chunks_exact(8), importance.chunks_exact(8));
    let mut parts = [0.0; 8];
    let rest = values.remainder().iter().zip(importance.remainder());
    for (part, (value, importance)) in parts.iter_mut().zip(rest) {
        *part = importance * squared_loss(value * inverse, grid);
    }
    for (values, importance) in values.zip(importance) {
        for (part, (value, importance)) in parts.iter_mut().zip(values.iter().zip(importance)) {
            *part += importance * squared_loss(value * inverse, grid);
        }
    }
    *error = sum_of_parts(parts);
}

#[inline(always)]
fn squared_loss(value: f64, grid: &Grid) -> f64 {
    let lost = value - grid.nearest(value);
    lost * lost
}

/// `to += factor * from`.
pub fn add_multiple(to: &mut [f64], factor: f64, from: &[f64]) {
    on_widest!(multiple(to: &mut [f64], factor: f64, from: &[f64]))
}

#[inline(always)]
fn multiple<V: Vector>(to: &mut [f64], factor: f64, from: &[f64]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += factor * from;
    }
}

/// The sum of products, in eight interleaved parts.
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut parts = [0.0; 8];
    let (a, b) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a.zip(b) {
        for n in 0..8 {
            parts[n] += x[n] * y[n];
        }
    }
    sum_of_parts(parts) + rest
}

fn sum_of_parts([a, b, c, d, e, f, g, h]: [f64; 8]) -> f64 {
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}

/// Rows of a common length side by side; lanes without a row are zero. `element(row, k)` is in row `row`.
pub fn side_by_side(rows: usize, length: usize, element: impl Fn(usize, usize) -> f64) -> Vec<Lanes> {
    let lanes = |k: usize| std::array::from_fn(|row| if row < rows { element(row, k) } else { 0.0 });
    (0..length).map(lanes).collect()
}

/// The rows that stand side by side, one after the other.
pub fn apart(rows: usize, lanes: &[Lanes]) -> Vec<Vec<f64>> {
    (0..rows).map(|row| lanes.iter().map(|lanes| lanes[row]).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// The functions on one width of vectors.
    struct Width {
        name: &'static str,
        products: fn(&mut [Lanes], &[f64], usize, &[Lanes]),
        batch: fn(&mut [Lanes], &mut [Lanes], &[f64], usize, &Grid),
        weighted: fn(&[f64], &[f64], f64, &Grid, &mut f64),
    }

    /// Those that [`on_widest`] takes no longer where there are wider ones.
    fn narrow() -> Vec<Width> {
        let mut widths = vec![Width {
            name: "any machine",
            products: products::<Lanes>,
            batch: batch::<Lanes>,
            weighted: weighted::<Lanes>,
        }];
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            use super::super::vector::Medium;
            #[target_feature(enable = "avx2")]
            fn sums(sums: &mut [Lanes], rows: &[f64], stride: usize, x: &[Lanes]) {
                products::<Medium>(sums, rows, stride, x);
            }
            #[target_feature(enable = "avx2")]
            fn round(w: &mut [Lanes], errors: &mut [Lanes], factor: &[f64], stride: usize, grid: &Grid) {
                batch::<Medium>(w, errors, factor, stride, grid);
            }
            #[target_feature(enable = "avx2")]
            fn lost(values: &[f64], importance: &[f64], inverse: f64, grid: &Grid, error: &mut f64) {
                weighted::<Medium>(values, importance, inverse, grid, error);
            }
            // The processor has what the functions are compiled for.
            widths.push(Width {
                name: "256 bits",
                products: |a, b, c, d| unsafe { sums(a, b, c, d) },
                batch: |a, b, c, d, e| unsafe { round(a, b, c, d, e) },
                weighted: |a, b, c, d, e| unsafe { lost(a, b, c, d, e) },
            });
        }
        widths
    }

    #[test]
    fn every_width_of_vectors_gives_the_same_bits() {
        let mut random = Random::new(3);
        let grid = Grid::of("e2m2".parse().unwrap());
        for (rows, length) in [(1, 1), (7, 5), (8, 40), (33, 17)] {
            let mut lanes = |count: usize, scale: f64| -> Vec<Lanes> {
                (0..count).map(|_| [0.0; LANES].map(|_| (random.unit() - 0.5) * scale)).collect()
            };
            let (x, start) = (lanes(length, 1.0), lanes(rows, 30.0));
            let coefficients: Vec<f64> = (0..rows * length).map(|_| random.unit()).collect();
            let mut expected = start.clone();
            for (t, sum) in expected.iter_mut().enumerate() {
                for (k, x) in x.iter().enumerate() {
                    (0..LANES).for_each(|lane| sum[lane] -= coefficients[t * length + k] * x[lane]);
                }
            }
            let mut found = start.clone();
            subtract_products(&mut found, &coefficients, length, &x);
            assert_eq!(found, expected);

            let factor: Vec<f64> = (0..rows * rows).map(|_| random.unit() + 0.5).collect();
            let (mut widest, mut errors) = (start.clone(), vec![[0.0; LANES]; rows]);
            round_batch(&mut widest, &mut errors, &factor, rows, &grid);
            for width in narrow() {
                let mut found = start.clone();
                (width.products)(&mut found, &coefficients, length, &x);
                assert_eq!(found, expected, "{}", width.name);
                let (mut found, mut others) = (start.clone(), vec![[0.0; LANES]; rows]);
                (width.batch)(&mut found, &mut others, &factor, rows, &grid);
                assert_eq!((&found, &others), (&widest, &errors), "{}", width.name);
            }
        }
        let values: Vec<f64> = (0..101).map(|_| random.unit() * 60.0 - 30.0).collect();
        for width in narrow() {
            let mut error = 0.0;
            (width.weighted)(&values, &values, 1.0, &grid, &mut error);
            assert_eq!(weighted_error(&values, &values, 1.0, &grid), error, "{}", width.name);
        }
    }
}
