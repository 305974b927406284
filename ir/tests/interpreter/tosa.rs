//! TOSA on `f32`.

use super::{check, function, real};

const ZERO: &str = r#"%zp = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>"#;

#[test]
fn convolution_with_padding_stride_and_dilation() {
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
    check(
        &text,
        &[input],
        &[real(&[1, 2, 2, 1], &[15.5, 6.5, 1.0 + 6.0 + 12.0 + 24.0 + 0.5, 2.0 + 15.0 + 0.5])],
    );
}
