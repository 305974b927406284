//! Models: from a file to a module that the passes and the interpreter can take.

use std::fs;

use afp_ir::{
    diag::Diagnostic,
    import::{ImportOptions, code, import},
    mlir::{DenseData, Op, Session, SourceModule},
};

use super::unreadable;
use crate::{cli::Model, report};

/// How deep brackets may be nested in a text. MLIR's parser recurses; networks need a dozen levels.
const DEEPEST_NESTING: usize = 1000;

/// Reads a model and checks that its constants are finite.
///
/// # Errors
/// What is wrong with the file, all at once where several things are.
pub fn load<'s>(session: &'s Session, model: &Model) -> Result<SourceModule<'s>, Vec<Diagnostic>> {
    let name = model.path.display().to_string();
    let bytes = fs::read(&model.path).map_err(|problem| vec![unreadable(&model.path, &problem)])?;
    if nesting(&bytes) > DEEPEST_NESTING {
        return Err(vec![
            Diagnostic::error(code::DAMAGED, "brackets are nested too deeply")
                .in_file(&name)
                .expected(format!("at most {DEEPEST_NESTING} levels")),
        ]);
    }
    let options = ImportOptions {
        shapes: model.shape.iter().map(|shape| (shape.input.clone(), shape.sizes.clone())).collect(),
    };
    let module = import(session, &name, &bytes, &options).map_err(|mut problems| {
        // What MLIR's parser and upstream verifiers say has no code of its own.
        for problem in problems.iter_mut().filter(|problem| problem.code.is_empty()) {
            problem.code = code::DAMAGED.into();
        }
        problems
    })?;
    let problems: Vec<Diagnostic> =
        module.op().descendants().into_iter().filter_map(check_constant).collect();
    report::diagnostics(&session.take_diagnostics());
    if problems.is_empty() { Ok(module) } else { Err(problems) }
}

/// The deepest nesting of brackets in a text; 0 for what is none. Brackets in strings count, and the arrow
/// `->` closes one that was never opened: an estimate is enough.
fn nesting(bytes: &[u8]) -> usize {
    if std::str::from_utf8(bytes).is_err() {
        return 0;
    }
    let (mut depth, mut deepest) = (0usize, 0);
    for byte in bytes {
        match byte {
            b'(' | b'<' | b'[' | b'{' => depth += 1,
            b')' | b'>' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// What is wrong with a float constant of a module: its data is missing, or holds a NaN or an infinity.
fn check_constant(op: Op) -> Option<Diagnostic> {
    let value = op.attr(if op.is("tosa.const") { "values" } else { "value" })?;
    if !value.elements_type()?.is_f32() {
        return None;
    }
    // One element of a splat stands for all: a few bytes of text may mean gigabytes.
    let Some(DenseData::Splat(bytes) | DenseData::All(bytes)) = value.dense_data() else {
        return Some(
            Diagnostic::error(code::BAD_TENSOR, "a constant has no data, or not as much as its shape needs")
                .at(op.loc())
                .expected(format!("the bytes of {}", value.elements_type()?))
                .help("keep the dialect_resources section at the end of the file"),
        );
    };
    let mut elements = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    let (index, element) = elements.by_ref().enumerate().find(|(_, element)| !element.is_finite())?;
    Some(
        Diagnostic::error(code::NON_FINITE, "a constant is not finite")
            .at(op.loc())
            .expected("finite numbers")
            .found(format!("{element} at index {index} of {}", value.elements_type()?.element_count()?)),
    )
}
