//! The intermediate representation of afpc: numerics, the `afp` dialect, the reference interpreter,
//! and the importers.
//!
//! * [`numerics`]: what a code is worth and how a value is rounded. The law; no MLIR in it.
//! * [`mlir`]: thin copyable handles on MLIR objects, for code that reads and rewrites.
//! * [`dialect`]: the `afp` dialect seen from Rust: types, attributes, verifiers, folders.
//! * [`import`]: model files become TOSA on f32.
//! * [`interp`]: the reference interpreter, which executes every stage of the pipeline.
//! * [`diag`]: diagnostics with a code, an expectation, a finding and a hint.

pub mod diag;
pub mod dialect;
pub mod import;
pub mod interp;
pub mod mlir;
pub mod numerics;
pub mod winograd;
