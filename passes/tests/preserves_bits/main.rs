//! Every pass that is to preserve bits does, on random networks.
//!
//! A random network in the real form is quantized with random formats and scale exponents; then the
//! interpreter's outputs before and after each pass are compared bit for bit, on random inputs and on
//! extreme ones. Three networks in five have sites with dynamic scale exponents, and two in three get conversions
//! that no assignment makes ([`mutate`]). [`contents`] counts what occurs. What `afp-prove-widths` proves is checked against the exact values
//! that occur.
//!
//! `PROPTEST_CASES` sets the number of networks (a default that takes seconds if it is not set).

mod contents;
mod dynamic;
mod graph;
mod mutate;

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
};

use afp_ir::{
    interp::{Data, Program, Tensor},
    mlir::{Attr, Session, SourceModule},
};
use afp_passes::{
    conversions::{Fate, Ledger},
    registry,
};
use graph::{KINDS, Recipe, samples};
use proptest::{
    collection,
    prelude::*,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};

/// Networks that are tried if `PROPTEST_CASES` is not set.
const CASES: u32 = 2500;

/// Up to the first pass that must preserve bits.
const QUANTIZE: &str = "builtin.module(afp-range-analysis{input-range=-3,3},\
                        afp-assign-formats{weights=e2m3 activations=auto},afp-quantize,afp-encode-weights)";

/// What preserves bits, in the pipeline's order and in others.
const ORDERS: [&[&str]; 4] = [
    &["cse", "afp-eliminate-requant", "canonicalize", "cse", "afp-prove-widths"],
    &["canonicalize", "afp-eliminate-requant", "canonicalize", "afp-prove-widths"],
    &["afp-prove-widths", "afp-eliminate-requant", "afp-prove-widths"],
    &["afp-eliminate-requant", "cse", "afp-eliminate-requant", "canonicalize", "afp-prove-widths"],
];

/// What makes a program on codes, to which conversions are added, and what must preserve its bits.
const ON_CODES: &str = "builtin.module(afp-eliminate-requant,canonicalize,cse)";
const BEHIND_MUTATION: [&str; 4] = ["afp-eliminate-requant", "canonicalize", "cse", "afp-prove-widths"];

/// A pass refuses a network for its formats: a bias, or an exact value, beyond 63 bits.
const REFUSALS: [&str; 2] = ["AFP0313", "W1"];

/// The interpreter does.
const TOO_WIDE: &str = "AFP0405";

fn recipes() -> impl Strategy<Value = Recipe> {
    let steps = collection::vec((0..KINDS, any::<u64>()), 1..9);
    (any::<u64>(), steps).prop_map(|(seed, steps)| Recipe { seed, steps })
}

fn fixed(config: ProptestConfig) -> TestRunner {
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

#[test]
fn outputs_stay_bit_for_bit() {
    registry::register_all();
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let chosen = std::env::var_os("PROPTEST_CASES").is_some();
    if !chosen {
        config.cases = CASES;
    }
    let cases = config.cases;
    // By default always the same networks; new ones each time for whoever asks for more.
    let mut runner = if chosen { TestRunner::new(config) } else { fixed(config) };
    let executed = std::cell::Cell::new(0);
    let counts = Counts::default();
    let result = runner.run(&recipes(), |recipe| {
        if check(&recipe, &counts)? {
            executed.set(executed.get() + 1);
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    // Formats that no integer holds are refused: not so many that nothing is tested.
    assert!(executed.get() > cases / 2, "only {} of {cases} networks could be executed", executed.get());
    let (fates, contents) = (counts.fates.into_inner(), counts.contents.into_inner());
    eprintln!("{} of {cases} networks executed", executed.get());
    eprintln!("networks with {contents:?}\nconversions: {fates:?}");
    for kind in contents::KINDS {
        let found = contents.get(kind).copied().unwrap_or(0);
        assert!(found * 40 >= cases, "only {found} networks have {kind}");
    }
    for fate in Fate::ALL {
        let found = fates.get(&fate.to_string()).copied().unwrap_or(0);
        assert!(found * 50 >= cases || fate == Fate::Folded, "only {found} conversions are {fate}");
    }
}

/// What occurred.
#[derive(Default)]
struct Counts {
    /// Conversions, by what became of them.
    fates: RefCell<BTreeMap<String, u32>>,
    /// Networks, by what they have.
    contents: RefCell<BTreeMap<&'static str, u32>>,
}

/// Compares one network's outputs before and after each pass; whether it could be executed.
fn check(recipe: &Recipe, counts: &Counts) -> Result<bool, TestCaseError> {
    let graph = recipe.network();
    let session = Session::new();
    let Ok(module) = session.parse("network.mlir", graph.as_bytes()) else {
        return Err(fail(&graph, "the network is no program", &format!("{:?}", session.take_diagnostics())));
    };
    if recipe.seed % 5 < 3 {
        dynamic::add_peaks(&module, &mut graph::Random(recipe.seed ^ 0xd1));
    }
    if !passed(&session, &module, QUANTIZE, &graph)? {
        return Ok(false);
    }
    let input = module.functions()[0].blocks()[0].args()[0].ty().shape().unwrap_or_default();
    let shape: Vec<usize> = input.into_iter().map(|size| size as usize).collect();
    let samples = samples(&shape, recipe.seed);
    let mutated = !recipe.seed.is_multiple_of(3);
    if mutated {
        if !passed(&session, &module, ON_CODES, &graph)? {
            return Ok(false);
        }
        mutate::mutate(&module, &mut graph::Random(recipe.seed));
        Ledger::open(module.op()).attach(module.op());
        if !module.op().verify() {
            let text = module.to_text(false);
            return Err(fail(&graph, &format!("no program: {:?}", session.take_diagnostics()), &text));
        }
    }
    let Some(expected) = outputs(&module, &samples, &graph)? else { return Ok(false) };
    for kind in contents::of(module.functions()[0]) {
        *counts.contents.borrow_mut().entry(kind).or_default() += 1;
    }
    let passes = if mutated { &BEHIND_MUTATION[..] } else { ORDERS[recipe.steps.len() % ORDERS.len()] };
    for pass in passes {
        let before = module.to_text(false);
        if !passed(&session, &module, &format!("builtin.module({pass})"), &graph)? {
            return Ok(true);
        }
        let Some(found) = outputs(&module, &samples, &graph)? else {
            return Err(fail(&graph, &format!("{pass} makes the network fail"), &before));
        };
        for (sample, (expected, found)) in expected.iter().zip(&found).enumerate() {
            if expected != found {
                let what = format!("{pass} changes outputs of sample {sample}: {expected:?} to {found:?}");
                return Err(fail(&graph, &what, &before));
            }
        }
        if *pass == "afp-eliminate-requant" {
            let entries = Ledger::of(module.op()).map_or_else(Vec::new, |ledger| ledger.entries);
            for fate in entries.into_iter().filter_map(|entry| entry.fate) {
                *counts.fates.borrow_mut().entry(fate.to_string()).or_default() += 1;
            }
        }
        if *pass == "afp-prove-widths" {
            widths_hold(&module, &samples, &graph)?;
        }
    }
    Ok(true)
}

fn fail(graph: &str, what: &str, detail: &str) -> TestCaseError {
    TestCaseError::fail(format!("{what}\n--- network\n{graph}\n--- detail\n{detail}"))
}

/// Runs a pipeline; false if it refuses the network for a reason that is its to give.
fn passed(
    session: &Session,
    module: &SourceModule<'_>,
    pipeline: &str,
    graph: &str,
) -> Result<bool, TestCaseError> {
    let result = module.run_pipeline(pipeline);
    let mut diagnostics = session.take_diagnostics();
    diagnostics.retain(|diagnostic| diagnostic.is_error());
    if result.is_ok() && diagnostics.is_empty() {
        return Ok(true);
    }
    let refused = !diagnostics.is_empty() && diagnostics.iter().all(|d| REFUSALS.contains(&d.code.as_str()));
    if refused { Ok(false) } else { Err(fail(graph, pipeline, &format!("{result:?} {diagnostics:?}"))) }
}

/// The bits of all outputs for each sample; none if an exact value has no representation.
fn outputs(
    module: &SourceModule<'_>,
    samples: &[Tensor],
    graph: &str,
) -> Result<Option<Vec<Vec<Vec<u32>>>>, TestCaseError> {
    let program = match Program::from_function(module.functions()[0]) {
        Ok(program) => program,
        Err(errors) if errors.iter().all(|error| error.code == TOO_WIDE) => return Ok(None),
        Err(errors) => return Err(fail(graph, "the program cannot be executed", &format!("{errors:?}"))),
    };
    let mut all = Vec::new();
    for sample in samples {
        let results = match program.run(std::slice::from_ref(sample)) {
            Ok(results) => results,
            Err(error) if error.code == TOO_WIDE => return Ok(None),
            Err(error) => return Err(fail(graph, "the program fails", &format!("{error:?}"))),
        };
        let bits = |tensor: &Tensor| -> Vec<u32> {
            tensor.as_real().unwrap_or_default().iter().map(|value| value.to_bits()).collect()
        };
        all.push(results.iter().map(bits).collect());
    }
    Ok(Some(all))
}

/// Every exact value that occurs has at most `afp.bits` bits of magnitude.
fn widths_hold(module: &SourceModule<'_>, samples: &[Tensor], graph: &str) -> Result<(), TestCaseError> {
    let function = module.functions()[0];
    let proven: HashMap<String, i64> = function
        .descendants()
        .into_iter()
        .filter_map(|op| {
            Some((op.attr("afp.name")?.as_string()?, op.attr("afp.bits").and_then(Attr::as_int)?))
        })
        .collect();
    let program = Program::from_function(function)
        .map_err(|errors| fail(graph, "the program cannot be executed", &format!("{errors:?}")))?;
    let mut broken = None;
    for sample in samples {
        let mut observe = |name: &str, value: &Tensor| {
            let (Data::Exact { mantissa, .. }, Some(&bits)) = (&value.data, proven.get(name)) else { return };
            let widest = mantissa.iter().map(|m| 64 - m.unsigned_abs().leading_zeros()).max().unwrap_or(0);
            if i64::from(widest) > bits {
                broken = Some(format!("{name} has {widest} bits, and {bits} were proven"));
            }
        };
        if let Err(error) = program.run_observed(std::slice::from_ref(sample), &mut observe) {
            return Err(fail(graph, "a proven program fails", &format!("{error:?}")));
        }
    }
    match broken {
        Some(what) => Err(fail(graph, &what, &module.to_text(false))),
        None => Ok(()),
    }
}
