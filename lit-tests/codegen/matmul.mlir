// Products of two computed matrices: the right one is packed when the code runs.

// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni})' | FileCheck %s --check-prefix=SELECT
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=aarch64+dotprod})' | FileCheck %s --check-prefix=LANES
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=cortex-m4})' | FileCheck %s --check-prefix=SCALAR
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni multiply=shift-add})' | FileCheck %s --check-prefix=SCALAR
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni},convert-afp-to-kernels,canonicalize)' | FileCheck %s

// SCALAR-NOT: direct

!s = !afp.float<e0m7, exp = -6>

// Signed bytes are stored plus 128. A step is four rows of the right operand, whose bytes become words, and whose
// offset is taken away; products with ones give what that of the left operand adds. Ten rows are two steps, and a third
// whose word is made of the last two rows: it is multiplied with the last four inputs.
// SELECT-LABEL: func.func @scores
// SELECT: afp.encode {{.*}} afp.kernel = {strategy = "direct", tile = array<i64: 5, 1, 16>}
// LANES-LABEL: func.func @scores
// LANES: afp.encode {{.*}} afp.kernel = {strategy = "direct", tile = array<i64: 5, 4, 4, 4>}
// CHECK-LABEL: func.func private @{{k[0-9]+}}_encode
// CHECK-SAME: %[[LEFT:[^ ]*]]: memref<3x5x10xi8>, %[[RIGHT:[^ ]*]]: memref<3x10x16xi8>, %{{.*}}: memref<3x5x16xi8>
// CHECK-SAME: %[[PACKED:[^ ]*]]: memref<192xi8>, %[[SUMS:[^ ]*]]: memref<16xi32>)
// CHECK-DAG: %[[ONES:.*]] = arith.constant dense<1> : vector<64xi8>
// CHECK-DAG: %[[OFFSET:.*]] = arith.constant dense<-128> : vector<16xi8>
// CHECK-DAG: %[[HALF:.*]] = arith.constant dense<16> : vector<16xi32>
// CHECK: scf.for
// CHECK: %[[COLUMNS:.*]] = scf.for {{.*}} -> (vector<16xi32>)
// CHECK: vector.load %{{.*}} : memref<480xi8>, vector<16xi8>
// CHECK: arith.subi %{{.*}}, %[[OFFSET]]
// CHECK: arith.extui {{.*}} : vector<16xi8> to vector<16xi32>
// CHECK-COUNT-3: vector.load %{{.*}} : memref<480xi8>, vector<16xi8>
// CHECK: %[[WORDS:.*]] = vector.bitcast {{.*}} : vector<16xi32> to vector<64xi8>
// CHECK: vector.store %[[WORDS]], %[[PACKED]]
// CHECK: afpk.dot %{{.*}}, %[[ONES]], %[[WORDS]] {pairs_fit, unsigned_a}
// CHECK: scf.yield
// CHECK-COUNT-2: vector.load %{{.*}} : memref<480xi8>, vector<16xi8>
// CHECK-NOT: memref<480xi8>
// CHECK: afpk.dot %{{.*}}, %[[ONES]]
// CHECK: arith.muli {{.*}} : vector<16xi32>
// CHECK: arith.subi %[[HALF]]
// CHECK: vector.store %{{.*}}, %[[SUMS]]
// CHECK: vector.load %[[SUMS]]
// CHECK: scf.for
// CHECK-COUNT-5: vector.load %{{.*}} : memref<150xi8>, vector<4xi8>
// CHECK-COUNT-5: vector.load %{{.*}} : memref<150xi8>, vector<4xi8>
func.func @scores(%x: tensor<3x5x10xf32>, %y: tensor<3x10x16xf32>) -> tensor<3x5x16xf32> {
  %0 = afp.quantize %x : tensor<3x5x10xf32> to tensor<3x5x10x!s>
  %1 = afp.quantize %y : tensor<3x10x16xf32> to tensor<3x10x16x!s>
  %2 = afp.matmul %0, %1 : (tensor<3x5x10x!s>, tensor<3x10x16x!s>) -> tensor<3x5x16x!afp.exact>
  %3 = afp.encode %2 : tensor<3x5x16x!afp.exact> to tensor<3x5x16x!afp.float<e0m7, exp = -7>>
  %4 = afp.dequantize %3 : tensor<3x5x16x!afp.float<e0m7, exp = -7>> to tensor<3x5x16xf32>
  return %4 : tensor<3x5x16xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!s = !afp.float<e0m7, exp = -6>

// A left operand without an offset needs no sums of columns. A right one of 8 bits without a sign is packed in 16.
// SELECT-LABEL: func.func @unsigned
// SELECT-COUNT-2: afp.kernel = {strategy = "direct", tile = array<i64: 5, 1, 16>}
// LANES-LABEL: func.func @unsigned
// LANES: afp.kernel = {strategy = "direct", tile = array<i64: 5, 4, 4, 4>}
// LANES: afp.kernel = {strategy = "direct", tile = array<i64: 5, 4, 4>}
// CHECK-LABEL: func.func private @{{k[0-9]+}}_encode
// CHECK-SAME: memref<128xi8>
// CHECK-NOT: memref<128xi16>
// CHECK-COUNT-5: afpk.dot {{.*}} {unsigned_a} : vector<16xi32>, vector<64xi8>
// CHECK-LABEL: func.func private @{{k[0-9]+}}_encode
// CHECK-SAME: memref<128xi16>
// CHECK: afpk.dot {{.*}} : vector<16xi32>, vector<32xi16>
func.func @unsigned(%x: tensor<3x5x8xf32>, %y: tensor<3x8x16xf32>) -> (tensor<3x5x16xf32>, tensor<3x5x16xf32>) {
  %0 = afp.quantize %x : tensor<3x5x8xf32> to tensor<3x5x8x!u>
  %1 = afp.quantize %y : tensor<3x8x16xf32> to tensor<3x8x16x!s>
  %2 = afp.quantize %y : tensor<3x8x16xf32> to tensor<3x8x16x!u>
  %3 = afp.matmul %0, %1 : (tensor<3x5x8x!u>, tensor<3x8x16x!s>) -> tensor<3x5x16x!afp.exact>
  %4 = afp.encode %3 : tensor<3x5x16x!afp.exact> to tensor<3x5x16x!s>
  %5 = afp.matmul %0, %2 : (tensor<3x5x8x!u>, tensor<3x8x16x!u>) -> tensor<3x5x16x!afp.exact>
  %6 = afp.encode %5 : tensor<3x5x16x!afp.exact> to tensor<3x5x16x!s>
  %7 = afp.dequantize %4 : tensor<3x5x16x!s> to tensor<3x5x16xf32>
  %8 = afp.dequantize %6 : tensor<3x5x16x!s> to tensor<3x5x16xf32>
  return %7, %8 : tensor<3x5x16xf32>, tensor<3x5x16xf32>
}

// -----

!s = !afp.float<e0m7, exp = -6>
!c = !afp.float<e5m2, exp = -6>

// What is left to scalars: fewer than four columns, a depth below four, what is stored as codes, constants, sums of two
// products.
// SELECT-LABEL: func.func @others
// SELECT-NOT: direct
// SELECT: return
func.func @others(%x: tensor<1x5x8xf32>, %y: tensor<1x8x3xf32>, %z: tensor<1x3x5xf32>, %v: tensor<1x8x5xf32>) -> (tensor<1x5x3xf32>, tensor<1x5x5xf32>, tensor<1x5x5xf32>, tensor<1x5x5xf32>, tensor<1x5x5xf32>) {
  %k = afp.constant dense<1> : tensor<1x8x5xi8> : tensor<1x8x5x!s>
  %0 = afp.quantize %x : tensor<1x5x8xf32> to tensor<1x5x8x!s>
  %1 = afp.quantize %y : tensor<1x8x3xf32> to tensor<1x8x3x!s>
  %2 = afp.quantize %z : tensor<1x3x5xf32> to tensor<1x3x5x!s>
  %3 = afp.quantize %v : tensor<1x8x5xf32> to tensor<1x8x5x!c>
  %4 = afp.quantize %v : tensor<1x8x5xf32> to tensor<1x8x5x!s>
  %few = afp.matmul %0, %1 : (tensor<1x5x8x!s>, tensor<1x8x3x!s>) -> tensor<1x5x3x!afp.exact>
  %e0 = afp.encode %few : tensor<1x5x3x!afp.exact> to tensor<1x5x3x!s>
  %shallow = afp.matmul %e0, %2 : (tensor<1x5x3x!s>, tensor<1x3x5x!s>) -> tensor<1x5x5x!afp.exact>
  %e1 = afp.encode %shallow : tensor<1x5x5x!afp.exact> to tensor<1x5x5x!s>
  %codes = afp.matmul %0, %3 : (tensor<1x5x8x!s>, tensor<1x8x5x!c>) -> tensor<1x5x5x!afp.exact>
  %e2 = afp.encode %codes : tensor<1x5x5x!afp.exact> to tensor<1x5x5x!s>
  %constant = afp.matmul %0, %k : (tensor<1x5x8x!s>, tensor<1x8x5x!s>) -> tensor<1x5x5x!afp.exact>
  %e3 = afp.encode %constant : tensor<1x5x5x!afp.exact> to tensor<1x5x5x!s>
  %own = afp.matmul %0, %4 : (tensor<1x5x8x!s>, tensor<1x8x5x!s>) -> tensor<1x5x5x!afp.exact>
  %two = afp.add %own, %shallow : (tensor<1x5x5x!afp.exact>, tensor<1x5x5x!afp.exact>) -> tensor<1x5x5x!afp.exact>
  %e4 = afp.encode %two : tensor<1x5x5x!afp.exact> to tensor<1x5x5x!s>
  %d0 = afp.dequantize %e0 : tensor<1x5x3x!s> to tensor<1x5x3xf32>
  %d1 = afp.dequantize %e1 : tensor<1x5x5x!s> to tensor<1x5x5xf32>
  %d2 = afp.dequantize %e2 : tensor<1x5x5x!s> to tensor<1x5x5xf32>
  %d3 = afp.dequantize %e3 : tensor<1x5x5x!s> to tensor<1x5x5xf32>
  %d4 = afp.dequantize %e4 : tensor<1x5x5x!s> to tensor<1x5x5xf32>
  return %d0, %d1, %d2, %d3, %d4 : tensor<1x5x3xf32>, tensor<1x5x5xf32>, tensor<1x5x5xf32>, tensor<1x5x5xf32>, tensor<1x5x5xf32>
}
