//! Small models made in code, and what they become, as text.

use prost::Message;

use super::proto::{self, attribute_kind, data_type};
use crate::{
    diag::Diagnostic,
    import::{ImportOptions, import, tosa::shape_text},
    mlir::{Attr, Op, Session},
};

/// A model in the making. Methods that add an attribute mean the last node.
#[derive(Clone)]
pub struct Model(proto::Model);

impl Model {
    /// A model with nothing in it, of operator set 13.
    pub fn new() -> Self {
        let graph = proto::Graph { name: "g".to_owned(), ..Default::default() };
        let set = proto::OperatorSet { domain: String::new(), version: 13 };
        Self(proto::Model { ir_version: 8, opset_import: vec![set], graph: Some(graph) })
    }

    /// A model with the input `x` and the output `y`.
    pub fn on(shape: &[i64]) -> Self {
        Self::new().input("x", shape).output("y")
    }

    /// The message, to change it at will.
    pub fn change(mut self, change: impl FnOnce(&mut proto::Model)) -> Self {
        change(&mut self.0);
        self
    }

    fn graph(mut self, change: impl FnOnce(&mut proto::Graph)) -> Self {
        change(self.0.graph.as_mut().expect("every test model has a graph"));
        self
    }

    /// Sets the version of the operator set.
    pub fn opset(self, version: i64) -> Self {
        self.change(|model| model.opset_import[0].version = version)
    }

    /// Adds a float32 input. A size of 0 is open.
    pub fn input(self, name: &str, shape: &[i64]) -> Self {
        let dim = |value: &i64| proto::Dimension { value: *value, symbol: String::new() };
        let shape = Some(proto::Shape { dim: shape.iter().map(dim).collect() });
        let tensor = Some(proto::TensorType { elem_type: data_type::FLOAT, shape });
        let ty = Some(proto::ValueType { tensor });
        self.graph(|graph| graph.input.push(proto::ValueInfo { name: name.to_owned(), ty }))
    }

    /// Adds an output.
    pub fn output(self, name: &str) -> Self {
        self.graph(|graph| graph.output.push(proto::ValueInfo { name: name.to_owned(), ty: None }))
    }

    /// Adds a constant as the message says.
    pub fn tensor(self, tensor: proto::Tensor) -> Self {
        self.graph(|graph| graph.initializer.push(tensor))
    }

    /// Adds a float32 constant.
    pub fn weights(self, name: &str, dims: &[i64], values: &[f32]) -> Self {
        self.tensor(floats(name, dims, values))
    }

    /// Adds a float32 constant with the elements 1, 2, 3, ...
    pub fn counting(self, name: &str, dims: &[i64]) -> Self {
        let count = dims.iter().product::<i64>();
        self.weights(name, dims, &(1..=count).map(|i| i as f32).collect::<Vec<_>>())
    }

    /// Adds an int64 constant of one dimension.
    pub fn ints(self, name: &str, values: &[i64]) -> Self {
        self.tensor(proto::Tensor {
            name: name.to_owned(),
            dims: vec![values.len() as i64],
            data_type: data_type::INT64,
            int64_data: values.to_vec(),
            ..Default::default()
        })
    }

    /// Adds a node, named after its operator in lower case; names of operands are separated by spaces, `_` is left out.
    pub fn node(self, op: &str, inputs: &str, outputs: &str) -> Self {
        let names =
            |list: &str| list.split_whitespace().map(|name| name.trim_matches('_').to_owned()).collect();
        self.graph(|graph| {
            graph.node.push(proto::Node {
                name: op.to_lowercase(),
                op_type: op.to_owned(),
                input: names(inputs),
                output: names(outputs),
                ..Default::default()
            });
        })
    }

    /// Adds an attribute to the last node.
    pub fn attribute(self, name: &str, kind: i32, set: impl FnOnce(&mut proto::Attribute)) -> Self {
        self.graph(|graph| {
            let mut attribute = proto::Attribute { name: name.to_owned(), kind, ..Default::default() };
            set(&mut attribute);
            graph.node.last_mut().expect("a node before its attributes").attribute.push(attribute);
        })
    }

    /// An integer attribute.
    pub fn int(self, name: &str, value: i64) -> Self {
        self.attribute(name, attribute_kind::INT, |attribute| attribute.i = value)
    }

    /// A list of integers.
    pub fn int_list(self, name: &str, values: &[i64]) -> Self {
        self.attribute(name, attribute_kind::INTS, |attribute| attribute.ints = values.to_vec())
    }

    /// A float attribute.
    pub fn float(self, name: &str, value: f32) -> Self {
        self.attribute(name, attribute_kind::FLOAT, |attribute| attribute.f = value)
    }

    /// A text attribute.
    pub fn text(self, name: &str, value: &str) -> Self {
        self.attribute(name, attribute_kind::STRING, |attribute| attribute.s = value.as_bytes().to_vec())
    }

    /// The file.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.encode_to_vec()
    }
}

/// A float32 tensor message with its data in `raw_data`.
pub fn floats(name: &str, dims: &[i64], values: &[f32]) -> proto::Tensor {
    proto::Tensor {
        name: name.to_owned(),
        dims: dims.to_vec(),
        data_type: data_type::FLOAT,
        raw_data: values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        ..Default::default()
    }
}

/// The operations that a model becomes, one per line, without constants: name, attributes, and the
/// shape of the result.
pub fn summary(bytes: &[u8], options: &ImportOptions) -> Result<String, Vec<Diagnostic>> {
    let session = Session::new();
    let module = import(&session, "model.onnx", bytes, options)?;
    let body = module.functions()[0].blocks()[0];
    let lines: Vec<String> =
        body.ops().into_iter().filter(|op| !op.name().contains("const")).map(line).collect();
    Ok(lines.join("\n"))
}

fn line(op: Op) -> String {
    let mut words = vec![op.name().replace("tosa.", "").replace("func.", "")];
    for (name, value) in op.attrs() {
        if !matches!(name.as_str(), "acc_type" | "nan_mode" | "local_bound") {
            words.push(format!("{name}={}", value_text(value)));
        }
    }
    let results: Vec<String> =
        op.results().iter().map(|value| shape_text(&value.ty().shape().unwrap_or_default())).collect();
    if !results.is_empty() {
        words.push(format!(": {}", results.join(", ")));
    }
    words.join(" ")
}

fn value_text(value: Attr) -> String {
    let lists =
        value.as_i64s().or_else(|| value.as_i32s().map(|list| list.into_iter().map(i64::from).collect()));
    if let Some(list) = lists {
        return list.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    }
    match (value.as_int(), value.as_f64()) {
        (Some(int), _) => int.to_string(),
        (_, Some(limit)) if limit.abs() == f64::from(f32::MAX) => "none".to_owned(),
        (_, Some(float)) => float.to_string(),
        _ => value.to_string(),
    }
}

/// Checks what a model becomes, line by line; the return at the end is not given.
#[track_caller]
pub fn check(model: &Model, expected: &[&str]) {
    check_with(model, &ImportOptions::default(), expected);
}

/// The same with options.
#[track_caller]
pub fn check_with(model: &Model, options: &ImportOptions, expected: &[&str]) {
    match summary(&model.bytes(), options) {
        Ok(text) => {
            let mut lines: Vec<&str> = text.lines().collect();
            assert_eq!(lines.pop(), Some("return"));
            assert_eq!(lines, expected, "\n{text}");
        }
        Err(diagnostics) => panic!("{}", joined(&diagnostics)),
    }
}

/// The elements of the constant operands of the first operation of a name, in order; zero points,
/// shifts and shapes are left out.
pub fn constants(model: &Model, op: &str) -> Vec<(Vec<i64>, Vec<f32>)> {
    let session = Session::new();
    let module = import(&session, "model.onnx", &model.bytes(), &ImportOptions::default())
        .unwrap_or_else(|diagnostics| panic!("{}", joined(&diagnostics)));
    let body = module.functions()[0].blocks()[0];
    let op = body.ops().into_iter().find(|found| found.is(op)).expect("the operation is there");
    let constant = |value: crate::mlir::Value| {
        let values = value.def_as("tosa.const")?.attr("values")?;
        Some((value.ty().shape()?, values.elements_f32()?))
    };
    let zero_points = usize::from(op.name().contains("conv2d")) * 2;
    let operands = op.operands();
    operands[..operands.len() - zero_points].iter().filter_map(|value| constant(*value)).collect()
}

/// Checks that a file is refused with as many diagnostics as `expected` has, each with all of the
/// texts that are separated by `|` there.
#[track_caller]
pub fn check_refused(bytes: &[u8], options: &ImportOptions, expected: &[&str]) {
    match summary(bytes, options) {
        Ok(text) => panic!("imported:\n{text}"),
        Err(diagnostics) => {
            let all = joined(&diagnostics);
            assert_eq!(diagnostics.len(), expected.len(), "\n{all}");
            for (diagnostic, texts) in diagnostics.iter().zip(expected) {
                let shown = diagnostic.to_string();
                for text in texts.split('|').map(str::trim) {
                    assert!(shown.contains(text), "expected {text:?} in\n{shown}");
                }
            }
        }
    }
}

/// The same for a model.
#[track_caller]
pub fn check_error(model: &Model, expected: &[&str]) {
    check_refused(&model.bytes(), &ImportOptions::default(), expected);
}

fn joined(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(Diagnostic::to_string).collect::<Vec<_>>().join("\n")
}
