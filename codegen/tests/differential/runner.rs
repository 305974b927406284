//! Runs a series of cases on all executions, on several threads.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{
    case::{Case, Prepared, Unfit, are_refusals},
    executions::Execution,
    regressions,
};

/// Cases that a thread takes at a time.
const CHUNK: u64 = 8;

/// How often the progress is told.
const PERIOD: Duration = Duration::from_secs(10);

/// What is to be run.
pub struct Plan {
    /// The series.
    pub seed: u64,
    /// The first case.
    pub from: u64,
    /// The case behind the last on this machine's executions.
    pub host: u64,
    /// The case behind the last on simulated ones.
    pub simulated: u64,
    /// Threads.
    pub jobs: usize,
    /// Whether nobody asked for more than the default.
    pub is_default: bool,
}

impl Plan {
    /// From the variables that the module's text names.
    ///
    /// # Panics
    /// If one is no number.
    pub fn from_environment() -> Self {
        let number = |name: &str| {
            let text = std::env::var(name).ok().filter(|text| !text.is_empty())?;
            Some(text.parse::<u64>().unwrap_or_else(|_| panic!("{name}: expected a number, found '{text}'")))
        };
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        let (host, simulated) = (number("AFP_HOST_CASES"), number("AFP_SIMULATED_CASES"));
        let is_default = host.is_none() && simulated.is_none();
        Self {
            seed: number("AFP_SEED").unwrap_or(1),
            from: number("AFP_FROM").unwrap_or(0),
            host: host.unwrap_or(if is_default { 150 } else { 0 }),
            simulated: simulated.unwrap_or(if is_default { 12 } else { 0 }),
            jobs: number("AFP_JOBS").map_or(processors, |jobs| jobs.max(1) as usize),
            is_default,
        }
    }

    fn end(&self) -> u64 {
        self.host.max(self.simulated)
    }
}

/// What the cases held.
#[derive(Default)]
pub struct Coverage(BTreeMap<String, u64>);

impl Coverage {
    fn add(&mut self, case: &Prepared) {
        for name in &case.contents {
            *self.0.entry(name.clone()).or_default() += 1;
        }
    }

    fn count(&self, is_format: bool) -> usize {
        self.0.keys().filter(|name| name.starts_with('!') == is_format).count()
    }

    /// Every operator that has native code, and nearly every format of at most 8 bits.
    ///
    /// # Panics
    /// If something is missing.
    pub fn assert_wide(&self) {
        let operators = [
            "add",
            "concat",
            "constant",
            "conv2d",
            "depthwise_conv2d",
            "dequantize",
            "encode",
            "fully_connected",
            "matmul",
            "max_pool2d",
            "pad",
            "quantize",
            "reshape",
            "slice",
            "softmax",
            "sum_pool2d",
            "table",
            "transpose",
        ];
        let dynamic = ["encode", "quantize", "reshape", "transpose", "slice", "pad", "max_pool2d"];
        for operator in dynamic {
            let name = format!("dynamic afp.{operator}");
            assert!(self.0.contains_key(&name), "no network has a {name}");
        }
        for operator in operators {
            assert!(self.0.contains_key(&format!("afp.{operator}")), "no network has afp.{operator}");
        }
        assert!(self.count(true) >= 60, "only {} formats occur", self.count(true));
    }
}

/// What was run.
#[derive(Default)]
pub struct Summary {
    pub coverage: Coverage,
    refused: u64,
    /// Cases without native code, by execution.
    uncompiled: BTreeMap<String, u64>,
    /// Cases compared, by execution.
    compared: BTreeMap<String, u64>,
    time: Duration,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut counts: BTreeMap<(u64, u64), Vec<&str>> = BTreeMap::new();
        for (name, &count) in &self.compared {
            let others = self.uncompiled.get(name).copied().unwrap_or(0);
            counts.entry((count, others)).or_default().push(name);
        }
        let compared = |((count, others), names): (&(u64, u64), &Vec<&str>)| {
            format!("{count} networks equal ({others} without native code) on {}", names.join(", "))
        };
        let list: Vec<String> = counts.iter().rev().map(compared).collect();
        let (operators, formats) = (self.coverage.count(false), self.coverage.count(true));
        write!(
            f,
            "{:.0} s: {}; {} refused; {operators} operators, {formats} formats",
            self.time.as_secs_f64(),
            list.join("; "),
            self.refused,
        )
    }
}

/// Runs a plan.
///
/// # Panics
/// If a case fails: its shrunk form is stored, and the message says where.
pub fn run(plan: &Plan, host: &[Box<dyn Execution>], simulated: &[Box<dyn Execution>]) -> Summary {
    eprintln!(
        "networks {} to {} of series {}: {} on {} executions, {} on {} simulated ones; {} threads",
        plan.from,
        plan.end(),
        plan.seed,
        plan.host.saturating_sub(plan.from),
        host.len(),
        plan.simulated.saturating_sub(plan.from),
        simulated.len(),
        plan.jobs
    );
    let start = Instant::now();
    let next = AtomicU64::new(plan.from);
    let stop = AtomicBool::new(false);
    let state = Mutex::new((Summary::default(), Instant::now(), None::<String>));
    // Where each thread is: all cases before the least are done.
    let places: Vec<AtomicU64> = (0..plan.jobs).map(|_| AtomicU64::new(plan.from)).collect();
    std::thread::scope(|scope| {
        for place in &places {
            let (next, stop, state, places) = (&next, &stop, &state, &places);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let first = next.fetch_add(CHUNK, Ordering::Relaxed);
                    place.store(first.min(plan.end()), Ordering::Relaxed);
                    if first >= plan.end() {
                        break;
                    }
                    let result = chunk(plan, first..(first + CHUNK).min(plan.end()), host, simulated);
                    let mut state = state.lock().expect("no thread panics with it");
                    let (summary, told, failure) = &mut *state;
                    match result {
                        Ok(part) => summary.join(part),
                        Err(message) => {
                            stop.store(true, Ordering::Relaxed);
                            failure.get_or_insert(message);
                        }
                    }
                    if told.elapsed() > PERIOD {
                        *told = Instant::now();
                        summary.time = start.elapsed();
                        let done = places.iter().map(|place| place.load(Ordering::Relaxed)).min();
                        eprintln!("all below {}, series {}: {summary}", done.unwrap_or(0), plan.seed);
                    }
                }
            });
        }
    });
    let (mut summary, _, failure) = state.into_inner().expect("no thread panics with it");
    if let Some(message) = failure {
        panic!("{message}");
    }
    summary.time = start.elapsed();
    summary
}

impl Summary {
    fn join(&mut self, part: Self) {
        self.refused += part.refused;
        for (name, count) in part.compared {
            *self.compared.entry(name).or_default() += count;
        }
        for (name, count) in part.uncompiled {
            *self.uncompiled.entry(name).or_default() += count;
        }
        for (name, count) in part.coverage.0 {
            *self.coverage.0.entry(name).or_default() += count;
        }
    }
}

/// Runs some cases.
fn chunk(
    plan: &Plan,
    range: std::ops::Range<u64>,
    host: &[Box<dyn Execution>],
    simulated: &[Box<dyn Execution>],
) -> Result<Summary, String> {
    let mut summary = Summary::default();
    let mut cases = Vec::new();
    for index in range {
        let (recipe, case) = Case::random(plan.seed, index);
        match case.prepare(index) {
            Ok(case) => cases.push(case),
            Err(Unfit::Refused) => summary.refused += 1,
            Err(Unfit::Wrong(what)) => {
                return Err(format!("network {index}, {recipe:?}\n{what}\n{}", case.text));
            }
        }
    }
    let on = |limit: u64| cases.iter().take_while(|case| case.index < limit).count();
    let (on_host, on_simulated) = (&cases[..on(plan.host)], &cases[..on(plan.simulated)]);
    let sets = [(host, on_host), (simulated, on_simulated)];
    for (executions, cases) in sets {
        for execution in executions.iter().filter(|_| !cases.is_empty()) {
            for (case, found) in cases.iter().zip(execution.run(cases)) {
                match difference(case, found) {
                    Verdict::Equal => *summary.compared.entry(execution.name().to_owned()).or_default() += 1,
                    Verdict::Refused => {
                        *summary.uncompiled.entry(execution.name().to_owned()).or_default() += 1
                    }
                    Verdict::Differs(what) => {
                        return Err(regressions::store(plan.seed, case.index, execution.as_ref(), &what));
                    }
                }
            }
        }
    }
    for case in &cases {
        summary.coverage.add(case);
    }
    Ok(summary)
}

/// How an execution's outputs compare with the interpreter's.
pub enum Verdict {
    /// Bit for bit.
    Equal,
    /// The network has no native code, as it may be.
    Refused,
    /// Not, or there are none.
    Differs(String),
}

/// Compares an execution's outputs with the interpreter's.
pub fn difference(
    case: &Prepared,
    found: Result<crate::case::Outputs, Vec<afp_ir::diag::Diagnostic>>,
) -> Verdict {
    let found = match found {
        Ok(found) => found,
        Err(errors) if are_refusals(&errors) => return Verdict::Refused,
        Err(errors) => {
            let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
            return Verdict::Differs(texts.join("\n"));
        }
    };
    if found == case.expected {
        return Verdict::Equal;
    }
    for (sample, (expected, found)) in case.expected.iter().zip(&found).enumerate() {
        for (output, (expected, found)) in expected.iter().zip(found).enumerate() {
            let pairs = expected.iter().zip(found).enumerate();
            if let Some((index, (expected, found))) = pairs.into_iter().find(|(_, (a, b))| a != b) {
                return Verdict::Differs(format!(
                    "sample {sample}, output {output}, element {index}: expected {expected:#010x}, found {found:#010x}"
                ));
            }
        }
    }
    Verdict::Differs("another number of outputs".to_owned())
}
