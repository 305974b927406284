// Softmax, silu, hard_swish and grouped convolution are recognised in every spelling that is listed,
// and nothing that only looks alike.
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-raise)' | FileCheck %s

!row = tensor<2x3xf32>
!max = tensor<2x1xf32>
!map = tensor<1x2x2x4xf32>
!half = tensor<1x2x2x2xf32>
!one = tensor<1xf32>
!two = tensor<2xf32>

// CHECK-LABEL: func.func @softmax
// CHECK-NEXT: %[[Y:.*]] = afp.softmax %arg0 {axis = 1 : i64}
// CHECK-NEXT: return %[[Y]]
func.func @softmax(%x: !row) -> !row {
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %0 = tosa.reduce_max %x {axis = 1 : i32} : (!row) -> !max
  %1 = tosa.sub %x, %0 : (!row, !max) -> !row
  %2 = tosa.exp %1 : (!row) -> !row
  %3 = tosa.reduce_sum %2 {axis = 1 : i32} : (!row) -> !max
  %4 = tosa.reciprocal %3 : (!max) -> !max
  %5 = tosa.mul %2, %4, %s : (!row, !max, tensor<1xi8>) -> !row
  return %5 : !row
}

// Without the maximum it is the same function; the factors may stand in either order.
// CHECK-LABEL: func.func @softmax_without_maximum
// CHECK-NEXT: %[[Y:.*]] = afp.softmax %arg0 {axis = 0 : i64}
// CHECK-NEXT: return %[[Y]]
func.func @softmax_without_maximum(%x: !row) -> !row {
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %2 = tosa.exp %x : (!row) -> !row
  %3 = tosa.reduce_sum %2 {axis = 0 : i32} : (!row) -> tensor<1x3xf32>
  %4 = tosa.reciprocal %3 : (tensor<1x3xf32>) -> tensor<1x3xf32>
  %5 = tosa.mul %4, %2, %s : (tensor<1x3xf32>, !row, tensor<1xi8>) -> !row
  return %5 : !row
}

// A maximum over another dimension, or of another value, is no part of it: the difference stays.
// CHECK-LABEL: func.func @softmax_of_another_maximum
// CHECK: %[[M:.*]] = tosa.reduce_max %arg0 {axis = 0 : i32}
// CHECK: %[[D:.*]] = tosa.sub %arg0, %[[M]]
// CHECK: afp.softmax %[[D]] {axis = 1 : i64}
// CHECK: %[[N:.*]] = tosa.reduce_max %arg1 {axis = 1 : i32}
// CHECK: %[[E:.*]] = tosa.sub %arg0, %[[N]]
// CHECK: afp.softmax %[[E]] {axis = 1 : i64}
func.func @softmax_of_another_maximum(%x: !row, %y: !row) -> (!row, !row) {
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %0 = tosa.reduce_max %x {axis = 0 : i32} : (!row) -> tensor<1x3xf32>
  %1 = tosa.sub %x, %0 : (!row, tensor<1x3xf32>) -> !row
  %2 = tosa.exp %1 : (!row) -> !row
  %3 = tosa.reduce_sum %2 {axis = 1 : i32} : (!row) -> !max
  %4 = tosa.reciprocal %3 : (!max) -> !max
  %5 = tosa.mul %2, %4, %s : (!row, !max, tensor<1xi8>) -> !row
  %6 = tosa.reduce_max %y {axis = 1 : i32} : (!row) -> !max
  %7 = tosa.sub %x, %6 : (!row, !max) -> !row
  %8 = tosa.exp %7 : (!row) -> !row
  %9 = tosa.reduce_sum %8 {axis = 1 : i32} : (!row) -> !max
  %10 = tosa.reciprocal %9 : (!max) -> !max
  %11 = tosa.mul %8, %10, %s : (!row, !max, tensor<1xi8>) -> !row
  return %5, %11 : !row, !row
}

// The sum of another exponential, a function other than the exponential, no reciprocal.
// CHECK-LABEL: func.func @no_softmax
// CHECK-NOT: afp.softmax
func.func @no_softmax(%x: !row, %y: !row) -> (!row, !row, !row) {
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %0 = tosa.exp %x : (!row) -> !row
  %1 = tosa.exp %y : (!row) -> !row
  %2 = tosa.reduce_sum %1 {axis = 1 : i32} : (!row) -> !max
  %3 = tosa.reciprocal %2 : (!max) -> !max
  %4 = tosa.mul %0, %3, %s : (!row, !max, tensor<1xi8>) -> !row
  %5 = tosa.sigmoid %x : (!row) -> !row
  %6 = tosa.reduce_sum %5 {axis = 1 : i32} : (!row) -> !max
  %7 = tosa.reciprocal %6 : (!max) -> !max
  %8 = tosa.mul %5, %7, %s : (!row, !max, tensor<1xi8>) -> !row
  %9 = tosa.mul %1, %2, %s : (!row, !max, tensor<1xi8>) -> !row
  return %4, %8, %9 : !row, !row, !row
}

// CHECK-LABEL: func.func @silu
// CHECK: %[[A:.*]] = afp.table %arg0 {function = "silu"}
// CHECK: %[[B:.*]] = afp.table %arg1 {function = "silu"}
// CHECK: return %[[A]], %[[B]]
func.func @silu(%x: !row, %y: !row) -> (!row, !row) {
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %0 = tosa.sigmoid %x : (!row) -> !row
  %1 = tosa.mul %x, %0, %s : (!row, !row, tensor<1xi8>) -> !row
  %2 = tosa.sigmoid %y : (!row) -> !row
  %3 = tosa.mul %2, %y, %s : (!row, !row, tensor<1xi8>) -> !row
  return %1, %3 : !row, !row
}

// A gate of another value; a value that is repeated.
// CHECK-LABEL: func.func @no_silu
// CHECK-NOT: afp.table
func.func @no_silu(%x: !row, %y: !row) -> (!row, !row) {
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %0 = tosa.sigmoid %y : (!row) -> !row
  %1 = tosa.mul %x, %0, %s : (!row, !row, tensor<1xi8>) -> !row
  %2 = tosa.tanh %x : (!row) -> !row
  %3 = tosa.mul %x, %2, %s : (!row, !row, tensor<1xi8>) -> !row
  return %1, %3 : !row, !row
}

// (x * clamp(x + 3)) * 1/6, with every pair of operands in the other order.
// CHECK-LABEL: func.func @hard_swish_product_first
// CHECK: %[[A:.*]] = afp.table %arg0 {function = "hard_swish"}
// CHECK: %[[B:.*]] = afp.table %arg1 {function = "hard_swish"}
// CHECK-NEXT: return %[[A]], %[[B]]
func.func @hard_swish_product_first(%x: !row, %y: !row) -> (!row, !row) {
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %three = "tosa.const"() <{values = dense<3.0> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %sixth = "tosa.const"() <{values = dense<0.166666672> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %0 = tosa.add %x, %three : (!row, tensor<1x1xf32>) -> !row
  %1 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 6.0 : f32} : (!row) -> !row
  %2 = tosa.mul %x, %1, %s : (!row, !row, tensor<1xi8>) -> !row
  %3 = tosa.mul %2, %sixth, %s : (!row, tensor<1x1xf32>, tensor<1xi8>) -> !row
  %4 = tosa.add %three, %y : (tensor<1x1xf32>, !row) -> !row
  %5 = tosa.clamp %4 {min_val = 0.0 : f32, max_val = 6.0 : f32} : (!row) -> !row
  %6 = tosa.mul %5, %y, %s : (!row, !row, tensor<1xi8>) -> !row
  %7 = tosa.mul %sixth, %6, %s : (tensor<1x1xf32>, !row, tensor<1xi8>) -> !row
  return %3, %7 : !row, !row
}

// x * (clamp(x + 3) * 1/6), likewise.
// CHECK-LABEL: func.func @hard_swish_gate_first
// CHECK: %[[A:.*]] = afp.table %arg0 {function = "hard_swish"}
// CHECK: %[[B:.*]] = afp.table %arg1 {function = "hard_swish"}
// CHECK-NEXT: return %[[A]], %[[B]]
func.func @hard_swish_gate_first(%x: !row, %y: !row) -> (!row, !row) {
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %three = "tosa.const"() <{values = dense<3.0> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %sixth = "tosa.const"() <{values = dense<0.166666672> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %0 = tosa.add %x, %three : (!row, tensor<1x1xf32>) -> !row
  %1 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 6.0 : f32} : (!row) -> !row
  %2 = tosa.mul %1, %sixth, %s : (!row, tensor<1x1xf32>, tensor<1xi8>) -> !row
  %3 = tosa.mul %x, %2, %s : (!row, !row, tensor<1xi8>) -> !row
  %4 = tosa.add %three, %y : (tensor<1x1xf32>, !row) -> !row
  %5 = tosa.clamp %4 {min_val = 0.0 : f32, max_val = 6.0 : f32} : (!row) -> !row
  %6 = tosa.mul %sixth, %5, %s : (tensor<1x1xf32>, !row, tensor<1xi8>) -> !row
  %7 = tosa.mul %6, %y, %s : (!row, !row, tensor<1xi8>) -> !row
  return %3, %7 : !row, !row
}

// Another factor, other limits, another summand, another value.
// CHECK-LABEL: func.func @no_hard_swish
// CHECK-NOT: afp.table
func.func @no_hard_swish(%x: !row, %y: !row) -> (!row, !row, !row, !row, !row) {
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %two = "tosa.const"() <{values = dense<2.0> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %three = "tosa.const"() <{values = dense<3.0> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %sixth = "tosa.const"() <{values = dense<0.166666672> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %fifth = "tosa.const"() <{values = dense<0.2> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %0 = tosa.add %x, %three : (!row, tensor<1x1xf32>) -> !row
  %1 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 6.0 : f32} : (!row) -> !row
  %2 = tosa.mul %x, %1, %s : (!row, !row, tensor<1xi8>) -> !row
  %3 = tosa.mul %2, %fifth, %s : (!row, tensor<1x1xf32>, tensor<1xi8>) -> !row
  %4 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 5.0 : f32} : (!row) -> !row
  %5 = tosa.mul %x, %4, %s : (!row, !row, tensor<1xi8>) -> !row
  %6 = tosa.mul %5, %sixth, %s : (!row, tensor<1x1xf32>, tensor<1xi8>) -> !row
  %7 = tosa.clamp %0 {min_val = 1.0 : f32, max_val = 6.0 : f32} : (!row) -> !row
  %8 = tosa.mul %x, %7, %s : (!row, !row, tensor<1xi8>) -> !row
  %9 = tosa.mul %8, %sixth, %s : (!row, tensor<1x1xf32>, tensor<1xi8>) -> !row
  %10 = tosa.add %x, %two : (!row, tensor<1x1xf32>) -> !row
  %11 = tosa.clamp %10 {min_val = 0.0 : f32, max_val = 6.0 : f32} : (!row) -> !row
  %12 = tosa.mul %x, %11, %s : (!row, !row, tensor<1xi8>) -> !row
  %13 = tosa.mul %12, %sixth, %s : (!row, tensor<1x1xf32>, tensor<1xi8>) -> !row
  %14 = tosa.mul %y, %1, %s : (!row, !row, tensor<1xi8>) -> !row
  %15 = tosa.mul %14, %sixth, %s : (!row, tensor<1x1xf32>, tensor<1xi8>) -> !row
  return %3, %6, %9, %13, %15 : !row, !row, !row, !row, !row
}

// The second group's bias of one element is repeated.
// CHECK-LABEL: func.func @grouped
// CHECK-DAG: %[[W:.*]] = "tosa.const"() <{values = dense<{{.*}}1.000000e+00, 2.000000e+00{{.*}}3.000000e+00, 4.000000e+00{{.*}}5.000000e+00, 5.000000e+00{{.*}}5.000000e+00, 5.000000e+00{{.*}}> : tensor<4x1x1x2xf32>}>
// CHECK-DAG: %[[B:.*]] = "tosa.const"() <{values = dense<[6.000000e+00, 7.000000e+00, 8.000000e+00, 8.000000e+00]> : tensor<4xf32>}>
// CHECK: %[[Y:.*]] = afp.conv2d %arg0, %[[W]] bias %[[B]] {groups = 2 : i64, pad = array<i64: 1, 0, 0, 0>} : {{.*}} -> tensor<1x3x2x4x!afp.exact>
// CHECK: %[[E:.*]] = afp.encode %[[Y]] : {{.*}} to tensor<1x3x2x4xf32>
// CHECK-NEXT: return %[[E]]
func.func @grouped(%x: !map) -> tensor<1x3x2x4xf32> {
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %w0 = "tosa.const"() <{values = dense<[[[[1.0, 2.0]]], [[[3.0, 4.0]]]]> : tensor<2x1x1x2xf32>}> : () -> tensor<2x1x1x2xf32>
  %w1 = "tosa.const"() <{values = dense<5.0> : tensor<2x1x1x2xf32>}> : () -> tensor<2x1x1x2xf32>
  %b0 = "tosa.const"() <{values = dense<[6.0, 7.0]> : !two}> : () -> !two
  %b1 = "tosa.const"() <{values = dense<8.0> : !one}> : () -> !one
  %s0 = tosa.const_shape {values = dense<0> : tensor<4xindex>} : () -> !tosa.shape<4>
  %s1 = tosa.const_shape {values = dense<[0, 0, 0, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %n = tosa.const_shape {values = dense<[1, 2, 2, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %0 = tosa.slice %x, %s0, %n : (!map, !tosa.shape<4>, !tosa.shape<4>) -> !half
  %1 = tosa.slice %x, %s1, %n : (!map, !tosa.shape<4>, !tosa.shape<4>) -> !half
  %2 = tosa.conv2d %0, %w0, %b0, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 1, 0, 0, 0>, stride = array<i64: 1, 1>} : (!half, tensor<2x1x1x2xf32>, !two, !one, !one) -> tensor<1x3x2x2xf32>
  %3 = tosa.conv2d %1, %w1, %b1, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 1, 0, 0, 0>, stride = array<i64: 1, 1>} : (!half, tensor<2x1x1x2xf32>, !one, !one, !one) -> tensor<1x3x2x2xf32>
  %4 = tosa.concat %2, %3 {axis = 3 : i32} : (tensor<1x3x2x2xf32>, tensor<1x3x2x2xf32>) -> tensor<1x3x2x4xf32>
  return %4 : tensor<1x3x2x4xf32>
}

// The groups in another order; the same slice twice; a convolution that is used elsewhere.
// CHECK-LABEL: func.func @not_grouped_order
// CHECK-NOT: afp.conv2d
func.func @not_grouped_order(%x: !map) -> (!map, !map, !map, !half) {
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %w = "tosa.const"() <{values = dense<5.0> : tensor<2x1x1x2xf32>}> : () -> tensor<2x1x1x2xf32>
  %s0 = tosa.const_shape {values = dense<0> : tensor<4xindex>} : () -> !tosa.shape<4>
  %s1 = tosa.const_shape {values = dense<[0, 0, 0, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %n = tosa.const_shape {values = dense<[1, 2, 2, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %0 = tosa.slice %x, %s0, %n : (!map, !tosa.shape<4>, !tosa.shape<4>) -> !half
  %1 = tosa.slice %x, %s1, %n : (!map, !tosa.shape<4>, !tosa.shape<4>) -> !half
  %2 = tosa.conv2d %0, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!half, tensor<2x1x1x2xf32>, !one, !one, !one) -> !half
  %3 = tosa.conv2d %1, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!half, tensor<2x1x1x2xf32>, !one, !one, !one) -> !half
  %4 = tosa.concat %3, %2 {axis = 3 : i32} : (!half, !half) -> !map
  %5 = tosa.conv2d %0, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!half, tensor<2x1x1x2xf32>, !one, !one, !one) -> !half
  %6 = tosa.conv2d %0, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!half, tensor<2x1x1x2xf32>, !one, !one, !one) -> !half
  %7 = tosa.concat %5, %6 {axis = 3 : i32} : (!half, !half) -> !map
  %8 = tosa.conv2d %0, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!half, tensor<2x1x1x2xf32>, !one, !one, !one) -> !half
  %9 = tosa.conv2d %1, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!half, tensor<2x1x1x2xf32>, !one, !one, !one) -> !half
  %10 = tosa.concat %8, %9 {axis = 3 : i32} : (!half, !half) -> !map
  return %4, %7, %10, %8 : !map, !map, !map, !half
}

// Slices of two values; slices that leave channels out; slices of rows too; no slices.
// CHECK-LABEL: func.func @not_grouped_slices
// CHECK-NOT: afp.conv2d
func.func @not_grouped_slices(%x: !map, %y: !map, %h: tensor<1x2x2x6xf32>, %t: tensor<1x3x2x4xf32>, %u: !half) -> (!map, !map, !map, !map) {
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %w = "tosa.const"() <{values = dense<5.0> : tensor<2x1x1x2xf32>}> : () -> tensor<2x1x1x2xf32>
  %s0 = tosa.const_shape {values = dense<0> : tensor<4xindex>} : () -> !tosa.shape<4>
  %s1 = tosa.const_shape {values = dense<[0, 0, 0, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %n = tosa.const_shape {values = dense<[1, 2, 2, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %0 = tosa.slice %x, %s0, %n : (!map, !tosa.shape<4>, !tosa.shape<4>) -> !half
  %1 = tosa.slice %y, %s1, %n : (!map, !tosa.shape<4>, !tosa.shape<4>) -> !half
  %2 = tosa.conv2d %0, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!half, tensor<2x1x1x2xf32>, !one, !one, !one) -> !half
  %3 = tosa.conv2d %1, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!half, tensor<2x1x1x2xf32>, !one, !one, !one) -> !half
  %4 = tosa.concat %2, %3 {axis = 3 : i32} : (!half, !half) -> !map
  %5 = tosa.slice %h, %s0, %n : (tensor<1x2x2x6xf32>, !tosa.shape<4>, !tosa.shape<4>) -> !half
  %6 = tosa.slice %h, %s1, %n : (tensor<1x2x2x6xf32>, !tosa.shape<4>, !tosa.shape<4>) -> !half
  %7 = tosa.conv2d %5, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!half, tensor<2x1x1x2xf32>, !one, !one, !one) -> !half
  %8 = tosa.conv2d %6, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!half, tensor<2x1x1x2xf32>, !one, !one, !one) -> !half
  %9 = tosa.concat %7, %8 {axis = 3 : i32} : (!half, !half) -> !map
  %10 = tosa.slice %t, %s0, %n : (tensor<1x3x2x4xf32>, !tosa.shape<4>, !tosa.shape<4>) -> !half
  %11 = tosa.slice %t, %s1, %n : (tensor<1x3x2x4xf32>, !tosa.shape<4>, !tosa.shape<4>) -> !half
  %12 = tosa.conv2d %10, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!half, tensor<2x1x1x2xf32>, !one, !one, !one) -> !half
  %13 = tosa.conv2d %11, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!half, tensor<2x1x1x2xf32>, !one, !one, !one) -> !half
  %14 = tosa.concat %12, %13 {axis = 3 : i32} : (!half, !half) -> !map
  %15 = tosa.conv2d %u, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!half, tensor<2x1x1x2xf32>, !one, !one, !one) -> !half
  %16 = tosa.conv2d %u, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!half, tensor<2x1x1x2xf32>, !one, !one, !one) -> !half
  %17 = tosa.concat %15, %16 {axis = 3 : i32} : (!half, !half) -> !map
  return %4, %9, %14, %17 : !map, !map, !map, !map
}

// Another geometry; other kernels; a concat of rows; computed weights.
// CHECK-LABEL: func.func @not_grouped_geometry
// CHECK-NOT: afp.conv2d
func.func @not_grouped_geometry(%x: !map, %v: tensor<2x1x1x2xf32>) -> (tensor<1x3x2x4xf32>, tensor<1x2x2x3xf32>, tensor<1x4x2x2xf32>, !map) {
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %w = "tosa.const"() <{values = dense<5.0> : tensor<2x1x1x2xf32>}> : () -> tensor<2x1x1x2xf32>
  %w1 = "tosa.const"() <{values = dense<5.0> : tensor<1x1x1x2xf32>}> : () -> tensor<1x1x1x2xf32>
  %s0 = tosa.const_shape {values = dense<0> : tensor<4xindex>} : () -> !tosa.shape<4>
  %s1 = tosa.const_shape {values = dense<[0, 0, 0, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %n = tosa.const_shape {values = dense<[1, 2, 2, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %0 = tosa.slice %x, %s0, %n : (!map, !tosa.shape<4>, !tosa.shape<4>) -> !half
  %1 = tosa.slice %x, %s1, %n : (!map, !tosa.shape<4>, !tosa.shape<4>) -> !half
  %2 = tosa.conv2d %0, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 1, 0, 0, 0>, stride = array<i64: 1, 1>} : (!half, tensor<2x1x1x2xf32>, !one, !one, !one) -> tensor<1x3x2x2xf32>
  %3 = tosa.conv2d %1, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 1, 0, 0>, stride = array<i64: 1, 1>} : (!half, tensor<2x1x1x2xf32>, !one, !one, !one) -> tensor<1x3x2x2xf32>
  %4 = tosa.concat %2, %3 {axis = 3 : i32} : (tensor<1x3x2x2xf32>, tensor<1x3x2x2xf32>) -> tensor<1x3x2x4xf32>
  %5 = tosa.conv2d %0, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!half, tensor<2x1x1x2xf32>, !one, !one, !one) -> !half
  %6 = tosa.conv2d %1, %w1, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!half, tensor<1x1x1x2xf32>, !one, !one, !one) -> tensor<1x2x2x1xf32>
  %7 = tosa.concat %5, %6 {axis = 3 : i32} : (!half, tensor<1x2x2x1xf32>) -> tensor<1x2x2x3xf32>
  %8 = tosa.conv2d %0, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!half, tensor<2x1x1x2xf32>, !one, !one, !one) -> !half
  %9 = tosa.conv2d %1, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!half, tensor<2x1x1x2xf32>, !one, !one, !one) -> !half
  %10 = tosa.concat %8, %9 {axis = 1 : i32} : (!half, !half) -> tensor<1x4x2x2xf32>
  %11 = tosa.conv2d %0, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!half, tensor<2x1x1x2xf32>, !one, !one, !one) -> !half
  %12 = tosa.conv2d %1, %v, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!half, tensor<2x1x1x2xf32>, !one, !one, !one) -> !half
  %13 = tosa.concat %11, %12 {axis = 3 : i32} : (!half, !half) -> !map
  return %4, %7, %10, %13 : tensor<1x3x2x4xf32>, tensor<1x2x2x3xf32>, tensor<1x4x2x2xf32>, !map
}
