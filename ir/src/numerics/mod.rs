//! The numerics of Adaptive Floating-Point: formats, codes, exact values, the one rounding rule.
//!
//! This module is the only place where a rule of numerics is written down in code. The interpreter,
//! the verifiers, the folders and the passes call it; code generators are tested against it. It
//! knows nothing of MLIR. Rule numbers (`F1`, `E3`, ...) refer to `docs/spec.md`.

mod dynamic;
mod encode;
mod exact;
mod format;
mod function;

pub use dynamic::binade;
pub use encode::{Rounding, clamp_code, encode, encode_f32, encode_f64, round_to_grid, round_to_grid_f32};
pub use exact::{Dyadic, decompose_f32, decompose_f64, dyadic_to_f32, dyadic_to_f64, ratio_to_f32};
pub use format::{Code, Format, FormatError, MAX_SCALE_EXPONENT};
pub use function::Function;
