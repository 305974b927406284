//! Random numbers.

/// A small generator of numbers (splitmix64).
pub struct Random(pub u64);

impl Random {
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `lo` to `hi`, both included.
    pub fn range(&mut self, lo: i64, hi: i64) -> i64 {
        lo + (self.bits() % (hi - lo + 1) as u64) as i64
    }

    /// True once in `n` times.
    pub fn once_in(&mut self, n: i64) -> bool {
        self.range(1, n) == 1
    }

    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.range(0, choices.len() as i64 - 1) as usize]
    }

    /// About normal, with mean 0 and deviation 1.
    pub fn normal(&mut self) -> f32 {
        let sum: i64 = (0..12).map(|_| self.range(0, 65535)).sum();
        (sum as f32 / 65536.0) - 6.0
    }
}
