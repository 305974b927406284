//! TOSA on `f32`.

use super::{check, function, real, run};

const ZERO: &str = r#"%zp = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>"#;

/// Runs one operator on tensors of one shape, and gives the results.
fn apply(op: &str, attributes: &str, inputs: &[&[f32]]) -> Vec<f32> {
    let ty = format!("tensor<{}xf32>", inputs[0].len());
    let arguments: Vec<&str> = inputs.iter().map(|_| ty.as_str()).collect();
    let names: Vec<String> = (0..inputs.len()).map(|i| format!("%{i}")).collect();
    let body =
        format!("%r = tosa.{op} {} {attributes} : ({}) -> {ty}", names.join(", "), arguments.join(", "));
    let tensors: Vec<_> = inputs.iter().map(|values| real(&[values.len()], values)).collect();
    run(&function(&arguments, &ty, &body), &tensors).unwrap()[0].as_real().unwrap().to_vec()
}

#[test]
fn convolution_with_padding_and_dilation() {
    let body = format!(
        r#"{ZERO}
        %w = "tosa.const"() <{{values = dense<[[[[1.0], [2.0]], [[3.0], [4.0]]]]> : tensor<1x2x2x1xf32>}}> : () -> tensor<1x2x2x1xf32>
        %b = "tosa.const"() <{{values = dense<0.5> : tensor<1xf32>}}> : () -> tensor<1xf32>
        %r = tosa.conv2d %0, %w, %b, %zp, %zp {{acc_type = f32, pad = array<i64: 1, 0, 0, 1>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 2>}}
            : (tensor<1x2x3x1xf32>, tensor<1x2x2x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x2x1xf32>"#
    );
    let text = function(&["tensor<1x2x3x1xf32>"], "tensor<1x2x2x1xf32>", &body);
    let input = real(&[1, 2, 3, 1], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    // Rows above the first are zero; taps are columns x and x + 2.
    let expected = [15.5, 6.5, 1.0 + 6.0 + 12.0 + 24.0 + 0.5, 2.0 + 15.0 + 0.5];
    check(&text, &[input], &[real(&[1, 2, 2, 1], &expected)]);
}

#[test]
fn depthwise_convolution_of_a_batch() {
    let body = format!(
        r#"{ZERO}
        %w = "tosa.const"() <{{values = dense<[[[[1.0, 10.0], [2.0, 20.0]]], [[[3.0, 30.0], [4.0, 40.0]]]]> : tensor<2x1x2x2xf32>}}> : () -> tensor<2x1x2x2xf32>
        %b = "tosa.const"() <{{values = dense<[0.0, 1.0, 2.0, 3.0]> : tensor<4xf32>}}> : () -> tensor<4xf32>
        %r = tosa.depthwise_conv2d %0, %w, %b, %zp, %zp {{acc_type = f32, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>, dilation = array<i64: 1, 1>}}
            : (tensor<2x2x1x2xf32>, tensor<2x1x2x2xf32>, tensor<4xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<2x1x1x4xf32>"#
    );
    let text = function(&["tensor<2x2x1x2xf32>"], "tensor<2x1x1x4xf32>", &body);
    let input = real(&[2, 2, 1, 2], &[1.0, 2.0, 3.0, 4.0, -1.0, 0.0, 0.5, 1.0]);
    // Channel 0: x0 * 1 + x1 * 3; channel 1: x0 * 2 + x1 * 4.
    let expected = [10.0, 101.0, 22.0, 203.0, 0.5, 6.0, 6.0, 43.0];
    check(&text, &[input], &[real(&[2, 1, 1, 4], &expected)]);
}

#[test]
fn transposed_convolution_scatters() {
    let body = format!(
        r#"{ZERO}
        %w = "tosa.const"() <{{values = dense<[[[[1.0], [2.0], [3.0]]]]> : tensor<1x1x3x1xf32>}}> : () -> tensor<1x1x3x1xf32>
        %b = "tosa.const"() <{{values = dense<0.5> : tensor<1xf32>}}> : () -> tensor<1xf32>
        %r = tosa.transpose_conv2d %0, %w, %b, %zp, %zp {{acc_type = f32, out_pad = array<i64: 0, 0, -1, 1>, stride = array<i64: 1, 2>}}
            : (tensor<1x1x2x1xf32>, tensor<1x1x3x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x5x1xf32>"#
    );
    let text = function(&["tensor<1x1x2x1xf32>"], "tensor<1x1x5x1xf32>", &body);
    // 10 20 30 . . and . . 100 200 300, the first element cut off, one added.
    let expected = [20.5, 130.5, 200.5, 300.5, 0.5];
    check(&text, &[real(&[1, 1, 2, 1], &[10.0, 100.0])], &[real(&[1, 1, 5, 1], &expected)]);
}

#[test]
fn matrix_products_with_constants_and_without() {
    let product = |rhs: &str| {
        format!(
            "{ZERO}\n%r = tosa.matmul %0, {rhs}, %zp, %zp : (tensor<1x2x2xf32>, tensor<1x2x3xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x3xf32>"
        )
    };
    let lhs = real(&[1, 2, 2], &[1.0, 2.0, 3.0, 4.0]);
    let rhs = real(&[1, 2, 3], &[1.0, 0.0, -1.0, 0.5, 2.0, 1.0]);
    let expected = [real(&[1, 2, 3], &[2.0, 4.0, 1.0, 5.0, 8.0, 1.0])];
    let text = function(&["tensor<1x2x2xf32>", "tensor<1x2x3xf32>"], "tensor<1x2x3xf32>", &product("%1"));
    check(&text, &[lhs.clone(), rhs], &expected);
    let constant = r#"%c = "tosa.const"() <{values = dense<[[[1.0, 0.0, -1.0], [0.5, 2.0, 1.0]]]> : tensor<1x2x3xf32>}> : () -> tensor<1x2x3xf32>
        "#;
    let body = constant.to_owned() + &product("%c");
    check(&function(&["tensor<1x2x2xf32>"], "tensor<1x2x3xf32>", &body), &[lhs], &expected);
}

#[test]
fn pools_count_what_lies_inside() {
    let input = [real(&[1, 2, 2, 1], &[1.0, 2.0, 3.0, f32::NAN])];
    let pool = |op: &str| {
        function(
            &["tensor<1x2x2x1xf32>"],
            "tensor<1x2x2x1xf32>",
            &format!(
                "{ZERO}\n%r = tosa.{op} : {} -> tensor<1x2x2x1xf32>",
                if op.contains("avg") {
                    "(tensor<1x2x2x1xf32>, tensor<1xf32>, tensor<1xf32>)"
                } else {
                    "(tensor<1x2x2x1xf32>)"
                }
            ),
        )
    };
    let windows = "kernel = array<i64: 2, 2>, stride = array<i64: 1, 1>, pad = array<i64: 1, 0, 1, 0>";
    let found =
        run(&pool(&format!("avg_pool2d %0, %zp, %zp {{{windows}, acc_type = f32}}")), &input).unwrap();
    let found = found[0].as_real().unwrap();
    assert!(found[..3] == [1.0, 1.5, 2.0] && found[3].is_nan());
    let found = run(&pool(&format!("max_pool2d %0 {{{windows}}}")), &input).unwrap();
    let found = found[0].as_real().unwrap();
    assert!(found[..3] == [1.0, 2.0, 3.0] && found[3].is_nan());
    let found = run(&pool(&format!("max_pool2d %0 {{{windows}, nan_mode = IGNORE}}")), &input).unwrap();
    assert_eq!(found[0].as_real().unwrap(), [1.0, 2.0, 3.0, 3.0]);
}

#[test]
fn functions_of_one_number() {
    let x = [-2.0, 0.0, 0.5, 3.0];
    let expected = |f: fn(f64) -> f64| x.map(|x: f32| f(f64::from(x)) as f32).to_vec();
    assert_eq!(apply("abs", "", &[&x]), [2.0, 0.0, 0.5, 3.0]);
    assert_eq!(apply("floor", "", &[&[-0.5, 1.5]]), [-1.0, 1.0]);
    assert_eq!(apply("ceil", "", &[&[-0.5, 1.5]]), [0.0, 2.0]);
    assert_eq!(apply("exp", "", &[&x]), expected(f64::exp));
    assert_eq!(apply("tanh", "", &[&x]), expected(f64::tanh));
    assert_eq!(apply("sin", "", &[&x]), expected(f64::sin));
    assert_eq!(apply("cos", "", &[&x]), expected(f64::cos));
    assert_eq!(apply("sigmoid", "", &[&x]), expected(|x| 1.0 / (1.0 + (-x).exp())));
    assert_eq!(apply("reciprocal", "", &[&[-2.0, 0.0]]), [-0.5, f32::INFINITY]);
    assert_eq!(apply("rsqrt", "", &[&[4.0, 0.25]]), [0.5, 2.0]);
    assert_eq!(apply("log", "", &[&[1.0, 0.0]]), [0.0, f32::NEG_INFINITY]);
    // By the tables of Abramowitz and Stegun, 7.1.
    assert_eq!(apply("erf", "", &[&[0.5, -1.0]]), [0.520_499_9, -0.842_700_8]);
    let text = function(
        &["tensor<2xf32>"],
        "tensor<2xf32>",
        &format!(
            "{ZERO}\n%r = tosa.negate %0, %zp, %zp : (tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<2xf32>"
        ),
    );
    check(&text, &[real(&[2], &[1.5, -2.0])], &[real(&[2], &[-1.5, 2.0])]);
}

#[test]
fn functions_of_two_numbers() {
    let (a, b) = ([1.5, -2.0, 4.0], [0.5, 3.0, -1.0]);
    assert_eq!(apply("add", "", &[&a, &b]), [2.0, 1.0, 3.0]);
    assert_eq!(apply("sub", "", &[&a, &b]), [1.0, -5.0, 5.0]);
    assert_eq!(apply("pow", "", &[&[4.0, 2.0], &[0.5, -2.0]]), [2.0, 0.25]);
    assert_eq!(apply("maximum", "", &[&a, &b]), [1.5, 3.0, 4.0]);
    assert_eq!(apply("minimum", "", &[&a, &b]), [0.5, -2.0, -1.0]);
    assert!(apply("maximum", "", &[&[f32::NAN, 1.0], &[1.0, f32::NAN]]).iter().all(|x| x.is_nan()));
    assert_eq!(apply("minimum", "{nan_mode = IGNORE}", &[&[f32::NAN, 2.0], &[1.0, f32::NAN]]), [1.0, 2.0]);
    let limits = "{min_val = -1.0 : f32, max_val = 1.0 : f32}";
    let found = apply("clamp", limits, &[&[-3.0, 0.5, f32::INFINITY, f32::NAN]]);
    assert!(found[..3] == [-1.0, 0.5, 1.0] && found[3].is_nan());
    let limits = "{min_val = -1.0 : f32, max_val = 1.0 : f32, nan_mode = IGNORE}";
    assert_eq!(apply("clamp", limits, &[&[f32::NAN]]), [-1.0]);
}

#[test]
fn sizes_of_one_are_repeated() {
    let text = function(
        &["tensor<2x1x2xf32>", "tensor<1x2x1xf32>"],
        "tensor<2x2x2xf32>",
        r#"%s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
        %r = tosa.mul %0, %1, %s : (tensor<2x1x2xf32>, tensor<1x2x1xf32>, tensor<1xi8>) -> tensor<2x2x2xf32>"#,
    );
    let inputs = [real(&[2, 1, 2], &[1.0, 2.0, 3.0, 4.0]), real(&[1, 2, 1], &[10.0, 100.0])];
    let expected = [10.0, 20.0, 100.0, 200.0, 30.0, 40.0, 300.0, 400.0];
    check(&text, &inputs, &[real(&[2, 2, 2], &expected)]);
}

#[test]
fn comparisons_select() {
    for (op, expected) in [("greater", [5.0, 2.0]), ("greater_equal", [1.0, 2.0]), ("equal", [1.0, 6.0])] {
        let body = format!(
            "%c = tosa.{op} %0, %1 : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xi1>
             %r = tosa.select %c, %0, %2 : (tensor<2xi1>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>"
        );
        let ty = "tensor<2xf32>";
        let inputs = [real(&[2], &[1.0, 2.0]), real(&[2], &[1.0, -2.0]), real(&[2], &[5.0, 6.0])];
        check(&function(&[ty, ty, ty], ty, &body), &inputs, &[real(&[2], &expected)]);
    }
    let body = r#"%t = "tosa.const"() <{values = dense<[true, false]> : tensor<2xi1>}> : () -> tensor<2xi1>
        %c = tosa.cast %t : (tensor<2xi1>) -> tensor<2xf32>
        %i = tosa.identity %c : (tensor<2xf32>) -> tensor<2xf32>
        %r = tosa.add %0, %i : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>"#;
    let text = function(&["tensor<2xf32>"], "tensor<2xf32>", body);
    check(&text, &[real(&[2], &[0.5, 0.5])], &[real(&[2], &[1.5, 0.5])]);
}

#[test]
fn reductions_of_a_dimension() {
    let input = [real(&[2, 2, 2], &[1.0, 2.0, -3.0, 4.0, 5.0, -6.0, 7.0, 8.0])];
    for (op, expected) in [
        ("reduce_sum", [-2.0, 6.0, 12.0, 2.0]),
        ("reduce_max", [1.0, 4.0, 7.0, 8.0]),
        ("reduce_min", [-3.0, 2.0, 5.0, -6.0]),
        ("reduce_product", [-3.0, 8.0, 35.0, -48.0]),
    ] {
        let body = format!("%r = tosa.{op} %0 {{axis = 1 : i32}} : (tensor<2x2x2xf32>) -> tensor<2x1x2xf32>");
        let text = function(&["tensor<2x2x2xf32>"], "tensor<2x1x2xf32>", &body);
        check(&text, &input, &[real(&[2, 1, 2], &expected)]);
    }
    let text = function(
        &["tensor<3xf32>"],
        "tensor<1xf32>",
        "%r = tosa.reduce_sum %0 {axis = 0 : i32} : (tensor<3xf32>) -> tensor<1xf32>",
    );
    check(&text, &[real(&[3], &[1e8, 1.0, -1e8])], &[real(&[1], &[1.0])]);
}
