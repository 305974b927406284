//! Encode (rules E1 to E5) around every tie, with divisors, at far exponents and at the integers' ends.

use afp_ir::numerics::{Format, Rounding, encode};

use crate::oracle::{self, Random, Values};

/// `n * 2^bin / divisor` against the nearest of all values, by rationals.
fn check(values: &Values, n: i64, bin: i32, divisor: u64, bout: i32) {
    let v = oracle::rational(n, bin - bout, divisor);
    for rounding in Rounding::ALL {
        let expected = values.nearest_rational(&v, rounding);
        let found = encode(n, bin, divisor, values.format, bout, rounding);
        assert_eq!(found, expected, "{n} * 2^{bin} / {divisor} to {} at {bout}, {rounding}", values.format);
    }
}

/// `n / 2 / divisor` in whole numbers of 128 bits.
fn check_halves(values: &Values, n: i128, divisor: u64) {
    for rounding in Rounding::ALL {
        let expected = values.nearest(rounding, |t| n.cmp(&(t * i128::from(divisor))));
        let found = encode(n as i64, -1, divisor, values.format, 0, rounding);
        assert_eq!(found, expected, "{n} / 2 / {divisor} to {}, {rounding}", values.format);
    }
}

fn wide_formats() -> Vec<Format> {
    ["e5m10", "ue5m10", "e0m15", "ue0m15", "e4m8", "ue4m10", "e3m10", "e1m10"]
        .iter()
        .map(|text| text.parse().unwrap())
        .collect()
}

/// The points between neighbours, and the points where saturation sets in, doubled.
fn doubled_midpoints(values: &Values) -> Vec<i128> {
    let between = values.sorted.windows(2).map(|pair| pair[0].0 + pair[1].0);
    let (least, largest) = (values.sorted[0].0, values.sorted[values.sorted.len() - 1].0);
    between.chain([2 * least - 1, 2 * largest + 1, 4 * largest + 2, 0]).collect()
}

#[test]
fn around_every_midpoint_with_every_divisor() {
    for format in oracle::formats(8) {
        let values = Values::of(format);
        for middle in doubled_midpoints(&values) {
            for divisor in 1..=64 {
                for step in -1..=1 {
                    check_halves(&values, middle * i128::from(divisor) + step, divisor);
                }
            }
        }
    }
}

#[test]
fn around_every_value_with_every_divisor() {
    for format in oracle::formats(8) {
        let values = Values::of(format);
        for &(value, _) in &values.sorted {
            for divisor in 1..=64 {
                for step in -1..=1 {
                    check_halves(&values, 2 * value * i128::from(divisor) + step, divisor);
                }
            }
        }
    }
}

#[test]
fn around_every_midpoint_of_wide_formats() {
    for format in wide_formats() {
        let values = Values::of(format);
        for middle in doubled_midpoints(&values) {
            for divisor in [1, 3, 49, 64] {
                for step in -1..=1 {
                    check_halves(&values, middle * i128::from(divisor) + step, divisor);
                }
            }
        }
    }
}

#[test]
fn both_kinds_of_arithmetic_in_the_oracle_agree() {
    let mut random = Random(1);
    for format in oracle::formats(8) {
        let values = Values::of(format);
        for _ in 0..50 {
            let n = random.within(-3 * format.int_max() - 3..=3 * format.int_max() + 3);
            let divisor = random.within(1..=64) as u64;
            for rounding in Rounding::ALL {
                assert_eq!(
                    values.nearest(rounding, |t| i128::from(n).cmp(&(t * i128::from(divisor)))),
                    values.nearest_rational(&oracle::rational(n, -1, divisor), rounding)
                );
            }
        }
    }
}

#[test]
fn exponents_far_apart() {
    let mut random = Random(2);
    for format in oracle::formats(8) {
        let values = Values::of(format);
        for difference in
            (-300..=300).step_by(4).chain([-4096, -129, -128, -127, -65, -64, -63, 61, 62, 63, 8192])
        {
            let bout = random.within(-4096..=4096) as i32;
            let n = random.integer();
            check(&values, n, bout + difference, 1, bout);
            check(&values, n, bout + difference, random.within(2..=4096) as u64, bout);
        }
    }
}

#[test]
fn the_ends_of_the_integers() {
    let divisors = [1, 2, 3, 64, 1 << 32, (1 << 63) - 1, 1 << 63, u64::MAX - 1, u64::MAX];
    for format in oracle::formats(8).into_iter().chain(wide_formats()) {
        let values = Values::of(format);
        for n in [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX] {
            for divisor in divisors {
                for difference in [-127, -64, -63, -62, -40, -3, 0, 2, 63, 64, 65, 126] {
                    check(&values, n, difference, divisor, 0);
                }
            }
        }
    }
}

#[test]
fn quotients_that_miss_a_tie_by_less_than_any_machine_word_shows() {
    // N / D is (K ± tiny) / 2: D is huge, and N differs by one from the tie.
    let mut random = Random(3);
    for format in oracle::formats(8).into_iter().chain(wide_formats()) {
        let values = Values::of(format);
        for _ in 0..150 {
            let divisor = (random.bits() >> random.within(1..=32)).max(1);
            let place = random.within(0..=values.sorted.len() as i64 - 1) as usize;
            let upper = values.sorted[(place + 1).min(values.sorted.len() - 1)].0;
            let middle = (values.sorted[place].0 + upper) * i128::from(divisor);
            let shift = (i128::BITS - middle.unsigned_abs().leading_zeros()).saturating_sub(62);
            for step in -1..=1 {
                let n = ((middle >> shift) + step) as i64;
                check(&values, n, shift as i32 - 1, divisor, 0);
            }
        }
    }
}

#[test]
fn a_divisor_of_zero_is_read_as_one() {
    let format: Format = "e2m2".parse().unwrap();
    assert_eq!(
        encode(11, -1, 0, format, 0, Rounding::HalfUp),
        encode(11, -1, 1, format, 0, Rounding::HalfUp)
    );
}
