// Products of two pixels with two channels: where they are chosen, what their kernel is, and the instruction.

// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=aarch64+i8mm})' | FileCheck %s --check-prefix=SELECT
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=aarch64+dotprod})' | FileCheck %s --check-prefix=NEVER
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=aarch64+i8mm operations=basic})' | FileCheck %s --check-prefix=NEVER
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=aarch64+i8mm},convert-afp-to-kernels)' | FileCheck %s
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=aarch64+i8mm},convert-afp-to-kernels,afp-plan-memory,afpk-expand,convert-afpk-to-llvm{target=aarch64+i8mm})' | FileCheck %s --check-prefix=LLVM
// RUN: not afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=aarch64+i8mm},convert-afp-to-kernels,afp-plan-memory,afpk-expand,convert-afpk-to-llvm{target=aarch64+dotprod})' 2>&1 | FileCheck %s --check-prefix=LACKS

// LACKS: error: [AFP0612]
// LACKS: expected: a target with matrix products of bytes, such as aarch64+i8mm
// LACKS: found: aarch64+dotprod

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m2, exp = 0>

// Four pixels by 16 channels, of each 32 bytes at a time: eight inputs of two pixels side by side, times those of two
// channels. Behind all steps, the sums of a pixel are gathered.
// SELECT-LABEL: func.func @rows
// SELECT: afp.encode {{.*}} afp.kernel = {strategy = "pairs", tile = array<i64: 4, 4, 4, 8>}
// NEVER-LABEL: func.func @rows
// NEVER: afp.encode {{.*}} afp.kernel = {strategy = "direct"
// CHECK-LABEL: func.func private @{{[^(]*}}_encode(
// CHECK-SAME: memref<64xi32>, %{{[^:]*}}: memref<36864xi8>
// CHECK-COUNT-4: vector.load {{.*}} memref<64xi32>, vector<4xi32>
// CHECK-COUNT-4: vector.shuffle {{.*}} [2, 3, 2, 3] : vector<4xi32>, vector<4xi32>
// CHECK: :16 = scf.for {{.*}} iter_args(
// CHECK-COUNT-4: vector.load {{.*}}, vector<32xi8>
// CHECK-COUNT-2: vector.shuffle {{.*}} [0, 4] : vector<4xi64>, vector<4xi64>
// CHECK: %[[W:.*]] = vector.load {{.*}} memref<36864xi8>, vector<16xi8>
// CHECK: afpk.mmla {{.*}}, %[[W]] : vector<4xi32>, vector<16xi8>
// CHECK: afpk.mmla {{.*}}, %[[W]] : vector<4xi32>, vector<16xi8>
// CHECK-COUNT-14: afpk.mmla
// CHECK-COUNT-2: vector.shuffle {{.*}} [1, 5] : vector<4xi64>, vector<4xi64>
// CHECK-COUNT-16: afpk.mmla
// CHECK-COUNT-2: vector.shuffle {{.*}} [2, 6] : vector<4xi64>, vector<4xi64>
// CHECK-COUNT-16: afpk.mmla
// CHECK-COUNT-2: vector.shuffle {{.*}} [3, 7] : vector<4xi64>, vector<4xi64>
// CHECK-COUNT-16: afpk.mmla
// CHECK-NOT: afpk.mmla
// CHECK-COUNT-4: vector.shuffle {{.*}} [0, 2] : vector<2xi64>, vector<2xi64>
// CHECK-COUNT-4: vector.shuffle {{.*}} [1, 3] : vector<2xi64>, vector<2xi64>
// CHECK: afpk.pack
// LLVM: llvm.call_intrinsic "llvm.aarch64.neon.smmla.v4i32.v16i8"(%{{.*}}, %{{.*}}, %{{.*}}) : (vector<4xi32>, vector<16xi8>, vector<16xi8>) -> vector<4xi32>
// LLVM-NOT: afpk
func.func @rows(%x: tensor<1x28x28x64xf32>) -> tensor<1x28x28x64xf32> {
  %w = afp.constant dense<1> : tensor<64x3x3x64xi8> : tensor<64x3x3x64x!w>
  %0 = afp.quantize %x : tensor<1x28x28x64xf32> to tensor<1x28x28x64x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x28x28x64x!u>, tensor<64x3x3x64x!w>) -> tensor<1x28x28x64x!afp.exact>
  %2 = afp.encode %1 : tensor<1x28x28x64x!afp.exact> to tensor<1x28x28x64x!u>
  %3 = afp.dequantize %2 : tensor<1x28x28x64x!u> to tensor<1x28x28x64xf32>
  return %3 : tensor<1x28x28x64xf32>
}

// -----

!s = !afp.float<e0m7, exp = -7>
!w = !afp.float<e2m2, exp = 0>

// 28 channels are a load of four words, one of two and one of one, whose second word anything is: its weights are 0, and
// 20 channels have 32 for each row of the kernel. Of seven pixels the last has no neighbour.
// SELECT-LABEL: func.func @remainders
// SELECT: afp.encode {{.*}} afp.kernel = {strategy = "pairs", tile = array<i64: 4, 5, 4, 8>}
// NEVER-LABEL: func.func @remainders
// NEVER: afp.encode {{.*}} afp.kernel = {strategy = "direct"
// CHECK-LABEL: func.func private @{{[^(]*}}_encode(
// CHECK-SAME: memref<1920xi8>
// CHECK-COUNT-4: vector.load {{.*}}, vector<16xi8>
// CHECK: vector.shuffle {{.*}} [0, 2] : vector<2xi64>, vector<2xi64>
// CHECK-COUNT-4: vector.load {{.*}}, vector<8xi8>
// CHECK: vector.shuffle {{.*}} [0, 1] : vector<1xi64>, vector<1xi64>
// CHECK-COUNT-4: vector.load {{.*}}, vector<4xi8>
// CHECK: vector.shuffle {{.*}} [0, 0, 1, 1] : vector<1xi32>, vector<1xi32>
// CHECK: afpk.mmla
// CHECK: vector.load {{.*}}, vector<4xi8>
// CHECK: vector.shuffle %[[C:.*]], %[[C]] [0, 0, 1, 1] : vector<1xi32>, vector<1xi32>
func.func @remainders(%x: tensor<1x3x7x28xf32>) -> tensor<1x3x7x20xf32> {
  %w = afp.constant dense<1> : tensor<20x3x1x28xi8> : tensor<20x3x1x28x!w>
  %0 = afp.quantize %x : tensor<1x3x7x28xf32> to tensor<1x3x7x28x!s>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 0, 0>} : (tensor<1x3x7x28x!s>, tensor<20x3x1x28x!w>) -> tensor<1x3x7x20x!afp.exact>
  %2 = afp.encode %1 : tensor<1x3x7x20x!afp.exact> to tensor<1x3x7x20x!s>
  %3 = afp.dequantize %2 : tensor<1x3x7x20x!s> to tensor<1x3x7x20xf32>
  return %3 : tensor<1x3x7x20xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m2, exp = 0>

// One pixel would be half of each product.
// SELECT-LABEL: func.func @one
// SELECT: afp.encode {{.*}} afp.kernel = {strategy = "direct"
// NEVER-LABEL: func.func @one
// NEVER: afp.encode {{.*}} afp.kernel = {strategy = "direct"
// CHECK-LABEL: func.func @body
// CHECK-NOT: afpk.mmla
func.func @one(%x: tensor<1x64xf32>) -> tensor<1x32xf32> {
  %w = afp.constant dense<1> : tensor<32x64xi8> : tensor<32x64x!w>
  %0 = afp.quantize %x : tensor<1x64xf32> to tensor<1x64x!u>
  %1 = afp.fully_connected %0, %w : (tensor<1x64x!u>, tensor<32x64x!w>) -> tensor<1x32x!afp.exact>
  %2 = afp.encode %1 : tensor<1x32x!afp.exact> to tensor<1x32x!u>
  %3 = afp.dequantize %2 : tensor<1x32x!u> to tensor<1x32xf32>
  return %3 : tensor<1x32xf32>
}

// -----

!p = !afp.float<ue2m6, exp = -8>
!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m2, exp = 0>

// Integers of two bytes.
// SELECT-LABEL: func.func @wide
// SELECT: afp.encode {{.*}} afp.kernel = {strategy = "direct"
// NEVER-LABEL: func.func @wide
// NEVER: afp.encode {{.*}} afp.kernel = {strategy = "direct"
// CHECK-LABEL: func.func @body
// CHECK-NOT: afpk.mmla
func.func @wide(%x: tensor<1x7x8x64xf32>) -> tensor<1x7x8x32xf32> {
  %w = afp.constant dense<1> : tensor<32x1x1x64xi8> : tensor<32x1x1x64x!w>
  %0 = afp.quantize %x : tensor<1x7x8x64xf32> to tensor<1x7x8x64x!p>
  %1 = afp.conv2d %0, %w : (tensor<1x7x8x64x!p>, tensor<32x1x1x64x!w>) -> tensor<1x7x8x32x!afp.exact>
  %2 = afp.encode %1 : tensor<1x7x8x32x!afp.exact> to tensor<1x7x8x32x!u>
  %3 = afp.dequantize %2 : tensor<1x7x8x32x!u> to tensor<1x7x8x32xf32>
  return %3 : tensor<1x7x8x32xf32>
}

// -----

!s = !afp.float<e0m7, exp = -7>
!w = !afp.float<e2m2, exp = 0>

// Rows of three words: more would be loaded and set than is saved.
// SELECT-LABEL: func.func @stem
// SELECT: afp.encode {{.*}} afp.kernel = {strategy = "direct"
// NEVER-LABEL: func.func @stem
// NEVER: afp.encode {{.*}} afp.kernel = {strategy = "direct"
// CHECK-LABEL: func.func @body
// CHECK-NOT: afpk.mmla
func.func @stem(%x: tensor<1x32x32x3xf32>) -> tensor<1x32x32x16xf32> {
  %w = afp.constant dense<1> : tensor<16x3x3x3xi8> : tensor<16x3x3x3x!w>
  %0 = afp.quantize %x : tensor<1x32x32x3xf32> to tensor<1x32x32x3x!s>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x32x32x3x!s>, tensor<16x3x3x3x!w>) -> tensor<1x32x32x16x!afp.exact>
  %2 = afp.encode %1 : tensor<1x32x32x16x!afp.exact> to tensor<1x32x32x16x!s>
  %3 = afp.dequantize %2 : tensor<1x32x32x16x!s> to tensor<1x32x32x16xf32>
  return %3 : tensor<1x32x32x16xf32>
}
