//===-- AfpDialect.cpp - syntax and registration of the afp dialect -------===//
//
// Part of afpc, under the Apache License v2.0 with LLVM Exceptions.
//
// Verifiers and folders are Rust functions (ir/src/dialect): no rule is decided
// in this file.
//===----------------------------------------------------------------------===//
#include "AfpDialect.h"

#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Registration.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

extern "C" {
/// Fills the fields of a format from its spelling; false if it has none.
bool afpRustParseFormat(MlirStringRef spelling, bool *isSigned, unsigned *expBits, unsigned *manBits);
/// Calls `print` with the spelling of a format.
void afpRustPrintFormat(bool isSigned, unsigned expBits, unsigned manBits, MlirStringCallback print, void *userData);
/// Calls `complain` with each rule that the type breaks; true if none.
bool afpRustVerifyFloatType(bool isSigned, unsigned expBits, unsigned manBits, int32_t expLo, int32_t expHi,
                            MlirStringCallback complain, void *userData);
/// Emits a diagnostic for each rule that the operation breaks; true if none.
bool afpRustVerifyOp(MlirOperation op);
/// The value that the operation's only result equals, or a null value.
MlirValue afpRustFoldOp(MlirOperation op);
}

static void appendTo(MlirStringRef text, void *userData) {
  static_cast<std::string *>(userData)->append(text.data, text.length);
}

//===----------------------------------------------------------------------===//
// Type syntax
//===----------------------------------------------------------------------===//

static ParseResult parseFormat(AsmParser &parser, bool &isSigned, unsigned &expBits, unsigned &manBits) {
  StringRef spelling;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseKeyword(&spelling))
    return failure();
  if (!afpRustParseFormat(wrap(spelling), &isSigned, &expBits, &manBits))
    return parser.emitError(loc) << "[F1] expected a format such as 'e2m2' or 'ue0m8', found '" << spelling << "'";
  return success();
}

static void printFormat(AsmPrinter &printer, bool isSigned, unsigned expBits, unsigned manBits) {
  std::string text;
  afpRustPrintFormat(isSigned, expBits, manBits, appendTo, &text);
  printer << text;
}

static ParseResult parseScaleExponent(AsmParser &parser, bool &isDynamic, int32_t &lo, int32_t &hi) {
  isDynamic = succeeded(parser.parseOptionalQuestion());
  if (!isDynamic) {
    if (parser.parseInteger(lo))
      return failure();
    hi = lo;
    return success();
  }
  return failure(parser.parseLSquare() || parser.parseInteger(lo) || parser.parseComma() || parser.parseInteger(hi) ||
                 parser.parseRSquare());
}

static void printScaleExponent(AsmPrinter &printer, bool isDynamic, int32_t lo, int32_t hi) {
  if (isDynamic)
    printer << "?[" << lo << ", " << hi << "]";
  else
    printer << lo;
}

#include "AfpDialect.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "AfpTypes.cpp.inc"
#define GET_OP_CLASSES
#include "AfpOps.cpp.inc"

void afp::AfpDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "AfpTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "AfpOps.cpp.inc"
      >();
}

LogicalResult afp::FloatType::verify(function_ref<InFlightDiagnostic()> emitError, bool isSigned, unsigned expBits,
                                     unsigned manBits, bool isDynamic, int32_t lo, int32_t hi) {
  std::string text;
  if (afpRustVerifyFloatType(isSigned, expBits, manBits, lo, hi, appendTo, &text))
    return success();
  return emitError() << text;
}

//===----------------------------------------------------------------------===//
// Verifiers and folders
//===----------------------------------------------------------------------===//

#define AFP_VERIFIER(Op)                                                                                               \
  LogicalResult afp::Op::verify() { return success(afpRustVerifyOp(wrap(getOperation()))); }
#define AFP_FOLDER(Op)                                                                                                 \
  OpFoldResult afp::Op::fold(FoldAdaptor) {                                                                            \
    MlirValue value = afpRustFoldOp(wrap(getOperation()));                                                             \
    return mlirValueIsNull(value) ? OpFoldResult() : OpFoldResult(unwrap(value));                                      \
  }

AFP_VERIFIER(QuantizeOp)
AFP_VERIFIER(DequantizeOp)
AFP_VERIFIER(EncodeOp)
AFP_VERIFIER(ConstantOp)
AFP_VERIFIER(Conv2DOp)
AFP_VERIFIER(DepthwiseConv2DOp)
AFP_VERIFIER(FullyConnectedOp)
AFP_VERIFIER(MatmulOp)
AFP_VERIFIER(AddOp)
AFP_VERIFIER(SumPool2DOp)
AFP_VERIFIER(MaxPool2DOp)
AFP_VERIFIER(TableOp)
AFP_VERIFIER(SoftmaxOp)
AFP_VERIFIER(ConcatOp)
AFP_VERIFIER(ReshapeOp)
AFP_VERIFIER(TransposeOp)
AFP_VERIFIER(SliceOp)
AFP_VERIFIER(PadOp)

AFP_FOLDER(QuantizeOp)
AFP_FOLDER(EncodeOp)
AFP_FOLDER(MaxPool2DOp)
AFP_FOLDER(ConcatOp)
AFP_FOLDER(ReshapeOp)
AFP_FOLDER(TransposeOp)
AFP_FOLDER(SliceOp)
AFP_FOLDER(PadOp)

//===----------------------------------------------------------------------===//
// C API
//===----------------------------------------------------------------------===//

extern "C" {
MLIR_DECLARE_CAPI_DIALECT_REGISTRATION(Afp, afp);

MlirType afpFloatTypeGet(MlirContext context, bool isSigned, unsigned expBits, unsigned manBits, bool isDynamic,
                         int32_t lo, int32_t hi) {
  return wrap(afp::FloatType::get(unwrap(context), isSigned, expBits, manBits, isDynamic, lo, hi));
}

bool afpFloatTypeFields(MlirType type, bool *isSigned, unsigned *expBits, unsigned *manBits, bool *isDynamic,
                        int32_t *lo, int32_t *hi) {
  auto t = dyn_cast<afp::FloatType>(unwrap(type));
  if (!t)
    return false;
  *isSigned = t.getIsSigned();
  *expBits = t.getExpBits();
  *manBits = t.getManBits();
  *isDynamic = t.getIsDynamic();
  *lo = t.getExpLo();
  *hi = t.getExpHi();
  return true;
}

MlirType afpExactTypeGet(MlirContext context) { return wrap(afp::ExactType::get(unwrap(context))); }
bool afpTypeIsExact(MlirType type) { return isa<afp::ExactType>(unwrap(type)); }
}

MLIR_DEFINE_CAPI_DIALECT_REGISTRATION(Afp, afp, afp::AfpDialect)
