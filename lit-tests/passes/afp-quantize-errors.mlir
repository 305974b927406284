// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-quantize)' --verify-diagnostics

func.func @no_type(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+4 {{[AFP0308] site 'image' has no type}}
  // expected-note @+3 {{expected: 'afp.type', an !afp.float}}
  // expected-note @+2 {{found: none}}
  // expected-note @+1 {{help: run afp-assign-formats before afp-quantize}}
  %0 = afp.encode %x {afp.name = "image"} : tensor<2xf32> to tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @type_of_another_kind(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+4 {{[AFP0308] site 'image' has no type}}
  // expected-note @+3 {{expected: }}
  // expected-note @+2 {{found: }}
  // expected-note @+1 {{help: }}
  %0 = afp.encode %x {afp.name = "image", afp.type = i8} : tensor<2xf32> to tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @no_type_of_concat(%x: tensor<2xf32>) -> tensor<4xf32> {
  // expected-error @+4 {{[AFP0308] site 'afp.concat' has no type}}
  // expected-note @+3 {{expected: }}
  // expected-note @+2 {{found: }}
  // expected-note @+1 {{help: }}
  %0 = afp.concat %x, %x {axis = 0 : i64} : (tensor<2xf32>, tensor<2xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @no_weight_type(%x: tensor<1x2xf32>) -> tensor<1x2x!afp.exact> {
  %w = "tosa.const"() <{values = dense<1.0> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
  %0 = afp.encode %x {afp.type = !afp.float<e0m7, exp = 0>} : tensor<1x2xf32> to tensor<1x2xf32>
  // expected-error @+4 {{[AFP0308] the weights 'fc' have no type}}
  // expected-note @+3 {{expected: 'afp.weight_type', an !afp.float}}
  // expected-note @+2 {{found: none}}
  // expected-note @+1 {{help: run afp-assign-formats before afp-quantize}}
  %1 = afp.fully_connected %0, %w {afp.name = "fc"} : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2x!afp.exact>
  return %1 : tensor<1x2x!afp.exact>
}

// -----

func.func @operand_of_no_site(%x: tensor<2xf32>) -> tensor<2x!afp.exact> {
  %0 = afp.reshape %x : tensor<2xf32> to tensor<1x2xf32>
  %1 = afp.reshape %0 : tensor<1x2xf32> to tensor<2xf32>
  // expected-error @+4 {{[AFP0309] an operand of afp.add comes from no site}}
  // expected-note @+3 {{expected: a value that an afp.encode, afp.table, afp.softmax or afp.concat yields}}
  // expected-note @+2 {{found: a function argument}}
  // expected-note @+1 {{help: run afp-form-groups before afp-quantize}}
  %2 = afp.add %1, %1 : (tensor<2xf32>, tensor<2xf32>) -> tensor<2x!afp.exact>
  return %2 : tensor<2x!afp.exact>
}

// -----

func.func @operand_of_tosa(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = tosa.sigmoid %x : (tensor<2xf32>) -> tensor<2xf32>
  // expected-error @+4 {{[AFP0309] an operand of afp.table comes from no site}}
  // expected-note @+3 {{expected: }}
  // expected-note @+2 {{found: tosa.sigmoid}}
  // expected-note @+1 {{help: }}
  %1 = afp.table %0 {function = "tanh", afp.type = !afp.float<e0m7, exp = 0>} : tensor<2xf32> to tensor<2xf32>
  return %1 : tensor<2xf32>
}

// -----

func.func @computed_weights(%x: tensor<1x2xf32>, %w: tensor<2x2xf32>) -> tensor<1x2x!afp.exact> {
  %0 = afp.encode %x {afp.type = !afp.float<e0m7, exp = 0>} : tensor<1x2xf32> to tensor<1x2xf32>
  // expected-error @+3 {{[AFP0310] the weights of afp.fully_connected must be constant}}
  // expected-note @+2 {{expected: a tosa.const of f32}}
  // expected-note @+1 {{found: a function argument}}
  %1 = afp.fully_connected %0, %w {afp.weight_type = !afp.float<e2m2, exp = 0>} : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2x!afp.exact>
  return %1 : tensor<1x2x!afp.exact>
}

// -----

func.func @computed_bias(%x: tensor<1x2xf32>) -> tensor<1x2x!afp.exact> {
  %w = "tosa.const"() <{values = dense<1.0> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
  %0 = afp.encode %x {afp.type = !afp.float<e0m7, exp = 0>} : tensor<1x2xf32> to tensor<1x2xf32>
  %b = afp.reshape %x : tensor<1x2xf32> to tensor<2xf32>
  // expected-error @+3 {{[AFP0310] the bias of afp.fully_connected must be constant}}
  // expected-note @+2 {{expected: }}
  // expected-note @+1 {{found: afp.reshape}}
  %1 = afp.fully_connected %0, %w bias %b {afp.weight_type = !afp.float<e2m2, exp = 0>} : (tensor<1x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<1x2x!afp.exact>
  return %1 : tensor<1x2x!afp.exact>
}

// -----

func.func @given_exponents_count(%x: tensor<1x2xf32>) -> tensor<1x2x!afp.exact> {
  %w = "tosa.const"() <{values = dense<1.0> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
  %0 = afp.encode %x {afp.type = !afp.float<e0m7, exp = 0>} : tensor<1x2xf32> to tensor<1x2xf32>
  // expected-error @+4 {{[AFP0316] 'afp.weight_exp' does not fit the weights 'fc'}}
  // expected-note @+3 {{expected: 2 scale exponents within +-4096, one per output channel, as array<i32>}}
  // expected-note @+2 {{found: 3 exponents}}
  // expected-note @+1 {{help: remove the attribute: exponents are chosen then}}
  %1 = afp.fully_connected %0, %w {afp.name = "fc", afp.weight_type = !afp.float<e2m2, exp = 0>, afp.weight_exp = array<i32: 0, 1, 2>} : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2x!afp.exact>
  return %1 : tensor<1x2x!afp.exact>
}

// -----

func.func @given_exponents_range(%x: tensor<1x2xf32>) -> tensor<1x2x!afp.exact> {
  %w = "tosa.const"() <{values = dense<1.0> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
  %0 = afp.encode %x {afp.type = !afp.float<e0m7, exp = 0>} : tensor<1x2xf32> to tensor<1x2xf32>
  // expected-error @+4 {{[AFP0316] 'afp.weight_exp' does not fit the weights 'fc'}}
  // expected-note @+3 {{expected: 2 scale exponents within +-4096, one per output channel, as array<i32>}}
  // expected-note @+2 {{found: the exponent 4097}}
  // expected-note @+1 {{help: remove the attribute: exponents are chosen then}}
  %1 = afp.fully_connected %0, %w {afp.name = "fc", afp.weight_type = !afp.float<e2m2, exp = 0>, afp.weight_exp = array<i32: 0, 4097>} : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2x!afp.exact>
  return %1 : tensor<1x2x!afp.exact>
}

// -----

func.func @given_exponents_least(%x: tensor<1x2xf32>) -> tensor<1x2x!afp.exact> {
  %w = "tosa.const"() <{values = dense<1.0> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
  %0 = afp.encode %x {afp.type = !afp.float<e0m7, exp = 0>} : tensor<1x2xf32> to tensor<1x2xf32>
  // expected-error @+4 {{[AFP0316] 'afp.weight_exp' does not fit the weights 'fc'}}
  // expected-note @+3 {{expected: 2 scale exponents within +-4096, one per output channel, as array<i32>}}
  // expected-note @+2 {{found: the exponent -2147483648}}
  // expected-note @+1 {{help: remove the attribute: exponents are chosen then}}
  %1 = afp.fully_connected %0, %w {afp.name = "fc", afp.weight_type = !afp.float<e2m2, exp = 0>, afp.weight_exp = array<i32: -2147483648, 0>} : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2x!afp.exact>
  return %1 : tensor<1x2x!afp.exact>
}

// -----

func.func @given_exponents_kind(%x: tensor<1x2xf32>) -> tensor<1x2x!afp.exact> {
  %w = "tosa.const"() <{values = dense<1.0> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
  %0 = afp.encode %x {afp.type = !afp.float<e0m7, exp = 0>} : tensor<1x2xf32> to tensor<1x2xf32>
  // expected-error @+4 {{[AFP0316] 'afp.weight_exp' does not fit the weights 'fc'}}
  // expected-note @+3 {{expected: 2 scale exponents within +-4096, one per output channel, as array<i32>}}
  // expected-note @+2 {{found: [1, 2]}}
  // expected-note @+1 {{help: remove the attribute: exponents are chosen then}}
  %1 = afp.fully_connected %0, %w {afp.name = "fc", afp.weight_type = !afp.float<e2m2, exp = 0>, afp.weight_exp = [1, 2]} : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2x!afp.exact>
  return %1 : tensor<1x2x!afp.exact>
}
