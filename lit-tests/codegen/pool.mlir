// Windows on vectors of channels: sums, and maxima of what is stored.

// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni})' | FileCheck %s --check-prefix=SELECT
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=cortex-m4})' | FileCheck %s --check-prefix=SCALAR
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni},convert-afp-to-kernels)' | FileCheck %s

!u = !afp.float<ue0m8, exp = -8>
!s = !afp.float<e0m7, exp = -7>

// Sums of 32 bits on vectors; 49 elements are divided by scalars.
// SELECT-LABEL: func.func @mean
// SELECT: afp.encode {{.*}} afp.kernel = {strategy = "pool", tile = array<i64: 1, 1, 16>}
// SCALAR-LABEL: func.func @mean
// SCALAR: afp.encode {{.*}} afp.kernel = {strategy = "portable"}
// CHECK-LABEL: func.func private @k{{[0-9]+}}_encode(%{{.*}}: memref<1x7x7x40xi8>, %{{.*}}: memref<1x1x1x40xi32>
// CHECK: arith.extui {{.*}} : vector<16xi8> to vector<16xi32>
// CHECK: vector.store {{.*}} : memref<40xi32>, vector<16xi32>
// CHECK-LABEL: func.func private @k{{[0-9]+}}_encode(%{{.*}}: memref<1x1x1x40xi32>
// CHECK: afpk.encode {{.*}} by
func.func @mean(%x: tensor<1x7x7x40xf32>) -> tensor<1x1x1x40xf32> {
  %0 = afp.quantize %x : tensor<1x7x7x40xf32> to tensor<1x7x7x40x!u>
  %1 = afp.sum_pool2d %0 {kernel = array<i64: 7, 7>} : (tensor<1x7x7x40x!u>) -> tensor<1x1x1x40x!afp.exact>
  %2 = afp.encode %1 {divisor = array<i64: 49>} : tensor<1x1x1x40x!afp.exact> to tensor<1x1x1x40x!u>
  %3 = afp.dequantize %2 : tensor<1x1x1x40x!u> to tensor<1x1x1x40xf32>
  return %3 : tensor<1x1x1x40xf32>
}

// -----

!s = !afp.float<e0m7, exp = -7>

// Signed bytes are stored plus 128, and compared without a sign; 40 channels are vectors of 32 that overlap.
// SELECT-LABEL: func.func @largest
// SELECT: afp.max_pool2d {{.*}}afp.kernel = {strategy = "pool", tile = array<i64: 1, 1, 16>}
// SCALAR-LABEL: func.func @largest
// SCALAR-NOT: strategy = "pool"
// CHECK-LABEL: func.func private @k{{[0-9]+}}_max_pool2d
// CHECK: arith.maxui {{.*}} : vector<32xi8>
// CHECK: vector.store {{.*}} vector<32xi8>
func.func @largest(%x: tensor<1x9x9x40xf32>) -> tensor<1x5x5x40xf32> {
  %0 = afp.quantize %x : tensor<1x9x9x40xf32> to tensor<1x9x9x40x!s>
  %1 = afp.max_pool2d %0 {kernel = array<i64: 3, 3>, stride = array<i64: 2, 2>, pad = array<i64: 1, 1, 1, 1>} : (tensor<1x9x9x40x!s>) -> tensor<1x5x5x40x!s>
  %2 = afp.dequantize %1 : tensor<1x5x5x40x!s> to tensor<1x5x5x40xf32>
  return %2 : tensor<1x5x5x40xf32>
}
