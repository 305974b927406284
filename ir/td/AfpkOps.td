//===-- AfpkOps.td - the operators that kernels add to upstream's ---------===//
//
// Part of afpc, under the Apache License v2.0 with LLVM Exceptions.
//
// Kernels are loops of scf, arith, vector and memref. These few operators stand
// for what those dialects lack, until afpk-expand or a backend lowers them.
//===----------------------------------------------------------------------===//
#ifndef AFPK_OPS
#define AFPK_OPS

include "mlir/IR/OpBase.td"
include "mlir/IR/CommonTypeConstraints.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Afpk_Dialect : Dialect {
  let name = "afpk";
  let summary = "What kernels compute with beyond upstream's dialects";
  let description = [{
    Integers only, scalars or one-dimensional vectors. Arithmetic wraps; the
    width prover has shown that results fit.
  }];
  let cppNamespace = "::afpk";
}

class Afpk_Op<string mnemonic, list<Trait> traits = []> : Op<Afpk_Dialect, mnemonic, traits>;

def Afpk_Code : AnyTypeOf<[I8, I16, VectorOfRankAndType<[1], [I8, I16]>], "i8, i16 or a vector of them">;
def Afpk_Integer : AnyTypeOf<[I8, I16, I32, I64, VectorOfRankAndType<[1], [I8, I16, I32, I64]>],
                             "an integer of 8 to 64 bits or a vector of them">;

def Afpk_DotOp : Afpk_Op<"dot", [Pure, AllTypesMatch<["acc", "result"]>]> {
  let summary = "products of neighbours, added to lanes of 32 bits";
  let description = [{
    `result[i] = acc[i] + sum over j of a[n*i + j] * b[n*i + j]`, with n = 4 for
    operands of 8 bits and n = 2 for 16 (rule N1), for the factors `a` and `b` and for
    each pair of factors behind them. `b` is signed; `a` is signed unless `unsigned_a`
    stands there (8 bits only). Sums wrap and never saturate. `pairs_fit` says that
    the products of elements 2k and 2k+1, of all pairs of factors together, have sums
    that fit 16 bits, whichever of them are added: pmaddubsw needs that, and products
    of several pairs are added in 16 bits.
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I32]>:$acc, Variadic<VectorOfRankAndType<[1], [I8, I16]>>:$factors,
                       UnitAttr:$unsigned_a, UnitAttr:$pairs_fit);
  let results = (outs VectorOfRankAndType<[1], [I32]>:$result);
  let assemblyFormat = "$acc `,` $factors attr-dict `:` type($acc) `,` custom<OneType>(type($factors), ref($factors))";
  let hasVerifier = 1;
}

def Afpk_MmlaOp : Afpk_Op<"mmla", [Pure, AllTypesMatch<["acc", "result"]>, AllTypesMatch<["a", "b"]>]> {
  let summary = "products of two rows of bytes with two others, added to lanes of 32 bits";
  let description = [{
    `result[2*i + j] = acc[2*i + j] + sum over d < 8 of a[8*i + d] * b[8*j + d]`, for
    `i` and `j` of 0 and 1 (rule N7). Bytes are signed. Sums wrap and never saturate.
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I32]>:$acc, VectorOfRankAndType<[1], [I8]>:$a, VectorOfRankAndType<[1], [I8]>:$b);
  let results = (outs VectorOfRankAndType<[1], [I32]>:$result);
  let assemblyFormat = "$acc `,` $a `,` $b attr-dict `:` type($acc) `,` type($a)";
  let hasVerifier = 1;
}

def Afpk_ShiftMulOp : Afpk_Op<"shift_mul", [Pure, AllTypesMatch<["input", "result"]>]> {
  let summary = "an integer times a code, by shifts and additions";
  let description = [{
    `input * decode(code)`, where each bit of the code's significand that is set
    adds the input shifted, the exponent shifts the sum, and the sign negates it
    (rule N2). The same bits as a multiplication.
  }];
  let arguments = (ins Afpk_Integer:$input, Afpk_Code:$code, StrAttr:$format);
  let results = (outs Afpk_Integer:$result);
  let assemblyFormat = "$input `,` $code $format attr-dict `:` type($input) `,` type($code)";
  let hasVerifier = 1;
}

def Afpk_DecodeOp : Afpk_Op<"decode", [Pure]> {
  let summary = "the integer of a code (rule F5)";
  let arguments = (ins Afpk_Code:$code, StrAttr:$format);
  let results = (outs Afpk_Integer:$result);
  let assemblyFormat = "$code $format attr-dict `:` type($code) `to` type($result)";
  let hasVerifier = 1;
}

def Afpk_EncodeOp : Afpk_Op<"encode", [Pure, AllTypesMatch<["input", "shift", "result"]>]> {
  let summary = "the integer of the code nearest to input * 2^-shift / divisor (rules E1 to E5)";
  let description = [{
    The magnitude of `input` is below `2^bits`, with half a unit too. With a divisor, operands are i64.
    `right` says that `shift` is not negative and less than the width.
  }];
  let arguments = (ins Afpk_Integer:$input, Afpk_Integer:$shift, Optional<Afpk_Integer>:$divisor,
                       StrAttr:$format, DefaultValuedStrAttr<StrAttr, "half_up">:$round, I32Attr:$bits,
                       UnitAttr:$right);
  let results = (outs Afpk_Integer:$result);
  let assemblyFormat = "$input `,` $shift (`by` $divisor^ `:` type($divisor))? $format attr-dict `:` type($input)";
  let hasVerifier = 1;
}

def Afpk_CodeOp : Afpk_Op<"code", [Pure]> {
  let summary = "the canonical code of an integer that the format holds (rules F5 and F6)";
  let arguments = (ins Afpk_Integer:$input, StrAttr:$format);
  let results = (outs Afpk_Code:$code);
  let assemblyFormat = "$input $format attr-dict `:` type($input) `to` type($code)";
  let hasVerifier = 1;
}

def Afpk_PackOp : Afpk_Op<"pack", [Pure, AllTypesMatch<["a", "b", "c", "d"]>]> {
  let summary = "the lanes of four vectors as bytes, saturated";
  let description = [{
    Of each four lanes of `a`, then of `b`, `c` and `d`: byte `16g + 4j + i` of the
    result is lane `4g + i` of operand `j` (rule N4), what is beyond a byte its
    nearest end. Bytes are unsigned if `to_unsigned` stands there.
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I32]>:$a, VectorOfRankAndType<[1], [I32]>:$b, VectorOfRankAndType<[1], [I32]>:$c,
                       VectorOfRankAndType<[1], [I32]>:$d, UnitAttr:$to_unsigned);
  let results = (outs VectorOfRankAndType<[1], [I8]>:$result);
  let assemblyFormat = "$a `,` $b `,` $c `,` $d attr-dict `:` type($a) `to` type($result)";
  let hasVerifier = 1;
}

def Afpk_UnpackOp : Afpk_Op<"unpack", [Pure]> {
  let summary = "the integers of packed codes, as bytes";
  let description = [{
    The bits of `packed`, those of the first byte first and its lowest in front, are
    codes of the format's width without gaps. Element `i` of the result is the
    integer (rule F5) of code `i` (rule N6). The format has at most 7 bits, and its
    integers fit a signed byte. What is behind the last code does not matter.
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I8]>:$packed, StrAttr:$format);
  let results = (outs VectorOfRankAndType<[1], [I8]>:$result);
  let assemblyFormat = "$packed $format attr-dict `:` type($packed) `to` type($result)";
  let hasVerifier = 1;
}

def Afpk_LookupOp : Afpk_Op<"lookup", [Pure, AllTypesMatch<["index", "result"]>]> {
  let summary = "bytes of a table of 256, by index";
  let description = [{
    Element `i` of the result is element `index[i]` of the table, indices being
    bytes without a sign (rule N8).
  }];
  let arguments = (ins VectorOfRankAndType<[1], [I8]>:$table, VectorOfRankAndType<[1], [I8]>:$index);
  let results = (outs VectorOfRankAndType<[1], [I8]>:$result);
  let assemblyFormat = "$table `,` $index attr-dict `:` type($table) `,` type($index)";
  let hasVerifier = 1;
}

def Afpk_PrefetchOp : Afpk_Op<"prefetch"> {
  let summary = "a hint that memory will be read soon";
  let arguments = (ins MemRefRankOf<[I8, I16], [1]>:$memory, Index:$index);
  let assemblyFormat = "$memory `[` $index `]` attr-dict `:` type($memory)";
}

def Afpk_MatrixSetupOp : Afpk_Op<"matrix_setup"> {
  let summary = "the shapes of a matrix unit's tiles, until afpk.matrix_release";
  let description = [{
    `shapes` are the unit's own bytes: for AMX the 64 that `ldtilecfg` reads.
  }];
  let arguments = (ins MemRefRankOf<[I8], [1]>:$shapes);
  let assemblyFormat = "$shapes attr-dict `:` type($shapes)";
}

def Afpk_MatrixReleaseOp : Afpk_Op<"matrix_release"> {
  let summary = "the end of the use of a matrix unit";
  let assemblyFormat = "attr-dict";
}

def Afpk_MatrixDotOp : Afpk_Op<"matrix_dot"> {
  let summary = "sums of products of rows of bytes with panels of bytes, by a matrix unit";
  let description = [{
    `sums[at_sums + (g*rows + r)*16*panels + 16*p + l]` becomes the sum, over all steps `s` and
    all `d < depth`, of `a[at_g + r*row_stride + offset(s) + d]` times
    `b[at_b + (s*panels + p)*16*depth + d/4*64 + 4*l + d%4]` (rule N5), for every index
    `at_g` behind `a`, every `r < rows` and `p < panels`, and 16 lanes `l`. Steps are
    `counts` in row-major order, and `offset` adds `strides` times their indices. `b`
    is signed; `a` is signed unless `unsigned_a` stands there. Sums wrap. The unit is
    set up for these rows, depth, panels and number of indices.
  }];
  let arguments = (ins MemRefRankOf<[I32], [1]>:$sums, MemRefRankOf<[I8], [1]>:$a, MemRefRankOf<[I8], [1]>:$b, Index:$at_sums, Index:$at_b,
                       Variadic<Index>:$at_a, I64Attr:$rows, I64Attr:$panels, I64Attr:$depth, I64Attr:$row_stride,
                       DenseI64ArrayAttr:$counts, DenseI64ArrayAttr:$strides, UnitAttr:$unsigned_a);
  let assemblyFormat = "$sums `[` $at_sums `]` `,` $a `[` $at_a `]` `,` $b `[` $at_b `]` attr-dict `:` type($sums) `,` type($a) `,` type($b)";
  let hasVerifier = 1;
}

#endif // AFPK_OPS
