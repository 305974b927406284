// A part of a layer by Winograd's transforms: blocks of channels whose weights, transformed, are no bytes are computed
// as direct computes them, in the same kernel.

// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-prove-widths,convert-afp-to-kernels)' | FileCheck %s
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-prove-widths,convert-afp-to-kernels{threads=3})' | FileCheck %s --check-prefix=THREADS

!u = !afp.float<ue0m6, exp = -6>
!w = !afp.float<e0m7, exp = 0>

// Weights of 1 for the first four channels, of 127 for the others: of the two blocks, the second (number 1) is the only
// one of its list. One block has 16 elements of 4 channels and 4 lanes, the other 9 taps.
// CHECK: func.func @body
// CHECK-DAG: memref.get_global @weights_{{[0-9]+}} : memref<256xi8>
// CHECK-DAG: memref.get_global @weights_{{[0-9]+}} : memref<144xi8>
// CHECK-LABEL: func.func private @{{k[0-9]+}}_encode
// CHECK: vector.load {{.*}}, vector<4xi8>
// CHECK: arith.shrsi {{.*}} : vector<4xi32>
// CHECK: %[[BLOCK:.*]] = memref.load %{{.*}} : memref<1xi32>
// CHECK: arith.index_cast %[[BLOCK]] : i32 to index
// CHECK: afpk.dot
// CHECK-DAG: memref.global "private" constant @blocks_{{[0-9]+}} : memref<1xi32> = dense<1>
// A single strip: threads share the blocks.
// THREADS: func.func private @{{k[0-9]+}}_encode(%{{.*}}, %{{.*}}, %[[FROM:[a-z0-9]+]]: index, %[[TO:[a-z0-9]+]]: index
// THREADS: arith.minsi %[[FROM]]
// THREADS: arith.minsi %[[TO]]
// THREADS: arith.maxsi %[[FROM]]
// THREADS: arith.maxsi %[[TO]]
func.func @blocks(%x: tensor<1x5x5x4xf32>) -> tensor<1x5x5x8xf32> {
  %w = afp.constant dense<"0x0101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101017F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F7F"> : tensor<8x3x3x4xi8> : tensor<8x3x3x4x!w>
  %0 = afp.quantize %x {afp.layout = {halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x5x4xf32> to tensor<1x5x5x4x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x5x4x!u>, tensor<8x3x3x4x!w>) -> tensor<1x5x5x8x!afp.exact>
  %2 = afp.encode %1 {afp.kernel = {strategy = "winograd", tile = array<i64: 3, 1, 4>}} : tensor<1x5x5x8x!afp.exact> to tensor<1x5x5x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x5x8x!u> to tensor<1x5x5x8xf32>
  return %3 : tensor<1x5x5x8xf32>
}
