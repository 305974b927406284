// What afpk-expand was to write is a fault of the pipeline.

// RUN: afp-opt %s --pass-pipeline='builtin.module(convert-afpk-to-llvm{target=x86-64-v2})' --verify-diagnostics

func.func @left(%a: i8) -> i32 {
  // expected-error @+1 {{[AFP0001] afpk.decode is left behind afpk-expand}}
  %0 = afpk.decode %a "e2m4" : i8 to i32
  return %0 : i32
}
