//! `afpc compile`: a network as an exact AFP program, or as native code.

use std::{
    fs,
    path::{Path, PathBuf},
};

use afp_codegen::{
    archive::archive,
    header::{Footprint, header},
    link::{link_shared, needs_pool},
    llvm::Wanted,
    object_file::check_symbol,
    target::{self, Target},
};
use afp_ir::{diag::Diagnostic, interp::Program, mlir::Session};
use afp_runtime::pool;

use crate::{
    cli::{Failure, Outcome},
    io::{
        model,
        output::{ModuleOutput, print, unwritable, write_bytes},
    },
    native::{self, Backend, Compiled, Generation, Request, choice_names},
    network::Report,
    recipe::{Task, main_function},
};

/// Quantize a network to Adaptive Floating-Point, and compile it
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    task: Task,
    /// What to produce, separated by commas; mlir stands alone [default: obj,header,report, and shared
    /// where this machine can link it]
    #[arg(long, value_enum, value_delimiter = ',')]
    emit: Vec<Emit>,
    /// The folder to write to; with --emit mlir the file: .mlir (text), .mlirbc (bytecode), or - for
    /// standard output
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Name of the files and, with _run behind it, of the C function [default: the model file's name]
    #[arg(long)]
    name: Option<String>,
    /// The machine to compile for: host, a name such as x86-64-v3 or aarch64, or x86-64-multi for all of
    /// x86-64 at once
    #[arg(long, default_value = "host")]
    target: String,
    /// What makes the machine code
    #[arg(long, value_enum, default_value_t = Backend::Llvm)]
    backend: Backend,
    #[command(flatten)]
    generation: Generation,
    /// What the function is passed for inputs and outputs
    #[arg(long, value_enum, default_value_t = Io::Float)]
    io: Io,
    /// Print what became of each conversion between representations, and why those that are left are
    #[arg(long, conflicts_with = "quiet")]
    explain_requant: bool,
    /// Print nothing but warnings and errors
    #[arg(short, long)]
    quiet: bool,
    /// Print the report as JSON
    #[arg(long, conflicts_with = "quiet")]
    json: bool,
}

/// A product of the compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Emit {
    /// The program in the afp dialect
    Mlir,
    /// An object file, NAME.o
    Obj,
    /// The C header of the object, NAME.h
    Header,
    /// A shared library for this machine, libNAME.so
    Shared,
    /// A static library, libNAME.a
    Static,
    /// What is known of the result, report.json
    Report,
    /// The optimized program in LLVM's language, NAME.ll
    Llvm,
    /// The assembly, NAME.s
    Asm,
}

/// What stands at the boundary of the generated function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Io {
    /// 32-bit floats, as in the model
    Float,
    /// Codes of the formats at the boundary: no conversion, no floating-point number
    Codes,
}

/// Runs the command.
///
/// # Errors
/// What is wrong with the network, the recipe or the output.
pub fn run(arguments: &Arguments) -> Outcome {
    if arguments.emit.contains(&Emit::Mlir) {
        return program(arguments);
    }
    if arguments.task.recipe.until.is_some() {
        return Err(conflict("--until", "native code has all stages behind it").into());
    }
    let targets: Vec<Target> =
        target::versions(&arguments.target)?.into_iter().map(|t| arguments.generation.narrowed(t)).collect();
    let Some(&target) = targets.first() else {
        return Err(conflict("--target", "no machine").into());
    };
    let is_multi = targets.len() > 1;
    if is_multi && arguments.backend != Backend::Llvm {
        return Err(Diagnostic::error(
            "AFP0506",
            format!("--target {} does not go with --backend", target::MULTI),
        )
        .expected("--backend llvm")
        .found(arguments.backend.name())
        .help("Cranelift compiles for one machine: name it by --target")
        .into());
    }
    let emit = products(arguments, &target)?;
    let name = arguments.name.clone().unwrap_or_else(|| native::identifier(&arguments.task.model.path));
    let symbol = format!("{name}_run");
    check_symbol(&symbol)?;
    let wanted = Wanted { llvm: emit.contains(&Emit::Llvm), assembly: emit.contains(&Emit::Asm) };
    let request = Request { wanted, ..Request::new(&symbol, arguments.backend, target) };
    let mut request = request.with(&arguments.generation)?;
    request.choices.codes = arguments.io == Io::Codes;
    let folder = arguments.output.clone().unwrap_or_else(|| PathBuf::from("."));
    fs::create_dir_all(&folder).map_err(|problem| unwritable(&folder, &problem))?;
    let session = Session::new();
    let module = model::load(&session, &arguments.task.model)?;
    let decisions = arguments.task.recipe.apply(&session, &module)?;
    let original = Program::from_function(main_function(&module)?).map_err(Failure::from)?;
    let names = (original.inputs(), original.outputs());
    let compiled = match is_multi {
        true => native::compile_versions(&session, &module, &request, &targets, names)?,
        false => native::compile(&session, &module, &request, names)?,
    };
    let mut options = arguments.task.recipe.chosen(&decisions);
    options.insert("backend".into(), arguments.backend.name().into());
    options.insert("target".into(), if is_multi { target::MULTI } else { target.name }.into());
    options.insert("threads".into(), arguments.generation.threads.into());
    for (option, value) in choice_names(&request.choices) {
        options.insert(option.into(), value.into());
    }
    let report = Report::new((&name, &symbol), &compiled, options, decisions.seed);
    let writer = Writer { folder: &folder, name: &name, symbol: &symbol, target: &target, emit: &emit };
    writer.write(compiled, &report)?;
    if arguments.json {
        print(&report.to_json())?;
    } else if !arguments.quiet {
        let mut lines = if arguments.explain_requant { report.requantization() } else { report.lines() };
        if emit.contains(&Emit::Report) && !arguments.explain_requant {
            lines.push(format!("report      {}", folder.join(REPORT).display()));
        }
        print(&(lines.join("\n") + "\n"))?;
    }
    Ok(())
}

/// The name of the report's file.
const REPORT: &str = "report.json";

/// Whether this machine's linker makes no libraries for the target.
fn is_foreign(target: &Target) -> bool {
    target.triple != Target::host().triple
}

fn products(arguments: &Arguments, target: &Target) -> Result<Vec<Emit>, Diagnostic> {
    let mut emit = arguments.emit.clone();
    if emit.is_empty() {
        emit = vec![Emit::Obj, Emit::Header, Emit::Report];
        if !is_foreign(target) {
            emit.push(Emit::Shared);
        }
    }
    if emit.contains(&Emit::Shared) && is_foreign(target) {
        let found = "a shared library is linked for this machine alone; use --emit obj,header or static";
        return Err(conflict("--target", found));
    }
    let texts = [(Emit::Llvm, "--emit llvm"), (Emit::Asm, "--emit asm")];
    if let Some((_, option)) = texts.iter().find(|(text, _)| emit.contains(text))
        && arguments.backend != Backend::Llvm
    {
        return Err(Diagnostic::error("AFP0506", format!("{option} does not go with --backend"))
            .expected("--backend llvm")
            .found(arguments.backend.name()));
    }
    Ok(emit)
}

fn conflict(option: &str, found: &str) -> Diagnostic {
    Diagnostic::error("AFP0506", format!("{option} does not go with what is to be emitted")).found(found)
}

fn program(arguments: &Arguments) -> Outcome {
    if arguments.emit.len() > 1 {
        return Err(conflict("--emit mlir", "other products beside it").into());
    }
    if arguments.json {
        return Err(conflict("--json", "a program in MLIR has no report").into());
    }
    if arguments.explain_requant {
        return Err(conflict(
            "--explain-requant",
            "a program in MLIR, which says it itself (afp.conversions)",
        )
        .into());
    }
    let path = arguments.output.clone().unwrap_or_else(|| PathBuf::from("-"));
    let output = ModuleOutput::new(&path)?;
    let session = Session::new();
    let module = model::load(&session, &arguments.task.model)?;
    arguments.task.recipe.apply(&session, &module)?;
    output.write(&module)?;
    Ok(())
}

/// Where the products go, and what they are called.
struct Writer<'a> {
    folder: &'a Path,
    name: &'a str,
    symbol: &'a str,
    target: &'a Target,
    emit: &'a [Emit],
}

impl Writer<'_> {
    fn has(&self, product: Emit) -> bool {
        self.emit.contains(&product)
    }

    fn file(&self, file: &str, bytes: &[u8]) -> Result<(), Diagnostic> {
        write_bytes(&self.folder.join(file), bytes)
    }

    fn write(&self, compiled: Compiled, report: &Report) -> Result<(), Diagnostic> {
        let Self { name, symbol, target, .. } = *self;
        let object = &compiled.object;
        if self.has(Emit::Obj) {
            self.file(&format!("{name}.o"), &object.bytes)?;
        }
        if self.has(Emit::Header) {
            let versions: Vec<&str> = compiled.versions.iter().map(|version| version.target).collect();
            let footprint = Footprint {
                arena_alignment: target.arena_alignment,
                flash_bytes: object.code_bytes + object.data_bytes,
                stack_bytes: compiled.stack_bytes,
                versions: &versions,
            };
            let text = header(symbol, name, &compiled.interface, &footprint);
            self.file(&format!("{name}.h"), text.as_bytes())?;
        }
        for (text, extension) in [(&compiled.llvm, "ll"), (&compiled.assembly, "s")] {
            if let Some(text) = text {
                self.file(&format!("{name}.{extension}"), text.as_bytes())?;
            }
        }
        if self.has(Emit::Report) {
            self.file(REPORT, report.to_json().as_bytes())?;
        }
        let is_threaded = needs_pool(object);
        // Libraries for this machine hold the pool; everything else is linked with it by the user.
        if is_threaded && (self.has(Emit::Obj) || self.has(Emit::Static) && is_foreign(target)) {
            self.file("afp_pool.c", pool::SOURCE.as_bytes())?;
            self.file("afp_pool.h", pool::HEADER.as_bytes())?;
        }
        if self.has(Emit::Static) {
            let file = format!("{name}.o");
            let mut members: Vec<(&str, &[u8])> = vec![(&file, &object.bytes)];
            if is_threaded && !is_foreign(target) {
                members.push(("afp_pool.o", pool::OBJECT));
            }
            self.file(&format!("lib{name}.a"), &archive(&members)?)?;
        }
        if self.has(Emit::Shared) {
            link_shared(&[compiled.object], &self.folder.join(format!("lib{name}.so")))?;
        }
        Ok(())
    }
}
