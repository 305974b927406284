//! `afpc compile`: a network as an exact AFP program.

use std::path::PathBuf;

use afp_ir::mlir::Session;

use crate::{
    cli::{Model, Outcome},
    io::{model, output::ModuleOutput},
    recipe::Recipe,
};

/// Quantize a network to Adaptive Floating-Point
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    model: Model,
    #[command(flatten)]
    recipe: Recipe,
    /// What to produce
    #[arg(long, value_enum)]
    emit: Emit,
    /// The file to write: .mlir (text), .mlirbc (bytecode), or - for standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
}

/// A product of the compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Emit {
    /// The program in the afp dialect
    Mlir,
}

/// Runs the command.
///
/// # Errors
/// What is wrong with the network, the recipe or the output.
pub fn run(arguments: &Arguments) -> Outcome {
    let output = match arguments.emit {
        Emit::Mlir => ModuleOutput::new(&arguments.output)?,
    };
    let session = Session::new();
    let module = model::load(&session, &arguments.model)?;
    arguments.recipe.apply(&session, &module)?;
    output.write(&module)?;
    Ok(())
}
