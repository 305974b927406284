//! The rules of numerics as operations on integers, scalars or vectors of any width.
//!
//! What `afp_ir::numerics` states is written here as code for a machine; the differential tests hold
//! the two against each other.

use afp_ir::{
    mlir::{OpSpec, Type, Value},
    numerics::{Format, Rounding},
};

use crate::kernels::builder::{Cmp, Kernel, with_element};

/// The integer of a stored code (rule F5), `bits` wide.
pub fn decode(k: &Kernel, code: Value, format: Format, bits: u32) -> Value {
    let stored = code.ty().int_width().unwrap_or(8);
    if format.exp_bits() == 0 {
        if !format.is_signed() {
            return k.resize(code, bits, false);
        }
        let unused = stored - format.width();
        let value = if unused == 0 {
            code
        } else {
            let shift = k.like(code, i64::from(unused));
            k.binary("arith.shrsi", k.shl(code, shift), shift)
        };
        return k.resize(value, bits, true);
    }
    let fields = Fields::of(k, k.resize(code, bits, false), format);
    let magnitude = k.shl(fields.significand, fields.shift);
    fields.signed(k, magnitude)
}

/// The parts of a sign-magnitude code.
struct Fields {
    significand: Value,
    /// How far the significand is shifted.
    shift: Value,
    /// An `i1`, where the format has a sign.
    negative: Option<Value>,
}

impl Fields {
    fn of(k: &Kernel, code: Value, format: Format) -> Self {
        let c = |value: i64| k.like(code, value);
        let man = i64::from(format.man_bits());
        let mantissa = k.and(code, c((1 << man) - 1));
        let exponent = k.and(k.shr(code, c(man)), c((1 << format.exp_bits()) - 1));
        let subnormal = k.cmp(Cmp::Eq, exponent, c(0));
        let significand = k.select(subnormal, mantissa, k.or(mantissa, c(1 << man)));
        let shift = k.sub(k.max(exponent, c(1)), c(1));
        let negative = format.is_signed().then(|| {
            let sign = k.and(k.shr(code, c(i64::from(format.magnitude_bits()))), c(1));
            k.cmp(Cmp::Ne, sign, c(0))
        });
        Self { significand, shift, negative }
    }

    fn signed(&self, k: &Kernel, magnitude: Value) -> Value {
        match self.negative {
            Some(negative) => k.select(negative, k.sub(k.like(magnitude, 0), magnitude), magnitude),
            None => magnitude,
        }
    }
}

/// `input * decode(code)` by shifts and additions, as wide as the input.
pub fn shift_mul(k: &Kernel, input: Value, code: Value, format: Format) -> Value {
    let bits = input.ty().int_width().unwrap_or(32);
    let fields = if format.exp_bits() == 0 {
        let value = decode(k, code, format, bits);
        let zero = k.like(value, 0);
        let negative = format.is_signed().then(|| k.cmp(Cmp::Slt, value, zero));
        let significand = match negative {
            Some(negative) => k.select(negative, k.sub(zero, value), value),
            None => value,
        };
        Fields { significand, shift: zero, negative }
    } else {
        Fields::of(k, k.resize(code, bits, false), format)
    };
    let digits = if format.exp_bits() == 0 { format.man_bits() } else { format.man_bits() + 1 };
    let mut sum = k.like(input, 0);
    for digit in 0..i64::from(digits) {
        let c = |value: i64| k.like(input, value);
        let bit = k.and(k.shr(fields.significand, c(digit)), c(1));
        // All ones where the digit is set.
        let mask = k.sub(c(0), bit);
        sum = k.add(sum, k.and(k.shl(input, c(digit)), mask));
    }
    let product = if format.exp_bits() < 2 { sum } else { k.shl(sum, fields.shift) };
    fields.signed(k, product)
}

/// What an encode rounds to.
#[derive(Clone, Copy)]
pub struct Target {
    /// The result's format.
    pub format: Format,
    /// Ties.
    pub rounding: Rounding,
    /// Whether shifts are known to be at least 0 and less than the width.
    pub is_right: bool,
    /// Whether leading zeros of lanes are not counted by an instruction, nor lanes shifted by counts of their own.
    pub is_basic: bool,
}

impl Target {
    /// Bits of the integers in which values below `2^bits` are encoded without a divisor.
    pub fn sum_bits(&self, bits: u32) -> u32 {
        let fits = self.rounding == Rounding::HalfUp && self.format.int_max() < 1 << 15;
        if bits == 31 && fits { 32 } else { encode_bits(self.format, bits) }
    }
}

/// Bits of values that can be doubled, and a unit added, in 32 bits.
const MASKED_BITS: u32 = 29;

/// Bits of the integers that serve for values below `2^bits` and this format.
pub fn encode_bits(format: Format, bits: u32) -> u32 {
    if bits <= 30 && format.int_max() < 1 << 30 { 32 } else { 64 }
}

impl Target {
    /// The integer of the code nearest to `mantissa * 2^-d / divisor` (rules E1 to E5); operands have
    /// one type, which [`encode_bits`] gives, or `i64` with a divisor. `mantissa` is below `2^bits` in
    /// magnitude. `d` is a constant or computed.
    pub fn encode(&self, k: &Kernel, mantissa: Value, d: Value, divisor: Option<Value>, bits: u32) -> Value {
        if divisor.is_none() && self.rounding == Rounding::HalfUp && self.room(mantissa) > 0 {
            let ranges = self.format.exp_bits() >= 2 && self.is_right && bits <= MASKED_BITS;
            let width = mantissa.ty().int_width();
            return if ranges && width == Some(32) {
                self.masked(k, mantissa, d)
            } else {
                self.half_up(k, mantissa, d)
            };
        }
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

    /// How far integers of the format can be shifted to the left in a value's type: far enough to see that
    /// they are too large; or 0.
    fn room(&self, like: Value) -> i64 {
        let width = i64::from(like.ty().int_width().unwrap_or(64));
        let largest = i64::from(self.format.int_max().ilog2()) + 1;
        let room = width - 2 - largest;
        if room >= largest { room } else { 0 }
    }

    /// As [`Target::half_up`] for a shift to the right of values below `2^`[`MASKED_BITS`], with fewer variable
    /// shifts, of which a processor does one at a time. What is below half a unit is cleared by a mask. Exponents
    /// beyond the format's need no care: whatever rounds to them is beyond its largest integer.
    fn masked(&self, k: &Kernel, x: Value, d: Value) -> Value {
        let format = self.format;
        let c = |value: i64| k.like(x, value);
        // Where more is shifted out, nothing is left either.
        let d = k.min(d, c(30));
        let x = if format.is_signed() { x } else { k.max(x, c(0)) };
        let magnitude = if format.is_signed() { k.max(x, k.sub(c(0), x)) } else { x };
        // All below a unit: with twice the value, the unit itself is the half.
        let mask = if self.is_basic {
            self.smeared(k, magnitude, d)
        } else {
            let leading = k.value(OpSpec::new("math.ctlz").operands([magnitude]).result(magnitude.ty()));
            let bits = k.min(k.add(leading, c(i64::from(format.man_bits()))), k.sub(c(31), d));
            k.shr(c(i64::from(i32::MAX)), bits)
        };
        let sum = k.add(k.add(k.add(x, x), c(1)), mask);
        let kept = k.and(sum, k.binary("arith.xori", k.add(mask, mask), c(-1)));
        let rounded = k.binary("arith.shrsi", kept, k.add(d, c(1)));
        let limited = k.min(rounded, c(format.int_max()));
        if format.is_signed() { k.max(limited, c(format.int_min())) } else { limited }
    }

    /// All bits below the unit of a magnitude without counting its zeros: its bits moved below the unit, where the first
    /// is repeated for as many as the format has binades; those below `d` are set in any case. Beyond the format's
    /// exponents not all bits are, but what is rounded with any of them stays beyond its largest integer.
    fn smeared(&self, k: &Kernel, magnitude: Value, d: Value) -> Value {
        let c = |value: i64| k.like(magnitude, value);
        let mut mask = k.shr(magnitude, c(i64::from(self.format.man_bits()) + 1));
        let (mut repeated, needed) = (1, (1i64 << self.format.exp_bits()) - 2);
        while repeated < needed.min(32) {
            mask = k.or(mask, k.shr(mask, c(repeated)));
            repeated *= 2;
        }
        k.or(mask, k.sub(k.shl(c(1), d), c(1)))
    }

    /// As [`Target::encode`], ties up: half a unit is added and shifted out, and the sign needs no care.
    fn half_up(&self, k: &Kernel, x: Value, d: Value) -> Value {
        let format = self.format;
        let last = i64::from(x.ty().int_width().unwrap_or(64)) - 1;
        let c = |value: i64| k.like(x, value);
        let (zero, one) = (c(0), c(1));
        let x = if format.is_signed() { x } else { k.max(x, zero) };
        let (x, d) = if self.is_right {
            (x, d)
        } else {
            let left = k.min(k.max(k.sub(zero, d), zero), c(self.room(x)));
            // What does not fit is beyond the largest integer in any case; with nothing shifted, all fits.
            let most = k.shr(c(i64::MAX >> (63 - last)), k.add(left, k.min(left, one)));
            // All is less than half a unit.
            let most = k.select(k.cmp(Cmp::Sgt, d, c(last)), zero, most);
            let limited = k.min(x, most);
            let limited = if format.is_signed() { k.max(limited, k.sub(zero, most)) } else { limited };
            (k.shl(limited, left), k.min(k.max(d, zero), c(last)))
        };
        let exponent = (format.exp_bits() >= 2).then(|| self.exponent(k, x, d));
        let r = exponent.map_or(d, |exponent| k.add(d, exponent));
        let half = k.shr(k.shl(one, r), one);
        let rounded = k.binary("arith.shrsi", k.add(x, half), r);
        let rounded = exponent.map_or(rounded, |exponent| k.shl(rounded, exponent));
        let limited = k.min(rounded, c(format.int_max()));
        if format.is_signed() { k.max(limited, c(format.int_min())) } else { limited }
    }

    /// The exponent field less one of `x * 2^-d` before rounding, for a shift to the right; 0 for
    /// subnormal codes. With `d` it is no more than the bits of `x`.
    fn exponent(&self, k: &Kernel, x: Value, d: Value) -> Value {
        let last = i64::from(x.ty().int_width().unwrap_or(64)) - 1;
        let man = i64::from(self.format.man_bits());
        let c = |value: i64| k.like(x, value);
        let magnitude = if self.format.is_signed() { k.max(x, k.sub(c(0), x)) } else { x };
        let largest = (1 << self.format.exp_bits()) - 2;
        if largest > 2 {
            let leading = k.value(OpSpec::new("math.ctlz").operands([magnitude]).result(magnitude.ty()));
            let binade = k.sub(k.sub(c(last - man), d), leading);
            return k.min(k.max(binade, c(0)), c(largest));
        }
        // Two comparisons are less than a count of zeros.
        let mut exponent = c(0);
        for step in 1..=largest {
            let place = k.min(k.add(d, c(man + step)), c(last));
            let below = k.sub(k.shl(c(1), place), c(1));
            let reached = k.cmp(Cmp::Sgt, magnitude, below);
            exponent = k.add(exponent, k.resize(reached, last as u32 + 1, false));
        }
        exponent
    }

    /// The integer of `(-1)^negative * a * 2^-d`, rounded and saturated.
    fn finish(&self, k: &Kernel, a: Value, negative: Value, d: Value) -> Value {
        let magnitude = self.magnitude(k, a, negative, d);
        let zero = k.like(a, 0);
        if self.format.is_signed() {
            k.select(negative, k.sub(zero, magnitude), magnitude)
        } else {
            k.select(negative, zero, magnitude)
        }
    }

    fn magnitude(&self, k: &Kernel, a: Value, negative: Value, d: Value) -> Value {
        let (format, man) = (self.format, i64::from(self.format.man_bits()));
        let width = i64::from(a.ty().int_width().unwrap_or(64));
        let last = width - 1;
        let c = |value: i64| k.like(a, value);
        let zero = c(0);
        let leading = k.value(OpSpec::new("math.ctlz").operands([a]).result(a.ty()));
        let top = k.sub(k.sub(c(last), leading), d);
        let exponent = if format.exp_bits() < 2 {
            zero
        } else {
            k.min(k.max(k.sub(top, c(man)), zero), c((1 << format.exp_bits()) - 2))
        };
        let r = k.add(d, exponent);
        let (right, left) = (k.max(r, zero), k.min(k.max(k.sub(zero, r), zero), c(last)));
        let shift = k.min(right, c(last));
        let unit = k.shl(c(1), shift);
        let half = k.shr(unit, c(1));
        let rest = k.and(a, k.sub(unit, c(1)));
        let quotient = k.shl(k.shr(a, shift), left);
        let above = k.cmp(Cmp::Ugt, rest, half);
        let tie = k.and(k.cmp(Cmp::Eq, rest, half), k.cmp(Cmp::Ne, half, zero));
        let tie_up = match self.rounding {
            Rounding::HalfUp => k.select(negative, k.like(tie, 0), tie),
            Rounding::HalfEven => {
                // The code's last bit: without a mantissa it is the exponent's.
                let code = if man == 0 { k.add(exponent, quotient) } else { quotient };
                k.and(tie, k.cmp(Cmp::Ne, k.and(code, c(1)), zero))
            }
            Rounding::HalfAway => tie,
        };
        // Beyond the width to the right, the value is less than half a unit.
        let near = k.cmp(Cmp::Slt, right, c(width));
        let up = k.and(k.or(above, tie_up), near);
        let up = k.resize(up, width as u32, false);
        let rounded = k.shl(k.add(quotient, up), exponent);
        let largest = c(format.int_max());
        let beyond = k.cmp(Cmp::Sgt, top, c(i64::from(format.int_max().ilog2())));
        let saturated = k.select(beyond, largest, k.min(rounded, largest));
        k.select(k.cmp(Cmp::Eq, a, zero), zero, saturated)
    }
}

/// The canonical code, `bits` wide, of an integer that the format holds.
pub fn code_of(k: &Kernel, integer: Value, format: Format, bits: u32) -> Value {
    let c = |value: i64| k.like(integer, value);
    if format.exp_bits() == 0 {
        let code = k.and(integer, c(i64::from(format.code_count()) - 1));
        return k.resize(code, bits, false);
    }
    let (zero, man) = (c(0), i64::from(format.man_bits()));
    let width = i64::from(integer.ty().int_width().unwrap_or(32));
    let negative = k.cmp(Cmp::Slt, integer, zero);
    let magnitude = k.select(negative, k.sub(zero, integer), integer);
    let leading = k.value(OpSpec::new("math.ctlz").operands([magnitude]).result(magnitude.ty()));
    let exponent = k.max(k.sub(c(width - 1 - man), leading), zero);
    let code = k.add(k.shl(exponent, c(man)), k.shr(magnitude, exponent));
    let code = if format.is_signed() {
        let sign = k.select(negative, c(1 << format.magnitude_bits()), zero);
        k.or(code, sign)
    } else {
        code
    };
    k.resize(code, bits, false)
}

/// A scale exponent in a kernel.
#[derive(Clone, Copy)]
pub enum Scale {
    /// A number.
    Known(i32),
    /// What the code computes.
    Computed {
        /// An `i32`.
        exp: Value,
        /// Least and largest.
        interval: (i32, i32),
    },
}

impl Scale {
    /// The exponent plus a number, of another value's type.
    fn plus(self, k: &Kernel, number: i64, like: Value) -> Value {
        match self {
            Self::Known(exp) => k.like(like, i64::from(exp) + number),
            Self::Computed { exp, .. } => {
                let wide = k.resize(exp, like.ty().int_width().unwrap_or(32), true);
                let wide = like.ty().lanes().map_or(wide, |lanes| k.broadcast(wide, lanes));
                k.add(wide, k.like(like, number))
            }
        }
    }

    fn interval(self) -> (i64, i64) {
        let (lo, hi) = match self {
            Self::Known(exp) => (exp, exp),
            Self::Computed { interval, .. } => interval,
        };
        (lo.into(), hi.into())
    }
}

/// The integer of the code nearest to a float in units of `2^exp`: NaN becomes 0, infinities saturate
/// (rule Q1). `x` is an `f32`, or a vector of them.
pub fn quantize(k: &Kernel, x: Value, format: Format, scale: Scale) -> Value {
    let bits_type = with_element(x.ty(), k.int(32));
    let bits = k.value(OpSpec::new("arith.bitcast").operands([x]).result(bits_type));
    if let Scale::Known(exp @ -119..=99) = scale
        && format.exp_bits() == 0
        && format.int_max() < 1 << 22
    {
        return quantize_fixed(k, bits, format, exp);
    }
    let negative = k.cmp(Cmp::Slt, bits, k.like(bits, 0));
    let width = encode_bits(format, 24);
    let bits = k.resize(bits, width, false);
    let c = |value: i64| k.like(bits, value);
    let fraction = k.and(bits, c((1 << 23) - 1));
    let field = k.and(k.shr(bits, c(23)), c(255));
    let normal = k.cmp(Cmp::Ne, field, c(0));
    let significand = k.select(normal, k.or(fraction, c(1 << 23)), fraction);
    let d = k.sub(scale.plus(k, 150, bits), k.max(field, c(1)));
    let special = k.cmp(Cmp::Eq, field, c(255));
    let nan = k.and(special, k.cmp(Cmp::Ne, fraction, c(0)));
    // An infinity is larger than everything: a shift that leaves no doubt.
    let d = k.select(special, c(-4 * 4096), d);
    let significand = k.select(nan, c(0), significand);
    let signed = k.select(negative, k.sub(c(0), significand), significand);
    Target { format, rounding: Rounding::HalfUp, is_right: false, is_basic: false }
        .encode(k, signed, d, None, 24)
}

/// As [`quantize`], from the bits of a float to fixed point in units that are neither tiny nor huge. Then a
/// subnormal float is less than half a unit, and what a shift to the left would be for is beyond the format,
/// an infinity too.
fn quantize_fixed(k: &Kernel, bits: Value, format: Format, exp: i32) -> Value {
    let c = |value: i64| k.like(bits, value);
    let magnitude = k.and(bits, c(i64::from(i32::MAX)));
    let significand = k.or(k.and(bits, c((1 << 23) - 1)), c(1 << 23));
    let nan = k.cmp(Cmp::Sgt, magnitude, c(255 << 23));
    let significand = k.select(nan, c(0), significand);
    let sign = k.binary("arith.shrsi", bits, c(31));
    let signed = k.sub(k.binary("arith.xori", significand, sign), sign);
    let d = k.sub(c(i64::from(exp) + 150), k.shr(magnitude, c(23)));
    let d = k.min(k.max(d, c(0)), c(31));
    // Half a unit is added behind the shift: one by counts of lanes takes longest.
    let doubled = k.binary("arith.shrsi", k.add(signed, signed), d);
    let rounded = k.binary("arith.shrsi", k.add(doubled, c(1)), c(1));
    k.min(k.max(rounded, c(format.int_min())), c(format.int_max()))
}

/// The float nearest to `integer * 2^exp` (rule Q3), by integers alone. The integer is of the format,
/// so that at most 16 of its bits matter; the only rounding is that of a subnormal float.
pub fn dequantize(k: &Kernel, integer: Value, format: Format, scale: Scale) -> Value {
    let width = integer.ty().int_width().unwrap_or(32);
    let c = |value: i64| k.like(integer, value);
    let (zero, (lo, hi)) = (c(0), scale.interval());
    let negative = k.cmp(Cmp::Slt, integer, zero);
    let a = k.select(negative, k.sub(zero, integer), integer);
    let leading = k.value(OpSpec::new("math.ctlz").operands([a]).result(a.ty()));
    let top = k.sub(c(i64::from(width) - 1), leading);
    // The leading one moved to bit 23; what is lost to the right is zero.
    let (left, right) = (k.max(k.sub(c(23), top), zero), k.max(k.sub(top, c(23)), zero));
    let left = k.min(left, c(i64::from(width) - 1));
    let mantissa = k.and(k.shr(k.shl(a, left), right), c((1 << 23) - 1));
    let field = k.add(top, scale.plus(k, 127, integer));
    let mut bits = k.or(k.shl(k.and(field, c(255)), c(23)), mantissa);
    if hi + 127 + i64::from(format.int_max().ilog2()) > 254 {
        bits = k.select(k.cmp(Cmp::Sgt, field, c(254)), c(255 << 23), bits);
    }
    if lo + 127 < 1 {
        let small = match scale {
            Scale::Known(_) => subnormal(k, a, lo + 149, i64::from(width)),
            Scale::Computed { .. } => subnormal_by(k, a, scale.plus(k, 149, a)),
        };
        bits = k.select(k.cmp(Cmp::Slt, field, c(1)), small, bits);
    }
    let bits = k.select(k.cmp(Cmp::Eq, a, zero), zero, bits);
    let bits = k.resize(bits, 32, false);
    let sign = k.select(negative, k.like(bits, i64::from(i32::MIN)), k.like(bits, 0));
    let result = with_element(bits.ty(), Type::f32(k.ctx()));
    k.value(OpSpec::new("arith.bitcast").operands([k.or(bits, sign)]).result(result))
}

/// The bits of a subnormal float, `a * 2^shift` in units of `2^-149`: nearest, ties to even. A carry
/// gives the least normal float.
fn subnormal(k: &Kernel, a: Value, shift: i64, width: i64) -> Value {
    let c = |value: i64| k.like(a, value);
    if shift >= 0 {
        return k.shl(a, c(shift.min(width - 1)));
    }
    if -shift >= width {
        return c(0);
    }
    let (quotient, half) = (k.shr(a, c(-shift)), 1i64 << (-shift - 1));
    let rest = k.and(a, c(half.wrapping_mul(2).wrapping_sub(1)));
    let odd = k.cmp(Cmp::Ne, k.and(quotient, c(1)), c(0));
    let tie = k.and(k.cmp(Cmp::Eq, rest, c(half)), odd);
    let up = k.or(k.cmp(Cmp::Ugt, rest, c(half)), tie);
    k.add(quotient, k.resize(up, width as u32, false))
}

/// As [`subnormal`], with a shift that is computed.
fn subnormal_by(k: &Kernel, a: Value, shift: Value) -> Value {
    let c = |value: i64| k.like(a, value);
    let last = c(i64::from(a.ty().int_width().unwrap_or(64)) - 1);
    let (zero, one) = (c(0), c(1));
    let limited = |shift: Value| k.min(k.max(shift, zero), last);
    let (left, right) = (limited(shift), limited(k.sub(zero, shift)));
    let unit = k.shl(one, right);
    let (quotient, half) = (k.shr(a, right), k.shr(unit, one));
    let rest = k.and(a, k.sub(unit, one));
    let odd = k.cmp(Cmp::Ne, k.and(quotient, one), zero);
    let tie = k.and(k.and(k.cmp(Cmp::Eq, rest, half), k.cmp(Cmp::Ne, half, zero)), odd);
    let up = k.or(k.cmp(Cmp::Ugt, rest, half), tie);
    let rounded = k.add(quotient, k.resize(up, a.ty().int_width().unwrap_or(64), false));
    k.shl(rounded, left)
}

/// The integers of codes.
pub fn decoded(format: Format, codes: &[i64]) -> Vec<i64> {
    let count = i64::from(format.code_count());
    let table: Vec<i64> = (0..count).map(|code| format.decode(code as _)).collect();
    codes.iter().map(|&code| table[(code & (count - 1)) as usize]).collect()
}
