//! The state of an import: which values exist, and in which layouts.
//!
//! ONNX keeps the channels in dimension 1 and TOSA keeps them last. A tensor of rank 2 to 4 therefore
//! has two forms: the *plain* one, with the shape that ONNX says, and the *image*, NHWC of rank 4
//! (`[n, c]` is an image of one pixel, `[n, c, w]` one of height 1). A form is made from the other
//! when an operator first asks for it, and kept. Convolutions and pools ask for images, elementwise
//! operators take what is there: so a typical network is transposed once at its input.

use std::{collections::HashMap, rc::Rc};

use super::{
    constant::{self, Elements},
    node::Node,
    problem::Problem,
    proto,
};
use crate::{
    import::{
        code,
        tosa::{self, Built, Tosa, shape_text},
    },
    mlir::{Ctx, Loc, Value},
};

/// Index of a tensor of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Id(usize);

/// A layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// The shape that ONNX says.
    Plain,
    /// NHWC.
    Image,
}

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
    plain: Option<Value>,
    image: Option<Value>,
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
        self.tensors.push(Tensor { name: name.to_owned(), shape, content, plain: None, image: None });
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
        self.tensors[id.0].plain = Some(value);
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
                match form {
                    Form::Plain => self.tensors[id.0].plain = Some(value),
                    Form::Image => self.tensors[id.0].image = Some(value),
                }
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

    fn check_finite(&self, id: Id, values: &[f32]) -> Result<(), Problem> {
        let Some(at) = values.iter().position(|value| !value.is_finite()) else { return Ok(()) };
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

    /// The form to compute an elementwise operator in: that in which the operand exists.
    pub fn form(&self, id: Id) -> Form {
        if self.tensors[id.0].image.is_some() { Form::Image } else { Form::Plain }
    }

    /// The value in a form.
    ///
    /// # Errors
    /// If it is an integer, not finite, or has no image.
    pub fn value(&mut self, id: Id, form: Form) -> Result<Value, Problem> {
        self.value_of_rank(id, self.rank(id), form)
    }

    /// The value with the shape that ONNX says.
    ///
    /// # Errors
    /// If it is an integer or not finite.
    pub fn plain(&mut self, id: Id) -> Result<Value, Problem> {
        self.value(id, Form::Plain)
    }

    /// The value as NHWC.
    ///
    /// # Errors
    /// If it is an integer, not finite, or not of rank 2 to 4.
    pub fn image(&mut self, id: Id) -> Result<Value, Problem> {
        self.value(id, Form::Image)
    }

    /// The value in a form, with dimensions of size 1 in front to make up `rank`.
    ///
    /// # Errors
    /// If it is an integer, not finite, or has no image.
    pub fn value_of_rank(&mut self, id: Id, rank: usize, form: Form) -> Result<Value, Problem> {
        let own = self.shape(id);
        let mut shape = vec![1; rank.saturating_sub(own.len())];
        shape.extend(&own);
        match self.elements(id) {
            Some(Elements::Ints(_)) => {
                Err(Problem::unsupported("an integer tensor takes part in real arithmetic")
                    .expected("float32")
                    .found(self.describe(id)))
            }
            Some(Elements::Floats(values)) => self.constant_value(id, shape, form, &values),
            None => {
                let known = self.known(id);
                if own.len() == shape.len() {
                    return self.converted(id, form, &shape);
                }
                let plain = match known.0 {
                    Some(plain) => plain,
                    None => self.converted(id, Form::Plain, &own)?,
                };
                let plain = self.tosa.reshape(plain, &shape)?;
                Ok(match form {
                    Form::Plain => plain,
                    Form::Image => self.to_image(plain, &shape)?,
                })
            }
        }
    }

    fn known(&self, id: Id) -> (Option<Value>, Option<Value>) {
        (self.tensors[id.0].plain, self.tensors[id.0].image)
    }

    fn constant_value(
        &mut self,
        id: Id,
        shape: Vec<i64>,
        form: Form,
        values: &[f32],
    ) -> Result<Value, Problem> {
        let key = (id, shape.len(), form);
        if let Some(value) = self.constants.get(&key) {
            return Ok(*value);
        }
        self.check_finite(id, values)?;
        let value = match form {
            Form::Plain => self.new_constant(id, &shape, values)?,
            Form::Image => {
                let permuted = tosa::transpose_values(values, &as_rank_4(&shape)?, &TO_IMAGE)?;
                self.new_constant(id, &image_shape(&shape)?, &permuted)?
            }
        };
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

    /// The value in a form, made from the other one if need be.
    fn converted(&mut self, id: Id, form: Form, shape: &[i64]) -> Result<Value, Problem> {
        let (known, other) = match (form, self.known(id)) {
            (Form::Plain, (plain, image)) => (plain, image),
            (Form::Image, (plain, image)) => (image, plain),
        };
        if let Some(value) = known {
            return Ok(value);
        }
        let Some(other) = other else {
            return Err(Problem::new(code::BAD_GRAPH, "a value has no form").of_tensor(self.name(id)));
        };
        let here = self.tosa.loc();
        self.tosa.set_loc(self.loc(self.name(id)));
        let made = match form {
            Form::Plain => self.to_plain(other, shape),
            Form::Image => self.to_image(other, shape),
        };
        self.tosa.set_loc(here);
        let made = made?;
        match form {
            Form::Plain => self.tensors[id.0].plain = Some(made),
            Form::Image => self.tensors[id.0].image = Some(made),
        }
        Ok(made)
    }

    /// The image of a value in plain form, of this shape in ONNX.
    ///
    /// # Errors
    /// If it has none.
    pub fn to_image(&mut self, plain: Value, shape: &[i64]) -> Result<Value, Problem> {
        let image = image_shape(shape)?;
        if keeps_order(shape) {
            return Ok(self.tosa.reshape(plain, &image)?);
        }
        let rank_4 = self.tosa.reshape(plain, &as_rank_4(shape)?)?;
        Ok(self.tosa.transpose(rank_4, &TO_IMAGE)?)
    }

    /// The plain form of an image, of this shape in ONNX.
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub fn to_plain(&mut self, image: Value, shape: &[i64]) -> Result<Value, Problem> {
        if keeps_order(shape) {
            return Ok(self.tosa.reshape(image, shape)?);
        }
        let rank_4 = self.tosa.transpose(image, &TO_PLAIN)?;
        Ok(self.tosa.reshape(rank_4, shape)?)
    }

    /// Applies a function of one operand that works element by element.
    ///
    /// # Errors
    /// If the operand has no value, or the function refuses it.
    pub fn map(
        &mut self,
        id: Id,
        function: impl FnOnce(&mut Tosa, Value) -> Built,
    ) -> Result<Output, Problem> {
        let form = self.form(id);
        let input = self.value(id, form)?;
        let value = function(&mut self.tosa, input)?;
        Ok(Output::Computed(self.shape(id), form, value))
    }

    /// Applies a function of two operands that works element by element and repeats dimensions of size 1.
    ///
    /// # Errors
    /// If the shapes do not fit or an operand has no value.
    pub fn zip(
        &mut self,
        a: Id,
        b: Id,
        function: impl FnOnce(&mut Tosa, Value, Value) -> Built,
    ) -> Result<Output, Problem> {
        let shape = tosa::broadcast(&self.shape(a), &self.shape(b))?;
        let rank = shape.len();
        let image = [a, b].iter().any(|id| self.form(*id) == Form::Image && self.rank(*id) == rank);
        let form = if image { Form::Image } else { Form::Plain };
        let (lhs, rhs) = (self.value_of_rank(a, rank, form)?, self.value_of_rank(b, rank, form)?);
        let value = function(&mut self.tosa, lhs, rhs)?;
        Ok(Output::Computed(shape, form, value))
    }
}

/// The location of a named item of a file without lines.
pub fn loc(ctx: Ctx, file: &str, name: &str) -> Loc {
    let file = Loc::file(ctx, file, 0, 0);
    if name.is_empty() { file } else { Loc::named(ctx, name, file) }
}

const TO_IMAGE: [usize; 4] = [0, 2, 3, 1];
const TO_PLAIN: [usize; 4] = [0, 3, 1, 2];

/// `[n, c, h, w]` of a shape of rank 2 to 4.
///
/// # Errors
/// For other ranks.
pub fn as_rank_4(shape: &[i64]) -> Result<Vec<i64>, Problem> {
    match *shape {
        [n, c] => Ok(vec![n, c, 1, 1]),
        [n, c, w] => Ok(vec![n, c, 1, w]),
        [n, c, h, w] => Ok(vec![n, c, h, w]),
        _ => Err(Problem::unsupported("number of dimensions")
            .expected("a tensor [n, c, w] or [n, c, h, w]")
            .found(shape_text(shape))),
    }
}

/// The shape of the image of a tensor.
///
/// # Errors
/// If it has none.
pub fn image_shape(shape: &[i64]) -> Result<Vec<i64>, Problem> {
    let rank_4 = as_rank_4(shape)?;
    Ok(TO_IMAGE.iter().map(|dim| rank_4[*dim]).collect())
}

/// Where dimension `axis` of a tensor of `rank` dimensions stands in a form.
pub fn axis_in(form: Form, rank: usize, axis: usize) -> usize {
    match (form, rank, axis) {
        (Form::Plain, _, _) | (Form::Image, _, 0) => axis,
        (Form::Image, _, 1) => 3,
        (Form::Image, 3, _) => 2,
        (Form::Image, _, _) => axis - 1,
    }
}

/// Whether plain form and image have their elements in the same order.
pub fn keeps_order(shape: &[i64]) -> bool {
    let pixels_are_one = shape.iter().skip(2).all(|size| *size == 1);
    pixels_are_one || shape.get(1) == Some(&1)
}
