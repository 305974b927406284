//! JSON that a person can read: objects over several lines, lists on one.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

/// A value as indented JSON, with a line break at its end.
pub fn pretty(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut bytes, Lists(PrettyFormatter::new()));
    // Writing to memory does not fail, and the keys of the structures here are strings.
    if value.serialize(&mut serializer).is_err() {
        return String::new();
    }
    bytes.push(b'\n');
    String::from_utf8(bytes).unwrap_or_default()
}

/// Indents objects, and leaves lists on the line they begin on.
struct Lists<'a>(PrettyFormatter<'a>);

impl Formatter for Lists<'_> {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_stay_on_a_line() {
        let value = serde_json::json!({"a": [1, 2], "b": {"c": []}, "d": [{"e": 1}, {"e": 2}]});
        let expected = "\
{
  \"a\": [1, 2],
  \"b\": {
    \"c\": []
  },
  \"d\": [{
    \"e\": 1
  }, {
    \"e\": 2
  }]
}
";
        assert_eq!(pretty(&value), expected);
    }
}
