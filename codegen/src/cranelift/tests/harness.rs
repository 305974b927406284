//! Kernels on integers, run in memory on every row of the table that this machine runs, and compiled
//! for all rows.

use std::fmt::Write as _;

use afp_ir::{
    interp::Tensor,
    mlir::{Session, SourceModule},
};

use super::foreign;
use crate::{
    cranelift::{compile, jit},
    interface::Interface,
    pipeline,
    target::{TABLE, Target},
};

/// Integers of a width, in memory.
pub(super) struct Buffer {
    pub(super) width: u32,
    pub(super) values: Vec<i64>,
}

impl Buffer {
    pub(super) fn new(width: u32, values: impl IntoIterator<Item = i64>) -> Self {
        Self { width, values: values.into_iter().map(|value| wrap(value, width)).collect() }
    }

    fn ty(width: u32, count: usize) -> String {
        format!("memref<{count}xi{width}>")
    }

    fn words(&self) -> Vec<f32> {
        let size = self.width as usize / 8;
        let mut bytes: Vec<u8> =
            self.values.iter().flat_map(|value| value.to_le_bytes().into_iter().take(size)).collect();
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.chunks_exact(4).map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect()
    }
}

/// The signed value of an integer's low bits.
pub(super) fn wrap(value: i64, width: u32) -> i64 {
    value << (64 - width) >> (64 - width)
}

/// The unsigned value of an integer's low bits.
pub(super) fn bits(value: i64, width: u32) -> u64 {
    (value as u64) << (64 - width) >> (64 - width)
}

/// A program whose kernels take the buffers `inputs` and fill one buffer each, and the expected results.
/// A kernel is the text of its body, on `%in0`, `%in1`, ... and `%out`, with `%c0` and `%c1`.
pub(super) struct Program {
    pub(super) inputs: Vec<Buffer>,
    pub(super) kernels: Vec<(String, String, Buffer)>,
}

impl Program {
    fn text(&self) -> String {
        let mut text = String::from("module {\n");
        let mut body = String::new();
        let mut arguments = String::new();
        let mut offset = 0;
        let mut place = |body: &mut String, name: &str, width: u32, count: usize| {
            let words = (count * width as usize / 8).div_ceil(4);
            let _ = write!(
                body,
                "%{name}_at = arith.constant {offset} : index
                 %{name} = memref.view %arena[%{name}_at][] : memref<ARENAxi8> to {}
                 %{name}_words = memref.view %arena[%{name}_at][] : memref<ARENAxi8> to memref<{words}xi32>\n",
                Buffer::ty(width, count),
            );
            offset += (4 * words).next_multiple_of(64) + 64;
            words
        };
        let copy = |from: &str, to: &str, words: usize, out: bool| {
            let (word, real) = (format!("memref<{words}xi32>"), format!("memref<{words}xf32>"));
            let (source, target, a, b) =
                if out { (&word, &real, "i32", "f32") } else { (&real, &word, "f32", "i32") };
            format!(
                "%{to}_size = arith.constant {words} : index
                 scf.for %i = %c0 to %{to}_size step %c1 {{
                   %v = memref.load %{from}[%i] : {source}
                   %w = arith.bitcast %v : {a} to {b}
                   memref.store %w, %{to}[%i] : {target}
                 }}\n"
            )
        };
        for (index, input) in self.inputs.iter().enumerate() {
            let name = format!("in{index}");
            let words = place(&mut body, &name, input.width, input.values.len());
            let _ = write!(arguments, "%from{index}: memref<{words}xf32>, ");
            body += &copy(&format!("from{index}"), &format!("{name}_words"), words, false);
        }
        let types: Vec<String> =
            self.inputs.iter().map(|input| Buffer::ty(input.width, input.values.len())).collect();
        for (index, (name, kernel, expected)) in self.kernels.iter().enumerate() {
            let out = Buffer::ty(expected.width, expected.values.len());
            let parameters: Vec<String> =
                types.iter().enumerate().map(|(i, ty)| format!("%in{i}: {ty}")).collect();
            let _ = write!(
                text,
                "func.func private @{name}({}, %out: {out}) {{
                   %c0 = arith.constant 0 : index
                   %c1 = arith.constant 1 : index
                   {kernel}
                   return
                 }}\n",
                parameters.join(", ")
            );
            let buffer = format!("out{index}");
            let words = place(&mut body, &buffer, expected.width, expected.values.len());
            let _ = write!(arguments, "%to{index}: memref<{words}xf32>, ");
            let operands: Vec<String> = (0..types.len()).map(|i| format!("%in{i}")).collect();
            let _ = writeln!(
                body,
                "func.call @{name}({}, %{buffer}) : ({}, {out}) -> ()",
                operands.join(", "),
                types.join(", ")
            );
            body += &copy(&format!("{buffer}_words"), &format!("to{index}"), words, true);
        }
        let count = self.inputs.len();
        let _ = write!(
            text,
            "func.func @body({arguments}%arena: memref<ARENAxi8>) attributes {{afp.inputs = {count} : i64}} {{
               %c0 = arith.constant 0 : index
               %c1 = arith.constant 1 : index
               {body}
               return
             }} }}\n"
        );
        text.replace("ARENA", &offset.to_string())
    }

    /// Runs the program wherever it can be run; compiles it for the other machines.
    pub(super) fn check(&self) {
        let text = self.text();
        let session = Session::new();
        let module = parse(&session, &text);
        let interface = Interface::of(&module).expect("an interface");
        let words: Vec<Vec<f32>> = self.inputs.iter().map(Buffer::words).collect();
        let inputs: Vec<Tensor> =
            words.iter().map(|words| Tensor::real(&[words.len()], words.clone())).collect();
        let mut known = Vec::new();
        for target in TABLE.into_iter().filter(|target| target.pointer_bits == 64) {
            let object = compile(&module, "test", &target);
            let object = object.unwrap_or_else(|error| panic!("{}: {error}\n{text}", target.name));
            // Most kernels are the same code on machines that differ in their dot product.
            if known.contains(&object) {
                continue;
            }
            if target.runs_here() {
                let library = jit(&module, &target).expect("code in memory");
                let outputs = library.run(&inputs).expect("outputs");
                let bits = |tensor: &Tensor| bits_of(tensor.as_real().expect("words"));
                self.compare(target.name, &outputs.iter().map(bits).collect::<Vec<_>>());
            } else if target.name.starts_with("aarch64")
                && let Some(outputs) = foreign::execute(&object, &interface, &words)
            {
                self.compare(target.name, &outputs);
            }
            known.push(object);
        }
    }

    /// Runs the program on this machine alone.
    pub(super) fn check_here(&self) {
        self.check_expanded("all");
    }

    /// The same with operators of afpk expanded to all or to basic operations.
    pub(super) fn check_expanded(&self, operations: &str) {
        let session = Session::new();
        let module = parse_for(&session, &self.text(), operations);
        let target = Target::host().narrowed(128);
        let words: Vec<Vec<f32>> = self.inputs.iter().map(Buffer::words).collect();
        let inputs: Vec<Tensor> =
            words.into_iter().map(|words| Tensor::real(&[words.len()], words)).collect();
        let outputs = jit(&module, &target).expect("code in memory").run(&inputs).expect("outputs");
        let bits = |tensor: &Tensor| bits_of(tensor.as_real().expect("words"));
        self.compare(target.name, &outputs.iter().map(bits).collect::<Vec<_>>());
    }

    fn compare(&self, target: &str, outputs: &[Vec<u32>]) {
        for ((name, kernel, expected), found) in self.kernels.iter().zip(outputs) {
            let words = bits_of(&expected.words());
            if let Some(word) = words.iter().zip(found).position(|(a, b)| a != b) {
                panic!(
                    "{target}: {name}: word {word} is {:#010x}, expected {:#010x}\n{kernel}",
                    found[word], words[word],
                );
            }
        }
    }
}

fn bits_of(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// A module of the tests, without what afpk-expand writes as integer operations.
pub(super) fn parse<'s>(session: &'s Session, text: &str) -> SourceModule<'s> {
    parse_for(session, text, "all")
}

fn parse_for<'s>(session: &'s Session, text: &str, operations: &str) -> SourceModule<'s> {
    let module = session
        .parse("test.mlir", text.as_bytes())
        .unwrap_or_else(|_| panic!("the test's module: {:?}\n{text}", session.take_diagnostics()));
    pipeline::register_all();
    let pipeline = format!("builtin.module(afpk-expand{{operations={operations}}})");
    module.run_pipeline(&pipeline).expect("expanded operators");
    module
}

/// Integers where arithmetic of a width goes wrong first.
pub(super) fn extremes(width: u32) -> Vec<i64> {
    let (least, most) = (i64::MIN >> (64 - width), i64::MAX >> (64 - width));
    let alternating = wrap(0x5555_5555_5555_5555, width);
    let small = [0, 1, -1, 2, -2, 3, 7, -8, 100];
    let large = [least, least + 1, least / 2, most, most - 1, alternating, !alternating];
    small.into_iter().chain(large).collect()
}

/// All pairs of extremes.
pub(super) fn pairs(width: u32) -> (Vec<i64>, Vec<i64>) {
    let values = extremes(width);
    values.iter().flat_map(|&x| values.iter().map(move |&y| (x, y))).unzip()
}

/// Widths and numbers of lanes: from a quarter of a register to sixteen registers, and of no power of two.
pub(super) fn shapes() -> Vec<(u32, usize)> {
    let mut shapes = Vec::new();
    for width in [8, 16, 32, 64] {
        for total in [32, 64, 128, 256, 512, 2048] {
            if total >= width {
                shapes.push((width, (total / width) as usize));
            }
        }
    }
    shapes
}

/// A loop over vectors of buffers of `count` elements: `%x` (and `%y`) in, `%r` out.
pub(super) fn vector_loop(
    count: usize,
    from: (u32, usize),
    to: (u32, usize),
    both: bool,
    body: &str,
) -> String {
    let (element, vector) =
        (format!("memref<{count}xi{}>", from.0), format!("vector<{}xi{}>", from.1, from.0));
    let second =
        if both { format!("%y = vector.load %in1[%i] : {element}, {vector}") } else { String::new() };
    let results = count / from.1 * to.1;
    format!(
        "%size = arith.constant {count} : index
         %step = arith.constant {} : index
         %out_step = arith.constant {} : index
         scf.for %i = %c0 to %size step %step {{
           %x = vector.load %in0[%i] : {element}, {vector}
           {second}
           {body}
           %n = arith.divui %i, %step : index
           %o = arith.muli %n, %out_step : index
           vector.store %r, %out[%o] : memref<{results}xi{}>, vector<{}xi{}>
         }}",
        from.1, to.1, to.0, to.1, to.0
    )
}
