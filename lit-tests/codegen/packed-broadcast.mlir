// A contraction of one channel that an addition repeats in eight: its only row of packed weights is unpacked
// for each of them, and none that is not there.

// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=cortex-m4 weights=packed},convert-afp-to-kernels)' | FileCheck %s

// CHECK: func.func private @{{[^(]*}}_encode
// CHECK: scf.for
// CHECK: %[[ROW:.*]] = arith.constant 0 : index
// CHECK: memref.load %{{[^[]*}}[%[[ROW]], %{{.*}}] : memref<1x4xi8>
// CHECK: memref.load %{{[^[]*}}[%[[ROW]], %{{.*}}] : memref<1x4xi8>
!u = !afp.float<ue0m8, exp = -8>
func.func @mask(%x: tensor<1x2x2x4xf32>, %y: tensor<1x2x2x8xf32>) -> tensor<1x2x2x8xf32> {
  %w = afp.constant dense<3> : tensor<1x1x1x4xi8> : tensor<1x1x1x4x!afp.float<e2m2, exp = 0>>
  %0 = afp.quantize %x : tensor<1x2x2x4xf32> to tensor<1x2x2x4x!u>
  %1 = afp.quantize %y : tensor<1x2x2x8xf32> to tensor<1x2x2x8x!u>
  %2 = afp.conv2d %0, %w : (tensor<1x2x2x4x!u>, tensor<1x1x1x4x!afp.float<e2m2, exp = 0>>) -> tensor<1x2x2x1x!afp.exact>
  %3 = afp.add %2, %1 : (tensor<1x2x2x1x!afp.exact>, tensor<1x2x2x8x!u>) -> tensor<1x2x2x8x!afp.exact>
  %4 = afp.encode %3 : tensor<1x2x2x8x!afp.exact> to tensor<1x2x2x8x!u>
  %5 = afp.dequantize %4 : tensor<1x2x2x8x!u> to tensor<1x2x2x8xf32>
  return %5 : tensor<1x2x2x8xf32>
}
