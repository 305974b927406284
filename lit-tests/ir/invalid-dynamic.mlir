// Where a scale exponent must be static, and which limits a dynamic one leaves: rules Y.

// RUN: afp-opt %s -split-input-file -verify-diagnostics

func.func @upper_limit(%a: tensor<4x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [Y5] expected no limit but 'lo' = 0 for the dynamic scale exponent of ue0m8, exp = ?[-12, 3], found 'hi' = array<i32: 6>}}
  %0 = afp.encode %a {hi = array<i32: 6>, lo = array<i32: 0>}
      : tensor<4x!afp.exact> to tensor<4x!afp.float<ue0m8, exp = ?[-12, 3]>>
  return
}

// -----

func.func @lower_limit(%a: tensor<4x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [Y5] expected no limit but 'lo' = 0 for the dynamic scale exponent of ue0m8, exp = ?[-12, 3], found 'lo' = [0, 0, 1, 0]}}
  %0 = afp.encode %a {lo = array<i32: 0, 0, 1, 0>}
      : tensor<4x!afp.exact> to tensor<4x!afp.float<ue0m8, exp = ?[-12, 3]>>
  return
}

// -----

func.func @concat(%a: tensor<4x!afp.float<ue0m8, exp = ?[-12, 3]>>) {
  // expected-error@+1 {{'afp.concat' op [Y6] expected operands with one static scale exponent, found ue0m8, exp = ?[-12, 3]}}
  %0 = afp.concat %a, %a {axis = 0 : i64}
      : (tensor<4x!afp.float<ue0m8, exp = ?[-12, 3]>>, tensor<4x!afp.float<ue0m8, exp = ?[-12, 3]>>) -> tensor<8x!afp.float<ue0m8, exp = ?[-12, 3]>>
  return
}

// -----

func.func @pad(%a: tensor<4x!afp.float<ue0m8, exp = ?[-12, 3]>>) {
  // expected-error@+1 {{'afp.pad' op [Y6] expected zero around codes with a dynamic scale exponent, found ue0m8, exp = ?[-12, 3]}}
  %0 = afp.pad %a {low = array<i64: 1>, high = array<i64: 0>, value = 1 : i32}
      : tensor<4x!afp.float<ue0m8, exp = ?[-12, 3]>> to tensor<5x!afp.float<ue0m8, exp = ?[-12, 3]>>
  return
}

// -----

func.func @table(%a: tensor<4x!afp.float<e0m7, exp = -4>>) {
  // expected-error@+1 {{'afp.table' op [Y6] expected a result with a static scale exponent, found e0m7, exp = ?[-12, 3]}}
  %0 = afp.table %a {function = "tanh"}
      : tensor<4x!afp.float<e0m7, exp = -4>> to tensor<4x!afp.float<e0m7, exp = ?[-12, 3]>>
  return
}

// -----

func.func @softmax(%a: tensor<4x!afp.float<e0m7, exp = -4>>) {
  // expected-error@+1 {{'afp.softmax' op [Y6] expected a result with a static scale exponent, found ue0m8, exp = ?[-12, 3]}}
  %0 = afp.softmax %a {axis = 0 : i64}
      : tensor<4x!afp.float<e0m7, exp = -4>> to tensor<4x!afp.float<ue0m8, exp = ?[-12, 3]>>
  return
}
