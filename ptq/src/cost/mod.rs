//! What formats cost: bits and bytes, energy, time. Pure models of plain descriptions.
//!
//! * [`bits`]: average bits of weights and activations, bytes of parameters: exact;
//! * [`energy`]: picojoules by a published table of operations in 45 nm: an estimate of a circuit that does
//!   nothing but compute;
//! * [`latency`]: nanoseconds or instructions by tables that were measured, one per target.
//!
//! A [`Work`] is what a layer does for one sample, whatever its formats.

pub mod bits;
pub mod energy;
pub mod latency;

use afp_ir::{interp::parts::Filters, winograd::FILTER};

use crate::network::{LayerId, Network};

/// What a layer does for one sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// `conv2d`, `depthwise_conv2d` or `fully_connected`.
    pub operator: &'static str,
    /// Positions at which the weights are applied.
    pub positions: u64,
    /// Output channels.
    pub outputs: u64,
    /// Weights of an output channel: terms of a sum.
    pub depth: u64,
    /// Places of the input that a sum reads, each of `depth / taps` channels.
    pub taps: u64,
    /// Elements that are read.
    pub inputs: u64,
    /// Whether the result of another layer is added before rounding.
    pub adds: bool,
    /// Whether output channels read different channels of the input, and are no depthwise convolution.
    pub is_grouped: bool,
    /// Whether its windows are 3x3 neighbours, and each pixel's lies beside the next: what Winograd's transforms take.
    pub is_winograd: bool,
}

impl Work {
    /// The work of a layer.
    pub fn of(network: &Network, id: LayerId) -> Self {
        let (layer, windows) = (&network.layers[id], &network.windows[id]);
        let (geometry, is_grouped, is_full) = match &windows.filters {
            Filters::Full(geometry, _) => (geometry, geometry.groups > 1, geometry.groups == 1),
            Filters::Depthwise(geometry) => (geometry, false, false),
        };
        let is_3x3 =
            geometry.kernel == [FILTER; 2] && geometry.stride == [1; 2] && geometry.dilation == [1; 2];
        Self {
            operator: layer.operator,
            positions: layer.positions as u64,
            outputs: layer.outputs as u64,
            depth: layer.depth as u64,
            taps: geometry.taps() as u64,
            inputs: (geometry.batch * geometry.input.iter().product::<usize>()) as u64,
            adds: network.adds(id),
            is_grouped,
            is_winograd: is_full && is_3x3,
        }
    }

    /// Products.
    pub fn macs(&self) -> u64 {
        self.positions * self.outputs * self.depth
    }

    /// Number of weights.
    pub fn weights(&self) -> u64 {
        self.outputs * self.depth
    }

    /// Elements that are written.
    pub fn results(&self) -> u64 {
        self.positions * self.outputs
    }
}
