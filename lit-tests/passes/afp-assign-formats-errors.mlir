// RUN: split-file %s %t
// RUN: afp-opt %t/graphs.mlir --split-input-file --pass-pipeline='builtin.module(afp-assign-formats)' --verify-diagnostics
// RUN: not afp-opt %t/empty.mlir --pass-pipeline='builtin.module(afp-assign-formats{weights=f8})' 2>&1 | FileCheck %s --check-prefix=WEIGHTS
// RUN: not afp-opt %t/empty.mlir --pass-pipeline='builtin.module(afp-assign-formats{weights=auto})' 2>&1 | FileCheck %s --check-prefix=WEIGHTS-AUTO
// RUN: not afp-opt %t/empty.mlir --pass-pipeline='builtin.module(afp-assign-formats{activations=e9m9})' 2>&1 | FileCheck %s --check-prefix=ACTIVATIONS
// RUN: not afp-opt %t/empty.mlir --pass-pipeline='builtin.module(afp-assign-formats{outputs=fine})' 2>&1 | FileCheck %s --check-prefix=OUTPUTS
// RUN: not afp-opt %t/empty.mlir --pass-pipeline='builtin.module(afp-assign-formats{exponents=least})' 2>&1 | FileCheck %s --check-prefix=EXPONENTS

// WEIGHTS: error: [AFP0201] bad value for option 'weights' of pass afp-assign-formats
// WEIGHTS: note: expected: a format such as e2m4
// WEIGHTS: note: found: 'f8'
// WEIGHTS-AUTO: error: [AFP0201] bad value for option 'weights' of pass afp-assign-formats
// ACTIVATIONS: error: [AFP0201] bad value for option 'activations' of pass afp-assign-formats
// ACTIVATIONS: note: expected: a format such as e2m4, or auto
// ACTIVATIONS: note: found: 'e9m9'
// OUTPUTS: error: [AFP0201] bad value for option 'outputs' of pass afp-assign-formats
// EXPONENTS: error: [AFP0201] bad value for option 'exponents' of pass afp-assign-formats
// EXPONENTS: note: expected: search or max
// EXPONENTS: note: found: 'least'

//--- empty.mlir
module {}

//--- graphs.mlir
func.func @no_range(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+4 {{[AFP0303] site 'image' has no range}}
  // expected-note @+3 {{expected: 'afp.range' on every site}}
  // expected-note @+2 {{found: none}}
  // expected-note @+1 {{help: run afp-range-analysis before afp-assign-formats}}
  %0 = afp.encode %x {afp.name = "image"} : tensor<2xf32> to tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

// expected-error @+6 {{[AFP0304] the formats file names activations 'imag', which the network does not have}}
// expected-note @+5 {{expected: one of image, prob}}
// expected-note @+4 {{found: 'imag'}}
// expected-error @+3 {{[AFP0304] the formats file names weights 'image', which the network does not have}}
// expected-note @+2 {{expected: one of fc}}
// expected-note @+1 {{found: 'image'}}
module attributes {afp.formats = {weights = {fc = "e2m2", image = "e2m2"}, activations = {imag = "e2m2"}}} {
  func.func @unknown_names(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
    %w = "tosa.const"() <{values = dense<1.0> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
    %0 = afp.encode %x {afp.name = "image", afp.range = array<f64: -1.0, 1.0>} : tensor<1x2xf32> to tensor<1x2xf32>
    %1 = afp.fully_connected %0, %w {afp.name = "fc"} : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2x!afp.exact>
    %2 = afp.encode %1 {afp.name = "prob", afp.range = array<f64: -1.0, 1.0>} : tensor<1x2x!afp.exact> to tensor<1x2xf32>
    return %2 : tensor<1x2xf32>
  }
}

// -----

module attributes {afp.formats = {activations = {image = "f8"}}} {
  func.func @no_format(%x: tensor<2xf32>) -> tensor<2xf32> {
    // expected-error @+3 {{[AFP0307] the formats file names no valid format}}
    // expected-note @+2 {{expected: a format such as 'e2m4', or a format and an exponent}}
    // expected-note @+1 {{found: "f8"}}
    %0 = afp.encode %x {afp.name = "image", afp.range = array<f64: -1.0, 1.0>} : tensor<2xf32> to tensor<2xf32>
    return %0 : tensor<2xf32>
  }
}

// -----

module attributes {afp.formats = {activations = {image = {format = "e2m2", exp = 5000 : i32}}}} {
  func.func @no_exponent(%x: tensor<2xf32>) -> tensor<2xf32> {
    // expected-error @+3 {{[AFP0307] the formats file names no valid format}}
    // expected-note @+2 {{expected: }}
    // expected-note @+1 {{found: {exp = 5000 : i32, format = "e2m2"}}}
    %0 = afp.encode %x {afp.name = "image", afp.range = array<f64: -1.0, 1.0>} : tensor<2xf32> to tensor<2xf32>
    return %0 : tensor<2xf32>
  }
}

// -----

// expected-error @+3 {{[AFP0307] the formats file names no valid format}}
// expected-note @+2 {{expected: }}
// expected-note @+1 {{found: "int4"}}
module attributes {afp.formats = {default_weights = "int4"}} {}

// -----

// expected-error @+3 {{[AFP0307] the formats file names no valid format}}
// expected-note @+2 {{expected: }}
// expected-note @+1 {{found: 8 : i64}}
module attributes {afp.formats = {default_activations = 8}} {}

// -----

// Weights below zero in a format that has no sign: a warning.
module attributes {afp.formats = {weights = {fc = "ue2m5"}}} {
  func.func @negative(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
    %w = "tosa.const"() <{values = dense<[[1.0, -1.0], [0.0, -0.5]]> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
    %0 = afp.encode %x {afp.name = "image", afp.range = array<f64: -1.0, 1.0>} : tensor<1x2xf32> to tensor<1x2xf32>
    // expected-warning @+3 {{[AFP0315] the format of weights 'fc' has no sign}}
    // expected-note @+2 {{expected: a signed format, such as e2m4}}
    // expected-note @+1 {{found: ue2m5, and 2 of 4 weights below zero, which become 0}}
    %1 = afp.fully_connected %0, %w {afp.name = "fc"} : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2x!afp.exact>
    %2 = afp.encode %1 {afp.name = "prob", afp.range = array<f64: -1.0, 1.0>} : tensor<1x2x!afp.exact> to tensor<1x2xf32>
    return %2 : tensor<1x2xf32>
  }
}

// -----

// What is stored takes a byte at most; what leaves the program may be wider.
module attributes {afp.formats = {activations = {image = "e0m15"}}} {
  func.func @too_wide(%x: tensor<2xf32>) -> tensor<2xf32> {
    // expected-error @+4 {{[AFP0314] the format of activations 'image' is too wide to be stored}}
    // expected-note @+3 {{expected: a format of at most 8 bits}}
    // expected-note @+2 {{found: e0m15 with 16}}
    // expected-note @+1 {{help: only values that leave the program may take up to 16 bits}}
    %0 = afp.encode %x {afp.name = "image", afp.range = array<f64: -1.0, 1.0>} : tensor<2xf32> to tensor<2xf32>
    %1 = afp.add %0, %0 : (tensor<2xf32>, tensor<2xf32>) -> tensor<2x!afp.exact>
    %2 = afp.encode %1 {afp.name = "sum", afp.range = array<f64: -2.0, 2.0>} : tensor<2x!afp.exact> to tensor<2xf32>
    return %2 : tensor<2xf32>
  }
}

// -----

module attributes {afp.formats = {activations = {image = "e0m15"}}} {
  func.func @wide_output(%x: tensor<2xf32>) -> tensor<2xf32> {
    %0 = afp.encode %x {afp.name = "image", afp.range = array<f64: -1.0, 1.0>} : tensor<2xf32> to tensor<2xf32>
    return %0 : tensor<2xf32>
  }
}

// -----

func.func @peaks_out_of_order(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+4 {{[AFP0340] 'afp.peaks' of site 'image' is malformed}}
  // expected-note @+3 {{expected: array<i32: least, largest>, binades within +-2048}}
  // expected-note @+2 {{found: array<i32: 3, 2>}}
  // expected-note @+1 {{help: remove the attribute: the site's scale exponent is static then}}
  %0 = afp.encode %x {afp.name = "image", afp.peaks = array<i32: 3, 2>, afp.range = array<f64: -1.0, 1.0>} : tensor<2xf32> to tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @peaks_out_of_reach(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+4 {{[AFP0340] 'afp.peaks' of site 'image' is malformed}}
  // expected-note @+3 {{expected: }}
  // expected-note @+2 {{found: array<i32: -3000, 2>}}
  // expected-note @+1 {{help: }}
  %0 = afp.encode %x {afp.name = "image", afp.peaks = array<i32: -3000, 2>, afp.range = array<f64: -1.0, 1.0>} : tensor<2xf32> to tensor<2xf32>
  return %0 : tensor<2xf32>
}
