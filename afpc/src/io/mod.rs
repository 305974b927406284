//! Files: models and arrays in, modules and arrays out.

pub mod columns;
pub mod images;
pub mod model;
pub mod npy;
pub mod output;
pub mod pixels;
pub mod raw;
pub mod samples;

use std::{io, path::Path};

use afp_ir::diag::Diagnostic;

/// AFP0101: a file cannot be read, with the operating system's reason.
pub fn unreadable(path: &Path, problem: &io::Error) -> Diagnostic {
    let error = Diagnostic::error("AFP0101", "the file cannot be read")
        .in_file(path.display().to_string())
        .found(reason(problem));
    match problem.kind() {
        io::ErrorKind::NotFound => error.help("check the path"),
        io::ErrorKind::PermissionDenied => error.help("check the permissions of the file and its folder"),
        _ => error,
    }
}

/// What the operating system says, without its error number.
pub(crate) fn reason(problem: &io::Error) -> String {
    let text = problem.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

/// The first bytes of a file, in hexadecimal, for a message.
pub(crate) fn first_bytes(bytes: &[u8]) -> String {
    bytes.iter().take(4).map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}
