//! Native code: from an exact AFP program to objects, headers and libraries, and running them.

use std::path::Path;

use afp_codegen::{
    constants::Constants,
    interface::Interface,
    library::Library,
    link::link_shared,
    llvm::{self, Object, OptLevel, Products, Wanted},
    pipeline::{Choices, lower},
    profile,
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
pub const RUN_SYMBOL: &str = "afp_run";

/// What is to be compiled, and what for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The name of the C function.
    pub symbol: &'a str,
    /// The machine.
    pub target: &'a Target,
    /// Texts that are wanted beside the object.
    pub wanted: Wanted,
    /// Whether the steps are to be timed ([`profile::instrument`]).
    pub is_profiled: bool,
}

impl<'a> Request<'a> {
    /// An object alone.
    pub fn new(symbol: &'a str, target: &'a Target) -> Self {
        Self { symbol, target, wanted: Wanted::default(), is_profiled: false }
    }
}

/// Compiled code, and what it takes and gives.
pub struct Compiled {
    /// The object.
    pub object: Object,
    /// Inputs, outputs, arena.
    pub interface: Interface,
    /// Weights, biases and tables.
    pub constants: Constants,
    /// The most stack that a call takes on each thread, in bytes, if the backend says.
    pub stack_bytes: Option<u64>,
    /// The optimized program in LLVM's language, if wanted.
    pub llvm: Option<String>,
    /// The assembly, if wanted.
    pub assembly: Option<String>,
    /// The names of the steps, if they are to be timed.
    pub steps: Vec<String>,
}

/// Compiles an exact AFP program, which is replaced by its kernels.
///
/// # Errors
/// AFP0611 for each operator without native code; otherwise what the backend reports.
pub fn compile(
    session: &Session,
    module: &SourceModule<'_>,
    request: &Request<'_>,
    names: (&[Signature], &[Signature]),
) -> Result<Compiled, Failure> {
    // Accumulators are as wide as is proven here, whatever the module says of itself.
    let proof = STAGES.iter().find(|stage| stage.name == "afp-prove-widths");
    if let Some(Err(error)) = proof.map(|stage| pipeline::run(module, stage, &PipelineOptions::default())) {
        let mut all = session.take_diagnostics();
        all.extend(error);
        return Err(all.into());
    }
    lower(session, module, &Choices::new(*request.target))?;
    let constants = Constants::of(module)?;
    let steps = if request.is_profiled { profile::instrument(module)? } else { Vec::new() };
    let Request { symbol, target, wanted, .. } = *request;
    let products = llvm::products(module, symbol, target, OptLevel::O3, wanted).map_err(|error| {
        let mut all = session.take_diagnostics();
        all.push(error);
        all
    })?;
    let mut interface = Interface::of(module)?;
    let ports = interface.inputs.iter_mut().zip(names.0).chain(interface.outputs.iter_mut().zip(names.1));
    for (port, named) in ports {
        port.name.clone_from(&named.name);
    }
    let Products { object, stack_bytes, llvm, assembly } = products;
    Ok(Compiled { object, interface, constants, stack_bytes: Some(stack_bytes), llvm, assembly, steps })
}

/// Links compiled code for this machine into a library, and loads it.
///
/// # Errors
/// What the linker or the loader reports.
pub fn load(compiled: Compiled, symbol: &str) -> Result<Library, Failure> {
    let folder = tempfile::tempdir().map_err(|problem| {
        Diagnostic::error("AFP0501", "the output cannot be written")
            .expected("a folder for temporary files")
            .found(problem.to_string())
    })?;
    let path = folder.path().join("libafp_run.so");
    link_shared(&[compiled.object], &path)?;
    // SAFETY: the library was made just now, with this interface.
    Ok(unsafe { Library::open(&path, symbol, compiled.interface) }?)
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
        let target = Target::host();
        let compiled = compile(session, module, &Request::new(RUN_SYMBOL, &target), names)?;
        let library = load(compiled, RUN_SYMBOL)?;
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
