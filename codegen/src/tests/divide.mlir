// Quotients and rests of 64-bit integers, signed and unsigned, each from and to two floats' bits.
module {
func.func private @wide(%in: memref<4xf32>, %first: index) -> i64 {
  %c1 = arith.constant 1 : index
  %second = arith.addi %first, %c1 : index
  %x = memref.load %in[%first] : memref<4xf32>
  %y = memref.load %in[%second] : memref<4xf32>
  %low = arith.bitcast %x : f32 to i32
  %high = arith.bitcast %y : f32 to i32
  %low64 = arith.extui %low : i32 to i64
  %high64 = arith.extui %high : i32 to i64
  %c32 = arith.constant 32 : i64
  %shifted = arith.shli %high64, %c32 : i64
  %value = arith.ori %low64, %shifted : i64
  return %value : i64
}

func.func private @put(%value: i64, %out: memref<8xf32>, %first: index) {
  %c1 = arith.constant 1 : index
  %second = arith.addi %first, %c1 : index
  %c32 = arith.constant 32 : i64
  %top = arith.shrui %value, %c32 : i64
  %low = arith.trunci %value : i64 to i32
  %high = arith.trunci %top : i64 to i32
  %x = arith.bitcast %low : i32 to f32
  %y = arith.bitcast %high : i32 to f32
  memref.store %x, %out[%first] : memref<8xf32>
  memref.store %y, %out[%second] : memref<8xf32>
  return
}

func.func @body(%in: memref<4xf32>, %out: memref<8xf32>, %arena: memref<8xi8>) attributes {afp.inputs = 1 : i64} {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c6 = arith.constant 6 : index
  %a = func.call @wide(%in, %c0) : (memref<4xf32>, index) -> i64
  %b = func.call @wide(%in, %c2) : (memref<4xf32>, index) -> i64
  %0 = arith.divui %a, %b : i64
  %1 = arith.remui %a, %b : i64
  %2 = arith.divsi %a, %b : i64
  %3 = arith.remsi %a, %b : i64
  func.call @put(%0, %out, %c0) : (i64, memref<8xf32>, index) -> ()
  func.call @put(%1, %out, %c2) : (i64, memref<8xf32>, index) -> ()
  func.call @put(%2, %out, %c4) : (i64, memref<8xf32>, index) -> ()
  func.call @put(%3, %out, %c6) : (i64, memref<8xf32>, index) -> ()
  return
}
}
