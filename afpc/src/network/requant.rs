//! What became of every conversion between representations, as a table of at most 80 columns.

use afp_passes::conversions::{Entry, Fate};
use serde::Serialize;

/// Columns of a terminal.
const WIDTH: usize = 80;

/// A conversion that `afp-quantize` made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conversion {
    operator: String,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reader: Option<String>,
    #[serde(rename = "type")]
    ty: String,
    elements: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl From<Entry> for Conversion {
    fn from(entry: Entry) -> Self {
        let Entry { operator, value, reader, ty, elements, place, fate, reason } = entry;
        let fate = fate.map(|fate| fate.to_string());
        Self { operator, value, reader, ty, elements, place, fate, reason }
    }
}

/// What a fate means, for the table's legend.
fn meaning(fate: Fate) -> &'static str {
    match fate {
        Fate::Cancelled => "dequantized and quantized again: readers take the codes",
        Fate::Unread => "nothing reads it any more",
        Fate::Shared => "an equal one serves its readers",
        Fate::Limits => "its limits joined the rounding before it",
        Fate::Composed => "one rounding with the one before it",
        Fate::Bypassed => "kept every value: readers take what is before it",
        Fate::Tabulated => "joined a table",
        Fate::Folded => "computed at compile time",
        Fate::Left => "there, for the reason below",
    }
}

/// Where afp-eliminate-requant has not run.
const KEPT: &str = "kept";

/// The table: how many conversions share a fate, each conversion, and why some are left.
pub fn lines(conversions: &[Conversion]) -> Vec<String> {
    if conversions.is_empty() {
        return vec!["conversions: none are known; the program was quantized by other means".to_owned()];
    }
    let mut lines = vec![format!("{:<10} {:>5}  meaning", "fate", "count")];
    for fate in Fate::ALL {
        let name = fate.to_string();
        let count = conversions.iter().filter(|c| c.fate.as_deref() == Some(&name)).count();
        if count > 0 {
            lines.push(format!("{name:<10} {count:>5}  {}", meaning(fate)));
        }
    }
    let kept = conversions.iter().filter(|c| c.fate.is_none()).count();
    if kept > 0 {
        lines.push(format!("{KEPT:<10} {kept:>5}  there: no conversion was to be taken away"));
    }
    lines.push(String::new());
    lines.push(format!("{:<10} {:<23} {:<23} {:>9}  fate", "operator", "value", "reader", "elements"));
    for c in conversions {
        let reader = c.reader.as_deref().unwrap_or("");
        let fate = c.fate.as_deref().unwrap_or(KEPT);
        lines.push(format!(
            "{:<10} {:<23} {:<23} {:>9}  {fate}",
            c.operator,
            short(&c.value, 23),
            short(reader, 23),
            c.elements
        ));
    }
    let left = conversions.iter().filter_map(|c| Some((c, c.reason.as_ref()?)));
    for (index, (c, reason)) in left.enumerate() {
        lines.extend((index == 0).then(String::new));
        let at = c.place.as_ref().map_or_else(String::new, |place| format!(" ({place})"));
        let text = format!("left: {} of {}{at}: {reason}", c.operator, c.value);
        lines.extend(wrapped(&text, WIDTH));
    }
    lines
}

/// The end of a name that is too long: names differ there.
fn short(name: &str, width: usize) -> String {
    let count = name.chars().count();
    if count <= width {
        return name.to_owned();
    }
    let tail: String = name.chars().skip(count - (width - 2)).collect();
    format!("..{tail}")
}

/// A text in lines of at most so many columns, where words allow; later lines are indented.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("    {word}")),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_their_ends_and_lines_their_width() {
        assert_eq!(short("conv", 5), "conv");
        assert_eq!(short("features.12.conv.3", 8), "..conv.3");
        let text = "left: encode of a: ".to_owned() + &"word ".repeat(40);
        let lines = wrapped(text.trim(), WIDTH);
        assert!(lines.len() > 2 && lines.iter().all(|line| line.len() <= WIDTH), "{lines:?}");
    }
}
