//! Rows of one group, rounded together.

use super::{
    Method, Options,
    descent::{Row, descend},
    gptq,
    grid::{Grid, power},
    lanes::{LANES, Lanes, apart, round_nearest, side_by_side},
    matrix::{Bias, Matrix},
    prepared::Group,
};

/// Exponents at which GPTQ is tried.
const TRIED: usize = 2;

/// What rows of a group are rounded by.
pub struct Task<'a> {
    pub matrix: Matrix<'a>,
    pub group: &'a Group,
    pub grid: Grid,
    pub options: &'a Options,
}

/// A row and the exponents it may take, the best first.
pub struct Channel<'a> {
    pub target: &'a [f64],
    pub exps: &'a [i32],
}

/// A rounded row.
pub struct Outcome {
    /// Integers of the grid.
    pub integers: Vec<f64>,
    /// The scale exponent.
    pub exp: i32,
    /// The expected squared error of the channel's sums.
    pub error: f64,
}

/// Rows on the grid, by lane, in the order of weights in a row.
struct Candidate {
    rounded: Vec<Lanes>,
    exps: [i32; LANES],
}

/// Rows with their exponents.
struct Rows {
    rows: Vec<Row>,
    exps: [i32; LANES],
}

impl Task<'_> {
    /// Rounds at most [`LANES`] rows.
    ///
    /// By the damped form, none is worse than what rounding to nearest at its first exponent gives.
    pub fn round(&self, channels: &[Channel<'_>]) -> Vec<Outcome> {
        let mut best = self.rows(channels, &self.nearest(channels));
        if self.options.method == Method::Gptq {
            let tries = channels.iter().map(|channel| channel.exps.len()).max().unwrap_or(1).min(TRIED);
            for attempt in 0..tries {
                let mut found = self.rows(channels, &self.propagated(channels, attempt));
                descend(&mut found.rows, &self.matrix, &self.group.order, &self.grid, self.options.sweeps);
                best.take_better(found, &self.matrix);
            }
        }
        let bias = if self.options.bias_correction { Bias::Corrected } else { Bias::Off(0.0) };
        let finish = |(row, exp): (Row, i32)| {
            let error = self.matrix.error(&row.difference, &row.gradient, bias) * power(exp) * power(exp);
            Outcome { integers: row.rounded, exp, error }
        };
        best.rows.into_iter().zip(best.exps).map(finish).collect()
    }

    /// Every weight rounded for itself, at the first exponents.
    fn nearest(&self, channels: &[Channel<'_>]) -> Candidate {
        let exps = choice(channels, 0);
        let mut rounded = side_by_side(channels.len(), self.group.order.len(), |row, k| {
            channels[row].target[k] * power(-exps[row])
        });
        round_nearest(rounded.as_flattened_mut(), &self.grid);
        Candidate { rounded, exps }
    }

    /// What GPTQ yields, at the exponents of number `attempt`.
    fn propagated(&self, channels: &[Channel<'_>], attempt: usize) -> Candidate {
        let (order, exps) = (&self.group.order, choice(channels, attempt));
        let mut weights = side_by_side(channels.len(), order.len(), |row, k| {
            channels[row].target[order[k]] * power(-exps[row])
        });
        gptq::propagate(&mut weights, self.group, &self.grid);
        let mut rounded = vec![[0.0; LANES]; order.len()];
        for (&place, weights) in order.iter().zip(weights) {
            rounded[place] = weights;
        }
        Candidate { rounded, exps }
    }

    /// A candidate's rows, with what they are off by.
    fn rows(&self, channels: &[Channel<'_>], Candidate { rounded, exps }: &Candidate) -> Rows {
        let lost = side_by_side(channels.len(), rounded.len(), |row, k| {
            channels[row].target[k] * power(-exps[row]) - rounded[k][row]
        });
        let gradients = apart(channels.len(), &self.matrix.gradient(&lost));
        let row = |((rounded, gradient), lost): ((Vec<f64>, Vec<f64>), Vec<f64>)| {
            let difference = lost.into_iter().map(|lost| -lost).collect();
            Row { rounded, difference, gradient }
        };
        let rows =
            apart(channels.len(), rounded).into_iter().zip(gradients).zip(apart(channels.len(), &lost));
        Rows { rows: rows.map(row).collect(), exps: *exps }
    }
}

impl Rows {
    /// Takes the rows of another candidate that have, by the damped form, no greater error.
    fn take_better(&mut self, other: Self, matrix: &Matrix<'_>) {
        let error =
            |row: &Row, exp: i32| matrix.damped(&row.difference, &row.gradient) * power(exp) * power(exp);
        for (lane, row) in other.rows.into_iter().enumerate() {
            let exp = other.exps[lane];
            if error(&row, exp) <= error(&self.rows[lane], self.exps[lane]) {
                (self.rows[lane], self.exps[lane]) = (row, exp);
            }
        }
    }
}

/// The exponent that each channel tries as number `attempt`; its last one if it has no more.
fn choice(channels: &[Channel<'_>], attempt: usize) -> [i32; LANES] {
    std::array::from_fn(|lane| {
        let exps = channels.get(lane).map_or(&[][..], |channel| channel.exps);
        exps.get(attempt).or(exps.last()).copied().unwrap_or(0)
    })
}
