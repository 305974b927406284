// Foldings (ir/src/dialect/fold.rs): each where it applies, and next to it where it must not.

// RUN: afp-opt %s --canonicalize | FileCheck %s

!x = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m2, exp = -7>
!d = !afp.float<ue0m8, exp = ?[-12, 3]>

//===----------------------------------------------------------------------===//
// quantize(dequantize(x))
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @quantize_of_dequantize(
// CHECK-SAME: %[[X:.*]]: tensor<2x3x!afp.float<e2m2, exp = -7>>
// CHECK-NEXT: return %[[X]]
func.func @quantize_of_dequantize(%x: tensor<2x3x!w>) -> tensor<2x3x!w> {
  %0 = afp.dequantize %x : tensor<2x3x!w> to tensor<2x3xf32>
  %1 = afp.quantize %0 : tensor<2x3xf32> to tensor<2x3x!w>
  return %1 : tensor<2x3x!w>
}

// The values are representable, so the rounding never shows.
// CHECK-LABEL: func.func @quantize_in_another_mode(
// CHECK-SAME: %[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @quantize_in_another_mode(%x: tensor<2x3x!w>) -> tensor<2x3x!w> {
  %0 = afp.dequantize %x : tensor<2x3x!w> to tensor<2x3xf32>
  %1 = afp.quantize %0 {round = "half_even"} : tensor<2x3xf32> to tensor<2x3x!w>
  return %1 : tensor<2x3x!w>
}

// CHECK-LABEL: func.func @quantize_with_the_same_channel_exp(
// CHECK-SAME: %[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @quantize_with_the_same_channel_exp(%x: tensor<2x3x!w>) -> tensor<2x3x!w> {
  %0 = afp.dequantize %x {axis = 1 : i64, channel_exp = array<i32: 0, -3, 5>} : tensor<2x3x!w> to tensor<2x3xf32>
  %1 = afp.quantize %0 {axis = 1 : i64, channel_exp = array<i32: 0, -3, 5>} : tensor<2x3xf32> to tensor<2x3x!w>
  return %1 : tensor<2x3x!w>
}

// CHECK-LABEL: func.func @quantize_to_another_type
// CHECK: afp.dequantize
// CHECK: afp.quantize
func.func @quantize_to_another_type(%x: tensor<2x3x!w>) -> tensor<2x3x!x> {
  %0 = afp.dequantize %x : tensor<2x3x!w> to tensor<2x3xf32>
  %1 = afp.quantize %0 : tensor<2x3xf32> to tensor<2x3x!x>
  return %1 : tensor<2x3x!x>
}

// CHECK-LABEL: func.func @quantize_to_another_scale
// CHECK: afp.dequantize
// CHECK: afp.quantize
func.func @quantize_to_another_scale(%x: tensor<2x3x!w>) -> tensor<2x3x!afp.float<e2m2, exp = -8>> {
  %0 = afp.dequantize %x : tensor<2x3x!w> to tensor<2x3xf32>
  %1 = afp.quantize %0 : tensor<2x3xf32> to tensor<2x3x!afp.float<e2m2, exp = -8>>
  return %1 : tensor<2x3x!afp.float<e2m2, exp = -8>>
}

// CHECK-LABEL: func.func @quantize_with_another_channel_exp
// CHECK: afp.dequantize
// CHECK: afp.quantize
func.func @quantize_with_another_channel_exp(%x: tensor<2x2x!w>) -> tensor<2x2x!w> {
  %0 = afp.dequantize %x {channel_exp = array<i32: 0, 1>} : tensor<2x2x!w> to tensor<2x2xf32>
  %1 = afp.quantize %0 {channel_exp = array<i32: 0, 2>} : tensor<2x2xf32> to tensor<2x2x!w>
  return %1 : tensor<2x2x!w>
}

// CHECK-LABEL: func.func @quantize_without_the_channel_exp
// CHECK: afp.dequantize
// CHECK: afp.quantize
func.func @quantize_without_the_channel_exp(%x: tensor<2x2x!w>) -> tensor<2x2x!w> {
  %0 = afp.dequantize %x {channel_exp = array<i32: 1>} : tensor<2x2x!w> to tensor<2x2xf32>
  %1 = afp.quantize %0 : tensor<2x2xf32> to tensor<2x2x!w>
  return %1 : tensor<2x2x!w>
}

// CHECK-LABEL: func.func @quantize_over_another_axis
// CHECK: afp.dequantize
// CHECK: afp.quantize
func.func @quantize_over_another_axis(%x: tensor<2x2x!w>) -> tensor<2x2x!w> {
  %0 = afp.dequantize %x {axis = 0 : i64, channel_exp = array<i32: 0, 1>} : tensor<2x2x!w> to tensor<2x2xf32>
  %1 = afp.quantize %0 {axis = 1 : i64, channel_exp = array<i32: 0, 1>} : tensor<2x2xf32> to tensor<2x2x!w>
  return %1 : tensor<2x2x!w>
}

// The largest value of e2m2 is 28 < 2^5: 28 * 2^123 < 2^128 is an f32, 28 * 2^124 is none.
// CHECK-LABEL: func.func @largest_scale_of_f32(
// CHECK-SAME: %[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @largest_scale_of_f32(%x: tensor<4x!afp.float<e2m2, exp = 123>>) -> tensor<4x!afp.float<e2m2, exp = 123>> {
  %0 = afp.dequantize %x : tensor<4x!afp.float<e2m2, exp = 123>> to tensor<4xf32>
  %1 = afp.quantize %0 : tensor<4xf32> to tensor<4x!afp.float<e2m2, exp = 123>>
  return %1 : tensor<4x!afp.float<e2m2, exp = 123>>
}

// CHECK-LABEL: func.func @beyond_the_largest_f32
// CHECK: afp.dequantize
// CHECK: afp.quantize
func.func @beyond_the_largest_f32(%x: tensor<4x!afp.float<e2m2, exp = 124>>) -> tensor<4x!afp.float<e2m2, exp = 124>> {
  %0 = afp.dequantize %x : tensor<4x!afp.float<e2m2, exp = 124>> to tensor<4xf32>
  %1 = afp.quantize %0 : tensor<4xf32> to tensor<4x!afp.float<e2m2, exp = 124>>
  return %1 : tensor<4x!afp.float<e2m2, exp = 124>>
}

// CHECK-LABEL: func.func @smallest_scale_of_f32(
// CHECK-SAME: %[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @smallest_scale_of_f32(%x: tensor<4x!afp.float<e2m2, exp = -149>>) -> tensor<4x!afp.float<e2m2, exp = -149>> {
  %0 = afp.dequantize %x : tensor<4x!afp.float<e2m2, exp = -149>> to tensor<4xf32>
  %1 = afp.quantize %0 : tensor<4xf32> to tensor<4x!afp.float<e2m2, exp = -149>>
  return %1 : tensor<4x!afp.float<e2m2, exp = -149>>
}

// CHECK-LABEL: func.func @below_the_smallest_f32
// CHECK: afp.dequantize
// CHECK: afp.quantize
func.func @below_the_smallest_f32(%x: tensor<4x!afp.float<e2m2, exp = -150>>) -> tensor<4x!afp.float<e2m2, exp = -150>> {
  %0 = afp.dequantize %x : tensor<4x!afp.float<e2m2, exp = -150>> to tensor<4xf32>
  %1 = afp.quantize %0 : tensor<4xf32> to tensor<4x!afp.float<e2m2, exp = -150>>
  return %1 : tensor<4x!afp.float<e2m2, exp = -150>>
}

// One channel is beyond the range of f32, by its exponent alone.
// CHECK-LABEL: func.func @one_channel_beyond_f32
// CHECK: afp.dequantize
// CHECK: afp.quantize
// CHECK: afp.dequantize
// CHECK: afp.quantize
func.func @one_channel_beyond_f32(%x: tensor<2x!w>) -> (tensor<2x!w>, tensor<2x!w>) {
  %0 = afp.dequantize %x {channel_exp = array<i32: 0, 131>} : tensor<2x!w> to tensor<2xf32>
  %1 = afp.quantize %0 {channel_exp = array<i32: 0, 131>} : tensor<2xf32> to tensor<2x!w>
  %2 = afp.dequantize %x {channel_exp = array<i32: -4096, 0>} : tensor<2x!w> to tensor<2xf32>
  %3 = afp.quantize %2 {channel_exp = array<i32: -4096, 0>} : tensor<2xf32> to tensor<2x!w>
  return %1, %3 : tensor<2x!w>, tensor<2x!w>
}

// Two values of one dynamic type may carry different run-time exponents.
// CHECK-LABEL: func.func @dynamic_scale(
// CHECK: afp.dequantize
// CHECK: afp.quantize
func.func @dynamic_scale(%x: tensor<4x!d>) -> tensor<4x!d> {
  %0 = afp.dequantize %x : tensor<4x!d> to tensor<4xf32>
  %1 = afp.quantize %0 : tensor<4xf32> to tensor<4x!d>
  return %1 : tensor<4x!d>
}

// Each end of the interval counts.
// CHECK-LABEL: func.func @dynamic_scale_beyond_f32
// CHECK: afp.dequantize
// CHECK: afp.quantize
// CHECK: afp.dequantize
// CHECK: afp.quantize
func.func @dynamic_scale_beyond_f32(%x: tensor<2x!afp.float<ue0m8, exp = ?[0, 121]>>, %y: tensor<2x!afp.float<ue0m8, exp = ?[-150, 0]>>)
    -> (tensor<2x!afp.float<ue0m8, exp = ?[0, 121]>>, tensor<2x!afp.float<ue0m8, exp = ?[-150, 0]>>) {
  %0 = afp.dequantize %x : tensor<2x!afp.float<ue0m8, exp = ?[0, 121]>> to tensor<2xf32>
  %1 = afp.quantize %0 : tensor<2xf32> to tensor<2x!afp.float<ue0m8, exp = ?[0, 121]>>
  %2 = afp.dequantize %y : tensor<2x!afp.float<ue0m8, exp = ?[-150, 0]>> to tensor<2xf32>
  %3 = afp.quantize %2 : tensor<2xf32> to tensor<2x!afp.float<ue0m8, exp = ?[-150, 0]>>
  return %1, %3 : tensor<2x!afp.float<ue0m8, exp = ?[0, 121]>>, tensor<2x!afp.float<ue0m8, exp = ?[-150, 0]>>
}

// Rounding first and quantizing afterwards is no round trip.
// CHECK-LABEL: func.func @dequantize_of_quantize
// CHECK: afp.quantize
// CHECK: afp.dequantize
func.func @dequantize_of_quantize(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = afp.quantize %x : tensor<4xf32> to tensor<4x!w>
  %1 = afp.dequantize %0 : tensor<4x!w> to tensor<4xf32>
  return %1 : tensor<4xf32>
}

// CHECK-LABEL: func.func @quantize_to_exact_stays
// CHECK: afp.dequantize
// CHECK: afp.quantize
func.func @quantize_to_exact_stays(%x: tensor<4x!w>) -> tensor<4x!afp.exact> {
  %0 = afp.dequantize %x {channel_exp = array<i32: 0>} : tensor<4x!w> to tensor<4xf32>
  %1 = afp.quantize %0 {channel_exp = array<i32: 0>} : tensor<4xf32> to tensor<4x!afp.exact>
  return %1 : tensor<4x!afp.exact>
}

//===----------------------------------------------------------------------===//
// encode
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @encode_to_the_same_type(
// CHECK-SAME: %[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @encode_to_the_same_type(%x: tensor<4x!w>) -> tensor<4x!w> {
  %0 = afp.encode %x {round = "half_away"} : tensor<4x!w> to tensor<4x!w>
  return %0 : tensor<4x!w>
}

// CHECK-LABEL: func.func @encode_with_divisors_of_one(
// CHECK-SAME: %[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @encode_with_divisors_of_one(%x: tensor<1x1x2x4x!w>) -> tensor<1x1x2x4x!w> {
  %0 = afp.encode %x {divisor = array<i64: 1>} : tensor<1x1x2x4x!w> to tensor<1x1x2x4x!w>
  %1 = afp.encode %0 {divisor = array<i64: 1, 1>} : tensor<1x1x2x4x!w> to tensor<1x1x2x4x!w>
  return %1 : tensor<1x1x2x4x!w>
}

// CHECK-LABEL: func.func @encode_to_another_type
// CHECK: afp.encode
// CHECK: afp.encode
func.func @encode_to_another_type(%x: tensor<4x!w>) -> (tensor<4x!afp.float<e2m2, exp = -6>>, tensor<4x!x>) {
  %0 = afp.encode %x : tensor<4x!w> to tensor<4x!afp.float<e2m2, exp = -6>>
  %1 = afp.encode %x : tensor<4x!w> to tensor<4x!x>
  return %0, %1 : tensor<4x!afp.float<e2m2, exp = -6>>, tensor<4x!x>
}

// Two encodes round twice: they are not one.
// CHECK-LABEL: func.func @encode_and_back
// CHECK: afp.encode
// CHECK: afp.encode
func.func @encode_and_back(%x: tensor<4x!w>) -> tensor<4x!w> {
  %0 = afp.encode %x : tensor<4x!w> to tensor<4x!x>
  %1 = afp.encode %0 : tensor<4x!x> to tensor<4x!w>
  return %1 : tensor<4x!w>
}

// CHECK-LABEL: func.func @encode_with_limits
// CHECK: afp.encode %{{.*}} {lo =
// CHECK: afp.encode %{{.*}} {hi =
func.func @encode_with_limits(%x: tensor<4x!w>) -> (tensor<4x!w>, tensor<4x!w>) {
  %0 = afp.encode %x {lo = array<i32: 0>} : tensor<4x!w> to tensor<4x!w>
  %1 = afp.encode %x {hi = array<i32: 3>} : tensor<4x!w> to tensor<4x!w>
  return %0, %1 : tensor<4x!w>, tensor<4x!w>
}

// CHECK-LABEL: func.func @encode_with_a_divisor
// CHECK: afp.encode %{{.*}} {divisor = array<i64: 2>}
// CHECK: afp.encode %{{.*}} {divisor = array<i64: 1, 2>}
func.func @encode_with_a_divisor(%x: tensor<1x1x2x4x!w>) -> (tensor<1x1x2x4x!w>, tensor<1x1x2x4x!w>) {
  %0 = afp.encode %x {divisor = array<i64: 2>} : tensor<1x1x2x4x!w> to tensor<1x1x2x4x!w>
  %1 = afp.encode %x {divisor = array<i64: 1, 2>} : tensor<1x1x2x4x!w> to tensor<1x1x2x4x!w>
  return %0, %1 : tensor<1x1x2x4x!w>, tensor<1x1x2x4x!w>
}

// An encode of real numbers marks a rounding that is still to come.
// CHECK-LABEL: func.func @encode_of_real_numbers
// CHECK: afp.encode
func.func @encode_of_real_numbers(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = afp.encode %x : tensor<4xf32> to tensor<4xf32>
  return %0 : tensor<4xf32>
}

//===----------------------------------------------------------------------===//
// Movement
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @concat_of_one(
// CHECK-SAME: %[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @concat_of_one(%x: tensor<2x3x!w>) -> tensor<2x3x!w> {
  %0 = afp.concat %x {axis = 1 : i64} : (tensor<2x3x!w>) -> tensor<2x3x!w>
  return %0 : tensor<2x3x!w>
}

// CHECK-LABEL: func.func @concat_of_two
// CHECK: afp.concat
func.func @concat_of_two(%x: tensor<2x3x!w>) -> tensor<2x6x!w> {
  %0 = afp.concat %x, %x {axis = 1 : i64} : (tensor<2x3x!w>, tensor<2x3x!w>) -> tensor<2x6x!w>
  return %0 : tensor<2x6x!w>
}

// CHECK-LABEL: func.func @reshape_to_the_same_shape(
// CHECK-SAME: %[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @reshape_to_the_same_shape(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = afp.reshape %x : tensor<2x3xf32> to tensor<2x3xf32>
  return %0 : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @reshape_and_back(
// CHECK-SAME: %[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @reshape_and_back(%x: tensor<2x3x!afp.exact>) -> tensor<2x3x!afp.exact> {
  %0 = afp.reshape %x : tensor<2x3x!afp.exact> to tensor<6x!afp.exact>
  %1 = afp.reshape %0 : tensor<6x!afp.exact> to tensor<2x3x!afp.exact>
  return %1 : tensor<2x3x!afp.exact>
}

// The shapes are permutations of each other, the elements are not.
// CHECK-LABEL: func.func @reshape_is_no_transpose(
// CHECK-SAME: %[[X:.*]]: tensor
// CHECK-NEXT: %[[RESHAPED:.*]] = afp.reshape %[[X]]
// CHECK-NEXT: %[[TRANSPOSED:.*]] = afp.transpose %[[X]]
// CHECK-NEXT: return %[[RESHAPED]], %[[TRANSPOSED]]
func.func @reshape_is_no_transpose(%x: tensor<2x3x!w>) -> (tensor<3x2x!w>, tensor<3x2x!w>) {
  %0 = afp.reshape %x : tensor<2x3x!w> to tensor<3x2x!w>
  %1 = afp.transpose %x {perm = array<i64: 1, 0>} : tensor<2x3x!w> to tensor<3x2x!w>
  %2 = afp.reshape %1 : tensor<3x2x!w> to tensor<2x3x!w>
  %3 = afp.reshape %2 : tensor<2x3x!w> to tensor<3x2x!w>
  return %0, %3 : tensor<3x2x!w>, tensor<3x2x!w>
}

// CHECK-LABEL: func.func @transpose_by_the_identity(
// CHECK-SAME: %[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @transpose_by_the_identity(%x: tensor<2x3x!w>) -> tensor<2x3x!w> {
  %0 = afp.transpose %x {perm = array<i64: 0, 1>} : tensor<2x3x!w> to tensor<2x3x!w>
  return %0 : tensor<2x3x!w>
}

// CHECK-LABEL: func.func @transpose_and_back(
// CHECK-SAME: %[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @transpose_and_back(%x: tensor<1x2x3x4x!w>) -> tensor<1x2x3x4x!w> {
  %0 = afp.transpose %x {perm = array<i64: 0, 3, 1, 2>} : tensor<1x2x3x4x!w> to tensor<1x4x2x3x!w>
  %1 = afp.transpose %0 {perm = array<i64: 0, 2, 3, 1>} : tensor<1x4x2x3x!w> to tensor<1x2x3x4x!w>
  return %1 : tensor<1x2x3x4x!w>
}

// All sizes are equal: types say nothing, only the permutations do. A cycle of three is no inverse of
// itself; two of them are one transpose.
// CHECK-LABEL: func.func @transposes_that_do_not_cancel
// CHECK: afp.transpose %arg0 {perm = array<i64: 2, 0, 1>}
// CHECK-NOT: afp.transpose
func.func @transposes_that_do_not_cancel(%x: tensor<2x2x2x!w>) -> tensor<2x2x2x!w> {
  %0 = afp.transpose %x {perm = array<i64: 1, 2, 0>} : tensor<2x2x2x!w> to tensor<2x2x2x!w>
  %1 = afp.transpose %0 {perm = array<i64: 1, 2, 0>} : tensor<2x2x2x!w> to tensor<2x2x2x!w>
  return %1 : tensor<2x2x2x!w>
}

// CHECK-LABEL: func.func @transpose_of_equal_sizes
// CHECK: afp.transpose
func.func @transpose_of_equal_sizes(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %0 = afp.transpose %x {perm = array<i64: 1, 0>} : tensor<2x2xf32> to tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// CHECK-LABEL: func.func @slice_of_everything(
// CHECK-SAME: %[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @slice_of_everything(%x: tensor<2x1x!w>) -> tensor<2x1x!w> {
  %0 = afp.slice %x {start = array<i64: 0, 0>} : tensor<2x1x!w> to tensor<2x1x!w>
  %1 = afp.slice %0 {start = array<i64: 0, 0>, stride = array<i64: 1, 7>} : tensor<2x1x!w> to tensor<2x1x!w>
  return %1 : tensor<2x1x!w>
}

// CHECK-LABEL: func.func @slice_of_a_part
// CHECK: afp.slice
func.func @slice_of_a_part(%x: tensor<2x3x!w>) -> tensor<1x3x!w> {
  %0 = afp.slice %x {start = array<i64: 1, 0>} : tensor<2x3x!w> to tensor<1x3x!w>
  return %0 : tensor<1x3x!w>
}

// CHECK-LABEL: func.func @pad_by_nothing(
// CHECK-SAME: %[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @pad_by_nothing(%x: tensor<2x3x!w>) -> tensor<2x3x!w> {
  %0 = afp.pad %x {high = array<i64: 0, 0>, low = array<i64: 0, 0>, value = 3 : i32} : tensor<2x3x!w> to tensor<2x3x!w>
  return %0 : tensor<2x3x!w>
}

// CHECK-LABEL: func.func @pad_by_something
// CHECK: afp.pad
func.func @pad_by_something(%x: tensor<2x3x!w>) -> tensor<2x4x!w> {
  %0 = afp.pad %x {high = array<i64: 0, 0>, low = array<i64: 0, 1>} : tensor<2x3x!w> to tensor<2x4x!w>
  return %0 : tensor<2x4x!w>
}

// CHECK-LABEL: func.func @max_pool_of_one_element(
// CHECK-SAME: %[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @max_pool_of_one_element(%x: tensor<1x4x4x2x!w>) -> tensor<1x4x4x2x!w> {
  %0 = afp.max_pool2d %x {kernel = array<i64: 1, 1>} : (tensor<1x4x4x2x!w>) -> tensor<1x4x4x2x!w>
  return %0 : tensor<1x4x4x2x!w>
}

// CHECK-LABEL: func.func @max_pool_that_works
// CHECK: afp.max_pool2d %{{.*}} {kernel = array<i64: 1, 1>, stride = array<i64: 2, 2>}
// CHECK: afp.max_pool2d %{{.*}} {kernel = array<i64: 3, 3>, pad = array<i64: 1, 1, 1, 1>}
func.func @max_pool_that_works(%x: tensor<1x4x4x2x!w>) -> (tensor<1x2x2x2x!w>, tensor<1x4x4x2x!w>) {
  %0 = afp.max_pool2d %x {kernel = array<i64: 1, 1>, stride = array<i64: 2, 2>} : (tensor<1x4x4x2x!w>) -> tensor<1x2x2x2x!w>
  %1 = afp.max_pool2d %x {kernel = array<i64: 3, 3>, pad = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x2x!w>) -> tensor<1x4x4x2x!w>
  return %0, %1 : tensor<1x2x2x2x!w>, tensor<1x4x4x2x!w>
}

// Tensors that differ in their encoding have different types: nothing takes the place of the other.
// CHECK-LABEL: func.func @another_encoding
// CHECK: afp.concat
// CHECK: afp.transpose
// CHECK: afp.max_pool2d
func.func @another_encoding(%x: tensor<1x1x1x2x!w, "a">)
    -> (tensor<1x1x1x2x!w>, tensor<1x1x1x2x!w>, tensor<1x1x1x2x!w>) {
  %0 = afp.concat %x {axis = 0 : i64} : (tensor<1x1x1x2x!w, "a">) -> tensor<1x1x1x2x!w>
  %1 = afp.transpose %x {perm = array<i64: 0, 1, 2, 3>} : tensor<1x1x1x2x!w, "a"> to tensor<1x1x1x2x!w>
  %2 = afp.max_pool2d %x {kernel = array<i64: 1, 1>} : (tensor<1x1x1x2x!w, "a">) -> tensor<1x1x1x2x!w>
  return %0, %1, %2 : tensor<1x1x1x2x!w>, tensor<1x1x1x2x!w>, tensor<1x1x1x2x!w>
}

//===----------------------------------------------------------------------===//
// Operators are pure
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @unused
// CHECK-NEXT: return
func.func @unused(%x: tensor<4xf32>) {
  %0 = afp.quantize %x : tensor<4xf32> to tensor<4x!w>
  %1 = afp.table %0 {function = "exp"} : tensor<4x!w> to tensor<4x!x>
  %2 = afp.add %0, %1 : (tensor<4x!w>, tensor<4x!x>) -> tensor<4x!afp.exact>
  %3 = afp.constant dense<1> : tensor<4xi8> : tensor<4x!w>
  return
}
