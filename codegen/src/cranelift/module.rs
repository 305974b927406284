//! Constants, functions and the C entry.

use std::collections::HashMap;

use afp_ir::{
    diag::Diagnostic,
    mlir::{Block, DenseData, Op, SourceModule, Type},
};
use cranelift_codegen::ir::{
    AbiParam, FuncRef, Function, GlobalValue, GlobalValueData, InstBuilder as _, MemFlagsData, Signature,
    UserFuncName, Value, types,
};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_module::{DataDescription, DataId, FuncId, Linkage, Module};

use super::{
    failed,
    function::Translator,
    host,
    isa::Machine,
    kind::{Kind, strides},
    lanes,
};
use crate::{interface::Interface, internal};

/// Constants start at multiples of this.
const ALIGNMENT: u64 = 64;

/// What functions refer to by name.
pub(super) struct Symbols<'m> {
    pub(super) module: &'m mut dyn Module,
    pub(super) globals: HashMap<String, DataId>,
    pub(super) functions: HashMap<String, FuncId>,
}

impl Symbols<'_> {
    /// A function, as one that calls it sees it.
    pub(super) fn function_in(&mut self, name: &str, caller: &mut Function) -> Option<FuncRef> {
        let &id = self.functions.get(name)?;
        let reference = self.module.declare_func_in_func(id, caller);
        // Memory that is asked for in pieces may lie anywhere.
        let is_here = self.module.declarations().get_function_decl(id).linkage != Linkage::Import;
        caller.dfg.ext_funcs[reference].colocated = is_here && self.module.isa().flags().is_pic();
        Some(reference)
    }

    /// A constant, as a function that reads it sees it.
    pub(super) fn global_in(&mut self, name: &str, reader: &mut Function) -> Option<GlobalValue> {
        let &id = self.globals.get(name)?;
        let value = self.module.declare_data_in_func(id, reader);
        if let GlobalValueData::Symbol { colocated, .. } = &mut reader.global_values[value] {
            *colocated = self.module.isa().flags().is_pic();
        }
        Some(value)
    }
}

/// Defines everything in a module without loops, and the C entry under the name `symbol`. Gives the entry,
/// and the variable of the hook behind steps if there is one.
pub(super) fn define(
    source: &SourceModule<'_>,
    interface: &Interface,
    symbol: &str,
    machine: Machine,
    module: &mut dyn Module,
) -> Result<(FuncId, Option<DataId>), Diagnostic> {
    let (body, _) = crate::interface::body(source)?;
    let mut symbols = Symbols { module, globals: HashMap::new(), functions: HashMap::new() };
    for op in source.op().blocks().into_iter().flat_map(Block::ops) {
        if op.is("memref.global") {
            global(&mut symbols, op, symbol)?;
        }
    }
    let defined: Vec<Op> =
        source.functions().into_iter().filter(|function| !function.blocks().is_empty()).collect();
    for &function in &defined {
        let name = name_of(function);
        let signature = signature(function, symbols.module)?;
        // No C identifier has a point in it, so that no name is taken twice.
        let id = symbols.module.declare_function(&format!("{symbol}.{name}"), Linkage::Local, &signature);
        symbols.functions.insert(name, id.map_err(|error| failed(&error))?);
    }
    let mut builders = FunctionBuilderContext::new();
    let slot = host::define_hook(&mut symbols, source, symbol, &mut builders)?;
    if interface.threads > 1 {
        host::import_pool(&mut symbols)?;
    }
    for function in defined {
        let id = symbols.functions[&name_of(function)];
        let signature = signature(function, symbols.module)?;
        finish(&mut symbols, id, signature, &mut builders, |builder, symbols| {
            Translator::new(builder, machine, symbols).run(function)
        })?;
    }
    let entry = entry(&mut symbols, interface, symbol, &name_of(body), &mut builders)?;
    Ok((entry, slot))
}

fn name_of(op: Op) -> String {
    op.attr("sym_name").and_then(|name| name.as_string()).unwrap_or_default()
}

/// Compiles one function.
pub(super) fn finish<'m>(
    symbols: &mut Symbols<'m>,
    id: FuncId,
    signature: Signature,
    builders: &mut FunctionBuilderContext,
    build: impl FnOnce(FunctionBuilder<'_>, &mut Symbols<'m>) -> Result<(), Diagnostic>,
) -> Result<(), Diagnostic> {
    let mut context = symbols.module.make_context();
    context.func = Function::with_name_signature(UserFuncName::user(0, id.as_u32()), signature);
    build(FunctionBuilder::new(&mut context.func, builders), symbols)?;
    symbols.module.define_function(id, &mut context).map_err(|error| failed(&error))
}

/// A constant of the program.
fn global(symbols: &mut Symbols<'_>, op: Op, symbol: &str) -> Result<(), Diagnostic> {
    let misfit = || {
        internal("the Cranelift backend cannot place a global")
            .at(op.loc())
            .expected("a memref with static sizes and a value of whole bytes")
            .found(op.attr("type").map(|ty| ty.to_string()).unwrap_or_default())
    };
    let ty = op.attr("type").and_then(|ty| ty.as_type()).ok_or_else(misfit)?;
    strides(ty).ok_or_else(misfit)?;
    let value = op.attr("initial_value").ok_or_else(misfit)?;
    let count = value.elements_type().and_then(Type::element_count).ok_or_else(misfit)?;
    let bytes = match value.dense_data().ok_or_else(misfit)? {
        DenseData::Splat(element) => element.repeat(count),
        DenseData::All(bytes) => bytes.to_vec(),
    };
    let name = name_of(op);
    let writable = op.attr("constant").is_none();
    let module = &mut symbols.module;
    let id = module
        .declare_data(&format!("{symbol}.{name}"), Linkage::Local, writable, false)
        .map_err(|error| failed(&error))?;
    let mut data = DataDescription::new();
    data.define(bytes.into_boxed_slice());
    data.set_align(ALIGNMENT);
    module.define_data(id, &data).map_err(|error| failed(&error))?;
    symbols.globals.insert(name, id);
    Ok(())
}

fn signature(function: Op, module: &dyn Module) -> Result<Signature, Diagnostic> {
    let mut signature = module.make_signature();
    let ty = function.attr("function_type").and_then(|ty| ty.as_type());
    let (inputs, results) = ty.and_then(Type::function_parts).unwrap_or_default();
    let parts = |types: &[Type]| -> Result<Vec<AbiParam>, Diagnostic> {
        let mut all = Vec::new();
        for &ty in types {
            let kind = Kind::of(ty).ok_or_else(|| {
                internal("the Cranelift backend cannot pass a value to a function")
                    .at(function.loc())
                    .found(ty.to_string())
            })?;
            all.extend(kind.parts().into_iter().map(AbiParam::new));
        }
        Ok(all)
    };
    (signature.params, signature.returns) = (parts(&inputs)?, parts(&results)?);
    Ok(signature)
}

/// `int symbol(inputs, outputs, arena)`, which loads the tensors' addresses and calls the body.
fn entry(
    symbols: &mut Symbols<'_>,
    interface: &Interface,
    symbol: &str,
    body: &str,
    builders: &mut FunctionBuilderContext,
) -> Result<FuncId, Diagnostic> {
    let mut signature = symbols.module.make_signature();
    signature.params = vec![AbiParam::new(types::I64); 3];
    signature.returns = vec![AbiParam::new(types::I32)];
    let id = symbols.module.declare_function(symbol, Linkage::Export, &signature);
    let id = id.map_err(|error| failed(&error))?;
    if interface.threads > 1 {
        host::team_entry(symbols, interface, (symbol, id, signature), body, builders)?;
        return Ok(id);
    }
    finish(symbols, id, signature, builders, |mut b, symbols| {
        let block = b.create_block();
        b.append_block_params_for_function_params(block);
        b.switch_to_block(block);
        let lists = b.block_params(block).to_vec();
        call_body(&mut b, symbols, interface, body, &lists, None)?;
        let zero = lanes::scalar(&mut b, 32, 0);
        b.ins().return_(&[zero]);
        b.seal_all_blocks();
        b.finalize(symbols.module.target_config());
        Ok(())
    })?;
    Ok(id)
}

/// Calls the body: on the tensors of two lists, the arena, and on several threads a number.
pub(super) fn call_body(
    b: &mut FunctionBuilder<'_>,
    symbols: &mut Symbols<'_>,
    interface: &Interface,
    body: &str,
    lists: &[Value],
    number: Option<Value>,
) -> Result<(), Diagnostic> {
    let mut arguments = Vec::new();
    for (&list, ports) in lists.iter().zip([&interface.inputs, &interface.outputs]) {
        for index in 0..ports.len() {
            let offset = i32::try_from(8 * index)
                .map_err(|_| internal("the program has too many inputs and outputs"))?;
            arguments.push(b.ins().load(types::I64, MemFlagsData::trusted(), list, offset));
        }
    }
    arguments.extend(lists.last());
    arguments.extend(number);
    let callee = symbols.function_in(body, b.func);
    let callee = callee.ok_or_else(|| internal("the function to compile got lost"))?;
    b.ins().call(callee, &arguments);
    Ok(())
}
