//! What a format costs of each resource, for the assignment.

use afp_ir::numerics::Format;

use crate::{
    assign::Resource,
    network::{LayerId, SiteId},
    quantizer::Quantizer,
};

/// Prices of a network.
pub struct Prices<'a, 'n> {
    quantizer: &'a Quantizer<'n>,
}

impl<'a, 'n> Prices<'a, 'n> {
    /// The prices of a network.
    pub fn new(quantizer: &'a Quantizer<'n>) -> Self {
        Self { quantizer }
    }

    /// What a layer's weights cost in a format.
    pub fn layer(&self, layer: LayerId, format: Format, resource: Resource) -> u64 {
        let layer = &self.quantizer.network.layers[layer];
        let bits = layer.weights.len() as u64 * u64::from(format.width());
        match resource {
            Resource::WeightBits => bits,
            _ => 0,
        }
    }

    /// What a site's activations cost in a format.
    pub fn site(&self, site: SiteId, format: Format, resource: Resource) -> u64 {
        let elements = self.quantizer.network.sites[site].elements() as u64;
        match resource {
            Resource::ActivationBits => elements * u64::from(format.width()),
            _ => 0,
        }
    }
}
