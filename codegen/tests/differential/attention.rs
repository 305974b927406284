//! Attention at sizes that are no multiple of a tile: products of computed matrices, with all that can be added to
//! them, softmax over rows and over columns, and tables.

use std::fmt::Write as _;

use afp_ir::{
    mlir::Session,
    numerics::{Format, Function},
};

use crate::case::{Case, Form};

/// Batches, rows, depth and columns.
const SIZES: [[i64; 4]; 16] = [
    [1, 1, 4, 4],
    [1, 7, 5, 33],
    [2, 13, 33, 5],
    [3, 17, 3, 16],
    [2, 1, 64, 3],
    [1, 17, 7, 64],
    [4, 7, 32, 40],
    [2, 5, 13, 7],
    [1, 33, 65, 17],
    [3, 6, 12, 48],
    [1, 40, 16, 80],
    [2, 3, 197, 20],
    [1, 1, 1, 1],
    [5, 2, 6, 9],
    [1, 4, 18, 130],
    [2, 14, 24, 12],
];

/// Formats of both operands, in turn: every way that they are stored and packed.
const OPERANDS: [[&str; 2]; 9] = [
    ["e0m7", "e0m7"],
    ["ue0m8", "e2m4"],
    ["ue0m8", "ue0m8"],
    ["e2m4", "ue0m7"],
    ["e2m5", "e0m7"],
    ["ue0m7", "e0m6"],
    ["e0m7", "ue2m5"],
    ["ue1m7", "e2m5"],
    ["e2m2", "e5m2"],
];
/// Formats of results, in turn.
const RESULTS: [&str; 6] = ["e0m7", "ue0m8", "ue2m5", "e2m4", "e0m5", "e2m5"];
/// Formats of probabilities, in turn.
const PROBABILITIES: [&str; 6] = ["ue0m8", "ue2m5", "e0m7", "ue0m4", "ue4m3", "e3m3"];
/// How results are rounded, in turn.
const ROUNDINGS: [&str; 3] = ["half_up", "half_even", "half_away"];
/// Functions of tables, in turn.
const FUNCTIONS: [&str; 4] = ["gelu", "sigmoid", "exp", "silu"];

/// How many programs there are.
pub fn count() -> usize {
    SIZES.len()
}

/// The program of a number, and samples for it.
pub fn case(number: usize) -> Case {
    Case { seed: number as u64 + 1, text: program(number, SIZES[number]), form: Form::Exact }
}

/// A stored value: its name, its shape and its type.
#[derive(Clone)]
struct Value {
    name: String,
    shape: Vec<i64>,
    ty: String,
}

impl Value {
    fn tensor(&self) -> String {
        tensor(&self.shape, &self.ty)
    }

    fn format(&self) -> Format {
        let text = self.ty.trim_start_matches("!afp.float<");
        let text = text.split(',').next().unwrap_or_default();
        text.parse().expect("a format")
    }
}

fn tensor(shape: &[i64], ty: &str) -> String {
    let sizes: String = shape.iter().map(|size| format!("{size}x")).collect();
    format!("tensor<{sizes}{ty}>")
}

fn coded(format: &str, exp: impl std::fmt::Display) -> String {
    format!("!afp.float<{format}, exp = {exp}>")
}

/// A program while it is written.
#[derive(Default)]
struct Program {
    body: String,
    results: Vec<Value>,
    names: usize,
}

fn program(number: usize, [batches, rows, depth, columns]: [i64; 4]) -> String {
    let mut program = Program::default();
    let (left, right) = (batches * rows * depth, batches * depth * columns);
    let pick = |names: &[&'static str], at: usize| names[(number + at) % names.len()];
    let [left_format, right_format] = OPERANDS[number % OPERANDS.len()];
    let input = tensor(&[1, left + right], "f32");
    let a = program.operand((0, left), left + right, &[batches, rows, depth], &coded(left_format, -6));
    let b =
        program.operand((left, right), left + right, &[batches, depth, columns], &coded(right_format, -6));
    let exp = depth.ilog2() as i32 / 2 - 2;
    let sums = program.product(&a, &b);
    let round = pick(&ROUNDINGS, 0);
    let scores = program.encode(&sums, &coded(pick(&RESULTS, 0), exp), &format!("round = \"{round}\""));
    // What is added: a stored value, a number for each column, and a matrix that vectors cannot add.
    let added = program.sum(&sums, &scores);
    program.encode(&added, &coded(pick(&RESULTS, 1), exp), "lo = array<i32: 0>");
    let biased = program.biased(&sums, &[1, 1, columns], exp - 2);
    program.encode(&biased, &coded(pick(&RESULTS, 2), exp), "");
    let biased = program.biased(&sums, &[batches, rows, columns], exp - 2);
    program.encode(&biased, &coded(pick(&RESULTS, 3), exp), "");
    program.encode(&sums, &coded(pick(&RESULTS, 4), format!("?[{}, {}]", exp - 6, exp + 6)), "");
    let probabilities = program.softmax(&scores, 2, &coded(pick(&PROBABILITIES, 0), -8));
    program.softmax(&scores, 1, &coded(pick(&PROBABILITIES, 1), -7));
    program.softmax(&a, 2, &coded(pick(&PROBABILITIES, 2), -9));
    let values = program.transpose(&b);
    let weighted = program.product(&probabilities, &values);
    let weighted = program.encode(&weighted, &coded(pick(&RESULTS, 5), -6), "");
    for (index, value) in [&scores, &probabilities, &weighted, &b].into_iter().enumerate() {
        program.table(value, pick(&FUNCTIONS, index), &coded(pick(&RESULTS, index), -6));
    }
    let types: Vec<String> = program.results.iter().map(|value| tensor(&value.shape, "f32")).collect();
    let names: Vec<String> = program.results.iter().map(|value| value.name.clone()).collect();
    let (types, names) = (types.join(", "), names.join(", "));
    format!("func.func @f(%x: {input}) -> ({types}) {{\n{}  return {names} : {types}\n}}\n", program.body)
}

impl Program {
    /// Appends an operation; the name of its result. `text` is what stands behind the sign of equality.
    fn op(&mut self, text: &str) -> String {
        let name = format!("%{}", self.names);
        self.names += 1;
        let _ = writeln!(self.body, "  {name} = {text}");
        name
    }

    /// As [`Self::op`], with a coded result, which the program gives too.
    fn coded(&mut self, text: &str, shape: &[i64], ty: &str) -> Value {
        let value = Value { name: self.op(text), shape: shape.to_vec(), ty: ty.to_owned() };
        let floats = tensor(shape, "f32");
        let given = self.op(&format!("afp.dequantize {} : {} to {floats}", value.name, value.tensor()));
        self.results.push(Value { name: given, ..value.clone() });
        value
    }

    /// A part of the input, in a format and a shape.
    fn operand(&mut self, (from, count): (i64, i64), all: i64, shape: &[i64], ty: &str) -> Value {
        let (whole, part) = (tensor(&[1, all], ty), tensor(&[1, count], ty));
        let codes = self.op(&format!("afp.quantize %x : {} to {whole}", tensor(&[1, all], "f32")));
        let slice = self.op(&format!(
            "afp.slice {codes} {{start = array<i64: 0, {from}>, stride = array<i64: 1, 1>}} : {whole} to {part}"
        ));
        let name = self.op(&format!("afp.reshape {slice} : {part} to {}", tensor(shape, ty)));
        Value { name, shape: shape.to_vec(), ty: ty.to_owned() }
    }

    fn product(&mut self, a: &Value, b: &Value) -> Value {
        let shape = vec![a.shape[0], a.shape[1], b.shape[2]];
        let (ty, result) = ("!afp.exact".to_owned(), tensor(&shape, "!afp.exact"));
        let (left, right) = (a.tensor(), b.tensor());
        let name = self.op(&format!("afp.matmul {}, {} : ({left}, {right}) -> {result}", a.name, b.name));
        Value { name, shape, ty }
    }

    fn sum(&mut self, a: &Value, b: &Value) -> Value {
        let (left, right) = (a.tensor(), b.tensor());
        let name = self.op(&format!("afp.add {}, {} : ({left}, {right}) -> {left}", a.name, b.name));
        Value { name, ..a.clone() }
    }

    /// A sum with a constant of a shape.
    fn biased(&mut self, sums: &Value, shape: &[i64], exp: i32) -> Value {
        let count: i64 = shape.iter().product();
        let values = (0..count).map(|at| (at * 37 % 201 - 100) as i32);
        let codes: String = values.map(|value| format!("{:08X}", value.swap_bytes())).collect();
        let (ty, stored) = (tensor(shape, "!afp.exact"), tensor(shape, "i32"));
        let name = self.op(&format!(
            "afp.constant dense<\"0x{codes}\"> : {stored} {{channel_exp = array<i32: {exp}>}} : {ty}"
        ));
        self.sum(sums, &Value { name, shape: shape.to_vec(), ty: "!afp.exact".to_owned() })
    }

    fn encode(&mut self, sums: &Value, ty: &str, attributes: &str) -> Value {
        let to = tensor(&sums.shape, ty);
        let text = format!("afp.encode {} {{{attributes}}} : {} to {to}", sums.name, sums.tensor());
        self.coded(&text, &sums.shape, ty)
    }

    fn softmax(&mut self, x: &Value, axis: usize, ty: &str) -> Value {
        let to = tensor(&x.shape, ty);
        let text = format!("afp.softmax {} {{axis = {axis} : i64}} : {} to {to}", x.name, x.tensor());
        self.coded(&text, &x.shape, ty)
    }

    fn transpose(&mut self, x: &Value) -> Value {
        let shape = vec![x.shape[0], x.shape[2], x.shape[1]];
        let to = tensor(&shape, &x.ty);
        let name = self.op(&format!(
            "afp.transpose {} {{perm = array<i64: 0, 2, 1>}} : {} to {to}",
            x.name,
            x.tensor()
        ));
        Value { name, shape, ty: x.ty.clone() }
    }

    /// A table, of formats of at most 8 bits.
    fn table(&mut self, x: &Value, function: &str, ty: &str) {
        let (from, to) = (x.format(), Value { ty: ty.to_owned(), ..x.clone() }.format());
        let named: Option<Function> = function.parse().ok();
        let (8, 8, Some(named)) = (from.storage_bits(), to.storage_bits(), named) else { return };
        let exp = |ty: &str| ty.trim_end_matches('>').rsplit(' ').next().and_then(|exp| exp.parse().ok());
        let (Some(from_exp), Some(to_exp)) = (exp(&x.ty), exp(ty)) else { return };
        let entry = |code| named.encode(from.decode(code), from_exp, to, to_exp) as u8;
        let values: String = (0..from.code_count()).map(|code| format!("{:02X}", entry(code as _))).collect();
        let count = from.code_count();
        let text = format!(
            "afp.table {} {{function = \"{function}\", values = dense<\"0x{values}\"> : tensor<{count}xi8>}} : {} to {}",
            x.name,
            x.tensor(),
            tensor(&x.shape, ty)
        );
        self.coded(&text, &x.shape, ty);
    }
}

/// Checks that the programs hold what they are for.
///
/// # Panics
/// If they do not.
pub fn assert_wide() {
    let (mut products, mut chosen) = (0, 0);
    for number in 0..count() {
        let session = Session::new();
        let text = case(number).text;
        let module = session.parse("program.mlir", text.as_bytes()).expect("a program");
        let strategies = "builtin.module(afp-prove-widths,afp-select-kernels{target=x86-64-v4+vnni})";
        module.run_pipeline(strategies).expect("a choice");
        let encodes = module.functions()[0].descendants().into_iter().filter(|op| op.is("afp.encode"));
        for op in encodes {
            products += 1;
            let kernel = op.attr("afp.kernel").map(|kernel| kernel.to_string());
            chosen += i32::from(kernel.is_some_and(|kernel| kernel.contains("direct")));
        }
    }
    assert!(chosen * 3 > products * 2, "{chosen} of {products} products are computed on vectors");
}
