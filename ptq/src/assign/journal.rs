//! What was measured, so that nothing is measured twice.
//!
//! A journal is text that only grows: one line per answer, with a checksum. A kill leaves at most a torn last
//! line, which the checksum gives away; it is skipped, and its question asked again. What else is no line of
//! this *study* is skipped as well: a study is the hash of everything an answer depends on (network,
//! samples, options, seed, version), so that journals of different studies may share a file, and files of
//! different machines are merged by writing them one after the other. Answers are pure functions of study and
//! question. So a search that finds some in the journal ends where an undisturbed one does, to the byte.
//!
//! Nothing here opens a file: a [`Store`] reads and appends bytes.

use std::collections::BTreeMap;

use afp_ir::diag::Diagnostic;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Evaluate, Selection, guard};
use crate::digest::{digest, hexadecimal};

/// Where a journal is kept.
pub trait Store {
    /// All bytes that are there. Of several files each but the last must end in a line's end.
    ///
    /// # Errors
    /// What keeps them from being read.
    fn read(&mut self) -> Result<Vec<u8>, Diagnostic>;

    /// Adds bytes at the end, and returns when a kill can no longer take them away.
    ///
    /// # Errors
    /// What keeps them from being written.
    fn append(&mut self, bytes: &[u8]) -> Result<(), Diagnostic>;
}

/// A store without a file.
#[derive(Clone, Debug, Default)]
pub struct Memory(pub Vec<u8>);

impl Store for Memory {
    fn read(&mut self) -> Result<Vec<u8>, Diagnostic> {
        Ok(self.0.clone())
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Diagnostic> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// The name of a study: a hash of all it depends on, each part with its length.
pub fn study(parts: &[&[u8]]) -> String {
    digest(parts)
}

/// The question that a selection is: what the items and their candidates are belongs to the study.
pub fn question(selection: &[usize]) -> String {
    let indices: Vec<String> = selection.iter().map(usize::to_string).collect();
    format!("select {}", indices.join(","))
}

/// A line, before its checksum.
#[derive(Serialize, Deserialize)]
struct Line {
    study: String,
    question: String,
    losses: Vec<f64>,
}

/// The checksum and the text it stands for, as `{"sum":"...","record":...}`.
fn written(line: &Line) -> Result<String, Diagnostic> {
    let text =
        serde_json::to_string(line).map_err(|error| Diagnostic::error("AFP0001", error.to_string()))?;
    let sum = hexadecimal(&Sha256::digest(text.as_bytes())[..8]);
    Ok(format!("{{\"sum\":\"{sum}\",\"record\":{text}}}\n"))
}

/// The opposite of [`written`]; none for anything else.
fn read(text: &str) -> Option<Line> {
    let (sum, record) = text.strip_prefix("{\"sum\":\"")?.split_once("\",\"record\":")?;
    let record = record.strip_suffix('}')?;
    (hexadecimal(&Sha256::digest(record.as_bytes())[..8]) == sum)
        .then(|| serde_json::from_str(record).ok())?
}

/// See the module.
pub struct Journal<S> {
    store: S,
    study: String,
    answers: BTreeMap<String, Vec<f64>>,
    is_torn: bool,
}

impl<S: Store> Journal<S> {
    /// Reads what a store holds of a study.
    ///
    /// # Errors
    /// What the store reports; AFP0705 if it holds two different answers to one question.
    pub fn open(mut store: S, study: String) -> Result<Self, Diagnostic> {
        let bytes = store.read()?;
        let is_torn = bytes.last().is_some_and(|&last| last != b'\n');
        let mut answers: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        let lines =
            bytes.split(|&byte| byte == b'\n').filter_map(|line| read(std::str::from_utf8(line).ok()?));
        for line in lines.filter(|line| line.study == study) {
            if let Some(known) = answers.get(&line.question)
                && *known != line.losses
            {
                return Err(Diagnostic::error("AFP0705", "the state of the search contradicts itself")
                    .expected("the same answer to the same question")
                    .found(format!("two answers to '{}'", line.question))
                    .help("start with an empty directory; if it happens again, report it"));
            }
            answers.insert(line.question, line.losses);
        }
        Ok(Self { store, study, answers, is_torn })
    }

    /// Number of answers.
    pub fn len(&self) -> usize {
        self.answers.len()
    }

    /// Whether there is no answer.
    pub fn is_empty(&self) -> bool {
        self.answers.is_empty()
    }

    /// The answer to a question.
    pub fn answer(&self, question: &str) -> Option<&[f64]> {
        self.answers.get(question).map(Vec::as_slice)
    }

    /// Writes answers down, one per question.
    ///
    /// # Errors
    /// What the store reports; AFP0001 if there are not as many answers as questions.
    pub fn record(&mut self, questions: &[&String], answers: Vec<Vec<f64>>) -> Result<(), Diagnostic> {
        if answers.len() != questions.len() {
            return Err(Diagnostic::error("AFP0001", "a measurement has not answered what it was asked")
                .expected(format!("{} answers", questions.len()))
                .found(answers.len().to_string()));
        }
        // What a kill has left of a line must not become the start of this one.
        let mut text = String::from(if std::mem::take(&mut self.is_torn) { "\n" } else { "" });
        for (&question, mut losses) in questions.iter().zip(answers) {
            losses.iter_mut().for_each(|loss| *loss = guard::finite(*loss));
            let line = Line { study: self.study.clone(), question: question.clone(), losses };
            text.push_str(&written(&line)?);
            self.answers.insert(line.question, line.losses);
        }
        self.store.append(text.as_bytes())
    }

    /// The store.
    pub fn into_store(self) -> S {
        self.store
    }
}

/// Measures what the journal does not know, and writes it down.
pub struct Remembered<'a, E, S> {
    /// What measures.
    pub evaluate: E,
    /// What was measured.
    pub journal: &'a mut Journal<S>,
}

impl<E: Evaluate, S: Store> Evaluate for Remembered<'_, E, S> {
    fn evaluate(&mut self, selections: &[Selection]) -> Result<Vec<Vec<f64>>, Diagnostic> {
        let questions: Vec<String> = selections.iter().map(|selection| question(selection)).collect();
        let is_new = |n: &usize| {
            self.journal.answer(&questions[*n]).is_none() && !questions[..*n].contains(&questions[*n])
        };
        let new: Vec<usize> = (0..questions.len()).filter(is_new).collect();
        if !new.is_empty() {
            let asked: Vec<Selection> = new.iter().map(|&n| selections[n].clone()).collect();
            let answers = self.evaluate.evaluate(&asked)?;
            self.journal.record(&new.iter().map(|&n| &questions[n]).collect::<Vec<_>>(), answers)?;
        }
        Ok(questions
            .iter()
            .filter_map(|question| self.journal.answer(question).map(<[f64]>::to_vec))
            .collect())
    }

    fn effort(&self, base: &[usize], selection: &[usize]) -> f64 {
        self.evaluate.effort(base, selection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn journal(bytes: &[u8]) -> Journal<Memory> {
        Journal::open(Memory(bytes.to_vec()), study(&[b"a", b"b"])).unwrap()
    }

    proptest! {
        #[test]
        fn numbers_survive(bits in proptest::collection::vec(any::<u64>(), 0..20)) {
            let losses: Vec<f64> = bits.into_iter().map(f64::from_bits).collect();
            let mut first = journal(b"");
            first.record(&[&"q".to_owned()], vec![losses.clone()]).unwrap();
            let expected: Vec<u64> = losses.iter().map(|&loss| guard::finite(loss).to_bits()).collect();
            let second = journal(&first.into_store().0);
            let found: Vec<u64> = second.answer("q").unwrap().iter().map(|loss| loss.to_bits()).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn arbitrary_bytes_are_no_answers(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(journal(&bytes).is_empty());
        }
    }

    #[test]
    fn torn_lines_are_skipped_and_closed() {
        let mut first = journal(b"");
        first.record(&[&"one".to_owned(), &"two".to_owned()], vec![vec![1.0], vec![2.0]]).unwrap();
        let bytes = first.into_store().0;
        let mut torn = journal(&bytes[..bytes.len() - 5]);
        assert_eq!((torn.len(), torn.answer("one"), torn.answer("two")), (1, Some(&[1.0][..]), None));
        torn.record(&[&"two".to_owned()], vec![vec![2.0]]).unwrap();
        let whole = journal(&torn.into_store().0);
        assert_eq!((whole.len(), whole.answer("two")), (2, Some(&[2.0][..])));
    }

    #[test]
    fn a_changed_digit_is_no_answer() {
        let mut first = journal(b"");
        first.record(&[&"q".to_owned()], vec![vec![0.125]]).unwrap();
        let text = String::from_utf8(first.into_store().0).unwrap();
        assert!(journal(text.replace("0.125", "0.126").as_bytes()).is_empty());
        assert_eq!(journal(text.as_bytes()).len(), 1);
    }

    #[test]
    fn studies_share_a_file_and_contradictions_are_found() {
        let write = |study: String, loss: f64| {
            let mut journal = Journal::open(Memory::default(), study).unwrap();
            journal.record(&[&"q".to_owned()], vec![vec![loss]]).unwrap();
            journal.into_store().0
        };
        let (a, b) = (study(&[b"ab", b""]), study(&[b"a", b"b"]));
        assert_ne!(a, b, "parts do not run into each other");
        let both = [write(a.clone(), 1.0), write(b, 2.0)].concat();
        assert_eq!(journal(&both).answer("q"), Some(&[2.0][..]));
        let twice = [write(a.clone(), 1.0), write(a.clone(), 1.0)].concat();
        assert!(Journal::open(Memory(twice), a.clone()).is_ok(), "merging is idempotent");
        let error = Journal::open(Memory([write(a.clone(), 1.0), write(a.clone(), 3.0)].concat()), a);
        assert_eq!(error.err().map(|error| error.code).as_deref(), Some("AFP0705"));
    }
}
