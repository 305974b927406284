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

impl Task<'_> {
    /// Rounds at most [`LANES`] rows.
    ///
    /// By the damped form, none is worse than what rounding to nearest at its first exponent gives.
    pub fn round(&self, channels: &[Channel<'_>]) -> Vec<Outcome> {
        let nearest = self.nearest(channels);
        let (mut rows, exps) = match self.options.method {
            Method::Nearest => (self.rows(channels, &nearest).0, nearest.exps),
            Method::Gptq => self.better(channels, &nearest, &self.propagated(channels)),
        };
        if self.options.method == Method::Gptq {
            descend(&mut rows, &self.matrix, &self.group.order, &self.grid, self.options.sweeps);
        }
        let bias = if self.options.bias_correction { Bias::Corrected } else { Bias::Off(0.0) };
        let finish = |(row, exp): (Row, i32)| {
            let error = self.matrix.error(&row.difference, &row.gradient, bias) * power(exp) * power(exp);
            Outcome { integers: row.rounded, exp, error }
        };
        rows.into_iter().zip(exps).map(finish).collect()
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

    /// What GPTQ yields, at the better of a few exponents.
    fn propagated(&self, channels: &[Channel<'_>]) -> Candidate {
        let order = &self.group.order;
        let tries = channels.iter().map(|channel| channel.exps.len()).max().unwrap_or(1).min(TRIED);
        let mut best = Candidate { rounded: vec![[0.0; LANES]; order.len()], exps: [0; LANES] };
        let mut least = [f64::INFINITY; LANES];
        for attempt in 0..tries {
            let exps = choice(channels, attempt);
            let mut weights = side_by_side(channels.len(), order.len(), |row, k| {
                channels[row].target[order[k]] * power(-exps[row])
            });
            let errors = gptq::propagate(&mut weights, self.group, &self.grid);
            let error: Lanes =
                std::array::from_fn(|lane| errors[lane] * power(exps[lane]) * power(exps[lane]));
            let better: [bool; LANES] = std::array::from_fn(|lane| attempt == 0 || error[lane] < least[lane]);
            for (weights, &place) in weights.iter().zip(order) {
                for lane in 0..LANES {
                    if better[lane] {
                        best.rounded[place][lane] = weights[lane];
                    }
                }
            }
            for lane in (0..LANES).filter(|&lane| better[lane]) {
                (least[lane], best.exps[lane]) = (error[lane], exps[lane]);
            }
        }
        best
    }

    /// Of each row the better candidate, `b` of two equals.
    fn better(&self, channels: &[Channel<'_>], a: &Candidate, b: &Candidate) -> (Vec<Row>, [i32; LANES]) {
        let (mut rows, errors) = self.rows(channels, b);
        let (others, least) = self.rows(channels, a);
        let mut exps = b.exps;
        for (lane, other) in others.into_iter().enumerate() {
            if least[lane] < errors[lane] {
                (rows[lane], exps[lane]) = (other, a.exps[lane]);
            }
        }
        (rows, exps)
    }

    /// A candidate's rows, and their damped errors.
    fn rows(&self, channels: &[Channel<'_>], candidate: &Candidate) -> (Vec<Row>, Lanes) {
        let size = self.group.order.len();
        let lost = side_by_side(channels.len(), size, |row, k| {
            channels[row].target[k] * power(-candidate.exps[row]) - candidate.rounded[k][row]
        });
        let judged = self.matrix.judge(&lost);
        let errors: Lanes = std::array::from_fn(|lane| {
            let unit = power(candidate.exps[lane]);
            self.matrix.damped(&judged, lane) * unit * unit
        });
        let rounded = apart(channels.len(), &candidate.rounded);
        let gradients = apart(channels.len(), &judged.gradient);
        let differences = apart(channels.len(), &lost);
        let row = |((rounded, gradient), mut difference): ((Vec<f64>, Vec<f64>), Vec<f64>)| {
            difference.iter_mut().for_each(|d| *d = -*d);
            Row { rounded, difference, gradient }
        };
        (rounded.into_iter().zip(gradients).zip(differences).map(row).collect(), errors)
    }
}

/// The exponent that each channel tries as number `attempt`; its last one if it has no more.
fn choice(channels: &[Channel<'_>], attempt: usize) -> [i32; LANES] {
    std::array::from_fn(|lane| {
        let exps = channels.get(lane).map_or(&[][..], |channel| channel.exps);
        exps.get(attempt).or(exps.last()).copied().unwrap_or(0)
    })
}
