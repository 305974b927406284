// What is computed for a concat alone is computed where it belongs: in the concat's buffer, halo and all.

// RUN: split-file %s %t
// RUN: afp-opt %t/parts.mlir --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni})' | FileCheck %s --check-prefixes=CHECK,SELECT
// RUN: afp-opt %t/parts.mlir --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=cortex-m4})' | FileCheck %s --check-prefixes=CHECK,M4
// RUN: afp-opt %t/parts.mlir --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni},convert-afp-to-kernels)' | FileCheck %s --check-prefix=KERNELS
// RUN: afp-opt %t/misfits.mlir --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,convert-afp-to-kernels)' --verify-diagnostics

//--- parts.mlir
!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

// The second convolution is padded; so is what it reads.
// CHECK-LABEL: func.func @branches
// SELECT: %[[A:.*]] = afp.encode {{.*}}afp.layout = {before = 0 : i64, channels = 28 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}}
// SELECT: %[[B:.*]] = afp.max_pool2d {{.*}}afp.layout = {before = 16 : i64, channels = 28 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}
// SELECT: afp.concat %[[A]], %[[B]], {{.*}} {afp.layout = {channels = 28 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}, axis = 3 : i64}
// M4: afp.encode {{.*}}afp.layout = {before = 0 : i64, channels = 27 : i64, offset = 0 : i64}}
// M4: afp.max_pool2d {{.*}}afp.layout = {before = 16 : i64, channels = 27 : i64, offset = 0 : i64}
// The halo is cleared once, before the first that writes into the buffer. The input, which others read, is copied.
// KERNELS-LABEL: func.func @body
// KERNELS: %[[BUFFER:.*]] = memref.alloc() : memref<1176xi8>
// KERNELS: call @{{.*}}_halo(
// KERNELS: call @{{.*}}_encode({{.*}}memref<1x6x7x28xi8>
// KERNELS-NOT: memref<1176xi8>
// KERNELS: memref.view %[[BUFFER]]
// KERNELS: call @{{.*}}_max_pool2d({{.*}}memref<1x6x7x28xi8>
// KERNELS: memref.view %[[BUFFER]]
// KERNELS: call @{{.*}}_concat({{.*}}: (memref<{{[0-9x]*}}xi8>, memref<1x6x7x28xi8>, index, index) -> ()
// KERNELS: call @{{.*}}_encode(
func.func @branches(%x: tensor<1x4x5x3xf32>) -> tensor<1x4x5x8xf32> {
  %v = afp.constant dense<1> : tensor<16x1x1x3xi8> : tensor<16x1x1x3x!w>
  %w = afp.constant dense<1> : tensor<8x3x3x27xi8> : tensor<8x3x3x27x!w>
  %0 = afp.quantize %x : tensor<1x4x5x3xf32> to tensor<1x4x5x3x!u>
  %s = afp.conv2d %0, %v : (tensor<1x4x5x3x!u>, tensor<16x1x1x3x!w>) -> tensor<1x4x5x16x!afp.exact>
  %1 = afp.encode %s : tensor<1x4x5x16x!afp.exact> to tensor<1x4x5x16x!u>
  %v2 = afp.constant dense<1> : tensor<8x1x1x3xi8> : tensor<8x1x1x3x!w>
  %s2 = afp.conv2d %0, %v2 : (tensor<1x4x5x3x!u>, tensor<8x1x1x3x!w>) -> tensor<1x4x5x8x!afp.exact>
  %e2 = afp.encode %s2 : tensor<1x4x5x8x!afp.exact> to tensor<1x4x5x8x!u>
  %2 = afp.max_pool2d %e2 {kernel = array<i64: 3, 3>, pad = array<i64: 1, 1, 1, 1>} : (tensor<1x4x5x8x!u>) -> tensor<1x4x5x8x!u>
  %3 = afp.concat %1, %2, %0 {axis = 3 : i64} : (tensor<1x4x5x16x!u>, tensor<1x4x5x8x!u>, tensor<1x4x5x3x!u>) -> tensor<1x4x5x27x!u>
  %4 = afp.conv2d %3, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x4x5x27x!u>, tensor<8x3x3x27x!w>) -> tensor<1x4x5x8x!afp.exact>
  %5 = afp.encode %4 : tensor<1x4x5x8x!afp.exact> to tensor<1x4x5x8x!u>
  %6 = afp.dequantize %5 : tensor<1x4x5x8x!u> to tensor<1x4x5x8xf32>
  return %6 : tensor<1x4x5x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

// Where all is in place, nothing is copied.
// KERNELS-LABEL: func.func @body
// KERNELS-NOT: _concat(
// KERNELS: return
func.func @all(%x: tensor<1x4x5x3xf32>) -> tensor<1x4x5x24xf32> {
  %v = afp.constant dense<1> : tensor<16x1x1x3xi8> : tensor<16x1x1x3x!w>
  %w = afp.constant dense<1> : tensor<8x1x1x3xi8> : tensor<8x1x1x3x!w>
  %0 = afp.quantize %x : tensor<1x4x5x3xf32> to tensor<1x4x5x3x!u>
  %s = afp.conv2d %0, %v : (tensor<1x4x5x3x!u>, tensor<16x1x1x3x!w>) -> tensor<1x4x5x16x!afp.exact>
  %1 = afp.encode %s : tensor<1x4x5x16x!afp.exact> to tensor<1x4x5x16x!u>
  %t = afp.conv2d %0, %w : (tensor<1x4x5x3x!u>, tensor<8x1x1x3x!w>) -> tensor<1x4x5x8x!afp.exact>
  %2 = afp.encode %t : tensor<1x4x5x8x!afp.exact> to tensor<1x4x5x8x!u>
  %3 = afp.concat %1, %2 {axis = 3 : i64} : (tensor<1x4x5x16x!u>, tensor<1x4x5x8x!u>) -> tensor<1x4x5x24x!u>
  %4 = afp.dequantize %3 : tensor<1x4x5x24x!u> to tensor<1x4x5x24xf32>
  return %4 : tensor<1x4x5x24xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

// Twice in one concat, read by others, along another axis: apart.
// CHECK-LABEL: func.func @apart
// CHECK-NOT: before
func.func @apart(%x: tensor<1x4x5x3xf32>) -> (tensor<1x4x5x32xf32>, tensor<1x4x5x16xf32>, tensor<1x8x5x16xf32>) {
  %v = afp.constant dense<1> : tensor<16x1x1x3xi8> : tensor<16x1x1x3x!w>
  %0 = afp.quantize %x : tensor<1x4x5x3xf32> to tensor<1x4x5x3x!u>
  %s = afp.conv2d %0, %v : (tensor<1x4x5x3x!u>, tensor<16x1x1x3x!w>) -> tensor<1x4x5x16x!afp.exact>
  %1 = afp.encode %s : tensor<1x4x5x16x!afp.exact> to tensor<1x4x5x16x!u>
  %2 = afp.concat %1, %1 {axis = 3 : i64} : (tensor<1x4x5x16x!u>, tensor<1x4x5x16x!u>) -> tensor<1x4x5x32x!u>
  %3 = afp.dequantize %2 : tensor<1x4x5x32x!u> to tensor<1x4x5x32xf32>
  %4 = afp.dequantize %1 : tensor<1x4x5x16x!u> to tensor<1x4x5x16xf32>
  %5 = afp.encode %s {lo = array<i32: 3>} : tensor<1x4x5x16x!afp.exact> to tensor<1x4x5x16x!u>
  %6 = afp.encode %s {lo = array<i32: 5>} : tensor<1x4x5x16x!afp.exact> to tensor<1x4x5x16x!u>
  %7 = afp.concat %5, %6 {axis = 1 : i64} : (tensor<1x4x5x16x!u>, tensor<1x4x5x16x!u>) -> tensor<1x8x5x16x!u>
  %8 = afp.dequantize %7 : tensor<1x8x5x16x!u> to tensor<1x8x5x16xf32>
  return %3, %4, %8 : tensor<1x4x5x32xf32>, tensor<1x4x5x16xf32>, tensor<1x8x5x16xf32>
}

//--- misfits.mlir
!u = !afp.float<ue0m8, exp = -8>

func.func @no_concat(%x: tensor<1x4x5x8xf32>) -> tensor<1x4x5x8xf32> {
  %0 = afp.quantize %x : tensor<1x4x5x8xf32> to tensor<1x4x5x8x!u>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: 'before' where a concat of channels alone reads the value, stored as the concat's result is}}
  // expected-note @+2 {{found: {before = 8 : i64, channels = 16 : i64}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %1 = afp.max_pool2d %0 {kernel = array<i64: 1, 1>, afp.layout = {before = 8 : i64, channels = 16 : i64}} : (tensor<1x4x5x8x!u>) -> tensor<1x4x5x8x!u>
  %2 = afp.dequantize %1 : tensor<1x4x5x8x!u> to tensor<1x4x5x8xf32>
  return %2 : tensor<1x4x5x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>

func.func @other_place(%x: tensor<1x4x5x8xf32>) -> tensor<1x4x5x16xf32> {
  %0 = afp.quantize %x : tensor<1x4x5x8xf32> to tensor<1x4x5x8x!u>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: 'before' where a concat of channels alone reads the value, stored as the concat's result is}}
  // expected-note @+2 {{found: {before = 7 : i64, channels = 16 : i64}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %1 = afp.max_pool2d %0 {kernel = array<i64: 1, 1>, afp.layout = {before = 7 : i64, channels = 16 : i64}} : (tensor<1x4x5x8x!u>) -> tensor<1x4x5x8x!u>
  %2 = afp.concat %0, %1 {axis = 3 : i64} : (tensor<1x4x5x8x!u>, tensor<1x4x5x8x!u>) -> tensor<1x4x5x16x!u>
  %3 = afp.dequantize %2 : tensor<1x4x5x16x!u> to tensor<1x4x5x16xf32>
  return %3 : tensor<1x4x5x16xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>

func.func @no_room(%x: tensor<1x4x5x8xf32>) -> tensor<1x4x5x16xf32> {
  %0 = afp.quantize %x : tensor<1x4x5x8xf32> to tensor<1x4x5x8x!u>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: room for the value's channels behind those before it}}
  // expected-note @+2 {{found: {before = 9 : i64, channels = 16 : i64}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %1 = afp.max_pool2d %0 {kernel = array<i64: 1, 1>, afp.layout = {before = 9 : i64, channels = 16 : i64}} : (tensor<1x4x5x8x!u>) -> tensor<1x4x5x8x!u>
  %2 = afp.concat %0, %1 {axis = 3 : i64} : (tensor<1x4x5x8x!u>, tensor<1x4x5x8x!u>) -> tensor<1x4x5x16x!u>
  %3 = afp.dequantize %2 : tensor<1x4x5x16x!u> to tensor<1x4x5x16xf32>
  return %3 : tensor<1x4x5x16xf32>
}
