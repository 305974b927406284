//! TOSA on `f32`, in the forms of MLIR 22.

use super::{
    Loaded, Scope,
    afp::{
        axis, boxed, concat, contraction, filters, matmul_sizes, padded, permuted, repeated_shape, reshape,
    },
    pool_windows, result_shape, size, sizes, unsupported, unsupported_form,
};
use crate::{
    diag::Diagnostic,
    dialect::{Element, view},
    interp::{
        exec::{
            contract::{Geometry, WeightLayout},
            elementwise::{Binary, Compare, NanMode, Select, ToReal, Unary},
            linear::{Filters, Matmul, RealResult, TransposedConvolution},
            movement::{Border, Gather, View},
            pool::{AveragePool, MaxPool, Windows},
            reduce::{Dimension, Reduce},
        },
        tensor::{Data, Tensor},
    },
    mlir::{Attr, Op, Value},
    numerics::Function,
};

/// Reads an operation of the dialect; `name` is what follows `tosa.`.
pub fn load(scope: &Scope, op: Op, name: &str) -> Result<Loaded, Diagnostic> {
    match name {
        "const" => constant(op).map(Loaded::Constant),
        "const_shape" => const_shape(op).map(Loaded::Constant),
        "identity" => Ok(Loaded::Same(op.operand(0))),
        "concat" => concat(op),
        "reshape" => reshape(op),
        "transpose" => transpose(op),
        "slice" => slice(scope, op),
        "reverse" => reverse(op),
        "tile" => tile(scope, op),
        "cast" => cast(op),
        "select" => select(op),
        "gather" => gather(op),
        _ => real(scope, op, name),
    }
}

/// Operators whose operands are all `f32`.
fn real(scope: &Scope, op: Op, name: &str) -> Result<Loaded, Diagnostic> {
    let numbers = op.operands().into_iter().take(if name == "mul" { 2 } else { usize::MAX });
    for value in numbers.filter(|value| value.ty().shape().is_some()) {
        if Element::of(value.ty()) != Element::Real {
            return Err(unsupported(op).help("only f32 tensors are executed"));
        }
    }
    match name {
        "pad" => pad(scope, op),
        "conv2d" => convolution(scope, op, false),
        "depthwise_conv2d" => convolution(scope, op, true),
        "transpose_conv2d" => transposed_convolution(scope, op),
        "matmul" => matmul(scope, op),
        "avg_pool2d" => {
            zero_points(scope, op, 1)?;
            Ok(Loaded::step(AveragePool(pool(op)?), [op.operand(0)]))
        }
        "max_pool2d" => {
            let kernel = MaxPool { windows: pool(op)?, nan: nan_mode(op) };
            Ok(Loaded::step(kernel, [op.operand(0)]))
        }
        "reduce_max" | "reduce_min" | "reduce_sum" | "reduce_product" => reduce(op, name),
        "negate" => {
            zero_points(scope, op, 1)?;
            Ok(Loaded::step(Unary(|x: f32| -x), [op.operand(0)]))
        }
        "clamp" => clamp(op),
        "equal" | "greater" | "greater_equal" => compare(op, name),
        _ => match unary(op, name)? {
            Some(loaded) => Ok(loaded),
            None => binary(op, name),
        },
    }
}

fn constant(op: Op) -> Result<Tensor, Diagnostic> {
    let shape = sizes(op.result(0))?;
    let values = op.attr("values");
    let data = values.and_then(|values| {
        if let Some(numbers) = values.elements_f32() {
            Some(Data::Real(numbers))
        } else if let Some(truth) = values.elements_bool() {
            Some(Data::Integers(truth.into_iter().map(i64::from).collect()))
        } else {
            Some(Data::Integers(values.elements_i64()?))
        }
    });
    let tensor = data.map(|data| Tensor { shape, data }).filter(Tensor::is_consistent);
    tensor.ok_or_else(|| {
        unsupported_form(
            "a constant of f32 or integers with a complete payload",
            op.result(0).ty().to_string(),
        )
    })
}

fn const_shape(op: Op) -> Result<Tensor, Diagnostic> {
    let values = op.attr("values").and_then(|values| values.elements_index());
    let values = values.ok_or_else(|| unsupported_form("sizes as index elements", op.to_string()))?;
    Ok(Tensor { shape: vec![values.len()], data: Data::Integers(values) })
}

/// The zero points of an operator on `f32`: constants, and zero.
fn zero_points(scope: &Scope, op: Op, first: usize) -> Result<(), Diagnostic> {
    for &value in &op.operands()[first..] {
        let tensor = scope.constant(value)?;
        if tensor.to_f64().iter().any(|&x| x != 0.0) {
            return Err(unsupported_form("zero points of 0", "another"));
        }
    }
    Ok(())
}

fn numbers<const N: usize>(op: Op, name: &str) -> Result<[i64; N], Diagnostic> {
    let found = view::dims(op, name);
    let text = format!("{found:?}");
    found.try_into().map_err(|_| unsupported_form(&format!("{N} numbers in '{name}'"), text))
}

fn nan_mode(op: Op) -> NanMode {
    let ignore = op.attr("nan_mode").is_some_and(|mode| mode.to_string().contains("IGNORE"));
    if ignore { NanMode::Ignore } else { NanMode::Propagate }
}

fn convolution(scope: &Scope, op: Op, depthwise: bool) -> Result<Loaded, Diagnostic> {
    zero_points(scope, op, 3)?;
    let conv = view::Conv {
        depthwise,
        stride: numbers(op, "stride")?,
        dilation: numbers(op, "dilation")?,
        pad: numbers(op, "pad")?,
        groups: 1,
    };
    let filters = filters(&sizes(op.operand(0))?, &sizes(op.operand(1))?, &conv)?;
    contraction(scope, op, filters, Some(op.operand(2)), vec![0], RealResult::Rounded)
}

fn transposed_convolution(scope: &Scope, op: Op) -> Result<Loaded, Diagnostic> {
    zero_points(scope, op, 3)?;
    let (input, weight) = (sizes(op.operand(0))?, sizes(op.operand(1))?);
    let (stride, pad): ([i64; 2], [i64; 4]) = (numbers(op, "stride")?, numbers(op, "out_pad")?);
    let (&[batch, height, width, depth], &[channels, rows, columns, inputs]) = (&input[..], &weight[..])
    else {
        return Err(unsupported(op));
    };
    let signed = |size: usize| i64::try_from(size).unwrap_or(i64::MAX);
    let extent = |size: usize, stride: i64, before: i64, after: i64, kernel: usize| {
        let span = signed(size - 1).checked_mul(stride)?.checked_add(before)?.checked_add(after)?;
        usize::try_from(span.checked_add(signed(kernel))?).ok()
    };
    let fits = depth == inputs && stride.iter().all(|&s| s > 0);
    let sizes =
        [extent(height, stride[0], pad[0], pad[1], rows), extent(width, stride[1], pad[2], pad[3], columns)];
    let ([Some(out_height), Some(out_width)], true) = (sizes, fits) else {
        return Err(unsupported_form("sizes that fit each other", format!("{input:?} and {weight:?}")));
    };
    let output = result_shape(op, vec![batch, out_height, out_width, channels])?;
    let kernel = TransposedConvolution { input, weight, output, stride, before: [pad[0], pad[2]] };
    Ok(Loaded::step(kernel, op.operands().into_iter().take(3)))
}

fn matmul(scope: &Scope, op: Op) -> Result<Loaded, Diagnostic> {
    zero_points(scope, op, 2)?;
    let sizes = matmul_sizes(op)?;
    if let (Some(weights), [1, m, k, n]) = (scope.constants.get(&op.operand(1)), sizes) {
        let filters = Filters::Full(Geometry::matrix(m, k, n), WeightLayout { output: 1, tap: 0, input: n });
        let kernel = crate::interp::exec::linear::Contraction {
            constant: Some(filters.prepare(weights, None)?),
            filters,
            has_bias: false,
            channel_exp: vec![0],
            shape: vec![1, m, n],
            real: RealResult::Rounded,
        };
        return Ok(Loaded::step(kernel, [op.operand(0)]));
    }
    Ok(Loaded::step(Matmul { sizes, real: RealResult::Rounded }, op.operands().into_iter().take(2)))
}

fn pool(op: Op) -> Result<Windows, Diagnostic> {
    let pool = view::Pool {
        kernel: numbers(op, "kernel")?,
        stride: numbers(op, "stride")?,
        pad: numbers(op, "pad")?,
    };
    let windows = pool_windows(&sizes(op.operand(0))?, &pool)?;
    let [top, bottom, left, right] = pool.pad;
    if [top, bottom].iter().any(|&p| p >= pool.kernel[0])
        || [left, right].iter().any(|&p| p >= pool.kernel[1])
    {
        return Err(unsupported_form("padding below the kernel's size", format!("{:?}", pool.pad)));
    }
    result_shape(op, windows.shape())?;
    Ok(Windows(windows))
}

fn reduce(op: Op, name: &str) -> Result<Loaded, Diagnostic> {
    let mut shape = sizes(op.operand(0))?;
    let axis = axis(op, shape.len())?;
    let dimension = Dimension::of(&shape, axis);
    shape[axis] = 1;
    let shape = result_shape(op, shape)?;
    let nan = nan_mode(op);
    let operand = [op.operand(0)];
    Ok(match name {
        "reduce_sum" => {
            Loaded::step(Reduce { dimension, start: 0.0, fold: |a: f64, b: f64| a + b, shape }, operand)
        }
        "reduce_product" => {
            Loaded::step(Reduce { dimension, start: 1.0, fold: |a: f64, b: f64| a * b, shape }, operand)
        }
        // The numbers are f32, also in f64.
        "reduce_max" => {
            let fold = move |a: f64, b: f64| f64::from(nan.max(a as f32, b as f32));
            Loaded::step(Reduce { dimension, start: f64::NEG_INFINITY, fold, shape }, operand)
        }
        _ => {
            let fold = move |a: f64, b: f64| f64::from(nan.min(a as f32, b as f32));
            Loaded::step(Reduce { dimension, start: f64::INFINITY, fold, shape }, operand)
        }
    })
}

fn clamp(op: Op) -> Result<Loaded, Diagnostic> {
    let limit = |name: &str| {
        let value = op.attr(name).and_then(Attr::as_f64).map(|x| x as f32);
        value.ok_or_else(|| unsupported_form(&format!("an f32 in '{name}'"), op.to_string()))
    };
    let (lo, hi, nan) = (limit("min_val")?, limit("max_val")?, nan_mode(op));
    result_shape(op, sizes(op.operand(0))?)?;
    Ok(Loaded::step(Unary(move |x: f32| nan.min(nan.max(x, lo), hi)), [op.operand(0)]))
}

fn compare(op: Op, name: &str) -> Result<Loaded, Diagnostic> {
    let shape = repeated_shape(op, &op.operands())?;
    Ok(match name {
        "equal" => Loaded::step(Compare { holds: |a: f32, b: f32| a == b, shape }, op.operands()),
        "greater" => Loaded::step(Compare { holds: |a: f32, b: f32| a > b, shape }, op.operands()),
        _ => Loaded::step(Compare { holds: |a: f32, b: f32| a >= b, shape }, op.operands()),
    })
}

/// A function of one number, evaluated in `f64`; none if `name` is none.
fn unary(op: Op, name: &str) -> Result<Option<Loaded>, Diagnostic> {
    let function: fn(f64) -> f64 = match name {
        "floor" => libm::floor,
        "ceil" => libm::ceil,
        "sin" => libm::sin,
        "cos" => libm::cos,
        "abs" => |x| Function::Abs.evaluate(x),
        "exp" => |x| Function::Exp.evaluate(x),
        "log" => |x| Function::Log.evaluate(x),
        "rsqrt" => |x| Function::Rsqrt.evaluate(x),
        "reciprocal" => |x| Function::Reciprocal.evaluate(x),
        "sigmoid" => |x| Function::Sigmoid.evaluate(x),
        "tanh" => |x| Function::Tanh.evaluate(x),
        "erf" => |x| Function::Erf.evaluate(x),
        _ => return Ok(None),
    };
    result_shape(op, sizes(op.operand(0))?)?;
    let kernel = Unary(move |x: f32| function(f64::from(x)) as f32);
    Ok(Some(Loaded::step(kernel, [op.operand(0)])))
}

fn binary(op: Op, name: &str) -> Result<Loaded, Diagnostic> {
    let nan = nan_mode(op);
    let function: Box<dyn Fn(f32, f32) -> f32 + Send + Sync> = match name {
        "add" => Box::new(|a, b| a + b),
        "sub" => Box::new(|a, b| a - b),
        "mul" => Box::new(|a, b| a * b),
        "maximum" => Box::new(move |a, b| nan.max(a, b)),
        "minimum" => Box::new(move |a, b| nan.min(a, b)),
        "pow" => Box::new(|a, b| libm::pow(f64::from(a), f64::from(b)) as f32),
        _ => return Err(unsupported(op)),
    };
    let operands: Vec<Value> = op.operands().into_iter().take(2).collect();
    let shape = repeated_shape(op, &operands)?;
    Ok(Loaded::step(Binary { function, shape }, operands))
}

fn select(op: Op) -> Result<Loaded, Diagnostic> {
    if Element::of(op.result(0).ty()) != Element::Real {
        return Err(unsupported(op));
    }
    Ok(Loaded::step(Select { shape: repeated_shape(op, &op.operands())? }, op.operands()))
}

/// `f32` to itself, or truth values and integers to `f32`.
fn cast(op: Op) -> Result<Loaded, Diagnostic> {
    let (from, to) = (op.operand(0), op.result(0));
    result_shape(op, sizes(from)?)?;
    if from.ty() == to.ty() {
        return Ok(Loaded::Same(from));
    }
    match (Element::of(from.ty()), Element::of(to.ty())) {
        (Element::Other, Element::Real) if from.ty().int_width().is_some() => {
            Ok(Loaded::step(ToReal, [from]))
        }
        _ => Err(unsupported(op)),
    }
}

fn transpose(op: Op) -> Result<Loaded, Diagnostic> {
    let perm = op.attr("perms").and_then(Attr::as_i32s).unwrap_or_default();
    permuted(op, &perm.into_iter().map(i64::from).collect::<Vec<_>>())
}

fn slice(scope: &Scope, op: Op) -> Result<Loaded, Diagnostic> {
    let start = scope.integers(op.operand(1))?;
    let extent = scope.integers(op.operand(2))?;
    let extent = extent.into_iter().map(size).collect::<Result<Vec<_>, _>>()?;
    result_shape(op, extent)?;
    boxed(op, &start, &vec![1; start.len()])
}

fn pad(scope: &Scope, op: Op) -> Result<Loaded, Diagnostic> {
    let widths = scope.integers(op.operand(1))?;
    let value = scope.constant(op.operand(2))?.as_real().and_then(|values| values.first().copied());
    let value = value.ok_or_else(|| unsupported_form("an f32 in 'pad_const'", op.to_string()))?;
    let (low, high): (Vec<i64>, Vec<i64>) = widths.chunks_exact(2).map(|pair| (pair[0], pair[1])).unzip();
    padded(op, &low, &high, Border::Real(value))
}

fn reverse(op: Op) -> Result<Loaded, Diagnostic> {
    let from = sizes(op.operand(0))?;
    let axis = axis(op, from.len())?;
    result_shape(op, from.clone())?;
    Ok(Loaded::step(View::reverse(&from, axis), [op.operand(0)]))
}

fn tile(scope: &Scope, op: Op) -> Result<Loaded, Diagnostic> {
    let from = sizes(op.operand(0))?;
    let multiples = scope.integers(op.operand(1))?.into_iter().map(size).collect::<Result<Vec<_>, _>>()?;
    let shape: Option<Vec<usize>> =
        multiples.iter().zip(&from).map(|(&multiple, &size)| multiple.checked_mul(size)).collect();
    match shape {
        Some(shape) if multiples.len() == from.len() => result_shape(op, shape)?,
        _ => return Err(unsupported_form("a multiple per dimension", format!("{multiples:?}"))),
    };
    Ok(Loaded::step(View::tile(&from, &multiples), [op.operand(0)]))
}

fn gather(op: Op) -> Result<Loaded, Diagnostic> {
    let (values, indices) = (sizes(op.operand(0))?, sizes(op.operand(1))?);
    if Element::of(op.operand(0).ty()) != Element::Real {
        return Err(unsupported(op));
    }
    match (&values[..], &indices[..]) {
        (&[batch, rows, channels], &[other, count]) if batch == other => {
            result_shape(op, vec![batch, count, channels])?;
            Ok(Loaded::step(Gather { sizes: [batch, rows, channels, count] }, op.operands()))
        }
        _ => Err(unsupported(op)),
    }
}
