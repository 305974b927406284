//! Code in several versions: each is called when it is wanted, and the right one when none is.

use std::{ffi::c_int, fs, path::Path, process::Command, thread};

use afp_ir::{interp::Tensor, mlir::Session};
use object::{Object as _, ObjectSymbol as _};

use super::{ACCUMULATE, build, check_syntax, global_symbols};
use crate::{
    header::{Footprint, header},
    interface::Interface,
    library::Library,
    link::link_shared,
    llvm::{Object, OptLevel, Wanted, products_of_versions},
    target::{TABLE, Target},
    versions::{NONE_RUNS, chooser},
};

const SYMBOL: &str = "network_run";

/// Adds a number to its input, so that a version can be told from another.
fn adds(number: usize) -> String {
    format!(
        "func.func @body(%in: memref<1xf32>, %out: memref<1xf32>, %arena: memref<64xi8>) attributes {{afp.inputs = 1 : i64}} {{
           %c0 = arith.constant 0 : index
           %number = arith.constant {number}.0 : f32
           %x = memref.load %in[%c0] : memref<1xf32>
           %y = arith.addf %x, %number : f32
           memref.store %y, %out[%c0] : memref<1xf32>
           return
         }}"
    )
}

fn object(targets: &[Target], source: impl Fn(usize) -> String, opt: OptLevel) -> (Object, u64, Interface) {
    let session = Session::new();
    let parse = |index: usize| {
        let module = session.parse("test.mlir", source(index + 1).as_bytes());
        module.unwrap_or_else(|_| panic!("the test's module: {:?}", session.take_diagnostics()))
    };
    let modules: Vec<_> = (0..targets.len()).map(parse).collect();
    let versions: Vec<_> = targets.iter().copied().zip(&modules).collect();
    let products = products_of_versions(&versions, SYMBOL, opt, Wanted::default()).expect("an object");
    (products.object, products.stack_bytes, Interface::of(&modules[0]).expect("an interface"))
}

/// A library with its chooser, its own copy of the variable behind it.
struct Loaded {
    network: Library,
    choose: libloading::Library,
}

impl Loaded {
    fn of(object: &Object, interface: &Interface) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("network.so");
        link_shared(std::slice::from_ref(object), &path).expect("a library");
        // SAFETY: the library was just made for this interface.
        unsafe {
            let network = Library::open(&path, SYMBOL, interface.clone()).expect("the library");
            Self { network, choose: libloading::Library::new(&path).expect("the library") }
        }
    }

    fn choose(&self, wanted: c_int) -> c_int {
        // SAFETY: the function has this type.
        unsafe {
            let function = self.choose.get::<unsafe extern "C" fn(c_int) -> c_int>(chooser(SYMBOL));
            function.expect("the function")(wanted)
        }
    }

    /// What was added.
    fn number(&self) -> f32 {
        let outputs = self.network.run(&[Tensor::real(&[1], vec![0.5])]).expect("outputs");
        outputs[0].as_real().expect("a float")[0] - 0.5
    }
}

#[test]
fn every_version_is_called_that_runs_here() {
    let targets = Target::versions();
    let best = targets.iter().rposition(Target::runs_here).map(|index| index + 1).expect("a version");
    assert_eq!(targets[best - 1], Target::host());
    for opt in [OptLevel::O0, OptLevel::O3] {
        let (object, _, interface) = object(&targets, adds, opt);
        let loaded = Loaded::of(&object, &interface);
        // Many first calls at a time.
        thread::scope(|scope| {
            let calls: Vec<_> = (0..16).map(|_| scope.spawn(|| loaded.number())).collect();
            assert!(calls.into_iter().all(|call| call.join().expect("a number") == best as f32));
        });
        for (number, target) in (1..).zip(&targets) {
            let before = loaded.number();
            let runs = target.runs_here();
            assert_eq!(loaded.choose(number), if runs { number } else { 0 }, "{}", target.name);
            assert_eq!(loaded.number(), if runs { number as f32 } else { before }, "{}", target.name);
        }
        assert_eq!(loaded.choose(1), 1);
        for unknown in [-1, targets.len() as c_int + 1, 33, c_int::MAX, c_int::MIN] {
            assert_eq!(loaded.choose(unknown), 0);
            assert_eq!(loaded.number(), 1.0);
        }
        assert_eq!(loaded.choose(0), best as c_int);
        assert_eq!(loaded.number(), best as f32);
        // A choice before the first call stands.
        let fresh = Loaded::of(&object, &interface);
        assert_eq!(fresh.choose(1), 1);
        assert_eq!(fresh.number(), 1.0);
    }
}

#[test]
fn the_object_exports_two_functions_and_needs_nothing() {
    let targets = Target::versions();
    let accumulate = |_| ACCUMULATE.to_owned();
    for opt in [OptLevel::O0, OptLevel::O3] {
        let (all, stack, _) = object(&targets, accumulate, opt);
        let mut symbols = global_symbols(&all, false);
        symbols.sort();
        assert_eq!(symbols, [SYMBOL, "network_run_version"]);
        assert_eq!(global_symbols(&all, true), Vec::<String>::new());
        assert!(all == object(&targets, accumulate, opt).0, "the same modules give the same bytes");
        let file = object::File::parse(all.bytes.as_slice()).expect("an object");
        for target in &targets {
            let name = format!("{SYMBOL}.{}", target.name);
            assert!(file.symbols().any(|symbol| symbol.name() == Ok(name.as_str())), "{name}");
        }
        // The largest frame, which may be moved by as many bytes as its vectors have, and the choice's.
        assert!(stack < 640, "{stack}");
    }
}

#[test]
fn equal_constants_are_there_once() {
    let list = |factor: u32| -> String {
        (0..4096).map(|i| (i * factor % 251).to_string()).collect::<Vec<_>>().join(", ")
    };
    let (w, v) = (list(37), list(41));
    // Kernels get them as arguments.
    let source = |number: usize| {
        format!(
            "module {{
             memref.global \"private\" constant @w : memref<4096xi32> = dense<[{w}]>
             memref.global \"private\" constant @v : memref<4096xi32> = dense<[{v}]>
             func.func private @pick(%from: memref<4096xi32>, %i: index) -> f32 attributes {{passthrough = [\"noinline\"]}} {{
               %v = memref.load %from[%i] : memref<4096xi32>
               %f = arith.sitofp %v : i32 to f32
               return %f : f32
             }}
             func.func @body(%in: memref<1xf32>, %out: memref<1xf32>, %arena: memref<64xi8>) attributes {{afp.inputs = 1 : i64}} {{
               %c0 = arith.constant 0 : index
               %w = memref.get_global @w : memref<4096xi32>
               %v = memref.get_global @v : memref<4096xi32>
               %x = memref.load %in[%c0] : memref<1xf32>
               %n = arith.fptosi %x : f32 to i32
               %i = arith.index_cast %n : i32 to index
               %f = func.call @pick(%w, %i) : (memref<4096xi32>, index) -> f32
               %g = func.call @pick(%v, %i) : (memref<4096xi32>, index) -> f32
               %number = arith.constant {number}.0 : f32
               %y = arith.addf %f, %number : f32
               %z = arith.addf %y, %g : f32
               memref.store %z, %out[%c0] : memref<1xf32>
               return
             }} }}",
        )
    };
    let (shared, _, _) = object(&Target::versions(), source, OptLevel::O3);
    assert!((2 * 16384..2 * 16384 + 512).contains(&shared.data_bytes), "{}", shared.data_bytes);
}

#[test]
fn versions_for_other_machines_than_x86_are_refused() {
    let session = Session::new();
    let module = session.parse("test.mlir", adds(1).as_bytes()).expect("a module");
    let arm = Target::listed("aarch64").expect("a row of the table");
    for versions in [&[(arm, &module)][..], &[]] {
        let error = products_of_versions(versions, SYMBOL, OptLevel::O0, Wanted::default());
        assert_eq!(error.expect_err("no such versions").code, "AFP0001");
    }
}

#[test]
fn headers_declare_the_choice() {
    let (_, interface) = build(ACCUMULATE, "f", &TABLE[0], OptLevel::O0).expect("an object");
    let versions = ["x86-64-v2", "x86-64-v3"];
    let footprint = Footprint { arena_alignment: 64, flash_bytes: 1, stack_bytes: None, versions: &versions };
    let text = header(SYMBOL, "network", &interface, &footprint);
    assert!(text.contains("#define AFP_NETWORK_VERSIONS 2\n"), "{text}");
    assert!(text.contains(" *   2  x86-64-v3\n"), "{text}");
    assert!(text.contains("/* Returns 0, or 2 if the processor"), "{text}");
    let call = format!("{text}int call(void); int call(void) {{ return {}(0); }}\n", chooser(SYMBOL));
    check_syntax(&["-x", "c", "-std=c99"], &call);
    check_syntax(&["-x", "c++", "-std=c++11"], &call);
    let threads = header(SYMBOL, "network", &Interface { threads: 3, ..interface }, &footprint);
    assert!(threads.contains("Computes on up to AFP_NETWORK_THREADS threads"), "{threads}");
}

/// What a program says of its versions on a processor that QEMU plays: the status of a call, and what is
/// chosen. None where QEMU is not installed.
fn under(processor: &str, program: &Path) -> Option<String> {
    let output = Command::new("qemu-x86_64").args(["-cpu", processor]).arg(program).output();
    let output = output.inspect_err(|error| eprintln!("skipped: qemu-x86_64: {error}")).ok()?;
    assert!(output.status.success(), "{processor}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
#[cfg(target_arch = "x86_64")]
fn the_processor_is_asked() {
    let (object, _, _) = object(&Target::versions(), adds, OptLevel::O3);
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("network.o"), &object.bytes).expect("a file");
    let source = "#include <stdio.h>
        int network_run(const void *const *, void *const *, void *);
        int network_run_version(int);
        int main(void) {
          float x = 0.5f, y = 0.5f;
          const void *in[] = {&x};
          void *out[] = {&y};
          _Alignas(64) static char arena[64];
          int status = network_run(in, out, arena);
          printf(\"%d %d %d\", status, (int)y, network_run_version(0));
          return 0;
        }";
    fs::write(folder.path().join("main.c"), source).expect("a file");
    let compiled = Command::new("cc")
        .args(["-std=gnu11", "-static", "main.c", "network.o", "-o", "main"])
        .current_dir(folder.path())
        .status();
    assert!(compiled.expect("a C compiler").success());
    let program = folder.path().join("main");
    let none = format!("{NONE_RUNS} 0 0");
    for (processor, expected) in [
        ("qemu64", none.as_str()),
        ("Conroe", &none),
        ("Nehalem", "0 1 1"),
        ("Haswell", "0 2 2"),
        ("max", "0 2 2"),
        // One feature of a level, and the system's part in it.
        ("Nehalem,-popcnt", &none),
        ("Haswell,-lahf-lm", &none),
        ("Haswell,-avx2", "0 1 1"),
        ("Haswell,-abm", "0 1 1"),
        ("Haswell,-xsave", "0 1 1"),
    ] {
        let Some(found) = under(processor, &program) else { return };
        assert_eq!(found, expected, "{processor}");
    }
    // And here, where the processor itself says it.
    let output = Command::new(&program).output().expect("the program");
    let best = Target::versions().iter().rposition(Target::runs_here).map_or(0, |index| index + 1);
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("0 {best} {best}"));
}
