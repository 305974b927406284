//! What generated code may call on a host.
//!
//! * [`pool`]: threads.

pub mod pool;
