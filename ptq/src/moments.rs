//! Means and second moments of the patches that layers read.

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
