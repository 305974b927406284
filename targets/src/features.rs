//! What x86-64 processors say of themselves, and what of it targets need.
//!
//! The same masks serve this process, by [`Target::runs_here`](crate::Target::runs_here), and code that afpc
//! generates, which asks when it runs.

/// A word of features that CPUID gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// What eax is before. A processor that does not reach it gives another leaf's words: the first of its
    /// half, 0 or 0x8000_0000, has the last leaf in eax.
    pub leaf: u32,
    /// What ecx is before. The leaf's subleaf 0 has the last subleaf in eax.
    pub subleaf: u32,
    /// The register that has the word: eax, ebx, ecx, edx.
    pub register: usize,
}

/// The words with features that some target needs.
pub const WORDS: [Word; 6] = [
    Word { leaf: 1, subleaf: 0, register: 2 },
    Word { leaf: 7, subleaf: 0, register: 1 },
    Word { leaf: 7, subleaf: 0, register: 2 },
    Word { leaf: 7, subleaf: 0, register: 3 },
    Word { leaf: 7, subleaf: 1, register: 0 },
    Word { leaf: 0x8000_0001, subleaf: 0, register: 2 },
];

/// The bit of the first of [`WORDS`] that says that XGETBV may be executed: OSXSAVE.
pub const OSXSAVE: u32 = 27;

/// Features of a processor and its system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    /// Those of [`WORDS`].
    pub words: [u32; WORDS.len()],
    /// The registers that the system saves: the low half of XCR0, as XGETBV gives it.
    pub saved: u32,
}

const fn bits(list: &[u32]) -> u32 {
    let (mut word, mut at) = (0, 0);
    while at < list.len() {
        word |= 1 << list[at];
        at += 1;
    }
    word
}

/// SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT; LAHF.
const V2: Features = Features { words: [bits(&[0, 9, 13, 19, 20, 23]), 0, 0, 0, 0, bits(&[0])], saved: 0 };

/// FMA, MOVBE, XSAVE, OSXSAVE, AVX, F16C; BMI1, AVX2, BMI2; LZCNT. The system saves 256 bits.
const V3: Features = V2.and(Features {
    words: [bits(&[12, 22, 26, OSXSAVE, 28, 29]), bits(&[3, 5, 8]), 0, 0, 0, bits(&[5])],
    saved: bits(&[1, 2]),
});

/// AVX-VNNI.
const V3_AVXVNNI: Features = V3.and(Features { words: [0, 0, 0, 0, bits(&[4]), 0], saved: 0 });

/// AVX512F, AVX512DQ, AVX512CD, AVX512BW, AVX512VL. The system saves masks and 512 bits.
const V4: Features =
    V3.and(Features { words: [0, bits(&[16, 17, 28, 30, 31]), 0, 0, 0, 0], saved: bits(&[5, 6, 7]) });

/// AVX512_VNNI.
const V4_VNNI: Features = V4.and(Features { words: [0, 0, bits(&[11]), 0, 0, 0], saved: 0 });

/// AVX512_VBMI.
const V4_VBMI: Features = V4_VNNI.and(Features { words: [0, 0, bits(&[1]), 0, 0, 0], saved: 0 });

/// AMX-TILE, AMX-INT8. The system saves tiles; that it lets a process use them is another matter.
const V4_AMX: Features =
    V4_VBMI.and(Features { words: [0, 0, 0, bits(&[24, 25]), 0, 0], saved: bits(&[17, 18]) });

impl Features {
    /// What a target of [`TABLE`](crate::TABLE) needs; none for what is no x86-64.
    pub fn of(target: &str) -> Option<Self> {
        Some(match target {
            "x86-64-v2" => V2,
            "x86-64-v3" => V3,
            "x86-64-v3+avxvnni" => V3_AVXVNNI,
            "x86-64-v4" => V4,
            "x86-64-v4+vnni" => V4_VNNI,
            "x86-64-v4+vbmi" => V4_VBMI,
            "x86-64-v4+amx" => V4_AMX,
            _ => return None,
        })
    }

    const fn and(self, more: Self) -> Self {
        let (mut words, mut at) = (self.words, 0);
        while at < words.len() {
            words[at] |= more.words[at];
            at += 1;
        }
        Self { words, saved: self.saved | more.saved }
    }

    /// Whether these are all there.
    pub fn contain(self, needed: Self) -> bool {
        let words = self.words.iter().zip(needed.words).all(|(word, needed)| word & needed == needed);
        words && self.saved & needed.saved == needed.saved
    }

    /// Those of this machine.
    #[cfg(target_arch = "x86_64")]
    pub fn here() -> Self {
        use std::arch::x86_64::{__cpuid_count, _xgetbv};
        let words = WORDS.map(|Word { leaf, subleaf, register }| {
            let last = __cpuid_count(leaf & 0x8000_0000, 0).eax;
            if leaf > last || (subleaf > 0 && subleaf > __cpuid_count(leaf, 0).eax) {
                return 0;
            }
            let found = __cpuid_count(leaf, subleaf);
            [found.eax, found.ebx, found.ecx, found.edx][register]
        });
        // SAFETY: the processor says that the instruction may be executed.
        let saved = if words[0] >> OSXSAVE & 1 == 1 { unsafe { _xgetbv(0) as u32 } } else { 0 };
        Self { words, saved }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TABLE;

    #[test]
    fn every_row_of_x86_says_what_it_needs() {
        for target in TABLE {
            assert_eq!(Features::of(target.name).is_some(), target.triple.starts_with("x86"), "{target:?}");
        }
    }

    #[test]
    fn a_missing_feature_is_missed() {
        let needed = Features::of("x86-64-v4+amx").expect("a row of the table");
        assert!(needed.contain(V2) && !V2.contain(needed));
        for (word, bit) in (0..WORDS.len()).flat_map(|word| (0..32).map(move |bit| (word, bit))) {
            let mut found = needed;
            found.words[word] &= !(1 << bit);
            assert_eq!(found.contain(needed), needed.words[word] >> bit & 1 == 0);
        }
        assert!(!Features { saved: needed.saved & !bits(&[18]), ..needed }.contain(needed));
    }

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn the_standard_library_agrees() {
        use std::arch::is_x86_feature_detected as has;
        let here = Features::here();
        let runs = |name: &str| here.contain(Features::of(name).expect(name));
        let v2 = has!("sse3") && has!("ssse3") && has!("cmpxchg16b") && has!("sse4.2") && has!("popcnt");
        let bmi = has!("bmi1") && has!("bmi2") && has!("lzcnt") && has!("movbe");
        let v3 = v2 && bmi && has!("fma") && has!("f16c") && has!("avx2");
        let avx512 = has!("avx512f") && has!("avx512bw") && has!("avx512cd");
        let v4 = v3 && avx512 && has!("avx512dq") && has!("avx512vl");
        assert_eq!(runs("x86-64-v2"), v2);
        assert_eq!(runs("x86-64-v3"), v3);
        assert_eq!(runs("x86-64-v3+avxvnni"), v3 && has!("avxvnni"));
        assert_eq!(runs("x86-64-v4"), v4);
        let vnni = v4 && has!("avx512vnni");
        assert_eq!(runs("x86-64-v4+vnni"), vnni);
        assert_eq!(runs("x86-64-v4+vbmi"), vnni && has!("avx512vbmi"));
    }
}
