//! From and to IEEE floats: rules Q1 and Q3.

use afp_ir::numerics::{
    Format, Rounding, decompose_f32, decompose_f64, dyadic_to_f32, dyadic_to_f64, encode_f32, encode_f64,
};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, Zero};

use crate::oracle::{self, Random, Values, ieee, power, rational};

fn f32_value(x: f32) -> Option<BigRational> {
    ieee(u64::from(x.to_bits()), 8, 23)
}

fn f64_value(x: f64) -> Option<BigRational> {
    ieee(x.to_bits(), 11, 52)
}

/// Bit patterns at the edges of binades and of the subnormals, of both signs, and random ones.
fn f32_patterns(random: &mut Random, count: usize) -> Vec<f32> {
    let mut patterns = vec![0u32, 1, 2, 3, 0x007f_fffe, 0x007f_ffff, 0x0080_0000, 0x0080_0001, 0x7f7f_ffff];
    for field in [1u32, 2, 64, 100, 120, 126, 127, 128, 134, 140, 150, 200, 253, 254] {
        for fraction in [0, 1, 0x40_0000, 0x3f_ffff, 0x20_0000, 0x60_0000, 0x7f_ffff] {
            patterns.push(field << 23 | fraction);
        }
    }
    patterns.extend((0..count).map(|_| random.bits() as u32 >> 1));
    // Around one, where formats have their values.
    patterns.extend((0..count).map(|_| (random.within(117..=137) as u32) << 23 | random.bits() as u32 >> 9));
    patterns.iter().flat_map(|&bits| [bits, bits | 1 << 31]).map(f32::from_bits).collect()
}

fn check_encode(values: &Values, x: f32, bout: i32) {
    let Some(value) = f32_value(x) else { return };
    let scaled = value * power(-bout);
    for rounding in Rounding::ALL {
        let expected = values.nearest_rational(&scaled, rounding);
        let format = values.format;
        assert_eq!(
            encode_f32(x, format, bout, rounding),
            expected,
            "{x:e} to {format} at {bout}, {rounding}"
        );
        assert_eq!(encode_f64(f64::from(x), format, bout, rounding), expected, "{x:e} to {format} at {bout}");
    }
}

#[test]
fn floats_become_the_nearest_code() {
    let mut random = Random(6);
    for format in oracle::formats(8) {
        let values = Values::of(format);
        for x in f32_patterns(&mut random, 20) {
            for bout in [-3, random.within(-160..=130) as i32] {
                check_encode(&values, x, bout);
            }
        }
    }
}

#[test]
fn subnormal_floats_become_the_nearest_code() {
    let mut random = Random(7);
    for text in ["e2m2", "ue0m8", "e4m3", "e0m7", "ue5m3"] {
        let values = Values::of(text.parse().unwrap());
        for _ in 0..500 {
            let x = f32::from_bits(random.bits() as u32 & 0x807f_ffff);
            check_encode(&values, x, random.within(-152..=-120) as i32);
        }
    }
}

#[test]
fn doubles_are_not_rounded_to_singles_on_the_way() {
    let mut random = Random(8);
    for text in ["e2m2", "ue0m8", "e4m3", "e0m15", "e5m10"] {
        let values = Values::of(text.parse().unwrap());
        for _ in 0..300 {
            // A tie of the format, missed by the last bit of a double.
            let place = random.within(0..=values.sorted.len() as i64 - 2) as usize;
            let middle = (values.sorted[place].0 + values.sorted[place + 1].0) as f64 / 2.0;
            for x in [middle.next_down(), middle, middle.next_up()] {
                let value = f64_value(x).unwrap();
                for rounding in Rounding::ALL {
                    let expected = values.nearest_rational(&value, rounding);
                    assert_eq!(
                        encode_f64(x, values.format, 0, rounding),
                        expected,
                        "{x:e} {text} {rounding}"
                    );
                }
            }
        }
    }
}

#[test]
fn nan_becomes_zero_and_infinities_saturate() {
    for format in oracle::formats(16) {
        for rounding in Rounding::ALL {
            for bout in [-4096, 0, 4096] {
                let at = |x: f32| format.decode(encode_f32(x, format, bout, rounding));
                for bits in [0x7fc0_0000, 0x7f80_0001, 0xffc0_0000, 0xffff_ffff] {
                    assert_eq!(at(f32::from_bits(bits)), 0);
                }
                assert_eq!(at(f32::INFINITY), format.int_max());
                assert_eq!(at(f32::NEG_INFINITY), format.int_min());
                assert_eq!(encode_f64(f64::NAN, format, bout, rounding), 0);
                assert_eq!(encode_f64(f64::INFINITY, format, bout, rounding), format.max_code());
                assert_eq!(encode_f64(f64::NEG_INFINITY, format, bout, rounding), format.min_code());
                assert_eq!(encode_f32(-0.0, format, bout, rounding), 0);
            }
        }
    }
}

#[test]
fn floats_decompose_into_their_value() {
    let mut random = Random(9);
    for x in f32_patterns(&mut random, 5000).into_iter().chain([f32::NAN, f32::INFINITY, f32::NEG_INFINITY]) {
        let found = decompose_f32(x).map(|d| rational(d.mantissa, d.exponent, 1));
        assert_eq!(found, f32_value(x), "{x:e}");
    }
    for bits in (0..5000).map(|_| random.bits()).chain([1, 1 << 52, (1 << 52) - 1, 0x7fef_ffff_ffff_ffff]) {
        let x = f64::from_bits(bits);
        let found = decompose_f64(x).map(|d| rational(d.mantissa, d.exponent, 1));
        assert_eq!(found, f64_value(x), "{x:e}");
    }
}

/// The float with these neighbours in the ordering of bit patterns is the nearest to `v`.
fn check_nearest(v: &BigRational, found: u64, e: u32, m: u32) {
    let sign = 1u64 << (e + m);
    assert!(v.is_zero() || v.is_negative() == (found & sign != 0), "sign of {found:#x} for {v}");
    let (magnitude, v) = (found & (sign - 1), v.abs());
    // Where rounding to infinity sets in, the next binade's first value stands for infinity.
    let value = |bits: u64| ieee(bits, e, m).unwrap_or_else(|| power(1 << (e - 1)));
    let distance = |bits: u64| (value(bits) - &v).abs();
    let infinity = ((1u64 << e) - 1) << m;
    assert!(magnitude <= infinity, "{found:#x} is NaN");
    if magnitude > 0 && !(magnitude == infinity && v > value(infinity)) {
        let below = distance(magnitude - 1);
        assert!(distance(magnitude) < below || (distance(magnitude) == below && magnitude % 2 == 0), "{v}");
    }
    if magnitude < infinity {
        let above = distance(magnitude + 1);
        assert!(distance(magnitude) < above || (distance(magnitude) == above && magnitude % 2 == 0), "{v}");
    }
}

#[test]
fn exact_values_become_the_nearest_float() {
    let mut random = Random(10);
    for i in 0..30_000 {
        let n = random.integer();
        let exponent = match i % 4 {
            0 => random.within(-220..=140),
            1 => random.within(-1160..=1030),
            // Near the ends of f32: carries into infinity, and into the first normal binade.
            2 => 128 - i64::from(64 - n.unsigned_abs().leading_zeros()) + random.within(-1..=1),
            _ => -149 - random.within(0..=63),
        } as i32;
        let v = rational(n, exponent, 1);
        check_nearest(&v, u64::from(dyadic_to_f32(n, exponent).to_bits()), 8, 23);
        check_nearest(&v, dyadic_to_f64(n, exponent).to_bits(), 11, 52);
    }
}

#[test]
fn ties_between_floats_go_to_even() {
    for fraction in [0i64, 1, 2, 0x7f_fffe, 0x7f_ffff] {
        for exponent in [-150, -149, -140, -24, 0, 60, 103, 104] {
            // A significand of 25 bits, odd: half way between two floats.
            let n = (1 << 24 | fraction) << 1 | 1;
            for n in [n, -n, n << 30 | 1, (n << 30) - 1] {
                let v = rational(n, exponent, 1);
                check_nearest(&v, u64::from(dyadic_to_f32(n, exponent).to_bits()), 8, 23);
            }
        }
    }
}

#[test]
fn integers_and_wide_floats_convert_as_the_processor_does() {
    let mut random = Random(11);
    for _ in 0..100_000 {
        let n = random.integer();
        assert_eq!(dyadic_to_f32(n, 0).to_bits(), (n as f32).to_bits());
        assert_eq!(dyadic_to_f64(n, 0).to_bits(), (n as f64).to_bits());
        let x = f64::from_bits(random.bits());
        if let Some(d) = decompose_f64(x) {
            assert_eq!(dyadic_to_f32(d.mantissa, d.exponent), x as f32);
            assert_eq!(dyadic_to_f64(d.mantissa, d.exponent), x);
        }
        // Most doubles lie outside of f32: these lie within.
        let near = f64::from_bits((random.within(0x360..=0x480) as u64) << 52 | random.bits() >> 12);
        let d = decompose_f64(near).unwrap();
        assert_eq!(dyadic_to_f32(d.mantissa, d.exponent), near as f32, "{near:e}");
    }
}

#[test]
fn dequantize_then_quantize_gives_the_code_back() {
    for format in oracle::formats(16) {
        for (value, code) in Values::of(format).sorted {
            for exp in [-100, -7, 0, 50] {
                let x = dyadic_to_f32(value as i64, exp);
                assert_eq!(f32_value(x), Some(BigRational::from_integer(BigInt::from(value)) * power(exp)));
                assert_eq!(encode_f32(x, format, exp, Rounding::HalfUp), code, "{format} {value} at {exp}");
            }
        }
    }
}

#[test]
fn exponents_beyond_every_float() {
    let format: Format = "e2m2".parse().unwrap();
    for n in [1, -1, i64::MAX, i64::MIN] {
        let sign = if n < 0 { -1.0 } else { 1.0 };
        for far in [2000, 12_288, 1 << 20] {
            assert_eq!(dyadic_to_f32(n, far), sign * f32::INFINITY);
            assert_eq!(dyadic_to_f32(n, -far), 0.0);
            assert_eq!(dyadic_to_f64(n, far), f64::from(sign) * f64::INFINITY);
            assert_eq!(dyadic_to_f64(n, -far), 0.0);
        }
    }
    assert_eq!(encode_f32(f32::MAX, format, 4096, Rounding::HalfUp), 0);
    assert_eq!(encode_f32(f32::from_bits(1), format, -4096, Rounding::HalfUp), format.max_code());
}
