//! The integers that a signed format holds, as numbers in `f64`: the nearest one, and the neighbours.

use afp_ir::numerics::Format;

/// A format's integers.
#[derive(Clone, Copy, Debug)]
pub struct Grid {
    man: u32,
    floating: bool,
    lo: f64,
    hi: f64,
}

impl Grid {
    /// The integers of a format.
    pub fn of(format: Format) -> Self {
        Self {
            man: format.man_bits(),
            floating: format.exp_bits() > 0,
            lo: format.int_min() as f64,
            hi: format.int_max() as f64,
        }
    }

    /// The nearest integer, a tie to the larger one: what `numerics::encode_f64` yields at exponent 0.
    #[inline(always)]
    pub fn nearest(&self, v: f64) -> f64 {
        let step = if self.floating { step(v, self.man) } else { 1.0 };
        (nearest_integer(v / step) * step).max(self.lo).min(self.hi)
    }

    /// The next integer above (or below) one of the grid's; the same at its end.
    pub fn next(&self, at: f64, above: bool) -> f64 {
        if !self.floating {
            return (if above { at + 1.0 } else { at - 1.0 }).max(self.lo).min(self.hi);
        }
        let grows = at == 0.0 || (at > 0.0) == above;
        let step = if grows {
            step(at, self.man)
        } else {
            // Towards zero from the first integer of a binade, the step is that of the binade below.
            step(at - at.signum() * 0.5, self.man)
        };
        (if above { at + step } else { at - step }).max(self.lo).min(self.hi)
    }
}

/// The integer nearest to a number, a tie to the larger one.
#[inline(always)]
pub fn nearest_integer(v: f64) -> f64 {
    let floor = v.floor();
    if v - floor >= 0.5 { floor + 1.0 } else { floor }
}

/// The step between neighbours in the binade of a number of units, with `man` mantissa bits.
#[inline(always)]
pub fn step(v: f64, man: u32) -> f64 {
    let binade = (v.to_bits() >> 52 & 0x7ff) as i64;
    let step = (binade - i64::from(man)).max(1023);
    f64::from_bits((step as u64) << 52)
}

/// `2^exp`, within the normal numbers.
#[inline(always)]
pub fn power(exp: i32) -> f64 {
    f64::from_bits(((exp.clamp(-1022, 1023) + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use afp_ir::numerics::{Rounding, decompose_f64, encode_f64};
    use proptest::prelude::*;

    use super::*;

    fn formats() -> impl Iterator<Item = Format> {
        let all = (0..=4).flat_map(|e| (0..=7).map(move |m| (e, m)));
        [true, false].into_iter().flat_map(move |signed| {
            all.clone().filter_map(move |(e, m)| Format::new(signed, e, m).ok().filter(|f| f.width() <= 8))
        })
    }

    #[test]
    fn the_nearest_integer_is_that_of_the_numerics() {
        for format in formats() {
            let (grid, reach) = (Grid::of(format), format.int_max() as f64);
            for i in -2200..=2200 {
                let v = f64::from(i) * reach / 2000.0;
                for v in [v, (v * 2.0).round() / 2.0, (v * 8.0).round() / 8.0] {
                    let expected = format.decode(encode_f64(v, format, 0, Rounding::HalfUp)) as f64;
                    assert_eq!(grid.nearest(v), expected, "{v} in {format}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_number_rounds_as_the_numerics_round(
            (signed, exp_bits, man_bits) in (any::<bool>(), 0u32..=5, 0u32..=10),
            (at, to_tie, exp) in (any::<u16>(), -2i64..=2, -200i32..=200),
            any_number in any::<f64>(),
        ) {
            let Ok(format) = Format::new(signed, exp_bits, man_bits) else { return Ok(()) };
            let (grid, unit) = (Grid::of(format), power(exp));
            // Half way between two values of the format, and the numbers beside.
            let value = format.decode((u32::from(at) % format.code_count()) as u16) as f64;
            let tie = (value + grid.next(value, true)) / 2.0;
            let beside = f64::from_bits((tie.to_bits() as i64 + to_tie) as u64);
            for v in [beside, any_number].into_iter().filter(|v| decompose_f64(*v).is_some()) {
                let expected = format.decode(encode_f64(v, format, 0, Rounding::HalfUp)) as f64;
                prop_assert_eq!(grid.nearest(v), expected, "{} in {}", v, format);
                let scaled = beside * unit;
                let expected = format.decode(encode_f64(scaled, format, exp, Rounding::HalfUp)) as f64;
                prop_assert_eq!(grid.nearest(scaled * power(-exp)), expected, "{} in {}", scaled, format);
            }
        }
    }

    #[test]
    fn neighbours_are_the_next_codes() {
        for format in formats() {
            let grid = Grid::of(format);
            let mut values: Vec<i64> = format.canonical_codes().map(|code| format.decode(code)).collect();
            values.sort_unstable();
            for pair in values.windows(2) {
                assert_eq!(grid.next(pair[0] as f64, true), pair[1] as f64, "above {} in {format}", pair[0]);
                assert_eq!(grid.next(pair[1] as f64, false), pair[0] as f64, "below {} in {format}", pair[1]);
            }
            let (first, last) = (values[0] as f64, values[values.len() - 1] as f64);
            assert_eq!((grid.next(last, true), grid.next(first, false)), (last, first));
        }
    }
}
