//! One object with a version of a program for each of several machines.
//!
//! Each version is lowered and optimized for its machine alone, as if it were the whole object; its functions
//! carry the machine as attributes. Then all are one LLVM module, in which constants that are equal are one,
//! and [`dispatch`](super::dispatch) adds the C entry, for the least machine that there is.

use afp_ir::{diag::Diagnostic, mlir::SourceModule};
use inkwell::{
    attributes::AttributeLoc, context::Context, module::Linkage, module::Module, passes::PassBuilderOptions,
    values::UnnamedAddress,
};

use super::{OptLevel, Products, Wanted, dispatch, emitted, failed, machine, optimize, translated};
use crate::{internal, object_file::check_symbol, target::Target};

/// A program for a machine: its kernels, and what they are for.
pub type Version<'a, 's> = (Target, &'a SourceModule<'s>);

/// Any x86-64 processor, for the code that finds out which it is.
const LEAST: &str = "x86-64";

/// As [`products`](super::products), of several versions of one program, the more capable behind the less.
/// The object has a second global symbol, `int SYMBOL_version(int wanted)`.
///
/// # Errors
/// As [`products`](super::products); AFP0001 for machines that are not told apart when code runs.
pub fn products_of_versions(
    versions: &[Version<'_, '_>],
    symbol: &str,
    opt: OptLevel,
    wanted: Wanted,
) -> Result<Products, Diagnostic> {
    check_symbol(symbol)?;
    let Some((first, _)) = versions.first() else {
        return Err(internal("there is no version of the program"));
    };
    let context = Context::create();
    let code = context.create_module(symbol);
    let entries: Vec<(String, Target)> =
        versions.iter().map(|&(target, _)| (format!("{symbol}.{}", target.name), target)).collect();
    dispatch::add(&context, &code, symbol, &entries)?;
    let least = machine(&Target { cpu: LEAST, features: "", ..*first }, opt)?;
    code.set_triple(&least.get_triple());
    code.set_data_layout(&least.get_target_data().get_data_layout());
    code.set_source_file_name(symbol);
    optimize(&code, &least, opt)?;
    let mut threads = 1;
    for ((entry, target), (_, module)) in entries.iter().zip(versions) {
        let machine = machine(target, opt)?;
        let (version, interface) = translated(&context, module, entry, target, &machine)?;
        bind(&context, &version, target);
        optimize(&version, &machine, opt)?;
        code.link_in_module(version).map_err(|error| failed("join the versions of", &error))?;
        threads = interface.threads;
    }
    for (entry, _) in &entries {
        let entry = code.get_function(entry).ok_or_else(|| internal("a version of the program got lost"))?;
        entry.set_linkage(Linkage::Internal);
    }
    if opt == OptLevel::O3 {
        code.run_passes("constmerge", &least, PassBuilderOptions::create())
            .map_err(|error| failed("share the constants of", &error))?;
    }
    emitted(&code, &least, symbol, threads, wanted)
}

/// Has the functions of a module be code for a machine, whatever machine they are emitted for. No code asks
/// where a constant lies, so that equal ones may be one.
fn bind<'c>(context: &'c Context, code: &Module<'c>, target: &Target) {
    let attributes = [("target-cpu", target.cpu), ("target-features", target.features)]
        .map(|(name, value)| context.create_string_attribute(name, value));
    for function in code.get_functions().filter(|function| function.count_basic_blocks() > 0) {
        for attribute in attributes {
            function.add_attribute(AttributeLoc::Function, attribute);
        }
    }
    for global in code.get_globals().filter(|global| global.is_constant()) {
        global.set_unnamed_address(UnnamedAddress::Global);
    }
}
