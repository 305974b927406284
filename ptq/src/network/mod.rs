//! A network in the real form, as plain data.
//!
//! [`Network::load`] reads a function behind `afp-form-groups`. *Layers* are its contractions with constant
//! weights, *sites* the values that own a format. What else there is stays hidden: nodes in the order of the
//! program, each with the kernel of the interpreter that computes it ([`graph`]).

mod graph;
mod load;
mod others;

pub(crate) use graph::{Limits, Node, NodeId, Operator, Sum, Windows};
pub use others::{Other, Read};

use afp_ir::numerics::Format;

/// A network: layers, sites, and the program between them.
pub struct Network {
    /// In program order.
    pub layers: Vec<Layer>,
    /// In program order.
    pub sites: Vec<Site>,
    /// Shapes of the inputs.
    pub inputs: Vec<Vec<usize>>,
    /// Whether the first output is a softmax of the logits.
    pub ends_in_softmax: bool,
    /// The site whose values are ranked: that of the logits, if a softmax behind them reads them in 8 bits.
    pub ranked: Option<SiteId>,
    /// Number of classes: elements in a row of the first output.
    pub classes: usize,
    /// By layer.
    pub(crate) windows: Vec<Windows>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) outputs: Vec<NodeId>,
    /// What the first output is, before a softmax at its end.
    pub(crate) logits: NodeId,
}

impl Network {
    /// What yields the value that is rounded to a site, where it is no layer: `encode` for arithmetic.
    pub fn rounding_of(&self, site: SiteId) -> &'static str {
        let of_node = |node: &Node| match &node.operator {
            Operator::Encode(id, ..) | Operator::Group(_, id, _) if *id == site => Some("encode"),
            Operator::Rounded(id, _) if *id == site => Some("concat"),
            Operator::Table(id, ..) if *id == site => Some("table"),
            Operator::Softmax(id, ..) if *id == site => Some("softmax"),
            _ => None,
        };
        self.nodes.iter().find_map(of_node).unwrap_or("encode")
    }
}

/// The index of a layer in [`Network::layers`].
pub type LayerId = usize;
/// The index of a site in [`Network::sites`].
pub type SiteId = usize;

/// A contraction with constant weights.
///
/// Output channel `o` belongs to group `o / (outputs / groups)`; all channels of a group read the same
/// patches. A plain convolution has one group, a depthwise convolution one per input channel.
#[derive(Clone, Debug)]
pub struct Layer {
    /// `afp.name`, by which formats files and reports know it.
    pub name: String,
    /// `conv2d`, `depthwise_conv2d` or `fully_connected`.
    pub operator: &'static str,
    /// Number of output channels.
    pub outputs: usize,
    /// Number of weights of an output channel.
    pub depth: usize,
    /// Number of groups of output channels that read the same patches.
    pub groups: usize,
    /// `[outputs][depth]`, a channel's weights in the order (ky, kx, input channel).
    pub weights: Vec<f32>,
    /// One per output channel; empty without a bias.
    pub bias: Vec<f32>,
    /// Positions at which the weights are applied, for one sample.
    pub positions: usize,
    /// The site whose values it reads.
    pub input: Option<SiteId>,
    /// The site in which its group ends: where its sums are rounded.
    pub output: Option<SiteId>,
}

impl Layer {
    /// Products of one inference.
    pub fn macs(&self) -> u64 {
        (self.positions * self.outputs * self.depth) as u64
    }

    /// The weights of an output channel.
    pub fn row(&self, output: usize) -> &[f32] {
        &self.weights[output * self.depth..(output + 1) * self.depth]
    }

    /// The group of an output channel.
    pub fn group(&self, output: usize) -> usize {
        output / (self.outputs / self.groups)
    }
}

/// A value that owns a format: the result of an encode, a table, a softmax or a concat.
#[derive(Clone, Debug)]
pub struct Site {
    /// `afp.name`.
    pub name: String,
    /// The shape of the value for one sample.
    pub shape: Vec<usize>,
    /// Whether it only leaves the program: then it may have 16 bits, and is not searched.
    pub leaves: bool,
    /// The site of the concat whose format this one takes, if it is tied to one.
    pub tied: Option<SiteId>,
}

impl Site {
    /// Number of elements for one sample.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }
}

/// The format of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SiteFormat {
    /// The format.
    pub format: Format,
    /// The scale exponent.
    pub exp: i32,
}
