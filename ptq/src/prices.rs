//! What a format costs of each resource, for the assignment.
//!
//! Costs of a layer add up over layers, but time and energy of a layer also depend on the format of what it
//! reads. They are split: a layer is priced as if it read fixed point of 8 bits, and a site pays for what
//! another format costs the layers that read it, at weights of the middle size. Where a concat joins values that
//! others read too, time also has what encoding them again would take.

use afp_ir::numerics::Format;

use crate::{
    assign::Resource,
    cost::{
        Work,
        bits::{Storage, parameter_bytes},
        energy::{self, Arithmetic, Memories},
        latency::Table,
    },
    network::{LayerId, SiteId},
    quantizer::Quantizer,
};

/// Weights that a site's price is taken at.
const TYPICAL: &str = "e2m2";

/// Prices of a network.
pub struct Prices<'a, 'n> {
    quantizer: &'a Quantizer<'n>,
    works: Vec<Work>,
    table: Option<&'a Table>,
    memories: Memories,
}

impl<'a, 'n> Prices<'a, 'n> {
    /// The prices of a network; latency by a table.
    pub fn new(quantizer: &'a Quantizer<'n>, table: Option<&'a Table>) -> Self {
        let works = (0..quantizer.network.layers.len()).map(|id| Work::of(quantizer.network, id)).collect();
        Self { quantizer, works, table, memories: Memories::default() }
    }

    /// What a layer's weights cost in a format.
    pub fn layer(&self, layer: LayerId, format: Format, resource: Resource) -> u64 {
        let count = self.quantizer.network.layers[layer].weights.len() as u64;
        match resource {
            Resource::WeightBits => count * u64::from(format.width()),
            Resource::ActivationBits => 0,
            Resource::Flash => parameter_bytes(&self.works[layer], format, Storage::Packed),
            Resource::Latency | Resource::Energy => {
                rounded(self.of_layer(layer, format, self.fixed(layer), resource))
            }
        }
    }

    /// What a site's activations cost in a format.
    pub fn site(&self, site: SiteId, format: Format, resource: Resource) -> u64 {
        let elements = self.quantizer.network.sites[site].elements() as u64;
        match resource {
            Resource::ActivationBits => elements * u64::from(format.width()),
            Resource::WeightBits | Resource::Flash => 0,
            Resource::Latency | Resource::Energy => {
                let Ok(typical) = TYPICAL.parse() else { return 0 };
                let layers = self.quantizer.network.layers.iter().enumerate();
                let readers = layers.filter(|(_, layer)| layer.input == Some(site));
                let more = |(layer, _): (LayerId, _)| {
                    self.of_layer(layer, typical, format, resource)
                        - self.of_layer(layer, typical, self.fixed(layer), resource)
                };
                let layers: f64 = readers.map(more).sum();
                let again = if resource == Resource::Latency { self.mismatches(site, format) } else { 0.0 };
                rounded(layers + again)
            }
        }
    }

    /// What encoding again costs where a concat joins a site's values with others, or is the site: the other one
    /// is taken to have fixed point of 8 bits. Nothing where types agree.
    fn mismatches(&self, site: SiteId, format: Format) -> f64 {
        let own = self.quantizer.site_format(site, format);
        let byte = |other| self.quantizer.site_format(other, Format::byte(self.quantizer.is_signed(other)));
        let cost = |(operand, concat, elements): (SiteId, SiteId, usize)| {
            let other = if operand == site { concat } else { operand };
            let meets = operand == site || concat == site;
            if !meets || byte(other) == own {
                return 0.0;
            }
            self.table.map_or(0.0, |table| table.of_other(elements as u64, true))
        };
        self.quantizer.network.joined().map(cost).sum()
    }

    /// Fixed point of 8 bits, as a layer's input has it by default.
    fn fixed(&self, layer: LayerId) -> Format {
        let input = self.quantizer.network.layers[layer].input;
        Format::byte(input.is_some_and(|site| self.quantizer.is_signed(site)))
    }

    fn of_layer(&self, layer: LayerId, weights: Format, input: Format, resource: Resource) -> f64 {
        const RESULT_BITS: u32 = 8;
        let work = &self.works[layer];
        match resource {
            Resource::Energy => {
                energy::of_layer(work, Arithmetic::Formats(weights, input), RESULT_BITS, self.memories)
                    .total()
            }
            _ => self.table.map_or(0.0, |table| table.of_layer(work, weights, input)),
        }
    }
}

/// A cost as a whole number; what would be less than nothing is nothing.
fn rounded(cost: f64) -> u64 {
    cost.max(0.0).round() as u64
}
