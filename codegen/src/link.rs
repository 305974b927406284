//! Objects become a shared library.

use std::{fs, io, path::Path, process::Command};

use afp_ir::diag::Diagnostic;
use afp_runtime::pool;
use object::{Object as _, ObjectSymbol as _};

use crate::object_file::Object;

/// Links objects for this machine into a shared library at `path`, with the C compiler of the system, and
/// with the thread pool if they need it.
///
/// # Errors
/// AFP0501 if no file can be written there, AFP0602 if there is no C compiler, AFP0603 if it fails.
pub fn link_shared(objects: &[Object], path: &Path) -> Result<(), Diagnostic> {
    link_with("cc", objects, path)
}

/// As [`link_shared`], with a given compiler.
pub(crate) fn link_with(compiler: &str, objects: &[Object], path: &Path) -> Result<(), Diagnostic> {
    // Beside the result, so that a folder that cannot be written to is found before linking.
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let unwritable = |error: io::Error| {
        Diagnostic::error("AFP0501", "the output cannot be written")
            .in_file(path.display().to_string())
            .found(error.to_string())
    };
    let scratch = tempfile::tempdir_in(folder).map_err(unwritable)?;
    let mut command = Command::new(compiler);
    let library = scratch.path().join("library.so");
    command.arg("-shared").arg("-o").arg(&library);
    for (index, object) in objects.iter().enumerate() {
        let file = scratch.path().join(format!("{index}.o"));
        fs::write(&file, &object.bytes).map_err(unwritable)?;
        command.arg(file);
    }
    if objects.iter().any(needs_pool) {
        let file = scratch.path().join("afp_pool.o");
        fs::write(&file, pool::OBJECT).map_err(unwritable)?;
        command.arg(file).arg("-pthread");
    }
    let output = command.output().map_err(|error| {
        Diagnostic::error("AFP0602", "a shared library needs a C compiler to link it")
            .in_file(path.display().to_string())
            .expected(format!("'{compiler}' in PATH"))
            .found(error.to_string())
            .help("install one (Debian: gcc and libc6-dev), or emit the object and link it elsewhere")
    })?;
    if output.status.success() && library.exists() {
        // Whoever has the library open keeps the one that was there.
        return fs::rename(&library, path).map_err(unwritable);
    }
    Err(Diagnostic::error("AFP0603", "the shared library could not be linked")
        .in_file(path.display().to_string())
        .expected(format!("'{compiler} -shared' to succeed"))
        .found(match output.status.success() {
            true => format!("{}, and no library", output.status),
            false => format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()),
        })
        .help("a shared library is linked for this machine only: for others, emit the object"))
}

/// Whether an object calls the thread pool.
pub fn needs_pool(object: &Object) -> bool {
    let file = object::File::parse(object.bytes.as_slice());
    file.is_ok_and(|file| file.symbols().any(|s| s.is_undefined() && s.name() == Ok(pool::RUN)))
}
