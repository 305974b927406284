//! What afpc writes: standard output, modules, arrays.

use std::{
    fs::{self, File},
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

/// Writes a file: all of it, or none. It is written beside its name and renamed at the end, so that whoever
/// reads it sees the file before or the file behind, and a full disk or a kill leaves what was there.
///
/// # Errors
/// AFP0501 if the file cannot be written.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<(), Diagnostic> {
    write_file(path, |out| out.write_all(bytes))
}

fn write_file(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> io::Result<()>,
) -> Result<(), Diagnostic> {
    replace(path, write).map_err(|problem| unwritable(path, &problem))
}

fn replace(path: &Path, write: impl FnOnce(&mut BufWriter<&mut File>) -> io::Result<()>) -> io::Result<()> {
    let filled = |file: &mut File| {
        let mut out = BufWriter::new(file);
        write(&mut out)?;
        out.flush()
    };
    // What a link points to is replaced, and the link stays.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&target).is_ok_and(|found| !found.is_file()) {
        // A device or a pipe has no other beside it.
        return filled(&mut File::options().write(true).open(&target)?);
    }
    let mut temporary = beside(folder_of(&target))?;
    filled(temporary.as_file_mut())?;
    temporary.persist(&target).map_err(|error| error.error)?;
    Ok(())
}

/// Checks that a file can be written, before work is done for it.
///
/// # Errors
/// AFP0501 if its folder takes no files, or is none.
pub fn check_writable(path: &Path) -> Result<(), Diagnostic> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    match fs::metadata(&target) {
        Ok(found) if found.is_dir() => Err(unwritable(path, &io::Error::from(io::ErrorKind::IsADirectory))),
        Ok(found) if !found.is_file() => Ok(()),
        _ => beside(folder_of(&target)).map(drop).map_err(|problem| unwritable(path, &problem)),
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A file without a lasting name, with the rights of any new file.
fn beside(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".afpc-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
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
        write_bytes(self.path, &bytes)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_fails_leaves_what_was_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.npz");
        write_bytes(&path, b"before").expect("a file");
        let failed = write_file(&path, |out| {
            out.write_all(b"half of what")?;
            out.flush()?;
            Err(io::Error::other("the disk is full"))
        });
        assert_eq!(failed.map_err(|problem| problem.code), Err("AFP0501".into()));
        assert_eq!(fs::read(&path).expect("the file"), b"before");
        write_bytes(&path, b"behind").expect("a file");
        assert_eq!(fs::read(&path).expect("the file"), b"behind");
        assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1, "nothing lies beside it");
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_and_devices_are_written_to() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        write_bytes(&file, b"1").expect("a file");
        std::os::unix::fs::symlink(&file, &link).expect("a link");
        write_bytes(&link, b"2").expect("a file");
        assert!(fs::symlink_metadata(&link).expect("the link").is_symlink());
        assert_eq!(fs::read(&file).expect("the file"), b"2");
        write_bytes(Path::new("/dev/null"), b"3").expect("a device");
    }
}
