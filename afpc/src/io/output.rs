//! What afpc writes: standard output, modules, arrays.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use afp_ir::{diag::Diagnostic, mlir::SourceModule};

use super::{npy, reason};

/// A file cannot be written: AFP0501, with the operating system's reason.
pub fn unwritable(path: &Path, problem: &io::Error) -> Diagnostic {
    let error = Diagnostic::error("AFP0501", "the output cannot be written")
        .in_file(path.display().to_string())
        .found(reason(problem));
    match problem.kind() {
        io::ErrorKind::NotFound => error.help("create the folder first"),
        io::ErrorKind::PermissionDenied => error.help("check the permissions of the folder"),
        _ => error,
    }
}

/// AFP0502: the extension of a file's name says nothing that can be written.
pub(crate) fn unknown_extension(path: &Path, expected: &str) -> Diagnostic {
    let found = path.extension().map_or_else(|| "none".to_owned(), |e| format!(".{}", e.display()));
    Diagnostic::error("AFP0502", "the output file has an unknown extension")
        .in_file(path.display().to_string())
        .expected(expected)
        .found(found)
}

fn write_file(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), Diagnostic> {
    File::create(path)
        .and_then(|file| {
            let mut out = BufWriter::new(file);
            write(&mut out)?;
            out.flush()
        })
        .map_err(|problem| unwritable(path, &problem))
}

/// Writes a text to standard output. A reader that has gone away is no error.
///
/// # Errors
/// AFP0501 if the text cannot be written.
pub fn print(text: &str) -> Result<(), Diagnostic> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(problem) if problem.kind() != io::ErrorKind::BrokenPipe => {
            Err(unwritable(Path::new("standard output"), &problem))
        }
        _ => Ok(()),
    }
}

/// Columns of texts for people: as many as the narrowest terminals have.
pub const COLUMNS: usize = 80;

/// A text in lines of at most `width` bytes, broken at spaces.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// How a module is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ModuleKind {
    Text,
    Bytecode,
}

/// Where a module goes: `-` is standard output, as text; a file's extension says text or bytecode.
#[derive(Clone, Copy, Debug)]
pub struct ModuleOutput<'a> {
    path: &'a Path,
    kind: ModuleKind,
    names: bool,
}

impl<'a> ModuleOutput<'a> {
    /// Checks the name of an output, before work is done for it.
    ///
    /// # Errors
    /// AFP0502 if its extension is neither `.mlir` nor `.mlirbc`.
    pub fn new(path: &'a Path) -> Result<Self, Diagnostic> {
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        let kind = match extension {
            "mlir" => ModuleKind::Text,
            "mlirbc" => ModuleKind::Bytecode,
            _ if path == Path::new("-") => ModuleKind::Text,
            _ => {
                let expected = "graph.mlir (text), graph.mlirbc (bytecode), or - for standard output";
                return Err(unknown_extension(path, expected));
            }
        };
        Ok(Self { path, kind, names: false })
    }

    /// Writes locations into a text too. They hold the names of nodes, which an imported module needs
    /// to keep; from `afp-form-groups` on, `afp.name` does. Bytecode always has them.
    pub fn with_names(self) -> Self {
        Self { names: true, ..self }
    }

    /// Writes a module.
    ///
    /// # Errors
    /// AFP0501 if the file cannot be written.
    pub fn write(&self, module: &SourceModule<'_>) -> Result<(), Diagnostic> {
        let bytes = match self.kind {
            ModuleKind::Text => {
                let text = module.to_text(self.names);
                if self.path == Path::new("-") {
                    return print(&text);
                }
                text.into_bytes()
            }
            ModuleKind::Bytecode => module.to_bytecode(),
        };
        write_file(self.path, |out| out.write_all(&bytes))
    }
}

/// Writes one array as a `.npy` file.
///
/// # Errors
/// AFP0501 if the file cannot be written.
pub fn write_npy(path: &Path, shape: &[usize], values: &[f32]) -> Result<(), Diagnostic> {
    write_file(path, |out| npy::write_f32(out, shape, values))
}

/// Writes arrays, by their keys, as an uncompressed `.npz` archive.
///
/// # Errors
/// AFP0501 if the file cannot be written.
pub fn write_npz(path: &Path, arrays: &[(String, Vec<usize>, Vec<f32>)]) -> Result<(), Diagnostic> {
    write_file(path, |out| {
        let options =
            zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        let mut archive = zip::ZipWriter::new(out);
        for (key, shape, values) in arrays {
            archive.start_file(format!("{key}.npy"), options.large_file(values.len() >= 1 << 29))?;
            npy::write_f32(&mut archive, shape, values)?;
        }
        archive.finish()?;
        Ok(())
    })
}
