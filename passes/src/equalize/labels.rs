//! The variable of every element of a value.
//!
//! Element `i`, in row-major order, has the variable `variables[i / inner % variables.len()]`: channels
//! that run over one dimension or several adjacent ones, wherever those stand. A reshape keeps labels as
//! they are; other movements are followed over the *range* of dimensions that labels depend on. So
//! channels are found again behind a transposition, a flattened map, or a shuffle in groups.
//!
//! **Invariant.** `inner * variables.len()` divides the number of elements.

use std::ops::Range;

use super::unions::Variable;

/// Most variables that one value is given: beyond that, its channels share one.
pub const MAX_VARIABLES: usize = 1 << 20;

/// The labels of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    variables: Vec<Variable>,
    inner: usize,
}

/// A value's labels and its shape, in which all sizes are positive.
#[derive(Clone, Copy)]
pub struct Labelled<'a> {
    /// Its labels.
    pub labels: &'a Labels,
    /// Its shape.
    pub shape: &'a [usize],
}

/// Number of elements that one step in the last dimension before `end` passes over.
pub fn behind(shape: &[usize], end: usize) -> usize {
    shape[end..].iter().product()
}

/// One variable for each index over `sizes`, in row-major order; none if these are too many.
pub fn table(sizes: &[usize], mut label: impl FnMut(&[usize]) -> Variable) -> Option<Vec<Variable>> {
    let count: usize = sizes.iter().product();
    if count > MAX_VARIABLES {
        return None;
    }
    let mut at = vec![0; sizes.len()];
    let mut variables = Vec::with_capacity(count);
    for _ in 0..count {
        variables.push(label(&at));
        for d in (0..sizes.len()).rev() {
            at[d] += 1;
            if at[d] < sizes[d] {
                break;
            }
            at[d] = 0;
        }
    }
    Some(variables)
}

impl Labels {
    /// One variable for all elements.
    pub fn uniform(variable: Variable) -> Self {
        Self { variables: vec![variable], inner: 1 }
    }

    /// One variable per index over the dimensions of `range`.
    pub fn over(variables: Vec<Variable>, shape: &[usize], range: &Range<usize>) -> Self {
        match variables.first() {
            Some(&first) if variables.iter().all(|&v| v == first) => Self::uniform(first),
            _ => Self { variables, inner: behind(shape, range.end) },
        }
    }

    /// One variable per index of the last dimension.
    pub fn of_channels(variables: Vec<Variable>, shape: &[usize]) -> Self {
        Self::over(variables, shape, &(shape.len().saturating_sub(1)..shape.len()))
    }

    /// All variables, some perhaps more than once.
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// With other variables in the places of these.
    pub fn map(&self, to: impl Fn(Variable) -> Variable) -> Self {
        Self { variables: self.variables.iter().map(|&v| to(v)).collect(), inner: self.inner }
    }

    /// The variable of an element.
    pub fn of_element(&self, index: usize) -> Variable {
        self.variables[index / self.inner % self.variables.len()]
    }
}

impl Labelled<'_> {
    /// The dimensions that labels depend on: the fewest adjacent ones.
    pub fn range(&self) -> Range<usize> {
        let rank = self.shape.len();
        if self.labels.variables.len() == 1 {
            return rank..rank;
        }
        let period = self.labels.inner * self.labels.variables.len();
        let end = (0..=rank).find(|&d| self.labels.inner.is_multiple_of(behind(self.shape, d)));
        let end = end.unwrap_or(rank);
        let start = (0..=end).rev().find(|&d| behind(self.shape, d).is_multiple_of(period));
        start.unwrap_or(0)..end
    }

    /// The variable at an index over `range`, which holds [`Self::range`]; a dimension of size 1 is
    /// repeated.
    pub fn at(&self, range: &Range<usize>, index: &[usize]) -> Variable {
        let dimensions = range.clone().zip(index);
        let element = dimensions
            .fold(0, |element, (d, &i)| element * self.shape[d] + i.min(self.shape[d].saturating_sub(1)));
        self.labels.of_element(element * behind(self.shape, range.end))
    }

    /// The variable of each index of the last dimension, if labels depend on no other.
    pub fn channels(&self) -> Option<Vec<Variable>> {
        let rank = self.shape.len();
        let last = rank.saturating_sub(1)..rank;
        let range = self.range();
        let fits = range.is_empty() || range == last;
        fits.then(|| table(&self.shape[last.clone()], |index| self.at(&last, index))).flatten()
    }

    /// Behind a transposition: result dimension `d` is dimension `perm[d]` of this value.
    pub fn transposed(&self, perm: &[usize]) -> Option<Labels> {
        let range = self.range();
        let result: Vec<usize> = perm.iter().map(|&d| self.shape[d]).collect();
        let moved = |d: &usize| range.contains(&perm[*d]) && result[*d] > 1;
        let (Some(first), Some(last)) = ((0..perm.len()).find(moved), (0..perm.len()).rev().find(moved))
        else {
            return Some(self.labels.clone());
        };
        let to = first..last + 1;
        let mut source = vec![0; range.len()];
        let variables = table(&result[to.clone()], |index| {
            for (d, &i) in to.clone().zip(index) {
                if range.contains(&perm[d]) {
                    source[perm[d] - range.start] = i;
                }
            }
            self.at(&range, &source)
        })?;
        Some(Labels::over(variables, &result, &to))
    }

    /// Behind a slice with this result.
    pub fn sliced(&self, start: &[usize], stride: &[usize], result: &[usize]) -> Option<Labels> {
        let range = self.range();
        let mut source = vec![0; range.len()];
        let variables = table(&result[range.clone()], |index| {
            for (k, (d, &i)) in range.clone().zip(index).enumerate() {
                source[k] = start[d] + i * stride[d];
            }
            self.at(&range, &source)
        })?;
        Some(Labels::over(variables, result, &range))
    }

    /// Behind a border of zeros, with this result; a channel that lies in the border has the variable
    /// that `fresh` gives.
    pub fn padded(
        &self,
        low: &[usize],
        result: &[usize],
        mut fresh: impl FnMut() -> Variable,
    ) -> Option<Labels> {
        let range = self.range();
        let variables = table(&result[range.clone()], |index| {
            let inside = |(d, &i): (usize, &usize)| i.checked_sub(low[d]).filter(|&i| i < self.shape[d]);
            let source: Option<Vec<usize>> = range.clone().zip(index).map(inside).collect();
            source.map_or_else(&mut fresh, |source| self.at(&range, &source))
        })?;
        Some(Labels::over(variables, result, &range))
    }
}

/// Behind a concat along `axis`, which `range` holds, as it holds the ranges of all parts.
pub fn concatenated(
    parts: &[Labelled<'_>],
    axis: usize,
    range: &Range<usize>,
    result: &[usize],
) -> Option<Labels> {
    let variables = table(&result[range.clone()], |index| {
        let mut index = index.to_vec();
        let mut part = 0;
        while part + 1 < parts.len() && index[axis - range.start] >= parts[part].shape[axis] {
            index[axis - range.start] -= parts[part].shape[axis];
            part += 1;
        }
        parts[part].at(range, &index)
    })?;
    Some(Labels::over(variables, result, range))
}

/// The dimensions from the first to the last that any of the ranges holds.
pub fn hull(ranges: impl IntoIterator<Item = Range<usize>>) -> Range<usize> {
    let join = |a: Range<usize>, b: Range<usize>| a.start.min(b.start)..a.end.max(b.end);
    ranges.into_iter().filter(|range| !range.is_empty()).reduce(join).unwrap_or(0..0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Labels per index of one dimension.
    fn along(shape: &[usize], dimension: usize, first: Variable) -> Labels {
        let variables = (first..first + shape[dimension]).collect();
        Labels::over(variables, shape, &(dimension..dimension + 1))
    }

    fn elements(labels: &Labels, shape: &[usize]) -> Vec<Variable> {
        (0..shape.iter().product()).map(|i| labels.of_element(i)).collect()
    }

    #[test]
    fn channels_are_found_behind_transpositions_and_reshapes() {
        let nhwc = [1, 2, 3, 4];
        let labels = along(&nhwc, 3, 10);
        let value = Labelled { labels: &labels, shape: &nhwc };
        assert_eq!(value.channels(), Some(vec![10, 11, 12, 13]));
        let nchw = [1, 4, 2, 3];
        let moved = value.transposed(&[0, 3, 1, 2]).unwrap();
        assert_eq!(moved, along(&nchw, 1, 10));
        let moved = Labelled { labels: &moved, shape: &nchw };
        assert_eq!((moved.range(), moved.channels()), (1..2, None));
        // Flattened, a channel is six elements in a row; in NHWC, every fourth.
        let flat = Labelled { labels: moved.labels, shape: &[1, 24] };
        let repeated: Vec<Variable> = (10..14).flat_map(|v| [v; 6]).collect();
        assert_eq!(flat.channels(), Some(repeated));
        let flat = Labelled { labels: &labels, shape: &[1, 24] };
        assert_eq!(flat.channels().map(|c| c[3..7].to_vec()), Some(vec![13, 10, 11, 12]));
        // Half of the channels in each row: no function of the last dimension.
        assert_eq!(Labelled { labels: &labels, shape: &[12, 2] }.channels(), None);
    }

    #[test]
    fn a_shuffle_in_groups_is_followed() {
        let labels = along(&[1, 2, 2, 6], 3, 10);
        let grouped = Labelled { labels: &labels, shape: &[1, 2, 2, 3, 2] };
        assert_eq!(grouped.range(), 3..5);
        let shuffled = grouped.transposed(&[0, 1, 2, 4, 3]).unwrap();
        let back = Labelled { labels: &shuffled, shape: &[1, 2, 2, 6] };
        assert_eq!(back.channels(), Some(vec![10, 12, 14, 11, 13, 15]));
    }

    #[test]
    fn any_transposition_of_any_labels_moves_variables_with_elements() {
        let shape = [2, 3, 4];
        let labels = along(&[4, 6], 1, 1);
        let value = Labelled { labels: &labels, shape: &shape };
        for perm in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let result: Vec<usize> = perm.iter().map(|&d| shape[d]).collect();
            let moved = value.transposed(&perm).unwrap();
            let expected = table(&result, |index| {
                let mut source = [0; 3];
                for (d, &i) in index.iter().enumerate() {
                    source[perm[d]] = i;
                }
                labels.of_element((source[0] * 3 + source[1]) * 4 + source[2])
            });
            assert_eq!(Some(elements(&moved, &result)), expected, "{perm:?}");
        }
    }

    #[test]
    fn slices_take_and_borders_add_channels() {
        let shape = [1, 2, 2, 5];
        let labels = along(&shape, 3, 10);
        let value = Labelled { labels: &labels, shape: &shape };
        let cut = value.sliced(&[0, 1, 0, 1], &[1, 1, 1, 2], &[1, 1, 2, 2]).unwrap();
        assert_eq!(Labelled { labels: &cut, shape: &[1, 1, 2, 2] }.channels(), Some(vec![11, 13]));
        let mut next = 99;
        let fresh = || {
            next += 1;
            next
        };
        let result = [1, 4, 2, 8];
        let padded = value.padded(&[0, 1, 0, 1], &result, fresh).unwrap();
        let channels = Labelled { labels: &padded, shape: &result }.channels();
        assert_eq!(channels, Some(vec![100, 10, 11, 12, 13, 14, 101, 102]));
    }

    #[test]
    fn a_concat_puts_channels_side_by_side() {
        let (a, b) = (along(&[1, 2, 2, 2], 3, 10), Labels::uniform(7));
        let parts =
            [Labelled { labels: &a, shape: &[1, 2, 2, 2] }, Labelled { labels: &b, shape: &[1, 2, 2, 3] }];
        let whole = concatenated(&parts, 3, &(3..4), &[1, 2, 2, 5]).unwrap();
        let channels = Labelled { labels: &whole, shape: &[1, 2, 2, 5] }.channels();
        assert_eq!(channels, Some(vec![10, 11, 7, 7, 7]));
    }

    #[test]
    fn more_variables_than_the_limit_are_refused() {
        assert_eq!(table(&[MAX_VARIABLES, 2], |_| 0), None);
        let labels = along(&[2048, 1024], 1, 1);
        let wide = Labelled { labels: &labels, shape: &[1, 2048 * 1024] };
        assert_eq!(wide.channels(), None);
    }
}
