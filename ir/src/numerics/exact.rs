//! Exact dyadic rationals, and their way to and from IEEE floats.

use super::encode::divide;

/// The exact value `mantissa * 2^exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dyadic {
    /// The integer factor.
    pub mantissa: i64,
    /// The power of two.
    pub exponent: i32,
}

/// A finite `f32` as an exact value; none for NaN and infinities.
pub fn decompose_f32(x: f32) -> Option<Dyadic> {
    decompose_f64(f64::from(x))
}

/// A finite `f64` as an exact value; none for NaN and infinities.
pub fn decompose_f64(x: f64) -> Option<Dyadic> {
    if !x.is_finite() {
        return None;
    }
    let bits = x.to_bits();
    let field = ((bits >> 52) & 0x7ff) as i32;
    let fraction = (bits & ((1 << 52) - 1)) as i64;
    let magnitude = if field == 0 { fraction } else { fraction | 1 << 52 };
    let mantissa = if x.is_sign_negative() { -magnitude } else { magnitude };
    Some(Dyadic { mantissa, exponent: field.max(1) - 1075 })
}

/// The `f32` nearest to `mantissa * 2^exponent`, a tie to even, as IEEE 754 converts (rule Q3).
pub fn dyadic_to_f32(mantissa: i64, exponent: i32) -> f32 {
    round_to_ieee(mantissa < 0, u128::from(mantissa.unsigned_abs()), exponent, 24, -149, 127) as f32
}

/// The `f32` nearest to `n * 2^exponent / divisor`, a tie to even (rule E9). A divisor of zero is read
/// as one.
pub fn ratio_to_f32(n: i64, divisor: u64, exponent: i32) -> f32 {
    let (magnitude, exponent) = divide(n.unsigned_abs(), exponent, divisor.max(1));
    round_to_ieee(n < 0, magnitude, exponent, 24, -149, 127) as f32
}

/// The `f64` nearest to `mantissa * 2^exponent`, a tie to even.
pub fn dyadic_to_f64(mantissa: i64, exponent: i32) -> f64 {
    round_to_ieee(mantissa < 0, u128::from(mantissa.unsigned_abs()), exponent, 53, -1074, 1023)
}

/// Rounds to a binary float with `precision` bits of significand, least exponent `least` and largest
/// binade `top`; the result is exact as an `f64`.
fn round_to_ieee(
    negative: bool,
    magnitude: u128,
    exponent: i32,
    precision: i32,
    least: i32,
    top: i32,
) -> f64 {
    let sign = if negative { -1.0 } else { 1.0 };
    if magnitude == 0 {
        return 0.0;
    }
    let binade = 127 - magnitude.leading_zeros() as i32 + exponent;
    if binade > top {
        return sign * f64::INFINITY;
    }
    let unit = (binade - precision + 1).max(least);
    let shift = unit - exponent;
    let rounded = match shift {
        ..=0 => magnitude << -shift,
        1..=127 => {
            let (quotient, rest) = (magnitude >> shift, magnitude & ((1 << shift) - 1));
            let half = 1u128 << (shift - 1);
            quotient + u128::from(rest > half || (rest == half && quotient & 1 == 1))
        }
        _ => 0,
    };
    let result = rounded as f64 * pow2(unit);
    // A carry out of the last binade.
    let overflows = rounded >> precision != 0 && unit + precision > top;
    sign * if overflows { f64::INFINITY } else { result }
}

/// `2^exponent` for -1074..=1023.
fn pow2(exponent: i32) -> f64 {
    if exponent >= -1022 {
        f64::from_bits(((exponent + 1023) as u64) << 52)
    } else {
        f64::from_bits(1 << (exponent + 1074))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_survive_the_round_trip() {
        let mut bits = 1u32;
        for _ in 0..200_000 {
            bits = bits.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let x = f32::from_bits(bits);
            match decompose_f32(x) {
                Some(d) => assert_eq!(dyadic_to_f32(d.mantissa, d.exponent), x),
                None => assert!(!x.is_finite()),
            }
        }
    }

    #[test]
    fn integers_convert_as_the_processor_does() {
        let mut n = 1i64;
        for _ in 0..200_000 {
            n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            for shift in [0, 7, 29, 40, 62] {
                assert_eq!(dyadic_to_f32(n >> shift, 0), (n >> shift) as f32);
                assert_eq!(dyadic_to_f64(n >> shift, 0), (n >> shift) as f64);
            }
        }
    }

    #[test]
    fn ratios_are_rounded_once() {
        assert_eq!(ratio_to_f32(1, 3, 0), 1.0 / 3.0);
        assert_eq!(ratio_to_f32(-7, 49, 3), -8.0 / 7.0);
        // Just above the middle of two neighbours: (2^24 + 1) / 2^24 is the tie, a part in 2^62 more
        // is not, although no f64 can tell.
        let tie = (1i64 << 25) + 2;
        assert_eq!(ratio_to_f32((tie << 36) + (1 << 36), 1 << 61, 0), 1.0 + 2.0 * f32::EPSILON / 2.0);
        assert_eq!(ratio_to_f32(((1i64 << 24) + 1) << 37, 1 << 61, 0), 1.0);
        assert_eq!(ratio_to_f32((((1i64 << 24) + 1) << 37) + 1, 1 << 61, 0), 1.0 + f32::EPSILON);
        assert_eq!(ratio_to_f32(1, 3, -148), f32::from_bits(1));
        assert_eq!(ratio_to_f32(0, 3, 5), 0.0);
        assert_eq!(ratio_to_f32(i64::MAX, 0, 0), 2f32.powi(63));
        assert_eq!(ratio_to_f32(-1, u64::MAX, 0), -2f32.powi(-64));
    }

    #[test]
    fn extremes() {
        assert_eq!(dyadic_to_f32(1, 128), f32::INFINITY);
        assert_eq!(dyadic_to_f32(-1, 4096), f32::NEG_INFINITY);
        assert_eq!(dyadic_to_f32((1 << 24) - 1, 104), f32::MAX);
        assert_eq!(dyadic_to_f32((1 << 25) - 1, 103), f32::INFINITY);
        assert_eq!(dyadic_to_f32(1, -149), f32::from_bits(1));
        assert_eq!(dyadic_to_f32(1, -150), 0.0);
        assert_eq!(dyadic_to_f32(3, -150), f32::from_bits(2));
        assert_eq!(dyadic_to_f32(1, -4096), 0.0);
        assert_eq!(dyadic_to_f64(1, -1074), f64::from_bits(1));
        assert_eq!(dyadic_to_f64(i64::MIN, 960), -(2f64.powi(1023)));
    }
}
