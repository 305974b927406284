// What conv2d and depthwise_conv2d refuse: rules T, C1 to C6 and F8.

// RUN: afp-opt %s -split-input-file -verify-diagnostics

func.func @conv_exact_input(%a: tensor<1x8x8x4x!afp.exact>, %b: tensor<6x3x3x4x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.conv2d' op operand #0 must be tensor of f32 or !afp.float values, but got 'tensor<1x8x8x4x!afp.exact>'}}
  %0 = afp.conv2d %a, %b
      : (tensor<1x8x8x4x!afp.exact>, tensor<6x3x3x4x!afp.float<e2m2, exp = -7>>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_exact_weight(%a: tensor<1x8x8x4x!afp.float<ue0m8, exp = -8>>, %b: tensor<6x3x3x4x!afp.exact>) {
  // expected-error@+1 {{'afp.conv2d' op operand #1 must be tensor of f32 or !afp.float values, but got 'tensor<6x3x3x4x!afp.exact>'}}
  %0 = afp.conv2d %a, %b
      : (tensor<1x8x8x4x!afp.float<ue0m8, exp = -8>>, tensor<6x3x3x4x!afp.exact>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_coded_bias(%a: tensor<1x8x8x4x!afp.float<ue0m8, exp = -8>>, %b: tensor<6x3x3x4x!afp.float<e2m2, exp = -7>>, %c: tensor<6x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.conv2d' op operand #2 must be tensor of 32-bit float or an exact dyadic rational values, but got 'tensor<6x!afp.float<e2m2, exp = -7>>'}}
  %0 = afp.conv2d %a, %b bias %c
      : (tensor<1x8x8x4x!afp.float<ue0m8, exp = -8>>, tensor<6x3x3x4x!afp.float<e2m2, exp = -7>>, tensor<6x!afp.float<e2m2, exp = -7>>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_real_result(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op result #0 must be tensor of an exact dyadic rational values, but got 'tensor<1x6x6x6xf32>'}}
  %0 = afp.conv2d %a, %b
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6xf32>
  return
}

// -----

func.func @conv_stride_kind(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op attribute 'stride' failed to satisfy constraint: i64 dense array attribute}}
  %0 = afp.conv2d %a, %b {stride = array<i32: 1, 1>}
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_groups_kind(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op attribute 'groups' failed to satisfy constraint: 64-bit signless integer attribute}}
  %0 = afp.conv2d %a, %b {groups = 2 : i32}
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_dynamic_size(%a: tensor<1x?x8x4xf32>, %b: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [T1] expected a tensor whose sizes are known and positive, found tensor<1x?x8x4xf32>}}
  %0 = afp.conv2d %a, %b
      : (tensor<1x?x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_empty_weight(%a: tensor<1x8x8x4xf32>, %b: tensor<0x3x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [T1] expected a tensor whose sizes are known and positive, found tensor<0x3x3x4xf32>}}
  %0 = afp.conv2d %a, %b
      : (tensor<1x8x8x4xf32>, tensor<0x3x3x4xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_dynamic_bias(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>, %c: tensor<?xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [T1] expected a tensor whose sizes are known and positive, found tensor<?xf32>}}
  %0 = afp.conv2d %a, %b bias %c
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>, tensor<?xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

// T2: input and weights are of one kind.
func.func @conv_mixed(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.conv2d' op [T2] expected operands that are all real or all coded, found f32 beside !afp.float<e2m2, exp = -7>}}
  %0 = afp.conv2d %a, %b
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4x!afp.float<e2m2, exp = -7>>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_mixed_weight(%a: tensor<1x8x8x4x!afp.float<ue0m8, exp = -8>>, %b: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [T2] expected operands that are all real or all coded, found f32 beside !afp.float<ue0m8, exp = -8>}}
  %0 = afp.conv2d %a, %b
      : (tensor<1x8x8x4x!afp.float<ue0m8, exp = -8>>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

// C1: layouts.
func.func @conv_rank(%a: tensor<8x8x4xf32>, %b: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C1] expected an NHWC input of rank 4, found tensor<8x8x4xf32>}}
  %0 = afp.conv2d %a, %b
      : (tensor<8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_scalar(%a: tensor<f32>, %b: tensor<f32>) {
  // expected-error@+1 {{'afp.conv2d' op [C1] expected an NHWC input of rank 4, found tensor<f32>}}
  %0 = afp.conv2d %a, %b
      : (tensor<f32>, tensor<f32>) -> tensor<!afp.exact>
  return
}

// -----

func.func @conv_weight_rank(%a: tensor<1x8x8x4xf32>, %b: tensor<6x36xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C1] expected weights of rank 4, found tensor<6x36xf32>}}
  %0 = afp.conv2d %a, %b
      : (tensor<1x8x8x4xf32>, tensor<6x36xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

// C3: strides, dilations, padding.
func.func @conv_stride_zero(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C3] expected strides and dilations of at least 1, found stride [1, 0], dilation [1, 1]}}
  %0 = afp.conv2d %a, %b {stride = array<i64: 1, 0>}
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_dilation_negative(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C3] expected strides and dilations of at least 1, found stride [1, 1], dilation [-9223372036854775808, 1]}}
  %0 = afp.conv2d %a, %b {dilation = array<i64: -9223372036854775808, 1>}
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_stride_count(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C3] expected 2 numbers in 'stride', found 1}}
  %0 = afp.conv2d %a, %b {stride = array<i64: 1>}
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_dilation_count(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C3] expected 2 numbers in 'dilation', found 3}}
  %0 = afp.conv2d %a, %b {dilation = array<i64: 1, 1, 1>}
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_pad_count(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C3] expected 4 numbers in 'pad', found 0}}
  %0 = afp.conv2d %a, %b {pad = array<i64>}
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_pad_negative(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C3] expected padding of at least 0, found [0, 0, -1, 0]}}
  %0 = afp.conv2d %a, %b {pad = array<i64: 0, 0, -1, 0>}
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

// C2: groups.
func.func @conv_groups_zero(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C2] expected groups that divide 4 input and 6 output channels, found 0}}
  %0 = afp.conv2d %a, %b {groups = 0 : i64}
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_groups_negative(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C2] expected groups that divide 4 input and 6 output channels, found -2}}
  %0 = afp.conv2d %a, %b {groups = -2 : i64}
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_groups_least(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C2] expected groups that divide 4 input and 6 output channels, found -9223372036854775808}}
  %0 = afp.conv2d %a, %b {groups = -9223372036854775808 : i64}
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_groups_input(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x1xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C2] expected groups that divide 4 input and 6 output channels, found 3}}
  %0 = afp.conv2d %a, %b {groups = 3 : i64}
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x1xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_groups_output(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x1xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C2] expected groups that divide 4 input and 6 output channels, found 4}}
  %0 = afp.conv2d %a, %b {groups = 4 : i64}
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x1xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_weight_channels(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C2] expected OHWI weights with I = 2 (input channels / groups), found 6x3x3x4}}
  %0 = afp.conv2d %a, %b {groups = 2 : i64}
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_weight_channels_huge(%a: tensor<1x1x1x2147483648xf32>, %b: tensor<2147483648x1x1x268435456xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C2] expected OHWI weights with I = 1 (input channels / groups), found 2147483648x1x1x268435456}}
  %0 = afp.conv2d %a, %b {groups = 2147483648 : i64}
      : (tensor<1x1x1x2147483648xf32>, tensor<2147483648x1x1x268435456xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

// C4: the size of the result.
func.func @conv_result_height(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C4] expected a result of shape 1x6x6x6, found 1x8x6x6}}
  %0 = afp.conv2d %a, %b
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x8x6x6x!afp.exact>
  return
}

// -----

func.func @conv_result_channels(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C4] expected a result of shape 1x6x6x6, found 1x6x6x4}}
  %0 = afp.conv2d %a, %b
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x4x!afp.exact>
  return
}

// -----

func.func @conv_result_rank(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C4] expected a result of shape 1x6x6x6, found 36x6}}
  %0 = afp.conv2d %a, %b
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<36x6x!afp.exact>
  return
}

// -----

func.func @conv_result_rounded_down(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C4] expected a result of shape 1x3x3x6, found 1x4x4x6}}
  %0 = afp.conv2d %a, %b {stride = array<i64: 2, 2>}
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x4x4x6x!afp.exact>
  return
}

// -----

func.func @conv_no_window(%a: tensor<1x8x8x4xf32>, %b: tensor<6x9x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C4] expected an input that holds at least one window, found 1x8x8x4 with a kernel of 9x3}}
  %0 = afp.conv2d %a, %b
      : (tensor<1x8x8x4xf32>, tensor<6x9x3x4xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_dilated_beyond(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C4] expected an input that holds at least one window, found 1x8x8x4 with a kernel of 3x3}}
  %0 = afp.conv2d %a, %b {dilation = array<i64: 1, 9223372036854775807>}
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_pad_huge(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C4] expected a result of shape 1x9223372036854775807x6x6, found 1x6x6x6}}
  %0 = afp.conv2d %a, %b {pad = array<i64: 9223372036854775807, 9223372036854775807, 0, 0>}
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_stride_huge(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C4] expected a result of shape 1x1x1x6, found 1x6x6x6}}
  %0 = afp.conv2d %a, %b {stride = array<i64: 9223372036854775807, 9223372036854775807>}
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

// C5: the bias.
func.func @conv_bias_count(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>, %c: tensor<4xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C5] expected a bias of 6 elements, found tensor<4xf32>}}
  %0 = afp.conv2d %a, %b bias %c
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>, tensor<4xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_bias_rank(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>, %c: tensor<1x6xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C5] expected a bias of 6 elements, found tensor<1x6xf32>}}
  %0 = afp.conv2d %a, %b bias %c
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>, tensor<1x6xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_bias_scalar(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>, %c: tensor<f32>) {
  // expected-error@+1 {{'afp.conv2d' op [C5] expected a bias of 6 elements, found tensor<f32>}}
  %0 = afp.conv2d %a, %b bias %c
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>, tensor<f32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_bias_exact(%a: tensor<1x8x8x4xf32>, %b: tensor<6x3x3x4xf32>, %c: tensor<6x!afp.exact>) {
  // expected-error@+1 {{'afp.conv2d' op [C5] expected a bias of f32, found !afp.exact}}
  %0 = afp.conv2d %a, %b bias %c
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>, tensor<6x!afp.exact>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_bias_real(%a: tensor<1x8x8x4x!afp.float<ue0m8, exp = -8>>, %b: tensor<6x3x3x4x!afp.float<e2m2, exp = -7>>, %c: tensor<6xf32>) {
  // expected-error@+1 {{'afp.conv2d' op [C5] expected a bias of !afp.exact, found f32}}
  %0 = afp.conv2d %a, %b bias %c
      : (tensor<1x8x8x4x!afp.float<ue0m8, exp = -8>>, tensor<6x3x3x4x!afp.float<e2m2, exp = -7>>, tensor<6xf32>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

// C6: exponents per output channel.
func.func @conv_exponent_count(%a: tensor<1x8x8x4x!afp.float<ue0m8, exp = -8>>, %b: tensor<6x3x3x4x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.conv2d' op [C6] expected 1 or 6 exponents in 'channel_exp', found 4}}
  %0 = afp.conv2d %a, %b {channel_exp = array<i32: 0, 0, 0, 0>}
      : (tensor<1x8x8x4x!afp.float<ue0m8, exp = -8>>, tensor<6x3x3x4x!afp.float<e2m2, exp = -7>>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_exponents_empty(%a: tensor<1x8x8x4x!afp.float<ue0m8, exp = -8>>, %b: tensor<6x3x3x4x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.conv2d' op [C6] expected 1 or 6 exponents in 'channel_exp', found 0}}
  %0 = afp.conv2d %a, %b {channel_exp = array<i32>}
      : (tensor<1x8x8x4x!afp.float<ue0m8, exp = -8>>, tensor<6x3x3x4x!afp.float<e2m2, exp = -7>>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @conv_exponent(%a: tensor<1x8x8x4x!afp.float<ue0m8, exp = -8>>, %b: tensor<6x3x3x4x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.conv2d' op [F8] expected scale exponents within +-4096, found 2147483647}}
  %0 = afp.conv2d %a, %b {channel_exp = array<i32: 2147483647>}
      : (tensor<1x8x8x4x!afp.float<ue0m8, exp = -8>>, tensor<6x3x3x4x!afp.float<e2m2, exp = -7>>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// -----

func.func @depthwise_exact_input(%a: tensor<1x8x8x4x!afp.exact>, %b: tensor<3x3x4x2x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.depthwise_conv2d' op operand #0 must be tensor of f32 or !afp.float values, but got 'tensor<1x8x8x4x!afp.exact>'}}
  %0 = afp.depthwise_conv2d %a, %b
      : (tensor<1x8x8x4x!afp.exact>, tensor<3x3x4x2x!afp.float<e2m2, exp = -7>>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

func.func @depthwise_integer_weight(%a: tensor<1x8x8x4x!afp.float<ue0m8, exp = -8>>, %b: tensor<3x3x4x2xi8>) {
  // expected-error@+1 {{'afp.depthwise_conv2d' op operand #1 must be tensor of f32 or !afp.float values, but got 'tensor<3x3x4x2xi8>'}}
  %0 = afp.depthwise_conv2d %a, %b
      : (tensor<1x8x8x4x!afp.float<ue0m8, exp = -8>>, tensor<3x3x4x2xi8>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

func.func @depthwise_integer_bias(%a: tensor<1x8x8x4xf32>, %b: tensor<3x3x4x2xf32>, %c: tensor<8xi32>) {
  // expected-error@+1 {{'afp.depthwise_conv2d' op operand #2 must be tensor of 32-bit float or an exact dyadic rational values, but got 'tensor<8xi32>'}}
  %0 = afp.depthwise_conv2d %a, %b bias %c
      : (tensor<1x8x8x4xf32>, tensor<3x3x4x2xf32>, tensor<8xi32>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

func.func @depthwise_coded_result(%a: tensor<1x8x8x4xf32>, %b: tensor<3x3x4x2xf32>) {
  // expected-error@+1 {{'afp.depthwise_conv2d' op result #0 must be tensor of an exact dyadic rational values, but got 'tensor<1x6x6x8x!afp.float<e2m2, exp = -7>>'}}
  %0 = afp.depthwise_conv2d %a, %b
      : (tensor<1x8x8x4xf32>, tensor<3x3x4x2xf32>) -> tensor<1x6x6x8x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @depthwise_mixed(%a: tensor<1x8x8x4xf32>, %b: tensor<3x3x4x2x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.depthwise_conv2d' op [T2] expected operands that are all real or all coded, found f32 beside !afp.float<e2m2, exp = -7>}}
  %0 = afp.depthwise_conv2d %a, %b
      : (tensor<1x8x8x4xf32>, tensor<3x3x4x2x!afp.float<e2m2, exp = -7>>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

func.func @depthwise_rank(%a: tensor<1x8x8x4xf32>, %b: tensor<3x3x8xf32>) {
  // expected-error@+1 {{'afp.depthwise_conv2d' op [C1] expected weights of rank 4, found tensor<3x3x8xf32>}}
  %0 = afp.depthwise_conv2d %a, %b
      : (tensor<1x8x8x4xf32>, tensor<3x3x8xf32>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

func.func @depthwise_groups(%a: tensor<1x8x8x4xf32>, %b: tensor<3x3x4x2xf32>) {
  // expected-error@+1 {{'afp.depthwise_conv2d' op [C2] expected no 'groups' on a depthwise convolution, found 4}}
  %0 = afp.depthwise_conv2d %a, %b {groups = 4 : i64}
      : (tensor<1x8x8x4xf32>, tensor<3x3x4x2xf32>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

func.func @depthwise_channels(%a: tensor<1x8x8x4xf32>, %b: tensor<3x3x3x2xf32>) {
  // expected-error@+1 {{'afp.depthwise_conv2d' op [C2] expected HWCM weights for 4 input channels, found 3x3x3x2}}
  %0 = afp.depthwise_conv2d %a, %b
      : (tensor<1x8x8x4xf32>, tensor<3x3x3x2xf32>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

func.func @depthwise_pad_negative(%a: tensor<1x8x8x4xf32>, %b: tensor<3x3x4x2xf32>) {
  // expected-error@+1 {{'afp.depthwise_conv2d' op [C3] expected padding of at least 0, found [-1, 0, 0, 0]}}
  %0 = afp.depthwise_conv2d %a, %b {pad = array<i64: -1, 0, 0, 0>}
      : (tensor<1x8x8x4xf32>, tensor<3x3x4x2xf32>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

func.func @depthwise_result(%a: tensor<1x8x8x4xf32>, %b: tensor<3x3x4x2xf32>) {
  // expected-error@+1 {{'afp.depthwise_conv2d' op [C4] expected a result of shape 1x6x6x8, found 1x6x6x4}}
  %0 = afp.depthwise_conv2d %a, %b
      : (tensor<1x8x8x4xf32>, tensor<3x3x4x2xf32>) -> tensor<1x6x6x4x!afp.exact>
  return
}

// -----

func.func @depthwise_channels_huge(%a: tensor<1x1x1x2147483648xf32>, %b: tensor<1x1x2147483648x268435456xf32>) {
  // expected-error@+1 {{'afp.depthwise_conv2d' op [C4] expected a result of shape 1x1x1x576460752303423488, found 1x6x6x8}}
  %0 = afp.depthwise_conv2d %a, %b
      : (tensor<1x1x1x2147483648xf32>, tensor<1x1x2147483648x268435456xf32>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

func.func @depthwise_no_window(%a: tensor<1x8x8x4xf32>, %b: tensor<9x9x4x1xf32>) {
  // expected-error@+1 {{'afp.depthwise_conv2d' op [C4] expected an input that holds at least one window, found 1x8x8x4 with a kernel of 9x9}}
  %0 = afp.depthwise_conv2d %a, %b
      : (tensor<1x8x8x4xf32>, tensor<9x9x4x1xf32>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

func.func @depthwise_bias(%a: tensor<1x8x8x4xf32>, %b: tensor<3x3x4x2xf32>, %c: tensor<4xf32>) {
  // expected-error@+1 {{'afp.depthwise_conv2d' op [C5] expected a bias of 8 elements, found tensor<4xf32>}}
  %0 = afp.depthwise_conv2d %a, %b bias %c
      : (tensor<1x8x8x4xf32>, tensor<3x3x4x2xf32>, tensor<4xf32>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

func.func @depthwise_exponents(%a: tensor<1x8x8x4x!afp.float<ue0m8, exp = -8>>, %b: tensor<3x3x4x2x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.depthwise_conv2d' op [C6] expected 1 or 8 exponents in 'channel_exp', found 2}}
  %0 = afp.depthwise_conv2d %a, %b {channel_exp = array<i32: 0, 0>}
      : (tensor<1x8x8x4x!afp.float<ue0m8, exp = -8>>, tensor<3x3x4x2x!afp.float<e2m2, exp = -7>>) -> tensor<1x6x6x8x!afp.exact>
  return
}
