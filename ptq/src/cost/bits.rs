//! Bits and bytes.

use afp_ir::numerics::Format;

use super::Work;
use crate::{
    network::{Network, SiteFormat},
    setting::Setting,
};

/// How weights are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    /// As codes; every output channel begins at a whole byte. The choice for microcontrollers.
    Packed,
    /// As the integers of one or two bytes that codes decode to, or as codes of wider ones.
    Expanded,
}

/// Constants of an output channel beside its weights, bytes: the bias, what rounding adds, two shifts; with
/// another layer's result added a further shift.
const PER_CHANNEL: u64 = 13;
const PER_CHANNEL_WITH_SUM: u64 = 17;

/// `sum(bits * elements) / sum(elements)`; none without elements.
pub fn average(tensors: impl Iterator<Item = (u32, u64)>) -> Option<f64> {
    let (bits, count) = tensors.fold((0u128, 0u128), |(bits, count), (width, elements)| {
        (bits + u128::from(width) * u128::from(elements), count + u128::from(elements))
    });
    (count > 0).then(|| bits as f64 / count as f64)
}

/// Bits of all weights together.
pub fn of_weights(network: &Network, formats: &[Format]) -> u64 {
    let bits = |(layer, format): (&crate::network::Layer, &Format)| {
        layer.weights.len() as u64 * u64::from(format.width())
    };
    network.layers.iter().zip(formats).map(bits).sum()
}

/// Bits of a weight on average, over all weight tensors; one format per layer.
pub fn average_of_weights(network: &Network, formats: &[Format]) -> Option<f64> {
    let tensors = network.layers.iter().zip(formats);
    average(tensors.map(|(layer, format)| (format.width(), layer.weights.len() as u64)))
}

/// Bits of an activation on average, over all sites that have a format and do not only leave the program.
pub fn average_of_activations(network: &Network, sites: &[Option<SiteFormat>]) -> Option<f64> {
    let tensors = network.sites.iter().zip(sites).filter(|(site, _)| !site.leaves);
    average(tensors.filter_map(|(site, format)| Some(((*format)?.format.width(), site.elements() as u64))))
}

/// Average bits of what a setting gives formats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Averages {
    /// Of weights.
    pub weights: Option<f64>,
    /// Of activations: values that only leave the program do not count.
    pub activations: Option<f64>,
}

impl Averages {
    /// The averages of a setting.
    pub fn of(network: &Network, setting: &Setting) -> Self {
        let layers = network.layers.iter().zip(&setting.weights);
        let weights =
            layers.filter_map(|(layer, w)| Some((w.as_ref()?.format.width(), layer.weights.len() as u64)));
        Self { weights: average(weights), activations: average_of_activations(network, &setting.sites) }
    }
}

/// Bytes of a layer's parameters: weights, scale exponents and bias. Code, tables of functions and those by
/// which packed codes are decoded are not in it.
pub fn parameter_bytes(work: &Work, format: Format, storage: Storage) -> u64 {
    let row = match storage {
        Storage::Packed => (work.depth * u64::from(format.width())).div_ceil(8),
        Storage::Expanded => {
            let (lo, hi) = (format.int_min(), format.int_max());
            let is_byte = format.width() <= 8 && (lo >= -128 && hi <= 127 || lo >= 0 && hi <= 255);
            work.depth * if is_byte { 1 } else { 2 }
        }
    };
    work.outputs * (row + if work.adds { PER_CHANNEL_WITH_SUM } else { PER_CHANNEL })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn averages_count_elements() {
        assert_eq!(average([(4, 300), (8, 100)].into_iter()), Some(5.0));
        assert_eq!(average([(4, 0)].into_iter()), None);
    }

    #[test]
    fn rows_end_at_bytes() {
        let conv = |outputs, depth, adds| Work {
            operator: "conv2d",
            positions: 1,
            outputs,
            depth,
            taps: 9,
            inputs: 1,
            adds,
            is_grouped: false,
            is_winograd: false,
        };
        let check = |work: Work, format: &str, storage, expected| {
            let format: Format = format.parse().expect("a format");
            assert_eq!(parameter_bytes(&work, format, storage), expected, "{work:?} {format}");
        };
        // What afpc reports for layers of an MLPerf Tiny ResNet-8 and of LeNet on a Cortex-M4.
        check(conv(16, 27, false), "e2m2", Storage::Packed, 480);
        check(conv(16, 144, true), "e2m2", Storage::Packed, 1712);
        check(conv(20, 25, false), "e2m2", Storage::Packed, 580);
        check(conv(64, 288, false), "e3m4", Storage::Packed, 19264);
        check(conv(16, 27, false), "e2m2", Storage::Expanded, 16 * (27 + 13));
        check(conv(16, 27, false), "e3m4", Storage::Expanded, 16 * (54 + 13));
    }
}
