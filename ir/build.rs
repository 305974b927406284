//! Generates and compiles the C++ half of the afp dialect, and makes MLIR's C API linkable.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn main() -> Result<(), Box<dyn Error>> {
    let prefix = PathBuf::from(env::var("MLIR_SYS_220_PREFIX").unwrap_or_else(|_| "/usr/lib/llvm-22".into()));
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo:rerun-if-env-changed=MLIR_SYS_220_PREFIX");
    for watched in ["td", "cpp", "build.rs"] {
        println!("cargo:rerun-if-changed={watched}");
    }
    if !prefix.join("bin/mlir-tblgen").exists() {
        return Err(format!(
            "expected LLVM and MLIR 22 in {}, found no bin/mlir-tblgen there; run `make deps`, or set MLIR_SYS_220_PREFIX to `llvm-config-22 --prefix`",
            prefix.display()
        )
        .into());
    }
    write_c_api_linker_script(&prefix.join("lib"), &out)?;
    generate(&prefix, &out)?;
    compile(&prefix, &out);
    Ok(())
}

/// Debian ships MLIR's C API only as static archives, while mlir-sys in shared mode asks for
/// `-lMLIR-C`: a linker script of that name points to the archives.
fn write_c_api_linker_script(lib: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let mut archives: Vec<PathBuf> = fs::read_dir(lib)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            name.starts_with("libMLIRCAPI") && name.ends_with(".a")
        })
        .collect();
    archives.sort();
    let group: String = archives.iter().map(|a| format!("  {}\n", a.display())).collect();
    let script = format!("GROUP (\n{group})\nINPUT ( {0}/libMLIR.so {0}/libLLVM.so )\n", lib.display());
    fs::write(out.join("libMLIR-C.so"), script)?;
    println!("cargo:rustc-link-search=native={}", out.display());
    println!("cargo:rustc-link-search=native={}", lib.display());
    Ok(())
}

/// Runs mlir-tblgen on the dialect's definitions.
fn generate(prefix: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let outputs: [(&str, &[&str], &str); 10] = [
        ("td/AfpOps.td", &["-gen-dialect-decls", "-dialect=afp"], "AfpDialect.h.inc"),
        ("td/AfpOps.td", &["-gen-dialect-defs", "-dialect=afp"], "AfpDialect.cpp.inc"),
        ("td/AfpOps.td", &["-gen-typedef-decls"], "AfpTypes.h.inc"),
        ("td/AfpOps.td", &["-gen-typedef-defs"], "AfpTypes.cpp.inc"),
        ("td/AfpOps.td", &["-gen-op-decls"], "AfpOps.h.inc"),
        ("td/AfpOps.td", &["-gen-op-defs"], "AfpOps.cpp.inc"),
        ("td/AfpkOps.td", &["-gen-dialect-decls", "-dialect=afpk"], "AfpkDialect.h.inc"),
        ("td/AfpkOps.td", &["-gen-dialect-defs", "-dialect=afpk"], "AfpkDialect.cpp.inc"),
        ("td/AfpkOps.td", &["-gen-op-decls"], "AfpkOps.h.inc"),
        ("td/AfpkOps.td", &["-gen-op-defs"], "AfpkOps.cpp.inc"),
    ];
    for (source, arguments, name) in outputs {
        let status = Command::new(prefix.join("bin/mlir-tblgen"))
            .args(arguments)
            .arg(source)
            .args(["-I", "td", "-I"])
            .arg(prefix.join("include"))
            .arg("-o")
            .arg(out.join(name))
            .status()?;
        if !status.success() {
            return Err(format!("mlir-tblgen failed on {source} for {name}").into());
        }
    }
    Ok(())
}

fn compile(prefix: &Path, out: &Path) {
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .files(["cpp/AfpDialect.cpp", "cpp/AfpkDialect.cpp", "cpp/Bridge.cpp"])
        .include(out)
        .include("cpp")
        .flag("-isystem")
        .flag(prefix.join("include").display().to_string())
        .flag("-fno-exceptions")
        .flag("-fno-rtti")
        .warnings(false)
        .debug(false)
        .opt_level(1)
        .compile("afp_cpp");
    println!("cargo:rustc-link-lib=dylib=MLIR");
    println!("cargo:rustc-link-lib=dylib=LLVM");
}
