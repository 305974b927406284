//! From pixels to what a network takes: `(pixel * scale - mean) / std`, per channel.
//!
//! Pixels are bytes: of images, and of files of bytes. There are 256 of them, so each channel has a table.
//! Its entries are rounded after every step in `f32`, as the frameworks that networks are trained in do it:
//! for the scale 1/255 the quotient `pixel / 255`, then the difference, then the quotient by `std`.

use std::str::FromStr;

use afp_ir::{diag::Diagnostic, interp::Signature};
use clap::ValueEnum;
use serde_json::{Map, Value};

use super::npy::shape_text;

/// How pixels become inputs.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Pixels {
    /// Mean of scaled pixels, which is subtracted: one number, or one per channel [default: 0]
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', allow_hyphen_values = true, value_parser = finite)]
    pub mean: Vec<f32>,
    /// Standard deviation of scaled pixels, the divisor: one number, or one per channel [default: 1]
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',', value_parser = positive)]
    pub std: Vec<f32>,
    /// Factor of pixels, 0 to 255, before mean and standard deviation [default: 1/255]
    #[arg(long, value_name = "FACTOR")]
    pub scale: Option<Scale>,
    /// Where the channels of the network's input are
    #[arg(long, value_enum, default_value_t = Layout::Auto)]
    pub layout: Layout,
    /// Length of an image's shorter side before its centre is cut out [default: the input's]
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(1..=16384))]
    pub resize: Option<u32>,
}

/// Where the channels of an image are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Layout {
    /// Where there are 1 or 3
    #[default]
    Auto,
    /// Channels before rows and columns, as in ONNX
    Nchw,
    /// Channels last
    Nhwc,
}

/// A factor, `numerator / denominator`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    numerator: f32,
    denominator: f32,
}

impl Default for Scale {
    fn default() -> Self {
        Self { numerator: 1.0, denominator: 255.0 }
    }
}

impl FromStr for Scale {
    type Err = String;

    /// `1/255` or `0.0078125`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (numerator, denominator) = text.split_once('/').unwrap_or((text, "1"));
        Ok(Self { numerator: positive(numerator)?, denominator: positive(denominator)? })
    }
}

fn finite(text: &str) -> Result<f32, String> {
    let number = text.trim().parse::<f32>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| "expected numbers, such as 0.485,0.456,0.406".into())
}

fn positive(text: &str) -> Result<f32, String> {
    finite(text).ok().filter(|&number| number > 0.0).ok_or_else(|| "expected positive numbers".into())
}

impl Pixels {
    /// Whether the user says what bytes mean.
    pub fn is_given(&self) -> bool {
        !self.mean.is_empty() || !self.std.is_empty() || self.scale.is_some()
    }

    /// What the user chose, by the names of the options, for a report.
    pub fn chosen(&self) -> Map<String, Value> {
        let mut chosen = Map::new();
        for (option, numbers) in [("mean", &self.mean), ("std", &self.std)] {
            if !numbers.is_empty() {
                chosen.insert(option.into(), numbers.clone().into());
            }
        }
        if let Some(Scale { numerator, denominator }) = self.scale {
            chosen.insert("scale".into(), format!("{numerator}/{denominator}").into());
        }
        if self.layout != Layout::Auto {
            let name = if self.layout == Layout::Nchw { "nchw" } else { "nhwc" };
            chosen.insert("layout".into(), name.into());
        }
        if let Some(side) = self.resize {
            chosen.insert("resize".into(), side.into());
        }
        chosen
    }

    /// The tables of an input of `channels` channels.
    fn tables(&self, channels: usize) -> Result<Vec<[f32; 256]>, Diagnostic> {
        for (option, numbers) in [("--mean", &self.mean), ("--std", &self.std)] {
            if numbers.len() > 1 && numbers.len() != channels {
                return Err(Diagnostic::error(
                    "AFP0465",
                    format!("{option} does not fit the input's channels"),
                )
                .expected(format!("one number, or {channels}"))
                .found(numbers.len().to_string()));
            }
        }
        let of = |numbers: &[f32], channel: usize, default: f32| {
            numbers.get(channel).or_else(|| numbers.first()).copied().unwrap_or(default)
        };
        let Scale { numerator, denominator } = self.scale.unwrap_or_default();
        let table = |channel: usize| {
            let (mean, std) = (of(&self.mean, channel, 0.0), of(&self.std, channel, 1.0));
            std::array::from_fn(|pixel| (pixel as f32 * numerator / denominator - mean) / std)
        };
        Ok((0..channels).map(table).collect())
    }
}

/// An input that is an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Number of channels.
    pub channels: usize,
    /// Number of rows.
    pub height: usize,
    /// Number of columns.
    pub width: usize,
    /// Whether a channel's pixels lie together.
    pub channels_first: bool,
}

impl Frame {
    /// Reads an input's shape: three sizes, behind a 1 or alone.
    ///
    /// # Errors
    /// AFP0463 if that is no image, or does not say which size is that of the channels.
    pub fn of(input: &Signature, layout: Layout) -> Result<Self, Diagnostic> {
        let wrong = |expected: &str, help: &str| {
            Diagnostic::error("AFP0463", format!("input '{}' does not take images", input.name))
                .expected(expected)
                .found(shape_text(&input.shape))
                .help(help)
        };
        let &([1, a, b, c] | [a, b, c]) = input.shape.as_slice() else {
            return Err(wrong(
                "channels, height and width, or height, width and channels, of one image",
                "preprocess the samples, and save them with np.save('x.npy', x.astype(np.float32))",
            ));
        };
        let counts = |size: usize| size == 1 || size == 3;
        let channels_first = match layout {
            Layout::Nchw => true,
            Layout::Nhwc => false,
            Layout::Auto if counts(a) != counts(c) => counts(a),
            Layout::Auto => {
                return Err(wrong(
                    "1 or 3 channels in the first size or in the last, and not in both",
                    "say with --layout nchw or --layout nhwc where the channels are",
                ));
            }
        };
        Ok(if channels_first {
            Self { channels: a, height: b, width: c, channels_first }
        } else {
            Self { channels: c, height: a, width: b, channels_first }
        })
    }

    /// Number of elements.
    pub fn elements(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// The channel of an element, and its pixel: row by row.
    pub fn place(&self, element: usize) -> (usize, usize) {
        let pixels = self.height * self.width;
        if self.channels_first {
            (element / pixels, element % pixels)
        } else {
            (element % self.channels, element / self.channels)
        }
    }
}

/// The tables of an input, and where they apply.
#[derive(Clone, Debug)]
pub struct Normalization {
    frame: Frame,
    tables: Vec<[f32; 256]>,
}

impl Normalization {
    /// For an input that takes images.
    ///
    /// # Errors
    /// AFP0463 if it takes none, AFP0465 if the numbers given do not fit its channels.
    pub fn of_images(input: &Signature, pixels: &Pixels) -> Result<Self, Diagnostic> {
        let frame = Frame::of(input, pixels.layout)?;
        if frame.channels != 1 && frame.channels != 3 {
            return Err(Diagnostic::error("AFP0463", format!("input '{}' does not take images", input.name))
                .expected("1 channel or 3")
                .found(format!("{} in {}", frame.channels, shape_text(&input.shape))));
        }
        Ok(Self { tables: pixels.tables(frame.channels)?, frame })
    }

    /// For bytes in the order of an input's elements: of any shape, if all channels are treated alike.
    ///
    /// # Errors
    /// As [`Normalization::of_images`].
    pub fn of_bytes(input: &Signature, pixels: &Pixels) -> Result<Self, Diagnostic> {
        let frame = if pixels.mean.len() > 1 || pixels.std.len() > 1 {
            Frame::of(input, pixels.layout)?
        } else {
            let elements = input.shape.iter().product();
            Frame { channels: 1, height: 1, width: elements, channels_first: true }
        };
        Ok(Self { tables: pixels.tables(frame.channels)?, frame })
    }

    /// The image that the input is.
    pub fn frame(&self) -> Frame {
        self.frame
    }

    /// The input's elements; `byte` gives the pixel of a channel at a place.
    pub fn apply(&self, byte: impl Fn(usize, usize) -> u8) -> Vec<f32> {
        let element = |index: usize| {
            let (channel, place) = self.frame.place(index);
            self.tables[channel][usize::from(byte(channel, place))]
        };
        (0..self.frame.elements()).map(element).collect()
    }

    /// The input's elements, from as many bytes in their order.
    pub fn apply_in_order(&self, bytes: &[u8]) -> Vec<f32> {
        let value = |(index, &byte): (usize, &u8)| self.tables[self.frame.place(index).0][usize::from(byte)];
        bytes.iter().enumerate().map(value).collect()
    }
}

#[cfg(test)]
mod tests {
    use afp_ir::dialect::Element;

    use super::*;

    fn input(shape: &[usize]) -> Signature {
        Signature { name: "x".into(), shape: shape.to_vec(), element: Element::Real }
    }

    #[test]
    fn channels_are_found_where_there_are_one_or_three() {
        let check = |shape: &[usize], layout, expected: Option<(usize, usize, usize, bool)>| {
            let found = Frame::of(&input(shape), layout).ok();
            let found = found.map(|f| (f.channels, f.height, f.width, f.channels_first));
            assert_eq!(found, expected, "{shape:?}");
        };
        check(&[1, 3, 8, 9], Layout::Auto, Some((3, 8, 9, true)));
        check(&[1, 8, 9, 3], Layout::Auto, Some((3, 8, 9, false)));
        check(&[1, 1, 8, 9], Layout::Auto, Some((1, 8, 9, true)));
        check(&[8, 9, 1], Layout::Auto, Some((1, 8, 9, false)));
        check(&[1, 3, 8, 3], Layout::Auto, None);
        check(&[1, 3, 8, 3], Layout::Nhwc, Some((3, 3, 8, false)));
        check(&[1, 4, 8, 8], Layout::Auto, None);
        check(&[1, 4, 8, 8], Layout::Nchw, Some((4, 8, 8, true)));
        check(&[2, 3, 8, 8], Layout::Nchw, None);
        check(&[1, 640], Layout::Nchw, None);
    }

    #[test]
    fn every_channel_has_its_mean_and_deviation() {
        let pixels = Pixels { mean: vec![0.5, 0.25, 0.0], std: vec![0.5], ..Pixels::default() };
        for shape in [[1, 3, 1, 2], [1, 1, 2, 3]] {
            let input = input(&shape);
            let normal =
                Normalization::of_images(&input, &Pixels { layout: layout(&shape), ..pixels.clone() })
                    .expect("an image");
            let values = normal.apply(|_, place| if place == 0 { 0 } else { 255 });
            let expected = if shape[1] == 3 {
                [-1.0, 1.0, -0.5, 1.5, 0.0, 2.0]
            } else {
                [-1.0, -0.5, 0.0, 1.0, 1.5, 2.0]
            };
            assert_eq!(values, expected);
            let bytes: &[u8] =
                if shape[1] == 3 { &[0, 255, 0, 255, 0, 255] } else { &[0, 0, 0, 255, 255, 255] };
            assert_eq!(normal.apply_in_order(bytes), expected);
        }
    }

    fn layout(shape: &[usize]) -> Layout {
        if shape[1] == 3 { Layout::Nchw } else { Layout::Nhwc }
    }

    #[test]
    fn numbers_are_one_or_one_per_channel() {
        let pixels = Pixels { std: vec![1.0, 2.0], ..Pixels::default() };
        let problem = Normalization::of_images(&input(&[1, 3, 4, 4]), &pixels).expect_err("two for three");
        assert_eq!(problem.code, "AFP0465");
    }

    #[test]
    fn scales_are_numbers_or_quotients() {
        assert_eq!("1/255".parse(), Ok(Scale::default()));
        assert_eq!("0.5".parse(), Ok(Scale { numerator: 0.5, denominator: 1.0 }));
        for bad in ["", "0", "1/0", "-1", "a", "1/2/3", "inf"] {
            assert!(bad.parse::<Scale>().is_err(), "{bad}");
        }
    }
}
