//! What errors inside the network cost at its end.
//!
//! A layer is rounded alone, at a few formats, and the loss of the outputs is measured on the samples that
//! judge. Between and beyond these *anchors* the loss is taken to follow the layer's expected squared error
//! along a straight line in logarithms: the loss of small errors is proportional to them, that of large ones
//! saturates. A site of activations is measured in fixed point, at the scale exponent of least squared error
//! and beside it, and in formats with exponents. Losses of different layers and
//! sites are taken to add up.
//!
//! Each measurement is a [`Question`]; which are asked is known before any is answered, so that machines can
//! share them.

use afp_ir::{diag::Diagnostic, numerics::Format};

use crate::{
    network::{LayerId, SiteFormat, SiteId},
    quantizer::Quantizer,
    setting::Setting,
};

/// The most and the fewest samples that measure.
const SAMPLES: (usize, usize) = (64, 24);
/// Products that all anchors together may take, roughly: with larger networks, samples are fewer.
const PRODUCTS: u64 = 1_000_000_000_000;
/// Anchors of a layer.
const ANCHORS: usize = 3;
/// No slope between anchors lies outside: what does is the noise of few samples.
const SLOPES: (f64, f64) = (0.5, 1.5);
/// Formats of 8 bits with exponents: with a sign, and without.
const WITH_EXPONENTS: [[&str; 2]; 2] = [["e2m5", "e3m4"], ["ue2m6", "ue3m5"]];
/// The least part of the loss of all activations that a site's format must save. Its integers exceed a byte:
/// products with them take twice the time, and so does all that moves them.
const WORTH: f64 = 0.1;

/// Something that is quantized alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Question {
    /// A layer's weights.
    Layer(LayerId, Format),
    /// A site's activations.
    Site(SiteId, SiteFormat),
}

impl std::fmt::Display for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Layer(layer, format) => write!(f, "layer {layer} {format}"),
            Self::Site(site, target) => write!(f, "site {site} {} {}", target.format, target.exp),
        }
    }
}

/// The formats of a site that can be chosen from, the fixed one first.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// The site.
    pub id: SiteId,
    /// The formats.
    pub formats: Vec<SiteFormat>,
}

/// What is asked about a network.
pub struct Survey {
    /// Formats of weights.
    pub formats: Vec<Format>,
    /// Sites that have a choice.
    pub sites: Vec<Site>,
    /// All questions: those of layers, then those of sites.
    pub questions: Vec<Question>,
    /// Expected squared errors, `[layers][formats]`.
    errors: Vec<Vec<f64>>,
    samples: usize,
}

/// Predicted losses.
pub struct Sensitivity {
    /// `[layers][formats]`: the loss at the end if this layer alone has this format.
    pub layers: Vec<Vec<f64>>,
    /// `[sites][formats]`: the same of [`Survey::sites`]. Formats that do not pay have been taken out.
    pub sites: Vec<(Site, Vec<f64>)>,
}

/// What questions, and the candidates that follow from their answers, depend on beside the network: part of
/// the name of a search.
pub fn method() -> String {
    format!("{WITH_EXPONENTS:?} {WORTH} {ANCHORS} {SLOPES:?} {SAMPLES:?} {PRODUCTS}")
}

impl Survey {
    /// Rounds all layers in all formats, and says what is to be measured. `progress` is called for each.
    pub fn new(quantizer: &Quantizer<'_>, formats: &[Format], progress: &(dyn Fn() + Sync)) -> Self {
        quantizer.round_all(formats, progress);
        let network = quantizer.network;
        let errors: Vec<Vec<f64>> = (0..network.layers.len())
            .map(|layer| formats.iter().map(|&format| quantizer.rounded(layer, format).1).collect())
            .collect();
        let fixed = quantizer.fixed_sites();
        let searched = |id: &SiteId| !network.sites[*id].leaves && network.sites[*id].tied.is_none();
        let sites: Vec<Site> = (0..network.sites.len())
            .filter(searched)
            .map(|id| {
                let names = WITH_EXPONENTS[usize::from(!quantizer.is_signed(id))];
                let others = names.iter().filter_map(|name| name.parse().ok());
                let others = others.map(|format| quantizer.site_format(id, format));
                // The exponent of least squared error is not always that of the least loss at the end.
                let beside = |by: i32| fixed[id].map(|fixed| SiteFormat { exp: fixed.exp + by, ..fixed });
                let formats = fixed[id].into_iter().chain(beside(1)).chain(beside(-1));
                // Coarse steps at the largest logits would make ties of what is to be ranked.
                let others = others.filter(|_| network.ranked != Some(id));
                Site { id, formats: formats.chain(others).collect() }
            })
            .collect();
        let of_layer = |(layer, errors): (usize, &Vec<f64>)| -> Vec<Question> {
            anchors(errors).into_iter().map(|at| Question::Layer(layer, formats[at])).collect()
        };
        let of_site = |site: &Site| {
            site.formats.iter().map(|&format| Question::Site(site.id, format)).collect::<Vec<_>>()
        };
        let questions =
            errors.iter().enumerate().flat_map(of_layer).chain(sites.iter().flat_map(of_site)).collect();
        Self { formats: formats.to_vec(), sites, questions, errors, samples: samples(quantizer) }
    }

    /// The losses of some questions, one per sample.
    ///
    /// # Errors
    /// What the simulator reports.
    pub fn measure(
        &self,
        quantizer: &Quantizer<'_>,
        questions: &[usize],
    ) -> Result<Vec<Vec<f64>>, Diagnostic> {
        let settings: Vec<Setting> =
            questions.iter().map(|&index| setting(quantizer, self.questions[index])).collect();
        quantizer.losses(&Setting::default(), &settings, self.samples)
    }

    /// What follows from the answers to all questions.
    pub fn conclude(&self, answers: &[Vec<f64>]) -> Sensitivity {
        let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len().max(1) as f64;
        let mut answers = answers.iter();
        let layers = self
            .errors
            .iter()
            .map(|errors| {
                let points: Vec<(f64, f64)> = anchors(errors)
                    .into_iter()
                    .zip(answers.by_ref())
                    .map(|(at, losses)| (errors[at], mean(losses)))
                    .collect();
                errors.iter().map(|&error| interpolated(&points, error)).collect()
            })
            .collect();
        let of_sites: Vec<Vec<&Vec<f64>>> =
            self.sites.iter().map(|site| answers.by_ref().take(site.formats.len()).collect()).collect();
        let total: f64 = of_sites.iter().filter_map(|losses| losses.first()).map(|losses| mean(losses)).sum();
        let sites = self
            .sites
            .iter()
            .zip(&of_sites)
            .map(|(site, losses)| {
                let pays = |n: &usize| {
                    let gains: Vec<f64> =
                        losses[0].iter().zip(losses[*n]).map(|(fixed, l)| fixed - l).collect();
                    let gain = crate::assign::guard::Estimate::of(gains.into_iter());
                    let is_free = site.formats[*n].format == site.formats[0].format;
                    gain.is_certain(crate::assign::guard::STANDARD_ERRORS)
                        && (is_free || gain.mean > WORTH * total)
                };
                let kept: Vec<usize> = (0..losses.len()).filter(|n| *n == 0 || pays(n)).collect();
                let formats = kept.iter().map(|&n| site.formats[n]).collect();
                (Site { id: site.id, formats }, kept.iter().map(|&n| mean(losses[n])).collect())
            })
            .collect();
        Sensitivity { layers, sites }
    }
}

/// The network in float but for one thing.
fn setting(quantizer: &Quantizer<'_>, question: Question) -> Setting {
    let network = quantizer.network;
    match question {
        Question::Layer(layer, format) => {
            let mut weights = vec![None; network.layers.len()];
            weights[layer] = Some(quantizer.rounded(layer, format).0);
            Setting { weights, sites: Vec::new() }
        }
        Question::Site(id, format) => {
            // What is tied to it shares its error.
            let is_it = |(other, site): (SiteId, &crate::network::Site)| other == id || site.tied == Some(id);
            let sites = network.sites.iter().enumerate().map(|site| is_it(site).then_some(format)).collect();
            Setting { weights: Vec::new(), sites }
        }
    }
}

/// How many samples measure: each anchor takes the part of the network behind its layer.
fn samples(quantizer: &Quantizer<'_>) -> usize {
    let macs = quantizer.network.layers.iter().map(|layer| layer.macs());
    let (total, _) =
        macs.rev().fold((0u64, 0u64), |(total, behind), macs| (total + behind + macs, behind + macs));
    let each = total.saturating_mul(ANCHORS as u64).max(1);
    usize::try_from(PRODUCTS / each).unwrap_or(SAMPLES.0).clamp(SAMPLES.1, SAMPLES.0)
}

/// The formats at which a layer is measured: spread evenly over the order of the errors.
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
