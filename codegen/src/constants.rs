//! Constants of a network in memory, by the layers that read them.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use afp_ir::{
    diag::Diagnostic,
    mlir::{Attr, DenseData, Op, SourceModule},
};

use crate::interface::{LAYER, body};

/// The attribute of a global that says what it is for.
pub const ROLE: &str = "afp.role";

/// The roles of the network's parameters; everything else is a table.
const PARAMETERS: [&str; 3] = ["weights", "bias", "codes"];

/// Bytes of constants. What several layers read counts in each of them, and once in the sums.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Constants {
    /// Weights, biases and other tensors of the network.
    pub weights: u64,
    /// Tables of functions, divisors, limits and the like.
    pub tables: u64,
    /// By layer, as calls in the body name it.
    pub layers: BTreeMap<String, u64>,
    /// By their contents: the bytes, and whether they are parameters.
    contents: BTreeMap<u64, (u64, bool)>,
}

impl Constants {
    /// The constants of a module of kernels.
    ///
    /// # Errors
    /// AFP0001 if the module has no body.
    pub fn of(module: &SourceModule<'_>) -> Result<Self, Diagnostic> {
        let (body, _) = body(module)?;
        let mut all = Self::default();
        let mut sizes: HashMap<String, u64> = HashMap::new();
        let top = module.op().blocks().into_iter().flat_map(|block| block.ops());
        for op in top.filter(|op| op.is("memref.global")) {
            let (Some(name), Some(bytes)) = (symbol(op), size(op)) else { continue };
            let role = op.attr(ROLE).and_then(Attr::as_string).unwrap_or_default();
            let is_parameter = PARAMETERS.contains(&role.as_str());
            *if is_parameter { &mut all.weights } else { &mut all.tables } += bytes;
            all.contents.extend(digest(op).map(|digest| (digest, (bytes, is_parameter))));
            sizes.insert(name, bytes);
        }
        let functions: HashMap<String, Op> =
            module.functions().into_iter().filter_map(|op| Some((symbol(op)?, op))).collect();
        for call in body.descendants().into_iter().filter(|op| op.is("func.call")) {
            let Some(layer) = call.attr(LAYER).and_then(Attr::as_string) else { continue };
            let mut read = HashSet::new();
            read.extend(call.operands().into_iter().filter_map(|v| global(v.def()?)));
            let kernel = reference(call, "callee").and_then(|name| functions.get(&name));
            read.extend(kernel.into_iter().flat_map(|kernel| kernel.descendants()).filter_map(global));
            *all.layers.entry(layer).or_default() +=
                read.iter().filter_map(|name| sizes.get(name)).sum::<u64>();
        }
        Ok(all)
    }

    /// The constants of versions of one program, of which equal ones are in memory once. Layers are those of
    /// the last version.
    pub fn joined(versions: &[Self]) -> Self {
        let mut all = Self { layers: versions.last().cloned().unwrap_or_default().layers, ..Self::default() };
        all.contents = versions.iter().flat_map(|version| version.contents.clone()).collect();
        for &(bytes, is_parameter) in all.contents.values() {
            *if is_parameter { &mut all.weights } else { &mut all.tables } += bytes;
        }
        all
    }
}

/// What tells constants apart: the size of an element, and all elements.
fn digest(global: Op) -> Option<u64> {
    let value = global.attr("initial_value")?;
    let ty = value.elements_type()?;
    let mut hasher = DefaultHasher::new();
    (ty.element_bytes()?, ty.element_count()?).hash(&mut hasher);
    match value.dense_data()? {
        DenseData::Splat(bytes) => (0..ty.element_count()?).for_each(|_| hasher.write(bytes)),
        DenseData::All(bytes) => bytes.chunks_exact(ty.element_bytes()?).for_each(|one| hasher.write(one)),
    }
    Some(hasher.finish())
}

fn symbol(op: Op) -> Option<String> {
    op.attr("sym_name")?.as_string()
}

fn reference(op: Op, attribute: &str) -> Option<String> {
    Some(op.attr(attribute)?.to_string().trim_start_matches('@').to_owned())
}

fn global(op: Op) -> Option<String> {
    if op.is("memref.get_global") { reference(op, "name") } else { None }
}

fn size(global: Op) -> Option<u64> {
    let ty = global.attr("initial_value")?.elements_type()?;
    Some((ty.element_count()? * ty.element_bytes()?) as u64)
}
