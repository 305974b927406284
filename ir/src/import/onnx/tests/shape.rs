//! Operators that move elements, and shapes that are computed.

use super::super::testing::{Model, check, check_error};

#[test]
fn reshapes() {
    let model = |shape: &[i64]| Model::on(&[2, 3, 4]).ints("s", shape).node("Reshape", "x s", "y");
    check(&model(&[0, -1]), &["reshape : 2x12"]);
    check(&model(&[4, 3, 2]), &["reshape : 4x3x2"]);
    check(&model(&[2, 3, 4]), &[]);
    for shape in [&[5, -1][..], &[-1, -1], &[2, 3, 5], &[1, 1, 1, 0], &[-2, 12]] {
        let expected = match shape {
            [2, 3, 5] => "AFP0113 | a shape of 24 elements",
            _ => "AFP0112 | Reshape: shape | a shape for the elements of 2x3x4",
        };
        check_error(&model(shape), &[expected]);
    }
    check_error(
        &Model::on(&[2]).node("Reshape", "x x", "y"),
        &["AFP0111 | input 'shape' | constant integers | onnxsim"],
    );
    check(
        &Model::on(&[2, 3]).opset(1).node("Reshape", "x", "y").int_list("shape", &[3, 2]),
        &["reshape : 3x2"],
    );
    check(&Model::on(&[2, 3, 4]).node("Flatten", "x", "y").int("axis", -1), &["reshape : 6x4"]);
    check(&Model::on(&[2, 3, 4]).node("Flatten", "x", "y").int("axis", 3), &["reshape : 24x1"]);
    check(&Model::on(&[2, 1, 4]).node("Squeeze", "x", "y"), &["reshape : 2x4"]);
    check_error(
        &Model::on(&[2, 1, 4]).opset(11).node("Squeeze", "x", "y").int_list("axes", &[0]),
        &["AFP0112 | Squeeze: axes | size 1 | dimension 0 of 2x1x4"],
    );
    check(&Model::on(&[2, 4]).ints("a", &[0, -1]).node("Unsqueeze", "x a", "y"), &["reshape : 1x2x4x1"]);
    check_error(
        &Model::on(&[2, 4]).ints("a", &[0, -4]).node("Unsqueeze", "x a", "y"),
        &["AFP0112 | axes | each dimension once | [0, -4]"],
    );
}

#[test]
fn a_shape_that_the_model_computes_is_a_constant() {
    // What torch exports for x.view(x.size(0), -1).
    let model = Model::on(&[2, 3, 4])
        .ints("rest", &[-1])
        .ints("axes", &[0])
        .tensor(super::super::proto::Tensor {
            dims: vec![],
            int64_data: vec![0],
            data_type: 7,
            name: "zero".into(),
            ..Default::default()
        })
        .node("Shape", "x", "sizes")
        .node("Gather", "sizes zero", "batch")
        .int("axis", 0)
        .node("Unsqueeze", "batch axes", "batch1")
        .node("Cast", "batch1", "batch2")
        .int("to", 7)
        .node("Concat", "batch2 rest", "to")
        .int("axis", 0)
        .node("Reshape", "x to", "y");
    check(&model, &["reshape : 2x12"]);
    let model = Model::on(&[2, 12])
        .ints("two", &[2])
        .ints("start", &[1])
        .ints("end", &[2])
        .node("Shape", "x", "sizes")
        .node("Slice", "sizes start end", "last")
        .node("Div", "last two", "half")
        .node("Sub", "half two", "less")
        .node("Add", "less two", "more")
        .node("Mul", "more two", "all")
        .node("Max", "all two", "max")
        .node("Min", "max all", "min")
        .node("Concat", "two two min", "mixed")
        .int("axis", 0)
        .node("Slice", "mixed start end", "cut")
        .node("Concat", "cut min", "to")
        .int("axis", 0)
        .node("Reshape", "x to", "y");
    check(&model, &[]);
    let overflow =
        Model::on(&[2]).ints("big", &[i64::MAX]).node("Add", "big big", "s").node("Reshape", "x s", "y");
    check_error(&overflow, &["AFP0112 | Add: arithmetic on constants | within 64 bits | an overflow"]);
    let zero = Model::on(&[2]).ints("zero", &[0]).node("Div", "zero zero", "s").node("Reshape", "x s", "y");
    check_error(&zero, &["AFP0112 | Div | a division by zero"]);
}

#[test]
fn transpositions_and_parts() {
    check(&Model::on(&[2, 3, 4]).node("Transpose", "x", "y"), &["transpose perms=2,1,0 : 4x3x2"]);
    check_error(
        &Model::on(&[2, 3]).node("Transpose", "x", "y").int_list("perm", &[0, 0]),
        &["AFP0113 | a permutation of 2 dimensions"],
    );
    check(&Model::on(&[4, 2]).node("Split", "x", "y z"), &["slice : 2x2", "slice : 2x2"]);
    check_error(
        &Model::on(&[4, 2]).ints("s", &[1, 2]).node("Split", "x s", "y z"),
        &["AFP0112 | Split: sizes of the parts | a sum of 4 | found: 3"],
    );
    check_error(&Model::on(&[1, 2]).node("Split", "x", "y z"), &["AFP0112 | number of parts | found: 2"]);
    check(&Model::on(&[4, 2]).ints("i", &[-1]).node("Gather", "x i", "y"), &["slice : 1x2"]);
    check(
        &Model::on(&[4, 2]).ints("i", &[1, 0]).node("Gather", "x i", "y"),
        &["slice : 1x2", "slice : 1x2", "concat axis=0 : 2x2"],
    );
    check_error(
        &Model::on(&[4, 2]).ints("i", &[4]).node("Gather", "x i", "y"),
        &["AFP0112 | Gather: index | from -4 to 3 | found: 4"],
    );
    check_error(
        &Model::new()
            .input("x", &[2, 3])
            .input("z", &[3, 3])
            .output("y")
            .node("Concat", "x z", "y")
            .int("axis", 1),
        &["AFP0112 | Concat: operands do not fit | 2x3 in dimension 1 | 'z' 3x3"],
    );
}

fn slice(shape: &[i64], starts: &[i64], ends: &[i64], steps: &[i64]) -> Model {
    let axes: Vec<i64> = (0..starts.len() as i64).collect();
    Model::on(shape).ints("s", starts).ints("e", ends).ints("a", &axes).ints("p", steps).node(
        "Slice",
        "x s e a p",
        "y",
    )
}

#[test]
fn slices() {
    check(&slice(&[10], &[2], &[5], &[1]), &["slice : 3"]);
    check(&slice(&[10], &[-3], &[i64::MAX], &[1]), &["slice : 3"]);
    check(&slice(&[10], &[i64::MIN], &[-7], &[1]), &["slice : 3"]);
    check(&slice(&[10], &[0], &[99], &[1]), &[]);
    check(&slice(&[10], &[0], &[10], &[2]), &["reshape : 5x2", "slice : 5x1", "reshape : 5"]);
    // 1, 4, 7 of 8: the last three have no full step.
    check(
        &slice(&[8], &[1], &[8], &[3]),
        &["slice : 7", "pad : 9", "reshape : 3x3", "slice : 3x1", "reshape : 3"],
    );
    check(&slice(&[10], &[8], &[9], &[5]), &["slice : 1"]);
    check(&slice(&[10], &[-1], &[i64::MIN], &[-1]), &["reverse axis=0 : 10"]);
    check(
        &slice(&[10], &[7], &[3], &[-2]),
        &["reverse axis=0 : 10", "slice : 4", "reshape : 2x2", "slice : 2x1", "reshape : 2"],
    );
    check(
        &slice(&[1, 4, 4, 2], &[0, 0], &[9, 9], &[1, 2]).opset(10),
        &["reshape : 1x2x2x4x2", "slice : 1x2x1x4x2", "reshape : 1x2x4x2"],
    );
    check(
        &Model::on(&[4, 4])
            .opset(9)
            .node("Slice", "x", "y")
            .int_list("starts", &[1])
            .int_list("ends", &[2])
            .int_list("axes", &[-1]),
        &["slice : 4x1"],
    );
    check_error(&slice(&[10], &[5], &[5], &[1]), &["AFP0111 | Slice: an empty slice"]);
    check_error(&slice(&[10], &[0], &[5], &[0]), &["AFP0112 | Slice: steps | other than 0"]);
    check_error(
        &Model::on(&[4]).ints("s", &[0, 0]).ints("e", &[1]).node("Slice", "x s e", "y"),
        &["AFP0112 | Slice: bounds | 1 starts, ends and steps | 2 starts"],
    );
    check_error(
        &Model::on(&[4]).node("Slice", "x", "y"),
        &["AFP0112 | Slice: bounds | starts and ends | none"],
    );
}

#[test]
fn slices_of_images_stay_images() {
    // The shortcut of ResNets for CIFAR-10: every second pixel, and more channels.
    let model = Model::on(&[1, 2, 4, 4])
        .counting("w", &[2, 2, 1, 1])
        .ints("s", &[0, 0])
        .ints("e", &[99, 99])
        .ints("a", &[2, 3])
        .ints("p", &[2, 2])
        .ints("more", &[0, 1, 0, 0, 0, 1, 0, 0])
        .node("Conv", "x w", "c")
        .node("Slice", "c s e a p", "d")
        .node("Pad", "d more", "f")
        .node("GlobalMaxPool", "f", "y");
    check(
        &model,
        &[
            "transpose perms=0,2,3,1 : 1x4x4x2",
            "conv2d dilation=1,1 pad=0,0,0,0 stride=1,1 : 1x4x4x2",
            "reshape : 1x2x2x2x2x2",
            "slice : 1x2x1x2x1x2",
            "reshape : 1x2x2x2",
            "pad : 1x2x2x4",
            "max_pool2d kernel=2,2 pad=0,0,0,0 stride=1,1 : 1x1x1x4",
            "reshape : 1x4x1x1",
        ],
    );
}

#[test]
fn pads() {
    let model =
        |pads: &[i64]| Model::on(&[2, 3]).ints("p", pads).weights("v", &[], &[7.0]).node("Pad", "x p v", "y");
    check(&model(&[0, 1, 0, 2]), &["pad : 2x6"]);
    check(&model(&[0, -1, 1, 0]), &["slice : 2x2", "pad : 3x2"]);
    check(&Model::on(&[2, 3]).opset(2).node("Pad", "x", "y").int_list("pads", &[1, 0, 0, 0]), &["pad : 3x3"]);
    let by_axis = Model::on(&[2, 3]).ints("p", &[1, 1]).ints("a", &[-1]).node("Pad", "x p _ a", "y");
    check(&by_axis, &["pad : 2x5"]);
    check_error(&model(&[0, 1]), &["AFP0112 | Pad: pads | 4 widths | [0, 1]"]);
    check_error(&model(&[0, -3, 0, 0]), &["AFP0113 | a part of 2x3"]);
    check_error(
        &model(&[0; 4]).text("mode", "reflect"),
        &["AFP0111 | Pad: attribute 'mode' | constant | reflect"],
    );
    let infinite =
        Model::on(&[2]).ints("p", &[1, 1]).weights("v", &[], &[f32::NEG_INFINITY]).node("Pad", "x p v", "y");
    check_error(&infinite, &["AFP0111 | the padding's value | -inf"]);
}

#[test]
fn what_does_nothing_in_inference_is_nothing() {
    check(
        &Model::on(&[2]).node("Identity", "x", "a").node("Dropout", "a", "y mask").float("ratio", 0.5),
        &[],
    );
    let training = Model::on(&[2]).weights("r", &[], &[0.5]).ints("t", &[1]).node("Dropout", "x r t", "y");
    check_error(&training, &["AFP0111 | training_mode | false"]);
    let mask = Model::on(&[2]).node("Dropout", "x", "z y");
    check_error(&mask, &["AFP0111 | Dropout: output 1 | 'y' is used"]);
}
