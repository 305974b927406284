// Between groups, values that f32 does not hold are not converted to it: not at 2^-160, not through a pad.
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-quantize)' | FileCheck %s

// The clamps read codes. One value is returned, and converted there.
// CHECK-LABEL: func.func @beyond
// CHECK: %[[S:.*]] = afp.quantize %arg0 : {{.*}}e0m7, exp = -160
// CHECK: %[[A:.*]] = afp.encode %[[S]] {afp.name = "a"}
// CHECK: %[[P:.*]] = afp.pad %[[A]] {{{.*}}value = 0 : i32}
// CHECK: %[[B:.*]] = afp.encode %[[P]] {afp.name = "b", lo = array<i32: 0>} : {{.*}}e0m7, exp = -160{{.*}} to {{.*}}e0m7, exp = -158
// CHECK: %[[O:.*]] = afp.dequantize %[[B]]
// CHECK: return %[[O]]
func.func @beyond(%x: tensor<2xf32>) -> tensor<3xf32> {
  %0 = afp.encode %x {afp.name = "a", afp.type = !afp.float<e0m7, exp = -160>} : tensor<2xf32> to tensor<2xf32>
  %1 = afp.pad %0 {low = array<i64: 0>, high = array<i64: 1>, value = 1.0e-60 : f32} : tensor<2xf32> to tensor<3xf32>
  %2 = afp.encode %1 {afp.name = "b", lo = array<f32: 0.0>, afp.type = !afp.float<e0m7, exp = -158>} : tensor<3xf32> to tensor<3xf32>
  return %2 : tensor<3xf32>
}

// Where f32 holds the values, the pair stands: bits are fixed, and taking it away is another pass.
// CHECK-LABEL: func.func @within
// CHECK-COUNT-2: afp.dequantize
func.func @within(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = afp.encode %x {afp.name = "a", afp.type = !afp.float<e0m7, exp = -6>} : tensor<2xf32> to tensor<2xf32>
  %1 = afp.encode %0 {afp.name = "b", lo = array<f32: 0.0>, afp.type = !afp.float<e0m7, exp = -8>} : tensor<2xf32> to tensor<2xf32>
  return %1 : tensor<2xf32>
}
