//! Means and second moments of the patches that layers read.

use crate::network::Layer;

/// Moments of a layer's patches: what its rounding is judged by.
///
/// For a group `g`, `second[g]` is the symmetric matrix `E[x x^T]` and `mean[g]` the vector `E[x]`, over
/// patches `x` (`depth` elements) of all positions seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Moments {
    /// Number of groups.
    pub groups: usize,
    /// Elements of a patch.
    pub depth: usize,
    /// Number of patches seen.
    pub count: u64,
    /// `[groups][depth][depth]`.
    pub second: Vec<f64>,
    /// `[groups][depth]`.
    pub mean: Vec<f64>,
}

impl Moments {
    /// Sums of nothing yet.
    pub(crate) fn zero(layer: &Layer) -> Self {
        let (groups, depth) = (layer.groups, layer.depth);
        let (second, mean) = (vec![0.0; groups * depth * depth], vec![0.0; groups * depth]);
        Self { groups, depth, count: 0, second, mean }
    }

    /// Adds sums of other patches.
    pub(crate) fn add(&mut self, others: &Self) {
        let sums = self.second.iter_mut().chain(&mut self.mean);
        sums.zip(others.second.iter().chain(&others.mean)).for_each(|(sum, more)| *sum += more);
        self.count += others.count;
    }

    /// Sums over patches, divided by their number.
    pub(crate) fn averaged(mut self) -> Self {
        let count = self.count.max(1) as f64;
        self.second.iter_mut().chain(&mut self.mean).for_each(|sum| *sum /= count);
        self
    }

    /// `E[x x^T]` of a group, row-major.
    pub fn second(&self, group: usize) -> &[f64] {
        let size = self.depth * self.depth;
        &self.second[group * size..(group + 1) * size]
    }

    /// `E[x]` of a group.
    pub fn mean(&self, group: usize) -> &[f64] {
        &self.mean[group * self.depth..(group + 1) * self.depth]
    }
}
