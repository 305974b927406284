//! Values of the interpreter: a shape and the elements.

use std::borrow::Cow;

use crate::{
    diag::Diagnostic,
    dialect::{Element, FloatType},
    numerics::{Code, Format, dyadic_to_f64},
};

/// Beyond any exponent that products and channels of in-range types can have.
const LARGEST_EXPONENT: u32 = 1 << 20;

/// A tensor in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// The sizes, outermost first; empty for a scalar.
    pub shape: Vec<usize>,
    /// The elements, as many as the product of the sizes.
    pub data: Data,
}

/// The elements of a tensor.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// `f32`.
    Real(Vec<f32>),
    /// `!afp.exact` in the real form: what the operator's formula gives, in `f64` (rule T5).
    Wide(Vec<f64>),
    /// `!afp.float`.
    Codes {
        /// What the codes are worth. Its scale exponent is static: that of a dynamic type is known
        /// as soon as there is a value (rule Y4).
        ty: FloatType,
        /// One per element.
        codes: Vec<Code>,
    },
    /// `!afp.exact`: an element is worth `mantissa * 2^exp`.
    Exact {
        /// One integer per element.
        mantissa: Vec<i64>,
        /// One exponent for all, or one per index of the last dimension.
        exp: Vec<i32>,
    },
    /// Truth values (0 and 1), indices and sizes of TOSA.
    Integers(Vec<i64>),
}

/// Integers with their exponents: what codes and exact values have in common.
pub(super) struct Integers<'a> {
    /// One integer per element.
    pub mantissa: Cow<'a, [i64]>,
    /// One exponent for all, or one per index of the last dimension.
    pub exp: Cow<'a, [i32]>,
}

impl Data {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            Self::Real(values) => values.len(),
            Self::Wide(values) => values.len(),
            Self::Codes { codes, .. } => codes.len(),
            Self::Exact { mantissa, .. } => mantissa.len(),
            Self::Integers(values) => values.len(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element type in words.
    pub fn describe(&self) -> String {
        match self {
            Self::Real(_) => "f32".to_owned(),
            Self::Wide(_) => "exact values in the real form".to_owned(),
            Self::Codes { ty, .. } => format!("codes of {ty}"),
            Self::Exact { .. } => "exact values".to_owned(),
            Self::Integers(_) => "integers".to_owned(),
        }
    }

    /// Whether the elements are of this type.
    pub fn fits(&self, element: Element) -> bool {
        match (self, element) {
            (Self::Real(_), Element::Real) | (Self::Integers(_), Element::Other) => true,
            (Self::Wide(_) | Self::Exact { .. }, Element::Exact) => true,
            (Self::Codes { ty, .. }, Element::Float(float)) => float.admits(*ty),
            _ => false,
        }
    }
}

impl Tensor {
    /// A tensor of real numbers.
    pub fn real(shape: &[usize], values: Vec<f32>) -> Self {
        Self { shape: shape.to_vec(), data: Data::Real(values) }
    }

    /// A tensor of codes.
    pub fn coded(shape: &[usize], ty: FloatType, codes: Vec<Code>) -> Self {
        Self { shape: shape.to_vec(), data: Data::Codes { ty, codes } }
    }

    /// The size of the last dimension, which exponents and limits per channel run over; 1 for a scalar.
    pub fn channels(&self) -> usize {
        self.shape.last().copied().unwrap_or(1)
    }

    /// Whether shape, elements and exponents fit each other.
    pub fn is_consistent(&self) -> bool {
        let count = self.shape.iter().try_fold(1usize, |n, &size| n.checked_mul(size));
        count == Some(self.data.len())
            && match &self.data {
                Data::Exact { exp, .. } => {
                    (exp.len() == 1 || exp.len() == self.channels())
                        && exp.iter().all(|e| e.unsigned_abs() <= LARGEST_EXPONENT)
                }
                _ => true,
            }
    }

    /// The real numbers, if it holds such.
    pub fn as_real(&self) -> Option<&[f32]> {
        match &self.data {
            Data::Real(values) => Some(values),
            _ => None,
        }
    }

    /// What every element is worth, as the nearest `f64`: exact but for values of more than 53 bits.
    pub fn to_f64(&self) -> Cow<'_, [f64]> {
        match &self.data {
            Data::Real(values) => values.iter().map(|&x| f64::from(x)).collect(),
            Data::Wide(values) => Cow::Borrowed(values),
            Data::Integers(values) => values.iter().map(|&n| n as f64).collect(),
            Data::Codes { ty, codes } => {
                let exp = ty.exp.fixed().unwrap_or(0);
                decode_with(ty.format, codes, |n| dyadic_to_f64(n, exp)).into()
            }
            Data::Exact { mantissa, exp } => {
                mantissa.iter().zip(exp.iter().cycle()).map(|(&n, &e)| dyadic_to_f64(n, e)).collect()
            }
        }
    }

    /// The integers and exponents of codes or exact values; none for real numbers.
    pub(super) fn to_integers(&self) -> Option<Integers<'_>> {
        match &self.data {
            Data::Codes { ty, codes } => Some(Integers {
                mantissa: decode_with(ty.format, codes, |n| n).into(),
                exp: vec![ty.exp.fixed()?].into(),
            }),
            Data::Exact { mantissa, exp } => {
                Some(Integers { mantissa: Cow::Borrowed(mantissa), exp: Cow::Borrowed(exp) })
            }
            _ => None,
        }
    }
}

impl Integers<'_> {
    /// The exponent of the element with this index of the last dimension.
    pub fn exp_of(&self, channel: usize) -> i32 {
        exponent_of(&self.exp, channel)
    }
}

/// The exponent at an index of the last dimension.
pub(super) fn exponent_of(exp: &[i32], channel: usize) -> i32 {
    match exp {
        [one] => *one,
        many => many.get(channel).copied().unwrap_or(0),
    }
}

/// One exponent if all are equal.
pub(super) fn shortest(exp: Vec<i32>) -> Vec<i32> {
    match exp.first() {
        Some(&first) if exp.iter().all(|&e| e == first) => vec![first],
        _ => exp,
    }
}

/// Decodes all codes (rule F5) and converts each integer; through a table where there are more codes
/// than the format has.
pub(super) fn decode_with<T: Copy>(format: Format, codes: &[Code], convert: impl Fn(i64) -> T) -> Vec<T> {
    let count = format.code_count() as usize;
    if codes.len() < count {
        return codes.iter().map(|&code| convert(format.decode(code))).collect();
    }
    let table: Vec<T> = (0..count).map(|code| convert(format.decode(code as Code))).collect();
    codes.iter().map(|&code| table[usize::from(code) & (count - 1)]).collect()
}

/// `n * 2^shift` if it has at most 63 bits of magnitude. Zero may be shifted by any amount.
pub(super) fn shift_left(n: i64, shift: i64) -> Option<i64> {
    if n == 0 {
        return Some(0);
    }
    let shifted = if (0..63).contains(&shift) { n << shift } else { return None };
    (shifted >> shift == n && shifted != i64::MIN).then_some(shifted)
}

/// An exact value that has no representation here (rule W1).
pub(super) fn too_wide(what: &str) -> Diagnostic {
    Diagnostic::error("AFP0405", format!("{what} does not fit 63 bits"))
        .expected("exact values of at most 63 bits of magnitude [W1]")
        .help("choose formats with fewer exponent bits, or operands whose scale exponents are closer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifts_never_wrap() {
        assert_eq!(shift_left(0, 4000), Some(0));
        assert_eq!(shift_left(1, 62), Some(1 << 62));
        assert_eq!(shift_left(1, 63), None);
        assert_eq!(shift_left(-1, 63), None);
        assert_eq!(shift_left(-2, 62), None);
        assert_eq!(shift_left(-1, 62), Some(-(1 << 62)));
        assert_eq!(shift_left(3, 61), Some(3 << 61));
        assert_eq!(shift_left(3, 62), None);
    }

    #[test]
    fn both_ways_of_decoding_agree() {
        for format in ["e2m2", "ue3m4", "e0m7"].map(|text| text.parse::<Format>().unwrap()) {
            let codes: Vec<Code> = (0..format.code_count() as Code).collect();
            let short = codes.iter().flat_map(|&code| decode_with(format, &[code], |n| n));
            assert_eq!(decode_with(format, &codes, |n| n), short.collect::<Vec<_>>());
        }
    }

    #[test]
    fn consistency_covers_elements_and_exponents() {
        let exact =
            |exp: Vec<i32>| Tensor { shape: vec![1, 2], data: Data::Exact { mantissa: vec![1, -3], exp } };
        assert!(exact(vec![0]).is_consistent() && exact(vec![0, -1]).is_consistent());
        assert!(!exact(vec![0; 3]).is_consistent());
        assert!(!exact(vec![i32::MIN]).is_consistent());
        assert!(!Tensor::real(&[3], vec![0.0; 2]).is_consistent());
        assert!(!Tensor::real(&[usize::MAX, 2], vec![]).is_consistent());
        assert_eq!(*exact(vec![0, -1]).to_f64(), [1.0, -1.5]);
    }
}
