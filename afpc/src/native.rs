//! Native code: from an exact AFP program to objects, headers and libraries, and running them.

use std::path::Path;

use afp_codegen::{
    interface::Interface,
    library::Library,
    link::link_shared,
    llvm::{self, Object, OptLevel},
    pipeline::{Choices, lower},
    target::Target,
};
use afp_ir::{
    diag::Diagnostic,
    interp::{Program, Signature, Tensor},
    mlir::{Session, SourceModule},
};
use afp_passes::pipeline::{self, PipelineOptions, STAGES};

use crate::cli::Failure;

/// The symbol of a program that is run and not kept.
const RUN_SYMBOL: &str = "afp_run";

/// Compiled code, and what it takes and gives.
pub struct Compiled {
    /// The object.
    pub object: Object,
    /// Inputs, outputs, arena.
    pub interface: Interface,
    /// Bytes of weights, biases and tables.
    pub constant_bytes: usize,
}

/// Compiles an exact AFP program, which is replaced by its kernels.
///
/// # Errors
/// AFP0611 for each operator without native code; otherwise what the backend reports.
pub fn compile(
    session: &Session,
    module: &SourceModule<'_>,
    symbol: &str,
    target: &Target,
    names: (&[Signature], &[Signature]),
) -> Result<Compiled, Failure> {
    // Accumulators are as wide as is proven here, whatever the module says of itself.
    let proof = STAGES.iter().find(|stage| stage.name == "afp-prove-widths");
    if let Some(Err(error)) = proof.map(|stage| pipeline::run(module, stage, &PipelineOptions::default())) {
        let mut all = session.take_diagnostics();
        all.extend(error);
        return Err(all.into());
    }
    let constants = lower(session, module, &Choices::new(*target))?;
    let object = llvm::compile(module, symbol, target, OptLevel::O3).map_err(|error| {
        let mut all = session.take_diagnostics();
        all.push(error);
        all
    })?;
    let mut interface = Interface::of(module)?;
    let ports = interface.inputs.iter_mut().zip(names.0).chain(interface.outputs.iter_mut().zip(names.1));
    for (port, named) in ports {
        port.name.clone_from(&named.name);
    }
    Ok(Compiled { object, interface, constant_bytes: constants.weights + constants.tables })
}

/// What executes a program.
pub enum Executor {
    /// The reference interpreter.
    Interpreter(Program),
    /// Machine code, and the program whose names and shapes it has.
    Native(Library, Program),
}

impl Executor {
    /// Compiles an exact AFP program for this machine and loads it.
    ///
    /// # Errors
    /// What the compiler, the linker or the loader reports.
    pub fn native(session: &Session, module: &SourceModule<'_>, program: Program) -> Result<Self, Failure> {
        let names = (program.inputs(), program.outputs());
        let compiled = compile(session, module, RUN_SYMBOL, &Target::host(), names)?;
        let folder = tempfile::tempdir().map_err(|problem| {
            Diagnostic::error("AFP0501", "the output cannot be written")
                .expected("a folder for temporary files")
                .found(problem.to_string())
        })?;
        let path = folder.path().join("libafp_run.so");
        link_shared(&[compiled.object], &path)?;
        // SAFETY: the library was made just now, with this interface.
        let library = unsafe { Library::open(&path, RUN_SYMBOL, compiled.interface) }?;
        Ok(Self::Native(library, program))
    }

    /// What the program takes.
    pub fn inputs(&self) -> &[Signature] {
        self.program().inputs()
    }

    /// What the program gives.
    pub fn outputs(&self) -> &[Signature] {
        self.program().outputs()
    }

    /// Runs one sample.
    ///
    /// # Errors
    /// What the interpreter reports, or inputs that do not fit.
    pub fn run(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>, Diagnostic> {
        match self {
            Self::Interpreter(program) => program.run(inputs),
            Self::Native(library, _) => library.run(inputs),
        }
    }

    fn program(&self) -> &Program {
        match self {
            Self::Interpreter(program) | Self::Native(_, program) => program,
        }
    }
}

/// A C identifier from a file's stem: other characters become `_`.
pub fn identifier(path: &Path) -> String {
    let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let mut name: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        name.insert(0, '_');
    }
    name
}
