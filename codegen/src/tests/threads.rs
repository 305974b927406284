//! Networks on several threads, and their steps.

use std::{
    cell::RefCell,
    ffi::c_int,
    sync::{Arc, Barrier},
    thread,
};

use afp_ir::{interp::Tensor, mlir::Session};

use super::{ACCUMULATE, build, global_symbols};
use crate::{
    cranelift,
    interface::Interface,
    library::Library,
    link::{link_shared, needs_pool},
    llvm::{OptLevel, compile},
    profile::instrument,
    target::Target,
};

const THREADS: &str = include_str!("threads.mlir");

/// The same by Cranelift, in memory.
fn in_memory(source: &str) -> (Library, Vec<String>) {
    let session = Session::new();
    let module = session.parse("test.mlir", source.as_bytes()).expect("a module");
    let steps = instrument(&module).expect("a body");
    (cranelift::jit(&module, &Target::host().narrowed(128)).expect("code"), steps)
}

fn library(source: &str, opt: OptLevel, is_profiled: bool) -> (Library, Vec<String>) {
    let session = Session::new();
    let module = session.parse("test.mlir", source.as_bytes()).expect("a module");
    let steps = if is_profiled { instrument(&module).expect("a body") } else { Vec::new() };
    assert!(module.op().verify(), "{:?}", session.take_diagnostics());
    let object = compile(&module, "sum_run", &Target::host(), opt).expect("an object");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("network.so");
    link_shared(&[object], &path).expect("a library");
    // SAFETY: the library was just made for this interface.
    let library = unsafe { Library::open(&path, "sum_run", Interface::of(&module).expect("an interface")) };
    (library.expect("the library"), steps)
}

fn numbers() -> (Tensor, Tensor) {
    let input: Vec<f32> = (0..64u8).map(f32::from).collect();
    (Tensor::real(&[64], input), Tensor::real(&[3], vec![2016.0; 3]))
}

#[test]
fn sums_are_right_every_time() {
    let (input, expected) = numbers();
    for (threads, times) in [(2, 10_000), (16, 10_000)] {
        let source = THREADS.replace("THREADS", &threads.to_string());
        let (library, _) = library(&source, OptLevel::O3, false);
        assert_eq!(library.interface().threads, threads);
        let mut call = library.function().prepare(std::slice::from_ref(&input)).expect("a call");
        for _ in 0..times {
            call.run().expect("it runs");
        }
        assert_eq!(call.outputs(), std::slice::from_ref(&expected));
        for _ in 0..100 {
            assert_eq!(
                library.run(std::slice::from_ref(&input)).expect("outputs"),
                std::slice::from_ref(&expected)
            );
        }
    }
}

#[test]
fn several_callers_at_a_time() {
    let (library, _) = library(&THREADS.replace("THREADS", "3"), OptLevel::O0, false);
    let (library, start) = (Arc::new(library), Arc::new(Barrier::new(4)));
    let callers: Vec<_> = (0..4)
        .map(|_| {
            let (library, start) = (library.clone(), start.clone());
            thread::spawn(move || {
                let (input, expected) = numbers();
                start.wait();
                for _ in 0..500 {
                    let outputs = library.run(std::slice::from_ref(&input)).expect("outputs");
                    assert_eq!(outputs, std::slice::from_ref(&expected));
                }
            })
        })
        .collect();
    for caller in callers {
        caller.join().expect("no wrong sum");
    }
}

#[test]
fn a_library_is_loaded_and_unloaded() {
    let (input, expected) = numbers();
    for _ in 0..20 {
        let (library, _) = library(&THREADS.replace("THREADS", "4"), OptLevel::O0, false);
        assert_eq!(
            library.run(std::slice::from_ref(&input)).expect("outputs"),
            std::slice::from_ref(&expected)
        );
    }
}

#[test]
fn objects_for_threads_need_the_pool() {
    let source = THREADS.replace("THREADS", "2");
    let (object, _) = build(&source, "sum", &Target::host(), OptLevel::O3).expect("an object");
    assert!(needs_pool(&object));
    assert_eq!(global_symbols(&object, false), ["sum"]);
    let mut needed = global_symbols(&object, true);
    needed.sort();
    assert_eq!(needed, ["afp_pool_run", "afp_runtime_share"]);
    let (object, _) = build(ACCUMULATE, "sum", &Target::host(), OptLevel::O3).expect("an object");
    assert!(!needs_pool(&object));
    let session = Session::new();
    let module = session.parse("test.mlir", source.as_bytes()).expect("a module");
    let object = cranelift::compile(&module, "sum", &Target::host().narrowed(128)).expect("an object");
    assert!(needs_pool(&object));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("network.so");
    link_shared(&[object], &path).expect("a library");
    // SAFETY: the library was just made for this interface.
    let library = unsafe { Library::open(&path, "sum", Interface::of(&module).expect("an interface")) };
    let (input, expected) = numbers();
    assert_eq!(library.expect("the library").run(&[input]).expect("outputs"), [expected]);
    let many = source.replace("afp.threads = 2", "afp.threads = 100000");
    let error = build(&many, "sum", &Target::host(), OptLevel::O0).expect_err("too many");
    assert!(error.contains("number of threads out of range"), "{error}");
}

thread_local! {
    static STEPS: RefCell<Vec<c_int>> = const { RefCell::new(Vec::new()) };
}

unsafe extern "C" fn observe(step: c_int) {
    STEPS.with_borrow_mut(|steps| steps.push(step));
}

#[test]
fn steps_are_observed_in_order() {
    for (plain, steps) in [library(ACCUMULATE, OptLevel::O3, true), in_memory(ACCUMULATE)] {
        assert_eq!(steps, ["to_codes", "multiply"]);
        // SAFETY: the observer does not unwind.
        unsafe { plain.observe(observe) };
        let input = Tensor::real(&[1, 4], vec![1.0, -2.0, 3.0, 10.0]);
        let outputs = plain.run(&[input]).expect("outputs");
        assert_eq!(outputs, [Tensor::real(&[1, 3], vec![104.0, -64.0, 374.0])]);
        assert_eq!(STEPS.take(), [0, 1]);
    }
    let source = THREADS.replace("THREADS", "2");
    for (team, steps) in [library(&source, OptLevel::O3, true), in_memory(&source)] {
        observe_team(&team, &steps);
    }
}

fn observe_team(team: &Library, steps: &[String]) {
    let (input, expected) = numbers();
    assert_eq!(steps, ["first", "add_parts", "add_part", "add_parts", "add_part", "add_parts"]);
    // Nothing is observed before somebody asks for it.
    assert_eq!(team.run(std::slice::from_ref(&input)).expect("outputs"), std::slice::from_ref(&expected));
    assert_eq!(STEPS.take(), Vec::<c_int>::new());
    // SAFETY: the observer does not unwind.
    unsafe { team.observe(observe) };
    assert_eq!(team.run(&[input]).expect("outputs"), [expected]);
    assert_eq!(STEPS.take(), [0, 1, 2, 3, 4, 5]);
}
