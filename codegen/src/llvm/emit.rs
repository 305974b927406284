//! Machine code of an LLVM module, without the one pass of LLVM's that is known to miscompile.
//!
//! `x86-compress-evex` of LLVM 22 replaces `vpmov*2m %xmm, %k; kmov %k, %reg` by a `vmovmsk*` if nothing
//! else reads the mask. Its search ends at the next instruction that writes the mask register, and does
//! not ask whether that instruction reads it as well: in `kshiftr $1, %k0, %k0`, `kor %k1, %k0, %k0` the
//! mask that was never written is read. No AVX-512 target is safe from it, at any level of optimization
//! (llvm/llvm-project issue 198197; mended behind LLVM 22 by pull request 198220). All that the pass does
//! is to shorten encodings, so leaving it out is always right.

use std::{ffi::CStr, os::raw::c_char};

use afp_ir::diag::Diagnostic;
use inkwell::{
    llvm_sys::prelude::{LLVMMemoryBufferRef, LLVMModuleRef},
    llvm_sys::target_machine::LLVMTargetMachineRef,
    memory_buffer::MemoryBuffer,
    module::Module,
    targets::{FileType, TargetMachine},
};

use crate::internal;

/// The pass, by LLVM's name.
const MISCOMPILES: &CStr = c"x86-compress-evex";

unsafe extern "C" {
    fn afpEmit(
        machine: LLVMTargetMachineRef,
        module: LLVMModuleRef,
        assembly: bool,
        without_pass: *const c_char,
        output: *mut LLVMMemoryBufferRef,
    ) -> i32;
}

/// The object or assembly of a module, whose code is no longer of use then.
pub(super) fn emit(
    code: &Module<'_>,
    machine: &TargetMachine,
    file: FileType,
) -> Result<MemoryBuffer<'static>, Diagnostic> {
    let without = if is_x86(machine) { MISCOMPILES.as_ptr() } else { std::ptr::null() };
    let mut output = std::ptr::null_mut();
    // SAFETY: machine and module live; the function gives a buffer away when it returns 0.
    unsafe {
        let assembly = matches!(file, FileType::Assembly);
        match afpEmit(machine.as_mut_ptr(), code.as_mut_ptr(), assembly, without, &raw mut output) {
            0 => Ok(MemoryBuffer::new(output)),
            1 => Err(internal("LLVM could not emit the program").expected("a target with such files")),
            _ => Err(internal("LLVM's pass that miscompiles could not be left out")
                .expected(MISCOMPILES.to_string_lossy())),
        }
    }
}

fn is_x86(machine: &TargetMachine) -> bool {
    machine.get_target().get_name().to_bytes().starts_with(b"x86")
}

#[cfg(test)]
mod tests {
    use inkwell::{context::Context, memory_buffer::MemoryBuffer};

    use super::*;
    use crate::{
        link::link_shared,
        llvm::{OptLevel, machine, measure},
        target::Target,
    };

    fn emitted(target: &Target, opt: OptLevel, file: FileType) -> MemoryBuffer<'static> {
        let machine = machine(target, opt).expect("a target machine");
        let context = Context::create();
        let source = MemoryBuffer::create_from_memory_range_copy(include_bytes!("masks.ll"), "masks");
        let code = context.create_module_from_ir(source).expect("the test's module");
        code.set_triple(&machine.get_triple());
        emit(&code, &machine, file).expect("machine code")
    }

    /// What the functions of `masks.ll` store.
    fn expected(p: &[u8; 16], q: &[u8; 16]) -> (u16, [u8; 2]) {
        let mask = |is: &dyn Fn(usize) -> bool| (0..16).fold(0, |bits, i| bits | u16::from(is(i)) << i);
        let negative = mask(&|i| p[i].wrapping_sub(q[i]) >= 128);
        let either = negative | mask(&|i| u32::from(p[i]) == negative.count_ones());
        (either, [p[0] >> 7, p[1] >> 7])
    }

    #[test]
    fn masks_are_written_before_they_are_read() {
        let target = Target::named("x86-64-v4").expect("a row of the table");
        for opt in [OptLevel::O0, OptLevel::O3] {
            let text = emitted(&target, opt, FileType::Assembly);
            let text = String::from_utf8_lossy(text.as_slice()).into_owned();
            assert_eq!(text.matches("vpmovb2m").count(), 2, "{text}");
            assert!(!text.contains("vpmovmskb"), "{text}");
            if target.runs_here() {
                run(emitted(&target, opt, FileType::Object).as_slice());
            }
        }
    }

    fn run(object: &[u8]) {
        type Function = unsafe extern "C" fn(*const u8, *const u8, *mut u8);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("masks.so");
        link_shared(&[measure(object.to_vec(), 1).expect("an object")], &path).expect("a library");
        // SAFETY: the library was just made, and stays loaded while its functions are called.
        let library = unsafe { libloading::Library::new(&path) }.expect("the library");
        let call = |name: &str, p: &[u8; 16], q: &[u8; 16]| {
            let mut result = [0; 2];
            // SAFETY: the function reads 16 bytes of each operand at most, and writes two.
            unsafe {
                let function = library.get::<Function>(name).expect("the function");
                function(p.as_ptr(), q.as_ptr(), result.as_mut_ptr());
            }
            result
        };
        for seed in 0..64 {
            let byte = |i: usize| (seed * 32 + i as u32).wrapping_mul(0x9e37_79b9).to_be_bytes()[0];
            let (p, q) = (std::array::from_fn(byte), std::array::from_fn(|i| byte(i + 16)));
            let (either, signs) = expected(&p, &q);
            assert_eq!(call("either", &p, &q), either.to_le_bytes(), "{p:?} {q:?}");
            assert_eq!(call("signs", &p, &q), signs, "{p:?}");
        }
    }
}
