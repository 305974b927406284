// Sums that reach the ends of 31 bits, or with half a unit do: by products, a bias and a skip operand
// that is shifted. Of floats with two exponent bits or more, half a unit counts as half the value.
// exponents: as they are
// samples: 31

!x = !afp.float<e0m7, exp = -5>
!k = !afp.float<e0m7, exp = 17>
!w = !afp.float<e2m4, exp = 0>
!fix = !afp.float<e0m7, exp = 19>
!two = !afp.float<e1m6, exp = 19>
!float = !afp.float<e2m4, exp = 19>
!wide = !afp.float<e3m3, exp = 15>
!dyn = !afp.float<e0m7, exp = ?[15, 19]>
!low = !afp.float<ue0m8, exp = ?[15, 19]>
!dynf = !afp.float<e2m4, exp = ?[13, 19]>

func.func @f(%x: tensor<1x3x5x8xf32>) -> (tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>) {
  %wc = afp.constant dense<[[[[63, 63, 63, 63, 63, 63, 63, 63]]], [[[127, 127, 127, 127, 127, 127, 127, 127]]], [[[63, 127, 63, 127, 63, 127, 63, 127]]], [[[127, 63, 127, 63, 127, 63, 127, 63]]], [[[63, 63, 63, 63, 63, 63, 63, 63]]], [[[127, 127, 127, 127, 127, 127, 127, 127]]], [[[63, 127, 63, 127, 63, 127, 63, 127]]], [[[127, 63, 127, 63, 127, 63, 127, 63]]]]> : tensor<8x1x1x8xi8> : tensor<8x1x1x8x!w>
  %wd = afp.constant dense<[[[[63], [127], [63], [127], [63], [127], [63], [127]], [[63], [127], [63], [127], [63], [127], [63], [127]], [[63], [127], [63], [127], [63], [127], [63], [127]]], [[[63], [127], [63], [127], [63], [127], [63], [127]], [[63], [127], [63], [127], [63], [127], [63], [127]], [[63], [127], [63], [127], [63], [127], [63], [127]]], [[[63], [127], [63], [127], [63], [127], [63], [127]], [[63], [127], [63], [127], [63], [127], [63], [127]], [[63], [127], [63], [127], [63], [127], [63], [127]]]]> : tensor<3x3x8x1xi8> : tensor<3x3x8x1x!w>
  %x0 = afp.quantize %x : tensor<1x3x5x8xf32> to tensor<1x3x5x8x!x>
  %k0 = afp.quantize %x : tensor<1x3x5x8xf32> to tensor<1x3x5x8x!k>
  %b1 = afp.constant dense<[2138969055, -2138969055, 2138969054, -2138969054, 1073741824, 0, 629145600, -629145600]> : tensor<8xi32> {channel_exp = array<i32: -5>} : tensor<8x!afp.exact>
  %s2 = afp.conv2d %x0, %wc bias %b1 : (tensor<1x3x5x8x!x>, tensor<8x1x1x8x!w>, tensor<8x!afp.exact>) -> tensor<1x3x5x8x!afp.exact>
  %e3 = afp.encode %s2 : tensor<1x3x5x8x!afp.exact> to tensor<1x3x5x8x!fix>
  %d3 = afp.dequantize %e3 : tensor<1x3x5x8x!fix> to tensor<1x3x5x8xf32>
  %e4 = afp.encode %s2 : tensor<1x3x5x8x!afp.exact> to tensor<1x3x5x8x!two>
  %d4 = afp.dequantize %e4 : tensor<1x3x5x8x!two> to tensor<1x3x5x8xf32>
  %e5 = afp.encode %s2 : tensor<1x3x5x8x!afp.exact> to tensor<1x3x5x8x!dyn>
  %d5 = afp.dequantize %e5 : tensor<1x3x5x8x!dyn> to tensor<1x3x5x8xf32>
  %e6 = afp.encode %s2 {lo = array<i32: 0>} : tensor<1x3x5x8x!afp.exact> to tensor<1x3x5x8x!low>
  %d6 = afp.dequantize %e6 : tensor<1x3x5x8x!low> to tensor<1x3x5x8xf32>
  %b7 = afp.constant dense<[1431529781, -1431529781, 1431529780, -1431529780, 1073741824, 0, 629145600, -629145600]> : tensor<8xi32> {channel_exp = array<i32: -5>} : tensor<8x!afp.exact>
  %s8 = afp.conv2d %x0, %wc bias %b7 : (tensor<1x3x5x8x!x>, tensor<8x1x1x8x!w>, tensor<8x!afp.exact>) -> tensor<1x3x5x8x!afp.exact>
  %e9 = afp.encode %s8 : tensor<1x3x5x8x!afp.exact> to tensor<1x3x5x8x!float>
  %d9 = afp.dequantize %e9 : tensor<1x3x5x8x!float> to tensor<1x3x5x8xf32>
  %e10 = afp.encode %s8 : tensor<1x3x5x8x!afp.exact> to tensor<1x3x5x8x!wide>
  %d10 = afp.dequantize %e10 : tensor<1x3x5x8x!wide> to tensor<1x3x5x8xf32>
  %e11 = afp.encode %s8 : tensor<1x3x5x8x!afp.exact> to tensor<1x3x5x8x!dynf>
  %d11 = afp.dequantize %e11 : tensor<1x3x5x8x!dynf> to tensor<1x3x5x8xf32>
  %b12 = afp.constant dense<[1606292447, -1606292447, 1606292446, -1606292446, 1073741824, 0, 629145600, -629145600]> : tensor<8xi32> {channel_exp = array<i32: -5>} : tensor<8x!afp.exact>
  %s13 = afp.conv2d %x0, %wc bias %b12 : (tensor<1x3x5x8x!x>, tensor<8x1x1x8x!w>, tensor<8x!afp.exact>) -> tensor<1x3x5x8x!afp.exact>
  %a14 = afp.add %s13, %k0 : (tensor<1x3x5x8x!afp.exact>, tensor<1x3x5x8x!k>) -> tensor<1x3x5x8x!afp.exact>
  %e15 = afp.encode %a14 : tensor<1x3x5x8x!afp.exact> to tensor<1x3x5x8x!two>
  %d15 = afp.dequantize %e15 : tensor<1x3x5x8x!two> to tensor<1x3x5x8xf32>
  %e16 = afp.encode %a14 : tensor<1x3x5x8x!afp.exact> to tensor<1x3x5x8x!dyn>
  %d16 = afp.dequantize %e16 : tensor<1x3x5x8x!dyn> to tensor<1x3x5x8xf32>
  %b17 = afp.constant dense<[2138953307, -2138953307, 2138953306, -2138953306, 1073741824, 0, 629145600, -629145600]> : tensor<8xi32> {channel_exp = array<i32: -5>} : tensor<8x!afp.exact>
  %s18 = afp.depthwise_conv2d %x0, %wd bias %b17 {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x3x5x8x!x>, tensor<3x3x8x1x!w>, tensor<8x!afp.exact>) -> tensor<1x3x5x8x!afp.exact>
  %e19 = afp.encode %s18 : tensor<1x3x5x8x!afp.exact> to tensor<1x3x5x8x!fix>
  %d19 = afp.dequantize %e19 : tensor<1x3x5x8x!fix> to tensor<1x3x5x8xf32>
  %e20 = afp.encode %s18 : tensor<1x3x5x8x!afp.exact> to tensor<1x3x5x8x!two>
  %d20 = afp.dequantize %e20 : tensor<1x3x5x8x!two> to tensor<1x3x5x8xf32>
  %e21 = afp.encode %s18 : tensor<1x3x5x8x!afp.exact> to tensor<1x3x5x8x!dyn>
  %d21 = afp.dequantize %e21 : tensor<1x3x5x8x!dyn> to tensor<1x3x5x8xf32>
  %e22 = afp.encode %s18 {lo = array<i32: 0>} : tensor<1x3x5x8x!afp.exact> to tensor<1x3x5x8x!low>
  %d22 = afp.dequantize %e22 : tensor<1x3x5x8x!low> to tensor<1x3x5x8xf32>
  %b23 = afp.constant dense<[1431514033, -1431514033, 1431514032, -1431514032, 1073741824, 0, 629145600, -629145600]> : tensor<8xi32> {channel_exp = array<i32: -5>} : tensor<8x!afp.exact>
  %s24 = afp.depthwise_conv2d %x0, %wd bias %b23 {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x3x5x8x!x>, tensor<3x3x8x1x!w>, tensor<8x!afp.exact>) -> tensor<1x3x5x8x!afp.exact>
  %e25 = afp.encode %s24 : tensor<1x3x5x8x!afp.exact> to tensor<1x3x5x8x!float>
  %d25 = afp.dequantize %e25 : tensor<1x3x5x8x!float> to tensor<1x3x5x8xf32>
  %e26 = afp.encode %s24 : tensor<1x3x5x8x!afp.exact> to tensor<1x3x5x8x!wide>
  %d26 = afp.dequantize %e26 : tensor<1x3x5x8x!wide> to tensor<1x3x5x8xf32>
  %e27 = afp.encode %s24 : tensor<1x3x5x8x!afp.exact> to tensor<1x3x5x8x!dynf>
  %d27 = afp.dequantize %e27 : tensor<1x3x5x8x!dynf> to tensor<1x3x5x8xf32>
  %b28 = afp.constant dense<[1606276699, -1606276699, 1606276698, -1606276698, 1073741824, 0, 629145600, -629145600]> : tensor<8xi32> {channel_exp = array<i32: -5>} : tensor<8x!afp.exact>
  %s29 = afp.depthwise_conv2d %x0, %wd bias %b28 {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x3x5x8x!x>, tensor<3x3x8x1x!w>, tensor<8x!afp.exact>) -> tensor<1x3x5x8x!afp.exact>
  %a30 = afp.add %s29, %k0 : (tensor<1x3x5x8x!afp.exact>, tensor<1x3x5x8x!k>) -> tensor<1x3x5x8x!afp.exact>
  %e31 = afp.encode %a30 : tensor<1x3x5x8x!afp.exact> to tensor<1x3x5x8x!two>
  %d31 = afp.dequantize %e31 : tensor<1x3x5x8x!two> to tensor<1x3x5x8xf32>
  %e32 = afp.encode %a30 : tensor<1x3x5x8x!afp.exact> to tensor<1x3x5x8x!dyn>
  %d32 = afp.dequantize %e32 : tensor<1x3x5x8x!dyn> to tensor<1x3x5x8xf32>
  return %d3, %d4, %d5, %d6, %d9, %d10, %d11, %d15, %d16, %d19, %d20, %d21, %d22, %d25, %d26, %d27, %d31, %d32 : tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>, tensor<1x3x5x8xf32>
}
