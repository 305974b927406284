//! What factors the channels of a network should have.
//!
//! A network computes the same when a class of channels is multiplied by a factor
//! (`afp_passes::equalize`): so factors can be chosen for the good of what is rounded. There are two uses.
//!
//! * *Equalization* ([`samples`]): channels of activations get similar ranges, as they share one scale
//!   exponent. Powers of two do, and keep every bit.
//! * *Scale absorption* ([`absorption`]): weights have a scale exponent per channel, and a factor between
//!   `2^-0.5` and `2^0.5` decides how they lie on their grid.
//!
//! Both end in the wishes of sites, by name, which `afp_passes::equalize::attach` writes into the module
//! and the pass `afp-equalize` reads. They change the network, so what was observed of it is void: a network
//! is loaded and observed again behind each.

pub mod absorption;
pub mod samples;

use std::collections::BTreeMap;

/// By name of a site, the base-2 logarithm of the factor that each index of its last dimension wants; NaN
/// where it does not matter.
pub type Wishes = BTreeMap<String, Vec<f64>>;
