//! A generated function is called.

use std::ffi::{c_int, c_void};

use afp_ir::{
    diag::Diagnostic,
    interp::{Data, Signature, Tensor},
    numerics::Code,
};

use crate::{
    interface::{Interface, Storage},
    internal,
};

/// The C entry that every backend makes.
pub type Entry = unsafe extern "C" fn(*const *const c_void, *const *mut c_void, *mut c_void) -> c_int;

/// A generated function in memory.
#[derive(Clone, Debug)]
pub struct Function {
    entry: Entry,
    interface: Interface,
}

/// What the arena is made of: aligned to 64 bytes.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct Line {
    _bytes: [[u8; 32]; 2],
}

/// The memory of a tensor as C sees it.
enum Buffer {
    Reals(Vec<f32>),
    Bytes(Vec<u8>),
    Halves(Vec<u16>),
}

impl Function {
    /// A function at an address.
    ///
    /// # Safety
    /// The address must be that of a function with this interface, for as long as the value lives.
    pub unsafe fn new(entry: Entry, interface: Interface) -> Self {
        Self { entry, interface }
    }

    /// What the function takes and gives.
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    /// Calls the function with an arena of its own; several threads may do so at a time.
    ///
    /// # Errors
    /// AFP0404 if the inputs are not what the function takes; AFP0001 if it gives a status other than 0.
    pub fn run(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>, Diagnostic> {
        let mut call = self.prepare(inputs)?;
        call.run()?;
        Ok(call.outputs())
    }

    /// A call with its inputs, outputs and arena, to be made any number of times.
    ///
    /// # Errors
    /// AFP0404 if the inputs are not what the function takes.
    pub fn prepare(&self, inputs: &[Tensor]) -> Result<Call<'_>, Diagnostic> {
        let ports = &self.interface.inputs;
        if inputs.len() != ports.len() {
            return Err(Diagnostic::error("AFP0404", "the number of inputs is not the program's")
                .expected(format!("{} inputs", ports.len()))
                .found(inputs.len().to_string()));
        }
        let inputs = inputs
            .iter()
            .zip(ports)
            .map(|(input, port)| input_buffer(input, port))
            .collect::<Result<_, _>>()?;
        let outputs = self.interface.outputs.iter().map(empty_buffer).collect::<Result<_, _>>()?;
        let arena = vec![Line::default(); self.interface.arena_bytes.div_ceil(64).max(1)];
        Ok(Call { function: self, inputs, outputs, arena })
    }
}

/// A call of a [`Function`] that can be made.
pub struct Call<'f> {
    function: &'f Function,
    inputs: Vec<Buffer>,
    outputs: Vec<Buffer>,
    arena: Vec<Line>,
}

impl Call<'_> {
    /// Calls the function.
    ///
    /// # Errors
    /// AFP0001 if it gives a status other than 0.
    pub fn run(&mut self) -> Result<(), Diagnostic> {
        let inputs: Vec<*const c_void> = self.inputs.iter().map(Buffer::as_ptr).collect();
        let outputs: Vec<*mut c_void> = self.outputs.iter_mut().map(Buffer::as_mut_ptr).collect();
        let arena = self.arena.as_mut_ptr().cast();
        // SAFETY: by contract of `Function::new`, and since inputs, outputs and arena have the sizes of
        // the interface.
        match unsafe { (self.function.entry)(inputs.as_ptr(), outputs.as_ptr(), arena) } {
            0 => Ok(()),
            // What this machine does not run is refused before.
            status => Err(internal("a compiled network could not be run").found(format!("status {status}"))),
        }
    }

    /// What the last call gave.
    pub fn outputs(self) -> Vec<Tensor> {
        let ports = self.function.interface.outputs.iter();
        ports.zip(self.outputs).map(|(port, buffer)| tensor(port, buffer)).collect()
    }
}

impl Buffer {
    fn as_ptr(&self) -> *const c_void {
        match self {
            Self::Reals(data) => data.as_ptr().cast(),
            Self::Bytes(data) => data.as_ptr().cast(),
            Self::Halves(data) => data.as_ptr().cast(),
        }
    }

    fn as_mut_ptr(&mut self) -> *mut c_void {
        match self {
            Self::Reals(data) => data.as_mut_ptr().cast(),
            Self::Bytes(data) => data.as_mut_ptr().cast(),
            Self::Halves(data) => data.as_mut_ptr().cast(),
        }
    }
}

fn storage(port: &Signature) -> Result<Storage, Diagnostic> {
    Storage::of(port.element).ok_or_else(|| crate::internal("a compiled network has a port without storage"))
}

fn input_buffer(input: &Tensor, port: &Signature) -> Result<Buffer, Diagnostic> {
    let storage = storage(port)?;
    let fits = input.shape == port.shape && input.is_consistent() && input.data.fits(port.element);
    match &input.data {
        Data::Real(data) if fits => Ok(Buffer::Reals(data.clone())),
        Data::Codes { codes, .. } if fits => Ok(match storage.bytes() {
            1 => Buffer::Bytes(codes.iter().map(|&code| code as u8).collect()),
            _ => Buffer::Halves(codes.clone()),
        }),
        other => {
            let expected = match port.element {
                afp_ir::dialect::Element::Float(ty) => format!("codes of {ty}"),
                _ => "f32".to_owned(),
            };
            let message = format!("input '{}' is not what the program takes", port.name);
            Err(Diagnostic::error("AFP0404", message)
                .expected(format!("{:?} {expected}", port.shape))
                .found(format!("{:?} {} with {} elements", input.shape, other.describe(), other.len())))
        }
    }
}

/// An input as it lies in memory, of a machine with the least byte first.
///
/// # Errors
/// AFP0404 if it is not what the port takes.
pub(crate) fn to_bytes(input: &Tensor, port: &Signature) -> Result<Vec<u8>, Diagnostic> {
    Ok(match input_buffer(input, port)? {
        Buffer::Reals(data) => data.into_iter().flat_map(f32::to_le_bytes).collect(),
        Buffer::Bytes(data) => data,
        Buffer::Halves(data) => data.into_iter().flat_map(u16::to_le_bytes).collect(),
    })
}

/// An output from such memory.
pub(crate) fn from_bytes(bytes: &[u8], port: &Signature) -> Result<Tensor, Diagnostic> {
    let buffer = match storage(port)?.bytes() {
        4 => Buffer::Reals(bytes.as_chunks().0.iter().map(|value| f32::from_le_bytes(*value)).collect()),
        2 => Buffer::Halves(bytes.as_chunks().0.iter().map(|value| u16::from_le_bytes(*value)).collect()),
        _ => Buffer::Bytes(bytes.to_vec()),
    };
    Ok(tensor(port, buffer))
}

fn empty_buffer(port: &Signature) -> Result<Buffer, Diagnostic> {
    let count = port.shape.iter().product();
    Ok(match storage(port)?.bytes() {
        4 => Buffer::Reals(vec![0.0; count]),
        2 => Buffer::Halves(vec![0; count]),
        _ => Buffer::Bytes(vec![0; count]),
    })
}

fn tensor(port: &Signature, buffer: Buffer) -> Tensor {
    let codes: Vec<Code> = match buffer {
        Buffer::Reals(data) => return Tensor::real(&port.shape, data),
        Buffer::Bytes(data) => data.into_iter().map(Code::from).collect(),
        Buffer::Halves(data) => data,
    };
    match port.element {
        afp_ir::dialect::Element::Float(ty) => Tensor::coded(&port.shape, ty, codes),
        _ => unreachable!("a port of integers holds codes"),
    }
}
