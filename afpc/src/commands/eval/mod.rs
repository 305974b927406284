//! `afpc eval`: the quantized network against the float network, on samples that neither has seen.
//!
//! The network is compiled as `afpc compile` does it, and its formats and codes are read back. The
//! simulator runs both networks and has the values before a softmax too; a backend that is asked for runs
//! the compiled program beside it, and is what is judged. Scale exponents that are chosen at run time are
//! beyond the simulator: such a program is run by the interpreter, if by nothing else.

mod table;

use std::{path::PathBuf, sync::Arc};

use afp_ir::{
    diag::Diagnostic,
    dialect::FloatType,
    interp::{Program, Signature, Tensor},
    mlir::{self, Op, Session},
};
use afp_ptq::{
    attribution::{Attribution, Errors, Finding},
    cost::bits::Averages,
    metrics::{Meaning, Score},
    network::Network,
    setting::Setting,
    simulator::{Outcome as Values, Simulator},
};
use rayon::prelude::*;

use crate::{
    cli::{Failure, Outcome},
    io::{
        model, npy,
        output::print,
        samples::{Samples, Source, with_samples},
    },
    labels::Labels,
    native::{self, Executor, Generation},
    network::json::pretty,
    quantization,
    recipe::{Task, is_quantized, main_function, quantized_already},
    report,
};
use table::{Checked, Evaluation};

/// Compare the quantized network with the float network
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    task: Task,
    /// Samples to judge by, not used for calibration: a .npy file, a .npz archive (key x), or a folder of
    /// images with a folder for each class; NAME=PATH for each of several inputs
    #[arg(long, value_name = "FILE", required = true)]
    data: Vec<Source>,
    /// The class of each sample: integers, as .npy or .npz with the key y [default: the key y of --data]
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Added to each label, for networks that count a background before the classes
    #[arg(long, value_name = "N", default_value_t = 0, allow_hyphen_values = true)]
    label_offset: i64,
    /// Use the first samples alone
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    samples: Option<u32>,
    /// Show which layers the error comes from, and what one more bit would buy there
    #[arg(long)]
    layers: bool,
    /// How many samples the layers are judged by
    #[arg(long, value_name = "N", default_value_t = 32, requires = "layers", value_parser = clap::value_parser!(u32).range(1..))]
    layer_samples: u32,
    /// What runs the quantized network: all give the same bits
    #[arg(long, value_enum, default_value_t = Backend::Simulator)]
    backend: Backend,
    #[command(flatten)]
    generation: Generation,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// What runs the quantized network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Backend {
    /// The simulator that searches use
    Simulator,
    /// The reference interpreter
    Interpreter,
    /// Machine code, by LLVM
    Llvm,
    /// Machine code in memory, by Cranelift
    Cranelift,
}

impl Backend {
    /// This one, or the interpreter in the place of the simulator.
    fn or_interpreter(self) -> Self {
        if self == Self::Simulator { Self::Interpreter } else { self }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Simulator => "simulator",
            Self::Interpreter => "interpreter",
            Self::Llvm => "llvm",
            Self::Cranelift => "cranelift",
        }
    }
}

/// Runs the command.
///
/// # Errors
/// AFP0506 with `--until`, AFP0505 for a program on codes; what is wrong with the network, the recipe, the
/// samples or the labels.
pub fn run(arguments: &Arguments) -> Outcome {
    if let Some(stage) = &arguments.task.recipe.until {
        return Err(Diagnostic::error("AFP0506", "--until does not go with an evaluation")
            .expected("all stages")
            .found(format!("--until {stage}"))
            .help("afpc run --until shows what a stage costs")
            .into());
    }
    let labels = labels(arguments)?;
    let Quantized { network, setting, executor, inputs, is_dynamic } = compile(arguments)?;
    let float = Simulator::new(&network, &Setting::default())?;
    let quantized = if is_dynamic { None } else { Some(float.with(&setting)?) };
    if executor.is_none() && quantized.as_ref().is_some_and(|quantized| !quantized.is_exact()) {
        report::diagnostics(&[Diagnostic::warning(
            "AFP0513",
            "the simulator may not yield the program's bits",
        )
        .expected("sums that 53 bits hold")
        .found("a sum that may be longer")
        .help("give --backend cranelift to judge the compiled program itself")]);
    }
    let meaning = if network.ends_in_softmax { Meaning::Probabilities } else { Meaning::Logits };
    let score = Score::of(meaning);
    let mut judge = Judge { float, quantized, executor, labels, score, samples: 0, equal: 0 };
    let limit = arguments.samples.map_or(usize::MAX, |n| n as usize);
    let data = (&arguments.data[..], &arguments.task.recipe.calibration.pixels);
    with_samples(data, &inputs, limit, &mut |samples| judge.consume(samples, arguments.samples.is_some()))?;
    let parts = if arguments.layers { Some(parts(arguments, &inputs, (&network, &setting))?) } else { None };
    let evaluation = Evaluation {
        samples: judge.samples,
        bits: Averages::of(&network, &setting),
        checked: judge.executor.as_ref().map(|_| Checked {
            backend: if is_dynamic { arguments.backend.or_interpreter() } else { arguments.backend }.name(),
            equal: judge.quantized.as_ref().map(|_| judge.equal),
        }),
        summary: judge.score.summary(),
        parts,
    };
    print(&if arguments.json { pretty(&evaluation.json()) } else { evaluation.lines().join("\n") + "\n" })?;
    Ok(())
}

/// The labels, of their own file or of the samples' archive.
fn labels(arguments: &Arguments) -> Result<Option<Labels>, Diagnostic> {
    let path = match (&arguments.labels, &arguments.data[..]) {
        (Some(path), _) => path,
        (None, [Source { input: None, path }]) if npy::has_array(path, "y") => path,
        _ => return Ok(None),
    };
    Labels::read(path, arguments.label_offset).map(Some)
}

/// A network, and what became of it.
struct Quantized {
    network: Network,
    setting: Setting,
    executor: Option<Executor>,
    inputs: Vec<Signature>,
    /// Whether scale exponents are chosen at run time.
    is_dynamic: bool,
}

/// Compiles the network, and reads back with what.
fn compile(arguments: &Arguments) -> Result<Quantized, Failure> {
    let session = Session::new();
    let module = model::load(&session, &arguments.task.model)?;
    if is_quantized(&module) {
        return Err(quantized_already(&module, "afpc eval").into());
    }
    let inputs = Program::from_function(main_function(&module)?)?.inputs().to_vec();
    let (network, setting) = quantization::compiled((&session, &module), &arguments.task.recipe)?;
    let is_dynamic = holds_dynamic(main_function(&module)?);
    if is_dynamic && arguments.layers {
        return Err(Diagnostic::error("AFP0535", "layers are not judged where scale exponents are dynamic")
            .expected("static scale exponents, for --layers")
            .found("values that choose theirs at run time")
            .help("give --activations static, or leave out --layers")
            .into());
    }
    let quantized = |executor| Quantized { network, setting, executor, inputs: inputs.clone(), is_dynamic };
    let backend = match if is_dynamic { arguments.backend.or_interpreter() } else { arguments.backend } {
        Backend::Simulator => return Ok(quantized(None)),
        Backend::Interpreter => None,
        Backend::Llvm => Some(native::Backend::Llvm),
        Backend::Cranelift => Some(native::Backend::Cranelift),
    };
    let program = Program::from_function(main_function(&module)?)?;
    let executor = match backend {
        None => Executor::Interpreter(program),
        Some(backend) => Executor::native(&session, &module, program, (backend, &arguments.generation))?,
    };
    Ok(quantized(Some(executor)))
}

/// Whether a program chooses scale exponents at run time.
fn holds_dynamic(function: Op) -> bool {
    let mut types = function.descendants().into_iter().flat_map(Op::results).map(mlir::Value::ty);
    types.any(|ty| FloatType::of(ty).is_some_and(|ty| ty.exp.fixed().is_none()))
}

/// An evaluation in progress.
struct Judge<'n> {
    float: Simulator<'n>,
    /// None if the simulator cannot run the program.
    quantized: Option<Simulator<'n>>,
    executor: Option<Executor>,
    labels: Option<Labels>,
    score: Score,
    samples: usize,
    /// Samples for which the executor gave the simulator's bits.
    equal: usize,
}

impl Judge<'_> {
    fn consume(&mut self, mut samples: Samples<'_>, is_part: bool) -> Outcome {
        self.samples = samples.total();
        let mut folders = samples.labels().map(Labels::of_folders);
        let bar = report::progress("evaluating", self.samples);
        let mut row = 0;
        loop {
            let batch = samples.read(2 * rayon::current_num_threads())?;
            if batch.is_empty() {
                bar.finish_and_clear();
                return Ok(());
            }
            let results: Vec<Result<(Values, Option<Values>), Diagnostic>> = batch
                .par_iter()
                .map(|inputs| {
                    let simulated = self.quantized.as_ref().map(|simulator| simulator.run(inputs));
                    Ok((self.float.run(inputs)?, simulated.transpose()?))
                })
                .collect();
            let mut executed = match &self.executor {
                Some(executor) => executor.run(&batch)?.0,
                None => Vec::new(),
            }
            .into_iter();
            for result in results {
                let (mut float, simulated) = result?;
                let quantized = match (simulated, executed.next()) {
                    (Some(mut simulated), Some(outputs)) => {
                        self.replace(&mut simulated, outputs);
                        simulated
                    }
                    (Some(simulated), None) => simulated,
                    (None, outputs) => executed_alone(&mut float, outputs.unwrap_or_default()),
                };
                if row == 0 {
                    let (rows, classes) = rows(&float);
                    if self.labels.is_none() && rows == 1 {
                        self.labels = folders.take();
                    }
                    if let Some(labels) = &self.labels {
                        labels.check((self.samples, rows, classes), is_part)?;
                    }
                }
                row += self.count(row, &float, &quantized);
                report::advance(&bar, 1);
            }
        }
    }

    /// Puts what the compiled program gave in the place of what was simulated. It has no values before a
    /// softmax: those stay.
    fn replace(&mut self, simulated: &mut Values, outputs: Vec<Tensor>) {
        let pairs = simulated.outputs.iter().zip(&outputs);
        self.equal += usize::from(pairs.into_iter().all(|(a, b)| a.as_real() == b.as_real()));
        let outputs: Vec<Arc<Tensor>> = outputs.into_iter().map(Arc::new).collect();
        if let Some(first) = outputs.first().filter(|_| self.score.meaning() == Meaning::Logits) {
            simulated.logits = Arc::clone(first);
        }
        simulated.outputs = outputs;
    }

    /// Adds one sample; gives the number of its rows.
    fn count(&mut self, first_row: usize, float: &Values, quantized: &Values) -> usize {
        let others = quantized.outputs.iter().zip(&float.outputs).skip(1);
        let pairs = others.filter_map(|(q, f)| Some((q.as_real()?, f.as_real()?)));
        self.score.distance(std::iter::once((quantized.logits(), float.logits())).chain(pairs));
        let (rows, classes) = rows(float);
        let values = |values: &'_ Values| {
            values.outputs.first().and_then(|output| output.as_real().map(<[f32]>::to_vec))
        };
        let (float, quantized) = (values(float).unwrap_or_default(), values(quantized).unwrap_or_default());
        for (index, (f, q)) in float.chunks(classes).zip(quantized.chunks(classes)).enumerate() {
            let label = self.labels.as_ref().and_then(|labels| labels.get(first_row + index));
            self.score.row(q, label, Some(f));
        }
        rows
    }
}

/// What the compiled program gave, without a simulator beside it. It has no values before a softmax, so
/// those of the float network are not compared either.
fn executed_alone(float: &mut Values, outputs: Vec<Tensor>) -> Values {
    if let Some(first) = float.outputs.first() {
        float.logits = Arc::clone(first);
    }
    let outputs: Vec<Arc<Tensor>> = outputs.into_iter().map(Arc::new).collect();
    let logits = outputs.first().cloned().unwrap_or_else(|| Arc::new(Tensor::real(&[0], Vec::new())));
    Values { logits, outputs }
}

/// The number of rows of the first output, and of classes in each.
fn rows(values: &Values) -> (usize, usize) {
    let shape = values.outputs.first().map(|output| output.shape.as_slice()).unwrap_or_default();
    match shape.split_last() {
        Some((&classes, rest)) => (rest.iter().product(), classes.max(1)),
        None => (1, 1),
    }
}

/// What the first samples say of every part of the network.
fn parts(
    arguments: &Arguments,
    inputs: &[Signature],
    (network, setting): (&Network, &Setting),
) -> Result<Vec<Finding>, Failure> {
    let attribution = Attribution::new(network, setting)?;
    let limit = arguments.samples.map_or(arguments.layer_samples, |n| n.min(arguments.layer_samples));
    let mut errors: Vec<Errors> = Vec::new();
    let data = (&arguments.data[..], &arguments.task.recipe.calibration.pixels);
    with_samples(data, inputs, limit as usize, &mut |mut samples| {
        let bar = report::progress("layers", samples.total());
        loop {
            let batch = samples.read(rayon::current_num_threads())?;
            if batch.is_empty() {
                bar.finish_and_clear();
                return Ok(());
            }
            let seen: Vec<Result<Errors, Diagnostic>> =
                batch.par_iter().map(|inputs| attribution.sample(inputs)).collect();
            for sample in seen {
                errors.push(sample?);
                report::advance(&bar, 1);
            }
        }
    })?;
    Ok(attribution.findings(&errors))
}
