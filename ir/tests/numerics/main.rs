//! The numerics of AFP against oracles that share no code with them: decoders written from the text
//! of docs/spec.md, searches over all representable values, rationals of any size, and MLIR's floats.

mod decode;
mod encode;
mod fixed_point;
mod floats;
mod grid;
mod oracle;
mod order;
mod pairs;
mod tensors;
mod upstream;
