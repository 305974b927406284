//! The simulator against the interpreter, bit for bit, on random networks: in the real form, and under the
//! formats that the pipeline assigns, with the weights that it rounds. A rerun yields what a run yields.

#[path = "../../passes/tests/preserves_bits/graph/mod.rs"]
#[allow(dead_code, missing_docs)]
mod graph;

use afp_ir::{
    interp::{Program, Tensor},
    mlir::Session,
};
use afp_passes::registry;
use afp_ptq::{compiled::Reading, network::Network, setting::Setting, simulator::Simulator};
use graph::{KINDS, Random, Recipe};

/// Networks that are tried if `AFP_SIMULATOR_CASES` is not set.
const CASES: u64 = 1500;

const ASSIGN: &str = "builtin.module(afp-range-analysis{input-range=-3,3},\
                      afp-assign-formats{weights=e2m3 activations=auto})";
const ROUND: &str = "builtin.module(afp-quantize,afp-encode-weights)";

#[test]
fn runs_yield_the_interpreters_bits() {
    registry::register_all();
    let cases = std::env::var("AFP_SIMULATOR_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(CASES);
    let mut counts = Counts::default();
    for seed in 0..cases {
        let mut random = Random(seed);
        let steps =
            (0..random.range(1, 8)).map(|_| (random.range(0, i64::from(KINDS) - 1) as u8, random.bits()));
        let recipe = Recipe { seed, steps: steps.collect() };
        check(&recipe, &mut counts);
    }
    eprintln!("{counts:?}");
    assert!(counts.real as u64 > cases / 2, "{counts:?}");
    assert!(counts.coded as u64 > cases / 3, "{counts:?}");
}

#[derive(Debug, Default)]
struct Counts {
    real: usize,
    coded: usize,
    reruns: usize,
    unproven: usize,
}

fn check(recipe: &Recipe, counts: &mut Counts) {
    let text = recipe.network();
    let session = Session::new();
    let module = session.parse("network.mlir", text.as_bytes()).expect("a program");
    let shape: Vec<usize> = {
        let sizes = module.functions()[0].blocks()[0].args()[0].ty().shape().unwrap_or_default();
        sizes.into_iter().map(|size| size as usize).collect()
    };
    let finite =
        |sample: &Tensor| sample.as_real().is_some_and(|values| values.iter().all(|v| v.is_finite()));
    let samples: Vec<Tensor> = graph::samples(&shape, recipe.seed).into_iter().filter(finite).collect();
    let Ok(network) = Network::load(module.functions()[0]) else { return };
    let float = Simulator::new(&network, &Setting::default()).expect("no exponents");
    let program = Program::from_function(module.functions()[0]).expect("a program in the real form");
    compare(&program, &float, &samples, &text);
    counts.real += 1;
    if module.run_pipeline(ASSIGN).is_err() {
        return;
    }
    let mut reading = Reading::default();
    reading.formats(module.functions()[0], &network);
    if module.run_pipeline(ROUND).is_err() {
        return;
    }
    let Ok(program) = Program::from_function(module.functions()[0]) else { return };
    let setting = reading.weights(module.functions()[0], &network);
    let Ok(coded) = Simulator::new(&network, &setting) else { return };
    if !coded.is_exact() {
        counts.unproven += 1;
        return;
    }
    compare(&program, &coded, &samples, &text);
    counts.coded += 1;
    for sample in &samples {
        let inputs = std::slice::from_ref(sample);
        let trace = float.trace(inputs).expect("a trace");
        let (whole, part) =
            (coded.run(inputs).expect("a run"), coded.rerun(&float, &trace).expect("a rerun"));
        assert_eq!(whole.outputs, part.outputs, "a rerun of\n{text}");
        counts.reruns += 1;
    }
}

fn compare(program: &Program, simulator: &Simulator<'_>, samples: &[Tensor], text: &str) {
    for sample in samples {
        let Ok(expected) = program.run(std::slice::from_ref(sample)) else { continue };
        let found =
            simulator.run(std::slice::from_ref(sample)).expect("what the interpreter computes").outputs;
        for (expected, found) in expected.iter().zip(&found) {
            let (Some(e), Some(f)) = (expected.as_real(), found.as_real()) else { continue };
            // A sum that ends in -0 in one order ends in 0 in another: codes know no sign of zero.
            let same =
                e.len() == f.len() && e.iter().zip(f).all(|(e, f)| e == f || (e.is_nan() && f.is_nan()));
            assert!(same, "expected {e:?}\nfound {f:?}\nof {sample:?}\nin\n{text}");
        }
    }
}
