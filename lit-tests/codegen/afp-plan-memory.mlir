// Offsets by the time that buffers are alive.

// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-plan-memory)' --split-input-file | FileCheck %s --check-prefixes=CHECK,A64
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-plan-memory{alignment=8})' --split-input-file | FileCheck %s --check-prefixes=CHECK,A8
// Placed buffers stay where they are.
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-plan-memory,afp-plan-memory)' --split-input-file | FileCheck %s --check-prefixes=CHECK,A64

// A chain: each buffer is read by the next call and then free, so that the third one lies where the first
// lay. The arena ends with the highest byte that is used, and not with a whole step of the alignment.
// CHECK-LABEL: func.func @body
// A64-SAME: %[[ARENA:[^ ]*]]: memref<420xi8>
// A8-SAME: %[[ARENA:[^ ]*]]: memref<404xi8>
// CHECK-NOT: memref.alloc
// A64: %[[AT0:.*]] = arith.constant 320 : index
// A8: %[[AT0:.*]] = arith.constant 304 : index
// CHECK: memref.view %[[ARENA]][%[[AT0]]][] {{.*}} to memref<100xi8>
// CHECK: %[[AT1:.*]] = arith.constant 0 : index
// CHECK: memref.view %[[ARENA]][%[[AT1]]][] {{.*}} to memref<300xi8>
// A64: %[[AT2:.*]] = arith.constant 320 : index
// A8: %[[AT2:.*]] = arith.constant 304 : index
// CHECK: memref.view %[[ARENA]][%[[AT2]]][] {{.*}} to memref<80xi8>
func.func private @first(memref<1x4xf32>, memref<100xi8>)
func.func private @wide(memref<100xi8>, memref<300xi8>)
func.func private @narrow(memref<300xi8>, memref<80xi8>)
func.func private @last(memref<80xi8>, memref<1x4xf32>)
func.func @body(%x: memref<1x4xf32>, %y: memref<1x4xf32>, %arena: memref<0xi8>) attributes {afp.inputs = 1 : i64} {
  %0 = memref.alloc() : memref<100xi8>
  call @first(%x, %0) : (memref<1x4xf32>, memref<100xi8>) -> ()
  %1 = memref.alloc() : memref<300xi8>
  call @wide(%0, %1) : (memref<100xi8>, memref<300xi8>) -> ()
  %2 = memref.alloc() : memref<80xi8>
  call @narrow(%1, %2) : (memref<300xi8>, memref<80xi8>) -> ()
  call @last(%2, %y) : (memref<80xi8>, memref<1x4xf32>) -> ()
  return
}

// -----

// Views of a buffer keep it alive, and so does a use inside a loop: three buffers at a time.
// CHECK-LABEL: func.func @body
// CHECK-SAME: memref<192xi8>
func.func private @write(memref<64xi8>)
func.func private @read(memref<16xi32>, memref<64xi8>, memref<64xi8>)
func.func @body(%x: memref<1x4xf32>, %y: memref<1x4xf32>, %arena: memref<0xi8>) attributes {afp.inputs = 1 : i64} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = memref.alloc() : memref<64xi8>
  %words = memref.view %0[%c0][] : memref<64xi8> to memref<16xi32>
  call @write(%0) : (memref<64xi8>) -> ()
  %1 = memref.alloc() : memref<64xi8>
  call @write(%1) : (memref<64xi8>) -> ()
  %2 = memref.alloc() : memref<64xi8>
  scf.for %i = %c0 to %c1 step %c1 {
    func.call @read(%words, %1, %2) : (memref<16xi32>, memref<64xi8>, memref<64xi8>) -> ()
  }
  return
}

// -----

// A body for several threads has no other arguments. A function that is no body is left alone.
// CHECK-LABEL: func.func @body
// CHECK-SAME: memref<1x4xf32>, %{{[^ ]*}}: memref<64xi8>)
// CHECK-LABEL: func.func @other
// CHECK: memref.alloc() : memref<64xi8>
func.func @body(%x: memref<1x4xf32>, %y: memref<1x4xf32>, %arena: memref<0xi8>) attributes {afp.inputs = 1 : i64, afp.threads = 2 : i64} {
  %0 = memref.alloc() : memref<64xi8>
  return
}
func.func @other() {
  %0 = memref.alloc() : memref<64xi8>
  return
}

// -----

// Without buffers, an arena of one byte: C has no array of none.
// CHECK-LABEL: func.func @body
// CHECK-SAME: memref<1xi8>
func.func @body(%arena: memref<0xi8>) attributes {afp.inputs = 0 : i64} {
  return
}
