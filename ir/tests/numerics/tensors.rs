//! Whole tensors: dot products of random and of extreme tensors, rounded once at the end.

use afp_ir::numerics::{Code, Format, Rounding, encode, encode_f32};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Zero;
use proptest::prelude::*;

use crate::oracle::{self, Values, ieee, power};

fn any_format() -> impl Strategy<Value = Format> {
    prop::sample::select(oracle::formats(8))
}

fn any_rounding() -> impl Strategy<Value = Rounding> {
    prop::sample::select(Rounding::ALL.to_vec())
}

/// Formats whose products of codes fit 40 bits, so that sums of thousands fit 63.
fn narrow_format() -> impl Strategy<Value = Format> {
    any_format().prop_filter("narrow", |format| format.int_max() < 1 << 20)
}

/// A tensor of codes: random, all the largest, all the smallest, all zero, or zero with one outlier.
fn codes(format: Format, length: usize) -> impl Strategy<Value = Vec<Code>> {
    let canonical: Vec<Code> = format.canonical_codes().collect();
    let outlier = (0..length).prop_map(move |place| {
        let mut codes = vec![0; length];
        codes[place] = format.max_code();
        codes
    });
    prop_oneof![
        4 => prop::collection::vec(prop::sample::select(canonical), length),
        1 => Just(vec![format.max_code(); length]),
        1 => Just(vec![format.min_code(); length]),
        1 => Just(vec![0; length]),
        1 => outlier,
    ]
}

fn dot_operands() -> impl Strategy<Value = (Format, Vec<Code>, Format, Vec<Code>)> {
    (narrow_format(), narrow_format(), 1usize..600)
        .prop_flat_map(|(a, b, length)| (Just(a), codes(a, length), Just(b), codes(b, length)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_dot_product_is_rounded_once(
        (xf, x, wf, w) in dot_operands(),
        (to, rounding, bout) in (any_format(), any_rounding(), -4i32..60),
        (exp_x, exp_w) in (-300i32..300, -300i32..300),
    ) {
        let acc: i64 = x.iter().zip(&w).map(|(&x, &w)| xf.decode(x) * wf.decode(w)).sum();
        let found = encode(acc, exp_x + exp_w, 1, to, exp_x + exp_w + bout, rounding);
        let real = |format, code, exp| BigRational::from_integer(BigInt::from(oracle::decode(format, code))) * power(exp);
        let sum = x.iter().zip(&w).fold(BigRational::zero(), |sum, (&x, &w)| {
            sum + real(xf, x, exp_x) * real(wf, w, exp_w)
        });
        let values = Values::of(to);
        prop_assert_eq!(found, values.nearest_rational(&(sum * power(-(exp_x + exp_w + bout))), rounding));
    }

    #[test]
    fn one_huge_outlier_saturates_alone(
        format in any_format(),
        rounding in any_rounding(),
        rest in prop::collection::vec(-1.0f32..1.0, 1..64),
        huge in prop::sample::select(vec![f32::MAX, f32::INFINITY, 1e30, f32::MIN, f32::NEG_INFINITY]),
        exp in -40i32..4,
    ) {
        let values = Values::of(format);
        for &x in &rest {
            let value = ieee(u64::from(x.to_bits()), 8, 23).unwrap() * power(-exp);
            prop_assert_eq!(encode_f32(x, format, exp, rounding), values.nearest_rational(&value, rounding));
        }
        let end = if huge > 0.0 { format.max_code() } else { format.min_code() };
        prop_assert_eq!(encode_f32(huge, format, exp, rounding), end);
    }

    #[test]
    fn no_operator_yields_a_code_that_is_not_canonical(
        format in prop::sample::select(oracle::formats(16)),
        rounding in any_rounding(),
        n: i64,
        (bin, bout) in (-400i32..400, -400i32..400),
        divisor in 1u64..,
    ) {
        let code = encode(n, bin, divisor, format, bout, rounding);
        prop_assert!(format.is_canonical(code), "{format} {code:#b}");
        prop_assert!(format.decode(code).signum() * n.signum() >= 0);
    }

    #[test]
    fn an_exponent_moved_from_one_side_to_the_other_changes_nothing(
        format in prop::sample::select(oracle::formats(16)),
        rounding in any_rounding(),
        n in -(1i64 << 40)..1 << 40,
        (bin, shift, bout) in (-300i32..300, 0u32..=20, -300i32..300),
        divisor in 1u64..5000,
    ) {
        let code = encode(n, bin, divisor, format, bout, rounding);
        prop_assert_eq!(encode(n << shift, bin - shift as i32, divisor, format, bout, rounding), code);
        prop_assert_eq!(encode(n, bin + 77, divisor, format, bout + 77, rounding), code);
        prop_assert_eq!(encode(n * 3, bin, divisor * 3, format, bout, rounding), code);
    }
}
