// What fully_connected and matmul refuse: rules T, C5 to C8 and F8.

// RUN: afp-opt %s -split-input-file -verify-diagnostics

func.func @fc_exact_input(%a: tensor<2x8x!afp.exact>, %b: tensor<3x8x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.fully_connected' op operand #0 must be tensor of f32 or !afp.float values, but got 'tensor<2x8x!afp.exact>'}}
  %0 = afp.fully_connected %a, %b
      : (tensor<2x8x!afp.exact>, tensor<3x8x!afp.float<e2m2, exp = -7>>) -> tensor<2x3x!afp.exact>
  return
}

// -----

func.func @fc_exact_weight(%a: tensor<2x8x!afp.float<ue0m8, exp = -8>>, %b: tensor<3x8x!afp.exact>) {
  // expected-error@+1 {{'afp.fully_connected' op operand #1 must be tensor of f32 or !afp.float values, but got 'tensor<3x8x!afp.exact>'}}
  %0 = afp.fully_connected %a, %b
      : (tensor<2x8x!afp.float<ue0m8, exp = -8>>, tensor<3x8x!afp.exact>) -> tensor<2x3x!afp.exact>
  return
}

// -----

func.func @fc_coded_bias(%a: tensor<2x8x!afp.float<ue0m8, exp = -8>>, %b: tensor<3x8x!afp.float<e2m2, exp = -7>>, %c: tensor<3x!afp.float<ue0m8, exp = -8>>) {
  // expected-error@+1 {{'afp.fully_connected' op operand #2 must be tensor of 32-bit float or an exact dyadic rational values, but got 'tensor<3x!afp.float<ue0m8, exp = -8>>'}}
  %0 = afp.fully_connected %a, %b bias %c
      : (tensor<2x8x!afp.float<ue0m8, exp = -8>>, tensor<3x8x!afp.float<e2m2, exp = -7>>, tensor<3x!afp.float<ue0m8, exp = -8>>) -> tensor<2x3x!afp.exact>
  return
}

// -----

func.func @fc_real_result(%a: tensor<2x8xf32>, %b: tensor<3x8xf32>) {
  // expected-error@+1 {{'afp.fully_connected' op result #0 must be tensor of an exact dyadic rational values, but got 'tensor<2x3xf32>'}}
  %0 = afp.fully_connected %a, %b
      : (tensor<2x8xf32>, tensor<3x8xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @fc_dynamic_size(%a: tensor<?x8xf32>, %b: tensor<3x8xf32>) {
  // expected-error@+1 {{'afp.fully_connected' op [T1] expected a tensor whose sizes are known and positive, found tensor<?x8xf32>}}
  %0 = afp.fully_connected %a, %b
      : (tensor<?x8xf32>, tensor<3x8xf32>) -> tensor<2x3x!afp.exact>
  return
}

// -----

func.func @fc_mixed(%a: tensor<2x8xf32>, %b: tensor<3x8x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.fully_connected' op [T2] expected operands that are all real or all coded, found f32 beside !afp.float<e2m2, exp = -7>}}
  %0 = afp.fully_connected %a, %b
      : (tensor<2x8xf32>, tensor<3x8x!afp.float<e2m2, exp = -7>>) -> tensor<2x3x!afp.exact>
  return
}

// -----

// C7: shapes.
func.func @fc_rank(%a: tensor<2x2x4xf32>, %b: tensor<3x8xf32>) {
  // expected-error@+1 {{'afp.fully_connected' op [C7] expected an input [N, I] of rank 2, found tensor<2x2x4xf32>}}
  %0 = afp.fully_connected %a, %b
      : (tensor<2x2x4xf32>, tensor<3x8xf32>) -> tensor<2x3x!afp.exact>
  return
}

// -----

func.func @fc_weight_rank(%a: tensor<2x8xf32>, %b: tensor<3x2x4xf32>) {
  // expected-error@+1 {{'afp.fully_connected' op [C7] expected weights [O, I] of rank 2, found tensor<3x2x4xf32>}}
  %0 = afp.fully_connected %a, %b
      : (tensor<2x8xf32>, tensor<3x2x4xf32>) -> tensor<2x3x!afp.exact>
  return
}

// -----

func.func @fc_weight_transposed(%a: tensor<2x8xf32>, %b: tensor<8x3xf32>) {
  // expected-error@+1 {{'afp.fully_connected' op [C7] expected weights [O, 8], found 8x3}}
  %0 = afp.fully_connected %a, %b
      : (tensor<2x8xf32>, tensor<8x3xf32>) -> tensor<2x3x!afp.exact>
  return
}

// -----

func.func @fc_result(%a: tensor<2x8xf32>, %b: tensor<3x8xf32>) {
  // expected-error@+1 {{'afp.fully_connected' op [C7] expected a result of shape 2x3, found 3x2}}
  %0 = afp.fully_connected %a, %b
      : (tensor<2x8xf32>, tensor<3x8xf32>) -> tensor<3x2x!afp.exact>
  return
}

// -----

func.func @fc_bias_count(%a: tensor<2x8xf32>, %b: tensor<3x8xf32>, %c: tensor<2xf32>) {
  // expected-error@+1 {{'afp.fully_connected' op [C5] expected a bias of 3 elements, found tensor<2xf32>}}
  %0 = afp.fully_connected %a, %b bias %c
      : (tensor<2x8xf32>, tensor<3x8xf32>, tensor<2xf32>) -> tensor<2x3x!afp.exact>
  return
}

// -----

func.func @fc_bias_kind(%a: tensor<2x8xf32>, %b: tensor<3x8xf32>, %c: tensor<3x!afp.exact>) {
  // expected-error@+1 {{'afp.fully_connected' op [C5] expected a bias of f32, found !afp.exact}}
  %0 = afp.fully_connected %a, %b bias %c
      : (tensor<2x8xf32>, tensor<3x8xf32>, tensor<3x!afp.exact>) -> tensor<2x3x!afp.exact>
  return
}

// -----

func.func @fc_exponents(%a: tensor<2x8xf32>, %b: tensor<3x8xf32>) {
  // expected-error@+1 {{'afp.fully_connected' op [C6] expected 1 or 3 exponents in 'channel_exp', found 8}}
  %0 = afp.fully_connected %a, %b {channel_exp = array<i32: 0, 0, 0, 0, 0, 0, 0, 0>}
      : (tensor<2x8xf32>, tensor<3x8xf32>) -> tensor<2x3x!afp.exact>
  return
}

// -----

func.func @fc_exponent(%a: tensor<2x8xf32>, %b: tensor<3x8xf32>) {
  // expected-error@+1 {{'afp.fully_connected' op [F8] expected scale exponents within +-4096, found 4097}}
  %0 = afp.fully_connected %a, %b {channel_exp = array<i32: 0, 0, 4097>}
      : (tensor<2x8xf32>, tensor<3x8xf32>) -> tensor<2x3x!afp.exact>
  return
}

// -----

func.func @matmul_exact_lhs(%a: tensor<2x4x8x!afp.exact>, %b: tensor<2x8x3x!afp.float<ue0m8, exp = -8>>) {
  // expected-error@+1 {{'afp.matmul' op operand #0 must be tensor of f32 or !afp.float values, but got 'tensor<2x4x8x!afp.exact>'}}
  %0 = afp.matmul %a, %b
      : (tensor<2x4x8x!afp.exact>, tensor<2x8x3x!afp.float<ue0m8, exp = -8>>) -> tensor<2x4x3x!afp.exact>
  return
}

// -----

func.func @matmul_exact_rhs(%a: tensor<2x4x8x!afp.float<ue0m8, exp = -8>>, %b: tensor<2x8x3x!afp.exact>) {
  // expected-error@+1 {{'afp.matmul' op operand #1 must be tensor of f32 or !afp.float values, but got 'tensor<2x8x3x!afp.exact>'}}
  %0 = afp.matmul %a, %b
      : (tensor<2x4x8x!afp.float<ue0m8, exp = -8>>, tensor<2x8x3x!afp.exact>) -> tensor<2x4x3x!afp.exact>
  return
}

// -----

func.func @matmul_real_result(%a: tensor<2x4x8xf32>, %b: tensor<2x8x3xf32>) {
  // expected-error@+1 {{'afp.matmul' op result #0 must be tensor of an exact dyadic rational values, but got 'tensor<2x4x3xf32>'}}
  %0 = afp.matmul %a, %b
      : (tensor<2x4x8xf32>, tensor<2x8x3xf32>) -> tensor<2x4x3xf32>
  return
}

// -----

func.func @matmul_dynamic_size(%a: tensor<2x4x8xf32>, %b: tensor<2x8x?xf32>) {
  // expected-error@+1 {{'afp.matmul' op [T1] expected a tensor whose sizes are known and positive, found tensor<2x8x?xf32>}}
  %0 = afp.matmul %a, %b
      : (tensor<2x4x8xf32>, tensor<2x8x?xf32>) -> tensor<2x4x3x!afp.exact>
  return
}

// -----

func.func @matmul_mixed(%a: tensor<2x4x8xf32>, %b: tensor<2x8x3x!afp.float<ue0m8, exp = -8>>) {
  // expected-error@+1 {{'afp.matmul' op [T2] expected operands that are all real or all coded, found f32 beside !afp.float<ue0m8, exp = -8>}}
  %0 = afp.matmul %a, %b
      : (tensor<2x4x8xf32>, tensor<2x8x3x!afp.float<ue0m8, exp = -8>>) -> tensor<2x4x3x!afp.exact>
  return
}

// -----

// C8: shapes.
func.func @matmul_lhs_rank(%a: tensor<4x8xf32>, %b: tensor<2x8x3xf32>) {
  // expected-error@+1 {{'afp.matmul' op [C8] expected a left operand [B, M, K] of rank 3, found tensor<4x8xf32>}}
  %0 = afp.matmul %a, %b
      : (tensor<4x8xf32>, tensor<2x8x3xf32>) -> tensor<2x4x3x!afp.exact>
  return
}

// -----

func.func @matmul_rhs_rank(%a: tensor<2x4x8xf32>, %b: tensor<8x3xf32>) {
  // expected-error@+1 {{'afp.matmul' op [C8] expected a right operand [B, K, N] of rank 3, found tensor<8x3xf32>}}
  %0 = afp.matmul %a, %b
      : (tensor<2x4x8xf32>, tensor<8x3xf32>) -> tensor<2x4x3x!afp.exact>
  return
}

// -----

func.func @matmul_inner(%a: tensor<2x4x8xf32>, %b: tensor<2x7x3xf32>) {
  // expected-error@+1 {{'afp.matmul' op [C8] expected a right operand [2, 8, N], found 2x7x3}}
  %0 = afp.matmul %a, %b
      : (tensor<2x4x8xf32>, tensor<2x7x3xf32>) -> tensor<2x4x3x!afp.exact>
  return
}

// -----

func.func @matmul_batch(%a: tensor<2x4x8xf32>, %b: tensor<1x8x3xf32>) {
  // expected-error@+1 {{'afp.matmul' op [C8] expected a right operand [2, 8, N], found 1x8x3}}
  %0 = afp.matmul %a, %b
      : (tensor<2x4x8xf32>, tensor<1x8x3xf32>) -> tensor<2x4x3x!afp.exact>
  return
}

// -----

func.func @matmul_result(%a: tensor<2x4x8xf32>, %b: tensor<2x8x3xf32>) {
  // expected-error@+1 {{'afp.matmul' op [C8] expected a result of shape 2x4x3, found 2x3x4}}
  %0 = afp.matmul %a, %b
      : (tensor<2x4x8xf32>, tensor<2x8x3xf32>) -> tensor<2x3x4x!afp.exact>
  return
}
