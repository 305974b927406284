// RUN: not afp-opt %s --pass-pipeline='builtin.module(afp-select-kernels{target=z80})' 2>&1 | FileCheck %s --check-prefix=TARGET
// TARGET: error: [AFP0201]
// TARGET: expected: the name of a target, such as x86-64-v3
// TARGET: found: {{.*}}z80

// RUN: not afp-opt %s --pass-pipeline='builtin.module(afp-select-kernels{vector-bits=wide})' 2>&1 | FileCheck %s --check-prefix=BITS
// BITS: error: [AFP0201]
// BITS: expected: a number of bits

// RUN: not afp-opt %s --pass-pipeline='builtin.module(afp-select-kernels{vector-bits=200})' 2>&1 | FileCheck %s --check-prefix=POWER
// POWER: error: [AFP0201]
// POWER: expected: 0 or a power of two

// RUN: not afp-opt %s --pass-pipeline='builtin.module(afp-select-kernels{operations=few})' 2>&1 | FileCheck %s --check-prefix=OPERATIONS
// RUN: not afp-opt %s --pass-pipeline='builtin.module(afpk-expand{operations=few})' 2>&1 | FileCheck %s --check-prefix=OPERATIONS
// OPERATIONS: error: [AFP0201]
// OPERATIONS: expected: all or basic

// RUN: not afp-opt %s --pass-pipeline='builtin.module(afp-select-kernels{matrix=often})' 2>&1 | FileCheck %s --check-prefix=MATRIX
// RUN: not afp-opt %s --pass-pipeline='builtin.module(afp-select-kernels{winograd=often})' 2>&1 | FileCheck %s --check-prefix=MATRIX
// MATRIX: error: [AFP0201]
// MATRIX: expected: never, auto or always

// RUN: not afp-opt %s --pass-pipeline='builtin.module(afp-select-kernels{multiply=add})' 2>&1 | FileCheck %s --check-prefix=MULTIPLY
// MULTIPLY: error: [AFP0201]
// MULTIPLY: expected: native or shift-add

// RUN: not afp-opt %s --pass-pipeline='builtin.module(afp-select-kernels{weights=small})' 2>&1 | FileCheck %s --check-prefix=WEIGHTS
// WEIGHTS: error: [AFP0201]
// WEIGHTS: expected: expanded or packed

// RUN: not afp-opt %s --pass-pipeline='builtin.module(afp-select-kernels{packed-from=1M})' 2>&1 | FileCheck %s --check-prefix=FROM
// FROM: error: [AFP0201]
// FROM: expected: a number of bytes, or never

// RUN: not afp-opt %s --pass-pipeline='builtin.module(convert-afp-to-kernels{io=bytes})' 2>&1 | FileCheck %s --check-prefix=IO
// IO: error: [AFP0201]
// IO: expected: float or codes

// RUN: not afp-opt %s --pass-pipeline='builtin.module(convert-afp-to-kernels{threads=0})' 2>&1 | FileCheck %s --check-prefix=THREADS
// RUN: not afp-opt %s --pass-pipeline='builtin.module(convert-afp-to-kernels{threads=1025})' 2>&1 | FileCheck %s --check-prefix=THREADS
// THREADS: error: [AFP0201]
// THREADS: expected: 1 to 1024

// RUN: not afp-opt %s --pass-pipeline='builtin.module(convert-afp-to-kernels{threads=many})' 2>&1 | FileCheck %s --check-prefix=NUMBER
// NUMBER: error: [AFP0201]
// NUMBER: expected: a number of threads

// RUN: not afp-opt %s --pass-pipeline='builtin.module(afp-plan-memory{alignment=48})' 2>&1 | FileCheck %s --check-prefix=ALIGNMENT
// RUN: not afp-opt %s --pass-pipeline='builtin.module(afp-plan-memory{alignment=0})' 2>&1 | FileCheck %s --check-prefix=ALIGNMENT
// RUN: not afp-opt %s --pass-pipeline='builtin.module(afp-plan-memory{alignment=8192})' 2>&1 | FileCheck %s --check-prefix=ALIGNMENT
// ALIGNMENT: error: [AFP0201]
// ALIGNMENT: expected: a power of two up to 4096

// RUN: not afp-opt %s --pass-pipeline='builtin.module(convert-afpk-to-llvm{target=z80})' 2>&1 | FileCheck %s --check-prefix=LLVM
// LLVM: error: [AFP0201]
// LLVM: expected: the name of a target, such as x86-64-v3

func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}
