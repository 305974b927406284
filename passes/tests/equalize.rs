//! `afp-equalize` leaves what random networks compute: with powers of two bit for bit, with any factors up
//! to rounding. What each channel wants is random, on every site that can have a factor.

#[path = "preserves_bits/graph/mod.rs"]
#[allow(dead_code, missing_docs)]
mod graph;

use std::collections::BTreeMap;

use afp_ir::{
    interp::{Program, Tensor},
    mlir::{Session, SourceModule},
};
use afp_passes::{
    equalize::{Classes, FIXED_CLASS, WANTED, attach},
    registry,
};
use graph::{KINDS, Random, Recipe};

const CASES: u64 = 700;

/// The kind of steps that are tables: poles and logarithms magnify differences without bound.
const TABLE: u8 = 13;

/// A network, its operations as often contractions as all others.
fn recipe(seed: u64, tables: bool) -> Recipe {
    let mut random = Random(seed);
    let kind = |random: &mut Random| loop {
        let most = if random.once_in(2) { 2 } else { i64::from(KINDS) - 1 };
        let kind = random.range(0, most) as u8;
        if tables || kind != TABLE {
            return (kind, random.bits());
        }
    };
    let steps = (0..random.range(2, 9)).map(|_| kind(&mut random)).collect();
    Recipe { seed, steps }
}

/// Samples whose values are neither huge nor tiny.
fn samples(module: &SourceModule<'_>, seed: u64) -> Vec<Tensor> {
    let sizes = module.functions()[0].blocks()[0].args()[0].ty().shape().unwrap_or_default();
    let shape: Vec<usize> = sizes.into_iter().map(|size| size as usize).collect();
    let mut random = Random(seed);
    [0.0f32, 0.1, 1.0, 5.0]
        .map(|scale| {
            let count = shape.iter().product();
            Tensor::real(&shape, (0..count).map(|_| random.normal() * scale).collect())
        })
        .to_vec()
}

fn run(module: &SourceModule<'_>, samples: &[Tensor]) -> Vec<Vec<f32>> {
    let program = Program::from_function(module.functions()[0]).expect("a program in the real form");
    let outputs = |sample: &Tensor| program.run(std::slice::from_ref(sample)).expect("outputs");
    let values = |tensor: Tensor| tensor.as_real().expect("real outputs").to_vec();
    samples.iter().flat_map(|sample| outputs(sample).into_iter().map(values)).collect()
}

/// Wishes for every channel of every site, some of them none.
fn wishes(
    classes: &Classes,
    random: &mut Random,
    mut wish: impl FnMut(&mut Random) -> f64,
) -> BTreeMap<String, Vec<f64>> {
    let mut of_site = |count: usize| -> Vec<f64> {
        (0..count).map(|_| if random.once_in(8) { f64::NAN } else { wish(random) }).collect()
    };
    classes.sites.iter().map(|(name, channels)| (name.clone(), of_site(channels.len()))).collect()
}

/// How many networks had a class that is not fixed, at a site, and how many of them were changed.
#[derive(Debug, Default)]
struct Counts {
    scalable: u64,
    changed: u64,
}

fn check(
    seed: u64,
    factors: &str,
    tables: bool,
    wish: impl FnMut(&mut Random) -> f64,
    same: impl Fn(&[f32], &[f32]) -> bool,
    counts: &mut Counts,
) {
    let text = recipe(seed, tables).network();
    let session = Session::new();
    let module = session.parse("network.mlir", text.as_bytes()).expect("a program");
    let samples = samples(&module, seed);
    let expected = run(&module, &samples);
    let classes = Classes::of(module.functions()[0]);
    counts.scalable += u64::from(classes.sites.values().flatten().any(|&class| class != FIXED_CLASS));
    attach(module.op(), &wishes(&classes, &mut Random(!seed), wish));
    let before = module.to_text(false);
    module
        .run_pipeline(&format!("builtin.module(afp-equalize{{factors={factors}}})"))
        .expect("a pass that fits");
    let after = module.to_text(false);
    assert!(!after.contains(WANTED), "{after}");
    counts.changed +=
        u64::from(after.matches("dense<").count() > 0 && constants(&before) != constants(&after));
    for (expected, found) in expected.iter().zip(&run(&module, &samples)) {
        assert!(
            expected.len() == found.len() && same(expected, found),
            "expected {expected:?}\nfound {found:?}\nin\n{before}\nwhich became\n{after}"
        );
    }
}

/// The constants in a text, in order.
fn constants(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.split_once("dense<")).map(|(_, rest)| rest).collect()
}

#[test]
fn powers_of_two_keep_every_bit() {
    registry::register_all();
    let mut counts = Counts::default();
    // Beyond these, f32 rounds otherwise than in its normal range.
    let extreme = |v: f32| v.is_nan() || !(1e-30..1e30).contains(&v.abs());
    let same = |e: &[f32], f: &[f32]| {
        e.iter().zip(f).all(|(e, f)| e.to_bits() == f.to_bits() || (*e != 0.0 && extreme(*e) && extreme(*f)))
    };
    for seed in 0..CASES {
        check(seed, "power-of-two", true, |random| random.range(-24, 24) as f64 / 4.0, same, &mut counts);
    }
    assert!(counts.changed > CASES / 3 && counts.scalable > CASES / 3, "{counts:?}");
}

#[test]
fn any_factors_change_results_by_rounding_alone() {
    registry::register_all();
    let mut counts = Counts::default();
    let same = |e: &[f32], f: &[f32]| {
        let largest = e.iter().fold(0.0f32, |most, v| most.max(v.abs()));
        e.iter().zip(f).all(|(e, f)| e == f || (e - f).abs() <= 1e-4 * largest)
    };
    for seed in 0..CASES {
        check(seed, "real", false, |random| random.range(-1000, 1000) as f64 / 700.0, same, &mut counts);
    }
    assert!(counts.changed > CASES / 3, "{counts:?}");
}
