//! The multiple-choice knapsack: one candidate per item, least sum of losses within a budget.
//!
//! A dynamic program over lists of states (G. Nemhauser and Z. Ullmann, Management Science 15, 1969) with
//! bounds of the linear relaxation (D. Pisinger, European Journal of Operational Research 83, 1995). A state
//! says what the first items cost and lose; one that costs and loses no less than another is dropped, and so
//! is one that cannot lead to less than the best selection known: its loss and that of the remaining items,
//! if they were divisible, are a lower bound.
//!
//! **Guarantee.** No selection within the budget has a loss below [`Solution::bound`]. Usually that is the
//! loss of the solution itself up to one part in 10^9; only where more than [`STATES`] states survive are the
//! least promising given up, and the bound says what that may have cost. There is no rounding of costs.

mod relaxation;

use std::cmp::Ordering;

use relaxation::{Item, Relaxation, Step, hull, undominated};

/// States that are kept for an item.
pub const STATES: usize = 1 << 13;
/// Losses closer than this, relatively, count as equal.
const TOLERANCE: f64 = 1e-9;
/// States of an item that are completed, to find better selections early.
const COMPLETED: usize = 8;

/// A candidate for an item.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// What it takes of the budget.
    pub cost: u64,
    /// What it adds to the loss. One that is not a finite number is never chosen.
    pub loss: f64,
}

/// A selection.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// The index of each item's candidate.
    pub chosen: Vec<usize>,
    /// What they cost together.
    pub cost: u64,
    /// What they lose together.
    pub loss: f64,
    /// No selection within the budget loses less.
    pub bound: f64,
}

/// The selection with the least loss within a budget; none if even the cheapest exceeds it.
pub fn solve(items: &[Vec<Candidate>], budget: u64) -> Option<Solution> {
    let mut problem = Problem::new(items, budget)?;
    problem.run();
    let chosen = problem.best;
    let of = |n: usize| items[n][chosen[n]];
    let loss: f64 = (0..items.len()).map(|n| of(n).loss).sum();
    let bound = problem.given_up.min(loss - TOLERANCE * loss.abs());
    Some(Solution { cost: (0..items.len()).map(|n| of(n).cost).sum(), loss, bound, chosen })
}

/// What the items so far cost and lose, and how that came about.
#[derive(Clone, Copy)]
struct State {
    cost: u64,
    loss: f64,
    bound: f64,
    parent: u32,
    choice: u32,
}

struct Problem {
    budget: u64,
    items: Vec<Item>,
    steps: Vec<Step>,
    /// The states of each item done: parent and choice.
    trail: Vec<Vec<(u32, u32)>>,
    best: Vec<usize>,
    best_loss: f64,
    given_up: f64,
}

impl Problem {
    fn new(items: &[Vec<Candidate>], budget: u64) -> Option<Self> {
        let mut reduced: Vec<Item> = items
            .iter()
            .enumerate()
            .map(|(place, item)| Some(Item { place, candidates: undominated(item)? }))
            .collect::<Option<_>>()?;
        let least = reduced.iter().try_fold(0u64, |sum, item| sum.checked_add(item.candidates[0].0.cost))?;
        if least > budget {
            return None;
        }
        // Large items first: the small ones behind them fill the budget, which keeps bounds close.
        let range = |item: &Item| {
            let costs = item.candidates.last().map_or(0, |last| last.0.cost) - item.candidates[0].0.cost;
            std::cmp::Reverse(costs)
        };
        reduced.sort_by_key(|item| (range(item), item.place));
        let mut steps: Vec<Step> =
            reduced.iter().enumerate().flat_map(|(n, item)| hull(n, &item.candidates)).collect();
        steps.sort_by(|a, b| b.rate.total_cmp(&a.rate).then(a.item.cmp(&b.item)).then(a.to.cmp(&b.to)));
        let best = vec![0; items.len()];
        Some(Self {
            budget,
            items: reduced,
            steps,
            trail: Vec::new(),
            best,
            best_loss: f64::INFINITY,
            given_up: f64::INFINITY,
        })
    }

    fn relaxation(&self, from: usize) -> Relaxation {
        Relaxation::new(&self.items, &self.steps, from)
    }

    fn run(&mut self) {
        let mut states = vec![State { cost: 0, loss: 0.0, bound: 0.0, parent: 0, choice: 0 }];
        self.complete(&states, &self.relaxation(0));
        for n in 0..self.items.len() {
            let rest = self.relaxation(n + 1);
            let mut next = Vec::with_capacity(states.len() * self.items[n].candidates.len());
            for (parent, state) in states.iter().enumerate() {
                for (choice, &(candidate, _)) in self.items[n].candidates.iter().enumerate() {
                    let (cost, loss) =
                        (state.cost.saturating_add(candidate.cost), state.loss + candidate.loss);
                    let Some(remaining) = rest.bound(self.budget, cost) else { break };
                    let bound = loss + remaining;
                    if self.is_promising(bound) {
                        next.push(State { cost, loss, bound, parent: parent as u32, choice: choice as u32 });
                    }
                }
            }
            next.sort_by(|a, b| a.cost.cmp(&b.cost).then(a.loss.total_cmp(&b.loss)).then(order(a, b)));
            let mut least = f64::INFINITY;
            next.retain(|state| {
                let keep = state.loss < least;
                least = least.min(state.loss);
                keep
            });
            self.limit(&mut next);
            self.trail.push(next.iter().map(|state| (state.parent, state.choice)).collect());
            self.complete(&next, &rest);
            states = next;
        }
    }

    fn is_promising(&self, bound: f64) -> bool {
        bound < self.best_loss - TOLERANCE * self.best_loss.abs() || self.best_loss == f64::INFINITY
    }

    /// Gives up the least promising states beyond [`STATES`].
    fn limit(&mut self, states: &mut Vec<State>) {
        if states.len() <= STATES {
            return;
        }
        states.sort_by(|a, b| a.bound.total_cmp(&b.bound).then(a.cost.cmp(&b.cost)));
        self.given_up = self.given_up.min(states[STATES].bound);
        states.truncate(STATES);
        states.sort_by_key(|state| state.cost);
    }

    /// Completes the most promising states by the steps of the relaxation that fit.
    fn complete(&mut self, states: &[State], rest: &Relaxation) {
        let mut order: Vec<usize> = (0..states.len()).collect();
        if states.len() > COMPLETED {
            let by_bound =
                |&a: &usize, &b: &usize| states[a].bound.total_cmp(&states[b].bound).then(a.cmp(&b));
            order.select_nth_unstable_by(COMPLETED - 1, by_bound);
            order.truncate(COMPLETED);
            order.sort_unstable();
        }
        let done = self.trail.len();
        for index in order {
            let state = &states[index];
            // What the cheapest candidates of the rest leave.
            let mut left = self.budget - state.cost - rest.base_cost;
            let mut loss = state.loss + rest.base_loss;
            let mut choices = vec![0; self.items.len() - done];
            for step in &rest.steps {
                // A step leads on from the one before it; what was skipped once stays where it is.
                let at = &mut choices[step.item - done];
                let from = self.items[step.item].candidates[*at].0;
                let to = self.items[step.item].candidates[step.to].0;
                let cost = to.cost - from.cost;
                if cost <= left {
                    (left, loss, *at) = (left - cost, loss - (from.loss - to.loss), step.to);
                }
            }
            if loss < self.best_loss {
                self.best_loss = loss;
                self.record(index, done, &choices);
            }
        }
    }

    /// Writes down a state and the choices of the items behind it as the best selection.
    fn record(&mut self, mut index: usize, done: usize, choices: &[usize]) {
        let mut choose = |n: usize, choice: usize| {
            let item = &self.items[n];
            self.best[item.place] = item.candidates[choice].1;
        };
        choices.iter().enumerate().for_each(|(n, &choice)| choose(done + n, choice));
        for n in (0..done).rev() {
            let (parent, choice) = self.trail[n][index];
            choose(n, choice as usize);
            index = parent as usize;
        }
    }
}

fn order(a: &State, b: &State) -> Ordering {
    a.parent.cmp(&b.parent).then(a.choice.cmp(&b.choice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;
    use proptest::prelude::*;

    fn exhaustive(items: &[Vec<Candidate>], budget: u64) -> Option<f64> {
        let Some((first, rest)) = items.split_first() else { return Some(0.0) };
        let with = |c: &Candidate| Some(c.loss + exhaustive(rest, budget.checked_sub(c.cost)?)?);
        first.iter().filter(|c| c.loss.is_finite()).filter_map(with).reduce(f64::min)
    }

    fn check(items: &[Vec<Candidate>], budget: u64) {
        let (found, least) = (solve(items, budget), exhaustive(items, budget));
        assert_eq!(found.is_some(), least.is_some(), "{items:?} {budget}");
        let (Some(found), Some(least)) = (found, least) else { return };
        let sum: f64 = items.iter().zip(&found.chosen).map(|(item, &n)| item[n].loss).sum();
        let cost: u64 = items.iter().zip(&found.chosen).map(|(item, &n)| item[n].cost).sum();
        assert!(cost == found.cost && cost <= budget, "{items:?} {budget} {found:?}");
        assert_eq!(sum, found.loss);
        assert!((sum - least).abs() <= 2e-9 * least.abs() + 1e-15, "{items:?} {budget} {found:?} {least}");
        assert!(found.bound <= least + 1e-12, "{found:?} {least}");
    }

    proptest! {
        #[test]
        fn small_problems_are_solved_exactly(
            items in proptest::collection::vec(
                proptest::collection::vec((0u64..40, 0u32..1000), 1..5), 0..6),
            budget in 0u64..160,
        ) {
            let candidate = |&(cost, loss): &(u64, u32)| Candidate { cost, loss: f64::from(loss) / 7.0 };
            let items: Vec<Vec<Candidate>> = items.iter().map(|item| item.iter().map(candidate).collect()).collect();
            check(&items, budget);
        }
    }

    #[test]
    fn edges() {
        let c = |cost: u64, loss: f64| Candidate { cost, loss };
        assert_eq!(solve(&[], 0).map(|s| s.chosen), Some(vec![]));
        assert_eq!(solve(&[vec![]], 9), None);
        assert_eq!(solve(&[vec![c(1, f64::NAN)]], 9), None);
        assert_eq!(solve(&[vec![c(u64::MAX, 1.0)], vec![c(1, 1.0)]], u64::MAX), None, "sums do not overflow");
        assert_eq!(solve(&[vec![c(1, f64::INFINITY), c(2, 5.0)]], 2).map(|s| s.chosen), Some(vec![1]));
        assert_eq!(
            solve(&[vec![c(1, 0.0), c(2, 0.0)]], 2).map(|s| s.chosen),
            Some(vec![0]),
            "the cheaper of equals"
        );
    }

    /// Items as networks have them: bits times elements, errors that fall fourfold per bit, with noise.
    fn layers(count: usize, seed: u64) -> (Vec<Vec<Candidate>>, u64) {
        let mut random = Random::new(seed);
        let mut elements = 0;
        let items = (0..count)
            .map(|_| {
                let scale = 4 + random.below(14);
                let size = 9 * (1 + random.below(1 << scale));
                elements += size;
                let gain = random.unit() + 0.01;
                (0..14)
                    .map(|n| {
                        let bits = 2 + n / 2;
                        let loss = gain * 0.25f64.powi(bits as i32) * (0.5 + random.unit()) * size as f64;
                        Candidate { cost: bits * size, loss }
                    })
                    .collect()
            })
            .collect();
        (items, elements * 9 / 2)
    }

    #[test]
    fn networks_are_solved_to_the_bound() {
        for (count, seed) in [(20, 1), (60, 2), (60, 3), (60, 4), (120, 5), (400, 6)] {
            let (items, budget) = layers(count, seed);
            let found = solve(&items, budget).unwrap();
            assert!(found.cost <= budget && found.bound >= found.loss * (1.0 - 1e-8), "{count}: {found:?}");
        }
    }

    /// Every exchange gains what it costs, so that no bound tells states apart.
    #[test]
    fn hard_problems_end_with_a_bound() {
        let mut random = Random::new(9);
        let items: Vec<Vec<Candidate>> = (0..60)
            .map(|_| {
                let mut cost = 0;
                let mut candidate = || {
                    cost += 1 + random.below(1 << 40);
                    Candidate { cost, loss: 1e15 - cost as f64 }
                };
                (0..14).map(|_| candidate()).collect()
            })
            .collect();
        let budget: u64 = items.iter().map(|item| item[7].cost).sum::<u64>() + 12_345;
        let found = solve(&items, budget).unwrap();
        assert!(
            found.cost <= budget && found.bound <= found.loss && found.bound >= found.loss * (1.0 - 1e-6)
        );
    }

    /// A dynamic program over every single unit of the budget.
    #[test]
    fn a_table_of_all_budgets_agrees() {
        for seed in 0..20 {
            let mut random = Random::new(seed);
            let items: Vec<Vec<Candidate>> = (0..30)
                .map(|_| {
                    let size = 1 + random.below(12);
                    let candidate = |bits: u64, part: f64| Candidate {
                        cost: bits * size,
                        loss: 0.25f64.powi(bits as i32) * size as f64 * (0.2 + part),
                    };
                    (1..8).map(|bits| candidate(bits, random.unit())).collect()
                })
                .collect();
            let budget = items.iter().map(|item| item[0].cost * (30 + seed)).sum::<u64>() / 10;
            let mut table = vec![0.0; budget as usize + 1];
            for item in &items {
                let best = |at: usize| {
                    let with = |c: &Candidate| Some(table[at.checked_sub(c.cost as usize)?] + c.loss);
                    item.iter().filter_map(with).fold(f64::INFINITY, f64::min)
                };
                table = (0..table.len()).map(best).collect();
            }
            let (found, least) = (solve(&items, budget).unwrap(), table[budget as usize]);
            assert!((found.loss / least - 1.0).abs() < 2e-9, "{seed}: {} {least}", found.loss);
        }
    }
}
