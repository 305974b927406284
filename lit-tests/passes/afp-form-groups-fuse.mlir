// What joins a group, and what does not.
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-form-groups)' | FileCheck %s

!map = tensor<1x4x4x2xf32>
!row = tensor<3x2xf32>
!w11 = tensor<2x1x1x2xf32>
!one = tensor<1xf32>
!mat = tensor<1x3x2xf32>

// A clamp behind a convolution limits its encode; a clamp behind that is limited by it.
// CHECK-LABEL: func.func @clamp_joins
// CHECK: %[[Y:.*]] = afp.conv2d
// CHECK-NEXT: afp.encode %[[Y]] {afp.name = "relu6", hi = array<f32: 6.000000e+00>, lo = array<f32: 0.000000e+00>}
// CHECK-NEXT: return
func.func @clamp_joins(%x: !map) -> !map {
  %w = "tosa.const"() <{values = dense<3.0> : !w11}> : () -> !w11
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %0 = tosa.conv2d %x, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, !w11, !one, !one, !one) -> !map
  %1 = tosa.clamp %0 {min_val = -1.0 : f32, max_val = 10.0 : f32} : (!map) -> !map
  %2 = tosa.clamp %1 {min_val = 0.0 : f32, max_val = 6.0 : f32} : (!map) -> !map loc("relu6")
  return %2 : !map
}

// Limits outside the new ones become the nearer of them; a limit that is missing on one side is the
// other's.
// CHECK-LABEL: func.func @clamp_of_clamp
// CHECK: afp.encode %arg0 {afp.name = "input", hi = array<f32: 1.000000e+00>, lo = array<f32: 1.000000e+00>}
// CHECK: afp.encode %arg1 {afp.name = "input_1", hi = array<f32: 4.000000e+00>, lo = array<f32: 0.000000e+00>}
// CHECK-NOT: afp.encode
func.func @clamp_of_clamp(%x: !map, %y: !map) -> (!map, !map) {
  %0 = tosa.clamp %x {min_val = 2.0 : f32, max_val = 3.0 : f32} : (!map) -> !map
  %1 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 1.0 : f32} : (!map) -> !map
  %2 = tosa.clamp %y {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!map) -> !map
  %3 = tosa.clamp %2 {min_val = -3.40282347E+38 : f32, max_val = 4.0 : f32} : (!map) -> !map
  return %1, %3 : !map, !map
}

// The way of rounding stays.
// CHECK-LABEL: func.func @clamp_keeps_rounding
// CHECK: afp.encode %arg0 {{{.*}}lo = array<f32: 0.000000e+00>, round = "half_even"}
// CHECK-NEXT: return
func.func @clamp_keeps_rounding(%x: tensor<1x4x4x2x!afp.exact>) -> !map {
  %0 = afp.encode %x {round = "half_even"} : tensor<1x4x4x2x!afp.exact> to !map
  %1 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!map) -> !map
  return %1 : !map
}

// A value that is needed without the clamp too keeps its own encode; so do limits per channel.
// CHECK-LABEL: func.func @clamp_stays
// CHECK: %[[A:.*]] = afp.add
// CHECK: %[[E:.*]] = afp.encode %[[A]] {afp.name = "add"}
// CHECK: %[[C:.*]] = afp.encode %[[E]] {{{.*}}hi = array<f32: 1.000000e+00>, lo = array<f32: 0.000000e+00>}
// CHECK: %[[P:.*]] = afp.encode %arg2 {{{.*}}lo = array<f32: 0.000000e+00, 1.000000e+00>}
// CHECK: %[[Q:.*]] = afp.encode %[[P]] {{{.*}}hi = array<f32: 5.000000e+00>}
// CHECK: return %[[E]], %[[C]], %[[Q]]
func.func @clamp_stays(%x: !map, %y: !map, %z: tensor<1x4x4x2x!afp.exact>) -> (!map, !map, !map) {
  %0 = tosa.add %x, %y : (!map, !map) -> !map
  %1 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 1.0 : f32} : (!map) -> !map
  %2 = afp.encode %z {lo = array<f32: 0.0, 1.0>} : tensor<1x4x4x2x!afp.exact> to !map
  %3 = tosa.clamp %2 {min_val = -3.40282347E+38 : f32, max_val = 5.0 : f32} : (!map) -> !map
  return %0, %1, %3 : !map, !map, !map
}

// A skip connection: the convolution is added unrounded, from either side, and the clamp joins.
// CHECK-LABEL: func.func @skip
// CHECK: %[[X:.*]] = afp.encode %arg0
// CHECK: %[[Y:.*]] = afp.conv2d
// CHECK: %[[A:.*]] = afp.add %[[X]], %[[Y]] : (tensor<1x4x4x2xf32>, tensor<1x4x4x2x!afp.exact>)
// CHECK: %[[E:.*]] = afp.encode %[[A]] {{{.*}}lo = array<f32: 0.000000e+00>}
// CHECK: %[[Z:.*]] = afp.depthwise_conv2d %[[E]]
// CHECK: %[[B:.*]] = afp.add %[[Z]], %[[E]] : (tensor<1x4x4x2x!afp.exact>, tensor<1x4x4x2xf32>)
// CHECK: afp.encode %[[B]]
func.func @skip(%x: !map) -> !map {
  %w = "tosa.const"() <{values = dense<3.0> : !w11}> : () -> !w11
  %d = "tosa.const"() <{values = dense<3.0> : tensor<1x1x2x1xf32>}> : () -> tensor<1x1x2x1xf32>
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %0 = tosa.conv2d %x, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, !w11, !one, !one, !one) -> !map
  %1 = tosa.add %x, %0 : (!map, !map) -> !map
  %2 = tosa.clamp %1 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!map) -> !map
  %3 = tosa.depthwise_conv2d %2, %d, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, tensor<1x1x2x1xf32>, !one, !one, !one) -> !map
  %4 = tosa.add %3, %2 : (!map, !map) -> !map
  return %4 : !map
}

// Two convolutions: the later one in program order is not rounded, whichever operand it is.
// CHECK-LABEL: func.func @two_convolutions
// CHECK: %[[P:.*]] = afp.conv2d {{.*}} {afp.name = "first"}
// CHECK: %[[EP:.*]] = afp.encode %[[P]]
// CHECK: %[[Q:.*]] = afp.conv2d {{.*}} {afp.name = "second"}
// CHECK: %[[A:.*]] = afp.add %[[EP]], %[[Q]] : (tensor<1x4x4x2xf32>, tensor<1x4x4x2x!afp.exact>)
// CHECK: %[[E:.*]] = afp.encode %[[A]]
// CHECK: %[[R:.*]] = afp.conv2d {{.*}} {afp.name = "third"}
// CHECK: %[[ER:.*]] = afp.encode %[[R]]
// CHECK: %[[S:.*]] = afp.conv2d {{.*}} {afp.name = "fourth"}
// CHECK: %[[B:.*]] = afp.add %[[S]], %[[ER]] : (tensor<1x4x4x2x!afp.exact>, tensor<1x4x4x2xf32>)
func.func @two_convolutions(%x: !map) -> !map {
  %w = "tosa.const"() <{values = dense<3.0> : !w11}> : () -> !w11
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %0 = tosa.conv2d %x, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, !w11, !one, !one, !one) -> !map loc("first")
  %1 = tosa.conv2d %x, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, !w11, !one, !one, !one) -> !map loc("second")
  %2 = tosa.add %0, %1 : (!map, !map) -> !map
  %3 = tosa.conv2d %2, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, !w11, !one, !one, !one) -> !map loc("third")
  %4 = tosa.conv2d %2, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, !w11, !one, !one, !one) -> !map loc("fourth")
  %5 = tosa.add %4, %3 : (!map, !map) -> !map
  return %5 : !map
}

// A convolution that is read twice, one with a clamp, and a pool are rounded before the sum.
// CHECK-LABEL: func.func @rounded_before_the_sum
// CHECK: %[[P:.*]] = afp.conv2d
// CHECK: %[[EP:.*]] = afp.encode %[[P]]
// CHECK: afp.add %[[EP]], %[[EP]]
// CHECK: %[[Q:.*]] = afp.conv2d
// CHECK: %[[EQ:.*]] = afp.encode %[[Q]] {{{.*}}lo
// CHECK: afp.add %{{.*}}, %[[EQ]]
// CHECK: %[[R:.*]] = afp.sum_pool2d
// CHECK: %[[ER:.*]] = afp.encode %[[R]]
// CHECK: afp.add %[[ER]]
func.func @rounded_before_the_sum(%x: !map) -> !map {
  %w = "tosa.const"() <{values = dense<3.0> : !w11}> : () -> !w11
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %0 = tosa.conv2d %x, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, !w11, !one, !one, !one) -> !map
  %1 = tosa.add %0, %0 : (!map, !map) -> !map
  %2 = tosa.conv2d %x, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, !w11, !one, !one, !one) -> !map
  %3 = tosa.clamp %2 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!map) -> !map
  %4 = tosa.add %1, %3 : (!map, !map) -> !map
  %5 = tosa.avg_pool2d %x, %z, %z {acc_type = f32, kernel = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, !one, !one) -> !map
  %6 = tosa.add %5, %4 : (!map, !map) -> !map
  return %6 : !map
}

// CHECK-LABEL: func.func @matmul_in_sum
// CHECK: %[[P:.*]] = afp.matmul
// CHECK: afp.add %[[P]], %{{.*}} : (tensor<1x3x3x!afp.exact>, tensor<1x3x3xf32>)
func.func @matmul_in_sum(%x: !mat, %y: tensor<1x2x3xf32>, %a: tensor<1x3x3xf32>) -> tensor<1x3x3xf32> {
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %0 = tosa.matmul %x, %y, %z, %z : (!mat, tensor<1x2x3xf32>, !one, !one) -> tensor<1x3x3xf32>
  %1 = tosa.add %0, %a : (tensor<1x3x3xf32>, tensor<1x3x3xf32>) -> tensor<1x3x3xf32>
  return %1 : tensor<1x3x3xf32>
}

// Spatial zeros around the operand become the convolution's padding, on top of its own.
// CHECK-LABEL: func.func @padding_joins
// CHECK-NOT: afp.pad
// CHECK: afp.conv2d {{.*}} pad = array<i64: 1, 3, 3, 6>
// CHECK: afp.depthwise_conv2d {{.*}} pad = array<i64: 1, 2, 3, 4>
func.func @padding_joins(%x: !map) -> (tensor<1x8x13x2xf32>, tensor<1x7x11x2xf32>) {
  %w = "tosa.const"() <{values = dense<3.0> : !w11}> : () -> !w11
  %d = "tosa.const"() <{values = dense<3.0> : tensor<1x1x2x1xf32>}> : () -> tensor<1x1x2x1xf32>
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %p = tosa.const_shape {values = dense<[0, 0, 1, 2, 3, 4, 0, 0]> : tensor<8xindex>} : () -> !tosa.shape<8>
  %0 = tosa.pad %x, %p, %z : (!map, !tosa.shape<8>, !one) -> tensor<1x7x11x2xf32>
  %1 = tosa.conv2d %0, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 1, 0, 2>, stride = array<i64: 1, 1>} : (tensor<1x7x11x2xf32>, !w11, !one, !one, !one) -> tensor<1x8x13x2xf32>
  %2 = tosa.depthwise_conv2d %0, %d, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x7x11x2xf32>, tensor<1x1x2x1xf32>, !one, !one, !one) -> tensor<1x7x11x2xf32>
  return %1, %2 : tensor<1x8x13x2xf32>, tensor<1x7x11x2xf32>
}

// Not a border of another value, not padding of channels, and not in front of a pool.
// CHECK-LABEL: func.func @padding_stays
// CHECK: %[[P:.*]] = afp.pad {{.*}} value = 1.000000e+00
// CHECK: afp.conv2d %[[P]]
// CHECK: %[[C:.*]] = afp.pad
// CHECK: afp.conv2d %[[C]]
// CHECK: %[[M:.*]] = afp.pad
// CHECK: afp.max_pool2d %[[M]]
func.func @padding_stays(%x: !map, %y: tensor<1x4x4x1xf32>) -> (tensor<1x5x4x2xf32>, !map, tensor<1x5x4x2xf32>) {
  %w = "tosa.const"() <{values = dense<3.0> : !w11}> : () -> !w11
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %v = "tosa.const"() <{values = dense<1.0> : !one}> : () -> !one
  %p = tosa.const_shape {values = dense<[0, 0, 1, 0, 0, 0, 0, 0]> : tensor<8xindex>} : () -> !tosa.shape<8>
  %q = tosa.const_shape {values = dense<[0, 0, 0, 0, 0, 0, 0, 1]> : tensor<8xindex>} : () -> !tosa.shape<8>
  %0 = tosa.pad %x, %p, %v : (!map, !tosa.shape<8>, !one) -> tensor<1x5x4x2xf32>
  %1 = tosa.conv2d %0, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x5x4x2xf32>, !w11, !one, !one, !one) -> tensor<1x5x4x2xf32>
  %2 = tosa.pad %y, %q, %z : (tensor<1x4x4x1xf32>, !tosa.shape<8>, !one) -> !map
  %3 = tosa.conv2d %2, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, !w11, !one, !one, !one) -> !map
  %4 = tosa.pad %x, %p, %z : (!map, !tosa.shape<8>, !one) -> tensor<1x5x4x2xf32>
  %5 = tosa.max_pool2d %4 {kernel = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x5x4x2xf32>) -> tensor<1x5x4x2xf32>
  return %1, %3, %5 : tensor<1x5x4x2xf32>, !map, tensor<1x5x4x2xf32>
}

// tosa asks that strides divide. A slice that cuts only what no window reaches is taken away again.
// CHECK-LABEL: func.func @slice_joins
// CHECK-NOT: afp.slice
// CHECK: afp.conv2d {{.*}} : (tensor<1x5x5x2xf32>, tensor<2x2x2x2xf32>) -> tensor<1x2x2x2x!afp.exact>
// CHECK: afp.max_pool2d {{.*}} : (tensor<1x5x5x2xf32>) -> tensor<1x2x2x2xf32>
// CHECK: afp.conv2d {{.*}} pad = array<i64: 1, 0, 0, 0>{{.*}} : (tensor<1x5x6x2xf32>, tensor<2x3x2x2xf32>) -> tensor<1x2x3x2x!afp.exact>
func.func @slice_joins(%x: tensor<1x5x5x2xf32>, %y: tensor<1x5x6x2xf32>) -> (tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32>, tensor<1x2x3x2xf32>) {
  %w = "tosa.const"() <{values = dense<3.0> : tensor<2x2x2x2xf32>}> : () -> tensor<2x2x2x2xf32>
  %v = "tosa.const"() <{values = dense<3.0> : tensor<2x3x2x2xf32>}> : () -> tensor<2x3x2x2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %s = tosa.const_shape {values = dense<0> : tensor<4xindex>} : () -> !tosa.shape<4>
  %n = tosa.const_shape {values = dense<[1, 4, 4, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %m = tosa.const_shape {values = dense<[1, 4, 6, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %0 = tosa.slice %x, %s, %n : (tensor<1x5x5x2xf32>, !tosa.shape<4>, !tosa.shape<4>) -> !map
  %1 = tosa.conv2d %0, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (!map, tensor<2x2x2x2xf32>, !one, !one, !one) -> tensor<1x2x2x2xf32>
  %2 = tosa.max_pool2d %0 {kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (!map) -> tensor<1x2x2x2xf32>
  %3 = tosa.slice %y, %s, %m : (tensor<1x5x6x2xf32>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<1x4x6x2xf32>
  %4 = tosa.conv2d %3, %v, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 1, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x4x6x2xf32>, tensor<2x3x2x2xf32>, !one, !one, !one) -> tensor<1x2x3x2xf32>
  return %1, %2, %4 : tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32>, tensor<1x2x3x2xf32>
}

// Not a slice that leaves a window out, nor one whose cut is padded over, nor one from the middle, nor
// of channels, nor in front of a sum.
// CHECK-LABEL: func.func @slice_stays
// CHECK: %[[A:.*]] = afp.slice
// CHECK: afp.conv2d %[[A]]
// CHECK: %[[B:.*]] = afp.slice
// CHECK: afp.max_pool2d %[[B]]
// CHECK: %[[C:.*]] = afp.slice %{{.*}} {start = array<i64: 0, 1, 0, 0>}
// CHECK: afp.conv2d %[[C]]
// CHECK: %[[D:.*]] = afp.slice
// CHECK: afp.conv2d %[[D]]
// CHECK: %[[E:.*]] = afp.slice
// CHECK: afp.sum_pool2d %[[E]]
func.func @slice_stays(%x: tensor<1x5x5x2xf32>, %y: tensor<1x6x6x2xf32>, %u: tensor<1x4x4x3xf32>) -> (!map, tensor<1x3x3x2xf32>, tensor<1x2x2x2xf32>, !map, tensor<1x2x2x2xf32>) {
  %w = "tosa.const"() <{values = dense<3.0> : !w11}> : () -> !w11
  %w2 = "tosa.const"() <{values = dense<3.0> : tensor<2x2x2x2xf32>}> : () -> tensor<2x2x2x2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %s = tosa.const_shape {values = dense<0> : tensor<4xindex>} : () -> !tosa.shape<4>
  %s1 = tosa.const_shape {values = dense<[0, 1, 0, 0]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %n4 = tosa.const_shape {values = dense<[1, 4, 4, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %n5 = tosa.const_shape {values = dense<[1, 5, 5, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %0 = tosa.slice %x, %s, %n4 : (tensor<1x5x5x2xf32>, !tosa.shape<4>, !tosa.shape<4>) -> !map
  %1 = tosa.conv2d %0, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, !w11, !one, !one, !one) -> !map
  %2 = tosa.slice %y, %s, %n5 : (tensor<1x6x6x2xf32>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<1x5x5x2xf32>
  %3 = tosa.max_pool2d %2 {kernel = array<i64: 3, 3>, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 2, 2>} : (tensor<1x5x5x2xf32>) -> tensor<1x3x3x2xf32>
  %4 = tosa.slice %x, %s1, %n4 : (tensor<1x5x5x2xf32>, !tosa.shape<4>, !tosa.shape<4>) -> !map
  %5 = tosa.conv2d %4, %w2, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (!map, tensor<2x2x2x2xf32>, !one, !one, !one) -> tensor<1x2x2x2xf32>
  %6 = tosa.slice %u, %s, %n4 : (tensor<1x4x4x3xf32>, !tosa.shape<4>, !tosa.shape<4>) -> !map
  %7 = tosa.conv2d %6, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, !w11, !one, !one, !one) -> !map
  %8 = tosa.slice %x, %s, %n4 : (tensor<1x5x5x2xf32>, !tosa.shape<4>, !tosa.shape<4>) -> !map
  %9 = tosa.avg_pool2d %8, %z, %z {acc_type = f32, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (!map, !one, !one) -> tensor<1x2x2x2xf32>
  return %1, %3, %5, %7, %9 : !map, tensor<1x3x3x2xf32>, tensor<1x2x2x2xf32>, !map, tensor<1x2x2x2xf32>
}

// Every second row and column, as tosa has to spell it.
// CHECK-LABEL: func.func @strided_slice
// CHECK: %[[X:.*]] = afp.encode
// CHECK-NEXT: %[[S:.*]] = afp.slice %[[X]] {start = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 2, 2, 1>} : tensor<1x4x4x2xf32> to tensor<1x2x2x2xf32>
// CHECK-NEXT: return %[[S]]
func.func @strided_slice(%x: !map) -> tensor<1x2x2x2xf32> {
  %a = tosa.const_shape {values = dense<[1, 2, 2, 2, 2, 2]> : tensor<6xindex>} : () -> !tosa.shape<6>
  %s = tosa.const_shape {values = dense<0> : tensor<6xindex>} : () -> !tosa.shape<6>
  %n = tosa.const_shape {values = dense<[1, 2, 1, 2, 1, 2]> : tensor<6xindex>} : () -> !tosa.shape<6>
  %b = tosa.const_shape {values = dense<[1, 2, 2, 2]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %0 = tosa.reshape %x, %a : (!map, !tosa.shape<6>) -> tensor<1x2x2x2x2x2xf32>
  %1 = tosa.slice %0, %s, %n : (tensor<1x2x2x2x2x2xf32>, !tosa.shape<6>, !tosa.shape<6>) -> tensor<1x2x1x2x1x2xf32>
  %2 = tosa.reshape %1, %b : (tensor<1x2x1x2x1x2xf32>, !tosa.shape<4>) -> tensor<1x2x2x2xf32>
  return %2 : tensor<1x2x2x2xf32>
}

// Not the second element of each pair, not two of three, not another shape behind it.
// CHECK-LABEL: func.func @no_strided_slice
// CHECK-NOT: stride
func.func @no_strided_slice(%x: tensor<4x6xf32>) -> (tensor<2x6xf32>, tensor<4x4xf32>, tensor<6x2xf32>) {
  %a = tosa.const_shape {values = dense<[2, 2, 6]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %b = tosa.const_shape {values = dense<[4, 2, 3]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %s0 = tosa.const_shape {values = dense<0> : tensor<3xindex>} : () -> !tosa.shape<3>
  %s1 = tosa.const_shape {values = dense<[0, 1, 0]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %n = tosa.const_shape {values = dense<[2, 1, 6]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %n2 = tosa.const_shape {values = dense<[4, 2, 2]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %t = tosa.const_shape {values = dense<[2, 6]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %u = tosa.const_shape {values = dense<[4, 4]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %v = tosa.const_shape {values = dense<[6, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %0 = tosa.reshape %x, %a : (tensor<4x6xf32>, !tosa.shape<3>) -> tensor<2x2x6xf32>
  %1 = tosa.slice %0, %s1, %n : (tensor<2x2x6xf32>, !tosa.shape<3>, !tosa.shape<3>) -> tensor<2x1x6xf32>
  %2 = tosa.reshape %1, %t : (tensor<2x1x6xf32>, !tosa.shape<2>) -> tensor<2x6xf32>
  %3 = tosa.reshape %x, %b : (tensor<4x6xf32>, !tosa.shape<3>) -> tensor<4x2x3xf32>
  %4 = tosa.slice %3, %s0, %n2 : (tensor<4x2x3xf32>, !tosa.shape<3>, !tosa.shape<3>) -> tensor<4x2x2xf32>
  %5 = tosa.reshape %4, %u : (tensor<4x2x2xf32>, !tosa.shape<2>) -> tensor<4x4xf32>
  %6 = tosa.slice %0, %s0, %n : (tensor<2x2x6xf32>, !tosa.shape<3>, !tosa.shape<3>) -> tensor<2x1x6xf32>
  %7 = tosa.reshape %6, %v : (tensor<2x1x6xf32>, !tosa.shape<2>) -> tensor<6x2xf32>
  return %2, %5, %7 : tensor<2x6xf32>, tensor<4x4xf32>, tensor<6x2xf32>
}

// A constant per output behind a fully connected layer is its bias, also through reshapes; the clamp
// behind it joins.
// CHECK-LABEL: func.func @bias_of_matrix_product
// CHECK: %[[B:.*]] = "tosa.const"() <{values = dense<[5.000000e+00, 6.000000e+00]> : tensor<2xf32>}>
// CHECK: %[[Y:.*]] = afp.fully_connected %{{.*}}, %{{.*}} bias %[[B]]
// CHECK-NEXT: %[[E:.*]] = afp.encode %[[Y]] {{{.*}}lo = array<f32: 0.000000e+00>} : tensor<3x2x!afp.exact> to tensor<3x2xf32>
// CHECK-NEXT: %[[R:.*]] = afp.reshape %[[E]] : tensor<3x2xf32> to tensor<3x1x2xf32>
// CHECK-NEXT: return %[[R]]
func.func @bias_of_matrix_product(%x: !mat) -> tensor<3x1x2xf32> {
  %m = "tosa.const"() <{values = dense<1.0> : tensor<1x2x2xf32>}> : () -> tensor<1x2x2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %b = "tosa.const"() <{values = dense<[[[5.0, 6.0]]]> : tensor<1x1x2xf32>}> : () -> tensor<1x1x2xf32>
  %s = tosa.const_shape {values = dense<[3, 1, 2]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %0 = tosa.matmul %x, %m, %z, %z : (!mat, tensor<1x2x2xf32>, !one, !one) -> !mat
  %1 = tosa.reshape %0, %s : (!mat, !tosa.shape<3>) -> tensor<3x1x2xf32>
  %2 = tosa.add %1, %b : (tensor<3x1x2xf32>, tensor<1x1x2xf32>) -> tensor<3x1x2xf32>
  %3 = tosa.clamp %2 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (tensor<3x1x2xf32>) -> tensor<3x1x2xf32>
  return %3 : tensor<3x1x2xf32>
}

// A clamp looks through a reshape only where the value is not read unlimited.
// CHECK-LABEL: func.func @clamp_behind_used_reshape
// CHECK: %[[E:.*]] = afp.encode %{{.*}} {afp.name = "fully_connected"}
// CHECK: %[[R:.*]] = afp.reshape %[[E]]
// CHECK: %[[C:.*]] = afp.encode %[[R]] {{{.*}}lo
// CHECK: return %[[R]], %[[C]]
func.func @clamp_behind_used_reshape(%x: !mat) -> (!mat, !mat) {
  %m = "tosa.const"() <{values = dense<1.0> : tensor<1x2x2xf32>}> : () -> tensor<1x2x2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %0 = tosa.matmul %x, %m, %z, %z : (!mat, tensor<1x2x2xf32>, !one, !one) -> !mat
  %1 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!mat) -> !mat
  return %0, %1 : !mat, !mat
}

// Not a constant per row, not one that is added behind a clamp, not where the product is used elsewhere,
// not through a reshape that mixes outputs. A second constant is added exactly.
// CHECK-LABEL: func.func @no_bias
// CHECK: %[[P:.*]] = afp.fully_connected %{{[^ ]*}}, %{{[^ ]*}} {
// CHECK: %[[EP:.*]] = afp.encode %[[P]]
// CHECK: %[[RP:.*]] = afp.reshape %[[EP]]
// CHECK: afp.add %[[RP]]
// CHECK: %[[Q:.*]] = afp.fully_connected %{{[^ ]*}}, %{{[^ ]*}} {
// CHECK: afp.encode %[[Q]] {{.*}}lo = array<f32: 0.000000e+00>
// CHECK: afp.add
// CHECK: %[[R:.*]] = afp.fully_connected %{{[^ ]*}}, %{{[^ ]*}} {
// CHECK: afp.add
// CHECK: %[[S:.*]] = afp.fully_connected %{{[^ ]*}}, %{{[^ ]*}} {
// CHECK: afp.add
func.func @no_bias(%x: !mat) -> (!mat, !mat, !mat, !mat, tensor<1x2x3xf32>) {
  %m = "tosa.const"() <{values = dense<1.0> : tensor<1x2x2xf32>}> : () -> tensor<1x2x2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %b = "tosa.const"() <{values = dense<[[[5.0, 6.0]]]> : tensor<1x1x2xf32>}> : () -> tensor<1x1x2xf32>
  %r = "tosa.const"() <{values = dense<[[[5.0], [6.0], [7.0]]]> : tensor<1x3x1xf32>}> : () -> tensor<1x3x1xf32>
  %t = "tosa.const"() <{values = dense<[[[5.0, 6.0, 7.0]]]> : tensor<1x1x3xf32>}> : () -> tensor<1x1x3xf32>
  %s = tosa.const_shape {values = dense<[1, 2, 3]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %0 = tosa.matmul %x, %m, %z, %z : (!mat, tensor<1x2x2xf32>, !one, !one) -> !mat
  %1 = tosa.add %0, %r : (!mat, tensor<1x3x1xf32>) -> !mat
  %2 = tosa.matmul %x, %m, %z, %z : (!mat, tensor<1x2x2xf32>, !one, !one) -> !mat
  %3 = tosa.clamp %2 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!mat) -> !mat
  %4 = tosa.add %3, %b : (!mat, tensor<1x1x2xf32>) -> !mat
  %5 = tosa.matmul %x, %m, %z, %z : (!mat, tensor<1x2x2xf32>, !one, !one) -> !mat
  %6 = tosa.add %5, %b : (!mat, tensor<1x1x2xf32>) -> !mat
  %7 = tosa.matmul %x, %m, %z, %z : (!mat, tensor<1x2x2xf32>, !one, !one) -> !mat
  %8 = tosa.reshape %7, %s : (!mat, !tosa.shape<3>) -> tensor<1x2x3xf32>
  %9 = tosa.add %8, %t : (tensor<1x2x3xf32>, tensor<1x1x3xf32>) -> tensor<1x2x3xf32>
  return %1, %4, %5, %6, %9 : !mat, !mat, !mat, !mat, tensor<1x2x3xf32>
}

// CHECK-LABEL: func.func @second_constant
// CHECK: %[[Y:.*]] = afp.fully_connected {{.*}} bias
// CHECK: afp.add %[[Y]], %{{.*}} : (tensor<3x2x!afp.exact>, tensor<1x2xf32>)
func.func @second_constant(%x: !row) -> !row {
  %w = "tosa.const"() <{values = dense<1.0> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
  %b = "tosa.const"() <{values = dense<[5.0, 6.0]> : tensor<2xf32>}> : () -> tensor<2xf32>
  %c = "tosa.const"() <{values = dense<[[5.0, 6.0]]> : tensor<1x2xf32>}> : () -> tensor<1x2xf32>
  %0 = afp.fully_connected %x, %w bias %b : (!row, tensor<2x2xf32>, tensor<2xf32>) -> tensor<3x2x!afp.exact>
  %1 = afp.encode %0 : tensor<3x2x!afp.exact> to !row
  %2 = tosa.add %1, %c : (!row, tensor<1x2xf32>) -> !row
  return %2 : !row
}
