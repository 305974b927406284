//! Building kernel functions: integers, loops and memory, in upstream dialects.

use afp_ir::{
    mlir::{Attr, Block, Builder, Ctx, Loc, Op, OpSpec, Type, Value},
    numerics::{Format, Rounding},
};

/// Comparison predicates of `arith.cmpi`.
#[derive(Clone, Copy)]
pub enum Cmp {
    /// Equal.
    Eq = 0,
    /// Not equal.
    Ne = 1,
    /// Signed less.
    Slt = 2,
    /// Signed less or equal.
    Sle = 3,
    /// Signed greater.
    Sgt = 4,
    /// Signed greater or equal.
    Sge = 5,
    /// Unsigned greater.
    Ugt = 8,
}

/// A scalar or vector type with another element.
pub fn with_element(ty: Type, element: Type) -> Type {
    match ty.lanes() {
        Some(lanes) => Type::vector(lanes, element),
        None => element,
    }
}

/// A vector of integers.
pub fn vector(k: &Kernel, lanes: i64, width: u32) -> Type {
    Type::vector(lanes, k.int(width))
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

    /// Inserts before an operation, at its location.
    pub fn before(op: Op) -> Self {
        Self { builder: Builder::before(op), ctx: op.ctx(), loc: op.loc() }
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

    /// The block that operations are appended to.
    pub fn block(&self) -> Block {
        self.builder.block()
    }

    /// The location that operations get.
    pub fn loc(&self) -> Loc {
        self.loc
    }

    /// An integer constant; for a vector type the same in every lane.
    pub fn constant(&self, ty: Type, value: i64) -> Value {
        let one = Attr::typed_int(ty.element(), value);
        let attr = if ty.lanes().is_some() { Attr::splat(ty, one) } else { one };
        self.value(OpSpec::new("arith.constant").attr("value", attr).result(ty))
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
        let result = with_element(a.ty(), self.int(1));
        self.value(OpSpec::new("arith.cmpi").operands([a, b]).attr("predicate", predicate).result(result))
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
        self.value(OpSpec::new(name).operands([value]).result(with_element(value.ty(), self.int(width))))
    }

    /// An integer as an index.
    pub fn to_index(&self, value: Value) -> Value {
        self.value(OpSpec::new("arith.index_cast").operands([value]).result(Type::index(self.ctx)))
    }

    /// `lanes` neighbours of a memref of one dimension.
    pub fn vector_load(&self, memref: Value, index: Value, lanes: i64) -> Value {
        let ty = Type::vector(lanes, memref.ty().element());
        self.value(OpSpec::new("vector.load").operands([memref, index]).result(ty))
    }

    /// Stores the lanes of a vector as neighbours in a memref of one dimension.
    pub fn vector_store(&self, value: Value, memref: Value, index: Value) {
        self.effect(OpSpec::new("vector.store").operands([value, memref, index]));
    }

    /// A scalar, or a vector's only element, in every lane.
    pub fn broadcast(&self, value: Value, lanes: i64) -> Value {
        let ty = Type::vector(lanes, value.ty().element());
        self.value(OpSpec::new("vector.broadcast").operands([value]).result(ty))
    }

    /// The bits of a vector as elements of another width.
    pub fn vector_bitcast(&self, value: Value, width: u32) -> Value {
        let bits = value.ty().lanes().unwrap_or(1) * i64::from(value.ty().int_width().unwrap_or(width));
        let ty = Type::vector(bits / i64::from(width), self.int(width));
        self.value(OpSpec::new("vector.bitcast").operands([value]).result(ty))
    }

    /// Lanes of two vectors of one type, those of the second numbered behind those of the first.
    pub fn shuffle(&self, a: Value, b: Value, lanes: &[i64]) -> Value {
        let ty = Type::vector(lanes.len() as i64, a.ty().element());
        let spec = OpSpec::new("vector.shuffle").operands([a, b]);
        self.value(spec.attr("mask", Attr::i64s(self.ctx, lanes)).result(ty))
    }

    /// The lanes of a vector, and behind them those of another of its type.
    pub fn joined(&self, a: Value, b: Value) -> Value {
        let lanes: Vec<i64> = (0..2 * a.ty().lanes().unwrap_or(1)).collect();
        self.shuffle(a, b, &lanes)
    }

    /// All lanes of a vector as one, by a kind of `vector.reduction` such as `maxsi`.
    pub fn reduce(&self, kind: &str, vector: Value) -> Value {
        let kind = Attr::parse(self.ctx, &format!("#vector.kind<{kind}>"));
        let spec = OpSpec::new("vector.reduction").operands([vector]).attr_opt("kind", kind);
        self.value(spec.result(vector.ty().element()))
    }

    /// The lanes of four vectors of 32 bits as bytes; see `afpk.pack`.
    pub fn pack(&self, parts: [Value; 4], unsigned: bool) -> Value {
        let ty = Type::vector(4 * parts[0].ty().lanes().unwrap_or(4), self.int(8));
        let spec = OpSpec::new("afpk.pack").operands(parts);
        self.value(spec.attr_opt("to_unsigned", unsigned.then(|| Attr::unit(self.ctx))).result(ty))
    }

    /// Products of neighbours, added to sums: see `afpk.dot`. With them, whether the first factors' bytes have no
    /// sign, and whether sums of two neighbours' products, of all pairs of factors, fit 16 bits.
    pub fn dot(&self, sum: Value, factors: &[[Value; 2]], (unsigned, pairs_fit): (bool, bool)) -> Value {
        let unit = || Attr::unit(self.ctx);
        let spec = OpSpec::new("afpk.dot")
            .operands([sum])
            .operands(factors.iter().copied().flatten())
            .attr_opt("unsigned_a", unsigned.then(unit))
            .attr_opt("pairs_fit", pairs_fit.then(unit));
        self.value(spec.result(sum.ty()))
    }

    /// Products of two rows of bytes with two others, added to sums: see `afpk.mmla`.
    pub fn mmla(&self, sums: Value, a: Value, b: Value) -> Value {
        self.value(OpSpec::new("afpk.mmla").operands([sums, a, b]).result(sums.ty()))
    }

    /// The integers of packed codes, as many as there are bytes; see `afpk.unpack`.
    pub fn unpack(&self, packed: Value, format: Format) -> Value {
        let format = Attr::string(self.ctx, &format.to_string());
        let spec = OpSpec::new("afpk.unpack").operands([packed]).attr("format", format);
        self.value(spec.result(packed.ty()))
    }

    /// The bytes of a table of 256 that bytes name; see `afpk.lookup`.
    pub fn lookup(&self, table: Value, index: Value) -> Value {
        self.value(OpSpec::new("afpk.lookup").operands([table, index]).result(index.ty()))
    }

    /// Asks for memory that will be read soon.
    pub fn prefetch(&self, memref: Value, index: Value) {
        self.effect(OpSpec::new("afpk.prefetch").operands([memref, index]));
    }

    /// A call of an intrinsic of LLVM.
    pub fn intrinsic(&self, name: &str, operands: &[Value], result: Type) -> Value {
        self.value(self.intrinsic_spec(name, operands).result(result))
    }

    /// A call of an intrinsic without a result.
    pub fn effect_intrinsic(&self, name: &str, operands: &[Value]) {
        self.effect(self.intrinsic_spec(name, operands));
    }

    fn intrinsic_spec<'a>(&self, name: &str, operands: &[Value]) -> OpSpec<'a> {
        let sizes = Attr::i32s(self.ctx, &[operands.len() as i32, 0]);
        OpSpec::new("llvm.call_intrinsic")
            .operands(operands.iter().copied())
            .attr("intrin", Attr::string(self.ctx, name))
            .attr("operandSegmentSizes", sizes)
            .attr("op_bundle_sizes", Attr::i32s(self.ctx, &[]))
    }

    /// The integer of a code, `bits` wide.
    pub fn decode(&self, code: Value, format: Format, bits: u32) -> Value {
        let format = Attr::string(self.ctx, &format.to_string());
        let ty = with_element(code.ty(), self.int(bits));
        self.value(OpSpec::new("afpk.decode").operands([code]).attr("format", format).result(ty))
    }

    /// The code, `bits` wide, of an integer that the format holds.
    pub fn code(&self, integer: Value, format: Format, bits: u32) -> Value {
        let format = Attr::string(self.ctx, &format.to_string());
        let ty = with_element(integer.ty(), self.int(bits));
        self.value(OpSpec::new("afpk.code").operands([integer]).attr("format", format).result(ty))
    }

    /// An integer times a code, by shifts and additions.
    pub fn shift_mul(&self, integer: Value, code: Value, format: Format) -> Value {
        let format = Attr::string(self.ctx, &format.to_string());
        let spec = OpSpec::new("afpk.shift_mul").operands([integer, code]).attr("format", format);
        self.value(spec.result(integer.ty()))
    }

    /// The integer of the code nearest to `value * 2^-shift / divisor`; see `afpk.encode`. With the shift
    /// come the least and the largest that it can be.
    pub fn encode(
        &self,
        (value, bits): (Value, u32),
        (shift, (least, largest)): (Value, (i64, i64)),
        divisor: Option<Value>,
        (format, rounding): (Format, Rounding),
    ) -> Value {
        let width = value.ty().int_width().unwrap_or(64);
        let is_right = least >= 0 && largest < i64::from(width);
        let spec = OpSpec::new("afpk.encode")
            .operands([value, shift])
            .operands(divisor)
            .attr("format", Attr::string(self.ctx, &format.to_string()))
            .attr("round", Attr::string(self.ctx, &rounding.to_string()))
            .attr("bits", Attr::int(self.ctx, 32, i64::from(bits)))
            .attr_opt("right", is_right.then(|| Attr::unit(self.ctx)));
        self.value(spec.result(value.ty()))
    }

    /// A memref's elements in one dimension.
    pub fn flat(&self, memref: Value) -> Value {
        let Some(shape) = memref.ty().memref_shape() else { return memref };
        if shape.len() == 1 {
            return memref;
        }
        let ty = Type::memref(&[shape.iter().product()], memref.ty().element());
        let all: Vec<Attr> = (0..shape.len()).map(|d| Attr::int(self.ctx, 64, d as i64)).collect();
        let groups = Attr::array(self.ctx, &[Attr::array(self.ctx, &all)]);
        let spec = OpSpec::new("memref.collapse_shape").operands([memref]).attr("reassociation", groups);
        self.value(spec.result(ty))
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

    /// Visits a run by so many neighbours at a time: `body` gets the first of them. The last ones overlap those before
    /// where they must.
    pub fn over(
        &self,
        run: i64,
        lanes: i64,
        initial: &[Value],
        body: impl FnOnce(&Self, Value, &[Value]) -> Vec<Value>,
    ) -> Vec<Value> {
        let count = (run + lanes - 1) / lanes;
        self.fold(self.index(0), self.index(count), initial, |k, part, carried| {
            let first = k.mul(part, k.index(lanes));
            body(k, if run % lanes == 0 { first } else { k.min(first, k.index(run - lanes)) }, carried)
        })
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
