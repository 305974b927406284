// A product of a row with a matrix of weights, by way of the arena, with a bias in i32.
module {
memref.global "private" constant @weights : memref<4x3xi8> = dense_resource<weights>
memref.global "private" constant @bias : memref<3xi32> = dense<[100, -200, 300]>

func.func private @to_codes(%in: memref<1x4xf32> {llvm.noalias}, %codes: memref<1x4xi8> {llvm.noalias}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.for %i = %c0 to %c4 step %c1 {
    %x = memref.load %in[%c0, %i] : memref<1x4xf32>
    %n = arith.fptosi %x : f32 to i8
    memref.store %n, %codes[%c0, %i] : memref<1x4xi8>
  }
  return
}

func.func private @multiply(%codes: memref<1x4xi8>, %out: memref<1x3xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %weights = memref.get_global @weights : memref<4x3xi8>
  %bias = memref.get_global @bias : memref<3xi32>
  scf.for %j = %c0 to %c3 step %c1 {
    %first = memref.load %bias[%j] : memref<3xi32>
    %sum = scf.for %i = %c0 to %c4 step %c1 iter_args(%acc = %first) -> i32 {
      %x = memref.load %codes[%c0, %i] : memref<1x4xi8>
      %w = memref.load %weights[%i, %j] : memref<4x3xi8>
      %a = arith.extsi %x : i8 to i32
      %b = arith.extsi %w : i8 to i32
      %p = arith.muli %a, %b : i32
      %next = arith.addi %acc, %p : i32
      scf.yield %next : i32
    }
    %f = arith.sitofp %sum : i32 to f32
    memref.store %f, %out[%c0, %j] : memref<1x3xf32>
  }
  return
}

func.func @body(%in: memref<1x4xf32> loc("pixels"), %out: memref<1x3xf32>, %arena: memref<64xi8>) attributes {afp.inputs = 1 : i64} {
  %offset = arith.constant 17 : index
  %codes = memref.view %arena[%offset][] : memref<64xi8> to memref<1x4xi8>
  func.call @to_codes(%in, %codes) : (memref<1x4xf32>, memref<1x4xi8>) -> ()
  func.call @multiply(%codes, %out) : (memref<1x4xi8>, memref<1x3xf32>) -> ()
  return
}
}

{-# dialect_resources: { builtin: { weights: "0x0100000001020304FB060708F7FF0A0B" } } #-}
