//! A node seen by the importer of its operator: attributes, read with a check of their kind.

use super::{
    problem::Problem,
    proto::{self, Attribute, attribute_kind as kind},
};
use crate::import::tosa::MAX_EXTENT;

/// A node, and the version of the operator set that it is written in.
#[derive(Clone, Copy)]
pub struct Node<'m> {
    proto: &'m proto::Node,
    /// Version of the operator set.
    pub opset: i64,
}

impl<'m> Node<'m> {
    /// Looks at a node.
    pub fn new(proto: &'m proto::Node, opset: i64) -> Self {
        Self { proto, opset }
    }

    /// The operator's name.
    pub fn op_type(self) -> &'m str {
        &self.proto.op_type
    }

    /// The node's name, or its first output's if it has none.
    pub fn name(self) -> &'m str {
        if !self.proto.name.is_empty() {
            return &self.proto.name;
        }
        self.proto.output.iter().find(|name| !name.is_empty()).map_or("", String::as_str)
    }

    /// Names of the inputs; empty for one that is left out.
    pub fn inputs(self) -> &'m [String] {
        &self.proto.input
    }

    /// Names of the outputs; empty for one that is left out.
    pub fn outputs(self) -> &'m [String] {
        &self.proto.output
    }

    /// Names of the attributes.
    pub fn attribute_names(self) -> impl Iterator<Item = &'m str> {
        self.proto.attribute.iter().map(|attribute| attribute.name.as_str())
    }

    fn attribute(self, name: &str, kind: i32, of: &str) -> Result<Option<&'m Attribute>, Problem> {
        match self.proto.attribute.iter().find(|attribute| attribute.name == name) {
            Some(found) if found.kind != kind && found.kind != 0 => {
                Err(Problem::malformed(format!("attribute '{name}'"))
                    .expected(of)
                    .found(format!("an attribute of kind {}", found.kind)))
            }
            found => Ok(found),
        }
    }

    /// An integer attribute.
    pub fn int(self, name: &str) -> Result<Option<i64>, Problem> {
        Ok(self.attribute(name, kind::INT, "an integer")?.map(|attribute| attribute.i))
    }

    /// An attribute that is 0 or 1.
    pub fn flag(self, name: &str, default: bool) -> Result<bool, Problem> {
        match self.int(name)? {
            None => Ok(default),
            Some(0) => Ok(false),
            Some(1) => Ok(true),
            Some(other) => Err(Problem::malformed(format!("attribute '{name}'"))
                .expected("0 or 1")
                .found(other.to_string())),
        }
    }

    /// A float attribute.
    pub fn float(self, name: &str) -> Result<Option<f32>, Problem> {
        Ok(self.attribute(name, kind::FLOAT, "a float")?.map(|attribute| attribute.f))
    }

    /// A float attribute that is finite.
    pub fn finite(self, name: &str, default: f32) -> Result<f32, Problem> {
        let value = self.float(name)?.unwrap_or(default);
        if value.is_finite() {
            return Ok(value);
        }
        Err(Problem::malformed(format!("attribute '{name}'"))
            .expected("a finite number")
            .found(value.to_string()))
    }

    /// A text attribute.
    pub fn text(self, name: &str) -> Result<Option<String>, Problem> {
        let found = self.attribute(name, kind::STRING, "a text")?;
        Ok(found.map(|attribute| String::from_utf8_lossy(&attribute.s).into_owned()))
    }

    /// A tensor attribute.
    pub fn tensor(self, name: &str) -> Result<Option<&'m proto::Tensor>, Problem> {
        Ok(self.attribute(name, kind::TENSOR, "a tensor")?.and_then(|attribute| attribute.t.as_ref()))
    }

    /// A list of integers.
    pub fn ints(self, name: &str) -> Result<Option<&'m [i64]>, Problem> {
        let found = self.attribute(name, kind::INTS, "a list of integers")?;
        Ok(found.map(|attribute| &attribute.ints[..]))
    }

    /// A list of floats.
    pub fn floats(self, name: &str) -> Result<Option<&'m [f32]>, Problem> {
        let found = self.attribute(name, kind::FLOATS, "a list of floats")?;
        Ok(found.map(|attribute| &attribute.floats[..]))
    }

    /// A list of exactly `count` integers from `low` to [`MAX_EXTENT`].
    pub fn extents(self, name: &str, count: usize, low: i64) -> Result<Option<&'m [i64]>, Problem> {
        let Some(values) = self.ints(name)? else { return Ok(None) };
        if values.len() == count && values.iter().all(|value| (low..=MAX_EXTENT).contains(value)) {
            return Ok(Some(values));
        }
        Err(Problem::malformed(format!("attribute '{name}'"))
            .expected(format!("{count} integers of at least {low}"))
            .found(format!("{values:?}")))
    }
}

/// A dimension that may count from the end, for a tensor of `rank` dimensions.
///
/// # Errors
/// If there is no such dimension.
pub fn axis(axis: i64, rank: usize) -> Result<usize, Problem> {
    let signed = i64::try_from(rank).unwrap_or(i64::MAX);
    let from_start = if axis < 0 { axis.checked_add(signed) } else { Some(axis) };
    from_start.and_then(|axis| usize::try_from(axis).ok()).filter(|axis| *axis < rank).ok_or_else(|| {
        Problem::malformed("axis")
            .expected(format!("a dimension from {} to {}", -signed, signed - 1))
            .found(axis.to_string())
    })
}
