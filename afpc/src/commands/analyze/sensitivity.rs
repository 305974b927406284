//! Which layers and values hurt most when they are quantized, for a person and for programs.

use afp_ir::numerics::Format;
use afp_ptq::{
    assign::guard::Estimate,
    network::{LayerId, Network, SiteFormat, SiteId},
    ranking::{Cost, Ranking},
};
use serde_json::{Value, json};

use crate::io::columns::{NAME, shortened};

/// Layers and values that a person is shown.
const SHOWN: usize = 20;

/// The lines for a person.
pub fn lines(ranking: &Ranking, network: &Network) -> Vec<String> {
    let samples = ranking.samples;
    let mut lines =
        vec![format!("loss of the outputs if one thing alone is quantized, on {samples} samples")];
    lines.extend(weights(ranking, network));
    lines.extend(values(ranking, network));
    lines
}

fn row([name, operator, a, b, c, share]: [&str; 6]) -> String {
    format!("{name:<NAME$} {operator:<17} {a:>8} {b:>8} {c:>8} {share:>7}")
}

/// The heading, the rows and how many more there are; nothing without rows.
fn table(heading: [&str; 6], rows: Vec<String>, count: usize) -> Vec<String> {
    if rows.is_empty() {
        return Vec::new();
    }
    let more = (count > SHOWN).then(|| format!("... and {} more, in --json", count - SHOWN));
    [String::new(), row(heading)].into_iter().chain(rows).chain(more).collect()
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn weights(ranking: &Ranking, network: &Network) -> Vec<String> {
    let mut formats: Vec<_> = ranking.layers.iter().flat_map(|l| &l.losses).map(|(f, _)| *f).collect();
    formats.sort_by_key(|format| format.width());
    formats.dedup();
    let names: [String; 3] =
        std::array::from_fn(|n| formats.get(n).map(ToString::to_string).unwrap_or_default());
    let of_layer = |cost: &Cost<LayerId, Format>| {
        let layer = &network.layers[cost.id];
        // What was not measured in a format is held by it.
        let loss = |format: Option<&Format>| match cost.losses.iter().find(|(f, _)| Some(f) == format) {
            Some((_, loss)) => number(loss),
            None => format.map_or_else(String::new, |_| "0".into()),
        };
        let losses: [String; 3] = std::array::from_fn(|n| loss(formats.get(n)));
        let [a, b, c] = losses.each_ref().map(String::as_str);
        row([&shortened(&layer.name), layer.operator, a, b, c, &percent(cost.share)])
    };
    let rows = ranking.layers.iter().take(SHOWN).map(of_layer).collect();
    let [a, b, c] = names.each_ref().map(String::as_str);
    table(["weights", "operator", a, b, c, "share"], rows, ranking.layers.len())
}

fn values(ranking: &Ranking, network: &Network) -> Vec<String> {
    let of_site = |cost: &Cost<SiteId, SiteFormat>| {
        let (_, fixed) = cost.losses.first()?;
        let (best, least) = cost.losses.iter().min_by(|(_, a), (_, b)| a.mean.total_cmp(&b.mean))?;
        let (name, operator) = (shortened(&network.sites[cost.id].name), network.rounding_of(cost.id));
        let best = best.format.to_string();
        Some(row([&name, operator, &number(fixed), &best, &number(least), &percent(cost.share)]))
    };
    let rows = ranking.sites.iter().take(SHOWN).filter_map(of_site).collect();
    table(["values", "yielded by", "8 bits", "best", "loss", "share"], rows, ranking.sites.len())
}

/// The same for programs.
pub fn json(ranking: &Ranking, network: &Network) -> Value {
    let estimate = |loss: &Estimate| json!({"mean": loss.mean, "standard_error": loss.standard_error});
    let layers = ranking.layers.iter().map(|cost| {
        let layer = &network.layers[cost.id];
        let losses = cost.losses.iter().map(|(format, loss)| {
            json!({"format": format.to_string(), "bits": format.width(), "loss": estimate(loss)})
        });
        json!({
            "name": layer.name,
            "operator": layer.operator,
            "weights": layer.weights.len(),
            "losses": losses.collect::<Vec<_>>(),
            "share": cost.share,
        })
    });
    let values = ranking.sites.iter().map(|cost| {
        let site = &network.sites[cost.id];
        let losses = cost.losses.iter().map(|(to, loss)| {
            json!({"format": to.format.to_string(), "bits": to.format.width(), "exp": to.exp, "loss": estimate(loss)})
        });
        json!({
            "name": site.name,
            "operator": network.rounding_of(cost.id),
            "losses": losses.collect::<Vec<_>>(),
            "share": cost.share,
        })
    });
    json!({
        "samples": ranking.samples,
        "compared": ranking.compared.map(|format| format.to_string()),
        "layers": layers.collect::<Vec<_>>(),
        "values": values.collect::<Vec<_>>(),
    })
}

/// A loss in eight columns.
fn number(loss: &Estimate) -> String {
    match loss.mean {
        0.0 => "0".into(),
        mean if (1e-4..1e3).contains(&mean) => format!("{mean:.5}"),
        mean => format!("{mean:.1e}"),
    }
}
