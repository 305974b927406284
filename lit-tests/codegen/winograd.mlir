// Convolutions of 3x3 by Winograd's transforms: where they are chosen, and what their kernel is.

// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni})' | FileCheck %s --check-prefix=SELECT
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni winograd=always})' | FileCheck %s --check-prefix=ALWAYS
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni winograd=never})' | FileCheck %s --check-prefix=NEVER
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v3})' | FileCheck %s --check-prefix=NEVER
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+amx})' | FileCheck %s --check-prefix=MATRIX
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=aarch64+dotprod})' | FileCheck %s --check-prefix=SDOT
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni winograd=always},convert-afp-to-kernels)' | FileCheck %s
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=aarch64+dotprod winograd=always},convert-afp-to-kernels)' | FileCheck %s --check-prefix=SIGNED
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni winograd=always},convert-afp-to-kernels{threads=2})' | FileCheck %s --check-prefix=THREADS

!u = !afp.float<ue0m6, exp = -6>
!w = !afp.float<e2m1, exp = 0>

// Windows are transformed 64 channels at a time, and so many windows by four vectors are multiplied. All elements but
// the one that sums both ways are stored plus 128 (-128 in bytes that wrap around), or as they are for sdot, where that
// one is stored minus 125, and its inputs, which are stored minus 128, are known to sum to a multiple of 256 too little.
// SELECT-LABEL: func.func @chosen
// SELECT: afp.encode {{.*}} afp.kernel = {strategy = "winograd", tile = array<i64: [[G:[0-9]+]], 4, 16>}
// NEVER-LABEL: func.func @chosen
// NEVER: afp.encode {{.*}} afp.kernel = {strategy = "direct"
// MATRIX-LABEL: func.func @chosen
// MATRIX: afp.encode {{.*}} afp.kernel = {strategy = "matrix"
// SDOT-LABEL: func.func @chosen
// SDOT: afp.quantize {{.*}} offset = -128
// SDOT: afp.encode {{.*}} afp.kernel = {strategy = "winograd", tile = array<i64: {{[0-9]+}}, {{[0-9]+}}, 4, 4>}
// CHECK-LABEL: func.func private @{{k[0-9]+}}_encode
// CHECK: scf.for
// CHECK: scf.for
// CHECK: scf.for
// CHECK-COUNT-4: vector.load {{.*}}, vector<64xi8>
// CHECK: arith.subi {{.*}} : vector<64xi8>
// CHECK: arith.addi {{.*}} : vector<64xi8>
// CHECK-COUNT-12: vector.load {{.*}}, vector<64xi8>
// CHECK-COUNT-16: vector.store {{.*}}, vector<64xi8>
// CHECK: vector.load {{.*}} memref<1024xi32>, vector<16xi32>
// CHECK: afpk.prefetch
// CHECK: afpk.dot {{.*}} {unsigned_a} : vector<16xi32>
// CHECK: vector.store {{.*}}, vector<16xi32>
// CHECK-COUNT-16: vector.load {{.*}}, vector<16xi32>
// CHECK: arith.shrsi {{.*}} : vector<16xi32>
// CHECK: afpk.pack
// SIGNED-LABEL: func.func private @{{k[0-9]+}}_encode
// SIGNED: arith.subi {{.*}} : vector<16xi8>
// SIGNED: arith.constant dense<-125> : vector<16xi8>
// SIGNED-NOT: arith.constant dense<-128> : vector<16xi8>
// SIGNED: afpk.dot %{{.*}}, %{{.*}}, %{{.*}} : vector<4xi32>
func.func @chosen(%x: tensor<1x28x28x64xf32>) -> tensor<1x28x28x64xf32> {
  %w = afp.constant dense<1> : tensor<64x3x3x64xi8> : tensor<64x3x3x64x!w>
  %0 = afp.quantize %x : tensor<1x28x28x64xf32> to tensor<1x28x28x64x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x28x28x64x!u>, tensor<64x3x3x64x!w>) -> tensor<1x28x28x64x!afp.exact>
  %2 = afp.encode %1 : tensor<1x28x28x64x!afp.exact> to tensor<1x28x28x64x!u>
  %3 = afp.dequantize %2 : tensor<1x28x28x64x!u> to tensor<1x28x28x64xf32>
  return %3 : tensor<1x28x28x64xf32>
}

// -----

!u = !afp.float<ue0m6, exp = -6>
!w = !afp.float<e2m1, exp = 0>

// Few channels: the transforms cost more than they save.
// SELECT-LABEL: func.func @few
// SELECT: afp.encode {{.*}} afp.kernel = {strategy = "direct"
// ALWAYS-LABEL: func.func @few
// ALWAYS: afp.encode {{.*}} afp.kernel = {strategy = "winograd"
func.func @few(%x: tensor<1x28x28x16xf32>) -> tensor<1x28x28x16xf32> {
  %w = afp.constant dense<1> : tensor<16x3x3x16xi8> : tensor<16x3x3x16x!w>
  %0 = afp.quantize %x : tensor<1x28x28x16xf32> to tensor<1x28x28x16x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x28x28x16x!u>, tensor<16x3x3x16x!w>) -> tensor<1x28x28x16x!afp.exact>
  %2 = afp.encode %1 : tensor<1x28x28x16x!afp.exact> to tensor<1x28x28x16x!u>
  %3 = afp.dequantize %2 : tensor<1x28x28x16x!u> to tensor<1x28x28x16xf32>
  return %3 : tensor<1x28x28x16xf32>
}

// -----

!u = !afp.float<ue0m6, exp = -6>
!b = !afp.float<ue0m7, exp = -6>
!w = !afp.float<e2m1, exp = 0>
!v = !afp.float<e2m2, exp = 0>

// Not computed like this: two rows or columns from window to window, inputs of seven bits, weights of which no block's
// are bytes when transformed (9 * 28), other kernels.
// ALWAYS-LABEL: func.func @unfit
// ALWAYS-COUNT-4: afp.encode {{.*}} afp.kernel = {strategy = "direct"
func.func @unfit(%x: tensor<1x8x8x16xf32>) -> (tensor<1x4x4x16xf32>, tensor<1x8x8x16xf32>, tensor<1x8x8x16xf32>, tensor<1x8x8x16xf32>) {
  %w = afp.constant dense<1> : tensor<16x3x3x16xi8> : tensor<16x3x3x16x!w>
  %v = afp.constant dense<15> : tensor<16x3x3x16xi8> : tensor<16x3x3x16x!v>
  %p = afp.constant dense<1> : tensor<16x1x1x16xi8> : tensor<16x1x1x16x!w>
  %0 = afp.quantize %x : tensor<1x8x8x16xf32> to tensor<1x8x8x16x!u>
  %y = afp.quantize %x : tensor<1x8x8x16xf32> to tensor<1x8x8x16x!b>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 2, 2>} : (tensor<1x8x8x16x!u>, tensor<16x3x3x16x!w>) -> tensor<1x4x4x16x!afp.exact>
  %2 = afp.conv2d %y, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x8x8x16x!b>, tensor<16x3x3x16x!w>) -> tensor<1x8x8x16x!afp.exact>
  %3 = afp.conv2d %0, %v {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x8x8x16x!u>, tensor<16x3x3x16x!v>) -> tensor<1x8x8x16x!afp.exact>
  %4 = afp.conv2d %0, %p : (tensor<1x8x8x16x!u>, tensor<16x1x1x16x!w>) -> tensor<1x8x8x16x!afp.exact>
  %5 = afp.encode %1 : tensor<1x4x4x16x!afp.exact> to tensor<1x4x4x16x!u>
  %6 = afp.encode %2 : tensor<1x8x8x16x!afp.exact> to tensor<1x8x8x16x!u>
  %7 = afp.encode %3 : tensor<1x8x8x16x!afp.exact> to tensor<1x8x8x16x!u>
  %8 = afp.encode %4 : tensor<1x8x8x16x!afp.exact> to tensor<1x8x8x16x!u>
  %a = afp.dequantize %5 : tensor<1x4x4x16x!u> to tensor<1x4x4x16xf32>
  %b = afp.dequantize %6 : tensor<1x8x8x16x!u> to tensor<1x8x8x16xf32>
  %c = afp.dequantize %7 : tensor<1x8x8x16x!u> to tensor<1x8x8x16xf32>
  %d = afp.dequantize %8 : tensor<1x8x8x16x!u> to tensor<1x8x8x16xf32>
  return %a, %b, %c, %d : tensor<1x4x4x16xf32>, tensor<1x8x8x16xf32>, tensor<1x8x8x16xf32>, tensor<1x8x8x16xf32>
}

// -----

!u = !afp.float<ue0m6, exp = 0>
!h = !afp.float<ue0m6, exp = 24>
!w = !afp.float<e2m1, exp = 0>

// A skip operand that lies far above the products: four times the sums have more than 31 bits.
// ALWAYS-LABEL: func.func @sums
// ALWAYS: afp.encode {{.*}} afp.kernel = {strategy = "direct"
func.func @sums(%x: tensor<1x8x8x16xf32>) -> tensor<1x8x8x16xf32> {
  %w = afp.constant dense<1> : tensor<16x3x3x16xi8> : tensor<16x3x3x16x!w>
  %0 = afp.quantize %x : tensor<1x8x8x16xf32> to tensor<1x8x8x16x!u>
  %y = afp.quantize %x : tensor<1x8x8x16xf32> to tensor<1x8x8x16x!h>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x8x8x16x!u>, tensor<16x3x3x16x!w>) -> tensor<1x8x8x16x!afp.exact>
  %2 = afp.add %1, %y : (tensor<1x8x8x16x!afp.exact>, tensor<1x8x8x16x!h>) -> tensor<1x8x8x16x!afp.exact>
  %3 = afp.encode %2 : tensor<1x8x8x16x!afp.exact> to tensor<1x8x8x16x!h>
  %4 = afp.dequantize %3 : tensor<1x8x8x16x!h> to tensor<1x8x8x16xf32>
  return %4 : tensor<1x8x8x16xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -6>
!w = !afp.float<e2m1, exp = 0>

// Eight bits, of which a limit leaves six, through a maximum too; and an odd number of rows and columns. A single strip:
// threads share the blocks.
// ALWAYS-LABEL: func.func @limited
// ALWAYS: afp.encode {{.*}} afp.kernel = {strategy = "direct"
// ALWAYS: afp.encode {{.*}} afp.kernel = {strategy = "winograd"
// CHECK-LABEL: func.func private @{{k[0-9]+}}_encode(%{{.*}}: memref<1x9x9x16xi8>
// CHECK: arith.minsi %{{.*}}, %c5
// CHECK: arith.minsi %{{.*}}, %c5
// THREADS: func.func private @{{k[0-9]+}}_encode(%{{.*}}: memref<1x9x9x16xi8>, %{{.*}}: memref<1x7x7x80xi8>, %[[FROM:.*]]: index, %[[TO:.*]]: index
// THREADS: arith.minsi %[[FROM]]
// THREADS: arith.minsi %[[TO]]
func.func @limited(%x: tensor<1x8x8x16xf32>) -> tensor<1x7x7x80xf32> {
  %p = afp.constant dense<1> : tensor<16x1x1x16xi8> : tensor<16x1x1x16x!w>
  %w = afp.constant dense<1> : tensor<80x3x3x16xi8> : tensor<80x3x3x16x!w>
  %0 = afp.quantize %x : tensor<1x8x8x16xf32> to tensor<1x8x8x16x!u>
  %1 = afp.conv2d %0, %p : (tensor<1x8x8x16x!u>, tensor<16x1x1x16x!w>) -> tensor<1x8x8x16x!afp.exact>
  %2 = afp.encode %1 {hi = array<i32: 63>} : tensor<1x8x8x16x!afp.exact> to tensor<1x8x8x16x!u>
  %3 = afp.max_pool2d %2 {kernel = array<i64: 2, 2>, stride = array<i64: 1, 1>} : (tensor<1x8x8x16x!u>) -> tensor<1x7x7x16x!u>
  %4 = afp.conv2d %3, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x7x7x16x!u>, tensor<80x3x3x16x!w>) -> tensor<1x7x7x80x!afp.exact>
  %5 = afp.encode %4 : tensor<1x7x7x80x!afp.exact> to tensor<1x7x7x80x!u>
  %6 = afp.dequantize %5 : tensor<1x7x7x80x!u> to tensor<1x7x7x80xf32>
  return %6 : tensor<1x7x7x80xf32>
}
