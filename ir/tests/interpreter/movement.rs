//! Operators that move elements, on real numbers, codes and exact values alike.

use afp_ir::interp::{Data, Tensor};

use super::{check, coded, exact, float, function, real};

/// Runs one operator of `afp` on tensors numbered 0, 1, 2, ... in each form, and compares with the
/// numbers that are expected to be where.
fn check_afp(op: &str, attributes: &str, shapes: &[&[usize]], shape: &[usize], expected: &[i64]) {
    let forms = ["f32", "!afp.float<e0m7, exp = 3>", "!afp.exact"];
    for form in forms {
        let ty = |shape: &[usize]| {
            let sizes: String = shape.iter().map(|size| format!("{size}x")).collect();
            format!("tensor<{sizes}{form}>")
        };
        let arguments: Vec<String> = shapes.iter().map(|shape| ty(shape)).collect();
        let names: Vec<String> = (0..shapes.len()).map(|i| format!("%{i}")).collect();
        let types = if op == "concat" {
            format!("({}) -> {}", arguments.join(", "), ty(shape))
        } else {
            format!("{} to {}", arguments[0], ty(shape))
        };
        let body = format!("%r = afp.{op} {} {attributes} : {types}", names.join(", "));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let make = |shape: &[usize], numbers: &[i64]| match form {
            "f32" => real(shape, &numbers.iter().map(|&n| n as f32).collect::<Vec<_>>()),
            "!afp.exact" => exact(shape, numbers, &[-2]),
            _ => {
                let codes: Vec<u16> = numbers.iter().map(|&n| n as u16).collect();
                coded(shape, float("e0m7", 3), &codes)
            }
        };
        let mut first = 0;
        let inputs: Vec<Tensor> = shapes
            .iter()
            .map(|shape| {
                let count = shape.iter().product::<usize>() as i64;
                first += count;
                make(shape, &(first - count..first).collect::<Vec<_>>())
            })
            .collect();
        let text = function(&arguments, &ty(shape), &body);
        check(&text, &inputs, &[make(shape, expected)]);
    }
}

#[test]
fn transposes() {
    check_afp("transpose", "{perm = array<i64: 1, 0>}", &[&[2, 3]], &[3, 2], &[0, 3, 1, 4, 2, 5]);
    let expected: Vec<i64> =
        (0..2).flat_map(|c| (0..2).flat_map(move |a| (0..3).map(move |b| a * 6 + b * 2 + c))).collect();
    check_afp("transpose", "{perm = array<i64: 2, 0, 1>}", &[&[2, 3, 2]], &[2, 2, 3], &expected);
}

#[test]
fn boxes() {
    let attributes = "{start = array<i64: 1, 0>, stride = array<i64: 1, 2>}";
    check_afp("slice", attributes, &[&[3, 4]], &[2, 2], &[4, 6, 8, 10]);
    check_afp("slice", "{start = array<i64: 0, 3>}", &[&[2, 4]], &[2, 1], &[3, 7]);
}

#[test]
fn concatenations() {
    check_afp("concat", "{axis = 1 : i64}", &[&[2, 1], &[2, 2]], &[2, 3], &[0, 2, 3, 1, 4, 5]);
    check_afp("concat", "{axis = 0 : i64}", &[&[1, 2], &[2, 2]], &[3, 2], &[0, 1, 2, 3, 4, 5]);
}

#[test]
fn reshapes_and_borders() {
    check_afp("reshape", "", &[&[2, 3]], &[3, 1, 2], &[0, 1, 2, 3, 4, 5]);
    let attributes = "{low = array<i64: 1, 0>, high = array<i64: 0, 2>}";
    check_afp("pad", attributes, &[&[1, 2]], &[2, 4], &[0, 0, 0, 0, 0, 1, 0, 0]);
}

#[test]
fn borders_of_a_value() {
    let text = |ty: &str, value: &str| {
        function(
            &[&format!("tensor<1x{ty}>")],
            &format!("tensor<3x{ty}>"),
            &format!(
                "%r = afp.pad %0 {{low = array<i64: 2>, high = array<i64: 0>, value = {value}}} : tensor<1x{ty}> to tensor<3x{ty}>"
            ),
        )
    };
    check(&text("f32", "-1.5 : f32"), &[real(&[1], &[4.0])], &[real(&[3], &[-1.5, -1.5, 4.0])]);
    let ty = float("e2m2", 0);
    let padded = coded(&[3], ty, &[31, 31, 1]);
    check(&text("!afp.float<e2m2, exp = 0>", "31 : i32"), &[coded(&[1], ty, &[1])], &[padded]);
}

/// What movement does to exponents per channel.
#[test]
fn exponents_follow_their_channels() {
    let input = exact(&[2, 2], &[1, 2, 3, 4], &[0, -3]);
    let one = |op: &str, shape: &str| {
        let result = format!("tensor<{shape}x!afp.exact>");
        function(
            &["tensor<2x2x!afp.exact>"],
            &result,
            &format!("%r = afp.{op} : tensor<2x2x!afp.exact> to {result}"),
        )
    };
    // The channels are no longer last: all elements at -3.
    check(
        &one("transpose %0 {perm = array<i64: 1, 0>}", "2x2"),
        std::slice::from_ref(&input),
        &[exact(&[2, 2], &[8, 24, 2, 4], &[-3])],
    );
    check(&one("reshape %0", "4"), std::slice::from_ref(&input), &[exact(&[4], &[8, 2, 24, 4], &[-3])]);
    let kept = exact(&[1, 2, 2], &[1, 2, 3, 4], &[0, -3]);
    check(&one("reshape %0", "1x2x2"), std::slice::from_ref(&input), &[kept]);
    let column = exact(&[2, 1], &[2, 4], &[-3]);
    check(&one("slice %0 {start = array<i64: 0, 1>}", "2x1"), std::slice::from_ref(&input), &[column]);
    let bordered = exact(&[2, 4], &[0, 1, 2, 0, 0, 3, 4, 0], &[0, 0, -3, -3]);
    check(
        &one("pad %0 {low = array<i64: 0, 1>, high = array<i64: 0, 1>}", "2x4"),
        std::slice::from_ref(&input),
        &[bordered],
    );
    let joined = |axis: usize, shape: &str| {
        function(
            &["tensor<2x2x!afp.exact>", "tensor<2x2x!afp.exact>"],
            &format!("tensor<{shape}x!afp.exact>"),
            &format!(
                "%r = afp.concat %0, %1 {{axis = {axis} : i64}} : (tensor<2x2x!afp.exact>, tensor<2x2x!afp.exact>) -> tensor<{shape}x!afp.exact>"
            ),
        )
    };
    let other = exact(&[2, 2], &[5, 6, 7, 8], &[-1]);
    let inputs = [input, other];
    let beside = exact(&[2, 4], &[1, 2, 5, 6, 3, 4, 7, 8], &[0, -3, -1, -1]);
    check(&joined(1, "2x4"), &inputs, &[beside]);
    let below = exact(&[4, 2], &[2, 2, 6, 4, 5, 24, 7, 32], &[-1, -3]);
    check(&joined(0, "4x2"), &inputs, &[below]);
}

#[test]
fn movement_of_tosa() {
    let shape = |name: &str, values: &str, count: usize| {
        format!(
            "{name} = tosa.const_shape {{values = dense<[{values}]> : tensor<{count}xindex>}} : () -> !tosa.shape<{count}>\n"
        )
    };
    let input = real(&[2, 3], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    let one = |result: &str, body: &str| function(&["tensor<2x3xf32>"], result, body);
    let inputs = [input];
    check(
        &one(
            "tensor<3x2xf32>",
            "%r = tosa.transpose %0 {perms = array<i32: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>",
        ),
        &inputs,
        &[real(&[3, 2], &[0.0, 3.0, 1.0, 4.0, 2.0, 5.0])],
    );
    check(
        &one(
            "tensor<2x3xf32>",
            "%r = tosa.reverse %0 {axis = 1 : i32} : (tensor<2x3xf32>) -> tensor<2x3xf32>",
        ),
        &inputs,
        &[real(&[2, 3], &[2.0, 1.0, 0.0, 5.0, 4.0, 3.0])],
    );
    let body = shape("%s", "2, 2", 2)
        + "%r = tosa.tile %0, %s : (tensor<2x3xf32>, !tosa.shape<2>) -> tensor<4x6xf32>";
    let rows = [0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 3.0, 4.0, 5.0];
    check(&one("tensor<4x6xf32>", &body), &inputs, &[real(&[4, 6], &[rows, rows].concat())]);
    let body = shape("%s", "1, 0", 2)
        + &shape("%n", "1, 2", 2)
        + "%r = tosa.slice %0, %s, %n : (tensor<2x3xf32>, !tosa.shape<2>, !tosa.shape<2>) -> tensor<1x2xf32>";
    check(&one("tensor<1x2xf32>", &body), &inputs, &[real(&[1, 2], &[3.0, 4.0])]);
    let body = shape("%s", "3, 2", 2)
        + "%r = tosa.reshape %0, %s : (tensor<2x3xf32>, !tosa.shape<2>) -> tensor<3x2xf32>";
    check(&one("tensor<3x2xf32>", &body), &inputs, &[real(&[3, 2], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0])]);
    let body = shape("%s", "0, 1, 1, 0", 4)
        + r#"%c = "tosa.const"() <{values = dense<9.0> : tensor<1xf32>}> : () -> tensor<1xf32>
        %r = tosa.pad %0, %s, %c : (tensor<2x3xf32>, !tosa.shape<4>, tensor<1xf32>) -> tensor<3x4xf32>"#;
    let expected = [9.0, 0.0, 1.0, 2.0, 9.0, 3.0, 4.0, 5.0, 9.0, 9.0, 9.0, 9.0];
    check(&one("tensor<3x4xf32>", &body), &inputs, &[real(&[3, 4], &expected)]);
    let body =
        "%r = tosa.concat %0, %0 {axis = 1 : i32} : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>";
    let expected = [0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 3.0, 4.0, 5.0];
    check(&one("tensor<2x6xf32>", body), &inputs, &[real(&[2, 6], &expected)]);
    let body = r#"%i = "tosa.const"() <{values = dense<[[2, 0, 2]]> : tensor<1x3xi32>}> : () -> tensor<1x3xi32>
        %r = tosa.gather %0, %i : (tensor<1x3x2xf32>, tensor<1x3xi32>) -> tensor<1x3x2xf32>"#;
    let text = function(&["tensor<1x3x2xf32>"], "tensor<1x3x2xf32>", body);
    let input = real(&[1, 3, 2], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    check(&text, &[input], &[real(&[1, 3, 2], &[4.0, 5.0, 0.0, 1.0, 4.0, 5.0])]);
}

/// Exact values of the real form move as others do.
#[test]
fn wide_values_move() {
    let text = function(
        &["tensor<2x1xf32>"],
        "tensor<2x2x!afp.exact>",
        "%s = afp.add %0, %0 : (tensor<2x1xf32>, tensor<2x1xf32>) -> tensor<2x1x!afp.exact>
         %t = afp.transpose %s {perm = array<i64: 1, 0>} : tensor<2x1x!afp.exact> to tensor<1x2x!afp.exact>
         %c = afp.concat %t, %t {axis = 0 : i64} : (tensor<1x2x!afp.exact>, tensor<1x2x!afp.exact>) -> tensor<2x2x!afp.exact>
         %p = afp.pad %c {low = array<i64: 0, 1>, high = array<i64: 0, 0>} : tensor<2x2x!afp.exact> to tensor<2x3x!afp.exact>
         %r = afp.slice %p {start = array<i64: 0, 0>} : tensor<2x3x!afp.exact> to tensor<2x2x!afp.exact>",
    );
    let expected = Tensor { shape: vec![2, 2], data: Data::Wide(vec![0.0, 3.0, 0.0, 3.0]) };
    check(&text, &[real(&[2, 1], &[1.5, 2.5])], &[expected]);
}
