// RUN: split-file %s %t
// RUN: afp-opt %t/stats.mlir --split-input-file --pass-pipeline='builtin.module(afp-range-analysis)' --verify-diagnostics
// RUN: not afp-opt %t/option.mlir --pass-pipeline='builtin.module(afp-range-analysis{input-range=1,-1})' 2>&1 | FileCheck %s --check-prefixes=OPTION,BACKWARDS
// RUN: not afp-opt %t/option.mlir --pass-pipeline='builtin.module(afp-range-analysis{input-range=0,inf})' 2>&1 | FileCheck %s --check-prefixes=OPTION
// RUN: not afp-opt %t/option.mlir --pass-pipeline='builtin.module(afp-range-analysis{input-range=nan,1})' 2>&1 | FileCheck %s --check-prefixes=OPTION
// RUN: not afp-opt %t/option.mlir --pass-pipeline='builtin.module(afp-range-analysis{input-range=1})' 2>&1 | FileCheck %s --check-prefixes=OPTION
// RUN: not afp-opt %t/option.mlir --pass-pipeline='builtin.module(afp-range-analysis{input-range=})' 2>&1 | FileCheck %s --check-prefixes=OPTION

// OPTION: error: [AFP0201] bad value for option 'input-range' of pass afp-range-analysis
// OPTION: note: expected: two finite numbers lo,hi with lo <= hi
// BACKWARDS: note: found: '1,-1'

//--- option.mlir
module {}

//--- stats.mlir
func.func @no_dictionary(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+3 {{[AFP0302] malformed 'afp.stats' on site 'image'}}
  // expected-note @+2 {{expected: {count, min, max, bins, counts} of a histogram with at least one value}}
  // expected-note @+1 {{found: 3 : i64}}
  %0 = afp.encode %x {afp.name = "image", afp.stats = 3 : i64} : tensor<2xf32> to tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @no_values(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+3 {{[AFP0302] malformed 'afp.stats' on site 'afp.encode'}}
  // expected-note @+2 {{expected: }}
  // expected-note @+1 {{found: }}
  %0 = afp.encode %x {afp.stats = {count = 0 : i64, min = 0.0 : f32, max = 0.0 : f32, bins = array<i32>, counts = array<i64>}} : tensor<2xf32> to tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @backwards(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+3 {{[AFP0302] malformed 'afp.stats'}}
  // expected-note @+2 {{expected: }}
  // expected-note @+1 {{found: }}
  %0 = afp.encode %x {afp.stats = {count = 1 : i64, min = 1.0 : f32, max = 0.0 : f32, bins = array<i32: 1>, counts = array<i64: 1>}} : tensor<2xf32> to tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @nan(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+3 {{[AFP0302] malformed 'afp.stats'}}
  // expected-note @+2 {{expected: }}
  // expected-note @+1 {{found: }}
  %0 = afp.encode %x {afp.stats = {count = 1 : i64, min = 0x7FC00000 : f32, max = 0.0 : f32, bins = array<i32: 1>, counts = array<i64: 1>}} : tensor<2xf32> to tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @no_such_bin(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+3 {{[AFP0302] malformed 'afp.stats'}}
  // expected-note @+2 {{expected: }}
  // expected-note @+1 {{found: }}
  %0 = afp.encode %x {afp.stats = {count = 1 : i64, min = 0.0 : f32, max = 1.0 : f32, bins = array<i32: 4096>, counts = array<i64: 1>}} : tensor<2xf32> to tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @lengths_differ(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+3 {{[AFP0302] malformed 'afp.stats'}}
  // expected-note @+2 {{expected: }}
  // expected-note @+1 {{found: }}
  %0 = afp.encode %x {afp.stats = {count = 1 : i64, min = 0.0 : f32, max = 1.0 : f32, bins = array<i32: 1, 2>, counts = array<i64: 1>}} : tensor<2xf32> to tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @negative_count(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+3 {{[AFP0302] malformed 'afp.stats'}}
  // expected-note @+2 {{expected: }}
  // expected-note @+1 {{found: }}
  %0 = afp.encode %x {afp.stats = {count = 1 : i64, min = 0.0 : f32, max = 1.0 : f32, bins = array<i32: 1>, counts = array<i64: -1>}} : tensor<2xf32> to tensor<2xf32>
  return %0 : tensor<2xf32>
}
