//! What all formats of a layer share: damping, the order in which weights are rounded, and the factor of
//! the inverse.

use rayon::prelude::*;

use super::{
    factor::{factorize, inverse_factor},
    lanes::{add_multiple, dot},
    matrix::Matrix,
};
use crate::{moments::Moments, network::Layer};

/// What is added to the diagonal, relative to its mean.
pub(super) const DAMPING: f64 = 0.01;
/// How often the damping of a matrix that cannot be factored is raised, tenfold each time.
const RAISES: usize = 8;

/// A layer's moments, made ready once for all formats.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(super) groups: Vec<Group>,
    centred: bool,
}

/// A group's.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// The places of weights in a row, by rising importance: rounded from the last to the first.
    pub order: Vec<usize>,
    /// With `H^-1 = M^T M` in that order, the columns of the lower triangular `M`, one after the other.
    pub factor: Vec<f64>,
    /// The damped diagonal, in the order of the row.
    pub importance: Vec<f64>,
    /// What was added to the diagonal.
    pub damping: f64,
    /// Whether the moments are finite.
    pub known: bool,
}

impl Prepared {
    /// For weights behind which the bias is corrected: what counts is the variance of the error.
    pub fn new(layer: &Layer, moments: &Moments) -> Self {
        Self::with(layer, moments, true)
    }

    /// For weights behind which the bias stays: what counts is the error with its mean.
    pub fn uncorrected(layer: &Layer, moments: &Moments) -> Self {
        Self::with(layer, moments, false)
    }

    fn with(layer: &Layer, moments: &Moments, centred: bool) -> Self {
        let group = |group: usize| Group::new(&Matrix::of(moments, group, centred), layer.depth);
        Self { groups: (0..layer.groups).into_par_iter().map(group).collect(), centred }
    }

    /// The form that a group's rows are rounded by.
    pub(super) fn matrix<'a>(&self, moments: &'a Moments, group: usize) -> Matrix<'a> {
        let Group { known, damping, .. } = self.groups[group];
        Matrix::trusted(moments, group, self.centred, known, damping)
    }

    /// The weights that explain best, in the least squares, what a layer's sums miss: `D H^-1` with `H` these
    /// moments of what it reads, damped, and `D` the covariance with it of what is missing, `[outputs][depth]`.
    pub fn ridge(&self, layer: &Layer, covariance: &[f64]) -> Vec<f64> {
        let depth = layer.depth.max(1);
        let mut weights = vec![0.0; layer.weights.len()];
        weights.par_chunks_mut(depth).enumerate().for_each(|(output, weights)| {
            let group = &self.groups[layer.group(output)];
            let covariance = &covariance[output * depth..(output + 1) * depth];
            let mut product = vec![0.0; depth];
            for (k, &place) in group.order.iter().enumerate() {
                let factor = &group.factor[k * depth + k..(k + 1) * depth];
                add_multiple(&mut product[k..], covariance[place], factor);
            }
            for (k, &place) in group.order.iter().enumerate() {
                weights[place] = dot(&group.factor[k * depth + k..(k + 1) * depth], &product[k..]);
            }
        });
        weights
    }
}

impl Group {
    fn new(matrix: &Matrix<'_>, depth: usize) -> Self {
        let diagonal: Vec<f64> = (0..depth).map(|i| matrix.element(i, i).max(0.0)).collect();
        let mean = diagonal.iter().sum::<f64>() / depth.max(1) as f64;
        let mut order: Vec<usize> = (0..depth).collect();
        order.sort_by(|&a, &b| diagonal[a].total_cmp(&diagonal[b]).then(b.cmp(&a)));
        // Inputs that are always the same leave no error behind a corrected bias: any rounding will do.
        let mut damping = if mean > 0.0 { DAMPING * mean } else { 1.0 };
        for _ in 0..RAISES {
            let mut h = vec![0.0; depth * depth];
            h.par_chunks_mut(depth.max(1)).zip(&order).for_each(|(row, &i)| {
                for (element, &j) in row.iter_mut().zip(&order) {
                    *element = if i == j { diagonal[i] + damping } else { matrix.element(i, j) };
                }
            });
            if factorize(&mut h, depth) {
                let factor = inverse_factor(&h, depth);
                let importance = diagonal.iter().map(|h| h + damping).collect();
                return Self { order, factor, importance, damping, known: matrix.is_known() };
            }
            damping *= 10.0;
        }
        // No covariance at all: each weight counts for itself.
        let factor = (0..depth * depth).map(|i| f64::from(u8::from(i % (depth + 1) == 0))).collect();
        Self { order, factor, importance: vec![1.0; depth], damping: 1.0, known: false }
    }
}
