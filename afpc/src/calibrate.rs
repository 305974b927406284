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
/// What the files are refused for, and what the interpreter reports.
pub fn calibrate(program: &Program, sources: &[Source], limit: usize) -> Result<Statistics, Failure> {
    let mut statistics = Statistics::default();
    with_samples(sources, program.inputs(), limit, &mut |mut samples| {
        let bar = report::progress("calibrating", samples.total());
        loop {
            let batch = samples.read(BATCH * rayon::current_num_threads())?;
            if batch.is_empty() {
                bar.finish_and_clear();
                return Ok(());
            }
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
