//! The formats file: which format each tensor takes, by name. `docs/formats.md` describes it.
//!
//! The driver reads the file and attaches it to the module as `afp.formats`; `afp-assign-formats`
//! reads that attribute. Both directions are here.

use std::collections::BTreeMap;

use afp_ir::{
    diag::Diagnostic,
    mlir::{Attr, Ctx, Op},
    numerics::{Format, MAX_SCALE_EXPONENT},
};
use serde::{Deserialize, Serialize};

/// The version of the schema that this compiler reads and writes.
pub const VERSION: u32 = 1;

/// A formats file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Formats {
    /// Version of the schema.
    pub version: u32,
    /// What tensors take that are not named.
    #[serde(default)]
    pub default: Defaults,
    /// How the formats were found, which is how weights are to be rounded to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantization: Option<Quantization>,
    /// Formats of weights, by the name of their operator.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub weights: BTreeMap<String, Choice>,
    /// Formats of activations, by the name of their site.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub activations: BTreeMap<String, Choice>,
}

/// What a search did before it chose formats. Without calibration data none of it applies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quantization {
    /// `nearest`, `published` or `gptq`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounding: Option<String>,
    /// `off`, `exact`, `full` or `absorb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equalization: Option<String>,
    /// What layers were rounded for: `float`, `biases` or `prefix`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moments: Option<String>,
    /// The seed of the samples' order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The most calibration samples that were used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<u32>,
    /// A hash of those samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

/// Formats of unnamed tensors. Absent: the pass option's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// Format of weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<String>,
    /// Format of activations, or `auto`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activations: Option<String>,
}

/// A format, with a scale exponent if that is fixed too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Choice {
    /// The exponent is left to the compiler.
    Format(String),
    /// Both are given.
    Fixed {
        /// The format.
        format: String,
        /// The scale exponent.
        exp: i32,
    },
}

impl Choice {
    fn parts(&self) -> (&str, Option<i32>) {
        match self {
            Self::Format(format) => (format, None),
            Self::Fixed { format, exp } => (format, Some(*exp)),
        }
    }
}

impl Formats {
    /// Reads a formats file.
    ///
    /// # Errors
    /// A diagnostic in `file`, with the line where the JSON is malformed or the entry that is wrong.
    pub fn from_json(file: &str, text: &str) -> Result<Self, Diagnostic> {
        let formats: Self = serde_json::from_str(text).map_err(|error| {
            let mut found = Diagnostic::error("AFP0305", "the formats file cannot be read")
                .in_file(file)
                .expected("a JSON object with 'version' and optionally 'default', 'weights', 'activations'")
                .found(without_position(&error.to_string()))
                .help("docs/formats.md shows one");
            if let Some(place) = &mut found.place {
                // The column of an empty line is 0.
                place.position =
                    (error.line() > 0).then_some((error.line() as u32, error.column().max(1) as u32));
            }
            found
        })?;
        if formats.version != VERSION {
            return Err(Diagnostic::error("AFP0306", "the formats file has another version")
                .in_file(file)
                .expected(format!("\"version\": {VERSION}"))
                .found(formats.version.to_string()));
        }
        formats.check().map_err(|(item, expected, found)| {
            Diagnostic::error("AFP0307", "the formats file names no valid format")
                .at_item(file, item)
                .expected(expected)
                .found(found)
        })?;
        Ok(formats)
    }

    /// The first entry that is no format, as (entry, expected, found).
    fn check(&self) -> Result<(), (String, String, String)> {
        let format = |item: &str, text: &str| match text.parse::<Format>() {
            Ok(_) => Ok(()),
            Err(error) => {
                let message = error.to_string();
                let (expected, found) = message.split_once(", found ").unwrap_or((&message, text));
                let expected = expected.split_once("expected ").map_or(expected, |(_, rest)| rest);
                Err((item.to_owned(), expected.to_owned(), format!("'{text}': {found}")))
            }
        };
        if let Some(text) = &self.default.weights {
            format("default.weights", text)?;
        }
        if let Some(text) = self.default.activations.as_ref().filter(|t| *t != "auto") {
            format("default.activations", text)?;
        }
        let fixed = self.weights.iter().find(|(_, choice)| matches!(choice, Choice::Fixed { .. }));
        if let Some((name, Choice::Fixed { format, exp })) = fixed {
            let expected =
                "a format alone: weights have an exponent per output channel, found by the compiler";
            return Err((name.clone(), expected.to_owned(), format!("{format} with exponent {exp}")));
        }
        for (name, choice) in self.weights.iter().chain(&self.activations) {
            let (text, exp) = choice.parts();
            format(name, text)?;
            if let Some(exp) = exp.filter(|exp| exp.saturating_abs() > MAX_SCALE_EXPONENT) {
                let expected = format!("a scale exponent within +-{MAX_SCALE_EXPONENT}");
                return Err((name.clone(), expected, exp.to_string()));
            }
        }
        Ok(())
    }

    /// The format of a layer's weights: its own, the file's default, or none.
    pub fn weights_of(&self, layer: &str) -> Option<Format> {
        let text = match self.weights.get(layer) {
            Some(choice) => choice.parts().0,
            None => self.default.weights.as_deref()?,
        };
        text.parse().ok()
    }

    /// What is said of an activation: its format, with a scale exponent if that is fixed.
    pub fn activation_of(&self, site: &str) -> Option<(Format, Option<i32>)> {
        match self.activations.get(site) {
            Some(choice) => {
                let (text, exp) = choice.parts();
                Some((text.parse().ok()?, exp))
            }
            None => Some((self.default.activations.as_deref()?.parse().ok()?, None)),
        }
    }

    /// Attaches the choices to a module.
    pub fn attach(&self, module: Op) {
        let ctx = module.ctx();
        let choices = |map: &BTreeMap<String, Choice>| {
            let entries: Vec<(&str, Attr)> =
                map.iter().map(|(name, choice)| (name.as_str(), choice_attr(ctx, choice))).collect();
            Attr::dict(ctx, &entries)
        };
        let mut entries =
            vec![("weights", choices(&self.weights)), ("activations", choices(&self.activations))];
        if let Some(text) = &self.default.weights {
            entries.push(("default_weights", Attr::string(ctx, text)));
        }
        if let Some(text) = &self.default.activations {
            entries.push(("default_activations", Attr::string(ctx, text)));
        }
        module.set_attr("afp.formats", Attr::dict(ctx, &entries));
    }
}

/// The message of a JSON error without the position behind it, which the diagnostic has already.
fn without_position(message: &str) -> &str {
    message.rsplit_once(" at line ").map_or(message, |(text, _)| text)
}

fn choice_attr(ctx: Ctx, choice: &Choice) -> Attr {
    let (format, exp) = choice.parts();
    match exp {
        None => Attr::string(ctx, format),
        Some(exp) => Attr::dict(
            ctx,
            &[("format", Attr::string(ctx, format)), ("exp", Attr::int(ctx, 32, i64::from(exp)))],
        ),
    }
}

/// Reads an entry of `afp.formats`: a format, and an exponent if it is fixed.
pub fn choice_of(attr: Attr) -> Option<(Format, Option<i32>)> {
    if let Some(text) = attr.as_string() {
        return Some((text.parse().ok()?, None));
    }
    let format = attr.entry("format")?.as_string()?.parse().ok()?;
    let exp = i32::try_from(attr.entry("exp")?.as_int()?).ok()?;
    (exp.saturating_abs() <= MAX_SCALE_EXPONENT).then_some((format, Some(exp)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Option<String> {
        Formats::from_json("f.json", text).err().map(|diagnostic| diagnostic.code)
    }

    #[test]
    fn files_are_read_and_bad_ones_refused() {
        let text = r#"{"version": 1, "default": {"weights": "e2m4", "activations": "auto"},
                       "weights": {"conv1": "e2m2"}, "activations": {"relu1": {"format": "ue0m8", "exp": -5}}}"#;
        let formats = Formats::from_json("f.json", text).unwrap();
        assert_eq!(formats.weights["conv1"], Choice::Format("e2m2".into()));
        assert_eq!(formats.activations["relu1"], Choice::Fixed { format: "ue0m8".into(), exp: -5 });
        assert_eq!(code("{"), Some("AFP0305".into()));
        assert_eq!(code(r#"{"version": 1, "colour": 3}"#), Some("AFP0305".into()));
        assert_eq!(code(r#"{"version": 2}"#), Some("AFP0306".into()));
        assert_eq!(code(r#"{"version": 1, "weights": {"a": "f8"}}"#), Some("AFP0307".into()));
        for exp in [5000, i32::MIN] {
            let text =
                format!(r#"{{"version": 1, "activations": {{"a": {{"format": "e2m2", "exp": {exp}}}}}}}"#);
            assert_eq!(code(&text), Some("AFP0307".into()));
        }
        let text = r#"{"version": 1, "weights": {"a": {"format": "e2m2", "exp": -3}}}"#;
        assert_eq!(code(text), Some("AFP0307".into()), "weights have no exponent of their own");
    }

    #[test]
    fn positions_are_given_in_lines() {
        let error = Formats::from_json("f.json", "{\n  \"version\": x\n}").unwrap_err();
        assert_eq!(error.place.unwrap().position, Some((2, 14)));
        let error = Formats::from_json("f.json", "").unwrap_err();
        assert_eq!(error.place.unwrap().position, Some((1, 1)));
        assert_eq!(error.found.as_deref(), Some("EOF while parsing a value"));
    }

    #[test]
    fn the_attribute_round_trips() {
        let session = afp_ir::mlir::Session::new();
        let choice = Choice::Fixed { format: "e2m2".into(), exp: -3 };
        let read = choice_of(choice_attr(session.ctx(), &choice)).unwrap();
        assert_eq!((read.0.to_string().as_str(), read.1), ("e2m2", Some(-3)));
    }
}
