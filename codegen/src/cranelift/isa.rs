//! What Cranelift is told of a target.

use afp_ir::diag::Diagnostic;
use cranelift_codegen::{
    isa::{self, OwnedTargetIsa},
    settings::{self, Configurable, Flags},
};

use super::set;
use crate::{
    internal,
    target::{Dot, Target},
};

/// What the translator must know of the machine, beyond what Cranelift legalizes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Machine {
    /// x86-64 without a dot product of 8 bits, or with AVX-VNNI, whose encoding of it Cranelift lacks.
    X86,
    /// x86-64 with the `vpdpbusd` of AVX-512.
    X86Vnni,
    /// aarch64; Cranelift finds `sdot` by itself.
    Aarch64,
}

const X86_64_V2: [&str; 6] =
    ["has_cmpxchg16b", "has_sse3", "has_ssse3", "has_sse41", "has_sse42", "has_popcnt"];
const X86_64_V3: [&str; 6] = ["has_avx", "has_avx2", "has_bmi1", "has_bmi2", "has_fma", "has_lzcnt"];
/// Without `has_avx512dq`: with it, products of extended lanes of 32 bits become `vpmullq`, which takes three times as
/// long as `pmuldq`.
const X86_64_V4: [&str; 2] = ["has_avx512f", "has_avx512vl"];

/// The code generator of a target, for code that may lie anywhere, or for code at fixed addresses.
pub(super) fn of(
    target: &Target,
    position_independent: bool,
) -> Result<(OwnedTargetIsa, Machine), Diagnostic> {
    let (machine, triple, features) = description(target).ok_or_else(|| unsupported(target))?;
    // The name is one of two constants: unknown ones would end the process.
    let mut builder = isa::lookup_by_name(triple).map_err(|error| {
        internal("Cranelift was built without a target").found(format!("{triple}: {error}"))
    })?;
    for feature in features {
        builder.enable(feature).map_err(|error| {
            internal("Cranelift does not know a feature").found(format!("{feature}: {error}"))
        })?;
    }
    let mut options = settings::builder();
    set(&mut options, "opt_level", "speed")?;
    set(&mut options, "is_pic", if position_independent { "true" } else { "false" })?;
    set(&mut options, "unwind_info", "false")?;
    set(&mut options, "enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" })?;
    let isa = builder
        .finish(Flags::new(options))
        .map_err(|error| internal("Cranelift does not take a target's features").found(error.to_string()))?;
    Ok((isa, machine))
}

/// Cranelift's name of the machine, and its features by Cranelift's names.
fn description(target: &Target) -> Option<(Machine, &'static str, Vec<&'static str>)> {
    let dot = target.vectors.dot;
    if target.triple.starts_with("aarch64-") && target.triple.ends_with("-linux-gnu") {
        let features = if dot == Dot::Sdot { vec!["has_dotprod"] } else { Vec::new() };
        return Some((Machine::Aarch64, "aarch64-unknown-linux-gnu", features));
    }
    if !(target.triple.starts_with("x86_64-") && target.triple.ends_with("-linux-gnu")) {
        return None;
    }
    let mut features = X86_64_V2.to_vec();
    match target.cpu {
        "x86-64-v2" => {}
        "x86-64-v3" => features.extend(X86_64_V3),
        "x86-64-v4" => features.extend(X86_64_V3.into_iter().chain(X86_64_V4)),
        _ => return None,
    }
    let vnni = dot == Dot::Vnni && target.cpu == "x86-64-v4";
    if vnni {
        features.push("has_avx512vnni");
    }
    Some((if vnni { Machine::X86Vnni } else { Machine::X86 }, "x86_64-unknown-linux-gnu", features))
}

/// There is no code generator.
pub(super) fn unsupported(target: &Target) -> Diagnostic {
    Diagnostic::error("AFP0621", "the Cranelift backend cannot compile for the target")
        .expected("x86-64 or aarch64 with an operating system")
        .found(format!("'{}'", target.name))
        .help("use --backend llvm")
}
