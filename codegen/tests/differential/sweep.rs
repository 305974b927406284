//! Kernels at sizes that are no multiple of a tile: one program for each size, with every kind of contraction,
//! stride and format on its one input.

use std::fmt::Write as _;

use afp_ir::numerics::Format;

use crate::{
    case::{Case, Form},
    graph::Random,
};

/// Rows, columns and channels: few and many pixels, channels that fill no vector, one, and several.
const SIZES: [[i64; 3]; 22] = [
    [1, 1, 1],
    [1, 7, 3],
    [2, 13, 5],
    [3, 17, 33],
    [7, 1, 5],
    [7, 7, 8],
    [5, 17, 16],
    [9, 13, 4],
    [13, 2, 16],
    [3, 9, 32],
    [5, 5, 40],
    [4, 6, 48],
    [2, 17, 64],
    [7, 3, 65],
    [3, 3, 96],
    [6, 5, 80],
    [1, 17, 12],
    [17, 1, 20],
    [5, 33, 8],
    [4, 18, 16],
    [1, 1, 128],
    [6, 6, 72],
];

/// Formats of inputs, in turn: every way that a value is stored.
const INPUTS: [&str; 6] = ["ue0m8", "e0m7", "e2m4", "ue2m5", "e2m5", "ue1m7"];
/// Formats of weights, in turn: sums of two products fit 16 bits, or do not.
const WEIGHTS: [&str; 5] = ["e2m2", "e0m7", "e2m4", "e0m3", "e3m2"];
/// Formats of results, in turn.
const RESULTS: [&str; 5] = ["ue0m8", "e0m7", "ue2m5", "e2m4", "ue0m7"];

/// Outputs, kernel and stride of a convolution; no outputs for a depthwise one.
const LAYERS: [(i64, i64, i64); 10] = [
    (0, 3, 1),
    (0, 3, 2),
    (0, 5, 1),
    (0, 5, 2),
    (0, 3, 1),
    (33, 1, 1),
    (16, 3, 1),
    (5, 3, 2),
    (64, 1, 2),
    (21, 5, 1),
];

/// Outputs of products of one row with packed weights: vectors that overlap, and numbers of them that three and four
/// divide.
const MATRICES: [i64; 8] = [16, 17, 64, 79, 100, 128, 193, 205];
/// Weights of such a product, at most: simulators take a second for some ten million.
const MOST_WEIGHTS: i64 = 1 << 16;
/// Their formats, in turn: every width up to 7 bits, with and without exponents and signs.
const PACKED: [&str; 11] =
    ["e2m2", "e0m3", "e2m3", "e2m4", "e2m1", "e1m1", "ue0m1", "e3m0", "e0m6", "ue2m4", "e0m1"];

/// How many programs there are.
pub fn count() -> usize {
    SIZES.len()
}

/// The program of a number, and samples for it.
pub fn case(number: usize) -> Case {
    let seed = number as u64 + 1;
    Case { seed, text: program(number, SIZES[number]), form: Form::Exact }
}

fn pick<'t>(names: &[&'t str], at: usize) -> &'t str {
    names[at % names.len()]
}

fn program(number: usize, [rows, columns, channels]: [i64; 3]) -> String {
    let mut random = Random(number as u64 ^ 0x51);
    let input = pick(&INPUTS, number);
    let (mut body, mut types, mut results) = (String::new(), Vec::new(), Vec::new());
    let mut stored = Vec::new();
    let shape = format!("1x{rows}x{columns}x{channels}");
    let _ = writeln!(body, "  %x0 = afp.quantize %x : tensor<{shape}xf32> to tensor<{shape}x!x>");
    for (index, (outputs, kernel, stride)) in LAYERS.into_iter().enumerate() {
        let (weights, result) = (pick(&WEIGHTS, number + index), pick(&RESULTS, number / 2 + index));
        let (pad, depthwise) = (kernel / 2, outputs == 0);
        let size = |n: i64| (n + 2 * pad - kernel) / stride + 1;
        let outputs = if depthwise { channels } else { outputs };
        let taps = kernel * kernel * if depthwise { 1 } else { channels };
        let weight_shape = match depthwise {
            true => format!("{kernel}x{kernel}x{channels}x1"),
            false => format!("{outputs}x{kernel}x{kernel}x{channels}"),
        };
        let codes = codes(weights, taps * outputs, &mut random);
        let weight = format!("tensor<{weight_shape}x!afp.float<{weights}, exp = 0>>");
        let _ = writeln!(
            body,
            "  %w{index} = afp.constant dense<\"0x{codes}\"> : tensor<{weight_shape}xi8> : {weight}"
        );
        let shape_out = format!("1x{}x{}x{outputs}", size(rows), size(columns));
        let name = if depthwise { "depthwise_conv2d" } else { "conv2d" };
        let _ = writeln!(
            body,
            "  %s{index} = afp.{name} %x0, %w{index} {{pad = array<i64: {pad}, {pad}, {pad}, {pad}>, stride = array<i64: {stride}, {stride}>}} : (tensor<{shape}x!x>, {weight}) -> tensor<{shape_out}x!afp.exact>"
        );
        // Of some layers, each channel has a limit of its own.
        let limits = match index % 3 {
            0 => String::new(),
            1 => "{lo = array<i32: 0>} ".to_owned(),
            _ => {
                let limit = |_| (20 + random.bits() % 40).to_string();
                let all: Vec<String> = (0..outputs).map(limit).collect();
                format!("{{hi = array<i32: {}>}} ", all.join(", "))
            }
        };
        let exp = taps.ilog2() as i32 / 2 - 1;
        let coded = format!("!afp.float<{result}, exp = {exp}>");
        let _ = writeln!(
            body,
            "  %e{index} = afp.encode %s{index} {limits}: tensor<{shape_out}x!afp.exact> to tensor<{shape_out}x{coded}>"
        );
        let _ = writeln!(
            body,
            "  %d{index} = afp.dequantize %e{index} : tensor<{shape_out}x{coded}> to tensor<{shape_out}xf32>"
        );
        types.push(format!("tensor<{shape_out}xf32>"));
        results.push(format!("%d{index}"));
        stored.push((format!("tensor<{shape_out}x{coded}>"), coded, exp));
    }
    // Products of one row: the result of a layer, all of whose channels fill whole steps, in another shape.
    let (layer, length) = (6, rows * columns * LAYERS[6].0);
    let (from, coded, exp) = &stored[layer];
    let to = format!("tensor<1x{length}x{coded}>");
    let _ = writeln!(body, "  %row = afp.reshape %e{layer} : {from} to {to}");
    for index in 0..3 {
        let fits = |outputs: &i64| outputs * length <= MOST_WEIGHTS;
        let turn = MATRICES.into_iter().cycle().skip(3 * number + index);
        let outputs = turn.take(MATRICES.len()).find(fits).unwrap_or(MATRICES[0]);
        let (weights, result) = (pick(&PACKED, 3 * number + index), pick(&RESULTS, number + index));
        let codes = codes(weights, outputs * length, &mut random);
        let weight = format!("tensor<{outputs}x{length}x!afp.float<{weights}, exp = 0>>");
        let (sums, out) = (format!("tensor<1x{outputs}x!afp.exact>"), exp + length.ilog2() as i32 / 2);
        let out = format!("tensor<1x{outputs}x!afp.float<{result}, exp = {out}>>");
        let _ = writeln!(
            body,
            "  %m{index} = afp.constant dense<\"0x{codes}\"> : tensor<{outputs}x{length}xi8> : {weight}"
        );
        let _ =
            writeln!(body, "  %p{index} = afp.fully_connected %row, %m{index} : ({to}, {weight}) -> {sums}");
        let _ = writeln!(body, "  %q{index} = afp.encode %p{index} : {sums} to {out}");
        let _ = writeln!(body, "  %r{index} = afp.dequantize %q{index} : {out} to tensor<1x{outputs}xf32>");
        types.push(format!("tensor<1x{outputs}xf32>"));
        results.push(format!("%r{index}"));
    }
    let (results, types) = (results.join(", "), types.join(", "));
    format!(
        "!x = !afp.float<{input}, exp = -6>\n\
         func.func @f(%x: tensor<{shape}xf32>) -> ({types}) {{\n{body}  return {results} : {types}\n}}\n"
    )
}

/// Random codes of a format, as hexadecimal digits; the extremes among them.
fn codes(format: &str, count: i64, random: &mut Random) -> String {
    let Ok(format) = format.parse::<Format>() else { return String::new() };
    let all: Vec<_> = format.canonical_codes().collect();
    (0..count).fold(String::new(), |mut text, _| {
        let code = all[random.bits() as usize % all.len()];
        let _ = write!(text, "{:02X}", code as u8);
        text
    })
}
