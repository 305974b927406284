//! The thread pool of networks that are compiled for several threads: C11 and POSIX threads, in
//! `pool/afp_pool.c`, whose header documents it.

use std::ffi::{c_int, c_void};

/// The source, to be compiled for another machine.
pub const SOURCE: &str = include_str!("../pool/afp_pool.c");

/// The header that the source includes, by the name `afp_pool.h`.
pub const HEADER: &str = include_str!("../pool/afp_pool.h");

/// The object for this machine. Its symbols are hidden: a shared library keeps a pool to itself.
pub const OBJECT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/afp_pool.o"));

/// The function that runs a team: `void (int threads, void (*body)(void *), void *context)`.
pub const RUN: &str = "afp_pool_run";

/// The function that gives a thread of a team its next share of a step: `size_t (void)`.
pub const SHARE: &str = "afp_runtime_share";

/// What each thread of a team runs, on the context that was passed.
pub type Body = unsafe extern "C" fn(*mut c_void);

// For code that is run in this process without a linker.
unsafe extern "C" {
    /// Calls `body(context)` on the caller, and on up to `threads - 1` other threads that have the time, and
    /// waits for those that have begun.
    ///
    /// # Safety
    /// The body must be sound for the context on that many threads, and must not unwind. It asks for shares
    /// until each of its steps ends, and goes through the same steps on every thread.
    #[link_name = "afp_pool_run"]
    pub fn run(threads: c_int, body: Body, context: *mut c_void);

    /// The calling thread's next share of the current step of its team; the number of the team's threads
    /// where the step has ended.
    ///
    /// # Safety
    /// The caller is a body that [`run`] has called.
    #[link_name = "afp_runtime_share"]
    pub fn share() -> usize;
}
