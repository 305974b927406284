//! Models: which kind of file it is, reading it, and what a model must look like.

use std::fs;

use afp_ir::{
    diag::Diagnostic,
    mlir::{Attr, Op, Session, SourceModule, Type},
};

use super::{first_bytes, unreadable};
use crate::cli::Model;

/// The first bytes of MLIR's bytecode.
const BYTECODE: &[u8] = b"ML\xefR";

/// What a file is, by its first bytes, for messages.
fn known_content(bytes: &[u8]) -> Option<&'static str> {
    let signatures: [(&[u8], &str); 8] = [
        (b"\x89PNG", "a PNG image"),
        (b"\xff\xd8\xff", "a JPEG image"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x1f\x8b", "a gzip archive"),
        (b"\x93NUMPY", "a NumPy array"),
        (b"\x89HDF", "an HDF5 file"),
        (b"\x7fELF", "an ELF object or program"),
        (b"%PDF", "a PDF document"),
    ];
    if bytes.get(4..8) == Some(b"TFL3") {
        return Some("a TFLite model");
    }
    signatures.iter().find(|(start, _)| bytes.starts_with(start)).map(|&(_, name)| name)
}

/// What was found in place of a model.
fn content(bytes: &[u8]) -> String {
    match known_content(bytes) {
        Some(name) => name.to_owned(),
        None if bytes.is_empty() => "an empty file".to_owned(),
        None => format!("a file that starts with {}", first_bytes(bytes)),
    }
}

/// Reads a model and checks that it is one: a function on `f32` tensors of static shapes, with
/// finite constants.
///
/// # Errors
/// What is wrong with the file, all at once where several things are.
pub fn load<'s>(session: &'s Session, model: &Model) -> Result<SourceModule<'s>, Vec<Diagnostic>> {
    let path = model.path.as_path();
    let name = path.display().to_string();
    let bytes = fs::read(path).map_err(|problem| vec![unreadable(path, &problem)])?;
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    let module = match extension {
        _ if bytes.starts_with(BYTECODE) => parse(session, &name, &bytes)?,
        "mlir" | "mlirbc" => parse(session, &name, &bytes)?,
        _ => {
            return Err(vec![
                Diagnostic::error("AFP0103", "the kind of the model is not known")
                    .in_file(&name)
                    .expected("a file named .onnx, .mlir or .mlirbc")
                    .found(content(&bytes))
                    .help("give the file the extension of its format"),
            ]);
        }
    };
    check(&name, module.op())?;
    Ok(module)
}

fn parse<'s>(session: &'s Session, name: &str, bytes: &[u8]) -> Result<SourceModule<'s>, Vec<Diagnostic>> {
    let no_module = || {
        Diagnostic::error("AFP0102", "this is no MLIR module")
            .in_file(name)
            .expected("MLIR text or bytecode")
            .found(content(bytes))
    };
    // The parser takes an empty file for a module, and describes noise by its first odd byte.
    let is_text = !bytes.is_empty() && std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0'));
    if !is_text && !bytes.starts_with(BYTECODE) {
        return Err(vec![no_module()]);
    }
    session.parse(name, bytes).map_err(|_| {
        let mut found = session.take_diagnostics();
        if found.is_empty() {
            found.push(no_module());
        }
        for diagnostic in found.iter_mut().filter(|diagnostic| diagnostic.code.is_empty()) {
            diagnostic.code = "AFP0102".into();
        }
        found
    })
}

/// Checks that a module is a model.
fn check(file: &str, module: Op) -> Result<(), Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let functions: Vec<Op> =
        module.blocks().into_iter().flat_map(|block| block.ops()).filter(|op| op.is("func.func")).collect();
    let [function] = functions[..] else {
        return Err(vec![
            Diagnostic::error("AFP0104", "a model is one function")
                .in_file(file)
                .expected("a module with one func.func")
                .found(format!("{} functions", functions.len())),
        ]);
    };
    let parts = function.attr("function_type").and_then(Attr::as_type).and_then(Type::function_parts);
    let Some((inputs, results)) = parts.filter(|_| !function.blocks().is_empty()) else {
        return Err(vec![
            Diagnostic::error("AFP0104", "a model is one function")
                .at(function.loc())
                .expected("a function with a body")
                .found("a declaration"),
        ]);
    };
    if inputs.is_empty() || results.is_empty() {
        problems.push(
            Diagnostic::error("AFP0104", "a model has inputs and outputs").at(function.loc()).found(format!(
                "{} inputs, {} outputs",
                inputs.len(),
                results.len()
            )),
        );
    }
    for (role, types) in [("input", inputs), ("output", results)] {
        for (index, ty) in types.into_iter().enumerate().filter(|(_, ty)| !is_model_tensor(*ty)) {
            problems.push(
                Diagnostic::error("AFP0105", format!("{role} {index} of the model has an unsupported type"))
                    .at(function.loc())
                    .expected("a tensor of f32 whose sizes are known")
                    .found(ty.to_string()),
            );
        }
    }
    problems.extend(module.descendants().into_iter().filter_map(check_constant));
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn is_model_tensor(ty: Type) -> bool {
    ty.shape().is_some_and(|shape| shape.iter().all(|&size| size > 0)) && ty.is_f32()
}

/// What is wrong with a float constant: its data is missing, or holds a NaN or an infinity.
fn check_constant(op: Op) -> Option<Diagnostic> {
    let value = op.attr(if op.is("tosa.const") { "values" } else { "value" })?;
    if !value.elements_type()?.is_f32() {
        return None;
    }
    let Some(elements) = value.elements_f32() else {
        return Some(
            Diagnostic::error("AFP0107", "a constant has no data, or too little")
                .at(op.loc())
                .expected("the bytes of all its elements")
                .help("keep the dialect_resources section at the end of the file"),
        );
    };
    let index = elements.iter().position(|element| !element.is_finite())?;
    Some(
        Diagnostic::error("AFP0106", "a constant is not finite")
            .at(op.loc())
            .expected("finite numbers")
            .found(format!("{} at index {index} of {}", elements[index], elements.len()))
            .help("the network was saved after its training diverged, or was damaged"),
    )
}
