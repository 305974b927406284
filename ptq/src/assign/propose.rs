//! Selections near another one, within limits.
//!
//! A few items change, mostly to a candidate that costs a little more or less. What one takes too much of a
//! budget others give back: each change is the best of a few random ones, by error per excess if a limit is
//! exceeded and by error otherwise.

use super::{Choices, Selection, lagrange::excess};
use crate::random::Random;

/// Random changes of which the best is made.
const DRAWN: usize = 4;
/// Times that a selection is tried for each one that is wanted.
const TRIES: usize = 8;

/// What proposals are made of.
pub(super) struct Neighborhood<'a> {
    choices: &'a Choices,
    limits: &'a [u64],
    /// By item: candidates by rising cost.
    ladders: Vec<Vec<usize>>,
    /// By item and candidate: its place on the ladder.
    places: Vec<Vec<usize>>,
}

impl<'a> Neighborhood<'a> {
    pub(super) fn new(choices: &'a Choices, limits: &'a [u64]) -> Self {
        let ladder = |item: &Vec<super::Candidate>| {
            let mut ladder: Vec<usize> = (0..item.len()).collect();
            let size = |index: usize| -> f64 {
                let parts = item[index]
                    .costs
                    .iter()
                    .zip(limits)
                    .map(|(&cost, &limit)| cost as f64 / limit.max(1) as f64);
                parts.sum()
            };
            ladder.sort_by(|&a, &b| {
                size(a).total_cmp(&size(b)).then(item[b].error.total_cmp(&item[a].error)).then(a.cmp(&b))
            });
            ladder
        };
        let ladders: Vec<Vec<usize>> = choices.items().iter().map(ladder).collect();
        let places = ladders.iter().map(|ladder| {
            let mut places = vec![0; ladder.len()];
            ladder.iter().enumerate().for_each(|(place, &index)| places[index] = place);
            places
        });
        Self { choices, limits, places: places.collect(), ladders }
    }

    /// At most `count` different selections that differ from `base` in one to `radius` items and that `is_new`
    /// accepts.
    pub(super) fn propose(
        &self,
        random: &mut Random,
        base: &[usize],
        radius: usize,
        count: usize,
        is_new: impl Fn(&Selection) -> bool,
    ) -> Vec<Selection> {
        let mut found = std::collections::BTreeSet::new();
        for _ in 0..count * TRIES {
            if found.len() == count {
                break;
            }
            if let Some(selection) = self.one(random, base, radius).filter(&is_new) {
                found.insert(selection);
            }
        }
        found.into_iter().collect()
    }

    fn one(&self, random: &mut Random, base: &[usize], radius: usize) -> Option<Selection> {
        // Items without a choice are never drawn.
        let mut open: Vec<usize> = (0..base.len()).filter(|&n| self.ladders[n].len() > 1).collect();
        let mut selection = base.to_vec();
        let mut costs = self.choices.costs(base);
        let changes = 1 + random.below(radius.max(1) as u64) as usize;
        for change in 0..changes.min(open.len()) {
            let over = excess(&costs, self.limits);
            let draws = if change == 0 { 1 } else { DRAWN };
            let mut best: Option<(f64, usize, usize, Vec<u64>)> = None;
            for _ in 0..draws {
                let place = random.below(open.len() as u64) as usize;
                let item = open[place];
                let index = self.step(random, item, selection[item]);
                let candidates = &self.choices.items()[item];
                let (from, to) = (&candidates[selection[item]], &candidates[index]);
                let then: Vec<u64> = costs
                    .iter()
                    .zip(&from.costs)
                    .zip(&to.costs)
                    .map(|((cost, from), to)| cost - from + to)
                    .collect();
                let less = over - excess(&then, self.limits);
                let rise = to.error - from.error;
                let merit = match (over > 0.0, less > 0.0) {
                    (true, true) => rise.max(0.0) / less,
                    (true, false) => f64::INFINITY,
                    // The first change is any at all, later ones stay within the limits where they can.
                    (false, _) if less < 0.0 && change > 0 => f64::MAX,
                    (false, _) => rise,
                };
                if best.as_ref().is_none_or(|(least, ..)| merit < *least) {
                    best = Some((merit, place, index, then));
                }
            }
            let (_, place, index, then) = best?;
            selection[open.swap_remove(place)] = index;
            costs = then;
        }
        (excess(&costs, self.limits) == 0.0 && selection != base).then_some(selection)
    }

    /// Another candidate: a neighbour on the ladder half of the time, one two steps away in a quarter.
    fn step(&self, random: &mut Random, item: usize, from: usize) -> usize {
        let ladder = &self.ladders[item];
        let place = self.places[item][from];
        let distance = match random.below(4) {
            0 | 1 => 1,
            2 => 2,
            _ => 1 + random.below(ladder.len() as u64) as usize,
        };
        let (down, up) =
            (place.checked_sub(distance), Some(place + distance).filter(|&up| up < ladder.len()));
        let (first, second) = if random.below(2) == 0 { (down, up) } else { (up, down) };
        // Too far on both sides: a neighbour.
        let place = first.or(second).unwrap_or(if place > 0 { place - 1 } else { 1 });
        ladder[place]
    }
}

#[cfg(test)]
mod tests {
    use super::{super::synthetic, *};

    #[test]
    fn proposals_are_near_new_and_within_the_limits() {
        let problem = synthetic::Problem::new(12, 3);
        let limits = [problem.budget(45)];
        let base = problem.knapsack(limits[0]);
        let mut random = Random::new(1);
        let neighborhood = Neighborhood::new(&problem.choices, &limits);
        let known = neighborhood.propose(&mut random, &base, 1, 5, |_| true);
        let found = neighborhood.propose(&mut random, &base, 4, 200, |s| !known.contains(s));
        assert!(found.len() > 100, "{}", found.len());
        for selection in &found {
            let changed = selection.iter().zip(&base).filter(|(a, b)| a != b).count();
            assert!((1..=4).contains(&changed), "{changed}");
            assert!(problem.choices.fits(selection, &limits) && !known.contains(selection));
        }
    }
}
