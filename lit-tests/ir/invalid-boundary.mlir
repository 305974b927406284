// What quantize, dequantize and encode refuse: rules T1, T3, F8, Q and E.

// RUN: afp-opt %s -split-input-file -verify-diagnostics

func.func @quantize_codes(%a: tensor<4x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.quantize' op operand #0 must be tensor of 32-bit float values, but got 'tensor<4x!afp.float<e2m2, exp = -7>>'}}
  %0 = afp.quantize %a
      : tensor<4x!afp.float<e2m2, exp = -7>> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @quantize_to_real(%a: tensor<4xf32>) {
  // expected-error@+1 {{'afp.quantize' op result #0 must be tensor of a code of an adaptive floating-point format or an exact dyadic rational values, but got 'tensor<4xf32>'}}
  %0 = afp.quantize %a
      : tensor<4xf32> to tensor<4xf32>
  return
}

// -----

func.func @quantize_double(%a: tensor<4xf64>) {
  // expected-error@+1 {{'afp.quantize' op operand #0 must be tensor of 32-bit float values, but got 'tensor<4xf64>'}}
  %0 = afp.quantize %a
      : tensor<4xf64> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @quantize_scalar(%a: f32) {
  // expected-error@+1 {{'afp.quantize' op operand #0 must be tensor of 32-bit float values, but got 'f32'}}
  %0 = "afp.quantize"(%a) : (f32) -> !afp.float<e2m2, exp = -7>
  return
}

// -----

func.func @quantize_two(%a: tensor<4xf32>) {
  // expected-error@+1 {{'afp.quantize' op requires one result}}
  %0:2 = "afp.quantize"(%a) : (tensor<4xf32>) -> (tensor<4x!afp.float<e2m2, exp = -7>>, tensor<4x!afp.float<e2m2, exp = -7>>)
  return
}

// -----

func.func @quantize_channel_exp_kind(%a: tensor<4xf32>) {
  // expected-error@+1 {{'afp.quantize' op attribute 'channel_exp' failed to satisfy constraint: i32 dense array attribute}}
  %0 = afp.quantize %a {channel_exp = array<i64: 1>}
      : tensor<4xf32> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @quantize_axis_kind(%a: tensor<4xf32>) {
  // expected-error@+1 {{'afp.quantize' op attribute 'axis' failed to satisfy constraint: 64-bit signless integer attribute}}
  %0 = afp.quantize %a {axis = 0 : i32}
      : tensor<4xf32> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @quantize_round_kind(%a: tensor<4xf32>) {
  // expected-error@+1 {{'afp.quantize' op attribute 'round' failed to satisfy constraint: string attribute}}
  %0 = afp.quantize %a {round = 3 : i32}
      : tensor<4xf32> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

// T1: sizes are known and positive.
func.func @quantize_dynamic_size(%a: tensor<?x4xf32>) {
  // expected-error@+1 {{'afp.quantize' op [T1] expected a tensor whose sizes are known and positive, found tensor<?x4xf32>}}
  %0 = afp.quantize %a
      : tensor<?x4xf32> to tensor<?x4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @quantize_result_dynamic_size(%a: tensor<4xf32>) {
  // expected-error@+1 {{'afp.quantize' op [T1] expected a tensor whose sizes are known and positive, found tensor<?x!afp.float<e2m2, exp = -7>>}}
  %0 = afp.quantize %a
      : tensor<4xf32> to tensor<?x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @quantize_unranked(%a: tensor<*xf32>) {
  // expected-error@+1 {{'afp.quantize' op [T1] expected a tensor whose sizes are known and positive, found tensor<*xf32>}}
  %0 = afp.quantize %a
      : tensor<*xf32> to tensor<*x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @quantize_empty(%a: tensor<4x0xf32>) {
  // expected-error@+1 {{'afp.quantize' op [T1] expected a tensor whose sizes are known and positive, found tensor<4x0xf32>}}
  %0 = afp.quantize %a
      : tensor<4x0xf32> to tensor<4x0x!afp.float<e2m2, exp = -7>>
  return
}

// -----

// The number of elements fits 60 bits, whatever the sizes multiply to.
func.func @quantize_huge(%a: tensor<9223372036854775807xf32>) {
  // expected-error@+1 {{'afp.quantize' op [T1] expected fewer than 2^60 elements, found tensor<9223372036854775807xf32>}}
  %0 = afp.quantize %a
      : tensor<9223372036854775807xf32> to tensor<9223372036854775807x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @quantize_product_wraps_to_zero(%a: tensor<4294967296x4294967296xf32>) {
  // expected-error@+1 {{'afp.quantize' op [T1] expected fewer than 2^60 elements, found tensor<4294967296x4294967296xf32>}}
  %0 = afp.quantize %a
      : tensor<4294967296x4294967296xf32> to tensor<4294967296x4294967296x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @quantize_limit(%a: tensor<1048576x1048576x1048576xf32>) {
  // expected-error@+1 {{'afp.quantize' op [T1] expected fewer than 2^60 elements, found}}
  %0 = afp.quantize %a
      : tensor<1048576x1048576x1048576xf32> to tensor<1048576x1048576x1048576x!afp.float<e2m2, exp = -7>>
  return
}

// -----

// T3: the same shape.
func.func @quantize_shape(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.quantize' op [T3] expected a result of the operand's shape, found tensor<3x2x!afp.float<e2m2, exp = -7>> from tensor<2x3xf32>}}
  %0 = afp.quantize %a
      : tensor<2x3xf32> to tensor<3x2x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @quantize_rank(%a: tensor<6xf32>) {
  // expected-error@+1 {{'afp.quantize' op [T3] expected a result of the operand's shape, found tensor<2x3x!afp.float<e2m2, exp = -7>> from tensor<6xf32>}}
  %0 = afp.quantize %a
      : tensor<6xf32> to tensor<2x3x!afp.float<e2m2, exp = -7>>
  return
}

// -----

// E4: the name of the rounding.
func.func @quantize_round(%a: tensor<4xf32>) {
  // expected-error@+1 {{'afp.quantize' op [E4] expected 'half_up', 'half_even' or 'half_away' in 'round', found 'HALF_UP'}}
  %0 = afp.quantize %a {round = "HALF_UP"}
      : tensor<4xf32> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @quantize_round_empty(%a: tensor<4xf32>) {
  // expected-error@+1 {{'afp.quantize' op [E4] expected 'half_up', 'half_even' or 'half_away' in 'round', found ''}}
  %0 = afp.quantize %a {round = ""}
      : tensor<4xf32> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

// Q2: an exact result has a grid.
func.func @quantize_no_grid(%a: tensor<4xf32>) {
  // expected-error@+1 {{'afp.quantize' op [Q2] expected 'channel_exp', the grid of an exact result, found none}}
  %0 = afp.quantize %a
      : tensor<4xf32> to tensor<4x!afp.exact>
  return
}

// -----

// Q4: one exponent per channel, or one for all.
func.func @quantize_channels(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.quantize' op [Q4] expected 1 or 2 or 6 exponents in 'channel_exp', found 3}}
  %0 = afp.quantize %a {channel_exp = array<i32: 0, 0, 0>}
      : tensor<2x3xf32> to tensor<2x3x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @quantize_channels_of_axis(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.quantize' op [Q4] expected 1 or 3 exponents in 'channel_exp', found 2}}
  %0 = afp.quantize %a {axis = 1 : i64, channel_exp = array<i32: 0, 0>}
      : tensor<2x3xf32> to tensor<2x3x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @quantize_no_channels(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.quantize' op [Q4] expected 1 or 2 or 6 exponents in 'channel_exp', found 0}}
  %0 = afp.quantize %a {channel_exp = array<i32>}
      : tensor<2x3xf32> to tensor<2x3x!afp.exact>
  return
}

// -----

func.func @quantize_axis(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.quantize' op [Q4] expected 'axis' from 0 to 1, found 2}}
  %0 = afp.quantize %a {axis = 2 : i64}
      : tensor<2x3xf32> to tensor<2x3x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @quantize_negative_axis(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.quantize' op [Q4] expected 'axis' from 0 to 1, found -1}}
  %0 = afp.quantize %a {axis = -1 : i64, channel_exp = array<i32: 0>}
      : tensor<2x3xf32> to tensor<2x3x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @quantize_least_axis(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.quantize' op [Q4] expected 'axis' from 0 to 1, found -9223372036854775808}}
  %0 = afp.quantize %a {axis = -9223372036854775808 : i64}
      : tensor<2x3xf32> to tensor<2x3x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @quantize_scalar_axis(%a: tensor<f32>) {
  // expected-error@+1 {{'afp.quantize' op [Q4] expected 'axis' from 0 to 0, found 1}}
  %0 = afp.quantize %a {axis = 1 : i64}
      : tensor<f32> to tensor<!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @quantize_scalar_channels(%a: tensor<f32>) {
  // expected-error@+1 {{'afp.quantize' op [Q4] expected 1 exponents in 'channel_exp', found 2}}
  %0 = afp.quantize %a {channel_exp = array<i32: 0, 0>}
      : tensor<f32> to tensor<!afp.float<e2m2, exp = -7>>
  return
}

// -----

// F8: scale exponents lie within +-4096.
func.func @quantize_exponent(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.quantize' op [F8] expected scale exponents within +-4096, found 4097}}
  %0 = afp.quantize %a {channel_exp = array<i32: 0, 4097>}
      : tensor<2x3xf32> to tensor<2x3x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @quantize_least_exponent(%a: tensor<2x3xf32>) {
  // expected-error@+1 {{'afp.quantize' op [F8] expected scale exponents within +-4096, found -2147483648}}
  %0 = afp.quantize %a {channel_exp = array<i32: -2147483648>}
      : tensor<2x3xf32> to tensor<2x3x!afp.exact>
  return
}

// -----

func.func @dequantize_real(%a: tensor<4xf32>) {
  // expected-error@+1 {{'afp.dequantize' op operand #0 must be tensor of a code of an adaptive floating-point format values, but got 'tensor<4xf32>'}}
  %0 = afp.dequantize %a
      : tensor<4xf32> to tensor<4xf32>
  return
}

// -----

func.func @dequantize_exact(%a: tensor<4x!afp.exact>) {
  // expected-error@+1 {{'afp.dequantize' op operand #0 must be tensor of a code of an adaptive floating-point format values, but got 'tensor<4x!afp.exact>'}}
  %0 = afp.dequantize %a
      : tensor<4x!afp.exact> to tensor<4xf32>
  return
}

// -----

func.func @dequantize_to_codes(%a: tensor<4x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.dequantize' op result #0 must be tensor of 32-bit float values, but got 'tensor<4x!afp.float<e2m2, exp = -7>>'}}
  %0 = afp.dequantize %a
      : tensor<4x!afp.float<e2m2, exp = -7>> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @dequantize_dynamic_size(%a: tensor<?x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.dequantize' op [T1] expected a tensor whose sizes are known and positive, found tensor<?x!afp.float<e2m2, exp = -7>>}}
  %0 = afp.dequantize %a
      : tensor<?x!afp.float<e2m2, exp = -7>> to tensor<?xf32>
  return
}

// -----

func.func @dequantize_shape(%a: tensor<4x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.dequantize' op [T3] expected a result of the operand's shape, found tensor<4x1xf32> from tensor<4x!afp.float<e2m2, exp = -7>>}}
  %0 = afp.dequantize %a
      : tensor<4x!afp.float<e2m2, exp = -7>> to tensor<4x1xf32>
  return
}

// -----

func.func @dequantize_channels(%a: tensor<2x3x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.dequantize' op [Q4] expected 1 or 3 exponents in 'channel_exp', found 2}}
  %0 = afp.dequantize %a {axis = 1 : i64, channel_exp = array<i32: 0, 0>}
      : tensor<2x3x!afp.float<e2m2, exp = -7>> to tensor<2x3xf32>
  return
}

// -----

func.func @dequantize_axis(%a: tensor<2x3x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.dequantize' op [Q4] expected 'axis' from 0 to 1, found 5}}
  %0 = afp.dequantize %a {axis = 5 : i64}
      : tensor<2x3x!afp.float<e2m2, exp = -7>> to tensor<2x3xf32>
  return
}

// -----

func.func @dequantize_exponent(%a: tensor<2x3x!afp.float<e2m2, exp = -7>>) {
  // expected-error@+1 {{'afp.dequantize' op [F8] expected scale exponents within +-4096, found -5000}}
  %0 = afp.dequantize %a {channel_exp = array<i32: -5000>}
      : tensor<2x3x!afp.float<e2m2, exp = -7>> to tensor<2x3xf32>
  return
}

// -----

func.func @encode_integers(%a: tensor<4xi8>) {
  // expected-error@+1 {{'afp.encode' op operand #0 must be tensor of f32, !afp.float or !afp.exact values, but got 'tensor<4xi8>'}}
  %0 = afp.encode %a
      : tensor<4xi8> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @encode_to_exact(%a: tensor<4x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op result #0 must be tensor of f32 or !afp.float values, but got 'tensor<4x!afp.exact>'}}
  %0 = afp.encode %a
      : tensor<4x!afp.exact> to tensor<4x!afp.exact>
  return
}

// -----

func.func @encode_limit_kind(%a: tensor<4x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op attribute 'lo' failed to satisfy constraint: i32 dense array attribute or f32 dense array attribute}}
  %0 = afp.encode %a {lo = 0 : i32}
      : tensor<4x!afp.exact> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @encode_divisor_kind(%a: tensor<4x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op attribute 'divisor' failed to satisfy constraint: i64 dense array attribute}}
  %0 = afp.encode %a {divisor = 3 : i64}
      : tensor<4x!afp.exact> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @encode_dynamic_size(%a: tensor<?x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [T1] expected a tensor whose sizes are known and positive, found tensor<?x!afp.exact>}}
  %0 = afp.encode %a
      : tensor<?x!afp.exact> to tensor<?x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @encode_shape(%a: tensor<4x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [T3] expected a result of the operand's shape, found tensor<5x!afp.float<e2m2, exp = -7>> from tensor<4x!afp.exact>}}
  %0 = afp.encode %a
      : tensor<4x!afp.exact> to tensor<5x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @encode_round(%a: tensor<4x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [E4] expected 'half_up', 'half_even' or 'half_away' in 'round', found 'nearest'}}
  %0 = afp.encode %a {round = "nearest"}
      : tensor<4x!afp.exact> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

// E8: real numbers become codes by quantize alone.
func.func @encode_real_to_codes(%a: tensor<4xf32>) {
  // expected-error@+1 {{'afp.encode' op [E8] expected an exact or coded operand; a real one becomes codes by afp.quantize, found f32 to !afp.float<e2m2, exp = -7>}}
  %0 = afp.encode %a
      : tensor<4xf32> to tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

// E7: the divisor.
func.func @encode_divisor_zero(%a: tensor<1x2x2x3x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [E7] expected a divisor of at least 1, found 0}}
  %0 = afp.encode %a {divisor = array<i64: 0>}
      : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @encode_divisor_negative(%a: tensor<1x2x2x3x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [E7] expected a divisor of at least 1, found -9223372036854775808}}
  %0 = afp.encode %a {divisor = array<i64: 1, 1, 1, -9223372036854775808>}
      : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @encode_divisor_count(%a: tensor<1x2x2x3x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [E7] expected 1 divisor, or 4: one per spatial position, found 3}}
  %0 = afp.encode %a {divisor = array<i64: 1, 1, 1>}
      : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @encode_divisor_none(%a: tensor<1x2x2x3x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [E7] expected 1 divisor, or 4: one per spatial position, found 0}}
  %0 = afp.encode %a {divisor = array<i64>}
      : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @encode_divisor_no_map(%a: tensor<2x2x3x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [E7] expected 1 divisor, because the result is no feature map, found 4}}
  %0 = afp.encode %a {divisor = array<i64: 1, 1, 1, 1>}
      : tensor<2x2x3x!afp.exact> to tensor<2x2x3x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @encode_divisor_huge_map(%a: tensor<1x536870912x536870912x1x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [E7] expected 1 divisor, or 288230376151711744: one per spatial position, found 2}}
  %0 = afp.encode %a {divisor = array<i64: 1, 1>}
      : tensor<1x536870912x536870912x1x!afp.exact> to tensor<1x536870912x536870912x1x!afp.float<e2m2, exp = -7>>
  return
}

// -----

// E6: limits are canonical codes of the result type, or real numbers, lo <= hi by value.
func.func @encode_real_limits_of_codes(%a: tensor<1x2x2x3x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [E6] expected codes as array<i32> in 'lo', for a coded result, found array<f32: 0.000000e+00>}}
  %0 = afp.encode %a {lo = array<f32: 0.0>}
      : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @encode_codes_as_limits_of_reals(%a: tensor<1x2x2x3x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [E6] expected real numbers as array<f32> in 'hi', for a real result, found array<i32: 6>}}
  %0 = afp.encode %a {hi = array<i32: 6>}
      : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3xf32>
  return
}

// -----

func.func @encode_negative_zero(%a: tensor<1x2x2x3x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [E6] expected canonical codes of e2m2 in 'lo', found 16}}
  %0 = afp.encode %a {lo = array<i32: 16>}
      : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @encode_code_above_width(%a: tensor<1x2x2x3x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [E6] expected canonical codes of e2m2 in 'hi', found 32}}
  %0 = afp.encode %a {hi = array<i32: 0, 32, 0>}
      : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @encode_negative_code(%a: tensor<1x2x2x3x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [E6] expected canonical codes of e2m2 in 'lo', found -1}}
  %0 = afp.encode %a {lo = array<i32: -1>}
      : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @encode_code_beyond_16_bits(%a: tensor<1x2x2x3x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [E6] expected canonical codes of e2m2 in 'hi', found 65537}}
  %0 = afp.encode %a {hi = array<i32: 65537>}
      : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @encode_least_code(%a: tensor<1x2x2x3x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [E6] expected canonical codes of e0m7 in 'lo', found 128}}
  %0 = afp.encode %a {lo = array<i32: 128>}
      : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3x!afp.float<e0m7, exp = 0>>
  return
}

// -----

func.func @encode_limit_count(%a: tensor<1x2x2x3x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [E6] expected 1 or 3 limits in 'lo', found 2}}
  %0 = afp.encode %a {lo = array<i32: 0, 0>}
      : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @encode_limit_none(%a: tensor<1x2x2x3x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [E6] expected 1 or 3 limits in 'hi', found 0}}
  %0 = afp.encode %a {hi = array<i32>}
      : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @encode_limits_crossed(%a: tensor<1x2x2x3x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [E6] expected a lower limit that is not above the upper one, found 4 and 3}}
  %0 = afp.encode %a {lo = array<i32: 4>, hi = array<i32: 3>}
      : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3x!afp.float<e2m2, exp = -7>>
  return
}

// -----

// By value: the codes 17 and 18 of e2m2 are -1 and -2.
func.func @encode_limits_crossed_by_value(%a: tensor<1x2x2x3x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [E6] expected a lower limit that is not above the upper one, found -1 and -2}}
  %0 = afp.encode %a {lo = array<i32: 17>, hi = array<i32: 15, 18, 15>}
      : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @encode_real_limit_count(%a: tensor<1x2x2x3x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [E6] expected 1 or 3 limits in 'lo', found 4}}
  %0 = afp.encode %a {lo = array<f32: 0.0, 0.0, 0.0, 0.0>}
      : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3xf32>
  return
}

// -----

func.func @encode_real_limit_nan(%a: tensor<1x2x2x3x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [E6] expected numbers in 'hi', found NaN}}
  %0 = afp.encode %a {hi = array<f32: 1.0, 0x7FC00000, 1.0>}
      : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3xf32>
  return
}

// -----

func.func @encode_real_limits_crossed(%a: tensor<1x2x2x3x!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [E6] expected a lower limit that is not above the upper one, found 6.5 and 6}}
  %0 = afp.encode %a {lo = array<f32: 0.0, 6.5, 0.0>, hi = array<f32: 6.0>}
      : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3xf32>
  return
}

// -----

func.func @encode_scalar_limits(%a: tensor<!afp.exact>) {
  // expected-error@+1 {{'afp.encode' op [E6] expected 1 or 1 limits in 'lo', found 2}}
  %0 = afp.encode %a {lo = array<i32: 0, 0>}
      : tensor<!afp.exact> to tensor<!afp.float<e2m2, exp = -7>>
  return
}
