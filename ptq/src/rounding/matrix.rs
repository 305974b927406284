//! The quadratic form that rounding is judged by.
//!
//! With `d = q - w`, the sums of a channel are off by `d x`, in expectation of squares by `d S d^T` with
//! `S = E[x x^T]`. A corrected bias takes away the mean `d m`, `m = E[x]`; what is left is the variance
//! `d S d^T - (d m)^2`. Rounding makes small one or the other, plus `lambda |d|^2`: moments of a sample are
//! trusted only so far. No matrix is formed: `S` is read where it is.

use super::lanes::{LANES, Lanes, dot, side_by_side, subtract_products};
use crate::moments::Moments;

/// A group's form.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    /// `S`, row-major; empty if the moments are not finite, which counts as 0.
    second: &'a [f64],
    /// `m`.
    mean: &'a [f64],
    /// Whether the variance is made small.
    pub centred: bool,
    /// `lambda`.
    pub damping: f64,
}

impl<'a> Matrix<'a> {
    /// The form of a group, without damping.
    pub fn of(moments: &'a Moments, group: usize, centred: bool) -> Self {
        let finite = moments.second(group).iter().chain(moments.mean(group)).all(|x| x.is_finite());
        Self::trusted(moments, group, centred, finite, 0.0)
    }

    /// The form of a group; `known` tells whether its moments are of use.
    pub fn trusted(moments: &'a Moments, group: usize, centred: bool, known: bool, damping: f64) -> Self {
        let second = if known { moments.second(group) } else { &[] };
        Self { second, mean: moments.mean(group), centred, damping }
    }

    /// Whether the moments are finite. Else errors are `|d|^2`.
    pub fn is_known(&self) -> bool {
        !self.second.is_empty()
    }

    fn size(&self) -> usize {
        self.mean.len()
    }

    /// An element, without damping.
    pub fn element(&self, i: usize, j: usize) -> f64 {
        if !self.is_known() {
            return 0.0;
        }
        self.second[i * self.size() + j] - if self.centred { self.mean[i] * self.mean[j] } else { 0.0 }
    }

    /// A row of `S`.
    pub fn row(&self, i: usize) -> &'a [f64] {
        if self.is_known() { &self.second[i * self.size()..(i + 1) * self.size()] } else { &[] }
    }

    /// `m`, where it counts.
    pub fn mean(&self, i: usize) -> f64 {
        if self.centred && self.is_known() { self.mean[i] } else { 0.0 }
    }

    /// `S d` of rows, given what they lost, `-d`.
    pub fn gradient(&self, lost: &[Lanes]) -> Vec<Lanes> {
        let mut gradient = vec![[0.0; LANES]; lost.len()];
        if self.is_known() {
            subtract_products(&mut gradient, self.second, self.size(), lost);
        }
        gradient
    }

    /// The damped form of a row that is off by `difference`, given `S d`.
    pub fn damped(&self, difference: &[f64], gradient: &[f64]) -> f64 {
        let shift = if self.centred && self.is_known() { dot(difference, self.mean) } else { 0.0 };
        dot(difference, gradient) - shift * shift + self.damping * dot(difference, difference)
    }

    /// The expected squared error of a row that is off by `difference`, given `S d`; behind a bias that is
    /// off by `bias`.
    pub fn error(&self, difference: &[f64], gradient: &[f64], bias: Bias) -> f64 {
        if !self.is_known() {
            return dot(difference, difference);
        }
        let shift = dot(difference, self.mean);
        let bias = match bias {
            Bias::Corrected => -shift,
            Bias::Off(by) => by,
        };
        (dot(difference, gradient) + bias * (2.0 * shift + bias)).max(0.0)
    }

    /// The expected squared errors of rows that are off by `differences`, with biases that are off by `bias`.
    pub fn errors(&self, differences: &[&[f64]], bias: &[f64]) -> Vec<f64> {
        let lost = side_by_side(differences.len(), self.size(), |row, k| -differences[row][k]);
        let gradients = super::lanes::apart(differences.len(), &self.gradient(&lost));
        let rows = differences.iter().zip(gradients).zip(bias);
        rows.map(|((difference, gradient), &bias)| self.error(difference, &gradient, Bias::Off(bias)))
            .collect()
    }
}

/// The bias behind a row's error.
#[derive(Clone, Copy, Debug)]
pub enum Bias {
    /// It takes away the mean of the error.
    Corrected,
    /// It is off by this much.
    Off(f64),
}
