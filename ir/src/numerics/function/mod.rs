//! Unary functions: in `f64` for the real form, and correctly rounded to codes (rules U1, U2, S4).
//!
//! A code is decided from the `f64` result where a relative error of 2^-40 cannot change it, which is
//! nearly always; else by [`precise`], which computes as many bits as the decision takes. Results that
//! are rational are computed as such.

mod precise;
#[cfg(test)]
mod tests;

use std::{fmt, str::FromStr};

use super::{Code, Format, Rounding, dyadic_to_f64, encode, encode_f64};
use precise::Halves;

/// A unary function (rule U1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// `1 / (1 + e^-x)`.
    Sigmoid,
    /// Hyperbolic tangent.
    Tanh,
    /// `e^x`.
    Exp,
    /// Natural logarithm.
    Log,
    /// `1 / sqrt(x)`.
    Rsqrt,
    /// `1 / x`.
    Reciprocal,
    /// Gauss's error function.
    Erf,
    /// `x / 2 * (1 + erf(x / sqrt(2)))`.
    Gelu,
    /// `x * sigmoid(x)`.
    Silu,
    /// `x * hard_sigmoid(x)`.
    HardSwish,
    /// `x / 6 + 1 / 2`, limited to 0 and 1.
    HardSigmoid,
    /// `x` for positive numbers, else `e^x - 1`.
    Elu,
    /// The magnitude.
    Abs,
}

impl Function {
    /// All functions.
    pub const ALL: [Self; 13] = [
        Self::Sigmoid,
        Self::Tanh,
        Self::Exp,
        Self::Log,
        Self::Rsqrt,
        Self::Reciprocal,
        Self::Erf,
        Self::Gelu,
        Self::Silu,
        Self::HardSwish,
        Self::HardSigmoid,
        Self::Elu,
        Self::Abs,
    ];

    /// The function's value as IEEE arithmetic has it: infinite at poles, NaN where there is none. The
    /// same bits on every machine.
    pub fn evaluate(self, x: f64) -> f64 {
        let hard_sigmoid = |x: f64| if x.is_nan() { x } else { (x / 6.0 + 0.5).clamp(0.0, 1.0) };
        // Of e^x and e^-x the one that does not overflow.
        let sigmoid = |x: f64| {
            if x >= 0.0 {
                1.0 / (1.0 + libm::exp(-x))
            } else {
                let e = libm::exp(x);
                e / (1.0 + e)
            }
        };
        match self {
            Self::Sigmoid => sigmoid(x),
            Self::Tanh => libm::tanh(x),
            Self::Exp => libm::exp(x),
            Self::Log => libm::log(x),
            Self::Rsqrt => 1.0 / libm::sqrt(x),
            Self::Reciprocal => 1.0 / x,
            Self::Erf => libm::erf(x),
            // erfc keeps its digits where 1 + erf loses them.
            Self::Gelu if x == f64::NEG_INFINITY => 0.0,
            Self::Gelu => 0.5 * x * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2),
            Self::Silu if x == f64::NEG_INFINITY => 0.0,
            Self::Silu => x * sigmoid(x),
            Self::HardSwish if x == f64::NEG_INFINITY => 0.0,
            Self::HardSwish => x * hard_sigmoid(x),
            Self::HardSigmoid => hard_sigmoid(x),
            Self::Elu => {
                if x > 0.0 {
                    x
                } else {
                    libm::expm1(x)
                }
            }
            Self::Abs => x.abs(),
        }
    }

    /// The code nearest to the function's value at `n * 2^bin`, a tie to the larger value; where there
    /// is no value, the one that rule U2 names.
    pub fn encode(self, n: i64, bin: i32, format: Format, bout: i32) -> Code {
        let pole = match self {
            Self::Log if n <= 0 => Some(format.min_code()),
            Self::Rsqrt if n <= 0 => Some(format.max_code()),
            Self::Reciprocal if n == 0 => Some(format.max_code()),
            _ => None,
        };
        if let Some(code) = pole {
            return code;
        }
        if self == Self::Exp
            && let Some(code) = self.encode_quickly(n, bin, format, bout)
        {
            return code;
        }
        match precise::rational(self, n, bin, bout) {
            Some(Halves::Exact(halves)) => encode(halves, bout - 1, 1, format, bout, Rounding::HalfUp),
            // Strictly between two half units: the side of every tie is known, and no more is needed.
            Some(Halves::Above(halves)) => between(halves, format, bout),
            None => self
                .encode_quickly(n, bin, format, bout)
                .unwrap_or_else(|| between(precise::transcendental(self, n, bin, bout), format, bout)),
        }
    }

    /// The code from `f64`, unless the result is so close to a tie that its error could decide.
    fn encode_quickly(self, n: i64, bin: i32, format: Format, bout: i32) -> Option<Code> {
        const ERROR: f64 = 1.0 / (1u64 << 40) as f64;
        let x = dyadic_to_f64(n, bin);
        let y = self.evaluate(x);
        let normal = |y: f64| y.is_normal() && y.abs() > 1e-290;
        // At zero and at extremes, f64 may have lost what decides.
        if n != 0 && !(normal(x) && normal(y)) {
            return None;
        }
        let [low, high] =
            [y * (1.0 - ERROR), y * (1.0 + ERROR)].map(|y| encode_f64(y, format, bout, Rounding::HalfUp));
        (low == high && n.unsigned_abs() < 1 << 53).then_some(low)
    }

    /// The result's code for each code of the operand, canonical or not (rule U2).
    pub fn table(self, from: Format, from_exp: i32, to: Format, to_exp: i32) -> Vec<Code> {
        (0..from.code_count())
            .map(|code| self.encode(from.decode(code as Code), from_exp, to, to_exp))
            .collect()
    }
}

/// The code of a value strictly between `halves` and `halves + 1` half units of `2^bout`.
fn between(halves: i64, format: Format, bout: i32) -> Code {
    encode(2 * halves + 1, bout - 2, 1, format, bout, Rounding::HalfUp)
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sigmoid => "sigmoid",
            Self::Tanh => "tanh",
            Self::Exp => "exp",
            Self::Log => "log",
            Self::Rsqrt => "rsqrt",
            Self::Reciprocal => "reciprocal",
            Self::Erf => "erf",
            Self::Gelu => "gelu",
            Self::Silu => "silu",
            Self::HardSwish => "hard_swish",
            Self::HardSigmoid => "hard_sigmoid",
            Self::Elu => "elu",
            Self::Abs => "abs",
        })
    }
}

impl FromStr for Function {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|function| function.to_string() == text).ok_or(())
    }
}
