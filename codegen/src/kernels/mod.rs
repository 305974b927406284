//! From an exact AFP program to kernel functions on integer buffers.
//!
//! [`lower`] replaces a function on tensors by one on memory. Every value that is stored gets a place in
//! the arena ([`arena`]); every group, that is an encode with the tree of exact operators before it, and
//! every operator that moves codes, becomes a kernel function of loops over scalars ([`group`],
//! [`movement`]). This is the *portable* strategy: it runs on every backend and target, and defines the
//! bits that faster strategies are tested against.

pub mod arena;
mod builder;
mod group;
mod movement;
mod numeric;

use std::collections::HashMap;

use afp_ir::{
    diag::Diagnostic,
    dialect::{Element, FloatType},
    mlir::{Attr, Block, Ctx, Loc, Op, OpSpec, SourceModule, Type, Value},
};
use arena::Interval;

use crate::{interface::LAYER, internal};
use builder::Kernel;

/// What a lowered module needs to know of the outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lowered {
    /// Bytes of the arena.
    pub arena_bytes: usize,
    /// Bytes of weights, biases and tables.
    pub constant_bytes: usize,
    /// Shapes of the inputs.
    pub inputs: Vec<Vec<i64>>,
    /// Shapes of the outputs.
    pub outputs: Vec<Vec<i64>>,
}

/// Where a coded value lives.
#[derive(Clone, Copy)]
enum Place {
    /// A buffer of the arena, by number. Reshaped values share one.
    Buffer(usize),
    /// A constant.
    Global(usize),
    /// A function argument, by number: an input in `f32`.
    Input(usize),
}

/// One call of a kernel.
struct Call {
    kernel: String,
    /// The name of what it computes, as reports call it.
    layer: String,
    arguments: Vec<(Place, Type)>,
    result: (Target, Type),
}

/// Where a call writes.
#[derive(Clone, Copy)]
enum Target {
    Buffer(usize),
    Output(usize),
}

/// The state of a lowering.
struct Lowering {
    ctx: Ctx,
    module: Block,
    globals: Vec<(String, Type)>,
    constant_bytes: usize,
    places: HashMap<Value, Place>,
    buffers: Vec<Interval>,
    calls: Vec<Call>,
}

/// Replaces the only function of a module by kernels and a function `@body` that calls them, whose
/// arguments are the inputs, the outputs and the arena.
///
/// # Errors
/// A diagnostic for each operation that has no portable kernel.
pub fn lower(module: &SourceModule<'_>) -> Result<Lowered, Vec<Diagnostic>> {
    let functions = module.functions();
    let (Some(&function), Some(&block)) = (functions.first(), module.op().blocks().first()) else {
        return Err(vec![internal("a module without a function is to be compiled")]);
    };
    let Some(&body) = function.blocks().first() else {
        return Err(vec![internal("a module without a function is to be compiled")]);
    };
    let mut lowering = Lowering {
        ctx: function.ctx(),
        module: block,
        globals: Vec::new(),
        constant_bytes: 0,
        places: HashMap::new(),
        buffers: Vec::new(),
        calls: Vec::new(),
    };
    for (index, argument) in body.args().into_iter().enumerate() {
        lowering.places.insert(argument, Place::Input(index));
    }
    let outputs = lowering.outputs(body);
    let problems: Vec<Diagnostic> =
        body.ops().into_iter().filter_map(|op| lowering.operation(op, &outputs).err()).collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let shapes = |values: &[Value]| values.iter().filter_map(|v| v.ty().shape()).collect::<Vec<_>>();
    let results = body.terminator().map(Op::operands).unwrap_or_default();
    let (inputs, outputs) = (shapes(&body.args()), shapes(&results));
    let arena_bytes = lowering.schedule(function, &inputs, &outputs);
    function.erase();
    Ok(Lowered { arena_bytes, constant_bytes: lowering.constant_bytes, inputs, outputs })
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

/// The memref type that a value's elements are stored in; none for exact values.
fn storage(ty: Type) -> Option<Type> {
    let shape = ty.shape()?;
    match Element::of(ty) {
        Element::Real => Some(Type::memref(&shape, ty.element())),
        Element::Float(float) => {
            let bits = numeric::storage_bits(float.format);
            Some(Type::memref(&shape, Type::int(ty.ctx(), bits)))
        }
        _ => None,
    }
}

/// The static scale exponent of a coded value.
fn exponent(value: Value, user: Op) -> Result<(FloatType, i32), Diagnostic> {
    let found = FloatType::of(value.ty()).and_then(|ty| Some((ty, ty.exp.fixed()?)));
    found.ok_or_else(|| {
        Diagnostic::error("AFP0611", format!("{} has no native code", user.name()))
            .at(user.loc())
            .expected("codes with static scale exponents")
            .found(value.ty().to_string())
    })
}

fn shape_of(value: Value) -> Vec<i64> {
    value.ty().shape().unwrap_or_default()
}

impl Lowering {
    /// The outputs that each returned value is written to.
    fn outputs(&self, body: Block) -> HashMap<Value, Vec<usize>> {
        let mut found: HashMap<Value, Vec<usize>> = HashMap::new();
        for (index, value) in body.terminator().map(Op::operands).unwrap_or_default().into_iter().enumerate()
        {
            found.entry(value).or_default().push(index);
        }
        found
    }

    fn operation(&mut self, op: Op, outputs: &HashMap<Value, Vec<usize>>) -> Result<(), Diagnostic> {
        match op.name().as_str() {
            "afp.constant" | "func.return" => Ok(()),
            // Exact values are computed where they are encoded.
            _ if op.result_count() == 1 && Element::of(op.result(0).ty()) == Element::Exact => Ok(()),
            "afp.reshape" if Element::of(op.result(0).ty()) != Element::Real => {
                let place = self.place(op.operand(0), op)?;
                self.keep_alive(place);
                self.places.insert(op.result(0), place);
                Ok(())
            }
            "afp.dequantize" => {
                let Some(targets) = outputs.get(&op.result(0)) else {
                    return Err(self.unsupported(op, "a dequantize whose result leaves the program"));
                };
                let name = movement::dequantize(self, op)?;
                for &index in targets {
                    self.call(&name, &[op.operand(0)], op, Target::Output(index))?;
                }
                Ok(())
            }
            "afp.encode" => {
                let (name, leaves) = group::kernel(self, op)?;
                self.stored(op, &name, &leaves)
            }
            "afp.quantize" | "afp.max_pool2d" | "afp.transpose" | "afp.slice" | "afp.pad" | "afp.concat"
            | "afp.table" | "afp.softmax" => {
                let name = movement::kernel(self, op)?;
                self.stored(op, &name, &op.operands())
            }
            _ => Err(self.unsupported(op, "an operator of an exact AFP program")),
        }
    }

    fn unsupported(&self, op: Op, expected: &str) -> Diagnostic {
        Diagnostic::error("AFP0611", format!("{} has no native code", op.name()))
            .at(op.loc())
            .expected(expected)
    }

    /// Adds a call that fills a new buffer.
    fn stored(&mut self, op: Op, kernel: &str, operands: &[Value]) -> Result<(), Diagnostic> {
        let result = op.result(0);
        let bytes = storage(result.ty())
            .and_then(|ty| Some(ty.element_bytes()? * shape_of(result).iter().product::<i64>() as usize))
            .ok_or_else(|| self.unsupported(op, "a coded result"))?;
        let buffer = self.buffers.len();
        self.buffers.push(Interval { bytes, first: self.calls.len(), last: self.calls.len() });
        self.places.insert(result, Place::Buffer(buffer));
        self.call(kernel, operands, op, Target::Buffer(buffer))
    }

    fn call(&mut self, kernel: &str, operands: &[Value], op: Op, target: Target) -> Result<(), Diagnostic> {
        let mut arguments = Vec::new();
        for &operand in operands {
            let place = self.place(operand, op)?;
            self.keep_alive(place);
            let ty = storage(operand.ty()).ok_or_else(|| self.unsupported(op, "coded operands"))?;
            arguments.push((place, ty));
        }
        let ty = storage(op.result(0).ty()).ok_or_else(|| self.unsupported(op, "a coded result"))?;
        let layer = layer_name(op);
        self.calls.push(Call { kernel: kernel.to_owned(), layer, arguments, result: (target, ty) });
        Ok(())
    }

    /// Extends the life of a buffer to the call that is added next.
    fn keep_alive(&mut self, place: Place) {
        if let Place::Buffer(index) = place {
            self.buffers[index].last = self.calls.len();
        }
    }

    fn place(&mut self, value: Value, user: Op) -> Result<Place, Diagnostic> {
        if let Some(&place) = self.places.get(&value) {
            return Ok(place);
        }
        let constant =
            value.def_as("afp.constant").ok_or_else(|| self.unsupported(user, "operands that are stored"))?;
        let payload = constant.attr("value").and_then(|v| v.elements_i64());
        let (Some(payload), Some(ty)) = (payload, storage(value.ty())) else {
            return Err(self.unsupported(user, "constants with a payload"));
        };
        let index = self.global("codes", &shape_of(value), ty.element(), &payload);
        self.places.insert(value, Place::Global(index));
        Ok(Place::Global(index))
    }

    /// A constant in memory, and its number.
    fn global(&mut self, role: &str, shape: &[i64], element: Type, values: &[i64]) -> usize {
        let width = element.int_width().unwrap_or(64) as usize / 8;
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes().into_iter().take(width)).collect();
        let (index, ty) = (self.globals.len(), Type::memref(shape, element));
        let name = format!("{role}_{index}");
        let tensor = Type::tensor(shape, element);
        let data = Attr::dense(tensor, &bytes).unwrap_or_else(|| Attr::resource(tensor, &name, &bytes));
        let spec = OpSpec::new("memref.global")
            .attr("sym_name", Attr::string(self.ctx, &name))
            .attr("sym_visibility", Attr::string(self.ctx, "private"))
            .attr("type", Attr::ty(ty))
            .attr("initial_value", data)
            .attr("constant", Attr::unit(self.ctx));
        afp_ir::mlir::Builder::at_end(self.ctx, self.module).build(Loc::unknown(self.ctx), spec);
        self.constant_bytes += bytes.len();
        self.globals.push((name, ty));
        index
    }

    /// The memref of a global, in a kernel.
    fn global_in(&self, k: &Kernel, index: usize) -> Value {
        let (name, ty) = &self.globals[index];
        k.global(name, *ty)
    }

    /// Adds a private kernel function over the storage of these values and writes its body.
    fn function(
        &mut self,
        op: Op,
        operands: &[Value],
        body: impl FnOnce(&mut Self, &Kernel, &[Value]) -> Result<(), Diagnostic>,
    ) -> Result<String, Diagnostic> {
        let mut types = Vec::new();
        for value in operands.iter().copied().chain([op.result(0)]) {
            types.push(storage(value.ty()).ok_or_else(|| self.unsupported(op, "coded operands"))?);
        }
        let name = format!("k{}_{}", self.calls.len(), op.name().replace("afp.", ""));
        let arguments: Vec<(Type, Loc)> = types.iter().map(|&ty| (ty, op.loc())).collect();
        let (function, block) = self.ctx.add_function(self.module, op.loc(), &name, &arguments, &[]);
        function.set_attr("sym_visibility", Attr::string(self.ctx, "private"));
        let kernel = Kernel::new(self.ctx, block, op.loc());
        body(self, &kernel, &block.args())?;
        kernel.effect(OpSpec::new("func.return"));
        Ok(name)
    }

    /// Writes `@body`: the calls in order, on buffers at their offsets. Gives the size of the arena.
    fn schedule(&mut self, function: Op, inputs: &[Vec<i64>], outputs: &[Vec<i64>]) -> usize {
        let plan = arena::plan(&self.buffers);
        let (ctx, loc) = (self.ctx, function.loc());
        let f32 = Type::f32(ctx);
        let mut arguments: Vec<(Type, Loc)> =
            inputs.iter().chain(outputs).map(|shape| (Type::memref(shape, f32), loc)).collect();
        let arena = Type::memref(&[plan.bytes.max(1) as i64], Type::int(ctx, 8));
        arguments.push((arena, loc));
        let (body, block) = ctx.add_function(self.module, loc, "body", &arguments, &[]);
        body.set_attr("afp.inputs", Attr::int(ctx, 64, inputs.len() as i64));
        let (k, args) = (Kernel::new(ctx, block, loc), block.args());
        let view = |k: &Kernel, buffer: usize, ty: Type| {
            let offset = k.index(plan.offsets[buffer] as i64);
            k.value(OpSpec::new("memref.view").operands([args[args.len() - 1], offset]).result(ty))
        };
        for call in &self.calls {
            let mut operands: Vec<Value> = call
                .arguments
                .iter()
                .map(|&(place, ty)| match place {
                    Place::Buffer(buffer) => view(&k, buffer, ty),
                    Place::Global(index) => self.global_in(&k, index),
                    Place::Input(index) => args[index],
                })
                .collect();
            let (target, ty) = call.result;
            operands.push(match target {
                Target::Buffer(buffer) => view(&k, buffer, ty),
                Target::Output(index) => args[inputs.len() + index],
            });
            let callee = Attr::symbol(ctx, &call.kernel);
            let spec = OpSpec::new("func.call").operands(operands).attr("callee", callee);
            k.effect(spec.attr(LAYER, Attr::string(ctx, &call.layer)));
        }
        k.effect(OpSpec::new("func.return"));
        plan.bytes
    }
}
