//! `afpk.matrix_*` as instructions of AMX: eight tiles of at most 16 rows of 64 bytes.
//!
//! Registers are numbered here and not by LLVM: sums first, then rows, then panels. The shapes of a kernel's
//! tiles never change, so that one `ldtilecfg` serves all of it.

use afp_ir::{
    diag::Diagnostic,
    mlir::{Attr, Op, OpSpec, Type, Value},
};
use afp_target::Target;

use crate::kernels::builder::Kernel;

/// The registers of a block of products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// Groups of rows.
    pub groups: i64,
    /// Panels of 16 columns.
    pub panels: i64,
}

impl Block {
    const fn sum(self, group: i64, panel: i64) -> i64 {
        group * self.panels + panel
    }

    const fn rows(self, group: i64) -> i64 {
        self.groups * self.panels + group
    }

    const fn panel(self, panel: i64) -> i64 {
        self.groups * (self.panels + 1) + panel
    }

    /// The 64 bytes that `ldtilecfg` reads: the palette, then bytes of a row and rows of each register (Intel's
    /// manual, volume 1, chapter 18). Of panels, a row has four bytes for each of 16 columns.
    pub fn shapes(self, rows: i64, depth: i64) -> Vec<i64> {
        let mut shapes = vec![0; 64];
        shapes[0] = 1;
        let mut set = |register: i64, rows: i64, bytes: i64| {
            shapes[16 + 2 * register as usize] = bytes;
            shapes[48 + register as usize] = rows;
        };
        for group in 0..self.groups {
            set(self.rows(group), rows, depth);
            (0..self.panels).for_each(|panel| set(self.sum(group, panel), rows, 64));
        }
        (0..self.panels).for_each(|panel| set(self.panel(panel), depth / 4, 64));
        shapes
    }
}

/// Replaces an operation by instructions.
///
/// # Errors
/// AFP0612 for a target without a matrix unit.
pub(super) fn lower(op: Op, target: &Target) -> Result<(), Diagnostic> {
    if !target.vectors.matrix {
        let problem = crate::kernels::tree::misfit(op, "a target with a matrix unit, such as x86-64-v4+amx");
        return Err(problem.found(target.name));
    }
    let k = Kernel::before(op);
    match op.name().as_str() {
        "afpk.matrix_setup" => {
            k.effect_intrinsic("llvm.x86.ldtilecfg", &[pointer(&k, op.operand(0), None, 1)])
        }
        "afpk.matrix_release" => k.effect_intrinsic("llvm.x86.tilerelease", &[]),
        _ => Product::of(op).lower(&k),
    }
    op.erase();
    Ok(())
}

/// The address of an element.
fn pointer(k: &Kernel, memref: Value, at: Option<Value>, bytes: i64) -> Value {
    let base = OpSpec::new("memref.extract_aligned_pointer_as_index").operands([memref]);
    let mut address = k.value(base.result(Type::index(k.ctx())));
    if let Some(at) = at {
        let at = if bytes == 1 { at } else { k.mul(at, k.index(bytes)) };
        address = k.add(address, at);
    }
    let integer = k.value(OpSpec::new("arith.index_cast").operands([address]).result(k.int(64)));
    let ty = Type::parse(k.ctx(), "!llvm.ptr").unwrap_or_else(|| k.int(64));
    k.value(OpSpec::new("llvm.inttoptr").operands([integer]).result(ty))
}

/// A product of rows with panels.
struct Product {
    op: Op,
    block: Block,
    rows: i64,
    depth: i64,
    row_stride: i64,
    steps: Vec<(i64, i64)>,
}

impl Product {
    fn of(op: Op) -> Self {
        let size = |name: &str| op.attr(name).and_then(Attr::as_int).unwrap_or(1);
        let list = |name: &str| op.attr(name).and_then(Attr::as_i64s).unwrap_or_default();
        let block = Block { groups: op.operands().len() as i64 - 5, panels: size("panels") };
        let steps = list("counts").into_iter().zip(list("strides")).filter(|(count, _)| *count > 1).collect();
        Self { op, block, rows: size("rows"), depth: size("depth"), row_stride: size("row_stride"), steps }
    }

    fn lower(&self, k: &Kernel) {
        let block = self.block;
        let register = |k: &Kernel, number: i64| k.constant(k.int(8), number);
        for group in 0..block.groups {
            for panel in 0..block.panels {
                k.effect_intrinsic("llvm.x86.tilezero", &[register(k, block.sum(group, panel))]);
            }
        }
        let (at_a, at_b) = (self.op.operands().split_off(5), self.op.operand(4));
        self.step(k, &self.steps, &at_a, at_b);
        let stride = k.constant(k.int(64), block.panels * 64);
        for group in 0..block.groups {
            for panel in 0..block.panels {
                let at = k.index((group * self.rows * block.panels + panel) * 16);
                let at = k.add(self.op.operand(3), at);
                let sums = pointer(k, self.op.operand(0), Some(at), 4);
                let tile = register(k, block.sum(group, panel));
                k.effect_intrinsic("llvm.x86.tilestored64", &[tile, sums, stride]);
            }
        }
    }

    /// The loops over steps that are left, from given places.
    fn step(&self, k: &Kernel, steps: &[(i64, i64)], at_a: &[Value], at_b: Value) {
        let Some((&(count, stride), rest)) = steps.split_first() else {
            return self.products(k, at_a, at_b);
        };
        let inner: i64 = rest.iter().map(|(count, _)| count).product();
        let bytes = inner * self.block.panels * 16 * self.depth;
        k.each(count, |k, index| {
            let forward = k.mul(index, k.index(stride));
            let at_a: Vec<Value> = at_a.iter().map(|&at| k.add(at, forward)).collect();
            self.step(k, rest, &at_a, k.add(at_b, k.mul(index, k.index(bytes))));
        });
    }

    /// The products of a step.
    fn products(&self, k: &Kernel, at_a: &[Value], at_b: Value) {
        let block = self.block;
        let register = |number: i64| k.constant(k.int(8), number);
        let load = |number: i64, memref: Value, at: Value, stride: i64| {
            let from = pointer(k, memref, Some(at), 1);
            let stride = k.constant(k.int(64), stride);
            k.effect_intrinsic("llvm.x86.tileloadd64", &[register(number), from, stride]);
        };
        let name = if self.op.attr("unsigned_a").is_some() { "llvm.x86.tdpbusd" } else { "llvm.x86.tdpbssd" };
        for (group, &at) in (0..).zip(at_a) {
            load(block.rows(group), self.op.operand(1), at, self.row_stride);
            for panel in 0..block.panels {
                if group == 0 {
                    let at = k.add(at_b, k.index(panel * 16 * self.depth));
                    load(block.panel(panel), self.op.operand(2), at, 64);
                }
                let registers = [block.sum(group, panel), block.rows(group), block.panel(panel)];
                k.effect_intrinsic(name, &registers.map(register));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_are_distinct_and_have_shapes() {
        for (groups, panels) in [(1, 1), (1, 2), (2, 1), (2, 2), (1, 3), (3, 1)] {
            let block = Block { groups, panels };
            let shapes = block.shapes(14, 48);
            let used = (groups * panels + groups + panels) as usize;
            let rows: Vec<i64> = shapes[48..56].to_vec();
            assert_eq!(rows.iter().filter(|rows| **rows > 0).count(), used, "{block:?}");
            assert_eq!(rows.iter().filter(|rows| **rows == 12).count() as i64, panels, "{block:?}");
            let bytes: Vec<i64> = shapes[16..32].chunks(2).map(|pair| pair[0]).collect();
            assert_eq!(bytes.iter().filter(|bytes| **bytes == 48).count() as i64, groups, "{block:?}");
            assert_eq!(shapes[0], 1);
        }
    }
}
