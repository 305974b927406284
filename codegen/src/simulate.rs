//! Objects for other machines run under QEMU.
//!
//! A [`Simulator`] links objects with the program of `afp-runtime`, which reads samples from a file and
//! writes outputs to one, and runs it: Cortex-M on a simulated board, the others in QEMU's user mode.
//! Arena and outputs hold garbage before each call, guards lie around them, and the instructions of
//! each call are counted. Several networks go into one start.

mod program;

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use afp_ir::{diag::Diagnostic, interp::Tensor};
use afp_runtime::simulation::{COUNTER, HOST, MPS2_AN386, PROGRAM, Source};
use object::{Object as _, ObjectSymbol as _};
use tempfile::TempDir;

use crate::{interface::Interface, internal, llvm::Object, target::Target};

/// What runs a target's code.
#[derive(Clone, Copy)]
struct Machine {
    /// The compiler that links for it, and Debian's package of that.
    compiler: (&'static str, &'static str),
    /// The compiler's options.
    flags: &'static [&'static str],
    /// What is compiled beside the common program.
    sources: &'static [Source],
    /// QEMU with its options, and Debian's package of it; none where this machine runs the code.
    qemu: Option<(&'static [&'static str], &'static str)>,
}

const BOARD: Machine = Machine {
    compiler: ("arm-none-eabi-gcc", "gcc-arm-none-eabi"),
    flags: &["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=soft", "-ffreestanding", "-nostdlib"],
    sources: MPS2_AN386,
    qemu: Some((
        &[
            "qemu-system-arm",
            "-M",
            "mps2-an386",
            "-display",
            "none",
            "-serial",
            "none",
            "-monitor",
            "none",
            "-semihosting-config",
            "enable=on,target=native",
        ],
        "qemu-system-arm",
    )),
};

const fn user(
    compiler: (&'static str, &'static str),
    qemu: Option<(&'static [&'static str], &'static str)>,
) -> Machine {
    let flags: &[&str] =
        if qemu.is_some() { &["-static", "-no-pie"] } else { &["-static", "-no-pie", "-DAFP_COUNT_STEPS"] };
    Machine { compiler, flags, sources: HOST, qemu }
}

const AARCH64_GCC: (&str, &str) =
    ("aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu and libc6-dev-arm64-cross");
const X86_GCC: (&str, &str) = ("x86_64-linux-gnu-gcc", "gcc and libc6-dev");

impl Machine {
    fn of(target: &Target) -> Option<Self> {
        let qemu = |command: &'static [&'static str]| Some((command, "qemu-user"));
        Some(match target.name {
            "cortex-m4" => BOARD,
            // A processor without the dot product, so that its use would be found.
            "aarch64" => user(AARCH64_GCC, qemu(&["qemu-aarch64", "-cpu", "cortex-a53"])),
            "aarch64+dotprod" | "aarch64+i8mm" => user(AARCH64_GCC, qemu(&["qemu-aarch64", "-cpu", "max"])),
            "x86-64-v2" => user(X86_GCC, qemu(&["qemu-x86_64", "-cpu", "Nehalem"])),
            "x86-64-v3" => user(X86_GCC, qemu(&["qemu-x86_64", "-cpu", "max"])),
            // QEMU has neither AVX-VNNI nor AVX-512.
            _ if target.runs_here() => user(X86_GCC, None),
            _ => return None,
        })
    }
}

/// A network to run.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// Its object, of which the symbol is unique among the jobs of a run.
    pub object: &'a Object,
    /// The object's function.
    pub symbol: &'a str,
    /// What the function takes and gives.
    pub interface: &'a Interface,
    /// The inputs of each call.
    pub samples: &'a [Vec<Tensor>],
}

/// What a network gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulated {
    /// The outputs of each call.
    pub outputs: Vec<Vec<Tensor>>,
    /// How many instructions each call executed, from the function's first to its return. Where this
    /// machine runs the code, step by step, of the first call of the first network alone.
    pub instructions: Vec<u64>,
}

/// Runs a target's code, of networks for one thread.
pub struct Simulator {
    machine: Machine,
    /// The program's sources and objects, and the counter.
    built: TempDir,
    objects: Vec<PathBuf>,
    limit: Option<Duration>,
}

impl Simulator {
    /// The simulator of a target; builds the program that all its runs share.
    ///
    /// # Errors
    /// AFP0631 if a compiler or QEMU is missing, or if no simulator has the machine; AFP0632 if the
    /// program cannot be built; AFP0501 if there is no room for temporary files.
    pub fn for_target(target: &Target) -> Result<Self, Diagnostic> {
        let missing =
            || Diagnostic::error("AFP0631", format!("the target '{}' cannot be simulated here", target.name));
        let machine = Machine::of(target).ok_or_else(|| {
            missing()
                .expected("a processor that runs its code, since QEMU does not")
                .found(format!("one of the level {}", Target::host().name))
        })?;
        let counter = machine.qemu.map(|_| ("cc", "gcc and libc6-dev"));
        let qemu = machine.qemu.map(|(command, package)| (command[0], package));
        for (program, package) in [Some(machine.compiler), counter, qemu].into_iter().flatten() {
            if !is_in_path(program) {
                return Err(missing()
                    .expected(format!("'{program}' in PATH"))
                    .found("none")
                    .help(format!("install it (Debian: {package}); scripts/install-deps installs all")));
            }
        }
        Self::build(machine)
    }

    /// What counts by single steps on this machine.
    #[cfg(test)]
    pub(crate) fn stepping() -> Result<Self, Diagnostic> {
        Self::build(user(X86_GCC, None))
    }

    fn build(machine: Machine) -> Result<Self, Diagnostic> {
        let built = tempfile::tempdir().map_err(unwritable)?;
        let folder = built.path();
        for (name, text) in PROGRAM.iter().chain(machine.sources).chain([&COUNTER]) {
            fs::write(folder.join(name), text).map_err(unwritable)?;
        }
        let mut objects = Vec::new();
        for (name, _) in PROGRAM.iter().chain(machine.sources).filter(|(name, _)| name.ends_with(".c")) {
            let object = folder.join(name).with_extension("o");
            let mut command = compiler(&machine, folder);
            run_compiler(command.arg("-c").arg(name).arg("-o").arg(&object))?;
            objects.push(object);
        }
        if machine.qemu.is_some() {
            let mut command = Command::new("cc");
            command.current_dir(folder).args(["-O2", "-shared", "-fPIC", COUNTER.0, "-o", "count.so"]);
            run_compiler(&mut command)?;
        }
        Ok(Self { machine, built, objects, limit: None })
    }

    /// Ends runs that take longer.
    #[must_use]
    pub fn with_limit(self, limit: Duration) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// Runs one network.
    ///
    /// # Errors
    /// As [`Simulator::run_all`].
    pub fn run(
        &self,
        object: &Object,
        symbol: &str,
        interface: &Interface,
        samples: &[Vec<Tensor>],
    ) -> Result<Simulated, Diagnostic> {
        let mut results = self.run_all(&[Job { object, symbol, interface, samples }])?;
        results.pop().ok_or_else(|| internal("a simulation without a result"))
    }

    /// Runs several networks, one after another, in one start of the simulator.
    ///
    /// # Errors
    /// AFP0404 for inputs that do not fit, AFP0632 if the objects cannot be linked, AFP0633 if the
    /// simulated program fails, AFP0501 if there is no room for temporary files.
    pub fn run_all(&self, jobs: &[Job<'_>]) -> Result<Vec<Simulated>, Diagnostic> {
        let scratch = tempfile::tempdir().map_err(unwritable)?;
        let folder = scratch.path();
        let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).map_err(unwritable);
        write("inputs.bin", &program::inputs(jobs)?)?;
        write("networks.c", program::table(jobs).as_bytes())?;
        let program = folder.join("program");
        let mut command = compiler(&self.machine, folder);
        command.arg("-I").arg(self.built.path()).args(&self.objects).arg("networks.c");
        for (index, job) in jobs.iter().enumerate() {
            let name = format!("network{index}.o");
            write(&name, &job.object.bytes)?;
            command.arg(name);
        }
        if self.machine.sources.iter().any(|(name, _)| *name == "link.ld") {
            command.arg("-T").arg(self.built.path().join("link.ld"));
        }
        run_compiler(command.arg("-o").arg(&program))?;
        self.execute(folder, &program)?;
        let read = |name: &str| {
            fs::read(folder.join(name)).map_err(|error| failed().found(format!("{name}: {error}")))
        };
        program::results(jobs, &read("outputs.bin")?, &String::from_utf8_lossy(&read("counts.txt")?))
    }

    fn execute(&self, folder: &Path, program: &Path) -> Result<(), Diagnostic> {
        let mut command = match self.machine.qemu {
            None => Command::new(program),
            Some((qemu, _)) => {
                let (begin, end) = (address(program, "afp_call_begin")?, address(program, "afp_call_end")?);
                let counter = self.built.path().join("count.so");
                let plugin = format!("{},begin={begin},end={end},out=counts.txt", counter.display());
                let mut command = Command::new(qemu[0]);
                command.args(&qemu[1..]).arg("-plugin").arg(plugin);
                if is_board(&self.machine) {
                    command.arg("-kernel");
                }
                command.arg(program);
                command
            }
        };
        let messages = fs::File::create(folder.join("messages.txt")).map_err(unwritable)?;
        command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(messages);
        let mut child = command.spawn().map_err(|error| failed().found(error.to_string()))?;
        let start = Instant::now();
        let mut pause = Duration::from_millis(1);
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if self.limit.is_none_or(|limit| start.elapsed() < limit) => {}
                Ok(None) => {
                    // It may have ended just now: then there is nothing to kill.
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(failed().found(format!("no end after {:?}", start.elapsed())));
                }
                Err(error) => return Err(failed().found(error.to_string())),
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        };
        if status.success() {
            return Ok(());
        }
        let messages = fs::read_to_string(folder.join("messages.txt")).unwrap_or_default();
        let meaning = program::meaning(status.code());
        Err(failed().found(format!("{status}: {meaning} {}", messages.trim()).trim_end().to_owned()))
    }
}

fn is_board(machine: &Machine) -> bool {
    machine.compiler.0 == BOARD.compiler.0
}

fn compiler(machine: &Machine, folder: &Path) -> Command {
    let mut command = Command::new(machine.compiler.0);
    command.current_dir(folder).args(["-std=gnu11", "-O2", "-Wall"]).args(machine.flags);
    command
}

fn run_compiler(command: &mut Command) -> Result<(), Diagnostic> {
    let name = command.get_program().to_string_lossy().into_owned();
    let error = || {
        Diagnostic::error("AFP0632", "the program around the compiled network cannot be built")
            .expected(format!("'{name}' to succeed"))
    };
    let output = command.output().map_err(|problem| error().found(problem.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    Err(error().found(format!("{}: {}", output.status, text.trim())))
}

/// The address of a label of a linked program.
fn address(program: &Path, label: &str) -> Result<u64, Diagnostic> {
    let bytes = fs::read(program).map_err(|error| failed().found(error.to_string()))?;
    let found = object::File::parse(bytes.as_slice()).ok().and_then(|file| {
        let named = file.symbols().find(|symbol| symbol.name() == Ok(label));
        named.map(|symbol| symbol.address())
    });
    found.ok_or_else(|| internal("the simulated program lacks a label").found(label))
}

fn is_in_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(OsStr::new(program)).is_file())
}

fn failed() -> Diagnostic {
    Diagnostic::error("AFP0633", "the compiled network fails in the simulator")
        .expected("outputs, and nothing written beside them")
}

fn unwritable(error: std::io::Error) -> Diagnostic {
    Diagnostic::error("AFP0501", "the output cannot be written")
        .expected("a folder for temporary files")
        .found(error.to_string())
}
