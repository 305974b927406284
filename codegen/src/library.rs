//! A shared library is loaded and called.

use std::{
    ffi::{c_int, c_void},
    path::Path,
};

use afp_ir::{
    diag::Diagnostic,
    interp::{Data, Tensor},
};

use crate::interface::Interface;

type Entry = unsafe extern "C" fn(*const *const c_void, *const *mut c_void, *mut c_void) -> c_int;

/// A generated function of a loaded library.
pub struct Library {
    /// What `entry` points into.
    _library: libloading::Library,
    entry: Entry,
    interface: Interface,
}

/// What the arena is made of: aligned to 64 bytes.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Line {
    _bytes: [[u8; 32]; 2],
}

impl Library {
    /// Loads a library and finds its function.
    ///
    /// # Errors
    /// AFP0605 if it cannot be loaded or lacks the function.
    ///
    /// # Safety
    /// The library's code runs in this process: it must come from this compiler, and the function must
    /// be one with this interface.
    pub unsafe fn open(path: &Path, symbol: &str, interface: Interface) -> Result<Self, Diagnostic> {
        let failed = |error: libloading::Error| {
            Diagnostic::error("AFP0605", "the compiled network cannot be loaded")
                .in_file(path.display().to_string())
                .expected(format!("a shared library for this machine with the function '{symbol}'"))
                .found(error.to_string())
        };
        // A name without a slash would be searched in the system's folders.
        let place = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        // SAFETY: by contract of this function.
        unsafe {
            let library = libloading::Library::new(place).map_err(failed)?;
            let entry = *library.get::<Entry>(symbol).map_err(failed)?;
            Ok(Self { _library: library, entry, interface })
        }
    }

    /// What the function takes and gives.
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    /// Calls the function with an arena of its own; several threads may do so at a time.
    ///
    /// # Errors
    /// AFP0404 if the inputs are not what the function takes.
    pub fn run(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>, Diagnostic> {
        let pointers = self.input_pointers(inputs)?;
        let mut outputs: Vec<Vec<f32>> =
            self.interface.outputs.iter().map(|port| vec![0.0; port.shape.iter().product()]).collect();
        let results: Vec<*mut c_void> = outputs.iter_mut().map(|data| data.as_mut_ptr().cast()).collect();
        let mut arena = vec![Line::default(); self.interface.arena_bytes.div_ceil(64).max(1)];
        // SAFETY: by contract of `open`, and since inputs, outputs and arena have the sizes of the interface.
        let status = unsafe { (self.entry)(pointers.as_ptr(), results.as_ptr(), arena.as_mut_ptr().cast()) };
        if status != 0 {
            return Err(crate::internal("a compiled network failed").found(format!("status {status}")));
        }
        let ports = self.interface.outputs.iter();
        Ok(ports.zip(outputs).map(|(port, data)| Tensor::real(&port.shape, data)).collect())
    }

    fn input_pointers(&self, inputs: &[Tensor]) -> Result<Vec<*const c_void>, Diagnostic> {
        let ports = &self.interface.inputs;
        if inputs.len() != ports.len() {
            return Err(Diagnostic::error("AFP0404", "the number of inputs is not the program's")
                .expected(format!("{} inputs", ports.len()))
                .found(inputs.len().to_string()));
        }
        let pointer = |(input, port): (&Tensor, &afp_ir::interp::Signature)| match &input.data {
            Data::Real(data) if input.shape == port.shape && input.is_consistent() => {
                Ok(data.as_ptr().cast())
            }
            other => {
                let message = format!("input '{}' is not what the program takes", port.name);
                Err(Diagnostic::error("AFP0404", message)
                    .expected(format!("{:?} f32", port.shape))
                    .found(format!("{:?} {} with {} elements", input.shape, other.describe(), other.len())))
            }
        };
        inputs.iter().zip(ports).map(pointer).collect()
    }
}
