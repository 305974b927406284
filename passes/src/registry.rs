//! Passes written in Rust under MLIR's names and options.
//!
//! A pass is a value of [`Pass`]: a name, a description, options with defaults, and a function over
//! one operation. [`register_all`] makes every one known to MLIR's textual pipelines, which afp-opt
//! and the driver run.

use std::{
    ffi::c_void,
    panic::{AssertUnwindSafe, catch_unwind},
    str::FromStr,
    sync::Once,
};

use afp_ir::{
    diag::Diagnostic,
    mlir::{Op, text_of},
};
use mlir_sys::{MlirOperation, MlirStringRef};

use crate::{
    assign_formats, eliminate_requant, encode_weights, equalize, form_groups, prove_widths, quantize, raise,
    range_analysis,
};

/// An option of a pass.
#[derive(Clone, Copy, Debug)]
pub struct PassOption {
    /// Its name in a textual pipeline.
    pub name: &'static str,
    /// What it does, in a line.
    pub help: &'static str,
    /// Its value if it is not given.
    pub default: &'static str,
}

/// A pass.
pub struct Pass {
    /// The name in a textual pipeline.
    pub name: &'static str,
    /// What it does, in a line.
    pub description: &'static str,
    /// The operation it runs on: `builtin.module` or `func.func`.
    pub anchor: &'static str,
    /// Its options.
    pub options: &'static [PassOption],
    /// The work.
    pub run: fn(Op, &Options<'_>) -> Result<(), Failed>,
}

/// A pass failed, and has emitted a diagnostic that says why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failed;

/// The options that a pass was given.
pub struct Options<'a> {
    op: Op,
    pass: &'a Pass,
    values: Vec<String>,
}

impl Options<'_> {
    /// The text of an option.
    ///
    /// # Panics
    /// If the pass does not declare it.
    pub fn text(&self, name: &str) -> &str {
        let index = self.pass.options.iter().position(|option| option.name == name);
        &self.values[index.expect("a pass reads only options that it declares")]
    }

    /// An option read as `T`.
    ///
    /// # Errors
    /// After a diagnostic that says what is expected, if the text is no `T`.
    pub fn parse<T: FromStr>(&self, name: &str, expected: &str) -> Result<T, Failed> {
        self.text(name).parse().map_err(|_| self.reject(name, expected))
    }

    /// Reports that an option's value is not what is expected.
    pub fn reject(&self, name: &str, expected: &str) -> Failed {
        let what = format!("bad value for option '{name}' of pass {}", self.pass.name);
        Diagnostic::error("AFP0201", what)
            .expected(expected)
            .found(format!("'{}'", self.text(name)))
            .emit(self.op.loc());
        Failed
    }
}

#[repr(C)]
struct RawOption {
    name: MlirStringRef,
    help: MlirStringRef,
    initial: MlirStringRef,
}

#[repr(C)]
struct RawPass {
    argument: MlirStringRef,
    description: MlirStringRef,
    anchor: MlirStringRef,
    options: *const RawOption,
    option_count: usize,
    body: *const c_void,
}

unsafe extern "C" {
    fn afpRegisterPass(pass: *const RawPass);
    fn afpRegisterAllPasses();
}

/// Every pass of afpc.
pub static PASSES: &[&Pass] = &[
    &raise::PASS,
    &form_groups::PASS,
    &equalize::PASS,
    &range_analysis::PASS,
    &assign_formats::PASS,
    &quantize::PASS,
    &encode_weights::PASS,
    &eliminate_requant::PASS,
    &prove_widths::PASS,
];

/// Registers the passes of afpc and of upstream MLIR, once per process.
pub fn register_all() {
    // SAFETY: registration is guarded by `Once`, and descriptors live as long as the process.
    register_with(|| unsafe { afpRegisterAllPasses() });
}

/// Registers the passes of afpc alone, for afp-opt, whose main function registers upstream's.
pub fn register() {
    register_with(|| ());
}

fn register_with(upstream: impl FnOnce()) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        upstream();
        for pass in PASSES {
            // SAFETY: the descriptor is leaked, as MLIR keeps it for the life of the process.
            unsafe { afpRegisterPass(Box::leak(Box::new(describe(pass)))) }
        }
    });
}

/// Registers passes of another crate. A second registration of a pass does nothing.
pub fn register_more(passes: &'static [&'static Pass]) {
    static KNOWN: std::sync::Mutex<Vec<&str>> = std::sync::Mutex::new(Vec::new());
    let Ok(mut known) = KNOWN.lock() else { return };
    for pass in passes {
        if !known.contains(&pass.name) {
            // SAFETY: as in `register_with`.
            unsafe { afpRegisterPass(Box::leak(Box::new(describe(pass)))) }
            known.push(pass.name);
        }
    }
}

fn describe(pass: &'static Pass) -> RawPass {
    let options: Vec<RawOption> = pass
        .options
        .iter()
        .map(|option| RawOption {
            name: text_of(option.name),
            help: text_of(option.help),
            initial: text_of(option.default),
        })
        .collect();
    let options = options.leak();
    RawPass {
        argument: text_of(pass.name),
        description: text_of(pass.description),
        anchor: text_of(pass.anchor),
        options: options.as_ptr(),
        option_count: options.len(),
        body: std::ptr::from_ref(pass).cast(),
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn afpRustRunPass(
    raw: *const RawPass,
    op: MlirOperation,
    values: *const MlirStringRef,
) -> bool {
    // SAFETY: MLIR passes back a descriptor of `register_with`, a live operation, and one text per option.
    let (pass, op, values) = unsafe {
        let pass: &Pass = &*(*raw).body.cast();
        let values = (0..pass.options.len()).map(|i| afp_ir::mlir::owned_text(*values.add(i))).collect();
        (pass, Op::from_raw(op), values)
    };
    let options = Options { op, pass, values };
    match catch_unwind(AssertUnwindSafe(|| (pass.run)(op, &options))) {
        Ok(result) => result.is_ok(),
        Err(_) => {
            Diagnostic::error("AFP0001", format!("pass {} failed; this is a bug in afpc", pass.name))
                .emit(op.loc());
            false
        }
    }
}
