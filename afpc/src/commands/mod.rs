//! The commands, one module each: its arguments, and `run`.

pub mod analyze;
pub mod bench;
pub mod compile;
pub mod eval;
pub mod explain;
pub mod import;
pub mod ops;
pub mod run;
pub mod search;
