// Programs as kernels and calls of them, chosen for AVX-512 with VNNI.

// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni},convert-afp-to-kernels)' | FileCheck %s
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=cortex-m4},convert-afp-to-kernels)' | FileCheck %s --check-prefix=SCALAR
// Nothing of it needs a float: quantize and dequantize work on its bits.
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni},convert-afp-to-kernels,afp-plan-memory,afpk-expand)' | FileCheck %s --check-prefix=INTEGER
// INTEGER-NOT: arith.{{(add|sub|mul|div|max|min|neg|cmp|maximum|minimum)f}}
// INTEGER-NOT: arith.{{(sitofp|uitofp|fptosi|fptoui|extf|truncf)}}
// INTEGER-NOT: afp.{{[a-z]*}} %

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

// A convolution on vectors. The halo of the input is cleared, its rows are shared out, the padded channel
// is never read by a weight that is not 0, and the padding needs no test in the kernel.
// CHECK-LABEL: func.func @body
// CHECK-SAME: %[[X:[^ ]*]]: memref<1x5x6x3xf32>, %[[Y:[^ ]*]]: memref<1x5x6x8xf32>, %{{[^ ]*}}: memref<0xi8>)
// CHECK-SAME: afp.inputs = 1 : i64, afp.ports = [tensor<1x5x6x3xf32>, tensor<1x5x6x8xf32>]
// CHECK: memref.alloc() : memref<224xi8>
// CHECK: memref.view {{.*}} to memref<1x7x8x4xi8>
// CHECK: call @[[HALO:[^(]*_halo]](
// CHECK: call @[[QUANTIZE:[^(]*_quantize]](%[[X]], {{.*}} {afp.layer = "quantize input0"}
// CHECK: memref.alloc() : memref<240xi8>
// CHECK: memref.get_global @[[BIAS:bias_[0-9]]] : memref<8xi32>
// CHECK: memref.get_global @[[WEIGHTS:weights_[0-9]]] : memref<288xi8>
// CHECK: call @[[ENCODE:[^(]*_encode]](
// CHECK: call @[[DEQUANTIZE:[^(]*_dequantize]]({{.*}}, %[[Y]],
// CHECK: func.func private @[[QUANTIZE]](%{{[^ ]*}}: memref<1x5x6x3xf32>, %{{[^ ]*}}: memref<1x7x8x4xi8>, %{{[^ ]*}}: index, %{{[^ ]*}}: index)
// CHECK: arith.bitcast {{.*}} : f32 to i32
// CHECK: func.func private @[[HALO]]
// CHECK: func.func private @[[ENCODE]]
// CHECK: vector.load {{.*}} : memref<8xi32>, vector<8xi32>
// CHECK: scf.for {{.*}} iter_args
// CHECK: vector.load {{.*}} : memref<288xi8>, vector<32xi8>
// CHECK: vector.load {{.*}} : memref<224xi8>, vector<4xi8>
// CHECK: vector.broadcast {{.*}} : vector<1xi32> to vector<8xi32>
// CHECK: afpk.dot {{.*}} {pairs_fit, unsigned_a} : vector<8xi32>, vector<32xi8>
// CHECK: arith.shrsi {{.*}} : vector<8xi32>
// CHECK: arith.trunci {{.*}} : vector<8xi32> to vector<8xi8>
// CHECK: vector.store {{.*}} : memref<240xi8>, vector<8xi8>
// The bias is 5, on the sums' grid, and the half of an encode that shifts nothing is 0.
// CHECK: memref.global "private" constant @[[BIAS]] : memref<8xi32> = dense<5>
// Three ones and a zero for the padded channel.
// CHECK: memref.global "private" constant @[[WEIGHTS]] : memref<288xi8> = dense<"0x01010100
// CHECK: func.func private @[[DEQUANTIZE]]
// CHECK: arith.bitcast {{.*}} : i32 to f32

// By scalars: taps outside are left out by the loops' bounds, half is added and shifted out.
// SCALAR-LABEL: func.func @body
// SCALAR-NOT: _halo
// SCALAR: func.func private @{{[^(]*}}_encode
// SCALAR: arith.divsi
// SCALAR: scf.for {{.*}} iter_args({{.*}}) -> (i32)
// SCALAR: arith.muli {{.*}} : i32
// SCALAR: arith.shrsi {{.*}} : i32
// SCALAR: arith.maxsi {{.*}} : i32
// SCALAR: arith.minsi {{.*}} : i32
// SCALAR-NOT: afpk.encode
func.func @conv(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %b = afp.constant dense<5> : tensor<8xi32> {channel_exp = array<i32: -8>} : tensor<8x!afp.exact>
  %0 = afp.quantize %x : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w bias %b {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>, tensor<8x!afp.exact>) -> tensor<1x5x6x8x!afp.exact>
  %2 = afp.encode %1 : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!s = !afp.float<e0m7, exp = -7>
!w = !afp.float<e2m4, exp = 0>

// Signed inputs are stored plus 128; what that adds to the sums, 128 times the 4 ones of a row, is taken
// from what they start with: -512. A pixel's row of a 1x1 convolution needs no bounds: all 6 pixels are one.
// CHECK-LABEL: func.func @body
// CHECK: call @{{[^(]*}}_encode(
// CHECK: func.func private @{{[^(]*}}_encode
// CHECK: afpk.dot {{.*}} {pairs_fit, unsigned_a}
// CHECK: arith.addi {{.*}} : vector<8xi32>
// CHECK: memref.global "private" constant @bias_0 : memref<8xi32> = dense<-512>
func.func @pointwise(%x: tensor<1x2x3x4xf32>) -> tensor<1x2x3x8xf32> {
  %w = afp.constant dense<1> : tensor<8x1x1x4xi8> : tensor<8x1x1x4x!w>
  %0 = afp.quantize %x : tensor<1x2x3x4xf32> to tensor<1x2x3x4x!s>
  %1 = afp.conv2d %0, %w : (tensor<1x2x3x4x!s>, tensor<8x1x1x4x!w>) -> tensor<1x2x3x8x!afp.exact>
  %2 = afp.encode %1 : tensor<1x2x3x8x!afp.exact> to tensor<1x2x3x8x!s>
  %3 = afp.dequantize %2 : tensor<1x2x3x8x!s> to tensor<1x2x3x8xf32>
  return %3 : tensor<1x2x3x8xf32>
}

// -----

!h = !afp.float<e3m4, exp = -7>
!w = !afp.float<e2m4, exp = 0>

// Integers of 16 bits, two products a lane; a format with exponents is rounded by afpk.encode.
// CHECK-LABEL: func.func @body
// CHECK: memref.view {{.*}} to memref<1x8xi16>
// CHECK: func.func private @{{[^(]*}}_encode
// CHECK: vector.load {{.*}} : memref<8xi16>, vector<2xi16>
// CHECK: afpk.dot {{.*}} : vector<8xi32>, vector<16xi16>
// CHECK: afpk.encode {{.*}} "e3m4" {bits = {{[0-9]+}} : i32, right} : vector<8xi32>
// On the microcontroller, a code is decoded where it is read.
// SCALAR-LABEL: func.func @body
// SCALAR: func.func private @{{[^(]*}}_encode
// SCALAR: afpk.decode {{.*}} "e3m4" : i8 to i32
// SCALAR: afpk.encode {{.*}} "e3m4" {{.*}} : i32
// SCALAR: afpk.code {{.*}} "e3m4" : i32 to i8
func.func @wide(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %w = afp.constant dense<1> : tensor<8x8xi8> : tensor<8x8x!w>
  %0 = afp.quantize %x : tensor<1x8xf32> to tensor<1x8x!h>
  %1 = afp.fully_connected %0, %w : (tensor<1x8x!h>, tensor<8x8x!w>) -> tensor<1x8x!afp.exact>
  %2 = afp.encode %1 : tensor<1x8x!afp.exact> to tensor<1x8x!h>
  %3 = afp.dequantize %2 : tensor<1x8x!h> to tensor<1x8xf32>
  return %3 : tensor<1x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!s = !afp.float<e0m7, exp = -7>

// An average: the quotient is developed in 64 bits. The divisors of positions come from a table.
// CHECK-LABEL: func.func @body
// CHECK: func.func private @{{[^(]*}}_encode
// CHECK: afpk.encode %{{.*}}, %{{.*}} by %{{.*}} : i64 "ue0m8" {{.*}} : i64
// CHECK: memref.global "private" constant @divisors_{{[0-9]+}} : memref<2x2xi64>
func.func @average(%x: tensor<1x2x2x4xf32>) -> tensor<1x2x2x4xf32> {
  %0 = afp.quantize %x : tensor<1x2x2x4xf32> to tensor<1x2x2x4x!u>
  %1 = afp.sum_pool2d %0 {kernel = array<i64: 2, 2>, stride = array<i64: 1, 1>, pad = array<i64: 1, 0, 1, 0>} : (tensor<1x2x2x4x!u>) -> tensor<1x2x2x4x!afp.exact>
  %2 = afp.encode %1 {divisor = array<i64: 1, 2, 2, 4>} : tensor<1x2x2x4x!afp.exact> to tensor<1x2x2x4x!u>
  %3 = afp.dequantize %2 : tensor<1x2x2x4x!u> to tensor<1x2x2x4xf32>
  return %3 : tensor<1x2x2x4xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>

// Operators that move codes or look them up. Integers are compared as they are stored.
// CHECK-LABEL: func.func @body
// CHECK-DAG: func.func private @{{[^(]*}}_max_pool2d
// CHECK-DAG: func.func private @{{[^(]*}}_concat
// CHECK-DAG: func.func private @{{[^(]*}}_pad
// CHECK-DAG: func.func private @{{[^(]*}}_slice
// CHECK-DAG: func.func private @{{[^(]*}}_transpose
// CHECK-DAG: func.func private @{{[^(]*}}_table
// CHECK-DAG: func.func private @{{[^(]*}}_softmax
// CHECK-DAG: memref.global "private" constant @table_{{[0-9]+}} : memref<256xi8>
// CHECK-DAG: memref.global "private" constant @table_{{[0-9]+}} : memref<256xi8>
// CHECK-DAG: memref.global "private" constant @table_{{[0-9]+}} : memref<256xi8>
func.func @movement(%x: tensor<1x4x4x2xf32>) -> tensor<1x16xf32> {
  %0 = afp.quantize %x : tensor<1x4x4x2xf32> to tensor<1x4x4x2x!u>
  %1 = afp.max_pool2d %0 {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>} : (tensor<1x4x4x2x!u>) -> tensor<1x2x2x2x!u>
  %2 = afp.concat %1, %1 {axis = 3 : i64} : (tensor<1x2x2x2x!u>, tensor<1x2x2x2x!u>) -> tensor<1x2x2x4x!u>
  %3 = afp.pad %2 {low = array<i64: 0, 1, 1, 0>, high = array<i64: 0, 1, 1, 0>} : tensor<1x2x2x4x!u> to tensor<1x4x4x4x!u>
  %4 = afp.slice %3 {start = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 2, 2, 1>} : tensor<1x4x4x4x!u> to tensor<1x2x2x4x!u>
  %5 = afp.transpose %4 {perm = array<i64: 0, 3, 1, 2>} : tensor<1x2x2x4x!u> to tensor<1x4x2x2x!u>
  %6 = afp.table %5 {function = "sigmoid", values = dense<1> : tensor<256xi8>} : tensor<1x4x2x2x!u> to tensor<1x4x2x2x!u>
  %7 = afp.reshape %6 : tensor<1x4x2x2x!u> to tensor<1x16x!u>
  %8 = afp.softmax %7 {axis = 1 : i64} : tensor<1x16x!u> to tensor<1x16x!u>
  %9 = afp.dequantize %8 : tensor<1x16x!u> to tensor<1x16xf32>
  return %9 : tensor<1x16xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

// Two layers of one shape are one function, called twice with weights of their own.
// CHECK-LABEL: func.func @body
// CHECK: call @[[SHARED:[^(]*_encode]](
// CHECK: call @[[SHARED]](
// CHECK: func.func private @[[SHARED]]
// CHECK-NOT: _encode
func.func @equal(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %w = afp.constant dense<1> : tensor<8x8xi8> : tensor<8x8x!w>
  %v = afp.constant dense<2> : tensor<8x8xi8> : tensor<8x8x!w>
  %0 = afp.quantize %x : tensor<1x8xf32> to tensor<1x8x!u>
  %1 = afp.fully_connected %0, %w : (tensor<1x8x!u>, tensor<8x8x!w>) -> tensor<1x8x!afp.exact>
  %2 = afp.encode %1 : tensor<1x8x!afp.exact> to tensor<1x8x!u>
  %3 = afp.fully_connected %2, %v : (tensor<1x8x!u>, tensor<8x8x!w>) -> tensor<1x8x!afp.exact>
  %4 = afp.encode %3 : tensor<1x8x!afp.exact> to tensor<1x8x!u>
  %5 = afp.dequantize %4 : tensor<1x8x!u> to tensor<1x8xf32>
  return %5 : tensor<1x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

// Weights of a block of channels that fill a good part of the first cache: each tile asks for some of the next
// block's while it computes.
// CHECK-LABEL: func.func @body
// CHECK: func.func private @{{[^(]*}}_encode
// CHECK: arith.select
// CHECK: scf.for
// CHECK: afpk.prefetch {{.*}} : memref<{{[0-9]+}}xi8>
// CHECK: afpk.dot
// INTEGER: afpk.prefetch
func.func @ahead(%x: tensor<1x7x7x256xf32>) -> tensor<1x7x7x256xf32> {
  %w = afp.constant dense<1> : tensor<256x1x1x256xi8> : tensor<256x1x1x256x!w>
  %0 = afp.quantize %x : tensor<1x7x7x256xf32> to tensor<1x7x7x256x!u>
  %1 = afp.conv2d %0, %w : (tensor<1x7x7x256x!u>, tensor<256x1x1x256x!w>) -> tensor<1x7x7x256x!afp.exact>
  %2 = afp.encode %1 : tensor<1x7x7x256x!afp.exact> to tensor<1x7x7x256x!u>
  %3 = afp.dequantize %2 : tensor<1x7x7x256x!u> to tensor<1x7x7x256xf32>
  return %3 : tensor<1x7x7x256xf32>
}
