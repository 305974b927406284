//! The passes of afpc, and the pipeline that the driver and afp-opt share.
//!
//! One file or folder per pass, named like it; `lit-tests/passes/` has a test under the same name.
//! Solvers stand apart from rewrites: [`scale`] chooses exponents, [`dynamic`] says which are chosen at run
//! time, [`analysis`] proves widths,
//! [`range_analysis::interval`] propagates intervals.
//!
//! **Invariant.** A pass never opens a file, prints, or reads the environment: the driver does, and
//! attaches what a pass needs to the module.

pub mod analysis;
pub mod assign_formats;
pub mod conversions;
pub mod dynamic;
pub mod eliminate_requant;
pub mod encode_weights;
pub mod equalize;
pub mod form_groups;
pub mod formats;
pub mod graph;
pub mod pipeline;
pub mod prove_widths;
pub mod quantize;
pub mod raise;
pub mod range_analysis;
pub mod registry;
pub mod scale;
pub mod stats;
pub mod weights;
