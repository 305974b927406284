//! `afpc import`: a network as TOSA on f32.

use std::path::PathBuf;

use afp_ir::mlir::Session;

use crate::{
    cli::{Model, Outcome},
    io::{model, output::ModuleOutput},
};

/// Read a network and write it as TOSA on f32, as text or bytecode
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    model: Model,
    /// The file to write: .mlir (text), .mlirbc (bytecode), or - for standard output
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// What is wrong with the network or the output.
pub fn run(arguments: &Arguments) -> Outcome {
    let output = ModuleOutput::new(&arguments.output)?.with_names();
    let session = Session::new();
    let module = model::load(&session, &arguments.model)?;
    output.write(&module)?;
    Ok(())
}
