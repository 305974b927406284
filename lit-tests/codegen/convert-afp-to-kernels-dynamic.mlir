// Dynamic scale exponents: sums are kept, the exponent is found, and the sums are rounded by it.

// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v3},convert-afp-to-kernels)' | FileCheck %s
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=cortex-m4},convert-afp-to-kernels)' | FileCheck %s --check-prefix=SCALAR
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,convert-afp-to-kernels{threads=3},afp-plan-memory,afpk-expand,canonicalize,cse)' | FileCheck %s --check-prefix=THREADS
// Nothing of it needs a float.
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v3},convert-afp-to-kernels,afp-plan-memory,afpk-expand)' | FileCheck %s --check-prefix=INTEGER
// INTEGER-NOT: arith.{{(add|sub|mul|div|max|min|neg|cmp|maximum|minimum)f}}
// INTEGER-NOT: arith.{{(sitofp|uitofp|fptosi|fptoui|extf|truncf)}}
// INTEGER-NOT: afp.{{[a-z]*}} %

!d = !afp.float<ue0m8, exp = ?[-12, 3]>
!w = !afp.float<e2m4, exp = 0>

// Two exponents: the input's and the result's. The reshaped value has that of its operand.
// CHECK-LABEL: func.func @body
// CHECK: %[[E0:.*]] = memref.view %{{.*}} : memref<4xi8> to memref<1xi32>
// CHECK: call @[[FIND:k[0-9]+_exponent]](%{{[^ ]*}}, %[[E0]],
// CHECK: call @[[QUANTIZE:k[0-9]+_quantize]](%{{.*}}, %[[E0]])
// CHECK: %[[SUMS:.*]] = memref.view %{{.*}} : memref<640xi8> to memref<1x4x5x8xi32>
// CHECK: call @[[CONV:k[0-9]+_encode]](%{{[^ ]*}}, %[[SUMS]], {{.*}}%[[E0]]
// CHECK: %[[E1:.*]] = memref.view %{{.*}} : memref<4xi8> to memref<1xi32>
// CHECK: call @[[EXPONENT:k[0-9]+_exponent]](%{{[^ ]*}}, %[[E1]],
// CHECK: call @[[ENCODE:k[0-9]+_encode]](%[[SUMS]], {{.*}}, %[[E1]]
// CHECK: call @{{k[0-9]+}}_dequantize({{.*}}, %[[E1]])

// The bias has units of its own, to which the sums are shifted.
// CHECK: func.func private @[[CONV]]
// CHECK: afpk.dot
// CHECK: arith.shli {{.*}} : vector<8xi32>
// CHECK: vector.store {{.*}} : memref<160xi32>, vector<8xi32>
// CHECK: arith.ori {{.*}} : vector<8xi32>
// CHECK: vector.store {{.*}} : memref<8xi32>, vector<8xi32>
// CHECK: func.func private @[[EXPONENT]](%{{[^ ]*}}: memref<1x16xi32>, %{{[^ ]*}}: memref<1xi32>,
// CHECK: math.ctlz
// CHECK: arith.maxsi
// CHECK: func.func private @[[ENCODE]]
// CHECK: afpk.encode {{.*}} "ue0m8" {bits = {{[0-9]+}} : i32, right} : vector<8xi32>

// SCALAR-LABEL: func.func @body
// SCALAR: func.func private @{{.*}}_encode
// SCALAR: arith.muli {{.*}} : i32
// SCALAR: memref.store {{.*}} : memref<1x4x5x8xi32>
// SCALAR: arith.ori
// SCALAR: func.func private @{{.*}}_exponent
// SCALAR: math.ctlz
// SCALAR: func.func private @{{.*}}_encode
// SCALAR: afpk.encode {{.*}} : i32

// Every share has a row for what occurs in its sums; one finds the exponent.
// THREADS-LABEL: func.func @body
// THREADS: memref.view {{.*}} to memref<3x16xi32>
// THREADS: call @afp_runtime_share
// THREADS: call @{{k[0-9]+}}_exponent
// THREADS-NEXT: scf.yield
func.func @conv(%x: tensor<1x4x5x3xf32>) -> tensor<1x160xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %b = afp.constant dense<5> : tensor<8xi32> {channel_exp = array<i32: -14>} : tensor<8x!afp.exact>
  %0 = afp.quantize %x : tensor<1x4x5x3xf32> to tensor<1x4x5x3x!d>
  %1 = afp.conv2d %0, %w bias %b {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x4x5x3x!d>, tensor<8x3x3x3x!w>, tensor<8x!afp.exact>) -> tensor<1x4x5x8x!afp.exact>
  %2 = afp.encode %1 {lo = array<i32: 0>} : tensor<1x4x5x8x!afp.exact> to tensor<1x4x5x8x!d>
  %3 = afp.reshape %2 : tensor<1x4x5x8x!d> to tensor<1x160x!d>
  %4 = afp.dequantize %3 : tensor<1x160x!d> to tensor<1x160xf32>
  return %4 : tensor<1x160xf32>
}
