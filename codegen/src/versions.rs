//! Code in several versions, each for another machine: what C programs see of it.

/// The status of a program of which the processor runs no version.
pub const NONE_RUNS: u32 = 2;

/// The function that chooses a version, `int chooser(int wanted)`: for 0 the most capable that the processor
/// runs, else the one of this number, counted from 1. It gives the number of the version that calls run from
/// then on; 0 if the processor does not run what is wanted, and then nothing changes.
pub fn chooser(symbol: &str) -> String {
    format!("{symbol}_version")
}
