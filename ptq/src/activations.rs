//! Formats of activations: fixed point, or a few exponent bits where they pay.
//!
//! Fixed point of 8 bits runs through one dot product of bytes; formats with exponents of the same width
//! reach further with finer steps near zero, and need wider products. So a site takes one of those only if
//! its error at the end of the network falls by more than chance (two standard errors, paired), and by a part
//! of all sites' error that can be noticed.

use afp_ir::{diag::Diagnostic, numerics::Format};

use crate::{
    network::{SiteFormat, SiteId},
    quantizer::Quantizer,
    search::mean_loss,
    setting::Setting,
};

/// Formats of 8 bits with exponents: with a sign, and without.
const WITH_EXPONENTS: [[&str; 2]; 2] = [["e2m5", "e3m4"], ["ue2m6", "ue3m5"]];
/// The least part of the error of all activations that a site's format must save.
const WORTH: f64 = 0.02;
/// Samples that sites are measured on.
const SAMPLES: usize = 48;

/// What was found about a site's formats.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The site.
    pub site: SiteId,
    /// What it was measured at, the default first.
    pub formats: Vec<SiteFormat>,
    /// The mean loss at the end of the network if this site alone has each format.
    pub losses: Vec<f64>,
    /// The format that it takes.
    pub chosen: usize,
}

/// Measures every site that may have other formats, and chooses. `progress` is called once per site.
///
/// # Errors
/// What the simulator reports.
pub fn measure(quantizer: &Quantizer<'_>, progress: &(dyn Fn() + Sync)) -> Result<Vec<Measured>, Diagnostic> {
    let network = quantizer.network;
    let default = quantizer.fixed_sites();
    let float = Setting::default();
    let mut all: Vec<Measured> = Vec::new();
    let searched = |id: &SiteId| !network.sites[*id].leaves && network.sites[*id].tied.is_none();
    for id in (0..network.sites.len()).filter(searched) {
        let names = WITH_EXPONENTS[usize::from(!quantizer.is_signed(id))];
        let others = names.iter().filter_map(|name| name.parse::<Format>().ok());
        let formats: Vec<SiteFormat> =
            default[id].into_iter().chain(others.map(|format| quantizer.site_format(id, format))).collect();
        let settings: Vec<Setting> = formats
            .iter()
            .map(|&format| {
                let mut sites = vec![None; network.sites.len()];
                sites[id] = Some(format);
                // What is tied to it alone shares its error.
                for (other, site) in network.sites.iter().enumerate() {
                    if site.tied == Some(id) {
                        sites[other] = Some(format);
                    }
                }
                Setting { weights: Vec::new(), sites }
            })
            .collect();
        let losses = quantizer.losses(&float, &settings, SAMPLES)?;
        let means: Vec<f64> = losses.iter().map(|losses| mean_loss(losses).0).collect();
        let chosen = (1..formats.len())
            .filter(|&n| {
                let gains: Vec<f64> =
                    losses[0].iter().zip(&losses[n]).map(|(fixed, other)| fixed - other).collect();
                let (gain, error) = mean_loss(&gains);
                gain > 2.0 * error
            })
            .min_by(|&a, &b| means[a].total_cmp(&means[b]))
            .unwrap_or(0);
        progress();
        all.push(Measured { site: id, formats, losses: means, chosen });
    }
    let total: f64 = all.iter().map(|measured| measured.losses[0]).sum();
    for measured in &mut all {
        if measured.losses[0] - measured.losses[measured.chosen] < WORTH * total {
            measured.chosen = 0;
        }
    }
    Ok(all)
}

/// The formats of all sites, by what was measured.
pub fn sites(quantizer: &Quantizer<'_>, measured: &[Measured]) -> Vec<Option<SiteFormat>> {
    let mut sites = quantizer.fixed_sites();
    for measured in measured {
        sites[measured.site] = Some(measured.formats[measured.chosen]);
    }
    quantizer.tie(&mut sites);
    sites
}
