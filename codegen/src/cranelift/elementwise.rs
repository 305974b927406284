//! Integer arithmetic, shifts, comparison, choice and counting of zeros, on scalars and vectors.

use afp_ir::{
    diag::Diagnostic,
    mlir::{Op, Value},
};
use cranelift_codegen::ir::{
    self, InstBuilder as _,
    condcodes::{CondCode as _, IntCC},
};
use cranelift_frontend::FunctionBuilder;

use super::{
    function::{Lowered, Translator},
    isa::Machine,
    kind::{Kind, integer},
    lanes,
    numbers::Numbers,
};

/// An operator of two integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Sub,
    Mul,
    DivS,
    DivU,
    RemS,
    RemU,
    And,
    Or,
    Xor,
    Shl,
    ShrS,
    ShrU,
    MinS,
    MaxS,
    MinU,
    MaxU,
}

impl Binary {
    /// The operator of an operation of `arith`.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "arith.addi" => Self::Add,
            "arith.subi" => Self::Sub,
            "arith.muli" => Self::Mul,
            "arith.divsi" => Self::DivS,
            "arith.divui" => Self::DivU,
            "arith.remsi" => Self::RemS,
            "arith.remui" => Self::RemU,
            "arith.andi" => Self::And,
            "arith.ori" => Self::Or,
            "arith.xori" => Self::Xor,
            "arith.shli" => Self::Shl,
            "arith.shrsi" => Self::ShrS,
            "arith.shrui" => Self::ShrU,
            "arith.minsi" => Self::MinS,
            "arith.maxsi" => Self::MaxS,
            "arith.minui" => Self::MinU,
            "arith.maxui" => Self::MaxU,
            _ => return None,
        })
    }

    fn is_shift(self) -> bool {
        matches!(self, Self::Shl | Self::ShrS | Self::ShrU)
    }

    fn is_division(self) -> bool {
        matches!(self, Self::DivS | Self::DivU | Self::RemS | Self::RemU)
    }

    /// On scalars, or on registers where [`Self::on_registers`] says so. The second operand of a shift is
    /// a scalar either way.
    fn emit(self, b: &mut FunctionBuilder<'_>, x: ir::Value, y: ir::Value) -> ir::Value {
        let ins = b.ins();
        match self {
            Self::Add => ins.iadd(x, y),
            Self::Sub => ins.isub(x, y),
            Self::Mul => ins.imul(x, y),
            Self::DivS => ins.sdiv(x, y),
            Self::DivU => ins.udiv(x, y),
            Self::RemS => ins.srem(x, y),
            Self::RemU => ins.urem(x, y),
            Self::And => ins.band(x, y),
            Self::Or => ins.bor(x, y),
            Self::Xor => ins.bxor(x, y),
            Self::Shl => ins.ishl(x, y),
            Self::ShrS => ins.sshr(x, y),
            Self::ShrU => ins.ushr(x, y),
            Self::MinS => ins.smin(x, y),
            Self::MaxS => ins.smax(x, y),
            Self::MinU => ins.umin(x, y),
            Self::MaxU => ins.umax(x, y),
        }
    }

    /// On the registers of a vector.
    pub(super) fn on_registers(
        self,
        b: &mut FunctionBuilder<'_>,
        (width, used): (u32, u32),
        x: ir::Value,
        y: ir::Value,
    ) -> ir::Value {
        if self == Self::Mul && width == 8 {
            return lanes::multiply_bytes(b, x, y);
        }
        if self.is_division() || self.is_shift() {
            return lanes::each(b, width, used, &[x, y], |b, lane| self.emit(b, lane[0], lane[1]));
        }
        self.emit(b, x, y)
    }
}

impl Binary {
    /// A shift of lanes of 32 bits by counts below 32: by powers of two, where a count has that bit. `known` is the
    /// least count, and the bits that others have beyond it.
    fn by_bits(
        self,
        b: &mut FunctionBuilder<'_>,
        x: ir::Value,
        counts: ir::Value,
        known: Option<(i64, i64)>,
    ) -> ir::Value {
        let (least, beyond) = known.unwrap_or((0, 31));
        let (mut result, mut counts) = (x, counts);
        if least > 0 {
            let (all, lanes) = (lanes::scalar(b, 32, least), lanes::uniform(b, 32, least));
            result = self.emit(b, result, all);
            counts = b.ins().isub(counts, lanes);
        }
        for bit in (0..5).filter(|bit| beyond >> bit & 1 == 1) {
            let (power, to_top) = (lanes::scalar(b, 32, 1 << bit), lanes::scalar(b, 32, 31 - bit));
            let shifted = self.emit(b, result, power);
            let selected = b.ins().ishl(counts, to_top);
            result = b.ins().blendv(selected, shifted, result);
        }
        result
    }

    /// What the operator is on known numbers of 32 bits.
    pub(super) fn on_numbers(self) -> Option<fn(i32, i32) -> i32> {
        match self {
            Self::Add => Some(i32::wrapping_add),
            Self::Sub => Some(i32::wrapping_sub),
            Self::MinS => Some(i32::min),
            Self::MaxS => Some(i32::max),
            _ => None,
        }
    }
}

/// The conditions of `arith.cmpi`, by their numbers.
const CONDITIONS: [IntCC; 10] = [
    IntCC::Equal,
    IntCC::NotEqual,
    IntCC::SignedLessThan,
    IntCC::SignedLessThanOrEqual,
    IntCC::SignedGreaterThan,
    IntCC::SignedGreaterThanOrEqual,
    IntCC::UnsignedLessThan,
    IntCC::UnsignedLessThanOrEqual,
    IntCC::UnsignedGreaterThan,
    IntCC::UnsignedGreaterThanOrEqual,
];

impl Translator<'_, '_> {
    /// An operator of two integers, vectors of them, or masks.
    pub(super) fn binary(&mut self, op: Op, which: Binary) -> Result<Lowered, Diagnostic> {
        let (x, y) = (self.operand(op, 0)?, self.operand(op, 1)?);
        match self.kind(op.result(0), op)? {
            Kind::Int(1) => {
                let which = self.logical(op, which)?;
                Ok(Lowered::scalar(which.emit(&mut self.b, x.parts[0], y.parts[0])))
            }
            Kind::Int(_) => Ok(Lowered::scalar(which.emit(&mut self.b, x.parts[0], y.parts[0]))),
            Kind::Mask { count } => {
                let which = self.logical(op, which)?;
                let width = x.width.max(y.width);
                let (x, y) = (self.mask_of(&x, count, width), self.mask_of(&y, count, width));
                let parts = x.iter().zip(&y).map(|(&x, &y)| which.emit(&mut self.b, x, y)).collect();
                Ok(Lowered { parts, width })
            }
            Kind::Vector { count, width } if which.is_shift() => {
                Ok(Lowered::vector(self.shift(op, which, (count, width), &x, &y)))
            }
            Kind::Vector { count, width } => {
                let pairs = x.parts.iter().zip(&y.parts).enumerate();
                let parts = pairs.map(|(index, (&x, &y))| {
                    let used = lanes::used(count, width, index);
                    which.on_registers(&mut self.b, (width, used), x, y)
                });
                Ok(Lowered::vector(parts.collect()))
            }
            _ => Err(self.unknown(op)),
        }
    }

    /// What an operator is on single bits.
    fn logical(&self, op: Op, which: Binary) -> Result<Binary, Diagnostic> {
        match which {
            Binary::And | Binary::Or | Binary::Xor => Ok(which),
            Binary::Add | Binary::Sub => Ok(Binary::Xor),
            Binary::Mul => Ok(Binary::And),
            _ => Err(self.unknown(op)),
        }
    }

    fn shift(
        &mut self,
        op: Op,
        which: Binary,
        (count, width): (u32, u32),
        x: &Lowered,
        y: &Lowered,
    ) -> Vec<ir::Value> {
        let amounts = op.operand(1);
        if let Some(amount) = self.uniform_amount(amounts) {
            return x.parts.iter().map(|&part| which.emit(&mut self.b, part, amount)).collect();
        }
        let constants = self.constant_lanes(amounts).filter(|_| which == Binary::Shl);
        let numbers = if width == 32 { self.numbers(amounts) } else { Numbers::unknown() };
        let factors = if constants.is_none() { self.factors(which, y, &numbers) } else { None };
        if let Some((counts, known)) = factors {
            return self.shift_by_product(which, (count, width), x, &counts, known);
        }
        let known = numbers.beyond_least((0, 31));
        let shift = |(index, (&x, &y)): (usize, (&ir::Value, &ir::Value))| {
            let used = lanes::used(count, width, index);
            let b = &mut self.b;
            match &constants {
                // Powers of two; counts of the width and above mean nothing.
                Some(amounts) => {
                    let first = index * (super::kind::REGISTER / width) as usize;
                    let mut bytes = [0; 16];
                    let size = width as usize / 8;
                    for (lane, bytes) in bytes.chunks_exact_mut(size).enumerate().take(used as usize) {
                        let power = 1u64.checked_shl(amounts[first + lane] as u32).unwrap_or(0);
                        bytes.copy_from_slice(&power.to_le_bytes()[..size]);
                    }
                    let powers = lanes::constant(b, width, bytes);
                    Binary::Mul.on_registers(b, (width, used), x, powers)
                }
                // Selection by each bit of the count is less than to take lanes out and put them back.
                None if width == 32 && used > 1 && self.machine != Machine::Aarch64 => {
                    which.by_bits(b, x, y, known)
                }
                None => which.on_registers(b, (width, used), x, y),
            }
        };
        x.parts.iter().zip(&y.parts).enumerate().map(shift).collect()
    }

    /// Counts of powers of two, and their least and the bits beyond it, where a shift is better a product with
    /// those: where several bits of a count matter, since powers stay the same for many.
    fn factors(&mut self, which: Binary, y: &Lowered, numbers: &Numbers) -> Option<(Lowered, (i64, i64))> {
        let known = numbers.beyond_least((0, 31))?;
        match which {
            Binary::Shl if known.1 != 0 => Some((y.clone(), known)),
            // The upper half of a product with as many bits as are missing from the width.
            Binary::ShrS if known.0 >= 2 && known.1.count_ones() >= 2 => {
                let missing = Numbers::exactly([32]).combined(numbers, i32::wrapping_sub);
                let known = missing.beyond_least((0, 31))?;
                let whole = lanes::uniform(&mut self.b, 32, 32);
                let parts = y.parts.iter().map(|&y| self.b.ins().isub(whole, y)).collect();
                Some((Lowered::vector(parts), known))
            }
            _ => None,
        }
    }

    fn shift_by_product(
        &mut self,
        which: Binary,
        (count, width): (u32, u32),
        x: &Lowered,
        counts: &Lowered,
        known: (i64, i64),
    ) -> Vec<ir::Value> {
        let by_bits = self.machine != Machine::Aarch64;
        let product = |(index, (&x, &count_of)): (usize, (&ir::Value, &ir::Value))| {
            let (b, used) = (&mut self.b, lanes::used(count, width, index));
            let one = lanes::uniform(b, 32, 1);
            let powers = match by_bits {
                true => Binary::Shl.by_bits(b, one, count_of, Some(known)),
                false => Binary::Shl.on_registers(b, (width, used), one, count_of),
            };
            match which {
                Binary::Shl => b.ins().imul(x, powers),
                _ => lanes::multiply_high(b, x, powers),
            }
        };
        x.parts.iter().zip(&counts.parts).enumerate().map(product).collect()
    }

    /// The scalar that all lanes of a vector are, if its definition tells.
    fn uniform_amount(&mut self, vector: Value) -> Option<ir::Value> {
        if let Some(broadcast) = vector.def_as("vector.broadcast") {
            let Some(Kind::Int(8..)) = Kind::of_value(broadcast.operand(0)) else { return None };
            return self.operand(broadcast, 0).ok().map(|scalar| scalar.parts[0]);
        }
        let lanes = self.constant_lanes(vector)?;
        let first = *lanes.first()?;
        lanes.iter().all(|&lane| lane == first).then(|| lanes::scalar(&mut self.b, 32, first))
    }

    /// `arith.cmpi`.
    pub(super) fn compare(&mut self, op: Op) -> Result<Lowered, Diagnostic> {
        let (x, y) = (self.operand(op, 0)?, self.operand(op, 1)?);
        let number = op.attr("predicate").and_then(|predicate| predicate.as_int());
        let condition = number.and_then(|number| CONDITIONS.get(usize::try_from(number).ok()?).copied());
        let condition = condition.ok_or_else(|| self.unknown(op))?;
        match self.kind(op.operand(0), op)? {
            Kind::Int(width) => {
                // One bit is -1 if it is set, and less than 0.
                let swap = width == 1 && condition.unsigned() != condition;
                let condition = if swap { condition.swap_args() } else { condition };
                Ok(Lowered::scalar(self.b.ins().icmp(condition, x.parts[0], y.parts[0])))
            }
            Kind::Vector { width, .. } => {
                let pairs = x.parts.iter().zip(&y.parts);
                let parts = pairs.map(|(&x, &y)| self.b.ins().icmp(condition, x, y)).collect();
                Ok(Lowered { parts, width })
            }
            _ => Err(self.unknown(op)),
        }
    }

    /// `arith.select`.
    pub(super) fn select(&mut self, op: Op) -> Result<Lowered, Diagnostic> {
        let condition = self.operand(op, 0)?;
        let (mut x, mut y) = (self.operand(op, 1)?, self.operand(op, 2)?);
        let kind = self.kind(op.result(0), op)?;
        let mut width = 0;
        if let Kind::Mask { count } = kind {
            width = x.width.max(y.width);
            (x.parts, y.parts) = (self.mask_of(&x, count, width), self.mask_of(&y, count, width));
        }
        let choices = x.parts.iter().zip(&y.parts);
        let parts = match (self.kind(op.operand(0), op)?, kind) {
            (Kind::Int(1), _) => {
                choices.map(|(&x, &y)| self.b.ins().select(condition.parts[0], x, y)).collect()
            }
            (Kind::Mask { count }, Kind::Vector { .. } | Kind::Mask { .. }) => {
                let lanes = if let Kind::Vector { width, .. } = kind { width } else { width };
                let mask = self.mask_of(&condition, count, lanes);
                mask.iter().zip(choices).map(|(&c, (&x, &y))| self.b.ins().bitselect(c, x, y)).collect()
            }
            _ => return Err(self.unknown(op)),
        };
        Ok(Lowered { parts, width })
    }

    /// `math.ctlz`; the width for 0.
    pub(super) fn leading_zeros(&mut self, op: Op) -> Result<Lowered, Diagnostic> {
        let x = self.operand(op, 0)?;
        match self.kind(op.result(0), op)? {
            Kind::Int(8..) => Ok(Lowered::scalar(self.b.ins().clz(x.parts[0]))),
            Kind::Vector { count, width } => {
                let parts = x.parts.iter().enumerate().map(|(index, &part)| {
                    let used = lanes::used(count, width, index);
                    lanes::each(&mut self.b, width, used, &[part], |b, lane| b.ins().clz(lane[0]))
                });
                Ok(Lowered::vector(parts.collect()))
            }
            _ => Err(self.unknown(op)),
        }
    }

    /// `vector.reduction`.
    pub(super) fn reduce(&mut self, op: Op) -> Result<Lowered, Diagnostic> {
        let Kind::Vector { count, width } = self.kind(op.operand(0), op)? else {
            return Err(self.unknown(op));
        };
        let kind = op.attr("kind").map(|kind| kind.to_string()).unwrap_or_default();
        let which = match kind.as_str() {
            "#vector.kind<add>" => Binary::Add,
            "#vector.kind<mul>" => Binary::Mul,
            "#vector.kind<minsi>" => Binary::MinS,
            "#vector.kind<maxsi>" => Binary::MaxS,
            "#vector.kind<minui>" => Binary::MinU,
            "#vector.kind<maxui>" => Binary::MaxU,
            "#vector.kind<and>" => Binary::And,
            "#vector.kind<or>" => Binary::Or,
            "#vector.kind<xor>" => Binary::Xor,
            _ => return Err(self.unknown(op)),
        };
        let vector = self.operand(op, 0)?;
        let per_register = super::kind::REGISTER / width;
        let full = (count / per_register) as usize;
        let mut scalars = Vec::new();
        // Full registers together, then by halves; what is left lane by lane.
        if let Some((&first, rest)) = vector.parts[..full].split_first() {
            let b = &mut self.b;
            let step = (width, per_register);
            let mut sum = rest.iter().fold(first, |sum, &part| which.on_registers(b, step, sum, part));
            let mut bytes = 8;
            while bytes >= width as usize / 8 {
                let mut mask = [0; 16];
                for (index, byte) in mask.iter_mut().enumerate() {
                    *byte = ((index + bytes) % 16) as u8;
                }
                let upper = lanes::bytes_of(b, sum, sum, mask);
                sum = which.on_registers(b, step, sum, upper);
                bytes /= 2;
            }
            scalars.push(b.ins().extractlane(sum, 0));
        }
        for lane in 0..(count % per_register) as u8 {
            scalars.push(self.b.ins().extractlane(vector.parts[full], lane));
        }
        if op.operand_count() > 1 {
            scalars.push(self.operand(op, 1)?.parts[0]);
        }
        let (&first, rest) = scalars.split_first().ok_or_else(|| self.unknown(op))?;
        debug_assert_eq!(self.b.func.dfg.value_type(first), integer(width));
        Ok(Lowered::scalar(rest.iter().fold(first, |sum, &next| which.emit(&mut self.b, sum, next))))
    }
}
