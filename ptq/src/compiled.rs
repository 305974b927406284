//! The setting that a program was compiled with, read back from the stages of its compilation.
//!
//! What was chosen and what was compiled are not compared here: they cannot differ, as the codes
//! themselves are read. Layers and sites are found by their names, so passes in between may add and
//! remove operations.

use std::{collections::HashMap, sync::Arc};

use afp_ir::{
    dialect::{FloatType, view},
    mlir::{Attr, Op},
    numerics::dyadic_to_f64,
};
use afp_passes::form_groups::is_site;

use crate::{
    network::{Layer, Network, SiteFormat},
    setting::{Rounded, Setting},
};

/// Collects a setting while a module is compiled.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    setting: Setting,
    biases: Vec<Vec<f32>>,
}

impl Reading {
    /// Reads formats of sites, and biases before they are rounded, behind `afp-assign-formats`.
    pub fn formats(&mut self, function: Op, network: &Network) {
        let ops = ops(function);
        let sites = named(&ops, is_site);
        let site = |name: &String| {
            let ty = sites.get(name)?.attr("afp.type").and_then(Attr::as_type).and_then(FloatType::of)?;
            // Of a dynamic scale exponent, the largest: what is asked of it is how many bits a site has.
            Some(SiteFormat { format: ty.format, exp: ty.exp.interval().1 })
        };
        self.setting.sites = network.sites.iter().map(|s| site(&s.name)).collect();
        let weighted = named(&ops, view::is_weighted);
        let bias = |layer: &Layer| {
            let constant = weighted.get(&layer.name).copied().and_then(view::bias)?.def_as("tosa.const")?;
            constant.attr("values")?.elements_f32()
        };
        let broadcast = |layer: &Layer| {
            let bias = bias(layer).unwrap_or_default();
            if bias.len() == 1 { vec![bias[0]; layer.outputs] } else { bias }
        };
        self.biases = network.layers.iter().map(broadcast).collect();
    }

    /// Reads weights behind `afp-encode-weights`, and gives the setting.
    pub fn weights(mut self, function: Op, network: &Network) -> Setting {
        let ops = ops(function);
        let weighted = named(&ops, view::is_weighted);
        self.biases.resize(network.layers.len(), Vec::new());
        let layers = network.layers.iter().zip(self.biases);
        self.setting.weights = layers
            .map(|(layer, bias)| {
                weighted.get(&layer.name).and_then(|&op| rounded(op, layer, bias)).map(Arc::new)
            })
            .collect();
        self.setting
    }
}

fn ops(function: Op) -> Vec<Op> {
    function.blocks().first().map(|body| body.ops()).unwrap_or_default()
}

/// Operations of a kind by `afp.name`, which is unique among them.
fn named(ops: &[Op], is_kind: impl Fn(Op) -> bool) -> HashMap<String, Op> {
    let of_kind = ops.iter().copied().filter(|&op| is_kind(op));
    of_kind.filter_map(|op| Some((op.attr("afp.name").and_then(Attr::as_string)?, op))).collect()
}

/// The weights of a contraction on codes.
fn rounded(op: Op, layer: &Layer, bias: Vec<f32>) -> Option<Rounded> {
    let ty = FloatType::of(op.operand(1).ty())?;
    let codes = op.operand(1).def()?.attr("value")?.elements_i64()?;
    let channels = view::channel_exp(op)?;
    let base = ty.exp.fixed()?;
    let exps: Vec<i32> = match channels[..] {
        [exp] => vec![base + exp; layer.outputs],
        _ => channels.iter().map(|exp| base + exp).collect(),
    };
    if codes.len() != layer.weights.len() || exps.len() != layer.outputs {
        return None;
    }
    let is_depthwise = layer.operator == "depthwise_conv2d";
    let value = |(o, i): (usize, usize)| {
        let code = codes[if is_depthwise { i * layer.outputs + o } else { o * layer.depth + i }];
        dyadic_to_f64(ty.format.decode(ty.stored_code(code)), exps[o]) as f32
    };
    let elements = (0..layer.outputs).flat_map(|o| (0..layer.depth).map(move |i| (o, i)));
    let values = elements.map(value).collect();
    Some(Rounded { format: ty.format, exps, values, bias })
}
