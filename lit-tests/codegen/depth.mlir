// Products of bytes that have 16 bits: how many steps are added there, and what becomes of weights that do not fit.

// RUN: afp-opt %s -split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v3})' | FileCheck %s --check-prefixes=SELECT,V3
// RUN: afp-opt %s -split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=aarch64})' | FileCheck %s --check-prefixes=SELECT,PLAIN
// RUN: afp-opt %s -split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni})' | FileCheck %s --check-prefixes=SELECT,VNNI
// RUN: afp-opt %s -split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v3},convert-afp-to-kernels)' | FileCheck %s

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e1m2, exp = 0>

// Weights of 4 and inputs up to 255: 16 of them fit 16 bits in every sum of neighbours, and four steps have 8. The dot
// product of VNNI has 32 bits.
// SELECT-LABEL: func.func @small
// V3: afp.encode {{.*}} afp.kernel = {strategy = "direct", tile = array<i64: {{[0-9]+}}, {{[0-9]+}}, 8, 1, 4>}
// PLAIN: afp.encode {{.*}} afp.kernel = {strategy = "direct", tile = array<i64: {{[0-9]+}}, {{[0-9]+}}, 4, 1, 4>}
// VNNI: afp.encode {{.*}} afp.kernel = {strategy = "direct", tile = array<i64: {{[0-9]+}}, {{[0-9]+}}, 16>}

// One product of four pairs of factors for each sum, and nothing beyond.
// CHECK-LABEL: func.func @body
// CHECK: afpk.dot %{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}}, %{{[^,]*}} {pairs_fit, unsigned_a} : vector<8xi32>, vector<32xi8>
// CHECK-NOT: @beyond
func.func @small(%x: tensor<1x8x8x16xf32>) -> tensor<1x8x8x16xf32> {
  %w = afp.constant dense<4> : tensor<16x1x1x16xi8> : tensor<16x1x1x16x!w>
  %0 = afp.quantize %x : tensor<1x8x8x16xf32> to tensor<1x8x8x16x!u>
  %1 = afp.conv2d %0, %w : (tensor<1x8x8x16x!u>, tensor<16x1x1x16x!w>) -> tensor<1x8x8x16x!afp.exact>
  %2 = afp.encode %1 : tensor<1x8x8x16x!afp.exact> to tensor<1x8x8x16x!u>
  %3 = afp.dequantize %2 : tensor<1x8x8x16x!u> to tensor<1x8x8x16xf32>
  return %3 : tensor<1x8x8x16xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e0m7, exp = 0>

// Two neighbours of 100 are more than 128: what is beyond, 72 in each pair, is multiplied in a step of its own for
// each of the four of a block, whose inputs are 0, 4, 8 and 12 behind a pixel's first.
// SELECT-LABEL: func.func @large
// V3: afp.encode {{.*}} afp.kernel = {strategy = "direct", tile = array<i64: {{[0-9]+}}, 2, 8, 1, 1>}

// CHECK-LABEL: func.func @body
// CHECK-COUNT-2: afpk.dot {{.*}} {pairs_fit, unsigned_a} : vector<8xi32>, vector<32xi8>
// CHECK: memref.global "private" constant @weights_{{[0-9]}} : memref<256xi8> = dense<"0x641C641C641C641C
// CHECK: memref.global "private" constant @ends_{{[0-9]}} : memref<2xi32> = dense<[0, 4]>
// CHECK: memref.global "private" constant @offsets_{{[0-9]}} : memref<4xi32> = dense<[0, 4, 8, 12]>
// CHECK: memref.global "private" constant @beyond_{{[0-9]}} : memref<256xi8> = dense<"0x0048004800480048
func.func @large(%x: tensor<1x8x8x16xf32>) -> tensor<1x8x8x16xf32> {
  %w = afp.constant dense<100> : tensor<16x1x1x16xi8> : tensor<16x1x1x16x!w>
  %0 = afp.quantize %x : tensor<1x8x8x16xf32> to tensor<1x8x8x16x!u>
  %1 = afp.conv2d %0, %w : (tensor<1x8x8x16x!u>, tensor<16x1x1x16x!w>) -> tensor<1x8x8x16x!afp.exact>
  %2 = afp.encode %1 : tensor<1x8x8x16x!afp.exact> to tensor<1x8x8x16x!u>
  %3 = afp.dequantize %2 : tensor<1x8x8x16x!u> to tensor<1x8x8x16xf32>
  return %3 : tensor<1x8x8x16xf32>
}
