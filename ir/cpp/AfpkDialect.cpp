//===-- AfpkDialect.cpp - registration of the afpk dialect ----------------===//
//
// Part of afpc, under the Apache License v2.0 with LLVM Exceptions.
//
// Verifiers are Rust functions (ir/src/dialect/verify/kernel.rs): no rule is
// decided in this file.
//===----------------------------------------------------------------------===//
#include "AfpkDialect.h"

#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Registration.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"

using namespace mlir;

extern "C" {
/// Emits a diagnostic for each rule that the operation breaks; true if none.
bool afpRustVerifyOp(MlirOperation op);
}

/// The type that all of some operands have, written once.
static ParseResult parseOneType(OpAsmParser &parser, SmallVectorImpl<Type> &types,
                                ArrayRef<OpAsmParser::UnresolvedOperand> operands) {
  Type type;
  if (parser.parseType(type))
    return failure();
  types.assign(operands.size(), type);
  return success();
}

static void printOneType(OpAsmPrinter &printer, Operation *, TypeRange types, OperandRange) {
  if (!types.empty())
    printer << types.front();
}

#include "AfpkDialect.cpp.inc"
#define GET_OP_CLASSES
#include "AfpkOps.cpp.inc"

void afpk::AfpkDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "AfpkOps.cpp.inc"
      >();
}

#define AFPK_VERIFIER(Op)                                                                                              \
  LogicalResult afpk::Op::verify() { return success(afpRustVerifyOp(wrap(getOperation()))); }

AFPK_VERIFIER(DotOp)
AFPK_VERIFIER(MmlaOp)
AFPK_VERIFIER(ShiftMulOp)
AFPK_VERIFIER(DecodeOp)
AFPK_VERIFIER(EncodeOp)
AFPK_VERIFIER(CodeOp)
AFPK_VERIFIER(PackOp)
AFPK_VERIFIER(MatrixDotOp)
AFPK_VERIFIER(UnpackOp)
AFPK_VERIFIER(LookupOp)

extern "C" {
MLIR_DECLARE_CAPI_DIALECT_REGISTRATION(Afpk, afpk);
}

MLIR_DEFINE_CAPI_DIALECT_REGISTRATION(Afpk, afpk, afpk::AfpkDialect)
