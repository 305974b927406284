// An option of code generation that LLVM's C interface lacks.

#include "llvm-c/TargetMachine.h"
#include "llvm/Target/TargetMachine.h"

// Has objects carry the size of each function's frame, in the section .stack_sizes.
extern "C" void afpEmitStackSizes(LLVMTargetMachineRef machine) {
  reinterpret_cast<llvm::TargetMachine *>(machine)->Options.EmitStackSizeSection = true;
}
