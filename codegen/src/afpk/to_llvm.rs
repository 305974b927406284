//! `convert-afpk-to-llvm`: dot products become the target's intrinsics, or what it has instead.

use afp_ir::{
    diag::Diagnostic,
    mlir::{Attr, Op, OpSpec, Value},
};
use afp_passes::registry::{Failed, Options, Pass, PassOption};
use afp_target::{Dot, Target};

use super::{lookup, matrix, mmla, pack, unpack};
use crate::kernels::builder::{Kernel, vector};

/// The pass.
pub static PASS: Pass = Pass {
    name: "convert-afpk-to-llvm",
    description: "Write afpk.dot, afpk.mmla, afpk.pack, afpk.unpack, afpk.lookup and afpk.matrix_* as intrinsics of a target, afpk.prefetch as memref.prefetch",
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
        } else if op.is("afpk.mmla") {
            let k = Kernel::before(op);
            op.replace_with(mmla::lower(op, &k, &target).map_err(failed(op))?);
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

/// A dot product, of one pair of factors or several.
struct Product {
    acc: Value,
    factors: Vec<[Value; 2]>,
    unsigned: bool,
    pairs_fit: bool,
}

impl Product {
    fn of(op: Op) -> Self {
        Self {
            acc: op.operand(0),
            factors: op.operands()[1..].chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect(),
            unsigned: op.attr("unsigned_a").is_some(),
            pairs_fit: op.attr("pairs_fit").is_some(),
        }
    }

    fn lower(&self, k: &Kernel, target: &Target) -> Value {
        let bits = self.acc.ty().lanes().unwrap_or(0) * 32;
        let whole = [128, 256, 512].contains(&bits) && bits <= i64::from(target.vectors.bits);
        let of_bytes = self.factors.iter().all(|[a, _]| a.ty().int_width() == Some(8));
        if of_bytes && self.pairs_fit {
            match target.vectors.dot {
                Dot::Maddubs if whole && self.unsigned => return self.in_pairs(k, bits),
                Dot::Smull if bits == 128 => return self.by_element(k),
                _ => {}
            }
        }
        let added = |acc, &[a, b]: &[Value; 2]| {
            Pair { acc, a, b, unsigned: self.unsigned }.lower(k, target, whole.then_some(bits))
        };
        self.factors.iter().fold(self.acc, added)
    }

    /// The sum of what `product` makes of each pair of factors, element by element.
    fn sum<const N: usize>(&self, k: &Kernel, product: impl Fn([Value; 2]) -> [Value; N]) -> [Value; N] {
        let add = |sums: [Value; N], more: [Value; N]| std::array::from_fn(|i| k.add(sums[i], more[i]));
        let mut products = self.factors.iter().map(|&pair| product(pair));
        let first = products.next().unwrap_or([self.acc; N]);
        products.fold(first, add)
    }

    /// Two products of bytes at a time, added in 16 bits; behind all factors, pairs of those sums.
    fn in_pairs(&self, k: &Kernel, bits: i64) -> Value {
        let name = match bits {
            128 => "llvm.x86.ssse3.pmadd.ub.sw.128",
            256 => "llvm.x86.avx2.pmadd.ub.sw",
            _ => "llvm.x86.avx512.pmaddubs.w.512",
        };
        let words = vector(k, bits / 16, 16);
        let [sums] = self.sum(k, |pair| [k.intrinsic(name, &pair, words)]);
        Pair { acc: self.acc, a: sums, b: k.constant(words, 1), unsigned: false }.pmaddwd(k, bits)
    }

    /// Products of bytes, added in 16 bits; behind all factors, those of neighbours, and pairs of their sums.
    fn by_element(&self, k: &Kernel) -> Value {
        let halves = self.sum(k, |[a, b]| widened(k, [a, b], self.unsigned));
        let sums = k.intrinsic("llvm.aarch64.neon.addp.v8i16", &halves, vector(k, 8, 16));
        k.add(self.acc, k.intrinsic("llvm.aarch64.neon.saddlp.v4i32.v8i16", &[sums], self.acc.ty()))
    }
}

/// The products of the lower and of the upper eight bytes, of 16 bits: `smull`, or products of what is extended.
fn widened(k: &Kernel, [a, b]: [Value; 2], unsigned: bool) -> [Value; 2] {
    let extended = |value, signed| eights(k, value).map(|half| k.resize(half, 16, signed));
    let (a, b) = (extended(a, !unsigned), extended(b, true));
    [k.mul(a[0], b[0]), k.mul(a[1], b[1])]
}

/// The lower and the upper eight bytes. Where one factor has the same in both, LLVM makes no use of `smull2` and takes the
/// upper half of the other out of its register: what comes from memory is loaded by halves.
fn eights(k: &Kernel, value: Value) -> [Value; 2] {
    if let Some(load) = value.def_as("vector.load") {
        let before = Kernel::before(load);
        let at = load.operand(1);
        return [at, before.add(at, before.index(8))].map(|at| before.vector_load(load.operand(0), at, 8));
    }
    [0, 8].map(|first| k.shuffle(value, value, &(first..first + 8).collect::<Vec<i64>>()))
}

/// A dot product of one pair of factors, of whose products nothing is known.
#[derive(Clone, Copy)]
struct Pair {
    acc: Value,
    a: Value,
    b: Value,
    unsigned: bool,
}

impl Pair {
    /// By the target's registers of so many bits, if one holds the sums.
    fn lower(self, k: &Kernel, target: &Target, bits: Option<i64>) -> Value {
        if self.a.ty().int_width() == Some(16) {
            return match (target.vectors.dot, bits) {
                (Dot::Vnni, Some(bits)) => {
                    let name = format!("llvm.x86.avx512.vpdpwssd.{bits}");
                    k.intrinsic(&name, &[self.acc, self.a, self.b], self.acc.ty())
                }
                (Dot::Maddubs, Some(bits)) => self.pmaddwd(k, bits),
                _ => self.halves(k),
            };
        }
        match (target.vectors.dot, bits) {
            (Dot::Vnni, Some(bits)) if self.unsigned => {
                let name = format!("llvm.x86.avx512.vpdpbusd.{bits}");
                k.intrinsic(&name, &[self.acc, self.a, self.b], self.acc.ty())
            }
            (Dot::Sdot, Some(_)) if !self.unsigned => {
                // The last operand is the one that may be a word of a register, by its lane.
                k.intrinsic("llvm.aarch64.neon.sdot.v4i32.v16i8", &[self.acc, self.b, self.a], self.acc.ty())
            }
            (Dot::Maddubs | Dot::Vnni, Some(bits)) => self.bytes(k, |k, half| half.pmaddwd(k, bits)),
            (Dot::Sdot | Dot::Smull, Some(_)) => self.long(k),
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

    /// Products of 16 bits, which are added by twos in 32.
    fn long(self, k: &Kernel) -> Value {
        let sums = self.acc.ty();
        let products = widened(k, [self.a, self.b], self.unsigned);
        let pairs = products.map(|x| k.intrinsic("llvm.aarch64.neon.saddlp.v4i32.v8i16", &[x], sums));
        k.add(self.acc, k.intrinsic("llvm.aarch64.neon.addp.v4i32", &pairs, sums))
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
