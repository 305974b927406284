//! The arithmetic of shapes, against its definitions.

use proptest::prelude::*;

use super::{Built, Misfit, Tosa, Window, broadcast, element_count, fit, transpose_values};
use crate::mlir::{Loc, Session};

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

/// Checks that a function refuses its operands, with this expectation and finding.
#[track_caller]
fn refused(build: impl FnOnce(&mut Tosa) -> Built, expected: &str, found: &str) {
    let session = Session::new();
    let loc = Loc::unknown(session.ctx());
    let module = session.empty_module(loc);
    let (_, block) = module.add_function(loc, "f", &[], &[]);
    let misfit = build(&mut Tosa::new(module.builder(block), loc)).err();
    assert_eq!(misfit, Some(Misfit::new(expected, found)));
}

#[test]
fn operands_that_do_not_fit() {
    fn zeros(t: &Tosa, shape: &[i64]) -> crate::mlir::Value {
        let count = shape.iter().product::<i64>() as usize;
        t.constant("c", shape, &vec![0.0; count]).unwrap_or_else(|misfit| panic!("{misfit:?}"))
    }
    const WINDOW: Window = Window { kernel: [1; 2], stride: [1; 2], dilation: [1; 2], pad: [0; 4] };
    refused(|t| t.constant("c", &[2], &[0.0]), "2 values for a constant 2", "1");
    refused(|t| t.binary("tosa.add", zeros(t, &[2]), zeros(t, &[1, 2])), "operands of one rank", "2 and 1x2");
    refused(
        |t| t.matmul(zeros(t, &[1, 2, 3]), zeros(t, &[1, 2, 3])),
        "matrices [b, m, k] and [b, k, n]",
        "1x2x3 and 1x2x3",
    );
    refused(|t| t.reverse(zeros(t, &[2]), 1), "a dimension below 1", "1");
    refused(|t| t.reduce("tosa.reduce_sum", zeros(t, &[2]), 2), "a dimension below 1", "2");
    refused(
        |t| t.clamp(zeros(t, &[2]), 1.0, 0.0),
        "a lower limit not above the upper limit",
        "limits 1 and 0",
    );
    refused(|t| t.concat(&[zeros(t, &[2])], 1), "operands that differ in dimension 1 alone", "2");
    refused(
        |t| t.pad(zeros(t, &[2]), &[-1], &[0], 0.0),
        "1 widths from 0 to 2147483647",
        "-1 before and 0 behind",
    );
    refused(
        |t| t.conv2d(zeros(t, &[1, 2, 2, 3]), zeros(t, &[4, 1, 1, 2]), zeros(t, &[4]), &WINDOW),
        "an image [n, h, w, c] and weights [o, kh, kw, c]",
        "1x2x2x3 and 4x1x1x2",
    );
    refused(
        |t| t.depthwise_conv2d(zeros(t, &[1, 2, 2, 3]), zeros(t, &[1, 1, 3, 2]), zeros(t, &[3]), &WINDOW),
        "a bias of 6 elements",
        "3",
    );
    refused(|t| t.max_pool2d(zeros(t, &[2]), &WINDOW), "a tensor of rank 4, NHWC", "2");
    refused(
        |t| t.avg_pool2d(zeros(t, &[1, 3, 3, 1]), &Window { dilation: [2, 1], ..WINDOW }),
        "a pool without dilation",
        "dilation [2, 1]",
    );
}
