//! Diagnostics: what was expected, what was found, where, and what to do.
//!
//! A diagnostic has a code: `AFPnnnn` for the compiler's own, or the number of a rule of
//! `docs/spec.md` (`C3`) for what a verifier refuses. In MLIR it travels as `[CODE] message` with
//! the notes `expected: `, `found: ` and `help: `; [`Diagnostic::from_mlir`] reads that back.

use std::fmt;

use melior::diagnostic::DiagnosticSeverity;
use mlir_sys::{MlirLocation, MlirStringRef};

use crate::mlir::{Loc, sref};

unsafe extern "C" {
    fn afpEmitDiagnostic(
        location: MlirLocation,
        severity: i32,
        message: MlirStringRef,
        notes: *const MlirStringRef,
        count: usize,
    );
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing is produced.
    Error,
    /// Something is produced, and the user should know.
    Warning,
    /// Information.
    Remark,
}

/// Where in the user's input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// File name as the user gave it.
    pub file: String,
    /// Line and column, from 1; none for binary formats.
    pub position: Option<(u32, u32)>,
    /// What stands there: a node's or tensor's name.
    pub item: Option<String>,
}

/// One diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error, warning or remark.
    pub severity: Severity,
    /// `AFPnnnn` or a rule number; empty for messages of upstream MLIR.
    pub code: String,
    /// What is wrong, in a sentence.
    pub message: String,
    /// Where.
    pub place: Option<Place>,
    /// What the compiler expected there.
    pub expected: Option<String>,
    /// What it found.
    pub found: Option<String>,
    /// What the user can do.
    pub help: Option<String>,
    /// Further notes.
    pub notes: Vec<String>,
}

impl Diagnostic {
    /// An error.
    pub fn error(code: &str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code: code.to_owned(),
            message: message.into(),
            place: None,
            expected: None,
            found: None,
            help: None,
            notes: Vec::new(),
        }
    }

    /// A warning.
    pub fn warning(code: &str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Says where: a whole file.
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.place = Some(Place { file: file.into(), ..Place::default() });
        self
    }

    /// Says where: a named item of a file.
    pub fn at_item(mut self, file: impl Into<String>, item: impl Into<String>) -> Self {
        self.place = Some(Place { file: file.into(), position: None, item: Some(item.into()) });
        self
    }

    /// Says where: an MLIR location.
    pub fn at(mut self, loc: Loc) -> Self {
        self.place = place_of(loc);
        self
    }

    /// Says what was expected.
    pub fn expected(mut self, text: impl Into<String>) -> Self {
        self.expected = Some(text.into());
        self
    }

    /// Says what was found.
    pub fn found(mut self, text: impl Into<String>) -> Self {
        self.found = Some(text.into());
        self
    }

    /// Says what to do.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Adds a note.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Whether this is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The message with its code in front, as it travels through MLIR.
    fn headline(&self) -> String {
        if self.code.is_empty() { self.message.clone() } else { format!("[{}] {}", self.code, self.message) }
    }

    /// The labelled lines below the headline.
    fn details(&self) -> Vec<String> {
        let labelled = |label: &str, text: &Option<String>| Some(format!("{label}: {}", text.as_ref()?));
        let first = [labelled("expected", &self.expected), labelled("found", &self.found)];
        let last = labelled("help", &self.help);
        first.into_iter().flatten().chain(self.notes.iter().cloned()).chain(last).collect()
    }

    /// Emits the diagnostic through MLIR at a location.
    pub fn emit(&self, loc: Loc) {
        let (message, details) = (self.headline(), self.details());
        let notes: Vec<MlirStringRef> = details.iter().map(|text| sref(text)).collect();
        let severity = match self.severity {
            Severity::Error => 0,
            Severity::Warning => 1,
            Severity::Remark => 2,
        };
        unsafe { afpEmitDiagnostic(loc.raw(), severity, sref(&message), notes.as_ptr(), notes.len()) }
    }

    /// Reads a diagnostic that MLIR reports.
    pub fn from_mlir(found: &melior::diagnostic::Diagnostic<'_>) -> Self {
        let severity = match found.severity() {
            DiagnosticSeverity::Error => Severity::Error,
            DiagnosticSeverity::Warning => Severity::Warning,
            _ => Severity::Remark,
        };
        let text = message_of(found);
        let (code, message) = split_code(&text);
        let mut result = Self { severity, ..Self::error(&code, message) };
        result.place = place_of(unsafe { Loc::from_raw(found.location().to_raw()) });
        for note in (0..found.note_count()).filter_map(|i| found.note(i).ok()) {
            let text = message_of(&note);
            match text.split_once(": ") {
                Some(("expected", rest)) => result.expected = Some(rest.to_owned()),
                Some(("found", rest)) => result.found = Some(rest.to_owned()),
                Some(("help", rest)) => result.help = Some(rest.to_owned()),
                // MLIR prints the whole operation: the place is enough, and a constant would fill pages.
                Some(("see current operation", _)) => {}
                _ => result.notes.push(text),
            }
        }
        result
    }
}

/// The text of a diagnostic. Where it quotes bytes of the user's file that are no UTF-8, melior cannot
/// format it: what it got so far is taken.
fn message_of(found: &melior::diagnostic::Diagnostic<'_>) -> String {
    let mut text = String::new();
    if fmt::write(&mut text, format_args!("{found}")).is_err() {
        text.push_str("(bytes that are no text)");
    }
    text
}

/// Takes the first `[CODE]` out of a message; operators put their name before it.
fn split_code(text: &str) -> (String, String) {
    if let Some(open) = text.find('[')
        && let Some(close) = text[open..].find("] ")
    {
        let code = &text[open + 1..open + close];
        let is_code = code.len() >= 2
            && code.starts_with(|c: char| c.is_ascii_uppercase())
            && code.ends_with(|c: char| c.is_ascii_digit())
            && code.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        if is_code {
            return (code.to_owned(), format!("{}{}", &text[..open], &text[open + close + 2..]));
        }
    }
    (String::new(), text.to_owned())
}

fn place_of(loc: Loc) -> Option<Place> {
    let (file, line, column) = match loc.position() {
        Some((file, line, column)) => (file, line, column),
        None => return loc.name().map(|item| Place { item: Some(item), ..Place::default() }),
    };
    // Importers of binary formats have no lines: they give line 0.
    let position = (line != 0).then_some((line, column));
    Some(Place { file, position, item: loc.name() })
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some((line, column)) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        match &self.item {
            Some(item) if self.file.is_empty() => write!(f, "'{item}'"),
            Some(item) => write!(f, ": '{item}'"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Remark => "remark",
        };
        let code = if self.code.is_empty() { String::new() } else { format!("[{}]", self.code) };
        write!(f, "{severity}{code}: {}", self.message)?;
        if let Some(place) = &self.place {
            write!(f, "\n  --> {place}")?;
        }
        for line in self.details() {
            write!(f, "\n   = {line}")?;
        }
        Ok(())
    }
}
