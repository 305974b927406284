//! Which numbers constants hold: what a variable shift can be narrowed by.

use std::{collections::BTreeSet, rc::Rc};

use afp_ir::mlir::{DenseData, Op};

/// Different numbers that are kept track of.
const MOST: usize = 32;

/// The different numbers of an array, if they are few and of 32 bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Numbers(Option<Rc<BTreeSet<i64>>>);

impl Numbers {
    /// Those of a constant, a `memref.global`.
    pub(super) fn of(global: Op) -> Self {
        let width = global.attr("type").and_then(|ty| ty.as_type()).and_then(|ty| ty.element().int_width());
        let value = global.attr("initial_value").filter(|_| width == Some(32));
        let numbers = |bytes: &[u8]| {
            let mut all = BTreeSet::new();
            for word in bytes.chunks_exact(4) {
                all.insert(i64::from(i32::from_le_bytes([word[0], word[1], word[2], word[3]])));
                if all.len() > MOST {
                    return None;
                }
            }
            Some(Rc::new(all))
        };
        Self(match value.as_ref().and_then(|value| value.dense_data()) {
            Some(DenseData::Splat(bytes) | DenseData::All(bytes)) => numbers(bytes),
            None => None,
        })
    }

    /// Exactly these.
    pub(super) fn exactly(numbers: impl IntoIterator<Item = i64>) -> Self {
        let all: BTreeSet<i64> = numbers.into_iter().collect();
        Self((all.len() <= MOST).then(|| Rc::new(all)))
    }

    /// Any.
    pub(super) fn unknown() -> Self {
        Self(None)
    }

    /// With those of another.
    pub(super) fn and(self, other: &Self) -> Self {
        match (&self.0, &other.0) {
            (Some(own), Some(others)) => Self::exactly(own.iter().chain(others.iter()).copied()),
            _ => Self(None),
        }
    }

    /// The results of an operation on each of these and each of others, in 32 bits.
    pub(super) fn combined(&self, other: &Self, operation: impl Fn(i32, i32) -> i32) -> Self {
        match (&self.0, &other.0) {
            (Some(own), Some(others)) if own.len() * others.len() <= MOST => {
                let pairs = own.iter().flat_map(|&x| others.iter().map(move |&y| (x as i32, y as i32)));
                Self::exactly(pairs.map(|(x, y)| i64::from(operation(x, y))))
            }
            _ => Self(None),
        }
    }

    /// The least of them, and what others have beyond it; none if not all lie in an interval.
    pub(super) fn beyond_least(&self, (from, to): (i64, i64)) -> Option<(i64, i64)> {
        let all = self.0.as_ref()?;
        let (&least, &largest) = (all.first()?, all.last()?);
        let beyond = all.iter().fold(0, |bits, number| bits | (number - least));
        (from <= least && largest <= to).then_some((least, beyond))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_joined_and_combined() {
        let (x, y) = (Numbers::exactly([3, 5, 3]), Numbers::exactly([1]));
        assert_eq!(x.clone().and(&y), Numbers::exactly([1, 3, 5]));
        assert_eq!(x.combined(&y, i32::wrapping_add), Numbers::exactly([4, 6]));
        assert_eq!(x.combined(&Numbers::exactly([4]), i32::min), Numbers::exactly([3, 4]));
        assert_eq!(x.clone().and(&Numbers::unknown()), Numbers::unknown());
        assert_eq!(Numbers::exactly(0..100), Numbers::unknown());
    }

    #[test]
    fn what_lies_beyond_the_least() {
        assert_eq!(Numbers::exactly([4, 5, 6]).beyond_least((0, 31)), Some((4, 3)));
        assert_eq!(Numbers::exactly([7]).beyond_least((0, 31)), Some((7, 0)));
        assert_eq!(Numbers::exactly([7, 40]).beyond_least((0, 31)), None);
        assert_eq!(Numbers::unknown().beyond_least((0, 31)), None);
    }
}
