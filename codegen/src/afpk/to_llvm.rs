//! `convert-afpk-to-llvm`: dot products become the target's intrinsics, or what it has instead.

use afp_ir::{
    diag::Diagnostic,
    mlir::{Attr, Op, OpSpec, Value},
};
use afp_passes::registry::{Failed, Options, Pass, PassOption};
use afp_target::{Dot, Target};

use super::{lookup, matrix, pack, unpack};
use crate::kernels::builder::Kernel;

/// The pass.
pub static PASS: Pass = Pass {
    name: "convert-afpk-to-llvm",
    description: "Write afpk.dot, afpk.pack, afpk.unpack, afpk.lookup and afpk.matrix_* as intrinsics of a target, afpk.prefetch as memref.prefetch",
    anchor: "builtin.module",
    options: &[PassOption {
        name: "target",
        help: "the machine, as afpc --target names it",
        default: "x86-64-v3",
    }],
    run,
};

fn run(module: Op, options: &Options<'_>) -> Result<(), Failed> {
    let target = Target::listed(options.text("target"))
        .ok_or_else(|| options.reject("target", "the name of a target, such as x86-64-v3"))?;
    let failed = |op: Op| {
        move |problem: Diagnostic| {
            problem.emit(op.loc());
            Failed
        }
    };
    for op in module.descendants() {
        if op.is("afpk.dot") {
            let k = Kernel::before(op);
            op.replace_with(Product::of(op).lower(&k, &target));
        } else if op.is("afpk.pack") {
            let k = Kernel::before(op);
            op.replace_with(pack::lower(op, &k, &target));
        } else if op.is("afpk.unpack") {
            let k = Kernel::before(op);
            op.replace_with(unpack::lower(op, &k, &target).map_err(failed(op))?);
        } else if op.is("afpk.lookup") {
            let k = Kernel::before(op);
            op.replace_with(lookup::lower(op, &k, &target).map_err(failed(op))?);
        } else if op.is("afpk.prefetch") {
            prefetch(op);
        } else if op.name().starts_with("afpk.matrix_") {
            matrix::lower(op, &target).map_err(failed(op))?;
        } else if op.name().starts_with("afpk.") {
            Diagnostic::error("AFP0001", format!("{} is left behind afpk-expand", op.name())).emit(op.loc());
            return Err(Failed);
        }
    }
    Ok(())
}

fn prefetch(op: Op) {
    let (k, ctx) = (Kernel::before(op), op.ctx());
    k.effect(
        OpSpec::new("memref.prefetch")
            .operands(op.operands())
            .attr("isWrite", Attr::int(ctx, 1, 0))
            .attr("localityHint", Attr::int(ctx, 32, 3))
            .attr("isDataCache", Attr::int(ctx, 1, 1)),
    );
    op.erase();
}

/// A dot product.
#[derive(Clone, Copy)]
struct Product {
    acc: Value,
    a: Value,
    b: Value,
    unsigned: bool,
    pairs_fit: bool,
}

impl Product {
    fn of(op: Op) -> Self {
        Self {
            acc: op.operand(0),
            a: op.operand(1),
            b: op.operand(2),
            unsigned: op.attr("unsigned_a").is_some(),
            pairs_fit: op.attr("pairs_fit").is_some(),
        }
    }

    fn lanes(self) -> i64 {
        self.acc.ty().lanes().unwrap_or(0)
    }

    fn lower(self, k: &Kernel, target: &Target) -> Value {
        let bits = self.lanes() * 32;
        let whole = [128, 256, 512].contains(&bits) && bits <= i64::from(target.vectors.bits);
        if self.a.ty().int_width() == Some(16) {
            return match target.vectors.dot {
                Dot::Vnni if whole => {
                    let name = format!("llvm.x86.avx512.vpdpwssd.{bits}");
                    k.intrinsic(&name, &[self.acc, self.a, self.b], self.acc.ty())
                }
                Dot::Maddubs if whole => self.pmaddwd(k, bits),
                _ => self.halves(k),
            };
        }
        match target.vectors.dot {
            Dot::Vnni if whole && self.unsigned => {
                let name = format!("llvm.x86.avx512.vpdpbusd.{bits}");
                k.intrinsic(&name, &[self.acc, self.a, self.b], self.acc.ty())
            }
            Dot::Maddubs | Dot::Vnni if whole && self.unsigned && self.pairs_fit => self.pmaddubsw(k, bits),
            Dot::Sdot if bits == 128 && !self.unsigned => {
                // The last operand is the one that may be a word of a register, by its lane.
                k.intrinsic("llvm.aarch64.neon.sdot.v4i32.v16i8", &[self.acc, self.b, self.a], self.acc.ty())
            }
            Dot::Maddubs | Dot::Vnni if whole => self.bytes(k, |k, half| half.pmaddwd(k, bits)),
            _ if target.triple.starts_with("aarch64") && bits == 128 => self.widened(k),
            _ => self.bytes(k, |k, half| half.halves(k)),
        }
    }

    /// Pairs of products of 16 bits.
    fn pmaddwd(self, k: &Kernel, bits: i64) -> Value {
        let name = match bits {
            128 => "llvm.x86.sse2.pmadd.wd",
            256 => "llvm.x86.avx2.pmadd.wd",
            _ => "llvm.x86.avx512.pmaddw.d.512",
        };
        k.add(self.acc, k.intrinsic(name, &[self.a, self.b], self.acc.ty()))
    }

    /// Pairs of products of bytes, which fit 16 bits, and pairs of their sums.
    fn pmaddubsw(self, k: &Kernel, bits: i64) -> Value {
        let name = match bits {
            128 => "llvm.x86.ssse3.pmadd.ub.sw.128",
            256 => "llvm.x86.avx2.pmadd.ub.sw",
            _ => "llvm.x86.avx512.pmaddubs.w.512",
        };
        let pairs = crate::kernels::builder::vector(k, self.lanes() * 2, 16);
        let sums = k.intrinsic(name, &[self.a, self.b], pairs);
        let ones = k.constant(pairs, 1);
        Self { a: sums, b: ones, ..self }.pmaddwd(k, bits)
    }

    /// Products of 16 bits, which are added by twos: in 16 bits where the sums fit, and in 32.
    fn widened(self, k: &Kernel) -> Value {
        let (words, sums) = (crate::kernels::builder::vector(k, 8, 16), self.acc.ty());
        let half = |value, high: bool, signed| {
            let first = if high { 8 } else { 0 };
            let lanes: Vec<i64> = (first..first + 8).collect();
            k.resize(k.shuffle(value, value, &lanes), 16, signed)
        };
        let products =
            [false, true].map(|high| k.mul(half(self.a, high, !self.unsigned), half(self.b, high, true)));
        let in_pairs = |x| k.intrinsic("llvm.aarch64.neon.saddlp.v4i32.v8i16", &[x], sums);
        let all = if self.pairs_fit {
            in_pairs(k.intrinsic("llvm.aarch64.neon.addp.v8i16", &products, words))
        } else {
            k.intrinsic("llvm.aarch64.neon.addp.v4i32", &products.map(in_pairs), sums)
        };
        k.add(self.acc, all)
    }

    /// The even and the odd bytes as 16 bits, each a product of its own.
    fn bytes(self, k: &Kernel, product: impl Fn(&Kernel, Self) -> Value) -> Value {
        let parts = |value: Value, unsigned: bool| {
            let wide = k.vector_bitcast(value, 16);
            let eight = k.like(wide, 8);
            if unsigned {
                (k.and(wide, k.like(wide, 255)), k.shr(wide, eight))
            } else {
                let even = k.binary("arith.shrsi", k.shl(wide, eight), eight);
                (even, k.binary("arith.shrsi", wide, eight))
            }
        };
        let ((a0, a1), (b0, b1)) = (parts(self.a, self.unsigned), parts(self.b, false));
        let acc = product(k, Self { a: a0, b: b0, ..self });
        product(k, Self { acc, a: a1, b: b1, ..self })
    }

    /// The even and the odd halves of 32 bits, multiplied as such.
    fn halves(self, k: &Kernel) -> Value {
        let parts = |value: Value| {
            let wide = k.vector_bitcast(value, 32);
            let sixteen = k.like(wide, 16);
            let even = k.binary("arith.shrsi", k.shl(wide, sixteen), sixteen);
            (even, k.binary("arith.shrsi", wide, sixteen))
        };
        let ((a0, a1), (b0, b1)) = (parts(self.a), parts(self.b));
        k.add(k.add(self.acc, k.mul(a0, b0)), k.mul(a1, b1))
    }
}
