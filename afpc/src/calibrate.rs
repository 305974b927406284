//! Calibration: the network is run in float on samples, and what its values were is counted.
//!
//! Samples are read, run and counted a batch at a time, each on one thread, so memory is bounded by the
//! batch. Histograms add up exactly in any order: the result does not depend on the number of threads.

use std::path::PathBuf;

use afp_ir::{
    diag::Diagnostic,
    interp::{Data, Program, Tensor},
};
use afp_passes::stats::Statistics;
use rayon::prelude::*;

use crate::{
    cli::Failure,
    io::{
        pixels::Pixels,
        samples::{Source, with_samples},
    },
    report,
};

/// Samples that are held in memory at a time, per thread.
const BATCH: usize = 2;

/// Calibration data on the command line.
#[derive(Debug, Default, clap::Args)]
pub struct Calibration {
    /// Calibration data: samples as a .npy file, a .npz archive (key x, or the names of the inputs), a .raw
    /// file of numbers, or a folder of images
    #[arg(long, value_name = "PATH")]
    pub calib: Option<PathBuf>,
    /// Use at most this many samples of the calibration data
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..))]
    pub calib_samples: u32,
    /// How bytes become numbers, wherever they are read
    #[command(flatten)]
    pub pixels: Pixels,
}

impl Calibration {
    /// Where the samples come from; none if none are given.
    pub fn sources(&self) -> Vec<Source> {
        self.calib.iter().map(|path| Source { input: None, path: path.clone() }).collect()
    }

    /// How many samples are used at most.
    pub fn limit(&self) -> usize {
        usize::try_from(self.calib_samples).unwrap_or(usize::MAX)
    }
}

/// Runs a program in the real form on the samples and gives the statistics of its sites.
///
/// # Errors
/// AFP0457 for samples that are not finite, what the files are refused for, and what the interpreter
/// reports.
pub fn calibrate(program: &Program, data: &Calibration) -> Result<Statistics, Failure> {
    let mut statistics = Statistics::default();
    let sources = data.sources();
    with_samples((&sources, &data.pixels), program.inputs(), data.limit(), &mut |mut samples| {
        let bar = report::progress("calibrating", samples.total());
        let mut done = 0;
        loop {
            let batch = samples.read(BATCH * rayon::current_num_threads())?;
            if batch.is_empty() {
                bar.finish_and_clear();
                return Ok(());
            }
            for (index, inputs) in batch.iter().enumerate() {
                check_finite(&sources, done + index, inputs)?;
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
