//! Codes of the diagnostics of importers.

/// A bug in afpc.
pub const INTERNAL: &str = "AFP0001";
/// The file is empty.
pub const EMPTY: &str = "AFP0102";
/// The file ends early.
pub const TRUNCATED: &str = "AFP0103";
/// The file is of a kind that is recognised and not read.
pub const OTHER_KIND: &str = "AFP0104";
/// The file is of no known kind.
pub const UNKNOWN_KIND: &str = "AFP0105";
/// The file is of a known kind and damaged.
pub const DAMAGED: &str = "AFP0106";
/// A module has not the one function that is expected, or not with the expected types.
pub const BAD_FUNCTION: &str = "AFP0107";
/// An option does not fit the model.
pub const BAD_OPTION: &str = "AFP0108";
/// An operator is not supported.
pub const UNSUPPORTED_OP: &str = "AFP0110";
/// An operator is supported, but not in this form.
pub const UNSUPPORTED_FORM: &str = "AFP0111";
/// A node breaks the rules of its format.
pub const BAD_NODE: &str = "AFP0112";
/// Shapes do not fit an operator, or are out of range.
pub const BAD_SHAPE: &str = "AFP0113";
/// The shape of an input is not known.
pub const UNKNOWN_SHAPE: &str = "AFP0114";
/// An element type is not supported.
pub const DATA_TYPE: &str = "AFP0115";
/// A weight is NaN or infinite.
pub const NON_FINITE: &str = "AFP0116";
/// Weights are kept in another file.
pub const EXTERNAL_DATA: &str = "AFP0117";
/// A constant's data does not fit its shape.
pub const BAD_TENSOR: &str = "AFP0118";
/// The graph breaks the rules of its format.
pub const BAD_GRAPH: &str = "AFP0119";
