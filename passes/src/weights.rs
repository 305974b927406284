//! Weights of a contraction: their channels, and the scale exponent that each channel takes.

use afp_ir::{
    diag::Diagnostic,
    dialect::{Element, FloatType, view},
    mlir::{Attr, Op, Value},
    numerics::{self, Format, MAX_SCALE_EXPONENT, decompose_f64},
};

use crate::{
    graph,
    registry::Failed,
    scale::{self, Method},
};

/// The attribute that gives a contraction's weights their scale exponents, one per output channel: set
/// where weights were rounded to codes before, so that no other exponents are chosen.
pub const GIVEN_EXPONENTS: &str = "afp.weight_exp";

/// Accumulators finer than this many bits below the unit of their group's result gain nothing, and
/// cost width: channels of vanishing weights are not scaled up further.
const GUARD_BITS: i32 = 20;

/// How the elements of a weight tensor belong to output channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channels {
    /// Number of output channels.
    pub count: usize,
    /// The dimension at which channels are counted (for depthwise weights, together with the next).
    pub axis: i64,
    /// Number of consecutive elements of one channel.
    run: usize,
}

impl Channels {
    /// The channels of a contraction's weights.
    pub fn of(op: Op) -> Self {
        let shape = graph::shape(op.operand(1));
        if op.is("afp.depthwise_conv2d") {
            Self { count: (shape[2] * shape[3]) as usize, axis: 2, run: 1 }
        } else {
            Self { count: shape[0] as usize, axis: 0, run: shape[1..].iter().product::<i64>() as usize }
        }
    }

    /// The channel of element `index`.
    pub fn of_element(&self, index: usize) -> usize {
        index / self.run % self.count
    }

    /// The elements of a channel, in order.
    pub fn values(&self, weights: &[f32], channel: usize) -> Vec<f32> {
        if self.run > 1 {
            return weights[channel * self.run..(channel + 1) * self.run].to_vec();
        }
        weights.iter().skip(channel).step_by(self.count).copied().collect()
    }
}

/// The exponent of each output channel: those in [`GIVEN_EXPONENTS`], or else chosen by `method`.
///
/// # Errors
/// After the diagnostic AFP0316, if the attribute is there and does not give one exponent within
/// +-4096 for each channel.
pub fn exponents(
    op: Op,
    weights: &[f32],
    format: Format,
    input_exp: i32,
    method: Method,
) -> Result<Vec<i32>, Failed> {
    match op.attr(GIVEN_EXPONENTS) {
        Some(given) => given_exponents(op, given),
        None => Ok(chosen_exponents(op, weights, format, input_exp, method)),
    }
}

fn given_exponents(op: Op, given: Attr) -> Result<Vec<i32>, Failed> {
    let count = Channels::of(op).count;
    let found = match given.as_i32s() {
        None => given.to_string(),
        Some(exps) if exps.len() != count => format!("{} exponents", exps.len()),
        Some(exps) => match exps.iter().find(|exp| exp.unsigned_abs() > MAX_SCALE_EXPONENT.unsigned_abs()) {
            None => return Ok(exps),
            Some(exp) => format!("the exponent {exp}"),
        },
    };
    let what = format!("'{GIVEN_EXPONENTS}' does not fit the weights '{}'", graph::site_name(op));
    Diagnostic::error("AFP0316", what)
        .expected(format!(
            "{count} scale exponents within +-{MAX_SCALE_EXPONENT}, one per output channel, as array<i32>"
        ))
        .found(found)
        .help("remove the attribute: exponents are chosen then")
        .emit(op.loc());
    Err(Failed)
}

fn chosen_exponents(op: Op, weights: &[f32], format: Format, input_exp: i32, method: Method) -> Vec<i32> {
    let channels = Channels::of(op);
    let floor = result_exponent(op.result(0)).map_or(-MAX_SCALE_EXPONENT, |exp| exp - GUARD_BITS - input_exp);
    let mut found: Vec<Option<i32>> = (0..channels.count)
        .map(|channel| {
            let values = channels.values(weights, channel);
            let largest = values.iter().fold(0.0f64, |max, &w| max.max(f64::from(w).abs()));
            if largest == 0.0 {
                return None;
            }
            Some(match method {
                Method::Max => scale::covering_exponent(format, largest),
                Method::Search => {
                    let weighted: Vec<(f64, f64)> = values.iter().map(|&w| (f64::from(w), 1.0)).collect();
                    scale::best_exponent(format, &weighted)
                }
            })
        })
        .collect();
    // A channel without weights still has a bias, for which a fine grid serves.
    let least = found.iter().flatten().min().copied().unwrap_or(0);
    found
        .iter_mut()
        .map(|exp| exp.unwrap_or(least).max(floor).clamp(-MAX_SCALE_EXPONENT, MAX_SCALE_EXPONENT))
        .collect()
}

/// The scale exponent of the group that an exact value ends in: that of the type its encode yields or
/// is assigned.
fn result_exponent(exact: Value) -> Option<i32> {
    exact.uses().into_iter().find_map(|(user, _)| {
        if user.is("afp.encode") {
            let assigned = user.attr("afp.type").and_then(Attr::as_type).and_then(FloatType::of);
            let ty = assigned.or_else(|| FloatType::of(user.result(0).ty()))?;
            return Some(ty.exp.interval().0);
        }
        let result = user.results().first().copied().filter(|r| Element::of(r.ty()) == Element::Exact);
        result.and_then(result_exponent)
    })
}

/// The scale exponent of a contraction's coded input; the least one if it is dynamic.
pub fn input_exponent(op: Op) -> Option<i32> {
    Some(FloatType::of(op.operand(0).ty())?.exp.interval().0)
}

/// Bits of magnitude below which a sum and its bias are kept where they can be.
const NARROW_BITS: i32 = 30;
/// Bits of a bias that are kept at most.
const BIAS_BITS: i32 = 40;
/// Bits of a sum's bound that its result needs not: below them lies what is rounded away.
const SPARE_BITS: i32 = 12;

/// The grid that a contraction's bias is rounded to, one exponent per channel: that of its accumulators.
///
/// Where the input's scale exponent is dynamic, the accumulators' unit lies between two exponents, and sum
/// and bias are aligned when it is known. The grid is the least unit, or a coarser one if with that, sums
/// need no more than 31 bits whatever the unit, and it lies below all that a result can show of them.
pub fn bias_grid(
    op: Op,
    weight: FloatType,
    channel_exp: &[i32],
    (weights, biases): (&[f32], &[f32]),
) -> Vec<i32> {
    let Some(input) = FloatType::of(op.operand(0).ty()) else { return vec![0; channel_exp.len()] };
    let ((base, _), (least, largest)) = (weight.exp.interval(), input.exp.interval());
    let legal = |exp: i32| exp.clamp(-MAX_SCALE_EXPONENT, MAX_SCALE_EXPONENT);
    if input.exp.fixed().is_some() {
        return channel_exp.iter().map(|exp| legal(exp + base + least)).collect();
    }
    let channels = Channels::of(op);
    let mut sums = vec![0.0f64; channels.count];
    for (i, &w) in weights.iter().enumerate() {
        sums[channels.of_element(i)] += f64::from(w).abs();
    }
    let reach = input.format.int_max() as f64;
    let grid = |(channel, exp): (usize, &i32)| {
        let unit = exp + base;
        let bits = binade(sums[channel] * reach) + 2 - unit;
        let bias = biases.get(if biases.len() == 1 { 0 } else { channel }).copied().unwrap_or(0.0);
        let top = binade(f64::from(bias));
        let narrow = (unit + least).max(unit + largest - (NARROW_BITS - bits));
        let fits = bits <= NARROW_BITS && top - (unit + least) < NARROW_BITS;
        let is_fine = narrow - (unit + least) <= bits - SPARE_BITS;
        legal(if fits && is_fine { narrow } else { (unit + least).max(top + 1 - BIAS_BITS) })
    };
    channel_exp.iter().enumerate().map(grid).collect()
}

/// `floor(log2 |x|)`; a small number for zero.
fn binade(x: f64) -> i32 {
    decompose_f64(x).and_then(|d| numerics::binade(d.mantissa, d.exponent)).unwrap_or(-MAX_SCALE_EXPONENT)
}

/// `channel_exp` of a contraction, one per output channel.
pub fn channel_exponents(op: Op, count: usize) -> Vec<i32> {
    match view::channel_exp(op) {
        Some(exps) if exps.len() == 1 => vec![exps[0]; count],
        Some(exps) => exps,
        None => vec![0; count],
    }
}
