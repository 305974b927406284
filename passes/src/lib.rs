//! The passes of afpc, and the pipeline that the driver and afp-opt share.
//!
//! **Invariant.** A pass never opens a file, prints, or reads the environment: the driver does, and
//! attaches what a pass needs to the module.

pub mod registry;
