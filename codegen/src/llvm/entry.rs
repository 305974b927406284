//! The C entry of a program; everything else becomes local to the object.

use afp_ir::diag::Diagnostic;
use inkwell::{
    AddressSpace,
    attributes::{Attribute, AttributeLoc},
    builder::BuilderError,
    context::Context,
    module::{Linkage, Module},
    values::{BasicMetadataValueEnum, FunctionValue, PointerValue},
};

use crate::{interface::Interface, internal};

/// Adds `int symbol(inputs, outputs, arena)`, which loads the tensors' addresses and calls the function
/// `body`.
pub(super) fn add<'c>(
    context: &'c Context,
    code: &Module<'c>,
    symbol: &str,
    body: &str,
    interface: &Interface,
) -> Result<(), Diagnostic> {
    let body = code.get_function(body).ok_or_else(|| internal("the function to compile got lost"))?;
    let nounwind = context.create_enum_attribute(Attribute::get_named_enum_kind_id("nounwind"), 0);
    for (index, function) in code.get_functions().filter(|f| f.count_basic_blocks() > 0).enumerate() {
        function.set_linkage(Linkage::Internal);
        function.add_attribute(AttributeLoc::Function, nounwind);
        if function.get_name().to_bytes() == symbol.as_bytes() {
            function.as_global_value().set_name(&format!("{symbol}.{index}"));
        }
    }
    for (index, global) in code.get_globals().enumerate() {
        if global.get_name().to_bytes() == symbol.as_bytes() {
            global.set_name(&format!("{symbol}.data{index}"));
        }
    }
    let ptr = context.ptr_type(AddressSpace::default());
    let ty = context.i32_type().fn_type(&[ptr.into(); 3], false);
    let entry = code.add_function(symbol, ty, Some(Linkage::External));
    entry.add_attribute(AttributeLoc::Function, nounwind);
    call_body(context, entry, body, interface)
        .map_err(|error| internal("the C entry cannot be built").found(error.to_string()))
}

fn call_body<'c>(
    context: &'c Context,
    entry: FunctionValue<'c>,
    body: FunctionValue<'c>,
    interface: &Interface,
) -> Result<(), BuilderError> {
    let builder = context.create_builder();
    builder.position_at_end(context.append_basic_block(entry, "entry"));
    let parameters: Vec<PointerValue<'c>> = entry.get_param_iter().map(|p| p.into_pointer_value()).collect();
    let ptr = context.ptr_type(AddressSpace::default());
    let mut arguments: Vec<BasicMetadataValueEnum<'c>> = Vec::new();
    for (list, ports) in parameters.iter().zip([&interface.inputs, &interface.outputs]) {
        for index in 0..ports.len() {
            let index = context.i32_type().const_int(index as u64, false);
            // SAFETY: the caller passes one pointer for each input and output.
            let slot = unsafe { builder.build_in_bounds_gep(ptr, *list, &[index], "")? };
            arguments.push(builder.build_load(ptr, slot, "")?.into());
        }
    }
    arguments.extend(parameters.last().map(|arena| BasicMetadataValueEnum::from(*arena)));
    builder.build_call(body, &arguments, "")?;
    builder.build_return(Some(&context.i32_type().const_zero()))?;
    Ok(())
}
