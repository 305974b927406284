//! Constants of an ONNX file, brought to f32 or i64.

use std::rc::Rc;

use super::{
    problem::Problem,
    proto::{Tensor, data_type},
};
use crate::import::{code, tosa};

/// The elements of a constant, row-major.
#[derive(Clone, Debug)]
pub enum Elements {
    /// Real numbers.
    Floats(Rc<Vec<f32>>),
    /// Integers and truth values.
    Ints(Rc<Vec<i64>>),
}

impl Elements {
    /// Real numbers.
    pub fn floats(values: Vec<f32>) -> Self {
        Self::Floats(Rc::new(values))
    }

    /// Integers.
    pub fn ints(values: Vec<i64>) -> Self {
        Self::Ints(Rc::new(values))
    }
}

/// Decodes a constant: its shape and elements. The size is checked against the data before
/// anything of that size is allocated.
///
/// # Errors
/// If the data is kept in another file, has an element type that is not supported, or does not
/// have the size of the shape.
pub fn decode(tensor: &Tensor) -> Result<(Vec<i64>, Elements), Problem> {
    if tensor.data_location != 0 || !tensor.external_data.is_empty() {
        return Err(external(tensor));
    }
    let count = count_of(&tensor.dims)?;
    let raw = &tensor.raw_data[..];
    let ints = |width, read: &dyn Fn(&[u8]) -> i64| -> Result<Elements, Problem> {
        let values = if raw.is_empty() {
            check_count(count, tensor.int32_data.len())?;
            tensor.int32_data.iter().map(|value| i64::from(*value)).collect()
        } else {
            check_bytes(count, width, raw.len())?;
            raw.chunks_exact(width).map(read).collect()
        };
        Ok(Elements::ints(values))
    };
    let halves = |widen: fn(u16) -> f32| -> Result<Elements, Problem> {
        let values = if raw.is_empty() {
            check_count(count, tensor.int32_data.len())?;
            tensor.int32_data.iter().map(|bits| widen((bits & 0xffff) as u16)).collect()
        } else {
            check_bytes(count, 2, raw.len())?;
            raw.chunks_exact(2).map(|b| widen(u16::from_le_bytes([b[0], b[1]]))).collect()
        };
        Ok(Elements::floats(values))
    };
    let elements = match tensor.data_type {
        data_type::FLOAT if raw.is_empty() => {
            check_count(count, tensor.float_data.len())?;
            Elements::floats(tensor.float_data.clone())
        }
        data_type::FLOAT => {
            check_bytes(count, 4, raw.len())?;
            let read = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
            Elements::floats(raw.chunks_exact(4).map(read).collect())
        }
        data_type::DOUBLE if raw.is_empty() => {
            check_count(count, tensor.double_data.len())?;
            Elements::floats(tensor.double_data.iter().map(|value| *value as f32).collect())
        }
        data_type::DOUBLE => {
            check_bytes(count, 8, raw.len())?;
            let read = |b: &[u8]| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32;
            Elements::floats(raw.chunks_exact(8).map(read).collect())
        }
        data_type::FLOAT16 => halves(half_to_f32)?,
        data_type::BFLOAT16 => halves(|bits| f32::from_bits(u32::from(bits) << 16))?,
        data_type::INT64 if raw.is_empty() => {
            check_count(count, tensor.int64_data.len())?;
            Elements::ints(tensor.int64_data.clone())
        }
        data_type::INT64 => {
            check_bytes(count, 8, raw.len())?;
            let read = |b: &[u8]| i64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]);
            Elements::ints(raw.chunks_exact(8).map(read).collect())
        }
        data_type::INT32 => ints(4, &|b| i64::from(i32::from_le_bytes([b[0], b[1], b[2], b[3]])))?,
        data_type::INT8 => ints(1, &|b| i64::from(b[0] as i8))?,
        data_type::UINT8 | data_type::BOOL => ints(1, &|b| i64::from(b[0]))?,
        other => {
            return Err(Problem::new(code::DATA_TYPE, "element type of a constant")
                .expected("float32, float64, float16, bfloat16, int64, int32, int8, uint8 or bool")
                .found(data_type::name(other)));
        }
    };
    Ok((tensor.dims.clone(), elements))
}

fn external(tensor: &Tensor) -> Problem {
    let file = tensor.external_data.iter().find(|entry| entry.key == "location");
    Problem::new(code::EXTERNAL_DATA, "weights are kept outside of the model file")
        .expected("a model with its weights inside")
        .found(file.map_or_else(|| "external data".to_owned(), |entry| format!("external data in '{}'", entry.value)))
        .help("save it as one file: onnx.save_model(onnx.load('model.onnx'), 'single.onnx', save_as_external_data=False)")
}

/// The number of elements of a constant's shape, which may be zero.
fn count_of(dims: &[i64]) -> Result<usize, Problem> {
    tosa::check_rank(dims)?;
    let count = dims.iter().try_fold(1usize, |count, size| count.checked_mul(usize::try_from(*size).ok()?));
    count.ok_or_else(|| {
        Problem::new(code::BAD_TENSOR, "the shape of a constant")
            .expected("sizes that are not negative and fit the file")
            .found(tosa::shape_text(dims))
    })
}

fn check_count(expected: usize, found: usize) -> Result<(), Problem> {
    if expected == found {
        return Ok(());
    }
    Err(Problem::new(code::BAD_TENSOR, "the data of a constant does not fit its shape")
        .expected(format!("{expected} elements"))
        .found(found.to_string()))
}

fn check_bytes(count: usize, width: usize, found: usize) -> Result<(), Problem> {
    if count.checked_mul(width) == Some(found) {
        return Ok(());
    }
    Err(Problem::new(code::BAD_TENSOR, "the data of a constant does not fit its shape")
        .expected(format!("{count} elements of {width} bytes"))
        .found(format!("{found} bytes")))
}

/// IEEE 754 half precision to single, exactly.
fn half_to_f32(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let (exponent, mantissa) = (u32::from(bits >> 10 & 0x1f), u32::from(bits & 0x3ff));
    let magnitude = match exponent {
        0 => return f32::from_bits(sign | 0x3f80_0000) * mantissa as f32 * 2f32.powi(-24),
        31 => 0x7f80_0000 | mantissa << 13,
        _ => (exponent + 112) << 23 | mantissa << 13,
    };
    f32::from_bits(sign | magnitude)
}

#[cfg(test)]
mod tests {
    use super::half_to_f32;

    #[test]
    fn halves_widen_exactly() {
        let cases = [
            (0x0000, 0.0),
            (0x0001, 2f32.powi(-24)),
            (0x83ff, -1023.0 * 2f32.powi(-24)),
            (0x0400, 2f32.powi(-14)),
            (0x3c00, 1.0),
            (0xc101, -(2.0 + 257.0 / 512.0)),
            (0x7bff, 65504.0),
            (0x7c00, f32::INFINITY),
        ];
        for (bits, value) in cases {
            assert_eq!(half_to_f32(bits), value, "{bits:#06x}");
        }
        assert!(half_to_f32(0x7e00).is_nan());
    }
}
