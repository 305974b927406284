//! The share of one machine in a stage of measurements.
//!
//! A stage is a list of questions that all machines agree on. The question at index `n` belongs to shard `n`
//! modulo the number of shards, whatever has been answered, so that shares never overlap and never move. A run
//! without a shard takes what is there and measures the rest.

use std::str::FromStr;

use afp_ir::diag::Diagnostic;

use super::journal::{Journal, Store};

/// One of several shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    count: usize,
}

impl Shard {
    /// All of it.
    pub const WHOLE: Self = Self { index: 0, count: 1 };

    /// Whether the question at an index belongs to it.
    pub fn holds(self, index: usize) -> bool {
        index % self.count == self.index
    }
}

impl FromStr for Shard {
    type Err = Diagnostic;

    /// `i/n` with `i` from 1 to `n`.
    fn from_str(text: &str) -> Result<Self, Diagnostic> {
        let parse = || {
            let (index, count) = text.split_once('/')?;
            let (index, count) = (index.parse::<usize>().ok()?, count.parse::<usize>().ok()?);
            (1..=count).contains(&index).then(|| Self { index: index - 1, count })
        };
        parse().ok_or_else(|| {
            Diagnostic::error("AFP0704", "there is no such share")
                .expected("I/N, with I from 1 to N: 2/4 is the second of four shares")
                .found(format!("'{text}'"))
        })
    }
}

/// The answers to the questions of a stage, if all of them are known in the end: those of the shard that are
/// not in the journal are measured, some at a time, and written to it at once. `measure` gives one answer per
/// question.
///
/// # Errors
/// What the store or `measure` reports.
pub fn stage<S: Store>(
    journal: &mut Journal<S>,
    questions: &[String],
    shard: Shard,
    at_once: usize,
    mut measure: impl FnMut(&[usize]) -> Result<Vec<Vec<f64>>, Diagnostic>,
) -> Result<Option<Vec<Vec<f64>>>, Diagnostic> {
    let is_pending = |n: &usize| shard.holds(*n) && journal.answer(&questions[*n]).is_none();
    let pending: Vec<usize> = (0..questions.len()).filter(is_pending).collect();
    for some in pending.chunks(at_once.max(1)) {
        let asked: Vec<&String> = some.iter().map(|&n| &questions[n]).collect();
        journal.record(&asked, measure(some)?)?;
    }
    Ok(questions.iter().map(|question| journal.answer(question).map(<[f64]>::to_vec)).collect())
}

#[cfg(test)]
mod tests {
    use super::{
        super::journal::{Memory, study},
        *,
    };

    fn open(bytes: &[u8]) -> Journal<Memory> {
        Journal::open(Memory(bytes.to_vec()), study(&[b"test"])).unwrap()
    }

    #[test]
    fn shares_are_parsed() {
        assert_eq!("1/1".parse::<Shard>().unwrap(), Shard::WHOLE);
        assert_eq!("2/4".parse::<Shard>().unwrap(), Shard { index: 1, count: 4 });
        for bad in ["", "0/2", "3/2", "1", "a/b", "1/0", "-1/2"] {
            assert_eq!(bad.parse::<Shard>().unwrap_err().code, "AFP0704", "{bad}");
        }
    }

    #[test]
    fn shares_together_are_the_whole() {
        let questions: Vec<String> = (0..11).map(|n| format!("q{n}")).collect();
        let mut asked = 0;
        let mut run = |journal: &mut Journal<Memory>, shard: Shard| {
            stage(journal, &questions, shard, 2, |some| {
                asked += some.len();
                Ok(some.iter().map(|&n| vec![n as f64 / 3.0]).collect())
            })
            .unwrap()
        };
        let whole = run(&mut open(b""), Shard::WHOLE).unwrap();
        let mut parts = Vec::new();
        for index in 0..3 {
            let mut journal = open(b"");
            assert_eq!(run(&mut journal, Shard { index, count: 3 }), None, "others are missing");
            parts.extend(journal.into_store().0);
        }
        let mut merged = open(&parts);
        assert_eq!(run(&mut merged, "2/3".parse().unwrap()), Some(whole.clone()));
        assert_eq!(run(&mut merged, Shard::WHOLE), Some(whole));
        assert_eq!(asked, 22, "each question once alone, and once in shares");
    }
}
