//! Formats and codes: rules F1 to F7.

use afp_ir::numerics::{Code, Format, Rounding, encode};

use crate::oracle::{self, Values};

#[test]
fn there_are_seventy_formats_of_eight_bits_or_less() {
    assert_eq!(oracle::formats(8).len(), 70);
}

#[test]
fn every_code_decodes_as_the_rule_says() {
    for format in oracle::formats(16) {
        for code in 0..format.code_count() {
            let code = code as Code;
            assert_eq!(i128::from(format.decode(code)), oracle::decode(format, code), "{format} {code:#b}");
        }
    }
}

#[test]
fn the_largest_and_smallest_value_are_the_extremes_of_all_canonical_codes() {
    for format in oracle::formats(16) {
        let values = Values::of(format);
        let (smallest, largest) = (values.sorted[0], values.sorted[values.sorted.len() - 1]);
        assert_eq!((i128::from(format.int_max()), format.max_code()), largest, "{format}");
        assert_eq!((i128::from(format.int_min()), format.min_code()), smallest, "{format}");
        let (e, m) = (format.exp_bits(), format.man_bits());
        let formula = match e {
            0 => 2i128.pow(m) - 1,
            _ => (2i128.pow(m + 1) - 1) * 2i128.pow(2u32.pow(e) - 2),
        };
        assert_eq!(largest.0, formula, "{format}");
        assert_eq!(smallest.0, if format.is_signed() { -formula } else { 0 }, "{format}");
    }
}

#[test]
fn canonical_codes_are_all_but_one_and_no_two_are_worth_the_same() {
    for format in oracle::formats(16) {
        let mut codes: Vec<Code> = Values::of(format).sorted.iter().map(|&(_, code)| code).collect();
        codes.sort_unstable();
        assert_eq!(format.canonical_codes().collect::<Vec<_>>(), codes, "{format}");
        let values = Values::of(format).sorted;
        assert!(values.windows(2).all(|pair| pair[0].0 < pair[1].0), "{format}");
        for code in 0..=Code::MAX {
            assert_eq!(format.is_canonical(code), codes.binary_search(&code).is_ok(), "{format} {code:#b}");
        }
    }
}

#[test]
fn a_code_survives_decode_and_encode_at_every_scale() {
    for format in oracle::formats(16) {
        for (value, code) in Values::of(format).sorted {
            for rounding in Rounding::ALL {
                for (bin, bout) in [(0, 0), (-7, -7), (4096, 4096), (-4096, -4096)] {
                    assert_eq!(
                        encode(value as i64, bin, 1, format, bout, rounding),
                        code,
                        "{format} {value}"
                    );
                }
                let (wide, reduced) = ((value << 20) as i64, value >> value.trailing_zeros().min(127));
                assert_eq!(encode(wide, -23, 1, format, -3, rounding), code, "{format} {value}");
                let taken = if value == 0 { 0 } else { value.trailing_zeros() as i32 };
                assert_eq!(
                    encode(reduced as i64, taken + 5, 1, format, 5, rounding),
                    code,
                    "{format} {value}"
                );
                assert_eq!(encode(value as i64 * 21, 9, 21, format, 9, rounding), code, "{format} {value}");
            }
        }
    }
}

#[test]
fn spelling_and_fields_agree() {
    for format in oracle::formats(16) {
        let sign = if format.is_signed() { "" } else { "u" };
        let text = format!("{sign}e{}m{}", format.exp_bits(), format.man_bits());
        assert_eq!(format.to_string(), text);
        assert_eq!(text.parse::<Format>(), Ok(format));
        let simplest = Values::of(format.simplest());
        let same = |a: &[(i128, Code)], b: &[(i128, Code)]| a.iter().map(|v| v.0).eq(b.iter().map(|v| v.0));
        assert!(same(&simplest.sorted, &Values::of(format).sorted), "{format}");
    }
}
