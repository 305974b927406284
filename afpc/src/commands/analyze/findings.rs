//! What an analysis finds: one row per layer and per other site, and sums.

use afp_ir::numerics::Format;
use afp_ptq::{
    cost::{
        Work,
        bits::{self, Storage},
        energy::{self, Arithmetic, Energy, Memories},
        latency::Table,
    },
    network::{LayerId, Network, SiteId},
    survey::Survey,
};

/// The format of activations that no site has.
const BYTE: Format = Format::byte(true);

/// What is known of a network.
pub struct Facts<'a> {
    /// The network.
    pub network: &'a Network,
    /// What was seen; none without calibration data.
    pub survey: Option<&'a Survey>,
    /// By site: the interval that the inputs' extremes imply.
    pub intervals: Vec<Option<(f64, f64)>>,
    /// By layer: the format of its weights.
    pub weights: Vec<Option<Format>>,
    /// By site: its format.
    pub sites: Vec<Option<Format>>,
    /// Where operands lie.
    pub memories: Memories,
}

/// The values of a site.
#[derive(Clone, Debug)]
pub struct Values {
    /// Its site.
    pub site: SiteId,
    /// `afp.name`.
    pub name: String,
    /// Sizes, the channel last.
    pub shape: Vec<usize>,
    /// The format that is chosen.
    pub format: Option<Format>,
    /// Least and largest value seen.
    pub observed: Option<(f64, f64)>,
    /// The interval that the inputs' extremes imply.
    pub interval: Option<(f64, f64)>,
    /// Channels that were zero always.
    pub dead: Vec<usize>,
    /// Channels that were another number always.
    pub constant: Vec<usize>,
}

/// A layer.
#[derive(Clone, Debug)]
pub struct Row {
    /// The name of its weights.
    pub name: String,
    /// What it does.
    pub work: Work,
    /// The shape of its sums for one sample.
    pub shape: Vec<usize>,
    /// The format of its weights.
    pub weights: Format,
    /// The format of its input.
    pub input: Format,
    /// Bytes of its parameters, packed.
    pub bytes: u64,
    /// What its group yields; none if its sums are not rounded by themselves.
    pub values: Option<Values>,
    /// Picojoules.
    pub energy: Energy,
}

/// Picojoules of all layers, by how they compute.
#[derive(Clone, Copy, Debug)]
pub struct Energies {
    /// In 32-bit floats.
    pub float32: Energy,
    /// In 8-bit integers.
    pub int8: Energy,
    /// In the formats.
    pub formats: Energy,
}

/// A predicted time.
#[derive(Clone, Debug)]
pub struct Time {
    /// The table it comes from.
    pub table: Table,
    /// Of each layer.
    pub layers: Vec<f64>,
    /// Of everything else.
    pub rest: f64,
}

impl Time {
    /// Of the network.
    pub fn total(&self) -> f64 {
        self.layers.iter().sum::<f64>() + self.rest
    }
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// Number of samples seen.
    pub samples: usize,
    /// In program order. What a change of a layer's format does to the outputs is not in it: `afpc eval
    /// --layers` measures that on a quantized network.
    pub layers: Vec<Row>,
    /// Values that no layer yields.
    pub others: Vec<Values>,
    /// Of every target that has a table.
    pub times: Vec<Time>,
    /// By how layers compute.
    pub energies: Energies,
    /// Bits of a weight on average.
    pub weight_bits: Option<f64>,
}

impl Analysis {
    /// Of a network.
    pub fn of(facts: &Facts<'_>, samples: usize) -> Self {
        let network = facts.network;
        let layers: Vec<Row> = (0..network.layers.len()).map(|id| row(facts, id)).collect();
        let of_layers: Vec<Option<SiteId>> = network.layers.iter().map(|layer| layer.output).collect();
        let others = (0..network.sites.len()).filter(|&site| !of_layers.contains(&Some(site)));
        let energy = |arithmetic: &dyn Fn(&Row) -> Arithmetic, bits: &dyn Fn(&Row) -> u32| {
            let of = |row: &Row| energy::of_layer(&row.work, arithmetic(row), bits(row), facts.memories);
            layers.iter().map(of).sum()
        };
        let energies = Energies {
            float32: energy(&|_| Arithmetic::Float32, &|_| 32),
            int8: energy(&|_| Arithmetic::Int8, &|_| 8),
            formats: layers.iter().map(|row| row.energy).sum(),
        };
        let time = |table: Table| Time {
            layers: layers.iter().map(|row| table.of_layer(&row.work, row.weights, row.input)).collect(),
            rest: table.of_rest(network),
            table,
        };
        let formats: Vec<Format> = layers.iter().map(|row| row.weights).collect();
        Self {
            samples,
            others: others.map(|site| values(facts, site)).collect(),
            times: Table::all().into_iter().map(time).collect(),
            energies,
            weight_bits: bits::average_of_weights(network, &formats),
            layers,
        }
    }

    /// Products.
    pub fn macs(&self) -> u64 {
        self.layers.iter().map(|row| row.work.macs()).sum()
    }

    /// Bytes of all parameters, packed.
    pub fn bytes(&self) -> u64 {
        self.layers.iter().map(|row| row.bytes).sum()
    }
}

fn row(facts: &Facts<'_>, id: LayerId) -> Row {
    let layer = &facts.network.layers[id];
    let work = Work::of(facts.network, id);
    let format = |site: Option<SiteId>| site.and_then(|site| facts.sites[site]);
    let weights = facts.weights[id].unwrap_or(BYTE);
    let input = format(layer.input).unwrap_or(BYTE);
    let result_bits = format(layer.output).unwrap_or(BYTE).width();
    Row {
        name: layer.name.clone(),
        shape: facts.network.shape_of(id).to_vec(),
        bytes: bits::parameter_bytes(&work, weights, Storage::Packed),
        energy: energy::of_layer(&work, Arithmetic::Formats(weights, input), result_bits, facts.memories),
        values: layer.output.map(|site| values(facts, site)),
        work,
        weights,
        input,
    }
}

fn values(facts: &Facts<'_>, id: SiteId) -> Values {
    let site = &facts.network.sites[id];
    let histogram = facts.survey.map(|survey| &survey.histograms[id]).filter(|h| h.count > 0);
    let channels = facts.survey.map(|survey| &survey.channels[id]);
    Values {
        site: id,
        name: site.name.clone(),
        shape: site.shape.clone(),
        format: facts.sites[id],
        observed: histogram.map(|h| (f64::from(h.min), f64::from(h.max))),
        interval: facts.intervals[id],
        dead: channels.map(|channels| channels.dead()).unwrap_or_default(),
        constant: channels.map(|channels| channels.constant()).unwrap_or_default(),
    }
}
