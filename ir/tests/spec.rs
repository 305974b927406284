//! docs/spec.md, the dialect's sources and the lit tests speak of the same rules.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

type Rules = BTreeSet<String>;

/// The letters of the rule families of docs/spec.md.
const FAMILIES: &str = "FTEQYKCAPUSMWN";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The text of every file with one of these endings below a folder, or of the file itself.
fn texts(place: &str, endings: &[&str]) -> Vec<(PathBuf, String)> {
    fn visit(path: &Path, endings: &[&str], found: &mut Vec<(PathBuf, String)>) {
        if path.is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                visit(&entry.unwrap().path(), endings, found);
            }
        } else if endings.iter().any(|ending| path.extension().is_some_and(|e| e == *ending)) {
            found.push((path.to_owned(), fs::read_to_string(path).unwrap()));
        }
    }
    let mut found = Vec::new();
    visit(&repository().join(place), endings, &mut found);
    assert!(!found.is_empty(), "nothing to read in {place}");
    found
}

/// Words of a family's letter and a number, of whose neighbours `accept` approves.
fn rules_where(text: &str, accept: impl Fn(&str, &str) -> bool) -> Rules {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rules = Rules::new();
    for (start, letter) in text.char_indices().filter(|&(_, c)| FAMILIES.contains(c)) {
        let rest = &text[start + letter.len_utf8()..];
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (before, after) = (&text[..start], &rest[digits..]);
        let whole = (1..=2).contains(&digits) && !before.ends_with(word) && !after.starts_with(word);
        if whole && accept(before, after) {
            rules.insert(format!("{letter}{}", &rest[..digits]));
        }
    }
    rules
}

/// Rules in brackets, as messages cite them.
fn cited(text: &str) -> Rules {
    rules_where(text, |before, after| before.ends_with('[') && after.starts_with(']'))
}

/// Rules of the page, and those among them that it calls verified.
fn specified() -> (Rules, Rules) {
    let page = fs::read_to_string(repository().join("docs/spec.md")).unwrap();
    let (mut all, mut verified) = (Rules::new(), Rules::new());
    for line in page.lines() {
        let Some((rule, rest)) = line.strip_prefix("- **").and_then(|l| l.split_once("**")) else { continue };
        assert!(all.insert(rule.to_owned()), "{rule} is stated twice");
        if rest.starts_with(" *(verified") {
            verified.insert(rule.to_owned());
        }
    }
    assert!(all.len() > 50 && verified.len() > 30, "the page is not read as it is written");
    (all, verified)
}

fn check(missing: Vec<&String>, what: &str) {
    assert!(missing.is_empty(), "{what}: {missing:?}");
}

/// What the sources of the verifiers can say: `[F1]` in a text, or `"C3"` as the rule of a violation.
fn enforced() -> Rules {
    let mut rules = Rules::new();
    for (_, text) in texts("ir/src/dialect", &["rs"]) {
        rules.extend(cited(&text));
        rules.extend(rules_where(&text, |before, after| before.ends_with('"') && after.starts_with('"')));
    }
    for (_, text) in texts("ir/src/numerics/format.rs", &["rs"]) {
        rules.extend(cited(&text));
    }
    rules
}

#[test]
fn verified_rules_are_enforced() {
    let (_, verified) = specified();
    let enforced = enforced();
    check(verified.difference(&enforced).collect(), "no verifier cites");
}

#[test]
fn enforced_rules_are_marked_verified() {
    let (_, verified) = specified();
    let enforced = enforced();
    check(enforced.difference(&verified).collect(), "docs/spec.md does not say that these are verified");
}

#[test]
fn verified_rules_are_provoked_by_a_lit_test() {
    let (all, verified) = specified();
    let provoked: Rules = texts("lit-tests", &["mlir"])
        .iter()
        .flat_map(|(_, text)| text.lines().filter(|line| line.contains("expected-error")).flat_map(cited))
        .collect();
    check(verified.difference(&provoked).collect(), "no lit test provokes");
    check(provoked.difference(&all).collect(), "docs/spec.md does not have");
}

#[test]
fn sources_name_no_rule_that_does_not_exist() {
    let (all, _) = specified();
    let places = [
        ("ir/src/dialect", "rs"),
        ("ir/src/numerics", "rs"),
        ("ir/td", "td"),
        ("ir/cpp", "cpp"),
        ("ir/tests", "rs"),
    ];
    for (place, ending) in places {
        for (path, text) in texts(place, &[ending]) {
            let mut named = rules_where(&text, |_, _| true);
            // A type's name in ODS.
            named.remove("F32");
            check(named.difference(&all).collect(), &format!("{} names", path.display()));
        }
    }
}
