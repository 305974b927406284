//! Inputs and outputs that are codes.

use afp_ir::{
    dialect::{Element, FloatType},
    interp::Tensor,
};

use super::{build, check_syntax};
use crate::{
    header::{Footprint, header},
    interface::{Interface, Storage},
    library::Library,
    link::link_shared,
    llvm::OptLevel,
    target::Target,
};

/// Copies codes of 8 and of 16 bits, and adds 1 to each.
const COPY: &str = "\
func.func @body(%a: memref<3xi8>, %b: memref<2xi16>, %c: memref<3xi8>, %d: memref<2xi16>, %arena: memref<1xi8>)
    attributes {afp.inputs = 2 : i64, afp.ports = [
      tensor<3x!afp.float<e0m7, exp = -5>>, tensor<2x!afp.float<ue3m9, exp = 2>>,
      tensor<3x!afp.float<ue2m3, exp = 0>>, tensor<2x!afp.float<e0m15, exp = -4096>>]} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %one = arith.constant 1 : i8
  %wide = arith.constant 1 : i16
  scf.for %i = %c0 to %c3 step %c1 {
    %0 = memref.load %a[%i] : memref<3xi8>
    %1 = arith.addi %0, %one : i8
    memref.store %1, %c[%i] : memref<3xi8>
  }
  scf.for %i = %c0 to %c2 step %c1 {
    %0 = memref.load %b[%i] : memref<2xi16>
    %1 = arith.addi %0, %wide : i16
    memref.store %1, %d[%i] : memref<2xi16>
  }
  return
}";

fn ty(format: &str, exp: i32) -> FloatType {
    FloatType::fixed(format.parse().expect("a format"), exp).expect("a type")
}

#[test]
fn codes_go_in_and_out() {
    let (object, interface) = build(COPY, "copy", &Target::host(), OptLevel::O3).expect("an object");
    let types = [ty("e0m7", -5), ty("ue3m9", 2), ty("ue2m3", 0), ty("e0m15", -4096)];
    let ports: Vec<_> = interface.inputs.iter().chain(&interface.outputs).collect();
    for (port, ty) in ports.iter().zip(types) {
        assert_eq!(port.element, Element::Float(ty));
    }
    let stored: Vec<_> = ports.iter().filter_map(|port| Storage::of(port.element)).collect();
    assert_eq!(stored, [Storage::I8, Storage::U16, Storage::U8, Storage::I16]);

    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("network.so");
    link_shared(&[object], &path).expect("a library");
    // SAFETY: the library was just made for this interface.
    let library = unsafe { Library::open(&path, "copy", interface.clone()) }.expect("the library");
    let a = Tensor::coded(&[3], types[0], vec![0x81, 0, 5]);
    let b = Tensor::coded(&[2], types[1], vec![4000, 7]);
    let outputs = library.run(&[a.clone(), b.clone()]).expect("outputs");
    assert_eq!(outputs[0], Tensor::coded(&[3], types[2], vec![0x82, 1, 6]));
    assert_eq!(outputs[1], Tensor::coded(&[2], types[3], vec![4001, 8]));
    for wrong in [vec![Tensor::real(&[3], vec![0.0; 3]), b.clone()], vec![b.clone(), a.clone()]] {
        assert_eq!(library.run(&wrong).expect_err("other elements").code, "AFP0404");
    }

    let footprint = Footprint { arena_alignment: 8, flash_bytes: 1, stack_bytes: None, versions: &[] };
    let text = header("copy", "copy", &interface, &footprint);
    for line in [
        " *   inputs[0]  int8_t[3]  input0: codes of e0m7, scale exponent -5\n",
        " *   outputs[1]  int16_t[2]  output1: codes of e0m15, scale exponent -4096\n",
        "#define AFP_COPY_INPUT1_BYTES 4\n",
        "#define AFP_COPY_INPUT0_EXP (-5)\n",
        "#define AFP_COPY_INPUT1_EXP 2\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    assert!(!text.contains("STACK"), "{text}");
    let used = format!("{text}\nint8_t input[AFP_COPY_INPUT0_ELEMENTS];\n");
    check_syntax(&["-x", "c", "-std=c99"], &used);
    check_syntax(&["-x", "c++", "-std=c++11"], &used);
}

#[test]
fn codes_need_integers_of_their_width() {
    for (from, to) in [("e0m7", "e0m9"), ("tensor<3x!afp.float<e0m7, exp = -5>>", "tensor<3xf32>")] {
        let session = afp_ir::mlir::Session::new();
        let module = session.parse("test.mlir", COPY.replace(from, to).as_bytes()).expect("a module");
        let error = Interface::of(&module).expect_err("no interface").to_string();
        assert!(error.contains("no memref of f32 or codes"), "{error}");
    }
}
