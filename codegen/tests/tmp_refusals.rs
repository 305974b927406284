#[path = "differential/case.rs"]
#[allow(dead_code)]
mod case;
#[path = "../../passes/tests/preserves_bits/graph.rs"]
#[allow(dead_code)]
mod graph;
use std::collections::BTreeMap;
#[test]
fn count() {
    afp_codegen::pipeline::register_all();
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut examples: BTreeMap<String, u64> = BTreeMap::new();
    for index in 0..400u64 {
        let (_, case) = case::Case::random(1, index);
        let Ok(p) = case.prepare(index) else { *reasons.entry("unfit".into()).or_default() += 1; continue };
        let session = afp_ir::mlir::Session::new();
        let module = session.parse("x", &p.program).ok().unwrap();
        let r = module.run_pipeline("builtin.module(convert-afp-to-kernels)");
        let mut d = session.take_diagnostics();
        d.retain(|d| d.is_error());
        if r.is_err() {
            for x in &d {
                let key = format!("{} {} | {:?} | {:?}", x.code, x.message, x.expected, x.found);
                examples.entry(key.clone()).or_insert(index);
                *reasons.entry(key).or_default() += 1;
            }
            *reasons.entry("REFUSED".into()).or_default() += 1;
        } else { *reasons.entry("ok".into()).or_default() += 1; }
    }
    for (k, v) in &reasons { println!("{v} {k} e.g. {:?}", examples.get(k)); }
}
