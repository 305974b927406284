//! Equal conversions of one value.

use std::collections::HashMap;

use afp_ir::mlir::{Block, Op, Value};

use crate::conversions::{Fate, Ledger, is_conversion};

/// Conversions of one value that are alike become one.
///
/// *Condition*: same operator, operand, type and attributes, and a static scale exponent or not: the
/// exponent that a dynamic type finds depends on the operand alone.
pub(super) fn share(body: Block, ledger: &mut Ledger) -> bool {
    let mut known: HashMap<(Value, String), Op> = HashMap::new();
    let mut changed = false;
    for op in body.ops().into_iter().filter(|&op| is_conversion(op) && !op.is_unused()) {
        let mut attrs: Vec<String> = op.attrs().iter().map(|(key, value)| format!("{key}={value}")).collect();
        attrs.sort();
        let kind = format!("{} {} {}", op.name(), op.result(0).ty(), attrs.join(" "));
        match known.get(&(op.operand(0), kind.clone())) {
            Some(first) => {
                op.result(0).replace_all_uses_with(first.result(0));
                ledger.settle(op, Fate::Shared);
                changed = true;
            }
            None => {
                known.insert((op.operand(0), kind), op);
            }
        }
    }
    changed
}
