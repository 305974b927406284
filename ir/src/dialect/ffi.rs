//! What the C++ half of the dialect calls. No panic leaves a function of this file.

use std::{
    ffi::c_void,
    panic::{AssertUnwindSafe, catch_unwind},
};

use mlir_sys::{MlirOperation, MlirStringCallback, MlirStringRef, MlirValue};

use super::{fold, verify};
use crate::{
    diag::Diagnostic,
    mlir::{Op, sref, string},
    numerics::{Format, MAX_SCALE_EXPONENT},
};

#[unsafe(no_mangle)]
unsafe extern "C" fn afpRustParseFormat(
    spelling: MlirStringRef,
    signed: *mut bool,
    exp_bits: *mut u32,
    man_bits: *mut u32,
) -> bool {
    // SAFETY: the caller passes a readable string and three writable fields.
    unsafe {
        let Some((s, e, m)) = split_spelling(&string(spelling)) else { return false };
        (*signed, *exp_bits, *man_bits) = (s, e, m);
    }
    true
}

/// The fields of a spelling, in range or not: a type out of range is the type verifier's to refuse.
fn split_spelling(text: &str) -> Option<(bool, u32, u32)> {
    use crate::numerics::FormatError::{Empty, ExponentBits, MantissaBits};
    match text.parse::<Format>() {
        Ok(f) => Some((f.is_signed(), f.exp_bits(), f.man_bits())),
        Err(ExponentBits(_) | MantissaBits { .. } | Empty) => {
            let (exp, man) = text.trim_start_matches('u').strip_prefix('e')?.split_once('m')?;
            Some((!text.starts_with('u'), exp.parse().ok()?, man.parse().ok()?))
        }
        Err(_) => None,
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn afpRustPrintFormat(
    signed: bool,
    exp_bits: u32,
    man_bits: u32,
    print: MlirStringCallback,
    data: *mut c_void,
) {
    let sign = if signed { "" } else { "u" };
    give(&format!("{sign}e{exp_bits}m{man_bits}"), print, data);
}

#[unsafe(no_mangle)]
unsafe extern "C" fn afpRustVerifyFloatType(
    signed: bool,
    exp_bits: u32,
    man_bits: u32,
    lo: i32,
    hi: i32,
    complain: MlirStringCallback,
    data: *mut c_void,
) -> bool {
    let complaint = match Format::new(signed, exp_bits, man_bits) {
        Err(error) => error.to_string(),
        Ok(_) if lo.saturating_abs().max(hi.saturating_abs()) > MAX_SCALE_EXPONENT => {
            let found = if lo.saturating_abs() > MAX_SCALE_EXPONENT { lo } else { hi };
            format!("[F8] expected a scale exponent within +-{MAX_SCALE_EXPONENT}, found {found}")
        }
        Ok(_) if lo > hi => {
            format!("[F9] expected an interval of exponents [lo, hi] with lo <= hi, found [{lo}, {hi}]")
        }
        Ok(_) => return true,
    };
    give(&complaint, complain, data);
    false
}

fn give(text: &str, callback: MlirStringCallback, data: *mut c_void) {
    if let Some(callback) = callback {
        // SAFETY: the callback copies the text before it returns.
        unsafe { callback(sref(text), data) }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn afpRustVerifyOp(raw: MlirOperation) -> bool {
    // SAFETY: MLIR verifies a live operation.
    let op = unsafe { Op::from_raw(raw) };
    match catch_unwind(AssertUnwindSafe(|| verify::verify(op))) {
        Ok(Ok(())) => true,
        Ok(Err(violation)) => {
            let message = format!("'{}' op {violation}", op.name());
            Diagnostic::error("", message).emit(op.loc());
            false
        }
        Err(_) => {
            Diagnostic::error(
                "AFP0001",
                format!("the verifier of '{}' failed; this is a bug in afpc", op.name()),
            )
            .emit(op.loc());
            false
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn afpRustFoldOp(raw: MlirOperation) -> MlirValue {
    // SAFETY: MLIR folds a live operation.
    let op = unsafe { Op::from_raw(raw) };
    match catch_unwind(AssertUnwindSafe(|| fold::fold(op))) {
        Ok(Some(value)) => value.raw(),
        _ => MlirValue { ptr: std::ptr::null() },
    }
}
