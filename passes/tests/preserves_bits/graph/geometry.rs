//! Windows.

use super::{Random, writer::array};

/// Windows over a feature map.
pub(super) struct Geometry {
    pub(super) kernel: [i64; 2],
    pub(super) stride: [i64; 2],
    pub(super) dilation: [i64; 2],
    pub(super) pad: [i64; 4],
    pub(super) size: [i64; 2],
}

impl Geometry {
    /// A convolution's; none if no window fits.
    pub(super) fn new(shape: &[i64], random: &mut Random) -> Option<Self> {
        let mut pair = |hi: i64| [random.range(1, hi), random.range(1, hi)];
        let (kernel, stride, dilation) = (pair(3), pair(3), pair(2));
        let kernel = if random.once_in(6) { [random.range(1, 7), random.range(1, 7)] } else { kernel };
        let padded = random.once_in(2);
        let pad = [0; 4].map(|_| if padded { random.range(0, 2) } else { 0 });
        Self { kernel, stride, dilation, pad, size: [0; 2] }.sized(shape)
    }

    /// A convolution's that keeps the size of a feature map.
    pub(super) fn same(shape: &[i64], random: &mut Random) -> Option<Self> {
        let [h, w] = [random.range(0, 1), random.range(0, 1)];
        let (kernel, pad) = ([2 * h + 1, 2 * w + 1], [h, h, w, w]);
        Self { kernel, stride: [1, 1], dilation: [1, 1], pad, size: [0; 2] }.sized(shape)
    }

    /// A pool's: padding is less than the kernel.
    pub(super) fn pool(shape: &[i64], random: &mut Random) -> Option<Self> {
        let mut pair = |hi: i64| [random.range(1, hi), random.range(1, hi)];
        let (kernel, stride) = (pair(3), pair(3));
        let [h, w] = kernel.map(|k| k - 1);
        let pad = [h, h, w, w].map(|most| random.range(0, most));
        Self { kernel, stride, dilation: [1, 1], pad, size: [0; 2] }.sized(shape)
    }

    pub(super) fn sized(mut self, shape: &[i64]) -> Option<Self> {
        for d in 0..2 {
            let reach = self.dilation[d] * (self.kernel[d] - 1) + 1;
            let room = shape[d + 1] + self.pad[2 * d] + self.pad[2 * d + 1] - reach;
            if room < 0 {
                return None;
            }
            self.size[d] = room / self.stride[d] + 1;
        }
        Some(self)
    }

    pub(super) fn attrs(&self, dilated: bool) -> Vec<String> {
        let mut attrs = vec![
            format!("stride = {}", array("i64", &self.stride)),
            format!("pad = {}", array("i64", &self.pad)),
        ];
        if dilated {
            attrs.push(format!("dilation = {}", array("i64", &self.dilation)));
        }
        attrs
    }
}
