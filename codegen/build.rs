//! Compiles what LLVM offers in C++ alone.

use std::{env, path::PathBuf};

fn main() {
    let prefix = PathBuf::from(env::var("LLVM_SYS_221_PREFIX").unwrap_or_else(|_| "/usr/lib/llvm-22".into()));
    println!("cargo:rerun-if-env-changed=LLVM_SYS_221_PREFIX");
    println!("cargo:rerun-if-changed=cpp");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .files(["cpp/Emit.cpp", "cpp/StackSizes.cpp"])
        .flag("-isystem")
        .flag(prefix.join("include").display().to_string())
        .flag("-fno-exceptions")
        .flag("-fno-rtti")
        .warnings(false)
        .debug(false)
        .opt_level(1)
        .compile("afp_codegen_cpp");
    println!("cargo:rustc-link-search=native={}", prefix.join("lib").display());
    println!("cargo:rustc-link-lib=dylib=LLVM");
}
