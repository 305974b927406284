//! What generated code may call on a host, and what it is started by where it is simulated.
//!
//! * [`pool`]: threads for networks that are compiled for several of them.
//! * [`simulation`]: the program around networks in a simulator.

pub mod pool;
pub mod simulation;
