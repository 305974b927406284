//! Convolutions and pools.

use super::super::testing::{Model, check, check_error, constants};

fn conv(input: &[i64], weights: &[i64]) -> Model {
    Model::on(input).counting("w", weights).node("Conv", "x w", "y")
}

#[test]
fn convolution_with_asymmetric_pads() {
    let model = conv(&[1, 3, 8, 8], &[4, 3, 3, 3]).int_list("pads", &[0, 1, 2, 1]);
    check(
        &model,
        &[
            "transpose perms=0,2,3,1 : 1x8x8x3",
            "conv2d dilation=1,1 pad=0,2,1,1 stride=1,1 : 1x8x8x4",
            "transpose perms=0,3,1,2 : 1x4x8x8",
        ],
    );
}

#[test]
fn weights_become_ohwi_and_a_missing_bias_is_zero() {
    let found = constants(&conv(&[1, 2, 1, 1], &[2, 2, 1, 2]).int_list("pads", &[0, 1, 0, 0]), "tosa.conv2d");
    // [o][i][h][w] counts 1, 2 | 3, 4 for the first output channel.
    assert_eq!(found[0], (vec![2, 1, 2, 2], vec![1.0, 3.0, 2.0, 4.0, 5.0, 7.0, 6.0, 8.0]));
    assert_eq!(found[1], (vec![2], vec![0.0, 0.0]));
}

#[test]
fn surplus_is_cut_from_the_padding_first() {
    let model =
        conv(&[1, 1, 224, 224], &[1, 1, 3, 3]).int_list("strides", &[2, 2]).int_list("pads", &[1, 1, 1, 1]);
    check(
        &model,
        &[
            "reshape : 1x224x224x1",
            "conv2d dilation=1,1 pad=1,0,1,0 stride=2,2 : 1x112x112x1",
            "reshape : 1x1x112x112",
        ],
    );
}

#[test]
fn surplus_is_cut_from_the_input_next() {
    let model = conv(&[1, 1, 8, 9], &[1, 1, 1, 1]).int_list("strides", &[3, 2]);
    check(
        &model,
        &[
            "reshape : 1x8x9x1",
            "slice : 1x7x9x1",
            "conv2d dilation=1,1 pad=0,0,0,0 stride=3,2 : 1x3x5x1",
            "reshape : 1x1x3x5",
        ],
    );
}

#[test]
fn auto_pad_puts_the_odd_element_where_it_says() {
    for (rule, pad) in [("SAME_UPPER", "0,1,0,1"), ("SAME_LOWER", "1,0,1,0"), ("VALID", "0,0,0,0")] {
        let model = conv(&[1, 1, 5, 5], &[1, 1, 2, 2]).text("auto_pad", rule);
        let size = if rule == "VALID" { "4x4" } else { "5x5" };
        check(
            &model,
            &[
                "reshape : 1x5x5x1",
                &format!("conv2d dilation=1,1 pad={pad} stride=1,1 : 1x{size}x1"),
                &format!("reshape : 1x1x{size}"),
            ],
        );
    }
}

#[test]
fn depthwise_with_a_multiplier() {
    let model = conv(&[1, 2, 2, 2], &[4, 1, 1, 2]).int("group", 2);
    check(
        &model,
        &[
            "transpose perms=0,2,3,1 : 1x2x2x2",
            "depthwise_conv2d dilation=1,1 pad=0,0,0,0 stride=1,1 : 1x2x1x4",
            "transpose perms=0,3,1,2 : 1x4x2x1",
        ],
    );
    // Output channel c * M + m counts 1, 2 | 3, 4 | 5, 6 | 7, 8 over the kernel's width.
    assert_eq!(
        constants(&model, "tosa.depthwise_conv2d")[0],
        (vec![1, 2, 2, 2], vec![1.0, 3.0, 5.0, 7.0, 2.0, 4.0, 6.0, 8.0])
    );
}

#[test]
fn other_groups_are_convolved_one_by_one() {
    let model = conv(&[1, 4, 1, 2], &[2, 2, 1, 1]).int("group", 2).int_list("dilations", &[2, 2]);
    check(
        &model,
        &[
            "transpose perms=0,2,3,1 : 1x1x2x4",
            "slice : 1x1x2x2",
            "conv2d dilation=2,2 pad=0,0,0,0 stride=1,1 : 1x1x2x1",
            "slice : 1x1x2x2",
            "conv2d dilation=2,2 pad=0,0,0,0 stride=1,1 : 1x1x2x1",
            "concat axis=3 : 1x1x2x2",
            "transpose perms=0,3,1,2 : 1x2x1x2",
        ],
    );
}

#[test]
fn one_spatial_dimension_is_an_image_of_height_1() {
    let model = conv(&[2, 3, 10], &[5, 3, 4]).int_list("strides", &[3]).int_list("pads", &[1, 1]);
    check(
        &model,
        &[
            "reshape : 2x3x1x10",
            "transpose perms=0,2,3,1 : 2x1x10x3",
            "slice : 2x1x9x3",
            "conv2d dilation=1,1 pad=0,0,1,0 stride=1,3 : 2x1x3x5",
            "transpose perms=0,3,1,2 : 2x5x1x3",
            "reshape : 2x5x3",
        ],
    );
}

#[test]
fn a_convolution_must_fit() {
    check_error(
        &conv(&[1, 3, 8, 8], &[4, 2, 3, 3]),
        &[
            "AFP0112 | Conv: weights do not fit | 'conv' | weights 4x2x3x3, 1 groups, input 1x3x8x8 | operands: 'x' 1x3x8x8",
        ],
    );
    check_error(
        &conv(&[1, 1, 2, 2], &[1, 1, 3, 3]),
        &[
            "AFP0113 | Conv: operands do not fit | no larger than the padded input, 2 elements | a window of 3",
        ],
    );
    check_error(
        &conv(&[1, 1, 8, 8], &[1, 1, 3, 3]).int_list("kernel_shape", &[5, 5]),
        &["AFP0112 | kernel_shape | [3, 3] | [5, 5]"],
    );
    check_error(
        &conv(&[1, 1, 8, 8, 8], &[1, 1, 3, 3, 3]),
        &["AFP0111 | number of spatial dimensions | 1x1x8x8x8"],
    );
    check_error(
        &conv(&[1, 1, 8, 8], &[1, 1, 3, 3]).text("auto_pad", "SAME"),
        &["AFP0112 | auto_pad | SAME_UPPER | found: SAME"],
    );
    check_error(
        &conv(&[1, 1, 8, 8], &[1, 1, 3, 3]).int_list("strides", &[1]),
        &["AFP0112 | attribute 'strides' | 2 integers of at least 1 | [1]"],
    );
    check_error(
        &conv(&[1, 1, 8, 8], &[1, 1, 1, 1]).int_list("pads", &[9, 9, 0, 0]).int_list("strides", &[20, 20]),
        &["AFP0113 | windows that reach the input | windows on padding alone"],
    );
    let bias =
        Model::on(&[1, 1, 8, 8]).counting("w", &[2, 1, 3, 3]).counting("b", &[3]).node("Conv", "x w b", "y");
    check_error(&bias, &["AFP0112 | Conv: bias | 2 elements | found: 3"]);
    let computed = Model::on(&[1, 1, 3, 3]).node("Conv", "x x", "y");
    check_error(
        &computed,
        &["AFP0111 | Conv: weights | constant float numbers | 'x' 1x1x3x3 computed at run time"],
    );
}

fn pool(op: &str, size: i64, kernel: i64, stride: i64) -> Model {
    Model::on(&[1, 1, size, size])
        .node(op, "x", "y")
        .int_list("kernel_shape", &[kernel; 2])
        .int_list("strides", &[stride; 2])
}

#[test]
fn pools_round_down() {
    check(
        &pool("MaxPool", 8, 3, 2),
        &[
            "reshape : 1x8x8x1",
            "slice : 1x7x7x1",
            "max_pool2d kernel=3,3 pad=0,0,0,0 stride=2,2 : 1x3x3x1",
            "reshape : 1x1x3x3",
        ],
    );
}

#[test]
fn pools_round_up_if_asked() {
    check(
        &pool("MaxPool", 8, 3, 2).int("ceil_mode", 1),
        &["reshape : 1x8x8x1", "max_pool2d kernel=3,3 pad=0,1,0,1 stride=2,2 : 1x4x4x1", "reshape : 1x1x4x4"],
    );
}

#[test]
fn a_window_that_begins_behind_the_input_is_dropped() {
    // ceil((4 + 1 + 1 - 2) / 3) + 1 = 3 positions, but the last would begin at 6 >= 4 + 1.
    check(
        &pool("MaxPool", 4, 2, 3).int("ceil_mode", 1).int_list("pads", &[1; 4]),
        &["reshape : 1x4x4x1", "max_pool2d kernel=2,2 pad=1,0,1,0 stride=3,3 : 1x2x2x1", "reshape : 1x1x2x2"],
    );
}

#[test]
fn average_pools_count_padding_only_if_asked() {
    let model = pool("AveragePool", 4, 3, 1).int_list("pads", &[1; 4]);
    check(
        &model,
        &["reshape : 1x4x4x1", "avg_pool2d kernel=3,3 pad=1,1,1,1 stride=1,1 : 1x4x4x1", "reshape : 1x1x4x4"],
    );
    check(
        &model.int("count_include_pad", 1),
        &[
            "reshape : 1x4x4x1",
            "pad : 1x6x6x1",
            "avg_pool2d kernel=3,3 pad=0,0,0,0 stride=1,1 : 1x4x4x1",
            "reshape : 1x1x4x4",
        ],
    );
}

#[test]
fn global_pools_and_spatial_means_cover_the_image() {
    for (op, pool) in [("GlobalAveragePool", "avg_pool2d"), ("GlobalMaxPool", "max_pool2d")] {
        check(
            &Model::on(&[1, 3, 4, 5]).node(op, "x", "y"),
            &[
                "transpose perms=0,2,3,1 : 1x4x5x3",
                &format!("{pool} kernel=4,5 pad=0,0,0,0 stride=1,1 : 1x1x1x3"),
                "reshape : 1x3x1x1",
            ],
        );
    }
    check(
        &Model::on(&[1, 3, 4, 5]).node("ReduceMean", "x", "y").int_list("axes", &[-1, 2]).int("keepdims", 0),
        &[
            "transpose perms=0,2,3,1 : 1x4x5x3",
            "avg_pool2d kernel=4,5 pad=0,0,0,0 stride=1,1 : 1x1x1x3",
            "reshape : 1x3",
        ],
    );
}

#[test]
fn other_means_are_scaled_sums() {
    check(
        &Model::on(&[2, 3, 4]).node("ReduceMean", "x", "y").int_list("axes", &[2]),
        &["reduce_sum axis=2 : 2x3x1", "mul : 2x3x1"],
    );
    let all = Model::on(&[2, 3]).node("ReduceMax", "x", "y").int("keepdims", 0);
    check(&all, &["reduce_max axis=0 : 1x3", "reduce_max axis=1 : 1x1", "reshape : scalar"]);
    let by_input = Model::on(&[2, 3]).ints("a", &[-1]).node("ReduceSum", "x a", "y");
    check(&by_input, &["reduce_sum axis=1 : 2x1"]);
    check(&Model::on(&[2, 3]).node("ReduceMin", "x", "y").int("noop_with_empty_axes", 1), &[]);
}

#[test]
fn pools_that_are_not_supported() {
    check_error(
        &pool("MaxPool", 8, 3, 1).int_list("dilations", &[2, 2]),
        &["AFP0111 | MaxPool: attribute 'dilations' | [1, 1] | [2, 2]"],
    );
    check_error(
        &pool("MaxPool", 8, 2, 1).int_list("pads", &[2; 4]),
        &["AFP0113 | padding smaller than the kernel 2x2 | [2, 2, 2, 2]"],
    );
    check_error(
        &Model::on(&[1, 1, 8, 8]).node("MaxPool", "x", "y"),
        &["AFP0112 | kernel_shape | the sizes of the kernel"],
    );
    check_error(
        &Model::on(&[1, 1, 8, 8]).node("MaxPool", "x", "v y").int_list("kernel_shape", &[2, 2]),
        &["AFP0111 | MaxPool: output 1 | 'y' is used"],
    );
    check_error(
        &pool("MaxPool", 8, 2, 1).int("ceil_mode", 2),
        &["AFP0112 | attribute 'ceil_mode' | 0 or 1 | found: 2"],
    );
}
