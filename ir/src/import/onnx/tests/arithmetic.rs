//! Operators that work element by element.

use super::super::testing::{Model, check, check_error, constants};

fn unary(op: &str) -> Model {
    Model::on(&[2, 3]).node(op, "x", "y")
}

#[test]
fn functions_of_one_operand() {
    check(&unary("Relu"), &["clamp max_val=none min_val=0 : 2x3"]);
    check(&unary("LeakyRelu").float("alpha", 0.1), &["mul : 2x3", "maximum : 2x3"]);
    check(&unary("LeakyRelu").float("alpha", 2.0), &["mul : 2x3", "minimum : 2x3"]);
    check(&unary("HardSigmoid"), &["mul : 2x3", "add : 2x3", "clamp max_val=1 min_val=0 : 2x3"]);
    check(&unary("HardSwish"), &["mul : 2x3", "add : 2x3", "clamp max_val=1 min_val=0 : 2x3", "mul : 2x3"]);
    check(&unary("Sqrt"), &["rsqrt : 2x3", "reciprocal : 2x3"]);
    check(&unary("Neg"), &["mul : 2x3"]);
    for op in ["Sigmoid", "Tanh", "Exp", "Log", "Erf", "Abs", "Reciprocal"] {
        check(&unary(op), &[&format!("{} : 2x3", op.to_lowercase())]);
    }
}

#[test]
fn functions_of_several_steps() {
    check(
        &unary("Elu"),
        &[
            "clamp max_val=none min_val=0 : 2x3",
            "clamp max_val=0 min_val=none : 2x3",
            "exp : 2x3",
            "add : 2x3",
            "mul : 2x3",
            "add : 2x3",
        ],
    );
    check(&unary("Gelu"), &["mul : 2x3", "erf : 2x3", "add : 2x3", "mul : 2x3", "mul : 2x3"]);
    check_error(
        &unary("Gelu").text("approximate", "tanh"),
        &["AFP0111 | attribute 'approximate' | none | tanh"],
    );
    let slope = Model::on(&[2, 3]).counting("s", &[3]).node("PRelu", "x s", "y");
    check(
        &slope,
        &[
            "clamp max_val=none min_val=0 : 2x3",
            "clamp max_val=0 min_val=none : 2x3",
            "mul : 2x3",
            "add : 2x3",
        ],
    );
    let power = |exponent| Model::on(&[2]).weights("e", &[], &[exponent]).node("Pow", "x e", "y");
    check(&power(1.0), &[]);
    check(&power(2.0), &["mul : 2"]);
    check(&power(3.0), &["mul : 2", "mul : 2"]);
    check(&power(0.5), &["pow : 2"]);
    check_error(&power(f32::NAN), &["AFP0111 | Pow: exponent | a finite number | NaN"]);
    check(&Model::on(&[2]).ints("e", &[2]).node("Pow", "x e", "y"), &["mul : 2"]);
    check_error(&Model::on(&[2]).node("Pow", "x x", "y"), &["AFP0111 | Pow: exponent | one constant float"]);
}

#[test]
fn clip_takes_its_limits_from_attributes_or_inputs() {
    check(
        &unary("Clip").opset(6).float("min", -1.0).float("max", 6.0),
        &["clamp max_val=6 min_val=-1 : 2x3"],
    );
    let inputs = |names: &str| {
        Model::on(&[2, 3]).weights("low", &[], &[0.0]).weights("high", &[1], &[6.0]).node("Clip", names, "y")
    };
    check(&inputs("x low high"), &["clamp max_val=6 min_val=0 : 2x3"]);
    check(&inputs("x _ high"), &["clamp max_val=6 min_val=none : 2x3"]);
    check(&inputs("x low"), &["clamp max_val=none min_val=0 : 2x3"]);
    // min(max(x, 6), 0) is 0 everywhere.
    check(&inputs("x high low"), &["clamp max_val=0 min_val=0 : 2x3"]);
    check_error(&inputs("x x"), &["AFP0111 | Clip: input 'min' | one constant float | 'x' 2x3 computed"]);
    check_error(&unary("Clip").opset(6).float("min", f32::NAN), &["AFP0112 | Clip: limits | NaN"]);
}

#[test]
fn operands_are_repeated() {
    let model = |op| Model::new().input("x", &[2, 3]).input("z", &[4, 2, 1]).output("y").node(op, "x z", "y");
    for (op, becomes) in
        [("Add", "add"), ("Sub", "sub"), ("Mul", "mul"), ("Max", "maximum"), ("Min", "minimum")]
    {
        check(&model(op), &["reshape : 1x2x3", &format!("{becomes} : 4x2x3")]);
    }
    check(&model("Div"), &["reshape : 1x2x3", "reciprocal : 4x2x1", "mul : 4x2x3"]);
    let misfit = Model::new().input("x", &[2, 3]).input("z", &[2]).output("y").node("Add", "x z", "y");
    check_error(&misfit, &["AFP0113 | Add: operands do not fit | equal, or 1 where they differ | 2x3 and 2"]);
}

#[test]
fn a_constant_divisor_is_a_factor() {
    let model = |value| Model::on(&[2]).weights("d", &[2], &[4.0, value]).node("Div", "x d", "y");
    check(&model(0.5), &["mul : 2"]);
    assert_eq!(constants(&model(0.5), "tosa.mul"), [(vec![2], vec![0.25, 2.0])]);
    check_error(
        &model(0.0),
        &["AFP0111 | Div: a constant divisor | finite reciprocal | 0 in 'd' 2 constant"],
    );
}

#[test]
fn sums_of_several_operands_go_left_to_right() {
    check(&Model::on(&[2]).node("Sum", "x x x", "y"), &["add : 2", "add : 2"]);
    check(&Model::on(&[2]).node("Sum", "x", "y"), &[]);
    check(&Model::on(&[2]).node("Mean", "x x", "y"), &["add : 2", "mul : 2"]);
}

fn batch_norm(variance: f32) -> Model {
    Model::on(&[1, 2, 3, 3])
        .weights("gamma", &[2], &[1.0, 3.0])
        .weights("beta", &[2], &[10.0, 20.0])
        .weights("mean", &[2], &[2.0, 4.0])
        .weights("var", &[2], &[4.0, variance])
        .node("BatchNormalization", "x gamma beta mean var", "y")
        .float("epsilon", 0.0)
}

#[test]
fn batch_normalization_is_a_factor_and_a_summand() {
    check(&batch_norm(9.0), &["mul : 1x2x3x3", "add : 1x2x3x3"]);
    assert_eq!(constants(&batch_norm(9.0), "tosa.mul"), [(vec![1, 2, 1, 1], vec![0.5, 1.0])]);
    assert_eq!(constants(&batch_norm(9.0), "tosa.add"), [(vec![1, 2, 1, 1], vec![9.0, 16.0])]);
    check_error(
        &batch_norm(0.0),
        &["AFP0112 | BatchNormalization | variance + epsilon above 0 | channel 1 in 'var'"],
    );
    check_error(&batch_norm(1.0).int("training_mode", 1), &["AFP0111 | training_mode | help: export"]);
    let short = Model::on(&[1, 3]).counting("p", &[2]).node("BatchNormalization", "x p p p p", "y");
    check_error(&short, &["AFP0112 | input 'scale' | 3 elements | 'p' 2 constant"]);
}

#[test]
fn softmax_before_operator_set_13_takes_all_dimensions_from_axis_on() {
    let steps = |shape: &str, sum: &str, axis: usize| -> Vec<String> {
        let reduce = |op| format!("{op} axis={axis} : {sum}");
        vec![
            reduce("reduce_max"),
            format!("sub : {shape}"),
            format!("exp : {shape}"),
            reduce("reduce_sum"),
            format!("reciprocal : {sum}"),
            format!("mul : {shape}"),
        ]
    };
    let new = steps("2x3x4", "2x3x1", 2);
    check(
        &Model::on(&[2, 3, 4]).node("Softmax", "x", "y"),
        &new.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let mut old = vec!["reshape : 2x12".to_owned()];
    old.extend(steps("2x12", "2x1", 1));
    old.push("reshape : 2x3x4".to_owned());
    check(
        &Model::on(&[2, 3, 4]).opset(12).node("Softmax", "x", "y"),
        &old.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    check_error(
        &Model::on(&[2, 3]).node("Softmax", "x", "y").int("axis", 2),
        &["AFP0112 | Softmax: axis | from -2 to 1 | found: 2"],
    );
}
