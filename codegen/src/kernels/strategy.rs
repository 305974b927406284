//! Which kernel a group becomes: the attribute `afp.kernel` that `afp-select-kernels` attaches.

use afp_ir::mlir::{Attr, Op};

/// The part of the result that is computed in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Neighbouring pixels of a row.
    pub pixels: i64,
    /// Vectors of channels.
    pub vectors: i64,
    /// Lanes of 32 bits in a vector.
    pub lanes: i64,
}

/// How a group is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// By scalars: [`super::group`].
    Portable,
    /// By dot products on vectors of output channels: [`super::direct`].
    Direct(Tile),
    /// By products on vectors of channels: [`super::depthwise`].
    Depthwise(Tile),
}

/// How products are computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Multiply {
    /// By the machine's multiplier.
    #[default]
    Native,
    /// By shifts and additions.
    ShiftAdd,
}

/// How weights lie in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weights {
    /// As integers of whole bytes.
    #[default]
    Expanded,
    /// As codes of as many bits as the format has.
    Packed,
}

/// Everything about the kernel of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The strategy.
    pub strategy: Strategy,
    /// Products.
    pub multiply: Multiply,
    /// Weights.
    pub weights: Weights,
}

const ATTRIBUTE: &str = "afp.kernel";

impl Choice {
    /// Scalars, multiplied, on expanded weights.
    pub const PORTABLE: Self =
        Self { strategy: Strategy::Portable, multiply: Multiply::Native, weights: Weights::Expanded };

    /// Reads the attribute; what is missing or malformed is portable.
    pub fn of(op: Op) -> Self {
        let Some(attr) = op.attr(ATTRIBUTE) else { return Self::PORTABLE };
        let text = |name: &str| attr.entry(name).and_then(Attr::as_string);
        let tile = attr.entry("tile").and_then(Attr::as_i64s);
        let tile = match tile.as_deref() {
            Some(&[pixels, vectors, lanes]) if pixels > 0 && vectors > 0 && lanes > 0 => {
                Some(Tile { pixels, vectors, lanes })
            }
            _ => None,
        };
        let strategy = match (text("strategy").as_deref(), tile) {
            (Some("direct"), Some(tile)) => Strategy::Direct(tile),
            (Some("depthwise"), Some(tile)) => Strategy::Depthwise(tile),
            _ => Strategy::Portable,
        };
        let is = |name: &str, value: &str| text(name).is_some_and(|found| found == value);
        Self {
            strategy,
            multiply: if is("multiply", "shift-add") { Multiply::ShiftAdd } else { Multiply::Native },
            weights: if is("weights", "packed") { Weights::Packed } else { Weights::Expanded },
        }
    }

    /// Attaches the attribute.
    pub fn attach(&self, op: Op) {
        let ctx = op.ctx();
        let (name, tile) = match self.strategy {
            Strategy::Portable => ("portable", None),
            Strategy::Direct(tile) => ("direct", Some(tile)),
            Strategy::Depthwise(tile) => ("depthwise", Some(tile)),
        };
        let mut entries = vec![("strategy", Attr::string(ctx, name))];
        if let Some(Tile { pixels, vectors, lanes }) = tile {
            entries.push(("tile", Attr::i64s(ctx, &[pixels, vectors, lanes])));
        }
        if self.multiply == Multiply::ShiftAdd {
            entries.push(("multiply", Attr::string(ctx, "shift-add")));
        }
        if self.weights == Weights::Packed {
            entries.push(("weights", Attr::string(ctx, "packed")));
        }
        op.set_attr(ATTRIBUTE, Attr::dict(ctx, &entries));
    }
}
