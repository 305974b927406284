//! Sums of products: one loop nest for real numbers and for integers.
//!
//! Each output is the sum over (ky, kx, input channel), in this order. The patch that an output reads is
//! gathered once, with zeros for what lies outside the input; weights are laid out once so that the
//! innermost loop runs over a [`Tile`] of output channels, whose sums stay in registers together with
//! those of some neighbouring outputs. What becomes of a sum is for a [`Sink`] to say.
//!
//! The nest is compiled for several widths of vectors, and the widest that the machine has is taken: the
//! sums are the same. Products of [`Float`] are exact in `f64`, so it does not matter whether the addition
//! is fused with them.

use super::tile::{self, Eight, LARGEST_TILE, Pair, Rows, Tile};

/// How products are formed and summed.
pub trait Arithmetic {
    /// Type of inputs and weights.
    type Input: Copy + Default;
    /// What they are multiplied as.
    type Operand: Copy + Default;
    /// Type of sums.
    type Sum: Copy + Default;
    /// The sums of a tile, in the widest vectors of a machine.
    type Wide: Tile<Self>;
    /// The same on vectors of 256 bits.
    type Medium: Tile<Self>;
    /// The same on any machine.
    type Plain: Tile<Self>;
    /// Output channels of a tile.
    const TILE: usize;
    /// An input or a weight as an operand.
    fn operand(x: Self::Input) -> Self::Operand;
    /// `sum + x * w`.
    fn accumulate(sum: Self::Sum, x: Self::Operand, w: Self::Operand) -> Self::Sum;
}

/// `f32` products, exact in `f64`, summed in `f64`.
pub struct Float;

/// `f32` products summed in `f32`. The caller has proven that every sum, in any order, is exact.
pub struct Exact;

/// 16-bit integers summed in 32 bits. The caller has proven that no sum overflows.
pub struct Narrow;

/// 64-bit integers. The caller has proven that no sum overflows.
pub struct Broad;

impl Arithmetic for Float {
    type Input = f32;
    type Operand = f64;
    type Sum = f64;
    type Wide = tile::F64Wide;
    type Medium = tile::F64Medium;
    type Plain = [f64; 16];
    const TILE: usize = 16;
    #[inline(always)]
    fn operand(x: f32) -> f64 {
        f64::from(x)
    }
    #[inline(always)]
    fn accumulate(sum: f64, x: f64, w: f64) -> f64 {
        sum + x * w
    }
}

impl Arithmetic for Exact {
    type Input = f32;
    type Operand = f32;
    type Sum = f32;
    type Wide = tile::F32Wide;
    type Medium = tile::F32Medium;
    type Plain = [f32; 32];
    const TILE: usize = 32;
    #[inline(always)]
    fn operand(x: f32) -> f32 {
        x
    }
    #[inline(always)]
    fn accumulate(sum: f32, x: f32, w: f32) -> f32 {
        sum + x * w
    }
}

// Wrapping operations cannot wrap here, by the callers' proofs; they only spare the check in the
// innermost loop.
impl Arithmetic for Narrow {
    type Input = i16;
    type Operand = i16;
    type Sum = i32;
    type Wide = [i32; 16];
    type Medium = [i32; 16];
    type Plain = [i32; 16];
    const TILE: usize = 16;
    #[inline(always)]
    fn operand(x: i16) -> i16 {
        x
    }
    #[inline(always)]
    fn accumulate(sum: i32, x: i16, w: i16) -> i32 {
        sum.wrapping_add(i32::from(x).wrapping_mul(i32::from(w)))
    }
}

impl Arithmetic for Broad {
    type Input = i64;
    type Operand = i64;
    type Sum = i64;
    type Wide = [i64; 8];
    type Medium = [i64; 8];
    type Plain = [i64; 8];
    const TILE: usize = 8;
    #[inline(always)]
    fn operand(x: i64) -> i64 {
        x
    }
    #[inline(always)]
    fn accumulate(sum: i64, x: i64, w: i64) -> i64 {
        sum.wrapping_add(x.wrapping_mul(w))
    }
}

/// What becomes of sums.
pub trait Sink<S> {
    /// Takes the sums of channels `channel ..` of an output position, counted over all images.
    fn store(&mut self, position: usize, channel: usize, sums: &[S]);
}

/// Keeps the sums, `[positions][channels]`.
pub struct Kept<S> {
    /// Number of channels.
    pub channels: usize,
    /// The sums.
    pub sums: Vec<S>,
}

impl<S: Copy> Sink<S> for Kept<S> {
    #[inline(always)]
    fn store(&mut self, position: usize, channel: usize, sums: &[S]) {
        let at = position * self.channels + channel;
        self.sums[at..at + sums.len()].copy_from_slice(sums);
    }
}

/// Sizes of a convolution. A matrix product is one with a 1x1 kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Number of images.
    pub batch: usize,
    /// Height, width and channels of the input.
    pub input: [usize; 3],
    /// Height, width and channels of the result.
    pub output: [usize; 3],
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Steps between windows.
    pub stride: [usize; 2],
    /// Steps between taps.
    pub dilation: [usize; 2],
    /// Zeros above and to the left of the input.
    pub before: [usize; 2],
    /// Groups of channels.
    pub groups: usize,
}

impl Geometry {
    /// The product of a `[rows, from]` matrix with `[from, to]` weights.
    pub fn matrix(rows: usize, from: usize, to: usize) -> Self {
        Self {
            batch: 1,
            input: [1, rows, from],
            output: [1, rows, to],
            kernel: [1, 1],
            stride: [1, 1],
            dilation: [1, 1],
            before: [0, 0],
            groups: 1,
        }
    }

    /// The same sums with all pixels in one row, if the kernel looks at one pixel alone: longer rows
    /// make better use of registers.
    pub fn flattened(self) -> Self {
        let [height, width, channels] = self.input;
        let plain = self.kernel == [1, 1]
            && self.stride == [1, 1]
            && self.before == [0, 0]
            && self.output[..2] == self.input[..2];
        if !plain {
            return self;
        }
        let rows = self.batch * height * width;
        Self { groups: self.groups, ..Self::matrix(rows, channels, self.output[2]) }
    }

    /// Number of taps of the kernel.
    pub fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Number of positions of the result, over all images.
    pub fn positions(&self) -> usize {
        self.batch * self.output[0] * self.output[1]
    }

    /// Number of elements of the result.
    pub fn outputs(&self) -> usize {
        self.positions() * self.output[2]
    }

    /// The input's row or column that a tap of a window reads; none outside.
    fn source(&self, dimension: usize, window: usize, tap: usize) -> Option<usize> {
        let position = window * self.stride[dimension] + tap * self.dilation[dimension];
        position.checked_sub(self.before[dimension]).filter(|&p| p < self.input[dimension])
    }

    /// The offset of the pixel that tap (ky, kx) of a window reads; none outside.
    pub fn pixel(&self, image: usize, window: [usize; 2], tap: [usize; 2]) -> Option<usize> {
        let [height, width, channels] = self.input;
        let y = self.source(0, window[0], tap[0])?;
        let x = self.source(1, window[1], tap[1])?;
        Some(((image * height + y) * width + x) * channels)
    }
}

/// Strides of weights over output channel, tap and input channel of the group.
#[derive(Clone, Copy, Debug)]
pub struct WeightLayout {
    /// Over output channels.
    pub output: usize,
    /// Over taps, in the order (ky, kx).
    pub tap: usize,
    /// Over the input channels of a group.
    pub input: usize,
}

/// Weights in the order group, tile of output channels, tap, input channel, channel of the tile; filled
/// with zeros to whole tiles.
pub fn pack<A: Arithmetic>(g: &Geometry, layout: WeightLayout, weights: &[A::Input]) -> Vec<A::Operand> {
    let (inputs, outputs) = (g.input[2] / g.groups, g.output[2] / g.groups);
    let tiles = outputs.div_ceil(A::TILE);
    let mut packed = Vec::with_capacity(g.groups * tiles * g.taps() * inputs * A::TILE);
    for (group, tile) in (0..g.groups).flat_map(|group| (0..tiles).map(move |tile| (group, tile))) {
        for (tap, i) in (0..g.taps()).flat_map(|tap| (0..inputs).map(move |i| (tap, i))) {
            packed.extend((tile * A::TILE..(tile + 1) * A::TILE).map(|o| {
                let index = (group * outputs + o) * layout.output + tap * layout.tap + i * layout.input;
                if o < outputs { A::operand(weights[index]) } else { A::Operand::default() }
            }));
        }
    }
    packed
}

/// Defines a function that runs a loop nest on the widest vectors that the machine has.
macro_rules! on_widest_vectors {
    ($(#[$doc:meta])* $name:ident, $nest:ident) => {
        $(#[$doc])*
        pub fn $name<A: Arithmetic>(
            g: &Geometry,
            input: &[A::Input],
            weights: &[A::Operand],
            sink: &mut impl Sink<A::Sum>,
        ) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,fma")]
                fn wide<A: Arithmetic>(
                    g: &Geometry,
                    input: &[A::Input],
                    weights: &[A::Operand],
                    sink: &mut impl Sink<A::Sum>,
                ) {
                    $nest::<A, A::Wide, Eight<A::Wide>>(g, input, weights, sink);
                }
                #[target_feature(enable = "avx2,fma")]
                fn medium<A: Arithmetic>(
                    g: &Geometry,
                    input: &[A::Input],
                    weights: &[A::Operand],
                    sink: &mut impl Sink<A::Sum>,
                ) {
                    $nest::<A, A::Medium, Pair<A::Medium>>(g, input, weights, sink);
                }
                use std::arch::is_x86_feature_detected as has;
                let fused = has!("fma");
                if fused && has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl") {
                    // The processor has what the function is compiled for.
                    return unsafe { wide::<A>(g, input, weights, sink) };
                }
                if fused && has!("avx2") {
                    return unsafe { medium::<A>(g, input, weights, sink) };
                }
            }
            $nest::<A, A::Plain, Pair<A::Plain>>(g, input, weights, sink);
        }
    };
}

on_widest_vectors!(
    /// The convolution of `input` with packed weights.
    convolve, full
);

on_widest_vectors!(
    /// The depthwise convolution of `input` with weights `[tap, channel * multiplier]`.
    convolve_depthwise, depthwise
);

/// As many neighbouring outputs are computed together as `R` has rows.
#[inline(always)]
fn full<A: Arithmetic, T: Tile<A>, R: Rows<A, T>>(
    g: &Geometry,
    input: &[A::Input],
    packed: &[A::Operand],
    sink: &mut impl Sink<A::Sum>,
) {
    let [height, width, channels] = g.output;
    let (inputs, outputs) = (g.input[2] / g.groups, channels / g.groups);
    let (tiles, depth) = (outputs.div_ceil(A::TILE), g.taps() * inputs);
    let mut patches = vec![A::Operand::default(); R::COUNT * depth];
    let mut sums = [A::Sum::default(); LARGEST_TILE];
    for (image, y) in (0..g.batch).flat_map(|image| (0..height).map(move |y| (image, y))) {
        for first in (0..width).step_by(R::COUNT) {
            let valid = R::COUNT.min(width - first);
            let position = (image * height + y) * width + first;
            for group in 0..g.groups {
                for (p, patch) in patches.chunks_exact_mut(depth.max(1)).take(valid).enumerate() {
                    gather::<A>(g, input, (image, [y, first + p], group), patch);
                }
                for tile in 0..tiles {
                    let start = (group * tiles + tile) * depth * A::TILE;
                    let weights = &packed[start..start + depth * A::TILE];
                    let channel = group * outputs + tile * A::TILE;
                    let count = A::TILE.min(outputs - tile * A::TILE);
                    if valid == 1 {
                        tile_sums::<A, T, T>(&patches, weights).store(0, &mut sums);
                        sink.store(position, channel, &sums[..count]);
                        continue;
                    }
                    let found = tile_sums::<A, T, R>(&patches, weights);
                    for p in 0..valid {
                        found.store(p, &mut sums);
                        sink.store(position + p, channel, &sums[..count]);
                    }
                }
            }
        }
    }
}

/// The patch that a group reads at a window, in the order (ky, kx, input channel).
#[inline(always)]
pub fn gather<A: Arithmetic>(
    g: &Geometry,
    input: &[A::Input],
    (image, window, group): (usize, [usize; 2], usize),
    patch: &mut [A::Operand],
) {
    let inputs = g.input[2] / g.groups;
    for (tap, patch) in patch.chunks_exact_mut(inputs.max(1)).enumerate() {
        match g.pixel(image, window, [tap / g.kernel[1], tap % g.kernel[1]]) {
            Some(pixel) => {
                let pixel = &input[pixel + group * inputs..pixel + (group + 1) * inputs];
                for (to, &from) in patch.iter_mut().zip(pixel) {
                    *to = A::operand(from);
                }
            }
            None => patch.fill(A::Operand::default()),
        }
    }
}

/// The products of the first `R::COUNT` patches with a tile of output channels.
#[inline(always)]
fn tile_sums<A: Arithmetic, T: Tile<A>, R: Rows<A, T>>(patches: &[A::Operand], weights: &[A::Operand]) -> R {
    let mut sums = R::zero();
    let depth = weights.len() / A::TILE;
    assert!(patches.len() >= R::COUNT * depth, "as many patches as are read");
    for (i, weights) in weights.chunks_exact(A::TILE).enumerate() {
        // In bounds, by the assertion: i < depth.
        sums = unsafe { sums.accumulate(patches.as_ptr().add(i), depth, T::load(weights)) };
    }
    sums
}

/// Sums stay in memory: an output channel reads pixels of its own.
#[inline(always)]
fn depthwise<A: Arithmetic, T: Tile<A>, R: Rows<A, T>>(
    g: &Geometry,
    input: &[A::Input],
    weights: &[A::Operand],
    sink: &mut impl Sink<A::Sum>,
) {
    let [height, width, channels] = g.output;
    let multiplier = channels / g.input[2];
    let windows = (0..g.batch).flat_map(|image| (0..height * width).map(move |at| (image, at)));
    let mut taps: Vec<(usize, usize)> = Vec::with_capacity(g.taps());
    let mut sums = vec![A::Sum::default(); channels];
    for (position, (image, at)) in windows.enumerate() {
        taps.clear();
        for tap in 0..g.taps() {
            let place = [tap / g.kernel[1], tap % g.kernel[1]];
            taps.extend(g.pixel(image, [at / width, at % width], place).map(|pixel| (tap, pixel)));
        }
        sums.fill(A::Sum::default());
        for &(tap, pixel) in &taps {
            let (pixel, weights) =
                (&input[pixel..pixel + g.input[2]], &weights[tap * channels..(tap + 1) * channels]);
            if multiplier == 1 {
                for ((sum, &x), &w) in sums.iter_mut().zip(pixel).zip(weights) {
                    *sum = A::accumulate(*sum, A::operand(x), w);
                }
            } else {
                let filters = sums.chunks_exact_mut(multiplier).zip(weights.chunks_exact(multiplier));
                for ((sums, weights), &x) in filters.zip(pixel) {
                    for (sum, &w) in sums.iter_mut().zip(weights) {
                        *sum = A::accumulate(*sum, A::operand(x), w);
                    }
                }
            }
        }
        sink.store(position, 0, &sums);
    }
}
