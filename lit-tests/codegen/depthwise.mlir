// Depthwise convolutions as kernels, with a dot product of bytes and without.

// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni},convert-afp-to-kernels)' | FileCheck %s
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v3},convert-afp-to-kernels)' | FileCheck %s --check-prefix=V3

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

// Depthwise: four rows are interleaved, their four taps a dot product, of four pixels of 8 channels at a time.
// CHECK-LABEL: func.func @body
// CHECK: func.func private @{{[^(]*}}_encode
// CHECK: vector.shuffle {{.*}} : vector<32xi8>, vector<32xi8>
// CHECK: vector.shuffle {{.*}} : vector<16xi16>, vector<16xi16>
// CHECK: afpk.dot {{.*}} {pairs_fit, unsigned_a} : vector<8xi32>, vector<32xi8>
// CHECK: afpk.pack {{.*}} {to_unsigned} : vector<8xi32> to vector<32xi8>
// CHECK: vector.store {{.*}} vector<32xi8>
// Without a dot product for it, channels are lanes: 9 products of at most 255 * 1 fit 16 bits, and stay there.
// V3-LABEL: func.func @body
// V3: func.func private @{{[^(]*}}_encode
// V3: arith.extui {{.*}} : vector<8xi8> to vector<8xi16>
// V3: arith.muli {{.*}} : vector<8xi16>
// V3: arith.addi {{.*}} : vector<8xi16>
// V3: arith.extsi {{.*}} : vector<8xi16> to vector<8xi32>
func.func @depthwise(%x: tensor<1x4x4x8xf32>) -> tensor<1x4x4x8xf32> {
  %w = afp.constant dense<1> : tensor<3x3x8x1xi8> : tensor<3x3x8x1x!w>
  %0 = afp.quantize %x : tensor<1x4x4x8xf32> to tensor<1x4x4x8x!u>
  %1 = afp.depthwise_conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x8x!u>, tensor<3x3x8x1x!w>) -> tensor<1x4x4x8x!afp.exact>
  %2 = afp.encode %1 : tensor<1x4x4x8x!afp.exact> to tensor<1x4x4x8x!u>
  %3 = afp.dequantize %2 : tensor<1x4x4x8x!u> to tensor<1x4x4x8xf32>
  return %3 : tensor<1x4x4x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

// 9 products of 255 * 124 do not: the sums have 32 bits. Nor do the sums of two fit 16.
// CHECK-LABEL: func.func @body
// CHECK: afpk.dot {{.*}} {unsigned_a} : vector<8xi32>, vector<32xi8>
// V3-LABEL: func.func @body
// V3: func.func private @{{[^(]*}}_encode
// V3: arith.muli {{.*}} : vector<8xi16>
// V3: arith.extsi {{.*}} : vector<8xi16> to vector<8xi32>
// V3: arith.addi {{.*}} : vector<8xi32>
func.func @depthwise_large(%x: tensor<1x4x4x8xf32>) -> tensor<1x4x4x8xf32> {
  %w = afp.constant dense<63> : tensor<3x3x8x1xi8> : tensor<3x3x8x1x!w>
  %0 = afp.quantize %x : tensor<1x4x4x8xf32> to tensor<1x4x4x8x!u>
  %1 = afp.depthwise_conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x8x!u>, tensor<3x3x8x1x!w>) -> tensor<1x4x4x8x!afp.exact>
  %2 = afp.encode %1 : tensor<1x4x4x8x!afp.exact> to tensor<1x4x4x8x!u>
  %3 = afp.dequantize %2 : tensor<1x4x4x8x!u> to tensor<1x4x4x8xf32>
  return %3 : tensor<1x4x4x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

// Two output rows share the four rows that they read; of 48 channels, 16 are taken at a time. Two columns lead, then
// each completes an output; sums of what later columns complete are carried from column to column.
// CHECK-LABEL: func.func @body
// CHECK: func.func private @{{[^(]*}}_encode
// CHECK-COUNT-16: vector.shuffle
// CHECK: :16 = scf.for {{.*}} iter_args(
// CHECK-COUNT-8: vector.shuffle
// CHECK-COUNT-24: afpk.dot
// CHECK-COUNT-2: afpk.pack
func.func @rows(%x: tensor<1x4x9x48xf32>) -> tensor<1x4x9x48xf32> {
  %w = afp.constant dense<1> : tensor<3x3x48x1xi8> : tensor<3x3x48x1x!w>
  %0 = afp.quantize %x : tensor<1x4x9x48xf32> to tensor<1x4x9x48x!u>
  %1 = afp.depthwise_conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x4x9x48x!u>, tensor<3x3x48x1x!w>) -> tensor<1x4x9x48x!afp.exact>
  %2 = afp.encode %1 : tensor<1x4x9x48x!afp.exact> to tensor<1x4x9x48x!u>
  %3 = afp.dequantize %2 : tensor<1x4x9x48x!u> to tensor<1x4x9x48xf32>
  return %3 : tensor<1x4x9x48xf32>
}
