//! Runs a network under a setting.
//!
//! Values are `f32`: those of a site that has a format lie on its grid, so they are what the codes of the
//! compiled program decode to. Sums are exact ([`layer`]), and rounded once ([`quantizer`]), so every value
//! is, bit for bit, what the interpreter computes for the program that is compiled from the setting; where
//! that cannot be proven, [`Simulator::is_exact`] says so. Without formats it is the interpreter's real form.
//!
//! A [`Trace`] keeps every value of one run. [`Simulator::rerun`] computes, from the trace of another
//! setting, only what depends on the difference.

mod layer;
mod proof;
mod quantizer;
mod sinks;
mod trace;
mod walk;

use std::sync::Arc;

use afp_ir::{
    diag::Diagnostic,
    dialect::FloatType,
    interp::{
        Data, Tensor,
        parts::{Kernel, SoftmaxCodes, Table, Target},
    },
    numerics::{Rounding, encode_f32},
};
use layer::{Layers, Packed};
pub use quantizer::Quantizer;
use sinks::{Group, Sums, encode};
pub use trace::{Outcome, Trace};
pub(crate) use walk::{Walk, footprint};

use crate::{
    network::{LayerId, Limits, Network, Node, NodeId, Operator, SiteFormat, SiteId},
    setting::Setting,
};

/// A network under a setting, ready to run.
#[derive(Clone)]
pub struct Simulator<'n> {
    network: &'n Network,
    setting: Setting,
    layers: Layers,
    /// By node that rounds to a site.
    quantizers: Vec<Option<Arc<Quantizer>>>,
    is_exact: bool,
}

impl<'n> Simulator<'n> {
    /// Prepares a setting.
    ///
    /// # Errors
    /// AFP0712 for scale exponents that are out of reach.
    pub fn new(network: &'n Network, setting: &Setting) -> Result<Self, Diagnostic> {
        Self::prepare(network, setting, None)
    }

    /// Prepares another setting; what it has in common with this one is shared.
    ///
    /// # Errors
    /// As [`Simulator::new`].
    pub fn with(&self, setting: &Setting) -> Result<Self, Diagnostic> {
        Self::prepare(self.network, setting, Some(self))
    }

    fn prepare(network: &'n Network, setting: &Setting, like: Option<&Self>) -> Result<Self, Diagnostic> {
        let mut setting = setting.clone();
        setting.weights.resize(network.layers.len(), None);
        setting.sites.resize(network.sites.len(), None);
        let format = |site: Option<SiteId>| site.and_then(|site| setting.sites[site]);
        let layers: Layers = network
            .layers
            .iter()
            .enumerate()
            .map(|(id, layer)| {
                let rounded = setting.weights[id].as_ref();
                let shared = like.filter(|like| {
                    let same = match (rounded, &like.setting.weights[id]) {
                        (None, None) => true,
                        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
                        _ => false,
                    };
                    same && layer.input.is_none_or(|site| setting.sites[site] == like.setting.sites[site])
                });
                match shared {
                    Some(like) => Arc::clone(&like.layers[id]),
                    None => Arc::new(Packed::new(
                        (layer, &network.windows[id]),
                        rounded.map(|r| &**r),
                        format(layer.input),
                    )),
                }
            })
            .collect();
        let mut quantizers = Vec::with_capacity(network.nodes.len());
        for (id, node) in network.nodes.iter().enumerate() {
            let (site, limits) = match &node.operator {
                Operator::Group(_, site, limits) | Operator::Encode(site, limits, _) => {
                    (*site, limits.clone())
                }
                Operator::Rounded(site, _) => (*site, Limits::default()),
                Operator::Seated => match node.source {
                    Some(site) => (site, Limits::default()),
                    None => {
                        quantizers.push(None);
                        continue;
                    }
                },
                _ => {
                    quantizers.push(None);
                    continue;
                }
            };
            let shared = like.filter(|like| like.setting.sites[site] == setting.sites[site]);
            quantizers.push(match (shared, setting.sites[site]) {
                (Some(like), _) => like.quantizers[id].clone(),
                (None, None) => None,
                (None, Some(target)) => Some(Arc::new(Quantizer::new(target, &limits)?)),
            });
        }
        let mut simulator = Self { network, setting, layers, quantizers, is_exact: false };
        simulator.is_exact = simulator.is_proven();
        Ok(simulator)
    }

    /// Whether every value is proven to be the interpreter's for the compiled program.
    pub fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// The setting.
    pub fn setting(&self) -> &Setting {
        &self.setting
    }

    fn format(&self, site: Option<SiteId>) -> Option<SiteFormat> {
        site.and_then(|site| self.setting.sites[site])
    }

    /// Computes the logits and outputs for one sample.
    ///
    /// # Errors
    /// What a kernel reports.
    pub fn run(&self, inputs: &[Tensor]) -> Result<Outcome, Diagnostic> {
        self.trace(inputs).map(|trace| trace.outcome(self.network))
    }

    /// As [`Simulator::run`], and keeps every value.
    ///
    /// # Errors
    /// As [`Simulator::run`].
    pub fn trace(&self, inputs: &[Tensor]) -> Result<Trace, Diagnostic> {
        let mut values: Vec<Option<Arc<Tensor>>> = vec![None; self.network.nodes.len()];
        for id in 0..values.len() {
            values[id] = self.compute(id, inputs, &values)?;
        }
        Ok(Trace { values })
    }

    /// The logits and outputs of the sample that `trace` was made of by `base`: what depends on no
    /// difference between the two settings is taken from the trace.
    ///
    /// # Errors
    /// As [`Simulator::run`].
    pub fn rerun(&self, base: &Self, trace: &Trace) -> Result<Outcome, Diagnostic> {
        let mut values = trace.values.clone();
        let mut changed = vec![false; values.len()];
        for (id, node) in self.network.nodes.iter().enumerate() {
            if self.differs(base, id) || node.operands.iter().any(|&operand| changed[operand]) {
                let value = self.compute(id, &[], &values)?;
                changed[id] = value != values[id];
                values[id] = value;
            }
        }
        Ok(Trace { values }.outcome(self.network))
    }

    /// Whether a node computes something else than in another setting, for the same operands.
    fn differs(&self, base: &Self, id: NodeId) -> bool {
        let other = |a: &Option<Arc<Quantizer>>, b: &Option<Arc<Quantizer>>| match (a, b) {
            (None, None) => false,
            (Some(a), Some(b)) => !Arc::ptr_eq(a, b) && a != b,
            _ => true,
        };
        let node = &self.network.nodes[id];
        let site_differs = |site: SiteId| self.setting.sites[site] != base.setting.sites[site];
        match &node.operator {
            Operator::Group(layer, ..) | Operator::Layer(layer) => {
                !Arc::ptr_eq(&self.layers[*layer], &base.layers[*layer])
                    || other(&self.quantizers[id], &base.quantizers[id])
            }
            Operator::Table(site, ..) | Operator::Softmax(site, ..) => {
                site_differs(*site)
                    || node.operands.iter().any(|&n| self.network.nodes[n].source.is_some_and(site_differs))
            }
            Operator::Constant(..) => self.on_codes() != base.on_codes(),
            _ => other(&self.quantizers[id], &base.quantizers[id]),
        }
    }

    /// Whether constants are on the grids that they take in a program on codes.
    fn on_codes(&self) -> bool {
        self.setting.sites.iter().any(Option::is_some)
    }

    fn compute(
        &self,
        id: NodeId,
        inputs: &[Tensor],
        values: &[Option<Arc<Tensor>>],
    ) -> Result<Option<Arc<Tensor>>, Diagnostic> {
        let node = &self.network.nodes[id];
        let operands: Vec<&Tensor> =
            node.operands.iter().filter_map(|&operand| values[operand].as_deref()).collect();
        if operands.len() != node.operands.len() {
            return Err(Diagnostic::error(
                "AFP0001",
                "a value is read before it is computed; this is a bug in afpc",
            ));
        }
        let quantizer = self.quantizers[id].as_deref();
        let rounded = |tensor: Tensor| match quantizer {
            None => tensor,
            Some(quantizer) => {
                let channels = tensor.channels();
                Tensor {
                    shape: tensor.shape.clone(),
                    data: Data::Real(quantizer.tensor(&tensor.to_f64(), channels)),
                }
            }
        };
        Ok(Some(match &node.operator {
            Operator::Unused => return Ok(None),
            // The arguments of a rerun are those of the trace.
            Operator::Input(index) => match inputs.get(*index) {
                Some(input) => Arc::new(input.clone()),
                None => return Ok(values[id].clone()),
            },
            Operator::Constant(real, coded) => Arc::clone(if self.on_codes() { coded } else { real }),
            Operator::Layer(layer) => Arc::new(self.exact_sums(*layer, operands[0])),
            Operator::Group(layer, site, limits) => {
                Arc::new(self.group(*layer, *site, limits, quantizer, &operands))
            }
            Operator::Encode(_, limits, divisors) => {
                Arc::new(encode(operands[0], limits, divisors, quantizer))
            }
            Operator::Rounded(_, kernel) => Arc::new(rounded(kernel.run(&operands)?)),
            Operator::Seated => Arc::new(rounded(operands[0].clone())),
            Operator::Moved(kernel) | Operator::Sum(kernel, _) => Arc::new(kernel.run(&operands)?),
            Operator::Table(site, function, kernel) => {
                match (self.coded_source(node), self.setting.sites[*site]) {
                    (Some(from), Some(to)) => {
                        let entries = function.table(from.format, from.exp, to.format, to.exp);
                        Arc::new(on_codes(&Table { entries, ty: float_type(to)? }, operands[0], from)?)
                    }
                    _ => Arc::new(kernel.run(&operands)?),
                }
            }
            Operator::Softmax(site, dimension, kernel) => {
                match (self.coded_source(node), self.setting.sites[*site]) {
                    (Some(from), Some(to)) => {
                        let target = Target { ty: float_type(to)?, exp: to.exp };
                        let kernel = SoftmaxCodes { dimension: *dimension, exp: from.exp, target };
                        Arc::new(on_codes(&kernel, operands[0], from)?)
                    }
                    _ => Arc::new(kernel.run(&operands)?),
                }
            }
        }))
    }

    fn coded_source(&self, node: &Node) -> Option<SiteFormat> {
        self.format(self.network.nodes[*node.operands.first()?].source)
    }

    fn exact_sums(&self, id: LayerId, input: &Tensor) -> Tensor {
        let layer = &self.network.layers[id];
        let packed = &self.layers[id];
        let mut sums = Sums {
            bias: &packed.bias,
            channels: layer.outputs,
            sums: vec![0.0; layer.positions * layer.outputs],
        };
        packed.run(&self.network.windows[id], input.as_real().unwrap_or_default(), &mut sums);
        Tensor { shape: self.network.windows[id].shape.clone(), data: Data::Wide(sums.sums) }
    }

    fn group(
        &self,
        id: LayerId,
        site: SiteId,
        limits: &Limits,
        quantizer: Option<&Quantizer>,
        operands: &[&Tensor],
    ) -> Tensor {
        let layer = &self.network.layers[id];
        let packed = &self.layers[id];
        let mut group = Group {
            bias: &packed.bias,
            skip: operands.get(1).and_then(|skip| skip.as_real()),
            quantizer,
            limits,
            channels: layer.outputs,
            values: vec![0.0; layer.positions * layer.outputs],
        };
        packed.run(&self.network.windows[id], operands[0].as_real().unwrap_or_default(), &mut group);
        Tensor { shape: self.network.sites[site].shape.clone(), data: Data::Real(group.values) }
    }
}

fn float_type(site: SiteFormat) -> Result<FloatType, Diagnostic> {
    FloatType::fixed(site.format, site.exp).ok_or_else(|| {
        Diagnostic::error("AFP0712", "a scale exponent is out of the search's reach")
            .expected("a scale exponent of rule F8")
            .found(site.exp.to_string())
    })
}

/// What a kernel on codes makes of values on a grid.
fn on_codes(kernel: &impl Kernel, operand: &Tensor, from: SiteFormat) -> Result<Tensor, Diagnostic> {
    let values = operand.as_real().unwrap_or_default();
    let codes = values.iter().map(|&x| encode_f32(x, from.format, from.exp, Rounding::HalfUp)).collect();
    let result = kernel.run(&[&Tensor::coded(&operand.shape, float_type(from)?, codes)])?;
    let values = result.to_f64().iter().map(|&x| x as f32).collect();
    Ok(Tensor::real(&result.shape, values))
}
