//! Items without what cannot be chosen, and what they would lose if they were divisible.

use super::Candidate;

/// An item without the candidates that another one beats: costs rise, losses fall.
pub(super) struct Item {
    /// Its place in the input.
    pub(super) place: usize,
    /// `(candidate, index in the input)`.
    pub(super) candidates: Vec<(Candidate, usize)>,
}

/// A step from one candidate to the next on the lower convex hull.
#[derive(Clone, Copy)]
pub(super) struct Step {
    pub(super) item: usize,
    pub(super) to: usize,
    pub(super) cost: u64,
    pub(super) gain: f64,
    /// Gain per cost, by which steps are ordered everywhere.
    pub(super) rate: f64,
}

/// The linear relaxation of the items from one on: steps by falling gain per cost.
pub(super) struct Relaxation {
    pub(super) base_cost: u64,
    pub(super) base_loss: f64,
    pub(super) steps: Vec<Step>,
    /// Before each step and behind the last: what the steps so far cost and gain.
    pub(super) sums: Vec<(u64, f64)>,
}

impl Relaxation {
    /// Of the items from one on; `steps` are those of all items, by falling gain per cost.
    pub(super) fn new(items: &[Item], steps: &[Step], from: usize) -> Self {
        let rest = &items[from..];
        let steps: Vec<Step> = steps.iter().filter(|step| step.item >= from).copied().collect();
        let mut sums = vec![(0, 0.0)];
        let (mut cost, mut gain) = (0u64, 0.0);
        for step in &steps {
            (cost, gain) = (cost.saturating_add(step.cost), gain + step.gain);
            sums.push((cost, gain));
        }
        Self {
            base_cost: rest.iter().map(|item| item.candidates[0].0.cost).sum(),
            base_loss: rest.iter().map(|item| item.candidates[0].0.loss).sum(),
            steps,
            sums,
        }
    }

    /// A lower bound of what these items lose if others have cost `cost`; none if even the cheapest do not
    /// fit.
    pub(super) fn bound(&self, budget: u64, cost: u64) -> Option<f64> {
        let left = budget.checked_sub(cost)?.checked_sub(self.base_cost)?;
        let whole = self.sums.partition_point(|sum| sum.0 <= left) - 1;
        let part = self
            .steps
            .get(whole)
            .map_or(0.0, |step| step.gain * ((left - self.sums[whole].0) as f64 / step.cost as f64));
        Some(self.base_loss - self.sums[whole].1 - part)
    }
}

/// Candidates that no other one beats in both cost and loss, by rising cost.
pub(super) fn undominated(item: &[Candidate]) -> Option<Vec<(Candidate, usize)>> {
    let mut all: Vec<(Candidate, usize)> =
        item.iter().copied().enumerate().filter(|(_, c)| c.loss.is_finite()).map(|(n, c)| (c, n)).collect();
    all.sort_by(|a, b| a.0.cost.cmp(&b.0.cost).then(a.0.loss.total_cmp(&b.0.loss)).then(a.1.cmp(&b.1)));
    let mut least = f64::INFINITY;
    all.retain(|(candidate, _)| {
        let keep = candidate.loss < least;
        least = least.min(candidate.loss);
        keep
    });
    (!all.is_empty()).then_some(all)
}

/// The steps along the lower convex hull of an item's candidates.
pub(super) fn hull(item: usize, candidates: &[(Candidate, usize)]) -> Vec<Step> {
    let step = |from: usize, to: usize| {
        let (a, b) = (candidates[from].0, candidates[to].0);
        let (cost, gain) = (b.cost - a.cost, a.loss - b.loss);
        Step { item, to, cost, gain, rate: gain / cost as f64 }
    };
    let mut corners: Vec<usize> = Vec::new();
    for next in 0..candidates.len() {
        while let [.., before, last] = corners[..] {
            if step(before, last).rate > step(last, next).rate {
                break;
            }
            corners.pop();
        }
        corners.push(next);
    }
    corners.windows(2).map(|pair| step(pair[0], pair[1])).collect()
}
