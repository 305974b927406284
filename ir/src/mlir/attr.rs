//! Attributes: construction, and reading with no trust in their kind.

use std::fmt;

use mlir_sys::*;

use super::{Ctx, Type, collect, sref, string};

/// An attribute.
#[derive(Clone, Copy)]
pub struct Attr(MlirAttribute);

/// The payload of an elements attribute, in the host's (little-endian) byte order.
pub enum DenseData<'a> {
    /// The bytes of one element that stands for all.
    Splat(&'a [u8]),
    /// The bytes of all elements.
    All(&'a [u8]),
}

/// Number of elements that one may stand for: a file of a few bytes must not ask for all memory.
const MAX_SPLAT: usize = 1 << 30;

unsafe extern "C" {
    fn afpDenseResourceData(attribute: MlirAttribute, data: *mut *const u8, size: *mut usize) -> bool;
    fn afpDenseResourceGet(ty: MlirType, name: MlirStringRef, data: *const u8, size: usize) -> MlirAttribute;
}

impl Attr {
    /// Wraps an attribute that MLIR handed out.
    ///
    /// # Safety
    /// `raw` must be a live attribute.
    pub unsafe fn from_raw(raw: MlirAttribute) -> Self {
        Self(raw)
    }

    /// Wraps an attribute unless it is null.
    ///
    /// # Safety
    /// `raw` must be null or a live attribute.
    pub unsafe fn from_nullable(raw: MlirAttribute) -> Option<Self> {
        (!raw.ptr.is_null()).then_some(Self(raw))
    }

    /// The pointer for calls into MLIR.
    pub fn raw(self) -> MlirAttribute {
        self.0
    }

    /// Parses an attribute from its text.
    pub fn parse(ctx: Ctx, text: &str) -> Option<Self> {
        unsafe { Self::from_nullable(mlirAttributeParseGet(ctx.raw(), sref(text))) }
    }

    /// A string.
    pub fn string(ctx: Ctx, text: &str) -> Self {
        Self(unsafe { mlirStringAttrGet(ctx.raw(), sref(text)) })
    }

    /// A signless integer of `width` bits.
    pub fn int(ctx: Ctx, width: u32, value: i64) -> Self {
        Self(unsafe { mlirIntegerAttrGet(Type::int(ctx, width).raw(), value) })
    }

    /// An integer of a given integer or index type.
    pub fn typed_int(ty: Type, value: i64) -> Self {
        Self(unsafe { mlirIntegerAttrGet(ty.raw(), value) })
    }

    /// The same element everywhere in a tensor or vector of static shape.
    pub fn splat(ty: Type, element: Self) -> Self {
        Self(unsafe { mlirDenseElementsAttrSplatGet(ty.raw(), element.0) })
    }

    /// A reference to a symbol.
    pub fn symbol(ctx: Ctx, name: &str) -> Self {
        Self(unsafe { mlirFlatSymbolRefAttrGet(ctx.raw(), sref(name)) })
    }

    /// An `f32`.
    pub fn f32(ctx: Ctx, value: f32) -> Self {
        Self(unsafe { mlirFloatAttrDoubleGet(ctx.raw(), mlirF32TypeGet(ctx.raw()), f64::from(value)) })
    }

    /// An `f64`.
    pub fn f64(ctx: Ctx, value: f64) -> Self {
        Self(unsafe { mlirFloatAttrDoubleGet(ctx.raw(), mlirF64TypeGet(ctx.raw()), value) })
    }

    /// A type.
    pub fn ty(ty: Type) -> Self {
        Self(unsafe { mlirTypeAttrGet(ty.raw()) })
    }

    /// `unit`.
    pub fn unit(ctx: Ctx) -> Self {
        Self(unsafe { mlirUnitAttrGet(ctx.raw()) })
    }

    /// `array<i64: ...>`.
    pub fn i64s(ctx: Ctx, values: &[i64]) -> Self {
        Self(unsafe { mlirDenseI64ArrayGet(ctx.raw(), values.len() as isize, values.as_ptr()) })
    }

    /// `array<i32: ...>`.
    pub fn i32s(ctx: Ctx, values: &[i32]) -> Self {
        Self(unsafe { mlirDenseI32ArrayGet(ctx.raw(), values.len() as isize, values.as_ptr()) })
    }

    /// `array<f32: ...>`.
    pub fn f32s(ctx: Ctx, values: &[f32]) -> Self {
        Self(unsafe { mlirDenseF32ArrayGet(ctx.raw(), values.len() as isize, values.as_ptr()) })
    }

    /// `array<f64: ...>`.
    pub fn f64s(ctx: Ctx, values: &[f64]) -> Self {
        Self(unsafe { mlirDenseF64ArrayGet(ctx.raw(), values.len() as isize, values.as_ptr()) })
    }

    /// An array of attributes.
    pub fn array(ctx: Ctx, elements: &[Self]) -> Self {
        let raw: Vec<MlirAttribute> = elements.iter().map(|element| element.0).collect();
        Self(unsafe { mlirArrayAttrGet(ctx.raw(), raw.len() as isize, raw.as_ptr()) })
    }

    /// A dictionary.
    pub fn dict(ctx: Ctx, entries: &[(&str, Self)]) -> Self {
        let named: Vec<MlirNamedAttribute> = entries
            .iter()
            .map(|(name, value)| unsafe {
                mlirNamedAttributeGet(mlirIdentifierGet(ctx.raw(), sref(name)), value.0)
            })
            .collect();
        Self(unsafe { mlirDictionaryAttrGet(ctx.raw(), named.len() as isize, named.as_ptr()) })
    }

    /// Elements printed inline, from the bytes of all of them.
    pub fn dense(ty: Type, bytes: &[u8]) -> Option<Self> {
        unsafe {
            Self::from_nullable(mlirDenseElementsAttrRawBufferGet(
                ty.raw(),
                bytes.len(),
                bytes.as_ptr().cast(),
            ))
        }
    }

    /// Elements kept as a resource blob under `name` (made unique if taken), from the bytes of all of them.
    pub fn resource(ty: Type, name: &str, bytes: &[u8]) -> Self {
        Self(unsafe { afpDenseResourceGet(ty.raw(), sref(name), bytes.as_ptr(), bytes.len()) })
    }

    /// The text of a string attribute.
    pub fn as_string(self) -> Option<String> {
        unsafe { mlirAttributeIsAString(self.0).then(|| string(mlirStringAttrGetValue(self.0))) }
    }

    /// The value of an integer attribute of at most 64 bits.
    pub fn as_int(self) -> Option<i64> {
        unsafe {
            (mlirAttributeIsAInteger(self.0)
                && Type::from_raw(mlirAttributeGetType(self.0)).int_width()? <= 64)
                .then(|| mlirIntegerAttrGetValueInt(self.0))
        }
    }

    /// The value of a float attribute.
    pub fn as_f64(self) -> Option<f64> {
        unsafe { mlirAttributeIsAFloat(self.0).then(|| mlirFloatAttrGetValueDouble(self.0)) }
    }

    /// The type of a type attribute.
    pub fn as_type(self) -> Option<Type> {
        unsafe { mlirAttributeIsAType(self.0).then(|| Type::from_raw(mlirTypeAttrGetValue(self.0))) }
    }

    /// The elements of `array<i64: ...>`.
    pub fn as_i64s(self) -> Option<Vec<i64>> {
        unsafe {
            mlirAttributeIsADenseI64Array(self.0).then(|| {
                (0..mlirDenseArrayGetNumElements(self.0))
                    .map(|i| mlirDenseI64ArrayGetElement(self.0, i))
                    .collect()
            })
        }
    }

    /// The elements of `array<i32: ...>`.
    pub fn as_i32s(self) -> Option<Vec<i32>> {
        unsafe {
            mlirAttributeIsADenseI32Array(self.0).then(|| {
                (0..mlirDenseArrayGetNumElements(self.0))
                    .map(|i| mlirDenseI32ArrayGetElement(self.0, i))
                    .collect()
            })
        }
    }

    /// The elements of `array<f32: ...>`.
    pub fn as_f32s(self) -> Option<Vec<f32>> {
        unsafe {
            mlirAttributeIsADenseF32Array(self.0).then(|| {
                (0..mlirDenseArrayGetNumElements(self.0))
                    .map(|i| mlirDenseF32ArrayGetElement(self.0, i))
                    .collect()
            })
        }
    }

    /// The elements of `array<f64: ...>`.
    pub fn as_f64s(self) -> Option<Vec<f64>> {
        unsafe {
            mlirAttributeIsADenseF64Array(self.0).then(|| {
                (0..mlirDenseArrayGetNumElements(self.0))
                    .map(|i| mlirDenseF64ArrayGetElement(self.0, i))
                    .collect()
            })
        }
    }

    /// Element `index` of an array attribute.
    pub fn element(self, index: usize) -> Option<Self> {
        unsafe {
            let fits =
                mlirAttributeIsAArray(self.0) && (index as isize) < mlirArrayAttrGetNumElements(self.0);
            fits.then(|| Self(mlirArrayAttrGetElement(self.0, index as isize)))
        }
    }

    /// The entry of a dictionary attribute.
    pub fn entry(self, name: &str) -> Option<Self> {
        unsafe {
            if !mlirAttributeIsADictionary(self.0) {
                return None;
            }
            Self::from_nullable(mlirDictionaryAttrGetElementByName(self.0, sref(name)))
        }
    }

    /// All entries of a dictionary attribute.
    pub fn entries(self) -> Option<Vec<(String, Self)>> {
        unsafe {
            mlirAttributeIsADictionary(self.0).then(|| {
                (0..mlirDictionaryAttrGetNumElements(self.0))
                    .map(|i| {
                        let named = mlirDictionaryAttrGetElement(self.0, i);
                        (string(mlirIdentifierStr(named.name)), Self(named.attribute))
                    })
                    .collect()
            })
        }
    }

    /// The tensor type of an elements attribute.
    pub fn elements_type(self) -> Option<Type> {
        unsafe { mlirAttributeIsAElements(self.0).then(|| Type::from_raw(mlirAttributeGetType(self.0))) }
    }

    /// The payload of a dense or dense_resource attribute whose size fits its type; none if it is
    /// another kind, its blob is missing, or the blob's size does not fit.
    pub fn dense_data(&self) -> Option<DenseData<'_>> {
        let ty = self.elements_type()?;
        let element_bytes =
            if ty.is_f32() { 4 } else { ty.int_width().filter(|w| w % 8 == 0).map(|w| w as usize / 8)? };
        let all = ty.element_count()?.checked_mul(element_bytes)?;
        unsafe {
            let (mut data, mut size) = (std::ptr::null(), 0);
            if afpDenseResourceData(self.0, &mut data, &mut size) {
                return (size == all && (size == 0 || !data.is_null())).then(|| {
                    DenseData::All(if size == 0 { &[] } else { std::slice::from_raw_parts(data, size) })
                });
            }
            if !mlirAttributeIsADenseElements(self.0) {
                return None;
            }
            let data: *const u8 = mlirDenseElementsAttrGetRawData(self.0).cast();
            if mlirDenseElementsAttrIsSplat(self.0) {
                return Some(DenseData::Splat(std::slice::from_raw_parts(data, element_bytes)));
            }
            Some(DenseData::All(if all == 0 { &[] } else { std::slice::from_raw_parts(data, all) }))
        }
    }

    /// All elements of an elements attribute, each read by `read` from its bytes; none if one element
    /// stands for more than a program can hold.
    fn read_elements<T: Clone>(&self, bytes: usize, read: impl Fn(&[u8]) -> T) -> Option<Vec<T>> {
        let count = self.elements_type()?.element_count()?;
        Some(match self.dense_data()? {
            DenseData::Splat(_) if count > MAX_SPLAT => return None,
            DenseData::Splat(data) => vec![read(data); count],
            DenseData::All(data) => data.chunks_exact(bytes).map(read).collect(),
        })
    }

    /// All elements of an `f32` elements attribute.
    pub fn elements_f32(&self) -> Option<Vec<f32>> {
        if !self.elements_type()?.is_f32() {
            return None;
        }
        self.read_elements(4, |b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
    }

    /// All elements of an integer elements attribute of 8, 16, 32 or 64 bits, sign-extended.
    pub fn elements_i64(&self) -> Option<Vec<i64>> {
        let ty = self.elements_type()?;
        match ty.int_width()? {
            8 => self.read_elements(1, |b| i64::from(b[0] as i8)),
            16 => self.read_elements(2, |b| i64::from(i16::from_le_bytes([b[0], b[1]]))),
            32 => self.read_elements(4, |b| i64::from(i32::from_le_bytes([b[0], b[1], b[2], b[3]]))),
            64 => self
                .read_elements(8, |b| i64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]])),
            _ => None,
        }
    }

    /// All elements of an `i1` elements attribute.
    pub fn elements_bool(&self) -> Option<Vec<bool>> {
        let ty = self.elements_type()?;
        unsafe {
            if ty.int_width()? != 1 || !mlirAttributeIsADenseElements(self.0) {
                return None;
            }
            let element = |i| mlirDenseElementsAttrGetBoolValue(self.0, i as isize);
            Some((0..ty.element_count()?).map(element).collect())
        }
    }

    /// All elements of an `index` elements attribute, such as the value of `tosa.const_shape`.
    pub fn elements_index(&self) -> Option<Vec<i64>> {
        let ty = self.elements_type()?;
        unsafe {
            if !mlirTypeIsAIndex(ty.element().raw()) || !mlirAttributeIsADenseElements(self.0) {
                return None;
            }
            Some(
                (0..ty.element_count()?)
                    .map(|i| mlirDenseElementsAttrGetIndexValue(self.0, i as isize) as i64)
                    .collect(),
            )
        }
    }
}

impl PartialEq for Attr {
    fn eq(&self, other: &Self) -> bool {
        unsafe { mlirAttributeEqual(self.0, other.0) }
    }
}
impl Eq for Attr {}

impl fmt::Display for Attr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&collect(|print, data| unsafe { mlirAttributePrint(self.0, print, data) }))
    }
}
