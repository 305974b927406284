//! Which kernel a group becomes: the attribute `afp.kernel` that `afp-select-kernels` attaches.

use afp_ir::{
    diag::Diagnostic,
    mlir::{Attr, Op},
};

use super::tree::misfit;

/// The part of the result that is computed in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Neighbouring pixels of a row.
    pub pixels: i64,
    /// Vectors of channels.
    pub vectors: i64,
    /// Lanes of 32 bits in a vector.
    pub lanes: i64,
    /// Steps that are taken together: of [`super::direct`], [`super::pairs`] and [`super::winograd`] so many words of a
    /// pixel's inputs are one load, of [`super::interleaved`] columns are written one behind the other. The others have one.
    pub steps: i64,
    /// Steps of [`super::direct`] whose products are added in 16 bits, before they are added to the sums
    /// ([`super::depth`]); 0 where products are added to them at once.
    pub depth: i64,
}

impl Tile {
    /// A tile whose steps are taken one by one.
    pub const fn new(pixels: i64, vectors: i64, lanes: i64) -> Self {
        Self { pixels, vectors, lanes, steps: 1, depth: 0 }
    }

    /// Reads `array<i64: pixels, vectors, lanes>`, or with `steps` and `depth` behind; none if it is malformed or no tile
    /// of a machine.
    fn of(attr: Attr) -> Option<Self> {
        let numbers = attr.as_i64s()?;
        let (&[pixels, vectors, lanes], behind) = numbers.split_first_chunk()?;
        let (steps, depth) = match *behind {
            [] => (1, 0),
            [steps] => (steps, 0),
            [steps, depth] => (steps, depth),
            _ => return None,
        };
        let fits = (1..=32).contains(&pixels)
            && (1..=8).contains(&vectors)
            && [4, 8, 16].contains(&lanes)
            && [1, 2, 4, 8].contains(&steps)
            && [0, 1, 2, 4].contains(&depth);
        fits.then_some(Self { pixels, vectors, lanes, steps, depth })
    }

    /// As the attribute has it.
    fn numbers(self) -> Vec<i64> {
        let Self { pixels, vectors, lanes, steps, depth } = self;
        match (steps, depth) {
            (1, 0) => vec![pixels, vectors, lanes],
            (_, 0) => vec![pixels, vectors, lanes, steps],
            _ => vec![pixels, vectors, lanes, steps, depth],
        }
    }
}

/// How a group is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// By scalars: [`super::group`].
    Portable,
    /// By dot products on vectors of output channels: [`super::direct`].
    Direct(Tile),
    /// By products of two pixels with two channels: [`super::pairs`].
    Pairs(Tile),
    /// By dot products with weights that stay packed in memory: [`super::gemv`].
    Gemv(Tile),
    /// By a matrix unit: [`super::matrix`].
    Matrix(Tile),
    /// By dot products of transformed windows and weights: [`super::winograd`]. The tile's pixels are windows.
    Winograd(Tile),
    /// By products on vectors of channels: [`super::depthwise`].
    Depthwise(Tile),
    /// By dot products of four rows, interleaved: [`super::interleaved`]. The tile's pixels are rows.
    Interleaved(Tile),
    /// Sums over windows, on vectors of channels: [`super::pool`].
    Pool(Tile),
    /// By bytes that vectors look up: [`super::table`], and the terms of [`super::softmax`].
    Lookup(Tile),
    /// Element by element, so many lanes at a time: [`super::boundary`], [`super::softmax`].
    Elementwise(Tile),
}

impl Strategy {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Direct(_) => "direct",
            Self::Pairs(_) => "pairs",
            Self::Gemv(_) => "gemv",
            Self::Matrix(_) => "matrix",
            Self::Winograd(_) => "winograd",
            Self::Depthwise(_) => "depthwise",
            Self::Interleaved(_) => "interleaved",
            Self::Pool(_) => "pool",
            Self::Lookup(_) => "lookup",
            Self::Elementwise(_) => "elementwise",
        }
    }

    /// The tile, if it has one.
    pub fn tile(self) -> Option<Tile> {
        match self {
            Self::Portable => None,
            Self::Direct(tile)
            | Self::Pairs(tile)
            | Self::Gemv(tile)
            | Self::Matrix(tile)
            | Self::Winograd(tile)
            | Self::Depthwise(tile)
            | Self::Interleaved(tile)
            | Self::Pool(tile)
            | Self::Lookup(tile)
            | Self::Elementwise(tile) => Some(tile),
        }
    }
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

/// When something is used that not every target or group has a use of: a matrix unit, Winograd's transforms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Usage {
    /// Never.
    Never,
    /// Where it is thought to be faster.
    #[default]
    Auto,
    /// Wherever it can be.
    Always,
}

impl Usage {
    /// All of them, by name.
    pub const NAMES: [(&'static str, Self); 3] =
        [("never", Self::Never), ("auto", Self::Auto), ("always", Self::Always)];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, named)| *named == self).map_or("", |(name, _)| name)
    }

    /// The one of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, named)| *named)
    }

    /// Whether something is used that takes so long, where the rest takes so long.
    pub fn is_worth_it(self, cycles: f64, otherwise: f64) -> bool {
        match self {
            Self::Never => false,
            Self::Auto => cycles < otherwise,
            Self::Always => true,
        }
    }
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

    /// Reads the attribute. Without it, the portable strategy.
    ///
    /// # Errors
    /// AFP0612 if it is malformed.
    pub fn of(op: Op) -> Result<Self, Diagnostic> {
        let Some(attr) = op.attr(ATTRIBUTE) else { return Ok(Self::PORTABLE) };
        let misfit = |expected: &str| misfit(op, expected).found(attr.to_string());
        let known = ["strategy", "tile", "multiply", "weights"];
        let entries = attr.entries().unwrap_or_default();
        if entries.is_empty() || entries.iter().any(|(name, _)| !known.contains(&name.as_str())) {
            return Err(misfit("'afp.kernel' with 'strategy', 'tile', 'multiply' and 'weights'"));
        }
        let text = |name: &str| match attr.entry(name) {
            None => Ok(None),
            Some(entry) => match entry.as_string() {
                None => Err(misfit("names as strings")),
                text => Ok(text),
            },
        };
        let tile = match attr.entry("tile") {
            None => None,
            Some(entry) => Some(Tile::of(entry).ok_or_else(|| {
                misfit("a tile of 1 to 32 pixels and 1 to 8 vectors of 4, 8 or 16 lanes, 1, 2, 4 or 8 steps and a depth of 0, 1, 2 or 4")
            })?),
        };
        let strategy = match (text("strategy")?.as_deref(), tile) {
            (Some("portable"), None) => Strategy::Portable,
            (Some("direct"), Some(tile)) => Strategy::Direct(tile),
            (Some("pairs"), Some(tile)) => Strategy::Pairs(tile),
            (Some("gemv"), Some(tile)) => Strategy::Gemv(tile),
            (Some("matrix"), Some(tile)) => Strategy::Matrix(tile),
            (Some("winograd"), Some(tile)) => Strategy::Winograd(tile),
            (Some("depthwise"), Some(tile)) => Strategy::Depthwise(tile),
            (Some("interleaved"), Some(tile)) => Strategy::Interleaved(tile),
            (Some("pool"), Some(tile)) => Strategy::Pool(tile),
            (Some("lookup"), Some(tile)) => Strategy::Lookup(tile),
            (Some("elementwise"), Some(tile)) => Strategy::Elementwise(tile),
            _ => {
                let named = "'direct', 'pairs', 'gemv', 'matrix', 'winograd', 'depthwise', 'interleaved', 'pool', 'lookup'";
                return Err(misfit(&format!("'portable', or {named} or 'elementwise' with a tile")));
            }
        };
        let multiply = match text("multiply")?.as_deref() {
            None | Some("native") => Multiply::Native,
            Some("shift-add") => Multiply::ShiftAdd,
            _ => return Err(misfit("'native' or 'shift-add' products")),
        };
        let weights = match text("weights")?.as_deref() {
            None | Some("expanded") => Weights::Expanded,
            Some("packed") => Weights::Packed,
            _ => return Err(misfit("'expanded' or 'packed' weights")),
        };
        let has_steps = matches!(
            strategy,
            Strategy::Direct(_) | Strategy::Pairs(_) | Strategy::Winograd(_) | Strategy::Interleaved(_)
        );
        if !has_steps && strategy.tile().is_some_and(|tile| tile.steps > 1) {
            return Err(misfit(
                "several steps together of 'direct', 'pairs', 'winograd' or 'interleaved' alone",
            ));
        }
        let is_direct = matches!(strategy, Strategy::Direct(tile) if tile.steps == 1);
        if !is_direct && strategy.tile().is_some_and(|tile| tile.depth > 0) {
            return Err(misfit("sums of 16 bits of 'direct' alone, of steps that are loaded one by one"));
        }
        let choice = Self { strategy, multiply, weights };
        if strategy != Strategy::Portable && choice != (Self { strategy, ..Self::PORTABLE }) {
            return Err(misfit("native products and expanded weights on vectors"));
        }
        Ok(choice)
    }

    /// Attaches the attribute.
    pub fn attach(&self, op: Op) {
        let ctx = op.ctx();
        let mut entries = vec![("strategy", Attr::string(ctx, self.strategy.name()))];
        if let Some(tile) = self.strategy.tile() {
            entries.push(("tile", Attr::i64s(ctx, &tile.numbers())));
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
