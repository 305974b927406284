//! What every value of a float network was on samples: histograms of sites, and the extremes of every
//! channel.
//!
//! A channel that held zero alone is *dead*, one that held a single other number is *constant*: no part of
//! the samples depends on what comes before it there. Samples add up in any order, and memory does not grow
//! with their number.

use afp_ir::{diag::Diagnostic, interp::Tensor};
use afp_passes::stats::Histogram;
use rayon::prelude::*;

use crate::{
    network::{Network, Read},
    simulator::Simulator,
};

/// The extremes of the channels of a site: of the last of its sizes.
#[derive(Clone, Debug, PartialEq)]
pub struct Channels {
    extremes: Vec<(f32, f32)>,
}

impl Channels {
    /// So many channels of which nothing is known.
    fn new(count: usize) -> Self {
        Self { extremes: vec![(f32::INFINITY, f32::NEG_INFINITY); count] }
    }

    /// Adds values, the channel last. NaNs are ignored.
    fn observe(&mut self, values: &[f32]) {
        for pixel in values.chunks_exact(self.extremes.len().max(1)) {
            for ((lo, hi), &value) in self.extremes.iter_mut().zip(pixel) {
                *lo = lo.min(value);
                *hi = hi.max(value);
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        for ((lo, hi), (less, more)) in self.extremes.iter_mut().zip(&other.extremes) {
            *lo = lo.min(*less);
            *hi = hi.max(*more);
        }
    }

    /// The least and the largest value of each channel.
    pub fn extremes(&self) -> &[(f32, f32)] {
        &self.extremes
    }

    /// Channels that held zero alone.
    pub fn dead(&self) -> Vec<usize> {
        self.with(|lo, hi| lo == 0.0 && hi == 0.0)
    }

    /// Channels that held one number alone, other than zero.
    pub fn constant(&self) -> Vec<usize> {
        self.with(|lo, hi| lo == hi && lo != 0.0)
    }

    fn with(&self, holds: impl Fn(f32, f32) -> bool) -> Vec<usize> {
        let channels = self.extremes.iter().enumerate();
        channels.filter(|(_, (lo, hi))| holds(*lo, *hi)).map(|(channel, _)| channel).collect()
    }
}

/// What the sites of a network held.
#[derive(Clone, Debug)]
pub struct Survey {
    /// By site.
    pub histograms: Vec<Histogram>,
    /// By site.
    pub channels: Vec<Channels>,
}

impl Survey {
    /// Of no samples.
    pub fn new(network: &Network) -> Self {
        let channels = |shape: &[usize]| Channels::new(shape.last().copied().unwrap_or(1));
        Self {
            histograms: vec![Histogram::default(); network.sites.len()],
            channels: network.sites.iter().map(|site| channels(&site.shape)).collect(),
        }
    }

    /// Runs samples and adds what the sites held, one sample per thread at a time.
    ///
    /// # Errors
    /// What the simulator reports.
    pub fn observe(
        &mut self,
        network: &Network,
        float: &Simulator<'_>,
        samples: &[Vec<Tensor>],
    ) -> Result<(), Diagnostic> {
        let surveys: Vec<Result<Self, Diagnostic>> = samples
            .par_iter()
            .map(|inputs| {
                let trace = float.trace(inputs)?;
                let mut survey = Self::new(network);
                for (site, values) in trace.sites(network) {
                    survey.histograms[site].observe(values);
                    survey.channels[site].observe(values);
                }
                Ok(survey)
            })
            .collect();
        for survey in surveys {
            self.merge(&survey?);
        }
        Ok(())
    }

    /// What the inputs of the network were, and of the other sites nothing.
    pub fn of_inputs(&self, network: &Network) -> Self {
        let mut inputs = Self::new(network);
        for other in network.others() {
            if let (Some(site), Read::Input(_)) = (other.site, other.read) {
                inputs.histograms[site].clone_from(&self.histograms[site]);
                inputs.channels[site].clone_from(&self.channels[site]);
            }
        }
        inputs
    }

    fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.histograms.iter_mut().zip(&other.histograms) {
            mine.merge(theirs);
        }
        for (mine, theirs) in self.channels.iter_mut().zip(&other.channels) {
            mine.merge(theirs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_of_one_number_are_found() {
        let mut channels = Channels::new(3);
        channels.observe(&[0.0, 2.5, 1.0, -0.0, 2.5, 1.0]);
        let mut more = Channels::new(3);
        more.observe(&[0.0, 2.5, f32::NAN, 0.0, 2.5, 1.5]);
        channels.merge(&more);
        assert_eq!((channels.dead(), channels.constant()), (vec![0], vec![1]));
        assert_eq!(channels.extremes()[2], (1.0, 1.5));
    }

    #[test]
    fn what_nobody_saw_is_neither_dead_nor_constant() {
        let channels = Channels::new(2);
        assert_eq!((channels.dead(), channels.constant()), (vec![], vec![]));
    }
}
