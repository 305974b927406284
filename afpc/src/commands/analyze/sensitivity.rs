//! Which layers and values hurt most when they are quantized, for a person and for programs.

use afp_ptq::{assign::guard::Estimate, network::Network, ranking::Ranking};
use serde_json::{Value, json};

use crate::io::columns::{NAME, shortened};

/// Layers and values that a person is shown.
const SHOWN: usize = 20;

/// The lines for a person.
pub fn lines(ranking: &Ranking, network: &Network) -> Vec<String> {
    let row = |cells: [&str; 6]| {
        let [name, operator, a, b, c, share] = cells;
        format!("{name:<NAME$} {operator:<17} {a:>8} {b:>8} {c:>8} {share:>7}")
    };
    let share = |share: f64| format!("{:.1} %", 100.0 * share);
    let mut formats: Vec<_> = ranking.layers.iter().flat_map(|l| &l.losses).map(|(f, _)| *f).collect();
    formats.sort_by_key(|format| format.width());
    formats.dedup();
    let names: Vec<String> = formats.iter().map(ToString::to_string).collect();
    let name = |index: usize| names.get(index).map_or("", String::as_str);
    let mut lines = vec![
        format!("loss of the outputs if one thing alone is quantized, on {} samples", ranking.samples),
        String::new(),
        row(["weights", "operator", name(0), name(1), name(2), "share"]),
    ];
    for cost in ranking.layers.iter().take(SHOWN) {
        let of = |index: usize| {
            let format = formats.get(index);
            let loss = cost.losses.iter().find(|(f, _)| Some(f) == format);
            if format.is_some() {
                loss.map_or_else(|| "0".into(), |(_, loss)| number(loss))
            } else {
                String::new()
            }
        };
        let layer = &network.layers[cost.id];
        lines.push(row([
            &shortened(&layer.name),
            layer.operator,
            &of(0),
            &of(1),
            &of(2),
            &share(cost.share),
        ]));
    }
    lines.extend(more(ranking.layers.len()));
    lines.push(String::new());
    lines.push(row(["values", "yielded by", "8 bits", "best", "loss", "share"]));
    for cost in ranking.sites.iter().take(SHOWN) {
        let Some((_, fixed)) = cost.losses.first() else { continue };
        let best = cost.losses.iter().min_by(|(_, a), (_, b)| a.mean.total_cmp(&b.mean));
        let (format, loss) =
            best.map_or_else(Default::default, |(format, loss)| (format.format.to_string(), number(loss)));
        lines.push(row([
            &shortened(&network.sites[cost.id].name),
            network.rounding_of(cost.id),
            &number(fixed),
            &format,
            &loss,
            &share(cost.share),
        ]));
    }
    lines.extend(more(ranking.sites.len()));
    lines
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

fn more(count: usize) -> Option<String> {
    (count > SHOWN).then(|| format!("... and {} more, in --json", count - SHOWN))
}

/// A loss in eight columns.
fn number(loss: &Estimate) -> String {
    match loss.mean {
        0.0 => "0".into(),
        mean if (1e-4..1e3).contains(&mean) => format!("{mean:.5}"),
        mean => format!("{mean:.1e}"),
    }
}
