// Rules on codes: each fires, and does not where its condition fails.
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-eliminate-requant)' | FileCheck %s

!q = !afp.float<e2m2, exp = -3>
!w = !afp.float<e2m3, exp = -4>
!u = !afp.float<ue0m8, exp = -7>
!s = !afp.float<e0m7, exp = -4>
!n = !afp.float<e0m4, exp = -4>

// composed: a signed type that a ReLU leaves is the unsigned one, with the divisor and the name of the encode
// before; a narrower type on the same grid saturates earlier.
// CHECK-LABEL: func.func @compose(
// CHECK-NEXT: %[[V0:.*]] = afp.encode %arg0 {afp.name = "relu", divisor = array<i64: 3>} : tensor<4x!afp.exact> to tensor<4x!afp.float<ue0m7, exp = -4>>
// CHECK-NEXT: %[[V1:.*]] = afp.encode %arg0 : tensor<4x!afp.exact> to tensor<4x!afp.float<e0m4, exp = -4>>
// CHECK-NEXT: return %[[V0]], %[[V1]]
func.func @compose(%x: tensor<4x!afp.exact>) -> (tensor<4x!afp.float<ue0m7, exp = -4>>, tensor<4x!n>) {
  %0 = afp.encode %x {afp.name = "relu", lo = array<i32: 0>, divisor = array<i64: 3>} : tensor<4x!afp.exact> to tensor<4x!s>
  %1 = afp.encode %0 : tensor<4x!s> to tensor<4x!afp.float<ue0m7, exp = -4>>
  %2 = afp.encode %x : tensor<4x!afp.exact> to tensor<4x!s>
  %3 = afp.encode %2 : tensor<4x!s> to tensor<4x!n>
  return %1, %3 : tensor<4x!afp.float<ue0m7, exp = -4>>, tensor<4x!n>
}

// Not to a coarser grid, where a value would be rounded once in place of twice; not to other formats; not to a
// finer grid, which does not hold what was rounded away; not where the inner one rounds to a coarser grid.
// CHECK-LABEL: func.func @no_compose(
// CHECK-NEXT: %[[V0:.*]] = afp.encode %arg0 : tensor<4x!afp.exact> to tensor<4x!afp.float<e0m7, exp = -5>>
// CHECK-NEXT: %[[V1:.*]] = afp.encode %[[V0]] : tensor<4x!afp.float<e0m7, exp = -5>> to tensor<4x!afp.float<e0m7, exp = -4>>
// CHECK-NEXT: %[[V2:.*]] = afp.encode %arg0 : tensor<4x!afp.exact> to tensor<4x!afp.float<e0m7, exp = -4>>
// CHECK-NEXT: %[[V3:.*]] = afp.encode %[[V2]] : tensor<4x!afp.float<e0m7, exp = -4>> to tensor<4x!afp.float<e2m2, exp = -3>>
// CHECK-NEXT: %[[V4:.*]] = afp.encode %arg0 : tensor<4x!afp.exact> to tensor<4x!afp.float<e0m7, exp = -4>>
// CHECK-NEXT: %[[V5:.*]] = afp.encode %[[V4]] : tensor<4x!afp.float<e0m7, exp = -4>> to tensor<4x!afp.float<ue0m8, exp = -7>>
// CHECK-NEXT: %[[V6:.*]] = afp.encode %arg0 {round = "half_even"} : tensor<4x!afp.exact> to tensor<4x!afp.float<e0m7, exp = -3>>
// CHECK-NEXT: %[[V7:.*]] = afp.encode %[[V6]] : tensor<4x!afp.float<e0m7, exp = -3>> to tensor<4x!afp.float<e0m7, exp = -4>>
// CHECK-NEXT: return %[[V1]], %[[V3]], %[[V5]], %[[V7]]
func.func @no_compose(%x: tensor<4x!afp.exact>) -> (tensor<4x!s>, tensor<4x!q>, tensor<4x!u>, tensor<4x!s>) {
  %0 = afp.encode %x : tensor<4x!afp.exact> to tensor<4x!afp.float<e0m7, exp = -5>>
  %1 = afp.encode %0 : tensor<4x!afp.float<e0m7, exp = -5>> to tensor<4x!s>
  %2 = afp.encode %x : tensor<4x!afp.exact> to tensor<4x!s>
  %3 = afp.encode %2 : tensor<4x!s> to tensor<4x!q>
  %4 = afp.encode %x : tensor<4x!afp.exact> to tensor<4x!s>
  %5 = afp.encode %4 : tensor<4x!s> to tensor<4x!u>
  %6 = afp.encode %x {round = "half_even"} : tensor<4x!afp.exact> to tensor<4x!afp.float<e0m7, exp = -3>>
  %7 = afp.encode %6 : tensor<4x!afp.float<e0m7, exp = -3>> to tensor<4x!s>
  return %1, %3, %5, %7 : tensor<4x!s>, tensor<4x!q>, tensor<4x!u>, tensor<4x!s>
}

// bypassed: sums, encodes and dequantizes read past an encode to a type that holds every value, also through a
// max-pool; for the sum, the type lies within the other.
// CHECK-LABEL: func.func @bypass(
// CHECK-NEXT: %[[V0:.*]] = afp.max_pool2d %arg0 {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>} : (tensor<1x4x4x2x!afp.float<e2m2, exp = -3>>) -> tensor<1x2x2x2x!afp.float<e2m2, exp = -3>>
// CHECK-NEXT: %[[V1:.*]] = afp.add %[[V0]], %arg1 : (tensor<1x2x2x2x!afp.float<e2m2, exp = -3>>, tensor<1x2x2x2x!afp.float<e2m3, exp = -4>>) -> tensor<1x2x2x2x!afp.exact>
// CHECK-NEXT: %[[V2:.*]] = afp.encode %[[V1]] : tensor<1x2x2x2x!afp.exact> to tensor<1x2x2x2x!afp.float<e0m7, exp = -4>>
// CHECK-NEXT: %[[V3:.*]] = afp.encode %arg0 : tensor<1x4x4x2x!afp.float<e2m2, exp = -3>> to tensor<1x4x4x2x!afp.float<e0m7, exp = -4>>
// CHECK-NEXT: %[[V4:.*]] = afp.dequantize %arg0 : tensor<1x4x4x2x!afp.float<e2m2, exp = -3>> to tensor<1x4x4x2xf32>
// CHECK-NEXT: return %[[V2]], %[[V3]], %[[V4]]
func.func @bypass(%x: tensor<1x4x4x2x!q>, %y: tensor<1x2x2x2x!w>) -> (tensor<1x2x2x2x!s>, tensor<1x4x4x2x!s>, tensor<1x4x4x2xf32>) {
  %0 = afp.encode %x : tensor<1x4x4x2x!q> to tensor<1x4x4x2x!w>
  %1 = afp.max_pool2d %0 {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>} : (tensor<1x4x4x2x!w>) -> tensor<1x2x2x2x!w>
  %2 = afp.add %1, %y : (tensor<1x2x2x2x!w>, tensor<1x2x2x2x!w>) -> tensor<1x2x2x2x!afp.exact>
  %3 = afp.encode %2 : tensor<1x2x2x2x!afp.exact> to tensor<1x2x2x2x!s>
  %4 = afp.encode %0 : tensor<1x4x4x2x!w> to tensor<1x4x4x2x!s>
  %5 = afp.dequantize %0 : tensor<1x4x4x2x!w> to tensor<1x4x4x2xf32>
  return %3, %4, %5 : tensor<1x2x2x2x!s>, tensor<1x4x4x2x!s>, tensor<1x4x4x2xf32>
}

// Not where values change (-3.5 has no sign to keep), not for what is returned, not where a sum would need more bits
// (ue5m0 reaches further than e0m7, though its limits do not), not with limits per channel.
// CHECK-LABEL: func.func @no_bypass(
// CHECK-NEXT: %[[V0:.*]] = afp.encode %arg0 : tensor<1x4x4x2x!afp.float<e2m2, exp = -3>> to tensor<1x4x4x2x!afp.float<ue0m8, exp = -7>>
// CHECK-NEXT: %[[V1:.*]] = afp.add %[[V0]], %[[V0]] : (tensor<1x4x4x2x!afp.float<ue0m8, exp = -7>>, tensor<1x4x4x2x!afp.float<ue0m8, exp = -7>>) -> tensor<1x4x4x2x!afp.exact>
// CHECK-NEXT: %[[V2:.*]] = afp.encode %[[V1]] : tensor<1x4x4x2x!afp.exact> to tensor<1x4x4x2x!afp.float<e0m7, exp = -4>>
// CHECK-NEXT: %[[V3:.*]] = afp.encode %arg0 : tensor<1x4x4x2x!afp.float<e2m2, exp = -3>> to tensor<1x4x4x2x!afp.float<e2m3, exp = -4>>
// CHECK-NEXT: %[[V4:.*]] = afp.encode %arg1 {hi = array<i32: 3>, lo = array<i32: 0>} : tensor<1x4x4x2x!afp.exact> to tensor<1x4x4x2x!afp.float<ue5m0, exp = -4>>
// CHECK-NEXT: %[[V5:.*]] = afp.encode %[[V4]] : tensor<1x4x4x2x!afp.float<ue5m0, exp = -4>> to tensor<1x4x4x2x!afp.float<e0m7, exp = -4>>
// CHECK-NEXT: %[[V6:.*]] = afp.sum_pool2d %[[V5]] {kernel = array<i64: 1, 1>} : (tensor<1x4x4x2x!afp.float<e0m7, exp = -4>>) -> tensor<1x4x4x2x!afp.exact>
// CHECK-NEXT: %[[V7:.*]] = afp.encode %[[V6]] : tensor<1x4x4x2x!afp.exact> to tensor<1x4x4x2x!afp.float<e0m7, exp = -4>>
// CHECK-NEXT: %[[V8:.*]] = afp.encode %arg0 {lo = array<i32: 0, 1>} : tensor<1x4x4x2x!afp.float<e2m2, exp = -3>> to tensor<1x4x4x2x!afp.float<e2m3, exp = -4>>
// CHECK-NEXT: %[[V9:.*]] = afp.add %[[V8]], %[[V8]] : (tensor<1x4x4x2x!afp.float<e2m3, exp = -4>>, tensor<1x4x4x2x!afp.float<e2m3, exp = -4>>) -> tensor<1x4x4x2x!afp.exact>
// CHECK-NEXT: %[[V10:.*]] = afp.encode %[[V9]] : tensor<1x4x4x2x!afp.exact> to tensor<1x4x4x2x!afp.float<e0m7, exp = -4>>
// CHECK-NEXT: return %[[V2]], %[[V3]], %[[V7]], %[[V10]]
func.func @no_bypass(%x: tensor<1x4x4x2x!q>, %l: tensor<1x4x4x2x!afp.exact>) -> (tensor<1x4x4x2x!s>, tensor<1x4x4x2x!w>, tensor<1x4x4x2x!s>, tensor<1x4x4x2x!s>) {
  %0 = afp.encode %x : tensor<1x4x4x2x!q> to tensor<1x4x4x2x!u>
  %1 = afp.add %0, %0 : (tensor<1x4x4x2x!u>, tensor<1x4x4x2x!u>) -> tensor<1x4x4x2x!afp.exact>
  %2 = afp.encode %1 : tensor<1x4x4x2x!afp.exact> to tensor<1x4x4x2x!s>
  %3 = afp.encode %x : tensor<1x4x4x2x!q> to tensor<1x4x4x2x!w>
  %4 = afp.encode %l {hi = array<i32: 3>, lo = array<i32: 0>} : tensor<1x4x4x2x!afp.exact> to tensor<1x4x4x2x!afp.float<ue5m0, exp = -4>>
  %5 = afp.encode %4 : tensor<1x4x4x2x!afp.float<ue5m0, exp = -4>> to tensor<1x4x4x2x!s>
  %6 = afp.sum_pool2d %5 {kernel = array<i64: 1, 1>} : (tensor<1x4x4x2x!s>) -> tensor<1x4x4x2x!afp.exact>
  %7 = afp.encode %6 : tensor<1x4x4x2x!afp.exact> to tensor<1x4x4x2x!s>
  %8 = afp.encode %x {lo = array<i32: 0, 1>} : tensor<1x4x4x2x!q> to tensor<1x4x4x2x!w>
  %9 = afp.add %8, %8 : (tensor<1x4x4x2x!w>, tensor<1x4x4x2x!w>) -> tensor<1x4x4x2x!afp.exact>
  %10 = afp.encode %9 : tensor<1x4x4x2x!afp.exact> to tensor<1x4x4x2x!s>
  return %2, %3, %7, %10 : tensor<1x4x4x2x!s>, tensor<1x4x4x2x!w>, tensor<1x4x4x2x!s>, tensor<1x4x4x2x!s>
}

!t = !afp.float<ue0m2, exp = 0>
!v = !afp.float<e0m2, exp = 0>
// tabulated: an encode before a table and one behind it join it, also those that change values. Not where the
// table has other readers.
// CHECK-LABEL: func.func @tables(
// CHECK-NEXT: %[[V0:.*]] = afp.table %arg0 {afp.name = "t", function = "abs", values = dense<[3, 2, 1, 0, 3, 3, 3, 3]> : tensor<8xi8>} : tensor<4x!afp.float<e0m2, exp = 0>> to tensor<4x!afp.float<ue0m2, exp = 0>>
// CHECK-NEXT: %[[V1:.*]] = afp.table %arg0 {afp.name = "a", function = "abs", values = dense<[0, 1, 2, 2, 0, 2, 2, 1]> : tensor<8xi8>} : tensor<4x!afp.float<e0m2, exp = 0>> to tensor<4x!afp.float<e0m2, exp = 0>>
// CHECK-NEXT: %[[V2:.*]] = afp.table %arg0 {function = "abs", values = dense<[0, 1, 2, 3, 0, 3, 2, 1]> : tensor<8xi8>} : tensor<4x!afp.float<e0m2, exp = 0>> to tensor<4x!afp.float<ue0m2, exp = 0>>
// CHECK-NEXT: %[[V3:.*]] = afp.encode %[[V2]] {hi = array<i32: 2>} : tensor<4x!afp.float<ue0m2, exp = 0>> to tensor<4x!afp.float<e0m2, exp = 0>>
// CHECK-NEXT: return %[[V0]], %[[V1]], %[[V2]], %[[V3]]
func.func @tables(%x: tensor<4x!v>) -> (tensor<4x!t>, tensor<4x!v>, tensor<4x!t>, tensor<4x!v>) {
  %0 = afp.encode %x : tensor<4x!v> to tensor<4x!t>
  %1 = afp.table %0 {afp.name = "t", function = "abs", values = dense<[3, 2, 1, 0]> : tensor<4xi8>} : tensor<4x!t> to tensor<4x!t>
  %2 = afp.table %x {afp.name = "a", function = "abs", values = dense<[0, 1, 2, 3, 0, 3, 2, 1]> : tensor<8xi8>} : tensor<4x!v> to tensor<4x!t>
  %3 = afp.encode %2 {hi = array<i32: 2>} : tensor<4x!t> to tensor<4x!v>
  %4 = afp.table %x {function = "abs", values = dense<[0, 1, 2, 3, 0, 3, 2, 1]> : tensor<8xi8>} : tensor<4x!v> to tensor<4x!t>
  %5 = afp.encode %4 {hi = array<i32: 2>} : tensor<4x!t> to tensor<4x!v>
  return %1, %3, %4, %5 : tensor<4x!t>, tensor<4x!v>, tensor<4x!t>, tensor<4x!v>
}

// folded: codes of a constant, but not by limits per channel.
// CHECK-LABEL: func.func @fold(
// CHECK-NEXT: %[[V0:.*]] = afp.constant dense<[7, 2]> : tensor<2xi8> : tensor<2x!afp.float<e0m2, exp = 0>>
// CHECK-NEXT: %[[V1:.*]] = afp.constant dense<[0, 2]> : tensor<2xi8> : tensor<2x!afp.float<ue0m2, exp = 0>>
// CHECK-NEXT: %[[V2:.*]] = afp.encode %[[V0]] {lo = array<i32: 1, 2>} : tensor<2x!afp.float<e0m2, exp = 0>> to tensor<2x!afp.float<ue0m2, exp = 0>>
// CHECK-NEXT: return %[[V1]], %[[V2]]
func.func @fold(%x: tensor<2x!v>) -> (tensor<2x!t>, tensor<2x!t>) {
  %0 = afp.constant dense<[7, 2]> : tensor<2xi8> : tensor<2x!v>
  %1 = afp.encode %0 : tensor<2x!v> to tensor<2x!t>
  %2 = afp.encode %0 {lo = array<i32: 1, 2>} : tensor<2x!v> to tensor<2x!t>
  return %1, %2 : tensor<2x!t>, tensor<2x!t>
}

// shared: equal conversions of one value; not with other limits.
// CHECK-LABEL: func.func @share(
// CHECK-NEXT: %[[V0:.*]] = afp.encode %arg0 : tensor<2x!afp.float<e2m2, exp = -3>> to tensor<2x!afp.float<e0m7, exp = -4>>
// CHECK-NEXT: %[[V1:.*]] = afp.encode %arg0 {lo = array<i32: 0>} : tensor<2x!afp.float<e2m2, exp = -3>> to tensor<2x!afp.float<e0m7, exp = -4>>
// CHECK-NEXT: return %[[V0]], %[[V0]], %[[V1]]
func.func @share(%x: tensor<2x!q>) -> (tensor<2x!s>, tensor<2x!s>, tensor<2x!s>) {
  %0 = afp.encode %x : tensor<2x!q> to tensor<2x!s>
  %1 = afp.encode %x : tensor<2x!q> to tensor<2x!s>
  %2 = afp.encode %x {lo = array<i32: 0>} : tensor<2x!q> to tensor<2x!s>
  return %0, %1, %2 : tensor<2x!s>, tensor<2x!s>, tensor<2x!s>
}

// A quantize goes before a pad whose border no code stands for; not where the operand comes from no codes.
// CHECK-LABEL: func.func @hoist_pad(
// CHECK-NEXT: %[[V0:.*]] = afp.pad %arg0 {high = array<i64: 1>, low = array<i64: 0>, value = 9 : i32} : tensor<2x!afp.float<e2m2, exp = -3>> to tensor<3x!afp.float<e2m2, exp = -3>>
// CHECK-NEXT: %[[V1:.*]] = afp.pad %arg1 {high = array<i64: 1>, low = array<i64: 0>, value = 1.125000e+00 : f32} : tensor<2xf32> to tensor<3xf32>
// CHECK-NEXT: %[[V2:.*]] = afp.quantize %[[V1]] : tensor<3xf32> to tensor<3x!afp.float<e2m2, exp = -3>>
// CHECK-NEXT: return %[[V0]], %[[V2]]
func.func @hoist_pad(%x: tensor<2x!q>, %z: tensor<2xf32>) -> (tensor<3x!q>, tensor<3x!q>) {
  %0 = afp.dequantize %x : tensor<2x!q> to tensor<2xf32>
  %1 = afp.pad %0 {low = array<i64: 0>, high = array<i64: 1>, value = 1.125 : f32} : tensor<2xf32> to tensor<3xf32>
  %2 = afp.quantize %1 : tensor<3xf32> to tensor<3x!q>
  %3 = afp.pad %z {low = array<i64: 0>, high = array<i64: 1>, value = 1.125 : f32} : tensor<2xf32> to tensor<3xf32>
  %4 = afp.quantize %3 : tensor<3xf32> to tensor<3x!q>
  return %2, %4 : tensor<3x!q>, tensor<3x!q>
}

!d = !afp.float<e0m7, exp = ?[-12, 3]>
// Dynamic scale exponents: to the same type, and to a static one; not where f32 does not hold every value; not
// over a concat, whose operands have an exponent each.
// CHECK-LABEL: func.func @dynamic(
// CHECK-NEXT: %[[V0:.*]] = afp.dequantize %arg0 : tensor<2x!afp.float<e0m7, exp = ?[-12, 3]>> to tensor<2xf32>
// CHECK-NEXT: %[[V1:.*]] = afp.dequantize %arg1 : tensor<2x!afp.float<e0m7, exp = ?[-150, 3]>> to tensor<2xf32>
// CHECK-NEXT: %[[V2:.*]] = afp.quantize %[[V1]] : tensor<2xf32> to tensor<2x!afp.float<e0m7, exp = ?[-150, 3]>>
// CHECK-NEXT: %[[V3:.*]] = afp.encode %arg0 : tensor<2x!afp.float<e0m7, exp = ?[-12, 3]>> to tensor<2x!afp.float<e2m2, exp = -3>>
// CHECK-NEXT: %[[V4:.*]] = afp.concat %[[V0]], %[[V0]] {axis = 0 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
// CHECK-NEXT: %[[V5:.*]] = afp.quantize %[[V4]] : tensor<4xf32> to tensor<4x!afp.float<e0m7, exp = ?[-12, 3]>>
// CHECK-NEXT: return %arg0, %[[V2]], %[[V3]], %[[V5]]
func.func @dynamic(%x: tensor<2x!d>, %y: tensor<2x!afp.float<e0m7, exp = ?[-150, 3]>>) -> (tensor<2x!d>, tensor<2x!afp.float<e0m7, exp = ?[-150, 3]>>, tensor<2x!q>, tensor<4x!d>) {
  %0 = afp.dequantize %x : tensor<2x!d> to tensor<2xf32>
  %1 = afp.quantize %0 : tensor<2xf32> to tensor<2x!d>
  %2 = afp.dequantize %y : tensor<2x!afp.float<e0m7, exp = ?[-150, 3]>> to tensor<2xf32>
  %3 = afp.quantize %2 : tensor<2xf32> to tensor<2x!afp.float<e0m7, exp = ?[-150, 3]>>
  %4 = afp.quantize %0 : tensor<2xf32> to tensor<2x!q>
  %5 = afp.concat %0, %0 {axis = 0 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
  %6 = afp.quantize %5 : tensor<4xf32> to tensor<4x!d>
  return %1, %3, %4, %6 : tensor<2x!d>, tensor<2x!afp.float<e0m7, exp = ?[-150, 3]>>, tensor<2x!q>, tensor<4x!d>
}
