// Formats and scale exponents of sites, formats of weights.
// RUN: split-file %s %t
// RUN: afp-opt %t/graph.mlir --pass-pipeline='builtin.module(afp-assign-formats)' | FileCheck %t/graph.mlir
// RUN: afp-opt %t/graph.mlir --pass-pipeline='builtin.module(afp-assign-formats{weights=e2m2 activations=e2m4 outputs=e0m7 exponents=max})' | FileCheck %t/graph.mlir --check-prefix=OPTIONS
// RUN: afp-opt %t/named.mlir --pass-pipeline='builtin.module(afp-assign-formats{weights=e3m1 activations=e2m4})' | FileCheck %t/named.mlir
// RUN: afp-opt %t/defaults.mlir --pass-pipeline='builtin.module(afp-assign-formats{weights=e3m1 activations=e2m4})' | FileCheck %t/defaults.mlir
// RUN: afp-opt %t/tie.mlir --pass-pipeline='builtin.module(afp-assign-formats)' | FileCheck %t/tie.mlir
// RUN: afp-opt %t/peaks.mlir --pass-pipeline='builtin.module(afp-assign-formats)' | FileCheck %t/peaks.mlir
// RUN: afp-opt %t/static.mlir --pass-pipeline='builtin.module(afp-assign-formats)' | FileCheck %t/static.mlir

//--- graph.mlir
!row = tensor<1x2xf32>
!x = tensor<1x2x!afp.exact>

// auto: ue0m8 where nothing is below zero (255 * 2^-7 covers 1, 255 * 2^-8 does not), else e0m7.
// CHECK-LABEL: func.func @signs
// OPTIONS-LABEL: func.func @signs
func.func @signs(%x: !row) -> !row {
  %w = "tosa.const"() <{values = dense<1.0> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
  // CHECK: afp.encode %arg0 {{.*}}afp.type = !afp.float<e0m7, exp = -6>
  // OPTIONS: afp.encode %arg0 {{.*}}afp.type = !afp.float<e2m4, exp = -6>
  %0 = afp.encode %x {afp.range = array<f64: -1.0, 1.0>} : !row to !row
  // CHECK: afp.fully_connected {{.*}}afp.weight_type = !afp.float<e2m4, exp = 0>
  // OPTIONS: afp.fully_connected {{.*}}afp.weight_type = !afp.float<e2m2, exp = 0>
  %1 = afp.fully_connected %0, %w : (!row, tensor<2x2xf32>) -> !x
  // CHECK: afp.encode %{{.*}}afp.type = !afp.float<ue0m8, exp = -7>
  // OPTIONS: afp.encode %{{.*}}afp.type = !afp.float<e2m4, exp = -6>
  %2 = afp.encode %1 {afp.range = array<f64: 0.0, 1.0>} : !x to !row
  // A range of zero alone.
  // CHECK: afp.table %{{.*}}afp.type = !afp.float<ue0m8, exp = 0>
  %3 = afp.table %2 {function = "abs", afp.range = array<f64: 0.0, 0.0>} : !row to !row
  // CHECK: afp.softmax %{{.*}}afp.type = !afp.float<e0m7, exp = 1>
  %4 = afp.softmax %3 {axis = 1 : i64, afp.range = array<f64: -129.0, 1.0>} : !row to !row
  %5 = afp.add %4, %4 : (!row, !row) -> !x
  // What only leaves the program, also through operators that move elements, has 15 bits and a sign if
  // it needs one: 32767 * 2^-14 covers 1.
  // CHECK: afp.encode %{{.*}}afp.type = !afp.float<ue0m15, exp = -14>
  // OPTIONS: afp.encode %{{.*}}afp.type = !afp.float<e0m7, exp = -6>
  %6 = afp.encode %5 {afp.range = array<f64: 0.0, 1.0>} : !x to !row
  %7 = afp.reshape %6 : !row to !row
  return %7 : !row
}

// Ten to the sixth values about 1, and one 64: the search clips it; max does not, nor does the search
// for what leaves the program.
// CHECK-LABEL: func.func @outlier
// CHECK: afp.encode %arg0 {{.*}}afp.type = !afp.float<ue0m8, exp = -3>
// CHECK: afp.encode %{{.*}}afp.type = !afp.float<ue0m15, exp = -8>
// OPTIONS-LABEL: func.func @outlier
// OPTIONS: afp.encode %arg0 {{.*}}afp.type = !afp.float<e2m4, exp = 0>
func.func @outlier(%x: !row) -> !row {
  %0 = afp.encode %x {afp.range = array<f64: 1.0, 64.0>, afp.stats = {count = 1000001 : i64, min = 1.0 : f32, max = 64.0 : f32, bins = array<i32: 1016, 1064>, counts = array<i64: 1000000, 1>}} : !row to !row
  %1 = afp.encode %0 {afp.range = array<f64: 1.0, 64.0>, afp.stats = {count = 1000001 : i64, min = 1.0 : f32, max = 64.0 : f32, bins = array<i32: 1016, 1064>, counts = array<i64: 1000000, 1>}} : !row to !row
  return %1 : !row
}

//--- named.mlir
!row = tensor<1x2xf32>
!x = tensor<1x2x!afp.exact>

// By name: weights and activations apart, with the exponent left to the pass or fixed. A name takes
// what leaves the program as well.
module attributes {afp.formats = {weights = {fc = "e2m2"}, activations = {fc = {format = "e0m5", exp = -11 : i32}, image = "ue1m4"}}} {
  // CHECK-LABEL: func.func @named
  func.func @named(%x: !row) -> !row {
    %w = "tosa.const"() <{values = dense<1.0> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
    // CHECK: afp.encode {{.*}}afp.name = "image"{{.*}}afp.type = !afp.float<ue1m4, exp = -4>
    %0 = afp.encode %x {afp.name = "image", afp.range = array<f64: -1.0, 1.0>} : !row to !row
    // CHECK: afp.fully_connected {{.*}}afp.weight_type = !afp.float<e2m2, exp = 0>
    %1 = afp.fully_connected %0, %w {afp.name = "fc"} : (!row, tensor<2x2xf32>) -> !x
    // CHECK: afp.encode {{.*}}afp.type = !afp.float<e2m4, exp = -6>
    %2 = afp.encode %1 {afp.name = "other", afp.range = array<f64: -1.0, 1.0>} : !x to !row
    // CHECK: afp.fully_connected {{.*}}afp.weight_type = !afp.float<e3m1, exp = 0>
    %3 = afp.fully_connected %2, %w {afp.name = "fc_1"} : (!row, tensor<2x2xf32>) -> !x
    // CHECK: afp.encode {{.*}}afp.name = "fc"{{.*}}afp.type = !afp.float<e0m5, exp = -11>
    %4 = afp.encode %3 {afp.name = "fc", afp.range = array<f64: -1.0, 1.0>} : !x to !row
    return %4 : !row
  }
}

//--- defaults.mlir
!row = tensor<1x2xf32>

// The file's defaults go before the options; auto among them is auto.
module attributes {afp.formats = {default_weights = "e2m2", default_activations = "auto"}} {
  // CHECK-LABEL: func.func @defaults
  func.func @defaults(%x: !row) -> tensor<1x2x!afp.exact> {
    %w = "tosa.const"() <{values = dense<1.0> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
    // CHECK: afp.encode {{.*}}afp.type = !afp.float<ue0m8, exp = -7>
    %0 = afp.encode %x {afp.range = array<f64: 0.0, 1.0>} : !row to !row
    // CHECK: afp.fully_connected {{.*}}afp.weight_type = !afp.float<e2m2, exp = 0>
    %1 = afp.fully_connected %0, %w : (!row, tensor<2x2xf32>) -> tensor<1x2x!afp.exact>
    return %1 : tensor<1x2x!afp.exact>
  }
}

//--- tie.mlir
!row = tensor<1x2xf32>
!x = tensor<1x2x!afp.exact>

module attributes {afp.formats = {activations = {named = "e2m2"}}} {
  // Operands of a concat that feed it alone take its type, through operators that move elements too.
  // CHECK-LABEL: func.func @tied
  // CHECK: afp.encode %arg0 {{.*}}afp.type = !afp.float<e0m7, exp = -4>
  // CHECK: afp.encode %arg1 {{.*}}afp.type = !afp.float<e0m7, exp = -4>
  // CHECK: afp.concat {{.*}}afp.type = !afp.float<e0m7, exp = -4>
  func.func @tied(%x: !row, %y: !row) -> !x {
    %0 = afp.encode %x {afp.range = array<f64: 0.0, 1.0>} : !row to !row
    %1 = afp.encode %y {afp.range = array<f64: -7.0, 1.0>} : !row to !row
    %2 = afp.reshape %1 : !row to !row
    %3 = afp.concat %0, %2 {axis = 0 : i64, afp.range = array<f64: -7.0, 1.0>} : (!row, !row) -> tensor<2x2xf32>
    %4 = afp.slice %3 {start = array<i64: 0, 0>} : tensor<2x2xf32> to !row
    %5 = afp.add %4, %4 : (!row, !row) -> !x
    return %5 : !x
  }

  // Not one that is read elsewhere, nor one that the formats file names.
  // CHECK-LABEL: func.func @not_tied
  // CHECK: afp.encode %arg0 {{.*}}afp.type = !afp.float<ue0m8, exp = -7>
  // CHECK: afp.encode %arg1 {{.*}}afp.name = "named"{{.*}}afp.type = !afp.float<e2m2, exp = -2>
  // CHECK: afp.concat {{.*}}afp.type = !afp.float<e0m7, exp = -4>
  func.func @not_tied(%x: !row, %y: !row) -> (!x, !x) {
    %0 = afp.encode %x {afp.range = array<f64: 0.0, 1.0>} : !row to !row
    %1 = afp.encode %y {afp.name = "named", afp.range = array<f64: -7.0, 1.0>} : !row to !row
    %2 = afp.concat %0, %1 {axis = 0 : i64, afp.range = array<f64: -7.0, 1.0>} : (!row, !row) -> tensor<2x2xf32>
    %3 = afp.slice %2 {start = array<i64: 0, 0>} : tensor<2x2xf32> to !row
    %4 = afp.add %3, %3 : (!row, !row) -> !x
    %5 = afp.add %0, %0 : (!row, !row) -> !x
    return %4, %5 : !x, !x
  }

  // A concat within a concat, and all that leaves the program: the outer one's type throughout.
  // CHECK-LABEL: func.func @nested
  // CHECK: afp.encode %arg0 {{.*}}afp.type = !afp.float<e0m15, exp = -12>
  // CHECK: afp.encode %arg1 {{.*}}afp.type = !afp.float<e0m15, exp = -12>
  // CHECK: afp.concat {{.*}}afp.type = !afp.float<e0m15, exp = -12>
  // CHECK: afp.concat {{.*}}afp.type = !afp.float<e0m15, exp = -12>
  func.func @nested(%x: !row, %y: !row) -> tensor<3x2xf32> {
    %0 = afp.encode %x {afp.range = array<f64: 0.0, 1.0>} : !row to !row
    %1 = afp.encode %y {afp.range = array<f64: -7.0, 1.0>} : !row to !row
    %2 = afp.concat %0, %0 {axis = 0 : i64, afp.range = array<f64: 0.0, 1.0>} : (!row, !row) -> tensor<2x2xf32>
    %3 = afp.concat %1, %2 {axis = 0 : i64, afp.range = array<f64: -7.0, 1.0>} : (!row, tensor<2x2xf32>) -> tensor<3x2xf32>
    return %3 : tensor<3x2xf32>
  }
}

//--- peaks.mlir
!row = tensor<1x2xf32>
!x = tensor<1x2x!afp.exact>

// Where a site peaks: exponents around it, 9 binades about an input, 8 about other sites, and 18 altogether.
// The largest binade of e0m7 is 2^6, that of ue0m8 2^7, that of e0m15 2^14.
// CHECK-LABEL: func.func @dynamic
// CHECK: afp.encode %arg0 {{.*}}afp.type = !afp.float<e0m7, exp = ?[-15, 3]>
// CHECK: afp.encode %{{.*}}afp.type = !afp.float<ue0m8, exp = ?[-14, 4]>
// CHECK: afp.encode %{{.*}}afp.type = !afp.float<e0m15, exp = ?[-20, -4]>
// CHECK-NOT: afp.peaks
func.func @dynamic(%x: !row) -> !row {
  %0 = afp.encode %x {afp.peaks = array<i32: 0, 0>, afp.range = array<f64: -1.0, 1.0>} : !row to !row
  %1 = afp.add %0, %0 : (!row, !row) -> !x
  %2 = afp.encode %1 {lo = array<f32: 0.0>, afp.peaks = array<i32: -2, 3>, afp.range = array<f64: 0.0, 2.0>} : !x to !row
  %3 = afp.add %2, %2 : (!row, !row) -> !x
  %4 = afp.encode %3 {afp.peaks = array<i32: 2, 2>, afp.range = array<f64: -1.0, 4.0>} : !x to !row
  return %4 : !row
}

//--- static.mlir
!row = tensor<1x2xf32>
!x = tensor<1x2x!afp.exact>

// Not with another limit than zero, not where a function, a concat or a border of another value reads it,
// not the clamp of an input, and not what is no encode: a static exponent, with room for one binade
// above the peak, 2^3 for a range of 1000, and the range where that is smaller. A format file's exponent
// holds in any case.
// CHECK-LABEL: func.func @static
// CHECK: afp.encode %arg0 {{.*}}afp.type = !afp.float<ue0m8, exp = -4>
// CHECK: afp.encode %{{.*}}afp.type = !afp.float<ue0m8, exp = -4>
// CHECK: afp.table %{{.*}}afp.type = !afp.float<e0m7, exp = -3>
// CHECK: afp.encode %{{.*}}afp.type = !afp.float<e0m7, exp = -6>
// CHECK: afp.encode %{{.*}}afp.type = !afp.float<e0m7, exp = -3>
// CHECK: afp.concat %{{.*}}afp.type = !afp.float<e0m7, exp = -3>
// CHECK: afp.softmax %{{.*}}afp.type = !afp.float<ue0m8, exp = -7>
// CHECK: afp.encode %{{.*}}afp.name = "named"{{.*}}afp.type = !afp.float<e2m2, exp = -9>
module attributes {afp.formats = {activations = {named = {format = "e2m2", exp = -9 : i32}}}} {
func.func @static(%x: !row) -> (!x, tensor<2x2xf32>) {
  %0 = afp.encode %x {lo = array<f32: 0.0>, afp.peaks = array<i32: 1, 1>, afp.range = array<f64: 0.0, 1000.0>} : !row to !row
  %1 = afp.encode %0 {hi = array<f32: 1000.0>, afp.peaks = array<i32: 1, 1>, afp.range = array<f64: 0.0, 1000.0>} : !row to !row
  %2 = afp.table %1 {function = "gelu", afp.peaks = array<i32: 1, 1>, afp.range = array<f64: -0.5, 1000.0>} : !row to !row
  %3 = afp.add %2, %2 : (!row, !row) -> !x
  %4 = afp.encode %3 {afp.peaks = array<i32: 1, 1>, afp.range = array<f64: -0.5, 1.0>} : !x to !row
  %5 = afp.reshape %4 : !row to !row
  %6 = afp.table %5 {function = "gelu", afp.name = "t", afp.range = array<f64: -0.5, 1.0>} : !row to !row
  %7 = afp.add %6, %6 : (!row, !row) -> !x
  %8 = afp.encode %7 {afp.peaks = array<i32: 1, 1>, afp.range = array<f64: -0.5, 1000.0>} : !x to !row
  %9 = afp.concat %8, %8 {axis = 0 : i64, afp.peaks = array<i32: 1, 1>, afp.range = array<f64: -0.5, 1000.0>} : (!row, !row) -> tensor<2x2xf32>
  %10 = afp.softmax %9 {axis = 1 : i64, afp.peaks = array<i32: 1, 1>, afp.range = array<f64: 0.0, 1.0>} : tensor<2x2xf32> to tensor<2x2xf32>
  %11 = afp.add %10, %10 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2x!afp.exact>
  %12 = afp.encode %11 {afp.name = "named", afp.peaks = array<i32: 1, 1>, afp.range = array<f64: 0.0, 1.0>} : tensor<2x2x!afp.exact> to tensor<2x2xf32>
  %13 = afp.encode %7 {afp.peaks = array<i32: 1, 1>, afp.range = array<f64: -0.5, 1000.0>} : !x to !row
  %14 = afp.pad %13 {low = array<i64: 0, 1>, high = array<i64: 0, 0>, value = 1.0 : f32} : !row to tensor<1x3xf32>
  %15 = afp.add %13, %13 : (!row, !row) -> !x
  return %15, %12 : !x, tensor<2x2xf32>
}
}
