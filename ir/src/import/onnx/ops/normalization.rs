//! Batch normalization and softmax.

use super::single;
use crate::import::{
    onnx::{
        constant::Elements,
        forms::{Form, axis_in},
        graph::{Graph, Output, Outputs},
        node::{self, Node},
        problem::Problem,
    },
    tosa::{self, Tosa},
};

/// BatchNormalization: a factor `gamma / sqrt(var + eps)` and a summand `beta - mean * factor` per
/// channel, computed in f64.
pub fn batch_normalization(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    if node.flag("training_mode", false)? {
        return Err(Problem::unsupported("attribute 'training_mode'")
            .expected("0")
            .found("1")
            .help("export the model in evaluation mode: model.eval()"));
    }
    if !node.flag("spatial", true)? {
        return Err(Problem::unsupported("attribute 'spatial'").expected("1").found("0"));
    }
    let epsilon = f64::from(node.finite("epsilon", 1e-5)?);
    let x = g.operand(node, 0)?;
    let shape = g.shape(x);
    let Some(channels) = shape.get(1).copied() else {
        return Err(Problem::malformed("input")
            .expected("at least 2 dimensions, [n, c, ..]")
            .found(tosa::shape_text(&shape)));
    };
    let mut parameters = Vec::new();
    for (index, name) in ["scale", "bias", "mean", "variance"].into_iter().enumerate() {
        let id = g.operand(node, index + 1)?;
        if g.shape(id) != [channels] {
            return Err(Problem::malformed(format!("input '{name}'"))
                .expected(format!("{channels} elements, one per channel"))
                .found(g.describe(id)));
        }
        parameters.push((id, g.weights(id, &format!("input '{name}'"))?));
    }
    let [(_, gamma), (_, beta), (_, mean), (variance_id, variance)] = &parameters[..] else {
        return Err(Problem::malformed("number of inputs")
            .expected("5")
            .found(node.inputs().len().to_string()));
    };
    let (mut factors, mut summands) = (Vec::new(), Vec::new());
    for c in 0..gamma.len() {
        let spread = f64::from(variance[c]) + epsilon;
        let factor = f64::from(gamma[c]) / spread.sqrt();
        let summand = f64::from(beta[c]) - f64::from(mean[c]) * factor;
        if !(factor as f32).is_finite() || !(summand as f32).is_finite() {
            return Err(Problem::malformed("a factor or summand that is not finite")
                .expected("variance + epsilon above 0")
                .found(format!("variance {} of channel {c} in {}", variance[c], g.describe(*variance_id))));
        }
        factors.push(factor as f32);
        summands.push(summand as f32);
    }
    let mut per_channel = vec![1; shape.len()];
    per_channel[1] = channels;
    let name = node.name().to_owned();
    let factor = g.add_constant(&format!("{name}.factor"), &per_channel, Elements::floats(factors));
    let summand = g.add_constant(&format!("{name}.summand"), &per_channel, Elements::floats(summands));
    let scaled = g.zip(x, factor, Tosa::mul)?;
    let scaled = g.hold(scaled);
    single(g.zip(scaled, summand, |t, a, b| t.binary("tosa.add", a, b)))
}

/// Softmax. Before operator set 13 it runs over all dimensions from `axis` on, taken as one.
pub fn softmax(g: &mut Graph<'_>, node: &Node<'_>) -> Outputs {
    let x = g.operand(node, 0)?;
    let shape = g.shape(x);
    let rank = shape.len();
    let flattens = node.opset < 13;
    let axis = node::axis(node.int("axis")?.unwrap_or(if flattens { 1 } else { -1 }), rank)?;
    if flattens && shape[axis + 1..].iter().any(|size| *size != 1) {
        let plain = g.plain(x)?;
        let outer: i64 = shape[..axis].iter().product();
        let inner: i64 = shape[axis..].iter().product();
        let rows = g.tosa.reshape(plain, &[outer, inner])?;
        let result = g.tosa.softmax(rows, 1)?;
        let result = g.tosa.reshape(result, &shape)?;
        return Ok(vec![Output::Computed(shape, Form::Plain, result)]);
    }
    let form = g.form(x);
    let input = g.value(x, form)?;
    let result = g.tosa.softmax(input, axis_in(form, rank, axis))?;
    Ok(vec![Output::Computed(shape, form, result)])
}
