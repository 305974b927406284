//! What a network does beside its layers, as far as it takes time.

use super::{LayerId, Network, Node, NodeId, Operator, SiteId};

/// An operator without weights that computes or copies something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Other {
    /// The site it yields; none if it yields values of the site that it reads.
    pub site: Option<SiteId>,
    /// What it reads.
    pub read: Read,
}

/// Elements that are read, for one sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// Of an input of the network, as floats.
    Input(usize),
    /// Of computed values.
    Values(usize),
}

impl Network {
    /// Operators beside the layers, in program order. Those that move all elements and leave none out are
    /// taken for changes of shape, which do nothing; and a concat for one that copies what others read, too: the
    /// rest is written where it belongs.
    pub fn others(&self) -> Vec<Other> {
        let other = |node: &Node| {
            let site = match &node.operator {
                Operator::Encode(site, ..)
                | Operator::Rounded(site, _)
                | Operator::Table(site, ..)
                | Operator::Softmax(site, ..) => Some(*site),
                Operator::Moved(_) if self.read_by(node) != node.elements => None,
                _ => return None,
            };
            let of_input = node.operands.first().is_some_and(|&operand| self.is_input(operand));
            let elements = match node.operator {
                Operator::Rounded(concat, _) => self.copied_by(node, concat),
                _ => self.read_by(node),
            };
            if elements == 0 {
                return None;
            }
            // A layer whose divisor keeps it apart from its encode has a sum as wide as what it rounds.
            let read = if of_input { Read::Input(elements) } else { Read::Values(elements) };
            Some(Other { site, read })
        };
        self.nodes.iter().filter_map(other).collect()
    }

    /// Elements of a concat's operands that are not computed for it alone.
    fn copied_by(&self, node: &Node, concat: SiteId) -> usize {
        let operands = node.operands.iter().map(|&operand| &self.nodes[operand]);
        let is_tied = |site: SiteId| self.sites[site].tied == Some(concat);
        operands.filter(|operand| !operand.source.is_some_and(is_tied)).map(|operand| operand.elements).sum()
    }

    /// Operands of concats that may have another type than the concat, because more than it reads them: the
    /// site of each, the concat's, and how many elements would be encoded again.
    pub fn joined(&self) -> impl Iterator<Item = (SiteId, SiteId, usize)> + '_ {
        let operands = |node: &Node| match node.operator {
            Operator::Rounded(concat, _) => node.operands.iter().map(|&operand| (operand, concat)).collect(),
            _ => Vec::new(),
        };
        self.nodes.iter().flat_map(operands).filter_map(|(operand, concat)| {
            let Node { source, elements, .. } = self.nodes[operand];
            let site = source.filter(|&site| site != concat && self.sites[site].tied != Some(concat))?;
            Some((site, concat, elements))
        })
    }

    /// The shape of a layer's sums, the channel last.
    pub fn shape_of(&self, id: LayerId) -> &[usize] {
        &self.windows[id].shape
    }

    /// Elements of each output.
    pub fn output_elements(&self) -> impl Iterator<Item = usize> + '_ {
        self.outputs.iter().map(|&node| self.nodes[node].elements)
    }

    /// Whether another value is added to a layer's sums before they are rounded.
    pub fn adds(&self, id: LayerId) -> bool {
        let is_sum = |node: &Node| matches!(node.operator, Operator::Group(layer, ..) if layer == id);
        self.nodes.iter().any(|node| is_sum(node) && node.operands.len() > 1)
    }

    /// Whether a node is an argument of the function, rounded at most.
    fn is_input(&self, id: NodeId) -> bool {
        match self.nodes[id].operator {
            Operator::Input(_) => true,
            Operator::Seated => {
                self.nodes[id].operands.first().is_some_and(|&operand| self.is_input(operand))
            }
            _ => false,
        }
    }

    /// Elements of stored values that a node is computed from.
    fn read_by(&self, node: &Node) -> usize {
        let stored = |&operand: &NodeId| {
            let node = &self.nodes[operand];
            match node.operator {
                Operator::Sum(..) => self.read_by(node),
                Operator::Constant(..) => 0,
                _ => node.elements,
            }
        };
        node.operands.iter().map(stored).sum()
    }
}
