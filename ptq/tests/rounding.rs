//! How long rounding takes at the sizes of a real network.

use std::time::Instant;

use afp_ptq::{
    moments::Moments,
    network::Layer,
    random::Random,
    rounding::{Options, Prepared, error_of, round},
};

/// A layer of random weights.
fn layer(outputs: usize, depth: usize, groups: usize, random: &mut Random) -> Layer {
    let weights = (0..outputs * depth).map(|_| bell(random) as f32 * 0.1).collect();
    Layer {
        name: format!("{outputs}x{depth}"),
        operator: "conv2d",
        outputs,
        depth,
        groups,
        weights,
        bias: vec![0.0; outputs],
        positions: 1,
        input: None,
        output: None,
    }
}

/// A number with mean 0 and variance 1, nearly normal.
fn bell(random: &mut Random) -> f64 {
    (0..12).map(|_| random.unit()).sum::<f64>() - 6.0
}

/// Moments of inputs with a few common factors, noise, and means.
fn moments(layer: &Layer, random: &mut Random) -> Moments {
    const FACTORS: usize = 6;
    let (groups, depth) = (layer.groups, layer.depth);
    let (mut second, mut mean) = (vec![0.0; groups * depth * depth], Vec::new());
    for second in second.chunks_exact_mut(depth * depth) {
        let vectors: Vec<Vec<f64>> =
            (0..FACTORS).map(|_| (0..depth).map(|_| bell(random) * 0.5).collect()).collect();
        let means: Vec<f64> = (0..depth).map(|_| random.unit()).collect();
        for i in 0..depth {
            second[i * depth + i] = 0.1 + random.unit();
            for vector in vectors.iter().chain([&means]) {
                for j in 0..depth {
                    second[i * depth + j] += vector[i] * vector[j];
                }
            }
        }
        mean.extend(means);
    }
    Moments { groups, depth, count: 1, second, mean }
}

/// The layers of MobileNet-v2: outputs, depth, groups.
fn mobilenet() -> Vec<(usize, usize, usize)> {
    let mut layers = vec![(32, 27, 1)];
    let mut channels = 32;
    for (expansion, outputs, count) in
        [(1, 16, 1), (6, 24, 2), (6, 32, 3), (6, 64, 4), (6, 96, 3), (6, 160, 3), (6, 320, 1)]
    {
        for _ in 0..count {
            let wide = channels * expansion;
            if expansion > 1 {
                layers.push((wide, channels, 1));
            }
            layers.extend([(wide, 9, wide), (outputs, wide, 1)]);
            channels = outputs;
        }
    }
    layers.extend([(1280, 320, 1), (1000, 1280, 1)]);
    layers
}

#[test]
#[ignore = "takes seconds, and shows times"]
fn time_of_a_network() {
    let mut random = Random::new(1);
    let layers: Vec<Layer> = mobilenet().into_iter().map(|(o, k, g)| layer(o, k, g, &mut random)).collect();
    let moments: Vec<Moments> = layers.iter().map(|layer| moments(layer, &mut random)).collect();
    let start = Instant::now();
    let prepared: Vec<Prepared> =
        layers.iter().zip(&moments).map(|(layer, moments)| Prepared::new(layer, moments)).collect();
    println!("{} layers prepared in {:?}", layers.len(), start.elapsed());
    for format in ["e2m2", "e0m4"] {
        let start = Instant::now();
        let mut error = 0.0;
        for ((layer, moments), prepared) in layers.iter().zip(&moments).zip(&prepared) {
            let begun = Instant::now();
            let (_, e) = round(layer, moments, prepared, format.parse().unwrap(), &Options::default());
            error += e;
            if layer.weights.len() > 1_000_000 {
                println!("  {} in {:?}", layer.name, begun.elapsed());
            }
        }
        println!("{format}: rounded in {:?}, error {error}", start.elapsed());
    }
    let start = Instant::now();
    let (rounded, error) =
        round(&layers[52], &moments[52], &prepared[52], "e2m2".parse().unwrap(), &Options::default());
    let again = error_of(&layers[52], &rounded, &moments[52]);
    println!("{error} {again} {:?}", start.elapsed());
}
