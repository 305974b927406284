//===-- Bridge.cpp - what MLIR's C API lacks ------------------------------===//
//
// Part of afpc, under the Apache License v2.0 with LLVM Exceptions.
//
// Passes written in Rust with names and options, raw resource data, diagnostics
// with notes, and the main function of afp-opt.
//===----------------------------------------------------------------------===//
#include "AfpDialect.h"
#include "AfpkDialect.h"

#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Pass.h"
#include "mlir/CAPI/Support.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

using namespace mlir;

extern "C" {
struct AfpPassOption {
  MlirStringRef name, help, initial;
};
/// A pass written in Rust. Lives as long as the process.
struct AfpPass {
  MlirStringRef argument, description, anchor;
  const AfpPassOption *options;
  size_t optionCount;
  const void *body;
};
/// Runs a pass with the texts of its options; false on failure, after a diagnostic.
bool afpRustRunPass(const AfpPass *pass, MlirOperation op, const MlirStringRef *values);
}

namespace {
struct RustPass : public Pass {
  explicit RustPass(const AfpPass *pass)
      : Pass(TypeID::getFromOpaquePointer(pass), std::optional<StringRef>(unwrap(pass->anchor))), pass(pass) {
    declareOptions();
  }
  RustPass(const RustPass &other) : Pass(other), pass(other.pass) {
    declareOptions();
    copyOptionValuesFrom(&other);
  }

  StringRef getName() const override { return unwrap(pass->argument); }
  StringRef getArgument() const override { return unwrap(pass->argument); }
  StringRef getDescription() const override { return unwrap(pass->description); }
  bool canScheduleOn(RegisteredOperationName name) const override { return name.getStringRef() == *getOpName(); }
  std::unique_ptr<Pass> clonePass() const override { return std::make_unique<RustPass>(*this); }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<afp::AfpDialect, afpk::AfpkDialect, arith::ArithDialect, func::FuncDialect, math::MathDialect,
                    memref::MemRefDialect, scf::SCFDialect, tosa::TosaDialect, vector::VectorDialect, LLVM::LLVMDialect>();
  }
  void runOnOperation() override {
    std::vector<MlirStringRef> values;
    for (auto &option : options)
      values.push_back(wrap(StringRef(option->getValue())));
    if (!afpRustRunPass(pass, wrap(getOperation()), values.data()))
      signalPassFailure();
  }

private:
  void declareOptions() {
    for (size_t i = 0; i < pass->optionCount; ++i) {
      const AfpPassOption &o = pass->options[i];
      options.push_back(std::make_unique<Pass::Option<std::string>>(
          *this, unwrap(o.name), llvm::cl::desc(unwrap(o.help)), llvm::cl::init(unwrap(o.initial).str())));
    }
  }

  const AfpPass *pass;
  std::vector<std::unique_ptr<Pass::Option<std::string>>> options;
};
} // namespace

extern "C" {
void afpRegisterPass(const AfpPass *pass) {
  registerPass([pass] { return std::make_unique<RustPass>(pass); });
}

void afpRegisterAllPasses() { registerAllPasses(); }

int afpOptMain(int argc, char **argv) {
  DialectRegistry registry;
  registerAllDialects(registry);
  registerAllExtensions(registry);
  registerAllPasses();
  registry.insert<afp::AfpDialect, afpk::AfpkDialect>();
  return failed(MlirOptMain(argc, argv, "afp-opt: runs passes on afp programs, with the options of mlir-opt\n", registry));
}

/// The bytes of a dense_resource attribute; false if it is another kind or its blob is missing.
bool afpDenseResourceData(MlirAttribute attribute, const char **data, size_t *size) {
  auto resource = dyn_cast<DenseResourceElementsAttr>(unwrap(attribute));
  if (!resource)
    return false;
  AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  if (!blob)
    return false;
  *data = blob->getData().data();
  *size = blob->getData().size();
  return true;
}

/// A dense_resource attribute that owns a copy of the data, aligned to 64 bytes.
MlirAttribute afpDenseResourceGet(MlirType type, MlirStringRef name, const char *data, size_t size) {
  AsmResourceBlob blob = HeapAsmResourceBlob::allocateAndCopyWithAlign(ArrayRef<char>(data, size), /*align=*/64,
                                                                       /*dataIsMutable=*/false);
  return wrap(Attribute(
      DenseResourceElementsAttr::get(cast<ShapedType>(unwrap(type)), unwrap(name), std::move(blob))));
}

/// Emits an error, warning or remark with notes, at the location of `location`.
void afpEmitDiagnostic(MlirLocation location, int severity, MlirStringRef message, const MlirStringRef *notes,
                       size_t noteCount) {
  InFlightDiagnostic diagnostic = severity == 0   ? mlir::emitError(unwrap(location))
                                  : severity == 1 ? mlir::emitWarning(unwrap(location))
                                                  : mlir::emitRemark(unwrap(location));
  diagnostic << unwrap(message);
  for (size_t i = 0; i < noteCount; ++i)
    diagnostic.attachNote() << unwrap(notes[i]);
}
}
