// The sum of 64 numbers, three times, each share adding a part of them into the arena.
module {
func.func private @afp_runtime_share() -> index

func.func private @add_part(%in: memref<64xf32>, %parts: memref<16xi32>, %threads: index, %share: index) {
  %c0 = arith.constant 0 : index
  %c64 = arith.constant 64 : index
  %zero = arith.constant 0 : i32
  %sum = scf.for %i = %share to %c64 step %threads iter_args(%sum = %zero) -> i32 {
    %x = memref.load %in[%i] : memref<64xf32>
    %n = arith.fptosi %x : f32 to i32
    %next = arith.addi %sum, %n : i32
    scf.yield %next : i32
  }
  memref.store %sum, %parts[%share] : memref<16xi32>
  return
}

func.func private @add_parts(%parts: memref<16xi32>, %out: memref<3xf32>, %at: index, %threads: index, %share: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0 : i32
  %first = arith.cmpi eq, %share, %c0 : index
  scf.if %first {
    %sum = scf.for %i = %c0 to %threads step %c1 iter_args(%sum = %zero) -> i32 {
      %n = memref.load %parts[%i] : memref<16xi32>
      memref.store %zero, %parts[%i] : memref<16xi32>
      %next = arith.addi %sum, %n : i32
      scf.yield %next : i32
    }
    %f = arith.sitofp %sum : i32 to f32
    memref.store %f, %out[%at] : memref<3xf32>
  }
  return
}

func.func @body(%in: memref<64xf32>, %out: memref<3xf32>, %arena: memref<64xi8>) attributes {afp.inputs = 1 : i64, afp.threads = THREADS : i64} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %threads = arith.constant THREADS : index
  %parts = memref.view %arena[%c0][] : memref<64xi8> to memref<16xi32>
  scf.while : () -> index {
    %share = func.call @afp_runtime_share() : () -> index
    %is_one = arith.cmpi ne, %share, %threads : index
    scf.condition(%is_one) %share : index
  } do {
  ^bb0(%share: index):
    func.call @add_part(%in, %parts, %threads, %share) {afp.layer = "first"} : (memref<64xf32>, memref<16xi32>, index, index) -> ()
    scf.yield
  }
  scf.while : () -> index {
    %share = func.call @afp_runtime_share() : () -> index
    %is_one = arith.cmpi ne, %share, %threads : index
    scf.condition(%is_one) %share : index
  } do {
  ^bb0(%share: index):
    func.call @add_parts(%parts, %out, %c0, %threads, %share) : (memref<16xi32>, memref<3xf32>, index, index, index) -> ()
    scf.yield
  }
  scf.while : () -> index {
    %share = func.call @afp_runtime_share() : () -> index
    %is_one = arith.cmpi ne, %share, %threads : index
    scf.condition(%is_one) %share : index
  } do {
  ^bb0(%share: index):
    func.call @add_part(%in, %parts, %threads, %share) : (memref<64xf32>, memref<16xi32>, index, index) -> ()
    scf.yield
  }
  scf.while : () -> index {
    %share = func.call @afp_runtime_share() : () -> index
    %is_one = arith.cmpi ne, %share, %threads : index
    scf.condition(%is_one) %share : index
  } do {
  ^bb0(%share: index):
    func.call @add_parts(%parts, %out, %c1, %threads, %share) : (memref<16xi32>, memref<3xf32>, index, index, index) -> ()
    scf.yield
  }
  scf.while : () -> index {
    %share = func.call @afp_runtime_share() : () -> index
    %is_one = arith.cmpi ne, %share, %threads : index
    scf.condition(%is_one) %share : index
  } do {
  ^bb0(%share: index):
    func.call @add_part(%in, %parts, %threads, %share) : (memref<64xf32>, memref<16xi32>, index, index) -> ()
    scf.yield
  }
  scf.while : () -> index {
    %share = func.call @afp_runtime_share() : () -> index
    %is_one = arith.cmpi ne, %share, %threads : index
    scf.condition(%is_one) %share : index
  } do {
  ^bb0(%share: index):
    func.call @add_parts(%parts, %out, %c2, %threads, %share) : (memref<16xi32>, memref<3xf32>, index, index, index) -> ()
    scf.yield
  }
  return
}
}
