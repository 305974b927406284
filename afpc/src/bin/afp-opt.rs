//! afp-opt: runs single passes or pipelines on textual or bytecode modules, with mlir-opt's options.

use std::ffi::{CString, c_char, c_int};

unsafe extern "C" {
    fn afpOptMain(argc: c_int, argv: *mut *mut c_char) -> c_int;
}

fn main() {
    afp_codegen::pipeline::register();
    // Arguments cannot hold a zero byte: they come from the operating system as C strings.
    let arguments: Vec<CString> = std::env::args_os()
        .filter_map(|argument| CString::new(std::os::unix::ffi::OsStringExt::into_vec(argument)).ok())
        .collect();
    let mut pointers: Vec<*mut c_char> = arguments.iter().map(|a| a.as_ptr().cast_mut()).collect();
    let count = pointers.len() as c_int;
    pointers.push(std::ptr::null_mut());
    // SAFETY: a C main's arguments, alive for the whole call.
    std::process::exit(unsafe { afpOptMain(count, pointers.as_mut_ptr()) });
}
