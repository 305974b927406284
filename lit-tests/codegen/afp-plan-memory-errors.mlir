// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-plan-memory)' --split-input-file --verify-diagnostics

// expected-error @+3 {{[AFP0612] a buffer cannot be placed in the arena}}
// expected-note @+2 {{expected: memref<N x i8> of at most 2^40 bytes}}
// expected-note @+1 {{found: memref<4xi32>}}
func.func @body(%arena: memref<0xi8>) attributes {afp.inputs = 0 : i64} {
  %0 = memref.alloc() : memref<4xi32>
  return
}
