//! Files, inputs and graphs that cannot be imported.

use super::super::{
    proto::{self, Dimension},
    testing::{Model, check, check_error, check_refused, check_with},
};
use crate::import::ImportOptions;

fn relu(shape: &[i64]) -> Model {
    Model::on(shape).node("Relu", "x", "y")
}

#[test]
fn all_problems_are_reported_at_once() {
    let model = Model::on(&[1, 2, 4, 4])
        .node("LSTM", "x", "a")
        .node("Relu", "a", "b")
        .node("Loop", "b", "c")
        .node("MaxPool", "x", "d")
        .int_list("kernel_shape", &[9, 9])
        .node("Selu", "x", "e")
        .node("Sum", "c d e", "y");
    check_error(
        &model,
        &[
            "AFP0110 | operator LSTM is not supported | model.onnx: 'lstm' | operands: 'x' 1x2x4x4 | recurrent",
            "AFP0110 | operator Loop | control flow",
            "AFP0113 | MaxPool: operands do not fit",
            "AFP0110 | operator Selu | afpc ops",
        ],
    );
}

#[test]
fn what_no_output_needs_is_not_looked_at() {
    check(&relu(&[2]).node("Selu", "x", "unused"), &["clamp max_val=none min_val=0 : 2"]);
}

#[test]
fn operators_of_other_domains_and_unknown_attributes() {
    let model = Model::on(&[2]).node("Relu", "x", "y").change(|model| {
        if let Some(graph) = &mut model.graph {
            graph.node[0].domain = "com.microsoft".into();
        }
    });
    check_error(&model, &["AFP0110 | operator com.microsoft.Relu"]);
    check_error(&relu(&[2]).float("slope", 1.0), &["AFP0111 | Relu: attribute 'slope' | attributes among"]);
    check_error(
        &Model::on(&[2]).node("QuantizeLinear", "x", "y"),
        &["AFP0110 | the model is already quantized"],
    );
    check_error(
        &Model::on(&[1, 1, 2]).node("Flatten", "x", "y").float("axis", 1.0),
        &["AFP0112 | an integer | kind 1"],
    );
}

#[test]
fn many_problems_are_cut_short() {
    let mut model = Model::on(&[2]);
    for index in 0..150 {
        model = model.node("Selu", "x", &format!("e{index}"));
    }
    let names: Vec<String> = (0..150).map(|index| format!("e{index}")).collect();
    let model = model.node("Sum", &names.join(" "), "y");
    let mut expected = vec!["AFP0110"; 100];
    expected[99] = "AFP0110 | 50 further problems";
    check_error(&model, &expected);
}

#[test]
fn open_sizes() {
    check(&relu(&[0, 3]), &["clamp max_val=none min_val=0 : 1x3"]);
    check_error(
        &relu(&[0, 3, 0, 224]),
        &["AFP0114 | the shape of input 'x' is not known | found: ?x3x?x224 | --shape x=1x3x224x224"],
    );
    let options =
        |name: &str, shape: &[i64]| ImportOptions { shapes: vec![(name.to_owned(), shape.to_vec())] };
    check_with(&relu(&[0, 3, 0]), &options("x", &[2, 3, 5]), &["clamp max_val=none min_val=0 : 2x3x5"]);
    let refused = |name, shape: &[i64], expected| {
        check_refused(&relu(&[0, 3, 0]).bytes(), &options(name, shape), expected)
    };
    refused("x", &[2, 4, 5], &["AFP0108 | --shape for input 'x' | ?x3x? | 2x4x5"]);
    refused("x", &[2, 3], &["AFP0108"]);
    refused("x", &[2, 3, -1], &["AFP0113 | sizes of at least 1"]);
    refused("z", &[1], &["AFP0108 | no such input | one of the inputs x | 'z'", "AFP0114"]);
    check_error(&relu(&[1 << 20, 1 << 20]), &["AFP0113 | at most 2147483647 elements"]);
}

#[test]
fn a_symbol_has_one_size() {
    let symbolic = |model: &mut proto::Model| {
        let graph = model.graph.as_mut().expect("there is a graph");
        for input in &mut graph.input {
            let shape = input.ty.as_mut().and_then(|ty| ty.tensor.as_mut()).and_then(|ty| ty.shape.as_mut());
            shape.expect("there is a shape").dim[1] = Dimension { value: 0, symbol: "length".into() };
        }
    };
    let model = Model::new()
        .input("x", &[1, 0])
        .input("z", &[1, 0])
        .output("y")
        .node("Add", "x z", "y")
        .change(symbolic);
    let options = ImportOptions { shapes: vec![("x".into(), vec![1, 7])] };
    check_with(&model, &options, &["add : 1x7"]);
    check_error(&model, &["AFP0114 | 1xlength", "AFP0114"]);
}

#[test]
fn inputs_are_float32_tensors() {
    let with_type = |ty: Option<proto::ValueType>| {
        relu(&[2]).change(|model| {
            if let Some(graph) = &mut model.graph {
                graph.input[0].ty = ty;
            }
        })
    };
    let int64 = proto::ValueType { tensor: Some(proto::TensorType { elem_type: 7, shape: None }) };
    check_error(&with_type(Some(int64)), &["AFP0115 | element type of input 'x' | float32 | int64"]);
    check_error(&with_type(None), &["AFP0115 | input 'x' is no tensor"]);
    // The nodes behind a refused input are still looked at.
    let behind = with_type(None).output("z").node("Selu", "x", "z");
    check_error(&behind, &["AFP0115", "AFP0110 | operator Selu"]);
    let shapeless = proto::ValueType { tensor: Some(proto::TensorType { elem_type: 1, shape: None }) };
    check_error(&with_type(Some(shapeless)), &["AFP0114 | no shape"]);
}

#[test]
fn old_files_list_constants_as_inputs() {
    let model = Model::on(&[2]).input("w", &[2]).counting("w", &[2]).node("Add", "x w", "y");
    check(&model, &["add : 2"]);
}

#[test]
fn graphs_that_break_the_rules() {
    check_error(&Model::on(&[2]).node("Relu", "z", "y"), &["AFP0119 | Relu: it reads 'z' | no such value"]);
    check_error(&Model::on(&[2]), &["AFP0119 | output: it reads 'y'"]);
    check_error(&Model::new().input("x", &[2]), &["AFP0119 | no outputs"]);
    check_error(&relu(&[2]).node("Relu", "x", "y"), &["AFP0119 | a name is given to two values | 'y'"]);
    check_error(&relu(&[2]).input("x", &[2]), &["AFP0119 | two inputs have one name"]);
    check_error(&relu(&[2]).change(|model| model.graph = None), &["AFP0105"]);
    check_error(&relu(&[2]).change(|model| model.opset_import.clear()), &["AFP0119 | which operator set"]);
    let old = |model: &mut proto::Model| {
        model.opset_import.clear();
        model.ir_version = 2;
    };
    check(&relu(&[2]).change(old), &["clamp max_val=none min_val=0 : 2"]);
    check_error(
        &Model::on(&[2]).counting("w", &[2]).counting("w", &[2]).node("Add", "x w", "y"),
        &["AFP0119"],
    );
    check_error(
        &Model::on(&[2]).node("Add", "x", "y"),
        &["AFP0112 | Add: number of inputs | at least 2 | found: 1"],
    );
    let sparse = Model::on(&[2]).node("Add", "x w", "y").change(|model| {
        let values = proto::Tensor { name: "w".into(), ..Default::default() };
        if let Some(graph) = &mut model.graph {
            graph.sparse_initializer.push(proto::SparseTensor { values: Some(values) });
        }
    });
    check_error(&sparse, &["AFP0115 | a sparse constant"]);
}
