//! What every backend gives: an object file that exports one function and needs next to nothing.

use afp_ir::diag::Diagnostic;
use afp_runtime::pool;
use object::{Object as _, ObjectSection as _, ObjectSymbol as _, SectionKind};

use crate::internal;

/// An object file in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The file, in the format of the target's system (ELF).
    pub bytes: Vec<u8>,
    /// Size of the machine code, in bytes.
    pub code_bytes: u64,
    /// Size of constants and variables, in bytes.
    pub data_bytes: u64,
}

/// The functions of a C library that objects may need.
const LIBRARY_FUNCTIONS: [&str; 3] = ["memcpy", "memset", "memmove"];

/// How the Arm EABI names them, with an alignment behind the name at times.
const EABI_FUNCTIONS: [&str; 4] = ["__aeabi_memcpy", "__aeabi_memset", "__aeabi_memmove", "__aeabi_memclr"];

/// Whether an object may need this function.
fn is_library_function(name: &str) -> bool {
    LIBRARY_FUNCTIONS.contains(&name) || EABI_FUNCTIONS.contains(&name.trim_end_matches(['4', '8']))
}

/// Checks that a symbol is a C identifier that the C standard does not reserve.
///
/// # Errors
/// AFP0601 if it is none.
pub fn check_symbol(symbol: &str) -> Result<(), Diagnostic> {
    let well_formed = symbol.starts_with(|c: char| c.is_ascii_alphabetic())
        && symbol.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if well_formed && !LIBRARY_FUNCTIONS.contains(&symbol) {
        return Ok(());
    }
    Err(Diagnostic::error("AFP0601", "the name of the generated function is no C identifier")
        .expected("a letter, then letters, digits and underscores; no function of the C library")
        .found(format!("'{symbol}'")))
}

/// Takes the sizes of an object, and checks that it needs nothing but [`LIBRARY_FUNCTIONS`], and the thread
/// pool if it is made for several threads.
pub(crate) fn measure(bytes: Vec<u8>, threads: usize) -> Result<Object, Diagnostic> {
    let pool: &[&str] = if threads > 1 { &[pool::RUN, pool::SHARE] } else { &[] };
    let file = object::File::parse(bytes.as_slice())
        .map_err(|error| internal("the object is malformed").found(error.to_string()))?;
    let missing = file
        .symbols()
        .filter(|symbol| symbol.is_undefined())
        .filter_map(|symbol| symbol.name().ok())
        .find(|name| !name.is_empty() && !is_library_function(name) && !pool.contains(name));
    if let Some(name) = missing {
        return Err(internal("the object needs a function that targets may not have")
            .expected(LIBRARY_FUNCTIONS.join(", "))
            .found(name));
    }
    let size_of = |is_counted: fn(SectionKind) -> bool| -> u64 {
        file.sections().filter(|section| is_counted(section.kind())).map(|section| section.size()).sum()
    };
    let code_bytes = size_of(|kind| kind == SectionKind::Text);
    let data_bytes = size_of(|kind| {
        use SectionKind::{Data, ReadOnlyData, ReadOnlyDataWithRel, ReadOnlyString, UninitializedData};
        matches!(kind, Data | ReadOnlyData | ReadOnlyDataWithRel | ReadOnlyString | UninitializedData)
    });
    Ok(Object { bytes, code_bytes, data_bytes })
}
