//! Formats without exponent bits are plain fixed point, and with ties to even F8Net's inference.

use afp_ir::numerics::{Format, Rounding, encode};

use crate::oracle::Random;

/// `acc / 2^shift` rounded, in the integer arithmetic of a fixed-point kernel; `shift` may be negative.
fn shifted(acc: i128, shift: i32, rounding: Rounding) -> i128 {
    if shift <= 0 {
        return acc << -shift;
    }
    let half = 1i128 << (shift - 1);
    match rounding {
        Rounding::HalfUp => (acc + half) >> shift,
        Rounding::HalfEven => (acc + half - 1 + ((acc >> shift) & 1)) >> shift,
        Rounding::HalfAway => acc.signum() * ((acc.abs() + half) >> shift),
    }
}

/// `acc` with `from` fraction bits into `format` with `to` fraction bits.
fn check(acc: i64, from: i32, format: Format, to: i32) {
    let largest = (1i128 << format.man_bits()) - 1;
    let smallest = if format.is_signed() { -largest } else { 0 };
    for rounding in Rounding::ALL {
        let expected = shifted(i128::from(acc), from - to, rounding).clamp(smallest, largest);
        let code = encode(acc, -from, 1, format, -to, rounding);
        let mask = (1i128 << format.width()) - 1;
        assert_eq!(
            i128::from(code),
            expected & mask,
            "{acc} from {from} to {to} fraction bits in {format}, {rounding}"
        );
    }
}

fn fixed_formats() -> impl Iterator<Item = Format> {
    (1..=15).flat_map(|m| [Format::fixed(true, m), Format::fixed(false, m)])
}

#[test]
fn every_accumulator_of_twelve_bits() {
    for format in fixed_formats() {
        for acc in -2048..=2048 {
            for shift in -3..=12 {
                check(acc, shift + 5, format, 5);
            }
        }
    }
}

#[test]
fn f8net_shifts_the_accumulator_by_the_sum_of_its_fraction_lengths() {
    // y = clip(round_half_even(acc >> (FL_x + FL_w - FL_next))), where FL counts fraction bits.
    let mut random = Random(5);
    for format in [Format::fixed(true, 7), Format::fixed(false, 8)] {
        for fl_x in 0..=8 {
            for fl_w in 0..=8 {
                for fl_next in 0..=8 {
                    for _ in 0..100 {
                        let acc = random.within(-(1 << 24)..=1 << 24) >> random.within(0..=20);
                        check(acc, fl_x + fl_w, format, fl_next);
                    }
                }
            }
        }
    }
}

#[test]
fn an_average_is_the_floor_of_the_sum_and_half_the_count() {
    for format in fixed_formats() {
        for sum in -1500i64..=1500 {
            for count in [1, 2, 3, 4, 5, 7, 9, 16, 49, 64] {
                let floor = (2 * sum + count).div_euclid(2 * count);
                let expected = floor.clamp(format.int_min(), format.int_max());
                let code = encode(sum, -4, count as u64, format, -4, Rounding::HalfUp);
                assert_eq!(format.decode(code), expected, "{sum} / {count} in {format}");
            }
        }
    }
}
