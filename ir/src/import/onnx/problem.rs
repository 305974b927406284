//! Why a node or tensor cannot be imported.

use crate::{
    diag::Diagnostic,
    import::{code, tosa::Misfit},
};

/// What is wrong, without the place, which the caller knows.
#[derive(Clone, Debug)]
pub struct Problem(Box<Details>);

#[derive(Clone, Debug)]
struct Details {
    code: &'static str,
    what: String,
    expected: Option<String>,
    found: Option<String>,
    help: Option<String>,
    item: Option<String>,
}

impl Problem {
    /// A problem; `what` continues "Conv 'name': ".
    pub fn new(code: &'static str, what: impl Into<String>) -> Self {
        Self(Box::new(Details {
            code,
            what: what.into(),
            expected: None,
            found: None,
            help: None,
            item: None,
        }))
    }

    /// A feature of an operator that is not supported.
    pub fn unsupported(what: impl Into<String>) -> Self {
        Self::new(code::UNSUPPORTED_FORM, what)
    }

    /// A node that breaks ONNX's own rules.
    pub fn malformed(what: impl Into<String>) -> Self {
        Self::new(code::BAD_NODE, what)
    }

    /// Says what was expected.
    pub fn expected(mut self, text: impl Into<String>) -> Self {
        self.0.expected = Some(text.into());
        self
    }

    /// Says what was found.
    pub fn found(mut self, text: impl Into<String>) -> Self {
        self.0.found = Some(text.into());
        self
    }

    /// Says what the user can do.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.0.help = Some(text.into());
        self
    }

    /// Says which tensor is meant, if it is not the node.
    pub fn of_tensor(mut self, name: impl Into<String>) -> Self {
        self.0.item = Some(name.into());
        self
    }

    /// The diagnostic, for an operator or other subject at an item of a file.
    pub fn diagnostic(self, subject: &str, file: &str, item: &str) -> Diagnostic {
        let details = *self.0;
        let message = match (&details.item, subject) {
            (Some(tensor), _) => format!("tensor '{tensor}': {}", details.what),
            (None, "") => details.what,
            (None, subject) => format!("{subject}: {}", details.what),
        };
        let mut diagnostic = Diagnostic::error(details.code, message).at_item(file, item);
        diagnostic.expected = details.expected;
        diagnostic.found = details.found;
        diagnostic.help = details.help;
        diagnostic
    }
}

impl From<Misfit> for Problem {
    fn from(misfit: Misfit) -> Self {
        Self::new(code::BAD_SHAPE, "operands do not fit").expected(misfit.expected).found(misfit.found)
    }
}
