// Products by lanes: one load brings a pixel's words of four steps, and sdot takes each from its lane.

// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=aarch64+dotprod},convert-afp-to-kernels)' | FileCheck %s
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=aarch64+dotprod operations=basic},convert-afp-to-kernels)' | FileCheck %s --check-prefix=BASIC

!s = !afp.float<e0m7, exp = -7>
!w = !afp.float<e2m2, exp = 0>

// 28 channels are a load of four words, one of two and one of one: nothing beyond a pixel's own inputs is read.
// CHECK-LABEL: func.func @body
// CHECK: func.func private @{{[^(]*}}_encode
// CHECK: vector.load {{.*}}, vector<16xi8>
// CHECK: vector.shuffle {{.*}} [0, 0, 0, 0] : vector<4xi32>, vector<4xi32>
// CHECK: afpk.dot {{.*}} : vector<4xi32>, vector<16xi8>
// CHECK: vector.shuffle {{.*}} [3, 3, 3, 3] : vector<4xi32>, vector<4xi32>
// CHECK: vector.load {{.*}}, vector<8xi8>
// CHECK: vector.shuffle {{.*}} [1, 1, 1, 1] : vector<2xi32>, vector<2xi32>
// CHECK: vector.load {{.*}}, vector<4xi8>
// CHECK: vector.broadcast {{.*}} : vector<1xi32> to vector<4xi32>
// Where a lane is no operand, each step has a load.
// BASIC-LABEL: func.func @body
// BASIC: func.func private @{{[^(]*}}_encode
// BASIC-NOT: vector.shuffle {{.*}} : vector<4xi32>
// BASIC: vector.broadcast {{.*}} : vector<1xi32> to vector<4xi32>
func.func @remainders(%x: tensor<1x3x7x28xf32>) -> tensor<1x3x7x16xf32> {
  %w = afp.constant dense<1> : tensor<16x1x1x28xi8> : tensor<16x1x1x28x!w>
  %0 = afp.quantize %x : tensor<1x3x7x28xf32> to tensor<1x3x7x28x!s>
  %1 = afp.conv2d %0, %w : (tensor<1x3x7x28x!s>, tensor<16x1x1x28x!w>) -> tensor<1x3x7x16x!afp.exact>
  %2 = afp.encode %1 : tensor<1x3x7x16x!afp.exact> to tensor<1x3x7x16x!s>
  %3 = afp.dequantize %2 : tensor<1x3x7x16x!s> to tensor<1x3x7x16xf32>
  return %3 : tensor<1x3x7x16xf32>
}

// -----

!s = !afp.float<e0m7, exp = -7>
!w = !afp.float<e2m2, exp = 0>

// Depthwise, two columns in a loop: the sums of two outputs of two rows are carried from one pair to the next. The ninth
// column is behind it.
// CHECK-LABEL: func.func @body
// CHECK: func.func private @{{[^(]*}}_encode
// CHECK: :16 = scf.for {{.*}} iter_args(
// CHECK-COUNT-48: afpk.dot
// CHECK: scf.yield
// CHECK-COUNT-24: afpk.dot
func.func @columns(%x: tensor<1x4x9x48xf32>) -> tensor<1x4x9x48xf32> {
  %w = afp.constant dense<1> : tensor<3x3x48x1xi8> : tensor<3x3x48x1x!w>
  %0 = afp.quantize %x : tensor<1x4x9x48xf32> to tensor<1x4x9x48x!s>
  %1 = afp.depthwise_conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x4x9x48x!s>, tensor<3x3x48x1x!w>) -> tensor<1x4x9x48x!afp.exact>
  %2 = afp.encode %1 : tensor<1x4x9x48x!afp.exact> to tensor<1x4x9x48x!s>
  %3 = afp.dequantize %2 : tensor<1x4x9x48x!s> to tensor<1x4x9x48xf32>
  return %3 : tensor<1x4x9x48xf32>
}
