//! The `afp` dialect on codes and exact values.

use super::{check, coded, exact, float, function};

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
