//! Softmax (rules S3 to S5): the largest element of a row, the term of each element, and its share of their sum.
//!
//! Terms are looked up once, and kept in memory of the thread. A share is a quotient; its divisor, the sum, is that of
//! the whole row, and is divided by once ([`Reciprocal`]). Rows of neighbours in memory are taken by vectors, which find
//! the largest element and the shares, and look up the terms where they can: lower and upper bytes, in two tables.

use afp_ir::{
    diag::Diagnostic,
    dialect::view,
    mlir::{Op, Type, Value},
    numerics::{Format, Function, Rounding},
};
use afp_target::Vectors;

use super::{
    Lowering,
    builder::{Cmp, Kernel, vector},
    calls::Destination,
    epilogue::flat_index,
    layout::{Layout, Storage},
    scope::{self, Scope},
    strategy::{Choice, Strategy, Tile},
    table::{ENTRIES, LEAST},
    tree::{self, exponent, shape_of, unsupported},
};
use crate::afpk::numeric;

/// Bits of a term: the format of rule S4.
const TERM_BITS: u32 = 15;
/// Differences that a table holds, at most.
const MOST_TERMS: i64 = 1 << 17;
/// Elements of a row whose sum is a divisor of 32 bits, at most.
const MOST_ELEMENTS: i64 = 1 << 15;

/// Shares by a reciprocal, in 32 bits, exactly.
///
/// A share `t / s` is rounded to units of `2^e` or coarser ones, ties up: only `Q = floor(t * 2^F / s)` matters, where
/// `2^-F` is half the finest unit. Once for a row is computed `r = floor(2^(F + 15) / s)`. For a term `t < 2^15`,
///
/// `t * 2^F / s - 1 < t * 2^F / s - t / 2^15 < t * r / 2^15 <= t * 2^F / s`,
///
/// so `q = floor(t * r / 2^15)` is `Q` or one less, which the rest `t * 2^F - q * s` decides: it is below `2 * s`. As
/// `t <= s`, `t * r` is at most `2^(F + 15)`, and `2 * s` fits 31 bits for as many as 2^15 elements; what does not fit in
/// between wraps around, and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reciprocal {
    /// `F`.
    point: u32,
    /// How far the result's finest unit lies above the quotient's.
    shift: i64,
}

impl Reciprocal {
    /// Of rows of so many elements, to a format with a scale exponent; none where 32 bits do not hold it.
    fn of(elements: i64, format: Format, exp: i32) -> Option<Self> {
        let point = u32::try_from(1i64.saturating_sub(exp.into())).unwrap_or(0);
        let shift = i64::from(point) + i64::from(exp);
        let fits = elements <= MOST_ELEMENTS && point <= 16 && numeric::encode_bits(format, point + 1) == 32;
        fits.then_some(Self { point, shift })
    }

    /// The reciprocal of a sum.
    fn invert(self, k: &Kernel, sum: Value) -> Value {
        let one = (1u32 << (self.point + TERM_BITS)) as i32;
        k.binary("arith.divui", k.like(sum, one.into()), sum)
    }

    /// The quotient of a term, or of the terms of a vector, by a sum with its reciprocal.
    fn quotient(self, k: &Kernel, term: Value, (sum, reciprocal): (Value, Value)) -> Value {
        let c = |value: i64| k.like(term, value);
        let below = k.shr(k.mul(term, reciprocal), c(TERM_BITS.into()));
        let rest = k.sub(k.shl(term, c(self.point.into())), k.mul(below, sum));
        k.select(k.cmp(Cmp::Sge, rest, sum), k.add(below, c(1)), below)
    }

    /// The integer of the share of a term.
    fn share(self, k: &Kernel, term: Value, sum: (Value, Value), format: Format) -> Value {
        let quotient = self.quotient(k, term, sum);
        let shift = (k.like(term, self.shift), (self.shift, self.shift));
        k.encode((quotient, self.point + 1), shift, None, (format, Rounding::HalfUp))
    }
}

/// Terms in tables.
#[derive(Clone, Copy)]
enum Terms {
    /// Their lower and their upper bytes, in registers.
    Bytes([Value; 2]),
    /// As they are, in memory.
    Words(Value),
}

/// A softmax as its kernels see it.
struct Softmax {
    from: Layout,
    to: Layout,
    to_exp: i32,
    axis: usize,
    /// Elements of a row.
    length: i64,
    /// Terms by how far an element is below the largest.
    terms: Vec<i64>,
    reciprocal: Option<Reciprocal>,
}

impl Softmax {
    fn of(op: Op, from: Layout, to: Layout) -> Result<Self, Diagnostic> {
        let ((_, from_exp), (_, to_exp)) = (exponent(op.operand(0), op)?, exponent(op.result(0), op)?);
        let axis = view::axis(op) as usize;
        let length = to.shape[axis];
        let spread = from.format.int_max() - from.format.int_min();
        let count = spread.min(MOST_TERMS) + 1;
        let (term, exp) = (Format::fixed(false, TERM_BITS as u8), -(TERM_BITS as i32));
        let terms: Vec<i64> =
            (0..count).map(|d| i64::from(Function::Exp.encode(-d, from_exp, term, exp))).collect();
        // Beyond the table's end, everything is 0.
        if spread >= count && terms.last() != Some(&0) {
            return Err(unsupported(op, "an operand whose differences a table holds"));
        }
        let reciprocal = Reciprocal::of(length, to.format, to_exp);
        // A term is at least 1 and their sum below 2^15 for each: the quotient, developed to 2^-46, has bits
        // enough for a significand, half a unit, and the one that says whether a rest is left.
        let quotient = 46i64 - 15 - i64::from(length.max(1).ilog2() + 1);
        if reciprocal.is_none() && quotient < i64::from(to.format.man_bits()) + 2 {
            let found = format!("{length} elements");
            return Err(unsupported(op, "as many elements as 63 bits develop quotients of").found(found));
        }
        Ok(Self { from, to, to_exp, axis, length, terms, reciprocal })
    }

    /// Whether rows are neighbours of bytes in memory, as vectors read them.
    fn has_rows(&self) -> bool {
        let rank = self.to.shape.len();
        (2..=4).contains(&rank)
            && self.axis + 1 == rank
            && self.length >= LEAST
            && self.from.bits() == 8
            && matches!(self.from.storage, Storage::Integer { .. })
            && self.reciprocal.is_some()
    }

    /// The widest vector of elements of a row, up to so many.
    fn widest(&self, most: i64) -> i64 {
        most.min(1 << self.length.ilog2())
    }
}

/// The tile for a machine's vectors. None where they cannot compute a softmax.
pub fn tile(op: Op, [from, to]: [&Layout; 2], vectors: &Vectors) -> Option<Tile> {
    let softmax = Softmax::of(op, from.clone(), to.clone()).ok()?;
    (vectors.bits >= 128 && softmax.has_rows()).then(|| Tile::new(1, 1, i64::from(vectors.bits / 32).min(16)))
}

/// Adds the kernel of a softmax and its call.
pub(super) fn convert(lowering: &mut Lowering, op: Op) -> Result<(), Diagnostic> {
    let layouts = [op.operand(0), op.result(0)].map(|value| scope::layout(lowering, value, op));
    let [from, to] = layouts;
    let softmax = Softmax::of(op, from?, to?)?;
    match Choice::of(op)?.strategy {
        Strategy::Elementwise(tile) if softmax.has_rows() => {
            softmax.on_vectors(lowering, op, (tile.lanes, false))
        }
        Strategy::Lookup(tile) if softmax.has_rows() => softmax.on_vectors(lowering, op, (tile.lanes, true)),
        Strategy::Portable => softmax.on_scalars(lowering, op),
        _ => Err(tree::misfit(op, "a softmax over rows of bytes, on vectors of their elements")),
    }
}

impl Softmax {
    /// The table of the terms.
    fn table(&self, scope: &mut Scope<'_>, k: &Kernel) -> Value {
        scope.constant("table", &[self.terms.len() as i64], k.int(16), &self.terms)
    }

    /// Room for the terms of a row.
    fn kept(&self, scope: &mut Scope<'_>, k: &Kernel) -> Value {
        scope.scratch(Type::memref(&[self.length], k.int(16)))
    }

    /// Looks up and keeps the terms of a row, one by one; their sum. `integer` gives an element.
    fn terms(
        &self,
        k: &Kernel,
        [table, kept]: [Value; 2],
        (largest, bits): (Value, u32),
        integer: impl Fn(&Kernel, Value) -> Value,
    ) -> Value {
        let none = k.constant(k.int(bits), 0);
        k.fold(k.index(0), k.index(self.length), &[none], |k, i, sum| {
            let below = k.sub(largest, integer(k, i));
            let last = self.terms.len() as i64 - 1;
            let spread = self.from.format.int_max() - self.from.format.int_min();
            let below = if spread > last { k.min(below, k.like(below, last)) } else { below };
            let term = k.load(table, &[k.to_index(below)]);
            k.store(term, kept, &[i]);
            vec![k.add(sum[0], k.resize(term, bits, false))]
        })[0]
    }

    /// Element by element, along any dimension.
    fn on_scalars(self, lowering: &mut Lowering, op: Op) -> Result<(), Diagnostic> {
        let mut outer = shape_of(op.result(0));
        outer[self.axis] = 1;
        let wide = numeric::encode_bits(self.from.format, 1);
        // Sums of rows without a reciprocal have 64 bits.
        let bits = if self.reciprocal.is_some() { 32 } else { 64 };
        let items = scope::rows(&outer);
        lowering.kernel(op, &op.operands(), items, Destination::Buffer, |scope, k| {
            let memories = [self.table(scope, k), self.kept(scope, k)];
            let (operand, result) = (scope.operands[0], scope.result);
            scope::every(k, (scope.from, scope.to), &outer, |k, indices| {
                let at = |i: Value| {
                    let mut at = indices.to_vec();
                    at[self.axis] = i;
                    at
                };
                let integer = |k: &Kernel, i: Value| self.from.load(k, operand, &at(i), wide);
                let (zero, end) = (k.index(0), k.index(self.length));
                let least = k.constant(k.int(wide), self.from.format.int_min());
                let largest = k.fold(zero, end, &[least], |k, i, m| vec![k.max(m[0], integer(k, i))])[0];
                let sum = self.terms(k, memories, (largest, bits), integer);
                let inverse = self.reciprocal.map(|reciprocal| (reciprocal, reciprocal.invert(k, sum)));
                k.fold(zero, end, &[], |k, i, _| {
                    let term = k.resize(k.load(memories[1], &[i]), bits, false);
                    let share = match inverse {
                        Some((reciprocal, inverse)) => {
                            reciprocal.share(k, term, (sum, inverse), self.to.format)
                        }
                        None => {
                            let exp = i64::from(self.to_exp);
                            let target = (self.to.format, Rounding::HalfUp);
                            k.encode(
                                (term, TERM_BITS + 1),
                                (k.like(term, exp), (exp, exp)),
                                Some(sum),
                                target,
                            )
                        }
                    };
                    self.to.store(k, share, result, &at(i));
                    Vec::new()
                });
                Ok(())
            })
        })
    }

    /// Looks up and keeps the terms of a row, so many bytes at a time, in tables of their lower and upper bytes; their
    /// sum. `loaded` gives elements as they are stored, `largest` has the largest in all lanes.
    fn terms_on_vectors(
        &self,
        k: &Kernel,
        (tables, kept): ([Value; 2], Value),
        (largest, bytes): (Value, i64),
        loaded: impl Fn(&Kernel, Value) -> Value,
    ) -> Value {
        let (sixteen, rest) = (vector(k, bytes / 2, 16), self.length % bytes);
        let some = |k: &Kernel, first: Value, counted: i64, sum: Value| {
            let below = k.sub(largest, loaded(k, first));
            let [lower, upper] = tables.map(|table| k.lookup(table, below));
            (0..2).fold(sum, |sum, half| {
                let pairs = half * bytes / 2..(half + 1) * bytes / 2;
                let pairs: Vec<i64> = pairs.flat_map(|lane| [lane, bytes + lane]).collect();
                let terms = k.vector_bitcast(k.shuffle(lower, upper, &pairs), 16);
                k.vector_store(terms, kept, k.add(first, k.index(half * bytes / 2)));
                // Terms that were counted before are zeros.
                let new = |lane: i64| half * bytes / 2 + lane >= bytes - counted;
                let lanes = (0..bytes / 2).map(|lane| if new(lane) { lane } else { bytes / 2 });
                let terms = match counted == bytes {
                    true => terms,
                    false => k.shuffle(terms, k.constant(sixteen, 0), &lanes.collect::<Vec<_>>()),
                };
                k.dot(sum, &[[terms, k.constant(sixteen, 1)]], (false, false))
            })
        };
        let none = k.constant(vector(k, bytes / 4, 32), 0);
        let mut sum = k.fold(k.index(0), k.index(self.length / bytes), &[none], |k, part, sum| {
            vec![some(k, k.mul(part, k.index(bytes)), bytes, sum[0])]
        })[0];
        if rest > 0 {
            sum = some(k, k.index(self.length - bytes), rest, sum);
        }
        k.reduce("add", sum)
    }

    /// The tables of the terms' lower and upper bytes, in registers.
    fn byte_tables(&self, scope: &mut Scope<'_>, k: &Kernel) -> [Value; 2] {
        [0, 8].map(|shift| {
            let mut bytes: Vec<i64> = self.terms.iter().map(|term| term >> shift & 255).collect();
            bytes.resize(ENTRIES, 0);
            let memory = scope.constant("table", &[ENTRIES as i64], k.int(8), &bytes);
            k.vector_load(memory, k.index(0), ENTRIES as i64)
        })
    }

    /// Rows of neighbours, on vectors; with them, whether those look up the terms.
    fn on_vectors(
        self,
        lowering: &mut Lowering,
        op: Op,
        (lanes, looks_up): (i64, bool),
    ) -> Result<(), Diagnostic> {
        let Some(reciprocal) = self.reciprocal else {
            return Err(crate::internal("a softmax on vectors without a reciprocal"));
        };
        let rows = self.to.shape[..self.to.shape.len() - 1].to_vec();
        let items = rows.iter().product();
        let signed = self.from.storage.is_signed(self.from.format);
        lowering.kernel(op, &op.operands(), items, Destination::Buffer, |scope, k| {
            let tables = match looks_up {
                true => Terms::Bytes(self.byte_tables(scope, k)),
                false => Terms::Words(self.table(scope, k)),
            };
            let kept = self.kept(scope, k);
            let (operand, result) = (k.flat(scope.operands[0]), k.flat(scope.result));
            k.fold(scope.from, scope.to, &[], |k, item, _| {
                let mut pixel = scope::split_index(k, item, &rows);
                if pixel.len() == 2 {
                    pixel.insert(1, k.index(0));
                }
                pixel.resize(3, k.index(0));
                let pixel = [pixel[0], pixel[1], pixel[2]];
                let [from, to] =
                    [&self.from, &self.to].map(|layout| flat_index(k, layout, pixel, k.index(0)));

                let bytes = self.widest(4 * lanes);
                let (name, kind) = if signed { ("arith.maxsi", "maxsi") } else { ("arith.maxui", "maxui") };
                let loaded = |k: &Kernel, i: Value| k.vector_load(operand, k.add(from, i), bytes);
                let largest = k.over(self.length, bytes, &[loaded(k, k.index(0))], |k, i, found| {
                    vec![k.binary(name, found[0], loaded(k, i))]
                });
                let largest = k.reduce(kind, largest[0]);
                // Differences do not have the offset of what is stored.
                let sum = match tables {
                    Terms::Bytes(tables) => {
                        let largest = k.broadcast(largest, bytes);
                        self.terms_on_vectors(k, (tables, kept), (largest, bytes), loaded)
                    }
                    Terms::Words(table) => {
                        let largest = k.resize(largest, 32, signed);
                        self.terms(k, [table, kept], (largest, 32), |k, i| {
                            k.resize(k.load(operand, &[k.add(from, i)]), 32, signed)
                        })
                    }
                };
                let lanes = self.widest(lanes);
                let in_all = |value: Value| k.broadcast(value, lanes);
                let divisor = (in_all(sum), in_all(reciprocal.invert(k, sum)));
                k.over(self.length, lanes, &[], |k, i, _| {
                    let term = k.resize(k.vector_load(kept, i, lanes), 32, false);
                    let share = reciprocal.share(k, term, divisor, self.to.format);
                    k.vector_store(self.to.stored(k, share), result, k.add(to, i));
                    Vec::new()
                });
                Vec::new()
            });
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What [`Reciprocal::quotient`] computes, in the same 32 bits.
    fn quotient(point: u32, term: u32, sum: u32) -> u32 {
        let reciprocal = (1u32 << (point + TERM_BITS)) / sum;
        let below = term.wrapping_mul(reciprocal) >> TERM_BITS;
        let rest = (term << point).wrapping_sub(below.wrapping_mul(sum)) as i32;
        if rest >= sum as i32 { below + 1 } else { below }
    }

    fn check(point: u32, term: u32, sum: u32) {
        let exact = (u64::from(term) << point) / u64::from(sum);
        assert_eq!(u64::from(quotient(point, term, sum)), exact, "{term} * 2^{point} / {sum}");
    }

    #[test]
    fn quotients_are_exact_for_all_terms_of_short_rows() {
        for sum in (32767..65536).step_by(97).chain([32767, 32768, 65534, 65535]) {
            for term in 0..32768 {
                check(9, term, sum);
            }
        }
    }

    #[test]
    fn quotients_are_exact_for_all_sums() {
        let largest = 32767 * MOST_ELEMENTS as u32;
        let mut random = 1u64;
        for _ in 0..2_000_000 {
            random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let (point, term) = ((random >> 60) as u32 + 1, (random >> 33) as u32 % 32768);
            let sum = 32767 + (random >> 20) as u32 % (largest - 32766);
            // Long rows, and such as are near a multiple of the term.
            check(point, term, sum);
            let near = (u64::from(term) << point) / u64::from(1 + (random as u32 >> 8) % 512);
            for sum in [near.saturating_sub(1), near, near + 1] {
                if (32767..=u64::from(largest)).contains(&sum) {
                    check(point, term, sum as u32);
                }
            }
        }
        for point in 0..=16 {
            for term in [0, 1, 2, 16384, 32766, 32767] {
                for sum in [32767, 32768, 65534, largest - 1, largest] {
                    check(point, term, sum);
                }
            }
        }
    }

    #[test]
    fn rows_and_formats_beyond_32_bits_have_no_reciprocal() {
        let byte = Format::fixed(false, 8);
        let of = |elements, exp| Reciprocal::of(elements, byte, exp);
        assert_eq!(of(64, -8), Some(Reciprocal { point: 9, shift: 1 }));
        assert_eq!(of(64, 0), Some(Reciprocal { point: 1, shift: 1 }));
        assert_eq!(of(64, 3), Some(Reciprocal { point: 0, shift: 3 }));
        assert!(of(64, -15).is_some() && of(64, -16).is_none() && of(64, -4096).is_none());
        assert!(of(MOST_ELEMENTS, -8).is_some() && of(MOST_ELEMENTS + 1, -8).is_none());
        let wide = Format::new(false, 5, 2).expect("a format");
        assert!(Reciprocal::of(64, wide, -8).is_none());
    }
}
