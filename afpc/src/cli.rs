//! The command line: commands, options, and how they end.

use std::{path::PathBuf, process::ExitCode, str::FromStr};

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
    Search(Box<commands::search::Arguments>),
    Run(commands::run::Arguments),
    Analyze(commands::analyze::Arguments),
    Eval(commands::eval::Arguments),
    Bench(commands::bench::Arguments),
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
    /// The network: ONNX, or TOSA on f32 as MLIR text or bytecode
    #[arg(value_name = "MODEL")]
    pub path: PathBuf,
    /// Shape of an input whose sizes the model leaves open, as in image=1x3x224x224
    #[arg(long, value_name = "NAME=SIZES")]
    pub shape: Vec<InputShape>,
}

/// The shape of an input that the user gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputShape {
    /// Name of the input.
    pub input: String,
    /// Its sizes, all positive.
    pub sizes: Vec<i64>,
}

impl FromStr for InputShape {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let size = |text: &str| text.parse::<i64>().ok().filter(|&size| size > 0);
        // A name may hold '=' and ':' (ONNX allows anything); sizes do not.
        text.rsplit_once('=')
            .filter(|(name, _)| !name.is_empty())
            .and_then(|(name, sizes)| Some((name, sizes.split('x').map(size).collect::<Option<_>>()?)))
            .map(|(name, sizes)| Self { input: name.to_owned(), sizes })
            .ok_or_else(|| "expected NAME=SIZES, such as image=1x3x224x224".into())
    }
}

/// Runs the command of the process's arguments: 0 if all went well, 1 for an error in what the user
/// gave, 2 for a wrong command line.
pub fn run() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Import(arguments) => commands::import::run(&arguments),
        Command::Compile(arguments) => commands::compile::run(&arguments),
        Command::Search(arguments) => commands::search::run(&arguments),
        Command::Run(arguments) => commands::run::run(&arguments),
        Command::Analyze(arguments) => commands::analyze::run(&arguments),
        Command::Eval(arguments) => commands::eval::run(&arguments),
        Command::Bench(arguments) => commands::bench::run(&arguments),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn shapes_have_a_name_and_positive_sizes() {
        let shape = |name: &str, sizes: &[i64]| Ok(InputShape { input: name.into(), sizes: sizes.to_vec() });
        assert_eq!("x=1x3x8x8".parse(), shape("x", &[1, 3, 8, 8]));
        assert_eq!("a=b:0=7".parse(), shape("a=b:0", &[7]));
        for bad in ["", "x", "x=", "=1x2", "x=0", "x=-1x2", "x=1x", "x=99999999999999999999"] {
            assert!(bad.parse::<InputShape>().is_err(), "{bad}");
        }
    }
}
