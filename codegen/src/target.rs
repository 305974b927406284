//! The machines that code is generated for.

use afp_ir::diag::Diagnostic;
use inkwell::targets::{InitializationConfig, Target as LlvmTarget, TargetMachine};

/// A machine, in LLVM's terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The target triple, such as `x86_64-unknown-linux-gnu`.
    pub triple: String,
    /// The processor, such as `x86-64-v3`.
    pub cpu: String,
    /// Features on top of the processor's, such as `+dotprod`; comma-separated.
    pub features: String,
}

/// Name, triple and processor.
const TABLE: [(&str, &str, &str); 4] = [
    ("x86-64", "x86_64-unknown-linux-gnu", "x86-64"),
    ("x86-64-v3", "x86_64-unknown-linux-gnu", "x86-64-v3"),
    ("x86-64-v4", "x86_64-unknown-linux-gnu", "x86-64-v4"),
    ("aarch64", "aarch64-unknown-linux-gnu", "generic"),
];

impl Target {
    /// This machine, as x86-64 at level 3 or 1, or the generic processor of another architecture.
    ///
    /// A level and not the processor itself: the same machine code then runs on, and can be compared
    /// between, many machines. Code for a processor's own name has been seen to differ in single
    /// elements, vectorizers on or off, for a reason not yet known; level 4 was right on that network
    /// and is left out for caution (`lit-tests/regressions/host-level.test`).
    pub fn host() -> Self {
        initialize();
        let features = TargetMachine::get_host_cpu_features().to_string();
        let has = |needed: &[&str]| needed.iter().all(|f| features.split(',').any(|found| found == *f));
        let level = if has(&["+avx2", "+bmi2", "+fma", "+lzcnt", "+movbe"]) {
            "x86-64-v3"
        } else if cfg!(target_arch = "x86_64") {
            "x86-64"
        } else {
            "generic"
        };
        Self {
            triple: TargetMachine::get_default_triple().as_str().to_string_lossy().into_owned(),
            cpu: level.to_owned(),
            features: String::new(),
        }
    }

    /// The target of a name: `host`, or one of [`Target::names`].
    ///
    /// # Errors
    /// AFP0604 if there is none.
    pub fn named(name: &str) -> Result<Self, Diagnostic> {
        if name == "host" {
            return Ok(Self::host());
        }
        match TABLE.iter().find(|(known, ..)| *known == name) {
            Some((_, triple, cpu)) => {
                Ok(Self { triple: (*triple).to_owned(), cpu: (*cpu).to_owned(), features: String::new() })
            }
            None => Err(Diagnostic::error("AFP0604", "there is no such target")
                .expected(format!("host, {}", Self::names().collect::<Vec<_>>().join(", ")))
                .found(format!("'{name}'"))),
        }
    }

    /// The names of all targets but `host`.
    pub fn names() -> impl Iterator<Item = &'static str> {
        TABLE.iter().map(|(name, ..)| *name)
    }
}

/// Makes LLVM's code generators known; every call but the first does nothing new.
pub(crate) fn initialize() {
    let config = InitializationConfig::default();
    LlvmTarget::initialize_x86(&config);
    LlvmTarget::initialize_aarch64(&config);
    LlvmTarget::initialize_arm(&config);
    LlvmTarget::initialize_riscv(&config);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_have_names() {
        for name in Target::names() {
            assert!(!Target::named(name).expect("a target").cpu.is_empty());
        }
        assert_eq!(Target::named("host"), Ok(Target::host()));
        let error = Target::named("z80").expect_err("no such target");
        assert_eq!(error.code, "AFP0604");
        assert_eq!(error.expected.as_deref(), Some("host, x86-64, x86-64-v3, x86-64-v4, aarch64"));
    }
}
