//! The thread pool: as C, also under ThreadSanitizer, and from Rust.

use std::{
    ffi::c_void,
    path::Path,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

use afp_runtime::pool;

/// Compiles the pool with its test program, and gives what the program prints for each command line, whose process gets
/// no more than so many kilobytes of addresses.
fn check(flags: &[&str], kilobytes: Option<u32>, runs: &[[&str; 4]]) {
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
    let limit = kilobytes.map_or(String::new(), |kilobytes| format!("ulimit -v {kilobytes} && "));
    for arguments in runs {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("{limit}exec \"$0\" \"$@\"")]).arg(&program).args(arguments);
        let output = shell.output().expect("the program runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text == "0 wrong\n", "{flags:?} {arguments:?}: {text}{errors}");
    }
}

#[test]
fn teams_of_any_size_from_any_number_of_callers() {
    let runs = [
        ["1", "10", "1", "0"],
        ["2", "10000", "1", "0"],
        ["3", "2000", "3", "0"],
        ["16", "2000", "1", "0"],
        ["16", "300", "4", "0"],
    ];
    check(&["-DFORK"], None, &runs);
}

#[test]
fn workers_that_are_late_find_nothing_to_do() {
    check(&[], None, &[["2", "20", "1", "5000"], ["5", "10", "2", "3000"]]);
}

#[test]
fn threads_that_the_system_refuses_are_not_needed() {
    check(&[], Some(200_000), &[["64", "100", "1", "0"]]);
}

#[test]
fn no_race_is_found() {
    check(
        &["-g", "-fsanitize=thread"],
        None,
        &[["2", "300", "2", "0"], ["8", "100", "3", "0"], ["3", "10", "2", "2000"]],
    );
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

unsafe extern "C" fn count(context: *mut c_void) {
    // SAFETY: the test passes counters for four shares, which outlive the team, and this is a team's body.
    let counters = unsafe { &*context.cast::<[AtomicUsize; 4]>() };
    for step in 0..2 {
        // SAFETY: as above.
        while let Some(counter) = counters.get(unsafe { pool::share() }) {
            assert_eq!(counter.fetch_add(1, Ordering::Relaxed), step);
        }
        assert!(counters.iter().all(|counter| counter.load(Ordering::Relaxed) > step));
    }
}

#[test]
fn it_can_be_called_in_this_process() {
    let mut counters: [AtomicUsize; 4] = Default::default();
    // SAFETY: `count` is sound for four counters on four threads.
    unsafe { pool::run(4, count, (&raw mut counters).cast()) };
    assert!(counters.iter_mut().all(|counter| *counter.get_mut() == 2));
}
