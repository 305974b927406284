// The operators of the afpk dialect as they are printed, read again.

// RUN: afp-opt %s | afp-opt | FileCheck %s

// CHECK-LABEL: func.func @dot
// CHECK: afpk.dot %{{.*}}, %{{.*}}, %{{.*}} : vector<16xi32>, vector<64xi8>
// CHECK: afpk.dot %{{.*}}, %{{.*}}, %{{.*}} {unsigned_a} : vector<16xi32>, vector<64xi8>
// CHECK: afpk.dot %{{.*}}, %{{.*}}, %{{.*}} {pairs_fit, unsigned_a} : vector<16xi32>, vector<64xi8>
// CHECK: afpk.dot %{{.*}}, %{{.*}}, %{{.*}} : vector<16xi32>, vector<32xi16>
// CHECK: afpk.dot %3, %arg1, %arg2, %arg2, %arg1 {pairs_fit} : vector<16xi32>, vector<64xi8>
func.func @dot(%acc: vector<16xi32>, %a: vector<64xi8>, %b: vector<64xi8>, %c: vector<32xi16>, %d: vector<32xi16>) -> vector<16xi32> {
  %0 = afpk.dot %acc, %a, %b : vector<16xi32>, vector<64xi8>
  %1 = afpk.dot %0, %a, %b {unsigned_a} : vector<16xi32>, vector<64xi8>
  %2 = afpk.dot %1, %a, %b {unsigned_a, pairs_fit} : vector<16xi32>, vector<64xi8>
  %3 = afpk.dot %2, %c, %d : vector<16xi32>, vector<32xi16>
  %4 = afpk.dot %3, %a, %b, %b, %a {pairs_fit} : vector<16xi32>, vector<64xi8>
  return %4 : vector<16xi32>
}

// CHECK-LABEL: func.func @mmla
// CHECK: afpk.mmla %{{.*}}, %{{.*}}, %{{.*}} : vector<4xi32>, vector<16xi8>
func.func @mmla(%acc: vector<4xi32>, %a: vector<16xi8>, %b: vector<16xi8>) -> vector<4xi32> {
  %0 = afpk.mmla %acc, %a, %b : vector<4xi32>, vector<16xi8>
  return %0 : vector<4xi32>
}

// CHECK-LABEL: func.func @codes
// CHECK: afpk.decode %{{.*}} "e2m4" : i8 to i32
// CHECK: afpk.decode %{{.*}} "e3m7" : vector<8xi16> to vector<8xi32>
// CHECK: afpk.code %{{.*}} "e2m4" : i32 to i8
// CHECK: afpk.code %{{.*}} "e3m7" : vector<8xi32> to vector<8xi16>
// CHECK: afpk.shift_mul %{{.*}}, %{{.*}} "e2m4" : i32, i8
// CHECK: afpk.shift_mul %{{.*}}, %{{.*}} "e3m7" : vector<8xi32>, vector<8xi16>
func.func @codes(%a: i8, %b: vector<8xi16>) -> (i8, vector<8xi16>, i32, vector<8xi32>) {
  %0 = afpk.decode %a "e2m4" : i8 to i32
  %1 = afpk.decode %b "e3m7" : vector<8xi16> to vector<8xi32>
  %2 = afpk.code %0 "e2m4" : i32 to i8
  %3 = afpk.code %1 "e3m7" : vector<8xi32> to vector<8xi16>
  %4 = afpk.shift_mul %0, %a "e2m4" : i32, i8
  %5 = afpk.shift_mul %1, %b "e3m7" : vector<8xi32>, vector<8xi16>
  return %2, %3, %4, %5 : i8, vector<8xi16>, i32, vector<8xi32>
}

// CHECK-LABEL: func.func @encode
// CHECK: afpk.encode %{{.*}}, %{{.*}} "ue2m5" {bits = 30 : i32} : i32
// CHECK: afpk.encode %{{.*}}, %{{.*}} "e0m7" {bits = 12 : i32, round = "half_even"} : vector<4xi32>
// CHECK: afpk.encode %{{.*}}, %{{.*}} by %{{.*}} : i64 "e0m7" {bits = 20 : i32, round = "half_away"} : i64
func.func @encode(%a: i32, %b: vector<4xi32>, %c: i64) -> (i32, vector<4xi32>, i64) {
  %0 = afpk.encode %a, %a "ue2m5" {bits = 30 : i32} : i32
  %1 = afpk.encode %b, %b "e0m7" {bits = 12 : i32, round = "half_even"} : vector<4xi32>
  %2 = afpk.encode %c, %c by %c : i64 "e0m7" {bits = 20 : i32, round = "half_away"} : i64
  return %0, %1, %2 : i32, vector<4xi32>, i64
}

// CHECK-LABEL: func.func @prefetch
// CHECK: afpk.prefetch %{{.*}}[%{{.*}}] : memref<64xi8>
func.func @prefetch(%weights: memref<64xi8>, %at: index) {
  afpk.prefetch %weights[%at] : memref<64xi8>
  return
}

// Nothing that the results do not need is kept: the operators are pure, but for the hint.
// RUN: afp-opt %s --canonicalize | FileCheck %s --check-prefix=PURE

// PURE-LABEL: func.func @unused
// PURE-NEXT: return
func.func @unused(%a: i8, %b: i32) {
  %0 = afpk.decode %a "e2m4" : i8 to i32
  %1 = afpk.encode %b, %b "e0m7" {bits = 12 : i32} : i32
  return
}

// CHECK-LABEL: func.func @pack
// CHECK: afpk.pack %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : vector<16xi32> to vector<64xi8>
// CHECK: afpk.pack %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} {to_unsigned} : vector<4xi32> to vector<16xi8>
func.func @pack(%a: vector<16xi32>, %b: vector<4xi32>) -> (vector<64xi8>, vector<16xi8>) {
  %0 = afpk.pack %a, %a, %a, %a : vector<16xi32> to vector<64xi8>
  %1 = afpk.pack %b, %b, %b, %b {to_unsigned} : vector<4xi32> to vector<16xi8>
  return %0, %1 : vector<64xi8>, vector<16xi8>
}

// CHECK-LABEL: func.func @lookup
// CHECK: afpk.lookup %{{.*}}, %{{.*}} : vector<256xi8>, vector<32xi8>
func.func @lookup(%a: vector<256xi8>, %b: vector<32xi8>) -> vector<32xi8> {
  %0 = afpk.lookup %a, %b : vector<256xi8>, vector<32xi8>
  return %0 : vector<32xi8>
}

// CHECK-LABEL: func.func @unpack
// CHECK: afpk.unpack %{{.*}} "e2m2" : vector<40xi8> to vector<64xi8>
// CHECK: afpk.unpack %{{.*}} "ue0m7" : vector<64xi8> to vector<64xi8>
func.func @unpack(%a: vector<40xi8>, %b: vector<64xi8>) -> (vector<64xi8>, vector<64xi8>) {
  %0 = afpk.unpack %a "e2m2" : vector<40xi8> to vector<64xi8>
  %1 = afpk.unpack %b "ue0m7" : vector<64xi8> to vector<64xi8>
  return %0, %1 : vector<64xi8>, vector<64xi8>
}
