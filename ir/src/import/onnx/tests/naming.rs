//! Names and locations of the model survive.

use super::super::{signature::function_name, testing::Model};
use crate::{
    import::{ImportOptions, import},
    mlir::Session,
};

fn text(model: &Model) -> String {
    let session = Session::new();
    let module = import(&session, "dir/net.onnx", &model.bytes(), &ImportOptions::default());
    module.expect("the model imports").to_text(true)
}

#[test]
fn operations_have_the_name_of_their_node() {
    let text = text(&Model::on(&[1, 2, 3, 3]).counting("w", &[2, 2, 1, 1]).node("Conv", "x w", "y"));
    let line = |op: &str| text.lines().find(|line| line.contains(op)).unwrap_or_default();
    let location = |name: &str| {
        let found =
            text.lines().find(|line| line.starts_with('#') && line.contains(&format!("(\"{name}\"(")));
        found.and_then(|line| line.split_whitespace().next()).unwrap_or("none")
    };
    assert!(text.contains("loc(\"dir/net.onnx\":0:0)"), "{text}");
    assert!(line("tosa.conv2d").contains(&format!("loc({})", location("conv"))), "{text}");
    assert!(line("perms = array<i32: 0, 2, 3, 1>").contains(&format!("loc({})", location("x"))), "{text}");
    assert!(line("perms = array<i32: 0, 3, 1, 2>").contains(&format!("loc({})", location("y"))), "{text}");
    assert!(line("tensor<2x1x1x2xf32>").contains(&format!("loc({})", location("w"))), "{text}");
}

#[test]
fn arguments_and_results_keep_their_names() {
    let model =
        Model::new().input("image:0", &[2]).output("probabilities").node("Relu", "image:0", "probabilities");
    let text = text(&model);
    assert!(text.contains("func.func @g(%arg0: tensor<2xf32> {afp.name = \"image:0\"}"), "{text}");
    assert!(text.contains("-> (tensor<2xf32> {afp.name = \"probabilities\"})"), "{text}");
}

#[test]
fn the_function_is_an_identifier() {
    assert_eq!(function_name("main graph", "a/b.onnx"), "main_graph");
    assert_eq!(function_name("", "a/mobilenet-v2.onnx"), "mobilenet_v2");
    assert_eq!(function_name("2net", ""), "_2net");
    assert_eq!(function_name("", ""), "_");
}
