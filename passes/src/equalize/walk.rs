//! One operation after the other gives its result labels, and says which variables are one.
//!
//! * A contraction ends the labels of its input and starts new ones: its weights take up any factors.
//! * Sums, concats and what moves elements hand labels on; where two values are added, theirs become one.
//! * An encode commutes with a factor, as its limits can be given one per channel.
//! * Constants that are added or concatenated take up factors as weights do.
//! * Everything else has the factor 1, before it and behind it.
//!
//! Where a rule cannot be applied channel by channel, all channels of the value become one, or fixed.

use std::{collections::HashMap, ops::Range};

use afp_ir::{
    dialect::{
        Element,
        view::{self, Slice},
    },
    mlir::{Attr, Block, Op, Value},
    numerics::Function,
};

use super::{
    labels::{Labelled, Labels, MAX_VARIABLES, concatenated, hull, table},
    unions::{FIXED, Unions, Variable},
};
use crate::graph;

/// Most elements of a value that is looked at.
const MAX_ELEMENTS: usize = 1 << 40;

/// What a block's operations have to do with variables.
#[derive(Default)]
pub struct Walk {
    /// Which variables are one.
    pub unions: Unions,
    /// The labels of values.
    pub labels: HashMap<Value, Labels>,
    /// Contractions with constant weights: variables of their input's and their output's channels.
    pub contractions: Vec<(Op, Vec<Variable>, Vec<Variable>)>,
    /// Encodes with limits, and the variables of their channels.
    pub limits: Vec<(Op, Vec<Variable>)>,
    /// Constant operands that take up factors: operation, operand number, labels.
    pub constants: Vec<(Op, usize, Labels)>,
}

/// The shape of a value, if all sizes are known and positive.
pub fn shape(value: Value) -> Option<Vec<usize>> {
    value.ty().element_count().filter(|count| (1..=MAX_ELEMENTS).contains(count))?;
    value.ty().shape()?.into_iter().map(|size| usize::try_from(size).ok()).collect()
}

fn sizes(dims: &[i64]) -> Option<Vec<usize>> {
    dims.iter().map(|&size| usize::try_from(size).ok()).collect()
}

impl Walk {
    /// Looks at all operations of a block.
    pub fn through(block: Block) -> Self {
        let mut walk = Self::default();
        for op in block.ops() {
            if walk.transfer(op).is_none() {
                walk.fix(op);
            }
        }
        walk
    }

    /// Whether an operation is understood; what it has to do with variables is known then.
    fn transfer(&mut self, op: Op) -> Option<()> {
        let result = match op.name().as_str() {
            "afp.conv2d" | "afp.depthwise_conv2d" | "afp.fully_connected" => self.contraction(op)?,
            "afp.add" => self.add(op)?,
            "afp.encode" => self.encode(op)?,
            "afp.sum_pool2d" | "afp.max_pool2d" => {
                let result = shape(op.result(0))?;
                Labels::of_channels(self.channels(op.operand(0))?, &result)
            }
            "afp.table" => {
                let name = op.attr("function").and_then(Attr::as_string)?;
                // The one function for which f(c x) = c f(x).
                (name.parse() == Ok(Function::Abs)).then(|| self.of(op.operand(0)))?
            }
            "afp.reshape" => self.of(op.operand(0)),
            "afp.transpose" | "afp.slice" | "afp.pad" => self.movement(op)?,
            "afp.concat" => self.concat(op)?,
            _ => return None,
        };
        self.labels.insert(op.result(0), result);
        Some(())
    }

    /// No factor before an operation, and none behind it.
    fn fix(&mut self, op: Op) {
        let inside = op.descendants().into_iter().flat_map(Op::operands);
        for operand in op.operands().into_iter().chain(inside) {
            for &variable in self.of(operand).variables() {
                self.unions.unite(variable, FIXED);
            }
        }
    }

    /// The labels of a value. What yields none has no factor: arguments, constants, codes.
    pub fn of(&self, value: Value) -> Labels {
        self.labels.get(&value).cloned().unwrap_or_else(|| Labels::uniform(FIXED))
    }

    /// The variable of each index of a value's last dimension; where labels depend on another, they
    /// become one. None if there are too many.
    fn channels(&mut self, value: Value) -> Option<Vec<Variable>> {
        let (shape, labels) = (shape(value)?, self.of(value));
        let count = shape.last().copied().unwrap_or(1);
        if count > MAX_VARIABLES {
            return None;
        }
        let found = Labelled { labels: &labels, shape: &shape }.channels();
        Some(found.unwrap_or_else(|| vec![self.unions.unite_all(labels.variables()); count]))
    }

    fn merged(&mut self, labels: &Labels) -> Labels {
        Labels::uniform(self.unions.unite_all(labels.variables()))
    }

    fn contraction(&mut self, op: Op) -> Option<Labels> {
        let constant = op.operands().into_iter().skip(1).all(graph::is_constant);
        if !constant || Element::of(op.operand(0).ty()) != Element::Real {
            return None;
        }
        let result = shape(op.result(0))?;
        let inputs = self.channels(op.operand(0))?;
        let count = result.last().copied().filter(|&count| count <= MAX_VARIABLES)?;
        let outputs: Vec<Variable> = (0..count).map(|_| self.unions.fresh()).collect();
        self.contractions.push((op, inputs, outputs.clone()));
        Some(Labels::of_channels(outputs, &result))
    }

    fn encode(&mut self, op: Op) -> Option<Labels> {
        if op.operand(0).arg_index().is_some() {
            return None;
        }
        let real = |name| op.attr(name).and_then(Attr::as_f32s).unwrap_or_default();
        let limits: Vec<f32> = ["lo", "hi"].into_iter().flat_map(real).collect();
        if limits.iter().all(|&limit| limit == 0.0 || limit.is_infinite()) {
            return Some(self.of(op.operand(0)));
        }
        let result = shape(op.result(0))?;
        let channels = self.channels(op.operand(0))?;
        self.limits.push((op, channels.clone()));
        Some(Labels::of_channels(channels, &result))
    }

    fn movement(&mut self, op: Op) -> Option<Labels> {
        let (source, result) = (shape(op.operand(0))?, shape(op.result(0))?);
        let labels = self.of(op.operand(0));
        let value = Labelled { labels: &labels, shape: &source };
        let fits = |dims: &[usize]| dims.len() == source.len() && result.len() == source.len();
        let moved = match op.name().as_str() {
            "afp.transpose" => {
                let perm = sizes(&view::dims(op, "perm")).filter(|perm| fits(perm))?;
                value.transposed(&perm)
            }
            "afp.slice" => {
                let view = Slice::of(op);
                let start = sizes(&view.start).filter(|start| fits(start))?;
                let stride = sizes(&view.stride).filter(|stride| fits(stride))?;
                value.sliced(&start, &stride, &result)
            }
            _ => {
                let border = op.attr("value").map_or(Some(0.0), Attr::as_f64)?;
                let low = sizes(&view::dims(op, "low")).filter(|low| fits(low) && border == 0.0)?;
                value.padded(&low, &result, || self.unions.fresh())
            }
        };
        Some(moved.unwrap_or_else(|| self.merged(&labels)))
    }

    /// The shapes of operands, and the dimensions that the labels of those depend on that are no
    /// constants.
    fn operands(&self, op: Op) -> Option<(Vec<Vec<usize>>, Range<usize>)> {
        let rank = shape(op.result(0))?.len();
        let shapes: Option<Vec<Vec<usize>>> = op.operands().into_iter().map(shape).collect();
        let shapes = shapes.filter(|shapes| shapes.iter().all(|shape| shape.len() == rank))?;
        let operands = op.operands().into_iter().zip(&shapes);
        let computed = operands.filter(|(operand, _)| !graph::is_constant(*operand));
        let ranges = computed.map(|(operand, shape)| {
            let labels = self.of(operand);
            Labelled { labels: &labels, shape }.range()
        });
        let range = hull(ranges);
        Some((shapes, range))
    }

    /// The labels of operand `index`; a constant's are new, one per index over `range`.
    fn operand(&mut self, op: Op, index: usize, shape: &[usize], range: &Range<usize>) -> Option<Labels> {
        let operand = op.operand(index);
        if !graph::is_constant(operand) || !operand.ty().is_f32() {
            return Some(self.of(operand));
        }
        let variables = table(&shape[range.clone()], |_| self.unions.fresh())?;
        let labels = Labels::over(variables, shape, range);
        self.constants.push((op, index, labels.clone()));
        Some(labels)
    }

    fn add(&mut self, op: Op) -> Option<Labels> {
        if op.operands().into_iter().all(graph::is_constant) {
            return None;
        }
        let (result, (shapes, range)) = (shape(op.result(0))?, self.operands(op)?);
        let mut over = Vec::new();
        for (index, shape) in shapes.iter().enumerate() {
            let labels = self.operand(op, index, shape, &range)?;
            let value = Labelled { labels: &labels, shape };
            over.push((table(&result[range.clone()], |index| value.at(&range, index)), labels));
        }
        match &over[..] {
            [(Some(a), _), (Some(b), _)] => {
                for (&a, &b) in a.iter().zip(b) {
                    self.unions.unite(a, b);
                }
                Some(Labels::over(a.clone(), &result, &range))
            }
            _ => {
                let all: Vec<Variable> =
                    over.iter().flat_map(|(_, labels)| labels.variables()).copied().collect();
                Some(Labels::uniform(self.unions.unite_all(&all)))
            }
        }
    }

    fn concat(&mut self, op: Op) -> Option<Labels> {
        let (result, (shapes, range)) = (shape(op.result(0))?, self.operands(op)?);
        let axis = usize::try_from(view::axis(op)).ok().filter(|&axis| axis < result.len())?;
        if op.operands().into_iter().all(graph::is_constant) {
            return None;
        }
        // Of parts with one factor each, every part keeps its own.
        let range = if range.is_empty() { axis..axis + 1 } else { range };
        let labels: Vec<Labels> = (0..shapes.len())
            .map(|index| self.operand(op, index, &shapes[index], &range))
            .collect::<Option<_>>()?;
        let parts: Vec<Labelled<'_>> =
            labels.iter().zip(&shapes).map(|(labels, shape)| Labelled { labels, shape }).collect();
        if range.contains(&axis) {
            if let Some(whole) = concatenated(&parts, axis, &range, &result) {
                return Some(whole);
            }
        } else if let Some(tables) = parts
            .iter()
            .map(|part| table(&result[range.clone()], |index| part.at(&range, index)))
            .collect::<Option<Vec<_>>>()
        {
            for other in &tables[1..] {
                for (&a, &b) in tables[0].iter().zip(other) {
                    self.unions.unite(a, b);
                }
            }
            return Some(Labels::over(tables[0].clone(), &result, &range));
        }
        let all: Vec<Variable> = labels.iter().flat_map(Labels::variables).copied().collect();
        Some(Labels::uniform(self.unions.unite_all(&all)))
    }
}
