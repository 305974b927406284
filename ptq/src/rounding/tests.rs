//! Rounding of whole layers.

use proptest::prelude::*;

use super::{grid::Grid, *};
use crate::random::Random;

/// A layer and what it reads: patches of the samples that it is rounded by, and of others.
struct Case {
    layer: Layer,
    patches: Vec<Vec<Vec<f64>>>,
    moments: Moments,
    others: Moments,
}

/// Sizes of a case.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    outputs: usize,
    depth: usize,
    groups: usize,
    count: usize,
}

/// A number with mean 0 and variance 1, nearly normal.
fn bell(random: &mut Random) -> f64 {
    (0..12).map(|_| random.unit()).sum::<f64>() - 6.0
}

/// Patches as behind a ReLU: mixtures of a few causes, noise, inputs of unlike size, none negative.
fn patches(mixing: &[Vec<f64>], count: usize, random: &mut Random) -> Vec<Vec<f64>> {
    let patch = |random: &mut Random| -> Vec<f64> {
        let causes: Vec<f64> = mixing[0].iter().skip(1).map(|_| bell(random)).collect();
        let element = |row: &Vec<f64>| {
            let mixed: f64 = row[1..].iter().zip(&causes).map(|(a, b)| a * b).sum();
            row[0] * (mixed + 0.3 * bell(random) + 0.5).max(0.0)
        };
        mixing.iter().map(element).collect()
    };
    (0..count).map(|_| patch(random)).collect()
}

fn moments_of(patches: &[Vec<Vec<f64>>], depth: usize) -> Moments {
    let count = patches[0].len();
    let (mut second, mut mean) = (Vec::new(), Vec::new());
    for patches in patches {
        let expected = |of: &dyn Fn(&[f64]) -> f64| patches.iter().map(|p| of(p)).sum::<f64>() / count as f64;
        second.extend((0..depth * depth).map(|n| expected(&|p| p[n / depth] * p[n % depth])));
        mean.extend((0..depth).map(|i| expected(&|p| p[i])));
    }
    Moments { groups: patches.len(), depth, count: count as u64, second, mean }
}

fn case(Sizes { outputs, depth, groups, count }: Sizes, seed: u64) -> Case {
    let mut random = Random::new(seed);
    let causes = depth.div_ceil(3) + 1;
    let (mut seen, mut unseen) = (Vec::new(), Vec::new());
    for _ in 0..groups {
        let mixing: Vec<Vec<f64>> = (0..depth)
            .map(|_| {
                let scale = 0.2 + 2.0 * random.unit();
                let scaled = (0..causes).map(|_| bell(&mut random) / (causes as f64).sqrt());
                std::iter::once(scale).chain(scaled).collect()
            })
            .collect();
        seen.push(patches(&mixing, count, &mut random));
        unseen.push(patches(&mixing, count.max(200), &mut random));
    }
    let layer = Layer {
        name: "layer".into(),
        operator: "conv2d",
        outputs,
        depth,
        groups,
        weights: (0..outputs * depth).map(|_| bell(&mut random) as f32 * 0.1).collect(),
        bias: (0..outputs).map(|_| bell(&mut random) as f32).collect(),
        positions: 1,
        input: None,
        output: None,
    };
    let (moments, others) = (moments_of(&seen, depth), moments_of(&unseen, depth));
    Case { layer, patches: seen, moments, others }
}

fn format(text: &str) -> Format {
    text.parse().unwrap()
}

/// The sum over channels of the damped form, by which rounding judges.
fn damped(layer: &Layer, moments: &Moments, prepared: &Prepared, rounded: &Rounded) -> f64 {
    let mut sum = 0.0;
    for output in 0..layer.outputs {
        let matrix = prepared.matrix(moments, layer.group(output));
        let values = &rounded.values[output * layer.depth..(output + 1) * layer.depth];
        let d: Vec<f64> =
            values.iter().zip(layer.row(output)).map(|(&q, &w)| f64::from(q) - f64::from(w)).collect();
        for (i, a) in d.iter().enumerate() {
            sum += a * a * matrix.damping;
            sum += d.iter().enumerate().map(|(j, b)| a * b * matrix.element(i, j)).sum::<f64>();
        }
    }
    sum
}

/// Every value is one of the format's at its channel's exponent, and finite.
fn assert_on_grid(layer: &Layer, rounded: &Rounded) {
    let format = rounded.format;
    let integers: Vec<i64> = format.canonical_codes().map(|code| format.decode(code)).collect();
    assert_eq!((rounded.exps.len(), rounded.values.len()), (layer.outputs, layer.weights.len()));
    for (row, &exp) in rounded.values.chunks_exact(layer.depth).zip(&rounded.exps) {
        for &value in row {
            let integer = f64::from(value) * power(-exp);
            assert!(integer.fract() == 0.0 && integers.contains(&(integer as i64)), "{value} at {exp}");
        }
    }
    assert!(rounded.bias.iter().all(|b| b.is_finite()));
}

const FORMATS: [&str; 9] = ["e0m1", "e0m2", "e0m4", "e0m7", "e1m2", "e2m0", "e2m2", "e3m1", "e4m3"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn nothing_is_worse_than_the_nearest(
        (rows, depth, groups, count) in (1usize..20, 1usize..40, 1usize..4, 1usize..60),
        seed: u64,
        text in prop::sample::select(&FORMATS[..]),
        (sweeps, centred, covering) in (0u32..3, any::<bool>(), any::<bool>()),
    ) {
        let sizes = Sizes { outputs: rows * groups, depth, groups, count };
        let Case { layer, moments, .. } = case(sizes, seed);
        let prepared =
            if centred { Prepared::new(&layer, &moments) } else { Prepared::uncorrected(&layer, &moments) };
        let exponents = if covering { Exponents::Covering } else { Exponents::Weighted };
        let options = Options { sweeps, bias_correction: centred, exponents, ..Options::default() };
        let by = |method: Method| {
            let (rounded, error) =
                round(&layer, &moments, &prepared, format(text), &Options { method, ..options });
            assert_on_grid(&layer, &rounded);
            let expected = error_of(&layer, &rounded, &moments);
            // The bias is rounded to single precision.
            assert!((error - expected).abs() <= 1e-5 * expected + 1e-9, "{error} {expected}");
            damped(&layer, &moments, &prepared, &rounded)
        };
        let (gptq, nearest) = (by(Method::Gptq), by(Method::Nearest));
        prop_assert!(gptq <= nearest * (1.0 + 1e-9), "{gptq} {nearest}");
    }
}

#[test]
fn tiny_problems_end_near_their_optimum() {
    let (mut optimal, mut total, mut sums) = (0, 0, [0.0f64; 3]);
    for seed in 0..300 {
        let depth = 2 + seed as usize % 3;
        let Case { layer, moments, .. } = case(Sizes { outputs: 1, depth, groups: 1, count: 30 }, seed);
        let prepared = Prepared::new(&layer, &moments);
        let format = format(["e0m2", "e2m0"][seed as usize % 2]);
        let integers: Vec<i64> = format.canonical_codes().map(|code| format.decode(code)).collect();
        let error = |rounded: &Rounded| damped(&layer, &moments, &prepared, rounded);
        let options = Options { exponents: Exponents::Covering, ..Options::default() };
        let (rounded, _) = round(&layer, &moments, &prepared, format, &options);
        let nearest = Options { method: Method::Nearest, ..options };
        let (nearest, _) = round(&layer, &moments, &prepared, format, &nearest);
        let mut best = f64::INFINITY;
        for mut n in 0..integers.len().pow(depth as u32) {
            let mut other = rounded.clone();
            for value in &mut other.values {
                *value = (integers[n % integers.len()] as f64 * power(rounded.exps[0])) as f32;
                n /= integers.len();
            }
            best = best.min(error(&other));
        }
        let found = error(&rounded);
        assert!(found >= best * (1.0 - 1e-9), "{found} {best}");
        optimal += usize::from(found <= best * (1.0 + 1e-9));
        total += 1;
        for (sum, part) in sums.iter_mut().zip([best, found, error(&nearest)]) {
            *sum += part / best;
        }
    }
    let [_, found, nearest] = sums.map(|sum| sum / f64::from(total));
    println!("optimal {optimal} of {total}; relative to the optimum: {found}, nearest {nearest}");
    assert!(optimal * 10 >= total as usize * 8);
    assert!(found < 1.05 && found < 0.5 * (nearest - 1.0) + 1.0);
}

#[test]
fn behind_the_descent_no_step_of_one_weight_gains() {
    for (seed, text) in FORMATS.iter().enumerate() {
        let sizes = Sizes { outputs: 6, depth: 11, groups: 2, count: 25 };
        let Case { layer, moments, .. } = case(sizes, seed as u64);
        let prepared = Prepared::new(&layer, &moments);
        let format = format(text);
        let options = Options { sweeps: 1000, ..Options::default() };
        let (rounded, _) = round(&layer, &moments, &prepared, format, &options);
        let (grid, reached) = (Grid::of(format), damped(&layer, &moments, &prepared, &rounded));
        for n in 0..rounded.values.len() {
            let unit = power(rounded.exps[n / layer.depth]);
            for above in [false, true] {
                let mut other = rounded.clone();
                other.values[n] = (grid.next(f64::from(other.values[n]) / unit, above) * unit) as f32;
                let error = damped(&layer, &moments, &prepared, &other);
                assert!(error >= reached * (1.0 - 1e-9), "{text}: {n} {error} {reached}");
            }
        }
    }
}

#[test]
fn the_error_is_the_mean_of_squares_over_patches() {
    let sizes = Sizes { outputs: 8, depth: 9, groups: 4, count: 50 };
    let Case { layer, patches, moments, .. } = case(sizes, 5);
    let prepared = Prepared::new(&layer, &moments);
    for bias_correction in [true, false] {
        let options = Options { bias_correction, ..Options::default() };
        let (rounded, _) = round(&layer, &moments, &prepared, format("e2m1"), &options);
        let mut expected = 0.0;
        let mut shift = 0.0f64;
        for output in 0..layer.outputs {
            let patches = &patches[layer.group(output)];
            let off = |patch: &Vec<f64>| {
                let bias = f64::from(rounded.bias[output]) - f64::from(layer.bias[output]);
                (0..layer.depth).fold(bias, |sum, k| {
                    let difference = f64::from(rounded.values[output * layer.depth + k])
                        - f64::from(layer.weights[output * layer.depth + k]);
                    sum + difference * patch[k]
                })
            };
            let count = patches.len() as f64;
            expected += patches.iter().map(|p| off(p) * off(p)).sum::<f64>() / count;
            shift = shift.max((patches.iter().map(off).sum::<f64>() / count).abs());
        }
        let found = error_of(&layer, &rounded, &moments);
        assert!((found - expected).abs() < 1e-9 * expected, "{found} {expected}");
        // A corrected bias leaves no mean error.
        assert_eq!(shift < 1e-6, bias_correction, "{shift}");
    }
}

#[test]
fn one_thread_and_several_give_the_same_bytes() {
    for (seed, (outputs, depth, groups)) in [(70, 150, 1), (64, 9, 64), (40, 33, 2)].into_iter().enumerate() {
        let sizes = Sizes { outputs, depth, groups, count: 40 };
        let Case { layer, moments, .. } = case(sizes, seed as u64);
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let prepared = Prepared::new(&layer, &moments);
                let (rounded, error) =
                    round(&layer, &moments, &prepared, format("e2m2"), &Options::default());
                let again = error_of(&layer, &rounded, &moments);
                (rounded, error.to_bits(), again.to_bits())
            })
        };
        let one = run(1);
        assert!(one == run(2) && one == run(5));
    }
}

#[test]
fn a_layer_is_rounded_alike_alone_and_among_others() {
    let sizes = Sizes { outputs: 19, depth: 21, groups: 1, count: 40 };
    let Case { layer, moments, .. } = case(sizes, 9);
    let prepared = Prepared::new(&layer, &moments);
    let round = |layer: &Layer| round(layer, &moments, &prepared, format("e2m2"), &Options::default()).0;
    let all = round(&layer);
    for output in 0..layer.outputs {
        let alone = Layer {
            outputs: 1,
            weights: layer.row(output).to_vec(),
            bias: vec![layer.bias[output]],
            ..layer.clone()
        };
        assert_eq!(round(&alone).values, all.values[output * layer.depth..(output + 1) * layer.depth]);
    }
}

#[test]
fn odd_sizes_and_magnitudes_give_finite_values() {
    let base = Sizes { outputs: 5, depth: 7, groups: 1, count: 3 };
    let scaled = |layer: &mut Layer, by: f32| layer.weights.iter_mut().for_each(|w| *w *= by);
    let stretched = |moments: &mut Moments, by: f64| {
        moments.second.iter_mut().for_each(|m| *m *= by * by);
        moments.mean.iter_mut().for_each(|m| *m *= by);
    };
    type Change<'a> = &'a dyn Fn(&mut Layer, &mut Moments);
    let changes: [(&str, Change<'_>); 17] = [
        ("singular: fewer patches than inputs", &|_, _| ()),
        ("weights of 1e-30", &|layer, _| scaled(layer, 1e-30)),
        ("subnormal weights", &|layer, _| scaled(layer, 1e-43)),
        ("weights of 1e30", &|layer, _| scaled(layer, 1e30)),
        ("the largest weights", &|layer, _| layer.weights.fill(f32::MAX)),
        ("inputs of 1e-30", &|_, moments| stretched(moments, 1e-30)),
        ("inputs of 1e30", &|_, moments| stretched(moments, 1e30)),
        ("no input at all", &|_, moments| stretched(moments, 0.0)),
        ("dead inputs", &|_, moments| {
            for n in 0..7 {
                (moments.second[n * 7 + 3], moments.second[3 * 7 + n], moments.mean[3]) = (0.0, 0.0, 0.0);
            }
        }),
        ("a constant input", &|_, moments| {
            for n in 0..49 {
                moments.second[n] = moments.mean[n / 7] * moments.mean[n % 7];
            }
        }),
        ("a mean that hides the variance", &|_, moments| {
            moments.mean.iter_mut().for_each(|m| *m += 1e9);
            for n in 0..49 {
                moments.second[n] += 1e18;
            }
        }),
        ("moments of nothing", &|_, moments| {
            moments.second.iter_mut().enumerate().for_each(|(n, m)| *m = if n % 2 == 0 { -1.0 } else { 5.0 })
        }),
        ("moments that are not numbers", &|_, moments| moments.second.fill(f64::NAN)),
        ("infinite means", &|_, moments| moments.mean.fill(f64::INFINITY)),
        ("moments beyond all numbers", &|_, moments| moments.second.fill(f64::MAX)),
        ("a channel of zeros", &|layer, _| layer.weights[..7].fill(0.0)),
        ("zeros alone", &|layer, _| layer.weights.fill(0.0)),
    ];
    let sizes = [base, Sizes { outputs: 1, ..base }, Sizes { outputs: 10, groups: 5, ..base }];
    for (name, change) in changes {
        for (sizes, text) in sizes.into_iter().flat_map(|sizes| FORMATS.map(|text| (sizes, text))) {
            let Case { mut layer, mut moments, .. } = case(sizes, 11);
            change(&mut layer, &mut moments);
            let prepared = Prepared::new(&layer, &moments);
            for method in [Method::Nearest, Method::Gptq] {
                let options = Options { method, floor: i32::MIN, ..Options::default() };
                let (rounded, error) = round(&layer, &moments, &prepared, format(text), &options);
                assert_on_grid(&layer, &rounded);
                assert!(error.is_finite() && error >= 0.0, "{name}, {text}: {error}");
            }
        }
    }
    let one = Case { ..case(Sizes { outputs: 1, depth: 1, groups: 1, count: 1 }, 0) };
    let (rounded, _) = round(
        &one.layer,
        &one.moments,
        &Prepared::new(&one.layer, &one.moments),
        format("e0m2"),
        &Options::default(),
    );
    assert_on_grid(&one.layer, &rounded);
}

#[test]
fn zero_channels_take_the_least_exponent_and_the_floor_holds() {
    let mut case = case(Sizes { outputs: 4, depth: 8, groups: 1, count: 40 }, 2);
    case.layer.weights[..8].fill(0.0);
    case.layer.weights[8..16].iter_mut().for_each(|w| *w *= 1e-6);
    let prepared = Prepared::new(&case.layer, &case.moments);
    let exps = |floor: i32| {
        let options = Options { floor, ..Options::default() };
        round(&case.layer, &case.moments, &prepared, format("e2m2"), &options).0.exps
    };
    let free = exps(-100);
    assert!(free[0] == free[1] && free[1] < -20 && free[2] > -12, "{free:?}");
    let held = exps(-12);
    assert_eq!((held[0], held[1], held[2], held[3]), (-12, -12, free[2], free[3]));
}

#[test]
fn without_a_bias_one_is_made_where_it_is_needed() {
    let Case { mut layer, moments, .. } = case(Sizes { outputs: 3, depth: 5, groups: 1, count: 9 }, 4);
    layer.bias.clear();
    let prepared = Prepared::new(&layer, &moments);
    let bias = |bias_correction: bool| {
        let options = Options { bias_correction, ..Options::default() };
        round(&layer, &moments, &prepared, format("e2m1"), &options).0.bias
    };
    assert_eq!((bias(true).len(), bias(false).len()), (3, 0));
}

/// Behind a corrected bias, the centred moments are the right ones: on patches that were not seen, too.
#[test]
fn centred_moments_serve_better_behind_a_corrected_bias() {
    let (mut centred, mut raw, mut nearest) = (0.0, 0.0, 0.0);
    for seed in 0..12 {
        let sizes = Sizes { outputs: 24, depth: 24, groups: 1, count: 600 };
        let Case { layer, moments, others, .. } = case(sizes, seed);
        let error = |prepared: Prepared, method: Method| {
            let options = Options { method, ..Options::default() };
            let (rounded, _) = round(&layer, &moments, &prepared, format("e2m1"), &options);
            error_of(&layer, &rounded, &others)
        };
        let plain = error(Prepared::new(&layer, &moments), Method::Nearest);
        nearest += 1.0;
        centred += error(Prepared::new(&layer, &moments), Method::Gptq) / plain;
        raw += error(Prepared::uncorrected(&layer, &moments), Method::Gptq) / plain;
    }
    println!("error on unseen patches, of nearest: centred {}, raw {}", centred / nearest, raw / nearest);
    assert!(centred < raw && raw < nearest);
}

/// Weights fitted to rounded inputs bring sums nearer to those of the exact inputs.
#[test]
fn ridge_weights_make_up_for_rounded_inputs() {
    let sizes = Sizes { outputs: 6, depth: 12, groups: 2, count: 300 };
    let Case { layer, patches, .. } = case(sizes, 3);
    let depth = layer.depth;
    let coarse: Vec<Vec<Vec<f64>>> = patches
        .iter()
        .map(|patches| patches.iter().map(|p| p.iter().map(|x| (x * 0.8).floor()).collect()).collect())
        .collect();
    let sum = |weights: &[f64], patch: &[f64]| weights.iter().zip(patch).map(|(w, x)| w * x).sum::<f64>();
    let own = Target::of(&layer).weights;
    let of = |read: &[Vec<Vec<f64>>]| -> (Vec<f64>, Moments) {
        let moments = moments_of(read, depth);
        let mut covariance = Vec::new();
        for output in 0..layer.outputs {
            let group = layer.group(output);
            let weights = &own[output * depth..(output + 1) * depth];
            let count = patches[group].len() as f64;
            let missing = |(x, q): (&Vec<f64>, &Vec<f64>)| sum(weights, x) - sum(weights, q);
            let mean = patches[group].iter().zip(&read[group]).map(missing).sum::<f64>() / count;
            for k in 0..depth {
                let off = |(x, q): (&Vec<f64>, &Vec<f64>)| {
                    (sum(weights, x) - sum(weights, q) - mean) * (q[k] - moments.mean(group)[k])
                };
                covariance.push(patches[group].iter().zip(&read[group]).map(off).sum::<f64>() / count);
            }
        }
        let more = Prepared::new(&layer, &moments).ridge(&layer, &covariance);
        (own.iter().zip(more).map(|(own, more)| own + more).collect(), moments)
    };
    let (same, _) = of(&patches);
    assert!(same.iter().zip(&own).all(|(a, b)| (a - b).abs() < 1e-9));
    let (fitted, moments) = of(&coarse);
    let variance = |weights: &[f64]| -> f64 {
        let of_output = |output: usize| {
            let (group, range) = (layer.group(output), output * depth..(output + 1) * depth);
            let off: Vec<f64> = patches[group]
                .iter()
                .zip(&coarse[group])
                .map(|(x, q)| sum(&own[range.clone()], x) - sum(&weights[range.clone()], q))
                .collect();
            let mean = off.iter().sum::<f64>() / off.len() as f64;
            off.iter().map(|d| (d - mean) * (d - mean)).sum::<f64>() / off.len() as f64
        };
        (0..layer.outputs).map(of_output).sum()
    };
    assert!(variance(&fitted) < 0.95 * variance(&own), "{} {}", variance(&fitted), variance(&own));
    let target = Target { weights: fitted, bias: vec![] };
    let prepared = Prepared::new(&layer, &moments);
    let round = |target: &Target| {
        let (rounded, _) =
            round_target(&layer, target, &moments, &prepared, format("e2m4"), &Options::default());
        assert_on_grid(&layer, &rounded);
        variance(&rounded.values.iter().map(|&v| f64::from(v)).collect::<Vec<_>>())
    };
    assert!(round(&target) < round(&Target::of(&layer)));
}
