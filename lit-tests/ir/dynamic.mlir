// Dynamic scale exponents where rules Y allow them, unchanged by foldings.

// RUN: afp-opt %s --canonicalize | FileCheck %s

!d = !afp.float<ue0m8, exp = ?[-12, 3]>
!s = !afp.float<e0m7, exp = ?[-12, 3]>

// The outer encode drops the negative elements first: the exponent may be another one.
// CHECK-LABEL: func.func @encode_again
// CHECK-NEXT: afp.encode %{{.*}} : tensor<4x!afp.exact> to
// CHECK-NEXT: afp.encode %{{.*}} {lo = array<i32: 0>}
// CHECK-NEXT: afp.encode %{{.*}} : tensor<4x!afp.float<e0m7, exp = ?[-12, 3]>> to
func.func @encode_again(%a: tensor<4x!afp.exact>) -> tensor<4x!s> {
  %0 = afp.encode %a : tensor<4x!afp.exact> to tensor<4x!s>
  %1 = afp.encode %0 {lo = array<i32: 0>} : tensor<4x!s> to tensor<4x!s>
  %2 = afp.encode %1 : tensor<4x!s> to tensor<4x!s>
  return %2 : tensor<4x!s>
}

// One value, one exponent: operators that change nothing are their operand.
// CHECK-LABEL: func.func @same(
// CHECK-SAME: %[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @same(%x: tensor<4x!d>) -> tensor<4x!d> {
  %0 = afp.concat %x {axis = 0 : i64} : (tensor<4x!d>) -> tensor<4x!d>
  %1 = afp.reshape %0 : tensor<4x!d> to tensor<2x2x!d>
  %2 = afp.reshape %1 : tensor<2x2x!d> to tensor<4x!d>
  %3 = afp.slice %2 {start = array<i64: 0>} : tensor<4x!d> to tensor<4x!d>
  return %3 : tensor<4x!d>
}

// CHECK-LABEL: func.func @moved
// CHECK: afp.pad {{.*}}value = 0 : i32
// CHECK: afp.max_pool2d
func.func @moved(%x: tensor<1x2x2x1x!d>) -> tensor<1x1x2x1x!d> {
  %0 = afp.pad %x {low = array<i64: 0, 0, 1, 0>, high = array<i64: 0, 0, 1, 0>, value = 0 : i32} : tensor<1x2x2x1x!d> to tensor<1x2x4x1x!d>
  %1 = afp.max_pool2d %0 {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>} : (tensor<1x2x4x1x!d>) -> tensor<1x1x2x1x!d>
  return %1 : tensor<1x1x2x1x!d>
}
