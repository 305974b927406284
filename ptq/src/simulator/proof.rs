//! The proof that `f64` holds every exact value of a network on codes, so that a simulator yields the
//! interpreter's bits.
//!
//! Every element of a value is an integer times `2^grid`, and at most `reach` in magnitude. With
//! `reach < 2^(53 + grid)` it is a number of `f64`, and so is what lies between it and the operands: the
//! bounds are those of sums of magnitudes, in which partial sums are contained.
//!
//! A quotient is not exact, but what it is rounded to is. Results change at multiples of half the target's
//! finest step, `T = k * 2^(exp - 1)`. Let `x = v / D` be no such multiple, for `v` on `grid`: then
//! `|x - T| >= 2^min(grid, exp - 1) / D`, and with `|v| < 2^(53 + min(grid, exp - 1))` that is more than
//! `2^-53 |x|`, the most that a division in `f64` is off. So the quotient lies on the same side of `T` as
//! `x`. If `x` is such a multiple, `|k| < 2^53`, and the quotient is `x`. The divisor cancels.
//!
//! One bit is kept for the roundings in the bounds themselves.

use afp_ir::interp::{Data, Tensor};

use super::{Simulator, quantizer::power};
use crate::network::{Node, Operator, SiteFormat, Sum};

/// Bits of a number of `f64`, less one.
const BITS: i32 = 52;

/// What holds for all elements of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// They are integers times `2^grid`.
    pub grid: i32,
    /// Their largest magnitude.
    pub reach: f64,
}

impl Bounds {
    /// Of zeros: a multiple of everything.
    const ZERO: Self = Self { grid: i32::MAX, reach: 0.0 };

    /// Of a format's values.
    fn of_site(site: SiteFormat) -> Self {
        Self { grid: site.exp, reach: site.format.int_max() as f64 * power(site.exp) }
    }

    /// Of known numbers; none if one is not finite.
    fn of_constant(tensor: &Tensor) -> Option<Self> {
        let mut bounds = Self::ZERO;
        for value in tensor.to_f64().iter().copied().filter(|&value| value != 0.0) {
            if !value.is_normal() {
                return None;
            }
            bounds.grid = bounds.grid.min(last_bit(value));
            bounds.reach = bounds.reach.max(value.abs());
        }
        Some(bounds)
    }

    /// Of sums of one element of each.
    fn plus(self, other: Self) -> Self {
        Self { grid: self.grid.min(other.grid), reach: self.reach + other.reach }
    }

    /// Of products of one element of each.
    fn times(self, other: Self) -> Self {
        Self { grid: self.grid.saturating_add(other.grid), reach: self.reach * other.reach }
    }

    /// Of sums of so many elements.
    fn repeated(self, count: usize) -> Self {
        Self { reach: self.reach * count as f64, ..self }
    }

    /// Whether `f64` holds every multiple of the grid, or of a finer one, up to the reach.
    fn fit(self, finest: i32) -> bool {
        // Within these exponents no power leaves the numbers of f64.
        const EXPONENTS: std::ops::RangeInclusive<i32> = -900..=900;
        let grid = self.grid.min(finest);
        self.reach == 0.0 || EXPONENTS.contains(&grid) && self.reach < power(BITS + grid)
    }

    fn if_held(self) -> Option<Self> {
        self.fit(self.grid).then_some(self)
    }
}

/// The exponent of the last bit of a normal number.
fn last_bit(value: f64) -> i32 {
    const MANTISSA: i32 = 52;
    let bits = value.to_bits();
    let exponent = (bits >> MANTISSA & 0x7ff) as i32 - 1023;
    let zeros = (bits & ((1 << MANTISSA) - 1)).trailing_zeros().min(MANTISSA as u32) as i32;
    exponent - MANTISSA + zeros
}

impl Simulator<'_> {
    /// Whether `f64` holds all exact values, and every result is rounded to where the interpreter rounds it.
    pub(super) fn is_proven(&self) -> bool {
        let mut known: Vec<Option<Bounds>> = Vec::with_capacity(self.network.nodes.len());
        for node in &self.network.nodes {
            let (holds, bounds) = self.bounds(node, &known);
            if !holds {
                return false;
            }
            known.push(bounds);
        }
        // A border that its source's grid does not hold is on another one in the program on codes.
        !self.network.outputs.iter().any(|&node| self.network.nodes[node].bordered)
    }

    /// Whether a node yields the interpreter's value where its operands do, and what holds for it then: none
    /// for what is no number on a grid.
    fn bounds(&self, node: &Node, known: &[Option<Bounds>]) -> (bool, Option<Bounds>) {
        let operand = |n: usize| node.operands.get(n).and_then(|&id| known[id]);
        let exact = |bounds: Option<Bounds>| (bounds.is_some(), bounds);
        let site = node.source.and_then(|site| self.setting.sites[site]).map(Bounds::of_site);
        let layer = |id: usize| operand(0).and(self.layers[id].sums);
        match &node.operator {
            Operator::Input(_) | Operator::Unused => (true, None),
            Operator::Constant(_, coded) => {
                let is_known = matches!(coded.data, Data::Real(_) | Data::Wide(_));
                (true, is_known.then(|| Bounds::of_constant(coded)).flatten())
            }
            Operator::Layer(id) => exact(layer(*id).and_then(Bounds::if_held)),
            Operator::Group(id, ..) => {
                let sums = match node.operands.len() {
                    1 => layer(*id),
                    _ => layer(*id).zip(operand(1)).map(|(sums, skip)| sums.plus(skip)),
                };
                (sums.is_some_and(|sums| sums.fit(sums.grid)) && site.is_some(), site)
            }
            Operator::Sum(_, sum) => {
                let bounds = match sum {
                    Sum::Add => operand(0).zip(operand(1)).map(|(a, b)| a.plus(b)),
                    Sum::Products(depth) => {
                        operand(0).zip(operand(1)).map(|(a, b)| a.times(b).repeated(*depth))
                    }
                    Sum::Window(taps) => operand(0).map(|bounds| bounds.repeated(*taps)),
                };
                exact(bounds.and_then(Bounds::if_held))
            }
            Operator::Encode(id, _, divisors) => {
                let divides = divisors.iter().any(|&divisor| divisor != 1);
                let finest = |site: SiteFormat| if divides { site.exp - 1 } else { i32::MAX };
                let fits = operand(0).zip(self.setting.sites[*id]).is_some_and(|(v, to)| v.fit(finest(to)));
                (fits && site.is_some(), site)
            }
            // A number of f32 is rounded as it is.
            Operator::Seated | Operator::Rounded(..) => (site.is_some(), site),
            Operator::Table(..) | Operator::Softmax(..) => {
                (site.is_some() && self.coded_source(node).is_some(), site)
            }
            Operator::Moved(_) if node.bordered => (true, None),
            // What a border adds is zero.
            Operator::Moved(_) => (true, operand(0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_multiples_of_their_last_bit() {
        for (value, bit) in [(1.0, 0), (-6.0, 1), (0.375, -3), (1.0 + f64::EPSILON, -52), (-0.1, -55)] {
            assert_eq!(last_bit(value), bit, "{value}");
        }
        let constant = Tensor::real(&[3], vec![0.0, -6.0, 0.375]);
        assert_eq!(Bounds::of_constant(&constant), Some(Bounds { grid: -3, reach: 6.0 }));
        assert_eq!(Bounds::of_constant(&Tensor::real(&[1], vec![f32::NAN])), None);
    }

    #[test]
    fn a_sum_is_as_fine_as_its_finest_operand() {
        let (coarse, fine) = (Bounds { grid: 20, reach: 1e9 }, Bounds { grid: -30, reach: 1e-6 });
        assert!(coarse.if_held().is_some() && fine.if_held().is_some());
        assert_eq!(coarse.plus(fine).if_held(), None);
        assert_eq!(coarse.plus(Bounds::ZERO), coarse);
    }

    #[test]
    fn a_product_is_as_long_as_both() {
        let long = Bounds { grid: -20, reach: 100.0 };
        assert_eq!(long.times(long), Bounds { grid: -40, reach: 1e4 });
        assert!(long.times(long).if_held().is_none());
        assert!(
            Bounds { grid: 0, reach: 127.0 }
                .times(Bounds { grid: 0, reach: 255.0 })
                .repeated(1000)
                .if_held()
                .is_some()
        );
    }

    #[test]
    fn quotients_need_the_targets_bits() {
        let sum = Bounds { grid: 0, reach: power(40) };
        assert!(sum.fit(-11));
        assert!(!sum.fit(-13));
    }
}
