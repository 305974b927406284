//! The driver of afpc as a library: commands, and what they share.
//!
//! **Invariant.** Files, the terminal and the environment are touched here and nowhere below: passes
//! and the interpreter are given values and return them.
//!
//! * [`cli`]: the command line. [`commands`]: one module per command.
//! * [`io`]: models and arrays in, modules and arrays out.
//! * [`report`]: diagnostics and progress for a person.

pub mod cli;
pub mod commands;
pub mod io;
pub mod report;
