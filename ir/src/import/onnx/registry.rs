//! The operators of ONNX that are imported. The importer dispatches on this table, and the list of
//! supported operators is printed from it.

use super::{
    graph::{Graph, Outputs},
    node::Node,
    ops::{arithmetic, functions, linear, normalization, reduce, shape, slice, window},
};

/// An operator of ONNX.
pub struct Operator {
    /// Its name.
    pub name: &'static str,
    /// What of it is supported; empty if all is.
    pub limits: &'static str,
    /// What it becomes.
    pub becomes: &'static str,
    /// The attributes that are read, or that change nothing. Another one is an error.
    pub attributes: &'static [&'static str],
    /// Imports a node.
    pub import: for<'g, 'n> fn(&'g mut Graph<'n>, &'g Node<'n>) -> Outputs,
}

const CONV: &[&str] = &["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"];
const POOL: &[&str] = &[
    "auto_pad",
    "ceil_mode",
    "count_include_pad",
    "dilations",
    "kernel_shape",
    "pads",
    "storage_order",
    "strides",
];
const BINARY: &[&str] = &["consumed_inputs"];
const REDUCE: &[&str] = &["axes", "keepdims", "noop_with_empty_axes"];
const UNARY: &[&str] = &["consumed_inputs"];

macro_rules! operators {
    ($($name:literal $limits:literal => $becomes:literal, $attributes:expr, $import:path;)*) => {
        &[$(Operator { name: $name, limits: $limits, becomes: $becomes, attributes: $attributes, import: $import }),*]
    };
}

/// Every operator, in alphabetical order.
pub static OPERATORS: &[Operator] = operators! {
    "Abs" "" => "abs", UNARY, functions::abs;
    "Add" "" => "add", BINARY, arithmetic::add;
    "AveragePool" "1 or 2 spatial dimensions, no dilation" => "avg_pool2d; pad before it if padding is counted", POOL, window::average_pool;
    "BatchNormalization" "inference, constant parameters" => "mul, add", &["epsilon", "momentum", "spatial", "training_mode", "is_test", "consumed_inputs"], normalization::batch_normalization;
    "Cast" "constants; float32 to float32" => "nothing", &["to", "saturate"], shape::cast;
    "Clip" "constant limits" => "clamp", &["min", "max", "consumed_inputs"], functions::clip;
    "Concat" "" => "concat", &["axis"], shape::concat;
    "Constant" "float and integer tensors" => "const", &["value", "value_float", "value_floats", "value_int", "value_ints", "value_string", "value_strings", "sparse_value"], shape::constant;
    "ConstantOfShape" "constant shape" => "const", &["value"], shape::constant_of_shape;
    "Conv" "1 or 2 spatial dimensions, constant weights" => "conv2d, depthwise_conv2d; other groups: slice, conv2d, concat", CONV, window::conv;
    "Div" "" => "mul by the reciprocal", BINARY, arithmetic::div;
    "Dropout" "inference, first output" => "nothing", &["ratio", "seed", "is_test", "consumed_inputs"], shape::dropout;
    "Elu" "" => "clamp, exp, add, mul, add", &["alpha", "consumed_inputs"], functions::elu;
    "Erf" "" => "erf", UNARY, functions::erf;
    "Exp" "" => "exp", UNARY, functions::exp;
    "Flatten" "" => "reshape", &["axis"], shape::flatten;
    "Gather" "constant indices" => "slice, concat", &["axis"], shape::gather;
    "Gelu" "without approximation" => "mul, erf, add, mul, mul", &["approximate"], functions::gelu;
    "Gemm" "" => "conv2d with a 1x1 kernel; matmul if B is computed", &["alpha", "beta", "transA", "transB"], linear::gemm;
    "GlobalAveragePool" "1 or 2 spatial dimensions" => "avg_pool2d", &[], window::global_average_pool;
    "GlobalMaxPool" "1 or 2 spatial dimensions" => "max_pool2d", &[], window::global_max_pool;
    "HardSigmoid" "" => "mul, add, clamp", &["alpha", "beta", "consumed_inputs"], functions::hard_sigmoid;
    "HardSwish" "" => "mul, add, clamp, mul", &[], functions::hard_swish;
    "Identity" "" => "nothing", &[], shape::identity;
    "LeakyRelu" "" => "mul, maximum", &["alpha", "consumed_inputs"], functions::leaky_relu;
    "Log" "" => "log", UNARY, functions::log;
    "MatMul" "leading dimensions equal, or a single matrix" => "conv2d with a 1x1 kernel if B is constant, else matmul", &[], linear::matmul;
    "Max" "" => "maximum", BINARY, arithmetic::max;
    "MaxPool" "1 or 2 spatial dimensions, no dilation, first output" => "max_pool2d", POOL, window::max_pool;
    "Mean" "" => "add, mul", BINARY, arithmetic::mean;
    "Min" "" => "minimum", BINARY, arithmetic::min;
    "Mul" "" => "mul", BINARY, arithmetic::mul;
    "Neg" "" => "mul by -1", UNARY, functions::neg;
    "PRelu" "" => "clamp, mul, add", BINARY, functions::p_relu;
    "Pad" "constant mode, constant widths and value" => "pad; slice for negative widths", &["mode", "pads", "paddings", "value"], shape::pad;
    "Pow" "one constant exponent" => "mul for 2 and 3, else pow", BINARY, functions::pow;
    "Reciprocal" "" => "reciprocal", UNARY, functions::reciprocal;
    "ReduceMax" "constant axes" => "reduce_max", REDUCE, reduce::max;
    "ReduceMean" "constant axes" => "avg_pool2d over height and width, else reduce_sum, mul", REDUCE, reduce::mean;
    "ReduceMin" "constant axes" => "reduce_min", REDUCE, reduce::min;
    "ReduceSum" "constant axes" => "reduce_sum", REDUCE, reduce::sum;
    "Relu" "" => "clamp", UNARY, functions::relu;
    "Reshape" "constant shape" => "reshape", &["shape", "allowzero", "consumed_inputs"], shape::reshape;
    "Shape" "" => "a constant", &["start", "end"], shape::shape;
    "Sigmoid" "" => "sigmoid", UNARY, functions::sigmoid;
    "Slice" "constant bounds, at least one element" => "slice; for steps reverse, pad, reshape, slice, reshape", &["starts", "ends", "axes"], slice::slice;
    "Softmax" "" => "reduce_max, sub, exp, reduce_sum, reciprocal, mul", &["axis"], normalization::softmax;
    "Split" "constant sizes" => "slice", &["axis", "split", "num_outputs"], slice::split;
    "Sqrt" "" => "rsqrt, reciprocal", UNARY, functions::sqrt;
    "Squeeze" "constant axes" => "reshape", &["axes"], shape::squeeze;
    "Sub" "" => "sub", BINARY, arithmetic::sub;
    "Sum" "" => "add", BINARY, arithmetic::sum;
    "Tanh" "" => "tanh", UNARY, functions::tanh;
    "Transpose" "" => "transpose, or nothing between NCHW and NHWC", &["perm"], shape::transpose;
    "Unsqueeze" "constant axes" => "reshape", &["axes"], shape::unsqueeze;
};

/// The operator of a name.
pub fn find(name: &str) -> Option<&'static Operator> {
    OPERATORS.iter().find(|operator| operator.name == name)
}

/// What to do about an operator that is not supported.
pub fn hint(name: &str) -> &'static str {
    match name {
        "QuantizeLinear"
        | "DequantizeLinear"
        | "QLinearConv"
        | "QLinearMatMul"
        | "ConvInteger"
        | "MatMulInteger"
        | "DynamicQuantizeLinear" => {
            "the model is already quantized: give afpc the float model, it quantizes by itself"
        }
        "If" | "Loop" | "Scan" => {
            "control flow is not supported: export the model for fixed input shapes, or fold it with onnxsim"
        }
        "LSTM" | "GRU" | "RNN" => "recurrent layers are not supported",
        _ => "`afpc ops` lists what is supported; onnxsim may fold it away",
    }
}
