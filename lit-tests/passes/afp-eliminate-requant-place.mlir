// Encodes that stay stand where they cost least.
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-eliminate-requant)' | FileCheck %s

!q = !afp.float<e2m2, exp = -3>
!s = !afp.float<e0m7, exp = -6>
!r = !afp.float<e2m1, exp = -3>

// Behind a slice there are fewer elements.
// CHECK-LABEL: func.func @slice(
// CHECK-NEXT: %[[V0:.*]] = afp.slice %arg0 {start = array<i64: 0, 1, 1, 0>} : tensor<1x8x8x2x!afp.float<e2m2, exp = -3>> to tensor<1x2x2x2x!afp.float<e2m2, exp = -3>>
// CHECK-NEXT: %[[V1:.*]] = afp.encode %[[V0]] : tensor<1x2x2x2x!afp.float<e2m2, exp = -3>> to tensor<1x2x2x2x!afp.float<e0m7, exp = -6>>
// CHECK-NEXT: return %[[V1]]
func.func @slice(%x: tensor<1x8x8x2x!q>) -> (tensor<1x2x2x2x!s>) {
  %0 = afp.encode %x : tensor<1x8x8x2x!q> to tensor<1x8x8x2x!s>
  %1 = afp.slice %0 {start = array<i64: 0, 1, 1, 0>} : tensor<1x8x8x2x!s> to tensor<1x2x2x2x!s>
  return %1 : tensor<1x2x2x2x!s>
}

// Once for all readers: not behind the slice, if the whole is read too.
// CHECK-LABEL: func.func @slice_twice(
// CHECK-NEXT: %[[V0:.*]] = afp.encode %arg0 : tensor<1x8x8x2x!afp.float<e2m2, exp = -3>> to tensor<1x8x8x2x!afp.float<e0m7, exp = -6>>
// CHECK-NEXT: %[[V1:.*]] = afp.slice %[[V0]] {start = array<i64: 0, 1, 1, 0>} : tensor<1x8x8x2x!afp.float<e0m7, exp = -6>> to tensor<1x2x2x2x!afp.float<e0m7, exp = -6>>
// CHECK-NEXT: return %[[V1]], %[[V0]]
func.func @slice_twice(%x: tensor<1x8x8x2x!q>) -> (tensor<1x2x2x2x!s>, tensor<1x8x8x2x!s>) {
  %0 = afp.encode %x : tensor<1x8x8x2x!q> to tensor<1x8x8x2x!s>
  %1 = afp.slice %0 {start = array<i64: 0, 1, 1, 0>} : tensor<1x8x8x2x!s> to tensor<1x2x2x2x!s>
  return %1, %0 : tensor<1x2x2x2x!s>, tensor<1x8x8x2x!s>
}

// Before a pad there are fewer elements. The border is encoded: 1.25 is code 80.
// CHECK-LABEL: func.func @pad(
// CHECK-NEXT: %[[V0:.*]] = afp.encode %arg0 {lo = array<i32: 0>} : tensor<1x2x2x2x!afp.float<e2m2, exp = -3>> to tensor<1x2x2x2x!afp.float<e0m7, exp = -6>>
// CHECK-NEXT: %[[V1:.*]] = afp.pad %[[V0]] {high = array<i64: 0, 3, 3, 0>, low = array<i64: 0, 3, 3, 0>, value = 80 : i32} : tensor<1x2x2x2x!afp.float<e0m7, exp = -6>> to tensor<1x8x8x2x!afp.float<e0m7, exp = -6>>
// CHECK-NEXT: return %[[V1]]
func.func @pad(%x: tensor<1x2x2x2x!q>) -> (tensor<1x8x8x2x!s>) {
  %0 = afp.pad %x {low = array<i64: 0, 3, 3, 0>, high = array<i64: 0, 3, 3, 0>, value = 9 : i32} : tensor<1x2x2x2x!q> to tensor<1x8x8x2x!q>
  %1 = afp.encode %0 {lo = array<i32: 0>} : tensor<1x8x8x2x!q> to tensor<1x8x8x2x!s>
  return %1 : tensor<1x8x8x2x!s>
}

// Behind a max-pool there are fewer elements; limits move along.
// CHECK-LABEL: func.func @pool(
// CHECK-NEXT: %[[V0:.*]] = afp.max_pool2d %arg0 {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>} : (tensor<1x8x8x2x!afp.float<e2m2, exp = -3>>) -> tensor<1x4x4x2x!afp.float<e2m2, exp = -3>>
// CHECK-NEXT: %[[V1:.*]] = afp.encode %[[V0]] {hi = array<i32: 9>} : tensor<1x4x4x2x!afp.float<e2m2, exp = -3>> to tensor<1x4x4x2x!afp.float<e0m7, exp = -6>>
// CHECK-NEXT: return %[[V1]]
func.func @pool(%x: tensor<1x8x8x2x!q>) -> (tensor<1x4x4x2x!s>) {
  %0 = afp.encode %x {hi = array<i32: 9>} : tensor<1x8x8x2x!q> to tensor<1x8x8x2x!s>
  %1 = afp.max_pool2d %0 {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>} : (tensor<1x8x8x2x!s>) -> tensor<1x4x4x2x!s>
  return %1 : tensor<1x4x4x2x!s>
}

// The operands are encoded anyway: not their concat once more.
// CHECK-LABEL: func.func @concat(
// CHECK-NEXT: %[[V0:.*]] = afp.encode %arg1 : tensor<1x8x8x2x!afp.float<e2m2, exp = -3>> to tensor<1x8x8x2x!afp.float<e0m7, exp = -6>>
// CHECK-NEXT: %[[V1:.*]] = afp.encode %arg0 : tensor<1x8x8x2x!afp.float<e2m2, exp = -3>> to tensor<1x8x8x2x!afp.float<e0m7, exp = -6>>
// CHECK-NEXT: %[[V2:.*]] = afp.concat %[[V1]], %[[V0]] {axis = 3 : i64} : (tensor<1x8x8x2x!afp.float<e0m7, exp = -6>>, tensor<1x8x8x2x!afp.float<e0m7, exp = -6>>) -> tensor<1x8x8x4x!afp.float<e0m7, exp = -6>>
// CHECK-NEXT: return %[[V2]], %[[V1]], %[[V0]]
func.func @concat(%x: tensor<1x8x8x2x!q>, %y: tensor<1x8x8x2x!q>) -> (tensor<1x8x8x4x!s>, tensor<1x8x8x2x!s>, tensor<1x8x8x2x!s>) {
  %0 = afp.concat %x, %y {axis = 3 : i64} : (tensor<1x8x8x2x!q>, tensor<1x8x8x2x!q>) -> tensor<1x8x8x4x!q>
  %1 = afp.encode %0 : tensor<1x8x8x4x!q> to tensor<1x8x8x4x!s>
  %2 = afp.encode %x : tensor<1x8x8x2x!q> to tensor<1x8x8x2x!s>
  %3 = afp.encode %y : tensor<1x8x8x2x!q> to tensor<1x8x8x2x!s>
  return %1, %2, %3 : tensor<1x8x8x4x!s>, tensor<1x8x8x2x!s>, tensor<1x8x8x2x!s>
}

// Two forms of one value, both behind the slice, which is read as it is.
// CHECK-LABEL: func.func @two_forms(
// CHECK-NEXT: %[[V0:.*]] = afp.slice %arg0 {start = array<i64: 0, 1, 1, 0>} : tensor<1x8x8x2x!afp.float<e2m2, exp = -3>> to tensor<1x2x2x2x!afp.float<e2m2, exp = -3>>
// CHECK-NEXT: %[[V1:.*]] = afp.encode %[[V0]] : tensor<1x2x2x2x!afp.float<e2m2, exp = -3>> to tensor<1x2x2x2x!afp.float<e2m1, exp = -3>>
// CHECK-NEXT: %[[V2:.*]] = afp.encode %[[V0]] : tensor<1x2x2x2x!afp.float<e2m2, exp = -3>> to tensor<1x2x2x2x!afp.float<e0m7, exp = -6>>
// CHECK-NEXT: return %[[V0]], %[[V2]], %[[V1]]
func.func @two_forms(%x: tensor<1x8x8x2x!q>) -> (tensor<1x2x2x2x!q>, tensor<1x2x2x2x!s>, tensor<1x2x2x2x!r>) {
  %0 = afp.slice %x {start = array<i64: 0, 1, 1, 0>} : tensor<1x8x8x2x!q> to tensor<1x2x2x2x!q>
  %1 = afp.encode %x : tensor<1x8x8x2x!q> to tensor<1x8x8x2x!s>
  %2 = afp.slice %1 {start = array<i64: 0, 1, 1, 0>} : tensor<1x8x8x2x!s> to tensor<1x2x2x2x!s>
  %3 = afp.encode %x : tensor<1x8x8x2x!q> to tensor<1x8x8x2x!r>
  %4 = afp.slice %3 {start = array<i64: 0, 1, 1, 0>} : tensor<1x8x8x2x!r> to tensor<1x2x2x2x!r>
  return %0, %2, %4 : tensor<1x2x2x2x!q>, tensor<1x2x2x2x!s>, tensor<1x2x2x2x!r>
}

// Not with limits per channel, not over a concat with an operand that is encoded to begin with, not over a border that the encode makes of no code.
// CHECK-LABEL: func.func @stays(
// CHECK-NEXT: %[[V0:.*]] = afp.encode %arg0 {lo = array<i32: 0, 1>} : tensor<1x8x8x2x!afp.float<e2m2, exp = -3>> to tensor<1x8x8x2x!afp.float<e0m7, exp = -6>>
// CHECK-NEXT: %[[V1:.*]] = afp.slice %[[V0]] {start = array<i64: 0, 1, 1, 0>} : tensor<1x8x8x2x!afp.float<e0m7, exp = -6>> to tensor<1x2x2x2x!afp.float<e0m7, exp = -6>>
// CHECK-NEXT: %[[V2:.*]] = afp.encode %arg0 : tensor<1x8x8x2x!afp.float<e2m2, exp = -3>> to tensor<1x8x8x2x!afp.float<e0m7, exp = -6>>
// CHECK-NEXT: %[[V3:.*]] = afp.concat %[[V2]], %arg1 {axis = 3 : i64} : (tensor<1x8x8x2x!afp.float<e0m7, exp = -6>>, tensor<1x8x8x2x!afp.float<e0m7, exp = -6>>) -> tensor<1x8x8x4x!afp.float<e0m7, exp = -6>>
// CHECK-NEXT: %[[V4:.*]] = afp.encode %arg0 {hi = array<i32: 40>} : tensor<1x8x8x2x!afp.float<e2m2, exp = -3>> to tensor<1x8x8x2x!afp.float<e0m7, exp = -6>>
// CHECK-NEXT: %[[V5:.*]] = afp.pad %[[V4]] {high = array<i64: 0, 1, 1, 0>, low = array<i64: 0, 1, 1, 0>, value = 3 : i32} : tensor<1x8x8x2x!afp.float<e0m7, exp = -6>> to tensor<1x10x10x2x!afp.float<e0m7, exp = -6>>
// CHECK-NEXT: %[[V6:.*]] = afp.slice %[[V5]] {start = array<i64: 0, 0, 0, 0>} : tensor<1x10x10x2x!afp.float<e0m7, exp = -6>> to tensor<1x10x10x2x!afp.float<e0m7, exp = -6>>
// CHECK-NEXT: return %[[V1]], %[[V3]], %[[V6]]
func.func @stays(%x: tensor<1x8x8x2x!q>, %z: tensor<1x8x8x2x!s>) -> (tensor<1x2x2x2x!s>, tensor<1x8x8x4x!s>, tensor<1x10x10x2x!s>) {
  %0 = afp.encode %x {lo = array<i32: 0, 1>} : tensor<1x8x8x2x!q> to tensor<1x8x8x2x!s>
  %1 = afp.slice %0 {start = array<i64: 0, 1, 1, 0>} : tensor<1x8x8x2x!s> to tensor<1x2x2x2x!s>
  %2 = afp.encode %x : tensor<1x8x8x2x!q> to tensor<1x8x8x2x!s>
  %3 = afp.concat %2, %z {axis = 3 : i64} : (tensor<1x8x8x2x!s>, tensor<1x8x8x2x!s>) -> tensor<1x8x8x4x!s>
  %4 = afp.encode %x {hi = array<i32: 40>} : tensor<1x8x8x2x!q> to tensor<1x8x8x2x!s>
  %5 = afp.pad %4 {low = array<i64: 0, 1, 1, 0>, high = array<i64: 0, 1, 1, 0>, value = 3 : i32} : tensor<1x8x8x2x!s> to tensor<1x10x10x2x!s>
  %6 = afp.slice %5 {start = array<i64: 0, 0, 0, 0>} : tensor<1x10x10x2x!s> to tensor<1x10x10x2x!s>
  return %1, %3, %6 : tensor<1x2x2x2x!s>, tensor<1x8x8x4x!s>, tensor<1x10x10x2x!s>
}
