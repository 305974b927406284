//! Native code for exact AFP programs.
//!
//! [`kernels`] turns a program into functions on integer buffers in upstream MLIR dialects, with the
//! memory planned; backends lower those functions.

pub mod kernels;
