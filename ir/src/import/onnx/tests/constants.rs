//! Constants: element types, where the data may be, and folding.

use super::super::{
    proto::{self, Entry, attribute_kind, data_type},
    testing::{Model, check, check_error, constants},
};

fn added(tensor: proto::Tensor) -> Model {
    Model::on(&[2]).tensor(proto::Tensor { name: "w".into(), ..tensor }).node("Add", "x w", "y")
}

fn tensor(ty: i32, raw: &[u8]) -> proto::Tensor {
    proto::Tensor { dims: vec![2], data_type: ty, raw_data: raw.to_vec(), ..Default::default() }
}

#[test]
fn every_float_type_becomes_f32() {
    let fields = [
        proto::Tensor { float_data: vec![1.5, -2.0], ..tensor(data_type::FLOAT, &[]) },
        proto::Tensor { double_data: vec![1.5, -2.0], ..tensor(data_type::DOUBLE, &[]) },
        proto::Tensor { int32_data: vec![0x3e00, 0xc000], ..tensor(data_type::FLOAT16, &[]) },
        tensor(data_type::FLOAT16, &[0x00, 0x3e, 0x00, 0xc0]),
        tensor(data_type::BFLOAT16, &[0xc0, 0x3f, 0x00, 0xc0]),
        tensor(data_type::FLOAT, &[0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0]),
        tensor(data_type::DOUBLE, &[0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0]),
    ];
    for tensor in fields {
        assert_eq!(constants(&added(tensor), "tosa.add"), [(vec![2], vec![1.5, -2.0])]);
    }
}

#[test]
fn every_integer_type_may_hold_a_shape() {
    let shape = |tensor: proto::Tensor| {
        Model::on(&[2, 3]).tensor(proto::Tensor { name: "s".into(), ..tensor }).node("Reshape", "x s", "y")
    };
    for tensor in [
        proto::Tensor { int64_data: vec![3, 2], ..tensor(data_type::INT64, &[]) },
        proto::Tensor { int32_data: vec![3, 2], ..tensor(data_type::INT32, &[]) },
        tensor(data_type::INT64, &[3, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]),
        tensor(data_type::INT32, &[3, 0, 0, 0, 2, 0, 0, 0]),
        tensor(data_type::INT8, &[3, 2]),
        tensor(data_type::UINT8, &[3, 2]),
    ] {
        check(&shape(tensor), &["reshape : 3x2"]);
    }
}

#[test]
fn constants_in_nodes() {
    let add = |node: Model| node.node("Add", "x w", "y");
    let node = || Model::on(&[1]).node("Constant", "", "w");
    let scalar = add(node().float("value_float", 2.0));
    check(&scalar, &["add : 1"]);
    assert_eq!(constants(&scalar, "tosa.add"), [(vec![1], vec![2.0])]);
    let list = node()
        .attribute("value_floats", attribute_kind::FLOATS, |attribute| attribute.floats = vec![1.0, 2.0]);
    assert_eq!(constants(&add(list), "tosa.add"), [(vec![2], vec![1.0, 2.0])]);
    let tensor = node().attribute("value", attribute_kind::TENSOR, |attribute| {
        attribute.t = Some(tensor(data_type::FLOAT16, &[0x00, 0x3e, 0x00, 0xc0]));
    });
    assert_eq!(constants(&add(tensor), "tosa.add"), [(vec![2], vec![1.5, -2.0])]);
    let shape = |node: Model| node.node("Reshape", "x w", "y");
    check(
        &shape(Model::on(&[2, 3]).node("Constant", "", "w").int_list("value_ints", &[3, 2])),
        &["reshape : 3x2"],
    );
    let gathered =
        Model::on(&[2, 3]).node("Constant", "", "i").int("value_int", 1).node("Gather", "x i", "y");
    check(&gathered, &["slice : 1x3", "reshape : 3"]);
    let filled = Model::on(&[3]).ints("s", &[2, 1]).node("ConstantOfShape", "s", "w");
    assert_eq!(constants(&add(filled.clone()), "tosa.add"), [(vec![2, 1], vec![0.0, 0.0])]);
    let two = filled.attribute("value", attribute_kind::TENSOR, |attribute| {
        attribute.t = Some(proto::Tensor { dims: vec![1], ..tensor_of_one(2.0) });
    });
    assert_eq!(constants(&add(two), "tosa.add"), [(vec![2, 1], vec![2.0, 2.0])]);
    check_error(
        &add(node().text("value_string", "text")),
        &["AFP0111 | Constant: kind of constant | value_string"],
    );
}

fn tensor_of_one(value: f32) -> proto::Tensor {
    proto::Tensor { float_data: vec![value], data_type: data_type::FLOAT, ..Default::default() }
}

#[test]
fn constants_are_folded() {
    let model = Model::on(&[2, 2])
        .counting("a", &[2, 1])
        .counting("b", &[2])
        .node("Add", "a b", "c")
        .node("Mul", "c c", "d")
        .node("Sqrt", "d", "e")
        .node("Neg", "e", "f")
        .node("Transpose", "f", "g")
        .node("Identity", "g", "h")
        .node("Sub", "x h", "y");
    check(&model, &["sub : 2x2"]);
    assert_eq!(constants(&model, "tosa.sub"), [(vec![2, 2], vec![-2.0, -3.0, -3.0, -4.0])]);
}

#[test]
fn weights_must_be_finite() {
    let model = |value| {
        Model::on(&[1, 1, 4, 4]).weights("conv.weight", &[1, 1, 2, 2], &[1.0, 2.0, value, 4.0]).node(
            "Conv",
            "x conv.weight",
            "y",
        )
    };
    check_error(&model(f32::NAN), &["AFP0116 | tensor 'conv.weight': element [0, 0, 1, 0] | finite | NaN"]);
    check_error(&model(f32::INFINITY), &["AFP0116 | an infinity"]);
    let summand = Model::on(&[2]).weights("b", &[2], &[0.0, f32::NEG_INFINITY]).node("Add", "x b", "y");
    check_error(&summand, &["AFP0116 | tensor 'b': element [1]"]);
    let wide = proto::Tensor { double_data: vec![1e300, 0.0], ..tensor(data_type::DOUBLE, &[]) };
    check_error(&added(wide), &["AFP0116 | element [0]"]);
}

#[test]
fn data_must_be_there_and_fit() {
    let external = proto::Tensor {
        data_location: 1,
        external_data: vec![Entry { key: "location".into(), value: "weights.bin".into() }],
        ..tensor(data_type::FLOAT, &[])
    };
    check_error(
        &added(external),
        &["AFP0117 | tensor 'w': weights are kept outside | 'weights.bin' | save_as_external_data=False"],
    );
    check_error(
        &added(tensor(data_type::FLOAT, &[0; 7])),
        &["AFP0118 | tensor 'w' | 2 elements of 4 bytes | 7 bytes"],
    );
    check_error(&added(tensor(data_type::FLOAT, &[])), &["AFP0118 | 2 elements | found: 0"]);
    let huge = proto::Tensor { dims: vec![i64::MAX, i64::MAX], ..tensor(data_type::FLOAT, &[0; 8]) };
    check_error(&added(huge), &["AFP0118 | the shape of a constant"]);
    let negative = proto::Tensor { dims: vec![-2], ..tensor(data_type::FLOAT, &[0; 8]) };
    check_error(&added(negative), &["AFP0118 | sizes that are not negative"]);
    check_error(&added(tensor(8, &[])), &["AFP0115 | element type of a constant | string"]);
    check_error(&added(tensor(77, &[])), &["AFP0115 | element type 77"]);
    let ints = Model::on(&[2]).ints("w", &[1, 2]).node("Add", "x w", "y");
    check_error(
        &ints,
        &["AFP0111 | an integer tensor takes part in real arithmetic | 'w' 2 constant integers"],
    );
}
