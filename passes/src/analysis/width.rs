//! The width prover: how many bits every exact value needs, for every input of the types (rule W1).
//!
//! Codes decode to integers in a known interval: that of their format, or of the limits of the encode
//! that made them. From the known weights of an output channel, with `P` the sum of the positive and
//! `Q` the sum of the negative ones, an accumulator lies within `[P*lo + Q*hi, P*hi + Q*lo]`; because
//! zero is taken as a possible input, the same interval holds every partial sum in any order. Bias,
//! skip operand and rounding half are added at the exponent that they are aligned to. A unit whose
//! exponent is known at run time alone has an interval of exponents: where two such values meet, each
//! is taken to be as far above the other as the intervals allow. All arithmetic is on integers,
//! saturating at 127 bits: a saturated bound is refused like any bound above 63.

use std::collections::HashMap;

use afp_ir::{
    dialect::{
        Element, FloatType,
        view::{self, Conv},
    },
    mlir::{Attr, Op, Value},
    numerics::Code,
};

use crate::{graph, weights};

/// Integers that a value's elements lie between, in a unit of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Least integer, at most 0.
    pub lo: i128,
    /// Largest integer, at least 0.
    pub hi: i128,
    /// Least and largest exponent that the unit has at run time; equal where it is static.
    pub exp: (i32, i32),
}

impl Bound {
    fn new(lo: i128, hi: i128, exp: (i32, i32)) -> Self {
        Self { lo: lo.min(0), hi: hi.max(0), exp }
    }

    /// The integers of a stored value: those of its format, or what is left of them by the limits of the encodes
    /// that its elements come from.
    pub fn of_codes(value: Value) -> Self {
        fn visit(value: Value, widths: &mut Widths) {
            let Some(op) = value.def().filter(|_| !widths.bounds.contains_key(&value)) else { return };
            if view::is_movement(op) {
                op.operands().into_iter().for_each(|operand| visit(operand, widths));
            }
            if op.is("afp.encode") || view::is_movement(op) {
                widths.visit(op);
            }
        }
        let mut widths = Widths::default();
        visit(value, &mut widths);
        widths.hull(value)
    }

    /// Bits of the largest magnitude.
    pub fn bits(self) -> u32 {
        128 - self.lo.unsigned_abs().max(self.hi.unsigned_abs()).leading_zeros()
    }

    fn shifted(self, shift: i32) -> Self {
        let shift = u32::try_from(shift).unwrap_or(0);
        Self { lo: shift_left(self.lo, shift), hi: shift_left(self.hi, shift), ..self }
    }

    /// The sum at the smaller exponent.
    fn plus(self, other: Self) -> Self {
        // How far the unit of `self` can lie above that of `other`. The sum is largest where one of
        // the two is shifted as far as it can be.
        let (least, largest) = (self.exp.0 - other.exp.1, self.exp.1 - other.exp.0);
        let sum = |above: i32| {
            let (a, b) = (self.shifted(above), other.shifted(-above));
            (a.lo.saturating_add(b.lo), a.hi.saturating_add(b.hi))
        };
        let (first, second) = (sum(least), sum(largest));
        Self { lo: first.0.min(second.0), hi: first.1.max(second.1), exp: self.smaller_unit(other) }
    }

    /// Both at the smaller exponent, for elements side by side.
    fn join(self, other: Self) -> Self {
        let (a, b) = (self.shifted(self.exp.1 - other.exp.0), other.shifted(other.exp.1 - self.exp.0));
        Self { exp: self.smaller_unit(other), ..a.union(b) }
    }

    /// Both in the unit that they share.
    fn union(self, other: Self) -> Self {
        Self { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi), exp: self.exp }
    }

    fn smaller_unit(self, other: Self) -> (i32, i32) {
        (self.exp.0.min(other.exp.0), self.exp.1.min(other.exp.1))
    }
}

/// `value << shift`, saturating.
fn shift_left(value: i128, shift: u32) -> i128 {
    if value == 0 {
        return 0;
    }
    if shift >= value.unsigned_abs().leading_zeros().saturating_sub(1) {
        return if value > 0 { i128::MAX } else { i128::MIN + 1 };
    }
    value << shift
}

/// Bounds of every exact value of a function body, one per channel (last dimension) or one for all.
#[derive(Default)]
pub struct Widths {
    bounds: HashMap<Value, Vec<Bound>>,
}

impl Widths {
    /// Adds the bounds of an operation's result, after those of its operands.
    pub fn visit(&mut self, op: Op) {
        let found = match op.name().as_str() {
            "afp.constant" => Some(constant(op)),
            "afp.encode" => encode_limits(op),
            "afp.conv2d" | "afp.depthwise_conv2d" | "afp.fully_connected" => self.contraction(op),
            "afp.matmul" => {
                let depth = graph::shape(op.operand(0)).last().copied().unwrap_or(1);
                let (a, b) = (self.hull(op.operand(0)), self.hull(op.operand(1)));
                Some(vec![product(a, b, i128::from(depth))])
            }
            "afp.add" => {
                let (a, b) = (self.of(op.operand(0)), self.of(op.operand(1)));
                let count = a.len().max(b.len());
                let pick = |bounds: &[Bound], c: usize| bounds[if bounds.len() == 1 { 0 } else { c }];
                Some((0..count).map(|c| pick(&a, c).plus(pick(&b, c))).collect())
            }
            "afp.sum_pool2d" => view::Pool::of(op).ok().map(|pool| {
                let count = i128::from(pool.kernel[0]).saturating_mul(i128::from(pool.kernel[1]));
                let scaled =
                    |b: Bound| Bound::new(b.lo.saturating_mul(count), b.hi.saturating_mul(count), b.exp);
                self.of(op.operand(0)).into_iter().map(scaled).collect()
            }),
            _ if view::is_movement(op) => Some(self.moved(op)),
            _ => None,
        };
        if let (Some(found), true) = (found, op.result_count() == 1) {
            self.bounds.insert(op.result(0), found);
        }
    }

    /// The bounds of a value: those found, or those of its type.
    pub fn of(&self, value: Value) -> Vec<Bound> {
        self.bounds.get(&value).cloned().unwrap_or_else(|| vec![of_type(value)])
    }

    /// One bound for all channels. Those of codes have one unit, whatever it is at run time.
    fn hull(&self, value: Value) -> Bound {
        let coded = matches!(Element::of(value.ty()), Element::Float(_));
        let bounds = self.of(value).into_iter();
        let hull = if coded { bounds.reduce(Bound::union) } else { bounds.reduce(Bound::join) };
        hull.unwrap_or(Bound::new(0, 0, (0, 0)))
    }

    /// Elements at another place. Exact values keep their channels apart where those stay whole.
    fn moved(&self, op: Op) -> Vec<Bound> {
        let channels = |value: Value| graph::shape(value).last().map_or(1, |&c| c as usize).max(1);
        let spread = |value: Value| {
            let bounds = self.of(value);
            (0..channels(value)).map(move |c| bounds[if bounds.len() == 1 { 0 } else { c }])
        };
        let (result, operands) = (op.result(0), op.operands());
        if Element::of(result.ty()) == Element::Exact {
            let last = graph::shape(result).len() as i64 - 1;
            if op.is("afp.concat") && view::axis(op) == last {
                return operands.into_iter().flat_map(spread).collect();
            }
            if op.is("afp.reshape") && channels(result) == channels(op.operand(0)) {
                return self.of(op.operand(0));
            }
            return operands.into_iter().map(|v| self.hull(v)).reduce(Bound::join).into_iter().collect();
        }
        let moved = operands.into_iter().map(|v| self.hull(v));
        moved.chain(border(op)).reduce(Bound::union).into_iter().collect()
    }

    fn contraction(&self, op: Op) -> Option<Vec<Bound>> {
        let ty = FloatType::of(op.operand(1).ty())?;
        let payload = op.operand(1).def_as("afp.constant")?.attr("value")?;
        let table: Vec<i64> =
            (0..ty.format.code_count()).map(|code| ty.format.decode(code as Code)).collect();
        let code = |stored: i64| usize::from(ty.stored_code(stored));
        let decoded = payload.elements_i64()?.into_iter().map(|stored| table[code(stored)]);
        let channels = weights::Channels::of(op);
        let inputs = self.of(op.operand(0));
        let input_channel = input_channels(op);
        let exps = weights::channel_exponents(op, channels.count);
        let mut found = vec![(0i128, 0i128); channels.count];
        if let [x] = inputs[..] {
            // The sums of weights above and below zero, which are each multiplied with one end.
            let mut sums = vec![[0i128; 2]; channels.count];
            for (i, w) in decoded.enumerate() {
                sums[channels.of_element(i)][usize::from(w < 0)] += i128::from(w);
            }
            for ((lo, hi), [above, below]) in found.iter_mut().zip(sums) {
                let sum = |a: i128, b: i128| a.saturating_mul(above).saturating_add(b.saturating_mul(below));
                (*lo, *hi) = (sum(x.lo, x.hi), sum(x.hi, x.lo));
            }
            return self.with_units(op, ty, found, &inputs, &exps);
        }
        for (i, w) in decoded.enumerate() {
            let x = inputs[input_channel(i)];
            let (a, b) = (x.lo.saturating_mul(i128::from(w)), x.hi.saturating_mul(i128::from(w)));
            let (lo, hi) = &mut found[channels.of_element(i)];
            *lo = lo.saturating_add(a.min(b));
            *hi = hi.saturating_add(a.max(b));
        }
        self.with_units(op, ty, found, &inputs, &exps)
    }

    /// The bounds of a contraction's channels in their units, with its bias.
    fn with_units(
        &self,
        op: Op,
        ty: FloatType,
        found: Vec<(i128, i128)>,
        inputs: &[Bound],
        exps: &[i32],
    ) -> Option<Vec<Bound>> {
        // Operands with one bound per channel share one exponent: they come from one type.
        let (unit, weight) = (inputs.first()?.exp, ty.exp.interval());
        let biases = view::bias(op).map(|bias| self.of(bias));
        Some(
            found
                .into_iter()
                .enumerate()
                .map(|(c, (lo, hi))| {
                    let least = unit.0 + weight.0 + exps[c];
                    let sum = Bound::new(lo, hi, (least, unit.1 + weight.1 + exps[c]));
                    match &biases {
                        Some(bias) => sum.plus(bias[if bias.len() == 1 { 0 } else { c }]),
                        None => sum,
                    }
                })
                .collect(),
        )
    }
}

/// The input channel that weight element `i` multiplies.
fn input_channels(op: Op) -> impl Fn(usize) -> usize {
    let shape = graph::shape(op.operand(1));
    let last = shape.last().map_or(1, |&n| n as usize).max(1);
    let depthwise = op.is("afp.depthwise_conv2d");
    let groups = Conv::of(op).map_or(1, |conv| conv.groups.max(1)) as usize;
    let (outputs, run) = (shape[0] as usize, shape[1..].iter().product::<i64>().max(1) as usize);
    let inputs = shape.get(2).map_or(1, |&n| n as usize);
    move |i| {
        if depthwise {
            i / last % inputs.max(1)
        } else {
            i / run / (outputs / groups).max(1) * last + i % last
        }
    }
}

/// The largest magnitudes of `depth` products.
fn product(a: Bound, b: Bound, depth: i128) -> Bound {
    let corners = [
        a.lo.saturating_mul(b.lo),
        a.lo.saturating_mul(b.hi),
        a.hi.saturating_mul(b.lo),
        a.hi.saturating_mul(b.hi),
    ];
    let least = corners.into_iter().min().unwrap_or(0).saturating_mul(depth);
    let largest = corners.into_iter().max().unwrap_or(0).saturating_mul(depth);
    Bound::new(least, largest, (a.exp.0 + b.exp.0, a.exp.1 + b.exp.1))
}

/// The bound that a type alone gives; exact values of unknown origin have none.
fn of_type(value: Value) -> Bound {
    match Element::of(value.ty()) {
        Element::Float(ty) => {
            Bound::new(ty.format.int_min().into(), ty.format.int_max().into(), ty.exp.interval())
        }
        Element::Exact => Bound::new(i128::MIN + 1, i128::MAX, (0, 0)),
        _ => Bound::new(0, 0, (0, 0)),
    }
}

fn constant(op: Op) -> Vec<Bound> {
    let Some(values) = op.attr("value").and_then(|v| v.elements_i64()) else {
        return vec![of_type(op.result(0))];
    };
    match Element::of(op.result(0).ty()) {
        Element::Float(ty) => {
            let decoded = values.iter().map(|&code| i128::from(ty.format.decode(ty.stored_code(code))));
            let (lo, hi) = decoded.fold((0, 0), |(lo, hi), v| (v.min(lo), v.max(hi)));
            vec![Bound::new(lo, hi, ty.exp.interval())]
        }
        _ => {
            let channels = graph::shape(op.result(0)).last().map_or(1, |&c| c as usize).max(1);
            let exps = weights::channel_exponents(op, channels);
            let mut found: Vec<Bound> = exps.iter().map(|&exp| Bound::new(0, 0, (exp, exp))).collect();
            for (i, &v) in values.iter().enumerate() {
                let bound = &mut found[i % channels];
                *bound = Bound::new(bound.lo.min(i128::from(v)), bound.hi.max(i128::from(v)), bound.exp);
            }
            found
        }
    }
}

/// What a pad puts around its operand, if that is not zero.
fn border(op: Op) -> Option<Bound> {
    let ty = FloatType::of(op.result(0).ty())?;
    let code = op.attr("value").filter(|_| op.is("afp.pad")).and_then(Attr::as_int)?;
    let value = i128::from(ty.format.decode(Code::try_from(code).ok()?));
    Some(Bound::new(value, value, ty.exp.interval()))
}

/// The integers that an encode's limits leave, per channel where a limit is; none for a result that is
/// no code.
fn encode_limits(op: Op) -> Option<Vec<Bound>> {
    let ty = FloatType::of(op.result(0).ty())?;
    let whole = of_type(op.result(0));
    let limits = |name: &str, extreme: i128| -> Vec<i128> {
        let codes = op.attr(name).and_then(Attr::as_i32s).filter(|codes| !codes.is_empty());
        codes.map_or_else(
            || vec![extreme],
            |codes| codes.into_iter().map(|c| i128::from(ty.format.decode(c as Code))).collect(),
        )
    };
    let (lo, hi) = (limits("lo", whole.lo), limits("hi", whole.hi));
    let pick = |limits: &[i128], c: usize| limits[if limits.len() == 1 { 0 } else { c }];
    let count = lo.len().max(hi.len());
    Some((0..count).map(|c| Bound::new(pick(&lo, c), pick(&hi, c), whole.exp)).collect())
}

/// Bits that an encode's operand needs with the rounding half added.
pub fn rounding_bits(op: Op, operand: &[Bound]) -> u32 {
    let Some(ty) = FloatType::of(op.result(0).ty()) else {
        return operand.iter().map(|b| b.bits()).max().unwrap_or(0);
    };
    let divided = view::divisor_exponent(op).unwrap_or(0) as i32;
    operand
        .iter()
        .map(|bound| {
            let magnitude = bound.lo.unsigned_abs().max(bound.hi.unsigned_abs()) as i128;
            let half = |shift: i32| if shift > 0 { shift_left(1, (shift - 1).min(200) as u32) } else { 0 };
            let unit = ty.exp.interval();
            let (least, largest) =
                (half(unit.0 - bound.exp.1 + divided), half(unit.1 - bound.exp.0 + divided));
            // A value below half a unit is 0 whatever its width: the half then need not be added.
            let added = largest.min(magnitude.saturating_mul(2).checked_ilog2().map_or(0, |top| 1 << top));
            let half = if least > added {
                0
            } else if ty.format.exp_bits() >= 2 {
                // Above the first binade, half a unit is less than half the value.
                added.max(magnitude / 2)
            } else {
                added
            };
            Bound::new(bound.lo.saturating_sub(half), bound.hi.saturating_add(half), bound.exp).bits()
        })
        .max()
        .unwrap_or(0)
}
