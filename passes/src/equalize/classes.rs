//! Which channels share one factor.

use std::collections::BTreeMap;

use afp_ir::{
    dialect::Element,
    mlir::{Attr, Op},
};

use super::{
    labels::{Labelled, Labels},
    unions::Variable,
    walk::{self, Walk},
};
use crate::form_groups::is_site;

/// The class of a channel, from 0 to [`Classes::count`]; the channels of class [`FIXED_CLASS`] have no
/// factor.
pub type Class = usize;

/// The class of channels that keep their scale.
pub const FIXED_CLASS: Class = 0;

/// The classes of a function in the real form, behind `afp-form-groups`.
///
/// Two channels are of one class if they can only be multiplied by one factor, as those that meet in an
/// addition. All channels of a class can be multiplied by any positive number, and the function computes
/// the same, if weights, biases, limits and constants are scaled accordingly (`afp-equalize`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classes {
    /// Number of classes, that of fixed channels included.
    pub count: usize,
    /// Contractions with constant weights, by `afp.name`.
    pub layers: BTreeMap<String, LayerClasses>,
    /// Sites by `afp.name`: the class of each index of the last dimension. Sites whose channels are
    /// counted by another dimension are missing.
    pub sites: BTreeMap<String, Vec<Class>>,
}

/// The classes of a contraction's channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerClasses {
    /// By channel of the input (its last dimension).
    pub inputs: Vec<Class>,
    /// By channel of the output.
    pub outputs: Vec<Class>,
}

impl Classes {
    /// The classes of a function. One that is not in the real form has the fixed class alone.
    pub fn of(function: Op) -> Self {
        let roles = Roles::of(function);
        let name = |op: Op| op.attr("afp.name").and_then(Attr::as_string);
        Self {
            count: roles.count,
            layers: roles
                .contractions
                .into_iter()
                .filter_map(|(op, classes)| Some((name(op)?, classes)))
                .collect(),
            sites: roles
                .sites
                .into_iter()
                .filter_map(|site| Some((name(site.op)?, site.channels?)))
                .collect(),
        }
    }
}

/// What operations have to do with classes.
#[derive(Default)]
pub(super) struct Roles {
    /// Number of classes.
    pub count: usize,
    /// Contractions with constant weights.
    pub contractions: Vec<(Op, LayerClasses)>,
    /// Encodes with limits that are not zero, and the classes of their channels.
    pub limits: Vec<(Op, Vec<Class>)>,
    /// Constants that are added or concatenated: operation, operand number, labels that are classes.
    pub constants: Vec<(Op, usize, Labels)>,
    /// Sites on real numbers.
    pub sites: Vec<SiteClasses>,
}

/// A site and its classes.
pub(super) struct SiteClasses {
    /// The operation.
    pub op: Op,
    /// All classes that occur in it.
    pub all: Vec<Class>,
    /// The class of each index of the last dimension, if classes depend on no other.
    pub channels: Option<Vec<Class>>,
}

impl Roles {
    /// The roles of the operations in a function's one block.
    pub fn of(function: Op) -> Self {
        let blocks = function.blocks();
        let &[block] = blocks.as_slice() else { return Self { count: 1, ..Self::default() } };
        let mut walk = Walk::through(block);
        let (numbers, count) = walk.unions.numbered();
        let class =
            |variables: &[Variable]| -> Vec<Class> { variables.iter().map(|&v| numbers[v]).collect() };
        let contractions = walk
            .contractions
            .iter()
            .map(|(op, inputs, outputs)| {
                (*op, LayerClasses { inputs: class(inputs), outputs: class(outputs) })
            })
            .collect();
        let constants = walk
            .constants
            .iter()
            .map(|(op, index, labels)| (*op, *index, labels.map(|variable| numbers[variable])))
            .collect();
        let is_real = |op: &Op| is_site(*op) && Element::of(op.result(0).ty()) == Element::Real;
        let sites = block.ops().into_iter().filter(is_real).filter_map(|op| {
            let shape = walk::shape(op.result(0))?;
            let labels = walk.of(op.result(0));
            let all = class(labels.variables());
            // Channels that were several variables may have become one.
            let one = all.iter().all(|&class| class == all[0]);
            let labels = if one { Labels::uniform(labels.variables()[0]) } else { labels };
            let channels = Labelled { labels: &labels, shape: &shape }.channels();
            Some(SiteClasses { op, all, channels: channels.map(|variables| class(&variables)) })
        });
        Self {
            count,
            contractions,
            constants,
            limits: walk.limits.iter().map(|(op, variables)| (*op, class(variables))).collect(),
            sites: sites.collect(),
        }
    }
}
