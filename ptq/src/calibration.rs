//! What a network's values are on samples, in float: histograms of sites, moments of what layers read.
//!
//! Samples are run a few at a time, in parallel; what they yield is added in their order, so the result
//! depends on no number of threads, and memory on no number of samples.

use afp_ir::{
    diag::Diagnostic,
    interp::{
        Tensor,
        parts::{Filters, Float, Geometry, Kept, WeightLayout, convolve, gather, pack},
    },
    numerics::{binade, decompose_f32},
};
use afp_passes::{dynamic::Peaks, stats::Histogram};
use rayon::prelude::*;

use crate::{
    moments::Moments,
    network::{Layer, LayerId, Network},
    random::Random,
    shrinkage::Shrinkage,
    simulator::{Simulator, Trace},
};

/// Patches that a layer's moments are taken of, over all samples.
const PATCHES: usize = 16384;
/// The same for layers of many groups, whose matrices are small.
const PATCHES_OF_GROUPS: usize = 4096;
/// Samples whose values are held at a time, per thread.
const BATCH: usize = 2;

/// What was seen.
pub struct Observations {
    /// By site.
    pub histograms: Vec<Histogram>,
    /// By site: the binade of the largest magnitude, of each sample that has one.
    pub peaks: Vec<Vec<i32>>,
    /// By layer.
    pub moments: Vec<Moments>,
}

/// Runs the samples and observes all sites and layers. `progress` is called once per sample.
///
/// # Errors
/// What the simulator reports.
pub fn observe(
    network: &Network,
    simulator: &Simulator<'_>,
    samples: &[Vec<Tensor>],
    progress: &(dyn Fn() + Sync),
) -> Result<Observations, Diagnostic> {
    let mut histograms = vec![Histogram::default(); network.sites.len()];
    let mut peaks = vec![Vec::new(); network.sites.len()];
    let mut sums: Vec<Sums> =
        (0..network.layers.len()).map(|id| Sums::new(network, id, samples.len())).collect();
    let batch = BATCH * rayon::current_num_threads();
    for (number, samples) in samples.chunks(batch).enumerate() {
        let traces: Vec<Trace> = samples
            .par_iter()
            .map(|sample| {
                let trace = simulator.trace(sample);
                progress();
                trace
            })
            .collect::<Result<_, _>>()?;
        for trace in &traces {
            for (site, values) in trace.sites(network) {
                histograms[site].observe(values);
                peaks[site].extend(peak(values));
            }
        }
        sums.par_iter_mut().enumerate().for_each(|(id, sums)| {
            for (index, trace) in traces.iter().enumerate() {
                sums.add(network, id, trace.input_of(network, id), number * batch + index);
            }
        });
    }
    let finish = |(id, sums): (LayerId, Sums)| sums.finish(&network.layers[id]);
    let moments = sums.into_par_iter().enumerate().with_max_len(1).map(finish).collect();
    Ok(Observations { histograms, peaks, moments })
}

/// The binade of the largest magnitude.
fn peak(values: &[f32]) -> Option<i32> {
    let largest = values.iter().map(|v| v.abs()).filter(|v| v.is_finite()).fold(0.0, f32::max);
    decompose_f32(largest).and_then(|d| binade(d.mantissa, d.exponent))
}

/// Of the samples, so many in a hundred must peak in one binade for a site to be [`steady`].
const STEADY: usize = 95;

/// Where the samples of a site peak; none if they have nothing but zeros.
pub fn spread(peaks: &[i32]) -> Option<Peaks> {
    Some(Peaks { least: *peaks.iter().min()?, largest: *peaks.iter().max()? })
}

/// Whether almost all samples of a site peak in one binade, so that one exponent suits them all.
pub fn steady(peaks: &[i32]) -> bool {
    let most = peaks.iter().map(|peak| peaks.iter().filter(|other| *other == peak).count()).max();
    most.is_none_or(|most| most * 100 >= peaks.len() * STEADY)
}

/// Sums that become moments.
struct Sums {
    /// Of all samples, but for those that judge.
    moments: Moments,
    /// Of the samples that judge how much the others are trusted, where that is asked.
    judges: Option<Moments>,
    shrinkage: Shrinkage,
    per_sample: usize,
}

impl Sums {
    fn new(network: &Network, id: LayerId, samples: usize) -> Self {
        let layer = &network.layers[id];
        let moments = Moments::zero(layer);
        let shrinkage = Shrinkage::new(samples, layer.positions);
        Self {
            judges: shrinkage.is_chosen(layer).then(|| moments.clone()),
            moments,
            shrinkage,
            per_sample: patches_per_sample(layer, samples),
        }
    }

    /// Adds patches at positions of one sample.
    fn add(&mut self, network: &Network, id: LayerId, input: &[f32], sample: usize) {
        let layer = &network.layers[id];
        let positions = positions(layer, id, sample, self.per_sample);
        let count = positions.len();
        let sums = match &mut self.judges {
            Some(judges) if Shrinkage::judges(sample) => judges,
            _ => &mut self.moments,
        };
        let mut patches = vec![0.0f32; count * layer.depth];
        for group in 0..layer.groups {
            read_patches(&network.windows[id].filters, input, &positions, group, &mut patches);
            add_patches(sums, group, &patches);
        }
        sums.count += count as u64;
    }

    fn finish(mut self, layer: &Layer) -> Moments {
        let strength = self.judges.take().map(|judges| {
            let strength =
                self.shrinkage.choose(layer, &self.moments.clone().averaged(), &judges.clone().averaged());
            self.moments.add(&judges);
            strength
        });
        let mut moments = self.moments.averaged();
        self.shrinkage.apply(&mut moments, strength);
        moments
    }
}

/// Positions of one sample: one in each of `count` equal parts, by a number that depends on the layer and the
/// sample alone.
pub(crate) fn positions(layer: &Layer, id: LayerId, sample: usize, count: usize) -> Vec<usize> {
    let mut random = Random::new((id as u64) << 32 | sample as u64);
    let position = |part: usize| {
        let (from, to) = (part * layer.positions / count, (part + 1) * layer.positions / count);
        from + random.below((to - from).max(1) as u64) as usize
    };
    (0..count).map(position).collect()
}

/// How many patches of each sample make a layer's moments.
pub(crate) fn patches_per_sample(layer: &Layer, samples: usize) -> usize {
    let wanted = if layer.groups > 1 { PATCHES_OF_GROUPS } else { PATCHES };
    wanted.div_ceil(samples.max(1)).clamp(1, layer.positions)
}

/// What a group reads at positions of one sample: a row for each.
pub(crate) fn read_patches(
    filters: &Filters,
    input: &[f32],
    positions: &[usize],
    group: usize,
    patches: &mut [f32],
) {
    let rows = patches.chunks_exact_mut((patches.len() / positions.len().max(1)).max(1)).zip(positions);
    match filters {
        Filters::Full(geometry, _) => {
            for (patch, &at) in rows {
                let (image, window) = window(geometry, at);
                gather::<Single>(geometry, input, (image, window, group), patch);
            }
        }
        Filters::Depthwise(geometry) => {
            for (patch, &at) in rows {
                channel_patch(geometry, input, window(geometry, at), group, patch);
            }
        }
    }
}

pub(crate) fn add_patches(sums: &mut Moments, group: usize, patches: &[f32]) {
    let depth = sums.depth;
    for patch in patches.chunks_exact(depth) {
        for (mean, &x) in sums.mean[group * depth..].iter_mut().zip(patch) {
            *mean += f64::from(x);
        }
    }
    let second = &mut sums.second[group * depth * depth..(group + 1) * depth * depth];
    for (sum, more) in second.iter_mut().zip(products(patches, depth)) {
        *sum += more;
    }
}

/// `X^T X` of patches `X`, one per row.
fn products(patches: &[f32], depth: usize) -> Vec<f64> {
    correlations(patches, depth, patches, depth)
}

/// `Y^T X` of rows `Y` and patches `X`, as many.
pub(crate) fn correlations(rows: &[f32], width: usize, patches: &[f32], depth: usize) -> Vec<f64> {
    let count = patches.len() / depth.max(1);
    let transposed: Vec<f32> =
        (0..width).flat_map(|i| (0..count).map(move |p| rows[p * width + i])).collect();
    let layout = WeightLayout { output: 1, tap: 0, input: depth };
    multiplied(&transposed, Geometry::matrix(width, count, depth), layout, patches)
}

/// `X W^T` of patches `X` and the weights `W` of some output channels.
pub(crate) fn applied(patches: &[f32], depth: usize, weights: &[f32]) -> Vec<f64> {
    let (count, outputs) = (patches.len() / depth.max(1), weights.len() / depth.max(1));
    let layout = WeightLayout { output: depth, tap: 0, input: 1 };
    multiplied(patches, Geometry::matrix(count, depth, outputs), layout, weights)
}

fn multiplied(left: &[f32], geometry: Geometry, layout: WeightLayout, right: &[f32]) -> Vec<f64> {
    let packed = pack::<Float>(&geometry, layout, right);
    let [height, width, channels] = geometry.output;
    let mut kept = Kept { channels, sums: vec![0.0; height * width * channels] };
    convolve::<Float>(&geometry, left, &packed, &mut kept);
    kept.sums
}

/// The image and window of a position.
fn window(geometry: &Geometry, position: usize) -> (usize, [usize; 2]) {
    let [height, width, _] = geometry.output;
    (position / (height * width), [position / width % height, position % width])
}

/// What a channel's filter reads at a window.
fn channel_patch(
    geometry: &Geometry,
    input: &[f32],
    (image, window): (usize, [usize; 2]),
    channel: usize,
    patch: &mut [f32],
) {
    for (tap, to) in patch.iter_mut().enumerate() {
        let place = [tap / geometry.kernel[1], tap % geometry.kernel[1]];
        *to = geometry.pixel(image, window, place).map_or(0.0, |pixel| input[pixel + channel]);
    }
}

/// Patches of `f32`.
type Single = afp_ir::interp::parts::Exact;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_are_binades_and_steady_ones_agree() {
        assert_eq!(peak(&[0.3, -5.0, f32::NAN, f32::INFINITY]), Some(2));
        assert_eq!(peak(&[0.0, -0.0]), None);
        assert_eq!(spread(&[3, -1, 2]), Some(Peaks { least: -1, largest: 3 }));
        assert_eq!(spread(&[]), None);
        let mut peaks = vec![4; 19];
        assert!(steady(&peaks) && steady(&[]));
        peaks.push(5);
        assert!(steady(&peaks));
        peaks.push(3);
        assert!(!steady(&peaks));
    }

    #[test]
    fn products_of_patches_are_sums_of_outer_products() {
        let patches = [1.0, 2.0, 3.0, -1.0, 0.5, 4.0];
        let found = products(&patches, 3);
        for i in 0..3 {
            for j in 0..3 {
                let expected: f32 = (0..2).map(|p| patches[p * 3 + i] * patches[p * 3 + j]).sum();
                assert_eq!(found[i * 3 + j], f64::from(expected));
            }
        }
    }
}
