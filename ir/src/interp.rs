//! stub
#![allow(missing_docs)]
use crate::{diag::Diagnostic, mlir::Op};
pub struct Tensor;
impl Tensor {
    pub fn real(_: Vec<usize>, _: Vec<f32>) -> Self {
        Tensor
    }
    pub fn as_real(&self) -> Option<&[f32]> {
        None
    }
}
pub fn evaluate(_: Op, _: &[Tensor]) -> Result<Tensor, Diagnostic> {
    Err(Diagnostic::error("", ""))
}
