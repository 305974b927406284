//! Objects for aarch64, linked and run under a simulator where one is installed.

use std::{
    fs,
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
    sync::OnceLock,
};

use crate::{interface::Interface, object_file::Object};

const COMPILER: &str = "aarch64-linux-gnu-gcc";
const SIMULATOR: &str = "qemu-aarch64";

/// Reads sizes and inputs, calls `test`, writes outputs.
const MAIN: &str = r#"
#include <stdio.h>
#include <stdlib.h>
int test(const void *const *in, void *const *out, void *arena);
static unsigned word(void) { unsigned w; if (fread(&w, 4, 1, stdin) != 1) exit(3); return w; }
static void *memory(unsigned size) { return aligned_alloc(64, (size + 64u) & ~63u); }
int main(void) {
  void *arena = memory(word()), *in[16], *out[128];
  unsigned sizes[128], inputs = word(), outputs = word();
  if (inputs > 16 || outputs > 128) return 4;
  for (unsigned i = 0; i < inputs; i++) {
    unsigned size = word();
    in[i] = memory(size);
    if (fread(in[i], 1, size, stdin) != size) return 5;
  }
  for (unsigned i = 0; i < outputs; i++) out[i] = memory(sizes[i] = word());
  if (test((const void *const *)in, out, arena)) return 6;
  for (unsigned i = 0; i < outputs; i++) fwrite(out[i], 1, sizes[i], stdout);
  return 0;
}
"#;

/// The C program as an object; none, with a line that says so, where the tools are missing.
fn program() -> Option<&'static PathBuf> {
    static PROGRAM: OnceLock<Option<(tempfile::TempDir, PathBuf)>> = OnceLock::new();
    let made = PROGRAM.get_or_init(|| {
        let is_there = |tool: &str| Command::new(tool).arg("--version").output().is_ok();
        if !is_there(COMPILER) || !is_there(SIMULATOR) {
            eprintln!("skipped: code for aarch64 is not run without {COMPILER} and {SIMULATOR}");
            return None;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let (source, object) = (folder.path().join("main.c"), folder.path().join("main.o"));
        fs::write(&source, MAIN).expect("a file");
        run(Command::new(COMPILER).args(["-O1", "-c", "-o"]).arg(&object).arg(&source), &[]);
        Some((folder, object))
    });
    made.as_ref().map(|(_, object)| object)
}

fn run(command: &mut Command, input: &[u8]) -> Vec<u8> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a process that starts");
    child.stdin.take().expect("its input").write_all(input).expect("input is taken");
    let output = child.wait_with_output().expect("its output");
    assert!(output.status.success(), "{command:?}: {}", output.status);
    output.stdout
}

/// The outputs of `test` in an object, if it can be run.
pub(super) fn execute(object: &Object, interface: &Interface, inputs: &[Vec<f32>]) -> Option<Vec<Vec<u32>>> {
    let main = program()?;
    let folder = tempfile::tempdir().expect("a folder");
    let (file, program) = (folder.path().join("test.o"), folder.path().join("test"));
    fs::write(&file, &object.bytes).expect("a file");
    run(Command::new(COMPILER).args(["-static", "-o"]).arg(&program).arg(main).arg(&file), &[]);
    let mut words = vec![interface.arena_bytes as u32, inputs.len() as u32, interface.outputs.len() as u32];
    for input in inputs {
        words.push(4 * input.len() as u32);
        words.extend(input.iter().map(|value| value.to_bits()));
    }
    let sizes: Vec<usize> =
        interface.outputs.iter().map(|port| 4 * port.shape.iter().product::<usize>()).collect();
    words.extend(sizes.iter().map(|&size| size as u32));
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let output = run(Command::new(SIMULATOR).args(["-cpu", "max"]).arg(&program), &bytes);
    let mut rest = output.as_slice();
    let mut outputs = Vec::new();
    for size in sizes {
        let (head, tail) = rest.split_at(size);
        outputs.push(head.chunks_exact(4).map(|w| u32::from_le_bytes([w[0], w[1], w[2], w[3]])).collect());
        rest = tail;
    }
    Some(outputs)
}
