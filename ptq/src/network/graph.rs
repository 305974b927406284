//! The nodes of a network.

use std::sync::Arc;

use afp_ir::{
    interp::{
        Tensor,
        parts::{Dimension, Filters, Kernel},
    },
    numerics::{Function, Rounding},
};

use super::{LayerId, SiteId};

/// The index of a node.
pub type NodeId = usize;

/// A value of the program, and how it is computed.
pub struct Node {
    /// What computes it.
    pub operator: Operator,
    /// What it is computed from.
    pub operands: Vec<NodeId>,
    /// The site whose grid its elements lie on; none for exact values and constants.
    pub source: Option<SiteId>,
    /// Number of its elements.
    pub elements: usize,
    /// Whether a border of numbers lies around it that its source's grid need not hold.
    pub bordered: bool,
}

/// How a value is computed.
pub enum Operator {
    /// An argument of the function.
    Input(usize),
    /// Known: as it is, and on the grid that it takes in a program on codes.
    Constant(Arc<Tensor>, Arc<Tensor>),
    /// The sums of a layer, with its bias, exact.
    Layer(LayerId),
    /// The sums of a layer, with its bias and, if there is a second operand, that one added; rounded to a
    /// site.
    Group(LayerId, SiteId, Limits),
    /// Rounds the quotient of an exact value, or of another site's, to a site.
    Encode(SiteId, Limits, Vec<u64>),
    /// What a kernel yields for real operands, rounded to a site.
    Rounded(SiteId, Box<dyn Kernel>),
    /// A function of one operand: on codes, its table.
    Table(SiteId, Function, Box<dyn Kernel>),
    /// Softmax: on codes, the sequence of rules S3 to S5.
    Softmax(SiteId, Dimension, Box<dyn Kernel>),
    /// What a kernel yields for real operands, no element of which is new.
    Moved(Box<dyn Kernel>),
    /// The operand, back on its source's grid: a border of any number may have been put around it.
    Seated,
    /// Exact values of real operands: sums of what is said.
    Sum(Box<dyn Kernel>, Sum),
    /// Part of a group, or read by nothing.
    Unused,
}

/// What an exact value is the sum of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sum {
    /// One element of each of two operands.
    Add,
    /// So many products of an element of one operand and one of the other.
    Products(usize),
    /// At most so many elements of the operand.
    Window(usize),
}

/// How an encode rounds, and its limits, one or one per channel; none: no limit.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    /// Lower ones.
    pub lo: Option<Vec<f32>>,
    /// Upper ones.
    pub hi: Option<Vec<f32>>,
    /// Where ties go.
    pub rounding: Rounding,
}

/// Where a layer's weights are applied.
#[derive(Clone, Debug)]
pub struct Windows {
    /// How weights meet the input.
    pub filters: Filters,
    /// The shape of the sums.
    pub shape: Vec<usize>,
}
