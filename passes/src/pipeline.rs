//! The one pipeline that afpc and afp-opt run, stage by stage.

use afp_ir::{diag::Diagnostic, mlir::SourceModule};

use crate::registry;

/// A stage: the pass that gives it its name, and what is run to reach it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The name of the stage's pass.
    pub name: &'static str,
    /// Upstream passes that clean up behind it.
    cleanup: &'static str,
}

/// Options of the pipeline's passes, as text of their options.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PipelineOptions {
    /// `(pass, option, value)`: values must hold no white space.
    pub values: Vec<(&'static str, &'static str, String)>,
}

/// The stages from `tosa` on f32 to an exact AFP program.
pub const STAGES: [Stage; 9] = [
    Stage { name: "afp-raise", cleanup: "canonicalize,cse" },
    Stage { name: "afp-form-groups", cleanup: "cse" },
    Stage { name: "afp-equalize", cleanup: "" },
    Stage { name: "afp-range-analysis", cleanup: "" },
    Stage { name: "afp-assign-formats", cleanup: "" },
    Stage { name: "afp-quantize", cleanup: "" },
    Stage { name: "afp-encode-weights", cleanup: "cse" },
    Stage { name: "afp-eliminate-requant", cleanup: "canonicalize,cse" },
    Stage { name: "afp-prove-widths", cleanup: "" },
];

/// The stage of a name.
pub fn stage(name: &str) -> Option<usize> {
    STAGES.iter().position(|stage| stage.name == name)
}

/// The textual pipeline of one stage.
pub fn text(stage: &Stage, options: &PipelineOptions) -> String {
    let given: Vec<String> = options
        .values
        .iter()
        .filter(|(pass, ..)| *pass == stage.name)
        .map(|(_, option, value)| format!("{option}={value}"))
        .collect();
    let arguments = if given.is_empty() { String::new() } else { format!("{{{}}}", given.join(" ")) };
    let cleanup = if stage.cleanup.is_empty() { String::new() } else { format!(",{}", stage.cleanup) };
    let pass = format!("{}{arguments}", stage.name);
    format!("builtin.module({pass}{cleanup})")
}

/// Runs one stage.
///
/// # Errors
/// If a pass fails; its diagnostics are in the module's session. A malformed option is reported in
/// the diagnostic returned.
pub fn run(
    module: &SourceModule<'_>,
    stage: &Stage,
    options: &PipelineOptions,
) -> Result<(), Option<Diagnostic>> {
    registry::register_all();
    module.run_pipeline(&text(stage, options)).map_err(|message| {
        (!message.is_empty()).then(|| {
            Diagnostic::error(
                "AFP0001",
                format!("the pipeline of {} is malformed; this is a bug in afpc", stage.name),
            )
            .found(message)
        })
    })
}
