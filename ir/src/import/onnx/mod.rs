//! ONNX to TOSA on f32.
//!
//! * `proto`: the messages of the file format.
//! * `registry`: the operators, and what they become.
//! * `ops`: an importer for each of them.
//! * `graph`: the values and constants; `forms`: their layouts.
//! * `node`, `constant`, `problem`: what a node says, what a constant holds, what can be wrong.
//!
//! Nodes are imported in the order of the file. What goes wrong in one is recorded, its outputs are
//! marked as missing, and the rest is still looked at: all problems are reported at once.

mod constant;
mod forms;
mod graph;
mod node;
mod ops;
mod problem;
mod proto;
mod registry;
mod signature;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use prost::Message;

use self::{
    graph::{Graph, Unavailable, loc},
    node::Node,
    problem::Problem,
};
use super::{ImportOptions, SupportedOp, code, tosa::Tosa};
use crate::{
    diag::Diagnostic,
    mlir::{Attr, Loc, OpSpec, Session, SourceModule, Type, Value},
};

/// Most diagnostics of one import; a note says how many are left out.
const MAX_DIAGNOSTICS: usize = 100;

/// Elements of constants that an import may make beside the file's own, for each byte of the file.
const GROWTH: usize = 16;

/// The operators that can be imported.
pub fn supported_ops() -> Vec<SupportedOp> {
    let row = |operator: &registry::Operator| SupportedOp {
        name: operator.name,
        limits: operator.limits,
        becomes: operator.becomes,
    };
    registry::OPERATORS.iter().map(row).collect()
}

/// Imports a model.
///
/// # Errors
/// Everything that is wrong with it.
pub fn import<'s>(
    session: &'s Session,
    file: &str,
    bytes: &[u8],
    options: &ImportOptions,
) -> Result<SourceModule<'s>, Vec<Diagnostic>> {
    let model = proto::Model::decode(bytes).map_err(|error| {
        vec![
            Diagnostic::error(code::DAMAGED, "the file is damaged")
                .in_file(file)
                .expected("an ONNX model")
                .found(error.to_string())
                .help("export or download the model again"),
        ]
    })?;
    let Some(graph) = &model.graph else {
        return Err(vec![
            Diagnostic::error(code::BAD_GRAPH, "the model has no graph")
                .in_file(file)
                .expected("a graph with nodes"),
        ]);
    };
    let sets = model.opset_import.iter().filter(|set| is_default_domain(&set.domain));
    let opset = match sets.map(|set| set.version).max() {
        Some(version) => version,
        // Before IR version 3 there was one operator set, and files did not say so.
        None if model.ir_version < 3 => 1,
        None => {
            return Err(vec![
                Diagnostic::error(code::BAD_GRAPH, "the model does not say which operator set it uses")
                    .in_file(file)
                    .expected("an opset_import of the default domain")
                    .help("the file may have been cut off: copy or export it again"),
            ]);
        }
    };
    let mut import = Importer { file, model: graph, opset, diagnostics: Vec::new() };
    import.run(session, bytes.len(), options)
}

fn is_default_domain(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

struct Importer<'m> {
    file: &'m str,
    model: &'m proto::Graph,
    opset: i64,
    diagnostics: Vec<Diagnostic>,
}

impl<'m> Importer<'m> {
    fn run<'s>(
        &mut self,
        session: &'s Session,
        file_size: usize,
        options: &ImportOptions,
    ) -> Result<SourceModule<'s>, Vec<Diagnostic>> {
        let ctx = session.ctx();
        let live = self.live_names();
        let (inputs, problems) = signature::inputs(self.file, self.model, options);
        self.diagnostics.extend(problems);
        let module = session.empty_module(Loc::file(ctx, self.file, 0, 0));
        let name = signature::function_name(&self.model.name, self.file);
        let types: Vec<(Type, Loc)> = inputs
            .iter()
            .map(|input| (Type::tensor(&input.shape, Type::f32(ctx)), loc(ctx, self.file, input.name)))
            .collect();
        let function_loc = loc(ctx, self.file, &self.model.name);
        let (function, block) = module.add_function(function_loc, &name, &types, &[]);
        let budget = file_size.saturating_mul(GROWTH).saturating_add(1 << 20);
        let mut graph = Graph::new(self.file, Tosa::new(module.builder(block), function_loc), budget);
        for (input, value) in inputs.iter().zip(block.args()) {
            graph.add_input(input.name, &input.shape, value);
        }
        self.add_initializers(&mut graph, &live);
        // An input that was refused, so that the nodes behind it are still looked at.
        for input in self.model.input.iter().filter(|input| !input.name.is_empty()) {
            if !graph.has(&input.name) {
                graph.add_missing(&input.name);
            }
        }
        for node in &self.model.node {
            if node.output.iter().any(|name| live.contains(name.as_str())) {
                self.import_node(&mut graph, node, &live);
            }
        }
        let results = self.results(&mut graph);
        if !self.diagnostics.is_empty() {
            return Err(self.limited());
        }
        graph.tosa.set_loc(function_loc);
        let builder = module.builder(block);
        builder.build(function_loc, OpSpec::new("func.return").operands(results.iter().copied()));
        let input_types: Vec<Type> = types.iter().map(|(ty, _)| *ty).collect();
        let result_types: Vec<Type> = results.iter().map(|value| value.ty()).collect();
        function.set_attr("function_type", Attr::ty(Type::function(ctx, &input_types, &result_types)));
        let names = |names: &mut dyn Iterator<Item = &str>| {
            let entry = |name| Attr::dict(ctx, &[("afp.name", Attr::string(ctx, name))]);
            Attr::array(ctx, &names.map(entry).collect::<Vec<_>>())
        };
        function.set_attr("arg_attrs", names(&mut inputs.iter().map(|input| input.name)));
        function
            .set_attr("res_attrs", names(&mut self.model.output.iter().map(|output| output.name.as_str())));
        if module.op().verify() {
            return Ok(module);
        }
        let mut diagnostics = session.take_diagnostics();
        diagnostics.insert(
            0,
            Diagnostic::error(code::INTERNAL, "the imported program does not verify; this is a bug in afpc")
                .in_file(self.file),
        );
        Err(diagnostics)
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// The diagnostics, not more than a person will read.
    fn limited(&mut self) -> Vec<Diagnostic> {
        let mut list = std::mem::take(&mut self.diagnostics);
        let more = list.len().saturating_sub(MAX_DIAGNOSTICS);
        list.truncate(MAX_DIAGNOSTICS);
        if more > 0
            && let Some(last) = list.last_mut()
        {
            last.notes.push(format!("{more} further problems are not shown"));
        }
        list
    }

    /// The names that the outputs depend on. Other nodes are not imported: what nobody needs
    /// cannot be unsupported.
    fn live_names(&self) -> HashSet<&'m str> {
        let mut live: HashSet<&str> = self.model.output.iter().map(|output| output.name.as_str()).collect();
        for node in self.model.node.iter().rev() {
            if node.output.iter().any(|name| !name.is_empty() && live.contains(name.as_str())) {
                live.extend(node.input.iter().filter(|name| !name.is_empty()).map(String::as_str));
            }
        }
        live
    }

    fn add_initializers(&mut self, graph: &mut Graph<'m>, live: &HashSet<&str>) {
        for tensor in self.model.initializer.iter().filter(|tensor| live.contains(tensor.name.as_str())) {
            if graph.has(&tensor.name) {
                self.duplicate(&tensor.name);
            } else {
                graph.add_initializer(tensor);
            }
        }
        for values in self.model.sparse_initializer.iter().filter_map(|sparse| sparse.values.as_ref()) {
            if live.contains(values.name.as_str()) {
                graph.add_missing(&values.name);
                let problem = Problem::new(code::DATA_TYPE, "a sparse constant").expected("dense constants");
                self.report(problem.diagnostic("", self.file, &values.name));
            }
        }
    }

    fn duplicate(&mut self, name: &str) {
        let problem =
            Problem::new(code::BAD_GRAPH, "a name is given to two values").expected("distinct names");
        self.report(problem.diagnostic("", self.file, name));
    }

    fn import_node(&mut self, graph: &mut Graph<'m>, proto: &'m proto::Node, live: &HashSet<&str>) {
        let node = Node::new(proto, self.opset);
        let before = self.diagnostics.len();
        let outputs = self.outputs_of(graph, proto, &node);
        let mut outputs = outputs.unwrap_or_default().into_iter();
        for (index, name) in node.outputs().iter().enumerate() {
            let output = outputs.next();
            if name.is_empty() {
                continue;
            }
            if graph.has(name) {
                self.duplicate(name);
                continue;
            }
            match output {
                Some(output) => graph.add_output(name, output),
                None => {
                    graph.add_missing(name);
                    if index > 0 && live.contains(name.as_str()) && self.diagnostics.len() == before {
                        let problem = Problem::unsupported(format!("output {index}"))
                            .expected("a model that does not use it")
                            .found(format!("'{name}' is used"));
                        self.report(problem.diagnostic(node.op_type(), self.file, node.name()));
                    }
                }
            }
        }
    }

    /// Imports a node; none after a report, or where an operand is missing.
    fn outputs_of(
        &mut self,
        graph: &mut Graph<'m>,
        proto: &'m proto::Node,
        node: &Node<'m>,
    ) -> Option<Vec<graph::Output>> {
        let known = is_default_domain(&proto.domain).then(|| registry::find(node.op_type())).flatten();
        let mut missing = false;
        let mut described = Vec::new();
        for name in node.inputs().iter().filter(|name| !name.is_empty()) {
            match graph.lookup(name) {
                Ok(id) => described.push(graph.describe(id)),
                Err(Unavailable::Reported) => missing = true,
                Err(Unavailable::Problem(problem)) => {
                    missing = true;
                    self.report(problem.diagnostic(node.op_type(), self.file, node.name()));
                }
            }
        }
        let with_operands = |diagnostic: Diagnostic| match described.len() {
            0 => diagnostic,
            _ => diagnostic.note(format!("operands: {}", described.join(", "))),
        };
        let Some(operator) = known else {
            let domain = if is_default_domain(&proto.domain) { "" } else { &proto.domain };
            let full =
                if domain.is_empty() { proto.op_type.clone() } else { format!("{domain}.{}", proto.op_type) };
            let diagnostic =
                Diagnostic::error(code::UNSUPPORTED_OP, format!("operator {full} is not supported"))
                    .at_item(self.file, node.name())
                    .help(registry::hint(node.op_type()));
            self.report(with_operands(diagnostic));
            return None;
        };
        let unknown: Vec<&str> =
            node.attribute_names().filter(|name| !operator.attributes.contains(name)).collect();
        if let Some(name) = unknown.first() {
            let problem = Problem::unsupported(format!("attribute '{name}'"))
                .expected(match operator.attributes {
                    [] => "no attributes".to_owned(),
                    known => format!("attributes among {}", known.join(", ")),
                })
                .found(unknown.join(", "));
            self.report(with_operands(problem.diagnostic(node.op_type(), self.file, node.name())));
            return None;
        }
        if missing {
            return None;
        }
        graph.enter(node);
        match (operator.import)(graph, node) {
            Ok(outputs) => Some(outputs),
            Err(problem) => {
                self.report(with_operands(problem.diagnostic(node.op_type(), self.file, node.name())));
                None
            }
        }
    }

    /// The values of the graph's outputs.
    fn results(&mut self, graph: &mut Graph<'m>) -> Vec<Value> {
        if self.model.output.is_empty() {
            let problem = Problem::new(code::BAD_GRAPH, "the graph has no outputs").expected("at least one");
            self.report(problem.diagnostic("", self.file, &self.model.name));
        }
        let mut results = Vec::new();
        for output in &self.model.output {
            let value = match graph.lookup(&output.name) {
                Ok(id) => graph.plain(id),
                Err(Unavailable::Reported) => continue,
                Err(Unavailable::Problem(problem)) => Err(problem),
            };
            match value {
                Ok(value) => results.push(value),
                Err(problem) => self.report(problem.diagnostic("output", self.file, &output.name)),
            }
        }
        results
    }
}
