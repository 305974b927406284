//! Contractions as kernels on vectors see them: sizes, strides and steps.
//!
//! The input has its padding around it in memory (its *halo*), so that the taps of a kernel row are
//! neighbours: a convolution is a matrix product whose left side needs no copy.

use afp_ir::{
    diag::Diagnostic,
    mlir::{Op, Value},
};

use super::{
    Lowering,
    builder::Kernel,
    direct,
    epilogue::{Channels, Epilogue, Operands},
    layout::{Layout, Storage},
    rows::{self, Rows},
    scope::{self, Scope},
    tree::{self, parts, shape_of, unsupported},
};

/// Times that a halo may multiply the size of a value.
const MOST_GROWTH: i64 = 64;

/// Parts that threads share of pixels that are joined, at most.
const MOST_PARTS: i64 = 16;
/// Tiles of such a part, at least, where it has a rest too.
const FEWEST_TILES: i64 = 4;

/// The kernel row of a step, the column if they are visited one by one, and its number there.
pub(super) type Step = [i64; 3];

/// A convolution or a product with weights, as kernels on vectors see it.
pub struct Geometry {
    /// The contraction.
    pub op: Op,
    /// Images, rows and columns of the result.
    pub pixels: [i64; 3],
    /// Output channels.
    pub outputs: i64,
    /// Kernel rows and columns.
    pub kernel: [i64; 2],
    /// Rows and columns between windows.
    pub(super) stride: [i64; 2],
    /// Rows and columns between the taps of a kernel.
    pub(super) dilation: [i64; 2],
    /// Elements between images, rows and columns of the input in memory.
    pub(super) strides: [i64; 3],
    /// The first element that the first window reads.
    pub(super) first: i64,
    /// Input channels in memory and in the program.
    pub(super) channels: [i64; 2],
    /// The layout of the input.
    pub(super) input: Layout,
    /// Bits of an input in memory and of a weight.
    pub(super) bits: [u32; 2],
}

impl Geometry {
    /// The geometry of a group's contraction, given its input's layout. Rows of pixels are joined where
    /// `even` says that nothing lies between them anywhere.
    pub fn of(op: Op, input: Layout, even: bool) -> Option<Self> {
        let (weight, result) = (shape_of(op.operand(1)), shape_of(op.result(0)));
        let weight_bits = rows::integer_bits(tree::coded(op.operand(1), op).ok()?.format);
        let bits = [input.bits(), weight_bits];
        let memory = input.memory();
        if op.is("afp.matmul") {
            return Some(Self {
                op,
                pixels: [result[0], 1, result[1]],
                outputs: result[2],
                kernel: [1, 1],
                stride: [1, 1],
                dilation: [1, 1],
                strides: [memory[1] * memory[2], memory[2], memory[2]],
                first: 0,
                channels: [memory[2], weight[1]],
                input,
                bits,
            });
        }
        if op.is("afp.fully_connected") {
            return Some(Self {
                op,
                pixels: [result[0], 1, 1],
                outputs: result[1],
                kernel: [1, 1],
                stride: [1, 1],
                dilation: [1, 1],
                strides: [memory[1], memory[1], memory[1]],
                first: 0,
                channels: [memory[1], weight[1]],
                input,
                bits,
            });
        }
        let conv = tree::conv(op)?;
        let strides = [memory[1] * memory[2] * memory[3], memory[2] * memory[3], memory[3]];
        let (top, left) = (input.halo[0] - conv.pad[0], input.halo[2] - conv.pad[2]);
        let mut geometry = Self {
            op,
            pixels: [result[0], result[1], result[2]],
            outputs: result[3],
            kernel: [weight[1], weight[2]],
            stride: conv.stride,
            dilation: conv.dilation,
            strides,
            first: top * strides[1] + left * strides[2],
            channels: [memory[3], weight[3]],
            input,
            bits,
        };
        let pointwise = geometry.kernel == [1, 1] && conv.stride == [1, 1] && conv.pad == [0; 4];
        if pointwise && even && geometry.input.is_even() {
            geometry.pixels = [1, 1, geometry.pixels.iter().product()];
        }
        Some(geometry)
    }

    /// The geometry with rows of pixels joined wherever nothing lies between those of the input.
    pub(super) fn joined(&self) -> Self {
        let own = || Self { input: self.input.clone(), ..*self };
        Self::of(self.op, self.input.clone(), true).unwrap_or_else(own)
    }

    /// Makes rows from pixels that are joined, for threads to share: of whole tiles, or with `rests` of at least
    /// [`FEWEST_TILES`] and what is left.
    pub(super) fn split(&mut self, tile: i64, rests: bool) {
        let width = self.pixels[2];
        let whole = width % tile == 0;
        if !whole && !rests {
            return;
        }
        let (parts, most) =
            if whole { (width / tile, width / tile) } else { (width, width / (FEWEST_TILES * tile)) };
        let rows = (1..=MOST_PARTS.min(most)).rev().find(|rows| parts % rows == 0).unwrap_or(1);
        self.pixels = [1, rows, width / rows];
        self.strides[1] = self.pixels[2] * self.strides[2];
    }

    /// Products of one lane at a step.
    pub fn ways(&self) -> i64 {
        if self.bits == [8, 8] { 4 } else { 2 }
    }

    /// Whether all taps of a kernel row are neighbours in memory.
    fn rows_join(&self) -> bool {
        self.dilation[1] == 1 || self.kernel[1] == 1
    }

    /// Kernel columns that are visited one by one, and the steps of each.
    pub(super) fn steps(&self) -> (i64, i64) {
        let (columns, elements) = self.columns();
        (columns, parts(elements, self.ways()))
    }

    /// Kernel columns that are visited one by one, and the elements of each.
    fn columns(&self) -> (i64, i64) {
        if self.rows_join() {
            (1, self.kernel[1] * self.channels[0])
        } else {
            (self.kernel[1], self.channels[0])
        }
    }

    /// The first element of a column that a step takes: the last step ends where the column does, and may begin with
    /// elements of the step before.
    pub(super) fn first_element(&self, step: i64) -> i64 {
        let ways = self.ways();
        (step * ways).min(self.columns().1 - ways)
    }

    /// Whether steps take all elements of a column and none beyond: whole ones, but in products of computed matrices.
    pub(super) fn has_steps(&self) -> bool {
        let (channels, ways) = (self.channels[0], self.ways());
        channels % ways == 0 || (self.op.is("afp.matmul") && channels >= ways)
    }

    /// How often each loop over the steps of a pixel runs: kernel rows, columns that are visited one by one, steps.
    pub(super) fn all_steps(&self) -> [i64; 3] {
        let (columns, steps) = self.steps();
        [self.kernel[0], columns, steps]
    }

    /// Elements of the input between neighbouring pixels.
    pub(super) fn pixel_stride(&self) -> i64 {
        self.stride[1] * self.strides[2]
    }

    /// The first element that the window of a pixel reads.
    pub(super) fn window(&self, k: &Kernel, [n, y, x]: [Value; 3]) -> Value {
        let row = k.mul(y, k.index(self.stride[0] * self.strides[1]));
        let column = k.mul(x, k.index(self.pixel_stride()));
        let image = k.mul(n, k.index(self.strides[0]));
        k.add(k.add(image, row), k.add(column, k.index(self.first)))
    }

    /// Elements between kernel rows, and between kernel columns that are visited one by one.
    pub(super) fn tap_strides(&self) -> [i64; 2] {
        [self.dilation[0] * self.strides[1], self.dilation[1] * self.strides[2]]
    }

    /// Visits the steps of a window: `step` gets where each begins in the input and, of a panel of weights for each,
    /// in those, how many it takes, and the sums so far.
    pub(super) fn walk(
        &self,
        k: &Kernel,
        (window, weights): (Value, Value),
        how: Steps,
        sums: &[Value],
        step: impl Fn(&Kernel, (Value, Value), i64, &[Value]) -> Vec<Value>,
    ) -> Vec<Value> {
        let (columns, steps) = self.steps();
        let (panel, padded) = (how.panel, how.padded(steps));
        let whole = self.columns().1 / self.ways();
        let [down, right] = self.tap_strides();
        k.fold(k.index(0), k.index(self.kernel[0]), sums, |k, ky, sums| {
            let row = k.add(window, k.mul(ky, k.index(down)));
            let row_weights = k.add(weights, k.mul(ky, k.index(columns * padded * panel)));
            k.fold(k.index(0), k.index(columns), sums, |k, kx, sums| {
                let inputs = k.add(row, k.mul(kx, k.index(right)));
                let weights = k.add(row_weights, k.mul(kx, k.index(padded * panel)));
                let sums = how.visit(k, whole, sums, |k, at, words, sums| {
                    let inputs = k.add(inputs, k.mul(at, k.index(self.ways())));
                    step(k, (inputs, k.add(weights, k.mul(at, k.index(panel)))), words, sums)
                });
                if whole == steps {
                    return sums;
                }
                let last = k.add(inputs, k.index(self.first_element(whole)));
                step(k, (last, k.add(weights, k.index(whole * panel))), 1, &sums)
            })
        })
    }

    /// All steps of a window, in the order in which weights lie.
    pub(super) fn every_step(&self) -> impl Iterator<Item = Step> {
        let [rows, columns, steps] = self.all_steps();
        let of_row = move |ky| (0..columns).flat_map(move |kx| (0..steps).map(move |step| [ky, kx, step]));
        (0..rows).flat_map(of_row)
    }

    /// Where a step begins in the input, counted from the first element of a window.
    pub(super) fn offset(&self, [ky, kx, step]: Step) -> i64 {
        let [down, right] = self.tap_strides();
        ky * down + kx * right + step * self.ways()
    }

    /// The weight that the element of a kernel row is multiplied with, counted from a visited column's first: 0
    /// for channels that were added.
    pub(super) fn weight(&self, weights: &[i64], output: i64, [ky, column]: [i64; 2], element: i64) -> i64 {
        let [stored, real] = self.channels;
        let (kx, c) = (column + element / stored, element % stored);
        let taps = self.kernel[0] * self.kernel[1] * real;
        let tap = (ky * self.kernel[1] + kx) * real + c;
        if c < real { weights[(output * taps + tap) as usize] } else { 0 }
    }

    /// The integers of the weights, output after output.
    ///
    /// # Errors
    /// AFP0611 for weights that are no constant.
    pub(super) fn weights(&self) -> Result<Vec<i64>, Diagnostic> {
        let rows = Rows::of(self.op)?;
        Ok(crate::afpk::numeric::decoded(rows.format, &rows.codes))
    }

    /// What the offset of the stored inputs adds to the sums of each output, to be taken away.
    ///
    /// # Errors
    /// AFP0611 for an input that is not stored as integers.
    pub(super) fn corrections(&self, weights: &[i64]) -> Result<Vec<i64>, Diagnostic> {
        let Storage::Integer { offset } = self.input.storage else {
            return Err(unsupported(self.op, "an input of integers"));
        };
        let taps = (weights.len() as i64 / self.outputs).max(1) as usize;
        Ok(weights.chunks(taps).map(|taps| -offset * taps.iter().sum::<i64>()).collect())
    }

    /// The layout of an operand or the result, as a kernel sees it: with rows joined as the pixels are.
    fn seen(&self, layout: &Layout) -> Layout {
        let mut layout = layout.clone();
        if layout.shape.len() == 4 {
            layout.shape = vec![1, self.pixels[1], self.pixels[2], layout.shape[3]];
        }
        layout
    }
}

/// How the steps of a product are taken, of each a word of every pixel's inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Steps {
    /// Weights of a step.
    pub panel: i64,
    /// As many steps are written one behind the other; more are a loop.
    pub unrolled: i64,
    /// Steps that are taken together, a power of two; of what is left, as many as fit.
    pub together: i64,
    /// Steps whose weights lie side by side; behind those of a run, zeros make up a multiple.
    pub beside: i64,
}

impl Steps {
    /// One by one.
    pub const fn single(panel: i64, unrolled: i64) -> Self {
        Self { panel, unrolled, together: 1, beside: 1 }
    }

    /// Steps that there are weights for, of so many.
    pub const fn padded(&self, steps: i64) -> i64 {
        tree::parts(steps, self.beside) * self.beside
    }

    /// Visits so many steps: `some` gets the number of the first of those that it takes, and how many they are.
    pub fn visit(
        self,
        k: &Kernel,
        steps: i64,
        sums: &[Value],
        some: impl Fn(&Kernel, Value, i64, &[Value]) -> Vec<Value>,
    ) -> Vec<Value> {
        let (mut together, mut done) = (self.together, steps - steps % self.together);
        let mut sums = if done > self.unrolled {
            k.fold(k.index(0), k.index(done / together), sums, |k, part, sums| {
                some(k, if together == 1 { part } else { k.mul(part, k.index(together)) }, together, sums)
            })
        } else {
            let parts = (0..done / together).map(|part| part * together);
            parts.fold(sums.to_vec(), |sums, at| some(k, k.index(at), together, &sums))
        };
        while done < steps {
            together /= 2;
            if done + together <= steps {
                sums = some(k, k.index(done), together, &sums);
                done += together;
            }
        }
        sums
    }
}

/// The work of a kernel on blocks of channels and parts of the pixels, and how threads share it.
///
/// A thread takes all pixels of a block before it goes on to the next: a block's weights are near then. Threads
/// share the pixels, so that most of what one reads it has written itself; but where weights are more than what is
/// read and written, they share the blocks, so that each reads only its part of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Work {
    /// Blocks of channels.
    pub blocks: i64,
    /// Parts of the pixels.
    pub parts: i64,
    /// Whether threads share the blocks and not the parts.
    pub shares_blocks: bool,
}

impl Work {
    /// The work of a contraction for so many threads, given the bytes of its result.
    pub fn of(geometry: &Geometry, (blocks, parts): (i64, i64), threads: i64, result: i64) -> Self {
        let taps = geometry.kernel[0] * geometry.kernel[1] * geometry.channels[0];
        let weights = geometry.outputs * taps * i64::from(geometry.bits[1] / 8);
        let shares_blocks =
            parts < threads || (blocks >= threads && weights > geometry.input.bytes() + result);
        Self { blocks, parts, shares_blocks: threads > 1 && shares_blocks }
    }

    /// The items that threads share.
    pub fn items(self) -> i64 {
        if self.shares_blocks { self.blocks } else { self.parts }
    }

    /// A thread's blocks and parts: the first, and the one behind the last.
    pub fn ranges(self, scope: &Scope<'_>, k: &Kernel) -> [(Value, Value); 2] {
        let share = (scope.from, scope.to);
        let all = |count: i64| (k.index(0), k.index(count));
        if self.shares_blocks { [share, all(self.parts)] } else { [all(self.blocks), share] }
    }

    /// Does a thread's share: `body` gets a block and a part.
    pub fn each(
        self,
        scope: &mut Scope<'_>,
        k: &Kernel,
        body: impl FnOnce(&mut Scope<'_>, &Kernel, [Value; 2]),
    ) {
        let [blocks, parts] = self.ranges(scope, k);
        k.fold(blocks.0, blocks.1, &[], |k, block, _| {
            k.fold(parts.0, parts.1, &[], |k, part, _| {
                body(scope, k, [block, part]);
                Vec::new()
            });
            Vec::new()
        });
    }
}

/// A group that vectors compute: what is contracted, and what it reads and writes.
pub(super) struct Problem {
    pub operands: Operands,
    pub geometry: Geometry,
    /// Whether the rows of pixels are joined.
    pub joined: bool,
}

impl Problem {
    /// The problem of a group, of which a vector has so many lanes.
    ///
    /// # Errors
    /// AFP0612 if vectors cannot compute it.
    pub fn of(lowering: &Lowering, op: Op, lanes: i64) -> Result<Self, Diagnostic> {
        let contraction = match tree::contractions(op)[..] {
            [one] if direct::applicable(op, one) => one,
            _ => return Err(tree::misfit(op, "one contraction, with an epilogue on vectors")),
        };
        Self::with(lowering, op, contraction, lanes)
    }

    /// The problem of a group with its contraction.
    ///
    /// # Errors
    /// AFP0612 if the input is not stored as vectors read it.
    pub fn with(lowering: &Lowering, op: Op, contraction: Op, lanes: i64) -> Result<Self, Diagnostic> {
        let operands = Operands::of(lowering, op, contraction)?;
        let even = operands.are_even();
        let input = scope::layout(lowering, contraction.operand(0), op)?;
        let is_integer = matches!(input.storage, Storage::Integer { .. });
        let geometry = Geometry::of(contraction, input, even).filter(|geometry| {
            is_integer
                && surrounds(&geometry.input, contraction)
                && geometry.has_steps()
                && lanes <= geometry.outputs
        });
        let geometry = geometry.ok_or_else(|| tree::misfit(op, "an input of integers, with its halo"))?;
        let joined = geometry.pixels[..2] == [1, 1] && tree::conv(contraction).is_some() && even;
        Ok(Self { operands, geometry, joined })
    }

    /// The work of the group, in so many blocks of channels and parts of the pixels.
    pub fn work(&self, lowering: &Lowering, blocks: i64, parts: i64) -> Work {
        Work::of(&self.geometry, (blocks, parts), lowering.threads, self.operands.result_bytes())
    }

    /// Adds the kernels of the group, as [`Operands::convert`] does.
    pub fn convert(
        self,
        lowering: &mut Lowering,
        items: i64,
        channels: Channels,
        write: impl FnOnce(&mut Scope<'_>, &Kernel, Geometry, Epilogue, Value) -> Result<(), Diagnostic>,
    ) -> Result<(), Diagnostic> {
        let Self { operands, geometry, joined } = self;
        let shape = Geometry { input: geometry.input.clone(), ..geometry };
        let seen = |layout: &Layout| if joined { shape.seen(layout) } else { layout.clone() };
        operands.convert(lowering, items, channels, seen, |scope, k, epilogue, memory| {
            write(scope, k, geometry, epilogue, memory)
        })
    }
}

/// Whether the halo that a contraction needs is worth its memory. Padding may be any number.
pub(super) fn is_surroundable(contraction: Op) -> bool {
    let Some(conv) = tree::conv(contraction) else { return true };
    let shape = shape_of(contraction.operand(0));
    if conv.pad.iter().any(|&pad| pad > i64::from(u16::MAX)) {
        return false;
    }
    let [top, bottom, left, right] = halo(contraction).map(i128::from);
    let (rows, columns) = (i128::from(shape[1]), i128::from(shape[2]));
    (rows + top + bottom) * (columns + left + right) <= i128::from(MOST_GROWTH) * rows * columns
}

/// Rows and columns that a convolution reads around its input.
pub fn halo(contraction: Op) -> [i64; 4] {
    let Some(conv) = tree::conv(contraction) else { return [0; 4] };
    let (input, weight) = (shape_of(contraction.operand(0)), shape_of(contraction.operand(1)));
    let result = shape_of(contraction.result(0));
    let kernel = if conv.depthwise { [weight[0], weight[1]] } else { [weight[1], weight[2]] };
    let behind = |d: usize| {
        let last = (result[1 + d] - 1) * conv.stride[d] + (kernel[d] - 1) * conv.dilation[d];
        (last - conv.pad[2 * d] - (input[1 + d] - 1)).max(0)
    };
    [conv.pad[0], behind(0), conv.pad[2], behind(1)]
}

/// Whether a layout has all that a contraction reads.
pub(super) fn surrounds(layout: &Layout, contraction: Op) -> bool {
    layout.halo.iter().zip(halo(contraction)).all(|(&has, needs)| has >= needs)
}

/// Every index of three sizes, in row-major order.
pub(super) fn triples([a, b, c]: [i64; 3]) -> impl Iterator<Item = (i64, i64, i64)> {
    (0..a).flat_map(move |i| (0..b).flat_map(move |j| (0..c).map(move |l| (i, j, l))))
}
