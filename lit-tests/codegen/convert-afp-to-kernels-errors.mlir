// What has no native code, and choices that do not fit.

// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(convert-afp-to-kernels)' --verify-diagnostics

func.func @given_back(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+3 {{[AFP0611] func.return has no native code}}
  // expected-note @+2 {{expected: floats that an operator yields}}
  // expected-note @+1 {{found: tensor<2xf32>}}
  return %x : tensor<2xf32>
}

// -----

// expected-error @+3 {{[AFP0611] the function has no native code}}
// expected-note @+2 {{expected: tensors of f32 or of codes, of known sizes}}
// expected-note @+1 {{found: tensor<?xf32>}}
func.func @dynamic(%x: tensor<?xf32>) {
  return
}

// -----

func.func @foreign(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+2 {{[AFP0611] arith.constant has no native code}}
  // expected-note @+1 {{expected: an operator of an exact AFP program}}
  %c = arith.constant dense<1.0> : tensor<2xf32>
  %0 = afp.quantize %x : tensor<2xf32> to tensor<2x!afp.float<e0m7, exp = 0>>
  %1 = afp.dequantize %0 : tensor<2x!afp.float<e0m7, exp = 0>> to tensor<2xf32>
  return %1 : tensor<2xf32>
}

// -----

// A rounding that no kernel of a quantize has. What depends on it is not reported too.
func.func @between(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %0 = afp.quantize %x : tensor<2xf32> to tensor<2x!afp.float<e0m7, exp = 0>>
  %1 = afp.dequantize %0 : tensor<2x!afp.float<e0m7, exp = 0>> to tensor<2xf32>
  // expected-error @+2 {{[AFP0611] afp.quantize has no native code}}
  // expected-note @+1 {{expected: a quantize without channel exponents, ties up}}
  %2 = afp.quantize %1 {round = "half_even"} : tensor<2xf32> to tensor<2x!afp.float<e0m7, exp = 0>>
  %3 = afp.dequantize %2 : tensor<2x!afp.float<e0m7, exp = 0>> to tensor<2xf32>
  return %1, %3 : tensor<2xf32>, tensor<2xf32>
}

// -----

// More bits than 63 can develop a quotient of.
func.func @quotient(%x: tensor<1x2x2x1xf32>) -> tensor<1x1x1x1xf32> {
  %0 = afp.quantize %x : tensor<1x2x2x1xf32> to tensor<1x2x2x1x!afp.float<ue0m8, exp = 0>>
  %1 = afp.sum_pool2d %0 {kernel = array<i64: 2, 2>} : (tensor<1x2x2x1x!afp.float<ue0m8, exp = 0>>) -> tensor<1x1x1x1x!afp.exact>
  // expected-error @+3 {{[AFP0611] afp.encode has no native code}}
  // expected-note @+2 {{expected: a sum and a divisor whose quotient 63 bits develop}}
  // expected-note @+1 {{found: 63 bits by 3}}
  %2 = afp.encode %1 {divisor = array<i64: 3>} : tensor<1x1x1x1x!afp.exact> to tensor<1x1x1x1x!afp.float<ue0m8, exp = 0>>
  %3 = afp.dequantize %2 : tensor<1x1x1x1x!afp.float<ue0m8, exp = 0>> to tensor<1x1x1x1xf32>
  return %3 : tensor<1x1x1x1xf32>
}

// -----

func.func @long(%x: tensor<2097152xf32>) -> tensor<2097152xf32> {
  %0 = afp.quantize %x : tensor<2097152xf32> to tensor<2097152x!afp.float<ue0m8, exp = -8>>
  // expected-error @+3 {{[AFP0611] afp.softmax has no native code}}
  // expected-note @+2 {{expected: as many elements as 63 bits develop quotients of}}
  // expected-note @+1 {{found: 2097152 elements}}
  %1 = afp.softmax %0 {axis = 0 : i64} : tensor<2097152x!afp.float<ue0m8, exp = -8>> to tensor<2097152x!afp.float<ue0m8, exp = -8>>
  %2 = afp.dequantize %1 : tensor<2097152x!afp.float<ue0m8, exp = -8>> to tensor<2097152xf32>
  return %2 : tensor<2097152xf32>
}

// -----

func.func @no_table(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = afp.quantize %x : tensor<4xf32> to tensor<4x!afp.float<ue0m8, exp = -8>>
  // expected-error @+2 {{[AFP0611] afp.table has no native code}}
  // expected-note @+1 {{expected: a table whose values are computed}}
  %1 = afp.table %0 {function = "sigmoid"} : tensor<4x!afp.float<ue0m8, exp = -8>> to tensor<4x!afp.float<ue0m8, exp = -8>>
  %2 = afp.dequantize %1 : tensor<4x!afp.float<ue0m8, exp = -8>> to tensor<4xf32>
  return %2 : tensor<4xf32>
}

// -----

func.func @apart(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %0 = afp.quantize %x : tensor<4xf32> to tensor<4x!afp.float<ue0m8, exp = 0>>
  %1 = afp.quantize %y : tensor<4xf32> to tensor<4x!afp.float<ue0m8, exp = 100>>
  %2 = afp.add %0, %1 : (tensor<4x!afp.float<ue0m8, exp = 0>>, tensor<4x!afp.float<ue0m8, exp = 100>>) -> tensor<4x!afp.exact>
  // expected-error @+3 {{[AFP0611] afp.encode has no native code}}
  // expected-note @+2 {{expected: operands whose exponents lie close together}}
  // expected-note @+1 {{found: a shift by 100}}
  %3 = afp.encode %2 : tensor<4x!afp.exact> to tensor<4x!afp.float<ue0m8, exp = 0>>
  %4 = afp.dequantize %3 : tensor<4x!afp.float<ue0m8, exp = 0>> to tensor<4xf32>
  return %4 : tensor<4xf32>
}

// -----

func.func @weights(%x: tensor<1x4xf32>, %y: tensor<2x4xf32>) -> tensor<1x2xf32> {
  %0 = afp.quantize %x : tensor<1x4xf32> to tensor<1x4x!afp.float<ue0m8, exp = 0>>
  %1 = afp.quantize %y : tensor<2x4xf32> to tensor<2x4x!afp.float<ue0m8, exp = 0>>
  %2 = afp.fully_connected %0, %1 : (tensor<1x4x!afp.float<ue0m8, exp = 0>>, tensor<2x4x!afp.float<ue0m8, exp = 0>>) -> tensor<1x2x!afp.exact>
  // expected-error @+3 {{[AFP0611] afp.encode has no native code}}
  // expected-note @+2 {{expected: exact values that convolutions, products, sums and pools yield}}
  // expected-note @+1 {{found: weights that are computed}}
  %3 = afp.encode %2 : tensor<1x2x!afp.exact> to tensor<1x2x!afp.float<ue0m8, exp = 0>>
  %4 = afp.dequantize %3 : tensor<1x2x!afp.float<ue0m8, exp = 0>> to tensor<1x2xf32>
  return %4 : tensor<1x2xf32>
}

// -----

func.func @moved(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %0 = afp.quantize %x : tensor<2x2xf32> to tensor<2x2x!afp.float<ue0m8, exp = 0>>
  %1 = afp.add %0, %0 : (tensor<2x2x!afp.float<ue0m8, exp = 0>>, tensor<2x2x!afp.float<ue0m8, exp = 0>>) -> tensor<2x2x!afp.exact>
  %2 = afp.transpose %1 {perm = array<i64: 1, 0>} : tensor<2x2x!afp.exact> to tensor<2x2x!afp.exact>
  // expected-error @+3 {{[AFP0611] afp.encode has no native code}}
  // expected-note @+2 {{expected: exact values that convolutions, products, sums and pools yield}}
  // expected-note @+1 {{found: afp.transpose}}
  %3 = afp.encode %2 : tensor<2x2x!afp.exact> to tensor<2x2x!afp.float<ue0m8, exp = 0>>
  %4 = afp.dequantize %3 : tensor<2x2x!afp.float<ue0m8, exp = 0>> to tensor<2x2xf32>
  return %4 : tensor<2x2xf32>
}

// -----

func.func @too_large(%x: tensor<1099511627777xf32>) -> tensor<1099511627777xf32> {
  // expected-error @+3 {{[AFP0611] afp.quantize has no native code}}
  // expected-note @+2 {{expected: a value of at most 2^40 bytes}}
  // expected-note @+1 {{found: tensor<1099511627777x!afp.float<e0m7, exp = 0>>}}
  %0 = afp.quantize %x : tensor<1099511627777xf32> to tensor<1099511627777x!afp.float<e0m7, exp = 0>>
  %1 = afp.dequantize %0 : tensor<1099511627777x!afp.float<e0m7, exp = 0>> to tensor<1099511627777xf32>
  return %1 : tensor<1099511627777xf32>
}
