//! Post-training quantization: from a float network and samples of its input to a format for every
//! tensor, and codes for every weight. No labels, no training.
//!
//! * [`network`]: a network in the real form as plain data: layers, sites, and what computes them;
//! * [`setting`]: one choice of formats, exponents and rounded weights;
//! * [`simulator`]: runs a network under a setting, bit for bit what the interpreter computes for the
//!   program that is compiled from it, and only the part behind what changed;
//! * [`synthetic`]: samples that are made up, where there are none;
//! * [`calibration`]: what values are on samples: histograms, peaks, and
//! * [`moments`]: means and second moments of what layers read;
//! * `shrinkage`: how far the latter are trusted;
//! * [`equalize`]: factors of channels that the network computes the same with;
//! * [`rounding`]: weights onto a format's grid: nearest, and by second moments;
//! * [`sequential`]: weights and biases that make up for what the layers before them have lost;
//! * [`assign`]: one format per tensor under a budget: knapsack, integer program, refinement;
//! * [`cost`]: what a format costs: bits, bytes, energy, latency;
//! * [`compiled`]: the setting that a program was compiled with;
//! * [`attribution`]: which layer the error comes from, and what one more bit would buy there;
//! * [`digest`]: names for data;
//! * [`ranking`]: what quantizing each layer and value alone costs;
//! * [`survey`]: extremes of every channel, for a person;
//! * [`metrics`]: how far outputs are from the float network's, and how sure that is.
//!
//! **Invariants.** Nothing here opens a file or prints. The same network, samples, options and seed
//! give the same result on every machine, at any number of threads.

pub mod apply;
pub mod assign;
pub mod attribution;
pub mod calibration;
pub mod compiled;
pub mod cost;
pub mod digest;
pub mod equalize;
pub mod loss;
pub mod metrics;
pub mod moments;
pub mod network;
pub mod prices;
pub mod published;
pub mod quantizer;
pub mod random;
pub mod ranking;
pub mod rounding;
pub mod search;
pub mod sensitivity;
pub mod sequential;
pub mod setting;
mod shrinkage;
pub mod simulator;
pub mod survey;
pub mod synthetic;
