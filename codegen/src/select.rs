//! `afp-select-kernels`: how values lie in memory, and a strategy for every group.
//!
//! Attributes only. `afp.layout` on the operation that yields a stored value: the offset of its
//! integers, the rows and columns of zeros around it, channels added for alignment
//! ([`crate::kernels::layout`]). `afp.kernel` on every encode and quantize: strategy, tile, how products
//! are computed and weights are stored ([`crate::kernels::strategy`]). A program without them is
//! converted by the portable strategy on codes.

use std::collections::{HashMap, HashSet};

use afp_ir::{
    dialect::Element,
    mlir::{Block, Op, Value},
};
use afp_passes::registry::{Failed, Options, Pass, PassOption};
use afp_target::Target;

use crate::kernels::{
    boundary, concat, constant_behind, depthwise, direct, gemv,
    geometry::{self, Geometry},
    interleaved,
    layout::{Layout, Storage},
    matmul, matrix, pairs, pool, rows, softmax,
    strategy::{Choice, Multiply, Strategy, Tile, Usage, Weights},
    table, tree, winograd,
};

/// The pass.
pub static PASS: Pass = Pass {
    name: "afp-select-kernels",
    description: "Choose a strategy for every group, and how values lie in memory",
    anchor: "builtin.module",
    options: &[
        PassOption { name: "target", help: "the machine, as afpc --target names it", default: "x86-64-v3" },
        PassOption { name: "vector-bits", help: "at most so many bits in a vector", default: "512" },
        PassOption {
            name: "operations",
            help: "all or basic: whether the code generator shifts and counts by lanes, and broadcasts from memory",
            default: "all",
        },
        PassOption {
            name: "matrix",
            help: "never, auto or always: whether to use a matrix unit",
            default: "auto",
        },
        PassOption {
            name: "winograd",
            help: "never, auto or always: whether to compute convolutions of 3x3 by Winograd's transforms",
            default: "auto",
        },
        PassOption { name: "multiply", help: "native or shift-add", default: "native" },
        PassOption { name: "weights", help: "expanded or packed", default: "expanded" },
        PassOption {
            name: "packed-from",
            help: "bytes of a program's weights from which products of one row read them packed, or never",
            default: "1572864",
        },
    ],
    run,
};

fn run(module: Op, options: &Options<'_>) -> Result<(), Failed> {
    let target = Target::listed(options.text("target"))
        .ok_or_else(|| options.reject("target", "the name of a target, such as x86-64-v3"))?;
    let bits: u32 = options.parse("vector-bits", "a number of bits")?;
    if bits != 0 && !bits.is_power_of_two() {
        return Err(options.reject("vector-bits", "0 or a power of two"));
    }
    let target = target.narrowed(bits);
    let target = match options.text("operations") {
        "all" => target,
        "basic" => target.basic(),
        _ => return Err(options.reject("operations", "all or basic")),
    };
    let usage = |name: &str| {
        Usage::named(options.text(name)).ok_or_else(|| options.reject(name, "never, auto or always"))
    };
    let (matrix, winograd) = (usage("matrix")?, usage("winograd")?);
    let multiply = match options.text("multiply") {
        "native" => Multiply::Native,
        "shift-add" => Multiply::ShiftAdd,
        _ => return Err(options.reject("multiply", "native or shift-add")),
    };
    let weights = match options.text("weights") {
        "expanded" => Weights::Expanded,
        "packed" => Weights::Packed,
        _ => return Err(options.reject("weights", "expanded or packed")),
    };
    let packed_from = match options.text("packed-from") {
        "never" => None,
        _ => Some(options.parse("packed-from", "a number of bytes, or never")?),
    };
    for function in module.blocks().into_iter().flat_map(Block::ops).filter(|op| op.is("func.func")) {
        if let Some(&body) = function.blocks().first() {
            let (layouts, joined) = (HashMap::new(), HashSet::new());
            let gemv = packed_from.is_some_and(|least| weight_bytes(body) >= least);
            Selection { target, matrix, winograd, multiply, weights, gemv, layouts, joined }.visit(body);
        }
    }
    Ok(())
}

/// Bytes of all weights of a function, expanded: what a call reads between two uses of a matrix.
fn weight_bytes(body: Block) -> u64 {
    let groups = body.ops().into_iter().filter(|op| op.is("afp.encode"));
    groups.flat_map(tree::contractions).filter_map(rows::expanded_bytes).sum()
}

/// The choices for one function.
struct Selection {
    target: Target,
    matrix: Usage,
    winograd: Usage,
    multiply: Multiply,
    weights: Weights,
    /// Whether products of one row read packed weights.
    gemv: bool,
    layouts: HashMap<Value, Layout>,
    /// Values that share memory with one of another shape, or that are constants: nothing is put
    /// around or between them.
    joined: HashSet<Value>,
}

impl Selection {
    fn visit(&mut self, body: Block) {
        let ops = body.ops();
        for &op in &ops {
            if op.is("afp.reshape") {
                self.joined.insert(op.operand(0));
                // What is put around a reshaped value is put around a copy, which a constant has no need of.
                if constant_behind(op.operand(0)).is_some() {
                    self.joined.insert(op.result(0));
                }
            }
            for result in op.results() {
                if let Some(mut layout) = Layout::plain(result).filter(|_| !op.is("afp.constant")) {
                    layout.storage = Storage::best(layout.format, &self.target);
                    self.layouts.insert(result, layout);
                }
            }
        }
        let groups: Vec<Op> = ops.iter().copied().filter(|op| op.is("afp.encode")).collect();
        let candidates: Vec<(Op, Op)> =
            groups.iter().filter_map(|&op| Some((op, self.candidate(op)?))).collect();
        for &(_, contraction) in &candidates {
            self.surround(contraction);
        }
        self.put_into_concats(&ops);
        let chosen: HashMap<Op, Strategy> =
            candidates.into_iter().filter_map(|(op, c)| Some((op, self.strategy(op, c)?))).collect();
        for &op in &groups {
            let strategy = chosen.get(&op).copied().or_else(|| self.pool(op)).unwrap_or(Strategy::Portable);
            Choice { strategy, multiply: self.multiply, weights: self.weights }.attach(op);
        }
        let native = self.multiply == Multiply::Native;
        let lanes = i64::from(self.target.vectors.bits / 32).min(16);
        for &op in ops.iter().filter(|op| lanes >= 4 && op.is("afp.quantize")) {
            let strategy = Strategy::Elementwise(Tile::new(1, 1, lanes));
            // What stands for both is the transpose.
            Choice { strategy, ..Choice::PORTABLE }.attach(boundary::transposed(op).unwrap_or(op));
        }
        for &op in ops.iter().filter(|op| op.is("afp.max_pool2d")) {
            if let Some(strategy) = self.pool(op).filter(|_| self.holds_integers(op.operand(0))) {
                Choice { strategy, ..Choice::PORTABLE }.attach(op);
            }
        }
        for &op in ops.iter().filter(|op| native && (op.is("afp.softmax") || op.is("afp.table"))) {
            if let Some(strategy) = self.function(op) {
                Choice { strategy, ..Choice::PORTABLE }.attach(op);
            }
        }
        for (value, layout) in &self.layouts {
            if let Some(op) = value.def() {
                layout.attach(op);
            }
        }
    }

    /// Has values that are computed for a concat lie in its buffer.
    fn put_into_concats(&mut self, ops: &[Op]) {
        for value in ops.iter().flat_map(|op| op.results()) {
            let part = concat::whole(value).and_then(|(concat, before)| {
                let (own, whole) = (self.layouts.get(&value)?, self.layouts.get(&concat.result(0))?);
                concat::part(own, whole, before)
            });
            if let Some(layout) = part {
                self.layouts.insert(value, layout);
            }
        }
    }

    /// The contraction of a group that vectors may compute.
    fn candidate(&self, op: Op) -> Option<Op> {
        let native = self.multiply == Multiply::Native && self.weights == Weights::Expanded;
        if self.target.vectors.bits < 128 || !native || Element::of(op.result(0).ty()) == Element::Real {
            return None;
        }
        let contraction = tree::contraction(op)?;
        let source = contraction.operand(0);
        let stored = |value: &Value| self.layouts.contains_key(value);
        let (integer, fits) = if contraction.is("afp.matmul") {
            let integers = contraction.operands().into_iter().all(|operand| self.holds_integers(operand));
            (integers, matmul::applicable(op, contraction))
        } else {
            let fits = direct::applicable(op, contraction) || depthwise::applicable(op, contraction);
            (self.holds_integers(source), fits)
        };
        (integer && fits && tree::leaves(op).ok()?.iter().all(stored) && self.can_surround(contraction))
            .then_some(contraction)
    }

    /// Whether a value is stored as integers.
    fn holds_integers(&self, value: Value) -> bool {
        self.layouts.get(&value).is_some_and(|layout| matches!(layout.storage, Storage::Integer { .. }))
    }

    /// A pool's strategy on vectors.
    fn pool(&self, op: Op) -> Option<Strategy> {
        let coded = Element::of(op.result(0).ty()) != Element::Real;
        let native = self.multiply == Multiply::Native && self.weights == Weights::Expanded;
        pool::tile(op, &self.target.vectors).filter(|_| coded && native).map(Strategy::Pool)
    }

    /// The strategy of a table or a softmax on vectors.
    fn function(&self, op: Op) -> Option<Strategy> {
        let (from, to) = (self.layouts.get(&op.operand(0))?, self.layouts.get(&op.result(0))?);
        let vectors = &self.target.vectors;
        if op.is("afp.table") {
            return table::tile([from, to], vectors).map(Strategy::Lookup);
        }
        let tile = softmax::tile(op, [from, to], vectors)?;
        Some(if vectors.looks_up() { Strategy::Lookup(tile) } else { Strategy::Elementwise(tile) })
    }

    /// Whether the input of a contraction can get what it needs around and between its elements.
    fn can_surround(&self, contraction: Op) -> bool {
        let source = contraction.operand(0);
        let Some(layout) = self.layouts.get(&source) else { return false };
        let padded = self.padded_channels(contraction, layout);
        // Products of computed matrices need no whole steps.
        let whole = layout.shape.last() == Some(&padded) || contraction.is("afp.matmul");
        let plain = geometry::halo(contraction) == [0; 4] && whole;
        plain || (!self.joined.contains(&source) && layout.shape.len() == 4)
    }

    /// Channels of a contraction's input, with those that make up whole steps.
    fn padded_channels(&self, contraction: Op, layout: &Layout) -> i64 {
        let channels = layout.shape.last().copied().unwrap_or(1);
        if contraction.is("afp.depthwise_conv2d") {
            return channels;
        }
        let ways = Geometry::of(contraction, layout.clone(), false).map_or(4, |g| g.ways());
        tree::parts(channels, ways) * ways
    }

    fn surround(&mut self, contraction: Op) {
        let source = contraction.operand(0);
        let Some(layout) = self.layouts.get(&source) else { return };
        let padded = self.padded_channels(contraction, layout);
        if let Some(layout) = self.layouts.get_mut(&source)
            && layout.shape.len() == 4
        {
            for (has, needs) in layout.halo.iter_mut().zip(geometry::halo(contraction)) {
                *has = (*has).max(needs);
            }
            layout.channels = layout.channels.max(padded);
        }
    }

    fn strategy(&self, op: Op, contraction: Op) -> Option<Strategy> {
        let vectors = &self.target.vectors;
        if contraction.is("afp.depthwise_conv2d") {
            let (input, result) = (contraction.operand(0), op.result(0));
            let layouts = self.layouts.get(&input).zip(self.layouts.get(&result));
            return layouts
                .filter(|(input, result)| interleaved::applicable(op, contraction, input, result))
                .and_then(|(input, result)| interleaved::tile(op, contraction, [input, result], vectors))
                .map(Strategy::Interleaved)
                .or_else(|| depthwise::tile(op, vectors).map(Strategy::Depthwise));
        }
        let even = |value: &Value| self.layouts.get(value).is_some_and(Layout::is_even);
        let all = tree::leaves(op).ok()?.iter().all(even) && even(&op.result(0));
        let input = self.layouts.get(&contraction.operand(0))?.clone();
        let geometry = Geometry::of(contraction, input, all)?;
        if contraction.is("afp.matmul") {
            return geometry.tile(vectors).map(|(_, tile)| Strategy::Direct(tile));
        }
        if let Some(tile) =
            gemv::tile(&geometry, vectors).filter(|_| self.gemv && self.matrix != Usage::Always)
        {
            return Some(Strategy::Gemv(tile));
        }
        let (direct, tile) = geometry.tile(vectors)?;
        let mut best = (direct, Strategy::Direct(tile));
        if let Some((cycles, tile)) = pairs::tile(&geometry, vectors)
            && cycles < direct
        {
            best = (cycles, Strategy::Pairs(tile));
        }
        if let Some((cycles, tile)) = matrix::tile(&geometry, vectors)
            && self.matrix.is_worth_it(cycles, best.0)
        {
            // What must be used is not weighed any more.
            best = (if self.matrix == Usage::Always { 0.0 } else { cycles }, Strategy::Matrix(tile));
        }
        if (vectors.transforms_pay() || self.winograd == Usage::Always)
            && self.winograd != Usage::Never
            && let Some((cycles, tile)) = winograd::tile(op, contraction, &geometry, (vectors, direct))
            && self.winograd.is_worth_it(cycles, best.0)
        {
            best.1 = Strategy::Winograd(tile);
        }
        Some(best.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_that_of_the_constant() {
        let option = PASS.options.iter().find(|option| option.name == "packed-from");
        let default = option.and_then(|option| option.default.parse().ok());
        assert_eq!(default, Some(gemv::PACKED_FROM));
    }
}
