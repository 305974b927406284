//! The sums of a tile of output channels, in the registers of a machine.
//!
//! Every implementation computes the same numbers: lanes are independent, and a product that is exact, as
//! all of [`Float`](super::contract::Float) and [`Exact`](super::contract::Exact) are, may be fused with the
//! addition.

use super::contract::Arithmetic;

/// No tile has more channels.
pub const LARGEST_TILE: usize = 32;

/// The sums of one output position.
pub trait Tile<A: Arithmetic + ?Sized>: Rows<A, Self> {
    /// One weight per channel, in registers.
    type Weights: Copy;
    /// Reads the weights of a tile.
    fn load(weights: &[A::Operand]) -> Self::Weights;
}

/// The sums of neighbouring output positions: one, or pairs of fewer, so that no loop stands between
/// them and the registers.
pub trait Rows<A: Arithmetic + ?Sized, T: Tile<A>>: Copy {
    /// Number of positions.
    const COUNT: usize;
    /// No products yet.
    fn zero() -> Self;
    /// Adds the products of each position's input with the weights.
    ///
    /// # Safety
    /// The inputs of the positions lie at `x`, `x + stride` and so on.
    unsafe fn accumulate(self, x: *const A::Operand, stride: usize, weights: T::Weights) -> Self;
    /// Writes the sums of a position, one per channel of the tile.
    fn store(&self, position: usize, sums: &mut [A::Sum; LARGEST_TILE]);
}

/// Two of something.
#[derive(Clone, Copy)]
pub struct Pair<R>(R, R);

/// Eight tiles.
pub type Eight<T> = Pair<Pair<Pair<T>>>;

impl<A: Arithmetic, T: Tile<A>, R: Rows<A, T>> Rows<A, T> for Pair<R> {
    const COUNT: usize = 2 * R::COUNT;

    #[inline(always)]
    fn zero() -> Self {
        Self(R::zero(), R::zero())
    }

    #[inline(always)]
    unsafe fn accumulate(self, x: *const A::Operand, stride: usize, weights: T::Weights) -> Self {
        unsafe {
            Self(
                self.0.accumulate(x, stride, weights),
                self.1.accumulate(x.add(R::COUNT * stride), stride, weights),
            )
        }
    }

    #[inline(always)]
    fn store(&self, position: usize, sums: &mut [A::Sum; LARGEST_TILE]) {
        if position < R::COUNT {
            self.0.store(position, sums);
        } else {
            self.1.store(position - R::COUNT, sums);
        }
    }
}

impl<A: Arithmetic, const T: usize> Tile<A> for [A::Sum; T] {
    type Weights = [A::Operand; T];

    #[inline(always)]
    fn load(weights: &[A::Operand]) -> Self::Weights {
        std::array::from_fn(|n| weights[n])
    }
}

impl<A: Arithmetic, const T: usize> Rows<A, Self> for [A::Sum; T] {
    const COUNT: usize = 1;

    #[inline(always)]
    fn zero() -> Self {
        [A::Sum::default(); T]
    }

    #[inline(always)]
    unsafe fn accumulate(mut self, x: *const A::Operand, _: usize, weights: [A::Operand; T]) -> Self {
        let x = unsafe { *x };
        for (sum, w) in self.iter_mut().zip(weights) {
            *sum = A::accumulate(*sum, x, w);
        }
        self
    }

    #[inline(always)]
    fn store(&self, _: usize, sums: &mut [A::Sum; LARGEST_TILE]) {
        sums[..T].copy_from_slice(self);
    }
}

#[cfg(target_arch = "x86_64")]
pub use x86::{F32Medium, F32Wide, F64Medium, F64Wide};

#[cfg(not(target_arch = "x86_64"))]
mod plain {
    /// As any machine computes it.
    pub type F64Wide = [f64; 16];
    /// As any machine computes it.
    pub type F64Medium = [f64; 16];
    /// As any machine computes it.
    pub type F32Wide = [f32; 32];
    /// As any machine computes it.
    pub type F32Medium = [f32; 32];
}

#[cfg(not(target_arch = "x86_64"))]
pub use plain::{F32Medium, F32Wide, F64Medium, F64Wide};

/// Registers of x86-64. The methods may be called on machines that have the instructions alone: the loop
/// nests that are compiled for them.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m256, __m256d, __m512, __m512d, _mm256_fmadd_pd, _mm256_fmadd_ps, _mm256_set1_pd, _mm256_set1_ps,
        _mm512_fmadd_pd, _mm512_fmadd_ps, _mm512_set1_pd, _mm512_set1_ps,
    };

    use super::{LARGEST_TILE, Rows, Tile};
    use crate::interp::exec::contract::{Exact, Float};

    macro_rules! registers {
        ($name:ident, $arithmetic:ty, $element:ty, $lanes:literal, [$($register:ty => $index:tt),*], $splat:ident, $fused:ident) => {
            /// A tile in vector registers.
            #[derive(Clone, Copy)]
            pub struct $name($($register),*);

            impl Tile<$arithmetic> for $name {
                type Weights = Self;

                #[inline(always)]
                fn load(weights: &[$element]) -> Self {
                    assert!(weights.len() >= [$($index),*].len() * $lanes, "a weight for every lane");
                    // In bounds, by the assertion.
                    unsafe {
                        Self($(weights.as_ptr().add($index * $lanes).cast::<$register>().read_unaligned()),*)
                    }
                }
            }

            impl Rows<$arithmetic, Self> for $name {
                const COUNT: usize = 1;

                #[inline(always)]
                fn zero() -> Self {
                    // All bits zero are the numbers zero.
                    unsafe { Self($(std::mem::zeroed::<$register>()),*) }
                }

                #[inline(always)]
                unsafe fn accumulate(self, x: *const $element, _: usize, weights: Self) -> Self {
                    unsafe {
                        let x = $splat(*x);
                        Self($($fused(x, weights.$index, self.$index)),*)
                    }
                }

                #[inline(always)]
                fn store(&self, _: usize, sums: &mut [$element; LARGEST_TILE]) {
                    // In bounds: no tile is larger than the array.
                    unsafe {
                        $(sums.as_mut_ptr().add($index * $lanes).cast::<$register>().write_unaligned(self.$index);)*
                    }
                }
            }
        };
    }

    registers!(F64Wide, Float, f64, 8, [__m512d => 0, __m512d => 1], _mm512_set1_pd, _mm512_fmadd_pd);
    registers!(
        F64Medium, Float, f64, 4, [__m256d => 0, __m256d => 1, __m256d => 2, __m256d => 3],
        _mm256_set1_pd, _mm256_fmadd_pd
    );
    registers!(F32Wide, Exact, f32, 16, [__m512 => 0, __m512 => 1], _mm512_set1_ps, _mm512_fmadd_ps);
    registers!(
        F32Medium, Exact, f32, 8, [__m256 => 0, __m256 => 1, __m256 => 2, __m256 => 3],
        _mm256_set1_ps, _mm256_fmadd_ps
    );
}
