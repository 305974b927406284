//! The state of an import: which values exist, and what is constant.

use std::{cell::Cell, collections::HashMap, rc::Rc};

use super::{
    constant::{self, Elements},
    forms::Form,
    node::Node,
    problem::Problem,
    proto,
};
use crate::{
    import::{
        code,
        tosa::{Tosa, shape_text},
    },
    mlir::{Ctx, Loc, Value},
};

/// Index of a tensor of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Id(usize);

/// What an operator's importer gives for one output.
#[derive(Clone)]
pub enum Output {
    /// A value computed at run time, in one form. The shape is ONNX's.
    Computed(Vec<i64>, Form, Value),
    /// A constant.
    Constant(Vec<i64>, Elements),
    /// Another tensor under a new name.
    Same(Id),
}

/// What an importer gives: outputs in order, or what is wrong.
pub type Outputs = Result<Vec<Output>, Problem>;

enum Content<'m> {
    Computed,
    Constant(Elements),
    Undecoded(&'m proto::Tensor),
    /// It could not be imported; why has been reported.
    Missing,
}

struct Tensor<'m> {
    name: String,
    shape: Vec<i64>,
    content: Content<'m>,
    values: HashMap<Form, Value>,
    /// Whether the elements are known to be finite: many nodes may read one tensor.
    finite: Cell<bool>,
}

/// An operand could not be read: it is missing because of an earlier problem, or for a new one.
#[derive(Debug)]
pub enum Unavailable {
    /// The producer has been reported.
    Reported,
    /// A new problem.
    Problem(Problem),
}

/// The state of an import.
pub struct Graph<'m> {
    file: String,
    /// Builds operations; its location is that of the node at hand.
    pub tosa: Tosa,
    tensors: Vec<Tensor<'m>>,
    names: HashMap<&'m str, Id>,
    constants: HashMap<(Id, usize, Form), Value>,
    budget: usize,
    current: String,
}

impl<'m> Graph<'m> {
    /// An empty graph. At most `budget` elements of constants are made while importing: hostile
    /// files could otherwise ask for far more than their size.
    pub fn new(file: &str, tosa: Tosa, budget: usize) -> Self {
        Self {
            file: file.to_owned(),
            tosa,
            tensors: Vec::new(),
            names: HashMap::new(),
            constants: HashMap::new(),
            budget,
            current: String::new(),
        }
    }

    /// Says which node is at hand: new operations get its name as their location.
    pub fn enter(&mut self, node: &Node<'_>) {
        self.current = node.name().to_owned();
        self.tosa.set_loc(self.loc(node.name()));
    }

    /// The location of a named item of the file.
    pub fn loc(&self, name: &str) -> Loc {
        loc(self.tosa.ctx(), &self.file, name)
    }

    /// Whether a value of this name exists.
    pub fn has(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    fn push(&mut self, name: &str, shape: Vec<i64>, content: Content<'m>) -> Id {
        let id = Id(self.tensors.len());
        self.tensors.push(Tensor {
            name: name.to_owned(),
            shape,
            content,
            values: HashMap::new(),
            finite: Cell::new(false),
        });
        id
    }

    fn push_named(&mut self, name: &'m str, shape: Vec<i64>, content: Content<'m>) -> Id {
        let id = self.push(name, shape, content);
        self.names.insert(name, id);
        id
    }

    /// Adds an input of the graph.
    pub fn add_input(&mut self, name: &'m str, shape: &[i64], value: Value) {
        let id = self.push_named(name, shape.to_vec(), Content::Computed);
        self.remember(id, Form::Plain, value);
    }

    /// Adds a constant of the file, decoded when it is first used.
    pub fn add_initializer(&mut self, tensor: &'m proto::Tensor) {
        self.push_named(&tensor.name, tensor.dims.clone(), Content::Undecoded(tensor));
    }

    /// Adds a value that could not be imported.
    pub fn add_missing(&mut self, name: &'m str) {
        self.push_named(name, Vec::new(), Content::Missing);
    }

    /// Adds a node's output under its name.
    pub fn add_output(&mut self, name: &'m str, output: Output) {
        let id = self.keep(name, output);
        self.names.insert(name, id);
    }

    /// Adds a result between two steps of the node at hand, without a name of its own in the file.
    pub fn hold(&mut self, output: Output) -> Id {
        let name = self.current.clone();
        self.keep(&name, output)
    }

    /// Adds a constant that is not in the file.
    pub fn add_constant(&mut self, name: &str, shape: &[i64], elements: Elements) -> Id {
        self.push(name, shape.to_vec(), Content::Constant(elements))
    }

    fn keep(&mut self, name: &str, output: Output) -> Id {
        match output {
            Output::Same(id) => id,
            Output::Constant(shape, elements) => self.push(name, shape, Content::Constant(elements)),
            Output::Computed(shape, form, value) => {
                let id = self.push(name, shape, Content::Computed);
                self.remember(id, form, value);
                id
            }
        }
    }

    /// The tensor of a name, decoded if it is a constant.
    ///
    /// # Errors
    /// If there is none or it cannot be decoded.
    pub fn lookup(&mut self, name: &str) -> Result<Id, Unavailable> {
        let Some(id) = self.names.get(name).copied() else {
            let problem = Problem::new(code::BAD_GRAPH, format!("it reads '{name}'"))
                .expected("an input, a constant, or the output of an earlier node")
                .found("no such value");
            return Err(Unavailable::Problem(problem));
        };
        match self.tensors[id.0].content {
            Content::Missing => Err(Unavailable::Reported),
            Content::Computed | Content::Constant(_) => Ok(id),
            Content::Undecoded(tensor) => match constant::decode(tensor) {
                Ok((_, elements)) => {
                    self.tensors[id.0].content = Content::Constant(elements);
                    Ok(id)
                }
                Err(problem) => {
                    self.tensors[id.0].content = Content::Missing;
                    Err(Unavailable::Problem(problem.of_tensor(name)))
                }
            },
        }
    }

    /// Operand `index` of a node, if it is given. Its availability was checked before.
    pub fn optional(&mut self, node: &Node<'_>, index: usize) -> Option<Id> {
        let name = node.inputs().get(index).filter(|name| !name.is_empty())?;
        self.names.get(name.as_str()).copied()
    }

    /// Operand `index` of a node.
    ///
    /// # Errors
    /// If it is left out.
    pub fn operand(&mut self, node: &Node<'_>, index: usize) -> Result<Id, Problem> {
        self.optional(node, index).ok_or_else(|| {
            Problem::malformed("number of inputs")
                .expected(format!("at least {}", index + 1))
                .found(node.inputs().len().to_string())
        })
    }

    /// All operands of a node, at least one.
    ///
    /// # Errors
    /// If there is none, or one is left out.
    pub fn operands(&mut self, node: &Node<'_>) -> Result<Vec<Id>, Problem> {
        (0..node.inputs().len().max(1)).map(|index| self.operand(node, index)).collect()
    }

    /// The shape of a tensor, as ONNX says.
    pub fn shape(&self, id: Id) -> Vec<i64> {
        self.tensors[id.0].shape.clone()
    }

    /// The number of dimensions.
    pub fn rank(&self, id: Id) -> usize {
        self.tensors[id.0].shape.len()
    }

    /// The name of a tensor.
    pub fn name(&self, id: Id) -> &str {
        &self.tensors[id.0].name
    }

    /// The elements, if the tensor is a constant.
    pub fn elements(&self, id: Id) -> Option<Elements> {
        match &self.tensors[id.0].content {
            Content::Constant(elements) => Some(elements.clone()),
            _ => None,
        }
    }

    /// The real numbers, if the tensor is a constant of them.
    pub fn floats(&self, id: Id) -> Option<Rc<Vec<f32>>> {
        match &self.tensors[id.0].content {
            Content::Constant(Elements::Floats(values)) => Some(Rc::clone(values)),
            _ => None,
        }
    }

    /// The integers of an operand that must be a constant of them, such as a shape.
    ///
    /// # Errors
    /// If it is none.
    pub fn ints(&self, id: Id, what: &str) -> Result<Rc<Vec<i64>>, Problem> {
        match &self.tensors[id.0].content {
            Content::Constant(Elements::Ints(values)) => Ok(Rc::clone(values)),
            _ => Err(Problem::unsupported(what).expected("constant integers").found(self.describe(id)).help(
                "simplify the model for fixed input shapes, for example with onnxsim, and export again",
            )),
        }
    }

    /// The finite real numbers of an operand that must be constant, such as weights.
    ///
    /// # Errors
    /// If it is not constant, or a number is NaN or infinite.
    pub fn weights(&self, id: Id, what: &str) -> Result<Rc<Vec<f32>>, Problem> {
        let Some(values) = self.floats(id) else {
            return Err(Problem::unsupported(what)
                .expected("constant float numbers")
                .found(self.describe(id))
                .help("only trained networks, whose weights do not change, are supported"));
        };
        self.check_finite(id, &values)?;
        Ok(values)
    }

    /// Refuses numbers of a constant that are NaN or infinite.
    ///
    /// # Errors
    /// Which of them.
    pub fn check_finite(&self, id: Id, values: &[f32]) -> Result<(), Problem> {
        let finite = &self.tensors[id.0].finite;
        let found = if finite.get() { None } else { values.iter().position(|value| !value.is_finite()) };
        let Some(at) = found else {
            finite.set(true);
            return Ok(());
        };
        let mut rest = at as i64;
        let mut index: Vec<String> = Vec::new();
        for size in self.shape(id).iter().rev() {
            index.push((rest % size.max(&1)).to_string());
            rest /= size.max(&1);
        }
        index.reverse();
        Err(Problem::new(code::NON_FINITE, format!("element [{}]", index.join(", ")))
            .of_tensor(self.name(id))
            .expected("finite numbers")
            .found(if values[at].is_nan() { "NaN" } else { "an infinity" })
            .help("training has diverged, or the file was damaged; export the model again"))
    }

    /// A tensor as diagnostics show it: `w 16x3x3x3 constant`.
    pub fn describe(&self, id: Id) -> String {
        let tensor = &self.tensors[id.0];
        let kind = match &tensor.content {
            Content::Constant(Elements::Ints(_)) => "constant integers",
            Content::Constant(Elements::Floats(_)) | Content::Undecoded(_) => "constant",
            Content::Computed | Content::Missing => "computed at run time",
        };
        format!("'{}' {} {kind}", tensor.name, shape_text(&tensor.shape))
    }

    /// Takes room for `count` elements of new constants.
    ///
    /// # Errors
    /// If the file has asked for far more than its size.
    pub fn charge(&mut self, count: usize) -> Result<(), Problem> {
        match self.budget.checked_sub(count) {
            Some(rest) => {
                self.budget = rest;
                Ok(())
            }
            None => Err(Problem::unsupported("constants become far larger than the file")
                .expected(format!("at most {} further elements", self.budget))
                .found(count.to_string())),
        }
    }

    /// The value of a tensor in a form, if it was made.
    pub fn known(&self, id: Id, form: Form) -> Option<Value> {
        self.tensors[id.0].values.get(&form).copied()
    }

    /// Keeps the value of a tensor in a form.
    pub fn remember(&mut self, id: Id, form: Form, value: Value) {
        self.tensors[id.0].values.insert(form, value);
    }

    /// A constant tensor of the file in the program: made once for each form and number of dimensions.
    ///
    /// # Errors
    /// If `make` fails.
    pub fn constant_once(
        &mut self,
        key: (Id, usize, Form),
        make: impl FnOnce(&mut Self) -> Result<Value, Problem>,
    ) -> Result<Value, Problem> {
        if let Some(value) = self.constants.get(&key) {
            return Ok(*value);
        }
        let value = make(self)?;
        self.constants.insert(key, value);
        Ok(value)
    }

    /// A constant in the program, named after a tensor of the file.
    ///
    /// # Errors
    /// If the values do not fit the shape, or the file asks for too much.
    pub fn new_constant(&mut self, id: Id, shape: &[i64], values: &[f32]) -> Result<Value, Problem> {
        let name = self.name(id).to_owned();
        self.named_constant(&name, shape, values)
    }

    /// A constant in the program.
    ///
    /// # Errors
    /// If the values do not fit the shape, or the file asks for too much.
    pub fn named_constant(&mut self, name: &str, shape: &[i64], values: &[f32]) -> Result<Value, Problem> {
        self.charge(values.len())?;
        let here = self.tosa.loc();
        self.tosa.set_loc(self.loc(name));
        let value = self.tosa.constant(name, shape, values);
        self.tosa.set_loc(here);
        Ok(value?)
    }
}

/// The location of a named item of a file without lines.
pub fn loc(ctx: Ctx, file: &str, name: &str) -> Loc {
    let file = Loc::file(ctx, file, 0, 0);
    if name.is_empty() { file } else { Loc::named(ctx, name, file) }
}
