//! The layers that are compared, and the affine formula in plain Rust.

use std::fmt::Write;

use afp_ir::interp::Tensor;

use crate::requantize::Affine;

/// A convolution of bytes with bytes, padded to keep the size.
pub struct Layer {
    pub name: &'static str,
    pub size: usize,
    pub inputs: usize,
    pub outputs: usize,
    pub kernel: usize,
}

/// What comes behind the sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Epilogue {
    /// A multiplier, a rounding shift, a zero point, limits.
    Affine,
    /// AFP, to this format.
    Afp(&'static str),
}

impl Epilogue {
    pub const ALL: [Self; 5] =
        [Self::Affine, Self::Afp("ue0m8"), Self::Afp("e0m7"), Self::Afp("ue2m5"), Self::Afp("e2m4")];

    pub fn title(self) -> String {
        match self {
            Self::Affine => "affine int8".to_owned(),
            Self::Afp(format) => format!("AFP, {format}"),
        }
    }
}

/// Numbers that look random, the same everywhere.
fn number(index: usize, seed: u64) -> u64 {
    let mixed = (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ seed;
    let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^ (mixed >> 29)
}

impl Layer {
    fn taps(&self) -> usize {
        self.kernel * self.kernel * self.inputs
    }

    /// Elements of the result.
    pub fn results(&self) -> usize {
        self.size * self.size * self.outputs
    }

    /// The weights, OHWI.
    fn weights(&self) -> Vec<i8> {
        (0..self.outputs * self.taps()).map(|i| (number(i, 1) % 255) as i8).map(|w| w.max(-127)).collect()
    }

    fn bias(&self) -> Vec<i32> {
        (0..self.outputs).map(|i| (number(i, 2) % 40_001) as i32 - 20_000).collect()
    }

    /// The input: numbers that are codes.
    pub fn input(&self) -> Tensor {
        let count = self.size * self.size * self.inputs;
        let values = (0..count).map(|i| (number(i, 3) % 256) as f32).collect();
        Tensor::real(&[1, self.size, self.size, self.inputs], values)
    }

    /// The constants of the affine epilogue.
    pub fn affine(&self) -> Affine {
        let count = self.outputs;
        Affine {
            multipliers: (0..count).map(|c| (1 << 30) + (number(c, 4) % (1 << 30)) as i32).collect(),
            shifts: (0..count).map(|c| 8 + (number(c, 5) % 4) as i32).collect(),
            zero: 13,
            range: [0, 255],
        }
    }

    /// What the affine layer computes.
    pub fn affine_outputs(&self, input: &[f32]) -> Vec<f32> {
        let (weights, bias, affine) = (self.weights(), self.bias(), self.affine());
        let (size, pad) = (self.size as isize, (self.kernel / 2) as isize);
        let mut found = Vec::new();
        for (y, x, o) in
            (0..size).flat_map(|y| (0..size).flat_map(move |x| (0..self.outputs).map(move |o| (y, x, o))))
        {
            let mut sum = i64::from(bias[o]);
            for tap in 0..self.taps() {
                let (position, channel) = (tap / self.inputs, tap % self.inputs);
                let row = y + (position / self.kernel) as isize - pad;
                let column = x + (position % self.kernel) as isize - pad;
                if (0..size).contains(&row) && (0..size).contains(&column) {
                    let at = (row * size + column) as usize * self.inputs + channel;
                    sum += input[at] as i64 * i64::from(weights[o * self.taps() + tap]);
                }
            }
            let scale = 31 + affine.shifts[o];
            let product = sum * i64::from(affine.multipliers[o]);
            let rounded = (product + (1 << (scale - 1))) >> scale;
            let [lo, hi] = affine.range;
            found.push((rounded + i64::from(affine.zero)).clamp(lo.into(), hi.into()) as f32);
        }
        found
    }

    /// The layer as an exact program. For the affine epilogue sums are not shifted, and the least code of
    /// channel `c` is `c`, by which the constants of a channel are found.
    pub fn program(&self, epilogue: Epilogue) -> String {
        let Self { size, inputs, outputs, kernel, .. } = *self;
        let pad = kernel / 2;
        let hex = |bytes: Vec<u8>| {
            bytes.into_iter().fold(String::new(), |mut text, byte| {
                let _ = write!(text, "{byte:02X}");
                text
            })
        };
        let weights = hex(self.weights().into_iter().map(|w| w as u8).collect());
        let bias = hex(self.bias().into_iter().flat_map(i32::to_le_bytes).collect());
        let list = |values: &mut dyn Iterator<Item = i32>| {
            values.map(|value| value.to_string()).collect::<Vec<_>>().join(", ")
        };
        let zeros = list(&mut std::iter::repeat_n(0, outputs));
        let (format, channels, limits) = match epilogue {
            Epilogue::Afp(format) => {
                let shifts = self.affine().shifts;
                (format, list(&mut shifts.iter().map(|shift| -shift)), String::new())
            }
            Epilogue::Affine => {
                let least = list(&mut (0..outputs as i32));
                ("ue0m8", zeros, format!("{{lo = array<i32: {least}>}} "))
            }
        };
        format!(
            "!u = !afp.float<ue0m8, exp = 0>
            !w = !afp.float<e0m7, exp = 0>
            !r = !afp.float<{format}, exp = 0>
            func.func @layer(%x: tensor<1x{size}x{size}x{inputs}xf32>) -> tensor<1x{size}x{size}x{outputs}xf32> {{
              %w = afp.constant dense<\"0x{weights}\"> : tensor<{outputs}x{kernel}x{kernel}x{inputs}xi8> : tensor<{outputs}x{kernel}x{kernel}x{inputs}x!w>
              %b = afp.constant dense<\"0x{bias}\"> : tensor<{outputs}xi32> {{channel_exp = array<i32: {channels}>}} : tensor<{outputs}x!afp.exact>
              %0 = afp.quantize %x : tensor<1x{size}x{size}x{inputs}xf32> to tensor<1x{size}x{size}x{inputs}x!u>
              %1 = afp.conv2d %0, %w bias %b {{channel_exp = array<i32: {channels}>, pad = array<i64: {pad}, {pad}, {pad}, {pad}>}} : (tensor<1x{size}x{size}x{inputs}x!u>, tensor<{outputs}x{kernel}x{kernel}x{inputs}x!w>, tensor<{outputs}x!afp.exact>) -> tensor<1x{size}x{size}x{outputs}x!afp.exact>
              %2 = afp.encode %1 {limits}: tensor<1x{size}x{size}x{outputs}x!afp.exact> to tensor<1x{size}x{size}x{outputs}x!r>
              %3 = afp.dequantize %2 : tensor<1x{size}x{size}x{outputs}x!r> to tensor<1x{size}x{size}x{outputs}xf32>
              return %3 : tensor<1x{size}x{size}x{outputs}xf32>
            }}"
        )
    }
}
