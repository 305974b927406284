//! What a 32-bit machine lacks, and a compiler's library would bring: division of 64-bit integers.
//!
//! Objects need no library. Each such division becomes a call of a function of `divide.ll`, which is
//! linked into the module. It happens before LLVM's passes, so that the call can be inlined and folded;
//! those passes form no 64-bit division of their own, and `measure` refuses an object where they did.

use afp_ir::diag::Diagnostic;
use inkwell::{
    builder::Builder,
    context::Context,
    memory_buffer::MemoryBuffer,
    module::Module,
    values::{BasicValue, InstructionOpcode, InstructionValue},
};

use crate::internal;

const DIVIDE: &str = include_str!("divide.ll");

/// Replaces the divisions of a module for a machine that has none of 64 bits.
pub(super) fn divisions<'c>(context: &'c Context, code: &Module<'c>) -> Result<(), Diagnostic> {
    let wide: Vec<(InstructionValue<'c>, &str)> = code
        .get_functions()
        .flat_map(|function| function.get_basic_block_iter())
        .flat_map(|block| block.get_instructions())
        .filter_map(|instruction| Some((instruction, helper(instruction)?)))
        .collect();
    if wide.is_empty() {
        return Ok(());
    }
    let text = MemoryBuffer::create_from_memory_range_copy(DIVIDE.as_bytes(), "divide");
    let failed = |error: String| internal("the division of 64 bits cannot be added").found(error);
    let library = context.create_module_from_ir(text).map_err(|error| failed(error.to_string()))?;
    code.link_in_module(library).map_err(|error| failed(error.to_string()))?;
    let builder = context.create_builder();
    for (division, name) in wide {
        call(code, &builder, division, name).ok_or_else(|| failed(division.to_string()))?;
    }
    Ok(())
}

/// The function that an instruction needs, if it is a division of 64-bit scalars by more than a shift.
fn helper(instruction: InstructionValue<'_>) -> Option<&'static str> {
    let name = match instruction.get_opcode() {
        InstructionOpcode::UDiv => "afp.udiv64",
        InstructionOpcode::SDiv => "afp.sdiv64",
        InstructionOpcode::URem => "afp.urem64",
        InstructionOpcode::SRem => "afp.srem64",
        _ => return None,
    };
    let divisor = instruction.get_operand(1)?.value()?;
    let is_wide = divisor.is_int_value() && divisor.into_int_value().get_type().get_bit_width() == 64;
    let is_shift = || {
        let constant = divisor.into_int_value().get_zero_extended_constant();
        constant.is_some_and(u64::is_power_of_two)
    };
    (is_wide && !is_shift()).then_some(name)
}

/// Replaces a division by a call.
fn call<'c>(
    code: &Module<'c>,
    builder: &Builder<'c>,
    division: InstructionValue<'c>,
    name: &str,
) -> Option<()> {
    let operand = |index| division.get_operand(index)?.value();
    let arguments = [operand(0)?.into(), operand(1)?.into()];
    builder.position_before(&division);
    let call = builder.build_call(code.get_function(name)?, &arguments, "").ok()?;
    let result = call.try_as_basic_value().basic()?.into_int_value().as_instruction_value()?;
    division.replace_all_uses_with(&result);
    division.erase_from_basic_block();
    Some(())
}
