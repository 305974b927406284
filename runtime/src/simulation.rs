//! The program around networks in a simulator: C sources, as text, for whoever simulates to build.

/// A source file: its name, and its text.
pub type Source = (&'static str, &'static str);

/// The program that calls networks on samples, the same everywhere. It takes the networks from a table
/// `afp_networks` in a further source file, that whoever builds it writes.
pub const PROGRAM: &[Source] = &[
    ("networks.h", include_str!("../simulation/networks.h")),
    ("system.h", include_str!("../simulation/system.h")),
    ("main.c", include_str!("../simulation/main.c")),
    ("call.c", include_str!("../simulation/call.c")),
];

/// The plugin of QEMU that counts the instructions of each call.
pub const COUNTER: Source = ("count.c", include_str!("../simulation/count.c"));

/// Files, memory and the end of the program on systems with a C library.
pub const HOST: &[Source] = &[("system.c", include_str!("../hosts/system.c"))];

/// The MPS2 board with the FPGA image AN386, a Cortex-M4: start-up, files by semihosting, and memory.
pub const MPS2_AN386: &[Source] = &[
    ("start.c", include_str!("../boards/mps2-an386/start.c")),
    ("system.c", include_str!("../boards/mps2-an386/system.c")),
    ("link.ld", include_str!("../boards/mps2-an386/link.ld")),
];
