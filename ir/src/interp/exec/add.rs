//! The exact sum (rule A1).

use super::{Kernel, elementwise::zip, for_each_row, repeating_strides, wrong_kind};
use crate::{
    diag::Diagnostic,
    interp::tensor::{Data, Tensor, shift_left, shortest, too_wide},
};

/// `afp.add`: both operands brought to the smaller of their exponents, and added (rule A1). Real
/// numbers are added in `f64` (rule T5).
pub struct Add {
    /// Shape of the result.
    pub shape: Vec<usize>,
}

impl Kernel for Add {
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let (lhs, rhs) = (operands[0], operands[1]);
        let data = match (lhs.to_integers(), rhs.to_integers()) {
            (Some(_), Some(_)) => self.exact(lhs, rhs)?,
            _ => {
                let (a, b) = (lhs.to_f64(), rhs.to_f64());
                Data::Wide(zip(&self.shape, [&lhs.shape, &rhs.shape], |[i, j]| a[i] + b[j]))
            }
        };
        Ok(Tensor { shape: self.shape.clone(), data })
    }
}

impl Add {
    fn exact(&self, lhs: &Tensor, rhs: &Tensor) -> Result<Data, Diagnostic> {
        let (Some(a), Some(b)) = (lhs.to_integers(), rhs.to_integers()) else {
            return Err(wrong_kind("codes or exact values", &lhs.data));
        };
        let channels = self.shape.last().copied().unwrap_or(1);
        let exps: Vec<i32> = (0..channels).map(|c| a.exp_of(c).min(b.exp_of(c))).collect();
        let shifts: Vec<[i64; 2]> = (0..channels)
            .map(|c| [&a, &b].map(|operand| i64::from(operand.exp_of(c)) - i64::from(exps[c])))
            .collect();
        let strides = [repeating_strides(&lhs.shape), repeating_strides(&rhs.shape)];
        let steps = [0, 1].map(|n: usize| strides[n].last().copied().unwrap_or(0) as usize);
        let mut sums = Vec::with_capacity(self.shape.iter().product());
        for_each_row(&self.shape, [&strides[0], &strides[1]], |[i, j]| {
            let (i, j) = (i as usize, j as usize);
            sums.extend(shifts.iter().enumerate().map(|(c, shift)| {
                let x = shift_left(a.mantissa[i + c * steps[0]], shift[0])?;
                let y = shift_left(b.mantissa[j + c * steps[1]], shift[1])?;
                x.checked_add(y).filter(|&sum| sum != i64::MIN)
            }));
        });
        let mantissa: Option<Vec<i64>> = sums.into_iter().collect();
        let mantissa = mantissa.ok_or_else(|| too_wide("a sum of aligned operands"))?;
        Ok(Data::Exact { mantissa, exp: shortest(exps) })
    }
}
