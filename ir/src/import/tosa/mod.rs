//! Building TOSA operations of MLIR 22 on f32 tensors, for every importer.
//!
//! [`Tosa`] appends operations to one block. Its functions take operands that exist, work out the
//! result's type, and refuse what does not fit with a [`Misfit`], so that an importer need not
//! repeat the rules of shapes. Layouts are TOSA's: feature maps NHWC, convolution weights OHWI,
//! depthwise weights HWCM.
//!
//! A shape that comes from a file cannot make arithmetic overflow here: sizes are positive, a tensor
//! has at most [`MAX_ELEMENTS`] elements and [`MAX_DIMENSIONS`] dimensions, and window parameters are at most [`MAX_EXTENT`].

#[cfg(test)]
mod tests;
mod window;

pub use window::{Fitted, Window, fit};

use crate::mlir::{Attr, Builder, Ctx, Loc, OpSpec, Type, Value};

/// Most elements that a tensor may have: generated code indexes with 32 bits.
pub const MAX_ELEMENTS: i64 = i32::MAX as i64;

/// Most dimensions that a tensor may have: no network has more, and a hostile file none that cost time.
pub const MAX_DIMENSIONS: usize = 16;

/// Largest kernel, stride, dilation or padding.
pub const MAX_EXTENT: i64 = i32::MAX as i64;

/// Constants of at most this many elements are printed inline, larger ones as resources.
const INLINE_ELEMENTS: usize = 16;

/// Operands that do not fit an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// What the operator needs.
    pub expected: String,
    /// What it got.
    pub found: String,
}

impl Misfit {
    /// A misfit.
    pub fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { expected: expected.into(), found: found.into() }
    }
}

/// A new value, or why there is none.
pub type Built = Result<Value, Misfit>;

/// A shape as people write it: `1x3x224x224`, or `scalar`.
pub fn shape_text(shape: &[i64]) -> String {
    if shape.is_empty() {
        return "scalar".to_owned();
    }
    shape.iter().map(i64::to_string).collect::<Vec<_>>().join("x")
}

/// The number of elements of a shape.
///
/// # Errors
/// If a size is not positive, the product exceeds [`MAX_ELEMENTS`], or there are too many dimensions.
pub fn element_count(shape: &[i64]) -> Result<i64, Misfit> {
    check_rank(shape)?;
    if shape.iter().any(|size| *size < 1) {
        return Err(Misfit::new("sizes of at least 1", shape_text(shape)));
    }
    let count = shape.iter().try_fold(1i64, |product, size| product.checked_mul(*size));
    count
        .filter(|count| *count <= MAX_ELEMENTS)
        .ok_or_else(|| Misfit::new(format!("tensors of at most {MAX_ELEMENTS} elements"), shape_text(shape)))
}

/// Refuses shapes with more than [`MAX_DIMENSIONS`] dimensions.
///
/// # Errors
/// If it has more.
pub fn check_rank(shape: &[i64]) -> Result<(), Misfit> {
    if shape.len() <= MAX_DIMENSIONS {
        return Ok(());
    }
    Err(Misfit::new(format!("at most {MAX_DIMENSIONS} dimensions"), shape.len().to_string()))
}

/// The shape of an elementwise operator's result: shapes are aligned at their last dimension, and
/// a dimension of size 1 is repeated.
///
/// # Errors
/// If two sizes differ and neither is 1.
pub fn broadcast(a: &[i64], b: &[i64]) -> Result<Vec<i64>, Misfit> {
    let rank = a.len().max(b.len());
    let size = |shape: &[i64], dim: usize| (dim + shape.len()).checked_sub(rank).map_or(1, |at| shape[at]);
    (0..rank)
        .map(|dim| match (size(a, dim), size(b, dim)) {
            (x, y) if x == y || y == 1 => Ok(x),
            (1, y) => Ok(y),
            _ => Err(Misfit::new(
                "shapes that are equal, or 1 where they differ",
                format!("{} and {}", shape_text(a), shape_text(b)),
            )),
        })
        .collect()
}

/// Appends TOSA operations to a block.
pub struct Tosa {
    builder: Builder,
    loc: Loc,
    zero: Option<Value>,
    no_shift: Option<Value>,
}

impl Tosa {
    /// Appends where `builder` does, at `loc`.
    pub fn new(builder: Builder, loc: Loc) -> Self {
        Self { builder, loc, zero: None, no_shift: None }
    }

    /// The context.
    pub fn ctx(&self) -> Ctx {
        self.builder.ctx()
    }

    /// The location of what is built next.
    pub fn loc(&self) -> Loc {
        self.loc
    }

    /// Sets the location of what is built next.
    pub fn set_loc(&mut self, loc: Loc) {
        self.loc = loc;
    }

    /// The type of an f32 tensor.
    ///
    /// # Errors
    /// If the sizes are refused by [`element_count`].
    pub fn tensor(&self, shape: &[i64]) -> Result<Type, Misfit> {
        element_count(shape)?;
        Ok(Type::tensor(shape, Type::f32(self.ctx())))
    }

    fn build(&self, shape: &[i64], name: &str, operands: &[Value], attrs: &[(&str, Attr)]) -> Built {
        let mut spec = OpSpec::new(name).operands(operands.iter().copied()).result(self.tensor(shape)?);
        for (key, value) in attrs {
            spec = spec.attr(key, *value);
        }
        Ok(self.builder.value(self.loc, spec))
    }

    /// `tosa.const` of f32 values; kept under `name` as a resource if it is large.
    ///
    /// # Errors
    /// If there are not as many values as the shape needs.
    pub fn constant(&self, name: &str, shape: &[i64], values: &[f32]) -> Built {
        let count = element_count(shape)?;
        if usize::try_from(count) != Ok(values.len()) {
            return Err(Misfit::new(
                format!("{count} values for a constant {}", shape_text(shape)),
                values.len().to_string(),
            ));
        }
        let mut bytes = Vec::with_capacity(values.len() * 4);
        values.iter().for_each(|value| bytes.extend_from_slice(&value.to_ne_bytes()));
        let ty = self.tensor(shape)?;
        let inline = if values.len() <= INLINE_ELEMENTS { Attr::dense(ty, &bytes) } else { None };
        let payload = inline.unwrap_or_else(|| Attr::resource(ty, name, &bytes));
        self.build(shape, "tosa.const", &[], &[("values", payload)])
    }

    /// A constant with one element, `rank` dimensions of size 1.
    ///
    /// # Errors
    /// None in practice: the shape is always valid.
    pub fn scalar(&self, rank: usize, value: f32) -> Built {
        self.constant("scalar", &vec![1; rank], &[value])
    }

    /// The zero point of float operators, made once.
    pub(super) fn zero(&mut self) -> Built {
        match self.zero {
            Some(zero) => Ok(zero),
            None => {
                let zero = self.scalar(1, 0.0)?;
                self.zero = Some(zero);
                Ok(zero)
            }
        }
    }

    /// `tosa.const_shape`.
    fn const_shape(&self, sizes: &[i64]) -> Value {
        let rank = sizes.len();
        let list = sizes.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
        let list = if rank == 0 { String::new() } else { format!("[{list}]") };
        let parsed = (
            Attr::parse(self.ctx(), &format!("dense<{list}> : tensor<{rank}xindex>")),
            Type::parse(self.ctx(), &format!("!tosa.shape<{rank}>")),
        );
        let (Some(values), Some(ty)) = parsed else {
            unreachable!("the text of a shape constant parses in a context with the tosa dialect")
        };
        self.builder.value(self.loc, OpSpec::new("tosa.const_shape").attr("values", values).result(ty))
    }

    /// A unary elementwise operator, such as `tosa.exp`.
    ///
    /// # Errors
    /// None in practice: the result has the operand's shape.
    pub fn unary(&mut self, name: &str, input: Value) -> Built {
        self.build(&shape(input), name, &[input], &[])
    }

    /// A binary elementwise operator, such as `tosa.add`. Operands have one rank.
    ///
    /// # Errors
    /// If ranks or sizes do not fit.
    pub fn binary(&mut self, name: &str, lhs: Value, rhs: Value) -> Built {
        let (a, b) = (shape(lhs), shape(rhs));
        if a.len() != b.len() {
            return Err(Misfit::new(
                "operands of one rank",
                format!("{} and {}", shape_text(&a), shape_text(&b)),
            ));
        }
        self.build(&broadcast(&a, &b)?, name, &[lhs, rhs], &[])
    }

    /// `tosa.mul`.
    ///
    /// # Errors
    /// If ranks or sizes do not fit.
    pub fn mul(&mut self, lhs: Value, rhs: Value) -> Built {
        let shift = match self.no_shift {
            Some(shift) => shift,
            None => {
                let ty = Type::tensor(&[1], Type::int(self.ctx(), 8));
                let Some(value) = Attr::dense(ty, &[0]) else {
                    unreachable!("one byte is the payload of tensor<1xi8>")
                };
                let spec = OpSpec::new("tosa.const").attr("values", value).result(ty);
                let shift = self.builder.value(self.loc, spec);
                self.no_shift = Some(shift);
                shift
            }
        };
        self.build(&broadcast(&shape(lhs), &shape(rhs))?, "tosa.mul", &[lhs, rhs, shift], &[])
    }

    /// `tosa.mul` by one number.
    ///
    /// # Errors
    /// None in practice: one element fits every shape.
    pub fn scale(&mut self, input: Value, factor: f32) -> Built {
        let factor = self.scalar(shape(input).len(), factor)?;
        self.mul(input, factor)
    }

    /// `tosa.add` of one number.
    ///
    /// # Errors
    /// None in practice: one element fits every shape.
    pub fn offset(&mut self, input: Value, summand: f32) -> Built {
        let summand = self.scalar(shape(input).len(), summand)?;
        self.binary("tosa.add", input, summand)
    }

    /// `tosa.clamp`. No limit is an infinity, and becomes the largest finite number.
    ///
    /// # Errors
    /// If the limits are NaN or in the wrong order.
    pub fn clamp(&mut self, input: Value, low: f32, high: f32) -> Built {
        if low.is_nan() || high.is_nan() || low > high {
            return Err(Misfit::new(
                "a lower limit not above the upper limit",
                format!("limits {low} and {high}"),
            ));
        }
        let limit = |value: f32| Attr::f32(self.ctx(), value.clamp(f32::MIN, f32::MAX));
        let attrs = [("min_val", limit(low)), ("max_val", limit(high))];
        self.build(&shape(input), "tosa.clamp", &[input], &attrs)
    }

    /// `tosa.matmul` of `[b, m, k]` and `[b, k, n]`.
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub fn matmul(&mut self, lhs: Value, rhs: Value) -> Built {
        let (a, b) = (shape(lhs), shape(rhs));
        match (&a[..], &b[..]) {
            ([batch, m, k], [other_batch, other_k, n]) if batch == other_batch && k == other_k => {
                let zero = self.zero()?;
                self.build(&[*batch, *m, *n], "tosa.matmul", &[lhs, rhs, zero, zero], &[])
            }
            _ => Err(Misfit::new(
                "matrices [b, m, k] and [b, k, n]",
                format!("{} and {}", shape_text(&a), shape_text(&b)),
            )),
        }
    }

    /// `tosa.reshape`; the operand itself if it has the shape.
    ///
    /// # Errors
    /// If the number of elements differs.
    pub fn reshape(&mut self, input: Value, to: &[i64]) -> Built {
        let from = shape(input);
        if from == to {
            return Ok(input);
        }
        let (found, count) = (element_count(to)?, element_count(&from)?);
        if found != count {
            return Err(Misfit::new(
                format!("a shape of {count} elements, as {} has", shape_text(&from)),
                format!("{found} elements: {}", shape_text(to)),
            ));
        }
        let sizes = self.const_shape(to);
        self.build(to, "tosa.reshape", &[input, sizes], &[])
    }

    /// `tosa.transpose`: result dimension i is operand dimension `perm[i]`.
    ///
    /// # Errors
    /// If `perm` is no permutation of the operand's dimensions.
    pub fn transpose(&mut self, input: Value, perm: &[usize]) -> Built {
        let from = shape(input);
        let to = permute(&from, perm)?;
        let Ok(perms) = perm.iter().map(|dim| i32::try_from(*dim)).collect::<Result<Vec<_>, _>>() else {
            unreachable!("a permutation of dimensions fits 32 bits")
        };
        self.build(&to, "tosa.transpose", &[input], &[("perms", Attr::i32s(self.ctx(), &perms))])
    }

    /// `tosa.slice`: `size` elements from `start` in every dimension; the operand itself if that is all.
    ///
    /// # Errors
    /// If the box leaves the operand.
    pub fn slice(&mut self, input: Value, start: &[i64], size: &[i64]) -> Built {
        let from = shape(input);
        if start.iter().all(|s| *s == 0) && size == from {
            return Ok(input);
        }
        let fits = start.len() == from.len()
            && size.len() == from.len()
            && from.iter().zip(start.iter().zip(size)).all(|(all, (start, size))| {
                *start >= 0 && *size >= 1 && start.checked_add(*size).is_some_and(|end| end <= *all)
            });
        if !fits {
            return Err(Misfit::new(
                format!("a part of {} with at least one element", shape_text(&from)),
                format!("sizes {} from {}", shape_text(size), shape_text(start)),
            ));
        }
        let (starts, sizes) = (self.const_shape(start), self.const_shape(size));
        self.build(size, "tosa.slice", &[input, starts, sizes], &[])
    }

    /// `tosa.pad` with `low` and `high` elements of `value` per dimension; the operand itself if none.
    ///
    /// # Errors
    /// If a width is negative or the result too large.
    pub fn pad(&mut self, input: Value, low: &[i64], high: &[i64], value: f32) -> Built {
        let from = shape(input);
        if low.iter().chain(high).all(|width| *width == 0) {
            return Ok(input);
        }
        let in_range = |widths: &[i64]| {
            widths.len() == from.len() && widths.iter().all(|w| (0..=MAX_EXTENT).contains(w))
        };
        if !in_range(low) || !in_range(high) {
            return Err(Misfit::new(
                format!("{} widths from 0 to {MAX_EXTENT}", from.len()),
                format!("{} before and {} behind", shape_text(low), shape_text(high)),
            ));
        }
        let to: Vec<i64> = (0..from.len()).map(|dim| low[dim] + from[dim] + high[dim]).collect();
        let widths: Vec<i64> = low.iter().zip(high).flat_map(|(low, high)| [*low, *high]).collect();
        let widths = self.const_shape(&widths);
        let value = if value == 0.0 { self.zero()? } else { self.scalar(1, value)? };
        self.build(&to, "tosa.pad", &[input, widths, value], &[])
    }

    /// `tosa.concat` along `axis`; the operand itself if there is only one.
    ///
    /// # Errors
    /// If the operands differ in another dimension.
    pub fn concat(&mut self, inputs: &[Value], axis: usize) -> Built {
        let shapes: Vec<Vec<i64>> = inputs.iter().map(|input| shape(*input)).collect();
        let fit = |other: &Vec<i64>, first: &Vec<i64>| {
            other.len() == first.len() && (0..first.len()).all(|dim| dim == axis || other[dim] == first[dim])
        };
        let misfit = || {
            let list: Vec<String> = shapes.iter().map(|shape| shape_text(shape)).collect();
            Misfit::new(format!("operands that differ in dimension {axis} alone"), list.join(", "))
        };
        let first = shapes.first().filter(|first| axis < first.len()).ok_or_else(misfit)?;
        if !shapes.iter().all(|other| fit(other, first)) {
            return Err(misfit());
        }
        if let [only] = inputs {
            return Ok(*only);
        }
        let mut to = first.clone();
        to[axis] = shapes.iter().map(|shape| shape[axis]).sum();
        self.build(&to, "tosa.concat", inputs, &[("axis", self.axis(axis))])
    }

    /// `tosa.reverse` along `axis`.
    ///
    /// # Errors
    /// If there is no such dimension.
    pub fn reverse(&mut self, input: Value, axis: usize) -> Built {
        let from = shape(input);
        has_axis(&from, axis)?;
        self.build(&from, "tosa.reverse", &[input], &[("axis", self.axis(axis))])
    }

    /// A reduction such as `tosa.reduce_sum` along `axis`, which keeps size 1.
    ///
    /// # Errors
    /// If there is no such dimension.
    pub fn reduce(&mut self, name: &str, input: Value, axis: usize) -> Built {
        let mut to = shape(input);
        has_axis(&to, axis)?;
        to[axis] = 1;
        self.build(&to, name, &[input], &[("axis", self.axis(axis))])
    }

    /// Softmax along `axis`, in the form that `afp-raise` recognises: the maximum is subtracted,
    /// and the exponentials are multiplied by the reciprocal of their sum.
    ///
    /// # Errors
    /// If there is no such dimension.
    pub fn softmax(&mut self, input: Value, axis: usize) -> Built {
        let max = self.reduce("tosa.reduce_max", input, axis)?;
        let shifted = self.binary("tosa.sub", input, max)?;
        let exp = self.unary("tosa.exp", shifted)?;
        let sum = self.reduce("tosa.reduce_sum", exp, axis)?;
        let inverse = self.unary("tosa.reciprocal", sum)?;
        self.mul(exp, inverse)
    }

    fn axis(&self, axis: usize) -> Attr {
        Attr::int(self.ctx(), 32, i64::try_from(axis).unwrap_or(i64::MAX))
    }
}

fn has_axis(shape: &[i64], axis: usize) -> Result<(), Misfit> {
    if axis < shape.len() {
        return Ok(());
    }
    Err(Misfit::new(format!("a dimension below {}", shape.len()), axis.to_string()))
}

/// The shape of a tensor that a [`Tosa`] built: always static.
pub fn shape(value: Value) -> Vec<i64> {
    value.ty().shape().unwrap_or_default()
}

/// The shape after a transposition.
///
/// # Errors
/// If `perm` is no permutation of the dimensions.
pub fn permute(shape: &[i64], perm: &[usize]) -> Result<Vec<i64>, Misfit> {
    let mut seen = vec![false; shape.len()];
    let valid = perm.len() == shape.len()
        && perm.iter().all(|dim| seen.get_mut(*dim).is_some_and(|seen| !std::mem::replace(seen, true)));
    if !valid {
        return Err(Misfit::new(
            format!("a permutation of {} dimensions", shape.len()),
            format!("{perm:?} for {}", shape_text(shape)),
        ));
    }
    Ok(perm.iter().map(|dim| shape[*dim]).collect())
}

/// The elements of a constant after a transposition: element `[i0, i1, ..]` of the result is element
/// `[.., i_j at perm[j], ..]` of `values`, which has `shape`. `perm` is a permutation of the dimensions.
///
/// # Errors
/// If `perm` is no permutation, or `values` has not the size of the shape.
pub fn transpose_values(values: &[f32], shape: &[i64], perm: &[usize]) -> Result<Vec<f32>, Misfit> {
    let to = permute(shape, perm)?;
    let count = element_count(shape)?;
    if usize::try_from(count) != Ok(values.len()) {
        return Err(Misfit::new(format!("{count} values"), values.len().to_string()));
    }
    let mut stride = vec![1usize; shape.len()];
    for dim in (1..shape.len()).rev() {
        stride[dim - 1] = stride[dim] * shape[dim] as usize;
    }
    let Some(last) = to.len().checked_sub(1) else { return Ok(values.to_vec()) };
    let steps: Vec<usize> = perm.iter().map(|dim| stride[*dim]).collect();
    let mut out = Vec::with_capacity(values.len());
    let mut index = vec![0i64; to.len()];
    let mut at = 0usize;
    loop {
        out.extend((0..to[last] as usize).map(|i| values[at + i * steps[last]]));
        let mut dim = last;
        loop {
            let Some(outer) = dim.checked_sub(1) else { return Ok(out) };
            dim = outer;
            index[dim] += 1;
            at += steps[dim];
            if index[dim] < to[dim] {
                break;
            }
            at -= steps[dim] * to[dim] as usize;
            index[dim] = 0;
        }
    }
}
