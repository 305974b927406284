//! `afpc compile`: a network as an exact AFP program, or as native code.

use std::{
    fs,
    path::{Path, PathBuf},
};

use afp_codegen::{
    header::header,
    link::link_shared,
    target::{self, Target},
};
use afp_ir::{
    diag::Diagnostic,
    interp::Program,
    mlir::{Session, SourceModule},
};

use crate::{
    cli::{Failure, Model, Outcome},
    io::{
        model,
        output::{ModuleOutput, print, unwritable},
    },
    native::{self, Backend},
    recipe::{Recipe, main_function},
};

/// Quantize a network to Adaptive Floating-Point, and compile it
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    model: Model,
    #[command(flatten)]
    recipe: Recipe,
    /// What to produce, separated by commas; mlir stands alone
    #[arg(long, value_enum, value_delimiter = ',', default_value = "obj,header,shared")]
    emit: Vec<Emit>,
    /// The folder to write to; with --emit mlir the file: .mlir (text), .mlirbc (bytecode), or - for
    /// standard output
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Name of the files and, with _run behind it, of the C function [default: the model file's name]
    #[arg(long)]
    name: Option<String>,
    /// The machine to compile for: host, or a name such as x86-64-v3 or aarch64
    #[arg(long, default_value = "host")]
    target: String,
    /// What makes the machine code
    #[arg(long, value_enum, default_value_t = Backend::Llvm)]
    backend: Backend,
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
}

/// Runs the command.
///
/// # Errors
/// What is wrong with the network, the recipe or the output.
pub fn run(arguments: &Arguments) -> Outcome {
    if arguments.emit.contains(&Emit::Mlir) {
        return program(arguments);
    }
    if arguments.recipe.until.is_some() {
        return Err(conflict("--until", "native code has all stages behind it").into());
    }
    if arguments.emit.contains(&Emit::Shared) && arguments.target != "host" {
        return Err(conflict(
            "--target",
            "a shared library is linked for this machine alone; use --emit obj,header",
        )
        .into());
    }
    let target = target::named(&arguments.target)?;
    let name = arguments.name.clone().unwrap_or_else(|| native::identifier(&arguments.model.path));
    let folder = arguments.output.clone().unwrap_or_else(|| PathBuf::from("."));
    fs::create_dir_all(&folder).map_err(|problem| unwritable(&folder, &problem))?;
    let session = Session::new();
    let module = model::load(&session, &arguments.model)?;
    arguments.recipe.apply(&session, &module)?;
    emit(arguments, &session, &module, &target, &name, &folder)
}

fn conflict(option: &str, found: &str) -> Diagnostic {
    Diagnostic::error("AFP0506", format!("{option} does not go with what is to be emitted")).found(found)
}

fn program(arguments: &Arguments) -> Outcome {
    if arguments.emit.len() > 1 {
        return Err(conflict("--emit mlir", "other products beside it").into());
    }
    let path = arguments.output.clone().unwrap_or_else(|| PathBuf::from("-"));
    let output = ModuleOutput::new(&path)?;
    let session = Session::new();
    let module = model::load(&session, &arguments.model)?;
    arguments.recipe.apply(&session, &module)?;
    output.write(&module)?;
    Ok(())
}

fn emit(
    arguments: &Arguments,
    session: &Session,
    module: &SourceModule<'_>,
    target: &Target,
    name: &str,
    folder: &Path,
) -> Outcome {
    let original = Program::from_function(main_function(module)?).map_err(Failure::from)?;
    let symbol = format!("{name}_run");
    let names = (original.inputs(), original.outputs());
    let compiled = native::compile(session, module, &symbol, (arguments.backend, target), names)?;
    let write = |file: String, bytes: &[u8]| {
        let path = folder.join(file);
        fs::write(&path, bytes).map_err(|problem| unwritable(&path, &problem))
    };
    if arguments.emit.contains(&Emit::Obj) {
        write(format!("{name}.o"), &compiled.object.bytes)?;
    }
    if arguments.emit.contains(&Emit::Header) {
        write(format!("{name}.h"), header(&symbol, name, &compiled.interface).as_bytes())?;
    }
    let (code, arena) = (compiled.object.code_bytes, compiled.interface.arena_bytes);
    if arguments.emit.contains(&Emit::Shared) {
        link_shared(&[compiled.object], &folder.join(format!("lib{name}.so")))?;
    }
    let constants = compiled.constant_bytes;
    print(&format!(
        "code       {code} bytes\nconstants  {constants} bytes\narena      {arena} bytes\nfunction   {symbol}\n"
    ))?;
    Ok(())
}
