//! From an exact AFP program to machine code, its C header and shared libraries.
//!
//! * [`pipeline`]: the passes, in order, and what is chosen for them.
//! * [`select`]: how values lie in memory, and a strategy for every group.
//! * [`kernels`]: the program becomes functions of loops on integer buffers.
//! * [`memory`]: every buffer gets its place in the arena.
//! * [`afpk`]: the operators that kernels add to upstream's dialects.
//! * [`constants`]: what kernels keep in memory that does not change, by layer.
//! * [`profile`]: the steps of a network, to be timed one by one.
//! * [`interface`]: what a generated function takes and gives.
//! * [`versions`]: what C programs see of code in several versions.
//! * [`target`]: the machines that code is generated for.
//! * [`llvm`]: a module in `scf`, `arith` and `memref` becomes an object file.
//! * [`cranelift`]: the same by Cranelift, as an object file or in memory.
//! * [`object_file`]: what backends give.
//! * [`header`]: the C and C++ declaration of a generated function.
//! * [`link`]: objects become a shared library; [`archive`]: or a static one.
//! * [`peak`]: how fast a machine multiplies at all.
//! * [`library`]: compiled code is loaded; [`call`]: and called.
//! * [`simulate`]: objects for other machines are run by simulators.

pub mod afpk;
pub mod archive;
pub mod call;
pub mod constants;
pub mod cranelift;
pub mod header;
pub mod interface;
pub mod kernels;
pub mod library;
pub mod link;
pub mod llvm;
pub mod memory;
pub mod object_file;
pub mod peak;
pub mod pipeline;
pub mod profile;
pub mod select;
pub mod simulate;
pub mod target;
pub mod versions;

#[cfg(test)]
mod tests;

use afp_ir::diag::Diagnostic;

/// What only a fault of the compiler itself can cause.
fn internal(message: &str) -> Diagnostic {
    Diagnostic::error("AFP0001", format!("{message}; this is a bug in afpc"))
}
