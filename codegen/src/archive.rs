//! Objects become a static library.

use std::{
    fs,
    io::{Cursor, Error},
    path::Path,
};

use afp_ir::diag::Diagnostic;
use ar_archive_writer::{ArchiveKind, DEFAULT_OBJECT_READER, NewArchiveMember, write_archive_to_stream};

/// A file of an archive: its name and its bytes.
pub type Member<'a> = (&'a str, &'a [u8]);

/// Writes an archive of objects with an index of their symbols, as `ar` of the GNU tools does: without
/// times and owners, so that the same objects give the same bytes.
///
/// # Errors
/// AFP0501 if the file cannot be written.
pub fn write_archive(path: &Path, members: &[Member<'_>]) -> Result<(), Diagnostic> {
    let unwritable = |error: Error| {
        Diagnostic::error("AFP0501", "the output cannot be written")
            .in_file(path.display().to_string())
            .found(error.to_string())
    };
    fs::write(path, archive(members).map_err(unwritable)?).map_err(unwritable)
}

fn archive(members: &[Member<'_>]) -> Result<Vec<u8>, Error> {
    let members: Vec<NewArchiveMember<'_>> = members
        .iter()
        .map(|&(name, bytes)| NewArchiveMember::new(bytes, &DEFAULT_OBJECT_READER, name.to_owned()))
        .collect();
    let mut out = Cursor::new(Vec::new());
    write_archive_to_stream(&mut out, &members, ArchiveKind::Gnu, false, None)?;
    Ok(out.into_inner())
}
