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

/// The layer whose result becomes one row, since its channels fill whole steps.
const ROW_OF: usize = 6;

/// Outputs and kernel of what a concat joins: the depthwise convolution has no outputs, the maximum no kernel.
const BRANCHES: [(i64, i64); 4] = [(8, 1), (20, 3), (0, 3), (0, 0)];

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

/// A program while it is written.
struct Program {
    number: usize,
    random: Random,
    body: String,
    types: Vec<String>,
    results: Vec<String>,
}

fn program(number: usize, [rows, columns, channels]: [i64; 3]) -> String {
    let random = Random(number as u64 ^ 0x51);
    let mut program = Program { number, random, body: String::new(), types: Vec::new(), results: Vec::new() };
    let shape = format!("1x{rows}x{columns}x{channels}");
    program.line(&format!("%x0 = afp.quantize %x : tensor<{shape}xf32> to tensor<{shape}x!x>"));
    let row = program.layers([rows, columns, channels]);
    program.matrices(&row, rows * columns * LAYERS[ROW_OF].0);
    if number.is_multiple_of(2) {
        program.branches([rows, columns, channels]);
    }
    let Program { body, types, results, .. } = program;
    let (results, types, input) = (results.join(", "), types.join(", "), pick(&INPUTS, number));
    format!(
        "!x = !afp.float<{input}, exp = -6>\n!y = !afp.float<ue0m8, exp = 0>\n\
         func.func @f(%x: tensor<{shape}xf32>) -> ({types}) {{\n{body}  return {results} : {types}\n}}\n"
    )
}

impl Program {
    fn line(&mut self, text: &str) {
        let _ = writeln!(self.body, "  {text}");
    }

    /// Random weights; their type.
    fn weights(&mut self, name: &str, format: &str, shape: &str) -> String {
        let count = shape.split('x').map(|size| size.parse::<i64>().unwrap_or(1)).product();
        let codes = codes(format, count, &mut self.random);
        let ty = format!("tensor<{shape}x!afp.float<{format}, exp = 0>>");
        self.line(&format!("{name} = afp.constant dense<\"0x{codes}\"> : tensor<{shape}xi8> : {ty}"));
        ty
    }

    /// A convolution of feature maps, or a depthwise one for no outputs; the shape of its sums. A kernel reaches half
    /// its size beyond the edges.
    fn sums(
        &mut self,
        (from, to): (&str, &str),
        [rows, columns, channels]: [i64; 3],
        (outputs, kernel, stride): (i64, i64, i64),
        (ty, format): (&str, &str),
    ) -> String {
        let (pad, depthwise) = (kernel / 2, outputs == 0);
        let size = |n: i64| (n + 2 * pad - kernel) / stride + 1;
        let outputs = if depthwise { channels } else { outputs };
        let weight_shape = match depthwise {
            true => format!("{kernel}x{kernel}x{channels}x1"),
            false => format!("{outputs}x{kernel}x{kernel}x{channels}"),
        };
        let weights = format!("%w_{}", &to[1..]);
        let weight = self.weights(&weights, format, &weight_shape);
        let shape_out = format!("1x{}x{}x{outputs}", size(rows), size(columns));
        let name = if depthwise { "depthwise_conv2d" } else { "conv2d" };
        self.line(&format!(
            "{to} = afp.{name} {from}, {weights} {{pad = array<i64: {pad}, {pad}, {pad}, {pad}>, stride = array<i64: {stride}, {stride}>}} : (tensor<1x{rows}x{columns}x{channels}x{ty}>, {weight}) -> tensor<{shape_out}x!afp.exact>"
        ));
        shape_out
    }

    /// Makes a coded value a result of the program.
    fn give(&mut self, value: &str, shape: &str, coded: &str) {
        let result = format!("%d_{}", &value[1..]);
        self.line(&format!(
            "{result} = afp.dequantize {value} : tensor<{shape}x{coded}> to tensor<{shape}xf32>"
        ));
        self.types.push(format!("tensor<{shape}xf32>"));
        self.results.push(result);
    }

    /// Every kind of contraction on the input. The type of the result of [`ROW_OF`], in another shape: `%row`.
    fn layers(&mut self, [rows, columns, channels]: [i64; 3]) -> (String, i32) {
        let (number, mut row) = (self.number, (String::new(), 0));
        for (index, layer) in LAYERS.into_iter().enumerate() {
            let (outputs, kernel, _) = layer;
            let (weights, result) = (pick(&WEIGHTS, number + index), pick(&RESULTS, number / 2 + index));
            let names = ("%x0", format!("%s{index}"));
            let shape = self.sums((names.0, &names.1), [rows, columns, channels], layer, ("!x", weights));
            let taps = kernel * kernel * if outputs == 0 { 1 } else { channels };
            // Of some layers, each channel has a limit of its own.
            let limits = match index % 3 {
                0 => String::new(),
                1 => "{lo = array<i32: 0>} ".to_owned(),
                _ => {
                    let limit = |_| (20 + self.random.bits() % 40).to_string();
                    let count = if outputs == 0 { channels } else { outputs };
                    let all: Vec<String> = (0..count).map(limit).collect();
                    format!("{{hi = array<i32: {}>}} ", all.join(", "))
                }
            };
            let exp = taps.ilog2() as i32 / 2 - 1;
            let coded = format!("!afp.float<{result}, exp = {exp}>");
            self.line(&format!(
                "%e{index} = afp.encode %s{index} {limits}: tensor<{shape}x!afp.exact> to tensor<{shape}x{coded}>"
            ));
            self.give(&format!("%e{index}"), &shape, &coded);
            if index == ROW_OF {
                let length = rows * columns * outputs;
                let to = format!("tensor<1x{length}x{coded}>");
                self.line(&format!("%row = afp.reshape %e{index} : tensor<{shape}x{coded}> to {to}"));
                row = (to, exp);
            }
        }
        row
    }

    /// Products of one row.
    fn matrices(&mut self, (row, exp): &(String, i32), length: i64) {
        let number = self.number;
        for index in 0..3 {
            let fits = |outputs: &i64| outputs * length <= MOST_WEIGHTS;
            let turn = MATRICES.into_iter().cycle().skip(3 * number + index);
            let outputs = turn.take(MATRICES.len()).find(fits).unwrap_or(MATRICES[0]);
            let (weights, result) = (pick(&PACKED, 3 * number + index), pick(&RESULTS, number + index));
            let weight = self.weights(&format!("%m{index}"), weights, &format!("{outputs}x{length}"));
            let (sums, shape) = (format!("tensor<1x{outputs}x!afp.exact>"), format!("1x{outputs}"));
            let coded = format!("!afp.float<{result}, exp = {}>", exp + length.ilog2() as i32 / 2);
            self.line(&format!(
                "%p{index} = afp.fully_connected %row, %m{index} : ({row}, {weight}) -> {sums}"
            ));
            self.line(&format!("%q{index} = afp.encode %p{index} : {sums} to tensor<{shape}x{coded}>"));
            self.give(&format!("%q{index}"), &shape, &coded);
        }
    }

    /// Branches that end in a concat, and a convolution of that: what each computes lies in the concat's buffer, but
    /// for the input, which others read, too.
    fn branches(&mut self, [rows, columns, channels]: [i64; 3]) {
        let tensor = |channels: i64, ty: &str| format!("tensor<1x{rows}x{columns}x{channels}x{ty}>");
        let (mut operands, mut types, mut all) = (Vec::new(), Vec::new(), 0);
        for (index, (outputs, kernel)) in BRANCHES.into_iter().enumerate() {
            let branch = format!("%b{index}");
            let count = if outputs > 0 { outputs } else { channels };
            match kernel {
                0 => self.line(&format!(
                    "{branch} = afp.max_pool2d %x0 {{kernel = array<i64: 3, 3>, pad = array<i64: 1, 1, 1, 1>}} : ({}) -> {}",
                    tensor(channels, "!x"),
                    tensor(channels, "!x")
                )),
                _ => {
                    let (sums, weights) = (format!("%t{index}"), pick(&WEIGHTS, self.number + index));
                    self.sums(("%x0", &sums), [rows, columns, channels], (outputs, kernel, 1), ("!x", weights));
                    let (sums_type, to) = (tensor(count, "!afp.exact"), tensor(count, "!x"));
                    self.line(&format!("{branch} = afp.encode {sums} : {sums_type} to {to}"));
                }
            }
            operands.push(branch);
            types.push(tensor(count, "!x"));
            all += count;
        }
        operands.insert(1 + self.number % 3, "%x0".to_owned());
        types.insert(1 + self.number % 3, tensor(channels, "!x"));
        all += channels;
        let (operands, types, whole) = (operands.join(", "), types.join(", "), tensor(all, "!x"));
        self.line(&format!("%all = afp.concat {operands} {{axis = 3 : i64}} : ({types}) -> {whole}"));
        self.give("%all", &format!("1x{rows}x{columns}x{all}"), "!x");
        let kernel = 1 + 2 * (self.number as i64 / 2 % 2);
        let shape = self.sums(("%all", "%sall"), [rows, columns, all], (16, kernel, 1), ("!x", "e2m2"));
        self.line(&format!("%eall = afp.encode %sall : tensor<{shape}x!afp.exact> to tensor<{shape}x!y>"));
        self.give("%eall", &shape, "!y");
    }
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
