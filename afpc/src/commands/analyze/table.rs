//! An analysis for a person, in 80 columns, and for programs.

use afp_ptq::cost::{
    energy::Energy,
    latency::{Table, Unit},
};
use serde_json::{Map, Value, json};

use super::findings::{Analysis, Row, Time, Values};
use crate::io::columns::{NAME, shortened};

impl Analysis {
    /// The lines for a person; times of layers are those of a target's table.
    pub fn lines(&self, table: Option<(&str, &Table)>) -> Vec<String> {
        let time = table.and_then(|(_, table)| self.times.iter().find(|time| time.table == *table));
        let mut lines = self.costs(time);
        lines.push(String::new());
        lines.extend(self.ranges());
        lines.push(String::new());
        lines.push(format!("layers      {}", self.layers.len()));
        lines.push(format!("MACs        {}", self.macs()));
        lines.push(format!("parameters  {} bytes, packed", self.bytes()));
        lines.extend(self.weight_bits.map(|bits| format!("bits        weights {bits:.2} on average")));
        lines.extend(self.times.iter().map(|time| {
            format!(
                "{:<11} {:<16} {} predicted",
                "time",
                time.table.target,
                amount(time.total(), time.table.unit)
            )
        }));
        let energies = self.energies;
        for (name, Energy { compute, traffic }) in
            [("float32", energies.float32), ("int8", energies.int8), ("formats", energies.formats)]
        {
            lines.push(format!(
                "{:<11} {name:<16} {} compute, {} traffic",
                "energy",
                joules(compute),
                joules(traffic)
            ));
        }
        if let Some((name, table)) = table.filter(|(name, table)| *name != table.target) {
            lines.push(format!("times of layers are those of {}: {name} has no table", table.target));
        }
        lines
    }

    fn costs(&self, time: Option<&Time>) -> Vec<String> {
        let line = |cells: [&str; 7]| {
            let [name, operator, output, macs, bytes, time, share] = cells;
            format!("{name:<NAME$} {operator:<9} {output:<11} {macs:>7} {bytes:>7} {time:>8} {share:>6}")
        };
        let mut lines = vec![line(["layer", "operator", "output", "MACs", "bytes", "time", "share"])];
        for (id, row) in self.layers.iter().enumerate() {
            let time = time.map(|time| (time.layers[id], time));
            lines.push(line([
                &shortened(&row.name),
                operator(row),
                &sizes(&row.shape),
                &count(row.work.macs() as f64),
                &count(row.bytes as f64),
                &time.map_or_else(|| "-".into(), |(of, time)| amount(of, time.table.unit)),
                &time.map_or_else(|| "-".into(), |(of, time)| share(of, time.total())),
            ]));
        }
        if let Some(time) = time {
            let (rest, all) = (amount(time.rest, time.table.unit), share(time.rest, time.total()));
            lines.push(line(["everything else", "", "", "", "", &rest, &all]));
        }
        lines
    }

    fn ranges(&self) -> Vec<String> {
        let line = |cells: [&str; 6]| {
            let [name, format, observed, interval, dead, constant] = cells;
            format!("{name:<NAME$} {format:<6} {observed:>17} {interval:>17} {dead:>4} {constant:>5}")
        };
        let mut lines = vec![line(["values", "format", "seen", "possible", "dead", "const"])];
        let of_layers = self.layers.iter().filter_map(|row| row.values.as_ref());
        let mut all: Vec<&Values> = self.others.iter().chain(of_layers).collect();
        all.sort_by_key(|values| values.site);
        for values in all {
            let found = |channels: &[usize]| match values.observed {
                Some(_) => channels.len().to_string(),
                None => "-".into(),
            };
            lines.push(line([
                &shortened(&values.name),
                &values.format.map_or_else(|| "-".into(), |format| format.to_string()),
                &range(values.observed),
                &range(values.interval),
                &found(&values.dead),
                &found(&values.constant),
            ]));
        }
        lines
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let layer = |(id, row): (usize, &Row)| {
            let times = self.times.iter().map(|time| (time.table.target.clone(), json!(time.layers[id])));
            let mut value = Map::new();
            let mut insert = |key: &str, entry: Value| value.insert(key.to_owned(), entry);
            insert("name", row.name.clone().into());
            insert("operator", row.work.operator.into());
            insert("output_shape", row.shape.clone().into());
            insert("outputs", row.work.outputs.into());
            insert("depth", row.work.depth.into());
            insert("macs", row.work.macs().into());
            insert("weights", row.work.weights().into());
            insert("weight_format", row.weights.to_string().into());
            insert("input_format", row.input.to_string().into());
            insert("bytes", row.bytes.into());
            insert("time", Value::Object(times.collect()));
            insert("energy_pj", energy(row.energy));
            if let Some(values) = &row.values {
                insert("values", described(values));
            }
            Value::Object(value)
        };
        let time = |time: &Time| {
            let value = json!({"unit": time.table.unit.name(), "layers": time.layers.iter().sum::<f64>(),
                "rest": time.rest, "total": time.total()});
            (time.table.target.clone(), value)
        };
        let energies = self.energies;
        json!({
            "samples": self.samples,
            "macs": self.macs(),
            "bytes": self.bytes(),
            "average_weight_bits": self.weight_bits,
            "time": Value::Object(self.times.iter().map(time).collect()),
            "energy_pj": {
                "float32": energy(energies.float32),
                "int8": energy(energies.int8),
                "formats": energy(energies.formats),
            },
            "layers": self.layers.iter().enumerate().map(layer).collect::<Vec<_>>(),
            "others": self.others.iter().map(described).collect::<Vec<_>>(),
        })
    }
}

fn energy(energy: Energy) -> Value {
    json!({"compute": energy.compute, "traffic": energy.traffic})
}

fn described(values: &Values) -> Value {
    let mut value = Map::new();
    let mut insert = |key: &str, entry: Value| value.insert(key.to_owned(), entry);
    insert("name", values.name.clone().into());
    insert("shape", values.shape.clone().into());
    if let Some(format) = values.format {
        insert("format", format.to_string().into());
    }
    if let Some((lo, hi)) = values.interval {
        insert("possible", json!([lo, hi]));
    }
    if let Some((lo, hi)) = values.observed {
        insert("seen", json!([lo, hi]));
        insert("dead_channels", values.dead.clone().into());
        insert("constant_channels", values.constant.clone().into());
    }
    Value::Object(value)
}

fn operator(row: &Row) -> &'static str {
    match row.work.operator {
        "depthwise_conv2d" => "depthwise",
        "fully_connected" => "full",
        other => other,
    }
}

/// Sizes without leading ones.
fn sizes(shape: &[usize]) -> String {
    let first = shape.iter().position(|&size| size != 1).unwrap_or(shape.len().saturating_sub(1));
    shape[first..].iter().map(usize::to_string).collect::<Vec<_>>().join("x")
}

/// Three digits and a unit.
fn count(number: f64) -> String {
    scaled(number, &[(1e9, " G"), (1e6, " M"), (1e3, " k"), (1.0, "")])
}

/// In the largest unit that leaves a digit before the point, or else the smallest.
fn scaled(number: f64, units: &[(f64, &str)]) -> String {
    // What rounds to 1000 of a unit is 1 of the next.
    let fits = units.iter().find(|(unit, _)| number >= 0.9995 * unit);
    fits.or(units.last())
        .map_or_else(|| digits(number), |(unit, name)| format!("{}{name}", digits(number / unit)))
}

/// Three digits, or all of a larger number.
fn digits(number: f64) -> String {
    match number.abs() {
        0.0 => "0".into(),
        size if !(1e-3..1e5).contains(&size) => format!("{number:.1e}"),
        size if size >= 99.95 => format!("{number:.0}"),
        size if size >= 9.995 => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

fn amount(number: f64, unit: Unit) -> String {
    match unit {
        Unit::Nanoseconds => scaled(number, &[(1e9, " s"), (1e6, " ms"), (1e3, " us"), (1.0, " ns")]),
        Unit::Instructions => count(number),
    }
}

fn joules(picojoules: f64) -> String {
    scaled(picojoules, &[(1e12, " J"), (1e9, " mJ"), (1e6, " uJ"), (1e3, " nJ"), (1.0, " pJ")])
}

fn share(part: f64, of: f64) -> String {
    if of > 0.0 { format!("{:.1} %", 100.0 * part / of) } else { "-".into() }
}

fn range(range: Option<(f64, f64)>) -> String {
    range.map_or_else(|| "-".into(), |(lo, hi)| format!("{} .. {}", digits(lo), digits(hi)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_and_a_unit() {
        let check = |number: f64, expected: &str| assert_eq!(count(number), expected);
        check(0.0, "0");
        check(480.0, "480");
        check(999.6, "1.00 k");
        check(1712.0, "1.71 k");
        check(12_345_678.0, "12.3 M");
        check(3e9, "3.00 G");
        assert_eq!(amount(812.0, Unit::Nanoseconds), "812 ns");
        assert_eq!(amount(0.0, Unit::Nanoseconds), "0 ns");
        assert_eq!(amount(1.5e6, Unit::Instructions), "1.50 M");
        assert_eq!(joules(2.5e6), "2.50 uJ");
        assert_eq!(range(Some((-0.5, 1234.0))), "-0.50 .. 1234");
        assert_eq!(range(Some((-1e-9, 2.5e30))), "-1.0e-9 .. 2.5e30");
    }

    #[test]
    fn shapes_lose_their_leading_ones() {
        assert_eq!(sizes(&[1, 16, 16, 8]), "16x16x8");
        assert_eq!(sizes(&[1, 10]), "10");
        assert_eq!(sizes(&[1, 1]), "1");
    }
}
