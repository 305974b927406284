// RUN: split-file %s %t
// RUN: afp-opt %t/wishes.mlir --split-input-file --pass-pipeline='builtin.module(afp-equalize)' --verify-diagnostics
// RUN: not afp-opt %t/empty.mlir --pass-pipeline='builtin.module(afp-equalize{factors=integer})' 2>&1 | FileCheck %s

// CHECK: error: [AFP0201] bad value for option 'factors' of pass afp-equalize
// CHECK: note: expected: power-of-two or real
// CHECK: note: found: 'integer'

//--- empty.mlir
module {}

//--- wishes.mlir
func.func @count(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  // expected-error @+4 {{[AFP0317] 'afp.channel_scale' does not fit 'image'}}
  // expected-note @+3 {{expected: 2 numbers within +-126 or NaN, one per channel, as array<f64>}}
  // expected-note @+2 {{found: 3 numbers}}
  // expected-note @+1 {{help: remove the attribute: channels keep their scale then}}
  %0 = afp.encode %x {afp.name = "image", afp.channel_scale = array<f64: 1.0, 2.0, 3.0>} : tensor<1x2xf32> to tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}

// -----

func.func @range(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  // expected-error @+4 {{[AFP0317] 'afp.channel_scale' does not fit 'image'}}
  // expected-note @+3 {{expected: }}
  // expected-note @+2 {{found: the number -127}}
  // expected-note @+1 {{help: }}
  %0 = afp.encode %x {afp.name = "image", afp.channel_scale = array<f64: 1.0, -127.0>} : tensor<1x2xf32> to tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}

// -----

func.func @infinite(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  // expected-error @+4 {{[AFP0317] 'afp.channel_scale' does not fit 'image'}}
  // expected-note @+3 {{expected: }}
  // expected-note @+2 {{found: the number inf}}
  // expected-note @+1 {{help: }}
  %0 = afp.encode %x {afp.name = "image", afp.channel_scale = array<f64: 1.0, 0x7FF0000000000000>} : tensor<1x2xf32> to tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}

// -----

func.func @kind(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  // expected-error @+4 {{[AFP0317] 'afp.channel_scale' does not fit 'image'}}
  // expected-note @+3 {{expected: }}
  // expected-note @+2 {{found: array<f32: 1.000000e+00, 1.000000e+00>}}
  // expected-note @+1 {{help: }}
  %0 = afp.encode %x {afp.name = "image", afp.channel_scale = array<f32: 1.0, 1.0>} : tensor<1x2xf32> to tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}

// -----

func.func @no_site(%x: tensor<1x2xf32>) -> tensor<2x1xf32> {
  // expected-error @+4 {{[AFP0317] 'afp.channel_scale' does not fit 'afp.reshape'}}
  // expected-note @+3 {{expected: a site: afp.encode, afp.table, afp.softmax or afp.concat}}
  // expected-note @+2 {{found: afp.reshape}}
  // expected-note @+1 {{help: }}
  %0 = afp.reshape %x {afp.channel_scale = array<f64: 1.0>} : tensor<1x2xf32> to tensor<2x1xf32>
  return %0 : tensor<2x1xf32>
}
