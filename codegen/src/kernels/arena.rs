//! The arena: where each buffer lies, so that buffers alive together do not overlap.

/// Buffers start at multiples of this.
pub const ALIGNMENT: usize = 64;

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

/// Places the largest buffers first, each at the lowest offset where it fits between those placed that
/// are alive with it.
pub fn plan(buffers: &[Interval]) -> Plan {
    let mut order: Vec<usize> = (0..buffers.len()).collect();
    order.sort_by_key(|&i| (std::cmp::Reverse(buffers[i].bytes), buffers[i].first));
    let mut offsets = vec![0; buffers.len()];
    let mut placed: Vec<usize> = Vec::new();
    for index in order {
        let mut busy: Vec<(usize, usize)> = placed
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
            at = at.max(end.next_multiple_of(ALIGNMENT));
        }
        offsets[index] = at;
        placed.push(index);
    }
    let bytes = (0..buffers.len()).map(|i| offsets[i] + buffers[i].bytes).max().unwrap_or(0);
    Plan { offsets, bytes }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lower_bound(buffers: &[Interval]) -> usize {
        let last = buffers.iter().map(|b| b.last).max().unwrap_or(0);
        (0..=last)
            .map(|t| buffers.iter().filter(|b| b.first <= t && t <= b.last).map(|b| b.bytes).sum())
            .max()
            .unwrap_or(0)
    }

    #[test]
    fn a_chain_needs_two_neighbours_at_a_time() {
        let buffers: Vec<Interval> = [640, 1280, 320, 64]
            .iter()
            .enumerate()
            .map(|(i, &bytes)| Interval { bytes, first: i, last: i + 1 })
            .collect();
        let plan = plan(&buffers);
        assert_eq!(plan.bytes, lower_bound(&buffers));
    }

    #[test]
    fn buffers_alive_together_never_overlap() {
        let mut seed = 1u64;
        let mut random = |n: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % n
        };
        for _ in 0..300 {
            let buffers: Vec<Interval> = (0..12)
                .map(|first| Interval {
                    bytes: 1 + random(2000) as usize,
                    first,
                    last: first + random(5) as usize,
                })
                .collect();
            let found = plan(&buffers);
            for (i, a) in buffers.iter().enumerate() {
                assert_eq!(found.offsets[i] % ALIGNMENT, 0);
                for (j, b) in buffers.iter().enumerate().skip(i + 1) {
                    let apart = found.offsets[i] + a.bytes <= found.offsets[j]
                        || found.offsets[j] + b.bytes <= found.offsets[i];
                    assert!(apart || !a.overlaps(b), "{i} {j} {found:?}");
                }
            }
            assert!(found.bytes >= lower_bound(&buffers));
        }
    }
}
