//! Copyable handles on MLIR objects.
//!
//! melior's types express ownership, which is right for contexts and modules. A pass owns nothing
//! that it reads or rewrites; these handles are plain pointers with the few methods that passes,
//! verifiers and importers need.
//!
//! **Invariant.** A handle must not be used after its context is destroyed, nor, for an operation,
//! after [`Op::erase`]. All handles are obtained from a live module or context and stay inside the
//! function that obtained them.

mod attr;
mod builder;
mod context;
mod op;
mod types;

pub use attr::{Attr, DenseData};
pub use builder::{Builder, OpSpec};
pub use context::{Ctx, ParseError, Session, SourceModule};
pub use op::{Block, Loc, Op, Value};
pub use types::Type;

use mlir_sys::MlirStringRef;

/// Borrows a string for a call into MLIR.
pub(crate) fn sref(text: &str) -> MlirStringRef {
    MlirStringRef { data: text.as_ptr().cast(), length: text.len() }
}

/// Reads a string that MLIR owns; bytes that are no UTF-8 are replaced.
///
/// # Safety
/// `text` must point to `length` readable bytes.
pub(crate) unsafe fn string(text: MlirStringRef) -> String {
    if text.data.is_null() {
        return String::new();
    }
    // SAFETY: by contract of this function.
    String::from_utf8_lossy(unsafe { std::slice::from_raw_parts(text.data.cast(), text.length) }).into_owned()
}

/// Collects what an MLIR printing function writes.
pub(crate) fn collect(print: impl FnOnce(mlir_sys::MlirStringCallback, *mut std::ffi::c_void)) -> String {
    unsafe extern "C" fn append(text: MlirStringRef, out: *mut std::ffi::c_void) {
        // SAFETY: `out` is the String below, alive for the whole call.
        unsafe { (*out.cast::<String>()).push_str(&string(text)) }
    }
    let mut out = String::new();
    print(Some(append), (&raw mut out).cast());
    out
}

/// Borrows a static text for a call into MLIR that keeps it.
pub fn text_of(text: &'static str) -> MlirStringRef {
    sref(text)
}

/// Copies a text that MLIR owns.
///
/// # Safety
/// `text` must point to `length` readable bytes.
pub unsafe fn owned_text(text: MlirStringRef) -> String {
    // SAFETY: by contract of this function.
    unsafe { string(text) }
}
