// Attributes of afp-select-kernels that are malformed or do not fit.

// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths,convert-afp-to-kernels)' --verify-diagnostics

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @layout_kind(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: 'afp.layout' with 'offset', 'halo', 'channels' and 'before'}}
  // expected-note @+2 {{found: "wide"}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %0 = afp.quantize %x {afp.layout = "wide"} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, 1, 8>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @layout_empty(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: 'afp.layout' with 'offset', 'halo', 'channels' and 'before'}}
  // expected-note @+2 {{found: {}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %0 = afp.quantize %x {afp.layout = {}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, 1, 8>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @layout_key(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: 'afp.layout' with 'offset', 'halo', 'channels' and 'before'}}
  // expected-note @+2 {{found: {padding = 3 : i64}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %0 = afp.quantize %x {afp.layout = {padding = 3 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, 1, 8>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @negative_halo(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: a halo of four sizes, none negative, around feature maps that are computed}}
  // expected-note @+2 {{found: {halo = array<i64: 1, -1, 1, 1>}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %0 = afp.quantize %x {afp.layout = {halo = array<i64: 1, -1, 1, 1>}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, 1, 8>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @short_halo(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: a halo of four sizes, none negative, around feature maps that are computed}}
  // expected-note @+2 {{found: {halo = array<i64: 1, 1>}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %0 = afp.quantize %x {afp.layout = {halo = array<i64: 1, 1>}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, 1, 8>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @halo_kind(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: a halo of four sizes, none negative, around feature maps that are computed}}
  // expected-note @+2 {{found: {halo = 1 : i64}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %0 = afp.quantize %x {afp.layout = {halo = 1 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, 1, 8>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @huge_halo(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: a value of at most 2^40 bytes, with what is around it}}
  // expected-note @+2 {{found: {halo = array<i64: 9223372036854775807, 1, 1, 1>}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %0 = afp.quantize %x {afp.layout = {halo = array<i64: 9223372036854775807, 1, 1, 1>}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, 1, 8>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @fewer_channels(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: as many channels as the value has, or more, of a feature map}}
  // expected-note @+2 {{found: {channels = 2 : i64}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %0 = afp.quantize %x {afp.layout = {channels = 2 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, 1, 8>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @channels_kind(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: as many channels as the value has, or more, of a feature map}}
  // expected-note @+2 {{found: {channels = "four"}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %0 = afp.quantize %x {afp.layout = {channels = "four"}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, 1, 8>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @huge_channels(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: a value of at most 2^40 bytes, with what is around it}}
  // expected-note @+2 {{found: {channels = 9223372036854775804 : i64}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %0 = afp.quantize %x {afp.layout = {channels = 9223372036854775804 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, 1, 8>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @offset_beyond(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: an offset by which the format's integers fit what they are stored in}}
  // expected-note @+2 {{found: {offset = 1 : i64}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %0 = afp.quantize %x {afp.layout = {offset = 1 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, 1, 8>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @huge_offset(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: an offset by which the format's integers fit what they are stored in}}
  // expected-note @+2 {{found: {offset = 9223372036854775807 : i64}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %0 = afp.quantize %x {afp.layout = {offset = 9223372036854775807 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, 1, 8>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @offset_kind(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: an offset by which the format's integers fit what they are stored in}}
  // expected-note @+2 {{found: {offset = "128"}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %0 = afp.quantize %x {afp.layout = {offset = "128"}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, 1, 8>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @kernel_kind(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x {afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: 'afp.kernel' with 'strategy', 'tile', 'multiply' and 'weights'}}
  // expected-note @+2 {{found: "fast"}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = "fast"} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @kernel_key(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x {afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: 'afp.kernel' with 'strategy', 'tile', 'multiply' and 'weights'}}
  // expected-note @+2 {{found: {strategy = "portable", unroll = 4 : i64}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "portable", unroll = 4 : i64}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @unknown_strategy(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x {afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: 'portable', or 'direct', 'pairs', 'gemv', 'matrix', 'winograd', 'depthwise', 'interleaved', 'pool', 'lookup' or 'elementwise' with a tile}}
  // expected-note @+2 {{found: {strategy = "fourier"}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "fourier"}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @strategy_kind(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x {afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: names as strings}}
  // expected-note @+2 {{found: {strategy = 3 : i64}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = 3 : i64}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @no_tile(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x {afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: 'portable', or 'direct', 'pairs', 'gemv', 'matrix', 'winograd', 'depthwise', 'interleaved', 'pool', 'lookup' or 'elementwise' with a tile}}
  // expected-note @+2 {{found: {strategy = "direct"}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct"}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @portable_tile(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x {afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: 'portable', or 'direct', 'pairs', 'gemv', 'matrix', 'winograd', 'depthwise', 'interleaved', 'pool', 'lookup' or 'elementwise' with a tile}}
  // expected-note @+2 {{found: {strategy = "portable", tile = array<i64: 6, 1, 8>}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "portable", tile = array<i64: 6, 1, 8>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @no_pixels(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x {afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: a tile of 1 to 32 pixels and 1 to 8 vectors of 4, 8 or 16 lanes, 1, 2, 4 or 8 steps and a depth of 0, 1, 2 or 4}}
  // expected-note @+2 {{found: {strategy = "direct", tile = array<i64: 0, 1, 8>}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 0, 1, 8>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @negative_vectors(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x {afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: a tile of 1 to 32 pixels and 1 to 8 vectors of 4, 8 or 16 lanes, 1, 2, 4 or 8 steps and a depth of 0, 1, 2 or 4}}
  // expected-note @+2 {{found: {strategy = "direct", tile = array<i64: 6, -1, 8>}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, -1, 8>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @many_pixels(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x {afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: a tile of 1 to 32 pixels and 1 to 8 vectors of 4, 8 or 16 lanes, 1, 2, 4 or 8 steps and a depth of 0, 1, 2 or 4}}
  // expected-note @+2 {{found: {strategy = "direct", tile = array<i64: 100000, 1, 8>}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 100000, 1, 8>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @huge_vectors(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x {afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: a tile of 1 to 32 pixels and 1 to 8 vectors of 4, 8 or 16 lanes, 1, 2, 4 or 8 steps and a depth of 0, 1, 2 or 4}}
  // expected-note @+2 {{found: {strategy = "direct", tile = array<i64: 6, 9223372036854775807, 8>}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, 9223372036854775807, 8>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @odd_lanes(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x {afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: a tile of 1 to 32 pixels and 1 to 8 vectors of 4, 8 or 16 lanes, 1, 2, 4 or 8 steps and a depth of 0, 1, 2 or 4}}
  // expected-note @+2 {{found: {strategy = "direct", tile = array<i64: 6, 1, 5>}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, 1, 5>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @short_tile(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x {afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: a tile of 1 to 32 pixels and 1 to 8 vectors of 4, 8 or 16 lanes, 1, 2, 4 or 8 steps and a depth of 0, 1, 2 or 4}}
  // expected-note @+2 {{found: {strategy = "direct", tile = array<i64: 6, 1>}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, 1>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @multiply_name(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x {afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: 'native' or 'shift-add' products}}
  // expected-note @+2 {{found: {multiply = "fft", strategy = "portable"}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {multiply = "fft", strategy = "portable"}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @weights_name(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x {afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: 'expanded' or 'packed' weights}}
  // expected-note @+2 {{found: {strategy = "portable", weights = "zip"}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "portable", weights = "zip"}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @packed_vectors(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x {afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: native products and expanded weights on vectors}}
  // expected-note @+2 {{found: {strategy = "direct", tile = array<i64: 6, 1, 8>, weights = "packed"}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, 1, 8>, weights = "packed"}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @codes(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: an input of integers, with its halo}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, 1, 8>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @no_halo(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x {afp.layout = {channels = 4 : i64, offset = 0 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: an input of integers, with its halo}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, 1, 8>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @odd_channels(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x {afp.layout = {channels = 5 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: an input of integers, with its halo}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, 1, 8>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @more_lanes(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x {afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: an input of integers, with its halo}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, 1, 16>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @not_depthwise(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x {afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: one depthwise convolution, with an epilogue on vectors}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "depthwise", tile = array<i64: 6, 1, 8>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @depthwise_halo(%x: tensor<1x5x6x8xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<3x3x8x1xi8> : tensor<3x3x8x1x!w>
  %0 = afp.quantize %x {afp.layout = {offset = 0 : i64}} : tensor<1x5x6x8xf32> to tensor<1x5x6x8x!u>
  %1 = afp.depthwise_conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x8x!u>, tensor<3x3x8x1x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: an input of integers, with its halo}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "depthwise", tile = array<i64: 4, 1, 8>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @depthwise_lanes(%x: tensor<1x5x6x8xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<3x3x8x1xi8> : tensor<3x3x8x1x!w>
  %0 = afp.quantize %x {afp.layout = {halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x8xf32> to tensor<1x5x6x8x!u>
  %1 = afp.depthwise_conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x8x!u>, tensor<3x3x8x1x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: as many channels as a vector has lanes}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "depthwise", tile = array<i64: 4, 1, 16>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @depthwise_direct(%x: tensor<1x5x6x8xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<3x3x8x1xi8> : tensor<3x3x8x1x!w>
  %0 = afp.quantize %x {afp.layout = {halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x8xf32> to tensor<1x5x6x8x!u>
  %1 = afp.depthwise_conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x8x!u>, tensor<3x3x8x1x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: one contraction, with an epilogue on vectors}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, 1, 8>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @joined(%x: tensor<1x2x2x3xf32>) -> tensor<1x12xf32> {
  %0 = afp.quantize %x {afp.layout = {channels = 4 : i64}} : tensor<1x2x2x3xf32> to tensor<1x2x2x3x!u>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: values without gaps in memory}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %1 = afp.reshape %0 : tensor<1x2x2x3x!u> to tensor<1x12x!u>
  %2 = afp.dequantize %1 : tensor<1x12x!u> to tensor<1x12xf32>
  return %2 : tensor<1x12xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @constant() -> tensor<1x2x2x1xf32> {
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: a halo of four sizes, none negative, around feature maps that are computed}}
  // expected-note @+2 {{found: {halo = array<i64: 1, 1, 1, 1>}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %0 = afp.constant dense<1> : tensor<1x2x2x1xi8> {afp.layout = {halo = array<i64: 1, 1, 1, 1>}} : tensor<1x2x2x1x!u>
  %1 = afp.dequantize %0 : tensor<1x2x2x1x!u> to tensor<1x2x2x1xf32>
  return %1 : tensor<1x2x2x1xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @interleaved_rows(%x: tensor<1x5x6x8xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<3x3x8x1xi8> : tensor<3x3x8x1x!w>
  %0 = afp.quantize %x {afp.layout = {halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x8xf32> to tensor<1x5x6x8x!u>
  %1 = afp.depthwise_conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x8x!u>, tensor<3x3x8x1x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: a depthwise convolution of bytes with its halo, and as many rows}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "interleaved", tile = array<i64: 6, 4, 8>}, afp.layout = {offset = 0 : i64}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @interleaved_vectors(%x: tensor<1x5x6x8xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<3x3x8x1xi8> : tensor<3x3x8x1x!w>
  %0 = afp.quantize %x {afp.layout = {halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x8xf32> to tensor<1x5x6x8x!u>
  %1 = afp.depthwise_conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x8x!u>, tensor<3x3x8x1x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: a depthwise convolution of bytes with its halo, and as many rows}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "interleaved", tile = array<i64: 2, 3, 8>}, afp.layout = {offset = 0 : i64}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @interleaved_lanes(%x: tensor<1x5x6x8xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<3x3x8x1xi8> : tensor<3x3x8x1x!w>
  %0 = afp.quantize %x {afp.layout = {halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x8xf32> to tensor<1x5x6x8x!u>
  %1 = afp.depthwise_conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x8x!u>, tensor<3x3x8x1x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: as many channels as four vectors have, or pixels that fill them}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "interleaved", tile = array<i64: 2, 4, 16>}, afp.layout = {offset = 0 : i64}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @elementwise_group(%x: tensor<1x5x6x8xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<3x3x8x1xi8> : tensor<3x3x8x1x!w>
  %0 = afp.quantize %x {afp.layout = {halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x8xf32> to tensor<1x5x6x8x!u>
  %1 = afp.depthwise_conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x8x!u>, tensor<3x3x8x1x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: a strategy of contractions}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "elementwise", tile = array<i64: 1, 1, 8>}, afp.layout = {offset = 0 : i64}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!r = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

// A group of rows has 16 pixels at most.
func.func @matrix_pixels(%x: tensor<1x5x20x8xf32>) -> tensor<1x5x20x16xf32> {
  %w = afp.constant dense<1> : tensor<16x1x1x8xi8> : tensor<16x1x1x8x!w>
  %0 = afp.quantize %x {afp.layout = {offset = 0 : i64}} : tensor<1x5x20x8xf32> to tensor<1x5x20x8x!r>
  %1 = afp.conv2d %0, %w : (tensor<1x5x20x8x!r>, tensor<16x1x1x8x!w>) -> tensor<1x5x20x16x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: products of bytes, on tiles of a matrix unit}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "matrix", tile = array<i64: 20, 2, 16>}} : tensor<1x5x20x16x!afp.exact> to tensor<1x5x20x16x!r>
  %3 = afp.dequantize %2 : tensor<1x5x20x16x!r> to tensor<1x5x20x16xf32>
  return %3 : tensor<1x5x20x16xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e0m7, exp = 0>

func.func @gemv_of_bytes(%x: tensor<1x8xf32>) -> tensor<1x16xf32> {
  %w = afp.constant dense<1> : tensor<16x8xi8> : tensor<16x8x!w>
  %0 = afp.quantize %x {afp.layout = {offset = 0 : i64}} : tensor<1x8xf32> to tensor<1x8x!u>
  %1 = afp.fully_connected %0, %w : (tensor<1x8x!u>, tensor<16x8x!w>) -> tensor<1x16x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: one row of bytes without a sign, and weights of at most 7 bits on 16 lanes}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "gemv", tile = array<i64: 1, 1, 16>}} : tensor<1x16x!afp.exact> to tensor<1x16x!u>
  %3 = afp.dequantize %2 : tensor<1x16x!u> to tensor<1x16xf32>
  return %3 : tensor<1x16xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m2, exp = 0>

func.func @gemv_of_rows(%x: tensor<2x8xf32>) -> tensor<2x16xf32> {
  %w = afp.constant dense<1> : tensor<16x8xi8> : tensor<16x8x!w>
  %0 = afp.quantize %x {afp.layout = {offset = 0 : i64}} : tensor<2x8xf32> to tensor<2x8x!u>
  %1 = afp.fully_connected %0, %w : (tensor<2x8x!u>, tensor<16x8x!w>) -> tensor<2x16x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: one row of bytes without a sign, and weights of at most 7 bits on 16 lanes}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "gemv", tile = array<i64: 1, 1, 16>}} : tensor<2x16x!afp.exact> to tensor<2x16x!u>
  %3 = afp.dequantize %2 : tensor<2x16x!u> to tensor<2x16xf32>
  return %3 : tensor<2x16xf32>
}

// -----

!s = !afp.float<e0m7, exp = -7>
!w = !afp.float<e2m2, exp = 0>

// Signed inputs without an offset, and a last vector that overlaps the one of another block.
func.func @gemv_of_signed(%x: tensor<1x8xf32>) -> (tensor<1x16xf32>, tensor<1x40xf32>) {
  %w = afp.constant dense<1> : tensor<16x8xi8> : tensor<16x8x!w>
  %v = afp.constant dense<1> : tensor<40x8xi8> : tensor<40x8x!w>
  %0 = afp.quantize %x {afp.layout = {offset = 0 : i64}} : tensor<1x8xf32> to tensor<1x8x!s>
  %y = afp.quantize %x {afp.layout = {offset = 128 : i64}} : tensor<1x8xf32> to tensor<1x8x!s>
  %1 = afp.fully_connected %0, %w : (tensor<1x8x!s>, tensor<16x8x!w>) -> tensor<1x16x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: one row of bytes without a sign, and weights of at most 7 bits on 16 lanes}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "gemv", tile = array<i64: 1, 1, 16>}} : tensor<1x16x!afp.exact> to tensor<1x16x!s>
  %3 = afp.fully_connected %y, %v : (tensor<1x8x!s>, tensor<40x8x!w>) -> tensor<1x40x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: one row of bytes without a sign, and weights of at most 7 bits on 16 lanes}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %4 = afp.encode %3 {afp.kernel = {strategy = "gemv", tile = array<i64: 1, 2, 16>}} : tensor<1x40x!afp.exact> to tensor<1x40x!s>
  %a = afp.dequantize %2 : tensor<1x16x!s> to tensor<1x16xf32>
  %b = afp.dequantize %4 : tensor<1x40x!s> to tensor<1x40xf32>
  return %a, %b : tensor<1x16xf32>, tensor<1x40xf32>
}

// -----

!u = !afp.float<ue0m6, exp = -6>
!w = !afp.float<e2m1, exp = 0>

// Windows that lie two rows and columns apart.
func.func @winograd_of_a_stride(%x: tensor<1x6x6x4xf32>) -> tensor<1x3x3x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x4xi8> : tensor<8x3x3x4x!w>
  %0 = afp.quantize %x {afp.layout = {halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x6x6x4xf32> to tensor<1x6x6x4x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 2, 2>} : (tensor<1x6x6x4x!u>, tensor<8x3x3x4x!w>) -> tensor<1x3x3x8x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: a convolution of 3x3, of bytes that Winograd's transforms leave bytes}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "winograd", tile = array<i64: 4, 1, 8>}} : tensor<1x3x3x8x!afp.exact> to tensor<1x3x3x8x!u>
  %3 = afp.dequantize %2 : tensor<1x3x3x8x!u> to tensor<1x3x3x8xf32>
  return %3 : tensor<1x3x3x8xf32>
}

// -----

!u = !afp.float<ue0m7, exp = -6>
!w = !afp.float<e2m1, exp = 0>

// Inputs of seven bits: differences of differences have nine.
func.func @winograd_of_bytes(%x: tensor<1x6x6x4xf32>) -> tensor<1x6x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x4xi8> : tensor<8x3x3x4x!w>
  %0 = afp.quantize %x {afp.layout = {halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x6x6x4xf32> to tensor<1x6x6x4x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x6x6x4x!u>, tensor<8x3x3x4x!w>) -> tensor<1x6x6x8x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: a convolution of 3x3, of bytes that Winograd's transforms leave bytes}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "winograd", tile = array<i64: 4, 1, 8>}} : tensor<1x6x6x8x!afp.exact> to tensor<1x6x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x6x6x8x!u> to tensor<1x6x6x8xf32>
  return %3 : tensor<1x6x6x8xf32>
}

// -----

!u = !afp.float<ue0m6, exp = -6>
!w = !afp.float<e0m7, exp = 0>

// Filters of which no block is bytes when transformed.
func.func @winograd_of_large_weights(%x: tensor<1x6x6x4xf32>) -> tensor<1x6x6x8xf32> {
  %w = afp.constant dense<64> : tensor<8x3x3x4xi8> : tensor<8x3x3x4x!w>
  %0 = afp.quantize %x {afp.layout = {halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x6x6x4xf32> to tensor<1x6x6x4x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x6x6x4x!u>, tensor<8x3x3x4x!w>) -> tensor<1x6x6x8x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: a convolution of 3x3, of bytes that Winograd's transforms leave bytes}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "winograd", tile = array<i64: 4, 1, 8>}} : tensor<1x6x6x8x!afp.exact> to tensor<1x6x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x6x6x8x!u> to tensor<1x6x6x8xf32>
  return %3 : tensor<1x6x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @three_steps(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x {afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: a tile of 1 to 32 pixels and 1 to 8 vectors of 4, 8 or 16 lanes, 1, 2, 4 or 8 steps and a depth of 0, 1, 2 or 4}}
  // expected-note @+2 {{found: {strategy = "direct", tile = array<i64: 5, 2, 4, 3>}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 5, 2, 4, 3>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @no_steps(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x {afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: a tile of 1 to 32 pixels and 1 to 8 vectors of 4, 8 or 16 lanes, 1, 2, 4 or 8 steps and a depth of 0, 1, 2 or 4}}
  // expected-note @+2 {{found: {strategy = "direct", tile = array<i64: 5, 2, 4, 0>}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 5, 2, 4, 0>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @five_numbers(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x {afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: a tile of 1 to 32 pixels and 1 to 8 vectors of 4, 8 or 16 lanes, 1, 2, 4 or 8 steps and a depth of 0, 1, 2 or 4}}
  // expected-note @+2 {{found: {strategy = "direct", tile = array<i64: 5, 2, 4, 1, 3>}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 5, 2, 4, 1, 3>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @steps_of_another(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x {afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: several steps together of 'direct', 'pairs', 'winograd' or 'interleaved' alone}}
  // expected-note @+2 {{found: {strategy = "matrix", tile = array<i64: 6, 1, 16, 4>}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "matrix", tile = array<i64: 6, 1, 16, 4>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<ue0m15, exp = -15>
!w = !afp.float<e2m4, exp = 0>

func.func @steps_of_words(%x: tensor<1x5x6x4xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x1x1x4xi8> : tensor<8x1x1x4x!w>
  %0 = afp.quantize %x {afp.layout = {offset = 0 : i64}} : tensor<1x5x6x4xf32> to tensor<1x5x6x4x!u>
  %1 = afp.conv2d %0, %w : (tensor<1x5x6x4x!u>, tensor<8x1x1x4x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: steps that are taken one by one, and added in 32 bits, where inputs or weights are no bytes}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 5, 2, 4, 4>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!s = !afp.float<e0m7, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @columns_of_pixels(%x: tensor<1x4x4x8xf32>) -> tensor<1x4x4x8xf32> {
  %w = afp.constant dense<1> : tensor<3x3x8x1xi8> : tensor<3x3x8x1x!w>
  %0 = afp.quantize %x {afp.layout = {halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x4x4x8xf32> to tensor<1x4x4x8x!s>
  %1 = afp.depthwise_conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x8x!s>, tensor<3x3x8x1x!w>) -> tensor<1x4x4x8x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: a column at a time, where each is several pixels}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "interleaved", tile = array<i64: 2, 4, 4, 2>}, afp.layout = {offset = 0 : i64}} : tensor<1x4x4x8x!afp.exact> to tensor<1x4x4x8x!s>
  %3 = afp.dequantize %2 : tensor<1x4x4x8x!s> to tensor<1x4x4x8xf32>
  return %3 : tensor<1x4x4x8xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @depth_of_another(%x: tensor<1x5x6x3xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x3x3x3xi8> : tensor<8x3x3x3x!w>
  %0 = afp.quantize %x {afp.layout = {channels = 4 : i64, halo = array<i64: 1, 1, 1, 1>, offset = 0 : i64}} : tensor<1x5x6x3xf32> to tensor<1x5x6x3x!u>
  %1 = afp.conv2d %0, %w {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x5x6x3x!u>, tensor<8x3x3x3x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+4 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+3 {{expected: sums of 16 bits of 'direct' alone, of steps that are loaded one by one}}
  // expected-note @+2 {{found: {strategy = "direct", tile = array<i64: 6, 1, 8, 4, 2>}}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, 1, 8, 4, 2>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!u = !afp.float<e3m4, exp = -8>
!w = !afp.float<e2m4, exp = 0>

func.func @depth_of_words(%x: tensor<1x5x6x8xf32>) -> tensor<1x5x6x8xf32> {
  %w = afp.constant dense<1> : tensor<8x1x1x8xi8> : tensor<8x1x1x8x!w>
  %0 = afp.quantize %x {afp.layout = {offset = 0 : i64}} : tensor<1x5x6x8xf32> to tensor<1x5x6x8x!u>
  %1 = afp.conv2d %0, %w : (tensor<1x5x6x8x!u>, tensor<8x1x1x8x!w>) -> tensor<1x5x6x8x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: steps that are taken one by one, and added in 32 bits, where inputs or weights are no bytes}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.encode %1 {afp.kernel = {strategy = "direct", tile = array<i64: 6, 1, 8, 1, 2>}} : tensor<1x5x6x8x!afp.exact> to tensor<1x5x6x8x!u>
  %3 = afp.dequantize %2 : tensor<1x5x6x8x!u> to tensor<1x5x6x8xf32>
  return %3 : tensor<1x5x6x8xf32>
}

// -----

!s = !afp.float<e0m7, exp = -7>

// Operands that are stored as codes, too few columns, steps of words that are no bytes, and weights that stay packed.
func.func @products_of_computed_matrices(%x: tensor<1x5x8xf32>, %y: tensor<1x8x5xf32>, %z: tensor<1x8x3xf32>) -> (tensor<1x5x5xf32>, tensor<1x5x3xf32>, tensor<1x5x5xf32>, tensor<1x5x5xf32>) {
  %0 = afp.quantize %x {afp.layout = {offset = 0 : i64}} : tensor<1x5x8xf32> to tensor<1x5x8x!s>
  %1 = afp.quantize %y : tensor<1x8x5xf32> to tensor<1x8x5x!s>
  %2 = afp.quantize %z {afp.layout = {offset = 0 : i64}} : tensor<1x8x3xf32> to tensor<1x8x3x!s>
  %3 = afp.quantize %y {afp.layout = {offset = 0 : i64}} : tensor<1x8x5xf32> to tensor<1x8x5x!afp.float<ue0m8, exp = -7>>
  %4 = afp.matmul %0, %1 : (tensor<1x5x8x!s>, tensor<1x8x5x!s>) -> tensor<1x5x5x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: a product of integers on vectors, by steps that are taken one by one where they are no bytes}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %5 = afp.encode %4 {afp.kernel = {strategy = "direct", tile = array<i64: 1, 1, 4>}} : tensor<1x5x5x!afp.exact> to tensor<1x5x5x!s>
  %6 = afp.matmul %0, %2 : (tensor<1x5x8x!s>, tensor<1x8x3x!s>) -> tensor<1x5x3x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: an input of integers, with its halo}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %7 = afp.encode %6 {afp.kernel = {strategy = "direct", tile = array<i64: 1, 1, 4>}} : tensor<1x5x3x!afp.exact> to tensor<1x5x3x!s>
  %8 = afp.matmul %0, %3 : (tensor<1x5x8x!s>, tensor<1x8x5x!afp.float<ue0m8, exp = -7>>) -> tensor<1x5x5x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: a product of integers on vectors, by steps that are taken one by one where they are no bytes}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %9 = afp.encode %8 {afp.kernel = {strategy = "direct", tile = array<i64: 1, 1, 4, 4>}} : tensor<1x5x5x!afp.exact> to tensor<1x5x5x!s>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: one contraction, with an epilogue on vectors}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %10 = afp.encode %8 {afp.kernel = {strategy = "gemv", tile = array<i64: 1, 1, 16>}} : tensor<1x5x5x!afp.exact> to tensor<1x5x5x!s>
  %a = afp.dequantize %5 : tensor<1x5x5x!s> to tensor<1x5x5xf32>
  %b = afp.dequantize %7 : tensor<1x5x3x!s> to tensor<1x5x3xf32>
  %c = afp.dequantize %9 : tensor<1x5x5x!s> to tensor<1x5x5xf32>
  %d = afp.dequantize %10 : tensor<1x5x5x!s> to tensor<1x5x5xf32>
  return %a, %b, %c, %d : tensor<1x5x5xf32>, tensor<1x5x3xf32>, tensor<1x5x5xf32>, tensor<1x5x5xf32>
}

// -----

!s = !afp.float<e0m7, exp = -4>

// Rows that are no neighbours in memory, strategies of contractions, and a table of too few elements.
func.func @functions(%x: tensor<2x20x20xf32>, %y: tensor<3x5xf32>) -> (tensor<2x20x20xf32>, tensor<2x20x20xf32>, tensor<2x20x20xf32>, tensor<3x5xf32>) {
  %0 = afp.quantize %x {afp.layout = {offset = 0 : i64}} : tensor<2x20x20xf32> to tensor<2x20x20x!s>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: a softmax over rows of bytes, on vectors of their elements}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %1 = afp.softmax %0 {axis = 1 : i64, afp.kernel = {strategy = "elementwise", tile = array<i64: 1, 1, 4>}} : tensor<2x20x20x!s> to tensor<2x20x20x!s>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: a softmax over rows of bytes, on vectors of their elements}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %2 = afp.softmax %0 {axis = 2 : i64, afp.kernel = {strategy = "direct", tile = array<i64: 1, 1, 4>}} : tensor<2x20x20x!s> to tensor<2x20x20x!s>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: a table of bytes, 16 of them or more neighbours in memory}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %3 = afp.table %0 {function = "tanh", values = dense<1> : tensor<256xi8>, afp.kernel = {strategy = "pool", tile = array<i64: 1, 1, 4>}} : tensor<2x20x20x!s> to tensor<2x20x20x!s>
  %5 = afp.quantize %y : tensor<3x5xf32> to tensor<3x5x!s>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: a table of bytes, 16 of them or more neighbours in memory}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %6 = afp.table %5 {function = "tanh", values = dense<1> : tensor<256xi8>, afp.kernel = {strategy = "lookup", tile = array<i64: 1, 1, 4>}} : tensor<3x5x!s> to tensor<3x5x!s>
  %7 = afp.dequantize %1 : tensor<2x20x20x!s> to tensor<2x20x20xf32>
  %8 = afp.dequantize %2 : tensor<2x20x20x!s> to tensor<2x20x20xf32>
  %9 = afp.dequantize %3 : tensor<2x20x20x!s> to tensor<2x20x20xf32>
  %10 = afp.dequantize %6 : tensor<3x5x!s> to tensor<3x5xf32>
  return %7, %8, %9, %10 : tensor<2x20x20xf32>, tensor<2x20x20xf32>, tensor<2x20x20xf32>, tensor<3x5xf32>
}

// -----

!u = !afp.float<ue0m8, exp = -8>
!s = !afp.float<e0m7, exp = -7>

// Of operands that nothing is known of, not two steps fit.
func.func @depth_of_computed(%x: tensor<1x5x8xf32>, %y: tensor<1x8x8xf32>) -> tensor<1x5x8xf32> {
  %0 = afp.quantize %x {afp.layout = {offset = 0 : i64}} : tensor<1x5x8xf32> to tensor<1x5x8x!u>
  %1 = afp.quantize %y {afp.layout = {offset = 0 : i64}} : tensor<1x8x8xf32> to tensor<1x8x8x!s>
  %2 = afp.matmul %0, %1 : (tensor<1x5x8x!u>, tensor<1x8x8x!s>) -> tensor<1x5x8x!afp.exact>
  // expected-error @+3 {{[AFP0612] the choice of a kernel or a layout does not fit the operation}}
  // expected-note @+2 {{expected: a depth of as many steps as have sums of 16 bits, whatever the operands are}}
  // expected-note @+1 {{help: let afp-select-kernels choose strategies and layouts}}
  %3 = afp.encode %2 {afp.kernel = {strategy = "direct", tile = array<i64: 1, 1, 8, 1, 2>}} : tensor<1x5x8x!afp.exact> to tensor<1x5x8x!s>
  %4 = afp.dequantize %3 : tensor<1x5x8x!s> to tensor<1x5x8xf32>
  return %4 : tensor<1x5x8xf32>
}
