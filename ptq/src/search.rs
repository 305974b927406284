//! From a quantizer to a setting.

use afp_ir::{diag::Diagnostic, numerics::Format};

use crate::{
    assign::knapsack::{self, Candidate},
    network::Network,
    quantizer::Quantizer,
    sensitivity::Sensitivity,
    setting::Setting,
};

/// Formats that weights may take, by falling error at equal bits: fixed point and two exponent bits.
pub const WEIGHT_FORMATS: [&str; 13] =
    ["e0m1", "e2m0", "e0m2", "e2m1", "e0m3", "e2m2", "e0m4", "e3m1", "e2m3", "e0m5", "e2m4", "e0m6", "e0m7"];

/// [`WEIGHT_FORMATS`].
pub fn weight_formats() -> Vec<Format> {
    WEIGHT_FORMATS.iter().filter_map(|text| text.parse().ok()).collect()
}

/// The best format of each layer within an average number of bits per weight, by predicted losses.
pub fn assign(network: &Network, sensitivity: &Sensitivity, bits: f64) -> Option<Vec<Format>> {
    let elements: u64 = network.layers.iter().map(|layer| layer.weights.len() as u64).sum();
    let budget = (bits * elements as f64).floor() as u64;
    let items: Vec<Vec<Candidate>> = network
        .layers
        .iter()
        .zip(&sensitivity.losses)
        .map(|(layer, losses)| {
            let cost = |format: &Format| u64::from(format.width()) * layer.weights.len() as u64;
            sensitivity
                .formats
                .iter()
                .zip(losses)
                .map(|(f, &loss)| Candidate { cost: cost(f), loss })
                .collect()
        })
        .collect();
    Some(knapsack::solve(&items, budget)?.chosen.into_iter().map(|index| sensitivity.formats[index]).collect())
}

/// The setting of a format per layer, at the default formats of sites.
pub fn setting(quantizer: &Quantizer<'_>, formats: &[Format]) -> Setting {
    let rounded = |(layer, &format): (usize, &Format)| Some(quantizer.rounded(layer, format).0);
    Setting { weights: formats.iter().enumerate().map(rounded).collect(), sites: quantizer.fixed_sites() }
}

/// Mean and standard error of losses.
pub fn mean_loss(losses: &[f64]) -> (f64, f64) {
    let n = losses.len().max(1) as f64;
    let mean = losses.iter().sum::<f64>() / n;
    let variance = losses.iter().map(|loss| (loss - mean) * (loss - mean)).sum::<f64>() / (n - 1.0).max(1.0);
    (mean, (variance / n).sqrt())
}

/// The loss of a setting on all samples that judge.
///
/// # Errors
/// What the simulator reports.
pub fn judge(quantizer: &Quantizer<'_>, setting: &Setting) -> Result<Vec<f64>, Diagnostic> {
    let losses = quantizer.losses(setting, std::slice::from_ref(setting), usize::MAX)?;
    Ok(losses.into_iter().next().unwrap_or_default())
}
