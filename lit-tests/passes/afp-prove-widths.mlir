// Bits of magnitude, computed by hand. ue0m8 ends at 255, e0m7 at 127, e2m2 at 28.
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-prove-widths)' | FileCheck %s

!u = !afp.float<ue0m8, exp = 0>
!s = !afp.float<e0m7, exp = 0>
!w = !afp.float<e0m7, exp = 0>
!x = tensor<1x2x!afp.exact>

// Row 0: 3*255 + 5*255 = 2040, 11 bits; row 1: -127*255 = -32385 below zero and 255 above, 15 bits.
// CHECK-LABEL: func.func @fully_connected
// CHECK: afp.fully_connected {{.*}} {afp.bits = 11 : i32}
// CHECK: afp.fully_connected {{.*}} {afp.bits = 15 : i32}
func.func @fully_connected(%x: tensor<1x2x!u>) -> (tensor<1x1x!afp.exact>, tensor<1x2x!afp.exact>) {
  %w = afp.constant dense<[[3, 5]]> : tensor<1x2xi8> : tensor<1x2x!w>
  %v = afp.constant dense<[[3, 5], [-127, 1]]> : tensor<2x2xi8> : tensor<2x2x!w>
  %0 = afp.fully_connected %x, %w : (tensor<1x2x!u>, tensor<1x2x!w>) -> tensor<1x1x!afp.exact>
  %1 = afp.fully_connected %x, %v : (tensor<1x2x!u>, tensor<2x2x!w>) -> tensor<1x2x!afp.exact>
  return %0, %1 : tensor<1x1x!afp.exact>, tensor<1x2x!afp.exact>
}

// Weights of opposite signs: partial sums reach 3*255 = 765 and -5*255 = -1275, 11 bits, though with
// equal inputs the sum stays small. A signed input: 8*127 = 1016, 10 bits.
// CHECK-LABEL: func.func @signs
// CHECK: afp.fully_connected {{.*}} {afp.bits = 11 : i32}
// CHECK: afp.fully_connected {{.*}} {afp.bits = 10 : i32}
func.func @signs(%x: tensor<1x2x!u>, %y: tensor<1x2x!s>) -> (tensor<1x1x!afp.exact>, tensor<1x1x!afp.exact>) {
  %w = afp.constant dense<[[3, -5]]> : tensor<1x2xi8> : tensor<1x2x!w>
  %0 = afp.fully_connected %x, %w : (tensor<1x2x!u>, tensor<1x2x!w>) -> tensor<1x1x!afp.exact>
  %1 = afp.fully_connected %y, %w : (tensor<1x2x!s>, tensor<1x2x!w>) -> tensor<1x1x!afp.exact>
  return %0, %1 : tensor<1x1x!afp.exact>, tensor<1x1x!afp.exact>
}

// e2m2 weights are decoded: code 15 is 28, 28*255 = 7140, 13 bits. A bias at its own exponent is
// aligned: 8 * 2^3 + 765 = 829, 10 bits; a finer one lifts the accumulator, 765 * 2^4 + 1, 14 bits.
// CHECK-LABEL: func.func @bias
// CHECK: afp.fully_connected {{.*}} {afp.bits = 13 : i32}
// CHECK: afp.fully_connected {{.*}} {afp.bits = 10 : i32}
// CHECK: afp.fully_connected {{.*}} {afp.bits = 14 : i32}
func.func @bias(%x: tensor<1x1x!u>) -> (tensor<1x1x!afp.exact>, tensor<1x1x!afp.exact>, tensor<1x1x!afp.exact>) {
  %m = afp.constant dense<[[15]]> : tensor<1x1xi8> : tensor<1x1x!afp.float<e2m2, exp = 0>>
  %w = afp.constant dense<[[3]]> : tensor<1x1xi8> : tensor<1x1x!w>
  %b = afp.constant dense<[8]> : tensor<1xi32> {channel_exp = array<i32: 3>} : tensor<1x!afp.exact>
  %c = afp.constant dense<[1]> : tensor<1xi32> {channel_exp = array<i32: -4>} : tensor<1x!afp.exact>
  %0 = afp.fully_connected %x, %m : (tensor<1x1x!u>, tensor<1x1x!afp.float<e2m2, exp = 0>>) -> tensor<1x1x!afp.exact>
  %1 = afp.fully_connected %x, %w bias %b : (tensor<1x1x!u>, tensor<1x1x!w>, tensor<1x!afp.exact>) -> tensor<1x1x!afp.exact>
  %2 = afp.fully_connected %x, %w bias %c : (tensor<1x1x!u>, tensor<1x1x!w>, tensor<1x!afp.exact>) -> tensor<1x1x!afp.exact>
  return %0, %1, %2 : tensor<1x1x!afp.exact>, tensor<1x1x!afp.exact>, tensor<1x1x!afp.exact>
}

// The bias of channel 1 is at the exponent of channel 1: 765 + 3 and 765 + 3, 10 bits.
// CHECK-LABEL: func.func @channels
// CHECK: afp.fully_connected {{.*}} {afp.bits = 10 : i32, channel_exp = array<i32: 0, 9>}
func.func @channels(%x: tensor<1x1x!u>) -> !x {
  %w = afp.constant dense<[[3], [3]]> : tensor<2x1xi8> : tensor<2x1x!w>
  %b = afp.constant dense<[3, 3]> : tensor<2xi32> {channel_exp = array<i32: 0, 9>} : tensor<2x!afp.exact>
  %0 = afp.fully_connected %x, %w bias %b {channel_exp = array<i32: 0, 9>} : (tensor<1x1x!u>, tensor<2x1x!w>, tensor<2x!afp.exact>) -> !x
  return %0 : !x
}

// Convolutions: groups (each output has one input channel), depthwise with multiplier 2. 127*255 =
// 32385, 15 bits; 2*255, 9 bits.
// CHECK-LABEL: func.func @convolutions
// CHECK: afp.conv2d {{.*}} {afp.bits = 15 : i32, groups = 2 : i64}
// CHECK: afp.depthwise_conv2d {{.*}} {afp.bits = 9 : i32}
func.func @convolutions(%x: tensor<1x1x1x2x!u>) -> (tensor<1x1x1x2x!afp.exact>, tensor<1x1x1x4x!afp.exact>) {
  %w = afp.constant dense<[[[[127]]], [[[127]]]]> : tensor<2x1x1x1xi8> : tensor<2x1x1x1x!w>
  %d = afp.constant dense<[[[[1, 2], [1, -2]]]]> : tensor<1x1x2x2xi8> : tensor<1x1x2x2x!w>
  %0 = afp.conv2d %x, %w {groups = 2 : i64} : (tensor<1x1x1x2x!u>, tensor<2x1x1x1x!w>) -> tensor<1x1x1x2x!afp.exact>
  %1 = afp.depthwise_conv2d %x, %d : (tensor<1x1x1x2x!u>, tensor<1x1x2x2x!w>) -> tensor<1x1x1x4x!afp.exact>
  return %0, %1 : tensor<1x1x1x2x!afp.exact>, tensor<1x1x1x4x!afp.exact>
}

// Limits narrow what follows: codes up to 10 times 3, 5 bits; through operators that move elements.
// Both: [-10, 20] * 3 = 60, 6 bits.
// CHECK-LABEL: func.func @limits
// CHECK: afp.fully_connected {{.*}} {afp.bits = 5 : i32}
// CHECK: afp.fully_connected {{.*}} {afp.bits = 6 : i32}
func.func @limits(%x: tensor<1x1x!u>, %y: tensor<1x1x!s>) -> (tensor<1x1x!afp.exact>, tensor<1x1x!afp.exact>) {
  %w = afp.constant dense<[[3]]> : tensor<1x1xi8> : tensor<1x1x!w>
  %0 = afp.encode %x {hi = array<i32: 10>} : tensor<1x1x!u> to tensor<1x1x!u>
  %1 = afp.reshape %0 : tensor<1x1x!u> to tensor<1x1x1x!u>
  %2 = afp.reshape %1 : tensor<1x1x1x!u> to tensor<1x1x!u>
  %3 = afp.fully_connected %2, %w : (tensor<1x1x!u>, tensor<1x1x!w>) -> tensor<1x1x!afp.exact>
  %4 = afp.encode %y {lo = array<i32: 246>, hi = array<i32: 20>} : tensor<1x1x!s> to tensor<1x1x!s>
  %5 = afp.fully_connected %4, %w : (tensor<1x1x!s>, tensor<1x1x!w>) -> tensor<1x1x!afp.exact>
  return %3, %5 : tensor<1x1x!afp.exact>, tensor<1x1x!afp.exact>
}

// Limits per channel hold for their channel: 3 * 10 + 1 * 20 = 50 above zero, 3 * 30 below it, 7 bits; in
// a depthwise convolution channel 1 reaches 20 * 100, 11 bits; groups likewise.
// CHECK-LABEL: func.func @limits_per_channel
// CHECK: afp.fully_connected {{.*}} {afp.bits = 7 : i32}
// CHECK: afp.depthwise_conv2d {{.*}} {afp.bits = 11 : i32}
// CHECK: afp.conv2d {{.*}} {afp.bits = 11 : i32, groups = 2 : i64}
func.func @limits_per_channel(%x: tensor<1x2x!s>) -> (tensor<1x1x!afp.exact>, tensor<1x1x1x4x!afp.exact>, tensor<1x1x1x2x!afp.exact>) {
  %w = afp.constant dense<[[3, 1]]> : tensor<1x2xi8> : tensor<1x2x!w>
  %d = afp.constant dense<[[[[1, 2], [100, 1]]]]> : tensor<1x1x2x2xi8> : tensor<1x1x2x2x!w>
  %g = afp.constant dense<[[[[1]]], [[[100]]]]> : tensor<2x1x1x1xi8> : tensor<2x1x1x1x!w>
  %0 = afp.encode %x {lo = array<i32: 226, 0>, hi = array<i32: 10, 20>} : tensor<1x2x!s> to tensor<1x2x!s>
  %1 = afp.fully_connected %0, %w : (tensor<1x2x!s>, tensor<1x2x!w>) -> tensor<1x1x!afp.exact>
  %2 = afp.reshape %x : tensor<1x2x!s> to tensor<1x1x1x2x!s>
  %3 = afp.encode %2 {lo = array<i32: 0>, hi = array<i32: 10, 20>} : tensor<1x1x1x2x!s> to tensor<1x1x1x2x!s>
  %4 = afp.depthwise_conv2d %3, %d : (tensor<1x1x1x2x!s>, tensor<1x1x2x2x!w>) -> tensor<1x1x1x4x!afp.exact>
  %5 = afp.conv2d %3, %g {groups = 2 : i64} : (tensor<1x1x1x2x!s>, tensor<2x1x1x1x!w>) -> tensor<1x1x1x2x!afp.exact>
  return %1, %4, %5 : tensor<1x1x!afp.exact>, tensor<1x1x1x4x!afp.exact>, tensor<1x1x1x2x!afp.exact>
}

// A border counts: codes up to 10, and 200 around them, times 3, 10 bits.
// CHECK-LABEL: func.func @border
// CHECK: afp.fully_connected {{.*}} {afp.bits = 10 : i32}
func.func @border(%x: tensor<1x1x!u>) -> tensor<1x1x!afp.exact> {
  %w = afp.constant dense<[[3, 0]]> : tensor<1x2xi8> : tensor<1x2x!w>
  %0 = afp.encode %x {hi = array<i32: 10>} : tensor<1x1x!u> to tensor<1x1x!u>
  %1 = afp.pad %0 {low = array<i64: 0, 1>, high = array<i64: 0, 0>, value = 200 : i32} : tensor<1x1x!u> to tensor<1x2x!u>
  %2 = afp.fully_connected %1, %w : (tensor<1x2x!u>, tensor<1x2x!w>) -> tensor<1x1x!afp.exact>
  return %2 : tensor<1x1x!afp.exact>
}

// The operand with the larger exponent is shifted: 255 * 2^5 + 255 = 8415, 14 bits; equal exponents,
// 510, 9 bits; a constant of codes with its own extremes, 255 + 7 = 262, 9 bits.
// CHECK-LABEL: func.func @add
// CHECK: afp.add {{.*}} {afp.bits = 14 : i32}
// CHECK: afp.add {{.*}} {afp.bits = 9 : i32}
// CHECK: afp.add {{.*}} {afp.bits = 9 : i32}
func.func @add(%x: tensor<2x!u>, %y: tensor<2x!afp.float<ue0m8, exp = 5>>) -> (tensor<2x!afp.exact>, tensor<2x!afp.exact>, tensor<2x!afp.exact>) {
  %c = afp.constant dense<[7, 3]> : tensor<2xi8> : tensor<2x!u>
  %0 = afp.add %x, %y : (tensor<2x!u>, tensor<2x!afp.float<ue0m8, exp = 5>>) -> tensor<2x!afp.exact>
  %1 = afp.add %x, %x : (tensor<2x!u>, tensor<2x!u>) -> tensor<2x!afp.exact>
  %2 = afp.add %x, %c : (tensor<2x!u>, tensor<2x!u>) -> tensor<2x!afp.exact>
  return %0, %1, %2 : tensor<2x!afp.exact>, tensor<2x!afp.exact>, tensor<2x!afp.exact>
}

// Nine elements of 255: 2295, 12 bits. Four products of 255 * 127: 129540, 17 bits.
// CHECK-LABEL: func.func @sums
// CHECK: afp.sum_pool2d {{.*}} {afp.bits = 12 : i32
// CHECK: afp.matmul {{.*}} {afp.bits = 17 : i32}
func.func @sums(%x: tensor<1x3x3x1x!u>, %a: tensor<1x1x4x!u>, %b: tensor<1x4x1x!s>) -> (tensor<1x1x1x1x!afp.exact>, tensor<1x1x1x!afp.exact>) {
  %0 = afp.sum_pool2d %x {kernel = array<i64: 3, 3>} : (tensor<1x3x3x1x!u>) -> tensor<1x1x1x1x!afp.exact>
  %1 = afp.matmul %a, %b : (tensor<1x1x4x!u>, tensor<1x4x1x!s>) -> tensor<1x1x1x!afp.exact>
  return %0, %1 : tensor<1x1x1x1x!afp.exact>, tensor<1x1x1x!afp.exact>
}

// Encode, with the rounding half: 510 + 2^0 (a unit of 2) is 511, still 9 bits; 510 + 2^1 = 512 takes 10.
// To a finer unit nothing is rounded. A half larger than twice the value is not added: the result is 0.
// A format with exponents rounds at most half a value: 510 + 255 = 765, 10 bits.
// CHECK-LABEL: func.func @rounding
// CHECK: afp.encode {{.*}} {afp.bits = 9 : i32} : {{.*}} to tensor<2x!afp.float<ue0m8, exp = 1>>
// CHECK: afp.encode {{.*}} {afp.bits = 10 : i32} : {{.*}} to tensor<2x!afp.float<ue0m8, exp = 2>>
// CHECK: afp.encode {{.*}} {afp.bits = 9 : i32} : {{.*}} to tensor<2x!afp.float<ue0m8, exp = -5>>
// CHECK: afp.encode {{.*}} {afp.bits = 9 : i32} : {{.*}} to tensor<2x!afp.float<ue0m8, exp = 80>>
// CHECK: afp.encode {{.*}} {afp.bits = 10 : i32} : {{.*}} to tensor<2x!afp.float<e2m2, exp = 0>>
func.func @rounding(%x: tensor<2x!u>) -> (tensor<2x!afp.float<ue0m8, exp = 1>>, tensor<2x!afp.float<ue0m8, exp = 2>>, tensor<2x!afp.float<ue0m8, exp = -5>>, tensor<2x!afp.float<ue0m8, exp = 80>>, tensor<2x!afp.float<e2m2, exp = 0>>) {
  %0 = afp.add %x, %x : (tensor<2x!u>, tensor<2x!u>) -> tensor<2x!afp.exact>
  %1 = afp.encode %0 : tensor<2x!afp.exact> to tensor<2x!afp.float<ue0m8, exp = 1>>
  %2 = afp.encode %0 : tensor<2x!afp.exact> to tensor<2x!afp.float<ue0m8, exp = 2>>
  %3 = afp.encode %0 : tensor<2x!afp.exact> to tensor<2x!afp.float<ue0m8, exp = -5>>
  %4 = afp.encode %0 : tensor<2x!afp.exact> to tensor<2x!afp.float<ue0m8, exp = 80>>
  %5 = afp.encode %0 : tensor<2x!afp.exact> to tensor<2x!afp.float<e2m2, exp = 0>>
  return %1, %2, %3, %4, %5 : tensor<2x!afp.float<ue0m8, exp = 1>>, tensor<2x!afp.float<ue0m8, exp = 2>>, tensor<2x!afp.float<ue0m8, exp = -5>>, tensor<2x!afp.float<ue0m8, exp = 80>>, tensor<2x!afp.float<e2m2, exp = 0>>
}

// Run-time scale exponents: the sum is aligned to the smaller one. 255 * 2^3 + 255 = 2295, 12 bits; two
// values up to 8 binades apart either way, 255 * 2^5 + 255 * 1 or 255 + 255 * 2^8 = 65535, 16 bits.
// CHECK-LABEL: func.func @dynamic
// CHECK: afp.add {{.*}} {afp.bits = 12 : i32}
// CHECK: afp.add {{.*}} {afp.bits = 16 : i32}
func.func @dynamic(%x: tensor<2x!afp.float<ue0m8, exp = ?[0, 3]>>, %y: tensor<2x!u>, %z: tensor<2x!afp.float<ue0m8, exp = ?[-2, 8]>>) -> (tensor<2x!afp.exact>, tensor<2x!afp.exact>) {
  %0 = afp.add %x, %y : (tensor<2x!afp.float<ue0m8, exp = ?[0, 3]>>, tensor<2x!u>) -> tensor<2x!afp.exact>
  %1 = afp.add %x, %z : (tensor<2x!afp.float<ue0m8, exp = ?[0, 3]>>, tensor<2x!afp.float<ue0m8, exp = ?[-2, 8]>>) -> tensor<2x!afp.exact>
  return %0, %1 : tensor<2x!afp.exact>, tensor<2x!afp.exact>
}

// A contraction's unit moves with its input's, so its own width is that of the static case, 3 * 255, 10
// bits; a bias has a grid of its own: at 2^-4, the sum is shifted by up to 7, 765 * 2^7 + 100, 17 bits; at
// 2^3, the bias by up to 3, 765 + 100 * 2^3, 11 bits. The encode adds half a unit, which may be as large as
// twice the sum (above that, the result is 0 without it): 765 + 1024 = 1789, 11 bits.
// CHECK-LABEL: func.func @dynamic_contractions
// CHECK: afp.fully_connected {{.*}} {afp.bits = 10 : i32}
// CHECK: afp.fully_connected {{.*}} {afp.bits = 17 : i32}
// CHECK: afp.fully_connected {{.*}} {afp.bits = 11 : i32}
// CHECK: afp.encode {{.*}} {afp.bits = 11 : i32, lo = array<i32: 0>}
// CHECK: afp.matmul {{.*}} {afp.bits = 16 : i32}
func.func @dynamic_contractions(%x: tensor<1x1x!afp.float<ue0m8, exp = ?[0, 3]>>) -> (tensor<1x1x!afp.float<ue0m8, exp = ?[-8, 20]>>, tensor<1x1x!afp.exact>, tensor<1x1x!afp.exact>, tensor<1x1x1x!afp.exact>) {
  %w = afp.constant dense<[[3]]> : tensor<1x1xi8> : tensor<1x1x!w>
  %b = afp.constant dense<[100]> : tensor<1xi32> {channel_exp = array<i32: -4>} : tensor<1x!afp.exact>
  %c = afp.constant dense<[100]> : tensor<1xi32> {channel_exp = array<i32: 3>} : tensor<1x!afp.exact>
  %0 = afp.fully_connected %x, %w : (tensor<1x1x!afp.float<ue0m8, exp = ?[0, 3]>>, tensor<1x1x!w>) -> tensor<1x1x!afp.exact>
  %1 = afp.fully_connected %x, %w bias %b : (tensor<1x1x!afp.float<ue0m8, exp = ?[0, 3]>>, tensor<1x1x!w>, tensor<1x!afp.exact>) -> tensor<1x1x!afp.exact>
  %2 = afp.fully_connected %x, %w bias %c : (tensor<1x1x!afp.float<ue0m8, exp = ?[0, 3]>>, tensor<1x1x!w>, tensor<1x!afp.exact>) -> tensor<1x1x!afp.exact>
  %3 = afp.encode %0 {lo = array<i32: 0>} : tensor<1x1x!afp.exact> to tensor<1x1x!afp.float<ue0m8, exp = ?[-8, 20]>>
  %4 = afp.reshape %x : tensor<1x1x!afp.float<ue0m8, exp = ?[0, 3]>> to tensor<1x1x1x!afp.float<ue0m8, exp = ?[0, 3]>>
  %5 = afp.matmul %4, %4 : (tensor<1x1x1x!afp.float<ue0m8, exp = ?[0, 3]>>, tensor<1x1x1x!afp.float<ue0m8, exp = ?[0, 3]>>) -> tensor<1x1x1x!afp.exact>
  return %3, %1, %2, %5 : tensor<1x1x!afp.float<ue0m8, exp = ?[-8, 20]>>, tensor<1x1x!afp.exact>, tensor<1x1x!afp.exact>, tensor<1x1x1x!afp.exact>
}

// Real numbers have no bits.
// CHECK-LABEL: func.func @real
// CHECK-NOT: afp.bits
func.func @real(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = afp.add %x, %x : (tensor<2xf32>, tensor<2xf32>) -> tensor<2x!afp.exact>
  %1 = afp.encode %0 : tensor<2x!afp.exact> to tensor<2xf32>
  return %1 : tensor<2xf32>
}
