//! The one rounding: from an exact value to the nearest code of a format.

use std::{fmt, str::FromStr};

use super::{Code, Format, decompose_f32, decompose_f64};

/// Which of two equally near values is taken (rule E4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Rounding {
    /// The larger value, towards plus infinity: the default, and the cheapest in integer hardware.
    #[default]
    HalfUp,
    /// The value with the even code (ONNX, F8Net).
    HalfEven,
    /// The value of larger magnitude (TFLite).
    HalfAway,
}

impl Rounding {
    /// All modes.
    pub const ALL: [Self; 3] = [Self::HalfUp, Self::HalfEven, Self::HalfAway];

    /// Whether a magnitude half way between two neighbours goes to the larger magnitude;
    /// `lower_is_odd` says whether the code of the smaller neighbour is odd.
    const fn tie_rounds_magnitude_up(self, negative: bool, lower_is_odd: bool) -> bool {
        match self {
            Self::HalfUp => !negative,
            Self::HalfEven => lower_is_odd,
            Self::HalfAway => true,
        }
    }
}

impl fmt::Display for Rounding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HalfUp => "half_up",
            Self::HalfEven => "half_even",
            Self::HalfAway => "half_away",
        })
    }
}

impl FromStr for Rounding {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|mode| mode.to_string() == text).ok_or(())
    }
}

/// The code of the value nearest to `n * 2^bin / divisor` in `format` with scale exponent `bout`,
/// saturated to the format's range (rules E1 to E5).
///
/// `divisor` must be positive; zero is read as one.
///
/// ```
/// use afp_ir::numerics::{Format, Rounding, encode};
/// let e2m2: Format = "e2m2".parse().unwrap();
/// // 5.5 lies between 5 and 6; 9 between 8 and 10: a tie goes to the larger value.
/// assert_eq!(e2m2.decode(encode(11, -1, 1, e2m2, 0, Rounding::HalfUp)), 6);
/// assert_eq!(e2m2.decode(encode(-9, 0, 1, e2m2, 0, Rounding::HalfUp)), -8);
/// ```
pub fn encode(n: i64, bin: i32, divisor: u64, format: Format, bout: i32, rounding: Rounding) -> Code {
    let negative = n < 0;
    if n == 0 || (negative && !format.is_signed()) {
        return 0;
    }
    let (magnitude, bin) = divide(n.unsigned_abs(), bin, divisor.max(1));
    format.with_sign(round_magnitude(magnitude, bin, negative, format, bout, rounding), negative)
}

/// `a * 2^bin / divisor` as an integer times a power of two. If the quotient does not end, it has at
/// least 60 bits, of which the last one is set: it lies on the right side of every tie.
pub(super) fn divide(a: u64, bin: i32, divisor: u64) -> (u128, i32) {
    if divisor == 1 {
        return (u128::from(a), bin);
    }
    let (dividend, divisor) = (u128::from(a) << 62, u128::from(divisor));
    let (quotient, rest) = (dividend / divisor, dividend % divisor);
    if rest == 0 {
        return (quotient, bin - 62);
    }
    if quotient >> 62 != 0 {
        return (quotient << 1 | 1, bin - 63);
    }
    // A short quotient of a large divisor: develop 63 more bits from the remainder.
    let (more, sticky) = ((rest << 63) / divisor, (rest << 63) % divisor != 0);
    ((quotient << 63 | more) << 1 | u128::from(sticky), bin - 126)
}

/// The magnitude field of the code nearest to `a * 2^bin`, `a` > 0 (rules E2 to E5).
fn round_magnitude(a: u128, bin: i32, negative: bool, format: Format, bout: i32, rounding: Rounding) -> Code {
    let top = 127 - a.leading_zeros() as i32 + bin - bout;
    if top > 62 {
        return format.max_magnitude();
    }
    // The value is a * 2^-d in units of 2^bout, and 2^top <= value < 2^(top+1).
    let d = bout - bin;
    let man = format.man_bits() as i32;
    let exponent = if format.exp_bits() == 0 { 0 } else { (top - man).max(0) };
    let r = d + exponent;
    let (quotient, order) = match r {
        // Nothing is shifted out, because top <= 62.
        ..=0 => (a << -r, None),
        1..=127 => {
            let (half, rest) = (1u128 << (r - 1), a & ((1 << r) - 1));
            (a >> r, Some(rest.cmp(&half)))
        }
        // a < 2^127, less than half a unit.
        _ => (0, Some(std::cmp::Ordering::Less)),
    };
    let lower = ((exponent as u128) << man) + quotient;
    let up = match order {
        None | Some(std::cmp::Ordering::Less) => false,
        Some(std::cmp::Ordering::Greater) => true,
        Some(std::cmp::Ordering::Equal) => rounding.tie_rounds_magnitude_up(negative, lower & 1 == 1),
    };
    // A carry into the exponent field happens by itself.
    (lower + u128::from(up)).min(u128::from(format.max_magnitude())) as Code
}

/// `code` limited to the values of `lo` and `hi` (rule E6). Codes are compared by value: those of
/// sign-magnitude formats are not ordered as integers.
pub fn clamp_code(format: Format, code: Code, lo: Code, hi: Code) -> Code {
    let value = format.decode(code);
    if value < format.decode(lo) {
        lo
    } else if value > format.decode(hi) {
        hi
    } else {
        code
    }
}

/// The code nearest to a float: NaN becomes 0, infinities saturate (rule Q1).
pub fn encode_f32(x: f32, format: Format, bout: i32, rounding: Rounding) -> Code {
    encode_f64(f64::from(x), format, bout, rounding)
}

/// The code nearest to a float: NaN becomes 0, infinities saturate (rule Q1).
pub fn encode_f64(x: f64, format: Format, bout: i32, rounding: Rounding) -> Code {
    match decompose_f64(x) {
        Some(d) => encode(d.mantissa, d.exponent, 1, format, bout, rounding),
        None if x.is_nan() => 0,
        None if x > 0.0 => format.max_code(),
        None => format.min_code(),
    }
}

/// The integer nearest to `n * 2^(bin - bout)`; none if it does not fit 63 bits (rule Q2).
pub fn round_to_grid(n: i64, bin: i32, bout: i32, rounding: Rounding) -> Option<i64> {
    let (a, r) = (u128::from(n.unsigned_abs()), bout - bin);
    if a == 0 {
        return Some(0);
    }
    let negative = n < 0;
    let magnitude = if r <= 0 {
        if -r >= i32::try_from(a.leading_zeros()).ok()? {
            return None;
        }
        a << -r
    } else if r > 64 {
        0
    } else {
        let (quotient, rest, half) = (a >> r, a & ((1 << r) - 1), 1u128 << (r - 1));
        let tie_up = rest == half && rounding.tie_rounds_magnitude_up(negative, quotient & 1 == 1);
        quotient + u128::from(rest > half || tie_up)
    };
    let magnitude = i64::try_from(magnitude).ok()?;
    Some(if negative { -magnitude } else { magnitude })
}

/// The integer nearest to `x * 2^-bout`; none if `x` is not finite or the result does not fit.
pub fn round_to_grid_f32(x: f32, bout: i32, rounding: Rounding) -> Option<i64> {
    let d = decompose_f32(x)?;
    round_to_grid(d.mantissa, d.exponent, bout, rounding)
}
