//! Model files become MLIR modules with TOSA on f32.
//!
//! [`import`] tells what a file is by its content, not by its name, and gives one clear diagnostic
//! for what it cannot read. The result has one public `func.func` whose arguments and results are
//! f32 tensors with static shapes, in the source's own order and layout.
//!
//! * `kind`: what sort of file it is.
//! * `source`: MLIR as text or bytecode.
//! * `onnx`: ONNX.
//! * [`tosa`]: the building of TOSA operations, shared by the importers.

pub mod code;
mod kind;
mod onnx;
mod source;
pub mod tosa;

#[cfg(test)]
mod tests;

use self::kind::Kind;
use crate::{
    diag::Diagnostic,
    mlir::{Session, SourceModule},
};

/// What the user says about the model beside the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Shapes of inputs by name: `--shape name=1x3x224x224`. An open batch size is 1 without one;
    /// any other open size is an error.
    pub shapes: Vec<(String, Vec<i64>)>,
}

/// An operator of a source format that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SupportedOp {
    /// Its name there.
    pub name: &'static str,
    /// What of it is supported; empty if all is.
    pub limits: &'static str,
    /// The TOSA operators that it becomes.
    pub becomes: &'static str,
}

/// Reads a model: MLIR text, MLIR bytecode or ONNX. `path_for_messages` is the file's name as the
/// user gave it; the file is not opened.
///
/// # Errors
/// Everything that is wrong with the model, at once.
pub fn import<'s>(
    session: &'s Session,
    path_for_messages: &str,
    bytes: &[u8],
    options: &ImportOptions,
) -> Result<SourceModule<'s>, Vec<Diagnostic>> {
    match kind::detect(path_for_messages, bytes).map_err(|diagnostic| vec![*diagnostic])? {
        Kind::Mlir => source::import(session, path_for_messages, bytes, options),
        Kind::Onnx => onnx::import(session, path_for_messages, bytes, options),
    }
}

/// The operators of ONNX that can be imported, in alphabetical order.
pub fn supported_onnx_ops() -> Vec<SupportedOp> {
    onnx::supported_ops()
}
