//! Predicted time of a network on a target, from a table of measured coefficients.
//!
//! A layer costs `products * c[operator, class] + weights * c[weight] + results * c[result] + c[layer]`. Its
//! class is that of the integers that are multiplied: one byte each (`byte`), two (`pair`), or more (`wide`),
//! which vectors do not multiply. Where there are vectors, products are counted as they are computed: output
//! channels fill vectors, and channels of the input whole steps of a dot product. Every other operator costs
//! `elements read * c[computed] + c[layer]`, with `c[moved]` where it only moves or selects elements, and with
//! `c[quantize]` or `c[dequantize]` where floats become codes or codes floats.
//!
//! `bench/latency.py` fits the coefficients to small networks, and says how well they predict larger ones;
//! docs/cost.md has its findings. The unit is nanoseconds where the target could be timed, and instructions
//! elsewhere.

use std::collections::BTreeMap;

use afp_ir::{numerics::Format, winograd};
use afp_target::Target;
use serde::Deserialize;

use super::Work;
use crate::network::{Network, Read, SiteFormat};

/// What a table counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Time on the machine that the table was measured on.
    Nanoseconds,
    /// Instructions, counted by a simulator.
    Instructions,
}

impl Unit {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nanoseconds => "nanoseconds",
            Self::Instructions => "instructions",
        }
    }
}

/// The cost table of a target.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    version: u32,
    /// The target, as `--target` names it.
    pub target: String,
    /// What predictions are in.
    pub unit: Unit,
    /// Lanes of 32 bits in a vector; 1 without vectors.
    lanes: u64,
    coefficients: BTreeMap<String, f64>,
    /// Whether the target computes convolutions by Winograd's transforms where they fit.
    #[serde(skip)]
    transforms: bool,
}

/// The version of tables that is understood.
const VERSION: u32 = 1;

/// Every table, as bench/latency.py writes it.
const TABLES: [&str; 6] = [
    include_str!("tables/x86-64-v3.json"),
    include_str!("tables/x86-64-v4+vnni.json"),
    include_str!("tables/x86-64-v4+amx.json"),
    include_str!("tables/aarch64+dotprod.json"),
    include_str!("tables/aarch64+i8mm.json"),
    include_str!("tables/cortex-m4.json"),
];

/// The sizes of integers that are multiplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Byte,
    Pair,
    Wide,
}

impl Class {
    fn of(format: Format) -> Self {
        match format.int_max() {
            most if most <= if format.is_signed() { 127 } else { 255 } => Self::Byte,
            most if most <= 32767 => Self::Pair,
            _ => Self::Wide,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Byte => "byte",
            Self::Pair => "pair",
            Self::Wide => "wide",
        }
    }
}

/// Targets without a table of their own, and whose table stands for them. AVX-VNNI has the vectors of one
/// table and the dot product of another; costs per output channel follow the vectors.
const ALIKE: [(&str, &str); 5] = [
    ("x86-64-v2", "x86-64-v3"),
    ("x86-64-v3+avxvnni", "x86-64-v3"),
    ("x86-64-v4", "x86-64-v4+vnni"),
    ("x86-64-v4+vbmi", "x86-64-v4+vnni"),
    ("aarch64", "aarch64+dotprod"),
];

/// Products by dot products that take as long as transforming a number: an input to the elements of its window, of
/// which four pixels share 16, or an element of sums to an output, twice as long.
const TRANSFORMED: u64 = 25;

/// Whether a layer's formats are few enough bits for Winograd's transforms.
fn are_transformed(work: &Work, weights: Format, input: Format) -> bool {
    let ends = |format: Format| [format.int_min(), format.int_max()];
    work.is_winograd
        && winograd::weights_fit(ends(weights))
        && winograd::offsets(ends(input), false).is_some()
}

impl Table {
    /// The table of a target; of a target without one that of a target alike. None for an unknown name.
    pub fn of(target: &str) -> Option<Self> {
        let find = |name: &str| Self::all().into_iter().find(|table| table.target == name);
        let table = find(target).or_else(|| find(ALIKE.iter().find(|(name, _)| *name == target)?.1))?;
        // A matrix unit is faster than both, and products of pairs are about as fast.
        let transforms = Target::listed(target).is_some_and(|Target { vectors, .. }| {
            vectors.transforms_pay() && !vectors.matrix && !vectors.mmla
        });
        Some(Self { transforms, ..table })
    }

    /// Every table.
    pub fn all() -> Vec<Self> {
        TABLES.iter().filter_map(|text| Self::read(text)).collect()
    }

    fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().filter(|table: &Self| table.version == VERSION)
    }

    fn coefficient(&self, name: &str) -> f64 {
        self.coefficients.get(name).copied().unwrap_or(0.0)
    }

    /// The cost of a layer under the formats of its weights and its input.
    pub fn of_layer(&self, work: &Work, weights: Format, input: Format) -> f64 {
        let is_depthwise = work.operator == "depthwise_conv2d";
        let mut class = Class::of(weights).max(Class::of(input));
        let by_vectors = self.lanes > 1 && work.outputs >= 4 && !work.is_grouped;
        if self.lanes > 1 && !by_vectors {
            class = Class::Wide;
        }
        let (mut depth, mut outputs) = (work.depth, work.outputs);
        if by_vectors && class != Class::Wide {
            let ways = match class {
                _ if is_depthwise => 1,
                Class::Byte => 4,
                _ => 2,
            };
            depth = work.taps * (work.depth / work.taps.max(1)).next_multiple_of(ways);
            outputs = work.outputs.next_multiple_of(self.lanes);
        }
        let operator = if is_depthwise { "depthwise" } else { "conv" };
        let mut products = work.positions * outputs * depth;
        if self.transforms && by_vectors && are_transformed(work, weights, input) {
            let channels = depth / work.taps.max(1) + 2 * outputs;
            // 16 products for four pixels in place of 36. The compiler takes what is faster.
            products = products.min(products * 4 / 9 + work.positions * channels * TRANSFORMED);
        }
        products as f64 * self.coefficient(&format!("{operator}.{}", class.name()))
            + work.weights() as f64 * self.coefficient("weight")
            + work.results() as f64 * self.coefficient("result")
            + self.coefficient("layer")
    }

    /// The cost of an operator without weights that reads so many elements, and computes with them or moves
    /// them.
    pub fn of_other(&self, elements: u64, computes: bool) -> f64 {
        let each = self.coefficient(if computes { "computed" } else { "moved" });
        elements as f64 * each + self.coefficient("layer")
    }

    /// The cost of turning floats into codes.
    pub fn of_input(&self, elements: u64) -> f64 {
        elements as f64 * self.coefficient("quantize") + self.coefficient("layer")
    }

    /// The cost of turning codes into floats.
    pub fn of_output(&self, elements: u64) -> f64 {
        elements as f64 * self.coefficient("dequantize") + self.coefficient("layer")
    }

    /// The cost of all that is not a layer: the same under all formats.
    pub fn of_rest(&self, network: &Network) -> f64 {
        let read = network.others().into_iter().map(|other| match other.read {
            Read::Input(elements) => self.of_input(elements as u64),
            Read::Values(elements) => self.of_other(elements as u64, other.site.is_some()),
        });
        read.sum::<f64>()
            + network.output_elements().map(|elements| self.of_output(elements as u64)).sum::<f64>()
    }

    /// The cost of a network: one format per layer, and those of the sites that layers read, `fallback`
    /// where there is none.
    pub fn of_network(
        &self,
        network: &Network,
        weights: &[Format],
        sites: &[Option<SiteFormat>],
        fallback: Format,
    ) -> f64 {
        let input = |id: usize| {
            let site = network.layers[id].input.and_then(|site| sites.get(site).copied().flatten());
            site.map_or(fallback, |site| site.format)
        };
        let layer =
            |(id, &format): (usize, &Format)| self.of_layer(&Work::of(network, id), format, input(id));
        weights.iter().enumerate().take(network.layers.len()).map(layer).sum::<f64>() + self.of_rest(network)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(text: &str) -> Format {
        text.parse().expect("a format")
    }

    fn conv(outputs: u64, depth: u64, taps: u64) -> Work {
        Work {
            operator: "conv2d",
            positions: 10,
            outputs,
            depth,
            taps,
            inputs: 1,
            adds: false,
            is_grouped: false,
            is_winograd: false,
        }
    }

    #[test]
    fn every_table_is_understood() {
        assert_eq!(Table::all().len(), TABLES.len());
        for table in Table::all() {
            for name in [
                "conv.byte",
                "conv.pair",
                "conv.wide",
                "depthwise.byte",
                "computed",
                "moved",
                "quantize",
                "dequantize",
            ] {
                assert!(table.coefficient(name) > 0.0, "{} has no {name}", table.target);
            }
        }
    }

    #[test]
    fn every_target_has_a_table() {
        for name in [
            "x86-64-v2",
            "x86-64-v3",
            "x86-64-v3+avxvnni",
            "x86-64-v4",
            "x86-64-v4+vnni",
            "x86-64-v4+vbmi",
            "x86-64-v4+amx",
            "aarch64",
            "aarch64+dotprod",
            "aarch64+i8mm",
            "cortex-m4",
        ] {
            assert!(Table::of(name).is_some(), "{name}");
        }
        assert_eq!(Table::of("abacus"), None);
    }

    #[test]
    fn products_are_counted_as_vectors_compute_them() {
        let text = r#"{"version": 1, "target": "t", "unit": "nanoseconds", "lanes": 8, "coefficients":
            {"conv.byte": 1, "conv.pair": 2, "conv.wide": 50, "weight": 0, "layer": 7}}"#;
        let table = Table::read(text).expect("a table");
        let check = |work: Work, weights, input, expected| {
            assert_eq!(table.of_layer(&work, format(weights), format(input)), expected, "{work:?}");
        };
        // 3 channels at 9 taps are 4, 12 outputs are 16.
        check(conv(12, 27, 9), "e2m2", "ue0m8", 10.0 * 16.0 * 36.0 + 7.0);
        check(conv(12, 27, 9), "e3m2", "ue0m8", 2.0 * 10.0 * 16.0 * 36.0 + 7.0);
        check(conv(12, 27, 9), "e2m2", "ue2m6", 2.0 * 10.0 * 16.0 * 36.0 + 7.0);
        check(conv(12, 27, 9), "e4m2", "ue0m8", 50.0 * 10.0 * 12.0 * 27.0 + 7.0);
        check(conv(2, 27, 9), "e2m2", "ue0m8", 50.0 * 10.0 * 2.0 * 27.0 + 7.0);
    }

    #[test]
    fn few_bits_make_convolutions_of_3x3_cheaper_where_they_are_transformed() {
        let work = Work { is_winograd: true, positions: 196, ..conv(256, 256 * 9, 9) };
        let of = |target: &str, work: &Work, weights, input| {
            Table::of(target).expect("a table").of_layer(work, format(weights), format(input))
        };
        let usual = of("x86-64-v4+vnni", &work, "e2m2", "ue0m8");
        let faster = of("x86-64-v4+vnni", &work, "e2m1", "ue0m6");
        assert!(usual / faster > 1.7 && usual / faster < 2.2, "{usual} against {faster}");
        for (weights, input) in [("e2m2", "ue0m6"), ("e2m1", "ue0m7")] {
            assert_eq!(of("x86-64-v4+vnni", &work, weights, input), usual, "{weights}, {input}");
        }
        // By a matrix unit, with another kernel, and where transforms take longer than what they save.
        for target in ["x86-64-v4+amx", "aarch64+i8mm", "x86-64-v4"] {
            let [few, many] = [("e2m1", "ue0m6"), ("e2m2", "ue0m8")].map(|(w, x)| of(target, &work, w, x));
            assert_eq!(few, many, "{target}");
        }
        let other = Work { is_winograd: false, ..work };
        assert_eq!(of("x86-64-v4+vnni", &other, "e2m1", "ue0m6"), usual);
        let small = Work { is_winograd: true, ..conv(16, 8 * 9, 9) };
        let both = [("e2m2", "ue0m8"), ("e2m1", "ue0m6")].map(|(w, x)| of("x86-64-v4+vnni", &small, w, x));
        assert_eq!(both[0], both[1]);
    }

    #[test]
    fn tables_of_another_version_are_refused() {
        let text = r#"{"version": 2, "target": "t", "unit": "nanoseconds", "lanes": 8, "coefficients": {}}"#;
        assert_eq!(Table::read(text), None);
    }
}
