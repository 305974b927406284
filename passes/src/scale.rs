//! The choice of a scale exponent: which power of two seats values best on a format's grid.

use afp_ir::numerics::{Format, MAX_SCALE_EXPONENT, Rounding, decompose_f64, dyadic_to_f64, encode_f64};

use crate::stats::Histogram;

/// How many exponents below the one that avoids all clipping are tried.
const CLIPPING_STEPS: i32 = 4;

/// How exponents are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The least exponent at which the largest magnitude is not clipped.
    Max,
    /// Among that one and those below it, the one with the least squared error.
    Search,
}

impl std::str::FromStr for Method {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "max" => Ok(Self::Max),
            "search" => Ok(Self::Search),
            _ => Err(()),
        }
    }
}

/// The least exponent at which `magnitude` rounds to a value of the format, without clipping by more
/// than half a unit; 0 for a magnitude of 0.
pub fn covering_exponent(format: Format, magnitude: f64) -> i32 {
    let Some(exact) = decompose_f64(magnitude.abs()).filter(|d| d.mantissa != 0) else { return 0 };
    let imax = format.int_max();
    // magnitude <= imax * 2^exp, up to the rounding of magnitude itself to 53 bits.
    let top = 63 - exact.mantissa.leading_zeros() as i32 + exact.exponent;
    let imax_top = 63 - imax.leading_zeros() as i32;
    let guess = top - imax_top;
    let covers = |exp: i32| dyadic_to_f64(imax, exp.clamp(-1000, 960)) >= magnitude.abs();
    let exp = if covers(guess) { guess } else { guess + 1 };
    exp.clamp(-MAX_SCALE_EXPONENT, MAX_SCALE_EXPONENT)
}

/// The value that a float takes in a format.
pub fn quantized(x: f64, format: Format, exp: i32) -> f64 {
    dyadic_to_f64(format.decode(encode_f64(x, format, exp, Rounding::HalfUp)), exp)
}

/// The exponent with the least `sum w * (x - Q(x))^2` over weighted values, the largest such.
pub fn best_exponent(format: Format, values: &[(f64, f64)]) -> i32 {
    let largest = values.iter().map(|(x, _)| representable(*x, format)).fold(0.0, f64::max);
    let top = covering_exponent(format, largest);
    let error = |exp: i32| -> f64 {
        values
            .iter()
            .map(|&(x, weight)| {
                let difference = x - quantized(x, format, exp);
                weight * difference * difference
            })
            .sum()
    };
    let mut best = (error(top), top);
    for exp in (top - CLIPPING_STEPS..top).rev() {
        let found = error(exp);
        if found < best.0 {
            best = (found, exp);
        }
    }
    best.1
}

/// The part of a value's magnitude that the format can hold: none of a negative one without a sign.
fn representable(x: f64, format: Format) -> f64 {
    if format.is_signed() { x.abs() } else { x.max(0.0) }
}

/// The exponent for an activation with this interval and, if observed, this distribution.
pub fn activation_exponent(
    format: Format,
    range: (f64, f64),
    seen: Option<&Histogram>,
    method: Method,
) -> i32 {
    match (method, seen) {
        (Method::Search, Some(histogram)) => best_exponent(format, &samples(histogram)),
        _ => covering_exponent(format, representable(range.0, format).max(representable(range.1, format))),
    }
}

/// Points that stand for a histogram: several in each bin, so that the grid of a format is met at
/// different phases, each with its part of the bin's count.
fn samples(histogram: &Histogram) -> Vec<(f64, f64)> {
    const POINTS: u32 = 7;
    let mut points = Vec::new();
    for (lo, hi, count) in histogram.occupied() {
        for i in 0..POINTS {
            let at = (f64::from(i) + 0.5) / f64::from(POINTS);
            points.push((lo + (hi - lo) * at, count as f64 / f64::from(POINTS)));
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(text: &str) -> Format {
        text.parse().unwrap()
    }

    #[test]
    fn the_covering_exponent_is_the_least_without_clipping() {
        for text in ["e2m2", "ue0m8", "e0m7", "e3m1", "ue2m5"] {
            let f = format(text);
            for magnitude in [1e-30, 0.3, 1.0, 127.0, 255.0, 256.0, 1e20] {
                let exp = covering_exponent(f, magnitude);
                let largest = |exp: i32| f.int_max() as f64 * 2f64.powi(exp);
                assert!(
                    largest(exp) >= magnitude && largest(exp - 1) < magnitude,
                    "{text} {magnitude} {exp}"
                );
            }
        }
        assert_eq!(covering_exponent(format("e2m2"), 0.0), 0);
    }

    #[test]
    fn searching_clips_an_outlier_and_keeps_a_uniform_range() {
        let f = format("e0m3");
        // Seven steps of 1/8: one exponent less would cut the upper half.
        let mut values: Vec<(f64, f64)> = (0..=1000).map(|i| (f64::from(i) * 0.875 / 1000.0, 1.0)).collect();
        assert_eq!(best_exponent(f, &values), covering_exponent(f, 0.875));
        values.push((4.0, 1.0));
        assert!(best_exponent(f, &values) < covering_exponent(f, 4.0));
    }
}
