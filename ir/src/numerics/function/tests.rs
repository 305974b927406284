//! The two ways to a code against each other, and the cases that `f64` cannot decide.

use super::*;

fn format(text: &str) -> Format {
    text.parse().unwrap()
}

/// All formats of 8 bits or less.
fn narrow_formats() -> Vec<Format> {
    let fields = (0..=5).flat_map(|exp| (0..=8).map(move |man| (exp, man)));
    let signed = fields.flat_map(|(exp, man)| [(true, exp, man), (false, exp, man)]);
    signed
        .filter_map(|(signed, exp, man)| Format::new(signed, exp, man).ok())
        .filter(|format| format.width() <= 8)
        .collect()
}

/// The code by integers alone.
fn precisely(function: Function, n: i64, bin: i32, to: Format, bout: i32) -> Code {
    match precise::rational(function, n, bin, bout) {
        Some(Halves::Exact(halves)) => encode(halves, bout - 1, 1, to, bout, Rounding::HalfUp),
        Some(Halves::Above(halves)) => between(halves, to, bout),
        None => between(precise::transcendental(function, n, bin, bout), to, bout),
    }
}

fn has_no_value(function: Function, n: i64) -> bool {
    match function {
        Function::Log | Function::Rsqrt => n <= 0,
        Function::Reciprocal => n == 0,
        _ => false,
    }
}

#[test]
fn f64_and_integers_decide_alike() {
    for function in Function::ALL {
        for (bin, bout) in [(-6, -7), (-3, -5), (-12, -9), (0, -8), (2, 3)] {
            for (from, to) in [("e0m7", "ue0m8"), ("e3m4", "e2m5"), ("ue2m6", "e0m15")] {
                let (from, to) = (format(from), format(to));
                for n in from.canonical_codes().map(|code| from.decode(code)) {
                    if has_no_value(function, n) {
                        continue;
                    }
                    let precise = precisely(function, n, bin, to, bout);
                    let context = format!("{function}({n} * 2^{bin}) in {to} at {bout}");
                    assert_eq!(function.encode(n, bin, to, bout), precise, "{context}");
                    if let Some(quick) = function.encode_quickly(n, bin, to, bout) {
                        assert_eq!(quick, precise, "{context}");
                    }
                }
            }
        }
    }
}

#[test]
fn every_narrow_format_has_a_table_of_canonical_codes() {
    for from in narrow_formats() {
        for function in Function::ALL {
            let to = format("e2m5");
            let table = function.table(from, -(from.man_bits() as i32), to, -7);
            assert_eq!(table.len(), from.code_count() as usize);
            assert!(table.iter().all(|&code| to.is_canonical(code)), "{function} of {from}");
        }
    }
}

#[test]
fn values_that_f64_takes_for_ties() {
    let unit = format("e0m7");
    let value =
        |function: Function, n: i64, bin: i32, bout: i32| unit.decode(function.encode(n, bin, unit, bout));
    for bin in [-60, -1000, -4096] {
        // 1/2 + x/4, and 1/2 is a tie.
        assert_eq!([-1, 0, 1].map(|n| value(Function::Sigmoid, n, bin, 0)), [0, 1, 1]);
        // 1 + x, and 1 is half of 2.
        assert_eq!([-1, 0, 1].map(|n| value(Function::Exp, n, bin, 1)), [0, 1, 1]);
        // x/2 + c x^2 with positive c.
        for function in [Function::Gelu, Function::Silu] {
            assert_eq!([-3, -1, 0, 1, 3].map(|n| value(function, n, bin, bin)), [-1, 0, 0, 1, 2]);
        }
        // x - x^3/3, x + x^2/2: below and above a tie of twice the unit.
        assert_eq!([-1, 1, 3].map(|n| value(Function::Tanh, n, bin, bin + 1)), [0, 0, 1]);
        assert_eq!([-1, -3].map(|n| value(Function::Elu, n, bin, bin + 1)), [0, -1]);
        // 2 x / sqrt(pi)
        assert_eq!([-100, 100].map(|n| value(Function::Erf, n, bin, bin)), [-113, 113]);
    }
    // Nearly 1, a tie: from below.
    for (function, n, bin) in [
        (Function::Sigmoid, 100, 0),
        (Function::Sigmoid, 1, 4096),
        (Function::Tanh, 100, 0),
        (Function::Tanh, 1, 4000),
        (Function::Erf, 50, 0),
        (Function::Erf, 1, 300),
    ] {
        assert_eq!(value(function, n, bin, 1), 0, "{function}({n} * 2^{bin})");
        assert_eq!(value(function, n, bin, 0), 1, "{function}({n} * 2^{bin})");
    }
    for (function, n, bin) in [(Function::Tanh, -1, 20), (Function::Erf, -1, 20), (Function::Elu, -1, 20)] {
        // Slightly above -1, a tie of the unit 2.
        assert_eq!(value(function, n, bin, 1), 0, "{function}");
        assert_eq!(value(function, n, bin, 0), -1, "{function}");
    }
    for function in [Function::Gelu, Function::Silu] {
        assert_eq!([-127, 127].map(|n| value(function, n, 3, 3)), [0, 127]);
        assert_eq!([-127, 127].map(|n| value(function, n, 4000, 4000)), [0, 127]);
        // Slightly below 101 / 2, a tie.
        assert_eq!(value(function, 101, 10, 11), 50);
    }
}

#[test]
fn exponents_beyond_f64() {
    let wide = format("ue0m8");
    // e^800 = 2.7e347 = 2^1154.16, by the common logarithm 347.436.
    assert_eq!(wide.decode(Function::Exp.encode(800, 0, wide, 1150)), 18);
    assert_eq!(Function::Exp.encode(1, 4000, wide, 4096), wide.max_code());
    assert_eq!(Function::Exp.encode(-1, 4000, wide, -4096), 0);
    // e^-800 = 2^-1154.16.
    assert_eq!(wide.decode(Function::Exp.encode(-800, 0, wide, -1159)), 29);
    // 4096 ln 2 = 2839.13
    assert_eq!(wide.decode(Function::Log.encode(1, 4096, wide, 4)), 177);
    assert_eq!(wide.decode(Function::Reciprocal.encode(3, -4090, wide, 4084)), 21);
    assert_eq!(wide.decode(Function::Rsqrt.encode(3, -4090, wide, 2040)), 18);
}

#[test]
fn poles_take_the_limit_from_above() {
    let to = format("e2m2");
    for n in [0, -1, -7] {
        assert_eq!(Function::Log.encode(n, 0, to, 0), to.min_code());
        assert_eq!(Function::Rsqrt.encode(n, 0, to, 0), to.max_code());
    }
    assert_eq!(Function::Reciprocal.encode(0, 0, to, 0), to.max_code());
    assert_eq!(to.decode(Function::Reciprocal.encode(-2, -3, to, 0)), -4);
}

#[test]
fn ties_of_rational_values_go_up() {
    let to = format("e0m7");
    let value =
        |function: Function, n: i64, bin: i32, bout: i32| to.decode(function.encode(n, bin, to, bout));
    // hard_swish(1) = 4/6; hard_swish(-1) = -2/6; hard_sigmoid(0) = 1/2.
    assert_eq!(value(Function::HardSwish, 1, 0, -7), 85);
    assert_eq!(value(Function::HardSwish, -1, 0, -7), -43);
    assert_eq!([-4, -3, 0, 3, 4].map(|n| value(Function::HardSigmoid, n, 0, 0)), [0, 0, 1, 1, 1]);
    assert_eq!([-4, -3, 3, 4].map(|n| value(Function::HardSwish, n, 0, 0)), [0, 0, 3, 4]);
    // hard_swish(-3/2) = -3/8, hard_swish(3/2) = 9/8.
    assert_eq!([-3, 3].map(|n| value(Function::HardSwish, n, -1, -2)), [-1, 5]);
    // 1/sqrt(4) = 1/2, 1/2 and -1/2 are ties.
    assert_eq!(value(Function::Rsqrt, 4, 0, 0), 1);
    assert_eq!([-2, 2].map(|n| value(Function::Reciprocal, n, 0, 0)), [0, 1]);
    assert_eq!([-5, 5].map(|n| value(Function::Abs, n, -1, 0)), [3, 3]);
}

#[test]
fn names_round_trip() {
    let names: Vec<String> = Function::ALL.iter().map(Function::to_string).collect();
    assert!(names.iter().zip(Function::ALL).all(|(name, function)| name.parse() == Ok(function)));
    assert_eq!("sine".parse::<Function>(), Err(()));
}

#[test]
fn real_numbers_at_the_ends() {
    let infinity = f64::INFINITY;
    for (function, low, high) in [
        (Function::Sigmoid, 0.0, 1.0),
        (Function::Tanh, -1.0, 1.0),
        (Function::Exp, 0.0, infinity),
        (Function::Erf, -1.0, 1.0),
        (Function::Gelu, 0.0, infinity),
        (Function::Silu, 0.0, infinity),
        (Function::HardSwish, 0.0, infinity),
        (Function::HardSigmoid, 0.0, 1.0),
        (Function::Elu, -1.0, infinity),
        (Function::Abs, infinity, infinity),
    ] {
        assert_eq!([-infinity, infinity].map(|x| function.evaluate(x)), [low, high], "{function}");
    }
    assert!(Function::ALL.iter().all(|function| function.evaluate(f64::NAN).is_nan()));
    assert!((Function::Gelu.evaluate(1.0) - 0.841_344_746_068_542_9).abs() < 1e-15);
    assert_eq!(Function::Silu.evaluate(-1000.0), 0.0);
}
