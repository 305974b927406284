//! Compiled code, in a shared library or in memory, is loaded and called.

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

/// A generated function of a loaded library, or of code in memory.
pub struct Library {
    /// What `function` and `slot` point into.
    _code: Box<dyn Send + Sync>,
    function: Function,
    /// The variable through which steps are observed, if there is one.
    slot: Option<&'static AtomicPtr<c_void>>,
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
            // The symbol, if it is there, is a variable of this compiler that holds a pointer.
            let slot = library.get::<*const AtomicPtr<c_void>>(profile::slot(symbol)).ok();
            let slot = slot.map(|slot| &**slot);
            Ok(Self { slot, ..Self::in_memory(Box::new(library), entry, interface) })
        }
    }

    /// A function in memory, which lives as long as `code` does.
    ///
    /// # Safety
    /// `entry` must point into `code` and be a function with this interface.
    pub(crate) unsafe fn in_memory(code: Box<dyn Send + Sync>, entry: Entry, interface: Interface) -> Self {
        // SAFETY: by contract of this function; the code lives as long as what is made here.
        let function = unsafe { Function::new(entry, interface) };
        Self { _code: code, function, slot: None }
    }

    /// The same, with the variable that its steps are observed through.
    ///
    /// # Safety
    /// The address must be that of a pointer in the code of this library.
    pub(crate) unsafe fn observed_through(self, slot: *const AtomicPtr<c_void>) -> Self {
        // SAFETY: by contract of this function; the code lives as long as the library.
        Self { slot: Some(unsafe { &*slot }), ..self }
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
        if let Some(slot) = self.slot {
            slot.store(observer as *mut c_void, Ordering::SeqCst);
        }
    }
}
