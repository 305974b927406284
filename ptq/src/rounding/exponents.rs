//! The scale exponents at which a channel is rounded.
//!
//! Clipping a few large weights can be worth a finer grid for all others. So the exponent that covers the
//! channel and those below it are judged by `sum h (w - Q(w))^2` of rounding to nearest, `h` the second
//! moment of what a weight is multiplied with. Plain squares, without `h`, do not follow a network's error.

use afp_ir::numerics::Format;
use afp_passes::scale::{best_exponent, covering_exponent};
use rayon::prelude::*;

use super::{
    Exponents, Options,
    grid::{Grid, power},
    lanes::weighted_error,
    prepared::Prepared,
};
use crate::network::Layer;

/// Exponents that are judged: the covering one and those below.
const JUDGED: i32 = 5;
/// The exponent of a layer without weights: fine enough for its bias.
const IDLE: i32 = -40;

/// The exponents of each output channel, the best first, at least one. A channel of zeros takes the least of
/// the others: its bias still wants a fine grid.
pub fn candidates(
    layer: &Layer,
    target: &[f64],
    prepared: &Prepared,
    format: Format,
    options: &Options,
) -> Vec<Vec<i32>> {
    let depth = layer.depth;
    let found: Vec<Option<Vec<i32>>> = (0..layer.outputs)
        .into_par_iter()
        .map(|output| {
            let importance = &prepared.groups[layer.group(output)].importance;
            of_channel(&target[output * depth..(output + 1) * depth], importance, format, options)
        })
        .collect();
    let least = found.iter().flatten().filter_map(|exps| exps.first()).min();
    let idle = limited(*least.unwrap_or(&IDLE), format, options.floor);
    found.into_iter().map(|exps| exps.unwrap_or_else(|| vec![idle])).collect()
}

/// The exponents of a channel, the best first; none if it is zero.
fn of_channel(target: &[f64], importance: &[f64], format: Format, options: &Options) -> Option<Vec<i32>> {
    let largest = target.iter().fold(0.0f64, |max, w| max.max(w.abs()));
    if largest == 0.0 {
        return None;
    }
    let top = covering_exponent(format, largest);
    let chosen = match options.exponents {
        Exponents::Weighted => None,
        Exponents::Plain => {
            Some(best_exponent(format, &target.iter().map(|&w| (w, 1.0)).collect::<Vec<_>>()))
        }
        Exponents::Covering => Some(top),
    };
    if let Some(exp) = chosen {
        return Some(vec![limited(exp, format, options.floor)]);
    }
    let grid = Grid::of(format);
    let mut exps: Vec<i32> = (0..JUDGED).map(|below| limited(top - below, format, options.floor)).collect();
    exps.dedup();
    let error = |exp: i32| weighted_error(target, importance, power(-exp), &grid) * power(exp) * power(exp);
    let mut judged: Vec<(f64, i32)> = exps.into_iter().map(|exp| (error(exp), exp)).collect();
    // The larger exponent of two that are equally good: narrower sums.
    judged.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
    Some(judged.into_iter().map(|(_, exp)| exp).collect())
}

/// An exponent not below the floor, at which `f32` holds every value of the format.
fn limited(exp: i32, format: Format, floor: i32) -> i32 {
    let bits = (i64::BITS - format.int_max().leading_zeros()) as i32;
    exp.max(floor).clamp(f32::MIN_EXP - f32::MANTISSA_DIGITS as i32, f32::MAX_EXP - bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(target: &[f64], importance: &[f64], options: &Options) -> Option<Vec<i32>> {
        of_channel(target, importance, "e0m3".parse().unwrap(), options)
    }

    #[test]
    fn a_clipped_weight_that_counts_little_pays_and_one_that_counts_does_not() {
        let mut target = vec![0.875, 0.5, 0.375, -0.25, -0.625, 0.125, 0.75, 4.0];
        let options = Options::default();
        assert_eq!(found(&target, &[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1e-6], &options).unwrap()[0], -3);
        assert_eq!(found(&target, &[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1e6], &options).unwrap()[0], 0);
        let covering = Options { exponents: Exponents::Covering, ..options };
        assert_eq!(found(&target, &[1.0; 8], &covering), Some(vec![0]));
        let plain = Options { exponents: Exponents::Plain, ..options };
        assert_eq!(found(&target, &[1e9; 8], &plain), found(&target, &[1e-9; 8], &plain));
        assert_eq!(found(&target[..7], &[1.0; 7], &plain), Some(vec![-3]));
        let floor = Options { floor: -1, ..options };
        assert_eq!(found(&target, &[1.0; 8], &floor).unwrap().len(), 2);
        target.fill(0.0);
        assert_eq!(found(&target, &[1.0; 8], &options), None);
    }

    #[test]
    fn every_value_is_a_finite_number_of_single_precision() {
        for text in ["e2m2", "e0m7", "e5m2", "e0m1"] {
            let format: Format = text.parse().unwrap();
            let options = Options { floor: i32::MIN, ..Options::default() };
            for magnitude in [1e-45, 1e-30, 1.0, 1e30, f64::from(f32::MAX)] {
                for exp in of_channel(&[magnitude], &[1.0], format, &options).unwrap() {
                    for integer in [format.int_max() as f64, 1.0] {
                        let value = (integer * power(exp)) as f32;
                        assert!(
                            value.is_finite() && f64::from(value) == integer * power(exp),
                            "{text} {exp}"
                        );
                    }
                }
            }
        }
    }
}
