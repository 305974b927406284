//! Windows over feature maps.

use afp_ir::{dialect::view::Pool, mlir::Value};

use super::builder::Kernel;

/// Windows over the rows and columns of a feature map.
pub(super) struct Windows {
    pub size: [i64; 2],
    pub kernel: [i64; 2],
    pub stride: [i64; 2],
    pub dilation: [i64; 2],
    pub before: [i64; 2],
    /// Whether no window reaches beyond the map.
    pub inside: [bool; 2],
}

impl Windows {
    /// The windows of a pool, given the shapes of its input and of its result.
    pub(super) fn of_pool(pool: &Pool, input: &[i64], result: &[i64]) -> Self {
        let inside = [0, 1].map(|d| {
            let end = (result[1 + d] - 1) * pool.stride[d] + pool.kernel[d];
            pool.pad[2 * d] == 0 && end <= input[1 + d]
        });
        Self {
            inside,
            size: [input[1], input[2]],
            kernel: pool.kernel,
            stride: pool.stride,
            dilation: [1, 1],
            before: [pool.pad[0], pool.pad[2]],
        }
    }

    /// Folds over the taps of a window that lie inside: `body(position, tap, carried)`.
    pub(super) fn fold(
        &self,
        k: &Kernel,
        window: &[Value],
        initial: Value,
        mut body: impl FnMut(&Kernel, [Value; 2], [Value; 2], Value) -> Value,
    ) -> Value {
        let (first_y, from_y, to_y) = self.taps(k, 0, window[0]);
        let (first_x, from_x, to_x) = self.taps(k, 1, window[1]);
        k.fold(from_y, to_y, &[initial], |k, ky, carried| {
            let y = k.add(first_y, k.mul(ky, k.index(self.dilation[0])));
            k.fold(from_x, to_x, carried, |k, kx, carried| {
                let x = k.add(first_x, k.mul(kx, k.index(self.dilation[1])));
                vec![body(k, [y, x], [ky, kx], carried[0])]
            })
        })[0]
    }

    /// The position of the first tap of a window, and the taps that lie inside: from, to.
    fn taps(&self, k: &Kernel, d: usize, window: Value) -> (Value, Value, Value) {
        let first = k.sub(k.mul(window, k.index(self.stride[d])), k.index(self.before[d]));
        if self.inside[d] {
            return (first, k.index(0), k.index(self.kernel[d]));
        }
        let (zero, step) = (k.index(0), k.index(self.dilation[d]));
        // Taps below -first / dilation lie before the input, from (size - first) / dilation on behind it.
        let up = |value: Value| k.binary("arith.divsi", k.add(value, k.index(self.dilation[d] - 1)), step);
        let from = up(k.max(k.sub(zero, first), zero));
        let to = k.min(up(k.max(k.sub(k.index(self.size[d]), first), zero)), k.index(self.kernel[d]));
        (first, from, to)
    }
}
