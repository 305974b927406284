// Everything that computes, with dynamic scale exponents: convolutions with a bias and without, a skip
// operand, a depthwise convolution, an average, a product with weights. The last value is static.
// exponents: as they are
// samples: 7

!x = !afp.float<e0m7, exp = ?[-14, 2]>
!u = !afp.float<ue0m8, exp = ?[-14, 4]>
!f = !afp.float<e2m4, exp = ?[-10, 6]>
!g = !afp.float<ue2m5, exp = ?[-12, 12]>
!w = !afp.float<e2m4, exp = -5>

func.func @f(%x: tensor<2x6x5x3xf32>) -> (tensor<2x7xf32>, tensor<2x6x5x8xf32>) {
  %wd = afp.constant dense<[[[[1], [35], [7], [69], [22], [0], [90], [31]]], [[[11], [5], [87], [9], [2], [61], [9], [3]]]]> : tensor<2x1x8x1xi8> : tensor<2x1x8x1x!w>
  %wf = afp.constant dense<[[5, 33, 80, 7, 28, 49, 70, 91], [1, 2, 3, 4, 5, 6, 7, 8], [33, 34, 35, 36, 37, 38, 39, 40], [94, 90, 80, 70, 60, 50, 40, 30], [0, 0, 0, 1, 0, 0, 0, 0], [65, 65, 65, 65, 65, 65, 65, 65], [15, 15, 15, 15, 15, 15, 15, 15]]> : tensor<7x8xi8> : tensor<7x8x!w>
  %wc = afp.constant dense<[[[[1, 66, 31]]], [[[33, 80, 7]]], [[[28, 49, 70]]], [[[91, 30, 5]]], [[[0, 0, 1]]], [[[90, 91, 92]]], [[[0, 0, 0]]], [[[15, 14, 13]]]]> : tensor<8x1x1x3xi8> : tensor<8x1x1x3x!w>
  %b = afp.constant dense<[5, -900, 77, 0, 12345, -1, 1000, 64]> : tensor<8xi32> {channel_exp = array<i32: -22>} : tensor<8x!afp.exact>
  %bc = afp.constant dense<[5, -900, 77, 0, 1234, -1, 1000, 0]> : tensor<8xi32> {channel_exp = array<i32: -12, -3, -9, 0, 2, -11, -4, -12>} : tensor<8x!afp.exact>
  %0 = afp.quantize %x : tensor<2x6x5x3xf32> to tensor<2x6x5x3x!x>
  %1 = afp.conv2d %0, %wc bias %b {channel_exp = array<i32: 0, 1, -2, 3, 0, 0, 0, -1>} : (tensor<2x6x5x3x!x>, tensor<8x1x1x3x!w>, tensor<8x!afp.exact>) -> tensor<2x6x5x8x!afp.exact>
  %2 = afp.encode %1 {lo = array<i32: 0>} : tensor<2x6x5x8x!afp.exact> to tensor<2x6x5x8x!u>
  %3 = afp.conv2d %0, %wc bias %bc : (tensor<2x6x5x3x!x>, tensor<8x1x1x3x!w>, tensor<8x!afp.exact>) -> tensor<2x6x5x8x!afp.exact>
  %4 = afp.encode %3 : tensor<2x6x5x8x!afp.exact> to tensor<2x6x5x8x!f>
  %5 = afp.depthwise_conv2d %2, %wd {pad = array<i64: 1, 0, 0, 0>, channel_exp = array<i32: -3, -3, -3, -3, -2, -2, -2, -2>} : (tensor<2x6x5x8x!u>, tensor<2x1x8x1x!w>) -> tensor<2x6x5x8x!afp.exact>
  %6 = afp.add %5, %4 : (tensor<2x6x5x8x!afp.exact>, tensor<2x6x5x8x!f>) -> tensor<2x6x5x8x!afp.exact>
  %7 = afp.encode %6 {lo = array<i32: 0>} : tensor<2x6x5x8x!afp.exact> to tensor<2x6x5x8x!g>
  %8 = afp.add %7, %2 : (tensor<2x6x5x8x!g>, tensor<2x6x5x8x!u>) -> tensor<2x6x5x8x!afp.exact>
  %9 = afp.encode %8 {round = "half_even"} : tensor<2x6x5x8x!afp.exact> to tensor<2x6x5x8x!f>
  %10 = afp.sum_pool2d %9 {kernel = array<i64: 6, 5>, stride = array<i64: 1, 1>} : (tensor<2x6x5x8x!f>) -> tensor<2x1x1x8x!afp.exact>
  %11 = afp.encode %10 {divisor = array<i64: 30>} : tensor<2x1x1x8x!afp.exact> to tensor<2x1x1x8x!x>
  %12 = afp.reshape %11 : tensor<2x1x1x8x!x> to tensor<2x8x!x>
  %13 = afp.fully_connected %12, %wf : (tensor<2x8x!x>, tensor<7x8x!w>) -> tensor<2x7x!afp.exact>
  %14 = afp.encode %13 : tensor<2x7x!afp.exact> to tensor<2x7x!afp.float<e0m7, exp = -3>>
  %15 = afp.dequantize %14 : tensor<2x7x!afp.float<e0m7, exp = -3>> to tensor<2x7xf32>
  %16 = afp.dequantize %9 : tensor<2x6x5x8x!f> to tensor<2x6x5x8xf32>
  return %15, %16 : tensor<2x7xf32>, tensor<2x6x5x8xf32>
}
