// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(convert-afp-to-kernels{io=codes})' --verify-diagnostics

// Callers pass one kind of codes.
func.func @two_formats(%x: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  // expected-error @-1 {{[AFP0613] an input cannot be passed as codes}}
  // expected-note @-2 {{expected: one format that the input is rounded to}}
  // expected-note-re @-3 {{found: !afp.float<{{e0m7|ue0m8}}, exp = 0>, !afp.float<{{e0m7|ue0m8}}, exp = 0>}}
  // expected-note @-4 {{help: choose one format for all uses of the input, or pass floats}}
  %0 = afp.quantize %x : tensor<2xf32> to tensor<2x!afp.float<e0m7, exp = 0>>
  %1 = afp.quantize %x : tensor<2xf32> to tensor<2x!afp.float<ue0m8, exp = 0>>
  %2 = afp.dequantize %0 : tensor<2x!afp.float<e0m7, exp = 0>> to tensor<2xf32>
  %3 = afp.dequantize %1 : tensor<2x!afp.float<ue0m8, exp = 0>> to tensor<2xf32>
  return %2, %3 : tensor<2xf32>, tensor<2xf32>
}

// -----

func.func @not_rounded(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @-1 {{[AFP0613] an input cannot be passed as codes}}
  // expected-note @-2 {{expected: one format that the input is rounded to}}
  // expected-note @-3 {{found: func.return}}
  // expected-note @-4 {{help: choose one format for all uses of the input, or pass floats}}
  return %x : tensor<2xf32>
}

// -----

// The exponent would have to be passed, too.
func.func @dynamic_input(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @-1 {{[AFP0640] codes with a dynamic scale exponent cannot be passed}}
  // expected-note @-2 {{expected: floats, or codes whose scale exponent is static}}
  // expected-note @-3 {{found: !afp.float<e0m7, exp = ?[-9, 3]>}}
  // expected-note @-4 {{help: compile with --io float, or give the value at the boundary a static scale exponent}}
  %0 = afp.quantize %x : tensor<2xf32> to tensor<2x!afp.float<e0m7, exp = ?[-9, 3]>>
  %1 = afp.encode %0 : tensor<2x!afp.float<e0m7, exp = ?[-9, 3]>> to tensor<2x!afp.float<e0m7, exp = -3>>
  %2 = afp.dequantize %1 : tensor<2x!afp.float<e0m7, exp = -3>> to tensor<2xf32>
  return %2 : tensor<2xf32>
}

// -----

func.func @dynamic_output(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = afp.quantize %x : tensor<2xf32> to tensor<2x!afp.float<e0m7, exp = 0>>
  %1 = afp.encode %0 : tensor<2x!afp.float<e0m7, exp = 0>> to tensor<2x!afp.float<e0m7, exp = ?[-9, 3]>>
  // expected-error @-3 {{[AFP0640] codes with a dynamic scale exponent cannot be passed}}
  // expected-note @-4 {{expected: floats, or codes whose scale exponent is static}}
  // expected-note @-5 {{found: !afp.float<e0m7, exp = ?[-9, 3]>}}
  // expected-note @-6 {{help: compile with --io float, or give the value at the boundary a static scale exponent}}
  %2 = afp.dequantize %1 : tensor<2x!afp.float<e0m7, exp = ?[-9, 3]>> to tensor<2xf32>
  return %2 : tensor<2xf32>
}
