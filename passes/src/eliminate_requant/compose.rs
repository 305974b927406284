//! Two encodes, one behind the other.

use afp_ir::{
    dialect::{Element, view},
    mlir::{Builder, Op, OpSpec},
    numerics::{Code, Rounding, clamp_code, encode},
};

use super::codes::{Grid, Map, limit_attrs, limits};
use crate::conversions::Fate;

/// Codes of all channels together that are looked at.
const MOST_CODES: usize = 1 << 22;

/// How far scale exponents may lie apart: 64 bits hold every midpoint.
const MOST_BINADES: i64 = 16;

/// `encode_U(encode_T(x))` becomes one encode to `U`.
///
/// *Condition*: the inner encode has no other use, scale exponents are static, and for every number the
/// two give what the one gives ([`is_one_rounding`]). The new encode has the inner one's divisor and
/// rounding; its limits are what becomes of the inner one's limits.
pub(super) fn compose(op: Op) -> Option<Fate> {
    if !op.is("afp.encode") {
        return None;
    }
    let inner = op.operand(0).def_as("afp.encode")?;
    if !op.operand(0).has_one_use() || Element::of(inner.operand(0).ty()) == Element::Real {
        return None;
    }
    let (from, to) = (Grid::of(op.operand(0))?, Grid::of(op.result(0))?);
    let rounding = view::rounding(inner).ok()?;
    let (first, second) = (limits(inner, from.format), limits(op, to.format));
    let mut combined: Vec<(Code, Code)> = Vec::new();
    let mut known: Vec<[(Code, Code); 3]> = Vec::new();
    let mut budget = MOST_CODES;
    for channel in 0..first.len().max(second.len()) {
        let pick = |pairs: &[(Code, Code)]| pairs[if pairs.len() == 1 { 0 } else { channel }];
        let (inner_limits, outer_limits) = (pick(&first), pick(&second));
        let met = known.iter().find(|[a, b, _]| (*a, *b) == (inner_limits, outer_limits));
        combined.push(match met {
            Some([.., limits]) => *limits,
            None => {
                budget = budget.checked_sub(from.format.code_count() as usize)?;
                let map = Map::with_limits(op, from, to, outer_limits.0, outer_limits.1)?;
                let limits = is_one_rounding(rounding, inner_limits, &map)?;
                known.push([inner_limits, outer_limits, limits]);
                limits
            }
        });
    }
    let [lo, hi] = limit_attrs(op, to.format, &combined);
    let (name, kept) = (op.attr("afp.name"), inner.attrs());
    let mut spec = OpSpec::new("afp.encode").operands([inner.operand(0)]);
    for (key, value) in kept.iter().filter(|(key, _)| !["lo", "hi", "afp.name"].contains(&key.as_str())) {
        spec = spec.attr(key, *value);
    }
    let spec = spec
        .attr_opt("lo", lo)
        .attr_opt("hi", hi)
        .attr_opt("afp.name", name.or_else(|| inner.attr("afp.name")));
    // What is left is the inner encode, by its place in the user's file too.
    let coded = matches!(Element::of(inner.operand(0).ty()), Element::Float(_));
    let loc = if coded { inner.loc() } else { op.loc().untagged() };
    let merged = Builder::before(op).value(loc, spec.result(op.result(0).ty()));
    op.result(0).replace_all_uses_with(merged);
    Some(if from == to { Fate::Limits } else { Fate::Composed })
}

/// Whether an encode with these limits and then `map` give, for every number, what one encode gives; the
/// limits of that one.
///
/// Both are steps: constant between the points where they change. The first changes half way between
/// neighbouring values of its range. So it is enough to look on either side of each such point, nearer
/// than the other's next step can be, and at the point itself, where the rounding of ties decides.
fn is_one_rounding(rounding: Rounding, (lo, hi): (Code, Code), map: &Map) -> Option<(Code, Code)> {
    let (from, to) = (map.from, map.to);
    let finest = from.exp.min(to.exp);
    if (i64::from(from.exp) - i64::from(to.exp)).abs() > MOST_BINADES {
        return None;
    }
    let codes = from.codes_between(lo, hi);
    let limits = (map.apply(*codes.first()?), map.apply(*codes.last()?));
    // Numbers in units of an eighth of the finer grid, on which all steps lie at multiples of 4.
    let unit = finest - 3;
    let once = |number: i64| {
        clamp_code(to.format, encode(number, unit, 1, to.format, to.exp, rounding), limits.0, limits.1)
    };
    let twice = |number: i64| {
        map.apply(clamp_code(from.format, encode(number, unit, 1, from.format, from.exp, rounding), lo, hi))
    };
    let scale = from.exp - 1 - unit;
    let equal = codes.windows(2).all(|pair| {
        let middle = (from.format.decode(pair[0]) + from.format.decode(pair[1])) << scale;
        (middle - 1..=middle + 1).all(|number| once(number) == twice(number))
    });
    equal.then_some(limits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(format: &str, exp: i32) -> Grid {
        Grid { format: format.parse().unwrap(), exp }
    }

    fn whole(from: Grid, to: Grid) -> (Map, (Code, Code)) {
        let (lo, hi) = (to.format.min_code(), to.format.max_code());
        let map = Map { from, to, rounding: Rounding::HalfUp, divisor: 1, lo, hi };
        (map, (from.format.min_code(), from.format.max_code()))
    }

    /// Every number up to the range of both, in steps of an eighth of the finer grid.
    fn by_all_numbers(rounding: Rounding, (lo, hi): (Code, Code), map: &Map) -> bool {
        let (from, to) = (map.from, map.to);
        let unit = from.exp.min(to.exp) - 3;
        let reach = |grid: Grid| grid.format.int_max() << (grid.exp - unit);
        let limit = reach(from).max(reach(to)) + 16;
        let ends = (map.apply(lo), map.apply(hi));
        (-limit..=limit).all(|n| {
            let inner = encode(n, unit, 1, from.format, from.exp, rounding);
            let one = encode(n, unit, 1, to.format, to.exp, rounding);
            map.apply(clamp_code(from.format, inner, lo, hi)) == clamp_code(to.format, one, ends.0, ends.1)
        })
    }

    #[test]
    fn agrees_with_a_search_over_all_numbers() {
        let grids: Vec<Grid> = ["e0m3", "ue0m4", "e2m1", "ue2m2", "e1m2", "e3m0", "e2m2"]
            .iter()
            .flat_map(|format| [-1, 0, 2].map(|exp| grid(format, exp)))
            .collect();
        let mut composed = 0;
        for &from in &grids {
            for &to in &grids {
                for rounding in Rounding::ALL {
                    let (map, limits) = whole(from, to);
                    for limits in [limits, (0, limits.1)] {
                        let found = is_one_rounding(rounding, limits, &map).is_some();
                        assert_eq!(found, by_all_numbers(rounding, limits, &map), "{map:?} {rounding}");
                        composed += usize::from(found);
                    }
                }
            }
        }
        assert!(composed > 50, "{composed}");
    }

    #[test]
    fn a_wider_grid_does_not_hold_what_a_coarser_one_rounds_away() {
        let (map, limits) = whole(grid("e0m7", -4), grid("e0m3", -4));
        assert_eq!(is_one_rounding(Rounding::HalfUp, limits, &map), Some(((-7i16) as Code & 0xf, 7)));
        let (map, limits) = whole(grid("e0m7", -5), grid("e0m7", -4));
        assert_eq!(is_one_rounding(Rounding::HalfUp, limits, &map), None);
    }
}
