//! Many samples, one node at a time: what was computed is kept only until its last reader is through.

use std::sync::Arc;

use afp_ir::{diag::Diagnostic, interp::Tensor};
use rayon::prelude::*;

use super::Simulator;
use crate::network::{Network, NodeId, Operator};

/// The values of samples at some node of the program.
pub struct Walk<'a> {
    samples: &'a [Vec<Tensor>],
    /// By sample, by node.
    values: Vec<Vec<Option<Arc<Tensor>>>>,
    /// By node: the values that nothing behind it reads.
    done: Vec<Vec<NodeId>>,
}

impl<'a> Walk<'a> {
    /// Before the first node.
    pub fn new(network: &Network, samples: &'a [Vec<Tensor>]) -> Self {
        let values = vec![vec![None; network.nodes.len()]; samples.len()];
        Self { samples, values, done: done(network) }
    }

    /// Computes a node under a simulator's setting. Those before it have been.
    ///
    /// # Errors
    /// What a kernel reports.
    pub fn step(&mut self, simulator: &Simulator<'_>, id: NodeId) -> Result<(), Diagnostic> {
        self.values.par_iter_mut().zip(self.samples).with_max_len(1).try_for_each(|(values, sample)| {
            values[id] = simulator.compute(id, sample, values)?;
            self.done[id].iter().for_each(|&read| values[read] = None);
            Ok(())
        })
    }

    /// A value of a sample that is still read.
    pub fn value(&self, sample: usize, id: NodeId) -> &[f32] {
        self.values[sample][id].as_deref().and_then(Tensor::as_real).unwrap_or_default()
    }
}

/// The most bytes that one sample of a walk holds at a time.
pub fn footprint(network: &Network) -> usize {
    let bytes = |id: NodeId| {
        let node = &network.nodes[id];
        match node.operator {
            Operator::Layer(_) | Operator::Sum(..) => node.elements * size_of::<f64>(),
            // All samples share them.
            Operator::Constant(..) => 0,
            _ => node.elements * size_of::<f32>(),
        }
    };
    let step = |(held, most): (usize, usize), (id, done): (NodeId, &Vec<NodeId>)| {
        let held = held + bytes(id);
        (held - done.iter().map(|&id| bytes(id)).sum::<usize>(), most.max(held))
    };
    done(network).iter().enumerate().fold((0, 0), step).1
}

fn done(network: &Network) -> Vec<Vec<NodeId>> {
    let mut last: Vec<NodeId> = (0..network.nodes.len()).collect();
    for (id, node) in network.nodes.iter().enumerate() {
        node.operands.iter().for_each(|&operand| last[operand] = id);
    }
    let mut done = vec![Vec::new(); last.len()];
    last.into_iter().enumerate().for_each(|(id, last)| done[last].push(id));
    done
}
