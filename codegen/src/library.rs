//! A shared library is loaded and called.

use std::{
    ffi::{c_int, c_void},
    path::Path,
    sync::atomic::{AtomicPtr, Ordering},
};

use afp_ir::{diag::Diagnostic, interp::Tensor};

use crate::{
    call::{Entry, Function},
    interface::Interface,
    profile,
};

/// A generated function of a loaded library.
pub struct Library {
    /// What `function` points into.
    library: libloading::Library,
    function: Function,
    symbol: String,
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
            Ok(Self { library, function: Function::new(entry, interface), symbol: symbol.to_owned() })
        }
    }

    /// The function.
    pub fn function(&self) -> &Function {
        &self.function
    }

    /// What the function takes and gives.
    pub fn interface(&self) -> &Interface {
        self.function.interface()
    }

    /// Calls the function with an arena of its own; several threads may do so at a time.
    ///
    /// # Errors
    /// See [`Function::run`].
    pub fn run(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>, Diagnostic> {
        self.function.run(inputs)
    }

    /// Has a function called behind each step of a network that is compiled with them
    /// ([`profile::instrument`]), on the thread that computes it; nothing if it is not.
    ///
    /// # Safety
    /// The function must not unwind, and no call may be under way.
    pub unsafe fn observe(&self, observer: unsafe extern "C" fn(c_int)) {
        // SAFETY: the symbol, if it is there, is a variable of this compiler that holds a pointer.
        unsafe {
            if let Ok(slot) = self.library.get::<*mut AtomicPtr<c_void>>(profile::slot(&self.symbol)) {
                (**slot).store(observer as *mut c_void, Ordering::SeqCst);
            }
        }
    }
}
