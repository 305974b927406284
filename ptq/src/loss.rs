//! How far a sample's outputs are from the float network's.

use crate::metrics::{Meaning, divergence};

/// What a search makes small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Loss {
    /// The squared error of the logits, relative to their squares. It tells more from few samples than the
    /// divergence: where a network is sure of itself, probabilities hide what became of the logits.
    #[default]
    Error,
    /// The Kullback-Leibler divergence of the classes' probabilities, in nats.
    Divergence,
}

impl Loss {
    /// The loss of one sample, summed over rows of `classes` logits.
    pub fn of(self, float: &[f32], quantized: &[f32], classes: usize) -> f64 {
        match self {
            Self::Divergence => {
                let rows = float.chunks(classes.max(1)).zip(quantized.chunks(classes.max(1)));
                rows.map(|(float, quantized)| divergence(float, quantized, Meaning::Logits)).sum()
            }
            Self::Error => {
                let (mut signal, mut noise) = (0.0, 0.0);
                for (&f, &q) in float.iter().zip(quantized) {
                    let (f, q) = (f64::from(f), f64::from(q));
                    signal += f * f;
                    noise += (f - q) * (f - q);
                }
                noise / signal.max(f64::MIN_POSITIVE)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_outputs_have_no_loss_and_others_have_one() {
        for loss in [Loss::Divergence, Loss::Error] {
            assert_eq!(loss.of(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0], 3), 0.0);
            assert!(loss.of(&[1.0, 2.0, 3.0], &[1.0, 2.5, 3.0], 3) > 1e-3);
        }
        assert!((Loss::Error.of(&[3.0, 4.0], &[3.0, 3.0], 2) - 1.0 / 25.0).abs() < 1e-12);
    }
}
