//! `afpc bench`: how fast compiled code is on this machine, as a whole and by layer.

use std::{
    cell::RefCell,
    collections::HashMap,
    ffi::c_int,
    time::{Duration, Instant},
};

use afp_codegen::{call::Call, peak::Peak, target};
use afp_ir::{
    diag::Diagnostic,
    dialect::Element,
    interp::{Data, Program, Signature, Tensor},
    mlir::Session,
    numerics::Code,
};
use serde_json::{Value, json};

use crate::{
    cli::{Failure, Outcome},
    io::{
        model,
        output::print,
        samples::{Source, with_samples},
    },
    native::{self, Backend, Generation, Loaded, RUN_SYMBOL, Request},
    network::json::pretty,
    recipe::{Task, main_function},
};

/// Calls before any is timed, and at least so many that are.
const WARM_UP: usize = 3;
/// The number of timed calls that a percentile needs at least.
const LEAST_CALLS: usize = 20;
/// No more than this: the percentiles do not change any more.
const MOST_CALLS: usize = 100_000;
/// How long the machine's peak is measured.
const PEAK: Duration = Duration::from_millis(100);
/// Slowest layers that a person is shown.
const SHOWN: usize = 10;

/// Time the compiled network on this machine
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    task: Task,
    /// The sample to run on, the first of the file: float32 as .npy, or .npz with the key x; NAME=FILE
    /// for each of several inputs [default: numbers between -1 and 1]
    #[arg(long, value_name = "FILE")]
    input: Vec<Source>,
    /// What makes the machine code
    #[arg(long, value_enum, default_value_t = Backend::Llvm)]
    backend: Backend,
    /// The machine to compile for, which this one must be able to stand for
    #[arg(long, default_value = "host")]
    target: String,
    #[command(flatten)]
    generation: Generation,
    /// Time each layer by itself too
    #[arg(long)]
    per_layer: bool,
    /// Go on for at least so long
    #[arg(long, value_name = "SECONDS", default_value = "1", value_parser = parse_seconds)]
    time: Duration,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.0..=3600.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "expected a number of seconds up to 3600".into())
}

/// Runs the command.
///
/// # Errors
/// AFP0511 if this machine does not run the target's code; what is wrong with the network, the recipe or
/// the samples.
pub fn run(arguments: &Arguments) -> Outcome {
    let target = target::named(&arguments.target)?;
    if !target.runs_here() {
        return Err(Diagnostic::error("AFP0511", "the target's code does not run on this machine")
            .expected("host, or a target whose instructions this machine has")
            .found(format!("'{}'", target.name))
            .help("afpc compile makes code for other machines; time it there")
            .into());
    }
    let load = |is_profiled: bool| -> Result<(Loaded, Program), Failure> {
        let request = Request { is_profiled, ..Request::new(RUN_SYMBOL, arguments.backend, target) };
        let request = request.with(&arguments.generation)?;
        let session = Session::new();
        let module = model::load(&session, &arguments.task.model)?;
        arguments.task.recipe.apply(&session, &module)?;
        let program = Program::from_function(main_function(&module)?)?;
        let names = (program.inputs(), program.outputs());
        Ok((native::load(&session, &module, &request, names)?, program))
    };
    let (network, program) = load(false)?;
    let inputs = inputs(arguments, program.inputs(), &network)?;
    let times = measure(&mut network.code.function().prepare(&inputs)?, arguments.time, &mut |_| ())?;
    let whole = Times::of(times);
    let layers =
        if arguments.per_layer { Some(layers(&load(true)?.0, &inputs, arguments.time)?) } else { None };
    let macs = network.description.macs();
    let peak = peak(&target)?;
    let (backend, threads) = (arguments.backend.name(), arguments.generation.threads);
    let generation = network.times;
    let result = Measured { target: target.name, backend, threads, generation, macs, whole, peak, layers };
    print(&if arguments.json { pretty(&result.json()) } else { result.lines().join("\n") + "\n" })?;
    Ok(())
}

/// The inputs of every call: the first sample of the files, or numbers that stand for one.
fn inputs(arguments: &Arguments, signatures: &[Signature], network: &Loaded) -> Result<Vec<Tensor>, Failure> {
    if arguments.input.is_empty() {
        let ports = &network.code.interface().inputs;
        return Ok(ports.iter().map(synthetic).collect());
    }
    let mut first = Vec::new();
    let data = (&arguments.input[..], &arguments.task.recipe.calibration.pixels);
    with_samples(data, signatures, 1, &mut |mut samples| {
        first = samples.read(1)?.pop().unwrap_or_default();
        Ok(())
    })?;
    Ok(first)
}

/// The same numbers every time, evenly spread.
fn synthetic(port: &Signature) -> Tensor {
    let count: usize = port.shape.iter().product();
    let spread = (0..count as u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40);
    let data = match port.element {
        Element::Float(ty) => {
            let codes: Vec<Code> = ty.format.canonical_codes().collect();
            let codes = spread.map(|n| codes[n as usize % codes.len()]).collect();
            Data::Codes { ty, codes }
        }
        _ => Data::Real(spread.map(|n| n as f32 / (1u64 << 23) as f32 - 1.0).collect()),
    };
    Tensor { shape: port.shape.clone(), data }
}

/// Calls a network until enough time has gone by; `seen` is told before every timed call.
fn measure(
    call: &mut Call<'_>,
    least: Duration,
    seen: &mut dyn FnMut(usize),
) -> Result<Vec<Duration>, Diagnostic> {
    let start = Instant::now();
    let mut warm = 0;
    while warm < WARM_UP || start.elapsed() < least / 10 {
        call.run()?;
        warm += 1;
    }
    let mut times = Vec::new();
    let start = Instant::now();
    while times.len() < MOST_CALLS && (times.len() < LEAST_CALLS || start.elapsed() < least) {
        seen(times.len());
        let before = Instant::now();
        call.run()?;
        times.push(before.elapsed());
    }
    Ok(times)
}

/// Times of many calls, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Times {
    calls: usize,
    median: f64,
    p10: f64,
    p90: f64,
}

impl Times {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort();
        let at = |percent: usize| {
            let index = (times.len() * percent / 100).min(times.len().saturating_sub(1));
            times.get(index).map_or(0.0, Duration::as_secs_f64)
        };
        Self { calls: times.len(), median: at(50), p10: at(10), p90: at(90) }
    }
}

/// A layer's time, in seconds.
struct Timed {
    name: String,
    operator: String,
    strategy: String,
    macs: u64,
    seconds: f64,
}

thread_local! {
    /// When the step of each number ended; of the thread that calls, as long as it wants to know.
    static STEPS: RefCell<Option<Vec<(c_int, Instant)>>> = const { RefCell::new(None) };
}

/// What the code calls behind each step, on each of its threads.
unsafe extern "C" fn step_ended(step: c_int) {
    let now = Instant::now();
    let _ = STEPS.try_with(|steps| {
        if let Ok(mut steps) = steps.try_borrow_mut()
            && let Some(steps) = steps.as_mut()
        {
            steps.push((step, now));
        }
    });
}

/// The times of a network's layers, slowest first: medians of what their steps took together.
fn layers(network: &Loaded, inputs: &[Tensor], least: Duration) -> Result<Vec<Timed>, Diagnostic> {
    // SAFETY: the function does not unwind, and no call is under way.
    unsafe { network.code.observe(step_ended) };
    let mut call = network.code.function().prepare(inputs)?;
    STEPS.set(None);
    let mut starts = Vec::new();
    measure(&mut call, least, &mut |calls| {
        if calls == 0 {
            STEPS.set(Some(Vec::new()));
        }
        starts.push(Instant::now());
    })?;
    let ends = STEPS.take().unwrap_or_default();
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); network.steps.len()];
    for (start, steps) in starts.iter().zip(ends.chunks(network.steps.len().max(1))) {
        let mut before = *start;
        for &(step, end) in steps {
            if let Some(times) = usize::try_from(step).ok().and_then(|step| times.get_mut(step)) {
                times.push(end.saturating_duration_since(before));
            }
            before = end;
        }
    }
    let mut seconds: HashMap<&str, f64> = HashMap::new();
    for (name, times) in network.steps.iter().zip(times) {
        *seconds.entry(name).or_default() += Times::of(times).median;
    }
    let mut layers: Vec<Timed> = network
        .description
        .layers
        .iter()
        .map(|layer| Timed {
            name: layer.name.clone(),
            operator: layer.operator.clone(),
            strategy: layer.strategy.clone(),
            macs: layer.macs,
            seconds: seconds.remove(layer.name.as_str()).unwrap_or(0.0),
        })
        .collect();
    layers.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    Ok(layers)
}

/// What was found.
struct Measured {
    target: &'static str,
    backend: &'static str,
    threads: u16,
    generation: native::Times,
    macs: u64,
    whole: Times,
    /// The most that one thread of this machine reaches, in 10^9 products per second.
    peak: Option<f64>,
    layers: Option<Vec<Timed>>,
}

/// 10^9 products per second.
fn gmacs(macs: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { macs as f64 / seconds / 1e9 } else { 0.0 }
}

/// What times are told to a person in: the name, and how many there are in a second.
fn unit(seconds: f64) -> (&'static str, f64) {
    if seconds < 1e-3 { ("us", 1e6) } else { ("ms", 1e3) }
}

/// What a thread of this machine reaches when it does nothing but multiply; none without a dot product.
fn peak(target: &target::Target) -> Result<Option<f64>, Diagnostic> {
    let Some(peak) = Peak::new(target)? else { return Ok(None) };
    let (start, mut times) = (Instant::now(), Vec::new());
    while times.len() < LEAST_CALLS || start.elapsed() < PEAK {
        let before = Instant::now();
        peak.run()?;
        times.push(before.elapsed());
    }
    Ok(Some(gmacs(peak.macs, Times::of(times).p10)))
}

impl Measured {
    /// A speed as a percentage of what all threads could reach.
    fn share(&self, gmacs: f64) -> Option<f64> {
        self.peak.map(|peak| 100.0 * gmacs / (peak * f64::from(self.threads)))
    }

    fn lines(&self) -> Vec<String> {
        let Times { calls, median, p10, p90 } = self.whole;
        let (unit, per_second) = unit(median);
        let native::Times { kernels, code } = self.generation;
        let mut lines = vec![
            format!("target     {} by {}", self.target, self.backend),
            format!("threads    {}", self.threads),
            format!(
                "generated  in {:.1} ms: kernels {:.1} ms, machine code {:.1} ms",
                1e3 * (kernels + code).as_secs_f64(),
                1e3 * kernels.as_secs_f64(),
                1e3 * code.as_secs_f64()
            ),
            format!("calls      {calls}"),
            format!("median     {:.3} {unit}", per_second * median),
            format!("p10, p90   {:.3} {unit}, {:.3} {unit}", per_second * p10, per_second * p90),
            format!("MACs       {}", self.macs),
            format!("speed      {:.2} GMAC/s", gmacs(self.macs, median)),
        ];
        lines.extend(self.peak.map(|peak| {
            let share = self.share(gmacs(self.macs, median)).unwrap_or(0.0);
            format!("peak       {peak:.2} GMAC/s of a thread; the network reaches {share:.0} % of it")
        }));
        let Some(layers) = &self.layers else { return lines };
        let total: f64 = layers.iter().map(|layer| layer.seconds).sum();
        lines.push(String::new());
        lines.push(format!(
            "{:<34} {:>9} {:>6} {:>11} {:>8} {:>6}",
            "slowest layers", unit, "share", "MACs", "GMAC/s", "peak"
        ));
        for layer in layers.iter().take(SHOWN) {
            let share = if total > 0.0 { 100.0 * layer.seconds / total } else { 0.0 };
            lines.push(format!(
                "{:<34} {:>9.3} {share:>4.1} % {:>11} {:>8.2} {:>6}",
                shortened(&layer.name, 34),
                per_second * layer.seconds,
                layer.macs,
                gmacs(layer.macs, layer.seconds),
                self.share(gmacs(layer.macs, layer.seconds))
                    .map_or("-".into(), |share| format!("{share:.0} %"))
            ));
        }
        lines
    }

    fn json(&self) -> Value {
        let Times { calls, median, p10, p90 } = self.whole;
        let mut value = json!({
            "target": self.target,
            "backend": self.backend,
            "threads": self.threads,
            "generation_seconds": {
                "kernels": self.generation.kernels.as_secs_f64(),
                "code": self.generation.code.as_secs_f64(),
            },
            "calls": calls,
            "seconds": {"median": median, "p10": p10, "p90": p90},
            "macs": self.macs,
            "gmacs": gmacs(self.macs, median),
        });
        if let Some(peak) = self.peak {
            value["peak_gmacs"] = json!(peak);
        }
        if let Some(layers) = &self.layers {
            let layer = |layer: &Timed| {
                json!({
                    "name": layer.name,
                    "operator": layer.operator,
                    "strategy": layer.strategy,
                    "seconds": layer.seconds,
                    "macs": layer.macs,
                    "gmacs": gmacs(layer.macs, layer.seconds),
                })
            };
            value["layers"] = layers.iter().map(layer).collect();
        }
        value
    }
}

/// A text of at most so many characters: the end of it if it is longer.
fn shortened(text: &str, width: usize) -> String {
    let count = text.chars().count();
    if count <= width {
        return text.to_owned();
    }
    format!("..{}", text.chars().skip(count - (width - 2)).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_sorted_times() {
        let times = Times::of((1..=100).rev().map(Duration::from_secs).collect());
        assert_eq!(times, Times { calls: 100, median: 51.0, p10: 11.0, p90: 91.0 });
        assert_eq!(Times::of(vec![Duration::from_secs(2)]).p90, 2.0);
        assert_eq!(Times::of(Vec::new()).median, 0.0);
    }

    #[test]
    fn long_names_keep_their_end() {
        assert_eq!(shortened("conv", 4), "conv");
        assert_eq!(shortened("features.conv", 6), "..conv");
    }

    #[test]
    fn times_to_go_on_are_seconds() {
        assert_eq!(parse_seconds("0.5"), Ok(Duration::from_millis(500)));
        for bad in ["", "-1", "nan", "1e9", "x"] {
            assert!(parse_seconds(bad).is_err(), "{bad}");
        }
    }
}
