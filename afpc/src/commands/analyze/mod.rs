//! `afpc analyze`: what a network consists of, what its values are, and what it would cost.
//!
//! The network is taken to its real form, where calibration data show what its values are; then the passes
//! of the pipeline choose intervals and formats, as they do for `afpc compile`. Nothing is rounded or
//! compiled: costs are predictions ([`afp_ptq::cost`]).
//!
//! Intervals are computed twice: once with what was seen at the inputs alone, which is what holds for any
//! input between those extremes, and once with everything seen, which is what formats are chosen by.

mod findings;
mod sensitivity;
mod table;

use std::collections::BTreeMap;

use afp_codegen::target;
use afp_ir::{
    dialect::FloatType,
    interp::{Program, Signature},
    mlir::{Attr, Op, Session, SourceModule},
    numerics::Format,
};
use afp_passes::{
    form_groups::is_site,
    formats::Formats,
    graph,
    pipeline::{PipelineOptions, STAGES, Stage},
};
use afp_ptq::{
    apply,
    cost::{
        energy::{Memories, Memory},
        latency::Table,
    },
    network::Network,
    ranking::Ranking,
    setting::Setting,
    simulator::Simulator,
    survey::Survey,
};
use serde_json::Value;

use crate::{
    calibration::Calibration,
    cli::{Failure, Model, Outcome},
    io::{model, output::print},
    network::json::pretty,
    quantization,
    recipe::{
        Range, Recipe, is_quantized, main_function, parse_range, quantized_already, read_formats, run_stage,
    },
    report,
};
use findings::{Analysis, Facts};

/// Show what a network consists of, what its values are, and what it would cost
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    model: Model,
    #[command(flatten)]
    calibration: Calibration,
    /// Format of the weights (e2m4), or a formats file (.json)
    #[arg(long, value_name = "FORMAT|FILE")]
    formats: Option<String>,
    /// Interval of the inputs where there is no calibration data
    #[arg(long, value_name = "LO,HI", value_parser = parse_range, allow_hyphen_values = true)]
    input_range: Option<Range>,
    /// The machine that the time of layers is predicted for: host, or a name such as cortex-m4
    #[arg(long, default_value = "host", value_name = "NAME")]
    target: String,
    /// Where weights come from, once per inference, for the energy
    #[arg(long, value_enum, default_value_t = MemoryChoice::Dram)]
    weight_memory: MemoryChoice,
    /// Where activations are written to and read from, for the energy
    #[arg(long, value_enum, default_value_t = MemoryChoice::Sram1m)]
    activation_memory: MemoryChoice,
    /// Measure what quantizing each layer and each value alone costs at the outputs, worst first; takes
    /// calibration data
    #[arg(long, requires = "calib")]
    sensitivity: bool,
    /// Print the analysis as JSON
    #[arg(long)]
    json: bool,
}

/// A memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum MemoryChoice {
    /// Static, of 8 KiB
    #[value(name = "sram-8k")]
    Sram8k,
    /// Static, of 32 KiB
    #[value(name = "sram-32k")]
    Sram32k,
    /// Static, of 1 MiB
    #[value(name = "sram-1m")]
    Sram1m,
    /// Dynamic, on another chip
    Dram,
}

impl From<MemoryChoice> for Memory {
    fn from(choice: MemoryChoice) -> Self {
        match choice {
            MemoryChoice::Sram8k => Self::Sram8K,
            MemoryChoice::Sram32k => Self::Sram32K,
            MemoryChoice::Sram1m => Self::Sram1M,
            MemoryChoice::Dram => Self::Dram,
        }
    }
}

/// Runs the command.
///
/// # Errors
/// AFP0505 for a program on codes; what is wrong with the network, the formats or the calibration data.
pub fn run(arguments: &Arguments) -> Outcome {
    let target = target::named(&arguments.target)?;
    let formats = arguments.formats.as_deref().map(read_formats).transpose()?;
    let session = Session::new();
    let module = model::load(&session, &arguments.model)?;
    if is_quantized(&module) {
        return Err(quantized_already(&module, "afpc analyze").into());
    }
    let options = Range::options(arguments.input_range.as_ref());
    let stages = Stages { session: &session, module: &module, options };
    for name in ["afp-raise", "afp-form-groups"] {
        stages.run(name)?;
    }
    let function = main_function(&module)?;
    let network = Network::load(function)?;
    let inputs = Program::from_function(function)?.inputs().to_vec();
    let (survey, samples) = survey(arguments, &network, &inputs)?;

    apply::statistics(module.op(), &network, &survey.of_inputs(&network).histograms);
    stages.run("afp-range-analysis")?;
    let intervals = ranges(function, &network);
    apply::statistics(module.op(), &network, &survey.histograms);
    if let Some(formats) = &formats {
        formats.attach(module.op());
    }
    stages.run("afp-range-analysis")?;
    stages.run("afp-assign-formats")?;
    let facts = Facts {
        network: &network,
        survey: (samples > 0).then_some(&survey),
        intervals,
        weights: weight_formats(function, &network),
        sites: site_formats(function, &network),
        memories: Memories {
            weights: arguments.weight_memory.into(),
            activations: arguments.activation_memory.into(),
        },
    };
    let analysis = Analysis::of(&facts, samples);
    let ranking = if arguments.sensitivity { Some(ranking(arguments, formats.as_ref())?) } else { None };
    let text = if arguments.json {
        let mut value = analysis.json();
        if let Some((_, ranking)) = ranking {
            value["sensitivity"] = ranking;
        }
        pretty(&value)
    } else {
        let table = Table::of(target.name);
        let mut lines = analysis.lines(table.as_ref().map(|table| (target.name, table)));
        if let Some((ranking, _)) = ranking {
            lines.push(String::new());
            lines.extend(ranking);
        }
        lines.join("\n") + "\n"
    };
    print(&text)?;
    Ok(())
}

/// What quantizing each part of the network alone costs, rounded as `afpc search` and `afpc compile` do it: for
/// a person, and for programs.
fn ranking(arguments: &Arguments, formats: Option<&Formats>) -> Result<(Vec<String>, Value), Failure> {
    let session = Session::new();
    let module = model::load(&session, &arguments.model)?;
    let recipe = Recipe {
        calibration: arguments.calibration.clone(),
        formats: arguments.formats.clone(),
        ..Recipe::default()
    };
    let decided = formats.and_then(|formats| formats.quantization.as_ref());
    quantization::on_samples((&session, &module), &recipe, decided, |quantizer, _| {
        let bars = report::Stages::default();
        let ranking = Ranking::measure(quantizer, &|stage| bars.show(stage))?;
        bars.finish();
        let network = quantizer.network;
        Ok((sensitivity::lines(&ranking, network), sensitivity::json(&ranking, network)))
    })
}

/// The stages of the pipeline on a module.
struct Stages<'a> {
    session: &'a Session,
    module: &'a SourceModule<'a>,
    options: PipelineOptions,
}

impl Stages<'_> {
    fn run(&self, name: &str) -> Outcome {
        let stage: Option<&Stage> = STAGES.iter().find(|stage| stage.name == name);
        stage.map_or(Ok(()), |stage| run_stage(self.session, self.module, stage, &self.options))
    }
}

/// What the values were on the calibration data, and the number of samples.
fn survey(
    arguments: &Arguments,
    network: &Network,
    inputs: &[Signature],
) -> Result<(Survey, usize), Failure> {
    let float = Simulator::new(network, &Setting::default())?;
    let mut survey = Survey::new(network);
    let (mut bar, mut samples) = (None, 0);
    let batch = 2 * rayon::current_num_threads();
    arguments.calibration.in_batches(inputs, batch, &mut |batch, total| {
        let bar = bar.get_or_insert_with(|| report::progress("observing", total));
        survey.observe(network, &float, &batch)?;
        samples += batch.len();
        report::advance(bar, batch.len());
        Ok(())
    })?;
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    Ok((survey, samples))
}

/// What an attribute of the sites' operations says, by site.
fn of_sites<T: Clone>(function: Op, network: &Network, read: impl Fn(Op) -> Option<T>) -> Vec<Option<T>> {
    let ops = function.blocks().first().map(|body| body.ops()).unwrap_or_default();
    let found: BTreeMap<String, T> = ops
        .into_iter()
        .filter(|&op| is_site(op))
        .filter_map(|op| Some((graph::site_name(op), read(op)?)))
        .collect();
    network.sites.iter().map(|site| found.get(&site.name).cloned()).collect()
}

/// `afp.range` of every site.
fn ranges(function: Op, network: &Network) -> Vec<Option<(f64, f64)>> {
    of_sites(function, network, |op| match op.attr("afp.range").and_then(Attr::as_f64s).as_deref() {
        Some(&[lo, hi]) => Some((lo, hi)),
        _ => None,
    })
}

/// The format of every site.
fn site_formats(function: Op, network: &Network) -> Vec<Option<Format>> {
    of_sites(function, network, |op| {
        op.attr("afp.type").and_then(Attr::as_type).and_then(FloatType::of).map(|ty| ty.format)
    })
}

/// The format of every layer's weights.
fn weight_formats(function: Op, network: &Network) -> Vec<Option<Format>> {
    let ops = function.blocks().first().map(|body| body.ops()).unwrap_or_default();
    let format = |op: &Op| {
        op.attr("afp.weight_type").and_then(Attr::as_type).and_then(FloatType::of).map(|ty| ty.format)
    };
    let layer = |name: &str| ops.iter().find(|op| format(op).is_some() && graph::site_name(**op) == name);
    network.layers.iter().map(|l| layer(&l.name).and_then(format)).collect()
}
