//! A format: how many sign, exponent and mantissa bits a code has, and what each code is worth.

use std::{fmt, str::FromStr};

/// The bits of one element, in the low `Format::width` bits, laid out `sign | E | M`.
pub type Code = u16;

/// Scale exponents lie within plus and minus this (rule F8).
pub const MAX_SCALE_EXPONENT: i32 = 4096;

/// A split of a code into sign, exponent and mantissa bits (rule F1).
///
/// Written `e2m2` (signed) or `ue2m5` (unsigned). A code decodes to an integer `I`; the element is
/// worth `I * 2^exp`, where `exp` is the tensor's scale exponent and no part of the format.
///
/// ```
/// use afp_ir::numerics::Format;
/// let f: Format = "e2m2".parse().unwrap();
/// assert_eq!((f.width(), f.int_max()), (5, 28));
/// assert_eq!(f.decode(0b0_11_11), 28);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Format {
    signed: bool,
    exp_bits: u8,
    man_bits: u8,
}

/// Why something is not a format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// The text is not of the form `[u]e<digits>m<digits>`.
    #[error("[F1] expected a format such as 'e2m2' or 'ue0m8', found '{0}'")]
    Spelling(String),
    /// More exponent bits than the family has.
    #[error("[F2] expected 0 to 5 exponent bits, found {0}")]
    ExponentBits(u32),
    /// More mantissa bits than the family has at this number of exponent bits.
    #[error("[F3] expected at most {limit} mantissa bits with {exp_bits} exponent bits, found {found}")]
    MantissaBits {
        /// Exponent bits of the rejected format.
        exp_bits: u32,
        /// The largest number of mantissa bits allowed.
        limit: u32,
        /// The number found.
        found: u32,
    },
    /// Neither exponent nor mantissa bits.
    #[error("[F4] expected at least one exponent or mantissa bit, found none")]
    Empty,
}

impl Format {
    /// The format with these fields.
    ///
    /// # Errors
    /// Rules F2 to F4: `exp_bits` in 0..=5, `man_bits` in 0..=10 (0..=15 for `exp_bits` = 0), not
    /// both zero.
    pub fn new(signed: bool, exp_bits: u32, man_bits: u32) -> Result<Self, FormatError> {
        if exp_bits > 5 {
            return Err(FormatError::ExponentBits(exp_bits));
        }
        let limit = if exp_bits == 0 { 15 } else { 10 };
        if man_bits > limit {
            return Err(FormatError::MantissaBits { exp_bits, limit, found: man_bits });
        }
        if exp_bits + man_bits == 0 {
            return Err(FormatError::Empty);
        }
        Ok(Self { signed, exp_bits: exp_bits as u8, man_bits: man_bits as u8 })
    }

    /// Fixed point of `man_bits` bits (and a sign bit if `signed`), for constants known to be valid.
    ///
    /// # Panics
    /// If `man_bits` is not in 1..=15.
    pub const fn fixed(signed: bool, man_bits: u8) -> Self {
        assert!(man_bits >= 1 && man_bits <= 15);
        Self { signed, exp_bits: 0, man_bits }
    }

    /// Fixed point of 8 bits, what values between operators take unless somebody says otherwise: `e0m7`, or
    /// `ue0m8` without a sign.
    pub const fn byte(signed: bool) -> Self {
        Self::fixed(signed, 8 - signed as u8)
    }

    /// Fixed point of the most bits that only values that leave a program may take: `e0m15`, or `ue0m15`.
    pub const fn wide(signed: bool) -> Self {
        Self::fixed(signed, 15)
    }

    /// Whether negative values exist.
    pub const fn is_signed(self) -> bool {
        self.signed
    }

    /// Number of exponent bits, `e`.
    pub const fn exp_bits(self) -> u32 {
        self.exp_bits as u32
    }

    /// Number of mantissa bits, `m`.
    pub const fn man_bits(self) -> u32 {
        self.man_bits as u32
    }

    /// Bits of one code, `s + e + m`: 1 to 16.
    pub const fn width(self) -> u32 {
        self.signed as u32 + self.magnitude_bits()
    }

    /// Bits of the integer that a code is stored in: 8 or 16.
    pub const fn storage_bits(self) -> u32 {
        if self.width() <= 8 { 8 } else { 16 }
    }

    /// Bits of a code without its sign bit, `e + m`.
    pub const fn magnitude_bits(self) -> u32 {
        self.exp_bits as u32 + self.man_bits as u32
    }

    /// Number of bit patterns, `2^width`.
    pub const fn code_count(self) -> u32 {
        1 << self.width()
    }

    /// The largest integer a code decodes to, `Imax` (rule F6).
    pub const fn int_max(self) -> i64 {
        if self.exp_bits == 0 {
            (1 << self.man_bits) - 1
        } else {
            ((1 << (self.man_bits + 1)) - 1) << ((1u32 << self.exp_bits) - 2)
        }
    }

    /// The smallest integer a canonical code decodes to: `-Imax`, or 0 without a sign bit.
    pub const fn int_min(self) -> i64 {
        if self.signed { -self.int_max() } else { 0 }
    }

    /// The largest `magnitude` that [`Format::with_sign`] takes, the code of `int_max`.
    pub const fn max_magnitude(self) -> Code {
        ((1u32 << self.magnitude_bits()) - 1) as Code
    }

    /// The code of the largest value.
    pub const fn max_code(self) -> Code {
        self.max_magnitude()
    }

    /// The code of the smallest value.
    pub const fn min_code(self) -> Code {
        if self.signed { self.with_sign(self.max_magnitude(), true) } else { 0 }
    }

    /// The code with this magnitude (exponent and mantissa field) and sign. Zero has no sign.
    pub const fn with_sign(self, magnitude: Code, negative: bool) -> Code {
        if !negative || magnitude == 0 {
            magnitude
        } else if self.exp_bits == 0 {
            let mask = ((1u32 << self.width()) - 1) as Code;
            (!magnitude).wrapping_add(1) & mask
        } else {
            magnitude | (1 << self.magnitude_bits())
        }
    }

    /// The integer `I` of a code (rule F5). Bits above the width are ignored.
    pub const fn decode(self, code: Code) -> i64 {
        let magnitude = (code & self.max_magnitude()) as i64;
        let negative = self.signed && (code >> self.magnitude_bits()) & 1 == 1;
        if self.exp_bits == 0 {
            return if negative { magnitude - (1 << self.man_bits) } else { magnitude };
        }
        let significand = magnitude & ((1 << self.man_bits) - 1);
        let exponent = magnitude >> self.man_bits;
        let value =
            if exponent == 0 { significand } else { ((1 << self.man_bits) + significand) << (exponent - 1) };
        if negative { -value } else { value }
    }

    /// Whether encoding ever produces this code: not `-0`, not `-2^m` of two's complement, and no
    /// bit set above the width (rule F7).
    pub const fn is_canonical(self, code: Code) -> bool {
        if code as u32 >= self.code_count() {
            return false;
        }
        !self.signed || code != 1 << self.magnitude_bits()
    }

    /// All canonical codes, in the order of their bit patterns.
    pub fn canonical_codes(self) -> impl Iterator<Item = Code> {
        (0..self.code_count()).map(|code| code as Code).filter(move |&code| self.is_canonical(code))
    }

    /// The format with the same values and the cheapest decode: `e1m(k)` becomes `e0m(k+1)`.
    pub const fn simplest(self) -> Self {
        if self.exp_bits == 1 { Self { exp_bits: 0, man_bits: self.man_bits + 1, ..self } } else { self }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.signed { "" } else { "u" };
        write!(f, "{sign}e{}m{}", self.exp_bits, self.man_bits)
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        let spelling = || FormatError::Spelling(text.to_owned());
        let number = |digits: &str| -> Result<u32, FormatError> {
            let plain = !digits.is_empty() && digits.len() <= 3 && digits.bytes().all(|b| b.is_ascii_digit());
            let padded = digits.len() > 1 && digits.starts_with('0');
            if plain && !padded { digits.parse().map_err(|_| spelling()) } else { Err(spelling()) }
        };
        let (signed, rest) = match text.strip_prefix('u') {
            Some(rest) => (false, rest),
            None => (true, text),
        };
        let (exp, man) = rest.strip_prefix('e').and_then(|r| r.split_once('m')).ok_or_else(spelling)?;
        Self::new(signed, number(exp)?, number(man)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(text: &str) -> Format {
        text.parse().unwrap()
    }

    #[test]
    fn imax_matches_the_published_table() {
        let table = [
            ("e2m0", 4),
            ("e2m1", 12),
            ("e2m2", 28),
            ("e2m3", 60),
            ("e2m4", 124),
            ("e3m0", 64),
            ("ue0m8", 255),
            ("ue1m7", 255),
            ("ue2m5", 252),
            ("ue3m1", 192),
            ("e3m4", 1984),
            ("ue2m6", 508),
            ("e4m2", 7 << 14),
        ];
        for (text, imax) in table {
            assert_eq!(format(text).int_max(), imax, "{text}");
        }
    }

    #[test]
    fn spellings_round_trip_and_bad_ones_are_refused() {
        for text in ["e2m2", "ue0m8", "e0m15", "e5m10", "ue5m0"] {
            assert_eq!(format(text).to_string(), text);
        }
        for text in ["", "e", "m2", "e2", "e2m", "E2m2", "e2m2x", "e02m2", "ue-1m2", "uue2m2", "e2m2 "] {
            assert!(matches!(text.parse::<Format>(), Err(FormatError::Spelling(_))), "{text}");
        }
        assert_eq!("e6m1".parse::<Format>(), Err(FormatError::ExponentBits(6)));
        assert_eq!("e0m0".parse::<Format>(), Err(FormatError::Empty));
        assert_eq!(
            "e1m11".parse::<Format>(),
            Err(FormatError::MantissaBits { exp_bits: 1, limit: 10, found: 11 })
        );
    }

    #[test]
    fn e1_and_e0_hold_the_same_values() {
        for man in 0..=9 {
            for signed in [false, true] {
                let float = Format::new(signed, 1, man).unwrap();
                let mut floats: Vec<i64> = float.canonical_codes().map(|c| float.decode(c)).collect();
                let fixed = float.simplest();
                assert_eq!(fixed.exp_bits(), 0);
                let mut ints: Vec<i64> = fixed.canonical_codes().map(|c| fixed.decode(c)).collect();
                floats.sort();
                ints.sort();
                assert_eq!(floats, ints);
            }
        }
    }
}
