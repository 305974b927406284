//! `afp-assign-formats`: a format and a scale exponent for every site, a format for all weights.
//!
//! Formats come from the formats file where it names a tensor (`afp.formats` on the module), else
//! from the options. `auto` activations take `ue0m8` where the range has nothing below zero and
//! `e0m7` otherwise. A scale exponent comes from the file, or is found on the site's statistics, or
//! covers its range. A site with `afp.peaks` chooses it at run time where it may ([`crate::dynamic`]),
//! unless the file gives one.
//!
//! Values that leave the program and feed no other operator take the `outputs` format: they are
//! stored nowhere else, and 16 bits there cost nothing.
//!
//! The operands of a concat take one type, so that nothing is encoded again: where an operand's site
//! feeds that concat alone it is given the concat's type.
//!
//! Types are attached as `afp.type` (sites) and `afp.weight_type` (contractions).

use std::collections::{HashMap, HashSet};

use afp_ir::{
    diag::Diagnostic,
    dialect::{FloatType, view},
    mlir::{Attr, Op, Value},
    numerics::Format,
};

use crate::{
    dynamic::{self, PEAKS, Peaks},
    form_groups::is_site,
    formats, graph,
    registry::{Failed, Options, Pass, PassOption},
    scale::{self, Method},
    stats::Histogram,
};

/// The pass.
pub static PASS: Pass = Pass {
    name: "afp-assign-formats",
    description: "Give every site a format and a scale exponent, and weights a format",
    anchor: "builtin.module",
    options: &[
        PassOption { name: "weights", help: "format of weights", default: "e2m4" },
        PassOption {
            name: "activations",
            help: "format of activations, or auto: ue0m8 for ranges without negative values, else e0m7",
            default: "auto",
        },
        PassOption {
            name: "outputs",
            help: "format of values that only leave the program, or auto: e0m15 or ue0m15",
            default: "auto",
        },
        PassOption {
            name: "exponents",
            help: "search (least squared error on the statistics) or max (no clipping)",
            default: "search",
        },
    ],
    run,
};

/// What the options and the formats file say.
struct Plan {
    weights: Format,
    activations: Option<Format>,
    outputs: Option<Format>,
    method: Method,
    named_weights: HashMap<String, Attr>,
    named_sites: HashMap<String, Attr>,
    /// Sites whose format the file gives: no concat changes it.
    decided: HashSet<Op>,
}

impl Plan {
    fn read(module: Op, options: &Options<'_>) -> Result<Self, Failed> {
        let format = |name: &str| -> Result<Option<Format>, Failed> {
            match options.text(name) {
                "auto" => Ok(None),
                _ => options.parse(name, "a format such as e2m4, or auto").map(Some),
            }
        };
        let file = module.attr("afp.formats");
        let default = |key: &str| -> Result<Option<Option<Format>>, Failed> {
            match file.and_then(|f| f.entry(key)) {
                None => Ok(None),
                Some(text) if text.as_string().as_deref() == Some("auto") => Ok(Some(None)),
                Some(choice) => Ok(Some(Some(read_choice(module, choice)?.0))),
            }
        };
        let named = |key: &str| -> HashMap<String, Attr> {
            file.and_then(|f| f.entry(key)).and_then(Attr::entries).unwrap_or_default().into_iter().collect()
        };
        let weights = options.parse("weights", "a format such as e2m4")?;
        let activations = format("activations")?;
        Ok(Self {
            weights: default("default_weights")?.flatten().unwrap_or(weights),
            activations: default("default_activations")?.unwrap_or(activations),
            outputs: format("outputs")?,
            method: options.parse("exponents", "search or max")?,
            named_weights: named("weights"),
            named_sites: named("activations"),
            decided: HashSet::new(),
        })
    }
}

fn run(module: Op, options: &Options<'_>) -> Result<(), Failed> {
    let mut plan = Plan::read(module, options)?;
    for body in graph::bodies(module) {
        for op in body.ops() {
            if view::is_weighted(op) {
                assign_weights(op, &mut plan)?;
            }
            if is_site(op) {
                assign_site(op, &mut plan)?;
            }
        }
        // Backwards, so that a concat has its type before its operands take it.
        for op in body.ops().into_iter().rev() {
            if op.is("afp.concat") {
                tie(op, &plan);
            }
        }
    }
    unknown_names(module, &plan)
}

fn assign_weights(op: Op, plan: &mut Plan) -> Result<(), Failed> {
    let format = match plan.named_weights.remove(&graph::site_name(op)) {
        Some(choice) => read_choice(op, choice)?.0,
        None => plan.weights,
    };
    fits_storage(op, "weights", format)?;
    let values = graph::constant_f32(op.operand(1)).unwrap_or_default();
    let negative = values.iter().filter(|&&w| w < 0.0).count();
    if !format.is_signed() && negative > 0 {
        let name = graph::site_name(op);
        Diagnostic::warning("AFP0315", format!("the format of weights '{name}' has no sign"))
            .expected("a signed format, such as e2m4")
            .found(format!("{format}, and {negative} of {} weights below zero, which become 0", values.len()))
            .emit(op.loc());
    }
    // Weights carry their exponents per channel, on the operator; they are found with the codes.
    if let Some(ty) = FloatType::fixed(format, 0) {
        op.set_attr("afp.weight_type", Attr::ty(ty.to_mlir(op.ctx())));
    }
    Ok(())
}

fn assign_site(op: Op, plan: &mut Plan) -> Result<(), Failed> {
    let range = match op.attr("afp.range").and_then(Attr::as_f64s).as_deref() {
        Some(&[lo, hi]) => (lo, hi),
        _ => {
            Diagnostic::error("AFP0303", format!("site '{}' has no range", graph::site_name(op)))
                .expected("'afp.range' on every site")
                .found("none")
                .help("run afp-range-analysis before afp-assign-formats")
                .emit(op.loc());
            return Err(Failed);
        }
    };
    let (format, exp) = match plan.named_sites.remove(&graph::site_name(op)) {
        Some(choice) => {
            plan.decided.insert(op);
            read_choice(op, choice)?
        }
        None if only_leaves(op.result(0)) => (plan.outputs.unwrap_or(Format::wide(range.0 < 0.0)), None),
        None => (plan.activations.unwrap_or(Format::byte(range.0 < 0.0)), None),
    };
    if !only_leaves(op.result(0)) {
        fits_storage(op, "activations", format)?;
    }
    let seen = op.attr("afp.stats").and_then(Histogram::from_attr);
    let method = if only_leaves(op.result(0)) { Method::Max } else { plan.method };
    let fixed = |range| {
        let exp = exp.unwrap_or_else(|| scale::activation_exponent(format, range, seen.as_ref(), method));
        FloatType::fixed(format, exp)
    };
    let ty = match Peaks::of(op)? {
        Some(peaks) if exp.is_none() && dynamic::is_homogeneous(op) => Some(peaks.dynamic(op, format)),
        Some(peaks) if seen.is_none() => fixed(peaks.limited(range)),
        _ => fixed(range),
    };
    if let Some(ty) = ty {
        op.set_attr("afp.type", Attr::ty(ty.to_mlir(op.ctx())));
    }
    // What was seen has served: what follows needs the range at most.
    op.remove_attr("afp.stats");
    op.remove_attr(PEAKS);
    Ok(())
}

/// Rule T6: what is stored between operators takes a byte at most.
fn fits_storage(op: Op, kind: &str, format: Format) -> Result<(), Failed> {
    const STORED_BITS: u32 = 8;
    if format.width() <= STORED_BITS {
        return Ok(());
    }
    let name = graph::site_name(op);
    Diagnostic::error("AFP0314", format!("the format of {kind} '{name}' is too wide to be stored"))
        .expected(format!("a format of at most {STORED_BITS} bits"))
        .found(format!("{format} with {}", format.width()))
        .help("only values that leave the program may take up to 16 bits")
        .emit(op.loc());
    Err(Failed)
}

fn read_choice(op: Op, choice: Attr) -> Result<(Format, Option<i32>), Failed> {
    formats::choice_of(choice).ok_or_else(|| {
        Diagnostic::error("AFP0307", "the formats file names no valid format")
            .expected("a format such as 'e2m4', or a format and an exponent")
            .found(choice.to_string())
            .emit(op.loc());
        Failed
    })
}

/// Whether a value only leaves the program, by way of operators that move elements, or as floats.
pub fn only_leaves(value: Value) -> bool {
    let uses = value.uses();
    let passes = |user: Op| (view::is_movement(user) && !user.is("afp.concat")) || user.is("afp.dequantize");
    !uses.is_empty()
        && uses
            .into_iter()
            .all(|(user, _)| user.is("func.return") || (passes(user) && only_leaves(user.result(0))))
}

/// Gives the sites of a concat's operands its type, where they feed nothing else and were not named.
fn tie(concat: Op, plan: &Plan) {
    let Some(ty) = concat.attr("afp.type") else { return };
    for operand in concat.operands() {
        let source = graph::format_source(operand);
        if let Some(site) =
            source.def().filter(|op| is_site(*op) && !plan.decided.contains(op) && feeds_only(source, concat))
        {
            site.set_attr("afp.type", ty);
        }
    }
}

/// Whether a value is read by `target` alone, by way of operators that move elements.
pub fn feeds_only(value: Value, target: Op) -> bool {
    value.uses().into_iter().all(|(user, _)| {
        user == target
            || (view::is_movement(user) && !user.is("afp.concat") && feeds_only(user.result(0), target))
    })
}

/// A formats file must not name what is not there: a typing error would go unnoticed.
fn unknown_names(module: Op, plan: &Plan) -> Result<(), Failed> {
    let mut names: Vec<(&str, &String)> = plan.named_weights.keys().map(|name| ("weights", name)).collect();
    names.extend(plan.named_sites.keys().map(|name| ("activations", name)));
    names.sort();
    for (kind, name) in &names {
        let all = known_names(module, kind);
        Diagnostic::error(
            "AFP0304",
            format!("the formats file names {kind} '{name}', which the network does not have"),
        )
        .expected(format!("one of {}", all.join(", ")))
        .found(format!("'{name}'"))
        .emit(module.loc());
    }
    if names.is_empty() { Ok(()) } else { Err(Failed) }
}

fn known_names(module: Op, kind: &str) -> Vec<String> {
    const SHOWN: usize = 12;
    let of_kind = |op: &Op| if kind == "weights" { view::is_weighted(*op) } else { is_site(*op) };
    let mut names: Vec<String> =
        graph::body_ops(module).into_iter().filter(of_kind).map(graph::site_name).collect();
    if names.len() > SHOWN {
        let more = names.len() - SHOWN;
        names.truncate(SHOWN);
        names.push(format!("... ({more} more)"));
    }
    names
}
