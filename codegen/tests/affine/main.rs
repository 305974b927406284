//! What an epilogue costs: AFP's shift and encode, and for reference the requantization of affine int8.
//!
//! One convolution layer is compiled with each epilogue and run; everything before the epilogue is the
//! same kernel with the same weights. `make epilogues` prints the exact numbers of instructions that the
//! layers execute, and what of it an epilogue takes for one element: the difference to the same program
//! that stores a byte of each sum. The affine layers' outputs must be those of the formula, written in
//! plain Rust; the others' those of the interpreter.
//!
//! By default only that the affine epilogue computes its formula, on one layer.
//!
//! Nothing of affine arithmetic is in the compiler: [`requantize`] replaces the last steps of a kernel.

mod layer;
mod requantize;

use afp_codegen::{
    interface::Interface,
    llvm::{self, OptLevel},
    object_file::Object,
    pipeline,
    simulate::{Job, Simulated, Simulator},
    target::Target,
};
use afp_ir::{
    interp::{Program, Tensor},
    mlir::{Session, SourceModule},
};
use layer::{Epilogue, Layer};

/// The layers: a convolution of ResNet-8, and a pointwise one as MobileNets have them.
const LAYERS: [Layer; 2] = [
    Layer { name: "3x3, 32 to 32 channels, 16x16", size: 16, inputs: 32, outputs: 32, kernel: 3 },
    Layer { name: "1x1, 32 to 64 channels, 14x14", size: 14, inputs: 32, outputs: 64, kernel: 1 },
];

const TARGETS: [&str; 4] = ["x86-64-v4+vnni", "x86-64-v3", "aarch64+dotprod", "cortex-m4"];

#[test]
fn epilogues_compute_their_formulas_and_are_counted() {
    pipeline::register_all();
    let is_asked = std::env::var("AFP_EPILOGUES").is_ok_and(|value| !value.is_empty());
    for name in TARGETS {
        let target = Target::listed(name).expect("a target of the table");
        match Simulator::for_target(&target) {
            Ok(simulator) if is_asked => LAYERS.iter().for_each(|layer| compare(layer, &target, &simulator)),
            Ok(simulator) => {
                run(&LAYERS[1], Epilogue::Affine, false, &target, &simulator);
            }
            Err(error) if error.code == "AFP0631" => eprintln!("skipped: {error}"),
            Err(error) => panic!("{error}"),
        }
    }
}

/// Runs a layer with every epilogue, and prints the counts.
fn compare(layer: &Layer, target: &Target, simulator: &Simulator) {
    println!("{}, {}:", target.name, layer.name);
    for epilogue in Epilogue::ALL {
        let [count, bare] = [false, true].map(|is_bare| run(layer, epilogue, is_bare, target, simulator));
        let each = (count as f64 - bare as f64) / layer.results() as f64;
        let title = epilogue.title();
        println!("  {title:12} {count:>9} instructions, {bare:>9} without, {each:>6.2} an element");
    }
}

/// Runs a layer and checks what it gives, unless its epilogue is left out. The instructions.
fn run(layer: &Layer, epilogue: Epilogue, is_bare: bool, target: &Target, simulator: &Simulator) -> u64 {
    let case = format!("{} with {epilogue:?} on {}", layer.name, target.name);
    let samples = vec![vec![layer.input()]];
    let (object, interface) = build(layer, epilogue, is_bare, target);
    let job = Job { object: &object, symbol: "layer", interface: &interface, samples: &samples };
    let results = simulator.run_all(&[job]).unwrap_or_else(|error| panic!("{case}: {error}"));
    let [Simulated { outputs, instructions }] = &results[..] else { panic!("{case}: one result") };
    if !is_bare {
        assert!(outputs[0][0].as_real() == Some(&expected(layer, epilogue, &samples[0])[..]), "{case}");
    }
    instructions[0]
}

/// Compiles a layer, with its epilogue or with the lowest byte of each sum in its place.
fn build(layer: &Layer, epilogue: Epilogue, is_bare: bool, target: &Target) -> (Object, Interface) {
    let session = Session::new();
    let text = layer.program(epilogue);
    let module = session
        .parse("layer.mlir", text.as_bytes())
        .unwrap_or_else(|_| panic!("{:?}\n{text}", session.take_diagnostics()));
    let run = |module: &SourceModule<'_>, passes: &str| {
        let done = module.run_pipeline(&format!("builtin.module({passes})"));
        assert!(done.is_ok(), "{passes}: {:?}", session.take_diagnostics());
    };
    let name = target.name;
    run(&module, &format!("afp-prove-widths,afp-select-kernels{{target={name}}},convert-afp-to-kernels"));
    match epilogue {
        _ if is_bare => requantize::remove(module.op()),
        Epilogue::Affine => requantize::replace(module.op(), target, &layer.affine()),
        Epilogue::Afp(_) => {}
    }
    let alignment = target.arena_alignment;
    run(&module, &format!("afp-plan-memory{{alignment={alignment}}},afpk-expand,canonicalize,cse"));
    let object = llvm::compile(&module, "layer", target, OptLevel::O3);
    let object = object.unwrap_or_else(|error| panic!("{error} {:?}", session.take_diagnostics()));
    (object, Interface::of(&module).expect("an interface"))
}

/// What a layer computes.
fn expected(layer: &Layer, epilogue: Epilogue, inputs: &[Tensor]) -> Vec<f32> {
    if epilogue == Epilogue::Affine {
        return layer.affine_outputs(inputs[0].as_real().expect("floats"));
    }
    let session = Session::new();
    let module = session.parse("layer.mlir", layer.program(epilogue).as_bytes()).expect("a module");
    let program = Program::from_function(module.functions()[0]).expect("a program");
    program.run(inputs).expect("outputs")[0].as_real().expect("floats").to_vec()
}
