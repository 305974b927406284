// Intervals through every operator, and what statistics make of them.
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-range-analysis{input-range=-2,4})' | FileCheck %s
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-range-analysis)' | FileCheck %s --check-prefix=DEFAULT

!two = tensor<1x2xf32>
!xtwo = tensor<1x2x!afp.exact>
!map = tensor<1x1x1x2xf32>
!xmap = tensor<1x1x1x2x!afp.exact>
!xfour = tensor<1x1x1x4x!afp.exact>
!four = tensor<1x1x1x4xf32>

// CHECK-LABEL: func.func @inputs
// DEFAULT-LABEL: func.func @inputs
// CHECK: afp.encode %arg0 {afp.range = array<f64: -2.000000e+00, 4.000000e+00>}
// DEFAULT: afp.encode %arg0 {afp.range = array<f64: -1.000000e+00, 1.000000e+00>}
// The user's range of an input is taken as it stands.
// CHECK: afp.encode %arg1 {afp.range = array<f64: 1.000000e+00, 1.000000e+01>}
// An interval that is none is not.
// CHECK: afp.encode %arg0 {afp.range = array<f64: -2.000000e+00, 4.000000e+00>}
func.func @inputs(%x: !two, %y: !two) -> (!two, !two, !two) {
  %0 = afp.encode %x : !two to !two
  %1 = afp.encode %y {afp.range = array<f64: 1.0, 10.0>} : !two to !two
  %2 = afp.encode %x {afp.range = array<f64: 3.0, 2.0>} : !two to !two
  return %0, %1, %2 : !two, !two, !two
}

// Statistics of an input replace its range; those of another site narrow it, and an interval outside
// them becomes the nearer end.
// CHECK-LABEL: func.func @statistics
// CHECK: afp.encode %arg0 {afp.range = array<f64: -5.000000e-01, 6.000000e+00>
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: -1.000000e+00, 3.000000e+00>
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: 5.000000e+00, 5.000000e+00>
func.func @statistics(%x: !two) -> (!two, !two) {
  %0 = afp.encode %x {afp.stats = {count = 3 : i64, min = -0.5 : f32, max = 6.0 : f32, bins = array<i32: 1016>, counts = array<i64: 3>}} : !two to !two
  %1 = afp.add %0, %0 : (!two, !two) -> !xtwo
  %2 = afp.encode %1 {afp.stats = {count = 3 : i64, min = -8.0 : f32, max = 3.0 : f32, bins = array<i32: 1016>, counts = array<i64: 3>}} : !xtwo to !two
  %3 = afp.encode %2 {lo = array<f32: 0.0>, hi = array<f32: 1.0>, afp.stats = {count = 3 : i64, min = 5.0 : f32, max = 6.0 : f32, bins = array<i32: 1016>, counts = array<i64: 3>}} : !two to !two
  return %2, %3 : !two, !two
}

// 3*[-2,4] - 1*[-2,4] = [-10, 14] for the first output; [-8, 4] - 1 for the second.
// CHECK-LABEL: func.func @fully_connected
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: -1.000000e+01, 1.400000e+01>}
func.func @fully_connected(%x: !two) -> !two {
  %w = "tosa.const"() <{values = dense<[[3.0, -1.0], [-1.0, -1.0]]> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
  %b = "tosa.const"() <{values = dense<[0.0, -1.0]> : tensor<2xf32>}> : () -> tensor<2xf32>
  %0 = afp.fully_connected %x, %w bias %b : (!two, tensor<2x2xf32>, tensor<2xf32>) -> !xtwo
  %1 = afp.encode %0 : !xtwo to !two
  return %1 : !two
}

// Per channel: output 0 reads 3 * channel 0 of [0,1], output 1 reads -2 * channel 1 of [0,4].
// CHECK-LABEL: func.func @channels
// CHECK: afp.encode %arg0 {afp.range = array<f64: 0.000000e+00, 4.000000e+00>
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: -8.000000e+00, 3.000000e+00>
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: 0.000000e+00, 3.000000e+00>, {{.*}}name = "first"}
func.func @channels(%x: !map) -> (!map, tensor<1x1x1x1xf32>) {
  %w = "tosa.const"() <{values = dense<[[[[3.0, 0.0]]], [[[0.0, -2.0]]]]> : tensor<2x1x1x2xf32>}> : () -> tensor<2x1x1x2xf32>
  %v = "tosa.const"() <{values = dense<[[[[1.0, 0.0]]]]> : tensor<1x1x1x2xf32>}> : () -> tensor<1x1x1x2xf32>
  %0 = afp.encode %x {lo = array<f32: 0.0>, hi = array<f32: 1.0, 5.0>} : !map to !map
  %1 = afp.conv2d %0, %w : (!map, tensor<2x1x1x2xf32>) -> !xmap
  %2 = afp.encode %1 : !xmap to !map
  %3 = afp.conv2d %2, %v : (!map, tensor<1x1x1x2xf32>) -> tensor<1x1x1x1x!afp.exact>
  %4 = afp.encode %3 {name = "first"} : tensor<1x1x1x1x!afp.exact> to tensor<1x1x1x1xf32>
  return %2, %4 : !map, tensor<1x1x1x1xf32>
}

// Zeros count as inputs where there is padding: [1,2] * 3, one tap of 1x2.
// CHECK-LABEL: func.func @padding
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: 6.000000e+00, 1.200000e+01>}
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: 0.000000e+00, 1.200000e+01>}
func.func @padding(%x: tensor<1x1x2x1xf32>) -> (tensor<1x1x1x1xf32>, tensor<1x1x2x1xf32>) {
  %w = "tosa.const"() <{values = dense<3.0> : tensor<1x1x2x1xf32>}> : () -> tensor<1x1x2x1xf32>
  %0 = afp.encode %x {afp.range = array<f64: 1.0, 2.0>} : tensor<1x1x2x1xf32> to tensor<1x1x2x1xf32>
  %1 = afp.conv2d %0, %w : (tensor<1x1x2x1xf32>, tensor<1x1x2x1xf32>) -> tensor<1x1x1x1x!afp.exact>
  %2 = afp.encode %1 : tensor<1x1x1x1x!afp.exact> to tensor<1x1x1x1xf32>
  %3 = afp.conv2d %0, %w {pad = array<i64: 0, 0, 1, 0>} : (tensor<1x1x2x1xf32>, tensor<1x1x2x1xf32>) -> tensor<1x1x2x1x!afp.exact>
  %4 = afp.encode %3 : tensor<1x1x2x1x!afp.exact> to tensor<1x1x2x1xf32>
  return %2, %4 : tensor<1x1x1x1xf32>, tensor<1x1x2x1xf32>
}

// Depthwise with multiplier 2 (outputs 0,1 read channel 0), and groups (outputs 0,1 read channel 0).
// CHECK-LABEL: func.func @depthwise_and_groups
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: -4.000000e+01, 2.000000e+00>}
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: -4.000000e+01, 2.000000e+00>}
func.func @depthwise_and_groups(%x: !map) -> (!four, !four) {
  %d = "tosa.const"() <{values = dense<[[[[1.0, 2.0], [-3.0, -4.0]]]]> : tensor<1x1x2x2xf32>}> : () -> tensor<1x1x2x2xf32>
  %g = "tosa.const"() <{values = dense<[[[[1.0]]], [[[2.0]]], [[[-3.0]]], [[[-4.0]]]]> : tensor<4x1x1x1xf32>}> : () -> tensor<4x1x1x1xf32>
  %0 = afp.encode %x {lo = array<f32: 0.0>, hi = array<f32: 1.0, 10.0>, afp.range = array<f64: 0.0, 100.0>, afp.stats = {count = 3 : i64, min = 0.0 : f32, max = 10.0 : f32, bins = array<i32: 1016>, counts = array<i64: 3>}} : !map to !map
  %c = afp.encode %0 {lo = array<f32: 0.0>, hi = array<f32: 1.0, 10.0>} : !map to !map
  %1 = afp.depthwise_conv2d %c, %d : (!map, tensor<1x1x2x2xf32>) -> !xfour
  %2 = afp.encode %1 : !xfour to !four
  %3 = afp.conv2d %c, %g {groups = 2 : i64} : (!map, tensor<4x1x1x1xf32>) -> !xfour
  %4 = afp.encode %3 : !xfour to !four
  return %2, %4 : !four, !four
}

// Three products of [-2,4] and [-2,4]: [-8, 16] each.
// CHECK-LABEL: func.func @matmul
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: -2.400000e+01, 4.800000e+01>}
func.func @matmul(%x: tensor<1x2x3xf32>, %y: tensor<1x3x2xf32>) -> tensor<1x2x2xf32> {
  %0 = afp.matmul %x, %y : (tensor<1x2x3xf32>, tensor<1x3x2xf32>) -> tensor<1x2x2x!afp.exact>
  %1 = afp.encode %0 : tensor<1x2x2x!afp.exact> to tensor<1x2x2xf32>
  return %1 : tensor<1x2x2xf32>
}

// Sums, with a constant per channel; the hull of [-2+1, 4+1] and [-2-7, 4-7].
// CHECK-LABEL: func.func @add
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: -9.000000e+00, 5.000000e+00>}
func.func @add(%x: !two) -> !two {
  %c = "tosa.const"() <{values = dense<[[1.0, -7.0]]> : !two}> : () -> !two
  %0 = afp.add %x, %c : (!two, !two) -> !xtwo
  %1 = afp.encode %0 : !xtwo to !two
  return %1 : !two
}

// Windows of four: the sum, and the average with the least and the largest divisor.
// CHECK-LABEL: func.func @pools
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: -8.000000e+00, 1.600000e+01>}
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: -4.000000e+00, 8.000000e+00>, divisor = array<i64: 2, 4>}
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: 0.000000e+00, 8.000000e+00>, name = "padded"}
// CHECK: afp.concat {{.*}}afp.range = array<f64: -2.000000e+00, 4.000000e+00>
func.func @pools(%x: tensor<1x3x2x1xf32>) -> (tensor<1x2x1x1xf32>, tensor<1x2x1x1xf32>, tensor<1x2x1x1xf32>, tensor<1x2x1x1xf32>) {
  %0 = afp.sum_pool2d %x {kernel = array<i64: 2, 2>} : (tensor<1x3x2x1xf32>) -> tensor<1x2x1x1x!afp.exact>
  %1 = afp.encode %0 : tensor<1x2x1x1x!afp.exact> to tensor<1x2x1x1xf32>
  %2 = afp.encode %0 {divisor = array<i64: 2, 4>} : tensor<1x2x1x1x!afp.exact> to tensor<1x2x1x1xf32>
  %p = afp.encode %x {afp.range = array<f64: 1.0, 2.0>} : tensor<1x3x2x1xf32> to tensor<1x3x2x1xf32>
  %q = afp.sum_pool2d %p {kernel = array<i64: 2, 2>, stride = array<i64: 2, 1>, pad = array<i64: 1, 0, 0, 0>} : (tensor<1x3x2x1xf32>) -> tensor<1x2x1x1x!afp.exact>
  %3 = afp.encode %q {name = "padded"} : tensor<1x2x1x1x!afp.exact> to tensor<1x2x1x1xf32>
  %4 = afp.max_pool2d %x {kernel = array<i64: 2, 2>} : (tensor<1x3x2x1xf32>) -> tensor<1x2x1x1xf32>
  %5 = afp.concat %4 {axis = 0 : i64} : (tensor<1x2x1x1xf32>) -> tensor<1x2x1x1xf32>
  return %1, %2, %3, %5 : tensor<1x2x1x1xf32>, tensor<1x2x1x1xf32>, tensor<1x2x1x1xf32>, tensor<1x2x1x1xf32>
}

// Limits; with both ends beyond them the interval is one point.
// CHECK-LABEL: func.func @limits
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: 0.000000e+00, 3.000000e+00>
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: 7.000000e+00, 7.000000e+00>
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: -3.000000e+00, -3.000000e+00>
func.func @limits(%x: !xtwo) -> (!two, !two, !two) {
  %0 = afp.encode %x {lo = array<f32: 0.0>, hi = array<f32: 3.0>} : !xtwo to !two
  %1 = afp.encode %0 {lo = array<f32: 7.0>} : !two to !two
  %2 = afp.encode %0 {hi = array<f32: -3.0>} : !two to !two
  return %0, %1, %2 : !two, !two, !two
}

// tanh, an even function with its minimum inside, softmax; a function without a value on the interval
// has a range nonetheless, since it owns a format.
// CHECK-LABEL: func.func @functions
// CHECK: afp.table %{{.*}} {afp.range = array<f64: -0.9640275{{[0-9]*}}, 0.9993292{{[0-9]*}}>, function = "tanh"}
// CHECK: afp.table %{{.*}} {afp.range = array<f64: 0.000000e+00, 4.000000e+00>, function = "abs"}
// CHECK: afp.softmax %{{.*}} {afp.range = array<f64: 0.000000e+00, 1.000000e+00>
// CHECK: afp.table %{{.*}} {afp.range = array<f64: 0.000000e+00, 0.000000e+00>, function = "log"}
// CHECK: afp.table %{{.*}} {afp.range = array<f64: 0.000000e+00, 0.000000e+00>, function = "rsqrt"}
func.func @functions(%x: !two) -> (!two, !two, !two, !two, !two) {
  %0 = afp.table %x {function = "tanh"} : !two to !two
  %1 = afp.table %x {function = "abs"} : !two to !two
  %2 = afp.softmax %x {axis = 1 : i64} : !two to !two
  %n = afp.encode %x {afp.range = array<f64: -4.0, -1.0>} : !two to !two
  %3 = afp.table %n {function = "log"} : !two to !two
  %4 = afp.table %n {function = "rsqrt"} : !two to !two
  return %0, %1, %2, %3, %4 : !two, !two, !two, !two, !two
}

// What moves elements keeps channels apart where the last dimension stays, and joins them where not.
// CHECK-LABEL: func.func @movement
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: 0.000000e+00, 1.000000e+00>, name = "sliced rows"}
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: 0.000000e+00, 1.000000e+00>, name = "reshaped"}
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: 0.000000e+00, 4.000000e+00>, name = "sliced channels"}
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: 0.000000e+00, 4.000000e+00>, name = "transposed"}
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: -3.000000e+00, 4.000000e+00>, name = "padded"}
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: 0.000000e+00, 4.000000e+00>, name = "padded with zeros"}
// CHECK: afp.concat %{{.*}} {afp.range = array<f64: 0.000000e+00, 4.000000e+00>, axis = 1 : i64}
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: 0.000000e+00, 1.000000e+00>, divisor = array<i64: 2>, name = "joined channels"}
// CHECK: afp.encode %{{.*}} {afp.range = array<f64: 0.000000e+00, 4.000000e+00>, name = "joined rows"}
func.func @movement(%x: tensor<2x2xf32>) {
  %first2 = "tosa.const"() <{values = dense<[[1.0, 0.0]]> : tensor<1x2xf32>}> : () -> tensor<1x2xf32>
  %first4 = "tosa.const"() <{values = dense<[[1.0, 0.0, 1.0, 0.0]]> : tensor<1x4xf32>}> : () -> tensor<1x4xf32>
  %one = "tosa.const"() <{values = dense<1.0> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %0 = afp.encode %x {lo = array<f32: 0.0>, hi = array<f32: 1.0, 5.0>} : tensor<2x2xf32> to tensor<2x2xf32>
  // Element 1 of each row is in [0, 4], element 0 in [0, 1]: a weight on element 0 alone tells whether
  // the two were joined.
  %1 = afp.slice %0 {start = array<i64: 1, 0>} : tensor<2x2xf32> to tensor<1x2xf32>
  %2 = afp.fully_connected %1, %first2 : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x1x!afp.exact>
  %3 = afp.encode %2 {name = "sliced rows"} : tensor<1x1x!afp.exact> to tensor<1x1xf32>
  %4 = afp.reshape %0 : tensor<2x2xf32> to tensor<2x1x2xf32>
  %5 = afp.reshape %4 : tensor<2x1x2xf32> to tensor<2x2xf32>
  %6 = afp.fully_connected %5, %first2 : (tensor<2x2xf32>, tensor<1x2xf32>) -> tensor<2x1x!afp.exact>
  %7 = afp.encode %6 {name = "reshaped"} : tensor<2x1x!afp.exact> to tensor<2x1xf32>
  %8 = afp.slice %0 {start = array<i64: 0, 0>} : tensor<2x2xf32> to tensor<2x1xf32>
  %9 = afp.fully_connected %8, %one : (tensor<2x1xf32>, tensor<1x1xf32>) -> tensor<2x1x!afp.exact>
  %10 = afp.encode %9 {name = "sliced channels"} : tensor<2x1x!afp.exact> to tensor<2x1xf32>
  %11 = afp.transpose %0 {perm = array<i64: 1, 0>} : tensor<2x2xf32> to tensor<2x2xf32>
  %12 = afp.fully_connected %11, %first2 : (tensor<2x2xf32>, tensor<1x2xf32>) -> tensor<2x1x!afp.exact>
  %13 = afp.encode %12 {name = "transposed"} : tensor<2x1x!afp.exact> to tensor<2x1xf32>
  %14 = afp.pad %0 {low = array<i64: 0, 0>, high = array<i64: 1, 0>, value = -3.0 : f32} : tensor<2x2xf32> to tensor<3x2xf32>
  %15 = afp.encode %14 {name = "padded"} : tensor<3x2xf32> to tensor<3x2xf32>
  %16 = afp.pad %0 {low = array<i64: 0, 0>, high = array<i64: 1, 0>} : tensor<2x2xf32> to tensor<3x2xf32>
  %17 = afp.encode %16 {name = "padded with zeros"} : tensor<3x2xf32> to tensor<3x2xf32>
  %18 = afp.concat %0, %0 {axis = 1 : i64} : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x4xf32>
  %19 = afp.fully_connected %18, %first4 : (tensor<2x4xf32>, tensor<1x4xf32>) -> tensor<2x1x!afp.exact>
  %20 = afp.encode %19 {divisor = array<i64: 2>, name = "joined channels"} : tensor<2x1x!afp.exact> to tensor<2x1xf32>
  %21 = afp.concat %0, %0 {axis = 0 : i64} : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  %22 = afp.fully_connected %21, %first2 : (tensor<4x2xf32>, tensor<1x2xf32>) -> tensor<4x1x!afp.exact>
  %23 = afp.encode %22 {name = "joined rows"} : tensor<4x1x!afp.exact> to tensor<4x1xf32>
  return
}

// What is codes already has no interval, and neither has what comes from them.
// CHECK-LABEL: func.func @coded
// CHECK-NOT: afp.range
// CHECK: return
func.func @coded(%x: tensor<1x2x!afp.float<e0m7, exp = -6>>, %w: tensor<3x2x!afp.float<e2m4, exp = 0>>) -> tensor<1x3xf32> {
  %0 = afp.fully_connected %x, %w : (tensor<1x2x!afp.float<e0m7, exp = -6>>, tensor<3x2x!afp.float<e2m4, exp = 0>>) -> tensor<1x3x!afp.exact>
  %1 = afp.encode %0 : tensor<1x3x!afp.exact> to tensor<1x3x!afp.float<e0m7, exp = -4>>
  %2 = afp.encode %0 : tensor<1x3x!afp.exact> to tensor<1x3xf32>
  %3 = afp.dequantize %1 : tensor<1x3x!afp.float<e0m7, exp = -4>> to tensor<1x3xf32>
  %4 = afp.concat %2, %3 {axis = 0 : i64} : (tensor<1x3xf32>, tensor<1x3xf32>) -> tensor<2x3xf32>
  return %2 : tensor<1x3xf32>
}
