//! Decode, encode, and the boundary with `f32`, as integer operations.
//!
//! These are the rules of `afp_ir::numerics` written as code for a machine: the differential tests
//! hold the two against each other.

use afp_ir::{
    dialect::FloatType,
    mlir::{OpSpec, Type, Value},
    numerics::{Code, Format, Rounding},
};

use super::builder::{Cmp, Kernel};

/// Bits of the integers that a code is stored in.
pub fn storage_bits(format: Format) -> u32 {
    if format.width() <= 8 { 8 } else { 16 }
}

/// The integer of a stored code (rule F5), `bits` wide.
pub fn decode(k: &Kernel, code: Value, format: Format, bits: u32) -> Value {
    let stored = storage_bits(format);
    if format.exp_bits() == 0 {
        if !format.is_signed() {
            return k.resize(code, bits, false);
        }
        let shift = k.like(code, i64::from(stored - format.width()));
        let top = k.shl(code, shift);
        return k.resize(k.binary("arith.shrsi", top, shift), bits, true);
    }
    let code = k.resize(code, bits, false);
    let c = |value: i64| k.like(code, value);
    let man = i64::from(format.man_bits());
    let mantissa = k.and(code, c((1 << man) - 1));
    let exponent = k.and(k.shr(code, c(man)), c((1 << format.exp_bits()) - 1));
    let subnormal = k.cmp(Cmp::Eq, exponent, c(0));
    let significand = k.select(subnormal, mantissa, k.or(mantissa, c(1 << man)));
    let shift = k.sub(k.max(exponent, c(1)), c(1));
    let magnitude = k.shl(significand, shift);
    if !format.is_signed() {
        return magnitude;
    }
    let sign = k.and(k.shr(code, c(i64::from(format.magnitude_bits()))), c(1));
    k.select(k.cmp(Cmp::Ne, sign, c(0)), k.sub(c(0), magnitude), magnitude)
}

/// What an encode rounds to.
pub struct Target {
    /// The result's format.
    pub format: Format,
    /// Ties.
    pub rounding: Rounding,
    /// Least and largest integer that the limits leave, if they limit anything; `i64` values.
    pub limits: Option<(Value, Value)>,
}

impl Target {
    /// The stored code of `mantissa * 2^-d / divisor` (rules E1 to E7); all operands are `i64`, and
    /// `mantissa` is below 2^`bits` in magnitude. `d` is a constant or computed.
    pub fn encode(&self, k: &Kernel, mantissa: Value, d: Value, divisor: Option<Value>, bits: u32) -> Value {
        let zero = k.like(mantissa, 0);
        let negative = k.cmp(Cmp::Slt, mantissa, zero);
        let magnitude = k.select(negative, k.sub(zero, mantissa), mantissa);
        match divisor {
            None => self.finish(k, magnitude, negative, d),
            Some(divisor) => {
                // The quotient developed as far as 63 bits go; a last bit says whether a rest is left,
                // so that the value lies on the right side of every tie.
                let spare = i64::from(61u32.saturating_sub(bits));
                let scaled = k.shl(magnitude, k.like(magnitude, spare));
                let quotient = k.binary("arith.divui", scaled, divisor);
                let rest = k.sub(scaled, k.mul(quotient, divisor));
                let sticky = k.resize(k.cmp(Cmp::Ne, rest, zero), 64, false);
                let developed = k.or(k.shl(quotient, k.like(quotient, 1)), sticky);
                self.finish(k, developed, negative, k.add(d, k.like(d, spare + 1)))
            }
        }
    }

    /// The stored code of `(-1)^negative * magnitude * 2^-d`.
    fn finish(&self, k: &Kernel, magnitude: Value, negative: Value, d: Value) -> Value {
        let format = self.format;
        let field = self.magnitude(k, magnitude, negative, d);
        let c = |value: i64| k.like(field, value);
        let code = if !format.is_signed() {
            k.select(negative, c(0), field)
        } else if format.exp_bits() == 0 {
            let negated = k.and(k.sub(c(0), field), c(i64::from(format.code_count()) - 1));
            k.select(negative, negated, field)
        } else {
            let sign = k.select(k.cmp(Cmp::Ne, field, c(0)), c(1 << format.magnitude_bits()), c(0));
            k.select(negative, k.or(field, sign), field)
        };
        let stored = k.resize(code, storage_bits(format), false);
        self.limited(k, stored)
    }

    /// The magnitude field: `E' << m + q`, saturated (rules E2 to E5).
    fn magnitude(&self, k: &Kernel, a: Value, negative: Value, d: Value) -> Value {
        let (format, man) = (self.format, i64::from(self.format.man_bits()));
        let c = |value: i64| k.like(a, value);
        let zero = c(0);
        let leading = k.value(OpSpec::new("math.ctlz").operands([a]).result(a.ty()));
        let top = k.sub(k.sub(c(63), leading), d);
        let exponent =
            if format.exp_bits() == 0 { zero } else { k.min(k.max(k.sub(top, c(man)), zero), c(62)) };
        let r = k.add(d, exponent);
        let (right, left) = (k.max(r, zero), k.min(k.max(k.sub(zero, r), zero), c(63)));
        let shift = k.min(right, c(63));
        let unit = k.shl(c(1), shift);
        let half = k.shr(unit, c(1));
        let rest = k.and(a, k.sub(unit, c(1)));
        let quotient = k.shl(k.shr(a, shift), left);
        let lower = k.add(k.shl(exponent, c(man)), quotient);
        let above = k.cmp(Cmp::Ugt, rest, half);
        let tie = k.and(k.cmp(Cmp::Eq, rest, half), k.cmp(Cmp::Ne, half, zero));
        let tie_up = match self.rounding {
            Rounding::HalfUp => k.select(negative, k.constant(k.int(1), 0), tie),
            Rounding::HalfEven => k.and(tie, k.resize(k.and(lower, c(1)), 1, false)),
            Rounding::HalfAway => tie,
        };
        // Beyond 63 bits to the right, the value is less than half a unit.
        let near = k.cmp(Cmp::Slt, right, c(64));
        let up = k.and(k.or(above, tie_up), near);
        let rounded = k.add(lower, k.resize(up, 64, false));
        let largest = c(i64::from(format.max_magnitude()));
        let saturated = k.select(k.cmp(Cmp::Sgt, top, c(62)), largest, k.min(rounded, largest));
        k.select(k.cmp(Cmp::Eq, a, zero), zero, saturated)
    }

    /// A stored code between the limits, compared by value (rule E6).
    fn limited(&self, k: &Kernel, code: Value) -> Value {
        let Some((lo, hi)) = self.limits else { return code };
        let value = k.min(k.max(decode(k, code, self.format, 64), lo), hi);
        self.code_of(k, value)
    }

    /// The stored code of an integer that the format holds.
    fn code_of(&self, k: &Kernel, value: Value) -> Value {
        let exact = Self { format: self.format, rounding: self.rounding, limits: None };
        let zero = k.like(value, 0);
        exact.encode(k, value, zero, None, 63)
    }
}

/// The code of a float: NaN becomes 0, infinities saturate (rule Q1).
pub fn quantize(k: &Kernel, x: Value, ty: FloatType, exp: i32) -> Value {
    let bits = k.value(OpSpec::new("arith.bitcast").operands([x]).result(k.int(32)));
    let negative = k.cmp(Cmp::Slt, bits, k.like(bits, 0));
    let bits = k.resize(bits, 64, false);
    let c = |value: i64| k.like(bits, value);
    let fraction = k.and(bits, c((1 << 23) - 1));
    let field = k.and(k.shr(bits, c(23)), c(255));
    let normal = k.cmp(Cmp::Ne, field, c(0));
    let significand = k.select(normal, k.or(fraction, c(1 << 23)), fraction);
    let d = k.sub(c(i64::from(exp) + 150), k.max(field, c(1)));
    let special = k.cmp(Cmp::Eq, field, c(255));
    let nan = k.and(special, k.cmp(Cmp::Ne, fraction, c(0)));
    // An infinity is larger than everything: a shift that leaves no doubt.
    let d = k.select(special, c(-4 * 4096), d);
    let significand = k.select(nan, c(0), significand);
    let target = Target { format: ty.format, rounding: Rounding::HalfUp, limits: None };
    target.finish(k, significand, negative, d)
}

/// The float of a code (rule Q3), of type `f32`. Its bits are built by integer operations alone.
pub fn dequantize(k: &Kernel, code: Value, ty: FloatType, exp: i32) -> Value {
    let largest = ty.format.int_max().unsigned_abs().max(ty.format.int_min().unsigned_abs());
    let top = i64::from(u64::BITS - largest.leading_zeros()) - 1;
    let exp = i64::from(exp);
    let bits = if top < 24 && exp >= -126 && exp + top <= 127 {
        normal_bits(k, decode(k, code, ty.format, 32), exp)
    } else {
        rounded_bits(k, decode(k, code, ty.format, 64), exp)
    };
    k.value(OpSpec::new("arith.bitcast").operands([bits]).result(Type::f32(k.ctx())))
}

/// An integer's magnitude, the bit of its sign in a float, and how many zeros lead the magnitude.
fn sign_magnitude(k: &Kernel, integer: Value) -> (Value, Value, Value) {
    let zero = k.like(integer, 0);
    let negative = k.cmp(Cmp::Slt, integer, zero);
    let magnitude = k.select(negative, k.sub(zero, integer), integer);
    let sign = k.select(negative, k.constant(k.int(32), i64::from(i32::MIN)), k.constant(k.int(32), 0));
    let leading = k.value(OpSpec::new("math.ctlz").operands([magnitude]).result(magnitude.ty()));
    (magnitude, sign, leading)
}

/// The bits of `integer * 2^exp`, where that is 0 or a normal float: `i32`, below 2^24 in magnitude.
fn normal_bits(k: &Kernel, integer: Value, exp: i64) -> Value {
    let c = |value: i64| k.like(integer, value);
    let (magnitude, sign, leading) = sign_magnitude(k, integer);
    let is_zero = k.cmp(Cmp::Eq, magnitude, c(0));
    // No shift by the width, where the result is not used.
    let leading = k.min(leading, c(31));
    let significand = k.shr(k.shl(magnitude, leading), c(8));
    // The significand's first bit counts one into the exponent.
    let exponent = k.shl(k.sub(c(exp + 31 + 126), leading), c(23));
    let bits = k.select(is_zero, c(0), k.add(exponent, significand));
    k.or(bits, sign)
}

/// The bits of the float nearest to `integer * 2^exp`, a tie to even: `i64`, below 2^62 in magnitude.
fn rounded_bits(k: &Kernel, integer: Value, exp: i64) -> Value {
    let c = |value: i64| k.like(integer, value);
    let (magnitude, sign, leading) = sign_magnitude(k, integer);
    let is_zero = k.cmp(Cmp::Eq, magnitude, c(0));
    let leading = k.min(leading, c(63));
    // The first bit at place 61, so that a shift by 62 leaves less than one half or a tie.
    let significand = k.shr(k.shl(magnitude, leading), c(2));
    let exponent = k.sub(c(exp + 63), leading);
    let below_normal = k.max(k.sub(c(-126), exponent), c(0));
    let shift = k.min(k.add(below_normal, c(61 - 23)), c(63));
    let unit = k.shl(c(1), shift);
    let half = k.shr(unit, c(1));
    let rest = k.and(significand, k.sub(unit, c(1)));
    let quotient = k.shr(significand, shift);
    let above = k.cmp(Cmp::Ugt, rest, half);
    let odd = k.resize(quotient, 1, false);
    let tie_up = k.and(k.cmp(Cmp::Eq, rest, half), odd);
    let rounded = k.add(quotient, k.resize(k.or(above, tie_up), 64, false));
    // The significand's first bit, and a carry out of it, count into the exponent.
    let field = k.shl(k.add(k.max(exponent, c(-126)), c(126)), c(23));
    let bits = k.min(k.add(field, rounded), c(0x7f80_0000));
    let bits = k.resize(k.select(is_zero, c(0), bits), 32, false);
    k.or(bits, sign)
}

/// The integers of codes.
pub fn decoded(format: Format, codes: &[i64]) -> Vec<i64> {
    let mask = i64::from(format.code_count()) - 1;
    codes.iter().map(|&code| format.decode((code & mask) as Code)).collect()
}
