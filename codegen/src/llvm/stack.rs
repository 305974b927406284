//! How much stack a function needs: frames as LLVM laid them out, along the deepest chain of calls.

use std::collections::{HashMap, HashSet};

use afp_ir::diag::Diagnostic;
use inkwell::{
    attributes::AttributeLoc,
    module::Module,
    values::{AnyValue, CallSiteValue, InstructionOpcode},
};
use object::{
    Architecture, Object as _, ObjectSection as _, ObjectSymbol as _, RelocationTarget, SectionIndex,
    SymbolKind,
};

use crate::{internal, target::Target};

/// LLVM's attribute of functions whose frames are aligned to what is in them.
pub(super) const REALIGNED: &str = "stackrealign";
/// The most that a frame is aligned to, in bytes: a vector.
const MOST_ALIGNED: u64 = 64;

/// The section with a function's address and, as ULEB128, the size of its frame, over and over.
const SECTION: &str = ".stack_sizes";

/// Whether frames are aligned to more than the stack pointer is between calls, 16 bytes: to the vectors in them.
pub(super) const fn is_realigned(target: &Target) -> bool {
    target.vectors.bits > 128
}

/// What is known of a function before it is machine code.
pub(super) struct Caller {
    callees: HashSet<String>,
    /// Whether its frame is aligned by itself.
    is_realigned: bool,
}

/// The functions of a module, by name.
pub(super) type Calls = HashMap<String, Caller>;

/// The direct calls between the functions that a module defines.
pub(super) fn calls(code: &Module<'_>) -> Calls {
    let mut all = Calls::new();
    for function in code.get_functions().filter(|function| function.count_basic_blocks() > 0) {
        let instructions = function.get_basic_blocks().into_iter().flat_map(|block| block.get_instructions());
        let callees = instructions
            .filter(|instruction| instruction.get_opcode() == InstructionOpcode::Call)
            .filter_map(|instruction| CallSiteValue::try_from(instruction).ok()?.get_called_fn_value())
            .map(|callee| callee.get_name().to_string_lossy().into_owned());
        let name =
            function.as_any_value_enum().into_function_value().get_name().to_string_lossy().into_owned();
        let realigned = function.get_string_attribute(AttributeLoc::Function, REALIGNED);
        let caller = Caller { callees: callees.collect(), is_realigned: realigned.is_some() };
        all.insert(name, caller);
    }
    all
}

/// The bytes of stack that a call of a function takes, its return address included. What no call leads
/// to (the function that threads start with, helpers that code generation adds) counts as called by all.
/// Library functions, that is memcpy and the like, are not counted.
///
/// # Errors
/// AFP0001 if the object does not say, or the calls are recursive.
pub(super) fn bytes(object: &[u8], calls: &Calls, entry: &str) -> Result<u64, Diagnostic> {
    let frames = frames(object)?;
    let mut depths = Depths { frames: &frames, calls, known: HashMap::new(), open: HashSet::new() };
    let own = depths.of(entry)?;
    let reached: HashSet<String> = depths.known.keys().cloned().collect();
    let mut beside = 0;
    let mut others: Vec<&String> = frames.keys().filter(|name| !reached.contains(*name)).collect();
    others.sort();
    for name in others {
        beside = beside.max(depths.of(name)?);
    }
    Ok(own + beside)
}

struct Depths<'a> {
    frames: &'a HashMap<String, u64>,
    calls: &'a Calls,
    known: HashMap<String, u64>,
    open: HashSet<String>,
}

impl Depths<'_> {
    fn of(&mut self, name: &str) -> Result<u64, Diagnostic> {
        if let Some(&depth) = self.known.get(name) {
            return Ok(depth);
        }
        if !self.open.insert(name.to_owned()) {
            return Err(internal("the program calls itself").found(name));
        }
        let mut deepest = 0;
        let caller = self.calls.get(name);
        for callee in caller.iter().flat_map(|caller| &caller.callees) {
            if self.calls.contains_key(callee) {
                deepest = deepest.max(self.of(callee)?);
            }
        }
        let frame = self.frames.get(name).copied();
        let frame = frame.ok_or_else(|| internal("a function has a frame of unknown size").found(name))?;
        // Both ends may move by what the largest thing in the frame is aligned to.
        let is_realigned = caller.is_some_and(|caller| caller.is_realigned);
        let slack = if is_realigned { 2 * frame.min(MOST_ALIGNED) } else { 0 };
        let depth = frame + slack + deepest;
        self.open.remove(name);
        self.known.insert(name.to_owned(), depth);
        Ok(depth)
    }
}

/// The frames of all functions of an object, by name, with the return address where a call pushes it.
fn frames(object: &[u8]) -> Result<HashMap<String, u64>, Diagnostic> {
    let malformed = || internal("the object has a malformed section of stack sizes");
    let file = object::File::parse(object).map_err(|_| malformed())?;
    let (pointer, pushed) = match file.architecture() {
        Architecture::X86_64 => (8, 8),
        _ if file.is_64() => (8, 0),
        _ => (4, 0),
    };
    // The lowest bit of a Thumb function's address says that it is one.
    let thumb = if file.architecture() == Architecture::Arm { 1 } else { 0 };
    let functions: HashMap<(SectionIndex, u64), &str> = file
        .symbols()
        .filter(|symbol| symbol.kind() == SymbolKind::Text)
        .filter_map(|symbol| {
            Some(((symbol.section_index()?, symbol.address() & !thumb), symbol.name().ok()?))
        })
        .filter(|(_, name)| !name.is_empty() && !name.starts_with('$'))
        .collect();
    let mut frames = HashMap::new();
    for section in file.sections().filter(|section| section.name() == Ok(SECTION)) {
        let data = section.data().map_err(|_| malformed())?;
        let relocations: HashMap<u64, object::Relocation> = section.relocations().collect();
        let mut at = 0;
        while at < data.len() {
            let stored = data.get(at..at + pointer).ok_or_else(malformed)?;
            let relocation = relocations.get(&(at as u64)).ok_or_else(malformed)?;
            let addend = if relocation.has_implicit_addend() {
                stored.iter().rev().fold(0u64, |value, &byte| value << 8 | u64::from(byte))
            } else {
                relocation.addend() as u64
            };
            let RelocationTarget::Symbol(symbol) = relocation.target() else { return Err(malformed()) };
            let symbol = file.symbol_by_index(symbol).map_err(|_| malformed())?;
            let place = symbol.address().wrapping_add(addend) & !thumb;
            let section = symbol.section_index().ok_or_else(malformed)?;
            let name = functions.get(&(section, place)).ok_or_else(malformed)?;
            at += pointer;
            let mut size = 0u64;
            for shift in (0..).step_by(7) {
                let &byte = data.get(at).filter(|_| shift < 64).ok_or_else(malformed)?;
                at += 1;
                size |= u64::from(byte & 0x7f) << shift;
                if byte < 0x80 {
                    break;
                }
            }
            frames.insert((*name).to_owned(), size + pushed);
        }
    }
    Ok(frames)
}
