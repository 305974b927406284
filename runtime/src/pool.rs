//! The thread pool of networks that are compiled for several threads: C11 and POSIX threads, in
//! `pool/afp_pool.c`, whose header documents it.

use std::ffi::{c_int, c_void};

/// The source, to be compiled for another machine.
pub const SOURCE: &str = include_str!("../pool/afp_pool.c");

/// The header that the source includes, by the name `afp_pool.h`.
pub const HEADER: &str = include_str!("../pool/afp_pool.h");

/// The object for this machine. Its symbols are hidden: a shared library keeps a pool to itself.
pub const OBJECT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/afp_pool.o"));

/// The function that runs a team: `int (int threads, void (*body)(void *, size_t), void *context)`.
pub const RUN: &str = "afp_pool_run";

/// The function that the threads of a team meet in: `void (void)`.
pub const BARRIER: &str = "afp_runtime_barrier";

/// What a team runs: the context that was passed, and the number of the thread.
pub type Body = unsafe extern "C" fn(*mut c_void, usize);

// For code that is run in this process without a linker.
unsafe extern "C" {
    /// Calls `body(context, thread)` on so many threads at a time, of which the caller is number 0, and
    /// waits for all. Gives 0, or 1 if the system refuses a thread.
    ///
    /// # Safety
    /// The body must be sound for the context on that many threads, and must not unwind.
    #[link_name = "afp_pool_run"]
    pub fn run(threads: c_int, body: Body, context: *mut c_void) -> c_int;

    /// Waits until every thread of the caller's team has called it as many times.
    #[link_name = "afp_runtime_barrier"]
    pub safe fn barrier();
}
