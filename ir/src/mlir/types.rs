//! Types.

use std::fmt;

use mlir_sys::*;

use super::{Ctx, collect, sref};

/// A type.
#[derive(Clone, Copy)]
pub struct Type(MlirType);

impl Type {
    /// Wraps a type that MLIR handed out.
    ///
    /// # Safety
    /// `raw` must be a live type.
    pub unsafe fn from_raw(raw: MlirType) -> Self {
        Self(raw)
    }

    /// The pointer for calls into MLIR.
    pub fn raw(self) -> MlirType {
        self.0
    }

    /// `f32`.
    pub fn f32(ctx: Ctx) -> Self {
        Self(unsafe { mlirF32TypeGet(ctx.raw()) })
    }

    /// A signless integer.
    pub fn int(ctx: Ctx, width: u32) -> Self {
        Self(unsafe { mlirIntegerTypeGet(ctx.raw(), width) })
    }

    /// A ranked tensor. Negative sizes are dynamic.
    pub fn tensor(shape: &[i64], element: Self) -> Self {
        Self(unsafe {
            mlirRankedTensorTypeGet(shape.len() as isize, shape.as_ptr(), element.0, mlirAttributeGetNull())
        })
    }

    /// `index`.
    pub fn index(ctx: Ctx) -> Self {
        Self(unsafe { mlirIndexTypeGet(ctx.raw()) })
    }

    /// A memref of static shape, in row-major order.
    pub fn memref(shape: &[i64], element: Self) -> Self {
        Self(unsafe {
            mlirMemRefTypeContiguousGet(
                element.0,
                shape.len() as isize,
                shape.as_ptr(),
                mlirAttributeGetNull(),
            )
        })
    }

    /// A function type.
    pub fn function(ctx: Ctx, inputs: &[Self], results: &[Self]) -> Self {
        Self(unsafe {
            mlirFunctionTypeGet(
                ctx.raw(),
                inputs.len() as isize,
                inputs.as_ptr().cast(),
                results.len() as isize,
                results.as_ptr().cast(),
            )
        })
    }

    /// Parses a type from its text.
    pub fn parse(ctx: Ctx, text: &str) -> Option<Self> {
        let raw = unsafe { mlirTypeParseGet(ctx.raw(), sref(text)) };
        (!raw.ptr.is_null()).then_some(Self(raw))
    }

    /// A vector of one dimension.
    pub fn vector(lanes: i64, element: Self) -> Self {
        Self(unsafe { mlirVectorTypeGet(1, &lanes, element.0) })
    }

    /// The size of a vector of one dimension.
    pub fn lanes(self) -> Option<i64> {
        unsafe {
            let one = mlirTypeIsAVector(self.0) && mlirShapedTypeGetRank(self.0) == 1;
            one.then(|| mlirShapedTypeGetDimSize(self.0, 0))
        }
    }

    /// The shape of a memref with static sizes.
    pub fn memref_shape(self) -> Option<Vec<i64>> {
        unsafe {
            (mlirTypeIsAMemRef(self.0) && mlirShapedTypeHasStaticShape(self.0)).then(|| {
                (0..mlirShapedTypeGetRank(self.0) as isize)
                    .map(|i| mlirShapedTypeGetDimSize(self.0, i))
                    .collect()
            })
        }
    }

    /// The shape of a ranked tensor with static sizes.
    pub fn shape(self) -> Option<Vec<i64>> {
        unsafe {
            if !mlirTypeIsARankedTensor(self.0) || !mlirShapedTypeHasStaticShape(self.0) {
                return None;
            }
            Some(
                (0..mlirShapedTypeGetRank(self.0))
                    .map(|i| mlirShapedTypeGetDimSize(self.0, i as isize))
                    .collect(),
            )
        }
    }

    /// The sizes of a ranked tensor; none in the place of a dynamic one.
    pub fn sizes(self) -> Option<Vec<Option<i64>>> {
        unsafe {
            if !mlirTypeIsARankedTensor(self.0) {
                return None;
            }
            Some(
                (0..mlirShapedTypeGetRank(self.0) as isize)
                    .map(|i| {
                        (!mlirShapedTypeIsDynamicDim(self.0, i)).then(|| mlirShapedTypeGetDimSize(self.0, i))
                    })
                    .collect(),
            )
        }
    }

    /// Number of elements of a tensor with static sizes; none if it exceeds the address space.
    pub fn element_count(self) -> Option<usize> {
        self.shape()?.iter().try_fold(1usize, |count, &size| count.checked_mul(usize::try_from(size).ok()?))
    }

    /// The element type of a tensor; the type itself if it is none.
    pub fn element(self) -> Self {
        unsafe { if mlirTypeIsAShaped(self.0) { Self(mlirShapedTypeGetElementType(self.0)) } else { self } }
    }

    /// A tensor of the same shape with another element type.
    pub fn with_element(self, element: Self) -> Self {
        match self.shape() {
            Some(shape) => Self::tensor(&shape, element),
            None => self,
        }
    }

    /// Whether this is `f32`, or a tensor of it.
    pub fn is_f32(self) -> bool {
        unsafe { mlirTypeIsAF32(self.element().0) }
    }

    /// Width of a signless or signed integer type, or of a tensor's integer elements.
    pub fn int_width(self) -> Option<u32> {
        let element = self.element();
        unsafe { mlirTypeIsAInteger(element.0).then(|| mlirIntegerTypeGetWidth(element.0)) }
    }

    /// Bytes of a type of whole bytes, or of a shaped type's elements.
    pub fn element_bytes(self) -> Option<usize> {
        if self.is_f32() { Some(4) } else { self.int_width().filter(|w| w % 8 == 0).map(|w| w as usize / 8) }
    }

    /// Inputs and results of a function type.
    pub fn function_parts(self) -> Option<(Vec<Self>, Vec<Self>)> {
        unsafe {
            if !mlirTypeIsAFunction(self.0) {
                return None;
            }
            let inputs = 0..mlirFunctionTypeGetNumInputs(self.0);
            let results = 0..mlirFunctionTypeGetNumResults(self.0);
            Some((
                inputs.map(|i| Self(mlirFunctionTypeGetInput(self.0, i))).collect(),
                results.map(|i| Self(mlirFunctionTypeGetResult(self.0, i))).collect(),
            ))
        }
    }

    /// The context.
    pub fn ctx(self) -> Ctx {
        unsafe { Ctx::from_raw(mlirTypeGetContext(self.0)) }
    }
}

impl PartialEq for Type {
    fn eq(&self, other: &Self) -> bool {
        unsafe { mlirTypeEqual(self.0, other.0) }
    }
}
impl Eq for Type {}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&collect(|print, data| unsafe { mlirTypePrint(self.0, print, data) }))
    }
}

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
