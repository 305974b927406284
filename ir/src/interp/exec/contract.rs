//! Sums of products: one loop nest for real numbers and for integers.
//!
//! Each output is the sum over (ky, kx, input channel), in this order. Weights are laid out once so
//! that the innermost loop runs over [`TILE`] output channels whose sums stay in registers, together
//! with those of a few neighbouring outputs. What lies outside the input is zero.

/// Output channels that are computed together.
pub const TILE: usize = 8;

/// How products are formed and summed.
pub trait Arithmetic {
    /// Type of inputs and weights.
    type Input: Copy + Default;
    /// Type of sums.
    type Sum: Copy + Default;
    /// `sum + x * w`.
    fn accumulate(sum: Self::Sum, x: Self::Input, w: Self::Input) -> Self::Sum;
}

/// `f32` products, exact in `f64`, summed in `f64`.
pub struct Float;

/// 16-bit integers summed in 32 bits. The caller has proven that no sum overflows.
pub struct Narrow;

/// 64-bit integers. The caller has proven that no sum overflows.
pub struct Broad;

impl Arithmetic for Float {
    type Input = f32;
    type Sum = f64;
    #[inline(always)]
    fn accumulate(sum: f64, x: f32, w: f32) -> f64 {
        sum + f64::from(x) * f64::from(w)
    }
}

// Wrapping operations cannot wrap here, by the callers' proofs; they only spare the check in the
// innermost loop.
impl Arithmetic for Narrow {
    type Input = i16;
    type Sum = i32;
    #[inline(always)]
    fn accumulate(sum: i32, x: i16, w: i16) -> i32 {
        sum.wrapping_add(i32::from(x).wrapping_mul(i32::from(w)))
    }
}

impl Arithmetic for Broad {
    type Input = i64;
    type Sum = i64;
    #[inline(always)]
    fn accumulate(sum: i64, x: i64, w: i64) -> i64 {
        sum.wrapping_add(x.wrapping_mul(w))
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

    /// Number of elements of the result.
    pub fn outputs(&self) -> usize {
        self.batch * self.output.iter().product::<usize>()
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

/// Weights in the order group, tile of output channels, tap, input channel, channel of the tile;
/// filled with zeros to whole tiles.
pub fn pack<T: Copy + Default>(g: &Geometry, layout: WeightLayout, weights: &[T]) -> Vec<T> {
    let (inputs, outputs) = (g.input[2] / g.groups, g.output[2] / g.groups);
    let tiles = outputs.div_ceil(TILE);
    let mut packed = Vec::with_capacity(g.groups * tiles * g.taps() * inputs * TILE);
    for (group, tile) in (0..g.groups).flat_map(|group| (0..tiles).map(move |tile| (group, tile))) {
        for (tap, i) in (0..g.taps()).flat_map(|tap| (0..inputs).map(move |i| (tap, i))) {
            packed.extend((tile * TILE..(tile + 1) * TILE).map(|o| {
                let index = (group * outputs + o) * layout.output + tap * layout.tap + i * layout.input;
                if o < outputs { weights[index] } else { T::default() }
            }));
        }
    }
    packed
}

/// The convolution of `input` with packed weights, `P` neighbouring outputs at a time.
pub fn convolve<A: Arithmetic, const P: usize>(
    g: &Geometry,
    input: &[A::Input],
    packed: &[A::Input],
) -> Vec<A::Sum> {
    let mut result = vec![A::Sum::default(); g.outputs()];
    let [height, width, channels] = g.output;
    let (inputs, outputs) = (g.input[2] / g.groups, channels / g.groups);
    let tiles = outputs.div_ceil(TILE);
    let zeros = vec![A::Input::default(); g.input[2]];
    let mut taps: Vec<(usize, [&[A::Input]; P])> = Vec::with_capacity(g.taps());
    for (image, y) in (0..g.batch).flat_map(|image| (0..height).map(move |y| (image, y))) {
        for first in (0..width).step_by(P) {
            let valid = P.min(width - first);
            taps.clear();
            for tap in 0..g.taps() {
                let at = [tap / g.kernel[1], tap % g.kernel[1]];
                let pixel = |p| if p < valid { g.pixel(image, [y, first + p], at) } else { None };
                let offsets: [Option<usize>; P] = std::array::from_fn(pixel);
                if offsets.iter().any(Option::is_some) {
                    taps.push((tap, offsets.map(|o| o.map_or(&zeros[..], |o| &input[o..o + g.input[2]]))));
                }
            }
            let row = ((image * height + y) * width + first) * channels;
            for (group, tile) in (0..g.groups).flat_map(|group| (0..tiles).map(move |tile| (group, tile))) {
                let mut sums = [[A::Sum::default(); TILE]; P];
                for (tap, pixels) in &taps {
                    let start = ((group * tiles + tile) * g.taps() + tap) * inputs * TILE;
                    let pixels = pixels.map(|pixel| &pixel[group * inputs..(group + 1) * inputs]);
                    add_tap::<A, P>(&mut sums, pixels, &packed[start..start + inputs * TILE]);
                }
                let first_channel = group * outputs + tile * TILE;
                let count = TILE.min(outputs - tile * TILE);
                for (p, sums) in sums.iter().enumerate().take(valid) {
                    let at = row + p * channels + first_channel;
                    result[at..at + count].copy_from_slice(&sums[..count]);
                }
            }
        }
    }
    result
}

/// Adds the products of one tap: `P` pixels with a tile of output channels.
#[inline(always)]
fn add_tap<A: Arithmetic, const P: usize>(
    sums: &mut [[A::Sum; TILE]; P],
    pixels: [&[A::Input]; P],
    weights: &[A::Input],
) {
    let mut local = *sums;
    let inputs = weights.len() / TILE;
    let pixels = pixels.map(|pixel| &pixel[..inputs]);
    for (i, weights) in weights.chunks_exact(TILE).enumerate() {
        for (sums, pixel) in local.iter_mut().zip(&pixels) {
            let x = pixel[i];
            for (sum, &w) in sums.iter_mut().zip(weights) {
                *sum = A::accumulate(*sum, x, w);
            }
        }
    }
    *sums = local;
}

/// The depthwise convolution of `input` with weights `[tap, channel * multiplier]`.
pub fn convolve_depthwise<A: Arithmetic>(
    g: &Geometry,
    input: &[A::Input],
    weights: &[A::Input],
) -> Vec<A::Sum> {
    let mut result = vec![A::Sum::default(); g.outputs()];
    let [height, width, channels] = g.output;
    let multiplier = channels / g.input[2];
    let windows = (0..g.batch).flat_map(|image| (0..height * width).map(move |at| (image, at)));
    for ((image, at), sums) in windows.zip(result.chunks_exact_mut(channels)) {
        for tap in 0..g.taps() {
            let position = [tap / g.kernel[1], tap % g.kernel[1]];
            let Some(pixel) = g.pixel(image, [at / width, at % width], position) else { continue };
            let pixel = &input[pixel..pixel + g.input[2]];
            let weights = &weights[tap * channels..(tap + 1) * channels];
            if multiplier == 1 {
                for ((sum, &x), &w) in sums.iter_mut().zip(pixel).zip(weights) {
                    *sum = A::accumulate(*sum, x, w);
                }
            } else {
                let filters = sums.chunks_exact_mut(multiplier).zip(weights.chunks_exact(multiplier));
                for ((sums, weights), &x) in filters.zip(pixel) {
                    for (sum, &w) in sums.iter_mut().zip(weights) {
                        *sum = A::accumulate(*sum, x, w);
                    }
                }
            }
        }
    }
    result
}
