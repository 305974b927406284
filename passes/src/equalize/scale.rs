//! Multiplies what computes a class's channels by its factor, and divides what reads them.

use std::collections::BTreeSet;

use afp_ir::mlir::{Attr, Builder, Op};

use super::{
    classes::{Class, LayerClasses, Roles},
    factors::exp2,
};
use crate::{
    graph,
    weights::{Channels, GIVEN_EXPONENTS},
};

/// What is written into the module.
enum Change {
    /// Another constant as an operand: role in its name, elements.
    Operand(Op, usize, &'static str, Vec<f32>),
    /// Other limits.
    Limits(Op, &'static str, Vec<f32>),
}

/// Applies factors, given as base-2 logarithms by class; how many classes were scaled. A class whose factor
/// would take a number out of `f32`'s normal range, or cost a power of two its exactness there, keeps its
/// scale.
pub fn scale(roles: &Roles, mut logs: Vec<f64>) -> usize {
    let changes = loop {
        let mut plan = Plan { logs: &logs, changes: Vec::new(), misfits: BTreeSet::new() };
        plan.make(roles);
        let Plan { changes, misfits, .. } = plan;
        if misfits.is_empty() {
            break changes;
        }
        for class in misfits {
            logs[class] = 0.0;
        }
    };
    for change in changes {
        change.apply();
    }
    // What was known of values that are others now.
    for site in &roles.sites {
        if site.all.iter().any(|&class| logs[class] != 0.0) {
            site.op.remove_attr("afp.stats");
            site.op.remove_attr(crate::dynamic::PEAKS);
            site.op.remove_attr("afp.range");
        }
    }
    logs.iter().filter(|&&log| log != 0.0).count()
}

struct Plan<'a> {
    logs: &'a [f64],
    changes: Vec<Change>,
    /// Classes with factors that cannot be applied.
    misfits: BTreeSet<Class>,
}

impl Plan<'_> {
    fn make(&mut self, roles: &Roles) {
        for (op, classes) in &roles.contractions {
            self.contraction(*op, classes);
        }
        for (op, channels) in &roles.limits {
            self.limits(*op, channels);
        }
        for (op, index, classes) in &roles.constants {
            self.operand(
                *op,
                *index,
                "operand",
                |element| (classes.of_element(element), None),
                classes.variables(),
            );
        }
    }

    fn contraction(&mut self, op: Op, classes: &LayerClasses) {
        let LayerClasses { inputs, outputs } = classes;
        let all: Vec<Class> = inputs.iter().chain(outputs).copied().collect();
        let channels = Channels::of(op);
        let shape = graph::shape(op.operand(1));
        // The input channel of an element, for those that are read by all outputs or by a group of them.
        let per_group = shape.last().map_or(1, |&size| size.max(1) as usize);
        let depthwise = op.is("afp.depthwise_conv2d");
        let groups = if depthwise { inputs.len() } else { inputs.len() / per_group }.max(1);
        let of_weight = |element: usize| {
            let output = channels.of_element(element);
            let group = output / (channels.count / groups).max(1);
            let input = if depthwise { group } else { group * per_group + element % per_group };
            (outputs[output], inputs.get(input).copied())
        };
        self.operand(op, 1, "weight", of_weight, &all);
        if op.operand_count() > 2 {
            self.operand(op, 2, "bias", |element| (outputs[element], None), outputs);
        }
    }

    /// A constant, whose elements are multiplied by the factor of one class and divided by that of another.
    fn operand(
        &mut self,
        op: Op,
        index: usize,
        role: &'static str,
        classes: impl Fn(usize) -> (Class, Option<Class>),
        all: &[Class],
    ) {
        if all.iter().all(|&class| self.logs[class] == 0.0) {
            return;
        }
        let Some(values) = graph::constant_f32(op.operand(index)) else {
            self.refuse(all);
            return;
        };
        let scaled = values.iter().enumerate().map(|(element, &value)| {
            let (by, over) = classes(element);
            let log = self.logs[by] - over.map_or(0.0, |over| self.logs[over]);
            times(value, log).ok_or([Some(by), over])
        });
        let scaled: Vec<Result<f32, [Option<Class>; 2]>> = scaled.collect();
        let mut result = Vec::with_capacity(scaled.len());
        for value in scaled {
            match value {
                Ok(value) => result.push(value),
                Err(classes) => self.refuse(&classes.into_iter().flatten().collect::<Vec<_>>()),
            }
        }
        if result != values {
            self.changes.push(Change::Operand(op, index, role, result));
        }
    }

    fn limits(&mut self, op: Op, channels: &[Class]) {
        for name in ["lo", "hi"] {
            let Some(limits) = op.attr(name).and_then(Attr::as_f32s) else { continue };
            let mut result = Vec::with_capacity(channels.len());
            for (channel, &class) in channels.iter().enumerate() {
                let Some(&limit) = limits.get(if limits.len() == 1 { 0 } else { channel }) else { return };
                match times(limit, self.logs[class]) {
                    Some(limit) => result.push(limit),
                    None => self.refuse(&[class]),
                }
            }
            let uniform = result.first().is_some_and(|&first| result.iter().all(|&limit| limit == first));
            if uniform {
                result.truncate(1);
            }
            if result != limits {
                self.changes.push(Change::Limits(op, name, result));
            }
        }
    }

    fn refuse(&mut self, classes: &[Class]) {
        let scaled = classes.iter().filter(|&&class| self.logs[class] != 0.0);
        self.misfits.extend(scaled);
    }
}

/// `value * 2^log`, rounded once; none if `f32` does not hold that as exactly as it held `value`.
fn times(value: f32, log: f64) -> Option<f32> {
    if log == 0.0 || value == 0.0 || !value.is_finite() {
        return Some(value);
    }
    let exact = f64::from(value) * exp2(log);
    let rounded = exact as f32;
    (rounded.is_normal() || f64::from(rounded) == exact).then_some(rounded)
}

impl Change {
    fn apply(self) {
        match self {
            Self::Operand(op, index, role, values) => {
                // Another operation may read the same constant: it keeps the old one.
                let old = op.operand(index);
                let name = format!("{}_{role}", graph::site_name(op));
                let loc = old.def().map_or_else(|| op.loc(), Op::loc);
                let new = graph::build_constant(Builder::before(op), loc, &name, &graph::shape(old), &values);
                op.set_operand(index, new);
                // Exponents that were given for the old weights.
                op.remove_attr(GIVEN_EXPONENTS);
            }
            Self::Limits(op, name, values) => op.set_attr(name, Attr::f32s(op.ctx(), &values)),
        }
    }
}
