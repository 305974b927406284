//! Calibration data: where they are, how many of them count, and that they are numbers.

use std::path::PathBuf;

use afp_ir::{
    diag::Diagnostic,
    interp::{Signature, Tensor},
};

use crate::{
    cli::{Failure, Outcome},
    io::{
        pixels::Pixels,
        samples::{Source, with_samples},
    },
};

/// The most samples that are used, unless somebody says otherwise.
pub const SAMPLES: u32 = 512;

/// Calibration data on the command line.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Calibration {
    /// Calibration data: samples as a .npy file, a .npz archive (key x, or the names of the inputs), a .raw
    /// file of numbers, or a folder of images
    #[arg(long, value_name = "PATH")]
    pub calib: Option<PathBuf>,
    /// Use at most this many samples of the calibration data [default: 512, or what the formats file says]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub calib_samples: Option<u32>,
    /// How bytes become numbers, wherever they are read
    #[command(flatten)]
    pub pixels: Pixels,
}

impl Calibration {
    /// How many samples are used at most, where no formats file says so.
    fn limit(&self) -> usize {
        self.calib_samples.unwrap_or(SAMPLES) as usize
    }

    /// Reads the samples for a network's inputs, at most `limit`, each with a value for every input; none if
    /// there are no data.
    ///
    /// # Errors
    /// AFP0457 for samples that are not finite, and what the files are refused for.
    pub fn read(&self, inputs: &[Signature], limit: u32) -> Result<Vec<Vec<Tensor>>, Failure> {
        let mut all = Vec::new();
        let limit = limit as usize;
        self.in_batches_of(inputs, (limit, limit), &mut |batch, _| {
            all.extend(batch);
            Ok(())
        })?;
        Ok(all)
    }

    /// Reads at most `count` samples at a time and gives them to `work`, with the number of all of them.
    ///
    /// # Errors
    /// As [`Calibration::read`], and what `work` returns.
    pub fn in_batches(
        &self,
        inputs: &[Signature],
        count: usize,
        work: &mut dyn FnMut(Vec<Vec<Tensor>>, usize) -> Outcome,
    ) -> Outcome {
        self.in_batches_of(inputs, (self.limit(), count), work)
    }

    fn in_batches_of(
        &self,
        inputs: &[Signature],
        (limit, count): (usize, usize),
        work: &mut dyn FnMut(Vec<Vec<Tensor>>, usize) -> Outcome,
    ) -> Outcome {
        let Some(path) = &self.calib else { return Ok(()) };
        let source = Source { input: None, path: path.clone() };
        let sources = (std::slice::from_ref(&source), &self.pixels);
        with_samples(sources, inputs, limit, &mut |mut samples| {
            let mut done = 0;
            loop {
                let batch = samples.read(count)?;
                if batch.is_empty() {
                    return Ok(());
                }
                for (index, inputs) in batch.iter().enumerate() {
                    check_finite(&source, done + index, inputs)?;
                }
                done += batch.len();
                work(batch, samples.total())?;
            }
        })
    }
}

/// AFP0457 if a sample holds a NaN or an infinity: no scale exponent can be chosen by it.
fn check_finite(source: &Source, sample: usize, inputs: &[Tensor]) -> Result<(), Diagnostic> {
    let values = inputs.iter().filter_map(Tensor::as_real).flatten();
    let Some(value) = values.into_iter().find(|value| !value.is_finite()) else { return Ok(()) };
    Err(Diagnostic::error("AFP0457", "the calibration data is not finite")
        .expected("finite numbers")
        .found(format!("{value} in sample {sample}"))
        .help("find such samples with np.isfinite(x).all(axis=...), and mend or leave out what is wrong")
        .in_file(source.path.display().to_string()))
}
