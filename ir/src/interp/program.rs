//! A function as a list of steps over numbered values.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use rayon::prelude::*;

use super::{
    Tensor,
    exec::Kernel,
    load::{self, Loaded, MEMORY_LIMIT, Scope},
};
use crate::{
    diag::{Diagnostic, Place},
    dialect::Element,
    mlir::{Attr, Op, Value},
};

/// An input or a result of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The name that its location carries, else `input0`, `output0` and so on.
    pub name: String,
    /// The sizes.
    pub shape: Vec<usize>,
    /// What its elements are.
    pub element: Element,
}

/// A function compiled for execution: plain data, without handles on MLIR.
pub struct Program {
    inputs: Vec<Signature>,
    outputs: Vec<Signature>,
    steps: Vec<Step>,
    results: Vec<Source>,
    slots: usize,
}

struct Step {
    action: Action,
    /// `afp.name`, under which the result is observed.
    name: Option<String>,
    /// Values that no later step needs.
    last_used: Vec<usize>,
}

enum Action {
    /// Applies a kernel and keeps its result in a slot.
    Compute { kernel: Box<dyn Kernel>, operands: Vec<Source>, slot: usize, origin: Origin },
    /// A named value that is known already: nothing to do but to observe it.
    Known(Arc<Tensor>),
}

/// What a step comes from, for diagnostics.
struct Origin {
    operator: String,
    place: Option<Place>,
}

/// Where an operand is found.
#[derive(Clone)]
enum Source {
    /// A value computed by a step, or an input.
    Slot(usize),
    /// A constant.
    Constant(Arc<Tensor>),
}

/// What is called with each named value.
type Observer<'a> = &'a mut dyn FnMut(&str, &Tensor);

impl Program {
    /// Compiles a `func.func` of one block. What can be computed from constants alone is computed now.
    ///
    /// # Errors
    /// Everything that cannot be executed, in the order of the operations: AFP0401 to AFP0408, and
    /// AFP0409 for a function without a single block that returns values.
    pub fn from_function(function: Op) -> Result<Self, Vec<Diagnostic>> {
        Builder::default().build(function)
    }

    /// The inputs, in the order of the function's arguments.
    pub fn inputs(&self) -> &[Signature] {
        &self.inputs
    }

    /// The results, in the order of the function's results.
    pub fn outputs(&self) -> &[Signature] {
        &self.outputs
    }

    /// Computes the results.
    ///
    /// # Errors
    /// AFP0404 if an input is not what the signature says; else what the operators say, with their
    /// location.
    pub fn run(&self, inputs: &[Tensor]) -> Result<Vec<Tensor>, Diagnostic> {
        self.execute(inputs, None)
    }

    /// As [`Program::run`], and calls `observe` with every value that carries `afp.name`, in the order
    /// of the operations.
    ///
    /// # Errors
    /// As [`Program::run`].
    pub fn run_observed(
        &self,
        inputs: &[Tensor],
        observe: &mut dyn FnMut(&str, &Tensor),
    ) -> Result<Vec<Tensor>, Diagnostic> {
        self.execute(inputs, Some(observe))
    }

    /// The results for every sample (a list of inputs), in order, computed on all cores.
    ///
    /// # Errors
    /// That of the first sample that has one.
    pub fn run_batch(&self, samples: &[Vec<Tensor>]) -> Result<Vec<Vec<Tensor>>, Diagnostic> {
        let results: Vec<Result<Vec<Tensor>, Diagnostic>> =
            samples.par_iter().map(|inputs| self.run(inputs)).collect();
        results.into_iter().collect()
    }

    fn execute(
        &self,
        inputs: &[Tensor],
        mut observe: Option<Observer<'_>>,
    ) -> Result<Vec<Tensor>, Diagnostic> {
        self.check_inputs(inputs)?;
        let mut slots: Vec<Option<Arc<Tensor>>> = vec![None; self.slots];
        for (slot, input) in slots.iter_mut().zip(inputs) {
            *slot = Some(Arc::new(input.clone()));
        }
        for step in &self.steps {
            let value = match &step.action {
                Action::Known(value) => Arc::clone(value),
                Action::Compute { kernel, operands, slot, origin } => {
                    let operands: Option<Vec<&Tensor>> =
                        operands.iter().map(|source| source.tensor(&slots)).collect();
                    let operands = operands.ok_or_else(|| origin.locate(unknown_value()))?;
                    let value = Arc::new(kernel.run(&operands).map_err(|error| origin.locate(error))?);
                    slots[*slot] = Some(Arc::clone(&value));
                    value
                }
            };
            if let (Some(observe), Some(name)) = (&mut observe, &step.name) {
                observe(name, &value);
            }
            for &slot in &step.last_used {
                slots[slot] = None;
            }
        }
        let results = self.results.iter().map(|source| source.tensor(&slots).cloned()).collect::<Option<_>>();
        results.ok_or_else(unknown_value)
    }

    fn check_inputs(&self, inputs: &[Tensor]) -> Result<(), Diagnostic> {
        if inputs.len() != self.inputs.len() {
            return Err(Diagnostic::error("AFP0404", "the number of inputs is not the program's")
                .expected(format!("{} inputs", self.inputs.len()))
                .found(inputs.len().to_string()));
        }
        for (input, signature) in inputs.iter().zip(&self.inputs) {
            let fits =
                input.shape == signature.shape && input.is_consistent() && input.data.fits(signature.element);
            if !fits {
                let message = format!("input '{}' is not what the program takes", signature.name);
                return Err(Diagnostic::error("AFP0404", message)
                    .expected(format!("{:?} {}", signature.shape, describe(signature.element)))
                    .found(format!(
                        "{:?} {} with {} elements",
                        input.shape,
                        input.data.describe(),
                        input.data.len()
                    )));
            }
        }
        Ok(())
    }
}

fn describe(element: Element) -> String {
    match element {
        Element::Real => "f32".to_owned(),
        Element::Float(ty) => format!("codes of {ty}"),
        Element::Exact => "exact values".to_owned(),
        Element::Other => "integers".to_owned(),
    }
}

/// A step reads a value before any step has computed it: excluded by the verifier's dominance rule.
fn unknown_value() -> Diagnostic {
    Diagnostic::error("AFP0001", "a value is read before it is computed; this is a bug in afpc")
}

impl Source {
    fn tensor<'a>(&'a self, slots: &'a [Option<Arc<Tensor>>]) -> Option<&'a Tensor> {
        match self {
            Self::Constant(tensor) => Some(tensor),
            Self::Slot(slot) => slots.get(*slot)?.as_deref(),
        }
    }
}

impl Origin {
    fn locate(&self, mut error: Diagnostic) -> Diagnostic {
        if error.place.is_none() {
            error.place.clone_from(&self.place);
        }
        error.note(format!("in '{}'", self.operator))
    }
}

#[derive(Default)]
struct Builder {
    scope: Scope,
    slots: HashMap<Value, usize>,
    same: HashMap<Value, Value>,
    steps: Vec<Step>,
    /// Values of operations that could not be loaded.
    missing: HashSet<Value>,
    problems: Vec<Diagnostic>,
}

impl Builder {
    fn build(mut self, function: Op) -> Result<Program, Vec<Diagnostic>> {
        let (inputs, returned) = match self.frame(function) {
            Ok(frame) => frame,
            Err(error) => return Err(vec![error]),
        };
        let block = function.blocks()[0];
        let mut live = LiveBytes::new(function);
        for op in block.ops() {
            if op.is("func.return") {
                continue;
            }
            let added = live.enter(op).and_then(|()| self.add(op));
            for value in live.leave(op) {
                self.scope.constants.remove(&value);
            }
            if let Err(error) = added {
                // What uses the result of a rejected operation cannot be judged.
                let judged =
                    error.code == "AFP0401" || op.operands().iter().all(|v| !self.missing.contains(v));
                if judged {
                    self.problems.push(error);
                }
                self.missing.extend(op.results());
            }
        }
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let results: Option<Vec<Source>> =
            returned.operands().iter().map(|&value| self.source(value)).collect();
        let (Some(results), Ok(outputs)) =
            (results, signatures(&returned.operands(), function.attr("res_attrs"), "output"))
        else {
            return Err(vec![load::located(unknown_value(), returned)]);
        };
        let slots = self.slots.len();
        mark_last_uses(&mut self.steps, &results, slots);
        Ok(Program { inputs, outputs, steps: self.steps, results, slots })
    }

    /// The signature of the arguments, and the return operation.
    fn frame(&mut self, function: Op) -> Result<(Vec<Signature>, Op), Diagnostic> {
        let blocks = function.blocks();
        let returned = match &blocks[..] {
            [block] => block.terminator().filter(|op| op.is("func.return")),
            _ => None,
        };
        let Some(returned) = returned else {
            let error = Diagnostic::error("AFP0409", "the function cannot be executed")
                .expected("a func.func of one block that ends in func.return")
                .found(match blocks.first().and_then(|block| block.terminator()) {
                    Some(last) if blocks.len() == 1 => format!("one that ends in '{}'", last.name()),
                    _ => format!("'{}' with {} blocks", function.name(), blocks.len()),
                });
            return Err(error.at(function.loc()));
        };
        let arguments = blocks[0].args();
        let inputs = signatures(&arguments, function.attr("arg_attrs"), "input")
            .map_err(|error| load::located(error, function))?;
        for value in arguments {
            let slot = self.slots.len();
            self.slots.insert(value, slot);
        }
        Ok((inputs, returned))
    }

    /// Where a value is found.
    fn source(&self, value: Value) -> Option<Source> {
        let value = self.same.get(&value).copied().unwrap_or(value);
        match self.scope.constants.get(&value) {
            Some(tensor) => Some(Source::Constant(Arc::clone(tensor))),
            None => self.slots.get(&value).map(|&slot| Source::Slot(slot)),
        }
    }

    fn add(&mut self, op: Op) -> Result<(), Diagnostic> {
        let name = op.attr("afp.name").and_then(Attr::as_string);
        let result = |op: Op| (op.result_count() == 1).then(|| op.result(0));
        let loaded = load::load(&self.scope, op)?;
        let Some(result) = result(op) else {
            return Err(load::located(unknown_value(), op));
        };
        match loaded {
            Loaded::Constant(tensor) => self.keep(result, tensor, name),
            Loaded::Same(value) => {
                if let Some(known) = self.scope.constants.get(&value).cloned() {
                    self.scope.constants.insert(result, known);
                } else {
                    self.same.insert(result, self.same.get(&value).copied().unwrap_or(value));
                }
            }
            Loaded::Step(kernel, values) => {
                let sources: Option<Vec<Source>> =
                    values.into_iter().map(|value| self.source(value)).collect();
                let Some(sources) = sources else {
                    // Only the result of a rejected operation has no source.
                    self.missing.insert(result);
                    return Ok(());
                };
                self.step(op, kernel, sources, result, name)?;
            }
        }
        Ok(())
    }

    /// Adds a step, or computes it now if all its operands are known.
    fn step(
        &mut self,
        op: Op,
        kernel: Box<dyn Kernel>,
        operands: Vec<Source>,
        result: Value,
        name: Option<String>,
    ) -> Result<(), Diagnostic> {
        let known: Option<Vec<&Tensor>> = operands.iter().map(|source| source.tensor(&[])).collect();
        if let Some(known) = known {
            let tensor = kernel.run(&known).map_err(|error| load::located(error, op))?;
            self.keep(result, tensor, name);
            return Ok(());
        }
        let slot = self.slots.len();
        self.slots.insert(result, slot);
        let origin = Origin { operator: op.name(), place: Diagnostic::error("", "").at(op.loc()).place };
        let action = Action::Compute { kernel, operands, slot, origin };
        self.steps.push(Step { action, name, last_used: Vec::new() });
        Ok(())
    }

    /// Keeps a value that is known while loading.
    fn keep(&mut self, result: Value, tensor: Tensor, name: Option<String>) {
        let tensor = Arc::new(tensor);
        if name.is_some() {
            let action = Action::Known(Arc::clone(&tensor));
            self.steps.push(Step { action, name, last_used: Vec::new() });
        }
        self.scope.constants.insert(result, tensor);
    }
}

/// Tells each step which values it is the last to read.
fn mark_last_uses(steps: &mut [Step], results: &[Source], slots: usize) {
    let mut needed = vec![false; slots];
    for source in results {
        if let Source::Slot(slot) = source {
            needed[*slot] = true;
        }
    }
    for step in steps.iter_mut().rev() {
        let Action::Compute { operands, slot: own, .. } = &step.action else { continue };
        let read = operands.iter().filter_map(|source| match source {
            Source::Slot(slot) => Some(*slot),
            Source::Constant(_) => None,
        });
        for slot in read.chain([*own]) {
            if !std::mem::replace(&mut needed[slot], true) {
                step.last_used.push(slot);
            }
        }
    }
}

/// The signatures of arguments or results. A name is the `afp.name` in `attributes` (the function's
/// `arg_attrs` or `res_attrs`), else that of the value's location; no two are equal.
fn signatures(
    values: &[Value],
    attributes: Option<Attr>,
    default: &str,
) -> Result<Vec<Signature>, Diagnostic> {
    let mut taken = HashSet::new();
    values
        .iter()
        .enumerate()
        .map(|(index, &value)| {
            let given = attributes.and_then(|all| all.element(index)?.entry("afp.name")?.as_string());
            let name = given.or_else(|| value.loc().name()).filter(|name| !name.is_empty());
            let stem = name.unwrap_or_else(|| format!("{default}{index}"));
            let mut name = stem.clone();
            let mut count = 1;
            while !taken.insert(name.clone()) {
                name = format!("{stem}_{count}");
                count += 1;
            }
            Ok(Signature { name, shape: load::sizes(value)?, element: Element::of(value.ty()) })
        })
        .collect()
}

/// The bytes of values that live at the same time, bounded before anything is allocated.
struct LiveBytes {
    bytes: usize,
    last_use: HashMap<Value, Op>,
}

impl LiveBytes {
    fn new(function: Op) -> Self {
        let mut last_use = HashMap::new();
        for op in function.descendants() {
            for value in op.operands() {
                last_use.insert(value, op);
            }
        }
        Self { bytes: 0, last_use }
    }

    /// Accounts for an operation.
    fn enter(&mut self, op: Op) -> Result<(), Diagnostic> {
        let (kept, running) = load::memory(op).map_err(|error| load::located(error, op))?;
        let total = self.bytes.checked_add(kept).and_then(|bytes| bytes.checked_add(running));
        match total {
            Some(bytes) if bytes <= MEMORY_LIMIT => {}
            _ => {
                let found = format!("{} bytes alive, {kept} more, {running} while it runs", self.bytes);
                return Err(load::too_large(op, found));
            }
        }
        self.bytes += kept;
        Ok(())
    }

    /// The values that no operation behind this one needs.
    fn leave(&mut self, op: Op) -> HashSet<Value> {
        let ended: HashSet<Value> =
            op.operands().into_iter().filter(|value| self.last_use.get(value) == Some(&op)).collect();
        for definition in ended.iter().filter_map(|value| value.def()) {
            let (bytes, _) = load::memory(definition).unwrap_or((0, 0));
            self.bytes = self.bytes.saturating_sub(bytes);
        }
        ended
    }
}
