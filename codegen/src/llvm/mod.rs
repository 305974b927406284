//! A module in `scf`, `arith`, `math`, `memref` and `func` becomes an object file.
//!
//! [`lower`] runs upstream's passes to the `llvm` dialect; [`entry`] makes all but the C entry local;
//! LLVM optimizes, and [`emit`] has it emit; [`stack`] adds up the frames. [`versions`] puts programs for several
//! machines into one object.

mod dispatch;
mod emit;
mod entry;
mod legalize;
mod lower;
mod stack;
mod versions;

use std::sync::Once;

use afp_ir::{diag::Diagnostic, mlir::SourceModule};
use inkwell::{
    OptimizationLevel,
    context::Context,
    module::Module,
    passes::PassBuilderOptions,
    targets::{CodeModel, FileType, RelocMode, Target as LlvmTarget, TargetMachine, TargetTriple},
};

pub use self::versions::{Version, products_of_versions};
pub use crate::object_file::Object;
use crate::{
    interface::Interface,
    internal,
    object_file::{check_symbol, measure},
    target::{System, Target, initialize},
};

/// How much LLVM optimizes. Results are the same: floating-point arithmetic is never rearranged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptLevel {
    /// Nothing: the fastest compilation.
    O0,
    /// All of it.
    O3,
}

/// Texts that are wanted beside an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The optimized program in LLVM's language.
    pub llvm: bool,
    /// The assembly.
    pub assembly: bool,
}

/// What became of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Products {
    /// The object.
    pub object: Object,
    /// The most stack that a call of the symbol takes in each thread, in bytes, without what library
    /// functions take.
    pub stack_bytes: u64,
    /// The optimized program in LLVM's language, if wanted.
    pub llvm: Option<String>,
    /// The assembly, if wanted.
    pub assembly: Option<String>,
}

unsafe extern "C" {
    fn afpEmitStackSizes(machine: inkwell::llvm_sys::target_machine::LLVMTargetMachineRef);
    fn afpEmitNoUnwindTables(machine: inkwell::llvm_sys::target_machine::LLVMTargetMachineRef);
    fn afpDisableChecksumSearch();
}

/// Compiles a module to an object with the one global symbol
/// `int symbol(const void *const *inputs, void *const *outputs, void *arena)`.
///
/// The module stays as it is. Its one function with the attribute `afp.inputs` (see [`Interface::of`])
/// is what the symbol calls. The code is position-independent where a system loads it. Tensors are aligned
/// as their elements are, the arena as the target says.
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
    products(module, symbol, target, opt, Wanted::default()).map(|products| products.object)
}

/// As [`compile`], with the stack that the code needs and texts of it.
///
/// # Errors
/// As [`compile`].
pub fn products(
    module: &SourceModule<'_>,
    symbol: &str,
    target: &Target,
    opt: OptLevel,
    wanted: Wanted,
) -> Result<Products, Diagnostic> {
    check_symbol(symbol)?;
    let machine = machine(target, opt)?;
    let context = Context::create();
    let (code, interface) = translated(&context, module, symbol, target, &machine)?;
    entry::ask_for_matrix_unit(&context, &code)?;
    optimize(&code, &machine, opt)?;
    if target.system == System::Bare {
        // SAFETY: the machine is alive.
        unsafe { afpEmitNoUnwindTables(machine.as_mut_ptr()) };
    }
    emitted(&code, &machine, symbol, interface.threads, wanted)
}

/// A module as LLVM's, with the C entry; not optimized yet.
fn translated<'c>(
    context: &'c Context,
    module: &SourceModule<'_>,
    symbol: &str,
    target: &Target,
    machine: &TargetMachine,
) -> Result<(Module<'c>, Interface), Diagnostic> {
    let interface = Interface::of(module)?;
    let (body, _) = crate::interface::body(module)?;
    let body = body.attr("sym_name").and_then(|name| name.as_string()).unwrap_or_default();
    let lowered = lower::to_llvm_dialect(module, target)?;
    let code = lower::translate(&lowered, context)?;
    // Before any pass: what is profitable depends on them.
    code.set_triple(&machine.get_triple());
    code.set_data_layout(&machine.get_target_data().get_data_layout());
    code.set_source_file_name(symbol);
    if target.pointer_bits < 64 {
        legalize::divisions(context, &code)?;
    }
    entry::add(context, &code, symbol, &body, &interface)?;
    if stack::is_realigned(target) {
        entry::realign_stack(context, &code);
    }
    Ok((code, interface))
}

/// The object of an optimized module, and texts of it.
fn emitted(
    code: &Module<'_>,
    machine: &TargetMachine,
    symbol: &str,
    threads: usize,
    wanted: Wanted,
) -> Result<Products, Diagnostic> {
    let calls = stack::calls(code);
    // Emission changes the module that it is given.
    let llvm = wanted.llvm.then(|| code.print_to_string().to_string());
    let assembly = match wanted.assembly {
        true => Some(emit::emit(&code.clone(), machine, FileType::Assembly)?),
        false => None,
    };
    let assembly = assembly.map(|text| String::from_utf8_lossy(text.as_slice()).into_owned());
    // SAFETY: the machine is alive.
    unsafe { afpEmitStackSizes(machine.as_mut_ptr()) };
    let object = measure(emit::emit(code, machine, FileType::Object)?.as_slice().to_vec(), threads)?;
    let stack_bytes = stack::bytes(&object.bytes, &calls, symbol)?;
    Ok(Products { object, stack_bytes, llvm, assembly })
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
            // Without a system, nothing moves code once it is linked.
            let relocation = match target.system {
                System::Linux => RelocMode::PIC,
                System::Bare => RelocMode::Static,
            };
            known.create_target_machine(&triple, cpu, features, level, relocation, CodeModel::Default)
        })
        .ok_or_else(|| {
            Diagnostic::error("AFP0604", "LLVM does not know the target")
                .found(format!("'{}'", target.triple))
        })
}

fn optimize(code: &Module<'_>, machine: &TargetMachine, opt: OptLevel) -> Result<(), Diagnostic> {
    static WITHOUT_CHECKSUMS: Once = Once::new();
    // SAFETY: a flag is written, once, before any pass of this process reads it.
    WITHOUT_CHECKSUMS.call_once(|| unsafe { afpDisableChecksumSearch() });
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
