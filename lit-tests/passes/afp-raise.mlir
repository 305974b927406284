// What afp-raise folds into contractions, and what it leaves. Compounds: afp-raise-compounds.mlir.
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-raise)' | FileCheck %s

!row = tensor<1x1x1x2xf32>
!map = tensor<1x2x2x2xf32>
!one = tensor<1xf32>
!two = tensor<2xf32>

// A factor per channel is multiplied into the weights and the bias of the convolution before it.
// CHECK-LABEL: func.func @factor_into_convolution
// CHECK-DAG: %[[W:.*]] = "tosa.const"() <{values = dense<{{.*}}2.000000e+00, 4.000000e+00{{.*}}, {{.*}}3.000000e+01, 4.000000e+01{{.*}}> : tensor<2x1x1x2xf32>}>
// CHECK-DAG: %[[B:.*]] = "tosa.const"() <{values = dense<[1.000000e+01, 6.000000e+01]> : tensor<2xf32>}>
// CHECK: %[[Y:.*]] = tosa.conv2d %{{.*}}, %[[W]], %[[B]]
// CHECK-NEXT: return %[[Y]]
func.func @factor_into_convolution(%x: !row) -> !row {
  %w = "tosa.const"() <{values = dense<[[[[1.0, 2.0]]], [[[3.0, 4.0]]]]> : tensor<2x1x1x2xf32>}> : () -> tensor<2x1x1x2xf32>
  %b = "tosa.const"() <{values = dense<[5.0, 6.0]> : !two}> : () -> !two
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %f = "tosa.const"() <{values = dense<[[[[2.0, 10.0]]]]> : !row}> : () -> !row
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %0 = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!row, tensor<2x1x1x2xf32>, !two, !one, !one) -> !row
  %1 = tosa.mul %0, %f, %s : (!row, !row, tensor<1xi8>) -> !row
  return %1 : !row
}

// A summand changes the bias alone; a constant with equal elements counts as one per channel, whatever
// its shape; a bias of one element is repeated.
// CHECK-LABEL: func.func @summand_into_convolution
// CHECK-DAG: %[[W:.*]] = "tosa.const"() <{values = dense<{{.*}}1.000000e+00, 2.000000e+00{{.*}}, {{.*}}3.000000e+00, 4.000000e+00{{.*}}>
// CHECK-DAG: %[[B:.*]] = "tosa.const"() <{values = dense<1.200000e+01> : tensor<2xf32>}>
// CHECK: %[[Y:.*]] = tosa.conv2d %{{.*}}, %[[W]], %[[B]]
// CHECK-NEXT: return %[[Y]]
func.func @summand_into_convolution(%x: !map) -> !map {
  %w = "tosa.const"() <{values = dense<[[[[1.0, 2.0]]], [[[3.0, 4.0]]]]> : tensor<2x1x1x2xf32>}> : () -> tensor<2x1x1x2xf32>
  %b = "tosa.const"() <{values = dense<5.0> : !one}> : () -> !one
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %c = "tosa.const"() <{values = dense<7.0> : !map}> : () -> !map
  %0 = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, tensor<2x1x1x2xf32>, !one, !one, !one) -> !map
  %1 = tosa.add %c, %0 : (!map, !map) -> !map
  return %1 : !map
}

// conv - c.
// CHECK-LABEL: func.func @subtrahend_into_convolution
// CHECK-DAG: %[[W:.*]] = "tosa.const"() <{values = dense<3.000000e+00> : tensor<2x1x1x2xf32>}>
// CHECK-DAG: %[[B:.*]] = "tosa.const"() <{values = dense<[4.000000e+00, -1.000000e+00]> : tensor<2xf32>}>
// CHECK: tosa.conv2d %{{.*}}, %[[W]], %[[B]]
// CHECK-NEXT: return
func.func @subtrahend_into_convolution(%x: !map) -> !map {
  %w = "tosa.const"() <{values = dense<3.0> : tensor<2x1x1x2xf32>}> : () -> tensor<2x1x1x2xf32>
  %b = "tosa.const"() <{values = dense<[5.0, 1.0]> : !two}> : () -> !two
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %c = "tosa.const"() <{values = dense<[[[[1.0, 2.0]]]]> : !row}> : () -> !row
  %0 = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, tensor<2x1x1x2xf32>, !two, !one, !one) -> !map
  %1 = tosa.sub %0, %c : (!map, !row) -> !map
  return %1 : !map
}

// c - conv.
// CHECK-LABEL: func.func @minuend_into_convolution
// CHECK-DAG: %[[W:.*]] = "tosa.const"() <{values = dense<-3.000000e+00> : tensor<2x1x1x2xf32>}>
// CHECK-DAG: %[[B:.*]] = "tosa.const"() <{values = dense<[-4.000000e+00, 1.000000e+00]> : tensor<2xf32>}>
// CHECK: tosa.conv2d %{{.*}}, %[[W]], %[[B]]
// CHECK-NEXT: return
func.func @minuend_into_convolution(%x: !map) -> !map {
  %w = "tosa.const"() <{values = dense<3.0> : tensor<2x1x1x2xf32>}> : () -> tensor<2x1x1x2xf32>
  %b = "tosa.const"() <{values = dense<[5.0, 1.0]> : !two}> : () -> !two
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %c = "tosa.const"() <{values = dense<[[[[1.0, 2.0]]]]> : !row}> : () -> !row
  %0 = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, tensor<2x1x1x2xf32>, !two, !one, !one) -> !map
  %1 = tosa.sub %c, %0 : (!row, !map) -> !map
  return %1 : !map
}

// A batch normalization: a factor, then a summand. The geometry and the location stay.
// CHECK-LABEL: func.func @factor_then_summand
// CHECK-DAG: %[[W:.*]] = "tosa.const"() <{values = dense<6.000000e+00> : tensor<2x1x1x2xf32>}>
// CHECK-DAG: %[[B:.*]] = "tosa.const"() <{values = dense<[1.100000e+01, 4.000000e+00]> : tensor<2xf32>}>
// CHECK: tosa.conv2d %{{.*}}, %[[W]], %[[B]], %{{.*}} {acc_type = f32, dilation = array<i64: 1, 2>, pad = array<i64: 2, 1, 0, 0>, stride = array<i64: 1, 1>}
// CHECK-NEXT: return
func.func @factor_then_summand(%x: !map) -> tensor<1x5x2x2xf32> {
  %w = "tosa.const"() <{values = dense<3.0> : tensor<2x1x1x2xf32>}> : () -> tensor<2x1x1x2xf32>
  %b = "tosa.const"() <{values = dense<[5.0, 1.0]> : !two}> : () -> !two
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %f = "tosa.const"() <{values = dense<2.0> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %c = "tosa.const"() <{values = dense<[[[[1.0, 2.0]]]]> : !row}> : () -> !row
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %0 = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 2>, pad = array<i64: 2, 1, 0, 0>, stride = array<i64: 1, 1>} : (!map, tensor<2x1x1x2xf32>, !two, !one, !one) -> tensor<1x5x2x2xf32>
  %1 = tosa.mul %f, %0, %s : (tensor<1x1x1x1xf32>, tensor<1x5x2x2xf32>, tensor<1xi8>) -> tensor<1x5x2x2xf32>
  %2 = tosa.add %1, %c : (tensor<1x5x2x2xf32>, !row) -> tensor<1x5x2x2xf32>
  return %2 : tensor<1x5x2x2xf32>
}

// Depthwise weights are HWCM: output channel c*2 + m.
// CHECK-LABEL: func.func @factor_into_depthwise
// CHECK-DAG: %[[W:.*]] = "tosa.const"() <{values = dense<{{\[\[\[}}[1.000000e+00, 2.000000e+01], [3.000000e+02, 4.000000e+03]]]]> : tensor<1x1x2x2xf32>}>
// CHECK-DAG: %[[B:.*]] = "tosa.const"() <{values = dense<[5.000000e+00, 5.000000e+01, 5.000000e+02, 5.000000e+03]> : tensor<4xf32>}>
// CHECK: tosa.depthwise_conv2d %{{.*}}, %[[W]], %[[B]]
// CHECK-NEXT: return
func.func @factor_into_depthwise(%x: !map) -> tensor<1x2x2x4xf32> {
  %w = "tosa.const"() <{values = dense<[[[[1.0, 2.0], [3.0, 4.0]]]]> : tensor<1x1x2x2xf32>}> : () -> tensor<1x1x2x2xf32>
  %b = "tosa.const"() <{values = dense<5.0> : tensor<4xf32>}> : () -> tensor<4xf32>
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %f = "tosa.const"() <{values = dense<[[[[1.0, 10.0, 100.0, 1000.0]]]]> : tensor<1x1x1x4xf32>}> : () -> tensor<1x1x1x4xf32>
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %0 = tosa.depthwise_conv2d %x, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, tensor<1x1x2x2xf32>, tensor<4xf32>, !one, !one) -> tensor<1x2x2x4xf32>
  %1 = tosa.mul %0, %f, %s : (tensor<1x2x2x4xf32>, tensor<1x1x1x4xf32>, tensor<1xi8>) -> tensor<1x2x2x4xf32>
  return %1 : tensor<1x2x2x4xf32>
}

// A convolution that another operator reads too stays as it is: the factor becomes a convolution of
// its own, and the summand is left.
// CHECK-LABEL: func.func @convolution_used_twice
// CHECK: %[[Y:.*]] = tosa.conv2d
// CHECK: %[[F:.*]] = tosa.depthwise_conv2d %[[Y]]
// CHECK: %[[C:.*]] = tosa.add %[[Y]]
// CHECK: return %[[F]], %[[C]]
func.func @convolution_used_twice(%x: !map) -> (!map, !map) {
  %w = "tosa.const"() <{values = dense<3.0> : tensor<2x1x1x2xf32>}> : () -> tensor<2x1x1x2xf32>
  %b = "tosa.const"() <{values = dense<[5.0, 1.0]> : !two}> : () -> !two
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %c = "tosa.const"() <{values = dense<[[[[1.0, 2.0]]]]> : !row}> : () -> !row
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %0 = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, tensor<2x1x1x2xf32>, !two, !one, !one) -> !map
  %1 = tosa.mul %0, %c, %s : (!map, !row, tensor<1xi8>) -> !map
  %2 = tosa.add %0, %c : (!map, !row) -> !map
  return %1, %2 : !map, !map
}

// Weights that are computed cannot be scaled.
// CHECK-LABEL: func.func @computed_weights
// CHECK: %[[Y:.*]] = tosa.conv2d
// CHECK: tosa.depthwise_conv2d %[[Y]]
func.func @computed_weights(%x: !map, %w: tensor<2x1x1x2xf32>) -> !map {
  %b = "tosa.const"() <{values = dense<[5.0, 1.0]> : !two}> : () -> !two
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %c = "tosa.const"() <{values = dense<[[[[1.0, 2.0]]]]> : !row}> : () -> !row
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %0 = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, tensor<2x1x1x2xf32>, !two, !one, !one) -> !map
  %1 = tosa.mul %0, %c, %s : (!map, !row, tensor<1xi8>) -> !map
  return %1 : !map
}

// A constant that varies along two dimensions is none per channel.
// CHECK-LABEL: func.func @spatial_constants
// CHECK: %[[Y:.*]] = tosa.conv2d
// CHECK: %[[M:.*]] = tosa.mul %[[Y]]
// CHECK: %[[A:.*]] = tosa.add %[[M]]
// CHECK: tosa.sub %{{.*}}, %[[A]]
func.func @spatial_constants(%x: !map) -> !map {
  %w = "tosa.const"() <{values = dense<3.0> : tensor<2x1x1x2xf32>}> : () -> tensor<2x1x1x2xf32>
  %b = "tosa.const"() <{values = dense<[5.0, 1.0]> : !two}> : () -> !two
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %c = "tosa.const"() <{values = dense<[[[[1.0], [2.0]], [[3.0], [4.0]]]]> : tensor<1x2x2x1xf32>}> : () -> tensor<1x2x2x1xf32>
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %0 = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, tensor<2x1x1x2xf32>, !two, !one, !one) -> !map
  %1 = tosa.mul %0, %c, %s : (!map, tensor<1x2x2x1xf32>, tensor<1xi8>) -> !map
  %2 = tosa.add %1, %c : (!map, tensor<1x2x2x1xf32>) -> !map
  %3 = tosa.sub %c, %2 : (tensor<1x2x2x1xf32>, !map) -> !map
  return %3 : !map
}

// Without a convolution before it, a factor becomes a depthwise 1x1 convolution.
// CHECK-LABEL: func.func @factor_alone
// CHECK-DAG: %[[W:.*]] = "tosa.const"() <{values = dense<{{\[\[\[}}[2.000000e+00], [3.000000e+00]]]]> : tensor<1x1x2x1xf32>}>
// CHECK-DAG: %[[B:.*]] = "tosa.const"() <{values = dense<0.000000e+00> : tensor<2xf32>}>
// CHECK: %[[Y:.*]] = tosa.depthwise_conv2d %{{.*}}, %[[W]], %[[B]], %{{.*}} {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>}
// CHECK-NEXT: return %[[Y]]
func.func @factor_alone(%x: !map) -> !map {
  %f = "tosa.const"() <{values = dense<[[[[2.0, 3.0]]]]> : !row}> : () -> !row
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %0 = tosa.mul %x, %f, %s : (!map, !row, tensor<1xi8>) -> !map
  return %0 : !map
}

// The same on rows: reshapes around it.
// CHECK-LABEL: func.func @factor_alone_rank_2
// CHECK: %[[M:.*]] = tosa.reshape %{{.*}} -> tensor<3x1x1x2xf32>
// CHECK: %[[Y:.*]] = tosa.depthwise_conv2d %[[M]]
// CHECK: tosa.reshape %[[Y]]{{.*}} -> tensor<3x2xf32>
func.func @factor_alone_rank_2(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %f = "tosa.const"() <{values = dense<[[2.0, 3.0]]> : tensor<1x2xf32>}> : () -> tensor<1x2xf32>
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %0 = tosa.mul %x, %f, %s : (tensor<3x2xf32>, tensor<1x2xf32>, tensor<1xi8>) -> tensor<3x2xf32>
  return %0 : tensor<3x2xf32>
}

// c - x is x * -1 + c.
// CHECK-LABEL: func.func @difference_from_constant_rank_3
// CHECK-DAG: %[[W:.*]] = "tosa.const"() <{values = dense<-1.000000e+00> : tensor<1x1x2x1xf32>}>
// CHECK-DAG: %[[B:.*]] = "tosa.const"() <{values = dense<[2.000000e+00, 3.000000e+00]> : tensor<2xf32>}>
// CHECK: tosa.depthwise_conv2d %{{.*}}, %[[W]], %[[B]], {{.*}} -> tensor<1x3x1x2xf32>
// CHECK: tosa.reshape {{.*}} -> tensor<1x3x2xf32>
func.func @difference_from_constant_rank_3(%x: tensor<1x3x2xf32>) -> tensor<1x3x2xf32> {
  %c = "tosa.const"() <{values = dense<[[[2.0, 3.0]]]> : tensor<1x1x2xf32>}> : () -> tensor<1x1x2xf32>
  %0 = tosa.sub %c, %x : (tensor<1x1x2xf32>, tensor<1x3x2xf32>) -> tensor<1x3x2xf32>
  return %0 : tensor<1x3x2xf32>
}

// x - c is an addition, which can be exact.
// CHECK-LABEL: func.func @constant_subtracted
// CHECK: %[[C:.*]] = "tosa.const"() <{values = dense<{{.*}}-2.000000e+00, 3.000000e+00{{.*}}> : tensor<1x1x1x2xf32>}>
// CHECK: %[[A:.*]] = tosa.add %{{.*}}, %[[C]]
// CHECK: %[[S:.*]] = "tosa.const"() <{values = dense<{{.*}}[-2.000000e+00], [3.000000e+00]{{.*}}> : tensor<1x1x2x1xf32>}>
// CHECK: tosa.add %[[A]], %[[S]]
// CHECK-NOT: tosa.sub
func.func @constant_subtracted(%x: !map) -> !map {
  %c = "tosa.const"() <{values = dense<[[[[2.0, -3.0]]]]> : !row}> : () -> !row
  %s = "tosa.const"() <{values = dense<[[[[2.0], [-3.0]]]]> : tensor<1x1x2x1xf32>}> : () -> tensor<1x1x2x1xf32>
  %0 = tosa.sub %x, %c : (!map, !row) -> !map
  %1 = tosa.sub %0, %s : (!map, tensor<1x1x2x1xf32>) -> !map
  return %1 : !map
}

// The difference of two values is left.
// CHECK-LABEL: func.func @difference
// CHECK: tosa.sub %arg0, %arg1
func.func @difference(%x: !map, %y: !map) -> !map {
  %0 = tosa.sub %x, %y : (!map, !map) -> !map
  return %0 : !map
}

// Normalization of an input, (x - mean) * factor: one addition, one convolution.
// CHECK-LABEL: func.func @normalization
// CHECK: %[[A:.*]] = tosa.add
// CHECK: tosa.depthwise_conv2d %[[A]]
// CHECK-NOT: tosa.sub
func.func @normalization(%x: !map) -> !map {
  %c = "tosa.const"() <{values = dense<[[[[2.0, -3.0]]]]> : !row}> : () -> !row
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %0 = tosa.sub %x, %c : (!map, !row) -> !map
  %1 = tosa.mul %0, %c, %s : (!map, !row, tensor<1xi8>) -> !map
  return %1 : !map
}

// An addition, a factor of rank 1 or 5, a product of two values, a product that repeats its value, and
// integers are left.
// CHECK-LABEL: func.func @left
// CHECK: tosa.add
// CHECK: tosa.mul {{.*}} -> tensor<2xf32>
// CHECK: tosa.mul {{.*}} -> tensor<1x1x1x1x2xf32>
// CHECK: tosa.mul {{.*}} -> tensor<1x2x2x2xf32>
// CHECK: tosa.mul {{.*}} -> tensor<1x1x1x2xf32>
// CHECK: tosa.mul {{.*}} -> tensor<1x1x1x2xi32>
// CHECK-NOT: depthwise
func.func @left(%x: !map, %a: !two, %b: tensor<1x1x1x1x2xf32>, %c: tensor<1x1x1x1xf32>, %i: tensor<1x1x1x2xi32>) -> (!map, !two, tensor<1x1x1x1x2xf32>, !map, !row, tensor<1x1x1x2xi32>) {
  %f4 = "tosa.const"() <{values = dense<[[[[2.0, 3.0]]]]> : !row}> : () -> !row
  %f1 = "tosa.const"() <{values = dense<[2.0, 3.0]> : !two}> : () -> !two
  %f5 = "tosa.const"() <{values = dense<[[[[[2.0, 3.0]]]]]> : tensor<1x1x1x1x2xf32>}> : () -> tensor<1x1x1x1x2xf32>
  %fi = "tosa.const"() <{values = dense<[[[[2, 3]]]]> : tensor<1x1x1x2xi32>}> : () -> tensor<1x1x1x2xi32>
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %0 = tosa.add %x, %f4 : (!map, !row) -> !map
  %1 = tosa.mul %a, %f1, %s : (!two, !two, tensor<1xi8>) -> !two
  %2 = tosa.mul %b, %f5, %s : (tensor<1x1x1x1x2xf32>, tensor<1x1x1x1x2xf32>, tensor<1xi8>) -> tensor<1x1x1x1x2xf32>
  %3 = tosa.mul %x, %x, %s : (!map, !map, tensor<1xi8>) -> !map
  %4 = tosa.mul %c, %f4, %s : (tensor<1x1x1x1xf32>, !row, tensor<1xi8>) -> !row
  %5 = tosa.mul %i, %fi, %s : (tensor<1x1x1x2xi32>, tensor<1x1x1x2xi32>, tensor<1xi8>) -> tensor<1x1x1x2xi32>
  return %0, %1, %2, %3, %4, %5 : !map, !two, tensor<1x1x1x1x2xf32>, !map, !row, tensor<1x1x1x2xi32>
}

// A factor per column goes into the constant matrix of a product.
// CHECK-LABEL: func.func @factor_into_matrix
// CHECK: %[[M:.*]] = "tosa.const"() <{values = dense<{{.*}}2.000000e+00, 2.000000e+01{{.*}}, {{.*}}6.000000e+00, 4.000000e+01{{.*}}> : tensor<1x2x2xf32>}>
// CHECK: %[[Y:.*]] = tosa.matmul %{{.*}}, %[[M]]
// CHECK-NEXT: return %[[Y]]
func.func @factor_into_matrix(%x: tensor<1x3x2xf32>) -> tensor<1x3x2xf32> {
  %m = "tosa.const"() <{values = dense<[[[1.0, 2.0], [3.0, 4.0]]]> : tensor<1x2x2xf32>}> : () -> tensor<1x2x2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %f = "tosa.const"() <{values = dense<[[[2.0, 10.0]]]> : tensor<1x1x2xf32>}> : () -> tensor<1x1x2xf32>
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %0 = tosa.matmul %x, %m, %z, %z : (tensor<1x3x2xf32>, tensor<1x2x2xf32>, !one, !one) -> tensor<1x3x2xf32>
  %1 = tosa.mul %0, %f, %s : (tensor<1x3x2xf32>, tensor<1x1x2xf32>, tensor<1xi8>) -> tensor<1x3x2xf32>
  return %1 : tensor<1x3x2xf32>
}

// Not into a matrix that is computed, nor behind a product used twice, nor a summand.
// CHECK-LABEL: func.func @not_into_matrix
// CHECK: %[[A:.*]] = tosa.matmul %{{.*}}, %arg1
// CHECK: %[[AM:.*]] = tosa.reshape %[[A]]
// CHECK: tosa.depthwise_conv2d %[[AM]]
// CHECK: %[[B:.*]] = tosa.matmul
// CHECK: %[[BM:.*]] = tosa.reshape %[[B]]
// CHECK: tosa.depthwise_conv2d %[[BM]]
// CHECK: %[[C:.*]] = tosa.matmul
// CHECK: tosa.add %[[C]]
func.func @not_into_matrix(%x: tensor<1x3x2xf32>, %y: tensor<1x2x2xf32>) -> (tensor<1x3x2xf32>, tensor<1x3x2xf32>, tensor<1x3x2xf32>, tensor<1x3x2xf32>) {
  %m = "tosa.const"() <{values = dense<[[[1.0, 2.0], [3.0, 4.0]]]> : tensor<1x2x2xf32>}> : () -> tensor<1x2x2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %f = "tosa.const"() <{values = dense<[[[2.0, 10.0]]]> : tensor<1x1x2xf32>}> : () -> tensor<1x1x2xf32>
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %0 = tosa.matmul %x, %y, %z, %z : (tensor<1x3x2xf32>, tensor<1x2x2xf32>, !one, !one) -> tensor<1x3x2xf32>
  %1 = tosa.mul %0, %f, %s : (tensor<1x3x2xf32>, tensor<1x1x2xf32>, tensor<1xi8>) -> tensor<1x3x2xf32>
  %2 = tosa.matmul %x, %m, %z, %z : (tensor<1x3x2xf32>, tensor<1x2x2xf32>, !one, !one) -> tensor<1x3x2xf32>
  %3 = tosa.mul %2, %f, %s : (tensor<1x3x2xf32>, tensor<1x1x2xf32>, tensor<1xi8>) -> tensor<1x3x2xf32>
  %4 = tosa.matmul %x, %m, %z, %z : (tensor<1x3x2xf32>, tensor<1x2x2xf32>, !one, !one) -> tensor<1x3x2xf32>
  %5 = tosa.add %4, %f : (tensor<1x3x2xf32>, tensor<1x1x2xf32>) -> tensor<1x3x2xf32>
  return %1, %2, %3, %5 : tensor<1x3x2xf32>, tensor<1x3x2xf32>, tensor<1x3x2xf32>, tensor<1x3x2xf32>
}

// A factor along dimension 1 (a normalization of a value in NCHW) becomes one per channel between two
// transposes.
// CHECK-LABEL: func.func @factor_along_dimension_1
// CHECK: %[[LAST:.*]] = tosa.transpose %arg0 {perms = array<i32: 0, 2, 3, 1>}
// CHECK: %[[SCALED:.*]] = tosa.depthwise_conv2d %[[LAST]]
// CHECK: %[[BACK:.*]] = tosa.transpose %[[SCALED]] {perms = array<i32: 0, 3, 1, 2>}
// CHECK-NOT: tosa.mul
// CHECK: return %[[BACK]]
func.func @factor_along_dimension_1(%x: tensor<1x2x4x5xf32>) -> tensor<1x2x4x5xf32> {
  %c = "tosa.const"() <{values = dense<[[[[2.0]], [[3.0]]]]> : tensor<1x2x1x1xf32>}> : () -> tensor<1x2x1x1xf32>
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %0 = tosa.mul %x, %c, %s : (tensor<1x2x4x5xf32>, tensor<1x2x1x1xf32>, tensor<1xi8>) -> tensor<1x2x4x5xf32>
  return %0 : tensor<1x2x4x5xf32>
}
