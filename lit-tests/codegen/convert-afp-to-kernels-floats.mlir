// Floats between operators are words: moved, and compared by integers.
// RUN: afp-opt %s --pass-pipeline='builtin.module(convert-afp-to-kernels)' | FileCheck %s

!q = !afp.float<e0m7, exp = -3>

// The dequantized values are stored; a pad with a border between two codes stands for none.
// CHECK-DAG: func.func private @[[D:k[0-9]+_dequantize]]({{.*}}memref<1x4x4x1xf32>
// CHECK-DAG: func.func private @[[P:k[0-9]+_pad]]({{.*}}memref<1x4x4x1xf32>{{.*}}memref<1x6x6x1xf32>
// CHECK-DAG: func.func private @[[M:k[0-9]+_max_pool2d]]({{.*}}memref<1x6x6x1xf32>{{.*}}memref<1x3x3x1xf32>
// CHECK-NOT: arith.cmpf
// CHECK-NOT: arith.maxnumf
func.func @floats(%x: tensor<1x4x4x1xf32>) -> (tensor<1x3x3x1xf32>, tensor<9x1xf32>) {
  %0 = afp.quantize %x : tensor<1x4x4x1xf32> to tensor<1x4x4x1x!q>
  %1 = afp.dequantize %0 : tensor<1x4x4x1x!q> to tensor<1x4x4x1xf32>
  %2 = afp.pad %1 {low = array<i64: 0, 1, 1, 0>, high = array<i64: 0, 1, 1, 0>, value = 0.0625 : f32} : tensor<1x4x4x1xf32> to tensor<1x6x6x1xf32>
  %3 = afp.max_pool2d %2 {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>} : (tensor<1x6x6x1xf32>) -> tensor<1x3x3x1xf32>
  %4 = afp.reshape %3 : tensor<1x3x3x1xf32> to tensor<9x1xf32>
  return %3, %4 : tensor<1x3x3x1xf32>, tensor<9x1xf32>
}
