//! `convert-afp-to-kernels`: from an exact AFP program to kernel functions on integer buffers.
//!
//! A function on tensors becomes `@body` on memory, which calls one kernel function after the other.
//! Every value that is stored gets a buffer, whose place `afp-plan-memory` chooses; every group, that is
//! an encode with the tree of exact operators before it, and every operator that moves codes, becomes a
//! kernel. `afp-select-kernels` has said how values lie in memory ([`layout`]) and which strategy a
//! group takes:
//!
//! * [`group`], [`movement`]: loops over scalars. The *portable* strategy: it runs on every backend and
//!   target, and defines the bits.
//! * [`direct`]: convolutions and products with weights, on vectors, by dot products.
//! * [`depthwise`]: depthwise convolutions, on vectors of channels.
//!
//! Equal kernels are written once: what differs between two layers of one shape is passed.

pub mod builder;
pub mod depthwise;
pub mod direct;
mod epilogue;
mod group;
pub mod layout;
mod movement;
mod real;
mod scope;
pub mod strategy;
pub mod tree;

use std::collections::{HashMap, HashSet};

use afp_ir::{
    diag::Diagnostic,
    dialect::{Element, FloatType},
    mlir::{Attr, Block, Ctx, Loc, Op, OpSpec, Type, Value},
};
use afp_passes::registry::{Failed, Options, Pass, PassOption};
use afp_runtime::pool::BARRIER;

use crate::interface;
use builder::Kernel;
use layout::Layout;
use scope::{Extra, Scope};
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

/// Constants up to this size are stored once if they are equal.
const SHARED_BYTES: usize = 1 << 16;

/// Where a stored value lives.
#[derive(Clone, Copy)]
enum Place {
    /// A buffer: the `memref<bytes x i8>` that is allocated for it. Reshaped values share one.
    Buffer(Value),
    /// A constant.
    Global(usize),
    /// An argument of the body: what the caller passes.
    Argument(usize),
}

/// A constant in memory.
struct Global {
    name: String,
    ty: Type,
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
    /// The kernel functions by their text.
    written: HashMap<String, String>,
    calls: usize,
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
    if threads > 1 {
        types.push((Type::index(ctx), loc));
    }
    let (body, body_block) = ctx.add_function(block, loc, BODY, &types, &[]);
    body.set_attr(interface::INPUTS, Attr::int(ctx, 64, source.args().len() as i64));
    let elements: Vec<Attr> = ports.iter().map(|port| Attr::ty(port.tensor)).collect();
    body.set_attr(interface::PORTS, Attr::array(ctx, &elements));
    if threads > 1 {
        body.set_attr(interface::THREADS, Attr::int(ctx, 64, threads));
        ctx.declare_function(block, loc, BARRIER, &[]);
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
        written: HashMap::new(),
        calls: 0,
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

/// What the caller passes for an input or an output.
struct Port {
    /// The tensor type of the source program: `f32`, or codes.
    tensor: Type,
    memref: Type,
    loc: Loc,
}

fn ports(source: Block, codes: bool) -> Result<Vec<Port>, Diagnostic> {
    let results = source.terminator().map(Op::operands).unwrap_or_default();
    let port = |tensor: Type, loc: Loc| {
        let element = match Element::of(tensor) {
            Element::Float(ty) => Some(Type::int(tensor.ctx(), ty.storage_bits())),
            Element::Real => Some(Type::f32(tensor.ctx())),
            Element::Exact | Element::Other => None,
        };
        let (Some(shape), Some(element)) = (tensor.shape(), element) else {
            return Err(Diagnostic::error("AFP0611", "the function has no native code")
                .at(loc)
                .expected("tensors of f32 or of codes, of known sizes")
                .found(tensor.to_string()));
        };
        Ok(Port { tensor, memref: Type::memref(&shape, element), loc })
    };
    let mut found = Vec::new();
    for argument in source.args() {
        let ty = if codes { coded_input(argument)? } else { argument.ty() };
        found.push(port(ty, argument.loc())?);
    }
    for result in results {
        let ty = match result.def_as("afp.dequantize") {
            Some(op) if codes => op.operand(0).ty(),
            _ => result.ty(),
        };
        found.push(port(ty, result.loc())?);
    }
    Ok(found)
}

/// The type of the codes that an input is rounded to, which must be one.
fn coded_input(argument: Value) -> Result<Type, Diagnostic> {
    let users: Vec<Op> = argument.uses().into_iter().map(|(op, _)| op).collect();
    if users.is_empty() || Element::of(argument.ty()) != Element::Real {
        return Ok(argument.ty());
    }
    let mut types: Vec<Type> = Vec::new();
    for ty in users.iter().filter(|op| op.is("afp.quantize")).map(|op| op.result(0).ty()) {
        if !types.contains(&ty) {
            types.push(ty);
        }
    }
    match (&types[..], users.iter().find(|op| !op.is("afp.quantize"))) {
        ([ty], None) => Ok(*ty),
        (_, other) => {
            let mut found: Vec<String> = types.iter().map(|ty| ty.element().to_string()).collect();
            found.extend(other.map(|op| op.name()));
            Err(Diagnostic::error("AFP0613", "an input cannot be passed as codes")
                .at(argument.loc())
                .expected("one format that the input is rounded to")
                .found(found.join(", "))
                .help("choose one format for all uses of the input, or pass floats"))
        }
    }
}

/// The outputs that each returned value is written to.
fn outputs(source: Block) -> HashMap<Value, Vec<usize>> {
    let mut found: HashMap<Value, Vec<usize>> = HashMap::new();
    for (index, value) in source.terminator().map(Op::operands).unwrap_or_default().into_iter().enumerate() {
        found.entry(value).or_default().push(index);
    }
    found
}

/// Where a call writes: a new buffer for the operation's result, or what the caller passed.
enum Destination {
    Buffer,
    Argument(usize),
}

/// The constant that a value is, through changes of shape.
pub(crate) fn constant_behind(value: Value) -> Option<Op> {
    match value.def()? {
        op if op.is("afp.reshape") => constant_behind(op.operand(0)),
        op => Some(op).filter(|op| op.is("afp.constant")),
    }
}

/// What is returned must be floats that kernels write.
fn returned(op: Op) -> Result<(), Diagnostic> {
    let strange = op.operands().into_iter().find(|value| value.def().is_none() || !real::is_real(*value));
    strange.map_or(Ok(()), |value| {
        Err(unsupported(op, "floats that an operator yields").found(value.ty().to_string()))
    })
}

impl Lowering {
    /// Reads the layouts of all coded values.
    fn take_layouts(&mut self, source: Block) -> Vec<(Loc, Diagnostic)> {
        let results = source.ops().into_iter().flat_map(Op::results);
        let mut problems = Vec::new();
        for value in source.args().into_iter().chain(results) {
            match Layout::of(value) {
                Ok(Some(layout)) => {
                    self.layouts.insert(value, layout);
                }
                Ok(None) => {}
                Err(problem) => problems.push((value.loc(), problem)),
            }
        }
        problems
    }

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
                Strategy::Direct(tile) => direct::convert(self, op, tile),
                Strategy::Depthwise(tile) => depthwise::convert(self, op, tile),
            },
            "afp.quantize" | "afp.max_pool2d" | "afp.transpose" | "afp.slice" | "afp.pad" | "afp.concat"
            | "afp.table" | "afp.softmax" => movement::convert(self, op),
            _ => Err(unsupported(op, "an operator of an exact AFP program")),
        }
    }

    /// Floats that leave the program, or are stored.
    fn floats(&mut self, op: Op, to: Destination) -> Result<(), Diagnostic> {
        match op.name().as_str() {
            "afp.dequantize" => movement::dequantize(self, op, to),
            _ => real::convert(self, op, to),
        }
    }

    /// A reshaped value shares its operand's buffer, which must have no gaps; with gaps it is a copy.
    fn reshape(&mut self, op: Op) -> Result<(), Diagnostic> {
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

    /// The layout of a coded value.
    fn layout(&self, value: Value) -> Option<Layout> {
        self.layouts.get(&value).cloned()
    }

    fn place(&mut self, value: Value, user: Op) -> Result<Place, Diagnostic> {
        if let Some(&place) = self.places.get(&value) {
            return Ok(place);
        }
        let constant =
            value.def_as("afp.constant").ok_or_else(|| unsupported(user, "operands that are stored"))?;
        let layout = scope::layout(self, value, user)?;
        let place = Place::Global(self.constant(constant, &layout, user)?);
        self.places.insert(value, place);
        Ok(place)
    }

    /// A constant's codes in memory.
    fn constant(&mut self, constant: Op, layout: &Layout, user: Op) -> Result<usize, Diagnostic> {
        let payload = constant.attr("value").and_then(|v| v.elements_i64());
        let payload = payload.ok_or_else(|| unsupported(user, "constants with a payload"))?;
        let values: Vec<i64> = payload.into_iter().map(|code| layout.stored_code(code)).collect();
        Ok(self.global("codes", &layout.shape, Type::int(self.ctx, layout.bits()), &values))
    }

    /// A constant in memory, and its number.
    fn global(&mut self, role: &str, shape: &[i64], element: Type, values: &[i64]) -> usize {
        let width = element.int_width().unwrap_or(64) as usize / 8;
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes().into_iter().take(width)).collect();
        let (index, ty) = (self.globals.len(), Type::memref(shape, element));
        let key = (role.to_owned(), ty.to_string(), bytes);
        if let Some(&known) = self.known.get(&key) {
            return known;
        }
        let bytes = &key.2;
        let name = format!("{role}_{index}");
        let tensor = Type::tensor(shape, element);
        let data = Attr::dense(tensor, bytes).unwrap_or_else(|| Attr::resource(tensor, &name, bytes));
        let spec = OpSpec::new("memref.global")
            .attr("sym_name", Attr::string(self.ctx, &name))
            .attr("sym_visibility", Attr::string(self.ctx, "private"))
            .attr("type", Attr::ty(ty))
            .attr("initial_value", data)
            .attr("constant", Attr::unit(self.ctx))
            .attr("alignment", Attr::int(self.ctx, 64, 64))
            .attr(crate::constants::ROLE, Attr::string(self.ctx, role));
        afp_ir::mlir::Builder::at_end(self.ctx, self.module).build(Loc::unknown(self.ctx), spec);
        self.globals.push(Global { name, ty });
        if key.2.len() <= SHARED_BYTES {
            self.known.insert(key, index);
        }
        index
    }

    /// Writes a kernel and calls it: `operands` are what it reads, `items` how many parts its work has,
    /// and `body` appends the work on the items from `scope.from` up to `scope.to`.
    fn kernel(
        &mut self,
        op: Op,
        operands: &[Value],
        items: i64,
        destination: Destination,
        body: impl FnOnce(&mut Scope<'_>, &Kernel) -> Result<(), Diagnostic>,
    ) -> Result<(), Diagnostic> {
        let ctx = self.ctx;
        let mut places = Vec::new();
        let mut types: Vec<(Type, Loc)> = Vec::new();
        for &operand in operands {
            let place = self.place(operand, op)?;
            let ty = match (place, self.layout(operand)) {
                (Place::Argument(index), _) => self.arguments[index].ty(),
                (_, Some(layout)) => layout.memref(ctx),
                (Place::Buffer(_), None) if real::is_real(operand) => real::memref(operand),
                _ => return Err(unsupported(op, "coded operands")),
            };
            places.push((place, ty));
            types.push((ty, op.loc()));
        }
        let result = match destination {
            Destination::Argument(index) => self.arguments[index].ty(),
            Destination::Buffer if real::is_real(op.result(0)) => real::memref(op.result(0)),
            Destination::Buffer => scope::layout(self, op.result(0), op)?.memref(ctx),
        };
        types.extend([(result, op.loc()), (Type::index(ctx), op.loc()), (Type::index(ctx), op.loc())]);
        let name = format!("k{}_{}", self.calls, op.name().replace("afp.", ""));
        let (function, block) = ctx.add_function(self.module, op.loc(), &name, &types, &[]);
        function.set_attr("sym_visibility", Attr::string(ctx, "private"));
        let k = Kernel::new(ctx, block, op.loc());
        let mut scope = Scope::new(self, function, operands.len())
            .ok_or_else(|| crate::internal("a kernel without a body"))?;
        body(&mut scope, &k)?;
        scope.seal(function);
        let extras: Vec<(Extra, Type)> = scope.extras.iter().map(|(e, v)| (*e, v.ty())).collect();
        k.effect(OpSpec::new("func.return"));
        let name = self.shared(function, name);

        let destination = match destination {
            Destination::Argument(index) => self.arguments[index],
            Destination::Buffer => self.buffer(op)?,
        };
        self.call(op, &name, &places, (destination, items), &extras);
        Ok(())
    }

    /// The function that stands for this one: an equal one that was written before, or itself.
    fn shared(&mut self, function: Op, name: String) -> String {
        let named = |name: &str| function.set_attr("sym_name", Attr::string(self.ctx, name));
        named("kernel");
        let text = function.to_string();
        named(&name);
        if let Some(known) = self.written.get(&text) {
            function.erase();
            return known.clone();
        }
        self.written.insert(text, name.clone());
        name
    }

    /// Allocates the buffer of an operation's result; the calls that clear its halo. The view.
    fn buffer(&mut self, op: Op) -> Result<Value, Diagnostic> {
        let result = op.result(0);
        if real::is_real(result) {
            let buffer = self.allocate(real::bytes(result));
            self.places.insert(result, Place::Buffer(buffer));
            return Ok(self.view(buffer, 0, real::memref(result)));
        }
        let layout = scope::layout(self, result, op)?;
        let buffer = self.allocate(layout.bytes());
        self.places.insert(result, Place::Buffer(buffer));
        let view = self.view(buffer, 0, layout.memref(self.ctx));
        if layout.halo != [0; 4] {
            self.clear_halo(op, &layout, view)?;
        }
        Ok(view)
    }

    /// `memref.alloc` of bytes, which `afp-plan-memory` places.
    fn allocate(&self, bytes: i64) -> Value {
        let ty = Type::memref(&[bytes], Type::int(self.ctx, 8));
        let none = Attr::i32s(self.ctx, &[0, 0]);
        self.body.value(OpSpec::new("memref.alloc").attr("operandSegmentSizes", none).result(ty))
    }

    fn view(&self, buffer: Value, offset: i64, ty: Type) -> Value {
        if buffer.ty() == ty {
            return buffer;
        }
        let offset = self.body.index(offset);
        self.body.value(OpSpec::new("memref.view").operands([buffer, offset]).result(ty))
    }

    fn clear_halo(&mut self, op: Op, layout: &Layout, view: Value) -> Result<(), Diagnostic> {
        let ctx = self.ctx;
        let types = [(view.ty(), op.loc()), (Type::index(ctx), op.loc()), (Type::index(ctx), op.loc())];
        let name = format!("k{}_halo", self.calls);
        let (function, block) = ctx.add_function(self.module, op.loc(), &name, &types, &[]);
        function.set_attr("sym_visibility", Attr::string(ctx, "private"));
        let k = Kernel::new(ctx, block, op.loc());
        let args = block.args();
        movement::clear_halo(&k, layout, args[0], (args[1], args[2]));
        k.effect(OpSpec::new("func.return"));
        let name = self.shared(function, name);
        let memory = layout.memory();
        let items = memory[0] * memory[1];
        self.call_function(&name, op, vec![view], items, &[]);
        Ok(())
    }

    fn call(
        &mut self,
        op: Op,
        name: &str,
        operands: &[(Place, Type)],
        (result, items): (Value, i64),
        extras: &[(Extra, Type)],
    ) {
        let mut arguments: Vec<Value> = operands
            .iter()
            .map(|&(place, ty)| match place {
                Place::Buffer(buffer) => self.view(buffer, 0, ty),
                Place::Global(index) => self.global_in_body(index),
                Place::Argument(index) => self.arguments[index],
            })
            .collect();
        arguments.push(result);
        self.call_function(name, op, arguments, items, extras);
        if self.threads > 1 {
            let barrier = Attr::symbol(self.ctx, BARRIER);
            self.body.effect(OpSpec::new("func.call").attr("callee", barrier));
        }
    }

    /// Calls a kernel with this thread's share of the items.
    fn call_function(
        &mut self,
        name: &str,
        op: Op,
        mut arguments: Vec<Value>,
        items: i64,
        extras: &[(Extra, Type)],
    ) {
        let (from, to) = self.share(items);
        arguments.extend([from, to]);
        for &(extra, ty) in extras {
            arguments.push(match extra {
                Extra::Constant(index) => self.global_in_body(index),
                Extra::Scratch => self.scratch(ty),
            });
        }
        let k = Kernel::new(self.ctx, self.body.block(), op.loc());
        k.effect(
            OpSpec::new("func.call")
                .operands(arguments)
                .attr("callee", Attr::symbol(self.ctx, name))
                .attr(interface::LAYER, Attr::string(self.ctx, &layer_name(op))),
        );
        self.calls += 1;
    }

    fn global_in_body(&self, index: usize) -> Value {
        let global = &self.globals[index];
        self.body.global(&global.name, global.ty)
    }

    /// The first item of this thread, and the first of the next.
    fn share(&self, items: i64) -> (Value, Value) {
        if self.threads == 1 {
            return (self.body.index(0), self.body.index(items));
        }
        let k = &self.body;
        let thread = self.arguments[self.arguments.len() - 1];
        let next = k.add(thread, k.index(1));
        let bound =
            |thread: Value| k.binary("arith.divui", k.mul(thread, k.index(items)), k.index(self.threads));
        (bound(thread), bound(next))
    }

    /// This thread's part of a buffer that is alive for the next call.
    fn scratch(&mut self, ty: Type) -> Value {
        let bytes = ty.memref_shape().unwrap_or_default().iter().product::<i64>()
            * ty.element_bytes().unwrap_or(1) as i64;
        let each = (bytes as usize).next_multiple_of(crate::memory::ALIGNMENT) as i64;
        let buffer = self.allocate(each * self.threads);
        if self.threads == 1 {
            return self.view(buffer, 0, ty);
        }
        let thread = self.arguments[self.arguments.len() - 1];
        let offset = self.body.mul(thread, self.body.index(each));
        self.body.value(OpSpec::new("memref.view").operands([buffer, offset]).result(ty))
    }
}
