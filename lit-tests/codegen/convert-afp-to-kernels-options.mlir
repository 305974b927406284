// Codes at the boundary, threads, packed weights, shift-and-add products.

// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-prove-widths,convert-afp-to-kernels{io=codes})' | FileCheck %s --check-prefix=CODES
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-prove-widths,convert-afp-to-kernels{threads=2})' | FileCheck %s --check-prefix=THREADS
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=cortex-m4 weights=packed},convert-afp-to-kernels)' | FileCheck %s --check-prefix=PACKED
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=cortex-m4 weights=packed},convert-afp-to-kernels{threads=3},afp-plan-memory)' | FileCheck %s --check-prefix=SCRATCH
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=cortex-m4 multiply=shift-add},convert-afp-to-kernels)' | FileCheck %s --check-prefix=SHIFT
// RUN: afp-opt %s --pass-pipeline='builtin.module(afp-prove-widths,afp-select-kernels{target=cortex-m4 multiply=shift-add weights=packed},convert-afp-to-kernels)' | FileCheck %s --check-prefix=BOTH

// Callers pass and get codes; their types stand in the ports. e2m2 is stored in the low five bits.
// CODES-LABEL: func.func @body
// CODES-SAME: memref<4x8xi8>, %{{[^ ]*}}: memref<4x6xi8>
// CODES-SAME: afp.ports = [tensor<4x8x!afp.float<ue0m8, exp = -8>>, tensor<4x6x!afp.float<e0m7, exp = -7>>]
// CODES-NOT: f32

// Each kernel's items are shared out: from share * items / threads up to what the next begins with. Threads take
// shares until none is left.
// THREADS-LABEL: func.func @body
// THREADS-SAME: afp.threads = 2 : i64
// THREADS:      scf.while
// THREADS-NEXT:   %[[NEXT:.*]] = {{.*}}call @afp_runtime_share() : () -> index
// THREADS-NEXT:   %[[NONE:.*]] = arith.constant 2 : index
// THREADS-NEXT:   %[[MORE:.*]] = arith.cmpi ne, %[[NEXT]], %[[NONE]] : index
// THREADS-NEXT:   scf.condition(%[[MORE]]) %[[NEXT]] : index
// THREADS:      ^bb0(%[[SHARE:.*]]: index):
// THREADS:        arith.muli %[[SHARE]], %c4
// THREADS:        arith.divui
// THREADS:        call @k0_quantize(
// THREADS:        scf.yield
// THREADS:      scf.while
// THREADS:        call @{{[^(]*}}_encode(
// THREADS:      func.func private @afp_runtime_share() -> index

// Six rows of eight codes of five bits: five bytes, and one that makes every code lie in two bytes. A
// row is unpacked, then used for all that needs it.
// PACKED-LABEL: func.func @body
// PACKED: memref.alloc() : memref<64xi8>
// PACKED: func.func private @{{[^(]*}}_encode
// PACKED: memref.load {{.*}} : memref<6x6xi8>
// PACKED: afpk.decode {{.*}} "e2m2" : i8 to i8
// PACKED: memref.store {{.*}} : memref<8xi8>
// PACKED: arith.muli {{.*}} : i32
// PACKED: memref.global {{.*}} : memref<6x6xi8>

// Every thread has scratch of its own, a whole step of the alignment apart: three times 64 bytes, beside 32
// of the input's codes and 24 of the result's; 192 and 64 and 24 bytes with the alignment.
// SCRATCH: func.func @body
// SCRATCH-SAME: memref<280xi8>
// SCRATCH: arith.muli %{{.*}}, %c64

// No product of weights: weights are codes, and codes are what afpk.shift_mul takes.
// SHIFT: func.func private @{{[^(]*}}_encode
// SHIFT-NOT: arith.muli {{.*}} : i32
// SHIFT: afpk.shift_mul {{.*}} "e2m2" : i32, i8
// SHIFT-NOT: arith.muli {{.*}} : i32
// SHIFT: return

// BOTH: func.func private @{{[^(]*}}_encode
// BOTH-NOT: afpk.decode {{.*}} "e2m2"
// BOTH: afpk.shift_mul {{.*}} "e2m2" : i32, i8
func.func @network(%x: tensor<4x8xf32>) -> tensor<4x6xf32> {
  %w = afp.constant dense<3> : tensor<6x8xi8> : tensor<6x8x!afp.float<e2m2, exp = 0>>
  %0 = afp.quantize %x : tensor<4x8xf32> to tensor<4x8x!afp.float<ue0m8, exp = -8>>
  %1 = afp.fully_connected %0, %w : (tensor<4x8x!afp.float<ue0m8, exp = -8>>, tensor<6x8x!afp.float<e2m2, exp = 0>>) -> tensor<4x6x!afp.exact>
  %2 = afp.encode %1 : tensor<4x6x!afp.exact> to tensor<4x6x!afp.float<e0m7, exp = -7>>
  %3 = afp.dequantize %2 : tensor<4x6x!afp.float<e0m7, exp = -7>> to tensor<4x6xf32>
  return %3 : tensor<4x6xf32>
}
