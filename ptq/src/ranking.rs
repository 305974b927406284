//! Which layers and values are sensitive: what quantizing each alone costs at the end of the network.
//!
//! The questions are those of a [survey](crate::sensitivity::Survey) at few formats, so each is measured.
//! Nothing is predicted.

use afp_ir::{diag::Diagnostic, numerics::Format};

use crate::{
    assign::guard::Estimate,
    network::{LayerId, SiteFormat, SiteId},
    quantizer::Quantizer,
    search::Stage,
    sensitivity::{Question, Survey},
};

/// Formats that weights are measured in: of 4, 5 and 6 bits.
const WEIGHTS: [&str; 3] = ["e2m1", "e2m2", "e2m3"];
/// The one of them by which layers are compared.
const COMPARED: usize = 1;
/// Questions that are measured together: their weights are in memory at the same time.
const AT_ONCE: usize = 24;

/// What something costs alone, everything else being float.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost<Id, F> {
    /// The layer or the site.
    pub id: Id,
    /// The loss in each format that was measured. A layer that a format holds exactly was not measured in it.
    pub losses: Vec<(F, Estimate)>,
    /// Its part of the losses of all layers, or of all sites, in the format by which they are compared.
    pub share: f64,
}

/// Layers and sites, the most sensitive first.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// Number of samples that judged, at most.
    pub samples: usize,
    /// The format by which layers are compared.
    pub compared: Option<Format>,
    /// By the loss in that format.
    pub layers: Vec<Cost<LayerId, Format>>,
    /// Values that have a choice, by the loss in fixed point of 8 bits: the first of their formats.
    pub sites: Vec<Cost<SiteId, SiteFormat>>,
}

impl Ranking {
    /// Measures everything on the samples that judge.
    ///
    /// # Errors
    /// What the simulator reports.
    pub fn measure(quantizer: &Quantizer<'_>, progress: &(dyn Fn(Stage) + Sync)) -> Result<Self, Diagnostic> {
        let formats: Vec<Format> = WEIGHTS.iter().filter_map(|text| text.parse().ok()).collect();
        let network = quantizer.network;
        progress(Stage::Rounding(formats.len() * network.layers.len()));
        let survey = Survey::new(quantizer, &formats, &|| progress(Stage::Step));
        progress(Stage::Survey(survey.questions.len()));
        let mut ranking = Self {
            samples: quantizer.judges(),
            compared: formats.get(COMPARED).copied(),
            layers: (0..network.layers.len()).map(Cost::new).collect(),
            sites: survey.sites.iter().map(|site| Cost::new(site.id)).collect(),
        };
        let all: Vec<usize> = (0..survey.questions.len()).collect();
        for some in all.chunks(AT_ONCE) {
            let answers = survey.measure(quantizer, some)?;
            for (&question, losses) in some.iter().zip(answers) {
                ranking.samples = losses.len();
                ranking.note(survey.questions[question], Estimate::of(losses.into_iter()));
                progress(Stage::Step);
            }
        }
        let compared = ranking.compared;
        for layer in &mut ranking.layers {
            layer.losses.sort_by_key(|(format, _)| format.width());
        }
        sort(&mut ranking.layers, |format| Some(*format) == compared);
        sort(&mut ranking.sites, |_| true);
        Ok(ranking)
    }

    fn note(&mut self, question: Question, loss: Estimate) {
        match question {
            Question::Layer(id, format) => {
                if let Some(layer) = self.layers.get_mut(id) {
                    layer.losses.push((format, loss));
                }
            }
            Question::Site(id, format) => {
                if let Some(site) = self.sites.iter_mut().find(|site| site.id == id) {
                    site.losses.push((format, loss));
                }
            }
        }
    }
}

impl<Id, F> Cost<Id, F> {
    fn new(id: Id) -> Self {
        Self { id, losses: Vec::new(), share: 0.0 }
    }

    /// The loss in the first format that is asked for; 0 if none was measured.
    fn loss(&self, asked: impl Fn(&F) -> bool) -> f64 {
        self.losses.iter().find(|(format, _)| asked(format)).map_or(0.0, |(_, loss)| loss.mean)
    }
}

/// The largest loss first, with its share of all; what is equal stays in the program's order.
fn sort<Id, F>(costs: &mut [Cost<Id, F>], compared: impl Fn(&F) -> bool + Copy) {
    let total: f64 = costs.iter().map(|cost| cost.loss(compared)).sum();
    for cost in costs.iter_mut() {
        cost.share = if total > 0.0 { cost.loss(compared) / total } else { 0.0 };
    }
    costs.sort_by(|a, b| b.loss(compared).total_cmp(&a.loss(compared)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_comes_first_and_shares_add_up() {
        let loss = |mean: f64| Estimate { mean, standard_error: None };
        let cost = |id: usize, losses: &[(u32, f64)]| Cost {
            id,
            losses: losses.iter().map(|&(format, mean)| (format, loss(mean))).collect(),
            share: 0.0,
        };
        let mut costs = [cost(0, &[(4, 9.0), (5, 1.0)]), cost(1, &[]), cost(2, &[(4, 4.0), (5, 3.0)])];
        sort(&mut costs, |&format| format == 5);
        let order: Vec<(usize, f64)> = costs.iter().map(|cost| (cost.id, cost.share)).collect();
        assert_eq!(order, [(2, 0.75), (0, 0.25), (1, 0.0)]);
    }
}
