//! A module in `scf`, `arith`, `math`, `memref` and `func` becomes an object file.
//!
//! [`lower`] runs upstream's passes to the `llvm` dialect; [`entry`] makes all but the C entry local;
//! LLVM optimizes, and [`emit`] has it emit.

mod emit;
mod entry;
mod lower;

use afp_ir::{diag::Diagnostic, mlir::SourceModule};
use inkwell::{
    OptimizationLevel,
    context::Context,
    module::Module,
    passes::PassBuilderOptions,
    targets::{CodeModel, FileType, RelocMode, Target as LlvmTarget, TargetMachine, TargetTriple},
};

pub use crate::object_file::Object;
use crate::{
    interface::Interface,
    internal,
    object_file::{check_symbol, measure},
    target::{Target, initialize},
};

/// How much LLVM optimizes. Results are the same: floating-point arithmetic is never rearranged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptLevel {
    /// Nothing: the fastest compilation.
    O0,
    /// All of it.
    O3,
}

/// Compiles a module to an object with the one global symbol
/// `int symbol(const void *const *inputs, void *const *outputs, void *arena)`.
///
/// The module stays as it is. Its one function with the attribute `afp.inputs` (see [`Interface::of`])
/// is what the symbol calls. The code is position-independent and assumes no more alignment than the
/// element types have.
///
/// # Errors
/// AFP0601 if the symbol is no C identifier; AFP0001 for a module that cannot be lowered, with MLIR's
/// diagnostics in the module's session.
pub fn compile(
    module: &SourceModule<'_>,
    symbol: &str,
    target: &Target,
    opt: OptLevel,
) -> Result<Object, Diagnostic> {
    check_symbol(symbol)?;
    let interface = Interface::of(module)?;
    let (body, _) = crate::interface::body(module)?;
    let body = body.attr("sym_name").and_then(|name| name.as_string()).unwrap_or_default();
    let lowered = lower::to_llvm_dialect(module, target)?;

    let machine = machine(target, opt)?;
    let context = Context::create();
    let code = lower::translate(&lowered, &context)?;
    // Before any pass: what is profitable depends on them.
    code.set_triple(&machine.get_triple());
    code.set_data_layout(&machine.get_target_data().get_data_layout());
    code.set_source_file_name(symbol);
    entry::add(&context, &code, symbol, &body, &interface)?;
    optimize(&code, &machine, opt)?;
    let buffer = emit::emit(&code, &machine, FileType::Object)?;
    measure(buffer.as_slice().to_vec())
}

fn machine(target: &Target, opt: OptLevel) -> Result<TargetMachine, Diagnostic> {
    initialize();
    let level = match opt {
        OptLevel::O0 => OptimizationLevel::None,
        OptLevel::O3 => OptimizationLevel::Aggressive,
    };
    let triple = TargetTriple::create(target.triple);
    LlvmTarget::from_triple(&triple)
        .ok()
        .and_then(|known| {
            let (cpu, features) = (target.cpu, target.features);
            known.create_target_machine(&triple, cpu, features, level, RelocMode::PIC, CodeModel::Default)
        })
        .ok_or_else(|| {
            Diagnostic::error("AFP0604", "LLVM does not know the target")
                .found(format!("'{}'", target.triple))
        })
}

fn optimize(code: &Module<'_>, machine: &TargetMachine, opt: OptLevel) -> Result<(), Diagnostic> {
    code.verify().map_err(|error| failed("verify", &error))?;
    let passes = match opt {
        OptLevel::O0 => "default<O0>",
        OptLevel::O3 => "default<O3>",
    };
    code.run_passes(passes, machine, PassBuilderOptions::create()).map_err(|error| failed("optimize", &error))
}

fn failed(what: &str, error: &inkwell::support::LLVMString) -> Diagnostic {
    internal(&format!("LLVM could not {what} the program")).found(error.to_string())
}
