//! Operators with windows: convolutions and pools.
//!
//! TOSA insists that strides divide exactly, while every framework rounds the number of positions
//! down. What no window reaches is cut off first: from the trailing padding, then from the input by
//! a `tosa.slice`. The result is the same.

use super::{Built, MAX_EXTENT, Misfit, Tosa, shape, shape_text};
use crate::mlir::{Attr, Type, Value};

/// Kernel, stride, dilation and padding of a window in height and width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Height and width of the kernel, in elements.
    pub kernel: [i64; 2],
    /// Step between positions.
    pub stride: [i64; 2],
    /// Step between the elements of the kernel.
    pub dilation: [i64; 2],
    /// Padding: top, bottom, left, right.
    pub pad: [i64; 4],
}

/// One dimension of a window on an input of a certain size, after what no window reaches is cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fitted {
    /// Elements of the input that are kept.
    pub size: i64,
    /// Padding before.
    pub before: i64,
    /// Padding behind.
    pub after: i64,
    /// Number of positions.
    pub positions: i64,
}

/// Fits dimension `dim` (0: height, 1: width) of a window to an input of `size` elements.
///
/// # Errors
/// If parameters are out of range or the window is larger than the padded input.
pub fn fit(size: i64, window: &Window, dim: usize) -> Result<Fitted, Misfit> {
    let (kernel, stride, dilation) = (window.kernel[dim], window.stride[dim], window.dilation[dim]);
    let (before, after) = (window.pad[2 * dim], window.pad[2 * dim + 1]);
    let in_range = [kernel, stride, dilation].iter().all(|n| (1..=MAX_EXTENT).contains(n))
        && [before, after].iter().all(|n| (0..=MAX_EXTENT).contains(n))
        && (1..=MAX_EXTENT).contains(&size);
    if !in_range {
        return Err(Misfit::new(
            format!("kernel, stride and dilation from 1 to {MAX_EXTENT}, padding from 0"),
            format!("kernel {kernel}, stride {stride}, dilation {dilation}, padding {before} and {after}"),
        ));
    }
    let extent = dilation * (kernel - 1) + 1;
    let room = size + before + after - extent;
    if room < 0 {
        return Err(Misfit::new(
            format!("a window no larger than the padded input, {} elements", size + before + after),
            format!("a window of {extent}"),
        ));
    }
    let surplus = room % stride;
    let cut = (surplus - after).max(0);
    if cut >= size {
        return Err(Misfit::new("windows that reach the input", "windows on padding alone"));
    }
    Ok(Fitted { size: size - cut, before, after: (after - surplus).max(0), positions: room / stride + 1 })
}

impl Tosa {
    /// Cuts off what no window reaches. Gives the input, the padding, and the numbers of positions.
    fn fit_input(&mut self, input: Value, window: &Window) -> Result<(Value, [i64; 4], [i64; 2]), Misfit> {
        let from = shape(input);
        let [n, h, w, c] = from[..] else {
            return Err(Misfit::new("a tensor of rank 4, NHWC", shape_text(&from)));
        };
        let (rows, columns) = (fit(h, window, 0)?, fit(w, window, 1)?);
        let input = self.slice(input, &[0; 4], &[n, rows.size, columns.size, c])?;
        let pad = [rows.before, rows.after, columns.before, columns.after];
        Ok((input, pad, [rows.positions, columns.positions]))
    }

    /// `tosa.conv2d`: input NHWC, weights OHWI, bias one per output channel. Positions are rounded down.
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub fn conv2d(&mut self, input: Value, weights: Value, bias: Value, window: &Window) -> Built {
        let (image, kernel) = (shape(input), shape(weights));
        match (&image[..], &kernel[..]) {
            ([_, _, _, c], [o, kh, kw, i]) if c == i && window.kernel == [*kh, *kw] => {
                self.conv("tosa.conv2d", input, weights, bias, window, *o)
            }
            _ => Err(conv_misfit("[o, kh, kw, c]", &image, &kernel)),
        }
    }

    /// `tosa.depthwise_conv2d`: input NHWC, weights HWCM, bias one per output channel `c * M + m`.
    ///
    /// # Errors
    /// If the shapes do not fit.
    pub fn depthwise_conv2d(&mut self, input: Value, weights: Value, bias: Value, window: &Window) -> Built {
        let (image, kernel) = (shape(input), shape(weights));
        match (&image[..], &kernel[..]) {
            ([_, _, _, c], [kh, kw, i, m]) if c == i && window.kernel == [*kh, *kw] => {
                self.conv("tosa.depthwise_conv2d", input, weights, bias, window, i * m)
            }
            _ => Err(conv_misfit("[kh, kw, c, m]", &image, &kernel)),
        }
    }

    fn conv(
        &mut self,
        name: &str,
        input: Value,
        weights: Value,
        bias: Value,
        window: &Window,
        channels: i64,
    ) -> Built {
        if shape(bias) != [channels] {
            return Err(Misfit::new(format!("a bias of {channels} elements"), shape_text(&shape(bias))));
        }
        let zero = self.zero()?;
        let batch = shape(input)[0];
        let (input, pad, [rows, columns]) = self.fit_input(input, window)?;
        let ctx = self.ctx();
        let attrs = [
            ("pad", Attr::i64s(ctx, &pad)),
            ("stride", Attr::i64s(ctx, &window.stride)),
            ("dilation", Attr::i64s(ctx, &window.dilation)),
            ("acc_type", Attr::ty(Type::f32(ctx))),
        ];
        self.build(&[batch, rows, columns, channels], name, &[input, weights, bias, zero, zero], &attrs)
    }

    /// `tosa.max_pool2d` of an NHWC input; padding never wins. Positions are rounded down.
    ///
    /// # Errors
    /// If the window does not fit, is dilated, or is no larger than its padding.
    pub fn max_pool2d(&mut self, input: Value, window: &Window) -> Built {
        let Pool { input, attrs, to } = self.pool(input, window)?;
        self.build(&to, "tosa.max_pool2d", &[input], &attrs)
    }

    /// `tosa.avg_pool2d` of an NHWC input; padding is not counted. Positions are rounded down.
    ///
    /// # Errors
    /// If the window does not fit, is dilated, or is no larger than its padding.
    pub fn avg_pool2d(&mut self, input: Value, window: &Window) -> Built {
        let zero = self.zero()?;
        let Pool { input, mut attrs, to } = self.pool(input, window)?;
        attrs.push(("acc_type", Attr::ty(Type::f32(self.ctx()))));
        self.build(&to, "tosa.avg_pool2d", &[input, zero, zero], &attrs)
    }

    fn pool(&mut self, input: Value, window: &Window) -> Result<Pool, Misfit> {
        if window.dilation != [1, 1] {
            return Err(Misfit::new("a pool without dilation", format!("dilation {:?}", window.dilation)));
        }
        let from = shape(input);
        let (input, pad, [rows, columns]) = self.fit_input(input, window)?;
        if (0..4).any(|side| pad[side] >= window.kernel[side / 2]) {
            return Err(Misfit::new(
                format!("padding smaller than the kernel {}", shape_text(&window.kernel)),
                format!("padding {pad:?} (top, bottom, left, right)"),
            ));
        }
        let ctx = self.ctx();
        let attrs = vec![
            ("kernel", Attr::i64s(ctx, &window.kernel)),
            ("stride", Attr::i64s(ctx, &window.stride)),
            ("pad", Attr::i64s(ctx, &pad)),
        ];
        Ok(Pool { input, attrs, to: vec![from[0], rows, columns, from[3]] })
    }
}

/// What both pools have in common: the fitted input, the attributes, the result's shape.
struct Pool {
    input: Value,
    attrs: Vec<(&'static str, Attr)>,
    to: Vec<i64>,
}

fn conv_misfit(layout: &str, image: &[i64], kernel: &[i64]) -> Misfit {
    Misfit::new(
        format!("an image [n, h, w, c] and weights {layout}"),
        format!("{} and {}", shape_text(image), shape_text(kernel)),
    )
}
