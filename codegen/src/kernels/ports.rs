//! What callers pass: the inputs and outputs of a program.

use std::collections::HashMap;

use afp_ir::{
    diag::Diagnostic,
    dialect::{Element, FloatType},
    mlir::{Block, Loc, Op, Type, Value},
};

use super::{dynamic, real, tree::unsupported};

/// What the caller passes for an input or an output.
pub(super) struct Port {
    /// The tensor type of the source program: `f32`, or codes.
    pub tensor: Type,
    pub memref: Type,
    pub loc: Loc,
}

pub(super) fn ports(source: Block, codes: bool) -> Result<Vec<Port>, Diagnostic> {
    let results = source.terminator().map(Op::operands).unwrap_or_default();
    let port = |tensor: Type, loc: Loc| {
        let element = match Element::of(tensor) {
            Element::Float(ty) => Some(Type::int(tensor.ctx(), ty.storage_bits())),
            Element::Real => Some(Type::f32(tensor.ctx())),
            Element::Exact | Element::Other => None,
        };
        let (Some(shape), Some(element)) = (tensor.shape(), element) else {
            return Err(Diagnostic::error("AFP0611", "the function has no native code")
                .at(loc)
                .expected("tensors of f32 or of codes, of known sizes")
                .found(tensor.to_string()));
        };
        Ok(Port { tensor, memref: Type::memref(&shape, element), loc })
    };
    let mut found = Vec::new();
    for argument in source.args() {
        let ty = if codes { coded_input(argument)? } else { argument.ty() };
        if dynamic_codes(ty) {
            return Err(dynamic::at_boundary(argument, ty));
        }
        found.push(port(ty, argument.loc())?);
    }
    for result in results {
        let ty = match result.def_as("afp.dequantize") {
            Some(op) if codes => op.operand(0).ty(),
            _ => result.ty(),
        };
        if dynamic_codes(ty) {
            return Err(dynamic::at_boundary(result, ty));
        }
        found.push(port(ty, result.loc())?);
    }
    Ok(found)
}

/// Whether a tensor type has codes with a dynamic scale exponent.
fn dynamic_codes(ty: Type) -> bool {
    FloatType::of(ty).is_some_and(|ty| ty.exp.fixed().is_none())
}

/// The type of the codes that an input is rounded to, which must be one.
pub(super) fn coded_input(argument: Value) -> Result<Type, Diagnostic> {
    let users: Vec<Op> = argument.uses().into_iter().map(|(op, _)| op).collect();
    if users.is_empty() || Element::of(argument.ty()) != Element::Real {
        return Ok(argument.ty());
    }
    let mut types: Vec<Type> = Vec::new();
    for ty in users.iter().filter(|op| op.is("afp.quantize")).map(|op| op.result(0).ty()) {
        if !types.contains(&ty) {
            types.push(ty);
        }
    }
    match (&types[..], users.iter().find(|op| !op.is("afp.quantize"))) {
        ([ty], None) => Ok(*ty),
        (_, other) => {
            let mut found: Vec<String> = types.iter().map(|ty| ty.element().to_string()).collect();
            found.extend(other.map(|op| op.name()));
            Err(Diagnostic::error("AFP0613", "an input cannot be passed as codes")
                .at(argument.loc())
                .expected("one format that the input is rounded to")
                .found(found.join(", "))
                .help("choose one format for all uses of the input, or pass floats"))
        }
    }
}

/// The outputs that each returned value is written to.
pub(super) fn outputs(source: Block) -> HashMap<Value, Vec<usize>> {
    let mut found: HashMap<Value, Vec<usize>> = HashMap::new();
    for (index, value) in source.terminator().map(Op::operands).unwrap_or_default().into_iter().enumerate() {
        found.entry(value).or_default().push(index);
    }
    found
}

/// What is returned must be floats that kernels write.
pub(super) fn returned(op: Op) -> Result<(), Diagnostic> {
    let strange = op.operands().into_iter().find(|value| value.def().is_none() || !real::is_real(*value));
    strange.map_or(Ok(()), |value| {
        Err(unsupported(op, "floats that an operator yields").found(value.ty().to_string()))
    })
}
