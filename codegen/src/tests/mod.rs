//! Small modules, compiled, loaded and run; headers; and what goes wrong.

mod artifacts;
mod codes;
mod simulate;
mod threads;
mod versions;

use std::{io::Write, path::Path, process::Command, process::Stdio};

use afp_ir::{interp::Tensor, mlir::Session};
use object::{Object as _, ObjectSymbol as _};

use crate::{
    header::{Footprint, header},
    interface::Interface,
    library::Library,
    link::{link_shared, link_with},
    llvm::{Object, OptLevel, compile},
    target::{TABLE, Target},
};

const ACCUMULATE: &str = include_str!("accumulate.mlir");
const BITS: &str = include_str!("bits.mlir");

/// Compiles a module; on an error gives its code and texts.
fn build(source: &str, symbol: &str, target: &Target, opt: OptLevel) -> Result<(Object, Interface), String> {
    let session = Session::new();
    let module = session
        .parse("test.mlir", source.as_bytes())
        .unwrap_or_else(|_| panic!("the test's module: {:?}", session.take_diagnostics()));
    let before = module.to_text(false);
    let object = compile(&module, symbol, target, opt).map_err(|error| error.to_string())?;
    assert_eq!(module.to_text(false), before, "the module stays as it is");
    Ok((object, Interface::of(&module).expect("an interface")))
}

/// Compiles for this machine, links, loads and runs, with and without optimization.
fn check(source: &str, symbol: &str, inputs: &[Tensor], expected: &[Tensor]) {
    for opt in [OptLevel::O0, OptLevel::O3] {
        let (object, interface) = build(source, symbol, &Target::host(), opt).expect("an object");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("network.so");
        link_shared(&[object], &path).expect("a library");
        // SAFETY: the library was just made for this interface.
        let library = unsafe { Library::open(&path, symbol, interface) }.expect("the library");
        assert_eq!(library.run(inputs).expect("outputs"), expected, "{opt:?}");
    }
}

fn global_symbols(object: &Object, undefined: bool) -> Vec<String> {
    let file = object::File::parse(object.bytes.as_slice()).expect("an object");
    let of_kind = file.symbols().filter(|s| s.is_global() && s.is_undefined() == undefined);
    of_kind.filter_map(|s| Some(s.name().ok()?.to_owned())).filter(|name| !name.is_empty()).collect()
}

#[test]
fn a_loop_over_globals_and_the_arena() {
    let input = Tensor::real(&[1, 4], vec![1.0, -2.0, 3.0, 10.0]);
    // The weights are rows of [1, 2, 3], [4, -5, 6], [7, 8, -9], [-1, 10, 11].
    let expected = Tensor::real(&[1, 3], vec![104.0, -64.0, 374.0]);
    check(ACCUMULATE, "digits", std::slice::from_ref(&input), std::slice::from_ref(&expected));
    // The name of a function, or of a global, in the module is free for the entry.
    check(ACCUMULATE, "multiply", std::slice::from_ref(&input), std::slice::from_ref(&expected));
    check(ACCUMULATE, "weights", &[input], &[expected]);
}

#[test]
fn operations_on_bits_with_several_inputs_and_outputs() {
    let a = Tensor::real(&[5], vec![1.0, -3.5, 700.0, 0.0, 9.0]);
    let b = Tensor::real(&[5], vec![2.0, 8.0, 64.0, 1.0, 8.5]);
    // -3.5 is 0xC0600000, which shifted by 23 bits is -128.
    let exponent = Tensor::real(&[5], vec![0.0, -128.0, 6.0, -1.0, 3.0]);
    let clamped = Tensor::real(&[5], vec![1.0, 3.5, 64.0, 0.0, 8.5]);
    check(BITS, "bits", &[a, b], &[exponent, clamped]);
}

#[test]
fn objects_of_all_targets_need_nothing_and_export_the_entry_alone() {
    // The microcontrollers are tested where they are simulated.
    for target in TABLE.into_iter().filter(|target| target.pointer_bits == 64) {
        let name = target.name;
        for opt in [OptLevel::O0, OptLevel::O3] {
            let (object, _) = build(ACCUMULATE, "digits", &target, opt).expect(name);
            assert_eq!(global_symbols(&object, false), ["digits"], "{name}");
            assert_eq!(global_symbols(&object, true), Vec::<String>::new(), "{name}");
            assert!(object.code_bytes > 0, "{name}: {}", object.code_bytes);
            assert!(object.code_bytes + object.data_bytes < object.bytes.len() as u64, "{name}");
            let again = build(ACCUMULATE, "digits", &target, opt).expect(name).0;
            assert!(object == again, "{name}: the same module gives the same bytes");
        }
        let (plain, _) = build(ACCUMULATE, "digits", &target, OptLevel::O0).expect(name);
        assert!((24..64).contains(&plain.data_bytes), "12 weights, 3 biases: {}", plain.data_bytes);
    }
}

#[test]
fn large_constants_are_kept() {
    let bytes: String = (0..3 * 65536).map(|i| format!("{:02X}", i % 251)).collect();
    let source = format!(
        "module {{
         memref.global \"private\" constant @w : memref<3x65536x1xi8> = dense_resource<w>
         func.func @body(%in: memref<1xf32>, %out: memref<1xf32>, %arena: memref<8xi8>) attributes {{afp.inputs = 1 : i64}} {{
           %c0 = arith.constant 0 : index
           %c2 = arith.constant 2 : index
           %x = memref.load %in[%c0] : memref<1xf32>
           %n = arith.fptosi %x : f32 to i32
           %i = arith.index_cast %n : i32 to index
           %w = memref.get_global @w : memref<3x65536x1xi8>
           %b = memref.load %w[%c2, %i, %c0] : memref<3x65536x1xi8>
           %f = arith.uitofp %b : i8 to f32
           memref.store %f, %out[%c0] : memref<1xf32>
           return
         }} }}
         {{-# dialect_resources: {{ builtin: {{ w: \"0x01000000{bytes}\" }} }} #-}}"
    );
    let expected = ((2 * 65536 + 1234) % 251) as f32;
    check(&source, "pick", &[Tensor::real(&[1], vec![1234.0])], &[Tensor::real(&[1], vec![expected])]);
    let (object, _) = build(&source, "pick", &Target::host(), OptLevel::O3).expect("an object");
    assert_eq!(object.data_bytes, 3 * 65536);
}

/// Lets the system's compiler check a text.
pub(crate) fn check_syntax(arguments: &[&str], source: &str) {
    let mut child = Command::new("cc")
        .args(arguments)
        .args(["-Wall", "-Wextra", "-pedantic", "-Werror", "-fsyntax-only", "-"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("a C compiler");
    child.stdin.take().expect("its input").write_all(source.as_bytes()).expect("the text is taken");
    assert!(child.wait().expect("the compiler").success(), "{arguments:?}\n{source}");
}

#[test]
fn headers_are_c_and_cpp() {
    let (_, mut interface) = build(ACCUMULATE, "f", &Target::host(), OptLevel::O0).expect("an object");
    assert_eq!(interface.inputs[0].name, "pixels");
    assert_eq!(interface.outputs[0].name, "output0");
    interface.inputs[0].name = "a*/ int x; /* ??/\n//".to_owned();
    let footprint =
        Footprint { arena_alignment: 64, flash_bytes: 1234, stack_bytes: Some(56), versions: &[] };
    let text = header("digits_8x8", "digits-8x8 (é)", &interface, &footprint);
    let values = [("ARENA_BYTES", 64), ("ARENA_ALIGNMENT", 64), ("FLASH_BYTES", 1234), ("STACK_BYTES", 56)];
    let ports = [("INPUTS", 1), ("INPUT0_ELEMENTS", 4), ("INPUT0_BYTES", 16), ("OUTPUT0_ELEMENTS", 3)];
    for (name, value) in values.into_iter().chain(ports) {
        assert!(text.contains(&format!("#define AFP_DIGITS_8X8_____{name} {value}\n")), "{text}");
    }
    assert!(text.contains(" *   outputs[0]  float[1][3]  output0\n"), "{text}");
    let twice = format!(
        "{text}{text}int call(const void **in, void **out, void *arena);
         int call(const void **in, void **out, void *arena) {{ return digits_8x8(in, out, arena); }}\n"
    );
    check_syntax(&["-x", "c++", "-std=c++11"], &twice);
    let strict =
        twice.replace("const void **in", "const void *const *in").replace("void **out", "void *const *out");
    check_syntax(&["-x", "c", "-std=c99"], &strict);
}

#[test]
fn symbols_are_identifiers() {
    for symbol in ["", "8x8", "a-b", "a b", "_a", "é", "memcpy"] {
        let error = build(BITS, symbol, &Target::host(), OptLevel::O0).expect_err(symbol);
        assert!(error.starts_with("error[AFP0601]"), "{error}");
    }
}

#[test]
fn targets_that_llvm_does_not_know() {
    let target = Target { triple: "pdp11-unknown-unix", ..Target::host() };
    let error = build(BITS, "f", &target, OptLevel::O0).expect_err("no code generator");
    assert!(error.starts_with("error[AFP0604]") && error.contains("pdp11"), "{error}");
}

#[test]
fn modules_of_another_form() {
    let refused = |source: &str, expected: &str| {
        let error = build(source, "f", &Target::host(), OptLevel::O0).expect_err(expected);
        assert!(error.starts_with("error[AFP0001]") && error.contains(expected), "{error}");
    };
    refused("func.func @f() { return }", "one function with the attribute afp.inputs");
    let body = |arguments: &str, operations: &str| {
        format!("func.func @f({arguments}) attributes {{afp.inputs = 1 : i64}} {{ {operations} return }}")
    };
    refused(&body("", ""), "no arguments");
    refused(&body("%a: memref<8xi8>", ""), "fewer arguments than inputs");
    refused(&body("%i: memref<4xf32>, %a: memref<8xi16>", ""), "an arena that is not");
    refused(&body("%i: memref<?xf32>, %a: memref<8xi8>", ""), "no memref of f32 or codes with static sizes");
    let large = "%i: memref<1099511627776x1099511627776xf32>, %a: memref<8xi8>";
    refused(&body(large, ""), "no memref of f32 or codes with static sizes");
    refused(&body("%i: memref<4xf64>, %a: memref<8xi8>", ""), "no memref of f32 or codes with static sizes");
    let good = "%i: memref<4xf32>, %a: memref<8xi8>";
    refused(&body(good, "%t = arith.constant 1 : i32 vector.print %t : i32"), "found: printI64");
    let calls = body(good, "func.call @sinf() : () -> ()");
    refused(&format!("module {{ {calls} func.func private @sinf() }}"), "found: sinf");
}

#[test]
fn linking_and_loading_fail_with_reasons() {
    let (object, interface) = build(BITS, "bits", &Target::host(), OptLevel::O0).expect("an object");
    let objects = [object];
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("network.so");
    let code = |compiler: &str, objects: &[Object], path: &Path| {
        link_with(compiler, objects, path).map_err(|error| error.code)
    };
    assert_eq!(code("no-such-compiler", &objects, &path), Err("AFP0602".to_owned()));
    assert_eq!(code("cc", &objects, &folder.path().join("missing/network.so")), Err("AFP0501".to_owned()));
    let foreign = if cfg!(target_arch = "aarch64") { "x86-64-v2" } else { "aarch64" };
    let foreign = Target::named(foreign).expect("a target");
    let (other, _) = build(BITS, "bits", &foreign, OptLevel::O0).expect("an object");
    assert_eq!(code("cc", &[other], &path), Err("AFP0603".to_owned()));

    // SAFETY: no library that is loaded here has code that is called with a wrong interface.
    let open = |path: &Path, symbol: &str| unsafe { Library::open(path, symbol, interface.clone()) };
    assert_eq!(open(&path, "bits").err().expect("no library").code, "AFP0605");
    link_shared(&objects, &path).expect("a library");
    assert_eq!(open(&path, "other").err().expect("no function").code, "AFP0605");
    let library = open(&path, "bits").expect("the library");
    let five = Tensor::real(&[5], vec![0.0; 5]);
    for inputs in [vec![five.clone()], vec![five, Tensor::real(&[4], vec![0.0; 4])]] {
        assert_eq!(library.run(&inputs).expect_err("inputs that do not fit").code, "AFP0404");
    }
}
