// What no earlier stage prepared: a pass leaves it or refuses it with a diagnostic, and never fails by
// itself (AFP0001) or with the whole process.
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-raise)' > %t 2>&1 || true
// RUN: not grep -E 'AFP0001|panicked|Stack dump' %t
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-form-groups)' > %t 2>&1 || true
// RUN: not grep -E 'AFP0001|panicked|Stack dump' %t
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-equalize)' > %t 2>&1 || true
// RUN: not grep -E 'AFP0001|panicked|Stack dump' %t
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-range-analysis)' > %t 2>&1 || true
// RUN: not grep -E 'AFP0001|panicked|Stack dump' %t
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-assign-formats)' > %t 2>&1 || true
// RUN: not grep -E 'AFP0001|panicked|Stack dump' %t
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-quantize)' > %t 2>&1 || true
// RUN: not grep -E 'AFP0001|panicked|Stack dump' %t
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-encode-weights)' > %t 2>&1 || true
// RUN: not grep -E 'AFP0001|panicked|Stack dump' %t
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-eliminate-requant)' > %t 2>&1 || true
// RUN: not grep -E 'AFP0001|panicked|Stack dump' %t
// RUN: afp-opt %s --split-input-file --pass-pipeline='builtin.module(afp-prove-widths)' > %t 2>&1 || true
// RUN: not grep -E 'AFP0001|panicked|Stack dump' %t

func.func @dyn(%x: tensor<?x3x4xf32>) -> tensor<?x3x2xf32> {
  %m = "tosa.const"() <{values = dense<1.0> : tensor<1x4x2xf32>}> : () -> tensor<1x4x2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %0 = tosa.matmul %x, %m, %z, %z : (tensor<?x3x4xf32>, tensor<1x4x2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<?x3x2xf32>
  return %0 : tensor<?x3x2xf32>
}

// -----

func.func @dynpool(%x: tensor<1x?x4x2xf32>) -> tensor<1x?x2x2xf32> {
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %0 = tosa.avg_pool2d %x, %z, %z {acc_type = f32, kernel = array<i64: 2, 2>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 2, 2>} : (tensor<1x?x4x2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x?x2x2xf32>
  return %0 : tensor<1x?x2x2xf32>
}

// -----

func.func @unranked(%x: tensor<*xf32>) -> tensor<*xf32> {
  %0 = tosa.sigmoid %x : (tensor<*xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @dynarg(%x: tensor<?xf32>) -> tensor<?xf32> {
  return %x : tensor<?xf32>
}

// -----

func.func @scalar(%x: f32) -> f32 {
  return %x : f32
}

// -----

func.func @rank0(%x: tensor<f32>) -> tensor<f32> {
  %0 = tosa.sigmoid %x : (tensor<f32>) -> tensor<f32>
  return %0 : tensor<f32>
}

// -----

func.func @empty(%x: tensor<1x0xf32>) -> tensor<1x0xf32> {
  %0 = tosa.sigmoid %x : (tensor<1x0xf32>) -> tensor<1x0xf32>
  return %0 : tensor<1x0xf32>
}

// -----

func.func private @decl(tensor<4xf32>) -> tensor<4xf32>

// -----

func.func @half(%x: tensor<4xf16>) -> tensor<4xf16> {
  %0 = tosa.sigmoid %x : (tensor<4xf16>) -> tensor<4xf16>
  return %0 : tensor<4xf16>
}

// -----

func.func @vec(%x: vector<4xf32>) -> vector<4xf32> {
  return %x : vector<4xf32>
}

// -----

func.func @blocks(%x: tensor<4xf32>, %c: i1) -> tensor<4xf32> {
  cf.cond_br %c, ^a, ^b
^a:
  return %x : tensor<4xf32>
^b:
  %0 = tosa.sigmoid %x : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @call(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = func.call @call(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

func.func @multi(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0:2 = tosa.custom %x {operator_name = "a", domain_name = "b", implementation_attrs = ""} : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  return %0#0 : tensor<4xf32>
}

// -----

func.func @noargs() {
  return
}

// -----

func.func @pad(%x: tensor<1x2x2x1xf32>) -> tensor<1x2x2x1xf32> {
  %p = tosa.const_shape {values = dense<[0,0,-1,1,0,0,0,0]> : tensor<8xindex>} : () -> !tosa.shape<8>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %0 = tosa.pad %x, %p, %z : (tensor<1x2x2x1xf32>, !tosa.shape<8>, tensor<1xf32>) -> tensor<1x2x2x1xf32>
  return %0 : tensor<1x2x2x1xf32>
}

// -----

func.func @slice(%x: tensor<1x4x2x1xf32>) -> tensor<1x2x2x1xf32> {
  %p = tosa.const_shape {values = dense<[0,3,0,0]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %z = tosa.const_shape {values = dense<[1,2,2,1]> : tensor<4xindex>} : () -> !tosa.shape<4>
  %0 = tosa.slice %x, %p, %z : (tensor<1x4x2x1xf32>, !tosa.shape<4>, !tosa.shape<4>) -> tensor<1x2x2x1xf32>
  return %0 : tensor<1x2x2x1xf32>
}

// -----

func.func @resource(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %z = "tosa.const"() <{values = dense_resource<missing> : tensor<1x4xf32>}> : () -> tensor<1x4xf32>
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %0 = tosa.mul %x, %z, %s : (tensor<1x4xf32>, tensor<1x4xf32>, tensor<1xi8>) -> tensor<1x4xf32>
  %1 = tosa.add %x, %z : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  return %1 : tensor<1x4xf32>
}

// -----

func.func @emptyconv(%x: tensor<1x1x1x2xf32>) -> tensor<1x1x1x0xf32> {
  %w = "tosa.const"() <{values = dense<3.0> : tensor<0x1x1x2xf32>}> : () -> tensor<0x1x1x2xf32>
  %b = "tosa.const"() <{values = dense<5.0> : tensor<0xf32>}> : () -> tensor<0xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %c = "tosa.const"() <{values = dense<1.0> : tensor<1x1x1x1xf32>}> : () -> tensor<1x1x1x1xf32>
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %0 = tosa.conv2d %x, %w, %b, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x1x2xf32>, tensor<0x1x1x2xf32>, tensor<0xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x0xf32>
  %1 = tosa.mul %0, %c, %s : (tensor<1x1x1x0xf32>, tensor<1x1x1x1xf32>, tensor<1xi8>) -> tensor<1x1x1x0xf32>
  return %1 : tensor<1x1x1x0xf32>
}

// -----

module attributes {afp.formats = 3 : i64} {
func.func @a(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %0 = afp.encode %x {afp.name = 3 : i64, afp.range = "a", afp.type = "b", afp.stats = "c"} : tensor<1x2xf32> to tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}
}

// -----

module attributes {afp.formats = {weights = 3 : i64, activations = "x", default_weights = 4 : i8}} {
func.func @a(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %0 = afp.encode %x {afp.range = array<f64: 0x7FF8000000000000, 1.0>} : tensor<1x2xf32> to tensor<1x2xf32>
  return %0 : tensor<1x2xf32>
}
}

// -----

func.func @inf(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %w = "tosa.const"() <{values = dense<[[0x7F800000, 1.0], [0x7FC00000, 0x7FC00000]]> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
  %0 = afp.encode %x {afp.range = array<f64: 0xFFF0000000000000, 0x7FF0000000000000>, afp.type = !afp.float<e2m2, exp = 0>} : tensor<1x2xf32> to tensor<1x2xf32>
  %1 = afp.fully_connected %0, %w {afp.weight_type = !afp.float<e2m2, exp = 0>} : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2x!afp.exact>
  %2 = afp.encode %1 {afp.range = array<f64: 0.0, 1.0>, afp.type = !afp.float<e2m2, exp = 0>} : tensor<1x2x!afp.exact> to tensor<1x2xf32>
  %3 = afp.table %2 {function = "exp", afp.range = array<f64: 0.0, 1.0>, afp.type = !afp.float<e2m2, exp = 0>} : tensor<1x2xf32> to tensor<1x2xf32>
  return %3 : tensor<1x2xf32>
}

// -----

func.func @infstats(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %0 = afp.encode %x {afp.stats = {count = 1 : i64, min = 0xFF800000 : f32, max = 0x7F800000 : f32, bins = array<i32: 2040, 4088, 4095>, counts = array<i64: 9223372036854775807, 1, 1>}, afp.range = array<f64: 0xFFF0000000000000, 0x7FF0000000000000>} : tensor<1x2xf32> to tensor<1x2xf32>
  %1 = afp.add %0, %0 : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x2x!afp.exact>
  %2 = afp.encode %1 {afp.range = array<f64: 0.0, 1.0>, afp.type = !afp.float<e2m2, exp = 0>}: tensor<1x2x!afp.exact> to tensor<1x2xf32>
  return %2 : tensor<1x2xf32>
}

// -----

func.func @exps(%x: tensor<2xf32>) -> tensor<2x!afp.exact> {
  %0 = afp.quantize %x {channel_exp = array<i32: -2147483648>} : tensor<2xf32> to tensor<2x!afp.exact>
  return %0 : tensor<2x!afp.exact>
}

// -----

func.func @padover(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = afp.pad %x {low = array<i64: 9223372036854775807>, high = array<i64: 1>} : tensor<2xf32> to tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @big(%x: tensor<9223372036854775807x4xf32>) -> tensor<9223372036854775807x4xf32> {
  %0 = afp.encode %x {afp.range = array<f64: 0.0, 1.0>, afp.type = !afp.float<e2m2, exp = 0>} : tensor<9223372036854775807x4xf32> to tensor<9223372036854775807x4xf32>
  %1 = afp.max_pool2d %0 {kernel = array<i64: 1, 1>} : (tensor<9223372036854775807x4xf32>) -> tensor<9223372036854775807x4xf32>
  return %0 : tensor<9223372036854775807x4xf32>
}

// -----

func.func @big2(%x: tensor<9223372036854775807x4xf32>) -> tensor<9223372036854775807x4xf32> {
  %0 = afp.encode %x {afp.range = array<f64: 0.0, 1.0>, afp.type = !afp.float<e2m2, exp = 0>} : tensor<9223372036854775807x4xf32> to tensor<9223372036854775807x4xf32>
  %1 = afp.reshape %0 : tensor<9223372036854775807x4xf32> to tensor<4x9223372036854775807xf32>
  %2 = afp.reshape %1 : tensor<4x9223372036854775807xf32> to tensor<9223372036854775807x4xf32>
  return %2 : tensor<9223372036854775807x4xf32>
}

// -----

func.func @bigconst(%x: tensor<1x2xf32>) -> tensor<9223372036854775807x4xf32> {
  %0 = "tosa.const"() <{values = dense<1.0> : tensor<9223372036854775807x4xf32>}> : () -> tensor<9223372036854775807x4xf32>
  %1 = tosa.add %0, %0 : (tensor<9223372036854775807x4xf32>, tensor<9223372036854775807x4xf32>) -> tensor<9223372036854775807x4xf32>
  return %1 : tensor<9223372036854775807x4xf32>
}

// -----

func.func @bigsplat(%x: tensor<1x2xf32>) -> tensor<1000000000x1000xf32> {
  %0 = "tosa.const"() <{values = dense<1.0> : tensor<1000000000x1000xf32>}> : () -> tensor<1000000000x1000xf32>
  %1 = tosa.add %0, %0 : (tensor<1000000000x1000xf32>, tensor<1000000000x1000xf32>) -> tensor<1000000000x1000xf32>
  return %1 : tensor<1000000000x1000xf32>
}

// -----

func.func @miss(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %w = "tosa.const"() <{values = dense_resource<gone> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
  %0 = afp.encode %x {afp.range = array<f64: 0.0, 1.0>, afp.type = !afp.float<e2m2, exp = 0>} : tensor<1x2xf32> to tensor<1x2xf32>
  %1 = afp.fully_connected %0, %w {afp.weight_type = !afp.float<e2m2, exp = 0>} : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2x!afp.exact>
  %2 = afp.encode %1 {afp.range = array<f64: 0.0, 1.0>, afp.type = !afp.float<e2m2, exp = 0>} : tensor<1x2x!afp.exact> to tensor<1x2xf32>
  return %2 : tensor<1x2xf32>
}

// -----

func.func @missmul(%x: tensor<1x3x2xf32>) -> tensor<1x3x2xf32> {
  %w = "tosa.const"() <{values = dense_resource<gone> : tensor<1x2x2xf32>}> : () -> tensor<1x2x2xf32>
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %0 = tosa.matmul %x, %w, %z, %z : (tensor<1x3x2xf32>, tensor<1x2x2xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x3x2xf32>
  return %0 : tensor<1x3x2xf32>
}

// -----

func.func @dyntype(%x: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %w = "tosa.const"() <{values = dense<1.0> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
  %0 = afp.encode %x {lo = array<f32: 0.5>, afp.range = array<f64: 0.0, 1.0>, afp.type = !afp.float<e2m2, exp = ?[-4096, 4096]>} : tensor<1x2xf32> to tensor<1x2xf32>
  %1 = afp.fully_connected %0, %w {afp.weight_type = !afp.float<e2m2, exp = ?[-4096, 4096]>} : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2x!afp.exact>
  %2 = afp.encode %1 {afp.range = array<f64: 0.0, 1.0>, afp.type = !afp.float<e2m2, exp = 4096>} : tensor<1x2x!afp.exact> to tensor<1x2xf32>
  %3 = afp.softmax %2 {axis = 1 : i64, afp.range = array<f64: 0.0, 1.0>, afp.type = !afp.float<e5m10, exp = -4096>} : tensor<1x2xf32> to tensor<1x2xf32>
  return %3 : tensor<1x2xf32>
}

// -----

func.func @dyncoded(%x: tensor<1x2x!afp.float<e5m2, exp = ?[-4096, 4096]>>) -> tensor<1x1x!afp.float<e5m2, exp = ?[-4096, 4096]>> {
  %w = afp.constant dense<1> : tensor<1x2xi8> : tensor<1x2x!afp.float<e5m2, exp = -4096>>
  %1 = afp.fully_connected %x, %w {channel_exp = array<i32: -4096>} : (tensor<1x2x!afp.float<e5m2, exp = ?[-4096, 4096]>>, tensor<1x2x!afp.float<e5m2, exp = -4096>>) -> tensor<1x1x!afp.exact>
  %2 = afp.encode %1 : tensor<1x1x!afp.exact> to tensor<1x1x!afp.float<e5m2, exp = ?[-4096, 4096]>>
  %3 = afp.dequantize %2 : tensor<1x1x!afp.float<e5m2, exp = ?[-4096, 4096]>> to tensor<1x1xf32>
  %4 = afp.quantize %3 : tensor<1x1xf32> to tensor<1x1x!afp.float<e5m2, exp = ?[-4096, 4096]>>
  return %4 : tensor<1x1x!afp.float<e5m2, exp = ?[-4096, 4096]>>
}

// -----

func.func @extremeweights(%x: tensor<1x2x!afp.float<e0m7, exp = 4096>>) -> tensor<1x2x!afp.exact> {
  %w = "tosa.const"() <{values = dense<[[3.0e38, 1.0e-45], [0.0, 0.0]]> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
  %b = "tosa.const"() <{values = dense<[3.0e38, 1.0e-45]> : tensor<2xf32>}> : () -> tensor<2xf32>
  %q = afp.quantize %w {channel_exp = array<i32: 4096, -4096>} : tensor<2x2xf32> to tensor<2x2x!afp.float<e5m2, exp = 4096>>
  %c = afp.quantize %b {channel_exp = array<i32: 4096, -4096>} : tensor<2xf32> to tensor<2x!afp.exact>
  %y = afp.fully_connected %x, %q bias %c {channel_exp = array<i32: 4096, -4096>} : (tensor<1x2x!afp.float<e0m7, exp = 4096>>, tensor<2x2x!afp.float<e5m2, exp = 4096>>, tensor<2x!afp.exact>) -> tensor<1x2x!afp.exact>
  return %y : tensor<1x2x!afp.exact>
}

// -----

func.func @extremewidth(%x: tensor<1x2x!afp.float<e0m7, exp = 4096>>) -> tensor<1x2x!afp.exact> {
  %w = afp.constant dense<1> : tensor<2x2xi8> : tensor<2x2x!afp.float<e5m2, exp = 4096>>
  %b = afp.constant dense<1> : tensor<2xi64> {channel_exp = array<i32: 4096, -4096>} : tensor<2x!afp.exact>
  %y = afp.fully_connected %x, %w bias %b {channel_exp = array<i32: 4096, -4096>} : (tensor<1x2x!afp.float<e0m7, exp = 4096>>, tensor<2x2x!afp.float<e5m2, exp = 4096>>, tensor<2x!afp.exact>) -> tensor<1x2x!afp.exact>
  return %y : tensor<1x2x!afp.exact>
}

// -----

func.func @missconst(%x: tensor<1x2x!afp.float<e0m7, exp = 0>>) -> tensor<1x2x!afp.exact> {
  %w = afp.constant dense_resource<gone> : tensor<2x2xi8> : tensor<2x2x!afp.float<e2m2, exp = 0>>
  %b = afp.constant dense_resource<gone> : tensor<2xi64> {channel_exp = array<i32: 0>} : tensor<2x!afp.exact>
  %y = afp.fully_connected %x, %w bias %b : (tensor<1x2x!afp.float<e0m7, exp = 0>>, tensor<2x2x!afp.float<e2m2, exp = 0>>, tensor<2x!afp.exact>) -> tensor<1x2x!afp.exact>
  return %y : tensor<1x2x!afp.exact>
}

// -----

func.func @addbroadcast(%x: tensor<1x1x!afp.float<e0m7, exp = 0>>) -> tensor<1x2x!afp.exact> {
  %b = afp.constant dense<[[1, 2]]> : tensor<1x2xi64> {channel_exp = array<i32: 0, 3>} : tensor<1x2x!afp.exact>
  %c = afp.constant dense<[[1], [2]]> : tensor<2x1xi64> {channel_exp = array<i32: 0>} : tensor<2x1x!afp.exact>
  %y = afp.add %x, %b : (tensor<1x1x!afp.float<e0m7, exp = 0>>, tensor<1x2x!afp.exact>) -> tensor<1x2x!afp.exact>
  %z = afp.add %y, %c : (tensor<1x2x!afp.exact>, tensor<2x1x!afp.exact>) -> tensor<2x2x!afp.exact>
  %t = afp.transpose %z {perm = array<i64: 1, 0>} : tensor<2x2x!afp.exact> to tensor<2x2x!afp.exact>
  %s = afp.slice %t {start = array<i64: 0, 0>} : tensor<2x2x!afp.exact> to tensor<1x2x!afp.exact>
  return %s : tensor<1x2x!afp.exact>
}

// -----

func.func @realadd(%x: tensor<1x1xf32>, %v: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = afp.add %x, %v : (tensor<1x1xf32>, tensor<2x3xf32>) -> tensor<2x3x!afp.exact>
  %p = afp.pad %y {low = array<i64: 0, 1>, high = array<i64: 1, 0>} : tensor<2x3x!afp.exact> to tensor<3x4x!afp.exact>
  %r = afp.reshape %p : tensor<3x4x!afp.exact> to tensor<4x3x!afp.exact>
  %s = afp.slice %r {start = array<i64: 0, 0>} : tensor<4x3x!afp.exact> to tensor<2x3x!afp.exact>
  %e = afp.encode %s {lo = array<f32: 0.0, 1.0, 2.0>} : tensor<2x3x!afp.exact> to tensor<2x3xf32>
  return %e : tensor<2x3xf32>
}

// -----

func.func @rank0(%x: tensor<f32>) -> tensor<f32> {
  %c = "tosa.const"() <{values = dense<2.0> : tensor<f32>}> : () -> tensor<f32>
  %0 = afp.encode %x {afp.range = array<f64: 0.0, 1.0>, afp.type = !afp.float<e2m2, exp = 0>} : tensor<f32> to tensor<f32>
  %y = afp.add %0, %c : (tensor<f32>, tensor<f32>) -> tensor<!afp.exact>
  %e = afp.encode %y {afp.range = array<f64: 0.0, 1.0>, afp.type = !afp.float<e2m2, exp = 0>} : tensor<!afp.exact> to tensor<f32>
  return %e : tensor<f32>
}

// -----

func.func @rank0c() -> (tensor<!afp.float<e2m2, exp = 0>>, tensor<!afp.exact>) {
  %c = "tosa.const"() <{values = dense<2.0> : tensor<f32>}> : () -> tensor<f32>
  %0 = afp.quantize %c : tensor<f32> to tensor<!afp.float<e2m2, exp = 0>>
  %1 = afp.quantize %c {channel_exp = array<i32: 0>} : tensor<f32> to tensor<!afp.exact>
  return %0, %1 : tensor<!afp.float<e2m2, exp = 0>>, tensor<!afp.exact>
}

// -----

func.func @bigpool(%x: tensor<1x4611686018427387904x1x1x!afp.float<e0m7, exp = 0>>) -> tensor<1x1x1x1x!afp.exact> {
  %0 = afp.sum_pool2d %x {kernel = array<i64: 4611686018427387904, 1>} : (tensor<1x4611686018427387904x1x1x!afp.float<e0m7, exp = 0>>) -> tensor<1x1x1x1x!afp.exact>
  return %0 : tensor<1x1x1x1x!afp.exact>
}

// -----

func.func @bigavg(%x: tensor<1x100000x100000x1xf32>) -> tensor<1x100000x100000x1xf32> {
  %z = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %0 = tosa.avg_pool2d %x, %z, %z {acc_type = f32, kernel = array<i64: 3, 3>, pad = array<i64: 1, 1, 1, 1>, stride = array<i64: 1, 1>} : (tensor<1x100000x100000x1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x100000x100000x1xf32>
  return %0 : tensor<1x100000x100000x1xf32>
}

// -----

func.func @manychannels(%x: tensor<1x1099511627776xf32>) -> tensor<1x1099511627776xf32> {
  %c = "tosa.const"() <{values = dense<2.0> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %s = "tosa.const"() <{values = dense<0> : tensor<1xi8>}> : () -> tensor<1xi8>
  %0 = tosa.mul %x, %c, %s : (tensor<1x1099511627776xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<1x1099511627776xf32>
  return %0 : tensor<1x1099511627776xf32>
}

// -----

func.func @manyoutputs(%x: tensor<1x1x1x1xf32>) -> tensor<1x1x1x1099511627776xf32> {
  %w = "tosa.const"() <{values = dense<3.0> : tensor<1099511627776x1x1x1xf32>}> : () -> tensor<1099511627776x1x1x1xf32>
  %z = "tosa.const"() <{values = dense<1.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %0 = tosa.conv2d %x, %w, %z, %z, %z {acc_type = f32, dilation = array<i64: 1, 1>, pad = array<i64: 0, 0, 0, 0>, stride = array<i64: 1, 1>} : (tensor<1x1x1x1xf32>, tensor<1099511627776x1x1x1xf32>, tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x1x1x1099511627776xf32>
  return %0 : tensor<1x1x1x1099511627776xf32>
}

// -----

// Factors for more channels than are told apart, and in a program of several blocks.
func.func @many_channels(%x: tensor<1x1xf32>) -> tensor<1x1xf32> {
  %w = "tosa.const"() <{values = dense<1.0> : tensor<3000000x1xf32>}> : () -> tensor<3000000x1xf32>
  %v = "tosa.const"() <{values = dense<1.0> : tensor<1x3000000xf32>}> : () -> tensor<1x3000000xf32>
  %0 = afp.fully_connected %x, %w : (tensor<1x1xf32>, tensor<3000000x1xf32>) -> tensor<1x3000000x!afp.exact>
  %1 = afp.encode %0 {hi = array<f32: 6.0>} : tensor<1x3000000x!afp.exact> to tensor<1x3000000xf32>
  %2 = afp.fully_connected %1, %v : (tensor<1x3000000xf32>, tensor<1x3000000xf32>) -> tensor<1x1x!afp.exact>
  %3 = afp.encode %2 {afp.channel_scale = array<f64: 1.0>} : tensor<1x1x!afp.exact> to tensor<1x1xf32>
  return %3 : tensor<1x1xf32>
}

// -----

func.func @several_blocks(%x: tensor<1x1xf32>, %w: tensor<1x1xf32>) -> tensor<1x1xf32> {
  %c = "tosa.const"() <{values = dense<1.0> : tensor<1x1xf32>}> : () -> tensor<1x1xf32>
  %0 = afp.encode %x : tensor<1x1xf32> to tensor<1x1xf32>
  %1 = afp.fully_connected %0, %c : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1x!afp.exact>
  %2 = afp.encode %1 {afp.channel_scale = array<f64: 1.0>} : tensor<1x1x!afp.exact> to tensor<1x1xf32>
  cf.br ^end(%w : tensor<1x1xf32>)
^end(%y: tensor<1x1xf32>):
  %3 = afp.fully_connected %2, %c : (tensor<1x1xf32>, tensor<1x1xf32>) -> tensor<1x1x!afp.exact>
  %4 = afp.encode %3 : tensor<1x1x!afp.exact> to tensor<1x1xf32>
  return %4 : tensor<1x1xf32>
}
