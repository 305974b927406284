//! Encode is monotone and commutes with limits: rule E6.

use afp_ir::numerics::{Code, Format, Rounding, clamp_code, encode};

use crate::oracle::{self, Random};

/// Numerators of a grid of quarters of a unit around the whole range, thinned out for wide formats.
fn grid(format: Format) -> Vec<i64> {
    let (least, largest) = (4 * format.int_min() - 9, 4 * format.int_max() + 9);
    let step = ((largest - least) / 3000).max(1);
    (0..=(largest - least) / step).map(|i| least + i * step).collect()
}

fn at(n: i64, format: Format, rounding: Rounding) -> Code {
    encode(n, -2, 1, format, 0, rounding)
}

#[test]
fn a_larger_value_never_has_a_smaller_code() {
    for format in oracle::formats(16) {
        for rounding in Rounding::ALL {
            let codes: Vec<i64> =
                grid(format).iter().map(|&n| format.decode(at(n, format, rounding))).collect();
            assert!(codes.is_sorted(), "{format} {rounding}");
        }
    }
}

#[test]
fn limits_before_and_after_the_rounding_are_the_same() {
    let mut random = Random(4);
    for format in oracle::formats(16) {
        let grid = grid(format);
        let mut pick = || grid[random.within(0..=grid.len() as i64 - 1) as usize];
        for _ in 0..300 {
            let (v, l, h) = (pick(), pick(), pick());
            let (l, h) = (l.min(h), l.max(h));
            for rounding in Rounding::ALL {
                let limited = clamp_code(
                    format,
                    at(v, format, rounding),
                    at(l, format, rounding),
                    at(h, format, rounding),
                );
                assert_eq!(
                    limited,
                    at(v.clamp(l, h), format, rounding),
                    "{v}/4 in [{l}, {h}]/4, {format} {rounding}"
                );
            }
        }
    }
}

#[test]
fn every_code_within_every_pair_of_limits() {
    for format in oracle::formats(6) {
        let codes: Vec<Code> = format.canonical_codes().collect();
        for &lo in &codes {
            for &hi in codes.iter().filter(|&&hi| format.decode(hi) >= format.decode(lo)) {
                for &code in &codes {
                    let limited = format.decode(clamp_code(format, code, lo, hi));
                    let expected = format.decode(code).clamp(format.decode(lo), format.decode(hi));
                    assert_eq!(limited, expected, "{format}: {code:#b} in [{lo:#b}, {hi:#b}]");
                }
            }
        }
    }
}

#[test]
fn negation_mirrors_all_modes_but_half_up() {
    for format in oracle::formats(8).into_iter().filter(|f| f.is_signed()) {
        for n in grid(format) {
            for rounding in [Rounding::HalfEven, Rounding::HalfAway] {
                let (plus, minus) = (at(n, format, rounding), at(-n, format, rounding));
                assert_eq!(format.decode(plus), -format.decode(minus), "{n}/4 in {format} {rounding}");
            }
        }
    }
}
