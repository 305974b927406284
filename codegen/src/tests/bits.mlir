// Two inputs, two outputs, and the integer operations of rounding: the exponent of |a| by counting
// zeros, and a clamped to b in bits.
module {
func.func @body(%a: memref<5xf32>, %b: memref<5xf32>, %exponent: memref<5xf32>, %clamped: memref<5xf32>, %arena: memref<0xi8>) attributes {afp.inputs = 2 : i64} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %mask = arith.constant 0x7fffffff : i32
  %c23 = arith.constant 23 : i32
  %c31 = arith.constant 31 : i32
  scf.for %i = %c0 to %c5 step %c1 {
    %x = memref.load %a[%i] : memref<5xf32>
    %limit = memref.load %b[%i] : memref<5xf32>
    %bits = arith.bitcast %x : f32 to i32
    %magnitude = arith.andi %bits, %mask : i32
    %limit_bits = arith.bitcast %limit : f32 to i32
    %least = arith.minsi %magnitude, %limit_bits : i32
    %y = arith.bitcast %least : i32 to f32
    memref.store %y, %clamped[%i] : memref<5xf32>
    %n = arith.fptosi %y : f32 to i32
    %zeros = math.ctlz %n : i32
    %e = arith.subi %c31, %zeros : i32
    %negative = arith.cmpi slt, %bits, %least : i32
    %signed = scf.if %negative -> i32 {
      %m = arith.shrsi %bits, %c23 : i32
      scf.yield %m : i32
    } else {
      scf.yield %e : i32
    }
    %f = arith.sitofp %signed : i32 to f32
    memref.store %f, %exponent[%i] : memref<5xf32>
  }
  return
}
}
