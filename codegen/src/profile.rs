//! The steps of a network, to be timed one by one.

use afp_ir::{
    diag::Diagnostic,
    mlir::{Attr, Builder, Op, OpSpec, SourceModule, Type},
};

use crate::interface::{LAYER, body};

/// The function that the body calls behind each step, with the step's number.
pub(crate) const HOOK: &str = "afp_profile";

/// The exported variable through which the hook of a function is set: a pointer to a `void (*)(int)`.
pub(crate) fn slot(symbol: &str) -> String {
    format!("{symbol}_profile")
}

/// Has a module's body call the hook behind each of its steps, that is each call of a kernel, or the loop in which
/// threads take shares of it. Gives the steps' names: of the layer, or else of the kernel.
///
/// The object then exports the variable `SYMBOL_profile`, of type `void (*)(int)` in C and null at first:
/// a function that it points to is called behind each step with its number, on every thread.
///
/// # Errors
/// AFP0001 if the module has no body.
pub fn instrument(module: &SourceModule<'_>) -> Result<Vec<String>, Diagnostic> {
    let (function, _) = body(module)?;
    let (ctx, loc) = (function.ctx(), function.loc());
    let Some(block) = function.blocks().into_iter().next() else { return Ok(Vec::new()) };
    let int = Type::int(ctx, 32);
    let ops = block.ops();
    let mut names = Vec::new();
    for (index, &op) in ops.iter().enumerate() {
        let Some(kernel) = kernel(op) else { continue };
        let behind = ops.get(index + 1);
        let builder = behind.map_or_else(|| Builder::at_end(ctx, block), |&next| Builder::before(next));
        let number = OpSpec::new("arith.constant").attr("value", Attr::int(ctx, 32, names.len() as i64));
        let number = builder.value(loc, number.result(int));
        let call = OpSpec::new("func.call").operands([number]).attr("callee", Attr::symbol(ctx, HOOK));
        builder.build(loc, call);
        let layer = kernel.attr(LAYER).and_then(Attr::as_string);
        names.push(layer.unwrap_or_else(|| callee(kernel)));
    }
    if let Some(&outside) = module.op().blocks().first() {
        ctx.declare_function(outside, loc, HOOK, &[int], &[]);
    }
    Ok(names)
}

fn callee(call: Op) -> String {
    call.attr("callee").map(|name| name.to_string().trim_start_matches('@').to_owned()).unwrap_or_default()
}

/// The last call of a kernel in a step.
fn kernel(step: Op) -> Option<Op> {
    let inside = step.descendants();
    let mut calls = std::iter::once(step).chain(inside).filter(|op| op.is("func.call"));
    calls.rfind(|&call| callee(call) != afp_runtime::pool::SHARE)
}
