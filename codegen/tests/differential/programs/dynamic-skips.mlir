// Skip operands whose run-time exponents have nothing to do with those of the products: sums of more than 31
// bits behind contractions of fewer, by dot products and by channels, with a bias of several units, one
// that is coarser than the products, none; two skip operands; results that are dynamic and static.
// exponents: as they are
// samples: 17

!x = !afp.float<e0m7, exp = ?[-14, 3]>
!u = !afp.float<ue0m8, exp = ?[-15, 2]>
!f = !afp.float<e2m4, exp = ?[-12, 6]>
!w = !afp.float<e2m4, exp = -6>
!n = !afp.float<e2m4, exp = ?[-5, -2]>
!s = !afp.float<e1m6, exp = -3>

func.func @f(%x: tensor<1x4x6x8xf32>) -> (tensor<1x4x6x8xf32>, tensor<1x4x6x8xf32>, tensor<1x4x6x8xf32>, tensor<1x4x6x7xf32>, tensor<1x4x6x7xf32>, tensor<1x8xf32>, tensor<1x4x6x8xf32>) {
  %w8 = afp.constant dense<[[[[3, 8, 13, 18, 23, 28, 33, 38]]], [[[14, 56, 98, 12, 54, 96, 10, 52]]], [[[25, 104, 55, 6, 85, 36, 115, 66]]], [[[36, 24, 12, 0, 116, 104, 92, 80]]], [[[47, 72, 97, 122, 19, 44, 69, 94]]], [[[58, 120, 54, 116, 50, 112, 46, 108]]], [[[69, 40, 11, 110, 81, 52, 23, 122]]], [[[80, 88, 96, 104, 112, 120, 0, 8]]]]> : tensor<8x1x1x8xi8> : tensor<8x1x1x8x!w>
  %w7 = afp.constant dense<[[[[50, 55, 60, 65, 70, 75, 80, 85]]], [[[61, 103, 17, 59, 101, 15, 57, 99]]], [[[72, 23, 102, 53, 4, 83, 34, 113]]], [[[83, 71, 59, 47, 35, 23, 11, 127]]], [[[94, 119, 16, 41, 66, 91, 116, 13]]], [[[105, 39, 101, 35, 97, 31, 93, 27]]], [[[116, 87, 58, 29, 0, 99, 70, 41]]]]> : tensor<7x1x1x8xi8> : tensor<7x1x1x8x!w>
  %wf = afp.constant dense<[[0, 23, 46, 69, 92, 115, 10, 33], [19, 42, 65, 88, 111, 6, 29, 52], [38, 61, 84, 107, 2, 25, 48, 71], [57, 80, 103, 126, 21, 44, 67, 90], [76, 99, 122, 17, 40, 63, 86, 109], [95, 118, 13, 36, 59, 82, 105, 0], [114, 9, 32, 55, 78, 101, 124, 19], [5, 28, 51, 74, 97, 120, 15, 38]]> : tensor<8x8xi8> : tensor<8x8x!w>
  %wd = afp.constant dense<[[[[0], [29], [58], [87], [116], [17], [46], [75]], [[17], [46], [75], [104], [5], [34], [63], [92]], [[34], [63], [92], [121], [22], [51], [80], [109]]], [[[41], [70], [99], [0], [29], [58], [87], [116]], [[58], [87], [116], [17], [46], [75], [104], [5]], [[75], [104], [5], [34], [63], [92], [121], [22]]], [[[82], [111], [12], [41], [70], [99], [0], [29]], [[99], [0], [29], [58], [87], [116], [17], [46]], [[116], [17], [46], [75], [104], [5], [34], [63]]]]> : tensor<3x3x8x1xi8> : tensor<3x3x8x1x!w>
  %fine = afp.constant dense<[5, -900, 77, 0, 12345, -1, 1000, 64]> : tensor<8xi32> {channel_exp = array<i32: -22, -24, -20, -3, -28, -2, -30, -21>} : tensor<8x!afp.exact>
  %coarse = afp.constant dense<[5, -9, 77, 0, 123, -1, 10]> : tensor<7xi32> {channel_exp = array<i32: -2>} : tensor<7x!afp.exact>
  %0 = afp.quantize %x : tensor<1x4x6x8xf32> to tensor<1x4x6x8x!x>
  // From here, exponents of their own.
  %a = afp.conv2d %0, %w8 bias %fine {channel_exp = array<i32: 0, 1, -2, 3, 0, 0, 0, -1>} : (tensor<1x4x6x8x!x>, tensor<8x1x1x8x!w>, tensor<8x!afp.exact>) -> tensor<1x4x6x8x!afp.exact>
  %1 = afp.encode %a {lo = array<i32: 0>} : tensor<1x4x6x8x!afp.exact> to tensor<1x4x6x8x!u>
  %b = afp.conv2d %1, %w8 {channel_exp = array<i32: 0, 1, -2, 3, 0, 0, 0, -1>} : (tensor<1x4x6x8x!u>, tensor<8x1x1x8x!w>) -> tensor<1x4x6x8x!afp.exact>
  %c = afp.add %b, %0 : (tensor<1x4x6x8x!afp.exact>, tensor<1x4x6x8x!x>) -> tensor<1x4x6x8x!afp.exact>
  %2 = afp.encode %c : tensor<1x4x6x8x!afp.exact> to tensor<1x4x6x8x!f>
  %d = afp.depthwise_conv2d %2, %wd bias %fine {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x4x6x8x!f>, tensor<3x3x8x1x!w>, tensor<8x!afp.exact>) -> tensor<1x4x6x8x!afp.exact>
  %e = afp.add %1, %d : (tensor<1x4x6x8x!u>, tensor<1x4x6x8x!afp.exact>) -> tensor<1x4x6x8x!afp.exact>
  %g = afp.add %e, %0 : (tensor<1x4x6x8x!afp.exact>, tensor<1x4x6x8x!x>) -> tensor<1x4x6x8x!afp.exact>
  %3 = afp.encode %g {round = "half_even"} : tensor<1x4x6x8x!afp.exact> to tensor<1x4x6x8x!s>
  %h = afp.depthwise_conv2d %2, %wd {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x4x6x8x!f>, tensor<3x3x8x1x!w>) -> tensor<1x4x6x8x!afp.exact>
  %i = afp.add %h, %2 : (tensor<1x4x6x8x!afp.exact>, tensor<1x4x6x8x!f>) -> tensor<1x4x6x8x!afp.exact>
  %j = afp.add %i, %1 : (tensor<1x4x6x8x!afp.exact>, tensor<1x4x6x8x!u>) -> tensor<1x4x6x8x!afp.exact>
  %4 = afp.encode %j {lo = array<i32: 0>} : tensor<1x4x6x8x!afp.exact> to tensor<1x4x6x8x!u>
  // A bias whose distance from the products is found when the code runs.
  %13 = afp.encode %c : tensor<1x4x6x8x!afp.exact> to tensor<1x4x6x8x!n>
  %near = afp.constant dense<[5, -900, 77, 0, 12345, -1, 1000, 64]> : tensor<8xi32> {channel_exp = array<i32: -12, -9, -10, -3, -13, -2, -8, -11>} : tensor<8x!afp.exact>
  %p = afp.depthwise_conv2d %13, %wd bias %near {pad = array<i64: 1, 1, 1, 1>} : (tensor<1x4x6x8x!n>, tensor<3x3x8x1x!w>, tensor<8x!afp.exact>) -> tensor<1x4x6x8x!afp.exact>
  %q = afp.add %p, %0 : (tensor<1x4x6x8x!afp.exact>, tensor<1x4x6x8x!x>) -> tensor<1x4x6x8x!afp.exact>
  %14 = afp.encode %q : tensor<1x4x6x8x!afp.exact> to tensor<1x4x6x8x!u>
  %t = afp.conv2d %13, %w8 bias %near : (tensor<1x4x6x8x!n>, tensor<8x1x1x8x!w>, tensor<8x!afp.exact>) -> tensor<1x4x6x8x!afp.exact>
  %v = afp.add %14, %t : (tensor<1x4x6x8x!u>, tensor<1x4x6x8x!afp.exact>) -> tensor<1x4x6x8x!afp.exact>
  %15 = afp.encode %v : tensor<1x4x6x8x!afp.exact> to tensor<1x4x6x8x!f>
  %r15 = afp.dequantize %15 : tensor<1x4x6x8x!f> to tensor<1x4x6x8xf32>
  // Vectors that overlap, and a skip operand that is the contraction's input.
  %5 = afp.slice %0 {start = array<i64: 0, 0, 0, 1>, stride = array<i64: 1, 1, 1, 1>} : tensor<1x4x6x8x!x> to tensor<1x4x6x7x!x>
  %l = afp.conv2d %1, %w7 bias %coarse : (tensor<1x4x6x8x!u>, tensor<7x1x1x8x!w>, tensor<7x!afp.exact>) -> tensor<1x4x6x7x!afp.exact>
  %m = afp.add %l, %5 : (tensor<1x4x6x7x!afp.exact>, tensor<1x4x6x7x!x>) -> tensor<1x4x6x7x!afp.exact>
  %6 = afp.encode %m : tensor<1x4x6x7x!afp.exact> to tensor<1x4x6x7x!f>
  %7 = afp.encode %m {lo = array<i32: 0>, divisor = array<i64: 3>} : tensor<1x4x6x7x!afp.exact> to tensor<1x4x6x7x!s>
  %8 = afp.slice %4 {start = array<i64: 0, 3, 5, 0>, stride = array<i64: 1, 1, 1, 1>} : tensor<1x4x6x8x!u> to tensor<1x1x1x8x!u>
  %9 = afp.reshape %8 : tensor<1x1x1x8x!u> to tensor<1x8x!u>
  %10 = afp.slice %2 {start = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1, 1, 1>} : tensor<1x4x6x8x!f> to tensor<1x1x1x8x!f>
  %11 = afp.reshape %10 : tensor<1x1x1x8x!f> to tensor<1x8x!f>
  %n = afp.fully_connected %9, %wf : (tensor<1x8x!u>, tensor<8x8x!w>) -> tensor<1x8x!afp.exact>
  %o = afp.add %n, %11 : (tensor<1x8x!afp.exact>, tensor<1x8x!f>) -> tensor<1x8x!afp.exact>
  %12 = afp.encode %o : tensor<1x8x!afp.exact> to tensor<1x8x!x>
  %r2 = afp.dequantize %2 : tensor<1x4x6x8x!f> to tensor<1x4x6x8xf32>
  %r3 = afp.dequantize %3 : tensor<1x4x6x8x!s> to tensor<1x4x6x8xf32>
  %r4 = afp.dequantize %4 : tensor<1x4x6x8x!u> to tensor<1x4x6x8xf32>
  %r6 = afp.dequantize %6 : tensor<1x4x6x7x!f> to tensor<1x4x6x7xf32>
  %r7 = afp.dequantize %7 : tensor<1x4x6x7x!s> to tensor<1x4x6x7xf32>
  %r12 = afp.dequantize %12 : tensor<1x8x!x> to tensor<1x8xf32>
  return %r2, %r3, %r4, %r6, %r7, %r12, %r15 : tensor<1x4x6x8xf32>, tensor<1x4x6x8xf32>, tensor<1x4x6x8xf32>, tensor<1x4x6x7xf32>, tensor<1x4x6x7xf32>, tensor<1x8xf32>, tensor<1x4x6x8xf32>
}
