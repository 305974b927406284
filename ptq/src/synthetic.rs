//! Inputs that are made up, for networks that come without samples.
//!
//! Half of them look like natural images to a filter: noise in octaves, each twice as coarse and twice as
//! strong as the one before, so that power falls with the square of the frequency. The other half is white.
//! What they are good for is how large values become in a network, to within some binades; what they say
//! about a class of inputs, they do not say.

use afp_ir::interp::{Signature, Tensor};

use crate::random::Random;

/// Samples of a network's inputs, with numbers in `range`, that depend on the seed alone.
pub fn samples(inputs: &[Signature], range: (f64, f64), count: usize, seed: u64) -> Vec<Vec<Tensor>> {
    (0..count)
        .map(|sample| {
            let tensor = |(index, input): (usize, &Signature)| {
                let mut random = Random::new(seed ^ (sample as u64) << 32 ^ (index as u64) << 16 ^ 0x51e7);
                let natural = sample % 2 == 0;
                let values = if natural {
                    octaves(&input.shape, &mut random)
                } else {
                    white(&input.shape, &mut random)
                };
                Tensor::real(&input.shape, scaled(&values, range))
            };
            inputs.iter().enumerate().map(tensor).collect()
        })
        .collect()
}

/// Uniform numbers in [-1, 1).
fn white(shape: &[usize], random: &mut Random) -> Vec<f64> {
    (0..shape.iter().product()).map(|_| random.unit() * 2.0 - 1.0).collect()
}

/// The two largest dimensions that lie together are the picture; each index of the others has one of its
/// own, and shares half of its strength with the rest, as colours do.
fn octaves(shape: &[usize], random: &mut Random) -> Vec<f64> {
    let first = (0..shape.len().saturating_sub(1)).max_by_key(|&d| (shape[d] * shape[d + 1], d));
    let Some(first) = first else { return white(shape, random) };
    let (height, width) = (shape[first], shape[first + 1]);
    let (outer, inner): (usize, usize) =
        (shape[..first].iter().product(), shape[first + 2..].iter().product());
    let shared = picture(height, width, random);
    let mut values = vec![0.0; outer * height * width * inner];
    for (before, behind) in (0..outer).flat_map(|before| (0..inner).map(move |behind| (before, behind))) {
        let own = picture(height, width, random);
        for (at, (own, shared)) in own.iter().zip(&shared).enumerate() {
            values[(before * height * width + at) * inner + behind] = own + shared;
        }
    }
    values
}

/// Noise on grids of 1, 2, 4, ... points, interpolated, each half as strong as the one before.
fn picture(height: usize, width: usize, random: &mut Random) -> Vec<f64> {
    let mut values = vec![0.0; height * width];
    let (mut points, mut strength) = (1usize, 1.0);
    while points < 2 * height.max(width) {
        let (rows, columns) = (points.min(height) + 1, points.min(width) + 1);
        let grid: Vec<f64> = (0..rows * columns).map(|_| (random.unit() * 2.0 - 1.0) * strength).collect();
        for (y, row) in values.chunks_exact_mut(width).enumerate() {
            let (top, down) = position(y, height, rows);
            for (x, value) in row.iter_mut().enumerate() {
                let (left, right) = position(x, width, columns);
                let at = |dy: usize, dx: usize| grid[(top + dy) * columns + left + dx];
                let upper = at(0, 0) * (1.0 - right) + at(0, 1) * right;
                let lower = at(1, 0) * (1.0 - right) + at(1, 1) * right;
                *value += upper * (1.0 - down) + lower * down;
            }
        }
        (points, strength) = (points * 2, strength / 2.0);
    }
    values
}

/// Where an element lies on a grid of `points`: the point before it, and how far behind that.
fn position(element: usize, size: usize, points: usize) -> (usize, f64) {
    let at = (element as f64 + 0.5) / size as f64 * (points - 1) as f64;
    let before = (at as usize).min(points - 2);
    (before, at - before as f64)
}

/// Numbers brought into a range, which their extremes reach.
fn scaled(values: &[f64], (lo, hi): (f64, f64)) -> Vec<f32> {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let factor = if largest > least { (hi - lo) / (largest - least) } else { 0.0 };
    values.iter().map(|v| (lo + (v - least) * factor) as f32).collect()
}

#[cfg(test)]
mod tests {
    use afp_ir::dialect::Element;

    use super::*;

    fn input(shape: &[usize]) -> Signature {
        Signature { name: "x".into(), shape: shape.to_vec(), element: Element::Real }
    }

    #[test]
    fn samples_fill_their_range_and_depend_on_the_seed_alone() {
        for shape in [&[1, 3, 32, 48][..], &[1, 32, 48, 3], &[1, 490], &[7], &[], &[1, 1, 1, 1], &[2, 5, 1]] {
            let inputs = [input(shape)];
            let made = samples(&inputs, (-2.0, 3.0), 4, 9);
            assert_eq!(made, samples(&inputs, (-2.0, 3.0), 4, 9));
            assert_ne!(made.len(), 0);
            for sample in &made {
                let values = sample[0].as_real().unwrap();
                assert_eq!(values.len(), shape.iter().product::<usize>());
                assert!(values.iter().all(|v| (-2.0..=3.0).contains(v)), "{shape:?}");
                if values.len() > 1 {
                    let reached = |x: f32| values.iter().any(|v| (v - x).abs() < 1e-5);
                    assert!(reached(-2.0) && reached(3.0), "{shape:?}");
                }
            }
        }
        let inputs = [input(&[1, 3, 32, 32])];
        assert_ne!(samples(&inputs, (-1.0, 1.0), 2, 1), samples(&inputs, (-1.0, 1.0), 2, 2));
    }

    #[test]
    fn natural_samples_are_smooth_and_white_ones_are_not() {
        let made = samples(&[input(&[1, 64, 64, 3])], (-1.0, 1.0), 2, 3);
        let steps = |values: &[f32]| {
            let step = |i: usize| f64::from((values[i * 3] - values[i * 3 + 3]).abs());
            (0..63 * 64).map(step).sum::<f64>() / (63.0 * 64.0)
        };
        let [natural, white] = [0, 1].map(|n: usize| steps(made[n][0].as_real().unwrap()));
        assert!(natural < 0.15 && white > 0.5, "{natural} {white}");
    }
}
