//! One function: its blocks, its values, and which code an operation becomes.

use std::collections::{HashMap, HashSet};

use afp_ir::{
    diag::Diagnostic,
    mlir::{Block, Op, SourceModule, Value},
};
use cranelift_codegen::ir::{self, BlockArg, FuncRef, InstBuilder as _, condcodes::IntCC};
use cranelift_frontend::FunctionBuilder;

use super::{
    constants, elementwise::Binary, isa::Machine, kind::Kind, lanes, linear::Sums, module::Symbols,
    numbers::Numbers,
};
use crate::internal;

/// What is left of loops and conditions is branches.
const PIPELINE: &str = "builtin.module(lower-affine,convert-scf-to-cf)";

/// A copy of the module without loops.
pub(super) fn to_branches<'s>(module: &SourceModule<'s>) -> Result<SourceModule<'s>, Diagnostic> {
    crate::pipeline::register_all();
    let copy = module.duplicate();
    copy.run_trusted_pipeline(PIPELINE).map_err(|message| {
        internal("the loops of the program cannot be lowered").found(if message.is_empty() {
            "a pass that failed".to_owned()
        } else {
            message
        })
    })?;
    Ok(copy)
}

/// A value: its parts, and for a mask the width of its lanes.
#[derive(Clone, Debug)]
pub(super) struct Lowered {
    pub(super) parts: Vec<ir::Value>,
    pub(super) width: u32,
}

impl Lowered {
    pub(super) fn scalar(value: ir::Value) -> Self {
        Self { parts: vec![value], width: 0 }
    }

    pub(super) fn vector(parts: Vec<ir::Value>) -> Self {
        Self { parts, width: 0 }
    }
}

/// The state of a function's translation.
pub(super) struct Translator<'a, 'm> {
    pub(super) b: FunctionBuilder<'a>,
    pub(super) machine: Machine,
    symbols: &'a mut Symbols<'m>,
    blocks: HashMap<Block, ir::Block>,
    values: HashMap<Value, Lowered>,
    /// When a value's definition was translated.
    pub(super) positions: HashMap<Value, usize>,
    pub(super) sums: Sums,
    callees: HashMap<String, FuncRef>,
    /// Memrefs whose elements do not change while the function runs.
    pub(super) constants: HashSet<Value>,
    /// What those hold that never change.
    known: HashMap<Value, Numbers>,
}

impl<'a, 'm> Translator<'a, 'm> {
    /// A translator of a function, some of whose arguments are memrefs that never change and hold certain numbers.
    pub(super) fn new(
        b: FunctionBuilder<'a>,
        machine: Machine,
        symbols: &'a mut Symbols<'m>,
        known: HashMap<Value, Numbers>,
    ) -> Self {
        let constants = known.keys().copied().collect();
        let (blocks, values, callees) = (HashMap::new(), HashMap::new(), HashMap::new());
        let (positions, sums) = (HashMap::new(), Sums::default());
        Self { b, machine, symbols, blocks, values, positions, sums, callees, constants, known }
    }

    /// Translates a function's body.
    pub(super) fn run(mut self, function: Op) -> Result<(), Diagnostic> {
        let order = reverse_postorder(function);
        self.constants.extend(unwritten(function));
        for &block in &order {
            let here = self.b.create_block();
            self.blocks.insert(block, here);
            for argument in block.args() {
                let kind = self.kind(argument, function)?;
                let types = kind.parts();
                let parts = types.iter().map(|&ty| self.b.append_block_param(here, ty)).collect();
                let width = if matches!(kind, Kind::Mask { .. }) { 8 } else { 0 };
                self.values.insert(argument, Lowered { parts, width });
            }
        }
        // Definitions come before their uses: a block is dominated by blocks that are before it.
        for &block in &order {
            self.b.switch_to_block(self.blocks[&block]);
            for argument in block.args() {
                self.positions.insert(argument, self.positions.len());
            }
            for op in block.ops() {
                self.operation(op)?;
            }
        }
        self.b.seal_all_blocks();
        let config = self.symbols.module.target_config();
        self.b.finalize(config);
        Ok(())
    }

    /// An operation that there is no translation of.
    pub(super) fn unknown(&self, op: Op) -> Diagnostic {
        let types: Vec<String> = op.operands().iter().map(|operand| operand.ty().to_string()).collect();
        internal("the Cranelift backend cannot translate an operation")
            .at(op.loc())
            .expected(
                "integers, f32 at the boundary, static memrefs in row-major order, vectors of one dimension",
            )
            .found(format!("{} of ({})", op.name(), types.join(", ")))
    }

    /// The kind of a value that `op` has to do with.
    pub(super) fn kind(&self, value: Value, op: Op) -> Result<Kind, Diagnostic> {
        Kind::of_value(value)
            .ok_or_else(|| self.unknown(op).found(format!("{} with {}", op.name(), value.ty())))
    }

    /// What a value became.
    pub(super) fn value(&self, value: Value, user: Op) -> Result<Lowered, Diagnostic> {
        self.values.get(&value).cloned().ok_or_else(|| self.unknown(user))
    }

    /// What an operand became.
    pub(super) fn operand(&self, op: Op, index: usize) -> Result<Lowered, Diagnostic> {
        self.value(op.operand(index), op)
    }

    /// The lanes that a vector always has, if its definition tells.
    pub(super) fn constant_lanes(&self, value: Value) -> Option<Vec<i64>> {
        constants::lanes(value.def_as("arith.constant")?)
    }

    /// The numbers that an integer can be, or the lanes of a vector.
    pub(super) fn numbers(&self, value: Value) -> Numbers {
        let Some(op) = value.def() else { return Numbers::unknown() };
        if let Some(scalar) = constants::scalar(op) {
            return Numbers::exactly([scalar]);
        }
        if let Some(lanes) = constants::lanes(op) {
            return Numbers::exactly(lanes);
        }
        let name = op.name();
        match name.as_str() {
            "vector.load" | "memref.load" => {
                self.known.get(&aliased(op.operand(0))).cloned().unwrap_or_else(Numbers::unknown)
            }
            "vector.broadcast" => self.numbers(op.operand(0)),
            _ => match Binary::named(&name).and_then(Binary::on_numbers) {
                Some(which) => self.numbers(op.operand(0)).combined(&self.numbers(op.operand(1)), which),
                None => Numbers::unknown(),
            },
        }
    }

    fn operation(&mut self, op: Op) -> Result<(), Diagnostic> {
        let name = op.name();
        let result = match name.as_str() {
            "arith.constant" => self.constant(op)?,
            "arith.extsi" | "arith.index_cast" => self.resize(op, true)?,
            "arith.extui" | "arith.index_castui" | "arith.trunci" => self.resize(op, false)?,
            "arith.cmpi" => self.compare(op)?,
            "arith.select" => self.select(op)?,
            "arith.bitcast" | "vector.bitcast" => self.bitcast(op)?,
            "arith.sitofp" | "arith.uitofp" | "arith.fptosi" | "arith.mulf" => self.float(op, &name)?,
            "math.ctlz" => self.leading_zeros(op)?,
            "vector.broadcast" => self.broadcast(op)?,
            "vector.shuffle" => self.shuffle(op)?,
            "vector.extract" => self.extract(op)?,
            "vector.reduction" => self.reduce(op)?,
            "memref.load" | "vector.load" => self.load(op)?,
            "memref.store" | "vector.store" => return self.store(op),
            "memref.get_global" => self.global(op)?,
            "memref.view"
            | "memref.reinterpret_cast"
            | "memref.collapse_shape"
            | "memref.expand_shape"
            | "memref.cast" => self.alias(op, &name)?,
            "memref.prefetch" | "afpk.prefetch" => return Ok(()),
            "afpk.dot" => self.dot(op)?,
            "afpk.pack" => self.pack(op)?,
            "afpk.lookup" => self.lookup(op)?,
            "func.call" => return self.call(op),
            "func.return" => return self.return_(op),
            "cf.br" => return self.branch(op),
            "cf.cond_br" => return self.branch_if(op),
            other => match Binary::named(other) {
                Some(which) => self.binary(op, which)?,
                None => return Err(self.unknown(op)),
            },
        };
        self.positions.insert(op.result(0), self.positions.len());
        self.values.insert(op.result(0), result);
        Ok(())
    }

    fn constant(&mut self, op: Op) -> Result<Lowered, Diagnostic> {
        match self.kind(op.result(0), op)? {
            Kind::Int(width) => {
                let value = constants::scalar(op).ok_or_else(|| self.unknown(op))?;
                let value = if width == 1 { value & 1 } else { value };
                Ok(Lowered::scalar(lanes::scalar(&mut self.b, width, value)))
            }
            Kind::Float => {
                let value = constants::float(op).ok_or_else(|| self.unknown(op))?;
                Ok(Lowered::scalar(self.b.ins().f32const(value)))
            }
            kind @ (Kind::Vector { .. } | Kind::Mask { .. }) => {
                let width = if let Kind::Vector { width, .. } = kind { width } else { 8 };
                let values = constants::lanes(op).ok_or_else(|| self.unknown(op))?;
                let size = width as usize / 8;
                let bytes: Vec<u8> =
                    values.iter().flat_map(|value| value.to_le_bytes().into_iter().take(size)).collect();
                let register = |bytes: &[u8]| {
                    let mut all = [0; 16];
                    all[..bytes.len()].copy_from_slice(bytes);
                    lanes::constant(&mut self.b, width, all)
                };
                Ok(Lowered { parts: bytes.chunks(16).map(register).collect(), width })
            }
            Kind::Pointer => Err(self.unknown(op)),
        }
    }

    fn global(&mut self, op: Op) -> Result<Lowered, Diagnostic> {
        self.kind(op.result(0), op)?;
        let name = referred(op, "name");
        let value = self.symbols.global_in(&name, self.b.func);
        let value = value.ok_or_else(|| self.unknown(op))?;
        if self.symbols.constants.contains(&name) {
            self.constants.insert(op.result(0));
        }
        Ok(Lowered::scalar(self.b.ins().symbol_value(ir::types::I64, value)))
    }

    /// The parts of values that pass to a block or function.
    fn passed(&mut self, values: &[Value], op: Op) -> Result<Vec<ir::Value>, Diagnostic> {
        let mut all = Vec::new();
        for &value in values {
            let lowered = self.value(value, op)?;
            match self.kind(value, op)? {
                Kind::Mask { count } => all.extend(self.mask_of(&lowered, count, 8)),
                _ => all.extend(lowered.parts),
            }
        }
        Ok(all)
    }

    fn call(&mut self, op: Op) -> Result<(), Diagnostic> {
        let name = referred(op, "callee");
        let callee = match self.callees.get(&name) {
            Some(&callee) => callee,
            None => {
                let callee = self.symbols.function_in(&name, self.b.func);
                let callee = callee.ok_or_else(|| self.unknown(op).found(format!("a call of '{name}'")))?;
                self.callees.insert(name, callee);
                callee
            }
        };
        let arguments = self.passed(&op.operands(), op)?;
        let call = self.b.ins().call(callee, &arguments);
        let mut results = self.b.inst_results(call).to_vec().into_iter();
        for result in op.results() {
            let kind = self.kind(result, op)?;
            let parts = results.by_ref().take(kind.parts().len()).collect();
            let width = if matches!(kind, Kind::Mask { .. }) { 8 } else { 0 };
            self.values.insert(result, Lowered { parts, width });
        }
        Ok(())
    }

    fn return_(&mut self, op: Op) -> Result<(), Diagnostic> {
        let values = self.passed(&op.operands(), op)?;
        self.b.ins().return_(&values);
        Ok(())
    }

    fn branch(&mut self, op: Op) -> Result<(), Diagnostic> {
        let target = self.blocks[&op.successors()[0]];
        let arguments = self.passed(&op.operands(), op)?;
        self.b.ins().jump(target, &arguments.into_iter().map(BlockArg::Value).collect::<Vec<_>>());
        Ok(())
    }

    fn branch_if(&mut self, op: Op) -> Result<(), Diagnostic> {
        let successors = op.successors();
        let sizes = op.attr("operandSegmentSizes").and_then(|sizes| sizes.as_i32s()).unwrap_or_default();
        let &[_, first, _] = &sizes[..] else { return Err(self.unknown(op)) };
        let operands = op.operands();
        let (then, otherwise) = operands[1..].split_at(first as usize);
        let condition = self.operand(op, 0)?.parts[0];
        let mut pass = |values: &[Value]| -> Result<Vec<BlockArg>, Diagnostic> {
            Ok(self.passed(values, op)?.into_iter().map(BlockArg::Value).collect())
        };
        let (then, otherwise) = (pass(then)?, pass(otherwise)?);
        let targets = (self.blocks[&successors[0]], self.blocks[&successors[1]]);
        // The way out of a loop goes first: Cranelift visits the second successor before it, and takes what does not
        // change out of those loops alone that it has not left in between.
        let is_left = self.b.ins().icmp_imm_s(IntCC::Equal, condition, 0);
        self.b.ins().brif(is_left, targets.1, &otherwise, targets.0, &then);
        Ok(())
    }
}

/// The symbol that an attribute refers to.
pub(super) fn referred(op: Op, attribute: &str) -> String {
    let name = op.attr(attribute).map(|name| name.to_string()).unwrap_or_default();
    name.trim_start_matches('@').trim_matches('"').to_owned()
}

/// The arguments of a kernel that it reads alone. Buffers that a kernel is given never overlap, so that what they
/// hold stays as long as it runs. None of a function that calls others.
fn unwritten(function: Op) -> Vec<Value> {
    let arguments = function.blocks().first().map(|block| block.args()).unwrap_or_default();
    let mut read =
        Vec::from_iter(arguments.into_iter().filter(|&value| Kind::of_value(value) == Some(Kind::Pointer)));
    for op in function.descendants() {
        if op.is("func.call") {
            return Vec::new();
        }
        if op.is("memref.store") || op.is("vector.store") {
            let memory = aliased(op.operand(1));
            read.retain(|&value| value != memory);
        }
    }
    read
}

/// The memref whose memory another shares.
fn aliased(mut memory: Value) -> Value {
    while let Some(alias) = memory.def().filter(|alias| alias.operand_count() > 0) {
        memory = alias.operand(0);
    }
    memory
}

/// The blocks that are reached, each before those it leads to except along the way back of a loop.
fn reverse_postorder(function: Op) -> Vec<Block> {
    let Some(&entry) = function.blocks().first() else { return Vec::new() };
    let successors = |block: Block| block.terminator().map(Op::successors).unwrap_or_default();
    let mut seen = HashSet::from([entry]);
    let mut order = Vec::new();
    let mut stack = vec![(entry, successors(entry))];
    while let Some((block, rest)) = stack.last_mut() {
        match rest.pop() {
            Some(next) if seen.insert(next) => stack.push((next, successors(next))),
            Some(_) => {}
            None => {
                order.push(*block);
                stack.pop();
            }
        }
    }
    order.reverse();
    order
}
