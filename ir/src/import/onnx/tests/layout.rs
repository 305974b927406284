//! Transpositions are made where they are needed, and not twice.

use super::super::testing::{Model, check};

#[test]
fn a_network_is_transposed_once() {
    let model = Model::on(&[1, 3, 8, 8])
        .counting("w", &[4, 3, 1, 1])
        .counting("fc", &[2, 4])
        .node("Conv", "x w", "a")
        .node("Relu", "a", "b")
        .node("Add", "a b", "c")
        .node("GlobalAveragePool", "c", "d")
        .node("Flatten", "d", "e")
        .node("Gemm", "e fc", "f")
        .int("transB", 1)
        .node("Softmax", "f", "y");
    check(
        &model,
        &[
            "transpose perms=0,2,3,1 : 1x8x8x3",
            "conv2d dilation=1,1 pad=0,0,0,0 stride=1,1 : 1x8x8x4",
            "clamp max_val=none min_val=0 : 1x8x8x4",
            "add : 1x8x8x4",
            "avg_pool2d kernel=8,8 pad=0,0,0,0 stride=1,1 : 1x1x1x4",
            "conv2d dilation=1,1 pad=0,0,0,0 stride=1,1 : 1x1x1x2",
            "reduce_max axis=3 : 1x1x1x1",
            "sub : 1x1x1x2",
            "exp : 1x1x1x2",
            "reduce_sum axis=3 : 1x1x1x1",
            "reciprocal : 1x1x1x1",
            "mul : 1x1x1x2",
            "reshape : 1x2",
        ],
    );
}

#[test]
fn a_flattened_image_is_transposed_back() {
    let model = Model::on(&[1, 1, 4, 4])
        .counting("w", &[2, 1, 1, 1])
        .node("Conv", "x w", "a")
        .node("Flatten", "a", "y");
    check(
        &model,
        &[
            "reshape : 1x4x4x1",
            "conv2d dilation=1,1 pad=0,0,0,0 stride=1,1 : 1x4x4x2",
            "transpose perms=0,3,1,2 : 1x2x4x4",
            "reshape : 1x32",
        ],
    );
}

#[test]
fn transpositions_in_the_model_may_be_what_an_image_is() {
    // A model that takes NHWC and transposes for its convolution.
    let model = Model::on(&[1, 4, 4, 3])
        .counting("w", &[2, 3, 1, 1])
        .node("Transpose", "x", "a")
        .int_list("perm", &[0, 3, 1, 2])
        .node("Conv", "a w", "b")
        .node("Transpose", "b", "y")
        .int_list("perm", &[0, 2, 3, 1]);
    check(&model, &["conv2d dilation=1,1 pad=0,0,0,0 stride=1,1 : 1x4x4x2"]);
}

#[test]
fn constants_and_vectors_follow_the_image() {
    let model = Model::on(&[1, 3, 4, 4])
        .counting("w", &[2, 3, 1, 1])
        .counting("b", &[2, 1, 1])
        .counting("row", &[4])
        .node("Conv", "x w", "a")
        .node("Add", "b a", "c")
        .node("Mul", "c row", "d")
        .node("Concat", "d d", "e")
        .int("axis", 1)
        .node("GlobalAveragePool", "e", "y");
    check(
        &model,
        &[
            "transpose perms=0,2,3,1 : 1x4x4x3",
            "conv2d dilation=1,1 pad=0,0,0,0 stride=1,1 : 1x4x4x2",
            "add : 1x4x4x2",
            "mul : 1x4x4x2",
            "concat axis=3 : 1x4x4x4",
            "avg_pool2d kernel=4,4 pad=0,0,0,0 stride=1,1 : 1x1x1x4",
            "reshape : 1x4x1x1",
        ],
    );
}

#[test]
fn a_form_is_made_once() {
    let model = Model::new()
        .input("x", &[1, 2, 3, 3])
        .output("y")
        .output("z")
        .counting("w", &[2, 2, 1, 1])
        .node("Conv", "x w", "y")
        .node("Conv", "x w", "a")
        .node("Add", "a y", "z");
    check(
        &model,
        &[
            "transpose perms=0,2,3,1 : 1x3x3x2",
            "conv2d dilation=1,1 pad=0,0,0,0 stride=1,1 : 1x3x3x2",
            "conv2d dilation=1,1 pad=0,0,0,0 stride=1,1 : 1x3x3x2",
            "add : 1x3x3x2",
            "transpose perms=0,3,1,2 : 1x2x3x3",
            "transpose perms=0,3,1,2 : 1x2x3x3",
        ],
    );
}
