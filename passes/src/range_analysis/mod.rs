//! `afp-range-analysis`: an interval for every site.
//!
//! Two sources. *Static*: intervals are propagated from the inputs through every operator, per
//! channel ([`interval`]); sound, and wide. *Observed*: the extremes in `afp.stats`, where the driver
//! attached calibration statistics. A site's `afp.range` is their intersection, and what follows it
//! is computed from that.
//!
//! Without statistics an input's interval is its `afp.range` attribute, or else the option
//! `input-range`.

pub mod interval;

use std::collections::HashMap;

use afp_ir::{
    diag::Diagnostic,
    dialect::Element,
    mlir::{Attr, Op, Value},
};
use interval::Intervals;

use crate::{
    form_groups::is_site,
    graph,
    registry::{Failed, Options, Pass, PassOption},
    stats::Histogram,
};

/// The pass.
pub static PASS: Pass = Pass {
    name: "afp-range-analysis",
    description: "Compute an interval for every site, from statistics and from interval arithmetic",
    anchor: "builtin.module",
    options: &[PassOption {
        name: "input-range",
        help: "interval of inputs without statistics, as lo,hi",
        default: "-1,1",
    }],
    run,
};

fn run(module: Op, options: &Options<'_>) -> Result<(), Failed> {
    let input = parse_range(options.text("input-range"))
        .ok_or_else(|| options.reject("input-range", "two finite numbers lo,hi with lo <= hi"))?;
    for body in graph::bodies(module) {
        let mut known: HashMap<Value, Intervals> = body
            .args()
            .into_iter()
            .filter(|argument| !matches!(Element::of(argument.ty()), Element::Float(_)))
            .map(|argument| (argument, Intervals::uniform(input.0, input.1)))
            .collect();
        for op in body.ops() {
            // Codes, and what comes from them, have no interval: the program is past this analysis there.
            let operands: Option<Vec<Intervals>> = op
                .operands()
                .into_iter()
                .map(|v| known.get(&v).cloned().or_else(|| interval::of_constant(v)))
                .collect();
            let Some(operands) = operands else { continue };
            let Some(mut found) = interval::transfer(op, &operands) else { continue };
            if is_site(op) {
                found = observe(op, found)?;
                let (lo, hi) = found.hull();
                op.set_attr("afp.range", Attr::f64s(op.ctx(), &[lo, hi]));
            }
            known.insert(op.result(0), found);
        }
    }
    Ok(())
}

/// `lo,hi`, both finite, in order.
fn parse_range(text: &str) -> Option<(f64, f64)> {
    let (lo, hi) = text.split_once(',')?;
    let (lo, hi): (f64, f64) = (lo.trim().parse().ok()?, hi.trim().parse().ok()?);
    (lo.is_finite() && hi.is_finite() && lo <= hi).then_some((lo, hi))
}

/// Limits a site's intervals to what was observed there, or to the range the user gives an input.
fn observe(op: Op, found: Intervals) -> Result<Intervals, Failed> {
    if let Some(attr) = op.attr("afp.stats") {
        let Some(histogram) = Histogram::from_attr(attr) else {
            Diagnostic::error("AFP0302", format!("malformed 'afp.stats' on site '{}'", graph::site_name(op)))
                .expected("{count, min, max, bins, counts} of a histogram with at least one value")
                .found(attr.to_string())
                .emit(op.loc());
            return Err(Failed);
        };
        let (lo, hi) = (f64::from(histogram.min), f64::from(histogram.max));
        let of_input = op.operands().first().is_some_and(|v| v.arg_index().is_some());
        return Ok(if of_input { Intervals::uniform(lo, hi) } else { found.limited(lo, hi) });
    }
    let given =
        op.attr("afp.range").filter(|_| op.operands().first().is_some_and(|v| v.arg_index().is_some()));
    match given.and_then(Attr::as_f64s).as_deref() {
        Some(&[lo, hi]) if lo <= hi => Ok(Intervals::uniform(lo, hi)),
        _ => Ok(found),
    }
}
