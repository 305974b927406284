//===-- AfpDialect.h - generated declarations of the afp dialect ----------===//
//
// Part of afpc, under the Apache License v2.0 with LLVM Exceptions.
//===----------------------------------------------------------------------===//
#ifndef AFP_DIALECT_H
#define AFP_DIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "AfpDialect.h.inc"
#define GET_TYPEDEF_CLASSES
#include "AfpTypes.h.inc"
#define GET_OP_CLASSES
#include "AfpOps.h.inc"

#endif // AFP_DIALECT_H
