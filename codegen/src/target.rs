//! Targets by name, for users; the machines themselves are in `afp_target`.

use afp_ir::diag::Diagnostic;
pub use afp_target::{Dot, System, TABLE, Target, Vectors};
use inkwell::targets::{InitializationConfig, Target as LlvmTarget};

/// The target of a name: `host`, or one of the table.
///
/// # Errors
/// AFP0604 if there is none.
pub fn named(name: &str) -> Result<Target, Diagnostic> {
    Target::named(name).ok_or_else(|| {
        let known: Vec<&str> = TABLE.iter().map(|target| target.name).collect();
        Diagnostic::error("AFP0604", "there is no such target")
            .expected(format!("host, {}", known.join(", ")))
            .found(format!("'{name}'"))
    })
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
    fn an_unknown_name_lists_the_known() {
        assert_eq!(named("host"), Ok(Target::host()));
        let error = named("z80").expect_err("no such target");
        assert_eq!(error.code, "AFP0604");
        assert!(error.expected.is_some_and(|expected| expected.starts_with("host, x86-64-v2, ")));
    }
}
