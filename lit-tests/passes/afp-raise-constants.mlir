// Operators on constants are evaluated by the interpreter.
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-raise)' | FileCheck %s

!two = tensor<2xf32>

// CHECK-LABEL: func.func @arithmetic
// CHECK-DAG: %[[ADD:.*]] = "tosa.const"() <{values = dense<[5.000000e+00, -4.000000e+00]> : tensor<2xf32>}>
// CHECK-DAG: %[[SUB:.*]] = "tosa.const"() <{values = dense<[-3.000000e+00, -1.200000e+01]> : tensor<2xf32>}>
// CHECK-DAG: %[[MUL:.*]] = "tosa.const"() <{values = dense<[4.000000e+00, -3.200000e+01]> : tensor<2xf32>}>
// CHECK-DAG: %[[MAX:.*]] = "tosa.const"() <{values = dense<4.000000e+00> : tensor<2xf32>}>
// CHECK-DAG: %[[MIN:.*]] = "tosa.const"() <{values = dense<[1.000000e+00, -8.000000e+00]> : tensor<2xf32>}>
// CHECK-DAG: %[[POW:.*]] = "tosa.const"() <{values = dense<[1.000000e+00, 4.096000e+03]> : tensor<2xf32>}>
// CHECK: return %[[ADD]], %[[SUB]], %[[MUL]], %[[MAX]], %[[MIN]], %[[POW]]
func.func @arithmetic() -> (!two, !two, !two, !two, !two, !two) {
  %a = "tosa.const"() <{values = dense<[1.0, -8.0]> : !two}> : () -> !two
  %b = "tosa.const"() <{values = dense<4.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %0 = tosa.add %a, %b : (!two, tensor<1xf32>) -> !two
  %1 = tosa.sub %a, %b : (!two, tensor<1xf32>) -> !two
  %2 = tosa.mul %a, %b, %s : (!two, tensor<1xf32>, tensor<1xi8>) -> !two
  %3 = tosa.maximum %a, %b : (!two, tensor<1xf32>) -> !two
  %4 = tosa.minimum %a, %b : (!two, tensor<1xf32>) -> !two
  %5 = tosa.pow %a, %b : (!two, tensor<1xf32>) -> !two
  return %0, %1, %2, %3, %4, %5 : !two, !two, !two, !two, !two, !two
}

// CHECK-LABEL: func.func @functions
// CHECK-DAG: %[[RSQRT:.*]] = "tosa.const"() <{values = dense<[2.500000e-01, 1.000000e+00]> : tensor<2xf32>}>
// CHECK-DAG: %[[RECIPROCAL:.*]] = "tosa.const"() <{values = dense<[6.250000e-02, 1.000000e+00]> : tensor<2xf32>}>
// CHECK-DAG: %[[LOG:.*]] = "tosa.const"() <{values = dense<[2.77258873, 0.000000e+00]> : tensor<2xf32>}>
// CHECK-DAG: %[[NEGATE:.*]] = "tosa.const"() <{values = dense<[-1.600000e+01, -1.000000e+00]> : tensor<2xf32>}>
// CHECK-DAG: %[[EXP:.*]] = "tosa.const"() <{values = dense<[1.12535176E-7, 0.36787945]> : tensor<2xf32>}>
// CHECK-DAG: %[[ABS:.*]] = "tosa.const"() <{values = dense<[1.600000e+01, 1.000000e+00]> : tensor<2xf32>}>
// CHECK: return %[[RSQRT]], %[[RECIPROCAL]], %[[LOG]], %[[NEGATE]], %[[EXP]], %[[ABS]]
func.func @functions() -> (!two, !two, !two, !two, !two, !two) {
  %a = "tosa.const"() <{values = dense<[16.0, 1.0]> : !two}> : () -> !two
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %0 = tosa.rsqrt %a : (!two) -> !two
  %1 = tosa.reciprocal %a : (!two) -> !two
  %2 = tosa.log %a : (!two) -> !two
  %3 = tosa.negate %a, %z, %z : (!two, tensor<1xf32>, tensor<1xf32>) -> !two
  %4 = tosa.exp %3 : (!two) -> !two
  %5 = tosa.abs %3 : (!two) -> !two
  return %0, %1, %2, %3, %4, %5 : !two, !two, !two, !two, !two, !two
}

// CHECK-LABEL: func.func @movement
// CHECK: %[[Y:.*]] = "tosa.const"() <{values = dense<{{\[}}[4.000000e+00, 4.000000e+00, 5.000000e+00]]> : tensor<1x3xf32>}>
// CHECK-NEXT: return %[[Y]]
func.func @movement() -> tensor<1x3xf32> {
  %a = "tosa.const"() <{values = dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : tensor<6xf32>}> : () -> tensor<6xf32>
  %shape = tosa.const_shape {values = dense<[2, 3]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %start = tosa.const_shape {values = dense<[0, 1]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %size = tosa.const_shape {values = dense<[1, 1]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %begin = tosa.const_shape {values = dense<[1, 0]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %two = tosa.const_shape {values = dense<[1, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %0 = tosa.reshape %a, %shape : (tensor<6xf32>, !tosa.shape<2>) -> tensor<2x3xf32>
  %1 = tosa.transpose %0 {perms = array<i32: 1, 0>} : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %2 = tosa.slice %1, %start, %size : (tensor<3x2xf32>, !tosa.shape<2>, !tosa.shape<2>) -> tensor<1x1xf32>
  %3 = tosa.slice %0, %begin, %two : (tensor<2x3xf32>, !tosa.shape<2>, !tosa.shape<2>) -> tensor<1x2xf32>
  %4 = tosa.concat %2, %3 {axis = 1 : i32} : (tensor<1x1xf32>, tensor<1x2xf32>) -> tensor<1x3xf32>
  return %4 : tensor<1x3xf32>
}

// A batch normalization as exporters write it, (conv - mean) * (rsqrt(variance) * gamma) + beta, is
// folded down to one convolution.
// CHECK-LABEL: func.func @batch_normalization
// CHECK-DAG: %[[W:.*]] = "tosa.const"() <{values = dense<1.500000e+00> : tensor<1x1x1x2xf32>}>
// CHECK-DAG: %[[B:.*]] = "tosa.const"() <{values = dense<-9.500000e+00> : tensor<1xf32>}>
// CHECK: %[[Y:.*]] = tosa.conv2d %arg0, %[[W]], %[[B]]
// CHECK-NEXT: return %[[Y]]
func.func @batch_normalization(%x: tensor<1x2x2x2xf32>) -> tensor<1x2x2x1xf32> {
  %w = "tosa.const"() <{values = dense<3.0> : tensor<1x1x1x2xf32>}> : () -> tensor<1x1x1x2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %mean = "tosa.const"() <{values = dense<21.0> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %variance = "tosa.const"() <{values = dense<16.0> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %gamma = "tosa.const"() <{values = dense<2.0> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %beta = "tosa.const"() <{values = dense<1.0> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %0 = tosa.conv2d %x, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x2x2x2xf32>, tensor<1x1x1x2xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x2x1xf32>
  %1 = tosa.rsqrt %variance : (tensor<1x1x1x1xf32>) -> tensor<1x1x1x1xf32>
  %2 = tosa.mul %1, %gamma, %s : (tensor<1x1x1x1xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<1x1x1x1xf32>
  %3 = tosa.sub %0, %mean : (tensor<1x2x2x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x2x2x1xf32>
  %4 = tosa.mul %3, %2, %s : (tensor<1x2x2x1xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<1x2x2x1xf32>
  %5 = tosa.add %4, %beta : (tensor<1x2x2x1xf32>, tensor<1x1x1x1xf32>) -> tensor<1x2x2x1xf32>
  return %5 : tensor<1x2x2x1xf32>
}

// Left: one operand computed, a shape computed at run time, a result of unknown size, integers, an
// operator that is not listed.
// CHECK-LABEL: func.func @left
// CHECK: tosa.add
// CHECK: tosa.add {{.*}} -> tensor<?xf32>
// CHECK: tosa.add {{.*}} -> tensor<2xi32>
// CHECK: tosa.ceil
func.func @left(%x: !two) -> (!two, tensor<?xf32>, tensor<2xi32>, !two) {
  %a = "tosa.const"() <{values = dense<[1.0, -8.0]> : !two}> : () -> !two
  %i = "tosa.const"() <{values = dense<[1, 2]> : tensor<2xi32>}> : () -> tensor<2xi32>
  %0 = tosa.add %a, %x : (!two, !two) -> !two
  %1 = tosa.add %a, %a : (!two, !two) -> tensor<?xf32>
  %2 = tosa.add %i, %i : (tensor<2xi32>, tensor<2xi32>) -> tensor<2xi32>
  %3 = tosa.ceil %a : (!two) -> !two
  return %0, %1, %2, %3 : !two, tensor<?xf32>, tensor<2xi32>, !two
}
