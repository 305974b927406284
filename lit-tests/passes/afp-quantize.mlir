// Codes inside every group, f32 between groups.
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-quantize)' | FileCheck %s

!row = tensor<1x2xf32>
!x = tensor<1x2x!afp.exact>
!map = tensor<1x2x2x2xf32>
!xmap = tensor<1x2x2x2x!afp.exact>
!mat = tensor<1x2x2xf32>

// Weights: row 0 has 2 as its largest magnitude, and 28 * 2^-4 < 2 <= 28 * 2^-3; row 1 has 0.25. The bias
// is rounded to the accumulators' grids, -3 - 7 and -6 - 7. The limit 1 is the code 64 at 2^-6; the limit
// 0 of an unsigned format limits nothing.
// CHECK-LABEL: func.func @fully_connected
// CHECK: %[[Q:.*]] = afp.quantize %arg0 : tensor<1x2xf32> to tensor<1x2x!afp.float<ue0m8, exp = -7>>
// CHECK: %[[E:.*]] = afp.encode %[[Q]] {afp.name = "in"} : tensor<1x2x!afp.float<ue0m8, exp = -7>> to tensor<1x2x!afp.float<ue0m8, exp = -7>>
// CHECK: %[[D:.*]] = afp.dequantize %[[E]]
// CHECK: %[[X:.*]] = afp.quantize %[[D]] : tensor<1x2xf32> to tensor<1x2x!afp.float<ue0m8, exp = -7>>
// CHECK: %[[W:.*]] = afp.quantize %{{.*}} {channel_exp = array<i32: -3, -6>} : tensor<2x2xf32> to tensor<2x2x!afp.float<e2m2, exp = 0>>
// CHECK: %[[B:.*]] = afp.quantize %{{.*}} {channel_exp = array<i32: -10, -13>} : tensor<2xf32> to tensor<2x!afp.exact>
// CHECK: %[[Y:.*]] = afp.fully_connected %[[X]], %[[W]] bias %[[B]] {afp.name = "fc", channel_exp = array<i32: -3, -6>}
// CHECK: %[[Z:.*]] = afp.encode %[[Y]] {hi = array<i32: 64>} : tensor<1x2x!afp.exact> to tensor<1x2x!afp.float<ue0m8, exp = -6>>
// CHECK: %[[R:.*]] = afp.dequantize %[[Z]]
// CHECK: return %[[R]]
func.func @fully_connected(%x: !row) -> !row {
  %w = "tosa.const"() <{values = dense<[[1.0, -2.0], [0.0, 0.25]]> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
  %b = "tosa.const"() <{values = dense<[1.0, 2.0]> : tensor<2xf32>}> : () -> tensor<2xf32>
  %0 = afp.encode %x {afp.name = "in", afp.type = !afp.float<ue0m8, exp = -7>} : !row to !row
  %1 = afp.fully_connected %0, %w bias %b {afp.name = "fc", afp.weight_type = !afp.float<e2m2, exp = 0>} : (!row, tensor<2x2xf32>, tensor<2xf32>) -> !x
  %2 = afp.encode %1 {lo = array<f32: 0.0>, hi = array<f32: 1.0>, afp.type = !afp.float<ue0m8, exp = -6>} : !x to !row
  return %2 : !row
}

// A convolution with a skip operand: codes plus exact. A depthwise convolution has an exponent per
// channel, counted at dimension 2; its operand has the type of the site in front of the pool.
// CHECK-LABEL: func.func @convolutions
// CHECK: afp.conv2d {{.*}} {channel_exp = array<i32: -4, -4>} : (tensor<1x2x2x2x!afp.float<e0m7, exp = -7>>, tensor<2x1x1x2x!afp.float<e2m2, exp = 0>>) -> tensor<1x2x2x2x!afp.exact>
// CHECK: afp.add {{.*}} : (tensor<1x2x2x2x!afp.float<e0m7, exp = -7>>, tensor<1x2x2x2x!afp.exact>) -> tensor<1x2x2x2x!afp.exact>
// CHECK: %[[P:.*]] = afp.max_pool2d {{.*}} -> tensor<1x2x2x2xf32>
// CHECK: %[[Q:.*]] = afp.quantize %[[P]] : tensor<1x2x2x2xf32> to tensor<1x2x2x2x!afp.float<e0m7, exp = -6>>
// CHECK: %[[W:.*]] = afp.quantize %{{.*}} {axis = 2 : i64, channel_exp = array<i32: -4, -3>} : tensor<1x1x2x1xf32> to tensor<1x1x2x1x!afp.float<e2m2, exp = 0>>
// CHECK: afp.depthwise_conv2d %[[Q]], %[[W]] {channel_exp = array<i32: -4, -3>}
func.func @convolutions(%x: !map) -> !map {
  %w = "tosa.const"() <{values = dense<1.0> : tensor<2x1x1x2xf32>}> : () -> tensor<2x1x1x2xf32>
  %d = "tosa.const"() <{values = dense<[[[[1.0], [2.0]]]]> : tensor<1x1x2x1xf32>}> : () -> tensor<1x1x2x1xf32>
  %0 = afp.encode %x {afp.type = !afp.float<e0m7, exp = -7>} : !map to !map
  %1 = afp.conv2d %0, %w {afp.weight_type = !afp.float<e2m2, exp = 0>} : (!map, tensor<2x1x1x2xf32>) -> !xmap
  %2 = afp.add %0, %1 : (!map, !xmap) -> !xmap
  %3 = afp.encode %2 {afp.type = !afp.float<e0m7, exp = -6>} : !xmap to !map
  %4 = afp.max_pool2d %3 {kernel = array<i64: 1, 1>} : (!map) -> !map
  %5 = afp.depthwise_conv2d %4, %d {afp.weight_type = !afp.float<e2m2, exp = 0>} : (!map, tensor<1x1x2x1xf32>) -> !xmap
  %6 = afp.encode %5 {afp.type = !afp.float<e0m7, exp = -5>} : !xmap to !map
  return %6 : !map
}

// Given exponents are taken, and stay for afp-encode-weights; the bias is on their accumulators' grids.
// Depthwise with two filters a channel: one for each of the four outputs.
// CHECK-LABEL: func.func @given
// CHECK: %[[W:.*]] = afp.quantize %{{.*}} {axis = 2 : i64, channel_exp = array<i32: -5, 4096, -4096, 1>}
// CHECK: %[[B:.*]] = afp.quantize %{{.*}} {channel_exp = array<i32: -12, 4089, -4096, -6>} : tensor<4xf32> to tensor<4x!afp.exact>
// CHECK: afp.depthwise_conv2d %{{.*}}, %[[W]] bias %[[B]] {afp.weight_exp = array<i32: -5, 4096, -4096, 1>, channel_exp = array<i32: -5, 4096, -4096, 1>}
func.func @given(%x: !map) -> tensor<1x2x2x4xf32> {
  %w = "tosa.const"() <{values = dense<1.0> : tensor<1x1x2x2xf32>}> : () -> tensor<1x1x2x2xf32>
  %b = "tosa.const"() <{values = dense<1.0> : tensor<4xf32>}> : () -> tensor<4xf32>
  %0 = afp.encode %x {afp.type = !afp.float<e0m7, exp = -7>} : !map to !map
  %1 = afp.depthwise_conv2d %0, %w bias %b {afp.weight_type = !afp.float<e2m2, exp = 0>, afp.weight_exp = array<i32: -5, 4096, -4096, 1>} : (!map, tensor<1x1x2x2xf32>, tensor<4xf32>) -> tensor<1x2x2x4x!afp.exact>
  %2 = afp.encode %1 {afp.type = !afp.float<e0m7, exp = -5>} : tensor<1x2x2x4x!afp.exact> to tensor<1x2x2x4xf32>
  return %2 : tensor<1x2x2x4xf32>
}

// A constant in a sum is exact, on a grid of 15 bits below its largest magnitude: 32767 * 2^-14 < 3.
// CHECK-LABEL: func.func @constant_in_sum
// CHECK: %[[C:.*]] = afp.quantize %{{.*}} {axis = 1 : i64, channel_exp = array<i32: -13>} : tensor<1x2xf32> to tensor<1x2x!afp.exact>
// CHECK: afp.add %[[C]], %{{.*}} : (tensor<1x2x!afp.exact>, tensor<1x2x!afp.float<e0m7, exp = -7>>)
func.func @constant_in_sum(%x: !row) -> !row {
  %c = "tosa.const"() <{values = dense<[[1.0, -3.0]]> : !row}> : () -> !row
  %0 = afp.encode %x {afp.type = !afp.float<e0m7, exp = -7>} : !row to !row
  %1 = afp.add %c, %0 : (!row, !row) -> !x
  %2 = afp.encode %1 {afp.type = !afp.float<e0m7, exp = -5>} : !x to !row
  return %2 : !row
}

// A constant matrix takes 8 bits: 127 * 2^-6 < 3, with a sign, and 255 * 2^-7 < 3, without one.
// CHECK-LABEL: func.func @constant_in_product
// CHECK: afp.quantize {{.*}} to tensor<1x2x2x!afp.float<e0m7, exp = -5>>
// CHECK: afp.matmul {{.*}} : (tensor<1x2x2x!afp.float<e0m7, exp = -7>>, tensor<1x2x2x!afp.float<e0m7, exp = -5>>) -> tensor<1x2x2x!afp.exact>
// CHECK: afp.quantize {{.*}} to tensor<1x2x2x!afp.float<ue0m8, exp = -6>>
// CHECK: afp.matmul {{.*}} : (tensor<1x2x2x!afp.float<ue0m8, exp = -6>>, tensor<1x2x2x!afp.float<e0m7, exp = -3>>)
func.func @constant_in_product(%x: !mat) -> !mat {
  %c = "tosa.const"() <{values = dense<[[[1.0, -3.0], [0.0, 0.5]]]> : !mat}> : () -> !mat
  %p = "tosa.const"() <{values = dense<[[[1.0, 3.0], [0.0, 0.5]]]> : !mat}> : () -> !mat
  %0 = afp.encode %x {afp.type = !afp.float<e0m7, exp = -7>} : !mat to !mat
  %1 = afp.matmul %0, %c : (!mat, !mat) -> tensor<1x2x2x!afp.exact>
  %2 = afp.encode %1 {afp.type = !afp.float<e0m7, exp = -3>} : tensor<1x2x2x!afp.exact> to !mat
  %3 = afp.matmul %p, %2 : (!mat, !mat) -> tensor<1x2x2x!afp.exact>
  %4 = afp.encode %3 {afp.type = !afp.float<e0m7, exp = -1>} : tensor<1x2x2x!afp.exact> to !mat
  return %4 : !mat
}

// Pools, tables, softmax; a concat is quantized behind it; a clamp starts from the codes it reads.
// CHECK-LABEL: func.func @others
// CHECK: afp.sum_pool2d {{.*}} : (tensor<1x2x2x2x!afp.float<e0m7, exp = -7>>) -> tensor<1x2x2x2x!afp.exact>
// CHECK: afp.encode {{.*}} {divisor = array<i64: 3>} : {{.*}} to tensor<1x2x2x2x!afp.float<e0m7, exp = -4>>
// CHECK: afp.table {{.*}} {function = "tanh"} : tensor<1x2x2x2x!afp.float<e0m7, exp = -4>> to tensor<1x2x2x2x!afp.float<e0m7, exp = -3>>
// CHECK: afp.softmax {{.*}} {axis = 3 : i64} : tensor<1x2x2x2x!afp.float<e0m7, exp = -3>> to tensor<1x2x2x2x!afp.float<ue0m8, exp = -8>>
// CHECK: %[[C:.*]] = afp.concat {{.*}} : (tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32>) -> tensor<2x2x2x2xf32>
// CHECK: %[[Q:.*]] = afp.quantize %[[C]] : tensor<2x2x2x2xf32> to tensor<2x2x2x2x!afp.float<e0m7, exp = -2>>
// CHECK: %[[D:.*]] = afp.dequantize %[[Q]]
// CHECK: %[[S:.*]] = afp.slice %[[D]]
// CHECK: %[[T:.*]] = afp.quantize %[[S]] : tensor<1x2x2x2xf32> to tensor<1x2x2x2x!afp.float<e0m7, exp = -2>>
// CHECK: afp.encode %[[T]] : tensor<1x2x2x2x!afp.float<e0m7, exp = -2>> to tensor<1x2x2x2x!afp.float<ue0m8, exp = -1>>
func.func @others(%x: !map) -> !map {
  %0 = afp.encode %x {afp.type = !afp.float<e0m7, exp = -7>} : !map to !map
  %1 = afp.sum_pool2d %0 {kernel = array<i64: 1, 1>} : (!map) -> !xmap
  %2 = afp.encode %1 {divisor = array<i64: 3>, afp.type = !afp.float<e0m7, exp = -4>} : !xmap to !map
  %3 = afp.table %2 {function = "tanh", afp.type = !afp.float<e0m7, exp = -3>} : !map to !map
  %4 = afp.softmax %3 {axis = 3 : i64, afp.type = !afp.float<ue0m8, exp = -8>} : !map to !map
  %5 = afp.concat %4, %3 {axis = 0 : i64, afp.type = !afp.float<e0m7, exp = -2>} : (!map, !map) -> tensor<2x2x2x2xf32>
  %6 = afp.slice %5 {start = array<i64: 0, 0, 0, 0>} : tensor<2x2x2x2xf32> to !map
  %7 = afp.encode %6 {lo = array<f32: 0.0>, afp.type = !afp.float<ue0m8, exp = -1>} : !map to !map
  return %7 : !map
}

// Limits become codes by the encode's own rounding: -2.5 and 2.5 are -2 (254 in eight bits) and 3, half
// to even 2. Limits at or beyond the ends are dropped; of several, none is unless all are.
// CHECK-LABEL: func.func @limits
// CHECK: afp.encode %{{[0-9]+}} {hi = array<i32: 3>, lo = array<i32: 254>} : tensor<1x2x!afp.exact>
// CHECK: afp.encode %{{[0-9]+}} {hi = array<i32: 2>, round = "half_even"} : tensor<1x2x!afp.exact>
// CHECK: afp.encode %{{[0-9]+}} : tensor<1x2x!afp.exact>
// CHECK: afp.encode %{{[0-9]+}} {lo = array<i32: 129, 5>} : tensor<1x2x!afp.exact>
// Sign-magnitude: -3 is the code 10011.
// CHECK: afp.encode %{{[0-9]+}} {lo = array<i32: 19>} : tensor<1x2x!afp.exact> to tensor<1x2x!afp.float<e2m2, exp = 0>>
func.func @limits(%x: !row) -> (!row, !row, !row, !row, !row) {
  %0 = afp.encode %x {afp.type = !afp.float<e0m7, exp = 0>} : !row to !row
  %1 = afp.add %0, %0 : (!row, !row) -> !x
  %2 = afp.encode %1 {lo = array<f32: -2.5>, hi = array<f32: 2.5>, afp.type = !afp.float<e0m7, exp = 0>} : !x to !row
  %3 = afp.encode %1 {hi = array<f32: 2.5>, round = "half_even", afp.type = !afp.float<e0m7, exp = 0>} : !x to !row
  %4 = afp.encode %1 {lo = array<f32: -127.0>, hi = array<f32: 1000.0>, afp.type = !afp.float<e0m7, exp = 0>} : !x to !row
  %5 = afp.encode %1 {lo = array<f32: -1000.0, 5.0>, afp.type = !afp.float<e0m7, exp = 0>} : !x to !row
  %6 = afp.encode %1 {lo = array<f32: -3.0>, afp.type = !afp.float<e2m2, exp = 0>} : !x to !row
  return %2, %3, %4, %5, %6 : !row, !row, !row, !row, !row
}

// What is coded already is left.
// CHECK-LABEL: func.func @coded
// CHECK-NEXT: %[[A:.*]] = afp.add %arg0, %arg0
// CHECK-NEXT: %[[E:.*]] = afp.encode %[[A]]
// CHECK-NEXT: %[[T:.*]] = afp.table %[[E]]
// CHECK-NEXT: %[[C:.*]] = afp.concat %[[T]], %[[T]]
// CHECK-NEXT: return %[[C]]
!c = tensor<2x!afp.float<e2m2, exp = 0>>
func.func @coded(%x: !c) -> tensor<4x!afp.float<e2m2, exp = 0>> {
  %0 = afp.add %x, %x : (!c, !c) -> tensor<2x!afp.exact>
  %1 = afp.encode %0 : tensor<2x!afp.exact> to !c
  %2 = afp.table %1 {function = "abs"} : !c to !c
  %3 = afp.concat %2, %2 {axis = 0 : i64} : (!c, !c) -> tensor<4x!afp.float<e2m2, exp = 0>>
  return %3 : tensor<4x!afp.float<e2m2, exp = 0>>
}

// Values with a dynamic scale exponent are moved and read as they are: quantized again, they would choose
// another one. The input is rounded once. A sum of 3 * 127 in units of 2^-5 has 15 bits at most (one is
// spare), so it has 30 bits with its unit of -5 - 2 at the most, and a bias, on a grid of -7 - 15: coarser
// than the least unit, -5 - 18, which would take 31.
// CHECK-LABEL: func.func @dynamic
// CHECK: %[[X:.*]] = afp.quantize %arg0 : tensor<1x2xf32> to tensor<1x2x!afp.float<e0m7, exp = ?[-18, -2]>>
// CHECK-NOT: afp.quantize %{{.*}} to tensor<1x2x!afp.float<e0m7, exp = ?
// CHECK: %[[S:.*]] = afp.slice %[[X]] {start = array<i64: 0, 0>} : tensor<1x2x!afp.float<e0m7, exp = ?[-18, -2]>>
// CHECK: %[[P:.*]] = afp.pad %[[S]] {high = array<i64: 0, 1>, low = array<i64: 0, 0>} :
// CHECK: %[[B:.*]] = afp.quantize %{{.*}} {channel_exp = array<i32: -22, -25>}
// CHECK: %[[C:.*]] = afp.fully_connected %[[P]], %{{.*}} bias %[[B]] {channel_exp = array<i32: -5, -8>}
// CHECK: %[[A:.*]] = afp.add %[[C]], %[[X]] :
// CHECK: %[[E:.*]] = afp.encode %[[A]] : tensor<1x2x!afp.exact> to tensor<1x2x!afp.float<ue0m8, exp = ?[-8, 8]>>
// CHECK: %[[D:.*]] = afp.encode %[[E]] {divisor = array<i64: 3>} : tensor<1x2x!afp.float<ue0m8, exp = ?[-8, 8]>> to tensor<1x2x!afp.float<e0m15, exp = ?[-20, 0]>>
// CHECK: %[[R:.*]] = afp.reshape %[[D]]
// CHECK: %[[F:.*]] = afp.dequantize %[[R]]
// CHECK: return %[[F]]
func.func @dynamic(%x: !row) -> tensor<2xf32> {
  %w = "tosa.const"() <{values = dense<[[1.0, -2.0], [0.25, 0.25]]> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
  %b = "tosa.const"() <{values = dense<[1.0, 2.0]> : tensor<2xf32>}> : () -> tensor<2xf32>
  %0 = afp.encode %x {afp.type = !afp.float<e0m7, exp = ?[-18, -2]>} : !row to !row
  %1 = afp.slice %0 {start = array<i64: 0, 0>} : !row to tensor<1x1xf32>
  %2 = afp.pad %1 {low = array<i64: 0, 0>, high = array<i64: 0, 1>, value = 0.0 : f32} : tensor<1x1xf32> to !row
  %3 = afp.fully_connected %2, %w bias %b {afp.weight_type = !afp.float<e2m4, exp = 0>} : (!row, tensor<2x2xf32>, tensor<2xf32>) -> !x
  %4 = afp.add %3, %0 : (!x, !row) -> !x
  %5 = afp.encode %4 {lo = array<f32: 0.0>, afp.type = !afp.float<ue0m8, exp = ?[-8, 8]>} : !x to !row
  %6 = afp.encode %5 {divisor = array<i64: 3>, afp.type = !afp.float<e0m15, exp = ?[-20, 0]>} : !row to !row
  %7 = afp.reshape %6 : !row to tensor<2xf32>
  return %7 : tensor<2xf32>
}
