// Network 137 of series 1, made small: a dynamic value that is reshaped into a buffer with a halo, which is a
// copy, lost its exponent.
// exponents: dynamic
// samples: 555989149103422139
module attributes {afp.formats = {weights = {w5 = "e1m2"}, activations = {s6 = {format = "ue1m0", exp = -34 : i32}}}} {
func.func @f(%x: tensor<2x5x5x4xf32>) -> (tensor<1x8x3x4xf32>, tensor<12x6xf32>, tensor<2x3x3x4xf32>) {
  %1 = afp.encode %x {afp.name = "s0"} : tensor<2x5x5x4xf32> to tensor<2x5x5x4xf32>
  %2 = afp.max_pool2d %1 {stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 1, 1>, kernel = array<i64: 1, 2>} : (tensor<2x5x5x4xf32>) -> tensor<2x3x3x4xf32>
  %3 = afp.reshape %2 {} : tensor<2x3x3x4xf32> to tensor<12x6xf32>
  %4 = afp.reshape %3 {} : tensor<12x6xf32> to tensor<1x18x1x4xf32>
  %5 = "tosa.const"() <{values = dense<"0x806217BD004633BC0028F2BB0000000000901FBD0064CBBC0089B63C0034C3BB00C19B3C800F103D004E1BBC0077A63C"> : tensor<1x3x4x1xf32>}> : () -> tensor<1x3x4x1xf32>
  %6 = afp.depthwise_conv2d %4, %5 {stride = array<i64: 3, 1>, pad = array<i64: 2, 2, 2, 2>, dilation = array<i64: 1, 1>, afp.name = "w5"} : (tensor<1x18x1x4xf32>, tensor<1x3x4x1xf32>) -> tensor<1x8x3x4x!afp.exact>
  %7 = afp.encode %6 {afp.name = "s6", lo = array<f32: 0x00000000, 0x00000000, 0x00000000, 0x00000000>} : tensor<1x8x3x4x!afp.exact> to tensor<1x8x3x4xf32>
return %7, %3, %2 : tensor<1x8x3x4xf32>, tensor<12x6xf32>, tensor<2x3x3x4xf32>
}
}
