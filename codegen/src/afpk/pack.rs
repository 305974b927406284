//! `afpk.pack` as the saturating narrowing that a machine has, or as comparisons.

use afp_ir::mlir::{Op, Value};
use afp_target::{Dot, Target};

use crate::kernels::builder::{Kernel, vector};

/// What stands for a pack on a target.
pub(super) fn lower(op: Op, k: &Kernel, target: &Target) -> Value {
    let parts = [0, 1, 2, 3].map(|index| op.operand(index));
    let (lanes, unsigned) = (parts[0].ty().lanes().unwrap_or(4), op.attr("to_unsigned").is_some());
    let bits = lanes * 32;
    let whole = [128, 256, 512].contains(&bits) && bits <= i64::from(target.vectors.bits);
    match target.vectors.dot {
        Dot::Maddubs | Dot::Vnni if whole => x86(k, parts, bits, unsigned),
        _ if target.triple.starts_with("aarch64") && bits == 128 => aarch64(k, parts, unsigned),
        _ => compared(k, parts, unsigned),
    }
}

/// Words of 32 bits become words of 16, those bytes: what saturates once saturates in the same direction again.
fn x86(k: &Kernel, [a, b, c, d]: [Value; 4], bits: i64, unsigned: bool) -> Value {
    let (to_words, to_bytes) = match (bits, unsigned) {
        (128, false) => ("sse2.packssdw.128", "sse2.packsswb.128"),
        (128, true) => ("sse2.packssdw.128", "sse2.packuswb.128"),
        (256, false) => ("avx2.packssdw", "avx2.packsswb"),
        (256, true) => ("avx2.packssdw", "avx2.packuswb"),
        (_, false) => ("avx512.packssdw.512", "avx512.packsswb.512"),
        (_, true) => ("avx512.packssdw.512", "avx512.packuswb.512"),
    };
    let call = |name: &str, x, y, width: u32| {
        let ty = vector(k, bits / i64::from(width), width);
        k.intrinsic(&format!("llvm.x86.{name}"), &[x, y], ty)
    };
    call(to_bytes, call(to_words, a, b, 16), call(to_words, c, d, 16), 8)
}

fn aarch64(k: &Kernel, [a, b, c, d]: [Value; 4], unsigned: bool) -> Value {
    let words = |x, y| {
        let half = |x| k.intrinsic("llvm.aarch64.neon.sqxtn.v4i16", &[x], vector(k, 4, 16));
        k.joined(half(x), half(y))
    };
    let name = if unsigned { "llvm.aarch64.neon.sqxtun.v8i8" } else { "llvm.aarch64.neon.sqxtn.v8i8" };
    let bytes = |x| k.intrinsic(name, &[x], vector(k, 8, 8));
    k.joined(bytes(words(a, b)), bytes(words(c, d)))
}

/// On any machine: clamped, cut, and the quadruples of bytes put in order.
fn compared(k: &Kernel, parts: [Value; 4], unsigned: bool) -> Value {
    let (lo, hi) = if unsigned { (0, 255) } else { (-128, 127) };
    let [a, b, c, d] = parts.map(|x| k.resize(k.min(k.max(x, k.like(x, lo)), k.like(x, hi)), 8, true));
    let all = k.joined(k.joined(a, b), k.joined(c, d));
    let lanes = parts[0].ty().lanes().unwrap_or(4);
    let order: Vec<i64> = (0..4 * lanes).map(|at| at % 16 / 4 * lanes + at / 16 * 4 + at % 4).collect();
    k.shuffle(all, all, &order)
}
