// What table and softmax refuse: rules T, U and S.

// RUN: afp-opt %s -split-input-file -verify-diagnostics

func.func @table_exact(%a: tensor<4x!afp.exact>) {
  // expected-error@+1 {{'afp.table' op operand #0 must be tensor of f32 or !afp.float values, but got 'tensor<4x!afp.exact>'}}
  %0 = afp.table %a {function = "exp"}
      : tensor<4x!afp.exact> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @table_to_exact(%a: tensor<4x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.table' op result #0 must be tensor of f32 or !afp.float values, but got 'tensor<4x!afp.exact>'}}
  %0 = afp.table %a {function = "exp"}
      : tensor<4x!afp.float<e2m2, exp = -7>> to tensor<4x!afp.exact>
  return
}

// -----

func.func @table_no_function(%a: tensor<4x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.table' op requires attribute 'function'}}
  %0 = afp.table %a
      : tensor<4x!afp.float<e2m2, exp = -7>> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @table_function_kind(%a: tensor<4x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.table' op attribute 'function' failed to satisfy constraint: string attribute}}
  %0 = afp.table %a {function = @exp}
      : tensor<4x!afp.float<e2m2, exp = -7>> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @table_values_kind(%a: tensor<4x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.table' op attribute 'values' failed to satisfy constraint: constant vector/tensor attribute}}
  %0 = afp.table %a {function = "exp", values = [1, 2]}
      : tensor<4x!afp.float<e2m2, exp = -7>> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @table_dynamic_size(%a: tensor<?x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.table' op [T1] expected a tensor whose sizes are known and positive, found tensor<?x!afp.float<e2m2, exp = -7>>}}
  %0 = afp.table %a {function = "exp"}
      : tensor<?x!afp.float<e2m2, exp = -7>> to tensor<?x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @table_shape(%a: tensor<4x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.table' op [T3] expected a result of the operand's shape, found tensor<2x2x!afp.float<e2m2, exp = -7>> from tensor<4x!afp.float<e2m2, exp = -7>>}}
  %0 = afp.table %a {function = "exp"}
      : tensor<4x!afp.float<e2m2, exp = -7>> to tensor<2x2x!afp.float<e2m2, exp = -7>>
  return
}

// -----

// U1: the functions.
func.func @table_unknown(%a: tensor<4x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.table' op [U1] expected one of sigmoid, tanh, exp, log, rsqrt, reciprocal, erf, gelu, silu, hard_swish, hard_sigmoid, elu, abs, found 'sin'}}
  %0 = afp.table %a {function = "sin"}
      : tensor<4x!afp.float<e2m2, exp = -7>> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @table_unnamed(%a: tensor<4xf32>) {
  // expected-error@+1 {{'afp.table' op [U1] expected one of sigmoid, tanh, exp, log, rsqrt, reciprocal, erf, gelu, silu, hard_swish, hard_sigmoid, elu, abs, found ''}}
  %0 = afp.table %a {function = ""}
      : tensor<4xf32> to tensor<4xf32>
  return
}

// -----

// U2: an entry for each code.
func.func @table_values_of_reals(%a: tensor<4xf32>) {
  // expected-error@+1 {{'afp.table' op [U2] expected no 'values' on real numbers, found some}}
  %0 = afp.table %a {function = "exp", values = dense<0> : tensor<4xi8>}
      : tensor<4xf32> to tensor<4xf32>
  return
}

// -----

func.func @table_entries_count(%a: tensor<4x!afp.float<e0m1, exp = 0>>) {
  // expected-error@+1 {{'afp.table' op [U2] expected tensor<4xi8>: a code for each code of e0m1, found tensor<3xi8>}}
  %0 = afp.table %a {function = "exp", values = dense<0> : tensor<3xi8>}
      : tensor<4x!afp.float<e0m1, exp = 0>> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @table_entries_rank(%a: tensor<4x!afp.float<e0m1, exp = 0>>) {
  // expected-error@+1 {{'afp.table' op [U2] expected tensor<4xi8>: a code for each code of e0m1, found tensor<2x2xi8>}}
  %0 = afp.table %a {function = "exp", values = dense<0> : tensor<2x2xi8>}
      : tensor<4x!afp.float<e0m1, exp = 0>> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @table_entries_width(%a: tensor<4x!afp.float<e0m1, exp = 0>>) {
  // expected-error@+1 {{'afp.table' op [U2] expected tensor<4xi16>: a code for each code of e0m1, found tensor<4xi8>}}
  %0 = afp.table %a {function = "exp", values = dense<0> : tensor<4xi8>}
      : tensor<4x!afp.float<e0m1, exp = 0>> to tensor<4x!afp.float<ue0m9, exp = 0>>
  return
}

// -----

func.func @table_entries_unsigned(%a: tensor<4x!afp.float<e0m1, exp = 0>>) {
  // expected-error@+1 {{'afp.table' op [U2] expected tensor<4xi8>: a code for each code of e0m1, found tensor<4xui8>}}
  %0 = afp.table %a {function = "exp", values = dense<0> : tensor<4xui8>}
      : tensor<4x!afp.float<e0m1, exp = 0>> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @table_entries_vector(%a: tensor<4x!afp.float<e0m1, exp = 0>>) {
  // expected-error@+1 {{'afp.table' op [U2] expected tensor<4xi8>: a code for each code of e0m1, found vector<4xi8>}}
  %0 = afp.table %a {function = "exp", values = dense<0> : vector<4xi8>}
      : tensor<4x!afp.float<e0m1, exp = 0>> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @table_entries_huge(%a: tensor<4x!afp.float<e0m1, exp = 0>>) {
  // expected-error@+1 {{'afp.table' op [U2] expected tensor<4xi8>: a code for each code of e0m1, found tensor<9223372036854775807xi8>}}
  %0 = afp.table %a {function = "exp", values = dense<0> : tensor<9223372036854775807xi8>}
      : tensor<4x!afp.float<e0m1, exp = 0>> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @table_entries_not_canonical(%a: tensor<4x!afp.float<e0m1, exp = 0>>) {
  // expected-error@+1 {{'afp.table' op [U2] expected canonical codes of e2m2, found 0x10 at element 3}}
  %0 = afp.table %a {function = "exp", values = dense<[0, 1, 2, 16]> : tensor<4xi8>}
      : tensor<4x!afp.float<e0m1, exp = 0>> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @table_entries_sign_extended(%a: tensor<4x!afp.float<e0m1, exp = 0>>) {
  // expected-error@+1 {{'afp.table' op [U2] expected canonical codes of ue0m9, found 0xffff at element 0}}
  %0 = afp.table %a {function = "exp", values = dense<-1> : tensor<4xi16>}
      : tensor<4x!afp.float<e0m1, exp = 0>> to tensor<4x!afp.float<ue0m9, exp = 0>>
  return
}

// -----

func.func @table_entries_missing(%a: tensor<4x!afp.float<e0m1, exp = 0>>) {
  // expected-error@+1 {{'afp.table' op [U2] expected a payload of as many bytes as the type needs, found none, or of another size: dense_resource<nothing> : tensor<4xi8>}}
  %0 = afp.table %a {function = "exp", values = dense_resource<nothing> : tensor<4xi8>}
      : tensor<4x!afp.float<e0m1, exp = 0>> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

// U3: a narrow operand with a static exponent, and one kind.
func.func @table_wide(%a: tensor<4x!afp.float<e0m8, exp = 0>>) {
  // expected-error@+1 {{'afp.table' op [U3] expected an operand of 8 bits or less, found e0m8 with 9}}
  %0 = afp.table %a {function = "exp"}
      : tensor<4x!afp.float<e0m8, exp = 0>> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @table_dynamic(%a: tensor<4x!afp.float<ue0m8, exp = ?[-12, 3]>>) {
  // expected-error@+1 {{'afp.table' op [U3] expected an operand with a static scale exponent, found ue0m8, exp = ?[-12, 3]}}
  %0 = afp.table %a {function = "exp"}
      : tensor<4x!afp.float<ue0m8, exp = ?[-12, 3]>> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @table_real_to_codes(%a: tensor<4xf32>) {
  // expected-error@+1 {{'afp.table' op [U3] expected operand and result both real or both coded, found real numbers to codes}}
  %0 = afp.table %a {function = "exp"}
      : tensor<4xf32> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @table_codes_to_real(%a: tensor<4x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.table' op [U3] expected operand and result both real or both coded, found codes to real numbers}}
  %0 = afp.table %a {function = "exp"}
      : tensor<4x!afp.float<e2m2, exp = -7>> to tensor<4xf32>
  return
}

// -----

func.func @softmax_exact(%a: tensor<2x4x!afp.exact>) {
  // expected-error@+1 {{'afp.softmax' op operand #0 must be tensor of f32 or !afp.float values, but got 'tensor<2x4x!afp.exact>'}}
  %0 = afp.softmax %a {axis = 1 : i64}
      : tensor<2x4x!afp.exact> to tensor<2x4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @softmax_to_exact(%a: tensor<2x4x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.softmax' op result #0 must be tensor of f32 or !afp.float values, but got 'tensor<2x4x!afp.exact>'}}
  %0 = afp.softmax %a {axis = 1 : i64}
      : tensor<2x4x!afp.float<e2m2, exp = -7>> to tensor<2x4x!afp.exact>
  return
}

// -----

func.func @softmax_no_axis(%a: tensor<2x4x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.softmax' op requires attribute 'axis'}}
  %0 = afp.softmax %a
      : tensor<2x4x!afp.float<e2m2, exp = -7>> to tensor<2x4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @softmax_dynamic_size(%a: tensor<?x4x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.softmax' op [T1] expected a tensor whose sizes are known and positive, found tensor<?x4x!afp.float<e2m2, exp = -7>>}}
  %0 = afp.softmax %a {axis = 1 : i64}
      : tensor<?x4x!afp.float<e2m2, exp = -7>> to tensor<?x4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @softmax_shape(%a: tensor<2x4x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.softmax' op [T3] expected a result of the operand's shape, found tensor<4x2x!afp.float<e2m2, exp = -7>> from tensor<2x4x!afp.float<e2m2, exp = -7>>}}
  %0 = afp.softmax %a {axis = 1 : i64}
      : tensor<2x4x!afp.float<e2m2, exp = -7>> to tensor<4x2x!afp.float<e2m2, exp = -7>>
  return
}

// -----

// S1: the dimension.
func.func @softmax_axis(%a: tensor<2x4x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.softmax' op [S1] expected 'axis' from 0 to 1, found 2}}
  %0 = afp.softmax %a {axis = 2 : i64}
      : tensor<2x4x!afp.float<e2m2, exp = -7>> to tensor<2x4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @softmax_axis_negative(%a: tensor<2x4x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.softmax' op [S1] expected 'axis' from 0 to 1, found -1}}
  %0 = afp.softmax %a {axis = -1 : i64}
      : tensor<2x4x!afp.float<e2m2, exp = -7>> to tensor<2x4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @softmax_scalar(%a: tensor<!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.softmax' op [S1] expected an operand with dimensions, found a scalar}}
  %0 = afp.softmax %a {axis = 0 : i64}
      : tensor<!afp.float<e2m2, exp = -7>> to tensor<!afp.float<e2m2, exp = -7>>
  return
}

// -----

// S2: one kind, and a static exponent.
func.func @softmax_real_to_codes(%a: tensor<2x4xf32>) {
  // expected-error@+1 {{'afp.softmax' op [S2] expected operand and result both real or both coded, found real numbers to codes}}
  %0 = afp.softmax %a {axis = 1 : i64}
      : tensor<2x4xf32> to tensor<2x4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @softmax_codes_to_real(%a: tensor<2x4x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.softmax' op [S2] expected operand and result both real or both coded, found codes to real numbers}}
  %0 = afp.softmax %a {axis = 1 : i64}
      : tensor<2x4x!afp.float<e2m2, exp = -7>> to tensor<2x4xf32>
  return
}

// -----

func.func @softmax_dynamic(%a: tensor<2x4x!afp.float<ue0m8, exp = ?[-12, 3]>>) {
  // expected-error@+1 {{'afp.softmax' op [S2] expected an operand with a static scale exponent, found ue0m8, exp = ?[-12, 3]}}
  %0 = afp.softmax %a {axis = 1 : i64}
      : tensor<2x4x!afp.float<ue0m8, exp = ?[-12, 3]>> to tensor<2x4x!afp.float<e2m2, exp = -7>>
  return
}
