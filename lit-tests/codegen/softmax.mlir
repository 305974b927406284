// Softmax: one division for a row, and vectors where a row's elements are neighbours.

// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-select-kernels{target=x86-64-v4+vnni operations=basic})' | FileCheck %s --check-prefix=SELECT
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-select-kernels{target=x86-64-v4+vnni})' | FileCheck %s --check-prefix=LOOKUP
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-select-kernels{target=cortex-m4})' | FileCheck %s --check-prefix=SCALAR
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-select-kernels{target=x86-64-v4+vnni operations=basic},convert-afp-to-kernels)' | FileCheck %s
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-select-kernels{target=cortex-m4},convert-afp-to-kernels)' | FileCheck %s --check-prefix=LOOPS
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-select-kernels{target=x86-64-v4+vnni},convert-afp-to-kernels)' | FileCheck %s --check-prefix=BYTES

!s = !afp.float<e0m7, exp = -4>
!p = !afp.float<ue0m8, exp = -8>

// The largest of 40 bytes by two vectors of 32, which overlap; terms one by one; the sum is divided by once; shares on
// vectors of 16. Half of 2^-8 is 2^-9: 2^24 is divided.
// SELECT-LABEL: func.func @rows
// SELECT: afp.softmax {{.*}}afp.kernel = {strategy = "elementwise", tile = array<i64: 1, 1, 16>}
// LOOKUP-LABEL: func.func @rows
// LOOKUP: afp.softmax {{.*}}afp.kernel = {strategy = "lookup", tile = array<i64: 1, 1, 16>}
// SCALAR-LABEL: func.func @rows
// SCALAR-NOT: strategy = "elementwise"
// Where bytes are looked up in registers: one vector, and 8 elements that it has not counted. Lower and upper bytes make
// 16 terms of a half, which products with ones add up.
// BYTES-LABEL: func.func private @{{k[0-9]+}}_softmax
// BYTES-SAME: %[[LOW:[^ ]*]]: memref<256xi8>, %[[HIGH:[^ ]*]]: memref<256xi8>, %[[KEPT:[^ ]*]]: memref<40xi16>)
// BYTES: vector.load %[[LOW]]{{.*}} : memref<256xi8>, vector<256xi8>
// BYTES: vector.load %[[HIGH]]{{.*}} : memref<256xi8>, vector<256xi8>
// BYTES: %[[LARGEST:.*]] = vector.broadcast %{{.*}} : i8 to vector<32xi8>
// BYTES: %[[BELOW:.*]] = arith.subi %[[LARGEST]]
// BYTES: afpk.lookup %{{.*}}, %[[BELOW]]
// BYTES: afpk.lookup %{{.*}}, %[[BELOW]]
// BYTES: vector.shuffle {{.*}} [0, 32, 1, 33,
// BYTES: vector.store %{{.*}}, %[[KEPT]]
// BYTES-COUNT-2: afpk.dot {{.*}} : vector<8xi32>, vector<16xi16>
// BYTES: vector.shuffle {{.*}} [16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16] : vector<16xi16>
// BYTES: vector.shuffle {{.*}} [16, 16, 16, 16, 16, 16, 16, 16, 8, 9, 10, 11, 12, 13, 14, 15] : vector<16xi16>
// BYTES: vector.reduction <add>, %{{.*}} : vector<8xi32> into i32
// BYTES: return
// CHECK-LABEL: func.func private @{{k[0-9]+}}_softmax
// CHECK-SAME: %[[TABLE:[^ ]*]]: memref<255xi16>, %[[KEPT:[^ ]*]]: memref<40xi16>)
// CHECK: arith.maxui {{.*}} : vector<32xi8>
// CHECK: vector.reduction <maxui>, %{{.*}} : vector<32xi8> into i8
// CHECK: %[[SUM:.*]] = scf.for
// CHECK: %[[TERM:.*]] = memref.load %[[TABLE]]
// CHECK: memref.store %[[TERM]], %[[KEPT]]
// CHECK: %[[ONE:.*]] = arith.constant 16777216 : i32
// CHECK: %[[INVERSE:.*]] = arith.divui %[[ONE]], %[[SUM]] : i32
// CHECK: vector.broadcast %[[INVERSE]] : i32 to vector<16xi32>
// CHECK: vector.load %[[KEPT]]{{.*}} : memref<40xi16>, vector<16xi16>
// CHECK: arith.muli
// CHECK: arith.muli
// CHECK: arith.cmpi sge, %{{.*}} : vector<16xi32>
// CHECK: %[[QUOTIENT:.*]] = arith.select
// CHECK: afpk.encode %[[QUOTIENT]], %{{.*}} "ue0m8" {bits = 10 : i32, right}
// CHECK: vector.store
// CHECK-NOT: div
// CHECK: return
// LOOPS-LABEL: func.func private @{{k[0-9]+}}_softmax
// LOOPS: arith.divui {{.*}} : i32
// LOOPS-NOT: i64
// LOOPS: arith.cmpi sge, {{.*}} : i32
// LOOPS: return
func.func @rows(%x: tensor<2x3x40xf32>) -> tensor<2x3x40xf32> {
  %0 = afp.quantize %x : tensor<2x3x40xf32> to tensor<2x3x40x!s>
  %1 = afp.softmax %0 {axis = 2 : i64} : tensor<2x3x40x!s> to tensor<2x3x40x!p>
  %2 = afp.dequantize %1 : tensor<2x3x40x!p> to tensor<2x3x40xf32>
  return %2 : tensor<2x3x40xf32>
}

// -----

!s = !afp.float<e0m7, exp = -4>
!c = !afp.float<e5m2, exp = -6>
!p = !afp.float<ue0m8, exp = -8>
!fine = !afp.float<ue0m8, exp = -16>

// What is left to scalars: another dimension, few elements, codes, and results whose units 32 bits do not develop, which
// are divided one by one.
// SELECT-LABEL: func.func @others
// SELECT-NOT: afp.softmax {{.*}}strategy
// LOOPS-LABEL: func.func @body
// LOOPS: afpk.encode {{.*}} by {{.*}} : i64
func.func @others(%x: tensor<2x3x40xf32>, %y: tensor<7x15xf32>) -> (tensor<2x3x40xf32>, tensor<7x15xf32>, tensor<2x3x40xf32>, tensor<2x3x40xf32>) {
  %0 = afp.quantize %x : tensor<2x3x40xf32> to tensor<2x3x40x!s>
  %1 = afp.quantize %y : tensor<7x15xf32> to tensor<7x15x!s>
  %2 = afp.quantize %x : tensor<2x3x40xf32> to tensor<2x3x40x!c>
  %3 = afp.softmax %0 {axis = 1 : i64} : tensor<2x3x40x!s> to tensor<2x3x40x!p>
  %4 = afp.softmax %1 {axis = 1 : i64} : tensor<7x15x!s> to tensor<7x15x!p>
  %5 = afp.softmax %2 {axis = 2 : i64} : tensor<2x3x40x!c> to tensor<2x3x40x!p>
  %6 = afp.softmax %0 {axis = 2 : i64} : tensor<2x3x40x!s> to tensor<2x3x40x!fine>
  %7 = afp.dequantize %3 : tensor<2x3x40x!p> to tensor<2x3x40xf32>
  %8 = afp.dequantize %4 : tensor<7x15x!p> to tensor<7x15xf32>
  %9 = afp.dequantize %5 : tensor<2x3x40x!p> to tensor<2x3x40xf32>
  %10 = afp.dequantize %6 : tensor<2x3x40x!fine> to tensor<2x3x40xf32>
  return %7, %8, %9, %10 : tensor<2x3x40xf32>, tensor<7x15xf32>, tensor<2x3x40xf32>, tensor<2x3x40xf32>
}
