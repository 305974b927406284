//! `!afp.float` and `!afp.exact`.

use std::fmt;

use mlir_sys::{MlirContext, MlirType};

use crate::{
    mlir::{Ctx, Type},
    numerics::{Code, Format, MAX_SCALE_EXPONENT},
};

unsafe extern "C" {
    fn afpFloatTypeGet(
        context: MlirContext,
        signed: bool,
        exp_bits: u32,
        man_bits: u32,
        dynamic: bool,
        lo: i32,
        hi: i32,
    ) -> MlirType;
    fn afpFloatTypeFields(
        ty: MlirType,
        signed: *mut bool,
        exp_bits: *mut u32,
        man_bits: *mut u32,
        dynamic: *mut bool,
        lo: *mut i32,
        hi: *mut i32,
    ) -> bool;
    fn afpExactTypeGet(context: MlirContext) -> MlirType;
    fn afpTypeIsExact(ty: MlirType) -> bool;
}

/// The power of two that a tensor's integers are multiplied with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScaleExponent {
    /// Known at compile time.
    Static(i32),
    /// A run-time scalar within an interval (both ends included).
    Dynamic {
        /// Least exponent.
        lo: i32,
        /// Largest exponent.
        hi: i32,
    },
}

impl ScaleExponent {
    /// The exponent if it is static.
    pub fn fixed(self) -> Option<i32> {
        match self {
            Self::Static(exp) => Some(exp),
            Self::Dynamic { .. } => None,
        }
    }

    /// Least and largest exponent.
    pub fn interval(self) -> (i32, i32) {
        match self {
            Self::Static(exp) => (exp, exp),
            Self::Dynamic { lo, hi } => (lo, hi),
        }
    }
}

/// `!afp.float`: a format and a scale exponent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FloatType {
    /// How a code decodes to an integer.
    pub format: Format,
    /// What the integer is multiplied with.
    pub exp: ScaleExponent,
}

impl FloatType {
    /// A type with a static scale exponent, or none if it is out of range (rule F8).
    pub fn fixed(format: Format, exp: i32) -> Option<Self> {
        (-MAX_SCALE_EXPONENT..=MAX_SCALE_EXPONENT)
            .contains(&exp)
            .then_some(Self { format, exp: ScaleExponent::Static(exp) })
    }

    /// The type at one exponent of its interval: what a value of a dynamic type is when it is there.
    pub fn at(self, exp: i32) -> Self {
        Self { exp: ScaleExponent::Static(exp), ..self }
    }

    /// Whether a value may have this type and static exponent where `self` is asked for.
    pub fn admits(self, value: Self) -> bool {
        let (lo, hi) = self.exp.interval();
        self.format == value.format && value.exp.fixed().is_some_and(|exp| (lo..=hi).contains(&exp))
    }

    /// Bits of the integers that hold codes in attributes: 8 or 16 (rule K2).
    pub fn storage_bits(self) -> u32 {
        self.format.storage_bits()
    }

    /// The code that an integer of an attribute holds: its low bits (rule K2).
    pub fn stored_code(self, stored: i64) -> Code {
        (stored & i64::from(self.format.code_count() - 1)) as Code
    }

    /// The MLIR type.
    pub fn to_mlir(self, ctx: Ctx) -> Type {
        let (lo, hi) = self.exp.interval();
        let dynamic = self.exp.fixed().is_none();
        unsafe {
            Type::from_raw(afpFloatTypeGet(
                ctx.raw(),
                self.format.is_signed(),
                self.format.exp_bits(),
                self.format.man_bits(),
                dynamic,
                lo,
                hi,
            ))
        }
    }

    /// Reads `!afp.float`, or a tensor of it.
    pub fn of(ty: Type) -> Option<Self> {
        let (mut signed, mut dynamic) = (false, false);
        let (mut exp_bits, mut man_bits, mut lo, mut hi) = (0, 0, 0, 0);
        let found = unsafe {
            afpFloatTypeFields(
                ty.element().raw(),
                &mut signed,
                &mut exp_bits,
                &mut man_bits,
                &mut dynamic,
                &mut lo,
                &mut hi,
            )
        };
        if !found {
            return None;
        }
        let exp = if dynamic { ScaleExponent::Dynamic { lo, hi } } else { ScaleExponent::Static(lo) };
        Some(Self { format: Format::new(signed, exp_bits, man_bits).ok()?, exp })
    }
}

impl fmt::Display for FloatType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.exp {
            ScaleExponent::Static(exp) => write!(f, "{}, exp = {exp}", self.format),
            ScaleExponent::Dynamic { lo, hi } => write!(f, "{}, exp = ?[{lo}, {hi}]", self.format),
        }
    }
}

/// What a tensor holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Element {
    /// `f32`.
    Real,
    /// `!afp.float`.
    Float(FloatType),
    /// `!afp.exact`.
    Exact,
    /// Anything else.
    Other,
}

impl Element {
    /// What a type, or a tensor of it, holds.
    pub fn of(ty: Type) -> Self {
        if ty.is_f32() {
            Self::Real
        } else if let Some(float) = FloatType::of(ty) {
            Self::Float(float)
        } else if unsafe { afpTypeIsExact(ty.element().raw()) } {
            Self::Exact
        } else {
            Self::Other
        }
    }
}

/// `!afp.exact`.
pub fn exact(ctx: Ctx) -> Type {
    unsafe { Type::from_raw(afpExactTypeGet(ctx.raw())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn static_exponents_stay_within_the_range() {
        let format = Format::fixed(true, 7);
        for exp in [-MAX_SCALE_EXPONENT, 0, MAX_SCALE_EXPONENT] {
            assert_eq!(FloatType::fixed(format, exp).map(|ty| ty.exp), Some(ScaleExponent::Static(exp)));
        }
        for exp in [i32::MIN, -MAX_SCALE_EXPONENT - 1, MAX_SCALE_EXPONENT + 1, i32::MAX] {
            assert_eq!(FloatType::fixed(format, exp), None);
        }
    }
}
