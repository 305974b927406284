//! `afpc run`: a network executed on samples, and how good the results are.

use std::{path::PathBuf, time::Duration};

use afp_codegen::target;
use afp_ir::{
    diag::Diagnostic,
    interp::{Program, Tensor},
    mlir::{Op, Session},
};
use afp_ptq::metrics::{Meaning, Score};
use rayon::prelude::*;
use serde_json::{Value, json};

use crate::{
    cli::{Failure, Outcome},
    io::{
        model,
        output::{check_writable, print, unknown_extension, write_npy, write_npz},
        samples::{Samples, Source, with_samples},
    },
    labels::Labels,
    native::{self, Executor, Generation, RUN_SYMBOL, Request},
    recipe::{Task, ends_in_softmax, is_quantized, main_function, quantized_already},
    report,
};

/// Run a network on samples
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    task: Task,
    /// Samples: float32 as .npy, .npz with the key x, or .raw; a folder of images, or with a folder of
    /// images for each class; NAME=PATH for each of several inputs
    #[arg(long, value_name = "PATH", required = true)]
    input: Vec<Source>,
    /// Write the outputs: .npy, or .npz for several
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// What executes the program
    #[arg(long, value_enum, default_value_t = Backend::Interpreter)]
    backend: Backend,
    /// The machine to run machine code for: host, or a name such as cortex-m4; one that this machine cannot
    /// run is simulated
    #[arg(long, default_value = "host", value_name = "NAME")]
    target: String,
    #[command(flatten)]
    generation: Generation,
    /// Run the network in float, as it was imported
    #[arg(long, conflicts_with_all = ["calib", "formats", "input_range", "until", "compare"])]
    float: bool,
    /// Run the network in float too, and compare: agreement, SQNR, and with labels what was lost and gained
    #[arg(long)]
    compare: bool,
    /// The class of each sample: integers, as .npy or .npz with the key y
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

/// Where a program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Backend {
    /// The reference interpreter
    Interpreter,
    /// Machine code, by LLVM
    Llvm,
    /// Machine code in memory, by Cranelift: compiled faster, slower
    Cranelift,
}

/// Runs the command.
///
/// # Errors
/// What is wrong with the network, the recipe, the samples or the output.
pub fn run(arguments: &Arguments) -> Outcome {
    let backend = match arguments.backend {
        _ if arguments.float => None,
        Backend::Interpreter => None,
        Backend::Llvm => Some(native::Backend::Llvm),
        Backend::Cranelift => Some(native::Backend::Cranelift),
    };
    let target = match arguments.target.as_str() {
        "host" => None,
        name => Some(target::named(name)?),
    };
    if backend.is_none() && target.is_some() {
        return Err(Diagnostic::error("AFP0506", "--target does not go with what executes the program")
            .expected("--backend llvm or cranelift")
            .found(if arguments.float { "--float" } else { "the interpreter" })
            .into());
    }
    if let (Some(backend), Some(target)) = (backend, target) {
        Request::new(RUN_SYMBOL, backend, target).with(&arguments.generation)?;
    }
    let session = Session::new();
    let module = model::load(&session, &arguments.task.model)?;
    let needs_float = [("--compare", arguments.compare), ("--float", arguments.float)];
    if let Some((option, _)) = needs_float.iter().find(|(_, is_given)| *is_given)
        && is_quantized(&module)
    {
        return Err(quantized_already(&module, option).into());
    }
    check_output(arguments, main_function(&module)?)?;
    if let Some(path) = &arguments.output {
        check_writable(path)?;
    }
    let compile = || Program::from_function(main_function(&module)?).map_err(Failure::from);
    let float = if arguments.compare { Some(compile()?) } else { None };
    if !arguments.float {
        arguments.task.recipe.apply(&session, &module)?;
    }
    let meaning =
        if ends_in_softmax(main_function(&module)?) { Meaning::Probabilities } else { Meaning::Logits };
    let program = compile()?;
    let executor = match (backend, target) {
        (None, _) => Executor::Interpreter(program),
        (Some(backend), None) => {
            Executor::native(&session, &module, program, (backend, &arguments.generation))?
        }
        (Some(backend), Some(target)) => {
            Executor::simulated(&session, &module, program, (backend, &arguments.generation), target)?
        }
    };
    let mut work = Run::new(arguments, executor, (float, meaning))?;
    let inputs = work.program.inputs().to_vec();
    let data = (&arguments.input[..], &arguments.task.recipe.calibration.pixels);
    with_samples(data, &inputs, usize::MAX, &mut |samples| work.consume(samples))?;
    work.finish(arguments)
}

/// Checks the name of the output, before work is done for it.
fn check_output(arguments: &Arguments, function: Op) -> Result<(), Diagnostic> {
    let Some(path) = &arguments.output else { return Ok(()) };
    let outputs = function.blocks().first().and_then(|body| body.terminator()).map_or(0, Op::operand_count);
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    match extension {
        "npz" => Ok(()),
        "npy" if outputs <= 1 => Ok(()),
        _ => Err(unknown_extension(
            path,
            if outputs > 1 { ".npz, for several outputs" } else { ".npy or .npz" },
        )),
    }
}

/// A run in progress.
struct Run {
    program: Executor,
    float: Option<Program>,
    labels: Option<Labels>,
    keep: Option<PathBuf>,
    outputs: Vec<Vec<f32>>,
    samples: usize,
    batched: bool,
    time: Duration,
    /// Of each inference, where they are counted.
    instructions: Vec<u64>,
    score: Score,
}

/// What the program, and the float program if asked for, made of one sample.
type Results = (Vec<Tensor>, Option<Vec<Tensor>>);

impl Run {
    fn new(
        arguments: &Arguments,
        program: Executor,
        (float, meaning): (Option<Program>, Meaning),
    ) -> Result<Self, Failure> {
        let labels = arguments.labels.as_deref().map(|path| Labels::read(path, 0)).transpose()?;
        Ok(Self {
            outputs: vec![Vec::new(); program.outputs().len()],
            program,
            float,
            labels,
            keep: arguments.output.clone(),
            samples: 0,
            batched: false,
            time: Duration::ZERO,
            instructions: Vec::new(),
            score: Score::of(meaning),
        })
    }

    /// Size of a row of the first output, which labels count, and rows in a sample.
    fn rows(&self) -> (usize, usize) {
        let shape = self.program.outputs().first().map(|output| output.shape.as_slice()).unwrap_or_default();
        match shape.split_last() {
            Some((&classes, rest)) => (classes.max(1), rest.iter().product()),
            None => (1, 1),
        }
    }

    fn consume(&mut self, mut samples: Samples<'_>) -> Outcome {
        (self.samples, self.batched) = (samples.total(), samples.batched());
        let (classes, rows) = self.rows();
        if self.labels.is_none() && rows == 1 {
            self.labels = samples.labels().map(Labels::of_folders);
        }
        if let Some(labels) = &self.labels {
            labels.check((self.samples, rows, classes), false)?;
        }
        let bar = report::progress("running", self.samples);
        let mut done = 0;
        loop {
            let batch = samples.read(self.program.batch())?;
            if batch.is_empty() {
                bar.finish_and_clear();
                return Ok(());
            }
            let start = std::time::Instant::now();
            let (results, instructions) = self.program.run(&batch)?;
            self.instructions.extend(instructions);
            self.time += start.elapsed();
            let floats: Vec<Option<Result<Vec<Tensor>, Diagnostic>>> = batch
                .par_iter()
                .map(|inputs| self.float.as_ref().map(|program| program.run(inputs)))
                .collect();
            for (result, float) in results.into_iter().zip(floats) {
                self.count(done, (result, float.transpose()?));
                done += 1;
                report::advance(&bar, 1);
            }
        }
    }

    /// Adds one sample to the score and, if they are kept, its outputs.
    fn count(&mut self, sample: usize, (outputs, floats): Results) {
        let (classes, rows) = self.rows();
        if let Some(floats) = &floats {
            let pairs = outputs.iter().zip(floats);
            self.score.distance(
                pairs.filter_map(|(quantized, float)| Some((quantized.as_real()?, float.as_real()?))),
            );
        }
        for (index, output) in outputs.iter().enumerate() {
            let Some(values) = output.as_real() else { continue };
            let float = floats.as_ref().and_then(|floats| floats.get(index)?.as_real());
            if index == 0 {
                for (row, logits) in values.chunks(classes).enumerate() {
                    let label = self.labels.as_ref().and_then(|labels| labels.get(sample * rows + row));
                    self.score.row(logits, label, float.and_then(|float| float.chunks(classes).nth(row)));
                }
            }
            if self.keep.is_some() {
                self.outputs[index].extend_from_slice(values);
            }
        }
    }

    /// The least and the most instructions of an inference.
    fn instructions(&self) -> Option<(u64, u64)> {
        Some((*self.instructions.iter().min()?, *self.instructions.iter().max()?))
    }

    /// Shape of an output of all samples: along its first dimension if that is 1, or along one more.
    fn shape_of_all(&self, shape: &[usize]) -> Vec<usize> {
        match shape.split_first() {
            _ if !self.batched => shape.to_vec(),
            Some((1, rest)) => [&[self.samples], rest].concat(),
            _ => [&[self.samples], shape].concat(),
        }
    }

    fn finish(self, arguments: &Arguments) -> Outcome {
        if let Some(path) = &self.keep {
            let shapes: Vec<Vec<usize>> =
                self.program.outputs().iter().map(|output| self.shape_of_all(&output.shape)).collect();
            let names = self.program.outputs().iter().map(|output| output.name.clone());
            match (path.extension().is_some_and(|e| e == "npz"), &self.outputs[..]) {
                (false, [values]) => write_npy(path, &shapes[0], values)?,
                _ => {
                    let arrays: Vec<_> = names
                        .zip(&shapes)
                        .zip(&self.outputs)
                        .map(|((name, shape), values)| (name, shape.clone(), values.clone()))
                        .collect();
                    write_npz(path, &arrays)?;
                }
            }
        }
        let seconds = self.time.as_secs_f64();
        let each = seconds / self.samples.max(1) as f64;
        if arguments.json {
            let mut value = Value::Object(self.score.summary().json());
            value["samples"] = json!(self.samples);
            value["seconds"] = json!(seconds);
            if let Some((least, most)) = self.instructions() {
                value["instructions"] = json!({"least": least, "most": most});
            }
            print(&format!("{value:#}\n"))?;
        } else {
            let mut lines = vec![
                format!("samples      {}", self.samples),
                format!("time         {seconds:.3} s, {:.1} ms per sample", 1e3 * each),
            ];
            lines.extend(match self.instructions() {
                None => None,
                Some((least, most)) if least == most => Some(format!("instructions  {least} per inference")),
                Some((least, most)) => Some(format!("instructions  {least} to {most} per inference")),
            });
            lines.extend(self.score.summary().lines());
            print(&(lines.join("\n") + "\n"))?;
        }
        Ok(())
    }
}
