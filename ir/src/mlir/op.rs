//! Operations, values, blocks and locations.

use std::fmt;

use mlir_sys::*;

use super::{Attr, Ctx, Type, collect, sref, string};

/// An operation.
#[derive(Clone, Copy)]
pub struct Op(MlirOperation);

/// A value: an operation's result or a block's argument.
#[derive(Clone, Copy)]
pub struct Value(MlirValue);

/// A block of operations.
#[derive(Clone, Copy)]
pub struct Block(MlirBlock);

/// A source location.
#[derive(Clone, Copy)]
pub struct Loc(MlirLocation);

impl Op {
    /// Wraps an operation that MLIR handed out.
    ///
    /// # Safety
    /// `raw` must be a live operation.
    pub unsafe fn from_raw(raw: MlirOperation) -> Self {
        Self(raw)
    }

    /// The pointer for calls into MLIR.
    pub fn raw(self) -> MlirOperation {
        self.0
    }

    /// The full name, such as `tosa.conv2d`.
    pub fn name(self) -> String {
        unsafe { string(mlirIdentifierStr(mlirOperationGetName(self.0))) }
    }

    /// Whether the operation has this full name.
    pub fn is(self, name: &str) -> bool {
        unsafe { mlirStringRefEqual(mlirIdentifierStr(mlirOperationGetName(self.0)), sref(name)) }
    }

    /// The context.
    pub fn ctx(self) -> Ctx {
        unsafe { Ctx::from_raw(mlirOperationGetContext(self.0)) }
    }

    /// Where the operation comes from.
    pub fn loc(self) -> Loc {
        Loc(unsafe { mlirOperationGetLocation(self.0) })
    }

    /// Says that the operation comes from elsewhere.
    pub fn set_loc(self, loc: Loc) {
        unsafe { mlirOperationSetLocation(self.0, loc.0) }
    }

    /// Number of operands.
    pub fn operand_count(self) -> usize {
        unsafe { mlirOperationGetNumOperands(self.0) as usize }
    }

    /// Operand `index`.
    ///
    /// # Panics
    /// If there is none: operands are declared by the dialect, an index is the compiler's own.
    pub fn operand(self, index: usize) -> Value {
        assert!(index < self.operand_count(), "{} has no operand {index}", self.name());
        Value(unsafe { mlirOperationGetOperand(self.0, index as isize) })
    }

    /// All operands.
    pub fn operands(self) -> Vec<Value> {
        (0..self.operand_count()).map(|i| self.operand(i)).collect()
    }

    /// Replaces operand `index`.
    pub fn set_operand(self, index: usize, value: Value) {
        unsafe { mlirOperationSetOperand(self.0, index as isize, value.0) }
    }

    /// Number of results.
    pub fn result_count(self) -> usize {
        unsafe { mlirOperationGetNumResults(self.0) as usize }
    }

    /// Result `index`.
    ///
    /// # Panics
    /// If there is none.
    pub fn result(self, index: usize) -> Value {
        assert!(index < self.result_count(), "{} has no result {index}", self.name());
        Value(unsafe { mlirOperationGetResult(self.0, index as isize) })
    }

    /// All results.
    pub fn results(self) -> Vec<Value> {
        (0..self.result_count()).map(|i| self.result(i)).collect()
    }

    /// An attribute, inherent or discardable.
    pub fn attr(self, name: &str) -> Option<Attr> {
        unsafe { Attr::from_nullable(mlirOperationGetAttributeByName(self.0, sref(name))) }
    }

    /// Sets an attribute, inherent or discardable.
    pub fn set_attr(self, name: &str, value: Attr) {
        unsafe { mlirOperationSetAttributeByName(self.0, sref(name), value.raw()) }
    }

    /// Removes an attribute, if it is there.
    pub fn remove_attr(self, name: &str) {
        unsafe { mlirOperationRemoveAttributeByName(self.0, sref(name)) };
    }

    /// All attributes, inherent ones first.
    pub fn attrs(self) -> Vec<(String, Attr)> {
        let count = unsafe { mlirOperationGetNumAttributes(self.0) };
        (0..count)
            .map(|i| unsafe {
                let named = mlirOperationGetAttribute(self.0, i);
                (string(mlirIdentifierStr(named.name)), Attr::from_raw(named.attribute))
            })
            .collect()
    }

    /// The block that the operation stands in.
    pub fn block(self) -> Option<Block> {
        let raw = unsafe { mlirOperationGetBlock(self.0) };
        (!raw.ptr.is_null()).then_some(Block(raw))
    }

    /// The operation around this one.
    pub fn parent(self) -> Option<Self> {
        let raw = unsafe { mlirOperationGetParentOperation(self.0) };
        (!raw.ptr.is_null()).then_some(Self(raw))
    }

    /// The blocks of all regions.
    pub fn blocks(self) -> Vec<Block> {
        let mut blocks = Vec::new();
        unsafe {
            for index in 0..mlirOperationGetNumRegions(self.0) {
                let mut block = mlirRegionGetFirstBlock(mlirOperationGetRegion(self.0, index));
                while !block.ptr.is_null() {
                    blocks.push(Block(block));
                    block = mlirBlockGetNextInRegion(block);
                }
            }
        }
        blocks
    }

    /// The blocks that the operation may jump to.
    pub fn successors(self) -> Vec<Block> {
        unsafe {
            (0..mlirOperationGetNumSuccessors(self.0))
                .map(|index| Block(mlirOperationGetSuccessor(self.0, index)))
                .collect()
        }
    }

    /// All operations below this one, each before those inside it.
    pub fn descendants(self) -> Vec<Self> {
        let mut found = Vec::new();
        for op in self.blocks().into_iter().flat_map(Block::ops) {
            found.push(op);
            found.extend(op.descendants());
        }
        found
    }

    /// Whether no result is used.
    pub fn is_unused(self) -> bool {
        self.results().iter().all(|result| !result.is_used())
    }

    /// Removes the operation from its block and destroys it. The handle must not be used again.
    pub fn erase(self) {
        unsafe { mlirOperationDestroy(self.0) }
    }

    /// Gives all uses of the only result to `value` and erases the operation.
    pub fn replace_with(self, value: Value) {
        self.result(0).replace_all_uses_with(value);
        self.erase();
    }

    /// Runs the verifiers of this operation and all below it.
    pub fn verify(self) -> bool {
        unsafe { mlirOperationVerify(self.0) }
    }
}

impl PartialEq for Op {
    fn eq(&self, other: &Self) -> bool {
        self.0.ptr == other.0.ptr
    }
}
impl Eq for Op {}
impl std::hash::Hash for Op {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.ptr.hash(state);
    }
}

impl Op {
    /// The text of a valid operation by itself. Unlike [`fmt::Display`], it neither verifies it nor looks at what
    /// surrounds it, which takes much longer.
    pub fn text_alone(self) -> String {
        unsafe {
            let flags = mlirOpPrintingFlagsCreate();
            mlirOpPrintingFlagsUseLocalScope(flags);
            mlirOpPrintingFlagsAssumeVerified(flags);
            let text = collect(|print, data| mlirOperationPrintWithFlags(self.0, flags, print, data));
            mlirOpPrintingFlagsDestroy(flags);
            text
        }
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&collect(|print, data| unsafe { mlirOperationPrint(self.0, print, data) }))
    }
}

impl Value {
    /// Wraps a value that MLIR handed out.
    ///
    /// # Safety
    /// `raw` must be a live value.
    pub unsafe fn from_raw(raw: MlirValue) -> Self {
        Self(raw)
    }

    /// The pointer for calls into MLIR.
    pub fn raw(self) -> MlirValue {
        self.0
    }

    /// The type.
    pub fn ty(self) -> Type {
        unsafe { Type::from_raw(mlirValueGetType(self.0)) }
    }

    /// Where the value comes from: its operation's location, or a block argument's own.
    pub fn loc(self) -> Loc {
        Loc(unsafe { mlirValueGetLocation(self.0) })
    }

    /// Changes the type in place; the caller keeps users valid.
    pub fn set_ty(self, ty: Type) {
        unsafe { mlirValueSetType(self.0, ty.raw()) }
    }

    /// The operation that yields the value; none for block arguments.
    pub fn def(self) -> Option<Op> {
        unsafe { mlirValueIsAOpResult(self.0).then(|| Op(mlirOpResultGetOwner(self.0))) }
    }

    /// The defining operation if it has this name.
    pub fn def_as(self, name: &str) -> Option<Op> {
        self.def().filter(|op| op.is(name))
    }

    /// Position among the block's arguments; none for results.
    pub fn arg_index(self) -> Option<usize> {
        unsafe { mlirValueIsABlockArgument(self.0).then(|| mlirBlockArgumentGetArgNumber(self.0) as usize) }
    }

    /// Every use, as (operation, operand number).
    pub fn uses(self) -> Vec<(Op, usize)> {
        let mut uses = Vec::new();
        unsafe {
            let mut operand = mlirValueGetFirstUse(self.0);
            while !mlirOpOperandIsNull(operand) {
                uses.push((
                    Op(mlirOpOperandGetOwner(operand)),
                    mlirOpOperandGetOperandNumber(operand) as usize,
                ));
                operand = mlirOpOperandGetNextUse(operand);
            }
        }
        uses
    }

    /// Whether anything uses the value.
    pub fn is_used(self) -> bool {
        unsafe { !mlirOpOperandIsNull(mlirValueGetFirstUse(self.0)) }
    }

    /// Whether exactly one operand uses the value.
    pub fn has_one_use(self) -> bool {
        unsafe {
            let first = mlirValueGetFirstUse(self.0);
            !mlirOpOperandIsNull(first) && mlirOpOperandIsNull(mlirOpOperandGetNextUse(first))
        }
    }

    /// Redirects all uses to another value.
    pub fn replace_all_uses_with(self, value: Self) {
        unsafe { mlirValueReplaceAllUsesOfWith(self.0, value.0) }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        unsafe { mlirValueEqual(self.0, other.0) }
    }
}
impl Eq for Value {}
impl std::hash::Hash for Value {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.ptr.hash(state);
    }
}

impl Block {
    /// Wraps a block that MLIR handed out.
    ///
    /// # Safety
    /// `raw` must be a live block.
    pub unsafe fn from_raw(raw: MlirBlock) -> Self {
        Self(raw)
    }

    /// A block that stands nowhere yet, with arguments of these types.
    pub fn detached(arguments: &[Type], loc: Loc) -> Self {
        let types: Vec<MlirType> = arguments.iter().map(|ty| ty.raw()).collect();
        let locs = vec![loc.raw(); types.len()];
        Self(unsafe { mlirBlockCreate(types.len() as isize, types.as_ptr(), locs.as_ptr()) })
    }

    /// The operations, first to last.
    pub fn ops(self) -> Vec<Op> {
        let mut ops = Vec::new();
        unsafe {
            let mut op = mlirBlockGetFirstOperation(self.0);
            while !op.ptr.is_null() {
                ops.push(Op(op));
                op = mlirOperationGetNextInBlock(op);
            }
        }
        ops
    }

    /// The arguments.
    pub fn args(self) -> Vec<Value> {
        unsafe {
            (0..mlirBlockGetNumArguments(self.0)).map(|i| Value(mlirBlockGetArgument(self.0, i))).collect()
        }
    }

    /// Adds an argument.
    pub fn add_arg(self, ty: Type, loc: Loc) -> Value {
        Value(unsafe { mlirBlockAddArgument(self.0, ty.raw(), loc.raw()) })
    }

    /// The last operation.
    pub fn terminator(self) -> Option<Op> {
        let raw = unsafe { mlirBlockGetTerminator(self.0) };
        (!raw.ptr.is_null()).then_some(Op(raw))
    }

    /// The pointer for calls into MLIR.
    pub fn raw(self) -> MlirBlock {
        self.0
    }
}

impl PartialEq for Block {
    fn eq(&self, other: &Self) -> bool {
        self.0.ptr == other.0.ptr
    }
}
impl Eq for Block {}
impl std::hash::Hash for Block {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.ptr.hash(state);
    }
}

impl Loc {
    /// Wraps a location that MLIR handed out.
    ///
    /// # Safety
    /// `raw` must be a live location.
    pub unsafe fn from_raw(raw: MlirLocation) -> Self {
        Self(raw)
    }

    /// The pointer for calls into MLIR.
    pub fn raw(self) -> MlirLocation {
        self.0
    }

    /// No location.
    pub fn unknown(ctx: Ctx) -> Self {
        Self(unsafe { mlirLocationUnknownGet(ctx.raw()) })
    }

    /// A line and column of a file.
    pub fn file(ctx: Ctx, file: &str, line: u32, column: u32) -> Self {
        Self(unsafe { mlirLocationFileLineColGet(ctx.raw(), sref(file), line, column) })
    }

    /// A name, with a location below it.
    pub fn named(ctx: Ctx, name: &str, child: Self) -> Self {
        Self(unsafe { mlirLocationNameGet(ctx.raw(), sref(name), child.0) })
    }

    /// The location with a tag: an attribute that diagnostics do not show and that CSE does not compare.
    pub fn tagged(self, tag: Attr) -> Self {
        let plain = self.untagged();
        Self(unsafe { mlirLocationFusedGet(mlirLocationGetContext(plain.0), 1, &plain.0, tag.raw()) })
    }

    /// The tag, if it has one.
    pub fn tag(self) -> Option<Attr> {
        unsafe {
            let fused = mlirLocationIsAFused(self.0) && mlirLocationFusedGetNumLocations(self.0) == 1;
            fused.then(|| Attr::from_nullable(mlirLocationFusedGetMetadata(self.0))).flatten()
        }
    }

    /// The location without its tag.
    pub fn untagged(self) -> Self {
        if self.tag().is_none() {
            return self;
        }
        let mut inner = self.0;
        unsafe { mlirLocationFusedGetLocations(self.0, &mut inner) };
        Self(inner)
    }

    /// The name, if it is a named location.
    pub fn name(self) -> Option<String> {
        let raw = self.untagged().0;
        unsafe { mlirLocationIsAName(raw).then(|| string(mlirIdentifierStr(mlirLocationNameGetName(raw)))) }
    }

    /// File, line and column, looking below names and tags.
    pub fn position(self) -> Option<(String, u32, u32)> {
        if self.tag().is_some() {
            return self.untagged().position();
        }
        unsafe {
            if mlirLocationIsAName(self.0) {
                return Self(mlirLocationNameGetChildLoc(self.0)).position();
            }
            mlirLocationIsAFileLineColRange(self.0).then(|| {
                (
                    string(mlirIdentifierStr(mlirLocationFileLineColRangeGetFilename(self.0))),
                    mlirLocationFileLineColRangeGetStartLine(self.0) as u32,
                    mlirLocationFileLineColRangeGetStartColumn(self.0) as u32,
                )
            })
        }
    }
}
