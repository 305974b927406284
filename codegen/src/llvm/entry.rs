//! The C entry of a program; everything else becomes local to the object.

use afp_ir::diag::Diagnostic;
use inkwell::{
    AddressSpace,
    attributes::{Attribute, AttributeLoc},
    builder::{Builder, BuilderError},
    context::Context,
    module::{Linkage, Module},
    values::{BasicMetadataValueEnum, FunctionValue, IntValue, PointerValue},
};

use super::stack;
use crate::{interface::Interface, internal, profile};

/// Adds `int symbol(inputs, outputs, arena)`, which loads the tensors' addresses and calls the function
/// `body`; on several threads if it is made for such.
pub(super) fn add<'c>(
    context: &'c Context,
    code: &Module<'c>,
    symbol: &str,
    body: &str,
    interface: &Interface,
) -> Result<(), Diagnostic> {
    let body = code.get_function(body).ok_or_else(|| internal("the function to compile got lost"))?;
    let unbuilt = |error: BuilderError| internal("the C entry cannot be built").found(error.to_string());
    let names = [symbol.to_owned(), profile::slot(symbol)];
    for (index, function) in code.get_functions().filter(|f| f.count_basic_blocks() > 0).enumerate() {
        make_local(context, function);
        if function != body {
            separate(context, function);
        }
        if function.get_name().to_bytes() == symbol.as_bytes() {
            function.as_global_value().set_name(&format!("{symbol}.{index}"));
        }
    }
    for (index, global) in code.get_globals().enumerate() {
        if names.iter().any(|name| global.get_name().to_bytes() == name.as_bytes()) {
            global.set_name(&format!("{symbol}.data{index}"));
        }
    }
    if let Some(hook) = code.get_function(profile::HOOK) {
        define_hook(context, code, hook, &profile::slot(symbol)).map_err(unbuilt)?;
    }
    let ptr = context.ptr_type(AddressSpace::default());
    let ty = context.i32_type().fn_type(&[ptr.into(); 3], false);
    let entry = code.add_function(symbol, ty, Some(Linkage::External));
    set_attributes(context, entry);
    let callers = Callers { context, code, body, interface };
    if interface.threads > 1 { callers.team(entry) } else { callers.single(entry) }.map_err(unbuilt)
}

/// Where code uses the matrix unit of x86-64, a constructor of the object asks Linux for it, for the whole process.
pub(super) fn ask_for_matrix_unit<'c>(context: &'c Context, code: &Module<'c>) -> Result<(), Diagnostic> {
    if code.get_function("llvm.x86.ldtilecfg").is_none() {
        return Ok(());
    }
    let unbuilt = |error: BuilderError| internal("the constructor cannot be built").found(error.to_string());
    let int = context.i32_type();
    let ask = code.add_function("ask", context.void_type().fn_type(&[], false), Some(Linkage::Internal));
    set_attributes(context, ask);
    let builder = context.create_builder();
    builder.position_at_end(context.append_basic_block(ask, ""));
    request_matrix_unit(context, &builder).map_err(unbuilt)?;
    builder.build_return(None).map_err(unbuilt)?;
    let ptr = context.ptr_type(AddressSpace::default());
    let ask = ask.as_global_value().as_pointer_value();
    let entry = [int.const_int(65535, false).into(), ask.into(), ptr.const_null().into()];
    let constructors = context.const_struct(&entry, false);
    let ty = constructors.get_type().array_type(1);
    let list = code.add_global(ty, None, "llvm.global_ctors");
    list.set_linkage(Linkage::Appending);
    list.set_initializer(&constructors.get_type().const_array(&[constructors]));
    Ok(())
}

/// `arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA)`, which gives 0 if the process may use the matrix unit.
pub(super) fn request_matrix_unit<'c>(
    context: &'c Context,
    builder: &Builder<'c>,
) -> Result<IntValue<'c>, BuilderError> {
    let long = context.i64_type();
    let call = long.fn_type(&[long.into(); 3], false);
    let assembly = context.create_inline_asm(
        call,
        "syscall".to_owned(),
        "={rax},{rax},{rdi},{rsi},~{rcx},~{r11},~{memory}".to_owned(),
        true,
        false,
        None,
        false,
    );
    let arguments = [158, 0x1023, 18].map(|value| long.const_int(value, false).into());
    let status = builder.build_indirect_call(call, assembly, &arguments, "")?.try_as_basic_value().basic();
    Ok(status.map_or(long.const_all_ones(), |status| status.into_int_value()))
}

fn make_local<'c>(context: &'c Context, function: FunctionValue<'c>) {
    function.set_linkage(Linkage::Internal);
    set_attributes(context, function);
}

/// What a kernel writes is no other of its memrefs: buffers that are alive together do not overlap.
fn separate<'c>(context: &'c Context, function: FunctionValue<'c>) {
    let noalias = context.create_enum_attribute(Attribute::get_named_enum_kind_id("noalias"), 0);
    for (index, parameter) in (0..).zip(function.get_param_iter()) {
        if parameter.is_pointer_value() {
            function.add_attribute(AttributeLoc::Param(index), noalias);
        }
    }
}

/// No function unwinds, and none writes below its stack pointer, where sizes of frames do not count.
pub(super) fn set_attributes<'c>(context: &'c Context, function: FunctionValue<'c>) {
    for name in ["nounwind", "noredzone"] {
        let attribute = context.create_enum_attribute(Attribute::get_named_enum_kind_id(name), 0);
        function.add_attribute(AttributeLoc::Function, attribute);
    }
}

/// Has all functions align their frames to what they keep there. Without being told, LLVM 22 knows only of memory that
/// the program asks for: a vector that a kernel has no register left for would cross two lines of the cache, in three
/// of four calls.
pub(super) fn realign_stack<'c>(context: &'c Context, code: &Module<'c>) {
    let attribute = context.create_string_attribute(stack::REALIGNED, "");
    for function in code.get_functions().filter(|function| function.count_basic_blocks() > 0) {
        function.add_attribute(AttributeLoc::Function, attribute);
    }
}

/// The hook calls what the exported variable `slot` points to.
fn define_hook<'c>(
    context: &'c Context,
    code: &Module<'c>,
    hook: FunctionValue<'c>,
    slot: &str,
) -> Result<(), BuilderError> {
    make_local(context, hook);
    let ptr = context.ptr_type(AddressSpace::default());
    let variable = code.add_global(ptr, None, slot);
    variable.set_initializer(&ptr.const_null());
    let builder = context.create_builder();
    let [start, call, done] = ["", "", ""].map(|name| context.append_basic_block(hook, name));
    builder.position_at_end(start);
    let observer = builder.build_load(ptr, variable.as_pointer_value(), "")?.into_pointer_value();
    let is_none = builder.build_is_null(observer, "")?;
    builder.build_conditional_branch(is_none, done, call)?;
    builder.position_at_end(call);
    let step: Vec<BasicMetadataValueEnum<'c>> = hook.get_param_iter().map(Into::into).collect();
    builder.build_indirect_call(hook.get_type(), observer, &step, "")?;
    builder.build_unconditional_branch(done)?;
    builder.position_at_end(done);
    builder.build_return(None)?;
    Ok(())
}

/// What calls the body.
struct Callers<'a, 'c> {
    context: &'c Context,
    code: &'a Module<'c>,
    body: FunctionValue<'c>,
    interface: &'a Interface,
}

impl<'c> Callers<'_, 'c> {
    /// `symbol` calls the body.
    fn single(&self, entry: FunctionValue<'c>) -> Result<(), BuilderError> {
        let builder = self.context.create_builder();
        builder.position_at_end(self.context.append_basic_block(entry, "entry"));
        let lists: Vec<PointerValue<'c>> = entry.get_param_iter().map(|p| p.into_pointer_value()).collect();
        self.call(&builder, &lists)?;
        builder.build_return(Some(&self.context.i32_type().const_zero()))?;
        Ok(())
    }

    /// `symbol` has a team of threads call a function with its three arguments in memory, and that calls the
    /// body.
    fn team(&self, entry: FunctionValue<'c>) -> Result<(), BuilderError> {
        let (context, builder) = (self.context, self.context.create_builder());
        let (ptr, int) = (context.ptr_type(AddressSpace::default()), context.i32_type());
        let arguments = ptr.array_type(3);
        let ty = context.void_type().fn_type(&[ptr.into()], false);
        let thread = self.code.add_function(
            &format!("{}.thread", entry.get_name().to_string_lossy()),
            ty,
            Some(Linkage::Internal),
        );
        set_attributes(context, thread);
        builder.position_at_end(context.append_basic_block(thread, "entry"));
        let list = thread.get_params()[0].into_pointer_value();
        let mut lists = Vec::new();
        for index in 0..3 {
            // SAFETY: the entry below passes three pointers.
            let slot = unsafe { builder.build_in_bounds_gep(ptr, list, &[int.const_int(index, false)], "")? };
            lists.push(builder.build_load(ptr, slot, "")?.into_pointer_value());
        }
        self.call(&builder, &lists)?;
        builder.build_return(None)?;

        let ty = context.void_type().fn_type(&[int.into(), ptr.into(), ptr.into()], false);
        let run = self.code.add_function(afp_runtime::pool::RUN, ty, Some(Linkage::External));
        builder.position_at_end(context.append_basic_block(entry, "entry"));
        let memory = builder.build_alloca(arguments, "")?;
        for (index, value) in entry.get_param_iter().enumerate() {
            let index = int.const_int(index as u64, false);
            // SAFETY: the array has three elements, the entry three parameters.
            let slot = unsafe { builder.build_in_bounds_gep(ptr, memory, &[index], "")? };
            builder.build_store(slot, value)?;
        }
        let threads = int.const_int(self.interface.threads as u64, false);
        let thread = thread.as_global_value().as_pointer_value();
        builder.build_call(run, &[threads.into(), thread.into(), memory.into()], "")?;
        builder.build_return(Some(&int.const_zero()))?;
        Ok(())
    }

    /// A call of the body: on the tensors of the two lists, and the arena.
    fn call(&self, builder: &Builder<'c>, lists: &[PointerValue<'c>]) -> Result<(), BuilderError> {
        let ptr = self.context.ptr_type(AddressSpace::default());
        let mut arguments: Vec<BasicMetadataValueEnum<'c>> = Vec::new();
        for (list, ports) in lists.iter().zip([&self.interface.inputs, &self.interface.outputs]) {
            for index in 0..ports.len() {
                let index = self.context.i32_type().const_int(index as u64, false);
                // SAFETY: the caller passes one pointer for each input and output.
                let slot = unsafe { builder.build_in_bounds_gep(ptr, *list, &[index], "")? };
                arguments.push(builder.build_load(ptr, slot, "")?.into());
            }
        }
        arguments.extend(lists.last().map(|arena| BasicMetadataValueEnum::from(*arena)));
        builder.build_call(self.body, &arguments, "")?;
        Ok(())
    }
}
