//! The `afp` dialect seen from Rust.
//!
//! `td/` and `cpp/` hold its syntax and registration. Everything that decides something is here:
//! [`types`] the types, [`view`] typed access to attributes, [`shape`] the size of results,
//! [`verify`] the rules, [`fold`] the foldings.

mod ffi;
pub mod fold;
pub mod shape;
pub mod types;
pub mod verify;
pub mod view;

pub use types::{Element, FloatType, ScaleExponent};
