//! Matrix products.

use super::super::testing::{Model, check, check_error, constants};

#[test]
fn gemm_is_a_convolution_over_one_pixel() {
    let model = Model::on(&[5, 2]).counting("w", &[2, 3]).counting("b", &[3]).node("Gemm", "x w b", "y");
    let model = model.float("alpha", 2.0).float("beta", 0.5);
    check(
        &model,
        &["reshape : 5x1x1x2", "conv2d dilation=1,1 pad=0,0,0,0 stride=1,1 : 5x1x1x3", "reshape : 5x3"],
    );
    let found = constants(&model, "tosa.conv2d");
    assert_eq!(found[0], (vec![3, 1, 1, 2], vec![2.0, 8.0, 4.0, 10.0, 6.0, 12.0]));
    assert_eq!(found[1], (vec![3], vec![0.5, 1.0, 1.5]));
}

#[test]
fn gemm_transposes_its_input() {
    let model =
        Model::on(&[2, 5]).counting("w", &[3, 2]).node("Gemm", "x w", "y").int("transA", 1).int("transB", 1);
    check(
        &model,
        &[
            "transpose perms=1,0 : 5x2",
            "reshape : 5x1x1x2",
            "conv2d dilation=1,1 pad=0,0,0,0 stride=1,1 : 5x1x1x3",
            "reshape : 5x3",
        ],
    );
}

#[test]
fn gemm_adds_what_is_no_vector() {
    let model = Model::on(&[2, 2]).counting("w", &[2, 2]).counting("c", &[2, 1]).node("Gemm", "x w c", "y");
    check(
        &model,
        &[
            "reshape : 2x1x1x2",
            "conv2d dilation=1,1 pad=0,0,0,0 stride=1,1 : 2x1x1x2",
            "add : 2x1x1x2",
            "reshape : 2x2",
        ],
    );
}

#[test]
fn products_of_computed_matrices() {
    let model = Model::on(&[2, 3]).node("Gemm", "x x", "y").int("transB", 1).float("alpha", 0.5);
    check(
        &model,
        &[
            "transpose perms=1,0 : 3x2",
            "reshape : 1x2x3",
            "reshape : 1x3x2",
            "matmul : 1x2x2",
            "reshape : 2x2",
            "mul : 2x2",
        ],
    );
    let model = Model::on(&[2, 3, 4, 4]).node("MatMul", "x x", "y");
    check(&model, &["reshape : 6x4x4", "reshape : 6x4x4", "matmul : 6x4x4", "reshape : 2x3x4x4"]);
}

#[test]
fn matmul_with_constant_weights_is_linear() {
    let model = Model::on(&[2, 3, 4]).counting("w", &[4, 5]).node("MatMul", "x w", "y");
    check(
        &model,
        &["reshape : 6x1x1x4", "conv2d dilation=1,1 pad=0,0,0,0 stride=1,1 : 6x1x1x5", "reshape : 2x3x5"],
    );
}

#[test]
fn matmul_of_vectors_drops_the_dimension() {
    let model = Model::on(&[4]).counting("w", &[4]).node("MatMul", "x w", "y");
    check(
        &model,
        &["reshape : 1x1x1x4", "conv2d dilation=1,1 pad=0,0,0,0 stride=1,1 : 1x1x1x1", "reshape : scalar"],
    );
}

#[test]
fn matrices_are_repeated() {
    let model =
        Model::new().input("x", &[2, 1, 4, 5]).input("z", &[3, 5, 6]).output("y").node("MatMul", "x z", "y");
    check(
        &model,
        &[
            "concat axis=1 : 2x3x4x5",
            "reshape : 6x4x5",
            "reshape : 1x3x5x6",
            "concat axis=0 : 2x3x5x6",
            "reshape : 6x5x6",
            "matmul : 6x4x6",
            "reshape : 2x3x4x6",
        ],
    );
}

#[test]
fn matrices_must_fit() {
    let model = Model::on(&[2, 3]).counting("w", &[2, 3]).node("Gemm", "x w", "y");
    check_error(
        &model,
        &["AFP0112 | Gemm: matrices do not fit | 'x' 2x3 computed at run time and 'w' 2x3 constant"],
    );
    let model = Model::on(&[2, 3]).counting("w", &[2, 3]).node("MatMul", "x w", "y");
    check_error(&model, &["AFP0112 | MatMul: matrices do not fit"]);
    let model = Model::on(&[2, 3, 1]).counting("w", &[3, 1]).node("Gemm", "x w", "y");
    check_error(&model, &["AFP0112 | a matrix, 2 dimensions"]);
    let model = Model::on(&[2, 3]).counting("w", &[3, 2]).counting("c", &[3, 2]).node("Gemm", "x w c", "y");
    check_error(&model, &["AFP0113 | 2x2 and 3x2"]);
    let model = Model::on(&[1, 3]).counting("w", &[3, 2]).counting("c", &[4, 2]).node("Gemm", "x w c", "y");
    check_error(&model, &["AFP0112 | C does not fit | repeats to 1x2 | 4x2"]);
}
