//! What code is given on a host beside its kernels: a hook behind each step, and threads.

use afp_ir::{diag::Diagnostic, mlir::SourceModule};
use afp_runtime::pool;
use cranelift_codegen::ir::{
    AbiParam, InstBuilder as _, MemFlagsData, Signature, StackSlotData, StackSlotKind, types,
};
use cranelift_frontend::FunctionBuilderContext;
use cranelift_module::{DataDescription, DataId, FuncId, Linkage};

use super::{
    failed, lanes,
    module::{Symbols, call_body, finish},
};
use crate::{interface::Interface, internal, profile};

fn signature(symbols: &Symbols<'_>, params: &[types::Type], returns: &[types::Type]) -> Signature {
    let mut signature = symbols.module.make_signature();
    signature.params = params.iter().copied().map(AbiParam::new).collect();
    signature.returns = returns.iter().copied().map(AbiParam::new).collect();
    signature
}

/// Defines the hook of a module that is instrumented, which calls what the exported variable
/// `SYMBOL_profile` points to; and gives that variable.
pub(super) fn define_hook(
    symbols: &mut Symbols<'_>,
    source: &SourceModule<'_>,
    symbol: &str,
    builders: &mut FunctionBuilderContext,
) -> Result<Option<DataId>, Diagnostic> {
    let name = |op: &afp_ir::mlir::Op| op.attr("sym_name").and_then(|name| name.as_string());
    if !source.functions().iter().any(|op| name(op).is_some_and(|name| name == profile::HOOK)) {
        return Ok(None);
    }
    let slot = symbols
        .module
        .declare_data(&profile::slot(symbol), Linkage::Export, true, false)
        .map_err(|error| failed(&error))?;
    let mut data = DataDescription::new();
    data.define_zeroinit(8);
    data.set_align(8);
    symbols.module.define_data(slot, &data).map_err(|error| failed(&error))?;
    symbols.globals.insert(profile::HOOK.to_owned(), slot);
    let hook = signature(symbols, &[types::I32], &[]);
    let id = symbols.module.declare_function(&format!("{symbol}.{}", profile::HOOK), Linkage::Local, &hook);
    let id = id.map_err(|error| failed(&error))?;
    symbols.functions.insert(profile::HOOK.to_owned(), id);
    finish(symbols, id, hook.clone(), builders, |mut b, symbols| {
        let [start, call, done] = [b.create_block(), b.create_block(), b.create_block()];
        b.append_block_params_for_function_params(start);
        b.switch_to_block(start);
        let step = b.block_params(start)[0];
        let slot = symbols.global_in(profile::HOOK, b.func);
        let slot = slot.ok_or_else(|| internal("the hook of a profile got lost"))?;
        let address = b.ins().symbol_value(types::I64, slot);
        let observer = b.ins().load(types::I64, MemFlagsData::trusted(), address, 0);
        b.ins().brif(observer, call, &[], done, &[]);
        b.switch_to_block(call);
        let callee = b.import_signature(hook);
        b.ins().call_indirect(callee, observer, &[step]);
        b.ins().jump(done, &[]);
        b.switch_to_block(done);
        b.ins().return_(&[]);
        b.seal_all_blocks();
        b.finalize(symbols.module.target_config());
        Ok(())
    })?;
    Ok(Some(slot))
}

/// Makes the thread pool known to a module that several threads run.
pub(super) fn import_pool(symbols: &mut Symbols<'_>) -> Result<(), Diagnostic> {
    let run = signature(symbols, &[types::I32, types::I64, types::I64], &[types::I32]);
    let barrier = signature(symbols, &[], &[]);
    for (name, signature) in [(pool::RUN, run), (pool::BARRIER, barrier)] {
        let id = symbols.module.declare_function(name, Linkage::Import, &signature);
        symbols.functions.insert(name.to_owned(), id.map_err(|error| failed(&error))?);
    }
    Ok(())
}

/// `int symbol(inputs, outputs, arena)`, which has a team of threads call the body.
pub(super) fn team_entry(
    symbols: &mut Symbols<'_>,
    interface: &Interface,
    (symbol, id, entry): (&str, FuncId, Signature),
    body: &str,
    builders: &mut FunctionBuilderContext,
) -> Result<(), Diagnostic> {
    let name = format!("{symbol}.thread");
    let thread = signature(symbols, &[types::I64; 2], &[]);
    let thread_id = symbols.module.declare_function(&name, Linkage::Local, &thread);
    let thread_id = thread_id.map_err(|error| failed(&error))?;
    symbols.functions.insert(name.clone(), thread_id);
    finish(symbols, thread_id, thread, builders, |mut b, symbols| {
        let block = b.create_block();
        b.append_block_params_for_function_params(block);
        b.switch_to_block(block);
        let [context, number] = [0, 1].map(|index| b.block_params(block)[index]);
        let lists =
            [0, 8, 16].map(|offset| b.ins().load(types::I64, MemFlagsData::trusted(), context, offset));
        call_body(&mut b, symbols, interface, body, &lists, Some(number))?;
        b.ins().return_(&[]);
        b.seal_all_blocks();
        b.finalize(symbols.module.target_config());
        Ok(())
    })?;
    finish(symbols, id, entry, builders, |mut b, symbols| {
        let block = b.create_block();
        b.append_block_params_for_function_params(block);
        b.switch_to_block(block);
        let slot = b.create_sized_stack_slot(StackSlotData::new(StackSlotKind::ExplicitSlot, 24, 3));
        for (index, value) in b.block_params(block).to_vec().into_iter().enumerate() {
            b.ins().stack_store(types::I64, value, slot, 8 * index as i32);
        }
        let lost = || internal("the function to compile got lost");
        let thread = symbols.function_in(&name, b.func).ok_or_else(lost)?;
        let run = symbols.function_in(pool::RUN, b.func).ok_or_else(lost)?;
        let threads = lanes::scalar(&mut b, 32, interface.threads as i64);
        let (thread, context) =
            (b.ins().func_addr(types::I64, thread), b.ins().stack_addr(types::I64, slot, 0));
        let call = b.ins().call(run, &[threads, thread, context]);
        let status = b.inst_results(call)[0];
        b.ins().return_(&[status]);
        b.seal_all_blocks();
        b.finalize(symbols.module.target_config());
        Ok(())
    })
}
