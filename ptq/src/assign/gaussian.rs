//! Gaussian process regression, and the improvement that can be expected by it (C. Rasmussen and C. Williams,
//! Gaussian Processes for Machine Learning, 2006; D. Jones, M. Schonlau and W. Welch, Journal of Global
//! Optimization 13, 1998).
//!
//! The prior has a constant mean and the Matern covariance of smoothness 5/2,
//! `k(r) = (1 + a + a^2 / 3) exp(-a)` with `a = sqrt(5) r / length`. Mean and amplitude follow in closed
//! form; length and noise are those of a fixed grid under which the values are likeliest. Nothing here is
//! random, and sums have a fixed order.

use crate::rounding::{
    factor::factorize,
    lanes::{add_multiple, dot},
};

/// Lengths, relative to the root mean square distance of the points.
const LENGTHS: [f64; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];
/// Variances of the noise, relative to the amplitude.
const NOISES: [f64; 4] = [1e-6, 1e-3, 1e-2, 1e-1];

/// Values at points, and what they say about others.
#[derive(Clone, Debug)]
pub struct Gaussian {
    points: Vec<Vec<f64>>,
    values: Vec<f64>,
    length: f64,
    noise: f64,
    mean: f64,
    amplitude: f64,
    /// `C` with `K = C C^T`: of its rows the part up to the diagonal.
    factor: Vec<f64>,
    /// `K^-1 (values - mean)`.
    weights: Vec<f64>,
    likelihood: f64,
}

/// What is known about the value at a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prediction {
    /// The expected value.
    pub mean: f64,
    /// Its standard deviation.
    pub deviation: f64,
}

impl Gaussian {
    /// Learns from values at points of one dimension. None without points, or if no member of the grid has a
    /// covariance that can be factored, which takes numbers that are not finite.
    pub fn fit(points: &[Vec<f64>], values: &[f64]) -> Option<Self> {
        let typical = typical_distance(points);
        let mut best: Option<Self> = None;
        for length in LENGTHS {
            for noise in NOISES {
                let Some(found) =
                    Self::with_parameters(points.to_vec(), values.to_vec(), length * typical, noise)
                else {
                    continue;
                };
                if best.as_ref().is_none_or(|best| found.likelihood > best.likelihood) {
                    best = Some(found);
                }
            }
        }
        best
    }

    fn with_parameters(points: Vec<Vec<f64>>, values: Vec<f64>, length: f64, noise: f64) -> Option<Self> {
        let n = points.len();
        if n == 0 || values.len() != n {
            return None;
        }
        let mut covariance = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..i {
                let value = matern(distance(&points[i], &points[j]), length);
                (covariance[i * n + j], covariance[j * n + i]) = (value, value);
            }
            covariance[i * n + i] = 1.0 + noise;
        }
        if !factorize(&mut covariance, n) {
            return None;
        }
        let factor = covariance;
        let ones = inverse_times(&factor, vec![1.0; n]);
        let mean = dot(&ones, &values) / ones.iter().sum::<f64>();
        let centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
        let weights = inverse_times(&factor, centred.clone());
        // Equal values are certain only as far as floating point goes.
        let amplitude = (dot(&centred, &weights) / n as f64).max(1e-18);
        let log_determinant: f64 = 2.0 * (0..n).map(|i| libm::log(factor[i * n + i])).sum::<f64>();
        let likelihood = -0.5 * (n as f64 * libm::log(amplitude) + log_determinant);
        let found = Self { points, values, length, noise, mean, amplitude, factor, weights, likelihood };
        found.likelihood.is_finite().then_some(found)
    }

    /// The value at a point.
    pub fn predict(&self, point: &[f64]) -> Prediction {
        let covariance: Vec<f64> =
            self.points.iter().map(|known| matern(distance(known, point), self.length)).collect();
        let mut parts = covariance.clone();
        forward(&self.factor, &mut parts);
        let explained = dot(&parts, &parts);
        Prediction {
            mean: self.mean + dot(&covariance, &self.weights),
            deviation: (self.amplitude * (1.0 - explained).max(0.0)).sqrt(),
        }
    }

    /// As if the expected value had been found at a point: what is asked for next is then something else (D.
    /// Ginsbourger, R. Le Riche and L. Carraro, 2010).
    pub fn believing(&self, point: Vec<f64>) -> Option<Self> {
        let value = self.predict(&point).mean;
        let (mut points, mut values) = (self.points.clone(), self.values.clone());
        points.push(point);
        values.push(value);
        let mut found = Self::with_parameters(points, values, self.length, self.noise)?;
        // A value that was made up says nothing about the amplitude.
        found.amplitude = self.amplitude;
        Some(found)
    }
}

impl Prediction {
    /// How far below `best` the value is expected to be, nothing where it is above.
    pub fn expected_improvement(&self, best: f64) -> f64 {
        if self.deviation <= 0.0 {
            return (best - self.mean).max(0.0);
        }
        let z = (best - self.mean) / self.deviation;
        ((best - self.mean) * normal_distribution(z) + self.deviation * normal_density(z)).max(0.0)
    }
}

/// The density of the standard normal distribution.
pub fn normal_density(z: f64) -> f64 {
    libm::exp(-0.5 * z * z) / (2.0 * std::f64::consts::PI).sqrt()
}

/// The probability that a standard normal number is below `z`.
pub fn normal_distribution(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

fn matern(distance: f64, length: f64) -> f64 {
    let a = 5f64.sqrt() * distance / length;
    (1.0 + a + a * a / 3.0) * libm::exp(-a)
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

/// The root mean square distance of points; 1 if there is none.
fn typical_distance(points: &[Vec<f64>]) -> f64 {
    let (mut squares, mut count) = (0.0, 0.0);
    for (i, point) in points.iter().enumerate() {
        for other in &points[..i] {
            let distance = distance(point, other);
            squares += distance * distance;
            count += 1.0;
        }
    }
    if squares > 0.0 { f64::sqrt(squares / count) } else { 1.0 }
}

/// Replaces `x` by `C^-1 x` for a lower triangular `C`.
fn forward(factor: &[f64], x: &mut [f64]) {
    let n = x.len();
    for i in 0..n {
        let row = &factor[i * n..i * n + i];
        x[i] = (x[i] - dot(row, &x[..i])) / factor[i * n + i];
    }
}

/// `K^-1 x` with `K = C C^T`.
fn inverse_times(factor: &[f64], mut x: Vec<f64>) -> Vec<f64> {
    forward(factor, &mut x);
    let n = x.len();
    for i in (0..n).rev() {
        x[i] /= factor[i * n + i];
        let (head, tail) = x.split_at_mut(i);
        add_multiple(head, -tail[0], &factor[i * n..i * n + i]);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn surface(x: &[f64]) -> f64 {
        libm::sin(3.0 * x[0]) + x[1] * x[1]
    }

    fn samples(count: usize, seed: u64) -> Vec<Vec<f64>> {
        let mut random = Random::new(seed);
        (0..count).map(|_| vec![random.unit(), random.unit()]).collect()
    }

    #[test]
    fn a_smooth_surface_is_learned_with_its_uncertainty() {
        let points = samples(40, 1);
        let values: Vec<f64> = points.iter().map(|x| surface(x)).collect();
        let gaussian = Gaussian::fit(&points, &values).unwrap();
        let (mut squares, mut inside) = (0.0, 0);
        for x in samples(200, 2) {
            let found = gaussian.predict(&x);
            let error = found.mean - surface(&x);
            squares += error * error;
            inside += usize::from(error.abs() <= 3.0 * found.deviation + 1e-6);
        }
        assert!((squares / 200.0).sqrt() < 0.02, "{squares}");
        assert!(inside >= 190, "{inside}");
        assert!(gaussian.predict(&points[3]).deviation < 0.1 * gaussian.predict(&[9.0, 9.0]).deviation);
    }

    #[test]
    fn noise_is_not_learned() {
        let points = samples(60, 3);
        let mut random = Random::new(4);
        let values: Vec<f64> = points.iter().map(|x| x[0] + 0.3 * (random.unit() - 0.5)).collect();
        let gaussian = Gaussian::fit(&points, &values).unwrap();
        let error = |x: &Vec<f64>| (gaussian.predict(x).mean - x[0]).abs();
        let mean = samples(100, 5).iter().map(error).sum::<f64>() / 100.0;
        assert!(mean < 0.07, "less than the noise: {mean}");
    }

    #[test]
    fn believing_takes_the_doubt_and_keeps_the_mean() {
        let points = samples(12, 6);
        let values: Vec<f64> = points.iter().map(|x| surface(x)).collect();
        let gaussian = Gaussian::fit(&points, &values).unwrap();
        let x = vec![1.5, -0.5];
        let (before, after) = (gaussian.predict(&x), gaussian.believing(x.clone()).unwrap().predict(&x));
        assert!((before.mean - after.mean).abs() < 1e-3 * before.mean.abs().max(1.0), "{before:?} {after:?}");
        assert!(after.deviation < 0.4 * before.deviation, "{before:?} {after:?}");
    }

    #[test]
    fn equal_values_and_equal_points_are_no_trouble() {
        let points = vec![vec![1.0], vec![1.0], vec![2.0]];
        let found = Gaussian::fit(&points, &[5.0; 3]).unwrap().predict(&[1.5]);
        assert!((found.mean - 5.0).abs() < 1e-6 && found.deviation < 1e-6);
        assert!(Gaussian::fit(&[vec![0.0]], &[1.0]).is_some());
        assert!(Gaussian::fit(&[], &[]).is_none());
        assert!(Gaussian::fit(&[vec![f64::NAN], vec![0.0]], &[1.0, 2.0]).is_none());
    }

    /// The integral of what lies below, by the trapezoid rule.
    #[test]
    fn the_expected_improvement_is_its_integral() {
        for (mean, deviation, best) in [(1.0, 0.5, 1.2), (2.0, 0.3, 1.0), (0.0, 1.0, 0.0)] {
            let found = Prediction { mean, deviation }.expected_improvement(best);
            let step = 1e-4 * deviation;
            let integral: f64 = (0..200_000)
                .map(|i| mean - 10.0 * deviation + f64::from(i) * step)
                .map(|x| (best - x).max(0.0) * normal_density((x - mean) / deviation) / deviation * step)
                .sum();
            assert!((found - integral).abs() < 1e-6, "{found} {integral}");
        }
        assert_eq!(Prediction { mean: 1.0, deviation: 0.0 }.expected_improvement(3.0), 2.0);
        assert!((normal_distribution(1.959_963_984_540_054) - 0.975).abs() < 1e-12);
    }
}
