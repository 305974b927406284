// Each rule fires, and does not where its condition fails.
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-eliminate-requant)' | FileCheck %s

!q = !afp.float<e2m2, exp = -3>
!u = !afp.float<ue0m8, exp = -7>
!low = !afp.float<e0m7, exp = -150>
!high = !afp.float<e0m7, exp = 122>

// cancel: of one type, the codes themselves; of another, an encode with the quantize's rounding.
// CHECK-LABEL: func.func @cancel
// CHECK-NEXT: %[[E:.*]] = afp.encode %arg0 {round = "half_even"} : tensor<2x!afp.float<e2m2, exp = -3>> to tensor<2x!afp.float<ue0m8, exp = -7>>
// CHECK-NEXT: return %arg0, %[[E]]
func.func @cancel(%x: tensor<2x!q>) -> (tensor<2x!q>, tensor<2x!u>) {
  %0 = afp.dequantize %x : tensor<2x!q> to tensor<2xf32>
  %1 = afp.quantize %0 : tensor<2xf32> to tensor<2x!q>
  %2 = afp.quantize %0 {round = "half_even"} : tensor<2xf32> to tensor<2x!u>
  return %1, %2 : tensor<2x!q>, tensor<2x!u>
}

// Not where f32 does not hold every value: below 2^-149, or from 2^128 on (127 * 2^122 > 2^128). At the
// ends of f32 it does.
// CHECK-LABEL: func.func @cancel_beyond_f32
// CHECK: afp.dequantize %arg0
// CHECK: afp.quantize
// CHECK: afp.dequantize %arg1
// CHECK: afp.quantize
// CHECK: return %{{.*}}, %{{.*}}, %arg2, %arg3
func.func @cancel_beyond_f32(%a: tensor<2x!low>, %b: tensor<2x!high>, %c: tensor<2x!afp.float<e0m7, exp = -149>>, %d: tensor<2x!afp.float<e0m7, exp = 121>>) -> (tensor<2x!low>, tensor<2x!high>, tensor<2x!afp.float<e0m7, exp = -149>>, tensor<2x!afp.float<e0m7, exp = 121>>) {
  %0 = afp.dequantize %a : tensor<2x!low> to tensor<2xf32>
  %1 = afp.quantize %0 : tensor<2xf32> to tensor<2x!low>
  %2 = afp.dequantize %b : tensor<2x!high> to tensor<2xf32>
  %3 = afp.quantize %2 : tensor<2xf32> to tensor<2x!high>
  %4 = afp.dequantize %c : tensor<2x!afp.float<e0m7, exp = -149>> to tensor<2xf32>
  %5 = afp.quantize %4 : tensor<2xf32> to tensor<2x!afp.float<e0m7, exp = -149>>
  %6 = afp.dequantize %d : tensor<2x!afp.float<e0m7, exp = 121>> to tensor<2xf32>
  %7 = afp.quantize %6 : tensor<2xf32> to tensor<2x!afp.float<e0m7, exp = 121>>
  return %1, %3, %5, %7 : tensor<2x!low>, tensor<2x!high>, tensor<2x!afp.float<e0m7, exp = -149>>, tensor<2x!afp.float<e0m7, exp = 121>>
}

// Not with exponents per channel on either side, nor to exact values.
// CHECK-LABEL: func.func @cancel_with_channels
// CHECK: %[[A:.*]] = afp.dequantize %arg0 {channel_exp
// CHECK: %[[B:.*]] = afp.quantize %[[A]]
// CHECK: %[[C:.*]] = afp.dequantize %arg0 :
// CHECK: %[[D:.*]] = afp.quantize %[[C]] {channel_exp
// CHECK: %[[E:.*]] = afp.quantize %[[C]] {channel_exp
// CHECK: return %[[B]], %[[D]], %[[E]]
func.func @cancel_with_channels(%x: tensor<2x!q>) -> (tensor<2x!q>, tensor<2x!q>, tensor<2x!afp.exact>) {
  %0 = afp.dequantize %x {channel_exp = array<i32: 1, 2>} : tensor<2x!q> to tensor<2xf32>
  %1 = afp.quantize %0 : tensor<2xf32> to tensor<2x!q>
  %2 = afp.dequantize %x : tensor<2x!q> to tensor<2xf32>
  %3 = afp.quantize %2 {channel_exp = array<i32: 1, 2>} : tensor<2xf32> to tensor<2x!q>
  %4 = afp.quantize %2 {channel_exp = array<i32: 0>} : tensor<2xf32> to tensor<2x!afp.exact>
  return %1, %3, %4 : tensor<2x!q>, tensor<2x!q>, tensor<2x!afp.exact>
}

// sink: each operator that moves elements works on codes; the dequantize follows.
// CHECK-LABEL: func.func @sink
// CHECK-NEXT: afp.max_pool2d %arg0 {kernel = array<i64: 2, 2>} : (tensor<1x2x2x2x!afp.float<e2m2, exp = -3>>)
// CHECK-NEXT: afp.reshape
// CHECK-NEXT: afp.transpose %{{.*}} {perm = array<i64: 1, 0>}
// CHECK-NEXT: afp.pad %{{.*}} {high = array<i64: 1, 0>, low = array<i64: 0, 0>} : tensor<2x1x!afp.float<e2m2, exp = -3>>
// 1.25 is 10 * 2^-3: E = 2, M = 1, code 9.
// CHECK-NEXT: afp.pad %{{.*}} {high = array<i64: 1, 0>, low = array<i64: 0, 0>, value = 9 : i32}
// CHECK-NEXT: afp.slice %{{.*}} {start = array<i64: 1, 0>, stride = array<i64: 2, 1>}
// CHECK-NEXT: %[[C:.*]] = afp.concat %{{.*}}, %{{.*}} {afp.name = "joined", axis = 0 : i64} : {{.*}} -> tensor<4x1x!afp.float<e2m2, exp = -3>>
// CHECK-NEXT: %[[D:.*]] = afp.dequantize %[[C]]
// CHECK-NEXT: return %[[D]]
func.func @sink(%x: tensor<1x2x2x2x!q>) -> tensor<4x1xf32> {
  %0 = afp.dequantize %x : tensor<1x2x2x2x!q> to tensor<1x2x2x2xf32>
  %1 = afp.max_pool2d %0 {kernel = array<i64: 2, 2>} : (tensor<1x2x2x2xf32>) -> tensor<1x1x1x2xf32>
  %2 = afp.reshape %1 : tensor<1x1x1x2xf32> to tensor<1x2xf32>
  %3 = afp.transpose %2 {perm = array<i64: 1, 0>} : tensor<1x2xf32> to tensor<2x1xf32>
  %4 = afp.pad %3 {low = array<i64: 0, 0>, high = array<i64: 1, 0>} : tensor<2x1xf32> to tensor<3x1xf32>
  %5 = afp.pad %4 {low = array<i64: 0, 0>, high = array<i64: 1, 0>, value = 1.25 : f32} : tensor<3x1xf32> to tensor<4x1xf32>
  %6 = afp.slice %5 {start = array<i64: 1, 0>, stride = array<i64: 2, 1>} : tensor<4x1xf32> to tensor<2x1xf32>
  %7 = afp.concat %6, %6 {afp.name = "joined", axis = 0 : i64} : (tensor<2x1xf32>, tensor<2x1xf32>) -> tensor<4x1xf32>
  return %7 : tensor<4x1xf32>
}

// Not a pad whose border is no value of the type: between two of them, beyond the largest, negative
// without a sign, nor -0: a dequantized zero is the positive one.
// CHECK-LABEL: func.func @sink_border
// CHECK: afp.pad %{{.*}} value = 1.125000e+00 : f32} : tensor<2xf32>
// CHECK: afp.pad %{{.*}} value = 1.000000e+03 : f32} : tensor<2xf32>
// CHECK: afp.pad %{{.*}} value = -1.000000e+00 : f32} : tensor<2xf32>
// CHECK: afp.pad %{{.*}} value = -0.000000e+00 : f32} : tensor<2xf32>
func.func @sink_border(%x: tensor<2x!q>, %y: tensor<2x!u>) -> (tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) {
  %0 = afp.dequantize %x : tensor<2x!q> to tensor<2xf32>
  %1 = afp.dequantize %y : tensor<2x!u> to tensor<2xf32>
  %2 = afp.pad %0 {low = array<i64: 0>, high = array<i64: 1>, value = 1.125 : f32} : tensor<2xf32> to tensor<3xf32>
  %3 = afp.pad %0 {low = array<i64: 0>, high = array<i64: 1>, value = 1000.0 : f32} : tensor<2xf32> to tensor<3xf32>
  %4 = afp.pad %1 {low = array<i64: 0>, high = array<i64: 1>, value = -1.0 : f32} : tensor<2xf32> to tensor<3xf32>
  %5 = afp.pad %0 {low = array<i64: 0>, high = array<i64: 1>, value = -0.0 : f32} : tensor<2xf32> to tensor<3xf32>
  return %2, %3, %4, %5 : tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>
}

// Not operands of two types, nor one that is no dequantize. Values that f32 does not hold are moved like
// others.
// CHECK-LABEL: func.func @sink_operands
// CHECK: afp.concat {{.*}} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
// CHECK: afp.concat {{.*}} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
// CHECK: %[[R:.*]] = afp.reshape %arg3
// CHECK: afp.dequantize %[[R]]
func.func @sink_operands(%x: tensor<2x!q>, %y: tensor<2x!u>, %z: tensor<2xf32>, %w: tensor<2x!low>) -> (tensor<4xf32>, tensor<4xf32>, tensor<1x2xf32>) {
  %0 = afp.dequantize %x : tensor<2x!q> to tensor<2xf32>
  %1 = afp.dequantize %y : tensor<2x!u> to tensor<2xf32>
  %2 = afp.dequantize %w : tensor<2x!low> to tensor<2xf32>
  %3 = afp.concat %0, %1 {axis = 0 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
  %4 = afp.concat %0, %z {axis = 0 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
  %5 = afp.reshape %2 : tensor<2xf32> to tensor<1x2xf32>
  return %3, %4, %5 : tensor<4xf32>, tensor<4xf32>, tensor<1x2xf32>
}

// hoist: a concat of two types is quantized by its operands, each of which cancels; with an operand
// that is no dequantize, that one is quantized.
// CHECK-LABEL: func.func @hoist
// CHECK: %[[E:.*]] = afp.encode %arg1 : tensor<2x!afp.float<ue0m8, exp = -7>> to tensor<2x!afp.float<e2m2, exp = -3>>
// CHECK: %[[C:.*]] = afp.concat %arg0, %[[E]] {afp.name = "joined", axis = 0 : i64}
// CHECK: %[[Q:.*]] = afp.quantize %arg2
// CHECK: %[[D:.*]] = afp.concat %arg0, %[[Q]] {axis = 0 : i64}
// CHECK: return %[[C]], %[[D]]
func.func @hoist(%x: tensor<2x!q>, %y: tensor<2x!u>, %z: tensor<2xf32>) -> (tensor<4x!q>, tensor<4x!q>) {
  %0 = afp.dequantize %x : tensor<2x!q> to tensor<2xf32>
  %1 = afp.dequantize %y : tensor<2x!u> to tensor<2xf32>
  %2 = afp.concat %0, %1 {afp.name = "joined", axis = 0 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
  %3 = afp.quantize %2 : tensor<4xf32> to tensor<4x!q>
  %4 = afp.concat %0, %z {axis = 0 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
  %5 = afp.quantize %4 : tensor<4xf32> to tensor<4x!q>
  return %3, %5 : tensor<4x!q>, tensor<4x!q>
}

// Not where the concat is read elsewhere, where nothing would cancel, or with exponents per channel.
// CHECK-LABEL: func.func @no_hoist
// CHECK: %[[A:.*]] = afp.concat {{.*}} -> tensor<4xf32>
// CHECK: %[[QA:.*]] = afp.quantize %[[A]]
// CHECK: %[[B:.*]] = afp.concat {{.*}} -> tensor<4xf32>
// CHECK: %[[QB:.*]] = afp.quantize %[[B]]
// CHECK: %[[C:.*]] = afp.concat {{.*}} -> tensor<4xf32>
// CHECK: %[[QC:.*]] = afp.quantize %[[C]]
// CHECK: return %[[A]], %[[QA]], %[[QB]], %[[QC]]
func.func @no_hoist(%x: tensor<2x!q>, %y: tensor<2x!u>, %z: tensor<2xf32>) -> (tensor<4xf32>, tensor<4x!q>, tensor<4x!q>, tensor<4x!q>) {
  %0 = afp.dequantize %x : tensor<2x!q> to tensor<2xf32>
  %1 = afp.dequantize %y : tensor<2x!u> to tensor<2xf32>
  %2 = afp.concat %0, %1 {axis = 0 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
  %3 = afp.quantize %2 : tensor<4xf32> to tensor<4x!q>
  %4 = afp.concat %z, %z {axis = 0 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
  %5 = afp.quantize %4 : tensor<4xf32> to tensor<4x!q>
  %6 = afp.concat %0, %1 {axis = 0 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
  %7 = afp.quantize %6 {channel_exp = array<i32: 0, 1, 2, 3>} : tensor<4xf32> to tensor<4x!q>
  return %2, %3, %5, %7 : tensor<4xf32>, tensor<4x!q>, tensor<4x!q>, tensor<4x!q>
}

// absorb: limits of limits are limited by value: e2m2 codes 20 and 17 are -4 and -1, 28 is -16.
// [-16, 12] then [-1, 16] is [-1, 12]; the rounding and the divisor are the inner encode's.
// CHECK-LABEL: func.func @absorb
// CHECK-NEXT: %[[E:.*]] = afp.encode %arg0 {afp.name = "outer", divisor = array<i64: 3>, hi = array<i32: 11>, lo = array<i32: 17>, round = "half_away"}
// CHECK-NEXT: %[[F:.*]] = afp.encode %arg0 {hi = array<i32: 5, 3>, lo = array<i32: 4, 3>}
// CHECK-NEXT: %[[G:.*]] = afp.encode %arg0 :
// CHECK-NEXT: return %[[E]], %[[F]], %[[G]]
func.func @absorb(%x: tensor<2x!afp.exact>) -> (tensor<2x!q>, tensor<2x!q>, tensor<2x!q>) {
  %0 = afp.encode %x {afp.name = "inner", divisor = array<i64: 3>, lo = array<i32: 28>, hi = array<i32: 11>, round = "half_away"} : tensor<2x!afp.exact> to tensor<2x!q>
  %1 = afp.encode %0 {afp.name = "outer", lo = array<i32: 17>, hi = array<i32: 12>} : tensor<2x!q> to tensor<2x!q>
  // Per channel against one for all: [4, 9] limited to [2, 5] and to [1, 3].
  %2 = afp.encode %x {lo = array<i32: 4>, hi = array<i32: 9>} : tensor<2x!afp.exact> to tensor<2x!q>
  %3 = afp.encode %2 {lo = array<i32: 2, 1>, hi = array<i32: 5, 3>} : tensor<2x!q> to tensor<2x!q>
  // No limits at all: none afterwards.
  %4 = afp.encode %x : tensor<2x!afp.exact> to tensor<2x!q>
  %5 = afp.encode %4 {divisor = array<i64: 1>} : tensor<2x!q> to tensor<2x!q>
  return %1, %3, %5 : tensor<2x!q>, tensor<2x!q>, tensor<2x!q>
}

// Not of another type, not with a divisor, not where the inner one is read elsewhere.
// CHECK-LABEL: func.func @no_absorb
// CHECK-COUNT-6: afp.encode
func.func @no_absorb(%x: tensor<2x!afp.exact>) -> (tensor<2x!u>, tensor<2x!q>, tensor<2x!q>, tensor<2x!q>) {
  %0 = afp.encode %x : tensor<2x!afp.exact> to tensor<2x!q>
  %1 = afp.encode %0 {lo = array<i32: 1>} : tensor<2x!q> to tensor<2x!u>
  %2 = afp.encode %x {lo = array<i32: 2>} : tensor<2x!afp.exact> to tensor<2x!q>
  %3 = afp.encode %2 {divisor = array<i64: 2>} : tensor<2x!q> to tensor<2x!q>
  %4 = afp.encode %x {lo = array<i32: 3>} : tensor<2x!afp.exact> to tensor<2x!q>
  %5 = afp.encode %4 {lo = array<i32: 4>} : tensor<2x!q> to tensor<2x!q>
  return %1, %3, %4, %5 : tensor<2x!u>, tensor<2x!q>, tensor<2x!q>, tensor<2x!q>
}
