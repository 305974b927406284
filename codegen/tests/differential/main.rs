//! The same bits everywhere: random networks on every execution there is.
//!
//! A network is quantized with random formats and scale exponents, half of the networks with dynamic
//! ones; some get conversions between operators that no assignment makes, and some keep all that
//! quantization made; the interpreter runs it on random
//! samples and on extreme ones; then every execution of [`executions`] must give its outputs bit for
//! bit. Stored regressions come first, then kernels at odd sizes ([`sweep`], and [`winograd`] and [`attention`] in tests of their own). A network that fails is shrunk, and stored as a regression.
//!
//! By default a fixed series of networks that takes about a minute. `make differential` runs long
//! ones; the variables it sets:
//!
//! * `AFP_HOST_CASES`, `AFP_SIMULATED_CASES`: networks on this machine's executions, and how many of
//!   them on the simulated ones too;
//! * `AFP_SEED`: the series; `AFP_FROM`: the number of the first network, to resume;
//! * `AFP_JOBS`: threads, by default as many as there are processors.

mod attention;
mod case;
mod dynamic;
mod executions;
#[path = "../../../passes/tests/preserves_bits/graph/mod.rs"]
mod graph;
#[path = "../../../passes/tests/preserves_bits/mutate.rs"]
mod mutate;
mod regressions;
mod runner;
mod sweep;
mod winograd;

use runner::{Plan, run};

#[test]
fn executions_give_the_interpreters_bits() {
    afp_codegen::pipeline::register_all();
    let host = executions::host();
    let plan = Plan::from_environment();
    let simulated = match executions::simulated() {
        Ok(executions) => executions,
        Err(error) if plan.is_default => {
            eprintln!("simulated executions are skipped: {error}");
            Vec::new()
        }
        Err(error) => panic!("{error}"),
    };
    regressions::replay(&host, &simulated);
    regressions::sweep((sweep::count(), sweep::case), &host, &simulated);
    let summary = run(&plan, &host, &simulated);
    eprintln!("{summary}");
    if plan.is_default {
        summary.coverage.assert_wide();
    }
}

#[test]
fn products_by_lanes_give_the_interpreters_bits() {
    afp_codegen::pipeline::register_all();
    regressions::sweep((sweep::count(), sweep::case), &executions::lanes(), &[]);
}

#[test]
fn attention_gives_the_interpreters_bits() {
    afp_codegen::pipeline::register_all();
    attention::assert_wide();
    regressions::sweep((attention::count(), attention::case), &executions::vectors(), &[]);
}

#[test]
fn winograd_gives_the_interpreters_bits() {
    afp_codegen::pipeline::register_all();
    winograd::assert_wide();
    regressions::sweep((winograd::count(), winograd::case), &executions::winograd(), &[]);
}
