//! The operators of afpk, expanded and run, against `afp_ir::numerics`: every format of 8 bits or less.

use afp_ir::{
    interp::Tensor,
    mlir::Session,
    numerics::{Format, Rounding, dyadic_to_f32, encode, encode_f32},
};

use super::harness::{Buffer, Program, vector_loop};
use crate::{
    cranelift::jit,
    pipeline::{self, Choices},
    target::Target,
};

/// Every format of 8 bits or less.
fn formats() -> impl Iterator<Item = Format> {
    let fields = (0..=5).flat_map(|exp| (0..=8).map(move |man| (exp, man)));
    let signed = |(exp, man)| [false, true].map(|signed| Format::new(signed, exp, man));
    fields.flat_map(signed).flatten().filter(|format| format.width() <= 8)
}

/// A loop over scalars: `%x` of `%in0`, `%y` of `%in1`, `%z` of `%in2` as far as they are there, `%r` out.
fn scalar_loop(count: usize, inputs: &[u32], to: u32, body: &str) -> String {
    let names = ["x", "y", "z"];
    let loads: String = inputs
        .iter()
        .enumerate()
        .map(|(i, width)| format!("%{} = memref.load %in{i}[%i] : memref<{count}xi{width}>\n", names[i]))
        .collect();
    format!(
        "%size = arith.constant {count} : index
         scf.for %i = %c0 to %size step %c1 {{
           {loads}
           {body}
           memref.store %r, %out[%i] : memref<{count}xi{to}>
         }}"
    )
}

#[test]
fn codes_and_integers_of_every_format() {
    for format in formats() {
        let codes: Vec<u16> = format.canonical_codes().collect();
        let integers: Vec<i64> = codes.iter().map(|&code| format.decode(code)).collect();
        // Not canonical codes decode too.
        let all: Vec<i64> = (0..256).map(|code| code % i64::from(format.code_count())).collect();
        let decoded: Vec<i64> = all.iter().map(|&code| format.decode(code as u16)).collect();
        let mut kernels = Vec::new();
        for width in [32, 64].into_iter().filter(|&width| width == 64 || format.int_max() < 1 << 31) {
            let body = format!("%r = afpk.decode %x \"{format}\" : i8 to i{width}");
            let expected = Buffer::new(width, decoded.iter().copied());
            kernels.push((format!("decode{width}"), scalar_loop(256, &[8], width, &body), expected));
            let lanes = 256 / width as usize;
            let body =
                format!("%r = afpk.decode %x \"{format}\" : vector<{lanes}xi8> to vector<{lanes}xi{width}>");
            let expected = Buffer::new(width, decoded.iter().copied());
            let kernel = vector_loop(256, (8, lanes), (width, lanes), false, &body);
            kernels.push((format!("decode_lanes{width}"), kernel, expected));
        }
        Program { inputs: vec![Buffer::new(8, all)], kernels }.check_here();

        let body = format!("%r = afpk.code %x \"{format}\" : i64 to i8");
        let kernel = scalar_loop(codes.len(), &[64], 8, &body);
        let expected = Buffer::new(8, codes.iter().map(|&code| i64::from(code)));
        Program {
            inputs: vec![Buffer::new(64, integers.iter().copied())],
            kernels: vec![("code".to_owned(), kernel, expected)],
        }
        .check_here();
    }
}

/// Mantissas of at most so many bits: all small ones, the neighbourhood of every power of two, patterns.
fn mantissas(bits: u32) -> Vec<i64> {
    let mut found: Vec<i64> = (0..40).collect();
    for power in 5..bits {
        found.extend([(1 << power) - 1, 1 << power, (1 << power) + 1, (3 << power) >> 1]);
    }
    found.extend(
        [0x5555_5555_5555_5555, 0x3333_3333_3333_3333, 0x1234_5678_9abc_def1].map(|p: i64| p >> (63 - bits)),
    );
    found.retain(|&value| value < 1 << bits);
    found.iter().flat_map(|&value| [value, -value]).collect()
}

/// Whether a sum with half a unit of a shift is below `2^bits`, as rule N3 asks. A float's unit is never
/// larger than half of its value.
fn half_fits(n: i64, d: i64, bits: u32) -> bool {
    let half = if d > 0 && d <= i64::from(bits) { 1i128 << (d - 1) } else { 0 };
    i128::from(n.abs()) + half.max(i128::from(n.abs()) / 2) < 1 << bits
}

#[test]
fn encode_of_every_format_rounding_and_width() {
    for format in formats() {
        for (width, bits, is_right) in
            [(32, 30, false), (64, 40, false), (32, 31, false), (32, 31, true), (64, 63, false)]
        {
            if width == 32 && format.int_max() >= 1 << 30 {
                continue;
            }
            let shifts = (-24..26).map(|d| d * 2).chain([1, 3, 5, 31, -1, 70, -70, 4000, -4000]);
            let shifts: Vec<i64> =
                shifts.filter(|d| !is_right || (0..i64::from(width)).contains(d)).collect();
            let pairs: Vec<(i64, i64)> = mantissas(bits)
                .into_iter()
                .flat_map(|n| shifts.iter().map(move |&d| (n, d)))
                .filter(|&(n, d)| half_fits(n, d, bits))
                .collect();
            let right = if is_right { ", right" } else { "" };
            let mut kernels = Vec::new();
            for rounding in [Rounding::HalfUp, Rounding::HalfEven, Rounding::HalfAway] {
                let body = format!(
                    "%r = afpk.encode %x, %y \"{format}\" {{bits = {bits} : i32, round = \"{rounding}\"{right}}} : i{width}"
                );
                let expected =
                    pairs.iter().map(|&(n, d)| format.decode(encode(n, -d as i32, 1, format, 0, rounding)));
                let expected = Buffer::new(width, expected);
                let kernel = scalar_loop(pairs.len(), &[width, width], width, &body);
                kernels.push((format!("encode_{rounding}"), kernel, expected));
            }
            let inputs = vec![
                Buffer::new(width, pairs.iter().map(|pair| pair.0)),
                Buffer::new(width, pairs.iter().map(|pair| pair.1)),
            ];
            Program { inputs, kernels }.check_here();
        }
    }
}

#[test]
fn encode_on_lanes_with_all_and_with_basic_operations() {
    for format in formats().filter(|format| format.exp_bits() >= 2 && format.int_max() < 1 << 30) {
        let bits = 29;
        let mut pairs: Vec<(i64, i64)> = mantissas(bits)
            .into_iter()
            .flat_map(|n| (0..32).map(move |d| (n, d)))
            .filter(|&(n, d)| half_fits(n, d, bits))
            .collect();
        pairs.truncate(pairs.len() / 8 * 8);
        let body =
            format!("%r = afpk.encode %x, %y \"{format}\" {{bits = {bits} : i32, right}} : vector<8xi32>");
        let expected =
            pairs.iter().map(|&(n, d)| format.decode(encode(n, -d as i32, 1, format, 0, Rounding::HalfUp)));
        let expected = Buffer::new(32, expected);
        let kernel = vector_loop(pairs.len(), (32, 8), (32, 8), true, &body);
        let inputs = vec![
            Buffer::new(32, pairs.iter().map(|pair| pair.0)),
            Buffer::new(32, pairs.iter().map(|pair| pair.1)),
        ];
        let program = Program { inputs, kernels: vec![("encode".to_owned(), kernel, expected)] };
        program.check_expanded("all");
        program.check_expanded("basic");
    }
}

#[test]
fn quotients_of_every_format_and_rounding() {
    for format in formats() {
        let mut cases = Vec::new();
        for n in mantissas(20).into_iter().step_by(3) {
            for divisor in [1, 2, 3, 5, 7, 9, 49, 64, 196, 1023] {
                cases.extend([-30, -9, -8, -3, -1, 0, 1, 2, 3, 8, 15].map(|d| (n, d, divisor)));
            }
        }
        let kernels = [Rounding::HalfUp, Rounding::HalfEven, Rounding::HalfAway].map(|rounding| {
            let body = format!(
                "%r = afpk.encode %x, %y by %z : i64 \"{format}\" {{bits = 20 : i32, round = \"{rounding}\"}} : i64"
            );
            let expected = cases.iter().map(|&(n, d, divisor)| {
                format.decode(encode(n, -d, divisor as u64, format, 0, rounding))
            });
            let expected = Buffer::new(64, expected);
            (format!("quotient_{rounding}"), scalar_loop(cases.len(), &[64; 3], 64, &body), expected)
        });
        let inputs = vec![
            Buffer::new(64, cases.iter().map(|case| case.0)),
            Buffer::new(64, cases.iter().map(|case| i64::from(case.1))),
            Buffer::new(64, cases.iter().map(|case| case.2)),
        ];
        Program { inputs, kernels: kernels.into() }.check_here();
    }
}

#[test]
fn products_by_shifts_are_products() {
    for format in formats() {
        let codes: Vec<u16> = format.canonical_codes().collect();
        let factors = [0, 1, -1, 127, -128, 255, 1984, -1984];
        let pairs: Vec<(i64, u16)> =
            factors.iter().flat_map(|&x| codes.iter().map(move |&code| (x, code))).collect();
        let body = format!("%r = afpk.shift_mul %x, %y \"{format}\" : i64, i8");
        let expected = Buffer::new(64, pairs.iter().map(|&(x, code)| x * format.decode(code)));
        let inputs = vec![
            Buffer::new(64, pairs.iter().map(|pair| pair.0)),
            Buffer::new(8, pairs.iter().map(|pair| i64::from(pair.1))),
        ];
        let kernel = scalar_loop(pairs.len(), &[64, 8], 64, &body);
        Program { inputs, kernels: vec![("shift_mul".to_owned(), kernel, expected)] }.check_here();
    }
}

/// Floats of every kind: subnormal, huge, on ties, near them; NaN and infinities.
fn floats() -> Vec<f32> {
    let mut found = vec![0.0, f32::NAN, f32::INFINITY, f32::MAX, f32::MIN_POSITIVE];
    for field in (0..255u32).step_by(7).chain(100..150) {
        for fraction in [0, 1, 0x40_0000, 0x3f_ffff, 0x40_0001, 0x7f_ffff, 0x12_3456, 0x60_0000, 0x08_0000] {
            found.push(f32::from_bits(field << 23 | fraction));
        }
    }
    found.iter().flat_map(|&x| [x, -x]).collect()
}

#[test]
fn floats_to_codes_and_back() {
    let inputs = floats();
    let count = inputs.len();
    let real = format!("tensor<{count}xf32>");
    for format in formats() {
        let exps = [0, -8, -149, -170, 60, 120, -126 - format.man_bits() as i32];
        let mut text = String::new();
        for (i, exp) in exps.iter().enumerate() {
            let ty = format!("tensor<{count}x!afp.float<{format}, exp = {exp}>>");
            text += &format!(
                "%q{i} = afp.quantize %x : {real} to {ty}\n%r{i} = afp.dequantize %q{i} : {ty} to {real}\n"
            );
        }
        let results: Vec<String> = (0..exps.len()).map(|i| format!("%r{i}")).collect();
        let types = vec![real.clone(); exps.len()].join(", ");
        let text = format!(
            "func.func @f(%x: {real}) -> ({types}) {{ {text} return {} : {types} }}",
            results.join(", ")
        );
        let session = Session::new();
        let module = session.parse("test.mlir", text.as_bytes()).expect("the test's module");
        let choices = Choices::new(Target::host().narrowed(128));
        pipeline::lower(&session, &module, &choices).expect("kernels");
        let outputs = jit(&module, &choices.target)
            .expect("code in memory")
            .run(&[Tensor::real(&[count], inputs.clone())])
            .expect("outputs");
        for (&exp, output) in exps.iter().zip(&outputs) {
            for (&x, &found) in inputs.iter().zip(output.as_real().expect("floats")) {
                let code = encode_f32(x, format, exp, Rounding::HalfUp);
                let expected = dyadic_to_f32(format.decode(code), exp);
                assert!(
                    found.to_bits() == expected.to_bits(),
                    "{format} exp {exp}: {x:e} gives {found:e}, expected {expected:e}"
                );
            }
        }
    }
}
