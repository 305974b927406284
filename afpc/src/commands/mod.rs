//! The commands, one module each: its arguments, and `run`.

pub mod explain;
pub mod import;
pub mod ops;
