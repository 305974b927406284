//! An evaluation for a person, in 80 columns, and for programs.

use afp_ir::numerics::Format;
use afp_ptq::{
    attribution::Finding,
    cost::bits::Averages,
    metrics::{Estimate, Summary},
};
use serde_json::{Map, Value, json};

use crate::io::columns::{NAME, shortened};

/// Parts that a person is shown.
const SHOWN: usize = 20;

/// All that was found out.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Number of samples.
    pub samples: usize,
    /// What the formats cost.
    pub bits: Averages,
    /// What ran the compiled program, if anything did.
    pub checked: Option<Checked>,
    /// The metrics.
    pub summary: Summary,
    /// The parts of the network, the largest share of the error first.
    pub parts: Option<Vec<Finding>>,
}

/// A backend that ran the compiled program.
#[derive(Clone, Copy, Debug)]
pub struct Checked {
    /// Its name.
    pub backend: &'static str,
    /// For how many samples it gave the simulator's bits; none if the simulator cannot run the program.
    pub equal: Option<usize>,
}

impl Evaluation {
    /// The lines for a person.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("samples      {}", self.samples)];
        let bits = [("weights", self.bits.weights), ("activations", self.bits.activations)];
        let bits: Vec<String> =
            bits.into_iter().filter_map(|(what, bits)| Some(format!("{what} {:.2}", bits?))).collect();
        if !bits.is_empty() {
            lines.push(format!("bits         {} on average", bits.join(", ")));
        }
        if let Some(Checked { backend, equal }) = self.checked {
            lines.push(match equal {
                Some(equal) => {
                    format!("{backend:<12} the simulator's bits for {equal} of {} samples", self.samples)
                }
                None => {
                    format!("{backend:<12} ran the program, whose scale exponents are chosen at run time")
                }
            });
        }
        lines.extend(self.summary.lines());
        lines.extend(self.parts.iter().flat_map(|parts| table(parts)));
        lines
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let mut value = Map::new();
        value.insert("samples".into(), self.samples.into());
        let bits = [("weight_bits", self.bits.weights), ("activation_bits", self.bits.activations)];
        value.extend(bits.into_iter().filter_map(|(key, bits)| Some((key.to_owned(), json!(bits?)))));
        if let Some(Checked { backend, equal }) = self.checked {
            let mut checked = json!({"backend": backend});
            if let Some(equal) = equal {
                checked["equal"] = equal.into();
            }
            value.insert("checked".into(), checked);
        }
        value.extend(self.summary.json());
        if let Some(parts) = &self.parts {
            value.insert("layers".into(), parts.iter().map(part).collect());
        }
        Value::Object(value)
    }
}

fn table(parts: &[Finding]) -> Vec<String> {
    let format = |format: Option<Format>| format.map_or_else(|| "-".to_owned(), |format| format.to_string());
    let row = |cells: [&str; 7]| {
        let [name, operator, weights, values, sqnr, share, gain] = cells;
        format!("{name:<NAME$} {operator:<16} {weights:<7} {values:<7} {sqnr:>6} {share:>7} {gain:>6}")
    };
    let mut lines =
        vec![String::new(), row(["layer", "operator", "weights", "values", "SQNR", "share", "+1 bit"])];
    for Finding { part, sqnr, share, gain } in parts.iter().take(SHOWN) {
        lines.push(row([
            &shortened(&part.name),
            part.operator,
            &format(part.weights),
            &format(part.values),
            &sqnr.map_or_else(|| "-".to_owned(), |Estimate { value, .. }| format!("{value:.1}")),
            &format!("{:.1} %", 100.0 * share),
            &gain.map_or_else(|| "-".to_owned(), |gain| format!("{gain:+.2}")),
        ]));
    }
    if parts.len() > SHOWN {
        lines.push(format!("... and {} more, in --json", parts.len() - SHOWN));
    }
    lines
}

fn part(finding: &Finding) -> Value {
    let Finding { part, sqnr, share, gain } = finding;
    let mut value = Map::new();
    let mut insert = |key: &str, entry: Value| value.insert(key.to_owned(), entry);
    insert("name", part.name.clone().into());
    insert("operator", part.operator.into());
    let format = |format: Format| json!({"format": format.to_string(), "bits": format.width()});
    if let Some(weights) = part.weights {
        insert("weights", format(weights));
    }
    if let Some(values) = part.values {
        insert("values", format(values));
    }
    if let Some(Estimate { value, interval }) = sqnr {
        insert("sqnr_db", json!(value));
        insert("sqnr_db_interval", json!(interval));
    }
    insert("share", json!(share));
    if let Some(gain) = gain {
        insert("one_more_bit_db", json!(gain));
    }
    Value::Object(value)
}
