//! Whoever compiles a formats file gets, bit for bit, the weights that the search measured: rounded to nearest, and
//! those of layers that make up for what others before them have lost, by which less is lost at the end.

use afp_ir::mlir::Session;
use afp_passes::{
    formats::{Formats, Quantization},
    registry,
};
use afp_ptq::{apply, quantizer::Quantizer, sequential::Method, setting::Setting};
use afpc::{
    cli::Failure,
    io::model,
    quantization::{compiled, on_samples, refit},
    recipe::Task,
};
use clap::Parser;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    task: Task,
}

fn task(options: &[&str]) -> Task {
    let digits = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/digits");
    let (graph, samples) = (format!("{digits}/graph.mlir"), format!("{digits}/calib_images.npy"));
    let line = ["test", &graph, "--calib", &samples].into_iter().chain(options.iter().copied());
    Line::parse_from(line).task
}

fn mean(losses: &[f64]) -> f64 {
    losses.iter().sum::<f64>() / losses.len() as f64
}

/// All weights in a format, all activations in fixed point.
fn coarse(quantizer: &Quantizer<'_>, format: &str) -> Setting {
    let format = format.parse().expect("a format");
    let layers = 0..quantizer.network.layers.len();
    let weights = layers.map(|layer| Some(quantizer.rounded(layer, format).0)).collect();
    Setting { weights, sites: quantizer.fixed_sites() }
}

#[test]
fn less_is_lost_and_compiled_is_what_was_measured() -> Result<(), Failure> {
    registry::register_all();
    let plain = task(&[]);
    for (method, name) in [(Method::Biases, "biases"), (Method::Prefix, "prefix")] {
        let session = Session::new();
        let module = model::load(&session, &plain.model)?;
        let (measured, formats) =
            on_samples((&session, &module), &plain.recipe, None, |quantizer, decided| {
                let before = coarse(quantizer, "e0m2");
                let after = refit(quantizer, &before, method)?;
                let losses = quantizer.judge(&[before, after.clone()])?;
                let [before, refitted] = [mean(&losses[0]), mean(&losses[1])];
                assert!(method == Method::Biases || refitted < 0.8 * before, "{name}: {before} {refitted}");
                let quantization = Some(Quantization { moments: Some(name.into()), ..decided });
                Ok((after.clone(), Formats { quantization, ..apply::formats(quantizer.network, &after) }))
            })?;
        compare(name, &measured, &formats)?;
    }
    Ok(())
}

#[test]
fn weights_rounded_to_nearest_are_compiled_as_measured() -> Result<(), Failure> {
    registry::register_all();
    let nearest = task(&["--rounding", "nearest"]);
    for format in ["e0m2", "e2m2"] {
        let session = Session::new();
        let module = model::load(&session, &nearest.model)?;
        let (measured, formats) =
            on_samples((&session, &module), &nearest.recipe, None, |quantizer, decided| {
                let setting = coarse(quantizer, format);
                let formats = apply::formats(quantizer.network, &setting);
                Ok((setting, Formats { quantization: Some(decided), ..formats }))
            })?;
        compare(&format!("nearest-{format}"), &measured, &formats)?;
    }
    Ok(())
}

/// Compiling with a formats file finds the weights and the formats of activations that were measured.
fn compare(name: &str, measured: &Setting, formats: &Formats) -> Result<(), Failure> {
    let path = std::env::temp_dir().join(format!("afpc-measured-{}-{name}.json", std::process::id()));
    std::fs::write(&path, serde_json::to_vec(formats).expect("JSON")).expect("a file");
    let task = task(&["--formats", &path.to_string_lossy()]);
    let session = Session::new();
    let compiled = compiled((&session, &model::load(&session, &task.model)?), &task.recipe);
    let _ = std::fs::remove_file(&path);
    let (_, compiled) = compiled?;
    assert_eq!(measured.sites, compiled.sites, "{name}");
    assert_eq!(measured.weights.len(), compiled.weights.len(), "{name}");
    for (measured, compiled) in measured.weights.iter().zip(&compiled.weights) {
        assert!(measured.is_some(), "{name}");
        assert_eq!(measured, compiled, "{name}");
    }
    Ok(())
}
