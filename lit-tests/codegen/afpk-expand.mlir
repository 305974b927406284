// The operators of afpk as integer operations.

// RUN: afp-opt %s --pass-pipeline='builtin.module(afpk-expand)' | FileCheck %s
// RUN: afp-opt %s --pass-pipeline='builtin.module(afpk-expand{operations=basic})' | FileCheck %s --check-prefix=BASIC
// RUN: afp-opt %s --pass-pipeline='builtin.module(afpk-expand,canonicalize)' | FileCheck %s --check-prefix=FOLDED

// Fixed point of whole bytes is extended, fewer bits are shifted up and down.
// CHECK-LABEL: func.func @decode_fixed
// CHECK: arith.extui %{{.*}} : i8 to i32
// CHECK: arith.extsi %{{.*}} : i8 to i32
// CHECK: arith.shli %{{.*}}, %c3_i8
// CHECK: arith.shrsi %{{.*}}, %c3_i8
// CHECK: arith.extsi
// CHECK-NOT: afpk
func.func @decode_fixed(%a: i8) -> (i32, i32, i32) {
  %0 = afpk.decode %a "ue0m8" : i8 to i32
  %1 = afpk.decode %a "e0m7" : i8 to i32
  %2 = afpk.decode %a "e0m4" : i8 to i32
  return %0, %1, %2 : i32, i32, i32
}

// The same on vectors, lane by lane. Sign and magnitude: the significand, its shift, the sign.
// CHECK-LABEL: func.func @decode_float
// CHECK: arith.extui %{{.*}} : vector<16xi8> to vector<16xi32>
// CHECK: arith.select {{.*}} : vector<16xi1>, vector<16xi32>
// CHECK: arith.shli {{.*}} : vector<16xi32>
// CHECK: arith.select {{.*}} : vector<16xi1>, vector<16xi32>
func.func @decode_float(%a: vector<16xi8>) -> vector<16xi32> {
  %0 = afpk.decode %a "e2m4" : vector<16xi8> to vector<16xi32>
  return %0 : vector<16xi32>
}

// Code 0x3F of e2m4 is 31 << 2 = 124, 0x7F its negative; 0x45 a subnormal, -5. Bits above are ignored.
// FOLDED-LABEL: func.func @codes
// FOLDED-DAG: %[[A:.*]] = arith.constant 124 : i32
// FOLDED-DAG: %[[B:.*]] = arith.constant -124 : i32
// FOLDED-DAG: %[[C:.*]] = arith.constant -5 : i32
// FOLDED: return %[[A]], %[[B]], %[[C]]
func.func @codes() -> (i32, i32, i32) {
  %a = arith.constant 63 : i8
  %b = arith.constant 127 : i8
  %c = arith.constant 0xC5 : i8
  %1 = afpk.decode %a "e2m4" : i8 to i32
  %2 = afpk.decode %b "e2m4" : i8 to i32
  %3 = afpk.decode %c "e2m4" : i8 to i32
  return %1, %2, %3 : i32, i32, i32
}

// A product by shifts and additions alone: no multiplication.
// CHECK-LABEL: func.func @shift_mul
// CHECK-NOT: arith.muli
// CHECK-COUNT-5: arith.shli {{.*}} : i32
// CHECK-NOT: arith.muli
// CHECK-LABEL: func.func @shift_mul_vector
// CHECK-NOT: arith.muli
// CHECK: arith.shli {{.*}} : vector<8xi64>
// CHECK-NOT: arith.muli
// CHECK-LABEL: func.func @code
func.func @shift_mul(%a: i32, %w: i8) -> i32 {
  %0 = afpk.shift_mul %a, %w "e2m4" : i32, i8
  return %0 : i32
}
func.func @shift_mul_vector(%a: vector<8xi64>, %w: vector<8xi8>) -> vector<8xi64> {
  %0 = afpk.shift_mul %a, %w "e0m7" : vector<8xi64>, vector<8xi8>
  return %0 : vector<8xi64>
}

// CHECK: math.ctlz %{{.*}} : i32
// CHECK: arith.trunci %{{.*}} : i32 to i8
// CHECK: arith.andi
// CHECK: arith.trunci %{{.*}} : vector<4xi32> to vector<4xi8>
func.func @code(%a: i32, %b: vector<4xi32>) -> (i8, vector<4xi8>) {
  %0 = afpk.code %a "e2m4" : i32 to i8
  %1 = afpk.code %b "e0m4" : vector<4xi32> to vector<4xi8>
  return %0, %1 : i8, vector<4xi8>
}

// Rounding: the binades of few exponents are told by comparisons, of others by leading zeros; no float is seen; a
// divisor divides once.
// CHECK-LABEL: func.func @encode
// CHECK: arith.cmpi sgt, %{{.*}} : i32
// CHECK: math.ctlz %{{.*}} : vector<8xi32>
// CHECK: arith.divui %{{.*}} : i64
// CHECK: math.ctlz %{{.*}} : i64
// CHECK-NOT: arith.{{(add|sub|mul|div)f}}
// CHECK-NOT: afpk.encode
func.func @encode(%a: i32, %v: vector<8xi32>, %b: i64) -> (i32, vector<8xi32>, i64) {
  %0 = afpk.encode %a, %a "ue2m5" {bits = 30 : i32} : i32
  %1 = afpk.encode %v, %v "e2m4" {bits = 30 : i32, round = "half_even"} : vector<8xi32>
  %2 = afpk.encode %b, %b by %b : i64 "ue0m8" {bits = 20 : i32} : i64
  return %0, %1, %2 : i32, vector<8xi32>, i64
}

// Ties of 2.5 and -2.5 units: up, to the even code, away from zero. 100 by 7 is 14.28. What exceeds 127
// saturates.
// FOLDED-LABEL: func.func @ties
// FOLDED-DAG: %[[P2:.*]] = arith.constant 2 : i32
// FOLDED-DAG: %[[P3:.*]] = arith.constant 3 : i32
// FOLDED-DAG: %[[M2:.*]] = arith.constant -2 : i32
// FOLDED-DAG: %[[M3:.*]] = arith.constant -3 : i32
// FOLDED-DAG: %[[Q:.*]] = arith.constant 14 : i64
// FOLDED-DAG: %[[S:.*]] = arith.constant 127 : i32
// FOLDED: return %[[P3]], %[[M2]], %[[P2]], %[[M2]], %[[P3]], %[[M3]], %[[Q]], %[[S]]
func.func @ties() -> (i32, i32, i32, i32, i32, i32, i64, i32) {
  %a = arith.constant 5 : i32
  %b = arith.constant -5 : i32
  %one = arith.constant 1 : i32
  %n = arith.constant 100 : i64
  %seven = arith.constant 7 : i64
  %none = arith.constant 0 : i64
  %large = arith.constant 1000000 : i32
  %0 = afpk.encode %a, %one "e0m7" {bits = 3 : i32} : i32
  %1 = afpk.encode %b, %one "e0m7" {bits = 3 : i32} : i32
  %2 = afpk.encode %a, %one "e0m7" {bits = 3 : i32, round = "half_even"} : i32
  %3 = afpk.encode %b, %one "e0m7" {bits = 3 : i32, round = "half_even"} : i32
  %4 = afpk.encode %a, %one "e0m7" {bits = 3 : i32, round = "half_away"} : i32
  %5 = afpk.encode %b, %one "e0m7" {bits = 3 : i32, round = "half_away"} : i32
  %6 = afpk.encode %n, %none by %seven : i64 "e0m7" {bits = 7 : i32} : i64
  %7 = afpk.encode %large, %one "e0m7" {bits = 20 : i32} : i32
  return %0, %1, %2, %3, %4, %5, %6, %7 : i32, i32, i32, i32, i32, i32, i64, i32
}

// Dot products and hints are a backend's.
// CHECK-LABEL: func.func @kept
// CHECK: afpk.dot
// CHECK: afpk.prefetch
func.func @kept(%acc: vector<4xi32>, %a: vector<16xi8>, %m: memref<64xi8>, %i: index) -> vector<4xi32> {
  %0 = afpk.dot %acc, %a, %a : vector<4xi32>, vector<16xi8>
  afpk.prefetch %m[%i] : memref<64xi8>
  return %0 : vector<4xi32>
}

// A mask of what lies below a unit: by a count of zeros, or without one where lanes have none.
// CHECK-LABEL: func.func @encode_lanes
// CHECK: math.ctlz
// BASIC-LABEL: func.func @encode_lanes
// BASIC-NOT: math.ctlz
// BASIC: arith.shrsi
// BASIC-NOT: math.ctlz
// BASIC: return
func.func @encode_lanes(%v: vector<4xi32>, %d: vector<4xi32>) -> vector<4xi32> {
  %0 = afpk.encode %v, %d "ue3m5" {bits = 20 : i32, right} : vector<4xi32>
  return %0 : vector<4xi32>
}
