//! [`Lanes`] in the registers of a machine.
//!
//! Every implementation computes the same numbers: a product and a difference, each rounded, for every lane.

use super::lanes::Lanes;

/// The elements of [`Lanes`] in registers.
pub trait Vector: Copy {
    /// Rows whose sums are kept in registers together.
    const ROWS: usize;
    /// Reads the elements.
    fn load(from: &Lanes) -> Self;
    /// Writes the elements.
    fn store(self, to: &mut Lanes);
    /// `self - factor * x`.
    fn less(self, factor: f64, x: Self) -> Self;

    /// `self - sum over k of factors[k] * x[k]`.
    #[inline(always)]
    fn less_products(mut self, factors: &[f64], x: &[Lanes]) -> Self {
        for (&factor, x) in factors.iter().zip(x) {
            self = self.less(factor, Self::load(x));
        }
        self
    }
}

impl Vector for Lanes {
    const ROWS: usize = 1;

    #[inline(always)]
    fn load(from: &Lanes) -> Self {
        *from
    }

    #[inline(always)]
    fn store(self, to: &mut Lanes) {
        *to = self;
    }

    #[inline(always)]
    fn less(mut self, factor: f64, x: Self) -> Self {
        for (element, x) in self.iter_mut().zip(x) {
            *element -= factor * x;
        }
        self
    }
}

#[cfg(target_arch = "x86_64")]
pub use x86::{Medium, Wide};

/// Registers of x86-64. The methods may be called in functions that are compiled for machines that have the
/// instructions alone.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m256d, __m512d, _mm256_loadu_pd, _mm256_mul_pd, _mm256_set1_pd, _mm256_storeu_pd, _mm256_sub_pd,
        _mm512_loadu_pd, _mm512_mul_pd, _mm512_set1_pd, _mm512_storeu_pd, _mm512_sub_pd,
    };

    use super::{Lanes, Vector};

    macro_rules! registers {
        (
            $(#[$doc:meta])* $name:ident, $rows:literal, $width:literal, [$($register:ty => $index:tt),*],
            $load:ident, $store:ident, $splat:ident, $multiply:ident, $subtract:ident
        ) => {
            $(#[$doc])*
            #[derive(Clone, Copy)]
            pub struct $name($($register),*);

            impl Vector for $name {
                const ROWS: usize = $rows;

                #[inline(always)]
                fn load(from: &Lanes) -> Self {
                    // The registers hold as many elements as there are lanes.
                    unsafe { Self($($load(from.as_ptr().add($index * $width))),*) }
                }

                #[inline(always)]
                fn store(self, to: &mut Lanes) {
                    // As above.
                    unsafe { $($store(to.as_mut_ptr().add($index * $width), self.$index);)* }
                }

                #[inline(always)]
                fn less(self, factor: f64, x: Self) -> Self {
                    // The machine has the instructions.
                    unsafe {
                        let factor = $splat(factor);
                        Self($($subtract(self.$index, $multiply(factor, x.$index))),*)
                    }
                }
            }
        };
    }

    registers!(
        /// Vectors of 512 bits.
        Wide, 4, 8, [__m512d => 0, __m512d => 1],
        _mm512_loadu_pd, _mm512_storeu_pd, _mm512_set1_pd, _mm512_mul_pd, _mm512_sub_pd
    );
    registers!(
        /// Vectors of 256 bits.
        Medium, 2, 4, [__m256d => 0, __m256d => 1, __m256d => 2, __m256d => 3],
        _mm256_loadu_pd, _mm256_storeu_pd, _mm256_set1_pd, _mm256_mul_pd, _mm256_sub_pd
    );
}
