//! Building kernel functions: integers, loops and memory, in upstream dialects.

use afp_ir::mlir::{Attr, Block, Builder, Ctx, Loc, OpSpec, Type, Value};

/// Comparison predicates of `arith.cmpi`.
#[derive(Clone, Copy)]
pub enum Cmp {
    /// Equal.
    Eq = 0,
    /// Not equal.
    Ne = 1,
    /// Signed less.
    Slt = 2,
    /// Signed greater.
    Sgt = 4,
    /// Unsigned greater.
    Ugt = 8,
}

/// What is done at each index.
type Visitor<'a> = Box<dyn FnOnce(&Kernel, &[Value]) + 'a>;

/// A place in a kernel where operations are appended.
#[derive(Clone, Copy)]
pub struct Kernel {
    builder: Builder,
    ctx: Ctx,
    loc: Loc,
}

impl Kernel {
    /// Appends to a block.
    pub fn new(ctx: Ctx, block: Block, loc: Loc) -> Self {
        Self { builder: Builder::at_end(ctx, block), ctx, loc }
    }

    /// The context.
    pub fn ctx(&self) -> Ctx {
        self.ctx
    }

    /// The integer type of a width.
    pub fn int(&self, width: u32) -> Type {
        Type::int(self.ctx, width)
    }

    /// Appends an operation with one result.
    pub fn value(&self, spec: OpSpec<'_>) -> Value {
        self.builder.value(self.loc, spec)
    }

    /// Appends an operation without a result.
    pub fn effect(&self, spec: OpSpec<'_>) {
        self.builder.build(self.loc, spec);
    }

    /// An integer constant.
    pub fn constant(&self, ty: Type, value: i64) -> Value {
        self.value(OpSpec::new("arith.constant").attr("value", Attr::typed_int(ty, value)).result(ty))
    }

    /// An index constant.
    pub fn index(&self, value: i64) -> Value {
        self.constant(Type::index(self.ctx), value)
    }

    /// A constant of another value's type.
    pub fn like(&self, value: Value, constant: i64) -> Value {
        self.constant(value.ty(), constant)
    }

    /// A binary operator of `arith` on operands of one type.
    pub fn binary(&self, name: &str, a: Value, b: Value) -> Value {
        self.value(OpSpec::new(name).operands([a, b]).result(a.ty()))
    }

    /// `a + b`.
    pub fn add(&self, a: Value, b: Value) -> Value {
        self.binary("arith.addi", a, b)
    }

    /// `a - b`.
    pub fn sub(&self, a: Value, b: Value) -> Value {
        self.binary("arith.subi", a, b)
    }

    /// `a * b`.
    pub fn mul(&self, a: Value, b: Value) -> Value {
        self.binary("arith.muli", a, b)
    }

    /// `a << b`.
    pub fn shl(&self, a: Value, b: Value) -> Value {
        self.binary("arith.shli", a, b)
    }

    /// `a >> b`, zeros shifted in.
    pub fn shr(&self, a: Value, b: Value) -> Value {
        self.binary("arith.shrui", a, b)
    }

    /// The smaller of two signed integers.
    pub fn min(&self, a: Value, b: Value) -> Value {
        self.binary("arith.minsi", a, b)
    }

    /// The larger of two signed integers.
    pub fn max(&self, a: Value, b: Value) -> Value {
        self.binary("arith.maxsi", a, b)
    }

    /// Bitwise and.
    pub fn and(&self, a: Value, b: Value) -> Value {
        self.binary("arith.andi", a, b)
    }

    /// Bitwise or.
    pub fn or(&self, a: Value, b: Value) -> Value {
        self.binary("arith.ori", a, b)
    }

    /// A comparison, as `i1`.
    pub fn cmp(&self, predicate: Cmp, a: Value, b: Value) -> Value {
        let predicate = Attr::int(self.ctx, 64, predicate as i64);
        self.value(
            OpSpec::new("arith.cmpi").operands([a, b]).attr("predicate", predicate).result(self.int(1)),
        )
    }

    /// `condition ? a : b`.
    pub fn select(&self, condition: Value, a: Value, b: Value) -> Value {
        self.value(OpSpec::new("arith.select").operands([condition, a, b]).result(a.ty()))
    }

    /// A conversion between integer types: sign- or zero-extended, or truncated.
    pub fn resize(&self, value: Value, width: u32, signed: bool) -> Value {
        let from = value.ty().int_width().unwrap_or(width);
        let name = match width.cmp(&from) {
            std::cmp::Ordering::Equal => return value,
            std::cmp::Ordering::Less => "arith.trunci",
            std::cmp::Ordering::Greater if signed => "arith.extsi",
            std::cmp::Ordering::Greater => "arith.extui",
        };
        self.value(OpSpec::new(name).operands([value]).result(self.int(width)))
    }

    /// An element of a memref.
    pub fn load(&self, memref: Value, indices: &[Value]) -> Value {
        let spec = OpSpec::new("memref.load").operands([memref]).operands(indices.iter().copied());
        self.value(spec.result(memref.ty().element()))
    }

    /// Stores an element.
    pub fn store(&self, value: Value, memref: Value, indices: &[Value]) {
        self.effect(OpSpec::new("memref.store").operands([value, memref]).operands(indices.iter().copied()));
    }

    /// The memref of a global.
    pub fn global(&self, name: &str, ty: Type) -> Value {
        self.value(OpSpec::new("memref.get_global").attr("name", Attr::symbol(self.ctx, name)).result(ty))
    }

    /// `for i in from..to { carried = body(i, carried) }`.
    pub fn fold(
        &self,
        from: Value,
        to: Value,
        initial: &[Value],
        body: impl FnOnce(&Self, Value, &[Value]) -> Vec<Value>,
    ) -> Vec<Value> {
        let mut types = vec![Type::index(self.ctx)];
        types.extend(initial.iter().map(|v| v.ty()));
        let block = Block::detached(&types, self.loc);
        let inside = Self::new(self.ctx, block, self.loc);
        let arguments = block.args();
        let carried = body(&inside, arguments[0], &arguments[1..]);
        inside.effect(OpSpec::new("scf.yield").operands(carried));
        let step = self.index(1);
        let mut spec =
            OpSpec::new("scf.for").operands([from, to, step]).operands(initial.iter().copied()).region(block);
        for value in initial {
            spec = spec.result(value.ty());
        }
        self.builder.build(self.loc, spec).results()
    }

    /// `for i in 0..size { body(i) }`.
    pub fn each(&self, size: i64, body: impl FnOnce(&Self, Value)) {
        let (zero, size) = (self.index(0), self.index(size));
        self.fold(zero, size, &[], |kernel, index, _| {
            body(kernel, index);
            Vec::new()
        });
    }

    /// Visits every index of a shape, in row-major order.
    pub fn every(&self, shape: &[i64], body: impl FnOnce(&Self, &[Value])) {
        self.nest(shape, Vec::new(), Box::new(body));
    }

    fn nest(&self, shape: &[i64], mut indices: Vec<Value>, body: Visitor<'_>) {
        match shape.split_first() {
            None => body(self, &indices),
            Some((&size, rest)) => self.each(size, |kernel, index| {
                indices.push(index);
                kernel.nest(rest, indices, body);
            }),
        }
    }
}
