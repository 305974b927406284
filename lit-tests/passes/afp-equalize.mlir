// Factors by hand. 'afp.channel_scale' holds base-2 logarithms.
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-equalize)' | FileCheck %s
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-equalize{factors=real})' | FileCheck %s --check-prefix=REAL

!map1 = tensor<1x1x1x1xf32>
!map2 = tensor<1x1x1x2xf32>
!x1 = tensor<1x1x1x1x!afp.exact>
!x2 = tensor<1x1x1x2x!afp.exact>
!w12 = tensor<1x1x1x2xf32>
!w21 = tensor<2x1x1x1xf32>
!w22 = tensor<2x1x1x2xf32>

// The channels of the ReLU times 4 and 1/2: weights and bias of what computes them, the inverse in what
// reads them. The input and the output want factors in vain.
// CHECK-LABEL: func.func @chain
// CHECK: afp.encode %arg0 {afp.name = "in"} :
// CHECK-DAG: %[[W:.*]] = "tosa.const"() <{values = dense<{{\[\[\[\[}}4.000000e+00]]], {{\[\[\[}}1.500000e+00]]]]>
// CHECK-DAG: %[[B:.*]] = "tosa.const"() <{values = dense<[2.000000e+00, 2.500000e+00]>
// CHECK: afp.conv2d %{{.*}}, %[[W]] bias %[[B]] {afp.name = "c0"} :
// CHECK: afp.encode {{.*}} {afp.name = "r0", lo = array<f32: 0.000000e+00>} :
// CHECK: %[[W1:.*]] = "tosa.const"() <{values = dense<{{\[\[\[\[}}2.000000e+00, 1.400000e+01]]]]>
// CHECK: afp.conv2d %{{.*}}, %[[W1]] bias %{{.*}} {afp.name = "c1"}
// CHECK: afp.encode {{.*}} {afp.name = "out"} :
func.func @chain(%x: !map1) -> !map1 {
  %w0 = "tosa.const"() <{values = dense<[[[[1.0]]], [[[3.0]]]]> : !w21}> : () -> !w21
  %b0 = "tosa.const"() <{values = dense<[0.5, 5.0]> : tensor<2xf32>}> : () -> tensor<2xf32>
  %w1 = "tosa.const"() <{values = dense<[[[[8.0, 7.0]]]]> : !w12}> : () -> !w12
  %b1 = "tosa.const"() <{values = dense<9.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %0 = afp.encode %x {afp.name = "in", afp.channel_scale = array<f64: 3.0>} : !map1 to !map1
  %1 = afp.conv2d %0, %w0 bias %b0 {afp.name = "c0", afp.weight_exp = array<i32: 0, 0>} : (!map1, !w21, tensor<2xf32>) -> !x2
  %2 = afp.encode %1 {afp.name = "r0", lo = array<f32: 0.0>, afp.channel_scale = array<f64: 2.0, -1.0>, afp.range = [0.0, 1.0]} : !x2 to !map2
  %3 = afp.conv2d %2, %w1 bias %b1 {afp.name = "c1"} : (!map2, !w12, tensor<1xf32>) -> !x1
  %4 = afp.encode %3 {afp.name = "out", afp.channel_scale = array<f64: 1.0>} : !x1 to !map1
  return %4 : !map1
}

// Depthwise with two filters a channel between two convolutions: inputs times 2, outputs 1, 4, 8 and 1.
// CHECK-LABEL: func.func @depthwise
// CHECK: dense<{{\[\[\[\[}}2.000000e+00]]], {{\[\[\[}}1.000000e+00]]]]>
// CHECK: dense<{{\[\[\[\[}}5.000000e-01, 6.000000e+00], [4.000000e+01, 7.000000e+00]]]]>
// CHECK: dense<{{\[\[\[\[}}1.000000e+00, 2.500000e-01, 1.250000e-01, 1.000000e+00]]]]>
func.func @depthwise(%x: !map1) -> !map1 {
  %w0 = "tosa.const"() <{values = dense<1.0> : !w21}> : () -> !w21
  %wd = "tosa.const"() <{values = dense<[[[[1.0, 3.0], [5.0, 7.0]]]]> : tensor<1x1x2x2xf32>}> : () -> tensor<1x1x2x2xf32>
  %w1 = "tosa.const"() <{values = dense<1.0> : tensor<1x1x1x4xf32>}> : () -> tensor<1x1x1x4xf32>
  %0 = afp.encode %x : !map1 to !map1
  %1 = afp.conv2d %0, %w0 : (!map1, !w21) -> !x2
  %2 = afp.encode %1 {afp.channel_scale = array<f64: 1.0, 0.0>} : !x2 to !map2
  %3 = afp.depthwise_conv2d %2, %wd : (!map2, tensor<1x1x2x2xf32>) -> tensor<1x1x1x4x!afp.exact>
  %4 = afp.encode %3 {afp.channel_scale = array<f64: 0.0, 2.0, 3.0, 0.0>} : tensor<1x1x1x4x!afp.exact> to tensor<1x1x1x4xf32>
  %5 = afp.conv2d %4, %w1 : (tensor<1x1x1x4xf32>, tensor<1x1x1x4xf32>) -> !x1
  %6 = afp.encode %5 : !x1 to !map1
  return %6 : !map1
}

// A trunk: both operands of the addition and its sum are one class, averaged over its two sites; channel 1
// does not matter at one of them. What stands inside the residual block has a class of its own.
// CHECK-LABEL: func.func @residual
// CHECK: dense<{{\[\[\[\[}}4.000000e+00]]], {{\[\[\[}}7.500000e-01]]]]>
// CHECK: dense<{{\[\[\[\[}}5.000000e+00, 9.600000e+01]]], {{\[\[\[}}4.375000e-01, 9.000000e+00]]]]>
// CHECK: afp.encode {{.*}} {lo = array<f32: -0.000000e+00>} :
// CHECK: dense<{{\[\[\[\[}}2.500000e-01, 4.000000e+00]]]]>
func.func @residual(%x: !map1) -> !map1 {
  %w0 = "tosa.const"() <{values = dense<[[[[1.0]]], [[[3.0]]]]> : !w21}> : () -> !w21
  %w1 = "tosa.const"() <{values = dense<[[[[5.0, 6.0]]], [[[7.0, 9.0]]]]> : !w22}> : () -> !w22
  %w2 = "tosa.const"() <{values = dense<[[[[1.0, 1.0]]]]> : !w12}> : () -> !w12
  %0 = afp.encode %x : !map1 to !map1
  %1 = afp.conv2d %0, %w0 : (!map1, !w21) -> !x2
  %2 = afp.encode %1 {afp.channel_scale = array<f64: 3.0, 0x7FF8000000000000>} : !x2 to !map2
  %3 = afp.conv2d %2, %w1 : (!map2, !w22) -> !x2
  %4 = afp.add %2, %3 : (!map2, !x2) -> !x2
  %5 = afp.encode %4 {lo = array<f32: -0.0>, afp.channel_scale = array<f64: 1.0, -2.0>} : !x2 to !map2
  %6 = afp.conv2d %5, %w2 : (!map2, !w12) -> !x1
  %7 = afp.encode %6 : !x1 to !map1
  return %7 : !map1
}

// ReLU6 gets a limit per channel; a limit that is infinite, or zero, none.
// CHECK-LABEL: func.func @limits
// CHECK: dense<{{\[\[\[\[}}2.000000e+00]]], {{\[\[\[}}5.000000e-01]]]]>
// CHECK: afp.encode {{.*}} {hi = array<f32: 1.200000e+01, 3.000000e+00>, lo = array<f32: 0.000000e+00>} :
// CHECK: afp.encode {{.*}} {hi = array<f32: 0x7F800000>, lo = array<f32: -2.000000e+00, -1.000000e+00>} :
// CHECK: dense<{{\[\[\[\[}}5.000000e-01, 2.000000e+00]]]]>
// CHECK: afp.encode {{.*}} {hi = array<f32: 6.000000e+00>} :
func.func @limits(%x: !map1) -> !map1 {
  %w0 = "tosa.const"() <{values = dense<1.0> : !w21}> : () -> !w21
  %w1 = "tosa.const"() <{values = dense<1.0> : !w12}> : () -> !w12
  %0 = afp.encode %x : !map1 to !map1
  %1 = afp.conv2d %0, %w0 : (!map1, !w21) -> !x2
  %2 = afp.encode %1 {lo = array<f32: 0.0>, hi = array<f32: 6.0>, afp.channel_scale = array<f64: 1.0, -1.0>} : !x2 to !map2
  %3 = afp.encode %2 {lo = array<f32: -1.0, -2.0>, hi = array<f32: 0x7F800000>} : !map2 to !map2
  %4 = afp.conv2d %3, %w1 : (!map2, !w12) -> !x1
  %5 = afp.encode %4 {hi = array<f32: 6.0>} : !x1 to !map1
  return %5 : !map1
}

// Pools and borders of zeros keep channels, a concat puts them side by side (the constant is scaled with
// the class it meets in the sum), a slice takes one; flattened, they are found again in every second column.
// CHECK-LABEL: func.func @movement
// CHECK: dense<{{\[\[\[\[}}2.000000e+00]]], {{\[\[\[}}4.000000e+00]]]]>
// CHECK: dense<4.800000e+01> : tensor<1x2x2x1xf32>
// CHECK: dense<{{\[\[\[\[}}2.000000e+00, 2.000000e+01, 1.120000e+02]]]]>
// CHECK: afp.encode {{.*}} {divisor = array<i64: 3>} :
// CHECK: dense_resource<fc_weight>
func.func @movement(%x: tensor<1x2x2x1xf32>) -> tensor<1x1xf32> {
  %w0 = "tosa.const"() <{values = dense<1.0> : !w21}> : () -> !w21
  %k = "tosa.const"() <{values = dense<3.0> : tensor<1x2x2x1xf32>}> : () -> tensor<1x2x2x1xf32>
  %s = "tosa.const"() <{values = dense<[[[[1.0, 5.0, 7.0]]]]> : tensor<1x1x1x3xf32>}> : () -> tensor<1x1x1x3xf32>
  %f = "tosa.const"() <{values = dense<1.0> : tensor<1x32xf32>}> : () -> tensor<1x32xf32>
  %0 = afp.encode %x : tensor<1x2x2x1xf32> to tensor<1x2x2x1xf32>
  %1 = afp.conv2d %0, %w0 : (tensor<1x2x2x1xf32>, !w21) -> tensor<1x2x2x2x!afp.exact>
  %2 = afp.encode %1 {afp.name = "first"} : tensor<1x2x2x2x!afp.exact> to tensor<1x2x2x2xf32>
  %3 = afp.concat %2, %k {axis = 3 : i64} : (tensor<1x2x2x2xf32>, tensor<1x2x2x1xf32>) -> tensor<1x2x2x3xf32>
  %4 = afp.add %3, %s : (tensor<1x2x2x3xf32>, tensor<1x1x1x3xf32>) -> tensor<1x2x2x3x!afp.exact>
  %5 = afp.encode %4 {afp.channel_scale = array<f64: 1.0, 2.0, 4.0>} : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3xf32>
  %6 = afp.max_pool2d %5 {kernel = array<i64: 1, 1>} : (tensor<1x2x2x3xf32>) -> tensor<1x2x2x3xf32>
  %7 = afp.sum_pool2d %6 {kernel = array<i64: 1, 1>} : (tensor<1x2x2x3xf32>) -> tensor<1x2x2x3x!afp.exact>
  %8 = afp.encode %7 {divisor = array<i64: 3>} : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3xf32>
  %9 = afp.slice %8 {start = array<i64: 0, 0, 0, 1>} : tensor<1x2x2x3xf32> to tensor<1x2x2x2xf32>
  %10 = afp.pad %9 {low = array<i64: 0, 1, 1, 0>, high = array<i64: 0, 1, 1, 0>} : tensor<1x2x2x2xf32> to tensor<1x4x4x2xf32>
  %11 = afp.reshape %10 : tensor<1x4x4x2xf32> to tensor<1x32xf32>
  %12 = afp.fully_connected %11, %f {afp.name = "fc"} : (tensor<1x32xf32>, tensor<1x32xf32>) -> tensor<1x1x!afp.exact>
  %13 = afp.encode %12 : tensor<1x1x!afp.exact> to tensor<1x1xf32>
  return %13 : tensor<1x1xf32>
}

// Grouped: two outputs for each of two input channels.
// CHECK-LABEL: func.func @grouped
// CHECK: dense<{{\[\[\[\[}}2.000000e+00]]], {{\[\[\[}}2.500000e-01]]]]>
// CHECK: dense<{{\[\[\[\[}}5.000000e-01]]], {{\[\[\[}}4.000000e+00]]], {{\[\[\[}}4.000000e+00]]], {{\[\[\[}}4.000000e+00]]]]>
// CHECK: dense<{{\[\[\[\[}}1.000000e+00, 1.250000e-01, 1.000000e+00, 1.000000e+00]]]]>
func.func @grouped(%x: !map1) -> !map1 {
  %w0 = "tosa.const"() <{values = dense<1.0> : !w21}> : () -> !w21
  %wg = "tosa.const"() <{values = dense<1.0> : tensor<4x1x1x1xf32>}> : () -> tensor<4x1x1x1xf32>
  %w1 = "tosa.const"() <{values = dense<1.0> : tensor<1x1x1x4xf32>}> : () -> tensor<1x1x1x4xf32>
  %0 = afp.encode %x : !map1 to !map1
  %1 = afp.conv2d %0, %w0 : (!map1, !w21) -> !x2
  %2 = afp.encode %1 {afp.channel_scale = array<f64: 1.0, -2.0>} : !x2 to !map2
  %3 = afp.conv2d %2, %wg {groups = 2 : i64} : (!map2, tensor<4x1x1x1xf32>) -> tensor<1x1x1x4x!afp.exact>
  %4 = afp.encode %3 {afp.channel_scale = array<f64: 0.0, 3.0, 0.0, 0.0>} : tensor<1x1x1x4x!afp.exact> to tensor<1x1x1x4xf32>
  %5 = afp.conv2d %4, %w1 : (tensor<1x1x1x4xf32>, tensor<1x1x1x4xf32>) -> !x1
  %6 = afp.encode %5 : !x1 to !map1
  return %6 : !map1
}

// Channels that reach a function, a border of another number than zero, or a product of two values keep
// their scale; the magnitude commutes with factors.
// CHECK-LABEL: func.func @fixed
// CHECK: %[[ONE:.*]] = "tosa.const"() <{values = dense<1.000000e+00>
// CHECK: afp.conv2d %{{.*}}, %[[ONE]] {afp.name = "to_sigmoid"}
// CHECK-NEXT: afp.encode %{{[0-9]+}} :
// CHECK-NEXT: afp.table %{{[0-9]+}} {function = "sigmoid"} :
// CHECK: afp.conv2d %{{.*}}, %[[ONE]] {afp.name = "to_border"}
// CHECK: afp.conv2d %{{.*}}, %[[ONE]] {afp.name = "to_product"}
// CHECK: %[[SCALED:.*]] = "tosa.const"() <{values = dense<{{\[\[\[\[}}2.000000e+00]]], {{\[\[\[}}4.000000e+00]]]]>
// CHECK: afp.conv2d %{{.*}}, %[[SCALED]] {afp.name = "to_magnitude"}
// CHECK: dense<{{\[\[\[\[}}5.000000e-01, 2.500000e-01]]]]>
func.func @fixed(%x: !map1) -> (!map2, !map2, tensor<1x1x1xf32>, !map1) {
  %w0 = "tosa.const"() <{values = dense<1.0> : !w21}> : () -> !w21
  %w1 = "tosa.const"() <{values = dense<1.0> : !w12}> : () -> !w12
  %0 = afp.encode %x : !map1 to !map1
  %1 = afp.conv2d %0, %w0 {afp.name = "to_sigmoid"} : (!map1, !w21) -> !x2
  %2 = afp.encode %1 {afp.channel_scale = array<f64: 1.0, 2.0>} : !x2 to !map2
  %3 = afp.table %2 {function = "sigmoid", afp.channel_scale = array<f64: 1.0, 2.0>} : !map2 to !map2
  %4 = afp.conv2d %0, %w0 {afp.name = "to_border"} : (!map1, !w21) -> !x2
  %5 = afp.encode %4 {afp.channel_scale = array<f64: 1.0, 2.0>} : !x2 to !map2
  %6 = afp.pad %5 {low = array<i64: 0, 0, 0, 0>, high = array<i64: 0, 0, 0, 0>, value = 1.0 : f32} : !map2 to !map2
  %7 = afp.conv2d %0, %w0 {afp.name = "to_product"} : (!map1, !w21) -> !x2
  %8 = afp.encode %7 {afp.channel_scale = array<f64: 1.0, 2.0>} : !x2 to !map2
  %9 = afp.reshape %8 : !map2 to tensor<1x1x2xf32>
  %10 = afp.transpose %9 {perm = array<i64: 0, 2, 1>} : tensor<1x1x2xf32> to tensor<1x2x1xf32>
  %11 = afp.matmul %9, %10 : (tensor<1x1x2xf32>, tensor<1x2x1xf32>) -> tensor<1x1x1x!afp.exact>
  %12 = afp.encode %11 : tensor<1x1x1x!afp.exact> to tensor<1x1x1xf32>
  %13 = afp.conv2d %0, %w0 {afp.name = "to_magnitude"} : (!map1, !w21) -> !x2
  %14 = afp.encode %13 {afp.channel_scale = array<f64: 1.0, 2.0>} : !x2 to !map2
  %15 = afp.table %14 {function = "abs"} : !map2 to !map2
  %16 = afp.conv2d %15, %w1 : (!map2, !w12) -> !x1
  %17 = afp.encode %16 : !x1 to !map1
  return %3, %6, %12, %17 : !map2, !map2, tensor<1x1x1xf32>, !map1
}

// A factor that f32 does not bear is left out, and the others are not.
// CHECK-LABEL: func.func @beyond
// CHECK: dense<{{\[\[\[\[}}1.000000e+30]]], {{\[\[\[}}2.000000e+00]]]]>
// CHECK: dense<{{\[\[\[\[}}1.000000e+00, 5.000000e-01]]]]>
func.func @beyond(%x: !map1) -> !map1 {
  %w0 = "tosa.const"() <{values = dense<[[[[1.0e30]]], [[[1.0]]]]> : !w21}> : () -> !w21
  %w1 = "tosa.const"() <{values = dense<1.0> : !w12}> : () -> !w12
  %0 = afp.encode %x : !map1 to !map1
  %1 = afp.conv2d %0, %w0 : (!map1, !w21) -> !x2
  %2 = afp.encode %1 {afp.channel_scale = array<f64: 100.0, 1.0>} : !x2 to !map2
  %3 = afp.conv2d %2, %w1 : (!map2, !w12) -> !x1
  %4 = afp.encode %3 : !x1 to !map1
  return %4 : !map1
}

// Averages are rounded to powers of two, a half up, or kept: 2^0.5 and 2^-0.25.
// CHECK-LABEL: func.func @rounded
// CHECK: dense<{{\[\[\[\[}}2.000000e+00]]], {{\[\[\[}}1.000000e+00]]]]>
// CHECK: {hi = array<f32: 1.200000e+01, 6.000000e+00>}
// CHECK: dense<{{\[\[\[\[}}5.000000e-01, 1.000000e+00]]]]>
// REAL-LABEL: func.func @rounded
// REAL: dense<{{\[\[\[\[}}1.41421354]]], {{\[\[\[}}0.840896427]]]]>
// REAL: {hi = array<f32: 8.48528099, 5.04537868>}
// REAL: dense<{{\[\[\[\[}}0.707106769, 1.18920708]]]]>
func.func @rounded(%x: !map1) -> !map1 {
  %w0 = "tosa.const"() <{values = dense<1.0> : !w21}> : () -> !w21
  %w1 = "tosa.const"() <{values = dense<1.0> : !w12}> : () -> !w12
  %0 = afp.encode %x : !map1 to !map1
  %1 = afp.conv2d %0, %w0 : (!map1, !w21) -> !x2
  %2 = afp.encode %1 {hi = array<f32: 6.0>, afp.channel_scale = array<f64: 0.5, -0.25>} : !x2 to !map2
  %3 = afp.conv2d %2, %w1 : (!map2, !w12) -> !x1
  %4 = afp.encode %3 : !x1 to !map1
  return %4 : !map1
}

// Without wishes nothing is touched.
// CHECK-LABEL: func.func @nothing
// CHECK: dense<3.000000e+00>
// CHECK: afp.encode %arg0 {afp.range = [0.000000e+00, 1.000000e+00]} :
// CHECK: afp.conv2d {{.*}} {afp.weight_exp = array<i32: 0>} :
// CHECK: afp.encode {{.*}} {hi = array<f32: 6.000000e+00>} :
func.func @nothing(%x: !map1) -> !map1 {
  %w = "tosa.const"() <{values = dense<3.0> : !map1}> : () -> !map1
  %0 = afp.encode %x {afp.range = [0.0, 1.0]} : !map1 to !map1
  %1 = afp.conv2d %0, %w {afp.weight_exp = array<i32: 0>} : (!map1, !map1) -> !x1
  %2 = afp.encode %1 {hi = array<f32: 6.0>} : !x1 to !map1
  return %2 : !map1
}

// The weights of @movement's last operator: a quarter and a sixteenth in turn.
// CHECK: fc_weight: "0x400000000000803E0000803D0000803E0000803D
