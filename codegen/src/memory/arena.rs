//! The arena: where each buffer lies, so that buffers alive together do not overlap.

/// A buffer: its size, and the first and the last call that need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Bytes.
    pub bytes: usize,
    /// The call that writes it.
    pub first: usize,
    /// The last call that reads it.
    pub last: usize,
}

impl Interval {
    fn overlaps(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// Offsets of all buffers, and the high-water mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Offset of each buffer, in bytes.
    pub offsets: Vec<usize>,
    /// Size of the arena, in bytes.
    pub bytes: usize,
}

/// What an order sorts by.
type Key = fn(&Interval) -> (usize, usize);

/// Rounds of the search that follows the first placements.
const ROUNDS: usize = 2000;

/// Finds offsets, multiples of `alignment`, by which buffers that are alive together do not overlap.
///
/// Buffers are placed one after the other, each at the lowest offset where it fits: the order decides.
/// Several are tried, largest first among them; while the best is above what any moment needs, a
/// buffer that lies highest is moved to the front. Deterministic.
pub fn plan(buffers: &[Interval], alignment: usize) -> Plan {
    let bound = needed(buffers, alignment);
    let keys: [Key; 3] = [
        |b| (b.bytes, usize::MAX - b.first),
        |b| (b.bytes.saturating_mul(b.last - b.first + 1), b.bytes),
        |b| (b.last - b.first, b.bytes),
    ];
    let mut best: Option<(Vec<usize>, Plan)> = None;
    let consider = |order: &[usize], best: &mut Option<(Vec<usize>, Plan)>| {
        let plan = in_order(buffers, order, alignment);
        if best.as_ref().is_none_or(|(_, known)| plan.bytes < known.bytes) {
            *best = Some((order.to_vec(), plan));
        }
    };
    for key in keys {
        let mut order: Vec<usize> = (0..buffers.len()).collect();
        order.sort_by_key(|&i| (std::cmp::Reverse(key(&buffers[i])), i));
        consider(&order, &mut best);
    }
    let mut seed = 1u64;
    for _ in 0..ROUNDS {
        let Some((order, plan)) = &best else { break };
        if plan.bytes <= bound || buffers.len() < 3 {
            break;
        }
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (choice, place) = ((seed >> 33) as usize, (seed >> 48) as usize);
        let tops: Vec<usize> = (0..order.len())
            .filter(|&i| plan.offsets[order[i]] + buffers[order[i]].bytes == plan.bytes)
            .collect();
        let mut order = order.clone();
        let from =
            if choice.is_multiple_of(2) { tops[choice / 2 % tops.len()] } else { choice / 2 % order.len() };
        let moved = order.remove(from);
        let to = if choice.is_multiple_of(2) { place % (from + 1) } else { place % (order.len() + 1) };
        order.insert(to, moved);
        let trial = in_order(buffers, &order, alignment);
        // Sideways steps leave plateaus.
        if best.as_ref().is_none_or(|(_, known)| trial.bytes <= known.bytes) {
            best = Some((order, trial));
        }
    }
    best.map_or_else(|| Plan { offsets: Vec::new(), bytes: 0 }, |(_, plan)| plan)
}

/// What is alive at once at the worst moment: no plan needs less.
fn needed(buffers: &[Interval], alignment: usize) -> usize {
    buffers
        .iter()
        .map(|at| {
            let alive = buffers.iter().filter(|b| b.first <= at.first && at.first <= b.last);
            let (mut sum, mut largest_gap) = (0, 0);
            for b in alive {
                let whole = b.bytes.next_multiple_of(alignment);
                sum += whole;
                largest_gap = largest_gap.max(whole - b.bytes);
            }
            sum - largest_gap
        })
        .max()
        .unwrap_or(0)
}

fn in_order(buffers: &[Interval], order: &[usize], alignment: usize) -> Plan {
    let mut offsets = vec![0; buffers.len()];
    for (count, &index) in order.iter().enumerate() {
        let mut busy: Vec<(usize, usize)> = order[..count]
            .iter()
            .filter(|&&other| buffers[other].overlaps(&buffers[index]))
            .map(|&other| (offsets[other], offsets[other] + buffers[other].bytes))
            .collect();
        busy.sort_unstable();
        let mut at = 0;
        for (start, end) in busy {
            if at + buffers[index].bytes <= start {
                break;
            }
            at = at.max(end.next_multiple_of(alignment));
        }
        offsets[index] = at;
    }
    let bytes = (0..buffers.len()).map(|i| offsets[i] + buffers[i].bytes).max().unwrap_or(0);
    Plan { offsets, bytes }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALIGNMENT: usize = 64;

    /// Buffers of pseudo-random sizes and lives.
    fn random_buffers(seed: &mut u64, count: usize) -> Vec<Interval> {
        let mut random = |n: u64| {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (*seed >> 33) % n
        };
        (0..count)
            .map(|first| Interval {
                bytes: 1 + random(2000) as usize,
                first,
                last: first + random(5) as usize,
            })
            .collect()
    }

    /// The least arena there is: one of the orders, placed one by one as low as possible, gives it.
    fn exact(buffers: &[Interval]) -> usize {
        fn visit(buffers: &[Interval], order: &mut Vec<usize>, best: &mut usize) {
            if order.len() == buffers.len() {
                *best = (*best).min(in_order(buffers, order, ALIGNMENT).bytes);
                return;
            }
            for next in 0..buffers.len() {
                if !order.contains(&next) {
                    order.push(next);
                    visit(buffers, order, best);
                    order.pop();
                }
            }
        }
        let mut best = usize::MAX;
        visit(buffers, &mut Vec::new(), &mut best);
        best
    }

    #[test]
    fn a_chain_needs_two_neighbours_at_a_time() {
        let buffers: Vec<Interval> = [640, 1280, 320, 64]
            .iter()
            .enumerate()
            .map(|(i, &bytes)| Interval { bytes, first: i, last: i + 1 })
            .collect();
        assert_eq!(plan(&buffers, ALIGNMENT).bytes, needed(&buffers, ALIGNMENT));
        assert_eq!(plan(&buffers, ALIGNMENT).bytes, 640 + 1280);
    }

    #[test]
    fn no_buffers_need_no_memory() {
        assert_eq!(plan(&[], ALIGNMENT).bytes, 0);
    }

    #[test]
    fn buffers_alive_together_never_overlap() {
        let mut seed = 1u64;
        for _ in 0..300 {
            let buffers = random_buffers(&mut seed, 12);
            let found = plan(&buffers, ALIGNMENT);
            for (i, a) in buffers.iter().enumerate() {
                assert_eq!(found.offsets[i] % ALIGNMENT, 0);
                for (j, b) in buffers.iter().enumerate().skip(i + 1) {
                    let apart = found.offsets[i] + a.bytes <= found.offsets[j]
                        || found.offsets[j] + b.bytes <= found.offsets[i];
                    assert!(apart || !a.overlaps(b), "{i} {j} {found:?}");
                }
            }
            assert!(found.bytes >= needed(&buffers, ALIGNMENT));
        }
    }

    #[test]
    fn small_plans_are_the_best_there_are_or_close() {
        let (mut seed, mut best) = (7u64, 0);
        for _ in 0..200 {
            let buffers = random_buffers(&mut seed, 7);
            let (found, least) = (plan(&buffers, ALIGNMENT).bytes, exact(&buffers));
            assert!(found * 100 <= least * 101, "{found} and not {least}: {buffers:?}");
            best += usize::from(found == least);
        }
        assert!(best >= 190, "only {best} of 200 are the best there are");
    }
}
