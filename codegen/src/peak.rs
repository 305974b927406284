//! The fastest that a machine multiplies bytes: what the speed of kernels is held against.
//!
//! A tile of sums in registers takes products, as [`crate::kernels::direct`] does in the middle of a layer; nothing
//! is started, rounded or stored. A matrix unit's blocks have few steps and their loads and stores. Where one instruction does it all, its operands stay in registers too; else a
//! compiler would take what steps have in common out of the loop, and they come from the first cache.

use std::fmt::Write as _;

use afp_ir::{diag::Diagnostic, interp::Tensor, mlir::Session};
use afp_target::Dot;

use crate::{
    afpk::matrix::Block,
    interface::Interface,
    internal,
    library::Library,
    link::link_shared,
    llvm::{self, OptLevel},
    target::Target,
};

/// Steps of a call.
const STEPS: u64 = 1 << 14;
/// Bytes of each operand that steps go through, over and over.
const CYCLE: u64 = 4096;

/// Code that multiplies as fast as a machine can.
pub struct Peak {
    code: Library,
    /// Products of a call.
    pub macs: u64,
}

impl Peak {
    /// The code for a target, which must run here; none where it has no dot product of bytes.
    ///
    /// # Errors
    /// What compiling and linking report.
    pub fn new(target: &Target) -> Result<Option<Self>, Diagnostic> {
        if target.vectors.dot == Dot::None || target.vectors.bits < 128 {
            return Ok(None);
        }
        let session = Session::new();
        let (text, macs) = if target.vectors.matrix {
            by_matrix_unit()
        } else {
            let tile = Tile::of(target);
            (tile.program(), tile.macs())
        };
        let module = session.parse("peak.mlir", text.as_bytes()).map_err(|_| {
            internal("the program that measures the machine is malformed")
                .found(format!("{:?}", session.take_diagnostics()))
        })?;
        let symbol = "afp_peak";
        let object = llvm::compile(&module, symbol, target, OptLevel::O3)?;
        let folder = tempfile::tempdir().map_err(|error| {
            internal("there is no temporary folder for the program that measures the machine")
                .found(error.to_string())
        })?;
        let path = folder.path().join("libpeak.so");
        link_shared(&[object], &path)?;
        // SAFETY: the library was made just now, and the function has this interface.
        let code = unsafe { Library::open(&path, symbol, Interface::of(&module)?) }?;
        Ok(Some(Self { code, macs }))
    }

    /// One call.
    ///
    /// # Errors
    /// What the call reports.
    pub fn run(&self) -> Result<Vec<Tensor>, Diagnostic> {
        self.code.run(&[])
    }
}

/// Steps of a block of a matrix unit's products, whose panels stay in the first cache.
const BLOCK_STEPS: u64 = 16;

/// Blocks of products by a matrix unit, one after the other, and their number.
fn by_matrix_unit() -> (String, u64) {
    let block = Block { groups: 2, panels: 2 };
    let shapes: Vec<String> = block.shapes(16, 64).iter().map(|byte| format!("{}", *byte as i8)).collect();
    let (blocks, panels, rows) = (STEPS / BLOCK_STEPS, BLOCK_STEPS * 2 * 1024, 32 * BLOCK_STEPS * 64);
    let arena = 4096 + panels + rows;
    let text = format!(
        "builtin.module {{
         memref.global \"private\" constant @shapes : memref<64xi8> = dense<[{}]>
         func.func @body(%to: memref<1xf32>, %arena: memref<{arena}xi8>) attributes {{afp.inputs = 0 : i64}} {{
           %zero = arith.constant 0 : index
           %one = arith.constant 1 : index
           %blocks = arith.constant {blocks} : index
           %from = arith.constant 4096 : index
           %behind = arith.constant {} : index
           %half = arith.constant {} : index
           %shapes = memref.get_global @shapes : memref<64xi8>
           %sums = memref.view %arena[%zero][] : memref<{arena}xi8> to memref<1024xi32>
           %b = memref.view %arena[%from][] : memref<{arena}xi8> to memref<{panels}xi8>
           %a = memref.view %arena[%behind][] : memref<{arena}xi8> to memref<{rows}xi8>
           afpk.matrix_setup %shapes : memref<64xi8>
           scf.for %i = %zero to %blocks step %one {{
             afpk.matrix_dot %sums[%zero], %a[%zero, %half], %b[%zero]
               {{rows = 16 : i64, panels = 2 : i64, depth = 64 : i64, row_stride = {} : i64, counts = array<i64: {BLOCK_STEPS}>,
                 strides = array<i64: 64>, unsigned_a}} : memref<1024xi32>, memref<{rows}xi8>, memref<{panels}xi8>
           }}
           afpk.matrix_release
           return
         }}
         }}",
        shapes.join(", "),
        4096 + panels,
        rows / 2,
        BLOCK_STEPS * 64
    );
    (text, STEPS * 4 * 16 * 16 * 64)
}

/// Sums in registers.
struct Tile {
    lanes: u64,
    pixels: u64,
    vectors: u64,
    /// Steps that are taken together.
    depth: u64,
    /// How the dot product is said to be.
    flags: &'static str,
}

impl Tile {
    fn of(target: &Target) -> Self {
        let (lanes, registers) = (u64::from(target.vectors.bits / 32), u64::from(target.vectors.registers));
        let flags = match target.vectors.dot {
            Dot::Sdot => "",
            Dot::Smull => "{pairs_fit}",
            _ => "{unsigned_a, pairs_fit}",
        };
        if target.vectors.multiplies_to_words() {
            // Sums, four steps' weights, an input and what is between.
            return Self { lanes, pixels: (registers / 2).min(12), vectors: 1, depth: 4, flags };
        }
        let vectors = if registers >= 32 { 4 } else { 2 };
        // Sums, weights and two inputs.
        Self { lanes, pixels: (registers - vectors - 2) / vectors, vectors, depth: 1, flags }
    }

    fn macs(&self) -> u64 {
        STEPS * self.pixels * self.vectors * self.lanes * 4
    }

    fn program(&self) -> String {
        let Self { lanes, pixels, vectors, depth, flags } = *self;
        let (sums, bytes, is_one) = (pixels * vectors, 4 * lanes, depth == 1);
        let (acc, dots) = (format!("vector<{lanes}xi32>"), format!("vector<{bytes}xi8>"));
        // Sums that differ from the start, or else they are one to the compiler.
        let arena = CYCLE + 4 * 4096;
        let list = |name: &str| (0..sums).map(|i| format!("%{name}{i}")).collect::<Vec<_>>().join(", ");
        let types = vec![acc.clone(); sums as usize].join(", ");
        let (mut begin, mut step, mut end) = (String::new(), String::new(), String::new());
        let mut loads = String::new();
        for i in 0..sums {
            let _ = writeln!(begin, "%p{i} = arith.constant {} : index", i * lanes);
            let _ = writeln!(begin, "%i{i} = vector.load %sums[%p{i}] : memref<4096xi32>, {acc}");
            let _ = writeln!(end, "vector.store %r#{i}, %sums[%p{i}] : memref<4096xi32>, {acc}");
        }
        for j in 0..vectors * depth {
            let _ = writeln!(loads, "%bo{j} = arith.constant {} : index", j * bytes);
            let _ = writeln!(loads, "%ba{j} = arith.addi %at, %bo{j} : index");
            let _ = writeln!(loads, "%b{j} = vector.load %bytes[%ba{j}] : memref<{CYCLE}xi8>, {dots}");
        }
        // Two inputs fit beside the sums.
        let inputs = if is_one { 2 } else { pixels };
        for p in 0..inputs * depth {
            let _ = writeln!(loads, "%ao{p} = arith.constant {} : index", 1024 + p * 4);
            let _ = writeln!(loads, "%aa{p} = arith.addi %at, %ao{p} : index");
            let _ = writeln!(loads, "%aw{p} = vector.load %bytes[%aa{p}] : memref<{CYCLE}xi8>, vector<4xi8>");
            let _ = writeln!(loads, "%ab{p} = vector.bitcast %aw{p} : vector<4xi8> to vector<1xi32>");
            let _ = writeln!(loads, "%as{p} = vector.broadcast %ab{p} : vector<1xi32> to {acc}");
            let _ = writeln!(loads, "%a{p} = vector.bitcast %as{p} : {acc} to {dots}");
        }
        for i in 0..sums {
            let (p, j) = (i / vectors % inputs, i % vectors);
            let factors = (0..depth).map(|d| format!("%a{}, %b{}", p * depth + d, j * depth + d));
            let factors = factors.collect::<Vec<_>>().join(", ");
            let _ = writeln!(step, "%n{i} = afpk.dot %s{i}, {factors} {flags} : {acc}, {dots}");
        }
        let turn = "%turn = arith.andi %t, %mask : index\n%at = arith.muli %turn, %width : index\n";
        if is_one {
            begin = format!("%at = arith.constant 0 : index\n{loads}{begin}");
        } else {
            step = format!("{turn}{loads}{step}");
        }
        let carried: Vec<String> = (0..sums).map(|i| format!("%s{i} = %i{i}")).collect();
        format!(
            "func.func @body(%to: memref<1xf32>, %arena: memref<{arena}xi8>) attributes {{afp.inputs = 0 : i64}} {{
               %zero = arith.constant 0 : index
               %one = arith.constant 1 : index
               %steps = arith.constant {STEPS} : index
               %depth = arith.constant {depth} : index
               %mask = arith.constant 15 : index
               %width = arith.constant 64 : index
               %behind = arith.constant {CYCLE} : index
               %bytes = memref.view %arena[%zero][] : memref<{arena}xi8> to memref<{CYCLE}xi8>
               %sums = memref.view %arena[%behind][] : memref<{arena}xi8> to memref<4096xi32>
               {begin}
               %r:{sums} = scf.for %t = %zero to %steps step %depth iter_args({}) -> ({types}) {{
                 {step}
                 scf.yield {} : {types}
               }}
               {end}
               return
             }}",
            carried.join(", "),
            list("n")
        )
    }
}

#[cfg(test)]
mod tests {
    use afp_target::TABLE;

    use super::*;

    #[test]
    fn every_machine_with_a_dot_product_that_runs_here_can_be_measured() {
        for target in TABLE.into_iter().filter(Target::runs_here) {
            let peak = Peak::new(&target).expect("code").expect("a dot product");
            assert!(peak.macs > STEPS);
            peak.run().expect("a call");
        }
        let without = TABLE.into_iter().find(|target| target.vectors.dot == Dot::None).expect("a machine");
        assert!(Peak::new(&without).expect("nothing to compile").is_none());
    }
}
