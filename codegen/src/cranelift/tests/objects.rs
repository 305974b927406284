//! Objects of all targets, the modules of the other backend's tests, and what goes wrong.

use std::{cell::RefCell, ffi::c_int};

use afp_ir::{interp::Tensor, mlir::Session};
use object::{Object as _, ObjectSection as _, ObjectSymbol as _};

use super::harness::parse;
use crate::{
    cranelift::{compile, jit},
    interface::Interface,
    library::Library,
    link::{link_shared, needs_pool},
    object_file::Object,
    profile::instrument,
    target::{TABLE, Target},
};

const ACCUMULATE: &str = include_str!("../../tests/accumulate.mlir");
const BITS: &str = include_str!("../../tests/bits.mlir");
const THREADS: &str = include_str!("../../tests/threads.mlir");

fn build(source: &str, symbol: &str, target: &Target) -> Result<Object, String> {
    let session = Session::new();
    compile(&parse(&session, source), symbol, target).map_err(|error| error.to_string())
}

/// Runs a module in memory, and as an object that is linked and loaded.
fn check(source: &str, symbol: &str, inputs: &[Tensor], expected: &[Tensor]) {
    let session = Session::new();
    let module = parse(&session, source);
    let before = module.to_text(false);
    let target = Target::host();
    let in_memory = jit(&module, &target).expect("code in memory");
    let object = compile(&module, symbol, &target).expect("an object");
    assert_eq!(module.to_text(false), before, "the module stays as it is");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("network.so");
    link_shared(&[object], &path).expect("a library");
    let interface = Interface::of(&module).expect("an interface");
    // SAFETY: the library was just made for this interface.
    let library = unsafe { Library::open(&path, symbol, interface) }.expect("the library");
    for code in [in_memory, library] {
        assert_eq!(code.run(inputs).expect("outputs"), expected);
    }
}

#[test]
fn modules_of_the_other_backend() {
    let input = [Tensor::real(&[1, 4], vec![1.0, -2.0, 3.0, 10.0])];
    let expected = [Tensor::real(&[1, 3], vec![104.0, -64.0, 374.0])];
    for symbol in ["digits", "multiply", "weights", "body"] {
        check(ACCUMULATE, symbol, &input, &expected);
    }
    let a = Tensor::real(&[5], vec![1.0, -3.5, 700.0, 0.0, 9.0]);
    let b = Tensor::real(&[5], vec![2.0, 8.0, 64.0, 1.0, 8.5]);
    let exponent = Tensor::real(&[5], vec![0.0, -128.0, 6.0, -1.0, 3.0]);
    let clamped = Tensor::real(&[5], vec![1.0, 3.5, 64.0, 0.0, 8.5]);
    check(BITS, "bits", &[a, b], &[exponent, clamped]);
}

#[test]
fn objects_of_all_targets_need_nothing_and_export_the_entry_alone() {
    for target in TABLE.into_iter().filter(|target| target.pointer_bits == 64) {
        let name = target.name;
        let object = build(ACCUMULATE, "digits", &target).expect(name);
        let file = object::File::parse(object.bytes.as_slice()).expect(name);
        let is_arm = name.starts_with("aarch64");
        let expected = if is_arm { object::Architecture::Aarch64 } else { object::Architecture::X86_64 };
        assert_eq!(file.architecture(), expected, "{name}");
        for symbol in file.symbols().filter(|symbol| symbol.kind() != object::SymbolKind::File) {
            assert!(!symbol.is_undefined() || symbol.name() == Ok(""), "{name}: {:?}", symbol.name());
            assert_eq!(symbol.is_global(), symbol.name() == Ok("digits"), "{name}: {:?}", symbol.name());
        }
        let constants = file.section_by_name(".rodata").expect("constants");
        assert_eq!(constants.align(), 64, "{name}");
        assert!((24..128).contains(&object.data_bytes), "{name}: {}", object.data_bytes);
        assert!(object.code_bytes > 0 && object.code_bytes < object.bytes.len() as u64, "{name}");
        assert!(object == build(ACCUMULATE, "digits", &target).expect(name), "{name}: the same bytes again");
    }
}

/// The dot products are the instructions that the machines have for them.
#[test]
fn dot_products_are_instructions() {
    let Some(prefix) = std::env::var_os("LLVM_SYS_221_PREFIX") else {
        eprintln!("skipped: no disassembler");
        return;
    };
    let disassembler = std::path::Path::new(&prefix).join("bin/llvm-objdump");
    let text = |flags: &str| {
        format!(
            "func.func @body(%i: memref<4xf32>, %o: memref<4xf32>, %arena: memref<128xi8>) attributes {{afp.inputs = 1 : i64}} {{
               %c0 = arith.constant 0 : index
               %c16 = arith.constant 16 : index
               %c64 = arith.constant 64 : index
               %w = memref.view %arena[%c64][] : memref<128xi8> to memref<4xi32>
               %a = vector.load %arena[%c0] : memref<128xi8>, vector<16xi8>
               %b = vector.load %arena[%c16] : memref<128xi8>, vector<16xi8>
               %c = vector.load %w[%c0] : memref<4xi32>, vector<4xi32>
               %r = afpk.dot %c, %a, %b {{{flags}}} : vector<4xi32>, vector<16xi8>
               vector.store %r, %w[%c0] : memref<4xi32>, vector<4xi32>
               return }}"
        )
    };
    let expected = [
        ("x86-64-v2", "unsigned_a", "pmaddwd"),
        ("x86-64-v2", "unsigned_a, pairs_fit", "pmaddubsw"),
        ("x86-64-v3", "", "vpmaddwd"),
        ("x86-64-v3+avxvnni", "unsigned_a", "vpmaddwd"),
        ("x86-64-v3+avxvnni", "unsigned_a, pairs_fit", "vpmaddubsw"),
        ("x86-64-v4+vnni", "unsigned_a", "vpdpbusd"),
        ("aarch64", "", "smull"),
        ("aarch64+dotprod", "", "sdot"),
    ];
    for (target, flags, mnemonic) in expected {
        let target = Target::named(target).expect("a target");
        let object = build(&text(flags), "f", &target).expect(mnemonic);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("f.o");
        std::fs::write(&path, &object.bytes).expect("a file");
        let output = std::process::Command::new(&disassembler)
            .args(["-d", "--no-show-raw-insn", "--mattr=+dotprod"])
            .arg(&path)
            .output()
            .expect("a disassembler");
        let listing = String::from_utf8_lossy(&output.stdout);
        let is_there = listing.split_whitespace().any(|word| word.trim_end_matches(".4s") == mnemonic);
        assert!(is_there, "{}: no {mnemonic} in\n{listing}", target.name);
    }
}

/// Runs a module for several threads, or with its steps observed, in memory and from an object.
fn libraries(source: &str, is_profiled: bool) -> Vec<Library> {
    let session = Session::new();
    let module = parse(&session, source);
    if is_profiled {
        instrument(&module).expect("a body");
    }
    let target = Target::host();
    let object = compile(&module, "sum_run", &target).expect("an object");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("network.so");
    link_shared(&[object], &path).expect("a library");
    let interface = Interface::of(&module).expect("an interface");
    // SAFETY: the library was just made for this interface.
    let library = unsafe { Library::open(&path, "sum_run", interface) }.expect("the library");
    vec![jit(&module, &target).expect("code in memory"), library]
}

thread_local! {
    static STEPS: RefCell<Vec<c_int>> = const { RefCell::new(Vec::new()) };
}

unsafe extern "C" fn observe(step: c_int) {
    STEPS.with_borrow_mut(|steps| steps.push(step));
}

#[test]
fn threads_share_the_work_and_steps_are_observed() {
    let input = Tensor::real(&[64], (0..64u8).map(f32::from).collect());
    let expected = [Tensor::real(&[3], vec![2016.0; 3])];
    for threads in [2, 5] {
        let source = THREADS.replace("THREADS", &threads.to_string());
        for library in libraries(&source, false) {
            assert_eq!(library.interface().threads, threads);
            for _ in 0..200 {
                assert_eq!(library.run(std::slice::from_ref(&input)).expect("outputs"), expected);
            }
        }
        for library in libraries(&source, true) {
            assert_eq!(library.run(std::slice::from_ref(&input)).expect("outputs"), expected);
            assert_eq!(STEPS.take(), Vec::<c_int>::new());
            // SAFETY: the observer does not unwind.
            unsafe { library.observe(observe) };
            assert_eq!(library.run(std::slice::from_ref(&input)).expect("outputs"), expected);
            assert_eq!(STEPS.take(), [0, 1, 2, 3, 4, 5]);
        }
    }
    for target in TABLE.into_iter().filter(|target| target.pointer_bits == 64) {
        let object = build(&THREADS.replace("THREADS", "4"), "sum", &target).expect(target.name);
        assert!(needs_pool(&object), "{}", target.name);
    }
}

#[test]
fn memory_is_given_back() {
    let session = Session::new();
    let module = parse(&session, ACCUMULATE);
    let mappings = || std::fs::read_to_string("/proc/self/maps").map_or(0, |maps| maps.lines().count());
    let input = [Tensor::real(&[1, 4], vec![1.0, -2.0, 3.0, 10.0])];
    let before = mappings();
    for _ in 0..200 {
        let code = jit(&module, &Target::host()).expect("code in memory");
        code.run(&input).expect("outputs");
    }
    // Other tests map memory at the same time; what leaks would be two or three mappings each time.
    assert!(mappings() < before + 150, "{before} mappings became {}", mappings());
}

#[test]
fn what_cannot_be_compiled_is_said() {
    let refused = |source: &str, code: &str, expected: &str| {
        let error = build(source, "f", &Target::host()).expect_err(expected);
        assert!(error.starts_with(&format!("error[{code}]")) && error.contains(expected), "{error}");
    };
    let body = |operations: &str| {
        format!(
            "func.func @f(%i: memref<4xf32>, %a: memref<8xi8>) attributes {{afp.inputs = 1 : i64}} {{
               %c0 = arith.constant 0 : index
               {operations} return }}"
        )
    };
    refused(&body("%t = arith.constant 1 : i32 vector.print %t : i32"), "AFP0001", "vector.print");
    refused(&body("%t = arith.constant 1 : i128"), "AFP0001", "i128");
    refused(&body("%t = arith.constant dense<1> : vector<2x2xi8>"), "AFP0001", "vector<2x2xi8>");
    let view = "%v = memref.reinterpret_cast %a to offset: [0], sizes: [4], strides: [2]
                : memref<8xi8> to memref<4xi8, strided<[2]>>";
    refused(&body(view), "AFP0001", "strided");
    refused("func.func @f() { return }", "AFP0001", "one function with the attribute afp.inputs");
    let calls = body("func.call @sinf() : () -> ()");
    refused(&format!("module {{ {calls} func.func private @sinf() }}"), "AFP0001", "'sinf'");
    for symbol in ["", "8x8", "a.b", "memcpy"] {
        let error = build(BITS, symbol, &Target::host()).expect_err(symbol);
        assert!(error.starts_with("error[AFP0601]"), "{error}");
    }
}

#[test]
fn targets_without_a_code_generator() {
    let session = Session::new();
    let module = parse(&session, BITS);
    let unknown = Target { triple: "pdp11-unknown-unix", ..Target::host() };
    let cpu = Target { cpu: "i486", ..TABLE[0] };
    for target in [Target::named("cortex-m4").expect("a target"), unknown, cpu] {
        assert_eq!(compile(&module, "f", &target).expect_err(target.name).code, "AFP0621");
    }
    let foreign = if cfg!(target_arch = "aarch64") { "x86-64-v2" } else { "aarch64" };
    let foreign = Target::named(foreign).expect("a target");
    assert_eq!(jit(&module, &foreign).err().expect("no code").code, "AFP0621");
}
