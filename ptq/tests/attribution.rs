//! A network of three layers, one of them coarse: the error is found there, and a bit helps there.

use std::sync::Arc;

use afp_ir::{
    interp::Tensor,
    mlir::Session,
    numerics::{Format, Rounding, dyadic_to_f64, encode_f32},
};
use afp_passes::registry;
use afp_ptq::{
    attribution::{Attribution, Finding},
    network::{Layer, Network, SiteFormat},
    setting::{Rounded, Setting},
};

const SIZE: usize = 16;
const SAMPLES: usize = 12;
/// Weights are within +-1: multiples of `2^-7` and of `2^-3`.
const FINE: (&str, i32) = ("e0m7", -7);
const COARSE: (&str, i32) = ("e0m3", -3);

/// Numbers between -1 and 1.
fn numbers(seed: u64, count: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// Three layers, each followed by an encode of the same name.
fn text() -> String {
    let row = |values: &[f32]| format!("{values:?}");
    let mut lines = vec![
        format!("func.func @main(%x: tensor<1x{SIZE}xf32>) -> tensor<1x{SIZE}xf32> {{"),
        format!(
            "  %v0 = afp.encode %x {{afp.name = \"input\"}} : tensor<1x{SIZE}xf32> to tensor<1x{SIZE}xf32>"
        ),
    ];
    for (index, name) in ["first", "second", "third"].into_iter().enumerate() {
        let weights = numbers(index as u64 + 1, SIZE * SIZE);
        let rows: Vec<String> = weights.chunks(SIZE).map(row).collect();
        let next = index + 1;
        lines.push(format!(
            "  %w{index} = \"tosa.const\"() {{values = dense<[{}]> : tensor<{SIZE}x{SIZE}xf32>}} : () -> tensor<{SIZE}x{SIZE}xf32>\n  \
               %s{index} = afp.fully_connected %v{index}, %w{index} {{afp.name = \"{name}\"}} : (tensor<1x{SIZE}xf32>, tensor<{SIZE}x{SIZE}xf32>) -> tensor<1x{SIZE}x!afp.exact>\n  \
               %v{next} = afp.encode %s{index} {{afp.name = \"{name}\"}} : tensor<1x{SIZE}x!afp.exact> to tensor<1x{SIZE}xf32>",
            rows.join(", ")
        ));
    }
    lines.push(format!("  return %v3 : tensor<1x{SIZE}xf32>\n}}"));
    lines.join("\n")
}

fn rounded(layer: &Layer, (format, exp): (&str, i32)) -> Arc<Rounded> {
    let format: Format = format.parse().expect("a format");
    let round =
        |&w: &f32| dyadic_to_f64(format.decode(encode_f32(w, format, exp, Rounding::HalfUp)), exp) as f32;
    let values = layer.weights.iter().map(round).collect();
    Arc::new(Rounded { format, exps: vec![exp; layer.outputs], values, bias: Vec::new() })
}

/// The findings where layer `coarse` has few bits, sites the format given.
fn check(coarse: usize, sites: Option<SiteFormat>) -> Vec<Finding> {
    registry::register_all();
    let session = Session::new();
    let module = session.parse("network.mlir", text().as_bytes()).unwrap_or_else(|e| panic!("{e:?}"));
    let network = Network::load(module.functions()[0]).expect("a network in the real form");
    let weights = network.layers.iter().enumerate();
    let weights = weights.map(|(id, layer)| Some(rounded(layer, if id == coarse { COARSE } else { FINE })));
    let setting = Setting { weights: weights.collect(), sites: vec![sites; network.sites.len()] };
    let attribution = Attribution::new(&network, &setting).expect("exponents within reach");
    let sample = |seed: usize| {
        let inputs = [Tensor::real(&[1, SIZE], numbers(seed as u64 + 100, SIZE))];
        attribution.sample(&inputs).expect("a run")
    };
    let errors: Vec<_> = (0..SAMPLES).map(sample).collect();
    attribution.findings(&errors)
}

#[test]
fn the_coarse_layer_is_found() {
    for (coarse, name) in ["first", "second", "third"].into_iter().enumerate() {
        let findings = check(coarse, None);
        let worst = &findings[0];
        assert_eq!(worst.part.name, name);
        assert_eq!(worst.part.weights.map(|format| format.to_string()), Some("e0m3".into()));
        assert!(worst.share > 0.9 && worst.share < 1.1, "{worst:?}");
        // Half the error of nearly all of it: some 6 dB. The others have all bits there are.
        assert!(worst.gain.is_some_and(|gain| (4.0..8.0).contains(&gain)), "{worst:?}");
        assert!(findings[1..].iter().all(|finding| finding.gain.is_none() && finding.share < 0.1));
        assert_eq!(findings.len(), 3, "values in float are no parts of their own");
    }
}

#[test]
fn values_are_parts_and_errors_grow_along_the_network() {
    let format = SiteFormat { format: "e0m6".parse().expect("a format"), exp: -3 };
    let findings = check(1, Some(format));
    let of = |name: &str| findings.iter().find(|finding| finding.part.name == name).expect(name);
    assert_eq!(findings.len(), 4);
    let input = of("input");
    assert_eq!((input.part.operator, input.part.weights), ("encode", None));
    assert!(input.gain.is_some(), "values of 7 bits have one more to take");
    let sqnr = |name: &str| of(name).sqnr.expect("a site").value;
    assert!(sqnr("first") > sqnr("second"), "{findings:?}");
    let shares: Vec<f64> = findings.iter().map(|finding| finding.share).collect();
    assert!(shares.is_sorted_by(|a, b| a >= b), "{shares:?}");
}
