//! Targets by name, for users; the machines themselves are in `afp_target`.

use afp_ir::diag::Diagnostic;
pub use afp_target::{Dot, MULTI, System, TABLE, Target, Vectors};
use inkwell::targets::{InitializationConfig, Target as LlvmTarget};

/// The target of a name: `host`, or one of the table.
///
/// # Errors
/// AFP0604 if there is none.
pub fn named(name: &str) -> Result<Target, Diagnostic> {
    Target::named(name).ok_or_else(|| {
        let error = Diagnostic::error("AFP0604", "there is no such target")
            .expected(format!("host, {}", known()))
            .found(format!("'{name}'"));
        match name {
            MULTI => error.help(format!(
                "{MULTI} is several targets, which `afpc compile` alone takes; \
                 host is the one that it would choose here"
            )),
            _ => error,
        }
    })
}

/// The targets of a name to compile for: one, or for [`MULTI`] all of x86-64, the more capable behind the
/// less.
///
/// # Errors
/// AFP0604 if there is none.
pub fn versions(name: &str) -> Result<Vec<Target>, Diagnostic> {
    match name {
        MULTI => Ok(Target::versions()),
        _ => Ok(vec![named(name).map_err(|error| error.expected(format!("host, {MULTI}, {}", known())))?]),
    }
}

fn known() -> String {
    TABLE.map(|target| target.name).join(", ")
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
        assert_eq!(error.help, None);
        assert_eq!(versions("x86-64-v3"), named("x86-64-v3").map(|target| vec![target]));
        let error = versions("z80").expect_err("no such target");
        assert!(error.expected.is_some_and(|expected| expected.starts_with("host, x86-64-multi, ")));
    }

    #[test]
    fn several_targets_are_none() {
        assert!(versions(MULTI).is_ok_and(|targets| targets.len() > 1));
        let error = named(MULTI).expect_err("no single target");
        assert!(error.help.is_some_and(|help| help.contains("`afpc compile`")));
    }
}
