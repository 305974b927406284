//! How far a quantized network is from the float network, and how sure that is.
//!
//! A [`Score`] sees one sample after the other: rows of classes (the last dimension of the first
//! output) and whole outputs. It gives a [`Summary`] at any time, with 95 % intervals:
//!
//! * *agreement*: the share of rows with the same largest element. Wilson's score interval.
//! * *divergence*: the mean over rows of `KL(f || q) = sum p_f (ln p_f - ln p_q)` in nats, where `p` is
//!   the softmax of a row. Where rows are probabilities already they are clamped to at least
//!   [`LEAST_PROBABILITY`] and divided by their sum: codes may hold a zero. Interval of the mean by its
//!   standard error.
//! * *SQNR*: `10 log10(sum f^2 / sum (f - q)^2)` over all elements of all samples. It is a ratio of
//!   means over samples; its interval is that of the delta method on the ratio's logarithm.
//! * *Top-1, Top-5* where labels are known, and of both networks on the same rows what was *lost* (the
//!   float network had it right) and *gained*. With `n` rows, `net = lost - gained` has the standard
//!   error `sqrt(lost + gained - net^2 / n)` of paired samples; McNemar's exact test gives the
//!   probability of a difference at least as large if both were equally good.
//!
//! Rows are not independent where a sample has several, such as one per word: intervals are too narrow
//! then.
//!
//! **Invariant.** Sums run over samples in the order in which they were given; logarithms and
//! exponentials come from `libm`. The same rows give the same bits everywhere.

mod interval;
mod rows;
mod summary;

pub use interval::{Interval, decibels, mcnemar, mean, wilson};
pub use rows::{LEAST_PROBABILITY, Meaning, argmax, divergence, rank};
pub use summary::{Accuracy, Estimate, Paired, Share, Summary};

/// What was counted of the rows and samples seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Score {
    meaning: Meaning,
    rows: u64,
    /// Whether any row had more than [`FEW`] classes.
    many_classes: bool,
    accuracy: Counted,
    float_accuracy: Counted,
    agreeing: u64,
    lost: u64,
    gained: u64,
    /// Of each row that was compared.
    divergences: Vec<f64>,
    /// Sums of squares of each sample that was compared.
    signals: Vec<f64>,
    noises: Vec<f64>,
}

/// The number of classes among which the label's is looked for in Top-5.
const FEW: usize = 5;

/// Labelled rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counted {
    of: u64,
    top1: u64,
    top5: u64,
}

impl Counted {
    /// Counts a row; tells whether its largest element is the label's.
    fn row(&mut self, values: &[f32], label: usize) -> bool {
        let rank = rank(values, label);
        self.of += 1;
        self.top1 += u64::from(rank == Some(0));
        self.top5 += u64::from(rank.is_some_and(|rank| rank < FEW));
        rank == Some(0)
    }
}

impl Score {
    /// A score of rows that mean this.
    pub fn of(meaning: Meaning) -> Self {
        Self { meaning, ..Self::default() }
    }

    /// What the elements of rows are.
    pub fn meaning(&self) -> Meaning {
        self.meaning
    }

    /// Counts one row of classes, with its label and the float network's row where they are known. A
    /// label that is no class counts as wrong.
    pub fn row(&mut self, values: &[f32], label: Option<usize>, float: Option<&[f32]>) {
        self.rows += 1;
        self.many_classes |= values.len() > FEW;
        let is_right = label.map(|label| self.accuracy.row(values, label));
        let Some(float) = float else { return };
        self.agreeing += u64::from(argmax(float) == argmax(values));
        self.divergences.push(divergence(float, values, self.meaning));
        if let (Some(is_right), Some(label)) = (is_right, label) {
            let was_right = self.float_accuracy.row(float, label);
            self.lost += u64::from(was_right && !is_right);
            self.gained += u64::from(is_right && !was_right);
        }
    }

    /// Counts the distance of one sample's values, as pairs of (quantized, float).
    pub fn distance<'a>(&mut self, pairs: impl IntoIterator<Item = (&'a [f32], &'a [f32])>) {
        let (mut signal, mut noise) = (0.0, 0.0);
        for (&q, &f) in pairs.into_iter().flat_map(|(quantized, float)| quantized.iter().zip(float)) {
            let (q, f) = (f64::from(q), f64::from(f));
            signal += f * f;
            noise += (f - q) * (f - q);
        }
        self.signals.push(signal);
        self.noises.push(noise);
    }

    /// The metrics of what was seen so far.
    pub fn summary(&self) -> Summary {
        let compared = self.divergences.len() as u64;
        let accuracy = |counted: Counted| {
            (counted.of > 0).then(|| Accuracy {
                top1: Share::of(counted.top1, counted.of),
                top5: self.many_classes.then(|| Share::of(counted.top5, counted.of)),
            })
        };
        Summary {
            rows: self.rows,
            meaning: self.meaning,
            accuracy: accuracy(self.accuracy),
            float_accuracy: accuracy(self.float_accuracy),
            paired: (self.float_accuracy.of > 0).then(|| Paired::of(self.lost, self.gained, compared)),
            agreement: (compared > 0).then(|| Share::of(self.agreeing, compared)),
            divergence: (compared > 0).then(|| mean(&self.divergences)),
            sqnr: (!self.signals.is_empty()).then(|| decibels(&self.signals, &self.noises)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_against_labels_and_float() {
        let mut score = Score::default();
        score.row(&[1.0, 0.0], Some(0), Some(&[0.0, 1.0])); // gained
        score.row(&[1.0, 0.0], Some(1), Some(&[0.0, 1.0])); // lost
        score.row(&[1.0, 0.0], Some(0), Some(&[1.0, 0.0])); // both right
        score.row(&[0.0, 1.0], Some(7), Some(&[0.0, 1.0])); // both wrong
        let summary = score.summary();
        let (accuracy, float) = (summary.accuracy.unwrap(), summary.float_accuracy.unwrap());
        assert_eq!((accuracy.top1.count, float.top1.count, accuracy.top1.of), (2, 2, 4));
        assert_eq!(accuracy.top5, None, "of two classes, five say nothing");
        let paired = summary.paired.unwrap();
        assert_eq!((paired.lost, paired.gained, paired.net, paired.p_value), (1, 1, 0, 1.0));
        assert_eq!(paired.net_error, 2f64.sqrt());
        assert_eq!(summary.agreement.map(|share| (share.count, share.of)), Some((2, 4)));
        assert_eq!(summary.sqnr, None);
    }

    #[test]
    fn five_classes_are_looked_at() {
        let mut score = Score::default();
        let values = [6.0, 5.0, 4.0, 3.0, 2.0, 1.0];
        for label in 0..6 {
            score.row(&values, Some(label), None);
        }
        let summary = score.summary();
        let accuracy = summary.accuracy.unwrap();
        assert_eq!((accuracy.top1.count, accuracy.top5.map(|share| share.count)), (1, Some(5)));
        assert_eq!((summary.agreement, summary.paired), (None, None), "nothing to compare with");
    }

    #[test]
    fn distances_of_a_sample_count_together() {
        let mut score = Score::default();
        score.distance([(&[1.0f32, 2.0][..], &[1.0f32, 2.0][..])]);
        assert_eq!(score.summary().sqnr.unwrap().value, f64::INFINITY);
        score.distance([(&[9.0f32][..], &[10.0f32][..]), (&[1.0][..], &[0.0][..])]);
        let sqnr = score.summary().sqnr.unwrap().value;
        assert!((sqnr - 10.0 * 52.5f64.log10()).abs() < 1e-12, "{sqnr}");
    }
}
