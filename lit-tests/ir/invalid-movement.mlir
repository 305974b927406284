// What concat, reshape, transpose, slice and pad refuse: rules T and M.

// RUN: afp-opt %s -split-input-file -verify-diagnostics

func.func @concat_integers(%a: tensor<2x3xi8>) {
  // expected-error@+1 {{'afp.concat' op operand #0 must be variadic of tensor of f32, !afp.float or !afp.exact values, but got 'tensor<2x3xi8>'}}
  %0 = afp.concat %a {axis = 0 : i64}
      : (tensor<2x3xi8>) -> tensor<2x3xf32>
  return
}

// -----

func.func @concat_result_integers(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.concat' op result #0 must be tensor of f32, !afp.float or !afp.exact values, but got 'tensor<2x3xi8>'}}
  %0 = afp.concat %a {axis = 0 : i64}
      : (tensor<2x3xf32>) -> tensor<2x3xi8>
  return
}

// -----

func.func @concat_no_axis(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.concat' op requires attribute 'axis'}}
  %0 = afp.concat %a
      : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @concat_dynamic_size(%a: tensor<2x3xf32>, %b: tensor<?x3xf32>) {
  // expected-error@+1 {{'afp.concat' op [T1] expected a tensor whose sizes are known and positive, found tensor<?x3xf32>}}
  %0 = afp.concat %a, %b {axis = 0 : i64}
      : (tensor<2x3xf32>, tensor<?x3xf32>) -> tensor<4x3xf32>
  return
}

// -----

// T4: the element type is kept.
func.func @concat_element(%a: tensor<2x3x!afp.float<e2m2, exp = -7>>, %b: tensor<2x3x!afp.float<ue0m8, exp = -8>>) {
  // expected-error@+1 {{'afp.concat' op [T4] expected a result of the operand's element type, found !afp.float<e2m2, exp = -7> from !afp.float<ue0m8, exp = -8>}}
  %0 = afp.concat %a, %b {axis = 0 : i64}
      : (tensor<2x3x!afp.float<e2m2, exp = -7>>, tensor<2x3x!afp.float<ue0m8, exp = -8>>) -> tensor<4x3x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @concat_element_of_result(%a: tensor<2x3x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.concat' op [T4] expected a result of the operand's element type, found !afp.exact from !afp.float<e2m2, exp = -7>}}
  %0 = afp.concat %a {axis = 0 : i64}
      : (tensor<2x3x!afp.float<e2m2, exp = -7>>) -> tensor<2x3x!afp.exact>
  return
}

// -----

func.func @concat_exponent(%a: tensor<2x3x!afp.float<e2m2, exp = -7>>, %b: tensor<2x3x!afp.float<e2m2, exp = -6>>) {
  // expected-error@+1 {{'afp.concat' op [T4] expected a result of the operand's element type, found !afp.float<e2m2, exp = -7> from !afp.float<e2m2, exp = -6>}}
  %0 = afp.concat %a, %b {axis = 0 : i64}
      : (tensor<2x3x!afp.float<e2m2, exp = -7>>, tensor<2x3x!afp.float<e2m2, exp = -6>>) -> tensor<4x3x!afp.float<e2m2, exp = -7>>
  return
}

// -----

// M1: sizes differ in one dimension alone.
func.func @concat_nothing() {
  // expected-error@+1 {{'afp.concat' op [M1] expected at least one operand, found none}}
  %0 = afp.concat  {axis = 0 : i64}
      : () -> tensor<2x3xf32>
  return
}

// -----

func.func @concat_axis(%a: tensor<2x3xf32>, %b: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.concat' op [M1] expected 'axis' from 0 to 1, found 2}}
  %0 = afp.concat %a, %b {axis = 2 : i64}
      : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @concat_axis_negative(%a: tensor<2x3xf32>, %b: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.concat' op [M1] expected 'axis' from 0 to 1, found -9223372036854775808}}
  %0 = afp.concat %a, %b {axis = -9223372036854775808 : i64}
      : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @concat_scalars(%a: tensor<f32>, %b: tensor<f32>) {
  // expected-error@+1 {{'afp.concat' op [M1] expected an operand with dimensions, found a scalar}}
  %0 = afp.concat %a, %b {axis = 0 : i64}
      : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return
}

// -----

func.func @concat_sizes(%a: tensor<2x3xf32>, %b: tensor<2x4xf32>) {
  // expected-error@+1 {{'afp.concat' op [M1] expected operands that differ in dimension 0 alone, found 2x3 and 2x4}}
  %0 = afp.concat %a, %b {axis = 0 : i64}
      : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<4x3xf32>
  return
}

// -----

func.func @concat_ranks(%a: tensor<2x3xf32>, %b: tensor<2xf32>) {
  // expected-error@+1 {{'afp.concat' op [M1] expected operands that differ in dimension 1 alone, found 2x3 and 2}}
  %0 = afp.concat %a, %b {axis = 1 : i64}
      : (tensor<2x3xf32>, tensor<2xf32>) -> tensor<2x4xf32>
  return
}

// -----

func.func @concat_result(%a: tensor<2x3xf32>, %b: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.concat' op [M1] expected a result of shape 4x3, found 2x6}}
  %0 = afp.concat %a, %b {axis = 0 : i64}
      : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x6xf32>
  return
}

// -----

func.func @concat_huge(%a: tensor<1152921504606846975xf32>, %b: tensor<1152921504606846975xf32>, %c: tensor<1152921504606846975xf32>, %d: tensor<1152921504606846975xf32>, %e: tensor<1152921504606846975xf32>, %f: tensor<1152921504606846975xf32>, %g: tensor<1152921504606846975xf32>, %h: tensor<1152921504606846975xf32>, %i: tensor<1152921504606846975xf32>) {
  // expected-error@+1 {{'afp.concat' op [M1] expected a result of shape 9223372036854775807, found 3}}
  %0 = afp.concat %a, %b, %c, %d, %e, %f, %g, %h, %i {axis = 0 : i64}
      : (tensor<1152921504606846975xf32>, tensor<1152921504606846975xf32>, tensor<1152921504606846975xf32>, tensor<1152921504606846975xf32>, tensor<1152921504606846975xf32>, tensor<1152921504606846975xf32>, tensor<1152921504606846975xf32>, tensor<1152921504606846975xf32>, tensor<1152921504606846975xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @reshape_integers(%a: tensor<2x3xi8>) {
  // expected-error@+1 {{'afp.reshape' op operand #0 must be tensor of f32, !afp.float or !afp.exact values, but got 'tensor<2x3xi8>'}}
  %0 = afp.reshape %a
      : tensor<2x3xi8> to tensor<2x3xf32>
  return
}

// -----

func.func @reshape_result_integers(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.reshape' op result #0 must be tensor of f32, !afp.float or !afp.exact values, but got 'tensor<6xi8>'}}
  %0 = afp.reshape %a
      : tensor<2x3xf32> to tensor<6xi8>
  return
}

// -----

func.func @reshape_dynamic_size(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.reshape' op [T1] expected a tensor whose sizes are known and positive, found tensor<?xf32>}}
  %0 = afp.reshape %a
      : tensor<2x3xf32> to tensor<?xf32>
  return
}

// -----

func.func @reshape_huge(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.reshape' op [T1] expected fewer than 2^60 elements, found tensor<4294967296x4294967296xf32>}}
  %0 = afp.reshape %a
      : tensor<2x3xf32> to tensor<4294967296x4294967296xf32>
  return
}

// -----

func.func @reshape_element(%a: tensor<2x3x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.reshape' op [T4] expected a result of the operand's element type, found !afp.float<ue0m8, exp = -8> from !afp.float<e2m2, exp = -7>}}
  %0 = afp.reshape %a
      : tensor<2x3x!afp.float<e2m2, exp = -7>> to tensor<6x!afp.float<ue0m8, exp = -8>>
  return
}

// -----

// M2: as many elements.
func.func @reshape_count(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.reshape' op [M2] expected 6 elements, as in 2x3, found 8 in 2x4}}
  %0 = afp.reshape %a
      : tensor<2x3xf32> to tensor<2x4xf32>
  return
}

// -----

func.func @reshape_scalar(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.reshape' op [M2] expected 6 elements, as in 2x3, found 1 in a scalar}}
  %0 = afp.reshape %a
      : tensor<2x3xf32> to tensor<f32>
  return
}

// -----

func.func @transpose_integers(%a: tensor<2x3xi8>) {
  // expected-error@+1 {{'afp.transpose' op operand #0 must be tensor of f32, !afp.float or !afp.exact values, but got 'tensor<2x3xi8>'}}
  %0 = afp.transpose %a {perm = array<i64: 1, 0>}
      : tensor<2x3xi8> to tensor<2x3xf32>
  return
}

// -----

func.func @transpose_result_integers(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.transpose' op result #0 must be tensor of f32, !afp.float or !afp.exact values, but got 'tensor<3x2xi8>'}}
  %0 = afp.transpose %a {perm = array<i64: 1, 0>}
      : tensor<2x3xf32> to tensor<3x2xi8>
  return
}

// -----

func.func @transpose_no_perm(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.transpose' op requires attribute 'perm'}}
  %0 = afp.transpose %a
      : tensor<2x3xf32> to tensor<3x2xf32>
  return
}

// -----

func.func @transpose_perm_kind(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.transpose' op attribute 'perm' failed to satisfy constraint: i64 dense array attribute}}
  %0 = afp.transpose %a {perm = array<i32: 1, 0>}
      : tensor<2x3xf32> to tensor<3x2xf32>
  return
}

// -----

func.func @transpose_dynamic_size(%a: tensor<?x3xf32>) {
  // expected-error@+1 {{'afp.transpose' op [T1] expected a tensor whose sizes are known and positive, found tensor<?x3xf32>}}
  %0 = afp.transpose %a {perm = array<i64: 1, 0>}
      : tensor<?x3xf32> to tensor<3x2xf32>
  return
}

// -----

func.func @transpose_element(%a: tensor<2x3x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.transpose' op [T4] expected a result of the operand's element type, found !afp.float<ue0m8, exp = ?[-12, 3]> from !afp.float<e2m2, exp = -7>}}
  %0 = afp.transpose %a {perm = array<i64: 1, 0>}
      : tensor<2x3x!afp.float<e2m2, exp = -7>> to tensor<3x2x!afp.float<ue0m8, exp = ?[-12, 3]>>
  return
}

// -----

// M3: a permutation.
func.func @transpose_twice(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.transpose' op [M3] expected a permutation of 0 to 1 in 'perm', found [1, 1]}}
  %0 = afp.transpose %a {perm = array<i64: 1, 1>}
      : tensor<2x3xf32> to tensor<3x2xf32>
  return
}

// -----

func.func @transpose_short(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.transpose' op [M3] expected a permutation of 0 to 1 in 'perm', found [0]}}
  %0 = afp.transpose %a {perm = array<i64: 0>}
      : tensor<2x3xf32> to tensor<3x2xf32>
  return
}

// -----

func.func @transpose_empty(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.transpose' op [M3] expected a permutation of 0 to 1 in 'perm', found []}}
  %0 = afp.transpose %a {perm = array<i64>}
      : tensor<2x3xf32> to tensor<3x2xf32>
  return
}

// -----

func.func @transpose_negative(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.transpose' op [M3] expected a permutation of 0 to 1 in 'perm', found [0, -1]}}
  %0 = afp.transpose %a {perm = array<i64: 0, -1>}
      : tensor<2x3xf32> to tensor<3x2xf32>
  return
}

// -----

func.func @transpose_far(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.transpose' op [M3] expected a permutation of 0 to 1 in 'perm', found [0, 9223372036854775807]}}
  %0 = afp.transpose %a {perm = array<i64: 0, 9223372036854775807>}
      : tensor<2x3xf32> to tensor<3x2xf32>
  return
}

// -----

func.func @transpose_scalar(%a: tensor<f32>) {
  // expected-error@+1 {{'afp.transpose' op [M3] expected no numbers in 'perm', as the operand is a scalar, found [0]}}
  %0 = afp.transpose %a {perm = array<i64: 0>}
      : tensor<f32> to tensor<f32>
  return
}

// -----

func.func @transpose_result(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.transpose' op [M3] expected a result of shape 3x2, found 2x3}}
  %0 = afp.transpose %a {perm = array<i64: 1, 0>}
      : tensor<2x3xf32> to tensor<2x3xf32>
  return
}

// -----

func.func @slice_integers(%a: tensor<2x3xi8>) {
  // expected-error@+1 {{'afp.slice' op operand #0 must be tensor of f32, !afp.float or !afp.exact values, but got 'tensor<2x3xi8>'}}
  %0 = afp.slice %a {start = array<i64: 0, 0>}
      : tensor<2x3xi8> to tensor<1x3xf32>
  return
}

// -----

func.func @slice_result_integers(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.slice' op result #0 must be tensor of f32, !afp.float or !afp.exact values, but got 'tensor<1x3xi8>'}}
  %0 = afp.slice %a {start = array<i64: 0, 0>}
      : tensor<2x3xf32> to tensor<1x3xi8>
  return
}

// -----

func.func @slice_no_start(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.slice' op requires attribute 'start'}}
  %0 = afp.slice %a
      : tensor<2x3xf32> to tensor<1x3xf32>
  return
}

// -----

func.func @slice_stride_kind(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.slice' op attribute 'stride' failed to satisfy constraint: i64 dense array attribute}}
  %0 = afp.slice %a {start = array<i64: 0, 0>, stride = 1 : i64}
      : tensor<2x3xf32> to tensor<1x3xf32>
  return
}

// -----

func.func @slice_dynamic_size(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.slice' op [T1] expected a tensor whose sizes are known and positive, found tensor<1x?xf32>}}
  %0 = afp.slice %a {start = array<i64: 0, 0>}
      : tensor<2x3xf32> to tensor<1x?xf32>
  return
}

// -----

func.func @slice_element(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.slice' op [T4] expected a result of the operand's element type, found !afp.exact from f32}}
  %0 = afp.slice %a {start = array<i64: 0, 0>}
      : tensor<2x3xf32> to tensor<1x3x!afp.exact>
  return
}

// -----

// M4: inside, in every dimension.
func.func @slice_starts(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.slice' op [M4] expected 2 of everything, as the operand has dimensions, found 1 starts, 1 strides, a result of rank 2}}
  %0 = afp.slice %a {start = array<i64: 0>}
      : tensor<2x3xf32> to tensor<1x3xf32>
  return
}

// -----

func.func @slice_strides(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.slice' op [M4] expected 2 of everything, as the operand has dimensions, found 2 starts, 3 strides, a result of rank 2}}
  %0 = afp.slice %a {start = array<i64: 0, 0>, stride = array<i64: 1, 1, 1>}
      : tensor<2x3xf32> to tensor<1x3xf32>
  return
}

// -----

func.func @slice_rank(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.slice' op [M4] expected 2 of everything, as the operand has dimensions, found 2 starts, 2 strides, a result of rank 1}}
  %0 = afp.slice %a {start = array<i64: 0, 0>}
      : tensor<2x3xf32> to tensor<3xf32>
  return
}

// -----

func.func @slice_outside(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.slice' op [M4] expected at most 2 elements in dimension 1, found 3}}
  %0 = afp.slice %a {start = array<i64: 0, 1>}
      : tensor<2x3xf32> to tensor<1x3xf32>
  return
}

// -----

func.func @slice_stride_outside(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.slice' op [M4] expected at most 2 elements in dimension 1, found 3}}
  %0 = afp.slice %a {start = array<i64: 0, 0>, stride = array<i64: 1, 2>}
      : tensor<2x3xf32> to tensor<1x3xf32>
  return
}

// -----

func.func @slice_start_negative(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.slice' op [M4] expected at most 0 elements in dimension 0, found 1}}
  %0 = afp.slice %a {start = array<i64: -9223372036854775808, 0>}
      : tensor<2x3xf32> to tensor<1x3xf32>
  return
}

// -----

func.func @slice_start_behind(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.slice' op [M4] expected at most 0 elements in dimension 0, found 1}}
  %0 = afp.slice %a {start = array<i64: 2, 0>}
      : tensor<2x3xf32> to tensor<1x3xf32>
  return
}

// -----

func.func @slice_stride_zero(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.slice' op [M4] expected at most 0 elements in dimension 1, found 3}}
  %0 = afp.slice %a {start = array<i64: 0, 0>, stride = array<i64: 1, 0>}
      : tensor<2x3xf32> to tensor<1x3xf32>
  return
}

// -----

func.func @slice_stride_negative(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.slice' op [M4] expected at most 0 elements in dimension 1, found 3}}
  %0 = afp.slice %a {start = array<i64: 0, 2>, stride = array<i64: 1, -1>}
      : tensor<2x3xf32> to tensor<1x3xf32>
  return
}

// -----

func.func @slice_far(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.slice' op [M4] expected at most 1 elements in dimension 1, found 3}}
  %0 = afp.slice %a {start = array<i64: 0, 0>, stride = array<i64: 9223372036854775807, 9223372036854775807>}
      : tensor<2x3xf32> to tensor<1x3xf32>
  return
}

// -----

func.func @pad_integers(%a: tensor<2x3xi8>) {
  // expected-error@+1 {{'afp.pad' op operand #0 must be tensor of f32, !afp.float or !afp.exact values, but got 'tensor<2x3xi8>'}}
  %0 = afp.pad %a {high = array<i64: 0, 1>, low = array<i64: 0, 0>}
      : tensor<2x3xi8> to tensor<2x4xf32>
  return
}

// -----

func.func @pad_result_integers(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.pad' op result #0 must be tensor of f32, !afp.float or !afp.exact values, but got 'tensor<2x4xi8>'}}
  %0 = afp.pad %a {high = array<i64: 0, 1>, low = array<i64: 0, 0>}
      : tensor<2x3xf32> to tensor<2x4xi8>
  return
}

// -----

func.func @pad_no_low(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.pad' op requires attribute 'low'}}
  %0 = afp.pad %a {high = array<i64: 0, 1>}
      : tensor<2x3xf32> to tensor<2x4xf32>
  return
}

// -----

func.func @pad_no_high(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.pad' op requires attribute 'high'}}
  %0 = afp.pad %a {low = array<i64: 0, 1>}
      : tensor<2x3xf32> to tensor<2x4xf32>
  return
}

// -----

func.func @pad_value_kind(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.pad' op attribute 'value' failed to satisfy constraint: 32-bit signless integer attribute or 32-bit float attribute}}
  %0 = afp.pad %a {high = array<i64: 0, 1>, low = array<i64: 0, 0>, value = 1.0 : f64}
      : tensor<2x3xf32> to tensor<2x4xf32>
  return
}

// -----

func.func @pad_dynamic_size(%a: tensor<?x3xf32>) {
  // expected-error@+1 {{'afp.pad' op [T1] expected a tensor whose sizes are known and positive, found tensor<?x3xf32>}}
  %0 = afp.pad %a {high = array<i64: 0, 1>, low = array<i64: 0, 0>}
      : tensor<?x3xf32> to tensor<2x4xf32>
  return
}

// -----

func.func @pad_element(%a: tensor<2x3x!afp.float<ue0m8, exp = -8>>) {
  // expected-error@+1 {{'afp.pad' op [T4] expected a result of the operand's element type, found !afp.float<e2m2, exp = -7> from !afp.float<ue0m8, exp = -8>}}
  %0 = afp.pad %a {high = array<i64: 0, 1>, low = array<i64: 0, 0>}
      : tensor<2x3x!afp.float<ue0m8, exp = -8>> to tensor<2x4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

// M5: widths and the value.
func.func @pad_low_count(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.pad' op [M5] expected 2 widths of at least 0 in 'low' and 'high', found [0] and [0, 1]}}
  %0 = afp.pad %a {high = array<i64: 0, 1>, low = array<i64: 0>}
      : tensor<2x3xf32> to tensor<2x4xf32>
  return
}

// -----

func.func @pad_high_count(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.pad' op [M5] expected 2 widths of at least 0 in 'low' and 'high', found [0, 0] and []}}
  %0 = afp.pad %a {high = array<i64>, low = array<i64: 0, 0>}
      : tensor<2x3xf32> to tensor<2x4xf32>
  return
}

// -----

func.func @pad_negative(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.pad' op [M5] expected 2 widths of at least 0 in 'low' and 'high', found [0, 0] and [0, -1]}}
  %0 = afp.pad %a {high = array<i64: 0, -1>, low = array<i64: 0, 0>}
      : tensor<2x3xf32> to tensor<2x2xf32>
  return
}

// -----

func.func @pad_huge(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.pad' op [M5] expected a result of shape 9223372036854775807x3, found 2x3}}
  %0 = afp.pad %a {high = array<i64: 9223372036854775807, 0>, low = array<i64: 9223372036854775807, 0>}
      : tensor<2x3xf32> to tensor<2x3xf32>
  return
}

// -----

func.func @pad_result(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.pad' op [M5] expected a result of shape 2x4, found 4x2}}
  %0 = afp.pad %a {high = array<i64: 0, 1>, low = array<i64: 0, 0>}
      : tensor<2x3xf32> to tensor<4x2xf32>
  return
}

// -----

func.func @pad_real_with_code(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.pad' op [M5] expected a canonical code as i32 for codes, a finite f32 for real numbers, nothing for exact values, found 3 : i32}}
  %0 = afp.pad %a {high = array<i64: 0, 1>, low = array<i64: 0, 0>, value = 3 : i32}
      : tensor<2x3xf32> to tensor<2x4xf32>
  return
}

// -----

func.func @pad_codes_with_real(%a: tensor<2x3x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.pad' op [M5] expected a canonical code as i32 for codes, a finite f32 for real numbers, nothing for exact values, found 0.000000e+00 : f32}}
  %0 = afp.pad %a {high = array<i64: 0, 1>, low = array<i64: 0, 0>, value = 0.0 : f32}
      : tensor<2x3x!afp.float<e2m2, exp = -7>> to tensor<2x4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @pad_infinite(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.pad' op [M5] expected a canonical code as i32 for codes, a finite f32 for real numbers, nothing for exact values, found 0x7F800000 : f32}}
  %0 = afp.pad %a {high = array<i64: 0, 1>, low = array<i64: 0, 0>, value = 0x7F800000 : f32}
      : tensor<2x3xf32> to tensor<2x4xf32>
  return
}

// -----

func.func @pad_nan(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.pad' op [M5] expected a canonical code as i32 for codes, a finite f32 for real numbers, nothing for exact values, found 0x7FC00000 : f32}}
  %0 = afp.pad %a {high = array<i64: 0, 1>, low = array<i64: 0, 0>, value = 0x7FC00000 : f32}
      : tensor<2x3xf32> to tensor<2x4xf32>
  return
}

// -----

func.func @pad_negative_zero(%a: tensor<2x3x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.pad' op [M5] expected a canonical code as i32 for codes, a finite f32 for real numbers, nothing for exact values, found 16 : i32}}
  %0 = afp.pad %a {high = array<i64: 0, 1>, low = array<i64: 0, 0>, value = 16 : i32}
      : tensor<2x3x!afp.float<e2m2, exp = -7>> to tensor<2x4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @pad_code_above_width(%a: tensor<2x3x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.pad' op [M5] expected a canonical code as i32 for codes, a finite f32 for real numbers, nothing for exact values, found 32 : i32}}
  %0 = afp.pad %a {high = array<i64: 0, 1>, low = array<i64: 0, 0>, value = 32 : i32}
      : tensor<2x3x!afp.float<e2m2, exp = -7>> to tensor<2x4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @pad_code_negative(%a: tensor<2x3x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.pad' op [M5] expected a canonical code as i32 for codes, a finite f32 for real numbers, nothing for exact values, found -1 : i32}}
  %0 = afp.pad %a {high = array<i64: 0, 1>, low = array<i64: 0, 0>, value = -1 : i32}
      : tensor<2x3x!afp.float<e2m2, exp = -7>> to tensor<2x4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @pad_code_beyond_16_bits(%a: tensor<2x3x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.pad' op [M5] expected a canonical code as i32 for codes, a finite f32 for real numbers, nothing for exact values, found 65537 : i32}}
  %0 = afp.pad %a {high = array<i64: 0, 1>, low = array<i64: 0, 0>, value = 65537 : i32}
      : tensor<2x3x!afp.float<e2m2, exp = -7>> to tensor<2x4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @pad_exact_with_value(%a: tensor<2x3x!afp.exact>) {
  // expected-error@+1 {{'afp.pad' op [M5] expected a canonical code as i32 for codes, a finite f32 for real numbers, nothing for exact values, found 0 : i32}}
  %0 = afp.pad %a {high = array<i64: 0, 1>, low = array<i64: 0, 0>, value = 0 : i32}
      : tensor<2x3x!afp.exact> to tensor<2x4x!afp.exact>
  return
}
