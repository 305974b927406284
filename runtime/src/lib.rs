//! What generated code may call on a host.
//!
//! * [`pool`]: threads for networks that are compiled for several of them.

pub mod pool;
