//! The metrics as values, as JSON, and as lines for a person.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Interval, Meaning, mcnemar, wilson};

/// A quantity and its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The quantity.
    pub value: f64,
    /// Where it lies.
    pub interval: Interval,
}

/// `count` of `of`, with Wilson's interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// How many.
    pub count: u64,
    /// Of how many.
    pub of: u64,
    /// Where the share lies, from 0 to 1.
    pub interval: Interval,
}

impl Share {
    /// A share of what was seen.
    pub fn of(count: u64, of: u64) -> Self {
        Self { count, of, interval: wilson(count, of) }
    }

    /// In hundredths.
    pub fn percent(&self) -> f64 {
        100.0 * self.count as f64 / self.of as f64
    }

    fn text(&self) -> String {
        format!("{:.2} % ({} of {})", self.percent(), self.count, self.of)
    }

    fn text_with_interval(&self) -> String {
        let Interval { low, high } = self.interval.scaled(100.0);
        format!("{}, {low:.2} to {high:.2} %", self.text())
    }

    fn json(&self, counted: &str) -> Value {
        json!({counted: self.count, "of": self.of, "percent": self.percent(), "interval": self.interval.scaled(100.0)})
    }
}

/// Rows whose label is the largest element, or among the five largest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accuracy {
    /// The largest.
    pub top1: Share,
    /// Among the five largest, where there are more classes than that.
    pub top5: Option<Share>,
}

/// The same rows classified by both networks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paired {
    /// Right in float and wrong quantized.
    pub lost: u64,
    /// Wrong in float and right quantized.
    pub gained: u64,
    /// `lost - gained`.
    pub net: i64,
    /// The standard error of `net`.
    pub net_error: f64,
    /// Of McNemar's exact test, two-sided.
    pub p_value: f64,
}

impl Paired {
    /// What follows from the counts of `rows` rows.
    pub fn of(lost: u64, gained: u64, rows: u64) -> Self {
        let net = lost as i64 - gained as i64;
        let mean = net as f64 / rows.max(1) as f64;
        let variance = (lost + gained) as f64 - net as f64 * mean;
        Self { lost, gained, net, net_error: variance.max(0.0).sqrt(), p_value: mcnemar(lost, gained) }
    }
}

/// All metrics that can be told of what was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Rows seen.
    pub rows: u64,
    /// What the elements of rows are.
    pub meaning: Meaning,
    /// Against labels.
    pub accuracy: Option<Accuracy>,
    /// The float network's, against the same labels.
    pub float_accuracy: Option<Accuracy>,
    /// Both on the same rows.
    pub paired: Option<Paired>,
    /// Rows with the same largest element in both networks.
    pub agreement: Option<Share>,
    /// Mean `KL(float || quantized)` in nats.
    pub divergence: Option<Estimate>,
    /// In dB; infinite where both networks gave the same.
    pub sqnr: Option<Estimate>,
}

impl Summary {
    /// The lines for a person.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let accuracies = [("", self.accuracy), ("float ", self.float_accuracy)];
        for (whose, accuracy) in accuracies.into_iter().filter_map(|(whose, a)| Some((whose, a?))) {
            let top = |k: u32, share: Share| format!("{:<12} {}", format!("{whose}top-{k}"), share.text());
            lines.push(top(1, accuracy.top1));
            lines.extend(accuracy.top5.map(|share| top(5, share)));
        }
        if let Some(Paired { lost, gained, net, net_error, p_value }) = self.paired {
            lines.push(format!(
                "lost         {lost}, gained {gained}, net {net} +- {net_error:.1}, p {p_value:.2}"
            ));
        }
        lines.extend(self.agreement.map(|share| format!("agreement    {}", share.text_with_interval())));
        lines.extend(self.divergence.map(|Estimate { value, interval: Interval { low, high } }| {
            format!("KL           {value:.3e}, {low:.3e} to {high:.3e} nats")
        }));
        lines.extend(self.sqnr.map(|Estimate { value, interval: Interval { low, high } }| {
            format!("SQNR         {value:.2} dB, {low:.2} to {high:.2}")
        }));
        lines
    }

    /// The same for programs: shares in percent, an infinite or undefined number is `null`.
    pub fn json(&self) -> Map<String, Value> {
        let mut value = Map::new();
        value.insert("rows".into(), self.rows.into());
        let mut insert = |key: &str, entry: Value| value.insert(key.to_owned(), entry);
        for (whose, accuracy) in [("", self.accuracy), ("float_", self.float_accuracy)] {
            let Some(Accuracy { top1, top5 }) = accuracy else { continue };
            insert(&format!("{whose}top1"), top1.json("correct"));
            if let Some(top5) = top5 {
                insert(&format!("{whose}top5"), top5.json("correct"));
            }
        }
        if let Some(Paired { lost, gained, net, net_error, p_value }) = self.paired {
            insert("lost", lost.into());
            insert("gained", gained.into());
            insert("net", net.into());
            insert("net_error", net_error.into());
            insert("mcnemar_p", p_value.into());
        }
        if let Some(agreement) = self.agreement {
            insert("agreement", agreement.json("equal"));
        }
        if let Some(Estimate { value, interval }) = self.divergence {
            insert("kl", json!({"mean": value, "interval": interval}));
        }
        if let Some(Estimate { value, interval }) = self.sqnr {
            insert("sqnr_db", json!(value));
            insert("sqnr_db_interval", json!(interval));
        }
        value
    }
}

impl Serialize for Summary {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Score;

    fn compared() -> Summary {
        let mut score = Score::default();
        for index in 0..10u8 {
            let float = [1.0, f32::from(index), 0.0, 0.0, 0.0, 0.0];
            let quantized = [1.1, f32::from(index), 0.5, 0.0, 0.0, 0.0];
            score.row(&quantized, Some(1), Some(&float));
            score.distance([(&quantized[..], &float[..])]);
        }
        score.summary()
    }

    #[test]
    fn lines_fit_a_terminal() {
        let lines = compared().lines();
        let starts: Vec<&str> = lines.iter().map(|line| line[..12].trim_end()).collect();
        let expected = ["top-1", "top-5", "float top-1", "float top-5", "lost", "agreement", "KL", "SQNR"];
        assert_eq!(starts, expected);
        assert!(lines.iter().all(|line| line.len() <= 80), "{lines:?}");
    }

    #[test]
    fn programs_are_told_the_same() {
        let value = Value::Object(compared().json());
        assert_eq!(value["agreement"]["equal"], 10);
        assert_eq!(value["agreement"]["interval"][1], 100.0);
        assert_eq!(value["top1"]["correct"], value["float_top1"]["correct"]);
        assert_eq!(value["net"], 0);
        assert!(value["kl"]["interval"][0].as_f64() < value["kl"]["mean"].as_f64());
        let mut equal = Score::default();
        equal.row(&[1.0, 2.0], None, Some(&[1.0, 2.0]));
        equal.distance([(&[1.0f32][..], &[1.0f32][..])]);
        let value = Value::Object(equal.summary().json());
        assert!(value["sqnr_db"].is_null() && value["sqnr_db_interval"][0].is_null());
        assert_eq!(value.get("top1"), None);
    }

    #[test]
    fn what_was_lost_has_a_standard_error() {
        let paired = Paired::of(9, 3, 100);
        assert_eq!((paired.net, paired.net_error), (6, (12.0f64 - 0.36).sqrt()));
        assert_eq!(Paired::of(5, 0, 5).net_error, 0.0, "all rows were lost: nothing varies");
    }
}
