//! Typed access to the attributes of `afp` operators, with their defaults.

use crate::{
    dialect::verify::{Check, Violation},
    mlir::{Attr, Op},
    numerics::Rounding,
};

/// An `array<i64>` of fixed length, or its default.
fn i64s<const N: usize>(op: Op, name: &str, default: [i64; N], rule: &'static str) -> Check<[i64; N]> {
    let Some(attr) = op.attr(name) else { return Ok(default) };
    let found = attr.as_i64s().unwrap_or_default();
    found
        .clone()
        .try_into()
        .map_err(|_| Violation::new(rule, format!("{N} numbers in '{name}'"), format!("{}", found.len())))
}

/// `round`.
///
/// # Errors
/// Rule E4, if the name is unknown.
pub fn rounding(op: Op) -> Check<Rounding> {
    let Some(name) = op.attr("round").and_then(Attr::as_string) else { return Ok(Rounding::default()) };
    name.parse().map_err(|()| {
        Violation::new("E4", "'half_up', 'half_even' or 'half_away' in 'round'", format!("'{name}'"))
    })
}

/// `channel_exp`, if present.
pub fn channel_exp(op: Op) -> Option<Vec<i32>> {
    op.attr("channel_exp").and_then(Attr::as_i32s)
}

/// `axis`, 0 if absent.
pub fn axis(op: Op) -> i64 {
    op.attr("axis").and_then(Attr::as_int).unwrap_or(0)
}

/// Geometry of `conv2d` and `depthwise_conv2d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv {
    /// Whether each input channel has filters of its own.
    pub depthwise: bool,
    /// Steps between windows: y, x.
    pub stride: [i64; 2],
    /// Steps between taps: y, x.
    pub dilation: [i64; 2],
    /// Zeros around the input: top, bottom, left, right.
    pub pad: [i64; 4],
    /// Number of groups that channels are split into.
    pub groups: i64,
}

impl Conv {
    /// Reads the attributes.
    ///
    /// # Errors
    /// Rule C3, if an array has the wrong length.
    pub fn of(op: Op) -> Check<Self> {
        Ok(Self {
            depthwise: op.is("afp.depthwise_conv2d"),
            stride: i64s(op, "stride", [1, 1], "C3")?,
            dilation: i64s(op, "dilation", [1, 1], "C3")?,
            pad: i64s(op, "pad", [0; 4], "C3")?,
            groups: op.attr("groups").and_then(Attr::as_int).unwrap_or(1),
        })
    }
}

/// Geometry of `sum_pool2d` and `max_pool2d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Window: y, x.
    pub kernel: [i64; 2],
    /// Steps between windows: y, x.
    pub stride: [i64; 2],
    /// Border: top, bottom, left, right.
    pub pad: [i64; 4],
}

impl Pool {
    /// Reads the attributes.
    ///
    /// # Errors
    /// Rule P3, if an array has the wrong length.
    pub fn of(op: Op) -> Check<Self> {
        Ok(Self {
            kernel: i64s(op, "kernel", [0, 0], "P3")?,
            stride: i64s(op, "stride", [1, 1], "P3")?,
            pad: i64s(op, "pad", [0; 4], "P3")?,
        })
    }
}

/// Start and stride of `slice`, one per dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// First element.
    pub start: Vec<i64>,
    /// Steps.
    pub stride: Vec<i64>,
}

impl Slice {
    /// Reads the attributes; a missing stride is 1 in every dimension.
    pub fn of(op: Op) -> Self {
        let start = op.attr("start").and_then(Attr::as_i64s).unwrap_or_default();
        let stride = op.attr("stride").and_then(Attr::as_i64s).unwrap_or_else(|| vec![1; start.len()]);
        Self { start, stride }
    }
}

/// An `array<i64>` attribute, empty if absent.
pub fn dims(op: Op, name: &str) -> Vec<i64> {
    op.attr(name).and_then(Attr::as_i64s).unwrap_or_default()
}

/// The divisors of an encode: one, or one per spatial position; `[1]` if absent.
pub fn divisors(op: Op) -> Vec<i64> {
    op.attr("divisor").and_then(Attr::as_i64s).unwrap_or_else(|| vec![1])
}

/// The exponent of an encode's divisor, if that is one power of two for all positions: dividing by it is
/// a change of the operand's exponent, exactly.
pub fn divisor_exponent(op: Op) -> Option<u32> {
    let divisors = divisors(op);
    let &first = divisors.first()?;
    let power = u64::try_from(first).is_ok_and(u64::is_power_of_two);
    (power && divisors.iter().all(|&divisor| divisor == first)).then(|| first.trailing_zeros())
}

/// The index of the bias operand of a contraction, if it has one.
pub fn bias(op: Op) -> Option<crate::mlir::Value> {
    (op.operand_count() == 3).then(|| op.operand(2))
}

/// Whether the operator multiplies an input with weights: `conv2d`, `depthwise_conv2d`,
/// `fully_connected`.
pub fn is_weighted(op: Op) -> bool {
    ["afp.conv2d", "afp.depthwise_conv2d", "afp.fully_connected"].iter().any(|name| op.is(name))
}

/// Whether the operator moves elements and changes none: the result has the operand's element type.
pub fn is_movement(op: Op) -> bool {
    ["afp.reshape", "afp.transpose", "afp.slice", "afp.pad", "afp.concat", "afp.max_pool2d"]
        .iter()
        .any(|name| op.is(name))
}

/// The exponent of `channel_exp` that belongs to element `i` of a tensor (rule Q4): exponents run over
/// dimension `axis`, or over it and those behind it counted together.
pub fn channel_index(shape: &[i64], axis: i64, count: usize) -> impl Fn(usize) -> usize + use<> {
    let mut counted = 1;
    let mut behind: usize = shape.get(axis.max(0) as usize..).unwrap_or(&[]).iter().product::<i64>() as usize;
    for &size in shape.get(axis.max(0) as usize..).unwrap_or(&[]) {
        if counted == count {
            break;
        }
        counted *= size as usize;
        behind /= size.max(1) as usize;
    }
    move |i| if count == 1 { 0 } else { i / behind.max(1) % count }
}
