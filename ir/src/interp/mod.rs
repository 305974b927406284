//! The reference interpreter.
//!
//! It executes a function at every stage of the pipeline: TOSA on `f32`, the `afp` dialect on real
//! numbers, and the `afp` dialect on codes, there exactly by the rules of `docs/spec.md`.
//! [`Program::from_function`] compiles a function to plain Rust data; running it needs no MLIR.
//!
//! * [`load`]: from operations to kernels, one file per dialect;
//! * [`exec`]: what each kernel computes;
//! * [`Program`]: the order of steps, and the life of values.
//!
//! **Invariant.** Nothing wraps, and nothing depends on the machine: sums of real numbers are formed
//! in `f64` in a fixed order, transcendental functions come from `libm`, and an exact value that does
//! not fit 63 bits is an error.

mod exec;
mod load;
mod program;
mod tensor;

pub use program::{Program, Signature};

/// What a program is made of, for whoever runs its parts in another way: kernels that are read from
/// operations, and the loop nest of sums of products.
pub mod parts {
    pub use super::{
        exec::{
            Kernel,
            contract::{
                Arithmetic, Exact, Float, Geometry, Kept, Sink, WeightLayout, convolve, convolve_depthwise,
                gather, pack,
            },
            encode::Target,
            linear::Filters,
            reduce::Dimension,
            softmax::SoftmaxCodes,
            table::Table,
        },
        load::{Loaded, Scope, filters_of, load},
    };
}

pub use tensor::{Data, Tensor};

use std::sync::Arc;

use crate::{diag::Diagnostic, mlir::Op};
use load::{Loaded, Scope};

/// Computes the only result of one operation from constant operands, one tensor per operand; operands
/// that are sizes (`!tosa.shape`) take no tensor and are read from the IR. Constants have no operand.
///
/// # Errors
/// If the interpreter does not know the operation, an operand is not of its type, or the result has
/// no representation.
pub fn evaluate(op: Op, operands: &[Tensor]) -> Result<Tensor, Diagnostic> {
    let mut given = operands.iter();
    let mut scope = Scope::default();
    for value in op.operands() {
        if value.ty().shape().is_none() {
            continue;
        }
        let Some(tensor) = given.next() else { break };
        load::check_operand(op, value, tensor)?;
        scope.constants.insert(value, Arc::new(tensor.clone()));
    }
    load::check_memory(op)?;
    match load::load(&scope, op)? {
        Loaded::Constant(tensor) => Ok(tensor),
        Loaded::Same(value) => scope.constant(value).map(|tensor| (*tensor).clone()),
        Loaded::Step(kernel, values) => {
            let tensors: Vec<Arc<Tensor>> =
                values.into_iter().map(|value| scope.constant(value)).collect::<Result<_, _>>()?;
            let borrowed: Vec<&Tensor> = tensors.iter().map(|tensor| &**tensor).collect();
            kernel.run(&borrowed).map_err(|error| load::located(error, op))
        }
    }
}
