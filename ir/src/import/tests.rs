//! What sort of file it is, and MLIR files.

use super::{ImportOptions, import, kind::Kind};
use crate::{
    diag::Diagnostic,
    mlir::{Op, Session},
};

const FUNCTION: &str = "func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {\n  return %x : tensor<2xf32>\n}\n";

fn run(bytes: &[u8]) -> Result<Vec<String>, Vec<Diagnostic>> {
    let session = Session::new();
    let module = import(&session, "model.mlir", bytes, &ImportOptions::default())?;
    Ok(module.functions().into_iter().map(Op::name).collect())
}

/// Checks that a file gives one diagnostic with all of these texts.
#[track_caller]
fn refused(bytes: &[u8], texts: &[&str]) {
    let diagnostics = run(bytes).expect_err("the file is no model");
    assert_eq!(diagnostics.len(), 1, "{diagnostics:?}");
    let shown = diagnostics[0].to_string();
    for text in texts {
        assert!(shown.contains(text), "expected {text:?} in\n{shown}");
    }
}

#[test]
fn files_of_other_kinds() {
    refused(b"", &["AFP0102", "empty"]);
    refused(b"PK\x03\x04rest", &["AFP0104", "zip archive", "torch.onnx.export"]);
    refused(b"\x89PNG\r\n\x1a\n", &["AFP0104", "PNG"]);
    refused(b"\xff\xd8\xff\xe0", &["AFP0104", "JPEG"]);
    refused(b"\x93NUMPY\x01\x00", &["AFP0104", "NumPy"]);
    refused(b"\x1c\0\0\0TFL3\0\0", &["AFP0104", "TensorFlow Lite", "not supported yet"]);
    refused(b"\x89HDF\r\n", &["AFP0104", "HDF5"]);
    refused(b"version https://git-lfs.github.com/spec/v1\n", &["AFP0104", "git lfs pull"]);
    refused(b"<!DOCTYPE html>", &["AFP0104", "HTML"]);
    refused(&[0x17, 0x93, 0xfe, 0x00, 0x42], &["AFP0105", "5 bytes"]);
    refused(&[0x08, 0x07], &["AFP0105"]);
    refused(&[0x08, 0x07, 0x3a, 0x7f, 0x00], &["AFP0103", "ends early", "131 bytes", "5 bytes"]);
    refused(&[0x08, 0x07, 0x3a, 0x01, 0xff], &["AFP0106", "damaged"]);
}

#[test]
fn noise_is_no_model() {
    let mut state = 1u64;
    for length in 1..300 {
        let mut noise = vec![0xff];
        for _ in 0..length {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            noise.push((state >> 33) as u8);
        }
        assert!(run(&noise).is_err());
    }
}

#[test]
fn text_and_bytecode() {
    assert_eq!(run(FUNCTION.as_bytes()), Ok(vec!["func.func".to_owned()]));
    assert_eq!(run(format!("module {{\n{FUNCTION}}}").as_bytes()), Ok(vec!["func.func".to_owned()]));
    let session = Session::new();
    let module = session.parse("m.mlir", FUNCTION.as_bytes()).expect("the text is well formed");
    let bytecode = module.to_bytecode();
    assert_eq!(run(&bytecode), Ok(vec!["func.func".to_owned()]));
    assert!(run(&bytecode[..bytecode.len() / 2]).is_err());
    assert_eq!(super::kind::detect("m", &bytecode), Ok(Kind::Mlir));
}

#[test]
fn text_that_does_not_parse_has_a_line() {
    refused(
        b"module {\n  func.func @f(%x: tensor<2xf32>) {\n    %y = tosa.abs %z\n  }\n}",
        &["model.mlir:3:21"],
    );
}

#[test]
fn modules_without_the_function() {
    refused(b"module {}", &["AFP0107", "exactly one public function", "none"]);
    let second = FUNCTION.replace("@f", "@g");
    refused(format!("module {{\n{FUNCTION}{second}}}").as_bytes(), &["AFP0107", "@f, @g"]);
    let private = second.replace("func.func", "func.func private");
    assert!(run(format!("module {{\n{FUNCTION}{private}}}").as_bytes()).is_ok());
    refused(b"func.func private @f(tensor<2xf32>) -> tensor<2xf32>", &["AFP0107", "none"]);
    refused(
        b"func.func @f(%x: tensor<2xf32>) {\n  return\n}",
        &["AFP0107", "model.mlir:1:1", "at least one result"],
    );
    let blocks =
        "func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {\n  cf.br ^a\n^a:\n  return %x : tensor<2xf32>\n}";
    refused(blocks.as_bytes(), &["AFP0107", "no dataflow", "2 blocks"]);
}

#[test]
fn arguments_and_results_are_static_f32_tensors() {
    for ty in ["tensor<?xf32>", "tensor<2xi8>", "tensor<*xf32>", "f32", "memref<2xf32>", "tensor<0xf32>"] {
        let text = format!(
            "func.func @f(%x: {ty}, %y: tensor<1xf32>) -> tensor<1xf32> {{ return %y : tensor<1xf32> }}"
        );
        refused(text.as_bytes(), &["AFP0107", "argument 0 of function @f", &format!("found: {ty}")]);
    }
}

#[test]
fn options_for_onnx_do_not_apply() {
    let session = Session::new();
    let options = ImportOptions { shapes: vec![("x".to_owned(), vec![2])] };
    let Err(diagnostics) = import(&session, "m.mlir", FUNCTION.as_bytes(), &options) else {
        panic!("the option was ignored");
    };
    assert!(diagnostics[0].to_string().contains("AFP0108"));
}

#[test]
fn the_table_of_operators_is_sorted() {
    let names: Vec<&str> = super::supported_onnx_ops().iter().map(|op| op.name).collect();
    assert!(names.is_sorted() && names.contains(&"Conv"));
}
