// Every operator in the real form, in the coded form and with dynamic scale exponents: the custom
// syntax, the generic syntax and bytecode say the same.

// RUN: afp-opt %s | FileCheck %s
// RUN: afp-opt %s | afp-opt | FileCheck %s
// RUN: afp-opt %s --mlir-print-op-generic | afp-opt | FileCheck %s
// RUN: afp-opt %s --emit-bytecode -o %t.mlirbc && afp-opt %t.mlirbc | FileCheck %s
// RUN: afp-opt %s --mlir-print-op-generic | FileCheck %s --check-prefix=GENERIC

!x = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m2, exp = -7>
!d = !afp.float<ue0m8, exp = ?[-12, 3]>

//===----------------------------------------------------------------------===//
// Boundary and rounding
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @quantize
// GENERIC-LABEL: sym_name = "quantize"
func.func @quantize(%a: tensor<2x3xf32>) {
  // CHECK: afp.quantize %{{.*}} : tensor<2x3xf32> to tensor<2x3x!afp.float<e2m2, exp = -7>>
  // GENERIC: "afp.quantize"(%{{.*}}) <{axis = 0 : i64, round = "half_up"}>
  %0 = afp.quantize %a : tensor<2x3xf32> to tensor<2x3x!w>
  // CHECK: afp.quantize %{{.*}} {axis = 1 : i64, channel_exp = array<i32: 0, -1, 2>, round = "half_even"} :
  %1 = afp.quantize %a {axis = 1 : i64, channel_exp = array<i32: 0, -1, 2>, round = "half_even"}
      : tensor<2x3xf32> to tensor<2x3x!w>
  // CHECK: afp.quantize %{{.*}} {channel_exp = array<i32: 5>, round = "half_away"} : {{.*}} to tensor<2x3x!afp.exact>
  %2 = afp.quantize %a {channel_exp = array<i32: 5>, round = "half_away"} : tensor<2x3xf32> to tensor<2x3x!afp.exact>
  // CHECK: afp.quantize %{{.*}} : tensor<2x3xf32> to tensor<2x3x!afp.float<ue0m8, exp = ?[-12, 3]>>
  %3 = afp.quantize %a : tensor<2x3xf32> to tensor<2x3x!d>
  // CHECK: afp.quantize %{{.*}} {channel_exp = array<i32: -4096, 4096>} :
  %4 = afp.quantize %a {channel_exp = array<i32: -4096, 4096>} : tensor<2x3xf32> to tensor<2x3x!w>
  return
}

// CHECK-LABEL: func.func @quantize_scalar
func.func @quantize_scalar(%a: tensor<f32>) {
  // CHECK: afp.quantize %{{.*}} {channel_exp = array<i32: 1>} : tensor<f32> to tensor<!afp.float<e2m2, exp = -7>>
  %0 = afp.quantize %a {channel_exp = array<i32: 1>} : tensor<f32> to tensor<!w>
  return
}

// CHECK-LABEL: func.func @dequantize
func.func @dequantize(%a: tensor<2x3x!w>, %b: tensor<2x3x!d>) {
  // CHECK: afp.dequantize %{{.*}} : tensor<2x3x!afp.float<e2m2, exp = -7>> to tensor<2x3xf32>
  %0 = afp.dequantize %a : tensor<2x3x!w> to tensor<2x3xf32>
  // CHECK: afp.dequantize %{{.*}} {axis = 1 : i64, channel_exp = array<i32: 0, -1, 2>} :
  %1 = afp.dequantize %a {axis = 1 : i64, channel_exp = array<i32: 0, -1, 2>} : tensor<2x3x!w> to tensor<2x3xf32>
  // CHECK: afp.dequantize %{{.*}} : tensor<2x3x!afp.float<ue0m8, exp = ?[-12, 3]>> to tensor<2x3xf32>
  %2 = afp.dequantize %b : tensor<2x3x!d> to tensor<2x3xf32>
  return
}

// CHECK-LABEL: func.func @encode_exact
// GENERIC-LABEL: sym_name = "encode_exact"
func.func @encode_exact(%a: tensor<1x2x2x3x!afp.exact>) {
  // CHECK: afp.encode %{{.*}} : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3x!afp.float<e2m2, exp = -7>>
  // GENERIC: "afp.encode"(%{{.*}}) <{round = "half_up"}>
  %0 = afp.encode %a : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3x!w>
  // CHECK: afp.encode %{{.*}} {hi = array<i32: 15>, lo = array<i32: 31>, round = "half_even"} :
  %1 = afp.encode %a {hi = array<i32: 15>, lo = array<i32: 31>, round = "half_even"}
      : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3x!w>
  // CHECK: afp.encode %{{.*}} {hi = array<i32: 9, 10, 200>, lo = array<i32: 0>} :
  %2 = afp.encode %a {hi = array<i32: 9, 10, 200>, lo = array<i32: 0>}
      : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3x!x>
  // CHECK: afp.encode %{{.*}} {divisor = array<i64: 49>} :
  %3 = afp.encode %a {divisor = array<i64: 49>} : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3x!x>
  // CHECK: afp.encode %{{.*}} {divisor = array<i64: 4, 6, 6, 9>, round = "half_away"} :
  %4 = afp.encode %a {divisor = array<i64: 4, 6, 6, 9>, round = "half_away"}
      : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3x!x>
  // CHECK: afp.encode %{{.*}} : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3x!afp.float<ue0m8, exp = ?[-12, 3]>>
  %5 = afp.encode %a : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3x!d>
  // CHECK: afp.encode %{{.*}} {hi = array<f32: 6.000000e+00>, lo = array<f32: 0.000000e+00>} : {{.*}} to tensor<1x2x2x3xf32>
  %6 = afp.encode %a {hi = array<f32: 6.0>, lo = array<f32: 0.0>} : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3xf32>
  // CHECK: afp.encode %{{.*}} {hi = array<f32: 0x7F800000>, lo = array<f32: 0xFF800000, 1.000000e+00, 2.000000e+00>} :
  %7 = afp.encode %a {hi = array<f32: 0x7F800000>, lo = array<f32: 0xFF800000, 1.0, 2.0>}
      : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3xf32>
  return
}

// Codes are re-encoded, and in the real form real numbers are limited.
// CHECK-LABEL: func.func @encode_stored
func.func @encode_stored(%a: tensor<4x!x>, %b: tensor<4x!d>, %c: tensor<4xf32>, %d: tensor<!afp.exact>) {
  // CHECK: afp.encode %{{.*}} : tensor<4x!afp.float<ue0m8, exp = -8>> to tensor<4x!afp.float<e2m2, exp = -7>>
  %0 = afp.encode %a : tensor<4x!x> to tensor<4x!w>
  // CHECK: afp.encode %{{.*}} : tensor<4x!afp.float<ue0m8, exp = ?[-12, 3]>> to tensor<4x!afp.float<ue0m8, exp = -8>>
  %1 = afp.encode %b : tensor<4x!d> to tensor<4x!x>
  // CHECK: afp.encode %{{.*}} : tensor<4x!afp.float<ue0m8, exp = -8>> to tensor<4xf32>
  %2 = afp.encode %a : tensor<4x!x> to tensor<4xf32>
  // CHECK: afp.encode %{{.*}} {divisor = array<i64: 3>, lo = array<f32: 0.000000e+00>} : tensor<4xf32> to tensor<4xf32>
  %3 = afp.encode %c {divisor = array<i64: 3>, lo = array<f32: 0.0>} : tensor<4xf32> to tensor<4xf32>
  // CHECK: afp.encode %{{.*}} {hi = array<i32: 1>} : tensor<!afp.exact> to tensor<!afp.float<ue0m8, exp = -8>>
  %4 = afp.encode %d {hi = array<i32: 1>} : tensor<!afp.exact> to tensor<!x>
  return
}

// CHECK-LABEL: func.func @constant
func.func @constant() {
  // CHECK: afp.constant dense<[0, 15, 31, 17]> : tensor<4xi8> : tensor<4x!afp.float<e2m2, exp = -7>>
  %0 = afp.constant dense<[0, 15, 31, 17]> : tensor<4xi8> : tensor<4x!w>
  // CHECK: afp.constant dense<-1> : tensor<2x2xi8> : tensor<2x2x!afp.float<ue0m8, exp = -8>>
  %1 = afp.constant dense<255> : tensor<2x2xi8> : tensor<2x2x!x>
  // CHECK: afp.constant dense<[-1, -32767, 1]> : tensor<3xi16> : tensor<3x!afp.float<e0m15, exp = 0>>
  %2 = afp.constant dense<[-1, -32767, 1]> : tensor<3xi16> : tensor<3x!afp.float<e0m15, exp = 0>>
  // CHECK: afp.constant dense<511> : tensor<i16> : tensor<!afp.float<ue4m5, exp = 0>>
  %3 = afp.constant dense<511> : tensor<i16> : tensor<!afp.float<ue4m5, exp = 0>>
  // CHECK: afp.constant dense<[-2147483648, 2147483647]> : tensor<2xi32> {channel_exp = array<i32: -3, 4>} : tensor<2x!afp.exact>
  %4 = afp.constant dense<[-2147483648, 2147483647]> : tensor<2xi32> {channel_exp = array<i32: -3, 4>} : tensor<2x!afp.exact>
  // CHECK: afp.constant dense<7> : tensor<3x2xi64> {channel_exp = array<i32: 0>} : tensor<3x2x!afp.exact>
  %5 = afp.constant dense<7> : tensor<3x2xi64> {channel_exp = array<i32: 0>} : tensor<3x2x!afp.exact>
  // CHECK: afp.constant dense_resource<codes> : tensor<4xi8> : tensor<4x!afp.float<e2m2, exp = -7>>
  %6 = afp.constant dense_resource<codes> : tensor<4xi8> : tensor<4x!w>
  // CHECK: afp.constant dense_resource<bias> : tensor<2xi32> {channel_exp = array<i32: -15>} : tensor<2x!afp.exact>
  %7 = afp.constant dense_resource<bias> : tensor<2xi32> {channel_exp = array<i32: -15>} : tensor<2x!afp.exact>
  return
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @conv2d_real
// GENERIC-LABEL: sym_name = "conv2d_real"
func.func @conv2d_real(%x: tensor<1x8x8x4xf32>, %w: tensor<6x3x3x4xf32>, %b: tensor<6xf32>, %g: tensor<6x3x3x2xf32>) {
  // CHECK: afp.conv2d %{{.*}}, %{{.*}} : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6x!afp.exact>
  // GENERIC: "afp.conv2d"(%{{.*}}, %{{.*}}) <{dilation = array<i64: 1, 1>, groups = 1 : i64, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>}>
  %0 = afp.conv2d %x, %w : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x6x6x6x!afp.exact>
  // CHECK: afp.conv2d %{{.*}}, %{{.*}} bias %{{.*}} {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 2, 2>} :
  %1 = afp.conv2d %x, %w bias %b {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 2, 2>}
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>, tensor<6xf32>) -> tensor<1x4x4x6x!afp.exact>
  // CHECK: afp.conv2d %{{.*}}, %{{.*}} {dilation = array<i64: 2, 3>} :
  %2 = afp.conv2d %x, %w {dilation = array<i64: 2, 3>}
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>) -> tensor<1x4x2x6x!afp.exact>
  // CHECK: afp.conv2d %{{.*}}, %{{.*}} {groups = 2 : i64, pad = array<i64: 0, 1, 2, 3>} :
  %3 = afp.conv2d %x, %g {groups = 2 : i64, pad = array<i64: 0, 1, 2, 3>}
      : (tensor<1x8x8x4xf32>, tensor<6x3x3x2xf32>) -> tensor<1x7x11x6x!afp.exact>
  return
}

// CHECK-LABEL: func.func @conv2d_coded
func.func @conv2d_coded(%x: tensor<1x8x8x4x!x>, %d: tensor<1x8x8x4x!d>, %w: tensor<6x3x3x4x!w>, %b: tensor<6x!afp.exact>) {
  // CHECK: afp.conv2d %{{.*}}, %{{.*}} bias %{{.*}} {channel_exp = array<i32: 0, -1, 0, 2, 1, 0>} :
  // CHECK-SAME: (tensor<1x8x8x4x!afp.float<ue0m8, exp = -8>>, tensor<6x3x3x4x!afp.float<e2m2, exp = -7>>, tensor<6x!afp.exact>) -> tensor<1x6x6x6x!afp.exact>
  %0 = afp.conv2d %x, %w bias %b {channel_exp = array<i32: 0, -1, 0, 2, 1, 0>}
      : (tensor<1x8x8x4x!x>, tensor<6x3x3x4x!w>, tensor<6x!afp.exact>) -> tensor<1x6x6x6x!afp.exact>
  // CHECK: afp.conv2d %{{.*}}, %{{.*}} {channel_exp = array<i32: 3>} : (tensor<1x8x8x4x!afp.float<ue0m8, exp = ?[-12, 3]>>,
  %1 = afp.conv2d %d, %w {channel_exp = array<i32: 3>}
      : (tensor<1x8x8x4x!d>, tensor<6x3x3x4x!w>) -> tensor<1x6x6x6x!afp.exact>
  return
}

// CHECK-LABEL: func.func @depthwise_conv2d
func.func @depthwise_conv2d(%x: tensor<1x8x8x4xf32>, %w: tensor<3x3x4x2xf32>, %b: tensor<8xf32>,
                            %cx: tensor<1x8x8x4x!d>, %cw: tensor<3x3x4x2x!w>, %cb: tensor<8x!afp.exact>) {
  // CHECK: afp.depthwise_conv2d %{{.*}}, %{{.*}} bias %{{.*}} {pad = array<i64: 1, 1, 1, 1>} :
  %0 = afp.depthwise_conv2d %x, %w bias %b {pad = array<i64: 1, 1, 1, 1>}
      : (tensor<1x8x8x4xf32>, tensor<3x3x4x2xf32>, tensor<8xf32>) -> tensor<1x8x8x8x!afp.exact>
  // CHECK: afp.depthwise_conv2d %{{.*}}, %{{.*}} bias %{{.*}} {channel_exp = array<i32: 0, 1, 2, 3, 4, 5, 6, 7>, dilation = array<i64: 2, 2>} :
  // CHECK-SAME: (tensor<1x8x8x4x!afp.float<ue0m8, exp = ?[-12, 3]>>, tensor<3x3x4x2x!afp.float<e2m2, exp = -7>>, tensor<8x!afp.exact>)
  %1 = afp.depthwise_conv2d %cx, %cw bias %cb {channel_exp = array<i32: 0, 1, 2, 3, 4, 5, 6, 7>, dilation = array<i64: 2, 2>}
      : (tensor<1x8x8x4x!d>, tensor<3x3x4x2x!w>, tensor<8x!afp.exact>) -> tensor<1x4x4x8x!afp.exact>
  return
}

// CHECK-LABEL: func.func @fully_connected
func.func @fully_connected(%x: tensor<2x8xf32>, %w: tensor<3x8xf32>, %b: tensor<3xf32>,
                           %cx: tensor<2x8x!x>, %cw: tensor<3x8x!w>, %cb: tensor<3x!afp.exact>, %d: tensor<2x8x!d>) {
  // CHECK: afp.fully_connected %{{.*}}, %{{.*}} bias %{{.*}} : (tensor<2x8xf32>, tensor<3x8xf32>, tensor<3xf32>) -> tensor<2x3x!afp.exact>
  %0 = afp.fully_connected %x, %w bias %b : (tensor<2x8xf32>, tensor<3x8xf32>, tensor<3xf32>) -> tensor<2x3x!afp.exact>
  // CHECK: afp.fully_connected %{{.*}}, %{{.*}} bias %{{.*}} {channel_exp = array<i32: 0, 1, 2>} :
  %1 = afp.fully_connected %cx, %cw bias %cb {channel_exp = array<i32: 0, 1, 2>}
      : (tensor<2x8x!x>, tensor<3x8x!w>, tensor<3x!afp.exact>) -> tensor<2x3x!afp.exact>
  // CHECK: afp.fully_connected %{{.*}}, %{{.*}} : (tensor<2x8x!afp.float<ue0m8, exp = ?[-12, 3]>>, tensor<3x8x!afp.float<e2m2, exp = -7>>)
  %2 = afp.fully_connected %d, %cw : (tensor<2x8x!d>, tensor<3x8x!w>) -> tensor<2x3x!afp.exact>
  return
}

// CHECK-LABEL: func.func @matmul
func.func @matmul(%a: tensor<2x4x8xf32>, %b: tensor<2x8x3xf32>, %ca: tensor<2x4x8x!x>, %cb: tensor<2x8x3x!d>) {
  // CHECK: afp.matmul %{{.*}}, %{{.*}} : (tensor<2x4x8xf32>, tensor<2x8x3xf32>) -> tensor<2x4x3x!afp.exact>
  %0 = afp.matmul %a, %b : (tensor<2x4x8xf32>, tensor<2x8x3xf32>) -> tensor<2x4x3x!afp.exact>
  // CHECK: afp.matmul %{{.*}}, %{{.*}} : (tensor<2x4x8x!afp.float<ue0m8, exp = -8>>, tensor<2x8x3x!afp.float<ue0m8, exp = ?[-12, 3]>>)
  %1 = afp.matmul %ca, %cb : (tensor<2x4x8x!x>, tensor<2x8x3x!d>) -> tensor<2x4x3x!afp.exact>
  return
}

//===----------------------------------------------------------------------===//
// Sums and pools
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @add
func.func @add(%a: tensor<1x4x4x8xf32>, %b: tensor<1x1x1x8xf32>, %c: tensor<1x4x4x8x!x>, %d: tensor<1x4x4x8x!d>,
               %e: tensor<1x4x4x8x!afp.exact>, %s: tensor<!w>) {
  // CHECK: afp.add %{{.*}}, %{{.*}} : (tensor<1x4x4x8xf32>, tensor<1x1x1x8xf32>) -> tensor<1x4x4x8x!afp.exact>
  %0 = afp.add %a, %b : (tensor<1x4x4x8xf32>, tensor<1x1x1x8xf32>) -> tensor<1x4x4x8x!afp.exact>
  // CHECK: afp.add %{{.*}}, %{{.*}} : (tensor<1x4x4x8x!afp.float<ue0m8, exp = -8>>, tensor<1x4x4x8x!afp.float<ue0m8, exp = ?[-12, 3]>>)
  %1 = afp.add %c, %d : (tensor<1x4x4x8x!x>, tensor<1x4x4x8x!d>) -> tensor<1x4x4x8x!afp.exact>
  // Exact values go with real numbers and with codes.
  // CHECK: afp.add %{{.*}}, %{{.*}} : (tensor<1x4x4x8x!afp.exact>, tensor<1x4x4x8xf32>)
  %2 = afp.add %e, %a : (tensor<1x4x4x8x!afp.exact>, tensor<1x4x4x8xf32>) -> tensor<1x4x4x8x!afp.exact>
  // CHECK: afp.add %{{.*}}, %{{.*}} : (tensor<1x4x4x8x!afp.float<ue0m8, exp = -8>>, tensor<1x4x4x8x!afp.exact>)
  %3 = afp.add %c, %e : (tensor<1x4x4x8x!x>, tensor<1x4x4x8x!afp.exact>) -> tensor<1x4x4x8x!afp.exact>
  // CHECK: afp.add %{{.*}}, %{{.*}} : (tensor<!afp.float<e2m2, exp = -7>>, tensor<!afp.float<e2m2, exp = -7>>) -> tensor<!afp.exact>
  %4 = afp.add %s, %s : (tensor<!w>, tensor<!w>) -> tensor<!afp.exact>
  return
}

// CHECK-LABEL: func.func @sum_pool2d
// GENERIC-LABEL: sym_name = "sum_pool2d"
func.func @sum_pool2d(%a: tensor<1x7x7x8xf32>, %c: tensor<1x7x7x8x!x>, %d: tensor<1x7x7x8x!d>) {
  // CHECK: afp.sum_pool2d %{{.*}} {kernel = array<i64: 7, 7>} : (tensor<1x7x7x8xf32>) -> tensor<1x1x1x8x!afp.exact>
  // GENERIC: "afp.sum_pool2d"(%{{.*}}) <{kernel = array<i64: 7, 7>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>}>
  %0 = afp.sum_pool2d %a {kernel = array<i64: 7, 7>} : (tensor<1x7x7x8xf32>) -> tensor<1x1x1x8x!afp.exact>
  // CHECK: afp.sum_pool2d %{{.*}} {kernel = array<i64: 3, 3>, pad = array<i64: 2, 1, 0, 2>, stride = array<i64: 2, 2>} :
  %1 = afp.sum_pool2d %c {kernel = array<i64: 3, 3>, pad = array<i64: 2, 1, 0, 2>, stride = array<i64: 2, 2>}
      : (tensor<1x7x7x8x!x>) -> tensor<1x4x4x8x!afp.exact>
  // CHECK: afp.sum_pool2d %{{.*}} {kernel = array<i64: 2, 2>} : (tensor<1x7x7x8x!afp.float<ue0m8, exp = ?[-12, 3]>>)
  %2 = afp.sum_pool2d %d {kernel = array<i64: 2, 2>} : (tensor<1x7x7x8x!d>) -> tensor<1x6x6x8x!afp.exact>
  return
}

// CHECK-LABEL: func.func @max_pool2d
func.func @max_pool2d(%a: tensor<1x7x7x8xf32>, %c: tensor<1x7x7x8x!x>, %d: tensor<1x7x7x8x!d>) {
  // CHECK: afp.max_pool2d %{{.*}} {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>} : (tensor<1x7x7x8xf32>) -> tensor<1x3x3x8xf32>
  %0 = afp.max_pool2d %a {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>} : (tensor<1x7x7x8xf32>) -> tensor<1x3x3x8xf32>
  // CHECK: afp.max_pool2d %{{.*}} {kernel = array<i64: 3, 3>, pad = array<i64: 1, 1, 1, 1>} :
  %1 = afp.max_pool2d %c {kernel = array<i64: 3, 3>, pad = array<i64: 1, 1, 1, 1>} : (tensor<1x7x7x8x!x>) -> tensor<1x7x7x8x!x>
  // CHECK: afp.max_pool2d %{{.*}} {kernel = array<i64: 3, 1>} : (tensor<1x7x7x8x!afp.float<ue0m8, exp = ?[-12, 3]>>)
  %2 = afp.max_pool2d %d {kernel = array<i64: 3, 1>} : (tensor<1x7x7x8x!d>) -> tensor<1x5x7x8x!d>
  return
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @table
func.func @table(%a: tensor<4xf32>, %c: tensor<4x!afp.float<e0m1, exp = 0>>) {
  // CHECK: afp.table %{{.*}} {function = "sigmoid"} : tensor<4xf32> to tensor<4xf32>
  %sigmoid = afp.table %a {function = "sigmoid"} : tensor<4xf32> to tensor<4xf32>
  // CHECK: afp.table %{{.*}} {function = "tanh"} : tensor<4xf32> to tensor<4xf32>
  %tanh = afp.table %a {function = "tanh"} : tensor<4xf32> to tensor<4xf32>
  // CHECK: afp.table %{{.*}} {function = "exp"} : tensor<4xf32> to tensor<4xf32>
  %exp = afp.table %a {function = "exp"} : tensor<4xf32> to tensor<4xf32>
  // CHECK: afp.table %{{.*}} {function = "log"} : tensor<4xf32> to tensor<4xf32>
  %log = afp.table %a {function = "log"} : tensor<4xf32> to tensor<4xf32>
  // CHECK: afp.table %{{.*}} {function = "rsqrt"} : tensor<4xf32> to tensor<4xf32>
  %rsqrt = afp.table %a {function = "rsqrt"} : tensor<4xf32> to tensor<4xf32>
  // CHECK: afp.table %{{.*}} {function = "reciprocal"} : tensor<4xf32> to tensor<4xf32>
  %reciprocal = afp.table %a {function = "reciprocal"} : tensor<4xf32> to tensor<4xf32>
  // CHECK: afp.table %{{.*}} {function = "erf"} : tensor<4xf32> to tensor<4xf32>
  %erf = afp.table %a {function = "erf"} : tensor<4xf32> to tensor<4xf32>
  // CHECK: afp.table %{{.*}} {function = "gelu"} : tensor<4xf32> to tensor<4xf32>
  %gelu = afp.table %a {function = "gelu"} : tensor<4xf32> to tensor<4xf32>
  // CHECK: afp.table %{{.*}} {function = "silu"} : tensor<4xf32> to tensor<4xf32>
  %silu = afp.table %a {function = "silu"} : tensor<4xf32> to tensor<4xf32>
  // CHECK: afp.table %{{.*}} {function = "hard_swish"} : tensor<4xf32> to tensor<4xf32>
  %hard_swish = afp.table %a {function = "hard_swish"} : tensor<4xf32> to tensor<4xf32>
  // CHECK: afp.table %{{.*}} {function = "hard_sigmoid"} : tensor<4xf32> to tensor<4xf32>
  %hard_sigmoid = afp.table %a {function = "hard_sigmoid"} : tensor<4xf32> to tensor<4xf32>
  // CHECK: afp.table %{{.*}} {function = "elu"} : tensor<4xf32> to tensor<4xf32>
  %elu = afp.table %a {function = "elu"} : tensor<4xf32> to tensor<4xf32>
  // CHECK: afp.table %{{.*}} {function = "abs"} : tensor<4xf32> to tensor<4xf32>
  %abs = afp.table %a {function = "abs"} : tensor<4xf32> to tensor<4xf32>
  // CHECK: afp.table %{{.*}} {function = "abs"} : tensor<4x!afp.float<e0m1, exp = 0>> to tensor<4x!afp.float<ue0m8, exp = -8>>
  %0 = afp.table %c {function = "abs"} : tensor<4x!afp.float<e0m1, exp = 0>> to tensor<4x!x>
  // CHECK: afp.table %{{.*}} {function = "abs", values = dense<[0, -1, -1, -1]> : tensor<4xi8>} :
  %1 = afp.table %c {function = "abs", values = dense<[0, 255, 255, 255]> : tensor<4xi8>}
      : tensor<4x!afp.float<e0m1, exp = 0>> to tensor<4x!x>
  // CHECK: afp.table %{{.*}} {function = "exp", values = dense<511> : tensor<4xi16>} : {{.*}} to tensor<4x!afp.float<ue0m9, exp = 4>>
  %2 = afp.table %c {function = "exp", values = dense<511> : tensor<4xi16>}
      : tensor<4x!afp.float<e0m1, exp = 0>> to tensor<4x!afp.float<ue0m9, exp = 4>>
  return
}

// CHECK-LABEL: func.func @softmax
func.func @softmax(%a: tensor<2x10xf32>, %c: tensor<2x10x!w>) {
  // CHECK: afp.softmax %{{.*}} {axis = 1 : i64} : tensor<2x10xf32> to tensor<2x10xf32>
  %0 = afp.softmax %a {axis = 1 : i64} : tensor<2x10xf32> to tensor<2x10xf32>
  // CHECK: afp.softmax %{{.*}} {axis = 0 : i64} : tensor<2x10x!afp.float<e2m2, exp = -7>> to tensor<2x10x!afp.float<ue0m8, exp = -8>>
  %1 = afp.softmax %c {axis = 0 : i64} : tensor<2x10x!w> to tensor<2x10x!x>
  // CHECK: afp.softmax %{{.*}} {axis = 1 : i64} : {{.*}} to tensor<2x10x!afp.float<e2m2, exp = -7>>
  %2 = afp.softmax %c {axis = 1 : i64} : tensor<2x10x!w> to tensor<2x10x!w>
  return
}

//===----------------------------------------------------------------------===//
// Movement
//===----------------------------------------------------------------------===//

// CHECK-LABEL: func.func @movement_real
func.func @movement_real(%a: tensor<2x3xf32>, %b: tensor<2x1xf32>) {
  // CHECK: afp.concat %{{.*}}, %{{.*}} {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  %0 = afp.concat %a, %b {axis = 1 : i64} : (tensor<2x3xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
  // CHECK: afp.reshape %{{.*}} : tensor<2x3xf32> to tensor<3x1x2xf32>
  %1 = afp.reshape %a : tensor<2x3xf32> to tensor<3x1x2xf32>
  // CHECK: afp.transpose %{{.*}} {perm = array<i64: 1, 0>} : tensor<2x3xf32> to tensor<3x2xf32>
  %2 = afp.transpose %a {perm = array<i64: 1, 0>} : tensor<2x3xf32> to tensor<3x2xf32>
  // CHECK: afp.slice %{{.*}} {start = array<i64: 1, 0>, stride = array<i64: 1, 2>} : tensor<2x3xf32> to tensor<1x2xf32>
  %3 = afp.slice %a {start = array<i64: 1, 0>, stride = array<i64: 1, 2>} : tensor<2x3xf32> to tensor<1x2xf32>
  // CHECK: afp.pad %{{.*}} {high = array<i64: 0, 1>, low = array<i64: 2, 0>, value = -1.500000e+00 : f32} : tensor<2x3xf32> to tensor<4x4xf32>
  %4 = afp.pad %a {high = array<i64: 0, 1>, low = array<i64: 2, 0>, value = -1.5 : f32} : tensor<2x3xf32> to tensor<4x4xf32>
  return
}

// CHECK-LABEL: func.func @movement_coded
func.func @movement_coded(%a: tensor<2x3x!w>) {
  // CHECK: afp.concat %{{.*}}, %{{.*}}, %{{.*}} {axis = 0 : i64} : {{.*}} -> tensor<6x3x!afp.float<e2m2, exp = -7>>
  %0 = afp.concat %a, %a, %a {axis = 0 : i64} : (tensor<2x3x!w>, tensor<2x3x!w>, tensor<2x3x!w>) -> tensor<6x3x!w>
  // CHECK: afp.reshape %{{.*}} : {{.*}} to tensor<6x!afp.float<e2m2, exp = -7>>
  %1 = afp.reshape %a : tensor<2x3x!w> to tensor<6x!w>
  // CHECK: afp.transpose %{{.*}} {perm = array<i64: 1, 0>} : {{.*}} to tensor<3x2x!afp.float<e2m2, exp = -7>>
  %2 = afp.transpose %a {perm = array<i64: 1, 0>} : tensor<2x3x!w> to tensor<3x2x!w>
  // CHECK: afp.slice %{{.*}} {start = array<i64: 0, 2>} : {{.*}} to tensor<2x1x!afp.float<e2m2, exp = -7>>
  %3 = afp.slice %a {start = array<i64: 0, 2>} : tensor<2x3x!w> to tensor<2x1x!w>
  // CHECK: afp.pad %{{.*}} {high = array<i64: 0, 1>, low = array<i64: 2, 0>, value = 31 : i32} : {{.*}} to tensor<4x4x!afp.float<e2m2, exp = -7>>
  %4 = afp.pad %a {high = array<i64: 0, 1>, low = array<i64: 2, 0>, value = 31 : i32} : tensor<2x3x!w> to tensor<4x4x!w>
  return
}

// CHECK-LABEL: func.func @movement_dynamic_and_exact
func.func @movement_dynamic_and_exact(%d: tensor<2x3x!d>, %e: tensor<2x3x!afp.exact>, %s: tensor<!d>) {
  // CHECK: afp.concat %{{.*}} {axis = 1 : i64} : {{.*}} -> tensor<2x3x!afp.float<ue0m8, exp = ?[-12, 3]>>
  %0 = afp.concat %d {axis = 1 : i64} : (tensor<2x3x!d>) -> tensor<2x3x!d>
  // CHECK: afp.concat %{{.*}}, %{{.*}} {axis = 1 : i64} : {{.*}} -> tensor<2x6x!afp.exact>
  %1 = afp.concat %e, %e {axis = 1 : i64} : (tensor<2x3x!afp.exact>, tensor<2x3x!afp.exact>) -> tensor<2x6x!afp.exact>
  // CHECK: afp.reshape %{{.*}} : tensor<!afp.float<ue0m8, exp = ?[-12, 3]>> to tensor<1x1x!afp.float<ue0m8, exp = ?[-12, 3]>>
  %2 = afp.reshape %s : tensor<!d> to tensor<1x1x!d>
  // CHECK: afp.transpose %{{.*}} {perm = array<i64>} : tensor<!afp.float<ue0m8, exp = ?[-12, 3]>> to
  %3 = afp.transpose %s {perm = array<i64>} : tensor<!d> to tensor<!d>
  // CHECK: afp.transpose %{{.*}} {perm = array<i64: 1, 0>} : tensor<2x3x!afp.exact> to tensor<3x2x!afp.exact>
  %4 = afp.transpose %e {perm = array<i64: 1, 0>} : tensor<2x3x!afp.exact> to tensor<3x2x!afp.exact>
  // CHECK: afp.slice %{{.*}} {start = array<i64: 0, 0>} : tensor<2x3x!afp.exact> to tensor<1x1x!afp.exact>
  %5 = afp.slice %e {start = array<i64: 0, 0>} : tensor<2x3x!afp.exact> to tensor<1x1x!afp.exact>
  // CHECK: afp.pad %{{.*}} {high = array<i64: 1, 1>, low = array<i64: 0, 0>} : tensor<2x3x!afp.exact> to tensor<3x4x!afp.exact>
  %6 = afp.pad %e {high = array<i64: 1, 1>, low = array<i64: 0, 0>} : tensor<2x3x!afp.exact> to tensor<3x4x!afp.exact>
  // CHECK: afp.pad %{{.*}} {high = array<i64: 1, 1>, low = array<i64: 0, 0>} : {{.*}} to tensor<3x4x!afp.float<ue0m8, exp = ?[-12, 3]>>
  %7 = afp.pad %d {high = array<i64: 1, 1>, low = array<i64: 0, 0>} : tensor<2x3x!d> to tensor<3x4x!d>
  return
}

// Attributes that passes attach survive.
// CHECK-LABEL: func.func @discardable
func.func @discardable(%a: tensor<4xf32>) {
  // CHECK: afp.encode %{{.*}} {afp.name = "relu1", afp.range = array<f64: 0.000000e+00, 6.000000e+00>, afp.type = !afp.float<ue0m8, exp = -5>} :
  %0 = afp.encode %a {afp.name = "relu1", afp.range = array<f64: 0.0, 6.0>, afp.type = !afp.float<ue0m8, exp = -5>}
      : tensor<4xf32> to tensor<4xf32>
  return
}

{-#
  dialect_resources: {
    builtin: {
      codes: "0x01000000000F1F11",
      bias: "0x0400000001000000FFFFFFFF"
    }
  }
#-}
