//! Weights by output channel: their codes, and how they are packed.

use afp_ir::{
    diag::Diagnostic,
    mlir::{Op, Value},
    numerics::Format,
};

use super::{
    builder::Kernel,
    tree::{self, parts, shape_of},
};

/// The codes of a contraction's weights, one row of taps for each output channel.
pub(super) struct Rows {
    pub outputs: i64,
    pub taps: i64,
    pub format: Format,
    pub codes: Vec<i64>,
}

impl Rows {
    /// Reads the constant weights. Taps are in the order rows, columns, input channels.
    pub fn of(op: Op) -> Result<Self, Diagnostic> {
        let weight = op.operand(1);
        let ty = tree::coded(weight, op)?;
        let payload = weight.def().and_then(|c| c.attr("value")).and_then(|v| v.elements_i64());
        let Some(payload) = payload else { return Err(tree::unsupported(op, "weights with a payload")) };
        let shape = shape_of(weight);
        let count: i64 = shape.iter().product();
        if op.is("afp.depthwise_conv2d") {
            // HWCM: the taps of output c*M + m lie C*M apart.
            let (taps, outputs) = (shape[0] * shape[1], shape[2] * shape[3]);
            let codes = (0..count).map(|i| payload[(i % taps * outputs + i / taps) as usize]).collect();
            return Ok(Self { outputs, taps, format: ty.format, codes });
        }
        let outputs = shape[0];
        Ok(Self { outputs, taps: count / outputs.max(1), format: ty.format, codes: payload })
    }

    /// Bits of a stored code.
    pub fn code_bits(&self) -> u32 {
        self.format.storage_bits()
    }

    /// As [`integer_bits`] of their format.
    pub fn integer_bits(&self) -> u32 {
        integer_bits(self.format)
    }

    /// The codes of each row packed without gaps, the first in the low bits, and the bytes of a row.
    pub fn packed(&self) -> (Vec<i64>, i64) {
        let width = i64::from(self.format.width());
        // A code is read from two bytes.
        let stride = parts(self.taps * width, 8) + 1;
        let mut bytes = vec![0i64; (self.outputs * stride) as usize];
        let mask = i64::from(self.format.code_count()) - 1;
        for (i, &code) in self.codes.iter().enumerate() {
            let (row, tap) = (i as i64 / self.taps, i as i64 % self.taps);
            let bit = tap * width;
            let at = (row * stride + bit / 8) as usize;
            let value = (code & mask) << (bit % 8);
            bytes[at] |= value & 255;
            bytes[at + 1] |= value >> 8;
        }
        (bytes, stride)
    }
}

/// Bits of the narrowest integers that hold decoded weights of a format.
pub(super) fn integer_bits(format: Format) -> u32 {
    [8, 16, 32].into_iter().find(|&b| format.int_max() < 1 << (b - 1)).unwrap_or(64)
}

/// Bytes of a contraction's constant weights as integers; none where they are computed.
pub fn expanded_bytes(contraction: Op) -> Option<u64> {
    let weight = contraction.operand(1);
    weight.def_as("afp.constant")?;
    let bits = integer_bits(tree::coded(weight, contraction).ok()?.format);
    Some(shape_of(weight).iter().product::<i64>() as u64 * u64::from(bits / 8))
}

/// Packed weights in a kernel.
#[derive(Clone, Copy)]
pub(super) struct Packed {
    pub memref: Value,
    pub scratch: Value,
    pub format: Format,
    pub outputs: i64,
    pub taps: i64,
    /// The format, where codes are multiplied and not integers.
    pub codes: Option<Format>,
}

impl Packed {
    /// Unpacks the weights of a channel.
    pub fn unpack(&self, k: &Kernel, channel: Value) {
        let width = i64::from(self.format.width());
        let element = self.scratch.ty().element().int_width().unwrap_or(8);
        k.each(self.taps, |k, tap| {
            let bit = k.mul(tap, k.index(width));
            let eight = k.index(8);
            let byte = k.binary("arith.divui", bit, eight);
            let shift = k.binary("arith.remui", bit, eight);
            let load = |at: Value| k.resize(k.load(self.memref, &[channel, at]), 32, false);
            let (low, high) = (load(byte), load(k.add(byte, k.index(1))));
            let pair = k.or(low, k.shl(high, k.like(high, 8)));
            let shift =
                k.value(afp_ir::mlir::OpSpec::new("arith.index_cast").operands([shift]).result(k.int(32)));
            let code = k.and(k.shr(pair, shift), k.like(pair, i64::from(self.format.code_count()) - 1));
            let stored = self.format.storage_bits();
            let code = k.resize(code, stored, false);
            let value = if self.codes.is_some() { code } else { k.decode(code, self.format, element) };
            k.store(value, self.scratch, &[tap]);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_codes_of_every_width_are_read_back() {
        for width in 1..=8u8 {
            let format = if width == 1 {
                Format::new(false, 0, 1)
            } else {
                Format::new(true, 0, u32::from(width) - 1)
            };
            let format = format.expect("a format");
            assert_eq!(format.width(), u32::from(width));
            for taps in [1, 2, 3, 7, 8, 9, 27] {
                let mask = i64::from(format.code_count()) - 1;
                let codes: Vec<i64> = (0..5 * taps).map(|i| (i * 37 + i / 3) & mask).collect();
                let rows = Rows { outputs: 5, taps, format, codes };
                let (bytes, stride) = rows.packed();
                assert_eq!(bytes.len() as i64, 5 * stride);
                assert!(
                    stride <= taps * i64::from(width) / 8 + 2
                        && bytes.iter().all(|byte| (0..256).contains(byte))
                );
                for (i, &code) in rows.codes.iter().enumerate() {
                    let (row, tap) = (i as i64 / taps, i as i64 % taps);
                    let bit = tap * i64::from(width);
                    let at = (row * stride + bit / 8) as usize;
                    let pair = bytes[at] | bytes[at + 1] << 8;
                    assert_eq!(pair >> (bit % 8) & mask, code, "width {width}, {taps} taps, code {i}");
                }
            }
        }
    }
}
