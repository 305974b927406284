//! The session: an MLIR context with every dialect the compiler reads, and the diagnostics it saw.

use std::{
    marker::PhantomData,
    sync::{Arc, Mutex},
};

use melior::{
    Context,
    dialect::{DialectHandle, DialectRegistry},
    utility::register_all_dialects,
};
use mlir_sys::*;

use super::{Attr, Block, Builder, Loc, Op, Type, collect, sref, string};
use crate::diag::Diagnostic;

unsafe extern "C" {
    fn mlirGetDialectHandle__afp__() -> MlirDialectHandle;
    fn mlirGetDialectHandle__afpk__() -> MlirDialectHandle;
}

/// A context, without ownership.
#[derive(Clone, Copy)]
pub struct Ctx(MlirContext);

impl Ctx {
    /// Wraps a context that MLIR handed out.
    ///
    /// # Safety
    /// `raw` must be a live context.
    pub unsafe fn from_raw(raw: MlirContext) -> Self {
        Self(raw)
    }

    /// The pointer for calls into MLIR.
    pub fn raw(self) -> MlirContext {
        self.0
    }
}

/// An owned context, and what was diagnosed in it.
pub struct Session {
    context: Context,
    diagnostics: Arc<Mutex<Vec<Diagnostic>>>,
}

/// A module could not be read; [`Session::take_diagnostics`] says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the module could not be read")]
pub struct ParseError;

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Session {
    /// A context with the upstream dialects and `afp`. Diagnostics are collected, not printed.
    pub fn new() -> Self {
        let registry = DialectRegistry::new();
        register_all_dialects(&registry);
        // SAFETY: the handles are statics of the dialects' registrations.
        for handle in unsafe { [mlirGetDialectHandle__afp__(), mlirGetDialectHandle__afpk__()] } {
            unsafe { DialectHandle::from_raw(handle) }.insert_dialect(&registry);
        }
        let context = Context::new();
        context.append_dialect_registry(&registry);
        for dialect in ["func", "tosa", "afp", "afpk"] {
            context.get_or_load_dialect(dialect);
        }
        let diagnostics: Arc<Mutex<Vec<Diagnostic>>> = Arc::default();
        let sink = Arc::clone(&diagnostics);
        context.attach_diagnostic_handler(move |found| {
            if let Ok(mut list) = sink.lock() {
                list.push(Diagnostic::from_mlir(&found));
            }
            true
        });
        Self { context, diagnostics }
    }

    /// The context as a copyable handle.
    pub fn ctx(&self) -> Ctx {
        Ctx(self.context.to_raw())
    }

    /// The owned context, for melior's own interfaces.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// What was diagnosed since the last call.
    pub fn take_diagnostics(&self) -> Vec<Diagnostic> {
        self.diagnostics.lock().map(|mut list| std::mem::take(&mut *list)).unwrap_or_default()
    }

    /// Reads a module from text or bytecode and verifies it. `name` is the file name that locations
    /// and diagnostics carry.
    ///
    /// # Errors
    /// If the source does not parse or verify.
    pub fn parse(&self, name: &str, source: &[u8]) -> Result<SourceModule<'_>, ParseError> {
        let buffer = AlignedBuffer::new(source);
        let text = MlirStringRef { data: buffer.0.as_ptr().cast(), length: source.len() };
        let raw = unsafe { mlirOperationCreateParse(self.ctx().0, text, sref(name)) };
        if raw.ptr.is_null() {
            return Err(ParseError);
        }
        let op = unsafe { Op::from_raw(raw) };
        if op.is("builtin.module") {
            return Ok(SourceModule { raw, session: PhantomData });
        }
        // As MLIR's own tools do, a module is put around an operation that stands alone.
        let module = self.empty_module(op.loc());
        match module.op().blocks().first() {
            Some(body) => unsafe { mlirBlockAppendOwnedOperation(body.raw(), raw) },
            None => op.erase(),
        }
        if module.op().verify() { Ok(module) } else { Err(ParseError) }
    }

    /// A module with nothing in it.
    pub fn empty_module(&self, loc: Loc) -> SourceModule<'_> {
        let raw = unsafe { mlirModuleGetOperation(mlirModuleCreateEmpty(loc.raw())) };
        SourceModule { raw, session: PhantomData }
    }
}

/// A copy of a source, aligned as bytecode needs it, with the zero behind it that the text parser needs.
struct AlignedBuffer(Vec<Line>);

#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line([u8; 64]);

impl AlignedBuffer {
    fn new(source: &[u8]) -> Self {
        let mut lines = vec![Line([0; 64]); source.len() / 64 + 1];
        for (line, chunk) in lines.iter_mut().zip(source.chunks(64)) {
            line.0[..chunk.len()].copy_from_slice(chunk);
        }
        Self(lines)
    }
}

/// An owned module.
pub struct SourceModule<'s> {
    raw: MlirOperation,
    session: PhantomData<&'s Session>,
}

impl<'s> SourceModule<'s> {
    /// A copy of the module, for passes whose result is not to replace it.
    pub fn duplicate(&self) -> SourceModule<'s> {
        SourceModule { raw: unsafe { mlirOperationClone(self.raw) }, session: PhantomData }
    }

    /// The module operation.
    pub fn op(&self) -> Op {
        unsafe { Op::from_raw(self.raw) }
    }

    /// The functions, in order.
    pub fn functions(&self) -> Vec<Op> {
        self.op().blocks().into_iter().flat_map(Block::ops).filter(|op| op.is("func.func")).collect()
    }

    /// The functions that others may call, in order.
    pub fn public_functions(&self) -> Vec<Op> {
        let visibility = |op: &Op| op.attr("sym_visibility").and_then(Attr::as_string);
        let mut functions = self.functions();
        functions.retain(|op| visibility(op).is_none_or(|visibility| visibility == "public"));
        functions
    }

    /// Appends `func.func @name` with one empty block, and gives both.
    pub fn add_function(
        &self,
        loc: Loc,
        name: &str,
        inputs: &[(Type, Loc)],
        results: &[Type],
    ) -> (Op, Block) {
        let ctx = self.op().ctx();
        let (function, block) = ctx.function(loc, name, inputs, results);
        if let Some(body) = self.op().blocks().first() {
            unsafe { mlirBlockAppendOwnedOperation(body.raw(), function.raw()) }
        }
        (function, block)
    }

    /// A builder at the end of a block of this module.
    pub fn builder(&self, block: Block) -> Builder {
        Builder::at_end(self.op().ctx(), block)
    }

    /// The module as text; with locations if `locations`.
    pub fn to_text(&self, locations: bool) -> String {
        collect(|print, data| unsafe {
            let flags = mlirOpPrintingFlagsCreate();
            if locations {
                mlirOpPrintingFlagsEnableDebugInfo(flags, true, false);
            }
            mlirOperationPrintWithFlags(self.raw, flags, print, data);
            mlirOpPrintingFlagsDestroy(flags);
        })
    }

    /// The module as bytecode.
    pub fn to_bytecode(&self) -> Vec<u8> {
        unsafe extern "C" fn append(text: MlirStringRef, out: *mut std::ffi::c_void) {
            // SAFETY: `out` is the vector below, and `text` points to readable bytes.
            unsafe {
                (*out.cast::<Vec<u8>>())
                    .extend_from_slice(std::slice::from_raw_parts(text.data.cast(), text.length));
            }
        }
        let mut bytes: Vec<u8> = Vec::new();
        unsafe { mlirOperationWriteBytecode(self.raw, Some(append), (&raw mut bytes).cast()) };
        bytes
    }

    /// Runs a textual pass pipeline, such as `builtin.module(canonicalize)`.
    ///
    /// # Errors
    /// The parser's message if the pipeline is malformed; an empty text if a pass failed, after
    /// its diagnostics.
    pub fn run_pipeline(&self, pipeline: &str) -> Result<(), String> {
        self.run_passes(pipeline, true)
    }

    /// As [`Self::run_pipeline`], on a module that is known to be valid and passes that keep it so: between them it is
    /// verified in debug builds alone, since that takes about as long as the passes.
    pub fn run_trusted_pipeline(&self, pipeline: &str) -> Result<(), String> {
        self.run_passes(pipeline, cfg!(debug_assertions))
    }

    fn run_passes(&self, pipeline: &str, is_verified: bool) -> Result<(), String> {
        unsafe {
            let manager = mlirPassManagerCreate(self.op().ctx().0);
            mlirPassManagerEnableVerifier(manager, is_verified);
            let mut error = String::new();
            unsafe extern "C" fn append(text: MlirStringRef, out: *mut std::ffi::c_void) {
                // SAFETY: `out` is the String above.
                unsafe { (*out.cast::<String>()).push_str(&string(text)) }
            }
            let parsed = mlirParsePassPipeline(
                mlirPassManagerGetAsOpPassManager(manager),
                sref(pipeline),
                Some(append),
                (&raw mut error).cast(),
            );
            let result = if parsed.value == 0 {
                Err(error)
            } else if mlirPassManagerRunOnOp(manager, self.raw).value == 0 {
                Err(String::new())
            } else {
                Ok(())
            };
            mlirPassManagerDestroy(manager);
            result
        }
    }
}

impl Drop for SourceModule<'_> {
    fn drop(&mut self) {
        unsafe { mlirOperationDestroy(self.raw) }
    }
}
