//! Native code: from an exact AFP program to objects, headers and libraries, and running them.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use afp_codegen::{
    constants::Constants,
    cranelift,
    interface::Interface,
    kernels::strategy::{Multiply, Weights},
    library::Library,
    link::link_shared,
    llvm::{self, OptLevel, Products, Wanted},
    object_file::Object,
    pipeline::{Choices, convert, select},
    profile,
    simulate::Simulator,
    target::{System, Target},
};
use afp_ir::{
    diag::Diagnostic,
    interp::{Program, Signature, Tensor},
    mlir::{Session, SourceModule},
};
use afp_passes::pipeline::{self, PipelineOptions, STAGES};
use rayon::prelude::*;

use crate::{cli::Failure, network::Description};

/// The symbol of a program that is run and not kept.
pub const RUN_SYMBOL: &str = "afp_run";

/// Who makes machine code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Backend {
    /// LLVM, with all of its optimizations
    Llvm,
    /// Cranelift: compiles faster, to slower code, for 64-bit machines
    Cranelift,
}

impl Backend {
    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Llvm => "llvm",
            Self::Cranelift => "cranelift",
        }
    }
}

/// How products are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum MultiplyChoice {
    /// By the machine's multiplier and dot products
    #[default]
    Native,
    /// By shifts and additions: the same bits on machines without a multiplier
    ShiftAdd,
}

/// How weights are stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum WeightsChoice {
    /// Packed on microcontrollers, expanded on hosts but for large matrices that are decoded in registers
    #[default]
    Auto,
    /// As many bits as the format has, unpacked when they are used
    Packed,
    /// Whole bytes, in the order that the kernels read them
    Expanded,
}

/// What the user chooses of the code, whoever makes it.
#[derive(Clone, Debug, clap::Args)]
pub struct Generation {
    /// Threads that share the work of a call
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: u16,
    /// At most so many bits in a vector of the kernels: 128, 256 or 512 [default: those of the machine]
    #[arg(long, value_name = "N", value_parser = parse_vector_bits)]
    pub vector_bits: Option<u32>,
    /// How products are computed
    #[arg(long, value_enum, default_value_t = MultiplyChoice::Native)]
    pub multiply: MultiplyChoice,
    /// How weights are stored
    #[arg(long, value_enum, default_value_t = WeightsChoice::Auto)]
    pub weights: WeightsChoice,
}

impl Generation {
    /// A machine with vectors no longer than is allowed.
    pub fn narrowed(&self, target: Target) -> Target {
        self.vector_bits.map_or(target, |bits| target.narrowed(bits))
    }
}

fn parse_vector_bits(text: &str) -> Result<u32, String> {
    let bits = text.parse().ok().filter(|bits| [128, 256, 512].contains(bits));
    bits.ok_or_else(|| "expected 128, 256 or 512".into())
}

/// The names of the choices, for reports.
pub fn choice_names(choices: &Choices) -> [(&'static str, &'static str); 3] {
    [
        ("io", if choices.codes { "codes" } else { "float" }),
        ("multiply", if choices.multiply == Multiply::ShiftAdd { "shift-add" } else { "native" }),
        ("weights", if choices.weights == Weights::Packed { "packed" } else { "expanded" }),
    ]
}

/// What is to be compiled, and what for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The name of the C function.
    pub symbol: &'a str,
    /// Who makes the code.
    pub backend: Backend,
    /// The machine, and what is chosen for it.
    pub choices: Choices,
    /// Texts that are wanted beside the object; of LLVM alone.
    pub wanted: Wanted,
    /// Whether the steps are to be timed ([`profile::instrument`]).
    pub is_profiled: bool,
}

impl<'a> Request<'a> {
    /// An object alone.
    pub fn new(symbol: &'a str, backend: Backend, target: Target) -> Self {
        let choices = Choices::new(match backend {
            Backend::Llvm => target,
            Backend::Cranelift => target.narrowed(cranelift::VECTOR_BITS).basic(),
        });
        Self { symbol, backend, choices, wanted: Wanted::default(), is_profiled: false }
    }

    /// With the user's choices.
    ///
    /// # Errors
    /// AFP0512 if the target has no threads.
    pub fn with(mut self, generation: &Generation) -> Result<Self, Diagnostic> {
        let threads = usize::from(generation.threads);
        let bare = self.choices.target.system == System::Bare;
        self.choices.target = generation.narrowed(self.choices.target);
        self.choices.multiply = match generation.multiply {
            MultiplyChoice::Native => Multiply::Native,
            MultiplyChoice::ShiftAdd => Multiply::ShiftAdd,
        };
        self.choices.weights = match generation.weights {
            WeightsChoice::Packed => Weights::Packed,
            WeightsChoice::Auto if bare => Weights::Packed,
            _ => Weights::Expanded,
        };
        if generation.weights == WeightsChoice::Expanded {
            self.choices.packed_from = None;
        }
        if threads > 1 && self.choices.target.system == System::Bare {
            return Err(Diagnostic::error("AFP0512", "the target has no threads")
                .expected("--threads 1, or a target with an operating system")
                .found(format!("--threads {threads} for {}", self.choices.target.name)));
        }
        self.choices.threads = threads;
        Ok(self)
    }
}

/// A program in kernels, and what is known of it.
struct Prepared {
    description: Description,
    constants: Constants,
    steps: Vec<String>,
}

/// Compiled code, and what it takes and gives.
pub struct Compiled {
    /// The object.
    pub object: Object,
    /// Inputs, outputs, arena.
    pub interface: Interface,
    /// The program that it was made of.
    pub description: Description,
    /// Weights, biases and tables.
    pub constants: Constants,
    /// The most stack that a call takes on each thread, in bytes, if the backend says.
    pub stack_bytes: Option<u64>,
    /// The optimized program in LLVM's language, if wanted.
    pub llvm: Option<String>,
    /// The assembly, if wanted.
    pub assembly: Option<String>,
    /// The versions that the code has, the more capable behind the less; none if it is for one machine.
    pub versions: Vec<Version>,
}

/// A version of compiled code, of several.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Version {
    /// The machine that it is for.
    pub target: &'static str,
    /// The memory that it needs of the arena.
    pub arena_bytes: usize,
    /// Its constants, which it may share with other versions.
    pub constant_bytes: u64,
}

/// How long code generation took, behind the quantized program.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// The choice of kernels and writing them, which is the same for every backend.
    pub kernels: Duration,
    /// From them to machine code: an object, or code in memory.
    pub code: Duration,
}

/// Code that is loaded.
pub struct Loaded {
    /// How long it took to make the code, without linking it.
    pub times: Times,
    /// The function.
    pub code: Library,
    /// The program that it was made of.
    pub description: Description,
    /// The names of the steps, if they are to be timed.
    pub steps: Vec<String>,
}

/// The names and shapes of a program's inputs and outputs.
type Names<'a> = (&'a [Signature], &'a [Signature]);

/// Replaces an exact AFP program by its kernels.
fn prepare(session: &Session, module: &SourceModule<'_>, request: &Request<'_>) -> Result<Prepared, Failure> {
    // Accumulators are as wide as is proven here, whatever the module says of itself.
    let proof = STAGES.iter().find(|stage| stage.name == "afp-prove-widths");
    if let Some(Err(error)) = proof.map(|stage| pipeline::run(module, stage, &PipelineOptions::default())) {
        let mut all = session.take_diagnostics();
        all.extend(error);
        return Err(all.into());
    }
    select(session, module, &request.choices)?;
    let description = Description::of(module);
    convert(session, module, &request.choices)?;
    let constants = Constants::of(module)?;
    let steps = if request.is_profiled { profile::instrument(module)? } else { Vec::new() };
    Ok(Prepared { description, constants, steps })
}

fn interface(module: &SourceModule<'_>, names: Names<'_>) -> Result<Interface, Diagnostic> {
    let mut interface = Interface::of(module)?;
    let ports = interface.inputs.iter_mut().zip(names.0).chain(interface.outputs.iter_mut().zip(names.1));
    for (port, named) in ports {
        port.name.clone_from(&named.name);
    }
    Ok(interface)
}

/// An error, behind what MLIR said before it.
fn with_details(session: &Session, error: Diagnostic) -> Failure {
    let mut all = session.take_diagnostics();
    all.push(error);
    all.into()
}

/// Compiles an exact AFP program, which is replaced by its kernels.
///
/// # Errors
/// AFP0611 for each operator without native code; otherwise what the backend reports.
pub fn compile(
    session: &Session,
    module: &SourceModule<'_>,
    request: &Request<'_>,
    names: Names<'_>,
) -> Result<Compiled, Failure> {
    let Prepared { description, constants, .. } = prepare(session, module, request)?;
    produce(session, module, request, names, (description, constants))
}

fn produce(
    session: &Session,
    module: &SourceModule<'_>,
    request: &Request<'_>,
    names: Names<'_>,
    (description, constants): (Description, Constants),
) -> Result<Compiled, Failure> {
    let Request { symbol, choices, wanted, .. } = *request;
    let failed = |error| with_details(session, error);
    let interface = interface(module, names)?;
    let (object, stack_bytes, llvm, assembly) = match request.backend {
        Backend::Llvm => {
            let products = llvm::products(module, symbol, &choices.target, OptLevel::O3, wanted);
            let Products { object, stack_bytes, llvm, assembly } = products.map_err(failed)?;
            (object, Some(stack_bytes), llvm, assembly)
        }
        Backend::Cranelift => {
            (cranelift::compile(module, symbol, &choices.target).map_err(failed)?, None, None, None)
        }
    };
    let versions = Vec::new();
    Ok(Compiled { object, interface, description, constants, stack_bytes, llvm, assembly, versions })
}

/// Compiles an exact AFP program to code with a version for each of several machines, the more capable
/// behind the less, which chooses one when it runs. The program stays.
///
/// The description is that of the last version.
///
/// # Errors
/// As [`compile`].
pub fn compile_versions(
    session: &Session,
    module: &SourceModule<'_>,
    request: &Request<'_>,
    targets: &[Target],
    names: Names<'_>,
) -> Result<Compiled, Failure> {
    let failed = |error| with_details(session, error);
    let (mut programs, mut prepared, mut interfaces) = (Vec::new(), Vec::new(), Vec::new());
    for &target in targets {
        let program = module.duplicate();
        let request = Request { choices: Choices { target, ..request.choices }, ..*request };
        prepared.push(prepare(session, &program, &request)?);
        interfaces.push(interface(&program, names)?);
        programs.push((target, program));
    }
    let of = |((target, interface), prepared): ((&Target, &Interface), &Prepared)| Version {
        target: target.name,
        arena_bytes: interface.arena_bytes,
        constant_bytes: prepared.constants.weights + prepared.constants.tables,
    };
    let versions: Vec<Version> = targets.iter().zip(&interfaces).zip(&prepared).map(of).collect();
    let all: Vec<Constants> = prepared.iter().map(|version| version.constants.clone()).collect();
    let constants = Constants::joined(&all);
    let joined = Interface::joined(&interfaces).zip(prepared.pop());
    let (interface, Prepared { description, .. }) = joined.ok_or_else(|| {
        Diagnostic::error("AFP0001", "versions of a program differ in what they take; this is a bug in afpc")
    })?;
    let programs: Vec<llvm::Version<'_, '_>> = programs.iter().map(|(target, p)| (*target, p)).collect();
    let products = llvm::products_of_versions(&programs, request.symbol, OptLevel::O3, request.wanted);
    let Products { object, stack_bytes, llvm, assembly } = products.map_err(failed)?;
    let stack_bytes = Some(stack_bytes);
    Ok(Compiled { object, interface, description, constants, stack_bytes, llvm, assembly, versions })
}

/// Compiles an exact AFP program for this machine, and loads it.
///
/// # Errors
/// What the compiler, the linker or the loader reports.
pub fn load(
    session: &Session,
    module: &SourceModule<'_>,
    request: &Request<'_>,
    names: Names<'_>,
) -> Result<Loaded, Failure> {
    let start = Instant::now();
    let Prepared { description, constants, steps } = prepare(session, module, request)?;
    let kernels = start.elapsed();
    let start = Instant::now();
    if request.backend == Backend::Cranelift {
        let library = cranelift::jit(module, &request.choices.target);
        let library = library.map_err(|error| with_details(session, error))?;
        let times = Times { kernels, code: start.elapsed() };
        return Ok(Loaded { times, code: library, description, steps });
    }
    let compiled = produce(session, module, request, names, (description, constants))?;
    let times = Times { kernels, code: start.elapsed() };
    let folder = tempfile::tempdir().map_err(|problem| {
        Diagnostic::error("AFP0501", "the output cannot be written")
            .expected("a folder for temporary files")
            .found(problem.to_string())
    })?;
    let path = folder.path().join("libafp_run.so");
    link_shared(&[compiled.object], &path)?;
    // SAFETY: the library was made just now, with this interface.
    let library = unsafe { Library::open(&path, request.symbol, compiled.interface) }?;
    Ok(Loaded { times, code: library, description: compiled.description, steps })
}

/// What executes a program.
pub enum Executor {
    /// The reference interpreter.
    Interpreter(Program),
    /// Machine code, and the program whose names and shapes it has.
    Native(Library, Program),
    /// Machine code for another machine, under a simulator.
    Simulated(Box<Simulation>, Program),
}

/// Code for another machine, and what runs it.
pub struct Simulation {
    simulator: Simulator,
    object: Object,
    interface: Interface,
}

impl Executor {
    /// Compiles an exact AFP program for this machine and loads it.
    ///
    /// # Errors
    /// What the compiler, the linker or the loader reports.
    pub fn native(
        session: &Session,
        module: &SourceModule<'_>,
        program: Program,
        (backend, generation): (Backend, &Generation),
    ) -> Result<Self, Failure> {
        let names = (program.inputs(), program.outputs());
        let request = Request::new(RUN_SYMBOL, backend, Target::host()).with(generation)?;
        let loaded = load(session, module, &request, names)?;
        Ok(Self::Native(loaded.code, program))
    }

    /// Compiles an exact AFP program for another machine.
    ///
    /// # Errors
    /// What the compiler reports; AFP0631 where the simulator of the machine is missing.
    pub fn simulated(
        session: &Session,
        module: &SourceModule<'_>,
        program: Program,
        (backend, generation): (Backend, &Generation),
        target: Target,
    ) -> Result<Self, Failure> {
        let simulator = Simulator::for_target(&target)?;
        let names = (program.inputs(), program.outputs());
        let request = Request::new(RUN_SYMBOL, backend, target).with(generation)?;
        let Compiled { object, interface, .. } = compile(session, module, &request, names)?;
        Ok(Self::Simulated(Box::new(Simulation { simulator, object, interface }), program))
    }

    /// What the program takes.
    pub fn inputs(&self) -> &[Signature] {
        self.program().inputs()
    }

    /// What the program gives.
    pub fn outputs(&self) -> &[Signature] {
        self.program().outputs()
    }

    /// How many samples to run at a time: one for each thread, or as many as pay for a simulator's start.
    pub fn batch(&self) -> usize {
        match self {
            Self::Interpreter(_) | Self::Native(..) => 2 * rayon::current_num_threads(),
            Self::Simulated(..) => 64,
        }
    }

    /// Runs samples. Behind the outputs of each stands how many instructions it took, where that is
    /// counted.
    ///
    /// # Errors
    /// What the interpreter or the simulator reports, or inputs that do not fit.
    pub fn run(&self, samples: &[Vec<Tensor>]) -> Result<(Vec<Vec<Tensor>>, Vec<u64>), Diagnostic> {
        let outputs: Result<_, _> = match self {
            Self::Interpreter(program) => samples.par_iter().map(|inputs| program.run(inputs)).collect(),
            Self::Native(library, _) => samples.par_iter().map(|inputs| library.run(inputs)).collect(),
            Self::Simulated(simulation, _) => {
                let Simulation { simulator, object, interface } = &**simulation;
                let simulated = simulator.run(object, RUN_SYMBOL, interface, samples)?;
                return Ok((simulated.outputs, simulated.instructions));
            }
        };
        Ok((outputs?, Vec::new()))
    }

    fn program(&self) -> &Program {
        match self {
            Self::Interpreter(program) | Self::Native(_, program) | Self::Simulated(_, program) => program,
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
