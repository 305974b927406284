// Codes computed by hand.
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-encode-weights)' | FileCheck %s
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-encode-weights{exponents=max})' | FileCheck %s --check-prefix=MAX

!x = tensor<1x2x!afp.float<ue0m8, exp = -7>>
!w = tensor<3x2x!afp.float<e2m2, exp = 0>>

// e2m2 has 28 as its largest integer. Row 0: 28 * 2^-4 < 2, so the exponent is -3, 1 is 8 (E = 2, M = 0,
// code 01000) and -2 is -16 (code 11100). Row 1: exponent -6, 0.3 is 19.2, between 16 and 20: 20, code
// 01101. Row 2 has no weights: it takes the least exponent of the others, for its bias. The bias is on
// the grids -3-7 and -6-7: 1024, round(-2457.6), 16384.
// CHECK-LABEL: func.func @fully_connected
// CHECK: %[[W:.*]] = afp.constant dense<{{\[}}[8, 28], [0, 13], [0, 0]]> : tensor<3x2xi8> : tensor<3x2x!afp.float<e2m2, exp = 0>>
// CHECK: %[[B:.*]] = afp.constant dense<[1024, -2458, 16384]> : tensor<3xi32> {channel_exp = array<i32: -10, -13, -13>} : tensor<3x!afp.exact>
// CHECK: afp.fully_connected %arg0, %[[W]] bias %[[B]] {afp.name = "fc", channel_exp = array<i32: -3, -6, -6>}
func.func @fully_connected(%x: !x) -> tensor<1x3x!afp.exact> {
  %w = "tosa.const"() <{values = dense<[[1.0, -2.0], [0.0, 0.30], [0.0, 0.0]]> : tensor<3x2xf32>}> : () -> tensor<3x2xf32>
  %b = "tosa.const"() <{values = dense<[1.0, -0.3, 2.0]> : tensor<3xf32>}> : () -> tensor<3xf32>
  %q = afp.quantize %w {channel_exp = array<i32: 7, 7, 7>} : tensor<3x2xf32> to !w
  %c = afp.quantize %b {channel_exp = array<i32: 7, 7, 7>} : tensor<3xf32> to tensor<3x!afp.exact>
  %y = afp.fully_connected %x, %q bias %c {afp.name = "fc", channel_exp = array<i32: 7, 7, 7>} : (!x, !w, tensor<3x!afp.exact>) -> tensor<1x3x!afp.exact>
  return %y : tensor<1x3x!afp.exact>
}

// Depthwise, multiplier 2: one exponent for each output channel, 1, 2, 4 and -8 are 16 * 2^exp.
// CHECK-LABEL: func.func @depthwise
// CHECK: afp.constant dense<{{\[\[\[}}[12, 12], [12, 28]]]]> : tensor<1x1x2x2xi8>
// CHECK: afp.depthwise_conv2d {{.*}} {channel_exp = array<i32: -4, -3, -2, -1>}
func.func @depthwise(%x: tensor<1x1x1x2x!afp.float<e0m7, exp = 0>>) -> tensor<1x1x1x4x!afp.exact> {
  %w = "tosa.const"() <{values = dense<[[[[1.0, 2.0], [4.0, -8.0]]]]> : tensor<1x1x2x2xf32>}> : () -> tensor<1x1x2x2xf32>
  %q = afp.quantize %w {axis = 2 : i64, channel_exp = array<i32: 0>} : tensor<1x1x2x2xf32> to tensor<1x1x2x2x!afp.float<e2m2, exp = 0>>
  %y = afp.depthwise_conv2d %x, %q : (tensor<1x1x1x2x!afp.float<e0m7, exp = 0>>, tensor<1x1x2x2x!afp.float<e2m2, exp = 0>>) -> tensor<1x1x1x4x!afp.exact>
  return %y : tensor<1x1x1x4x!afp.exact>
}

// e0m2 ends at 3. At exponent 2 nothing is clipped, and the ones are lost: the squared error is
// 8 * 1 + 1.8^2; at exponent 1 it is 8 * 1 + 0.2^2; at 0 the 6.2 is clipped: 3.2^2.
// CHECK-LABEL: func.func @search
// CHECK: afp.constant dense<{{\[}}[1, 1, 1, 1, 1, 1, 1, 1, 3]]> : tensor<1x9xi8>
// CHECK: afp.fully_connected {{.*}} {channel_exp = array<i32: 1>}
// MAX-LABEL: func.func @search
// MAX: afp.constant dense<{{\[}}[0, 0, 0, 0, 0, 0, 0, 0, 2]]> : tensor<1x9xi8>
// MAX: afp.fully_connected {{.*}} {channel_exp = array<i32: 2>}
func.func @search(%x: tensor<1x9x!afp.float<ue0m8, exp = 0>>) -> tensor<1x1x!afp.exact> {
  %w = "tosa.const"() <{values = dense<[[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 6.2]]> : tensor<1x9xf32>}> : () -> tensor<1x9xf32>
  %q = afp.quantize %w : tensor<1x9xf32> to tensor<1x9x!afp.float<e0m2, exp = 0>>
  %y = afp.fully_connected %x, %q : (tensor<1x9x!afp.float<ue0m8, exp = 0>>, tensor<1x9x!afp.float<e0m2, exp = 0>>) -> tensor<1x1x!afp.exact>
  return %y : tensor<1x1x!afp.exact>
}

// Given exponents are taken as they are, whatever the method: 0.5 and -0.25 are 8 and -4 at -4 (codes 01000
// and 10100), 3 is 12 at -2 (01010), and the bias is on the grids -4-7 and -2-7. Weights beyond the grid are
// clipped, and exponents finer than a vanishing channel would get are kept.
// CHECK-LABEL: func.func @given
// CHECK-DAG: %[[W:.*]] = afp.constant dense<{{\[}}[8, 20], [10, 0]]> : tensor<2x2xi8>
// CHECK-DAG: %[[B:.*]] = afp.constant dense<[2048, -256]> : tensor<2xi32> {channel_exp = array<i32: -11, -9>}
// CHECK: afp.fully_connected %arg0, %[[W]] bias %[[B]] {channel_exp = array<i32: -4, -2>} :
// CHECK: afp.constant dense<{{\[}}[15, 31], [0, 4]]> : tensor<2x2xi8>
// CHECK: afp.fully_connected {{.*}} {channel_exp = array<i32: -4, -90>} :
// MAX-LABEL: func.func @given
// MAX: afp.fully_connected {{.*}} {channel_exp = array<i32: -4, -2>} :
// MAX: afp.fully_connected {{.*}} {channel_exp = array<i32: -4, -90>} :
func.func @given(%x: !x) -> (tensor<1x2x!afp.exact>, tensor<1x2x!afp.exact>) {
  %w = "tosa.const"() <{values = dense<[[0.5, -0.25], [3.0, 0.0]]> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
  %b = "tosa.const"() <{values = dense<[1.0, -0.5]> : tensor<2xf32>}> : () -> tensor<2xf32>
  %v = "tosa.const"() <{values = dense<[[5.0, -2.0], [0.0, 3.231174e-27]]> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
  %q = afp.quantize %w : tensor<2x2xf32> to tensor<2x2x!afp.float<e2m2, exp = 0>>
  %c = afp.quantize %b {channel_exp = array<i32: 0>} : tensor<2xf32> to tensor<2x!afp.exact>
  %r = afp.quantize %v : tensor<2x2xf32> to tensor<2x2x!afp.float<e2m2, exp = 0>>
  %0 = afp.fully_connected %x, %q bias %c {afp.weight_exp = array<i32: -4, -2>} : (!x, tensor<2x2x!afp.float<e2m2, exp = 0>>, tensor<2x!afp.exact>) -> tensor<1x2x!afp.exact>
  %1 = afp.fully_connected %x, %r {afp.weight_exp = array<i32: -4, -90>} : (!x, tensor<2x2x!afp.float<e2m2, exp = 0>>) -> tensor<1x2x!afp.exact>
  return %0, %1 : tensor<1x2x!afp.exact>, tensor<1x2x!afp.exact>
}

// A channel of vanishing weights is not scaled up beyond 20 bits below the result's unit: 5 - 20 + 7.
// CHECK-LABEL: func.func @vanishing
// CHECK: afp.fully_connected {{.*}} {channel_exp = array<i32: -4, -8>}
func.func @vanishing(%x: !x) -> tensor<1x2x!afp.float<e0m7, exp = 5>> {
  %w = "tosa.const"() <{values = dense<[[1.0, 0.0], [1.0e-9, 0.0]]> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
  %q = afp.quantize %w : tensor<2x2xf32> to tensor<2x2x!afp.float<e2m2, exp = 0>>
  %y = afp.fully_connected %x, %q : (!x, tensor<2x2x!afp.float<e2m2, exp = 0>>) -> tensor<1x2x!afp.exact>
  %z = afp.encode %y : tensor<1x2x!afp.exact> to tensor<1x2x!afp.float<e0m7, exp = 5>>
  return %z : tensor<1x2x!afp.float<e0m7, exp = 5>>
}

// Constants that are no weights are encoded as they stand, ties as their quantize says; more than 8 bits
// take 16 (in their low 12 bits here), more than 31 bits of an exact value 64.
// CHECK-LABEL: func.func @others
// CHECK-DAG: %[[A:.*]] = afp.constant dense<[3, -1, 127, -127]> : tensor<4xi8> : tensor<4x!afp.float<e0m7, exp = 0>>
// CHECK-DAG: %[[B:.*]] = afp.constant dense<[2, -2, 127, -127]> : tensor<4xi8>
// CHECK-DAG: %[[C:.*]] = afp.constant dense<[5, 4093, 2000, 2096]> : tensor<4xi16> : tensor<4x!afp.float<e0m11, exp = -1>>
// CHECK-DAG: %[[D:.*]] = afp.constant dense<[10737418240, -6442450944, 4294967296000, -4294967296000]> : tensor<4xi64> {channel_exp = array<i32: -32>} : tensor<4x!afp.exact>
// CHECK-DAG: %[[E:.*]] = afp.constant dense<[3, -1, 1000, -1000]> : tensor<4xi32> {channel_exp = array<i32: 0>}
func.func @others() -> (tensor<4x!afp.float<e0m7, exp = 0>>, tensor<4x!afp.float<e0m7, exp = 0>>, tensor<4x!afp.float<e0m11, exp = -1>>, tensor<4x!afp.exact>, tensor<4x!afp.exact>) {
  %c = "tosa.const"() <{values = dense<[2.5, -1.5, 1000.0, -1000.0]> : tensor<4xf32>}> : () -> tensor<4xf32>
  %0 = afp.quantize %c : tensor<4xf32> to tensor<4x!afp.float<e0m7, exp = 0>>
  %1 = afp.quantize %c {round = "half_even"} : tensor<4xf32> to tensor<4x!afp.float<e0m7, exp = 0>>
  %2 = afp.quantize %c : tensor<4xf32> to tensor<4x!afp.float<e0m11, exp = -1>>
  %3 = afp.quantize %c {channel_exp = array<i32: -32>} : tensor<4xf32> to tensor<4x!afp.exact>
  %4 = afp.quantize %c {channel_exp = array<i32: 0>} : tensor<4xf32> to tensor<4x!afp.exact>
  return %0, %1, %2, %3, %4 : tensor<4x!afp.float<e0m7, exp = 0>>, tensor<4x!afp.float<e0m7, exp = 0>>, tensor<4x!afp.float<e0m11, exp = -1>>, tensor<4x!afp.exact>, tensor<4x!afp.exact>
}

// One constant used by two operators is encoded for each.
// CHECK-LABEL: func.func @shared
// CHECK: afp.fully_connected {{.*}} {channel_exp = array<i32: -4>}
// CHECK: afp.fully_connected {{.*}} {channel_exp = array<i32: -1>}
func.func @shared(%x: !x) -> (tensor<1x1x!afp.exact>, tensor<1x1x!afp.exact>) {
  %w = "tosa.const"() <{values = dense<[[1.0, 1.0]]> : tensor<1x2xf32>}> : () -> tensor<1x2xf32>
  %q = afp.quantize %w : tensor<1x2xf32> to tensor<1x2x!afp.float<e2m2, exp = 0>>
  %r = afp.quantize %w : tensor<1x2xf32> to tensor<1x2x!afp.float<e0m2, exp = 0>>
  %0 = afp.fully_connected %x, %q : (!x, tensor<1x2x!afp.float<e2m2, exp = 0>>) -> tensor<1x1x!afp.exact>
  %1 = afp.fully_connected %x, %r : (!x, tensor<1x2x!afp.float<e0m2, exp = 0>>) -> tensor<1x1x!afp.exact>
  return %0, %1 : tensor<1x1x!afp.exact>, tensor<1x1x!afp.exact>
}

// An entry for each code of e0m2, 0 1 2 3 -4 -3 -2 -1: |x| in quarters, in e2m1, which ends at 12.
// CHECK-LABEL: func.func @table
// CHECK: afp.table %arg0 {function = "abs", values = dense<[0, 4, 6, 7, 7, 7, 6, 4]> : tensor<8xi8>}
func.func @table(%x: tensor<1x!afp.float<e0m2, exp = 0>>) -> tensor<1x!afp.float<e2m1, exp = -2>> {
  %y = afp.table %x {function = "abs"} : tensor<1x!afp.float<e0m2, exp = 0>> to tensor<1x!afp.float<e2m1, exp = -2>>
  return %y : tensor<1x!afp.float<e2m1, exp = -2>>
}

// A table that is there, a table of real numbers, and a quantize of a computed value are left.
// CHECK-LABEL: func.func @left
// CHECK: afp.table %arg0 {function = "abs", values = dense<0> : tensor<8xi8>}
// CHECK: afp.table %arg1 {function = "abs"}
// CHECK: afp.quantize %arg1
func.func @left(%x: tensor<1x!afp.float<e0m2, exp = 0>>, %y: tensor<1xf32>) -> (tensor<1x!afp.float<e0m2, exp = 0>>, tensor<1xf32>, tensor<1x!afp.float<e0m2, exp = 0>>) {
  %0 = afp.table %x {function = "abs", values = dense<0> : tensor<8xi8>} : tensor<1x!afp.float<e0m2, exp = 0>> to tensor<1x!afp.float<e0m2, exp = 0>>
  %1 = afp.table %y {function = "abs"} : tensor<1xf32> to tensor<1xf32>
  %2 = afp.quantize %y : tensor<1xf32> to tensor<1x!afp.float<e0m2, exp = 0>>
  return %0, %1, %2 : tensor<1x!afp.float<e0m2, exp = 0>>, tensor<1xf32>, tensor<1x!afp.float<e0m2, exp = 0>>
}

// Weights of 32 elements or more are a resource, called like their operator.
// CHECK-LABEL: func.func @resource
// CHECK: afp.constant dense_resource<conv_1_dw_weight> : tensor<1x32xi8>
func.func @resource(%x: tensor<1x32x!afp.float<ue0m8, exp = 0>>) -> tensor<1x1x!afp.exact> {
  %w = "tosa.const"() <{values = dense<1.0> : tensor<1x32xf32>}> : () -> tensor<1x32xf32>
  %q = afp.quantize %w : tensor<1x32xf32> to tensor<1x32x!afp.float<e2m2, exp = 0>>
  %y = afp.fully_connected %x, %q {afp.name = "conv.1/dw"} : (tensor<1x32x!afp.float<ue0m8, exp = 0>>, tensor<1x32x!afp.float<e2m2, exp = 0>>) -> tensor<1x1x!afp.exact>
  return %y : tensor<1x1x!afp.exact>
}
