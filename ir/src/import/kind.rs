//! What sort of file it is, told by its content.

use super::code;
use crate::diag::Diagnostic;

/// What can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// MLIR, text or bytecode.
    Mlir,
    /// ONNX.
    Onnx,
}

const WANTED: &str = "an ONNX model, MLIR text or MLIR bytecode";

/// Beginnings of files that users give by mistake: offset, bytes, what it is, help.
const MAGICS: &[(usize, &[u8], &str, &str)] = &[
    (
        4,
        b"TFL3",
        "a TensorFlow Lite model",
        "TensorFlow Lite is not supported yet: convert it to ONNX with tf2onnx",
    ),
    (
        0,
        b"PK\x03\x04",
        "a zip archive (PyTorch checkpoint, npz or Keras file)",
        "export the model to ONNX: torch.onnx.export or tf2onnx",
    ),
    (0, b"\x89PNG", "a PNG image", ""),
    (0, b"\xff\xd8\xff", "a JPEG image", ""),
    (0, b"\x93NUMPY", "a NumPy array", "the model comes first, arrays go to --input or --calib"),
    (0, b"\x89HDF", "an HDF5 file (Keras)", "export the model to ONNX with tf2onnx"),
    (0, b"\x1f\x8b", "a gzip archive", "unpack it first"),
    (0, b"\xfd7zXZ", "an xz archive", "unpack it first"),
    (0, b"BZh", "a bzip2 archive", "unpack it first"),
    (0, b"\x28\xb5\x2f\xfd", "a zstd archive", "unpack it first"),
    (0, b"\x7fELF", "an ELF object", ""),
    (0, b"BC\xc0\xde", "LLVM bitcode", ""),
    (0, b"%PDF", "a PDF document", ""),
    (0, b"\x80\x02", "a Python pickle", "export the model to ONNX: torch.onnx.export"),
    (0, b"version https://git-lfs", "a Git LFS pointer, not the file itself", "fetch the file: git lfs pull"),
    (0, b"<", "an HTML or XML document", "the download may have gone wrong: open the file in an editor"),
    (0, b"{\"", "a JSON document", ""),
];

/// Tells what a file is.
///
/// # Errors
/// If it is empty, ends early, or is nothing that can be read.
pub fn detect(path: &str, bytes: &[u8]) -> Result<Kind, Box<Diagnostic>> {
    if bytes.is_empty() {
        return Err(Box::new(
            Diagnostic::error(code::EMPTY, "the file is empty").in_file(path).expected(WANTED),
        ));
    }
    if bytes.starts_with(b"ML\xefR") {
        return Ok(Kind::Mlir);
    }
    for (offset, magic, what, help) in MAGICS {
        if bytes.get(*offset..).is_some_and(|rest| rest.starts_with(magic)) {
            let mut diagnostic = Diagnostic::error(code::OTHER_KIND, "the file is of another kind")
                .in_file(path)
                .expected(WANTED)
                .found(*what);
            diagnostic.help = (!help.is_empty()).then(|| (*help).to_owned());
            return Err(Box::new(diagnostic));
        }
    }
    if is_text(bytes) {
        return Ok(Kind::Mlir);
    }
    match scan(bytes) {
        Scan::Model => Ok(Kind::Onnx),
        Scan::Truncated { expected, found } => Err(Box::new(
            Diagnostic::error(code::TRUNCATED, "the file ends early")
                .in_file(path)
                .expected(format!("{expected} bytes, as its own lengths say"))
                .found(format!("{found} bytes"))
                .help("copy or download the model again"),
        )),
        Scan::Other => Err(Box::new(
            Diagnostic::error(code::UNKNOWN_KIND, "the file is of no known kind")
                .in_file(path)
                .expected(WANTED)
                .found(format!("{} bytes that are none of these", bytes.len())),
        )),
    }
}

/// Whether the bytes are UTF-8 without control characters: ONNX begins with one.
fn is_text(bytes: &[u8]) -> bool {
    let control = |byte: &u8| *byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c);
    !bytes.iter().any(control) && std::str::from_utf8(bytes).is_ok()
}

#[derive(Debug, PartialEq, Eq)]
enum Scan {
    Model,
    Truncated { expected: u64, found: u64 },
    Other,
}

/// Walks over the outermost fields of an ONNX ModelProto: their numbers and wire types are those of
/// onnx.proto, and it has a graph or breaks off.
fn scan(bytes: &[u8]) -> Scan {
    let total = bytes.len() as u64;
    let mut at = 0usize;
    let mut fields = 0;
    let mut has_graph = false;
    while at < bytes.len() {
        let short = Scan::Truncated { expected: total + 1, found: total };
        let Some(key) = varint(bytes, &mut at) else { return if fields > 0 { short } else { Scan::Other } };
        match (key >> 3, key & 7) {
            (1 | 5, 0) => {
                if varint(bytes, &mut at).is_none() {
                    return if fields > 0 { short } else { Scan::Other };
                }
            }
            (field @ (2 | 3 | 4 | 6 | 7 | 8 | 14 | 20 | 25 | 26), 2) => {
                let Some(length) = varint(bytes, &mut at) else {
                    return if fields > 0 { short } else { Scan::Other };
                };
                let end = (at as u64).saturating_add(length);
                if end > total {
                    return if fields > 0 {
                        Scan::Truncated { expected: end, found: total }
                    } else {
                        Scan::Other
                    };
                }
                has_graph |= field == 7;
                at = end as usize;
            }
            _ => return if has_graph { Scan::Model } else { Scan::Other },
        }
        fields += 1;
    }
    if has_graph { Scan::Model } else { Scan::Other }
}

fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
