//! One row of classes: its largest element, a label's place in it, its distance from another.

/// No probability is taken for smaller.
pub const LEAST_PROBABILITY: f64 = 1e-12;

/// What the elements of a row are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Meaning {
    /// Numbers whose softmax are probabilities.
    #[default]
    Logits,
    /// Probabilities.
    Probabilities,
}

/// The index of the largest element, the first of several; 0 for none.
pub fn argmax(values: &[f32]) -> usize {
    let better = |best: usize, index: usize| if values[index] > values[best] { index } else { best };
    (0..values.len()).fold(0, better)
}

/// How many classes stand before a label's: those with a larger element, and of equal ones the first.
/// None for a label that is no class.
pub fn rank(values: &[f32], label: usize) -> Option<usize> {
    let &mine = values.get(label)?;
    let is_before = |(index, &value): (usize, &f32)| value > mine || (value == mine && index < label);
    Some(values.iter().enumerate().filter(|&entry| is_before(entry)).count())
}

/// `KL(float || quantized)` in nats, of rows of the same length. Zero for a single class.
pub fn divergence(float: &[f32], quantized: &[f32], meaning: Meaning) -> f64 {
    let (float, quantized) = (log_probabilities(float, meaning), log_probabilities(quantized, meaning));
    let terms = float.iter().zip(&quantized).map(|(&f, &q)| libm::exp(f) * (f - q));
    let sum: f64 = terms.sum();
    // Rounding can leave a little below zero; a NaN stays one.
    if sum < 0.0 { 0.0 } else { sum }
}

/// `ln softmax`: of probabilities, the softmax of their logarithms divides by their sum.
fn log_probabilities(values: &[f32], meaning: Meaning) -> Vec<f64> {
    let logit = |&value: &f32| match meaning {
        Meaning::Logits => f64::from(value),
        Meaning::Probabilities => libm::log(f64::from(value).max(LEAST_PROBABILITY)),
    };
    let mut logits: Vec<f64> = values.iter().map(logit).collect();
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.iter().map(|logit| libm::exp(logit - largest)).sum();
    let shift = largest + libm::log(sum);
    logits.iter_mut().for_each(|logit| *logit -= shift);
    logits
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_of_equal_elements_wins() {
        assert_eq!(argmax(&[1.0, 3.0, 3.0]), 1);
        assert_eq!(argmax(&[-1.0]), 0);
        assert_eq!(argmax(&[]), 0);
        assert_eq!(rank(&[1.0, 3.0, 3.0], 1), Some(0));
        assert_eq!(rank(&[1.0, 3.0, 3.0], 2), Some(1));
        assert_eq!(rank(&[1.0, 3.0, 3.0], 0), Some(2));
        assert_eq!(rank(&[1.0], 1), None);
    }

    #[test]
    fn the_divergence_of_two_classes_is_known() {
        // Probabilities 3/4, 1/4 against 1/2, 1/2.
        let expected = 0.75 * 1.5f64.ln() + 0.25 * 0.5f64.ln();
        let of_logits = divergence(&[3f32.ln(), 0.0], &[5.0, 5.0], Meaning::Logits);
        let of_probabilities = divergence(&[0.75, 0.25], &[0.5, 0.5], Meaning::Probabilities);
        assert!((of_logits - expected).abs() < 1e-7, "{of_logits}");
        assert!((of_probabilities - expected).abs() < 1e-15, "{of_probabilities}");
    }

    #[test]
    fn a_zero_is_a_small_probability_and_sums_are_one() {
        let lost = divergence(&[0.5, 0.5], &[1.0, 0.0], Meaning::Probabilities);
        let expected = 0.5 * (0.5f64 / 1e-12).ln() + 0.5 * 0.5f64.ln();
        assert!((lost - expected).abs() < 1e-9, "{lost}");
        assert!(divergence(&[0.5, 0.5], &[0.25, 0.25], Meaning::Probabilities) < 1e-15);
        assert!(divergence(&[f32::NAN, 0.0], &[1.0, 0.0], Meaning::Logits).is_nan());
        assert_eq!(divergence(&[3.0], &[4.0], Meaning::Logits), 0.0);
    }

    proptest! {
        #[test]
        fn divergence_is_not_negative_and_zero_of_equals(pairs in prop::collection::vec((-30f32..30.0, -30f32..30.0), 1..20)) {
            let (float, quantized): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
            prop_assert!(divergence(&float, &quantized, Meaning::Logits) >= 0.0);
            prop_assert_eq!(divergence(&float, &float, Meaning::Logits), 0.0);
        }

        #[test]
        fn the_largest_element_stands_first(values in prop::collection::vec(-4i8..4, 1..20)) {
            let values: Vec<f32> = values.into_iter().map(f32::from).collect();
            prop_assert_eq!(rank(&values, argmax(&values)), Some(0));
        }
    }
}
