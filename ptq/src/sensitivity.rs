//! What a layer's error costs at the end of the network.
//!
//! A layer is rounded alone, at a few formats, and the loss of the outputs is measured on the samples that
//! judge. Between and beyond these anchors the loss is taken to follow the layer's expected squared error
//! along a straight line in logarithms: the loss of small errors is proportional to them, that of large ones
//! saturates. Losses of different layers are taken to add up.

use afp_ir::{diag::Diagnostic, numerics::Format};

use crate::{network::LayerId, quantizer::Quantizer, setting::Setting};

/// The most and the fewest samples that the anchors are measured on.
const SAMPLES: (usize, usize) = (64, 24);
/// Products that all anchors together may take, roughly: with larger networks, samples are fewer.
const PRODUCTS: u64 = 1_000_000_000_000;
/// Anchors of a layer.
const ANCHORS: usize = 3;
/// No slope between anchors lies outside: what does is the noise of few samples.
const SLOPES: (f64, f64) = (0.5, 1.5);

/// Predicted losses.
pub struct Sensitivity {
    /// The formats, as they were given.
    pub formats: Vec<Format>,
    /// `[layers][formats]`: the loss at the end if this layer alone has this format.
    pub losses: Vec<Vec<f64>>,
}

/// Measures the anchors of every layer. `progress` is called once per measured format.
///
/// # Errors
/// What the simulator reports.
pub fn measure(
    quantizer: &Quantizer<'_>,
    formats: &[Format],
    progress: &(dyn Fn() + Sync),
) -> Result<Sensitivity, Diagnostic> {
    let layers = quantizer.network.layers.len();
    let samples = samples(quantizer);
    let float = Setting::default();
    let mut losses = Vec::with_capacity(layers);
    // A few layers at a time: each setting's weights are laid out once, for all samples.
    const AT_ONCE: usize = 8;
    let ids: Vec<LayerId> = (0..layers).collect();
    for ids in ids.chunks(AT_ONCE) {
        let mut settings = Vec::new();
        let mut errors = Vec::new();
        for &layer in ids {
            let found: Vec<f64> = formats.iter().map(|&format| quantizer.rounded(layer, format).1).collect();
            for at in anchors(&found) {
                let mut setting = Setting { weights: vec![None; layers], sites: Vec::new() };
                setting.weights[layer] = Some(quantizer.rounded(layer, formats[at]).0);
                settings.push(setting);
            }
            errors.push(found);
        }
        let measured = quantizer.losses(&float, &settings, samples)?;
        let mut measured =
            measured.iter().map(|losses| losses.iter().sum::<f64>() / losses.len().max(1) as f64);
        for errors in &errors {
            let points: Vec<(f64, f64)> = anchors(errors)
                .into_iter()
                .filter_map(|at| {
                    progress();
                    Some((errors[at], measured.next()?))
                })
                .collect();
            losses.push(errors.iter().map(|&error| interpolated(&points, error)).collect());
        }
    }
    Ok(Sensitivity { formats: formats.to_vec(), losses })
}

/// How many samples judge the anchors: each anchor takes the part of the network behind its layer.
fn samples(quantizer: &Quantizer<'_>) -> usize {
    let macs = quantizer.network.layers.iter().map(|layer| layer.macs());
    let (total, _) =
        macs.rev().fold((0u64, 0u64), |(total, behind), macs| (total + behind + macs, behind + macs));
    let each = total.saturating_mul(ANCHORS as u64).max(1);
    usize::try_from(PRODUCTS / each).unwrap_or(SAMPLES.0).clamp(SAMPLES.1, SAMPLES.0)
}

/// The formats at which a layer is measured: spread evenly over the logarithms of the errors.
fn anchors(errors: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..errors.len()).filter(|&i| errors[i] > 0.0).collect();
    order.sort_by(|&a, &b| errors[b].total_cmp(&errors[a]).then(a.cmp(&b)));
    if order.len() <= ANCHORS {
        return order;
    }
    // Neither end: the coarsest formats destroy the network, the finest change nothing that can be seen.
    (1..=ANCHORS).map(|n| order[n * (order.len() - 1) / (ANCHORS + 1)]).collect()
}

/// The loss at an error, by points `(error, loss)` of falling errors.
fn interpolated(points: &[(f64, f64)], error: f64) -> f64 {
    let points: Vec<(f64, f64)> = points
        .iter()
        .filter(|(error, loss)| *error > 0.0 && *loss > 0.0)
        .map(|&(error, loss)| (libm::log(error), libm::log(loss)))
        .collect();
    if error <= 0.0 || points.is_empty() {
        return 0.0;
    }
    let at = libm::log(error);
    let slope = |a: (f64, f64), b: (f64, f64)| ((a.1 - b.1) / (a.0 - b.0)).clamp(SLOPES.0, SLOPES.1);
    let (first, last) = (points[0], points[points.len() - 1]);
    let value = if at >= first.0 {
        first.1 + (at - first.0) * if points.len() > 1 { slope(first, points[1]) } else { 1.0 }
    } else if at <= last.0 {
        // Small errors: in proportion.
        last.1 + (at - last.0)
    } else {
        let pair = points.windows(2).find(|pair| pair[1].0 <= at).unwrap_or(&points[..2]);
        pair[1].1 + (at - pair[1].0) * (pair[0].1 - pair[1].1) / (pair[0].0 - pair[1].0)
    };
    libm::exp(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_follow_the_anchors() {
        let points = [(1e-2, 0.5), (1e-4, 1e-2)];
        for (error, loss) in points {
            assert!((interpolated(&points, error) / loss - 1.0).abs() < 1e-9);
        }
        let between = interpolated(&points, 1e-3);
        assert!(between > 1e-2 && between < 0.5);
        assert!((interpolated(&points, 1e-6) / 1e-4 - 1.0).abs() < 1e-9, "small errors in proportion");
        assert_eq!(interpolated(&points, 0.0), 0.0);
        assert_eq!(interpolated(&[], 1.0), 0.0);
    }

    #[test]
    fn anchors_are_neither_end() {
        let errors: Vec<f64> = (0..9).map(|i| 1.0 / f64::from(1 << i)).collect();
        assert_eq!(anchors(&errors), [2, 4, 6]);
        assert_eq!(anchors(&[0.0, 1.0]), [1]);
    }
}
