//! The search for formats: a survey, an assignment by what it predicts, and a refinement by what is measured.
//!
//! Every measurement is a question with an answer in the journal, so that a search that was interrupted ends
//! where an undisturbed one does. Items of the assignment are the layers' weights, then the sites that have a
//! choice.

use afp_ir::{diag::Diagnostic, numerics::Format};

use crate::{
    assign::{
        Candidate, Choices, Evaluate, Resource, Selection,
        guard::Estimate,
        journal::{Journal, Remembered, Store},
        objective::{self, Budgets},
        pareto::{self, Point},
        program, refine,
        shard::{self, Shard},
    },
    cost::latency::Table,
    network::Network,
    quantizer::Quantizer,
    sensitivity::{Sensitivity, Survey},
    setting::Setting,
};

/// Formats that weights may take.
const WEIGHT_FORMATS: [&str; 13] =
    ["e0m1", "e2m0", "e0m2", "e2m1", "e0m3", "e2m2", "e0m4", "e3m1", "e2m3", "e0m5", "e2m4", "e0m6", "e0m7"];
/// Settings that are measured together: their weights are in memory at the same time.
const AT_ONCE: usize = 24;
/// Average bits of weights at which the front is measured.
const FRONT: [f64; 11] = [3.0, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 6.5, 7.0, 7.5, 8.0];

/// What is searched for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Limits.
    pub budgets: Budgets,
    /// The largest mean loss: the smallest network within it is looked for.
    pub max_drop: Option<f64>,
    /// Measurements of the refinement; 0 leaves it out.
    pub evaluations: usize,
    /// Whether the front is measured.
    pub front: bool,
    /// For the draws.
    pub seed: u64,
    /// What prices latency.
    pub table: Option<Table>,
}

/// What a search has found.
pub struct Found {
    /// Rounded weights and formats.
    pub setting: Setting,
    /// Its losses on the samples that judge.
    pub losses: Vec<f64>,
    /// The loss of the assignment that the refinement started from.
    pub predicted: Estimate,
    /// Selections that were measured and are not beaten, with their formats.
    pub front: Vec<(Point, Setting)>,
    /// The resources that the costs of the front count, in their order.
    pub resources: Vec<Resource>,
}

/// What happens, for whoever shows progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Layers are rounded: so many times.
    Rounding(usize),
    /// The survey: so many questions.
    Survey(usize),
    /// The refinement: so many measurements.
    Refinement(usize),
    /// One step is done.
    Step,
}

/// The formats that weights may take.
pub fn weight_formats() -> Vec<Format> {
    WEIGHT_FORMATS.iter().filter_map(|text| text.parse().ok()).collect()
}

/// What indices in the journal's selections mean: part of the name of a search.
pub fn method() -> String {
    format!("auto {WEIGHT_FORMATS:?} {}", crate::sensitivity::method())
}

/// Searches. Nothing is found where a shard does not hold all answers: then its own are in the journal.
///
/// # Errors
/// Limits that cannot be met (AFP0701, AFP0703); what the simulator and the store report.
pub fn search<S: Store>(
    quantizer: &Quantizer<'_>,
    request: &Request,
    journal: &mut Journal<S>,
    shard: Shard,
    progress: &(dyn Fn(Stage) + Sync),
) -> Result<Option<Found>, Diagnostic> {
    let formats = weight_formats();
    progress(Stage::Rounding(formats.len() * quantizer.network.layers.len()));
    let survey = Survey::new(quantizer, &formats, &|| progress(Stage::Step));
    progress(Stage::Survey(survey.questions.len()));
    let questions: Vec<String> = survey.questions.iter().map(ToString::to_string).collect();
    let answers = shard::stage(journal, &questions, shard, AT_ONCE, |some| {
        let answers = survey.measure(quantizer, some)?;
        some.iter().for_each(|_| progress(Stage::Step));
        Ok(answers)
    })?;
    let Some(answers) = answers else { return Ok(None) };
    let sensitivity = survey.conclude(&answers);
    let choices = choices(quantizer, &survey, &sensitivity, request)?;
    let mut evaluate =
        Remembered { evaluate: Judge { quantizer, formats: &formats, sensitivity: &sensitivity }, journal };
    let weights = elements(quantizer.network);
    let limits = request.budgets.limits(&choices, weights)?;
    let start = match request.max_drop {
        None => program::solve(&choices, &limits)?.selection,
        Some(drop) => {
            let bits = choices.resource(Resource::WeightBits).unwrap_or(0);
            let options = objective::Options::default();
            objective::smallest(&choices, bits, &limits, drop, &options, &mut evaluate)?.selection
        }
    };
    let mut points: Vec<Point> = Vec::new();
    let (selection, losses, predicted) = if request.evaluations == 0 || request.max_drop.is_some() {
        let losses = evaluate.evaluate(std::slice::from_ref(&start))?.remove(0);
        let estimate = Estimate::of(losses.iter().copied());
        (start, losses, estimate)
    } else {
        progress(Stage::Refinement(request.evaluations));
        let options = refine::Options {
            evaluations: request.evaluations,
            seed: request.seed,
            ..refine::Options::default()
        };
        let step = &mut |_: &refine::Step| progress(Stage::Step);
        let refined = refine::refine(&choices, &limits, &[start], &options, &mut evaluate, step)?;
        let predicted = refined.history[0].loss;
        points.extend(refined.front);
        (refined.selection, refined.losses, predicted)
    };
    if request.front {
        points.extend(front(&choices, weights, &mut evaluate)?);
    }
    let judge = &evaluate.evaluate;
    let setting = judge.setting(&selection);
    let front =
        pareto::front(&points).into_iter().map(|point| (point.clone(), judge.setting(&point.selection)));
    let front = front.collect();
    Ok(Some(Found { setting, losses, predicted, front, resources: choices.resources().to_vec() }))
}

/// What the model prefers at some budgets of bits, measured.
fn front(choices: &Choices, weights: u64, evaluate: &mut impl Evaluate) -> Result<Vec<Point>, Diagnostic> {
    let mut selections: Vec<Selection> = Vec::new();
    for bits in FRONT {
        let budgets = Budgets { max_bits: Some(bits), ..Budgets::default() };
        let Ok(solution) = program::solve(choices, &budgets.limits(choices, weights)?) else { continue };
        if !selections.contains(&solution.selection) {
            selections.push(solution.selection);
        }
    }
    let losses = evaluate.evaluate(&selections)?;
    let point = |(selection, losses): (Selection, Vec<f64>)| Point {
        costs: choices.costs(&selection),
        loss: Estimate::of(losses.into_iter()),
        selection,
    };
    Ok(selections.into_iter().zip(losses).map(point).collect())
}

/// Number of weights.
pub fn elements(network: &Network) -> u64 {
    network.layers.iter().map(|layer| layer.weights.len() as u64).sum()
}

/// Layers and sites as items, with what their formats cost.
fn choices(
    quantizer: &Quantizer<'_>,
    survey: &Survey,
    sensitivity: &Sensitivity,
    request: &Request,
) -> Result<Choices, Diagnostic> {
    let mut resources = vec![Resource::WeightBits];
    resources.extend(request.budgets.resources().into_iter().filter(|&r| r != Resource::WeightBits));
    let prices = crate::prices::Prices::new(quantizer, request.table.as_ref());
    let of_layer = |(layer, errors): (usize, &Vec<f64>)| {
        let candidate = |(&format, &error): (&Format, &f64)| Candidate {
            error,
            costs: resources.iter().map(|&r| prices.layer(layer, format, r)).collect(),
        };
        survey.formats.iter().zip(errors).map(candidate).collect::<Vec<_>>()
    };
    let of_site = |(site, errors): &(crate::sensitivity::Site, Vec<f64>)| {
        let candidate = |(&format, &error): (&crate::network::SiteFormat, &f64)| Candidate {
            error,
            costs: resources.iter().map(|&r| prices.site(site.id, format.format, r)).collect(),
        };
        site.formats.iter().zip(errors).map(candidate).collect::<Vec<_>>()
    };
    let layers = sensitivity.layers.iter().enumerate().map(of_layer);
    let items = layers.chain(sensitivity.sites.iter().map(of_site)).collect();
    Choices::new(resources.clone(), items)
}

/// Measures selections on the samples that judge.
struct Judge<'a, 'n> {
    quantizer: &'a Quantizer<'n>,
    formats: &'a [Format],
    sensitivity: &'a Sensitivity,
}

impl Judge<'_, '_> {
    fn setting(&self, selection: &[usize]) -> Setting {
        let layers = self.quantizer.network.layers.len();
        let weights = selection
            .iter()
            .take(layers)
            .enumerate()
            .map(|(layer, &index)| Some(self.quantizer.rounded(layer, self.formats[index]).0))
            .collect();
        let mut sites = self.quantizer.fixed_sites();
        for ((site, _), &index) in self.sensitivity.sites.iter().zip(&selection[layers..]) {
            sites[site.id] = site.formats.get(index).copied();
        }
        self.quantizer.tie(&mut sites);
        Setting { weights, sites }
    }
}

impl Evaluate for Judge<'_, '_> {
    fn evaluate(&mut self, selections: &[Selection]) -> Result<Vec<Vec<f64>>, Diagnostic> {
        let settings: Vec<Setting> = selections.iter().map(|selection| self.setting(selection)).collect();
        self.quantizer.judge(&settings)
    }

    /// The part of the network behind the first layer that changes.
    fn effort(&self, base: &[usize], selection: &[usize]) -> f64 {
        let layers = &self.quantizer.network.layers;
        let first = base.iter().zip(selection).position(|(a, b)| a != b).unwrap_or(layers.len());
        let all: u64 = layers.iter().map(|layer| layer.macs()).sum();
        let behind: u64 = layers.iter().skip(first).map(|layer| layer.macs()).sum();
        if first >= layers.len() { 1.0 } else { (behind as f64 / all.max(1) as f64).max(0.05) }
    }
}
