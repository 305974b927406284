//! What is done with registers, whatever the operation.

use cranelift_codegen::ir::{
    ConstantData, Endianness, InstBuilder as _, InstructionData, MemFlagsData, Opcode, Type, Value,
    immediates::V128Imm,
};
use cranelift_frontend::FunctionBuilder;

use super::kind::{integer, register, registers};

/// A constant register.
pub(super) fn constant(b: &mut FunctionBuilder<'_>, width: u32, bytes: [u8; 16]) -> Value {
    let data = b.func.dfg.constants.insert(ConstantData::from(bytes.as_slice()));
    b.ins().vconst(register(width), data)
}

/// The same integer in all lanes.
pub(super) fn uniform(b: &mut FunctionBuilder<'_>, width: u32, value: i64) -> Value {
    let mut bytes = [0; 16];
    let size = width as usize / 8;
    for lane in bytes.chunks_exact_mut(size) {
        lane.copy_from_slice(&value.to_le_bytes()[..size]);
    }
    constant(b, width, bytes)
}

/// An integer constant.
pub(super) fn scalar(b: &mut FunctionBuilder<'_>, width: u32, value: i64) -> Value {
    let ty = integer(width);
    // Bits beyond the type's must be zero.
    let mask = if ty.bits() == 64 { -1 } else { (1i64 << ty.bits()) - 1 };
    b.ins().iconst(ty, value & mask)
}

/// The same bits as lanes of another width.
pub(super) fn reinterpret(b: &mut FunctionBuilder<'_>, ty: Type, value: Value) -> Value {
    if b.func.dfg.value_type(value) == ty {
        return value;
    }
    b.ins().bitcast(ty, MemFlagsData::new().with_endianness(Endianness::Little), value)
}

/// The bytes of `x` and `y` (numbered from 16) that `mask` names.
pub(super) fn bytes_of(b: &mut FunctionBuilder<'_>, x: Value, y: Value, mask: [u8; 16]) -> Value {
    let ty = b.func.dfg.value_type(x);
    let (x, y) = (reinterpret(b, register(8), x), reinterpret(b, register(8), y));
    let mask = b.func.dfg.immediates.push(ConstantData::from(V128Imm(mask).as_slice()));
    let bytes = b.ins().shuffle(x, y, mask);
    reinterpret(b, ty, bytes)
}

/// Lanes of twice the width.
pub(super) fn widen(
    b: &mut FunctionBuilder<'_>,
    parts: &[Value],
    count: u32,
    width: u32,
    signed: bool,
) -> Vec<Value> {
    let mut wide = Vec::with_capacity(2 * parts.len());
    for &part in parts {
        wide.push(if signed { b.ins().swiden_low(part) } else { b.ins().uwiden_low(part) });
        wide.push(if signed { b.ins().swiden_high(part) } else { b.ins().uwiden_high(part) });
    }
    wide.truncate(registers(count, 2 * width));
    wide
}

/// Lanes of half the width: the low halves, not saturated.
fn narrow(b: &mut FunctionBuilder<'_>, parts: &[Value], width: u32) -> Vec<Value> {
    parts.chunks(2).map(|pair| low_parts(b, pair[0], pair[pair.len() - 1], (width, width / 2))).collect()
}

/// The low parts, `to` bits wide, of the lanes of `x` and behind them those of `y`.
fn low_parts(b: &mut FunctionBuilder<'_>, x: Value, y: Value, (from, to): (u32, u32)) -> Value {
    let (size, part) = (from as usize / 8, to as usize / 8);
    let mut mask = [0; 16];
    for (index, byte) in mask.iter_mut().enumerate() {
        *byte = ((index / part * size + index % part) % 32) as u8;
    }
    let bytes = bytes_of(b, x, y, mask);
    reinterpret(b, register(to), bytes)
}

/// The low bytes of products of bytes, which no machine has: of products of 16 bits.
pub(super) fn multiply_bytes(b: &mut FunctionBuilder<'_>, x: Value, y: Value) -> Value {
    let (x, y) = (widen(b, &[x], 16, 8, false), widen(b, &[y], 16, 8, false));
    let products: Vec<Value> = x.iter().zip(&y).map(|(&x, &y)| b.ins().imul(x, y)).collect();
    low_parts(b, products[0], products[1], (16, 8))
}

/// The upper halves of the products of four lanes of 32 bits with a sign.
pub(super) fn multiply_high(b: &mut FunctionBuilder<'_>, x: Value, y: Value) -> Value {
    let (x, y) = (widen(b, &[x], 4, 32, true), widen(b, &[y], 4, 32, true));
    let products: Vec<Value> = x.iter().zip(&y).map(|(&x, &y)| b.ins().imul(x, y)).collect();
    let upper = [4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31];
    let words = bytes_of(b, products[0], products[1], upper);
    reinterpret(b, register(32), words)
}

/// Lane 0 of a register, taken from where it was before it was put there.
pub(super) fn first(b: &mut FunctionBuilder<'_>, width: u32, part: Value) -> Value {
    let (mut source, mut lane) = (part, 0);
    while let Some(inst) = b.func.dfg.value_def(source).inst() {
        let data = b.func.dfg.insts[inst];
        match data {
            InstructionData::Shuffle { args, imm, .. } => {
                let bytes = b.func.dfg.immediates[imm].as_slice();
                let size = width as usize / 8;
                let chosen = &bytes[lane * size..(lane + 1) * size];
                let from = usize::from(chosen[0]);
                if from % size != 0 || chosen.iter().zip(from..).any(|(&byte, at)| usize::from(byte) != at) {
                    break;
                }
                (source, lane) = (args[from / 16], from % 16 / size);
            }
            _ if data.opcode() == Opcode::Bitcast => source = b.func.dfg.inst_args(inst)[0],
            _ if data.opcode() == Opcode::ScalarToVector && lane == 0 => {
                let scalar = b.func.dfg.inst_args(inst)[0];
                if b.func.dfg.value_type(scalar) == integer(width) {
                    return scalar;
                }
                break;
            }
            _ => break,
        }
    }
    let source = reinterpret(b, register(width), source);
    b.ins().extractlane(source, lane as u8)
}

/// Lanes of any other width. What is narrowed wraps.
pub(super) fn resize(
    b: &mut FunctionBuilder<'_>,
    parts: &[Value],
    count: u32,
    (mut from, to): (u32, u32),
    signed: bool,
) -> Vec<Value> {
    let mut parts = parts.to_vec();
    while from < to {
        parts = widen(b, &parts, count, from, signed);
        from *= 2;
    }
    if parts.len() == 1 && from > to {
        return vec![low_parts(b, parts[0], parts[0], (from, to))];
    }
    while from > to {
        parts = narrow(b, &parts, from);
        from /= 2;
    }
    parts
}

/// An operation on scalars done for each of the first `used` lanes of registers; the others are zero.
pub(super) fn each(
    b: &mut FunctionBuilder<'_>,
    width: u32,
    used: u32,
    operands: &[Value],
    mut operation: impl FnMut(&mut FunctionBuilder<'_>, &[Value]) -> Value,
) -> Value {
    let mut result = uniform(b, width, 0);
    for lane in 0..used as u8 {
        let scalars: Vec<Value> = operands.iter().map(|&part| b.ins().extractlane(part, lane)).collect();
        let value = operation(b, &scalars);
        result = b.ins().insertlane(result, value, lane);
    }
    result
}

/// How many lanes of a vector's register `index` are its own.
pub(super) fn used(count: u32, width: u32, index: usize) -> u32 {
    let per_register = super::kind::REGISTER / width;
    (count - per_register * index as u32).min(per_register)
}
