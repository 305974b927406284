use afp_ir::mlir::{Session, SourceModule};
use afp_passes::{equalize, registry};

use super::*;

/// A network in the real form out of its operations, from a map of one channel to one.
fn parse<'s>(session: &'s Session, body: &str) -> SourceModule<'s> {
    let text = format!(
        "!m1 = tensor<1x1x1x1xf32>\n!m2 = tensor<1x1x1x2xf32>\n!x1 = tensor<1x1x1x1x!afp.exact>\n\
         !x2 = tensor<1x1x1x2x!afp.exact>\nfunc.func @f(%x: !m1) -> !m1 {{\n{body}\n}}"
    );
    session.parse("network.mlir", text.as_bytes()).expect("a program")
}

fn moments(network: &Network) -> Vec<Moments> {
    let of_layer = |layer: &Layer| {
        let (groups, depth) = (layer.groups, layer.depth);
        let identity = |i: usize| f64::from(u8::from((i % (depth * depth)).is_multiple_of(depth + 1)));
        let second = (0..groups * depth * depth).map(identity).collect();
        Moments { groups, depth, count: 1, second, mean: vec![0.0; groups * depth] }
    };
    network.layers.iter().map(of_layer).collect()
}

/// What is absorbed into a program whose layers all have the format e0m2: integers from -3 to 3.
fn wishes(module: &SourceModule<'_>, gains: Option<&[f64]>) -> Wishes {
    let function = module.functions()[0];
    let network = Network::load(function).expect("a network");
    let formats = vec!["e0m2".parse().expect("a format"); network.layers.len()];
    absorb(&network, &Classes::of(function), &moments(&network), &formats, gains)
}

/// The weights of a convolution, times a factor given as a logarithm.
fn constant(name: &str, rows: &[&[f64]], log: f64) -> String {
    let row = |row: &&[f64]| {
        let values: Vec<String> = row.iter().map(|w| format!("{:.9e}", w * exp2(log))).collect();
        format!("[[[{}]]]", values.join(", "))
    };
    let rows: Vec<String> = rows.iter().map(row).collect();
    let ty = format!("tensor<{}x1x1x{}xf32>", rows.len(), rows[0].matches(',').count() + 1);
    format!("{name} = \"tosa.const\"() <{{values = dense<[{}]> : {ty}}}> : () -> {ty}\n", rows.join(", "))
}

/// Two layers, whose second and third have weights off the grid by the logarithms given.
fn chain(first: f64, second: f64) -> String {
    let mut body = constant("%w0", &[&[1.0], &[1.0]], 0.0);
    body += &constant("%w1", &[&[3.0, 1.0], &[2.0, -3.0]], first);
    body += &constant("%w2", &[&[3.0, 1.0], &[1.0, 3.0]], second);
    body += &constant("%w3", &[&[1.0, 1.0]], 0.0);
    body + r#"
  %0 = afp.encode %x {afp.name = "in"} : !m1 to !m1
  %1 = afp.conv2d %0, %w0 {afp.name = "c0"} : (!m1, tensor<2x1x1x1xf32>) -> !x2
  %2 = afp.encode %1 {afp.name = "s0"} : !x2 to !m2
  %3 = afp.conv2d %2, %w1 {afp.name = "c1"} : (!m2, tensor<2x1x1x2xf32>) -> !x2
  %4 = afp.encode %3 {afp.name = "s1", lo = array<f32: 0.0>} : !x2 to !m2
  %5 = afp.conv2d %4, %w2 {afp.name = "c2"} : (!m2, tensor<2x1x1x2xf32>) -> !x2
  %6 = afp.encode %5 {afp.name = "s2", lo = array<f32: 0.0>} : !x2 to !m2
  %7 = afp.conv2d %6, %w3 {afp.name = "c3"} : (!m2, tensor<1x1x1x2xf32>) -> !x1
  %8 = afp.encode %7 {afp.name = "out"} : !x1 to !m1
  return %8 : !m1"#
}

#[test]
fn weights_off_the_grid_are_seated_on_it() {
    registry::register_all();
    let session = Session::new();
    let module = parse(&session, &chain(-0.25, 0.0));
    // The first layer's factor is 2^0.25; the second's weights are divided by it, and want it back.
    let expected: Wishes =
        [("s1".to_owned(), vec![0.25; 2]), ("s2".to_owned(), vec![0.25; 2])].into_iter().collect();
    let found = wishes(&module, None);
    assert_eq!(found, expected);
    // Applied, there is nothing left to absorb.
    equalize::attach(module.op(), &found);
    module.run_pipeline("builtin.module(afp-equalize{factors=real})").expect("wishes that fit");
    let network = Network::load(module.functions()[0]).expect("a network");
    let weights: Vec<f32> = network.layers[1].weights.iter().map(|w| (w * 1e5).round() / 1e5).collect();
    assert_eq!(weights, [3.0, 1.0, 2.0, -3.0]);
    assert_eq!(wishes(&module, None), Wishes::new());
}

#[test]
fn weights_are_judged_behind_their_inputs_factors() {
    let session = Session::new();
    let module = parse(&session, &chain(-0.375, -0.125));
    let found = wishes(&module, None);
    assert_eq!(found["s1"], [0.375; 2]);
    // 2^-0.125 times the grid, divided by 2^0.375: half a binade below, or above.
    assert_eq!(found["s2"].iter().map(|w| w.abs()).collect::<Vec<_>>(), [0.5; 2]);
}

#[test]
fn the_blocks_of_a_trunk_share_a_factor() {
    let session = Session::new();
    let mut body = constant("%w0", &[&[1.0], &[1.0]], -0.25);
    body += &constant("%w1", &[&[3.0, 1.0], &[3.0, 2.0]], 0.375);
    body += &constant("%w2", &[&[1.0, 1.0]], 0.0);
    body += r#"
  %0 = afp.encode %x {afp.name = "in"} : !m1 to !m1
  %1 = afp.conv2d %0, %w0 {afp.name = "c0"} : (!m1, tensor<2x1x1x1xf32>) -> !x2
  %2 = afp.encode %1 {afp.name = "s0"} : !x2 to !m2
  %3 = afp.conv2d %2, %w1 {afp.name = "c1"} : (!m2, tensor<2x1x1x2xf32>) -> !x2
  %4 = afp.add %2, %3 : (!m2, !x2) -> !x2
  %5 = afp.encode %4 {afp.name = "s1"} : !x2 to !m2
  %6 = afp.conv2d %5, %w2 {afp.name = "c2"} : (!m2, tensor<1x1x1x2xf32>) -> !x1
  %7 = afp.encode %6 {afp.name = "out"} : !x1 to !m1
  return %7 : !m1"#;
    let module = parse(&session, &body);
    let of_trunk = |gains: &[f64]| {
        let found = wishes(&module, Some(gains));
        assert_eq!(found.get("s0"), found.get("s1"));
        assert!(!found.contains_key("in") && !found.contains_key("out"));
        found.get("s0").cloned().unwrap_or_default()
    };
    assert_eq!(of_trunk(&[1000.0, 1.0, 1.0]), [0.25; 2]);
    assert_eq!(of_trunk(&[1.0, 1000.0, 1.0]), [-0.375; 2]);
}

#[test]
fn classes_that_are_fixed_or_have_no_site_keep_their_scale() {
    let session = Session::new();
    let mut body = constant("%w0", &[&[3.0]], -0.25);
    body += r#"
  %0 = afp.encode %x {afp.name = "in"} : !m1 to !m1
  %1 = afp.conv2d %0, %w0 {afp.name = "c0"} : (!m1, tensor<1x1x1x1xf32>) -> !x1
  %2 = afp.encode %1 {afp.name = "out"} : !x1 to !m1
  return %2 : !m1"#;
    let module = parse(&session, &body);
    assert_eq!(wishes(&module, None), Wishes::new());
    // Layers that the classes do not know, and too few formats, are left out.
    let network = Network::load(module.functions()[0]).expect("a network");
    assert_eq!(absorb(&network, &Classes::default(), &moments(&network), &[], None), Wishes::new());
}
