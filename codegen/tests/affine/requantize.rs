//! The epilogue of affine int8 in the place of AFP's, in a kernel that is already written.
//!
//! A sum becomes `clamp(zero + round(sum * multiplier * 2^-31 * 2^-shift))`, ties up, by the cheapest
//! instructions of a target that give these bits: the high half of the product, half added, shifted.
//! Rounding once or after cutting off low bits is the same where `shift >= 2`.

use afp_codegen::{
    constants::ROLE,
    kernels::builder::Kernel,
    target::{Dot, Target},
};
use afp_ir::mlir::{Attr, Builder, Loc, Op, OpSpec, Type, Value};

/// The constants of an affine epilogue, but for the zero point and the range one per channel.
pub struct Affine {
    /// In `2^30..2^31`.
    pub multipliers: Vec<i32>,
    /// At least 2.
    pub shifts: Vec<i32>,
    pub zero: i32,
    pub range: [i32; 2],
}

/// Replaces the epilogue of the module's one encode, a shift and limits that each channel has for itself.
///
/// # Panics
/// If the module has no such kernel.
pub fn replace(module: Op, target: &Target, affine: &Affine) {
    for shift in shifts(module) {
        let load = shift.least.and_then(|least| least.operand(1).def()).expect("a limit for each channel");
        let tables = Tables::of(module, affine, load);
        // Bytes saturate where they are packed.
        let is_packed = shift.last.result(0).uses().iter().all(|(user, _)| user.is("afpk.pack"));
        let range = Some(affine.range).filter(|range| !is_packed || *range != [0, 255]);
        let k = Kernel::before(shift.last);
        let moved = tables.requantize(&k, shift.sum, target, affine.zero);
        let limited = range.map_or(moved, |range| {
            let [lo, hi] = range.map(|limit| k.like(moved, i64::from(limit)));
            k.min(k.max(moved, lo), hi)
        });
        shift.last.replace_with(limited);
    }
}

/// Takes the epilogue away: what is left is the sum, of which as many bits are stored as fit.
///
/// # Panics
/// If the module has no epilogue.
pub fn remove(module: Op) {
    let encodes = module.descendants().into_iter().filter(|op| op.is("afpk.encode"));
    let found: Vec<(Op, Value)> = encodes.map(|op| (op, op.operand(0))).collect();
    let found = if found.is_empty() {
        shifts(module).into_iter().map(|shift| (shift.last, shift.sum)).collect()
    } else {
        found
    };
    found.into_iter().for_each(|(op, sum)| op.replace_with(sum));
}

/// A shift of a sum, and the limits behind it.
struct Shift {
    sum: Value,
    /// What a limit for each channel is applied by.
    least: Option<Op>,
    last: Op,
}

/// The epilogues that shift.
fn shifts(module: Op) -> Vec<Shift> {
    let of_encode = |op: &Op| op.attr("sym_name").is_some_and(|name| name.to_string().contains("encode"));
    let functions = module.blocks()[0].ops().into_iter().filter(of_encode);
    let operations = functions.flat_map(Op::descendants).filter(|op| op.is("arith.shrsi"));
    let behind = |op: Op, name: &str| match op.result(0).uses()[..] {
        [(user, 0)] if user.is(name) => Some(user),
        _ => None,
    };
    let found: Vec<Shift> = operations
        .map(|op| {
            let least = behind(op, "arith.maxsi");
            let last = least.and_then(|least| behind(least, "arith.minsi")).or(least).unwrap_or(op);
            Shift { sum: op.operand(0), least, last }
        })
        .collect();
    assert!(!found.is_empty(), "no epilogue is found");
    found
}

/// The constants, in the order in which a kernel takes its channels.
struct Tables {
    multiplier: Value,
    half: Value,
    shift: Value,
}

impl Tables {
    /// As the channels' limits lie, which are the channels' numbers.
    fn of(module: Op, affine: &Affine, limit: Op) -> Self {
        let block = module.blocks()[0];
        let globals = block.ops().into_iter().filter(|op| op.is("memref.global"));
        let of_role = |op: &Op| op.attr(ROLE).and_then(Attr::as_string).as_deref() == Some("lo");
        let order = globals.into_iter().find(of_role).and_then(|op| op.attr("initial_value"));
        let order = order.and_then(|value| value.elements_i64()).expect("limits");
        let k = Kernel::before(limit);
        let table = |name: &str, values: &dyn Fn(usize) -> i32| {
            let bytes: Vec<u8> = order.iter().flat_map(|&c| values(c as usize).to_le_bytes()).collect();
            let (size, ctx, element) = ([order.len() as i64], k.ctx(), k.int(32));
            let ty = Type::memref(&size, element);
            let known =
                block.ops().into_iter().any(|op| op.attr("sym_name") == Some(Attr::string(ctx, name)));
            if !known {
                let data = Attr::dense(Type::tensor(&size, element), &bytes).expect("numbers");
                let spec = OpSpec::new("memref.global")
                    .attr("sym_name", Attr::string(ctx, name))
                    .attr("sym_visibility", Attr::string(ctx, "private"))
                    .attr("type", Attr::ty(ty))
                    .attr("initial_value", data)
                    .attr("constant", Attr::unit(ctx))
                    .attr("alignment", Attr::int(ctx, 64, 64));
                Builder::at_end(ctx, block).build(Loc::unknown(ctx), spec);
            }
            // At the same place as the limit.
            let mut load = OpSpec::new(if limit.is("vector.load") { "vector.load" } else { "memref.load" });
            load = load.operands([k.global(name, ty)]).operands(limit.operands().into_iter().skip(1));
            k.value(load.result(limit.result(0).ty()))
        };
        Self {
            multiplier: table("affine_multiplier", &|c| affine.multipliers[c]),
            half: table("affine_half", &|c| 1 << (affine.shifts[c] - 2)),
            shift: table("affine_shift", &|c| affine.shifts[c] - 1),
        }
    }

    fn requantize(&self, k: &Kernel, sum: Value, target: &Target, zero: i32) -> Value {
        let rounded = if sum.ty().lanes() == Some(4) && target.vectors.dot == Dot::Sdot {
            // The doubled product's high half, and a rounding shift.
            let high = [sum, self.multiplier];
            let high = k.intrinsic("llvm.aarch64.neon.sqdmulh.v4i32", &high, sum.ty());
            let left = k.sub(k.like(self.shift, -1), self.shift);
            k.intrinsic("llvm.aarch64.neon.srshl.v4i32", &[high, left], sum.ty())
        } else {
            let high = match sum.ty().lanes() {
                Some(_) => halves(k, sum, self.multiplier),
                None => {
                    let [a, b] = [sum, self.multiplier].map(|value| k.resize(value, 64, true));
                    let product = k.mul(a, b);
                    k.resize(k.binary("arith.shrsi", product, k.like(product, 32)), 32, true)
                }
            };
            k.binary("arith.shrsi", k.add(high, self.half), self.shift)
        };
        k.add(rounded, k.like(rounded, i64::from(zero)))
    }
}

/// The high halves of products lane by lane: of the even lanes and of the odd ones, in 64 bits each.
fn halves(k: &Kernel, a: Value, b: Value) -> Value {
    let odd = |value: Value| {
        let wide = k.vector_bitcast(value, 64);
        k.binary("arith.shrsi", wide, k.like(wide, 32))
    };
    let even = |value: Value| {
        let wide = k.vector_bitcast(value, 64);
        let by = k.like(wide, 32);
        k.binary("arith.shrsi", k.shl(wide, by), by)
    };
    let low = k.mul(even(a), even(b));
    let low = k.shr(low, k.like(low, 32));
    let high = k.mul(odd(a), odd(b));
    let joined = k.or(low, k.and(high, k.like(high, -1 << 32)));
    k.vector_bitcast(joined, 32)
}
