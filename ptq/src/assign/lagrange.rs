//! Selections within several budgets, and a bound, by Lagrangian relaxation (M. Fisher, Management Science
//! 27, 1981).
//!
//! With a price per resource every item chooses for itself, and what that costs is a lower bound of what any
//! selection within the budgets loses. Prices follow the excess for a fixed number of rounds. Every
//! choice that fits, or can be made to fit, is a selection; what it leaves of the budgets is spent.

use super::{Choices, Selection, UNLIMITED};

/// Rounds of prices.
const ROUNDS: usize = 600;
/// Rounds without a better bound after which steps are halved.
const PATIENCE: usize = 12;
/// Rounds of which one is made to fit.
const REPAIRED: usize = 4;

/// What the relaxation found.
pub(super) struct Relaxed {
    /// No selection within the limits has less error.
    pub bound: f64,
    /// The best selection within the limits that was met.
    pub best: Option<Selection>,
    /// By item and candidate: no selection with this candidate has less error than `bound` and this more.
    pub reduced: Vec<Vec<f64>>,
}

/// Relaxes limits, one per resource.
pub(super) fn relax(choices: &Choices, limits: &[u64]) -> Relaxed {
    let active: Vec<usize> = (0..limits.len()).filter(|&r| limits[r] != UNLIMITED).collect();
    let unit = |cost: u64, r: usize| cost as f64 / limits[r].max(1) as f64;
    // Errors are compared with budgets: a unit of price stands for the error that is at stake.
    let stake: f64 = choices
        .items()
        .iter()
        .map(|item| {
            let errors = item.iter().map(|candidate| candidate.error);
            errors.clone().fold(0.0, f64::max) - errors.fold(f64::INFINITY, f64::min)
        })
        .sum();
    let mut prices = vec![0.0; limits.len()];
    let mut relaxed = Relaxed { bound: f64::NEG_INFINITY, best: None, reduced: Vec::new() };
    let mut least = f64::INFINITY;
    let (mut part, mut failures) = (1.0, 0);
    for round in 0..ROUNDS {
        let price = |candidate: &super::Candidate| {
            candidate.error + active.iter().map(|&r| prices[r] * unit(candidate.costs[r], r)).sum::<f64>()
        };
        let mut value = -active.iter().map(|&r| prices[r] * unit(limits[r], r)).sum::<f64>();
        let mut selection: Selection = Vec::with_capacity(choices.items().len());
        let mut reduced: Vec<Vec<f64>> = Vec::with_capacity(choices.items().len());
        for item in choices.items() {
            let mut priced: Vec<f64> = item.iter().map(price).collect();
            let by_price = |&a: &usize, &b: &usize| priced[a].total_cmp(&priced[b]).then(a.cmp(&b));
            let index = (0..priced.len()).min_by(by_price).unwrap_or(0);
            let cheapest = priced[index];
            value += cheapest;
            priced.iter_mut().for_each(|price| *price -= cheapest);
            selection.push(index);
            reduced.push(priced);
        }
        failures += 1;
        if value > relaxed.bound {
            (relaxed.bound, relaxed.reduced) = (value, reduced);
            failures = 0;
        } else if failures == PATIENCE {
            (part, failures) = (part / 2.0, 0);
        }
        let costs = choices.costs(&selection);
        let over: Vec<f64> = active.iter().map(|&r| unit(costs[r], r) - unit(limits[r], r)).collect();
        // A step that would close the gap if the bound were linear (B. Polyak, 1969).
        let gap = if least.is_finite() { least - value } else { stake };
        let step = part * gap / over.iter().map(|over| over * over).sum::<f64>().max(1e-12);
        for (&r, over) in active.iter().zip(&over) {
            prices[r] = (prices[r] + step * over).max(0.0);
        }
        if round % REPAIRED == 0 && repair(choices, limits, &mut selection) {
            spend(choices, limits, &mut selection);
            let error = choices.error(&selection);
            if error < least {
                least = error;
                relaxed.best = Some(selection);
            }
        }
    }
    relaxed
}

/// How far costs are above limits, each in parts of its limit.
pub(super) fn excess(costs: &[u64], limits: &[u64]) -> f64 {
    let parts = costs
        .iter()
        .zip(limits)
        .map(|(&cost, &limit)| cost.saturating_sub(limit) as f64 / limit.max(1) as f64);
    parts.sum()
}

fn exchanged(costs: &[u64], from: &[u64], to: &[u64]) -> Vec<u64> {
    costs.iter().zip(from).zip(to).map(|((cost, from), to)| cost - from + to).collect()
}

/// Exchanges candidates until the limits hold, those first that gain most of it per error. Whether it came to
/// that.
pub(super) fn repair(choices: &Choices, limits: &[u64], selection: &mut Selection) -> bool {
    let mut costs = choices.costs(selection);
    loop {
        let over = excess(&costs, limits);
        if over == 0.0 {
            return true;
        }
        let mut best: Option<(f64, usize, usize)> = None;
        for (n, item) in choices.items().iter().enumerate() {
            let now = &item[selection[n]];
            for (index, candidate) in item.iter().enumerate() {
                let less = over - excess(&exchanged(&costs, &now.costs, &candidate.costs), limits);
                if less <= 0.0 {
                    continue;
                }
                let ratio = (candidate.error - now.error).max(0.0) / less;
                if best.is_none_or(|(least, ..)| ratio < least) {
                    best = Some((ratio, n, index));
                }
            }
        }
        let Some((_, item, index)) = best else { return false };
        let candidates = &choices.items()[item];
        costs = exchanged(&costs, &candidates[selection[item]].costs, &candidates[index].costs);
        selection[item] = index;
    }
}

/// Exchanges candidates within the limits while that makes the error less, those first that gain most.
pub(super) fn spend(choices: &Choices, limits: &[u64], selection: &mut Selection) {
    let mut costs = choices.costs(selection);
    loop {
        let mut best: Option<(f64, usize, usize)> = None;
        for (n, item) in choices.items().iter().enumerate() {
            let now = &item[selection[n]];
            for (index, candidate) in item.iter().enumerate() {
                let gain = now.error - candidate.error;
                if gain > best.map_or(0.0, |(most, ..)| most) {
                    let then = exchanged(&costs, &now.costs, &candidate.costs);
                    if then.iter().zip(limits).all(|(cost, limit)| cost <= limit) {
                        best = Some((gain, n, index));
                    }
                }
            }
        }
        let Some((_, item, index)) = best else { return };
        let candidates = &choices.items()[item];
        costs = exchanged(&costs, &candidates[selection[item]].costs, &candidates[index].costs);
        selection[item] = index;
    }
}
