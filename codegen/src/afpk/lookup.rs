//! `afpk.lookup`: bytes of a table of 256 that bytes of a register name.
//!
//! * AVX-512 VBMI looks up 64 indices in 128 bytes at once (`vpermi2b`), which ignores their highest bit; it chooses
//!   between both halves.
//! * `pshufb` looks up in 16 bytes, and gives 0 for an index whose highest bit is set. Of a half of the table, the first
//!   16 bytes and the differences of each 16 to those before are looked up, with indices from which 16 is taken away
//!   each time: while none is negative, the differences add up (by exclusive or) to the bytes looked for.
//! * aarch64 looks up in 64 bytes (`tbl`), and leaves what it does not find (`tbx`).

use afp_ir::{
    diag::Diagnostic,
    mlir::{Op, Value},
};
use afp_target::{Dot, Target};

use crate::kernels::{
    builder::{Cmp, Kernel, vector},
    tree::misfit,
};

/// Bytes of a table that `pshufb` looks up in.
const CHUNK: i64 = 16;

/// What stands for a lookup on a target.
///
/// # Errors
/// AFP0612 for a target without such instructions, or indices that are no register.
pub(super) fn lower(op: Op, k: &Kernel, target: &Target) -> Result<Value, Diagnostic> {
    let [table, index] = [0, 1].map(|operand| op.operand(operand));
    let lanes = index.ty().lanes().unwrap_or(0);
    let (bits, widest) = (lanes * 8, i64::from(target.vectors.bits));
    let x86 = matches!(target.vectors.dot, Dot::Maddubs | Dot::Vnni);
    match lanes {
        64 if target.vectors.vbmi => Ok(vbmi(k, table, index)),
        16 | 32 | 64 if x86 && bits <= widest => Ok(pshufb(k, table, index, lanes)),
        16 if target.triple.starts_with("aarch64") => Ok(tbl(k, table, index)),
        _ => {
            let problem = misfit(op, "a register of indices, on x86-64 or aarch64");
            Err(problem.found(format!("{} on {}", index.ty(), target.name)))
        }
    }
}

/// Neighbours of the table, repeated in so many lanes.
fn part(k: &Kernel, table: Value, first: i64, count: i64, lanes: i64) -> Value {
    let all: Vec<i64> = (0..lanes).map(|lane| first + lane % count).collect();
    k.shuffle(table, table, &all)
}

fn vbmi(k: &Kernel, table: Value, index: Value) -> Value {
    let half = |first| {
        let [low, high] = [first, first + 64].map(|first| part(k, table, first, 64, 64));
        k.intrinsic("llvm.x86.avx512.vpermi2var.qi.512", &[low, index, high], index.ty())
    };
    let (lower, upper) = (half(0), half(128));
    k.select(k.cmp(Cmp::Slt, index, k.like(index, 0)), upper, lower)
}

fn pshufb(k: &Kernel, table: Value, index: Value, lanes: i64) -> Value {
    let name = match lanes {
        16 => "llvm.x86.ssse3.pshuf.b.128",
        32 => "llvm.x86.avx2.pshuf.b",
        _ => "llvm.x86.avx512.pshuf.b.512",
    };
    let xor = |a, b| k.binary("arith.xori", a, b);
    let subtract = format!("llvm.ssub.sat.v{lanes}i8");
    let mut found: Option<Value> = None;
    for half in 0..2 {
        let mut at = if half == 0 { index } else { xor(index, k.like(index, -128)) };
        let mut before: Option<Value> = None;
        for chunk in 0..8 {
            let bytes = part(k, table, 128 * half + CHUNK * chunk, CHUNK, CHUNK);
            let difference = before.map_or(bytes, |before| xor(bytes, before));
            let looked = k.intrinsic(name, &[part(k, difference, 0, CHUNK, lanes), at], index.ty());
            found = Some(found.map_or(looked, |found| xor(found, looked)));
            before = Some(bytes);
            // What is negative stays so.
            at = k.intrinsic(&subtract, &[at, k.like(at, CHUNK)], at.ty());
        }
    }
    found.unwrap_or(index)
}

fn tbl(k: &Kernel, table: Value, index: Value) -> Value {
    let bytes = vector(k, CHUNK, 8);
    (0..4).fold(index, |found, quarter| {
        let mut operands: Vec<Value> =
            (0..4).map(|chunk| part(k, table, 64 * quarter + CHUNK * chunk, CHUNK, CHUNK)).collect();
        operands.push(if quarter == 0 { index } else { k.sub(index, k.like(index, 64 * quarter)) });
        if quarter == 0 {
            return k.intrinsic("llvm.aarch64.neon.tbl4.v16i8", &operands, bytes);
        }
        operands.insert(0, found);
        k.intrinsic("llvm.aarch64.neon.tbx4.v16i8", &operands, bytes)
    })
}

#[cfg(test)]
mod tests {
    /// What `pshufb` gives for an index.
    fn shuffled(bytes: [u8; 16], index: i8) -> u8 {
        if index < 0 { 0 } else { bytes[index as usize % 16] }
    }

    #[test]
    fn differences_add_up_to_the_byte_of_each_index() {
        let table: [u8; 256] = std::array::from_fn(|at| (at * 167 + at / 7) as u8);
        for index in 0..=255u8 {
            let mut found = 0;
            for half in 0..2 {
                let mut at = (index ^ (128 * half)) as i8;
                let mut before = [0; 16];
                for chunk in 0..8 {
                    let first = 128 * usize::from(half) + 16 * chunk;
                    let bytes: [u8; 16] = std::array::from_fn(|i| table[first + i]);
                    found ^= shuffled(std::array::from_fn(|i| bytes[i] ^ before[i]), at);
                    (before, at) = (bytes, at.saturating_sub(16));
                }
            }
            assert_eq!(found, table[usize::from(index)], "{index}");
        }
    }
}
