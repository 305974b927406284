//! From a function in the real form to a network.

use std::{collections::HashMap, sync::Arc};

use afp_ir::{
    diag::Diagnostic,
    dialect::view,
    interp::{
        Data, Tensor,
        parts::{Dimension, Filters, Loaded, Scope, filters_of, load},
    },
    mlir::{Attr, Op, Value},
    numerics::{Function, Rounding, dyadic_to_f64, round_to_grid_f32},
};
use afp_passes::{
    assign_formats::{feeds_only, only_leaves},
    form_groups::is_site,
    quantize::ConstantGrid,
    scale,
};

use super::{Layer, Limits, Network, Node, NodeId, Operator, Site, SiteId, Sum, Windows};

impl Network {
    /// Reads a function in the real form, behind `afp-form-groups`.
    ///
    /// # Errors
    /// What the interpreter refuses, and AFP0711 for an operation that is not in the real form.
    pub fn load(function: Op) -> Result<Self, Diagnostic> {
        let blocks = function.blocks();
        let (Some(block), 1) = (blocks.first().copied(), blocks.len()) else {
            return Err(not_real(function));
        };
        let mut reader = Reader::default();
        for (index, argument) in block.args().into_iter().enumerate() {
            reader.inputs.push(shape(argument));
            reader.add(argument, Operator::Input(index), &[], None);
        }
        for op in block.ops() {
            if !op.is("func.return") {
                reader.read(op)?;
            }
        }
        let returned = block.terminator().map(Op::operands).unwrap_or_default();
        let outputs: Option<Vec<NodeId>> =
            returned.iter().map(|value| reader.known.get(value).copied()).collect();
        let (Some(outputs), Some(&first)) = (outputs, returned.first()) else {
            return Err(not_real(function));
        };
        reader.fuse(&outputs);
        reader.drop_unused(&outputs);
        reader.tie(&block.ops());
        let logits = behind_softmax(first).and_then(|value| reader.known.get(&value).copied());
        Ok(Self {
            layers: reader.layers,
            windows: reader.windows,
            sites: reader.sites,
            inputs: reader.inputs,
            ends_in_softmax: logits.is_some(),
            ranked: logits.and_then(|node| reader.nodes[node].source),
            classes: shape(first).last().copied().unwrap_or(1),
            logits: logits.unwrap_or(outputs[0]),
            nodes: reader.nodes,
            outputs,
        })
    }
}

/// The operand of a softmax that a value comes from, through operators that move elements.
fn behind_softmax(value: Value) -> Option<Value> {
    let op = value.def()?;
    if op.is("afp.softmax") {
        return Some(op.operand(0));
    }
    (view::is_movement(op) && op.operand_count() == 1).then(|| behind_softmax(op.operand(0))).flatten()
}

fn shape(value: Value) -> Vec<usize> {
    value.ty().shape().unwrap_or_default().into_iter().map(|size| size.max(0) as usize).collect()
}

fn not_real(op: Op) -> Diagnostic {
    Diagnostic::error("AFP0711", "the program is not in the real form")
        .at(op.loc())
        .expected("operators of the afp dialect on f32, as afp-form-groups leaves them")
        .found(format!("'{}'", op.name()))
}

#[derive(Default)]
struct Reader {
    scope: Scope,
    known: HashMap<Value, NodeId>,
    nodes: Vec<Node>,
    layers: Vec<Layer>,
    windows: Vec<Windows>,
    sites: Vec<Site>,
    inputs: Vec<Vec<usize>>,
    site_of: HashMap<Op, SiteId>,
}

impl Reader {
    fn add(&mut self, value: Value, operator: Operator, operands: &[NodeId], source: Option<SiteId>) {
        self.known.insert(value, self.nodes.len());
        let elements = shape(value).iter().product();
        self.nodes.push(Node { operator, operands: operands.to_vec(), source, elements, bordered: false });
    }

    /// The node of an operand; a constant gets one for this user.
    fn node(&mut self, user: Op, value: Value) -> Result<NodeId, Diagnostic> {
        if let Some(&node) = self.known.get(&value) {
            let Node { source, elements, bordered, .. } = self.nodes[node];
            if !bordered || view::is_movement(user) {
                return Ok(node);
            }
            let operator = Operator::Seated;
            self.nodes.push(Node { operator, operands: vec![node], source, elements, bordered: false });
            return Ok(self.nodes.len() - 1);
        }
        let tensor = self.scope.constant(value)?;
        let coded = on_grid(user, &tensor);
        self.nodes.push(Node {
            operator: Operator::Constant(tensor, Arc::new(coded)),
            operands: Vec::new(),
            source: None,
            elements: shape(value).iter().product(),
            bordered: false,
        });
        Ok(self.nodes.len() - 1)
    }

    fn read(&mut self, op: Op) -> Result<(), Diagnostic> {
        if op.result_count() != 1 {
            return Err(not_real(op));
        }
        let operands = op.operands();
        let tensors: Vec<Value> =
            operands.iter().copied().filter(|value| value.ty().shape().is_some()).collect();
        if tensors.iter().all(|value| self.scope.constants.contains_key(value)) {
            return self.constant(op);
        }
        if view::is_weighted(op) {
            return self.layer(op);
        }
        let nodes = tensors.iter().map(|&value| self.node(op, value)).collect::<Result<Vec<_>, _>>()?;
        let source = nodes.first().and_then(|&node| self.nodes[node].source);
        let kernel = match load(&self.scope, op)? {
            Loaded::Step(kernel, _) => kernel,
            Loaded::Same(value) => {
                let node = self.node(op, value)?;
                self.known.insert(op.result(0), node);
                return Ok(());
            }
            Loaded::Constant(_) => return Err(not_real(op)),
        };
        let site = is_site(op).then(|| self.site(op));
        let operator = match (op.name().as_str(), site) {
            ("afp.encode", Some(site)) => {
                let limits = |name| op.attr(name).and_then(Attr::as_f32s);
                let divisors = view::divisors(op).into_iter().map(|d| d.max(1).unsigned_abs()).collect();
                let rounding = view::rounding(op)?;
                Operator::Encode(site, Limits { lo: limits("lo"), hi: limits("hi"), rounding }, divisors)
            }
            ("afp.concat", Some(site)) => Operator::Rounded(site, kernel),
            ("afp.table", Some(site)) => {
                let name = op.attr("function").and_then(Attr::as_string).unwrap_or_default();
                let function: Function = name.parse().map_err(|()| not_real(op))?;
                Operator::Table(site, function, kernel)
            }
            ("afp.softmax", Some(site)) => {
                let (shape, axis) = (shape(op.operand(0)), view::axis(op).max(0) as usize);
                if axis >= shape.len() {
                    return Err(not_real(op));
                }
                Operator::Softmax(site, Dimension::of(&shape, axis), kernel)
            }
            (_, None) if view::is_movement(op) => Operator::Moved(kernel),
            ("afp.add", None) => Operator::Sum(kernel, Sum::Add),
            ("afp.matmul", None) => {
                let depth = shape(op.operand(0)).last().copied().unwrap_or(1);
                Operator::Sum(kernel, Sum::Products(depth))
            }
            ("afp.sum_pool2d", None) => {
                let sizes = view::dims(op, "kernel").into_iter().map(|size| size.max(1) as usize);
                Operator::Sum(kernel, Sum::Window(sizes.product()))
            }
            _ => return Err(not_real(op)),
        };
        let nodes = match (&operator, site) {
            // An argument is rounded to the site's type before anything else is done with it.
            (Operator::Encode(..), Some(_))
                if matches!(self.nodes[nodes[0]].operator, Operator::Input(_)) =>
            {
                let elements = self.nodes[nodes[0]].elements;
                self.nodes.push(Node {
                    operator: Operator::Seated,
                    operands: nodes,
                    source: site,
                    elements,
                    bordered: false,
                });
                vec![self.nodes.len() - 1]
            }
            _ => nodes,
        };
        let source = match &operator {
            Operator::Sum(..) => None,
            Operator::Moved(_) => source,
            _ => site,
        };
        let moved = matches!(operator, Operator::Moved(_));
        let border =
            op.is("afp.pad") && op.attr("value").and_then(Attr::as_f64).is_some_and(|value| value != 0.0);
        let bordered = border || (moved && nodes.iter().any(|&node| self.nodes[node].bordered));
        self.add(op.result(0), operator, &nodes, source);
        if let Some(node) = self.nodes.last_mut() {
            node.bordered = bordered;
        }
        Ok(())
    }

    fn constant(&mut self, op: Op) -> Result<(), Diagnostic> {
        let tensor = match load(&self.scope, op)? {
            Loaded::Constant(tensor) => Arc::new(tensor),
            Loaded::Same(value) => self.scope.constant(value)?,
            Loaded::Step(kernel, values) => {
                let operands = values
                    .into_iter()
                    .map(|value| self.scope.constant(value))
                    .collect::<Result<Vec<_>, _>>()?;
                let operands: Vec<&Tensor> = operands.iter().map(|tensor| &**tensor).collect();
                Arc::new(kernel.run(&operands)?)
            }
        };
        self.scope.constants.insert(op.result(0), tensor);
        Ok(())
    }

    fn site(&mut self, op: Op) -> SiteId {
        self.sites.push(Site {
            name: op.attr("afp.name").and_then(Attr::as_string).unwrap_or_default(),
            shape: shape(op.result(0)),
            leaves: only_leaves(op.result(0)),
            tied: None,
        });
        self.site_of.insert(op, self.sites.len() - 1);
        self.sites.len() - 1
    }

    fn layer(&mut self, op: Op) -> Result<(), Diagnostic> {
        let filters = filters_of(op)?;
        let weights = self.scope.constant(op.operand(1))?;
        let Some(stored) = weights.as_real() else { return Err(not_real(op)) };
        let bias = match view::bias(op) {
            Some(bias) => {
                self.scope.constant(bias)?.as_real().map(<[f32]>::to_vec).ok_or_else(|| not_real(op))?
            }
            None => Vec::new(),
        };
        let input = self.node(op, op.operand(0))?;
        let (geometry, groups, weights) = match &filters {
            Filters::Full(geometry, _) => (geometry, geometry.groups, stored.to_vec()),
            Filters::Depthwise(geometry) => {
                (geometry, geometry.input[2], transposed(stored, geometry.taps(), geometry.output[2]))
            }
        };
        let outputs = geometry.output[2];
        let layer = Layer {
            name: op.attr("afp.name").and_then(Attr::as_string).unwrap_or_default(),
            operator: match op.name().as_str() {
                "afp.depthwise_conv2d" => "depthwise_conv2d",
                "afp.fully_connected" => "fully_connected",
                _ => "conv2d",
            },
            outputs,
            depth: weights.len() / outputs.max(1),
            groups,
            weights,
            bias: if bias.len() == 1 { vec![bias[0]; outputs] } else { bias },
            positions: geometry.positions(),
            input: self.nodes[input].source,
            output: None,
        };
        self.layers.push(layer);
        self.windows.push(Windows { filters, shape: shape(op.result(0)) });
        self.add(op.result(0), Operator::Layer(self.layers.len() - 1), &[input], None);
        Ok(())
    }

    /// Joins each layer with the addition and the encode behind it, where nothing else reads what lies
    /// between them, and finds the site of every layer's group.
    fn fuse(&mut self, outputs: &[NodeId]) {
        let mut readers = vec![0usize; self.nodes.len()];
        for &node in self.nodes.iter().flat_map(|node| &node.operands).chain(outputs) {
            readers[node] += 1;
        }
        for encode in 0..self.nodes.len() {
            let Operator::Encode(site, limits, divisors) = &self.nodes[encode].operator else { continue };
            let (site, limits) = (*site, limits.clone());
            let sum = self.nodes[encode].operands[0];
            let layer_of = |node: NodeId| match self.nodes[node].operator {
                Operator::Layer(layer) if readers[node] == 1 => Some((node, layer)),
                _ => None,
            };
            // The layer, the operand that is added to it, and the addition.
            let found = match &self.nodes[sum].operator {
                Operator::Layer(_) => layer_of(sum).map(|layer| (layer, None)),
                Operator::Sum(_, Sum::Add) if readers[sum] == 1 => {
                    let [a, b] = [self.nodes[sum].operands[0], self.nodes[sum].operands[1]];
                    let with = |layer: NodeId, skip: NodeId| {
                        let stored = self.nodes[skip].source.is_some()
                            && self.nodes[skip].elements == self.nodes[layer].elements;
                        layer_of(layer).filter(|_| stored).map(|layer| (layer, Some(skip)))
                    };
                    with(a, b).or_else(|| with(b, a))
                }
                _ => None,
            };
            let Some(((node, layer), skip)) = found else { continue };
            if divisors.iter().any(|&d| d != 1) {
                continue;
            }
            self.layers[layer].output = Some(site);
            let operands = self.nodes[node].operands.iter().copied().chain(skip).collect();
            self.nodes[encode].operator = Operator::Group(layer, site, limits);
            self.nodes[encode].operands = operands;
            for node in [node, sum].into_iter().filter(|&part| part != encode) {
                self.nodes[node].operator = Operator::Unused;
                self.nodes[node].operands.clear();
            }
        }
    }

    /// Empties nodes that no output depends on.
    fn drop_unused(&mut self, outputs: &[NodeId]) {
        let mut used = vec![false; self.nodes.len()];
        for &node in outputs {
            used[node] = true;
        }
        for id in (0..self.nodes.len()).rev() {
            if used[id] {
                for &operand in &self.nodes[id].operands {
                    used[operand] = true;
                }
            } else {
                self.nodes[id].operator = Operator::Unused;
                self.nodes[id].operands.clear();
            }
        }
    }

    /// Ties the operands of concats, as `afp-assign-formats` does.
    fn tie(&mut self, ops: &[Op]) {
        for op in ops.iter().rev().filter(|op| op.is("afp.concat")) {
            let Some(&concat) = self.site_of.get(op) else { continue };
            for operand in op.operands() {
                let Some(&node) = self.known.get(&operand) else { continue };
                let Some(site) = self.nodes[node].source.filter(|&site| site != concat) else { continue };
                let value = self.site_of.iter().find(|(_, id)| **id == site).map(|(op, _)| op.result(0));
                if value.is_some_and(|value| feeds_only(value, *op)) {
                    self.sites[site].tied = Some(concat);
                }
            }
        }
    }
}

/// Depthwise weights `[tap, channel]` as `[channel, tap]`.
fn transposed(weights: &[f32], taps: usize, channels: usize) -> Vec<f32> {
    (0..channels).flat_map(|c| (0..taps).map(move |tap| weights[tap * channels + c])).collect()
}

/// A constant operand as the program on codes holds it: see [`ConstantGrid`].
fn on_grid(user: Op, constant: &Tensor) -> Tensor {
    let Some(values) = constant.as_real() else { return constant.clone() };
    let coded = match ConstantGrid::of(user, values) {
        ConstantGrid::Exact(exp) => values
            .iter()
            .map(|&v| round_to_grid_f32(v, exp, Rounding::HalfUp).map_or(v, |n| dyadic_to_f64(n, exp) as f32))
            .collect(),
        ConstantGrid::Codes(format, exp) => {
            values.iter().map(|&v| scale::quantized(f64::from(v), format, exp) as f32).collect()
        }
    };
    Tensor { shape: constant.shape.clone(), data: Data::Real(coded) }
}
