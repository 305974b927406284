//! Between which two half units a function's value lies, decided by as many bits as it takes.
//!
//! Every tie and every representable value of a format is a multiple of half a unit (`2^(bout-1)`).
//! So `floor(y / 2^(bout-1))`, and whether `y` lies on that multiple, determine the code of `y`.
//!
//! Rational values are computed as such. For the others (transcendental at every rational argument
//! that [`rational`] does not take, by Lindemann's theorem, except for `erf` and `gelu`, for which no
//! rational value is known), an interval around `y` is made narrower until it holds no multiple.
//! Intervals are pairs of integers in units of `2^-w`, rounded outwards.

use num_bigint::{BigInt, Sign};

use super::Function;

/// A value in half units of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Halves {
    /// This many.
    Exact(i64),
    /// Strictly between this many and one more.
    Above(i64),
}

/// More half units than any format's largest value has, as the smallest power of two that leaves room
/// for twice as many in an i64.
const SATURATED: i64 = 1 << 61;

/// The search ends here. No value is known that takes as many bits: arguments of 2^-4096 take 2^14.
const WIDEST: i64 = 1 << 20;

/// The value at `n * 2^bin` in units of `2^(bout-1)`, if the value is rational or the root of one.
pub(super) fn rational(function: Function, n: i64, bin: i32, bout: i32) -> Option<Halves> {
    let (bin, unit) = (i64::from(bin), i64::from(bout) - 1);
    let one = BigInt::from(1);
    // The argument as p / q.
    let (p, q) = (shift(&BigInt::from(n), bin.max(0)), shift(&one, (-bin).max(0)));
    let three = &q * 3;
    match function {
        Function::Abs => Some(quotient(BigInt::from(n.unsigned_abs()), one, bin - unit)),
        Function::Reciprocal => {
            Some(quotient(BigInt::from(n.signum()), BigInt::from(n.unsigned_abs()), -bin - unit))
        }
        Function::HardSigmoid | Function::HardSwish if p <= -&three => Some(Halves::Exact(0)),
        Function::HardSigmoid if p >= three => Some(quotient(one, BigInt::from(1), -unit)),
        Function::HardSwish if p >= three => Some(quotient(p, q, -unit)),
        Function::HardSigmoid => Some(quotient(p + three, q * 6, -unit)),
        Function::HardSwish => Some(quotient(&p * (&p + three), &q * &q * 6, -unit)),
        Function::Rsqrt => Some(inverse_root(n, bin, unit)),
        Function::Elu if n > 0 => Some(quotient(p, q, -unit)),
        Function::Exp if n == 0 => Some(quotient(one, BigInt::from(1), -unit)),
        Function::Sigmoid if n == 0 => Some(quotient(one, BigInt::from(2), -unit)),
        Function::Log if p == q => Some(Halves::Exact(0)),
        Function::Log => None,
        _ if n == 0 => Some(Halves::Exact(0)),
        _ => None,
    }
}

/// `1 / sqrt(n * 2^bin)` for positive `n`.
fn inverse_root(n: i64, bin: i64, unit: i64) -> Halves {
    // The square of the result in half units is 2^power / n.
    let (power, n) = (-bin - 2 * unit, BigInt::from(n));
    if power < 0 {
        return Halves::Above(0);
    }
    let square = shift(&BigInt::from(1), power);
    let root = (&square / &n).sqrt();
    let exact = &root * &root * n == square;
    let halves = clamp(&root);
    if exact { Halves::Exact(halves) } else { Halves::Above(halves) }
}

/// `numerator / denominator * 2^exponent`, for a positive denominator.
fn quotient(numerator: BigInt, denominator: BigInt, exponent: i64) -> Halves {
    let (numerator, denominator) =
        (shift(&numerator, exponent.max(0)), shift(&denominator, (-exponent).max(0)));
    let (mut floor, rest) = (&numerator / &denominator, &numerator % &denominator);
    if rest.sign() == Sign::Minus {
        floor -= 1;
    }
    let halves = clamp(&floor);
    if rest.sign() == Sign::NoSign { Halves::Exact(halves) } else { Halves::Above(halves) }
}

/// The integer, or the saturated one of its sign.
fn clamp(n: &BigInt) -> i64 {
    let limit = if n.sign() == Sign::Minus { -SATURATED } else { SATURATED };
    i64::try_from(n).map_or(limit, |n| n.clamp(-SATURATED, SATURATED))
}

/// `n * 2^by`, rounded down.
fn shift(n: &BigInt, by: i64) -> BigInt {
    if by >= 0 { n << by as u64 } else { n >> by.unsigned_abs() }
}

/// `n * 2^by`, rounded up.
fn shift_up(n: &BigInt, by: i64) -> BigInt {
    -shift(&-n, by)
}

/// The half units (`2^(bout-1)`) below the value at `n * 2^bin`, which is no multiple of them.
pub(super) fn transcendental(function: Function, n: i64, bin: i32, bout: i32) -> i64 {
    let (x, unit) = (super::dyadic_to_f64(n, bin), i64::from(bout) - 1);
    if function == Function::Exp {
        // e^x = 2^binade, to well within one.
        let binade = x * std::f64::consts::LOG2_E;
        if binade < unit as f64 - 1.0 {
            return 0;
        }
        if binade > unit as f64 + 62.0 {
            return SATURATED;
        }
    }
    let mut width = (64 - unit).max(64);
    loop {
        let value = Interval::limited(function, n, bin, x, width);
        let by = -width - unit;
        let (low, high) = (clamp(&shift(&value.low, by)), clamp(&(shift_up(&value.high, by) - 1)));
        if low == high || width > WIDEST {
            return low;
        }
        width *= 2;
    }
}

/// A positive number between two integers, in units that the context knows.
#[derive(Clone, Debug)]
struct Interval {
    low: BigInt,
    high: BigInt,
}

impl Interval {
    /// The value of a function at `n * 2^bin`, about `x`, in units of `2^-width`, within what is known
    /// of its range.
    fn limited(function: Function, n: i64, bin: i32, x: f64, width: i64) -> Self {
        let one = shift(&BigInt::from(1), width);
        let zero = BigInt::from(0);
        let mut value = Self::of(function, n, bin, x, width);
        let (below, above) = match function {
            Function::Sigmoid => (Some(zero), Some(one)),
            Function::Exp => (Some(zero), None),
            Function::Log => (None, None),
            Function::Gelu | Function::Silu if n > 0 => {
                let x = shift_up(&BigInt::from(n), i64::from(bin) + width);
                (Some(zero), Some(x))
            }
            _ if n > 0 => {
                let bounded = matches!(function, Function::Tanh | Function::Erf);
                (Some(zero), bounded.then_some(one))
            }
            _ => {
                let bounded = matches!(function, Function::Tanh | Function::Erf | Function::Elu);
                (bounded.then_some(-one), Some(zero))
            }
        };
        if let Some(below) = below {
            value.low = value.low.max(below);
        }
        if let Some(above) = above {
            value.high = value.high.min(above);
        }
        value
    }

    fn of(function: Function, n: i64, bin: i32, x: f64, width: i64) -> Self {
        let (negative, bin) = (n < 0, i64::from(bin));
        let (m, one) = (BigInt::from(n.unsigned_abs()), shift(&BigInt::from(1), width));
        // Where e^-|x| (or e^-x^2) is so small that the limit is nearer than a unit: 2^-width = e^-0.7 width.
        let exponent = 0.75 * width as f64 + 64.0;
        let far = match function {
            // These have no limit.
            Function::Log | Function::Exp => f64::INFINITY,
            Function::Erf | Function::Gelu => (2.0 * exponent).sqrt(),
            _ => exponent,
        };
        if x.abs() > far {
            let magnitude = match function {
                Function::Gelu | Function::Silu => {
                    if negative {
                        BigInt::from(0)
                    } else {
                        shift(&m, bin + width)
                    }
                }
                Function::Sigmoid if negative => BigInt::from(0),
                _ => one,
            };
            return Self { low: &magnitude - 1, high: magnitude + 1 }.signed(negative);
        }
        // e^|x| has up to 1.5 |x| bits before the point.
        let before_point = if function == Function::Log { 0.0 } else { 1.5 * x.abs() };
        let inner = width + before_point as i64 + 64;
        let unity = Self::point(&shift(&BigInt::from(1), inner));
        let decay = |bin: i64| unity.over(&exponential(&m, bin, inner), inner);
        let result = match function {
            Function::Exp if negative => decay(bin),
            Function::Exp => exponential(&m, bin, inner),
            Function::Elu => return decay(bin).minus(&unity).rescaled(inner, width),
            Function::Sigmoid => logistic(negative, &decay(bin), &unity, inner),
            Function::Silu => {
                logistic(negative, &decay(bin), &unity, inner).times_exact(&m, bin).signed(negative)
            }
            Function::Tanh => {
                let e = decay(bin + 1);
                unity.minus(&e).over(&unity.plus(&e), inner).signed(negative)
            }
            Function::Log => logarithm(&m, bin, inner),
            Function::Erf => error_function(&m, bin, false, inner).signed(negative),
            Function::Gelu => {
                let erf = error_function(&m, bin, true, inner);
                let weight = if negative { unity.minus(&erf) } else { unity.plus(&erf) };
                weight.times_exact(&m, bin - 1).signed(negative)
            }
            // Rational or algebraic: never asked for.
            _ => unity,
        };
        result.rescaled(inner, width)
    }

    fn point(n: &BigInt) -> Self {
        Self { low: n.clone(), high: n.clone() }
    }

    fn signed(self, negative: bool) -> Self {
        if negative { Self { low: -self.high, high: -self.low } } else { self }
    }

    fn plus(&self, other: &Self) -> Self {
        Self { low: &self.low + &other.low, high: &self.high + &other.high }
    }

    fn minus(&self, other: &Self) -> Self {
        Self { low: &self.low - &other.high, high: &self.high - &other.low }
    }

    /// The product of two numbers that are not negative, in units of `2^-width` as they are.
    fn times(&self, other: &Self, width: i64) -> Self {
        Self {
            low: shift(&(&self.low * &other.low), -width),
            high: shift_up(&(&self.high * &other.high), -width),
        }
    }

    /// The product with `m * 2^exponent`.
    fn times_exact(&self, m: &BigInt, exponent: i64) -> Self {
        Self { low: shift(&(&self.low * m), exponent), high: shift_up(&(&self.high * m), exponent) }
    }

    /// The quotient of two numbers, the divisor positive, in units of `2^-width` as they are.
    fn over(&self, divisor: &Self, width: i64) -> Self {
        let low = shift(&self.low, width)
            / if self.low.sign() == Sign::Minus { &divisor.low } else { &divisor.high };
        Self { low: low - 1, high: shift(&self.high, width) / &divisor.low + 1 }
    }

    /// The quotient by a small integer.
    fn over_small(&self, divisor: u64) -> Self {
        Self { low: &self.low / divisor, high: (&self.high + (divisor - 1)) / divisor }
    }

    /// From units of `2^-from` to units of `2^-to`.
    fn rescaled(&self, from: i64, to: i64) -> Self {
        Self { low: shift(&self.low, to - from), high: shift_up(&self.high, to - from) }
    }
}

/// `1 / (1 + e)`, or `e / (1 + e)` for negative arguments, with `e = exp(-|x|)`.
fn logistic(negative: bool, e: &Interval, unity: &Interval, width: i64) -> Interval {
    let numerator = if negative { e } else { unity };
    numerator.over(&unity.plus(e), width)
}

/// The sum of a series of positive terms: `next` makes term `j` of term `j - 1`, and `is_steep` says
/// whether each term behind `j` is less than half of the one before.
fn series(
    first: Interval,
    next: impl Fn(&Interval, u64) -> Interval,
    is_steep: impl Fn(u64) -> bool,
    weigh: impl Fn(&Interval, u64) -> Interval,
) -> Interval {
    let (mut term, mut sum) = (first.clone(), weigh(&first, 0));
    for j in 1.. {
        term = next(&term, j);
        let weighed = weigh(&term, j);
        sum = sum.plus(&weighed);
        // The rest is less than this term, which is at most one unit.
        if term.high <= BigInt::from(1) && is_steep(j) {
            sum.high += 2;
            break;
        }
    }
    sum
}

/// `e^(m * 2^exponent)` for a positive argument: the Taylor series at an argument below 2^-8, squared.
fn exponential(m: &BigInt, exponent: i64, width: i64) -> Interval {
    let squarings = (m.bits() as i64 + exponent + 8).max(0);
    let unity = Interval::point(&shift(&BigInt::from(1), width));
    let next = |term: &Interval, j: u64| term.times_exact(m, exponent - squarings).over_small(j);
    let mut value = series(unity, next, |_| true, |term, _| term.clone());
    for _ in 0..squarings {
        value = value.times(&value, width);
    }
    value
}

/// `atanh(p / q)` or, alternating, `atan(p / q)`, for `0 <= p/q <= 1/3`.
fn inverse_tangent(p: &BigInt, q: &BigInt, alternating: bool, width: i64) -> Interval {
    let (p2, q2) = (p * p, q * q);
    let scaled = shift(&BigInt::from(1), width) * p;
    let mut term = Interval { low: &scaled / q, high: &scaled / q + 1 };
    let mut sum = term.clone();
    for j in 1u64.. {
        term = Interval { low: &term.low * &p2 / &q2, high: &term.high * &p2 / &q2 + 1 };
        let weighed = term.over_small(2 * j + 1);
        sum = if alternating && j % 2 == 1 { sum.minus(&weighed) } else { sum.plus(&weighed) };
        // Once a term is at most two units, all that follow are less than that together.
        if term.high <= BigInt::from(2) {
            return Interval { low: sum.low - 2, high: sum.high + 2 };
        }
    }
    sum
}

/// `ln(m * 2^exponent)` for a positive argument.
fn logarithm(m: &BigInt, exponent: i64, width: i64) -> Interval {
    // m = 2^top * (1 + z) / (1 - z) with z below 1/3.
    let top = m.bits() as i64 - 1;
    let power = shift(&BigInt::from(1), top);
    let mantissa = inverse_tangent(&(m - &power), &(m + &power), false, width);
    let two = inverse_tangent(&BigInt::from(1), &BigInt::from(3), false, width);
    let binade = top + exponent;
    let binades = two.times_exact(&BigInt::from(binade.unsigned_abs()), 0).signed(binade < 0);
    mantissa.plus(&binades).times_exact(&BigInt::from(2), 0)
}

/// Machin's formula.
fn pi(width: i64) -> Interval {
    let arc = |q: i64| inverse_tangent(&BigInt::from(1), &BigInt::from(q), true, width);
    arc(5).times_exact(&BigInt::from(16), 0).minus(&arc(239).times_exact(&BigInt::from(4), 0))
}

/// `erf(x)` of a positive `x = m * 2^exponent`, or `erf(x / sqrt(2))` if `halved`:
/// `2 x / sqrt(pi) * e^(-x^2) * sum of (2 x^2)^j / (1 * 3 * ... * (2j+1))`.
fn error_function(m: &BigInt, exponent: i64, halved: bool, width: i64) -> Interval {
    let halving = i64::from(halved);
    let (square, square_exponent) = (m * m, 2 * exponent - halving);
    // e^(x^2) has up to 1.5 x^2 bits before the point.
    let bits = shift_up(&square, square_exponent);
    let inner = width + 2 * i64::try_from(&bits).unwrap_or(0) + 32;
    let unity = Interval::point(&shift(&BigInt::from(1), inner));
    let next = |term: &Interval, j: u64| term.times_exact(&square, square_exponent + 1).over_small(2 * j + 1);
    // 2 x^2 / (2j + 3) < 1/2
    let is_steep = |j: u64| shift_up(&square, square_exponent + 2) < BigInt::from(2 * j + 3);
    let sum = series(unity.clone(), next, is_steep, |term, _| term.clone());
    let decay = unity.over(&exponential(&square, square_exponent, inner), inner);
    // (2 / sqrt(pi))^2, or half of it for x / sqrt(2).
    let four = Interval::point(&shift(&BigInt::from(4), inner - halving));
    let factor = four.over(&pi(inner), inner);
    let root =
        Interval { low: shift(&factor.low, inner).sqrt(), high: shift(&factor.high, inner).sqrt() + 1 };
    sum.times(&decay, inner).times(&root, inner).times_exact(m, exponent).rescaled(inner, width)
}
