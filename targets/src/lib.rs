//! What the machines that afpc compiles for can do, as data. Depends on nothing.
//!
//! A [`Target`] is a row of [`TABLE`]: how LLVM calls the machine, and what kernels may count on, its
//! [`Vectors`] and its dot product. Passes choose strategies by it, backends legalize by it.

pub mod features;

use features::Features;

/// A dot product of 8-bit integers that a machine has, accumulating in lanes of 32 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dot {
    /// None of 8 bits.
    None,
    /// `smull`, `smlal`: signed by signed, element by element, in 16 bits.
    Smull,
    /// `pmaddubsw`: unsigned by signed, two products saturating in 16 bits; `pmaddwd` for pairs of 16.
    Maddubs,
    /// `vpdpbusd`: unsigned by signed, four products, exact.
    Vnni,
    /// `sdot`: signed by signed, four products, exact.
    Sdot,
}

/// Vector registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vectors {
    /// Bits of a register; 0 where there are none worth using.
    pub bits: u32,
    /// How many registers.
    pub registers: u32,
    /// The dot product.
    pub dot: Dot,
    /// Whether one instruction adds the products of two rows of eight signed bytes with two others: `smmla`.
    pub mmla: bool,
    /// Whether there is a matrix unit, which multiplies tiles of bytes: AMX.
    pub matrix: bool,
    /// Whether bytes of a register can be looked up in others, and unaligned fields taken from it: AVX-512 VBMI.
    pub vbmi: bool,
    /// Whether the code generator knows the basic operations alone: lanes are not shifted by counts of their own, their
    /// leading zeros are not counted, and what goes into all lanes goes through a scalar register.
    pub basic: bool,
}

impl Vectors {
    /// Whether fewer products by dot products are worth the transforms of a Winograd convolution, whose cost is only
    /// won back where a dot product of bytes is one instruction.
    pub const fn transforms_pay(&self) -> bool {
        matches!(self.dot, Dot::Vnni | Dot::Sdot)
    }

    /// Whether products of bytes have 16 bits, and sums of more than two are made by other instructions.
    pub const fn multiplies_to_words(&self) -> bool {
        matches!(self.dot, Dot::Maddubs | Dot::Smull)
    }

    /// Whether bytes of a register are looked up in a table of 256 faster than in memory, one by one. With 128 bits,
    /// `pshufb` is no faster.
    pub const fn looks_up(&self) -> bool {
        let narrow = self.bits == 128 && matches!(self.dot, Dot::Maddubs | Dot::Vnni);
        self.bits >= 128 && !self.basic && !narrow
    }

    /// Whether one operand of the dot product can be a word of any lane of a register, for all lanes. It is no basic
    /// operation.
    pub const fn dots_by_lane(&self) -> bool {
        matches!(self.dot, Dot::Sdot) && !self.basic
    }
}

/// What runs the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// An operating system with a C library and shared libraries.
    Linux,
    /// None: no C library, no threads.
    Bare,
}

/// A machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// LLVM's triple.
    pub triple: &'static str,
    /// LLVM's name of the processor.
    pub cpu: &'static str,
    /// Features on top of the processor's, such as `+dotprod`; comma-separated.
    pub features: &'static str,
    /// Bits of a pointer.
    pub pointer_bits: u32,
    /// What runs the code.
    pub system: System,
    /// Vector registers.
    pub vectors: Vectors,
    /// Alignment of the arena, in bytes.
    pub arena_alignment: usize,
}

const X86: &str = "x86_64-unknown-linux-gnu";
const AARCH64: &str = "aarch64-unknown-linux-gnu";

/// Without the tuning LLVM splits `vpdpwssd` in two.
const AVX_VNNI: &str = "+avxvnni,+fast-dpwssd";
const VNNI: &str = "+avx512vnni,+fast-dpwssd";
const VBMI: &str = "+avx512vnni,+fast-dpwssd,+avx512vbmi";
const AMX: &str = "+avx512vnni,+fast-dpwssd,+avx512vbmi,+amx-tile,+amx-int8";

const fn vectors(bits: u32, registers: u32, dot: Dot) -> Vectors {
    Vectors { bits, registers, dot, mmla: false, matrix: false, vbmi: false, basic: false }
}

const fn linux(
    name: &'static str,
    triple: &'static str,
    (cpu, features): (&'static str, &'static str),
    vectors: Vectors,
) -> Target {
    let (pointer_bits, system, arena_alignment) = (64, System::Linux, 64);
    Target { name, triple, cpu, features, pointer_bits, system, vectors, arena_alignment }
}

/// Every machine, the more capable of an architecture behind the less.
pub const TABLE: [Target; 11] = [
    linux("x86-64-v2", X86, ("x86-64-v2", ""), vectors(128, 16, Dot::Maddubs)),
    linux("x86-64-v3", X86, ("x86-64-v3", ""), vectors(256, 16, Dot::Maddubs)),
    linux("x86-64-v3+avxvnni", X86, ("x86-64-v3", AVX_VNNI), vectors(256, 16, Dot::Vnni)),
    linux("x86-64-v4", X86, ("x86-64-v4", ""), vectors(512, 32, Dot::Maddubs)),
    linux("x86-64-v4+vnni", X86, ("x86-64-v4", VNNI), vectors(512, 32, Dot::Vnni)),
    linux("x86-64-v4+vbmi", X86, ("x86-64-v4", VBMI), Vectors { vbmi: true, ..vectors(512, 32, Dot::Vnni) }),
    linux(
        "x86-64-v4+amx",
        X86,
        ("x86-64-v4", AMX),
        Vectors { matrix: true, vbmi: true, ..vectors(512, 32, Dot::Vnni) },
    ),
    linux("aarch64", AARCH64, ("generic", ""), vectors(128, 32, Dot::Smull)),
    linux("aarch64+dotprod", AARCH64, ("generic", "+dotprod"), vectors(128, 32, Dot::Sdot)),
    linux(
        "aarch64+i8mm",
        AARCH64,
        ("generic", "+dotprod,+i8mm"),
        Vectors { mmla: true, ..vectors(128, 32, Dot::Sdot) },
    ),
    Target {
        name: "cortex-m4",
        triple: "thumbv7em-none-eabi",
        cpu: "cortex-m4",
        // With a floating-point unit or without: its registers are not used either.
        features: "+soft-float,-fpregs",
        pointer_bits: 32,
        system: System::Bare,
        vectors: vectors(0, 0, Dot::None),
        arena_alignment: 8,
    },
];

/// The name of all rows of x86-64 together: for code that has a version for each, and chooses when it runs.
pub const MULTI: &str = "x86-64-multi";

impl Target {
    /// The machine of a name, or this one for `host`.
    pub fn named(name: &str) -> Option<Self> {
        if name == "host" { Some(Self::host()) } else { Self::listed(name) }
    }

    /// The row of the table of a name: the same on every machine.
    pub fn listed(name: &str) -> Option<Self> {
        TABLE.into_iter().find(|target| target.name == name)
    }

    /// The rows of [`MULTI`], the more capable behind the less.
    pub fn versions() -> Vec<Self> {
        TABLE.into_iter().filter(|target| Features::of(target.name).is_some()).collect()
    }

    /// This machine: the most capable row of the table that it can run; the least of its architecture if it
    /// is older than all of them.
    pub fn host() -> Self {
        let runs = |target: &&Self| target.runs_here();
        let least = if cfg!(target_arch = "aarch64") { "aarch64" } else { TABLE[0].name };
        let fallback = TABLE.iter().find(|target| target.name == least).unwrap_or(&TABLE[0]);
        *TABLE.iter().rev().find(runs).unwrap_or(fallback)
    }

    /// Whether this machine can run the target's code.
    #[cfg(target_arch = "x86_64")]
    pub fn runs_here(&self) -> bool {
        let has_all = Features::of(self.name).is_some_and(|needed| Features::here().contain(needed));
        has_all && (!self.vectors.matrix || amx::is_granted())
    }

    /// Whether this machine can run the target's code.
    #[cfg(target_arch = "aarch64")]
    pub fn runs_here(&self) -> bool {
        match self.name {
            "aarch64" => true,
            "aarch64+dotprod" => std::arch::is_aarch64_feature_detected!("dotprod"),
            "aarch64+i8mm" => {
                std::arch::is_aarch64_feature_detected!("dotprod")
                    && std::arch::is_aarch64_feature_detected!("i8mm")
            }
            _ => false,
        }
    }

    /// The same machine with vectors of at most so many bits, for a backend that has no wider ones.
    pub fn narrowed(self, bits: u32) -> Self {
        if self.vectors.bits <= bits {
            return self;
        }
        // The second half of x86's registers belongs to AVX-512, whose encodings such a backend lacks.
        let most = if self.triple.starts_with("x86") { 16 } else { self.vectors.registers };
        let registers = self.vectors.registers.min(most);
        Self {
            vectors: Vectors { bits, registers, mmla: false, matrix: false, vbmi: false, ..self.vectors },
            ..self
        }
    }

    /// The same machine for a code generator that knows the basic operations on vectors alone.
    pub fn basic(self) -> Self {
        Self { vectors: Vectors { basic: true, mmla: false, ..self.vectors }, ..self }
    }

    /// The same machine without its matrix unit, for a backend that has no use of it.
    pub fn without_matrix(self) -> Self {
        Self { vectors: Vectors { matrix: false, ..self.vectors }, ..self }
    }
}

/// The matrix unit of x86-64.
#[cfg(target_arch = "x86_64")]
mod amx {
    use std::arch::asm;

    /// Whether the system lets this process use it: Linux grants that on demand, for all threads.
    /// `arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA)`.
    pub fn is_granted() -> bool {
        if !cfg!(target_os = "linux") {
            return false;
        }
        let mut status: i64 = 158;
        // SAFETY: the call changes what the process may use, and no memory.
        unsafe {
            asm!(
                "syscall",
                inlateout("rax") status,
                in("rdi") 0x1023,
                in("rsi") 18,
                lateout("rcx") _,
                lateout("r11") _,
                options(nostack)
            );
        }
        status == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for target in TABLE {
            assert_eq!(Target::named(target.name), Some(target));
            assert_eq!(TABLE.iter().filter(|other| other.name == target.name).count(), 1);
        }
        assert_eq!(Target::named("z80"), None);
    }

    #[test]
    fn the_host_runs_what_it_is_taken_for() {
        let host = Target::host();
        assert!(host.runs_here());
        assert_eq!(Target::named("host"), Some(host));
        assert_eq!(Target::named("cortex-m4").map(|target| target.runs_here()), Some(false));
    }

    #[test]
    fn versions_are_those_of_x86() {
        let versions = Target::versions();
        assert_eq!(versions, TABLE[..7]);
        assert!(Target::named(MULTI).is_none(), "it is no single machine");
    }

    #[test]
    fn narrow_vectors_stay() {
        let wide = Target::listed("x86-64-v4").expect("a row of the table");
        let narrow = wide.narrowed(128).vectors;
        assert_eq!((narrow.bits, narrow.registers), (128, 16));
        assert!(wide.narrowed(128).basic().vectors.basic && !narrow.basic);
        let amx = Target::listed("x86-64-v4+amx").expect("a machine");
        assert!(amx.vectors.vbmi && amx.without_matrix().vectors.vbmi && !amx.narrowed(256).vectors.vbmi);
        assert_eq!(TABLE[0].narrowed(256), TABLE[0]);
        let i8mm = Target::listed("aarch64+i8mm").expect("a machine");
        assert!(i8mm.narrowed(128).vectors.mmla && !i8mm.basic().vectors.mmla);
        assert!(i8mm.basic().vectors.dot == Dot::Sdot && !i8mm.narrowed(64).vectors.mmla);
    }
}
