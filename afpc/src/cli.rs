//! The command line: commands, options, and how they end.

use std::{path::PathBuf, process::ExitCode};

use afp_ir::diag::Diagnostic;
use clap::{Parser, Subcommand};

use crate::{commands, report};

/// Compiles trained neural networks to Adaptive Floating-Point.
///
/// No retraining, one visible rounding per group of operators, the same bits on every machine.
#[derive(Debug, Parser)]
#[command(name = "afpc", version, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Import(commands::import::Arguments),
    Compile(commands::compile::Arguments),
    Run(commands::run::Arguments),
    Ops(commands::ops::Arguments),
    Explain(commands::explain::Arguments),
}

/// What a command ends with if it fails: what is wrong, all at once where several things are.
pub type Outcome = Result<(), Failure>;

/// Why a command failed.
#[derive(Debug)]
pub struct Failure(pub Vec<Diagnostic>);

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl From<Vec<Diagnostic>> for Failure {
    fn from(list: Vec<Diagnostic>) -> Self {
        Self(list)
    }
}

/// A model as an argument.
#[derive(Debug, clap::Args)]
pub struct Model {
    /// The network: .onnx, .mlir (TOSA on f32) or .mlirbc
    #[arg(value_name = "MODEL")]
    pub path: PathBuf,
}

/// Runs the command of the process's arguments: 0 if all went well, 1 for an error in what the user
/// gave, 2 for a wrong command line.
pub fn run() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Import(arguments) => commands::import::run(&arguments),
        Command::Compile(arguments) => commands::compile::run(&arguments),
        Command::Run(arguments) => commands::run::run(&arguments),
        Command::Ops(arguments) => commands::ops::run(&arguments),
        Command::Explain(arguments) => commands::explain::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(diagnostics)) => {
            report::diagnostics(&diagnostics);
            ExitCode::FAILURE
        }
    }
}
