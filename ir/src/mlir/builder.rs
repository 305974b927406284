//! Building operations at a point of a block.

use mlir_sys::*;

use super::{Attr, Block, Ctx, Loc, Op, Type, Value, sref};

/// What an operation is to be made of.
#[derive(Clone)]
pub struct OpSpec<'n> {
    name: &'n str,
    operands: Vec<Value>,
    attrs: Vec<(&'n str, Attr)>,
    results: Vec<Type>,
    regions: Vec<Block>,
}

impl<'n> OpSpec<'n> {
    /// An operation with no operands, attributes or results yet.
    pub fn new(name: &'n str) -> Self {
        Self { name, operands: Vec::new(), attrs: Vec::new(), results: Vec::new(), regions: Vec::new() }
    }

    /// Adds operands.
    pub fn operands(mut self, operands: impl IntoIterator<Item = Value>) -> Self {
        self.operands.extend(operands);
        self
    }

    /// Adds an attribute.
    pub fn attr(mut self, name: &'n str, value: Attr) -> Self {
        self.attrs.push((name, value));
        self
    }

    /// Adds an attribute if there is one.
    pub fn attr_opt(self, name: &'n str, value: Option<Attr>) -> Self {
        match value {
            Some(value) => self.attr(name, value),
            None => self,
        }
    }

    /// Adds a region of one block, which must be detached and is owned by the operation from then on.
    pub fn region(mut self, block: Block) -> Self {
        self.regions.push(block);
        self
    }

    /// Adds a result.
    pub fn result(mut self, ty: Type) -> Self {
        self.results.push(ty);
        self
    }
}

/// Makes operations at one place: before an operation, or at the end of a block.
#[derive(Clone, Copy)]
pub struct Builder {
    ctx: Ctx,
    block: Block,
    before: Option<Op>,
}

impl Builder {
    /// Inserts before `op`, which must stand in a block.
    ///
    /// # Panics
    /// If `op` stands in no block.
    pub fn before(op: Op) -> Self {
        let block = op.block().expect("the operation stands in a block");
        Self { ctx: op.ctx(), block, before: Some(op) }
    }

    /// Appends to a block.
    pub fn at_end(ctx: Ctx, block: Block) -> Self {
        Self { ctx, block, before: None }
    }

    /// Inserts right after the definition of `value`.
    pub fn after_value(value: Value, block: Block, ctx: Ctx) -> Self {
        let next = match value.def() {
            Some(op) => unsafe { mlirOperationGetNextInBlock(op.raw()) },
            None => unsafe { mlirBlockGetFirstOperation(block.raw()) },
        };
        let before = (!next.ptr.is_null()).then(|| unsafe { Op::from_raw(next) });
        Self { ctx, block, before }
    }

    /// The context.
    pub fn ctx(self) -> Ctx {
        self.ctx
    }

    /// The block.
    pub fn block(self) -> Block {
        self.block
    }

    /// Creates the operation and inserts it.
    ///
    /// # Panics
    /// If MLIR refuses to create it, which only result type inference can cause and is never asked for.
    pub fn build(self, loc: Loc, spec: OpSpec<'_>) -> Op {
        let op = create(self.ctx, loc, spec);
        unsafe {
            match self.before {
                Some(next) => mlirBlockInsertOwnedOperationBefore(self.block.raw(), next.raw(), op.raw()),
                None => mlirBlockAppendOwnedOperation(self.block.raw(), op.raw()),
            }
        }
        op
    }

    /// Creates an operation with one result and gives that.
    pub fn value(self, loc: Loc, spec: OpSpec<'_>) -> Value {
        self.build(loc, spec).result(0)
    }
}

/// Creates an operation that stands in no block yet.
fn create(ctx: Ctx, loc: Loc, spec: OpSpec<'_>) -> Op {
    unsafe {
        let mut state = mlirOperationStateGet(sref(spec.name), loc.raw());
        let named: Vec<MlirNamedAttribute> = spec
            .attrs
            .iter()
            .map(|(name, value)| mlirNamedAttributeGet(mlirIdentifierGet(ctx.raw(), sref(name)), value.raw()))
            .collect();
        let operands: Vec<MlirValue> = spec.operands.iter().map(|v| v.raw()).collect();
        let results: Vec<MlirType> = spec.results.iter().map(|t| t.raw()).collect();
        mlirOperationStateAddAttributes(&mut state, named.len() as isize, named.as_ptr());
        mlirOperationStateAddOperands(&mut state, operands.len() as isize, operands.as_ptr());
        mlirOperationStateAddResults(&mut state, results.len() as isize, results.as_ptr());
        for block in &spec.regions {
            let region = mlirRegionCreate();
            mlirRegionAppendOwnedBlock(region, block.raw());
            mlirOperationStateAddOwnedRegions(&mut state, 1, &region);
        }
        let raw = mlirOperationCreate(&mut state);
        assert!(!raw.ptr.is_null(), "MLIR refused to create {}", spec.name);
        Op::from_raw(raw)
    }
}

impl Ctx {
    /// Appends `func.func @name` with one empty block to a module's block, and gives both.
    pub fn add_function(
        self,
        module: Block,
        loc: Loc,
        name: &str,
        inputs: &[(Type, Loc)],
        results: &[Type],
    ) -> (Op, Block) {
        let (function, block) = self.function(loc, name, inputs, results);
        unsafe { mlirBlockAppendOwnedOperation(module.raw(), function.raw()) }
        (function, block)
    }

    /// Appends the declaration of a function that is defined elsewhere.
    pub fn declare_function(
        self,
        module: Block,
        loc: Loc,
        name: &str,
        inputs: &[Type],
        results: &[Type],
    ) -> Op {
        unsafe {
            let region = mlirRegionCreate();
            let mut state = mlirOperationStateGet(sref("func.func"), loc.raw());
            let attrs = [
                ("sym_name", Attr::string(self, name)),
                ("sym_visibility", Attr::string(self, "private")),
                ("function_type", Attr::ty(Type::function(self, inputs, results))),
            ]
            .map(|(key, value)| mlirNamedAttributeGet(mlirIdentifierGet(self.raw(), sref(key)), value.raw()));
            mlirOperationStateAddAttributes(&mut state, attrs.len() as isize, attrs.as_ptr());
            mlirOperationStateAddOwnedRegions(&mut state, 1, &region);
            let op = mlirOperationCreate(&mut state);
            mlirBlockAppendOwnedOperation(module.raw(), op);
            Op::from_raw(op)
        }
    }

    /// A detached `func.func @name` with one empty block, and that block.
    pub(crate) fn function(
        self,
        loc: Loc,
        name: &str,
        inputs: &[(Type, Loc)],
        results: &[Type],
    ) -> (Op, Block) {
        let types: Vec<Type> = inputs.iter().map(|(ty, _)| *ty).collect();
        unsafe {
            let raw_types: Vec<MlirType> = types.iter().map(|t| t.raw()).collect();
            let raw_locs: Vec<MlirLocation> = inputs.iter().map(|(_, loc)| loc.raw()).collect();
            let block = mlirBlockCreate(raw_types.len() as isize, raw_types.as_ptr(), raw_locs.as_ptr());
            let region = mlirRegionCreate();
            mlirRegionAppendOwnedBlock(region, block);
            let mut state = mlirOperationStateGet(sref("func.func"), loc.raw());
            let attrs = [
                ("sym_name", Attr::string(self, name)),
                ("function_type", Attr::ty(Type::function(self, &types, results))),
            ]
            .map(|(key, value)| mlirNamedAttributeGet(mlirIdentifierGet(self.raw(), sref(key)), value.raw()));
            mlirOperationStateAddAttributes(&mut state, attrs.len() as isize, attrs.as_ptr());
            mlirOperationStateAddOwnedRegions(&mut state, 1, &region);
            let op = Op::from_raw(mlirOperationCreate(&mut state));
            (op, Block::from_raw(block))
        }
    }
}
