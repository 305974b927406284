//! Sizes of results. Shapes are NHWC; all sizes are checked to be positive and in range.

use super::view::{Conv, Pool};

/// Number of windows along one dimension: `floor((in + before + after - (dilation*(kernel-1)+1)) / stride) + 1`;
/// none if there is no whole window. More than `i64::MAX` windows count as that many: no tensor has such a size.
pub fn windows(size: i64, before: i64, after: i64, kernel: i64, dilation: i64, stride: i64) -> Option<i64> {
    let [size, before, after, kernel, dilation, stride] =
        [size, before, after, kernel, dilation, stride].map(i128::from);
    let room = size + before + after - (dilation * (kernel - 1) + 1);
    (room >= 0 && stride > 0).then(|| i64::try_from(room / stride + 1).unwrap_or(i64::MAX))
}

/// Height and width of a convolution's result for an NHWC input and a kernel of these sizes.
pub fn conv(input: &[i64], kernel: [i64; 2], conv: &Conv) -> Option<[i64; 2]> {
    let [top, bottom, left, right] = conv.pad;
    Some([
        windows(input[1], top, bottom, kernel[0], conv.dilation[0], conv.stride[0])?,
        windows(input[2], left, right, kernel[1], conv.dilation[1], conv.stride[1])?,
    ])
}

/// Height and width of a pool's result for an NHWC input.
pub fn pool(input: &[i64], pool: &Pool) -> Option<[i64; 2]> {
    let [top, bottom, left, right] = pool.pad;
    Some([
        windows(input[1], top, bottom, pool.kernel[0], 1, pool.stride[0])?,
        windows(input[2], left, right, pool.kernel[1], 1, pool.stride[1])?,
    ])
}

/// The shape of the sum of two operands, dimensions of size 1 repeated; none if they do not fit.
pub fn broadcast(lhs: &[i64], rhs: &[i64]) -> Option<Vec<i64>> {
    if lhs.len() != rhs.len() {
        return None;
    }
    lhs.iter()
        .zip(rhs)
        .map(|(&a, &b)| match (a, b) {
            _ if a == b => Some(a),
            (1, other) | (other, 1) => Some(other),
            _ => None,
        })
        .collect()
}

/// Number of elements of a box `[0, size)` that a slice from `start` in steps of `stride` may take at most.
pub fn slice_limit(size: i64, start: i64, stride: i64) -> i64 {
    if start < 0 || start >= size || stride < 1 { 0 } else { (size - start - 1) / stride + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_round_down() {
        assert_eq!(windows(224, 1, 1, 3, 1, 2), Some(112));
        assert_eq!(windows(5, 0, 0, 3, 2, 1), Some(1));
        assert_eq!(windows(4, 0, 0, 3, 2, 1), None);
        assert_eq!(windows(i64::MAX, 1, 0, 1, 1, 1), Some(i64::MAX));
        assert_eq!(windows(8, i64::MAX, i64::MAX, 3, 1, i64::MAX), Some(3));
        assert_eq!(windows(8, 0, 0, i64::MAX, i64::MAX, 1), None);
    }

    #[test]
    fn ones_are_repeated() {
        assert_eq!(broadcast(&[1, 4, 4, 8], &[1, 1, 1, 8]), Some(vec![1, 4, 4, 8]));
        assert_eq!(broadcast(&[2, 3], &[2, 4]), None);
        assert_eq!(broadcast(&[2], &[2, 1]), None);
    }
}
