//! Pools over windows of NHWC feature maps (rules P1 to P3, and TOSA's).

use super::{Kernel, contract::Geometry, elementwise::NanMode, wrong_kind};
use crate::{
    diag::Diagnostic,
    interp::tensor::{Data, Tensor, decode_with, too_wide},
    numerics::Code,
};

/// Windows over an NHWC feature map, each channel for itself.
pub struct Windows(pub Geometry);

impl Windows {
    /// Folds each window of each channel: `fold` takes the result so far and an element inside the
    /// input, in the order (y, x); `finish` also gets the number of such elements.
    fn fold<T: Copy, S: Copy, R>(
        &self,
        input: &[T],
        start: S,
        mut fold: impl FnMut(S, T) -> S,
        mut finish: impl FnMut(S, usize) -> R,
    ) -> Vec<R> {
        let g = &self.0;
        let [height, width, channels] = g.output;
        let mut result = Vec::with_capacity(g.outputs());
        let mut sums = vec![start; channels];
        for (image, at) in (0..g.batch).flat_map(|image| (0..height * width).map(move |at| (image, at))) {
            sums.fill(start);
            let mut count = 0;
            for tap in 0..g.taps() {
                let position = [tap / g.kernel[1], tap % g.kernel[1]];
                let Some(pixel) = g.pixel(image, [at / width, at % width], position) else { continue };
                count += 1;
                for (sum, &x) in sums.iter_mut().zip(&input[pixel..pixel + channels]) {
                    *sum = fold(*sum, x);
                }
            }
            result.extend(sums.iter().map(|&sum| finish(sum, count)));
        }
        result
    }

    fn shape(&self) -> Vec<usize> {
        let [height, width, channels] = self.0.output;
        vec![self.0.batch, height, width, channels]
    }
}

/// `afp.sum_pool2d`: sums over windows, zeros outside (rule P1).
pub struct SumPool(pub Windows);

impl Kernel for SumPool {
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let data = match &operands[0].data {
            Data::Real(values) => {
                Data::Wide(self.0.fold(values, 0.0, |sum, x| sum + f64::from(x), |sum, _| sum))
            }
            data @ Data::Codes { .. } => {
                let exact = operands[0].to_integers().ok_or_else(|| wrong_kind("a static exponent", data))?;
                let sums = self.0.fold(
                    &exact.mantissa,
                    Some(0i64),
                    |sum, n| sum.and_then(|sum| sum.checked_add(n)),
                    |sum, _| sum.filter(|&sum| sum != i64::MIN),
                );
                let mantissa: Option<Vec<i64>> = sums.into_iter().collect();
                let mantissa = mantissa.ok_or_else(|| too_wide("the sum of a window"))?;
                Data::Exact { mantissa, exp: exact.exp.into_owned() }
            }
            other => return Err(wrong_kind("f32 or codes", other)),
        };
        Ok(Tensor { shape: self.0.shape(), data })
    }
}

/// `max_pool2d` of both dialects: the element of largest value of each window (rule P2). What lies
/// outside never wins; of equal values the first is taken.
pub struct MaxPool {
    /// The windows.
    pub windows: Windows,
    /// What a NaN does.
    pub nan: NanMode,
}

impl Kernel for MaxPool {
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let data = match &operands[0].data {
            Data::Real(values) => {
                let larger = |best: Option<f32>, x| Some(best.map_or(x, |best| self.nan.max(best, x)));
                // A window without an element exists in no verified module.
                let finish = |best: Option<f32>, _| best.unwrap_or(f32::NEG_INFINITY);
                Data::Real(self.windows.fold(values, None, larger, finish))
            }
            Data::Codes { ty, codes } => {
                let valued: Vec<(i64, Code)> =
                    decode_with(ty.format, codes, |n| n).into_iter().zip(codes.iter().copied()).collect();
                let larger = |best: Option<(i64, Code)>, x: (i64, Code)| match best {
                    Some(best) if best.0 >= x.0 => Some(best),
                    _ => Some(x),
                };
                let finish =
                    |best: Option<(i64, Code)>, _| best.map_or(ty.format.min_code(), |(_, code)| code);
                Data::Codes { ty: *ty, codes: self.windows.fold(&valued, None, larger, finish) }
            }
            other => return Err(wrong_kind("f32 or codes", other)),
        };
        Ok(Tensor { shape: self.windows.shape(), data })
    }
}

/// `tosa.avg_pool2d`: the mean of the elements of each window that lie inside the input.
pub struct AveragePool(pub Windows);

impl Kernel for AveragePool {
    fn run(&self, operands: &[&Tensor]) -> Result<Tensor, Diagnostic> {
        let values = super::elementwise::real(operands[0])?;
        let mean = |sum: f64, count| (sum / count as f64) as f32;
        let means = self.0.fold(values, 0.0, |sum, x| sum + f64::from(x), mean);
        Ok(Tensor::real(&self.0.shape(), means))
    }
}
