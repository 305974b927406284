//! Rounding, sums, pools and functions on codes and exact values.

use afp_ir::{
    dialect::FloatType,
    interp::{Data, Tensor},
    numerics::{Code, Format},
};

use super::{Random, check, coded, exact, float, function, real, run};

/// The code of the value nearest to `numerator / denominator` in units of the result's exponent, a tie
/// to the larger value: by trying all codes.
fn nearest(format: Format, numerator: i128, denominator: i128) -> Code {
    let distance = |code: &Code| (i128::from(format.decode(*code)) * denominator - numerator).abs();
    format
        .canonical_codes()
        .min_by_key(|code| (distance(code), std::cmp::Reverse(format.decode(*code))))
        .unwrap()
}

#[test]
fn fully_connected_is_exact_per_channel() {
    let body = r#"
        %w = afp.constant dense<[[1, 2], [3, 127]]> : tensor<2x2xi8> : tensor<2x2x!afp.float<e0m7, exp = -3>>
        %b = afp.constant dense<[1, 5]> : tensor<2xi32> {channel_exp = array<i32: -6, -2>} : tensor<2x!afp.exact>
        %r = afp.fully_connected %0, %w bias %b {channel_exp = array<i32: 0, 1>}
          : (tensor<1x2x!afp.float<ue0m8, exp = -2>>, tensor<2x2x!afp.float<e0m7, exp = -3>>, tensor<2x!afp.exact>) -> tensor<1x2x!afp.exact>"#;
    let text = function(&["tensor<1x2x!afp.float<ue0m8, exp = -2>>"], "tensor<1x2x!afp.exact>", body);
    let input = coded(&[1, 2], float("ue0m8", -2), &[255, 1]);
    // 255*1 + 1*2 = 257 at -5, and 1 at -6; 255*3 + 127 = 892 at -4, and 5 at -2.
    check(&text, &[input], &[exact(&[1, 2], &[515, 892 + 20], &[-6, -4])]);
}

#[test]
fn encode_divides_per_position() {
    let mut random = Random(11);
    let divisors = [4, 6, 6, 9, 1, 7];
    for (format, exp) in [("e2m2", 1), ("ue3m3", -1), ("e0m7", 0), ("ue0m15", -4)] {
        let ty = float(format, exp);
        let body = format!(
            "%r = afp.encode %0 {{divisor = array<i64: 4, 6, 6, 9, 1, 7>}} : tensor<2x2x3x2x!afp.exact> to tensor<2x2x3x2x!afp.float<{ty}>>"
        );
        let text =
            function(&["tensor<2x2x3x2x!afp.exact>"], &format!("tensor<2x2x3x2x!afp.float<{ty}>>"), &body);
        let mantissa: Vec<i64> = (0..24).map(|_| random.below(801) as i64 - 400).collect();
        let exps = [-1, 2];
        let expected: Vec<Code> = (0..24)
            .map(|i: usize| {
                // In units of 2^-6.
                let value = i128::from(mantissa[i]) << (exps[i % 2] + 6);
                nearest(ty.format, value, i128::from(divisors[i / 2 % 6]) << (exp + 6))
            })
            .collect();
        check(&text, &[exact(&[2, 2, 3, 2], &mantissa, &exps)], &[coded(&[2, 2, 3, 2], ty, &expected)]);
    }
}

#[test]
fn encode_limits_and_rounds_as_it_is_told() {
    let run = |attributes: &str, input: &Tensor, ty: &str, to: &str| {
        let body = format!("%r = afp.encode %0 {attributes} : tensor<4x2x{ty}> to tensor<4x2x{to}>");
        let text = function(&[&format!("tensor<4x2x{ty}>")], &format!("tensor<4x2x{to}>"), &body);
        run(&text, std::slice::from_ref(input)).unwrap().remove(0).data
    };
    let input = exact(&[4, 2], &[11, -11, 13, -13, 100, -100, 3, -3], &[-1]);
    let to = float("e2m2", 0);
    let values = |data: Data| match data {
        Data::Codes { ty, codes } => codes.iter().map(|&code| ty.format.decode(code)).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let coded_type = "!afp.float<e2m2, exp = 0>";
    // 5.5, 6.5, 50, 1.5: ties between 5 and 6, 6 and 7, 1 and 2; 28 is the largest value.
    let found = values(run("", &input, "!afp.exact", coded_type));
    assert_eq!(found, [6, -5, 7, -6, 28, -28, 2, -1]);
    let found = values(run("{round = \"half_away\"}", &input, "!afp.exact", coded_type));
    assert_eq!(found, [6, -6, 7, -7, 28, -28, 2, -2]);
    let found = values(run("{round = \"half_even\"}", &input, "!afp.exact", coded_type));
    assert_eq!(found, [6, -6, 6, -6, 28, -28, 2, -2]);
    // Codes 6 = 6 and 22 = -6 per channel; sign-magnitude codes are not ordered as integers.
    let limits = "{lo = array<i32: 0, 22>, hi = array<i32: 6, 17>}";
    let found = values(run(limits, &input, "!afp.exact", coded_type));
    assert_eq!(found, [6, -5, 6, -6, 6, -6, 2, -1]);
    // A coded operand, exponents apart.
    let codes = coded(&[4, 2], to, &[1, 17, 2, 18, 15, 31, 0, 8]);
    let found = values(run("", &codes, coded_type, "!afp.float<e0m3, exp = 1>"));
    assert_eq!(found, [1, 0, 1, -1, 7, -7, 0, 4]);
    // To f32, within real limits.
    let found = run("{divisor = array<i64: 3>, hi = array<f32: 2.0, 1.0>}", &input, "!afp.exact", "f32");
    let third = |n: i32| n as f32 / 6.0;
    assert_eq!(found, Data::Real(vec![third(11), third(-11), 2.0, third(-13), 2.0, third(-100), 0.5, -0.5]));
    let wide = real(&[4, 2], &[1.0, -1.0, 3.0, -3.0, 9.0, f32::NAN, 0.5, f32::INFINITY]);
    let found =
        run("{lo = array<f32: -2.0>, hi = array<f32: 6.0>, divisor = array<i64: 2>}", &wide, "f32", "f32");
    let Data::Real(found) = found else { panic!("{found:?}") };
    assert_eq!(found[..5], [0.5, -0.5, 1.5, -1.5, 4.5]);
    assert!(found[5].is_nan() && found[6..] == [0.25, 6.0]);
}

#[test]
fn quantize_and_dequantize_scale_channels() {
    let ty = float("e0m7", -2);
    let text = function(
        &["tensor<2x3xf32>"],
        "tensor<2x3x!afp.float<e0m7, exp = -2>>",
        "%r = afp.quantize %0 {channel_exp = array<i32: 0, 3>} : tensor<2x3xf32> to tensor<2x3x!afp.float<e0m7, exp = -2>>",
    );
    let input = real(&[2, 3], &[1.0, -0.125, 1e9, f32::NAN, 3.0, f32::NEG_INFINITY]);
    // Units 1/4 and 2; -1/8 is half a unit.
    check(&text, &[input], &[coded(&[2, 3], ty, &[4, 0, 127, 0, 2, 129])]);
    let text = function(
        &["tensor<2x3x!afp.float<e0m7, exp = -2>>"],
        "tensor<2x3xf32>",
        "%r = afp.dequantize %0 {axis = 1 : i64, channel_exp = array<i32: 0, 1, -1>} : tensor<2x3x!afp.float<e0m7, exp = -2>> to tensor<2x3xf32>",
    );
    let codes = coded(&[2, 3], ty, &[4, 255, 3, 127, 129, 0]);
    check(&text, &[codes], &[real(&[2, 3], &[1.0, -0.5, 0.375, 31.75, -63.5, 0.0])]);
    let text = |axis: usize| {
        function(
            &["tensor<2x2xf32>"],
            "tensor<2x2x!afp.exact>",
            &format!(
                "%r = afp.quantize %0 {{axis = {axis} : i64, channel_exp = array<i32: -1, -3>}} : tensor<2x2xf32> to tensor<2x2x!afp.exact>"
            ),
        )
    };
    let input = real(&[2, 2], &[0.25, 0.25, -0.3, -0.3]);
    let along_columns = exact(&[2, 2], &[1, 2, -1, -2], &[-1, -3]);
    check(&text(1), std::slice::from_ref(&input), &[along_columns]);
    // Along rows, on the finer of both grids: 1/2, 1/2, -2/8, -2/8.
    check(&text(0), &[input], &[exact(&[2, 2], &[4, 4, -2, -2], &[-3])]);
}

#[test]
fn sums_align_their_operands() {
    let text = function(
        &["tensor<2x1x2x!afp.exact>", "tensor<1x2x2x!afp.float<e2m2, exp = 1>>"],
        "tensor<2x2x2x!afp.exact>",
        "%r = afp.add %0, %1 : (tensor<2x1x2x!afp.exact>, tensor<1x2x2x!afp.float<e2m2, exp = 1>>) -> tensor<2x2x2x!afp.exact>",
    );
    let lhs = exact(&[2, 1, 2], &[1, 2, 3, 4], &[-1, 4]);
    let rhs = coded(&[1, 2, 2], float("e2m2", 1), &[1, 2, 17, 15]);
    // Values 1, 2, -1, 28 at 1; channel 0 at -1 (rhs times 4), channel 1 at 1 (lhs times 8).
    let expected = exact(&[2, 2, 2], &[5, 18, -3, 44, 7, 34, -1, 60], &[-1, 1]);
    check(&text, &[lhs, rhs], &[expected]);
}

#[test]
fn largest_values_of_sign_magnitude_codes() {
    let ty = float("e2m2", 0);
    let text = function(
        &["tensor<1x2x3x2x!afp.float<e2m2, exp = 0>>"],
        "tensor<1x2x2x2x!afp.float<e2m2, exp = 0>>",
        "%r = afp.max_pool2d %0 {kernel = array<i64: 2, 2>, stride = array<i64: 1, 2>, pad = array<i64: 1, 0, 0, 1>} : (tensor<1x2x3x2x!afp.float<e2m2, exp = 0>>) -> tensor<1x2x2x2x!afp.float<e2m2, exp = 0>>",
    );
    // Channel 0: -28 -1 -4 / 3 -5 -2; channel 1: 1 2 3 / 4 5 6. Padding never wins, not even over -4.
    let channel0 = [31, 17, 20, 3, 21, 18];
    let channel1 = [1, 2, 3, 4, 5, 6];
    let codes: Vec<Code> = channel0.into_iter().zip(channel1).flat_map(|(a, b)| [a, b]).collect();
    check(
        &text,
        &[coded(&[1, 2, 3, 2], ty, &codes)],
        &[coded(&[1, 2, 2, 2], ty, &[17, 2, 20, 3, 3, 5, 18, 6])],
    );
}

#[test]
fn sums_over_windows_see_zeros_outside() {
    let text = |ty: &str| {
        function(
            &[&format!("tensor<1x2x3x1x{ty}>")],
            "tensor<1x1x2x1x!afp.exact>",
            &format!(
                "%r = afp.sum_pool2d %0 {{kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 1, 0>}} : (tensor<1x2x3x1x{ty}>) -> tensor<1x1x2x1x!afp.exact>"
            ),
        )
    };
    let input = coded(&[1, 2, 3, 1], float("e0m7", -3), &[1, 2, 255, 4, 5, 6]);
    check(&text("!afp.float<e0m7, exp = -3>"), &[input], &[exact(&[1, 1, 2, 1], &[5, 12], &[-3])]);
    let wide = Tensor { shape: vec![1, 1, 2, 1], data: Data::Wide(vec![5.0, 12.5]) };
    check(&text("f32"), &[real(&[1, 2, 3, 1], &[1.0, 2.0, -1.0, 4.0, 5.0, 6.5])], &[wide]);
}

#[test]
fn softmax_follows_its_steps() {
    let (from, to) = (float("e0m7", -2), float("ue0m8", -8));
    let text = function(
        &["tensor<2x3x!afp.float<e0m7, exp = -2>>"],
        "tensor<2x3x!afp.float<ue0m8, exp = -8>>",
        "%r = afp.softmax %0 {axis = 1 : i64} : tensor<2x3x!afp.float<e0m7, exp = -2>> to tensor<2x3x!afp.float<ue0m8, exp = -8>>",
    );
    // D = 0, 4, 8 quarters: e^0 = 1 saturates to 32767, e^-1 * 2^15 = 12054.7, e^-2 * 2^15 = 4434.7.
    // s = 32767 + 12055 + 4435 = 49257; times 256 / s: 170.299, 62.653, 23.05.
    // D = 0, 0, 127: two of 32767, and e^-31.75 is 0: 128, 128, 0.
    let input = coded(&[2, 3], from, &[8, 4, 0, 127, 127, 0]);
    check(&text, &[input], &[coded(&[2, 3], to, &[170, 63, 23, 128, 128, 0])]);
    // Along the other dimension, in the real form.
    let text = function(
        &["tensor<2x2xf32>"],
        "tensor<2x2xf32>",
        "%r = afp.softmax %0 {axis = 0 : i64} : tensor<2x2xf32> to tensor<2x2xf32>",
    );
    let found = run(&text, &[real(&[2, 2], &[0.0, 1000.0, 0.0, 999.0])]).unwrap();
    let e = std::f64::consts::E;
    assert_eq!(found[0].as_real().unwrap()[..3], [0.5, (e / (e + 1.0)) as f32, 0.5]);
}

#[test]
fn tables_are_computed_unless_given() {
    let (from, to) = ("!afp.float<e1m2, exp = 0>", "!afp.float<e0m7, exp = -6>");
    let text = |values: &str, function_name: &str| {
        function(
            &[&format!("tensor<16x{from}>")],
            &format!("tensor<16x{to}>"),
            &format!(
                "%r = afp.table %0 {{function = \"{function_name}\"{values}}} : tensor<16x{from}> to tensor<16x{to}>"
            ),
        )
    };
    let (from_ty, to_ty) = (float("e1m2", 0), float("e0m7", -6));
    let all = coded(&[16], from_ty, &(0..16).collect::<Vec<_>>());
    // tanh of 0..7 and of 0, -1..-7, times 64: 48.74, 61.7, 63.7, 64 ...
    let up: [i64; 8] = [0, 49, 62, 64, 64, 64, 64, 64];
    let codes: Vec<Code> =
        up.iter().copied().chain(up.iter().map(|n| -n)).map(|n| (n & 0xff) as Code).collect();
    check(&text("", "tanh"), std::slice::from_ref(&all), &[coded(&[16], to_ty, &codes)]);
    let given =
        ", values = dense<[0, -1, 2, -3, 4, -5, 6, -7, 8, -9, 10, -11, 12, -13, 14, -15]> : tensor<16xi8>";
    let codes: Vec<Code> = (0..16).map(|n| if n % 2 == 0 { n } else { 256 - n }).collect();
    check(&text(given, "tanh"), &[all], &[coded(&[16], to_ty, &codes)]);
    let text = function(
        &["tensor<3xf32>"],
        "tensor<3xf32>",
        "%r = afp.table %0 {function = \"hard_swish\"} : tensor<3xf32> to tensor<3xf32>",
    );
    check(&text, &[real(&[3], &[-4.0, 0.0, 1.5])], &[real(&[3], &[0.0, 0.0, 1.125])]);
}

#[test]
fn an_exact_sum_of_the_real_form_may_be_encoded() {
    let text = function(
        &["tensor<2xf32>"],
        "tensor<2x!afp.float<e0m7, exp = 0>>",
        "%s = afp.add %0, %0 : (tensor<2xf32>, tensor<2xf32>) -> tensor<2x!afp.exact>
         %r = afp.encode %s {divisor = array<i64: 4>, hi = array<i32: 9>} : tensor<2x!afp.exact> to tensor<2x!afp.float<e0m7, exp = 0>>",
    );
    let ty: FloatType = float("e0m7", 0);
    check(&text, &[real(&[2], &[3.0, 99.0])], &[coded(&[2], ty, &[2, 9])]);
}
