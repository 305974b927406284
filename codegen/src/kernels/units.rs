//! In what units exact values count, where scale exponents are known now or only when the code runs.
//!
//! A [`Grid`] says it of an exact value, a [`Shift`] how far one grid lies above another: numbers where the
//! run-time exponents cancel, else operations on them ([`Numbers`]).

use afp_ir::{
    diag::Diagnostic,
    dialect::{Element, FloatType, view},
    mlir::{Op, Value},
};

use super::{
    builder::Kernel,
    tree::{self, pick, unsupported},
};

/// The exponents of an exact value's units.
#[derive(Clone, PartialEq, Eq)]
pub enum Grid {
    /// The scale exponents that these values have when the code runs, and numbers: one, or one per
    /// channel.
    Sum {
        /// The values.
        dynamic: Vec<Value>,
        /// What is added.
        known: Vec<i32>,
    },
    /// The finer of two, per channel.
    Finer(Box<Self>, Box<Self>),
}

impl Grid {
    /// Exponents that are known.
    pub fn known(known: Vec<i32>) -> Self {
        Self::Sum { dynamic: Vec::new(), known }
    }

    /// The scale exponent of a coded value.
    ///
    /// # Errors
    /// AFP0611 if the value has no codes.
    pub fn of_codes(value: Value, user: Op) -> Result<Self, Diagnostic> {
        Ok(match tree::coded(value, user)?.exp.fixed() {
            Some(exp) => Self::known(vec![exp]),
            None => Self::Sum { dynamic: vec![value], known: vec![0] },
        })
    }

    /// The grid of an exact value.
    ///
    /// # Errors
    /// AFP0611 for what is not computed.
    pub fn of(value: Value, user: Op) -> Result<Self, Diagnostic> {
        if matches!(Element::of(value.ty()), Element::Float(_)) {
            return Self::of_codes(value, user);
        }
        let Some(op) = value.def() else { return Err(unsupported(user, "an exact value")) };
        Ok(match op.name().as_str() {
            "afp.constant" => Self::known(view::channel_exp(op).unwrap_or_else(|| vec![0])),
            "afp.conv2d" | "afp.depthwise_conv2d" | "afp.fully_connected" => {
                let products = Self::of_products(op)?;
                match view::bias(op) {
                    Some(bias) => products.finer(&Self::of(bias, op)?),
                    None => products,
                }
            }
            "afp.matmul" => Self::of_codes(op.operand(0), op)?.plus(&Self::of_codes(op.operand(1), op)?),
            "afp.sum_pool2d" => Self::of_codes(op.operand(0), op)?,
            _ => Self::of(op.operand(0), op)?.finer(&Self::of(op.operand(1), op)?),
        })
    }

    /// The grid of a contraction's sums, without its bias.
    ///
    /// # Errors
    /// AFP0611 if an operand has no codes.
    pub fn of_products(op: Op) -> Result<Self, Diagnostic> {
        let channels = Self::known(view::channel_exp(op).unwrap_or_else(|| vec![0]));
        Ok(Self::of_codes(op.operand(0), op)?.plus(&Self::of_codes(op.operand(1), op)?).plus(&channels))
    }

    /// The exponents, where they are known.
    pub fn as_known(&self) -> Option<&[i32]> {
        match self {
            Self::Sum { dynamic, known } if dynamic.is_empty() => Some(known),
            _ => None,
        }
    }

    /// Whether the units of all channels are the same.
    pub fn is_uniform(&self) -> bool {
        match self {
            Self::Sum { known, .. } => known.iter().all(|exp| *exp == known[0]),
            Self::Finer(a, b) => a.is_uniform() && b.is_uniform(),
        }
    }

    fn channels(&self) -> usize {
        match self {
            Self::Sum { known, .. } => known.len(),
            Self::Finer(a, b) => a.channels().max(b.channels()),
        }
    }

    /// Least and largest exponent of a channel.
    pub fn interval(&self, channel: usize) -> (i64, i64) {
        match self {
            Self::Sum { dynamic, known } => {
                let base = i64::from(*pick(known, channel));
                dynamic.iter().filter_map(|value| FloatType::of(value.ty())).fold((base, base), |sum, ty| {
                    let (lo, hi) = ty.exp.interval();
                    (sum.0 + i64::from(lo), sum.1 + i64::from(hi))
                })
            }
            Self::Finer(a, b) => {
                let (a, b) = (a.interval(channel), b.interval(channel));
                (a.0.min(b.0), a.1.min(b.1))
            }
        }
    }

    /// Of a product: the sum of two grids that are no [`Grid::Finer`].
    fn plus(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Sum { dynamic: a, known: x }, Self::Sum { dynamic: b, known: y }) => {
                let known = (0..x.len().max(y.len())).map(|c| pick(x, c) + pick(y, c)).collect();
                Self::Sum { dynamic: a.iter().chain(b).copied().collect(), known }
            }
            _ => self.clone(),
        }
    }

    /// Whether this grid is never above the other, whatever the exponents.
    fn is_below(&self, other: &Self) -> bool {
        if let (Self::Sum { dynamic: a, known: x }, Self::Sum { dynamic: b, known: y }) = (self, other)
            && a == b
        {
            return (0..x.len().max(y.len())).all(|c| pick(x, c) <= pick(y, c));
        }
        let channels = self.channels().max(other.channels());
        (0..channels).all(|c| self.interval(c).1 <= other.interval(c).0)
    }

    /// The finer of two grids, per channel.
    pub fn finer(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Sum { dynamic: a, known: x }, Self::Sum { dynamic: b, known: y }) if a == b => {
                let known = (0..x.len().max(y.len())).map(|c| *pick(x, c).min(pick(y, c))).collect();
                Self::Sum { dynamic: a.clone(), known }
            }
            _ if self.is_below(other) => self.clone(),
            _ if other.is_below(self) => other.clone(),
            _ => Self::Finer(Box::new(self.clone()), Box::new(other.clone())),
        }
    }

    /// The exponent of the numbers' channels, when the code runs.
    pub(super) fn emit(&self, k: &Kernel, numbers: &mut dyn Numbers) -> Value {
        match self {
            Self::Sum { dynamic, known } => {
                let base = known.iter().map(|&exp| i64::from(exp)).collect::<Vec<_>>();
                let base = (dynamic.is_empty() || base.iter().any(|&exp| exp != 0))
                    .then(|| numbers.constant(k, "exponent", &base));
                let exps = dynamic.iter().map(|&value| numbers.exponent(k, value)).collect::<Vec<_>>();
                let sum = exps.into_iter().chain(base).reduce(|a, b| k.add(a, b));
                sum.unwrap_or_else(|| numbers.constant(k, "exponent", &[0]))
            }
            Self::Finer(a, b) => {
                let (a, b) = (a.emit(k, numbers), b.emit(k, numbers));
                k.min(a, b)
            }
        }
    }
}

/// How far one grid lies above another, per channel.
#[derive(Clone, PartialEq, Eq)]
pub enum Shift {
    /// Numbers.
    Known(Vec<i64>),
    /// The difference of two grids.
    Computed(Grid, Grid),
}

impl Shift {
    /// From one grid to another.
    pub fn between(above: &Grid, below: &Grid) -> Self {
        match (above, below) {
            (Grid::Sum { dynamic: a, known: x }, Grid::Sum { dynamic: b, known: y }) if a == b => {
                let each = |c: usize| i64::from(*pick(x, c)) - i64::from(*pick(y, c));
                Self::Known((0..x.len().max(y.len())).map(each).collect())
            }
            _ if above == below => Self::Known(vec![0]),
            // Numbers on one side alone: they may cancel.
            (Grid::Sum { dynamic: a, known: x }, Grid::Sum { dynamic: b, known: y }) => {
                let known = (0..x.len().max(y.len())).map(|c| pick(x, c) - pick(y, c)).collect();
                Self::Computed(
                    Grid::Sum { dynamic: a.clone(), known },
                    Grid::Sum { dynamic: b.clone(), known: vec![0] },
                )
            }
            _ => Self::Computed(above.clone(), below.clone()),
        }
    }

    /// The numbers, where they are known.
    pub fn known(&self) -> Option<&[i64]> {
        match self {
            Self::Known(shifts) => Some(shifts),
            Self::Computed(..) => None,
        }
    }

    /// Least and largest shift of all channels.
    pub fn interval(&self) -> (i64, i64) {
        match self {
            Self::Known(shifts) => {
                shifts.iter().fold((i64::MAX, i64::MIN), |(lo, hi), &shift| (lo.min(shift), hi.max(shift)))
            }
            Self::Computed(above, below) => {
                let channels = above.channels().max(below.channels());
                (0..channels).fold((i64::MAX, i64::MIN), |(lo, hi), c| {
                    let (above, below) = (above.interval(c), below.interval(c));
                    (lo.min(above.0 - below.1), hi.max(above.1 - below.0))
                })
            }
        }
    }

    /// Whether all channels are shifted alike.
    pub fn is_uniform(&self) -> bool {
        match self {
            Self::Known(shifts) => shifts.iter().all(|shift| *shift == shifts[0]),
            Self::Computed(above, below) => above.is_uniform() && below.is_uniform(),
        }
    }

    /// The shift of the numbers' channels, when the code runs.
    pub(super) fn emit(&self, k: &Kernel, numbers: &mut dyn Numbers) -> Value {
        match self {
            Self::Known(shifts) => numbers.constant(k, "shift", shifts),
            Self::Computed(above, below) => {
                let from = above.emit(k, numbers);
                if below.as_known() == Some(&[0]) {
                    return from;
                }
                let to = below.emit(k, numbers);
                k.sub(from, to)
            }
        }
    }
}

/// How far each operand of a sum is shifted to the finer grid of both.
///
/// # Errors
/// AFP0611 if a known shift exceeds accumulators of so many bits.
pub fn alignment(a: &Grid, b: &Grid, bits: u32, user: Op) -> Result<[Shift; 2], Diagnostic> {
    let fine = a.finer(b);
    let shifts = [a, b].map(|grid| Shift::between(grid, &fine));
    let widest = shifts.iter().filter_map(|shift| shift.known()?.iter().max().copied()).max().unwrap_or(0);
    if widest >= i64::from(bits) {
        return Err(unsupported(user, "operands whose exponents lie close together")
            .found(format!("a shift by {widest}")));
    }
    Ok(shifts)
}

/// Where numbers are needed: for one element, or on the lanes of a vector.
pub(super) trait Numbers {
    /// What is one for all, or one per channel, in 32 bits.
    fn constant(&mut self, k: &Kernel, role: &'static str, values: &[i64]) -> Value;

    /// The scale exponent that a coded value has when the code runs, in 32 bits.
    fn exponent(&mut self, k: &Kernel, value: Value) -> Value;
}
