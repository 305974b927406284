//! conv2d, depthwise_conv2d, fully_connected, matmul.

use super::{Check, Violation, boundary::channels, list, one_kind, ranked, result_shape, shape};
use crate::{
    dialect::{Element, shape as sizes, view, view::Conv},
    mlir::Op,
};

pub(super) fn convolution(op: Op) -> Check {
    let conv = Conv::of(op)?;
    let input = ranked("C1", "an NHWC input", op.operand(0), 4)?;
    let weight = ranked("C1", "weights", op.operand(1), 4)?;
    kinds(op)?;
    if conv.stride.iter().chain(&conv.dilation).any(|&n| n < 1) {
        let found = format!("stride {:?}, dilation {:?}", conv.stride, conv.dilation);
        return Err(Violation::new("C3", "strides and dilations of at least 1", found));
    }
    if conv.pad.iter().any(|&n| n < 0) {
        return Err(Violation::new("C3", "padding of at least 0", format!("{:?}", conv.pad)));
    }
    let channels_in = input[3];
    let (kernel, channels_out) = if conv.depthwise {
        if conv.groups != 1 {
            return Err(Violation::new(
                "C2",
                "no 'groups' on a depthwise convolution",
                conv.groups.to_string(),
            ));
        }
        if weight[2] != channels_in {
            let expected = format!("HWCM weights for {channels_in} input channels");
            return Err(Violation::new("C2", expected, list(&weight)));
        }
        ([weight[0], weight[1]], channels_in.saturating_mul(weight[3]))
    } else {
        let groups = conv.groups;
        if groups < 1 || channels_in % groups != 0 || weight[0] % groups != 0 {
            let expected =
                format!("groups that divide {channels_in} input and {} output channels", weight[0]);
            return Err(Violation::new("C2", expected, groups.to_string()));
        }
        if weight[3] != channels_in / groups {
            let expected =
                format!("OHWI weights with I = {} (input channels / groups)", channels_in / groups);
            return Err(Violation::new("C2", expected, list(&weight)));
        }
        ([weight[1], weight[2]], weight[0])
    };
    let Some([height, width]) = sizes::conv(&input, kernel, &conv) else {
        let expected = "an input that holds at least one window";
        return Err(Violation::new(
            "C4",
            expected,
            format!("{} with a kernel of {}", list(&input), list(&kernel)),
        ));
    };
    result_shape("C4", op, &[input[0], height, width, channels_out])?;
    bias(op, channels_out)?;
    channels("C6", op, channels_out)
}

pub(super) fn fully_connected(op: Op) -> Check {
    let input = ranked("C7", "an input [N, I]", op.operand(0), 2)?;
    let weight = ranked("C7", "weights [O, I]", op.operand(1), 2)?;
    kinds(op)?;
    if input[1] != weight[1] {
        return Err(Violation::new("C7", format!("weights [O, {}]", input[1]), list(&weight)));
    }
    result_shape("C7", op, &[input[0], weight[0]])?;
    bias(op, weight[0])?;
    channels("C6", op, weight[0])
}

pub(super) fn matmul(op: Op) -> Check {
    let lhs = ranked("C8", "a left operand [B, M, K]", op.operand(0), 3)?;
    let rhs = ranked("C8", "a right operand [B, K, N]", op.operand(1), 3)?;
    kinds(op)?;
    if lhs[0] != rhs[0] || lhs[2] != rhs[1] {
        let expected = format!("a right operand [{}, {}, N]", lhs[0], lhs[2]);
        return Err(Violation::new("C8", expected, list(&rhs)));
    }
    result_shape("C8", op, &[lhs[0], lhs[1], rhs[2]])
}

/// Rule T2: input and weights are both real, or both coded.
fn kinds(op: Op) -> Check {
    one_kind(&op.operands()[..2])
}

/// Rule C5.
fn bias(op: Op, channels: i64) -> Check {
    let Some(bias) = view::bias(op) else { return Ok(()) };
    if shape(bias) != [channels] {
        return Err(Violation::new("C5", format!("a bias of {channels} elements"), bias.ty().to_string()));
    }
    let real = Element::of(op.operand(0).ty()) == Element::Real;
    let expected = if real { "f32" } else { "!afp.exact" };
    if (Element::of(bias.ty()) == Element::Real) != real {
        return Err(Violation::new("C5", format!("a bias of {expected}"), bias.ty().element().to_string()));
    }
    Ok(())
}
