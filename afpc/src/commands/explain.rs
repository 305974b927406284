//! `afpc explain`: the long text of a diagnostic's code or of a rule.
//!
//! There is no table of texts here: codes are explained in docs/diagnostics.md and rules in
//! docs/spec.md, and this command reads those pages.

use afp_ir::diag::Diagnostic;

use crate::{
    cli::Outcome,
    io::{
        columns::{COLUMNS, wrapped},
        output::print,
    },
};

const DIAGNOSTICS: &str = include_str!("../../../docs/diagnostics.md");
const SPECIFICATION: &str = include_str!("../../../docs/spec.md");

/// Explain a diagnostic's code (AFP0101) or a rule of the specification (C2)
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The code, as it stands in brackets in the message
    #[arg(value_name = "CODE")]
    code: String,
}

/// Runs the command.
///
/// # Errors
/// AFP0504 if there is no such code.
pub fn run(arguments: &Arguments) -> Outcome {
    let code = arguments.code.trim_matches(['[', ']']).to_uppercase();
    let text = explanation(&code).ok_or_else(|| {
        Diagnostic::error("AFP0504", "there is no such code")
            .expected("a code such as AFP0101, or a rule of the specification such as C2")
            .found(format!("'{}'", arguments.code))
    })?;
    print(&format!("{}\n", narrow(&text)))?;
    Ok(())
}

/// Paragraphs in lines of a terminal's width; what is indented stays as it is.
fn narrow(text: &str) -> String {
    let paragraph = |paragraph: &str| match paragraph.starts_with("    ") {
        true => paragraph.to_owned(),
        false => wrapped(paragraph, COLUMNS).join("\n"),
    };
    text.split("\n\n").map(paragraph).collect::<Vec<_>>().join("\n\n")
}

/// The text of a code or rule.
pub fn explanation(code: &str) -> Option<String> {
    section(DIAGNOSTICS, &format!("## {code}: ")).or_else(|| rule(code))
}

/// The section of a page that starts with a heading, with the heading and without what follows.
fn section(page: &str, heading: &str) -> Option<String> {
    let start = page.find(&format!("\n{heading}"))? + 1;
    let body = &page[start..];
    let end = body.find("\n## ").unwrap_or(body.len());
    Some(body[..end].trim_start_matches("## ").trim_end().to_owned())
}

/// A rule of the specification, under the heading of its group.
fn rule(code: &str) -> Option<String> {
    let item = format!("- **{code}** ");
    let start = SPECIFICATION.find(&format!("\n{item}"))? + 1;
    let heading = SPECIFICATION[..start].rfind("\n## ")? + 4;
    let heading = SPECIFICATION[heading..].lines().next()?;
    let text = SPECIFICATION[start..].lines().next()?.trim_start_matches(&item);
    Some(format!("{code}: a rule of the specification, docs/spec.md, {heading}\n\n{text}"))
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeMap,
        fs,
        path::{Path, PathBuf},
    };

    use super::*;

    fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder of sources").flatten() {
            let path = entry.path();
            if path.is_dir() {
                rust_files(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs" || e == "cpp") {
                found.push(path);
            }
        }
    }

    /// A rule's number: the letter of its group, and digits.
    fn is_rule(text: &str) -> bool {
        let digits = text.strip_prefix(['F', 'T', 'E', 'Q', 'K', 'C', 'A', 'P', 'U', 'S', 'M', 'W']);
        digits.is_some_and(|digits| !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit()))
    }

    /// Every code that is a string of the sources, with a file that has it: `AFP` and four digits, or
    /// a rule's number. Tests aside, which may ask for codes that are none.
    fn codes_in_sources() -> BTreeMap<String, PathBuf> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut files = Vec::new();
        for folder in ["ir/src", "ir/cpp", "passes/src", "ptq/src", "codegen/src", "afpc/src"] {
            rust_files(&root.join(folder), &mut files);
        }
        let mut codes = BTreeMap::new();
        for file in files {
            let text = fs::read_to_string(&file).expect("a source is text");
            let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            for piece in code.split('"').skip(1) {
                if is_rule(piece) {
                    codes.insert(piece.to_owned(), file.clone());
                }
                let digits: String = piece.strip_prefix("AFP").unwrap_or_default().chars().take(4).collect();
                if digits.len() == 4 && digits.chars().all(|c| c.is_ascii_digit()) {
                    codes.insert(format!("AFP{digits}"), file.clone());
                }
            }
        }
        codes
    }

    #[test]
    fn every_code_of_the_sources_is_explained() {
        let codes = codes_in_sources();
        assert!(["AFP0201", "AFP0504", "C2", "W1"].iter().all(|code| codes.contains_key(*code)), "{codes:?}");
        for (code, file) in codes {
            assert!(
                explanation(&code).is_some(),
                "docs/diagnostics.md and docs/spec.md lack {code} of {}",
                file.display()
            );
        }
    }

    #[test]
    fn no_code_is_explained_that_nothing_uses() {
        let codes = codes_in_sources();
        let headings = DIAGNOSTICS.lines().filter_map(|line| line.strip_prefix("## AFP")?.get(..4));
        for digits in headings {
            assert!(codes.contains_key(&format!("AFP{digits}")), "nothing uses AFP{digits}");
        }
    }

    /// Texts of a folder's files; what is no text is left out.
    fn texts(folder: &Path) -> String {
        let entries = fs::read_dir(folder).expect("a folder of tests").flatten();
        entries
            .map(|entry| match entry.path() {
                path if path.is_dir() => texts(&path),
                path => fs::read_to_string(path).unwrap_or_default(),
            })
            .collect()
    }

    #[test]
    fn every_code_of_the_sources_is_provoked_by_a_lit_test() {
        // A bug, and a tensor of another kind than the program's, which only a caller of the library can
        // give: `ir/tests/interpreter` does. A journal that contradicts itself, and errors that are no numbers,
        // are made in the unit tests of `ptq`; operators of no real form are what no importer yields.
        const OTHERWISE: [&str; 5] = ["AFP0001", "AFP0404", "AFP0702", "AFP0705", "AFP0711"];
        let tests = texts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../lit-tests"));
        let codes = codes_in_sources();
        for (code, file) in codes.into_iter().filter(|(code, _)| !OTHERWISE.contains(&code.as_str())) {
            assert!(
                tests.contains(&format!("[{code}]")),
                "no lit test provokes {code} of {}",
                file.display()
            );
        }
    }

    #[test]
    fn rules_are_found_with_their_group() {
        let text = explanation("C2").expect("a rule");
        assert!(
            text.starts_with("C2: a rule of the specification, docs/spec.md, Contractions (C)"),
            "{text}"
        );
        assert!(text.contains("`groups` divides"), "{text}");
        assert_eq!(explanation("C99"), None);
        assert_eq!(explanation(""), None);
    }
}
