//! Interval arithmetic per channel, in `f64`, over operators in the real form.
//!
//! A value has one interval for all elements, or one per index of its last dimension. Results are
//! rounded like any `f64` computation: the intervals serve to choose exponents, where one part in
//! 2^40 does not count; proofs use integers (`analysis::width`).

use afp_ir::{
    dialect::view::{self, Conv},
    mlir::{Attr, Op, Value},
    numerics::Function,
};

use crate::graph;

/// Intervals of a value's channels.
#[derive(Clone, Debug, PartialEq)]
pub struct Intervals(Vec<(f64, f64)>);

impl Intervals {
    /// One interval for all elements.
    pub fn uniform(lo: f64, hi: f64) -> Self {
        Self(vec![(lo, hi)])
    }

    /// The smallest interval that holds all channels.
    pub fn hull(&self) -> (f64, f64) {
        self.0.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), &(l, h)| (lo.min(l), hi.max(h)))
    }

    /// All intervals cut to `[lo, hi]`; one that lies outside becomes the nearer end.
    pub fn limited(&self, lo: f64, hi: f64) -> Self {
        Self(self.0.iter().map(|&(l, h)| (l.clamp(lo, hi), h.clamp(lo, hi))).collect())
    }

    /// The interval of a channel.
    fn at(&self, channel: usize) -> (f64, f64) {
        self.0[if self.0.len() == 1 { 0 } else { channel }]
    }

    fn map(&self, f: impl Fn((f64, f64)) -> (f64, f64)) -> Self {
        Self(self.0.iter().map(|&interval| f(interval)).collect())
    }

    fn merged(&self) -> Self {
        let (lo, hi) = self.hull();
        Self::uniform(lo, hi)
    }

    fn join(&self, other: &Self) -> Self {
        let ((a, b), (c, d)) = (self.hull(), other.hull());
        Self::uniform(a.min(c), b.max(d))
    }
}

fn with_zero((lo, hi): (f64, f64)) -> (f64, f64) {
    (lo.min(0.0), hi.max(0.0))
}

fn scaled((lo, hi): (f64, f64), factor: f64) -> (f64, f64) {
    if factor >= 0.0 { (lo * factor, hi * factor) } else { (hi * factor, lo * factor) }
}

fn sum((a, b): (f64, f64), (c, d): (f64, f64)) -> (f64, f64) {
    (a + c, b + d)
}

/// The intervals of an `f32` constant, one per channel (last dimension); none for any other value.
pub fn of_constant(value: Value) -> Option<Intervals> {
    let values = graph::constant_f32(value).filter(|values| !values.is_empty())?;
    let channels = graph::shape(value).last().map_or(1, |&c| c as usize);
    let mut found = vec![(f64::INFINITY, f64::NEG_INFINITY); channels];
    for (i, &v) in values.iter().enumerate() {
        let (lo, hi) = &mut found[i % channels];
        *lo = lo.min(f64::from(v));
        *hi = hi.max(f64::from(v));
    }
    Some(Intervals(found))
}

/// The intervals of an operation's result; none for operations that yield no number.
pub fn transfer(op: Op, operands: &[Intervals]) -> Option<Intervals> {
    let x = operands.first();
    Some(match op.name().as_str() {
        "afp.conv2d" | "afp.depthwise_conv2d" => convolution(op, operands),
        "afp.fully_connected" => fully_connected(op, operands),
        "afp.matmul" => {
            let depth = *graph::shape(op.operand(0)).last()? as f64;
            let ((a, b), (c, d)) = (operands[0].hull(), operands[1].hull());
            let corners = [a * c, a * d, b * c, b * d];
            let least = corners.iter().copied().fold(f64::INFINITY, f64::min);
            let largest = corners.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            Intervals::uniform(least * depth, largest * depth)
        }
        "afp.add" => {
            let channels = operands[0].0.len().max(operands[1].0.len());
            Intervals((0..channels).map(|c| sum(operands[0].at(c), operands[1].at(c))).collect())
        }
        "afp.sum_pool2d" => {
            let pool = view::Pool::of(op).ok()?;
            let count = (pool.kernel[0] * pool.kernel[1]) as f64;
            let padded = pool.pad != [0; 4];
            x?.map(|i| scaled(if padded { with_zero(i) } else { i }, count))
        }
        "afp.encode" => encode(op, x?),
        "afp.table" => table(op, x?)?,
        "afp.softmax" => Intervals::uniform(0.0, 1.0),
        "afp.concat" => concat(op, operands),
        "afp.max_pool2d" | "afp.slice" => slice(op, x?),
        "afp.pad" => {
            let value = op.attr("value").and_then(Attr::as_f64).unwrap_or(0.0);
            x?.merged().join(&Intervals::uniform(value, value))
        }
        "afp.reshape" => {
            let last = |v: Value| graph::shape(v).last().copied();
            if last(op.operand(0)) == last(op.result(0)) { x?.clone() } else { x?.merged() }
        }
        "afp.transpose" => x?.merged(),
        _ => return None,
    })
}

fn convolution(op: Op, operands: &[Intervals]) -> Intervals {
    let (shape, weights) =
        (graph::shape(op.operand(1)), graph::constant_f32(op.operand(1)).unwrap_or_default());
    let Ok(conv) = Conv::of(op) else { return Intervals::uniform(0.0, 0.0) };
    let outputs = graph::shape(op.result(0)).last().map_or(1, |&c| c as usize);
    let padded = conv.pad != [0; 4];
    let input = |channel: usize| {
        let interval = operands[0].at(channel);
        if padded { with_zero(interval) } else { interval }
    };
    let mut found = vec![(0.0, 0.0); outputs];
    for (i, &w) in weights.iter().enumerate() {
        let (output, channel) = if conv.depthwise {
            let (c, m) = (shape[2] as usize, shape[3] as usize);
            (i % (c * m), i % (c * m) / m)
        } else {
            let (per_output, inputs) = (weights.len() / outputs, shape[3] as usize);
            let output = i / per_output;
            (output, output / (outputs / conv.groups as usize) * inputs + i % inputs)
        };
        found[output] = sum(found[output], scaled(input(channel), f64::from(w)));
    }
    with_bias(op, found, operands)
}

fn fully_connected(op: Op, operands: &[Intervals]) -> Intervals {
    let weights = graph::constant_f32(op.operand(1)).unwrap_or_default();
    let shape = graph::shape(op.operand(1));
    let inputs = shape.last().map_or(1, |&n| n as usize).max(1);
    let mut found = vec![(0.0, 0.0); shape.first().map_or(1, |&n| n as usize)];
    for (i, &w) in weights.iter().enumerate() {
        let output = i / inputs;
        found[output] = sum(found[output], scaled(operands[0].at(i % inputs), f64::from(w)));
    }
    with_bias(op, found, operands)
}

fn with_bias(op: Op, mut found: Vec<(f64, f64)>, operands: &[Intervals]) -> Intervals {
    if view::bias(op).is_some() {
        for (channel, interval) in found.iter_mut().enumerate() {
            *interval = sum(*interval, operands[2].at(channel));
        }
    }
    Intervals(found)
}

fn encode(op: Op, x: &Intervals) -> Intervals {
    // Divisors per position lie between the least and the largest of them.
    let divisors = view::divisors(op);
    let least = divisors.iter().min().copied().unwrap_or(1).max(1) as f64;
    let largest = divisors.iter().max().copied().unwrap_or(1).max(1) as f64;
    let divided = |(lo, hi): (f64, f64)| ((lo / least).min(lo / largest), (hi / least).max(hi / largest));
    let limits = |name: &str| op.attr(name).and_then(Attr::as_f32s);
    let (lows, highs) = (limits("lo"), limits("hi"));
    let channels = [x.0.len(), lows.as_ref().map_or(1, Vec::len), highs.as_ref().map_or(1, Vec::len)];
    let pick = |limits: &Option<Vec<f32>>, c: usize| {
        limits.as_ref().and_then(|l| l.get(if l.len() == 1 { 0 } else { c }).copied()).map(f64::from)
    };
    let count = channels.into_iter().max().unwrap_or(1);
    Intervals(
        (0..count)
            .map(|c| {
                let (mut lo, mut hi) = divided(x.at(c));
                if let Some(l) = pick(&lows, c) {
                    (lo, hi) = (lo.max(l), hi.max(l));
                }
                if let Some(h) = pick(&highs, c) {
                    (lo, hi) = (lo.min(h), hi.min(h));
                }
                (lo, hi)
            })
            .collect(),
    )
}

/// Functions of the list are monotone, or have one minimum: the ends, zero, and the values on a grid
/// between them, bound them closely enough to choose an exponent. Where there is no finite value, the
/// result is a code that rule U2 names, whatever the exponent.
fn table(op: Op, x: &Intervals) -> Option<Intervals> {
    let function: Function = op.attr("function").and_then(Attr::as_string)?.parse().ok()?;
    let (lo, hi) = x.hull();
    let grid = (0..=256).map(|step| lo + (hi - lo) * f64::from(step) / 256.0);
    let values: Vec<f64> = grid
        .chain([0f64.max(lo).min(hi)])
        .map(|at| function.evaluate(at))
        .filter(|value| value.is_finite())
        .collect();
    let least = values.iter().copied().reduce(f64::min).unwrap_or(0.0);
    let largest = values.iter().copied().reduce(f64::max).unwrap_or(0.0);
    Some(Intervals::uniform(least, largest))
}

fn concat(op: Op, operands: &[Intervals]) -> Intervals {
    let last = graph::shape(op.result(0)).len() as i64 - 1;
    if view::axis(op) != last {
        return operands.iter().skip(1).fold(operands[0].merged(), |all, next| all.join(next));
    }
    let channels = op.operands().into_iter().zip(operands).flat_map(|(value, found)| {
        let count = graph::shape(value).last().map_or(1, |&c| c as usize);
        (0..count).map(|c| found.at(c)).collect::<Vec<_>>()
    });
    Intervals(channels.collect())
}

fn slice(op: Op, x: &Intervals) -> Intervals {
    if graph::shape(op.operand(0)).last() == graph::shape(op.result(0)).last() {
        x.clone()
    } else {
        x.merged()
    }
}
