//! Every operator on every type and at its extremes, by code in memory; objects of all targets.

mod conversions;
mod dots;
mod foreign;
mod harness;
mod numerics;
mod objects;
mod operators;
