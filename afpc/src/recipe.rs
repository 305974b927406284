//! From a network to an exact AFP program, stage by stage: what the user chooses, and the glue that
//! gives the passes what they may not fetch themselves.

use std::{
    fs,
    path::{Path, PathBuf},
};

use afp_ir::{
    diag::Diagnostic,
    dialect::{FloatType, view},
    import::code,
    mlir::{self, Op, Session, SourceModule},
    numerics::Format,
};
use afp_passes::{
    formats::{Defaults, Formats, VERSION},
    pipeline::{self, PipelineOptions, STAGES, Stage},
};
use serde_json::{Map, Value};

use crate::{
    calibration::Calibration,
    cli::{Failure, Model, Outcome},
    decisions::{self, Decisions},
    io::unreadable,
    quantization::{self, Activations, Equalization, Moments, Rounding, Samples},
    report,
};

/// The stage that the driver equalizes channels before: what it finds is done already.
const EQUALIZES: &str = "afp-equalize";
/// The stage that reads what calibration attached.
const READS_STATISTICS: &str = "afp-range-analysis";
/// The stage that takes away conversions between layers, unless the user wants to see them.
const ELIMINATES: &str = "afp-eliminate-requant";
/// The name of the stage before the first pass.
pub const IMPORT: &str = "import";

/// The names of all stages, in order.
pub fn stage_names() -> Vec<&'static str> {
    std::iter::once(IMPORT).chain(STAGES.iter().map(|stage| stage.name)).collect()
}

/// A network, and what is to become of it, on the command line.
#[derive(Debug, clap::Args)]
pub struct Task {
    /// The network
    #[command(flatten)]
    pub model: Model,
    /// How it is quantized
    #[command(flatten)]
    pub recipe: Recipe,
}

/// What the user chooses.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Recipe {
    /// What ranges are chosen by
    #[command(flatten)]
    pub calibration: Calibration,
    /// Format of the weights (e2m4), or a formats file (.json)
    #[arg(long, value_name = "FORMAT|FILE")]
    pub formats: Option<String>,
    /// How weights are rounded [default: gptq, or what the formats file says; nearest where scale exponents
    /// are static without calibration data]
    #[arg(long, value_enum)]
    pub rounding: Option<Rounding>,
    /// What layers are rounded for: whether they make up for what those before them have lost [default: auto]
    #[arg(long, value_enum)]
    pub moments: Option<Moments>,
    /// Factors that make channels alike before formats are chosen [default: full, or what the formats file
    /// says; off without calibration data]
    #[arg(long, value_enum)]
    pub equalize: Option<Equalization>,
    /// Seed of everything that is drawn at random: the order of the calibration samples, and the search
    /// [default: 0, or what the formats file says]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// When scale exponents of activations are found
    #[arg(long, value_enum, default_value_t)]
    pub activations: Activations,
    /// Interval of the inputs where there is no calibration data
    #[arg(long, value_name = "LO,HI", value_parser = parse_range, allow_hyphen_values = true)]
    pub input_range: Option<Range>,
    /// Leave all conversions between layers in, to see what they cost
    #[arg(long)]
    pub no_eliminate_requant: bool,
    /// Stop behind this stage
    #[arg(long, value_name = "STAGE", value_parser = clap::builder::PossibleValuesParser::new(stage_names()))]
    pub until: Option<String>,
}

/// The interval of inputs of which nothing is said.
pub const DEFAULT_RANGE: (f64, f64) = (-1.0, 1.0);

/// An interval as the user gave it, which [`parse_range`] has checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    text: String,
    ends: (f64, f64),
}

impl Range {
    /// Its ends.
    pub fn ends(&self) -> (f64, f64) {
        self.ends
    }

    /// The options by which stages learn of it.
    pub fn options(range: Option<&Self>) -> PipelineOptions {
        let range = range.map(|range| (READS_STATISTICS, "input-range", range.text.clone()));
        PipelineOptions { values: range.into_iter().collect() }
    }
}

/// Reads an interval, `LO,HI`.
///
/// # Errors
/// What is expected.
pub fn parse_range(text: &str) -> Result<Range, String> {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|value| value.is_finite());
    match text.split_once(',').map(|(lo, hi)| (number(lo), number(hi))) {
        Some((Some(lo), Some(hi))) if lo <= hi => {
            Ok(Range { text: format!("{lo:?},{hi:?}"), ends: (lo, hi) })
        }
        _ => Err("expected two numbers LO,HI with LO <= HI, such as -1,1".into()),
    }
}

impl Recipe {
    /// Takes an imported module to the stage the user asked for, and says what calibration did. Warnings are
    /// printed. A module that holds codes already stays as it is.
    ///
    /// # Errors
    /// AFP0505 if options are given for a program that holds codes; what the stages and the files of the
    /// recipe are refused for.
    pub fn apply(&self, session: &Session, module: &SourceModule<'_>) -> Result<Decisions, Failure> {
        self.apply_watched(session, module, &mut |_, _| Ok(()))
    }

    /// As [`Recipe::apply`]; `watch` is shown the module behind every stage, with the stage's name.
    ///
    /// # Errors
    /// As [`Recipe::apply`], and what `watch` returns.
    pub fn apply_watched(
        &self,
        session: &Session,
        module: &SourceModule<'_>,
        watch: &mut dyn FnMut(&str, &SourceModule<'_>) -> Outcome,
    ) -> Result<Decisions, Failure> {
        if is_quantized(module) {
            let given = [
                ("--calib", self.calibration.calib.is_some()),
                ("--formats", self.formats.is_some()),
                ("--activations", self.activations != Activations::Auto),
                ("--input-range", self.input_range.is_some()),
                ("--no-eliminate-requant", self.no_eliminate_requant),
                ("--until", self.until.as_deref().is_some_and(|stage| stage != IMPORT)),
            ];
            return match given.iter().find(|(_, is_given)| *is_given) {
                Some((option, _)) => Err(quantized_already(module, option).into()),
                None => Ok(self.decisions(None)),
            };
        }
        let last = match &self.until {
            Some(name) if name == IMPORT => return Ok(self.decisions(None)),
            Some(name) => pipeline::stage(name).map_or(STAGES.len(), |index| index + 1),
            None => STAGES.len(),
        };
        let formats = self.formats.as_deref().map(read_formats).transpose()?;
        let decided = formats.as_ref().and_then(|formats| formats.quantization.as_ref());
        // What a search decided, it decided on its samples.
        let decided = decided.filter(|_| self.calibration.calib.is_some());
        let decisions = self.decisions(decided);
        self.check_moments(&decisions)?;
        let mut samples = None;
        let skipped = |stage: &Stage| self.no_eliminate_requant && stage.name == ELIMINATES;
        for stage in STAGES[..last].iter().filter(|stage| !skipped(stage)) {
            if stage.name == EQUALIZES && (self.calibration.calib.is_some() || self.is_dynamic()) {
                let read = match self.calibration.calib {
                    Some(_) => Samples::read(module, self, decided, false)?,
                    None => Samples::synthetic(module, self, decisions.seed)?,
                };
                quantization::equalize(module, decisions.equalization, &read)?;
                samples = Some(read);
            }
            if stage.name == READS_STATISTICS {
                if let Some(formats) = &formats {
                    formats.attach(module.op());
                }
                match samples.take() {
                    Some(samples) => {
                        quantization::calibrate(module, self, &decisions, formats.as_ref(), samples)?;
                    }
                    None => report::diagnostics(&[no_calibration_data()]),
                }
            }
            run_stage(session, module, stage, &Range::options(self.input_range.as_ref()))?;
            watch(stage.name, module)?;
        }
        Ok(decisions)
    }

    /// What was chosen, by the names of the options, for a report: files by name, without folders.
    pub fn chosen(&self, decisions: &Decisions) -> Map<String, Value> {
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut chosen = Map::new();
        if let Some(path) = &self.calibration.calib {
            chosen.insert("calib".into(), name(path).into());
            chosen.insert("calib_samples".into(), decisions.samples.into());
            chosen.insert("equalize".into(), decisions.equalization.name().into());
            chosen.insert("rounding".into(), decisions.rounding.name().into());
            if decisions.moments.method().is_some() {
                chosen.insert("moments".into(), decisions.moments.name().into());
            }
            chosen.extend(self.calibration.pixels.chosen());
        }
        if let Some(text) = &self.formats {
            chosen.insert("formats".into(), name(Path::new(text)).into());
        }
        if self.activations != Activations::Auto {
            chosen.insert("activations".into(), self.activations.name().into());
        }
        if let Some(range) = &self.input_range {
            chosen.insert("input_range".into(), range.text.clone().into());
        }
        if self.no_eliminate_requant {
            chosen.insert("eliminate_requant".into(), false.into());
        }
        chosen
    }

    /// Whether any scale exponent may be chosen at run time.
    pub fn is_dynamic(&self) -> bool {
        match self.activations {
            Activations::Static => false,
            Activations::Dynamic => true,
            Activations::Auto => self.calibration.calib.is_none(),
        }
    }
}

fn no_calibration_data() -> Diagnostic {
    Diagnostic::warning("AFP0510", "there is no calibration data")
        .expected("samples, to choose scale exponents by")
        .found("intervals alone, which are wider than what the network computes")
        .help("give some hundred typical samples with --calib")
}

/// Runs a stage of the pipeline. What it has to say beside errors is printed.
///
/// # Errors
/// What the stage's passes report.
pub fn run_stage(
    session: &Session,
    module: &SourceModule<'_>,
    stage: &Stage,
    options: &PipelineOptions,
) -> Outcome {
    let result = pipeline::run(module, stage, options);
    let (errors, others): (Vec<_>, Vec<_>) =
        session.take_diagnostics().into_iter().partition(Diagnostic::is_error);
    report::diagnostics(&others);
    result.map_err(|own| Failure(errors.into_iter().chain(own).collect()))
}

/// Reads a formats file, or makes the one that a format's name stands for.
///
/// # Errors
/// AFP0503 if the text is neither; what the file is refused for.
pub fn read_formats(text: &str) -> Result<Formats, Diagnostic> {
    let path = PathBuf::from(text);
    if path.extension().is_some_and(|e| e == "json") || path.is_file() {
        let bytes = fs::read(&path).map_err(|problem| unreadable(&path, &problem))?;
        let formats = Formats::from_json(text, &String::from_utf8_lossy(&bytes))?;
        if let Some(decided) = &formats.quantization {
            decisions::check(text, decided)?;
        }
        return Ok(formats);
    }
    if let Err(problem) = text.parse::<Format>() {
        return Err(Diagnostic::error("AFP0503", "--formats is neither a format nor a file")
            .expected("a format such as e2m4, or the path of a .json file")
            .found(format!("'{text}'"))
            .note(problem.to_string()));
    }
    let default = Defaults { weights: Some(text.to_owned()), activations: None };
    Ok(Formats { version: VERSION, default, ..Formats::default() })
}

/// Whether a module holds codes: the float network is gone, and what there is can only be run.
pub fn is_quantized(module: &SourceModule<'_>) -> bool {
    let mut types = module.op().descendants().into_iter().flat_map(Op::results).map(mlir::Value::ty);
    types.any(|ty| FloatType::of(ty).is_some())
}

/// Whether what a function returns first is a softmax, converted and moved at most.
pub fn ends_in_softmax(function: Op) -> bool {
    let returned = function.blocks().first().and_then(|body| body.terminator());
    let mut value = returned.and_then(|returned| returned.operands().first().copied());
    while let Some(op) = value.and_then(|value| value.def()) {
        let passes = op.operand_count() == 1 && (view::is_movement(op) || op.is("afp.dequantize"));
        if !passes {
            return op.is("afp.softmax");
        }
        value = Some(op.operand(0));
    }
    false
}

/// AFP0505: an option asks for the float network of a program that holds codes.
pub fn quantized_already(module: &SourceModule<'_>, option: &str) -> Diagnostic {
    Diagnostic::error("AFP0505", "the program is quantized already")
        .at(module.op().loc())
        .expected(format!("a float network, for {option}"))
        .found("a program on codes")
        .help("give the network that the program was compiled from, or leave the option out")
}

/// The public function of a module that was imported.
///
/// # Errors
/// AFP0107 if there is none.
pub fn main_function(module: &SourceModule<'_>) -> Result<Op, Diagnostic> {
    let functions = module.public_functions();
    functions
        .first()
        .copied()
        .ok_or_else(|| Diagnostic::error(code::BAD_FUNCTION, "the module has no public function"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_two_numbers_in_order() {
        let range = |text: &str, lo, hi| Ok(Range { text: text.into(), ends: (lo, hi) });
        assert_eq!(parse_range("-1,1"), range("-1.0,1.0", -1.0, 1.0));
        assert_eq!(parse_range(" 0 , 2.5e2 "), range("0.0,250.0", 0.0, 250.0));
        for bad in ["", "1", "1,", "2,1", "nan,1", "0,inf", "a,b"] {
            assert!(parse_range(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_stage_that_reads_statistics_exists() {
        assert!(pipeline::stage(READS_STATISTICS).is_some());
        assert!(pipeline::stage(ELIMINATES).is_some());
    }

    #[test]
    fn the_manual_lists_the_stages_in_order() {
        let manual = include_str!("../../docs/compile.md");
        let (_, stages) = manual.split_once("\n## Stages\n").expect("a section of stages");
        let listed: Vec<&str> = stages
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
            .map(|(name, _)| name)
            .collect();
        assert_eq!(listed, stage_names());
    }
}
