//! Factors of classes: read from attributes, averaged, rounded.

use std::str::FromStr;

use afp_ir::{
    diag::Diagnostic,
    mlir::{Attr, Op},
};

use super::classes::{FIXED_CLASS, Roles};
use crate::{form_groups::is_site, graph, registry::Failed};

/// The attribute of a site that says what factor each of its channels wants: base-2 logarithms, one per
/// index of the last dimension; NaN where it does not matter.
pub const WANTED: &str = "afp.channel_scale";

/// Bound of the logarithms: quotients of two factors stay normal numbers.
const MAX_LOG: f64 = 126.0;

/// Which factors there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factors {
    /// Powers of two: results keep every bit.
    PowerOfTwo,
    /// Any.
    Real,
}

impl FromStr for Factors {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "power-of-two" => Ok(Self::PowerOfTwo),
            "real" => Ok(Self::Real),
            _ => Err(()),
        }
    }
}

/// The factor of each class, as a base-2 logarithm: the average of what its channels want, at every site;
/// 0 for the fixed class, and where nothing is wanted.
pub fn average(roles: &Roles, factors: Factors) -> Result<Vec<f64>, Failed> {
    let mut sums = vec![(0.0, 0u32); roles.count];
    for site in &roles.sites {
        let Some(attr) = site.op.attr(WANTED) else { continue };
        let count = graph::shape(site.op.result(0)).last().map_or(1, |&size| size.max(0) as usize);
        let wanted = read(site.op, attr, count)?;
        let Some(channels) = &site.channels else { continue };
        for (&class, wanted) in channels.iter().zip(wanted).filter(|(_, wanted)| !wanted.is_nan()) {
            let (sum, count) = &mut sums[class];
            *sum += wanted;
            *count += 1;
        }
    }
    let average = |(class, (sum, count)): (usize, (f64, u32))| match factors {
        _ if class == FIXED_CLASS || count == 0 => 0.0,
        Factors::PowerOfTwo => (sum / f64::from(count) + 0.5).floor(),
        Factors::Real => sum / f64::from(count),
    };
    Ok(sums.into_iter().enumerate().map(average).collect())
}

/// AFP0317 unless the attribute has one number for each of `count` channels.
fn read(op: Op, attr: Attr, count: usize) -> Result<Vec<f64>, Failed> {
    let found = match attr.as_f64s() {
        None => attr.to_string(),
        Some(wanted) if wanted.len() != count => format!("{} numbers", wanted.len()),
        Some(wanted) => match wanted.iter().find(|w| w.abs() > MAX_LOG) {
            None => return Ok(wanted),
            Some(wanted) => format!("the number {wanted}"),
        },
    };
    let expected = format!("{count} numbers within +-{MAX_LOG} or NaN, one per channel, as array<f64>");
    Err(refuse(op, expected, found))
}

fn refuse(op: Op, expected: String, found: String) -> Failed {
    Diagnostic::error("AFP0317", format!("'{WANTED}' does not fit '{}'", graph::site_name(op)))
        .expected(expected)
        .found(found)
        .help("remove the attribute: channels keep their scale then")
        .emit(op.loc());
    Failed
}

/// AFP0317 if an operation that is no site wants factors.
pub fn refuse_others(function: Op) -> Result<(), Failed> {
    let others = function.descendants().into_iter().find(|op| op.attr(WANTED).is_some() && !is_site(*op));
    match others {
        None => Ok(()),
        Some(op) => {
            Err(refuse(op, "a site: afp.encode, afp.table, afp.softmax or afp.concat".into(), op.name()))
        }
    }
}

/// `2^x`, exact for integers, the same on every machine; for `x` within +-1000.
pub fn exp2(x: f64) -> f64 {
    let whole = x.floor();
    let binade = f64::from_bits(((whole as i64 + 1023) as u64) << 52);
    if x == whole { binade } else { binade * libm::exp2(x - whole) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two_are_exact_at_integers() {
        for n in -252..=252 {
            assert_eq!(exp2(f64::from(n)), 2f64.powi(n));
        }
        assert!((exp2(-0.5) * exp2(-0.5) - 0.5).abs() < 1e-15);
        assert!((exp2(7.25) / exp2(7.0) - libm::exp2(0.25)).abs() < 1e-15);
    }
}
