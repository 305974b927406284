//! The arithmetic of shapes, against its definitions.

use proptest::prelude::*;

use super::{Window, broadcast, element_count, fit, transpose_values};

proptest! {
    /// As many positions as the floor formula says, at the same places, and TOSA's division is exact.
    #[test]
    fn fitting_keeps_every_position(
        size in 1i64..40, kernel in 1i64..6, stride in 1i64..6, dilation in 1i64..4, before in 0i64..6, after in 0i64..6,
    ) {
        let window = Window {
            kernel: [kernel, 1],
            stride: [stride, 1],
            dilation: [dilation, 1],
            pad: [before, after, 0, 0],
        };
        let extent = dilation * (kernel - 1) + 1;
        let room = size + before + after - extent;
        match fit(size, &window, 0) {
            Ok(fitted) => {
                prop_assert_eq!(fitted.positions, room / stride + 1);
                prop_assert_eq!(fitted.before, before);
                let left = fitted.size + fitted.before + fitted.after - extent;
                prop_assert_eq!((left % stride, left / stride + 1), (0, fitted.positions));
                // What is cut from the input lies behind the last window, and padding is then none.
                let end = (fitted.positions - 1) * stride + extent - before;
                prop_assert!(fitted.size == size || (fitted.after == 0 && fitted.size == end));
                prop_assert!(fitted.size >= 1 && fitted.size <= size && (0..=after).contains(&fitted.after));
            }
            Err(_) => prop_assert!(room < 0 || (room / stride) * stride + extent - before < 1),
        }
    }

    #[test]
    fn transposed_constants(
        shape in prop::collection::vec(1i64..4, 0..5), seed in any::<u64>(),
    ) {
        let mut perm: Vec<usize> = (0..shape.len()).collect();
        for i in (1..perm.len()).rev() {
            perm.swap(i, (seed >> (8 * i)) as usize % (i + 1));
        }
        let count = element_count(&shape).expect("a small shape");
        let values: Vec<f32> = (0..count).map(|i| i as f32).collect();
        let found = transpose_values(&values, &shape, &perm).expect("a permutation");
        let to: Vec<i64> = perm.iter().map(|dim| shape[*dim]).collect();
        for (at, value) in found.iter().enumerate() {
            // Index in the result, from the last dimension on; then the position in the operand.
            let (mut rest, mut index) = (at as i64, vec![0; shape.len()]);
            for dim in (0..to.len()).rev() {
                index[perm[dim]] = rest % to[dim];
                rest /= to[dim];
            }
            let position = index.iter().zip(&shape).fold(0, |position, (i, size)| position * size + i);
            prop_assert_eq!(*value, position as f32);
        }
    }
}

#[test]
fn broadcasting_aligns_the_last_dimension() {
    assert_eq!(broadcast(&[2, 1, 4], &[3, 1]), Ok(vec![2, 3, 4]));
    assert_eq!(broadcast(&[], &[3]), Ok(vec![3]));
    assert!(broadcast(&[2], &[3]).is_err());
}

#[test]
fn sizes_are_bounded() {
    assert_eq!(element_count(&[]), Ok(1));
    assert!(element_count(&[1 << 31]).is_err());
    assert!(element_count(&[i64::MAX, i64::MAX]).is_err());
    assert!(element_count(&[0]).is_err());
    assert!(element_count(&[1; 17]).is_err());
}
