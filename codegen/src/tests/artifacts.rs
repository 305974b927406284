//! What is made of objects: archives, texts, the stack that code needs.

use std::{fs, path::Path, process::Command};

use afp_ir::mlir::Session;

use super::{ACCUMULATE, BITS, build};
use crate::{
    archive::archive,
    llvm::{OptLevel, Products, Wanted, products},
    target::{TABLE, Target},
};

fn produced(source: &str, target: &Target, opt: OptLevel) -> Products {
    let session = Session::new();
    let module = session
        .parse("test.mlir", source.as_bytes())
        .unwrap_or_else(|_| panic!("the test's module: {:?}", session.take_diagnostics()));
    let wanted = Wanted { llvm: true, assembly: true };
    products(&module, "network_run", target, opt, wanted).expect("products")
}

/// Runs a tool and gives its standard output.
fn tool(name: &str, folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(name).args(arguments).current_dir(folder).output().expect(name);
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn an_archive_links_and_repeats() {
    let folder = tempfile::tempdir().expect("a folder");
    let (one, _) = build(ACCUMULATE, "first_run", &Target::host(), OptLevel::O3).expect("an object");
    let (two, _) = build(BITS, "second_run", &Target::host(), OptLevel::O3).expect("an object");
    let members: [(&str, &[u8]); 2] =
        [("a_name_longer_than_sixteen_characters.o", &one.bytes), ("b.o", &two.bytes)];
    let path = folder.path().join("libnetworks.a");
    let bytes = archive(&members).expect("an archive");
    assert_eq!(bytes, archive(&members).expect("an archive"), "the same objects give the same bytes");
    fs::write(&path, bytes).expect("the archive");
    assert_eq!(
        tool("ar", folder.path(), &["t", "libnetworks.a"]),
        "a_name_longer_than_sixteen_characters.o\nb.o\n"
    );
    let index = tool("nm", folder.path(), &["--print-armap", "libnetworks.a"]);
    assert!(index.contains("second_run in b.o"), "{index}");

    let program = "int second_run(const void *const *, void *const *, void *);
        int main(void) {
          float a[5] = {1, -3.5f, 700, 0, 9}, b[5] = {2, 8, 64, 1, 8.5f}, c[5], d[5];
          const void *in[] = {a, b};
          void *out[] = {c, d};
          static char arena[4096];
          return second_run(in, out, arena) != 0 || d[1] != 3.5f;
        }";
    fs::write(folder.path().join("main.c"), program).expect("a program");
    tool("cc", folder.path(), &["main.c", "-L.", "-lnetworks", "-o", "main"]);
    tool("./main", folder.path(), &[]);
}

#[test]
fn texts_say_what_was_compiled() {
    let produced = produced(BITS, &Target::host(), OptLevel::O3);
    assert!(produced.llvm.expect("a text").contains(" @network_run(ptr "));
    assert!(produced.assembly.expect("a text").contains("network_run:"));
    let (object, _) = build(BITS, "network_run", &Target::host(), OptLevel::O3).expect("an object");
    assert!(object == produced.object, "texts beside it change no object");
}

/// Adds products of bytes and products of pairs to sums, in vectors of so many lanes.
fn dots(lanes: usize) -> String {
    format!(
        "func.func @body(%out: memref<1xf32>, %arena: memref<1024xi8>) attributes {{afp.inputs = 0 : i64}} {{
           %c0 = arith.constant 0 : index
           %c512 = arith.constant 512 : index
           %sums = memref.view %arena[%c0][] : memref<1024xi8> to memref<64xi32>
           %pairs = memref.view %arena[%c512][] : memref<1024xi8> to memref<64xi16>
           %c = vector.load %sums[%c0] : memref<64xi32>, vector<{lanes}xi32>
           %a = vector.load %arena[%c512] : memref<1024xi8>, vector<{bytes}xi8>
           %b = vector.load %arena[%c0] : memref<1024xi8>, vector<{bytes}xi8>
           %p = vector.load %pairs[%c0] : memref<64xi16>, vector<{words}xi16>
           %r = afpk.dot %c, %a, %b {{unsigned_a}} : vector<{lanes}xi32>, vector<{bytes}xi8>
           %s = afpk.dot %r, %p, %p : vector<{lanes}xi32>, vector<{words}xi16>
           vector.store %s, %sums[%c0] : memref<64xi32>, vector<{lanes}xi32>
           return }}",
        bytes = 4 * lanes,
        words = 2 * lanes,
    )
}

#[test]
fn dot_products_are_one_instruction() {
    // The encodings of AVX-VNNI are other ones than those of AVX-512.
    for (name, prefix, lanes) in [
        ("x86-64-v3+avxvnni", "{vex}\t", &[4, 8][..]),
        ("x86-64-v4+vnni", "\t", &[4, 8, 16]),
        ("x86-64-v4+amx", "\t", &[4, 8, 16]),
    ] {
        let target = Target::listed(name).expect("a row of the table");
        for &lanes in lanes {
            let text = produced(&dots(lanes), &target, OptLevel::O3).assembly.expect("a text");
            for mnemonic in ["vpdpbusd", "vpdpwssd"] {
                assert_eq!(
                    text.matches(&format!("{prefix}{mnemonic}\t")).count(),
                    1,
                    "{name} {lanes}: {text}"
                );
            }
            assert!(!text.contains("vpmadd"), "{name} {lanes}: {text}");
        }
    }
}

#[test]
fn products_of_two_rows_with_two_others_are_one_instruction() {
    let source = "
        func.func @body(%out: memref<1xf32>, %arena: memref<64xi8>) attributes {afp.inputs = 0 : i64} {
          %c0 = arith.constant 0 : index
          %c16 = arith.constant 16 : index
          %c32 = arith.constant 32 : index
          %sums = memref.view %arena[%c0][] : memref<64xi8> to memref<4xi32>
          %c = vector.load %sums[%c0] : memref<4xi32>, vector<4xi32>
          %a = vector.load %arena[%c16] : memref<64xi8>, vector<16xi8>
          %b = vector.load %arena[%c32] : memref<64xi8>, vector<16xi8>
          %r = afpk.mmla %c, %a, %b : vector<4xi32>, vector<16xi8>
          vector.store %r, %sums[%c0] : memref<4xi32>, vector<4xi32>
          return
        }";
    let of = |name| Target::listed(name).expect("a row of the table");
    let text = produced(source, &of("aarch64+i8mm"), OptLevel::O3).assembly.expect("a text");
    assert_eq!(text.matches("smmla\t").count(), 1, "{text}");
    for name in ["aarch64+dotprod", "aarch64", "x86-64-v4+amx", "cortex-m4"] {
        assert!(build(source, "f", &of(name), OptLevel::O3).is_err(), "{name} has none");
    }
}

/// A chain of two functions with 4096 and 1024 bytes of their own each, and one beside it with 2048.
const FRAMES: &str = "\
module {
func.func private @inner(%out: memref<1xf32>) attributes {passthrough = [\"noinline\"]} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %memory = memref.alloca() : memref<256xf32>
  %x = memref.load %out[%c0] : memref<1xf32>
  %n = arith.fptosi %x : f32 to i32
  %i = arith.index_cast %n : i32 to index
  memref.store %x, %memory[%i] : memref<256xf32>
  %y = memref.load %memory[%c0] : memref<256xf32>
  memref.store %y, %out[%c0] : memref<1xf32>
  return
}
func.func private @beside(%out: memref<1xf32>) attributes {passthrough = [\"noinline\"]} {
  %c0 = arith.constant 0 : index
  %memory = memref.alloca() : memref<512xf32>
  %x = memref.load %out[%c0] : memref<1xf32>
  %n = arith.fptosi %x : f32 to i32
  %i = arith.index_cast %n : i32 to index
  memref.store %x, %memory[%i] : memref<512xf32>
  %y = memref.load %memory[%c0] : memref<512xf32>
  memref.store %y, %out[%c0] : memref<1xf32>
  return
}
func.func private @outer(%out: memref<1xf32>) attributes {passthrough = [\"noinline\"]} {
  %c0 = arith.constant 0 : index
  %memory = memref.alloca() : memref<1024xf32>
  %x = memref.load %out[%c0] : memref<1xf32>
  %n = arith.fptosi %x : f32 to i32
  %i = arith.index_cast %n : i32 to index
  memref.store %x, %memory[%i] : memref<1024xf32>
  func.call @inner(%out) : (memref<1xf32>) -> ()
  %y = memref.load %memory[%c0] : memref<1024xf32>
  memref.store %y, %out[%c0] : memref<1xf32>
  return
}
func.func @body(%in: memref<1xf32>, %out: memref<1xf32>, %arena: memref<1xi8>) attributes {afp.inputs = 1 : i64} {
  func.call @outer(%out) : (memref<1xf32>) -> ()
  func.call @beside(%out) : (memref<1xf32>) -> ()
  return
}
}";

#[test]
fn the_stack_is_that_of_the_deepest_chain() {
    for target in TABLE.into_iter().filter(|target| target.pointer_bits == 64) {
        for opt in [OptLevel::O0, OptLevel::O3] {
            let stack = produced(FRAMES, &target, opt).stack_bytes;
            // Four functions, whose frames may be aligned to vectors.
            let aligned = if target.vectors.bits > 128 { 4 * 128 } else { 0 };
            let (least, most) = (4096 + 1024, 4096 + 1024 + 400 + aligned);
            assert!((least..most).contains(&stack), "{} {opt:?}: {stack}", target.name);
        }
        let small = produced(ACCUMULATE, &target, OptLevel::O3).stack_bytes;
        assert!(small < 256, "{}: {small}", target.name);
    }
}

/// A loop over more vectors of 16 lanes than any machine has registers.
fn many_vectors() -> String {
    let count = 40;
    let list = |prefix: &str| (0..count).map(|i| format!("%{prefix}{i}")).collect::<Vec<_>>().join(", ");
    let vector = "vector<16xi32>";
    let each = |line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<Vec<_>>().join("\n");
    let places = each(&|i| format!("%p{i} = arith.constant {} : index", 16 * i));
    let loads = each(&|i| format!("%x{i} = vector.load %memory[%p{i}] : memref<640xi32>, {vector}"));
    let initial: Vec<String> = (0..count).map(|i| format!("%a{i} = %x{i}")).collect();
    let steps = each(&|i| format!("%b{i} = arith.muli %a{i}, %a{} : {vector}", (i + 7) % count));
    let stores = each(&|i| format!("vector.store %r#{i}, %memory[%p{i}] : memref<640xi32>, {vector}"));
    let types = vec![vector; count].join(", ");
    format!(
        "func.func @body(%out: memref<1xf32>, %arena: memref<2560xi8>) attributes {{afp.inputs = 0 : i64}} {{
           %c1 = arith.constant 1 : index
           %c100 = arith.constant 100 : index
           {places}
           %memory = memref.view %arena[%p0][] : memref<2560xi8> to memref<640xi32>
           {loads}
           %r:{count} = scf.for %i = %p0 to %c100 step %c1 iter_args({initial}) -> ({types}) {{
             {steps}
             scf.yield {yielded} : {types}
           }}
           {stores}
           return }}",
        initial = initial.join(", "),
        yielded = list("b"),
    )
}

#[test]
fn vectors_on_the_stack_cross_no_line() {
    let target = Target::listed("x86-64-v4").expect("a row of the table");
    let produced = produced(&many_vectors(), &target, OptLevel::O3);
    let text = produced.assembly.expect("a text");
    let on_stack = |line: &&str| line.contains("zmm") && line.contains("(%rsp)");
    assert!(text.lines().filter(on_stack).count() > 0, "{text}");
    assert!(text.contains("andq\t$-64, %rsp"), "{text}");
    assert!(
        !text.lines().filter(on_stack).any(|line| line.contains("movdqu") || line.contains("movup")),
        "{text}"
    );
    // Eight vectors at least, and what aligns them.
    assert!((8 * 64 + 64..4096).contains(&produced.stack_bytes), "{}", produced.stack_bytes);
}
