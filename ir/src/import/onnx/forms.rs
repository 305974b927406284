//! The layouts of values.
//!
//! ONNX keeps the channels in dimension 1 and TOSA keeps them last. A tensor of rank 2 to 4 therefore
//! has two forms: the *plain* one, with the shape that ONNX says, and the *image*, NHWC of rank 4
//! (`[n, c]` is an image of one pixel, `[n, c, w]` one of height 1). A form is made from the other
//! when an operator first asks for it, and kept. Convolutions and pools ask for images, elementwise
//! operators take what is there: so a typical network is transposed once at its input.

use super::{
    constant::Elements,
    graph::{Graph, Id, Output},
    problem::Problem,
};
use crate::{
    import::{
        code,
        tosa::{self, Built, Tosa, shape_text},
    },
    mlir::Value,
};

/// A layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// The shape that ONNX says.
    Plain,
    /// NHWC.
    Image,
}

impl Graph<'_> {
    /// The form to compute an elementwise operator in: that in which the operand exists.
    pub fn form(&self, id: Id) -> Form {
        if self.known(id, Form::Image).is_some() { Form::Image } else { Form::Plain }
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
            None if own.len() == shape.len() => self.converted(id, form, &shape),
            None => {
                let plain = self.converted(id, Form::Plain, &own)?;
                let plain = self.tosa.reshape(plain, &shape)?;
                match form {
                    Form::Plain => Ok(plain),
                    Form::Image => self.image_of(plain, &shape),
                }
            }
        }
    }

    fn constant_value(
        &mut self,
        id: Id,
        shape: Vec<i64>,
        form: Form,
        values: &[f32],
    ) -> Result<Value, Problem> {
        self.constant_once((id, shape.len(), form), |graph| {
            graph.check_finite(id, values)?;
            match form {
                Form::Plain => graph.new_constant(id, &shape, values),
                Form::Image => {
                    let permuted = tosa::transpose_values(values, &as_rank_4(&shape)?, &TO_IMAGE)?;
                    graph.new_constant(id, &image_shape(&shape)?, &permuted)
                }
            }
        })
    }

    /// The value in a form, made from the other one if need be.
    fn converted(&mut self, id: Id, form: Form, shape: &[i64]) -> Result<Value, Problem> {
        if let Some(value) = self.known(id, form) {
            return Ok(value);
        }
        let other = match form {
            Form::Plain => Form::Image,
            Form::Image => Form::Plain,
        };
        let Some(other) = self.known(id, other) else {
            return Err(Problem::new(code::BAD_GRAPH, "a value has no form").of_tensor(self.name(id)));
        };
        let here = self.tosa.loc();
        self.tosa.set_loc(self.loc(self.name(id)));
        let made = match form {
            Form::Plain => self.plain_of(other, shape),
            Form::Image => self.image_of(other, shape),
        };
        self.tosa.set_loc(here);
        let made = made?;
        self.remember(id, form, made);
        Ok(made)
    }

    /// The image of a value in plain form, of this shape in ONNX.
    ///
    /// # Errors
    /// If it has none.
    pub fn image_of(&mut self, plain: Value, shape: &[i64]) -> Result<Value, Problem> {
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
    pub fn plain_of(&mut self, image: Value, shape: &[i64]) -> Result<Value, Problem> {
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
