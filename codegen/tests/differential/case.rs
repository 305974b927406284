//! Cases: a network, quantized, with samples and the interpreter's outputs.

use afp_ir::{
    diag::Diagnostic,
    dialect::{Element, FloatType},
    interp::{Program, Tensor},
    mlir::{Session, SourceModule},
};

use crate::{
    dynamic,
    graph::{KINDS, Random, Recipe, samples},
    mutate,
};

/// From the real form to an exact program.
const PIPELINE: &str = "builtin.module(afp-range-analysis{input-range=-3,3},\
    afp-assign-formats{weights=e2m3 activations=auto},afp-quantize,afp-encode-weights,cse,\
    afp-eliminate-requant,canonicalize,cse)";

/// The same without taking conversions away: floats between groups.
const UNELIMINATED: &str = "builtin.module(afp-range-analysis{input-range=-3,3},\
    afp-assign-formats{weights=e2m3 activations=auto},afp-quantize,afp-encode-weights,cse)";

/// To an exact program that has other conversions.
const BEHIND_MUTATION: &str = "builtin.module(afp-eliminate-requant,canonicalize,cse)";
/// What makes it ready for execution.
const PROOF: &str = "builtin.module(afp-prove-widths)";

/// The first line of a network whose readers are given formats of their own.
const MUTATED: &str = "// with conversions\n";
/// The first line of a network whose conversions all stay.
const KEPT: &str = "// as quantized\n";

/// Passes, interpreter and code generator may refuse a network for its formats or operators: a bias or
/// an exact value beyond 63 bits, a quotient that 63 bits do not develop.
const REFUSALS: [&str; 4] = ["AFP0313", "W1", "AFP0405", "AFP0611"];

/// Whether all of these say that a network has no native code, rather than that something is wrong.
pub fn are_refusals(errors: &[Diagnostic]) -> bool {
    !errors.is_empty() && errors.iter().all(|error| REFUSALS.contains(&error.code.as_str()))
}

/// The bits of each output of each sample.
pub type Outputs = Vec<Vec<Vec<u32>>>;

/// The bits of outputs.
pub fn bits(tensors: &[Tensor]) -> Vec<Vec<u32>> {
    let values = |tensor: &Tensor| tensor.as_real().unwrap_or_default().iter().map(|v| v.to_bits()).collect();
    tensors.iter().map(values).collect()
}

/// What a case is made from.
#[derive(Clone, Debug)]
pub struct Case {
    /// What the samples are drawn with.
    pub seed: u64,
    /// The network, with the formats to use.
    pub text: String,
    /// What the text is, and what is made of it.
    pub form: Form,
}

/// What a case starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A network in the real form, which is quantized.
    Real,
    /// Likewise; then as many scale exponents as can be are made dynamic.
    Dynamic,
    /// An exact program.
    Exact,
}

impl Form {
    pub const ALL: [(Self, &str); 3] =
        [(Self::Real, "static"), (Self::Dynamic, "dynamic"), (Self::Exact, "as they are")];
}

/// A case that executions can run.
pub struct Prepared {
    /// Its number; executions that alternate between machines choose by it.
    pub index: u64,
    /// The exact program, as bytecode.
    pub program: Vec<u8>,
    /// The samples; networks have one input.
    pub samples: Vec<Vec<Tensor>>,
    /// What the interpreter gives.
    pub expected: Outputs,
    /// Its operators and, with `!` in front, its formats of at most 8 bits.
    pub contents: Vec<String>,
}

/// Why a case is not run.
pub enum Unfit {
    /// It is refused, as it may be.
    Refused,
    /// Something is wrong.
    Wrong(String),
}

impl Case {
    /// The case of a number, in a series of random ones.
    pub fn random(series: u64, index: u64) -> (Recipe, Self) {
        let mut random = Random(Random(series).bits() ^ Random(index).bits().rotate_left(17));
        let seed = random.bits();
        let kind = |random: &mut Random| (random.bits() % u64::from(KINDS)) as u8;
        let steps = (0..random.range(1, 8)).map(|_| (kind(&mut random), random.bits())).collect();
        let recipe = Recipe { seed, steps };
        let form = if index.is_multiple_of(2) { Form::Real } else { Form::Dynamic };
        let case = Self::of(&recipe, form);
        (recipe, case)
    }

    /// The case of a recipe.
    pub fn of(recipe: &Recipe, form: Form) -> Self {
        let kind = match recipe.seed % 8 {
            0..=2 => MUTATED,
            3 if form == Form::Real => KEPT,
            _ => "",
        };
        Self { seed: recipe.seed, text: format!("{kind}{}", recipe.network()), form }
    }

    /// Quantizes the network and lets the interpreter run it.
    pub fn prepare(&self, index: u64) -> Result<Prepared, Unfit> {
        let wrong = |what: &str, errors: &[Diagnostic]| {
            if are_refusals(errors) { Unfit::Refused } else { Unfit::Wrong(format!("{what}: {errors:?}")) }
        };
        let session = Session::new();
        let Ok(module) = session.parse("network.mlir", self.text.as_bytes()) else {
            return Err(Unfit::Wrong(format!("the network is no program: {:?}", session.take_diagnostics())));
        };
        let run = |pipeline: &str| {
            module.run_pipeline(pipeline).map_err(|_| {
                let mut found = session.take_diagnostics();
                found.retain(Diagnostic::is_error);
                wrong("the passes fail", &found)
            })
        };
        if self.form != Form::Exact {
            run(if self.text.starts_with(KEPT) { UNELIMINATED } else { PIPELINE })?;
        }
        if self.form != Form::Exact && self.text.starts_with(MUTATED) {
            mutate::mutate(&module, &mut Random(self.seed));
            run(BEHIND_MUTATION)?;
        }
        if self.form == Form::Dynamic {
            dynamic::make(module.functions()[0], self.seed);
        }
        run(PROOF)?;
        let program = Program::from_function(module.functions()[0])
            .map_err(|errors| wrong("the program cannot be executed", &errors))?;
        let shape = &program.inputs()[0].shape;
        let samples: Vec<Vec<Tensor>> = samples(shape, self.seed).into_iter().map(|x| vec![x]).collect();
        let mut expected = Vec::new();
        for sample in &samples {
            let outputs = program.run(sample).map_err(|error| wrong("the program fails", &[error]))?;
            expected.push(bits(&outputs));
        }
        let contents = contents(&module);
        Ok(Prepared { index, program: module.to_bytecode(), samples, expected, contents })
    }
}

/// The operators and formats of a program, each once.
fn contents(module: &SourceModule<'_>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for op in module.functions()[0].descendants() {
        found.push(op.name());
        let is_dynamic = |ty: FloatType| ty.exp.fixed().is_none();
        if op.results().into_iter().any(|value| FloatType::of(value.ty()).is_some_and(is_dynamic)) {
            found.push(format!("dynamic {}", op.name()));
        }
        let values = op.operands().into_iter().chain(op.results());
        for ty in values.map(afp_ir::mlir::Value::ty).filter(|ty| Element::of(*ty) != Element::Real) {
            let narrow = FloatType::of(ty).filter(|float| float.format.width() <= 8);
            found.extend(narrow.map(|float| format!("!{}", float.format)));
        }
    }
    found.sort();
    found.dedup();
    found
}
