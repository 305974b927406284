//! The search as AFP was published, on a quantizer: see [`paper`](crate::assign::paper).
//!
//! Weights of every layer, and the 8 bits of every stored activation, take a split into exponent and mantissa
//! of their own. Of everything measured, the least loss within the budget is taken: the published objective
//! has no budget, so the widths that weights may take are those around it.

use afp_ir::{diag::Diagnostic, numerics::Format};

use crate::{
    assign::{
        Evaluate, Selection,
        guard::Estimate,
        journal::{Journal, Remembered, Store},
        paper::{self, Tensor},
    },
    network::SiteId,
    quantizer::Quantizer,
    search::{Found, Request, Stage, elements},
    setting::Setting,
};

/// Exponent bits that are tried.
const EXPONENT_BITS: std::ops::RangeInclusive<u32> = 0..=4;
/// Widths around the budget, below and above.
const AROUND: (u32, u32) = (1, 2);

/// The least and the largest width of weights for a budget.
fn widths(request: &Request) -> (u32, u32) {
    let middle = request.budgets.max_bits.unwrap_or(8.0).floor() as u32;
    (middle.saturating_sub(AROUND.0).max(2), (middle + AROUND.1).min(8))
}

/// What indices in the journal's selections mean: part of the name of a search.
pub fn method(request: &Request) -> String {
    format!("published {EXPONENT_BITS:?} {:?}", widths(request))
}

/// Searches within an average number of bits per weight.
///
/// # Errors
/// AFP0703 if nothing that was measured stays within the budget; what the simulator and the store report.
pub fn search<S: Store>(
    quantizer: &Quantizer<'_>,
    request: &Request,
    journal: &mut Journal<S>,
    progress: &(dyn Fn(Stage) + Sync),
) -> Result<Found, Diagnostic> {
    let network = quantizer.network;
    let bits = request.budgets.max_bits.unwrap_or(8.0);
    let (low, high) = widths(request);
    let weights: Vec<Format> = (low..=high).flat_map(|width| splits(true, width)).collect();
    let searched = |id: &SiteId| !network.sites[*id].leaves && network.sites[*id].tied.is_none();
    let sites: Vec<SiteId> = (0..network.sites.len()).filter(searched).collect();
    let of_layer = |layer: &crate::network::Layer| Tensor {
        formats: weights.clone(),
        weight: layer.weights.len() as f64,
    };
    let of_site = |&site: &SiteId| Tensor {
        formats: splits(quantizer.is_signed(site), 8),
        weight: network.sites[site].elements() as f64,
    };
    let tensors: Vec<Tensor> = network.layers.iter().map(of_layer).chain(sites.iter().map(of_site)).collect();
    let judge = Judge { quantizer, tensors: &tensors, sites: &sites };
    let mut evaluate = Remembered { evaluate: judge, journal };
    let evaluations = request.evaluations.max(1);
    progress(Stage::Refinement(evaluations));
    let options = paper::Options { evaluations, seed: request.seed, ..paper::Options::default() };
    let found = paper::search(&tensors, &options, &mut evaluate, &mut |_| progress(Stage::Step))?;
    let width = |selection: &Selection| -> u64 {
        let of_layer = |((layer, tensor), &index): ((&crate::network::Layer, &Tensor), &usize)| {
            layer.weights.len() as u64 * u64::from(tensor.formats[index].width())
        };
        network.layers.iter().zip(&tensors).zip(selection).map(of_layer).sum()
    };
    let budget = (bits * elements(network) as f64).floor() as u64;
    let fits = found.history.iter().filter(|step| width(&step.selection) <= budget);
    let best = fits.min_by(|a, b| a.loss.mean.total_cmp(&b.loss.mean)).ok_or_else(|| {
        Diagnostic::error("AFP0703", "the published method has found nothing within the budget")
            .expected(format!("at most {bits} bits per weight on average"))
            .found(format!("more, in each of {} measurements", found.history.len()))
            .help("give more --evaluations")
    })?;
    let losses =
        evaluate.evaluate(std::slice::from_ref(&best.selection))?.into_iter().next().unwrap_or_default();
    Ok(Found {
        setting: evaluate.evaluate.setting(&best.selection),
        predicted: Estimate::of(losses.iter().copied()),
        losses,
        front: Vec::new(),
        resources: Vec::new(),
    })
}

/// The formats of a width.
fn splits(signed: bool, width: u32) -> Vec<Format> {
    let bits = width - u32::from(signed);
    EXPONENT_BITS.filter(|&e| e <= bits).filter_map(|e| Format::new(signed, e, bits - e).ok()).collect()
}

struct Judge<'a, 'n> {
    quantizer: &'a Quantizer<'n>,
    tensors: &'a [Tensor],
    sites: &'a [SiteId],
}

impl Judge<'_, '_> {
    fn setting(&self, selection: &[usize]) -> Setting {
        let format = |n: usize| self.tensors[n].formats[selection[n]];
        let layers = self.quantizer.network.layers.len();
        let mut sites = self.quantizer.fixed_sites();
        for (n, &site) in self.sites.iter().enumerate() {
            sites[site] = Some(self.quantizer.site_format(site, format(layers + n)));
        }
        self.quantizer.tie(&mut sites);
        let weights = (0..layers).map(|layer| Some(self.quantizer.rounded(layer, format(layer)).0)).collect();
        Setting { weights, sites }
    }
}

impl Evaluate for Judge<'_, '_> {
    fn evaluate(&mut self, selections: &[Selection]) -> Result<Vec<Vec<f64>>, Diagnostic> {
        let settings: Vec<Setting> = selections.iter().map(|selection| self.setting(selection)).collect();
        self.quantizer.judge(&settings)
    }
}
