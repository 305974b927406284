// Intervals at the ends of what f32 holds, of one exponent, and such that most values saturate; averages
// whose divisors differ; floats below the normal ones.
// exponents: as they are
// samples: 13

!x = !afp.float<ue0m8, exp = ?[-170, 140]>
!s = !afp.float<e0m7, exp = ?[-170, -120]>
!one = !afp.float<e2m4, exp = ?[-3, -3]>
!low = !afp.float<ue2m2, exp = ?[-40, -37]>
!m = !afp.float<e1m6, exp = ?[-20, 20]>
!n = !afp.float<ue5m2, exp = ?[-40, 20]>

func.func @f(%x: tensor<1x3x3x4xf32>) -> (tensor<1x3x3x4xf32>, tensor<1x3x3x4xf32>, tensor<1x3x3x4xf32>, tensor<1x3x3x4xf32>, tensor<1x3x3x4xf32>) {
  %0 = afp.quantize %x : tensor<1x3x3x4xf32> to tensor<1x3x3x4x!x>
  %1 = afp.quantize %x : tensor<1x3x3x4xf32> to tensor<1x3x3x4x!s>
  %2 = afp.quantize %x : tensor<1x3x3x4xf32> to tensor<1x3x3x4x!one>
  %3 = afp.encode %2 : tensor<1x3x3x4x!one> to tensor<1x3x3x4x!low>
  %4 = afp.sum_pool2d %2 {kernel = array<i64: 3, 3>, stride = array<i64: 1, 1>, pad = array<i64: 1, 1, 1, 1>} : (tensor<1x3x3x4x!one>) -> tensor<1x3x3x4x!afp.exact>
  %5 = afp.encode %4 {divisor = array<i64: 4, 6, 4, 6, 9, 6, 4, 6, 4>} : tensor<1x3x3x4x!afp.exact> to tensor<1x3x3x4x!m>
  %6 = afp.encode %5 {round = "half_away"} : tensor<1x3x3x4x!m> to tensor<1x3x3x4x!n>
  %d0 = afp.dequantize %0 : tensor<1x3x3x4x!x> to tensor<1x3x3x4xf32>
  %d1 = afp.dequantize %1 : tensor<1x3x3x4x!s> to tensor<1x3x3x4xf32>
  %d3 = afp.dequantize %3 : tensor<1x3x3x4x!low> to tensor<1x3x3x4xf32>
  %d5 = afp.dequantize %5 : tensor<1x3x3x4x!m> to tensor<1x3x3x4xf32>
  %d6 = afp.dequantize %6 : tensor<1x3x3x4x!n> to tensor<1x3x3x4xf32>
  return %d0, %d1, %d3, %d5, %d6 : tensor<1x3x3x4xf32>, tensor<1x3x3x4xf32>, tensor<1x3x3x4xf32>, tensor<1x3x3x4xf32>, tensor<1x3x3x4xf32>
}
