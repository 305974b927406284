//! `afpk.unpack` by AVX-512 VBMI: 64 codes of at most 7 bits in three instructions.
//!
//! Eight codes of `n` bits are `n` bytes. `vpermb` gives each eight codes a word of 64 bits, `vpmultishiftqb` takes the
//! eight bits that begin with each code, and `vpermb` looks them up. It ignores the upper bits of an index, so that
//! what stands above a code needs no mask, only a table that repeats. 128 entries are two registers: `vpermi2b`.

use afp_ir::{
    diag::Diagnostic,
    mlir::{Attr, Op, OpSpec, Value},
    numerics::Format,
};
use afp_target::Target;

use crate::{
    internal,
    kernels::{
        builder::{Kernel, vector},
        tree::misfit,
    },
};

/// Bytes of a register.
const BYTES: usize = 64;
/// Bytes of a word.
const WORD: usize = 8;

/// What stands for an unpack on a target.
///
/// # Errors
/// AFP0612 for a target without VBMI, or other vectors than registers.
pub(super) fn lower(op: Op, k: &Kernel, target: &Target) -> Result<Value, Diagnostic> {
    if !target.vectors.vbmi {
        let problem = misfit(op, "a target with AVX-512 VBMI, such as x86-64-v4+vbmi");
        return Err(problem.found(target.name));
    }
    let (packed, result) = (op.operand(0).ty(), op.result(0).ty());
    if [packed, result].iter().any(|ty| ty.lanes() != Some(BYTES as i64)) {
        let problem = misfit(op, "64 bytes of codes, and 64 integers");
        return Err(problem.found(format!("{packed} and {result}")));
    }
    let format = op.attr("format").and_then(Attr::as_string).and_then(|text| text.parse().ok());
    let format: Format = format.ok_or_else(|| internal("a verified operation without a format"))?;
    let width = format.width() as usize;
    let words: Vec<i64> = (0..BYTES).map(|at| (at / WORD * width + at % WORD) as i64).collect();
    let starts: Vec<u8> = (0..BYTES).map(|at| (at % WORD * width) as u8).collect();
    let words = k.shuffle(op.operand(0), op.operand(0), &words);
    let call = |name: &str, operands: &[Value]| {
        k.intrinsic(&format!("llvm.x86.avx512.{name}.512"), operands, result)
    };
    let indices = call("pmultishift.qb", &[constant(k, &starts)?, words]);
    let table = table(format);
    let (low, high) = table.split_at(BYTES);
    let low = constant(k, low)?;
    Ok(if high.is_empty() {
        call("permvar.qi", &[low, indices])
    } else {
        call("vpermi2var.qi", &[low, indices, constant(k, high)?])
    })
}

/// The integers of all indices that a lookup tells apart: of 6 bits, or of 7.
fn table(format: Format) -> Vec<u8> {
    let entries = BYTES.max(format.code_count() as usize) as u32;
    (0..entries).map(|index| format.decode((index % format.code_count()) as _) as u8).collect()
}

fn constant(k: &Kernel, bytes: &[u8]) -> Result<Value, Diagnostic> {
    let ty = vector(k, bytes.len() as i64, 8);
    let value = Attr::dense(ty, bytes).ok_or_else(|| internal("a vector of other than its bytes"))?;
    Ok(k.value(OpSpec::new("arith.constant").attr("value", value).result(ty)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_above_a_code_does_not_matter() {
        for text in ["ue0m1", "e0m3", "e1m1", "e2m1", "e2m2", "e3m0", "e2m3", "e2m4", "e0m6", "ue0m7"] {
            let format: Format = text.parse().expect("a format");
            let table = table(format);
            assert!([64, 128].contains(&table.len()));
            for (index, &entry) in table.iter().enumerate() {
                let code = index as u32 % format.code_count();
                assert_eq!(i64::from(entry as i8), format.decode(code as _), "{text}, {index}");
            }
        }
    }
}
