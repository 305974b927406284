//! Compiles the C++ half of LLVM's backend.

use std::{env, path::PathBuf};

fn main() {
    let prefix = PathBuf::from(env::var("MLIR_SYS_220_PREFIX").unwrap_or_else(|_| "/usr/lib/llvm-22".into()));
    println!("cargo:rerun-if-env-changed=MLIR_SYS_220_PREFIX");
    for watched in ["cpp", "build.rs"] {
        println!("cargo:rerun-if-changed={watched}");
    }
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .file("cpp/Emit.cpp")
        .flag("-isystem")
        .flag(prefix.join("include").display().to_string())
        .flag("-fno-exceptions")
        .flag("-fno-rtti")
        .warnings(false)
        .debug(false)
        .opt_level(1)
        .compile("afp_emit");
    println!("cargo:rustc-link-search=native={}", prefix.join("lib").display());
    println!("cargo:rustc-link-lib=dylib=LLVM");
}
