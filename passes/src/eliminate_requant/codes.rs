//! Functions from codes to codes, and which codes a value can hold.
//!
//! A code has 16 bits at most: what holds for every code is decided by looking at every code.

use afp_ir::{
    dialect::{FloatType, view},
    mlir::{Attr, Op, Value},
    numerics::{Code, Format, Rounding, clamp_code, encode},
};

/// Values that are looked through to find out what codes one holds: more, and it may hold all.
const MOST_VALUES: usize = 256;

/// A type with a static scale exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    pub format: Format,
    pub exp: i32,
}

impl Grid {
    /// The grid of a coded value; none if its scale exponent is dynamic.
    pub fn of(value: Value) -> Option<Self> {
        let ty = FloatType::of(value.ty())?;
        Some(Self { format: ty.format, exp: ty.exp.fixed()? })
    }

    /// Whether every value of the grid is one of `other`'s range on as fine a grid: sums of them need no
    /// more bits than sums of the other's.
    pub fn is_within(self, other: Self) -> bool {
        let shift = i64::from(self.exp) - i64::from(other.exp);
        let scaled = |value: i64| i128::from(value) << shift.clamp(0, 64);
        (0..=64).contains(&shift)
            && scaled(self.format.int_max()) <= i128::from(other.format.int_max())
            && scaled(self.format.int_min()) >= i128::from(other.format.int_min())
    }

    /// The canonical codes whose values lie between those of two codes, in the order of their values.
    pub fn codes_between(self, lo: Code, hi: Code) -> Vec<Code> {
        let (least, largest) = (self.format.decode(lo), self.format.decode(hi));
        let mut codes: Vec<Code> = self
            .format
            .canonical_codes()
            .filter(|&code| (least..=largest).contains(&self.format.decode(code)))
            .collect();
        codes.sort_by_key(|&code| self.format.decode(code));
        codes
    }
}

/// An encode of codes that does the same to every element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Map {
    pub from: Grid,
    pub to: Grid,
    pub rounding: Rounding,
    pub divisor: u64,
    pub lo: Code,
    pub hi: Code,
}

impl Map {
    /// The function of an encode of codes; none if it differs between elements, or if a scale exponent is
    /// dynamic.
    pub fn of(op: Op) -> Option<Self> {
        let (from, to) = (Grid::of(op.is("afp.encode").then(|| op.operand(0))?)?, Grid::of(op.result(0))?);
        match limits(op, to.format)[..] {
            [(lo, hi)] => Self::with_limits(op, from, to, lo, hi),
            _ => None,
        }
    }

    /// The function of an encode from `from`, with the limits of one channel.
    pub fn with_limits(op: Op, from: Grid, to: Grid, lo: Code, hi: Code) -> Option<Self> {
        let divisor = match view::divisors(op)[..] {
            [divisor] => u64::try_from(divisor).ok()?,
            _ => return None,
        };
        Some(Self { from, to, rounding: view::rounding(op).ok()?, divisor, lo, hi })
    }

    /// The code that becomes of one.
    pub fn apply(&self, code: Code) -> Code {
        let integer = self.from.format.decode(code);
        let (format, exp) = (self.to.format, self.to.exp);
        let rounded = encode(integer, self.from.exp, self.divisor, format, exp, self.rounding);
        clamp_code(format, rounded, self.lo, self.hi)
    }

    /// Whether a code's value stays what it is.
    pub fn keeps(&self, code: Code) -> bool {
        let result = self.apply(code);
        same_value(self.from.format.decode(code), self.from.exp, self.to.format.decode(result), self.to.exp)
    }
}

/// Whether `a * 2^a_exp = b * 2^b_exp`.
fn same_value(a: i64, a_exp: i32, b: i64, b_exp: i32) -> bool {
    let reduced = |value: i64, exp: i32| match value {
        0 => (0, 0),
        _ => (value >> value.trailing_zeros(), i64::from(exp) + i64::from(value.trailing_zeros())),
    };
    reduced(a, a_exp) == reduced(b, b_exp)
}

/// The limits of an encode to codes, for all channels or one pair per channel; one pair if all are alike.
pub(super) fn limits(op: Op, format: Format) -> Vec<(Code, Code)> {
    let read = |name: &str, extreme: Code| -> Vec<Code> {
        let given = op.attr(name).and_then(Attr::as_i32s).filter(|codes| !codes.is_empty());
        given.map_or_else(|| vec![extreme], |codes| codes.into_iter().map(|c| c as Code).collect())
    };
    let (lo, hi) = (read("lo", format.min_code()), read("hi", format.max_code()));
    let pick = |codes: &[Code], c: usize| codes[if codes.len() == 1 { 0 } else { c }];
    let mut pairs: Vec<(Code, Code)> =
        (0..lo.len().max(hi.len())).map(|c| (pick(&lo, c), pick(&hi, c))).collect();
    if pairs.iter().all(|pair| *pair == pairs[0]) {
        pairs.truncate(1);
    }
    pairs
}

/// The limits as attributes `lo` and `hi`; nothing where they are the extremes of the format.
pub(super) fn limit_attrs(op: Op, format: Format, pairs: &[(Code, Code)]) -> [Option<Attr>; 2] {
    let attr = |codes: Vec<Code>, extreme: Code| {
        let codes: Vec<i32> = codes.into_iter().map(i32::from).collect();
        codes.iter().any(|&code| code != i32::from(extreme)).then(|| Attr::i32s(op.ctx(), &codes))
    };
    [
        attr(pairs.iter().map(|pair| pair.0).collect(), format.min_code()),
        attr(pairs.iter().map(|pair| pair.1).collect(), format.max_code()),
    ]
}

/// The codes that a value with a static scale exponent can hold, in the order of their values.
pub(super) fn possible(value: Value) -> Option<Vec<Code>> {
    let grid = Grid::of(value)?;
    let mut budget = MOST_VALUES;
    let mut codes = collect(value, grid, &mut budget);
    codes.sort_by_key(|&code| grid.format.decode(code));
    codes.dedup();
    Some(codes)
}

fn collect(value: Value, grid: Grid, budget: &mut usize) -> Vec<Code> {
    let all = || grid.format.canonical_codes().collect();
    let Some(op) = value.def().filter(|_| *budget > 0) else { return all() };
    *budget -= 1;
    match op.name().as_str() {
        "afp.encode" => {
            let least = |pair: &(Code, Code)| grid.format.decode(pair.0);
            let largest = |pair: &(Code, Code)| grid.format.decode(pair.1);
            let pairs = limits(op, grid.format);
            let ends = pairs.iter().min_by_key(|p| least(p)).zip(pairs.iter().max_by_key(|p| largest(p)));
            ends.map_or_else(all, |(lo, hi)| grid.codes_between(lo.0, hi.1))
        }
        "afp.constant" => elements(op, "value").unwrap_or_else(all),
        "afp.table" => elements(op, "values").unwrap_or_else(all),
        "afp.pad" => {
            let mut codes = collect(op.operand(0), grid, budget);
            codes.push(op.attr("value").and_then(Attr::as_int).unwrap_or(0) as Code);
            codes
        }
        _ if view::is_movement(op) => {
            let mut codes: Vec<Code> =
                op.operands().into_iter().flat_map(|operand| collect(operand, grid, budget)).collect();
            codes.sort_unstable();
            codes.dedup();
            codes
        }
        _ => all(),
    }
}

/// The codes in an attribute, each once.
fn elements(op: Op, attr: &str) -> Option<Vec<Code>> {
    let ty = FloatType::of(op.result(0).ty())?;
    let values = op.attr(attr)?.elements_i64()?;
    let mut codes: Vec<Code> = values.into_iter().map(|stored| ty.stored_code(stored)).collect();
    codes.sort_unstable();
    codes.dedup();
    Some(codes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(format: &str, exp: i32) -> Grid {
        Grid { format: format.parse().unwrap(), exp }
    }

    #[test]
    fn a_grid_is_within_one_of_its_range_that_is_as_fine() {
        assert!(grid("e2m2", -2).is_within(grid("e0m7", -4)));
        assert!(!grid("e2m2", -2).is_within(grid("e0m7", -5)), "28 * 8 > 127");
        assert!(!grid("e2m2", -2).is_within(grid("ue0m8", -2)), "negative");
        assert!(!grid("e0m3", -5).is_within(grid("e0m7", -4)), "finer");
        assert!(!grid("e0m3", 4096).is_within(grid("e0m7", -4096)));
    }

    #[test]
    fn values_are_compared_whatever_their_exponents() {
        assert!(same_value(0, 5, 0, -5));
        assert!(same_value(12, 0, 3, 2));
        assert!(same_value(-8, -4096, -1, -4093));
        assert!(!same_value(3, 0, -3, 0));
        assert!(!same_value(1, 4096, 1, -4096));
    }
}
