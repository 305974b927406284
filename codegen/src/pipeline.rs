//! From an exact AFP program to a module of kernels that a backend compiles.

use afp_ir::{
    diag::Diagnostic,
    mlir::{Session, SourceModule},
};
use afp_passes::registry::{self, Pass};
use afp_target::Target;

use crate::{
    afpk::{expand, to_llvm},
    kernels::{
        self,
        gemv::PACKED_FROM,
        strategy::{Multiply, Usage, Weights},
    },
    memory, select,
};

/// Every pass of this crate.
pub static PASSES: &[&Pass] = &[&select::PASS, &kernels::PASS, &memory::PASS, &expand::PASS, &to_llvm::PASS];

/// Registers all passes of afpc and of upstream MLIR, once per process.
pub fn register_all() {
    registry::register_all();
    registry::register_more(PASSES);
}

/// Registers the passes of afpc alone, for afp-opt, whose main function registers upstream's.
pub fn register() {
    registry::register();
    registry::register_more(PASSES);
}

/// What is chosen for the code, whatever the backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choices {
    /// The machine.
    pub target: Target,
    /// When a matrix unit is used.
    pub matrix: Usage,
    /// When Winograd's transforms are.
    pub winograd: Usage,
    /// Products.
    pub multiply: Multiply,
    /// Weights in memory.
    pub weights: Weights,
    /// Bytes of a program's weights from which products of one row read them packed, on machines that decode them
    /// in registers; None for never.
    pub packed_from: Option<u64>,
    /// Whether callers pass codes and not floats.
    pub codes: bool,
    /// Threads that share the work.
    pub threads: usize,
}

impl Choices {
    /// Floats at the boundary, one thread, the machine's multiplier.
    pub fn new(target: Target) -> Self {
        let (multiply, weights) = (Multiply::Native, Weights::Expanded);
        let (matrix, winograd, packed_from) = (Usage::Auto, Usage::Auto, Some(PACKED_FROM));
        Self { target, matrix, winograd, multiply, weights, packed_from, codes: false, threads: 1 }
    }

    /// What code generators know to do with vectors, as options call it.
    fn operations(&self) -> &'static str {
        if self.target.vectors.basic { "basic" } else { "all" }
    }

    /// The textual pipeline of the choice of kernels, which attaches attributes.
    fn selection(&self) -> String {
        let Target { name, vectors, .. } = self.target;
        let multiply = if self.multiply == Multiply::ShiftAdd { "shift-add" } else { "native" };
        let weights = if self.weights == Weights::Packed { "packed" } else { "expanded" };
        let packed_from = self.packed_from.map_or_else(|| "never".to_owned(), |bytes| bytes.to_string());
        let matrix = if vectors.matrix { self.matrix } else { Usage::Never }.name();
        let (winograd, bits, operations) = (self.winograd.name(), vectors.bits, self.operations());
        format!(
            "builtin.module(afp-select-kernels{{target={name} vector-bits={bits} operations={operations} \
             matrix={matrix} winograd={winograd} multiply={multiply} weights={weights} packed-from={packed_from}}})"
        )
    }

    /// The textual pipeline behind it.
    fn conversion(&self) -> String {
        let (alignment, threads) = (self.target.arena_alignment, self.threads);
        let (io, operations) = (if self.codes { "codes" } else { "float" }, self.operations());
        format!(
            "builtin.module(convert-afp-to-kernels{{io={io} threads={threads}}},\
             afp-plan-memory{{alignment={alignment}}},afpk-expand{{operations={operations}}},\
             canonicalize{{max-iterations=1 region-simplify=disabled}},cse)"
        )
    }
}

/// Chooses a kernel for every group of a module's program.
///
/// # Errors
/// What the pass reports.
pub fn select(
    session: &Session,
    module: &SourceModule<'_>,
    choices: &Choices,
) -> Result<(), Vec<Diagnostic>> {
    run(session, module, &choices.selection())
}

/// Replaces a module's program by kernels and the function that calls them. What [`select`] has chosen
/// before is chosen again.
///
/// # Errors
/// AFP0611 for each operation without native code, and what else the passes report.
pub fn lower(session: &Session, module: &SourceModule<'_>, choices: &Choices) -> Result<(), Vec<Diagnostic>> {
    select(session, module, choices)?;
    convert(session, module, choices)
}

/// Replaces a module's program by the kernels that [`select`] has chosen, and the function that calls them.
///
/// # Errors
/// As [`lower`].
pub fn convert(
    session: &Session,
    module: &SourceModule<'_>,
    choices: &Choices,
) -> Result<(), Vec<Diagnostic>> {
    run(session, module, &choices.conversion())
}

fn run(session: &Session, module: &SourceModule<'_>, pipeline: &str) -> Result<(), Vec<Diagnostic>> {
    register_all();
    module.run_trusted_pipeline(pipeline).map_err(|message| {
        let mut found = session.take_diagnostics();
        found.retain(Diagnostic::is_error);
        if found.is_empty() {
            found.push(crate::internal("the program cannot be lowered to kernels").found(message));
        }
        found
    })
}
