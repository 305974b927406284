// Convolutions by a matrix unit: where it is chosen, what its kernel is, and the instructions of AMX.

// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+amx})' | FileCheck %s --check-prefix=SELECT
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+amx matrix=never})' | FileCheck %s --check-prefix=NEVER
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni matrix=always})' | FileCheck %s --check-prefix=NEVER
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+amx vector-bits=128})' | FileCheck %s --check-prefix=NEVER
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+amx matrix=always},convert-afp-to-kernels)' | FileCheck %s
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+amx matrix=always},convert-afp-to-kernels,afp-plan-memory,afpk-expand,convert-afpk-to-llvm{target=x86-64-v4+amx})' | FileCheck %s --check-prefix=LLVM
// RUN: not afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+amx matrix=always},convert-afp-to-kernels,afp-plan-memory,afpk-expand,convert-afpk-to-llvm{target=x86-64-v4+vnni})' 2>&1 | FileCheck %s --check-prefix=LACKS

// LACKS: error: [AFP0612]
// LACKS: expected: a target with a matrix unit, such as x86-64-v4+amx
// LACKS: found: x86-64-v4+vnni

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

// Two groups of 14 pixels by two panels of 16 channels, three kernel rows of three steps of 64 bytes. Tiles are set
// up once. A row of a panel has four bytes for each of 16 channels.
// SELECT-LABEL: func.func @rows
// SELECT: afp.encode {{.*}} afp.kernel = {strategy = "matrix", tile = array<i64: 14, 2, 16>}
// NEVER-LABEL: func.func @rows
// NEVER: afp.encode {{.*}} afp.kernel = {strategy = "direct"
// CHECK-LABEL: func.func private @{{k[0-9]+}}_encode
// CHECK: afpk.matrix_setup %{{.*}} : memref<64xi8>
// CHECK: scf.for
// CHECK: afpk.matrix_dot %{{.*}}[%{{.*}}], %{{.*}}[%{{.*}}, %{{.*}}], %{{.*}}[%{{.*}}] {counts = array<i64: 3, 1, 3>, depth = 64 : i64, panels = 2 : i64, row_stride = 64 : i64, rows = 14 : i64, strides = array<i64: 1920, 64, 64>, unsigned_a} : memref<896xi32>
// CHECK: scf.for
// CHECK-COUNT-4: vector.load {{.*}} memref<896xi32>, vector<16xi32>
// CHECK: afpk.pack
// CHECK: afpk.matrix_release
// LLVM: llvm.call_intrinsic "llvm.x86.ldtilecfg"
// LLVM-COUNT-4: llvm.call_intrinsic "llvm.x86.tilezero"
// LLVM: scf.for
// LLVM: scf.for
// LLVM-COUNT-3: llvm.call_intrinsic "llvm.x86.tileloadd64"
// LLVM: llvm.call_intrinsic "llvm.x86.tdpbusd"
// LLVM: llvm.call_intrinsic "llvm.x86.tdpbusd"
// LLVM: llvm.call_intrinsic "llvm.x86.tileloadd64"
// LLVM-COUNT-2: llvm.call_intrinsic "llvm.x86.tdpbusd"
// LLVM-COUNT-4: llvm.call_intrinsic "llvm.x86.tilestored64"
// LLVM: llvm.call_intrinsic "llvm.x86.tilerelease"
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

!p = !afp.float<ue2m6, exp = -8>
!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

// Integers of two bytes are parted into planes, and each plane is multiplied; 96 channels are three steps of 32.
// Pixels of the input lie close together and are joined, those of the result have a halo.
// SELECT-LABEL: func.func @planes
// SELECT: afp.encode {{.*}} afp.kernel = {strategy = "matrix", tile = array<i64: 13, 2, 16>}
// NEVER-LABEL: func.func @planes
// NEVER: afp.encode {{.*}} afp.kernel = {strategy = "direct"
// CHECK-LABEL: func.func private @k{{[0-9]+}}_encode(%{{.*}}: memref<1x7x7x96xi16>, %{{.*}}: memref<9408xi8>
// CHECK: arith.shrui
// CHECK-COUNT-2: arith.trunci {{.*}} : vector<32xi16> to vector<32xi8>
// CHECK-LABEL: func.func private @k{{[0-9]+}}_encode
// CHECK: afpk.matrix_dot {{.*}} {counts = array<i64: 1, 1, 2>, depth = 48 : i64, panels = 2 : i64, row_stride = 96 : i64, rows = 13 : i64, strides = array<i64: 672, 96, 48>, unsigned_a}
// CHECK: afpk.matrix_dot {{.*}} {counts = array<i64: 1, 1, 2>
// CHECK: arith.shli {{.*}} : vector<16xi32>
// CHECK: afpk.matrix_release
func.func @planes(%x: tensor<1x7x7x96xf32>) -> tensor<1x7x7x64xf32> {
  %w = afp.constant dense<1> : tensor<64x1x1x96xi8> : tensor<64x1x1x96x!w>
  %v = afp.constant dense<1> : tensor<3x3x64x1xi8> : tensor<3x3x64x1x!w>
  %0 = afp.quantize %x : tensor<1x7x7x96xf32> to tensor<1x7x7x96x!p>
  %1 = afp.conv2d %0, %w : (tensor<1x7x7x96x!p>, tensor<64x1x1x96x!w>) -> tensor<1x7x7x64x!afp.exact>
  %2 = afp.encode %1 : tensor<1x7x7x64x!afp.exact> to tensor<1x7x7x64x!u>
  %3 = afp.depthwise_conv2d %2, %v {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x7x7x64x!u>, tensor<3x3x64x1x!w>) -> tensor<1x7x7x64x!afp.exact>
  %4 = afp.encode %3 : tensor<1x7x7x64x!afp.exact> to tensor<1x7x7x64x!u>
  %5 = afp.dequantize %4 : tensor<1x7x7x64x!u> to tensor<1x7x7x64xf32>
  return %5 : tensor<1x7x7x64xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

// One pixel: vectors are faster, but with matrix=always.
// SELECT-LABEL: func.func @one
// SELECT: afp.encode {{.*}} afp.kernel = {strategy = "direct"
// NEVER-LABEL: func.func @one
// NEVER: afp.encode {{.*}} afp.kernel = {strategy = "direct"
// CHECK-LABEL: func.func private @k{{[0-9]+}}_encode
// CHECK: afpk.matrix_dot {{.*}} rows = 1 : i64
func.func @one(%x: tensor<1x64xf32>) -> tensor<1x32xf32> {
  %w = afp.constant dense<1> : tensor<32x64xi8> : tensor<32x64x!w>
  %0 = afp.quantize %x : tensor<1x64xf32> to tensor<1x64x!u>
  %1 = afp.fully_connected %0, %w : (tensor<1x64x!u>, tensor<32x64x!w>) -> tensor<1x32x!afp.exact>
  %2 = afp.encode %1 : tensor<1x32x!afp.exact> to tensor<1x32x!u>
  %3 = afp.dequantize %2 : tensor<1x32x!u> to tensor<1x32xf32>
  return %3 : tensor<1x32xf32>
}
