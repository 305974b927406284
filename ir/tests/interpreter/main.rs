//! The reference interpreter, operator by operator, against values computed by hand or by loops that
//! share no code with it.

mod coded;
mod contraction;
mod dynamic;
mod movement;
mod program;
mod tosa;

use afp_ir::{
    diag::Diagnostic,
    dialect::FloatType,
    interp::{Data, Program, Tensor},
    mlir::Session,
    numerics::{Code, Format},
};

/// Loads the only function of a module.
fn load(text: &str) -> Result<Program, Vec<Diagnostic>> {
    let session = Session::new();
    let Ok(module) = session.parse("test.mlir", text.as_bytes()) else {
        panic!("{:?}\n{text}", session.take_diagnostics());
    };
    Program::from_function(module.functions()[0])
}

/// Runs the only function of a module.
fn run(text: &str, inputs: &[Tensor]) -> Result<Vec<Tensor>, Diagnostic> {
    load(text).unwrap_or_else(|errors| panic!("{errors:?}\n{text}")).run(inputs)
}

/// Runs a function and compares its results.
fn check(text: &str, inputs: &[Tensor], expected: &[Tensor]) {
    let found = run(text, inputs).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(found, expected, "{text}");
}

/// A body around one operation: `%0`, `%1`, ... are the arguments, `%r` the result.
fn function(arguments: &[&str], result: &str, body: &str) -> String {
    let list: Vec<String> = arguments.iter().enumerate().map(|(i, ty)| format!("%{i}: {ty}")).collect();
    format!("func.func @f({}) -> {result} {{\n{body}\nreturn %r : {result}\n}}", list.join(", "))
}

fn real(shape: &[usize], values: &[f32]) -> Tensor {
    Tensor::real(shape, values.to_vec())
}

fn float(format: &str, exp: i32) -> FloatType {
    FloatType::fixed(format.parse::<Format>().unwrap(), exp).unwrap()
}

fn coded(shape: &[usize], ty: FloatType, codes: &[Code]) -> Tensor {
    Tensor::coded(shape, ty, codes.to_vec())
}

fn exact(shape: &[usize], mantissa: &[i64], exp: &[i32]) -> Tensor {
    Tensor { shape: shape.to_vec(), data: Data::Exact { mantissa: mantissa.to_vec(), exp: exp.to_vec() } }
}

/// A linear congruential generator: the same cases in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// A number from 0 to `limit - 1`.
    fn below(&mut self, limit: usize) -> usize {
        self.next() as usize % limit
    }

    /// Canonical codes.
    fn codes(&mut self, format: Format, count: usize) -> Vec<Code> {
        let all: Vec<Code> = format.canonical_codes().collect();
        (0..count).map(|_| all[self.below(all.len())]).collect()
    }
}
