//! Compiled code gives the interpreter's bits, on random networks.
//!
//! The networks are those that the passes are tested with. Each is quantized with random formats and
//! scale exponents, compiled by LLVM without and with optimization, linked and loaded, and by Cranelift in
//! memory, and run on random inputs and on extreme ones; all outputs must be equal bit for bit.
//!
//! `PROPTEST_CASES` sets the number of networks (a default that takes seconds if it is not set).

#[path = "../../../passes/tests/preserves_bits/graph.rs"]
mod graph;

use std::path::Path;

use afp_codegen::{
    cranelift,
    interface::Interface,
    library::Library,
    link::link_shared,
    llvm::{self, OptLevel},
    pipeline::{Choices, lower},
    target::Target,
};
use afp_ir::{
    interp::{Program, Tensor},
    mlir::{Session, SourceModule},
};
use graph::{Graph, KINDS, Recipe};
use proptest::{
    collection,
    prelude::*,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};

/// Networks that are tried if `PROPTEST_CASES` is not set.
const CASES: u32 = 150;

/// From the real form to an exact, proven program.
const PIPELINE: &str = "builtin.module(afp-range-analysis{input-range=-3,3},\
    afp-assign-formats{weights=e2m3 activations=auto},afp-quantize,afp-encode-weights,cse,\
    afp-eliminate-requant,canonicalize,cse,afp-prove-widths)";

/// Passes, interpreter and code generator may refuse a network for its formats or operators: a bias or
/// an exact value beyond 63 bits, a quotient that 63 bits do not develop.
const REFUSALS: [&str; 4] = ["AFP0313", "W1", "AFP0405", "AFP0611"];

fn fixed(config: ProptestConfig) -> TestRunner {
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

#[test]
fn compiled_code_gives_the_interpreters_bits() {
    afp_codegen::pipeline::register_all();
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let chosen = std::env::var_os("PROPTEST_CASES").is_some();
    if !chosen {
        config.cases = CASES;
    }
    let cases = config.cases;
    // By default always the same networks; new ones each time for whoever asks for more.
    let mut runner = if chosen { TestRunner::new(config) } else { fixed(config) };
    let executed = std::cell::Cell::new(0);
    let steps = collection::vec((0..KINDS, any::<u64>()), 1..9);
    let recipes = (any::<u64>(), steps).prop_map(|(seed, steps)| Recipe { seed, steps });
    let result = runner.run(&recipes, |recipe| {
        if check(&recipe)? {
            executed.set(executed.get() + 1);
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
    // What is refused is not compared: it must not be so much that nothing is.
    assert!(executed.get() > cases / 2, "only {} of {cases} networks could be compiled", executed.get());
}

fn fail(graph: &Graph, what: &str, detail: impl std::fmt::Debug) -> TestCaseError {
    TestCaseError::fail(format!("{what}\n--- network\n{}\n--- detail\n{detail:?}", graph.text))
}

/// Compares one network; whether it could be compiled.
fn check(recipe: &Recipe) -> Result<bool, TestCaseError> {
    let graph = recipe.graph();
    let session = Session::new();
    let Ok(module) = session.parse("network.mlir", graph.text.as_bytes()) else {
        return Err(fail(&graph, "the network is no program", session.take_diagnostics()));
    };
    let refused = |code: &str| REFUSALS.contains(&code);
    if module.run_pipeline(PIPELINE).is_err() {
        let mut found = session.take_diagnostics();
        found.retain(afp_ir::diag::Diagnostic::is_error);
        let allowed = !found.is_empty() && found.iter().all(|d| refused(&d.code));
        return if allowed { Ok(false) } else { Err(fail(&graph, "the pipeline fails", found)) };
    }
    let program = match Program::from_function(module.functions()[0]) {
        Ok(program) => program,
        Err(errors) if errors.iter().all(|error| refused(&error.code)) => return Ok(false),
        Err(errors) => return Err(fail(&graph, "the program cannot be executed", errors)),
    };
    let samples = graph.samples(recipe.seed);
    let mut expected = Vec::new();
    for sample in &samples {
        match program.run(std::slice::from_ref(sample)) {
            Ok(results) => expected.push(bits(&results)),
            Err(error) if refused(&error.code) => return Ok(false),
            Err(error) => return Err(fail(&graph, "the program fails", error)),
        }
    }
    let text = module.to_text(false);
    match lower(&session, &module, &Choices::new(Target::host())) {
        Ok(_) => {}
        Err(errors) if errors.iter().all(|error| refused(&error.code)) => return Ok(false),
        Err(errors) => return Err(fail(&graph, "the program cannot be lowered", errors)),
    }
    // Without a level: Cranelift.
    for opt in [Some(OptLevel::O0), Some(OptLevel::O3), None] {
        let folder = tempfile::tempdir().map_err(|e| fail(&graph, "no temporary folder", e))?;
        let library = match opt {
            Some(opt) => compile(&module, opt, folder.path()),
            None => cranelift::jit(&module, &Target::host()),
        };
        let library = library.map_err(|e| fail(&graph, &text, e))?;
        for (index, (sample, expected)) in samples.iter().zip(&expected).enumerate() {
            let found =
                library.run(std::slice::from_ref(sample)).map_err(|e| fail(&graph, "the code fails", e))?;
            if bits(&found) != *expected {
                let what = format!(
                    "{opt:?} differs on sample {index}: expected {expected:x?}, found {:x?}",
                    bits(&found)
                );
                return Err(fail(&graph, &what, &text));
            }
        }
    }
    Ok(true)
}

fn compile(
    module: &SourceModule<'_>,
    opt: OptLevel,
    folder: &Path,
) -> Result<Library, afp_ir::diag::Diagnostic> {
    let object = llvm::compile(module, "network_run", &Target::host(), opt)?;
    let path = folder.join("libnetwork.so");
    link_shared(&[object], &path)?;
    // SAFETY: the library was made just now, with the module's interface.
    unsafe { Library::open(&path, "network_run", Interface::of(module)?) }
}

fn bits(tensors: &[Tensor]) -> Vec<Vec<u32>> {
    let values = |tensor: &Tensor| tensor.as_real().unwrap_or_default().iter().map(|v| v.to_bits()).collect();
    tensors.iter().map(values).collect()
}
