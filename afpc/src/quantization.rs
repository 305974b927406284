//! Calibration data put to use: equalization, statistics, and rounded weights, on a module in the real form.
//!
//! What is computed is in `afp_ptq`; here are files, options, and progress.

use afp_ir::{
    diag::Diagnostic,
    interp::{Program, Tensor},
    mlir::{Session, SourceModule},
};
use afp_passes::{
    equalize::Classes,
    formats::{Formats, Quantization},
    pipeline::{self, PipelineOptions, STAGES},
};
use afp_ptq::{
    apply,
    calibration::{self, observe},
    compiled::Reading,
    equalize::{Wishes, absorption::absorb, samples::ChannelSamples},
    network::{Network, SiteFormat},
    quantizer::{Options, Quantizer, split},
    rounding,
    sequential::{self, Method},
    setting::Setting,
    simulator::Simulator,
    synthetic,
};

use crate::{
    cli::{Failure, Outcome},
    decisions::{self, Decisions},
    recipe::{DEFAULT_RANGE, Range, Recipe, main_function, run_stage},
    report,
};

/// The format of weights that nothing names.
const DEFAULT_WEIGHTS: &str = "e2m4";

/// How much of the differences between channels is taken away from activations; weights take the rest.
const BALANCE: f64 = 0.5;
/// Samples by whose moments factors seat weights on their grids.
const ABSORBED: usize = 16;
/// The format that weights are seated in.
const SEATED: &str = "e2m2";

/// What is done about channels of different magnitude.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Equalization {
    /// Nothing
    Off,
    /// Channels are multiplied by powers of two, which changes no result of the float network
    Exact,
    /// Channels are multiplied by any factors
    Full,
    /// The same, and then by factors that seat weights on their grids: helps weights rounded to nearest, and
    /// costs activations
    Absorb,
}

/// How weights are rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Rounding {
    /// Each weight for itself
    Nearest,
    /// Each weight for itself, at one scale exponent per tensor: as AFP was published
    Published,
    /// Errors made up for by the other weights of a channel, and by its bias (GPTQ)
    Gptq,
}

impl Rounding {
    /// As a formats file says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            Self::Published => "published",
            Self::Gptq => "gptq",
        }
    }
}

/// What layers are rounded for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Moments {
    /// What the formats file says, else float; a search takes what samples prefer that it held out
    Auto,
    /// What they read in the float network
    Float,
    /// The same, but biases take up what the quantized layers before them have changed on average
    Biases,
    /// What they read behind the quantized layers before them, and what is missing there
    Prefix,
}

impl Moments {
    /// As a formats file says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Float => "float",
            Self::Biases => "biases",
            Self::Prefix => "prefix",
        }
    }

    /// The method that it stands for, if there is one.
    pub fn method(self) -> Option<Method> {
        match self {
            Self::Auto | Self::Float => None,
            Self::Biases => Some(Method::Biases),
            Self::Prefix => Some(Method::Prefix),
        }
    }
}

impl Equalization {
    /// As a formats file says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Exact => "exact",
            Self::Full => "full",
            Self::Absorb => "absorb",
        }
    }
}

/// How scale exponents of activations are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Activations {
    /// When the network is compiled
    Static,
    /// When it runs, from the largest value of each tensor. With calibration data, only where samples
    /// disagree about it
    Dynamic,
    /// Static with calibration data, dynamic without
    #[default]
    Auto,
}

impl Activations {
    /// As the option says it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::Dynamic => "dynamic",
            Self::Auto => "auto",
        }
    }
}

/// How many samples are made up where there are none.
const SYNTHETIC: usize = 16;

/// Calibration samples: those whose values are observed, and those that judge a search.
pub struct Samples {
    observed: Vec<Vec<Tensor>>,
    judges: Vec<Vec<Tensor>>,
    /// A hash of all, if formats are searched.
    pub data: Option<String>,
}

impl Samples {
    /// Reads the calibration data of a module in the real form. Where nothing is searched, and nothing was for
    /// the formats that were `decided`, no sample needs to judge. Differences from what was decided are
    /// reported.
    ///
    /// # Errors
    /// What the calibration data are refused for.
    pub fn read(
        module: &SourceModule<'_>,
        recipe: &Recipe,
        decided: Option<&Quantization>,
        searches: bool,
    ) -> Result<Self, Failure> {
        let program = Program::from_function(main_function(module)?)?;
        let Decisions { seed, samples, .. } = recipe.decisions(decided);
        let samples = recipe.calibration.read(program.inputs(), samples)?;
        if let Some(decided) = decided {
            let mut warnings = recipe.contradictions(decided);
            // Another number of samples is no surprise to whoever asks for it.
            if recipe.calibration.calib_samples.is_none_or(|number| Some(number) == decided.samples) {
                warnings.extend(recipe.other_data(decided, &samples));
            }
            report::diagnostics(&warnings);
        }
        let data = searches.then(|| decisions::fingerprint(&samples));
        let judged = searches || decided.is_some();
        let (observed, judges) = if judged { split(samples, seed) } else { (samples, Vec::new()) };
        Ok(Self { observed, judges, data })
    }

    /// Makes samples up for a module in the real form.
    ///
    /// # Errors
    /// What the interpreter refuses the module for.
    pub fn synthetic(module: &SourceModule<'_>, recipe: &Recipe, seed: u64) -> Result<Self, Failure> {
        let program = Program::from_function(main_function(module)?)?;
        let range = recipe.input_range.as_ref().map_or(DEFAULT_RANGE, Range::ends);
        let observed = synthetic::samples(program.inputs(), range, SYNTHETIC, seed);
        Ok(Self { observed, judges: Vec::new(), data: None })
    }
}

/// Sets statistics on a module that is equalized already, and rounds all weights to their formats. Of
/// samples that are made up, no more is told than where sites peak.
///
/// # Errors
/// What the simulator reports.
pub fn calibrate(
    module: &SourceModule<'_>,
    recipe: &Recipe,
    decisions: &Decisions,
    formats: Option<&Formats>,
    samples: Samples,
) -> Outcome {
    let samples = Samples { judges: Vec::new(), ..samples };
    with_quantizer(module, decisions, samples, |quantizer| {
        let seen = &quantizer.observations;
        if recipe.calibration.calib.is_some() {
            apply::statistics(module.op(), quantizer.network, &seen.histograms);
        }
        if recipe.is_dynamic() {
            let unsteady =
                |peaks: &&Vec<i32>| recipe.calibration.calib.is_none() || !calibration::steady(peaks);
            let peaks: Vec<_> = seen
                .peaks
                .iter()
                .map(|peaks| Some(peaks).filter(unsteady).and_then(|p| calibration::spread(p)))
                .collect();
            apply::peaks(module.op(), quantizer.network, &peaks);
        }
        if decisions.rounding == Rounding::Nearest {
            return Ok(());
        }
        let bar = report::progress("rounding", quantizer.network.layers.len());
        let mut setting = Setting::default();
        let jobs: Vec<_> = quantizer
            .network
            .layers
            .iter()
            .map(|layer| {
                formats.and_then(|formats| formats.weights_of(&layer.name)).or(DEFAULT_WEIGHTS.parse().ok())
            })
            .collect();
        quantizer.round_each(&jobs, &|| report::advance(&bar, 1));
        bar.finish_and_clear();
        setting.weights =
            jobs.iter().enumerate().map(|(layer, job)| Some(quantizer.rounded(layer, (*job)?).0)).collect();
        if let Some(method) = decisions.moments.method() {
            setting.sites = sites(quantizer, formats);
            setting = refit(quantizer, &setting, method)?;
        }
        apply::weights(module.op(), quantizer.network, &setting);
        Ok(())
    })
}

/// Weights and biases that make up for what the layers before them have lost.
///
/// # Errors
/// What the simulator reports.
pub fn refit(quantizer: &Quantizer<'_>, setting: &Setting, method: Method) -> Result<Setting, Diagnostic> {
    let bar = report::progress("making up for losses", quantizer.network.layers.len());
    let setting = sequential::refit(quantizer, setting, method, &|| report::advance(&bar, 1))?;
    bar.finish_and_clear();
    Ok(setting)
}

/// The formats of sites: those of a file, and the default ones.
fn sites(quantizer: &Quantizer<'_>, formats: Option<&Formats>) -> Vec<Option<SiteFormat>> {
    let mut sites = quantizer.fixed_sites();
    for (id, site) in quantizer.network.sites.iter().enumerate() {
        if let Some((format, exp)) = formats.and_then(|formats| formats.activation_of(&site.name)) {
            let found = quantizer.site_format(id, format);
            sites[id] = Some(SiteFormat { exp: exp.unwrap_or(found.exp), ..found });
        }
    }
    quantizer.tie(&mut sites);
    sites
}

/// Takes an imported module to the real form and equalizes it, and hands `work` a quantizer that has seen the
/// samples, with what was done. What was `decided` by an earlier search holds again.
///
/// # Errors
/// What the stages and the calibration data are refused for; what the simulator and `work` report.
pub fn on_samples<T>(
    (session, module): (&Session, &SourceModule<'_>),
    recipe: &Recipe,
    decided: Option<&Quantization>,
    work: impl FnOnce(&Quantizer<'_>, Quantization) -> Result<T, Failure>,
) -> Result<T, Failure> {
    for stage in &STAGES[..=pipeline::stage("afp-form-groups").unwrap_or(0)] {
        run_stage(session, module, stage, &PipelineOptions::default())?;
    }
    let decisions = recipe.decisions(decided);
    recipe.check_moments(&decisions)?;
    let samples = Samples::read(module, recipe, decided, true)?;
    equalize(module, decisions.equalization, &samples)?;
    let done = Quantization {
        rounding: Some(decisions.rounding.name().into()),
        equalization: Some(decisions.equalization.name().into()),
        moments: Some(Moments::Float.name().into()),
        seed: Some(decisions.seed),
        samples: Some(decisions.samples),
        data: samples.data.clone(),
    };
    with_quantizer(module, &decisions, samples, |quantizer| work(quantizer, done))
}

/// Takes an imported module through the recipe, and reads back the float network and what it is compiled with.
///
/// # Errors
/// As [`Recipe::apply`].
pub fn compiled(
    (session, module): (&Session, &SourceModule<'_>),
    recipe: &Recipe,
) -> Result<(Network, Setting), Failure> {
    let (mut network, mut reading, mut setting) = (None, Reading::default(), None);
    recipe.apply_watched(session, module, &mut |stage, module| {
        let function = main_function(module)?;
        match (stage, &network) {
            // The last stage whose result is the float network.
            ("afp-form-groups" | "afp-equalize", _) => network = Some(Network::load(function)?),
            ("afp-assign-formats", Some(network)) => reading.formats(function, network),
            ("afp-encode-weights", Some(network)) => {
                setting = Some(std::mem::take(&mut reading).weights(function, network));
            }
            _ => {}
        }
        Ok(())
    })?;
    network.zip(setting).ok_or_else(|| {
        Diagnostic::error("AFP0001", "a stage of the pipeline was not run; this is a bug in afpc").into()
    })
}

/// Hands `work` a quantizer that has seen the samples.
///
/// # Errors
/// What the simulator and `work` report.
fn with_quantizer<T>(
    module: &SourceModule<'_>,
    decisions: &Decisions,
    samples: Samples,
    work: impl FnOnce(&Quantizer<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let Samples { observed, judges, .. } = samples;
    let network = Network::load(main_function(module)?)?;
    let options = Options {
        seed: decisions.seed,
        rounding: rounding::Options {
            method: match decisions.rounding {
                Rounding::Nearest => rounding::Method::Nearest,
                Rounding::Published => rounding::Method::Published,
                Rounding::Gptq => rounding::Method::Gptq,
            },
            // Weights that are rounded to nearest are those of the network, and so are its biases.
            exponents: match decisions.rounding {
                Rounding::Nearest => rounding::Exponents::Plain,
                _ => rounding::Exponents::Weighted,
            },
            bias_correction: decisions.rounding != Rounding::Nearest,
            ..rounding::Options::default()
        },
        max_exponents: decisions.rounding == Rounding::Published,
        ..Options::default()
    };
    let bar = report::progress("calibrating", observed.len() + judges.len());
    let quantizer = Quantizer::new(&network, (&observed, judges), options, &|| report::advance(&bar, 1))?;
    bar.finish_and_clear();
    work(&quantizer)
}

/// Gives the module's channels the factors that suit the samples.
///
/// # Errors
/// What the simulator reports.
pub fn equalize(module: &SourceModule<'_>, how: Equalization, samples: &Samples) -> Outcome {
    let samples = &samples.observed;
    let factors = match how {
        Equalization::Off => return Ok(()),
        Equalization::Exact => "power-of-two",
        Equalization::Full | Equalization::Absorb => "real",
    };
    let function = main_function(module)?;
    let apply = |wishes: &Wishes| -> Outcome {
        afp_passes::equalize::attach(module.op(), wishes);
        let pipeline = format!("builtin.module(afp-equalize{{factors={factors}}})");
        module.run_pipeline(&pipeline).map_err(|message| {
            Failure::from(
                Diagnostic::error("AFP0001", "the module cannot be equalized; this is a bug in afpc")
                    .found(message),
            )
        })
    };
    let classes = Classes::of(function);
    let network = Network::load(function)?;
    let float = Simulator::new(&network, &Setting::default())?;
    let seen = ChannelSamples::gather(&network, &classes, &float, samples, &|| ())?;
    apply(&seen.wishes(&network, BALANCE))?;
    if how != Equalization::Absorb {
        return Ok(());
    }
    let network = Network::load(function)?;
    let float = Simulator::new(&network, &Setting::default())?;
    let few = &samples[..samples.len().min(ABSORBED)];
    let observations = observe(&network, &float, few, &|| ())?;
    let format = SEATED.parse().map_err(|_| Failure(Vec::new()))?;
    let formats = vec![format; network.layers.len()];
    apply(&absorb(&network, &classes, &observations.moments, &formats, None))
}
