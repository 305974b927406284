// Strategies and layouts by target: attributes alone.

// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni})' | FileCheck %s --check-prefixes=CHECK,VNNI
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v3})' | FileCheck %s --check-prefixes=CHECK,V3
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=aarch64+dotprod})' | FileCheck %s --check-prefixes=CHECK,SDOT
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=cortex-m4})' | FileCheck %s --check-prefixes=CHECK,M4
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni vector-bits=128})' | FileCheck %s --check-prefixes=NARROW
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni vector-bits=128 operations=basic})' | FileCheck %s --check-prefixes=BASIC
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=aarch64+dotprod operations=basic})' | FileCheck %s --check-prefixes=LANES
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni vector-bits=0})' | FileCheck %s --check-prefixes=SCALAR
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni multiply=shift-add})' | FileCheck %s --check-prefixes=SHIFT
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni weights=packed})' | FileCheck %s --check-prefixes=PACKED

!u = !afp.float<ue0m8, exp = -8>
!s = !afp.float<e0m7, exp = -7>
!w = !afp.float<e2m4, exp = 0>

// The input gets a ring of zeros and its three channels a fourth. Unsigned bytes are what vpdpbusd
// takes, signed ones what sdot takes. A machine without vectors wants neither.
// CHECK-LABEL: func.func @conv
// VNNI: afp.quantize {{.*}}afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}}
// VNNI: afp.encode {{.*}} afp.kernel = {strategy = "direct", tile = array<i64: 6, 2, 16>}, afp.layout = {offset = 0 : i64}}
// V3: afp.quantize {{.*}}afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}}
// V3: afp.encode {{.*}} afp.kernel = {strategy = "direct", tile = array<i64: {{[0-9]}}, {{[0-9]}}, 8, 1, 4>}, afp.layout = {offset = 0 : i64}}
// SDOT: afp.quantize {{.*}}afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = -128 : i64}}
// SDOT: afp.encode {{.*}} afp.kernel = {strategy = "direct", tile = array<i64: {{[0-9]}}, {{[0-9]}}, 4, 4>}, afp.layout = {offset = -128 : i64}}
// M4: afp.quantize {{.*}}afp.layout = {offset = 0 : i64}}
// M4: afp.encode {{.*}} afp.kernel = {strategy = "portable"}, afp.layout = {offset = 0 : i64}}
// NARROW-LABEL: func.func @conv
// NARROW: afp.encode {{.*}} afp.kernel = {strategy = "direct", tile = array<i64: {{[0-9]}}, {{[0-9]}}, 4>}
// Basic operations alone: products are added by way of a register.
// BASIC-LABEL: func.func @conv
// BASIC: afp.encode {{.*}} afp.kernel = {strategy = "direct", tile = array<i64: 6, 2, 4>}
// SCALAR-LABEL: func.func @conv
// SCALAR: afp.encode {{.*}} afp.kernel = {strategy = "portable"}
// What is no basic operation: a lane as an operand, four steps from one load.
// LANES-LABEL: func.func @conv
// LANES: afp.encode {{.*}} afp.kernel = {strategy = "direct", tile = array<i64: {{[0-9]}}, {{[0-9]}}, 4>}
// SHIFT-LABEL: func.func @conv
// SHIFT: afp.quantize {{.*}}afp.layout = {offset = 0 : i64}}
// SHIFT: afp.encode {{.*}} afp.kernel = {multiply = "shift-add", strategy = "portable"}
// PACKED-LABEL: func.func @conv
// PACKED: afp.encode {{.*}} afp.kernel = {strategy = "portable", weights = "packed"}
func.func @conv(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x32xf32> {
  %w = afp.constant dense<1> : tensor<32x3x3x3xi8> : tensor<32x3x3x3x!w>
  %0 = afp.quantize %x : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<32x3x3x3x!w>) -> tensor<1x5x6x32x!afp.exact>
  %2 = afp.encode %1 : tensor<1x5x6x32x!afp.exact> to tensor<1x5x6x32x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x32x!u> to tensor<1x5x6x32xf32>
  return %3 : tensor<1x5x6x32xf32>
}

// Signed values are moved by 128 where the dot product takes unsigned bytes.
// CHECK-LABEL: func.func @signed
// VNNI: afp.quantize {{.*}}afp.layout = {offset = 128 : i64}}
// V3: afp.quantize {{.*}}afp.layout = {offset = 128 : i64}}
// SDOT: afp.quantize {{.*}}afp.layout = {offset = 0 : i64}}
// M4: afp.quantize {{.*}}afp.layout = {offset = 0 : i64}}
// VNNI: afp.encode {{.*}} afp.kernel = {strategy = "direct", tile = array<i64: 1, 1, 8>}, afp.layout = {offset = 128 : i64}}
func.func @signed(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %w = afp.constant dense<1> : tensor<8x8xi8> : tensor<8x8x!w>
  %0 = afp.quantize %x : tensor<1x8xf32> to tensor<1x8x!s>
  %1 = afp.fully_connected %0, %w : (tensor<1x8x!s>, tensor<8x8x!w>) -> tensor<1x8x!afp.exact>
  %2 = afp.encode %1 : tensor<1x8x!afp.exact> to tensor<1x8x!s>
  %3 = afp.dequantize %2 : tensor<1x8x!s> to tensor<1x8xf32>
  return %3 : tensor<1x8xf32>
}

// Integers of e3m4 take 16 bits, which is worth it with vectors; on the microcontroller codes stay codes.
// CHECK-LABEL: func.func @wide
// VNNI: afp.quantize {{.*}}afp.layout = {offset = 0 : i64}}
// VNNI: afp.encode {{.*}} {strategy = "direct"
// M4: afp.quantize %{{[^ ]*}} : tensor
// M4: afp.encode {{.*}} {strategy = "portable"
func.func @wide(%x: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %w = afp.constant dense<1> : tensor<8x8xi8> : tensor<8x8x!w>
  %0 = afp.quantize %x : tensor<1x8xf32> to tensor<1x8x!afp.float<e3m4, exp = -7>>
  %1 = afp.fully_connected %0, %w : (tensor<1x8x!afp.float<e3m4, exp = -7>>, tensor<8x8x!w>) -> tensor<1x8x!afp.exact>
  %2 = afp.encode %1 : tensor<1x8x!afp.exact> to tensor<1x8x!s>
  %3 = afp.dequantize %2 : tensor<1x8x!s> to tensor<1x8xf32>
  return %3 : tensor<1x8xf32>
}

// Depthwise: rows are interleaved for a dot product, two rows of four pixels together on AVX-512; else channels are
// lanes. None is added.
// CHECK-LABEL: func.func @depthwise
// VNNI: afp.quantize {{.*}}afp.layout = {halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}}
// VNNI: afp.encode {{.*}} afp.kernel = {strategy = "interleaved", tile = array<i64: 2, 4, 8>}
// V3: afp.encode {{.*}} afp.kernel = {strategy = "depthwise", tile = array<i64: {{[0-9]}}, {{[0-9]}}, 8>}
// SDOT: afp.encode {{.*}} afp.kernel = {strategy = "interleaved", tile = array<i64: 2, 4, 4>}
// M4: afp.encode {{.*}} {strategy = "portable"
func.func @depthwise(%x: tensor<1x5x6x8xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<3x3x8x1xi8> : tensor<3x3x8x1x!w>
  %0 = afp.quantize %x : tensor<1x5x6x8xf32> to tensor<1x5x6x8x!u>
  %1 = afp.depthwise_conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x8x!u>, tensor<3x3x8x1x!w>) -> tensor<1x5x6x8x!afp.exact>
  %2 = afp.encode %1 : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// A value that is also seen in another shape has nothing put around it: no vectors for the
// convolution that would need it, but for one without padding on whole steps of channels.
// CHECK-LABEL: func.func @joined
// VNNI: afp.quantize {{.*}}afp.layout = {offset = 0 : i64}}
// VNNI: afp.encode {{.*}} afp.kernel = {strategy = "portable"}
// VNNI: afp.encode {{.*}} afp.kernel = {strategy = "direct"
func.func @joined(%x: tensor<1x4x4x4xf32>) -> (tensor<1x4x4x8xf32>, tensor<1x4x4x8xf32>, tensor<1x64xf32>) {
  %w = afp.constant dense<1> : tensor<8x3x3x4xi8> : tensor<8x3x3x4x!w>
  %v = afp.constant dense<1> : tensor<8x1x1x4xi8> : tensor<8x1x1x4x!w>
  %0 = afp.quantize %x : tensor<1x4x4x4xf32> to tensor<1x4x4x4x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x4x!u>, tensor<8x3x3x4x!w>) -> tensor<1x4x4x8x!afp.exact>
  %2 = afp.encode %1 : tensor<1x4x4x8x!afp.exact> to tensor<1x4x4x8x!u>
  %3 = afp.conv2d %0, %v : (tensor<1x4x4x4x!u>, tensor<8x1x1x4x!w>) -> tensor<1x4x4x8x!afp.exact>
  %4 = afp.encode %3 : tensor<1x4x4x8x!afp.exact> to tensor<1x4x4x8x!u>
  %5 = afp.reshape %0 : tensor<1x4x4x4x!u> to tensor<1x64x!u>
  %6 = afp.dequantize %2 : tensor<1x4x4x8x!u> to tensor<1x4x4x8xf32>
  %7 = afp.dequantize %4 : tensor<1x4x4x8x!u> to tensor<1x4x4x8xf32>
  %8 = afp.dequantize %5 : tensor<1x64x!u> to tensor<1x64xf32>
  return %6, %7, %8 : tensor<1x4x4x8xf32>, tensor<1x4x4x8xf32>, tensor<1x64xf32>
}

// What vectors do not compute: groups, fewer than four outputs, sums of 64 bits, a divisor, weights and
// inputs whose integers do not fit 16 bits.
// CHECK-LABEL: func.func @portable
// VNNI-COUNT-6: afp.kernel = {strategy = "portable"}
// VNNI: return
func.func @portable(%x: tensor<1x2x2x8xf32>) -> (tensor<1x2x2x8xf32>, tensor<1x2x2x3xf32>, tensor<1x2x2x8xf32>, tensor<1x2x2x8xf32>, tensor<1x2x2x8xf32>, tensor<1x2x2x8xf32>) {
  %g = afp.constant dense<1> : tensor<8x1x1x4xi8> : tensor<8x1x1x4x!w>
  %f = afp.constant dense<1> : tensor<3x1x1x8xi8> : tensor<3x1x1x8x!w>
  %e = afp.constant dense<1> : tensor<8x1x1x8xi8> : tensor<8x1x1x8x!w>
  %h = afp.constant dense<1> : tensor<8x1x1x8xi8> : tensor<8x1x1x8x!afp.float<e4m3, exp = 0>>
  %big = afp.constant dense<4294967296> : tensor<8xi64> {channel_exp = array<i32: -8>} : tensor<8x!afp.exact>
  %0 = afp.quantize %x : tensor<1x2x2x8xf32> to tensor<1x2x2x8x!u>
  %y = afp.quantize %x : tensor<1x2x2x8xf32> to tensor<1x2x2x8x!afp.float<e4m3, exp = -8>>
  %1 = afp.conv2d %0, %g {groups = 2 : i64} : (tensor<1x2x2x8x!u>, tensor<8x1x1x4x!w>) -> tensor<1x2x2x8x!afp.exact>
  %2 = afp.encode %1 : tensor<1x2x2x8x!afp.exact> to tensor<1x2x2x8x!u>
  %3 = afp.conv2d %0, %f : (tensor<1x2x2x8x!u>, tensor<3x1x1x8x!w>) -> tensor<1x2x2x3x!afp.exact>
  %4 = afp.encode %3 : tensor<1x2x2x3x!afp.exact> to tensor<1x2x2x3x!u>
  %5 = afp.conv2d %0, %e bias %big : (tensor<1x2x2x8x!u>, tensor<8x1x1x8x!w>, tensor<8x!afp.exact>) -> tensor<1x2x2x8x!afp.exact>
  %6 = afp.encode %5 : tensor<1x2x2x8x!afp.exact> to tensor<1x2x2x8x!u>
  %7 = afp.conv2d %0, %e : (tensor<1x2x2x8x!u>, tensor<8x1x1x8x!w>) -> tensor<1x2x2x8x!afp.exact>
  %8 = afp.encode %7 {divisor = array<i64: 3>} : tensor<1x2x2x8x!afp.exact> to tensor<1x2x2x8x!u>
  %9 = afp.conv2d %0, %h : (tensor<1x2x2x8x!u>, tensor<8x1x1x8x!afp.float<e4m3, exp = 0>>) -> tensor<1x2x2x8x!afp.exact>
  %10 = afp.encode %9 : tensor<1x2x2x8x!afp.exact> to tensor<1x2x2x8x!u>
  %11 = afp.conv2d %y, %e : (tensor<1x2x2x8x!afp.float<e4m3, exp = -8>>, tensor<8x1x1x8x!w>) -> tensor<1x2x2x8x!afp.exact>
  %12 = afp.encode %11 : tensor<1x2x2x8x!afp.exact> to tensor<1x2x2x8x!u>
  %a = afp.dequantize %2 : tensor<1x2x2x8x!u> to tensor<1x2x2x8xf32>
  %b = afp.dequantize %4 : tensor<1x2x2x3x!u> to tensor<1x2x2x3xf32>
  %c = afp.dequantize %6 : tensor<1x2x2x8x!u> to tensor<1x2x2x8xf32>
  %d = afp.dequantize %8 : tensor<1x2x2x8x!u> to tensor<1x2x2x8xf32>
  %i = afp.dequantize %10 : tensor<1x2x2x8x!u> to tensor<1x2x2x8xf32>
  %j = afp.dequantize %12 : tensor<1x2x2x8x!u> to tensor<1x2x2x8xf32>
  return %a, %b, %c, %d, %i, %j : tensor<1x2x2x8xf32>, tensor<1x2x2x3xf32>, tensor<1x2x2x8xf32>, tensor<1x2x2x8xf32>, tensor<1x2x2x8xf32>, tensor<1x2x2x8xf32>
}

// Padding that would make a value many times larger is left to the portable strategy, which has no need
// of memory for it.
// CHECK-LABEL: func.func @padding
// VNNI: afp.quantize {{.*}}afp.layout = {offset = 0 : i64}}
// VNNI: afp.encode {{.*}} {strategy = "portable"
func.func @padding(%x: tensor<1x1x1x8xf32>) -> tensor<1x2x1x8xf32> {
  %w = afp.constant dense<1> : tensor<8x1x1x8xi8> : tensor<8x1x1x8x!w>
  %0 = afp.quantize %x : tensor<1x1x1x8xf32> to tensor<1x1x1x8x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 4611686018427387000, 0, 0, 0>, stride = array<i64: 4611686018427387000, 1>} : (tensor<1x1x1x8x!u>, tensor<8x1x1x8x!w>) -> tensor<1x2x1x8x!afp.exact>
  %2 = afp.encode %1 : tensor<1x2x1x8x!afp.exact> to tensor<1x2x1x8x!u>
  %3 = afp.dequantize %2 : tensor<1x2x1x8x!u> to tensor<1x2x1x8xf32>
  return %3 : tensor<1x2x1x8xf32>
}

// A sum of 31 bits with its rounding half: 32 bits hold it where a tie goes up, not where the sign and the
// magnitude are rounded apart.
// CHECK-LABEL: func.func @sums_of_31_bits
// V3: afp.encode {{.*}}strategy = "direct", tile{{.*}} to tensor<1x8x!afp.float<e1m6, exp = 24>>
// V3: afp.encode {{.*}}strategy = "portable"{{.*}} to tensor<1x8x!afp.float<e1m6, exp = 24>>
// CHECK-LABEL: func.func @sums_of_32_bits
// V3: afp.encode {{.*}}strategy = "portable"
func.func @sums_of_31_bits(%f: tensor<1x8xf32>) -> (tensor<1x8x!afp.float<e1m6, exp = 24>>, tensor<1x8x!afp.float<e1m6, exp = 24>>) {
  %x = afp.quantize %f : tensor<1x8xf32> to tensor<1x8x!s>
  %w = afp.constant dense<1> : tensor<8x8xi8> : tensor<8x8x!w>
  // 2^31 - 1, less 2^30, half of a unit of 2^(24 + 7), and 8 * 127, the products.
  %b = afp.constant dense<1073740807> : tensor<8xi32> {channel_exp = array<i32: -7>} : tensor<8x!afp.exact>
  %0 = afp.fully_connected %x, %w bias %b : (tensor<1x8x!s>, tensor<8x8x!w>, tensor<8x!afp.exact>) -> tensor<1x8x!afp.exact>
  %1 = afp.encode %0 : tensor<1x8x!afp.exact> to tensor<1x8x!afp.float<e1m6, exp = 24>>
  %2 = afp.encode %0 {round = "half_even"} : tensor<1x8x!afp.exact> to tensor<1x8x!afp.float<e1m6, exp = 24>>
  return %1, %2 : tensor<1x8x!afp.float<e1m6, exp = 24>>, tensor<1x8x!afp.float<e1m6, exp = 24>>
}

func.func @sums_of_32_bits(%f: tensor<1x8xf32>) -> tensor<1x8x!afp.float<e1m6, exp = 24>> {
  %x = afp.quantize %f : tensor<1x8xf32> to tensor<1x8x!s>
  %w = afp.constant dense<1> : tensor<8x8xi8> : tensor<8x8x!w>
  %b = afp.constant dense<1073740808> : tensor<8xi32> {channel_exp = array<i32: -7>} : tensor<8x!afp.exact>
  %0 = afp.fully_connected %x, %w bias %b : (tensor<1x8x!s>, tensor<8x8x!w>, tensor<8x!afp.exact>) -> tensor<1x8x!afp.exact>
  %1 = afp.encode %0 : tensor<1x8x!afp.exact> to tensor<1x8x!afp.float<e1m6, exp = 24>>
  return %1 : tensor<1x8x!afp.float<e1m6, exp = 24>>
}

// The exponents of products and skip operand can lie so far apart that a sum has more bits than a lane. The
// contraction has not: vectors compute it. A group without one is left to scalars.
// CHECK-LABEL: func.func @far_apart
// V3: afp.encode {{.*}}afp.bits = 35{{.*}}strategy = "direct"
// SDOT: afp.encode {{.*}}afp.bits = 35{{.*}}strategy = "direct"
// V3: afp.encode {{.*}}strategy = "portable"
!d = !afp.float<e0m7, exp = ?[-22, 3]>
func.func @far_apart(%f: tensor<1x8xf32>) -> (tensor<1x8xf32>, tensor<1x8xf32>) {
  %w = afp.constant dense<1> : tensor<8x8xi8> : tensor<8x8x!w>
  %0 = afp.quantize %f : tensor<1x8xf32> to tensor<1x8x!d>
  %1 = afp.fully_connected %0, %w : (tensor<1x8x!d>, tensor<8x8x!w>) -> tensor<1x8x!afp.exact>
  %2 = afp.encode %1 : tensor<1x8x!afp.exact> to tensor<1x8x!d>
  %3 = afp.fully_connected %2, %w : (tensor<1x8x!d>, tensor<8x8x!w>) -> tensor<1x8x!afp.exact>
  %4 = afp.add %3, %0 : (tensor<1x8x!afp.exact>, tensor<1x8x!d>) -> tensor<1x8x!afp.exact>
  %5 = afp.encode %4 : tensor<1x8x!afp.exact> to tensor<1x8x!d>
  %6 = afp.add %2, %0 : (tensor<1x8x!d>, tensor<1x8x!d>) -> tensor<1x8x!afp.exact>
  %7 = afp.encode %6 : tensor<1x8x!afp.exact> to tensor<1x8x!d>
  %8 = afp.dequantize %5 : tensor<1x8x!d> to tensor<1x8xf32>
  %9 = afp.dequantize %7 : tensor<1x8x!d> to tensor<1x8xf32>
  return %8, %9 : tensor<1x8xf32>, tensor<1x8xf32>
}
