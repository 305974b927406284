//! What imported models compute, in the interpreter, against numbers worked out by hand.

use super::super::testing::Model;
use crate::{
    import::{ImportOptions, import},
    interp::{Data, Program, Tensor},
    mlir::Session,
};

/// Runs a model with one input, whose elements are 1, 2, 3, ..., and compares the output.
#[track_caller]
fn computes(model: &Model, expected: &[f32]) {
    let session = Session::new();
    let module =
        import(&session, "m.onnx", &model.bytes(), &ImportOptions::default()).expect("the model imports");
    let program = Program::from_function(module.functions()[0]).expect("the interpreter knows all operators");
    let shape = program.inputs()[0].shape.clone();
    let count = shape.iter().product::<usize>();
    let input = Tensor { shape, data: Data::Real((1..=count).map(|i| i as f32).collect()) };
    let outputs = program.run(&[input]).expect("the program runs");
    let Data::Real(found) = &outputs[0].data else { panic!("the output is real") };
    let close = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-5 * b.abs().max(1.0);
    assert!(
        found.len() == expected.len() && found.iter().zip(expected).all(close),
        "{found:?}\n{expected:?}"
    );
}

#[test]
fn convolutions() {
    // Two channels of 1 2 / 3 4 and 5 6 / 7 8; kernels 1 2 and 3 4 over the width.
    let grouped = Model::on(&[1, 4, 1, 2])
        .counting("w", &[2, 2, 1, 1])
        .weights("b", &[2], &[100.0, 200.0])
        .node("Conv", "x w b", "y")
        .int("group", 2);
    computes(&grouped, &[107.0, 110.0, 200.0 + 15.0 + 28.0, 200.0 + 18.0 + 32.0]);
    let depthwise =
        Model::on(&[1, 2, 2, 2]).counting("w", &[2, 1, 1, 2]).node("Conv", "x w", "y").int("group", 2);
    computes(&depthwise, &[5.0, 11.0, 39.0, 53.0]);
    // Every second pixel of a row of 5, with padding on the left alone.
    let strided = Model::on(&[1, 1, 5])
        .weights("w", &[1, 1, 2], &[1.0, 10.0])
        .node("Conv", "x w", "y")
        .int_list("strides", &[2])
        .int_list("pads", &[1, 0]);
    computes(&strided, &[10.0, 32.0, 54.0]);
    let two_channels =
        Model::on(&[1, 2, 1, 2]).weights("w", &[1, 2, 1, 1], &[1.0, 10.0]).node("Conv", "x w", "y");
    computes(&two_channels, &[31.0, 42.0]);
}

fn pool(op: &str) -> Model {
    Model::on(&[1, 1, 1, 4]).node(op, "x", "y").int_list("kernel_shape", &[1, 2]).int_list("strides", &[1, 3])
}

#[test]
fn pools() {
    computes(&pool("AveragePool").int_list("pads", &[0, 1, 0, 1]), &[1.0, 3.5]);
    computes(&pool("AveragePool").int_list("pads", &[0, 1, 0, 1]).int("count_include_pad", 1), &[0.5, 3.5]);
    computes(&pool("MaxPool").int("ceil_mode", 1), &[2.0, 4.0]);
    computes(&pool("MaxPool"), &[2.0]);
    // What ceil_mode adds to the padding is not counted.
    let counted = pool("AveragePool").int("ceil_mode", 1).int("count_include_pad", 1);
    computes(&counted, &[1.5, 4.0]);
}

#[test]
fn layouts_are_undone() {
    let flattened = Model::on(&[1, 2, 2, 2])
        .weights("w", &[2, 2, 1, 1], &[1.0, 0.0, 0.0, 10.0])
        .node("Conv", "x w", "a")
        .node("Flatten", "a", "y");
    computes(&flattened, &[1.0, 2.0, 3.0, 4.0, 50.0, 60.0, 70.0, 80.0]);
    let concatenated = Model::on(&[1, 2, 1, 2])
        .weights("w", &[1, 2, 1, 1], &[1.0, 1.0])
        .counting("k", &[1, 1, 1, 2])
        .node("Conv", "x w", "a")
        .node("Concat", "a k x", "b")
        .int("axis", 1)
        .node("Transpose", "b", "y")
        .int_list("perm", &[0, 2, 3, 1]);
    computes(&concatenated, &[4.0, 1.0, 1.0, 3.0, 6.0, 2.0, 2.0, 4.0]);
}

#[test]
fn products() {
    let gemm = Model::on(&[1, 2])
        .counting("w", &[2, 3])
        .counting("b", &[3])
        .node("Gemm", "x w b", "y")
        .float("alpha", 2.0)
        .float("beta", 0.5);
    computes(&gemm, &[18.5, 25.0, 31.5]);
    let row = Model::on(&[2, 2]).counting("w", &[2]).node("MatMul", "x w", "y");
    computes(&row, &[5.0, 11.0]);
    let square = Model::on(&[2, 2]).node("Gemm", "x x x", "y").int("transA", 1);
    computes(&square, &[11.0, 16.0, 17.0, 24.0]);
}

#[test]
fn slices_and_pads() {
    let slice = |from: i64, to: i64, step: i64| {
        Model::on(&[8]).ints("s", &[from]).ints("e", &[to]).ints("a", &[0]).ints("p", &[step]).node(
            "Slice",
            "x s e a p",
            "y",
        )
    };
    computes(&slice(1, 8, 3), &[2.0, 5.0, 8.0]);
    computes(&slice(-1, i64::MIN, -3), &[8.0, 5.0, 2.0]);
    computes(&slice(6, 1, -2), &[7.0, 5.0, 3.0]);
    let pad = Model::on(&[3]).ints("p", &[-1, 2]).weights("v", &[], &[9.0]).node("Pad", "x p v", "y");
    computes(&pad, &[2.0, 3.0, 9.0, 9.0]);
}

#[test]
fn normalizations_and_functions() {
    let norm = Model::on(&[1, 2])
        .weights("gamma", &[2], &[1.0, 3.0])
        .weights("beta", &[2], &[10.0, 20.0])
        .weights("mean", &[2], &[2.0, 4.0])
        .weights("var", &[2], &[4.0, 9.0])
        .node("BatchNormalization", "x gamma beta mean var", "y")
        .float("epsilon", 0.0);
    computes(&norm, &[9.5, 18.0]);
    let e = std::f32::consts::E;
    let softmax = Model::on(&[1, 2]).node("Softmax", "x", "y");
    computes(&softmax, &[1.0 / (1.0 + e), e / (1.0 + e)]);
    let function = |op: &str| Model::on(&[2]).node("Neg", "x", "n").node(op, "n", "y");
    computes(&function("HardSwish"), &[-1.0 / 3.0, -1.0 / 3.0]);
    computes(&function("HardSigmoid"), &[0.3, 0.1]);
    computes(&function("LeakyRelu").float("alpha", 0.1), &[-0.1, -0.2]);
    computes(&function("Elu"), &[1.0 / e - 1.0, 1.0 / (e * e) - 1.0]);
    let slope = Model::on(&[2]).counting("s", &[2]).node("Neg", "x", "n").node("PRelu", "n s", "y");
    computes(&slope, &[-1.0, -4.0]);
    let mean = Model::on(&[2, 2]).node("ReduceMean", "x", "y").int_list("axes", &[0]);
    computes(&mean, &[2.0, 3.0]);
    let division = Model::on(&[2]).counting("d", &[2]).node("Div", "x d", "a").node("Div", "a x", "y");
    computes(&division, &[1.0, 0.5]);
}
