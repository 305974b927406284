//! MLIR as text or bytecode.

use super::{ImportOptions, code, tosa};
use crate::{
    diag::Diagnostic,
    mlir::{Attr, Op, Session, SourceModule, Type},
};

/// Reads a module and checks that it has the one function that the compiler expects.
///
/// # Errors
/// MLIR's own diagnostics if it does not parse or verify; otherwise what is wrong with the function.
pub fn import<'s>(
    session: &'s Session,
    file: &str,
    bytes: &[u8],
    options: &ImportOptions,
) -> Result<SourceModule<'s>, Vec<Diagnostic>> {
    let Ok(module) = session.parse(file, bytes) else {
        let mut diagnostics = session.take_diagnostics();
        if diagnostics.is_empty() {
            diagnostics.push(Diagnostic::error(code::DAMAGED, "the module could not be read").in_file(file));
        }
        return Err(diagnostics);
    };
    let mut diagnostics = check_function(&module, file);
    if let Some((name, _)) = options.shapes.first() {
        diagnostics.push(
            Diagnostic::error(code::BAD_OPTION, format!("--shape {name}=... does not apply to MLIR"))
                .in_file(file)
                .expected("shapes in the module itself"),
        );
    }
    if diagnostics.is_empty() { Ok(module) } else { Err(diagnostics) }
}

fn check_function(module: &SourceModule<'_>, file: &str) -> Vec<Diagnostic> {
    let functions = module.public_functions();
    let [function] = functions[..] else {
        let found: Vec<String> = functions.iter().map(|op| format!("@{}", name(*op))).collect();
        let found = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
        return vec![
            Diagnostic::error(code::BAD_FUNCTION, "the module has not exactly one public function")
                .in_file(file)
                .expected("one public func.func, the model")
                .found(found)
                .help("mark the others private, or remove them"),
        ];
    };
    let at = |diagnostic: Diagnostic| {
        let place = diagnostic.clone().at(function.loc());
        if place.place.is_some() { place } else { diagnostic.in_file(file) }
    };
    let blocks = function.blocks().len();
    if blocks != 1 {
        return vec![at(Diagnostic::error(
            code::BAD_FUNCTION,
            format!("function @{} is no dataflow", name(function)),
        )
        .expected("a body with one block")
        .found(format!("{blocks} blocks")))];
    }
    let parts = function.attr("function_type").and_then(Attr::as_type).and_then(Type::function_parts);
    let (inputs, results) = parts.unwrap_or_default();
    let mut diagnostics = Vec::new();
    if results.is_empty() {
        diagnostics.push(at(Diagnostic::error(code::BAD_FUNCTION, format!("function @{}", name(function)))
            .expected("at least one result")
            .found("none")));
    }
    for (what, types) in [("argument", inputs), ("result", results)] {
        for (index, ty) in types.into_iter().enumerate() {
            let fits = ty.is_f32() && ty.shape().is_some_and(|shape| tosa::element_count(&shape).is_ok());
            if !fits {
                let what = format!("{what} {index} of function @{}", name(function));
                diagnostics.push(at(Diagnostic::error(code::BAD_FUNCTION, what)
                    .expected("a tensor of f32 with known, positive sizes and fewer than 2^31 elements")
                    .found(ty.to_string())));
            }
        }
    }
    diagnostics
}

fn name(function: Op) -> String {
    function.attr("sym_name").and_then(Attr::as_string).unwrap_or_default()
}
