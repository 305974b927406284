//! Energy of a layer in picojoules, by operation.
//!
//! The figures are for 45 nm: M. Horowitz, "Computing's energy problem", ISSCC 2014, and the formulas for any
//! number of bits that qkeras fits to them. Every product costs a multiplication of significands, where one
//! of the formats has two exponent bits or more an addition of exponents and a shift of the product to its
//! place, and an addition to the accumulator; every result three additions as wide as the accumulator.
//! Operands come from memory once per inference: weights from one, activations from another.
//!
//! **What it is not.** Control, clocks, registers and wires cost nothing here, and every width has an
//! accumulator of just its own. So it compares number formats, and predicts no processor. Operators without
//! weights count nothing.

use afp_ir::numerics::Format;

use super::Work;

/// How a layer computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// 32-bit floating point.
    Float32,
    /// 8-bit integers, summed in 32 bits, as processors do it.
    Int8,
    /// Formats of the weights and of the input.
    Formats(Format, Format),
}

/// A memory that operands come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Memory {
    /// Static memory of 8 KiB.
    Sram8K,
    /// Static memory of 32 KiB.
    Sram32K,
    /// Static memory of 1 MiB.
    Sram1M,
    /// Dynamic memory on another chip.
    Dram,
}

impl Memory {
    /// Picojoules to read or write one bit. Horowitz gives those of a read of 64 bits.
    pub fn per_bit(self) -> f64 {
        match self {
            Self::Sram8K => 10.0 / 64.0,
            Self::Sram32K => 20.0 / 64.0,
            Self::Sram1M => 100.0 / 64.0,
            Self::Dram => 20.3,
        }
    }
}

/// Where weights and activations lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memories {
    /// Weights, read once per inference.
    pub weights: Memory,
    /// Activations, read and written once.
    pub activations: Memory,
}

impl Default for Memories {
    /// Weights of a network are larger than what a chip has; its activations are not.
    fn default() -> Self {
        Self { weights: Memory::Dram, activations: Memory::Sram1M }
    }
}

/// Picojoules of one inference.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Energy {
    /// Of operations.
    pub compute: f64,
    /// Of reading and writing operands.
    pub traffic: f64,
}

impl Energy {
    /// All of it.
    pub fn total(self) -> f64 {
        self.compute + self.traffic
    }
}

impl std::ops::Add for Energy {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { compute: self.compute + other.compute, traffic: self.traffic + other.traffic }
    }
}

impl std::iter::Sum for Energy {
    fn sum<I: Iterator<Item = Self>>(energies: I) -> Self {
        energies.fold(Self::default(), |a, b| a + b)
    }
}

/// An addition of so many bits; a shift costs the same.
fn add(bits: u32) -> f64 {
    0.003125 * f64::from(bits)
}

fn multiply(a: u32, b: u32) -> f64 {
    0.0029948 * f64::from(a) * f64::from(b) + 0.0010417 * 0.5 * f64::from(a + b)
}

/// Bits of a significand. Two's complement with `m` bits behind the sign holds what sign and magnitude of
/// `m` bits hold.
fn significand(format: Format) -> u32 {
    if format.exp_bits() == 0 { format.man_bits() } else { format.man_bits() + 1 }
}

/// Places by which a significand may be shifted: `2^e - 2`.
fn reach(format: Format) -> u32 {
    (1u32 << format.exp_bits()).saturating_sub(2)
}

/// Bits that hold every sum of `depth` products.
pub fn accumulator_bits(weights: Format, input: Format, depth: u64) -> u32 {
    let terms = depth.max(1).next_power_of_two().ilog2();
    significand(weights) + significand(input) + reach(weights) + reach(input) + terms + 1
}

const FLOAT_ADD: f64 = 0.9;
const FLOAT_MULTIPLY: f64 = 3.7;
const INT8_MULTIPLY: f64 = 0.2;
const INT32_ADD: f64 = 0.1;

/// Of a product and its addition, and of an addition to the accumulator, where sums have `depth` terms.
fn operations(arithmetic: Arithmetic, depth: u64) -> (f64, f64) {
    match arithmetic {
        Arithmetic::Float32 => (FLOAT_MULTIPLY + FLOAT_ADD, FLOAT_ADD),
        Arithmetic::Int8 => (INT8_MULTIPLY + INT32_ADD, INT32_ADD),
        Arithmetic::Formats(weights, input) => {
            let sum = add(accumulator_bits(weights, input, depth));
            let exponents = weights.exp_bits().max(input.exp_bits());
            let placing = if exponents > 1 { add(exponents + 1) + sum } else { 0.0 };
            (multiply(significand(weights), significand(input)) + placing + sum, sum)
        }
    }
}

/// Picojoules of one product and its addition, where sums have `depth` terms.
pub fn per_mac(arithmetic: Arithmetic, depth: u64) -> f64 {
    operations(arithmetic, depth).0
}

/// The energy of a layer whose result has `result_bits` per element.
pub fn of_layer(work: &Work, arithmetic: Arithmetic, result_bits: u32, memories: Memories) -> Energy {
    let (mac, sum) = operations(arithmetic, work.depth);
    let (weight_bits, input_bits) = match arithmetic {
        Arithmetic::Float32 => (32, 32),
        Arithmetic::Int8 => (8, 8),
        Arithmetic::Formats(weights, input) => (weights.width(), input.width()),
    };
    let bits = |elements: u64, bits: u32| elements as f64 * f64::from(bits);
    Energy {
        compute: work.macs() as f64 * mac + work.results() as f64 * 3.0 * sum,
        traffic: bits(work.weights(), weight_bits) * memories.weights.per_bit()
            + (bits(work.inputs, input_bits) + bits(work.results(), result_bits))
                * memories.activations.per_bit(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(text: &str) -> Format {
        text.parse().expect("a format")
    }

    #[test]
    fn products_cost_what_is_published_for_1152_terms() {
        let check = |arithmetic, expected: f64, unit: f64| {
            let found = per_mac(arithmetic, 1152);
            assert!((found - expected).abs() <= 0.5 * unit, "{arithmetic:?}: {found}, expected {expected}");
        };
        let of = |weights, input| Arithmetic::Formats(format(weights), format(input));
        check(Arithmetic::Float32, 4.6, 0.1);
        check(Arithmetic::Int8, 0.30, 0.01);
        check(of("e0m4", "e0m4"), 0.115, 0.001);
        check(of("e2m2", "e2m2"), 0.177, 0.001);
        check(of("e2m2", "e2m5"), 0.224, 0.001);
    }

    #[test]
    fn formulas_meet_the_table() {
        for (found, expected) in
            [(multiply(8, 8), 0.2), (multiply(32, 32), 3.1), (add(8), 0.025), (add(32), 0.1)]
        {
            assert!((found - expected).abs() < 0.01 * expected.max(0.5), "{found} {expected}");
        }
    }

    #[test]
    fn accumulators_hold_every_sum() {
        for (weights, input) in [("e2m2", "e2m5"), ("e3m2", "ue0m8"), ("e0m7", "e0m7"), ("e1m3", "ue2m5")] {
            for depth in [1u64, 2, 3, 1152, 4608] {
                let (weights, input) = (format(weights), format(input));
                let largest = weights.int_max() as u64 * input.int_max() as u64 * depth;
                assert!(largest < 1 << (accumulator_bits(weights, input, depth) - 1));
            }
        }
    }

    #[test]
    fn formats_of_equal_values_cost_the_same() {
        let cost = |weights| per_mac(Arithmetic::Formats(format(weights), format("ue0m8")), 576);
        assert_eq!(cost("e0m4"), cost("e1m3"));
    }

    #[test]
    fn layers_add_up() {
        let work = Work {
            operator: "conv2d",
            positions: 4,
            outputs: 2,
            depth: 9,
            taps: 9,
            inputs: 16,
            adds: false,
            is_grouped: false,
            is_winograd: false,
        };
        let memories = Memories { weights: Memory::Dram, activations: Memory::Sram32K };
        let energy = of_layer(&work, Arithmetic::Int8, 8, memories);
        assert!((energy.compute - (72.0 * 0.3 + 8.0 * 0.3)).abs() < 1e-9);
        let expected = 18.0 * 8.0 * 20.3 + (16.0 + 8.0) * 8.0 * 20.0 / 64.0;
        assert!((energy.traffic - expected).abs() < 1e-9);
        assert_eq!([energy, energy].into_iter().sum::<Energy>().total(), 2.0 * energy.total());
    }
}
