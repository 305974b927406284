//! Compiles the thread pool for this machine.

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=pool");
    let mut build = cc::Build::new();
    build
        .file("pool/afp_pool.c")
        .std("c11")
        .flag("-pthread")
        .flag("-fvisibility=hidden")
        .pic(true)
        .warnings(true)
        .extra_warnings(true)
        .debug(false)
        .opt_level(2);
    // For libraries that afpc links: the object itself.
    let objects = build.compile_intermediates();
    let [object] = objects.as_slice() else { return Err("expected one object of one file".into()) };
    fs::copy(object, PathBuf::from(env::var("OUT_DIR")?).join("afp_pool.o"))?;
    // For code that runs in this process.
    build.compile("afp_pool");
    Ok(())
}
