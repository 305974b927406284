//! What goes between a run and its program: the table of networks, inputs, outputs, counts.

use std::fmt::Write;

use afp_ir::{
    diag::Diagnostic,
    dialect::Element,
    interp::{Data, Signature, Tensor},
    numerics::Code,
};

use super::{Job, Simulated, failed};
use crate::interface::Interface;

/// As in `networks.h`.
const ALIGNMENT: usize = 64;
const GUARD: usize = 64;

/// Bytes of a port: `f32`, or codes in one byte or two.
fn bytes(port: &Signature) -> usize {
    element_bytes(port) * port.shape.iter().product::<usize>()
}

fn element_bytes(port: &Signature) -> usize {
    match port.element {
        Element::Float(ty) if ty.format.width() <= 8 => 1,
        Element::Float(_) => 2,
        _ => 4,
    }
}

/// A tensor in memory.
fn to_bytes(tensor: &Tensor, port: &Signature) -> Result<Vec<u8>, Diagnostic> {
    match (&tensor.data, port.element) {
        _ if tensor.shape != port.shape || !tensor.is_consistent() => {}
        (Data::Real(data), Element::Real) => return Ok(data.iter().flat_map(|v| v.to_le_bytes()).collect()),
        (Data::Codes { ty, codes }, Element::Float(expected)) if *ty == expected => {
            let size = element_bytes(port);
            return Ok(codes.iter().flat_map(|code| code.to_le_bytes().into_iter().take(size)).collect());
        }
        _ => {}
    }
    let expected = match port.element {
        Element::Float(ty) => format!("codes of {ty}"),
        _ => "f32".to_owned(),
    };
    Err(Diagnostic::error("AFP0404", format!("input '{}' is not what the program takes", port.name))
        .expected(format!("{:?} {expected}", port.shape))
        .found(format!("{:?} {} with {} elements", tensor.shape, tensor.data.describe(), tensor.data.len())))
}

/// A tensor from memory.
fn from_bytes(bytes: &[u8], port: &Signature) -> Tensor {
    let Element::Float(ty) = port.element else {
        let values = bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        return Tensor::real(&port.shape, values);
    };
    // Codes have their upper bits zero, whatever the integers that hold them.
    let codes = match element_bytes(port) {
        1 => bytes.iter().map(|&byte| Code::from(byte)).collect(),
        _ => bytes.as_chunks().0.iter().map(|bytes| Code::from_le_bytes(*bytes)).collect(),
    };
    Tensor { shape: port.shape.clone(), data: Data::Codes { ty, codes } }
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
        let (data, rest) = outputs.split_at_checked(bytes(port))?;
        outputs = rest;
        Some(from_bytes(data, port))
    };
    let mut sample = |job: &Job<'_>| job.interface.outputs.iter().map(&mut take).collect();
    jobs.iter()
        .map(|job| {
            let outputs: Option<_> = job.samples.iter().map(|_| sample(job)).collect();
            let outputs = outputs.ok_or_else(|| failed().found("fewer outputs"))?;
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
