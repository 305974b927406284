//! What is known of a compiled network: the report, for programs as JSON and in short for a person.
//!
//! docs/report.md describes the JSON. It holds neither times nor paths: the same network, data and
//! options give the same report.

pub mod json;
pub mod layers;
pub mod requant;

use std::collections::HashSet;

use afp_codegen::constants::Constants;
use afp_ir::{dialect::FloatType, mlir::SourceModule};
use afp_passes::conversions::{self, Conversions, Ledger};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::native::{Compiled, Version};
use afp_ptq::cost::bits::average;
use layers::Layer;
use requant::Conversion;

/// The version of the schema that this compiler writes.
pub const SCHEMA: u32 = 1;

/// What is known of a network before it is lowered: the program.
#[derive(Clone, Debug)]
pub struct Description {
    average_weight_bits: Option<f64>,
    average_activation_bits: Option<f64>,
    conversions: Counts,
    /// The layers, in the order of execution.
    pub layers: Vec<Layer>,
}

/// Conversions between representations, counted by the passes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Counts {
    #[serde(skip_serializing_if = "Option::is_none")]
    inserted: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    absorbed: Option<usize>,
    left: usize,
    boundary: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    each: Vec<Conversion>,
}

/// Bytes that do not change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Flash {
    code: u64,
    weights: u64,
    tables: u64,
}

/// The report of a compiled network.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    schema: u32,
    version: &'static str,
    model: String,
    symbol: String,
    arena_bytes: usize,
    flash_bytes: Flash,
    #[serde(skip_serializing_if = "Option::is_none")]
    stack_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    versions: Vec<Version>,
    macs: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    average_weight_bits: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    average_activation_bits: Option<f64>,
    conversions: Counts,
    layers: Vec<Layer>,
    options: Map<String, Value>,
    seed: u64,
}

impl Description {
    /// Describes an exact AFP program.
    pub fn of(module: &SourceModule<'_>) -> Self {
        let layers = layers::of(module);
        let mut seen = HashSet::new();
        let constants = module.op().descendants().into_iter().filter(|op| op.is("afp.constant"));
        let weights = constants.map(|op| op.result(0)).filter(|value| seen.insert(*value));
        let average_weight_bits = average(weights.map(|value| value.ty()).filter_map(sized));
        let stored = layers.iter().filter(|layer| !layer.leaves);
        let activations = stored.filter_map(|layer| Some((layer.output.bits?, layer.output.elements())));
        let average_activation_bits = average(activations);
        let left = conversions::all(module.op());
        let counted = Conversions::of(module.op());
        let gone = counted.map(|c| c.inserted.saturating_sub(c.absorbed).saturating_sub(left.len()));
        let conversions = Counts {
            inserted: counted.map(|counted| counted.inserted),
            removed: gone,
            absorbed: counted.map(|counted| counted.absorbed),
            left: left.len(),
            boundary: left.into_iter().filter(|&op| conversions::is_boundary(op)).count(),
            each: Ledger::of(module.op()).into_iter().flat_map(|l| l.entries).map(Conversion::from).collect(),
        };
        Self { average_weight_bits, average_activation_bits, conversions, layers }
    }

    /// Sum of the products of all layers.
    pub fn macs(&self) -> u64 {
        self.layers.iter().map(|layer| layer.macs).sum()
    }
}

/// Bits and number of the elements of a coded tensor.
fn sized(ty: afp_ir::mlir::Type) -> Option<(u32, u64)> {
    Some((FloatType::of(ty)?.format.width(), ty.element_count()? as u64))
}

impl Report {
    /// The report of a program and what became of it, with the names of the model and of its function.
    pub fn new(
        (model, symbol): (&str, &str),
        compiled: &Compiled,
        options: Map<String, Value>,
        seed: u64,
    ) -> Self {
        let Constants { weights, layers, .. } = &compiled.constants;
        let mut program = compiled.description.clone();
        for layer in &mut program.layers {
            layer.bytes.constants = layers.get(&layer.name).copied().unwrap_or(0);
        }
        let (code, data) = (compiled.object.code_bytes, compiled.object.data_bytes);
        // What is no parameter is a table: also constants that the backend adds for itself.
        let weights = data.min(*weights);
        Self {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            model: model.to_owned(),
            symbol: symbol.to_owned(),
            arena_bytes: compiled.interface.arena_bytes,
            flash_bytes: Flash { code, weights, tables: data - weights },
            stack_bytes: compiled.stack_bytes,
            versions: compiled.versions.clone(),
            macs: program.macs(),
            average_weight_bits: program.average_weight_bits,
            average_activation_bits: program.average_activation_bits,
            conversions: program.conversions,
            layers: program.layers,
            options,
            seed,
        }
    }

    /// The report as JSON, with a line break at its end.
    pub fn to_json(&self) -> String {
        json::pretty(self)
    }

    /// What became of each conversion, for a person.
    pub fn requantization(&self) -> Vec<String> {
        requant::lines(&self.conversions.each)
    }

    /// The lines for a person.
    pub fn lines(&self) -> Vec<String> {
        let bytes = |name: &str, bytes: u64| format!("{name:<11} {bytes:>10} bytes");
        let Flash { code, weights, tables } = self.flash_bytes;
        let mut lines = vec![bytes("code", code), bytes("weights", weights), bytes("tables", tables)];
        lines.push(bytes("arena", self.arena_bytes as u64));
        lines.extend(self.stack_bytes.map(|stack| bytes("stack", stack)));
        if !self.versions.is_empty() {
            let targets: Vec<&str> = self.versions.iter().map(|version| version.target).collect();
            lines.push(format!("versions    {}", targets.join(", ")));
        }
        let bits = [("weights", self.average_weight_bits), ("activations", self.average_activation_bits)];
        let bits: Vec<String> = bits
            .into_iter()
            .filter_map(|(name, bits)| bits.map(|bits| format!("{name} {bits:.2}")))
            .collect();
        if !bits.is_empty() {
            lines.push(format!("bits        {} on average", bits.join(", ")));
        }
        let &Counts { inserted, removed, absorbed, left, boundary, .. } = &self.conversions;
        let part = |count: Option<usize>, what: &str| count.map(|count| format!("{count} {what}"));
        let mut parts =
            vec![part(inserted, "inserted"), part(removed, "removed"), part(absorbed, "absorbed")];
        parts.push(Some(format!("{left} left ({boundary} at inputs and outputs)")));
        lines.push(format!("conversions {}", parts.into_iter().flatten().collect::<Vec<_>>().join(", ")));
        lines.push(format!("function    {}", self.symbol));
        lines
    }
}
