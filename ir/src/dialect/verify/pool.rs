//! add, sum_pool2d, max_pool2d.

use super::{Check, Violation, list, one_kind, ranked, result_shape, same_element, shape};
use crate::{
    dialect::{shape as sizes, view::Pool},
    mlir::Op,
};

pub(super) fn add(op: Op) -> Check {
    let (lhs, rhs) = (shape(op.operand(0)), shape(op.operand(1)));
    one_kind(&op.operands())?;
    let Some(sum) = sizes::broadcast(&lhs, &rhs) else {
        let found = format!("{} and {}", list(&lhs), list(&rhs));
        return Err(Violation::new("A1", "operands of one rank whose sizes are equal or 1", found));
    };
    result_shape("A1", op, &sum)
}

pub(super) fn sum_pool(op: Op) -> Check {
    window(op, "P1")
}

pub(super) fn max_pool(op: Op) -> Check {
    same_element(op.operand(0), op.result(0))?;
    window(op, "P2")
}

fn window(op: Op, rule: &'static str) -> Check {
    let pool = Pool::of(op)?;
    let input = ranked(rule, "an NHWC input", op.operand(0), 4)?;
    if pool.kernel.iter().chain(&pool.stride).any(|&n| n < 1) {
        let found = format!("kernel {:?}, stride {:?}", pool.kernel, pool.stride);
        return Err(Violation::new("P3", "kernel and stride of at least 1", found));
    }
    let [top, bottom, left, right] = pool.pad;
    let narrow = |pad: i64, kernel: i64| (0..kernel).contains(&pad);
    if ![top, bottom].iter().all(|&p| narrow(p, pool.kernel[0]))
        || ![left, right].iter().all(|&p| narrow(p, pool.kernel[1]))
    {
        let expected = format!("padding of at least 0 and less than the kernel {}", list(&pool.kernel));
        return Err(Violation::new("P3", expected, format!("{:?}", pool.pad)));
    }
    let Some([height, width]) = sizes::pool(&input, &pool) else {
        let found = format!("{} with a kernel of {}", list(&input), list(&pool.kernel));
        return Err(Violation::new(rule, "an input that holds at least one window", found));
    };
    result_shape(rule, op, &[input[0], height, width, input[3]])
}
