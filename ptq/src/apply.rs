//! A setting, written into the module it belongs to.
//!
//! Weights are replaced by the rounded ones, which lie on the grid of their format, with their exponents in
//! `afp.weight_exp`; biases by the corrected ones. Histograms are attached to sites as `afp.stats`. What
//! follows, `afp-range-analysis` to `afp-encode-weights`, finds nothing left to round in weights.

use std::collections::BTreeMap;

use afp_ir::{
    dialect::view,
    mlir::{Attr, Builder, Op, Value},
};
use afp_passes::{
    dynamic::Peaks,
    form_groups::is_site,
    formats::{Choice, Formats},
    graph,
    stats::Histogram,
    weights::GIVEN_EXPONENTS,
};

use crate::{
    network::{Layer, Network},
    setting::{Rounded, Setting},
};

/// Writes rounded weights into a module in the real form that the network was read from.
pub fn weights(module: Op, network: &Network, setting: &Setting) {
    let layers: BTreeMap<&str, usize> =
        network.layers.iter().enumerate().map(|(id, layer)| (layer.name.as_str(), id)).collect();
    for op in graph::body_ops(module).into_iter().filter(|op| view::is_weighted(*op)) {
        let Some(&id) = layers.get(graph::site_name(op).as_str()) else { continue };
        let Some(rounded) = setting.weights.get(id).and_then(Option::as_ref) else { continue };
        replace(op, &network.layers[id], rounded);
    }
}

/// Attaches what was seen at each site.
pub fn statistics(module: Op, network: &Network, histograms: &[Histogram]) {
    let by_name: BTreeMap<&str, &Histogram> =
        network.sites.iter().map(|site| site.name.as_str()).zip(histograms).collect();
    for op in graph::body_ops(module).into_iter().filter(|op| is_site(*op)) {
        if let Some(histogram) = by_name.get(graph::site_name(op).as_str()).filter(|h| h.count > 0) {
            op.set_attr("afp.stats", histogram.to_attr(op.ctx()));
        }
    }
}

/// Attaches where sites peak, so that they choose their scale exponents at run time.
pub fn peaks(module: Op, network: &Network, peaks: &[Option<Peaks>]) {
    let by_name: BTreeMap<&str, Peaks> = network
        .sites
        .iter()
        .zip(peaks)
        .filter_map(|(site, peaks)| Some((site.name.as_str(), (*peaks)?)))
        .collect();
    for op in graph::body_ops(module).into_iter().filter(|op| is_site(*op)) {
        if let Some(peaks) = by_name.get(graph::site_name(op).as_str()) {
            peaks.attach(op);
        }
    }
}

/// The formats of a setting, by name.
pub fn formats(network: &Network, setting: &Setting) -> Formats {
    let mut formats = Formats { version: afp_passes::formats::VERSION, ..Formats::default() };
    for (layer, rounded) in network.layers.iter().zip(&setting.weights) {
        if let Some(rounded) = rounded {
            formats.weights.insert(layer.name.clone(), Choice::Format(rounded.format.to_string()));
        }
    }
    for (site, format) in network.sites.iter().zip(&setting.sites) {
        if let Some(format) = format {
            let choice = Choice::Fixed { format: format.format.to_string(), exp: format.exp };
            formats.activations.insert(site.name.clone(), choice);
        }
    }
    formats
}

fn replace(op: Op, layer: &Layer, rounded: &Rounded) {
    let constant = |value: Value, role: &str, shape: &[i64], values: &[f32]| {
        let loc = value.def().map_or_else(|| op.loc(), Op::loc);
        let name = format!("{}_{role}", layer.name);
        graph::build_constant(Builder::before(op), loc, &name, shape, values)
    };
    let weight = op.operand(1);
    let stored = if op.is("afp.depthwise_conv2d") {
        let values = &rounded.values;
        (0..layer.depth)
            .flat_map(|tap| (0..layer.outputs).map(move |channel| values[channel * layer.depth + tap]))
            .collect()
    } else {
        rounded.values.clone()
    };
    op.set_operand(1, constant(weight, "weight", &graph::shape(weight), &stored));
    op.set_attr(GIVEN_EXPONENTS, Attr::i32s(op.ctx(), &rounded.exps));
    if let (Some(bias), false) = (view::bias(op), rounded.bias.is_empty()) {
        op.set_operand(2, constant(bias, "bias", &[layer.outputs as i64], &rounded.bias));
    }
}
