//! A module in `func`, `scf`, `cf`, `arith`, `math`, `memref`, `vector` and `afpk` by way of Cranelift: the
//! second backend, which compiles fast and shares no code with LLVM.
//!
//! Upstream's pass turns loops into branches; [`function`] translates what is then left, operation by
//! operation. An MLIR value becomes a list of Cranelift values: a scalar or a memref (which is its
//! address) one, a vector as many registers of 128 bits as it fills. A vector of fewer bits lies in the
//! low lanes of one register, and what the other lanes hold is never seen. `i1` is an `i8` that is 0 or
//! 1; a vector of `i1` is a mask, all ones or all zeros in lanes of the width it was made with.
//!
//! * [`isa`]: what Cranelift is told of a target.
//! * [`module`]: constants and functions; [`entry`]: the C entry, threads, the hook behind steps.
//! * [`function`]: blocks and the dispatch of operations; [`elementwise`], [`convert`], [`memory`] and
//!   [`dot`] are the operations themselves.
//! * [`kind`], [`lanes`]: types, and what is done with registers; [`linear`]: addresses;
//!   [`numbers`]: what constants hold.
//!
//! **Invariant.** Arithmetic that the target lacks for a type is done lane by lane on scalars
//! ([`lanes::each`]): every operator exists for every type, and wraps as MLIR's does.

mod constants;
mod convert;
mod dot;
mod elementwise;
mod entry;
mod function;
mod isa;
mod kind;
mod lanes;
mod linear;
mod memory;
mod module;
mod numbers;

#[cfg(test)]
mod tests;

use std::sync::Mutex;

use afp_ir::{diag::Diagnostic, mlir::SourceModule};
use afp_runtime::pool;
use cranelift_codegen::settings::Configurable;
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{ModuleError, default_libcall_names};
use cranelift_object::{ObjectBuilder, ObjectModule};

use crate::{
    call::Entry,
    interface::Interface,
    internal,
    library::Library,
    object_file::{Object, check_symbol, measure},
    target::Target,
};

/// Bits of the vectors that Cranelift has. Wider ones are split.
pub const VECTOR_BITS: u32 = kind::REGISTER;

/// Compiles a module to an object with the one global symbol
/// `int symbol(const void *const *inputs, void *const *outputs, void *arena)`, like
/// [`crate::llvm::compile`] does.
///
/// # Errors
/// AFP0601 if the symbol is no C identifier; AFP0621 if Cranelift has no code generator for the target;
/// AFP0001 for a module that cannot be lowered, with MLIR's diagnostics in the module's session.
pub fn compile(module: &SourceModule<'_>, symbol: &str, target: &Target) -> Result<Object, Diagnostic> {
    check_symbol(symbol)?;
    let interface = Interface::of(module)?;
    let (isa, machine) = isa::of(target, true)?;
    let builder = ObjectBuilder::new(isa, symbol, default_libcall_names()).map_err(|error| failed(&error))?;
    let mut object = ObjectModule::new(builder);
    let lowered = function::to_branches(module)?;
    module::define(&lowered, &interface, symbol, machine, &mut object)?;
    let bytes = object
        .finish()
        .emit()
        .map_err(|error| internal("the object cannot be written").found(error.to_string()))?;
    measure(bytes, interface.threads)
}

/// Compiles a module into the memory of this process. The code is freed with the result.
///
/// # Errors
/// AFP0621 if this machine does not run the target's code; otherwise as [`compile`].
pub fn jit(module: &SourceModule<'_>, target: &Target) -> Result<Library, Diagnostic> {
    if !target.runs_here() {
        return Err(isa::unsupported(target).expected("a target that this machine runs"));
    }
    let interface = Interface::of(module)?;
    let (isa, machine) = isa::of(target, false)?;
    let lowered = function::to_branches(module)?;
    let mut builder = JITBuilder::with_isa(isa, default_libcall_names());
    builder.symbol(pool::RUN, pool::run as *const u8);
    builder.symbol(pool::SHARE, pool::share as *const u8);
    let mut code = Code(Mutex::new(Some(JITModule::new(builder))));
    let memory = code.0.get_mut().ok().and_then(Option::as_mut);
    let memory = memory.ok_or_else(|| internal("the memory for code got lost"))?;
    let defined = module::define(&lowered, &interface, "afp_run", machine, memory)?;
    memory.finalize_definitions().map_err(|error| failed(&error))?;
    let address = memory.get_finalized_function(defined.entry);
    let slot = defined.slot.map(|slot| memory.get_finalized_data(slot).0);
    // SAFETY: `entry` was made with this signature for this interface, and points into the code, as the
    // variable does.
    unsafe {
        let entry = std::mem::transmute::<*const u8, Entry>(address);
        let library = Library::in_memory(Box::new(code), entry, interface);
        Ok(match slot {
            Some(slot) => library.observed_through(slot.cast()),
            None => library,
        })
    }
}

/// Machine code in memory. Nobody reads the module again; the mutex makes it shareable.
struct Code(Mutex<Option<JITModule>>);

impl Drop for Code {
    fn drop(&mut self) {
        let module = self.0.get_mut().ok().and_then(Option::take);
        // SAFETY: the only pointer into the code is that of the library that owns this.
        if let Some(module) = module {
            unsafe { module.free_memory() }
        }
    }
}

fn failed(error: &ModuleError) -> Diagnostic {
    internal("Cranelift could not compile the program").found(format!("{error:?}"))
}

/// Sets an option that this version of Cranelift has.
fn set(options: &mut impl Configurable, name: &str, value: &str) -> Result<(), Diagnostic> {
    options
        .set(name, value)
        .map_err(|error| internal("Cranelift does not know an option").found(format!("{name}: {error}")))
}
