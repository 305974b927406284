//! The thread pool: as C, also under ThreadSanitizer, and from Rust.

use std::{
    ffi::c_void,
    path::Path,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

use afp_runtime::pool;

/// Compiles the pool with its test program, and gives what the program prints for each command line.
fn check(flags: &[&str], runs: &[[&str; 3]]) {
    let folder = tempfile::tempdir().expect("a folder");
    let (here, program) = (Path::new(env!("CARGO_MANIFEST_DIR")), folder.path().join("pool"));
    let compiled = Command::new("cc")
        .args(["-std=gnu11", "-O2", "-Wall", "-Wextra", "-pedantic", "-Werror", "-pthread"])
        .args(flags)
        .arg("-I")
        .arg(here.join("pool"))
        .args([here.join("pool/afp_pool.c"), here.join("tests/pool.c")])
        .arg("-o")
        .arg(&program)
        .status()
        .expect("a C compiler");
    assert!(compiled.success(), "{flags:?}");
    for arguments in runs {
        let output = Command::new(&program).args(arguments).output().expect("the program runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text == "0 wrong\n", "{flags:?} {arguments:?}: {text}{errors}");
    }
}

#[test]
fn teams_of_any_size_from_any_number_of_callers() {
    let runs =
        [["1", "10", "1"], ["2", "10000", "1"], ["3", "2000", "3"], ["16", "2000", "1"], ["16", "300", "4"]];
    check(&["-DFORK"], &runs);
}

#[test]
fn no_race_is_found() {
    check(&["-g", "-fsanitize=thread"], &[["2", "300", "2"], ["8", "100", "3"]]);
}

#[test]
fn the_header_and_the_source_suit_strict_compilers() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("afp_pool.h"), pool::HEADER).expect("the header");
    std::fs::write(folder.path().join("afp_pool.c"), pool::SOURCE).expect("the source");
    for (language, standard, file) in [("c", "c99", "h"), ("c++", "c++11", "h"), ("c", "c11", "c")] {
        let status = Command::new("cc")
            .args(["-x", language, &format!("-std={standard}"), "-Wall", "-Wextra", "-pedantic", "-Werror"])
            .arg("-fsyntax-only")
            .arg(folder.path().join(format!("afp_pool.{file}")))
            .status()
            .expect("a C compiler");
        assert!(status.success(), "{language} {standard}");
    }
}

unsafe extern "C" fn count(context: *mut c_void, thread: usize) {
    // SAFETY: the test passes counters for so many threads, which outlive the team.
    let counters = unsafe { &*context.cast::<[AtomicUsize; 4]>() };
    counters[thread].fetch_add(1, Ordering::Relaxed);
    pool::barrier();
    if thread == 0 {
        assert!(counters.iter().all(|counter| counter.load(Ordering::Relaxed) == 1));
    }
}

#[test]
fn it_can_be_called_in_this_process() {
    let mut counters: [AtomicUsize; 4] = Default::default();
    // SAFETY: `count` is sound for four counters on four threads.
    assert_eq!(unsafe { pool::run(4, count, (&raw mut counters).cast()) }, 0);
    assert!(counters.iter_mut().all(|counter| *counter.get_mut() == 1));
}
