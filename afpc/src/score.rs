//! How good outputs are: against labels, and against the float network's.

use serde_json::{Value, json};

/// The index of the largest element, the first of several; 0 for none.
pub fn argmax(values: &[f32]) -> usize {
    let better = |best: usize, index: usize| if values[index] > values[best] { index } else { best };
    (0..values.len()).fold(0, better)
}

/// Counts over all rows seen: a row is one classification, that is the last dimension of the first
/// output.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    rows: u64,
    labelled: u64,
    correct: u64,
    compared: u64,
    agreeing: u64,
    float_correct: u64,
    lost: u64,
    gained: u64,
    signal: f64,
    noise: f64,
}

impl Score {
    /// Counts one row of logits, with its label and the float network's row where they are known.
    pub fn row(&mut self, logits: &[f32], label: Option<i64>, float: Option<&[f32]>) {
        let class = argmax(logits);
        let is_label = |class: usize| label.is_some_and(|label| i64::try_from(class) == Ok(label));
        self.rows += 1;
        self.labelled += u64::from(label.is_some());
        self.correct += u64::from(is_label(class));
        if let Some(float) = float {
            let reference = argmax(float);
            self.compared += 1;
            self.agreeing += u64::from(reference == class);
            self.float_correct += u64::from(is_label(reference));
            self.lost += u64::from(is_label(reference) && !is_label(class));
            self.gained += u64::from(is_label(class) && !is_label(reference));
        }
    }

    /// Counts an output's distance from the float network's, elements in order.
    pub fn distance(&mut self, output: &[f32], float: &[f32]) {
        for (&q, &f) in output.iter().zip(float) {
            let (q, f) = (f64::from(q), f64::from(f));
            self.signal += f * f;
            self.noise += (f - q) * (f - q);
        }
    }

    /// Signal to quantization noise in dB: `10 log10(sum f^2 / sum (f - q)^2)` over all outputs of all
    /// samples. Infinite where all are equal.
    pub fn sqnr(&self) -> f64 {
        if self.noise == 0.0 { f64::INFINITY } else { 10.0 * (self.signal / self.noise).log10() }
    }

    /// The lines for a person.
    pub fn lines(&self) -> Vec<String> {
        let share = |part: u64, of: u64| format!("{:.2} % ({part} of {of})", percent(part, of));
        let mut lines = Vec::new();
        if self.labelled > 0 {
            lines.push(format!("top-1      {}", share(self.correct, self.labelled)));
        }
        if self.compared > 0 {
            if self.labelled > 0 {
                lines.push(format!("float      {}", share(self.float_correct, self.labelled)));
                lines.push(format!("lost       {}, gained {}", self.lost, self.gained));
            }
            lines.push(format!("agreement  {}", share(self.agreeing, self.compared)));
            lines.push(format!("SQNR       {:.2} dB", self.sqnr()));
        }
        lines
    }

    /// The same for programs. An infinite SQNR is `null`.
    pub fn json(&self) -> Value {
        let mut value = json!({"rows": self.rows});
        if self.labelled > 0 {
            value["top1"] = json!({"correct": self.correct, "of": self.labelled, "percent": percent(self.correct, self.labelled)});
        }
        if self.compared > 0 {
            value["agreement"] = json!({"equal": self.agreeing, "of": self.compared, "percent": percent(self.agreeing, self.compared)});
            value["sqnr_db"] = json!(self.sqnr());
            if self.labelled > 0 {
                value["float_top1"] = json!({"correct": self.float_correct, "of": self.labelled, "percent": percent(self.float_correct, self.labelled)});
                value["lost"] = json!(self.lost);
                value["gained"] = json!(self.gained);
            }
        }
        value
    }
}

fn percent(part: u64, of: u64) -> f64 {
    100.0 * part as f64 / of as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equal_logits_wins() {
        assert_eq!(argmax(&[1.0, 3.0, 3.0]), 1);
        assert_eq!(argmax(&[-1.0]), 0);
        assert_eq!(argmax(&[]), 0);
    }

    #[test]
    fn rows_are_counted_against_labels_and_float() {
        let mut score = Score::default();
        score.row(&[1.0, 0.0], Some(0), Some(&[0.0, 1.0])); // gained
        score.row(&[1.0, 0.0], Some(1), Some(&[0.0, 1.0])); // lost
        score.row(&[1.0, 0.0], Some(0), Some(&[1.0, 0.0])); // both right
        score.row(&[0.0, 1.0], Some(7), Some(&[0.0, 1.0])); // both wrong
        assert_eq!((score.correct, score.float_correct, score.lost, score.gained), (2, 2, 1, 1));
        assert_eq!((score.agreeing, score.compared), (2, 4));
    }

    #[test]
    fn sqnr_is_in_decibels() {
        let mut score = Score::default();
        score.distance(&[1.0, 2.0], &[1.0, 2.0]);
        assert_eq!(score.sqnr(), f64::INFINITY);
        score.distance(&[9.0], &[10.0]);
        assert!((score.sqnr() - 10.0 * 105f64.log10()).abs() < 1e-12);
    }
}
