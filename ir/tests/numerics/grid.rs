//! Rounding to the grid of an exact value: rule Q2.

use afp_ir::numerics::{Rounding, round_to_grid, round_to_grid_f32};
use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive};

use crate::oracle::{self, Random, ieee, power, rational};

/// The rounded integer if its magnitude has at most 63 bits.
fn limited(integer: BigInt) -> Option<i64> {
    (integer.abs() <= BigInt::from(i64::MAX)).then(|| integer.to_i64().unwrap())
}

fn check(n: i64, bin: i32, bout: i32) {
    for rounding in Rounding::ALL {
        let expected = limited(oracle::round(&rational(n, bin - bout, 1), rounding));
        assert_eq!(round_to_grid(n, bin, bout, rounding), expected, "{n} * 2^{bin} to 2^{bout}, {rounding}");
    }
}

#[test]
fn every_shift_of_random_integers() {
    let mut random = Random(12);
    for shift in -130..=130 {
        for _ in 0..60 {
            let (n, bout) = (random.integer(), random.within(-4096..=4096) as i32);
            check(n, bout - shift, bout);
        }
    }
}

#[test]
fn around_every_tie_of_small_integers() {
    for n in -64..=64 {
        for shift in -2..=8 {
            check(n, 3 - shift, 3);
        }
    }
}

#[test]
fn the_ends_of_the_integers() {
    for n in [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX, 1 << 62, -(1 << 62)] {
        for shift in (-70..=70).chain([-8192, -300, 300, 8192]) {
            check(n, 0, shift);
            check(n, -shift, 0);
        }
    }
}

#[test]
fn floats_on_a_grid() {
    let mut random = Random(13);
    for i in 0..20_000 {
        let bits = random.bits() as u32;
        let x = f32::from_bits(if i % 3 == 0 { bits & 0x807f_ffff } else { bits });
        let near = if x == 0.0 { 0 } else { x.abs().log2().clamp(-160.0, 130.0) as i64 };
        let bout = (near + random.within(-70..=3)) as i32;
        for rounding in Rounding::ALL {
            let value = ieee(u64::from(x.to_bits()), 8, 23);
            let expected = value.and_then(|v| limited(oracle::round(&(v * power(-bout)), rounding)));
            assert_eq!(round_to_grid_f32(x, bout, rounding), expected, "{x:e} to 2^{bout}, {rounding}");
        }
    }
}

#[test]
fn what_is_not_finite_or_too_large_has_no_integer() {
    for rounding in Rounding::ALL {
        for x in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            assert_eq!(round_to_grid_f32(x, 0, rounding), None);
        }
        assert_eq!(round_to_grid_f32(2f32.powi(62), 0, rounding), Some(1 << 62));
        assert_eq!(round_to_grid_f32(2f32.powi(63), 0, rounding), None);
        assert_eq!(round_to_grid_f32(-(2f32.powi(63)), 0, rounding), None);
        assert_eq!(round_to_grid_f32(f32::MAX, -4096, rounding), None);
        assert_eq!(round_to_grid_f32(f32::MAX, 4096, rounding), Some(0));
        assert_eq!(round_to_grid_f32(0.0, -4096, rounding), Some(0));
    }
}
