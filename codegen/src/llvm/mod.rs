//! A module in `scf`, `arith`, `math`, `memref` and `func` becomes an object file.
//!
//! [`lower`] runs upstream's passes to the `llvm` dialect; [`entry`] makes all but the C entry local;
//! LLVM optimizes, and [`emit`] has it emit.

mod emit;
mod entry;
mod legalize;
mod lower;

use afp_ir::{diag::Diagnostic, mlir::SourceModule};
use inkwell::{
    OptimizationLevel,
    context::Context,
    module::Module,
    passes::PassBuilderOptions,
    targets::{CodeModel, FileType, RelocMode, Target as LlvmTarget, TargetMachine, TargetTriple},
};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SectionKind};

use crate::{
    interface::Interface,
    internal,
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

/// An object file in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The file, in the format of the target's system (ELF).
    pub bytes: Vec<u8>,
    /// Size of the machine code, in bytes.
    pub code_bytes: u64,
    /// Size of constants and variables, in bytes.
    pub data_bytes: u64,
}

/// The functions of a C library that objects may need.
const LIBRARY_FUNCTIONS: [&str; 3] = ["memcpy", "memset", "memmove"];

/// How the Arm EABI names them, with an alignment behind the name at times.
const EABI_FUNCTIONS: [&str; 4] = ["__aeabi_memcpy", "__aeabi_memset", "__aeabi_memmove", "__aeabi_memclr"];

/// Whether an object may need this function.
fn is_library_function(name: &str) -> bool {
    LIBRARY_FUNCTIONS.contains(&name) || EABI_FUNCTIONS.contains(&name.trim_end_matches(['4', '8']))
}

/// Compiles a module to an object with the one global symbol
/// `int symbol(const void *const *inputs, void *const *outputs, void *arena)`.
///
/// The module stays as it is. Its one function with the attribute `afp.inputs` (see [`Interface::of`])
/// is what the symbol calls. The code is position-independent where a system loads it, and assumes no
/// more alignment than the element types have.
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
    if target.pointer_bits < 64 {
        legalize::divisions(&context, &code)?;
    }
    entry::add(&context, &code, symbol, &body, &interface)?;
    optimize(&code, &machine, opt)?;
    let buffer = emit::emit(&code, &machine, FileType::Object)?;
    measure(buffer.as_slice().to_vec())
}

/// A C identifier that the C standard does not reserve.
fn check_symbol(symbol: &str) -> Result<(), Diagnostic> {
    let well_formed = symbol.starts_with(|c: char| c.is_ascii_alphabetic())
        && symbol.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if well_formed && !LIBRARY_FUNCTIONS.contains(&symbol) {
        return Ok(());
    }
    Err(Diagnostic::error("AFP0601", "the name of the generated function is no C identifier")
        .expected("a letter, then letters, digits and underscores; no function of the C library")
        .found(format!("'{symbol}'")))
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

/// Takes the sizes of an object, and checks that it needs nothing but [`LIBRARY_FUNCTIONS`].
fn measure(bytes: Vec<u8>) -> Result<Object, Diagnostic> {
    let file = object::File::parse(bytes.as_slice())
        .map_err(|error| internal("the object is malformed").found(error.to_string()))?;
    let missing = file
        .symbols()
        .filter(|symbol| symbol.is_undefined())
        .filter_map(|symbol| symbol.name().ok())
        .find(|name| !name.is_empty() && !is_library_function(name));
    if let Some(name) = missing {
        return Err(internal("the object needs a function that targets may not have")
            .expected(LIBRARY_FUNCTIONS.join(", "))
            .found(name));
    }
    let size_of = |is_counted: fn(SectionKind) -> bool| -> u64 {
        file.sections().filter(|section| is_counted(section.kind())).map(|section| section.size()).sum()
    };
    let code_bytes = size_of(|kind| kind == SectionKind::Text);
    let data_bytes = size_of(|kind| {
        use SectionKind::{Data, ReadOnlyData, ReadOnlyDataWithRel, ReadOnlyString, UninitializedData};
        matches!(kind, Data | ReadOnlyData | ReadOnlyDataWithRel | ReadOnlyString | UninitializedData)
    });
    Ok(Object { bytes, code_bytes, data_bytes })
}
