//! Sums and products of every two codes of every format of eight bits or less.

use afp_ir::numerics::{Format, Rounding, encode};

use crate::oracle::{self, Values};

/// `n * 2^bin` encoded at scale exponent `bout`, against the nearest of all values.
fn check(values: &Values, n: i128, bin: i32, bout: i32) {
    // 2v = n * 2^(bin + 1) in units of 2^bout, and both sides are integers after a shift.
    let (up, down) = ((bin + 1 - bout).max(0), (bout - bin - 1).max(0));
    for rounding in Rounding::ALL {
        let expected = values.nearest(rounding, |t| (n << up).cmp(&(t << down)));
        let found = encode(n as i64, bin, 1, values.format, bout, rounding);
        assert_eq!(found, expected, "{n} * 2^{bin} to {} at {bout}, {rounding}", values.format);
    }
}

fn magnitude_bits(format: Format) -> i32 {
    64 - format.int_max().leading_zeros() as i32
}

#[test]
fn every_sum_of_two_codes_becomes_the_nearest_code() {
    for format in oracle::formats(8) {
        let values = Values::of(format);
        for &(a, _) in &values.sorted {
            for &(b, _) in values.sorted.iter().filter(|&&(b, _)| b <= a) {
                for bout in [-1, 0, 1, 3] {
                    check(&values, a + b, 0, bout);
                }
                // One operand at a larger scale: aligned by a left shift, as a residual add is.
                check(&values, a * 4 + b, -2, 0);
            }
        }
    }
}

#[test]
fn every_product_of_two_codes_becomes_the_nearest_code() {
    for format in oracle::formats(8) {
        let (values, bits) = (Values::of(format), magnitude_bits(format));
        // Significand and shift apart: the integers of e5 have more than 32 bits, their products more than 63.
        let split: Vec<(i128, i32)> = values
            .sorted
            .iter()
            .map(|&(value, _)| {
                let shift = if value == 0 { 0 } else { value.trailing_zeros() };
                (value >> shift, shift as i32)
            })
            .collect();
        for &(a, shift_a) in &split {
            for &(b, shift_b) in &split {
                for bout in [-1, 0, bits / 2, bits] {
                    check(&values, a * b, shift_a + shift_b, bout);
                }
            }
        }
    }
}
