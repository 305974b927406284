//! Inputs of many samples, read a batch at a time: from one array, file of numbers or folder of images per
//! input of a network.

use std::path::PathBuf;

use afp_ir::{
    diag::Diagnostic,
    interp::{Data, Signature, Tensor},
};

use super::{
    images::Images,
    npy::{Array, Dtype, shape_text, with_array},
    pixels::{Normalization, Pixels},
    raw::{Raw, is_raw},
};
use crate::cli::Outcome;

/// Where the samples of one input come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Name of the input; none stands for the only one.
    pub input: Option<String>,
    /// A `.npy` file, a `.npz` archive, a file of numbers (`.raw`, `.bin`), or a folder of images.
    pub path: PathBuf,
}

impl std::str::FromStr for Source {
    type Err = String;

    /// `x.npy` or `name=x.npy`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (input, path) = match text.split_once('=') {
            Some((name, path)) => (Some(name.to_owned()), path),
            None => (None, text),
        };
        if path.is_empty() || input.as_ref().is_some_and(String::is_empty) {
            return Err("expected a file, or NAME=FILE".into());
        }
        Ok(Self { input, path: path.into() })
    }
}

/// Samples that are still to be read.
pub struct Samples<'a> {
    inputs: Vec<(Reader<'a>, Vec<usize>)>,
    left: usize,
    total: usize,
    batched: bool,
}

/// What the samples of one input are read from.
enum Reader<'a> {
    /// Numbers, or bytes that a normalisation makes numbers of.
    Array(Array<'a>, Option<Normalization>),
    Raw(Raw),
    Images(Images),
}

impl Reader<'_> {
    fn file(&self) -> &str {
        match self {
            Self::Array(array, _) => array.file(),
            Self::Raw(raw) => raw.file(),
            Self::Images(images) => images.folder(),
        }
    }

    /// How many samples there are, and whether there could be several.
    fn count(&self, input: &Signature) -> Result<(usize, bool), Diagnostic> {
        match self {
            Self::Array(array, _) => count_samples(array, input),
            Self::Raw(raw) => Ok((raw.count(), true)),
            Self::Images(images) => Ok((images.count(), true)),
        }
    }

    /// The elements of the next `count` samples, of `elements` each.
    fn read(&mut self, count: usize, elements: usize) -> Result<Vec<Vec<f32>>, Diagnostic> {
        match self {
            Self::Array(array, None) => (0..count).map(|_| array.read_f32(elements)).collect(),
            Self::Array(array, Some(normalization)) => {
                (0..count).map(|_| Ok(normalization.apply_in_order(&array.read_bytes(elements)?))).collect()
            }
            Self::Raw(raw) => (0..count).map(|_| raw.read()).collect(),
            Self::Images(images) => images.read(count),
        }
    }
}

impl<'a> Samples<'a> {
    /// Pairs what is read with the inputs of a network. An array holds one sample, in the input's shape, or
    /// many: along the first dimension if the input's is 1, or along one more in front.
    ///
    /// # Errors
    /// AFP0453 if an array's shape does not fit its input, AFP0454 if there are different numbers of
    /// samples.
    fn new(
        mut readers: Vec<Reader<'a>>,
        signatures: &[Signature],
        limit: usize,
    ) -> Result<Self, Vec<Diagnostic>> {
        let counts: Vec<Result<(usize, bool), Diagnostic>> =
            readers.iter().zip(signatures).map(|(reader, input)| reader.count(input)).collect();
        let problems: Vec<Diagnostic> = counts.iter().filter_map(|count| count.clone().err()).collect();
        if !problems.is_empty() {
            return Err(problems);
        }
        let counts: Vec<(usize, bool)> = counts.into_iter().flatten().collect();
        let (first, batched) = counts.first().copied().unwrap_or((0, false));
        if let Some(index) = counts.iter().position(|&(count, _)| count != first) {
            let found = format!("{first} in {}, {} here", readers[0].file(), counts[index].0);
            return Err(vec![
                Diagnostic::error("AFP0454", "the files hold different numbers of samples")
                    .in_file(readers[index].file())
                    .found(found),
            ]);
        }
        let total = first.min(limit);
        if let [Reader::Images(images)] = &mut readers[..] {
            images.keep(total);
        }
        let shapes = signatures.iter().map(|input| input.shape.clone());
        Ok(Self { inputs: readers.into_iter().zip(shapes).collect(), left: total, total, batched })
    }

    /// Number of samples, read and unread.
    pub fn total(&self) -> usize {
        self.total
    }

    /// Whether the files have a dimension of samples; without one they hold a single sample.
    pub fn batched(&self) -> bool {
        self.batched
    }

    /// The class of every sample, where a folder of images has a folder for each.
    pub fn labels(&self) -> Option<&[i64]> {
        self.inputs.iter().find_map(|(reader, _)| match reader {
            Reader::Images(images) => images.labels(),
            _ => None,
        })
    }

    /// The inputs of the next samples, at most `limit` of them; none at the end.
    ///
    /// # Errors
    /// If a file cannot be read, or its elements are no floats.
    pub fn read(&mut self, limit: usize) -> Result<Vec<Vec<Tensor>>, Diagnostic> {
        let count = limit.min(self.left);
        self.left -= count;
        let mut samples: Vec<Vec<Tensor>> = vec![Vec::with_capacity(self.inputs.len()); count];
        for (reader, shape) in &mut self.inputs {
            let values = reader.read(count, shape.iter().product())?;
            for (sample, values) in samples.iter_mut().zip(values) {
                sample.push(Tensor { shape: shape.clone(), data: Data::Real(values) });
            }
        }
        Ok(samples)
    }
}

/// How many samples an array holds for an input, and whether it has a dimension for them.
fn count_samples(array: &Array<'_>, input: &Signature) -> Result<(usize, bool), Diagnostic> {
    let (have, want) = (&array.header().shape, &input.shape);
    let found = match (have.split_first(), want.split_first()) {
        (Some((&count, rest)), Some((1, sample))) if rest == sample => Some((count, true)),
        _ if have == want => Some((1, false)),
        (Some((&count, rest)), _) if rest == want => Some((count, true)),
        _ => None,
    };
    let sample = match want.split_first() {
        None => "() or N".to_owned(),
        Some((1, rest)) => format!("N{}", rest.iter().map(|size| format!("x{size}")).collect::<String>()),
        _ => format!("{0} or Nx{0}", shape_text(want)),
    };
    match found {
        Some((0, _)) => Err(Diagnostic::error("AFP0453", "there are no samples in the file")
            .in_file(array.file())
            .expected(format!("a float32 array of shape {sample}"))
            .found(shape_text(have))),
        Some(found) => Ok(found),
        None => Err(Diagnostic::error("AFP0453", format!("the samples do not fit input '{}'", input.name))
            .in_file(array.file())
            .expected(format!("a float32 array of shape {sample}"))
            .found(shape_text(have))
            .help(
                "layout and size are the network's own; transpose or resize the samples as it was trained",
            )),
    }
}

/// Opens the samples of every input of a network and lends them to `work`. Of a `.npz` archive the
/// array is taken that is named like the input, or `x` where there is only one.
///
/// # Errors
/// AFP0456 if the sources do not name every input once, what the files are refused for, and what
/// `work` returns.
pub fn with_samples(
    (sources, pixels): (&[Source], &Pixels),
    signatures: &[Signature],
    limit: usize,
    work: &mut dyn FnMut(Samples<'_>) -> Outcome,
) -> Outcome {
    let files = assign(sources, signatures)?;
    let inputs: Vec<_> = files.iter().zip(signatures).collect();
    open(&inputs, pixels, Vec::new(), &mut |readers| work(Samples::new(readers, signatures, limit)?))
}

/// File and key of every input, in order.
fn assign(sources: &[Source], signatures: &[Signature]) -> Result<Vec<(PathBuf, String)>, Diagnostic> {
    let names = || signatures.iter().map(|input| input.name.as_str()).collect::<Vec<_>>().join(", ");
    let wrong = |found: String| {
        Diagnostic::error("AFP0456", "the files do not fit the inputs of the network")
            .expected(format!("one file for each of: {}", names()))
            .found(found)
            .help("give --input NAME=FILE for each, or (--calib too) one .npz archive with an array for each")
    };
    if signatures.is_empty() {
        return Err(Diagnostic::error("AFP0456", "the network has no inputs")
            .expected("a network that takes at least one input")
            .found("one that computes a constant"));
    }
    if let ([source], [input]) = (sources, signatures)
        && source.input.as_ref().is_none_or(|name| *name == input.name)
    {
        return Ok(vec![(source.path.clone(), "x".into())]);
    }
    // One archive may hold the arrays of all inputs.
    if let [Source { input: None, path }] = sources
        && path.extension().is_some_and(|e| e == "npz")
    {
        return Ok(signatures.iter().map(|input| (path.clone(), input.name.clone())).collect());
    }
    if let Some(name) =
        sources.iter().filter_map(|s| s.input.as_ref()).find(|n| signatures.iter().all(|i| i.name != **n))
    {
        return Err(wrong(format!("a file for '{name}'")));
    }
    signatures
        .iter()
        .map(|input| {
            let mut mine = sources.iter().filter(|source| source.input.as_ref() == Some(&input.name));
            match (mine.next(), mine.next()) {
                (Some(source), None) => Ok((source.path.clone(), "x".into())),
                (None, _) => Err(wrong(format!("none for '{}'", input.name))),
                _ => Err(wrong(format!("several for '{}'", input.name))),
            }
        })
        .collect()
}

/// Opens the files one inside the other: an array borrows from the archive it is read from.
fn open(
    inputs: &[(&(PathBuf, String), &Signature)],
    pixels: &Pixels,
    mut opened: Vec<Reader<'_>>,
    work: &mut dyn FnMut(Vec<Reader<'_>>) -> Outcome,
) -> Outcome {
    let Some((((path, key), input), rest)) = inputs.split_first() else { return work(opened) };
    if path.is_dir() {
        opened.push(Reader::Images(Images::open(path, input, pixels)?));
        return open(rest, pixels, opened, work);
    }
    if is_raw(path) {
        opened.push(Reader::Raw(Raw::open(path, input, pixels)?));
        return open(rest, pixels, opened, work);
    }
    with_array(path, key, |array| {
        let of_pixels = pixels.is_given() && array.header().dtype == Dtype::UInt(1);
        let normalization = if of_pixels { Some(Normalization::of_bytes(input, pixels)?) } else { None };
        let mut opened: Vec<Reader<'_>> = opened;
        opened.push(Reader::Array(array, normalization));
        open(rest, pixels, opened, work)
    })
}
