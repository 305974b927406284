//! The driver of afpc as a library: commands, and what they share.
//!
//! **Invariant.** Files, the terminal and the environment are touched here and nowhere below: passes
//! and the interpreter are given values and return them.
//!
//! * [`cli`]: the command line. [`commands`]: one module per command.
//! * [`io`]: models and arrays in, modules and arrays out.
//! * [`recipe`]: from a network to a stage of the pipeline. [`calibration`]: calibration data; [`quantization`]:
//!   what they are used for; [`decisions`]: how, where several may say.
//! * [`native`]: machine code, written or run. [`labels`]: the classes of samples.
//! * [`network`]: what is known of a compiled network, as report.json and in short.
//! * [`report`]: diagnostics and progress for a person.

pub mod calibration;
pub mod cli;
pub mod commands;
pub mod decisions;
pub mod io;
pub mod labels;
pub mod native;
pub mod network;
pub mod quantization;
pub mod recipe;
pub mod report;
