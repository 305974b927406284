//! From an exact AFP program to machine code, its C header and shared libraries.
//!
//! * [`kernels`]: the program becomes functions of loops on integer buffers, with memory planned.
//! * [`constants`]: what kernels keep in memory that does not change, by layer.
//! * [`interface`]: what a generated function takes and gives.
//! * [`target`]: the machines that code is generated for.
//! * [`llvm`]: a module in `scf`, `arith` and `memref` becomes an object file.
//! * [`cranelift`]: the same by Cranelift, as an object file or in memory.
//! * [`object_file`]: what backends give.
//! * [`profile`]: the steps of a network, to be timed one by one.
//! * [`header`]: the C and C++ declaration of a generated function.
//! * [`link`]: objects become a shared library; [`archive`]: or a static one.
//! * [`library`]: compiled code is loaded; [`call`]: and called.

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
pub mod object_file;
pub mod profile;
pub mod target;

#[cfg(test)]
mod tests;

use afp_ir::diag::Diagnostic;

/// What only a fault of the compiler itself can cause.
fn internal(message: &str) -> Diagnostic {
    Diagnostic::error("AFP0001", format!("{message}; this is a bug in afpc"))
}
