//===-- Emit.cpp - machine code, without what goes wrong ------------------===//
//
// Part of afpc, under the Apache License v2.0 with LLVM Exceptions.
//
// The C API emits machine code with all of a target's passes. This does the same
// with one of them left out. One part of optimization is left out, too.
//===----------------------------------------------------------------------===//
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/MCAsmInfo.h"
#include "llvm/Pass.h"
#include "llvm/PassInfo.h"
#include "llvm/PassRegistry.h"
#include "llvm/Support/CBindingWrapping.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Transforms/Scalar/LoopIdiomRecognize.h"

#include "llvm-c/TargetMachine.h"

#include <memory>

using namespace llvm;

namespace {
/// Takes every pass but one.
class PassesWithout : public legacy::PassManager {
public:
  explicit PassesWithout(AnalysisID unwanted) : unwanted(unwanted) {}

  void add(Pass *pass) override {
    if (unwanted && pass->getPassID() == unwanted) {
      ++met;
      // As for a redundant pass: it belongs to the manager, which has no use for it.
      delete pass;
      return;
    }
    legacy::PassManager::add(pass);
  }

  unsigned timesMet() const { return met; }

private:
  AnalysisID unwanted;
  unsigned met = 0;
};
} // namespace

/// The object or assembly of a module, without the pass of this name if it has one. Gives 0; 1 if the
/// machine has no such output; 2 if the pass is not known or not met, so that nothing was left out.
extern "C" int afpEmit(LLVMTargetMachineRef machineRef, LLVMModuleRef moduleRef, bool assembly,
                       const char *withoutPass, LLVMMemoryBufferRef *output) {
  auto *machine = reinterpret_cast<TargetMachine *>(machineRef);
  Module &code = *unwrap(moduleRef);
  AnalysisID unwanted = nullptr;
  if (withoutPass) {
    const PassInfo *info = PassRegistry::getPassRegistry()->getPassInfo(StringRef(withoutPass));
    if (!info)
      return 2;
    unwanted = info->getTypeInfo();
  }
  code.setDataLayout(machine->createDataLayout());
  SmallVector<char, 0> bytes;
  raw_svector_ostream stream(bytes);
  PassesWithout passes(unwanted);
  auto type = assembly ? CodeGenFileType::AssemblyFile : CodeGenFileType::ObjectFile;
  if (machine->addPassesToEmitFile(passes, stream, nullptr, type))
    return 1;
  if (unwanted && passes.timesMet() != 1)
    return 2;
  passes.run(code);
  *output = wrap(MemoryBuffer::getMemBufferCopy(StringRef(bytes.data(), bytes.size())).release());
  return 0;
}

/// Has objects carry the size of each function's frame, in the section .stack_sizes.
extern "C" void afpEmitStackSizes(LLVMTargetMachineRef machine) {
  reinterpret_cast<TargetMachine *>(machine)->Options.EmitStackSizeSection = true;
}

/// Has objects carry no tables for unwinding, which Arm's carry for every function, for those that
/// cannot be unwound as well.
extern "C" void afpEmitNoUnwindTables(LLVMTargetMachineRef machine) {
  const MCAsmInfo *info = reinterpret_cast<TargetMachine *>(machine)->getMCAsmInfo();
  // The machine's own; there is no other way to reach it.
  const_cast<MCAsmInfo *>(info)->setExceptionsType(ExceptionHandling::None);
}

/// From now on, loops are not searched for checksums. In LLVM 22 the search takes a time exponential in
/// what a loop computes from values that are used twice: minutes for some kernels, hours for others.
extern "C" void afpDisableChecksumSearch() { DisableLIRP::HashRecognize = true; }
