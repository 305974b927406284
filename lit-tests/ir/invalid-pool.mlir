// What add, sum_pool2d and max_pool2d refuse: rules T, A and P.

// RUN: afp-opt %s -split-input-file -verify-diagnostics

func.func @add_integers(%a: tensor<4xi32>, %b: tensor<4x8xf32>) {
  // expected-error@+1 {{'afp.add' op operand #0 must be tensor of f32, !afp.float or !afp.exact values, but got 'tensor<4xi32>'}}
  %0 = afp.add %a, %b
      : (tensor<4xi32>, tensor<4x8xf32>) -> tensor<4x8x!afp.exact>
  return
}

// -----

func.func @add_integer_rhs(%a: tensor<4x8xf32>, %b: tensor<4xi32>) {
  // expected-error@+1 {{'afp.add' op operand #1 must be tensor of f32, !afp.float or !afp.exact values, but got 'tensor<4xi32>'}}
  %0 = afp.add %a, %b
      : (tensor<4x8xf32>, tensor<4xi32>) -> tensor<4x8x!afp.exact>
  return
}

// -----

func.func @add_real_result(%a: tensor<4x8xf32>, %b: tensor<4x8xf32>) {
  // expected-error@+1 {{'afp.add' op result #0 must be tensor of an exact dyadic rational values, but got 'tensor<4x8xf32>'}}
  %0 = afp.add %a, %b
      : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @add_dynamic_size(%a: tensor<4x8xf32>, %b: tensor<?x8xf32>) {
  // expected-error@+1 {{'afp.add' op [T1] expected a tensor whose sizes are known and positive, found tensor<?x8xf32>}}
  %0 = afp.add %a, %b
      : (tensor<4x8xf32>, tensor<?x8xf32>) -> tensor<4x8x!afp.exact>
  return
}

// -----

func.func @add_unranked_result(%a: tensor<4x8xf32>, %b: tensor<4x8xf32>) {
  // expected-error@+1 {{'afp.add' op [T1] expected a tensor whose sizes are known and positive, found tensor<*x!afp.exact>}}
  %0 = afp.add %a, %b
      : (tensor<4x8xf32>, tensor<4x8xf32>) -> tensor<*x!afp.exact>
  return
}

// -----

// T2: exact values go with both kinds, which do not go with each other.
func.func @add_mixed(%a: tensor<4x8xf32>, %b: tensor<4x8x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.add' op [T2] expected operands that are all real or all coded, found f32 beside !afp.float<e2m2, exp = -7>}}
  %0 = afp.add %a, %b
      : (tensor<4x8xf32>, tensor<4x8x!afp.float<e2m2, exp = -7>>) -> tensor<4x8x!afp.exact>
  return
}

// -----

func.func @add_mixed_first(%a: tensor<4x8x!afp.float<ue0m8, exp = ?[-12, 3]>>, %b: tensor<4x8xf32>) {
  // expected-error@+1 {{'afp.add' op [T2] expected operands that are all real or all coded, found f32 beside !afp.float<ue0m8, exp = ?[-12, 3]>}}
  %0 = afp.add %a, %b
      : (tensor<4x8x!afp.float<ue0m8, exp = ?[-12, 3]>>, tensor<4x8xf32>) -> tensor<4x8x!afp.exact>
  return
}

// -----

// A1: one rank, equal sizes or 1.
func.func @add_rank(%a: tensor<4x8xf32>, %b: tensor<8xf32>) {
  // expected-error@+1 {{'afp.add' op [A1] expected operands of one rank whose sizes are equal or 1, found 4x8 and 8}}
  %0 = afp.add %a, %b
      : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8x!afp.exact>
  return
}

// -----

func.func @add_scalar(%a: tensor<4x8xf32>, %b: tensor<f32>) {
  // expected-error@+1 {{'afp.add' op [A1] expected operands of one rank whose sizes are equal or 1, found 4x8 and a scalar}}
  %0 = afp.add %a, %b
      : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8x!afp.exact>
  return
}

// -----

func.func @add_sizes(%a: tensor<4x8xf32>, %b: tensor<4x4xf32>) {
  // expected-error@+1 {{'afp.add' op [A1] expected operands of one rank whose sizes are equal or 1, found 4x8 and 4x4}}
  %0 = afp.add %a, %b
      : (tensor<4x8xf32>, tensor<4x4xf32>) -> tensor<4x8x!afp.exact>
  return
}

// -----

func.func @add_result(%a: tensor<4x8xf32>, %b: tensor<1x8xf32>) {
  // expected-error@+1 {{'afp.add' op [A1] expected a result of shape 4x8, found 1x8}}
  %0 = afp.add %a, %b
      : (tensor<4x8xf32>, tensor<1x8xf32>) -> tensor<1x8x!afp.exact>
  return
}

// -----

func.func @add_scalars_result(%a: tensor<f32>, %b: tensor<f32>) {
  // expected-error@+1 {{'afp.add' op [A1] expected a result of shape a scalar, found 1}}
  %0 = afp.add %a, %b
      : (tensor<f32>, tensor<f32>) -> tensor<1x!afp.exact>
  return
}

// -----

func.func @sum_pool_exact_operand(%a: tensor<1x7x7x8x!afp.exact>) {
  // expected-error@+1 {{'afp.sum_pool2d' op operand #0 must be tensor of f32 or !afp.float values, but got 'tensor<1x7x7x8x!afp.exact>'}}
  %0 = afp.sum_pool2d %a {kernel = array<i64: 2, 2>}
      : (tensor<1x7x7x8x!afp.exact>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

func.func @sum_pool_real_result(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.sum_pool2d' op result #0 must be tensor of an exact dyadic rational values, but got 'tensor<1x6x6x8xf32>'}}
  %0 = afp.sum_pool2d %a {kernel = array<i64: 2, 2>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x8xf32>
  return
}

// -----

func.func @sum_pool_no_kernel(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.sum_pool2d' op requires attribute 'kernel'}}
  %0 = afp.sum_pool2d %a
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

func.func @sum_pool_kernel_kind(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.sum_pool2d' op attribute 'kernel' failed to satisfy constraint: i64 dense array attribute}}
  %0 = afp.sum_pool2d %a {kernel = 2 : i64}
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

func.func @sum_pool_dynamic_size(%a: tensor<?x7x7x8xf32>) {
  // expected-error@+1 {{'afp.sum_pool2d' op [T1] expected a tensor whose sizes are known and positive, found tensor<?x7x7x8xf32>}}
  %0 = afp.sum_pool2d %a {kernel = array<i64: 2, 2>}
      : (tensor<?x7x7x8xf32>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

// P1: shapes.
func.func @sum_pool_rank(%a: tensor<7x7x8xf32>) {
  // expected-error@+1 {{'afp.sum_pool2d' op [P1] expected an NHWC input of rank 4, found tensor<7x7x8xf32>}}
  %0 = afp.sum_pool2d %a {kernel = array<i64: 2, 2>}
      : (tensor<7x7x8xf32>) -> tensor<6x6x8x!afp.exact>
  return
}

// -----

func.func @sum_pool_result(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.sum_pool2d' op [P1] expected a result of shape 1x6x6x8, found 1x7x7x8}}
  %0 = afp.sum_pool2d %a {kernel = array<i64: 2, 2>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x7x7x8x!afp.exact>
  return
}

// -----

func.func @sum_pool_result_channels(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.sum_pool2d' op [P1] expected a result of shape 1x6x6x8, found 1x6x6x1}}
  %0 = afp.sum_pool2d %a {kernel = array<i64: 2, 2>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x1x!afp.exact>
  return
}

// -----

func.func @sum_pool_no_window(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.sum_pool2d' op [P1] expected an input that holds at least one window, found 1x7x7x8 with a kernel of 8x2}}
  %0 = afp.sum_pool2d %a {kernel = array<i64: 8, 2>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x1x6x8x!afp.exact>
  return
}

// -----

func.func @sum_pool_kernel_huge(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.sum_pool2d' op [P1] expected an input that holds at least one window, found 1x7x7x8 with a kernel of 9223372036854775807x9223372036854775807}}
  %0 = afp.sum_pool2d %a {kernel = array<i64: 9223372036854775807, 9223372036854775807>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x1x6x8x!afp.exact>
  return
}

// -----

// P3: kernel, stride and padding.
func.func @sum_pool_kernel_zero(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.sum_pool2d' op [P3] expected kernel and stride of at least 1, found kernel [0, 2], stride [1, 1]}}
  %0 = afp.sum_pool2d %a {kernel = array<i64: 0, 2>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

func.func @sum_pool_stride_negative(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.sum_pool2d' op [P3] expected kernel and stride of at least 1, found kernel [2, 2], stride [1, -9223372036854775808]}}
  %0 = afp.sum_pool2d %a {kernel = array<i64: 2, 2>, stride = array<i64: 1, -9223372036854775808>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

func.func @sum_pool_kernel_count(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.sum_pool2d' op [P3] expected 2 numbers in 'kernel', found 0}}
  %0 = afp.sum_pool2d %a {kernel = array<i64>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

func.func @sum_pool_stride_count(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.sum_pool2d' op [P3] expected 2 numbers in 'stride', found 4}}
  %0 = afp.sum_pool2d %a {kernel = array<i64: 2, 2>, stride = array<i64: 1, 1, 1, 1>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

func.func @sum_pool_pad_count(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.sum_pool2d' op [P3] expected 4 numbers in 'pad', found 2}}
  %0 = afp.sum_pool2d %a {kernel = array<i64: 2, 2>, pad = array<i64: 1, 1>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

func.func @sum_pool_pad_negative(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.sum_pool2d' op [P3] expected padding of at least 0 and less than the kernel 2x2, found [-1, 0, 0, 0]}}
  %0 = afp.sum_pool2d %a {kernel = array<i64: 2, 2>, pad = array<i64: -1, 0, 0, 0>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

func.func @sum_pool_pad_vertical(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.sum_pool2d' op [P3] expected padding of at least 0 and less than the kernel 2x3, found [0, 2, 2, 2]}}
  %0 = afp.sum_pool2d %a {kernel = array<i64: 2, 3>, pad = array<i64: 0, 2, 2, 2>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

func.func @sum_pool_pad_horizontal(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.sum_pool2d' op [P3] expected padding of at least 0 and less than the kernel 3x2, found [2, 2, 0, 2]}}
  %0 = afp.sum_pool2d %a {kernel = array<i64: 3, 2>, pad = array<i64: 2, 2, 0, 2>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

func.func @sum_pool_pad_huge(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.sum_pool2d' op [P3] expected padding of at least 0 and less than the kernel 2x2, found [9223372036854775807, 9223372036854775807, 0, 0]}}
  %0 = afp.sum_pool2d %a {kernel = array<i64: 2, 2>, pad = array<i64: 9223372036854775807, 9223372036854775807, 0, 0>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

func.func @max_pool_exact_operand(%a: tensor<1x7x7x8x!afp.exact>) {
  // expected-error@+1 {{'afp.max_pool2d' op operand #0 must be tensor of f32 or !afp.float values, but got 'tensor<1x7x7x8x!afp.exact>'}}
  %0 = afp.max_pool2d %a {kernel = array<i64: 2, 2>}
      : (tensor<1x7x7x8x!afp.exact>) -> tensor<1x6x6x8xf32>
  return
}

// -----

func.func @max_pool_exact_result(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.max_pool2d' op result #0 must be tensor of f32 or !afp.float values, but got 'tensor<1x6x6x8x!afp.exact>'}}
  %0 = afp.max_pool2d %a {kernel = array<i64: 2, 2>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// -----

func.func @max_pool_no_kernel(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.max_pool2d' op requires attribute 'kernel'}}
  %0 = afp.max_pool2d %a
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x8xf32>
  return
}

// -----

func.func @max_pool_kernel_kind(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.max_pool2d' op attribute 'kernel' failed to satisfy constraint: i64 dense array attribute}}
  %0 = afp.max_pool2d %a {kernel = 2 : i64}
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x8xf32>
  return
}

// -----

func.func @max_pool_dynamic_size(%a: tensor<?x7x7x8xf32>) {
  // expected-error@+1 {{'afp.max_pool2d' op [T1] expected a tensor whose sizes are known and positive, found tensor<?x7x7x8xf32>}}
  %0 = afp.max_pool2d %a {kernel = array<i64: 2, 2>}
      : (tensor<?x7x7x8xf32>) -> tensor<1x6x6x8xf32>
  return
}

// -----

// P2: shapes.
func.func @max_pool_rank(%a: tensor<7x7x8xf32>) {
  // expected-error@+1 {{'afp.max_pool2d' op [P2] expected an NHWC input of rank 4, found tensor<7x7x8xf32>}}
  %0 = afp.max_pool2d %a {kernel = array<i64: 2, 2>}
      : (tensor<7x7x8xf32>) -> tensor<6x6x8xf32>
  return
}

// -----

func.func @max_pool_result(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.max_pool2d' op [P2] expected a result of shape 1x6x6x8, found 1x7x7x8}}
  %0 = afp.max_pool2d %a {kernel = array<i64: 2, 2>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x7x7x8xf32>
  return
}

// -----

func.func @max_pool_result_channels(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.max_pool2d' op [P2] expected a result of shape 1x6x6x8, found 1x6x6x1}}
  %0 = afp.max_pool2d %a {kernel = array<i64: 2, 2>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x1xf32>
  return
}

// -----

func.func @max_pool_no_window(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.max_pool2d' op [P2] expected an input that holds at least one window, found 1x7x7x8 with a kernel of 8x2}}
  %0 = afp.max_pool2d %a {kernel = array<i64: 8, 2>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x1x6x8xf32>
  return
}

// -----

func.func @max_pool_kernel_huge(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.max_pool2d' op [P2] expected an input that holds at least one window, found 1x7x7x8 with a kernel of 9223372036854775807x9223372036854775807}}
  %0 = afp.max_pool2d %a {kernel = array<i64: 9223372036854775807, 9223372036854775807>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x1x6x8xf32>
  return
}

// -----

// P3: kernel, stride and padding.
func.func @max_pool_kernel_zero(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.max_pool2d' op [P3] expected kernel and stride of at least 1, found kernel [0, 2], stride [1, 1]}}
  %0 = afp.max_pool2d %a {kernel = array<i64: 0, 2>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x8xf32>
  return
}

// -----

func.func @max_pool_stride_negative(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.max_pool2d' op [P3] expected kernel and stride of at least 1, found kernel [2, 2], stride [1, -9223372036854775808]}}
  %0 = afp.max_pool2d %a {kernel = array<i64: 2, 2>, stride = array<i64: 1, -9223372036854775808>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x8xf32>
  return
}

// -----

func.func @max_pool_kernel_count(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.max_pool2d' op [P3] expected 2 numbers in 'kernel', found 0}}
  %0 = afp.max_pool2d %a {kernel = array<i64>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x8xf32>
  return
}

// -----

func.func @max_pool_stride_count(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.max_pool2d' op [P3] expected 2 numbers in 'stride', found 4}}
  %0 = afp.max_pool2d %a {kernel = array<i64: 2, 2>, stride = array<i64: 1, 1, 1, 1>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x8xf32>
  return
}

// -----

func.func @max_pool_pad_count(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.max_pool2d' op [P3] expected 4 numbers in 'pad', found 2}}
  %0 = afp.max_pool2d %a {kernel = array<i64: 2, 2>, pad = array<i64: 1, 1>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x8xf32>
  return
}

// -----

func.func @max_pool_pad_negative(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.max_pool2d' op [P3] expected padding of at least 0 and less than the kernel 2x2, found [-1, 0, 0, 0]}}
  %0 = afp.max_pool2d %a {kernel = array<i64: 2, 2>, pad = array<i64: -1, 0, 0, 0>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x8xf32>
  return
}

// -----

func.func @max_pool_pad_vertical(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.max_pool2d' op [P3] expected padding of at least 0 and less than the kernel 2x3, found [0, 2, 2, 2]}}
  %0 = afp.max_pool2d %a {kernel = array<i64: 2, 3>, pad = array<i64: 0, 2, 2, 2>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x8xf32>
  return
}

// -----

func.func @max_pool_pad_horizontal(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.max_pool2d' op [P3] expected padding of at least 0 and less than the kernel 3x2, found [2, 2, 0, 2]}}
  %0 = afp.max_pool2d %a {kernel = array<i64: 3, 2>, pad = array<i64: 2, 2, 0, 2>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x8xf32>
  return
}

// -----

func.func @max_pool_pad_huge(%a: tensor<1x7x7x8xf32>) {
  // expected-error@+1 {{'afp.max_pool2d' op [P3] expected padding of at least 0 and less than the kernel 2x2, found [9223372036854775807, 9223372036854775807, 0, 0]}}
  %0 = afp.max_pool2d %a {kernel = array<i64: 2, 2>, pad = array<i64: 9223372036854775807, 9223372036854775807, 0, 0>}
      : (tensor<1x7x7x8xf32>) -> tensor<1x6x6x8xf32>
  return
}

// -----

// T4: the element type is kept.
func.func @max_pool_element(%a: tensor<1x7x7x8x!afp.float<ue0m8, exp = -8>>) {
  // expected-error@+1 {{'afp.max_pool2d' op [T4] expected a result of the operand's element type, found !afp.float<e2m2, exp = -7> from !afp.float<ue0m8, exp = -8>}}
  %0 = afp.max_pool2d %a {kernel = array<i64: 2, 2>}
      : (tensor<1x7x7x8x!afp.float<ue0m8, exp = -8>>) -> tensor<1x6x6x8x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @max_pool_element_real(%a: tensor<1x7x7x8x!afp.float<ue0m8, exp = -8>>) {
  // expected-error@+1 {{'afp.max_pool2d' op [T4] expected a result of the operand's element type, found f32 from !afp.float<ue0m8, exp = -8>}}
  %0 = afp.max_pool2d %a {kernel = array<i64: 2, 2>}
      : (tensor<1x7x7x8x!afp.float<ue0m8, exp = -8>>) -> tensor<1x6x6x8xf32>
  return
}
