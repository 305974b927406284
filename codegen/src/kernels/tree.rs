//! A group as a tree: an encode over exact operators, down to what is stored.

use afp_ir::{
    diag::Diagnostic,
    dialect::{
        Element, FloatType,
        view::{self, Conv},
    },
    mlir::{Attr, Op, Value},
};

use super::units::{Grid, Shift};
use crate::afpk::numeric::Target;

/// Bits of the integers that a group's exact values need, with every intermediate (`afp-prove-widths`).
pub fn proven_bits(op: Op) -> u32 {
    op.attr("afp.bits").and_then(Attr::as_int).map_or(63, |bits| bits.clamp(1, 63) as u32)
}

/// AFP0611: an operation that has no native code.
pub fn unsupported(op: Op, expected: &str) -> Diagnostic {
    Diagnostic::error("AFP0611", format!("{} has no native code", op.name())).at(op.loc()).expected(expected)
}

/// AFP0612: an attribute of `afp-select-kernels` that does not fit its operation.
pub fn misfit(op: Op, expected: &str) -> Diagnostic {
    Diagnostic::error("AFP0612", "the choice of a kernel or a layout does not fit the operation")
        .at(op.loc())
        .expected(expected)
        .help("let afp-select-kernels choose strategies and layouts")
}

/// The geometry of a convolution, without what has no effect: the stride of a dimension with one
/// position, the dilation of one with one tap.
pub fn conv(op: Op) -> Option<Conv> {
    if op.is("afp.fully_connected") || op.is("afp.matmul") {
        return None;
    }
    let mut conv = Conv::of(op).ok()?;
    let (weight, result) = (shape_of(op.operand(1)), shape_of(op.result(0)));
    let kernel = if conv.depthwise { [weight[0], weight[1]] } else { [weight[1], weight[2]] };
    for d in 0..2 {
        if result[1 + d] == 1 {
            conv.stride[d] = 1;
        }
        if kernel[d] == 1 {
            conv.dilation[d] = 1;
        }
    }
    Some(conv)
}

/// The type of a coded value's elements.
pub fn coded(value: Value, user: Op) -> Result<FloatType, Diagnostic> {
    FloatType::of(value.ty()).ok_or_else(|| unsupported(user, "codes").found(value.ty().to_string()))
}

/// The format and static scale exponent of a coded value.
pub fn exponent(value: Value, user: Op) -> Result<(FloatType, i32), Diagnostic> {
    let found = FloatType::of(value.ty()).and_then(|ty| Some((ty, ty.exp.fixed()?)));
    found.ok_or_else(|| unsupported(user, "codes with static scale exponents").found(value.ty().to_string()))
}

/// The shape of a value; empty if it is not static.
pub fn shape_of(value: Value) -> Vec<i64> {
    value.ty().shape().unwrap_or_default()
}

/// The coded values that a group reads, each once.
pub fn leaves(group: Op) -> Result<Vec<Value>, Diagnostic> {
    let mut found = Vec::new();
    collect(group.operand(0), group, &mut found)?;
    Ok(found)
}

fn collect(value: Value, user: Op, leaves: &mut Vec<Value>) -> Result<(), Diagnostic> {
    let mut add = |value: Value| {
        if !leaves.contains(&value) {
            leaves.push(value);
        }
    };
    if matches!(Element::of(value.ty()), Element::Float(_)) {
        add(value);
        return Ok(());
    }
    let expected = "exact values that convolutions, products, sums and pools yield";
    let Some(op) = value.def() else {
        return Err(unsupported(user, expected).found("a function argument"));
    };
    match op.name().as_str() {
        "afp.conv2d" | "afp.depthwise_conv2d" | "afp.fully_connected" => {
            if op.operand(1).def_as("afp.constant").is_none() {
                return Err(unsupported(user, expected).found("weights that are computed"));
            }
            add(op.operand(0));
            view::bias(op).map_or(Ok(()), |bias| collect(bias, op, leaves))
        }
        "afp.matmul" | "afp.sum_pool2d" => {
            op.operands().into_iter().for_each(add);
            Ok(())
        }
        "afp.add" => op.operands().into_iter().try_for_each(|v| collect(v, op, leaves)),
        "afp.constant" => Ok(()),
        other => Err(unsupported(user, expected).found(other)),
    }
}

/// The contractions with weights below a group's encode.
pub fn contractions(group: Op) -> Vec<Op> {
    summands(group).into_iter().filter(|&op| view::is_weighted(op)).collect()
}

/// The contraction of a group that vectors may compute: the only one with weights, or where none has weights the only
/// product of two matrices that are computed.
pub fn contraction(group: Op) -> Option<Op> {
    match contractions(group)[..] {
        [one] => Some(one),
        [] => match summands(group).into_iter().filter(|op| op.is("afp.matmul")).collect::<Vec<_>>()[..] {
            [one] => Some(one),
            _ => None,
        },
        _ => None,
    }
}

/// What the exact values are the results of that a group adds up.
fn summands(group: Op) -> Vec<Op> {
    fn visit(value: Value, found: &mut Vec<Op>) {
        let Some(op) = value.def().filter(|_| Element::of(value.ty()) == Element::Exact) else { return };
        if op.is("afp.add") {
            op.operands().into_iter().for_each(|v| visit(v, found));
        } else {
            found.push(op);
        }
    }
    let mut found = Vec::new();
    visit(group.operand(0), &mut found);
    found
}

/// The element for a channel of what is one for all, or one per channel.
pub fn pick<T>(values: &[T], channel: usize) -> &T {
    &values[if values.len() == 1 { 0 } else { channel }]
}

/// How a group's sums become codes.
pub struct Rounding {
    /// The result's type.
    pub ty: FloatType,
    /// Ties.
    pub ties: afp_ir::numerics::Rounding,
    /// How many bits of the sums lie below a unit of the result.
    pub shift: Shift,
    /// What sums are divided by: one, or one per position.
    pub divisors: Vec<i64>,
    /// Least and largest integer that the limits leave, one for all or one per channel.
    pub limits: Option<[Vec<i64>; 2]>,
}

impl Rounding {
    /// Reads an encode.
    pub fn of(op: Op) -> Result<Self, Diagnostic> {
        let ty = coded(op.result(0), op)?;
        let own = Grid::of_codes(op.result(0), op)?;
        let (shift, divisors) =
            match (Shift::between(&own, &Grid::of(op.operand(0), op)?), view::divisors(op)) {
                // A power of two divides by changing the exponent.
                (Shift::Known(shifts), _) if view::divisor_exponent(op).is_some() => {
                    let power = view::divisor_exponent(op).map_or(0, i64::from);
                    (Shift::Known(shifts.into_iter().map(|shift| shift + power).collect()), vec![1])
                }
                unchanged => unchanged,
            };
        let limit = |name: &str| op.attr(name).and_then(Attr::as_i32s);
        let (lo, hi) = (limit("lo"), limit("hi"));
        let decode = |codes: Option<Vec<i32>>, extreme: i64| -> Vec<i64> {
            codes.map_or_else(
                || vec![extreme],
                |c| c.into_iter().map(|c| ty.format.decode(ty.stored_code(i64::from(c)))).collect(),
            )
        };
        let limits = (lo.is_some() || hi.is_some())
            .then(|| [decode(lo, ty.format.int_min()), decode(hi, ty.format.int_max())]);
        let ties = view::rounding(op).unwrap_or_default();
        Ok(Self { ty, ties, shift, divisors, limits })
    }

    /// What sums are rounded to, by any shift.
    pub fn target(&self) -> Target {
        Target { format: self.ty.format, rounding: self.ties, is_right: false, is_basic: false }
    }

    /// Whether nothing is divided.
    pub fn is_plain(&self) -> bool {
        self.divisors.iter().all(|&d| d == 1)
    }

    /// Whether half is added and shifted out: fixed point on a finer grid, a tie up, in sums of 32 bits.
    pub fn is_shift(&self) -> bool {
        self.is_plain()
            && self.shift.known().is_some_and(|shifts| shifts.iter().all(|d| (0..=30).contains(d)))
            && self.ty.format.exp_bits() == 0
            && self.ties == afp_ir::numerics::Rounding::HalfUp
    }

    /// What is added before a known shift.
    pub fn halves(&self) -> Vec<i64> {
        self.shift.known().unwrap_or(&[0]).iter().map(|&d| (1i64 << d.clamp(0, 62)) >> 1).collect()
    }

    /// The limits, or the extremes of the format.
    pub fn range(&self) -> [Vec<i64>; 2] {
        let format = self.ty.format;
        self.limits.clone().unwrap_or_else(|| [vec![format.int_min()], vec![format.int_max()]])
    }
}

/// How many parts of a size hold so many things.
pub const fn parts(count: i64, size: i64) -> i64 {
    (count + size - 1) / size
}
