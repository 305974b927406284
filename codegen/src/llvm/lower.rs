//! Upstream's passes to the `llvm` dialect, and its translation to LLVM.

use afp_ir::{
    diag::Diagnostic,
    mlir::{Attr, Block, DenseData, Op, SourceModule, Type},
};
use inkwell::{
    context::{AsContextRef, Context},
    module::Module,
};
use mlir_sys::{mlirRegisterAllLLVMTranslations, mlirTranslateModuleToLLVMIR};

use crate::{internal, target::Target};

/// Upstream's passes, for an `index` of so many bits. Memrefs of functions are bare pointers: all sizes
/// are static.
fn upstream(index_bits: u32) -> String {
    let index = format!("index-bitwidth={index_bits}");
    format!(
        "convert-scf-to-cf,expand-strided-metadata,lower-affine,convert-vector-to-llvm,convert-math-to-llvm,\
         convert-arith-to-llvm{{{index}}},convert-index-to-llvm{{{index}}},convert-cf-to-llvm{{{index}}},\
         finalize-memref-to-llvm{{{index}}},\
         convert-func-to-llvm{{use-bare-ptr-memref-call-conv=1 {index}}},reconcile-unrealized-casts"
    )
}

/// A copy of the module in the `llvm` dialect.
pub(super) fn to_llvm_dialect<'s>(
    module: &SourceModule<'s>,
    target: &Target,
) -> Result<SourceModule<'s>, Diagnostic> {
    crate::pipeline::register_all();
    let copy = module.duplicate();
    let pipeline = format!(
        "builtin.module(afpk-expand,convert-afpk-to-llvm{{target={}}},{})",
        target.name,
        upstream(target.pointer_bits)
    );
    copy.run_pipeline(&pipeline).map_err(|message| {
        internal("the program cannot be lowered to the llvm dialect").found(if message.is_empty() {
            "a pass that failed".to_owned()
        } else {
            message
        })
    })?;
    for op in copy.op().blocks().into_iter().flat_map(Block::ops) {
        if op.is("llvm.mlir.global") {
            flatten(op);
        }
    }
    Ok(copy)
}

/// Gives a constant of several dimensions one: nested arrays are translated element by element where
/// the inner dimensions are small. Pointers are opaque, so no user sees the type.
fn flatten(global: Op) {
    let Some(value) = global.attr("value") else { return };
    let Some(ty) = value.elements_type() else { return };
    let (Some(shape), Some(count)) = (ty.shape(), ty.element_count()) else { return };
    let Some(DenseData::All(bytes)) = value.dense_data() else { return };
    let Ok(size) = i64::try_from(count) else { return };
    let element = ty.element();
    let array = Type::parse(global.ctx(), &format!("!llvm.array<{count} x {element}>"));
    if let (true, Some(array)) = (shape.len() > 1, array) {
        global.set_attr("value", Attr::resource(Type::tensor(&[size], element), "flat", bytes));
        global.set_attr("global_type", Attr::ty(array));
    }
}

/// The LLVM module of a module in the `llvm` dialect.
pub(super) fn translate<'c>(
    module: &SourceModule<'_>,
    context: &'c Context,
) -> Result<Module<'c>, Diagnostic> {
    // SAFETY: the translator makes a module in the context, which outlives it, and gives it away.
    unsafe {
        mlirRegisterAllLLVMTranslations(module.op().ctx().raw());
        let raw = mlirTranslateModuleToLLVMIR(module.op().raw(), context.as_ctx_ref().cast());
        if raw.is_null() {
            return Err(internal("the program cannot be translated to LLVM")
                .expected("operations of scf, arith, math, memref and func"));
        }
        Ok(Module::new(raw.cast()))
    }
}
