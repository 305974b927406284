//! The C entry of a program, the function that each of several threads runs, and the hook behind steps.

use afp_ir::diag::Diagnostic;
use afp_runtime::pool;
use cranelift_codegen::ir::{
    self, AbiParam, InstBuilder as _, MemFlagsData, Signature, StackSlotData, StackSlotKind,
    condcodes::IntCC, types,
};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_module::{DataDescription, DataId, FuncId, Linkage};

use super::{
    failed, lanes,
    module::{Symbols, finish},
};
use crate::{interface::Interface, internal, profile};

const POINTER: ir::Type = types::I64;
const INT: ir::Type = types::I32;

/// `int symbol(inputs, outputs, arena)`, which loads the tensors' addresses and calls the body; on several
/// threads if it is made for such.
pub(super) fn define(
    symbols: &mut Symbols<'_>,
    interface: &Interface,
    symbol: &str,
    body: &str,
    builders: &mut FunctionBuilderContext,
) -> Result<FuncId, Diagnostic> {
    let signature = signature(symbols, &[POINTER; 3], &[INT]);
    let id = symbols.module.declare_function(symbol, Linkage::Export, &signature);
    let id = id.map_err(|error| failed(&error))?;
    if interface.threads > 1 {
        let member = member(symbols, interface, symbol, body, builders)?;
        team(symbols, id, signature, member, interface.threads, builders)?;
        return Ok(id);
    }
    finish(symbols, id, signature, builders, |mut b, symbols| {
        let lists = start(&mut b);
        call_body(&mut b, symbols, interface, body, &lists)?;
        let zero = lanes::scalar(&mut b, 32, 0);
        b.ins().return_(&[zero]);
        end(b, symbols);
        Ok(())
    })?;
    Ok(id)
}

fn signature(symbols: &Symbols<'_>, parameters: &[ir::Type], results: &[ir::Type]) -> Signature {
    let mut signature = symbols.module.make_signature();
    signature.params = parameters.iter().map(|&ty| AbiParam::new(ty)).collect();
    signature.returns = results.iter().map(|&ty| AbiParam::new(ty)).collect();
    signature
}

/// The first block, and the function's parameters.
fn start(b: &mut FunctionBuilder<'_>) -> Vec<ir::Value> {
    let block = b.create_block();
    b.append_block_params_for_function_params(block);
    b.switch_to_block(block);
    b.block_params(block).to_vec()
}

fn end(mut b: FunctionBuilder<'_>, symbols: &Symbols<'_>) {
    b.seal_all_blocks();
    b.finalize(symbols.module.target_config());
}

/// A call of the body: on the tensors of the two lists, and the arena.
fn call_body(
    b: &mut FunctionBuilder<'_>,
    symbols: &mut Symbols<'_>,
    interface: &Interface,
    body: &str,
    lists: &[ir::Value],
) -> Result<(), Diagnostic> {
    let mut arguments = Vec::new();
    for (&list, ports) in lists.iter().zip([&interface.inputs, &interface.outputs]) {
        for index in 0..ports.len() {
            let offset = i32::try_from(8 * index)
                .map_err(|_| internal("the program has too many inputs and outputs"))?;
            arguments.push(b.ins().load(POINTER, MemFlagsData::trusted(), list, offset));
        }
    }
    arguments.extend(lists.last().copied());
    let callee = symbols.function_in(body, b.func);
    let callee = callee.ok_or_else(|| internal("the function to compile got lost"))?;
    b.ins().call(callee, &arguments);
    Ok(())
}

/// `void (void *lists)`: what each thread of a team runs. The lists are the entry's
/// arguments, in memory.
fn member(
    symbols: &mut Symbols<'_>,
    interface: &Interface,
    symbol: &str,
    body: &str,
    builders: &mut FunctionBuilderContext,
) -> Result<FuncId, Diagnostic> {
    let signature = signature(symbols, &[POINTER], &[]);
    let id = symbols.module.declare_function(&format!("{symbol}..thread"), Linkage::Local, &signature);
    let id = id.map_err(|error| failed(&error))?;
    finish(symbols, id, signature, builders, |mut b, symbols| {
        let parameters = start(&mut b);
        let list = |index| b.ins().load(POINTER, MemFlagsData::trusted(), parameters[0], 8 * index);
        let lists: Vec<ir::Value> = (0..3).map(list).collect();
        call_body(&mut b, symbols, interface, body, &lists)?;
        b.ins().return_(&[]);
        end(b, symbols);
        Ok(())
    })?;
    Ok(id)
}

/// An entry that has the pool run `member` on its threads.
fn team(
    symbols: &mut Symbols<'_>,
    id: FuncId,
    own: Signature,
    member: FuncId,
    threads: usize,
    builders: &mut FunctionBuilderContext,
) -> Result<(), Diagnostic> {
    let run = signature(symbols, &[INT, POINTER, POINTER], &[]);
    let run = symbols.module.declare_function(pool::RUN, Linkage::Import, &run);
    let run = run.map_err(|error| failed(&error))?;
    finish(symbols, id, own, builders, |mut b, symbols| {
        let parameters = start(&mut b);
        let memory = StackSlotData::new(StackSlotKind::ExplicitSlot, 24, 3);
        let memory = b.create_sized_stack_slot(memory);
        for (&value, offset) in parameters.iter().zip([0, 8, 16]) {
            b.ins().stack_store(POINTER, value, memory, offset);
        }
        let lists = b.ins().stack_addr(POINTER, memory, 0);
        let member = symbols.reference(member, b.func);
        let member = b.ins().func_addr(POINTER, member);
        let run = symbols.reference(run, b.func);
        let threads = lanes::scalar(&mut b, 32, threads as i64);
        b.ins().call(run, &[threads, member, lists]);
        let zero = lanes::scalar(&mut b, 32, 0);
        b.ins().return_(&[zero]);
        end(b, symbols);
        Ok(())
    })
}

/// The hook behind steps, which calls what the exported variable `SYMBOL_profile` points to.
pub(super) fn hook(
    symbols: &mut Symbols<'_>,
    own: Signature,
    symbol: &str,
    builders: &mut FunctionBuilderContext,
) -> Result<(FuncId, DataId), Diagnostic> {
    let slot = symbols.module.declare_data(&profile::slot(symbol), Linkage::Export, true, false);
    let slot = slot.map_err(|error| failed(&error))?;
    let mut data = DataDescription::new();
    data.define_zeroinit(8);
    data.set_align(8);
    symbols.module.define_data(slot, &data).map_err(|error| failed(&error))?;
    let id = symbols.module.declare_function(&format!("{symbol}..hook"), Linkage::Local, &own);
    let id = id.map_err(|error| failed(&error))?;
    finish(symbols, id, own.clone(), builders, |mut b, symbols| {
        let parameters = start(&mut b);
        let (observed, done) = (b.create_block(), b.create_block());
        let slot = symbols.data(slot, b.func);
        let slot = b.ins().symbol_value(POINTER, slot);
        let observer = b.ins().load(POINTER, MemFlagsData::trusted(), slot, 0);
        let zero = lanes::scalar(&mut b, 64, 0);
        let is_set = b.ins().icmp(IntCC::NotEqual, observer, zero);
        b.ins().brif(is_set, observed, &[], done, &[]);
        b.switch_to_block(observed);
        let own = b.import_signature(own);
        b.ins().call_indirect(own, observer, &parameters);
        b.ins().jump(done, &[]);
        b.switch_to_block(done);
        b.ins().return_(&[]);
        end(b, symbols);
        Ok(())
    })?;
    Ok((id, slot))
}
