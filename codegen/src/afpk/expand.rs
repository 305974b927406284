//! `afpk-expand`: decode, encode, code and shift_mul become integer operations.

use afp_ir::{
    mlir::{Attr, Op, Value},
    numerics::{Format, Rounding},
};
use afp_passes::registry::{Failed, Options, Pass, PassOption};

use super::numeric;
use crate::kernels::builder::Kernel;

/// The pass.
pub static PASS: Pass = Pass {
    name: "afpk-expand",
    description: "Write decode, encode, code and shift_mul of afpk as integer operations",
    anchor: "builtin.module",
    options: &[PassOption {
        name: "operations",
        help: "all or basic: whether the code generator counts the leading zeros of lanes, and shifts each by its own",
        default: "all",
    }],
    run,
};

fn run(module: Op, options: &Options<'_>) -> Result<(), Failed> {
    let is_basic = match options.text("operations") {
        "all" => false,
        "basic" => true,
        _ => return Err(options.reject("operations", "all or basic")),
    };
    for op in module.descendants() {
        if let Some(value) = expansion(op, is_basic) {
            op.replace_with(value);
        }
    }
    Ok(())
}

fn expansion(op: Op, is_basic: bool) -> Option<Value> {
    let name = op.name();
    let what = name.strip_prefix("afpk.")?;
    if ["dot", "lookup", "mmla", "pack", "prefetch", "unpack"].contains(&what) {
        return None;
    }
    // The verifier has seen to the attributes.
    let format: Format = op.attr("format")?.as_string()?.parse().ok()?;
    let k = Kernel::before(op);
    let bits = op.result(0).ty().int_width()?;
    let input = op.operand(0);
    Some(match what {
        "decode" => numeric::decode(&k, input, format, bits),
        "code" => numeric::code_of(&k, input, format, bits),
        "shift_mul" => numeric::shift_mul(&k, input, op.operand(1), format),
        _ => {
            let rounding: Rounding = op.attr("round")?.as_string()?.parse().ok()?;
            let bits = op.attr("bits").and_then(Attr::as_int)? as u32;
            let divisor = (op.operand_count() == 3).then(|| op.operand(2));
            let is_right = op.attr("right").is_some();
            let is_basic = is_basic && input.ty().lanes().is_some();
            let target = numeric::Target { format, rounding, is_right, is_basic };
            target.encode(&k, input, op.operand(1), divisor, bits)
        }
    })
}
