//! Constants and functions.

use std::collections::{HashMap, HashSet};

use afp_ir::{
    diag::Diagnostic,
    mlir::{Block, DenseData, Op, SourceModule, Type},
};
use afp_runtime::pool;
use cranelift_codegen::ir::{
    AbiParam, FuncRef, Function, GlobalValue, GlobalValueData, Signature, UserFuncName,
};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_module::{DataDescription, DataId, FuncId, Linkage, Module};

use super::{
    entry, failed,
    function::{Translator, referred},
    isa::Machine,
    kind::{Kind, strides},
    numbers::Numbers,
};
use crate::{interface::Interface, internal, profile};

/// Constants start at multiples of this.
const ALIGNMENT: u64 = 64;

/// What functions refer to by name.
pub(super) struct Symbols<'m> {
    pub(super) module: &'m mut dyn Module,
    globals: HashMap<String, DataId>,
    functions: HashMap<String, FuncId>,
    /// Globals that never change.
    pub(super) constants: HashSet<String>,
}

impl Symbols<'_> {
    /// A function, as one that calls it sees it.
    pub(super) fn function_in(&mut self, name: &str, caller: &mut Function) -> Option<FuncRef> {
        let &id = self.functions.get(name)?;
        Some(self.reference(id, caller))
    }

    /// A function by its number, as one that calls it sees it.
    pub(super) fn reference(&mut self, id: FuncId, caller: &mut Function) -> FuncRef {
        let reference = self.module.declare_func_in_func(id, caller);
        let callee = &mut caller.dfg.ext_funcs[reference];
        callee.colocated &= self.module.isa().flags().is_pic();
        reference
    }

    /// A constant, as a function that reads it sees it.
    pub(super) fn global_in(&mut self, name: &str, reader: &mut Function) -> Option<GlobalValue> {
        let &id = self.globals.get(name)?;
        Some(self.data(id, reader))
    }

    /// Data by its number, as a function that uses it sees it.
    pub(super) fn data(&mut self, id: DataId, user: &mut Function) -> GlobalValue {
        let value = self.module.declare_data_in_func(id, user);
        // Memory that is asked for in pieces may lie anywhere.
        if let GlobalValueData::Symbol { colocated, .. } = &mut user.global_values[value] {
            *colocated &= self.module.isa().flags().is_pic();
        }
        value
    }
}

/// What the outside uses of a module.
pub(super) struct Defined {
    /// The C entry.
    pub(super) entry: FuncId,
    /// The variable through which steps are observed, if they are.
    pub(super) slot: Option<DataId>,
}

/// Defines everything in a module without loops, and the C entry under the name `symbol`.
pub(super) fn define(
    source: &SourceModule<'_>,
    interface: &Interface,
    symbol: &str,
    machine: Machine,
    module: &mut dyn Module,
) -> Result<Defined, Diagnostic> {
    let (body, _) = crate::interface::body(source)?;
    let mut symbols =
        Symbols { module, globals: HashMap::new(), functions: HashMap::new(), constants: HashSet::new() };
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
    let slot = outside(&mut symbols, source, symbol, &mut builders)?;
    let constant = constant_arguments(source);
    for function in defined {
        let id = symbols.functions[&name_of(function)];
        let signature = signature(function, symbols.module)?;
        finish(&mut symbols, id, signature, &mut builders, |builder, symbols| {
            let arguments = function.blocks().first().map(|block| block.args()).unwrap_or_default();
            let known = |(index, value)| {
                let numbers = constant.get(&(name_of(function), index))?;
                Some((value, numbers.clone()?))
            };
            let constants = arguments.into_iter().enumerate().filter_map(known).collect();
            Translator::new(builder, machine, symbols, constants).run(function)
        })?;
    }
    let entry = entry::define(&mut symbols, interface, symbol, &name_of(body), &mut builders)?;
    Ok(Defined { entry, slot })
}

/// Functions that the module calls and does not define: what the thread pool gives shares by, and the hook
/// behind steps.
fn outside(
    symbols: &mut Symbols<'_>,
    source: &SourceModule<'_>,
    symbol: &str,
    builders: &mut FunctionBuilderContext,
) -> Result<Option<DataId>, Diagnostic> {
    let mut slot = None;
    for function in source.functions().into_iter().filter(|function| function.blocks().is_empty()) {
        let name = name_of(function);
        if name == pool::SHARE {
            let signature = signature(function, symbols.module)?;
            let id = symbols.module.declare_function(&name, Linkage::Import, &signature);
            symbols.functions.insert(name, id.map_err(|error| failed(&error))?);
        } else if name == profile::HOOK {
            let signature = signature(function, symbols.module)?;
            let (id, variable) = entry::hook(symbols, signature, symbol, builders)?;
            symbols.functions.insert(name, id);
            slot = Some(variable);
        }
    }
    Ok(slot)
}

/// For each argument of a private function that is called: the numbers that it holds, if every call passes a constant.
fn constant_arguments(source: &SourceModule<'_>) -> HashMap<(String, usize), Option<Numbers>> {
    let globals = source.op().blocks().into_iter().flat_map(Block::ops);
    let globals = globals.filter(|op| op.is("memref.global") && op.attr("constant").is_some());
    let globals: HashMap<String, Numbers> = globals.map(|op| (name_of(op), Numbers::of(op))).collect();
    let mut found: HashMap<(String, usize), Option<Numbers>> = HashMap::new();
    let calls = source.functions().into_iter().flat_map(Op::descendants).filter(|op| op.is("func.call"));
    for call in calls {
        let callee = referred(call, "callee");
        for (index, operand) in call.operands().into_iter().enumerate() {
            let global = operand.def_as("memref.get_global");
            let numbers = global.and_then(|global| globals.get(&referred(global, "name")));
            found
                .entry((callee.clone(), index))
                .and_modify(|known| *known = known.take().zip(numbers).map(|(known, other)| known.and(other)))
                .or_insert_with(|| numbers.cloned());
        }
    }
    for function in source.public_functions() {
        found.retain(|(name, _), _| *name != name_of(function));
    }
    found
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
    if !writable {
        symbols.constants.insert(name.clone());
    }
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
