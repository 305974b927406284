//! Experiment.
use afp_ir::{
    interp::{Program, Tensor},
    mlir::Session,
};
use afp_ptq::*;
use afpc::{
    cli::Model,
    io::{
        model,
        samples::{Source, with_samples},
    },
    recipe::main_function,
};
use std::time::Instant;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let dir = &args[1];
    let session = Session::new();
    let m = Model { path: format!("{dir}/model.onnx").into(), shape: vec![] };
    let module = model::load(&session, &m).map_err(|e| format!("{:?}", e)).unwrap();
    for stage in &afp_passes::pipeline::STAGES[..2] {
        afp_passes::pipeline::run(&module, stage, &Default::default()).unwrap();
    }
    let function = main_function(&module).unwrap();
    let program = Program::from_function(function).unwrap();
    let mut all: Vec<Vec<Tensor>> = Vec::new();
    with_samples(
        &[Source { input: None, path: format!("{dir}/calib.npy").into() }],
        program.inputs(),
        24,
        &mut |mut s| {
            all = s.read(24)?;
            Ok(())
        },
    )
    .map_err(|_| ())
    .unwrap();
    let network = network::Network::load(function).unwrap();
    let t = Instant::now();
    let (fit, held) = quantizer::split(all.clone(), 0);
    let q = quantizer::Quantizer::new(
        &network,
        (&fit, held),
        quantizer::Options {
            rounding: rounding::Options { method: rounding::Method::Nearest, ..Default::default() },
            ..Default::default()
        },
        &|| (),
    )
    .unwrap();
    println!("observe {:?}", t.elapsed());
    let f: afp_ir::numerics::Format = "e2m2".parse().unwrap();
    let st = search::setting(&q, &vec![f; network.layers.len()]);
    let float = q.float();
    let quant = float.with(&st).unwrap();
    for (name, s) in [("float", float), ("quant", &quant)] {
        let t = Instant::now();
        for x in &all[..8] {
            s.run(x).unwrap();
        }
        println!("{name} {:?} per run", t.elapsed() / 8);
    }
    let t = Instant::now();
    for x in &all[..8] {
        let tr = float.trace(x).unwrap();
        std::hint::black_box(&tr);
    }
    println!("trace {:?}", t.elapsed() / 8);
}
