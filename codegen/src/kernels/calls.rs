//! Kernel functions and the calls of them: each is written once, and called with a share of its items.

use afp_ir::{
    diag::Diagnostic,
    mlir::{Attr, Block, Loc, Op, OpSpec, Type, Value},
};
use afp_runtime::pool::SHARE;

use super::{
    Lowering,
    builder::{Cmp, Kernel},
    layer_name,
    layout::Layout,
    movement,
    places::Place,
    real,
    scope::{self, Extra, Scope},
    tree::unsupported,
};
use crate::interface;

/// Where a call writes.
#[derive(Clone, Copy)]
pub(super) enum Destination {
    /// A new buffer for the operation's result.
    Buffer,
    /// What the caller passed.
    Argument(usize),
    /// A memref of the body.
    Memory(Value),
}

/// A kernel function that can be called.
struct Written {
    name: String,
    extras: Vec<(Extra, Type)>,
}

/// An argument of a call behind the items.
enum Passed {
    Whole(Value),
    /// The share's part of a buffer that holds so many of a type.
    Part(Value, Type),
}

/// A call that is to be written.
pub(super) struct Deferred {
    name: String,
    op: Op,
    memrefs: Vec<Value>,
    items: i64,
    extras: Vec<Passed>,
}

impl Lowering {
    /// Writes a kernel and calls it: `operands` are what it reads, `items` how many parts its work has,
    /// and `body` appends the work on the items from `scope.from` up to `scope.to`.
    pub(super) fn kernel(
        &mut self,
        op: Op,
        operands: &[Value],
        items: i64,
        destination: Destination,
        body: impl FnOnce(&mut Scope<'_>, &Kernel) -> Result<(), Diagnostic>,
    ) -> Result<(), Diagnostic> {
        self.kernel_with(op, (operands, &[]), items, destination, body)
    }

    /// As [`Lowering::kernel`], with memrefs of the body that are read, too.
    pub(super) fn kernel_with(
        &mut self,
        op: Op,
        (operands, memrefs): (&[Value], &[Value]),
        items: i64,
        destination: Destination,
        body: impl FnOnce(&mut Scope<'_>, &Kernel) -> Result<(), Diagnostic>,
    ) -> Result<(), Diagnostic> {
        let mut places = Vec::new();
        let mut types: Vec<Type> = Vec::new();
        for &operand in operands {
            let place = self.place(operand, op)?;
            let ty = match (place, self.layout(operand)) {
                (Place::Argument(index), _) => self.arguments[index].ty(),
                (_, Some(layout)) => layout.memref(self.ctx),
                (Place::Buffer(_), None) if real::is_real(operand) => real::memref(operand),
                _ => return Err(unsupported(op, "coded operands")),
            };
            places.push((place, ty));
            types.push(ty);
        }
        types.extend(memrefs.iter().map(|memref| memref.ty()));
        types.push(match destination {
            Destination::Argument(index) => self.arguments[index].ty(),
            Destination::Buffer if real::is_real(op.result(0)) => real::memref(op.result(0)),
            Destination::Buffer => scope::layout(self, op.result(0), op)?.memref(self.ctx),
            Destination::Memory(memory) => memory.ty(),
        });
        let written = self.write(op, &op.name().replace("afp.", ""), &types, body)?;
        let destination = match destination {
            Destination::Argument(index) => self.arguments[index],
            Destination::Buffer => self.buffer(op)?,
            Destination::Memory(memory) => memory,
        };
        let operand = |(place, ty): (Place, Type)| match place {
            Place::Buffer(buffer) => self.view(buffer, 0, ty),
            Place::Global(index) => self.global_in_body(index),
            Place::Argument(index) => self.arguments[index],
        };
        let mut arguments: Vec<Value> = places.into_iter().map(operand).collect();
        arguments.extend(memrefs);
        arguments.push(destination);
        self.call(op, &written, arguments, items)
    }

    /// As [`Lowering::kernel`], on memrefs of the body, of which the last is written.
    pub(super) fn kernel_on(
        &mut self,
        op: Op,
        name: &str,
        arguments: Vec<Value>,
        items: i64,
        body: impl FnOnce(&mut Scope<'_>, &Kernel) -> Result<(), Diagnostic>,
    ) -> Result<(), Diagnostic> {
        let types: Vec<Type> = arguments.iter().map(|argument| argument.ty()).collect();
        let written = self.write(op, name, &types, body)?;
        self.call(op, &written, arguments, items)
    }

    /// Writes a kernel function of memrefs, of which the last is the result.
    fn write(
        &mut self,
        op: Op,
        name: &str,
        memrefs: &[Type],
        body: impl FnOnce(&mut Scope<'_>, &Kernel) -> Result<(), Diagnostic>,
    ) -> Result<Written, Diagnostic> {
        let ctx = self.ctx;
        let index = [Type::index(ctx); 2];
        let types: Vec<(Type, Loc)> = memrefs.iter().chain(&index).map(|&ty| (ty, op.loc())).collect();
        let name = format!("k{}_{name}", self.calls);
        let (function, block) = ctx.add_function(self.module, op.loc(), &name, &types, &[]);
        function.set_attr("sym_visibility", Attr::string(ctx, "private"));
        let k = Kernel::new(ctx, block, op.loc());
        let mut scope = Scope::new(self, function, memrefs.len() - 1)
            .ok_or_else(|| crate::internal("a kernel without a body"))?;
        body(&mut scope, &k)?;
        scope.seal(function);
        let extras: Vec<(Extra, Type)> = scope.extras.iter().map(|(e, v)| (*e, v.ty())).collect();
        k.effect(OpSpec::new("func.return"));
        Ok(Written { name: self.shared(function, name), extras })
    }

    /// The function that stands for this one: an equal one that was written before, or itself.
    fn shared(&mut self, function: Op, name: String) -> String {
        let named = |name: &str| function.set_attr("sym_name", Attr::string(self.ctx, name));
        named("kernel");
        let text = function.text_alone();
        named(&name);
        if let Some(known) = self.written.get(&text) {
            function.erase();
            return known.clone();
        }
        self.written.insert(text, name.clone());
        name
    }

    pub(super) fn clear_halo(&mut self, op: Op, layout: &Layout, view: Value) -> Result<(), Diagnostic> {
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
        self.call_function(&name, op, vec![view], items, &[])
    }

    /// Calls a kernel, and ends the step.
    fn call(
        &mut self,
        op: Op,
        written: &Written,
        arguments: Vec<Value>,
        items: i64,
    ) -> Result<(), Diagnostic> {
        self.call_function(&written.name, op, arguments, items, &written.extras)?;
        self.step(op);
        Ok(())
    }

    /// Calls a kernel, on all items or, behind [`Lowering::step`], on those of each share.
    fn call_function(
        &mut self,
        name: &str,
        op: Op,
        memrefs: Vec<Value>,
        items: i64,
        extras: &[(Extra, Type)],
    ) -> Result<(), Diagnostic> {
        let mut passed = Vec::new();
        for &(extra, ty) in extras {
            passed.push(match extra {
                Extra::Constant(index) => Passed::Whole(self.global_in_body(index)),
                Extra::Scratch => Passed::Part(self.allocate_each(ty), ty),
                Extra::Own(buffer) => Passed::Part(buffer, ty),
                Extra::Shared(memory) => Passed::Whole(memory),
                Extra::Exponent(value) => Passed::Whole(
                    self.exponents
                        .get(&value)
                        .copied()
                        .ok_or_else(|| crate::internal("a dynamic value without its exponent"))?,
                ),
            });
        }
        self.calls += 1;
        let call = Deferred { name: name.to_owned(), op, memrefs, items, extras: passed };
        if self.threads == 1 {
            let k = Kernel::new(self.ctx, self.body.block(), op.loc());
            self.emit(&k, call, None);
        } else {
            self.deferred.push(call);
        }
        Ok(())
    }

    /// Ends a step: threads take shares of the calls since the one before, until none is left and all are done.
    fn step(&mut self, op: Op) {
        let calls = std::mem::take(&mut self.deferred);
        if calls.is_empty() {
            return;
        }
        let (ctx, loc, index) = (self.ctx, op.loc(), Type::index(self.ctx));
        let next = Block::detached(&[], loc);
        let k = Kernel::new(ctx, next, loc);
        let share = k.value(OpSpec::new("func.call").attr("callee", Attr::symbol(ctx, SHARE)).result(index));
        let is_one = k.cmp(Cmp::Ne, share, k.index(self.threads));
        k.effect(OpSpec::new("scf.condition").operands([is_one, share]));
        let work = Block::detached(&[index], loc);
        let (k, share) = (Kernel::new(ctx, work, loc), work.args()[0]);
        for call in calls {
            self.emit(&k, call, Some(share));
        }
        k.effect(OpSpec::new("scf.yield"));
        self.body.effect(OpSpec::new("scf.while").region(next).region(work).result(index));
    }

    /// Appends a call, on the items of a share or on all.
    fn emit(&self, k: &Kernel, call: Deferred, share: Option<Value>) {
        let bounds = match share {
            None => [k.index(0), k.index(call.items)],
            Some(share) => [share, k.add(share, k.index(1))].map(|share| {
                k.binary("arith.divui", k.mul(share, k.index(call.items)), k.index(self.threads))
            }),
        };
        let extra = |passed| match passed {
            Passed::Whole(value) => value,
            Passed::Part(buffer, ty) => self.part(k, buffer, ty, share),
        };
        let mut arguments = call.memrefs;
        arguments.extend(bounds);
        arguments.extend(call.extras.into_iter().map(extra));
        k.effect(
            OpSpec::new("func.call")
                .operands(arguments)
                .attr("callee", Attr::symbol(self.ctx, &call.name))
                .attr(interface::LAYER, Attr::string(self.ctx, &layer_name(call.op))),
        );
    }
}
