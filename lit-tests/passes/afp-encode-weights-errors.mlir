// RUN: split-file %s %t
// RUN: afp-opt %t/constants.mlir --split-input-file --pass-pipeline='builtin.module(afp-encode-weights)' --verify-diagnostics
// RUN: not afp-opt %t/empty.mlir --pass-pipeline='builtin.module(afp-encode-weights{exponents=gptq})' 2>&1 | FileCheck %s

// CHECK: error: [AFP0201] bad value for option 'exponents' of pass afp-encode-weights
// CHECK: note: expected: search or max
// CHECK: note: found: 'gptq'

//--- empty.mlir
module {}

//--- constants.mlir
func.func @nan() -> tensor<2x2x!afp.float<e2m2, exp = 0>> {
  // expected-error @+3 {{[AFP0311] constant is not finite}}
  // expected-note @+2 {{expected: finite numbers}}
  // expected-note @+1 {{found: NaN at element 2 of tensor<2x2xf32>}}
  %w = "tosa.const"() <{values = dense<[[0.0, 1.0], [0x7FC00000, 2.0]]> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
  %q = afp.quantize %w : tensor<2x2xf32> to tensor<2x2x!afp.float<e2m2, exp = 0>>
  return %q : tensor<2x2x!afp.float<e2m2, exp = 0>>
}

// -----

// In weights, with their name; the location is a name and has no line.
// expected-error @unknown {{[AFP0311] constant 'conv1.weight' is not finite}}
// expected-note @unknown {{expected: }}
// expected-note @unknown {{found: -inf at element 0 of tensor<1x2xf32>}}
func.func @infinite(%x: tensor<1x2x!afp.float<e0m7, exp = 0>>) -> tensor<1x1x!afp.exact> {
  %w = "tosa.const"() <{values = dense<[[0xFF800000, 2.0]]> : tensor<1x2xf32>}> : () -> tensor<1x2xf32> loc("conv1.weight")
  %q = afp.quantize %w : tensor<1x2xf32> to tensor<1x2x!afp.float<e2m2, exp = 0>> loc("conv1.weight")
  %y = afp.fully_connected %x, %q : (tensor<1x2x!afp.float<e0m7, exp = 0>>, tensor<1x2x!afp.float<e2m2, exp = 0>>) -> tensor<1x1x!afp.exact>
  return %y : tensor<1x1x!afp.exact>
}

// -----

func.func @no_payload() -> tensor<2xf32> {
  %w = "tosa.const"() <{values = dense_resource<missing> : tensor<2xf32>}> : () -> tensor<2xf32>
  // expected-error @+3 {{[AFP0312] a constant has no readable payload}}
  // expected-note @+2 {{expected: the bytes of tensor<2xf32>}}
  // expected-note @+1 {{found: none, or of another size}}
  %q = afp.quantize %w : tensor<2xf32> to tensor<2x!afp.float<e2m2, exp = 0>>
  %d = afp.dequantize %q : tensor<2x!afp.float<e2m2, exp = 0>> to tensor<2xf32>
  return %d : tensor<2xf32>
}

// -----

func.func @bias_too_large() -> tensor<2x!afp.exact> {
  %b = "tosa.const"() <{values = dense<[1.0, -16.0]> : tensor<2xf32>}> : () -> tensor<2xf32>
  // expected-error @+4 {{[AFP0313] a bias does not fit the grid of its accumulator}}
  // expected-note @+3 {{expected: integers of at most 63 bits}}
  // expected-note @+2 {{found: 16.0 at scale exponents [-60]}}
  // expected-note @+1 {{help: give its operator's input and weights other formats}}
  %q = afp.quantize %b {channel_exp = array<i32: -60>} : tensor<2xf32> to tensor<2x!afp.exact>
  return %q : tensor<2x!afp.exact>
}

// -----

!x = tensor<1x2x!afp.float<e0m7, exp = 0>>
!w = tensor<2x2x!afp.float<e2m2, exp = 0>>
func.func @given_exponents(%x: !x) -> tensor<1x2x!afp.exact> {
  %w = "tosa.const"() <{values = dense<1.0> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
  %q = afp.quantize %w : tensor<2x2xf32> to !w
  // expected-error @+4 {{[AFP0316] 'afp.weight_exp' does not fit the weights 'fc'}}
  // expected-note @+3 {{expected: 2 scale exponents within +-4096, one per output channel, as array<i32>}}
  // expected-note @+2 {{found: 1 exponents}}
  // expected-note @+1 {{help: remove the attribute: exponents are chosen then}}
  %y = afp.fully_connected %x, %q {afp.name = "fc", afp.weight_exp = array<i32: 0>} : (!x, !w) -> tensor<1x2x!afp.exact>
  return %y : tensor<1x2x!afp.exact>
}
