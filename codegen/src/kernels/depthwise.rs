//! Depthwise convolutions on vectors of channels.
//!
//! Every tap is a product lane by lane: in 16 bits where input and weight are bytes, which always fits,
//! else in 32. Where all sums of a channel are proven to fit 16 bits, they stay there to the end.

use afp_ir::{
    diag::Diagnostic,
    dialect::view::Conv,
    mlir::{Op, Value},
};
use afp_target::Vectors;

use super::{
    Lowering, apart,
    builder::{Kernel, vector},
    epilogue::{self, Channels, Epilogue, Operands, Order, Spot},
    geometry::{halo, is_surroundable, surrounds},
    layout::{Layout, Storage},
    rows::Rows,
    scope::{self, Scope},
    strategy::Tile,
    tree::{self, parts, shape_of},
};

/// Taps beyond which the window is a loop.
const UNROLLED: i64 = 25;

/// Whether a group's contraction can take this strategy, whatever its input's layout becomes.
pub fn applicable(op: Op, contraction: Op) -> bool {
    if !contraction.is("afp.depthwise_conv2d")
        || !(epilogue::applicable(op, contraction) || apart::applicable(op, contraction))
    {
        return false;
    }
    let weight = shape_of(contraction.operand(1));
    let small = Rows::of(contraction).is_ok_and(|rows| rows.integer_bits() <= 16);
    weight[3] == 1
        && weight[2] >= 4
        && weight[0] * weight[1] <= UNROLLED
        && small
        && contraction.operand(0).def_as("afp.constant").is_none()
        && is_surroundable(contraction)
}

/// The tile that suits a machine's registers.
pub fn tile(op: Op, vectors: &Vectors) -> Option<Tile> {
    let shape = shape_of(op.result(0));
    let (width, channels) = (shape[2], shape[3]);
    let mut lanes = i64::from(vectors.bits / 32);
    while lanes >= 4 {
        if lanes <= channels {
            let whole = channels % lanes == 0;
            // An overlapping last vector shares its tile with the one before.
            let shares = |count: &i64| whole || (channels / lanes) % count != 0;
            if let Some(count) = (1..=4).find(shares) {
                let most = (i64::from(vectors.registers) / 4 / count).clamp(1, 8);
                let pixels = parts(width, parts(width, most));
                return Some(Tile::new(pixels, count, lanes));
            }
        }
        lanes /= 2;
    }
    None
}

/// Adds the kernel of a group and its call.
pub(super) fn convert(lowering: &mut Lowering, op: Op, tile: Tile) -> Result<(), Diagnostic> {
    let misfit = |what: &str| tree::misfit(op, what);
    let contraction = match tree::contractions(op)[..] {
        [one] if applicable(op, one) => one,
        _ => return Err(misfit("one depthwise convolution, with an epilogue on vectors")),
    };
    let operands = Operands::of(lowering, op, contraction)?;
    let input = scope::layout(lowering, contraction.operand(0), op)?;
    let shape = shape_of(op.result(0));
    let (Storage::Integer { offset }, true) = (input.storage, surrounds(&input, contraction)) else {
        return Err(misfit("an input of integers, with its halo"));
    };
    if tile.lanes > shape[3] {
        return Err(misfit("as many channels as a vector has lanes"));
    }
    let needed = parts(parts(shape[3], tile.lanes), tile.vectors) * tile.vectors;
    let channels = Channels { count: shape[3], lanes: tile.lanes, vectors: needed, order: Order::Plain };
    let items = needed / tile.vectors * shape[0] * shape[1];
    let conv = tree::conv(contraction).ok_or_else(|| misfit("a valid geometry"))?;
    operands.convert(lowering, items, channels, Layout::clone, |scope, k, epilogue, memory| {
        let rows = Rows::of(contraction)?;
        let weights = crate::afpk::numeric::decoded(rows.format, &rows.codes);
        Writer { contraction, conv, input, offset, tile, channels, epilogue, memory, rows, weights }
            .write(scope, k, &shape)
    })
}

/// A kernel being written.
struct Writer {
    contraction: Op,
    conv: Conv,
    input: Layout,
    offset: i64,
    tile: Tile,
    channels: Channels,
    epilogue: Epilogue,
    memory: Value,
    rows: Rows,
    /// Decoded, one row of taps per channel.
    weights: Vec<i64>,
}

impl Writer {
    /// Bits of products: 16 for bytes.
    fn product_bits(&self) -> u32 {
        if self.input.bits() == 8 && self.rows.integer_bits() == 8 { 16 } else { 32 }
    }

    /// Whether the sums of products fit 16 bits, in every channel and order.
    fn sums_fit(&self) -> bool {
        let format = self.input.format;
        let (lo, hi) = (format.int_min() + self.offset, format.int_max() + self.offset);
        self.product_bits() == 16
            && self.weights.chunks(self.rows.taps.max(1) as usize).all(|taps| {
                let ends = taps.iter().map(|&w| ((w * lo).min(w * hi).min(0), (w * lo).max(w * hi).max(0)));
                let (least, largest) = ends.fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
                least >= -32768 && largest <= 32767
            })
    }

    fn write(&self, scope: &mut Scope<'_>, k: &Kernel, shape: &[i64]) -> Result<(), Diagnostic> {
        let taps = self.rows.taps.max(1) as usize;
        let corrections: Vec<i64> =
            self.weights.chunks(taps).map(|taps| -self.offset * taps.iter().sum::<i64>()).collect();
        let initial = self.channels.packed(&self.epilogue.initial(&corrections)?);
        let initial = scope.constant("bias", &[initial.len() as i64], k.int(32), &initial);
        // [taps][channels as vectors]
        let mut packed = Vec::new();
        for tap in 0..taps {
            let of_tap: Vec<i64> = self.weights.chunks(taps).map(|row| row[tap]).collect();
            packed.extend(self.channels.packed(&of_tap));
        }
        let bits = self.rows.integer_bits();
        let filters = scope.constant("weights", &[packed.len() as i64], k.int(bits), &packed);
        let blocks = self.channels.vectors / self.tile.vectors;
        let width = shape[2];
        let mut outcome = Ok(());
        k.fold(scope.from, scope.to, &[], |k, item, _| {
            let at = scope::split_index(k, item, &[blocks, shape[0], shape[1]]);
            let (full, rest) = (width / self.tile.pixels, width % self.tile.pixels);
            let mut tile = |k: &Kernel, pixels: i64, x: Value| {
                let done = self.tile(scope, k, (filters, initial), pixels, [at[0], at[1], at[2], x]);
                if done.is_err() {
                    outcome = done;
                }
            };
            k.each(full, |k, t| tile(k, self.tile.pixels, k.mul(t, k.index(self.tile.pixels))));
            if rest > 0 {
                tile(k, rest, k.index(full * self.tile.pixels));
            }
            Vec::new()
        });
        outcome
    }

    fn tile(
        &self,
        scope: &mut Scope<'_>,
        k: &Kernel,
        (filters, initial): (Value, Value),
        pixels: i64,
        [block, n, y, x]: [Value; 4],
    ) -> Result<(), Diagnostic> {
        let weight = shape_of(self.contraction.operand(1));
        let (lanes, conv) = (self.tile.lanes, &self.conv);
        let memory = self.input.memory();
        let strides = [memory[1] * memory[2] * memory[3], memory[2] * memory[3], memory[3]];
        let needs = halo(self.contraction);
        let first =
            (self.input.halo[0] - needs[0]) * strides[1] + (self.input.halo[2] - needs[2]) * strides[2];
        let row = k.mul(y, k.index(conv.stride[0] * strides[1]));
        let column = k.mul(x, k.index(conv.stride[1] * strides[2]));
        let base = k.add(k.add(k.mul(n, k.index(strides[0])), row), k.add(column, k.index(first)));
        let (products, short) = (self.product_bits(), self.sums_fit());
        for j in 0..self.tile.vectors {
            let number = k.add(k.mul(block, k.index(self.tile.vectors)), k.index(j));
            let channel = self.channels.start_value(k, number);
            let lane = k.mul(number, k.index(lanes));
            let inputs = k.add(base, channel);
            let start = k.vector_load(initial, lane, lanes);
            let zero = k.constant(vector(k, lanes, 16), 0);
            let mut sums = vec![if short { zero } else { start }; pixels as usize];
            for tap in 0..weight[0] * weight[1] {
                let (ky, kx) = (tap / weight[1], tap % weight[1]);
                let at = k.add(lane, k.index(tap * self.channels.vectors * lanes));
                let factor = k.resize(k.vector_load(filters, at, lanes), products, true);
                for (p, sum) in sums.iter_mut().enumerate() {
                    let column = p as i64 * conv.stride[1] + kx * conv.dilation[1];
                    let offset = ky * conv.dilation[0] * strides[1] + column * strides[2];
                    let stored = k.vector_load(self.memory, k.add(inputs, k.index(offset)), lanes);
                    let signed = self.input.storage.is_signed(self.input.format);
                    let product = k.mul(k.resize(stored, products, signed), factor);
                    *sum = k.add(*sum, if short { product } else { k.resize(product, 32, true) });
                }
            }
            let mut spots = Vec::new();
            for (p, sum) in sums.into_iter().enumerate() {
                let sum = if short { k.add(start, k.resize(sum, 32, true)) } else { sum };
                let spot = Spot { pixel: [n, y, x], behind: [0, p as i64], vector: number, channel };
                spots.push((sum, spot));
            }
            self.epilogue.store(scope, k, &spots, 1)?;
        }
        Ok(())
    }
}
