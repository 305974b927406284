//! The integers of Winograd's F(2x2, 3x3): which inputs and weights stay bytes through its transforms.
//!
//! A window `d` of 4x4 inputs and a filter `g` of 3x3 weights give 2x2 outputs `A'[(B'dB) * (GgG')]A`, the product
//! in the middle element by element, summed over channels. `B` and `A` hold 0 and ±1 alone, `2G` too but for two 2.
//! With `(2G)g(2G)'` in place of `GgG'` all is integer, and every output comes out 4 times too large: a shift to the
//! right by 2 is exact.

/// Inputs in a row or column of a window, and of its transform.
pub const WINDOW: usize = 4;
/// Weights in a row or column of a filter.
pub const FILTER: usize = 3;
/// Outputs in a row or column.
pub const OUTPUTS: usize = 2;
/// Elements of a transformed window or filter.
pub const POSITIONS: usize = WINDOW * WINDOW;
/// The element of a transformed window that counts in every output, once.
pub const SHARED: usize = WINDOW + 1;
/// By how many bits outputs are too large.
pub const SHIFT: i64 = 2;

/// `B'`.
pub const INPUT: [[i64; WINDOW]; WINDOW] = [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]];
/// `2G`.
const WEIGHT: [[i64; FILTER]; WINDOW] = [[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]];
/// `A'`.
pub const OUTPUT: [[i64; WINDOW]; OUTPUTS] = [[1, 1, 1, 0], [0, 1, -1, -1]];

/// `(2G)g(2G)'` of a filter, row by row.
pub fn transformed(filter: [i64; FILTER * FILTER]) -> [i64; POSITIONS] {
    std::array::from_fn(|position| {
        let (rows, columns) = (WEIGHT[position / WINDOW], WEIGHT[position % WINDOW]);
        let term = |(at, weight): (usize, i64)| rows[at / FILTER] * columns[at % FILTER] * weight;
        filter.into_iter().enumerate().map(term).sum()
    })
}

/// Whether a transformed filter is made of signed bytes.
pub fn are_bytes(transformed: &[i64; POSITIONS]) -> bool {
    transformed.iter().all(|&weight| i8::try_from(weight).is_ok())
}

/// Whether all filters are made of signed bytes when transformed, of weights within an interval.
pub fn weights_fit(weights: [i64; 2]) -> bool {
    (0..POSITIONS).all(|position| {
        let (rows, columns) = (WEIGHT[position / WINDOW], WEIGHT[position % WINDOW]);
        let factors = rows.into_iter().flat_map(|row| columns.map(|column| row * column));
        let [least, largest] = interval(factors, weights);
        least >= -128 && largest <= 127
    })
}

/// The factors of a window's elements in an element of its transform.
fn factors(position: usize) -> impl Iterator<Item = i64> {
    let (rows, columns) = (INPUT[position / WINDOW], INPUT[position % WINDOW]);
    rows.into_iter().flat_map(move |row| columns.map(|column| row * column))
}

/// The sum of the factors of a window's elements in an element of its transform.
pub fn gain(position: usize) -> i64 {
    factors(position).sum()
}

/// The least and the largest sum of numbers within an interval, each with its factor.
fn interval(factors: impl Iterator<Item = i64>, [lo, hi]: [i64; 2]) -> [i64; 2] {
    factors.fold([0, 0], |[least, largest], factor| {
        let (a, b) = (factor * lo, factor * hi);
        [least + a.min(b), largest + a.max(b)]
    })
}

/// What the elements of transformed windows are stored plus, so that they fit a byte, signed or not; none if some
/// do not, of inputs within an interval.
pub fn offsets(inputs: [i64; 2], signed: bool) -> Option<[i64; POSITIONS]> {
    let (first, last) = if signed { (-128, 127) } else { (0, 255) };
    let mut found = [0; POSITIONS];
    for (position, offset) in found.iter_mut().enumerate() {
        let [least, largest] = interval(factors(position), inputs);
        if largest - least > last - first {
            return None;
        }
        *offset = (first - least).max(0) + (last - largest).min(0);
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::Format;

    /// `B'dB`.
    fn window(d: [i64; POSITIONS]) -> [i64; POSITIONS] {
        std::array::from_fn(|position| factors(position).zip(d).map(|(factor, x)| factor * x).sum())
    }

    /// `A'mA`.
    fn output(m: [i64; POSITIONS]) -> [i64; OUTPUTS * OUTPUTS] {
        std::array::from_fn(|at| {
            let (rows, columns) = (OUTPUT[at / OUTPUTS], OUTPUT[at % OUTPUTS]);
            (0..POSITIONS).map(|p| rows[p / WINDOW] * columns[p % WINDOW] * m[p]).sum()
        })
    }

    fn convolved(d: [i64; POSITIONS], g: [i64; FILTER * FILTER]) -> [i64; OUTPUTS * OUTPUTS] {
        std::array::from_fn(|at| {
            let (y, x) = (at / OUTPUTS, at % OUTPUTS);
            let taps = (0..FILTER).flat_map(|i| (0..FILTER).map(move |j| (i, j)));
            taps.map(|(i, j)| d[(y + i) * WINDOW + x + j] * g[i * FILTER + j]).sum()
        })
    }

    /// Every window whose elements are one of two numbers.
    fn corners(values: [i64; 2]) -> impl Iterator<Item = [i64; POSITIONS]> {
        (0..1usize << POSITIONS).map(move |bits| std::array::from_fn(|at| values[bits >> at & 1]))
    }

    #[test]
    fn outputs_are_four_times_the_convolutions() {
        // Both sides are linear in the window and in the filter: the unit windows and filters say all.
        for (x, w) in (0..POSITIONS).flat_map(|x| (0..FILTER * FILTER).map(move |w| (x, w))) {
            let (mut d, mut g) = ([0; POSITIONS], [0; FILTER * FILTER]);
            (d[x], g[w]) = (1, 1);
            let (v, u) = (window(d), transformed(g));
            let products = std::array::from_fn(|p| v[p] * u[p]);
            assert_eq!(output(products), convolved(d, g).map(|y| y << SHIFT), "input {x}, weight {w}");
        }
    }

    #[test]
    fn the_shared_element_counts_once_in_every_output() {
        let mut m = [0; POSITIONS];
        m[SHARED] = 1;
        assert_eq!(output(m), [1; OUTPUTS * OUTPUTS]);
    }

    #[test]
    fn transforms_of_every_corner_fit_and_reach_the_ends() {
        for [lo, hi] in [[0, 63], [-31, 31], [0, 0], [-63, 0], [-20, 43], [-32, 31], [0, 64], [-32, 32]] {
            let mut reached = [[i64::MAX, i64::MIN]; POSITIONS];
            for d in corners([lo, hi]) {
                for ([least, largest], v) in reached.iter_mut().zip(window(d)) {
                    (*least, *largest) = (v.min(*least), v.max(*largest));
                }
            }
            for (position, reached) in reached.into_iter().enumerate() {
                assert_eq!(
                    reached,
                    interval(factors(position), [lo, hi]),
                    "{lo} to {hi}, element {position}"
                );
            }
            for (signed, bytes) in [(false, 0..256), (true, -128..128)] {
                let found = offsets([lo, hi], signed);
                assert_eq!(found.is_some(), hi - lo <= 63, "{lo} to {hi}");
                for (offset, ends) in found.into_iter().flatten().zip(reached) {
                    let case = format!("{lo} to {hi}, signed {signed}: {ends:?} plus {offset}");
                    assert!(ends.iter().all(|end| bytes.contains(&(end + offset))), "{case}");
                }
            }
        }
    }

    #[test]
    fn a_window_of_one_number_has_its_gain() {
        let ones = window([1; POSITIONS]);
        assert_eq!(ones, std::array::from_fn(gain));
        assert_eq!((gain(SHARED), ones.iter().sum::<i64>()), (4, 4));
    }

    #[test]
    fn all_formats_of_four_bits_fit_as_weights_and_of_six_as_inputs() {
        let extremes = |name: &str| {
            let format: Format = name.parse().expect("a format");
            [format.int_min(), format.int_max()]
        };
        let fit = |name: &str| {
            let values = extremes(name);
            let filters = (0..1usize << (FILTER * FILTER))
                .map(|bits| transformed(std::array::from_fn(|at| values[bits >> at & 1])));
            let every = filters.into_iter().all(|filter| are_bytes(&filter));
            assert_eq!(every, weights_fit(values), "{name}");
            every
        };
        for name in ["e2m1", "e0m3", "e1m2", "e3m0", "e0m2", "e2m0"] {
            // `e3m0` reaches 64, too far by itself, but for filters whose weights are small.
            assert_eq!(fit(name), extremes(name)[1] <= 14, "{name}");
        }
        assert!(fit("e2m1") && fit("e0m3") && fit("e1m2") && !fit("e2m2") && !fit("e0m4"));
        for (name, fits) in [("ue0m6", true), ("ue2m3", true), ("e0m5", true), ("e1m4", true), ("e2m2", true)]
            .into_iter()
            .chain([("ue0m7", false), ("e0m6", false), ("ue2m4", false), ("e2m3", false)])
        {
            assert_eq!(offsets(extremes(name), false).is_some(), fits, "{name}");
            assert_eq!(offsets(extremes(name), true).is_some(), fits, "{name}");
        }
    }
}
