//! 95 % intervals, and the exact test of paired counts.

use serde::{Serialize, Serializer, ser::SerializeTuple};

use super::summary::Estimate;

/// The 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// An interval, as a pair in JSON. An infinite end is `null` there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Serialize for Interval {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut pair = serializer.serialize_tuple(2)?;
        pair.serialize_element(&self.low)?;
        pair.serialize_element(&self.high)?;
        pair.end()
    }
}

impl Interval {
    /// The same in other units.
    pub fn scaled(self, factor: f64) -> Self {
        Self { low: self.low * factor, high: self.high * factor }
    }
}

/// The interval of a share (E. B. Wilson, Journal of the American Statistical Association 22, 1927):
/// where the shares lie from which `count` of `of` is not further than `Z` standard errors. From 0 to 1
/// without any.
pub fn wilson(count: u64, of: u64) -> Interval {
    if of == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    let (n, square) = (of as f64, Z * Z);
    let share = count as f64 / n;
    let scale = 1.0 + square / n;
    let centre = (share + square / (2.0 * n)) / scale;
    let half = Z / scale * (share * (1.0 - share) / n + square / (4.0 * n * n)).sqrt();
    // At both ends the formula is exact, and its rounding is not.
    Interval {
        low: if count == 0 { 0.0 } else { (centre - half).max(0.0) },
        high: if count == of { 1.0 } else { (centre + half).min(1.0) },
    }
}

/// The mean of quantities that are not negative, and its interval by the standard error; without an
/// upper end for a single one.
pub fn mean(values: &[f64]) -> Estimate {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let half = half_width(squares, values.len());
    Estimate { value: mean, interval: Interval { low: (mean - half).max(0.0), high: mean + half } }
}

/// `10 log10(sum signals / sum noises)`, one of each per sample, and its interval.
///
/// By the delta method the logarithm of a ratio of means has the variance of
/// `signal / mean signal - noise / mean noise`, divided by the number of samples. Infinite without
/// noise.
pub fn decibels(signals: &[f64], noises: &[f64]) -> Estimate {
    let (signal, noise): (f64, f64) = (signals.iter().sum(), noises.iter().sum());
    if noise == 0.0 {
        let all = Interval { low: f64::INFINITY, high: f64::INFINITY };
        return Estimate { value: f64::INFINITY, interval: all };
    }
    let value = 10.0 * libm::log10(signal / noise);
    let n = signals.len() as f64;
    let deviation =
        |(s, e): (&f64, &f64)| if signal == 0.0 { e * n / noise } else { s * n / signal - e * n / noise };
    let squares: f64 = signals.iter().zip(noises).map(deviation).map(|d| d * d).sum();
    let half = 10.0 / std::f64::consts::LN_10 * half_width(squares, signals.len());
    Estimate { value, interval: Interval { low: value - half, high: value + half } }
}

/// `Z` standard errors of a mean, of the sum of squared deviations from it.
fn half_width(squares: f64, count: usize) -> f64 {
    if count < 2 {
        return f64::INFINITY;
    }
    let n = count as f64;
    Z * (squares / (n - 1.0) / n).sqrt()
}

/// McNemar's exact test, two-sided: the probability of counts at least as far apart, if what differs
/// is as likely `lost` as `gained`. `2 sum_{k <= min} C(n, k) / 2^n`, at most 1.
pub fn mcnemar(lost: u64, gained: u64) -> f64 {
    let (n, fewer) = ((lost + gained) as f64, lost.min(gained));
    let factorial = |n: f64| libm::lgamma(n + 1.0);
    let all = factorial(n) - n * std::f64::consts::LN_2;
    let term = |k: u64| libm::exp(all - factorial(k as f64) - factorial(n - k as f64));
    (2.0 * (0..=fewer).map(term).sum::<f64>()).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{found} is not {expected}");
    }

    /// The ends of Wilson's interval are where `|share - p| = Z sqrt(p (1 - p) / n)`.
    #[test]
    fn wilson_ends_are_roots_of_its_equation() {
        for (count, of) in [(1u64, 10u64), (9, 10), (95, 100), (637, 650), (5, 5), (0, 7)] {
            let Interval { low, high } = wilson(count, of);
            let share = count as f64 / of as f64;
            for p in [low, high] {
                let distance = Z * (p * (1.0 - p) / of as f64).sqrt();
                let is_open_end = p == 0.0 || p == 1.0;
                if !is_open_end {
                    check((share - p).abs(), distance);
                }
            }
            assert!(low <= share && share <= high);
        }
        assert_eq!((wilson(7, 7).high, wilson(0, 7).low), (1.0, 0.0));
        assert_eq!(wilson(0, 0), Interval { low: 0.0, high: 1.0 });
    }

    #[test]
    fn means_have_standard_errors() {
        let found = mean(&[1.0, 2.0, 3.0, 6.0]);
        assert_eq!(found.value, 3.0);
        check(found.interval.high - 3.0, Z * (14.0f64 / 3.0 / 4.0).sqrt());
        assert_eq!(mean(&[0.5]).interval, Interval { low: 0.0, high: f64::INFINITY });
        assert_eq!(mean(&[2.0, 2.0]).interval, Interval { low: 2.0, high: 2.0 });
    }

    /// Where all signals are equal and noises vary little, decibels are linear in the mean noise.
    #[test]
    fn the_interval_of_a_ratio_follows_from_that_of_the_mean() {
        let noises: Vec<f64> = (0..100).map(|i| 1.0 + 1e-3 * f64::from(i % 10)).collect();
        let found = decibels(&[100.0; 100], &noises);
        let noise = mean(&noises);
        check(found.value, 10.0 * (100.0 / noise.value).log10());
        let slope = 10.0 / std::f64::consts::LN_10 / noise.value;
        check(found.interval.high - found.value, slope * (noise.interval.high - noise.value));
        // Signals in proportion to noises leave nothing to be unsure of.
        let exact = decibels(&[10.0, 20.0, 40.0], &[1.0, 2.0, 4.0]);
        check(exact.interval.low, 10.0);
        check(exact.interval.high, 10.0);
        assert_eq!(decibels(&[1.0], &[0.0]).value, f64::INFINITY);
        assert_eq!(decibels(&[0.0], &[1.0]).value, f64::NEG_INFINITY);
    }

    #[test]
    fn mcnemar_is_a_binomial_test() {
        check(mcnemar(0, 0), 1.0);
        check(mcnemar(1, 1), 1.0);
        check(mcnemar(5, 0), 2.0 / 32.0);
        check(mcnemar(2, 8), 2.0 * 56.0 / 1024.0);
        assert!(mcnemar(1500, 1200) < 1e-7, "no underflow far beyond the range of 2^-n");
        assert!(mcnemar(1500, 1500) > 0.99);
    }

    proptest! {
        #[test]
        fn intervals_hold_their_share(of in 1u64..5000, part in 0.0..=1.0f64) {
            let count = (of as f64 * part) as u64;
            let Interval { low, high } = wilson(count, of);
            let share = count as f64 / of as f64;
            prop_assert!(0.0 <= low && low <= share && share <= high && high <= 1.0);
        }

        #[test]
        fn p_values_are_symmetric_probabilities(lost in 0u64..400, gained in 0u64..400) {
            let p = mcnemar(lost, gained);
            prop_assert!(p > 0.0 && p <= 1.0);
            prop_assert_eq!(p, mcnemar(gained, lost));
        }
    }
}
