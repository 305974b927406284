//! Statistics of values seen in calibration: count, extremes, and a logarithmic histogram.
//!
//! A histogram has one bin per sign, binade and eighth of a binade of `f32`: the top twelve bits of
//! the float are the bin's number. So its size is fixed, no range has to be known in advance, and
//! histograms of different samples add up exactly, in any order.

use std::collections::BTreeMap;

use afp_ir::mlir::{Attr, Ctx, Op};

use crate::form_groups::is_site;

/// Number of bins: sign, 8 exponent bits, 3 mantissa bits.
const BINS: usize = 4096;
const BIN_SHIFT: u32 = 20;

/// What one tensor held.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Number of values, without NaNs.
    pub count: u64,
    /// Smallest value.
    pub min: f32,
    /// Largest value.
    pub max: f32,
    bins: Vec<u64>,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { count: 0, min: f32::INFINITY, max: f32::NEG_INFINITY, bins: vec![0; BINS] }
    }
}

impl Histogram {
    /// Adds values. NaNs are ignored.
    pub fn observe(&mut self, values: &[f32]) {
        for &value in values.iter().filter(|v| !v.is_nan()) {
            self.count += 1;
            self.min = self.min.min(value);
            self.max = self.max.max(value);
            self.bins[(value.to_bits() >> BIN_SHIFT) as usize] += 1;
        }
    }

    /// Adds what another histogram saw.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        for (bin, more) in self.bins.iter_mut().zip(&other.bins) {
            *bin += more;
        }
    }

    /// Bins that hold values: least and largest float of the bin (both finite, limited to the
    /// extremes seen), and how many.
    pub fn occupied(&self) -> impl Iterator<Item = (f64, f64, u64)> {
        let limit = move |x: f32| f64::from(x.clamp(self.min, self.max));
        self.bins.iter().enumerate().filter(|&(_, &count)| count > 0).map(move |(bin, &count)| {
            let first = f32::from_bits((bin as u32) << BIN_SHIFT);
            let last = f32::from_bits(((bin as u32) << BIN_SHIFT) | ((1 << BIN_SHIFT) - 1));
            let finite = |x: f32| if x.is_finite() { x } else { f32::MAX.copysign(first) };
            let (a, b) = (limit(finite(first)), limit(finite(last)));
            (a.min(b), a.max(b), count)
        })
    }

    /// The attribute `afp.stats`.
    pub fn to_attr(&self, ctx: Ctx) -> Attr {
        let used: Vec<usize> = (0..BINS).filter(|&bin| self.bins[bin] > 0).collect();
        let bins: Vec<i32> = used.iter().map(|&bin| bin as i32).collect();
        let counts: Vec<i64> = used.iter().map(|&bin| self.bins[bin] as i64).collect();
        Attr::dict(
            ctx,
            &[
                ("count", Attr::int(ctx, 64, self.count as i64)),
                ("min", Attr::f32(ctx, self.min)),
                ("max", Attr::f32(ctx, self.max)),
                ("bins", Attr::i32s(ctx, &bins)),
                ("counts", Attr::i64s(ctx, &counts)),
            ],
        )
    }

    /// Reads `afp.stats`; none if it is malformed.
    pub fn from_attr(attr: Attr) -> Option<Self> {
        let count = u64::try_from(attr.entry("count")?.as_int()?).ok()?;
        let min = attr.entry("min")?.as_f64()? as f32;
        let max = attr.entry("max")?.as_f64()? as f32;
        let (at, counts) = (attr.entry("bins")?.as_i32s()?, attr.entry("counts")?.as_i64s()?);
        let mut bins = vec![0; BINS];
        if at.len() != counts.len() || min.is_nan() || max.is_nan() || count == 0 || min > max {
            return None;
        }
        for (bin, count) in at.into_iter().zip(counts) {
            *bins.get_mut(usize::try_from(bin).ok()?)? = u64::try_from(count).ok()?;
        }
        Some(Self { count, min, max, bins })
    }
}

/// Histograms by site name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    sites: BTreeMap<String, Histogram>,
}

impl Statistics {
    /// Adds the values that a site held in one sample.
    pub fn observe(&mut self, site: &str, values: &[f32]) {
        if !self.sites.contains_key(site) {
            self.sites.insert(site.to_owned(), Histogram::default());
        }
        if let Some(histogram) = self.sites.get_mut(site) {
            histogram.observe(values);
        }
    }

    /// Adds what was seen elsewhere.
    pub fn merge(&mut self, other: &Self) {
        for (site, histogram) in &other.sites {
            self.sites.entry(site.clone()).or_default().merge(histogram);
        }
    }

    /// Whether nothing was observed.
    pub fn is_empty(&self) -> bool {
        self.sites.is_empty()
    }

    /// Sets `afp.stats` on every site whose `afp.name` was observed.
    pub fn attach(&self, module: Op) {
        let ctx = module.ctx();
        for op in module.descendants().into_iter().filter(|op| is_site(*op)) {
            let Some(name) = op.attr("afp.name").and_then(Attr::as_string) else { continue };
            if let Some(histogram) = self.sites.get(&name).filter(|h| h.count > 0) {
                op.set_attr("afp.stats", histogram.to_attr(ctx));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bin_and_nan_is_ignored() {
        let values = [0.0, -0.0, 1.0, 1.124, -3.5, 1e-40, f32::MAX, f32::NAN];
        for value in values.into_iter().filter(|v| !v.is_nan()) {
            let mut h = Histogram::default();
            h.observe(&[value, f32::NAN, 100.0, -100.0]);
            assert_eq!(h.count, 3);
            assert!(h.occupied().any(|(lo, hi, _)| lo <= f64::from(value) && f64::from(value) <= hi));
        }
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let values: Vec<f32> = (0..1000u16).map(|i| (f32::from(i) - 300.0) * 0.37).collect();
        let mut whole = Histogram::default();
        whole.observe(&values);
        let mut parts = Histogram::default();
        for chunk in values.chunks(7).rev() {
            let mut part = Histogram::default();
            part.observe(chunk);
            parts.merge(&part);
        }
        assert_eq!(whole, parts);
    }

    #[test]
    fn attributes_round_trip() {
        let session = afp_ir::mlir::Session::new();
        let mut h = Histogram::default();
        h.observe(&[0.5, -2.0, 17.0, 0.25]);
        assert_eq!(Histogram::from_attr(h.to_attr(session.ctx())), Some(h));
        assert_eq!(Histogram::from_attr(Attr::unit(session.ctx())), None);
    }
}
