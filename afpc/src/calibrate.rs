//! Calibration: the network is run in float on samples, and what its values were is counted.
//!
//! Samples are read, run and counted a batch at a time, each on one thread, so memory is bounded by the
//! batch. Histograms add up exactly in any order: the result does not depend on the number of threads.

use afp_ir::{
    diag::Diagnostic,
    interp::{Data, Program, Tensor},
};
use afp_passes::stats::Statistics;
use rayon::prelude::*;

use crate::{
    cli::Failure,
    io::samples::{Source, with_samples},
    report,
};

/// Samples that are held in memory at a time, per thread.
const BATCH: usize = 2;

/// Runs a program in the real form on at most `limit` samples and gives the statistics of its sites.
///
/// # Errors
/// AFP0457 for samples that are not finite, what the files are refused for, and what the interpreter
/// reports.
pub fn calibrate(program: &Program, sources: &[Source], limit: usize) -> Result<Statistics, Failure> {
    let mut statistics = Statistics::default();
    with_samples(sources, program.inputs(), limit, &mut |mut samples| {
        let bar = report::progress("calibrating", samples.total());
        let mut done = 0;
        loop {
            let batch = samples.read(BATCH * rayon::current_num_threads())?;
            if batch.is_empty() {
                bar.finish_and_clear();
                return Ok(());
            }
            for (index, inputs) in batch.iter().enumerate() {
                check_finite(sources, done + index, inputs)?;
            }
            done += batch.len();
            let seen: Vec<Result<Statistics, Diagnostic>> =
                batch.par_iter().map(|inputs| observe(program, inputs)).collect();
            for sample in seen {
                statistics.merge(&sample?);
                report::advance(&bar, 1);
            }
        }
    })?;
    Ok(statistics)
}

/// AFP0457 if a sample holds a NaN or an infinity: no scale exponent can be chosen by it.
fn check_finite(sources: &[Source], sample: usize, inputs: &[Tensor]) -> Result<(), Diagnostic> {
    let values = inputs.iter().filter_map(Tensor::as_real).flatten();
    let Some(value) = values.into_iter().find(|value| !value.is_finite()) else { return Ok(()) };
    let error = Diagnostic::error("AFP0457", "the calibration data is not finite")
        .expected("finite numbers")
        .found(format!("{value} in sample {sample}"))
        .help("find such samples with np.isfinite(x).all(axis=...), and mend or leave out what is wrong");
    Err(match sources.first() {
        Some(source) => error.in_file(source.path.display().to_string()),
        None => error,
    })
}

/// The statistics of one sample.
fn observe(program: &Program, inputs: &[Tensor]) -> Result<Statistics, Diagnostic> {
    let mut statistics = Statistics::default();
    // A site yields real numbers; the exact value that it rounds may go by the same name.
    program.run_observed(inputs, &mut |site, tensor| {
        if let Data::Real(values) = &tensor.data {
            statistics.observe(site, values);
        }
    })?;
    Ok(statistics)
}
