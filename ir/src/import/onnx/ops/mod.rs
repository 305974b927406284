//! The importers of operators, by kind. Each takes the node's operands from the graph, reads its
//! attributes, and builds TOSA operations, or folds constants.

pub mod arithmetic;
pub mod functions;
pub mod linear;
pub mod normalization;
pub mod reduce;
pub mod shape;
pub mod slice;
pub mod window;

use super::{
    graph::{Graph, Id, Output, Outputs},
    node::{self, Node},
    problem::Problem,
};

/// The outputs of an operator with one.
fn single(output: Result<Output, Problem>) -> Outputs {
    Ok(vec![output?])
}

/// A list of integers that is an attribute in old operator sets and input `index` in new ones.
fn list(g: &mut Graph<'_>, node: &Node<'_>, name: &str, index: usize) -> Result<Option<Vec<i64>>, Problem> {
    if let Some(values) = node.ints(name)? {
        return Ok(Some(values.to_vec()));
    }
    match g.optional(node, index) {
        Some(id) => Ok(Some(g.ints(id, &format!("input '{name}'"))?.to_vec())),
        None => Ok(None),
    }
}

/// The sorted dimensions that a reduction runs over: all, unless `axes` says which.
fn reduction_axes(g: &mut Graph<'_>, node: &Node<'_>, x: Id) -> Result<Vec<usize>, Problem> {
    let rank = g.rank(x);
    let Some(said) = list(g, node, "axes", 1)?.filter(|axes| !axes.is_empty()) else {
        return Ok(if node.flag("noop_with_empty_axes", false)? { Vec::new() } else { (0..rank).collect() });
    };
    distinct_axes(&said, rank)
}

/// Dimensions that may count from the end, sorted.
fn distinct_axes(said: &[i64], rank: usize) -> Result<Vec<usize>, Problem> {
    let mut axes = said.iter().map(|axis| node::axis(*axis, rank)).collect::<Result<Vec<_>, _>>()?;
    axes.sort_unstable();
    if axes.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Problem::malformed("axes").expected("each dimension once").found(format!("{said:?}")));
    }
    Ok(axes)
}
