//! Code on simulated machines: what it needs, what it gives, and that the counts are right.

use afp_ir::interp::Tensor;

use super::{build, global_symbols};
use crate::{
    llvm::OptLevel,
    simulate::{Job, Simulator},
    target::Target,
};

const DIVIDE: &str = include_str!("divide.mlir");

fn target(name: &str) -> Target {
    Target::named(name).expect("a target of the table")
}

/// The simulator of a target; none, with a line that says so, where it is not installed.
fn simulator(name: &str) -> Option<Simulator> {
    match Simulator::for_target(&target(name)) {
        Ok(simulator) => Some(simulator),
        Err(error) if error.code == "AFP0631" => {
            eprintln!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// A function of two floats that does this to its tensors.
fn module(operations: &str) -> String {
    format!(
        "func.func @body(%in: memref<2xf32>, %out: memref<2xf32>, %arena: memref<64xi8>) attributes {{afp.inputs = 1 : i64}} {{
           %c0 = arith.constant 0 : index
           %c1 = arith.constant 1 : index
           {operations}
           return
         }}"
    )
}

const COPY: &str = "scf.for %i = %c0 to %c2 step %c1 {
                      %x = memref.load %in[%i] : memref<2xf32>
                      memref.store %x, %out[%i] : memref<2xf32>
                    }";

fn copy() -> String {
    module(&format!("%c2 = arith.constant 2 : index {COPY}"))
}

fn pairs(count: usize) -> Vec<Vec<Tensor>> {
    (0..count).map(|i| vec![Tensor::real(&[2], vec![i as f32, -0.5 * i as f32])]).collect()
}

#[test]
fn divisions_of_64_bits_need_no_library() {
    let m4 = target("cortex-m4");
    let mut seed = 7u64;
    let mut random = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        seed ^ (seed >> 29)
    };
    let mut cases: Vec<(u64, u64)> = Vec::new();
    let edges =
        [1, 2, 3, 0xffff, 0x1_0000, 0xffff_ffff, 1 << 32, (1 << 32) + 1, i64::MAX as u64, 1 << 63, u64::MAX];
    for a in edges.into_iter().chain([0]) {
        // The least integer by -1 has no quotient.
        cases.extend(edges.into_iter().filter(|&b| (a, b) != (1 << 63, u64::MAX)).map(|b| (a, b)));
    }
    for _ in 0..500 {
        let (a, b) = (random() >> (random() % 64), random() >> (random() % 64));
        cases.push((a, b.max(1)));
    }
    let halves = |value: u64| [value as u32, (value >> 32) as u32].map(f32::from_bits);
    let input = |&(a, b): &(u64, u64)| vec![Tensor::real(&[4], [halves(a), halves(b)].concat())];
    let samples: Vec<Vec<Tensor>> = cases.iter().map(input).collect();
    for opt in [OptLevel::O0, OptLevel::O3] {
        let (object, interface) = build(DIVIDE, "divide", &m4, opt).expect("an object");
        assert_eq!(global_symbols(&object, true), Vec::<String>::new());
        let Some(simulator) = simulator("cortex-m4") else { continue };
        let found = simulator.run(&object, "divide", &interface, &samples).expect("outputs");
        for (&(a, b), outputs) in cases.iter().zip(&found.outputs) {
            let bits: Vec<u32> = outputs[0].as_real().expect("floats").iter().map(|v| v.to_bits()).collect();
            let (sa, sb) = (a as i64, b as i64);
            let expected = [a / b, a % b, (sa / sb) as u64, (sa % sb) as u64];
            let expected: Vec<u32> =
                expected.into_iter().flat_map(|v| [v as u32, (v >> 32) as u32]).collect();
            assert_eq!(bits, expected, "{opt:?}: {a:#x} by {b:#x}");
        }
    }
}

#[test]
fn objects_for_a_microcontroller_have_code_and_constants_alone() {
    let (object, _) = build(DIVIDE, "divide", &target("cortex-m4"), OptLevel::O3).expect("an object");
    assert_eq!(global_symbols(&object, false), ["divide"]);
    let file = object::File::parse(object.bytes.as_slice()).expect("an object");
    let unwinding = object::Object::sections(&file)
        .filter_map(|section| object::ObjectSection::name(&section).ok().map(str::to_owned))
        .find(|name| name.contains("exidx") || name.contains("extab") || name.contains("eh_frame"));
    assert_eq!(unwinding, None);
    let again = build(DIVIDE, "divide", &target("cortex-m4"), OptLevel::O3).expect("an object").0;
    assert!(object == again, "the same module gives the same bytes");
}

#[test]
fn several_networks_run_in_one_start() {
    for name in ["cortex-m4", "aarch64", "x86-64-v3"] {
        let Some(simulator) = simulator(name) else { continue };
        let names = ["first", "second", "third"];
        let built: Vec<_> = names
            .iter()
            .map(|symbol| build(&copy(), symbol, &target(name), OptLevel::O0).expect(name))
            .collect();
        let samples: Vec<_> = (1..4).map(pairs).collect();
        let jobs: Vec<Job<'_>> = (0..3)
            .map(|i| Job {
                object: &built[i].0,
                symbol: names[i],
                interface: &built[i].1,
                samples: &samples[i],
            })
            .collect();
        let results = simulator.run_all(&jobs).expect(name);
        let count = results[0].instructions[0];
        for (result, samples) in results.iter().zip(&samples) {
            assert_eq!(&result.outputs, samples, "{name}");
            // The same code on other numbers.
            assert_eq!(result.instructions, vec![count; samples.len()], "{name}");
        }
    }
}

#[test]
fn a_longer_loop_counts_as_much_more() {
    for name in ["cortex-m4", "aarch64", "x86-64-v2"] {
        let Some(simulator) = simulator(name) else { continue };
        let count = |times: usize| {
            let source = module(&format!(
                "%n = arith.constant {times} : index %c2 = arith.constant 2 : index
                 scf.for %j = %c0 to %n step %c1 {{ {COPY} }}"
            ));
            let (object, interface) = build(&source, "f", &target(name), OptLevel::O0).expect(name);
            simulator.run(&object, "f", &interface, &pairs(1)).expect(name).instructions[0]
        };
        let (one, two, three) = (count(100), count(200), count(300));
        assert_eq!(three - two, two - one, "{name}");
        assert!(two - one >= 100 * 2 * 4, "{name}: {one}, {two}");
    }
}

#[test]
fn single_steps_count_as_the_plugin_does() {
    let target = target("x86-64-v2");
    let Some(simulator) = simulator(target.name).filter(|_| target.runs_here()) else { return };
    let (object, interface) = build(&copy(), "f", &target, OptLevel::O3).expect("an object");
    let by_plugin = simulator.run(&object, "f", &interface, &pairs(2)).expect("a simulation").instructions;
    let stepping = Simulator::stepping().expect("a compiler");
    let by_steps = stepping.run(&object, "f", &interface, &pairs(2)).expect("a run").instructions;
    assert_eq!(by_steps, by_plugin[..1]);
}

#[test]
fn what_is_written_beside_the_outputs_is_found() {
    let Some(simulator) = simulator("cortex-m4") else { return };
    let outside = |tensor: &str, index: i64| {
        let stray = format!(
            "%i = arith.constant {index} : index %z = arith.constant 7 : i32 %f = arith.bitcast %z : i32 to f32"
        );
        let source = module(&format!("{stray} memref.store %f, %{tensor}[%i] : memref<2xf32>"));
        let (object, interface) = build(&source, "f", &target("cortex-m4"), OptLevel::O0).expect("an object");
        simulator.run(&object, "f", &interface, &pairs(1)).map_err(|error| error.to_string())
    };
    for (tensor, index, meaning) in [
        ("out", 2, "beside outputs and arena"),
        ("out", -1, "beside outputs and arena"),
        ("in", 0, "an input was changed"),
        // Half of the address space away there is nothing.
        ("out", 1 << 29, "the processor took a fault"),
    ] {
        let error = outside(tensor, index).expect_err(meaning);
        assert!(error.starts_with("error[AFP0633]") && error.contains(meaning), "{error}");
    }
    assert!(outside("out", 1).is_ok());
}

#[test]
fn a_run_that_does_not_end_is_ended() {
    let Some(simulator) = simulator("aarch64") else { return };
    let simulator = simulator.with_limit(std::time::Duration::from_millis(300));
    let forever = module(
        "scf.while : () -> () { %t = memref.load %in[%c0] : memref<2xf32> %b = arith.bitcast %t : f32 to i32
           %z = arith.constant 0 : i32 %more = arith.cmpi eq, %b, %z : i32 scf.condition(%more) }
         do { scf.yield }",
    );
    let (object, interface) = build(&forever, "f", &target("aarch64"), OptLevel::O0).expect("an object");
    let error = simulator.run(&object, "f", &interface, &pairs(1)).expect_err("no end");
    assert_eq!(error.code, "AFP0633");
    assert!(error.found.is_some_and(|found| found.starts_with("no end after")));
}

#[test]
fn inputs_must_fit() {
    let Some(simulator) = simulator("aarch64") else { return };
    let (object, interface) = build(&copy(), "f", &target("aarch64"), OptLevel::O0).expect("an object");
    for sample in [vec![], vec![Tensor::real(&[3], vec![0.0; 3])]] {
        let error = simulator.run(&object, "f", &interface, &[sample]).expect_err("inputs that do not fit");
        assert_eq!(error.code, "AFP0404");
    }
}
