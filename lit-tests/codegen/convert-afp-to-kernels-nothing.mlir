// RUN: not afp-opt %s --pass-pipeline='builtin.module(convert-afp-to-kernels)' 2>&1 | FileCheck %s
// CHECK: error: [AFP0107] the module has no function that is a program
// CHECK: expected: a func.func with a body

func.func private @declared(tensor<2xf32>)
