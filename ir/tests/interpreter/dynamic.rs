//! Scale exponents that are chosen at run time (rules Y1 to Y6), against exponents found by comparing
//! integers, and against the same program with those exponents written into its types.

use std::collections::HashMap;

use afp_ir::{
    dialect::{FloatType, ScaleExponent},
    interp::{Data, Tensor},
    numerics::{Code, Format},
};

use super::{Random, check, coded, exact, float, function, load, real, run};

/// `floor(log2(magnitude))`, by doubling.
fn binade(magnitude: i128) -> i32 {
    (0..).find(|&t| magnitude >> (t + 1) == 0).unwrap()
}

/// The exponent that the largest of these values asks for: in units of `2^-unit`, less `divided`.
fn exponent(
    format: Format,
    values: impl Iterator<Item = i128>,
    unit: i32,
    divided: i32,
    limits: [i32; 2],
) -> i32 {
    let top = values.map(i128::abs).filter(|&v| v > 0).max();
    let wanted = top.map(|v| binade(v) - unit - divided - binade(i128::from(format.int_max())));
    wanted.map_or(limits[0], |wanted| wanted.max(limits[0]).min(limits[1]))
}

/// The code of the value nearest to `numerator / denominator`, a tie to the larger value.
fn nearest(format: Format, numerator: i128, denominator: i128) -> Code {
    let distance = |code: &Code| (i128::from(format.decode(*code)) * denominator - numerator).abs();
    format
        .canonical_codes()
        .min_by_key(|code| (distance(code), std::cmp::Reverse(format.decode(*code))))
        .unwrap()
}

#[test]
fn encodes_choose_the_exponent_of_the_largest_element() {
    const UNIT: i32 = 30;
    let mut random = Random(5);
    let formats = ["ue0m8", "e0m7", "e2m2", "ue3m1", "e1m3", "e0m1", "ue2m0", "e3m0"];
    for case in 0..600 {
        let format: Format = formats[case % formats.len()].parse().unwrap();
        let lo = random.below(24) as i32 - 22;
        let limits = [lo, lo + random.below(16) as i32];
        let relu = random.below(2) == 0;
        let divisors: Vec<i64> = match random.below(3) {
            0 => vec![1],
            1 => vec![1 + random.below(9) as i64],
            _ => (0..2).map(|_| 1 + random.below(30) as i64).collect(),
        };
        let exps = [random.below(12) as i32 - 10, random.below(12) as i32 - 10];
        let size = [1, 3, 40, 1 << 12, 1 << 20][random.below(5)];
        let mantissa: Vec<i64> = (0..8).map(|_| random.below(2 * size + 1) as i64 - size as i64).collect();
        let value = |i: usize| i128::from(mantissa[i]) << (exps[i % 2] + UNIT);
        let counted = (0..8).map(value).filter(|&v| v > 0 || (format.is_signed() && !relu));
        let least = divisors.iter().min().unwrap();
        let exp = exponent(format, counted, UNIT, binade(i128::from(*least)), limits);
        let codes: Vec<Code> = (0..8)
            .map(|i| {
                let divisor = i128::from(divisors[i / 2 % 2 % divisors.len()]);
                // The unit of the result is at least 2^-22.
                let code = nearest(format, value(i), divisor << (exp + UNIT));
                if relu && format.decode(code) < 0 { 0 } else { code }
            })
            .collect();
        let ty = format!("!afp.float<{format}, exp = ?[{}, {}]>", limits[0], limits[1]);
        let lower = if relu { "lo = array<i32: 0>, " } else { "" };
        let list: Vec<String> = divisors.iter().map(i64::to_string).collect();
        let body = format!(
            "%r = afp.encode %0 {{{lower}divisor = array<i64: {}>}} : tensor<2x1x2x2x!afp.exact> to tensor<2x1x2x2x{ty}>",
            list.join(", ")
        );
        let text = function(&["tensor<2x1x2x2x!afp.exact>"], &format!("tensor<2x1x2x2x{ty}>"), &body);
        let shape = [2, 1, 2, 2];
        let input = exact(&shape, &mantissa, &exps);
        check(&text, &[input], &[coded(&shape, float(&format.to_string(), exp), &codes)]);
    }
}

#[test]
fn quantize_counts_what_it_can_encode() {
    let found = |format: &str, channel_exp: &str, values: &[f32]| {
        let ty = format!("!afp.float<{format}, exp = ?[-40, 130]>");
        let body =
            format!("%r = afp.quantize %0 {{axis = 0 : i64{channel_exp}}} : tensor<4xf32> to tensor<4x{ty}>");
        let text = function(&["tensor<4xf32>"], &format!("tensor<4x{ty}>"), &body);
        match run(&text, &[real(&[4], values)]).unwrap().remove(0).data {
            Data::Codes { ty, codes } => (ty.exp.fixed().unwrap(), codes),
            other => panic!("{other:?}"),
        }
    };
    // 1.5 is 192 * 2^-7; -6 does not count without a sign bit.
    assert_eq!(found("ue0m8", "", &[1.5, -6.0, f32::NAN, 0.0]), (-7, vec![192, 0, 0, 0]));
    // With one, -6 = -96 * 2^-4.
    assert_eq!(found("e0m7", "", &[1.5, -6.0, f32::NAN, 0.0]), (-4, vec![24, 160, 0, 0]));
    // The largest binade of f32 is 2^127.
    assert_eq!(found("e0m7", "", &[f32::INFINITY, f32::NEG_INFINITY, 1.0, 2f32.powi(126)]).0, 121);
    // Nothing counts.
    assert_eq!(found("ue0m8", "", &[0.0, -1.0, f32::NAN, -0.0]), (-40, vec![0; 4]));
    // Channels: 8 * 2^-3 = 1 and 1.5.
    let scaled = found("ue0m8", ", channel_exp = array<i32: 3, 0, 0, 0>", &[8.0, 1.5, 0.0, 0.0]);
    assert_eq!(scaled, (-7, vec![128, 192, 0, 0]));
    // What rounds over the largest value saturates: 255.75 is in the binade of 255.
    assert_eq!(found("ue0m8", "", &[255.75, 1.0, 0.0, 0.0]), (0, vec![255, 1, 0, 0]));
    // Below the least subnormal all the same.
    assert_eq!(found("ue0m8", "", &[f32::from_bits(1), 0.0, 0.0, 0.0]), (-40, vec![0; 4]));
}

#[test]
fn an_input_brings_an_exponent_of_its_interval() {
    let ty = "tensor<2x!afp.float<e0m7, exp = ?[-12, 3]>>";
    let text = function(&[ty], "tensor<2xf32>", &format!("%r = afp.dequantize %0 : {ty} to tensor<2xf32>"));
    let program = load(&text).unwrap();
    let at = |exp: i32| program.run(&[coded(&[2], float("e0m7", exp), &[3, 255])]);
    assert_eq!(at(-12).unwrap(), [real(&[2], &[3.0 / 4096.0, -1.0 / 4096.0])]);
    assert_eq!(at(3).unwrap(), [real(&[2], &[24.0, -8.0])]);
    for exp in [-13, 4] {
        assert_eq!(at(exp).unwrap_err().code, "AFP0404");
    }
    let format = "e0m7".parse::<Format>().unwrap();
    let dynamic = FloatType { format, exp: ScaleExponent::Dynamic { lo: -12, hi: 3 } };
    assert_eq!(program.run(&[coded(&[2], dynamic, &[3, 255])]).unwrap_err().code, "AFP0404");
}

/// A network with every operator that takes codes, its types as `{name}`.
const NETWORK: &str = r#"
func.func @f(%image: tensor<1x6x6x2xf32>) -> (tensor<1x4xf32>, tensor<1x8x!afp.float<e2m3, exp = -3>>) {
  %w0 = afp.constant dense<WEIGHTS0> : tensor<4x3x3x2xi8> : tensor<4x3x3x2x!afp.float<e2m2, exp = 0>>
  %b0 = afp.constant dense<[3, -200, 0, 77]> : tensor<4xi32> {channel_exp = array<i32: -9>} : tensor<4x!afp.exact>
  %w1 = afp.constant dense<WEIGHTS1> : tensor<3x3x4x1xi8> : tensor<3x3x4x1x!afp.float<e2m2, exp = -1>>
  %b1 = afp.constant dense<[-31, 5, 6, 0]> : tensor<4xi32> {channel_exp = array<i32: -3, -4, -5, 2>} : tensor<4x!afp.exact>
  %w2 = afp.constant dense<WEIGHTS2> : tensor<4x4xi8> : tensor<4x4x!afp.float<e0m3, exp = 1>>
  %x = afp.quantize %image {afp.name = "x"} : tensor<1x6x6x2xf32> to tensor<1x6x6x2x{x}>
  %c0 = afp.conv2d %x, %w0 bias %b0 {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 2, 2>, channel_exp = array<i32: 0, 1, -2, 0>}
    : (tensor<1x6x6x2x{x}>, tensor<4x3x3x2x!afp.float<e2m2, exp = 0>>, tensor<4x!afp.exact>) -> tensor<1x3x3x4x!afp.exact>
  %y = afp.encode %c0 {lo = array<i32: 0>, afp.name = "y"} : tensor<1x3x3x4x!afp.exact> to tensor<1x3x3x4x{y}>
  %c1 = afp.depthwise_conv2d %y, %w1 bias %b1 {pad = array<i64: 1, 1, 1, 1>}
    : (tensor<1x3x3x4x{y}>, tensor<3x3x4x1x!afp.float<e2m2, exp = -1>>, tensor<4x!afp.exact>) -> tensor<1x3x3x4x!afp.exact>
  %s = afp.add %c1, %y : (tensor<1x3x3x4x!afp.exact>, tensor<1x3x3x4x{y}>) -> tensor<1x3x3x4x!afp.exact>
  %z = afp.encode %s {afp.name = "z"} : tensor<1x3x3x4x!afp.exact> to tensor<1x3x3x4x{z}>
  %m = afp.max_pool2d %z {kernel = array<i64: 2, 2>, stride = array<i64: 1, 1>} : (tensor<1x3x3x4x{z}>) -> tensor<1x2x2x4x{z}>
  %p = afp.sum_pool2d %m {kernel = array<i64: 2, 2>} : (tensor<1x2x2x4x{z}>) -> tensor<1x1x1x4x!afp.exact>
  %a = afp.encode %p {divisor = array<i64: 3>, afp.name = "a"} : tensor<1x1x1x4x!afp.exact> to tensor<1x1x1x4x{a}>
  %v = afp.reshape %a : tensor<1x1x1x4x{a}> to tensor<1x4x{a}>
  %q = afp.slice %z {start = array<i64: 0, 1, 1, 0>} : tensor<1x3x3x4x{z}> to tensor<1x1x1x4x{z}>
  %q1 = afp.reshape %q : tensor<1x1x1x4x{z}> to tensor<1x1x4x{z}>
  %v1 = afp.reshape %a : tensor<1x1x1x4x{a}> to tensor<1x4x1x{a}>
  %o = afp.matmul %v1, %q1 : (tensor<1x4x1x{a}>, tensor<1x1x4x{z}>) -> tensor<1x4x4x!afp.exact>
  %k = afp.encode %o {afp.name = "k"} : tensor<1x4x4x!afp.exact> to tensor<1x4x4x{k}>
  %kr = afp.dequantize %k : tensor<1x4x4x{k}> to tensor<1x4x4xf32>
  %kc = afp.slice %kr {start = array<i64: 0, 2, 0>} : tensor<1x4x4xf32> to tensor<1x1x4xf32>
  %kv = afp.reshape %kc : tensor<1x1x4xf32> to tensor<1x4xf32>
  %f = afp.fully_connected %v, %w2 : (tensor<1x4x{a}>, tensor<4x4x!afp.float<e0m3, exp = 1>>) -> tensor<1x4x!afp.exact>
  %fy = afp.reshape %y : tensor<1x3x3x4x{y}> to tensor<1x36x{y}>
  %fy4 = afp.slice %fy {start = array<i64: 0, 5>} : tensor<1x36x{y}> to tensor<1x4x{y}>
  %fs = afp.add %fy4, %fy4 : (tensor<1x4x{y}>, tensor<1x4x{y}>) -> tensor<1x4x!afp.exact>
  %both = afp.concat %f, %fs {axis = 1 : i64} : (tensor<1x4x!afp.exact>, tensor<1x4x!afp.exact>) -> tensor<1x8x!afp.exact>
  %e = afp.encode %both {afp.name = "e"} : tensor<1x8x!afp.exact> to tensor<1x8x{e}>
  %r = afp.encode %e : tensor<1x8x{e}> to tensor<1x8x!afp.float<e2m3, exp = -3>>
  return %kv, %r : tensor<1x4xf32>, tensor<1x8x!afp.float<e2m3, exp = -3>>
}"#;

/// The network with these types, and weights from a seed.
fn network(types: &HashMap<&str, FloatType>, seed: u64) -> String {
    let mut random = Random(seed);
    let mut text = NETWORK.to_owned();
    for (name, ty) in types {
        text = text.replace(&format!("{{{name}}}"), &format!("!afp.float<{ty}>"));
    }
    let e2m2: Format = "e2m2".parse().unwrap();
    let e0m3: Format = "e0m3".parse().unwrap();
    for (name, format, shape) in
        [("WEIGHTS0", e2m2, [4, 3, 3, 2]), ("WEIGHTS1", e2m2, [3, 3, 4, 1]), ("WEIGHTS2", e0m3, [1, 1, 4, 4])]
    {
        let codes = random.codes(format, shape.iter().product());
        let rows = |values: Vec<String>, size: usize| -> Vec<String> {
            values.chunks(size).map(|row| format!("[{}]", row.join(", "))).collect()
        };
        let mut nested: Vec<String> = codes.iter().map(Code::to_string).collect();
        let dimensions = if name == "WEIGHTS2" { &shape[2..] } else { &shape[..] };
        for &size in dimensions.iter().rev() {
            nested = rows(nested, size);
        }
        text = text.replace(name, &nested[0]);
    }
    text
}

#[test]
fn dynamic_is_static_at_equal_exponents() {
    let mut random = Random(77);
    let formats = ["ue0m8", "e0m7", "e2m4", "e3m2", "e1m5"];
    let mut exponents_seen = std::collections::HashSet::new();
    for case in 0..200 {
        let mut types: HashMap<&str, FloatType> = HashMap::new();
        for name in ["x", "y", "z", "a", "k", "e"] {
            let format: Format = formats[random.below(formats.len())].parse().unwrap();
            let lo = -10 - random.below(8) as i32;
            types.insert(name, FloatType { format, exp: ScaleExponent::Dynamic { lo, hi: lo + 14 } });
        }
        let scale = 2f32.powi(random.below(20) as i32 - 12);
        let values: Vec<f32> = match case % 10 {
            0 => vec![0.0; 72],
            // One outlier.
            1 => (0..72).map(|i| if i == 40 { 3000.0 } else { 1e-3 }).collect(),
            _ => (0..72).map(|_| (random.below(2001) as f32 - 1000.0) / 1000.0 * scale).collect(),
        };
        let image = real(&[1, 6, 6, 2], &values);
        let program = load(&network(&types, case)).unwrap();
        let mut at: HashMap<&str, FloatType> = HashMap::new();
        let mut observe = |name: &str, tensor: &Tensor| {
            let (name, Data::Codes { ty, .. }) = (types.get_key_value(name).unwrap().0, &tensor.data) else {
                panic!("{name} is of no codes");
            };
            assert!(types[name].admits(*ty));
            exponents_seen.insert((ty.exp.fixed(), *name));
            at.insert(name, *ty);
        };
        let dynamic = program.run_observed(std::slice::from_ref(&image), &mut observe).unwrap();
        assert_eq!(at.len(), types.len());
        let fixed = load(&network(&at, case)).unwrap().run(&[image]).unwrap();
        assert_eq!(dynamic, fixed, "case {case}");
    }
    assert!(exponents_seen.len() > 30, "{exponents_seen:?}");
}
