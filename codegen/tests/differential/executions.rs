//! The ways to execute a case. To add one, implement [`Execution`] and list it in [`host`] or
//! [`simulated`].

use std::time::Duration;

use afp_codegen::{
    cranelift,
    interface::Interface,
    kernels::{
        gemv::PACKED_FROM,
        strategy::{Multiply, Usage, Weights},
    },
    library::Library,
    link::link_shared,
    llvm::{self, OptLevel},
    object_file::Object,
    pipeline::{Choices, lower},
    simulate::{Job, Simulated, Simulator},
    target::Target,
};
use afp_ir::{
    diag::Diagnostic,
    dialect::Element,
    interp::{Data, Signature, Tensor},
    mlir::{Session, SourceModule},
    numerics::{Rounding, dyadic_to_f32, encode_f32},
};

use crate::case::{Outputs, Prepared, bits};

/// One way to execute cases.
pub trait Execution: Sync {
    /// What messages call it.
    fn name(&self) -> &str;

    /// The outputs of each case, or why there are none. Several cases at a time share what is slow:
    /// linking, or starting a simulator.
    fn run(&self, cases: &[Prepared]) -> Vec<Result<Outputs, Vec<Diagnostic>>>;
}

/// The executions on this machine.
pub fn host() -> Vec<Box<dyn Execution>> {
    let levels: Vec<Target> = afp_codegen::target::TABLE
        .into_iter()
        .filter(|target| target.runs_here() && target.name != Target::host().name)
        .collect();
    let native = |name: &'static str, targets: Vec<Target>, build| Native { name, targets, build };
    let (least, most) = (Llvm::new(OptLevel::O0), Llvm::new(OptLevel::O3));
    let shift_add = Llvm { multiply: Multiply::ShiftAdd, ..most };
    let packed = Llvm { weights: Weights::Packed, ..most };
    let matrix = Llvm { matrix: Usage::Always, ..most };
    let winograd = Llvm { winograd: Usage::Always, ..most };
    let (threads, codes) = (Llvm { threads: 3, ..most }, Llvm { codes: true, ..most });
    // Matrices of any size stay packed, where vectors can decode them.
    let matrices = Llvm { packed_from: Some(0), ..most };
    let shared_matrices = Llvm { packed_from: Some(0), ..threads };
    let this = vec![Target::host()];
    let mut all: Vec<Box<dyn Execution>> = vec![
        Box::new(native("LLVM O0", this.clone(), least)),
        Box::new(native("LLVM O3", this.clone(), most)),
        Box::new(native("shift-and-add", this.clone(), shift_add)),
        Box::new(native("packed weights", this.clone(), packed)),
        Box::new(native("three threads", this.clone(), threads)),
        Box::new(native("packed matrices", this.clone(), matrices)),
        Box::new(native("packed matrices, three threads", this.clone(), shared_matrices)),
        Box::new(native("codes at the boundary", this.clone(), codes)),
        Box::new(native("Winograd", this, winograd)),
        // Kernels for narrow vectors, and wide ones that it splits.
        Box::new(Native {
            name: "Cranelift",
            targets: vec![Target::host().narrowed(128).basic(), Target::host().without_matrix()],
            build: Cranelift { winograd: Usage::Auto },
        }),
    ];
    if Target::host().vectors.matrix {
        all.push(Box::new(native("matrix unit", vec![Target::host()], matrix)));
    }
    if !levels.is_empty() {
        all.push(Box::new(native("LLVM O3 for lesser processors", levels, most)));
    }
    all
}

/// The executions by Winograd's transforms, wherever they can be used: on this machine, and where there is a
/// simulator on one whose bytes have a sign.
pub fn winograd() -> Vec<Box<dyn Execution>> {
    let always = Llvm { winograd: Usage::Always, ..Llvm::new(OptLevel::O3) };
    let threads = Llvm { threads: 3, ..always };
    let host = Target::host().without_matrix();
    let levels: Vec<Target> =
        afp_codegen::target::TABLE.into_iter().filter(|target| target.runs_here()).collect();
    let cranelift = Cranelift { winograd: Usage::Always };
    let mut all: Vec<Box<dyn Execution>> = vec![
        Box::new(Native { name: "Winograd", targets: vec![host], build: always }),
        Box::new(Native { name: "Winograd, three threads", targets: vec![host], build: threads }),
        Box::new(Native {
            name: "Winograd by Cranelift",
            targets: vec![host.narrowed(128), host],
            build: cranelift,
        }),
    ];
    if !levels.is_empty() {
        all.push(Box::new(Native { name: "Winograd, all processors", targets: levels, build: always }));
    }
    for target in ["aarch64+dotprod", "aarch64"] {
        match simulation(target, "LLVM, Winograd,", always) {
            Ok(execution) => all.push(execution),
            Err(error) => eprintln!("simulated executions are skipped: {error}"),
        }
    }
    all
}

/// Those that differ in what is computed on vectors: every machine that runs here or is simulated, both backends, and
/// threads.
pub fn vectors() -> Vec<Box<dyn Execution>> {
    let most = Llvm::new(OptLevel::O3);
    let host = Target::host();
    let levels: Vec<Target> =
        afp_codegen::target::TABLE.into_iter().filter(|target| target.runs_here()).collect();
    let cranelift = Cranelift { winograd: Usage::Auto };
    let mut all: Vec<Box<dyn Execution>> = vec![
        Box::new(Native {
            name: "three threads",
            targets: vec![host],
            build: Llvm { threads: 3, ..Llvm::new(OptLevel::O0) },
        }),
        Box::new(Native {
            name: "Cranelift",
            targets: vec![host.narrowed(128).basic(), host.without_matrix()],
            build: cranelift,
        }),
    ];
    if !levels.is_empty() {
        all.push(Box::new(Native { name: "LLVM, all processors", targets: levels, build: most }));
    }
    let simulated = [
        simulation("aarch64", "LLVM", most),
        simulation("aarch64+dotprod", "LLVM", most),
        simulation("cortex-m4", "LLVM", most),
        simulation("aarch64+dotprod", "Cranelift", cranelift),
    ];
    all.extend(simulated.into_iter().filter_map(|execution| {
        execution.inspect_err(|error| eprintln!("simulated executions are skipped: {error}")).ok()
    }));
    all
}

/// Other code for the machine whose dot product takes lanes, and how the same kernels do without.
pub fn lanes() -> Vec<Box<dyn Execution>> {
    let least = simulation("aarch64+dotprod", "LLVM O0", Llvm::new(OptLevel::O0));
    let cranelift = simulation("aarch64+dotprod", "Cranelift", Cranelift { winograd: Usage::Auto });
    let known = [least, cranelift].into_iter().filter_map(|execution| {
        execution.inspect_err(|error| eprintln!("simulated executions are skipped: {error}")).ok()
    });
    known.collect()
}

fn simulation<B: Build + 'static>(
    target: &str,
    backend: &str,
    build: B,
) -> Result<Box<dyn Execution>, Diagnostic> {
    let target = afp_codegen::target::named(target)?;
    let simulator = Simulator::for_target(&target)?.with_limit(Duration::from_secs(300));
    let name = format!("{} by {backend} under QEMU", target.name);
    Ok(Box::new(Simulation { name, target, simulator, build }))
}

/// The simulated executions, or what they lack.
///
/// # Errors
/// What a simulator needs and does not find.
pub fn simulated() -> Result<Vec<Box<dyn Execution>>, Diagnostic> {
    let most = Llvm::new(OptLevel::O3);
    Ok(vec![
        simulation("aarch64", "LLVM", most)?,
        simulation("aarch64+dotprod", "LLVM", most)?,
        simulation("aarch64+i8mm", "LLVM", most)?,
        simulation("cortex-m4", "LLVM", most)?,
        simulation("aarch64", "Cranelift", Cranelift { winograd: Usage::Auto })?,
    ])
}

/// How an exact program becomes an object.
trait Build: Sync {
    fn object(
        &self,
        program: &[u8],
        symbol: &str,
        target: &Target,
    ) -> Result<(Object, Interface), Vec<Diagnostic>>;
}

/// By Cranelift, which has vectors of 128 bits.
#[derive(Clone, Copy)]
struct Cranelift {
    winograd: Usage,
}

impl Build for Cranelift {
    fn object(
        &self,
        program: &[u8],
        symbol: &str,
        target: &Target,
    ) -> Result<(Object, Interface), Vec<Diagnostic>> {
        let choices = Choices { winograd: self.winograd, ..Choices::new(*target) };
        object(program, &choices, |module| cranelift::compile(module, symbol, target))
    }
}

/// Lowers a program, and compiles it by a backend.
fn object(
    program: &[u8],
    choices: &Choices,
    compile: impl FnOnce(&SourceModule<'_>) -> Result<Object, Diagnostic>,
) -> Result<(Object, Interface), Vec<Diagnostic>> {
    let session = Session::new();
    let Ok(module) = session.parse("program.mlirbc", program) else {
        return Err(session.take_diagnostics());
    };
    match lower(&session, &module, choices) {
        // An input that is rounded to several formats, or whose scale exponent is dynamic, can only be
        // passed as floats.
        Err(errors) if errors.iter().all(|error| ["AFP0613", "AFP0640"].contains(&error.code.as_str())) => {
            return object(program, &Choices { codes: false, ..*choices }, compile);
        }
        result => result?,
    }
    let compiled = compile(&module).and_then(|object| Ok((object, Interface::of(&module)?)));
    compiled.map_err(|error| {
        let mut all = session.take_diagnostics();
        all.push(error);
        all
    })
}

/// By LLVM.
#[derive(Clone, Copy)]
struct Llvm {
    opt: OptLevel,
    matrix: Usage,
    winograd: Usage,
    multiply: Multiply,
    weights: Weights,
    packed_from: Option<u64>,
    threads: usize,
    /// Whether codes are passed and not floats, where a network has one format for each input.
    codes: bool,
}

impl Llvm {
    /// The usual code.
    const fn new(opt: OptLevel) -> Self {
        let (multiply, weights) = (Multiply::Native, Weights::Expanded);
        let (matrix, winograd, packed_from) = (Usage::Auto, Usage::Auto, Some(PACKED_FROM));
        Self { opt, matrix, winograd, multiply, weights, packed_from, threads: 1, codes: false }
    }

    fn choices(&self, target: Target) -> Choices {
        let Self { matrix, winograd, multiply, weights, packed_from, threads, codes, .. } = *self;
        Choices { matrix, winograd, multiply, weights, packed_from, threads, codes, ..Choices::new(target) }
    }
}

impl Build for Llvm {
    fn object(
        &self,
        program: &[u8],
        symbol: &str,
        target: &Target,
    ) -> Result<(Object, Interface), Vec<Diagnostic>> {
        object(program, &self.choices(*target), |module| llvm::compile(module, symbol, target, self.opt))
    }
}

/// An input as a port takes it: rounded to codes where it takes codes (rule Q1).
fn coded(input: &Tensor, port: &Signature) -> Tensor {
    let (Element::Float(ty), Some(values)) = (port.element, input.as_real()) else { return input.clone() };
    let exp = ty.exp.fixed().expect("codes at the boundary have static scale exponents");
    let codes = values.iter().map(|&x| encode_f32(x, ty.format, exp, Rounding::HalfUp)).collect();
    Tensor { shape: input.shape.clone(), data: Data::Codes { ty, codes } }
}

/// An output as the interpreter gives it (rule Q3).
fn real(output: &Tensor) -> Tensor {
    let Data::Codes { ty, codes } = &output.data else { return output.clone() };
    let exp = ty.exp.fixed().expect("codes at the boundary have static scale exponents");
    let values = codes.iter().map(|&code| dyadic_to_f32(ty.format.decode(code), exp)).collect();
    Tensor::real(&output.shape, values)
}

impl Prepared {
    fn symbol(&self) -> String {
        format!("network{}_run", self.index)
    }
}

/// Code that this machine runs itself.
struct Native<B> {
    name: &'static str,
    /// The machines that cases are compiled for, in turn.
    targets: Vec<Target>,
    build: B,
}

impl<B: Build> Execution for Native<B> {
    fn name(&self) -> &str {
        self.name
    }

    fn run(&self, cases: &[Prepared]) -> Vec<Result<Outputs, Vec<Diagnostic>>> {
        let compile = |case: &Prepared| {
            let target = &self.targets[case.index as usize % self.targets.len()];
            self.build.object(&case.program, &case.symbol(), target)
        };
        let built: Vec<_> = cases.iter().map(compile).collect();
        let objects: Vec<Object> = built.iter().flatten().map(|(object, _)| object.clone()).collect();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("libnetworks.so");
        let linked = if objects.is_empty() { Ok(()) } else { link_shared(&objects, &path) };
        if let Err(error) = linked {
            return cases.iter().map(|_| Err(vec![error.clone()])).collect();
        }
        let run = |case: &Prepared, interface: Interface| -> Result<Outputs, Diagnostic> {
            // SAFETY: the library was made just now, and the function has this interface.
            let library = unsafe { Library::open(&path, &case.symbol(), interface) }?;
            let ports = &library.interface().inputs;
            let run = |sample: &Vec<Tensor>| -> Result<_, Diagnostic> {
                let inputs: Vec<Tensor> = sample.iter().zip(ports).map(|(x, port)| coded(x, port)).collect();
                let outputs: Vec<Tensor> = library.run(&inputs)?.iter().map(real).collect();
                Ok(bits(&outputs))
            };
            case.samples.iter().map(run).collect()
        };
        let results = cases.iter().zip(built);
        results
            .map(|(case, built)| {
                built.and_then(|(_, interface)| run(case, interface).map_err(|error| vec![error]))
            })
            .collect()
    }
}

/// Code that a simulator runs.
struct Simulation<B> {
    name: String,
    target: Target,
    simulator: Simulator,
    build: B,
}

impl<B: Build> Execution for Simulation<B> {
    fn name(&self) -> &str {
        &self.name
    }

    fn run(&self, cases: &[Prepared]) -> Vec<Result<Outputs, Vec<Diagnostic>>> {
        let build = |case: &Prepared| self.build.object(&case.program, &case.symbol(), &self.target);
        let built: Vec<_> = cases.iter().map(build).collect();
        let symbols: Vec<String> = cases.iter().map(Prepared::symbol).collect();
        let job = |index: usize| {
            let (object, interface) = built[index].as_ref().ok()?;
            Some(Job { object, symbol: &symbols[index], interface, samples: &cases[index].samples })
        };
        let indices: Vec<usize> = (0..cases.len()).filter(|&index| built[index].is_ok()).collect();
        let jobs: Vec<Job<'_>> = indices.iter().filter_map(|&index| job(index)).collect();
        let outputs = |result: &Simulated| result.outputs.iter().map(|tensors| bits(tensors)).collect();
        let mut found: Vec<Option<Result<Outputs, Vec<Diagnostic>>>> = cases.iter().map(|_| None).collect();
        match self.simulator.run_all(&jobs) {
            Ok(results) => {
                for (&index, result) in indices.iter().zip(&results) {
                    found[index] = Some(Ok(outputs(result)));
                }
            }
            // One of them: each alone.
            Err(_) => {
                for (&index, job) in indices.iter().zip(&jobs) {
                    let result = self.simulator.run_all(&[*job]).map_err(|error| vec![error]);
                    found[index] = Some(result.map(|results| outputs(&results[0])));
                }
            }
        }
        let unbuilt = built.into_iter().map(|built| built.err().unwrap_or_default());
        found.into_iter().zip(unbuilt).map(|(found, errors)| found.unwrap_or(Err(errors))).collect()
    }
}
