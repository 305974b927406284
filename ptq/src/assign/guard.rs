//! Whether one selection is better than another, or only luckier on these samples.
//!
//! Both are measured on the same samples, so that what samples have in common cancels: of `n` paired gains
//! `d` the mean must exceed two standard errors, `mean(d) > 2 sd(d) / sqrt(n)`.

use serde::{Deserialize, Serialize};

/// Standard errors that a gain must exceed.
pub const STANDARD_ERRORS: f64 = 2.0;

/// What a loss counts as that is not finite.
pub const OVERFLOW: f64 = 1e30;

/// A loss, or [`OVERFLOW`].
pub fn finite(loss: f64) -> f64 {
    if loss.is_finite() { loss.min(OVERFLOW) } else { OVERFLOW }
}

/// A mean and its standard error, which is infinite for less than two samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The mean over samples.
    pub mean: f64,
    /// `sd / sqrt(n)`; none for less than two samples.
    pub standard_error: Option<f64>,
}

impl Estimate {
    /// Of values, one per sample.
    pub fn of(values: impl ExactSizeIterator<Item = f64> + Clone) -> Self {
        let n = values.len() as f64;
        let mean = values.clone().sum::<f64>() / n.max(1.0);
        let squares: f64 = values.map(|value| (value - mean) * (value - mean)).sum();
        Self { mean, standard_error: (n >= 2.0).then(|| (squares / (n - 1.0) / n).sqrt()) }
    }

    /// The mean and so many standard errors; infinite for less than two samples.
    pub fn upper(&self, standard_errors: f64) -> f64 {
        self.standard_error.map_or(f64::INFINITY, |error| self.mean + standard_errors * error)
    }

    /// Whether the mean is positive by more than so many standard errors.
    pub fn is_certain(&self, standard_errors: f64) -> bool {
        self.standard_error.is_some_and(|error| self.mean > standard_errors * error)
    }
}

/// How much less the losses of a candidate are than those of another one.
pub fn gain(from: &[f64], to: &[f64]) -> Estimate {
    let pairs: Vec<f64> = from.iter().zip(to).map(|(from, to)| from - to).collect();
    Estimate::of(pairs.into_iter())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn pairs_cancel_what_samples_have_in_common() {
        let from = [1.0, 100.0, 10_000.0, 5.0];
        let to: Vec<f64> = from.iter().zip([0.1, 0.12, 0.08, 0.1]).map(|(loss, less)| loss - less).collect();
        assert!(gain(&from, &to).is_certain(STANDARD_ERRORS));
        assert!(!gain(&to, &from).is_certain(STANDARD_ERRORS));
        assert!(!gain(&from, &from).is_certain(STANDARD_ERRORS), "no gain is none");
        assert!(!gain(&[2.0], &[1.0]).is_certain(STANDARD_ERRORS), "one sample proves nothing");
    }

    #[test]
    fn noise_is_rarely_taken_for_a_gain() {
        let mut random = Random::new(1);
        let mut sample = || (0..64).map(|_| random.unit()).collect::<Vec<f64>>();
        let taken = (0..2000).filter(|_| gain(&sample(), &sample()).is_certain(STANDARD_ERRORS)).count();
        // One side of two standard errors: 2.3 %.
        assert!((20..80).contains(&taken), "{taken}");
    }

    #[test]
    fn what_overflows_is_worse_than_everything() {
        let losses: Vec<f64> = [f64::NAN, f64::INFINITY, 1.0].map(finite).into();
        assert_eq!(losses, [OVERFLOW, OVERFLOW, 1.0]);
        assert!(gain(&[OVERFLOW; 3], &[1.0; 3]).is_certain(STANDARD_ERRORS));
    }
}
