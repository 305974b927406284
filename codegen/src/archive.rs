//! Objects become a static library.

use std::io::{Cursor, Error};

use afp_ir::diag::Diagnostic;
use ar_archive_writer::{ArchiveKind, DEFAULT_OBJECT_READER, NewArchiveMember, write_archive_to_stream};

/// A file of an archive: its name and its bytes.
pub type Member<'a> = (&'a str, &'a [u8]);

/// An archive of objects with an index of their symbols, as `ar` of the GNU tools makes it: without times
/// and owners, so that the same objects give the same bytes.
///
/// # Errors
/// AFP0001 if there is no archive of these objects.
pub fn archive(members: &[Member<'_>]) -> Result<Vec<u8>, Diagnostic> {
    written(members).map_err(|error| {
        Diagnostic::error("AFP0001", "no library can be made of the object; this is a bug in afpc")
            .found(error.to_string())
    })
}

fn written(members: &[Member<'_>]) -> Result<Vec<u8>, Error> {
    let members: Vec<NewArchiveMember<'_>> = members
        .iter()
        .map(|&(name, bytes)| NewArchiveMember::new(bytes, &DEFAULT_OBJECT_READER, name.to_owned()))
        .collect();
    let mut out = Cursor::new(Vec::new());
    write_archive_to_stream(&mut out, &members, ArchiveKind::Gnu, false, None)?;
    Ok(out.into_inner())
}
