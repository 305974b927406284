//! Which sites may choose their scale exponent at run time, and from which interval.
//!
//! A driver that knows no samples of the user's still knows about how large values become: it attaches
//! `afp.peaks` to a site, the binades in which the largest magnitude of a tensor was found on inputs that
//! it made up, or on samples that disagree. `afp-assign-formats` then gives the site a dynamic scale
//! exponent, from an interval some binades wider, where the program may have one (rules Y5 and Y6).

use afp_ir::{
    diag::Diagnostic,
    dialect::{FloatType, ScaleExponent, view},
    mlir::{Attr, Op, Value},
    numerics::{Format, MAX_SCALE_EXPONENT, dyadic_to_f64},
};

use crate::{graph, registry::Failed};

/// The attribute of a site: least and largest binade of a tensor's largest magnitude.
pub const PEAKS: &str = "afp.peaks";

/// Binades by which an interval is wider than the peaks, below and above: for inputs a hundred times as
/// large, or as small, as those that the peaks come from.
const MARGIN: i32 = 8;
/// The same for an input: nothing is known of what will come, and bytes are usual.
const INPUT_MARGIN: i32 = 9;
/// Binades from one end of an interval to the other. In a wider one, a sum and its bias would need more than
/// 31 bits where they are far apart ([`crate::weights::bias_grid`]).
const WIDEST: i32 = 18;
/// Binades above the peaks that a static exponent leaves room for.
const STATIC_MARGIN: i32 = 1;

/// Where a site's largest magnitude is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peaks {
    /// Least binade.
    pub least: i32,
    /// Largest binade.
    pub largest: i32,
}

impl Peaks {
    /// Reads the attribute; none if there is none.
    ///
    /// # Errors
    /// After the diagnostic AFP0340, if it is malformed.
    pub fn of(site: Op) -> Result<Option<Self>, Failed> {
        let Some(attr) = site.attr(PEAKS) else { return Ok(None) };
        let within = |binade: i32| binade.unsigned_abs() <= MAX_SCALE_EXPONENT.unsigned_abs() / 2;
        match attr.as_i32s().as_deref() {
            Some(&[least, largest]) if least <= largest && within(least) && within(largest) => {
                Ok(Some(Self { least, largest }))
            }
            _ => {
                let what = format!("'{PEAKS}' of site '{}' is malformed", graph::site_name(site));
                Diagnostic::error("AFP0340", what)
                    .expected(format!(
                        "array<i32: least, largest>, binades within +-{}",
                        MAX_SCALE_EXPONENT / 2
                    ))
                    .found(attr.to_string())
                    .help("remove the attribute: the site's scale exponent is static then")
                    .emit(site.loc());
                Err(Failed)
            }
        }
    }

    /// Writes the attribute.
    pub fn attach(self, site: Op) {
        site.set_attr(PEAKS, Attr::i32s(site.ctx(), &[self.least, self.largest]));
    }

    /// The type of a site with these peaks.
    pub fn dynamic(self, site: Op, format: Format) -> FloatType {
        let margin = if of_argument(site) { INPUT_MARGIN } else { MARGIN };
        let top = format.top_binade();
        let hi = self.largest + margin - top;
        let lo = (self.least - margin - top).max(hi - WIDEST);
        FloatType { format, exp: ScaleExponent::Dynamic { lo, hi } }
    }

    /// A range cut to what the peaks make likely, for a site that keeps a static exponent.
    pub fn limited(self, (lo, hi): (f64, f64)) -> (f64, f64) {
        let bound = dyadic_to_f64(1, self.largest + 1 + STATIC_MARGIN);
        (lo.max(-bound), hi.min(bound))
    }
}

/// Whether a site's exponent may be chosen at run time: it is an encode without another limit than zero,
/// and no table, softmax or concat reads it, and nothing pads it with another value than zero.
pub fn is_homogeneous(site: Op) -> bool {
    let zero = |limits: Vec<f32>| limits.iter().all(|&limit| limit == 0.0);
    let lower = site.attr("lo").is_none_or(|lo| lo.as_f32s().is_some_and(zero));
    // The clamp of an input is a rounding of its own, behind that of the input.
    let clamps_input = of_argument(site) && site.attr("lo").is_some();
    site.is("afp.encode")
        && lower
        && site.attr("hi").is_none()
        && !clamps_input
        && read_as_it_is(site.result(0))
}

fn of_argument(site: Op) -> bool {
    site.operands().first().is_some_and(|value| value.arg_index().is_some())
}

fn read_as_it_is(value: Value) -> bool {
    value.uses().into_iter().all(|(user, _)| {
        if user.is("afp.table") || user.is("afp.softmax") || user.is("afp.concat") {
            return false;
        }
        let border = user.attr("value").filter(|_| user.is("afp.pad")).and_then(Attr::as_f64).unwrap_or(0.0);
        border == 0.0 && (!view::is_movement(user) || read_as_it_is(user.result(0)))
    })
}
