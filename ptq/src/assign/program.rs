//! One candidate per item within several budgets: an integer program.
//!
//! A variable of 0 or 1 says whether an item takes a candidate; an item takes one, and every limited resource is
//! a row. Candidates that cannot be in a better selection than one that is known leave first: those that
//! another one beats in everything, those that no budget can pay, and those whose Lagrangian bound is too large ([`lagrange`](super::lagrange)).
//! What is left is scaled to numbers around 1 and solved by branch and bound (microlp), with a limit on the
//! number of nodes and none on time. Its floating-point numbers decide nothing: a selection is held against the
//! budgets in integers, and [`Solution::bound`] says what is proven.
//!
//! With one budget [`knapsack`] is exact and needs no solver.

use afp_ir::diag::Diagnostic;
use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOptions, Variable};

use super::{
    Choices, Selection, UNLIMITED, knapsack,
    lagrange::{Relaxed, relax, spend},
};

/// Nodes of the branch and bound.
const NODES: u64 = 20_000;
/// Rows are tightened by this part where the solver's tolerance has exceeded a budget.
const TIGHTENING: f64 = 1e-6;

/// A selection within the budgets.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// The index of each item's candidate.
    pub selection: Selection,
    /// Its predicted error.
    pub error: f64,
    /// What it costs of each resource.
    pub costs: Vec<u64>,
    /// No selection within the budgets has less error than this: the error of the selection up to a millionth,
    /// if the search was complete.
    pub bound: f64,
}

/// The selection with the least error within limits, one per resource ([`UNLIMITED`] for none).
///
/// # Errors
/// AFP0701 if there is none.
pub fn solve(choices: &Choices, limits: &[u64]) -> Result<Solution, Diagnostic> {
    let least = choices.least();
    if least.iter().zip(limits).any(|(least, limit)| least > limit) {
        return Err(infeasible(choices, limits));
    }
    let most = |r: usize| -> u64 {
        choices.items().iter().map(|item| item.iter().map(|c| c.costs[r]).max().unwrap_or(0)).sum()
    };
    let active: Vec<usize> = (0..limits.len()).filter(|&r| most(r) > limits[r]).collect();
    if active.len() <= 1 {
        return Ok(with_one(choices, active.first().map(|&r| (r, limits[r]))));
    }
    let mut limits_kept = vec![UNLIMITED; limits.len()];
    active.iter().for_each(|&r| limits_kept[r] = limits[r]);
    let limits = &limits_kept[..];
    let relaxed = relax(choices, limits);
    let (mut bound, mut best) = (relaxed.bound, relaxed.best.clone());
    let mut tighter = 1.0;
    let mut is_complete = true;
    // The second round is for a selection that exceeds a budget by the solver's tolerance.
    for _ in 0..2 {
        let model = Model::new(choices, limits, &active, &relaxed, tighter);
        match model.solve(relaxed.best.as_deref()) {
            Answer::Found { mut selection, proven } => {
                if let Some(proven) = proven {
                    bound = bound.max(proven);
                }
                if choices.fits(&selection, limits) {
                    spend(choices, limits, &mut selection);
                    if best.as_ref().is_none_or(|best| choices.error(&selection) < choices.error(best)) {
                        best = Some(selection);
                    }
                    break;
                }
                tighter -= TIGHTENING;
            }
            // Within the budgets as they are, not as they were tightened.
            Answer::None if best.is_none() && tighter == 1.0 => return Err(infeasible(choices, limits)),
            Answer::None | Answer::Unknown => {
                is_complete = false;
                break;
            }
        }
    }
    let Some(selection) = best else {
        let found = infeasible(choices, limits);
        return Err(if is_complete {
            found
        } else {
            found.note("the search gave up before this was certain")
        });
    };
    let error = choices.error(&selection);
    Ok(Solution { costs: choices.costs(&selection), bound: bound.min(error), error, selection })
}

fn with_one(choices: &Choices, limit: Option<(usize, u64)>) -> Solution {
    let candidate = |c: &super::Candidate| knapsack::Candidate {
        cost: limit.map_or(0, |(resource, _)| c.costs[resource]),
        loss: c.error,
    };
    let items: Vec<Vec<_>> =
        choices.items().iter().map(|item| item.iter().map(candidate).collect()).collect();
    // The caller has seen that the cheapest candidates fit.
    let (selection, bound) = knapsack::solve(&items, limit.map_or(0, |(_, limit)| limit))
        .map_or_else(|| (vec![0; items.len()], 0.0), |solution| (solution.chosen, solution.bound));
    Solution { error: choices.error(&selection), costs: choices.costs(&selection), bound, selection }
}

enum Answer {
    Found { selection: Selection, proven: Option<f64> },
    None,
    Unknown,
}

/// The integer program.
struct Model<'c> {
    choices: &'c Choices,
    problem: Problem,
    /// By item: candidates that are left.
    variables: Vec<Vec<(usize, Variable)>>,
    /// Errors of the program are these: `offset + scale * value`.
    offset: f64,
    scale: f64,
}

impl<'c> Model<'c> {
    fn new(choices: &'c Choices, limits: &[u64], active: &[usize], relaxed: &Relaxed, tighter: f64) -> Self {
        let items = choices.items();
        let best = relaxed.best.as_deref();
        let least = choices.least();
        let left: Vec<u64> = active.iter().map(|&r| limits[r] - least[r]).collect();
        let lowest = |n: usize, r: usize| items[n].iter().map(|c| c.costs[r]).min().unwrap_or(0);
        let smallest: Vec<f64> =
            items.iter().map(|item| item.iter().map(|c| c.error).fold(f64::INFINITY, f64::min)).collect();
        let offset: f64 = smallest.iter().sum();
        let known = best.map_or(f64::INFINITY, |best| choices.error(best));
        let can_be_chosen = |n: usize, index: usize| {
            let candidate = &items[n][index];
            let is_affordable =
                active.iter().zip(&left).all(|(&r, &left)| candidate.costs[r] - lowest(n, r) <= left);
            let is_known = best.is_some_and(|best| best[n] == index);
            let could_be_better = relaxed.bound + relaxed.reduced[n][index] <= known;
            is_affordable && (is_known || could_be_better && !is_dominated(&items[n], index, active))
        };
        let kept: Vec<Vec<usize>> = (0..items.len())
            .map(|n| (0..items[n].len()).filter(|&index| can_be_chosen(n, index)).collect())
            .collect();
        let error = |n: usize, index: usize| items[n][index].error - smallest[n];
        let largest = kept.iter().enumerate().flat_map(|(n, kept)| kept.iter().map(move |&index| (n, index)));
        let largest = largest.map(|(n, index)| error(n, index)).fold(0.0, f64::max);
        let scale = if known.is_finite() { known - offset } else { largest };
        let scale = if scale > 0.0 { scale } else { 1.0 };

        let mut problem = Problem::new(OptimizationDirection::Minimize);
        let variables: Vec<Vec<(usize, Variable)>> = kept
            .iter()
            .enumerate()
            .map(|(n, kept)| {
                kept.iter().map(|&index| (index, problem.add_binary_var(error(n, index) / scale))).collect()
            })
            .collect();
        for item in &variables {
            let terms: Vec<(Variable, f64)> = item.iter().map(|&(_, variable)| (variable, 1.0)).collect();
            problem.add_constraint(&terms, ComparisonOp::Eq, 1.0);
        }
        for (&r, &left) in active.iter().zip(&left) {
            let terms: Vec<(Variable, f64)> = variables
                .iter()
                .enumerate()
                .flat_map(|(n, item)| {
                    let part = move |index: usize| {
                        (items[n][index].costs[r] - lowest(n, r)) as f64 / left.max(1) as f64
                    };
                    item.iter().map(move |&(index, variable)| (variable, part(index)))
                })
                .filter(|(_, part)| *part > 0.0)
                .collect();
            if !terms.is_empty() {
                problem.add_constraint(&terms, ComparisonOp::Le, tighter);
            }
        }
        Self { choices, problem, variables, offset, scale }
    }

    fn solve(&self, start: Option<&[usize]>) -> Answer {
        if self.variables.iter().any(Vec::is_empty) {
            return Answer::None;
        }
        let mut options = SolveOptions::default();
        options.node_limit = Some(NODES);
        options.warm_start = start.map(|start| {
            let of = |(item, &chosen): (&Vec<(usize, Variable)>, &usize)| {
                item.iter()
                    .map(|&(index, variable)| (variable, f64::from(u8::from(index == chosen))))
                    .collect::<Vec<_>>()
            };
            self.variables.iter().zip(start).flat_map(of).collect()
        });
        let outcome = match self.problem.solve_with(options) {
            Ok(outcome) => outcome,
            Err(microlp::Error::Infeasible) => return Answer::None,
            // Numbers out of range: what the relaxation found stands, with its bound.
            Err(_) => return Answer::Unknown,
        };
        let is_optimal = outcome.is_optimal();
        let proven = outcome.stats().best_bound;
        let Ok(solution) = outcome.into_solution() else { return Answer::Unknown };
        let chosen = |item: &Vec<(usize, Variable)>| {
            let value = |variable: Variable| solution.var_value(variable);
            item.iter()
                .max_by(|a, b| value(a.1).total_cmp(&value(b.1)).then(b.0.cmp(&a.0)))
                .map_or(0, |&(index, _)| index)
        };
        let selection: Selection = self.variables.iter().map(chosen).collect();
        // The solver prunes at a relative distance of 10^-9 and works to 10^-7.
        let slack = 1e-6 * self.scale;
        let proven = if is_optimal {
            Some(self.choices.error(&selection))
        } else {
            proven.map(|p| self.offset + self.scale * p)
        };
        Answer::Found { selection, proven: proven.map(|bound| bound - slack) }
    }
}

/// Whether another candidate is no worse in error and costs; of equal ones the first stays.
fn is_dominated(item: &[super::Candidate], index: usize, active: &[usize]) -> bool {
    let this = &item[index];
    item.iter().enumerate().any(|(other, candidate)| {
        let no_worse =
            candidate.error <= this.error && active.iter().all(|&r| candidate.costs[r] <= this.costs[r]);
        let no_better =
            candidate.error >= this.error && active.iter().all(|&r| candidate.costs[r] >= this.costs[r]);
        other != index && no_worse && (!no_better || other < index)
    })
}

/// What is said where budgets cannot be met: the least of each resource, and if each could be met alone, how
/// much larger all must be.
fn infeasible(choices: &Choices, limits: &[u64]) -> Diagnostic {
    let least = choices.least();
    let limited: Vec<usize> = (0..limits.len()).filter(|&r| limits[r] != UNLIMITED).collect();
    let list = |of: &dyn Fn(usize) -> String| limited.iter().map(|&r| of(r)).collect::<Vec<_>>().join(", ");
    let resources = choices.resources();
    let found = Diagnostic::error("AFP0701", "no choice of formats meets the budgets")
        .expected(list(&|r| format!("{} at most {}", resources[r], limits[r])))
        .found(list(&|r| format!("{} at least {}", resources[r], least[r])));
    if limited.iter().any(|&r| least[r] > limits[r]) {
        return found.help("raise the budget, or allow formats of fewer bits");
    }
    let found = found.note("each budget alone can be met, all of them together cannot");
    match factor(choices, limits, &limited) {
        Some(factor) if factor > 1.0 + 1e-6 => {
            found.help(format!("raise all budgets by {:.1} % at least", (factor - 1.0) * 100.0))
        }
        _ => found.help("raise the budgets slightly"),
    }
}

/// By what all limits must be multiplied at least: the linear relaxation.
fn factor(choices: &Choices, limits: &[u64], limited: &[usize]) -> Option<f64> {
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let factor = problem.add_var(1.0, (0.0, f64::INFINITY));
    let shares: Vec<Vec<Variable>> = choices
        .items()
        .iter()
        .map(|item| item.iter().map(|_| problem.add_var(0.0, (0.0, 1.0))).collect())
        .collect();
    for item in &shares {
        let terms: Vec<(Variable, f64)> = item.iter().map(|&share| (share, 1.0)).collect();
        problem.add_constraint(&terms, ComparisonOp::Eq, 1.0);
    }
    for &r in limited {
        let costs = choices.items().iter().flatten().map(|c| c.costs[r] as f64 / limits[r].max(1) as f64);
        let mut terms: Vec<(Variable, f64)> =
            shares.iter().flatten().copied().zip(costs).filter(|(_, cost)| *cost > 0.0).collect();
        terms.push((factor, -1.0));
        problem.add_constraint(&terms, ComparisonOp::Le, 0.0);
    }
    let solution = problem.solve().ok()?.into_solution().ok()?;
    Some(solution.objective())
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Candidate, Resource},
        *,
    };
    use crate::random::Random;
    use proptest::prelude::*;

    const RESOURCES: [Resource; 3] = [Resource::WeightBits, Resource::Latency, Resource::Energy];

    fn exhaustive(choices: &Choices, limits: &[u64]) -> Option<f64> {
        let mut selection = vec![0; choices.items().len()];
        let mut least: Option<f64> = None;
        loop {
            if choices.fits(&selection, limits) {
                let error = choices.error(&selection);
                least = Some(least.map_or(error, |least| least.min(error)));
            }
            let next = (0..selection.len()).find(|&n| selection[n] + 1 < choices.items()[n].len());
            let Some(next) = next else { return least };
            selection[next] += 1;
            selection[..next].fill(0);
        }
    }

    fn check(choices: &Choices, limits: &[u64]) {
        match (solve(choices, limits), exhaustive(choices, limits)) {
            (Ok(found), Some(least)) => {
                assert!(choices.fits(&found.selection, limits));
                assert_eq!(
                    (found.error, found.costs),
                    (choices.error(&found.selection), choices.costs(&found.selection))
                );
                assert!(
                    found.error <= least * (1.0 + 1e-6) + 1e-12,
                    "{choices:?} {limits:?} {} {least}",
                    found.error
                );
                assert!(found.bound <= least + 1e-12, "{choices:?} {limits:?} {} {least}", found.bound);
            }
            (Err(error), None) => assert_eq!(error.code, "AFP0701"),
            (found, least) => panic!("{choices:?} {limits:?}: {found:?}, {least:?}"),
        }
    }

    proptest! {
        #[test]
        fn small_programs_are_solved_exactly(
            items in proptest::collection::vec(
                proptest::collection::vec((0u32..1000, 0u64..30, 0u64..30, 0u64..1000), 1..4), 1..5),
            limits in (0u64..120, 0u64..120, 0u64..4000, 0u8..8),
        ) {
            let candidate = |&(error, a, b, c): &(u32, u64, u64, u64)|
                Candidate { error: f64::from(error) / 7.0, costs: vec![a, b, c] };
            let items = items.iter().map(|item| item.iter().map(candidate).collect()).collect();
            let choices = Choices::new(RESOURCES.to_vec(), items).unwrap();
            let limit = |limit: u64, n: u8| if limits.3 >> n & 1 == 1 { UNLIMITED } else { limit };
            check(&choices, &[limit(limits.0, 0), limit(limits.1, 1), limit(limits.2, 2)]);
        }
    }

    #[test]
    fn networks_are_solved_to_the_bound() {
        for (count, seed) in [(20, 1), (60, 2), (60, 3), (120, 4)] {
            let mut random = Random::new(seed);
            let mut total = [0; 3];
            let items = (0..count)
                .map(|_| {
                    let scale = 4 + random.below(12);
                    let size = 9 * (1 + random.below(1 << scale));
                    let positions = 1 + random.below(200);
                    let gain = random.unit() + 0.01;
                    total[0] += size;
                    total[1] += size * positions;
                    (0..14)
                        .map(|n| {
                            let (bits, kind) = (2 + n / 2, n % 2);
                            let error =
                                gain * 0.25f64.powi(bits as i32) * (0.5 + random.unit()) * size as f64;
                            let latency = size * positions * (2 + kind + u64::from(bits > 4));
                            let energy = size * positions * (bits + kind * 2);
                            Candidate { error, costs: vec![bits * size, latency, energy] }
                        })
                        .collect()
                })
                .collect();
            let choices = Choices::new(RESOURCES.to_vec(), items).unwrap();
            let limits = [total[0] * 9 / 2, total[1] * 5 / 2, total[1] * 5];
            let found = solve(&choices, &limits).unwrap();
            assert!(
                choices.fits(&found.selection, &limits) && found.bound >= found.error * 0.999,
                "{found:?}"
            );
        }
    }

    #[test]
    fn budgets_that_cannot_be_met_say_what_could() {
        let candidate = |a: u64, b: u64| Candidate { error: 1.0, costs: vec![a, b] };
        let items = vec![vec![candidate(10, 30), candidate(30, 10)]; 4];
        let choices = Choices::new(vec![Resource::Flash, Resource::Energy], items).unwrap();
        let error = solve(&choices, &[39, UNLIMITED]).unwrap_err();
        assert_eq!(error.expected.as_deref(), Some("bytes of flash at most 39"));
        assert_eq!(error.found.as_deref(), Some("bytes of flash at least 40"));
        let error = solve(&choices, &[40, 40]).unwrap_err();
        assert_eq!(error.help.as_deref(), Some("raise all budgets by 100.0 % at least"));
        assert_eq!(solve(&choices, &[80, 80]).unwrap().costs, [80, 80]);
    }
}
