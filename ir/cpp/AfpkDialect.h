//===-- AfpkDialect.h - generated declarations of the afpk dialect --------===//
//
// Part of afpc, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//
#ifndef AFPK_DIALECT_H
#define AFPK_DIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "AfpkDialect.h.inc"
#define GET_OP_CLASSES
#include "AfpkOps.h.inc"

#endif // AFPK_DIALECT_H
