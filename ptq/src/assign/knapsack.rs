//! The multiple-choice knapsack: one candidate per item, least sum of losses within a budget.
//!
//! A dynamic program over the budget in at most [`BUCKETS`] steps. Costs are rounded up to whole steps, so the
//! result never exceeds the budget; what that leaves is spent on the exchange that gains most, until none
//! fits. With costs that are multiples of one step the result is the least there is.

/// Steps of the budget.
const BUCKETS: u64 = 8192;

/// A candidate for an item.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// What it takes of the budget.
    pub cost: u64,
    /// What it adds to the loss.
    pub loss: f64,
}

/// The index of each item's candidate; none if even the cheapest candidates exceed the budget.
pub fn solve(items: &[Vec<Candidate>], budget: u64) -> Option<Vec<usize>> {
    let least: u64 = items.iter().map(|item| item.iter().map(|c| c.cost).min()).sum::<Option<u64>>()?;
    if least > budget {
        return None;
    }
    let step = budget.div_ceil(BUCKETS).max(1);
    let places = (budget / step) as usize;
    let mut best = vec![0.0f64; places + 1];
    let mut choices: Vec<Vec<u32>> = Vec::with_capacity(items.len());
    for item in items {
        let mut next = vec![f64::INFINITY; places + 1];
        let mut choice = vec![u32::MAX; places + 1];
        for (index, candidate) in item.iter().enumerate() {
            let cost = candidate.cost.div_ceil(step) as usize;
            for place in cost..=places {
                let loss = best[place - cost] + candidate.loss;
                if loss < next[place] {
                    (next[place], choice[place]) = (loss, index as u32);
                }
            }
        }
        choices.push(choice);
        best = next;
    }
    let mut chosen = if best[places].is_finite() {
        let mut place = places;
        let mut chosen: Vec<usize> = items
            .iter()
            .zip(&choices)
            .rev()
            .map(|(item, choice)| {
                let index = choice[place] as usize;
                place -= item[index].cost.div_ceil(step) as usize;
                index
            })
            .collect();
        chosen.reverse();
        chosen
    } else {
        // Rounding up has excluded everything: start from the cheapest.
        items.iter().map(|item| (0..item.len()).min_by_key(|&i| item[i].cost).unwrap_or(0)).collect()
    };
    spend(items, budget, &mut chosen);
    Some(chosen)
}

/// Exchanges candidates for others while that makes the loss smaller within the budget.
fn spend(items: &[Vec<Candidate>], budget: u64, chosen: &mut [usize]) {
    loop {
        let used: u64 = items.iter().zip(chosen.iter()).map(|(item, &index)| item[index].cost).sum();
        let mut best: Option<(f64, usize, usize)> = None;
        for (i, item) in items.iter().enumerate() {
            let now = item[chosen[i]];
            for (index, candidate) in item.iter().enumerate() {
                let gain = now.loss - candidate.loss;
                let fits = used - now.cost + candidate.cost <= budget;
                if gain > 0.0 && fits && best.is_none_or(|(most, ..)| gain > most) {
                    best = Some((gain, i, index));
                }
            }
        }
        let Some((_, item, index)) = best else { return };
        chosen[item] = index;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn exhaustive(items: &[Vec<Candidate>], budget: u64) -> Option<f64> {
        let Some((first, rest)) = items.split_first() else { return Some(0.0) };
        let with = |c: &Candidate| Some(c.loss + exhaustive(rest, budget.checked_sub(c.cost)?)?);
        first.iter().filter_map(with).reduce(f64::min)
    }

    #[test]
    fn small_problems_are_solved_exactly() {
        let mut random = Random::new(3);
        for _ in 0..500 {
            let items: Vec<Vec<Candidate>> = (0..1 + random.below(5))
                .map(|_| {
                    (0..1 + random.below(4))
                        .map(|_| Candidate { cost: random.below(50), loss: random.unit() })
                        .collect()
                })
                .collect();
            let budget = random.below(200);
            let found = solve(&items, budget).map(|chosen| {
                let pick = |f: fn(&Candidate) -> f64| -> f64 {
                    items.iter().zip(&chosen).map(|(item, &index)| f(&item[index])).sum()
                };
                assert!(pick(|c| c.cost as f64) <= budget as f64);
                pick(|c| c.loss)
            });
            match (found, exhaustive(&items, budget)) {
                (Some(found), Some(least)) => assert!((found - least).abs() < 1e-12),
                (found, least) => assert_eq!(found, least),
            }
        }
    }
}
