//! The types of the modules that are compiled, as Cranelift sees them.

use afp_ir::mlir::{Type, Value};
use cranelift_codegen::ir::{self, types};
use mlir_sys::{mlirShapedTypeGetRank, mlirTypeIsAIndex, mlirTypeIsAMemRef, mlirTypeIsAShaped};

/// Bits of a vector register.
pub(super) const REGISTER: u32 = 128;

/// A type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An integer of 1, 8, 16, 32 or 64 bits; `index` is of 64.
    Int(u32),
    /// `f32`.
    Float,
    /// The address of a memref whose sizes are static and whose elements lie in row-major order.
    Pointer,
    /// Lanes of 8, 16, 32 or 64 bits.
    Vector { count: u32, width: u32 },
    /// Lanes of one bit.
    Mask { count: u32 },
}

impl Kind {
    /// The kind of a type; none for those that kernels do not use.
    pub(super) fn of(ty: Type) -> Option<Self> {
        if let Some(lanes) = ty.lanes() {
            let count = u32::try_from(lanes).ok().filter(|&count| count > 0)?;
            // Floats are only moved, and seen as their bits.
            let width = if ty.element().is_f32() { Some(32) } else { ty.int_width() };
            return match width? {
                1 => Some(Self::Mask { count }),
                width @ (8 | 16 | 32 | 64) => Some(Self::Vector { count, width }),
                _ => None,
            };
        }
        unsafe {
            if mlirTypeIsAMemRef(ty.raw()) {
                return strides(ty).map(|_| Self::Pointer);
            }
            if mlirTypeIsAShaped(ty.raw()) {
                return None;
            }
            if mlirTypeIsAIndex(ty.raw()) {
                return Some(Self::Int(64));
            }
        }
        match ty.int_width() {
            Some(width @ (1 | 8 | 16 | 32 | 64)) => Some(Self::Int(width)),
            None if ty.is_f32() => Some(Self::Float),
            _ => None,
        }
    }

    /// The kind of a value's type.
    pub(super) fn of_value(value: Value) -> Option<Self> {
        Self::of(value.ty())
    }

    /// Cranelift's types of the parts of a value that passes from block to block or function to
    /// function; masks have lanes of 8 bits there.
    pub(super) fn parts(self) -> Vec<ir::Type> {
        match self {
            Self::Int(width) => vec![integer(width)],
            Self::Float => vec![types::F32],
            Self::Pointer => vec![types::I64],
            Self::Vector { count, width } => vec![register(width); registers(count, width)],
            Self::Mask { count } => vec![register(8); registers(count, 8)],
        }
    }
}

/// The integer type of a width.
pub(super) fn integer(width: u32) -> ir::Type {
    match width {
        1 | 8 => types::I8,
        16 => types::I16,
        32 => types::I32,
        _ => types::I64,
    }
}

/// A register of lanes of a width.
pub(super) fn register(width: u32) -> ir::Type {
    match width {
        8 => types::I8X16,
        16 => types::I16X8,
        32 => types::I32X4,
        _ => types::I64X2,
    }
}

/// How many registers a vector fills.
pub(super) fn registers(count: u32, width: u32) -> usize {
    (u64::from(count) * u64::from(width)).div_ceil(u64::from(REGISTER)) as usize
}

/// The distances, in bytes, between neighbours along each dimension of a memref; none if its layout is
/// another than row-major order, or sizes are dynamic.
pub(super) fn strides(ty: Type) -> Option<Vec<i64>> {
    let shape = ty.memref_shape()?;
    let element = ty.element();
    let bytes = match Kind::of_element(element)? {
        Kind::Int(width) => i64::from(width / 8),
        _ => 4,
    };
    if Type::memref(&shape, element) != ty {
        return None;
    }
    let rank = unsafe { mlirShapedTypeGetRank(ty.raw()) } as usize;
    let mut strides = vec![bytes; rank];
    for index in (1..rank).rev() {
        strides[index - 1] = strides[index].checked_mul(shape[index])?;
    }
    Some(strides)
}

impl Kind {
    /// The kind of a memref's elements: of whole bytes.
    fn of_element(ty: Type) -> Option<Self> {
        Self::of(ty).filter(|kind| matches!(kind, Self::Int(8..) | Self::Float))
    }
}
