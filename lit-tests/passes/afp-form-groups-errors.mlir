// Everything that cannot be quantized is reported, all of it at once, with what was expected.
// Each diagnostic is checked once with all its notes, and then by those that differ.
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-form-groups)' --verify-diagnostics=only-expected

func.func @all_at_once(%x: tensor<1x4xf32>, %y: tensor<1x4xf32>) -> tensor<1x4xf32> {
  // expected-error @+3 {{[AFP0301] operator tosa.sub cannot be quantized}}
  // expected-note @+2 {{expected: an operator of the table of supported operators}}
  // expected-note @+1 {{found: operands tensor<1x4xf32>, tensor<1x4xf32>}}
  %0 = tosa.sub %x, %y : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  // expected-error @+2 {{[AFP0301] operator tosa.ceil cannot be quantized}}
  // expected-note @+1 {{help: `afpc ops` lists what is supported; `afpc run --float` still runs the network in f32}}
  %1 = tosa.ceil %0 : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %2 = tosa.tanh %1 : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return %2 : tensor<1x4xf32>
}

// A second function is reported too.
func.func @another(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  // expected-error @+1 {{[AFP0301] operator tosa.floor cannot be quantized}}
  %0 = tosa.floor %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return %0 : tensor<1x4xf32>
}

// -----

// Operators of other dialects, and with no or several results.
func.func @foreign(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{[AFP0301] operator func.call cannot be quantized}}
  %0 = func.call @foreign(%x) : (tensor<4xf32>) -> tensor<4xf32>
  // expected-error @+1 {{[AFP0301] operator tosa.custom cannot be quantized}}
  %1:2 = tosa.custom %0 {operator_name = "a", domain_name = "b", implementation_attrs = ""} : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  return %1#0 : tensor<4xf32>
}

// -----

// expected-error @+2 {{[AFP0301] argument 1 cannot be quantized}}
// expected-note @+1 {{found: i1}}
func.func @control_flow(%x: tensor<4xf32>, %c: i1) -> tensor<4xf32> {
  // expected-error @+1 {{[AFP0301] operator cf.cond_br cannot be quantized}}
  cf.cond_br %c, ^a, ^b
^a:
  return %x : tensor<4xf32>
^b:
  return %x : tensor<4xf32>
}

// -----

// expected-error @+3 {{[AFP0301] argument 0 cannot be quantized}}
// expected-note @+2 {{expected: a tensor of f32 whose sizes are known and positive}}
// expected-note @+1 {{found: tensor<4xf16>}}
func.func @half(%x: tensor<4xf16>) -> tensor<4xf16> {
  // expected-error @+3 {{[AFP0301] operator tosa.sigmoid cannot be quantized}}
  // expected-note @+2 {{expected: f32 results}}
  // expected-note @+1 {{found: tensor<4xf16>}}
  %0 = tosa.sigmoid %x : (tensor<4xf16>) -> tensor<4xf16>
  return %0 : tensor<4xf16>
}

// -----

// expected-error @+2 {{[AFP0301] argument 0 cannot be quantized}}
// expected-note @+1 {{found: tensor<?x3x4xf32>}}
func.func @unknown_sizes(%x: tensor<?x3x4xf32>) -> tensor<?x3x2xf32> {
  %m = "tosa.const"() <{values = dense<1.0> : tensor<1x4x2xf32>}> : () -> tensor<1x4x2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  // expected-error @+2 {{[AFP0301] operator tosa.matmul cannot be quantized}}
  // expected-note @+1 {{expected: operands whose sizes are known and positive}}
  %0 = tosa.matmul %x, %m, %z, %z : (tensor<?x3x4xf32>, tensor<1x4x2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<?x3x2xf32>
  return %0 : tensor<?x3x2xf32>
}

// -----

func.func @unknown_result(%x: tensor<1x4x4x2xf32>) -> tensor<1x?x2x2xf32> {
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  // expected-error @+3 {{[AFP0301] operator tosa.avg_pool2d cannot be quantized}}
  // expected-note @+2 {{expected: a result whose sizes are known and positive}}
  // expected-note @+1 {{found: tensor<1x?x2x2xf32>}}
  %0 = tosa.avg_pool2d %x, %z, %z {acc_type = f32, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x4x4x2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x?x2x2xf32>
  return %0 : tensor<1x?x2x2xf32>
}

// -----

// expected-error @+2 {{[AFP0301] argument 0 cannot be quantized}}
// expected-error @+1 {{[AFP0301] argument 1 cannot be quantized}}
func.func @no_tensors(%x: f32, %y: vector<4xf32>, %z: tensor<f32>) -> f32 {
  return %x : f32
}

// -----

func.func @zero_points(%x: tensor<1x4x4x2xf32>, %one: tensor<1xf32>) -> (tensor<1x2x2x2xf32>, tensor<1x4x4x2xf32>) {
  %w = "tosa.const"() <{values = dense<3.0> : tensor<2x1x1x2xf32>}> : () -> tensor<2x1x1x2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  // expected-error @+2 {{[AFP0301] operator tosa.avg_pool2d cannot be quantized}}
  // expected-note @+1 {{expected: zero points that are constant and zero}}
  %0 = tosa.avg_pool2d %x, %one, %z {acc_type = f32, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x4x4x2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x2x2x2xf32>
  // expected-error @+2 {{[AFP0301] operator tosa.conv2d cannot be quantized}}
  // expected-note @+1 {{expected: zero points that are constant and zero}}
  %1 = tosa.conv2d %x, %w, %z, %one, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x4x4x2xf32>, tensor<2x1x1x2xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x2xf32>
  return %0, %1 : tensor<1x2x2x2xf32>, tensor<1x4x4x2xf32>
}

// -----

func.func @computed_weights(%x: tensor<1x4x4x2xf32>, %w: tensor<2x1x1x2xf32>, %d: tensor<1x1x2x1xf32>, %b: tensor<2xf32>) -> (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) {
  %c = "tosa.const"() <{values = dense<3.0> : tensor<1x1x2x1xf32>}> : () -> tensor<1x1x2x1xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  // expected-error @+2 {{[AFP0301] operator tosa.conv2d cannot be quantized}}
  // expected-note @+1 {{expected: constant weights}}
  %0 = tosa.conv2d %x, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x4x4x2xf32>, tensor<2x1x1x2xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x2xf32>
  // expected-error @+2 {{[AFP0301] operator tosa.depthwise_conv2d cannot be quantized}}
  // expected-note @+1 {{expected: a constant bias}}
  %1 = tosa.depthwise_conv2d %0, %c, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x4x4x2xf32>, tensor<1x1x2x1xf32>, tensor<2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x4x2xf32>
  return %0, %1 : tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>
}

// -----

func.func @sums(%x: tensor<1x4x4x2xf32>, %y: tensor<4x2xf32>) -> (tensor<1x4x4x1xf32>, tensor<1x2xf32>) {
  // expected-error @+2 {{[AFP0301] operator tosa.reduce_sum cannot be quantized}}
  // expected-note @+1 {{expected: a sum over dimension 1 or 2 of a rank 4 operand}}
  %0 = tosa.reduce_sum %x {axis = 3 : i32} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x1xf32>
  // expected-error @+1 {{[AFP0301] operator tosa.reduce_sum cannot be quantized}}
  %1 = tosa.reduce_sum %y {axis = 0 : i32} : (tensor<4x2xf32>) -> tensor<1x2xf32>
  return %0, %1 : tensor<1x4x4x1xf32>, tensor<1x2xf32>
}

// -----

func.func @border(%x: tensor<1x4xf32>, %v: tensor<1xf32>) -> tensor<1x6xf32> {
  %p = tosa.const_shape {values = dense<[0, 0, 1, 1]> : tensor<4xindex>} : () -> !tosa.shape<4>
  // expected-error @+2 {{[AFP0301] operator tosa.pad cannot be quantized}}
  // expected-note @+1 {{expected: constant widths and a constant value}}
  %0 = tosa.pad %x, %p, %v : (tensor<1x4xf32>, !tosa.shape<4>, tensor<1xf32>) -> tensor<1x6xf32>
  return %0 : tensor<1x6xf32>
}

// -----

func.func @start(%x: tensor<1x4xf32>) -> tensor<1x2xf32> {
  %a = tosa.const_shape {values = dense<[0, 1]> : tensor<2xindex>} : () -> !tosa.shape<2>
  %n = tosa.const_shape {values = dense<[1, 2]> : tensor<2xindex>} : () -> !tosa.shape<2>
  // expected-error @+1 {{[AFP0301] operator tosa.add_shape cannot be quantized}}
  %b = tosa.add_shape %a, %a : (!tosa.shape<2>, !tosa.shape<2>) -> !tosa.shape<2>
  // expected-error @+2 {{[AFP0301] operator tosa.slice cannot be quantized}}
  // expected-note @+1 {{expected: constant start and size}}
  %0 = tosa.slice %x, %b, %n : (tensor<1x4xf32>, !tosa.shape<2>, !tosa.shape<2>) -> tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}

// -----

// What tosa lets pass and no operator of afp computes is refused by the rule it breaks.
func.func @rules(%x: tensor<1x2x2x1xf32>) -> tensor<1x2x2x1xf32> {
  %p = tosa.const_shape {values = dense<[0, 0, -1, 1, 0, 0, 0, 0]> : tensor<8xindex>} : () -> !tosa.shape<8>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  // expected-error @+1 {{'afp.pad' op [M5] expected 4 widths of at least 0 in 'low' and 'high'}}
  %0 = tosa.pad %x, %p, %z : (tensor<1x2x2x1xf32>, !tosa.shape<8>, tensor<1xf32>) -> tensor<1x2x2x1xf32>
  return %0 : tensor<1x2x2x1xf32>
}
