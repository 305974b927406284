//===-- AfpBase.td - the afp dialect and its types ------------------------===//
//
// Part of afpc, under the Apache License v2.0 with LLVM Exceptions.
//
// Syntax only. Every rule is decided in Rust (ir/src/dialect/verify) and
// numbered in docs/spec.md.
//===----------------------------------------------------------------------===//
#ifndef AFP_BASE
#define AFP_BASE

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/BuiltinTypeInterfaces.td"
include "mlir/IR/CommonTypeConstraints.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Afp_Dialect : Dialect {
  let name = "afp";
  let summary = "Adaptive Floating-Point programs with one visible rounding";
  let description = [{
    A tensor of `!afp.float` holds codes of a few bits, each worth an integer
    times one power of two. Contractions, sums and pools are exact: they yield
    `!afp.exact`. `afp.encode` is the operator that rounds. docs/spec.md states
    every rule with a number; verifier messages cite it.

    Before formats are chosen the same operators stand on `f32` operands (the
    *real form*): what shares one rounding is already visible, and the
    interpreter evaluates it in floating point.

    Discardable attributes that passes attach and read: `afp.name` (the site's
    name in a formats file), `afp.stats` (calibration statistics), `afp.range`
    (the proven or observed interval), `afp.type` (the assigned type),
    `afp.weight_type` (the assigned type of a contraction's weights).
  }];
  let cppNamespace = "::afp";
  let useDefaultTypePrinterParser = 1;
}

class Afp_Type<string name, string typeMnemonic> : TypeDef<Afp_Dialect, name, [MemRefElementTypeInterface]> {
  let mnemonic = typeMnemonic;
}

def Afp_FloatType : Afp_Type<"Float", "float"> {
  let summary = "a code of an adaptive floating-point format";
  let description = [{
    `!afp.float<e2m2, exp = -7>`: one sign bit, two exponent bits, two mantissa
    bits, scale exponent -7. `ue0m8` has no sign bit. A code decodes to an
    integer `I`, its value is `I * 2^exp` (rules F1 to F8).

    `!afp.float<ue0m8, exp = ?[-12, 3]>` carries its scale exponent at run time,
    within the static interval.
  }];
  let parameters = (ins "bool":$isSigned, "unsigned":$expBits, "unsigned":$manBits,
                        "bool":$isDynamic, "int32_t":$expLo, "int32_t":$expHi);
  let assemblyFormat = "`<` custom<Format>($isSigned, $expBits, $manBits) `,` `exp` `=` custom<ScaleExponent>($isDynamic, $expLo, $expHi) `>`";
  let genVerifyDecl = 1;
}

def Afp_ExactType : Afp_Type<"Exact", "exact"> {
  let summary = "an exact dyadic rational";
  let description = [{
    The unrounded result of a contraction, a sum or a pool. Its representation is
    chosen when it is lowered, with a proof that it fits (rule W1).
  }];
}

class Afp_Op<string mnemonic, list<Trait> traits = []> : Op<Afp_Dialect, mnemonic, !listconcat([Pure], traits)> {
  let hasVerifier = 1;
}

/// A real number, a code, or an exact rational.
def Afp_Number : AnyTypeOf<[F32, Afp_FloatType, Afp_ExactType], "f32, !afp.float or !afp.exact">;
/// A value that occupies storage: a real number or a code.
def Afp_Stored : AnyTypeOf<[F32, Afp_FloatType], "f32 or !afp.float">;

def Afp_NumberTensor : TensorOf<[Afp_Number]>;
def Afp_StoredTensor : TensorOf<[Afp_Stored]>;
def Afp_FloatTensor : TensorOf<[Afp_FloatType]>;
def Afp_ExactTensor : TensorOf<[Afp_ExactType]>;
def Afp_CodedTensor : TensorOf<[Afp_FloatType, Afp_ExactType]>;
def Afp_RealTensor : TensorOf<[F32]>;
def Afp_BiasTensor : TensorOf<[F32, Afp_ExactType]>;

#endif // AFP_BASE
