//! `afpk.dot`: products of neighbours, added to lanes of 32 bits, exact on every machine.
//!
//! Cranelift has no instruction for it but recognizes trees of others: the products of 8-bit numbers in
//! 16 bits (which hold them, unsigned by signed too), extended to 32 and added pairwise twice, then
//! added to the accumulator. That tree is `vpdpbusd` and `sdot` where they exist. `pmaddwd` is a tree of
//! 16-bit products of halves. `afpk.pack` and `afpk.lookup` are there too.

use afp_ir::{diag::Diagnostic, mlir::Op};
use cranelift_codegen::ir::{self, InstBuilder as _};

use super::{
    function::{Lowered, Translator},
    isa::Machine,
    kind::{Kind, register},
    lanes,
};

impl Translator<'_, '_> {
    /// `afpk.dot`.
    pub(super) fn dot(&mut self, op: Op) -> Result<Lowered, Diagnostic> {
        let Kind::Vector { width, .. } = self.kind(op.operand(1), op)? else { return Err(self.unknown(op)) };
        let unsigned = op.attr("unsigned_a").is_some();
        let is_x86 = self.machine != Machine::Aarch64;
        let in_words =
            self.machine == Machine::X86 && width == 8 && unsigned && op.attr("pairs_fit").is_some();
        let mut sums = self.operand(op, 0)?.parts;
        let mut words: Vec<Option<ir::Value>> = vec![None; sums.len()];
        for pair in 0..op.operands().len() / 2 {
            let (a, b) = (self.operand(op, 1 + 2 * pair)?.parts, self.operand(op, 2 + 2 * pair)?.parts);
            for (part, (&a, &b)) in a.iter().zip(&b).enumerate() {
                if in_words {
                    // `pmaddubsw`, which saturates.
                    let products = self.b.ins().x86_pmaddubsw(b, a);
                    let sum = words[part].map_or(products, |sum| self.b.ins().iadd(sum, products));
                    words[part] = Some(sum);
                    continue;
                }
                let products = match (width, unsigned) {
                    (16, _) => self.pairs(a, b),
                    (_, true) if self.machine == Machine::X86 => self.halves(a, b, true),
                    (_, false) if is_x86 => self.halves(a, b, false),
                    _ => self.tree(a, b, unsigned),
                };
                sums[part] = self.b.ins().iadd(products, sums[part]);
            }
        }
        for (sum, words) in sums.iter_mut().zip(words) {
            if let Some(words) = words {
                let products = self.widened(words);
                *sum = self.b.ins().iadd(products, *sum);
            }
        }
        Ok(Lowered::vector(sums))
    }

    /// `afpk.pack`: registers hold four lanes, whose bytes are neighbours in the result.
    pub(super) fn pack(&mut self, op: Op) -> Result<Lowered, Diagnostic> {
        let mut operands = Vec::with_capacity(4);
        for index in 0..4 {
            operands.push(self.operand(op, index)?.parts);
        }
        let unsigned = op.attr("to_unsigned").is_some();
        let b = &mut self.b;
        let parts = (0..operands[0].len()).map(|at| {
            let low = b.ins().snarrow(operands[0][at], operands[1][at]);
            let high = b.ins().snarrow(operands[2][at], operands[3][at]);
            if unsigned { b.ins().unarrow(low, high) } else { b.ins().snarrow(low, high) }
        });
        Ok(Lowered::vector(parts.collect()))
    }

    /// `afpk.lookup`: each 16 bytes of the table give what they have of it, and zeros for the rest.
    pub(super) fn lookup(&mut self, op: Op) -> Result<Lowered, Diagnostic> {
        let (table, index) = (self.operand(op, 0)?, self.operand(op, 1)?);
        let b = &mut self.b;
        let parts = index.parts.iter().map(|&index| {
            let mut found = lanes::uniform(b, 8, 0);
            for (chunk, &bytes) in (0..).zip(&table.parts) {
                let first = lanes::uniform(b, 8, 16 * chunk);
                let at = b.ins().isub(index, first);
                let some = b.ins().swizzle(bytes, at);
                found = b.ins().bor(found, some);
            }
            found
        });
        Ok(Lowered::vector(parts.collect()))
    }

    /// Sums of pairs of 16-bit products, in 32 bits: `pmaddwd`.
    fn pairs(&mut self, a: ir::Value, b: ir::Value) -> ir::Value {
        let (a_low, b_low) = (self.b.ins().swiden_low(a), self.b.ins().swiden_low(b));
        let (a_high, b_high) = (self.b.ins().swiden_high(a), self.b.ins().swiden_high(b));
        let (low, high) = (self.b.ins().imul(a_low, b_low), self.b.ins().imul(a_high, b_high));
        self.b.ins().iadd_pairwise(low, high)
    }

    /// Sums of pairs of numbers of 16 bits, in 32.
    fn widened(&mut self, words: ir::Value) -> ir::Value {
        let (low, high) = (self.b.ins().swiden_low(words), self.b.ins().swiden_high(words));
        self.b.ins().iadd_pairwise(low, high)
    }

    /// `pmaddwd` on the even bytes and on the odd, as 16 bits.
    fn halves(&mut self, a: ir::Value, b: ir::Value, unsigned: bool) -> ir::Value {
        let (a, b) = (self.alternate(a, unsigned), self.alternate(b, false));
        let (even, odd) = (self.pairs(a[0], b[0]), self.pairs(a[1], b[1]));
        self.b.ins().iadd(even, odd)
    }

    /// The even and the odd bytes, extended to 16 bits.
    fn alternate(&mut self, bytes: ir::Value, unsigned: bool) -> [ir::Value; 2] {
        let words = lanes::reinterpret(&mut self.b, register(16), bytes);
        let eight = lanes::scalar(&mut self.b, 32, 8);
        if unsigned {
            let mask = lanes::uniform(&mut self.b, 16, 255);
            [self.b.ins().band(words, mask), self.b.ins().ushr(words, eight)]
        } else {
            let top = self.b.ins().ishl(words, eight);
            [self.b.ins().sshr(top, eight), self.b.ins().sshr(words, eight)]
        }
    }

    /// The tree that is `vpdpbusd` or `sdot`, or else a few instructions.
    fn tree(&mut self, a: ir::Value, b: ir::Value, unsigned: bool) -> ir::Value {
        let a = lanes::widen(&mut self.b, &[a], 16, 8, !unsigned);
        let b = lanes::widen(&mut self.b, &[b], 16, 8, true);
        let mut sums = [a[0]; 2];
        for half in 0..2 {
            // The order of the factors is the one that is recognized.
            let product = match unsigned && self.machine != Machine::Aarch64 {
                true => self.b.ins().imul(b[half], a[half]),
                false => self.b.ins().imul(a[half], b[half]),
            };
            let (low, high) = (self.b.ins().swiden_low(product), self.b.ins().swiden_high(product));
            sums[half] = self.b.ins().iadd_pairwise(low, high);
        }
        self.b.ins().iadd_pairwise(sums[0], sums[1])
    }
}
