//! Softmax: a composite of fixed steps on codes (rules S3 to S5).

use super::{Kernel, encode::Target, reduce::Dimension, wrong_kind};
use crate::{
    diag::Diagnostic,
    interp::tensor::{Data, Tensor, decode_with},
    numerics::{Format, Function, Rounding, encode},
};

/// The format of the exponentials of step 2, with scale exponent -15 (rule S4).
const EXPONENTIAL: Format = Format::fixed(false, 15);

/// `afp.softmax` on codes.
pub struct SoftmaxCodes {
    /// The dimension.
    pub dimension: Dimension,
    /// The operand's scale exponent.
    pub exp: i32,
    /// The result's type.
    pub target: Target,
}

impl Kernel for SoftmaxCodes {
    /// Rules S3 to S5.
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let input = operands[0];
        let Data::Codes { ty, codes } = &input.data else { return Err(wrong_kind("codes", &input.data)) };
        let integers = decode_with(ty.format, codes, |n| n);
        let mut result = vec![0; codes.len()];
        for start in self.dimension.starts() {
            let run = self.dimension.run(start);
            let largest = run.clone().map(|i| integers[i]).max().unwrap_or(0);
            let exponentials: Vec<i64> = run
                .clone()
                .map(|i| {
                    let code = Function::Exp.encode(integers[i] - largest, self.exp, EXPONENTIAL, -15);
                    EXPONENTIAL.decode(code)
                })
                .collect();
            let sum = exponentials.iter().sum::<i64>().unsigned_abs();
            for (i, t) in run.zip(exponentials) {
                result[i] = encode(t, 0, sum, self.target.ty.format, self.target.exp, Rounding::HalfUp);
            }
        }
        Ok(Tensor::coded(&input.shape, self.target.ty, result))
    }
}

/// `afp.softmax` on real numbers, in `f64` (rule T5).
pub struct SoftmaxReal(pub Dimension);

impl Kernel for SoftmaxReal {
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let values = super::elementwise::real(operands[0])?;
        let mut result = vec![0.0; values.len()];
        for start in self.0.starts() {
            let run = self.0.run(start);
            let largest = run.clone().map(|i| f64::from(values[i])).fold(f64::NEG_INFINITY, f64::max);
            let exponentials: Vec<f64> =
                run.clone().map(|i| libm::exp(f64::from(values[i]) - largest)).collect();
            let sum: f64 = exponentials.iter().sum();
            for (i, t) in run.zip(exponentials) {
                result[i] = (t / sum) as f32;
            }
        }
        Ok(Tensor::real(&operands[0].shape, result))
    }
}
