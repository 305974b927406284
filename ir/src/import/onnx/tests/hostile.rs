//! Files that somebody damaged: a diagnostic, never a panic, and no memory beyond the file's size.

use super::super::{
    proto,
    testing::{Model, summary},
};
use crate::import::ImportOptions;

/// A small network with most kinds of nodes.
fn network() -> Model {
    Model::on(&[1, 2, 8, 8])
        .counting("w", &[4, 2, 3, 3])
        .counting("dw", &[4, 1, 3, 3])
        .counting("fc", &[3, 16])
        .counting("p", &[4])
        .ints("s", &[0, 0])
        .ints("e", &[8, 8])
        .ints("a", &[2, 3])
        .ints("st", &[2, 2])
        .ints("pads", &[0, 0, 1, 1, 0, 0, 0, 0])
        .ints("flat", &[0, -1])
        .node("Conv", "x w", "t1")
        .int_list("pads", &[1, 1, 1, 1])
        .node("BatchNormalization", "t1 p p p p", "t2")
        .node("Relu", "t2", "t3")
        .node("Conv", "t3 dw", "t4")
        .int("group", 4)
        .int_list("pads", &[1, 1, 1, 1])
        .int_list("strides", &[2, 2])
        .node("Slice", "t3 s e a st", "t5")
        .node("Add", "t4 t5", "t6")
        .node("Pad", "t6 pads", "t7")
        .node("MaxPool", "t7", "t8")
        .int_list("kernel_shape", &[2, 2])
        .int_list("strides", &[2, 2])
        .int("ceil_mode", 1)
        .node("AveragePool", "t8", "t9")
        .int_list("kernel_shape", &[2, 2])
        .int_list("pads", &[1, 0, 0, 1])
        .int("count_include_pad", 1)
        .node("Concat", "t9 t9", "t10")
        .int("axis", 2)
        .node("Reshape", "t10 flat", "t11")
        .node("Transpose", "t11", "t12")
        .node("Split", "t12", "t13 t14")
        .int("axis", 0)
        .node("Softmax", "t13", "y")
}

/// Imports; what comes out does not matter, only that something does.
fn survives(bytes: &[u8]) {
    let _outcome = summary(bytes, &ImportOptions::default());
}

#[test]
fn the_network_itself_imports() {
    assert!(summary(&network().bytes(), &ImportOptions::default()).is_ok());
}

#[test]
fn truncated_files() {
    let bytes = network().bytes();
    for end in (0..bytes.len()).step_by(bytes.len() / 50) {
        assert!(summary(&bytes[..end], &ImportOptions::default()).is_err(), "{end} of {}", bytes.len());
    }
}

#[test]
fn flipped_bytes() {
    let bytes = network().bytes();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= [0x01, 0x80, 0xff][at % 3];
        survives(&changed);
    }
}

#[test]
fn numbers_out_of_range() {
    const HOSTILE: [i64; 9] =
        [i64::MIN, i64::MIN + 1, -(1 << 32), -1, 0, 1 << 31, 1 << 32, 1 << 62, i64::MAX];
    let original = network();
    let with = |change: &mut dyn FnMut(&mut proto::Graph)| {
        survives(&original.clone().change(|model| change(model.graph.as_mut().expect("a graph"))).bytes());
    };
    let mut graph = None;
    let _ = original.clone().change(|model| graph = model.graph.clone());
    let graph = graph.expect("a graph");
    for value in HOSTILE {
        for (tensor, constant) in graph.initializer.iter().enumerate() {
            for dim in 0..constant.dims.len() {
                with(&mut |graph| graph.initializer[tensor].dims[dim] = value);
            }
            for at in 0..constant.int64_data.len() {
                with(&mut |graph| graph.initializer[tensor].int64_data[at] = value);
            }
        }
        for (node, attributes) in graph.node.iter().map(|node| &node.attribute).enumerate() {
            for (index, attribute) in attributes.iter().enumerate() {
                with(&mut |graph| graph.node[node].attribute[index].i = value);
                for at in 0..attribute.ints.len() {
                    with(&mut |graph| graph.node[node].attribute[index].ints[at] = value);
                }
            }
        }
        for dim in 0..4 {
            with(&mut |graph| {
                let tensor = graph.input[0].ty.as_mut().and_then(|ty| ty.tensor.as_mut());
                tensor.and_then(|ty| ty.shape.as_mut()).expect("a shape").dim[dim].value = value;
            });
        }
    }
}

#[test]
fn constants_that_double_are_stopped() {
    let mut model = Model::on(&[2]).ints("c0", &[1; 64]);
    for step in 0..60 {
        model = model.node("Concat", &format!("c{step} c{step}"), &format!("c{}", step + 1)).int("axis", 0);
    }
    let model = model.node("Reshape", "x c60", "y");
    super::super::testing::check_error(
        &model,
        &["AFP0111 | Concat: constants become far larger than the file"],
    );
    let mut outer = Model::on(&[1]).counting("c0", &[1024, 1]).counting("r0", &[1, 1024]);
    for step in 0..40 {
        outer = outer
            .node("Mul", &format!("c{step} r{step}"), &format!("m{step}"))
            .node("Transpose", &format!("m{step}"), &format!("c{}", step + 1))
            .node("Identity", &format!("m{step}"), &format!("r{}", step + 1));
    }
    super::super::testing::check_error(
        &outer.node("Mul", "x m39", "y"),
        &["AFP0111 | constants become far larger"],
    );
}

#[test]
fn a_file_of_empty_nodes() {
    let mut model = Model::on(&[2]);
    for _ in 0..1000 {
        model = model.node("", "", "y");
    }
    let mut expected = vec!["AFP01"; 100];
    expected[99] = "further problems";
    super::super::testing::check_error(&model, &expected);
}
