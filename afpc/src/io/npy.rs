//! NumPy's `.npy` arrays, read as a stream and written whole; `.npz` archives of them, read.
//!
//! The readers on crates.io were weighed and left: they multiply sizes of a header without a check,
//! allocate what it asks for, and parse it with recursion without a bound, and a file here comes from
//! anyone. The format is small: a magic number, a version, and a Python dictionary of three entries
//! (numpy.lib.format). An array is read in pieces of the caller's size, so a calibration set never
//! has to fit into memory, compressed or not.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    path::Path,
};

use afp_ir::diag::Diagnostic;

/// Headers are some hundred bytes; what is longer than this is no header.
const LONGEST_HEADER: usize = 64 * 1024;
const MAGIC: &[u8] = b"\x93NUMPY";

/// The type of an array's elements, in little-endian byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dtype {
    /// `<f4`
    F32,
    /// `<f8`
    F64,
    /// A signed integer of this many bytes.
    Int(usize),
    /// An unsigned integer of this many bytes.
    UInt(usize),
}

impl Dtype {
    fn parse(text: &str) -> Option<Self> {
        let little = text.strip_prefix(['<', '=', '|']).unwrap_or(text);
        Some(match little {
            "f4" => Self::F32,
            "f8" => Self::F64,
            "i1" | "i2" | "i4" | "i8" => Self::Int(little[1..].parse().ok()?),
            "u1" | "u2" | "u4" | "u8" => Self::UInt(little[1..].parse().ok()?),
            _ => return None,
        })
    }

    /// Bytes of one element.
    pub fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F64 => 8,
            Self::Int(bytes) | Self::UInt(bytes) => bytes,
        }
    }

    /// NumPy's name.
    pub fn name(self) -> String {
        match self {
            Self::F32 => "float32".into(),
            Self::F64 => "float64".into(),
            Self::Int(bytes) => format!("int{}", 8 * bytes),
            Self::UInt(bytes) => format!("uint{}", 8 * bytes),
        }
    }
}

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Type of the elements.
    pub dtype: Dtype,
    /// Sizes; none for a scalar. Their product fits `usize`.
    pub shape: Vec<usize>,
}

impl Header {
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }
}

/// An array whose elements are still to be read.
pub struct Array<'a> {
    file: String,
    header: Header,
    reader: Box<dyn Read + 'a>,
    position: usize,
}

impl<'a> Array<'a> {
    /// Reads the header. `file` is the name that diagnostics give.
    ///
    /// # Errors
    /// AFP0451 if this is no `.npy` array of a supported type.
    pub fn new(file: &str, mut reader: impl Read + 'a) -> Result<Self, Diagnostic> {
        let header = read_header(&mut reader).map_err(|problem| problem.in_file(file))?;
        Ok(Self { file: file.to_owned(), header, reader: Box::new(reader), position: 0 })
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The file's name, for diagnostics.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The next `count` elements, as `f32`; `f64` elements are rounded.
    ///
    /// # Errors
    /// AFP0452 if the elements are integers, AFP0451 if the file ends before.
    pub fn read_f32(&mut self, count: usize) -> Result<Vec<f32>, Diagnostic> {
        match self.header.dtype {
            Dtype::F32 => self.read(count, |b: [u8; 4]| f32::from_le_bytes(b)),
            Dtype::F64 => self.read(count, |b: [u8; 8]| f64::from_le_bytes(b) as f32),
            other => Err(Diagnostic::error("AFP0452", "samples have the wrong element type")
                .in_file(&self.file)
                .expected("float32 or float64, preprocessed as the network was trained")
                .found(other.name())
                .help(if other == Dtype::UInt(1) {
                    "say with --mean and --std how pixels become numbers, or save the preprocessed ones as float32"
                } else {
                    "preprocess before saving, as in np.save('x.npy', ((x / 255 - mean) / std).astype(np.float32))"
                })),
        }
    }

    /// The next `count` elements, of type `uint8`.
    ///
    /// # Errors
    /// AFP0451 if the file ends before.
    pub fn read_bytes(&mut self, count: usize) -> Result<Vec<u8>, Diagnostic> {
        self.read(count, |[byte]: [u8; 1]| byte)
    }

    /// All elements as integers: labels.
    ///
    /// # Errors
    /// AFP0452 if the elements are no integers that fit `i64`, AFP0451 if the file ends before.
    pub fn read_integers(&mut self) -> Result<Vec<i64>, Diagnostic> {
        let count = self.header.len();
        match self.header.dtype {
            Dtype::Int(1) => self.read(count, |b: [u8; 1]| i64::from(b[0] as i8)),
            Dtype::Int(2) => self.read(count, |b: [u8; 2]| i64::from(i16::from_le_bytes(b))),
            Dtype::Int(4) => self.read(count, |b: [u8; 4]| i64::from(i32::from_le_bytes(b))),
            Dtype::Int(8) => self.read(count, |b: [u8; 8]| i64::from_le_bytes(b)),
            Dtype::UInt(1) => self.read(count, |b: [u8; 1]| i64::from(b[0])),
            Dtype::UInt(2) => self.read(count, |b: [u8; 2]| i64::from(u16::from_le_bytes(b))),
            Dtype::UInt(4) => self.read(count, |b: [u8; 4]| i64::from(u32::from_le_bytes(b))),
            other => Err(Diagnostic::error("AFP0452", "labels have the wrong element type")
                .in_file(&self.file)
                .expected("integers, the class of each sample")
                .found(other.name())
                .help("save them with np.save('labels.npy', labels.astype(np.int64))")),
        }
    }

    /// Elements are read in pieces: what a header promises is not allocated before the file holds it.
    fn read<const N: usize, T>(
        &mut self,
        count: usize,
        convert: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>, Diagnostic> {
        const PIECE: usize = 64 * 1024;
        let mut buffer = vec![0; PIECE.min(count) * N];
        let mut elements = Vec::new();
        while elements.len() < count {
            let bytes = &mut buffer[..PIECE.min(count - elements.len()) * N];
            self.reader.read_exact(bytes).map_err(|problem| self.cut_short(elements.len(), &problem))?;
            elements.extend(bytes.as_chunks::<N>().0.iter().map(|&chunk| convert(chunk)));
        }
        self.position += count;
        Ok(elements)
    }

    fn cut_short(&self, read: usize, problem: &io::Error) -> Diagnostic {
        let error = malformed("the array cannot be read to its end").in_file(&self.file).expected(format!(
            "{} elements, {}",
            self.header.len(),
            shape_text(&self.header.shape)
        ));
        match problem.kind() {
            io::ErrorKind::UnexpectedEof => error.found(format!(
                "the end of the file after element {} or soon behind it",
                self.position + read
            )),
            _ => error.found(problem.to_string()),
        }
    }
}

/// Opens a `.npy` file, or the array `key` of a `.npz` archive (the only array, if there is one), and
/// lends it to `work`.
///
/// # Errors
/// AFP0101 if the file cannot be opened, AFP0451 if it holds no such array, and what `work` returns.
pub fn with_array<T, E: From<Diagnostic>>(
    path: &Path,
    key: &str,
    work: impl FnOnce(Array<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let name = path.display().to_string();
    let unreadable = |problem: io::Error| super::unreadable(path, &problem);
    let mut file = BufReader::new(File::open(path).map_err(unreadable)?);
    let mut start = [0; 4];
    let is_archive = file.read_exact(&mut start).is_ok() && start == *b"PK\x03\x04";
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    if !is_archive {
        return work(Array::new(&name, file)?);
    }
    let broken = |problem: zip::result::ZipError| {
        malformed("the .npz archive cannot be read").in_file(&name).found(problem.to_string())
    };
    let mut archive = zip::ZipArchive::new(file).map_err(broken)?;
    let names: Vec<String> = (0..archive.len())
        .filter_map(|index| {
            Some(String::from_utf8_lossy(archive.by_index_raw(index).ok()?.name_raw()).into_owned())
        })
        .collect();
    let wanted = format!("{key}.npy");
    let index = match names.iter().position(|name| *name == wanted) {
        Some(index) => index,
        None if names.len() == 1 => 0,
        None => {
            let keys: Vec<&str> =
                names.iter().map(|name| name.strip_suffix(".npy").unwrap_or(name)).collect();
            return Err(E::from(
                malformed("the .npz archive lacks an array")
                    .in_file(&name)
                    .expected(format!("an array with the key '{key}'"))
                    .found(if keys.is_empty() { "an empty archive".into() } else { keys.join(", ") })
                    .help(format!("save it with np.savez_compressed('data.npz', {key}={key})")),
            ));
        }
    };
    let member = archive.by_index(index).map_err(broken)?;
    work(Array::new(&name, BufReader::new(member))?)
}

/// Whether a file is a `.npz` archive with an array `key`.
pub fn has_array(path: &Path, key: &str) -> bool {
    let archive = File::open(path).ok().and_then(|file| zip::ZipArchive::new(BufReader::new(file)).ok());
    archive.is_some_and(|archive| archive.index_for_name(&format!("{key}.npy")).is_some())
}

/// Writes an `f32` array.
///
/// # Errors
/// What the writer reports.
pub fn write_f32(mut out: impl Write, shape: &[usize], values: &[f32]) -> io::Result<()> {
    let sizes: String = shape.iter().map(|size| format!("{size}, ")).collect();
    let mut text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", sizes.trim_end());
    // The data starts at a multiple of 64 bytes, behind 10 bytes and the text with its line end.
    let padding = (64 - (10 + text.len() + 1) % 64) % 64;
    text.push_str(&" ".repeat(padding));
    text.push('\n');
    out.write_all(MAGIC)?;
    out.write_all(&[1, 0])?;
    let length =
        u16::try_from(text.len()).map_err(|_| io::Error::other("the array has too many dimensions"))?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(text.as_bytes())?;
    for piece in values.chunks(64 * 1024) {
        let bytes: Vec<u8> = piece.iter().flat_map(|value| value.to_le_bytes()).collect();
        out.write_all(&bytes)?;
    }
    out.flush()
}

/// A shape as in `1x3x224x224`.
pub fn shape_text(shape: &[usize]) -> String {
    if shape.is_empty() {
        return "a scalar".into();
    }
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
}

fn malformed(message: &str) -> Diagnostic {
    Diagnostic::error("AFP0451", message)
}

fn read_header(reader: &mut impl Read) -> Result<Header, Diagnostic> {
    let no_npy = || {
        malformed("this is no NumPy array")
            .expected("a .npy file, or a .npz archive of them")
            .help("save it with np.save('x.npy', x.astype(np.float32))")
    };
    let mut start = [0; 8];
    reader.read_exact(&mut start).map_err(|_| no_npy().found("a file of less than 8 bytes"))?;
    if !start.starts_with(MAGIC) {
        return Err(no_npy().found(format!("a file that starts with {}", super::first_bytes(&start))));
    }
    let cut = |_| malformed("the header of the array is cut short");
    let length = match start[6] {
        1 => {
            let mut length = [0; 2];
            reader.read_exact(&mut length).map_err(cut)?;
            usize::from(u16::from_le_bytes(length))
        }
        2 | 3 => {
            let mut length = [0; 4];
            reader.read_exact(&mut length).map_err(cut)?;
            usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX)
        }
        other => {
            return Err(malformed("the array has an unknown version of the .npy format")
                .expected("1, 2 or 3")
                .found(other.to_string()));
        }
    };
    if length > LONGEST_HEADER {
        return Err(malformed("the header of the array is too long")
            .expected(format!("at most {LONGEST_HEADER} bytes"))
            .found(format!("{length} bytes")));
    }
    let mut text = vec![0; length];
    reader.read_exact(&mut text).map_err(cut)?;
    parse_header(&String::from_utf8_lossy(&text))
}

/// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`, in any order of entries.
fn parse_header(text: &str) -> Result<Header, Diagnostic> {
    let not_understood = |what: &str| {
        malformed("the header of the array is not understood")
            .expected(what)
            .found(text.trim_end().chars().take(200).collect::<String>())
    };
    let value = |key: &str| -> Option<&str> {
        let rest = text.split_once(&format!("'{key}'"))?.1.trim_start();
        Some(rest.strip_prefix(':')?.trim_start())
    };
    let descr = value("descr").ok_or_else(|| not_understood("an entry 'descr'"))?;
    let descr = descr
        .strip_prefix('\'')
        .and_then(|rest| rest.split_once('\''))
        .ok_or_else(|| not_understood("one type for all elements in 'descr'"))?
        .0;
    let dtype = Dtype::parse(descr).ok_or_else(|| {
        malformed("the elements of the array have an unsupported type")
            .expected("float32 or float64 for samples, integers for labels, little-endian")
            .found(format!("'{descr}'"))
            .help("convert with x.astype(np.float32)")
    })?;
    let shape = value("shape")
        .and_then(|rest| rest.strip_prefix('('))
        .and_then(|rest| rest.split_once(')'))
        .ok_or_else(|| not_understood("sizes in parentheses in 'shape'"))?
        .0;
    let shape: Vec<usize> = shape
        .split(',')
        .map(str::trim)
        .filter(|size| !size.is_empty())
        .map(str::parse)
        .collect::<Result<_, _>>()
        .map_err(|_| not_understood("sizes that are no negative numbers in 'shape'"))?;
    if shape.iter().try_fold(dtype.bytes(), |bytes, &size| bytes.checked_mul(size)).is_none() {
        return Err(malformed("the array is too large for this machine").found(shape_text(&shape)));
    }
    let order = value("fortran_order").ok_or_else(|| not_understood("an entry 'fortran_order'"))?;
    let stands_sideways = shape.iter().filter(|&&size| size > 1).count() > 1;
    match (order.starts_with("False"), order.starts_with("True")) {
        (true, _) => {}
        (_, true) if !stands_sideways => {}
        (_, true) => {
            return Err(malformed("the array is stored column by column")
                .expected("rows first (C order)")
                .found("'fortran_order': True")
                .help("save it with np.save('x.npy', np.ascontiguousarray(x))"));
        }
        _ => return Err(not_understood("True or False in 'fortran_order'")),
    }
    Ok(Header { dtype, shape })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes of an array, with a header of version 1 around `header`.
    fn npy(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([1, 0]);
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    #[track_caller]
    fn check_error(bytes: &[u8], expect: &str) {
        let result = Array::new("x.npy", bytes).and_then(|mut array| array.read_f32(array.header().len()));
        let text = result.expect_err("the array should be refused").to_string();
        assert!(text.contains(expect), "{text}");
    }

    #[test]
    fn what_is_written_is_read() {
        for shape in [vec![], vec![5], vec![2, 3], vec![1, 2, 3, 4]] {
            let count: usize = shape.iter().product();
            let values: Vec<f32> = (0..count).map(|i| i as f32 - 1.5).collect();
            let mut bytes = Vec::new();
            write_f32(&mut bytes, &shape, &values).expect("a vector takes all");
            assert_eq!((bytes.len() - 4 * count) % 64, 0);
            let mut array = Array::new("x.npy", &bytes[..]).expect("an array");
            assert_eq!(array.header(), &Header { dtype: Dtype::F32, shape });
            assert_eq!(array.read_f32(count).expect("all elements"), values);
        }
    }

    #[test]
    fn other_types_are_converted() {
        let bytes = npy(
            "{'shape': (2,), 'descr': '<f8', 'fortran_order': True}",
            &[[0; 8], 1.5f64.to_le_bytes()].concat(),
        );
        assert_eq!(Array::new("x", &bytes[..]).and_then(|mut a| a.read_f32(2)).expect("floats"), [0.0, 1.5]);
        for (descr, data, expect) in [
            ("|i1", vec![0xff], -1),
            ("|u1", vec![0xff], 255),
            ("<i2", vec![0xfe, 0xff], -2),
            ("<u2", vec![0xfe, 0xff], 65534),
            ("<i4", vec![7, 0, 0, 0], 7),
            ("<u4", vec![0xff; 4], 0xffff_ffff),
            ("<i8", vec![0xff; 8], -1),
        ] {
            let bytes =
                npy(&format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (1,), }}"), &data);
            assert_eq!(
                Array::new("x", &bytes[..]).and_then(|mut a| a.read_integers()).expect(descr),
                [expect]
            );
        }
    }

    #[test]
    fn malformed_arrays_are_refused() {
        let header = |shape: &str| format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
        check_error(b"", "less than 8 bytes");
        check_error(b"\x89PNG\r\n\x1a\n1234", "starts with 89 50 4e 47");
        check_error(b"\x93NUMPY\x01\x00\x20", "cut short");
        check_error(b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "too long");
        check_error(b"\x93NUMPY\x09\x00", "unknown version");
        check_error(&npy(&header("(4,)"), &[0; 15]), "the end of the file");
        check_error(&npy(&header("(-4,)"), &[]), "no negative numbers");
        check_error(&npy(&header("(18446744073709551615, 18446744073709551615)"), &[]), "too large");
        check_error(&npy(&header("(4611686018427387904,)"), &[]), "too large");
        check_error(&npy(&header("(1000000000000,)"), &[0; 8]), "the end of the file");
        check_error(&npy(&header("4"), &[0; 16]), "sizes in parentheses");
        check_error(&npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", &[]), "unsupported type");
        check_error(&npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}", &[]), "unsupported type");
        check_error(
            &npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", &[]),
            "one type",
        );
        check_error(&npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2)}", &[]), "C order");
        check_error(&npy("{'descr': '<f4', 'fortran_order': 1, 'shape': (2, 2)}", &[]), "True or False");
        check_error(&npy(&"(".repeat(60000), &[]), "an entry 'descr'");
        check_error(
            &npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1,)}", &[0]),
            "float32 or float64",
        );
    }
}
