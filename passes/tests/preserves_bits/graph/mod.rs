//! Random small networks in the real form, as text.
//!
//! A network is a list of steps. Each step picks its operands among the values so far and all its
//! parameters from a number of its own, so that any list of steps is a network: one that fails stays
//! one when steps are taken away.

mod formats;
mod geometry;
mod operators;
mod random;
mod writer;

use afp_ir::interp::Tensor;
use formats::formats;
pub use random::Random;
use writer::tensor;

/// What a network is made from.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// Shape of the input, and the formats.
    pub seed: u64,
    /// Kind and parameters of each operator.
    pub steps: Vec<(u8, u64)>,
}

/// Inputs of a shape: normal numbers of several scales, and the extremes.
pub fn samples(shape: &[usize], seed: u64) -> Vec<Tensor> {
    let mut random = Random(seed ^ 0x5eed);
    let count: usize = shape.iter().product();
    let constants = [0.0, -0.0, f32::MAX, f32::MIN, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e-45, 0.5];
    let mut samples: Vec<Vec<f32>> = constants.iter().map(|&value| vec![value; count]).collect();
    for scale in [0.01, 1.0, 4.0, 1e6] {
        samples.push((0..count).map(|_| random.normal() * scale).collect());
    }
    samples.push((0..count).map(|_| random.pick(&constants)).collect());
    samples.into_iter().map(|values| Tensor::real(shape, values)).collect()
}

/// Number of kinds of steps.
pub const KINDS: u8 = 15;

/// Most elements of a value: larger ones are not made.
const MAX_ELEMENTS: i64 = 400;

/// The same in a large network, and most products of one operator there.
const MAX_ELEMENTS_LARGE: i64 = 5000;
const MAX_PRODUCTS: i64 = 150_000;

/// A value of the network.
#[derive(Clone)]
struct Value {
    name: String,
    shape: Vec<i64>,
    /// The site that yields it, if one does.
    site: Option<usize>,
}

/// A site: its name, and one before it that it shares its format with.
struct Site {
    name: String,
    like: Option<usize>,
}

struct Writer {
    /// Whether it is a large network: of as many channels and columns as no tile divides.
    large: bool,
    body: String,
    values: Vec<Value>,
    count: usize,
    weights: Vec<String>,
    sites: Vec<Site>,
}

impl Recipe {
    /// The network, ready for `afp-range-analysis`: a function of one input.
    pub fn network(&self) -> String {
        let mut random = Random(self.seed);
        let large = random.once_in(5);
        let shape = if large {
            let channels = if random.once_in(2) { random.range(1, 70) } else { random.range(1, 4) };
            let width = random.range(1, 40);
            let height = random.range(1, (MAX_ELEMENTS_LARGE / (2 * channels * width)).clamp(1, 9));
            vec![1, height, width, channels]
        } else {
            vec![random.range(1, 2), random.range(1, 6), random.range(1, 6), random.range(1, 4)]
        };
        let mut writer = Writer {
            large,
            body: String::new(),
            values: Vec::new(),
            count: 0,
            weights: Vec::new(),
            sites: Vec::new(),
        };
        let input = Value { name: "%x".to_owned(), shape: shape.clone(), site: None };
        let entered = writer.encode(&input, "f32", "", &mut random);
        writer.push_site(entered);
        for &(kind, seed) in &self.steps {
            writer.step(kind % KINDS, &mut Random(seed));
        }
        let outputs: Vec<&Value> = writer.values.iter().rev().take(3).collect();
        let names: Vec<&str> = outputs.iter().map(|v| v.name.as_str()).collect();
        let types: Vec<String> = outputs.iter().map(|v| tensor(&v.shape, "f32")).collect();
        let formats = formats(&writer, &mut random);
        format!(
            "module attributes {{afp.formats = {formats}}} {{\nfunc.func @f(%x: {}) -> ({}) {{\n{}return {} : {}\n}}\n}}\n",
            tensor(&shape, "f32"),
            types.join(", "),
            writer.body,
            names.join(", "),
            types.join(", "),
        )
    }
}
