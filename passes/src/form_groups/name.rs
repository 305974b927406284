//! Names by which a formats file, statistics and reports know weights and activations.

use std::collections::HashSet;

use afp_ir::{
    dialect::view,
    mlir::{Attr, Block, Op},
};

use crate::graph;

/// Gives `afp.name` to every contraction with weights (whose weights it names) and to every site: an
/// operation whose result owns a format. Names are the user's where there are some, made unique with
/// a number behind them.
pub(super) fn name(body: Block) {
    let mut taken: HashSet<(bool, String)> = HashSet::new();
    let arguments = argument_names(body);
    for op in body.ops() {
        if !(is_site(op) || view::is_weighted(op)) {
            continue;
        }
        let argument = op.operands().first().and_then(|v| v.arg_index());
        let name = op.attr("afp.name").and_then(Attr::as_string).or_else(|| match argument {
            Some(index) if op.is("afp.encode") => Some(arguments[index].clone()),
            _ => graph::given_name(op).or_else(|| producer_name(op)),
        });
        let base = name.unwrap_or_else(|| op.name().replace("afp.", ""));
        // A contraction and the encode of its group often come from one node: each kind counts alone.
        let kind = view::is_weighted(op);
        let numbered = (1u32..).map(|number| format!("{base}_{number}"));
        let unique =
            std::iter::once(base.clone()).chain(numbered).find(|n| !taken.contains(&(kind, n.clone())));
        let Some(unique) = unique else { continue };
        op.set_attr("afp.name", Attr::string(op.ctx(), &unique));
        taken.insert((kind, unique));
    }
}

/// An encode without a name of its own is called like what it rounds.
fn producer_name(op: Op) -> Option<String> {
    let producer = op.operand(0).def().filter(|_| op.is("afp.encode"))?;
    Some(
        producer
            .attr("afp.name")
            .and_then(Attr::as_string)
            .unwrap_or_else(|| producer.name().replace("afp.", "")),
    )
}

/// Whether the result of an operation owns a format.
pub fn is_site(op: Op) -> bool {
    ["afp.encode", "afp.table", "afp.softmax", "afp.concat"].iter().any(|name| op.is(name))
}

/// The names of a function's arguments: `afp.name` in their attributes, or `input`.
fn argument_names(body: Block) -> Vec<String> {
    let function = body.terminator().and_then(Op::parent);
    let attributes = function.and_then(|f| f.attr("arg_attrs"));
    (0..body.args().len())
        .map(|index| {
            let given = attributes
                .and_then(|attributes| attributes.element(index))
                .and_then(|dict| dict.entry("afp.name"))
                .and_then(Attr::as_string);
            given.unwrap_or_else(|| if index == 0 { "input".to_owned() } else { format!("input_{index}") })
        })
        .collect()
}
