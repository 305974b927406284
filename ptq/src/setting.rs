//! One choice of formats, scale exponents and rounded weights.

use std::sync::Arc;

use afp_ir::numerics::Format;

use crate::network::SiteFormat;

/// A layer's weights on the grid of a format.
#[derive(Clone, Debug, PartialEq)]
pub struct Rounded {
    /// The format.
    pub format: Format,
    /// The scale exponent of each output channel.
    pub exps: Vec<i32>,
    /// `[outputs][depth]`: each an integer of the format times `2^exps[output]`.
    pub values: Vec<f32>,
    /// The bias of each output channel, corrected, not yet rounded; empty if the layer has none and
    /// needs none.
    pub bias: Vec<f32>,
}

/// What a network is run with: nothing is quantized where there is `None`.
#[derive(Clone, Debug, Default)]
pub struct Setting {
    /// By layer.
    pub weights: Vec<Option<Arc<Rounded>>>,
    /// By site.
    pub sites: Vec<Option<SiteFormat>>,
}
