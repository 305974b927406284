// Each tosa operator's counterpart in the real form. What joins a group: afp-form-groups-fuse.mlir.
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-form-groups)' | FileCheck %s

!map = tensor<1x4x4x2xf32>
!row = tensor<3x2xf32>
!one = tensor<1xf32>
!two = tensor<2xf32>

// An argument is rounded where it enters, once for all its uses; an unused one is not.
// CHECK-LABEL: func.func @arguments(
// CHECK-SAME: %[[X:.*]]: tensor<3x2xf32>, %[[Y:.*]]: tensor<3x2xf32>, %{{.*}}: tensor<3x2xf32>
// CHECK: %[[EX:.*]] = afp.encode %[[X]] {afp.name = "input"} : tensor<3x2xf32> to tensor<3x2xf32>
// CHECK: %[[EY:.*]] = afp.encode %[[Y]] {afp.name = "input_1"}
// CHECK-NOT: afp.encode
// CHECK: return %[[EX]], %[[EX]], %[[EY]]
func.func @arguments(%x: !row, %y: !row, %unused: !row) -> (!row, !row, !row) {
  %0 = tosa.identity %x : (!row) -> !row
  return %x, %0, %y : !row, !row, !row
}

// CHECK-LABEL: func.func @convolution
// CHECK: %[[X:.*]] = afp.encode %arg0
// CHECK: %[[Y:.*]] = afp.conv2d %[[X]], %{{.*}} bias %{{.*}} {afp.name = "conv2d", pad = array<i64: 1, 0, 1, 0>, stride = array<i64: 2, 2>} : (tensor<1x4x4x2xf32>, tensor<3x3x3x2xf32>, tensor<3xf32>) -> tensor<1x2x2x3x!afp.exact>
// CHECK: afp.encode %[[Y]] {afp.name = "conv2d"} : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3xf32>
func.func @convolution(%x: !map) -> tensor<1x2x2x3xf32> {
  %w = "tosa.const"() <{values = dense<3.0> : tensor<3x3x3x2xf32>}> : () -> tensor<3x3x3x2xf32>
  %b = "tosa.const"() <{values = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>}> : () -> tensor<3xf32>
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %0 = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 1, 0, 1, 0>, stride = array<i64: 2, 2>} : (!map, tensor<3x3x3x2xf32>, tensor<3xf32>, !one, !one) -> tensor<1x2x2x3xf32>
  return %0 : tensor<1x2x2x3xf32>
}

// A bias of one element is repeated, and one of zeros is none.
// CHECK-LABEL: func.func @biases
// CHECK: %[[B:.*]] = "tosa.const"() <{values = dense<5.000000e+00> : tensor<2xf32>}>
// CHECK: afp.conv2d {{.*}} bias %[[B]]
// CHECK: afp.conv2d %{{[^ ]*}}, %{{[^ ]*}} {
func.func @biases(%x: !map) -> !map {
  %w = "tosa.const"() <{values = dense<3.0> : tensor<2x1x1x2xf32>}> : () -> tensor<2x1x1x2xf32>
  %b = "tosa.const"() <{values = dense<5.0> : !one}> : () -> !one
  %n = "tosa.const"() <{values = dense<0.0> : !two}> : () -> !two
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %0 = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, tensor<2x1x1x2xf32>, !one, !one, !one) -> !map
  %1 = tosa.conv2d %0, %w, %n, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, tensor<2x1x1x2xf32>, !two, !one, !one) -> !map
  return %1 : !map
}

// CHECK-LABEL: func.func @depthwise
// CHECK: afp.depthwise_conv2d {{.*}} {afp.name = "depthwise_conv2d", dilation = array<i64: 2, 2>} : (tensor<1x4x4x2xf32>, tensor<2x2x2x2xf32>) -> tensor<1x2x2x4x!afp.exact>
func.func @depthwise(%x: !map) -> tensor<1x2x2x4xf32> {
  %w = "tosa.const"() <{values = dense<3.0> : tensor<2x2x2x2xf32>}> : () -> tensor<2x2x2x2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %0 = tosa.depthwise_conv2d %x, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, tensor<2x2x2x2xf32>, !one, !one, !one) -> tensor<1x2x2x4xf32>
  return %0 : tensor<1x2x2x4xf32>
}

// A constant matrix is transposed to [outputs, inputs]; the left operand's matrices become rows.
// CHECK-LABEL: func.func @fully_connected
// CHECK: %[[X:.*]] = afp.encode
// CHECK-DAG: %[[W:.*]] = "tosa.const"() <{values = dense<{{\[}}[1.000000e+00, 3.000000e+00, 5.000000e+00], [2.000000e+00, 4.000000e+00, 6.000000e+00]]> : tensor<2x3xf32>}>
// CHECK-DAG: %[[R:.*]] = afp.reshape %[[X]] : tensor<1x4x3xf32> to tensor<4x3xf32>
// CHECK: %[[Y:.*]] = afp.fully_connected %[[R]], %[[W]] {afp.name = "fully_connected"} : (tensor<4x3xf32>, tensor<2x3xf32>) -> tensor<4x2x!afp.exact>
// CHECK: %[[E:.*]] = afp.encode %[[Y]]
// CHECK: %[[B:.*]] = afp.reshape %[[E]] : tensor<4x2xf32> to tensor<1x4x2xf32>
// CHECK: return %[[B]]
func.func @fully_connected(%x: tensor<1x4x3xf32>) -> tensor<1x4x2xf32> {
  %m = "tosa.const"() <{values = dense<[[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]]> : tensor<1x3x2xf32>}> : () -> tensor<1x3x2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %0 = tosa.matmul %x, %m, %z, %z : (tensor<1x4x3xf32>, tensor<1x3x2xf32>, !one, !one) -> tensor<1x4x2xf32>
  return %0 : tensor<1x4x2xf32>
}

// A computed right operand, or one of several batches, stays a product of two matrices.
// CHECK-LABEL: func.func @matmul
// CHECK: afp.matmul {{.*}} : (tensor<2x4x3xf32>, tensor<2x3x2xf32>) -> tensor<2x4x2x!afp.exact>
// CHECK: afp.matmul {{.*}} : (tensor<2x4x3xf32>, tensor<2x3x2xf32>) -> tensor<2x4x2x!afp.exact>
func.func @matmul(%x: tensor<2x4x3xf32>, %y: tensor<2x3x2xf32>) -> (tensor<2x4x2xf32>, tensor<2x4x2xf32>) {
  %m = "tosa.const"() <{values = dense<1.0> : tensor<2x3x2xf32>}> : () -> tensor<2x3x2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %0 = tosa.matmul %x, %y, %z, %z : (tensor<2x4x3xf32>, tensor<2x3x2xf32>, !one, !one) -> tensor<2x4x2xf32>
  %1 = tosa.matmul %x, %m, %z, %z : (tensor<2x4x3xf32>, tensor<2x3x2xf32>, !one, !one) -> tensor<2x4x2xf32>
  return %0, %1 : tensor<2x4x2xf32>, tensor<2x4x2xf32>
}

// CHECK-LABEL: func.func @add
// CHECK: %[[S:.*]] = afp.add %{{.*}}, %{{.*}} : (tensor<3x2xf32>, tensor<1x2xf32>) -> tensor<3x2x!afp.exact>
// CHECK: afp.encode %[[S]] {afp.name = "add"} : tensor<3x2x!afp.exact> to tensor<3x2xf32>
func.func @add(%x: !row, %y: tensor<1x2xf32>) -> !row {
  %0 = tosa.add %x, %y : (!row, tensor<1x2xf32>) -> !row
  return %0 : !row
}

// The divisor of an average counts the elements inside: 4 of 3x3 in a corner, 6 at an edge.
// CHECK-LABEL: func.func @average_of_cut_windows
// CHECK: %[[S:.*]] = afp.sum_pool2d {{.*}} {kernel = array<i64: 3, 3>, pad = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2x!afp.exact>
// CHECK: afp.encode %[[S]] {{{.*}}divisor = array<i64: 4, 6, 6, 4, 6, 9, 9, 6, 6, 9, 9, 6, 4, 6, 6, 4>}
func.func @average_of_cut_windows(%x: !map) -> !map {
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %0 = tosa.avg_pool2d %x, %z, %z {acc_type = f32, kernel = array<i64: 3, 3>, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>} : (!map, !one, !one) -> !map
  return %0 : !map
}

// Padding on one side, with strides: 2x3 windows, the first row loses one of two rows, the last column
// one of three.
// CHECK-LABEL: func.func @average_padded_on_one_side
// CHECK: afp.sum_pool2d {{.*}} {kernel = array<i64: 2, 3>, pad = array<i64: 1, 1, 0, 1>, stride = array<i64: 2, 2>}
// CHECK: afp.encode {{.*}} {{{.*}}divisor = array<i64: 3, 2, 6, 4, 3, 2>}
func.func @average_padded_on_one_side(%x: !map) -> tensor<1x3x2x2xf32> {
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %0 = tosa.avg_pool2d %x, %z, %z {acc_type = f32, kernel = array<i64: 2, 3>, pad = array<i64: 1, 1, 0, 1>, stride = array<i64: 2, 2>} : (!map, !one, !one) -> tensor<1x3x2x2xf32>
  return %0 : tensor<1x3x2x2xf32>
}

// Whole windows have one divisor; windows of one element none.
// CHECK-LABEL: func.func @average_of_whole_windows
// CHECK: afp.encode {{.*}} {{{.*}}divisor = array<i64: 8>}
// CHECK: afp.sum_pool2d
// CHECK-NOT: divisor
// CHECK: return
func.func @average_of_whole_windows(%x: !map) -> tensor<1x2x1x2xf32> {
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %0 = tosa.avg_pool2d %x, %z, %z {acc_type = f32, kernel = array<i64: 2, 4>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 4>} : (!map, !one, !one) -> tensor<1x2x1x2xf32>
  %1 = tosa.avg_pool2d %0, %z, %z {acc_type = f32, kernel = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x2x1x2xf32>, !one, !one) -> tensor<1x2x1x2xf32>
  return %1 : tensor<1x2x1x2xf32>
}

// CHECK-LABEL: func.func @reduce_sum
// CHECK: afp.sum_pool2d {{.*}} {kernel = array<i64: 4, 1>} : (tensor<1x4x4x2xf32>) -> tensor<1x1x4x2x!afp.exact>
// CHECK: afp.sum_pool2d {{.*}} {kernel = array<i64: 1, 4>} : (tensor<1x1x4x2xf32>) -> tensor<1x1x1x2x!afp.exact>
func.func @reduce_sum(%x: !map) -> tensor<1x1x1x2xf32> {
  %0 = tosa.reduce_sum %x {axis = 1 : i32} : (!map) -> tensor<1x1x4x2xf32>
  %1 = tosa.reduce_sum %0 {axis = 2 : i32} : (tensor<1x1x4x2xf32>) -> tensor<1x1x1x2xf32>
  return %1 : tensor<1x1x1x2xf32>
}

// CHECK-LABEL: func.func @max_pool
// CHECK: afp.max_pool2d %{{.*}} {kernel = array<i64: 3, 3>, pad = array<i64: 1, 0, 1, 0>, stride = array<i64: 2, 2>} : (tensor<1x4x4x2xf32>) -> tensor<1x2x2x2xf32>
func.func @max_pool(%x: !map) -> tensor<1x2x2x2xf32> {
  %0 = tosa.max_pool2d %x {kernel = array<i64: 3, 3>, pad = array<i64: 1, 0, 1, 0>, stride = array<i64: 2, 2>} : (!map) -> tensor<1x2x2x2xf32>
  return %0 : tensor<1x2x2x2xf32>
}

// CHECK-LABEL: func.func @functions
// CHECK: afp.table {{.*}} {afp.name = "table", function = "sigmoid"}
// CHECK: afp.table {{.*}} {afp.name = "table_1", function = "tanh"}
// CHECK: afp.table {{.*}} function = "exp"
// CHECK: afp.table {{.*}} function = "log"
// CHECK: afp.table {{.*}} function = "rsqrt"
// CHECK: afp.table {{.*}} function = "reciprocal"
// CHECK: afp.table {{.*}} function = "erf"
// CHECK: afp.table {{.*}} function = "abs"
func.func @functions(%x: !row) -> !row {
  %0 = tosa.sigmoid %x : (!row) -> !row
  %1 = tosa.tanh %0 : (!row) -> !row
  %2 = tosa.exp %1 : (!row) -> !row
  %3 = tosa.log %2 : (!row) -> !row
  %4 = tosa.rsqrt %3 : (!row) -> !row
  %5 = tosa.reciprocal %4 : (!row) -> !row
  %6 = tosa.erf %5 : (!row) -> !row
  %7 = tosa.abs %6 : (!row) -> !row
  return %7 : !row
}

// CHECK-LABEL: func.func @movement
// CHECK: afp.concat %{{.*}}, %{{.*}} {afp.name = "concat", axis = 1 : i64} : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x4xf32>
// CHECK: afp.reshape %{{.*}} : tensor<3x4xf32> to tensor<2x2x3xf32>
// CHECK: afp.transpose %{{.*}} {perm = array<i64: 2, 0, 1>} : tensor<2x2x3xf32> to tensor<3x2x2xf32>
// CHECK: afp.slice %{{.*}} {start = array<i64: 1, 0, 1>} : tensor<3x2x2xf32> to tensor<2x2x1xf32>
// CHECK: afp.pad %{{.*}} {high = array<i64: 2, 0, 0>, low = array<i64: 0, 0, 1>} : tensor<2x2x1xf32> to tensor<4x2x2xf32>
// CHECK: afp.pad %{{.*}} {high = array<i64: 0, 0, 0>, low = array<i64: 1, 0, 0>, value = -2.500000e+00 : f32} : tensor<4x2x2xf32> to tensor<5x2x2xf32>
func.func @movement(%x: !row, %y: !row) -> tensor<5x2x2xf32> {
  %shape = tosa.const_shape {values = dense<[2, 2, 3]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %start = tosa.const_shape {values = dense<[1, 0, 1]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %size = tosa.const_shape {values = dense<[2, 2, 1]> : tensor<3xindex>} : () -> !tosa.shape<3>
  %widths = tosa.const_shape {values = dense<[0, 2, 0, 0, 1, 0]> : tensor<6xindex>} : () -> !tosa.shape<6>
  %more = tosa.const_shape {values = dense<[1, 0, 0, 0, 0, 0]> : tensor<6xindex>} : () -> !tosa.shape<6>
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %v = "tosa.const"() <{values = dense<-2.5> : !one}> : () -> !one
  %0 = tosa.concat %x, %y {axis = 1 : i32} : (!row, !row) -> tensor<3x4xf32>
  %1 = tosa.reshape %0, %shape : (tensor<3x4xf32>, !tosa.shape<3>) -> tensor<2x2x3xf32>
  %2 = tosa.transpose %1 {perms = array<i32: 2, 0, 1>} : (tensor<2x2x3xf32>) -> tensor<3x2x2xf32>
  %3 = tosa.slice %2, %start, %size : (tensor<3x2x2xf32>, !tosa.shape<3>, !tosa.shape<3>) -> tensor<2x2x1xf32>
  %4 = tosa.pad %3, %widths, %z : (tensor<2x2x1xf32>, !tosa.shape<6>, !one) -> tensor<4x2x2xf32>
  %5 = tosa.pad %4, %more, %v : (tensor<4x2x2xf32>, !tosa.shape<6>, !one) -> tensor<5x2x2xf32>
  return %5 : tensor<5x2x2xf32>
}

// A clamp of a value that no encode of its own yields is an encode; limits at the ends of f32 are none.
// CHECK-LABEL: func.func @clamp
// CHECK: %[[P:.*]] = afp.max_pool2d
// CHECK: afp.encode %[[P]] {afp.name = "max_pool2d", hi = array<f32: 6.000000e+00>, lo = array<f32: 0.000000e+00>}
// CHECK: afp.encode %[[P]] {afp.name = "max_pool2d_1", lo = array<f32: 0.000000e+00>}
// CHECK: afp.encode %[[P]] {afp.name = "max_pool2d_2", hi = array<f32: 1.000000e+00>}
func.func @clamp(%x: !map) -> (!map, !map, !map) {
  %0 = tosa.max_pool2d %x {kernel = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map) -> !map
  %1 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 6.0 : f32} : (!map) -> !map
  %2 = tosa.clamp %0 {min_val = 0.0 : f32, max_val = 3.40282347E+38 : f32} : (!map) -> !map
  %3 = tosa.clamp %0 {min_val = -3.40282347E+38 : f32, max_val = 1.0 : f32} : (!map) -> !map
  return %1, %2, %3 : !map, !map, !map
}

// Names: the user's from the location, from afp.name of an argument, numbered until they are unique,
// weights and activations apart.
// CHECK-LABEL: func.func @names
// CHECK: afp.encode %arg0 {afp.name = "image"}
// CHECK: afp.encode %arg1 {afp.name = "image_1"}
// CHECK: afp.conv2d {{.*}} {afp.name = "conv1"}
// CHECK: afp.encode {{.*}} {afp.name = "conv1"}
// CHECK: afp.conv2d {{.*}} {afp.name = "conv1_1"}
// CHECK: afp.encode {{.*}} {afp.name = "conv1_1"}
// CHECK: afp.conv2d {{.*}} {afp.name = "conv1_1_1"}
// CHECK: afp.encode {{.*}} {afp.name = "conv1_1_1"}
// CHECK: afp.table {{.*}} {afp.name = "image_2", function = "tanh"}
func.func @names(%x: !map {afp.name = "image"}, %y: !map {afp.name = "image"}) -> (!map, !map) {
  %w = "tosa.const"() <{values = dense<3.0> : tensor<2x1x1x2xf32>}> : () -> tensor<2x1x1x2xf32> loc("conv1_weight")
  %z = "tosa.const"() <{values = dense<0.0> : !one}> : () -> !one
  %0 = tosa.conv2d %x, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, tensor<2x1x1x2xf32>, !one, !one, !one) -> !map loc("conv1")
  %1 = tosa.conv2d %0, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, tensor<2x1x1x2xf32>, !one, !one, !one) -> !map loc("conv1")
  %2 = tosa.conv2d %1, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (!map, tensor<2x1x1x2xf32>, !one, !one, !one) -> !map loc("conv1_1")
  %3 = tosa.tanh %y : (!map) -> !map loc("image")
  return %2, %3 : !map, !map
}
