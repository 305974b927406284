//! What a generated function takes and gives.
//!
//! A module to compile has one function that everything else is called from, its *body*:
//!
//! * `@body(inputs..., outputs..., %arena: memref<N x i8>)` with the attribute `afp.inputs`, the number
//!   of inputs. Inputs and outputs are memrefs of static sizes: of `f32`, or of the integers that hold
//!   codes (i8, i16). `afp.ports` lists their types in the source program, which say what codes are worth.
//! * With the attribute `afp.threads = N : i64`, N > 1, it may be called on up to N threads at a time. They get
//!   their shares of each step from `func.func private @afp_runtime_share() -> index`, as the thread pool's
//!   header says: 0 to N - 1, and N where the step has ended.
//! * A call in the body may say what it is for: `afp.layer`, the name of a layer as reports call it.

use afp_ir::{
    diag::Diagnostic,
    dialect::{Element, FloatType},
    interp::Signature,
    mlir::{Attr, Op, SourceModule, Type},
};
use mlir_sys::{
    mlirShapedTypeGetDimSize, mlirShapedTypeGetRank, mlirShapedTypeHasStaticShape, mlirTypeIsAMemRef,
};

use crate::internal;

/// The attribute of the body that says how many of its leading arguments are inputs.
pub const INPUTS: &str = "afp.inputs";

/// The attribute of the body that says how many threads it runs on; one if it is not there.
pub const THREADS: &str = "afp.threads";

/// The attribute of the body with the source program's types of inputs and outputs; without it they are
/// `f32`.
pub const PORTS: &str = "afp.ports";

/// The attribute of a call in the body: the layer that it computes.
pub const LAYER: &str = "afp.layer";

/// Threads that a network can be compiled for.
pub const MOST_THREADS: usize = 1024;

/// Inputs, outputs and memory of a generated function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// The inputs, in order, row-major: `f32`, or codes in the integers that [`Storage::of`] says.
    pub inputs: Vec<Signature>,
    /// The outputs, in order, likewise.
    pub outputs: Vec<Signature>,
    /// Size of the arena in bytes.
    pub arena_bytes: usize,
    /// Number of threads that the function runs on.
    pub threads: usize,
}

/// How the elements of a port lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// `float`.
    F32,
    /// `int8_t`: codes of a signed fixed-point format of 8 bits, which are numbers.
    I8,
    /// `uint8_t`: codes of at most 8 bits, in the low bits, the others zero.
    U8,
    /// `int16_t`: codes of a signed fixed-point format of 16 bits, which are numbers.
    I16,
    /// `uint16_t`: codes of at most 16 bits, in the low bits, the others zero.
    U16,
}

impl Storage {
    /// The storage of elements; none for what is neither `f32` nor codes.
    pub fn of(element: Element) -> Option<Self> {
        match element {
            Element::Real => Some(Self::F32),
            Element::Float(FloatType { format, .. }) => {
                let is_number = format.exp_bits() == 0 && format.is_signed();
                Some(match format.width() {
                    8 if is_number => Self::I8,
                    16 if is_number => Self::I16,
                    0..=8 => Self::U8,
                    _ => Self::U16,
                })
            }
            Element::Exact | Element::Other => None,
        }
    }

    /// The type in C.
    pub fn c_type(self) -> &'static str {
        match self {
            Self::F32 => "float",
            Self::I8 => "int8_t",
            Self::U8 => "uint8_t",
            Self::I16 => "int16_t",
            Self::U16 => "uint16_t",
        }
    }

    /// Bytes of an element.
    pub fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::I16 | Self::U16 => 2,
            Self::I8 | Self::U8 => 1,
        }
    }
}

impl Interface {
    /// The interface of the module's body. Names are those that the arguments' locations carry, else
    /// `input0`, `output0` and so on.
    ///
    /// # Errors
    /// AFP0001 if the module has no such function.
    pub fn of(module: &SourceModule<'_>) -> Result<Self, Diagnostic> {
        let (function, count) = body(module)?;
        let misfit =
            |what: &str| internal("the function to compile is not of the form agreed on").found(what);
        let block = function.blocks().into_iter().next().ok_or_else(|| misfit("no body"))?;
        let threads = match function.attr(THREADS).map(|threads| threads.as_int()) {
            None => 1,
            Some(number) => number
                .and_then(|number| usize::try_from(number).ok())
                .filter(|number| (1..=MOST_THREADS).contains(number))
                .ok_or_else(|| misfit("a number of threads out of range"))?,
        };
        let args = block.args();
        let (arena, ports) = args.split_last().ok_or_else(|| misfit("no arguments"))?;
        if count > ports.len() {
            return Err(misfit("fewer arguments than inputs"));
        }
        let bytes = memref_shape(arena.ty()).filter(|shape| shape.len() == 1);
        let (Some(bytes), Some(8)) = (bytes, arena.ty().element().int_width()) else {
            return Err(misfit("an arena that is not memref<N x i8>"));
        };
        let types = function.attr(PORTS);
        let port = |index: usize| {
            let (kind, number) = if index < count { ("input", index) } else { ("output", index - count) };
            let ty = ports[index].ty();
            let name = ports[index].loc().name().unwrap_or_else(|| format!("{kind}{number}"));
            let coded = types.and_then(|all| all.element(index)).and_then(Attr::as_type);
            let element = match coded.and_then(FloatType::of) {
                Some(float) if ty.element().int_width() == Some(float.storage_bits()) => {
                    Element::Float(float)
                }
                None if ty.element().is_f32() => Element::Real,
                _ => return Err(misfit("an argument that is no memref of f32 or codes with static sizes")),
            };
            memref_shape(ty)
                .map(|shape| Signature { name, shape, element })
                .ok_or_else(|| misfit("an argument that is no memref of f32 or codes with static sizes"))
        };
        Ok(Self {
            inputs: (0..count).map(port).collect::<Result<_, _>>()?,
            outputs: (count..ports.len()).map(port).collect::<Result<_, _>>()?,
            arena_bytes: bytes[0],
            threads,
        })
    }

    /// The interface of versions of one program, with an arena that is enough for each. None for none, or
    /// if they take or give different things.
    pub fn joined(versions: &[Self]) -> Option<Self> {
        let first = versions.first()?;
        let arena_bytes = versions.iter().map(|version| version.arena_bytes).max()?;
        let joined = Self { arena_bytes, ..first.clone() };
        versions.iter().all(|version| Self { arena_bytes, ..version.clone() } == joined).then_some(joined)
    }
}

/// The function that carries [`INPUTS`], and that number.
pub(crate) fn body(module: &SourceModule<'_>) -> Result<(Op, usize), Diagnostic> {
    let mut found = module
        .functions()
        .into_iter()
        .filter_map(|f| Some((f, usize::try_from(f.attr(INPUTS)?.as_int()?).ok()?)));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        _ => Err(internal("a module to compile must have one function with the attribute afp.inputs")),
    }
}

/// The sizes of a memref, if all are static and it fits the address space at four bytes per element.
fn memref_shape(ty: Type) -> Option<Vec<usize>> {
    let shape: Vec<usize> = unsafe {
        if !mlirTypeIsAMemRef(ty.raw()) || !mlirShapedTypeHasStaticShape(ty.raw()) {
            return None;
        }
        (0..mlirShapedTypeGetRank(ty.raw()) as isize)
            .map(|i| usize::try_from(mlirShapedTypeGetDimSize(ty.raw(), i)).ok())
            .collect::<Option<_>>()?
    };
    let bytes = shape.iter().try_fold(4usize, |bytes, &size| bytes.checked_mul(size))?;
    isize::try_from(bytes).is_ok().then_some(shape)
}
