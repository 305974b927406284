//! What runs yield.

use std::sync::Arc;

use afp_ir::interp::Tensor;

use crate::network::{LayerId, Network, Node, NodeId, Operator, SiteId};

/// The values of one run, by node.
pub struct Trace {
    pub(super) values: Vec<Option<Arc<Tensor>>>,
}

/// What a run yields.
pub struct Outcome {
    /// The first output, before a softmax at its end.
    pub logits: Arc<Tensor>,
    /// All outputs.
    pub outputs: Vec<Arc<Tensor>>,
}

impl Outcome {
    /// The elements of the logits.
    pub fn logits(&self) -> &[f32] {
        self.logits.as_real().unwrap_or_default()
    }
}

impl Trace {
    /// The logits and outputs.
    pub fn outcome(&self, network: &Network) -> Outcome {
        let value =
            |id: NodeId| self.values[id].clone().unwrap_or_else(|| Arc::new(Tensor::real(&[0], Vec::new())));
        Outcome {
            logits: value(network.logits),
            outputs: network.outputs.iter().map(|&id| value(id)).collect(),
        }
    }

    /// What a layer read: NHWC, or `[N, C]`.
    pub fn input_of<'a>(&'a self, network: &Network, layer: LayerId) -> &'a [f32] {
        let reads = |node: &&Node| matches!(node.operator, Operator::Layer(id) | Operator::Group(id, ..) if id == layer);
        let node = network.nodes.iter().find(reads).and_then(|node| node.operands.first().copied());
        node.and_then(|id| self.values[id].as_deref()).and_then(Tensor::as_real).unwrap_or_default()
    }

    /// The values of every site, in order.
    pub fn sites<'a>(&'a self, network: &'a Network) -> impl Iterator<Item = (SiteId, &'a [f32])> {
        network.nodes.iter().zip(&self.values).filter_map(|(node, value)| {
            let site = match node.operator {
                Operator::Group(_, site, _)
                | Operator::Encode(site, ..)
                | Operator::Rounded(site, _)
                | Operator::Table(site, ..)
                | Operator::Softmax(site, ..) => site,
                _ => return None,
            };
            Some((site, value.as_deref()?.as_real()?))
        })
    }
}
