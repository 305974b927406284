//! What a generated function takes and gives.

use afp_ir::{
    diag::Diagnostic,
    dialect::Element,
    interp::Signature,
    mlir::{Op, SourceModule, Type},
};
use mlir_sys::{
    mlirShapedTypeGetDimSize, mlirShapedTypeGetRank, mlirShapedTypeHasStaticShape, mlirTypeIsAMemRef,
};

use crate::internal;

/// The attribute of the one public function that says how many of its leading arguments are inputs.
pub const INPUTS: &str = "afp.inputs";

/// The attribute of that function with the source program's types of inputs and outputs.
pub const PORTS: &str = "afp.ports";
/// The attribute of that function that says how many threads call it; its last argument then is the
/// number of the calling one.
pub const THREADS: &str = "afp.threads";

/// Inputs, outputs and memory of a generated function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// The inputs, in order: `f32`, row-major.
    pub inputs: Vec<Signature>,
    /// The outputs, in order: `f32`, row-major.
    pub outputs: Vec<Signature>,
    /// Size of the arena in bytes.
    pub arena_bytes: usize,
}

impl Interface {
    /// The interface of the module's public function `(inputs..., outputs..., arena)`, all of them
    /// memrefs with static sizes. Names are those that the arguments' locations carry, else `input0`,
    /// `output0` and so on.
    ///
    /// # Errors
    /// AFP0001 if the module has no such function.
    pub fn of(module: &SourceModule<'_>) -> Result<Self, Diagnostic> {
        let (function, count) = body(module)?;
        let misfit =
            |what: &str| internal("the function to compile is not of the form agreed on").found(what);
        let block = function.blocks().into_iter().next().ok_or_else(|| misfit("no body"))?;
        let args = block.args();
        let (arena, ports) = args.split_last().ok_or_else(|| misfit("no arguments"))?;
        if count > ports.len() {
            return Err(misfit("fewer arguments than inputs"));
        }
        let bytes = memref_shape(arena.ty()).filter(|shape| shape.len() == 1);
        let (Some(bytes), Some(8)) = (bytes, arena.ty().element().int_width()) else {
            return Err(misfit("an arena that is not memref<N x i8>"));
        };
        let port = |index: usize| {
            let (kind, number) = if index < count { ("input", index) } else { ("output", index - count) };
            let ty = ports[index].ty();
            let shape = memref_shape(ty).filter(|_| ty.element().is_f32());
            let name = ports[index].loc().name().unwrap_or_else(|| format!("{kind}{number}"));
            shape
                .map(|shape| Signature { name, shape, element: Element::Real })
                .ok_or_else(|| misfit("an argument that is no memref of f32 with static sizes"))
        };
        Ok(Self {
            inputs: (0..count).map(port).collect::<Result<_, _>>()?,
            outputs: (count..ports.len()).map(port).collect::<Result<_, _>>()?,
            arena_bytes: bytes[0],
        })
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
