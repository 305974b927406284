//! `afpc search`: a format for every tensor, within a budget.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Write},
    path::{Path, PathBuf},
};

use afp_codegen::target;
use afp_ir::{diag::Diagnostic, mlir::Session};
use afp_passes::formats::{Formats, Quantization};
use afp_ptq::{
    apply,
    assign::{
        guard::{Estimate, STANDARD_ERRORS, gain},
        journal::{Journal, Store},
        objective::Budgets,
        shard::Shard,
    },
    cost::{bits::Averages, latency::Table},
    published,
    quantizer::Quantizer,
    search::{self, Found, Request},
    setting::Setting,
};
use serde_json::{Value, json};

use crate::{
    cli::{Failure, Outcome},
    decisions::Decisions,
    io::{
        model,
        output::{check_writable, print, unwritable, write_bytes},
        unreadable,
    },
    quantization::{self, Activations, Equalization, Moments, Rounding},
    recipe::{Recipe, Task, is_quantized, quantized_already},
    report::Stages,
};

/// Measurements of the refinement, unless the user says otherwise.
const EVALUATIONS: u32 = 64;

/// Search for the formats that lose least within a budget
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    task: Task,
    #[command(flatten)]
    objective: Objective,
    /// The machine that latency is predicted for
    #[arg(long, value_name = "NAME", default_value = "host")]
    target: String,
    /// The method
    #[arg(long = "recipe", value_enum, default_value_t = Method::Auto)]
    method: Method,
    /// Write the formats here
    #[arg(short, long, value_name = "FILE", default_value = "formats.json")]
    output: PathBuf,
    /// Write the measured selections that no other one beats, as JSON
    #[arg(long, value_name = "FILE")]
    pareto: Option<PathBuf>,
    /// Settings that are measured to refine the first assignment; 0 for none
    #[arg(long, value_name = "N", default_value_t = EVALUATIONS)]
    evaluations: u32,
    /// Keep what is measured in this directory, and use what is there [default: a file beside the output,
    /// which is removed at the end]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Answer only the I-th of N parts of the survey, into --state, and stop
    #[arg(long, value_name = "I/N", requires = "state")]
    shard: Option<String>,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

/// How formats are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Method {
    /// Survey, assignment, refinement
    Auto,
    /// As AFP was published, to be compared with: Bayesian optimization alone, one scale per tensor without
    /// clipping, nearest rounding, no equalization
    AfpPaper,
}

/// What is asked for.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
pub struct Objective {
    /// At most so many bits per weight, on average over all weights
    #[arg(long, value_name = "BITS", value_parser = positive)]
    pub max_bits: Option<f64>,
    /// At most so many bytes of weights, biases and their scale exponents, packed
    #[arg(long, value_name = "BYTES")]
    pub max_flash: Option<u64>,
    /// At most this latency, predicted for --target: nanoseconds, or instructions where those are counted
    #[arg(long, value_name = "COST")]
    pub max_latency: Option<u64>,
    /// At most so many picojoules per inference, predicted
    #[arg(long, value_name = "PJ")]
    pub max_energy: Option<u64>,
    /// The fewest bits with which the outputs' mean relative squared error stays within this
    #[arg(long, value_name = "LOSS", value_parser = positive)]
    pub max_drop: Option<f64>,
}

fn positive(text: &str) -> Result<f64, String> {
    text.parse::<f64>()
        .ok()
        .filter(|x| x.is_finite() && *x > 0.0)
        .ok_or_else(|| "expected a number above 0".into())
}

/// Runs the command.
///
/// # Errors
/// What is wrong with the network, the calibration data, the budgets or the files.
pub fn run(arguments: &Arguments) -> Outcome {
    let recipe = &arguments.recipe();
    let shard = match &arguments.shard {
        Some(text) => text.parse::<Shard>()?,
        None => Shard::WHOLE,
    };
    let given = [
        ("--formats", recipe.formats.is_some()),
        ("--until", recipe.until.is_some()),
        ("--input-range", recipe.input_range.is_some()),
        ("--activations dynamic", recipe.activations == Activations::Dynamic),
    ];
    if let Some((option, _)) = given.iter().find(|(_, is_given)| *is_given) {
        return Err(Diagnostic::error("AFP0506", format!("{option} does not go with a search"))
            .expected("the options that `afpc search --help` lists for a search")
            .found(*option)
            .help("a search chooses all formats itself, from the calibration data")
            .into());
    }
    if recipe.calibration.calib.is_none() {
        return Err(Diagnostic::error("AFP0514", "a search needs calibration data")
            .expected("--calib with some hundred typical samples")
            .found("none")
            .into());
    }
    let request = arguments.request()?;
    for path in std::iter::once(&arguments.output).chain(&arguments.pareto) {
        check_writable(path)?;
    }
    let session = Session::new();
    let module = model::load(&session, &arguments.task.model)?;
    if is_quantized(&module) {
        return Err(quantized_already(&module, "a search").into());
    }
    quantization::on_samples((&session, &module), recipe, None, |quantizer, decided| {
        let store = Directory::new(arguments);
        let study = quantizer.study(&match arguments.method {
            Method::Auto => search::method(),
            Method::AfpPaper => published::method(&request),
        });
        let mut journal = Journal::open(store, study)?;
        let bars = Stages::default();
        let found = match arguments.method {
            Method::Auto => {
                search::search(quantizer, &request, &mut journal, shard, &|stage| bars.show(stage))?
            }
            Method::AfpPaper => {
                Some(published::search(quantizer, &request, &mut journal, &|stage| bars.show(stage))?)
            }
        };
        bars.finish();
        let Some(mut found) = found else {
            return Ok(print("this part of the survey is done\n")?);
        };
        let decided = settle(quantizer, &recipe.decisions(None), &mut found, decided)?;
        arguments.write(quantizer, &found, decided)?;
        if arguments.state.is_none() {
            // The result is written: nothing is left to resume.
            let _ = fs::remove_file(Directory::beside(&arguments.output));
        }
        Ok(())
    })
}

/// Makes up for what layers lose, as the user says, or in the way that the samples prefer that were held out.
fn settle(
    quantizer: &Quantizer<'_>,
    decisions: &Decisions,
    found: &mut Found,
    decided: Quantization,
) -> Result<Quantization, Failure> {
    let is_free = decisions.moments == Moments::Auto;
    let choices = if is_free { vec![Moments::Biases, Moments::Prefix] } else { vec![decisions.moments] };
    let mean = |losses: &[f64]| Estimate::of(losses.iter().copied()).mean;
    let (start, without) = (found.setting.clone(), found.losses.clone());
    let mut best = Moments::Float;
    for choice in choices {
        let Some(method) = choice.method() else { continue };
        let setting = quantization::refit(quantizer, &start, method)?;
        let losses = quantizer.judge(std::slice::from_ref(&setting))?.into_iter().next().unwrap_or_default();
        let is_better =
            gain(&without, &losses).is_certain(STANDARD_ERRORS) && mean(&losses) < mean(&found.losses);
        if is_better || !is_free {
            (best, found.setting, found.losses) = (choice, setting, losses);
        }
    }
    Ok(Quantization { moments: Some(best.name().into()), ..decided })
}

impl Arguments {
    fn request(&self) -> Result<Request, Diagnostic> {
        let objective = &self.objective;
        Ok(Request {
            budgets: Budgets {
                max_bits: objective.max_bits,
                max_flash: objective.max_flash,
                max_latency: objective.max_latency,
                max_energy: objective.max_energy,
            },
            max_drop: objective.max_drop,
            evaluations: self.evaluations as usize,
            front: self.pareto.is_some(),
            seed: self.task.recipe.decisions(None).seed,
            table: Table::of(target::named(&self.target)?.name),
        })
    }

    fn write(&self, quantizer: &Quantizer<'_>, found: &Found, decided: Quantization) -> Outcome {
        let formats =
            Formats { quantization: Some(decided), ..apply::formats(quantizer.network, &found.setting) };
        save(&self.output, &serde_json::to_value(&formats).unwrap_or_default())?;
        if let Some(path) = &self.pareto {
            let point = |(point, setting): &(afp_ptq::assign::pareto::Point, Setting)| {
                json!({
                    "average_weight_bits": Averages::of(quantizer.network, setting).weights,
                    "costs": point.costs,
                    "loss": point.loss,
                    "formats": apply::formats(quantizer.network, setting),
                })
            };
            let points: Vec<Value> = found.front.iter().map(point).collect();
            save(path, &json!({"resources": found.resources, "points": points}))?;
        }
        let summary = self.summary(quantizer, found)?;
        if self.json {
            return Ok(print(&format!("{summary:#}\n"))?);
        }
        Ok(print(&lines(&summary, &self.output))?)
    }

    /// The recipe, with what the method says.
    fn recipe(&self) -> Recipe {
        let recipe = self.task.recipe.clone();
        match self.method {
            Method::Auto => recipe,
            Method::AfpPaper => {
                Recipe { rounding: Some(Rounding::Published), equalize: Some(Equalization::Off), ..recipe }
            }
        }
    }

    fn summary(&self, quantizer: &Quantizer<'_>, found: &Found) -> Result<Value, Failure> {
        let (same, of) = quantizer.agreement(&found.setting)?;
        let averages = Averages::of(quantizer.network, &found.setting);
        Ok(json!({
            "average_weight_bits": averages.weights,
            "average_activation_bits": averages.activations,
            "held_out": {
                "samples": quantizer.judges(),
                "loss": Estimate::of(found.losses.iter().copied()),
                "loss_before_refinement": found.predicted,
                "agreement": {"count": same, "of": of},
            },
            "seed": self.task.recipe.decisions(None).seed,
        }))
    }
}

fn lines(summary: &Value, output: &Path) -> String {
    let held = &summary["held_out"];
    let loss = |name: &str| format!("{:.6}", held[name]["mean"].as_f64().unwrap_or(f64::NAN));
    let bits = |what: &str, key: &str| {
        // A network may have no weights, or store nothing between its operators.
        summary[key]
            .as_f64()
            .map(|bits| format!("{what:<12} {bits:.3} bits on average\n"))
            .unwrap_or_default()
    };
    format!(
        "{}{}loss         {} on {} held-out samples, {} before the refinement\n\
         agreement    {} of {} of them\nwrote        {}\n",
        bits("weights", "average_weight_bits"),
        bits("activations", "average_activation_bits"),
        loss("loss"),
        held["samples"],
        loss("loss_before_refinement"),
        held["agreement"]["count"],
        held["agreement"]["of"],
        output.display(),
    )
}

fn save(path: &Path, value: &Value) -> Outcome {
    Ok(write_bytes(path, format!("{value:#}\n").as_bytes())?)
}

/// The journal's files: all of a directory are read, one is written.
struct Directory {
    read: Option<PathBuf>,
    write: PathBuf,
    file: Option<File>,
}

impl Directory {
    fn new(arguments: &Arguments) -> Self {
        match &arguments.state {
            Some(directory) => {
                let part = arguments.shard.as_deref().unwrap_or("all").replace('/', "of");
                Self {
                    write: directory.join(format!("{part}.journal")),
                    read: Some(directory.clone()),
                    file: None,
                }
            }
            None => Self { read: None, write: Self::beside(&arguments.output), file: None },
        }
    }

    /// The journal of a search whose state nobody asked for.
    fn beside(output: &Path) -> PathBuf {
        let mut name = output.file_name().unwrap_or_default().to_owned();
        name.push(".journal");
        output.with_file_name(name)
    }

    fn files(&self) -> Result<Vec<PathBuf>, Diagnostic> {
        let Some(directory) = &self.read else { return Ok(vec![self.write.clone()]) };
        fs::create_dir_all(directory).map_err(|problem| unwritable(directory, &problem))?;
        let entries = fs::read_dir(directory).map_err(|problem| unreadable(directory, &problem))?;
        let is_journal =
            |path: &PathBuf| path.extension().is_some_and(|e| e == "journal") && *path != self.write;
        let mut files: Vec<PathBuf> =
            entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_journal).collect();
        files.sort();
        // What is written to comes last: its end may be torn.
        files.push(self.write.clone());
        Ok(files)
    }
}

impl Store for Directory {
    fn read(&mut self) -> Result<Vec<u8>, Diagnostic> {
        let mut all = Vec::new();
        for path in self.files()?.into_iter().filter(|path| path.exists()) {
            if !all.ends_with(b"\n") && !all.is_empty() {
                all.push(b'\n');
            }
            let mut file = File::open(&path).map_err(|problem| unreadable(&path, &problem))?;
            file.read_to_end(&mut all).map_err(|problem| unreadable(&path, &problem))?;
        }
        Ok(all)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Diagnostic> {
        let problem = |problem: std::io::Error| unwritable(&self.write, &problem);
        if self.file.is_none() {
            let file = OpenOptions::new().create(true).append(true).open(&self.write).map_err(problem)?;
            self.file = Some(file);
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        file.write_all(bytes)
            .and_then(|()| file.sync_data())
            .map_err(|problem| unwritable(&self.write, &problem))
    }
}
