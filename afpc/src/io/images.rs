//! A folder of images as samples of an input.
//!
//! Images are taken in the order of their paths, decoded a batch at a time, brought to the input's size and
//! normalised ([`super::pixels`]). Where there are folders in the folder, each is a class: number `i` in the
//! order of their names. JPEG is decoded without vector instructions, everything in integers or in `f32` in
//! one order: the samples are the same on every machine.
//!
//! **Size.** An image is scaled (bilinearly, over the whole area of a pixel where it shrinks) until its
//! shorter side has the length that `--resize` gives, or as far as it still covers the input; then its centre
//! is cut out. One that has the input's size is taken as it is.

use std::{
    ffi::OsStr,
    fs,
    io::Cursor,
    path::{Path, PathBuf},
};

use afp_ir::{diag::Diagnostic, interp::Signature};
use image::{GrayImage, ImageReader, Limits, RgbImage, imageops};
use rayon::prelude::*;
use zune_jpeg::{
    JpegDecoder,
    zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions},
};

use super::{
    pixels::{Normalization, Pixels},
    unreadable,
};

/// Endings of files that are taken for images; the content says of which kind.
const EXTENSIONS: [&str; 8] = ["bmp", "jpeg", "jpg", "pbm", "pgm", "png", "pnm", "ppm"];
/// More pixels than this are refused, so that a few bytes cannot ask for all of the memory.
const MOST_PIXELS: u64 = 1 << 26;

/// A folder of images.
pub struct Images {
    folder: String,
    files: Vec<PathBuf>,
    labels: Vec<i64>,
    next: usize,
    normalization: Normalization,
    resize: Option<u32>,
}

impl Images {
    /// Lists a folder.
    ///
    /// # Errors
    /// AFP0101 if a folder cannot be read, AFP0461 if it holds no images, or images beside folders, AFP0463
    /// if the input takes none, AFP0465 if the numbers given do not fit its channels.
    pub fn open(folder: &Path, input: &Signature, pixels: &Pixels) -> Result<Self, Diagnostic> {
        let normalization = Normalization::of_images(input, pixels)?;
        let (mut files, classes) = list(folder)?;
        let mut labels = Vec::new();
        if !classes.is_empty() && !files.is_empty() {
            return Err(Diagnostic::error("AFP0461", "images lie beside folders")
                .in_file(folder.display().to_string())
                .expected("images alone, or a folder of images for every class")
                .found(format!("{} images and {} folders", files.len(), classes.len())));
        }
        for (label, class) in (0..).zip(&classes) {
            let (members, _) = list(class)?;
            labels.resize(labels.len() + members.len(), label);
            files.extend(members);
        }
        if files.is_empty() {
            return Err(Diagnostic::error("AFP0461", "there are no images in the folder")
                .in_file(folder.display().to_string())
                .expected("files that end in .png, .jpg, .jpeg, .bmp, .ppm, .pgm, .pbm or .pnm")
                .help("the images of each class may lie in a folder of their own, but no deeper"));
        }
        let folder = folder.display().to_string();
        Ok(Self { folder, files, labels, next: 0, normalization, resize: pixels.resize })
    }

    /// The folder, for diagnostics.
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// Number of images.
    pub fn count(&self) -> usize {
        self.files.len()
    }

    /// Leaves `count` of the images, evenly spread over the folder, so that no class is left out.
    pub fn keep(&mut self, count: usize) {
        let all = self.files.len();
        if count < all {
            // The product of two numbers of files may not fit usize where that has 32 bits.
            let nth = |index: usize| (index as u128 * all as u128 / count as u128) as usize;
            self.files = (0..count).map(|index| self.files[nth(index)].clone()).collect();
            if !self.labels.is_empty() {
                self.labels = (0..count).map(|index| self.labels[nth(index)]).collect();
            }
        }
    }

    /// The class of each image, if the folder has a folder for each class.
    pub fn labels(&self) -> Option<&[i64]> {
        (!self.labels.is_empty()).then_some(&self.labels)
    }

    /// The elements of the next `count` samples.
    ///
    /// # Errors
    /// AFP0101 if a file cannot be read, AFP0462 if it is no image that fits.
    pub fn read(&mut self, count: usize) -> Result<Vec<Vec<f32>>, Diagnostic> {
        let files = &self.files[self.next..self.next + count];
        self.next += count;
        files.par_iter().map(|file| self.sample(file)).collect()
    }

    fn sample(&self, path: &Path) -> Result<Vec<f32>, Diagnostic> {
        let bytes = fs::read(path).map_err(|problem| unreadable(path, &problem))?;
        let frame = self.normalization.frame();
        let fitted = decode(&bytes).and_then(|image| {
            let fit = Fit::new(image.size(), (frame.height, frame.width), self.resize)?;
            match (image, frame.channels) {
                (Image::Colour(_), 1) => Err("a colour image, for an input of one channel".to_owned()),
                (image, _) => Ok(image.fitted(&fit)),
            }
        });
        let image = fitted.map_err(|problem| {
            let error = Diagnostic::error("AFP0462", "the image cannot be used")
                .in_file(path.display().to_string())
                .expected(format!(
                    "an image for an input of {} rows, {} columns and {} channels",
                    frame.height, frame.width, frame.channels
                ))
                .found(problem);
            error.help("mend the file, or take it out of the folder")
        })?;
        Ok(match image {
            Image::Grey(image) => self.normalization.apply(|_, place| image.as_raw()[place]),
            Image::Colour(image) => {
                self.normalization.apply(|channel, place| image.as_raw()[3 * place + channel])
            }
        })
    }
}

/// The images and the folders in a folder, sorted by name; hidden ones are left out.
fn list(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), Diagnostic> {
    let failed = |problem: std::io::Error| unreadable(folder, &problem);
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        if !is_hidden {
            entries.push(path);
        }
    }
    entries.sort();
    let (folders, files): (Vec<_>, Vec<_>) = entries.into_iter().partition(|path| path.is_dir());
    let is_image = |path: &PathBuf| {
        let extension = path.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
        extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
    };
    Ok((files.into_iter().filter(is_image).collect(), folders))
}

/// Pixels of 8 bits per channel.
enum Image {
    Grey(GrayImage),
    Colour(RgbImage),
}

impl Image {
    /// Rows and columns.
    fn size(&self) -> (u32, u32) {
        match self {
            Self::Grey(image) => (image.height(), image.width()),
            Self::Colour(image) => (image.height(), image.width()),
        }
    }

    fn fitted(self, fit: &Fit) -> Self {
        match self {
            Self::Grey(image) => Self::Grey(fit.apply(image)),
            Self::Colour(image) => Self::Colour(fit.apply(image)),
        }
    }
}

/// Decodes an image. Transparency is dropped, more than 8 bits are rounded to them.
fn decode(bytes: &[u8]) -> Result<Image, String> {
    if bytes.starts_with(&[0xff, 0xd8]) {
        return decode_jpeg(bytes);
    }
    let mut reader =
        ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|problem| problem.to_string())?;
    if reader.format().is_none() {
        return Err(format!("a file that starts with {}", super::first_bytes(bytes)));
    }
    let (width, height) = {
        let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
        let size = reader.map_err(|problem| problem.to_string())?.into_dimensions();
        size.map_err(|problem| problem.to_string())?
    };
    check_size((height, width))?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(16 * MOST_PIXELS);
    reader.limits(limits);
    let image = reader.decode().map_err(|problem| problem.to_string())?;
    Ok(if image.color().has_color() {
        Image::Colour(image.into_rgb8())
    } else {
        Image::Grey(image.into_luma8())
    })
}

fn decode_jpeg(bytes: &[u8]) -> Result<Image, String> {
    let options = DecoderOptions::default().set_strict_mode(true);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|problem| problem.to_string())?;
    let Some(info) = decoder.info() else { return Err("a JPEG image without a size".into()) };
    let (height, width) = (u32::from(info.height), u32::from(info.width));
    check_size((height, width))?;
    let is_grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let space = if is_grey { ColorSpace::Luma } else { ColorSpace::RGB };
    decoder.set_options(options.jpeg_set_out_colorspace(space));
    let bytes = decoder.decode().map_err(|problem| problem.to_string())?;
    let image = if is_grey {
        GrayImage::from_raw(width, height, bytes).map(Image::Grey)
    } else {
        RgbImage::from_raw(width, height, bytes).map(Image::Colour)
    };
    image.ok_or_else(|| "a JPEG image of fewer pixels than it says".to_owned())
}

fn check_size((height, width): (u32, u32)) -> Result<(), String> {
    match u64::from(height) * u64::from(width) {
        0 => Err("an image without pixels".into()),
        pixels if pixels > MOST_PIXELS => Err(format!("{height} rows of {width} pixels, which is too large")),
        _ => Ok(()),
    }
}

/// How an image is brought to an input's size.
#[derive(Debug, PartialEq, Eq)]
struct Fit {
    /// Rows and columns that it is scaled to.
    scaled: (u32, u32),
    /// The first row and column that is kept.
    offset: (u32, u32),
    /// Rows and columns that are kept.
    kept: (u32, u32),
}

impl Fit {
    fn new(have: (u32, u32), want: (usize, usize), resize: Option<u32>) -> Result<Self, String> {
        let fits = |size: usize| u32::try_from(size).map_err(|_| "an input that is too large".to_owned());
        let want = (fits(want.0)?, fits(want.1)?);
        // Rounded down, but never below what covers the input.
        let times = |side: u32, by: u32, of: u32| u64::from(side) * u64::from(by) / u64::from(of);
        let is_wide = u64::from(have.1) * u64::from(want.0) >= u64::from(have.0) * u64::from(want.1);
        let scaled = match resize {
            Some(side) if have.0 <= have.1 => (u64::from(side), times(have.1, side, have.0)),
            Some(side) => (times(have.0, side, have.1), u64::from(side)),
            None if is_wide => (u64::from(want.0), times(have.1, want.0, have.0).max(u64::from(want.1))),
            None => (times(have.0, want.1, have.1).max(u64::from(want.0)), u64::from(want.1)),
        };
        if scaled.0 < u64::from(want.0) || scaled.1 < u64::from(want.1) {
            return Err(format!("{} rows of {} pixels after --resize", scaled.0, scaled.1));
        }
        if scaled.0.saturating_mul(scaled.1) > MOST_PIXELS {
            return Err(format!("{} rows of {} pixels, which is too narrow", have.0, have.1));
        }
        let scaled = (scaled.0 as u32, scaled.1 as u32);
        Ok(Self { scaled, offset: ((scaled.0 - want.0) / 2, (scaled.1 - want.1) / 2), kept: want })
    }

    fn apply<P: image::Pixel<Subpixel = u8> + 'static>(
        &self,
        image: image::ImageBuffer<P, Vec<u8>>,
    ) -> image::ImageBuffer<P, Vec<u8>> {
        let (height, width) = self.scaled;
        let scaled = if (image.height(), image.width()) == self.scaled {
            image
        } else {
            imageops::resize(&image, width, height, imageops::FilterType::Triangle)
        };
        imageops::crop_imm(&scaled, self.offset.1, self.offset.0, self.kept.1, self.kept.0).to_image()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shorter_side_decides_and_the_centre_is_kept() {
        let check = |have, want, resize, scaled, offset| {
            let kept = (want as u32, want as u32);
            assert_eq!(Fit::new(have, (want, want), resize), Ok(Fit { scaled, offset, kept }), "{have:?}");
        };
        check((8, 8), 8, None, (8, 8), (0, 0));
        check((16, 32), 8, None, (8, 16), (0, 4));
        check((31, 16), 8, None, (15, 8), (3, 0));
        check((500, 333), 224, Some(256), (384, 256), (80, 16));
        check((3, 4), 8, None, (8, 10), (0, 1));
    }

    #[test]
    fn what_does_not_cover_the_input_or_explodes_is_refused() {
        assert!(Fit::new((100, 100), (64, 64), Some(32)).is_err());
        assert!(Fit::new((1, 16384), (224, 224), None).is_err());
    }

    #[test]
    fn shrinking_averages() {
        let image = GrayImage::from_fn(4, 4, |x, _| image::Luma([if x < 2 { 0 } else { 200 }]));
        let fit = Fit::new((4, 4), (2, 2), None).expect("half the size");
        let small = fit.apply(image);
        assert_eq!((small.width(), small.height()), (2, 2));
        let [left, right] = [small.get_pixel(0, 0).0[0], small.get_pixel(1, 0).0[0]];
        assert!(left < 40 && right > 160 && left + right == 200, "{left} {right}");
    }

    #[test]
    fn what_is_no_image_is_refused() {
        for bytes in [&b""[..], b"no image", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"P6 2 2 255\n12"] {
            assert!(decode(bytes).is_err(), "{bytes:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(kind in 0..4usize, bytes: Vec<u8>) {
            let start: &[u8] =
                [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], b"\xff\xd8\xff\xe0", b"BM", b"P6 "][kind];
            let _ = decode(&[start, &bytes].concat());
        }
    }
}
