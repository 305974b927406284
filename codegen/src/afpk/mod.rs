//! The operators of the `afpk` dialect: what they are made of, and what they become.
//!
//! * [`numeric`]: the rules of numerics as operations on integers.
//! * [`expand`]: the pass `afpk-expand`, to operators of `arith`, for every backend.
//! * [`to_llvm`]: the pass `convert-afpk-to-llvm`, to intrinsics of a target.

pub mod expand;
mod lookup;
pub mod matrix;
mod mmla;
pub mod numeric;
mod pack;
pub mod to_llvm;
mod unpack;
