//! `convert-afp-to-kernels`: from an exact AFP program to kernel functions on integer buffers.
//!
//! A function on tensors becomes `@body` on memory, which calls one kernel function after the other.
//! Every value that is stored gets a buffer, whose place `afp-plan-memory` chooses; every group, that is
//! an encode with the tree of exact operators before it, and every operator that moves codes, becomes a
//! kernel. `afp-select-kernels` has said how values lie in memory ([`layout`]) and which strategy a
//! group takes:
//!
//! * [`group`], [`movement`], [`concat`]: loops over scalars. The *portable* strategy: it runs on every backend and
//!   target, and defines the bits.
//! * [`direct`]: convolutions and products with weights, on vectors, by dot products; [`pairs`]: two pixels with
//!   two channels at once; [`matrix`]: by a matrix unit; [`winograd`]: those of 3x3 with few bits, by fewer products;
//!   [`gemv`]: one row, with weights that stay packed; [`matmul`]: products of two computed matrices, of which one is
//!   packed on the way. All see them as [`geometry`] has them.
//! * [`pool`]: sums over windows, on vectors of channels; [`softmax`]: shares of a row, on vectors of its elements;
//!   [`table`]: functions of a code, looked up.
//! * [`depthwise`]: depthwise convolutions, on vectors of channels; [`interleaved`]: by dot products.
//!
//! Where vectors can compute a contraction but not what is added to it, scalars do the rest ([`apart`]).
//! Where a scale exponent is dynamic, a group is three kernels ([`dynamic`]).
//!
//! Equal kernels are written once: what differs between two layers of one shape is passed ([`calls`]).

mod apart;
pub mod boundary;
pub mod builder;
mod calls;
pub mod concat;
mod depth;
pub mod depthwise;
pub mod direct;
mod dynamic;
mod epilogue;
pub mod gemv;
pub mod geometry;
mod group;
pub mod interleaved;
pub mod layout;
pub mod matmul;
pub mod matrix;
mod movement;
pub mod pairs;
mod places;
pub mod pool;
mod ports;
mod real;
pub(crate) mod rows;
mod scope;
pub mod softmax;
pub mod strategy;
mod sums;
pub mod table;
pub mod tree;
pub mod units;
mod windows;
pub mod winograd;

use std::collections::{HashMap, HashSet};

use afp_ir::{
    diag::Diagnostic,
    dialect::{Element, FloatType},
    mlir::{Attr, Block, Ctx, Loc, Op, OpSpec, Type, Value},
};
use afp_passes::registry::{Failed, Options, Pass, PassOption};
use afp_runtime::pool::SHARE;

use crate::interface;
use builder::Kernel;
use calls::{Deferred, Destination};
use direct::Products;
use layout::Layout;
use places::{Global, Place};
use ports::{outputs, ports, returned};
use strategy::{Choice, Strategy};
use tree::unsupported;

/// The pass.
pub static PASS: Pass = Pass {
    name: "convert-afp-to-kernels",
    description: "Replace an exact AFP program by kernel functions and the calls of them",
    anchor: "builtin.module",
    options: &[
        PassOption { name: "io", help: "what callers pass: float or codes", default: "float" },
        PassOption { name: "threads", help: "threads that share each kernel's work", default: "1" },
    ],
    run,
};

/// The name of the function that a module's program becomes.
pub const BODY: &str = "body";

fn run(module: Op, options: &Options<'_>) -> Result<(), Failed> {
    let codes = match options.text("io") {
        "float" => false,
        "codes" => true,
        _ => return Err(options.reject("io", "float or codes")),
    };
    let threads: i64 = options.parse("threads", "a number of threads")?;
    if !(1..=interface::MOST_THREADS as i64).contains(&threads) {
        return Err(options.reject("threads", "1 to 1024"));
    }
    convert(module, codes, threads).map_err(|problems| {
        for (loc, problem) in problems {
            problem.emit(loc);
        }
        Failed
    })
}

/// The state of a conversion.
pub(crate) struct Lowering {
    ctx: Ctx,
    module: Block,
    /// The body, at its end.
    body: Kernel,
    arguments: Vec<Value>,
    threads: i64,
    /// Whether callers pass codes.
    codes: bool,
    globals: Vec<Global>,
    /// Small constants by role, type and bytes.
    known: HashMap<(String, String, Vec<u8>), usize>,
    places: HashMap<Value, Place>,
    layouts: HashMap<Value, Layout>,
    /// Where the scale exponents of dynamic values are: `memref<1 x i32>`, in the body.
    exponents: HashMap<Value, Value>,
    /// The kernel functions by their text.
    written: HashMap<String, String>,
    calls: usize,
    /// Calls of the step that is being written, where threads share it.
    deferred: Vec<Deferred>,
}

/// Converts a module's only function.
fn convert(module: Op, codes: bool, threads: i64) -> Result<(), Vec<(Loc, Diagnostic)>> {
    let missing = || {
        let problem = Diagnostic::error("AFP0107", "the module has no function that is a program");
        vec![(module.loc(), problem.at(module.loc()).expected("a func.func with a body"))]
    };
    let block = *module.blocks().first().ok_or_else(missing)?;
    let mut functions = block.ops().into_iter().filter(|op| op.is("func.func"));
    let function = functions.find(|op| !op.blocks().is_empty()).ok_or_else(missing)?;
    let source = *function.blocks().first().ok_or_else(missing)?;
    let (ctx, loc) = (function.ctx(), function.loc());

    let ports = ports(source, codes).map_err(|problem| vec![(loc, problem)])?;
    let mut types: Vec<(Type, Loc)> = ports.iter().map(|port| (port.memref, port.loc)).collect();
    types.push((Type::memref(&[0], Type::int(ctx, 8)), loc));
    let (body, body_block) = ctx.add_function(block, loc, BODY, &types, &[]);
    body.set_attr(interface::INPUTS, Attr::int(ctx, 64, source.args().len() as i64));
    let elements: Vec<Attr> = ports.iter().map(|port| Attr::ty(port.tensor)).collect();
    body.set_attr(interface::PORTS, Attr::array(ctx, &elements));
    if threads > 1 {
        body.set_attr(interface::THREADS, Attr::int(ctx, 64, threads));
        ctx.declare_function(block, loc, SHARE, &[], &[Type::index(ctx)]);
    }
    let mut lowering = Lowering {
        ctx,
        module: block,
        body: Kernel::new(ctx, body_block, loc),
        arguments: body_block.args(),
        threads,
        codes,
        globals: Vec::new(),
        known: HashMap::new(),
        places: HashMap::new(),
        layouts: HashMap::new(),
        exponents: HashMap::new(),
        written: HashMap::new(),
        calls: 0,
        deferred: Vec::new(),
    };
    for (index, argument) in source.args().into_iter().enumerate() {
        lowering.places.insert(argument, Place::Argument(index));
    }
    let outputs = outputs(source);
    let inputs = source.args().len();
    let mut problems = lowering.take_layouts(source);
    if problems.is_empty() {
        problems = lowering.operations(source, &outputs, inputs);
    }
    lowering.body.effect(OpSpec::new("func.return"));
    if !problems.is_empty() {
        return Err(problems);
    }
    function.erase();
    Ok(())
}

/// The name of what an operation that is stored computes: `afp.name`, or else its operator and the name of
/// its first operand.
pub fn layer_name(op: Op) -> String {
    let given = op.attr("afp.name").and_then(Attr::as_string);
    given.unwrap_or_else(|| {
        let operator = op.name().trim_start_matches("afp.").to_owned();
        if op.operand_count() == 0 { operator } else { format!("{operator} {}", value_name(op.operand(0))) }
    })
}

/// The name of a value: of the layer that computes it, through changes of shape, or of an input.
pub fn value_name(value: Value) -> String {
    match (value.def(), value.arg_index()) {
        (Some(op), _) if op.is("afp.reshape") => value_name(op.operand(0)),
        (Some(op), _) => layer_name(op),
        (None, index) => value.loc().name().unwrap_or_else(|| format!("input{}", index.unwrap_or_default())),
    }
}

/// The constant that a value is, through changes of shape.
pub(crate) fn constant_behind(value: Value) -> Option<Op> {
    match value.def()? {
        op if op.is("afp.reshape") => constant_behind(op.operand(0)),
        op => Some(op).filter(|op| op.is("afp.constant")),
    }
}

impl Lowering {
    /// Converts all operations. What depends on one that has no kernel is not reported again.
    fn operations(
        &mut self,
        source: Block,
        outputs: &HashMap<Value, Vec<usize>>,
        inputs: usize,
    ) -> Vec<(Loc, Diagnostic)> {
        let (mut problems, mut failed) = (Vec::new(), HashSet::new());
        for op in source.ops() {
            let done = self.operation(op, outputs, inputs);
            let depends = op.operands().iter().any(|value| failed.contains(value));
            if done.is_err() || depends {
                failed.extend(op.results());
            }
            if let Some(problem) = done.err().filter(|_| !depends) {
                problems.push((op.loc(), problem));
            }
        }
        problems
    }

    fn operation(
        &mut self,
        op: Op,
        outputs: &HashMap<Value, Vec<usize>>,
        inputs: usize,
    ) -> Result<(), Diagnostic> {
        match op.name().as_str() {
            "afp.constant" => Ok(()),
            "func.return" => returned(op),
            // Exact values are computed where they are encoded.
            _ if op.result_count() == 1 && Element::of(op.result(0).ty()) == Element::Exact => Ok(()),
            "afp.reshape" if FloatType::of(op.result(0).ty()).is_some() => self.reshape(op),
            _ if real::is_moved(op) => {
                for &index in outputs.get(&op.result(0)).into_iter().flatten() {
                    self.floats(op, Destination::Argument(inputs + index))?;
                }
                let read_inside = |(user, _): (Op, usize)| !user.is("func.return");
                if op.result(0).uses().into_iter().any(read_inside) {
                    self.floats(op, Destination::Buffer)?;
                }
                Ok(())
            }
            "afp.encode" => match Choice::of(op)?.strategy {
                Strategy::Portable => group::convert(self, op),
                Strategy::Direct(tile) => match tree::contraction(op) {
                    Some(product) if product.is("afp.matmul") => matmul::convert(self, op, product, tile),
                    _ => direct::convert(self, op, tile, Products::Words),
                },
                Strategy::Pairs(tile) => direct::convert(self, op, tile, Products::Pairs),
                Strategy::Gemv(tile) => gemv::convert(self, op, tile),
                Strategy::Matrix(tile) => matrix::convert(self, op, tile),
                Strategy::Winograd(tile) => winograd::convert(self, op, tile),
                Strategy::Depthwise(tile) => depthwise::convert(self, op, tile),
                Strategy::Interleaved(tile) => interleaved::convert(self, op, tile),
                Strategy::Pool(tile) => pool::convert(self, op, tile),
                Strategy::Elementwise(_) | Strategy::Lookup(_) => {
                    Err(tree::misfit(op, "a strategy of contractions"))
                }
            },
            "afp.quantize" if boundary::transposed(op).is_some() => Ok(()),
            "afp.quantize" => boundary::quantize(self, op, op),
            "afp.transpose" if let Some(quantize) = boundary::quantized(op) => {
                boundary::quantize(self, quantize, op)
            }
            "afp.max_pool2d" | "afp.transpose" | "afp.slice" | "afp.pad" | "afp.concat" | "afp.table"
            | "afp.softmax" => movement::convert(self, op),
            _ => Err(unsupported(op, "an operator of an exact AFP program")),
        }
    }

    /// Floats that leave the program, or are stored.
    fn floats(&mut self, op: Op, to: Destination) -> Result<(), Diagnostic> {
        match op.name().as_str() {
            "afp.dequantize" => boundary::dequantize(self, op, to),
            _ => real::convert(self, op, to),
        }
    }

    /// A reshaped value shares its operand's buffer, which must have no gaps; with gaps it is a copy.
    fn reshape(&mut self, op: Op) -> Result<(), Diagnostic> {
        dynamic::hand_on(self, op.operand(0), op.result(0));
        let layout = scope::layout(self, op.operand(0), op)?;
        let own = scope::layout(self, op.result(0), op)?;
        if !layout.is_dense() || (!own.is_dense() && constant_behind(op.operand(0)).is_some()) {
            return Err(tree::misfit(op, "values without gaps in memory"));
        }
        if !own.is_dense() {
            return movement::spread(self, op);
        }
        let layout = Layout { storage: layout.storage, ..own };
        let place = match self.place(op.operand(0), op)? {
            Place::Argument(_) => return Err(unsupported(op, "a value that is computed")),
            Place::Global(_) => {
                let constant = constant_behind(op.operand(0));
                Place::Global(self.constant(
                    constant.ok_or_else(|| crate::internal("a constant without its values"))?,
                    &layout,
                    op,
                )?)
            }
            buffer => buffer,
        };
        self.places.insert(op.result(0), place);
        self.layouts.insert(op.result(0), layout);
        Ok(())
    }
}
