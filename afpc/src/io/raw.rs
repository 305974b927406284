//! A file of numbers alone: samples of an input one behind the other, in the order of its elements.
//!
//! The numbers are little-endian `f32`; where the user says how pixels are normalised, they are bytes.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use afp_ir::{diag::Diagnostic, interp::Signature};

use super::{
    npy::shape_text,
    pixels::{Normalization, Pixels},
    unreadable,
};

/// A file of numbers.
pub struct Raw {
    file: String,
    reader: BufReader<File>,
    bytes_per_sample: usize,
    samples: usize,
    normalization: Option<Normalization>,
}

/// Whether a file is one of numbers alone, by its name.
pub fn is_raw(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "raw" || extension == "bin")
}

impl Raw {
    /// Opens a file.
    ///
    /// # Errors
    /// AFP0101 if it cannot be opened, AFP0464 if its size is not that of some samples, AFP0463 and AFP0465
    /// if the numbers for pixels do not fit the input.
    pub fn open(path: &Path, input: &Signature, pixels: &Pixels) -> Result<Self, Diagnostic> {
        let problem = |problem: std::io::Error| unreadable(path, &problem);
        let handle = File::open(path).map_err(problem)?;
        let size = handle.metadata().map_err(problem)?.len();
        let normalization =
            if pixels.is_given() { Some(Normalization::of_bytes(input, pixels)?) } else { None };
        let elements: usize = input.shape.iter().product();
        let (width, what) = if normalization.is_some() { (1, "bytes") } else { (4, "numbers of 32 bits") };
        let bytes_per_sample = elements * width;
        let samples = usize::try_from(size).unwrap_or(usize::MAX) / bytes_per_sample.max(1);
        if samples == 0 || size != samples as u64 * bytes_per_sample as u64 {
            let shape = shape_text(&input.shape);
            let error = Diagnostic::error("AFP0464", "the file does not hold whole samples")
                .in_file(path.display().to_string())
                .expected(format!("a multiple of {bytes_per_sample} bytes: {shape} {what}"))
                .found(format!("{size} bytes"));
            return Err(match normalization {
                Some(_) => error,
                None => error.help("a file of bytes is taken for pixels with --scale, --mean or --std"),
            });
        }
        let (file, reader) = (path.display().to_string(), BufReader::new(handle));
        Ok(Self { file, reader, bytes_per_sample, samples, normalization })
    }

    /// The file's name, for diagnostics.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Number of samples.
    pub fn count(&self) -> usize {
        self.samples
    }

    /// The elements of the next sample.
    ///
    /// # Errors
    /// AFP0101 if the file cannot be read any more.
    pub fn read(&mut self) -> Result<Vec<f32>, Diagnostic> {
        let mut bytes = vec![0; self.bytes_per_sample];
        self.reader.read_exact(&mut bytes).map_err(|problem| unreadable(Path::new(&self.file), &problem))?;
        Ok(match &self.normalization {
            Some(normalization) => normalization.apply_in_order(&bytes),
            None => bytes.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect(),
        })
    }
}
