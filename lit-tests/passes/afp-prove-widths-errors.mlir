// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths)' --verify-diagnostics

// 255 * 2^55 + 255 fits 63 bits, 255 * 2^56 + 255 does not; all that does not fit is reported.
func.func @alignment(%x: tensor<2x!afp.float<ue0m8, exp = 0>>, %y: tensor<2x!afp.float<ue0m8, exp = 55>>, %z: tensor<2x!afp.float<ue0m8, exp = 56>>, %w: tensor<2x!afp.float<ue0m8, exp = 4000>>) -> (tensor<2x!afp.exact>, tensor<2x!afp.exact>, tensor<2x!afp.exact>) {
  %0 = afp.add %x, %y : (tensor<2x!afp.float<ue0m8, exp = 0>>, tensor<2x!afp.float<ue0m8, exp = 55>>) -> tensor<2x!afp.exact>
  // expected-error @+4 {{[W1] an exact value of afp.add does not fit its integers}}
  // expected-note @+3 {{expected: at most 63 bits of magnitude, with every intermediate sum}}
  // expected-note @+2 {{found: 64}}
  // expected-note @+1 {{help: operands whose scale exponents lie closer together, or formats with fewer exponent bits}}
  %1 = afp.add %x, %z : (tensor<2x!afp.float<ue0m8, exp = 0>>, tensor<2x!afp.float<ue0m8, exp = 56>>) -> tensor<2x!afp.exact>
  // expected-error @+4 {{[W1] an exact value of afp.add does not fit its integers}}
  // expected-note @+3 {{expected: }}
  // expected-note @+2 {{found: more than 126}}
  // expected-note @+1 {{help: }}
  %2 = afp.add %x, %w : (tensor<2x!afp.float<ue0m8, exp = 0>>, tensor<2x!afp.float<ue0m8, exp = 4000>>) -> tensor<2x!afp.exact>
  return %0, %1, %2 : tensor<2x!afp.exact>, tensor<2x!afp.exact>, tensor<2x!afp.exact>
}

// -----

// The sum fits, 63 bits of ones; with the rounding half it does not.
func.func @rounding(%x: tensor<1x!afp.float<ue0m8, exp = 0>>) -> tensor<1x!afp.float<ue0m8, exp = 55>> {
  %c = afp.constant dense<9223372036854775552> : tensor<1xi64> {channel_exp = array<i32: 0>} : tensor<1x!afp.exact>
  %0 = afp.add %x, %c : (tensor<1x!afp.float<ue0m8, exp = 0>>, tensor<1x!afp.exact>) -> tensor<1x!afp.exact>
  // expected-error @+4 {{[W1] an exact value of afp.encode does not fit its integers}}
  // expected-note @+3 {{expected: }}
  // expected-note @+2 {{found: 64}}
  // expected-note @+1 {{help: }}
  %1 = afp.encode %0 : tensor<1x!afp.exact> to tensor<1x!afp.float<ue0m8, exp = 55>>
  return %1 : tensor<1x!afp.float<ue0m8, exp = 55>>
}

// -----

// Exact values of which nothing is known.
func.func @argument(%x: tensor<2x!afp.exact>, %w: tensor<1x2x!afp.float<e0m7, exp = 0>>) -> (tensor<2x!afp.float<ue0m8, exp = 0>>, tensor<1x1x!afp.exact>) {
  // expected-error @+4 {{[W1] an exact value of afp.encode does not fit its integers}}
  // expected-note @+3 {{expected: }}
  // expected-note @+2 {{found: more than 126}}
  // expected-note @+1 {{help: }}
  %0 = afp.encode %x : tensor<2x!afp.exact> to tensor<2x!afp.float<ue0m8, exp = 0>>
  // expected-error @+4 {{[W1] an exact value of afp.fully_connected does not fit its integers}}
  // expected-note @+3 {{expected: }}
  // expected-note @+2 {{found: more than 126}}
  // expected-note @+1 {{help: weights that are no constant codes have no bound: run afp-encode-weights before afp-prove-widths}}
  %1 = afp.fully_connected %w, %w : (tensor<1x2x!afp.float<e0m7, exp = 0>>, tensor<1x2x!afp.float<e0m7, exp = 0>>) -> tensor<1x1x!afp.exact>
  return %0, %1 : tensor<2x!afp.float<ue0m8, exp = 0>>, tensor<1x1x!afp.exact>
}
