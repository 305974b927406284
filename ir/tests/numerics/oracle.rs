//! The oracle: a decoder written from rules F5 to F7, and the nearest of all representable values.

use std::cmp::Ordering;

use afp_ir::numerics::{Code, Format, Rounding};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed};

/// The integer a code decodes to, field by field from the text of rule F5.
pub fn decode(format: Format, code: Code) -> i128 {
    let (e, m) = (format.exp_bits(), format.man_bits());
    let bits: Vec<bool> = (0..format.width()).map(|bit| code >> bit & 1 == 1).collect();
    let number = |bits: &[bool]| bits.iter().rev().fold(0i128, |n, &bit| 2 * n + i128::from(bit));
    let negative = format.is_signed() && bits[(e + m) as usize];
    if e == 0 {
        let weight = if negative { 2i128.pow(m) } else { 0 };
        return number(&bits[..m as usize]) - weight;
    }
    let (mantissa, exponent) = (number(&bits[..m as usize]), number(&bits[m as usize..(e + m) as usize]));
    let magnitude = match exponent {
        0 => mantissa,
        _ => (2i128.pow(m) + mantissa) * 2i128.pow(exponent as u32 - 1),
    };
    if negative { -magnitude } else { magnitude }
}

/// Every format of at most `width` bits.
pub fn formats(width: u32) -> Vec<Format> {
    let mut formats = Vec::new();
    for signed in [false, true] {
        for e in 0..=5 {
            for m in 0..=15 {
                let fits = u32::from(signed) + e + m <= width && e + m >= 1 && (e == 0 || m <= 10);
                if fits {
                    formats.push(Format::new(signed, e, m).unwrap());
                }
            }
        }
    }
    formats
}

/// All values of a format that a canonical code stands for, in order.
pub struct Values {
    pub format: Format,
    /// Integer and code, by integer.
    pub sorted: Vec<(i128, Code)>,
}

impl Values {
    pub fn of(format: Format) -> Self {
        let sign = 1u32 << (format.width() - 1);
        let canonical = (0..1u32 << format.width()).filter(|&code| !format.is_signed() || code != sign);
        let mut sorted: Vec<(i128, Code)> =
            canonical.map(|code| (decode(format, code as Code), code as Code)).collect();
        sorted.sort_unstable();
        Self { format, sorted }
    }

    /// The code of the value nearest to `v`, where `against(t)` compares `2v` with the integer `t`.
    pub fn nearest(&self, rounding: Rounding, against: impl Fn(i128) -> Ordering) -> Code {
        let above = self.sorted.partition_point(|&(value, _)| against(2 * value) == Ordering::Greater);
        let Some(&(upper, upper_code)) = self.sorted.get(above) else {
            return self.sorted[above - 1].1;
        };
        let Some(&(lower, lower_code)) = above.checked_sub(1).map(|below| &self.sorted[below]) else {
            return upper_code;
        };
        let up = match (against(lower + upper), rounding) {
            (Ordering::Less, _) => false,
            (Ordering::Greater, _) | (_, Rounding::HalfUp) => true,
            (_, Rounding::HalfEven) => upper_code % 2 == 0,
            (_, Rounding::HalfAway) => upper > 0,
        };
        if up { upper_code } else { lower_code }
    }

    /// The code nearest to a rational.
    pub fn nearest_rational(&self, v: &BigRational, rounding: Rounding) -> Code {
        let twice = v * BigInt::from(2);
        self.nearest(rounding, |t| twice.cmp(&BigRational::from_integer(BigInt::from(t))))
    }
}

/// `n * 2^exponent / divisor`.
pub fn rational(n: i64, exponent: i32, divisor: u64) -> BigRational {
    BigRational::new(BigInt::from(n), BigInt::from(divisor)) * power(exponent)
}

/// `2^exponent`.
pub fn power(exponent: i32) -> BigRational {
    let power = BigRational::from_integer(BigInt::one() << exponent.unsigned_abs());
    if exponent < 0 { power.recip() } else { power }
}

/// A float's value from the fields of IEEE 754 with `e` exponent and `m` fraction bits; none if it is
/// not finite.
pub fn ieee(bits: u64, e: u32, m: u32) -> Option<BigRational> {
    let fraction = BigInt::from(bits % (1 << m));
    let field = (bits >> m) % (1 << e);
    if field == (1 << e) - 1 {
        return None;
    }
    let bias = (1i32 << (e - 1)) - 1;
    let one = if field == 0 { BigInt::from(0) } else { BigInt::one() << m };
    let magnitude =
        BigRational::from_integer(one + fraction) * power((field as i32).max(1) - bias - m as i32);
    Some(if bits >> (e + m) & 1 == 1 { -magnitude } else { magnitude })
}

/// The integer nearest to a rational.
pub fn round(v: &BigRational, rounding: Rounding) -> BigInt {
    let (floor, half) = (v.floor(), BigRational::new(BigInt::one(), BigInt::from(2)));
    let up = match ((v - &floor).cmp(&half), rounding) {
        (Ordering::Less, _) => false,
        (Ordering::Greater, _) | (_, Rounding::HalfUp) => true,
        (_, Rounding::HalfEven) => floor.to_integer() % 2 != BigInt::from(0),
        (_, Rounding::HalfAway) => v.is_positive(),
    };
    floor.to_integer() + BigInt::from(u8::from(up))
}

/// Random bits that are the same in every run (splitmix64).
pub struct Random(pub u64);

impl Random {
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number of `range`.
    pub fn within(&mut self, range: std::ops::RangeInclusive<i64>) -> i64 {
        let span = (range.end() - range.start() + 1) as u64;
        range.start() + (self.bits() % span) as i64
    }

    /// An integer of any length.
    pub fn integer(&mut self) -> i64 {
        let shift = self.bits() % 64;
        self.bits() as i64 >> shift
    }
}
