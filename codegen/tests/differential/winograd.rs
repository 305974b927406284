//! Convolutions of 3x3 for Winograd's transforms: few pixels and many, odd numbers of them, channels that fill no
//! vector, sums that are added to, and weights of which some blocks do not fit.

use std::fmt::Write as _;

use afp_ir::{mlir::Session, numerics::Format};

use crate::{
    case::{Case, Form},
    graph::Random,
};

/// Images, rows, columns and channels.
const SIZES: [[i64; 4]; 15] = [
    [1, 1, 1, 1],
    [1, 1, 7, 3],
    [1, 2, 13, 5],
    [2, 7, 1, 33],
    [1, 7, 7, 8],
    [1, 13, 17, 16],
    [3, 5, 2, 20],
    [1, 17, 12, 12],
    [1, 13, 2, 64],
    [1, 9, 5, 100],
    [2, 4, 6, 32],
    [1, 2, 2, 128],
    [1, 3, 3, 31],
    [1, 33, 18, 4],
    [1, 14, 14, 24],
];

/// Formats of inputs, in turn: all that fit, and one that fits behind limits alone.
const INPUTS: [&str; 7] = ["ue0m6", "e0m5", "ue2m3", "e2m2", "ue1m5", "e1m4", "ue0m3"];
/// Formats of weights, in turn: all filters fit, or some.
const WEIGHTS: [&str; 5] = ["e2m1", "e2m2", "e0m3", "e1m2", "e2m4"];
/// Formats of results, in turn.
const RESULTS: [&str; 5] = ["ue0m8", "e0m7", "ue2m5", "e2m4", "ue0m7"];
/// How results are rounded, in turn.
const ROUNDINGS: [&str; 3] = ["half_up", "half_even", "half_away"];
/// Outputs of a layer, in turn: every number of vectors, whole ones and others.
const OUTPUTS: [i64; 6] = [16, 21, 33, 80, 4, 130];

/// How many programs there are.
pub fn count() -> usize {
    SIZES.len()
}

/// The program of a number, and samples for it.
pub fn case(number: usize) -> Case {
    Case { seed: number as u64 + 1, text: program(number, SIZES[number]), form: Form::Exact }
}

fn pick<'t>(names: &[&'t str], at: usize) -> &'t str {
    names[at % names.len()]
}

/// A convolution, and what is done with it; without the format and the exponent of its result.
struct Layer<'t> {
    input: (&'t str, String),
    weights: &'t str,
    channels: i64,
    outputs: i64,
    pad: [i64; 4],
    limits: &'t str,
    adds: bool,
    to: (&'t str, &'t str),
}

fn program(number: usize, [images, rows, columns, channels]: [i64; 4]) -> String {
    let mut random = Random(number as u64 ^ 0x77);
    let input = pick(&INPUTS, number);
    let shape = format!("{images}x{rows}x{columns}x{channels}");
    let mut body = format!("  %x0 = afp.quantize %x : tensor<{shape}xf32> to tensor<{shape}x!x>\n");
    let whole = [rows, columns];
    let outputs = |at: usize| OUTPUTS[(number + at) % OUTPUTS.len()];
    let narrow = outputs(0).min(33);
    let round = pick(&ROUNDINGS, number);
    let x = || ("x0", "!x".to_owned());
    let first = Layer {
        input: x(),
        weights: pick(&WEIGHTS, number),
        channels,
        outputs: narrow,
        pad: [1; 4],
        limits: "hi = array<i32: 63>",
        adds: false,
        to: ("ue0m8", round),
    };
    let limited = "!afp.float<ue0m8, exp = 2>".to_owned();
    let layers = [
        first,
        // Few bits by its producer's limits; its input is added.
        Layer {
            input: ("e0", limited),
            weights: pick(&WEIGHTS, number + 1),
            channels: narrow,
            outputs: narrow,
            pad: [1; 4],
            limits: "lo = array<i32: 0>",
            adds: true,
            to: (pick(&RESULTS, number), "half_up"),
        },
        Layer {
            input: x(),
            weights: pick(&WEIGHTS, number + 2),
            channels,
            outputs: outputs(3),
            pad: [1, 2, 0, 2],
            limits: "",
            adds: false,
            to: (pick(&RESULTS, number + 1), round),
        },
    ];
    let (mut types, mut results) = (Vec::new(), Vec::new());
    for (index, layer) in layers.iter().enumerate() {
        let exp = if index == 0 { 2 } else { (9 * layer.channels).ilog2() as i32 / 2 - 1 };
        types.push(append(&mut body, &mut random, (index, layer), (images, whole), exp));
        results.push(format!("%d{index}"));
    }
    let (results, types) = (results.join(", "), types.join(", "));
    format!(
        "!x = !afp.float<{input}, exp = 0>\n\
         func.func @f(%x: tensor<{shape}xf32>) -> ({types}) {{\n{body}  return {results} : {types}\n}}\n"
    )
}

/// Appends a layer; the type of what it gives.
fn append(
    body: &mut String,
    random: &mut Random,
    (index, layer): (usize, &Layer<'_>),
    (images, [rows, columns]): (i64, [i64; 2]),
    exp: i32,
) -> String {
    let Layer { input: (source, ty), weights, channels, outputs, pad, limits, adds, to } = layer;
    let [top, bottom, left, right] = pad;
    let from = format!("tensor<{images}x{rows}x{columns}x{channels}x{ty}>");
    let out = format!("{images}x{}x{}x{outputs}", rows + top + bottom - 2, columns + left + right - 2);
    let weight_shape = format!("{outputs}x3x3x{channels}");
    let weight = format!("tensor<{weight_shape}x!afp.float<{weights}, exp = 0>>");
    let codes = codes(weights, *outputs, 9 * channels, random);
    let _ = writeln!(
        body,
        "  %w{index} = afp.constant dense<\"0x{codes}\"> : tensor<{weight_shape}xi8> : {weight}\n  \
         %s{index} = afp.conv2d %{source}, %w{index} {{pad = array<i64: {top}, {bottom}, {left}, {right}>}} : \
         ({from}, {weight}) -> tensor<{out}x!afp.exact>"
    );
    let mut sums = format!("%s{index}");
    if *adds {
        let _ = writeln!(
            body,
            "  %a{index} = afp.add %s{index}, %{source} : (tensor<{out}x!afp.exact>, {from}) -> \
             tensor<{out}x!afp.exact>"
        );
        sums = format!("%a{index}");
    }
    let coded = format!("tensor<{out}x!afp.float<{}, exp = {exp}>>", to.0);
    let limits = if limits.is_empty() { String::new() } else { format!("{limits}, ") };
    let _ = writeln!(
        body,
        "  %e{index} = afp.encode {sums} {{{limits}round = \"{}\"}} : tensor<{out}x!afp.exact> to {coded}\n  \
         %d{index} = afp.dequantize %e{index} : {coded} to tensor<{out}xf32>",
        to.1
    );
    format!("tensor<{out}xf32>")
}

/// Random codes of a format, as hexadecimal digits: of some runs of outputs all, of the others those of small integers.
fn codes(format: &str, outputs: i64, taps: i64, random: &mut Random) -> String {
    let Ok(format) = format.parse::<Format>() else { return String::new() };
    let all: Vec<_> = format.canonical_codes().collect();
    let small: Vec<_> = all.iter().copied().filter(|&code| format.decode(code).abs() <= 14).collect();
    let run = if outputs > 64 { 64 } else { 4 };
    (0..outputs * taps).fold(String::new(), |mut text, at| {
        let codes = if at / taps / run % 2 == 0 { &small } else { &all };
        let code = codes[random.bits() as usize % codes.len()];
        let _ = write!(text, "{:02X}", code as u8);
        text
    })
}

/// Checks that the programs hold what they are for: layers that are computed like this, and some of which only a part
/// of the blocks is.
///
/// # Panics
/// If they do not.
pub fn assert_wide() {
    let (mut layers, mut chosen, mut mixed) = (0, 0, 0);
    for (number, target) in (0..count()).zip(["x86-64-v4+vnni", "aarch64+dotprod"].into_iter().cycle()) {
        let session = Session::new();
        let text = case(number).text;
        let module = session.parse("program.mlir", text.as_bytes()).expect("a program");
        let pipeline = format!(
            "builtin.module(afp-prove-widths,afp-select-kernels{{target={target} winograd=always}},\
             convert-afp-to-kernels)"
        );
        let strategies = "builtin.module(afp-prove-widths,afp-select-kernels{winograd=always})";
        module.run_pipeline(strategies).expect("a choice");
        let encodes = module.functions()[0].descendants().into_iter().filter(|op| op.is("afp.encode"));
        for op in encodes {
            layers += 1;
            chosen += i32::from(
                op.attr("afp.kernel").is_some_and(|kernel| kernel.to_string().contains("winograd")),
            );
        }
        module.run_pipeline(&pipeline).expect("kernels");
        mixed += i32::from(module.op().to_string().contains("@blocks_"));
    }
    assert!(chosen * 2 > layers, "{chosen} of {layers} layers are computed by Winograd's transforms");
    assert!(mixed >= 3, "{mixed} programs have layers of which a part is");
}
