// Tables of bytes on vectors: where they are chosen, what the kernel is, and what machines have for it.

// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vbmi})' | FileCheck %s --check-prefixes=SELECT,WIDE
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v3})' | FileCheck %s --check-prefixes=SELECT,HALF
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=aarch64})' | FileCheck %s --check-prefixes=SELECT,NARROW
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v2})' | FileCheck %s --check-prefix=NEVER
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=cortex-m4})' | FileCheck %s --check-prefix=NEVER
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4 operations=basic})' | FileCheck %s --check-prefix=NEVER
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4},convert-afp-to-kernels)' | FileCheck %s
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vbmi},convert-afp-to-kernels,afp-plan-memory,afpk-expand,convert-afpk-to-llvm{target=x86-64-v4+vbmi})' | FileCheck %s --check-prefix=VBMI
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v3},convert-afp-to-kernels,afp-plan-memory,afpk-expand,convert-afpk-to-llvm{target=x86-64-v3})' | FileCheck %s --check-prefix=AVX2
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=aarch64},convert-afp-to-kernels,afp-plan-memory,afpk-expand,convert-afpk-to-llvm{target=aarch64})' | FileCheck %s --check-prefix=NEON
// RUN: not afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4},convert-afp-to-kernels,afp-plan-memory,afpk-expand,convert-afpk-to-llvm{target=cortex-m4})' 2>&1 | FileCheck %s --check-prefix=LACKS

// LACKS: error: [AFP0612]
// LACKS: expected: a register of indices, on x86-64 or aarch64
// LACKS: found: vector<64xi8> on cortex-m4

// NEVER-NOT: lookup

!s = !afp.float<e0m7, exp = -6>
!u = !afp.float<ue0m8, exp = -8>

// The table is loaded before all loops. What is dense is one run, of which rows are items: 105 elements are two vectors
// that overlap.
// SELECT-LABEL: func.func @dense
// WIDE: afp.table {{.*}}afp.kernel = {strategy = "lookup", tile = array<i64: 1, 1, 16>}
// HALF: afp.table {{.*}}afp.kernel = {strategy = "lookup", tile = array<i64: 1, 1, 8>}
// NARROW: afp.table {{.*}}afp.kernel = {strategy = "lookup", tile = array<i64: 1, 1, 4>}
// CHECK-LABEL: func.func private @{{k[0-9]+}}_table
// CHECK: %[[TABLE:.*]] = vector.load %{{.*}} : memref<256xi8>, vector<256xi8>
// CHECK: scf.for
// CHECK: scf.for
// CHECK: %[[STORED:.*]] = vector.load %{{.*}} : memref<210xi8>, vector<64xi8>
// CHECK: afpk.lookup %[[TABLE]], %[[STORED]] : vector<256xi8>, vector<64xi8>
// CHECK: vector.store %{{.*}} : memref<210xi8>, vector<64xi8>
// VBMI-LABEL: func.func private @{{k[0-9]+}}_table
// VBMI-COUNT-2: llvm.call_intrinsic "llvm.x86.avx512.vpermi2var.qi.512"
// VBMI: arith.cmpi slt
// VBMI: arith.select
// AVX2-LABEL: func.func private @{{k[0-9]+}}_table
// AVX2: llvm.call_intrinsic "llvm.x86.avx2.pshuf.b"
// AVX2: llvm.call_intrinsic "llvm.ssub.sat.v32i8"
// AVX2-COUNT-15: llvm.call_intrinsic "llvm.x86.avx2.pshuf.b"
// NEON-LABEL: func.func private @{{k[0-9]+}}_table
// NEON: llvm.call_intrinsic "llvm.aarch64.neon.tbl4.v16i8"
// NEON-COUNT-3: llvm.call_intrinsic "llvm.aarch64.neon.tbx4.v16i8"
func.func @dense(%x: tensor<2x7x15xf32>) -> tensor<2x7x15xf32> {
  %0 = afp.quantize %x : tensor<2x7x15xf32> to tensor<2x7x15x!s>
  %1 = afp.table %0 {function = "sigmoid", values = dense<1> : tensor<256xi8>} : tensor<2x7x15x!s> to tensor<2x7x15x!u>
  %2 = afp.dequantize %1 : tensor<2x7x15x!u> to tensor<2x7x15xf32>
  return %2 : tensor<2x7x15xf32>
}

// -----

!s = !afp.float<e0m7, exp = -6>
!w = !afp.float<e2m2, exp = 0>

// Rows of pixels, where the convolution that follows wants zeros around them.
// SELECT-LABEL: func.func @halo
// WIDE: afp.table {{.*}}strategy = "lookup"
// CHECK-LABEL: func.func private @{{k[0-9]+}}_table
// CHECK: vector.load %{{.*}} : memref<320xi8>, vector<32xi8>
// CHECK: vector.store %{{.*}} : memref<560xi8>, vector<32xi8>
func.func @halo(%x: tensor<1x8x5x8xf32>) -> tensor<1x8x5x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x8xi8> : tensor<8x3x3x8x!w>
  %0 = afp.quantize %x : tensor<1x8x5x8xf32> to tensor<1x8x5x8x!s>
  %1 = afp.table %0 {function = "tanh", values = dense<1> : tensor<256xi8>} : tensor<1x8x5x8x!s> to tensor<1x8x5x8x!s>
  %2 = afp.conv2d %1, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x8x5x8x!s>, tensor<8x3x3x8x!w>) -> tensor<1x8x5x8x!afp.exact>
  %3 = afp.encode %2 : tensor<1x8x5x8x!afp.exact> to tensor<1x8x5x8x!s>
  %4 = afp.dequantize %3 : tensor<1x8x5x8x!s> to tensor<1x8x5x8xf32>
  return %4 : tensor<1x8x5x8xf32>
}

// -----

!s = !afp.float<e0m7, exp = -6>
!p = !afp.float<e2m5, exp = -6>

// What is left to scalars: integers of two bytes, and few elements.
// SELECT-LABEL: func.func @others
// SELECT-NOT: lookup
// SELECT: return
func.func @others(%x: tensor<2x16xf32>, %y: tensor<3x5xf32>) -> (tensor<2x16xf32>, tensor<2x16xf32>, tensor<3x5xf32>) {
  %0 = afp.quantize %x : tensor<2x16xf32> to tensor<2x16x!s>
  %1 = afp.quantize %x : tensor<2x16xf32> to tensor<2x16x!p>
  %2 = afp.quantize %y : tensor<3x5xf32> to tensor<3x5x!s>
  %3 = afp.table %0 {function = "tanh", values = dense<1> : tensor<256xi8>} : tensor<2x16x!s> to tensor<2x16x!p>
  %4 = afp.table %1 {function = "tanh", values = dense<1> : tensor<256xi8>} : tensor<2x16x!p> to tensor<2x16x!s>
  %5 = afp.table %2 {function = "tanh", values = dense<1> : tensor<256xi8>} : tensor<3x5x!s> to tensor<3x5x!s>
  %6 = afp.dequantize %3 : tensor<2x16x!p> to tensor<2x16xf32>
  %7 = afp.dequantize %4 : tensor<2x16x!s> to tensor<2x16xf32>
  %8 = afp.dequantize %5 : tensor<3x5x!s> to tensor<3x5xf32>
  return %6, %7, %8 : tensor<2x16xf32>, tensor<2x16xf32>, tensor<3x5xf32>
}
