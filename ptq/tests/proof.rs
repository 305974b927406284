//! What the simulator claims to be exact is: sums of values on very different grids, long products, and
//! quotients beside ties, against the interpreter.

#[path = "../../passes/tests/preserves_bits/graph/random.rs"]
#[allow(dead_code, missing_docs)]
mod random;

use afp_ir::{
    interp::{Program, Tensor},
    mlir::Session,
    numerics::Format,
};
use afp_passes::registry;
use afp_ptq::{compiled::Reading, network::Network, simulator::Simulator};
use random::Random;

const CASES: u64 = 1000;
const ASSIGN: &str = "builtin.module(afp-range-analysis{input-range=-3,3},afp-assign-formats)";
const ROUND: &str = "builtin.module(afp-quantize,afp-encode-weights)";
/// Four pixels of four channels.
const MAP: [usize; 4] = [1, 2, 2, 4];
/// Products of two: more of the widest formats are refused.
const MATRICES: [[usize; 3]; 3] = [[1, 8, 2], [1, 2, 8], [1, 8, 8]];

/// An exact operator on two values, which are arguments, and its rounding. Formats with scale exponents.
struct Case {
    operator: &'static str,
    fine: (&'static str, i64),
    coarse: (&'static str, i64),
    result: (&'static str, i64),
}

impl Case {
    fn of(seed: u64) -> Self {
        let random = &mut Random(seed);
        let operator = random.pick(&["add", "both", "mean", "matmul"]);
        let formats = match operator {
            "matmul" => ["e5m0", "e5m1", "e5m0", "e4m3", "ue4m3", "ue5m1"],
            _ => ["e0m7", "ue0m8", "e2m5", "e3m4", "e4m3", "e5m2"],
        };
        let [a, b, c] = [random.pick(&formats), random.pick(&formats), random.pick(&formats)];
        let about = random.range(-10, 4);
        let (fine, result) = match operator {
            "matmul" => (about + random.range(-3, 3), 2 * about + random.range(20, 32)),
            "mean" => (about + random.range(-40, 0), about + random.range(-44, 2)),
            // Where the coarse operand lies on a tie of the result's grid, the fine one decides.
            _ => (about - random.range(0, 57), about + random.range(0, 2)),
        };
        Self { operator, fine: (a, fine), coarse: (b, about), result: (c, result) }
    }

    /// Shapes of the operands and of the result.
    fn shapes(&self) -> [&'static [usize]; 3] {
        if self.operator == "matmul" { MATRICES.each_ref().map(|shape| &shape[..]) } else { [&MAP; 3] }
    }

    fn text(&self) -> String {
        let sizes =
            self.shapes().map(|shape| shape.iter().map(|size| format!("{size}x")).collect::<String>());
        let [f, c, r] = sizes.each_ref().map(|sizes| format!("tensor<{sizes}f32>"));
        let exact = format!("tensor<{}!afp.exact>", sizes[2]);
        let body = match self.operator {
            "matmul" => format!("%s = afp.matmul %f, %c {{}} : ({f}, {c}) -> {exact}"),
            "add" => format!("%s = afp.add %c, %f {{}} : ({c}, {f}) -> {exact}"),
            _ => format!(
                "%t = afp.add %f, %c {{}} : ({f}, {c}) -> {exact}\n\
                 %s = afp.add %t, %c {{}} : ({exact}, {c}) -> {exact}"
            ),
        };
        let divisor = if self.operator == "mean" { ", divisor = array<i64: 3>" } else { "" };
        let site = |name: &str, (format, exp): (&str, i64)| {
            format!("{name} = {{format = \"{format}\", exp = {exp} : i32}}")
        };
        let sites = [site("f", self.fine), site("c", self.coarse), site("r", self.result)].join(", ");
        format!(
            "module attributes {{afp.formats = {{weights = {{}}, activations = {{{sites}}}}}}} {{\n\
             func.func @f(%x: {f}, %y: {c}) -> {r} {{\n\
             %f = afp.encode %x {{afp.name = \"f\"}} : {f} to {f}\n\
             %c = afp.encode %y {{afp.name = \"c\"}} : {c} to {c}\n\
             {body}\n\
             %r = afp.encode %s {{afp.name = \"r\"{divisor}}} : {exact} to {r}\n\
             return %r : {r}\n}}\n}}\n"
        )
    }

    /// Numbers of a format's whole range, often of one of its ends.
    fn argument(&self, operand: usize, random: &mut Random) -> Tensor {
        let (format, exp) = [self.fine, self.coarse][operand];
        let format: Format = format.parse().expect("a format");
        let sign = 1 << (format.width() - u32::from(format.is_signed()));
        let value = |_| {
            let code = match random.range(0, 2) {
                0 => random.range(0, 3),
                1 => sign - random.range(1, 4),
                _ => random.range(0, sign - 1),
            };
            let negative = format.is_signed() && random.once_in(2);
            let code = (code + if negative { sign } else { 0 }) as u16;
            (format.decode(code) as f64 * 2f64.powi(exp as i32)) as f32
        };
        let shape = self.shapes()[operand];
        Tensor::real(shape, (0..shape.iter().product()).map(value).collect())
    }
}

#[test]
fn what_is_proven_is_exact() {
    registry::register_all();
    let (mut compared, mut unproven) = (0, 0);
    for seed in 0..CASES {
        let case = Case::of(seed);
        let text = case.text();
        let session = Session::new();
        let module = session.parse("network.mlir", text.as_bytes()).expect("a program");
        let function = module.functions()[0];
        let network = Network::load(function).expect("the real form");
        let mut reading = Reading::default();
        module.run_pipeline(ASSIGN).expect("formats that fit");
        reading.formats(function, &network);
        if module.run_pipeline(ROUND).is_err() {
            continue;
        }
        let setting = reading.weights(function, &network);
        let Ok(program) = Program::from_function(function) else { continue };
        let simulator = Simulator::new(&network, &setting).expect("exponents within reach");
        if !simulator.is_exact() {
            unproven += 1;
            continue;
        }
        let random = &mut Random(!seed);
        for _ in 0..16 {
            let inputs = [case.argument(0, random), case.argument(1, random)];
            let Ok(expected) = program.run(&inputs) else { continue };
            let found = simulator.run(&inputs).expect("what the interpreter computes").outputs;
            let (expected, found) = (expected[0].as_real(), found[0].as_real());
            assert_eq!(expected, found, "for {inputs:?} in\n{text}");
            compared += 1;
        }
    }
    eprintln!("{compared} runs compared, {unproven} networks unproven");
    assert!(compared > 4 * CASES && unproven > 50, "{compared} runs compared, {unproven} networks unproven");
}
