//! What goes between a run and its program: the table of networks, inputs, outputs, counts.

use std::fmt::Write;

use afp_ir::{diag::Diagnostic, interp::Signature};

use super::{Job, Simulated, failed};
use crate::{
    call::{from_bytes, to_bytes},
    interface::{Interface, Storage},
};

/// As in `networks.h`.
const ALIGNMENT: usize = 64;
const GUARD: usize = 64;

/// Bytes of a port.
fn bytes(port: &Signature) -> usize {
    Storage::of(port.element).map_or(0, Storage::bytes) * port.shape.iter().product::<usize>()
}

fn ports(interface: &Interface) -> impl Iterator<Item = &Signature> {
    interface.inputs.iter().chain(&interface.outputs)
}

/// The source file with the table of networks, and the memory that the largest needs.
pub(super) fn table(jobs: &[Job<'_>]) -> String {
    let mut text = "#include \"networks.h\"\n".to_owned();
    let mut rows = String::new();
    let (mut memory, mut places) = (0, 0);
    for (index, Job { symbol, interface, samples, .. }) in jobs.iter().enumerate() {
        let sizes: Vec<usize> = ports(interface).map(bytes).collect();
        let all = sizes.iter().chain([&interface.arena_bytes]);
        memory = memory.max(GUARD + all.map(|size| size.next_multiple_of(ALIGNMENT) + GUARD).sum::<usize>());
        places = places.max(sizes.len() + 1);
        let list: Vec<String> = sizes.iter().map(ToString::to_string).collect();
        let _ = writeln!(
            text,
            "int {symbol}(const void *const *, void *const *, void *);\n\
             static const uint32_t bytes_{index}[] = {{{}}};",
            list.join(", ")
        );
        let (count, inputs, outputs) = (samples.len(), interface.inputs.len(), interface.outputs.len());
        let arena = interface.arena_bytes;
        let _ = writeln!(rows, "  {{{symbol}, {count}, {inputs}, {outputs}, bytes_{index}, {arena}}},");
    }
    let _ = write!(
        text,
        "const struct afp_network afp_networks[] = {{\n{rows}}};\n\
         const uint32_t afp_network_count = {};\n\
         unsigned char *afp_places[{places}];\n\
         __attribute__((section(\".bss.memory\"), aligned({ALIGNMENT}))) unsigned char afp_memory[{memory}];\n",
        jobs.len()
    );
    text
}

/// All inputs of all samples of all networks, in the order of the calls.
pub(super) fn inputs(jobs: &[Job<'_>]) -> Result<Vec<u8>, Diagnostic> {
    let mut all = Vec::new();
    for job in jobs {
        for sample in job.samples {
            let ports = &job.interface.inputs;
            if sample.len() != ports.len() {
                return Err(Diagnostic::error("AFP0404", "the number of inputs is not the program's")
                    .expected(format!("{} inputs", ports.len()))
                    .found(sample.len().to_string()));
            }
            for (tensor, port) in sample.iter().zip(ports) {
                all.extend(to_bytes(tensor, port)?);
            }
        }
    }
    Ok(all)
}

/// The outputs and counts of each network.
pub(super) fn results(
    jobs: &[Job<'_>],
    mut outputs: &[u8],
    counts: &str,
) -> Result<Vec<Simulated>, Diagnostic> {
    let mut counts = counts.lines().map_while(|line| line.parse().ok());
    let mut take = |port: &Signature| {
        let (data, rest) =
            outputs.split_at_checked(bytes(port)).ok_or_else(|| failed().found("fewer outputs"))?;
        outputs = rest;
        from_bytes(data, port)
    };
    let mut sample = |job: &Job<'_>| job.interface.outputs.iter().map(&mut take).collect();
    jobs.iter()
        .map(|job| {
            let outputs = job.samples.iter().map(|_| sample(job)).collect::<Result<_, Diagnostic>>()?;
            Ok(Simulated { outputs, instructions: counts.by_ref().take(job.samples.len()).collect() })
        })
        .collect()
}

/// What the program means by its status.
pub(super) fn meaning(status: Option<i32>) -> &'static str {
    match status {
        Some(2) => "a file of samples cannot be read or written",
        Some(3) => "the function did not return 0",
        Some(4) => "something was written beside outputs and arena",
        Some(5) => "an input was changed",
        Some(6) => "the processor took a fault",
        _ => "",
    }
}
