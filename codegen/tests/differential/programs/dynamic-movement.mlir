// Operators that move codes hand the exponent on; a product of two dynamic values; codes encoded again.
// exponents: as they are
// samples: 11

!x = !afp.float<e3m2, exp = ?[-20, 9]>
!u = !afp.float<ue4m3, exp = ?[-30, 0]>
!m = !afp.float<e0m7, exp = ?[-24, 24]>

func.func @f(%x: tensor<1x6x4x5xf32>) -> (tensor<2x5x5xf32>, tensor<1x5x4x6xf32>, tensor<1x2x2x5xf32>) {
  %0 = afp.quantize %x : tensor<1x6x4x5xf32> to tensor<1x6x4x5x!x>
  %1 = afp.max_pool2d %0 {kernel = array<i64: 2, 2>, stride = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>} : (tensor<1x6x4x5x!x>) -> tensor<1x3x2x5x!x>
  %2 = afp.pad %1 {low = array<i64: 0, 1, 0, 0>, high = array<i64: 0, 0, 0, 0>, value = 0 : i32} : tensor<1x3x2x5x!x> to tensor<1x4x2x5x!x>
  %3 = afp.slice %2 {start = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 2, 1, 1>} : tensor<1x4x2x5x!x> to tensor<1x2x2x5x!x>
  %4 = afp.transpose %0 {perm = array<i64: 0, 3, 2, 1>} : tensor<1x6x4x5x!x> to tensor<1x5x4x6x!x>
  %5 = afp.encode %4 : tensor<1x5x4x6x!x> to tensor<1x5x4x6x!u>
  %6 = afp.reshape %0 : tensor<1x6x4x5x!x> to tensor<2x12x5x!x>
  %7 = afp.transpose %6 {perm = array<i64: 0, 2, 1>} : tensor<2x12x5x!x> to tensor<2x5x12x!x>
  %8 = afp.matmul %7, %6 : (tensor<2x5x12x!x>, tensor<2x12x5x!x>) -> tensor<2x5x5x!afp.exact>
  %9 = afp.encode %8 : tensor<2x5x5x!afp.exact> to tensor<2x5x5x!m>
  %10 = afp.dequantize %9 : tensor<2x5x5x!m> to tensor<2x5x5xf32>
  %11 = afp.dequantize %5 : tensor<1x5x4x6x!u> to tensor<1x5x4x6xf32>
  %12 = afp.dequantize %3 : tensor<1x2x2x5x!x> to tensor<1x2x2x5xf32>
  return %10, %11, %12 : tensor<2x5x5xf32>, tensor<1x5x4x6xf32>, tensor<1x2x2x5xf32>
}
