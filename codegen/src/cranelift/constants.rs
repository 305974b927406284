//! Reading `arith.constant`.

use afp_ir::mlir::{Attr, Op};
use mlir_sys::{
    mlirAttributeIsADenseElements, mlirAttributeIsAInteger, mlirDenseElementsAttrGetBoolValue,
    mlirDenseElementsAttrGetRawData, mlirDenseElementsAttrIsSplat, mlirIntegerAttrGetValueInt,
};

use super::kind::Kind;

/// The value of an integer or index constant of at most 64 bits.
pub(super) fn scalar(op: Op) -> Option<i64> {
    let value = constant(op)?;
    matches!(Kind::of_value(op.result(0)), Some(Kind::Int(_)))
        .then(|| unsafe {
            mlirAttributeIsAInteger(value.raw()).then(|| mlirIntegerAttrGetValueInt(value.raw()))
        })
        .flatten()
}

/// The lanes of a constant vector, sign-extended; of a mask, 0 and -1.
pub(super) fn lanes(op: Op) -> Option<Vec<i64>> {
    let value = constant(op)?;
    if !unsafe { mlirAttributeIsADenseElements(value.raw()) } {
        return None;
    }
    match Kind::of_value(op.result(0))? {
        Kind::Mask { count } => {
            let lane = |index| unsafe { mlirDenseElementsAttrGetBoolValue(value.raw(), index as isize) };
            Some((0..count).map(|index| -i64::from(lane(index))).collect())
        }
        Kind::Vector { count, width } => {
            let size = width as usize / 8;
            // SAFETY: a dense attribute of integers of whole bytes holds one element, or as many as its
            // type has.
            let (is_splat, bytes) = unsafe {
                let is_splat = mlirDenseElementsAttrIsSplat(value.raw());
                let held = if is_splat { 1 } else { count as usize };
                let data: *const u8 = mlirDenseElementsAttrGetRawData(value.raw()).cast();
                (is_splat, std::slice::from_raw_parts(data, held * size))
            };
            let lane = |bytes: &[u8]| {
                let mut wide = [if bytes[size - 1] >= 0x80 { 0xff } else { 0 }; 8];
                wide[..size].copy_from_slice(bytes);
                i64::from_le_bytes(wide)
            };
            let held: Vec<i64> = bytes.chunks_exact(size).map(lane).collect();
            Some(if is_splat { vec![held[0]; count as usize] } else { held })
        }
        _ => None,
    }
}

/// The value of an `f32` constant.
pub(super) fn float(op: Op) -> Option<f32> {
    matches!(Kind::of_value(op.result(0)), Some(Kind::Float))
        .then(|| Some(constant(op)?.as_f64()? as f32))
        .flatten()
}

fn constant(op: Op) -> Option<Attr> {
    if op.is("arith.constant") { op.attr("value") } else { None }
}
