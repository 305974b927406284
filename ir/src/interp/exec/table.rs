//! Unary functions on codes: one entry per code (rule U2).

use super::{Kernel, wrong_kind};
use crate::{
    diag::Diagnostic,
    dialect::FloatType,
    interp::tensor::{Data, Tensor},
    numerics::Code,
};

/// `afp.table` on codes. Real operands go through [`super::elementwise::Unary`].
pub struct Table {
    /// The result's code for each code of the operand.
    pub entries: Vec<Code>,
    /// The result's type.
    pub ty: FloatType,
}

impl Kernel for Table {
    /// Rule U2.
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let Data::Codes { codes, .. } = &operands[0].data else {
            return Err(wrong_kind("codes", &operands[0].data));
        };
        let look_up = |&code: &Code| self.entries.get(usize::from(code)).copied();
        let codes: Option<Vec<Code>> = codes.iter().map(look_up).collect();
        let codes = codes.ok_or_else(|| {
            Diagnostic::error("AFP0407", "an operand holds bits above its format's width")
                .expected(format!("codes below {}", self.entries.len()))
        })?;
        Ok(Tensor::coded(&operands[0].shape, self.ty, codes))
    }
}
