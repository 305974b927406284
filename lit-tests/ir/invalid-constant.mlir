// What constant refuses: rules T1, F8 and K.

// RUN: afp-opt %s -split-input-file -verify-diagnostics

func.func @constant_real() {
  // expected-error@+1 {{'afp.constant' op result #0 must be tensor of a code of an adaptive floating-point format or an exact dyadic rational values, but got 'tensor<4xf32>'}}
  %0 = afp.constant dense<0> : tensor<4xi8> : tensor<4xf32>
  return
}

// -----

func.func @constant_no_elements() {
  // expected-error@+1 {{'afp.constant' invalid kind of attribute specified}}
  %0 = afp.constant 3 : i8 : tensor<!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @constant_no_elements_generic() {
  // expected-error@+1 {{invalid properties {value = 3 : i8} for op afp.constant}}
  %0 = "afp.constant"() <{value = 3 : i8}> : () -> tensor<!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @constant_no_value() {
  // expected-error@+1 {{'afp.constant' op requires attribute 'value'}}
  %0 = "afp.constant"() : () -> tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @constant_dynamic_size() {
  // expected-error@+1 {{'afp.constant' op [T1] expected a tensor whose sizes are known and positive, found tensor<?x!afp.float<e2m2, exp = -7>>}}
  %0 = afp.constant dense<0> : tensor<4xi8> : tensor<?x!afp.float<e2m2, exp = -7>>
  return
}

// -----

// K1: the payload has the shape, and the bytes.
func.func @constant_shape() {
  // expected-error@+1 {{'afp.constant' op [K1] expected a value of type tensor<2x2x!afp.float<e2m2, exp = -7>>, found tensor<4xi8>}}
  %0 = afp.constant dense<0> : tensor<4xi8> : tensor<2x2x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @constant_vector() {
  // expected-error@+1 {{'afp.constant' op [K1] expected a value of type tensor<4x!afp.float<e2m2, exp = -7>>, found vector<4xi8>}}
  %0 = afp.constant dense<0> : vector<4xi8> : tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @constant_missing_blob() {
  // expected-error@+1 {{'afp.constant' op [K1] expected a payload of as many bytes as the type needs, found none, or of another size: dense_resource<nowhere> : tensor<4xi8>}}
  %0 = afp.constant dense_resource<nowhere> : tensor<4xi8> : tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @constant_short_blob() {
  // expected-error@+1 {{'afp.constant' op [K1] expected a payload of as many bytes as the type needs, found none, or of another size: dense_resource<short> : tensor<4xi8>}}
  %0 = afp.constant dense_resource<short> : tensor<4xi8> : tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

{-#
  dialect_resources: {
    builtin: {
      short: "0x01000000000F1F"
    }
  }
#-}

// -----

func.func @constant_long_blob() {
  // expected-error@+1 {{'afp.constant' op [K1] expected a payload of as many bytes as the type needs, found none, or of another size: dense_resource<long> : tensor<4xi8>}}
  %0 = afp.constant dense_resource<long> : tensor<4xi8> : tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

{-#
  dialect_resources: {
    builtin: {
      long: "0x01000000000F1F0000"
    }
  }
#-}

// -----

func.func @constant_sparse() {
  // expected-error@+1 {{'afp.constant' op [K1] expected a payload of as many bytes as the type needs, found none, or of another size: sparse<0, 1> : tensor<4xi8>}}
  %0 = afp.constant sparse<0, 1> : tensor<4xi8> : tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @exact_missing_blob() {
  // expected-error@+1 {{'afp.constant' op [K1] expected a payload of as many bytes as the type needs, found none, or of another size: dense_resource<absent> : tensor<4xi32>}}
  %0 = afp.constant dense_resource<absent> : tensor<4xi32> {channel_exp = array<i32: 0>} : tensor<4x!afp.exact>
  return
}

// -----

func.func @exact_short_blob() {
  // expected-error@+1 {{'afp.constant' op [K1] expected a payload of as many bytes as the type needs, found none, or of another size: dense_resource<narrow> : tensor<2xi64>}}
  %0 = afp.constant dense_resource<narrow> : tensor<2xi64> {channel_exp = array<i32: 0>} : tensor<2x!afp.exact>
  return
}

{-#
  dialect_resources: {
    builtin: {
      narrow: "0x080000000100000002000000"
    }
  }
#-}

// -----

func.func @exact_blob_of_a_huge_type() {
  // expected-error@+1 {{'afp.constant' op [K1] expected a payload of as many bytes as the type needs, found none, or of another size: dense_resource<tiny> : tensor<33554432x33554432xi64>}}
  %0 = afp.constant dense_resource<tiny> : tensor<33554432x33554432xi64> {channel_exp = array<i32: 0>} : tensor<33554432x33554432x!afp.exact>
  return
}

{-#
  dialect_resources: {
    builtin: {
      tiny: "0x0800000001"
    }
  }
#-}

// -----

// K2: what the payload is made of.
func.func @constant_wide_payload() {
  // expected-error@+1 {{'afp.constant' op [K2] expected codes of e2m2 as i8, found tensor<4xi16>}}
  %0 = afp.constant dense<0> : tensor<4xi16> : tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @constant_narrow_payload() {
  // expected-error@+1 {{'afp.constant' op [K2] expected codes of e5m10 as i16, found tensor<4xi8>}}
  %0 = afp.constant dense<0> : tensor<4xi8> : tensor<4x!afp.float<e5m10, exp = 0>>
  return
}

// -----

func.func @constant_unsigned_payload() {
  // expected-error@+1 {{'afp.constant' op [K2] expected codes of e2m2 as i8, found tensor<4xui8>}}
  %0 = afp.constant dense<0> : tensor<4xui8> : tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @constant_float_payload() {
  // expected-error@+1 {{'afp.constant' op [K2] expected codes of e2m2 as i8, found tensor<4xf32>}}
  %0 = afp.constant dense<0.0> : tensor<4xf32> : tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @constant_index_payload() {
  // expected-error@+1 {{'afp.constant' op [K2] expected codes of e2m2 as i8, found tensor<4xindex>}}
  %0 = afp.constant dense<0> : tensor<4xindex> : tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @constant_text_payload() {
  // expected-error@+1 {{'afp.constant' op [K2] expected codes of e2m2 as i8, found tensor<2x!afp.exact>}}
  %0 = afp.constant dense<["a", "b"]> : tensor<2x!afp.exact> : tensor<2x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @exact_narrow_payload() {
  // expected-error@+1 {{'afp.constant' op [K2] expected integers as i32 or i64, found tensor<4xi16>}}
  %0 = afp.constant dense<0> : tensor<4xi16> {channel_exp = array<i32: 0>} : tensor<4x!afp.exact>
  return
}

// -----

func.func @exact_unsigned_payload() {
  // expected-error@+1 {{'afp.constant' op [K2] expected integers as i32 or i64, found tensor<4xui32>}}
  %0 = afp.constant dense<4294967295> : tensor<4xui32> {channel_exp = array<i32: 0>} : tensor<4x!afp.exact>
  return
}

// -----

func.func @exact_wide_payload() {
  // expected-error@+1 {{'afp.constant' op [K2] expected integers as i32 or i64, found tensor<4xi128>}}
  %0 = afp.constant dense<0> : tensor<4xi128> {channel_exp = array<i32: 0>} : tensor<4x!afp.exact>
  return
}

// -----

// K3: canonical codes, and nothing above them.
func.func @constant_negative_zero() {
  // expected-error@+1 {{'afp.constant' op [K3] expected canonical codes of e2m2, found 0x10 at element 2}}
  %0 = afp.constant dense<[0, 15, 16, 31]> : tensor<4xi8> : tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @constant_above_width() {
  // expected-error@+1 {{'afp.constant' op [K3] expected canonical codes of e2m2, found 0x20 at element 0}}
  %0 = afp.constant dense<[32, 0]> : tensor<2xi8> : tensor<2x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @constant_sign_extended() {
  // expected-error@+1 {{'afp.constant' op [K3] expected canonical codes of e2m2, found 0xff at element 1}}
  %0 = afp.constant dense<[0, -1]> : tensor<2xi8> : tensor<2x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @constant_least() {
  // expected-error@+1 {{'afp.constant' op [K3] expected canonical codes of e0m7, found 0x80 at element 0}}
  %0 = afp.constant dense<-128> : tensor<4xi8> : tensor<4x!afp.float<e0m7, exp = 0>>
  return
}

// -----

func.func @constant_least_16() {
  // expected-error@+1 {{'afp.constant' op [K3] expected canonical codes of e0m15, found 0x8000 at element 1}}
  %0 = afp.constant dense<[1, -32768]> : tensor<2xi16> : tensor<2x!afp.float<e0m15, exp = 0>>
  return
}

// -----

func.func @constant_huge_splat() {
  // expected-error@+1 {{'afp.constant' op [K3] expected canonical codes of e2m2, found 0x10 at element 0}}
  %0 = afp.constant dense<16> : tensor<1048576x1048576x1024xi8> : tensor<1048576x1048576x1024x!afp.float<e2m2, exp = -7>>
  return
}

// -----

func.func @constant_bad_blob() {
  // expected-error@+1 {{'afp.constant' op [K3] expected canonical codes of e2m2, found 0x10 at element 3}}
  %0 = afp.constant dense_resource<bad> : tensor<4xi8> : tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

{-#
  dialect_resources: {
    builtin: {
      bad: "0x01000000000F1F10"
    }
  }
#-}

// -----

// K4: exponents of exact constants, and of none but those.
func.func @exact_no_exponents() {
  // expected-error@+1 {{'afp.constant' op [K4] expected 'channel_exp', the exponents of an exact constant, found none}}
  %0 = afp.constant dense<0> : tensor<4xi32> : tensor<4x!afp.exact>
  return
}

// -----

func.func @exact_exponent_count() {
  // expected-error@+1 {{'afp.constant' op [K4] expected 1 or 3 exponents in 'channel_exp', found 2}}
  %0 = afp.constant dense<0> : tensor<2x3xi32> {channel_exp = array<i32: 0, 0>} : tensor<2x3x!afp.exact>
  return
}

// -----

func.func @exact_exponents_empty() {
  // expected-error@+1 {{'afp.constant' op [K4] expected 1 or 3 exponents in 'channel_exp', found 0}}
  %0 = afp.constant dense<0> : tensor<2x3xi32> {channel_exp = array<i32>} : tensor<2x3x!afp.exact>
  return
}

// -----

func.func @exact_exponent() {
  // expected-error@+1 {{'afp.constant' op [F8] expected scale exponents within +-4096, found -2147483648}}
  %0 = afp.constant dense<0> : tensor<2x3xi32> {channel_exp = array<i32: -2147483648>} : tensor<2x3x!afp.exact>
  return
}

// -----

func.func @constant_with_exponents() {
  // expected-error@+1 {{'afp.constant' op [K4] expected 'channel_exp' on exact constants only, found codes}}
  %0 = afp.constant dense<0> : tensor<4xi8> {channel_exp = array<i32: 0>} : tensor<4x!afp.float<e2m2, exp = -7>>
  return
}

// -----

// K5: the scale exponent is static.
func.func @constant_dynamic() {
  // expected-error@+1 {{'afp.constant' op [K5] expected a static scale exponent, found ue0m8, exp = ?[-12, 3]}}
  %0 = afp.constant dense<0> : tensor<4xi8> : tensor<4x!afp.float<ue0m8, exp = ?[-12, 3]>>
  return
}
