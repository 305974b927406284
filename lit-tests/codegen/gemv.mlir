// One row times weights that stay packed: where it is chosen, what its kernel is, and the instructions of AVX-512 VBMI.

// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vbmi packed-from=0})' | FileCheck %s --check-prefix=SELECT
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+amx packed-from=0})' | FileCheck %s --check-prefix=SELECT
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vbmi})' | FileCheck %s --check-prefix=DEFAULT
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vbmi packed-from=never})' | FileCheck %s --check-prefix=NEVER
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni packed-from=0})' | FileCheck %s --check-prefix=NEVER
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vbmi packed-from=0 vector-bits=256})' | FileCheck %s --check-prefix=NEVER
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vbmi packed-from=0},convert-afp-to-kernels,canonicalize)' | FileCheck %s
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vbmi packed-from=0},convert-afp-to-kernels,afp-plan-memory,afpk-expand,convert-afpk-to-llvm{target=x86-64-v4+vbmi})' | FileCheck %s --check-prefix=LLVM
// RUN: not afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vbmi packed-from=0},convert-afp-to-kernels,afp-plan-memory,afpk-expand,convert-afpk-to-llvm{target=x86-64-v4+vnni})' 2>&1 | FileCheck %s --check-prefix=LACKS

// LACKS: error: [AFP0612]
// LACKS: expected: a target with AVX-512 VBMI, such as x86-64-v4+vbmi
// LACKS: found: x86-64-v4+vnni

// NEVER-NOT: gemv

!s = !afp.float<e0m7, exp = -7>
!w = !afp.float<e2m2, exp = 0>

// Two vectors of 16 channels, two steps of four inputs. A vector's 64 codes are 40 bytes, a step's two vectors two
// lines; the last register reads 24 bytes more. What is asked for ahead ends with the last step. Small as they are,
// the weights are expanded unless the option says otherwise.
// SELECT-LABEL: func.func @five
// SELECT: afp.encode {{.*}} afp.kernel = {strategy = "gemv", tile = array<i64: 1, 2, 16>}
// DEFAULT-LABEL: func.func @five
// DEFAULT: afp.encode {{.*}} afp.kernel = {strategy = "direct"
// CHECK-LABEL: func.func private @{{k[0-9]+}}_encode
// CHECK-SAME: %[[WEIGHTS:[^ ]*]]: memref<184xi8>)
// CHECK-DAG: %[[LAST:.*]] = arith.constant 80 : index
// CHECK-DAG: %[[AHEAD:.*]] = arith.constant 2048 : index
// CHECK: scf.for
// CHECK-COUNT-2: vector.load {{.*}} : memref<32xi32>, vector<16xi32>
// CHECK: scf.for
// CHECK: arith.addi %[[AT:.*]], %[[AHEAD]] : index
// CHECK: arith.minsi %{{.*}}, %[[LAST]] : index
// CHECK-COUNT-2: afpk.prefetch %[[WEIGHTS]]
// CHECK: vector.load {{.*}} : memref<8xi8>, vector<4xi8>
// CHECK: %[[CODES:.*]] = vector.load %[[WEIGHTS]][%[[AT]]] : memref<184xi8>, vector<64xi8>
// CHECK: %[[INTEGERS:.*]] = afpk.unpack %[[CODES]] "e2m2" : vector<64xi8> to vector<64xi8>
// CHECK: afpk.dot %{{.*}}, %{{.*}}, %[[INTEGERS]] {unsigned_a} : vector<16xi32>, vector<64xi8>
// CHECK: afpk.unpack
// CHECK: afpk.dot
// CHECK: scf.yield
// What an offset of 128 adds to eight products with 3: the sums begin with -3072.
// CHECK: memref.global "private" constant @bias_0 : memref<32xi32> = dense<-3072>
// Eight codes of 3 are five bytes.
// CHECK: memref.global "private" constant @weights_1 : memref<184xi8> = dense<"0x638C31C618638C31C618
// LLVM-LABEL: func.func private @{{k[0-9]+}}_encode
// LLVM: arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 0, -1, -2, -3, -4, -5, -6, -7, -8, -10, -12, -14, -16, -20, -24, -28, 0, 1, {{.*}}]> : vector<64xi8>
// LLVM: %[[TWO:.*]] = vector.shuffle %{{.*}}, %{{.*}} [0, 1, 2, 3, 4, 5, 6, 7, 5, 6, {{.*}}, 40, 41, 42]
// LLVM: %[[FIELDS:.*]] = llvm.call_intrinsic "llvm.x86.avx512.pmultishift.qb.512"(%{{.*}}, %[[TWO]])
// LLVM: %[[THREE:.*]] = llvm.call_intrinsic "llvm.x86.avx512.permvar.qi.512"(%{{.*}}, %[[FIELDS]])
// LLVM: llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"(%{{.*}}, %{{.*}}, %[[THREE]])
// LLVM: return
func.func @five(%x: tensor<1x8xf32>) -> tensor<1x32xf32> {
  %w = afp.constant dense<3> : tensor<32x8xi8> : tensor<32x8x!w>
  %0 = afp.quantize %x : tensor<1x8xf32> to tensor<1x8x!s>
  %1 = afp.fully_connected %0, %w : (tensor<1x8x!s>, tensor<32x8x!w>) -> tensor<1x32x!afp.exact>
  %2 = afp.encode %1 : tensor<1x32x!afp.exact> to tensor<1x32x!s>
  %3 = afp.dequantize %2 : tensor<1x32x!s> to tensor<1x32xf32>
  return %3 : tensor<1x32xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

// A convolution of one pixel is one row too. Seven bits have 128 integers: two registers.
// SELECT-LABEL: func.func @seven
// SELECT: afp.encode {{.*}} afp.kernel = {strategy = "gemv", tile = array<i64: 1, 1, 16>}
// CHECK-LABEL: func.func private @{{k[0-9]+}}_encode
// CHECK: afpk.unpack {{.*}} "e2m4" : vector<64xi8> to vector<64xi8>
// LLVM-LABEL: func.func private @{{k[0-9]+}}_encode
// LLVM: llvm.call_intrinsic "llvm.x86.avx512.vpermi2var.qi.512"
func.func @seven(%x: tensor<1x2x2x8xf32>) -> tensor<1x1x1x16xf32> {
  %w = afp.constant dense<1> : tensor<16x2x2x8xi8> : tensor<16x2x2x8x!w>
  %0 = afp.quantize %x : tensor<1x2x2x8xf32> to tensor<1x2x2x8x!u>
  %1 = afp.conv2d %0, %w : (tensor<1x2x2x8x!u>, tensor<16x2x2x8x!w>) -> tensor<1x1x1x16x!afp.exact>
  %2 = afp.encode %1 : tensor<1x1x1x16x!afp.exact> to tensor<1x1x1x16x!u>
  %3 = afp.dequantize %2 : tensor<1x1x1x16x!u> to tensor<1x1x1x16xf32>
  return %3 : tensor<1x1x1x16xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m2, exp = 0>

// All weights of a program count: 1024 x 1024 and 1024 x 512 bytes are the 1.5 MB from which both stay packed.
// DEFAULT-LABEL: func.func @together
// DEFAULT-COUNT-2: afp.kernel = {strategy = "gemv", tile = array<i64: 1, 4, 16>}
func.func @together(%x: tensor<1x1024xf32>) -> tensor<1x512xf32> {
  %w = afp.constant dense<1> : tensor<1024x1024xi8> : tensor<1024x1024x!w>
  %v = afp.constant dense<1> : tensor<512x1024xi8> : tensor<512x1024x!w>
  %0 = afp.quantize %x : tensor<1x1024xf32> to tensor<1x1024x!u>
  %1 = afp.fully_connected %0, %w : (tensor<1x1024x!u>, tensor<1024x1024x!w>) -> tensor<1x1024x!afp.exact>
  %2 = afp.encode %1 : tensor<1x1024x!afp.exact> to tensor<1x1024x!u>
  %3 = afp.fully_connected %2, %v : (tensor<1x1024x!u>, tensor<512x1024x!w>) -> tensor<1x512x!afp.exact>
  %4 = afp.encode %3 : tensor<1x512x!afp.exact> to tensor<1x512x!u>
  %5 = afp.dequantize %4 : tensor<1x512x!u> to tensor<1x512xf32>
  return %5 : tensor<1x512xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!p = !afp.float<ue2m6, exp = -8>
!w = !afp.float<e2m2, exp = 0>
!b = !afp.float<e0m7, exp = 0>

// What is left to the other strategies: two rows, weights of a byte, inputs of two, fewer than 16 outputs.
// SELECT-LABEL: func.func @others
// SELECT-NOT: gemv
// SELECT: return
func.func @others(%x: tensor<1x8xf32>, %y: tensor<2x8xf32>) -> (tensor<2x16xf32>, tensor<1x16xf32>, tensor<1x16xf32>, tensor<1x12xf32>) {
  %w = afp.constant dense<1> : tensor<16x8xi8> : tensor<16x8x!w>
  %v = afp.constant dense<1> : tensor<16x8xi8> : tensor<16x8x!b>
  %f = afp.constant dense<1> : tensor<12x8xi8> : tensor<12x8x!w>
  %0 = afp.quantize %x : tensor<1x8xf32> to tensor<1x8x!u>
  %1 = afp.quantize %x : tensor<1x8xf32> to tensor<1x8x!p>
  %2 = afp.quantize %y : tensor<2x8xf32> to tensor<2x8x!u>
  %3 = afp.fully_connected %2, %w : (tensor<2x8x!u>, tensor<16x8x!w>) -> tensor<2x16x!afp.exact>
  %4 = afp.encode %3 : tensor<2x16x!afp.exact> to tensor<2x16x!u>
  %5 = afp.fully_connected %0, %v : (tensor<1x8x!u>, tensor<16x8x!b>) -> tensor<1x16x!afp.exact>
  %6 = afp.encode %5 : tensor<1x16x!afp.exact> to tensor<1x16x!u>
  %7 = afp.fully_connected %1, %w : (tensor<1x8x!p>, tensor<16x8x!w>) -> tensor<1x16x!afp.exact>
  %8 = afp.encode %7 : tensor<1x16x!afp.exact> to tensor<1x16x!u>
  %9 = afp.fully_connected %0, %f : (tensor<1x8x!u>, tensor<12x8x!w>) -> tensor<1x12x!afp.exact>
  %10 = afp.encode %9 : tensor<1x12x!afp.exact> to tensor<1x12x!u>
  %a = afp.dequantize %4 : tensor<2x16x!u> to tensor<2x16xf32>
  %b = afp.dequantize %6 : tensor<1x16x!u> to tensor<1x16xf32>
  %c = afp.dequantize %8 : tensor<1x16x!u> to tensor<1x16xf32>
  %d = afp.dequantize %10 : tensor<1x12x!u> to tensor<1x12xf32>
  return %a, %b, %c, %d : tensor<2x16xf32>, tensor<1x16xf32>, tensor<1x16xf32>, tensor<1x12xf32>
}
