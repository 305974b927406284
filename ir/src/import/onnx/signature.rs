//! The inputs of the function, and its name.

use std::collections::{HashMap, HashSet};

use super::proto::{self, Dimension, data_type};
use crate::{
    diag::Diagnostic,
    import::{
        ImportOptions, code,
        tosa::{element_count, shape_text},
    },
};

/// An input of the model.
pub struct Input<'m> {
    /// Its name.
    pub name: &'m str,
    /// Its shape, known and positive.
    pub shape: Vec<i64>,
}

/// The inputs of a graph, and one diagnostic per input whose type or shape is not supported, and per
/// option that does not fit. Constants are no inputs, even where old files list them.
pub fn inputs<'m>(
    file: &str,
    graph: &'m proto::Graph,
    options: &ImportOptions,
) -> (Vec<Input<'m>>, Vec<Diagnostic>) {
    let constants: HashSet<&str> = graph.initializer.iter().map(|tensor| tensor.name.as_str()).collect();
    let real: Vec<&proto::ValueInfo> =
        graph.input.iter().filter(|input| !constants.contains(input.name.as_str())).collect();
    let mut diagnostics = Vec::new();
    let mut symbols = HashMap::new();
    for (name, shape) in &options.shapes {
        match real.iter().find(|input| input.name == *name) {
            Some(input) => bind(input, shape, &mut symbols),
            None => {
                let names: Vec<&str> = real.iter().map(|input| input.name.as_str()).collect();
                diagnostics.push(
                    Diagnostic::error(
                        code::BAD_OPTION,
                        format!("--shape {name}=...: the model has no such input"),
                    )
                    .in_file(file)
                    .expected(format!("one of the inputs {}", names.join(", ")))
                    .found(format!("'{name}'")),
                );
            }
        }
    }
    let mut seen = HashSet::new();
    let mut inputs = Vec::new();
    for input in real {
        let said = options.shapes.iter().rev().find(|(name, _)| *name == input.name);
        match shape_of(file, input, said.map(|(_, shape)| &shape[..]), &symbols) {
            _ if !seen.insert(&input.name) => diagnostics.push(
                Diagnostic::error(code::BAD_GRAPH, "two inputs have one name").at_item(file, &input.name),
            ),
            Ok(shape) => inputs.push(Input { name: &input.name, shape }),
            Err(diagnostic) => diagnostics.push(*diagnostic),
        }
    }
    (inputs, diagnostics)
}

fn dimensions(input: &proto::ValueInfo) -> Option<&[Dimension]> {
    Some(&input.ty.as_ref()?.tensor.as_ref()?.shape.as_ref()?.dim)
}

/// Remembers the sizes that an option gives to symbols: other inputs use them too.
fn bind<'m>(input: &'m proto::ValueInfo, shape: &[i64], symbols: &mut HashMap<&'m str, i64>) {
    for (dim, size) in dimensions(input).unwrap_or_default().iter().zip(shape) {
        if !dim.symbol.is_empty() {
            symbols.insert(&dim.symbol, *size);
        }
    }
}

fn shape_of(
    file: &str,
    input: &proto::ValueInfo,
    option: Option<&[i64]>,
    symbols: &HashMap<&str, i64>,
) -> Result<Vec<i64>, Box<Diagnostic>> {
    let tensor = input.ty.as_ref().and_then(|ty| ty.tensor.as_ref());
    let Some(tensor) = tensor else {
        return Err(Box::new(
            Diagnostic::error(code::DATA_TYPE, format!("input '{}' is no tensor", input.name))
                .at_item(file, &input.name)
                .expected("a tensor of float32"),
        ));
    };
    if tensor.elem_type != data_type::FLOAT {
        return Err(Box::new(
            Diagnostic::error(code::DATA_TYPE, format!("element type of input '{}'", input.name))
                .at_item(file, &input.name)
                .expected("float32")
                .found(data_type::name(tensor.elem_type))
                .help("export the model with float32 inputs; afpc quantizes by itself"),
        ));
    }
    let dims = dimensions(input);
    let written = dims.map_or_else(|| "no shape".to_owned(), written_shape);
    let shape = match (option, dims) {
        (Some(said), dims) => {
            let fits = |dims: &[Dimension]| {
                dims.len() == said.len()
                    && dims.iter().zip(said).all(|(dim, size)| dim.value < 1 || dim.value == *size)
            };
            if !dims.is_none_or(fits) {
                return Err(Box::new(
                    Diagnostic::error(
                        code::BAD_OPTION,
                        format!("--shape for input '{}' does not fit", input.name),
                    )
                    .at_item(file, &input.name)
                    .expected(written)
                    .found(shape_text(said)),
                ));
            }
            said.to_vec()
        }
        (None, Some(dims)) => {
            let size = |(at, dim): (usize, &Dimension)| match symbols.get(dim.symbol.as_str()) {
                _ if dim.value >= 1 => Some(dim.value),
                Some(size) => Some(*size),
                None => (at == 0).then_some(1),
            };
            match dims.iter().enumerate().map(size).collect() {
                Some(shape) => shape,
                None => return Err(Box::new(unknown(file, input, &written))),
            }
        }
        (None, None) => return Err(Box::new(unknown(file, input, &written))),
    };
    match element_count(&shape) {
        Ok(_) => Ok(shape),
        Err(misfit) => Err(Box::new(
            Diagnostic::error(code::BAD_SHAPE, format!("shape of input '{}'", input.name))
                .at_item(file, &input.name)
                .expected(misfit.expected)
                .found(misfit.found),
        )),
    }
}

fn unknown(file: &str, input: &proto::ValueInfo, written: &str) -> Diagnostic {
    Diagnostic::error(code::UNKNOWN_SHAPE, format!("the shape of input '{}' is not known", input.name))
        .at_item(file, &input.name)
        .expected("sizes that are known; only the first may be open, and is then 1")
        .found(written)
        .help(format!("give it, such as --shape {}=1x3x224x224", input.name))
}

fn written_shape(dims: &[Dimension]) -> String {
    if dims.is_empty() {
        return "scalar".to_owned();
    }
    let size = |dim: &Dimension| match dim.value {
        1.. => dim.value.to_string(),
        _ if dim.symbol.is_empty() => "?".to_owned(),
        _ => dim.symbol.clone(),
    };
    dims.iter().map(size).collect::<Vec<_>>().join("x")
}

/// An identifier for the function: the graph's name, or else the file's stem.
pub fn function_name(graph: &str, file: &str) -> String {
    let stem = std::path::Path::new(file).file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let source = if graph.is_empty() { stem } else { graph };
    let mut name: String = source.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, '_');
    }
    name
}
